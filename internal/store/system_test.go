package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/testenv"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// noon is a time with all the digits that are kept.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

// onEngines runs a test on an empty database of every engine there is. open
// gives the same database each time.
func onEngines(t *testing.T, test func(t *testing.T, db store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "system.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, db)
	})
	t.Run("postgres", func(t *testing.T) {
		url := testenv.Postgres(t)
		schema := "test_system_" + rand.Text()
		if err := postgres.CreateSchema(t.Context(), url, schema); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := postgres.DropSchema(context.Background(), url, schema); err != nil {
				t.Error(err)
			}
		})
		db, err := postgres.Open(t.Context(), url, schema, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, db)
	})
}

// onSystems is onEngines with an open System.
func onSystems(t *testing.T, test func(t *testing.T, s *store.System)) {
	onEngines(t, func(t *testing.T, db store.DB) {
		s, err := store.OpenSystem(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s: %v (%v), want %v", what, err, fault.KindOf(err), kind)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same[T any](t *testing.T, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Any number of processes may open a database, new or not, at once.
func TestOpenSystem(t *testing.T) {
	onEngines(t, func(t *testing.T, db store.DB) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				s, err := store.OpenSystem(t.Context(), db)
				if err != nil {
					t.Error(err)
					return
				}
				if all, err := s.Workspaces(t.Context()); err != nil || len(all) != 0 {
					t.Errorf("Workspaces = %v, %v", all, err)
				}
			})
		}
		wg.Wait()

		ok(t, db.Write(t.Context(), func(c store.Conn) error {
			return c.Script(t.Context(), "UPDATE system_version SET version = 1000")
		}))
		if _, err := store.OpenSystem(t.Context(), db); err == nil {
			t.Error("a database of a later version was opened")
		}
	})
}

func TestOpenSystemFails(t *testing.T) {
	onEngines(t, func(t *testing.T, db store.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.OpenSystem(ctx, db); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want the context's", err)
		}
	})
}

func TestSystemKeys(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		ctx := t.Context()
		key := func(dialect, id, workspace string, minute int) auth.Key {
			return auth.Key{
				Dialect: dialect,
				Hash:    []byte{0, 1, 254, 255},
				Credential: auth.Credential{
					PublicID: id, Workspace: workspace, UserID: 1 << 40,
					Created: noon.Add(time.Duration(minute) * time.Minute),
				},
			}
		}
		a, b, c := key("sage", "a", "demo", 3), key("sage", "B", "demo", 2), key("sage", "c", "demo", 3)
		other, elsewhere := key("wolkvox", "a", "demo", 1), key("sage", "d", "other", 0)
		for _, k := range []auth.Key{c, a, b, other, elsewhere} {
			ok(t, s.InsertKey(ctx, k))
		}
		wantKind(t, "second key of one id", s.InsertKey(ctx, key("sage", "a", "other", 9)), fault.Conflict)

		got, err := s.Key(ctx, "sage", "a")
		ok(t, err)
		same(t, a, got)
		for _, id := range []string{"A", "b", "", "a ", "%", "' OR '1'='1"} {
			_, err := s.Key(ctx, "sage", id)
			wantKind(t, "key "+id, err, fault.NotFound)
		}
		_, err = s.Key(ctx, "wolkvox", "B")
		wantKind(t, "key of another dialect", err, fault.NotFound)

		keys, err := s.Keys(ctx, "demo")
		ok(t, err)
		same(t, []auth.Key{other, b, a, c}, keys)

		ok(t, s.DeleteKey(ctx, "sage", "a", noon))
		wantKind(t, "delete twice", s.DeleteKey(ctx, "sage", "a", noon), fault.NotFound)
		wantKind(t, "delete none", s.DeleteKey(ctx, "sage", "x", noon), fault.NotFound)
		_, err = s.Key(ctx, "sage", "a")
		wantKind(t, "deleted key", err, fault.NotFound)
		wantKind(t, "id of a deleted key", s.InsertKey(ctx, a), fault.Conflict)
		got, err = s.Key(ctx, "wolkvox", "a")
		ok(t, err)
		same(t, other, got)
		keys, err = s.Keys(ctx, "demo")
		ok(t, err)
		same(t, []auth.Key{other, b, c}, keys)
		keys, err = s.Keys(ctx, "none")
		ok(t, err)
		same(t, nil, keys)
	})
}

