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
	load  func(context.Context) (T, error)
	now   func() time.Time
	own   Epoch
	epoch *Epoch        // shared with others
	turn  chan struct{} // full while a caller reads
	last  atomic.Pointer[reading[T]]
}

type reading[T any] struct {
	value T
	at    time.Time // taken before the source was read: the age is never understated
	mark  uint64    // as well
}

// Epoch is the time in which readings of some values are good. The zero value is
// the first.
type Epoch struct{ n atomic.Uint64 }

// End makes whoever asks from now on for a value of the epoch read its source.
func (e *Epoch) End() { e.n.Add(1) }

// NewFresh returns a Fresh that reads with load and measures ages with now.
// A failed load is the error of the one who asked and is not remembered; what
// should be remembered, such as "there is none", belongs in T.
func NewFresh[T any](now func() time.Time, load func(context.Context) (T, error)) *Fresh[T] {
	return NewFreshIn(new(Epoch), now, load)
}

// NewFreshIn is NewFresh for a value that does not outlive an epoch.
func NewFreshIn[T any](epoch *Epoch, now func() time.Time, load func(context.Context) (T, error)) *Fresh[T] {
	return &Fresh[T]{load: load, now: now, epoch: epoch, turn: make(chan struct{}, 1)}
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
	at, mark := f.now(), f.mark()
	value, err := f.load(ctx)
	if err != nil {
		return value, err
	}
	f.last.Store(&reading[T]{value, at, mark})
	return value, nil
}

// Forget makes whoever asks from now on read the source, also when a read is under
// way at this moment.
func (f *Fresh[T]) Forget() { f.own.End() }

// mark changes with either epoch: both only grow.
func (f *Fresh[T]) mark() uint64 { return f.own.n.Load() + f.epoch.n.Load() }

// age returns how old r is; a missing reading, one of another epoch and one from
// the future (the clock was set back) are older than every limit.
func (f *Fresh[T]) age(r *reading[T]) time.Duration {
	if r == nil || r.mark != f.mark() {
		return hardAge
	}
	if age := f.now().Sub(r.at); age >= 0 {
		return age
	}
	return hardAge
}
