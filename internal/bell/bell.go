// Package bell calls a goroutine that waits for work.
package bell

import (
	"context"
	"time"
)

// Bell calls one goroutine. It is made by New.
type Bell struct {
	rung chan struct{} // has one element when it was rung since the last Wait
}

// New returns a bell that was not rung.
func New() Bell { return Bell{make(chan struct{}, 1)} }

// Ring ends the Wait under way, or else the next one. It does not block, and any
// number of times before a Wait count as one. Any goroutine may ring.
func (b Bell) Ring() {
	select {
	case b.rung <- struct{}{}:
	default: // it was rung
	}
}

// Wait waits until the bell is rung, d is over (0 = it never is) or ctx is done. It
// reports whether to go on, which is not so once ctx is done.
func (b Bell) Wait(ctx context.Context, d time.Duration) bool {
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-b.rung:
	case <-over:
	}
	return ctx.Err() == nil
}
