package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// SQLite keeps no statistics on how rows are distributed, so on a large table its
// planner takes a guess between walking the rows in the order asked for until
// the page is full, which is right when many rows are selected, and sorting what
// an index finds, which is right when few are. Either takes seconds in the
// other's place. This file decides instead, by counting a little. PostgreSQL has
// statistics and is left alone.

// access is how a list finds its rows.
type access struct {
	index  string // walk or search this index; "" = the engine decides
	scan   bool   // or read the whole table
	source source // or look up the rows that it finds; nil = none

	reasons []reason // or look up what the user sees; nil = the other way round
}

// source finds the ids of all rows that an expression selects, and maybe others.
type source interface {
	// index is set when the rows can be found with a single index.
	index() string
	// ids writes a query for the ids, some of which may come twice.
	ids(b *builder, t *table)
	// rank orders sources by how few rows they are expected to find.
	rank() int
}

// Ranks of sources.
const (
	rankKey    = iota // equal to an own text field
	rankEqual         // equal to something else
	rankMatch         // trigrams
	rankIn            // one of several
	rankPrefix        // begins with
	rankRange         // less or greater
	rankScan          // compared in every entry of an index
)

// indexSource is one comparison that an index serves.
type indexSource struct {
	name    string
	compare *filter.Compare
	order   int
}

func (s indexSource) index() string { return s.name }
func (s indexSource) rank() int     { return s.order }
func (s indexSource) ids(b *builder, t *table) {
	alias := b.alias()
	b.add("SELECT ", alias, ".", idColumn, " AS id FROM ", t.name, " ", alias, " INDEXED BY ", quote(s.name), " WHERE ")
	b.where(s.compare, t, alias)
}

// idSource is a comparison of the id itself, which needs no other index.
type idSource struct{ indexSource }

func (s idSource) ids(b *builder, t *table) {
	alias := b.alias()
	b.add("SELECT ", alias, ".", idColumn, " AS id FROM ", t.name, " ", alias, " WHERE ")
	b.where(s.compare, t, alias)
}

// unionSource finds what one of its members finds.
type unionSource []source

func (s unionSource) index() string { return "" }
func (s unionSource) rank() (worst int) {
	for _, m := range s {
		worst = max(worst, m.rank())
	}
	return worst
}
func (s unionSource) ids(b *builder, t *table) {
	for i, m := range s {
		if i > 0 {
			b.add(" UNION ALL ")
		}
		m.ids(b, t)
	}
}

// foundSource are the ids that a source has found.
type foundSource []int64

func (s foundSource) index() string { return "" }
func (s foundSource) rank() int     { return rankKey }
func (s foundSource) ids(b *builder, _ *table) {
	text := appendIDs(make([]byte, 0, 8*len(s)+2), s)
	b.add("SELECT value AS id FROM json_each(")
	b.arg(resource.TextValue(string(text)), ColumnText)
	b.add(")")
}

// source returns the best source for an expression, or nil.
func (l *list) source(e filter.Expr) (best source) {
	if l.s.hasTrigramTable(l.t) {
		if m := l.t.match(e); m != nil {
			best = m
		}
	}
	switch e := e.(type) {
	case filter.And:
		for _, member := range e {
			if s := l.source(member); s != nil && (best == nil || s.rank() < best.rank()) {
				best = s
			}
		}
	case filter.Or:
		if best != nil {
			return best
		}
		if len(e) == 0 {
			return nil
		}
		var all unionSource
		for _, member := range e {
			s := l.source(member)
			if s == nil {
				return nil
			}
			all = append(all, s)
		}
		return all
	case *filter.Compare:
		if best == nil {
			best = l.indexed(e)
		}
	}
	return best
}

