package auth_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// world is a Service and everything around it, to be changed by hand.
type world struct {
	*auth.Service
	store   *memory
	machine *clock              // the machine's
	clocks  *clock              // every workspace's
	users   map[int64]auth.User // of every workspace; guarded by store.mu
	log     *lockedBuilder
	reads   atomic.Int64          // of users
	fail    atomic.Pointer[error] // what the store and the users answer, if set
	gate    atomic.Pointer[gate]  // when set, reading a user passes it
}

type clock struct{ ns atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ns.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}
func (c *clock) now() time.Time          { return time.Unix(0, c.ns.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.ns.Add(int64(d)) }

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		store:   &memory{secrets: map[string][]byte{}, proofs: map[string]time.Time{}, revoked: map[[3]string]bool{}},
		machine: newClock(),
		clocks:  newClock(),
		log:     new(lockedBuilder),
		users: map[int64]auth.User{
			51: {Active: true, Level: 5, Language: 3},
			52: {Active: true, Level: 1, Language: -1},
			53: {Active: false, Level: 1, Language: -1},
		},
	}
	w.store.fail = &w.fail
	w.Service = w.another(t)
	return w
}

// another returns a second Service on the same store, as in another process.
func (w *world) another(t testing.TB) *auth.Service {
	t.Helper()
	s, err := auth.New(context.Background(), w.config())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) config() auth.Config {
	return auth.Config{
		Store: w.store,
		Users: w,
		Clock: func(_ context.Context, workspace string) (time.Time, error) {
			if workspace != "demo" && workspace != "other" {
				return time.Time{}, fault.New(fault.NotFound, "no workspace %s", workspace)
			}
			return w.clocks.now(), nil
		},
		Now:     w.machine.now,
		Random:  rand.Reader,
		SealKey: make([]byte, 32),
		Logger:  slog.New(slog.NewTextHandler(w.log, nil)),
	}
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// gate holds up who comes to it.
type gate struct{ begun, open chan struct{} }

// User implements auth.Users.
func (w *world) User(_ context.Context, workspace string, id int64) (auth.User, error) {
	w.reads.Add(1)
	if gate := w.gate.Load(); gate != nil {
		gate.begun <- struct{}{}
		<-gate.open
	}
	if err := w.fail.Load(); err != nil {
		return auth.User{}, *err
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	u, ok := w.users[id]
	if !ok {
		return auth.User{}, fault.New(fault.NotFound, "no user %d in %s", id, workspace)
	}
	return u, nil
}

func (w *world) setUser(id int64, u auth.User) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.users[id] = u
}

func (w *world) key(t testing.TB, dialect string, userID int64) auth.NewKey {
	t.Helper()
	k, err := w.CreateKey(context.Background(), dialect, "demo", userID)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (w *world) login(t testing.TB, dialect, username, password string) string {
	t.Helper()
	token, err := w.Login(context.Background(), dialect, username, password, "192.0.2.1:4000")
	if err != nil {
		t.Fatalf("Login(%s, %s): %v", dialect, username, err)
	}
	return token
}

// memory is an auth.Store.
type memory struct {
	mu      sync.Mutex
	keys    []auth.Key
	people  []auth.Person
	secrets map[string][]byte
	proofs  map[string]time.Time
	revoked map[[3]string]bool // by dialect, public id and token
	asked   int                // how often whether a token is revoked
	fail    *atomic.Pointer[error]
}

func (m *memory) begin() (func(), error) {
	if err := m.fail.Load(); err != nil {
		return func() {}, *err
	}
	m.mu.Lock()
	return m.mu.Unlock, nil
}

var errNone = fault.New(fault.NotFound, "none")

func (m *memory) InsertKey(_ context.Context, k auth.Key) error {
	end, err := m.begin()
	defer end()
	m.keys = append(m.keys, k)
	return err
}

func (m *memory) Key(_ context.Context, dialect, publicID string) (auth.Key, error) {
	end, err := m.begin()
	defer end()
	if err != nil {
		return auth.Key{}, err
	}
	for _, k := range m.keys {
		if k.Dialect == dialect && k.PublicID == publicID {
			return k, nil
		}
	}
	return auth.Key{}, errNone
}

func (m *memory) Keys(_ context.Context, workspace string) ([]auth.Key, error) {
	end, err := m.begin()
	defer end()
	var out []auth.Key
	for _, k := range m.keys {
		if k.Workspace == workspace {
			out = append(out, k)
		}
	}
	return out, err
}

func (m *memory) ChangeKey(_ context.Context, dialect, publicID string, change func(*auth.Key) error) error {
	end, err := m.begin()
	defer end()
	if err != nil {
		return err
	}
	for i, k := range m.keys {
		if k.Dialect == dialect && k.PublicID == publicID {
			if err := change(&k); err != nil {
				return err
			}
			m.keys[i] = k
			return nil
		}
	}
	return errNone
}

func (m *memory) DeleteKey(_ context.Context, dialect, publicID string, _ time.Time) error {
	end, err := m.begin()
	defer end()
	if err != nil {
		return err
	}
	n := len(m.keys)
	m.keys = slices.DeleteFunc(m.keys, func(k auth.Key) bool { return k.Dialect == dialect && k.PublicID == publicID })
	if len(m.keys) == n {
		return errNone
	}
	return nil
}

func (m *memory) PutPerson(_ context.Context, p auth.Person) error {
	end, err := m.begin()
	defer end()
	for i, old := range m.people {
		if old.Login == p.Login {
			if old.Workspace != p.Workspace || old.UserID != p.UserID {
				return fault.New(fault.Conflict, "taken")
			}
			m.people[i] = p
			return err
		}
	}
	m.people = append(m.people, p)
	return err
}

func (m *memory) findPerson(match func(auth.Person) bool) (auth.Person, error) {
	end, err := m.begin()
	defer end()
	if err != nil {
		return auth.Person{}, err
	}
	if i := slices.IndexFunc(m.people, match); i >= 0 {
		return m.people[i], nil
	}
	return auth.Person{}, errNone
}

func (m *memory) Person(_ context.Context, login string) (auth.Person, error) {
	return m.findPerson(func(p auth.Person) bool { return p.Login == login })
}

func (m *memory) PersonByID(_ context.Context, id string) (auth.Person, error) {
	return m.findPerson(func(p auth.Person) bool { return p.PublicID == id })
}

func (m *memory) People(_ context.Context, workspace string) ([]auth.Person, error) {
	end, err := m.begin()
	defer end()
	var out []auth.Person
	for _, p := range m.people {
		if p.Workspace == workspace {
			out = append(out, p)
		}
	}
	return out, err
}

func (m *memory) DeletePerson(_ context.Context, login string) error {
	end, err := m.begin()
	defer end()
	if err != nil {
		return err
	}
	n := len(m.people)
	m.people = slices.DeleteFunc(m.people, func(p auth.Person) bool { return p.Login == login })
	if len(m.people) == n {
		return errNone
	}
	return nil
}

func (m *memory) Secret(_ context.Context, name string, candidate []byte) ([]byte, error) {
	end, err := m.begin()
	defer end()
	if err != nil {
		return nil, err
	}
	if _, ok := m.secrets[name]; !ok {
		m.secrets[name] = candidate
	}
	return m.secrets[name], nil
}

func (m *memory) UseProof(_ context.Context, id string, now, until time.Time) error {
	end, err := m.begin()
	defer end()
	if err != nil {
		return err
	}
	maps.DeleteFunc(m.proofs, func(_ string, until time.Time) bool { return until.Before(now) })
	if _, used := m.proofs[id]; used {
		return fault.New(fault.Conflict, "used")
	}
	m.proofs[id] = until
	return nil
}

func (m *memory) RevokeToken(_ context.Context, dialect, publicID, token string, _ time.Time) error {
	end, err := m.begin()
	defer end()
	if err != nil {
		return err
	}
	for i, k := range m.keys {
		if k.Dialect == dialect && k.PublicID == publicID {
			if m.revoked[[3]string{dialect, publicID, token}] {
				return fault.New(fault.Conflict, "revoked")
			}
			m.revoked[[3]string{dialect, publicID, token}] = true
			m.keys[i].Revoked++
			return nil
		}
	}
	return errNone
}

func (m *memory) TokenRevoked(_ context.Context, dialect, publicID, token string) (bool, error) {
	end, err := m.begin()
	defer end()
	m.asked++
	return m.revoked[[3]string{dialect, publicID, token}], err
}
