package sqlite

import (
	"context"
	"errors"

	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/internal/fault"
)

// codeOf returns the extended result code inside err, or 0.
func codeOf(err error) sqlite3.ExtendedErrorCode {
	var code sqlite3.ExtendedErrorCode
	if errors.As(err, &code) {
		return code
	}
	return 0
}

// failure translates an error of the engine into a fault, by its result code. An
// interrupted statement gives fault.Timeout when the deadline of ctx has passed,
// and otherwise ctx.Err itself.
func failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	code := codeOf(err)
	switch code {
	case sqlite3.CONSTRAINT_UNIQUE, sqlite3.CONSTRAINT_PRIMARYKEY, sqlite3.CONSTRAINT_ROWID:
		return fault.New(fault.Conflict, "a record with this value exists already").Because(err)
	case sqlite3.CONSTRAINT_FOREIGNKEY:
		return fault.New(fault.Invalid, "a referenced record does not exist").Because(err)
	case sqlite3.CONSTRAINT_NOTNULL, sqlite3.CONSTRAINT_CHECK, sqlite3.CONSTRAINT_DATATYPE:
		return fault.New(fault.Invalid, "a value does not fit its field").Because(err)
	}
	switch code.Code() {
	case sqlite3.INTERRUPT:
		return stopped(ctx, err)
	case sqlite3.BUSY:
		if ctx.Err() != nil {
			return stopped(ctx, err) // the wait for the lock was cut short
		}
		return fault.New(fault.Unavailable, "the database is in use by another process").Because(err)
	case sqlite3.FULL:
		return fault.New(fault.Unavailable, "the disk is full").Because(err)
	case sqlite3.IOERR, sqlite3.CANTOPEN, sqlite3.READONLY, sqlite3.PROTOCOL:
		return fault.New(fault.Unavailable, "the database cannot be read or written").Because(err)
	case sqlite3.NOMEM:
		return fault.New(fault.TooLarge, "the database has too little memory for this: ask for less at once, or in another order").Because(err)
	case sqlite3.TOOBIG:
		return fault.New(fault.TooLarge, "a value is too large to be stored").Because(err)
	}
	return &fault.Error{Kind: fault.Internal, Err: err}
}

// stopped is the error of work that its context has ended.
func stopped(ctx context.Context, cause error) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Timeout, "the time limit was reached").Because(err)
	case err != nil:
		return err
	default:
		return &fault.Error{Kind: fault.Internal, Err: cause}
	}
}

// damaging reports whether after err nothing that is not committed can be
// trusted: a failing disk, a full one, or a damaged file.
func damaging(err error) bool {
	switch codeOf(err).Code() {
	case sqlite3.IOERR, sqlite3.FULL, sqlite3.CORRUPT, sqlite3.NOTADB, sqlite3.READONLY, sqlite3.CANTOPEN:
		return true
	}
	return false
}

// lasting reports whether writes must be refused until the database is opened
// again. A full disk is not lasting: the engine undoes the transaction, and
// writes succeed again when there is room.
func lasting(err error) bool {
	return damaging(err) && codeOf(err).Code() != sqlite3.FULL
}
