package auth_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// onSystem returns a Service on a system database in a file. Each call opens the
// file anew, as another process would.
func (w *world) onSystem(t testing.TB, path string) *auth.Service {
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
	cfg := w.config()
	if cfg.Store, err = store.OpenSystem(context.Background(), db); err != nil {
		t.Fatal(err)
	}
	s, err := auth.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Two processes on one system database take each other's keys and tokens, and
// notice each other's revocations.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "system.db")
	a, b := w.onSystem(t, path), w.onSystem(t, path)
	k, err := a.CreateKey(t.Context(), "sage", "demo", 51)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	logins := map[string][2]string{"key": {k.PublicID, k.Secret}, "person": {ana, password}}
	tokens := map[string]string{}
	for name, l := range logins {
		if tokens[name], err = b.Login(t.Context(), "sage", l[0], l[1], "h"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := a.Authenticate(t.Context(), tokens[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := b.DeleteKey(t.Context(), "sage", k.PublicID); err != nil {
		t.Fatal(err)
	}
	if err := b.DeletePerson(t.Context(), ana); err != nil {
		t.Fatal(err)
	}
	w.machine.advance(900 * time.Millisecond)
	for name, token := range tokens {
		if _, err := a.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("token of a deleted %s: %v", name, err)
		}
		if _, err := a.Login(t.Context(), "sage", logins[name][0], logins[name][1], "h"); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("login of a deleted %s: %v", name, err)
		}
	}
}

// BenchmarkLoginSQLite is a login with everything but the network.
func BenchmarkLoginSQLite(b *testing.B) {
	w := newWorld(b)
	s := w.onSystem(b, filepath.Join(b.TempDir(), "system.db"))
	k, err := s.CreateKey(b.Context(), "sage", "demo", 51)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Login(b.Context(), "sage", k.PublicID, k.Secret, "192.0.2.1:1"); err != nil {
				b.Error(err)
			}
		}
	})
}
