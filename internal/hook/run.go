package hook

import (
	"context"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	// slowPoll is how often it is looked whether another process has made the first
	// hook, where there are other processes.
	slowPoll = time.Minute

	// glance is the longest wait for a delivery's next attempt before the
	// workspace's clock is looked at again: it may have been moved.
	glance = time.Minute

	// trouble is the wait after the database has failed.
	trouble = 5 * time.Second

	// holding is for how long one node takes the deliveries on, renewal how often it
	// does so again, and others look whether it still does, and reserve what must be
	// left when a request is begun. Requests that are under way when it is over are
	// broken off.
	holding = 10 * time.Second
	renewal = 3 * time.Second
	reserve = time.Second

	// expiring is how often, by the machine, it is looked for deliveries that have
	// been parked for long, and maxExpire how many are removed in one transaction.
	expiring  = time.Hour
	maxExpire = 1000

	// maxUnsaved is how much of the log, in sequence numbers, is read without noting
	// that it was, when nothing in it concerns a hook.
	maxUnsaved = 1000

	// closing is how long the outcomes of the last requests may take to be written
	// when the service ends.
	closing = 5 * time.Second
)

// runner is what Run has in hand. It belongs to one goroutine.
type runner struct {
	*Service
	hooks    []Declared
	loaded   bool
	told     bool  // that there are hooks
	after    int64 // how far the log has been read
	saved    int64 // how far that is in the database
	queueing sync.WaitGroup
	send     context.Context // ends when this node must not send any more
	stop     context.CancelFunc
	until    time.Time   // by time.Now, until when this node may deliver; zero = another does
	over     *time.Timer // calls stop then
	expired  time.Time   // by time.Now, when parked deliveries were last looked for
}

// Run delivers until ctx is done, and returns when all it has begun has ended. One
// goroutine may run it.
func (s *Service) Run(ctx context.Context) {
	r := &runner{Service: s}
	defer r.end()
	s.changed.Store(true)
	for {
		again, err := r.turn(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case fault.KindOf(err) == fault.Conflict && err != nil: // another node has taken over
			r.release()
			r.until, again = time.Time{}, renewal
		case err != nil:
			s.cfg.Logger.ErrorContext(ctx, "delivering webhooks", "error", err)
			again = trouble
		}
		if !s.wake.Wait(ctx, again) {
			return
		}
	}
}

// end waits for what was begun, and lets another node go on.
func (r *runner) end() {
	r.release()
	if r.cfg.Poll > 0 && !r.until.IsZero() {
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		if _, err := r.cfg.Store.Hold(ctx, 0); err != nil {
			r.cfg.Logger.WarnContext(ctx, "another node will take webhooks over with a delay", "error", err)
		}
	}
}

// release ends the queues.
func (r *runner) release() {
	if r.stop != nil {
		r.stop()
		r.queueing.Wait()
		r.over.Stop()
		r.stop = nil
	}
}

// turn does what is to be done now. It returns after how long to look again if
// nobody calls before; 0 = not at all.
func (r *runner) turn(ctx context.Context) (again time.Duration, err error) {
	if r.changed.Swap(false) || !r.loaded || r.cfg.Poll > 0 && len(r.hooks) == 0 {
		r.loaded = false
		if err := r.load(ctx); err != nil {
			return 0, err
		}
	}
	if len(r.hooks) == 0 {
		r.busy.Store(false)
		if r.cfg.Poll > 0 {
			again = slowPoll
		}
		return again, nil
	}
	for {
		if held, err := r.hold(ctx); err != nil || !held {
			r.busy.Store(false)
			return renewal, err
		}
		if err := r.expire(ctx); err != nil {
			return 0, err
		}
		again, err := r.start(ctx)
		if err != nil {
			return 0, err
		}
		more, err := r.read(ctx)
		if err != nil || !more {
			return r.soon(again), err
		}
	}
}

// soon is when to look again at the latest.
func (r *runner) soon(again time.Duration) time.Duration {
	most := expiring
	if r.cfg.Poll > 0 {
		most = min(r.cfg.Poll, renewal)
	}
	if again == 0 || again > most {
		return most
	}
	return again
}

// expire removes deliveries that nobody has asked for since they were parked long ago.
func (r *runner) expire(ctx context.Context) error {
	if !r.expired.IsZero() && time.Since(r.expired) < expiring {
		return nil
	}
	n, err := r.cfg.Store.Expire(ctx, r.now().Add(-KeepParked), maxExpire)
	if err != nil {
		return err
	}
	if n > 0 {
		r.cfg.Logger.WarnContext(ctx, "webhook deliveries are removed: they were parked for long", "deliveries", n)
	}
	if n < maxExpire { // the rest in the next turn
		r.expired = time.Now()
	}
	return nil
}

