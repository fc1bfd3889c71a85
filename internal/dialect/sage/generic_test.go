package sage_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/resource"
)

// TestEveryVerbOnEveryResource sends every verb through every general route to
// every resource: whatever it answers, it is no failure of the server, and the
// general routes make no documents.
func TestEveryVerbOnEveryResource(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	second, err := a.CreateUser(t.Context(), a.Workspace, newAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	if _, a.Token, err = a.Login(t.Context(), second); err != nil { // since record 1 is deleted everywhere
		t.Fatal(err)
	}
	for _, res := range resource.Declared() {
		for _, path := range []string{"/%s", "/list/%s", "/%s/1", "/list/%s/1", "/%s/schema", "/list/%s/schema", "/%s/bulk"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
				for _, body := range []string{`{}`, `[{"guid":"g","id":1,"data":{"name":"x"}}]`, `{"name":"x","folderId":-1}`} {
					target := "/api/v4" + fmt.Sprintf(path, res.Name)
					if got := a.Do(t, method, target, body); got.Status >= 500 || got.Status == http.StatusUnauthorized {
						t.Errorf("%s %s %s: %d %s", method, target, body, got.Status, got.Body)
					}
				}
			}
		}
	}
	for _, target := range []string{"/api/v4/list/documents", "/api/v4/list/folders"} {
		if got := a.Get(t, target); got.Status == http.StatusOK {
			t.Errorf("GET %s: %s", target, got.Body)
		}
	}
	if got := a.Get(t, "/api/v4/documents/schema"); got.Status != http.StatusOK {
		t.Errorf("GET /documents/schema: %d %s", got.Status, got.Body)
	}
}
