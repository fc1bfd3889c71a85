package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf16"
	"unicode/utf8"
)

// Packed are the values of a record's extra fields as they are kept: one JSON
// object, {"Z_color":"red","Z_n":5}, in which the values have been found but not
// read. Its members are called by Field.Slot, in any order; texts and lists are
// strings, everything else is the integer that a Value holds, and what is null is
// left out. Whatever else is there counts as null: values of another type, from
// before a field was declared anew, and those of fields that are no more.
//
// The zero Packed has no values.
type Packed struct {
	text  string
	spans []span // by the places of the fields among the extra ones
	plain bool   // every string in it is as AppendText writes it
}

// span is where a value stands in the text; both are 0 when there is none.
type span struct{ from, to uint32 }

// raw returns the JSON of the nth extra field's value, "" when it has none.
func (p *Packed) raw(n int, text bool) string {
	if n >= len(p.spans) {
		return ""
	}
	s := p.spans[n]
	if s.to == 0 || (p.text[s.from] == '"') != text {
		return ""
	}
	return p.text[s.from:s.to]
}

// AppendText appends the nth extra field's value, a text, as the JSON string that
// the function AppendText makes of it. It appends nothing when it is null.
func (p *Packed) AppendText(dst []byte, n int) []byte {
	raw := p.raw(n, true)
	if p.plain || isPlain(raw) {
		return append(dst, raw...)
	}
	var few [256]byte
	return AppendText(dst, appendUnquoted(few[:0], raw))
}

// Int returns the nth extra field's value, which is kept as an integer; ok is
// false when it is null.
func (p *Packed) Int(n int) (i int64, ok bool) {
	raw := p.raw(n, false)
	switch {
	case raw == "":
		return 0, false
	case raw[0] == '-' || len(raw) > safeDigits:
		i, err := strconv.ParseInt(raw, 10, 64)
		return i, err == nil
	}
	for k := range len(raw) {
		i = i*10 + int64(raw[k]-'0')
	}
	return i, true
}

// AppendInt appends the nth extra field's value, which is kept as an integer. It
// appends nothing when it is null.
func (p *Packed) AppendInt(dst []byte, n int) []byte { return append(dst, p.raw(n, false)...) }

// safeDigits is how many digits always make an int64.
const safeDigits = 18

// AppendIDs appends the ids in the nth extra field's value, which is a list of
// references; ok is false when it is null, or no such list.
func (p *Packed) AppendIDs(dst []int64, n int) (ids []int64, ok bool) {
	raw := p.raw(n, true)
	if raw == "" {
		return dst, false
	}
	ids, err := TextValue(raw[1 : len(raw)-1]).AppendIDs(dst)
	if err != nil {
		return dst, false
	}
	return ids, true
}

// Value returns the value of f, the nth extra field.
func (p *Packed) Value(n int, f *Field) Value {
	if !f.Kind.isText() {
		if i, ok := p.Int(n); ok {
			return IntValue(i)
		}
		return Value{}
	}
	raw := p.raw(n, true)
	switch {
	case raw == "":
		return Value{}
	case strings.IndexByte(raw, '\\') < 0:
		return TextValue(raw[1 : len(raw)-1])
	default:
		return TextValue(string(appendUnquoted(nil, raw)))
	}
}

// isText reports whether values of the kind are kept as texts.
func (k Kind) isText() bool { return k == Text || k == RefList }

// AppendPacked appends the member of a packed object that holds the value of f,
// which is not null, behind a comma or the opening brace; the closing one is the
// caller's.
func AppendPacked(dst []byte, f *Field, v Value) []byte {
	if len(dst) == 0 {
		dst = append(dst, '{')
	} else {
		dst = append(dst, ',')
	}
	dst = append(AppendText(dst, f.Slot), ':')
	switch v.Type {
	case Int:
		return strconv.AppendInt(dst, v.I, 10)
	case Str:
		if !utf8.ValidString(v.S) { // as it is, for the store to refuse
			return append(append(append(dst, '"'), v.S...), '"')
		}
		return AppendText(dst, v.S)
	default:
		return append(dst, "null"...)
	}
}

// Packing is how the extra fields of one resource are found in what is kept of its
// records. It is safe for concurrent use.
type Packing struct {
	places map[string]int // by Slot: place among the extra fields

	// known is how the names of the members of the record read last were written, in
	// their order. Records of one resource are mostly alike, so that the names of the
	// next one need only be compared.
	known atomic.Pointer[[]slotKey]
}

// slotKey is what stands before a value: a comma or the opening brace, the name in
// its quotes, a colon, and any white space.
type slotKey struct {
	text  string
	place int // -1 when there is no such field
}

// NewPacking returns the Packing of res.
func NewPacking(res *Resource) *Packing {
	extra := res.ExtraFields()
	k := &Packing{places: make(map[string]int, len(extra))}
	for i := range extra {
		k.places[extra[i].Slot] = i
	}
	return k
}

// Unpacker finds the values in some records.
type Unpacker struct {
	packing *Packing
	known   []slotKey
	own     bool   // known is not shared with others
	spans   []span // for the next records
	records int    // that memory is taken for at once
}

// Unpacker returns one for about so many records. It belongs to one goroutine.
func (k *Packing) Unpacker(records int) *Unpacker {
	u := &Unpacker{packing: k, records: max(records, 1)}
	if known := k.known.Load(); known != nil {
		u.known = *known
	}
	return u
}

