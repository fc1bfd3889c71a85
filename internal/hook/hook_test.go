package hook_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/hook"
)

// TestOrder has the deliveries of a record wait for each other, and those of other
// records for none of them.
func TestOrder(t *testing.T) {
	refused := 0
	within(t, 1, func(_ *http.Request, a attempt) (*http.Response, error) {
		if a.sequence == 1 && refused < 3 {
			refused++
			return status(500), nil
		}
		return status(204), nil
	}, nil, func(t *testing.T, w *world) {
		w.created(7, 7, 8, 7, 8)
		w.until(16 * time.Second) // refused at 0, 5 and 15 s
		w.created(9)              // and this one is new
		w.until(time.Minute)

		type sent struct {
			at       time.Duration
			sequence int64
		}
		got := map[string][]sent{}
		for _, a := range w.seen() {
			got[a.record] = append(got[a.record], sent{a.at, a.sequence})
		}
		const s = time.Second
		for record, want := range map[string][]sent{
			"7": {{0, 1}, {5 * s, 1}, {15 * s, 1}, {35 * s, 1}, {35 * s, 2}, {35 * s, 4}},
			"8": {{0, 3}, {0, 5}},
			"9": {{16 * s, 6}},
		} {
			if !slices.Equal(got[record], want) {
				t.Errorf("record %s: %v, want %v", record, got[record], want)
			}
		}
		if rest := w.list(false); len(rest) > 0 || w.service.Busy() {
			t.Errorf("busy: %t, with %v", w.service.Busy(), rest)
		}
	})
}

// TestLife follows a delivery that is never answered well: how often it is tried, when
// it is parked, that it can be tried again, and that it is removed in the end.
func TestLife(t *testing.T) {
	for _, jitter := range []float64{0, 0.5, 0.999} {
		t.Run(strconv.FormatFloat(jitter, 'g', -1, 64), func(t *testing.T) {
			within(t, 1, func(*http.Request, attempt) (*http.Response, error) { return status(500), nil },
				func(c *hook.Config) { c.Jitter = func() float64 { return jitter } },
				func(t *testing.T, w *world) { live(t, w, jitter) })
		})
	}
}

func live(t *testing.T, w *world, jitter float64) {
	w.created(7)
	w.until(hook.Patience - time.Minute)
	if rows := w.list(false); len(rows) != 1 || rows[0].Status != 500 || rows[0].Failure == "" || rows[0].Attempts != len(w.seen()) {
		t.Errorf("before it is parked: %+v", rows)
	}
	w.until(hook.Patience + 2*time.Hour)
	seen := w.seen()
	for i := 1; i < len(seen); i++ {
		most := min(5*time.Second<<min(i-1, 16), time.Hour)
		want := most - time.Duration(jitter*float64(most/2))
		if gap := seen[i].at - seen[i-1].at; gap < want || gap > want+time.Millisecond || gap < most/2 {
			t.Errorf("the wait after attempt %d is %s, want %s", i, gap, want)
		}
	}
	last := seen[len(seen)-1].at
	if last < hook.Patience || last > hook.Patience+time.Hour {
		t.Errorf("given up after %s", last)
	}
	if rows := w.list(true); len(rows) != 1 || rows[0].Attempts != len(seen) || len(w.list(false)) != 0 || w.service.Busy() {
		t.Fatalf("parked: %+v", rows)
	}
	w.until(3 * hook.Patience)
	if n := len(w.seen()); n != len(seen) {
		t.Errorf("%d attempts at what is parked", n-len(seen))
	}

	n, err := w.service.Retry(t.Context(), crm.Actor{Level: crm.Administrator}, 1, 1)
	synctest.Wait()
	if again := w.seen(); err != nil || n != 1 || len(again) != len(seen)+1 || again[len(seen)].at != 3*hook.Patience {
		t.Fatalf("retried: %d, %v, %v", n, err, again[len(seen):])
	}
	w.until(3*hook.Patience + hook.Patience + 2*time.Hour)
	rows := w.list(true)
	if len(rows) != 1 || rows[0].Next.Sub(w.start) < 4*hook.Patience {
		t.Fatalf("parked again: %+v", rows)
	}
	gone := rows[0].Next.Add(hook.KeepParked).Sub(w.start)
	w.until(gone - time.Second)
	if rows := w.list(true); len(rows) != 1 {
		t.Errorf("removed too early: %v", rows)
	}
	w.until(gone + time.Hour)
	if rows := w.list(true); len(rows) != 0 {
		t.Errorf("kept: %v", rows)
	}
}