// Of all who revoke a token one does, and the key counts it once. With the key its
// tokens go.
func TestSystemRevocations(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		ctx := t.Context()
		for _, id := range []string{"a", "b"} {
			ok(t, s.InsertKey(ctx, auth.Key{
				Dialect: "riskforce", Hash: []byte{1}, Credential: auth.Credential{PublicID: id, Workspace: "demo", UserID: 1, Created: noon},
			}))
		}
		var wg sync.WaitGroup
		var revoked, conflicts atomic.Int64
		for i := range 12 {
			wg.Go(func() {
				switch err := s.RevokeToken(ctx, "riskforce", "a", fmt.Sprint("t", i%3), noon); {
				case err == nil:
					revoked.Add(1)
				case fault.KindOf(err) == fault.Conflict:
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		same(t, [2]int64{3, 9}, [2]int64{revoked.Load(), conflicts.Load()})
		counted := func(id string, want int64) {
			t.Helper()
			k, err := s.Key(ctx, "riskforce", id)
			ok(t, err)
			same(t, want, k.Revoked)
		}
		is := func(dialect, id, token string, want bool) {
			t.Helper()
			got, err := s.TokenRevoked(ctx, dialect, id, token)
			ok(t, err)
			if got != want {
				t.Errorf("TokenRevoked(%s, %s, %s) = %v", dialect, id, token, got)
			}
		}
		counted("a", 3)
		counted("b", 0)
		is("riskforce", "a", "t0", true)
		is("riskforce", "a", "T0", false)
		is("riskforce", "a", "t3", false)
		is("riskforce", "b", "t0", false)
		is("sage", "a", "t0", false)
		ok(t, s.ChangeKey(ctx, "riskforce", "a", func(k *auth.Key) error { k.Revoked = 9; return nil }))
		counted("a", 3)
		keys, err := s.Keys(ctx, "demo")
		ok(t, err)
		same(t, []int64{3, 0}, []int64{keys[0].Revoked, keys[1].Revoked})

		ok(t, s.RevokeToken(ctx, "riskforce", "b", "t0", noon))
		ok(t, s.DeleteKey(ctx, "riskforce", "a", noon))
		wantKind(t, "token of a deleted key", s.RevokeToken(ctx, "riskforce", "a", "t4", noon), fault.NotFound)
		wantKind(t, "token of no key", s.RevokeToken(ctx, "riskforce", "c", "t0", noon), fault.NotFound)
		is("riskforce", "a", "t0", false)
		is("riskforce", "b", "t0", true)
	})
}

func TestSystemPeople(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		ctx := t.Context()
		person := func(login, id, workspace string, user int64) auth.Person {
			return auth.Person{Login: login, Hash: "$argon2id$" + id,
				Credential: auth.Credential{PublicID: id, Workspace: workspace, UserID: user, Created: noon}}
		}
		ana, zoë := person("ana@muñoz.es", "p1", "demo", 1), person("Zoë@x", "p2", "demo", 2)
		ok(t, s.PutPerson(ctx, ana))
		ok(t, s.PutPerson(ctx, zoë))
		ok(t, s.PutPerson(ctx, person("b@x", "p3", "other", 1)))

		wantKind(t, "login of another workspace", s.PutPerson(ctx, person(ana.Login, "p4", "other", 1)), fault.Conflict)
		wantKind(t, "login of another user", s.PutPerson(ctx, person(ana.Login, "p4", "demo", 2)), fault.Conflict)
		got, err := s.Person(ctx, ana.Login)
		ok(t, err)
		same(t, ana, got)

		renewed := person(ana.Login, "p5", "demo", 1)
		renewed.Created = noon.Add(time.Hour)
		ok(t, s.PutPerson(ctx, renewed))
		got, err = s.PersonByID(ctx, "p5")
		ok(t, err)
		same(t, renewed, got)
		_, err = s.PersonByID(ctx, "p1")
		wantKind(t, "id of the old password", err, fault.NotFound)
		_, err = s.Person(ctx, "ANA@muñoz.es")
		wantKind(t, "other letter case", err, fault.NotFound)

		people, err := s.People(ctx, "demo")
		ok(t, err)
		same(t, []auth.Person{zoë, renewed}, people)

		ok(t, s.DeletePerson(ctx, ana.Login))
		wantKind(t, "delete twice", s.DeletePerson(ctx, ana.Login), fault.NotFound)
		_, err = s.Person(ctx, ana.Login)
		wantKind(t, "deleted person", err, fault.NotFound)
	})
}

