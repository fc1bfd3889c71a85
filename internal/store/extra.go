package store

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Extra fields are kept in one JSON object per row, {"Z_color":"red","Z_n":5}:
// text as strings, everything else as the integer that a resource.Value holds.
// What is null is left out.

// extraIndexName is the name of the index of an extra field. A field that is
// declared anew with values of another type has another index.
func extraIndexName(t *table, f *resource.Field) string {
	typ := "number"
	if columnOf(f) == ColumnText {
		typ = "text"
	}
	return indexName(t.res.Name, f.Name, typ)
}

// Index implements crm.Tx. The index is over what comparisons and orders write for
// the field, letter by letter: that is how the engines recognise it.
func (x *tx) Index(ctx context.Context, res *resource.Resource, f *resource.Field) (err error) {
	defer fault.Wrap(&err, "store.Index(%s, %s)", res.Name, f.Name)
	t, err := x.s.table(res)
	if err != nil {
		return err
	}
	name := extraIndexName(t, f)
	known := "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = $1"
	if x.s.flavor == PostgreSQL {
		known = "SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = $1"
	}
	there := false
	err = x.c.Query(ctx, known, []Arg{{resource.TextValue(name), ColumnText}}, func(Row) error {
		there = true
		return nil
	})
	if err != nil || there {
		return err
	}
	b := x.s.newBuilder(0)
	b.operand(f, t, "")
	term, _, err := b.done()
	if err != nil {
		return err
	}
	term = ascending(x.s.flavor, "("+term+")")
	if x.s.flavor == PostgreSQL {
		term += ", " + idColumn
	}
	return x.c.Script(ctx, "CREATE INDEX "+quote(name)+" ON "+t.name+" ("+term+")")
}

// appendExtra appends "name":value, behind a comma or the opening brace.
func appendExtra(dst []byte, name string, v resource.Value) []byte {
	if len(dst) == 0 {
		dst = append(dst, '{')
	} else {
		dst = append(dst, ',')
	}
	dst = appendJSONString(dst, name)
	dst = append(dst, ':')
	switch v.Type {
	case resource.Int:
		return strconv.AppendInt(dst, v.I, 10)
	case resource.Str:
		return appendJSONString(dst, v.S)
	default:
		return append(dst, "null"...)
	}
}

func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0 // of what stands for itself
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
		start = i + 1
	}
	return append(append(dst, s[start:]...), '"')
}

// extraKeys remembers how the names of the members of a row were written, in their
// order. Rows of one table are mostly alike, so that the names of the next one need
// only be compared.
type extraKeys struct {
	find func(name []byte) *resource.Field // nil for unknown names, which are passed over
	keys []extraKey
}

// extraKey is what stands between two values, or before the first: a name with its
// quotes, the colon and white space.
type extraKey struct {
	text  string
	field *resource.Field
}

// extraReader reads the members of a JSON object of extra fields. Values that
// are neither strings nor integers are passed over, as are unknown names.
type extraReader struct {
	data []byte
	at   int
}

// read calls member with each field and its value. It appends texts to *arena.
func (r *extraReader) read(arena *[]byte, known *extraKeys, member func(f *resource.Field, v extraValue)) error {
	if err := r.expect('{'); err != nil {
		return err
	}
	if r.peek() == '}' {
		return nil
	}
	for n := 0; ; n++ {
		var f *resource.Field
		if n < len(known.keys) && r.follows(known.keys[n].text) {
			r.at += len(known.keys[n].text)
			f = known.keys[n].field
		} else {
			var err error
			if f, err = r.key(known, n); err != nil {
				return err
			}
		}
		v, err := r.value(arena)
		if err != nil {
			return err
		}
		if f != nil {
			member(f, v)
		}
		switch r.peek() {
		case ',':
			r.at++
		case '}':
			return nil
		default:
			return r.broken()
		}
	}
}

// follows reports whether text comes next.
func (r *extraReader) follows(text string) bool {
	return len(r.data)-r.at >= len(text) && string(r.data[r.at:r.at+len(text)]) == text
}

// key reads the name of the nth member, and remembers it.
func (r *extraReader) key(known *extraKeys, n int) (*resource.Field, error) {
	start := r.at
	if r.peek() != '"' {
		return nil, r.broken()
	}
	name, err := r.str(nil)
	if err != nil {
		return nil, err
	}
	if err := r.expect(':'); err != nil {
		return nil, err
	}
	r.peek()
	key := extraKey{string(r.data[start:r.at]), known.find(name)}
	if n < len(known.keys) {
		known.keys[n] = key
	} else {
		known.keys = append(known.keys, key)
	}
	return key.field, nil
}

