package workspace_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// disk stands for where the data of workspaces are. It complains when they are
// opened twice at once by one process, or dropped while open.
type disk struct {
	t  testing.TB
	mu sync.Mutex

	data     map[string]string // location -> contents
	handles  map[*handle]bool
	opens    int
	openErr  error
	dropErr  error
	closeErr error
	gate     *gate // when set, opening passes it
}

// gate holds up who comes to it.
type gate struct{ begun, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}, 100), make(chan struct{})} }

// handle is an open workspace.
type handle struct {
	*disk
	process  int
	location string
	clock    *workspace.Clock
}

func (d *disk) open(process int) func(context.Context, workspace.Info, *workspace.Clock) (*handle, error) {
	return func(ctx context.Context, info workspace.Info, clock *workspace.Clock) (*handle, error) {
		d.mu.Lock()
		g := d.gate
		d.mu.Unlock()
		if g != nil {
			g.begun <- struct{}{}
			<-g.open
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.opens++
		if d.openErr != nil {
			return nil, d.openErr
		}
		for h := range d.handles {
			if h.process == process && h.location == info.Location {
				d.t.Errorf("%s is opened twice", info.Location)
			}
		}
		if _, ok := d.data[info.Location]; !ok {
			d.data[info.Location] = "new"
		}
		h := &handle{disk: d, process: process, location: info.Location, clock: clock}
		d.handles[h] = true
		return h, ctx.Err()
	}
}

func (h *handle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.handles[h] {
		h.t.Errorf("%s is closed twice", h.location)
	}
	delete(h.handles, h)
	return h.closeErr
}

// write and read use the data, and complain when they are closed.
func (h *handle) write(s string) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.handles[h] {
		h.t.Errorf("%s is written after it was closed", h.location)
	}
	h.data[h.location] = s
}

func (h *handle) read() string {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.handles[h] {
		h.t.Errorf("%s is read after it was closed", h.location)
	}
	return h.data[h.location]
}

func (d *disk) copy(_ context.Context, from *handle, location string) error {
	s := from.read()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.openErr != nil {
		return d.openErr
	}
	d.data[location] = s
	return nil
}

func (d *disk) drop(process int) func(context.Context, string) error {
	return func(_ context.Context, location string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		for h := range d.handles {
			if h.process == process && h.location == location {
				d.t.Errorf("%s is dropped while open", location)
			}
		}
		if d.dropErr != nil {
			return d.dropErr
		}
		delete(d.data, location)
		return nil
	}
}

func (d *disk) locations() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.data))
}

func (d *disk) opened() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := []string{}
	for h := range d.handles {
		names = append(names, h.location)
	}
	slices.Sort(names)
	return names
}

func (d *disk) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

type manager = workspace.Manager[*handle]

// world is one system database and disk, for any number of processes.
type world struct {
	*disk
	*machine
	t         testing.TB
	store     *flaky
	processes int
}

// flaky is a store that can be made to fail.
type flaky struct {
	workspace.Store
	mu  sync.Mutex
	err error
}

func (f *flaky) Workspace(ctx context.Context, name string) (workspace.Info, error) {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return workspace.Info{}, err
	}
	return f.Store.Workspace(ctx, name)
}

func (f *flaky) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "system.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	system, err := store.OpenSystem(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		disk:    &disk{t: t, data: map[string]string{}, handles: map[*handle]bool{}},
		machine: newMachine(),
		t:       t,
		store:   &flaky{Store: system},
	}
}

// process returns a manager like that of another process.
func (w *world) process() *manager {
	w.processes++
	return workspace.New(workspace.Config[*handle]{
		Store:   w.store,
		Open:    w.open(w.processes),
		Copy:    w.copy,
		Drop:    w.drop(w.processes),
		Now:     w.now,
		Random:  rand.Reader,
		Logger:  slog.New(slog.DiscardHandler),
		MaxOpen: 3,
		Idle:    time.Minute,
	})
}

func (w *world) create(m *manager, name string) {
	w.t.Helper()
	if _, err := m.Create(context.Background(), name); err != nil {
		w.t.Fatal(err)
	}
}

// use calls fn with an open workspace.
func (w *world) use(m *manager, name string, fn func(h *handle)) {
	w.t.Helper()
	h, release, err := m.Acquire(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	defer release()
	fn(h)
}

func (w *world) touch(m *manager, name string) { w.use(m, name, func(*handle) {}) }

func (w *world) wantOpen(locations ...string) {
	w.t.Helper()
	if got := w.opened(); !slices.Equal(got, locations) && len(got)+len(locations) > 0 {
		w.t.Errorf("open: %v, want %v", got, locations)
	}
}

func wantKind(t testing.TB, what string, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("%s: %v (%v), want %v", what, err, fault.KindOf(err), kind)
	}
}

