package store

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Rows that are not kept come out of the tables of their sources, each of which is
// a subquery with the columns that a table would have. A union of all of them would
// be no good: neither engine finds rows in it by an index of the tables below, or
// reads them in an order. So every source is asked by itself, for no more rows than
// the page can need, with conditions that its table's indexes serve; what they find
// is merged. The id of a row is made of the record's, so that both have one order.

// newSource returns the subquery for one source of t as a table.
func newSource(flavor Flavor, t, of *table, src resource.Source) *table {
	var sql, where strings.Builder
	sql.WriteString("(SELECT " + idColumn + ", " + versionColumn)
	for i := 1; i < len(t.res.Fields); i++ {
		f := &t.res.Fields[i]
		sql.WriteString(", ")
		if v, ok := src.Is[f.Name]; ok {
			sql.WriteString(literal(flavor, v))
		} else {
			from := of.res.Field(f.Name)
			if name, ok := src.From[f.Name]; ok {
				from = of.res.Field(name)
				if where.Len() > 0 {
					where.WriteString(" AND ")
				}
				where.WriteString(of.fields[from.Index] + " IS NOT NULL")
			}
			sql.WriteString(of.fields[from.Index])
		}
		sql.WriteString(" AS " + t.fields[i])
	}
	none := "NULL"
	if flavor == PostgreSQL {
		none = "NULL::jsonb"
	}
	sql.WriteString(", " + none + " AS " + extraColumn + " FROM " + of.name)
	if where.Len() > 0 {
		sql.WriteString(" WHERE " + where.String())
	}
	return &table{res: t.res, name: sql.String() + ")", fields: t.fields, keys: t.keys}
}

// literal writes a value that stands in a declaration.
func literal(flavor Flavor, v resource.Value) string {
	if v.Type == resource.Str {
		text := "'" + strings.ReplaceAll(v.S, "'", "''") + "'"
		if flavor == PostgreSQL {
			text += `::text COLLATE "C"`
		}
		return text
	}
	number := strconv.FormatInt(v.I, 10)
	if flavor == PostgreSQL {
		number += "::bigint"
	}
	return number
}

// rowID is the id of the row that a record gives at a source.
func rowID(record int64, source int) int64 { return record*resource.MaxSources + int64(source) }

// recordIDs are the records that give the rows with these ids at a source.
func recordIDs(rows []int64, source int) (records []int64) {
	for _, id := range rows {
		if record, exact := recordAt(id, source); exact {
			records = append(records, record)
		}
	}
	return records
}

// recordAt returns the last record whose row at a source has an id of at most id,
// and whether it is that one.
func recordAt(id int64, source int) (record int64, exact bool) {
	const n = resource.MaxSources
	if id < -1<<62 {
		return -1 << 58, false // of the same order, and no overflow
	}
	rest := ((id-int64(source))%n + n) % n
	return (id - int64(source) - rest) / n, rest == 0
}

// atSource says of records what e says of their rows at a source: ids are others.
func atSource(e filter.Expr, source int) filter.Expr {
	each := func(members []filter.Expr) []filter.Expr {
		out := make([]filter.Expr, len(members))
		for i, m := range members {
			out[i] = atSource(m, source)
		}
		return out
	}
	switch e := e.(type) {
	case filter.And:
		return filter.And(each(e))
	case filter.Or:
		return filter.Or(each(e))
	case *filter.Compare:
		if len(e.Path.Via) == 0 && !e.Path.Title && e.Path.Field.Index == 0 && !e.Path.Field.Extra {
			return idAtSource(e, source)
		}
	}
	return e
}

func idAtSource(e *filter.Compare, source int) filter.Expr {
	op := e.Op
	var args []resource.Value
	for _, v := range e.Args {
		if v.IsNull() {
			args = append(args, v)
			continue
		}
		record, exact := recordAt(v.I, source)
		switch {
		case exact:
		case op == filter.Lt:
			op = filter.Le // less than a row between two records
		case op == filter.Ge:
			op = filter.Gt
		case op == filter.Eq || op == filter.Ne || op == filter.In || op == filter.NotIn:
			continue // no record gives this row
		}
		args = append(args, resource.IntValue(record))
	}
	if len(e.Args) > 0 && len(args) == 0 {
		if op == filter.Eq || op == filter.In {
			return filter.Never{}
		}
		return filter.And{}
	}
	return &filter.Compare{Path: e.Path, Op: op, Args: args}
}

// sourced is keys for rows that are not kept.
func (l *list) sourced(ctx context.Context, c Conn, p *crm.Page) error {
	parts := make([]*list, len(l.t.sources))
	for i, src := range l.t.sources {
		parts[i] = &list{s: l.s, t: src, q: l.q}
		if err := parts[i].sortKeys(); err != nil {
			return err
		}
		parts[i].q.Where = atSource(l.q.Where, i)
		if a := l.q.After; a != nil {
			record, exact := recordAt(a.ID, i)
			if !exact && slices.ContainsFunc(l.terms, func(k sortKey) bool { return k.id && k.Desc }) {
				record++ // downwards, the next row is of the record below
			}
			parts[i].q.After = &crm.Cursor{Keys: a.Keys, ID: record}
		}
	}
	for _, piece := range l.pieces() {
		sql, args, err := l.union(piece, parts, l.q.Limit+1-len(p.Keys))
		if err != nil {
			return err
		}
		if err := c.Query(ctx, sql, args, func(r Row) error { l.take(r, p); return nil }); err != nil {
			return err
		}
		if p.More {
			break
		}
	}
	if len(p.Keys) > 0 {
		p.Next = l.cursor(p.Keys[len(p.Keys)-1].ID)
	}
	return nil
}

// union writes the statement for the keys of one piece.
func (l *list) union(p piece, parts []*list, limit int) (string, []Arg, error) {
	b := l.s.newBuilder(l.q.Language)
	offset := l.q.Offset
	if l.q.After != nil {
		offset = 0
	}
	b.add("SELECT k.i, k.v, ", generation)
	l.keyColumns(b, "k.")
	b.add(" FROM (")
	for n, part := range parts {
		if n > 0 {
			b.add(" UNION ALL ")
		}
		id := func() {
			b.add("m.i * ")
			b.text = appendInt(b.text, resource.MaxSources)
			b.add(" + ")
			b.text = appendInt(b.text, n)
		}
		b.add("SELECT ")
		id()
		b.add(" AS i, m.v AS v")
		for k, term := range l.terms {
			b.add(", ")
			if term.id {
				id()
			} else {
				b.add("m.k")
				b.text = appendInt(b.text, k)
			}
			b.add(" AS k")
			b.text = appendInt(b.text, k)
		}
		alias := b.alias()
		b.add(" FROM (SELECT ", alias, ".", idColumn, " AS i, ", alias, ".", versionColumn, " AS v")
		for k, term := range part.terms {
			b.add(", ")
			b.sortValue(term.Path, part.t, alias)
			b.add(" AS k")
			b.text = appendInt(b.text, k)
		}
		b.add(" FROM ", part.t.name, " ", alias, " WHERE ")
		part.selected(b, alias)
		part.position(b, p, alias)
		part.order(b, p, 3)
		b.add(" LIMIT ")
		b.arg(resource.IntValue(int64(limit)+int64(offset)), ColumnInteger)
		b.add(") m")
	}
	b.add(") k")
	l.order(b, p, fixedColumns+1)
	b.limit(limit, offset)
	return b.done()
}
