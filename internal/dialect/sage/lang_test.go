package sage_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// TestLanguageOfTitles follows what a reference shows through its steps: the
// language of the request in any letter case, else that of the user, else English,
// else any label there is [DOC]; for references of several kinds.
func TestLanguageOfTitles(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	send := func(method, path, body string) int64 {
		t.Helper()
		got := a.Do(t, method, "/api/v4"+path, body)
		if got.Status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, got.Status, got.Body)
		}
		var made struct{ ID int64 }
		got.JSON(t, &made)
		return made.ID
	}
	customer := send("POST", "/accountTypes", `{"descriptionEN": "Customer", "descriptionES": "Cliente", "descriptionDE": "Kunde"}`)
	send("POST", "/list", `{"databaseName": "Z_tblKinds", "description": "Kinds"}`)
	all := send("POST", "/list/Z_tblKinds", `{"descripcion": "Cliente", "descriptionEN": "Customer", "descriptionDE": "Kunde"}`)
	english := send("POST", "/list/Z_tblKinds", `{"descripcion": "", "descriptionEN": "Partner"}`)
	spanish := send("POST", "/list/Z_tblKinds", `{"descripcion": "Proveedor"}`)
	send("POST", "/extrafields/accounts", `{"fieldName": "Z_One", "type": "list", "valueListRelated": "Z_tblKinds"}`)
	send("POST", "/extrafields/accounts", `{"fieldName": "Z_More", "type": "multivalue", "valueListRelated": "Z_tblKinds"}`)

	german, err := a.CreateUser(t.Context(), a.Workspace, newAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	send("PUT", fmt.Sprintf("/users/%d", german), `{"dbLanguage": "DE", "uiLanguage": "ES"}`)
	_, token, err := a.Login(t.Context(), german)
	if err != nil {
		t.Fatal(err)
	}
	asGerman := func(h http.Header) { h.Set("X-Session-Key", token) }
	asAdmin := func(http.Header) {}
	for _, c := range []struct {
		as   func(http.Header)
		lang string
		want [3]string // of all, english and spanish
	}{
		{asAdmin, "", [3]string{"Customer", "Partner", "Proveedor"}},
		{asAdmin, "?lang=es", [3]string{"Cliente", "Partner", "Proveedor"}},
		{asAdmin, "?lang=Es", [3]string{"Cliente", "Partner", "Proveedor"}},
		{asAdmin, "?lang=DE", [3]string{"Kunde", "Partner", "Proveedor"}},
		{asAdmin, "?lang=xx", [3]string{"Customer", "Partner", "Proveedor"}},
		{asAdmin, "?lang=", [3]string{"Customer", "Partner", "Proveedor"}},
		{asGerman, "", [3]string{"Kunde", "Partner", "Proveedor"}},
		{asGerman, "?lang=xx", [3]string{"Kunde", "Partner", "Proveedor"}},
		{asGerman, "?lang=es", [3]string{"Cliente", "Partner", "Proveedor"}},
		{asGerman, "?lang=en", [3]string{"Customer", "Partner", "Proveedor"}},
	} {
		for i, of := range []int64{all, english, spanish} {
			id := send("POST", "/accounts", fmt.Sprintf(`{"name": "A", "salesRepId1": 1, "typeId": %[2]d, "Z_One": %[1]d, "Z_More": [%[1]d]}`, of, customer))
			got := a.Get(t, fmt.Sprintf("/api/v4/accounts/%d%s", id, c.lang), c.as)
			type ref struct {
				ID    int64
				Value string
			}
			var rec struct {
				TypeID ref
				ZOne   ref   `json:"Z_One"`
				ZMore  []ref `json:"Z_More"`
			}
			if err := json.Unmarshal(got.Body, &rec); err != nil {
				t.Fatalf("%v: %s", err, got.Body)
			}
			want := ref{of, c.want[i]}
			if rec.TypeID != (ref{customer, c.want[0]}) || rec.ZOne != want || len(rec.ZMore) != 1 || rec.ZMore[0] != want {
				t.Errorf("%q: got %+v, want %v", c.lang, rec, want)
			}
		}
	}
}