// indexed returns the source for one comparison, when its field leads an index.
func (l *list) indexed(c *filter.Compare) source {
	s := indexSource{compare: c}
	if path := direct(c.Path); len(path.Via) > 0 && c.Op != filter.IsNull {
		// What refers to one of the records that the comparison selects.
		s.name, s.order = l.leads(path.Via[0], filter.In), rankIn
		if s.name == "" {
			return nil
		}
		return s
	}
	f := l.t.ownField(c.Path)
	if path := direct(c.Path); f == nil && !path.Title && len(path.Via) == 0 && path.Field.Key {
		f = path.Field // an extra field with an index
	}
	if f == nil || c.Path.Title && (f.Kind != resource.Text || c.Op == filter.IsNull || c.Op == filter.NotNull) {
		return nil
	}
	switch c.Op {
	case filter.Eq, filter.IsNull:
		if s.order = rankEqual; f.Key || f.Unique {
			s.order = rankKey
		}
	case filter.In:
		s.order = rankIn
	case filter.Lt, filter.Le, filter.Gt, filter.Ge:
		s.order = rankRange
	case filter.Like:
		if s.order = rankScan; strings.IndexAny(c.Args[0].S, "%_") != 0 {
			s.order = rankPrefix
		}
	case filter.Contains:
		s.order = rankScan
	default:
		return nil
	}
	switch {
	case f.Index == 0 && c.Op != filter.IsNull:
		return idSource{s}
	case f.Kind == resource.RefList || f.Kind == resource.Text && l.t.key(f) == "" && !f.Extra:
		return nil
	}
	s.name = l.leads(f, c.Op)
	if f.Unique && c.Op == filter.Eq {
		s.name = uniqueIndexName(l.t, f) // it has no nulls, and serves no order
	}
	if s.name == "" {
		return nil
	}
	return s
}

// leads returns the name of an index that begins with f and serves a comparison, or
// "".
func (l *list) leads(f *resource.Field, op filter.Op) string {
	if f.Extra {
		if f.Key {
			return extraIndexName(l.t, f)
		}
		return ""
	}
	if f.Key {
		return keyIndexName(l.t, f)
	}
	for _, x := range l.t.res.Indexes {
		if x.Fields[0] == f.Name && !(x.Sparse && op == filter.IsNull) {
			return fieldsIndexName(l.t, x)
		}
	}
	return ""
}

// served reports whether rows can be read in the list's order without sorting,
// by which index ("" is the table itself), and which of the filter's comparisons
// fix the fields of that index that come first.
func (l *list) served() (index string, equal filter.And, ok bool) {
	first := l.terms[0]
	if len(first.Path.Via) > 0 || first.Path.Title {
		return "", nil, false
	}
	if f := first.Path.Field; f.Extra {
		index = l.leads(f, filter.Eq)
		return index, nil, index != ""
	}
	order := &l.t.res.Fields[first.Path.Field.Index]
	fixed := map[string]filter.Expr{}
	members, _ := l.q.Where.(filter.And)
	if c, is := l.q.Where.(*filter.Compare); is {
		members = filter.And{c}
	}
	for _, m := range members {
		if c, is := m.(*filter.Compare); is && c.Op == filter.Eq && !c.Path.Title {
			if f := l.t.ownField(c.Path); f != nil && f.Kind != resource.RefList {
				fixed[f.Name] = m
			}
		}
	}
	switch {
	case first.id:
		ok = true
		for name, m := range fixed {
			switch f := l.t.res.Field(name); {
			case f.Unique:
				return uniqueIndexName(l.t, f), filter.And{m}, true
			case f.Key:
				return keyIndexName(l.t, f), filter.And{m}, true
			}
		}
	case order.Key:
		index, ok = keyIndexName(l.t, order), true
	}
	for _, x := range l.t.res.Indexes {
		var prefix filter.And
		for _, name := range x.Fields {
			if fixed[name] == nil {
				break
			}
			prefix = append(prefix, fixed[name])
		}
		at := len(prefix)
		if at == 0 && x.Sparse {
			continue
		}
		if (at < len(x.Fields) && x.Fields[at] == order.Name || first.id && at == len(x.Fields)) && (!ok || at > len(equal)) {
			index, equal, ok = fieldsIndexName(l.t, x), prefix, true
		}
	}
	return index, equal, ok
}

