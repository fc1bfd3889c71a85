package sage_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// What one process declares counts in the others on the same database from their next
// request on, also when that ends before it has read anything.
func TestDeclarationsOfAnotherProcess(t *testing.T) {
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
		there := func(method, path, body, want string) {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
			r.Header.Set("X-Session-Key", a.Token)
			w := httptest.NewRecorder()
			other.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
				t.Errorf("%s %s: status %d: %.300s\nwant %s", method, path, w.Code, w.Body, want)
			}
		}
		fields := 0
		declare := func() string {
			t.Helper()
			fields++
			name := fmt.Sprintf("Z_f%d", fields)
			if got := a.Do(t, "POST", "/api/v4/extrafields/accounts", fmt.Sprintf(`{"fieldName": %q, "type": "int"}`, name)); got.Status != http.StatusOK {
				t.Fatalf("status %d: %s", got.Status, got.Body)
			}
			return name
		}
		const accounts = "/api/v4/accounts"
		there("POST", accounts, `{"name": "A", "salesRepId1": 1}`, `"id":1`)

		there("POST", accounts, fmt.Sprintf(`{"name": "B", "salesRepId1": 1, %q: 7}`, declare()), `"id":2`)
		there("PUT", accounts+"/1", fmt.Sprintf(`{%q: 8}`, strings.ToLower(declare())), "updated")
		there("POST", accounts+"/bulk", fmt.Sprintf(`[{"guid": "1", "data": {"name": "C", "salesRepId1": 1, %q: 9}}]`, declare()), `"code":1`)
		for id, want := range map[int]string{2: `"Z_f1":7`, 1: `"Z_f2":8`, 3: `"Z_f3":9`} {
			if got := a.Get(t, fmt.Sprintf("%s/%d", accounts, id)); !strings.Contains(string(got.Body), want) {
				t.Errorf("account %d: %s\nwant %s", id, got.Body, want)
			}
		}
		there("GET", accounts+"?where="+declare()+"%20IS%20NULL", "", `"Z_f4":null`)
		there("GET", accounts+"?order="+declare(), "", `"Z_f5":null`)
		there("GET", accounts+"/schema", "", declare())
		there("GET", "/openapi/sage.json", "", declare())

		for _, name := range []string{"Z_tblOne", "Z_tblTwo"} {
			if got := a.Do(t, "POST", "/api/v4/list", fmt.Sprintf(`{"databaseName": %q, "description": "x"}`, name)); got.Status != http.StatusOK {
				t.Fatalf("status %d: %s", got.Status, got.Body)
			}
			there("POST", "/api/v4/list/"+name, `{"descripcion": "uno"}`, "created")
		}
	})
}
