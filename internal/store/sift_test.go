package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// Lists of texts that are frequent, rare or nowhere are the same, in every order,
// from a store with trigrams as from one that compares every row.
func TestFrequentTexts(t *testing.T) {
	const rows = 2000
	reg, cat := declared(t)
	accounts := reg.Resource("accounts")
	fill := func(s *store.Store) *store.Store {
		load(t, s, reg, rows)
		r := rand.New(rand.NewPCG(5, 6))
		for i := range 20 { // some that wait, some with trigrams that they had before
			err := s.Write(t.Context(), func(tx crm.Tx) error {
				name := resource.TextValue(fmt.Sprintf("%s late %d", words[r.IntN(len(words))], r.IntN(9)))
				if i == 10 {
					name = resource.TextValue("systems zqx")
				}
				_, err := tx.Update(t.Context(), accounts, 1+r.Int64N(rows), []crm.Assignment{{Field: accounts.Field("name"), Value: name}})
				if err != nil {
					return err
				}
				return tx.Insert(t.Context(), accounts, benchRecords(r, accounts, 3)...)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return s
	}
	with := fill(newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "with.db")), reg, store.Options{}))
	without := fill(newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "without.db")), reg, store.Options{NoTrigrams: true}))

	wheres := []string{
		"name LIKE '%nordic%'", "name LIKE '%nor_ic%'", "email LIKE '%ing%'", "phone LIKE '%tic%'", "name LIKE '%zz%'", "name LIKE '%late%'",
		"name LIKE '%nordic%' AND deleted=false", "name LIKE '%ing%' OR email LIKE '%ing%'", "name LIKE '%acme%' AND name LIKE '%wind%'",
		"name LIKE '%ing%' AND statusId=3", "name LIKE '%sys%' OR statusId=3", "name LIKE '%sys%' AND city LIKE '%a%'", "name LIKE '%systems 1%' AND NOT public=true",
		"name LIKE '%systems zqx%'", "name LIKE '%zqx%' AND name LIKE '%systems%'",
	}
	orders := []string{"dateUpdated", "dateUpdated asc", "name", "name desc", "id desc", "statusId", "statusId, name", "dateUpdated, id desc", "city", "permissionLevel"}
	users := []crm.Actor{{UserID: 1, Level: crm.Administrator}, {UserID: 2, Level: 3}, {UserID: 2, Level: 1, Restricted: true, Branches: []int64{3}}}
	r := rand.New(rand.NewPCG(7, 8))
	full := 0
	for _, where := range wheres {
		for _, order := range orders {
			q := guardedQuery(t, cat, users[r.IntN(len(users))], where, order, []int{0, 0, 3, 70}[r.IntN(4)])
			q.Limit = []int{1, 7, 50}[r.IntN(3)]
			for page := range 3 {
				var got, want crm.Page
				if err := with.List(t.Context(), q, &got); err != nil {
					t.Fatal(err)
				}
				if err := without.List(t.Context(), q, &want); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.Keys, want.Keys) || got.More != want.More || !sameCursor(got.Next, want.Next) {
					t.Fatalf("where %s order %s offset %d, page %d\ngot  %v %v %v\nwant %v %v %v", where, order, q.Offset, page, got.Keys, got.More, got.Next, want.Keys, want.More, want.Next)
				}
				if q.After = got.Next; !got.More {
					break
				}
				full++
			}
		}
	}
	if full < 150 {
		t.Errorf("%d pages were full: this proves little", full)
	}
}

// Of the trigrams of a text, those are read that leave enough rows out.
func TestTrigramsWorthReading(t *testing.T) {
	reg, cat := declared(t)
	accounts := reg.Resource("accounts")
	s := newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "trigrams.db")), reg, store.Options{})
	err := s.BulkLoad(t.Context(), func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for i := range 3000 {
			name := "north systems"
			switch {
			case i == 1500:
				name = "south systems xyz"
			case i%10 == 0:
				name = "south systems"
			}
			rec := &resource.Record{Values: make([]resource.Value, len(accounts.Fields))}
			rec.Values[accounts.Field("name").Index] = resource.TextValue(name)
			if err := insert(accounts, rec); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ where, candidates string }{
		{"name LIKE '%xyz%'", `"xyz"`},
		{"name LIKE '%s xyz%'", `("s x" AND "xyz")`},
		{"name LIKE '%stems xyz%'", `("ms " AND "xyz")`},       // all have "ste"
		{"name LIKE '%south%' AND name LIKE '%xyz%'", `"xyz"`}, // a tenth, which is much beside one row
		{"name LIKE '%south%'", `("sou" AND "uth")`},           // as many each
		{"name LIKE '%south s%'", `"sou"`},                     // all have "th " and "h s"
		{"name LIKE '%stem%'", `("ste" AND "tem")`},            // in all rows, and there is nothing better
		{"name LIKE '%stems q%'", `"s q"`},                     // which no row has
		{"name LIKE '%s xyz%' OR name LIKE '%south s%'", `(("s x" AND "xyz") OR "sou")`},
		{"(name LIKE '%xyz%' OR name LIKE '%sou%') AND name LIKE '%north%'", `(("xyz" OR "sou") AND "nor" AND "rth")`},
	} {
		where, err := filter.Where(cat, accounts, tt.where)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Candidates(t.Context(), crm.Query{Resource: accounts, Where: where, Limit: 50})
		if err != nil || got != tt.candidates {
			t.Errorf("%s: %s, %v; want %s", tt.where, got, err, tt.candidates)
		}
	}
}
