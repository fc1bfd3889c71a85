package sage

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	key    []byte // `{"name":` or `,"name":`
	name   string
	field  *resource.Field    // nil for a member that the handler writes
	extra  int                // place among the extra fields; -1 when it is none of them
	kind   resource.Kind      // of that member
	table  *resource.Resource // of references
	guard  bool               // of a table with records that are hidden from some
	spread uint64             // of the table, for names.recent
	none   string             // what a null is written as
	form   form
	refs   refStyle
	beside int // place of the value that has to be set, too; -1 for none
}

// computed writes the members of a record that are no fields.
type computed func(dst []byte, member string, rec *resource.Record) []byte

// newPlan orders the members as the vendor does: by ASCII, upper case first
// [LIVE], unless the quirk says otherwise.
func newPlan(catalog *resource.Catalog, res *resource.Resource, q quirk) *plan {
	p := &plan{}
	declared := len(res.Fields) - len(res.ExtraFields())
	add := func(name string, f *resource.Field) {
		m := member{
			name: name, field: f, extra: max(f.Index-declared, -1), none: cmp.Or(q.none[f.Name], "null"),
			form: q.forms[f.Name], refs: q.refs, beside: -1,
		}
		if f.Beside != "" {
			m.beside = res.Field(f.Beside).Index
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
			for _, c := range []byte(m.table.Name) {
				m.spread = m.spread*31 + uint64(c)
			}
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
		p.members = append(p.members, member{name: name, kind: kind, extra: -1})
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
		m.key = append(resource.AppendText([]byte{opening}, m.name), ':')
	}
	return p
}

// names are the titles that the rows of a page show, in one language, and where the
// row that is being written shows those that are hidden from some. Rows of a page
// refer to the same few records all the time, so that these are written once: they
// serve one plan and one variant.
type names struct {
	crm.Titles
	links  []link
	from   int        // where the row begins that is being written
	recent [128]shown // by the last bits of id and table
	json   []byte     // of recent
}

// maxShown is how many bytes of references are remembered, about.
const maxShown = 64 << 10

// shown is a reference as it was written for a row.
type shown struct {
	table    *resource.Resource
	id       int64
	from, to int // in names.json
	title    int // where the title begins, counted from from; 0 = it is hidden
	end      int // where it ends
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

// append writes one record as a JSON object. Links are counted from titles.from.
func (p *plan) append(dst []byte, rec *resource.Record, titles *names, v variant, more computed) []byte {
	for i := range p.members {
		m := &p.members[i]
		if m.field == nil {
			dst = more(append(dst, m.key...), m.name, rec)
			continue
		}
		if m.extra >= 0 && rec.Packed != nil {
			dst = m.appendPacked(append(dst, m.key...), rec.Packed, titles, v)
			continue
		}
		val := &rec.Values[m.field.Index]
		if m.field.OmitEmpty && (val.IsNull() || m.beside >= 0 && rec.Values[m.beside].IsNull()) {
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
			dst = resource.AppendText(dst, val.S)
		case resource.RefList:
			var few [8]int64
			ids, _ := val.AppendIDs(few[:0]) // the store keeps canonical lists only
			dst = m.appendRefs(dst, ids, titles, v)
		default:
			dst = m.appendInt(dst, val.I, titles, v)
		}
	}
	return append(dst, '}')
}

// appendPacked writes the value of an extra field.
func (m *member) appendPacked(dst []byte, p *resource.Packed, titles *names, v variant) []byte {
	switch m.field.Kind {
	case resource.Text:
		empty := len(dst)
		if dst = p.AppendText(dst, m.extra); len(dst) > empty {
			return dst
		}
	case resource.RefList:
		var few [8]int64
		if ids, ok := p.AppendIDs(few[:0], m.extra); ok {
			return m.appendRefs(dst, ids, titles, v)
		}
	case resource.Integer, resource.BareRef:
		empty := len(dst)
		if dst = p.AppendInt(dst, m.extra); len(dst) > empty {
			return dst
		}
	default:
		if i, ok := p.Int(m.extra); ok {
			return m.appendInt(dst, i, titles, v)
		}
	}
	return append(dst, m.none...)
}

// appendInt writes a value that is kept as an integer, as its kind is written.
func (m *member) appendInt(dst []byte, i int64, titles *names, v variant) []byte {
	switch m.field.Kind {
	case resource.Number:
		return resource.AppendNumber(dst, i, m.field.Scale)
	case resource.Boolean:
		return strconv.AppendBool(dst, i != 0)
	case resource.Instant:
		return append(resource.AppendInstant(append(dst, '"'), i), '"')
	case resource.Ref:
		return m.appendRef(dst, i, titles, v)
	default:
		return strconv.AppendInt(dst, i, 10)
	}
}

// appendRefs writes a list of references.
func (m *member) appendRefs(dst []byte, ids []int64, titles *names, v variant) []byte {
	dst = append(dst, '[')
	for k, id := range ids {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = m.appendRef(dst, id, titles, v)
	}
	return append(dst, ']')
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
	s := &titles.recent[(uint64(id)+m.spread)%uint64(len(titles.recent))]
	if s.table != m.table || s.id != id {
		if len(titles.json) > maxShown {
			titles.recent, titles.json = [len(titles.recent)]shown{}, titles.json[:0]
		}
		*s = shown{table: m.table, id: id, from: len(titles.json)}
		titles.json = append(titles.json, '{')
		if m.refs.labelFirst {
			m.writeTitle(s, titles, v)
			titles.json = append(titles.json, `,"id":`...)
			titles.json = strconv.AppendInt(titles.json, id, 10)
		} else {
			titles.json = append(titles.json, `"id":`...)
			titles.json = strconv.AppendInt(titles.json, id, 10)
			titles.json = append(titles.json, ',')
			m.writeTitle(s, titles, v)
		}
		titles.json = append(titles.json, '}')
		s.to = len(titles.json)
	}
	if m.guard && s.title > 0 {
		titles.links = append(titles.links, link{crm.Link{Table: m.table, ID: id}, len(dst) - titles.from + s.title, len(dst) - titles.from + s.end})
	}
	return append(dst, titles.json[s.from:s.to]...)
}

// writeTitle writes the title of s, null when it is hidden.
func (m *member) writeTitle(s *shown, titles *names, v variant) {
	titles.json = append(titles.json, '"')
	titles.json = append(titles.json, m.refs.label...)
	titles.json = append(titles.json, `":`...)
	title, seen := titles.Of(m.table, s.id, int(v.language))
	if !seen {
		titles.json = append(titles.json, "null"...)
		return
	}
	s.title = len(titles.json) - s.from
	titles.json = resource.AppendText(titles.json, title)
	s.end = len(titles.json) - s.from
}