// Whoever asks first, everybody gets the same secret.
func TestSystemSecret(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		var wg sync.WaitGroup
		var got [16][]byte
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = s.Secret(t.Context(), "pepper", []byte{byte(i), 0, 255}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, secret := range got {
			same(t, got[0], secret)
		}
		if len(got[0]) != 3 {
			t.Errorf("secret is %v", got[0])
		}
		other, err := s.Secret(t.Context(), "signing-key", []byte("other"))
		ok(t, err)
		same(t, []byte("other"), other)
	})
}

// A proof counts once, whoever brings it, until it is forgotten.
func TestSystemProofs(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		ctx := t.Context()
		for round := range 3 {
			now := noon.Add(time.Duration(round) * time.Hour)
			var used atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					switch err := s.UseProof(ctx, "a", now, now.Add(time.Minute)); {
					case err == nil:
						used.Add(1)
					case fault.KindOf(err) != fault.Conflict:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if used.Load() != 1 {
				t.Errorf("used %d times", used.Load())
			}
			wantKind(t, "at its end", s.UseProof(ctx, "a", now.Add(time.Minute), now.Add(time.Hour)), fault.Conflict)
			// The next that comes after its end takes it away.
			ok(t, s.UseProof(ctx, fmt.Sprint("b", round), now.Add(time.Minute+time.Millisecond), now.Add(time.Hour)))
		}
	})
}

