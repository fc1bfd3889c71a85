package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// maxStatements is the number of prepared statements a connection keeps.
const maxStatements = 128

// Object ids of the types this package reads and writes, from pg_type.dat.
const (
	oidBool        = 16
	oidName        = 19
	oidInt8        = 20
	oidInt2        = 21
	oidInt4        = 23
	oidText        = 25
	oidJSON        = 114
	oidUnknown     = 705
	oidBPChar      = 1042
	oidVarchar     = 1043
	oidTimestamp   = 1114
	oidTimestampTZ = 1184
	oidJSONB       = 3802
)

// Formats of values in the protocol.
const (
	formatText   = 0
	formatBinary = 1
)

// epoch is 2000-01-01, the server's zero, in milliseconds since 1970.
const epoch = 946_684_800_000

// conn is a session lent to one call of Read or Write.
type conn struct {
	*session
	writes bool
	again  bool // the transaction failed in a way that may not repeat
	inRow  bool // a row callback runs
}

var _ store.Conn = (*conn)(nil)

// statement is a prepared statement in the cache.
type statement struct {
	*pgconn.StatementDescription
	sql string
}

// fail translates an error and draws the conclusions for the session.
func (c *conn) fail(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var pgErr *pgconn.PgError
	switch {
	case ctx.Err() != nil:
		c.cancelled = true
	case !errors.As(err, &pgErr) && !c.pg.IsClosed():
		return &fault.Error{Kind: fault.Internal, Err: err} // it was never sent
	case retriable(err):
		c.again = true
	}
	return failure(ctx, err, c.writes)
}

// ready reports why a statement must not start now, if so.
func (c *conn) ready(ctx context.Context) error {
	if c.inRow {
		return fault.New(fault.Internal, "a row callback uses its connection")
	}
	if err := ctx.Err(); err != nil {
		return stopped(err)
	}
	return nil
}

// command runs statements without arguments or results.
func (c *conn) command(ctx context.Context, sql string) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	return c.fail(ctx, c.pg.Exec(ctx, sql).Close())
}

// prepare takes a statement from the cache, or has the server compile it.
func (c *conn) prepare(ctx context.Context, sql string) (*statement, error) {
	if e, ok := c.cache[sql]; ok {
		c.order.MoveToFront(e)
		return e.Value.(*statement), nil
	}
	if c.order.Len() >= maxStatements {
		if err := c.forget(ctx, c.order.Back().Value.(*statement)); err != nil {
			return nil, err
		}
	}
	c.names++
	d, err := c.pg.Prepare(ctx, "s"+strconv.Itoa(c.names), sql, nil)
	if err != nil {
		return nil, err
	}
	s := &statement{d, sql}
	c.cache[sql] = c.order.PushFront(s)
	return s, nil
}

// forget takes a statement out of the cache.
func (c *conn) forget(ctx context.Context, s *statement) error {
	c.order.Remove(c.cache[s.sql])
	delete(c.cache, s.sql)
	return c.pg.Deallocate(ctx, s.Name)
}

// start sends a statement with its arguments.
func (c *conn) start(ctx context.Context, s *statement, args []store.Arg) (*pgconn.ResultReader, error) {
	if err := c.bind(s.ParamOIDs, args); err != nil {
		return nil, err
	}
	return c.pg.ExecStatement(ctx, s.StatementDescription, c.values, c.formats, binaryResults), nil
}

// binaryResults asks for every column in binary form.
var binaryResults = []int16{formatBinary}

// bind encodes the arguments into the scratch space of the session, each as the
// type that the server expects in its place.
func (c *conn) bind(types []uint32, args []store.Arg) error {
	if len(types) > len(args) {
		return fault.New(fault.Internal, "placeholder $%d has no argument", len(args)+1)
	}
	args = args[:len(types)]
	size := 0
	for i := range args {
		if args[i].Type == resource.Str {
			if err := args[i].Check(); err != nil {
				return err
			}
			size += len(args[i].S)
		} else {
			size += 20 // digits and sign of a 64-bit integer
		}
	}
	if c.buf == nil || cap(c.buf) < size { // nil would be sent as null
		c.buf = make([]byte, 0, max(size, minArgs))
	}
	buf := c.buf[:0] // large enough: values keep pointing into it
	c.values, c.formats = c.values[:0], c.formats[:0]
	for i := range args {
		a := &args[i]
		start, format := len(buf), int16(formatBinary)
		switch a.Type {
		case resource.Null:
			c.values, c.formats = append(c.values, nil), append(c.formats, formatBinary)
			continue
		case resource.Str:
			buf, format = append(buf, a.S...), formatText
		default:
			switch types[i] {
			case oidInt8:
				buf = binary.BigEndian.AppendUint64(buf, uint64(a.I))
			case oidBool:
				if a.I != 0 {
					buf = append(buf, 1)
				} else {
					buf = append(buf, 0)
				}
			case oidTimestamp, oidTimestampTZ:
				const limit = math.MaxInt64 / 1000
				ms := a.I - epoch
				if a.I < -limit+epoch || ms > limit {
					return fault.New(fault.Invalid, "an instant is out of range")
				}
				buf = binary.BigEndian.AppendUint64(buf, uint64(ms*1000))
			default:
				buf, format = strconv.AppendInt(buf, a.I, 10), formatText
			}
		}
		c.values, c.formats = append(c.values, buf[start:len(buf):len(buf)]), append(c.formats, format)
	}
	c.buf = buf
	return nil
}

