package flowroute

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what ETag and Content-MD5 are made of; nothing relies on it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/presign"
	"github.com/dossier-crm/dossier/internal/resource"
)

// serveUpload takes a PUT to a presigned URL, and answers as S3 does.
func (d *Dialect) serveUpload(w http.ResponseWriter, r *http.Request) {
	id, host := strings.ToUpper(hex.EncodeToString(d.random(8))), base64.StdEncoding.EncodeToString(d.random(56))
	h := w.Header()
	h.Set("X-Amz-Request-Id", id)
	h.Set("X-Amz-Id-2", host)
	etag, err := d.put(w, r)
	if err == nil {
		h.Set("ETag", etag)
		h.Set("Content-Length", "0")
		w.WriteHeader(http.StatusOK)
		return
	}
	dialect.Drain(r, maxBody)
	bad := d.s3Error(r, err)
	h.Set("Content-Type", "application/xml")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(bad.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(bad.XML(id, host)) // a client that is gone cannot be told
	}
}

func (d *Dialect) random(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(d.cfg.Random, b); err != nil {
		d.log.Error("no randomness", "error", err)
	}
	return b
}

// put checks a request in S3's order: the URL, its expiry, its signature, what headers
// say of the body, and then the body.
func (d *Dialect) put(w http.ResponseWriter, r *http.Request) (etag string, err error) {
	claim, bad := presign.Parse(d.outside(r, r.Host))
	if bad != nil {
		return "", bad
	}
	ctx := r.Context()
	secret, ses, err := d.cfg.Auth.SigningSecret(ctx, Name, claim.AccessKey)
	if fault.KindOf(err) == fault.Unauthorized && err != nil {
		return "", presign.InvalidAccessKeyID(claim.AccessKey)
	} else if err != nil {
		return "", err
	}
	ws, release, err := d.cfg.Acquire(ctx, ses.Workspace)
	if err != nil {
		return "", err
	}
	defer release()
	at := r.URL.EscapedPath()
	if bad := claim.Verify(secret, ws.Records.Now()); bad != nil {
		claim, _ = presign.Parse(d.outside(r, d.public.Host)) // differs in nothing but the host
		if claim.Verify(secret, ws.Records.Now()) != nil {
			return "", bad
		}
	}
	if claim.Token != "" && !hmac.Equal([]byte(claim.Token), []byte(session(secret, at))) {
		return "", presign.InvalidToken(claim.Token)
	}
	switch {
	case r.Method != http.MethodPut:
		w.Header().Set("Allow", http.MethodPut)
		return "", presign.MethodNotAllowed(r.Method)
	case claim.Subresource() != "", strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-"),
		strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked"), r.Header.Get("X-Amz-Copy-Source") != "":
		return "", presign.NotImplemented()
	}
	c := &call{Dialect: d, w: w, r: r, ws: ws, actor: dialect.Actor(r, Name, ses)}
	return c.receive(at, claim)
}

// outside is what the client has signed of a request to this host: a proxy has taken
// the path of the public URL off, and may have named another host.
func (d *Dialect) outside(r *http.Request, host string) presign.Request {
	signed := presign.Of(r)
	signed.Host, signed.Path = host, d.public.EscapedPath()+signed.Path
	return signed
}

// receive stores the bytes of the file that a path stands for.
func (c *call) receive(at string, claim *presign.Claim) (etag string, err error) {
	r := c.r
	file, err := c.fileAt(at)
	if err != nil {
		return "", err
	}
	if file.text("contentType") != r.Header.Get("Content-Type") || !claim.Signs("content-type") {
		return "", presign.AccessDenied() // a URL that the client has signed itself
	}
	digest := r.Header.Get("Content-Md5")
	want, err := base64.StdEncoding.DecodeString(digest)
	switch {
	case err != nil, digest != "" && len(want) != md5.Size:
		return "", presign.InvalidDigest(digest)
	case r.ContentLength < 0:
		return "", presign.MissingContentLength()
	case r.ContentLength > c.cfg.MaxFile:
		return "", presign.EntityTooLarge(r.ContentLength, c.cfg.MaxFile)
	}
	batch := c.ws.Documents.Batch()
	defer batch.Discard(r.Context())
	sum, err := store(r.Context(), batch, r.Body)
	if err != nil {
		return "", err
	}
	if got := sum.Sum(nil); digest != "" && !hmac.Equal(got, want) {
		return "", presign.BadDigest(digest, base64.StdEncoding.EncodeToString(got))
	}
	switch sha := r.Header.Get("X-Amz-Content-Sha256"); {
	case sha == "" || sha == "UNSIGNED-PAYLOAD":
	case !strings.EqualFold(sha, batch.Receipt(0).Hash):
		return "", presign.ContentSHA256Mismatch(sha, batch.Receipt(0).Hash)
	}
	if err := finish(r.Context(), c.ws, c.actor, file, batch); err != nil {
		return "", err
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)) + `"`, nil // [R]
}

