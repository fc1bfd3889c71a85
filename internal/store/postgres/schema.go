package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// CreateSchema creates a schema in the database of the URL. It is no error that
// it exists.
func CreateSchema(ctx context.Context, url, schema string) (err error) {
	defer fault.Wrap(&err, "postgres.CreateSchema(%s)", schema)
	return once(ctx, url, "", func(c *conn) error {
		return c.command(ctx, "CREATE SCHEMA IF NOT EXISTS "+quoteName(schema))
	})
}

// DropSchema removes a schema and all that is in it. It is no error that there is
// none.
func DropSchema(ctx context.Context, url, schema string) (err error) {
	defer fault.Wrap(&err, "postgres.DropSchema(%s)", schema)
	return once(ctx, url, "", func(c *conn) error {
		return c.command(ctx, "DROP SCHEMA IF EXISTS "+quoteName(schema)+" CASCADE")
	})
}

// Schemas returns the names of the schemas that begin with prefix, in order.
func Schemas(ctx context.Context, url, prefix string) (names []string, err error) {
	defer fault.Wrap(&err, "postgres.Schemas(%s)", prefix)
	err = once(ctx, url, "", func(c *conn) error {
		const query = `SELECT nspname FROM pg_namespace WHERE starts_with(nspname::text, $1) ORDER BY nspname::text COLLATE "C"`
		return c.Query(ctx, query, []store.Arg{textArg(prefix)}, func(r store.Row) error {
			names = append(names, string(r.Bytes(0)))
			return nil
		})
	})
	return names, err
}

