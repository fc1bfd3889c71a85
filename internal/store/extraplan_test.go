package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// TestExtraFieldPlans checks that filters on an extra field that is searchable take
// its index, also after it was not for a while, and with a second promise of it.
func TestExtraFieldPlans(t *testing.T) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	catalog := func(searchable bool) *resource.Catalog {
		cat, err := reg.With(1, map[string][]resource.Field{"accounts": {
			{Name: "Z_text", Kind: resource.Text, MaxLength: 100, Key: searchable},
			{Name: "Z_int", Kind: resource.Integer, Key: searchable},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return cat
	}
	check := func(t *testing.T, s *store.Store) {
		load(t, s, reg, 5_000)
		for _, searchable := range []bool{true, false, true} {
			accounts := catalog(searchable).Resource("accounts")
			for _, name := range []string{"Z_text", "Z_int"} {
				if f := accounts.Field(name); f.Key {
					if err := s.Write(t.Context(), func(tx crm.Tx) error { return tx.Index(t.Context(), accounts, f) }); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !searchable {
				continue
			}
			for where, index := range map[string]string{"Z_text='Rare'": "accounts_Z_text_text", "Z_int=7": "accounts_Z_int_number"} {
				expr, err := filter.Where(catalog(searchable), accounts, where)
				if err != nil {
					t.Fatal(err)
				}
				plan, err := s.Explain(t.Context(), crm.Query{Resource: accounts, Where: expr, Limit: 50, Language: -1})
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(plan, index) {
					t.Errorf("where %s: %s is not used:\n%s", where, index, plan)
				}
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		check(t, newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "extra.db")), reg, store.Options{}))
	})
	t.Run("postgres", func(t *testing.T) {
		check(t, newStore(t, postgresDB(t, testenv.Postgres(t)), reg, store.Options{}))
	})
}