// choose decides how to find the rows. It may find them by itself: then done is
// true and the page has its keys.
func (l *list) choose(ctx context.Context, c Conn, p *crm.Page) (how access, done bool, err error) {
	src := l.source(l.q.Where)
	reasons, err := l.narrow(ctx, c, src)
	if err != nil || reasons != nil || l.s.flavor != SQLite {
		return access{reasons: reasons}, false, err
	}
	index, equal, ok := l.served()
	byID := l.terms[0].id
	if l.q.Where == nil && l.q.Visible == nil && byID && l.q.After == nil && l.q.Offset > 0 {
		if err := l.skip(ctx, c); err != nil {
			return access{}, false, err
		}
	}
	switch {
	case l.q.Where == nil && byID && l.brief(l.q.Visible):
		return access{index: l.t.idsIndex()}, false, nil
	case l.q.Where == nil || src == nil && byID:
		return access{index: index}, false, nil
	case byID && isID(src):
		return access{}, false, nil // a part of the table
	case !ok && src == nil:
		return access{}, false, nil
	case !ok:
		return l.from(src), false, nil
	case src == nil && l.q.After == nil && l.q.Offset > longWalk/2:
		return access{index: index}, false, nil
	case src == nil:
		// The rows are anywhere: after a long walk, reading them all in the
		// order in which they lie is quicker.
		done, err := l.walk(ctx, c, p, nil, index, equal, longWalk)
		return access{scan: true}, done, err
	case index != "" && l.single(src, index, equal):
		return access{index: index}, false, nil
	}
	m, err := l.measure(ctx, c)
	if err != nil {
		return access{}, false, err
	}
	if found, is := src.(*match); is {
		if found, err = l.thinned(ctx, c, found, int64(m.all)); err != nil {
			return access{}, false, err
		}
		if byID && !l.terms[0].Desc {
			done, err := l.stream(ctx, c, p, found)
			return access{}, done, err
		}
		src = found
	}
	covers := l.covers(src, index)
	switch {
	case src.rank() == rankScan: // counting them would be scanning
	case src.index() == "" && l.covered():
		return l.sifted(ctx, c, p, src, index, equal, m, covers)
	case !covers:
		found, whole, err := l.find(ctx, c, src, m.even)
		switch {
		case err != nil:
			return access{}, false, err
		case whole && src.index() == "":
			return access{source: found}, false, nil
		case whole:
			return l.from(src), false, nil
		}
	}
	if covers {
		// The index holds all that the filter asks for.
		done, err := l.walk(ctx, c, p, nil, index, equal, math.MaxInt)
		return access{}, done, err
	}
	// The rows may lie where the walk comes last, so it ends somewhere.
	if src.index() != "" {
		done, err = l.walk(ctx, c, p, nil, index, equal, patience*m.even+m.wanted)
		return l.from(src), done, err
	}
	// Rows that are no candidates need not be fetched, which makes a walk ten
	// times as quick; but collecting very many candidates takes longer than
	// meeting enough of them.
	done, err = l.walk(ctx, c, p, nil, index, equal, m.shortWalk())
	if !done && err == nil {
		done, err = l.walk(ctx, c, p, src, index, equal, 10*patience*m.even)
	}
	return l.from(src), done, err
}

// measures are what decides between ways to find rows, in rows.
type measures struct {
	wanted int // up to the end of the page, and one more
	all    int // in the table, as if none of the ids were left out

	// even is where looking up candidates costs as much as walking: n candidates
	// cost about as much as n rows of a walk, and a walk meets a selected row once
	// in (all rows / n). So the two cost the same when n² = rows wanted · all rows.
	even int
}

func (l *list) measure(ctx context.Context, c Conn) (m measures, err error) {
	m.wanted = l.q.Limit + 1
	if l.q.After == nil {
		m.wanted += l.q.Offset
	}
	all, err := l.maxID(ctx, c)
	m.all = int(all)
	m.even = int(math.Sqrt(float64(m.wanted) * float64(m.all)))
	return m, err
}

// patience times as many rows are walked as would be enough if those selected lay
// evenly.
const patience = 4

// shortWalk is how many rows are walked before candidates are collected.
func (m measures) shortWalk() int { return min(shortWalk+m.wanted, patience*m.even) }

// shortWalk is for how many rows it hardly matters that they are read in vain.
const shortWalk = 2_000

func isID(src source) bool {
	_, is := src.(idSource)
	return is
}

// longWalk is how many rows are walked when no index could find them instead.
const longWalk = 100_000

// covers reports whether the filter is one comparison of the field that the
// index is of, so that walking the index fetches no other row than those
// selected.
func (l *list) covers(src source, index string) bool {
	if l.q.Visible != nil {
		return false
	}
	s, is := src.(indexSource)
	if _, is := src.(*match); is {
		if c, one := l.q.Where.(*filter.Compare); one && len(l.terms) == 2 {
			f := l.t.ownField(c.Path)
			return f.Key && keyIndexName(l.t, f) == index
		}
	}
	return is && s.name == index && s.order == rankScan && l.q.Where == filter.Expr(s.compare) && len(l.terms) == 2
}

// single reports whether the index that serves the order is the best for the
// filter too.
func (l *list) single(src source, index string, equal filter.And) bool {
	s, is := src.(indexSource)
	if !is {
		return false
	}
	if s.name == index && s.order != rankScan {
		return true
	}
	for _, m := range equal {
		if m == filter.Expr(s.compare) {
			return true
		}
	}
	return len(equal) > 0 && s.order >= rankEqual
}

