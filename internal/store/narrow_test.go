package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// Users of the accounts that loadGuarded makes.
var (
	everything = crm.Actor{UserID: 1, Level: 5}
	wide       = crm.Actor{UserID: 1, Level: 4}   // sees all, by level
	some       = crm.Actor{UserID: 3, Level: 2}   // sees one in five, as their creator
	narrow     = crm.Actor{UserID: 700, Level: 2} // sees one in a thousand, as an owner
)

// loadGuarded makes accounts of level 3 with a thousand owners.
func loadGuarded(t testing.TB, s *store.Store, reg *resource.Registry, rows int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	err := s.BulkLoad(t.Context(), func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for name, n := range map[string]int{"branches": 40, "users": 1000, "accountTypes": 40, "accountStatuses": 40, "accountSegments": 40, "rates": 40, "countries": 40} {
			if err := insert(reg.Resource(name), benchRecords(r, reg.Resource(name), n)...); err != nil {
				return err
			}
		}
		accounts := reg.Resource("accounts")
		for i := 0; i < rows; i += 1000 {
			recs := benchRecords(r, accounts, min(1000, rows-i))
			for _, rec := range recs {
				set := func(field string, v resource.Value) { rec.Values[accounts.Field(field).Index] = v }
				for k := range 4 {
					set(fmt.Sprintf("salesRepId%d", 2+k), resource.Value{})
				}
				set("salesRepId1", resource.IntValue(1+r.Int64N(1000)))
				set("salesRepIdCreated", resource.IntValue(1+r.Int64N(5)))
				set("permissionLevel", resource.IntValue(3))
				set("public", resource.BoolValue(false))
			}
			if err := insert(accounts, recs...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// guardedQuery is what crm asks for a user's list of accounts.
func guardedQuery(t testing.TB, cat *resource.Catalog, who crm.Actor, where, order string, offset int) crm.Query {
	t.Helper()
	accounts := cat.Resource("accounts")
	w, err := filter.Where(cat, accounts, where)
	if err != nil {
		t.Fatal(err)
	}
	o, err := filter.Order(cat, accounts, order)
	if err != nil {
		t.Fatal(err)
	}
	return crm.Query{Resource: accounts, Where: w, Visible: crm.NewView(who, cat).Of(accounts), Order: o, Language: -1, Limit: 50, Offset: offset}
}

// Someone who sees little is served by what makes him see it; someone who sees
// nearly everything by a walk; and both see the same as without any of this.
func TestNarrowPlans(t *testing.T) {
	reg, cat := declared(t)
	const rows = 20_000
	test := func(t *testing.T, db store.DB) {
		s := newStore(t, db, reg, store.Options{})
		loadGuarded(t, s, reg, rows)
		for _, c := range []struct {
			where, order string
			offset       int
		}{{"", "", 0}, {"", "dateUpdated", 0}, {"", "name asc", 0}, {"statusId>7", "dateUpdated", 0}, {"", "dateUpdated", 5}, {"deleted=false", "accountTypes", 0}} {
			if c.order == "accountTypes" {
				c.order = "typeId.value"
			}
			name := fmt.Sprintf("where %s order %s offset %d", c.where, c.order, c.offset)
			plan, err := s.Explain(t.Context(), guardedQuery(t, cat, narrow, c.where, c.order, c.offset))
			if err != nil {
				t.Fatal(err)
			}
			// PostgreSQL may prefer another index for a part of it, but no walk.
			if !strings.Contains(plan, "accounts_by_salesRepId1_dateUpdated") || !strings.Contains(plan, "accounts_seen_permissionLevel") || strings.Contains(plan, "accounts_by_dateUpdated") {
				t.Errorf("%s: someone who sees little\n%s", name, plan)
			}
			if plan, err = s.Explain(t.Context(), guardedQuery(t, cat, wide, c.where, c.order, c.offset)); err != nil {
				t.Fatal(err)
			}
			// But for a look at whether there is a record above the level.
			if n := strings.Count(plan, "accounts_seen_"); n > strings.Count(plan, "accounts_seen_permissionLevel") || n > 1 {
				t.Errorf("%s: someone who sees everything\n%s", name, plan)
			}
			var got, all crm.Page
			q := guardedQuery(t, cat, narrow, c.where, c.order, c.offset)
			if err := s.List(t.Context(), q, &got); err != nil {
				t.Fatal(err)
			}
			q.Where, q.Visible = filter.And{filter.Or{q.Visible}, filter.And{q.Where}}, nil
			if q.Where.(filter.And)[1].(filter.And)[0] == nil {
				q.Where = q.Where.(filter.And)[:1]
			}
			if err := s.List(t.Context(), q, &all); err != nil {
				t.Fatal(err)
			}
			if len(got.Keys) == 0 || !slices.Equal(got.Keys, all.Keys) {
				t.Errorf("%s: keys %v, want %v", name, got.Keys, all.Keys)
			}
		}

		// Between the two there are several ways; all of them lead to the same rows.
		for _, offset := range []int{0, 100, 500, 2000, 3990, 6000} {
			q := guardedQuery(t, cat, some, "", "name asc", offset)
			plan, err := s.Explain(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if db.Flavor() == store.SQLite && offset == 500 && !strings.Contains(plan, "LIST SUBQUERY") {
				t.Errorf("offset %d: someone who sees one in five\n%s", offset, plan)
			}
			var got, all crm.Page
			if err := s.List(t.Context(), q, &got); err != nil {
				t.Fatal(err)
			}
			q.Where, q.Visible = filter.Or{q.Visible}, nil
			if err := s.List(t.Context(), q, &all); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Keys, all.Keys) || got.More != all.More {
				t.Errorf("offset %d: keys %v, want %v", offset, got.Keys, all.Keys)
			}
		}

		// What was found out about somebody does not show him what comes later.
		accounts := reg.Resource("accounts")
		hidden := benchRecords(rand.New(rand.NewPCG(3, 4)), accounts, 1)[0]
		for field, v := range map[string]resource.Value{
			"permissionLevel": resource.IntValue(5), "public": resource.BoolValue(false), "dateUpdated": resource.IntValue(2_000_000_000_000),
			"salesRepId1": resource.IntValue(9), "salesRepIdCreated": resource.IntValue(9),
			"salesRepId2": {}, "salesRepId3": {}, "salesRepId4": {}, "salesRepId5": {},
		} {
			hidden.Values[accounts.Field(field).Index] = v
		}
		err := s.Write(t.Context(), func(tx crm.Tx) error { return tx.Insert(t.Context(), accounts, hidden) })
		if err != nil {
			t.Fatal(err)
		}
		for who, sees := range map[*crm.Actor]bool{&wide: false, &everything: true} {
			var p crm.Page
			if err := s.List(t.Context(), guardedQuery(t, cat, *who, "", "dateUpdated", 0), &p); err != nil {
				t.Fatal(err)
			}
			if (p.Keys[0].ID == hidden.ID) != sees {
				t.Errorf("level %d: the first of all is %d, the hidden one %d", who.Level, p.Keys[0].ID, hidden.ID)
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		test(t, sqliteDB(t, filepath.Join(t.TempDir(), "narrow.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, postgresDB(t, testenv.Postgres(t)))
	})
}

// BenchmarkVisible compares what a list costs with how much a user sees.
func BenchmarkVisible(b *testing.B) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		b.Fatal(err)
	}
	cat, err := reg.With(1, nil)
	if err != nil {
		b.Fatal(err)
	}
	run := func(b *testing.B, s *store.Store) {
		loadGuarded(b, s, reg, benchRows())
		for _, c := range []struct {
			name, where, order string
			offset             int
		}{
			{"by id", "", "", 0}, {"by date", "", "dateUpdated", 0}, {"by name", "", "name asc", 0},
			{"of a status", "statusId=7", "dateUpdated", 0}, {"second page", "", "dateUpdated", 50},
		} {
			for name, who := range map[string]crm.Actor{"everything": everything, "wide": wide, "narrow": narrow} {
				b.Run(c.name+"/"+name, func(b *testing.B) {
					var p crm.Page
					for b.Loop() {
						q := guardedQuery(b, cat, who, c.where, c.order, c.offset)
						if err := s.List(b.Context(), q, &p); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(len(p.Keys)), "rows")
				})
			}
		}
	}
	b.Run("sqlite", func(b *testing.B) {
		run(b, newStore(b, sqliteDB(b, filepath.Join(b.TempDir(), "narrow.db")), reg, store.Options{}))
	})
	b.Run("postgres", func(b *testing.B) { run(b, newStore(b, postgresDB(b, testenv.Postgres(b)), reg, store.Options{})) })
}
