package sage

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
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

// maxDrained is how much of a body that is too large is read and thrown away, in
// bytes, so that its sender gets to see why it is refused.
const maxDrained = 16 << 20

// fail answers with the vendor's error object {"code","error","message"}. The
// cause of an internal failure goes to the log alone.
func (d *Dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		// The client has hung up, or will not send more and still reads: to the
		// latter, silence would be a 200.
		err = fault.New(fault.Invalid, "the request was given up before it was done").Because(err)
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
	if wait, ok := auth.RetryAfter(err); ok {
		retryAfter(w, wait)
	}
	if kind == fault.TooLarge && r.Header.Get("Expect") == "" {
		// A client that sends all before it reads would not see the answer; one
		// that asks first has not sent anything.
		_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
	}
	if s.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `X-Session-Key realm="Dossier"`)
	}
	respond(w, s.status, body)
}

// tooMany refuses a request of a key that makes too many. The status is our reading:
// that the vendor limits requests is known [OFFICIAL], how it says so is not, and
// clients understand 429 [CLIENT].
func tooMany(w http.ResponseWriter, wait time.Duration) error {
	retryAfter(w, wait)
	return fault.New(fault.RateLimited, "too many requests with this key; wait for %s", wait.Round(time.Millisecond))
}

// retryAfter says when to come back, in whole seconds.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

func appendError(dst []byte, s shape, message string) []byte {
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(s.code), 10)
	dst = append(dst, `,"error":`...)
	summary := s.summary
	if summary == "" {
		summary = message
	}
	dst = resource.AppendText(dst, summary)
	dst = append(dst, `,"message":`...)
	dst = resource.AppendText(dst, message)
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
