package crm_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Rows that are not kept are the ones that a plain program makes of the records,
// in every order, page, filter and for everybody.
func TestRowsOfOtherRecords(t *testing.T) {
	engines(t, func(t *testing.T, s crm.Store) {
		registry, err := resource.New(resource.Declared()...)
		if err != nil {
			t.Fatal(err)
		}
		now := start
		records, err := crm.New(t.Context(), crm.Config{Store: s, Registry: registry, QueryTimeout: time.Minute, Clock: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, Service: records, store: s}
		const users = 4
		for range users {
			w.insertOne("users")
		}
		w.admin = crm.Actor{UserID: 1, Level: 5, Language: -1}
		w.create("activityTypes", `{"descriptionEN":"Visit"}`)
		r := mathrand.New(mathrand.NewPCG(3, 4))
		refer := func(most int) string {
			if n := r.IntN(most + 1); n > 0 {
				return fmt.Sprint(n)
			}
			return "null"
		}
		for i := range 60 {
			now = now.Add(time.Duration(r.IntN(3)) * time.Second) // some at the same time
			level := r.IntN(5)
			switch i % 4 {
			case 0:
				w.create("accounts", fmt.Sprintf(`{"name":"A%d","salesRepId1":1,"salesRepId2":%s,"salesRepId3":%s,"salesRepId5":%s,"permissionLevel":%d}`,
					i, refer(users), refer(users), refer(users), level))
			case 1:
				w.create("contacts", fmt.Sprintf(`{"firstName":"C","lastName":"%d","accountId":%d,"salesRepId":%s,"permissionLevel":%d}`, i, i/4+1, refer(users), level))
			case 2:
				w.create("activities", fmt.Sprintf(`{"accountId":1,"contactId":%s,"typeId":1,"salesRepId":%d,"date":"2026-01-01","permissionLevel":%d}`, refer(i/4+1), 1+r.IntN(users), level))
			case 3:
				w.create("calendar", fmt.Sprintf(`{"contactId":%s,"salesRepId":%d,"subject":"x","startDate":"2026-01-01","task":true,"permissionLevel":%d}`, refer(i/4+1), 1+r.IntN(users), level))
			}
		}
		for _, id := range []int64{2, 5} {
			if err := w.Delete(t.Context(), w.admin, w.res("accounts"), id); err != nil {
				t.Fatal(err)
			}
		}
		actors := []crm.Actor{w.admin, {UserID: 2, Level: 1, Language: -1}, {UserID: 3, Level: 2, Language: -1}}
		for _, name := range []string{"entityOwners", "contactsEntities"} {
			for _, actor := range actors {
				w.compareRows(w.res(name), actor)
			}
		}
	})
}

// rowsOf makes the rows of res that actor sees, by id.
func (w *world) rowsOf(res *resource.Resource, actor crm.Actor) (rows []*resource.Record) {
	sees := func(name string, id int64) bool {
		got, err := w.Get(w.t.Context(), actor, w.res(name), nil, id)
		if err != nil {
			w.t.Fatal(err)
		}
		return len(got.Rows) == 1
	}
	for i, src := range res.Sources {
		of := w.res(src.Of)
		all, err := w.List(w.t.Context(), w.admin, crm.ListRequest{Resource: of, Language: -1, Size: 1000})
		if err != nil {
			w.t.Fatal(err)
		}
		for _, rec := range all.Rows {
			row := &resource.Record{ID: rec.ID*16 + int64(i), Values: make([]resource.Value, len(res.Fields))}
			row.Values[0] = resource.IntValue(row.ID)
			whole := true
			for _, f := range res.Fields[1:] {
				from, named := src.From[f.Name]
				v, fixed := src.Is[f.Name]
				if !fixed {
					v = rec.Values[of.Field(cmp.Or(from, f.Name)).Index]
				}
				row.Values[f.Index] = v
				whole = whole && !(named && v.IsNull())
			}
			value := func(name string) resource.Value { return row.Values[res.Field(name).Index] }
			if !whole || !sees(value("entity").S, value("entityId").I) {
				continue
			}
			if f := res.Field("contactId"); f != nil && !sees("contacts", row.Values[f.Index].I) {
				continue
			}
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *resource.Record) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

func (w *world) compareRows(res *resource.Resource, actor crm.Actor) {
	all := w.rowsOf(res, actor)
	if len(all) < 10 {
		w.t.Fatalf("%s: %d rows are too few to compare", res.Name, len(all))
	}
	wheres := []string{
		"", "entityTypeId=2", "entityId=4", "entityTypeId=2 AND entityId=4", "deleted=true", "entityId IN (1,2,3) OR entityTypeId>3",
		"id=67", "id=66", "id<>67", "id IN (16,17,18,33,64,70)", "id NOT IN (16,17,18)", "id<100", "id<=96", "id>96", "id>=97", "id>-5", "id<-1", "id IS NULL",
	}
	orders := []string{"", "id DESC", "dateUpdated DESC", "dateCreated ASC", "dateDeleted ASC,entityId DESC", "entityTypeId ASC, id DESC"}
	for i, where := range wheres {
		expr, err := filter.Where(w.Catalog(), res, where)
		if err != nil {
			w.t.Fatal(err)
		}
		var selected []*resource.Record
		for _, row := range all {
			if expr == nil || filter.Match(expr, row, nil) {
				selected = append(selected, row)
			}
		}
		for k, order := range orders {
			if where == "" || k == i%len(orders) {
				w.compareOrder(res, actor, where, order, selected)
			}
		}
	}
}

func (w *world) compareOrder(res *resource.Resource, actor crm.Actor, where, order string, selected []*resource.Record) {
	terms, err := filter.Order(w.Catalog(), res, order)
	if err != nil {
		w.t.Fatal(err)
	}
	want := slices.Clone(selected)
	slices.SortStableFunc(want, func(a, b *resource.Record) int {
		for _, term := range terms {
			x, y := a.Values[term.Path.Field.Index], b.Values[term.Path.Field.Index]
			c := cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.I, y.I)) // null is less
			if term.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return cmp.Compare(a.ID, b.ID)
	})
	for _, walk := range []string{"", "walk"} {
		var got []*resource.Record
		for page := 0; ; page++ {
			list, err := w.List(w.t.Context(), actor, crm.ListRequest{
				Resource: res, Where: where, Order: order, Language: -1, Page: page, Size: 11, Walk: walk,
			})
			if err != nil {
				w.t.Fatalf("%s where %s order %s: %v", res.Name, where, order, err)
			}
			got = append(got, list.Rows...)
			if !list.More {
				break
			}
		}
		if !slices.EqualFunc(got, want, func(a, b *resource.Record) bool { return a.ID == b.ID && slices.Equal(a.Values, b.Values) }) {
			w.t.Errorf("%s as %d where %q order %q, walk %q:\ngot  %s\nwant %s", res.Name, actor.UserID, where, order, walk, shown(got), shown(want))
		}
	}
}

func shown(rows []*resource.Record) string {
	var ids []int64
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	text, _ := json.Marshal(ids)
	return string(text)
}
