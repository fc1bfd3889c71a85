package store

import (
	"context"
	"fmt"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// List implements crm.Store. Two statements answer it: one finds the keys of the
// rows, from an index alone where there is one; the other reads those rows that
// the caller does not know.
func (s *Store) List(ctx context.Context, q crm.Query, p *crm.Page) (err error) {
	defer fault.Wrap(&err, "store.List(%s)", q.Resource.Name)
	return s.db.Read(ctx, func(c Conn) error { return s.list(ctx, c, q, p, false) })
}

// list is List, also within a transaction that writes.
func (s *Store) list(ctx context.Context, c Conn, q crm.Query, p *crm.Page, writing bool) error {
	t, err := s.table(q.Resource)
	if err != nil {
		return err
	}
	l := &list{s: s, t: t, q: q}
	l.keep = s.flavor == SQLite && t.guarded && q.Visible != nil && !writing
	if err := l.sortKeys(); err != nil {
		return err
	}
	*p = crm.Page{Known: p.Known, Packed: p.Packed, Keys: p.Keys[:0]}
	if l.q.Where, err = l.resolve(ctx, c, q.Where); err != nil {
		return err
	}
	if t.sources != nil {
		err = l.sourced(ctx, c, p)
	} else {
		err = l.keys(ctx, c, p)
	}
	if err != nil || l.reader != nil {
		return err
	}
	return s.rows(ctx, c, q.Resource, q.Visible, p)
}

// list is one call of List.
type list struct {
	s     *Store
	t     *table
	q     crm.Query
	terms []sortKey // up to the id
	last  []sortValue
	above *filter.Compare // see narrow
	keep  bool            // see fromKept
	seen  *share          // see share
	bare  bool            // versions are not asked for, and read as 0; see collect
	sieve bool            // collect what the user sees first, and walk through that

	reader *reader // of the rows, which are read with their keys; nil when they are not
}

// sortKey is a term of the order.
type sortKey struct {
	filter.Term
	column ColumnType
	id     bool // the id of the record itself: what follows does not matter
}

// sortValue is the value of a sort key in the row read last.
type sortValue struct {
	null  bool
	i     int64
	bytes []byte
}

// sortKeys prepares the order. The id is appended, which makes it total.
func (l *list) sortKeys() error {
	for _, term := range l.q.Order {
		key := sortKey{Term: filter.Term{Path: direct(term.Path), Desc: term.Desc}, column: ColumnText}
		if !term.Path.Title {
			f := key.Path.Field
			key.column = columnOf(f)
			key.id = len(key.Path.Via) == 0 && f.Index == 0
		}
		l.terms = append(l.terms, key)
		if key.id {
			break
		}
	}
	if n := len(l.terms); n == 0 || !l.terms[n-1].id {
		id := filter.Path{Field: &l.t.res.Fields[0]}
		l.terms = append(l.terms, sortKey{Term: filter.Term{Path: id}, column: ColumnInteger, id: true})
	}
	l.last = make([]sortValue, len(l.terms))
	if a := l.q.After; a != nil && len(a.Keys) != len(l.q.Order) {
		return fmt.Errorf("cursor has %d keys, the order %d", len(a.Keys), len(l.q.Order))
	}
	return nil
}

// keys reads the keys of the page, and whether a row follows.
func (l *list) keys(ctx context.Context, c Conn, p *crm.Page) error {
	done, err := l.fromKept(ctx, c, p)
	if err != nil {
		return err
	}
	var how access
	if !done {
		if how, done, err = l.choose(ctx, c, p); err != nil {
			return err
		}
	}
	if !done {
		p.Keys, p.More = p.Keys[:0], false
		take, end := func(r Row) error { l.take(r, p); return nil }, func() error { return nil }
		if l.readsWhole(how, p) {
			if take, end, err = l.takeWhole(p); err != nil {
				return err
			}
		}
		for _, piece := range l.pieces() {
			sql, args, err := l.statement(piece, how, l.q.Limit+1-len(p.Keys))
			if err != nil {
				return err
			}
			if err := c.Query(ctx, sql, args, take); err != nil {
				return err
			}
			if p.More {
				break
			}
		}
		if err := end(); err != nil {
			return err
		}
	}
	if len(p.Keys) > 0 {
		p.Next = l.cursor(p.Keys[len(p.Keys)-1].ID)
	}
	return nil
}

// take adds the current row to the page, or notes that it is one too many.
func (l *list) take(r Row, p *crm.Page) {
	if len(p.Keys) == l.q.Limit {
		p.More = true
		return
	}
	p.Keys = append(p.Keys, crm.Key{ID: r.Int(0), Version: r.Int(1)})
	p.Generation = r.Int(2)
	for i := range l.last {
		l.last[i].read(r, fixedColumns+i, l.terms[i].column)
	}
}

// readsWhole reports whether the rows are read with their keys: by an index, in its
// order, so that no row is read that is not wanted.
func (l *list) readsWhole(how access, p *crm.Page) bool {
	if l.s.flavor != SQLite || p.Known == nil || l.bare || how.index == "" || l.q.Offset > 0 && l.q.After == nil || !l.covered() {
		return false
	}
	plan, err := l.s.plan(l.q.Resource)
	if err != nil || !plan.whole() {
		return false
	}
	index, _, ok := l.served()
	return ok && index == how.index
}

// usualPage is how many rows there is room for from the start.
const usualPage = 50

// takeWhole returns a function that takes rows with all their fields, and one that
// ends the page.
func (l *list) takeWhole(p *crm.Page) (take func(Row) error, end func() error, err error) {
	plan, err := l.s.plan(l.q.Resource)
	if err != nil {
		return nil, nil, err
	}
	size := min(l.q.Limit, usualPage)
	l.reader = newReader(plan, size, p.Packed)
	read := make([]int, 0, size) // places of the rows that were not known
	take = func(r Row) error {
		if l.take(r, p); p.More {
			return nil
		}
		at := len(p.Keys) - 1
		if p.Known(p.Keys[at], p.Generation) {
			return nil
		}
		read = append(read, at)
		return l.reader.rowFrom(r, fixedColumns+len(l.terms))
	}
	end = func() error {
		plan.learn(len(p.Keys), len(read))
		p.Rows = make([]*resource.Record, len(p.Keys))
		if err := l.reader.finish(); err != nil {
			return err
		}
		for i, at := range read {
			p.Rows[at] = &l.reader.records[i]
		}
		return nil
	}
	return take, end, nil
}

func (v *sortValue) read(r Row, column int, typ ColumnType) {
	if v.null = r.Null(column); v.null {
		return
	}
	if typ == ColumnText {
		v.bytes = append(v.bytes[:0], r.Bytes(column)...)
	} else {
		v.i = r.Int(column)
	}
}

// cursor returns the position of the row read last. It has a key for each term
// of the query's order, also for those that the id makes pointless.
func (l *list) cursor(id int64) *crm.Cursor {
	next := &crm.Cursor{ID: id, Keys: make([]resource.Value, len(l.q.Order))}
	for i := range next.Keys {
		switch {
		case i >= len(l.terms) || l.last[i].null:
		case l.terms[i].column == ColumnText:
			next.Keys[i] = resource.TextValue(string(l.last[i].bytes))
		default:
			next.Keys[i] = resource.IntValue(l.last[i].i)
		}
	}
	return next
}

// piece is a part of the list whose rows follow one another: those where the
// first sort keys equal the cursor's and the next one is on one side of it. Each
// is a plain range that an index can serve, which one condition for all of them
// would not be. The pieces in their order make the rest of the list.
type piece struct {
	equal int // this many sort keys equal the cursor's
	test  side
}

// side is what the sort key after the equal ones has to be.
type side uint8

const (
	anything side = iota
	beyond        // after the cursor's value in the term's direction, and not null
	isNull
	notNull
)

// pieces returns the parts of the list that come after the cursor, from the
// nearest on.
func (l *list) pieces() []piece {
	if l.q.After == nil {
		return []piece{{}}
	}
	var all []piece
	for i := len(l.terms) - 1; i >= 0; i-- {
		null := !l.terms[i].id && l.q.After.Keys[i].IsNull()
		switch {
		case null && l.terms[i].Desc: // null comes last: nothing follows
		case null:
			all = append(all, piece{i, notNull})
		case l.terms[i].Desc && !l.terms[i].id:
			all = append(all, piece{i, beyond}, piece{i, isNull})
		default:
			all = append(all, piece{i, beyond})
		}
	}
	return all
}

// after returns the cursor's value of a sort key.
func (l *list) after(i int) resource.Value {
	if l.terms[i].id {
		return resource.IntValue(l.q.After.ID)
	}
	return l.q.After.Keys[i]
}

// statement writes the statement for the keys of one piece.
func (l *list) statement(p piece, how access, limit int) (string, []Arg, error) {
	if how.reasons != nil {
		return l.merged(p, how.reasons, limit)
	}
	b := l.s.newBuilder(l.q.Language)
	offset := l.q.Offset
	if l.q.After != nil {
		offset = 0
	}
	// With an offset the inner statement reads ids and sort keys only, so that
	// an index alone can serve it and no row is fetched to be skipped.
	alias := b.alias()
	id := alias + "." + idColumn
	if how.source != nil {
		id = "c.id"
	}
	if offset > 0 {
		b.add("SELECT k.i, v.", versionColumn, ", ", generation)
		l.keyColumns(b, "k.")
		b.add(" FROM (SELECT ", id, " AS i")
	} else {
		b.add("SELECT ", id, ", ", l.version(alias), ", ", generation)
	}
	for i, term := range l.terms {
		b.add(", ")
		if term.id {
			b.add(id)
		} else {
			b.sortValue(term.Path, l.t, alias)
		}
		if offset > 0 {
			b.add(" AS k")
			b.text = appendInt(b.text, i)
		}
	}
	if l.reader != nil {
		b.add(l.reader.plan.list)
	}
	b.add(" FROM ")
	if how.source != nil {
		// CROSS JOIN keeps the engine from walking the order and asking for each
		// row whether it is a candidate.
		b.add("(")
		switch how.source.(type) {
		case foundSource, streamSource:
			how.source.ids(b, l.t)
		default: // may find a row twice
			b.add("SELECT DISTINCT id FROM (")
			how.source.ids(b, l.t)
			b.add(")")
		}
		b.add(") c CROSS JOIN ")
	}
	b.add(l.t.name, " ", alias)
	switch {
	case how.source != nil:
		b.add(" ON ", alias, ".", idColumn, " = ", id)
	case how.index != "":
		b.add(" INDEXED BY ", quote(how.index))
	case how.scan:
		b.add(" NOT INDEXED")
	}
	b.add(" WHERE ")
	l.selected(b, alias)
	l.position(b, p, alias)

	first := fixedColumns + 1
	if offset > 0 {
		first = 2
	}
	l.order(b, p, first)
	b.limit(limit, offset)
	if offset > 0 {
		l.rowsOfKeys(b)
		l.order(b, p, fixedColumns+1)
	}
	return b.done()
}

// rowsOfKeys ends a subquery k of ids (i) and sort keys and joins their rows, v. With
// CROSS JOIN SQLite takes the keys first.
func (l *list) rowsOfKeys(b *builder) {
	join := ") k JOIN "
	if l.s.flavor == SQLite {
		join = ") k CROSS JOIN "
	}
	b.add(join, l.t.name, " v ON v.", idColumn, " = k.i")
}

// keyColumns names the sort keys.
func (l *list) keyColumns(b *builder, of string) {
	for i := range l.terms {
		b.add(", ", of, "k")
		b.text = appendInt(b.text, i)
	}
}

// version is what a statement reads as the version of a row.
func (l *list) version(alias string) string {
	if l.bare {
		return "0"
	}
	return alias + "." + versionColumn
}

// position writes the condition that puts a row into the piece.
func (l *list) position(b *builder, p piece, alias string) {
	for i := range p.equal {
		b.add(" AND ")
		b.sortValue(l.terms[i].Path, l.t, alias)
		if v := l.after(i); v.IsNull() {
			b.add(" IS NULL")
		} else {
			b.add(" = ")
			b.arg(v, l.terms[i].column)
		}
	}
	if p.test == anything {
		return
	}
	term := l.terms[p.equal]
	b.add(" AND ")
	b.sortValue(term.Path, l.t, alias)
	switch {
	case p.test == isNull:
		b.add(" IS NULL")
		return
	case p.test == notNull:
		b.add(" IS NOT NULL")
		return
	case term.Desc:
		b.add(" < ")
	default:
		b.add(" > ")
	}
	b.arg(l.after(p.equal), term.column)
}

// selected writes the condition for a row to be in the list.
func (l *list) selected(b *builder, alias string) {
	b.where(l.q.Where, l.t, alias)
	if l.q.Visible == nil {
		return
	}
	if l.sieve {
		seen := b.alias()
		b.add(" AND +", alias, ".", idColumn, " IN (SELECT ", seen, ".", idColumn, " FROM ", l.t.name, " ", seen, " INDEXED BY ", quote(l.t.idsIndex()), " WHERE ")
		b.where(l.q.Visible, l.t, seen)
		b.add(")")
		return
	}
	before, after := " AND (", ")"
	if l.s.flavor == SQLite {
		// No index for it: see narrow. And not by a plus sign, with which every
		// alternative would be asked, rather than up to the first that is true.
		before, after = " AND CASE WHEN ", " THEN TRUE END"
	}
	b.add(before)
	if l.above != nil {
		b.add("NOT ")
		l.someAbove(b)
		b.add(" OR ")
	}
	b.where(l.q.Visible, l.t, alias)
	b.add(after)
}

// order writes ORDER BY for the sort keys that are not the same throughout the
// piece. The columns of all of them start at number first.
func (l *list) order(b *builder, p piece, first int) {
	l.orderBy(b, p, func(term int) { b.text = appendInt(b.text, first+term) })
}

// orderBy is order, with sort keys as a function writes them.
func (l *list) orderBy(b *builder, p piece, key func(term int)) {
	b.add(" ORDER BY ")
	from := p.equal
	if p.test == isNull {
		from++
	}
	for i := from; i < len(l.terms); i++ {
		if i > from {
			b.add(", ")
		}
		key(i)
		switch term := l.terms[i]; {
		case term.id && term.Desc:
			b.add(" DESC")
		case term.id:
		case term.Desc:
			b.add(descending(l.s.flavor, ""))
		default:
			b.add(ascending(l.s.flavor, ""))
		}
	}
}

// sortValue writes what a path leads to as a value of the row, through scalar
// subqueries where it follows references.
func (b *builder) sortValue(p filter.Path, t *table, alias string) {
	if len(p.Via) == 0 {
		if p.Title {
			b.title(t, alias)
		} else {
			b.operand(p.Field, t, alias)
		}
		return
	}
	ref, guard, rest := hop(p)
	next, nextAlias := b.table(ref), b.alias()
	b.add("(SELECT ")
	b.sortValue(rest, next, nextAlias)
	b.add(" FROM ", next.name, " ", nextAlias, " WHERE ", nextAlias, ".", idColumn, " = ")
	b.column(ref, t, alias)
	if guard != nil {
		b.add(" AND ")
		b.where(guard, next, nextAlias)
	}
	b.add(")")
}
