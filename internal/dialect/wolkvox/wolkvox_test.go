package wolkvox_test

import (
	"flag"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
)

var _ = flag.Bool("update", false, "rewrite answers and documents from what the server does")

// TestConversations holds every conversation on every database.
func TestConversations(t *testing.T) {
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{Dialects: []string{wolkvox.Name}})
}
