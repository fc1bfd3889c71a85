package sage

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/dossier-crm/dossier/internal/fault"
)

// The vendor's error codes. 900, 901 and 910 are documented; -1 stands in the
// documented "not exist" answer of calls and serves everything else.
const (
	codeConnection = 900
	codeQuery      = 901
	codeNoResource = 910
	codeOther      = -1
)

// bodyNotExist is what calls answer about one that does not exist: the documented
// object without its message [DOC].
const bodyNotExist = `{"code":-1,"error":"not exist"}`

// shape is how a kind of failure looks on the wire.
type shape struct {
	status  int
	code    int
	summary string // the "error" member; "" repeats the message
}

// shapes follows the vendor's published list of statuses (400, 401, 408, 500
// [OFFICIAL]) and the defaults taken where that list is silent: a missing id is
// 400, never 404 [DOC].
var shapes = map[fault.Kind]shape{
	fault.Internal:     {http.StatusInternalServerError, codeOther, "internal error"},
	fault.Invalid:      {http.StatusBadRequest, codeOther, ""},
	fault.Query:        {http.StatusBadRequest, codeQuery, "internal data error"},
	fault.NotFound:     {http.StatusBadRequest, codeOther, "not exist"},
	fault.NoResource:   {http.StatusBadRequest, codeNoResource, "resource not exist"},
	fault.NotOffered:   {http.StatusMethodNotAllowed, codeOther, ""},
	fault.Conflict:     {http.StatusBadRequest, codeOther, ""},
	fault.Unauthorized: {http.StatusUnauthorized, codeOther, ""},
	fault.Forbidden:    {http.StatusForbidden, codeOther, ""},
	fault.TooLarge:     {http.StatusRequestEntityTooLarge, codeOther, ""},
	fault.RateLimited:  {http.StatusTooManyRequests, codeOther, ""},
	fault.Timeout:      {http.StatusRequestTimeout, codeQuery, "internal data error"},
	fault.Unavailable:  {http.StatusInternalServerError, codeConnection, "connection error"},
}

// fail answers with the vendor's error object {"code","error","message"}. The
// cause of an internal failure goes to the log alone.
func (d *Dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client has gone
	}
	kind := fault.KindOf(err)
	if kind == fault.Internal || kind == fault.Unavailable {
		d.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.Any("error", err))
	}
	s := shapes[kind]
	message := fault.Message(err)
	if message == "" {
		message = s.summary
	}
	body := appendError(nil, s, message)
	if s.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `X-Session-Key realm="Dossier"`)
	}
	respond(w, s.status, body)
}

func appendError(dst []byte, s shape, message string) []byte {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(s.code), 10)
	dst = append(dst, `,"error":`...)
	summary := s.summary
	if summary == "" {
		summary = message
	}
	dst = appendString(dst, summary)
	dst = append(dst, `,"message":`...)
	dst = appendString(dst, message)
	return append(dst, '}')
}

// respond sends a complete JSON body.
func respond(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentTypeJSON
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone is no error of ours
}

var contentTypeJSON = []string{"application/json"}
