package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// bulkRows is how many rows of a bulk load share a transaction.
const bulkRows = 5000

// restoreTime is how long making indexes and constraints again may take. Some
// millions of rows take minutes.
const restoreTime = time.Hour

// BulkLoad implements crm.Loader. Indexes and constraints of the tables that get
// rows are taken away first and made again at the end, from all rows at once. Until
// then the database carries no fingerprint, so that after a crash the next New makes
// them. When ctx
// ends, loading stops, but they are made all the same; the rows of transactions
// before that stay.
//
// Records come after those that they refer to. PostgreSQL would take them in any
// order, SQLite does not.
func (s *Store) BulkLoad(ctx context.Context, fn func(insert func(res *resource.Resource, recs ...*resource.Record) error) error) (err error) {
	defer fault.Wrap(&err, "store.BulkLoad")
	defer s.kept.forget()
	all, err := newSchema(s.flavor, s.tables, s.trigrams)
	if err != nil {
		return err
	}
	l := &loader{ctx: ctx, s: s, all: all, next: map[*table]int64{}, stripped: map[*table]bool{}}
	if err = fn(l.insert); err == nil {
		err = l.flush()
	}
	// Without its indexes a workspace is of no use to others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTime)
	defer cancel()
	return errors.Join(err, s.db.Write(ctx, func(c Conn) error { return s.restore(ctx, c, all, l) }))
}

// strip drops everything that makes inserts into a table slow.
func (all *schema) strip(ctx context.Context, c Conn, t *table) error {
	if _, err := c.Exec(ctx, `UPDATE "_meta" SET "fingerprint" = ''`, nil); err != nil {
		return err
	}
	for _, o := range all.indexes {
		if o.table != t.name {
			continue
		}
		if err := c.Script(ctx, "DROP INDEX IF EXISTS "+quote(o.name)); err != nil {
			return err
		}
	}
	for _, o := range all.foreign {
		if o.table != t.name {
			continue
		}
		if err := c.Script(ctx, "ALTER TABLE "+o.table+" DROP CONSTRAINT IF EXISTS "+quote(o.name)); err != nil {
			return err
		}
	}
	for _, d := range all.texts {
		if d.table != t {
			continue
		}
		if err := d.drop(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// restore makes what strip dropped, and what the rows need beside.
func (s *Store) restore(ctx context.Context, c Conn, all *schema, l *loader) error {
	if s.flavor == PostgreSQL {
		// For building indexes; the default of 64 MB makes those of trigrams
		// take several times as long.
		if err := c.Script(ctx, "SET LOCAL maintenance_work_mem = '512MB'"); err != nil {
			return err
		}
	}
	if err := s.upgrade(ctx, c, all); err != nil {
		return err
	}
	if s.flavor == PostgreSQL {
		// Plans for the rows that are there now, rather than in a minute.
		for t := range l.next {
			if err := c.Script(ctx, "ANALYZE "+t.name); err != nil {
				return err
			}
		}
	}
	_, err := c.Exec(ctx, advance, nil)
	return err
}

// loader collects rows, so that many share a transaction.
type loader struct {
	ctx      context.Context
	s        *Store
	all      *schema
	next     map[*table]int64 // id for the next row without one
	stripped map[*table]bool
	runs     []run
	rows     int
}

// run are rows of one resource, in the order in which they came.
type run struct {
	t    *table
	res  *resource.Resource
	recs []*resource.Record
}

func (l *loader) insert(res *resource.Resource, recs ...*resource.Record) error {
	t, err := l.s.table(res)
	if err != nil {
		return err
	}
	if err := checkRecords(res, recs); err != nil {
		return err
	}
	if l.next[t] == 0 {
		err := l.s.db.Read(l.ctx, func(c Conn) (err error) {
			l.next[t], err = nextID(l.ctx, c, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	if n := len(l.runs); n == 0 || l.runs[n-1].res != res {
		l.runs = append(l.runs, run{t: t, res: res})
	}
	last := &l.runs[len(l.runs)-1]
	for _, rec := range recs {
		if rec.ID == 0 && rec.Values[0].IsNull() { // an id may be 0
			rec.ID = l.next[t]
		}
		rec.Version = 1
		l.next[t] = max(l.next[t], rec.ID+1)
		last.recs = append(last.recs, &resource.Record{ID: rec.ID, Values: slices.Clone(rec.Values)})
	}
	if l.rows += len(recs); l.rows < bulkRows {
		return nil
	}
	return l.flush()
}

// flush writes what was collected.
func (l *loader) flush() error {
	runs := l.runs
	l.runs, l.rows = nil, 0
	if len(runs) == 0 {
		return nil
	}
	err := l.s.db.Write(l.ctx, func(c Conn) error {
		for _, r := range runs {
			if !l.stripped[r.t] {
				if err := l.all.strip(l.ctx, c, r.t); err != nil {
					return err
				}
				if err := l.s.forgetMilestones(l.ctx, c); err != nil {
					return err
				}
			}
			if err := l.s.insertWithIDs(l.ctx, c, r.t, r.res, r.recs); err != nil {
				return fmt.Errorf("%s: %w", r.res.Name, err)
			}
			if l.s.flavor == SQLite {
				continue // takes the greatest id as the last one
			}
			_, err := c.Exec(l.ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'), $2, false)`, []Arg{
				{resource.TextValue(r.t.name), ColumnText},
				{resource.IntValue(l.next[r.t]), ColumnInteger},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range runs {
		l.stripped[r.t] = true
	}
	return nil
}

// nextID returns the id after the greatest.
func nextID(ctx context.Context, c Conn, t *table) (next int64, err error) {
	err = c.Query(ctx, t.insert.next, nil, func(r Row) error {
		next = r.Int(0)
		return nil
	})
	return next, err
}
