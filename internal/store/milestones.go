package store

import (
	"context"
	"math"
	"strconv"

	"github.com/dossier-crm/dossier/internal/crm"
)

// The 500,001st row by id is found on SQLite without counting the 500,000 before it:
// for every milestoneEvery-th row of a table, and for the last, it is written down how
// many come before it. Nobody has to keep that up to date. Rows are marked deleted,
// never removed, and new ones get the ids after the greatest, without gaps (see
// drawIDs); so what was counted once stays right, and after the last milestone the
// rows follow one another. Only a bulk load brings ids of its own: it takes the
// milestones away, and they are counted anew at its end, as at every change of the
// schema.
const milestonesSQLite = `CREATE TABLE IF NOT EXISTS "_milestones" (
  "resource" TEXT NOT NULL,
  "before" INTEGER NOT NULL,
  "id" INTEGER NOT NULL,
  PRIMARY KEY ("resource", "before")
) WITHOUT ROWID, STRICT;
`

// milestoneEvery is how far milestones are apart, in rows. So many entries of an index are
// read in some 0.1 ms.
const milestoneEvery = 1000

// forgetMilestones takes the milestones of all tables away.
func (s *Store) forgetMilestones(ctx context.Context, c Conn) error {
	if s.flavor != SQLite {
		return nil
	}
	_, err := c.Exec(ctx, `DELETE FROM "_milestones"`, nil)
	return err
}

// countMilestones writes the milestones of all tables down.
func (s *Store) countMilestones(ctx context.Context, c Conn) error {
	if s.flavor != SQLite {
		return nil
	}
	if err := s.forgetMilestones(ctx, c); err != nil {
		return err
	}
	for _, t := range s.tables {
		sql := `INSERT INTO "_milestones" SELECT $1, "before", "id" FROM (SELECT ` + idColumn + `, row_number() OVER (ORDER BY ` + idColumn + `) - 1 AS "before" FROM ` + t.name + `)` +
			` WHERE "before" % ` + strconv.Itoa(milestoneEvery) + ` = 0 OR "id" = (SELECT max(` + idColumn + `) FROM ` + t.name + `)`
		n, err := c.Exec(ctx, sql, []Arg{word(t.res.Name)})
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		// The first row will have the first id.
		if _, err := c.Exec(ctx, `INSERT INTO "_milestones" VALUES ($1, 0, 1)`, []Arg{word(t.res.Name)}); err != nil {
			return err
		}
	}
	return nil
}

// milestone is a row and how many come before it.
type milestone struct {
	before, id int64
	last       bool // ids follow one another from here on
}

// milestone returns the last milestone of the list's table that has at most so many
// rows before it. It reports false when none is known.
func (l *list) milestone(ctx context.Context, c Conn, before int64) (m milestone, known bool, err error) {
	const sql = `SELECT p."before", p."id", NOT EXISTS (SELECT 1 FROM "_milestones" n WHERE n."resource" = p."resource" AND n."before" > p."before")
		FROM "_milestones" p WHERE p."resource" = $1 AND p."before" <= $2 ORDER BY p."before" DESC LIMIT 1`
	err = c.Query(ctx, sql, []Arg{word(l.t.res.Name), number(before)}, func(r Row) error {
		m, known = milestone{before: r.Int(0), id: r.Int(1), last: r.Int(2) != 0}, true
		return nil
	})
	return m, known, err
}

// skip makes of the offset of a list of all rows by id a cursor to where it leads. It
// leaves the list as it is when it does not know.
func (l *list) skip(ctx context.Context, c Conn) error {
	before := int64(l.q.Offset)
	step := int64(-1) // from the first row of the page to that which the cursor is at
	if l.terms[0].Desc {
		end, known, err := l.milestone(ctx, c, math.MaxInt64)
		if err != nil || !known {
			return err
		}
		last, err := l.maxID(ctx, c)
		if err != nil {
			return err
		}
		// The table may be empty: then there is no row at its milestone, and last is 0.
		before, step = end.before+last-end.id-before, 1
		if before < 0 {
			l.q.After = &crm.Cursor{ID: math.MinInt64}
			return nil
		}
	}
	at, known, err := l.milestone(ctx, c, before)
	if err != nil || !known {
		return err
	}
	id := at.id + before - at.before
	if !at.last {
		sql := "SELECT " + idColumn + " FROM " + l.t.name + " INDEXED BY " + quote(l.t.idsIndex()) + " WHERE " + idColumn + " >= $1 ORDER BY 1 LIMIT 1 OFFSET $2"
		err := c.Query(ctx, sql, numbers(at.id, before-at.before), func(r Row) error {
			id = r.Int(0)
			return nil
		})
		if err != nil {
			return err
		}
	}
	l.q.After = &crm.Cursor{ID: id + step}
	return nil
}
