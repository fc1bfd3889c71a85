package seed

import (
	"context"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
)

// What figures, documents and screenshots count on, and something in every family
// of operations.
func TestDemoHasSomethingOfEverything(t *testing.T) {
	m, docs, _ := demonstration(t)
	for name, want := range map[string]int{
		"accounts": demoAccounts, "contacts": 720, "opportunities": 363, "activities": 1200, "products": productCount,
		"salesorders": 120, "salesordersLines": 407, "calls": demoCalls, "news": 6, "formTemplates": 3, "forms": demoForms,
		"campaigns": 6, "campaignQuestions": 36, "campaignQuestionValues": 24, "list": 1, "listValues": 4, "extrafieldsTabs": 1,
		"extrafields": 8, "cases": 8, "damageNotifications": 4, "portorderGroups": 10, "portorders": 11,
	} {
		if got := len(m.tables[name]); got != want {
			t.Errorf("%d %s, not %d", got, name, want)
		}
	}
	if len(docs) != 46 {
		t.Errorf("%d documents", len(docs))
	}
	elsewhere := map[string]bool{"documents": true, "folders": true, "hooks": true}
	_, cat := registry(t)
	for _, res := range cat.All() {
		if len(m.tables[res.Name]) == 0 && !elsewhere[res.Name] && res.Sources == nil {
			t.Errorf("no %s", res.Name)
		}
	}
}

// table gives the values of a record by name.
func (m *memory) table(t *testing.T, name string) (rows []func(field string) resource.Value) {
	t.Helper()
	_, cat := registry(t)
	res := cat.Resource(name)
	for _, r := range m.tables[name] {
		rows = append(rows, func(field string) resource.Value {
			if f := res.Field(field); f != nil && f.Name != "id" {
				return r.Values[f.Index]
			}
			return resource.IntValue(r.ID)
		})
	}
	return rows
}

// What a client could not have made is not in the demonstration: an account is in a
// campaign once, is done only when the mandatory questions are answered, and what is
// answered was asked in the campaign of an account that was met.
func TestDemoCampaignsKeepTheRules(t *testing.T) {
	m, _, _ := demonstration(t)
	type pair [2]int64
	campaignOf, mandatory := map[int64]int64{}, map[int64][]int64{} // by question; by campaign
	kinds := map[int64]string{}
	for _, q := range m.table(t, "campaignQuestions") {
		campaignOf[q("id").I], kinds[q("id").I] = q("campaignId").I, q("type").S
		if q("mandatory").I != 0 {
			mandatory[q("campaignId").I] = append(mandatory[q("campaignId").I], q("id").I)
		}
	}
	answers, answered := map[pair]string{}, map[string]int{}
	for _, a := range m.table(t, "campaignQuestionAnswers") {
		key := pair{a("activityId").I, a("questionId").I}
		if answers[key] != "" || a("value").S == "" {
			t.Errorf("%v is answered %q and %q", key, answers[key], a("value").S)
		}
		answers[key] = a("value").S
		answered[kinds[key[1]]]++
	}
	if len(answered) != 6 {
		t.Errorf("answers by type: %v", answered)
	}
	entities, campaigns, met, open := map[pair]bool{}, map[int64]bool{}, map[pair]bool{}, 0
	for _, e := range m.table(t, "campaignEntities") {
		key := pair{e("campaignId").I, e("accountId").I}
		if entities[key] {
			t.Errorf("%v twice", key)
		}
		entities[key], campaigns[key[0]] = true, true
		met[pair{key[0], e("activityId").I}] = true
		if e("completed").I == 0 {
			open++
			continue
		}
		for _, q := range mandatory[key[0]] {
			if answers[pair{e("activityId").I, q}] == "" {
				t.Errorf("account %d of campaign %d is done without an answer to %d", key[1], key[0], q)
			}
		}
	}
	if len(campaigns) != 6 || open == 0 || open == len(entities) {
		t.Errorf("%d accounts in %d campaigns, %d to do", len(entities), len(campaigns), open)
	}
	for key := range answers {
		if !met[pair{campaignOf[key[1]], key[0]}] {
			t.Errorf("activity %d answers question %d without being of its campaign", key[0], key[1])
		}
	}
}

// Calls and letters are of the last year; letters have several recipients, and go
// both ways; and enough was done of late that most salespeople have a score.
func TestDemoIsAlive(t *testing.T) {
	m, _, _ := demonstration(t)
	now := noon().UnixMilli()
	kinds, recent := map[int64]int{}, map[int64]bool{}
	for _, c := range m.table(t, "calls") {
		at := c("startDate").I
		if at < now-366*msDay || c("endDate").I-at != 1000*c("duration").I || (c("duration").I == 0) != (c("type").I == 2) {
			t.Errorf("call %d", c("id").I)
		}
		kinds[c("type").I]++
		if at > now-30*msDay {
			recent[c("salesRepId").I] = true
		}
	}
	if len(kinds) != 3 || len(recent) < 8 {
		t.Errorf("calls by type: %v; in the last month by %d users", kinds, len(recent))
	}
	letters, ways := map[string]int{}, map[int64]bool{}
	for _, e := range m.table(t, "emails") {
		if origin := e("originEmailId").S; origin != "" {
			letters[origin]++
			ways[e("type").I] = true
			if e("type").I == resource.EmailSent && !strings.Contains(e("attachments").S, `"size":`) {
				t.Errorf("e-mail %d has no files", e("id").I)
			}
		}
	}
	several := 0
	for _, n := range letters {
		if n > 1 {
			several++
		}
	}
	if several < 15 || len(ways) != 2 {
		t.Errorf("%d letters to several people, ways %v", several, ways)
	}
}

