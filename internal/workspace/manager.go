// Package workspace opens, makes, forks, resets and removes workspaces, each one
// customer's world with its own data and its own clock. Data are opened when they
// are first asked for and closed when nobody has asked for a while, so that a
// thousand workspaces on disk cost nothing until they are used.
package workspace

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/cache"
	"github.com/dossier-crm/dossier/internal/fault"
)

// Defaults of Config.
const (
	DefaultMaxOpen = 64
	DefaultIdle    = 5 * time.Minute
)

const (
	maxKnown = 4096             // names looked up lately, with those that are not there
	openTime = 10 * time.Minute // opening may take this long, indexes of a later version included; it goes on when its request ends
	patience = 5 * time.Second  // how long a removal waits for those who still use the data

	tendEvery  = 500 * time.Millisecond // open workspaces are looked after
	sweepEvery = 10 * time.Minute       // retired data are looked for
	// retiredFor is how long data have been retired when a sweep drops them.
	// It must be longer than making or copying a workspace takes: until it is
	// published, it looks the same.
	retiredFor = 6 * time.Hour
)

// Config is what a Manager is made of. T is what a workspace consists of for
// those who use it; Close is called once, when nobody does.
type Config[T io.Closer] struct {
	Store Store

	// Open opens the data of a workspace, and first makes whatever of them is
	// not there. clock is that workspace's for as long as it is open.
	Open func(ctx context.Context, info Info, clock *Clock) (T, error)

	// Copy makes the data at a location from those of an open workspace, as
	// they are at one moment.
	Copy func(ctx context.Context, from T, location string) error

	// Drop removes the data at a location. It is no error when there are none.
	Drop func(ctx context.Context, location string) error

	// Busy reports whether an open workspace that nobody uses has work of its own,
	// and stays open. It must not block; nil = none ever has.
	Busy func(T) bool

	Now    func() time.Time // the machine's clock
	Random io.Reader
	Logger *slog.Logger

	MaxOpen int           // idle workspaces beyond it are closed; 0 = DefaultMaxOpen
	Idle    time.Duration // after which an unused workspace is closed; 0 = DefaultIdle
}

// Manager keeps workspaces. It is safe for concurrent use. What other processes
// change in the system database it notices within one second.
type Manager[T io.Closer] struct {
	cfg    Config[T]
	places *cache.Recent[string, *place]
	reads  atomic.Uint64 // numbers the readings of places

	mu       sync.Mutex
	slots    map[string]*slot[T]   // open or opening, by name
	closing  map[*slot[T]]struct{} // retired and not yet closed
	leftover map[string]struct{}   // retired locations that could not be dropped
	stopped  bool
}

// New returns a Manager that has nothing open.
func New[T io.Closer](cfg Config[T]) *Manager[T] {
	cfg.MaxOpen = cmp.Or(cfg.MaxOpen, DefaultMaxOpen)
	cfg.Idle = cmp.Or(cfg.Idle, DefaultIdle)
	return &Manager[T]{
		cfg:      cfg,
		places:   cache.NewRecent[string, *place](maxKnown),
		slots:    map[string]*slot[T]{},
		closing:  map[*slot[T]]struct{}{},
		leftover: map[string]struct{}{},
	}
}

// place is what is known about a name.
type place struct {
	clock *Clock
	*cache.Fresh[reading]
}

// reading is what the system database said about a name at some time.
type reading struct {
	info  Info
	there bool
	seq   uint64 // a later reading has a higher one
}

// place returns what is known about a name, and makes it known.
func (m *Manager[T]) place(name string) *place {
	return m.places.GetOrPut(name, func() *place {
		p := &place{clock: NewClock(m.cfg.Now, Setting{})}
		p.Fresh = cache.NewFresh(m.cfg.Now, func(ctx context.Context) (reading, error) {
			seq := m.reads.Add(1)
			info, err := m.cfg.Store.Workspace(ctx, name)
			if fault.KindOf(err) == fault.NotFound {
				return reading{seq: seq}, nil
			}
			if err != nil {
				return reading{}, err
			}
			p.clock.Set(info.Clock)
			return reading{info: info, there: true, seq: seq}, nil
		})
		return p
	})
}

