package sage

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// In whatever rhythm requests come, no more are let through than the bucket had and
// has got since, and none is refused while there is a token.
func TestLimiterIsABucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 50).Draw(t, "rate")
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		l := newLimiter(rate, func() time.Time { return now })
		gap := time.Second / time.Duration(rate)
		tokens := time.Second // of the oracle, in time
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			step := time.Duration(rapid.Int64Range(0, int64(2*gap)).Draw(t, "step"))
			now = now.Add(step)
			tokens = min(tokens+step, time.Second)
			wait := l.take("key")
			switch {
			case tokens >= gap && wait == 0:
				tokens -= gap
			case tokens >= gap:
				t.Fatalf("refused for %s with %s left", wait, tokens)
			case wait != gap-tokens:
				t.Fatalf("wait %s, want %s", wait, gap-tokens)
			}
		}
	})
}

// A key does not suffer from others, from a clock that is set back, or from its own
// refused requests; and there is no limit when none is set.
func TestLimiterIsFair(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	l := newLimiter(2, func() time.Time { return now })
	for i := range 10 {
		if wait := l.take("greedy"); (wait == 0) != (i < 2) {
			t.Errorf("request %d: %s", i, wait)
		}
	}
	if wait := l.take("modest"); wait != 0 {
		t.Errorf("another key waits for %s", wait)
	}
	now = now.Add(time.Second / 2)
	if wait := l.take("greedy"); wait != 0 {
		t.Errorf("after half a second: %s", wait)
	}
	now = now.Add(-time.Hour)
	if wait := l.take("greedy"); wait != 0 {
		t.Errorf("after the clock was set back: %s", wait)
	}
	for _, rate := range []int{0, -1} {
		if newLimiter(rate, time.Now) != nil {
			t.Errorf("rate %d limits", rate)
		}
	}
	// More than one request in a nanosecond is no limit, and no division by zero.
	if wait := newLimiter(2_000_000_000, func() time.Time { return now }).take("key"); wait != 0 {
		t.Errorf("wait %s", wait)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1, time.Now)
	for i := range 3 * maxLimited {
		l.take(fmt.Sprint(i))
	}
	if n := l.keys.Len(); n > maxLimited {
		t.Errorf("%d keys are kept", n)
	}
}

func TestLimiterCountsConcurrentRequests(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	l := newLimiter(100, func() time.Time { return now })
	var through atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if l.take("key") == 0 {
					through.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := through.Load(); n != 100 {
		t.Errorf("%d requests got through, want 100", n)
	}
}
