package crm_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

// caseWorld is a world with a type and two statuses of cases, and an input of its own.
func caseWorld(t *testing.T) *world {
	w := newWorld(t)
	w.create("caseTypes", `{"descriptionEN":"Claim"}`)
	w.create("caseStatuses", `{"descriptionEN":"Open"}`)
	w.create("caseStatuses", `{"descriptionEN":"Done","closed":true}`)
	return w
}

const aCase = `{"typeId":1,"statusId":1`

// taken asserts that err is a conflict about a field, which the message names.
func taken(t *testing.T, what string, err error, field string) {
	t.Helper()
	if fault.KindOf(err) != fault.Conflict || fault.FieldOf(err) != field || !strings.HasPrefix(fault.Message(err), field+": ") {
		t.Errorf("%s: got %v, want a conflict about %s", what, err, field)
	}
}

// What a client does not say is made: a number from the id, a GUID, an id of
// wolkvox's kind and the date.
func TestMadeValues(t *testing.T) {
	w := caseWorld(t)
	first := w.create("cases", aCase+`}`)
	second := w.create("cases", aCase+`,"number":" ","guid":null,"wolkvoxId":""}`)
	if got := w.show("cases", first, "number", "openedDate", "closedDate"); got != `number="00000001" openedDate=2026-03-01T12:00:00.25Z closedDate=null` {
		t.Error(got)
	}
	seen := map[string]bool{}
	for _, id := range []int64{first, second} {
		got := w.show("cases", id, "guid", "wolkvoxId")
		if !regexp.MustCompile(`^guid="[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}" wolkvoxId="[0-9a-f]{24}"$`).MatchString(got) || seen[got] {
			t.Error(got)
		}
		seen[got] = true
	}
	w.create("cases", aCase+`,"number":"00000004"}`)
	w.create("cases", aCase+`,"number":"00000005-2"}`)
	fifth := w.create("cases", aCase+`,"number":"00000006","guid":"G","wolkvoxId":"64cb","openedDate":"2020-01-01"}`)
	if got := w.show("cases", fifth, "number", "guid", "wolkvoxId", "openedDate"); got != `number="00000006" guid="G" wolkvoxId="64cb" openedDate=2020-01-01T00:00:00Z` {
		t.Error(got)
	}
	if got := w.show("cases", w.create("cases", aCase+`}`), "number"); got != `number="00000006-2"` {
		t.Error(got)
	}
	for _, name := range []string{"number", "guid", "wolkvoxId"} {
		err := w.Update(t.Context(), w.admin, w.res("cases"), first, input(t, `{"`+name+`":null}`))
		if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != name {
			t.Errorf("%s away: %v", name, err)
		}
	}
}

// A unique value is given once, letter case aside, whoever sees its record.
func TestUnique(t *testing.T) {
	w := caseWorld(t)
	ctx, cases := t.Context(), w.res("cases")
	first := w.create("cases", aCase+`,"number":"A-1","guid":"aa"}`)
	second := w.create("cases", aCase+`,"number":"A-2"}`)

	_, err := w.Create(ctx, w.admin, cases, input(t, aCase+`,"number":"a-1"}`))
	taken(t, "create", err, "number")
	taken(t, "update", w.Update(ctx, w.admin, cases, second, input(t, `{"number":"a-1"}`)), "number")
	if err := w.Update(ctx, w.admin, cases, first, input(t, `{"number":"a-1","guid":"aa"}`)); err != nil {
		t.Errorf("its own: %v", err)
	}
	_, err = w.CreateAll(ctx, w.admin, cases, input(t, aCase+`,"number":"B"}`), input(t, aCase+`,"number":"b"}`))
	taken(t, "several at once", err, "number")

	// In a bulk request the first one has it, and the others alone fail.
	items := []crm.Item{{Input: input(t, aCase+`,"number":"C"}`)}, {Input: input(t, aCase+`,"number":"c"}`)}, {Input: input(t, aCase+`,"number":"A-2"}`)}, {Input: input(t, aCase+`}`)}}
	out, err := w.Bulk(ctx, w.admin, cases, crm.BulkCreate, items)
	if err != nil || out[0].Err != nil || out[3].Err != nil {
		t.Fatalf("%v, %v", out, err)
	}
	taken(t, "bulk, twice in it", out[1].Err, "number")
	taken(t, "bulk, there already", out[2].Err, "number")
	out, err = w.Bulk(ctx, w.admin, cases, crm.BulkUpdate, []crm.Item{{ID: first, Input: input(t, `{"number":"D"}`)}, {ID: second, Input: input(t, `{"number":"d"}`)}})
	if err != nil || out[0].Err != nil {
		t.Fatalf("%v, %v", out, err)
	}
	taken(t, "bulk update", out[1].Err, "number")

	if err := w.Delete(ctx, w.admin, cases, first); err != nil {
		t.Fatal(err)
	}
	_, err = w.Create(ctx, w.admin, cases, input(t, aCase+`,"number":"D"}`))
	taken(t, "as a deleted one", err, "number")

	// Values that are none may be had by many.
	w.insertOne("branches")
	w.create("opportunityStatuses", `{"descriptionEN":"Open"}`)
	for range 2 {
		w.create("opportunities", `{"branchId":1,"reference":"R","salesProbability":1,"salesRepId":1,"statusId":1,"transNumber":" "}`)
	}
}