// once runs fn on a connection of its own.
func once(ctx context.Context, url, schema string, fn func(*conn) error) error {
	config, err := configure(url, schema)
	if err != nil {
		return err
	}
	s, err := newPool(config, 1).dial(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return fn(&conn{session: s, writes: true})
}

func textArg(s string) store.Arg {
	return store.Arg{Value: resource.TextValue(s), Column: store.ColumnText}
}

// prepare checks the database and sees to what the schema needs beside tables:
// the function fold, and the extension for trigram indexes.
func (db *DB) prepare(ctx context.Context, schema string) error {
	return db.Write(ctx, func(c store.Conn) error {
		encoding, exists := "", false
		err := c.Query(ctx, `SELECT current_setting('server_encoding'), EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`,
			[]store.Arg{textArg(schema)}, func(r store.Row) error {
				encoding, exists = string(r.Bytes(0)), r.Int(1) != 0
				return nil
			})
		switch {
		case err != nil:
			return err
		case encoding != "UTF8":
			return fault.New(fault.Invalid, "the database's encoding is %s, it must be UTF8", encoding)
		case !exists:
			return fault.New(fault.NotFound, "the schema does not exist")
		}
		if db.trigrams, err = trigrams(ctx, c); err != nil {
			return err
		}
		return ensureFold(ctx, c)
	})
}

// trigrams returns the schema of the extension pg_trgm, which it installs if it
// may, or "".
func trigrams(ctx context.Context, c store.Conn) (schema string, err error) {
	find := func() error {
		const query = `SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm'`
		return c.Query(ctx, query, nil, func(r store.Row) error {
			schema = string(r.Bytes(0))
			return nil
		})
	}
	if err := find(); err != nil || schema != "" {
		return schema, err
	}
	// Two servers that start at once must not both try.
	if err := lock(ctx, c, "pg_trgm"); err != nil {
		return "", err
	}
	install := c.Savepoint(ctx, func() error {
		return c.Script(ctx, `CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public`)
	})
	if install != nil && fault.KindOf(install) != fault.Internal {
		return "", install
	}
	return schema, find() // not permitted or not there: do without
}

// lock keeps other servers out until the transaction ends.
func lock(ctx context.Context, c store.Conn, what string) error {
	h := fnv.New64a()
	_, _ = h.Write([]byte("dossier " + what)) // never fails
	args := []store.Arg{{Value: resource.IntValue(int64(h.Sum64())), Column: store.ColumnInteger}}
	return c.Query(ctx, `SELECT pg_advisory_xact_lock($1)`, args, func(store.Row) error { return nil })
}

// ensureFold creates the function fold(text) in the schema, unless it is there
// and was made for these versions of Go, of the server and of its locale. It is
// checked against resource.Fold for every character.
func ensureFold(ctx context.Context, c store.Conn) error {
	want, have := "", ""
	collations := []string{}
	read := func(sql string, args []store.Arg, to func(string)) error {
		return c.Query(ctx, sql, args, func(r store.Row) error {
			to(string(r.Bytes(0)))
			return nil
		})
	}
	// Locales of the operating system and of the server itself map single
	// characters; those of ICU look at the neighbours and are of no use here.
	err := read(`SELECT quote_ident(collname) FROM pg_collation
		WHERE collnamespace = 'pg_catalog'::regnamespace AND collprovider IN ('c', 'b')
		AND collencoding IN (-1, pg_char_to_encoding('UTF8')) AND collname IN ('C.utf8', 'C.UTF-8', 'pg_c_utf8', 'en_US.utf8')
		ORDER BY collname`, nil, func(s string) { collations = append(collations, s) })
	if err != nil {
		return err
	}
	err = read(`SELECT format('dossier, Unicode %s, server %s, collations %s', $1::text, current_setting('server_version_num'),
		(SELECT string_agg(collname || ' ' || coalesce(pg_collation_actual_version(oid), ''), ', ' ORDER BY collname) FROM pg_collation
		WHERE collname IN ('C.utf8', 'C.UTF-8', 'pg_c_utf8', 'en_US.utf8')))`,
		[]store.Arg{textArg(unicode.Version)}, func(s string) { want = s })
	if err != nil {
		return err
	}
	const comment = `SELECT coalesce(obj_description(to_regprocedure('fold(text)'), 'pg_proc'), '')`
	if err := read(comment, nil, func(s string) { have = s }); err != nil || have == want {
		return err
	}
	if err := lock(ctx, c, "fold"); err != nil {
		return err
	}
	create := func(source string) error {
		return c.Script(ctx, `CREATE OR REPLACE FUNCTION fold(text) RETURNS text
			LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS `+quoteText(source))
	}
	accept := func() error { return c.Script(ctx, "COMMENT ON FUNCTION fold(text) IS "+quoteText(want)) }

	// Another schema of ours may have what was checked already.
	source := ""
	err = read(`SELECT prosrc FROM pg_proc JOIN pg_description ON objoid = pg_proc.oid AND classoid = 'pg_proc'::regclass
		WHERE proname = 'fold' AND proowner = current_user::regrole AND description = $1 LIMIT 1`,
		[]store.Arg{textArg(want)}, func(s string) { source = s })
	if err != nil {
		return err
	}
	if source != "" {
		if err := create(source); err != nil {
			return err
		}
		return accept()
	}

	all := everyCharacter()
	folded := resource.Fold(all)
	define := func(expression string) (got string, err error) {
		if err := create("SELECT " + expression); err != nil {
			return "", err
		}
		err = read(`SELECT fold($1)`, []store.Arg{textArg(all)}, func(s string) { got = s })
		return got, err
	}
	for _, lower := range append(collations, "") {
		expression := "$1"
		if lower != "" {
			expression = "lower($1 COLLATE pg_catalog." + lower + ")"
		}
		got, err := define(expression)
		if err != nil {
			return err
		}
		if got != folded {
			if expression, ok := correct(expression, []rune(all), []rune(got), []rune(folded)); ok {
				if got, err = define(expression); err != nil {
					return err
				}
			}
		}
		if got == folded {
			return accept()
		}
	}
	return &fault.Error{Kind: fault.Internal, Err: fmt.Errorf("no definition of fold agrees with Go's Unicode %s", unicode.Version)}
}

// everyCharacter returns a text of all characters that a text can hold.
func everyCharacter() string {
	var b strings.Builder
	for r := rune(1); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// correct changes an expression for fold that makes got of all characters, but
// should make want of them. Where they differ, the character is replaced
// beforehand by what it has to become, which the expression must then leave alone.
func correct(expression string, all, got, want []rune) (_ string, ok bool) {
	if len(got) != len(all) || len(want) != len(all) {
		return "", false
	}
	stays := map[rune]bool{}
	var from, to strings.Builder
	for i, r := range all {
		if got[i] != want[i] {
			stays[want[i]] = true
			from.WriteRune(r)
			to.WriteRune(want[i])
		}
	}
	for i, r := range all {
		if stays[r] && got[i] != r {
			return "", false
		}
	}
	replaced := "translate($1, " + quoteText(from.String()) + ", " + quoteText(to.String()) + ")"
	return strings.Replace(expression, "$1", replaced, 1), true
}

// quoteText quotes a literal. It has no backslash to care about: with
// standard_conforming_strings, the default, there is none to interpret.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
