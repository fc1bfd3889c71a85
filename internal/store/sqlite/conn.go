package sqlite

import (
	"container/list"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/ext/fts5"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// maxText bounds one text, in bytes. The engine's memory is 256 MiB for each
// connection, and it panics without.
const maxText = 32 << 20

// maxStatements is the number of prepared statements a connection keeps. A wide
// one takes about 20 KiB.
const maxStatements = 64

// conn is one connection to the file, with its prepared statements. It is used
// by one goroutine at a time.
type conn struct {
	db    *sqlite3.Conn
	cache map[string]*list.Element
	order list.List // of *statement, most recently used first
	begin, beginImmediate, commit, rollback,
	savepoint, release, rollbackTo *sqlite3.Stmt

	writes   bool      // it is the writer's
	alone    bool      // statements run outside of transactions
	damage   error     // first damaging error since the transaction began
	inEngine bool      // a panic that passes now comes from the engine
	function bool      // and from amid it: one of the functions that it calls runs
	inRow    bool      // a row callback runs
	idle     time.Time // since when it lies in the pool
}

var _ store.Conn = (*conn)(nil)

// statement is a prepared statement in the cache.
type statement struct {
	*sqlite3.Stmt
	sql    string
	params int  // the highest N of its placeholders $N
	reads  bool // it changes nothing
}

// role says what a connection is for.
type role int

const (
	reading role = iota
	writing
	checkpointing
	copying
)

// dial opens a connection. Only the writer may create the file.
func dial(ctx context.Context, path string, opts Options, as role) (_ *conn, err error) {
	flags := sqlite3.OPEN_READWRITE | sqlite3.OPEN_URI
	if as == writing {
		flags |= sqlite3.OPEN_CREATE
	}
	uri := url.URL{Scheme: "file", Path: path, OmitHost: true}
	if opts.VFS != "" {
		uri.RawQuery = "vfs=" + url.QueryEscape(opts.VFS)
	}
	db, err := sqlite3.OpenFlags(uri.String(), flags)
	if err != nil {
		return nil, failure(ctx, err)
	}
	c := &conn{db: db, cache: map[string]*list.Element{}, writes: as == writing}
	defer func() {
		if err != nil {
			err = failure(ctx, err)
			_ = c.close() // what it says matters less than err
		}
	}()

	// The wait for locks comes first, since everything after it may need one.
	if err := db.BusyTimeout(opts.Busy); err != nil {
		return nil, err
	}
	cacheSize := opts.ReaderCache
	switch as {
	case writing:
		cacheSize = opts.WriterCache
	case checkpointing, copying:
		cacheSize = 64 // they copy pages without keeping them
	}
	if as == writing {
		if err := c.journal(); err != nil {
			return nil, err
		}
	}
	pragmas := "PRAGMA foreign_keys = ON;" +
		"PRAGMA synchronous = FULL;" +
		"PRAGMA temp_store = MEMORY;" +
		"PRAGMA cache_size = -" + strconv.Itoa(cacheSize) + ";"
	if as == reading {
		pragmas += "PRAGMA query_only = ON;"
	}
	if err := db.Exec(pragmas); err != nil {
		return nil, err
	}
	if err := db.WALAutoCheckpoint(0); err != nil {
		return nil, err
	}
	if as == checkpointing {
		return c, nil
	}
	if err := fts5.Register(db); err != nil {
		return nil, err
	}
	if err := registerFunctions(db, &c.function); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		stmt **sqlite3.Stmt
		sql  string
	}{
		{&c.begin, "BEGIN"}, {&c.beginImmediate, "BEGIN IMMEDIATE"},
		{&c.commit, "COMMIT"}, {&c.rollback, "ROLLBACK"},
		{&c.savepoint, "SAVEPOINT s"}, {&c.release, "RELEASE s"}, {&c.rollbackTo, "ROLLBACK TO s"},
	} {
		if *p.stmt, _, err = db.PrepareFlags(p.sql, sqlite3.PREPARE_PERSISTENT); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// journal switches the file to write-ahead logging. A new file gets pages of
// 4 KiB, the unit of the disk.
func (c *conn) journal() error {
	stmt, _, err := c.db.Prepare("PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	mode := ""
	if stmt.Step() {
		mode = stmt.ColumnText(0)
	}
	if err := stmt.Close(); err != nil {
		return err
	}
	if mode != "wal" {
		return fault.New(fault.Unavailable, "the file system does not support write-ahead logging (journal mode %q)", mode)
	}
	return nil
}

// close finalises the statements and closes the connection.
func (c *conn) close() error {
	for _, s := range []*sqlite3.Stmt{c.begin, c.beginImmediate, c.commit, c.rollback, c.savepoint, c.release, c.rollbackTo} {
		finalise(s)
	}
	c.forget()
	return c.db.Close()
}

// forget finalises the statements in the cache.
func (c *conn) forget() {
	for e := c.order.Front(); e != nil; e = e.Next() {
		finalise(e.Value.(*statement).Stmt)
	}
	c.order.Init()
	clear(c.cache)
}

// finalise closes a statement. What it reports, or panics with when it is the end of
// memory, is the last error of the statement, which is known.
func finalise(s *sqlite3.Stmt) {
	defer func() {
		if p := recover(); p != nil && !outOfMemory(p) {
			panic(p)
		}
	}()
	_ = s.Close()
}

// outOfMemory reports whether p is what the engine's package panics with after a call
// that ran out of memory. It has no type that others could ask for.
func outOfMemory(p any) bool {
	err, ok := p.(error)
	return ok && err.Error() == sqlite3.NOMEM.Error()
}

// exhausted reports whether p is the panic of a call of the engine that ended for want
// of memory, as sorting too much does. The engine has then come back from the call, and
// the connection can be closed or rolled back, which frees the memory; of any other
// panic nobody knows what the engine was at.
func (c *conn) exhausted(p any) bool {
	if !c.inEngine || c.function || !outOfMemory(p) {
		return false
	}
	c.inEngine = false
	c.damage = sqlite3.NOMEM
	return true
}

// run executes one of the connection's own statements, without interruption.
func (c *conn) run(s *sqlite3.Stmt) error {
	c.inEngine = true
	err := s.Exec()
	c.inEngine = false
	c.note(err)
	return err
}

// note remembers the first error after which the transaction is lost.
func (c *conn) note(err error) {
	if err != nil && c.damage == nil && damaging(err) {
		c.damage = err
	}
}

// interrupt lets ctx stop the statements from now on, and returns what did so
// before. A statement that changes something is not interrupted in the writer:
// the engine would then undo the whole transaction, which other jobs share.
func (c *conn) interrupt(ctx context.Context, reads bool) (old context.Context) {
	if c.writes && !reads {
		ctx = context.Background()
	}
	return c.db.SetInterrupt(ctx)
}

// prepare takes the statement from the cache, or compiles it. The caller ends its
// use with c.put.
func (c *conn) prepare(sql string) (*statement, error) {
	if e, ok := c.cache[sql]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*statement), nil
	}
	c.inEngine = true
	stmt, tail, err := c.db.PrepareFlags(numbered(sql), sqlite3.PREPARE_PERSISTENT)
	c.inEngine = false
	if err != nil {
		c.note(err)
		return nil, err
	}
	if stmt == nil {
		return nil, fault.New(fault.Internal, "a statement is empty")
	}
	if tail != "" {
		_ = stmt.Close()
		return nil, fault.New(fault.Internal, "more than one statement: %.40q", tail)
	}
	s := &statement{Stmt: stmt, sql: sql, params: stmt.BindCount(), reads: stmt.ReadOnly()}
	c.cache[sql] = c.order.PushFront(s)
	if c.order.Len() > maxStatements {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.cache, oldest.Value.(*statement).sql)
		_ = oldest.Value.(*statement).Close() // repeats the error of its last step
	}
	return s, nil
}

