package store

import (
	"context"
	"fmt"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The outbox of webhooks: how far the log of changes has been read, by which node,
// and what is to be delivered. Times are milliseconds since 1970 on every engine.

const deliveriesDDL = `CREATE TABLE IF NOT EXISTS "_outbox" (
  "one" %[1]s NOT NULL PRIMARY KEY CHECK ("one" = 1),
  "after" %[1]s NOT NULL,
  "node" %[2]s NOT NULL,
  "until" %[1]s NOT NULL
)%[3]s;
CREATE TABLE IF NOT EXISTS "_deliveries" (
  "hook" %[1]s NOT NULL,
  "sequence" %[1]s NOT NULL,
  "resource" %[2]s NOT NULL,
  "record" %[1]s NOT NULL,
  "state" %[1]s NOT NULL,
  "queued" %[1]s NOT NULL,
  "next" %[1]s NOT NULL,
  "first" %[1]s NOT NULL,
  "attempts" %[1]s NOT NULL,
  "status" %[1]s NOT NULL,
  "failure" %[2]s NOT NULL,
  PRIMARY KEY ("hook", "sequence")
)%[3]s;
CREATE INDEX IF NOT EXISTS "_deliveries_due" ON "_deliveries" ("hook", "next", "sequence") WHERE "state" = 0;
CREATE INDEX IF NOT EXISTS "_deliveries_parked" ON "_deliveries" ("next") WHERE "state" = 2;
CREATE INDEX IF NOT EXISTS "_deliveries_record" ON "_deliveries" ("hook", "resource", "record", "sequence") WHERE "state" < 2;
CREATE INDEX IF NOT EXISTS "_changes_hooks" ON "_changes" ("record") WHERE "resource" = 'hooks';
`

const deliveryColumns = `"sequence", "resource", "record", "state", "queued", "next", "first", "attempts", "status", "failure"`

// Deliveries is the outbox of one workspace, as one node sees it. It implements
// hook.Store.
type Deliveries struct {
	s    *Store
	node string
}

var _ hook.Store = Deliveries{}

// Deliveries returns the outbox for a node, which no other process is called like.
func (s *Store) Deliveries(node string) Deliveries { return Deliveries{s, node} }

// write runs fn in a transaction, one at a time: what is waiting for what is
// decided by looking at the other deliveries.
func (d Deliveries) write(ctx context.Context, fn func(Conn) error) error {
	return d.s.db.Write(ctx, func(c Conn) error {
		if d.s.flavor == PostgreSQL {
			if err := c.Query(ctx, `SELECT pg_advisory_xact_lock(hashtext(current_schema()), 2)::text`, nil, ignore); err != nil {
				return err
			}
		}
		return fn(c)
	})
}

// databaseNow is the clock that leases go by, in milliseconds.
const databaseNow = `(extract(epoch FROM clock_timestamp()) * 1000)::bigint`

// writeHeld is write for the node that holds the outbox. As long as fn has not ended,
// no other takes it over.
func (d Deliveries) writeHeld(ctx context.Context, fn func(Conn) error) error {
	return d.write(ctx, func(c Conn) error {
		if d.s.flavor == PostgreSQL {
			held := false
			err := c.Query(ctx, `SELECT 1 FROM "_outbox" WHERE "node" = $1 AND "until" > `+databaseNow+` FOR SHARE`, []Arg{word(d.node)}, func(Row) error {
				held = true
				return nil
			})
			if err != nil {
				return err
			}
			if !held {
				return fault.New(fault.Conflict, "another node delivers")
			}
		}
		return fn(c)
	})
}

func numbers(values ...int64) []Arg {
	args := make([]Arg, len(values))
	for i, v := range values {
		args[i] = number(v)
	}
	return args
}

func number(v int64) Arg { return Arg{resource.IntValue(v), ColumnInteger} }

func word(s string) Arg { return Arg{resource.TextValue(s), ColumnText} }

// millis is 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Position implements hook.Outbox.
func (d Deliveries) Position(ctx context.Context, hooks []int64) (after int64, born map[int64]int64, err error) {
	defer fault.Wrap(&err, "store.Position")
	if d.s.flavor == PostgreSQL {
		if err := d.s.number(ctx); err != nil {
			return 0, nil, err
		}
	}
	err = d.s.db.Read(ctx, func(c Conn) error {
		after, born = 0, map[int64]int64{}
		err := c.Query(ctx, `SELECT "after" FROM "_outbox"`, nil, func(r Row) error {
			after = r.Int(0)
			return nil
		})
		for _, id := range hooks {
			if err != nil {
				break
			}
			err = c.Query(ctx, `SELECT "sequence" FROM "_changes" WHERE "resource" = 'hooks' AND "record" = $1 AND "kind" = 1`, numbers(id), func(r Row) error {
				born[id] = r.Int(0)
				return nil
			})
		}
		return err
	})
	return after, born, err
}

// Queue implements hook.Outbox.
func (d Deliveries) Queue(ctx context.Context, after int64, rows []hook.Delivery) (err error) {
	defer fault.Wrap(&err, "store.Queue")
	return d.writeHeld(ctx, func(c Conn) error {
		_, err := c.Exec(ctx, `INSERT INTO "_outbox" ("one", "after", "node", "until") VALUES (1, $1, '', 0)
			ON CONFLICT ("one") DO UPDATE SET "after" = excluded."after" WHERE "_outbox"."after" < excluded."after"`, numbers(after))
		for i := range rows {
			if err != nil {
				break
			}
			r := &rows[i]
			_, err = c.Exec(ctx, `INSERT INTO "_deliveries" ("hook", `+deliveryColumns+`) VALUES ($1, $2, $3, $4,
				CASE WHEN EXISTS (SELECT 1 FROM "_deliveries" WHERE "hook" = $1 AND "resource" = $3 AND "record" = $4 AND "state" < 2) THEN 1 ELSE 0 END,
				$5, $5, 0, 0, 0, '') ON CONFLICT DO NOTHING`,
				[]Arg{number(r.Hook), number(r.Sequence), word(r.Resource), number(r.Record), number(millis(r.Queued))})
		}
		return err
	})
}

// Keep implements hook.Outbox.
func (d Deliveries) Keep(ctx context.Context, hooks func(id int64) bool) (err error) {
	defer fault.Wrap(&err, "store.Keep")
	for last, more := int64(-1), true; more; {
		more = false
		err := d.s.db.Read(ctx, func(c Conn) error {
			return c.Query(ctx, `SELECT min("hook") FROM "_deliveries" WHERE "hook" > $1`, numbers(last), func(r Row) error {
				if more = !r.Null(0); more {
					last = r.Int(0)
				}
				return nil
			})
		})
		if err == nil && more && !hooks(last) {
			err = d.writeHeld(ctx, func(c Conn) error {
				_, err := c.Exec(ctx, `DELETE FROM "_deliveries" WHERE "hook" = $1`, numbers(last))
				return err
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Expire implements hook.Outbox.
func (d Deliveries) Expire(ctx context.Context, before time.Time, limit int) (removed int, err error) {
	defer fault.Wrap(&err, "store.Expire")
	err = d.writeHeld(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, `DELETE FROM "_deliveries" WHERE ("hook", "sequence") IN (
			SELECT "hook", "sequence" FROM "_deliveries" WHERE "state" = 2 AND "next" <= $1 ORDER BY "next" LIMIT $2)`,
			numbers(millis(before), int64(limit)))
		removed = int(n)
		return err
	})
	return removed, err
}

// Hold implements hook.Outbox. A SQLite file is one process's.
func (d Deliveries) Hold(ctx context.Context, length time.Duration) (held bool, err error) {
	defer fault.Wrap(&err, "store.Hold")
	if d.s.flavor == SQLite {
		return true, nil
	}
	err = d.s.db.Write(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, `INSERT INTO "_outbox" ("one", "after", "node", "until") VALUES (1, 0, $1, `+databaseNow+` + $2)
			ON CONFLICT ("one") DO UPDATE SET "node" = excluded."node", "until" = excluded."until"
			WHERE "_outbox"."node" = excluded."node" OR "_outbox"."until" <= `+databaseNow, []Arg{word(d.node), number(length.Milliseconds())})
		held = n > 0
		return err
	})
	return held, err
}

// Due implements hook.Deliveries.
func (d Deliveries) Due(ctx context.Context, id int64) (next time.Time, ok bool, err error) {
	defer fault.Wrap(&err, "store.Due(%d)", id)
	err = d.s.db.Read(ctx, func(c Conn) error {
		return c.Query(ctx, `SELECT min("next") FROM "_deliveries" WHERE "hook" = $1 AND "state" = 0`, numbers(id), func(r Row) error {
			if ok = !r.Null(0); ok {
				next = fromMillis(r.Int(0))
			}
			return nil
		})
	})
	return next, ok, err
}

// Claim implements hook.Deliveries.
func (d Deliveries) Claim(ctx context.Context, id int64, now, far time.Time, limit int) (_ []hook.Delivery, err error) {
	defer fault.Wrap(&err, "store.Claim(%d)", id)
	return d.read(ctx, id, `SELECT `+deliveryColumns+` FROM "_deliveries" WHERE "hook" = $1 AND "state" = 0 AND ("next" <= $2 OR "next" > $3)
		ORDER BY "next", "sequence" LIMIT $4`, numbers(id, millis(now), millis(far), int64(limit)))
}

// List implements hook.Deliveries.
func (d Deliveries) List(ctx context.Context, id int64, parked bool, after int64, limit int) (_ []hook.Delivery, err error) {
	defer fault.Wrap(&err, "store.List(%d)", id)
	state := `"state" < 2`
	if parked {
		state = `"state" = 2`
	}
	return d.read(ctx, id, `SELECT `+deliveryColumns+` FROM "_deliveries" WHERE "hook" = $1 AND "sequence" > $2 AND `+state+`
		ORDER BY "sequence" LIMIT $3`, numbers(id, after, int64(limit)))
}

func (d Deliveries) read(ctx context.Context, id int64, sql string, args []Arg) (rows []hook.Delivery, err error) {
	err = d.s.db.Read(ctx, func(c Conn) error {
		rows = rows[:0]
		return c.Query(ctx, sql, args, func(r Row) error {
			rows = append(rows, hook.Delivery{
				Hook: id, Sequence: r.Int(0), Resource: string(r.Bytes(1)), Record: r.Int(2), State: hook.State(r.Int(3)),
				Queued: fromMillis(r.Int(4)), Next: fromMillis(r.Int(5)), First: fromMillis(r.Int(6)),
				Attempts: int(r.Int(7)), Status: int(r.Int(8)), Failure: string(r.Bytes(9)),
			})
			return nil
		})
	})
	return rows, err
}

// Settle implements hook.Deliveries.
func (d Deliveries) Settle(ctx context.Context, id int64, outcomes []hook.Outcome) (err error) {
	defer fault.Wrap(&err, "store.Settle(%d)", id)
	return d.writeHeld(ctx, func(c Conn) error {
		for i := range outcomes {
			if err := settle(ctx, c, id, &outcomes[i]); err != nil {
				return fmt.Errorf("delivery %d: %w", outcomes[i].Sequence, err)
			}
		}
		return nil
	})
}

func settle(ctx context.Context, c Conn, id int64, o *hook.Outcome) (err error) {
	if o.Over {
		_, err = c.Exec(ctx, `DELETE FROM "_deliveries" WHERE "hook" = $1 AND "sequence" = $2`, numbers(id, o.Sequence))
	} else {
		_, err = c.Exec(ctx, `UPDATE "_deliveries" SET "state" = $3, "next" = $4, "first" = $5, "attempts" = $6, "status" = $7, "failure" = $8
			WHERE "hook" = $1 AND "sequence" = $2 AND "state" = 0`, append(
			numbers(id, o.Sequence, int64(o.State), millis(o.Next), millis(o.First), int64(o.Attempts), int64(o.Status)), word(o.Failure)))
	}
	if err != nil || !o.Over && o.State != hook.Parked {
		return err
	}
	const others = `FROM "_deliveries" WHERE "hook" = $1 AND "resource" = $2 AND "record" = $3`
	_, err = c.Exec(ctx, `UPDATE "_deliveries" SET "state" = 0 WHERE "hook" = $1
		AND "sequence" = (SELECT min("sequence") `+others+` AND "state" < 2) AND NOT EXISTS (SELECT 1 `+others+` AND "state" = 0)`,
		[]Arg{number(id), word(o.Resource), number(o.Record)})
	return err
}

// release makes ready what waits for nothing any more.
func release(ctx context.Context, c Conn, id int64) error {
	_, err := c.Exec(ctx, `UPDATE "_deliveries" SET "state" = 0 WHERE "hook" = $1 AND "state" = 1 AND NOT EXISTS (
		SELECT 1 FROM "_deliveries" o WHERE o."hook" = $1 AND o."resource" = "_deliveries"."resource" AND o."record" = "_deliveries"."record"
		AND o."state" < 2 AND (o."state" = 0 OR o."sequence" < "_deliveries"."sequence"))`, numbers(id))
	return err
}

// Park implements hook.Deliveries.
func (d Deliveries) Park(ctx context.Context, id int64, before, now time.Time, failure string) (parked int, err error) {
	defer fault.Wrap(&err, "store.Park(%d)", id)
	err = d.writeHeld(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, `UPDATE "_deliveries" SET "state" = 2, "next" = $3, "failure" = $4 WHERE "hook" = $1 AND "state" < 2 AND "queued" <= $2`,
			append(numbers(id, millis(before), millis(now)), word(failure)))
		if parked = int(n); err != nil || n == 0 {
			return err
		}
		return release(ctx, c, id)
	})
	return parked, err
}

// Retry implements hook.Deliveries.
func (d Deliveries) Retry(ctx context.Context, id, sequence int64, now time.Time) (retried int, err error) {
	defer fault.Wrap(&err, "store.Retry(%d, %d)", id, sequence)
	err = d.write(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, `UPDATE "_deliveries" SET "state" = 1, "queued" = $3, "next" = $3, "first" = 0, "attempts" = 0
			WHERE "hook" = $1 AND ("sequence" = $2 OR $2 = 0) AND "state" = 2`, numbers(id, sequence, millis(now)))
		if retried = int(n); err != nil || n == 0 {
			return err
		}
		return release(ctx, c, id)
	})
	return retried, err
}