// from is the access by a source. An index is named, so that it is searched and
// not walked for the order.
func (l *list) from(src source) access {
	if name := src.index(); name != "" {
		return access{index: name}
	}
	return access{source: src}
}

// streamSource is one of the two tables of trigrams: of a query's match, or with
// "" of the rows that wait. Ids come in ascending order.
type streamSource string

func (s streamSource) index() string { return "" }
func (s streamSource) rank() int     { return rankMatch }
func (s streamSource) ids(b *builder, t *table) {
	if s == "" {
		b.add("SELECT ", idColumn, " AS id FROM ", quote(t.res.Name+pendingSuffix))
		return
	}
	b.matched(t, string(s))
}

// stream fills the page of a list in the order of the id from the trigram table,
// which finds rows in that order and thus need not find them all.
func (l *list) stream(ctx context.Context, c Conn, p *crm.Page, found *match) (done bool, err error) {
	q := l.q // both parts are read from the start, and skipped together
	defer func() { l.q = q }()
	if q.After == nil {
		l.q.Limit, l.q.Offset = q.Limit+q.Offset, 0
	}
	var keys []crm.Key
	for _, source := range []streamSource{streamSource(found.String()), ""} {
		sql, args, err := l.statement(l.pieces()[0], access{source: source}, l.q.Limit+1)
		if err != nil {
			return false, err
		}
		err = c.Query(ctx, sql, args, func(r Row) error {
			keys = append(keys, crm.Key{ID: r.Int(0), Version: r.Int(1)})
			p.Generation = r.Int(2)
			return nil
		})
		if err != nil {
			return false, err
		}
	}
	slices.SortFunc(keys, func(a, b crm.Key) int { return cmp.Compare(a.ID, b.ID) })
	keys = slices.Compact(keys)
	if q.After == nil {
		keys = keys[min(q.Offset, len(keys)):]
	}
	p.More = len(keys) > q.Limit
	p.Keys = append(p.Keys, keys[:min(q.Limit, len(keys))]...)
	if n := len(p.Keys); n > 0 {
		l.last[0] = sortValue{i: p.Keys[n-1].ID}
	} else {
		p.Generation = 0
	}
	return true, nil
}

func (l *list) maxID(ctx context.Context, c Conn) (id int64, err error) {
	err = c.Query(ctx, "SELECT max("+idColumn+") FROM "+l.t.name, nil, func(r Row) error {
		id = r.Int(0)
		return nil
	})
	return id, err
}

// find returns ids that a source finds, and whether these are all. It reads no more
// than n and one.
func (l *list) find(ctx context.Context, c Conn, src source, n int) (found foundSource, whole bool, err error) {
	found = foundSource{}
	err = l.candidates(ctx, c, src, n+1, func(id int64) { found = append(found, id) })
	return sortedIDs(found), len(found) <= n, err
}

// candidates calls found with up to limit ids that a source finds.
func (l *list) candidates(ctx context.Context, c Conn, src source, limit int, found func(id int64)) error {
	b := l.s.newBuilder(l.q.Language)
	b.alias() // t0 is the table that is listed
	src.ids(b, l.t)
	b.add(" LIMIT ")
	b.arg(resource.IntValue(int64(limit)), ColumnInteger)
	sql, args, err := b.done()
	if err != nil {
		return err
	}
	return c.Query(ctx, sql, args, func(r Row) error { found(r.Int(0)); return nil })
}

// brief reports whether the index of ids holds all that an expression asks for.
func (l *list) brief(e filter.Expr) bool {
	all := func(members []filter.Expr) bool {
		return !slices.ContainsFunc(members, func(m filter.Expr) bool { return !l.brief(m) })
	}
	switch e := e.(type) {
	case nil:
		return true
	case filter.And:
		return all(e)
	case filter.Or:
		return all(e)
	case *filter.Compare:
		f := e.Path.Field
		return len(e.Path.Via) == 0 && !e.Path.Title && !f.Extra && (f.Index == 0 || slices.Contains(l.t.brief, &l.t.res.Fields[f.Index]))
	}
	return false
}

// errEnough ends a walk.
var errEnough = errors.New("enough")

