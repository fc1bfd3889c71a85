package intake

import (
	"errors"
	"io"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

// capture is a value that is being kept, up to a limit.
type capture struct {
	left, limit int64
}

// note keeps a part of the value; there is nothing to do when it is skipped.
func (r *reader) note(to *capture, p ...byte) error {
	if to == nil {
		return nil
	}
	if to.left -= int64(len(p)); to.left < 0 {
		return inField(fault.New(fault.TooLarge, "%s has more than %d bytes", r.path, to.limit), string(r.path))
	}
	return r.keep(p...)
}

// scan reads a value of any kind that begins with c. White space is not kept.
func (r *reader) scan(to *capture, c byte, depth int) error {
	switch {
	case c == '{':
		if err := r.deeper(depth); err != nil {
			return err
		}
		if err := r.note(to, '{'); err != nil {
			return err
		}
		first := true
		err := r.members(func() error {
			if !first {
				if err := r.note(to, ','); err != nil {
					return err
				}
			}
			first = false
			if err := r.scanString(to); err != nil {
				return err
			}
			if err := r.want(':'); err != nil {
				return err
			}
			if err := r.note(to, ':'); err != nil {
				return err
			}
			c, err := r.token()
			if err != nil {
				return err
			}
			return r.scan(to, c, depth+1)
		})
		if err != nil {
			return err
		}
		return r.note(to, '}')
	case c == '[':
		if err := r.deeper(depth); err != nil {
			return err
		}
		if err := r.note(to, '['); err != nil {
			return err
		}
		first := true
		err := r.items(func(c byte) error {
			if !first {
				if err := r.note(to, ','); err != nil {
					return err
				}
			}
			first = false
			return r.scan(to, c, depth+1)
		})
		if err != nil {
			return err
		}
		return r.note(to, ']')
	case c == '"':
		return r.scanString(to)
	case c == '-', c >= '0' && c <= '9':
		return r.number(to)
	case c == 't':
		return r.word(to, "true")
	case c == 'f':
		return r.word(to, "false")
	case c == 'n':
		return r.word(to, "null")
	}
	return r.unexpected(c, "a value")
}

// scanString reads a string, whose quote is next. One that is kept has to be UTF-8.
func (r *reader) scanString(to *capture) error {
	if to == nil {
		return r.text(func([]byte) error { return nil })
	}
	at, begin := r.offset(), len(r.kept)
	if err := r.note(to, '"'); err != nil {
		return err
	}
	if err := r.text(func(p []byte) error { return r.note(to, p...) }); err != nil {
		return err
	}
	if !utf8.Valid(r.kept[begin:]) {
		return r.wrongAt(at, Syntax, "a string that is not UTF-8")
	}
	return r.note(to, '"')
}

// text reads a string, whose quote is next, and calls fn with the pieces of what
// stands between its quotes, escapes as they are.
func (r *reader) text(fn func(p []byte) error) error {
	r.r++
	for {
		if _, err := r.peek(); err != nil {
			return err
		}
		p := r.buf[r.r:r.w]
		n := plain(p)
		if n > 0 {
			if err := fn(p[:n]); err != nil {
				return err
			}
			r.r += n
		}
		if n == len(p) {
			continue
		}
		switch c := p[n]; c {
		case '"':
			r.r++
			return nil
		case '\\':
			esc, _, err := r.escape()
			if err == nil {
				err = fn(esc)
			}
			if err != nil {
				return err
			}
		default:
			return r.wrong(Syntax, "%s: %s", reasonControl, charName(c))
		}
	}
}

// plain returns how many bytes at the beginning of p stand for themselves in a
// string.
func plain(p []byte) int {
	for i, c := range p {
		if c < ' ' || c == '"' || c == '\\' {
			return i
		}
	}
	return len(p)
}

// escape reads an escape, whose backslash is next. It returns it as it stands, valid
// until the next call, and the rune it stands for; of a pair of surrogates, one half.
func (r *reader) escape() (as []byte, c rune, err error) {
	at := r.offset()
	var esc [6]byte
	take := func(i int) (byte, error) {
		c, err := r.peek()
		if err == nil {
			esc[i] = c
			r.r++
		}
		return c, err
	}
	if _, err = take(0); err != nil {
		return nil, 0, err
	}
	b, err := take(1)
	if err != nil {
		return nil, 0, err
	}
	switch b {
	case '"', '\\', '/':
		return esc[:2], rune(b), nil
	case 'b':
		return esc[:2], '\b', nil
	case 'f':
		return esc[:2], '\f', nil
	case 'n':
		return esc[:2], '\n', nil
	case 'r':
		return esc[:2], '\r', nil
	case 't':
		return esc[:2], '\t', nil
	case 'u':
		for i := range 4 {
			if b, err = take(2 + i); err != nil {
				return nil, 0, err
			}
			v, ok := hexValue(b)
			if !ok {
				return nil, 0, r.wrongAt(at, Syntax, "an escape in a string that JSON does not have")
			}
			c = c<<4 | v
		}
		return esc[:], c, nil
	}
	return nil, 0, r.wrongAt(at, Syntax, "an escape in a string that JSON does not have")
}

func hexValue(c byte) (rune, bool) {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0'), true
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// word reads true, false or null.
func (r *reader) word(to *capture, word string) error {
	for i := range len(word) {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if c != word[i] {
			return r.unexpected(c, word)
		}
		r.r++
	}
	return r.note(to, []byte(word)...)
}

// number reads a number.
func (r *reader) number(to *capture) error {
	c, err := r.peek()
	if err != nil {
		return err
	}
	// take takes the current byte; c is the next one then, and 0 at the end.
	take := func() error {
		if err := r.note(to, c); err != nil {
			return err
		}
		r.r++
		if err := r.more(); errors.Is(err, io.EOF) {
			c = 0
			return nil
		} else if err != nil {
			return err
		}
		c = r.buf[r.r]
		return nil
	}
	digits := func() error {
		if c < '0' || c > '9' {
			if c == 0 && r.r == r.w {
				_, err := r.peek()
				return err
			}
			return r.unexpected(c, "a digit")
		}
		for c >= '0' && c <= '9' {
			if err := take(); err != nil {
				return err
			}
		}
		return nil
	}
	if c == '-' {
		if err := take(); err != nil {
			return err
		}
	}
	if c == '0' { // nothing but a fraction or an exponent may follow
		err = take()
	} else {
		err = digits()
	}
	if err == nil && c == '.' {
		if err = take(); err == nil {
			err = digits()
		}
	}
	if err == nil && (c == 'e' || c == 'E') {
		if err = take(); err == nil && (c == '+' || c == '-') {
			err = take()
		}
		if err == nil {
			err = digits()
		}
	}
	return err
}
