package crash_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dossier-crm/dossier/internal/store/postgres"
)

// postgresSchemas are the schemas of one server in a PostgreSQL database.
type postgresSchemas struct {
	dir    string
	url    string // with an application_name of its own
	prefix string
}

func newPostgres(t *testing.T, server string) postgresSchemas {
	t.Helper()
	var b [4]byte
	rand.Read(b[:])
	prefix := "c" + hex.EncodeToString(b[:]) + "_"
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", prefix)
	u.RawQuery = q.Encode()
	db := postgresSchemas{dir: t.TempDir(), url: u.String(), prefix: prefix}
	t.Cleanup(func() {
		names, err := postgres.Schemas(context.Background(), server, prefix)
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if err := postgres.DropSchema(context.Background(), server, name); err != nil {
				t.Error(err)
			}
		}
	})
	return db
}

func (s postgresSchemas) folder() string { return s.dir }

func (s postgresSchemas) args() []string {
	return []string{"--database", s.url, "--schema-prefix", s.prefix}
}

// query returns all rows, as text.
func (s postgresSchemas) query(t *testing.T, sql string) [][]string {
	t.Helper()
	ctx := context.Background()
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("application_name", "crash-test") // not one of the server's
	u.RawQuery = q.Encode()
	c, err := pgconn.Connect(ctx, u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	results, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var all [][]string
	for _, raw := range results[len(results)-1].Rows {
		row := make([]string, len(raw))
		for i, v := range raw {
			row[i] = string(v)
		}
		all = append(all, row)
	}
	return all
}

// settle waits until the database is done with what the server sent before it was
// killed: a COMMIT that has arrived is carried out.
func (s postgresSchemas) settle(t *testing.T) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for len(s.query(t, `SELECT pid FROM pg_stat_activity WHERE application_name = '`+s.prefix+`'`)) > 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the database still works for a server that is gone after %v", patience)
		}
	}
}

// check has nothing to do: the database was not killed.
func (s postgresSchemas) check(*testing.T) {}

func (s postgresSchemas) location(t *testing.T) string {
	t.Helper()
	return s.query(t, `SET search_path TO "`+s.prefix+`system"; `+demoLocation)[0][0]
}

func (s postgresSchemas) documents(t *testing.T) (all []workspaceDocuments) {
	t.Helper()
	prefix := s.prefix + "w_"
	for _, schema := range s.query(t, `SELECT schemaname FROM pg_tables WHERE tablename = 'documents' AND starts_with(schemaname, '`+prefix+`')`) {
		w := workspaceDocuments{location: strings.TrimPrefix(schema[0], prefix)}
		for _, row := range s.query(t, `SELECT id, state, coalesce(hash, ''), coalesce(size, 0), deleted FROM "`+schema[0]+`".documents`) {
			id, err := strconv.ParseInt(row[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			size, err := strconv.ParseInt(row[3], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			w.rows = append(w.rows, documentRow{id, row[1], row[2], size, row[4] == "t"})
		}
		all = append(all, w)
	}
	return all
}