// store writes a body to a batch, and returns its MD5.
func store(ctx context.Context, batch *document.Batch, body io.Reader) (hash.Hash, error) {
	out, err := batch.Create(ctx)
	if err != nil {
		return nil, err
	}
	sum := md5.New() //nolint:gosec // see the import
	in := &reading{in: body}
	if _, err := io.Copy(io.MultiWriter(out, sum), in); err != nil {
		if in.err != nil {
			err = intake.ReadFault(in.err)
		}
		return nil, intake.Broken(ctx, body, err)
	}
	return sum, out.Close()
}

// reading remembers the error that a body ended with, to tell it from one of storage.
type reading struct {
	in  io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// finish makes the stored bytes a document of the file's order, and the file complete.
// A document that the file had before goes: of several uploads the last counts, as S3
// has it. A process that ends in between leaves the document without its file; the
// client was told nothing then, and sends it again.
func finish(ctx context.Context, ws dialect.Workspace, actor crm.Actor, file row, batch *document.Batch) error {
	ids, err := batch.Add(ctx, actor, []document.Request{{
		Resource: ws.Records.Catalog().Resource("portorders"), RecordID: file.get("portOrderId").I, Name: file.text("filename"),
		Policy: policy(), Note: &document.Note{},
	}})
	if err != nil {
		return err
	}
	var former int64
	err = ws.Records.Modify(ctx, actor, file.res, file.rec.ID, func(old *resource.Record) (crm.Input, error) {
		former = row{file.res, old}.get("documentId").I
		return crm.Input{"status": quote(resource.PortFileComplete), "documentId": number(ids[0]), "error": []byte("null")}, nil
	})
	if err != nil {
		return err
	}
	if former != 0 {
		if err := ws.Documents.Delete(ctx, actor, former); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// fileAt returns the file that is to be put at a path.
func (c *call) fileAt(at string) (row, error) {
	key := at[len(UploadPrefix):]
	none := presign.NoSuchKey(key)
	i := strings.LastIndexByte(key, '/')
	if i < 0 {
		return row{}, none
	}
	res := c.res("portorderFiles")
	found, err := c.list(res, filter.And{alive(res), is(res, "storageKey", filter.Eq, resource.TextValue(resource.Fold(key[:i])))}, 1)
	if err != nil {
		return row{}, err
	}
	if len(found) == 0 || uploadPath(found[0]) != at {
		return row{}, none
	}
	return found[0], nil
}

// s3Error returns S3's words for a failure.
func (d *Dialect) s3Error(r *http.Request, err error) *presign.Error {
	var own *presign.Error
	if errors.As(err, &own) {
		return own
	}
	switch kind := fault.KindOf(err); kind {
	case fault.TooLarge:
		return presign.EntityTooLarge(r.ContentLength, d.cfg.MaxFile)
	case fault.Timeout:
		return presign.RequestTimeout()
	case fault.NotFound:
		return presign.NoSuchKey(strings.TrimPrefix(r.URL.EscapedPath(), UploadPrefix))
	case fault.Invalid, fault.Conflict:
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return presign.IncompleteBody()
		}
		return presign.InvalidRequest(fault.Message(err))
	case fault.Forbidden, fault.Unauthorized:
		return presign.AccessDenied()
	default:
		if r.Context().Err() == nil {
			d.log.ErrorContext(r.Context(), "upload failed", "error", err)
		}
		if kind == fault.Unavailable {
			return presign.ServiceUnavailable()
		}
		return presign.InternalError()
	}
}
