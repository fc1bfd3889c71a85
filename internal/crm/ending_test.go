package crm_test

import (
	"fmt"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The dates of an opportunity follow its status, unless the client sends them.
func TestEndings(t *testing.T) {
	w := newWorld(t)
	w.insertOne("branches")
	for i, s := range []string{`{"descriptionEN":"Open"}`, `{"descriptionEN":"Won","endStatus":true,"won":1}`, `{"descriptionEN":"Lost","endStatus":true}`, `{"descriptionEN":"Paid","endStatus":true,"won":1}`} {
		if id := w.create("opportunityStatuses", s); id != int64(i+1) {
			t.Fatalf("status %d", id)
		}
	}
	const now, own = "2026-03-01T12:00:00.25Z", "2020-01-01T00:00:00Z"
	opportunity := func(more string) int64 {
		return w.create("opportunities", `{"branchId":1,"reference":"R","salesProbability":1,"salesRepId":1`+more+`}`)
	}
	check := func(what string, id int64, closed, won, lost string) {
		t.Helper()
		want := fmt.Sprintf("closedDate=%s wonDate=%s lostDate=%s", closed, won, lost)
		if got := w.show("opportunities", id, "closedDate", "wonDate", "lostDate"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", what, got, want)
		}
	}
	check("created open", opportunity(`,"statusId":1`), "null", "null", "null")
	check("created won", opportunity(`,"statusId":2,"closedDate":null`), now, now, "null")
	check("created won with its date", opportunity(`,"statusId":2,"closedDate":"2020-01-01"`), own, now, "null")
	check("created lost, by title", opportunity(`,"statusId":{"value":"lost"}`), now, "null", now)

	id := opportunity(`,"statusId":1`)
	update := func(what, in, closed, won, lost string) {
		t.Helper()
		if err := w.Update(t.Context(), w.admin, w.res("opportunities"), id, input(t, in)); err != nil {
			t.Fatal(err)
		}
		check(what, id, closed, won, lost)
	}
	update("won", `{"statusId":2,"closedDate":null}`, now, now, "null")
	update("the same status again", `{"statusId":2,"wonDate":"2020-01-01"}`, now, own, "null")
	update("another status, won too", `{"statusId":4}`, now, own, "null")
	update("lost after all", `{"statusId":3}`, now, "null", now)
	update("reopened, the rest as it was shown", `{"statusId":1,"closedDate":"`+now+`"}`, "null", "null", "null")
	update("lost with a date of its own", `{"statusId":3,"lostDate":"2020-01-01"}`, now, "null", own)
	update("reopened but closed", `{"statusId":1,"closedDate":"2020-01-01"}`, own, "null", "null")
	update("something else", `{"reference":"S"}`, own, "null", "null")
}

// An order has one date, and its statuses say won or lost.
func TestOrdersEnd(t *testing.T) {
	w := newWorld(t)
	w.insertOne("branches")
	w.create("salesorderStatuses", `{"descriptionEN":"Draft"}`)
	w.create("salesorderStatuses", `{"descriptionEN":"Cancelled","lost":true}`)
	id := w.create("salesorders", `{"branchId":1,"reference":"R","salesRepId":1,"statusId":1}`)
	for _, step := range []struct{ in, want string }{
		{`{"statusId":2}`, "closedDate=2026-03-01T12:00:00.25Z"}, {`{"statusId":null}`, "closedDate=null"},
	} {
		out, err := w.Bulk(t.Context(), w.admin, w.res("salesorders"), crm.BulkUpdate, []crm.Item{{ID: id, Input: input(t, step.in)}})
		if err != nil || out[0].Err != nil {
			t.Fatal(out, err)
		}
		if got := w.show("salesorders", id, "closedDate"); got != step.want {
			t.Errorf("%s: %s, want %s", step.in, got, step.want)
		}
	}
}

// insertOne adds a record of a resource that no client may create.
func (w *world) insertOne(name string) {
	w.t.Helper()
	res := w.res(name)
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	if err := w.store.Write(w.t.Context(), func(tx crm.Tx) error { return tx.Insert(w.t.Context(), res, rec) }); err != nil {
		w.t.Fatal(err)
	}
}
