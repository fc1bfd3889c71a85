package document

import (
	"context"
	"errors"
	"maps"
	"sync"
)

// errHurry is the cause of a context that ended because a request is not to
// wait any longer.
var errHurry = errors.New("this takes too long for a request to wait for it")

// errands sees to it that an upload is settled by one caller at a time, and
// remembers which ones callers in a hurry leave alone. The zero value is ready.
type errands struct {
	mu    sync.Mutex
	under map[string]*errand
	hard  map[string]bool // they failed, or took too long
}

// errand is under way until end is closed; then err is set.
type errand struct {
	end chan struct{}
	err error
}

// attempt calls do, unless another caller is at the same errand and succeeds
// before ctx is done. Callers that are not patient leave out the hard ones. It
// reports whether the errand is done.
func (e *errands) attempt(ctx context.Context, name string, patient bool, do func() error) bool {
	for ctx.Err() == nil {
		job, mine := e.begin(name, patient)
		switch {
		case job == nil:
			return false
		case mine:
			job.err = do()
			e.note(ctx, name, job.err)
			e.mu.Lock()
			delete(e.under, name)
			e.mu.Unlock()
			close(job.end)
			return job.err == nil
		}
		select {
		case <-job.end:
			if job.err == nil {
				return true
			}
		case <-ctx.Done():
			e.note(ctx, name, ctx.Err())
		}
	}
	return false
}

// begin returns the errand of this name, which the caller is to do if it is
// mine, and nil when it is too hard for one who is not patient.
func (e *errands) begin(name string, patient bool) (job *errand, mine bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hard[name] && !patient {
		return nil, false
	}
	if job := e.under[name]; job != nil {
		return job, false
	}
	if e.under == nil {
		e.under, e.hard = make(map[string]*errand), make(map[string]bool)
	}
	job = &errand{end: make(chan struct{})}
	e.under[name] = job
	return job, true
}

// note remembers whether an errand that has begun is hard. One that was given up
// because its caller is gone says nothing about that.
func (e *errands) note(ctx context.Context, name string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		delete(e.hard, name)
	case ctx.Err() == nil, errors.Is(context.Cause(ctx), errHurry):
		e.hard[name] = true
	}
}

// forget drops what is remembered of all errands but these.
func (e *errands) forget(but []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	keep := make(map[string]bool, len(but))
	for _, name := range but {
		keep[name] = true
	}
	maps.DeleteFunc(e.hard, func(name string, _ bool) bool { return !keep[name] })
}
