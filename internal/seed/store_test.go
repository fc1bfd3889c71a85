package seed_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/seed"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// open returns an empty workspace in a SQLite file.
func open(t testing.TB) (*store.Store, *resource.Registry) {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "workspace.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, db)
}

// openPostgres returns an empty workspace in a schema.
func openPostgres(t testing.TB) (*store.Store, *resource.Registry) {
	t.Helper()
	url, schema := testenv.Postgres(t), "test seed "+rand.Text()
	if err := postgres.CreateSchema(context.Background(), url, schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.DropSchema(context.Background(), url, schema); err != nil {
			t.Error(err)
		}
	})
	db, err := postgres.Open(context.Background(), url, schema, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, db)
}

func opened(t testing.TB, db store.DB) (*store.Store, *resource.Registry) {
	t.Helper()
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	g, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.New(context.Background(), db, g, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, g
}

func now() time.Time { return time.Date(2026, 3, 11, 12, 0, 0, 0, time.UTC) }

// papers counts documents.
type papers struct{ docs []seed.Document }

func (p *papers) Put(_ context.Context, docs []seed.Document) error {
	p.docs = append(p.docs, docs...)
	return nil
}

// A real database takes what is made, under the ids it was given, and goes on
// from there.
func TestDemoInDatabase(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s, g := open(t)
		testDemo(t, s, g)
	})
	t.Run("postgres", func(t *testing.T) {
		s, g := openPostgres(t)
		testDemo(t, s, g)
	})
}

// A database that a demonstration of an earlier version is in takes what it lacks,
// with its own rules on what is unique, and takes records as before.
func TestDeskInDatabase(t *testing.T) {
	for name, open := range map[string]func(testing.TB) (*store.Store, *resource.Registry){"sqlite": open, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			s, g := open(t)
			if err := seed.Base(ctx, s, g, now()); err != nil {
				t.Fatal(err)
			}
			cat, err := g.With(0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := seed.Generate(ctx, s, cat, seed.Options{Accounts: 20, Seed: 1, Now: now()}); err != nil {
				t.Fatal(err)
			}
			had := count(t, s, g.Resource("opportunities"))
			for range 2 {
				var p papers
				if err := seed.Desk(ctx, s, cat, &p, now()); err != nil {
					t.Fatal(err)
				}
				for name, want := range map[string]int{"cases": 8, "damageNotifications": 4, "portorders": 11, "opportunities": had + 3} {
					if got := count(t, s, g.Resource(name)); got != want {
						t.Errorf("%d %s, not %d", got, name, want)
					}
				}
			}
		})
	}
}

func testDemo(t *testing.T, s *store.Store, g *resource.Registry) {
	ctx := context.Background()
	if err := seed.Base(ctx, s, g, now()); err != nil {
		t.Fatal(err)
	}
	if err := seed.Base(ctx, s, g, now()); err != nil {
		t.Fatalf("again: %v", err)
	}
	var p papers
	sum, err := seed.Demo(ctx, s, g, &p, now())
	if err != nil {
		t.Fatal(err)
	}
	for name, least := range map[string]int{
		"accounts": 200, "contacts": 600, "opportunities": 300, "activities": 1000, "salesorders": 100,
		"salesordersLines": 250, "products": 100, "productRates": 300, "extrafields": 3,
	} {
		if got := count(t, s, g.Resource(name)); got < least {
			t.Errorf("%d %s", got, name)
		}
	}
	if got := count(t, s, g.Resource("genre")); got != 2 {
		t.Errorf("%d in genre", got)
	}
	var page crm.Page
	if err := s.Load(ctx, g.Resource("users"), []int64{sum.Admin}, &page); err != nil || len(page.Rows) != 1 {
		t.Fatalf("administrator %d: %v", sum.Admin, err)
	}
	users := g.Resource("users")
	if v := page.Rows[0].Values; v[users.Field("level").Index].I != 5 || v[users.Field("isActive").Index].I != 1 || v[users.Field("deleted").Index].I != 0 {
		t.Errorf("administrator: %+v", v)
	}
	accounts := g.Resource("accounts")
	rec := &resource.Record{Values: make([]resource.Value, len(accounts.Fields))}
	if err := s.Write(ctx, func(tx crm.Tx) error { return tx.Insert(ctx, accounts, rec) }); err != nil || rec.ID != sum.First+sum.Accounts {
		t.Errorf("the next account is %d: %v", rec.ID, err)
	}
}

// A database of an earlier version gets the lists that it did not have, and keeps
// those that it had.
func TestBaseOfEarlierVersion(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "workspace.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, g := opened(t, db)
	reopen := func() *store.Store {
		s, err := store.New(t.Context(), db, g, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if err := seed.Base(t.Context(), s, g, now()); err != nil {
		t.Fatal(err)
	}
	points, countries := g.Resource("activityPoints"), g.Resource("countries")
	had := [2]int{count(t, s, points), count(t, s, countries)}
	if s := reopen(); s.Upgraded() {
		t.Error("opening it again changed the schema")
	}
	err = db.Write(t.Context(), func(c store.Conn) error {
		return c.Script(t.Context(), `DROP TABLE "activityPoints"; UPDATE "_meta" SET "fingerprint" = 'earlier'`)
	})
	if err != nil {
		t.Fatal(err)
	}
	s = reopen()
	if !s.Upgraded() || count(t, s, points) != 0 {
		t.Fatalf("%d points after the upgrade", count(t, s, points))
	}
	if err := seed.Base(t.Context(), s, g, now()); err != nil {
		t.Fatal(err)
	}
	if got := [2]int{count(t, s, points), count(t, s, countries)}; got != had || got[0] == 0 {
		t.Errorf("%d points and countries, want %d", got, had)
	}
	if err := seed.Base(t.Context(), loadNothing{s}, g, now()); err != nil {
		t.Error(err)
	}
}

// loadNothing is a store that must not be loaded.
type loadNothing struct{ *store.Store }

func (loadNothing) BulkLoad(context.Context, func(func(*resource.Resource, ...*resource.Record) error) error) error {
	return errors.New("indexes are made anew although nothing is missing")
}

func count(t *testing.T, s *store.Store, res *resource.Resource) (n int) {
	t.Helper()
	q := crm.Query{Resource: res, Limit: 1000, Language: -1}
	for {
		var p crm.Page
		if err := s.List(context.Background(), q, &p); err != nil {
			t.Fatal(err)
		}
		n += len(p.Keys)
		if !p.More {
			return n
		}
		q.After = p.Next
	}
}

func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s, g := open(b)
		b.StartTimer()
		if err := seed.Base(context.Background(), s, g, now()); err != nil {
			b.Fatal(err)
		}
		if _, err := seed.Demo(context.Background(), s, g, &papers{}, now()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGenerateSQLite makes 20,000 accounts and all that belongs to them.
func BenchmarkGenerateSQLite(b *testing.B) {
	var records int64
	for b.Loop() {
		b.StopTimer()
		s, g := open(b)
		if err := seed.Base(context.Background(), s, g, now()); err != nil {
			b.Fatal(err)
		}
		cat, err := g.With(0, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		sum, err := seed.Generate(context.Background(), s, cat, seed.Options{Accounts: 20_000, Seed: 1, Now: now()})
		if err != nil {
			b.Fatal(err)
		}
		records += sum.Records
	}
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}
