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

// Titles are the titles of all records that the rows of one result refer to. Copies
// are the same ones.
type Titles struct{ tables []tableTitles }

// tableTitles are those of one table's records. nil stands for the title columns of a
// record that is hidden.
type tableTitles struct {
	name string
	rows map[int64][]string
	mu   *sync.RWMutex // of rows to which others add; nil when nobody does
}

// NewTitles returns titles by the name of a resource and the id of a record: the
// columns of its title, nil when it is hidden.
func NewTitles(all map[string]map[int64][]string) (t Titles) {
	for name, rows := range all {
		t.tables = append(t.tables, tableTitles{name: name, rows: rows})
	}
	return t
}

// columns returns the title columns of one record.
func (t Titles) columns(table string, id int64) (columns []string, known bool) {
	for i := range t.tables {
		of := &t.tables[i]
		if of.name != table {
			continue
		}
		if of.mu == nil {
			columns, known = of.rows[id]
			return columns, known
		}
		of.mu.RLock() // not undone by defer, which takes memory within a loop
		columns, known = of.rows[id]
		of.mu.RUnlock()
		return columns, known
	}
	return nil, false
}

// Of returns what a reference to this record shows, in the given language (an
// index into resource.Languages; -1 = English), and "" when it has no title. Of a
// record that is hidden it returns false.
func (t Titles) Of(table *resource.Resource, id int64, language int) (title string, seen bool) {
	columns, ok := t.columns(table.Name, id)
	switch {
	case !ok:
		return "", true
	case columns == nil:
		return "", false
	}
	return table.TitleOf(columns, language), true
}

// Link is a reference as a row shows it: to a record with its title.
type Link struct {
	Table *resource.Resource
	ID    int64
}

// appendLinked appends the ids of the records that the i-th field of a record refers
// to. The resource has so many declared fields.
func appendLinked(ids []int64, rec *resource.Record, f *resource.Field, i, declared int) ([]int64, error) {
	if p := rec.Packed; p != nil && i >= declared {
		if f.Kind == resource.RefList {
			ids, _ = p.AppendIDs(ids, i-declared)
		} else if id, ok := p.Int(i - declared); ok {
			ids = append(ids, id)
		}
		return ids, nil
	}
	switch v := &rec.Values[i]; {
	case v.IsNull():
		return ids, nil
	case f.Kind == resource.Ref:
		return append(ids, v.I), nil
	default:
		return v.AppendIDs(ids)
	}
}

// links returns the ids of the records that rows show with their titles, by table.
// Most of those that are there several times are left out but once.
func links(res *resource.Resource, rows []*resource.Record) (map[string][]int64, error) {
	linked := map[string][]int64{}
	var ids []int64
	declared := len(res.Fields) - len(res.ExtraFields())
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Kind != resource.Ref && f.Kind != resource.RefList {
			continue
		}
		ids = ids[:0]
		var recent [64]int64 // ids that are in ids, by their last bits; 0 is no record
		for _, rec := range rows {
			if rec == nil {
				continue
			}
			from := len(ids)
			var err error
			if ids, err = appendLinked(ids, rec, f, i, declared); err != nil {
				return nil, err
			}
			n := from
			for _, id := range ids[from:] {
				if slot := &recent[uint64(id)%uint64(len(recent))]; *slot != id || id == 0 {
					*slot, ids[n] = id, id
					n++
				}
			}
			ids = ids[:n]
		}
		if len(ids) > 0 {
			linked[f.Table] = append(linked[f.Table], ids...)
		}
	}
	return linked, nil
}

