package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The log of changes is one table. On SQLite, where one transaction writes at a
// time, a row's place in it is its sequence number. On PostgreSQL transactions end
// in another order than they take numbers from a generator, so that a reader could
// pass a number by that appears later; making them wait for each other would cost
// their shared commits. There, whoever reads first numbers what has been committed
// since, one reader at a time; see docs/adr/0008-change-log.md.

const changesSQLite = `CREATE TABLE IF NOT EXISTS "_changes" (
  "sequence" INTEGER PRIMARY KEY,
  "time" INTEGER NOT NULL,
  "user" INTEGER NOT NULL,
  "credential" TEXT NOT NULL,
  "dialect" TEXT NOT NULL,
  "request" TEXT NOT NULL,
  "resource" TEXT NOT NULL,
  "record" INTEGER NOT NULL,
  "kind" INTEGER NOT NULL,
  "fields" TEXT NOT NULL
) STRICT;
`

const changesPostgreSQL = `CREATE TABLE IF NOT EXISTS "_changes" (
  "id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "sequence" bigint,
  "time" timestamptz NOT NULL,
  "user" bigint NOT NULL,
  "credential" text NOT NULL,
  "dialect" text NOT NULL,
  "request" text NOT NULL,
  "resource" text NOT NULL,
  "record" bigint NOT NULL,
  "kind" bigint NOT NULL,
  "fields" text NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS "_changes_sequence" ON "_changes" ("sequence") WHERE "sequence" IS NOT NULL;
CREATE INDEX IF NOT EXISTS "_changes_unnumbered" ON "_changes" ("id") WHERE "sequence" IS NULL;
`

// historyDDL lets the part of the log that is about cases be read by record. Other
// resources have no such index, which every change would pay for.
const historyDDL = `CREATE INDEX IF NOT EXISTS "_changes_cases" ON "_changes" ("record") WHERE "resource" = 'cases';
`

const changeColumns = `"time", "user", "credential", "dialect", "request", "resource", "record", "kind", "fields"`

const changeWidth = 9

// Log implements crm.Tx. The entries are written last, with one statement on
// PostgreSQL.
func (x *tx) Log(_ context.Context, changes ...crm.Change) error {
	x.changes = append(x.changes, changes...)
	return nil
}

// writeChanges writes what was logged.
func (x *tx) writeChanges(ctx context.Context) error {
	size := 1
	if x.s.flavor == PostgreSQL {
		size = maxInsertRows
	}
	args := make([]Arg, 0, changeWidth)
	var fields []byte
	for all := x.changes; len(all) > 0; {
		for size > len(all) {
			size /= 2
		}
		args = args[:0]
		for _, c := range all[:size] {
			fields = appendFields(fields[:0], c.Fields)
			args = append(args,
				Arg{resource.IntValue(c.Time.UnixMilli()), ColumnInstant},
				Arg{resource.IntValue(c.UserID), ColumnInteger},
				Arg{resource.TextValue(c.Credential), ColumnText},
				Arg{resource.TextValue(c.Dialect), ColumnText},
				Arg{resource.TextValue(c.RequestID), ColumnText},
				Arg{resource.TextValue(c.Resource), ColumnText},
				Arg{resource.IntValue(c.ID), ColumnInteger},
				Arg{resource.IntValue(int64(c.Kind)), ColumnInteger},
				Arg{resource.TextValue(string(fields)), ColumnText},
			)
		}
		if _, err := x.c.Exec(ctx, x.s.logSQL(size), args); err != nil {
			return err
		}
		all = all[size:]
	}
	return nil
}

// logSQL is the statement that writes entries.
func (s *Store) logSQL(rows int) string {
	key := [2]any{"_changes", rows}
	if sql, ok := s.inserts.Load(key); ok {
		return sql.(string)
	}
	values := make([]string, rows)
	for i := range values {
		values[i] = "(" + placeholders(i*changeWidth, changeWidth) + ")"
	}
	sql := `INSERT INTO "_changes" (` + changeColumns + `) VALUES ` + strings.Join(values, ", ")
	s.inserts.Store(key, sql)
	return sql
}

// appendFields writes [["name",before,after],…], with values as they are kept.
func appendFields(dst []byte, fields []crm.FieldChange) []byte {
	dst = append(dst, '[')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = resource.AppendText(append(dst, '['), f.Name)
		for _, v := range []resource.Value{f.Before, f.After} {
			dst = append(dst, ',')
			switch v.Type {
			case resource.Int:
				dst = strconv.AppendInt(dst, v.I, 10)
			case resource.Str:
				dst = resource.AppendText(dst, v.S)
			default:
				dst = append(dst, "null"...)
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, ']')
}

func readFields(text []byte) ([]crm.FieldChange, error) {
	var rows [][3]json.RawMessage
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, err
	}
	fields := make([]crm.FieldChange, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row[0], &fields[i].Name); err != nil {
			return nil, err
		}
		for k, v := range []*resource.Value{&fields[i].Before, &fields[i].After} {
			switch raw := row[1+k]; {
			case len(raw) == 0 || raw[0] == 'n':
			case raw[0] == '"':
				v.Type = resource.Str
				if err := json.Unmarshal(raw, &v.S); err != nil {
					return nil, err
				}
			default:
				v.Type = resource.Int
				if err := json.Unmarshal(raw, &v.I); err != nil {
					return nil, err
				}
			}
		}
	}
	return fields, nil
}

