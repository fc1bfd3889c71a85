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

// TestPage keeps docs/dialects/wolkvox.md.
func TestPage(t *testing.T) {
	apptest.Page{
		Name:  wolkvox.Name,
		Title: "wolkvox CRM: cases and their attachments",
		Intro: `
Version 2 of the API of wolkvox CRM: cases with attachments, their history, and contacts,
accounts and opportunities. What we chose where the reference is silent is at the end;
[the dialect's README](../../internal/dialect/wolkvox/README.md) says how it is built.`,
		Operations: wolkvox.Operations(),
		Quirks:     wolkvox.Quirks(),
	}.Check(t)
}
