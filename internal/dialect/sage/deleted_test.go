package sage_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/resource"
)

// TestListRowsCarryDeleted reads every resource that is a list of values, by both
// of its paths, and a list that the workspace has made: each row says whether it is
// deleted [LIVE]. Those whose documented records have no such member are named.
func TestListRowsCarryDeleted(t *testing.T) {
	without := map[string]bool{"campaignStatuses": true} // [DOC]
	a := apptest.New(t, apptest.Options{Demo: true})
	names := []string{"Z_tblSizes"}
	for _, res := range resource.Declared() {
		if res.LabelFields != nil && res.Ops&resource.CanList != 0 {
			names = append(names, res.Name)
		}
	}
	for _, step := range [][2]string{{"/list", `{"databaseName": "Z_tblSizes", "description": "Sizes"}`}, {"/list/Z_tblSizes", `{"descripcion": "Large"}`}} {
		if got := a.Do(t, http.MethodPost, "/api/v4"+step[0], step[1]); got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", step[0], got.Status, got.Body)
		}
	}
	total := 0
	for _, name := range names {
		for _, path := range []string{"/api/v4/", "/api/v4/list/"} {
			got := a.Get(t, path+name)
			var rows []map[string]json.RawMessage
			if got.Status != http.StatusOK || json.Unmarshal(got.Body, &rows) != nil {
				t.Errorf("GET %s%s: %d %s", path, name, got.Status, got.Body)
				continue
			}
			total += len(rows)
			for _, row := range rows {
				if v := string(row["deleted"]); (v != "true" && v != "false" && v != "0" && v != "1") != without[name] {
					t.Errorf("GET %s%s: deleted is %q in row %s", path, name, v, row["id"])
				}
			}
		}
	}
	if len(names) < 15 || total < 100 {
		t.Errorf("only %d lists with %d rows were read", len(names), total)
	}
}
