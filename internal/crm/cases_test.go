package crm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// documents adds n documents of a damage notification that only those see who have to do
// with them, and returns the id of the first.
func (w *world) documents(of int64, n int) int64 {
	w.t.Helper()
	res := w.res("documents")
	recs := make([]*resource.Record, n)
	for i := range recs {
		recs[i] = &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		for name, v := range map[string]resource.Value{
			"damageNotificationId": resource.IntValue(of), "state": resource.TextValue(resource.DocumentReady),
			"deleted": resource.BoolValue(false), "restricted": resource.BoolValue(true),
		} {
			recs[i].Values[res.Field(name).Index] = v
		}
	}
	err := w.store.Write(w.t.Context(), func(tx crm.Tx) error { return tx.Insert(w.t.Context(), res, recs...) })
	if err != nil {
		w.t.Fatal(err)
	}
	return recs[0].ID
}

// A merge takes all documents along or none: what is too much for one request is refused
// and leaves everything as it was. Documents of a case were open to all who see it.
func TestMergeDocuments(t *testing.T) {
	const most = 1000 // documents that one request takes along
	w := newWorld(t)
	into := w.create("cases", fmt.Sprintf(`{"typeId":%d,"statusId":%d}`, w.create("caseTypes", `{"descriptionES":"a","descriptionEN":"a"}`), w.create("caseStatuses", `{"descriptionES":"a","descriptionEN":"a"}`)))
	notices := w.res("damageNotifications")
	large, small := w.create("damageNotifications", `{}`), w.create("damageNotifications", `{}`)
	first := w.documents(large, most)
	other := w.documents(small, 1)
	merge := fmt.Sprintf(`{"caseId":%d}`, into)
	documents := func(id int64, want string) {
		t.Helper()
		if got := w.show("documents", id, "caseId", "restricted"); got != want {
			t.Errorf("document %d: %s, want %s", id, got, want)
		}
	}
	alone, inCase := "caseId=null restricted=1", fmt.Sprintf("caseId=%d restricted=null", into)
	documents(other, alone)

	// Each by itself would do.
	got, err := w.Bulk(t.Context(), w.admin, notices, crm.BulkUpdate, []crm.Item{{ID: large, Input: input(t, merge)}, {ID: small, Input: input(t, merge)}})
	if err != nil || got[0].Err != nil {
		t.Fatalf("%v, %v", got, err)
	}
	wantFault(t, got[1].Err, fault.Invalid, "caseId: at most 1000 documents")
	for id := range int64(most) {
		documents(first+id, inCase)
	}
	documents(other, alone)
	if state := w.show("damageNotifications", small, "state", "caseId"); !strings.HasPrefix(state, `state="Open" caseId=null`) {
		t.Error(state)
	}

	extra := w.documents(large, 1)
	wantFault(t, w.Update(t.Context(), w.admin, notices, large, input(t, `{"caseId":null}`)), fault.Invalid, "caseId: at most 1000 documents")
	documents(first, inCase)
	documents(extra, alone)

	if err := w.Update(t.Context(), w.admin, notices, small, input(t, merge)); err != nil {
		t.Fatal(err)
	}
	documents(other, inCase)
	if err := w.Update(t.Context(), w.admin, notices, small, input(t, `{"caseId":null}`)); err != nil {
		t.Fatal(err)
	}
	documents(other, "caseId=null restricted=null") // what was open is not closed again
}