// hold makes sure that this node is the one that delivers.
func (r *runner) hold(ctx context.Context) (bool, error) {
	now := time.Now()
	if r.cfg.Poll == 0 {
		now = now.AddDate(100, 0, 0) // nobody else can
	} else if r.until.Sub(now) > holding-renewal && r.stop != nil {
		return true, nil
	}
	held, err := r.cfg.Store.Hold(ctx, holding)
	if err != nil || !held {
		if err == nil || now.After(r.until) {
			r.release()
			r.until = time.Time{}
		}
		return false, err
	}
	lost := now.After(r.until) // and another node may have read on
	r.limit(ctx, now.Add(holding))
	if lost {
		r.loaded, r.after = false, 0
		if err := r.load(ctx); err != nil {
			r.release()
			r.until = time.Time{}
			return false, err
		}
	}
	return true, nil
}

// limit says until when this node may deliver, and sees to it that it does not longer.
func (r *runner) limit(ctx context.Context, until time.Time) {
	r.until = until
	r.mu.Lock()
	r.deadline = until
	r.mu.Unlock()
	if r.stop != nil && !r.over.Stop() {
		r.release() // it was over for a moment
	}
	if r.stop == nil {
		r.send, r.stop = context.WithCancel(ctx)
	}
	r.over = time.AfterFunc(time.Until(until), r.stop)
}

// load reads the hooks.
func (r *runner) load(ctx context.Context) error {
	hooks, err := r.declared(ctx)
	if err != nil {
		return err
	}
	alive := make(map[int64]bool, len(hooks))
	ids := make([]int64, len(hooks))
	for i := range hooks {
		ids[i], alive[hooks[i].ID] = hooks[i].ID, true
	}
	if r.cfg.Poll == 0 || time.Now().Before(r.until) {
		if err := r.cfg.Store.Keep(ctx, func(id int64) bool { return alive[id] }); err != nil {
			return err
		}
	}
	if len(hooks) > 0 {
		after, born, err := r.cfg.Store.Position(ctx, ids)
		if err != nil {
			return err
		}
		first := born[ids[0]]
		for i := range hooks {
			hooks[i].born = born[hooks[i].ID]
			first = min(first, hooks[i].born)
		}
		r.saved = after
		r.after = max(r.after, after, first)
		if !r.told && r.cfg.Hooked != nil {
			if err := r.cfg.Hooked(ctx); err != nil {
				return err
			}
			r.told = true
		}
	}
	r.hooks, r.loaded = hooks, true
	r.watching.Store(len(hooks) > 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range hooks {
		q := r.queues[hooks[i].ID]
		if q == nil {
			q = &queue{}
			r.queues[hooks[i].ID] = q
		}
		if q.hook.URL != hooks[i].URL {
			q.fresh()
		}
		q.hook = hooks[i]
	}
	for id := range r.queues {
		if !alive[id] {
			delete(r.queues, id)
		}
	}
	return nil
}

// read takes the next part of the log, and reports whether there may be more.
func (r *runner) read(ctx context.Context) (more bool, err error) {
	changes, err := r.cfg.Records.Changes(ctx, r.after, crm.MaxChanges)
	if err != nil || len(changes) == 0 {
		return false, err
	}
	for i := range changes {
		if changes[i].Resource == resourceName {
			if err := r.load(ctx); err != nil {
				return false, err
			}
			break
		}
	}
	var rows []Delivery
	now := r.now()
	for i := range changes {
		c := &changes[i]
		for k := range r.hooks {
			if r.hooks[k].matches(c) {
				rows = append(rows, Delivery{Hook: r.hooks[k].ID, Sequence: c.Sequence, Resource: c.Resource, Record: c.ID, Queued: now})
			}
		}
	}
	last := changes[len(changes)-1].Sequence
	if len(rows) > 0 || last-r.saved >= maxUnsaved {
		if err := r.cfg.Store.Queue(ctx, last, rows); err != nil {
			return false, err
		}
		r.saved = last
	}
	r.after = max(r.after, last)
	return true, nil
}

// start lets the queues run that have something to send, and returns when the next
// one will; 0 = none will.
func (r *runner) start(ctx context.Context) (again time.Duration, err error) {
	busy := false
	for i := range r.hooks {
		id := r.hooks[i].ID
		r.mu.Lock()
		q := r.queues[id]
		running, until := q.running, q.until
		r.mu.Unlock()
		if running {
			busy = true // and calls when it ends
			continue
		}
		due, ok, err := r.cfg.Store.Due(ctx, id)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		busy = true
		now := r.now()
		if wait := max(wait(now, due), wait(now, until)); wait > 0 {
			if wait = min(max(wait, time.Millisecond), glance); again == 0 || wait < again {
				again = wait
			}
			continue
		}
		r.mu.Lock()
		q.running = true
		r.mu.Unlock()
		send := r.send
		r.queueing.Go(func() { r.serve(send, q) })
	}
	r.busy.Store(busy)
	return again, nil
}

// wait is how long it is from now until t. What lies further ahead than any wait was
// set by a clock that has been set back since.
func wait(now, t time.Time) time.Duration {
	if d := t.Sub(now); !t.IsZero() && d > 0 && d <= 2*lastWait {
		return d
	}
	return 0
}
