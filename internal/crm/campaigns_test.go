package crm_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

func id(n int64) string { return strconv.FormatInt(n, 10) }

// campaign makes a campaign with what it needs; the activity is with the account.
func (w *world) campaign(account int64) (activity int64) {
	w.t.Helper()
	w.insertOne("campaignStatuses")
	w.create("campaignTypes", `{"descriptionEN":"Fair"}`)
	w.create("activityTypes", `{"descriptionEN":"Visit"}`)
	w.create("campaigns", `{"title":"C","ownerId":1,"typeId":1,"statusId":1,"startDate":"2026-01-01","endDate":"2026-02-01"}`)
	return w.create("activities", `{"accountId":`+id(account)+`,"typeId":1,"salesRepId":1,"date":"2026-01-02","permissionLevel":0}`)
}

func (w *world) try(actor crm.Actor, name, object string) error {
	_, err := w.Create(w.t.Context(), actor, w.res(name), input(w.t, object))
	return err
}

// An answer and what it changes in the account are one change: both are in the log,
// or neither happens.
func TestLinkedAnswers(t *testing.T) {
	w := newWorld(t)
	account := w.account("Lana")
	w.campaign(account)
	w.create("activities", `{"accountId":`+id(account)+`,"typeId":1,"salesRepId":1,"date":"2026-01-03"}`)
	w.create("campaignQuestions", `{"campaignId":1,"textEN":"Called?","type":"text","linkedEntity":"accounts","linkedEntityField":"name"}`)
	w.create("campaignQuestionAnswers", `{"questionId":1,"activityId":1,"value":" Lana S.A. "}`)

	log, err := w.Changes(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var last []string
	for _, c := range log[len(log)-2:] {
		last = append(last, c.Resource)
	}
	if got := strings.Join(last, " "); got != "accounts campaignQuestionAnswers" {
		t.Errorf("the log ends in %s", got)
	}
	if got := w.show("accounts", account, "name"); got != `name="Lana S.A."` {
		t.Error(got)
	}
	// Whoever delivers webhooks is told of the account, too.
	if got := strings.Join(w.changed[max(0, len(w.changed)-2):], " "); got != "accounts campaignQuestionAnswers" {
		t.Errorf("told of %s", got)
	}

	// A second answer would leave it open which of them counts.
	if err := w.try(w.admin, "campaignQuestionAnswers", `{"questionId":1,"activityId":1,"value":"other"}`); fault.KindOf(err) != fault.Conflict {
		t.Errorf("answered twice: %v", err)
	}
	// A value that the account does not take takes the answer with it.
	err = w.try(w.admin, "campaignQuestionAnswers", `{"questionId":1,"activityId":2,"value":"`+strings.Repeat("x", 81)+`"}`)
	if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != "value" {
		t.Errorf("too long for the account: %v", err)
	}
	// One good answer in a bulk request is kept, its neighbour is not.
	out, err := w.Bulk(t.Context(), w.admin, w.res("campaignQuestionAnswers"), crm.BulkCreate, []crm.Item{
		{Input: input(t, `{"questionId":1,"activityId":2,"value":"`+strings.Repeat("y", 81)+`"}`)},
		{Input: input(t, `{"questionId":1,"activityId":2,"value":"Lana"}`)},
	})
	if err != nil || out[0].Err == nil || out[1].Err != nil {
		t.Errorf("bulk: %v, %v", out, err)
	}
	after, err := w.Changes(t.Context(), 0, 100)
	if err != nil || len(after) != len(log)+2 {
		t.Errorf("%d changes, not 2 more than %d (%v)", len(after), len(log), err)
	}
}

// Answers are on behalf of who gives them: to others' accounts and activities they
// do not reach, and what belongs to hidden records is hidden.
func TestCampaignsOfOthers(t *testing.T) {
	w := newWorld(t)
	hidden := w.create("accounts", `{"name":"Secret","salesRepId1":1,"permissionLevel":4}`)
	open := w.account("Open")
	w.campaign(hidden)
	own := w.create("activities", `{"accountId":`+id(open)+`,"typeId":1,"salesRepId":1,"date":"2026-01-02","permissionLevel":0}`)
	kept := w.create("activities", `{"accountId":`+id(open)+`,"typeId":1,"salesRepId":1,"date":"2026-01-02","permissionLevel":4}`)
	w.create("campaignQuestions", `{"campaignId":1,"textEN":"Called?","type":"text","linkedEntity":"accounts","linkedEntityField":"name"}`)
	w.create("campaignQuestions", `{"campaignId":1,"textEN":"Why?","type":"text"}`)
	for _, account := range []int64{hidden, open} {
		w.create("campaignEntities", `{"campaignId":1,"accountId":`+id(account)+`}`)
	}
	for _, activity := range []int64{own, kept} {
		w.create("campaignQuestionAnswers", `{"questionId":2,"activityId":`+id(activity)+`,"value":"x"}`)
	}
	w.insertOne("users")
	guest := crm.Actor{UserID: 2, Level: 1, Language: -1}
	for name, want := range map[string]int{"campaigns": 1, "campaignQuestions": 2, "campaignEntities": 1, "campaignQuestionAnswers": 1} {
		got, err := w.List(t.Context(), guest, crm.ListRequest{Resource: w.res(name), Language: -1, Size: 10})
		if err != nil || len(got.Keys) != want {
			t.Errorf("%s: %d records, want %d (%v)", name, len(got.Keys), want, err)
		}
	}
	for what, object := range map[string]string{
		"an activity with a hidden account": `{"questionId":1,"activityId":1,"value":"Taken"}`,
		"a hidden activity":                 `{"questionId":2,"activityId":` + id(kept) + `,"value":"Taken"}`,
	} {
		if err := w.try(guest, "campaignQuestionAnswers", object); fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != "activityId" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := w.show("accounts", hidden, "name"); got != `name="Secret"` {
		t.Error(got)
	}
	if err := w.try(guest, "campaignEntities", `{"campaignId":1,"accountId":`+id(hidden)+`}`); fault.FieldOf(err) != "accountId" {
		t.Errorf("a hidden account in a campaign: %v", err)
	}
}

// An account is in a campaign once, also when one request names it twice. An entry
// that is refused for another reason is not in its place.
func TestAccountsOncePerCampaign(t *testing.T) {
	w := newWorld(t)
	one, two := w.account("One"), w.account("Two")
	w.campaign(one)
	w.create("campaigns", `{"title":"D","ownerId":1,"typeId":1,"statusId":1,"startDate":"2026-01-01","endDate":"2026-02-01"}`)
	w.create("campaignQuestions", `{"campaignId":1,"textEN":"Why?","type":"text","mandatory":true}`)
	entry := func(campaign, account int64, more string) string {
		return `{"campaignId":` + id(campaign) + `,"accountId":` + id(account) + more + `}`
	}
	res := w.res("campaignEntities")
	out, err := w.Bulk(t.Context(), w.admin, res, crm.BulkCreate, []crm.Item{
		{Input: input(t, entry(1, one, `,"completed":true`))}, // a question is open
		{Input: input(t, entry(1, one, ""))},
		{Input: input(t, entry(1, one, ""))}, // equal
		{Input: input(t, entry(1, two, ""))},
		{Input: input(t, entry(2, one, ""))},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []fault.Kind{fault.Invalid, 0, fault.Conflict, 0, 0} {
		if got := out[i]; want == 0 && got.Err != nil || want != 0 && fault.KindOf(got.Err) != want {
			t.Errorf("entry %d: %v", i, got.Err)
		}
	}
	entries := func() int {
		got, err := w.List(t.Context(), w.admin, crm.ListRequest{Resource: res, Language: -1, Size: 10})
		if err != nil {
			t.Fatal(err)
		}
		return len(got.Keys)
	}
	before := entries()
	if _, err := w.CreateAll(t.Context(), w.admin, res, input(t, entry(2, two, "")), input(t, entry(2, two, ""))); fault.KindOf(err) != fault.Conflict {
		t.Errorf("created together: %v", err)
	}
	if got := entries(); before != 3 || got != before {
		t.Errorf("%d entries, then %d", before, got)
	}
}