// find looks a name up.
func (m *Manager[T]) find(ctx context.Context, name string) (*place, reading, error) {
	if CheckName(name) != nil {
		return nil, reading{}, notFound(name)
	}
	p := m.place(name)
	r, err := p.Get(ctx)
	if err == nil && !r.there {
		err = notFound(name)
	}
	return p, r, err
}

func notFound(name string) error { return fault.New(fault.NotFound, "there is no workspace %q", name) }

// Now returns the time in a workspace. It returns fault.NotFound when there is
// none of this name. It does not open the workspace.
func (m *Manager[T]) Now(ctx context.Context, name string) (time.Time, error) {
	p, _, err := m.find(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	return p.clock.Now(), nil
}

// Acquire returns a workspace, which stays open until release is called, and
// opens it if need be. It returns fault.NotFound when there is none of this name
// and fault.Unavailable after Close. Calling release again does nothing.
func (m *Manager[T]) Acquire(ctx context.Context, name string) (_ T, release func(), _ error) {
	value, release, err := m.acquire(ctx, name)
	if err != nil {
		return value, nil, inAcquire(err, name)
	}
	return value, release, nil
}

// inAcquire wraps apart from the fast path, which it would cost allocations.
func inAcquire(err error, name string) error {
	fault.Wrap(&err, "workspace.Acquire(%s)", name)
	return err
}

func (m *Manager[T]) acquire(ctx context.Context, name string) (_ T, release func(), err error) {
	var none T
	const tries = 3 // it takes a reset for each
	for range tries {
		p, r, err := m.find(ctx, name)
		if err != nil {
			return none, nil, err
		}
		s, opens, err := m.enter(p, r)
		if err != nil {
			return none, nil, err
		}
		if opens {
			m.open(ctx, s)
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			m.leave(s)
			return none, nil, context.Cause(ctx)
		}
		if s.err == nil {
			var once atomic.Bool
			return s.value, func() {
				if once.CompareAndSwap(false, true) {
					m.leave(s)
				}
			}, nil
		}
		m.leave(s)
		if !errors.Is(s.err, errMoved) {
			return none, nil, s.err
		}
		p.Forget()
	}
	return none, nil, fault.New(fault.Unavailable, "the workspace is being changed, try again").Because(errMoved)
}

var errMoved = errors.New("the workspace's data are elsewhere by now")

// slot is an open workspace, or one that is being opened.
type slot[T io.Closer] struct {
	info  Info // as it was read then
	place *place
	prior []*slot[T]    // had the same data open when this one was made
	ready chan struct{} // closed when value and err are set
	value T
	err   error
	gone  chan struct{} // closed when value is

	// The rest is guarded by Manager.mu.
	seq     uint64    // of the latest reading that has this location
	users   int       // including who opens it
	unused  time.Time // since when there are no users
	retired bool      // out of Manager.slots; closed when there are no users
}

// enter counts the caller in as a user of the workspace at r, and tells whether
// it is the one to open it.
func (m *Manager[T]) enter(p *place, r reading) (_ *slot[T], opens bool, err error) {
	var idle []*slot[T]
	defer func() { m.close(idle...) }()
	m.mu.Lock()
	defer m.mu.Unlock() // before closing
	if m.stopped {
		return nil, false, fault.New(fault.Unavailable, "the server is shutting down")
	}
	if s := m.slots[r.info.Name]; s != nil {
		if s.info.Location == r.info.Location || s.seq > r.seq { // the slot may know better
			s.seq = max(s.seq, r.seq)
			s.users++
			return s, false, nil
		}
		idle = m.retire(s, idle)
	}
	if len(m.slots) >= m.cfg.MaxOpen {
		if s := m.longestUnused(); s != nil {
			idle = m.retire(s, idle)
		}
	}
	s := &slot[T]{
		info:  r.info,
		place: p,
		prior: m.closingAt(r.info.Location),
		ready: make(chan struct{}),
		gone:  make(chan struct{}),
		seq:   r.seq,
		users: 1,
	}
	m.slots[s.info.Name] = s
	return s, true, nil
}

func (m *Manager[T]) longestUnused() (found *slot[T]) {
	for _, s := range m.slots {
		if s.users == 0 && !m.busy(s) && (found == nil || s.unused.Before(found.unused)) {
			found = s
		}
	}
	return found
}

// busy reports whether a slot without users has work of its own. m.mu is held.
func (m *Manager[T]) busy(s *slot[T]) bool {
	return m.cfg.Busy != nil && s.err == nil && m.cfg.Busy(s.value)
}

// open opens the data of a slot, for all who wait for it.
func (m *Manager[T]) open(ctx context.Context, s *slot[T]) {
	s.err = errors.New("opening panicked")
	defer func() {
		if s.err != nil {
			m.mu.Lock()
			m.take(s)
			m.mu.Unlock()
		}
		close(s.ready)
	}()
	// Others may be waiting: that this request ends must not fail them.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), openTime)
	defer cancel()
	if s.err = waitGone(ctx, s.prior); s.err != nil {
		return
	}
	value, err := m.cfg.Open(ctx, s.info, s.place.clock)
	if err != nil {
		s.err = err
		return
	}
	// The reading may be a second old, and opening makes what is not there. Had
	// the data been dropped meanwhile, nobody would drop what was made now.
	info, err := m.cfg.Store.Workspace(ctx, s.info.Name)
	moved := fault.KindOf(err) == fault.NotFound || err == nil && info.Location != s.info.Location
	if err == nil && !moved {
		s.value, s.err = value, nil
		return
	}
	s.err = errors.Join(err, value.Close())
	if moved {
		s.err = errMoved
		if err := m.cfg.Drop(ctx, s.info.Location); err != nil {
			m.cfg.Logger.WarnContext(ctx, "data of a retired workspace are still there", "location", s.info.Location, "error", err)
		}
	}
}

// closingAt returns the slots that are out but may still have the data at a
// location open. m.mu is held.
func (m *Manager[T]) closingAt(location string) (found []*slot[T]) {
	for s := range m.closing {
		if s.info.Location == location {
			found = append(found, s)
		}
	}
	return found
}

// waitGone waits until slots are closed.
func waitGone[T io.Closer](ctx context.Context, slots []*slot[T]) error {
	for _, s := range slots {
		select {
		case <-s.gone:
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "the workspace is still in use, try again").Because(context.Cause(ctx))
		}
	}
	return nil
}

