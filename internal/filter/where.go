package filter

import (
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// Where reads the text of a where for records of res, a resource of cat. Blank
// text selects everything: the Expr is nil [CLIENT: an empty where= is sent].
//
// The language is that part of SQL which clients use: comparisons of a field
// with a literal by = <> != > >= < <= [NOT] LIKE, [NOT] IN (…), IS [NOT] NULL
// and [NOT] BETWEEN … AND …, joined by AND, OR, NOT and parentheses. Keywords and
// field names may be in any letter case.
//
// The left side is a field, or a path of fields joined by dots that starts with
// a reference: accountId.name. The end of a path may be id, the reference itself
// as if it were left out, or value, the title of the record referred to.
//
// The right side is always a literal, in single or double quotes (doubled inside
// to mean one) or as a bare word: firstName=Emma [DOC]. What a literal means
// depends on the field, not on the quotes: '12' and 12 are the same number, and
// false, 'False' and 0 the same boolean [CLIENT]. Only NULL without quotes is
// special. A number or date that the field cannot hold exactly is compared as
// what it is, not as what it would be rounded to.
//
// Nulls are as in SQL, that is neither equal nor unequal to anything, except
// that a NULL in the list of NOT IN is left out, and that a reference that is
// null equals -1, which is what answers show in its place: folderId=-1 finds the
// documents of the root, and folderId<>-1 all others.
//
// Every error is a fault.Query that names the position of the mistake.
func Where(cat *resource.Catalog, res *resource.Resource, text string) (Expr, error) {
	return Names(nil).Where(cat, res, text)
}

// Names are further names of the fields of a resource, in lower case, by which
// clients know them. A path may start with one; a field's own name comes first.
type Names map[string]string

// Where is as the function Where.
func (n Names) Where(cat *resource.Catalog, res *resource.Resource, text string) (Expr, error) {
	p := newParser(cat, res, text, "where", n)
	if p.tok.is == end && p.err == nil {
		return nil, nil
	}
	e := p.or(false, 0)
	if p.tok.is != end {
		p.unexpected("AND, OR or the end is")
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

// or reads a disjunction. With negate it returns the negation of what it reads,
// as do all methods here: in SQL's three-valued logic De Morgan's laws hold, and
// the negation of a comparison is unknown exactly when the comparison is.
func (p *parser) or(negate bool, depth int) Expr {
	e := p.and(negate, depth)
	if !p.is("OR") {
		return e
	}
	list := []Expr{e}
	for p.accept("OR") {
		list = append(list, p.and(negate, depth))
	}
	if negate {
		return all(list)
	}
	return anyOf(list)
}

func (p *parser) and(negate bool, depth int) Expr {
	e := p.not(negate, depth)
	if !p.is("AND") {
		return e
	}
	list := []Expr{e}
	for p.accept("AND") {
		list = append(list, p.not(negate, depth))
	}
	if negate {
		return anyOf(list)
	}
	return all(list)
}

func (p *parser) not(negate bool, depth int) Expr {
	for p.is("NOT") {
		negate = !negate
		depth = p.deeper(depth)
		p.next()
	}
	if p.tok.is != open {
		return p.comparison(negate)
	}
	depth = p.deeper(depth)
	if p.err != nil {
		return Never{}
	}
	p.next()
	e := p.or(negate, depth)
	p.close("AND, OR or ) is")
	return e
}

func (p *parser) deeper(depth int) int {
	if depth == MaxDepth {
		p.fail(p.tok.pos, "", "parentheses and NOT are nested more than %d deep", MaxDepth)
	}
	return depth + 1
}

func (p *parser) close(wanted string) {
	if p.tok.is != closing {
		p.unexpected(wanted)
		return
	}
	p.next()
}

// all joins by AND. What can never be true decides, and nested lists become one.
func all(list []Expr) Expr {
	flat := make(And, 0, len(list))
	for _, e := range list {
		switch e := e.(type) {
		case Never:
			return Never{}
		case And:
			flat = append(flat, e...)
		default:
			flat = append(flat, e)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return flat
}

// anyOf joins by OR. What can never be true is left out.
func anyOf(list []Expr) Expr {
	flat := make(Or, 0, len(list))
	for _, e := range list {
		switch e := e.(type) {
		case Never:
		case Or:
			flat = append(flat, e...)
		default:
			flat = append(flat, e)
		}
	}
	switch len(flat) {
	case 0:
		return Never{}
	case 1:
		return flat[0]
	}
	return flat
}

// comparison reads one comparison.
func (p *parser) comparison(negate bool) Expr {
	pos := p.tok.pos
	f, ok := p.field()
	if !ok {
		return Never{}
	}
	if p.terms++; p.terms > MaxTerms {
		p.fail(pos, "", "where has more than %d comparisons", MaxTerms)
		return Never{}
	}
	opPos := p.tok.pos
	if p.tok.is == operator {
		op := p.tok.op
		p.mayUse(f, op, p.tok.text, opPos)
		p.next()
		return p.compare(f, negated(op, negate), p.literal())
	}
	if p.accept("IS") {
		not := p.accept("NOT")
		if !p.accept("NULL") {
			p.unexpected("NULL is")
		}
		return &Compare{Path: f.path, Op: negated(IsNull, negate != not)}
	}
	if p.accept("NOT") {
		negate = !negate
		if !p.is("LIKE") && !p.is("IN") && !p.is("BETWEEN") {
			p.unexpected("LIKE, IN or BETWEEN is")
		}
	}
	switch {
	case p.accept("LIKE"):
		p.mayUse(f, Like, "LIKE", opPos)
		return p.compare(f, negated(Like, negate), p.literal())
	case p.accept("IN"):
		return p.list(f, negated(In, negate))
	case p.accept("BETWEEN"):
		p.mayUse(f, Ge, "BETWEEN", opPos)
		low := p.literal()
		if !p.accept("AND") {
			p.unexpected("AND is")
		}
		high := p.literal()
		bounds := []Expr{p.compare(f, negated(Ge, negate), low), p.compare(f, negated(Le, negate), high)}
		if negate {
			return anyOf(bounds)
		}
		return all(bounds)
	}
	p.unexpected("an operator such as = is")
	return Never{}
}

// list reads the list of an In or NotIn. Items that no value of the field can be
// equal to are left out, NULL among them.
func (p *parser) list(f operand, op Op) Expr {
	if p.tok.is != open {
		p.unexpected("( is")
		return Never{}
	}
	p.next()
	var args []resource.Value
	var null bool
	for {
		pos := p.tok.pos
		lit := p.literal()
		if p.items++; p.items > MaxItems {
			p.fail(pos, "", "IN has more than %d values", MaxItems)
		}
		switch v, fit := p.value(f, lit); {
		case fit == exact && f.isNone(v):
			null = true
		case fit == exact:
			args = append(args, v)
		}
		if p.tok.is != comma {
			break
		}
		p.next()
	}
	p.close("a comma or ) is")
	e := among(f.path, op, args)
	if null && op == In {
		return anyOf([]Expr{e, &Compare{Path: f.path, Op: IsNull}})
	}
	return e // without nulls, NOT IN has left out -1 already
}

// among compares with any number of values, by In or NotIn.
func among(path Path, op Op, args []resource.Value) Expr {
	switch {
	case len(args) > 1:
		return &Compare{Path: path, Op: op, Args: args}
	case len(args) == 1 && op == In:
		return &Compare{Path: path, Op: Eq, Args: args}
	case len(args) == 1:
		return &Compare{Path: path, Op: Ne, Args: args}
	case op == In:
		return Never{}
	default:
		return &Compare{Path: path, Op: NotNull}
	}
}

// compare makes the comparison with one literal. A literal between two values
// of the field, or beyond them all, gives the comparison with a value that has
// the same answer for every row.
func (p *parser) compare(f operand, op Op, lit literal) Expr {
	v, fit := p.value(f, lit)
	switch fit {
	case exact:
		if op == Like || op == NotLike {
			return likeCompare(f.path, op, v)
		}
		switch none := f.isNone(v); {
		case none && op == Eq:
			return &Compare{Path: f.path, Op: IsNull}
		case none && op == Ne:
			return &Compare{Path: f.path, Op: NotNull}
		}
	case above: // v < literal < v+1
		switch op {
		case Lt:
			op = Le
		case Ge:
			op = Gt
		case Eq:
			return Never{}
		case Ne:
			return &Compare{Path: f.path, Op: NotNull}
		}
	case beyond, before:
		if op == Ne || fit == beyond && (op == Lt || op == Le) || fit == before && (op == Gt || op == Ge) {
			return &Compare{Path: f.path, Op: NotNull}
		}
		return Never{}
	case incomparable:
		return Never{}
	}
	return &Compare{Path: f.path, Op: op, Args: []resource.Value{v}}
}

// likeCompare turns patterns that need no matching into what can use an index.
func likeCompare(path Path, op Op, pattern resource.Value) Expr {
	args := []resource.Value{pattern}
	switch {
	case !strings.ContainsAny(pattern.S, "%_"):
		if op == Like {
			return &Compare{Path: path, Op: Eq, Args: args}
		}
		return &Compare{Path: path, Op: Ne, Args: args}
	case strings.Trim(pattern.S, "%") != "":
		return &Compare{Path: path, Op: op, Args: args}
	case op == Like:
		return &Compare{Path: path, Op: NotNull}
	default:
		return Never{}
	}
}

// negated returns the operator that is true where op is false, if negate is set.
func negated(op Op, negate bool) Op {
	if !negate {
		return op
	}
	return [...]Op{Eq: Ne, Ne: Eq, Lt: Ge, Le: Gt, Gt: Le, Ge: Lt, Like: NotLike, NotLike: Like,
		In: NotIn, NotIn: In, IsNull: NotNull, NotNull: IsNull}[op]
}

// Order reads the text of an order: paths as in Where, each with ASC or DESC or
// neither, separated by commas. Blank text is no order.
//
// Without a direction a term is descending: the vendor says so, and a poller
// that asks for order=dateCreated stops at the first row that is older than its
// last, so that ascending would make it lose rows [DOC] [OFFICIAL] [CLIENT].
//
// A reference is sorted by its id. Of a path that is named twice the first
// counts. Every error is a fault.Query that names the position of the mistake.
func Order(cat *resource.Catalog, res *resource.Resource, text string) ([]Term, error) {
	return Names(nil).Order(cat, res, text)
}

// Order is as the function Order.
func (n Names) Order(cat *resource.Catalog, res *resource.Resource, text string) ([]Term, error) {
	p := newParser(cat, res, text, "order", n)
	if p.tok.is == end && p.err == nil {
		return nil, nil
	}
	var terms []Term
	for {
		pos := p.tok.pos
		f, ok := p.field()
		if !ok {
			break
		}
		if f.kind == resource.RefList {
			p.fail(pos, "", "field %s is a list of references and cannot be sorted by", quote(f.name))
		}
		t := Term{Path: f.path, Desc: !p.accept("ASC")}
		if t.Desc {
			p.accept("DESC")
		}
		if !slices.ContainsFunc(terms, func(o Term) bool { return o.Path.equal(t.Path) }) {
			terms = append(terms, t)
		}
		if len(terms) > MaxOrder {
			p.fail(pos, "", "order has more than %d terms", MaxOrder)
		}
		if p.tok.is != comma {
			break
		}
		p.next()
	}
	if p.tok.is != end {
		p.unexpected("ASC, DESC, a comma or the end is")
	}
	if p.err != nil {
		return nil, p.err
	}
	return terms, nil
}

func (p Path) equal(q Path) bool {
	return p.Field == q.Field && p.Resource == q.Resource && p.Title == q.Title && slices.Equal(p.Via, q.Via)
}