// Done tells others what the Unpacker has learned.
func (u *Unpacker) Done() {
	if u.own && len(u.known) <= maxKnown {
		u.packing.known.Store(&u.known)
	}
}

// maxKnown is how many names of members are remembered.
const maxKnown = 4096

// Unpack finds the values in text, which is valid JSON. An error says that it is
// not, though not everything that is wrong is noticed.
func (u *Unpacker) Unpack(text string) (Packed, error) {
	n := len(u.packing.places)
	if len(u.spans) < n {
		u.spans = make([]span, u.records*n)
	}
	p := Packed{text: text, spans: u.spans[:n:n], plain: isPlain(text)}
	u.spans = u.spans[n:]
	s := packedScanner{text: text}
	for member := 0; ; member++ {
		place := -1
		if member < len(u.known) && strings.HasPrefix(text[s.at:], u.known[member].text) {
			s.at += len(u.known[member].text)
			place = u.known[member].place
		} else {
			from := s.at
			name, ok := s.name(member == 0)
			switch {
			case s.broken:
				return Packed{}, s.err()
			case !ok:
				return p, nil // {}
			}
			if i, ok := u.packing.places[name]; ok {
				place = i
			}
			u.learn(member, slotKey{text[from:s.at], place})
		}
		s.next()
		from := s.at
		if s.value() && place >= 0 {
			p.spans[place] = span{uint32(from), uint32(s.at)}
		}
		if s.broken {
			return Packed{}, s.err()
		}
		if s.at < len(text) && text[s.at] == ',' {
			continue
		}
		switch s.next() {
		case ',':
		case '}':
			return p, nil
		default:
			return Packed{}, s.err()
		}
	}
}

// learn keeps how the name of a member was written.
func (u *Unpacker) learn(member int, key slotKey) {
	if !u.own {
		u.known, u.own = slices.Clone(u.known), true
	}
	key.text = strings.Clone(key.text) // not the whole record
	if member < len(u.known) {
		u.known[member] = key
	} else {
		u.known = append(u.known, key)
	}
}

// packedScanner goes through a packed object.
type packedScanner struct {
	text   string
	at     int
	broken bool
}

func (s *packedScanner) err() error {
	return fmt.Errorf("the extra fields of a row are broken at byte %d", s.at)
}

// next passes over white space and returns the next byte, 0 at the end.
func (s *packedScanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take passes over white space and one byte, which has to be c.
func (s *packedScanner) take(c byte) {
	if s.next() != c {
		s.broken = true
		return
	}
	s.at++
}

// name reads what stands before a value; ok is false at the end of an object
// without members.
func (s *packedScanner) name(first bool) (name string, ok bool) {
	if first {
		s.take('{')
		if s.next() == '}' {
			return "", false
		}
	} else {
		s.take(',')
	}
	if s.broken || s.next() != '"' {
		s.broken = true
		return "", false
	}
	from := s.at
	s.str()
	if s.broken {
		return "", false
	}
	quoted := s.text[from:s.at]
	s.take(':')
	s.next()
	return string(appendUnquoted(nil, quoted)), true
}

// value passes over a value, and reports whether it is one that a field may have.
func (s *packedScanner) value() bool {
	if s.at == len(s.text) {
		s.broken = true
		return false
	}
	switch s.text[s.at] {
	case '"':
		s.str()
		return !s.broken
	case '{', '[':
		s.skip()
		return false
	}
	from, digits := s.at, true
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		if c-'0' <= 9 {
			continue
		}
		if c == ',' || c == '}' || c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			break
		}
		digits = false
	}
	size := s.at - from
	switch {
	case size == 0:
		s.broken = true
		return false
	case digits && size <= safeDigits:
		return true
	}
	_, err := strconv.ParseInt(s.text[from:s.at], 10, 64)
	return err == nil // not true, 1.5, null
}

// str passes over a string.
func (s *packedScanner) str() {
	s.at++
	for {
		n := strings.IndexByte(s.text[s.at:], '"')
		if n < 0 {
			s.at, s.broken = len(s.text), true
			return
		}
		end := s.at + n
		escapes := 0
		for end-escapes > s.at && s.text[end-escapes-1] == '\\' {
			escapes++
		}
		s.at = end + 1
		if escapes%2 == 0 {
			return
		}
	}
}

// skip passes over an object or a list.
func (s *packedScanner) skip() {
	for depth := 0; ; {
		switch s.next() {
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
			if depth == 0 {
				return
			}
		case '"':
			if s.str(); s.broken {
				return
			}
		case 0:
			s.broken = true
			return
		default:
			s.at++
		}
	}
}

// appendUnquoted appends what a JSON string stands for.
func appendUnquoted(dst []byte, quoted string) []byte {
	s := quoted[1 : len(quoted)-1]
	for {
		n := strings.IndexByte(s, '\\')
		if n < 0 || n+1 == len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:n]...)
		c := s[n+1]
		s = s[n+2:]
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
			r := hexRune(s)
			s = s[min(4, len(s)):]
			if utf16.IsSurrogate(r) {
				// With what follows it is one character, or it is none.
				pair := utf8.RuneError
				if strings.HasPrefix(s, `\u`) {
					pair = utf16.DecodeRune(r, hexRune(s[2:]))
				}
				if r = pair; r != utf8.RuneError {
					s = s[min(6, len(s)):]
				}
			}
			dst = utf8.AppendRune(dst, r)
		default: // " \ /
			dst = append(dst, c)
		}
	}
}

// hexRune reads the four digits of an escape.
func hexRune(s string) rune {
	if len(s) < 4 {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
