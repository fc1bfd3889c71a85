package crm_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Of several records all are created, or none.
func TestCreateAll(t *testing.T) {
	w := newWorld(t)
	res := w.res("sales")
	ids, err := w.CreateAll(t.Context(), w.admin, res, input(t, `{"extId":"a"}`), input(t, `{"extId":"b"}`))
	if err != nil || len(ids) != 2 || w.show("sales", ids[1], "extId") != `extId="b"` {
		t.Fatalf("ids %v, %v", ids, err)
	}
	_, err = w.CreateAll(t.Context(), w.admin, res, input(t, `{"extId":"c"}`), input(t, `{"salesRepId":99}`))
	wantFault(t, err, fault.Invalid, "no record 99")
	_, err = w.CreateAll(t.Context(), w.admin, res, input(t, `{"extId":"c"}`), input(t, `{"total":"x"}`))
	wantFault(t, err, fault.Invalid, "total")
	got, err := w.List(t.Context(), w.admin, crm.ListRequest{Resource: res, Size: 9, Language: -1})
	if err != nil || len(got.Keys) != 2 {
		t.Errorf("%d records remain, %v", len(got.Keys), err)
	}
	_, err = w.CreateAll(t.Context(), w.admin, res, make([]crm.Input, crm.MaxBulk+1)...)
	wantFault(t, err, fault.Invalid, "at most")
}

// Changes that depend on the record do not lose one another.
func TestModify(t *testing.T) {
	w := newWorld(t)
	res := w.res("sales")
	id := w.create("sales", `{"total":0}`)
	total := res.Field("total")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			err := w.Modify(t.Context(), w.admin, res, id, func(old *resource.Record) (crm.Input, error) {
				now := resource.AppendNumber(nil, old.Values[total.Index].I+1_000_000, total.Scale)
				return crm.Input{"total": json.RawMessage(now)}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, want := w.show("sales", id, "total"), "total=20000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	refuse := func(*resource.Record) (crm.Input, error) { return nil, fault.InField("x", "no") }
	wantFault(t, w.Modify(t.Context(), w.admin, res, id, refuse), fault.Invalid, "no")
	wantFault(t, w.Modify(t.Context(), w.admin, res, 99, refuse), fault.NotFound, "not exist")
}

// What is for administrators only is refused to everybody else, by every way in.
func TestAdministratorsOnly(t *testing.T) {
	w := newWorld(t)
	actor := w.admin
	actor.Level = 4
	res, in := w.res("roles"), input(t, `{"name":"x"}`)
	id := w.create("roles", `{"name":"y"}`)
	_, err := w.Create(t.Context(), actor, res, in)
	wantFault(t, err, fault.Forbidden, "administrator")
	_, err = w.CreateAll(t.Context(), actor, res, in)
	wantFault(t, err, fault.Forbidden, "administrator")
	_, err = w.Bulk(t.Context(), actor, res, crm.BulkDelete, []crm.Item{{ID: id}})
	wantFault(t, err, fault.Forbidden, "administrator")
	wantFault(t, w.Update(t.Context(), actor, res, id, in), fault.Forbidden, "administrator")
	wantFault(t, w.Delete(t.Context(), actor, res, id), fault.Forbidden, "administrator")
	err = w.Modify(t.Context(), actor, res, id, func(*resource.Record) (crm.Input, error) { return in, nil })
	wantFault(t, err, fault.Forbidden, "administrator")
	if got := w.show("roles", id, "name", "deleted"); got != `name="y" deleted=0` {
		t.Error(got)
	}
}

// Rows can be left out before the first page.
func TestListSkips(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		w.create("sales", fmt.Sprintf(`{"extId":"%d"}`, i))
	}
	got, err := w.List(t.Context(), w.admin, crm.ListRequest{Resource: w.res("sales"), Skip: 3, Size: 2, Language: -1})
	if err != nil || len(got.Keys) != 2 || got.Keys[0].ID != 4 || !got.More {
		t.Errorf("%+v, %v", got, err)
	}
}
