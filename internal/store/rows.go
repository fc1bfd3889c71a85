package store

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxIDs bounds the ids in one statement; longer lists are read in parts.
const maxIDs = 1024

// rowPlan is how the rows of a resource are read. It belongs to one catalog's
// Resource, whose extra fields it knows.
type rowPlan struct {
	res    *resource.Resource
	t      *table
	sql    string // up to WHERE
	one    string // sql for one row by its id
	list   string // what sql reads after its fixed columns, of the row called aliasNames[0]
	text   []bool // by column of declared fields: text
	fields int    // declared fields, the id included
	extra  *resource.Packing

	width atomic.Int64 // bytes of text in a row, as of the last page
	fresh atomic.Int32 // see whole

	sources []string // sql of each of the table's sources; nil when it has none
}

// fixedColumns are read of every row before its fields: id, version, generation.
const fixedColumns = 3

func (s *Store) plan(res *resource.Resource) (*rowPlan, error) {
	if res.Whole != nil {
		res = res.Whole // which is kept the same
	}
	if p, ok := s.plans.Load(res.Name); ok && p.(*rowPlan).res == res {
		return p.(*rowPlan), nil
	}
	t, err := s.table(res)
	if err != nil {
		return nil, err
	}
	p := &rowPlan{res: res, t: t, fields: len(t.res.Fields), extra: resource.NewPacking(res)}
	if len(res.Fields) < p.fields {
		return nil, fmt.Errorf("resource %s lacks declared fields", res.Name)
	}
	sql := "SELECT " + idColumn + ", " + versionColumn + ", " + generation
	for i := 1; i < p.fields; i++ {
		if res.Fields[i].Name != t.res.Fields[i].Name {
			return nil, fmt.Errorf("field %d of resource %s is %s, was declared as %s", i, res.Name, res.Fields[i].Name, t.res.Fields[i].Name)
		}
		sql += ", " + t.fields[i]
		p.list += ", " + aliasNames[0] + "." + t.fields[i]
		p.text = append(p.text, columnOf(&res.Fields[i]) == ColumnText)
	}
	if len(res.Fields) > p.fields {
		column := extraColumn
		if s.flavor == PostgreSQL {
			column += "::text"
		}
		sql += ", " + column
		p.list += ", " + aliasNames[0] + "." + column
	}
	p.sql = sql + " FROM " + t.name + " WHERE " + idColumn
	p.one = p.sql + " = $1"
	for _, src := range t.sources {
		p.sources = append(p.sources, sql+" FROM "+src.name+" "+t.name+" WHERE "+idColumn)
	}
	s.plans.Store(res.Name, p)
	return p, nil
}

// Whether the caller of a list knows most of its rows is the same from list to list
// more often than not. While it did not know those of the last lists, rows are read
// together with their keys.
const (
	freshMost  = 16 // lists that are remembered, so to speak
	freshWhole = 12
)

// whole reports whether lists read the rows with their keys.
func (p *rowPlan) whole() bool { return p.fresh.Load() >= freshWhole }

// learn takes note of a list whose caller did not know so many of its rows.
func (p *rowPlan) learn(rows, unknown int) {
	switch fresh := p.fresh.Load(); { // a note that another list overtakes is no loss
	case rows == 0:
	case 4*unknown >= 3*rows:
		p.fresh.Store(min(fresh+1, freshMost))
	default:
		p.fresh.Store(max(fresh-2, 0))
	}
}

// maxPageText is how much text the records of one page may have, in bytes.
const maxPageText = 64 << 20

// maxReserve is how much memory is taken for the text of a page before any of it has
// been read, in bytes.
const maxReserve = 1 << 20

// reader reads rows into records. All text of a page is collected in one piece
// of memory and all values in another, so that a page costs a handful of
// allocations whatever its size.
type reader struct {
	plan       *rowPlan
	packed     bool // records come with Record.Packed
	records    []resource.Record
	values     []resource.Value
	arena      strings.Builder
	extra      []int64 // by record: place of its extra fields
	generation int64
}

func newReader(plan *rowPlan, rows int, packed bool) *reader {
	r := &reader{plan: plan, packed: packed && len(plan.res.Fields) > plan.fields, records: make([]resource.Record, 0, rows)}
	r.values = make([]resource.Value, 0, rows*r.width())
	// What a row took on the last page, and some more.
	r.arena.Grow(min(rows*max(256, int(plan.width.Load()*9/8)), maxReserve))
	return r
}