// known returns the titles of the records that rows of res refer to, if all of them
// are in the cache. It makes no copy of them: a row more often than not refers to
// records of ten tables.
func (t *titles) known(res *resource.Resource, rows []*resource.Record) (all Titles, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var few [8]int64
	declared := len(res.Fields) - len(res.ExtraFields())
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Kind != resource.Ref && f.Kind != resource.RefList {
			continue
		}
		cached, used := t.tables[f.Table], false
		var recent [64]int64 // ids that are there, by their last bits; 0 is no record
		for _, rec := range rows {
			if rec == nil {
				continue
			}
			ids, err := appendLinked(few[:0], rec, f, i, declared)
			if err != nil {
				return Titles{}, false // links will tell
			}
			used = used || len(ids) > 0
			for _, id := range ids {
				slot := &recent[uint64(id)%uint64(len(recent))]
				if *slot == id && id != 0 {
					continue
				}
				if _, there := cached[id]; !there {
					return Titles{}, false
				}
				*slot = id
			}
		}
		if used && all.tables == nil {
			all.tables = make([]tableTitles, 0, len(few)) // enough for most resources
		}
		if used && !slices.ContainsFunc(all.tables, func(of tableTitles) bool { return of.name == f.Table }) {
			all.tables = append(all.tables, tableTitles{f.Table, cached, &t.mu})
		}
	}
	return all, true
}

// resolve loads the titles of the records that rows of res refer to, one query for
// each table of which some are not cached.
func (s *Service) resolve(ctx context.Context, cache *titles, catalog *resource.Catalog, res *resource.Resource, rows []*resource.Record) (Titles, error) {
	if !slices.ContainsFunc(rows, func(rec *resource.Record) bool { return rec != nil }) {
		return Titles{}, nil
	}
	if all, ok := cache.known(res, rows); ok {
		return all, nil
	}
	linked, err := links(res, rows)
	if err != nil {
		return Titles{}, err
	}
	var all Titles
	for table, ids := range linked {
		columns, err := cache.load(ctx, s.store, catalog.Resource(table), ids)
		if err != nil {
			return Titles{}, s.explain(err)
		}
		all.tables = append(all.tables, tableTitles{name: table, rows: columns})
	}
	return all, nil
}

// unveil returns titles as the actor sees them: those of records that rows of res
// refer to, and of the links in known, that are hidden are nil, and veiled says that
// there are any. It asks one question for each table that has hidden records, and
// none for administrators.
func (s *Service) unveil(ctx context.Context, view *View, res *resource.Resource, rows []*resource.Record, known Cache, all Titles) (_ Titles, veiled bool, err error) {
	if view.actor.Level >= Administrator {
		return all, false, nil
	}
	linked, err := links(res, rows)
	if err != nil {
		return Titles{}, false, err
	}
	guarded := map[string][]int64{}
	for name, ids := range linked {
		if view.seen(view.catalog.Resource(name)) != nil {
			guarded[name] = ids
		}
	}
	if known != nil {
		for _, l := range known.Links() {
			if view.seen(l.Table) != nil {
				guarded[l.Table.Name] = append(guarded[l.Table.Name], l.ID)
			}
		}
	}
	if len(guarded) == 0 {
		return all, false, nil
	}
	seen := Titles{tables: slices.Clone(all.tables)}
	for name, ids := range guarded {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		visible, err := s.visible(ctx, view, view.catalog.Resource(name), ids)
		if err != nil {
			return Titles{}, false, s.explain(err)
		}
		if len(visible) == len(ids) {
			continue
		}
		veiled = true
		titles := make(map[int64][]string, len(ids))
		for _, id := range ids {
			if !visible[id] {
				titles[id] = nil
			} else if columns, ok := all.columns(name, id); ok {
				titles[id] = columns
			}
		}
		seen.tables = slices.DeleteFunc(seen.tables, func(of tableTitles) bool { return of.name == name })
		seen.tables = append(seen.tables, tableTitles{name: name, rows: titles})
	}
	return seen, veiled, nil
}

// visible returns which of these records exist and are visible. No row is read.
func (s *Service) visible(ctx context.Context, view *View, res *resource.Resource, ids []int64) (map[int64]bool, error) {
	page := Page{Known: func(Key, int64) bool { return true }, Visible: view.Of(res)}
	if err := s.store.Load(ctx, res, ids, &page); err != nil {
		return nil, err
	}
	visible := make(map[int64]bool, len(page.Keys))
	for _, k := range page.Keys {
		visible[k.ID] = true
	}
	return visible, nil
}
