package sqlite_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// wideTable creates a table of 40 columns with five indexes, as large resources
// have, and n rows in it.
func wideTable(b *testing.B, n int) (db *sqlite.DB, columns string) {
	b.Helper()
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	names := []string{"version"}
	for i := range 19 {
		names = append(names, fmt.Sprintf("s%d", i), fmt.Sprintf("i%d", i))
	}
	columns = strings.Join(names, ", ")
	err = db.Write(b.Context(), func(c store.Conn) error {
		ddl := "CREATE TABLE t (id INTEGER PRIMARY KEY, version INTEGER"
		for i := range 19 {
			ddl += fmt.Sprintf(", s%d TEXT, i%d INTEGER", i, i)
		}
		return c.Script(b.Context(), ddl+`); CREATE INDEX t1 ON t (i0, i1 DESC); CREATE INDEX t2 ON t (i1);
			CREATE INDEX t3 ON t (s0); CREATE INDEX t4 ON t (i2); CREATE INDEX t5 ON t (i3, i1 DESC)`)
	})
	if err != nil {
		b.Fatal(err)
	}
	const each = 1000
	for from := 0; from < n; from += each {
		err = db.Write(b.Context(), func(c store.Conn) error {
			for i := from; i < min(n, from+each); i++ {
				if err := insertWide(b, c, columns, int64(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return db, columns
}

func insertWide(b *testing.B, c store.Conn, columns string, i int64) error {
	args := []store.Arg{integer(1)}
	for k := range int64(19) {
		args = append(args, text(fmt.Sprintf("Some text %d of %d", k, i*7919%1_000_003)), integer(i*(k+1)%(16*(k+1))))
	}
	args[4].I = i // grows, as a date does
	sql := "INSERT INTO t (" + columns + ") VALUES ($1"
	for k := range len(args) - 1 {
		sql += fmt.Sprintf(", $%d", k+2)
	}
	_, err := c.Exec(b.Context(), sql+")", args)
	return err
}

// BenchmarkWrite inserts one wide row per transaction, from one goroutine and
// from sixteen that share commits.
func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			db, columns := wideTable(b, 1000)
			next := atomic.Int64{}
			next.Store(1000)
			before := db.Stats()
			b.ResetTimer()
			var group sync.WaitGroup
			times := make([]time.Duration, b.N)
			for range writers {
				group.Go(func() {
					for {
						i := next.Add(1)
						if i > 1000+int64(b.N) {
							return
						}
						start := time.Now()
						err := db.Write(b.Context(), func(c store.Conn) error { return insertWide(b, c, columns, i) })
						if err != nil {
							b.Error(err)
							return
						}
						times[i-1001] = time.Since(start)
					}
				})
			}
			group.Wait()
			slices.Sort(times)
			for name, at := range map[string]int{"p50-ms": b.N / 2, "p99-ms": b.N * 99 / 100, "max-ms": b.N - 1} {
				b.ReportMetric(times[at].Seconds()*1000, name)
			}
			after := db.Stats()
			b.ReportMetric(float64(after.Jobs-before.Jobs)/float64(after.Commits-before.Commits), "jobs/commit")
		})
	}
}

// BenchmarkPage reads every column of 50 wide rows through an index.
func BenchmarkPage(b *testing.B) {
	db, columns := wideTable(b, 20_000)
	sql := "SELECT id, " + columns + " FROM t WHERE i0 = $1 ORDER BY i1 DESC, id LIMIT 50"
	args := []store.Arg{integer(3)}
	var sum int64
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		err := db.Read(b.Context(), func(c store.Conn) error {
			return c.Query(b.Context(), sql, args, func(r store.Row) error {
				rows++
				sum += r.Int(0) + r.Int(1)
				for i := 2; i < 40; i += 2 {
					if !r.Null(i) {
						sum += int64(len(r.Bytes(i)))
					}
					if !r.Null(i + 1) {
						sum += r.Int(i + 1)
					}
				}
				return nil
			})
		})
		if err != nil || rows != 50 {
			b.Fatalf("%d rows, error %v", rows, err)
		}
	}
}

// BenchmarkGet reads one row by its id, in a transaction of its own.
func BenchmarkGet(b *testing.B) {
	db, columns := wideTable(b, 5_000)
	sql := "SELECT " + columns + " FROM t WHERE id = $1"
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		err := db.Read(b.Context(), func(c store.Conn) error {
			return c.Query(b.Context(), sql, []store.Arg{integer(1 + i*7919%5000)}, func(r store.Row) error { return nil })
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLike searches 20,000 texts for one that is in none of them.
func BenchmarkLike(b *testing.B) {
	db, _ := wideTable(b, 20_000)
	for _, search := range []struct{ name, sql string }{
		{"dlike", `SELECT count(*) FROM t WHERE dlike($1, s0)`},
		{"builtin", `SELECT count(*) FROM t WHERE s0 LIKE $1`},
	} {
		b.Run(search.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				err := db.Read(b.Context(), func(c store.Conn) error {
					return c.Query(b.Context(), search.sql, []store.Arg{text("%nowhere%")}, func(store.Row) error { return nil })
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
