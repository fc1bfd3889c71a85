package store_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// Pages far from the start are where counting would find them, whatever ids the rows
// have and however they came.
func TestMilestones(t *testing.T) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	path := filepath.Join(t.TempDir(), "milestones.db")
	s := newStore(t, sqliteDB(t, path), reg, store.Options{})
	res := reg.Resource("accountStatuses")
	var ids []int64 // that there are, in order
	check := func(s *store.Store, when string) {
		t.Helper()
		for _, desc := range []bool{false, true} {
			want := slices.Clone(ids)
			if desc {
				slices.Reverse(want)
			}
			offsets := []int{1, 999, 1000, 1001, len(ids) - 1, len(ids), len(ids) + 1, len(ids) + 2500}
			for range 40 {
				offsets = append(offsets, 1+r.IntN(len(ids)+10))
			}
			for _, offset := range offsets {
				q := crm.Query{Resource: res, Limit: 3, Offset: max(offset, 0), Language: -1}
				q.Order = []filter.Term{{Path: filter.Path{Resource: res, Field: &res.Fields[0]}, Desc: desc}}
				var p crm.Page
				if err := s.List(t.Context(), q, &p); err != nil {
					t.Fatal(err)
				}
				rest := want[min(q.Offset, len(want)):]
				var got []int64
				for _, k := range p.Keys {
					got = append(got, k.ID)
				}
				if !slices.Equal(got, rest[:min(3, len(rest))]) || p.More != (len(rest) > 3) {
					t.Fatalf("%s: offset %d of %d, descending %v: %v, more %v; want %v", when, q.Offset, len(want), desc, got, p.More, rest[:min(3, len(rest))])
				}
			}
		}
	}
	insert := func(n int) {
		recs := benchRecords(r, res, n)
		if err := s.Write(t.Context(), func(tx crm.Tx) error { return tx.Insert(t.Context(), res, recs...) }); err != nil {
			t.Fatal(err)
		}
		for _, rec := range recs {
			ids = append(ids, rec.ID)
		}
	}
	loaded := func(given ...int64) {
		recs := benchRecords(r, res, len(given))
		for i, rec := range recs {
			rec.ID, rec.Values[0] = given[i], resource.IntValue(given[i])
		}
		err := s.BulkLoad(t.Context(), func(insert func(*resource.Resource, ...*resource.Record) error) error {
			return insert(res, recs...)
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, given...)
		slices.Sort(ids)
	}
	check(s, "no rows")
	insert(1)
	check(s, "one row")
	insert(2500)
	check(s, "all new")
	loaded(-7, 0, 5000, 5001, 9000)
	check(s, "with gaps")
	insert(1200)
	check(s, "new ones after gaps")
	var between []int64
	for id := int64(2502); id < 9000; id += 1 + r.Int64N(4) {
		if id != 5000 && id != 5001 {
			between = append(between, id)
		}
	}
	loaded(between...)
	check(s, "gaps filled")
	insert(10)
	check(newStore(t, sqliteDB(t, path), reg, store.Options{}), "opened again")
}