// minArgs is how many bytes of arguments a connection has room for from the start.
const minArgs = 256

// Query implements store.Conn.
func (c *conn) Query(ctx context.Context, sql string, args []store.Arg, row func(store.Row) error) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	for retried := false; ; retried = true {
		s, err := c.prepare(ctx, sql)
		if err != nil {
			return c.fail(ctx, err)
		}
		err = c.query(ctx, s, args, row)
		if again, err := c.renew(ctx, s, err); !again || retried {
			return err
		}
	}
}

// renew handles the error of a statement: one that no longer fits the tables
// is forgotten, and may be tried again at once when no transaction is lost.
func (c *conn) renew(ctx context.Context, s *statement, err error) (again bool, _ error) {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || !outdated(pgErr) {
		return false, err
	}
	if forget := c.forget(ctx, s); forget != nil {
		return false, c.fail(ctx, forget)
	}
	return !c.writes, err
}

func (c *conn) query(ctx context.Context, s *statement, args []store.Arg, fn func(store.Row) error) (err error) {
	result, err := c.start(ctx, s, args)
	if err != nil {
		return err
	}
	r := row{fields: s.Fields}
	c.inRow = true // and stays so if fn panics: the result is left unread
	for result.NextRow() && err == nil {
		r.values = result.Values()
		err = fn(&r)
	}
	c.inRow = false
	_, failed := result.Close()
	switch {
	case err != nil:
		return err
	case failed != nil:
		return c.fail(ctx, failed)
	}
	return r.err
}

// Exec implements store.Conn.
func (c *conn) Exec(ctx context.Context, sql string, args []store.Arg) (int64, error) {
	if err := c.ready(ctx); err != nil {
		return 0, err
	}
	for retried := false; ; retried = true {
		s, err := c.prepare(ctx, sql)
		if err != nil {
			return 0, c.fail(ctx, err)
		}
		result, err := c.start(ctx, s, args)
		if err != nil {
			return 0, err
		}
		tag, err := result.Close()
		if err != nil {
			if again, err := c.renew(ctx, s, c.fail(ctx, err)); !again || retried {
				return 0, err
			}
			continue
		}
		if tag.Insert() || tag.Update() || tag.Delete() {
			return tag.RowsAffected(), nil
		}
		return 0, nil
	}
}

// Script implements store.Conn.
func (c *conn) Script(ctx context.Context, sql string) error { return c.command(ctx, sql) }

// Savepoint implements store.Conn.
func (c *conn) Savepoint(ctx context.Context, fn func() error) error {
	if !c.writes {
		return fault.New(fault.Internal, "savepoint in a read")
	}
	if err := c.command(ctx, "SAVEPOINT s"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		if c.again || c.cancelled {
			return err // the transaction is lost
		}
		if undo := c.command(ctx, "ROLLBACK TO s; RELEASE s"); undo != nil {
			return undo
		}
		return err
	}
	return c.command(ctx, "RELEASE s")
}

// row is the current row of a result.
type row struct {
	fields []pgconn.FieldDescription
	values [][]byte
	err    error // first column read as what it is not
}

// Null implements store.Row.
func (r *row) Null(i int) bool { return r.values[i] == nil }

// Int implements store.Row.
func (r *row) Int(i int) int64 {
	v := r.values[i]
	switch oid := r.fields[i].DataTypeOID; {
	case v == nil:
		return 0
	case oid == oidInt8 && len(v) == 8:
		return int64(binary.BigEndian.Uint64(v))
	case oid == oidInt4 && len(v) == 4:
		return int64(int32(binary.BigEndian.Uint32(v)))
	case oid == oidInt2 && len(v) == 2:
		return int64(int16(binary.BigEndian.Uint16(v)))
	case oid == oidBool && len(v) == 1:
		return int64(v[0])
	case (oid == oidTimestampTZ || oid == oidTimestamp) && len(v) == 8:
		us := int64(binary.BigEndian.Uint64(v))
		ms := us / 1000
		if us%1000 < 0 {
			ms-- // round down, not towards 2000
		}
		return ms + epoch
	}
	r.mismatch(i, "an integer")
	return 0
}

// Bytes implements store.Row.
func (r *row) Bytes(i int) []byte {
	v := r.values[i]
	switch r.fields[i].DataTypeOID {
	case oidText, oidVarchar, oidBPChar, oidName, oidJSON, oidUnknown:
		return v
	case oidJSONB:
		if len(v) > 0 && v[0] == 1 { // version of the binary form, the only one
			return v[1:]
		}
	}
	if v != nil {
		r.mismatch(i, "text")
	}
	return nil
}

func (r *row) mismatch(i int, what string) {
	if r.err == nil {
		r.err = &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("column %q of type %d is read as %s",
			r.fields[i].Name, r.fields[i].DataTypeOID, what)}
	}
}
