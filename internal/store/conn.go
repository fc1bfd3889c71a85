package store

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// DB is what a database engine has to offer: one workspace's tables (a SQLite
// file, a PostgreSQL schema). internal/store/sqlite and internal/store/postgres
// implement it natively; everything above it is written once.
type DB interface {
	// Flavor says which SQL the engine speaks.
	Flavor() Flavor

	// Read runs fn on a connection that sees one consistent state (SQLite) or
	// committed state (PostgreSQL), and can change nothing. Many may run at once,
	// as far as there are connections; fn must not call Read of the same DB, since
	// it could wait for its own.
	Read(ctx context.Context, fn func(Conn) error) error

	// ReadOne is Read for an fn that runs a single statement, which sees one state by
	// itself: it need not begin and end a transaction.
	ReadOne(ctx context.Context, fn func(Conn) error) error

	// Write runs fn in a transaction and returns once it is durable. Concurrent
	// writers may share a commit, each behind its own savepoint, so the failure
	// of one undoes only its own work. fn is run again after a serialisation
	// failure, a deadlock, or a connection lost before commit. A panic of fn
	// becomes a fault.Internal. fn must not call Write of the same DB.
	Write(ctx context.Context, fn func(Conn) error) error

	// Ping reports whether reads and writes would be accepted now.
	Ping(ctx context.Context) error

	// Close waits for what is running and releases the database.
	Close() error
}

// Conn runs statements. Placeholders are $1, $2 … on every engine, each of them
// used at least once. It belongs to one goroutine and to the call of Read or
// Write that gave it.
//
// Errors are fault.Conflict for a value that must be unique and is taken,
// fault.Invalid for a reference to a missing row or a value the database cannot
// keep (see Arg.Check), fault.Timeout when the deadline of ctx passed, ctx.Err
// itself when it was cancelled, fault.Unavailable when the database cannot be
// reached or its disk fails, and fault.Internal for everything else.
type Conn interface {
	// Query calls row for each row. The Row is valid during the call only, and
	// row must not use the Conn. An error of row ends the query and is returned
	// as it is.
	Query(ctx context.Context, sql string, args []Arg, row func(Row) error) error

	// Exec runs one statement and returns the number of rows it changed.
	Exec(ctx context.Context, sql string, args []Arg) (int64, error)

	// Script runs several statements separated by semicolons, without
	// arguments: schema changes.
	Script(ctx context.Context, sql string) error

	// Savepoint runs fn so that its failure undoes its own work only, and the
	// transaction can go on. Write only.
	Savepoint(ctx context.Context, fn func() error) error
}

// Row reads the columns of the current row, counted from 0.
type Row interface {
	Null(i int) bool
	Int(i int) int64    // integers, scaled numbers, booleans as 0/1, instants as ms since 1970
	Bytes(i int) []byte // text; valid until the row callback returns
}

// Arg is one bound argument.
type Arg struct {
	resource.Value
	Column ColumnType // tells the engine how the value is kept
}

// Check refuses text that PostgreSQL cannot keep, so that no engine does: the
// character NUL, bytes that are no UTF-8, and NUL escaped in JSON. The error is
// fault.Invalid.
func (a Arg) Check() error {
	switch {
	case a.Type != resource.Str:
		return nil
	case strings.IndexByte(a.S, 0) >= 0 || a.Column == ColumnJSON && escapedNUL(a.S):
		return fault.New(fault.Invalid, "text must not contain the character U+0000")
	case !utf8.ValidString(a.S):
		return fault.New(fault.Invalid, "text is not valid UTF-8")
	}
	return nil
}

// escapedNUL reports whether a string in the JSON text holds the escape of U+0000.
func escapedNUL(s string) bool {
	for i := 0; ; i += 2 { // past the backslash and what it escapes
		n := strings.IndexByte(s[i:], '\\')
		if n < 0 {
			return false
		}
		i += n
		if strings.HasPrefix(s[i:], `\u0000`) {
			return true
		}
		if i+2 > len(s) {
			return false
		}
	}
}

// ColumnType is how a value is kept in a table.
type ColumnType uint8

const (
	ColumnText    ColumnType = iota // TEXT on both
	ColumnInteger                   // INTEGER, bigint
	ColumnNumber                    // INTEGER, bigint; scaled
	ColumnBoolean                   // INTEGER 0/1, boolean
	ColumnInstant                   // INTEGER ms, timestamptz
	ColumnJSON                      // TEXT, jsonb
)

// Flavor is a dialect of SQL.
type Flavor uint8

const (
	SQLite Flavor = iota
	PostgreSQL
)
