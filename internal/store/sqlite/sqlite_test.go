package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ncruces/go-sqlite3"
	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/store/storetest"
)

func TestDriver(t *testing.T) {
	storetest.Drivers(t, func(t *testing.T) func() (store.DB, error) {
		path := filepath.Join(t.TempDir(), "odd name?with#marks%41.db")
		return func() (store.DB, error) { return sqlite.Open(t.Context(), path, sqlite.Options{}) }
	})
}

// open opens a database in the test's folder, and closes it at the end.
func open(t *testing.T, path string, opts sqlite.Options) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func tempPath(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

func text(s string) store.Arg { return store.Arg{Value: resource.TextValue(s)} }

func integer(i int64) store.Arg { return store.Arg{Value: resource.IntValue(i)} }

func exec(ctx context.Context, db *sqlite.DB, sql string, args ...store.Arg) error {
	return db.Write(ctx, func(c store.Conn) error {
		_, err := c.Exec(ctx, sql, args)
		return err
	})
}

func mustExec(t *testing.T, db *sqlite.DB, sql string, args ...store.Arg) {
	t.Helper()
	if err := exec(t.Context(), db, sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ints(t *testing.T, db *sqlite.DB, sql string, args ...store.Arg) []int64 {
	t.Helper()
	var all []int64
	err := db.Read(t.Context(), func(c store.Conn) error {
		return c.Query(t.Context(), sql, args, func(r store.Row) error {
			all = append(all, r.Int(0))
			return nil
		})
	})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

func wantInts(t *testing.T, db *sqlite.DB, sql string, want ...int64) {
	t.Helper()
	if got := ints(t, db, sql); !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", sql, got, want)
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

// occupy lets the writer run a job that lasts until release is called, which
// returns when the job's Write has returned, with its error.
func occupy(t *testing.T, db *sqlite.DB, fn func(store.Conn) error) (release func() error) {
	t.Helper()
	started, end, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	start := sync.OnceFunc(func() { close(started) }) // the job may run again
	go func() {
		result <- db.Write(t.Context(), func(c store.Conn) error {
			start()
			<-end
			return fn(c)
		})
	}()
	<-started
	return sync.OnceValue(func() error {
		close(end)
		return <-result
	})
}

// waitQueued waits until so many calls of Write wait for their turn.
func waitQueued(db *sqlite.DB, n int) {
	for db.Stats().Queued < n {
		runtime.Gosched()
	}
}

func TestWritersShareACommit(t *testing.T) {
	const writers = 16
	db := open(t, tempPath(t), sqlite.Options{})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER UNIQUE)`)
	before := db.Stats()
	release := occupy(t, db, func(store.Conn) error { return nil })
	var group sync.WaitGroup
	failed := make(chan error, writers)
	for i := range int64(writers) {
		group.Go(func() {
			err := db.Write(t.Context(), func(c store.Conn) error {
				if _, err := c.Exec(t.Context(), `INSERT INTO t (a) VALUES ($1)`, []store.Arg{integer(i)}); err != nil {
					return err
				}
				if i%4 == 3 { // undoes its own row, and no other
					_, err := c.Exec(t.Context(), `INSERT INTO t (a) VALUES ($1)`, []store.Arg{integer(i)})
					return err
				}
				return nil
			})
			if err != nil {
				failed <- err
			}
		})
	}
	waitQueued(db, writers)
	if err := release(); err != nil {
		t.Error(err)
	}
	group.Wait()
	close(failed)
	n := 0
	for err := range failed {
		wantKind(t, "a duplicate", err, fault.Conflict)
		n++
	}
	if n != writers/4 {
		t.Errorf("%d writers failed, want %d", n, writers/4)
	}
	after := db.Stats()
	if commits, jobs := after.Commits-before.Commits, after.Jobs-before.Jobs; commits != 1 || jobs != 1+writers*3/4 {
		t.Errorf("%d jobs in %d commits, want %d in 1", jobs, commits, 1+writers*3/4)
	}
	wantInts(t, db, `SELECT a FROM t ORDER BY a`, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14)
}

// A lone writer pays for one sync and no more.
func TestOneSyncForOneWrite(t *testing.T) {
	d := newDisk(t)
	db := open(t, tempPath(t), sqlite.Options{VFS: d.name})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)`)
	mustExec(t, db, `INSERT INTO t (s) VALUES ('first')`)
	d.failing(nil)
	mustExec(t, db, `INSERT INTO t (s) VALUES ('second')`)
	if _, syncs := d.counts(); syncs != 1 {
		t.Errorf("%d syncs, want 1", syncs)
	}
}

// In a group, a constraint that is checked at the commit fails only its own job.
func TestDeferredConstraintInAGroup(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	err := db.Write(t.Context(), func(c store.Conn) error {
		return c.Script(t.Context(), `CREATE TABLE p (id INTEGER PRIMARY KEY);
			CREATE TABLE q (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED);
			INSERT INTO p (id) VALUES (1);`)
	})
	if err != nil {
		t.Fatal(err)
	}
	release := occupy(t, db, func(store.Conn) error { return nil })
	var group sync.WaitGroup
	for _, p := range []int64{1, 2, 1} {
		group.Go(func() {
			err := exec(t.Context(), db, `INSERT INTO q (p) VALUES ($1)`, integer(p))
			if p == 1 && err != nil {
				t.Error(err)
			} else if p == 2 {
				wantKind(t, "a missing parent", err, fault.Invalid)
			}
		})
	}
	waitQueued(db, 3)
	if err := release(); err != nil {
		t.Error(err)
	}
	group.Wait()
	wantInts(t, db, `SELECT p FROM q`, 1, 1)
}

// A call that waits behind a long transaction gives up with its context.
func TestWaitingWriterGivesUp(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	release := occupy(t, db, func(store.Conn) error { return nil })
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- exec(ctx, db, `INSERT INTO t DEFAULT VALUES`) }()
	waitQueued(db, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	mustExec(t, db, `INSERT INTO t DEFAULT VALUES`)
	wantInts(t, db, `SELECT count(*) FROM t`, 1)
}

// All queries of one Read see the same state.
func TestReadSeesOneState(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	var counts []int64
	err := db.Read(t.Context(), func(c store.Conn) error {
		for range 2 {
			err := c.Query(t.Context(), `SELECT count(*) FROM t`, nil, func(r store.Row) error {
				counts = append(counts, r.Int(0))
				return nil
			})
			if err != nil {
				return err
			}
			mustExec(t, db, `INSERT INTO t DEFAULT VALUES`)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(counts, []int64{0, 0}) {
		t.Errorf("counts %v", counts)
	}
	wantInts(t, db, `SELECT count(*) FROM t`, 2)
}

// The number of statements a connection keeps is bounded, and none is lost.
func TestManyStatements(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{Readers: 1})
	for round := range 2 {
		for i := range int64(200) {
			wantInts(t, db, fmt.Sprintf("SELECT %d", i), i)
		}
		if n := db.Stats().Readers; n != 1 {
			t.Errorf("round %d: %d readers, want 1", round, n)
		}
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	path := tempPath(t)
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), path, sqlite.Options{Idle: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
		wantInts(t, db, `SELECT count(*) FROM t`, 0)
		if n := db.Stats().Readers; n != 1 {
			t.Errorf("%d readers, want 1", n)
		}
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
			t.Errorf("write-ahead log: %v, error %v", info, err)
		}
		time.Sleep(2*time.Minute + time.Second) // of the test's clock
		synctest.Wait()
		if n := db.Stats().Readers; n != 0 {
			t.Errorf("%d readers, want 0", n)
		}
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != 0 {
			t.Errorf("write-ahead log: %v, error %v", info, err)
		}
		wantInts(t, db, `SELECT count(*) FROM t`, 0)
		mustExec(t, db, `INSERT INTO t DEFAULT VALUES`)
		wantInts(t, db, `SELECT count(*) FROM t`, 1)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("write-ahead log after close: %v", err)
	}
}

// The write-ahead log does not grow for ever under writes without pause, beside
// readers.
func TestLogIsBounded(t *testing.T) {
	path := tempPath(t)
	db := open(t, path, sqlite.Options{})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)`)
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = db.Read(ctx, func(c store.Conn) error {
					return c.Query(ctx, `SELECT max(id) FROM t`, nil, func(store.Row) error { return nil })
				})
			}
		})
	}
	big := text(strings.Repeat("x", 1<<20))
	const rounds = 192 // MiB; at 64 the writers are made to wait for the readers
	largest := int64(0)
	for range rounds {
		mustExec(t, db, `INSERT INTO t (s) VALUES ($1)`, big)
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, info.Size())
	}
	cancel()
	readers.Wait()
	if limit := int64(rounds / 2 << 20); largest > limit {
		t.Errorf("the log grew to %d bytes, want at most %d", largest, limit)
	}
}

// A log that stays beside a closed file would be read into whatever takes that
// file's place.
func TestCloseRemovesTheLog(t *testing.T) {
	path := tempPath(t)
	for range 300 {
		// The keeper ticks as often as it can, so that it has a connection of its own
		// in most rounds.
		db := open(t, path, sqlite.Options{Idle: 1})
		mustExec(t, db, "CREATE TABLE IF NOT EXISTS t (a)")
		mustExec(t, db, "INSERT INTO t VALUES (zeroblob(9000))")
		ints(t, db, "SELECT count(*) FROM t")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("the log of a closed database: %v", err)
		}
	}
}

func TestOtherProcessHoldsTheLock(t *testing.T) {
	path := tempPath(t)
	db := open(t, path, sqlite.Options{Busy: 20 * time.Millisecond})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	other, err := sqlite3.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Exec(`BEGIN IMMEDIATE; INSERT INTO t DEFAULT VALUES`); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "write beside a lock", exec(t.Context(), db, `INSERT INTO t DEFAULT VALUES`), fault.Unavailable)
	wantInts(t, db, `SELECT count(*) FROM t`, 0)
	if err := other.Exec(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, `INSERT INTO t DEFAULT VALUES`)
	wantInts(t, db, `SELECT count(*) FROM t`, 2)
}

func TestBackup(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)`)
	mustExec(t, db, `INSERT INTO t (s) VALUES ('Kept')`)
	// Extra fields that can be searched have such an index, and trigrams such a table.
	mustExec(t, db, `CREATE INDEX i ON t (fold(s))`)
	mustExec(t, db, `CREATE VIRTUAL TABLE f USING fts5(s, tokenize = 'trigram')`)
	mustExec(t, db, `INSERT INTO f VALUES ('Kept')`)
	target := filepath.Join(t.TempDir(), "copy's.db")
	if err := db.Backup(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, `INSERT INTO t (s) VALUES ('too late')`)
	wantKind(t, "a second backup to the same place", db.Backup(t.Context(), target), fault.Conflict)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	other := target + "2"
	if err := db.Backup(cancelled, other); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled backup: %v", err)
	}
	for _, name := range []string{other, other + ".part", target + ".part"} {
		if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	copied := open(t, target, sqlite.Options{})
	wantInts(t, copied, `SELECT count(*) FROM t`, 1)
	wantInts(t, copied, `SELECT count(*) FROM t INDEXED BY i WHERE fold(s) = 'kept'`, 1)
	wantInts(t, copied, `SELECT count(*) FROM f WHERE f MATCH 'kep'`, 1)
	wantInts(t, copied, `SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'`, 1)
}

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	path := tempPath(t)
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	wantKind(t, "a text file", err, fault.Internal)
	_, err = sqlite.Open(t.Context(), filepath.Join(path, "below"), sqlite.Options{})
	wantKind(t, "a path through a file", err, fault.Unavailable)
}

func TestLike(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "A", true},
		{"a", "ab", false},
		{"%", "", true},
		{"%%", "anything", true},
		{"%b%", "aBc", true},
		{"%b%", "acd", false},
		{"%bc%", "abbc", true},
		{"%abab%", "xABAABAB", true},
		{"a%", "Abc", true},
		{"a%", "bac", false},
		{"%c", "abC", true},
		{"%c", "cb", false},
		{"a%c", "ac", true},
		{"a%a", "a", false},
		{"ab%ba", "aba", false},
		{"%a%b%", "xxbxxaxxbxx", true},
		{"%a%b%", "xxbxxaxx", false},
		{"_", "", false},
		{"_", "ñ", true},
		{"_", "🦊", true},
		{"__", "🦊", false},
		{"a_c", "AÑC", true},
		{"%_", "", false},
		{"_%", "🦊", true},
		{"%a_c%", "xxabxaÉcx", true},
		{"%a_c%", "xxabxac", false},
		{"%a_", "aa", true},
		{"%a_%b", "xaab", true},
		{"%a_%b", "xab", false},
		{"%españa%", "VIVA ESPAÑA!", true},
		{"%espana%", "España", false},
		{"%españa%", "espana", false},
		{"%k%", "\u212a", true}, // the Kelvin sign is a k in lower case
		{"%i%", "İ", true},
		{"ñandú", "ÑANDÚ", true},
		{`%\%`, `a\`, true}, // nothing escapes
		{`\_`, `\x`, true},
	} {
		var got int64
		err := db.Read(t.Context(), func(c store.Conn) error {
			return c.Query(t.Context(), `SELECT dlike($1, $2)`, []store.Arg{text(test.pattern), text(test.s)}, func(r store.Row) error {
				got = r.Int(0)
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got != 0 != test.want {
			t.Errorf("dlike(%q, %q) = %d, want %v", test.pattern, test.s, got, test.want)
		}
	}
	err := db.Read(t.Context(), func(c store.Conn) error {
		return c.Query(t.Context(), `SELECT dlike($1, $2), dlike($2, $1), dlike(1, 15)`, []store.Arg{text("%"), {}}, func(r store.Row) error {
			if !r.Null(0) || !r.Null(1) {
				t.Error("dlike with null is not null")
			}
			if r.Int(2) != 0 {
				t.Error("dlike(1, 15)")
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// dlike agrees with the filter language's own matcher, whatever the pattern.
func TestLikeAgreesWithFilter(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	characters := rapid.SampledFrom([]rune("%%%__aAbBñÑKİk\u212a🦊\\"))
	texts := rapid.StringOfN(characters, 0, 12, -1)
	rapid.Check(t, func(r *rapid.T) {
		pattern := resource.Fold(texts.Draw(r, "pattern"))
		args := []store.Arg{text(pattern)}
		sql := "SELECT dlike($1, $2)"
		all := rapid.SliceOfN(texts, 1, 8).Draw(r, "texts")
		for i, s := range all {
			args = append(args, text(s))
			if i > 0 {
				sql += fmt.Sprintf(", dlike($1, $%d)", i+2)
			}
		}
		err := db.Read(t.Context(), func(c store.Conn) error {
			return c.Query(t.Context(), sql, args, func(row store.Row) error {
				for i, s := range all {
					if got, want := row.Int(i) != 0, filter.MatchLike(pattern, resource.Fold(s)); got != want {
						r.Errorf("dlike(%q, %q) = %v, want %v", pattern, s, got, want)
					}
				}
				return nil
			})
		})
		if err != nil {
			r.Fatal(err)
		}
	})
}

// The trigram index is there.
func TestTrigrams(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	err := db.Write(t.Context(), func(c store.Conn) error {
		return c.Script(t.Context(), `CREATE VIRTUAL TABLE f USING fts5(name, tokenize = 'trigram case_sensitive 1', detail = none);
			INSERT INTO f (rowid, name) VALUES (1, 'españa'), (2, 'francia')`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := ints(t, db, `SELECT rowid FROM f WHERE f MATCH $1`, text(`"pañ"`)); !slices.Equal(got, []int64{1}) {
		t.Errorf("rows %v", got)
	}
}

// After a sync has failed, nothing can be trusted to be on the disk: writes are
// refused until the database is opened again, even though the disk seems well.
func TestFailedSyncIsLasting(t *testing.T) {
	d := newDisk(t)
	path := tempPath(t)
	db := open(t, path, sqlite.Options{VFS: d.name})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)`)
	mustExec(t, db, `INSERT INTO t (a) VALUES (1)`)
	d.failing(func(op operation, n int, _ string) error {
		if op == opSync && n == 1 {
			return sqlite3.IOERR_FSYNC
		}
		return nil
	})
	wantKind(t, "the failing commit", exec(t.Context(), db, `INSERT INTO t (a) VALUES (2)`), fault.Unavailable)
	wantKind(t, "the next write", exec(t.Context(), db, `INSERT INTO t (a) VALUES (3)`), fault.Unavailable)
	wantKind(t, "ping", db.Ping(t.Context()), fault.Unavailable)
	wantInts(t, db, `SELECT a FROM t`, 1)
	wantKind(t, "close", db.Close(), fault.Unavailable)

	db = open(t, path, sqlite.Options{})
	mustExec(t, db, `INSERT INTO t (a) VALUES (4)`)
	if got := ints(t, db, `SELECT a FROM t WHERE a IN (1, 3, 4)`); !slices.Equal(got, []int64{1, 4}) {
		t.Errorf("rows %v", got) // 2 was not acknowledged: it may be there or not
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// All who share a commit that fails are told so.
func TestFailedCommitFailsTheGroup(t *testing.T) {
	d := newDisk(t)
	db := open(t, tempPath(t), sqlite.Options{VFS: d.name})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)`)
	release := occupy(t, db, func(c store.Conn) error {
		_, err := c.Exec(t.Context(), `INSERT INTO t (a) VALUES (0)`, nil)
		return err
	})
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			wantKind(t, "a member of the group", exec(t.Context(), db, `INSERT INTO t (a) VALUES (1)`), fault.Unavailable)
		})
	}
	waitQueued(db, 5)
	d.failing(func(op operation, _ int, _ string) error {
		if op == opSync {
			return sqlite3.IOERR_FSYNC
		}
		return nil
	})
	wantKind(t, "the first of the group", release(), fault.Unavailable)
	group.Wait()
	wantInts(t, db, `SELECT count(*) FROM t`, 0)
}

// A full disk is no lasting failure: writes succeed again when there is room.
func TestFullDiskRecovers(t *testing.T) {
	d := newDisk(t)
	db := open(t, tempPath(t), sqlite.Options{VFS: d.name})
	mustExec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER)`)
	d.failing(func(op operation, _ int, path string) error {
		if op == opWrite {
			return sqlite3.FULL
		}
		return nil
	})
	for range 2 {
		wantKind(t, "a write to a full disk", exec(t.Context(), db, `INSERT INTO t (a) VALUES (1)`), fault.Unavailable)
	}
	wantKind(t, "ping on a full disk", db.Ping(t.Context()), fault.Unavailable)
	wantInts(t, db, `SELECT count(*) FROM t`, 0)
	d.failing(nil)
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping with room again: %v", err)
	}
	mustExec(t, db, `INSERT INTO t (a) VALUES (2)`)
	wantInts(t, db, `SELECT a FROM t`, 2)
	if err := db.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// TestFaults lets each write and each sync of a busy database fail in turn, once