// leave counts a user out.
func (m *Manager[T]) leave(s *slot[T]) {
	m.mu.Lock()
	s.users--
	last := s.users == 0
	if last {
		s.unused = m.cfg.Now()
	}
	last = last && s.retired
	m.mu.Unlock()
	if last {
		m.close(s)
	}
}

// take takes a slot out, so that the next to ask for the workspace opens it
// anew. m.mu is held.
func (m *Manager[T]) take(s *slot[T]) {
	if s.retired {
		return
	}
	s.retired = true
	delete(m.slots, s.info.Name)
	m.closing[s] = struct{}{}
}

// retire takes a slot out and, when it has no users, adds it to those that the
// caller has to close. m.mu is held.
func (m *Manager[T]) retire(s *slot[T], idle []*slot[T]) []*slot[T] {
	if s.retired {
		return idle
	}
	m.take(s)
	if s.users == 0 {
		idle = append(idle, s)
	}
	return idle
}

// close closes retired slots without users. m.mu is not held.
func (m *Manager[T]) close(slots ...*slot[T]) {
	for _, s := range slots {
		if s.err == nil {
			if err := s.value.Close(); err != nil {
				m.cfg.Logger.Error("closing a workspace", "workspace", s.info.Name, "location", s.info.Location, "error", err)
			}
		}
		m.mu.Lock()
		delete(m.closing, s)
		m.mu.Unlock()
		close(s.gone)
	}
}

