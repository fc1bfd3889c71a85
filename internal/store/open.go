package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// meta is what a database says about itself.
type meta struct {
	fingerprint string
	migration   int64
}

// open compares the database's fingerprint with the registry's, and changes the
// database when they differ.
func (s *Store) open(ctx context.Context) error {
	want, err := newSchema(s.flavor, s.tables, s.trigrams)
	if err != nil {
		return err
	}
	s.moves = newMoves(want.texts)
	var m meta
	err = s.db.Read(ctx, func(c Conn) (err error) {
		m, err = readMeta(ctx, c)
		return err
	})
	switch {
	case err == nil:
		if m.fingerprint == want.fingerprint(s.flavor) && m.migration == int64(len(migrations())) {
			return nil
		}
	case fault.KindOf(err) != fault.Internal || ctx.Err() != nil:
		return err
	}
	// Most likely there is no table _meta yet. Any other failure will come
	// again and is reported then.
	s.upgraded = true
	return s.db.Write(ctx, func(c Conn) error { return s.upgrade(ctx, c, want) })
}

// readMeta reads what the database says about itself.
func readMeta(ctx context.Context, c Conn) (m meta, err error) {
	err = c.Query(ctx, `SELECT "fingerprint", "migration" FROM "_meta"`, nil, func(r Row) error {
		m = meta{fingerprint: string(r.Bytes(0)), migration: r.Int(1)}
		return nil
	})
	return m, err
}

// trigramSource returns the schema of PostgreSQL's pg_trgm, which its driver
// tells, "" when it is not installed. SQLite's FTS5 is always there.
func trigramSource(db DB, opts Options) string {
	pg, ok := db.(interface{ Trigrams() string })
	switch {
	case opts.NoTrigrams:
		return ""
	case ok:
		return pg.Trigrams()
	case db.Flavor() == SQLite:
		return "fts5"
	}
	return ""
}

// upgrade brings the database to the registry's schema.
func (s *Store) upgrade(ctx context.Context, c Conn, want *schema) (err error) {
	defer fault.Wrap(&err, "upgrade")
	if s.flavor == PostgreSQL {
		// One node at a time, until the transaction ends.
		if err := c.Query(ctx, `SELECT pg_advisory_xact_lock(hashtext(current_schema()))::text`, nil, ignore); err != nil {
			return err
		}
	}
	if err := c.Script(ctx, metaSQL(s.flavor)); err != nil {
		return err
	}
	known := int64(len(migrations()))
	_, err = c.Exec(ctx, `INSERT INTO "_meta" ("one", "generation", "fingerprint", "migration") VALUES (1, 1, '', $1) ON CONFLICT DO NOTHING`,
		[]Arg{{resource.IntValue(known), ColumnInteger}})
	if err != nil {
		return err
	}
	m, err := readMeta(ctx, c)
	if err != nil {
		return err
	}
	if m.migration > known {
		return fmt.Errorf("the database was changed by a later version of this program: migration %d, known are %d", m.migration, known)
	}
	for i, step := range migrations()[m.migration:] {
		if err := step.run(ctx, c, s.flavor); err != nil {
			return fmt.Errorf("migration %d (%s): %w", m.migration+int64(i)+1, step.why, err)
		}
	}
	if err := s.addMissing(ctx, c, want); err != nil {
		return err
	}
	if err := s.countMilestones(ctx, c); err != nil {
		return err
	}
	_, err = c.Exec(ctx, `UPDATE "_meta" SET "fingerprint" = $1, "migration" = $2`, []Arg{
		{resource.TextValue(want.fingerprint(s.flavor)), ColumnText},
		{resource.IntValue(known), ColumnInteger},
	})
	return err
}

func ignore(Row) error { return nil }

