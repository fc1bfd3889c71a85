// Package postgres keeps one schema of a PostgreSQL database. It speaks the
// protocol through pgconn, with statements prepared once per connection and
// values in binary form, without database/sql.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
)

// Options tunes one database. The zero value is good for a server.
type Options struct {
	// Readers and Writers are the numbers of connections that may read and write
	// at once; they are opened when needed. Default: four per processor each,
	// and at most 16.
	Readers, Writers int

	// Idle is how long a connection may lie unused before it is closed.
	// Default: 1 minute.
	Idle time.Duration

	// Logger receives what no request can be told about. Default: discarded.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	connections := min(16, 4*runtime.NumCPU())
	o.Readers = cmp.Or(o.Readers, connections)
	o.Writers = cmp.Or(o.Writers, connections)
	o.Idle = cmp.Or(o.Idle, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Attempts of one Write, and how long to wait before each but the first.
var pauses = [...]time.Duration{0, 5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond}

// commitTime bounds a COMMIT, which is not cut short by its caller's context: the
// outcome would be unknown.
const commitTime = 30 * time.Second

// DB is an open schema. It implements store.DB.
type DB struct {
	readers, writers *pool
	log              *slog.Logger
	trigrams         string

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup // calls of Read and Write under way
	quit   chan struct{}
	sweeps sync.WaitGroup // the goroutine that closes idle connections
}

var _ store.DB = (*DB)(nil)

// Open connects to the database of the URL and to a schema in it, which must
// exist (see CreateSchema), and sees to its function fold. Parameters of the URL
// reach the server; synchronous_commit is on unless the URL says otherwise.
//
// Errors are fault.Unavailable when the server cannot be reached, fault.NotFound
// when there is no such schema, and fault.Invalid when the URL cannot be read or
// the database's encoding is not UTF-8.
func Open(ctx context.Context, url, schema string, opts Options) (_ *DB, err error) {
	defer fault.Wrap(&err, "postgres.Open(%s)", schema)
	opts = opts.withDefaults()
	reading, err := configure(url, schema)
	if err != nil {
		return nil, err
	}
	writing := reading.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	if _, chosen := reading.RuntimeParams["plan_cache_mode"]; !chosen {
		// How many rows a pattern or a date selects differs by orders of
		// magnitude; one plan for all of them can take seconds for some.
		// Planning each time takes some 0.1 ms.
		reading.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	}
	db := &DB{
		readers: newPool(reading, opts.Readers),
		writers: newPool(writing, opts.Writers),
		log:     opts.Logger.With("schema", schema),
		quit:    make(chan struct{}),
	}
	if err := db.prepare(ctx, schema); err != nil {
		db.readers.close(time.Time{})
		db.writers.close(time.Time{})
		return nil, err
	}
	db.sweeps.Go(func() { db.sweep(opts.Idle) })
	return db, nil
}

// Flavor implements store.DB.
func (db *DB) Flavor() store.Flavor { return store.PostgreSQL }

// Trigrams returns the name of the schema, not quoted, in which the extension
// pg_trgm is installed, or "" when there is none and the user may not install it.
// Trigram indexes need it: "schema".gin_trgm_ops.
func (db *DB) Trigrams() string { return db.trigrams }

// sweep closes connections that were idle for long.
func (db *DB) sweep(idle time.Duration) {
	tick := time.NewTicker(max(idle/2, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-db.quit:
			return
		case now := <-tick.C:
			db.readers.close(now.Add(-idle))
			db.writers.close(now.Add(-idle))
		}
	}
}

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

// Read implements store.DB. Each statement sees what is committed when it
// begins.
func (db *DB) Read(ctx context.Context, fn func(store.Conn) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	if err := ctx.Err(); err != nil {
		return stopped(err)
	}
	s, err := db.readers.get(ctx)
	if err != nil {
		return err
	}
	defer db.readers.put(s)
	return fn(&conn{session: s})
}

// ReadOne implements store.DB.
func (db *DB) ReadOne(ctx context.Context, fn func(store.Conn) error) error { return db.Read(ctx, fn) }

// Write implements store.DB. fn is run again, up to four times, after a
// serialisation failure, a deadlock, or a connection that was lost before the
// commit was sent. When it is lost after that, the outcome is unknown, and the
// error is fault.Unavailable.
func (db *DB) Write(ctx context.Context, fn func(store.Conn) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.leave()
	var err error
	for _, pause := range pauses {
		if pause > 0 {
			db.log.Debug("write again", "error", err)
			wait := time.NewTimer(pause)
			select {
			case <-wait.C:
			case <-ctx.Done():
				wait.Stop()
			}
		}
		if ctx.Err() != nil {
			return stopped(ctx.Err())
		}
		var again bool
		if again, err = db.attempt(ctx, fn); !again {
			return err
		}
	}
	return err
}

// attempt runs fn in a transaction. again tells that nothing was committed and
// that another attempt may go better.
func (db *DB) attempt(ctx context.Context, fn func(store.Conn) error) (again bool, err error) {
	s, err := db.writers.get(ctx)
	if err != nil {
		return ctx.Err() == nil && fault.KindOf(err) == fault.Unavailable, err
	}
	defer db.writers.put(s) // ends the transaction if it is still open
	c := &conn{session: s, writes: true}
	if err := c.command(ctx, "BEGIN"); err != nil {
		return c.again, err
	}
	err = call(c, fn)
	if err != nil || c.again {
		if !c.broken() && !c.cancelled { // else put closes the connection
			_ = c.command(ctx, "ROLLBACK") // and also if this fails
		}
		if c.again && err == nil {
			err = fault.New(fault.Unavailable, "the transaction was lost")
		}
		return c.again, err
	}
	return c.commit(ctx)
}

// call runs fn and turns a panic into an error.
func call(c *conn, fn func(store.Conn) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return fn(c)
}

// commit ends the transaction.
func (c *conn) commit(ctx context.Context) (again bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	results, err := c.pg.Exec(ctx, "COMMIT").ReadAll()
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr) && pgErr.Severity != "FATAL":
		// The server answered: nothing is committed.
		return retriable(err), failure(ctx, err, true)
	case err != nil:
		return false, fault.New(fault.Unavailable, "the connection was lost during the commit: it may or may not have been saved").Because(err)
	case len(results) != 1 || results[0].CommandTag.String() != "COMMIT":
		// A statement had failed, and fn did not return the error.
		return false, &fault.Error{Kind: fault.Internal, Err: errors.New("the error of a statement was ignored; nothing was committed")}
	}
	return false, nil
}

// Ping implements store.DB.
func (db *DB) Ping(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "postgres.Ping")
	standby := false
	err = db.Write(ctx, func(c store.Conn) error {
		return c.Query(ctx, "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'", nil,
			func(r store.Row) error {
				standby = r.Int(0) != 0
				return nil
			})
	})
	if err == nil && standby {
		err = fault.New(fault.Unavailable, "the database takes no writes: it is a standby or read-only")
	}
	return err
}

// Close implements store.DB.
func (db *DB) Close() error {
	db.mu.Lock()
	if db.closed {
		db.mu.Unlock()
		return nil
	}
	db.closed = true
	db.mu.Unlock()
	db.calls.Wait()
	close(db.quit)
	db.sweeps.Wait()
	db.readers.close(time.Time{})
	db.writers.close(time.Time{})
	return nil
}
