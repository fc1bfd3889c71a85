package filter_test

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// truth is a value of SQL's three-valued logic.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// node is a where as written, with its NOTs where they stand: text, and what SQL
// says of a row.
type node struct {
	text string
	eval func(*resource.Record) truth
}

// parens lets an AND or OR stand anywhere.
func (n node) parens() node { return node{"(" + n.text + ")", n.eval} }

// column generates comparisons of one field: its values in rows, literals with
// their meaning, and how the two compare.
type column struct {
	name      string
	index     int
	operators []string
	literal   func(*rapid.T) (text string, meaning any)
	compare   func(v resource.Value, meaning any) int
}

func columns(res *resource.Resource) []column {
	ordered := []string{"=", "<>", "!=", "<", "<=", ">", ">="}
	numeric := func(t *rapid.T) (string, any) {
		text := rapid.SampledFrom([]string{"0", "1", "-1", "2", "1.0", "0.5", "-0.5", "0.1234567", "-0.1234565", "1.000001", "1e-6", "1e-7", "15e-1", "9223372036854775807",
			"9223372036854775808", "-9223372036854775809", "1e30", "-1e30"}).Draw(t, "number")
		x, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("bad test number %s", text)
		}
		if rapid.Bool().Draw(t, "quoted") {
			text = "'" + text + "'"
		}
		return text, x
	}
	return []column{
		{"city", res.Field("city").Index, append(ordered, "LIKE", "NOT LIKE"),
			func(t *rapid.T) (string, any) {
				s := rapid.SampledFrom([]string{"", "a", "B", "ÑA", "b%", "%", "_a", "it's", "NULL"}).Draw(t, "text")
				return "'" + strings.ReplaceAll(s, "'", "''") + "'", s
			},
			func(v resource.Value, meaning any) int {
				return strings.Compare(resource.Fold(v.S), resource.Fold(meaning.(string)))
			}},
		{"employees", res.Field("employees").Index, ordered, numeric,
			func(v resource.Value, meaning any) int { return new(big.Rat).SetInt64(v.I).Cmp(meaning.(*big.Rat)) }},
		{"total", res.Field("total").Index, ordered, numeric,
			func(v resource.Value, meaning any) int { return big.NewRat(v.I, 1e6).Cmp(meaning.(*big.Rat)) }},
		{"deleted", res.Field("deleted").Index, []string{"=", "<>"},
			func(t *rapid.T) (string, any) {
				b := rapid.Bool().Draw(t, "boolean")
				spelling := map[bool][]string{true: {"true", "1", "'True'"}, false: {"FALSE", "0", "'False'"}}
				return rapid.SampledFrom(spelling[b]).Draw(t, "spelling"), b
			},
			func(v resource.Value, meaning any) int {
				if (v.I != 0) == meaning.(bool) {
					return 0
				}
				return 1
			}},
	}
}

func (c column) holds(op string, v resource.Value, meaning any) bool {
	switch op {
	case "LIKE", "NOT LIKE":
		pattern := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(resource.Fold(meaning.(string))))
		return regexp.MustCompile("(?s)^"+pattern+"$").MatchString(resource.Fold(v.S)) == (op == "LIKE")
	case "=":
		return c.compare(v, meaning) == 0
	case "<>", "!=":
		return c.compare(v, meaning) != 0
	case "<":
		return c.compare(v, meaning) < 0
	case "<=":
		return c.compare(v, meaning) <= 0
	case ">":
		return c.compare(v, meaning) > 0
	default:
		return c.compare(v, meaning) >= 0
	}
}

// operand draws a literal; its meaning is nil for NULL.
func (c column) operand(t *rapid.T) (string, any) {
	if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
		return "NULL", nil
	}
	return c.literal(t)
}