// Run looks after the open workspaces until the context ends: it closes those
// that are not used, lets go of those that other processes have reset or
// deleted, carries changed clocks to work that runs for long, and drops data that
// a crash left behind. It returns nil.
func (m *Manager[T]) Run(ctx context.Context) error {
	tend, sweep := time.NewTicker(tendEvery), time.NewTicker(sweepEvery)
	defer tend.Stop()
	defer sweep.Stop()
	m.sweep(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tend.C:
			m.tend(ctx)
		case <-sweep.C:
			m.sweep(ctx)
		}
	}
}

// tend looks once at every open workspace.
func (m *Manager[T]) tend(ctx context.Context) {
	m.mu.Lock()
	open := slices.Collect(maps.Values(m.slots))
	m.mu.Unlock()
	now := m.cfg.Now()
	for _, s := range open {
		r, err := s.place.Get(ctx)
		if err != nil { // requests will say so
			m.cfg.Logger.DebugContext(ctx, "looking after a workspace", "workspace", s.info.Name, "error", err)
		}
		gone := err == nil && (!r.there || r.info.Location != s.info.Location)
		var idle []*slot[T]
		m.mu.Lock()
		if gone && r.seq > s.seq || s.users == 0 && now.Sub(s.unused) >= m.cfg.Idle && !m.busy(s) {
			idle = m.retire(s, idle)
		}
		m.mu.Unlock()
		m.close(idle...)
	}
}

// sweep drops data that could not be dropped before, and those that were retired
// long ago and are still there.
func (m *Manager[T]) sweep(ctx context.Context) {
	m.mu.Lock()
	leftover := slices.Collect(maps.Keys(m.leftover))
	clear(m.leftover)
	m.mu.Unlock()
	for _, location := range leftover {
		m.drop(ctx, location)
	}
	locations, err := m.cfg.Store.Retired(ctx, m.cfg.Now().Add(-retiredFor))
	if err != nil {
		m.cfg.Logger.WarnContext(ctx, "looking for retired workspaces", "error", err)
	}
	for _, location := range locations {
		m.drop(ctx, location)
	}
}

// drop removes retired data as soon as nobody here uses them. When they cannot be
// removed now, a sweep will try again.
func (m *Manager[T]) drop(ctx context.Context, location string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), openTime)
	defer cancel()
	err := m.detach(ctx, location)
	if err == nil {
		err = m.cfg.Drop(ctx, location)
	}
	if err == nil {
		err = m.cfg.Store.Dropped(ctx, location, m.cfg.Now())
	}
	if err != nil {
		m.mu.Lock()
		m.leftover[location] = struct{}{}
		m.mu.Unlock()
		m.cfg.Logger.WarnContext(ctx, "data of a retired workspace are still there", "location", location, "error", err)
	}
}

// detach lets go of the data at a location and waits until they are closed.
func (m *Manager[T]) detach(ctx context.Context, location string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var idle []*slot[T]
	m.mu.Lock()
	for _, s := range m.slots {
		if s.info.Location == location {
			idle = m.retire(s, idle)
		}
	}
	waits := m.closingAt(location)
	m.mu.Unlock()
	m.close(idle...)
	return waitGone(ctx, waits)
}

// Close lets go of all workspaces, waits until those in use are released and
// closed, and refuses to open any from now on. It returns fault.Unavailable with the
// context's error inside when that ends first.
func (m *Manager[T]) Close(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "workspace.Close")
	var idle []*slot[T]
	m.mu.Lock()
	m.stopped = true
	for _, s := range m.slots {
		idle = m.retire(s, idle)
	}
	waits := slices.Collect(maps.Keys(m.closing))
	m.mu.Unlock()
	m.close(idle...)
	return waitGone(ctx, waits)
}
