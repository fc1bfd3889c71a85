package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/cache"
)

// Whatever is done to it, a Recent holds no more than its limit, never a wrong
// value, and always the last limit/2 keys used.
func TestRecent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(2, 12).Draw(t, "limit")
		c := cache.NewRecent[int, int](limit)
		want := map[int]int{}
		var used []int // keys, last used at the end
		use := func(k int) {
			forget(&used, k)
			used = append(used, k)
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, v := rapid.IntRange(0, 20).Draw(t, "k"), rapid.Int().Draw(t, "v")
				c.Put(k, v)
				want[k] = v
				use(k)
			},
			"get": func(t *rapid.T) {
				k := rapid.IntRange(0, 20).Draw(t, "k")
				if v, ok := c.Get(k); ok {
					if v != want[k] {
						t.Fatalf("Get(%d) = %d, want %d", k, v, want[k])
					}
					use(k)
				} else {
					delete(want, k)
				}
			},
			"getOrPut": func(t *rapid.T) {
				k, v := rapid.IntRange(0, 20).Draw(t, "k"), rapid.Int().Draw(t, "v")
				got := c.GetOrPut(k, func() int { want[k] = v; return v })
				if got != want[k] {
					t.Fatalf("GetOrPut(%d) = %d, want %d", k, got, want[k])
				}
				use(k)
			},
			"delete": func(t *rapid.T) {
				k := rapid.IntRange(0, 20).Draw(t, "k")
				c.Delete(k)
				delete(want, k) // and still one of the keys used: deleting makes no room for older ones
				if _, ok := c.Get(k); ok {
					t.Fatalf("Get(%d) finds what was deleted", k)
				}
			},
			"": func(t *rapid.T) {
				if c.Len() > limit {
					t.Fatalf("holds %d values, limit is %d", c.Len(), limit)
				}
				// Oldest first, so that looking does not change the order.
				for _, k := range used[max(0, len(used)-limit/2):] {
					wanted, live := want[k]
					if v, ok := c.Get(k); ok != live || v != wanted {
						t.Fatalf("Get(%d) = %d, %v although it was used lately", k, v, ok)
					}
				}
			},
		})
	})
}

func forget(keys *[]int, k int) {
	for i, other := range *keys {
		if other == k {
			*keys = append((*keys)[:i], (*keys)[i+1:]...)
			return
		}
	}
}

func TestRecentConcurrent(t *testing.T) {
	c := cache.NewRecent[int, int](64)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 2000 {
				if v := c.GetOrPut(i%100, func() int { return i % 100 }); v != i%100 {
					t.Errorf("GetOrPut(%d) = %d", i%100, v)
				}
				c.Delete(i % 7)
			}
		})
	}
	wg.Wait()
	if c.Len() > 64 {
		t.Errorf("holds %d values, limit is 64", c.Len())
	}
}

// clock is a hand-moved clock.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }
func get(t *testing.T, f *cache.Fresh[int64]) int64 {
	t.Helper()
	v, err := f.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFresh(t *testing.T) {
	var c clock
	var reads atomic.Int64
	f := cache.NewFresh(c.now, func(context.Context) (int64, error) { return reads.Add(1), nil })

	steps := []struct {
		name    string
		advance time.Duration
		want    int64
	}{
		{"first", 0, 1},
		{"young", 499 * time.Millisecond, 1},
		{"past the soft age", time.Millisecond, 2},
		{"long after", time.Hour, 3},
		{"clock set back", -time.Minute, 4},
		{"young again", 10 * time.Millisecond, 4},
	}
	for _, s := range steps {
		c.advance(s.advance)
		if got := get(t, f); got != s.want {
			t.Errorf("%s: reading %d, want %d", s.name, got, s.want)
		}
	}
	f.Forget()
	if got := get(t, f); got != 5 {
		t.Errorf("after Forget: reading %d, want 5", got)
	}
}

// Nobody who asks after Forget, or after the end of the epoch, gets what was being
// read then.
func TestFreshForgetsWhatIsBeingRead(t *testing.T) {
	for _, name := range []string{"value", "epoch"} {
		var epoch cache.Epoch
		begun, open := make(chan struct{}), make(chan struct{})
		var readings int64
		f := cache.NewFreshIn(&epoch, time.Now, func(context.Context) (int64, error) {
			if readings++; readings == 1 {
				close(begun)
				<-open
			}
			return readings, nil
		})
		early := make(chan int64)
		go func() {
			n, _ := f.Get(context.Background())
			early <- n
		}()
		<-begun
		if name == "value" {
			f.Forget()
		} else {
			epoch.End()
		}
		close(open)
		if n := <-early; n != 1 {
			t.Errorf("%s: who asked before gets reading %d", name, n)
		}
		if got := get(t, f); got != 2 {
			t.Errorf("%s: who asks afterwards gets reading %d", name, got)
		}
	}
}

// While one caller reads, others go on with a value under the hard age and wait
// for the new one beyond it; nobody reads twice.
func TestFreshSingleFlight(t *testing.T) {
	var c clock
	var reads atomic.Int64
	begun, finish := make(chan struct{}), make(chan struct{})
	f := cache.NewFresh(c.now, func(context.Context) (int64, error) {
		n := reads.Add(1)
		if n > 1 {
			begun <- struct{}{}
			<-finish
		}
		return n, nil
	})
	if got := get(t, f); got != 1 {
		t.Fatalf("first reading is %d", got)
	}

	c.advance(600 * time.Millisecond)
	var wg sync.WaitGroup
	wg.Go(func() { get(t, f) })
	<-begun
	if got := get(t, f); got != 1 {
		t.Errorf("during a read at 0.6 s: reading %d, want the one there is", got)
	}

	c.advance(300 * time.Millisecond) // 0.9 s: the old value must not be served any more
	ctx, cancel := context.WithCancelCause(t.Context())
	gaveUp := errors.New("gave up")
	cancel(gaveUp)
	if v, err := f.Get(ctx); !errors.Is(err, gaveUp) {
		t.Errorf("Get with an ended context = %d, %v, want its cause", v, err)
	}
	for range 4 {
		wg.Go(func() {
			if got := get(t, f); got != 2 {
				t.Errorf("waiting caller got reading %d, want 2", got)
			}
		})
	}
	close(finish)
	wg.Wait()
	if n := reads.Load(); n != 2 {
		t.Errorf("source was read %d times, want 2", n)
	}
}

func TestFreshError(t *testing.T) {
	var c clock
	broken := errors.New("broken")
	fail := true
	f := cache.NewFresh(c.now, func(context.Context) (int64, error) {
		if fail {
			return 0, broken
		}
		return 7, nil
	})
	if _, err := f.Get(t.Context()); !errors.Is(err, broken) {
		t.Fatalf("err = %v, want the error of load", err)
	}
	fail = false
	if got := get(t, f); got != 7 {
		t.Errorf("after a failure: %d, want 7", got)
	}
}
