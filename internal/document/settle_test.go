package document_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
)

// presigning is a store that takes uploads itself: those given to put.
type presigning struct {
	walker

	mu       sync.Mutex
	names    []string // in the order of put
	data     map[string]string
	fail     map[string]error         // what collecting them ends with
	hold     map[string]chan struct{} // collecting them lasts until these are closed
	collects map[string]int
	listing  error
}

var _ blob.Presigner = (*presigning)(nil)

// newWorldPresigning makes a workspace whose storage takes uploads itself.
func newWorldPresigning(t *testing.T) (*world, *presigning) {
	w := newWorld(t)
	p := &presigning{
		walker: w.blobs, data: make(map[string]string), fail: make(map[string]error),
		hold: make(map[string]chan struct{}), collects: make(map[string]int),
	}
	w.blobs, w.cfg.Blobs = p, p
	var err error
	if w.docs, err = document.New(w.cfg); err != nil {
		t.Fatal(err)
	}
	return w, p
}

// announce returns a new document and the name its upload is to have.
func (w *world) announce(name string) (id int64, upload string) {
	ticket := w.create(document.Request{Name: name})
	return ticket.ID, ticket.Locator
}

func (p *presigning) put(name, data string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names = append(p.names, name)
	p.data[name] = data
}

// set changes what happens to an upload that is collected.
func (p *presigning) set(name string, err error, hold chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail[name], p.hold[name] = err, hold
}

func (p *presigning) collected(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.collects[name]
}

func (p *presigning) PresignPut(_ context.Context, name string, _ time.Duration) (string, error) {
	return name, nil
}

func (p *presigning) PresignGet(_ context.Context, hash, _, _ string, _ time.Duration) (string, error) {
	return hash, nil
}

func (p *presigning) Uploads(_ context.Context, fn func(name string) error) error {
	p.mu.Lock()
	names, err := slices.Clone(p.names), p.listing
	p.mu.Unlock()
	for _, name := range names {
		if err := fn(name); err != nil {
			return err
		}
	}
	return err
}

func (p *presigning) Collect(ctx context.Context, name string) (string, int64, error) {
	p.mu.Lock()
	data, err, hold := p.data[name], p.fail[name], p.hold[name]
	p.collects[name]++
	p.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
	if err != nil {
		return "", 0, err
	}
	u, err := p.Create(ctx)
	if err != nil {
		return "", 0, err
	}
	if _, err := io.WriteString(u, data); err != nil {
		return "", 0, errors.Join(err, u.Abort())
	}
	return u.Commit(ctx)
}

func (p *presigning) Drop(_ context.Context, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names = slices.DeleteFunc(p.names, func(n string) bool { return n == name })
	return nil
}

func (w *world) sweep(want document.Swept) {
	w.t.Helper()
	if got, err := w.docs.Sweep(context.Background()); err != nil || got != want {
		w.t.Errorf("Sweep = %+v, %v, want %+v", got, err, want)
	}
}

// An upload that cannot be settled keeps no list from showing the others, is
// tried by one list only, and is not lost.
func TestSettleBadUpload(t *testing.T) {
	w, p := newWorldPresigning(t)
	bad, badName := w.announce("bad")
	good, goodName := w.announce("good")
	w.announce("keeps documents pending")
	p.put(badName, "bad")
	p.put(goodName, "good")
	p.set(badName, fault.New(fault.Unavailable, "the storage cannot read it"), nil)
	for range 3 {
		w.settle()
		w.expect([]int64{good}, 1, 0)
	}
	if n := p.collected(badName); n != 1 {
		t.Errorf("lists have tried the bad one %d times", n)
	}

	// Its document does not expire as if nothing had come.
	w.advance(24 * time.Hour)
	w.sweep(document.Swept{})
	p.set(badName, nil, nil)
	w.sweep(document.Swept{Expired: 1})
	w.expect([]int64{bad, good}, 2, 0)
}

// What the storage cannot list is a failure of the list.
func TestSettleCannotList(t *testing.T) {
	w, p := newWorldPresigning(t)
	_, name := w.announce("a")
	p.put(name, "a")
	p.listing = fault.New(fault.Unavailable, "the storage cannot be reached")
	wantKind(t, "Settle", w.docs.Settle(t.Context()), fault.Unavailable)
	_, err := w.docs.Sweep(t.Context())
	wantKind(t, "Sweep", err, fault.Unavailable)

	p.listing = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.docs.Settle(ctx); err == nil {
		t.Error("Settle of a request that is over succeeds")
	}
	w.settle() // it has not made the upload a hard one
	w.expect([]int64{1}, 1, 0)
}

// A large upload holds up one list for two seconds and no other, nor uploads.
func TestSettleLargeUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorldPresigning(t)
		large, largeName := w.announce("large")
		small, smallName := w.announce("small")
		w.announce("keeps documents pending")
		finish := make(chan struct{})
		p.put(largeName, "large")
		p.put(smallName, "small")
		p.set(largeName, nil, finish)

		settle := func(want time.Duration) {
			t.Helper()
			began := time.Now()
			w.settle()
			if took := time.Since(began); took != want {
				t.Errorf("a list waits for %v, want %v", took, want)
			}
		}
		settle(2 * time.Second)
		settle(0)
		w.expect([]int64{small}, 1, 0)

		var sweeper sync.WaitGroup
		sweeper.Go(func() { w.sweep(document.Swept{}) })
		synctest.Wait() // it is at the large one
		if n := p.collected(largeName); n != 2 {
			t.Errorf("the large one was begun %d times, want once by a list and once by the sweeper", n)
		}
		// Others store and remove contents meanwhile.
		id, _, err := w.docs.Add(t.Context(), w.actor, document.Request{Name: "added"}, strings.NewReader("added"))
		if err != nil {
			t.Error(err)
		}
		_, refusedName := w.announce("refused")
		p.put(refusedName, strings.Repeat("x", 4<<20+1))
		settle(0)
		w.expect([]int64{small, id}, 2, 0)

		close(finish)
		sweeper.Wait()
		w.expect([]int64{large, small, id}, 3, 0)
	})
}

// A list shows what another one, or the sweeper, is just about to settle.
func TestSettleWaitsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorldPresigning(t)
		id, name := w.announce("a")
		finish := make(chan struct{})
		p.put(name, "a")
		p.set(name, nil, finish)
		var others sync.WaitGroup
		others.Go(func() { w.sweep(document.Swept{}) })
		synctest.Wait()
		for range 3 {
			others.Go(func() {
				w.settle()
				w.expect([]int64{id}, 1, 0)
			})
		}
		synctest.Wait()
		close(finish)
		others.Wait()
		if n := p.collected(name); n != 1 {
			t.Errorf("it was collected %d times", n)
		}
	})
}

// A request that is given up leaves its upload to the next list.
func TestSettleGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := newWorldPresigning(t)
		id, name := w.announce("a")
		finish := make(chan struct{})
		p.put(name, "a")
		p.set(name, nil, finish)
		ctx, cancel := context.WithCancel(t.Context())
		var lists sync.WaitGroup
		lists.Go(func() {
			if err := w.docs.Settle(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Settle = %v", err)
			}
		})
		synctest.Wait()
		lists.Go(w.settle)
		synctest.Wait()
		cancel()
		synctest.Wait() // the second one is at it now
		close(finish)
		lists.Wait()
		w.expect([]int64{id}, 1, 0)
	})
}
