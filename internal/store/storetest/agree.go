package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Agree checks that on random records and random queries every store selects
// what filter.Match selects, in the order of filter.Cmp, in whatever parts the
// list is asked for.
func Agree(t *testing.T, opens map[string]Open) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("data %d", seed), func(t *testing.T) {
			worlds := map[string]*world{}
			for name, open := range opens {
				worlds[name] = newWorld(t, open)
				worlds[name].fill(seed, 60)
			}
			rapid.Check(t, func(t *rapid.T) { agree(t, worlds) })
		})
	}
}

// drawn adapts rapid to chooser.
type drawn struct{ *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "choice") }

func agree(t *rapid.T, worlds map[string]*world) {
	names := slices.Sorted(maps.Keys(worlds))
	r := drawn{t}
	// What is drawn refers to the fields of the first world; the others are
	// asked with the same: catalogs of one registry differ in nothing a store
	// looks at.
	w := worlds[names[0]]
	res := pick(r, []*resource.Resource{w.resource("accounts"), w.resource("accounts"), w.resource("users"), w.resource("links"), w.resource("statuses")})
	q := crm.Query{Resource: res, Language: rapid.IntRange(-1, len(resource.Languages)-1).Draw(t, "language")}
	if r.IntN(6) > 0 {
		q.Where = w.expr(r, res, 3)
	}
	for range r.IntN(4) {
		path := w.path(r, res, true)
		q.Order = append(q.Order, filter.Term{Path: path, Desc: r.IntN(2) == 0})
	}
	want := w.answer(q)
	q.Limit = rapid.SampledFrom([]int{1, 2, 7, 100}).Draw(t, "limit")
	offset := r.IntN(len(want) + 2)
	for _, name := range names {
		store, ctx := worlds[name].store, worlds[name].ctx
		list := func(q crm.Query) crm.Page {
			var p crm.Page
			if err := store.List(ctx, q, &p); err != nil {
				t.Fatalf("%s: %s: %v", name, showQuery(q), err)
			}
			return p
		}
		check := func(p crm.Page, q crm.Query, from int) {
			rest := want[min(from, len(want)):]
			if got, page := idsOf(p.Keys), rest[:min(len(rest), q.Limit)]; !slices.Equal(got, page) {
				t.Fatalf("%s: %s\ngot  %v\nwant %v\nof   %v", name, showQuery(q), got, page, want)
			}
			if p.More != (len(rest) > q.Limit) {
				t.Fatalf("%s: %s: more is %v", name, showQuery(q), p.More)
			}
			if (p.Next == nil) != (len(p.Keys) == 0) || (p.Generation == 0) != (len(p.Keys) == 0) {
				t.Fatalf("%s: %s: next is %v, generation %d", name, showQuery(q), p.Next, p.Generation)
			}
			for i, rec := range p.Rows {
				if got, expected := show(res, rec), show(res, w.rows[res.Name][p.Keys[i].ID]); got != expected {
					t.Fatalf("%s: %s\ngot  %s\nwant %s", name, showQuery(q), got, expected)
				}
			}
		}
		first := list(q)
		check(first, q, 0)
		skip := q
		skip.Offset = offset
		check(list(skip), skip, offset)
		// Walk on with cursors.
		for at, p := len(first.Keys), first; p.More && at < 40; at += q.Limit {
			q.After = p.Next
			p = list(q)
			check(p, q, at)
		}
		q.After = nil
	}
}

// answer is what a store must list, computed the plain way.
func (w *world) answer(q crm.Query) []int64 {
	look := lookup{w, q.Language}
	var recs []*resource.Record
	for _, rec := range w.rows[q.Resource.Name] {
		if filter.Match(q.Where, rec, look) {
			recs = append(recs, rec)
		}
	}
	slices.SortFunc(recs, func(a, b *resource.Record) int { return filter.Cmp(q.Order, a, b, look) })
	ids := make([]int64, len(recs))
	for i, rec := range recs {
		ids[i] = rec.ID
	}
	return ids
}

