// Package filter is the where and order language. Where and Order read the text
// and check it against a catalog in one pass; the checked tree they return is
// what stores and the in-memory evaluator (Match, Cmp) understand. It contains
// no SQL of any database.
package filter

import "github.com/dossier-crm/dossier/internal/resource"

// Limits on the text of one where or order.
const (
	MaxBytes = 8 << 10 // bytes of text
	MaxTerms = 200     // comparisons in one where
	MaxDepth = 32      // nesting of parentheses and NOT
	MaxItems = 1000    // items in all IN lists together
	MaxOrder = 8       // terms of an order
	MaxVia   = 8       // references followed by one path
)

// Expr is a checked expression in negation normal form: NOT has been pushed into
// the operators, so a row is selected exactly when the expression is true, and
// false and unknown (SQL's NULL) need not be told apart. A nil Expr selects all.
//
// It is one of And, Or, Never, *Compare and *Through.
type Expr interface{ isExpr() }

// And is true when all its members are.
type And []Expr

// Or is true when one of its members is.
type Or []Expr

// Never selects nothing, as a comparison with NULL does.
type Never struct{}

// Compare is one comparison of a field, possibly of a referenced record, with
// literals.
//
// Text operands are already folded with resource.Fold, and the store compares
// them with the folded field. Number operands are scaled as the field. Every
// operator but IsNull is not true when the field is null, or when a reference on
// the way to it is.
//
// Which operators occur depends on the kind of the field: Like, NotLike and Contains
// are for Text and titles; Boolean and RefList have no order, so neither Lt, Le, Gt
// nor Ge. On a RefList the operands are ids, and the question is what the list
// contains: Eq and In are true when it has one of them, Ne and NotIn when it is
// not null and has none of them.
type Compare struct {
	Path Path
	Op   Op
	Args []resource.Value // one; In and NotIn: one or more; IsNull and NotNull: none
}

// Through is true when a field leads to a record that satisfies Expr: a reference,
// or a number that is the id of a record of Resource by some other field's word.
// Text cannot say it; it is what visibility is made of.
type Through struct {
	Field    *resource.Field    // of the record itself
	Resource *resource.Resource // that Field holds an id of
	Expr     Expr               // about the record of Resource; nil = it has to be there
}

func (And) isExpr()      {}
func (Or) isExpr()       {}
func (Never) isExpr()    {}
func (*Compare) isExpr() {}
func (*Through) isExpr() {}

// Path leads from a record to the value that is compared or sorted by.
type Path struct {
	Via      []*resource.Field  // reference fields to follow, outermost first
	Resource *resource.Resource // the resource at the end of Via
	Field    *resource.Field    // the field of Resource; nil when Title is set
	Title    bool               // compare the title of Resource ("accountId.value"), a text

	// Guards, when set, are as many as Via: what the record that each reference
	// leads to has to satisfy. A reference to a record that does not counts as
	// null. A nil guard lets every record pass. See Guard.
	Guards []Expr
}

// Op is a comparison operator.
type Op uint8

const (
	Eq Op = iota
	Ne
	Lt
	Le
	Gt
	Ge
	Like // pattern with % for any text and _ for one character; no escape
	NotLike
	In
	NotIn
	IsNull // true when the field, or a reference on the way to it, is null
	NotNull
	Contains // text that is part of the field's; texts of filters have no word for it
)

// Term is one key of an order. A null sorts as smaller than every value. The
// store appends the id, ascending, so that the order is total.
type Term struct {
	Path Path
	Desc bool
}
