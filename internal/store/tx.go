package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxClashes is how often a transaction is run again that lost the race for a
// unique value. The second time it finds the winner's.
const maxClashes = 3

// Write implements crm.Store.
func (s *Store) Write(ctx context.Context, fn func(crm.Tx) error) (err error) {
	defer fault.Wrap(&err, "store.Write")
	for range maxClashes {
		var clashed bool
		if clashed, err = s.write(ctx, fn); !clashed {
			return err
		}
	}
	return err
}

// write runs fn in one transaction. clashed tells that nothing of it remains, as it
// looked for the holder of a unique value, found none, and met one when writing.
func (s *Store) write(ctx context.Context, fn func(crm.Tx) error) (clashed bool, err error) {
	var last *tx
	var told *tell
	err = s.db.Write(ctx, func(c Conn) error {
		tx := &tx{s: s, c: c}
		last, told = tx, nil
		if err := fn(tx); err != nil {
			return err
		}
		if err := tx.writeChanges(ctx); err != nil {
			return err
		}
		if err := tx.moveTrigrams(ctx); err != nil {
			return err
		}
		if tx.written != nil && len(tx.changes) == 0 {
			tx.advance = true // or nobody would know
		}
		if tx.advance {
			// Last, since every other writer that advances waits for this row.
			if _, err := c.Exec(ctx, advance, nil); err != nil {
				return err
			}
		}
		if (tx.advance || len(tx.changes) > 0) && s.kept.any() {
			t, err := tx.tells(ctx)
			told = &t
			return err
		}
		return nil
	})
	if err == nil && told != nil {
		s.kept.tell(*told)
	}
	if err != nil && last != nil {
		last.unmoved()
		clashed = last.looked && fault.KindOf(last.failed) == fault.Conflict
	}
	return clashed, err
}

const advance = `UPDATE "_meta" SET "generation" = "generation" + 1`

// tx implements crm.Tx.
type tx struct {
	s       *Store
	c       Conn
	advance bool
	changes []crm.Change
	touched []touched
	written map[*table][]int64 // see kept
	looked  bool               // for the holder of a unique value
	failed  error              // of the last statement that wrote a row
}

func (x *tx) Advance(context.Context) error {
	x.advance = true
	return nil
}

// Declare implements crm.Tx. On SQLite there is one writer at a time.
func (x *tx) Declare(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "store.Declare")
	if x.s.flavor == SQLite {
		return nil
	}
	return x.c.Query(ctx, `SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' declarations'))::text`, nil, ignore)
}

// insertPlan are the columns that an insert writes: the fields after the id,
// the folded copies, the extra fields.
type insertPlan struct {
	columns string // "name", "name_key" …, "_extra"
	keys    []int  // fields with a folded copy
	width   int    // number of columns
	single  string // statement for one row, which returns the id
	next    string // query for the id after the greatest
}

func newInsertPlan(t *table) insertPlan {
	var p insertPlan
	for i := 1; i < len(t.fields); i++ {
		p.columns += t.fields[i] + ", "
	}
	for i, key := range t.keys {
		if key != "" {
			p.columns += key + ", "
			p.keys = append(p.keys, i)
		}
	}
	p.columns += extraColumn
	p.width = len(t.fields) + len(p.keys)
	p.single = "INSERT INTO " + t.name + " (" + p.columns + ") VALUES (" + placeholders(0, p.width) + ") RETURNING " + idColumn
	p.next = "SELECT coalesce(max(" + idColumn + "), 0) + 1 FROM " + t.name
	return p
}

// placeholders returns n of them, the first one after $after.
func placeholders(after, n int) string {
	var b []byte
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '$')
		b = appendInt(b, after+i+1)
	}
	return string(b)
}

// maxInsertRows is how many rows one statement inserts on PostgreSQL, a power of
// two. It keeps the widest table far below the limit of 65,535 arguments.
const maxInsertRows = 64

// Insert implements crm.Tx. On SQLite, where a statement costs no round trip,
// each row has its own.
func (x *tx) Insert(ctx context.Context, res *resource.Resource, recs ...*resource.Record) (err error) {
	defer func() { x.failed = err }()
	defer fault.Wrap(&err, "store.Insert(%s)", res.Name)
	t, err := x.s.table(res)
	if err != nil {
		return err
	}
	if err := checkRecords(res, recs); err != nil || len(recs) == 0 {
		return err
	}
	if x.s.flavor == PostgreSQL && len(recs) == 1 {
		return x.c.Query(ctx, t.insert.single, t.appendArgs(make([]Arg, 0, t.insert.width), res, recs[0]), func(r Row) error {
			recs[0].ID, recs[0].Version = r.Int(0), 1
			return nil
		})
	}
	if err := x.drawIDs(ctx, t, recs); err != nil {
		return err
	}
	if err := x.s.insertWithIDs(ctx, x.c, t, res, recs); err != nil {
		return err
	}
	for _, rec := range recs {
		x.wrote(t, rec.ID)
	}
	if touched := x.touch(t); touched != nil {
		for _, rec := range recs {
			touched.inserted = append(touched.inserted, rec.ID)
		}
	}
	return nil
}

