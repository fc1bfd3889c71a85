package workspace

import (
	"sync/atomic"
	"time"
)

// slew is how far the machine's clock may be set back without a workspace's
// clock following: small corrections must not reorder what happens.
const slew = time.Second

// Clock is a workspace's own time. It is safe for concurrent use.
type Clock struct {
	machine func() time.Time
	run     atomic.Pointer[run]
}

// run is the time under one setting.
type run struct {
	setting Setting
	last    atomic.Int64 // latest time told, ms since 1970
}

// NewClock returns a clock that differs from machine by s.
func NewClock(machine func() time.Time, s Setting) *Clock {
	c := &Clock{machine: machine}
	c.Set(s)
	return c
}

// Now returns the workspace's time, in UTC, in whole milliseconds. It does not
// go back unless the setting changes or the machine's clock is set back by more
// than a second.
func (c *Clock) Now() time.Time {
	r := c.run.Load()
	if !r.setting.Frozen.IsZero() {
		return r.setting.Frozen
	}
	for {
		// In this order: a last that is later than a reading begun after it
		// means that the machine's clock was set back, and not that this
		// goroutine was held up in between.
		last := r.last.Load()
		ms := c.machine().Add(r.setting.Offset).UnixMilli()
		if ms <= last && last-ms <= slew.Milliseconds() {
			ms = last
		}
		if ms == last || r.last.CompareAndSwap(last, ms) {
			return time.UnixMilli(ms).UTC()
		}
	}
}

// Set changes how the clock differs from the machine's.
func (c *Clock) Set(s Setting) {
	s = s.normal()
	if r := c.run.Load(); r != nil && r.setting == s {
		return
	}
	c.run.Store(&run{setting: s})
}

// normal returns s in whole milliseconds and UTC, without what has no effect.
func (s Setting) normal() Setting {
	if !s.Frozen.IsZero() {
		return Setting{Frozen: s.Frozen.UTC().Truncate(time.Millisecond).Round(0)}
	}
	return Setting{Offset: s.Offset.Truncate(time.Millisecond)}
}
