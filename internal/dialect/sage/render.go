package sage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// variant is everything besides the record that decides how a row looks.
type variant struct {
	language  int8 // index into resource.Languages; -1 = English
	bareExtra bool // ExtraFieldDescription: 0
	shape     shaping
}

// shaping tells the plans of a resource apart that is written in several ways.
type shaping uint8

const (
	usual  shaping = iota // as quirks say
	ofRole                // as roleUsers says
)

// plan is how the records of one resource are written: the members in the order
// of the wire with everything that does not change between rows prepared.
type plan struct {
	members []member
	named   filter.Names // the members that are not called as their fields
}

type member struct {
	key   []byte // `{"name":` or `,"name":`
	name  string
	field *resource.Field    // nil for a member that the handler writes
	kind  resource.Kind      // of that member
	table *resource.Resource // of references
	guard bool               // of a table with records that are hidden from some
	none  string             // what a null is written as
	form  form
	refs  refStyle
}

// computed writes the members of a record that are no fields.
type computed func(dst []byte, member string, rec *resource.Record) []byte

// newPlan orders the members as the vendor does: by ASCII, upper case first
// [LIVE], unless the quirk says otherwise.
func newPlan(catalog *resource.Catalog, res *resource.Resource, q quirk) *plan {
	p := &plan{}
	add := func(name string, f *resource.Field) {
		m := member{
			name: name, field: f, none: cmp.Or(q.none[f.Name], "null"),
			form: q.forms[f.Name], refs: q.refs,
		}
		if f.JSON {
			m.form = rawJSON
		}
		if m.name != f.Name {
			if p.named == nil {
				p.named = filter.Names{}
			}
			p.named[strings.ToLower(m.name)] = f.Name
		}
		m.refs.label = cmp.Or(m.refs.label, "value")
		if f.Table != "" {
			m.table = catalog.Resource(f.Table)
			m.guard = crm.Guarded(catalog, m.table)
		}
		p.members = append(p.members, m)
	}
	for i := range res.Fields {
		if f := &res.Fields[i]; !f.Internal && !slices.Contains(q.hidden, f.Name) {
			add(cmp.Or(q.rename[f.Name], f.Name), f)
		}
	}
	for name, field := range q.again {
		add(name, res.Field(field))
	}
	for name, kind := range q.add {
		p.members = append(p.members, member{name: name, kind: kind})
	}
	place := func(m member) int {
		if i := slices.Index(q.order, m.name); i >= 0 {
			return i
		}
		return len(q.order)
	}
	slices.SortFunc(p.members, func(a, b member) int {
		return cmp.Or(place(a)-place(b), strings.Compare(a.name, b.name))
	})
	for i := range p.members {
		opening := byte(',')
		if i == 0 {
			opening = '{'
		}
		m := &p.members[i]
		m.key = append(appendString([]byte{opening}, m.name), ':')
	}
	return p
}

// names are the titles that the rows of a page show, in one language, and where the
// row that is being written shows those that are hidden from some.
type names struct {
	crm.Titles
	links  []link
	recent [64]shown // by the last bits of the id
}

// shown is a title as it was found for a reference.
type shown struct {
	table *resource.Resource
	id    int64
	title string
	seen  bool
}

// of is Titles.Of. Rows of a page refer to the same few records all the time.
func (n *names) of(table *resource.Resource, id int64, language int) (title string, seen bool) {
	s := &n.recent[uint64(id)%uint64(len(n.recent))]
	if s.table != table || s.id != id {
		s.table, s.id = table, id
		s.title, s.seen = n.Titles.Of(table, id, language)
	}
	return s.title, s.seen
}

// link is where the title of a reference stands in a row, as a JSON string.
type link struct {
	crm.Link
	from, to int
}

// mask returns a row as those see it from whom titles hides what some of its links
// lead to. The row itself stays as it is.
func mask(row []byte, links []link, titles crm.Titles) []byte {
	masked, done := row, 0
	for _, l := range links {
		if _, seen := titles.Of(l.Table, l.ID, 0); seen {
			continue
		}
		if done == 0 {
			masked = make([]byte, 0, len(row))
		}
		masked = append(append(masked, row[done:l.from]...), "null"...)
		done = l.to
	}
	if done == 0 {
		return row
	}
	return append(masked, row[done:]...)
}

