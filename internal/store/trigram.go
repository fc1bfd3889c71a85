package store

import (
	"strings"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxTrigrams bounds how many trigrams of one pattern are looked up. More of them
// hardly narrow the candidates any further.
const maxTrigrams = 16

// match is a query of a trigram table that finds every row an expression
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
		path := e.Path
		if len(path.Via) > 0 || len(e.Args) != 1 {
			return ""
		}
		f := path.Field
		if path.Title {
			titles := t.res.TitleFields()
			if t.res.LabelFields != nil || len(titles) != 1 {
				return ""
			}
			f = titles[0]
		}
		if f.Kind != resource.Text || !f.Search || f.Extra {
			return ""
		}
		switch e.Op {
		case filter.Like:
			return group(trigrams(e.Args[0].S), " AND ")
		case filter.Eq:
			if t.key(f) != "" && f.Key {
				return "" // its own index is better
			}
			return group(trigrams(strings.NewReplacer("%", "_").Replace(e.Args[0].S)), " AND ")
		}
	}
	return ""
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

// trigrams returns the trigrams that every text like pattern contains, quoted
// for FTS5.
func trigrams(pattern string) (quoted []string) {
	seen := map[string]bool{}
	for _, run := range strings.FieldsFunc(pattern, func(r rune) bool { return r == '%' || r == '_' }) {
		starts := make([]int, 0, len(run)+1)
		for i := range run {
			starts = append(starts, i)
		}
		starts = append(starts, len(run))
		for i := 0; i+3 < len(starts) && len(quoted) < maxTrigrams; i++ {
			g := run[starts[i]:starts[i+3]]
			if !seen[g] {
				seen[g] = true
				quoted = append(quoted, quote(g))
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

// addCandidates narrows the records of a referenced table to those that its
// trigram table finds. For the table that is listed, List does it.
func (b *builder) addCandidates(c *filter.Compare, f *resource.Field, t *table, alias string) {
	if alias == aliasNames[0] || !b.s.hasTrigramTable(t) {
		return
	}
	m := t.match(&filter.Compare{Path: filter.Path{Field: f}, Op: c.Op, Args: c.Args})
	if m == "" {
		return
	}
	name := quote(t.res.Name + trigramSuffix)
	b.add(" AND ", alias, ".", idColumn, " IN (SELECT rowid FROM ", name, " WHERE ", name, " MATCH ")
	b.arg(resource.TextValue(m), ColumnText)
	b.add(")")
}
