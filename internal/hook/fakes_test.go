package hook_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/resource"
)

// attempt is one request, as the receiver sees it.
type attempt struct {
	at       time.Duration // since the start
	hook     int64
	sequence int64
	record   string
}

// world is a service with all that it stands on, in a synctest bubble: its clocks go
// on only when everybody waits.
type world struct {
	t       *testing.T
	service *hook.Service
	store   *memory
	records *records
	start   time.Time
	stop    func() // ends the service and waits for that

	mu       sync.Mutex
	attempts []attempt

	answer func(*http.Request, attempt) (*http.Response, error)
}

// within runs fn in a bubble with a service of that many hooks, with ids from 1, for
// created accounts, that one goroutine runs. alter changes how it is made; nil = not.
func within(t *testing.T, hooks int, answer func(*http.Request, attempt) (*http.Response, error), alter func(*hook.Config), fn func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		registry, err := resource.New(resource.Declared()...)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, start: time.Now(), answer: answer, store: &memory{held: true}, records: &records{hooks: hooks}}
		service, err := crm.New(t.Context(), crm.Config{Store: w.records, Registry: registry, Clock: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		cfg := hook.Config{
			Workspace: "test", Store: w.store, Records: service, Renderer: w, Client: w,
			Actor:   func(context.Context, int64) (crm.Actor, bool, error) { return crm.Actor{}, true, nil },
			Sending: make(chan struct{}, hook.MaxSending),
			Clock:   time.Now, Machine: time.Now, Jitter: func() float64 { return 0 },
			Logger: slog.New(slog.DiscardHandler),
		}
		if alter != nil {
			alter(&cfg)
		}
		if w.service, err = hook.New(cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.service.Run(ctx) })
		w.stop = func() {
			cancel()
			running.Wait()
		}
		defer w.stop()
		synctest.Wait()
		fn(t, w)
	})
}

// created has accounts made, one for each id.
func (w *world) created(ids ...int64) {
	w.records.mu.Lock()
	for _, id := range ids {
		w.records.changes = append(w.records.changes, crm.Change{
			Sequence: int64(len(w.records.changes) + 1), Resource: "accounts", ID: id, Kind: crm.Created,
		})
	}
	w.records.mu.Unlock()
	w.service.Wake()
	synctest.Wait()
}

// until lets the clocks go on until d after the start.
func (w *world) until(d time.Duration) {
	time.Sleep(time.Until(w.start.Add(d)))
	synctest.Wait()
}

// seen returns the attempts so far.
func (w *world) seen() []attempt {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.attempts)
}

// list returns the deliveries of hook 1.
func (w *world) list(parked bool) []hook.Delivery {
	w.t.Helper()
	rows, err := w.service.List(w.t.Context(), crm.Actor{Level: crm.Administrator}, 1, parked, 0, hook.MaxList)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// Do implements hook.Doer.
func (w *world) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	number := func(header string) int64 {
		n, err := strconv.ParseInt(req.Header.Get(header), 10, 64)
		if err != nil {
			w.t.Errorf("header %s: %v", header, err)
		}
		return n
	}
	a := attempt{
		at: time.Since(w.start), hook: number(hook.HeaderHook), sequence: number(hook.HeaderSequence),
		record: strings.Trim(string(body), "[]"),
	}
	w.mu.Lock()
	w.attempts = append(w.attempts, a)
	w.mu.Unlock()
	return w.answer(req, a)
}

// Records implements hook.Renderer.
func (w *world) Records(_ context.Context, _ *crm.Service, _ crm.Actor, _ string, ids []int64) (map[int64][]byte, error) {
	all := map[int64][]byte{}
	for _, id := range ids {
		all[id] = strconv.AppendInt(nil, id, 10)
	}
	return all, nil
}

// status is an answer without a body.
func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil))}
}

// records is as much of the records' store as there is to read for hooks.
type records struct {
	crm.Store
	hooks int

	mu      sync.Mutex
	changes []crm.Change
}

func (s *records) List(_ context.Context, q crm.Query, p *crm.Page) error {
	if q.Resource.Name != "hooks" {
		return nil
	}
	for id := int64(1); id <= int64(s.hooks); id++ {
		rec := &resource.Record{ID: id, Version: 1, Values: make([]resource.Value, len(q.Resource.Fields))}
		for name, text := range map[string]string{
			"name": "a hook", "action": "insert", "entity": "account", "url": "https://receiver.example/in", "secretKey": "not a secret",
		} {
			rec.Values[q.Resource.Field(name).Index] = resource.TextValue(text)
		}
		p.Keys, p.Rows = append(p.Keys, crm.Key{ID: id, Version: 1}), append(p.Rows, rec)
	}
	return nil
}

func (s *records) Load(_ context.Context, _ *resource.Resource, ids []int64, p *crm.Page) error {
	for _, id := range ids {
		p.Keys = append(p.Keys, crm.Key{ID: id, Version: 1})
	}
	return nil
}