// or from then on, with and without a loss of power. Whatever fails, what was
// acknowledged is there afterwards, and no transaction is there in part.
func TestFaults(t *testing.T) {
	for _, kind := range []struct {
		name string
		op   operation
		err  error
		once bool
	}{
		{"a write fails once", opWrite, sqlite3.IOERR_WRITE, true},
		{"writes fail", opWrite, sqlite3.IOERR_WRITE, false},
		{"the disk is full once", opWrite, sqlite3.FULL, true},
		{"the disk stays full", opWrite, sqlite3.FULL, false},
		{"a sync fails once", opSync, sqlite3.IOERR_FSYNC, true},
		{"syncs fail", opSync, sqlite3.IOERR_FSYNC, false},
		{"power is lost at a write", opWrite, nil, true},
		{"power is lost at a sync", opSync, nil, true},
	} {
		t.Run(kind.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(kind.op)))
			for nth := 1; ; nth += 1 + random.IntN(3) {
				d := newDisk(t)
				reached := false
				path := tempPath(t)
				acknowledged := faultyRun(t, d, path, func(op operation, n int, _ string) error {
					if op != kind.op || n < nth || kind.once && n > nth {
						return nil
					}
					reached = true
					if kind.err == nil {
						d.dead = true // the lock is held by whoever asks
						return sqlite3.IOERR
					}
					return kind.err
				})
				if kind.err == nil {
					left := t.TempDir()
					d.remains(t, left, random)
					path = filepath.Join(left, filepath.Base(path))
				}
				if acknowledged != nil {
					checkRemains(t, nth, path, acknowledged)
				}
				if !reached || t.Failed() {
					return
				}
			}
		})
	}
}

