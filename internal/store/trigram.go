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

// match returns a query of t's trigram table that finds every row an expression
// selects, and usually few others; "" when there is none.
func (t *table) match(e filter.Expr) string {
	switch e := e.(type) {
	case filter.And:
		var all []string
		for _, member := range e {
			if m := t.match(member); m != "" {
				all = append(all, m)
			}
		}
		return group(all, " AND ")
	case filter.Or:
		var all []string
		for _, member := range e {
			m := t.match(member)
			if m == "" {
				return ""
			}
			all = append(all, m)
		}
		return group(all, " OR ")
	case *filter.Compare:
		f := t.ownField(e.Path)
		switch {
		case f == nil || !f.Search:
			return ""
		case e.Op == filter.Contains:
			return group(trigrams(e.Args[0].S), " AND ")
		case e.Op != filter.Like, f.Key && strings.IndexAny(e.Args[0].S, "%_") > 0: // the latter is a range of its own index
			return ""
		}
		runs := strings.FieldsFunc(e.Args[0].S, func(r rune) bool { return r == '%' || r == '_' })
		return group(trigrams(runs...), " AND ")
	}
	return ""
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

func group(members []string, operator string) string {
	switch len(members) {
	case 0:
		return ""
	case 1:
		return members[0]
	default:
		return "(" + strings.Join(members, operator) + ")"
	}
}

// trigrams returns trigrams that every text with these runs of characters in it
// contains, quoted for FTS5. Side by side they cover a run; those between them would
// cost as much again and narrow little.
func trigrams(runs ...string) (quoted []string) {
	for _, run := range runs {
		starts := make([]int, 0, len(run)+1)
		for i := range run {
			starts = append(starts, i)
		}
		n := len(starts) // characters
		starts = append(starts, len(run))
		for i := 0; i < n && n >= 3; i += 3 {
			at := min(i, n-3)
			if g := quote(run[starts[at]:starts[at+3]]); !slices.Contains(quoted, g) && len(quoted) < maxTrigrams {
				quoted = append(quoted, g)
			}
		}
	}
	return quoted
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
	if m == "" {
		return
	}
	b.add(" AND ", alias, ".", idColumn, " IN (")
	b.matching(t, m)
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
