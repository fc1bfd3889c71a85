package resource

import (
	"slices"
	"strconv"
	"strings"
)

// English is the index of EN in Languages, the language of last resort.
const English = 3

// TitleOf makes the title of a record from its title columns, as TitleColumns
// and crm.Store's Titles give them: null is "".
//
// Of a resource with LabelFields it is the label in the given language (an index into
// Languages; any other number means English), or else the English one, or else
// the first that is not empty. Of any other resource it is the columns that are
// not empty, joined by one space. "" means that the record has no title: null.
func (r *Resource) TitleOf(columns []string, language int) string {
	if r.LabelFields == nil {
		title := ""
		for _, c := range columns {
			switch {
			case title == "":
				title = c
			case c != "":
				return strings.Join(slices.DeleteFunc(slices.Clone(columns), func(s string) bool { return s == "" }), " ")
			}
		}
		return title
	}
	for _, i := range [...]int{language, English} {
		if i >= 0 && i < len(columns) && columns[i] != "" {
			return columns[i]
		}
	}
	for _, c := range columns {
		if c != "" {
			return c
		}
	}
	return ""
}

// TitleFields returns the fields a title is made of, in the order of the columns
// that TitleOf takes: with LabelFields one for each of Languages.
func (r *Resource) TitleFields() []*Field {
	names := r.Title
	if r.LabelFields != nil {
		names = r.LabelFields
	}
	fields := make([]*Field, len(names))
	for i, name := range names {
		fields[i] = r.Field(name)
	}
	return fields
}

// TitleColumns returns what a record has in its title fields, as text.
func (r *Resource) TitleColumns(rec *Record) []string {
	fields := r.TitleFields()
	columns := make([]string, len(fields))
	for i, f := range fields {
		v := rec.Values[f.Index]
		switch {
		case v.IsNull():
		case v.Type == Str:
			columns[i] = v.S
		case f.Kind == Number:
			columns[i] = string(AppendNumber(nil, v.I, f.Scale))
		case f.Kind == Instant:
			columns[i] = string(AppendInstant(nil, v.I))
		case f.Kind == Boolean:
			columns[i] = strconv.FormatBool(v.I != 0)
		default:
			columns[i] = strconv.FormatInt(v.I, 10)
		}
	}
	return columns
}