// width is how many values a record has.
func (r *reader) width() int {
	if r.packed {
		return r.plan.fields
	}
	return len(r.plan.res.Fields)
}

// row reads the current row.
func (r *reader) row(row Row) error { return r.rowFrom(row, fixedColumns) }

// rowFrom reads the current row, whose fields begin at a column. Until finish, a text
// is the place of its bytes in the arena, packed into I.
func (r *reader) rowFrom(row Row, first int) error {
	if r.arena.Len() > maxPageText {
		return fault.New(fault.TooLarge, "these %d records have more than %d MB of text; ask for fewer at once", cap(r.records), maxPageText>>20)
	}
	n, start := r.width(), len(r.values)
	if cap(r.values)-start < n {
		r.values, start = make([]resource.Value, 0, n), 0
	}
	r.values = r.values[:start+n] // new memory is null
	values := r.values[start : start+n : start+n]
	id := row.Int(0)
	r.records = append(r.records, resource.Record{ID: id, Version: row.Int(1), Values: values})
	r.generation = row.Int(2)
	values[0] = resource.IntValue(id)
	for i, text := range r.plan.text {
		column := first + i
		if row.Null(column) {
			continue
		}
		v := &values[i+1]
		if !text {
			v.Type, v.I = resource.Int, row.Int(column)
			continue
		}
		v.Type, v.I = resource.Str, r.keep(row, column)
	}
	if len(r.plan.res.Fields) > r.plan.fields {
		at := int64(0)
		if column := first + len(r.plan.text); !row.Null(column) {
			at = r.keep(row, column)
		}
		r.extra = append(r.extra, at)
	}
	return nil
}

// keep appends a text to the arena, and returns its place there.
func (r *reader) keep(row Row, column int) int64 {
	from := r.arena.Len()
	r.arena.Write(row.Bytes(column))
	return place(from, r.arena.Len())
}

// place packs where a text begins and ends in the arena: 2^31 bytes at most.
func place(start, end int) int64 { return int64(start)<<32 | int64(end) }

// finish turns places in the arena into texts, and those of extra fields into
// their values.
func (r *reader) finish() error {
	all := r.arena.String()
	if n := len(r.records); n > 0 {
		r.plan.width.Store(int64(len(all) / n))
	}
	text := func(place int64) string { return all[place>>32 : place&(1<<32-1)] }
	for _, rec := range r.records {
		for i := range min(len(rec.Values), r.plan.fields) {
			if v := &rec.Values[i]; v.Type == resource.Str {
				v.S, v.I = text(v.I), 0
			}
		}
	}
	if r.extra == nil {
		return nil
	}
	extra := r.plan.res.Fields[r.plan.fields:]
	unpacker := r.plan.extra.Unpacker(len(r.records))
	defer unpacker.Done()
	packed := make([]resource.Packed, len(r.records))
	for i := range r.records {
		rec := &r.records[i]
		if at := r.extra[i]; at != 0 {
			var err error
			if packed[i], err = unpacker.Unpack(text(at)); err != nil {
				return fmt.Errorf("record %d: %w", rec.ID, err)
			}
		}
		if r.packed {
			rec.Packed = &packed[i]
			continue
		}
		for n := range extra {
			rec.Values[r.plan.fields+n] = packed[i].Value(n, &extra[n])
		}
	}
	return nil
}

// read reads the rows with these ids that satisfy visible, in any order.
func (r *reader) read(ctx context.Context, c Conn, s *Store, visible filter.Expr, ids []int64) error {
	if r.plan.sources == nil {
		if err := r.readFrom(ctx, c, s, r.plan.sql, visible, ids, r.row); err != nil {
			return err
		}
	}
	for i, sql := range r.plan.sources {
		row := func(row Row) error {
			if err := r.row(row); err != nil {
				return err
			}
			rec := &r.records[len(r.records)-1]
			rec.ID = rowID(rec.ID, i)
			rec.Values[0] = resource.IntValue(rec.ID)
			return nil
		}
		if err := r.readFrom(ctx, c, s, sql, visible, recordIDs(ids, i), row); err != nil {
			return err
		}
	}
	return r.finish()
}

