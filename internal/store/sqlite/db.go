// Package sqlite keeps one database file: many readers that each see one
// consistent state, and one writer that lets concurrent writers share a commit.
// It uses the native interface of its engine, without database/sql.
package sqlite

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
)

// DB is an open database file. It implements store.DB.
type DB struct {
	path string
	opts Options
	log  *slog.Logger

	mu     sync.Mutex
	closed bool
	idle   []*conn        // readers at rest, most recently used last
	calls  sync.WaitGroup // calls of Read, Write and the like under way
	slots  chan struct{}  // as many as readers are lent out

	jobs   chan *job
	keep   background // the keeper
	write  background // the writer
	refuse atomic.Pointer[refusal]
	full   atomic.Bool // the last commit failed for want of space
	wal    walState

	commits, written atomic.Uint64
}

var _ store.DB = (*DB)(nil)

// refusal is why the database takes no more writes.
type refusal struct{ cause error }

func (r *refusal) err() error {
	return fault.New(fault.Unavailable, "the database takes no writes after a disk failure; it must be opened again").Because(r.cause)
}

// Open opens the file at path, or creates it; its folder must exist. The
// database belongs to one DB at a time within a process, while other processes
// may have it open too.
//
// Errors are fault.Unavailable when the file cannot be used, and fault.Internal
// when it is damaged or no database.
func Open(ctx context.Context, path string, opts Options) (_ *DB, err error) {
	defer fault.Wrap(&err, "sqlite.Open(%s)", path)
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	db := &DB{
		path:  path,
		opts:  opts,
		log:   opts.Logger.With("database", path),
		slots: make(chan struct{}, opts.Readers),
		jobs:  make(chan *job, maxGroup),
		keep:  background{quit: make(chan struct{})},
		write: background{quit: make(chan struct{})},
	}
	db.wal.grown = make(chan struct{}, 1)
	w, err := dial(ctx, path, opts, writing)
	if err != nil {
		return nil, err
	}
	w.db.WALHook(func(_ *sqlite3.Conn, _ string, pages int) error {
		db.wal.committed(pages)
		return nil
	})
	db.write.done.Go((&writer{db, w}).run)
	db.keep.done.Go((&keeper{DB: db}).run)
	return db, nil
}

// Flavor implements store.DB.
func (db *DB) Flavor() store.Flavor { return store.SQLite }

// enter counts a call, so that Close waits for it; leave ends it.
func (db *DB) enter() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return fault.New(fault.Unavailable, "the database is closed")
	}
	db.calls.Add(1)
	return nil
}

func (db *DB) leave() { db.calls.Done() }

// Read implements store.DB. All that fn reads is the state of one moment; it
// cannot change anything.
func (db *DB) Read(ctx context.Context, fn func(store.Conn) error) error {
	return db.read(ctx, func(c *conn) error {
		if err := c.run(c.begin); err != nil {
			return failure(ctx, err)
		}
		if err := fn(c); err != nil {
			return err
		}
		return failure(ctx, c.run(c.commit))
	})
}

// ReadOne implements store.DB.
func (db *DB) ReadOne(ctx context.Context, fn func(store.Conn) error) error {
	return db.read(ctx, func(c *conn) error {
		c.alone = true
		err := fn(c)
		c.alone = false
		return err
	})
}

// read lends a reader to fn.
func (db *DB) read(ctx context.Context, fn func(*conn) error) (err error) {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if err := ctx.Err(); err != nil {
		return stopped(ctx, err)
	}
	select {
	case db.slots <- struct{}{}:
		defer func() { <-db.slots }()
	case <-ctx.Done():
		return stopped(ctx, ctx.Err())
	}
	c, err := db.reader(ctx)
	if err != nil {
		return err
	}
	healthy := false
	defer func() { db.giveBack(c, healthy) }()
	defer func() {
		if !c.inEngine {
			return
		}
		switch p := recover(); {
		case c.exhausted(p):
			err = failure(ctx, c.damage)
		case p != nil:
			panic(p)
		}
	}()
	err = fn(c)
	healthy = c.damage == nil
	return err
}

// reader takes an idle connection or opens one.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	db.mu.Lock()
	if n := len(db.idle); n > 0 {
		c := db.idle[n-1]
		db.idle = db.idle[:n-1]
		db.mu.Unlock()
		return c, nil
	}
	db.mu.Unlock()
	return dial(ctx, db.path, db.opts, reading)
}