func checkRecords(res *resource.Resource, recs []*resource.Record) error {
	for _, rec := range recs {
		if len(rec.Values) != len(res.Fields) {
			return fmt.Errorf("a record has %d values, the resource %d fields", len(rec.Values), len(res.Fields))
		}
	}
	return nil
}

// drawIDs gives records their ids before they are inserted. On PostgreSQL, which
// row got which would otherwise depend on the order in which a statement reports
// them; on SQLite, having a statement report an id costs a table in memory, and one
// transaction writes at a time.
func (x *tx) drawIDs(ctx context.Context, t *table, recs []*resource.Record) error {
	ids := make([]int64, 0, len(recs))
	if x.s.flavor == SQLite {
		next, err := nextID(ctx, x.c, t)
		if err != nil {
			return err
		}
		for i := range recs {
			ids = append(ids, next+int64(i))
		}
	} else {
		err := x.c.Query(ctx, `SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::bigint)`,
			[]Arg{{resource.TextValue(t.name), ColumnText}, {resource.IntValue(int64(len(recs))), ColumnInteger}},
			func(r Row) error {
				ids = append(ids, r.Int(0))
				return nil
			})
		if err != nil {
			return err
		}
	}
	if len(ids) != len(recs) {
		return fmt.Errorf("asked for %d ids, got %d", len(recs), len(ids))
	}
	slices.Sort(ids)
	for i, rec := range recs {
		rec.ID, rec.Version = ids[i], 1
	}
	return nil
}

// insertWithIDs inserts rows whose ids are known, several with one statement.
func (s *Store) insertWithIDs(ctx context.Context, c Conn, t *table, res *resource.Resource, recs []*resource.Record) error {
	size := 1
	if s.flavor == PostgreSQL {
		size = maxInsertRows
	}
	var args []Arg
	for len(recs) > 0 {
		for size > len(recs) {
			size /= 2
		}
		args = args[:0]
		for _, rec := range recs[:size] {
			args = append(args, Arg{resource.IntValue(rec.ID), ColumnInteger})
			args = t.appendArgs(args, res, rec)
		}
		if _, err := c.Exec(ctx, s.insertSQL(t, size), args); err != nil {
			return err
		}
		recs = recs[size:]
	}
	return nil
}

// insertSQL is the statement that inserts rows whose ids are known.
func (s *Store) insertSQL(t *table, rows int) string {
	key := [2]any{t, rows}
	if sql, ok := s.inserts.Load(key); ok {
		return sql.(string)
	}
	sql := "INSERT INTO " + t.name + " (" + idColumn + ", " + t.insert.columns + ") VALUES "
	width := t.insert.width + 1
	for i := range rows {
		if i > 0 {
			sql += ", "
		}
		sql += "(" + placeholders(i*width, width) + ")"
	}
	s.inserts.Store(key, sql)
	return sql
}

// appendArgs appends the values of a row for the columns of the insertPlan.
func (t *table) appendArgs(args []Arg, res *resource.Resource, rec *resource.Record) []Arg {
	first := len(args)
	for i := 1; i < len(t.fields); i++ {
		args = append(args, Arg{rec.Values[i], columnOf(&res.Fields[i])})
	}
	for _, tail := range t.tails {
		args[first+tail[0]-1].Value = resource.PhoneTail(rec.Values[tail[1]].S)
	}
	for _, i := range t.insert.keys {
		args = append(args, Arg{folded(rec.Values[i]), ColumnText})
	}
	var extra []byte
	for i := len(t.fields); i < len(rec.Values); i++ {
		if v := rec.Values[i]; !v.IsNull() {
			extra = resource.AppendPacked(extra, &res.Fields[i], v)
		}
	}
	v := resource.Value{}
	if extra != nil {
		v = resource.TextValue(string(append(extra, '}')))
	}
	return append(args, Arg{v, ColumnJSON})
}

func folded(v resource.Value) resource.Value {
	if v.Type == resource.Str {
		v.S = resource.Fold(v.S)
	}
	return v
}