func (r *reader) readFrom(ctx context.Context, c Conn, s *Store, sql string, visible filter.Expr, ids []int64, row func(Row) error) error {
	for len(ids) > 0 {
		part := ids[:min(len(ids), maxIDs)]
		ids = ids[len(part):]
		b := s.newBuilder(0)
		if len(part) == 1 {
			b.add(sql, " = ")
			b.arg(resource.IntValue(part[0]), ColumnInteger)
		} else {
			b.add(sql, " IN (")
			b.ids(part)
			b.add(")")
		}
		b.visible(visible, r.plan.t)
		text, args, err := b.done()
		if err != nil {
			return err
		}
		if err := c.Query(ctx, text, args, row); err != nil {
			return err
		}
	}
	return nil
}

// visible adds a condition to the statement's own on the rows of t, which it calls
// by its name.
func (b *builder) visible(e filter.Expr, t *table) {
	if e != nil {
		b.add(" AND ")
		b.where(e, t, t.name)
	}
}

// part adds the condition that a row of t is a record of res, which may be one of
// several that t keeps.
func (b *builder) part(res *resource.Resource, t *table) {
	if res.Base != "" {
		b.add(" AND ", t.fields[t.res.Field(t.res.PartBy).Index], " = ")
		b.arg(resource.IntValue(res.Part), ColumnInteger)
	}
}

// rows fills p.Rows for p.Keys, except those that p.Known knows. A row that has
// changed since its key was read is given as it is now, with its version, if it is
// still visible.
func (s *Store) rows(ctx context.Context, c Conn, res *resource.Resource, visible filter.Expr, p *crm.Page) error {
	p.Rows = make([]*resource.Record, len(p.Keys))
	ids := make([]int64, 0, len(p.Keys))
	known := make([]bool, len(p.Keys))
	for i, k := range p.Keys {
		if p.Known != nil && p.Known(k, p.Generation) {
			known[i] = true
		} else {
			ids = append(ids, k.ID)
		}
	}
	plan, err := s.plan(res)
	if err != nil {
		return err
	}
	if p.Known != nil {
		plan.learn(len(p.Keys), len(ids))
	}
	if len(ids) == 0 {
		return nil
	}
	r := newReader(plan, len(ids), p.Packed)
	if err := r.read(ctx, c, s, visible, ids); err != nil {
		return err
	}
	r.place(p, known)
	return nil
}

// place puts the records where their keys are, and drops keys without a record.
func (r *reader) place(p *crm.Page, known []bool) {
	at := make(map[int64]*resource.Record, len(r.records))
	for i := range r.records {
		at[r.records[i].ID] = &r.records[i]
	}
	n := 0
	for i, k := range p.Keys {
		rec := at[k.ID]
		switch {
		case known[i]:
		case rec == nil:
			continue
		default:
			k.Version = rec.Version
		}
		p.Keys[n], p.Rows[n] = k, rec
		n++
	}
	clear(p.Rows[n:])
	p.Keys, p.Rows = p.Keys[:n], p.Rows[:n]
}

// Load implements crm.Store. An id that is given twice is answered twice.
func (s *Store) Load(ctx context.Context, res *resource.Resource, ids []int64, p *crm.Page) (err error) {
	defer fault.Wrap(&err, "store.Load(%s)", res.Name)
	plan, err := s.plan(res)
	if err != nil {
		return err
	}
	read := s.db.Read
	if len(ids) == 1 && p.Known != nil && plan.sources == nil {
		read = s.db.ReadOne
	}
	return read(ctx, func(c Conn) error {
		*p = crm.Page{Known: p.Known, Packed: p.Packed, Visible: p.Visible, Keys: p.Keys[:0]}
		if p.Known == nil || plan.sources != nil {
			r := newReader(plan, len(ids), p.Packed)
			if err := r.read(ctx, c, s, p.Visible, ids); err != nil {
				return err
			}
			for _, id := range ids {
				p.Keys = append(p.Keys, crm.Key{ID: id})
			}
			p.Rows = make([]*resource.Record, len(ids))
			p.Generation = r.generation
			r.place(p, make([]bool, len(ids)))
			return nil
		}
		if len(ids) == 1 {
			return s.loadOne(ctx, c, plan, ids[0], p)
		}
		if err := s.loadKeys(ctx, c, plan.t, ids, p); err != nil {
			return err
		}
		return s.rows(ctx, c, res, p.Visible, p)
	})
}

