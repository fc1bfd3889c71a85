package apptest_test

import (
	"flag"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

var _ = flag.Bool("update", false, "rewrite the answers in testdata")

func TestConversations(t *testing.T) {
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{})
}

func TestNew(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		res := a.Get(t, "/api/v4/users")
		var users []struct {
			Email       string
			DateCreated time.Time
		}
		res.JSON(t, &users)
		if res.Status != 200 || len(users) != 1 || users[0].Email != "ada@example.com" || !users[0].DateCreated.Equal(apptest.Start) {
			t.Errorf("%d %s", res.Status, res.Body)
		}
		a.Clock.Advance(25 * time.Hour)
		if res := a.Get(t, "/api/v4/users"); res.Status != 401 {
			t.Errorf("a day later: %d %s", res.Status, res.Body)
		}
	})
}

func TestDemo(t *testing.T) {
	a := apptest.New(t, apptest.Options{Demo: true})
	var accounts []struct{ ID int64 }
	a.Get(t, "/api/v4/accounts").JSON(t, &accounts)
	if len(accounts) != 50 {
		t.Errorf("%d accounts on the first page", len(accounts))
	}
}
