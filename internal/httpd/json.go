package httpd

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

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
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
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
