package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	// inSize is how much of a body is in memory.
	inSize = 128 << 10

	// maxNameSize is how many bytes of a member's name are looked at. No path has
	// longer ones, so longer ones have no path.
	maxNameSize = 256

	// maxEmptyReads is how often a body may yield neither bytes nor an error.
	maxEmptyReads = 100
)

// Read reads a body to its end. Files are written to what open returns.
//
// Errors: fault.Invalid with a *Problem inside for what the body is to blame for;
// fault.TooLarge for a file or values beyond their limit, with the path as the
// field; those of in (see NewBody), of ctx and of open and what it returned. After
// an error files may have been written, complete or not.
func (s *Schema) Read(ctx context.Context, in io.Reader, open Open) (_ *Form, err error) {
	defer fault.Wrap(&err, "intake.Read")
	r := &reader{Schema: s, open: open, form: &Form{}, input: input{ctx: ctx, in: in, buf: make([]byte, inSize), line: 1}}
	var c byte
	if err = r.mark(); err == nil {
		c, err = r.token()
	}
	if err == nil {
		err = r.value(s.root, c, 0)
	}
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, Broken(ctx, in, err)
	}
	r.form.JSON = r.kept
	return r.form, nil
}

// input is a body and a window on it.
type input struct {
	ctx   context.Context
	in    io.Reader
	buf   []byte
	r, w  int   // the window: buf[r:w] is still to be looked at
	base  int64 // where buf[0] is in the body
	line  int   // from 1
	start int64 // where the line starts
	err   error // met by reading, to be told once the window is empty
}

// more fills the window when it is empty. It returns io.EOF at the end.
func (in *input) more() error {
	if in.r < in.w {
		return nil
	}
	return in.fill(1)
}

// fill makes the window hold n bytes, or what there is up to the end of the body;
// the error is for a window that stays empty.
func (in *input) fill(n int) error {
	copy(in.buf, in.buf[in.r:in.w])
	in.base += int64(in.r)
	in.r, in.w = 0, in.w-in.r
	for empty := 0; in.w < n && in.err == nil; {
		// The body is asked even after the end of the context, which the HTTP server
		// brings about when the connection fails: the body knows how it did.
		k, err := in.in.Read(in.buf[in.w:])
		if err == nil {
			err = in.ctx.Err()
		}
		in.w += k
		switch {
		case errors.Is(err, io.EOF):
			in.err = err
		case err != nil:
			in.err = ReadFault(err)
		case k > 0:
			empty = 0
		default:
			if empty++; empty == maxEmptyReads {
				in.err = ReadFault(io.ErrNoProgress)
			}
		}
	}
	if in.w > 0 {
		return nil
	}
	return in.err
}

// offset is where the window begins.
func (in *input) offset() int64 { return in.base + int64(in.r) }

// reader reads one body.
type reader struct {
	*Schema
	input
	open Open
	form *Form
	dec  decoder

	kept []byte // becomes Form.JSON
	path []byte // of the value being read
	name []byte // of the member being read, between its quotes
}

// wrongAt reports a problem at a place in the line that is being read.
func (r *reader) wrongAt(offset int64, code Code, format string, args ...any) error {
	p := &Problem{
		Code: code, Path: string(r.path), Offset: offset,
		Line: r.line, Column: int(offset-r.start) + 1, Reason: fmt.Sprintf(format, args...),
	}
	return p.fault()
}

func (r *reader) wrong(code Code, format string, args ...any) error {
	return r.wrongAt(r.offset(), code, format, args...)
}

// peek returns the next byte without taking it.
func (r *reader) peek() (byte, error) {
	if err := r.more(); errors.Is(err, io.EOF) {
		return 0, r.wrong(Syntax, "the JSON ends too early")
	} else if err != nil {
		return 0, err
	}
	return r.buf[r.r], nil
}

// byteOrderMark is what programs for Windows put in front of UTF-8, as .NET's
// StreamWriter does with Encoding.UTF8. RFC 8259 lets readers ignore it.
const byteOrderMark = "\ufeff"

