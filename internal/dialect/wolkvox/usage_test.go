package wolkvox

import (
	"testing"
	"time"
)

// Tokens of workspaces whose clocks are days apart do not end each other's days.
func TestUsageByDay(t *testing.T) {
	var u usage
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	steps := []struct {
		token string
		days  int
		calls int // this one among them; 0 = refused
	}{
		{"here", 0, 1}, {"here", 0, 2},
		{"ahead", 9, 1}, {"ahead", 9, 2},
		{"here", 0, 3}, {"here", 0, 0},
		{"ahead", 9, 3}, {"ahead", 9, 0},
		{"here", 1, 1},
	}
	for i, s := range steps {
		got, err := u.enter(s.token, now.Add(time.Duration(s.days)*day), 3, 1)
		if (err == nil) != (s.calls > 0) || got.calls != s.calls {
			t.Errorf("step %d: call %d, %v; want %d", i, got.calls, err, s.calls)
		}
		if err == nil {
			u.leave(s.token)
		}
	}
}
