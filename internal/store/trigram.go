package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxTrigrams bounds how many trigrams of one pattern are looked up. More of them
// hardly narrow the candidates any further.
const maxTrigrams = 16

// match is what a row has to have in the trigram table to be a candidate. As a source
// it finds such rows, and those that wait.
type match struct {
	trigram string   // quoted for FTS5; "" = the parts
	any     bool     // one of the parts is enough; otherwise it takes all
	parts   []*match // two at least
}

func (m *match) index() string            { return "" }
func (m *match) rank() int                { return rankMatch }
func (m *match) ids(b *builder, t *table) { b.matching(t, m.String()) }

// String returns the query for FTS5.
func (m *match) String() string {
	if m.parts == nil {
		return m.trigram
	}
	texts := make([]string, len(m.parts))
	for i, part := range m.parts {
		texts[i] = part.String()
	}
	return "(" + strings.Join(texts, map[bool]string{true: " OR ", false: " AND "}[m.any]) + ")"
}

// some returns the match for one of the parts, nil when there are none.
func some(parts []*match) *match { return join(true, parts) }

// every returns the match for all of the parts, nil when there are none.
func every(parts []*match) *match { return join(false, parts) }

func join(any bool, parts []*match) *match {
	var flat []*match
	for _, part := range parts {
		if part.parts != nil && part.any == any {
			flat = append(flat, part.parts...)
		} else {
			flat = append(flat, part)
		}
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return &match{any: any, parts: flat}
}

// match returns what finds every row in t's trigram table that an expression selects,
// and usually few others; nil when there is none.
func (t *table) match(e filter.Expr) *match {
	switch e := e.(type) {
	case filter.And:
		var all []*match
		for _, member := range e {
			if m := t.match(member); m != nil {
				all = append(all, m)
			}
		}
		return every(all)
	case filter.Or:
		var all []*match
		for _, member := range e {
			m := t.match(member)
			if m == nil {
				return nil
			}
			all = append(all, m)
		}
		return some(all)
	case *filter.Compare:
		f := t.ownField(e.Path)
		switch {
		case f == nil || !f.Search:
			return nil
		case e.Op == filter.Contains:
			return every(trigrams(e.Args[0].S))
		case e.Op != filter.Like, f.Key && strings.IndexAny(e.Args[0].S, "%_") > 0: // the latter is a range of its own index
			return nil
		}
		runs := strings.FieldsFunc(e.Args[0].S, func(r rune) bool { return r == '%' || r == '_' })
		return every(trigrams(runs...))
	}
	return nil
}

// thinned is m without trigrams that are not worth their reading: passing a row that
// has one takes a small part of what a candidate takes, but a trigram that nearly every
// row has, as the ".ex" of e-mail addresses, has a million rows and leaves out none. all
// is how many rows there are.
func (l *list) thinned(ctx context.Context, c Conn, m *match, all int64) (*match, error) {
	if m.parts == nil {
		return m, nil
	}
	parts := make([]*match, len(m.parts))
	shares := make([]float64, len(parts)) // of the rows, where the part is a trigram
	rarest := 1.
	for i, part := range m.parts {
		var err error
		if parts[i], err = l.thinned(ctx, c, part, all); err != nil {
			return nil, err
		}
		if part.parts == nil && !m.any {
			if shares[i], err = l.frequency(ctx, c, part, all); err != nil {
				return nil, err
			}
			rarest = min(rarest, shares[i])
		}
	}
	if m.any {
		return some(parts), nil
	}
	kept := parts[:0]
	for i, part := range parts {
		if share := shares[i]; share <= rarest || share <= worthReading*rarest*(1-share) {
			kept = append(kept, part)
		}
	}
	return every(kept), nil
}

// worthReading is how many rows that have a trigram are passed in the time that a
// candidate takes.
const worthReading = 50

// frequency estimates which share of the rows has a trigram, by the first ones.
func (l *list) frequency(ctx context.Context, c Conn, trigram *match, all int64) (float64, error) {
	const first = 200
	var n, last int64
	err := l.candidates(ctx, c, streamSource(trigram.String()), first, func(id int64) { n, last = n+1, id })
	if n < first {
		last = all
	}
	return float64(n) / float64(max(last, 1)), err
}

// ownField returns the declared field of t that a path names, itself or as the
// title, or nil.
func (t *table) ownField(p filter.Path) *resource.Field {
	p = direct(p)
	if len(p.Via) > 0 || !p.Title && p.Field.Extra {
		return nil
	}
	if !p.Title {
		return &t.res.Fields[p.Field.Index]
	}
	if fields := t.res.TitleFields(); t.res.LabelFields == nil && len(fields) == 1 {
		return fields[0]
	}
	return nil
}

// trigrams returns trigrams that every text with these runs of characters in it
// contains. Side by side they cover a run; those between them would cost as much again
// and narrow little.
func trigrams(runs ...string) (all []*match) {
	for _, run := range runs {
		starts := make([]int, 0, len(run)+1)
		for i := range run {
			starts = append(starts, i)
		}
		n := len(starts) // characters
		starts = append(starts, len(run))
		for i := 0; i < n && n >= 3; i += 3 {
			at := min(i, n-3)
			g := quote(run[starts[at]:starts[at+3]])
			known := slices.ContainsFunc(all, func(m *match) bool { return m.trigram == g })
			if !known && len(all) < maxTrigrams {
				all = append(all, &match{trigram: g})
			}
		}
	}
	return all
}

// hasTrigramTable reports whether the engine is SQLite and keeps trigrams of t.
// PostgreSQL's planner uses its trigram indexes by itself.
func (s *Store) hasTrigramTable(t *table) bool {
	return s.flavor == SQLite && s.trigrams != "" && len(t.search) > 0
}

// matching writes the query for the ids that the trigram table of t finds, and
// of those that it does not know yet.
func (b *builder) matching(t *table, match string) {
	b.matched(t, match)
	b.add(" UNION ALL SELECT ", idColumn, " FROM ", quote(t.res.Name+pendingSuffix))
}

// matched writes the query for the ids that the trigram table of t finds.
func (b *builder) matched(t *table, match string) {
	name := quote(t.res.Name + trigramSuffix)
	b.add("SELECT rowid AS id FROM ", name, " WHERE ", name, " MATCH ")
	b.arg(resource.TextValue(match), ColumnText)
}

// addCandidates narrows the records of a referenced table to those that its
// trigram table finds. For the table that is listed, choose does it.
func (b *builder) addCandidates(c *filter.Compare, f *resource.Field, t *table, alias string) {
	if alias == aliasNames[0] || !b.s.hasTrigramTable(t) {
		return
	}
	m := t.match(&filter.Compare{Path: filter.Path{Field: f}, Op: c.Op, Args: c.Args})
	if m == nil {
		return
	}
	b.add(" AND ", alias, ".", idColumn, " IN (")
	m.ids(b, t)
	b.add(")")
}

// maxPending is about how many rows wait before they are moved to the trigram
// table. Moving them takes some 5 ms, and a search reads as many rows in vain.
const maxPending = 256

// move takes the rows that wait into the trigram table of a resource.
type move struct {
	trigramDDL
	waiting atomic.Int64 // an estimate; too low only after failures
}

func newMoves(texts []trigramDDL) map[*table]*move {
	moves := make(map[*table]*move, len(texts))
	for _, d := range texts {
		m := &move{trigramDDL: d}
		m.waiting.Store(maxPending) // not known: the first write moves them
		moves[d.table] = m
	}
	return moves
}

// touched are the rows of a table whose searchable fields a transaction has
// written.
type touched struct {
	m        *move
	changed  int     // noted by a trigger
	inserted []int64 // not noted yet
}

// touch returns what the transaction has written of t, nil when there are no
// trigrams of it.
func (x *tx) touch(t *table) *touched {
	m := x.s.moves[t]
	if m == nil {
		return nil
	}
	for i := range x.touched {
		if x.touched[i].m == m {
			return &x.touched[i]
		}
	}
	x.touched = append(x.touched, touched{m: m})
	return &x.touched[len(x.touched)-1]
}

// moveTrigrams notes the rows that are new; where those that wait have become
// many, it moves all at once.
func (x *tx) moveTrigrams(ctx context.Context) error {
	for _, t := range x.touched {
		move := t.m.waiting.Add(int64(t.changed+len(t.inserted))) >= maxPending
		ids := []Arg{{resource.TextValue(string(appendIDs(nil, t.inserted))), ColumnText}}
		if !move {
			if len(t.inserted) == 0 {
				continue
			}
			if _, err := x.c.Exec(ctx, t.m.note, ids); err != nil {
				return err
			}
			continue
		}
		if _, err := x.c.Exec(ctx, t.m.move, ids); err != nil {
			return err
		}
		if _, err := x.c.Exec(ctx, t.m.none, nil); err != nil {
			return err
		}
		t.m.waiting.Store(0)
	}
	return nil
}

// unmoved notes that what moveTrigrams did may not have lasted.
func (x *tx) unmoved() {
	for _, t := range x.touched {
		t.m.waiting.Store(maxPending)
	}
}

// appendIDs appends ids as a JSON array.
func appendIDs(dst []byte, ids []int64) []byte {
	dst = append(dst, '[')
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, id, 10)
	}
	return append(dst, ']')
}
