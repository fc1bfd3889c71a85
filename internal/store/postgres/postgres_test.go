package postgres_test

import (
	"context"
	"crypto/rand"
	"os"
	"testing"

	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/storetest"
)

// server returns the URL of the server to test on.
func server(t *testing.T) string {
	url := os.Getenv("DOSSIER_TEST_POSTGRES")
	if url == "" {
		t.Skip("DOSSIER_TEST_POSTGRES is not set")
	}
	return url
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

func TestDriver(t *testing.T) {
	url := server(t)
	storetest.Drivers(t, func(t *testing.T) func() (store.DB, error) {
		schema := newSchema(t)
		return func() (store.DB, error) { return postgres.Open(t.Context(), url, schema, postgres.Options{}) }
	})
}
