package crm

import (
	"context"
	"slices"
	"sync"

	"github.com/dossier-crm/dossier/internal/resource"
)

// maxTitles is how many titles are kept for each table; a table that outgrows it
// starts anew, which costs one query for each page until it is warm again.
const maxTitles = 20_000

// titles caches what references show: the title columns of referenced records.
// One value serves one generation of the workspace; when a read reports a later
// generation, the Service starts an empty one, so nothing is ever taken out.
type titles struct {
	generation int64
	mu         sync.RWMutex
	tables     map[string]map[int64][]string // resource name -> id -> columns
}

func newTitles(generation int64) *titles {
	return &titles{generation: generation, tables: map[string]map[int64][]string{}}
}

// load returns the title columns of the given records of one table, and reads
// those that are not cached. Ids without a record are left out and not
// remembered: the record may be created at any time.
func (t *titles) load(ctx context.Context, store Store, res *resource.Resource, ids []int64) (map[int64][]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	got := make(map[int64][]string, len(ids))
	var missing []int64
	t.mu.RLock()
	rows := t.tables[res.Name]
	for _, id := range ids {
		if columns, ok := rows[id]; ok {
			got[id] = columns
		} else {
			missing = append(missing, id)
		}
	}
	t.mu.RUnlock()
	if len(missing) == 0 {
		return got, nil
	}
	found := make(map[int64][]string, len(missing))
	err := store.Titles(ctx, res, missing, func(id int64, columns []string) {
		found[id] = slices.Clone(columns)
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if rows = t.tables[res.Name]; rows == nil || len(rows)+len(found) > maxTitles {
		rows = make(map[int64][]string, len(found))
		t.tables[res.Name] = rows
	}
	for id, columns := range found {
		rows[id] = columns
		got[id] = columns
	}
	return got, nil
}

// exist reports which of ids are known to exist, as far as the cache can tell.
// Records are marked deleted, never removed, so a cached title proves it.
func (t *titles) exist(table string, id int64) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.tables[table][id]
	return ok
}

// Titles are the titles of all records that the rows of one result refer to.
type Titles map[string]map[int64][]string // resource name -> id -> title columns

// Of returns what a reference to this record shows, in the given language (an
// index into resource.Languages; -1 = English), and "" when it has no title.
func (t Titles) Of(table *resource.Resource, id int64, language int) string {
	columns, ok := t[table.Name][id]
	if !ok {
		return ""
	}
	return table.TitleOf(columns, language)
}

// resolve loads the titles of every reference in rows, one query for each table.
func (s *Service) resolve(ctx context.Context, cache *titles, catalog *resource.Catalog, res *resource.Resource, rows []*resource.Record) (Titles, error) {
	wanted := map[string][]int64{}
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Kind != resource.Ref && f.Kind != resource.RefList {
			continue
		}
		for _, rec := range rows {
			if rec == nil {
				continue
			}
			switch v := rec.Values[i]; {
			case v.IsNull():
			case f.Kind == resource.Ref:
				wanted[f.Table] = append(wanted[f.Table], v.I)
			default:
				ids, err := v.IDs()
				if err != nil {
					return nil, err
				}
				wanted[f.Table] = append(wanted[f.Table], ids...)
			}
		}
	}
	out := make(Titles, len(wanted))
	for table, ids := range wanted {
		columns, err := cache.load(ctx, s.store, catalog.Resource(table), ids)
		if err != nil {
			return nil, err
		}
		out[table] = columns
	}
	return out, nil
}
