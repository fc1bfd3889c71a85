package hook

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
)

// queue is one hook's deliveries in this process. It is guarded by Service.mu.
type queue struct {
	hook    Declared
	running bool      // a goroutine serves it
	rounds  int       // in a row in which no request was answered well
	since   time.Time // when the first request of the first of them had failed
	culprit key       // the record of the first of them
	several bool      // they were about several records: it is the receiver that fails
	until   time.Time // no request before it
}

// fresh forgets that the receiver has failed.
func (q *queue) fresh() { *q = queue{hook: q.hook, running: q.running} }

// failed takes note of a round in which no request was answered well, and keeps the
// receiver from further ones for a while. As long as one record alone has failed,
// which may be due to the record, only its own deliveries wait.
func (q *queue) failed(now time.Time, round *tally, backoff func(n int) time.Duration) {
	q.rounds++
	if q.since.IsZero() {
		q.since, q.culprit = round.first, round.record
	}
	if !q.several && (round.bad > 1 || round.record != q.culprit) {
		q.several, q.rounds = true, 1
	}
	if q.several {
		q.until = now.Add(max(backoff(q.rounds), round.asked))
	}
}

// tally is what the requests of a round came to.
type tally struct {
	good, bad int
	record    key           // of one that failed
	first     time.Time     // when the first of those that failed was first tried
	asked     time.Duration // the longest wait that the receiver asks for
}

func (t *tally) add(r *result) {
	if r.Over {
		t.good++
		return
	}
	t.bad++
	t.record = key{r.Resource, r.Record}
	t.asked = max(t.asked, r.asked)
	if t.first.IsZero() || r.First.Before(t.first) {
		t.first = r.First
	}
}

// result is an outcome, and how long the receiver asks to be left alone.
type result struct {
	Outcome
	asked time.Duration
}

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
// once, the rest is left for later. While the hook's maker is disabled nothing is sent;
// what was to be is parked rather than dropped, since nobody else might notice.
func (s *Service) round(ctx context.Context, q *queue, h *Declared, rows []Delivery) error {
	actor, active, err := s.cfg.Actor(ctx, h.Owner)
	if err == nil && !active {
		return s.park(ctx, h, s.now(), "the user who made the hook is disabled")
	}
	if err != nil {
		return err
	}
	bodies, err := s.render(ctx, actor, rows)
	if err != nil {
		return err
	}
	var (
		next, failed atomic.Int64
		results      = make(chan result, len(rows))
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
					results <- result{Outcome: Outcome{Delivery: rows[i], Over: true}}
					continue
				}
				a := s.send(ctx, h, &rows[i], body)
				if ctx.Err() != nil && a.failure != "" {
					return // it was not the receiver that failed
				}
				if a.failure != "" {
					failed.Add(1)
				} else {
					failed.Store(0)
				}
				results <- result{Outcome: s.judge(h, rows[i], a), asked: a.asked}
			}
		})
	}
	go func() {
		working.Wait()
		close(results)
	}()
	return s.settle(ctx, q, h, results)
}

// judge is what becomes of a delivery after an attempt.
func (s *Service) judge(h *Declared, d Delivery, a answer) Outcome {
	if a.failure == "" {
		return Outcome{Delivery: d, Over: true}
	}
	now := s.now()
	d.Attempts++
	d.Status, d.Failure = a.status, a.failure
	if d.First.IsZero() {
		d.First = now
	}
	if now.Sub(d.First) >= Patience {
		d.State, d.Next = Parked, now
		s.cfg.Logger.Warn("a webhook delivery is parked", "hook", h.ID, "delivery", d.Sequence,
			"resource", d.Resource, "record", d.Record, "attempts", d.Attempts, "failure", a.failure)
	} else {
		d.Next = now.Add(max(s.backoff(d.Attempts), a.asked))
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
func (s *Service) settle(ctx context.Context, q *queue, h *Declared, results <-chan result) error {
	var err error
	var round tally
	for r := range results {
		round.add(&r)
		batch := []Outcome{r.Outcome}
		for more := true; more; {
			select {
			case r, ok := <-results:
				if more = ok; ok {
					round.add(&r)
					batch = append(batch, r.Outcome)
				}
			default:
				more = false
			}
		}
		if err == nil {
			// What was answered is to be known even when the process is about to end.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
			err = s.cfg.Store.Settle(ctx, h.ID, batch)
			cancel()
		}
	}
	if err != nil || round.good+round.bad == 0 {
		return err
	}
	now := s.now()
	s.mu.Lock()
	if round.good > 0 {
		q.fresh()
	} else {
		q.failed(now, &round, s.backoff)
	}
	dead := q.rounds > 1 && now.Sub(q.since) >= Patience
	s.mu.Unlock()
	if !dead {
		return nil
	}
	return s.park(ctx, h, now.Add(-Patience), "the receiver has failed for a day")
}

// park gives up what was queued at before or earlier, until somebody asks for another
// try.
func (s *Service) park(ctx context.Context, h *Declared, before time.Time, why string) error {
	n, err := s.cfg.Store.Park(ctx, h.ID, before, s.now(), why)
	if n > 0 {
		s.cfg.Logger.WarnContext(ctx, "webhook deliveries are parked", "hook", h.ID, "deliveries", n, "failure", why)
	}
	return err
}

type key struct {
	resource string
	record   int64
}

// render returns the records as the hook's maker sees them now.
func (s *Service) render(ctx context.Context, actor crm.Actor, rows []Delivery) (map[key][]byte, error) {
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
