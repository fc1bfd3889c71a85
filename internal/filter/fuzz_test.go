package filter_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// FuzzWhere checks that no text makes Where panic, that what it accepts is in
// the form stores rely on and can be evaluated, and that what it refuses is the
// client's fault and says so.
func FuzzWhere(f *testing.F) {
	for _, s := range []string{
		"typeId.id=36 AND vatNumber<>'' AND id NOT IN (12,13)",
		"(dateUpdated > '2025-01-01T00:00:00Z' OR dateCreated > '2025-01-01')",
		"(deleted = 'false' OR deleted = False)", "city=Barcelona", `name LIKE "%españa_%"`, "NOT (id BETWEEN 1.5 AND 1e400)",
		"typeId.value IS NOT NULL", "salesRepId1.managerId.name='it''s'", "branches.id IN (1,NULL)", "Z_Note=-", "id=-.5", "((((id=1", "'", "city=x--", "a\x00", "\xff",
		"", " ", "city='a' OR 1=1; DROP TABLE accounts",
	} {
		f.Add(s)
	}
	cat := catalog(f)
	accounts := cat.Resource("accounts")
	set := map[string]resource.Value{
		"name": resource.TextValue("ACME"), "city": resource.TextValue("Ávila"), "typeId": resource.IntValue(1), "salesRepId1": resource.IntValue(1),
		"total": resource.IntValue(1500000), "branches": resource.TextValue("[1,2]"), "deleted": resource.BoolValue(true), "dateCreated": resource.IntValue(0),
	}
	rec := record(accounts, 1, set)
	rec.Values[accounts.Field("parentId").Index] = resource.IntValue(1)
	w := world{records: map[string]map[int64]*resource.Record{
		"accounts":     {1: rec},
		"users":        {1: record(cat.Resource("users"), 1, map[string]resource.Value{"name": resource.TextValue("Ana"), "managerId": resource.IntValue(1)})},
		"accountTypes": {1: record(cat.Resource("accountTypes"), 1, map[string]resource.Value{"descriptionEN": resource.TextValue("Customer")})},
	}}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := filter.Where(cat, accounts, text)
		if err != nil {
			refusal(t, text, err)
			return
		}
		if e == nil {
			if strings.TrimSpace(text) != "" {
				t.Fatalf("%q selects everything", text)
			}
			return
		}
		normal(t, e, "")
		filter.Match(e, rec, w)

		// A where and its negation never select the same row.
		if not, err := filter.Where(cat, accounts, "NOT ("+text+")"); err == nil && filter.Match(e, rec, w) && filter.Match(not, rec, w) {
			t.Fatalf("%q and its negation are both true", text)
		}
	})
}

// FuzzOrder is FuzzWhere for Order.
func FuzzOrder(f *testing.F) {
	for _, s := range []string{"", "dateCreated", "date DESC", "city asc, typeId.value desc,id", "salesRepId1.managerId.id", "branches", ",", "city,", "id id", "x;", "\xff"} {
		f.Add(s)
	}
	cat := catalog(f)
	accounts := cat.Resource("accounts")
	a, b := record(accounts, 1, nil), record(accounts, 2, nil)
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := filter.Order(cat, accounts, text)
		if err != nil {
			refusal(t, text, err)
			return
		}
		if (len(terms) == 0) != (strings.TrimSpace(text) == "") || len(terms) > filter.MaxOrder {
			t.Fatalf("%q has %d terms", text, len(terms))
		}
		if filter.Cmp(terms, a, b, world{}) == 0 {
			t.Fatalf("%q leaves two records without an order", text)
		}
	})
}

func refusal(t *testing.T, text string, err error) {
	t.Helper()
	msg := fault.Message(err)
	if fault.KindOf(err) != fault.Query || msg == "" || len(msg) > 1000 || !utf8.ValidString(msg) {
		t.Fatalf("%q: kind %v, message %q", text, fault.KindOf(err), msg)
	}
	if !strings.Contains(msg, " at position ") && len(text) <= filter.MaxBytes {
		t.Fatalf("%q: no position in %q", text, msg)
	}
}
