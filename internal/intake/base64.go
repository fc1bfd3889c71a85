package intake

import (
	"io"

	"github.com/emmansun/base64"

	"github.com/dossier-crm/dossier/internal/fault"
)

// outSize is how many decoded bytes are written at once.
const outSize = 96 << 10

// decoder turns base64 into bytes. Long runs of characters of one alphabet, which
// is what files are made of, are decoded by a library that uses the processor's
// vector instructions. It is believed only when it says that every character was
// one of the alphabet; everything else is decided here, one character at a time.
type decoder struct {
	out   io.Writer
	limit int64 // most bytes
	loose bool

	fast *base64.Encoding // the alphabet that runs are tried with
	buf  []byte           // of outSize: decoded and not written
	fill int              // bytes in buf
	size int64            // bytes decoded

	bits uint32 // of characters that do not make a group of four yet
	n    int    // how many they are
	pads int    // padding characters seen; nothing but they may follow
}

// wrong is what the decoder does not take: its reason, and how far into what it was
// given.
type wrong struct {
	reason string
	at     int
}

func (w *wrong) Error() string { return w.reason }

// reset makes the decoder ready for another file.
func (d *decoder) reset(out io.Writer, limit int64, loose bool) {
	*d = decoder{out: out, limit: limit, loose: loose, fast: base64.StdEncoding, buf: d.buf}
	if d.buf == nil {
		d.buf = make([]byte, outSize)
	}
}

// run decodes characters as they stand in the body. There are no line ends among
// them: in JSON these are escapes, which come as single characters.
func (d *decoder) run(p []byte) error {
	given := len(p)
	for len(p) > 0 {
		if d.n == 0 && d.pads == 0 && len(p) >= 4 {
			if len(d.buf)-d.fill < 3 {
				if err := d.flush(); err != nil {
					return err
				}
			}
			k := min(len(p)/4, (len(d.buf)-d.fill)/3)
			// Only if no character was skipped, padding, or wrong is this the length.
			if got, err := d.fast.Decode(d.buf[d.fill:d.fill+3*k], p[:4*k]); err == nil && got == 3*k {
				if err := d.grow(got); err != nil {
					return err
				}
				p = p[4*k:]
				continue
			}
		}
		// Up to the next whole group, or to the end of what the library refused.
		k := min(len(p), 4-d.n)
		if d.n == 0 {
			k = len(p)
		}
		for i, c := range p[:k] {
			reason, err := reasonControl, error(nil)
			if c >= ' ' {
				reason, err = d.char(c)
			}
			if err != nil {
				return err
			}
			if reason != "" {
				return &wrong{reason, given - len(p) + i}
			}
		}
		p = p[k:]
	}
	return nil
}

const (
	reasonCharacter = "a character that is not base64"
	reasonPadding   = "padding of the base64 that is out of place"
	reasonAfter     = "a character after the padding of the base64"
	reasonMissing   = "base64 that ends without its padding"
	reasonCut       = "base64 that ends with a single character"
	reasonControl   = "a control character in a string"
)

// char decodes one character. It returns why it cannot be taken, or an error of
// what the bytes are written to.
func (d *decoder) char(c byte) (reason string, err error) {
	v, ok := d.value(c)
	switch {
	case c == '\r', c == '\n':
		return "", nil
	case c == '=':
		d.pads++
		if d.loose && d.pads > 2 || !d.loose && (d.n < 2 || d.n+d.pads > 4) {
			return reasonPadding, nil
		}
		return "", nil
	case !ok:
		return reasonCharacter, nil
	case d.pads > 0:
		return reasonAfter, nil
	}
	d.bits = d.bits<<6 | v
	if d.n++; d.n < 4 {
		return "", nil
	}
	d.n = 0
	return "", d.put(byte(d.bits>>16), byte(d.bits>>8), byte(d.bits))
}

// value is the six bits of a character of the alphabet, or of both when the decoder
// is loose.
func (d *decoder) value(c byte) (uint32, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return uint32(c - 'A'), true
	case c >= 'a' && c <= 'z':
		return uint32(c-'a') + 26, true
	case c >= '0' && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		d.fast = base64.StdEncoding
		return 62, true
	case c == '/':
		d.fast = base64.StdEncoding
		return 63, true
	case c == '-' && d.loose:
		d.fast = base64.URLEncoding
		return 62, true
	case c == '_' && d.loose:
		d.fast = base64.URLEncoding
		return 63, true
	}
	return 0, false
}

// put adds decoded bytes.
func (d *decoder) put(p ...byte) error {
	if len(d.buf)-d.fill < len(p) {
		if err := d.flush(); err != nil {
			return err
		}
	}
	return d.grow(copy(d.buf[d.fill:], p))
}

// grow counts n bytes that were put into buf.
func (d *decoder) grow(n int) error {
	d.fill += n
	d.size += int64(n)
	if d.size > d.limit {
		return errTooLarge(d.limit)
	}
	return nil
}

func errTooLarge(limit int64) *fault.Error {
	return fault.New(fault.TooLarge, "the file is larger than %d bytes", limit)
}

func (d *decoder) flush() error {
	if d.fill == 0 {
		return nil
	}
	_, err := d.out.Write(d.buf[:d.fill])
	d.fill = 0
	return err
}

// finish decodes what is left at the end and writes the rest.
func (d *decoder) finish() (reason string, err error) {
	switch {
	case d.n == 1:
		return reasonCut, nil
	case !d.loose && d.n > 0 && d.n+d.pads != 4:
		return reasonMissing, nil
	case d.n == 2:
		err = d.put(byte(d.bits >> 4))
	case d.n == 3:
		err = d.put(byte(d.bits>>10), byte(d.bits>>2))
	}
	if err != nil {
		return "", err
	}
	return "", d.flush()
}
