package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
)

// Limits on one commit.
const (
	maxGroup     = 64                    // calls of Write that share it
	maxGroupTime = 20 * time.Millisecond // for which the first waits for the others
)

// job is one call of Write. Its state decides who may give up on it: the caller
// while it waits, only the writer once it is taken.
type job struct {
	ctx   context.Context
	fn    func(store.Conn) error
	state atomic.Int32
	err   error
	done  chan struct{} // closed when err is set
}

const (
	waiting int32 = iota
	taken
	abandoned
)

func (j *job) answer(err error) {
	j.err = err
	close(j.done)
}

// Write implements store.DB. fn runs on the writer's goroutine, alone: it must
// not call Write of the same database, nor end its goroutine. It sees all commits
// before it. A statement that changes something is not interrupted by its
// context; one that only reads is, and a call that still waits for its turn gives
// up. A panic of fn becomes a fault.Internal.
//
// After an error nothing of fn remains, but for fault.Unavailable from a failing
// disk, after which it may.
func (db *DB) Write(ctx context.Context, fn func(store.Conn) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if r := db.refuse.Load(); r != nil {
		return r.err()
	}
	if err := ctx.Err(); err != nil {
		return stopped(ctx, err)
	}
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case db.jobs <- j:
	case <-ctx.Done():
		return stopped(ctx, ctx.Err())
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return stopped(ctx, ctx.Err())
		}
		<-j.done
	}
	return j.err
}

// writer owns the only connection that changes the file.
type writer struct {
	*DB
	c *conn
}

// run serves calls of Write until the database is closed.
func (w *writer) run() {
	defer func() {
		if w.refuse.Load() != nil {
			// What the log holds is safer where it is than moved by a bad disk.
			if !w.c.inEngine {
				_, _ = w.c.db.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
			}
		}
		w.drop(w.c)
	}()
	for {
		select {
		case <-w.write.quit:
			return
		case j := <-w.jobs:
			if !w.take(j) {
				continue
			}
			w.wal.gate.Lock()
			w.group(j, w.next)
			w.wal.gate.Unlock()
		}
	}
}

// take claims a job. It reports false when there is nothing to do for it.
func (w *writer) take(j *job) bool {
	if !j.state.CompareAndSwap(waiting, taken) {
		return false
	}
	if err := j.ctx.Err(); err != nil {
		j.answer(stopped(j.ctx, err))
		return false
	}
	if r := w.refuse.Load(); r != nil {
		j.answer(r.err())
		return false
	}
	return true
}

// next returns a job that waits, or nil.
func (w *writer) next() *job {
	for {
		select {
		case j := <-w.jobs:
			if w.take(j) {
				return j
			}
		default:
			return nil
		}
	}
}

// group runs first, and then what next returns, in one transaction, and answers
// all after the commit. A job that fails undoes its own work, and is answered at
// once.
func (w *writer) group(first *job, next func() *job) {
	var members []*job // what the open transaction holds
	open := false
	var start time.Time // of the wait of the first member for the others
	for j := first; j != nil; {
		if !open {
			if err := w.begin(j.ctx); err != nil {
				j.answer(failure(j.ctx, err))
			} else {
				open = true
			}
		}
		if open {
			// Alone in its transaction a job needs no savepoint.
			err, lost := w.try(j, len(members) > 0)
			switch {
			case lost != nil:
				w.lose(append(members, j), lost)
				return
			case err == nil:
				if members = append(members, j); len(members) == 1 {
					start = time.Now()
				}
			default:
				j.answer(err)
				open = len(members) > 0
			}
		}
		j = nil
		if len(members) == 0 || len(members) < maxGroup && time.Since(start) < maxGroupTime {
			j = next()
		}
	}
	if !open {
		return
	}
	switch err := w.c.run(w.c.commit); {
	case err == nil:
		w.commits.Add(1)
		w.written.Add(uint64(len(members)))
		w.full.Store(false)
		for _, j := range members {
			j.answer(nil)
		}
	case codeOf(err).Code() == sqlite3.CONSTRAINT && len(members) > 1 && w.rollback() == nil:
		// A deferred constraint of one of them; each alone shows whose.
		for _, j := range members {
			w.group(j, func() *job { return nil })
		}
	default:
		w.lose(members, err)
	}
}

// begin opens a transaction that may write. Waiting for another process ends
// with ctx.
func (w *writer) begin(ctx context.Context) error {
	if r := w.refuse.Load(); r != nil {
		return r.err()
	}
	w.c.damage = nil
	old := w.c.db.SetInterrupt(ctx)
	err := w.c.run(w.c.beginImmediate)
	w.c.db.SetInterrupt(old)
	if w.c.damage != nil {
		w.suspect(err)
	}
	return err
}

// rollback ends the transaction, if the engine has not.
func (w *writer) rollback() error {
	if w.c.db.GetAutocommit() {
		return nil
	}
	return w.c.run(w.c.rollback)
}

var (
	errPanicked = errors.New("the database engine panicked")
	errUndone   = errors.New("the database engine undid the transaction")
)

// try runs one job in the open transaction. When it fails, its work is undone:
// to a savepoint when it shares the transaction, otherwise with the transaction.
// lost tells that the whole transaction is gone.
func (w *writer) try(j *job, shared bool) (err, lost error) {
	if shared {
		if err := w.c.run(w.c.savepoint); err != nil {
			return nil, err
		}
	}
	err = w.call(j)
	switch {
	case w.c.inEngine:
		return nil, errors.Join(errPanicked, err)
	case w.c.damage != nil:
		return nil, w.c.damage
	case w.c.db.GetAutocommit():
		return nil, errors.Join(errUndone, err)
	}
	switch {
	case err != nil && shared:
		w.c.undo()
		lost = w.c.damage
	case err != nil:
		lost = w.rollback()
	case shared:
		lost = w.c.run(w.c.release)
	}
	return err, lost
}

// call runs the job's function and turns a panic into an error.
func (w *writer) call(j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.c.inRow = false
			if w.c.exhausted(p) { // the transaction is lost, as after any damage
				w.c.forget() // some are in use
				err = failure(j.ctx, w.c.damage)
				return
			}
			err = &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return j.fn(w.c)
}

// lose answers the jobs of a transaction that cannot be committed.
func (w *writer) lose(jobs []*job, cause error) {
	w.suspect(cause)
	if w.c.inEngine {
		// The connection cannot be used, and keeps its locks.
		w.refuse.CompareAndSwap(nil, &refusal{cause})
	} else if err := w.rollback(); err != nil {
		w.suspect(err)
	}
	for _, j := range jobs {
		if r := w.refuse.Load(); r != nil {
			j.answer(r.err())
		} else {
			j.answer(failure(j.ctx, cause))
		}
	}
}

// suspect draws the conclusions from an error of the disk.
func (db *DB) suspect(err error) {
	switch {
	case codeOf(err).Code() == sqlite3.FULL:
		db.full.Store(true)
		db.log.Error("disk full", "error", err)
	case lasting(err):
		if db.refuse.CompareAndSwap(nil, &refusal{err}) {
			db.log.Error("disk failure: no more writes until the database is opened again", "error", err)
		}
	}
}
