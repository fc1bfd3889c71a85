package crm

import (
	"context"
	"slices"

	"github.com/dossier-crm/dossier/internal/resource"
)

// ending returns the dates that follow from a new status: the end of a record, of
// which old is null when it is new, sets those that it has not, and going on
// clears them. What the client changes itself stays as it is sent; a date that
// comes back as it was shown is no change.
func (s *Service) ending(ctx context.Context, catalog *resource.Catalog, res *resource.Resource, old *resource.Record, set []Assignment) ([]Assignment, error) {
	e := res.Ending
	if e == nil {
		return nil, nil
	}
	value := func(f *resource.Field) (v resource.Value) {
		if old != nil {
			v = old.Values[f.Index]
		}
		return v
	}
	sent := map[*resource.Field]resource.Value{}
	for _, a := range set {
		if a.Value != value(a.Field) {
			sent[a.Field] = a.Value
		}
	}
	status := res.Field(e.Status)
	id, changed := sent[status]
	if !changed {
		return nil, nil
	}
	closed, won, lost, err := s.endOf(ctx, catalog.Resource(status.Table), e, id)
	if err != nil {
		return nil, err
	}
	var dates []Assignment
	for _, d := range []struct {
		name string
		over bool
	}{{e.ClosedAt, closed}, {e.WonAt, won}, {e.LostAt, lost}} {
		f := res.Field(d.name)
		if f == nil {
			continue
		}
		if _, own := sent[f]; own || d.over != value(f).IsNull() {
			continue // as the client wants it, or as it is already
		}
		a := Assignment{Field: f}
		if d.over {
			a.Value = resource.IntValue(s.Now().UnixMilli())
		}
		dates = append(dates, a)
	}
	return dates, nil
}

// endOf reports what a status means. No status means that nothing has ended.
func (s *Service) endOf(ctx context.Context, statuses *resource.Resource, e *resource.Ending, id resource.Value) (closed, won, lost bool, err error) {
	if id.IsNull() {
		return false, false, false, nil
	}
	var page Page
	if err := s.store.Load(ctx, statuses, []int64{id.I}, &page); err != nil || len(page.Rows) == 0 {
		return false, false, false, err
	}
	is := func(name string) bool {
		f := statuses.Field(name)
		return f != nil && page.Rows[0].Values[f.Index].I != 0
	}
	won, lost = is(e.Won), is(e.Lost)
	closed = is(e.End) || won || lost
	if e.Lost == "" {
		lost = closed && !won
	}
	return closed, won, lost, nil
}

// withDates returns what to write: set, in which dates take the place of what came
// back unchanged.
func withDates(set, dates []Assignment) []Assignment {
	if dates == nil {
		return set
	}
	all := make([]Assignment, 0, len(set)+len(dates))
	for _, a := range set {
		if !slices.ContainsFunc(dates, func(d Assignment) bool { return d.Field == a.Field }) {
			all = append(all, a)
		}
	}
	return append(all, dates...)
}
