package store

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// A user who sees most records is served by walking through all of them and
// leaving out the others. A user who sees one in a thousand is not: the walk would
// be a thousand times as long. Then it is better to look up what the user sees, by
// each of the reasons there are to see a record (its level, its branch, every field
// that names an owner), and to merge what was found. This file tells the two apart
// by a sample. The engines cannot: SQLite keeps no statistics, and PostgreSQL's say
// nothing about a sum of eight reasons.

// guardIndexes are the indexes by which the records are found that one user sees.
// A resource whose records are open to everyone needs none.
func guardIndexes(res *resource.Resource) (all []guardIndex) {
	for _, x := range guards(res) {
		led := slices.ContainsFunc(res.Indexes, func(i resource.Index) bool { return i.Fields[0] == x.field.Name })
		if !led {
			all = append(all, x)
		}
	}
	return all
}

// guards are the fields that decide who sees a record of res; none when everyone
// does, or when it is for what the record is a part of to say.
func guards(res *resource.Resource) (all []guardIndex) {
	a := &res.Access
	if a.Level == "" && a.Branch == "" {
		return nil
	}
	add := func(name string, sparse bool) {
		if f := res.Field(name); f != nil {
			all = append(all, guardIndex{f, sparse})
		}
	}
	add(a.Level, false)
	// What is of no branch is found by its level.
	add(a.Branch, a.Level != "")
	add(a.Public, true)
	for _, name := range a.Owners {
		add(name, true)
	}
	add("salesRepIdCreated", true)
	return all
}

// guardIndex is an index of one of the fields that decide who sees a record. In a
// sparse one the rows are left out for which the field opens the record to nobody.
type guardIndex struct {
	field  *resource.Field
	sparse bool
}

func (x guardIndex) name(t *table) string { return indexName(t.res.Name, "seen", x.field.Name) }

// add adds the index to the schema. With the date of change in it, it serves the
// order in which clients poll, and orders by id without reading a row.
func (x guardIndex) add(s *schema, flavor Flavor, t *table) {
	column := t.fields[x.field.Index]
	terms := []string{ascending(flavor, column)}
	if f := t.res.Field("dateUpdated"); f != nil {
		terms = append(terms, descending(flavor, t.fields[f.Index]))
	}
	where := ""
	switch {
	case !x.sparse:
	case x.field.Kind == resource.Boolean:
		where = column + " = TRUE"
	default:
		where = column + " IS NOT NULL"
	}
	s.addIndex(flavor, t, x.name(t), terms, where, "users who see little: "+x.field.Name)
}

// reason is one of the alternatives that let a user see a record, and the index
// that finds the records.
type reason struct {
	expr  filter.Expr
	index string
	fixed bool // the field that leads the index has one value
	dated bool // dateUpdated comes next in it
}

// reasons returns all of them, nil when there are rows that no index finds.
func (l *list) reasons() []reason {
	or, _ := l.q.Visible.(filter.Or)
	var all []reason
	for _, e := range or {
		members, is := e.(filter.And)
		if !is {
			members = filter.And{e}
		}
		r := reason{expr: e}
		for _, m := range members {
			c, is := m.(*filter.Compare)
			if !is || len(c.Path.Via) > 0 || c.Path.Title || c.Path.Field.Extra {
				continue
			}
			if name, dated := l.guardedBy(c); name != "" && (r.index == "" || c.Op == filter.In) {
				r.index, r.dated = name, dated
				r.fixed = c.Op == filter.Eq || c.Op == filter.IsNull || c.Op == filter.In && len(c.Args) == 1
			}
		}
		if r.index == "" {
			return nil
		}
		all = append(all, r)
	}
	return all
}

// guardedBy returns the index that finds the rows of one comparison, and whether
// dateUpdated comes next in it.
func (l *list) guardedBy(c *filter.Compare) (index string, dated bool) {
	f := &l.t.res.Fields[c.Path.Field.Index]
	for _, x := range l.t.guards {
		if x.field == f && (!x.sparse || c.Op == filter.Eq || c.Op == filter.In) {
			return x.name(l.t), l.t.res.Field("dateUpdated") != nil
		}
	}
	for _, x := range l.t.res.Indexes {
		if x.Fields[0] == f.Name && !(x.Sparse && c.Op == filter.IsNull) {
			return fieldsIndexName(l.t, x), len(x.Fields) > 1 && x.Fields[1] == "dateUpdated"
		}
	}
	return "", false
}

// Costs of looking at one row, in units of one that is fetched from anywhere.
const (
	costInOrder = 0.3  // fetched in the order in which the rows lie
	costBrief   = 0.08 // read from an index that holds all that is asked for
	costSorted  = 0.25 // the same, and sorted
)