// put ends the use of s.
func (c *conn) put(s *statement) {
	if !c.inEngine { // else a panic of the engine is under way: it must not be called
		_ = s.Reset() // repeats the error of the last step, which the caller has
	}
}

// numbered writes the placeholders $1 as ?1. SQLite would take $1 for a name, to
// be numbered as it comes, and searches all names for each.
func numbered(sql string) string {
	if strings.IndexByte(sql, '$') < 0 {
		return sql
	}
	b := []byte(sql)
	for i := 0; i < len(b); i++ {
		start, skip := i+1, "" // where to look for what ends that in which $ means nothing
		switch c := b[i]; {
		case c == '$':
			b[i] = '?'
			continue
		case c == '\'' || c == '"' || c == '`':
			skip = string(c)
		case c == '[':
			skip = "]"
		case strings.HasPrefix(sql[i:], "--"):
			skip = "\n"
		case strings.HasPrefix(sql[i:], "/*"):
			start, skip = i+2, "*/"
		default:
			continue
		}
		n := strings.Index(sql[start:], skip)
		if n < 0 {
			break // the engine will say what it makes of it
		}
		i = start + n + len(skip) - 1
	}
	return string(b)
}

// bind gives s its arguments.
func (s *statement) bind(args []store.Arg) error {
	if len(args) < s.params {
		return fault.New(fault.Internal, "placeholder $%d has no argument", len(args)+1)
	}
	for i := range s.params {
		a := &args[i]
		var err error
		switch a.Type {
		case resource.Null:
			err = s.BindNull(i + 1)
		case resource.Int:
			err = s.BindInt64(i+1, a.I)
		default:
			if len(a.S) > maxText {
				return fault.New(fault.TooLarge, "a text is larger than %d bytes", maxText)
			}
			if err = a.Check(); err == nil {
				err = s.BindText(i+1, a.S)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Query implements store.Conn.
func (c *conn) Query(ctx context.Context, sql string, args []store.Arg, row func(store.Row) error) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	s, err := c.prepare(sql)
	if err != nil {
		return failure(ctx, err)
	}
	defer c.put(s)
	if err := s.bind(args); err != nil {
		return failure(ctx, err)
	}
	old := c.interrupt(ctx, s.reads)
	defer func() { c.db.SetInterrupt(old) }()
	for {
		c.inEngine = true
		more := s.Step()
		c.inEngine = false
		if !more {
			err := s.Err()
			c.note(err)
			return failure(ctx, err)
		}
		c.inRow = true
		err := row(s)
		c.inRow = false
		if err != nil {
			return err
		}
	}
}

// ready reports why a statement must not start now, if so.
func (c *conn) ready(ctx context.Context) error {
	if c.inRow {
		return fault.New(fault.Internal, "a row callback uses its connection")
	}
	if err := ctx.Err(); err != nil {
		return stopped(ctx, err)
	}
	// A statement after a damaging error, which a caller might ignore, would
	// run and commit by itself.
	if c.damage != nil {
		return failure(ctx, c.damage)
	}
	if !c.alone && c.db.GetAutocommit() {
		return &fault.Error{Kind: fault.Internal, Err: errUndone}
	}
	return nil
}

// Exec implements store.Conn.
func (c *conn) Exec(ctx context.Context, sql string, args []store.Arg) (int64, error) {
	if err := c.ready(ctx); err != nil {
		return 0, err
	}
	s, err := c.prepare(sql)
	if err != nil {
		return 0, failure(ctx, err)
	}
	defer c.put(s)
	if err := s.bind(args); err != nil {
		return 0, failure(ctx, err)
	}
	old := c.interrupt(ctx, s.reads)
	defer func() { c.db.SetInterrupt(old) }()
	before := c.db.TotalChanges()
	if err := c.run(s.Stmt); err != nil {
		return 0, failure(ctx, err)
	}
	if c.db.TotalChanges() == before {
		return 0, nil // Changes would tell of an earlier statement
	}
	return c.db.Changes(), nil
}

// Script implements store.Conn.
func (c *conn) Script(ctx context.Context, sql string) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	old := c.interrupt(ctx, false)
	defer func() { c.db.SetInterrupt(old) }()
	c.inEngine = true
	err := c.db.Exec(sql)
	c.inEngine = false
	c.note(err)
	return failure(ctx, err)
}

// Savepoint implements store.Conn.
func (c *conn) Savepoint(ctx context.Context, fn func() error) error {
	if !c.writes {
		return fault.New(fault.Internal, "savepoint in a read")
	}
	if err := c.ready(ctx); err != nil {
		return err
	}
	if err := c.run(c.savepoint); err != nil {
		return failure(ctx, err)
	}
	done := false
	defer func() {
		if !done && !c.inEngine { // fn panics
			c.undo()
		}
	}()
	err := fn()
	done = true
	if err != nil {
		c.undo()
		return err
	}
	return failure(ctx, c.run(c.release))
}

// undo rolls back to the innermost savepoint and removes it. When that fails,
// the whole transaction is lost, which note or the transaction's end will see.
func (c *conn) undo() {
	if c.run(c.rollbackTo) == nil {
		_ = c.run(c.release)
	}
}

// Null implements store.Row.
func (s *statement) Null(i int) bool { return s.ColumnType(i) == sqlite3.NULL }

// Int implements store.Row.
func (s *statement) Int(i int) int64 { return s.ColumnInt64(i) }

// Bytes implements store.Row.
func (s *statement) Bytes(i int) []byte { return s.ColumnRawText(i) }
