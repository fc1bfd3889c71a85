package sage

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Limits on request bodies, in bytes. The longest documented record is far
// below the second; the third holds 200 of its size. Logins come from anybody.
const (
	maxLoginBody  = 16 << 10
	maxRecordBody = 1 << 20
	maxBulkBody   = 32 << 20
)

const (
	// freeBody is what every request may have in memory of its body, in bytes.
	freeBody = 64 << 10

	// maxBodies is what all requests together may have beyond that, in bytes.
	maxBodies = 64 << 20
)

// budget is memory that requests share.
type budget struct{ left atomic.Int64 }

func newBudget(n int64) *budget {
	b := &budget{}
	b.left.Store(n)
	return b
}

// take reports whether there was as much.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

func (b *budget) give(n int64) { b.left.Add(n) }

// byteOrderMark is sent in front of JSON by some .NET clients.
var byteOrderMark = []byte("\xef\xbb\xbf")

// readBody reads a whole body. Its Content-Type does not matter: clients send
// several, or none [CLIENT]. The memory is taken as the bytes arrive, whatever
// length was announced, and given back when the request is over.
func (r *request) readBody(w http.ResponseWriter, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	in := http.MaxBytesReader(w, r.Body, limit)
	first := int64(bytes.MinRead)
	if r.ContentLength >= 0 {
		first = min(r.ContentLength+1, freeBody) // one more, to see the end
	}
	buf := make([]byte, 0, first)
	for {
		n, err := in.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return bytes.TrimPrefix(buf, byteOrderMark), nil
		}
		if err != nil {
			if over := new(http.MaxBytesError); errors.As(err, &over) {
				return nil, tooLarge(limit)
			}
			return nil, fault.New(fault.Invalid, "the body could not be read to its end").Because(err)
		}
		if len(buf) == cap(buf) {
			size := 2 * cap(buf)
			if size > freeBody && !r.hold(int64(size)-r.held) {
				return nil, fault.New(fault.RateLimited, "too many large bodies are sent at once, try again")
			}
			buf = append(make([]byte, 0, size), buf...)
		}
	}
}

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "the body is larger than %d bytes", limit)
}

// hold takes n bytes out of the dialect's budget until release.
func (r *request) hold(n int64) bool {
	if !r.bodies.take(n) {
		return false
	}
	r.held += n
	return true
}

func (r *request) release() { r.bodies.give(r.held) }

// readObject reads a body that must be one JSON object.
func (r *request) readObject(w http.ResponseWriter, limit int64) (map[string]json.RawMessage, error) {
	body, err := r.readBody(w, limit)
	if err != nil {
		return nil, err
	}
	return objectIn(body)
}

// objectIn reads a text that must be one JSON object.
func objectIn(body []byte) (map[string]json.RawMessage, error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	object, ok := splitObject(body)
	if !ok {
		return nil, fault.New(fault.Invalid, "the body must be an object")
	}
	return object, nil
}