// extraValue is a string, as a part of the arena, or an integer, or neither.
type extraValue struct {
	typ        resource.ValueType
	i          int64
	start, end int
}

func (r *extraReader) value(arena *[]byte) (v extraValue, err error) {
	switch c := r.peek(); {
	case c == '"':
		v.typ, v.start = resource.Str, len(*arena)
		*arena, err = r.str(*arena)
		v.end = len(*arena)
		return v, err
	case c == '{' || c == '[':
		return v, r.skip()
	}
	start, digits, n := r.at, true, int64(0)
	for r.at < len(r.data) {
		c := r.data[r.at]
		if c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			break
		}
		digits = digits && '0' <= c && c <= '9'
		n = n*10 + int64(c-'0')
		r.at++
	}
	if size := r.at - start; digits && 0 < size && size < 19 {
		return extraValue{typ: resource.Int, i: n}, nil
	}
	if start == r.at {
		return v, r.broken()
	}
	if i, err := strconv.ParseInt(string(r.data[start:r.at]), 10, 64); err == nil {
		return extraValue{typ: resource.Int, i: i}, nil
	}
	return v, nil // true, 1.5, null
}

// skip passes over an object or a list.
func (r *extraReader) skip() error {
	depth := 0
	var scratch []byte
	for {
		switch r.peek() {
		case '{', '[':
			depth++
			r.at++
		case '}', ']':
			depth--
			r.at++
			if depth == 0 {
				return nil
			}
		case '"':
			var err error
			if scratch, err = r.str(scratch[:0]); err != nil {
				return err
			}
		case 0:
			return r.broken()
		default:
			r.at++
		}
	}
}

// peek passes over white space and returns the next byte, 0 at the end.
func (r *extraReader) peek() byte {
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (r *extraReader) expect(c byte) error {
	if r.peek() != c {
		return r.broken()
	}
	r.at++
	return nil
}

// str appends the string that starts here to dst, without its escapes.
func (r *extraReader) str(dst []byte) ([]byte, error) {
	r.at++
	if end := bytes.IndexByte(r.data[r.at:], '"'); end >= 0 && bytes.IndexByte(r.data[r.at:r.at+end], '\\') < 0 {
		dst = append(dst, r.data[r.at:r.at+end]...)
		r.at += end + 1
		return dst, nil
	}
	for r.at < len(r.data) {
		c := r.data[r.at]
		r.at++
		switch c {
		case '"':
			return dst, nil
		case '\\':
			if r.at == len(r.data) {
				return dst, r.broken()
			}
			c = r.data[r.at]
			r.at++
			switch c {
			case 'b':
				dst = append(dst, '\b')
			case 'f':
				dst = append(dst, '\f')
			case 'n':
				dst = append(dst, '\n')
			case 'r':
				dst = append(dst, '\r')
			case 't':
				dst = append(dst, '\t')
			case 'u':
				r1, err := r.hex()
				if err != nil {
					return dst, err
				}
				if utf16.IsSurrogate(r1) {
					// With what follows it is one character, or it is none.
					at, first := r.at, r1
					r1 = utf8.RuneError
					if at+1 < len(r.data) && r.data[at] == '\\' && r.data[at+1] == 'u' {
						r.at += 2
						second, err := r.hex()
						if err != nil {
							return dst, err
						}
						if r1 = utf16.DecodeRune(first, second); r1 == utf8.RuneError {
							r.at = at
						}
					}
				}
				dst = utf8.AppendRune(dst, r1)
			default: // " \ /
				dst = append(dst, c)
			}
		default:
			dst = append(dst, c)
		}
	}
	return dst, r.broken()
}

// hex reads the four digits of an escape.
func (r *extraReader) hex() (rune, error) {
	if r.at+4 > len(r.data) {
		return 0, r.broken()
	}
	n, err := strconv.ParseUint(string(r.data[r.at:r.at+4]), 16, 32)
	if err != nil {
		return 0, r.broken()
	}
	r.at += 4
	return rune(n), nil
}

func (r *extraReader) broken() error {
	return fmt.Errorf("the extra fields of a row are broken at byte %d", r.at)
}
