package filter

import (
	"errors"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// operand is the left side of a comparison.
type operand struct {
	path Path
	kind resource.Kind // of the value at the end of path; Text for a title
	name string        // as written
}

// isNone reports whether v is what clients write for a reference to no record.
func (o operand) isNone(v resource.Value) bool { return o.kind.IsRef() && v.I == resource.None }

// field reads and resolves a path. When there is none it fails and returns false.
func (p *parser) field() (operand, bool) {
	if p.tok.is != word {
		p.unexpected("a field name is")
		return operand{}, false
	}
	name, pos := p.tok.text, p.tok.pos
	o := operand{name: name}
	res, rest := p.res, name
	for {
		part, tail, more := strings.Cut(rest, ".")
		f := res.Field(part)
		if f == nil && rest == name {
			f = res.Field(p.names[strings.ToLower(part)])
		}
		if f == nil || f.Internal || f.Secret {
			if keyword(name) {
				p.unexpected("a field name is")
			} else {
				p.fail(pos, p.suggest(res, name[:len(name)-len(rest)], part), "unknown field %s", quote(name))
			}
			return o, false
		}
		refers := f.Kind.IsRef() || f.Kind == resource.RefList
		if !more || refers && strings.EqualFold(tail, "id") {
			o.path.Resource, o.path.Field, o.kind = res, f, f.Kind
			break
		}
		to := p.cat.Resource(f.Table)
		if !f.Kind.IsRef() || to == nil {
			hint := ""
			if f.Kind == resource.RefList {
				hint = "a list is searched for an id: " + quote(f.Name+"=16")
			}
			p.fail(pos, hint, "field %s is %s, there is no %s", quote(name[:len(name)-len(rest)+len(part)]), article(f.Kind), quote(name))
			return o, false
		}
		if o.path.Via = append(o.path.Via, f); len(o.path.Via) > MaxVia {
			p.fail(pos, "", "field %s follows more than %d references", quote(name), MaxVia)
			return o, false
		}
		res, rest = to, tail
		if strings.EqualFold(rest, "value") {
			o.path.Resource, o.path.Title, o.kind = res, true, resource.Text
			break
		}
	}
	p.next()
	return o, true
}

func keyword(s string) bool {
	switch strings.ToUpper(s) {
	case "AND", "OR", "NOT", "LIKE", "IN", "IS", "NULL", "BETWEEN":
		return true
	}
	return false
}

// mayUse fails when fields of this kind have no such operator.
func (p *parser) mayUse(f operand, op Op, written string, pos int) {
	ordered := f.kind != resource.Boolean && f.kind != resource.RefList
	switch {
	case op == Eq || op == Ne:
	case op == Like && f.kind != resource.Text:
		p.fail(pos, "LIKE is for text", "field %s is %s: unexpected LIKE", quote(f.name), article(f.kind))
	case op != Like && !ordered:
		p.fail(pos, "", "field %s is %s and cannot be compared by %s", quote(f.name), article(f.kind), written)
	}
}

// literal is the right side of a comparison as written.
type literal struct {
	text string
	null bool
	pos  int
}

// literal reads a literal. Keywords other than AND and OR may be one without
// quotes, as in country=IN.
func (p *parser) literal() literal {
	lit := literal{text: p.tok.text, pos: p.tok.pos}
	switch {
	case p.is("AND"), p.is("OR"), p.tok.is != word && p.tok.is != quoted:
		p.unexpected("a value is")
		return lit
	case p.is("NULL"):
		lit.null = true
	}
	bare := p.tok.is == word
	p.next()
	p.afterWord = bare
	return lit
}

// fit says where a literal lies among the values of a field.
type fit uint8

const (
	incomparable fit = iota // NULL, or a failure
	exact                   // it is the value
	above                   // between the value and the next
	beyond                  // greater than all values
	before                  // smaller than all values
)

// value turns a literal into a value of the field. It fails when the literal is
// of another type.
func (p *parser) value(f operand, lit literal) (v resource.Value, is fit) {
	if lit.null || p.err != nil {
		return v, incomparable
	}
	switch f.kind {
	case resource.Text:
		return resource.TextValue(resource.Fold(lit.text)), exact
	case resource.Boolean:
		b, ok := boolean(lit.text)
		if !ok {
			break
		}
		return resource.BoolValue(b), exact
	case resource.Instant:
		ms, whole, err := f.path.Field.FloorInstant(lit.text)
		switch {
		case err != nil:
			p.fail(lit.pos, "a date is written like 2025-01-31T09:30:00Z", "field %s is a date: unexpected %s", quote(f.name), quote(lit.text))
			return v, incomparable
		case whole:
			return resource.IntValue(ms), exact
		default:
			return resource.IntValue(ms), above
		}
	default:
		scale := 0
		if f.kind == resource.Number {
			scale = f.path.Field.Scale
		}
		n, whole, err := number(lit.text, scale)
		switch {
		case errors.Is(err, resource.ErrNumberRange) && n > 0:
			return v, beyond
		case errors.Is(err, resource.ErrNumberRange):
			return v, before
		case err != nil:
		case whole:
			return resource.IntValue(n), exact
		default:
			return resource.IntValue(n), above
		}
	}
	p.fail(lit.pos, "", "field %s is %s: unexpected %s", quote(f.name), article(f.kind), quote(lit.text))
	return v, incomparable
}

// boolean reads what clients send for a boolean [CLIENT]: false, 'false', 'False', 0.
func boolean(s string) (b, ok bool) {
	switch s = strings.TrimSpace(s); {
	case s == "1", strings.EqualFold(s, "true"):
		return true, true
	case s == "0", strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

// number is resource.FloorNumber for the ways people write numbers that JSON
// does not have: with spaces around, a plus, leading zeros, or no zero before
// the point.
func number(s string, scale int) (v int64, exact bool, err error) {
	v, exact, err = resource.FloorNumber(s, scale)
	if !errors.Is(err, resource.ErrNotNumber) {
		return v, exact, err
	}
	s = strings.TrimSpace(s)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	trimmed := strings.TrimLeft(s, "0")
	if trimmed == "" || trimmed[0] < '0' || trimmed[0] > '9' {
		if trimmed == s && !strings.HasPrefix(s, ".") {
			return 0, false, resource.ErrNotNumber
		}
		trimmed = "0" + trimmed
	}
	return resource.FloorNumber(sign+trimmed, scale)
}

func article(k resource.Kind) string {
	switch k {
	case resource.Text:
		return "text"
	case resource.Integer:
		return "an integer"
	case resource.Instant:
		return "a date"
	default:
		return "a " + k.String()
	}
}

func decimal(n int) string { return strconv.Itoa(n) }

// quote shows a piece of the text in a message, cut when it is long.
func quote(s string) string {
	const most = 60
	n := 0
	for i := range s {
		if n == most {
			return strconv.Quote(s[:i] + "…")
		}
		n++
	}
	return strconv.Quote(s)
}

// suggest returns a hint with the field of res that is most like a name that does
// not exist, or "".
func (p *parser) suggest(res *resource.Resource, before, name string) string {
	wanted := []rune(resource.Fold(name))
	if len(wanted) > maxSuggest {
		return ""
	}
	best, found := len(wanted)/4+2, ""
	try := func(candidate string) {
		if d := distance(wanted, []rune(resource.Fold(candidate))); d < best {
			best, found = d, candidate
		}
	}
	for i := range res.Fields {
		if f := &res.Fields[i]; !f.Internal && !f.Secret {
			try(res.Fields[i].Name)
		}
	}
	if before != "" {
		try("value")
	}
	if found == "" {
		return ""
	}
	return "did you mean " + quote(before+found) + "?"
}

// maxSuggest is the longest name, in characters, that suggestions are made for.
const maxSuggest = 40

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a, which has at most maxSuggest letters.
func distance(a, b []rune) int {
	var rows [3][maxSuggest + 1]int
	for i := range a {
		rows[0][i+1] = i + 1
	}
	for j := range b {
		last2, last, row := &rows[(j+2)%3], &rows[j%3], &rows[(j+1)%3]
		row[0] = j + 1
		for i := range a {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[i+1] = min(last[i]+cost, last[i+1]+1, row[i]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[i+1] = min(row[i+1], last2[i-1]+1)
			}
		}
	}
	return rows[len(b)%3][len(a)]
}
