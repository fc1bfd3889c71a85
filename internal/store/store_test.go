package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/store/storetest"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// openSQLite returns an empty workspace in a file.
func openSQLite(opts store.Options) storetest.Open {
	return func(t testing.TB, reg *resource.Registry) crm.Store {
		t.Helper()
		return newStore(t, sqliteDB(t, filepath.Join(t.TempDir(), "workspace.db")), reg, opts)
	}
}

func sqliteDB(t testing.TB, path string) store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func newStore(t testing.TB, db store.DB, reg *resource.Registry, opts store.Options) *store.Store {
	t.Helper()
	s, err := store.New(context.Background(), db, reg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openPostgres returns an empty workspace in a schema of its own.
func openPostgres(url string, opts store.Options) storetest.Open {
	return func(t testing.TB, reg *resource.Registry) crm.Store {
		t.Helper()
		return newStore(t, postgresDB(t, url), reg, opts)
	}
}

func postgresDB(t testing.TB, url string) store.DB {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	schema := "test_store_" + rand.Text()
	if err := postgres.CreateSchema(ctx, url, schema); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(ctx, url, schema, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), postgres.DropSchema(ctx, url, schema)); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAgree(t *testing.T) {
	opens := map[string]storetest.Open{
		"sqlite":                  openSQLite(store.Options{}),
		"sqlite without trigrams": openSQLite(store.Options{NoTrigrams: true}),
	}
	if url := testenv.PostgresIfAny(t); url != "" {
		opens["postgres"] = openPostgres(url, store.Options{})
		opens["postgres without trigrams"] = openPostgres(url, store.Options{NoTrigrams: true})
	}
	storetest.Agree(t, opens)
}

func TestSQLite(t *testing.T) { storetest.Run(t, openSQLite(store.Options{})) }

func TestPostgres(t *testing.T) { storetest.Run(t, openPostgres(testenv.Postgres(t), store.Options{})) }

func TestWithoutTrigrams(t *testing.T) { storetest.Run(t, openSQLite(store.Options{NoTrigrams: true})) }