// walk reads rows in the list's order and fills the page with those that the
// filter selects. It reports false when it has read budget rows before the page
// was full; the page is then of no use. With a source it fetches only rows that
// the source finds.
func (l *list) walk(ctx context.Context, c Conn, p *crm.Page, among source, index string, equal filter.And, budget int) (done bool, err error) {
	p.Keys, p.More = p.Keys[:0], false
	skip := l.q.Offset
	if l.q.After != nil {
		skip = 0
	}
	for _, piece := range l.pieces() {
		sql, args, err := l.walkStatement(piece, among, index, equal, budget)
		if err != nil {
			return false, err
		}
		err = c.Query(ctx, sql, args, func(r Row) error {
			budget--
			switch {
			case r.Null(1): // not selected
			case skip > 0:
				skip--
			default:
				if l.take(r, p); p.More {
					return errEnough
				}
			}
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
			return true, nil
		case err != nil:
			return false, err
		case budget == 0:
			return false, nil
		}
	}
	return true, nil
}

// walkStatement writes the statement that reads up to limit rows of a piece, and
// says of each whether the filter selects it.
func (l *list) walkStatement(p piece, among source, index string, equal filter.And, limit int) (string, []Arg, error) {
	b := l.s.newBuilder(l.q.Language)
	alias := b.alias()
	// The version of a row that is not selected is null, and never fetched.
	b.add("SELECT ", alias, ".", idColumn, ", ")
	ends := " END, "
	if among != nil {
		// Not by AND: the engine would try what looks cheaper first.
		b.add("CASE WHEN ", alias, ".", idColumn, " IN (")
		among.ids(b, l.t)
		b.add(") THEN ")
		ends = " END END, "
	}
	b.add("CASE WHEN ")
	l.selected(b, alias)
	b.add(" THEN ", l.version(alias), ends, generation)
	for _, term := range l.terms {
		b.add(", ")
		b.sortValue(term.Path, l.t, alias)
	}
	b.add(" FROM ", l.t.name, " ", alias)
	if index == "" {
		b.add(" NOT INDEXED")
	} else {
		b.add(" INDEXED BY ", quote(index))
	}
	b.add(" WHERE ")
	b.where(equal, l.t, alias)
	l.position(b, p, alias)
	l.order(b, p, fixedColumns+1)
	b.add(" LIMIT ")
	b.arg(resource.IntValue(int64(limit)), ColumnInteger)
	return b.done()
}

// maxResolved is up to how many referenced records a comparison is replaced by
// their ids.
const maxResolved = 100

// resolve replaces, for PostgreSQL, comparisons through references by the ids of
// the records that they select, where these are few: statusId.value = 'Open' by
// statusId = 3. How many rows refer to record 3 is in PostgreSQL's statistics; of
// a subquery it knows nothing, and walks a million rows to find none.
func (l *list) resolve(ctx context.Context, c Conn, e filter.Expr) (_ filter.Expr, err error) {
	if l.s.flavor != PostgreSQL {
		return e, nil
	}
	each := func(members []filter.Expr) ([]filter.Expr, error) {
		out := make([]filter.Expr, len(members))
		for i, m := range members {
			if out[i], err = l.resolve(ctx, c, m); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	switch e := e.(type) {
	case filter.And:
		out, err := each(e)
		return filter.And(out), err
	case filter.Or:
		out, err := each(e)
		return filter.Or(out), err
	case *filter.Compare:
		path := direct(e.Path)
		if len(path.Via) == 0 || e.Op == filter.IsNull {
			return e, nil
		}
		return l.resolveCompare(ctx, c, e, path)
	}
	return e, nil
}

func (l *list) resolveCompare(ctx context.Context, c Conn, e *filter.Compare, path filter.Path) (filter.Expr, error) {
	b := l.s.newBuilder(l.q.Language)
	ref, guard, rest := hop(path)
	next, alias := b.table(ref), b.alias()
	b.add("SELECT ", alias, ".", idColumn, " FROM ", next.name, " ", alias, " WHERE ")
	b.where(&filter.Compare{Path: rest, Op: e.Op, Args: e.Args}, next, alias)
	if guard != nil {
		b.add(" AND ")
		b.where(guard, next, alias)
	}
	b.add(" LIMIT ")
	b.text = appendInt(b.text, maxResolved+1)
	sql, args, err := b.done()
	if err != nil {
		return nil, err
	}
	found := &filter.Compare{Path: filter.Path{Field: ref}, Op: filter.In}
	err = c.Query(ctx, sql, args, func(r Row) error {
		found.Args = append(found.Args, resource.IntValue(r.Int(0)))
		return nil
	})
	switch n := len(found.Args); {
	case err != nil:
		return nil, err
	case n == 0:
		return filter.Never{}, nil
	case n > maxResolved:
		return e, nil
	case n == 1:
		found.Op = filter.Eq
	}
	return found, nil
}
