package intake

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	// maxRatio is how many times its packed size a body may have. What is worth
	// packing, as text, shrinks to a tenth; a bomb to a thousandth.
	maxRatio = 100

	// maxArrived is more than what may have arrived of a body, unpacked, and not be
	// read yet.
	maxArrived = 8 << 20

	// ratioSlack is how many unpacked bytes are allowed whatever the ratio.
	ratioSlack = 1 << 20
)

// NewBody returns what the body of a request says, unpacked, of which limit bytes
// are allowed, packed and unpacked. It reads nothing: the first Read does, which is
// also what tells a client that waits with Expect: 100-continue to go on. So
// everything that headers can decide is to be decided before.
//
// Errors: fault.TooLarge when Content-Length announces more; fault.Unsupported for
// a Content-Encoding other than gzip (RFC 9110 wants 415 for it; see
// AcceptEncoding). Those of Read: fault.TooLarge
// beyond the limit, and for what unpacks to a hundred times its size;
// fault.Invalid when the body ends early or is not gzip; fault.Timeout when it stops
// arriving.
func NewBody(r *http.Request, limit int64) (_ io.Reader, err error) {
	defer fault.Wrap(&err, "intake.NewBody")
	packed, err := encoded(r.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, errBodyTooLarge(limit)
	}
	if !packed {
		return &limited{in: r.Body, limit: limit}, nil
	}
	return &limited{in: &unpacked{in: &limited{in: r.Body, limit: limit}}, limit: limit}, nil
}

// ReadForm reads a body that is a form (application/x-www-form-urlencoded) of at most
// limit bytes. Errors: those of NewBody and of its Read; fault.Invalid for what is no
// form.
func ReadForm(r *http.Request, limit int64) (_ url.Values, err error) {
	defer fault.Wrap(&err, "intake.ReadForm")
	in, err := NewBody(r, limit)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, ReadFault(err)
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the form is malformed").Because(err)
	}
	return form, nil
}

// encoded reports whether a body is packed with gzip.
func encoded(header []string) (packed bool, err error) {
	for coding := range strings.SplitSeq(strings.Join(header, ","), ",") {
		switch coding = strings.TrimSpace(coding); {
		case coding == "", strings.EqualFold(coding, "identity"):
		case !packed && (strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip")):
			packed = true
		default:
			return false, fault.New(fault.Unsupported, "the Content-Encoding of the body is not supported; send it as it is, or packed once with gzip").
				Because(errEncoding)
		}
	}
	return packed, nil
}

// errEncoding is the cause of refusals of how a body is packed.
var errEncoding = errors.New("content coding not supported")

// AcceptEncoding returns what Accept-Encoding has to say in the answer to a failure;
// "" = there must be no such header. RFC 9110, 12.5.3, wants it where 415 is for how the
// body is packed, and forbids it where 415 is for anything else: a client would send
// the same again, packed in another way.
func AcceptEncoding(err error) string {
	if errors.Is(err, errEncoding) {
		return "gzip, identity"
	}
	return ""
}

// ReadFault returns the fault for an error met while reading the body of a request:
// it tells a client that hung up from one that stopped sending.
func ReadFault(err error) error {
	var over *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &over):
		return errBodyTooLarge(over.Limit).Because(err)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Timeout, "the body stopped arriving").Because(err)
	default:
		return fault.New(fault.Invalid, "the body ended before it was complete").Because(err)
	}
}

// Broken returns why the body of a request broke off, when work on it failed with err
// because its context had ended; otherwise err. The HTTP server ends the context of a
// request as soon as its connection fails, which may be before anybody has read up to
// there. What has arrived is read over then, up to the error behind it.
func Broken(ctx context.Context, body io.Reader, err error) error {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		return err
	}
	piece := make([]byte, 32<<10)
	for left, empty := maxArrived, 0; left > 0 && empty < maxEmptyReads; {
		n, readErr := body.Read(piece)
		switch {
		case errors.Is(readErr, io.EOF):
			return ReadFault(err)
		case readErr != nil:
			return ReadFault(readErr)
		case n == 0:
			empty++
		}
		left -= n
	}
	return ReadFault(err)
}

func errBodyTooLarge(limit int64) *fault.Error {
	return fault.New(fault.TooLarge, "the body is larger than %d bytes", limit)
}

// limited fails once in has more than limit bytes. Its errors are faults.
type limited struct {
	in    io.Reader
	limit int64
	n     int64 // bytes read
}

func (l *limited) Read(p []byte) (int, error) {
	if left := l.limit + 1 - l.n; int64(len(p)) > left {
		p = p[:left]
	}
	if len(p) == 0 && l.n > l.limit {
		return 0, errBodyTooLarge(l.limit)
	}
	n, err := l.in.Read(p)
	l.n += int64(n)
	switch {
	case l.n > l.limit:
		return n - 1, errBodyTooLarge(l.limit)
	case err != nil && err != io.EOF:
		return n, ReadFault(err)
	}
	return n, err
}

// unpacked is what a body that is packed with gzip says.
type unpacked struct {
	in  *limited
	zip *gzip.Reader // nil before the first Read
	n   int64        // bytes unpacked
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.zip == nil {
		if u.zip, err = gzip.NewReader(u.in); err != nil {
			u.zip = nil
			return 0, zipFault(err)
		}
	}
	n, err = u.zip.Read(p)
	if u.n += int64(n); u.n > ratioSlack+maxRatio*u.in.n {
		return 0, fault.New(fault.TooLarge, "the body unpacks to more than %d times its size", maxRatio)
	}
	return n, zipFault(err)
}

// zipFault returns the fault for an error of unpacking. A body that ends within
// gzip's own frame has ended early, even before its first byte.
func zipFault(err error) error {
	var bad flate.CorruptInputError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &bad):
		return fault.New(fault.Invalid, "the body is not gzip, which its Content-Encoding says").Because(err)
	}
	return err
}
