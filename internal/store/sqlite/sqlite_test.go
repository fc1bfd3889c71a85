package sqlite_test

import (
	"path/filepath"
	"testing"

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
