package flowroute

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/presign"
	"github.com/dossier-crm/dossier/internal/resource"
)

// fetched is the input of a file that is fetched from a URL. Its name is that of the
// URL's parameter filename [R], or the last part of its path.
func fetched(order int64, text string) (crm.Input, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.InField("originalUrl", "Not a valid URL.")
	}
	name, err := nameOf(cmp.Or(u.Query().Get("filename"), path.Base("/"+u.Path)))
	if err != nil {
		name = "document"
	}
	return crm.Input{
		"portOrderId": number(order), "filename": quote(name), "originalUrl": quote(text), "contentType": quote(typeOf(name)),
	}, nil
}

// policy is what names of files have to be like: as long as those of the other dialects
// that take files, and of any type [I].
func policy() document.Policy { return document.Policy{MaxName: 500} }

// nameOf is the last part of a path, safe to keep.
func nameOf(text string) (string, error) { return policy().Check(document.BaseName(text)) }

// types are the types by extension; they do not depend on the machine.
var types = map[string]string{
	"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
	"tif": "image/tiff", "tiff": "image/tiff", "bmp": "image/bmp", "webp": "image/webp", "heic": "image/heic",
	"txt": "text/plain", "csv": "text/csv", "html": "text/html", "htm": "text/html", "svg": "image/svg+xml",
	"eml": "message/rfc822", "rtf": "application/rtf", "xml": "application/xml",
	"json": "application/json", "zip": "application/zip",
	"odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
	"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

func typeOf(name string) string {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	return cmp.Or(types[ext], "application/octet-stream")
}

// addFile makes a file of an order, which has to be pending or rejected [R].
func (c *call) addFile(make func(order row) (crm.Input, error)) (row, error) {
	order, err := c.order()
	if err != nil {
		return row{}, err
	}
	input, err := make(order)
	if err != nil {
		return row{}, err
	}
	var id int64
	err = c.together(func(t *crm.Together) error {
		now, err := locked(t, order.rec.ID)
		if err != nil {
			return err
		}
		if status := now.text("status"); status != resource.PortOrderPending && status != resource.PortOrderRejected {
			return refused("Files can be added to a port order while it is pending or rejected; this one is %s.", status)
		}
		id, err = t.Create(t.Catalog().Resource("portorderFiles"), input)
		return err
	})
	if err != nil {
		return row{}, err
	}
	return c.one("portorderFiles", "file", idString(id))
}

// word reads a required text of the body.
func (c *call) word(name string) (string, error) {
	body, err := c.body()
	if err != nil {
		return "", err
	}
	if body["data"] != nil {
		if body, _, err = attributes(body); err != nil {
			return "", err
		}
	}
	input, bad := crm.Input{}, invalid{}
	take([]attribute{{name, name, text, true}}, body, true, input, bad)
	if len(bad) > 0 {
		return "", bad
	}
	var value string
	err = json.Unmarshal(input[name], &value)
	return value, err
}

// fetchFile has a file fetched from a URL.
func (c *call) fetchFile() (any, error) {
	f, err := c.addFile(func(order row) (crm.Input, error) {
		u, err := c.word("url")
		if err != nil {
			return nil, err
		}
		return fetched(order.rec.ID, u)
	})
	if err != nil {
		return nil, err
	}
	return c.showFile(f), nil
}

// uploadFile gives a URL that takes the bytes of a file.
func (c *call) uploadFile() (any, error) {
	now := c.ws.Records.Now()
	f, err := c.addFile(func(order row) (crm.Input, error) {
		given, err := c.word("filename") // "the full path to the file" [R]
		if err != nil {
			return nil, err
		}
		name, err := nameOf(given)
		if err != nil {
			return nil, invalid{"filename": {fault.Message(err)}}
		}
		return crm.Input{
			"portOrderId": number(order.rec.ID), "filename": quote(name), "contentType": quote(typeOf(name)),
			"storageKey": quote(idString(c.actor.UserID) + "/" + order.id() + "/" + c.uuid()),
			"expiresAt":  quote(string(resource.AppendInstant(nil, now.Add(c.cfg.Life).UnixMilli()))),
		}, nil
	})
	if err != nil {
		return nil, err
	}
	secret, _, err := c.cfg.Auth.SigningSecret(c.r.Context(), Name, c.actor.Credential)
	if err != nil {
		return nil, err
	}
	at := uploadPath(f)
	grant := presign.Grant{
		Method: "PUT", URL: c.cfg.PublicURL + at, ContentType: f.text("contentType"), Token: session(secret, at),
		AccessKey: c.actor.Credential, Secret: secret, Now: now, Life: c.cfg.Life,
	}
	sign := presign.URL2
	if c.cfg.V4 {
		sign = func(g presign.Grant) (string, time.Time, error) { return presign.URL4(g, region) }
	}
	target, expires, err := sign(grant)
	if err != nil {
		return nil, err
	}
	return c.showURL(f, target, expires), nil
}

// region is what the vendor's uploads name [R].
const region = "us-west-2"

// uploadPath is where a file's bytes are put: customer, order, a UUID, and the name, as
// the vendor has it [R].
func uploadPath(f row) string {
	return UploadPrefix + f.text("storageKey") + "/" + url.PathEscape(f.text("filename"))
}

// session is the x-amz-security-token of an upload: it holds for one path.
func session(secret, path string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("upload session " + path))
	return hex.EncodeToString(mac.Sum(nil))
}