// TestDown has a receiver fail for everything: it is asked by one request at a time
// until it works again.
func TestDown(t *testing.T) {
	var works atomic.Bool
	within(t, 1, func(*http.Request, attempt) (*http.Response, error) {
		if works.Load() {
			return status(200), nil
		}
		return status(503), nil
	}, nil, func(t *testing.T, w *world) {
		ids := make([]int64, 100)
		for i := range ids {
			ids[i] = int64(i + 1)
		}
		w.created(ids...)
		var at []time.Duration
		w.until(time.Minute)
		for _, a := range w.seen() {
			at = append(at, a.at)
		}
		const s = time.Second
		first := slices.IndexFunc(at, func(d time.Duration) bool { return d > 0 })
		if first < 4 || first > 7 { // three may be begun before it is known of the fourth
			t.Errorf("%d attempts before it is taken to be down", first)
		}
		if want := []time.Duration{5 * s, 15 * s, 35 * s}; !slices.Equal(at[max(first, 0):], want) {
			t.Errorf("attempts at %v, want then %v", at, want)
		}
		works.Store(true)
		w.until(2 * time.Minute)
		if seen, rest := w.seen(), w.list(false); len(rest) != 0 || len(seen) != len(at)+len(ids) {
			t.Errorf("%d attempts, %d left", len(seen), len(rest))
		}

		works.Store(false)
		w.created(ids...)
		w.until(hook.Patience + 3*time.Hour)
		if parked := w.list(true); len(parked) != len(ids) {
			t.Errorf("%d are parked, want %d", len(parked), len(ids))
		}
	})
}

// TestRefused has a receiver refuse one record and take all others, for a day.
func TestRefused(t *testing.T) {
	within(t, 1, func(_ *http.Request, a attempt) (*http.Response, error) {
		if a.record == "7" {
			return status(422), nil
		}
		return status(200), nil
	}, nil, func(t *testing.T, w *world) {
		w.created(7)
		for d := time.Duration(0); d < hook.Patience+3*time.Hour; d += 20 * time.Minute {
			w.until(d)
			w.created(8)
			if left := slices.DeleteFunc(w.list(false), func(d hook.Delivery) bool { return d.Record == 7 }); len(left) > 0 {
				t.Fatalf("after %s: %v", d, left)
			}
		}
		parked := w.list(true)
		if len(parked) != 1 || parked[0].Record != 7 || parked[0].Status != 422 {
			t.Fatalf("parked: %+v", parked)
		}
		if d := parked[0].Next.Sub(w.start); d < hook.Patience || d > hook.Patience+time.Hour {
			t.Errorf("parked after %s", d)
		}
	})
}

// TestRetryAfter holds how long a receiver can put off the next attempt.
func TestRetryAfter(t *testing.T) {
	const ahead = 400 * 24 * time.Hour // of the workspace's clock is the machine's
	date := func(d time.Duration) func(time.Time) string {
		return func(now time.Time) string { return now.Add(ahead + d).Format(http.TimeFormat) }
	}
	text := func(s string) func(time.Time) string { return func(time.Time) string { return s } }
	for name, test := range map[string]struct {
		header func(now time.Time) string
		want   time.Duration
	}{
		"none":           {text(""), 5 * time.Second},
		"seconds":        {text("60"), time.Minute},
		"spaces":         {text(" 60 "), time.Minute},
		"shorter":        {text("1"), 5 * time.Second},
		"zero":           {text("0"), 5 * time.Second},
		"an hour":        {text("3600"), time.Hour},
		"too long":       {text("3601"), time.Hour},
		"does not fit":   {text("99999999999999999999999"), time.Hour},
		"negative":       {text("-60"), 5 * time.Second},
		"fraction":       {text("60.5"), 5 * time.Second},
		"words":          {text("a minute"), 5 * time.Second},
		"date":           {date(2 * time.Minute), 2 * time.Minute},
		"date in past":   {date(-time.Hour), 5 * time.Second},
		"date far ahead": {date(ahead), time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, 1, func(*http.Request, attempt) (*http.Response, error) {
				res := status(503)
				res.Header.Set("Retry-After", test.header(time.Now()))
				return res, nil
			},
				func(c *hook.Config) { c.Machine = func() time.Time { return time.Now().Add(ahead) } },
				func(t *testing.T, w *world) {
					w.created(7)
					w.until(test.want)
					seen := w.seen()
					if len(seen) != 2 || seen[1].at != test.want {
						t.Fatalf("attempts %v, want a second after %s", seen, test.want)
					}
					w.created(8) // fails too: now it is the receiver
					w.until(2*test.want - time.Second)
					w.created(9) // so this one waits
					w.until(2 * test.want)
					seen = w.seen()
					if len(seen) != 4 || seen[2].at != test.want || seen[3].at != 2*test.want {
						t.Errorf("attempts %v, want a fourth after %s", seen, 2*test.want)
					}
				})
		})
	}
}