// giveBack ends the transaction, if one is open, and keeps the connection for
// later when it can be relied on.
func (db *DB) giveBack(c *conn, healthy bool) {
	if healthy && !c.db.GetAutocommit() {
		healthy = c.run(c.rollback) == nil
	}
	if !healthy {
		db.drop(c)
		return
	}
	c.idle = time.Now()
	db.mu.Lock()
	db.idle = append(db.idle, c)
	db.mu.Unlock()
}

// drop closes a connection for good. After a panic of the engine its memory is
// left to the garbage collector, as calling it again could do anything.
func (db *DB) drop(c *conn) {
	if c.inEngine {
		return
	}
	if err := c.close(); err != nil {
		db.log.Error("closing a connection", "error", err)
	}
}

// Ping implements store.DB. It reads from the file, and after a commit that
// failed for want of space tries a small one.
func (db *DB) Ping(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "sqlite.Ping")
	if r := db.refuse.Load(); r != nil {
		return r.err()
	}
	version := int64(0)
	err = db.Read(ctx, func(c store.Conn) error {
		return c.Query(ctx, "PRAGMA user_version", nil, func(r store.Row) error {
			version = r.Int(0)
			return nil
		})
	})
	if err != nil || !db.full.Load() {
		return err
	}
	return db.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, "PRAGMA user_version = "+strconv.FormatInt(version, 10), nil)
		return err
	})
}

// Backup writes a copy of the database to a new file at path, as it is at one
// moment, while reads and writes go on. The copy is durable and has its final
// name only when it is complete. It is one file, without write-ahead log.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	defer fault.Wrap(&err, "sqlite.Backup(%s)", path)
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if _, err := os.Lstat(path); err == nil {
		return fault.New(fault.Conflict, "the file exists already")
	}
	c, err := dial(ctx, db.path, db.opts, copying)
	if err != nil {
		return err
	}
	defer db.drop(c)
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part) // what it says matters less than err
		}
	}()
	c.db.SetInterrupt(ctx)
	s, err := c.prepare("VACUUM INTO $1")
	if err != nil {
		return failure(ctx, err)
	}
	defer c.put(s)
	if err := s.BindText(1, part); err != nil {
		return failure(ctx, err)
	}
	if err := c.run(s.Stmt); err != nil {
		return failure(ctx, err)
	}
	// The engine does not wait for the copy to reach the disk.
	if err := syncFile(part); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// syncFile makes a file or a folder durable.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// background is a goroutine of a DB.
type background struct {
	quit chan struct{} // closed when no call is left that could need it
	done sync.WaitGroup
}

func (b *background) end() {
	close(b.quit)
	b.done.Wait()
}

// Close implements store.DB. The write-ahead log is moved into the file and
// removed, unless another process has the file open.
func (db *DB) Close() (err error) {
	defer fault.Wrap(&err, "sqlite.Close")
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.mu.Unlock()
	db.calls.Wait()
	// One after another. The keeper closes idle readers as well, and the engine
	// removes the log with the last connection: of two that close at once, each may
	// take the other for that, and the log stays. A file that is put in the place of
	// this one would later be read with it.
	db.keep.end()
	for _, c := range db.idle { // nobody is left who could touch it
		db.drop(c)
	}
	db.idle = nil
	db.write.end()
	if r := db.refuse.Load(); r != nil {
		return r.err()
	}
	return nil
}

// Stats are counters since Open, for metrics and tests.
type Stats struct {
	Commits  uint64 // transactions made durable
	Jobs     uint64 // calls of Write that succeeded
	Queued   int    // calls of Write that wait for their turn
	WALPages int    // pages in the write-ahead log at the last commit or checkpoint
	Readers  int    // connections open for reading
}

// Stats returns the counters.
func (db *DB) Stats() Stats {
	db.mu.Lock()
	readers := len(db.idle) + len(db.slots)
	db.mu.Unlock()
	return Stats{
		Commits:  db.commits.Load(),
		Jobs:     db.written.Load(),
		Queued:   len(db.jobs),
		WALPages: int(db.wal.pages.Load()),
		Readers:  readers,
	}
}
