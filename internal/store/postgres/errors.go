package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dossier-crm/dossier/internal/fault"
)

// stopped is the error of work that its context has ended.
func stopped(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.New(fault.Timeout, "the time limit was reached").Because(err)
	}
	return err
}

// failure translates an error of the server or of the connection into a fault, by
// its SQLSTATE. writes tells that the connection ought to be able to write.
func failure(ctx context.Context, err error, writes bool) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		if ctx.Err() != nil {
			return stopped(ctx.Err())
		}
		return fault.New(fault.Unavailable, "the connection to the database was lost").Because(err)
	}
	switch code := pgErr.Code; code {
	case "23505": // unique_violation
		return fault.New(fault.Conflict, "a record with this value exists already").Because(err)
	case "23503": // foreign_key_violation
		return fault.New(fault.Invalid, "a referenced record does not exist").Because(err)
	case "23502", "23514": // not_null_violation, check_violation
		return fault.New(fault.Invalid, "a value does not fit its field").Because(err)
	case "54000": // program_limit_exceeded: a key larger than a third of a page
		return fault.New(fault.Invalid, "a text is too long to be indexed").Because(err)
	case "57014": // query_canceled: by us, or by the server's statement_timeout
		if ctx.Err() != nil {
			return stopped(ctx.Err())
		}
		return fault.New(fault.Timeout, "the time limit was reached").Because(err)
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return fault.New(fault.Unavailable, "too many changes at once").Because(err)
	case "55P03": // lock_not_available
		return fault.New(fault.Unavailable, "the record is locked").Because(err)
	case "25006": // read_only_sql_transaction: a standby, unless it was our own doing
		if writes {
			return fault.New(fault.Unavailable, "the database takes no writes").Because(err)
		}
	default:
		switch code[:min(2, len(code))] {
		case "22": // data_exception
			return fault.New(fault.Invalid, "a value does not fit its field").Because(err)
		case "08", "53", "57", "58": // connection, resources, shutdown, disk
			return fault.New(fault.Unavailable, "the database cannot do this now").Because(err)
		}
	}
	return &fault.Error{Kind: fault.Internal, Err: err}
}

// retriable reports whether a transaction that failed with err may succeed when
// it is run again.
func retriable(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return true // the connection was lost
	}
	switch pgErr.Code {
	case "40001", "40P01", // serialization_failure, deadlock_detected
		"57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
		return true
	}
	return outdated(pgErr)
}

// outdated reports whether a prepared statement no longer fits the tables.
func outdated(err *pgconn.PgError) bool {
	return err.Code == "0A000" && err.Routine == "RevalidateCachedQuery"
}
