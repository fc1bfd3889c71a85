package riskforce_test

import (
	"flag"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
)

var _ = flag.Bool("update", false, "rewrite answers and documents from what the server does")

// TestConversations holds every conversation on every database.
func TestConversations(t *testing.T) {
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{Dialects: []string{riskforce.Name}})
}

// TestPage keeps docs/dialects/riskforce.md.
func TestPage(t *testing.T) {
	apptest.Page{
		Name:  riskforce.Name,
		Title: "Riskforce (ProfitStars, Jack Henry): file uploads",
		Intro: `
Files for opportunities and cases, as a Salesforce organization takes them: a session for a user
name and a password, and two methods of Apex REST. What we chose where the reference is silent
is at the end; [the dialect's README](../../internal/dialect/riskforce/README.md) says how it is
built.`,
		Operations: riskforce.Operations(),
		Quirks:     riskforce.Quirks(),
	}.Check(t)
}