// TestLease has another node take over while requests are under way, or the database
// be away for as long as the lease lasts: the requests are broken off, and nothing of
// them counts.
func TestLease(t *testing.T) {
	for name, test := range map[string]struct {
		fails error
		most  time.Duration // until the requests have ended
	}{
		"taken over":       {nil, 3 * time.Second},
		"database is away": {errors.New("the database is away"), 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var ended []time.Time
			hanging := true
			within(t, 1, func(req *http.Request, _ attempt) (*http.Response, error) {
				mu.Lock()
				hang := hanging
				mu.Unlock()
				if !hang {
					return status(200), nil
				}
				<-req.Context().Done() // a client without a limit
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, time.Now())
				return nil, req.Context().Err()
			}, func(c *hook.Config) { c.Poll = time.Second }, func(t *testing.T, w *world) {
				w.created(7, 8)
				if n := len(w.seen()); n != 2 {
					t.Fatalf("%d requests are under way", n)
				}
				w.store.lease(false, test.fails)
				w.until(test.most)
				mu.Lock()
				if len(ended) != 2 || ended[1].Sub(w.start) > test.most {
					t.Errorf("ended: %v", ended)
				}
				hanging = false
				mu.Unlock()
				w.until(time.Minute)
				if n := len(w.seen()); n != 2 {
					t.Errorf("%d requests without the lease", n-2)
				}
				for _, d := range w.list(false) {
					if d.Attempts != 0 || d.Failure != "" {
						t.Errorf("it counted as a failure: %+v", d)
					}
				}
				w.store.lease(true, nil)
				w.until(2 * time.Minute)
				if seen, rest := w.seen(), w.list(false); len(seen) != 4 || len(rest) != 0 {
					t.Errorf("%d requests in all, left: %v", len(seen), rest)
				}
			})
		})
	}
}

// TestEnd ends the service while requests are under way: one that is broken off does
// not count, and one that is answered all the same is not sent again.
func TestEnd(t *testing.T) {
	within(t, 1, func(req *http.Request, a attempt) (*http.Response, error) {
		<-req.Context().Done()
		if a.record == "7" {
			return nil, req.Context().Err()
		}
		return status(200), nil
	}, nil, func(t *testing.T, w *world) {
		w.created(7, 8)
		w.stop()
		left := w.list(false)
		if len(left) != 1 || left[0].Record != 7 || left[0].Attempts != 0 || left[0].Failure != "" {
			t.Errorf("left: %+v", left)
		}
	})
}

// TestHanging has one receiver of many not answer: the others get theirs at once, and
// nobody more than what is allowed at once.
func TestHanging(t *testing.T) {
	const hooks, room = 20, 6
	var mu sync.Mutex
	under, most := map[int64]int{}, map[int64]int{}
	count := func(id int64, by int) {
		mu.Lock()
		defer mu.Unlock()
		for _, id := range []int64{id, 0} { // 0 = all
			under[id] += by
			most[id] = max(most[id], under[id])
		}
	}
	within(t, hooks, func(req *http.Request, a attempt) (*http.Response, error) {
		count(a.hook, 1)
		defer count(a.hook, -1)
		wait := time.Millisecond
		if a.hook == 3 {
			wait = hook.Timeout
		}
		select {
		case <-time.After(wait):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
		if a.hook == 3 {
			return nil, context.DeadlineExceeded
		}
		return status(200), nil
	}, func(c *hook.Config) { c.Sending = make(chan struct{}, room) }, func(t *testing.T, w *world) {
		ids := make([]int64, 50)
		for i := range ids {
			ids[i] = int64(i + 1)
		}
		w.created(ids...)
		w.until(hook.Timeout - time.Second)
		got := map[int64]int{}
		for _, a := range w.seen() {
			got[a.hook]++
		}
		for id := int64(1); id <= hooks; id++ {
			want := len(ids)
			if id == 3 {
				want = 4
			}
			if got[id] != want {
				t.Errorf("hook %d: %d requests, want %d", id, got[id], want)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for id, n := range most {
			if limit := map[bool]int{true: room, false: 4}[id == 0]; n > limit {
				t.Errorf("hook %d: %d requests at once", id, n)
			}
		}
	})
}

// endless is a body without an end, and counts what is read of it.
type endless struct{ read, closed int }

func (b *endless) Read(p []byte) (int, error) { b.read += len(p); return len(p), nil }
func (b *endless) Close() error               { b.closed++; return nil }

// TestAnswer reads answers up to a limit, whatever they are, and closes them.
func TestAnswer(t *testing.T) {
	for _, code := range []int{200, 204, 299, 302, 404, 500} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			var body endless
			within(t, 1, func(*http.Request, attempt) (*http.Response, error) {
				res := status(code)
				res.Body = &body
				return res, nil
			}, nil, func(t *testing.T, w *world) {
				w.created(7)
				if body.read == 0 || body.read > 64<<10 || body.closed != 1 {
					t.Errorf("%d bytes are read, closed %d times", body.read, body.closed)
				}
				left := w.list(false)
				if well := code < 300; well != (len(left) == 0) {
					t.Errorf("left: %+v", left)
				}
				if len(left) == 1 && !strings.Contains(left[0].Failure, strconv.Itoa(code)) {
					t.Errorf("failure: %q", left[0].Failure)
				}
			})
		})
	}
}