// Changes implements crm.Store.
func (s *Store) Changes(ctx context.Context, after int64, limit int) (changes []crm.Change, err error) {
	defer fault.Wrap(&err, "store.Changes(%d)", after)
	if s.flavor == PostgreSQL {
		if err := s.number(ctx); err != nil {
			return nil, err
		}
	}
	return s.readChanges(ctx, ` WHERE "sequence" > $1 ORDER BY "sequence" LIMIT $2`, numbers(after, int64(limit)))
}

// History implements crm.Store.
func (s *Store) History(ctx context.Context, res *resource.Resource, ids []int64, limit int) (_ []crm.Change, err error) {
	defer fault.Wrap(&err, "store.History(%s)", res.Name)
	switch {
	case res.Name != "cases": // as historyDDL has it
		return nil, fmt.Errorf("the log of %s cannot be read by record", res.Name)
	case len(ids) == 0:
		return nil, nil
	}
	if s.flavor == PostgreSQL {
		if err := s.number(ctx); err != nil {
			return nil, err
		}
	}
	where := make([]string, len(ids))
	for i := range ids {
		where[i] = "$" + strconv.Itoa(i+1)
	}
	return s.readChanges(ctx, ` WHERE "resource" = 'cases' AND "record" IN (`+strings.Join(where, ", ")+`) ORDER BY "sequence" DESC LIMIT $`+strconv.Itoa(len(ids)+1),
		append(numbers(ids...), numbers(int64(limit))...))
}

// readChanges reads the entries that a condition selects, in its order.
func (s *Store) readChanges(ctx context.Context, where string, args []Arg) (changes []crm.Change, err error) {
	err = s.db.Read(ctx, func(c Conn) error {
		changes = changes[:0]
		return c.Query(ctx, `SELECT "sequence", `+changeColumns+` FROM "_changes"`+where, args, func(r Row) (err error) {
			change := crm.Change{
				Sequence: r.Int(0), Time: time.UnixMilli(r.Int(1)).UTC(), UserID: r.Int(2),
				Credential: string(r.Bytes(3)), Dialect: string(r.Bytes(4)), RequestID: string(r.Bytes(5)),
				Resource: string(r.Bytes(6)), ID: r.Int(7), Kind: crm.ChangeKind(r.Int(8)),
			}
			if change.Fields, err = readFields(r.Bytes(9)); err != nil {
				return fmt.Errorf("change %d: %w", change.Sequence, err)
			}
			changes = append(changes, change)
			return nil
		})
	})
	return changes, err
}

// numberBatch is how many entries get their numbers in one transaction.
const numberBatch = 10_000

// number gives sequence numbers to the entries that have been committed and have
// none, in the order in which they were written. It ends when none are left.
func (s *Store) number(ctx context.Context) error {
	for {
		waiting := false
		err := s.db.Read(ctx, func(c Conn) error {
			return c.Query(ctx, `SELECT 1::bigint FROM "_changes" WHERE "sequence" IS NULL LIMIT 1`, nil, func(Row) error {
				waiting = true
				return nil
			})
		})
		if err != nil || !waiting {
			return err
		}
		err = s.db.Write(ctx, func(c Conn) error {
			// Until the commit: the next reader numbers on from what this one wrote.
			// Writers do not wait. The statement after it sees what was committed
			// before the lock was granted.
			if err := c.Query(ctx, `SELECT pg_advisory_xact_lock(hashtext(current_schema()), 1)::text`, nil, ignore); err != nil {
				return err
			}
			_, err := c.Exec(ctx, `UPDATE "_changes" c SET "sequence" = n.number
				FROM (SELECT "id", coalesce((SELECT max("sequence") FROM "_changes" WHERE "sequence" IS NOT NULL), 0) + row_number() OVER (ORDER BY "id") AS number
					FROM (SELECT "id" FROM "_changes" WHERE "sequence" IS NULL ORDER BY "id" LIMIT $1) w) n
				WHERE c."id" = n."id"`, []Arg{{resource.IntValue(numberBatch), ColumnInteger}})
			return err
		})
		if err != nil {
			return err
		}
	}
}
