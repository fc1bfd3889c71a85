package scalepoint_test

import (
	"flag"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
)

var _ = flag.Bool("update", false, "rewrite answers and documents from what the server does")

// TestConversations holds every conversation on every database.
func TestConversations(t *testing.T) {
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{Dialects: []string{scalepoint.Name}})
}

// TestPage keeps docs/dialects/scalepoint.md.
func TestPage(t *testing.T) {
	apptest.Page{
		Name:  scalepoint.Name,
		Title: "Scalepoint: files, first notices of loss and cases",
		Intro: `
Tokens for clients that have a secret or sign, files for cases and damage notifications, and cases
that are made with their attachments, as Scalepoint's platform takes them. What we chose where the
reference is silent is at the end; [the dialect's
README](../../internal/dialect/scalepoint/README.md) says how it is built.`,
		Operations: scalepoint.Operations(),
		Quirks:     scalepoint.Quirks(),
	}.Check(t)
}
