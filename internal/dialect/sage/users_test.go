package sage_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/fault"
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

// A user may come with a key, with a password, or both. Whoever disables or deletes
// him ends all his sessions with the next request, here, and within a second in other
// processes; new logins are refused.
func TestDisablingUserEndsSessions(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		var config app.Config
		a := apptest.New(t, apptest.Options{Database: db, Config: func(c *app.Config) { config = *c }})
		config.Data, config.PublicURL = a.Config.Data, a.URL
		other, err := app.Open(t.Context(), config, a.World, false)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := other.Close(); err != nil {
				t.Error(err)
			}
		})
		var made struct{ ID int64 }
		a.Do(t, "POST", "/api/v4/users", emma).JSON(t, &made)
		path := fmt.Sprintf("/api/v4/users/%d", made.ID)
		key, byKey, err := a.Login(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		const address, password = "emma@example.com", "stone by stone"
		if err := a.Auth.SetPassword(t.Context(), a.Workspace, made.ID, address, password); err != nil {
			t.Fatal(err)
		}
		byPassword, err := a.Auth.Login(t.Context(), "sage", address, password, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		in := func(when string, want bool) {
			t.Helper()
			status := http.StatusUnauthorized
			if want {
				status = http.StatusOK
			}
			for name, token := range map[string]string{"key": byKey, "password": byPassword} {
				if got := a.Do(t, "GET", path, nil, as(token)); got.Status != status {
					t.Errorf("%s, by %s: status %d: %s", when, name, got.Status, got.Body)
				}
				if _, err := other.Auth.Authenticate(t.Context(), token); (err == nil) != want {
					t.Errorf("%s, by %s, elsewhere: %v", when, name, err)
				}
			}
			for name, secret := range map[string]string{key.PublicID: key.Secret, address: password} {
				got := a.Do(t, "POST", "/api/v4/login", map[string]string{"username": name, "password": secret})
				if got.Status != status {
					t.Errorf("%s: login of %s: status %d: %s", when, name, got.Status, got.Body)
				}
			}
			a.Clock.Advance(time.Minute) // bad logins slow down
		}
		// The clock stands still, but for what another process may take to notice.
		noticed := func(method, body string) {
			t.Helper()
			if got := a.Do(t, method, path, body); got.Status != http.StatusOK {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			if got := a.Do(t, "GET", path, nil, as(byKey)); got.Status == http.StatusOK {
				t.Errorf("right after %s %s: status %d", method, body, got.Status)
			}
			a.Clock.Advance(time.Second)
		}
		in("at first", true)
		noticed("PUT", `{"isActive": false}`)
		in("disabled", false)

		// Enabled again he has to log in again: what he had is worth nothing for good.
		noticed("PUT", `{"isActive": true}`)
		for name, token := range map[string]string{"key": byKey, "password": byPassword} {
			if _, err := other.Auth.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
				t.Errorf("enabled again, by the %s of before, elsewhere: %v", name, err)
			}
		}
		if _, byKey, err = a.Login(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
		if byPassword, err = a.Auth.Login(t.Context(), "sage", address, password, "127.0.0.1"); err != nil {
			t.Fatal(err)
		}
		in("enabled again, with new tokens", true)
		noticed("DELETE", "")
		in("deleted", false)
	})
}

// A change of a user's level, branches or roles counts from his next request on.
func TestChangedRightsCountAtOnce(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		path, token := createUser(t, a)
		a.Do(t, "POST", "/api/v4/accounts", `{"name": "A", "salesRepId1": 1, "permissionLevel": 3, "branchId": 1}`)
		a.Do(t, "POST", "/api/v4/roles", `{"name": "Of the branch", "branches": [1]}`)
		sees := func(when string, want bool) {
			t.Helper()
			got := a.Do(t, "GET", "/api/v4/accounts/1", nil, as(token))
			if (got.Status == http.StatusOK) != want {
				t.Errorf("%s: status %d", when, got.Status)
			}
		}
		sees("level 4", true)
		for _, step := range []struct {
			method, path, body string
			sees               bool
		}{
			{"PUT", path, `{"level": 2}`, false},
			{"PUT", path, `{"level": 3}`, true},
			{"PUT", path, `{"branchRestriction": true, "branches": []}`, false},
			{"PUT", path + "/roles", `{"rolesId": [1]}`, true},
			{"PUT", "/api/v4/roles/1", `{"branches": []}`, false},
			{"PUT", "/api/v4/roles/bulk", `[{"guid": "1", "id": 1, "data": {"branches": [1]}}]`, true},
			{"DELETE", path + "/roles", `{"rolesId": [1]}`, false},
		} {
			if got := a.Do(t, step.method, step.path, step.body); got.Status != http.StatusOK {
				t.Fatalf("%s %s: %d %s", step.method, step.path, got.Status, got.Body)
			}
			sees(step.method+" "+step.path+" "+step.body, step.sees)
		}
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