// Update implements crm.Tx.
func (x *tx) Update(ctx context.Context, res *resource.Resource, id int64, set []crm.Assignment) (found bool, err error) {
	defer func() { x.failed = err }()
	defer fault.Wrap(&err, "store.Update(%s, %d)", res.Name, id)
	t, err := x.s.table(res)
	if err != nil {
		return false, err
	}
	x.wrote(t, id)
	b := x.s.newBuilder(0)
	b.add("UPDATE ", t.name, " SET ", versionColumn, " = ", versionColumn, " + 1")
	var extra []byte
	searched := 0
	for _, a := range set {
		f := a.Field
		switch {
		case f.Extra:
			extra = resource.AppendPacked(extra, f, a.Value)
			continue
		case f.Index == 0:
			return false, fmt.Errorf("the id cannot be changed")
		}
		if t.res.Fields[f.Index].Search {
			searched = 1
		}
		b.add(", ", t.fields[f.Index], " = ")
		b.arg(a.Value, columnOf(f))
		if key := t.keys[f.Index]; key != "" {
			b.add(", ", key, " = ")
			b.arg(folded(a.Value), ColumnText)
		}
		for _, tail := range t.tails {
			if tail[1] == f.Index {
				b.add(", ", t.fields[tail[0]], " = ")
				b.arg(resource.PhoneTail(a.Value.S), ColumnInteger)
			}
		}
	}
	if touched := x.touch(t); touched != nil {
		touched.changed += searched
	}
	if extra != nil {
		// The other extra fields of the row are kept; what becomes null goes.
		v := resource.TextValue(string(append(extra, '}')))
		if x.s.flavor == SQLite {
			b.add(", ", extraColumn, " = json_patch(coalesce(", extraColumn, ", '{}'), ")
			b.arg(v, ColumnJSON)
			b.add(")")
		} else {
			b.add(", ", extraColumn, " = jsonb_strip_nulls(coalesce(", extraColumn, ", '{}'::jsonb) || ")
			b.arg(v, ColumnJSON)
			b.add("::jsonb)")
		}
	}
	b.add(" WHERE ", idColumn, " = ")
	b.arg(resource.IntValue(id), ColumnInteger)
	sql, args, err := b.done()
	if err != nil {
		return false, err
	}
	n, err := x.c.Exec(ctx, sql, args)
	return n > 0, err
}

