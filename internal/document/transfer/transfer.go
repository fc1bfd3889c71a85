// Package transfer serves the URLs that clients upload documents to and download
// them from. They are the same for every dialect, and need no credentials but
// the token they end in.
package transfer

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// Paths that the handler serves, each followed by one token.
const (
	UploadPath        = "/upload/"
	DownloadPath      = "/api/v4/download/" // the vendor's own [DOC]
	ShortDownloadPath = "/download/"
)

// Open finds the document service of a workspace. release is called when the
// request is over.
type Open func(ctx context.Context, workspace string) (s *document.Service, release func(), err error)

// Handler returns a handler for
//
//	PUT, POST  /upload/{token}            the bytes of one document
//	GET, HEAD  /api/v4/download/{token}   a document, also in ranges
//	GET, HEAD  /download/{token}          the same
//
// An upload answers 200 with the ETag of what is stored, as S3 does, so that
// clients written for a presigned PUT work as they are. A checksum they send
// along (Content-MD5, x-amz-content-sha256) has to be that of the bytes. Other
// headers, such as Content-Type and x-amz-…, are ignored, except for those that
// change what the body means: they are refused. Errors are JSON objects
// {"code","error","message"}. key is the one that all document services sign with;
// what it did not sign opens no workspace. A nil logger is slog.Default.
func Handler(key []byte, open Open, logger *slog.Logger) http.Handler {
	if logger == nil {
		logger = slog.Default()
	}
	h := &handler{key, open, logger}
	mux := http.NewServeMux()
	mux.Handle(UploadPath+"{token}", h.with(h.upload, http.MethodPut, http.MethodPost))
	mux.Handle(DownloadPath+"{token}", h.with(h.download, http.MethodGet, http.MethodHead))
	mux.Handle(ShortDownloadPath+"{token}", h.with(h.download, http.MethodGet, http.MethodHead))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, fault.New(fault.NotFound, "there is nothing at this address"))
	})
	return mux
}

type handler struct {
	key  []byte
	open Open
	log  *slog.Logger
}

// serve answers a request about the document a token stands for.
type serve func(w http.ResponseWriter, r *http.Request, s *document.Service, token string) error

// with finds the token's service and answers errors.
func (h *handler) with(next serve, methods ...string) http.Handler {
	allow := strings.Join(methods, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != methods[0] && r.Method != methods[1] {
			w.Header().Set("Allow", allow)
			respond(w, http.StatusMethodNotAllowed, "method not allowed", "use "+allow)
			return
		}
		if err := h.serve(next, w, r); err != nil {
			h.fail(w, r, err)
		}
	})
}

func (h *handler) serve(next serve, w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	name, err := document.WorkspaceOf(h.key, token)
	if err != nil {
		return err
	}
	s, release, err := h.open(r.Context(), name)
	if fault.KindOf(err) == fault.NotFound {
		// No different from a wrong signature: which workspaces exist is not told.
		return fault.New(fault.Forbidden, "the address is not valid; it may have been altered").Because(err)
	} else if err != nil {
		return err
	}
	defer release()
	return next(w, r, s, token)
}

func (h *handler) upload(w http.ResponseWriter, r *http.Request, s *document.Service, token string) error {
	switch {
	case r.Header.Get("Content-Range") != "":
		return fault.New(fault.Invalid, "a document is uploaded whole; Content-Range is not allowed")
	case !identity(r.Header.Get("Content-Encoding")):
		return fault.New(fault.Invalid, "the bytes are stored as they come; Content-Encoding is not allowed")
	}
	body, err := verified(r.Body, r.Header)
	if err != nil {
		return err
	}
	ctx := crm.WithRequest(r.Context(), httpd.RequestID(r.Context()))
	receipt, err := s.Receive(ctx, token, body, r.ContentLength)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", receipt.ETag())
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// identity reports whether a Content-Encoding leaves the bytes alone. A frame
// such as aws-chunked would end up in the document.
func identity(encoding string) bool {
	return encoding == "" || strings.EqualFold(encoding, "identity")
}

func (h *handler) download(w http.ResponseWriter, r *http.Request, s *document.Service, token string) error {
	d, err := s.OpenDownload(r.Context(), token)
	if err != nil {
		return err
	}
	defer d.Content.Close() // only read from
	head := w.Header()
	head.Set("Content-Disposition", blob.Attachment(d.Name))
	head.Set("Content-Type", d.ContentType)
	head.Set("ETag", d.ETag)
	// Documents come from anywhere. A browser is to save them, not to show
	// them, and if it does show one, it has no rights on this host.
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	head.Set("Cache-Control", "private, no-cache")
	head.Set("Referrer-Policy", "no-referrer")
	http.ServeContent(w, r, "", d.Modified, d.Content)
	return nil
}

// status is for the kinds of failure that can happen here; all others
// are 500.
func status(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Timeout:
		return http.StatusRequestTimeout
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// fail answers with an error. What is the server's fault goes to the log, too.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := fault.KindOf(err)
	code := status(kind)
	if code >= http.StatusInternalServerError && r.Context().Err() == nil {
		h.log.ErrorContext(r.Context(), "transfer failed", "error", err)
	}
	if kind == fault.Unavailable {
		w.Header().Set("Retry-After", "5")
	}
	message := fault.Message(err)
	if message == "" {
		message = "internal error"
	}
	respond(w, code, kind.String(), message)
}

// codeOther is the code that the sage dialect's clients know for everything but
// queries.
const codeOther = -1

func respond(w http.ResponseWriter, code int, summary, message string) {
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Error   string `json:"error"`
		Message string `json:"message"`
	}{codeOther, summary, message})
	if err != nil {
		body = nil // cannot happen: two texts and a number
	}
	head := w.Header()
	head.Set("Content-Type", "application/json; charset=utf-8")
	head.Set("Content-Length", strconv.Itoa(len(body)))
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that is gone cannot be told
}