// append writes one record as a JSON object. Links are counted from the beginning
// of dst.
func (p *plan) append(dst []byte, rec *resource.Record, titles *names, v variant, more computed) []byte {
	for i := range p.members {
		m := &p.members[i]
		if m.field == nil {
			dst = more(append(dst, m.key...), m.name, rec)
			continue
		}
		val := &rec.Values[m.field.Index]
		if m.field.OmitEmpty && val.IsNull() {
			continue // never the first member, which is the id or a documented one
		}
		dst = append(dst, m.key...)
		if val.IsNull() {
			dst = append(dst, m.none...)
			continue
		}
		if m.form != plain {
			dst = m.appendForm(dst, val, titles, v)
			continue
		}
		switch m.field.Kind {
		case resource.Text:
			dst = appendString(dst, val.S)
		case resource.Integer, resource.BareRef:
			dst = strconv.AppendInt(dst, val.I, 10)
		case resource.Number:
			dst = resource.AppendNumber(dst, val.I, m.field.Scale)
		case resource.Boolean:
			dst = strconv.AppendBool(dst, val.I != 0)
		case resource.Instant:
			dst = append(dst, '"')
			dst = resource.AppendInstant(dst, val.I)
			dst = append(dst, '"')
		case resource.Ref:
			dst = m.appendRef(dst, val.I, titles, v)
		case resource.RefList:
			var few [8]int64
			ids, _ := val.AppendIDs(few[:0]) // the store keeps canonical lists only
			dst = append(dst, '[')
			for k, id := range ids {
				if k > 0 {
					dst = append(dst, ',')
				}
				dst = m.appendRef(dst, id, titles, v)
			}
			dst = append(dst, ']')
		}
	}
	return append(dst, '}')
}

// appendForm writes a value that is not written as its kind is.
func (m *member) appendForm(dst []byte, val *resource.Value, titles *names, v variant) []byte {
	switch m.form {
	case digit:
		return strconv.AppendInt(dst, val.I, 10)
	case firstOnly:
		ids, _ := val.IDs()
		if len(ids) == 0 {
			return append(dst, m.none...)
		}
		return m.appendRef(dst, ids[0], titles, v)
	case quotedIDs:
		ids, _ := val.IDs()
		dst = append(dst, '[')
		for i, id := range ids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(strconv.AppendInt(append(dst, '"'), id, 10), '"')
		}
		return append(dst, ']')
	case callDate:
		return time.UnixMilli(val.I).UTC().AppendFormat(dst, `"`+callLayout+`"`)
	case shortDay:
		return time.UnixMilli(val.I).UTC().AppendFormat(dst, `"06/01/02"`)
	case compound:
		dst = append(dst, `{"time":"`...)
		dst = resource.AppendInstant(dst, val.I)
		dst = append(dst, `","timeStamp":`...)
		dst = strconv.AppendInt(dst, time.UnixMilli(val.I).Unix(), 10)
		return append(dst, `,"timeZone":"UTC"}`...)
	default: // bareIDs and rawJSON are kept as they are written
		return append(dst, val.S...)
	}
}

// appendRef writes {"id":1,"value":"title"}; an extra field's reference is the
// bare id when the client asks for ExtraFieldDescription 0 [DOC].
func (m *member) appendRef(dst []byte, id int64, titles *names, v variant) []byte {
	if m.field.Extra && v.bareExtra {
		return strconv.AppendInt(dst, id, 10)
	}
	dst = append(dst, '{')
	if m.refs.labelFirst {
		dst = m.appendTitle(dst, id, titles, v)
		dst = append(dst, `,"id":`...)
		dst = strconv.AppendInt(dst, id, 10)
	} else {
		dst = append(dst, `"id":`...)
		dst = strconv.AppendInt(dst, id, 10)
		dst = append(dst, ',')
		dst = m.appendTitle(dst, id, titles, v)
	}
	return append(dst, '}')
}

// appendTitle writes the title of a reference, null when it is hidden.
func (m *member) appendTitle(dst []byte, id int64, titles *names, v variant) []byte {
	dst = append(dst, '"')
	dst = append(dst, m.refs.label...)
	dst = append(dst, `":`...)
	title, seen := titles.of(m.table, id, int(v.language))
	if !seen {
		return append(dst, "null"...)
	}
	from := len(dst)
	dst = appendString(dst, title)
	if m.guard {
		titles.links = append(titles.links, link{crm.Link{Table: m.table, ID: id}, from, len(dst)})
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// plainByte tells the bytes that stand for themselves in a JSON string.
var plainByte = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendString writes s as a JSON string, as encoding/json does without its
// HTML escapes (the documents show < and & unescaped).
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainByte[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError && r != '\u2028' && r != '\u2029' || r == utf8.RuneError && size > 1 {
				i += size
				continue
			}
			dst = append(dst, s[start:i]...)
			if r == utf8.RuneError {
				dst = append(dst, `\ufffd`...)
			} else {
				dst = append(dst, `\u202`...)
				dst = append(dst, hexDigits[r&0xF])
			}
			i += size
			start = i
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
