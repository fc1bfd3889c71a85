package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// TestPlans checks how the engines read the lists that matter most: which index
// they take, and that they sort nothing.
func TestPlans(t *testing.T) {
	reg, cat := declared(t)
	accounts := cat.Resource("accounts")
	equalTo := func(field string, v int64) filter.Expr {
		return &filter.Compare{
			Path: filter.Path{Resource: accounts, Field: accounts.Field(field)}, Op: filter.Eq, Args: []resource.Value{resource.IntValue(v)},
		}
	}
	tests := []struct {
		where, order string
		base         filter.Expr
		offset       int
		after        bool
		sqlite       string // lines of the plan, joined by " + "
		postgres     string // index
		sorts        bool   // PostgreSQL may sort what it found
	}{
		{where: "statusId=7", order: "dateUpdated",
			sqlite: "SEARCH t0 USING INDEX accounts_by_statusId_dateUpdated (statusId=?)", postgres: "accounts_by_statusId_dateUpdated"},
		{where: "statusId=7", order: "dateUpdated", offset: 100, sorts: true, // the page, by its own keys
			sqlite:   "CO-ROUTINE k + SEARCH t0 USING COVERING INDEX accounts_by_statusId_dateUpdated (statusId=?) + SCAN k + SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
			postgres: "accounts_by_statusId_dateUpdated"},
		{where: "statusId=7", order: "dateUpdated", after: true, sorts: true, // the few without a date
			sqlite: "SEARCH t0 USING INDEX accounts_by_statusId_dateUpdated (statusId=? AND dateUpdated=? AND rowid>?)" +
				" + SEARCH t0 USING INDEX accounts_by_statusId_dateUpdated (statusId=? AND dateUpdated<?)" +
				" + SEARCH t0 USING INDEX accounts_by_statusId_dateUpdated (statusId=? AND dateUpdated=?)",
			postgres: "accounts_by_statusId_dateUpdated"},
		{order: "dateUpdated", sqlite: "SCAN t0 USING INDEX accounts_by_dateUpdated", postgres: "accounts_by_dateUpdated"},
		{order: "name asc", sqlite: "SCAN t0 USING INDEX accounts_name", postgres: "accounts_name"},
		{order: "name asc", after: true, sqlite: "SEARCH t0 USING INDEX accounts_name (name_key=? AND rowid>?) + SEARCH t0 USING INDEX accounts_name (name_key>?)", postgres: "accounts_name"},
		{offset: 1000, sqlite: "SEARCH t0 USING COVERING INDEX accounts_ids (id>?)", postgres: "accounts_pkey", sorts: true},
		{order: "dateUpdated", offset: 1000, sqlite: "CO-ROUTINE k + SCAN t0 USING COVERING INDEX accounts_by_dateUpdated + SCAN k + SEARCH v USING INTEGER PRIMARY KEY (rowid=?)", postgres: "accounts_by_dateUpdated", sorts: true},
		{after: true, sqlite: "SEARCH t0 USING COVERING INDEX accounts_ids (id>?)", postgres: "accounts_pkey"},
		{where: "typeId.id=3", sqlite: "SEARCH t0 USING INDEX accounts_by_typeId (typeId=?)", postgres: "accounts_by_typeId"},
		{where: "name='rare'", order: "dateUpdated", sqlite: "SEARCH t0 USING INDEX accounts_name (name_key=?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_name", sorts: true},
		{where: "name LIKE 'rare%'", sqlite: "SEARCH t0 USING INDEX accounts_name (name_key>? AND name_key<?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_name", sorts: true},
		{where: "name LIKE '%rare%'", sqlite: "STREAM SCAN accounts_trigrams VIRTUAL TABLE INDEX 64:M1 + SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?)", postgres: "accounts_name_trigrams", sorts: true},
		{where: "name LIKE '%rare%'", order: "dateUpdated", sqlite: "SCAN json_each VIRTUAL TABLE INDEX 1: + SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_name_trigrams", sorts: true},
		{where: "name LIKE '%nordic%'", order: "dateUpdated", sqlite: "SIFT SCAN t0 USING COVERING INDEX accounts_by_dateUpdated + SCAN json_each VIRTUAL TABLE INDEX 1: + SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_by_dateUpdated"},
		{where: "dateUpdated > '2030-01-01'", sqlite: "SEARCH t0 USING INDEX accounts_by_dateUpdated (dateUpdated>?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_by_dateUpdated", sorts: true},
		{where: "id IN (5,7)", order: "dateUpdated", sqlite: "SCAN json_each VIRTUAL TABLE INDEX 1: + SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_pkey", sorts: true},
		{where: "id > 100", sqlite: "SEARCH t0 USING COVERING INDEX accounts_ids (id>?)", postgres: "accounts_pkey"},
		{where: "city='x'", order: "dateUpdated", sqlite: "WALK SCAN t0 USING INDEX accounts_by_dateUpdated", sorts: true},
		{where: "dateUpdated > '1999-01-01'", sqlite: "WALK SCAN t0"},
		{base: filter.Or{equalTo("phoneTail", 7), equalTo("phone2Tail", 7), equalTo("phone3Tail", 7)}, where: "deleted=false", order: "id asc",
			sqlite: "SCAN json_each VIRTUAL TABLE INDEX 1: + SEARCH t0 USING INTEGER PRIMARY KEY (rowid=?) + USE TEMP B-TREE FOR ORDER BY", postgres: "accounts_by_phone2Tail", sorts: true},
	}
	explain := func(t *testing.T, s *store.Store, i int) string {
		test := tests[i]
		where, err := filter.Where(cat, accounts, test.where)
		if err != nil {
			t.Fatal(err)
		}
		if test.base != nil {
			where = filter.And{test.base, where}
		}
		order, err := filter.Order(cat, accounts, test.order)
		if err != nil {
			t.Fatal(err)
		}
		q := crm.Query{Resource: accounts, Where: where, Order: order, Limit: 50, Offset: test.offset, Language: -1}
		if test.after {
			var p crm.Page
			if err := s.List(t.Context(), q, &p); err != nil {
				t.Fatal(err)
			}
			q.After = p.Next
		}
		plan, err := s.Explain(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	const rows = 5_000
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(t *testing.T, s *store.Store) {
		load(t, s, reg, rows)
		rare := benchRecords(r, reg.Resource("accounts"), 1)
		rare[0].Values[accounts.Field("name").Index] = resource.TextValue("A rare name")
		err := s.Write(t.Context(), func(tx crm.Tx) error { return tx.Insert(t.Context(), reg.Resource("accounts"), rare...) })
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		s := newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "plans.db")), reg, store.Options{})
		fill(t, s)
		for i, test := range tests {
			got := strings.ReplaceAll(strings.TrimSpace(explain(t, s, i)), "\n", " + ")
			if got != test.sqlite {
				t.Errorf("where %s order %s offset %d after %v\ngot  %s\nwant %s", test.where, test.order, test.offset, test.after, got, test.sqlite)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		s := newStore(t, postgresDB(t, testenv.Postgres(t)), reg, store.Options{})
		fill(t, s)
		for i, test := range tests {
			got := explain(t, s, i)
			name := fmt.Sprintf("where %s order %s offset %d after %v", test.where, test.order, test.offset, test.after)
			if test.postgres != "" && !strings.Contains(got, test.postgres) {
				t.Errorf("%s: %s is not used\n%s", name, test.postgres, got)
			}
			if !test.sorts && strings.Contains(got, "Sort") {
				t.Errorf("%s: sorts\n%s", name, got)
			}
		}
	})
}
