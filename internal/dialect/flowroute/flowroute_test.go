package flowroute_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
)

var _ = flag.Bool("update", false, "rewrite answers and documents from what the server does")

// TestConversations holds every conversation on every database.
func TestConversations(t *testing.T) {
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{Dialects: []string{flowroute.Name}})
}

// TestPage keeps docs/dialects/flowroute.md.
func TestPage(t *testing.T) {
	apptest.Page{
		Name:  flowroute.Name,
		Title: "Flowroute: port orders",
		Intro: `
Orders to take over telephone numbers, with their documents: Flowroute's API for porting,
version 2, and the presigned URLs that files are put to, which are those of S3.`,
		Operations: flowroute.Operations(),
		Quirks:     flowroute.Quirks(),
	}.Check(t)
}

// TestEmptyList holds the other reading of a list without orders.
func TestEmptyList(t *testing.T) {
	a := start(t, func(c *app.Config) { c.FlowrouteEmptyList = "404" }, false)
	res := a.Get(t, "/v2/portorders", basic(a))
	if res.Status != 404 || !strings.Contains(string(res.Body), `"detail":"No Port Orders match this query."`) {
		t.Errorf("%d %s", res.Status, res.Body)
	}
}