// loadOne reads the key of a row and, unless it is known, the row, with one
// statement for both: finding the row is most of the work.
func (s *Store) loadOne(ctx context.Context, c Conn, plan *rowPlan, id int64, p *crm.Page) error {
	sql, args := plan.one, []Arg{number(id)}
	if p.Visible != nil {
		b := s.newBuilder(0)
		b.add(plan.sql, " = ")
		b.arg(resource.IntValue(id), ColumnInteger)
		b.visible(p.Visible, plan.t)
		var err error
		if sql, args, err = b.done(); err != nil {
			return err
		}
	}
	return c.Query(ctx, sql, args, func(row Row) error {
		key := crm.Key{ID: row.Int(0), Version: row.Int(1)}
		p.Keys, p.Generation = append(p.Keys, key), row.Int(2)
		if p.Known(key, p.Generation) {
			p.Rows = append(p.Rows, nil)
			return nil
		}
		r := newReader(plan, 1, p.Packed)
		if err := r.row(row); err != nil {
			return err
		}
		if err := r.finish(); err != nil {
			return err
		}
		p.Rows = append(p.Rows, &r.records[0])
		return nil
	})
}

// loadKeys reads the keys of the rows that exist.
func (s *Store) loadKeys(ctx context.Context, c Conn, t *table, ids []int64, p *crm.Page) error {
	versions := make(map[int64]int64, len(ids))
	for rest := ids; len(rest) > 0; {
		part := rest[:min(len(rest), maxIDs)]
		rest = rest[len(part):]
		b := s.newBuilder(0)
		b.add("SELECT ", idColumn, ", ", versionColumn, ", ", generation, " FROM ", t.name, " WHERE ", idColumn, " IN (")
		b.ids(part)
		b.add(")")
		b.visible(p.Visible, t)
		sql, args, err := b.done()
		if err != nil {
			return err
		}
		err = c.Query(ctx, sql, args, func(r Row) error {
			versions[r.Int(0)] = r.Int(1)
			p.Generation = r.Int(2)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, id := range ids {
		if version, ok := versions[id]; ok {
			p.Keys = append(p.Keys, crm.Key{ID: id, Version: version})
		}
	}
	return nil
}

// Titles implements crm.Store. The slice of columns is valid during the call
// only; the strings in it may be kept.
func (s *Store) Titles(ctx context.Context, res *resource.Resource, ids []int64, fn func(id int64, columns []string)) (err error) {
	defer fault.Wrap(&err, "store.Titles(%s)", res.Name)
	t, err := s.table(res)
	if err != nil {
		return err
	}
	fields := t.res.TitleFields()
	head := "SELECT " + idColumn
	for _, f := range fields {
		column := t.fields[f.Index]
		switch {
		case f.Kind == resource.Text:
			head += ", " + column
		case s.flavor == SQLite:
			head += ", CAST(" + column + " AS TEXT)"
		default:
			head += ", " + column + "::text"
		}
	}
	head += " FROM " + t.name
	columns := make([]string, len(fields))
	ends := make([]int, len(fields))
	var text []byte
	row := func(r Row) error {
		text = text[:0]
		for i := range columns {
			if !r.Null(i + 1) {
				text = append(text, r.Bytes(i+1)...)
			}
			ends[i] = len(text)
		}
		all, start := string(text), 0
		for i, end := range ends {
			columns[i] = all[start:end]
			start = end
		}
		fn(r.Int(0), columns)
		return nil
	}
	return s.db.Read(ctx, func(c Conn) error {
		if ids == nil {
			b := s.newBuilder(0)
			b.add(head, " WHERE TRUE")
			b.part(res, t)
			b.add(" ORDER BY 1")
			sql, args, err := b.done()
			if err != nil {
				return err
			}
			return c.Query(ctx, sql, args, row)
		}
		sorted := sortedIDs(ids)
		for len(sorted) > 0 {
			part := sorted[:min(len(sorted), maxIDs)]
			sorted = sorted[len(part):]
			b := s.newBuilder(0)
			b.add(head, " WHERE ", idColumn, " IN (")
			b.ids(part)
			b.add(")")
			b.part(res, t)
			b.add(" ORDER BY 1")
			sql, args, err := b.done()
			if err != nil {
				return err
			}
			if err := c.Query(ctx, sql, args, row); err != nil {
				return err
			}
		}
		return nil
	})
}