// file shows the status of a file, and once it is complete where it can be got
// [R the URL, I the status before].
func (c *call) file() (any, error) {
	order, err := c.order()
	if err != nil {
		return nil, err
	}
	documents := c.res("documents")
	if id, ok := strings.CutPrefix(c.args[1], documentPrefix); ok {
		doc, err := c.one("documents", "file", id)
		if err == nil && doc.get("portOrderId").I != order.rec.ID {
			err = notFound("file")
		}
		if err != nil {
			return nil, err
		}
		link, err := c.ws.Documents.Link(c.r.Context(), documents, doc.rec)
		if err != nil {
			return nil, err
		}
		if link == "" {
			return nil, notFound("file")
		}
		return c.urlOf(c.args[1], order.id(), link), nil
	}
	f, err := c.one("portorderFiles", "file", c.args[1])
	if err == nil && f.get("portOrderId").I != order.rec.ID {
		err = notFound("file")
	}
	if err != nil {
		return nil, err
	}
	id := f.get("documentId")
	if id.IsNull() {
		return c.showFile(f), nil
	}
	doc, err := c.one("documents", "file", idString(id.I))
	if err != nil {
		return nil, err
	}
	link, err := c.ws.Documents.Link(c.r.Context(), documents, doc.rec)
	if err != nil {
		return nil, err
	}
	if link == "" {
		return members{"data": c.fileData(f, scanned(doc))}, nil
	}
	return c.urlOf(f.id(), order.id(), link), nil
}

func (c *call) urlOf(id, order, link string) members {
	return members{"data": members{
		"attributes": members{"expires": stamp(c.ws.Records.Now().Add(document.DefaultLinkLife)), "url": link},
		"id":         id, "links": members{"self": c.self("portorders", order, "files", id)}, "type": "portorder-file-url",
	}}
}

func (c *call) showURL(f row, target string, expires time.Time) members {
	return members{"data": members{
		"attributes": members{"expires": stamp(expires), "url": target},
		"id":         f.id(), "links": members{"self": c.fileURL(f)}, "type": "portorder-file-url",
	}}
}

func (c *call) fileURL(f row) string {
	return c.self("portorders", idString(f.get("portOrderId").I), "files", f.id())
}

func (c *call) showFile(f row) members { return members{"data": c.fileData(f, f.text("status"))} }

// scanned is the status of a file whose bytes are here, by its document: what is in
// quarantine cannot be got yet, and what was found infected there never [I].
func scanned(doc row) string {
	switch {
	case doc.text("state") == resource.DocumentReady:
		return resource.PortFileComplete
	case document.Awaited(doc.res, doc.rec):
		return resource.PortFileProcessing
	default:
		return resource.PortFileError
	}
}

func (c *call) fileData(f row, status string) members {
	return members{
		"attributes": members{
			"file": f.text("filename"), "filename": f.text("filename"), "original_url": f.maybe("originalUrl"), "status": status,
		},
		"id": f.id(), "links": members{"self": c.fileURL(f)}, "type": "portorder-file",
	}
}

// documentPrefix begins the ids of documents that came to an order by other dialects,
// which have no file here.
const documentPrefix = "document-"

// files are all files of an order: those that were asked for here, and the documents
// that it has from elsewhere.
func (c *call) files(order row) ([]any, error) {
	files, err := c.parts("portorderFiles", order.rec.ID)
	if err != nil {
		return nil, err
	}
	documents := c.res("documents")
	docs, err := c.list(documents, filter.And{alive(documents), is(documents, "portOrderId", filter.Eq, idValue(order.rec.ID))}, maxParts)
	if err != nil {
		return nil, err
	}
	by := make(map[int64]row, len(docs))
	for _, d := range docs {
		by[d.rec.ID] = d
	}
	all, known := make([]any, 0, len(files)), map[int64]bool{}
	for _, f := range files {
		id, status := f.get("documentId"), f.text("status")
		switch d, ok := by[id.I]; {
		case ok:
			status = scanned(d)
		case !id.IsNull() && len(docs) < maxParts:
			continue // it was deleted, or is not shown to everybody
		}
		all = append(all, c.fileData(f, status))
		known[id.I] = true
	}
	for _, d := range docs {
		if known[d.rec.ID] || scanned(d) != resource.PortFileComplete {
			continue
		}
		id := documentPrefix + d.id()
		all = append(all, members{
			"attributes": members{
				"file": d.text("description"), "filename": d.text("description"), "original_url": nil, "status": resource.PortFileComplete,
			},
			"id": id, "links": members{"self": c.self("portorders", order.id(), "files", id)}, "type": "portorder-file",
		})
	}
	return all, nil
}