// narrow returns the reasons when looking up what the user sees is quicker than
// walking through all rows.
func (l *list) narrow(ctx context.Context, c Conn, src source) ([]reason, error) {
	if l.q.Visible == nil || src != nil && src.rank() == rankKey || l.byID(l.q.Where) {
		return nil, nil
	}
	s, err := l.share(ctx, c)
	if err != nil || s.present < minSample {
		return nil, err
	}
	all := s.reasons
	if s.visible == s.present {
		if done, err := l.seesAll(ctx, c); done || err != nil {
			return nil, err
		}
	}
	wanted := float64(l.q.Limit + 1)
	if l.q.After == nil {
		wanted += float64(l.q.Offset)
	}
	// One more than was found, by half: none found does not mean that none is.
	const more = 0.5

	byDate := len(l.terms) == 2 && l.terms[0].Desc && l.isDate(l.terms[0])
	brief := l.q.Where == nil && (byDate || l.terms[0].id)
	walk := min(wanted*float64(s.present)/(float64(s.visible)+more), float64(s.rows))
	switch {
	case l.terms[0].id && l.q.Where == nil && l.brief(l.q.Visible):
		walk *= costBrief
	case l.terms[0].id:
		walk *= costInOrder
	}
	// A long walk in another order meets rows all over the file: it is quicker to
	// collect the ids of what the user sees first.
	sieve := false
	if l.s.flavor == SQLite && !l.terms[0].id && l.brief(l.q.Visible) {
		if sieved := costSorted*walk + costBrief*float64(s.rows); sieved < walk {
			walk, sieve = sieved, true
		}
	}
	lookups := 0.0
	for i, r := range all {
		rows := (float64(s.found[i]) + more/float64(len(all))) / float64(s.present) * float64(s.rows)
		cost := 1.0
		ordered := byDate && r.fixed && r.dated
		if ordered {
			rows = min(rows, wanted)
		}
		if brief && r.dated {
			if cost = costSorted; ordered {
				cost = costBrief
			}
		}
		lookups += rows * cost
	}
	if lookups < walk {
		return all, nil
	}
	l.sieve = sieve
	return nil, nil
}

// isDate reports whether a term sorts by the date that stands in guard indexes.
func (l *list) isDate(term sortKey) bool {
	return len(term.Path.Via) == 0 && !term.Path.Title && !term.Path.Field.Extra && term.Path.Field.Name == "dateUpdated"
}

// byID reports whether a filter names the ids of the rows.
func (l *list) byID(e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		for _, m := range e {
			if l.byID(m) {
				return true
			}
		}
	case *filter.Compare:
		f := l.t.ownField(e.Path)
		return f != nil && f.Index == 0 && (e.Op == filter.Eq || e.Op == filter.In)
	}
	return false
}

// seesAll makes nothing of the condition for somebody who sees all records that are
// not above a level, if none is above: an index tells that at once. On SQLite a
// list sees one state of the database, so that it can be asked beforehand; on
// PostgreSQL the statement itself asks.
func (l *list) seesAll(ctx context.Context, c Conn) (done bool, err error) {
	or, _ := l.q.Visible.(filter.Or)
	member := func(op filter.Op) *filter.Compare {
		for _, e := range or {
			c, is := e.(*filter.Compare)
			if is && c.Op == op && len(c.Path.Via) == 0 && !c.Path.Title && c.Path.Field.Name == l.t.res.Access.Level {
				return c
			}
		}
		return nil
	}
	level := member(filter.Le)
	if level == nil || member(filter.IsNull) == nil {
		return false, nil
	}
	l.above = &filter.Compare{Path: level.Path, Op: filter.Gt, Args: level.Args}
	if l.s.flavor != SQLite {
		return true, nil
	}
	b := l.s.newBuilder(l.q.Language)
	b.add("SELECT ")
	l.someAbove(b)
	sql, args, err := b.done()
	if err != nil {
		return false, err
	}
	err = c.Query(ctx, sql, args, func(r Row) error {
		done = r.Int(0) == 0
		return nil
	})
	if l.above = nil; done {
		l.q.Visible = nil
	}
	return done, err
}

// someAbove writes whether there are records above the level.
func (l *list) someAbove(b *builder) {
	alias := b.alias()
	b.add("EXISTS (SELECT 1 FROM ", l.t.name, " ", alias, " WHERE ")
	b.where(l.above, l.t, alias)
	b.add(")")
}

const (
	sampleSize = 256  // rows in a sample
	minSample  = 32   // fewer rows tell nothing; so small a table is walked
	sampleLife = 1000 // lists for which a sample is good
	maxShares  = 4096 // samples kept
)

// sample is how much of a table somebody sees.
type sample struct {
	rows             int64 // about so many in the table
	present, visible int   // of the rows that were looked at
	found            []int // of these, by reason
	uses             int
}

