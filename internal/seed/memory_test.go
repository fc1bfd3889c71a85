package seed

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// memory is a Target that keeps everything, and checks what a database would.
type memory struct {
	t      testing.TB
	tables map[string][]*resource.Record
	ids    map[string]map[int64]bool
	order  []string // resources in the order of their first insert
}

func newMemory(t testing.TB) *memory {
	return &memory{t: t, tables: map[string][]*resource.Record{}, ids: map[string]map[int64]bool{}}
}

func (m *memory) BulkLoad(_ context.Context, fn func(func(*resource.Resource, ...*resource.Record) error) error) error {
	return fn(func(res *resource.Resource, recs ...*resource.Record) error {
		ids := m.ids[res.Name]
		if ids == nil {
			ids = map[int64]bool{}
			m.ids[res.Name] = ids
			m.order = append(m.order, res.Name)
		}
		for _, r := range recs {
			if len(r.Values) != len(res.Fields) {
				return fmt.Errorf("%s: %d values for %d fields", res.Name, len(r.Values), len(res.Fields))
			}
			if ids[r.ID] {
				return fmt.Errorf("%s: id %d twice", res.Name, r.ID)
			}
			ids[r.ID] = true
			m.tables[res.Name] = append(m.tables[res.Name], &resource.Record{ID: r.ID, Version: 1, Values: slices.Clone(r.Values)})
		}
		return nil
	})
}

// List knows the two orders that are asked for: by id, and by id from the end.
func (m *memory) List(_ context.Context, q crm.Query, p *crm.Page) error {
	rows := slices.Clone(m.tables[q.Resource.Name])
	slices.SortFunc(rows, func(a, b *resource.Record) int { return int(a.ID - b.ID) })
	if len(q.Order) == 1 && q.Order[0].Path.Field.Name == "id" && q.Order[0].Desc {
		slices.Reverse(rows)
	} else if q.Where != nil || len(q.Order) > 0 || q.Offset != 0 {
		return fmt.Errorf("memory: query %+v", q)
	}
	if q.After != nil {
		i := slices.IndexFunc(rows, func(r *resource.Record) bool { return r.ID == q.After.ID })
		rows = rows[i+1:]
	}
	if len(rows) > q.Limit {
		rows, p.More = rows[:q.Limit], true
	}
	for _, r := range rows {
		p.Keys = append(p.Keys, crm.Key{ID: r.ID, Version: r.Version})
		p.Rows = append(p.Rows, r)
		p.Next = &crm.Cursor{ID: r.ID}
	}
	return nil
}

// discard is a Target with the tables of another that throws rows away.
type discard struct{ *memory }

func (d discard) BulkLoad(_ context.Context, fn func(func(*resource.Resource, ...*resource.Record) error) error) error {
	return fn(func(*resource.Resource, ...*resource.Record) error { return nil })
}
