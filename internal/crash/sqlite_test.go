package crash_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// sqliteFiles are the databases in a data folder.
type sqliteFiles struct{ dir string }

func (s sqliteFiles) folder() string    { return s.dir }
func (s sqliteFiles) args() []string    { return nil }
func (s sqliteFiles) settle(*testing.T) {} // what a dead process has not written will not be written

// each opens a copy of every database. It leaves the originals as they are, since
// opening them would recover them, and that is the server's part.
func (s sqliteFiles) each(t *testing.T, fn func(location string, db *sqlite3.Conn)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "workspaces", "*.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join(s.dir, "system.db")) {
		func() {
			dir, err := os.MkdirTemp(t.TempDir(), "copy")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			name := filepath.Base(file)
			if !copyFile(t, file, filepath.Join(dir, name)) {
				return // killed before it was made
			}
			copyFile(t, file+"-wal", filepath.Join(dir, name+"-wal"))
			db, err := sqlite3.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			fn(strings.TrimSuffix(name, ".db"), db)
		}()
	}
}

// copyFile reports whether there was something to copy.
func copyFile(t *testing.T, from, to string) bool {
	t.Helper()
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return false
	} else if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	return true
}

// rows calls fn with each row of a query.
func rows(t *testing.T, db *sqlite3.Conn, query string, fn func(*sqlite3.Stmt)) {
	t.Helper()
	stmt, _, err := db.Prepare(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer stmt.Close()
	for stmt.Step() {
		fn(stmt)
	}
	if err := stmt.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func (s sqliteFiles) location(t *testing.T) (name string) {
	t.Helper()
	s.each(t, func(location string, db *sqlite3.Conn) {
		if location == "system" {
			rows(t, db, demoLocation, func(row *sqlite3.Stmt) { name = row.ColumnText(0) })
		}
	})
	return name
}

func (s sqliteFiles) check(t *testing.T) {
	t.Helper()
	s.each(t, func(location string, db *sqlite3.Conn) {
		said := 0
		rows(t, db, "PRAGMA integrity_check", func(row *sqlite3.Stmt) {
			said++
			if text := row.ColumnText(0); text != "ok" {
				t.Errorf("%s: integrity_check: %s", location, text)
			}
		})
		if said == 0 {
			t.Errorf("%s: integrity_check says nothing", location)
		}
		rows(t, db, "PRAGMA foreign_key_check", func(row *sqlite3.Stmt) {
			t.Errorf("%s: foreign_key_check: row %s of %s refers to nothing in %s", location, row.ColumnText(1), row.ColumnText(0), row.ColumnText(2))
		})
	})
}

func (s sqliteFiles) documents(t *testing.T) (all []workspaceDocuments) {
	t.Helper()
	s.each(t, func(location string, db *sqlite3.Conn) {
		made := false
		rows(t, db, `SELECT 1 FROM sqlite_schema WHERE name = 'documents'`, func(*sqlite3.Stmt) { made = true })
		if !made {
			return
		}
		w := workspaceDocuments{location: location}
		rows(t, db, `SELECT id, state, coalesce(hash, ''), coalesce(size, 0), deleted FROM documents`, func(row *sqlite3.Stmt) {
			w.rows = append(w.rows, documentRow{row.ColumnInt64(0), row.ColumnText(1), row.ColumnText(2), row.ColumnInt64(3), row.ColumnBool(4)})
		})
		all = append(all, w)
	})
	return all
}