// shares keeps samples, by table and condition.
type shares struct {
	mu  sync.Mutex
	all map[string]*sample
}

// share is how much of the table the user of a list sees, and why; nothing without
// reasons.
type share struct {
	sample
	reasons []reason
}

// share returns how much of the table the user of the list sees.
func (l *list) share(ctx context.Context, c Conn) (*share, error) {
	if l.seen == nil {
		seen := &share{reasons: l.reasons()}
		if seen.reasons != nil {
			var err error
			if seen.sample, err = l.sample(ctx, c, seen.reasons); err != nil {
				return nil, err
			}
		}
		l.seen = seen
	}
	return l.seen, nil
}

// sample reads the sample, unless it is known.
func (l *list) sample(ctx context.Context, c Conn, reasons []reason) (sample, error) {
	b := l.s.newBuilder(l.q.Language)
	alias := b.alias()
	b.add("SELECT count(*), count(CASE WHEN ")
	b.where(l.q.Visible, l.t, alias)
	b.add(" THEN 1 END)")
	for _, r := range reasons {
		b.add(", count(CASE WHEN ")
		b.where(r.expr, l.t, alias)
		b.add(" THEN 1 END)")
	}
	b.add(" FROM ", l.t.name, " ", alias, " WHERE ", alias, ".", idColumn, " IN (")
	key := append([]byte(nil), b.text...)
	for _, a := range b.args {
		key = append(binary.AppendVarint(key, a.I), a.S...)
	}
	if known, ok := l.s.shares.get(key); ok {
		return known, nil
	}
	var s sample
	var err error
	if s.rows, err = l.maxID(ctx, c); err != nil || s.rows == 0 {
		return s, err
	}
	ids := make([]int64, sampleSize)
	for i := range ids {
		ids[i] = 1 + int64(scatter(uint64(i))%uint64(s.rows))
	}
	b.ids(ids)
	b.add(")")
	sql, args, err := b.done()
	if err != nil {
		return s, err
	}
	err = c.Query(ctx, sql, args, func(r Row) error {
		s.present, s.visible, s.found = int(r.Int(0)), int(r.Int(1)), s.found[:0]
		for i := range reasons {
			s.found = append(s.found, int(r.Int(2+i)))
		}
		return nil
	})
	if err == nil {
		l.s.shares.put(string(key), s)
	}
	return s, err
}

func (s *shares) get(key []byte) (sample, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.all[string(key)]
	if known == nil {
		return sample{}, false
	}
	known.uses++
	return *known, known.uses < sampleLife
}

func (s *shares) put(key string, v sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil || len(s.all) >= maxShares {
		s.all = map[string]*sample{}
	}
	s.all[key] = &v
}

// scatter spreads numbers evenly and without a pattern that data could share
// (splitmix64).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// merged writes the statement for the keys of one piece, found by reasons. A row
// that there are several reasons to see comes once.
func (l *list) merged(p piece, reasons []reason, limit int) (string, []Arg, error) {
	b := l.s.newBuilder(l.q.Language)
	offset := l.q.Offset
	if l.q.After != nil {
		offset = 0
	}
	b.add("SELECT k.i, ", l.version("v"), ", ", generation)
	l.keyColumns(b, "k.")
	b.add(" FROM (")
	for i, r := range reasons {
		if i > 0 {
			b.add(" UNION ")
		}
		alias := b.alias()
		b.add("SELECT m.i")
		l.keyColumns(b, "m.")
		b.add(" FROM (SELECT ", alias, ".", idColumn, " AS i")
		for k, term := range l.terms {
			b.add(", ")
			b.sortValue(term.Path, l.t, alias)
			b.add(" AS k")
			b.text = appendInt(b.text, k)
		}
		b.add(" FROM ", l.t.name, " ", alias)
		if l.s.flavor == SQLite {
			b.add(" INDEXED BY ", quote(r.index))
		}
		b.add(" WHERE ")
		// PostgreSQL has to see the numbers: its plan for any number at all would
		// hope to meet the first rows soon on a walk in the order asked for.
		b.spell = l.s.flavor == PostgreSQL
		b.where(r.expr, l.t, alias)
		b.spell = false
		b.add(" AND ")
		b.where(l.q.Where, l.t, alias)
		l.position(b, p, alias)
		l.order(b, p, 2)
		b.add(" LIMIT ")
		if offset > 0 {
			b.arg(resource.IntValue(int64(limit)+int64(offset)), ColumnInteger)
		} else {
			b.text = appendInt(b.text, limit) // spelled out, PostgreSQL plans for it
		}
		b.add(") m")
	}
	l.order(b, p, 2)
	b.limit(limit, offset)
	if l.bare {
		b.add(") k")
	} else {
		l.rowsOfKeys(b)
	}
	l.order(b, p, fixedColumns+1)
	return b.done()
}