func TestCheckName(t *testing.T) {
	tests := map[string]bool{
		"demo": true, "a": true, "0": true, "a-b-": true, "9lives": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "A": false, "a_b": false, "a.b": false, "a/b": false, "../x": false, "ñ": false,
		"a b": false, "a\x00": false, "a'": false, strings.Repeat("a", 64): false,
	}
	for name, good := range tests {
		if err := workspace.CheckName(name); (err == nil) != good || !good && fault.FieldOf(err) != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestCreate(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	long := strings.Repeat("long", 15)
	for _, name := range []string{"demo", "a", long} {
		info, err := m.Create(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Name != name || !info.Created.Equal(noon) || len(info.Location) > 48 || info.Clock != (workspace.Setting{}) {
			t.Errorf("info is %+v", info)
		}
	}
	w.wantOpen() // made, but not used
	_, err := m.Create(t.Context(), "demo")
	wantKind(t, "taken name", err, fault.Conflict)
	_, err = m.Create(t.Context(), "De mo")
	wantKind(t, "bad name", err, fault.Invalid)
	all, err := m.List(t.Context())
	if err != nil || len(all) != 3 || all[0].Name != "a" || all[1].Name != "demo" || all[2].Name != long {
		t.Errorf("List = %v, %v", all, err)
	}
	if n := len(w.locations()); n != 3 {
		t.Errorf("data at %v", w.locations())
	}
}

// What cannot be made leaves nothing behind, not even its name.
func TestCreateFails(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	broken := fault.New(fault.Unavailable, "no disk")
	w.set(func() { w.openErr = broken })
	_, err := m.Create(t.Context(), "demo")
	wantKind(t, "create without disk", err, fault.Unavailable)
	_, _, err = m.Acquire(t.Context(), "demo")
	wantKind(t, "acquire what was not made", err, fault.NotFound)
	w.set(func() { w.openErr = nil })
	w.create(m, "demo")
	w.touch(m, "demo")

	w.set(func() { w.openErr = broken })
	_, err = m.Fork(t.Context(), "demo", "copy")
	wantKind(t, "fork without disk", err, fault.Unavailable)
	_, err = m.Reset(t.Context(), "demo")
	wantKind(t, "reset without disk", err, fault.Unavailable)
	w.set(func() { w.openErr = nil })
	w.use(m, "demo", func(h *handle) { h.write("still here") })
	if n := len(w.locations()); n != 1 {
		t.Errorf("data at %v, want those of demo", w.locations())
	}
}

func TestAcquire(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	opens := w.opens
	w.use(m, "demo", func(a *handle) {
		w.use(m, "demo", func(b *handle) {
			if a != b {
				t.Error("two users have two handles")
			}
		})
	})
	w.touch(m, "demo")
	if n := w.opens - opens; n != 1 {
		t.Errorf("opened %d times", n)
	}
	for _, name := range []string{"none", "", "../demo", "DEMO"} {
		_, _, err := m.Acquire(t.Context(), name)
		wantKind(t, "acquire "+name, err, fault.NotFound)
		_, err = m.Now(t.Context(), name)
		wantKind(t, "now of "+name, err, fault.NotFound)
	}
	// One that is made later is found at once by the one who made it.
	w.create(m, "none")
	w.touch(m, "none")
}

// Any number of first users open once, and one that gives up does not spoil it
// for the others, even when it is the one that opens.
func TestAcquireOnce(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	opens := w.opens
	g := newGate()
	w.set(func() { w.gate = g })

	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, release, err := m.Acquire(ctx, "demo"); err == nil {
			release()
		} else if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	<-g.begun
	cancel()
	for range 16 {
		wg.Go(func() { w.touch(m, "demo") })
	}
	_, _, err := m.Acquire(ctx, "demo")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("waiting with an ended context: %v", err)
	}
	close(g.open)
	wg.Wait()
	if n := w.opens - opens; n != 1 {
		t.Errorf("opened %d times", n)
	}
}

func TestOpenFails(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	w.set(func() { w.openErr = fault.New(fault.Unavailable, "no disk") })
	for range 3 {
		_, _, err := m.Acquire(t.Context(), "demo")
		wantKind(t, "acquire without disk", err, fault.Unavailable)
	}
	w.set(func() { w.openErr = nil })
	w.touch(m, "demo")

	w.store.fail(fault.New(fault.Unavailable, "no system database"))
	w.advance(time.Second)
	_, _, err := m.Acquire(t.Context(), "demo")
	wantKind(t, "acquire without system database", err, fault.Unavailable)
	_, err = m.Now(t.Context(), "demo")
	wantKind(t, "now without system database", err, fault.Unavailable)
	m.Tend(t.Context()) // must not take this for a deletion
	w.wantOpen("demo")
	w.store.fail(nil)
	w.touch(m, "demo")
}

// Closing for want of use, and because too many are open; what is in use stays.
func TestIdle(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	names := []string{"a", "b", "c", "d", "e"}
	for _, name := range names {
		w.create(m, name)
	}
	w.use(m, "a", func(a *handle) {
		for _, name := range names[1:] {
			w.touch(m, name)
			w.advance(time.Second)
		}
		w.wantOpen("a", "d", "e") // three at most, the last used ones
		w.touch(m, "d")
		w.advance(time.Second)
		w.touch(m, "b")
		w.wantOpen("a", "b", "d")

		w.advance(59 * time.Second)
		m.Tend(t.Context())
		w.wantOpen("a", "b")
		w.advance(time.Second)
		m.Tend(t.Context())
		w.wantOpen("a")
		w.advance(time.Hour)
		m.Tend(t.Context())
		w.wantOpen("a")
		a.write("in use all the time")
	})
	m.Tend(t.Context())
	w.wantOpen("a")
	w.advance(time.Minute)
	m.Tend(t.Context())
	w.wantOpen()
	w.use(m, "a", func(a *handle) {
		if s := a.read(); s != "in use all the time" {
			t.Errorf("data are %q", s)
		}
	})
}

// All may be in use at once, whatever the limit.
func TestMoreInUseThanLimit(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	var releases []func()
	for i := range 8 {
		name := fmt.Sprint("w", i)
		w.create(m, name)
		_, release, err := m.Acquire(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	if n := len(w.opened()); n != 8 {
		t.Errorf("%d are open", n)
	}
	for _, release := range releases {
		release()
		release() // does nothing
	}
	w.use(m, "w7", func(h *handle) { h.write("fine") })
}

func TestDelete(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	w.create(m, "other")
	w.touch(m, "demo")
	w.touch(m, "other")
	if err := m.Delete(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	w.wantOpen("other")
	if got := w.locations(); !slices.Equal(got, []string{"other"}) {
		t.Errorf("data at %v", got)
	}
	_, _, err := m.Acquire(t.Context(), "demo")
	wantKind(t, "acquire", err, fault.NotFound)
	wantKind(t, "delete twice", m.Delete(t.Context(), "demo"), fault.NotFound)
	wantKind(t, "delete a bad name", m.Delete(t.Context(), "../demo"), fault.NotFound)

	// The name is free, the location is not.
	w.create(m, "demo")
	w.use(m, "demo", func(h *handle) {
		if s := h.read(); s != "new" || h.location == "demo" || !strings.HasPrefix(h.location, "demo_") {
			t.Errorf("data %q at %s", s, h.location)
		}
	})
}

// Who uses a workspace may finish, and its data go afterwards.
func TestDeleteInUse(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	h, release, err := m.Acquire(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	deleted := make(chan error)
	go func() { deleted <- m.Delete(context.Background(), "demo") }()
	for { // until it cannot be found
		if _, err := w.store.Workspace(t.Context(), "demo"); err != nil {
			break
		}
	}
	h.write("finishing")
	release()
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	w.wantOpen()
	if got := w.locations(); len(got) != 0 {
		t.Errorf("data at %v", got)
	}
}

// What cannot be dropped now is dropped later, also by another process.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	for _, name := range []string{"a", "b"} {
		w.create(m, name)
		w.set(func() { w.dropErr = errors.New("busy") })
		if err := m.Delete(t.Context(), name); err != nil {
			t.Errorf("deleting %s, whose data cannot be dropped: %v", name, err)
		}
		w.set(func() { w.dropErr = nil })
		if got := w.locations(); !slices.Equal(got, []string{name}) {
			t.Fatalf("data at %v", got)
		}
		sweeper := m
		if name == "b" {
			sweeper = w.process()
			sweeper.Sweep(t.Context())
			if got := w.locations(); len(got) != 1 {
				t.Errorf("another process drops what may still be being made")
			}
			w.advance(24 * time.Hour)
		}
		sweeper.Sweep(t.Context())
		if got := w.locations(); len(got) != 0 {
			t.Errorf("%s: data at %v", name, got)
		}
	}
}

func TestReset(t *testing.T) {
	w := newWorld(t)
	m, elsewhere := w.process(), w.process()
	w.create(m, "demo")
	if err := m.SetClock(t.Context(), "demo", workspace.Setting{Offset: time.Hour}); err != nil {
		t.Fatal(err)
	}
	w.use(m, "demo", func(h *handle) { h.write("old") })
	w.touch(elsewhere, "demo")
	info, err := m.Reset(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	isNew := func(who string, m *manager) {
		t.Helper()
		w.use(m, "demo", func(h *handle) {
			if s := h.read(); s != "new" || h.location != info.Location {
				t.Errorf("%s: data %q at %s", who, s, h.location)
			}
		})
	}
	isNew("here", m)
	if got := w.locations(); !slices.Equal(got, []string{info.Location}) {
		t.Errorf("data at %v, want %s", got, info.Location)
	}
	w.advance(900 * time.Millisecond)
	isNew("elsewhere", elsewhere)
	w.wantOpen(info.Location, info.Location)
	if now, err := elsewhere.Now(t.Context(), "demo"); err != nil || !now.Equal(w.now()) {
		t.Errorf("clock: %v, %v", now, err)
	}
	for _, name := range []string{"none", "../x"} {
		_, err = m.Reset(t.Context(), name)
		wantKind(t, "reset "+name, err, fault.NotFound)
	}
}

// A process that only watches lets go of what another deleted or reset.
func TestTendLetsGo(t *testing.T) {
	w := newWorld(t)
	m, elsewhere := w.process(), w.process()
	for _, name := range []string{"a", "b"} {
		w.create(m, name)
		w.touch(elsewhere, name)
	}
	if err := m.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Reset(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	w.advance(900 * time.Millisecond)
	elsewhere.Tend(t.Context())
	w.wantOpen()
	_, _, err := elsewhere.Acquire(t.Context(), "a")
	wantKind(t, "acquire elsewhere", err, fault.NotFound)
	if got := w.locations(); len(got) != 1 {
		t.Errorf("data at %v", got)
	}
}

// A name looked up less than a second ago may have been deleted elsewhere since:
// it must not come to life again.
func TestDeletedElsewhere(t *testing.T) {
	w := newWorld(t)
	m, elsewhere := w.process(), w.process()
	w.create(m, "demo")
	if _, err := elsewhere.Now(t.Context(), "demo"); err != nil { // looked up, not open
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), "demo"); err != nil {
		t.Fatal(err)
	}
	_, _, err := elsewhere.Acquire(t.Context(), "demo")
	wantKind(t, "acquire", err, fault.NotFound)
	if got := w.locations(); len(got) != 0 {
		t.Errorf("data at %v", got)
	}

	w.create(m, "again")
	if _, err := elsewhere.Now(t.Context(), "again"); err != nil {
		t.Fatal(err)
	}
	info, err := m.Reset(t.Context(), "again")
	if err != nil {
		t.Fatal(err)
	}
	w.use(elsewhere, "again", func(h *handle) {
		if h.location != info.Location {
			t.Errorf("opened %s, want %s", h.location, info.Location)
		}
	})
	if got := w.locations(); !slices.Equal(got, []string{info.Location}) {
		t.Errorf("data at %v", got)
	}
}

func TestFork(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	frozen := workspace.Setting{Frozen: noon.Add(-time.Hour)}
	if err := m.SetClock(t.Context(), "demo", frozen); err != nil {
		t.Fatal(err)
	}
	w.use(m, "demo", func(h *handle) { h.write("original") })
	info, err := m.Fork(t.Context(), "demo", "copy")
	if err != nil {
		t.Fatal(err)
	}
	if info.Name != "copy" || info.Location != "copy" || info.Clock != frozen {
		t.Errorf("info is %+v", info)
	}
	w.use(m, "copy", func(h *handle) {
		if s := h.read(); s != "original" {
			t.Errorf("copy is %q", s)
		}
		if now := h.clock.Now(); !now.Equal(frozen.Frozen) {
			t.Errorf("time is %v", now)
		}
		h.write("changed")
	})
	w.use(m, "demo", func(h *handle) {
		if s := h.read(); s != "original" {
			t.Errorf("original is %q", s)
		}
	})
	_, err = m.Fork(t.Context(), "demo", "copy")
	wantKind(t, "taken name", err, fault.Conflict)
	_, err = m.Fork(t.Context(), "demo", "-")
	wantKind(t, "bad name", err, fault.Invalid)
	_, err = m.Fork(t.Context(), "none", "new")
	wantKind(t, "fork of none", err, fault.NotFound)
	if n := len(w.locations()); n != 2 {
		t.Errorf("data at %v", w.locations())
	}
}

func TestSetClock(t *testing.T) {
	w := newWorld(t)
	m, elsewhere := w.process(), w.process()
	w.create(m, "demo")
	check := func(who string, m *manager, h *handle, want time.Time) {
		t.Helper()
		if now, err := m.Now(t.Context(), "demo"); err != nil || !now.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", who, now, err, want)
		}
		if now := h.clock.Now(); !now.Equal(want) {
			t.Errorf("%s, open: %v, want %v", who, now, want)
		}
	}
	w.use(m, "demo", func(here *handle) {
		w.use(elsewhere, "demo", func(there *handle) {
			for _, s := range []workspace.Setting{
				{Offset: 24 * time.Hour}, {Offset: -time.Millisecond}, {Frozen: noon.Add(5 * time.Hour)}, {},
			} {
				if err := m.SetClock(t.Context(), "demo", s); err != nil {
					t.Fatal(err)
				}
				want := func() time.Time {
					if !s.Frozen.IsZero() {
						return s.Frozen
					}
					return w.now().Add(s.Offset)
				}
				check("here", m, here, want())
				w.advance(900 * time.Millisecond)
				elsewhere.Tend(t.Context()) // for who holds it open
				check("elsewhere", elsewhere, there, want())
			}
		})
	})
	for _, s := range []workspace.Setting{
		{Frozen: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Frozen: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)},
		{Offset: -60 * 365 * 24 * time.Hour},
	} {
		wantKind(t, fmt.Sprint(s), m.SetClock(t.Context(), "demo", s), fault.Invalid)
	}
	wantKind(t, "clock of none", m.SetClock(t.Context(), "none", workspace.Setting{}), fault.NotFound)
	wantKind(t, "clock of a bad name", m.SetClock(t.Context(), "No", workspace.Setting{}), fault.NotFound)
}

func TestClose(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "a")
	w.create(m, "b")
	w.touch(m, "b")
	h, release, err := m.Acquire(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close while in use: %v", err)
	}
	w.wantOpen("a")
	_, _, err = m.Acquire(t.Context(), "a")
	wantKind(t, "acquire after Close", err, fault.Unavailable)
	h.write("finishing")
	release()
	w.wantOpen()
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// Run ends with its context, and a failing Close fails nobody.
func TestRun(t *testing.T) {
	w := newWorld(t)
	m := w.process()
	w.create(m, "demo")
	w.set(func() { w.closeErr = errors.New("late error") })
	w.touch(m, "demo")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// Everything at once, by two processes. The disk complains about what must not be.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	processes := []*manager{w.process(), w.process()}
	names := []string{"a", "b", "c", "d", "e"}
	for _, name := range names {
		w.create(processes[0], name)
	}
	var wg sync.WaitGroup
	for p, m := range processes {
		for i := range 6 {
			wg.Go(func() {
				for n := range 300 {
					h, release, err := m.Acquire(t.Context(), names[(i+n)%len(names)])
					if err != nil {
						if k := fault.KindOf(err); k != fault.NotFound && k != fault.Unavailable {
							t.Error(err)
						}
						continue
					}
					h.read()
					h.clock.Now()
					release()
					w.advance(10 * time.Millisecond)
				}
			})
		}
		wg.Go(func() {
			for n := range 40 {
				var err error
				switch name := names[(n+p)%len(names)]; n % 4 {
				case 0:
					_, err = m.Reset(t.Context(), name)
				case 1:
					err = m.Delete(t.Context(), name)
				case 2:
					_, err = m.Create(t.Context(), name)
				case 3:
					_, err = m.Fork(t.Context(), names[n%3], name)
				}
				if k := fault.KindOf(err); err != nil && k != fault.NotFound && k != fault.Conflict && k != fault.Unavailable {
					t.Error(err)
				}
				m.Tend(t.Context())
				w.advance(time.Minute)
			}
		})
	}
	wg.Wait()
	for _, m := range processes {
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	w.wantOpen()
	all, err := w.store.Workspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	live := []string{}
	for _, info := range all {
		live = append(live, info.Location)
	}
	slices.Sort(live)
	if got := w.locations(); !slices.Equal(got, live) {
		t.Errorf("data at %v, want %v", got, live)
	}
}

func BenchmarkAcquire(b *testing.B) {
	w := newWorld(b)
	m := w.process()
	w.create(m, "demo")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, release, err := m.Acquire(b.Context(), "demo")
			if err != nil {
				b.Fatal(err)
			}
			release()
		}
	})
}

func BenchmarkNow(b *testing.B) {
	w := newWorld(b)
	m := w.process()
	w.create(m, "demo")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := m.Now(b.Context(), "demo"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