func idsOf(keys []crm.Key) []int64 {
	ids := make([]int64, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	return ids
}

// expr draws an expression in the form that filter.Where makes.
func (w *world) expr(r chooser, res *resource.Resource, depth int) filter.Expr {
	if depth > 0 {
		switch r.IntN(6) {
		case 0, 1, 2:
			list := make([]filter.Expr, 2+r.IntN(2))
			for i := range list {
				list[i] = w.expr(r, res, depth-1)
			}
			if r.IntN(2) == 0 {
				return filter.And(list)
			}
			return filter.Or(list)
		}
	}
	if r.IntN(20) == 0 {
		return filter.Never{}
	}
	return w.comparison(r, res)
}

func (w *world) comparison(r chooser, res *resource.Resource) *filter.Compare {
	c := &filter.Compare{Path: w.path(r, res, false)}
	f := c.Path.Field
	if c.Path.Title {
		f = &resource.Field{Kind: resource.Text}
	}
	ops := []filter.Op{filter.Eq, filter.Ne, filter.In, filter.NotIn, filter.IsNull, filter.NotNull}
	switch f.Kind {
	case resource.Text:
		ops = append(ops, filter.Like, filter.Like, filter.Like, filter.Like, filter.NotLike, filter.Contains, filter.Contains, filter.Lt, filter.Le, filter.Gt, filter.Ge)
	case resource.Boolean, resource.RefList:
	default:
		ops = append(ops, filter.Lt, filter.Le, filter.Gt, filter.Ge)
	}
	c.Op = pick(r, ops)
	n := 1
	switch c.Op {
	case filter.IsNull, filter.NotNull:
		n = 0
	case filter.In, filter.NotIn:
		n = 2 + r.IntN(4)
	}
	for range n {
		switch {
		case c.Op == filter.Like || c.Op == filter.NotLike:
			c.Args = append(c.Args, str(pattern(r)))
		case c.Op == filter.Contains:
			c.Args = append(c.Args, str(string(part(r))))
		case f.Kind == resource.Text:
			c.Args = append(c.Args, str(resource.Fold(pick(r, texts))))
		case f.Kind == resource.RefList || f.Table != "":
			c.Args = append(c.Args, number(int64(r.IntN(13))))
		default:
			c.Args = append(c.Args, w.literal(r, f))
		}
	}
	return c
}

// part draws a part of a text.
func part(r chooser) []rune {
	runes := []rune(resource.Fold(pick(r, texts)))
	from := r.IntN(len(runes) + 1)
	return runes[from : from+r.IntN(len(runes)-from+1)]
}

// pattern draws a pattern of LIKE: a text with some of it replaced by wildcards.
func pattern(r chooser) string {
	runes := part(r)
	for i := range runes {
		switch r.IntN(8) {
		case 0:
			runes[i] = '_'
		case 1:
			runes[i] = '%'
		}
	}
	p := string(runes)
	if r.IntN(4) > 0 {
		p += "%"
	}
	if r.IntN(3) > 0 {
		p = "%" + p
	}
	return p
}

// path draws a path from res, for an order without lists.
func (w *world) path(r chooser, res *resource.Resource, order bool) filter.Path {
	p := filter.Path{Resource: res}
	for {
		f := &p.Resource.Fields[r.IntN(len(p.Resource.Fields))]
		if f.Kind.IsRef() && len(p.Via) < 3 && r.IntN(4) > 0 {
			p.Via = append(slices.Clone(p.Via), f)
			p.Resource = w.resource(f.Table)
			if r.IntN(3) == 0 {
				p.Title = true
				return p
			}
			continue
		}
		if order && f.Kind == resource.RefList {
			continue
		}
		p.Field = f
		return p
	}
}

func showQuery(q crm.Query) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s where %s order", q.Resource.Name, showExpr(q.Where))
	for _, t := range q.Order {
		b.WriteString(" " + showPath(t.Path))
		if t.Desc {
			b.WriteString(" desc")
		}
	}
	fmt.Fprintf(&b, " language %d limit %d offset %d", q.Language, q.Limit, q.Offset)
	if q.After != nil {
		fmt.Fprintf(&b, " after %+v", *q.After)
	}
	return b.String()
}

func showExpr(e filter.Expr) string {
	join := func(list []filter.Expr, operator string) string {
		parts := make([]string, len(list))
		for i, m := range list {
			parts[i] = showExpr(m)
		}
		return "(" + strings.Join(parts, operator) + ")"
	}
	switch e := e.(type) {
	case filter.And:
		return join(e, " AND ")
	case filter.Or:
		return join(e, " OR ")
	case *filter.Compare:
		words := [...]string{"=", "<>", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "CONTAINS"}
		args := make([]string, len(e.Args))
		for i, a := range e.Args {
			if args[i] = fmt.Sprint(a.I); a.Type == resource.Str {
				args[i] = fmt.Sprintf("%q", a.S)
			}
		}
		return showPath(e.Path) + " " + words[e.Op] + " " + strings.Join(args, ", ")
	default:
		return fmt.Sprintf("%T", e)
	}
}

func showPath(p filter.Path) string {
	var names []string
	for _, f := range p.Via {
		names = append(names, f.Name)
	}
	if p.Title {
		names = append(names, "value")
	} else {
		names = append(names, p.Field.Name)
	}
	return strings.Join(names, ".")
}