// What others know a record by stays as it was given or made, whoever changes it and
// how; its number may change, and the value that it has may be sent again.
func TestFixed(t *testing.T) {
	w := caseWorld(t)
	ctx, cases := t.Context(), w.res("cases")
	id := w.create("cases", aCase+`,"number":"A-1","guid":"aa","wolkvoxId":"64cb"}`)
	refused := func(what string, err error, field string) {
		t.Helper()
		if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != field || !strings.HasPrefix(fault.Message(err), field+" cannot be changed") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, field := range []string{"guid", "wolkvoxId"} {
		in := input(t, `{"priority":"High","`+field+`":"bb"}`)
		refused("update", w.Update(ctx, w.admin, cases, id, in), field)
		out, err := w.Bulk(ctx, w.admin, cases, crm.BulkUpdate, []crm.Item{{ID: id, Input: in}})
		if err != nil {
			t.Fatal(err)
		}
		refused("bulk update", out[0].Err, field)
	}
	if err := w.Update(ctx, w.admin, cases, id, input(t, `{"number":"A-2","guid":" AA","wolkvoxId":"64CB"}`)); err != nil {
		t.Errorf("what it has: %v", err)
	}
	if got := w.show("cases", id, "number", "guid", "wolkvoxId", "priority"); got != `number="A-2" guid="aa" wolkvoxId="64cb" priority=null` {
		t.Error(got)
	}
	notice := w.create("damageNotifications", `{"guid":"aa"}`)
	refused("damage notification", w.Update(ctx, w.admin, w.res("damageNotifications"), notice, input(t, `{"guid":"bb"}`)), "guid")
}

// A record is found by each of its unique fields, by those who see it.
func TestFind(t *testing.T) {
	w := caseWorld(t)
	ctx, cases := t.Context(), w.res("cases")
	id := w.create("cases", aCase+`,"number":"Ñ-1","guid":"11111111-1111-1111-1111-11111111aaaa","wolkvoxId":"64cb","permissionLevel":3}`)
	for field, value := range map[string]string{"number": "ñ-1", "guid": "11111111-1111-1111-1111-11111111AAAA", "wolkvoxId": "64CB"} {
		rec, err := w.Find(ctx, w.admin, cases, field, value)
		if err != nil || rec.ID != id {
			t.Errorf("%s: %v, %v", field, rec, err)
		}
		_, err = w.Find(ctx, crm.Actor{UserID: 99, Level: 2}, cases, field, value)
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s, by somebody who does not see it: %v", field, err)
		}
	}
	for _, value := range []string{"", "x", "%", strings.Repeat("x", 1<<20), "Ñ-1\x00", "\xff"} {
		if _, err := w.Find(ctx, w.admin, cases, "number", value); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%.20q: %v", value, err)
		}
	}
	if _, err := w.Find(ctx, w.admin, cases, "priority", "x"); fault.KindOf(err) != fault.Internal {
		t.Errorf("by a field that is not unique: %v", err)
	}
}

// Closing a case dates it, reopening takes the date away.
func TestCasesEnd(t *testing.T) {
	w := caseWorld(t)
	id := w.create("cases", aCase+`}`)
	for _, step := range []struct{ in, want string }{
		{`{"statusId":2,"solution":"paid"}`, "closedDate=2026-03-01T12:00:00.25Z"},
		{`{"solution":"paid twice"}`, "closedDate=2026-03-01T12:00:00.25Z"},
		{`{"statusId":1}`, "closedDate=null"},
		{`{"statusId":2,"closedDate":"2020-01-01"}`, "closedDate=2020-01-01T00:00:00Z"},
	} {
		if err := w.Update(t.Context(), w.admin, w.res("cases"), id, input(t, step.in)); err != nil {
			t.Fatal(err)
		}
		if got := w.show("cases", id, "closedDate"); got != step.want {
			t.Errorf("%s: got %s, want %s", step.in, got, step.want)
		}
	}
}

// A field of JSON takes an object, a list or the text of one, and nothing else.
func TestJSONFields(t *testing.T) {
	w := caseWorld(t)
	for sent, want := range map[string]string{
		`{"a": [1, "b"]}`: `{"a":[1,"b"]}`, `"{\"a\": 1}"`: `{"a":1}`, `[ ]`: `[]`, `" "`: "null", `null`: "null",
	} {
		if want != "null" {
			want = strconv.Quote(want)
		}
		if got := w.show("cases", w.create("cases", aCase+`,"form":`+sent+`}`), "form"); got != "form="+want {
			t.Errorf("%s: got %s, want %s", sent, got, want)
		}
	}
	for _, sent := range []string{`1`, `true`, `"x"`, `"{"`, `"{}{}"`, `"\"a\""`} {
		_, err := w.Create(t.Context(), w.admin, w.res("cases"), input(t, aCase+`,"form":`+sent+`}`))
		if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != "form" {
			t.Errorf("%s: %v", sent, err)
		}
	}
}
