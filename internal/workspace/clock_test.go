package workspace_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/workspace"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// machine is a hand-moved clock, in a time zone of its own.
type machine struct{ ns atomic.Int64 }

func newMachine() *machine {
	m := new(machine)
	m.ns.Store(noon.UnixNano())
	return m
}
func (m *machine) now() time.Time {
	return time.Unix(0, m.ns.Load()).In(time.FixedZone("", 3600))
}
func (m *machine) advance(d time.Duration) { m.ns.Add(int64(d)) }

func TestClock(t *testing.T) {
	m := newMachine()
	c := workspace.NewClock(m.now, workspace.Setting{})
	offset := func(d time.Duration) *workspace.Setting { return &workspace.Setting{Offset: d} }
	frozen := noon.Add(1234567 * time.Nanosecond)
	steps := []struct {
		name    string
		set     *workspace.Setting
		advance time.Duration
		want    time.Duration // since noon
	}{
		{"start", nil, 0, 0},
		{"below a millisecond", nil, 999 * time.Microsecond, 0},
		{"a millisecond", nil, time.Microsecond, time.Millisecond},
		{"small step back", nil, -time.Second, time.Millisecond},
		{"catching up", nil, time.Second, time.Millisecond},
		{"onward", nil, time.Second, 1001 * time.Millisecond},
		{"large step back", nil, -time.Hour, -time.Hour + 1001*time.Millisecond},
		{"ahead", offset(48 * time.Hour), 0, 47*time.Hour + 1001*time.Millisecond},
		{"ahead, running", nil, time.Minute, 47*time.Hour + 61001*time.Millisecond},
		{"behind", offset(-24 * time.Hour), 0, -25*time.Hour + 61001*time.Millisecond},
		{"a bit behind", offset(-24*time.Hour - 10*time.Millisecond), 0, -25*time.Hour + 60991*time.Millisecond},
		{"frozen", &workspace.Setting{Frozen: frozen.In(time.FixedZone("", -7200)), Offset: time.Hour}, 0, time.Millisecond},
		{"frozen for long", nil, 9 * time.Hour, time.Millisecond},
		{"thawed", offset(0), 0, 8*time.Hour + 61001*time.Millisecond},
	}
	for _, s := range steps {
		m.advance(s.advance)
		if s.set != nil {
			c.Set(*s.set)
		}
		got := c.Now()
		if want := noon.Add(s.want); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", s.name, got, want)
		}
	}
}

// Every reader sees a time that does not go back, whatever the others read.
func TestClockConcurrent(t *testing.T) {
	m := newMachine()
	c := workspace.NewClock(m.now, workspace.Setting{Offset: time.Hour})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			last := c.Now()
			for i := range 5000 {
				m.advance(time.Duration(i%7-2) * time.Millisecond / 4)
				now := c.Now()
				if now.Before(last) {
					t.Errorf("%v after %v", now, last)
					return
				}
				last = now
			}
		})
	}
	wg.Wait()
}
