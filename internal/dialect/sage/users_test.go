package sage_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

const emma = `{"name": "Emma", "lastName": "Stone", "email": "emma@example.com", "nic": "emma", "phone": "1", ` +
	`"idPrefix": 73, "dbLanguage": "EN", "uiLanguage": "EN", "branches": [1], "level": 4}`

// as sends a request with a session of somebody else.
func as(token string) func(http.Header) {
	return func(h http.Header) { h.Set("X-Session-Key", token) }
}

func createUser(t *testing.T, a *apptest.App) (path, token string) {
	t.Helper()
	var made struct{ ID int64 }
	a.Do(t, "POST", "/api/v4/users", emma).JSON(t, &made)
	key, err := a.Auth.CreateKey(t.Context(), "sage", a.Workspace, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if token, err = a.Auth.Login(t.Context(), "sage", key.PublicID, key.Secret, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/api/v4/users/%d", made.ID), token
}

// Whoever disables or deletes a user ends his sessions within a second.
func TestDisablingUserEndsSessions(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		path, token := createUser(t, a)
		want := func(status int) {
			t.Helper()
			a.Clock.Advance(time.Second)
			if got := a.Do(t, "GET", path, nil, as(token)); got.Status != status {
				t.Errorf("status %d: %s", got.Status, got.Body)
			}
		}
		want(http.StatusOK)
		a.Do(t, "PUT", path, `{"isActive": false}`)
		want(http.StatusUnauthorized)
		a.Do(t, "PUT", path, `{"isActive": true}`)
		want(http.StatusOK)
		a.Do(t, "DELETE", path, nil)
		want(http.StatusUnauthorized)
	})
}

// Below level 5 nobody changes users, roles or what deeds are worth, least of all
// his own level; reading them is everybody's.
func TestOnlyAdministratorsChangeUsers(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	path, token := createUser(t, a)
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"PUT", path, `{"level": 5}`, http.StatusForbidden},
		{"DELETE", path, ``, http.StatusForbidden},
		{"POST", "/api/v4/users", emma, http.StatusForbidden},
		{"POST", "/api/v4/users/bulk", `[{"guid": "1", "data": ` + emma + `}]`, http.StatusForbidden},
		{"PUT", path + "/roles", `{"rolesId": []}`, http.StatusForbidden},
		{"DELETE", path + "/roles", `{"rolesId": []}`, http.StatusForbidden},
		{"POST", "/api/v4/roles", `{"name": "Boss", "level": 5}`, http.StatusForbidden},
		{"PUT", "/api/v4/activity/points", `{"PointsPerVisit": 1000}`, http.StatusForbidden},
		{"GET", path, ``, http.StatusOK},
		{"GET", path + "/roles", ``, http.StatusOK},
		{"GET", "/api/v4/activity/points", ``, http.StatusOK},
		{"GET", "/api/v4/users/scores", ``, http.StatusOK},
	} {
		if got := a.Do(t, tt.method, tt.path, tt.body, as(token)); got.Status != tt.status {
			t.Errorf("%s %s: status %d: %s", tt.method, tt.path, got.Status, got.Body)
		}
	}
}
