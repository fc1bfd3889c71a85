package document

import (
	"context"
	"sync"
)

// gate lets in who is about to rely on a content, any number at once, or one who
// removes contents. Unlike those of a sync.RWMutex, who removes does not wait at any
// price: making a large content durable can take minutes, in which those who come
// behind the one who waits would wait, too. The zero value is ready.
type gate struct {
	mu      sync.Mutex
	inside  int           // who rely on contents
	closed  bool          // somebody removes, or waits until nobody is inside
	changed chan struct{} // closed when inside or closed changes; nil = nobody waits
}

// enter waits until the gate is open. leave ends what enter began.
func (g *gate) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.closed {
		g.wait(context.Background())
	}
	g.inside++
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.tell()
}

// close lets nobody in any more, and waits until nobody is inside. When ctx ends
// before, the gate is open again, and close reports false; otherwise open ends what
// it began.
func (g *gate) close(ctx context.Context) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.closed {
		if !g.wait(ctx) {
			return false
		}
	}
	g.closed = true
	for g.inside > 0 {
		if !g.wait(ctx) {
			g.closed = false
			g.tell()
			return false
		}
	}
	return true
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
	g.tell()
}

// wait waits for a change, without g.mu, which is held before and after. It reports
// false when ctx has ended.
func (g *gate) wait(ctx context.Context) bool {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}