func (s *records) Titles(context.Context, *resource.Resource, []int64, func(int64, []string)) error {
	return nil
}

func (s *records) Changes(_ context.Context, after int64, limit int) ([]crm.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := s.changes[min(int(after), len(s.changes)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// memory is a hook.Store that keeps nothing beyond the process.
type memory struct {
	mu    sync.Mutex
	held  bool  // what Hold says
	fails error // what Hold fails with
	after int64
	rows  []hook.Delivery // by sequence within a hook
}

// lease sets what Hold answers from now on.
func (m *memory) lease(held bool, fails error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held, m.fails = held, fails
}

func (m *memory) Position(_ context.Context, hooks []int64) (int64, map[int64]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	born := map[int64]int64{}
	for _, id := range hooks {
		born[id] = 0
	}
	return m.after, born, nil
}

// write runs fn for whoever holds the outbox.
func (m *memory) write(fn func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.held || m.fails != nil {
		return fault.New(fault.Conflict, "another node delivers")
	}
	fn()
	m.release()
	return nil
}

// release makes ready what waits for nothing.
func (m *memory) release() {
	type of struct{ hook, record int64 }
	taken := map[of]bool{}
	for i := range m.rows {
		taken[of{m.rows[i].Hook, m.rows[i].Record}] = taken[of{m.rows[i].Hook, m.rows[i].Record}] || m.rows[i].State == hook.Ready
	}
	for i := range m.rows {
		if k := (of{m.rows[i].Hook, m.rows[i].Record}); m.rows[i].State == hook.Waiting && !taken[k] {
			m.rows[i].State, taken[k] = hook.Ready, true
		}
	}
}

func (m *memory) Queue(_ context.Context, after int64, rows []hook.Delivery) error {
	return m.write(func() {
		for _, d := range rows {
			d.State, d.Next = hook.Waiting, d.Queued
			m.rows = append(m.rows, d)
		}
		m.after = after
	})
}

func (m *memory) Keep(_ context.Context, keep func(int64) bool) error {
	return m.write(func() {
		m.rows = slices.DeleteFunc(m.rows, func(d hook.Delivery) bool { return !keep(d.Hook) })
	})
}

func (m *memory) Expire(_ context.Context, before time.Time, _ int) (n int, err error) {
	err = m.write(func() {
		rest := slices.DeleteFunc(m.rows, func(d hook.Delivery) bool { return d.State == hook.Parked && !d.Next.After(before) })
		n, m.rows = len(m.rows)-len(rest), rest
	})
	return n, err
}

func (m *memory) Hold(context.Context, time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held && m.fails == nil, m.fails
}

func (m *memory) Due(_ context.Context, id int64) (next time.Time, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.Hook == id && d.State == hook.Ready && (!ok || d.Next.Before(next)) {
			next, ok = d.Next, true
		}
	}
	return next, ok, nil
}

func (m *memory) Claim(_ context.Context, id int64, now, far time.Time, limit int) (rows []hook.Delivery, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.Hook == id && d.State == hook.Ready && (!d.Next.After(now) || d.Next.After(far)) {
			rows = append(rows, d)
		}
	}
	slices.SortStableFunc(rows, func(a, b hook.Delivery) int {
		return cmp.Or(a.Next.Compare(b.Next), cmp.Compare(a.Sequence, b.Sequence))
	})
	return rows[:min(limit, len(rows))], nil
}

func (m *memory) Settle(_ context.Context, id int64, outcomes []hook.Outcome) error {
	return m.write(func() {
		for _, o := range outcomes {
			i := slices.IndexFunc(m.rows, func(d hook.Delivery) bool { return d.Hook == id && d.Sequence == o.Sequence })
			if o.Over {
				m.rows = slices.Delete(m.rows, i, i+1)
			} else {
				m.rows[i] = o.Delivery
			}
		}
	})
}

func (m *memory) Park(_ context.Context, id int64, before, now time.Time, failure string) (n int, err error) {
	err = m.write(func() {
		for i := range m.rows {
			if d := &m.rows[i]; d.Hook == id && d.State != hook.Parked && !d.Queued.After(before) {
				d.State, d.Next, d.Failure = hook.Parked, now, failure
				n++
			}
		}
	})
	return n, err
}

func (m *memory) List(_ context.Context, id int64, parked bool, after int64, limit int) (rows []hook.Delivery, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.rows {
		if d.Hook == id && (d.State == hook.Parked) == parked && d.Sequence > after {
			rows = append(rows, d)
		}
	}
	return rows[:min(limit, len(rows))], nil
}

func (m *memory) Retry(_ context.Context, id, sequence int64, now time.Time) (n int, err error) {
	err = m.write(func() {
		for i := range m.rows {
			if d := &m.rows[i]; d.Hook == id && d.State == hook.Parked && (sequence == 0 || d.Sequence == sequence) {
				d.State, d.Queued, d.Next, d.First, d.Attempts = hook.Waiting, now, now, time.Time{}, 0
				n++
			}
		}
	})
	return n, err
}
