package store

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

func appendInt(text []byte, n int) []byte { return strconv.AppendInt(text, int64(n), 10) }

// comparisons are the operators that are the same word in SQL.
var comparisons = [...]string{
	filter.Eq: " = ", filter.Ne: " <> ", filter.Lt: " < ", filter.Le: " <= ", filter.Gt: " > ", filter.Ge: " >= ",
}

// where writes the condition that a record of t, which the statement calls
// alias, satisfies e.
func (b *builder) where(e filter.Expr, t *table, alias string) {
	switch e := e.(type) {
	case nil:
		b.add("TRUE")
	case filter.And:
		b.join(e, " AND ", "TRUE", t, alias)
	case filter.Or:
		b.join(e, " OR ", "FALSE", t, alias)
	case filter.Never:
		b.add("FALSE")
	case *filter.Compare:
		path := direct(e.Path)
		b.through(path, e.Op == filter.IsNull, t, alias, func(t *table, alias string) {
			b.compare(e, path, t, alias)
		})
	case *filter.Through:
		// Asked for each row by the other's id: its rows may be many.
		next, err := b.s.table(e.Resource)
		if err != nil {
			b.fail(err)
			return
		}
		nextAlias := b.alias()
		b.add("EXISTS (SELECT 1 FROM ", next.name, " ", nextAlias, " WHERE ", nextAlias, ".", idColumn, " = ")
		b.column(e.Field, t, alias)
		b.add(" AND ")
		b.where(e.Expr, next, nextAlias)
		b.add(")")
	default:
		b.fail(fmt.Errorf("expression %T is unknown", e))
	}
}

func (b *builder) join(list []filter.Expr, operator, empty string, t *table, alias string) {
	if len(list) == 0 {
		b.add(empty)
		return
	}
	b.add("(")
	for i, e := range list {
		if i > 0 {
			b.add(operator)
		}
		b.where(e, t, alias)
	}
	b.add(")")
}

// direct shortens a path that ends in the id of a referenced record to the
// reference itself, which is the same number: typeId.id is typeId.
func direct(p filter.Path) filter.Path {
	for len(p.Via) > 0 && !p.Title && p.Field.Index == 0 {
		last := len(p.Via) - 1
		p = filter.Path{Via: p.Via[:last], Field: p.Via[last], Guards: p.Guards}
	}
	return p
}

// through writes a condition on the record at the end of path.Via as nested
// semi-joins. A semi-join is not true when the reference is null, which is right
// for every operator but IsNull. A record that its guard keeps back is like null.
func (b *builder) through(path filter.Path, isNull bool, t *table, alias string, end func(t *table, alias string)) {
	if len(path.Via) == 0 {
		end(t, alias)
		return
	}
	ref, guard, rest := hop(path)
	if isNull {
		b.add("(")
		b.column(ref, t, alias)
		b.add(" IS NULL OR ")
	}
	next, nextAlias := b.table(ref), b.alias()
	b.column(ref, t, alias)
	b.add(" IN (SELECT ", nextAlias, ".", idColumn, " FROM ", next.name, " ", nextAlias, " WHERE ")
	switch {
	case guard == nil:
	case isNull:
		b.add("(")
		b.where(guard, next, nextAlias)
		b.add(") IS NOT TRUE OR ")
	default:
		b.where(guard, next, nextAlias)
		b.add(" AND ")
	}
	b.through(rest, isNull, next, nextAlias, end)
	b.add(")")
	if isNull {
		b.add(")")
	}
}

// hop takes the first reference off a path, with its guard or nil.
func hop(p filter.Path) (ref *resource.Field, guard filter.Expr, rest filter.Path) {
	rest = p
	rest.Via = p.Via[1:]
	if p.Guards != nil {
		guard, rest.Guards = p.Guards[0], p.Guards[1:]
	}
	return p.Via[0], guard, rest
}

// column writes a field's value as it is kept.
func (b *builder) column(f *resource.Field, t *table, alias string) {
	if !f.Extra {
		b.add(alias, ".", t.fields[f.Index])
		return
	}
	// A value of another type, from before the field was declared anew, counts
	// as null. The name is spelled out, so that the engines see that an index of the
	// field has the same expression.
	extra := extraColumn
	if alias != "" {
		extra = alias + "." + extraColumn
	}
	text := columnOf(f) == ColumnText
	if b.s.flavor == SQLite {
		typ := "'integer'"
		if text {
			typ = "'text'"
		}
		path := quoteText(`$."` + f.Slot + `"`)
		b.add("CASE json_type(", extra, ", ", path, ") WHEN ", typ, " THEN json_extract(", extra, ", ", path, ") END")
		return
	}
	name := quoteText(f.Slot)
	b.add("CASE jsonb_typeof(", extra, " -> ", name, ") WHEN ")
	if text {
		b.add("'string' THEN (", extra, " ->> ", name, `) COLLATE "C" END`)
	} else {
		b.add("'number' THEN (", extra, " ->> ", name, ")::bigint END")
	}
}

