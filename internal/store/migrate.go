package store

import (
	"context"
	"encoding/json"

	"github.com/dossier-crm/dossier/internal/resource"
)

// migration is a change that cannot be computed from the registry: renaming,
// moving or rewriting what is there. Its number is its place in migrations,
// counted from 1; it runs in the transaction of the upgrade, before what is
// missing is added. Migrations are never changed or removed.
type migration struct {
	why string
	run func(ctx context.Context, c Conn, flavor Flavor) error
}

func migrations() []migration {
	return []migration{
		{"the days of the calendar were texts", calendarDays},
	}
}

// calendarDays turns the texts "YY/MM/DD" that the days of the calendar were kept as
// into days. What nobody can read as a day becomes null.
func calendarDays(ctx context.Context, c Conn, flavor Flavor) error {
	const calendar, was = `"calendar"`, `"was"`
	day := resource.Field{Name: "day", Kind: resource.Instant, Day: true}
	read := func(text string) resource.Value {
		raw, err := json.Marshal(text)
		if err != nil {
			return resource.Value{}
		}
		got, err := day.Coerce(raw)
		if err != nil {
			return resource.Value{}
		}
		return got.Value
	}
	typ := columns[resource.Instant].sqlite
	if flavor == PostgreSQL {
		typ = columns[resource.Instant].postgreSQL
	}
	for _, name := range []string{"startDate", "endDate"} {
		text, err := isText(ctx, c, flavor, "calendar", name)
		if err != nil {
			return err
		}
		if !text {
			continue // there is no calendar yet, or one of a version in between
		}
		column := quote(name)
		for _, sql := range []string{
			`DROP INDEX IF EXISTS "calendar_by_salesRepId_startDate"`, // made anew with what is missing
			`DROP INDEX IF EXISTS "calendar_by_accountId_startDate"`,
			"ALTER TABLE " + calendar + " RENAME COLUMN " + column + " TO " + was,
			"ALTER TABLE " + calendar + " ADD COLUMN " + column + " " + typ,
		} {
			if err := c.Script(ctx, sql); err != nil {
				return err
			}
		}
		if err := rewrite(ctx, c, calendar, was, column, ColumnInstant, read); err != nil {
			return err
		}
		if err := c.Script(ctx, "ALTER TABLE "+calendar+" DROP COLUMN "+was); err != nil {
			return err
		}
	}
	key, err := isText(ctx, c, flavor, "calendar", "startDate"+keySuffix)
	if err != nil || !key {
		return err
	}
	return c.Script(ctx, "ALTER TABLE "+calendar+" DROP COLUMN "+quote("startDate"+keySuffix))
}

// isText reports whether a table has a column of this name that holds texts.
func isText(ctx context.Context, c Conn, flavor Flavor, table, column string) (is bool, err error) {
	sql := `SELECT lower("type") = 'text' FROM pragma_table_info($1) WHERE "name" = $2`
	if flavor == PostgreSQL {
		sql = `SELECT (data_type = 'text')::int::bigint FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2`
	}
	err = c.Query(ctx, sql, []Arg{word(table), word(column)}, func(r Row) error {
		is = r.Int(0) != 0
		return nil
	})
	return is, err
}

// rewriteBatch is how many rows are read at once to be rewritten.
const rewriteBatch = 1000

// rewrite sets a column of all rows that have a text in another one to what value
// makes of the text. Names are quoted. The versions of the rows stay: nobody has read
// them in their new form yet.
func rewrite(ctx context.Context, c Conn, table, from, to string, typ ColumnType, value func(text string) resource.Value) error {
	type row struct {
		id int64
		v  resource.Value
	}
	sql := "SELECT " + idColumn + ", " + from + " FROM " + table + " WHERE " + idColumn + " > $1 AND " + from + " IS NOT NULL ORDER BY 1 LIMIT $2"
	set := "UPDATE " + table + " SET " + to + " = $1 WHERE " + idColumn + " = $2"
	rows := make([]row, 0, rewriteBatch)
	for last := int64(-1 << 63); ; {
		rows = rows[:0]
		err := c.Query(ctx, sql, numbers(last, rewriteBatch), func(r Row) error {
			rows = append(rows, row{r.Int(0), value(string(r.Bytes(1)))})
			return nil
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			if r.v.IsNull() {
				continue
			}
			if _, err := c.Exec(ctx, set, []Arg{{r.v, typ}, number(r.id)}); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].id
	}
}
