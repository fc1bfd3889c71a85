package postgres_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/storetest"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// server returns the URL of the server to test on.
func server(t *testing.T) string {
	t.Helper()
	return testenv.Postgres(t)
}

// newSchema creates a schema for the test.
func newSchema(t *testing.T) string {
	url, schema := server(t), "test \"driver\" "+rand.Text()
	if err := postgres.CreateSchema(t.Context(), url, schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := postgres.DropSchema(context.WithoutCancel(t.Context()), url, schema); err != nil {
			t.Error(err)
		}
	})
	return schema
}

func open(t *testing.T, opts postgres.Options) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), server(t), newSchema(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestDriver(t *testing.T) {
	url := server(t)
	storetest.Drivers(t, func(t *testing.T) func() (store.DB, error) {
		schema := newSchema(t)
		return func() (store.DB, error) { return postgres.Open(t.Context(), url, schema, postgres.Options{}) }
	})
}

func script(ctx context.Context, db *postgres.DB, sql string) error {
	return db.Write(ctx, func(c store.Conn) error { return c.Script(ctx, sql) })
}

func mustScript(t *testing.T, db *postgres.DB, sql string) {
	t.Helper()
	if err := script(t.Context(), db, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func texts(t *testing.T, db *postgres.DB, sql string, args ...store.Arg) []string {
	t.Helper()
	var all []string
	err := db.Read(t.Context(), func(c store.Conn) error {
		return c.Query(t.Context(), sql, args, func(r store.Row) error {
			all = append(all, string(r.Bytes(0)))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

func wantTexts(t *testing.T, db *postgres.DB, sql string, want ...string) {
	t.Helper()
	if got := texts(t, db, sql); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", sql, got, want)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %v", what, kind)
	} else if got := fault.KindOf(err); got != kind {
		t.Errorf("%s: %v (%v), want %v", what, got, err, kind)
	}
}

// raise fails with a given SQLSTATE.
func raise(code string) string {
	return "DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '" + code + "'; END $$"
}

const dieNow = `SELECT pg_terminate_backend(pg_backend_pid())`

func TestWriteIsRunAgain(t *testing.T) {
	for name, failure := range map[string]string{
		"serialisation failure": raise("40001"),
		"deadlock":              raise("40P01"),
		"lost connection":       dieNow,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, postgres.Options{})
			mustScript(t, db, `CREATE TABLE t (s text)`)
			runs := 0
			err := db.Write(t.Context(), func(c store.Conn) error {
				runs++
				if err := c.Script(t.Context(), fmt.Sprintf(`INSERT INTO t VALUES ('run %d')`, runs)); err != nil {
					return err
				}
				if runs < 3 {
					return c.Script(t.Context(), failure)
				}
				return nil
			})
			if err != nil || runs != 3 {
				t.Errorf("%d runs, error %v", runs, err)
			}
			wantTexts(t, db, `SELECT s FROM t`, "run 3")
		})
	}
}

// Also when the function does not pass the error on.
func TestWriteIsRunAgainAfterASwallowedError(t *testing.T) {
	db := open(t, postgres.Options{})
	mustScript(t, db, `CREATE TABLE t (s text)`)
	runs := 0
	err := db.Write(t.Context(), func(c store.Conn) error {
		if runs++; runs == 1 {
			_ = c.Script(t.Context(), raise("40001"))
			return errors.New("something else")
		}
		return c.Script(t.Context(), `INSERT INTO t VALUES ('done')`)
	})
	if err != nil || runs != 2 {
		t.Errorf("%d runs, error %v", runs, err)
	}
	wantTexts(t, db, `SELECT s FROM t`, "done")
}

func TestWriteGivesUpInTheEnd(t *testing.T) {
	db := open(t, postgres.Options{})
	runs := 0
	err := db.Write(t.Context(), func(c store.Conn) error {
		runs++
		return c.Script(t.Context(), raise("40001"))
	})
	wantKind(t, "a failure each time", err, fault.Unavailable)
	if runs != 5 {
		t.Errorf("%d runs, want 5", runs)
	}
	runs = 0
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Write(ctx, func(c store.Conn) error {
		runs++
		err := c.Script(ctx, raise("40001"))
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || runs != 1 {
		t.Errorf("%d runs, error %v", runs, err)
	}
}

// A commit whose outcome is unknown is never repeated.
func TestLostCommit(t *testing.T) {
	db := open(t, postgres.Options{})
	mustScript(t, db, `CREATE TABLE t (s text);
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`)
	runs := 0
	err := db.Write(t.Context(), func(c store.Conn) error {
		runs++
		return c.Script(t.Context(), `INSERT INTO t VALUES ('?')`)
	})
	wantKind(t, "a commit without an answer", err, fault.Unavailable)
	if runs != 1 {
		t.Errorf("%d runs, want 1", runs)
	}
	wantTexts(t, db, `SELECT s FROM t`)
}

// A constraint that is checked at the commit is an answer like any other.
func TestDeferredConstraint(t *testing.T) {
	db := open(t, postgres.Options{})
	mustScript(t, db, `CREATE TABLE p (id bigint PRIMARY KEY);
		CREATE TABLE q (p bigint REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)`)
	wantKind(t, "a missing parent", script(t.Context(), db, `INSERT INTO q VALUES (1)`), fault.Invalid)
}

func TestKinds(t *testing.T) {
	db := open(t, postgres.Options{})
	for code, kind := range map[string]fault.Kind{
		"22003": fault.Invalid, "22P02": fault.Invalid, "23514": fault.Invalid,
		"53100": fault.Unavailable, "53300": fault.Unavailable, "58030": fault.Unavailable, "55P03": fault.Unavailable,
		"25006": fault.Unavailable, "57014": fault.Timeout, "XX001": fault.Internal, "42501": fault.Internal,
	} {
		wantKind(t, code, script(t.Context(), db, raise(code)), kind)
	}
}

// After a change of the tables, prepared statements are made anew.
func TestOutdatedStatements(t *testing.T) {
	db := open(t, postgres.Options{Readers: 1, Writers: 1})
	mustScript(t, db, `CREATE TABLE t (a bigint); INSERT INTO t VALUES (5)`)
	read := func(c store.Conn) error {
		return c.Query(t.Context(), `SELECT a FROM t`, nil, func(r store.Row) error { return nil })
	}
	if err := errors.Join(db.Read(t.Context(), read), db.Write(t.Context(), read)); err != nil {
		t.Fatal(err)
	}
	mustScript(t, db, `ALTER TABLE t ALTER a TYPE text`)
	wantTexts(t, db, `SELECT a FROM t`, "5")
	if err := db.Write(t.Context(), read); err != nil {
		t.Errorf("write: %v", err)
	}
}

func TestManyStatements(t *testing.T) {
	db := open(t, postgres.Options{Readers: 1})
	for range 2 {
		for i := range 300 {
			wantTexts(t, db, fmt.Sprintf("SELECT 'text %d'", i), fmt.Sprintf("text %d", i))
		}
	}
}

// A context that ends stops the query on the server too.
func TestCancelReachesTheServer(t *testing.T) {
	db := open(t, postgres.Options{})
	mark := rand.Text()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := db.Read(ctx, func(c store.Conn) error {
		return c.Query(ctx, `SELECT pg_sleep(600) /* `+mark+` */`, nil, func(store.Row) error { return nil })
	})
	wantKind(t, "a long query", err, fault.Timeout)
	wantTexts(t, db, `SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%`+mark+`%'`)
}

// When all connections are lent out, waiting for one ends with the context.
func TestWaitForAConnection(t *testing.T) {
	db := open(t, postgres.Options{Readers: 1})
	err := db.Read(t.Context(), func(store.Conn) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		return db.Read(ctx, func(store.Conn) error {
			t.Error("there is a second connection")
			return nil
		})
	})
	wantKind(t, "a read without a connection", err, fault.Timeout)
}

// A read of a column as what it is not is an error, not a zero.
func TestWrongColumnType(t *testing.T) {
	db := open(t, postgres.Options{})
	err := db.Read(t.Context(), func(c store.Conn) error {
		return c.Query(t.Context(), `SELECT 'text'`, nil, func(r store.Row) error {
			_ = r.Int(0)
			return nil
		})
	})
	wantKind(t, "text as integer", err, fault.Internal)
	err = db.Read(t.Context(), func(c store.Conn) error {
		return c.Query(t.Context(), `SELECT 1.5`, nil, func(r store.Row) error {
			_ = r.Bytes(0)
			return nil
		})
	})
	wantKind(t, "numeric as text", err, fault.Internal)
}

func TestInstantOutOfRange(t *testing.T) {
	db := open(t, postgres.Options{})
	mustScript(t, db, `CREATE TABLE t (w timestamptz)`)
	for _, ms := range []int64{-1 << 63, 1<<63 - 1} {
		err := db.Write(t.Context(), func(c store.Conn) error {
			_, err := c.Exec(t.Context(), `INSERT INTO t VALUES ($1)`,
				[]store.Arg{{Value: resource.IntValue(ms), Column: store.ColumnInstant}})
			return err
		})
		wantKind(t, "instant", err, fault.Invalid)
	}
}

// Servers that start at the same moment do not stand in each other's way, and the
// second start finds the work done.
func TestOpenAtOnce(t *testing.T) {
	url, schema := server(t), newSchema(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			db, err := postgres.Open(t.Context(), url, schema, postgres.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	db, err := postgres.Open(t.Context(), url, schema, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	wantTexts(t, db, `SELECT fold('ÀÉÎ İ ß')`, "àéî i ß")
	wantTexts(t, db, `SELECT proname::text FROM pg_proc WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())`, "fold")
	if db.Trigrams() == "" {
		t.Error("the extension pg_trgm is not there")
	}
}

func TestSchemas(t *testing.T) {
	url := server(t)
	prefix := "list_" + rand.Text()
	for _, name := range []string{prefix + "_b", prefix + "_A", prefix + "_a%"} {
		for range 2 { // the second time it is there
			if err := postgres.CreateSchema(t.Context(), url, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{prefix + "_A", prefix + "_a%", prefix + "_b"}
	if got, err := postgres.Schemas(t.Context(), url, prefix+"_"); err != nil || !slices.Equal(got, want) {
		t.Errorf("schemas %q, want %q, error %v", got, want, err)
	}
	for _, name := range want {
		for range 2 {
			if err := postgres.DropSchema(t.Context(), url, name); err != nil {
				t.Error(err)
			}
		}
	}
	if got, err := postgres.Schemas(t.Context(), url, prefix+"_"); err != nil || got != nil {
		t.Errorf("schemas %q, error %v", got, err)
	}
	_, err := postgres.Open(t.Context(), url, prefix, postgres.Options{})
	wantKind(t, "a schema that is not there", err, fault.NotFound)
}

func TestOpenWithoutServer(t *testing.T) {
	// A port that nobody listens on.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, err = postgres.Open(t.Context(), "postgres://nobody:secret@"+address+"/nothing?sslmode=disable", "s", postgres.Options{})
	wantKind(t, "no server", err, fault.Unavailable)
	if m := fault.Message(err); m != "the database cannot be reached" {
		t.Errorf("message %q", m)
	}
	_, err = postgres.Open(t.Context(), "postgres://host:port:extra/%zz", "s", postgres.Options{})
	wantKind(t, "no URL", err, fault.Invalid)
}
