package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// JSON sends v with the status. v is encoded before anything is sent, so an
// answer is whole or it is a 500.
func JSON(w http.ResponseWriter, status int, v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		buf.Reset()
		status = http.StatusInternalServerError
		buf.WriteString(`{"error":"internal error"}` + "\n")
	}
	Bytes(w, status, "application/json; charset=utf-8", buf.Bytes())
}

// Bytes sends a complete body.
func Bytes(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone cannot be told
}

// Status returns the HTTP status that fits an error of this kind where no
// dialect says otherwise.
func Status(k fault.Kind) int {
	switch k {
	case fault.Invalid, fault.Query:
		return http.StatusBadRequest
	case fault.NotFound, fault.NoResource:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Timeout, fault.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Error answers with err's message and the id of the request, in the shape used
// where no dialect has its own: {"error":"…","requestId":"…"}.
func Error(w http.ResponseWriter, r *http.Request, err error) {
	msg := fault.Message(err)
	if msg == "" {
		msg = "internal error"
	}
	id := RequestID(r.Context())
	if id == "" {
		id = w.Header().Get("X-Request-Id")
	}
	JSON(w, Status(fault.KindOf(err)), struct {
		Error     string `json:"error"`
		RequestID string `json:"requestId,omitempty"`
	}{msg, id})
}

// ReadAll reads a request's body of at most limit bytes. Its errors are
// fault.TooLarge for a longer one, fault.Timeout for a client that stopped
// sending and fault.Invalid for one that hung up.
func ReadAll(w http.ResponseWriter, r *http.Request, limit int64) (_ []byte, err error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err = buf.ReadFrom(MaxBody(w, r, limit))
	return buf.Bytes(), err
}

// MaxBody returns the request's body cut off with fault.TooLarge after limit
// bytes. Errors are those of ReadAll.
func MaxBody(w http.ResponseWriter, r *http.Request, limit int64) io.Reader {
	return limitedBody{http.MaxBytesReader(w, r.Body, limit)}
}

type limitedBody struct{ r io.Reader }

func (b limitedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return n, tooLarge(over.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, fault.New(fault.Timeout, "the request body stopped arriving").Because(err)
	default:
		return n, fault.New(fault.Invalid, "the request body is incomplete").Because(err)
	}
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "the request body is larger than %d bytes", limit)
}

// TimeLimit cancels the context of requests after d; 0 means never.
func TimeLimit(d time.Duration, next http.Handler) http.Handler {
	if d <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
