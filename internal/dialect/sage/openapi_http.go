package sage

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
	"github.com/dossier-crm/dossier/internal/resource"
)

// DocumentPath is where the OpenAPI document of the instance is: a path of ours,
// outside of the vendor's API.
const DocumentPath = "/openapi/sage.json"

// maxBooks is how many OpenAPI documents are kept. One takes about a megabyte.
const maxBooks = 16

// bookKey names the document of a workspace as of one generation of what it shows;
// the zero value that of no workspace.
type bookKey struct {
	service    *crm.Service
	generation int64
}

// printed is a document that is ready to be sent.
type printed struct {
	body []byte
	etag string
}

// OpenAPI serves the OpenAPI 3.1 document at DocumentPath. With a session key it
// is that of the session's workspace, extra fields included; without one, that of
// the documented API, or of Config.Demo.
func (d *Dialect) OpenAPI() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := d.serveOpenAPI(w, r); err != nil {
			d.fail(w, r, err)
		}
	})
}

func (d *Dialect) serveOpenAPI(w http.ResponseWriter, r *http.Request) error {
	if !strings.EqualFold(r.URL.Path, DocumentPath) {
		return fault.New(fault.NoResource, "there is nothing at this path")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return fault.New(fault.NotOffered, "the method %s is not offered here", r.Method)
	}
	doc, err := d.document(r)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", doc.etag)
	h.Set("Vary", "X-Session-Key")
	h.Set("Cache-Control", "no-cache") // fields may be added at any time
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == doc.etag || tag == "*" {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h["Content-Type"] = contentTypeJSON
	h["Content-Length"] = []string{strconv.Itoa(len(doc.body))}
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(doc.body) // a client that has gone is no error of ours
	return nil
}

// document finds or makes the document for whoever asks.
func (d *Dialect) document(r *http.Request) (printed, error) {
	workspace := d.demo
	if r.Header.Get("X-Session-Key") != "" {
		known, err := d.authenticate(r)
		if err != nil {
			return printed{}, err
		}
		httpd.Identify(r.Context(), known.Workspace, strconv.FormatInt(known.UserID, 10))
		workspace = known.Workspace
	}
	if workspace == "" {
		return d.print(bookKey{}, func() *resource.Catalog { return d.declared }), nil
	}
	ws, release, err := d.acquire(r.Context(), workspace)
	if err != nil {
		return printed{}, err
	}
	defer release()
	if err := ws.Records.Look(r.Context()); err != nil {
		return printed{}, err
	}
	catalog := ws.Records.Catalog()
	return d.print(bookKey{ws.Records, catalog.Generation}, func() *resource.Catalog { return catalog }), nil
}

func (d *Dialect) print(key bookKey, catalog func() *resource.Catalog) printed {
	return d.books.GetOrPut(key, func() printed {
		body := OpenAPI(catalog(), strings.TrimSuffix(Prefix, "/"))
		return printed{body, fmt.Sprintf(`"%x"`, sha256.Sum256(body))}
	})
}