func TestSystemWorkspaces(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		ctx := t.Context()
		info := func(name, location string) workspace.Info {
			return workspace.Info{Name: name, Location: location, Created: noon}
		}
		publish := func(info workspace.Info, replace bool) string {
			t.Helper()
			ok(t, s.Reserve(ctx, info, noon))
			old, err := s.Publish(ctx, info.Location, replace, noon)
			ok(t, err)
			return old
		}
		list := func() (names []string) {
			t.Helper()
			all, err := s.Workspaces(ctx)
			ok(t, err)
			for _, info := range all {
				names = append(names, info.Name+" at "+info.Location)
			}
			return names
		}

		// Until it is published nobody finds it.
		demo := info("demo", "demo")
		demo.Clock = workspace.Setting{Offset: -90 * time.Minute}
		ok(t, s.Reserve(ctx, demo, noon))
		wantKind(t, "reserve twice", s.Reserve(ctx, demo, noon), fault.Conflict)
		_, err := s.Workspace(ctx, "demo")
		wantKind(t, "reserved workspace", err, fault.NotFound)
		same(t, nil, list())
		_, err = s.Publish(ctx, "demo", true, noon)
		wantKind(t, "replace what is not there", err, fault.NotFound)
		if old, err := s.Publish(ctx, "demo", false, noon); old != "" || err != nil {
			t.Errorf("Publish = %q, %v", old, err)
		}
		got, err := s.Workspace(ctx, "demo")
		ok(t, err)
		same(t, demo, got)
		_, err = s.Publish(ctx, "demo", false, noon)
		wantKind(t, "publish twice", err, fault.NotFound)
		_, err = s.Publish(ctx, "none", false, noon)
		wantKind(t, "publish without reserving", err, fault.NotFound)

		publish(info("b", "b"), false)
		publish(info("a-b", "a-b"), false)
		same(t, []string{"a-b at a-b", "b at b", "demo at demo"}, list())

		// The clock.
		frozen := workspace.Setting{Frozen: noon.Add(time.Hour)}
		ok(t, s.SetClock(ctx, "demo", frozen))
		got, err = s.Workspace(ctx, "demo")
		ok(t, err)
		same(t, frozen, got.Clock)
		ok(t, s.SetClock(ctx, "demo", workspace.Setting{}))
		got, err = s.Workspace(ctx, "demo")
		ok(t, err)
		same(t, workspace.Setting{}, got.Clock)
		wantKind(t, "clock of none", s.SetClock(ctx, "none", frozen), fault.NotFound)

		// A name is taken until it is replaced on purpose.
		ok(t, s.Reserve(ctx, info("demo", "demo_2"), noon))
		_, err = s.Publish(ctx, "demo_2", false, noon)
		wantKind(t, "publish under a taken name", err, fault.Conflict)
		got, err = s.Workspace(ctx, "demo")
		ok(t, err)
		same(t, "demo", got.Location)
		old, err := s.Publish(ctx, "demo_2", true, noon)
		ok(t, err)
		same(t, "demo", old)
		same(t, []string{"a-b at a-b", "b at b", "demo at demo_2"}, list())

		// Retiring takes the credentials along, of that workspace only.
		for _, name := range []string{"demo", "b"} {
			ok(t, s.InsertKey(ctx, auth.Key{Dialect: "sage", Credential: auth.Credential{PublicID: name, Workspace: name, Created: noon}}))
			ok(t, s.PutPerson(ctx, auth.Person{Login: name, Credential: auth.Credential{PublicID: name, Workspace: name, Created: noon}}))
		}
		location, err := s.Retire(ctx, "demo", noon.Add(time.Minute))
		ok(t, err)
		same(t, "demo_2", location)
		_, err = s.Retire(ctx, "demo", noon)
		wantKind(t, "retire twice", err, fault.NotFound)
		wantKind(t, "clock of a retired one", s.SetClock(ctx, "demo", frozen), fault.NotFound)
		same(t, []string{"a-b at a-b", "b at b"}, list())
		for name, kind := range map[string]fault.Kind{"demo": fault.NotFound, "b": fault.Internal} {
			_, keyErr := s.Key(ctx, "sage", name)
			_, personErr := s.Person(ctx, name)
			if kind == fault.NotFound {
				wantKind(t, "key", keyErr, kind)
				wantKind(t, "person", personErr, kind)
			} else {
				ok(t, keyErr)
				ok(t, personErr)
			}
		}

		// What is retired is to be dropped, once.
		retired := func(at time.Time) map[string]bool {
			t.Helper()
			locations, err := s.Retired(ctx, at)
			ok(t, err)
			set := map[string]bool{}
			for _, l := range locations {
				set[l] = true
			}
			return set
		}
		same(t, map[string]bool{}, retired(noon))
		same(t, map[string]bool{"demo": true}, retired(noon.Add(time.Minute)))
		same(t, map[string]bool{"demo": true, "demo_2": true}, retired(noon.Add(time.Hour)))
		ok(t, s.Dropped(ctx, "demo", noon))
		wantKind(t, "drop twice", s.Dropped(ctx, "demo", noon), fault.NotFound)
		wantKind(t, "drop one in use", s.Dropped(ctx, "b", noon), fault.NotFound)
		same(t, map[string]bool{"demo_2": true}, retired(noon.Add(time.Hour)))
		wantKind(t, "reserve a dropped location", s.Reserve(ctx, demo, noon), fault.Conflict)
		_, err = s.Publish(ctx, "demo", false, noon)
		wantKind(t, "publish a dropped location", err, fault.NotFound)
		ok(t, s.Reserve(ctx, info("demo", "demo_3"), noon))
		_, err = s.Publish(ctx, "demo_3", false, noon)
		ok(t, err)
		same(t, []string{"a-b at a-b", "b at b", "demo at demo_3"}, list())
	})
}

// Of many who make the same workspace at once, one succeeds.
func TestSystemPublishRace(t *testing.T) {
	onSystems(t, func(t *testing.T, s *store.System) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 8 {
			location := string(rune('a' + i))
			ok(t, s.Reserve(t.Context(), workspace.Info{Name: "demo", Location: location, Created: noon}, noon))
			wg.Go(func() {
				_, err := s.Publish(t.Context(), location, false, noon)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if fault.KindOf(err) != fault.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d succeeded", won)
		}
	})
}
