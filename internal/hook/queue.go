package hook

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// queue is one hook's deliveries in this process. It is guarded by Service.mu.
type queue struct {
	hook    Declared
	running bool      // a goroutine serves it
	rounds  int       // in a row in which no request was answered well
	since   time.Time // when the first request of the first of them had failed
	until   time.Time // no request before it
}

// fresh forgets that the receiver has failed.
func (q *queue) fresh() { q.rounds, q.since, q.until = 0, time.Time{}, time.Time{} }

// resume lets a hook's deliveries be tried at once.
func (s *Service) resume(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[id]; q != nil {
		q.fresh()
	}
}

// serve sends what a queue has to send now, and calls Run when it is done.
func (s *Service) serve(ctx context.Context, q *queue) {
	defer s.Wake()
	defer func() {
		s.mu.Lock()
		q.running = false
		s.mu.Unlock()
	}()
	for ctx.Err() == nil {
		h, limit, ok := s.turnOf(q)
		if !ok {
			return
		}
		now := s.now()
		rows, err := s.cfg.Store.Claim(ctx, h.ID, now, now.Add(2*lastWait), limit)
		if err == nil && len(rows) == 0 {
			return
		}
		if err == nil {
			err = s.round(ctx, q, &h, rows)
		}
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			s.cfg.Logger.ErrorContext(ctx, "delivering a webhook", "hook", h.ID, "error", err)
			t := time.NewTimer(trouble)
			defer t.Stop()
			select {
			case <-ctx.Done():
			case <-t.C:
			}
			return
		}
	}
}

// turnOf returns the hook and how many deliveries may be claimed, one when it is to
// be found out whether the receiver works again. ok is false when none may.
func (s *Service) turnOf(q *queue) (h Declared, limit int, ok bool) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.hook.ID] != q || wait(now, q.until) > 0 || time.Until(s.deadline) < reserve {
		return h, 0, false
	}
	if q.rounds > 0 {
		return q.hook, 1, true
	}
	return q.hook, maxClaim, true
}

// round makes one attempt at each of some deliveries, of different records, and
// writes what became of them. When the receiver fails as often as it is asked at
// once, the rest is left for later.
func (s *Service) round(ctx context.Context, q *queue, h *Declared, rows []Delivery) error {
	bodies, err := s.render(ctx, h, rows)
	if err != nil {
		return err
	}
	var (
		next, failed atomic.Int64
		outcomes     = make(chan Outcome, len(rows))
		working      sync.WaitGroup
	)
	for range min(maxAtOnce, len(rows)) {
		working.Go(func() {
			for failed.Load() < maxAtOnce && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(rows) {
					return
				}
				body, seen := bodies[key{rows[i].Resource, rows[i].Record}]
				if !seen { // not the maker's to see (any more)
					outcomes <- Outcome{Delivery: rows[i], Over: true}
					continue
				}
				status, failure := s.send(ctx, h, &rows[i], body)
				if ctx.Err() != nil && failure != "" {
					return // it was not the receiver that failed
				}
				if failure != "" {
					failed.Add(1)
				} else {
					failed.Store(0)
				}
				outcomes <- s.judge(h, rows[i], status, failure)
			}
		})
	}
	go func() {
		working.Wait()
		close(outcomes)
	}()
	return s.settle(ctx, q, h, outcomes)
}

// judge is what becomes of a delivery after an attempt.
func (s *Service) judge(h *Declared, d Delivery, status int, failure string) Outcome {
	if failure == "" {
		return Outcome{Delivery: d, Over: true}
	}
	now := s.now()
	d.Attempts++
	d.Status, d.Failure = status, failure
	if d.First.IsZero() {
		d.First = now
	}
	if now.Sub(d.First) >= Patience {
		d.State, d.Next = Parked, now
		s.cfg.Logger.Warn("a webhook delivery is parked", "hook", h.ID, "delivery", d.Sequence,
			"resource", d.Resource, "record", d.Record, "attempts", d.Attempts, "failure", failure)
	} else {
		d.Next = now.Add(s.backoff(d.Attempts))
	}
	return Outcome{Delivery: d}
}

// backoff is the wait after the n-th failure: doubled each time, and cut by up to
// half at random, so that what failed together is not tried together.
func (s *Service) backoff(n int) time.Duration {
	d := lastWait
	if shift := n - 1; shift < 16 {
		d = min(firstWait<<shift, lastWait)
	}
	return d - time.Duration(s.cfg.Jitter()*float64(d/2))
}

// settle writes outcomes as they come, those together that came meanwhile, and then
// decides how to go on with the receiver.
func (s *Service) settle(ctx context.Context, q *queue, h *Declared, outcomes <-chan Outcome) error {
	var err error
	good, bad := 0, 0
	var first time.Time
	for o := range outcomes {
		batch := []Outcome{o}
		for more := true; more; {
			select {
			case o, ok := <-outcomes:
				if more = ok; ok {
					batch = append(batch, o)
				}
			default:
				more = false
			}
		}
		for i := range batch {
			if batch[i].Over {
				good++
			} else if bad++; first.IsZero() || batch[i].First.Before(first) {
				first = batch[i].First
			}
		}
		if err == nil {
			// What was answered is to be known even when the process is about to end.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
			err = s.cfg.Store.Settle(ctx, h.ID, batch)
			cancel()
		}
	}
	if err != nil || good+bad == 0 {
		return err
	}
	now := s.now()
	s.mu.Lock()
	if good > 0 {
		q.fresh()
	} else {
		q.rounds++
		if q.since.IsZero() {
			q.since = first
		}
		q.until = now.Add(s.backoff(q.rounds))
	}
	dead := q.rounds > 1 && now.Sub(q.since) >= Patience
	s.mu.Unlock()
	if !dead {
		return nil
	}
	n, err := s.cfg.Store.Park(ctx, h.ID, now.Add(-Patience), now, "the receiver has failed for a day")
	if n > 0 {
		s.cfg.Logger.WarnContext(ctx, "webhook deliveries are parked: the receiver has failed for a day", "hook", h.ID, "deliveries", n)
	}
	return err
}

type key struct {
	resource string
	record   int64
}

// render returns the records as the hook's maker sees them now.
func (s *Service) render(ctx context.Context, h *Declared, rows []Delivery) (map[key][]byte, error) {
	actor, active, err := s.cfg.Actor(ctx, h.Owner)
	if err != nil || !active {
		return nil, err
	}
	ids := map[string][]int64{} // of several resources only when the hook was changed
	for i := range rows {
		ids[rows[i].Resource] = append(ids[rows[i].Resource], rows[i].Record)
	}
	bodies := make(map[key][]byte, len(rows))
	for name, of := range ids {
		got, err := s.cfg.Renderer.Records(ctx, s.cfg.Records, actor, name, of)
		if err != nil {
			return nil, err
		}
		for id, body := range got {
			bodies[key{name, id}] = body
		}
	}
	return bodies, nil
}
