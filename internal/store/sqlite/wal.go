package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Sizes of the write-ahead log, in pages of 4 KiB.
const (
	copyPages    = 1 << 10 // not yet copied into the file: copy them
	restartPages = 4 << 10 // begin the log anew, unless readers still need it
	limitPages   = 16 << 10
)

// How long writers are held up while the log waits for its readers.
const (
	shortHold = 10 * time.Millisecond
	longHold  = 250 * time.Millisecond // above limitPages
)

// walState is what the writer and the keeper share about the write-ahead log.
type walState struct {
	gate   sync.Mutex // held during a transaction, and while the log is begun anew
	pages  atomic.Int64
	copied atomic.Int64
	grown  chan struct{} // signals that there is something to copy
}

// committed is called by the engine after each commit, with the pages that are in
// the log.
func (s *walState) committed(pages int) {
	s.pages.Store(int64(pages))
	if int64(pages) < s.copied.Load() {
		s.copied.Store(0) // the log has begun anew
	}
	if int64(pages)-s.copied.Load() >= copyPages {
		select {
		case s.grown <- struct{}{}:
		default: // the keeper knows
		}
	}
}

// keeper moves the write-ahead log into the file, beside the writer, and closes
// connections that nobody has used for a while.
type keeper struct {
	*DB
	c *conn // nil when nothing has been written for a while
}

func (k *keeper) run() {
	tick := time.NewTicker(max(k.opts.Idle/2, time.Millisecond))
	defer tick.Stop()
	defer func() { k.rest() }()
	last := k.commits.Load()
	for {
		select {
		case <-k.keep.quit:
			return
		case <-k.wal.grown:
			k.checkpoint()
		case <-tick.C:
			k.closeIdle()
			if now := k.commits.Load(); now != last {
				last = now
				continue
			}
			if k.wal.pages.Load() > 0 {
				k.truncate()
			}
			k.rest()
		}
	}
}

// checkpoint copies the log into the file while writers go on, and begins it
// anew when it has grown large. That needs the writers to stand still for a
// moment: they could otherwise always be a page ahead.
func (k *keeper) checkpoint() {
	if !k.do(sqlite3.CHECKPOINT_PASSIVE, 0) {
		return
	}
	select {
	case <-k.wal.grown: // meanwhile, and from before what is copied now was known
	default:
	}
	hold := shortHold
	switch pages := k.wal.pages.Load(); {
	case pages < restartPages:
		return
	case pages > limitPages:
		hold = longHold
	}
	k.wal.gate.Lock()
	defer k.wal.gate.Unlock()
	if k.do(sqlite3.CHECKPOINT_RESTART, hold) {
		k.wal.pages.Store(0)
		k.wal.copied.Store(0)
	}
}

// truncate empties the log of a database that is not written to.
func (k *keeper) truncate() {
	k.wal.gate.Lock()
	defer k.wal.gate.Unlock()
	if k.do(sqlite3.CHECKPOINT_TRUNCATE, shortHold) {
		k.wal.pages.Store(0)
		k.wal.copied.Store(0)
	}
}

// do runs one checkpoint and reports whether it went well. Readers that still
// need the log are no error: there will be another time. A disk that fails is one
// for good, since a second try could seem to succeed without the data.
func (k *keeper) do(mode sqlite3.CheckpointMode, busy time.Duration) bool {
	if k.refuse.Load() != nil {
		return false
	}
	if k.c == nil {
		c, err := dial(context.Background(), k.path, k.opts, checkpointing)
		if err != nil {
			k.log.Error("checkpoint", "error", err)
			return false
		}
		k.c = c
	}
	if err := k.c.db.BusyTimeout(busy); err != nil {
		k.log.Error("checkpoint", "error", err)
		return false
	}
	start := time.Now()
	pages, copied, err := k.c.db.WALCheckpoint("main", mode)
	k.log.Debug("checkpoint", "mode", mode, "pages", pages, "copied", copied, "took", time.Since(start), "error", err)
	switch {
	case err == nil:
		k.wal.copied.Store(int64(copied))
		return true
	case codeOf(err).Code() == sqlite3.BUSY:
		return false
	}
	k.log.Error("checkpoint", "error", err)
	k.suspect(err)
	return false
}

// rest closes the keeper's own connection.
func (k *keeper) rest() {
	if k.c != nil {
		k.drop(k.c)
		k.c = nil
	}
}

// closeIdle closes the readers that have been idle for long.
func (k *keeper) closeIdle() {
	limit := time.Now().Add(-k.opts.Idle)
	k.mu.Lock()
	n := 0
	for n < len(k.DB.idle) && k.DB.idle[n].idle.Before(limit) {
		n++
	}
	old := k.DB.idle[:n:n]
	k.DB.idle = k.DB.idle[n:]
	k.mu.Unlock()
	for _, c := range old {
		k.drop(c)
	}
}
