package sage

import (
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/cache"
)

// limiter lets each key make so many requests within a second: all of them at
// once, or evenly. It counts in this process alone, and its memory is bounded.
type limiter struct {
	now  func() time.Time
	gap  time.Duration // between requests that come evenly
	keys *cache.Recent[string, *atomic.Int64]
}

// maxLimited is how many keys are counted at once, about 200 bytes each. A key that
// has not been used while half as many others were begins anew.
const maxLimited = 1 << 14

// newLimiter returns a limiter to rate requests a second; nil, which limits
// nobody, when rate is 0.
func newLimiter(rate int, now func() time.Time) *limiter {
	if rate <= 0 {
		return nil
	}
	return &limiter{
		now:  now,
		gap:  max(time.Second/time.Duration(rate), 1),
		keys: cache.NewRecent[string, *atomic.Int64](maxLimited),
	}
}

// take counts a request of a key and returns 0; or, when the key has used up what
// it has, counts nothing and returns how long it is until there is more.
//
// This is a bucket of tokens in one number: the time at which the bucket will be
// full again. Each request moves it on by the time that a token takes.
func (l *limiter) take(key string) (wait time.Duration) {
	full := l.keys.GetOrPut(key, func() *atomic.Int64 { return new(atomic.Int64) })
	for {
		now := l.now().UnixNano()
		was := full.Load()
		at := max(was, now)
		if at > now+int64(time.Second) { // the clock was set back
			at = now
		}
		at += int64(l.gap)
		if late := at - now - int64(time.Second); late > 0 {
			return time.Duration(late)
		}
		if full.CompareAndSwap(was, at) {
			return 0
		}
	}
}