func (c column) comparison(t *rapid.T) node {
	one := func(op string, v resource.Value, meaning any) truth {
		if v.IsNull() || meaning == nil {
			return unknown
		}
		return truthOf(c.holds(op, v, meaning))
	}
	switch form := rapid.IntRange(0, 9).Draw(t, "form"); {
	case form == 0:
		not := rapid.Bool().Draw(t, "not")
		text := c.name + " IS NULL"
		if not {
			text = c.name + " is not NULL"
		}
		return node{text, func(r *resource.Record) truth { return truthOf(r.Values[c.index].IsNull() != not) }}
	case form <= 2:
		not := rapid.Bool().Draw(t, "not")
		var texts []string
		var meanings []any
		for range rapid.IntRange(1, 4).Draw(t, "items") {
			text, meaning := c.operand(t)
			texts = append(texts, text)
			if meaning != nil || !not { // NOT IN leaves out NULL
				meanings = append(meanings, meaning)
			}
		}
		text := c.name + " IN (" + strings.Join(texts, ", ") + ")"
		if not {
			text = c.name + " NOT IN (" + strings.Join(texts, ",") + ")"
		}
		return node{text, func(r *resource.Record) truth {
			v := r.Values[c.index]
			if v.IsNull() {
				return unknown
			}
			if not {
				return truthOf(!slices.ContainsFunc(meanings, func(m any) bool { return c.compare(v, m) == 0 }))
			}
			return truthOf(slices.ContainsFunc(meanings, func(m any) bool { return m != nil && c.compare(v, m) == 0 }))
		}}
	case form <= 4 && len(c.operators) > 2:
		not := rapid.Bool().Draw(t, "not")
		lowText, low := c.operand(t)
		highText, high := c.operand(t)
		text := c.name + " BETWEEN " + lowText + " AND " + highText
		if not {
			text = c.name + " not between " + lowText + " and " + highText
		}
		return node{text, func(r *resource.Record) truth {
			v := r.Values[c.index]
			is := min(one(">=", v, low), one("<=", v, high))
			if not {
				is = -is
			}
			return is
		}}
	}
	op := rapid.SampledFrom(c.operators).Draw(t, "op")
	text, meaning := c.operand(t)
	return node{c.name + " " + op + " " + text, func(r *resource.Record) truth { return one(op, r.Values[c.index], meaning) }}
}

func tree(t *rapid.T, all []column, depth int) node {
	shape := rapid.IntRange(0, 5).Draw(t, "shape")
	if depth == 0 || shape < 2 {
		return rapid.SampledFrom(all).Draw(t, "column").comparison(t)
	}
	a := tree(t, all, depth-1)
	switch shape {
	case 2:
		return node{"NOT " + a.parens().text, func(r *resource.Record) truth { return -a.eval(r) }}
	case 3:
		b := tree(t, all, depth-1)
		return node{a.text + " AND " + b.text, func(r *resource.Record) truth { return min(a.eval(r), b.eval(r)) }}.parens()
	default:
		b := tree(t, all, depth-1)
		return node{a.text + " OR " + b.text, func(r *resource.Record) truth { return max(a.eval(r), b.eval(r)) }}.parens()
	}
}

// TestThreeValuedLogic checks that what Where makes of a text selects exactly the
// rows for which the text, taken literally, is true in SQL.
func TestThreeValuedLogic(t *testing.T) {
	cat := catalog(t)
	accounts := cat.Resource("accounts")
	all := columns(accounts)
	values := map[string][]resource.Value{
		"city":      {{}, resource.TextValue(""), resource.TextValue("A"), resource.TextValue("ba"), resource.TextValue("ña"), resource.TextValue("null"), resource.TextValue("It's")},
		"employees": {{}, resource.IntValue(-1), resource.IntValue(0), resource.IntValue(1), resource.IntValue(2), resource.IntValue(1<<63 - 1), resource.IntValue(-1 << 63)},
		"total":     {{}, resource.IntValue(0), resource.IntValue(123456), resource.IntValue(123457), resource.IntValue(-123457), resource.IntValue(-123456), resource.IntValue(1500000), resource.IntValue(1), resource.IntValue(1 << 62)},
		"deleted":   {{}, resource.BoolValue(false), resource.BoolValue(true)},
	}
	var rows []*resource.Record
	for i := range 63 { // lets every value of a field meet different values of the others
		set := map[string]resource.Value{}
		for _, c := range all {
			set[c.name] = values[c.name][i%len(values[c.name])]
		}
		set["employees"] = values["employees"][(i+i/7)%7]
		rows = append(rows, record(accounts, int64(i), set))
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			n := tree(t, all, rapid.IntRange(0, 4).Draw(t, "depth"))
			e, err := filter.Where(cat, accounts, n.text)
			if err != nil {
				t.Fatalf("%s: %v", n.text, err)
			}
			normal(t, e, "")
			for _, rec := range rows {
				if got, want := filter.Match(e, rec, nil), n.eval(rec) == yes; got != want {
					t.Fatalf("%s\nis %s\nrow %v: got %v, want %v", n.text, show(e), rec.Values, got, want)
				}
			}
		}
	})
}

