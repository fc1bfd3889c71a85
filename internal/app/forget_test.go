package app_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// A workspace that was closed takes no memory, whatever has been asked of it.
func TestClosedWorkspacesAreForgotten(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	if got := a.Do(t, "POST", "/api/v4/accounts", map[string]any{"name": "Acme", "salesRepId1": a.Admin, "branchId": 1}); got.Status >= 300 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	for range 3 { // rows are kept from the second time on
		if got := a.Get(t, "/api/v4/accounts"); got.Status != 200 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	w, release, err := a.Workspaces.Acquire(t.Context(), a.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	records := weak.Make(w.Records)
	w = nil
	release()
	if _, err := a.Workspaces.Reset(t.Context(), a.Workspace); err != nil {
		t.Fatal(err)
	}
	for range 10 { // pools are emptied by the second
		runtime.GC()
	}
	if records.Value() != nil {
		t.Error("the records of a workspace that was reset are still in memory")
	}
}