// quoteText writes a text as SQL. What clients compare with is never written so, only
// names that crm has checked.
func quoteText(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// columnOf says how a field's values are compared. Extra fields are kept in
// JSON, as text and numbers.
func columnOf(f *resource.Field) ColumnType {
	c := columns[f.Kind].column
	if f.Extra && c != ColumnText {
		return ColumnInteger
	}
	return c
}

// operand writes a field's value as it is compared and sorted: text folded.
func (b *builder) operand(f *resource.Field, t *table, alias string) {
	switch {
	case f.Kind != resource.Text:
		b.column(f, t, alias)
	case t.key(f) != "":
		b.add(alias, ".", t.key(f))
	default:
		b.add("fold(")
		b.column(f, t, alias)
		b.add(")")
	}
}

// title writes the folded title of a record, as resource.TitleOf makes it; null
// when the record has none.
func (b *builder) title(t *table, alias string) {
	part := func(f *resource.Field) {
		switch {
		case f.Kind != resource.Text && b.s.flavor == SQLite:
			b.add("CAST(")
			b.column(f, t, alias)
			b.add(" AS TEXT)")
		case f.Kind != resource.Text:
			b.column(f, t, alias)
			b.add(`::text COLLATE "C"`)
		default:
			b.add("nullif(")
			b.operand(f, t, alias)
			b.add(", '')")
		}
	}
	fields := t.res.TitleFields()
	switch {
	case t.res.LabelFields != nil:
		b.add("coalesce(")
		for i, f := range labelOrder(fields, b.language) {
			if i > 0 {
				b.add(", ")
			}
			part(f)
		}
		b.add(")")
	case len(fields) == 1:
		part(fields[0])
	default:
		b.add("nullif(concat_ws(' '")
		for _, f := range fields {
			b.add(", ")
			part(f)
		}
		b.add("), '')")
		if b.s.flavor == PostgreSQL {
			b.add(` COLLATE "C"`)
		}
	}
}

// labelOrder puts the labels in the order in which they are tried.
func labelOrder(labels []*resource.Field, language int) []*resource.Field {
	order := make([]*resource.Field, 0, len(labels)+2)
	if language >= 0 && language < len(labels) {
		order = append(order, labels[language])
	}
	return append(append(order, labels[resource.English]), labels...)
}

// compare writes the comparison of a field of t itself.
func (b *builder) compare(c *filter.Compare, path filter.Path, t *table, alias string) {
	if wants := argCount(c.Op, len(c.Args)); wants != len(c.Args) {
		b.fail(fmt.Errorf("operator %d has %d arguments", c.Op, len(c.Args)))
		return
	}
	if path.Title {
		b.compareTitle(c, t, alias)
		return
	}
	f := path.Field
	if f.Kind == resource.RefList && c.Op != filter.IsNull && c.Op != filter.NotNull {
		b.compareList(c, f, t, alias)
		return
	}
	indexed := t.key(f) != "" || f.Extra && f.Key // as it is compared
	if f.Kind == resource.Text && (c.Op == filter.IsNull || c.Op == filter.NotNull) && !indexed {
		b.compareWith(c, ColumnText, func() { b.column(f, t, alias) }, nil)
		return
	}
	var plain func()
	if f.Kind == resource.Text && !indexed {
		plain = func() { b.column(f, t, alias) }
	}
	b.compareWith(c, columnOf(f), func() { b.operand(f, t, alias) }, plain)
	b.addCandidates(c, f, t, alias)
}

func argCount(op filter.Op, have int) int {
	switch op {
	case filter.IsNull, filter.NotNull:
		return 0
	case filter.In, filter.NotIn:
		return max(have, 1)
	default:
		return 1
	}
}

// compareWith writes the comparison of an operand. For text whose operand is a
// call of fold, plain writes the text itself.
func (b *builder) compareWith(c *filter.Compare, column ColumnType, operand, plain func()) {
	switch c.Op {
	case filter.IsNull:
		operand()
		b.add(" IS NULL")
	case filter.NotNull:
		operand()
		b.add(" IS NOT NULL")
	case filter.In, filter.NotIn:
		operand()
		if c.Op == filter.NotIn {
			b.add(" NOT")
		}
		b.add(" IN (")
		b.list(c.Args, column)
		b.add(")")
	case filter.Like, filter.NotLike:
		if column != ColumnText {
			b.fail(fmt.Errorf("LIKE on a column of type %d", column))
			return
		}
		b.like(c, operand, plain)
	case filter.Contains:
		if column != ColumnText {
			b.fail(fmt.Errorf("a part of a column of type %d", column))
			return
		}
		b.contains(c, operand, plain)
	case filter.Eq, filter.Ne, filter.Lt, filter.Le, filter.Gt, filter.Ge:
		operand()
		b.add(comparisons[c.Op])
		if column == ColumnBoolean && !c.Args[0].IsNull() {
			// Spelled out, so that an index of the rows where it is true serves.
			b.add(map[bool]string{true: "TRUE", false: "FALSE"}[c.Args[0].I == 1])
			return
		}
		b.arg(c.Args[0], column)
	}
}

// like writes LIKE and NOT LIKE. Patterns that only fix the beginning become a
// range, which an index can serve.
func (b *builder) like(c *filter.Compare, operand, plain func()) {
	pattern := c.Args[0].S
	if c.Op == filter.Like && plain == nil {
		n := strings.IndexAny(pattern, "%_")
		switch {
		case n < 0:
			operand()
			b.add(" = ")
			b.arg(c.Args[0], ColumnText)
			return
		case pattern == "%":
			operand()
			b.add(" IS NOT NULL")
			return
		case n > 0:
			b.add("(")
			b.prefix(pattern[:n], operand)
			if pattern[n:] == "%" {
				b.add(")")
				return
			}
			b.add(" AND ")
			defer b.add(")")
		}
	}
	not := ""
	if c.Op == filter.NotLike {
		not = "NOT "
	}
	if b.s.flavor == SQLite && plain != nil {
		b.add(not, "dlike(")
		b.arg(c.Args[0], ColumnText)
		b.add(", ")
		plain()
		b.add(")")
		return
	}
	operand()
	b.add(" ", not, "LIKE ")
	if b.s.flavor == PostgreSQL {
		pattern = strings.ReplaceAll(pattern, `\`, `\\`) // its escape character
	}
	b.arg(resource.TextValue(pattern), ColumnText)
}

// contains writes that an operand has a text in it. That is LIKE, which is the faster,
// unless the text has what LIKE takes for wildcards: SQLite's has no escape.
func (b *builder) contains(c *filter.Compare, operand, plain func()) {
	text := c.Args[0].S
	switch {
	case !strings.ContainsAny(text, "%_"):
		b.like(&filter.Compare{Path: c.Path, Op: filter.Like, Args: []resource.Value{resource.TextValue("%" + text + "%")}}, operand, plain)
	case b.s.flavor == SQLite:
		b.add("instr(")
		operand()
		b.add(", ")
		b.arg(c.Args[0], ColumnText)
		b.add(") > 0")
	default:
		operand()
		b.add(" LIKE ")
		b.arg(resource.TextValue("%"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text)+"%"), ColumnText)
	}
}

// prefix writes that an operand begins with a text, as a range of bytes.
func (b *builder) prefix(text string, operand func()) {
	operand()
	b.add(" >= ")
	b.arg(resource.TextValue(text), ColumnText)
	if after, ok := afterPrefix(text); ok {
		b.add(" AND ")
		operand()
		b.add(" < ")
		b.arg(resource.TextValue(after), ColumnText)
	}
}

// afterPrefix returns the smallest text that is greater than every text that
// begins with prefix. There is none when prefix is all U+10FFFF.
func afterPrefix(prefix string) (string, bool) {
	for len(prefix) > 0 {
		r, n := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-n]
		switch {
		case r == 0xD7FF: // the surrogates are no characters
			r = 0xE000
		case r == utf8.MaxRune:
			continue
		default:
			r++
		}
		return prefix + string(r), true
	}
	return "", false
}

// compareTitle compares the title of a record of t. A title that is one text
// field is compared as that field, so that its indexes serve; only an empty text
// is no title.
func (b *builder) compareTitle(c *filter.Compare, t *table, alias string) {
	fields := t.res.TitleFields()
	if t.res.LabelFields != nil || len(fields) != 1 || fields[0].Kind != resource.Text {
		b.compareWith(c, ColumnText, func() { b.title(t, alias) }, nil)
		return
	}
	field := filter.Path{Field: fields[0]}
	empty := []resource.Value{resource.TextValue("")}
	switch c.Op {
	case filter.IsNull:
		b.where(filter.Or{
			&filter.Compare{Path: field, Op: filter.IsNull},
			&filter.Compare{Path: field, Op: filter.Eq, Args: empty},
		}, t, alias)
	case filter.NotNull:
		b.where(&filter.Compare{Path: field, Op: filter.Ne, Args: empty}, t, alias)
	default:
		b.where(filter.And{
			&filter.Compare{Path: field, Op: c.Op, Args: c.Args},
			&filter.Compare{Path: field, Op: filter.Ne, Args: empty},
		}, t, alias)
	}
}

// compareList writes whether a list of ids, kept as "[16,17]", has one of the
// arguments in it.
func (b *builder) compareList(c *filter.Compare, f *resource.Field, t *table, alias string) {
	not, or := "", " OR "
	switch c.Op {
	case filter.Eq, filter.In:
	case filter.Ne, filter.NotIn:
		not, or = "NOT ", " AND "
	default:
		b.fail(fmt.Errorf("operator %d on a list", c.Op))
		return
	}
	b.add("(")
	for i, id := range c.Args {
		if i > 0 {
			b.add(or)
		}
		item := resource.TextValue("," + strconv.FormatInt(id.I, 10) + ",")
		if b.s.flavor == SQLite {
			b.add(not, "instr(replace(replace(")
			b.column(f, t, alias)
			b.add(", '[', ','), ']', ','), ")
		} else {
			b.add(not, "0 < strpos(translate(")
			b.column(f, t, alias)
			b.add(", '[]', ',,'), ")
		}
		b.arg(item, ColumnText)
		b.add(")")
	}
	b.add(")")
}