// faultyRun writes pairs of rows from several goroutines on a disk that fails,
// and returns what was acknowledged; nil when not even the table was.
func faultyRun(t *testing.T, d *disk, path string, fail func(operation, int, string) error) (acknowledged []int64) {
	d.failing(fail)
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{VFS: d.name, WriterCache: 16})
	if err != nil {
		return nil
	}
	defer db.Close()
	if err := exec(t.Context(), db, `CREATE TABLE t (id INTEGER PRIMARY KEY, pair INTEGER, s TEXT)`); err != nil {
		return nil
	}
	acknowledged = []int64{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for g := range int64(3) {
		group.Go(func() {
			for i := range int64(4) {
				pair := g*100 + i
				err := db.Write(t.Context(), func(c store.Conn) error {
					for range 2 {
						args := []store.Arg{integer(pair), text(strings.Repeat("x", int(i)*4000))}
						if _, err := c.Exec(t.Context(), `INSERT INTO t (pair, s) VALUES ($1, $2)`, args); err != nil && i != 2 {
							return err // with i = 2 it is ignored, which must not matter
						}
					}
					return nil
				})
				if err == nil {
					mu.Lock()
					acknowledged = append(acknowledged, pair)
					mu.Unlock()
				} else if k := fault.KindOf(err); k != fault.Unavailable {
					t.Errorf("pair %d: %v (%v)", pair, k, err)
				}
			}
		})
	}
	group.Wait()
	return acknowledged
}

