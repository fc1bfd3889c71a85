package sage

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Limits on request bodies, in bytes. The longest documented record is far
// below the first; the second holds 200 of its size.
const (
	maxRecordBody = 1 << 20
	maxBulkBody   = 32 << 20
)

// byteOrderMark is sent in front of JSON by some .NET clients.
var byteOrderMark = []byte("\xef\xbb\xbf")

// readBody reads a whole body. Its Content-Type does not matter: clients send
// several, or none [CLIENT].
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= limit {
		buf.Grow(int(n) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, fault.New(fault.TooLarge, "the body is larger than %d bytes", limit)
		}
		return nil, fault.New(fault.Invalid, "the body could not be read to its end").Because(err)
	}
	return bytes.TrimPrefix(buf.Bytes(), byteOrderMark), nil
}

// readObject reads a body that must be one JSON object.
func readObject(w http.ResponseWriter, r *http.Request, limit int64) (map[string]json.RawMessage, error) {
	body, err := readBody(w, r, limit)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := decode(body, &members, "an object"); err != nil {
		return nil, err
	}
	return members, nil
}

// decode reads exactly one JSON value.
func decode(body []byte, into any, what string) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "the body is empty; %s is expected", what)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(into); err != nil {
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fault.New(fault.Invalid, "the body ends in the middle of its JSON").Because(err)
		case errors.As(err, &syntax):
			return fault.New(fault.Invalid, "the body is not JSON: byte %d cannot stand there", syntax.Offset).Because(err)
		}
		return fault.New(fault.Invalid, "the body must be %s", what).Because(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fault.New(fault.Invalid, "the body goes on after its JSON value")
	}
	return nil
}
