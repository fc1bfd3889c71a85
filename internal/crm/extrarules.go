package crm

import (
	"context"
	"maps"
	"slices"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

func equalFields(a, b map[string][]resource.Field) bool {
	return maps.EqualFunc(a, b, slices.Equal[[]resource.Field])
}

// differences are the fields of after that differ from those of before.
func differences(res *resource.Resource, before, after *resource.Record) (set []Assignment) {
	for i := range res.Fields {
		if after.Values[i] != before.Values[i] {
			set = append(set, Assignment{&res.Fields[i], after.Values[i]})
		}
	}
	return set
}

// obeyFields holds the record that a change makes, rec, to the rules of its extra fields;
// old is the record as it was, nil when it is new. What was against a rule before
// and is not changed may stay: rules are declared after the records were made. The
// vendor's own server is not known to enforce them; that ours does is our reading.
func (s *Service) obeyFields(ctx context.Context, find Finder, view *View, res *resource.Resource, old, rec *resource.Record, c *change) error {
	for i := len(res.Fields) - 1; i > 0 && res.Fields[i].Extra; i-- {
		f := &res.Fields[i]
		if f.Rules == (resource.Rules{}) || f.Internal {
			continue
		}
		was := resource.Value{}
		if old != nil {
			was = old.Values[i]
		}
		now := &rec.Values[i]
		shown := shows(&f.Rules, res, rec)
		switch {
		case !shown && old == nil && !c.sets(f):
			*now = resource.Value{} // no default for what is not there
		case !shown && *now != was && !isNone(*now):
			return fault.InField(f.Name, "%s can be set only while %s is one of %s", f.Name, f.Rules.ShownBy, f.Rules.ShownFor)
		case shown && f.Rules.Required && isNone(*now) && (old == nil || !isNone(was) || !shows(&f.Rules, res, old)):
			return fault.InField(f.Name, "%s is required", f.Name)
		}
		if err := s.obeyParent(ctx, find, view, res, f, old, rec); err != nil {
			return err
		}
	}
	return nil
}

// sets reports whether the client sent the field.
func (c *change) sets(f *resource.Field) bool {
	return slices.ContainsFunc(c.set, func(a Assignment) bool { return a.Field == f })
}

// isNone reports whether a value is null, or a list of nothing.
func isNone(v resource.Value) bool { return v.IsNull() || v == resource.ListValue(nil) }

// obeyParent holds the values of a dependent list to their parent.
func (s *Service) obeyParent(ctx context.Context, find Finder, view *View, res *resource.Resource, f *resource.Field, old, rec *resource.Record) error {
	parent := res.Field(f.Rules.Parent)
	if parent == nil || isNone(rec.Values[f.Index]) {
		return nil
	}
	if old != nil && old.Values[f.Index] == rec.Values[f.Index] && old.Values[parent.Index] == rec.Values[parent.Index] {
		return nil
	}
	ids, err := Assignment{f, rec.Values[f.Index]}.ids()
	if err != nil {
		return err
	}
	table := view.catalog.Resource(f.Table)
	parents, err := idsOf(parent, rec)
	if err != nil {
		return err
	}
	var refs []Reference
	for _, id := range ids {
		refs = append(refs, Reference{f.Name, table, id})
	}
	// Clients write "none" as 0 and as -1 as well.
	fits := filter.Or{
		compare(table, parentField, filter.IsNull),
		compare(table, parentField, filter.In, idValues(append([]int64{0, -1}, parents...))...),
	}
	missing, err := find.Missing(ctx, refs, func(*resource.Resource) filter.Expr { return fits })
	if err != nil || len(missing) == 0 {
		return err
	}
	return fault.InField(f.Name, "%s: value %d of %s does not go with %s as it is; send one whose %s is the %s, or null",
		f.Name, missing[0].ID, table.Name, parent.Name, parentField, parent.Name)
}

// idsOf returns the ids, or the one number, that a record has in a field.
func idsOf(f *resource.Field, rec *resource.Record) ([]int64, error) {
	v := rec.Values[f.Index]
	switch {
	case v.IsNull():
		return nil, nil
	case f.Kind == resource.RefList:
		return v.IDs()
	default:
		return []int64{v.I}, nil
	}
}

// shows reports whether the field whose rules these are is there in a record.
func shows(r *resource.Rules, res *resource.Resource, rec *resource.Record) bool {
	by := res.Field(r.ShownBy)
	if by == nil {
		return true
	}
	have, err := idsOf(by, rec)
	if err != nil {
		return true
	}
	wanted, err := resource.TextValue(r.ShownFor).IDs()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(have, func(id int64) bool { return slices.Contains(wanted, id) })
}