func checkRemains(t *testing.T, nth int, path string, acknowledged []int64) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Errorf("fault %d: %v", nth, err)
		return
	}
	defer db.Close()
	wantInts(t, db, `SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'`, 1)
	wantInts(t, db, `SELECT pair FROM t GROUP BY pair HAVING count(*) <> 2`)
	there := ints(t, db, `SELECT DISTINCT pair FROM t ORDER BY pair`)
	for _, pair := range acknowledged {
		if _, ok := slices.BinarySearch(there, pair); !ok {
			t.Errorf("fault %d: pair %d was acknowledged and is lost", nth, pair)
		}
	}
}

// exhausting sorts more than the engine's memory holds.
const exhausting = `WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 40)
	SELECT hex(zeroblob(4000000 + x)) FROM c ORDER BY 1 LIMIT 1 OFFSET 39`

// A list whose sorting takes more memory than there is fails alone, and leaves
// nothing behind: neither the memory nor a reader that holds up the log.
func TestReadOutOfMemory(t *testing.T) {
	path := tempPath(t)
	db := open(t, path, sqlite.Options{Idle: time.Hour})
	mustExec(t, db, "CREATE TABLE t (a)")
	before := addressSpace()
	for i := range 3 {
		mustExec(t, db, "INSERT INTO t VALUES (1)") // so that it reads from the log
		for name, read := range map[string]func(context.Context, func(store.Conn) error) error{"Read": db.Read, "ReadOne": db.ReadOne} {
			err := read(t.Context(), func(c store.Conn) error {
				return c.Query(t.Context(), exhausting, nil, func(store.Row) error { return nil })
			})
			wantKind(t, name, err, fault.TooLarge)
		}
		wantInts(t, db, "SELECT count(*) FROM t", int64(i)+1)
	}
	// A connection has room for 256 MiB.
	if grown := addressSpace() - before; grown > 3*(256<<20) {
		t.Errorf("%d MiB are still taken after six reads that failed", grown>>20)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log of a closed database: %v", err)
	}
}

