package filter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// Lookup finds what references lead to.
type Lookup interface {
	// Record returns a record of the resource of this name (Field.Table), or nil.
	Record(table string, id int64) *resource.Record

	// Title returns the title of a record, or false when it has none.
	Title(res *resource.Resource, rec *resource.Record) (string, bool)
}

// Match reports whether a record is selected. It is the plain meaning of an
// Expr, which every store must agree with; it is not made for speed.
func Match(e Expr, rec *resource.Record, look Lookup) bool {
	switch e := e.(type) {
	case nil:
		return true
	case And:
		return !slices.ContainsFunc(e, func(m Expr) bool { return !Match(m, rec, look) })
	case Or:
		return slices.ContainsFunc(e, func(m Expr) bool { return Match(m, rec, look) })
	case *Compare:
		return e.match(rec, look)
	case *Through:
		ref := rec.Values[e.Field.Index]
		if ref.IsNull() {
			return false
		}
		next := look.Record(e.Resource.Name, ref.I)
		return next != nil && Match(e.Expr, next, look)
	default: // Never
		return false
	}
}

func (c *Compare) match(rec *resource.Record, look Lookup) bool {
	v := c.Path.Value(rec, look)
	if v.IsNull() || c.Op == IsNull || c.Op == NotNull {
		return v.IsNull() == (c.Op == IsNull)
	}
	if c.Path.Field != nil && c.Path.Field.Kind == resource.RefList {
		has := slices.ContainsFunc(c.Args, func(a resource.Value) bool { return contains(v.S, a.I) })
		return has == (c.Op == Eq || c.Op == In)
	}
	switch c.Op {
	case In, NotIn:
		return slices.Contains(c.Args, v) == (c.Op == In)
	case Like, NotLike:
		return MatchLike(c.Args[0].S, v.S) == (c.Op == Like)
	case Contains:
		return strings.Contains(v.S, c.Args[0].S)
	}
	order := compareValues(v, c.Args[0])
	switch c.Op {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	case Gt:
		return order > 0
	default: // Ge
		return order >= 0
	}
}

// Value returns what a path leads to from a record: text folded, the rest as the
// record holds it, and null when a reference on the way is null, leads nowhere, or
// leads to a record that a guard keeps back.
func (p Path) Value(rec *resource.Record, look Lookup) resource.Value {
	for i, f := range p.Via {
		ref := rec.Values[f.Index]
		if ref.IsNull() {
			return resource.Value{}
		}
		if rec = look.Record(f.Table, ref.I); rec == nil {
			return resource.Value{}
		}
		if p.Guards != nil && !Match(p.Guards[i], rec, look) {
			return resource.Value{}
		}
	}
	if p.Title {
		if title, ok := look.Title(p.Resource, rec); ok {
			return resource.TextValue(resource.Fold(title))
		}
		return resource.Value{}
	}
	v := rec.Values[p.Field.Index]
	if p.Field.Kind == resource.Text && !v.IsNull() {
		v.S = resource.Fold(v.S)
	}
	return v
}

// Cmp compares two records by an order and then by id, as a store sorts them.
func Cmp(order []Term, a, b *resource.Record, look Lookup) int {
	for _, t := range order {
		c := compareValues(t.Path.Value(a, look), t.Path.Value(b, look))
		if t.Desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.ID, b.ID)
}

// compareValues orders values of one field: null first, text by its bytes.
func compareValues(a, b resource.Value) int {
	return cmp.Or(
		cmp.Compare(a.Type, b.Type), // Null is the smallest type
		cmp.Compare(a.I, b.I),
		strings.Compare(a.S, b.S),
	)
}

// contains reports whether a list of references such as "[16,17]" has an id.
func contains(list string, id int64) bool {
	want := strconv.FormatInt(id, 10)
	for item := range strings.SplitSeq(strings.Trim(list, "[]"), ",") {
		if strings.TrimSpace(item) == want {
			return true
		}
	}
	return false
}
