package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "a b?c#%41.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(ctx, func(c store.Conn) error {
		if err := c.Script(ctx, "CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT); CREATE INDEX i ON t(s)"); err != nil {
			return err
		}
		n, err := c.Exec(ctx, "INSERT INTO t(s) VALUES($2), ($1)", []store.Arg{{Value: resource.TextValue("one")}, {Value: resource.TextValue("ESPAÑA two")}})
		t.Log(n, err)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Read(ctx, func(c store.Conn) error {
		return c.Query(ctx, "SELECT id, s, fold(s), dlike($1, s) FROM t", []store.Arg{{Value: resource.TextValue("%españa%")}}, func(r store.Row) error {
			t.Log(r.Int(0), string(r.Bytes(1)), string(r.Bytes(2)), r.Int(3), r.Null(1))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", db.Stats())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
