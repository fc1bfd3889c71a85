package cache

import (
	"context"
	"sync/atomic"
	"time"
)

// The ages at which a Fresh value is read again. Soft lets one caller read while
// the others go on with what is there; hard makes everyone wait. Hard stays under
// one second by the time a slow read may take, since one second is what the
// server promises for revoked credentials and changed clocks.
const (
	softAge = 500 * time.Millisecond
	hardAge = 900 * time.Millisecond
)

// Fresh is a value that is read from its source when it is asked for and at most
// 0.9 s old. One caller reads at a time. It needs no goroutine: the work is done
// by those who ask, so a value nobody asks for costs nothing.
type Fresh[T any] struct {
	load func(context.Context) (T, error)
	now  func() time.Time
	turn chan struct{} // full while a caller reads
	last atomic.Pointer[reading[T]]
}

type reading[T any] struct {
	value T
	at    time.Time // taken before the source was read: the age is never understated
}

// NewFresh returns a Fresh that reads with load and measures ages with now.
// A failed load is the error of the one who asked and is not remembered; what
// should be remembered, such as "there is none", belongs in T.
func NewFresh[T any](now func() time.Time, load func(context.Context) (T, error)) *Fresh[T] {
	return &Fresh[T]{load: load, now: now, turn: make(chan struct{}, 1)}
}

// Get returns the value, read at most 0.9 s ago. It returns the error of load, or
// the context's when that ended while another caller was reading.
func (f *Fresh[T]) Get(ctx context.Context) (T, error) {
	r := f.last.Load()
	age := f.age(r)
	if age < softAge {
		return r.value, nil
	}
	if age < hardAge {
		select {
		case f.turn <- struct{}{}:
		default: // being read by another caller
			return r.value, nil
		}
	} else {
		select {
		case f.turn <- struct{}{}:
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		}
	}
	defer func() { <-f.turn }()

	if r = f.last.Load(); f.age(r) < softAge { // read while this call waited for its turn
		return r.value, nil
	}
	at := f.now()
	value, err := f.load(ctx)
	if err != nil {
		return value, err
	}
	f.last.Store(&reading[T]{value, at})
	return value, nil
}

// Forget makes the next Get read the source. A read under way at this moment may
// still be served for up to 0.9 s.
func (f *Fresh[T]) Forget() { f.last.Store(nil) }

// age returns how old r is; a missing reading and one from the future (the clock
// was set back) are older than every limit.
func (f *Fresh[T]) age(r *reading[T]) time.Duration {
	if r == nil {
		return hardAge
	}
	if age := f.now().Sub(r.at); age >= 0 {
		return age
	}
	return hardAge
}
