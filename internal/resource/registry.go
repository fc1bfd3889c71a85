package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Registry is the immutable set of all declared resources.
type Registry struct {
	list   []*Resource
	byName map[string]*Resource // folded
}

// New checks the declarations and returns them as a registry. An error names the
// resource and field at fault: duplicate names (letter case folded), references
// to unknown tables, title or required or index fields that do not exist.
func New(all ...Resource) (*Registry, error) {
	g := &Registry{byName: make(map[string]*Resource, len(all))}
	for i := range all {
		r := &all[i]
		slices.SortFunc(r.Fields, func(a, b Field) int {
			switch {
			case a.Name == b.Name:
				return 0
			case a.Name == "id":
				return -1
			case b.Name == "id":
				return 1
			default:
				return strings.Compare(a.Name, b.Name)
			}
		})
		if err := r.index(); err != nil {
			return nil, err
		}
		key := strings.ToLower(r.Name)
		if g.byName[key] != nil {
			return nil, fmt.Errorf("resource %s is declared twice", r.Name)
		}
		g.byName[key] = r
		g.list = append(g.list, r)
	}
	for _, r := range g.list {
		if err := g.check(r); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *Registry) check(r *Resource) error {
	if len(r.Fields) == 0 || r.Fields[0].Name != "id" {
		return fmt.Errorf("resource %s: has no id field", r.Name)
	}
	for _, f := range r.Fields {
		refers := f.Kind.IsRef() || f.Kind == RefList
		switch {
		case refers && f.Table == "":
			return fmt.Errorf("resource %s: field %s names no table", r.Name, f.Name)
		case refers && g.byName[strings.ToLower(f.Table)] == nil:
			return fmt.Errorf("resource %s: field %s refers to unknown table %s", r.Name, f.Name, f.Table)
		case !refers && f.Table != "":
			return fmt.Errorf("resource %s: field %s is no reference but names table %s", r.Name, f.Name, f.Table)
		case (f.Key || f.Search || f.MaxLength != 0) && f.Kind != Text:
			return fmt.Errorf("resource %s: field %s: key, search and maxLength are for text", r.Name, f.Name)
		case f.Sparse && f.Kind != RefList:
			return fmt.Errorf("resource %s: field %s: sparse is for lists", r.Name, f.Name)
		case f.Scale != 0 && f.Kind != Number:
			return fmt.Errorf("resource %s: field %s: scale is for numbers", r.Name, f.Name)
		case f.Day && f.Kind != Instant:
			return fmt.Errorf("resource %s: field %s: days are instants", r.Name, f.Name)
		case f.Unique && (f.Kind != Text || f.MaxLength == 0):
			return fmt.Errorf("resource %s: field %s: unique is for texts of limited length", r.Name, f.Name)
		case f.Made != NotMade && (f.Made == MadeNow) != (f.Kind == Instant), f.Made == MadeNumber && !f.Unique:
			return fmt.Errorf("resource %s: field %s: texts and instants are made, and numbers are unique", r.Name, f.Name)
		case f.Fixed && (f.Made == NotMade || f.Kind != Text || f.ReadOnly):
			return fmt.Errorf("resource %s: field %s: what is fixed is a text that is made, or given to a new record", r.Name, f.Name)
		case f.JSON && (f.Kind != Text || f.Key || f.Search || f.Unique):
			return fmt.Errorf("resource %s: field %s: JSON is text, and nothing to search for", r.Name, f.Name)
		case f.Within.Most != 0 && f.Kind != Integer || f.Within.Words != "" && f.Kind != Text:
			return fmt.Errorf("resource %s: field %s: limits are for integers, words for texts", r.Name, f.Name)
		case f.Target && f.Kind != Text:
			return fmt.Errorf("resource %s: field %s: targets are texts", r.Name, f.Name)
		case f.Made == MadeSecret && !f.Secret, f.Secret && (f.Kind != Text || !f.ReadOnly || f.Key || f.Search || f.Unique):
			return fmt.Errorf("resource %s: field %s: secrets are read-only texts that nobody searches for", r.Name, f.Name)
		}
		if f.Beside != "" && (!f.OmitEmpty || r.Field(f.Beside) == nil) {
			return fmt.Errorf("resource %s: field %s is always shown, or beside unknown field %s", r.Name, f.Name, f.Beside)
		}
		if f.TailOf != "" {
			of := r.Field(f.TailOf)
			if of == nil || of.Kind != Text || f.Kind != Integer || !f.Internal {
				return fmt.Errorf("resource %s: field %s is no internal integer, or %s no text", r.Name, f.Name, f.TailOf)
			}
		}
	}
	switch {
	case r.Most < 0 || r.Most > 0 && r.Field("deleted") == nil:
		return fmt.Errorf("resource %s: it is not known which records count", r.Name)
	case r.LabelFields == nil && len(r.Title) == 0:
		return fmt.Errorf("resource %s: no title field", r.Name)
	case r.LabelFields != nil && r.Title != nil:
		return fmt.Errorf("resource %s: title fields and label fields", r.Name)
	case r.LabelFields != nil && len(r.LabelFields) != len(Languages):
		return fmt.Errorf("resource %s: %d label fields for %d languages", r.Name, len(r.LabelFields), len(Languages))
	}
	for _, names := range append([][]string{r.Title, r.LabelFields, r.Required}, indexFields(r)...) {
		for _, n := range names {
			if r.Field(n) == nil {
				return fmt.Errorf("resource %s: title, label, required or index names unknown field %s", r.Name, n)
			}
		}
	}
	for _, n := range r.LabelFields {
		if r.Field(n).Kind != Text {
			return fmt.Errorf("resource %s: label field %s is no text", r.Name, n)
		}
	}
	if f := r.Field(r.PartBy); r.PartBy != "" && (f == nil || !f.Kind.IsRef() || !f.Internal) {
		return fmt.Errorf("resource %s: %s, which tells parts apart, is no internal reference", r.Name, r.PartBy)
	}
	if err := g.checkEnding(r); err != nil {
		return err
	}
	if p := r.Period; p != nil {
		for _, name := range []string{p.From, p.To} {
			if f := r.Field(name); f == nil || f.Kind != Instant {
				return fmt.Errorf("resource %s: its period names %s, which is no instant", r.Name, name)
			}
		}
	}
	for _, n := range r.Nested {
		of := g.Resource(n.Of)
		if of == nil || of.Field(n.By) == nil || !strings.EqualFold(of.Field(n.By).Table, r.Name) || r.Field(n.Member) != nil {
			return fmt.Errorf("resource %s: %s cannot be %s nested in it", r.Name, n.Member, n.Of)
		}
	}
	if err := g.checkSources(r); err != nil {
		return err
	}
	return g.checkAccess(r)
}

// checkSources makes sure that every field of a row comes from somewhere, and that
// nothing is asked of rows that only tables can do.
func (g *Registry) checkSources(r *Resource) error {
	for _, f := range r.Fields {
		if to := g.Resource(f.Table); to != nil && to.Sources != nil {
			return fmt.Errorf("resource %s: field %s refers to %s, whose rows are not kept", r.Name, f.Name, to.Name)
		}
		if r.Sources != nil && (f.Key || f.Search || f.TailOf != "") {
			return fmt.Errorf("resource %s: field %s has an index, but its rows are not kept", r.Name, f.Name)
		}
	}
	if r.Sources != nil && (r.Indexes != nil || r.Ops&^ReadOnlyOps != 0 || len(r.Sources) > MaxSources) {
		return fmt.Errorf("resource %s: its rows are not kept: they have no indexes, are not written and have at most %d sources", r.Name, MaxSources)
	}
	for _, src := range r.Sources {
		of := g.Resource(src.Of)
		if of == nil || of.Sources != nil {
			return fmt.Errorf("resource %s: there is no table %s that rows could come from", r.Name, src.Of)
		}
		for _, f := range r.Fields[1:] {
			if v, ok := src.Is[f.Name]; ok {
				if (v.Type == Str) != (f.Kind == Text) || f.Kind == Boolean || f.Kind == Instant || v.IsNull() {
					return fmt.Errorf("resource %s: field %s cannot always be what %s says", r.Name, f.Name, src.Of)
				}
				continue
			}
			from := of.Field(cmp.Or(src.From[f.Name], f.Name))
			whole := func(k Kind) bool { return k == Integer || k.IsRef() }
			if from == nil || from.Kind != f.Kind && !(whole(from.Kind) && whole(f.Kind)) {
				return fmt.Errorf("resource %s: %s has nothing for field %s", r.Name, src.Of, f.Name)
			}
		}
	}
	return nil
}

// checkEnding makes sure that an Ending names fields that can have its meaning.
func (g *Registry) checkEnding(r *Resource) error {
	e := r.Ending
	if e == nil {
		return nil
	}
	status := r.Field(e.Status)
	if status == nil || !status.Kind.IsRef() {
		return fmt.Errorf("resource %s: ending names %s, which is no reference", r.Name, e.Status)
	}
	statuses := g.Resource(status.Table)
	for _, n := range []string{e.End, e.Won, e.Lost} {
		if f := statuses.Field(n); n != "" && (f == nil || f.Kind != Boolean && f.Kind != Integer) {
			return fmt.Errorf("resource %s: ending names %s, which %s lacks", r.Name, n, statuses.Name)
		}
	}
	for _, n := range []string{e.ClosedAt, e.WonAt, e.LostAt} {
		if f := r.Field(n); n != "" && (f == nil || f.Kind != Instant) {
			return fmt.Errorf("resource %s: ending names %s, which is no instant", r.Name, n)
		}
	}
	return nil
}

// checkAccess makes sure that the fields that guard a record are of the kinds
// that the rule compares.
func (g *Registry) checkAccess(r *Resource) error {
	type guard struct {
		name  string
		kind  Kind
		table string
	}
	guards := []guard{{r.Access.Level, Integer, ""}, {r.Access.Public, Boolean, ""}, {r.Access.Branch, Ref, "branches"}, {r.Access.Lock, Boolean, ""}, {r.Access.Private, Boolean, ""}}
	if f := r.Field(r.Access.Offered); r.Access.Offered != "" && (f == nil || f.Kind != RefList || f.Table != "branches" || !f.Sparse) {
		return fmt.Errorf("resource %s: access names %s, which is no sparse list of branches", r.Name, r.Access.Offered)
	}
	for _, n := range r.Access.Owners {
		guards = append(guards, guard{n, Ref, "users"})
	}
	if (r.Access.Entity == "") != (r.Access.EntityID == "") {
		return fmt.Errorf("resource %s: access names one of entity and entityId without the other", r.Name)
	}
	guards = append(guards, guard{r.Access.Entity, Text, ""}, guard{r.Access.EntityID, Integer, ""})
	for _, n := range r.Access.Within {
		f := r.Field(n)
		if f == nil || !f.Kind.IsRef() {
			return fmt.Errorf("resource %s: access names %s, which is no reference", r.Name, n)
		}
		if g.within(g.Resource(f.Table), r, len(g.list)) {
			return fmt.Errorf("resource %s: is within itself by %s", r.Name, n)
		}
	}
	for _, a := range guards {
		if a.name == "" {
			continue
		}
		f := r.Field(a.name)
		if f == nil || f.Table != a.table || (f.Kind != a.kind && (a.kind != Ref || !f.Kind.IsRef())) {
			return fmt.Errorf("resource %s: access names %s, which is no such field", r.Name, a.name)
		}
	}
	return nil
}

// within reports whether r is outer or within it. A part of itself would have no
// end. depth bounds the search: deeper than that there is a circle.
func (g *Registry) within(r, outer *Resource, depth int) bool {
	if r == outer || depth == 0 {
		return true
	}
	return slices.ContainsFunc(r.Access.Within, func(name string) bool {
		f := r.Field(name)
		return f != nil && f.Table != "" && g.within(g.Resource(f.Table), outer, depth-1)
	})
}

func indexFields(r *Resource) (names [][]string) {
	for _, x := range r.Indexes {
		names = append(names, x.Fields)
	}
	return names
}

// All returns the resources in the order of their declaration.
func (g *Registry) All() []*Resource { return g.list }

// Resource finds a resource by name in any letter case, or returns nil.
func (g *Registry) Resource(name string) *Resource { return g.byName[strings.ToLower(name)] }