// What the dialects tell apart is there: cases and damage notifications that take
// files and such that do not, and port orders in every state, none of which has the
// server go anywhere.
func TestDesk(t *testing.T) {
	m, docs, _ := demonstration(t)
	closed, count := map[int64]bool{}, map[string]int{}
	for _, s := range m.table(t, "caseStatuses") {
		closed[s("id").I] = s("closed").I == 1
	}
	priorities := map[string]bool{}
	for _, p := range m.table(t, "casePriorities") {
		priorities[p("descriptionEN").S] = true
	}
	for _, c := range m.table(t, "cases") {
		if !priorities[c("priority").S] {
			t.Errorf("case %s: %s is no priority", c("number").S, c("priority").S)
		}
		if over := closed[c("statusId").I]; over == c("closedDate").IsNull() || over != (c("solution").S != "") {
			t.Errorf("case %s: closed %v, on %v", c("number").S, over, c("closedDate"))
		} else if over {
			count["closed"]++
		}
		if c("contactId").IsNull() || c("accountId").IsNull() || c("responsibleId").IsNull() {
			t.Errorf("case %s is nobody's", c("number").S)
		}
	}
	for _, n := range m.table(t, "damageNotifications") {
		count[n("state").S]++
		if (n("state").S == resource.DamageMerged) == n("caseId").IsNull() {
			t.Errorf("damage notification %s is %s", n("guid").S, n("state").S)
		}
	}
	last := map[int64]string{} // what the history says became of an order
	for _, h := range m.table(t, "portorderHistory") {
		last[h("portOrderId").I] = h("status").S
		if !h("dueAt").IsNull() {
			t.Error("somebody would be told")
		}
	}
	for _, o := range m.table(t, "portorders") {
		count[o("status").S]++
		if status := o("status").S; status != "pending" && status != last[o("id").I] || status == "pending" && last[o("id").I] != "" {
			t.Errorf("port order %d is %s, its history ends with %q", o("id").I, status, last[o("id").I])
		}
		if (o("status").S == "completed") == o("completedDate").IsNull() || o("statusUrl").S != "" {
			t.Errorf("port order %d: completed %v, %q", o("id").I, o("completedDate"), o("statusUrl").S)
		}
	}
	for _, state := range []string{
		"closed", "Open", "Merged", "pending", "processing", "submitted", "accepted", "rejected", "review", "completed", "cancelled",
		"abandoned", "hard_canceled",
	} {
		if count[state] == 0 {
			t.Errorf("none is %s", state)
		}
	}
	by := map[string]int{}
	for _, doc := range docs {
		by[doc.Dialect]++
	}
	if len(by) != 5 {
		t.Errorf("documents by dialect: %v", by)
	}
	for _, f := range m.table(t, "portorderFiles") {
		if !f("dueAt").IsNull() {
			t.Error("something would be fetched")
		}
	}
}

// A demonstration of an earlier version is completed, once; one whose users have
// cases of their own is left alone.
func TestDeskLater(t *testing.T) {
	ctx := context.Background()
	m, _, sum := demonstration(t)
	_, cat := registry(t)
	for _, name := range []string{
		"cases", "damageNotifications", "portorderGroups", "portorders", "portorderNumbers", "portorderComments", "portorderHistory",
		"portorderFiles",
	} {
		delete(m.tables, name)
		delete(m.ids, name)
	}
	var docs folder
	deals := m.tables["opportunities"]
	if err := Desk(ctx, m, cat, &docs, noon()); err != nil || len(m.tables["cases"]) > 0 {
		t.Fatalf("opportunities have transaction numbers, yet %d cases were made: %v", len(m.tables["cases"]), err)
	}
	m.tables["opportunities"] = deals[:len(deals)-len(knownDeals())]
	for _, gone := range deals[len(m.tables["opportunities"]):] {
		delete(m.ids["opportunities"], gone.ID)
	}
	if err := Desk(ctx, m, cat, &docs, noon()); err != nil {
		t.Fatal(err)
	}
	if len(m.tables["cases"]) != 8 || len(m.tables["opportunities"]) != 363 || len(docs) != 10 || docs[0].UserID != sum.Admin {
		t.Errorf("%d cases, %d opportunities, %d documents", len(m.tables["cases"]), len(m.tables["opportunities"]), len(docs))
	}
	before := digest(t, m)
	if err := Desk(ctx, m, cat, &docs, noon()); err != nil || digest(t, m) != before || len(docs) != 10 {
		t.Errorf("again: %v, %d documents", err, len(docs))
	}
	if err := Desk(ctx, newMemory(t), cat, &docs, noon()); err != nil || len(docs) != 10 {
		t.Errorf("without anything: %v, %d documents", err, len(docs))
	}
}