// normal checks what stores may rely on.
func normal(t interface{ Fatalf(string, ...any) }, e filter.Expr, within string) {
	list := func(members []filter.Expr, is string) {
		if within == is || len(members) < 2 {
			t.Fatalf("%s of %d members within %q", is, len(members), within)
		}
		for _, m := range members {
			normal(t, m, is)
		}
	}
	switch e := e.(type) {
	case filter.And:
		list(e, "and")
	case filter.Or:
		list(e, "or")
	case filter.Never:
		if within != "" {
			t.Fatalf("never within %s", within)
		}
	case *filter.Compare:
		n := len(e.Args)
		switch e.Op {
		case filter.IsNull, filter.NotNull:
			if n != 0 {
				t.Fatalf("%s has arguments", show(e))
			}
		case filter.In, filter.NotIn:
			if n < 2 {
				t.Fatalf("%s has %d arguments", show(e), n)
			}
		default:
			if n != 1 {
				t.Fatalf("%s has %d arguments", show(e), n)
			}
		}
		if e.Path.Resource == nil || (e.Path.Field == nil) != e.Path.Title || len(e.Path.Via) > filter.MaxVia {
			t.Fatalf("bad path %+v", e.Path)
		}
		text := e.Path.Title || e.Path.Field.Kind == resource.Text
		for _, a := range e.Args {
			if a.IsNull() || (a.Type == resource.Str) != text || a.S != resource.Fold(a.S) {
				t.Fatalf("%s: bad argument %+v", show(e), a)
			}
		}
		if !text && (e.Op == filter.Like || e.Op == filter.NotLike) {
			t.Fatalf("%s: LIKE on no text", show(e))
		}
		if !text && e.Op >= filter.Lt && e.Op <= filter.Ge && (e.Path.Field.Kind == resource.Boolean || e.Path.Field.Kind == resource.RefList) {
			t.Fatalf("%s: has no order", show(e))
		}
	default:
		t.Fatalf("unknown %T", e)
	}
}

// TestCmpIsATotalOrder draws orders and records, and checks the laws of sorting.
func TestCmpIsATotalOrder(t *testing.T) {
	cat := catalog(t)
	accounts := cat.Resource("accounts")
	rapid.Check(t, func(t *rapid.T) {
		terms, err := filter.Order(cat, accounts, rapid.SampledFrom([]string{"", "city", "city asc", "total, city asc", "deleted asc,total asc", "id"}).Draw(t, "order"))
		if err != nil {
			t.Fatal(err)
		}
		var recs []*resource.Record
		for id := range int64(6) {
			set := map[string]resource.Value{}
			for i, name := range []string{"city", "total", "deleted"} {
				if n := rapid.IntRange(-1, 2).Draw(t, name+strconv.FormatInt(id, 10)); n >= 0 && i == 0 {
					set[name] = resource.TextValue([]string{"", "A", "a"}[n])
				} else if n >= 0 {
					set[name] = resource.IntValue(int64(n))
				}
			}
			recs = append(recs, record(accounts, id, set))
		}
		for _, a := range recs {
			for _, b := range recs {
				ab := filter.Cmp(terms, a, b, nil)
				if ab != -filter.Cmp(terms, b, a, nil) || (ab == 0) != (a == b) {
					t.Fatalf("order of %d and %d: %d", a.ID, b.ID, ab)
				}
				for _, c := range recs {
					if ab <= 0 && filter.Cmp(terms, b, c, nil) <= 0 && filter.Cmp(terms, a, c, nil) > 0 {
						t.Fatal(fmt.Sprint("not transitive: ", a.ID, b.ID, c.ID))
					}
				}
			}
		}
	})
}