// mark skips a byte order mark at the start of the body.
func (r *reader) mark() error {
	if err := r.more(); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if r.buf[r.r] != byteOrderMark[0] {
		return nil
	}
	if err := r.fill(len(byteOrderMark)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if bytes.HasPrefix(r.buf[r.r:r.w], []byte(byteOrderMark)) {
		r.r += len(byteOrderMark)
	}
	return nil
}

// token skips white space and returns the byte after it without taking it.
func (r *reader) token() (byte, error) {
	for {
		c, err := r.peek()
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			r.r++
			r.line++
			r.start = r.offset()
		case ' ', '\t', '\r':
			r.r++
		default:
			return c, nil
		}
	}
}

// end takes white space up to the end of the body.
func (r *reader) end() error {
	for {
		switch err := r.more(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if _, err := r.token(); err == nil {
			return r.wrong(Syntax, "something after the JSON")
		} else if !errors.Is(r.more(), io.EOF) {
			return err
		}
	}
}

// want takes a byte that has to come next.
func (r *reader) want(c byte) error {
	got, err := r.token()
	if err != nil {
		return err
	}
	if got != c {
		return r.unexpected(got, fmt.Sprintf("'%c'", c))
	}
	r.r++
	return nil
}

func (r *reader) unexpected(c byte, instead string) error {
	return r.wrong(Syntax, "%s where the JSON needs %s", charName(c), instead)
}

// charName shows a byte in a message.
func charName(c byte) string {
	if c > ' ' && c < utf8.RuneSelf {
		return strconv.QuoteRune(rune(c))
	}
	return fmt.Sprintf("byte 0x%02X", c)
}

// keep adds to what is captured.
func (r *reader) keep(p ...byte) error {
	if int64(len(r.kept)+len(p)) > r.limits.Values {
		return inField(fault.New(fault.TooLarge, "the values of the body have more than %d bytes", r.limits.Values), string(r.path))
	}
	r.kept = append(r.kept, p...)
	return nil
}

// value reads a value that begins with c, as n says.
func (r *reader) value(n *node, c byte, depth int) error {
	switch {
	case n.rule == nil && c == 'n':
		return r.scan(&capture{left: r.limits.Value}, c, depth)
	case n.items != nil:
		return r.array(n, c, depth)
	case n.rule == nil:
		return r.object(n, c, depth)
	}
	switch n.rule.Do {
	case Refuse:
		return r.unknown()
	case Capture:
		return r.scan(&capture{left: or(n.rule.Max, r.limits.Value), limit: or(n.rule.Max, r.limits.Value)}, c, depth)
	case Keep:
		if c == 'n' {
			return r.scan(&capture{left: r.limits.Value}, c, depth)
		}
		return r.file(n.rule, c)
	default:
		return r.scan(nil, c, depth)
	}
}

// unknown refuses the member that path ends in.
func (r *reader) unknown() error { return r.wrong(Unknown, "unknown member %s", r.path) }

// deeper refuses an object or array in too many others.
func (r *reader) deeper(depth int) error {
	if depth >= r.limits.Depth {
		return r.wrong(Syntax, "more than %d objects and arrays in one another", r.limits.Depth)
	}
	return nil
}

// object reads an object on the way to members that are wanted.
func (r *reader) object(n *node, c byte, depth int) error {
	if c != '{' {
		return r.wrong(Type, "%s where an object is wanted", charName(c))
	}
	if err := r.deeper(depth); err != nil {
		return err
	}
	if err := r.keep('{'); err != nil {
		return err
	}
	var seen []*node
	err := r.members(func() error {
		above := len(r.path)
		defer func() { r.path = r.path[:above] }()
		m, err := r.member(n)
		if err != nil {
			return err
		}
		at := r.offset()
		if err := r.want(':'); err != nil {
			return err
		}
		c, err := r.token()
		if err != nil {
			return err
		}
		switch {
		case m == nil && r.others == Refuse:
			return r.wrongAt(at, Unknown, "unknown member %s", r.path)
		case m == nil || m.rule != nil && m.rule.Do == Skip:
			return r.scan(nil, c, depth+1)
		case m.rule != nil && m.rule.Do == Refuse:
			return r.wrongAt(at, Unknown, "unknown member %s", r.path)
		}
		for _, s := range seen {
			if s == m {
				return r.wrongAt(at, Duplicate, "%s comes twice", r.path)
			}
		}
		if len(seen) > 0 {
			if err := r.keep(','); err != nil {
				return err
			}
		}
		seen = append(seen, m)
		if err := r.keep(m.prefix...); err != nil {
			return err
		}
		return r.value(m, c, depth+1)
	})
	if err != nil {
		return err
	}
	return r.keep('}')
}

// member reads the name of a member, adds it to the path and returns its node, nil
// when it has none.
func (r *reader) member(n *node) (*node, error) {
	r.name = r.name[:0]
	long := false
	if err := r.text(func(p []byte) error {
		k := min(len(p), maxNameSize-len(r.name))
		r.name = append(r.name, p[:k]...)
		long = long || k < len(p)
		return nil
	}); err != nil {
		return nil, err
	}
	name := string(r.name)
	if !long && bytes.IndexByte(r.name, '\\') >= 0 {
		if err := json.Unmarshal(slices.Concat([]byte{'"'}, r.name, []byte{'"'}), &name); err != nil {
			return nil, err
		}
	}
	if len(r.path) > 0 {
		r.path = append(r.path, '.')
	}
	m := n.members[r.key(name)]
	if long || !utf8.Valid(r.name) {
		m = nil
	}
	if m != nil {
		name = m.name
	}
	r.path = append(r.path, strings.ToValidUTF8(name, "\uFFFD")...)
	return m, nil
}

// array reads an array on the way to items that are wanted.
func (r *reader) array(n *node, c byte, depth int) error {
	if c != '[' {
		bad := r.wrong(Type, "%s where a list is wanted", charName(c))
		if r.blank && (c == '"' || c == '{') {
			return r.blankList(c, bad)
		}
		return bad
	}
	if err := r.deeper(depth); err != nil {
		return err
	}
	if err := r.keep('['); err != nil {
		return err
	}
	above, i := len(r.path), 0
	err := r.items(func(c byte) error {
		defer func() { r.path = r.path[:above] }()
		r.path = append(strconv.AppendInt(append(r.path, '['), int64(i), 10), ']')
		if i > 0 {
			if err := r.keep(','); err != nil {
				return err
			}
		}
		i++
		return r.value(n.items, c, depth+1)
	})
	if err != nil {
		return err
	}
	return r.keep(']')
}

// blankList reads what stands for an empty list, an empty string or object that begins
// with c. Of another one it returns the error bad.
func (r *reader) blankList(c byte, bad error) error {
	r.r++
	next, end := r.peek, byte('"')
	if c == '{' {
		next, end = r.token, '}'
	}
	switch c, err := next(); {
	case err != nil:
		return err
	case c != end:
		return bad
	}
	r.r++
	return r.keep('[', ']')
}

// members reads an object, whose brace is next. It calls fn where the name of a
// member begins; fn reads it, the colon and the value.
func (r *reader) members(fn func() error) error {
	r.r++
	c, err := r.token()
	if err != nil {
		return err
	}
	if c == '}' {
		r.r++
		return nil
	}
	for {
		if c != '"' {
			return r.unexpected(c, "the name of a member")
		}
		if err := fn(); err != nil {
			return err
		}
		if c, err = r.token(); err != nil {
			return err
		}
		switch c {
		case '}':
			r.r++
			return nil
		case ',':
			r.r++
		default:
			return r.unexpected(c, "',' or '}'")
		}
		if c, err = r.token(); err != nil {
			return err
		}
	}
}

// items reads an array, whose bracket is next. It calls fn with the first byte of
// each item, which fn reads.
func (r *reader) items(fn func(c byte) error) error {
	r.r++
	c, err := r.token()
	if err != nil {
		return err
	}
	if c == ']' {
		r.r++
		return nil
	}
	for {
		if err := fn(c); err != nil {
			return err
		}
		if c, err = r.token(); err != nil {
			return err
		}
		switch c {
		case ']':
			r.r++
			return nil
		case ',':
			r.r++
		default:
			return r.unexpected(c, "',' or ']'")
		}
		if c, err = r.token(); err != nil {
			return err
		}
	}
}

// inField says in which field something is too large.
func inField(err error, field string) error {
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.TooLarge || e.Field != "" {
		return err
	}
	c := *e
	c.Field = field
	return &c
}