// addMissing creates the tables, columns, constraints and indexes that are not
// there, and drops what has become superfluous. A column that is there and holds
// something else than the registry says is an error: rewriting what is in it takes a
// migration, and without one it would be read as what it is not.
func (s *Store) addMissing(ctx context.Context, c Conn, want *schema) error {
	have, err := s.introspect(ctx, c)
	if err != nil {
		return err
	}
	for _, d := range want.tables {
		present := have.columns[d.table.res.Name]
		if present == nil {
			if err := c.Script(ctx, d.sql(s.flavor)); err != nil {
				return err
			}
			continue
		}
		for _, column := range d.columns {
			if is, ok := present[column.name]; ok {
				if want := column.holds(s.flavor); is != want {
					return fmt.Errorf("%s.%s holds %s in the database, and %s in this version of the program, which has no migration for it",
						d.table.res.Name, column.name, is, want)
				}
				continue
			}
			if err := c.Script(ctx, "ALTER TABLE "+d.table.name+" ADD COLUMN "+column.sql); err != nil {
				return err
			}
			if column.fill == "" {
				continue
			}
			if err := c.Script(ctx, "UPDATE "+d.table.name+" SET "+quote(column.name)+" = "+column.fill); err != nil {
				return err
			}
		}
		for _, tail := range d.table.tails {
			f := &d.table.res.Fields[tail[0]]
			if _, ok := present[f.Name]; ok {
				continue
			}
			err := rewrite(ctx, c, d.table.name, d.table.fields[tail[1]], d.table.fields[tail[0]], ColumnInteger, resource.PhoneTail)
			if err != nil {
				return err
			}
		}
	}
	for _, o := range want.former {
		if _, ok := have.objects[o.name]; !ok {
			continue
		}
		if err := c.Script(ctx, o.sql); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	for _, list := range [][]objectDDL{want.indexes, want.foreign} {
		for _, o := range list {
			if _, ok := have.objects[o.name]; ok {
				continue
			}
			if err := c.Script(ctx, o.sql); err != nil {
				return fmt.Errorf("%s: %w", o.name, err)
			}
		}
	}
	for _, d := range want.texts {
		if err := addTrigrams(ctx, c, d, have); err != nil {
			return fmt.Errorf("trigrams of %s: %w", d.table.name, err)
		}
	}
	return nil
}

// addTrigrams makes the trigram table anew when anything about it differs.
func addTrigrams(ctx context.Context, c Conn, d trigramDDL, have *catalogue) error {
	same := true
	for _, o := range slices.Concat(d.tables, d.triggers) {
		same = same && have.objects[o.name] == o.sql
	}
	if same {
		return nil
	}
	if err := d.drop(ctx, c); err != nil {
		return err
	}
	for _, o := range slices.Concat(d.tables, d.triggers) {
		if err := c.Script(ctx, o.sql); err != nil {
			return err
		}
	}
	return c.Script(ctx, d.fill)
}

// drop removes the triggers first, which would be in the way.
func (d trigramDDL) drop(ctx context.Context, c Conn) error {
	for _, o := range d.triggers {
		if err := c.Script(ctx, "DROP TRIGGER IF EXISTS "+quote(o.name)); err != nil {
			return err
		}
	}
	for _, o := range d.tables {
		if err := c.Script(ctx, "DROP TABLE IF EXISTS "+quote(o.name)); err != nil {
			return err
		}
	}
	return nil
}

// catalogue is what a database has.
type catalogue struct {
	columns map[string]map[string]string // table -> column -> what it holds, see columnDDL.holds
	objects map[string]string            // indexes, constraints, triggers, tables -> their SQL (SQLite) or ""
}

func (s *Store) introspect(ctx context.Context, c Conn) (*catalogue, error) {
	columns := `SELECT m.name, p.name, lower(p.type) FROM sqlite_schema m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%'`
	objects := `SELECT name, sql FROM sqlite_schema`
	if s.flavor == PostgreSQL {
		columns = `SELECT table_name::text, column_name::text, udt_name::text FROM information_schema.columns WHERE table_schema = current_schema()`
		objects = `SELECT indexname::text, '' FROM pg_indexes WHERE schemaname = current_schema()
			UNION ALL SELECT conname::text, '' FROM pg_constraint WHERE connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`
	}
	have := &catalogue{columns: map[string]map[string]string{}, objects: map[string]string{}}
	err := c.Query(ctx, columns, nil, func(r Row) error {
		table, column := string(r.Bytes(0)), string(r.Bytes(1))
		if have.columns[table] == nil {
			have.columns[table] = map[string]string{}
		}
		have.columns[table][column] = string(r.Bytes(2))
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = c.Query(ctx, objects, nil, func(r Row) error {
		have.objects[string(r.Bytes(0))] = string(r.Bytes(1))
		return nil
	})
	return have, err
}