// addressSpace is how many bytes of address space the process has, 0 where the system
// does not tell.
func addressSpace() int64 {
	var pages int64
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(text), &pages)
	}
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// A job that takes more memory than there is fails; the database goes on taking
// writes, and later jobs use the same statements.
func TestWriteOutOfMemory(t *testing.T) {
	db := open(t, tempPath(t), sqlite.Options{})
	mustExec(t, db, "CREATE TABLE t (a)")
	insert := func(c store.Conn, n int64) error {
		_, err := c.Exec(t.Context(), "INSERT INTO t VALUES ($1)", []store.Arg{integer(n)})
		return err
	}
	for name, exhaust := range map[string]func(c store.Conn) error{
		"Query": func(c store.Conn) error {
			return c.Query(t.Context(), exhausting, nil, func(store.Row) error { return nil })
		},
		"Exec":   func(c store.Conn) error { _, err := c.Exec(t.Context(), "INSERT INTO t "+exhausting, nil); return err },
		"Script": func(c store.Conn) error { return c.Script(t.Context(), "INSERT INTO t "+exhausting) },
		"ignored": func(c store.Conn) error {
			_ = c.Savepoint(t.Context(), func() error { return c.Script(t.Context(), "INSERT INTO t "+exhausting) })
			return nil
		},
	} {
		err := db.Write(t.Context(), func(c store.Conn) error {
			if err := insert(c, 1); err != nil {
				return err
			}
			return exhaust(c)
		})
		wantKind(t, name, err, fault.TooLarge)
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("%s: Ping: %v", name, err)
		}
		wantInts(t, db, "SELECT count(*) FROM t", 0)
	}
	if err := db.Write(t.Context(), func(c store.Conn) error { return insert(c, 2) }); err != nil {
		t.Error(err)
	}
	wantInts(t, db, "SELECT a FROM t", 2)
}