// Lock implements crm.Tx. On SQLite there is one writer at a time, so that every
// row is held. On PostgreSQL the lock leaves others free to refer to the row.
func (x *tx) Lock(ctx context.Context, res *resource.Resource, id int64) (_ *resource.Record, err error) {
	defer fault.Wrap(&err, "store.Lock(%s, %d)", res.Name, id)
	plan, err := x.s.plan(res)
	if err != nil {
		return nil, err
	}
	sql := plan.sql + " = $1"
	if x.s.flavor == PostgreSQL {
		sql += " FOR NO KEY UPDATE"
	}
	r := newReader(plan, 1, false)
	if err := x.c.Query(ctx, sql, []Arg{{resource.IntValue(id), ColumnInteger}}, r.row); err != nil {
		return nil, err
	}
	if len(r.records) == 0 {
		return nil, nil // the contract of Tx.Lock
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return &r.records[0], nil
}

// List implements crm.Tx.
func (x *tx) List(ctx context.Context, q crm.Query, p *crm.Page) (err error) {
	defer fault.Wrap(&err, "store.List(%s)", q.Resource.Name)
	return x.s.list(ctx, x.c, q, p, true)
}

// Missing implements crm.Tx.
func (x *tx) Missing(ctx context.Context, refs []crm.Reference, visible func(*resource.Resource) filter.Expr) (missing []crm.Reference, err error) {
	defer fault.Wrap(&err, "store.Missing")
	groups := map[string]*sought{}
	var order []*sought
	for _, r := range refs {
		g := groups[r.Resource.Name]
		if g == nil {
			g = &sought{number: len(order)}
			if g.table, err = x.s.table(r.Resource); err != nil {
				return nil, err
			}
			if visible != nil {
				g.guard = visible(r.Resource)
			}
			groups[r.Resource.Name], order = g, append(order, g)
		}
		g.ids = append(g.ids, r.ID)
	}
	type key struct{ group, id int64 }
	found := map[key]bool{}
	b := x.s.newBuilder(0)
	flush := func() error {
		sql, args, err := b.done()
		if err != nil || len(args) == 0 {
			return err
		}
		b = x.s.newBuilder(0)
		return x.c.Query(ctx, sql, args, func(r Row) error {
			found[key{r.Int(0), r.Int(1)}] = true
			return nil
		})
	}
	for _, g := range order {
		for all := sortedIDs(g.ids); len(all) > 0; {
			part := all[:min(len(all), maxIDs)]
			all = all[len(part):]
			if len(b.args) > 0 {
				b.add(" UNION ALL ")
			}
			b.add("SELECT ")
			b.text = appendInt(b.text, g.number)
			b.add(", ", idColumn, " FROM ", g.table.name, " WHERE ", idColumn, " IN (")
			b.ids(part)
			b.add(")")
			b.visible(g.guard, g.table)
			if len(b.args) > 8*maxIDs {
				if err := flush(); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	for _, r := range refs {
		if !found[key{int64(groups[r.Resource.Name].number), r.ID}] {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

// sought are the references to one resource that Missing looks for.
type sought struct {
	number int
	table  *table
	guard  filter.Expr
	ids    []int64
}

// sortedIDs returns a copy of ids in ascending order, each once.
func sortedIDs(ids []int64) []int64 {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, cmp.Compare[int64])
	return slices.Compact(sorted)
}

// FindTitle implements crm.Tx.
func (x *tx) FindTitle(ctx context.Context, res *resource.Resource, visible filter.Expr, title string, limit int) (ids []int64, err error) {
	defer fault.Wrap(&err, "store.FindTitle(%s)", res.Name)
	t, err := x.s.table(res)
	if err != nil {
		return nil, err
	}
	if title == "" {
		return nil, nil // the empty text is no title
	}
	wanted := resource.TextValue(resource.Fold(title))
	b := x.s.newBuilder(resource.English)
	alias := b.alias()
	b.add("SELECT ", alias, ".", idColumn, " FROM ", t.name, " ", alias, " WHERE (")
	switch fields := t.res.TitleFields(); {
	case t.res.LabelFields != nil:
		for i, f := range fields {
			if i > 0 {
				b.add(" OR ")
			}
			b.operand(f, t, alias)
			b.add(" = ")
			b.arg(wanted, ColumnText)
		}
	case len(fields) == 1 && fields[0].Kind == resource.Text:
		b.operand(fields[0], t, alias)
		b.add(" = ")
		b.arg(wanted, ColumnText)
	default:
		b.title(t, alias)
		b.add(" = ")
		b.arg(wanted, ColumnText)
		b.titleBegins(wanted.S, fields, t, alias)
	}
	b.add(")")
	if f := t.res.Field("deleted"); f != nil && f.Kind == resource.Boolean {
		b.add(" AND coalesce(")
		b.column(f, t, alias)
		b.add(", FALSE) = FALSE")
	}
	if visible != nil {
		b.add(" AND ")
		b.where(visible, t, alias)
	}
	b.add(" ORDER BY ", alias, ".", idColumn, " LIMIT ")
	b.text = appendInt(b.text, limit)
	sql, args, err := b.done()
	if err != nil {
		return nil, err
	}
	err = x.c.Query(ctx, sql, args, func(r Row) error {
		ids = append(ids, r.Int(0))
		return nil
	})
	return ids, err
}

// Holder implements crm.Tx.
func (x *tx) Holder(ctx context.Context, res *resource.Resource, field *resource.Field, v resource.Value) (id int64, found bool, err error) {
	defer fault.Wrap(&err, "store.Holder(%s.%s)", res.Name, field.Name)
	x.looked = true
	t, err := x.s.table(res)
	if err != nil {
		return 0, false, err
	}
	if !field.Unique || v.IsNull() {
		return 0, false, fmt.Errorf("nobody holds a value of a field that is not unique, or null")
	}
	sql := "SELECT " + idColumn + " FROM " + t.name + " WHERE " + t.key(field) + " = $1"
	err = x.c.Query(ctx, sql, []Arg{{folded(v), ColumnText}}, func(r Row) error {
		id, found = r.Int(0), true
		return nil
	})
	return id, found, err
}

// maxBeginnings bounds the beginnings of a title that are looked up.
const maxBeginnings = 16

// titleBegins narrows the records whose title is made of several fields to those
// that an index finds: the first of the fields that is not empty is the title up
// to one of its spaces, or all of it.
func (b *builder) titleBegins(title string, fields []*resource.Field, t *table, alias string) {
	var beginnings []resource.Value
	for i := range len(title) + 1 {
		if i == len(title) || title[i] == ' ' {
			beginnings = append(beginnings, resource.TextValue(title[:i]))
		}
	}
	if len(beginnings) > maxBeginnings || slices.ContainsFunc(fields, func(f *resource.Field) bool { return !f.Key }) {
		return
	}
	for i, f := range fields {
		if i == 0 {
			b.add(" AND (")
		} else {
			b.add(" OR ")
		}
		b.operand(f, t, alias)
		b.add(" IN (")
		b.list(beginnings, ColumnText)
		b.add(")")
	}
	b.add(")")
}
