package crm_test

import (
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

// Changes that are made together are made all of them or none.
func TestTogether(t *testing.T) {
	w := newWorld(t)
	groups, orders := w.res("portorderGroups"), w.res("portorders")
	const order = `{"billingName":"John Doe","city":"Seattle","country":"US","provider":"Verizon","state":"WA","street":"1218 3rd Ave"}`
	var group, id int64
	err := w.Together(t.Context(), w.admin, func(tg *crm.Together) (err error) {
		if group, err = tg.Create(groups, input(t, `{"alias":"Office"}`)); err != nil {
			return err
		}
		if id, err = tg.Create(orders, input(t, order)); err != nil {
			return err
		}
		return tg.Update(orders, id, input(t, `{"alias":"Desk"}`))
	})
	if err != nil || w.show("portorders", id, "alias") != `alias="Desk"` {
		t.Fatalf("order %d of group %d: %v", id, group, err)
	}
	// Whoever delivers webhooks is told, of what documents write beside the records too.
	w.changed = nil
	err = w.Together(t.Context(), w.admin, func(tg *crm.Together) error {
		if err := tg.Update(orders, id, input(t, `{"alias":"Table"}`)); err != nil {
			return err
		}
		return tg.Tx().Log(t.Context(), crm.Change{Time: w.Now(), UserID: 1, Resource: "accounts", ID: 1, Kind: crm.Updated})
	})
	if told := strings.Join(w.changed, " "); err != nil || told != "portorders accounts" {
		t.Errorf("told of %s, %v", told, err)
	}
	err = w.Together(t.Context(), w.admin, func(tg *crm.Together) error {
		if _, err := tg.Lock(orders, id); err != nil {
			return err
		}
		if err := tg.Delete(groups, group); err != nil {
			return err
		}
		if left, err := tg.List(groups, nil, 9); err != nil || len(left) != 0 {
			t.Errorf("%d groups are left within, %v", len(left), err)
		}
		return tg.Update(orders, id, input(t, `{"country":"FR"}`))
	})
	wantFault(t, err, fault.Invalid, "country")
	if got := w.show("portorderGroups", group, "deleted"); got != "deleted=0" {
		t.Errorf("after an error the group is %s", got)
	}
	err = w.Together(t.Context(), w.admin, func(tg *crm.Together) error {
		_, err := tg.Lock(orders, 99)
		return err
	})
	wantFault(t, err, fault.NotFound, "not exist")
	err = w.Together(t.Context(), w.admin, func(tg *crm.Together) error {
		_, err := tg.Create(w.res("extrafields"), input(t, `{}`))
		return err
	})
	wantFault(t, err, fault.NotOffered, "together")
}
