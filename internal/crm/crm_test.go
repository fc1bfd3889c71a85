package crm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// start is what the fake clock of every test shows.
var start = time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC)

type world struct {
	*crm.Service
	t     *testing.T
	store crm.Store
	admin crm.Actor

	mu      sync.Mutex
	changed []string // resources that a service has told of, in order
}

func (w *world) told(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed = append(w.changed, name)
}

// newWorld is a service on an empty SQLite workspace with one user.
func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "w.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	records, err := store.New(ctx, db, registry, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: records}
	w.Service = w.open(time.Minute)
	user := &resource.Record{Values: make([]resource.Value, len(w.res("users").Fields))}
	user.Values[w.res("users").Field("name").Index] = resource.TextValue("Ana")
	user.Values[w.res("users").Field("lastName").Index] = resource.TextValue("García")
	if err := records.Write(ctx, func(tx crm.Tx) error { return tx.Insert(ctx, w.res("users"), user) }); err != nil {
		t.Fatal(err)
	}
	w.admin = crm.Actor{UserID: user.ID, Level: 5, Language: -1}
	return w
}

// open is a further service on the same workspace, as another node has.
func (w *world) open(timeout time.Duration) *crm.Service {
	w.t.Helper()
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := crm.New(w.t.Context(), crm.Config{
		Store: w.store, Registry: registry, QueryTimeout: timeout,
		Clock:   func() time.Time { return start },
		Changed: func(res *resource.Resource) { w.told(res.Name) },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) res(name string) *resource.Resource { return w.Catalog().Resource(name) }

// input reads a JSON object.
func input(t testing.TB, object string) crm.Input {
	t.Helper()
	var in crm.Input
	if err := json.Unmarshal([]byte(object), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func (w *world) create(name, object string) int64 {
	w.t.Helper()
	id, err := w.Create(w.t.Context(), w.admin, w.res(name), input(w.t, object))
	if err != nil {
		w.t.Fatalf("create %s %s: %v", name, object, err)
	}
	return id
}

func (w *world) account(name string) int64 {
	return w.create("accounts", fmt.Sprintf(`{"name":%q,"salesRepId1":%d}`, name, w.admin.UserID))
}

// show is some fields of one record as text.
func (w *world) show(name string, id int64, fields ...string) string {
	w.t.Helper()
	got, err := w.Get(w.t.Context(), w.admin, w.res(name), nil, id)
	if err != nil || len(got.Rows) != 1 {
		w.t.Fatalf("get %s %d: %d rows, %v", name, id, len(got.Rows), err)
	}
	var out []string
	for _, n := range fields {
		f := got.Resource.Field(n)
		v := got.Rows[0].Values[f.Index]
		switch {
		case v.IsNull():
			out = append(out, n+"=null")
		case v.Type == resource.Str:
			out = append(out, fmt.Sprintf("%s=%q", n, v.S))
		case f.Kind == resource.Ref:
			title, _ := got.Titles.Of(w.res(f.Table), v.I, -1)
			out = append(out, fmt.Sprintf("%s=%d/%s", n, v.I, title))
		case f.Kind == resource.Instant:
			out = append(out, n+"="+string(resource.AppendInstant(nil, v.I)))
		default:
			out = append(out, fmt.Sprintf("%s=%d", n, v.I))
		}
	}
	return strings.Join(out, " ")
}

func wantFault(t testing.TB, err error, kind fault.Kind, text string) {
	t.Helper()
	if fault.KindOf(err) != kind || err == nil || !strings.Contains(fault.Message(err), text) {
		t.Errorf("error %v (%v), want %v with %q", err, fault.KindOf(err), kind, text)
	}
}

func TestCreateStampsAndDefaults(t *testing.T) {
	w := newWorld(t)
	id := w.create("accounts", fmt.Sprintf(`{"NAME":"Ñandú SL","salesRepId1":"%d","id":99,"dateCreated":"2001-01-01","deleted":true,"nonsense":{}}`, w.admin.UserID))
	got := w.show("accounts", id, "name", "salesRepId1", "dateCreated", "salesRepIdCreated", "dateUpdated", "deleted", "public", "email")
	want := `name="Ñandú SL" salesRepId1=1/Ana García dateCreated=2026-03-01T12:00:00.25Z salesRepIdCreated=1 dateUpdated=null deleted=0 public=0 email=null`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCreateRefuses(t *testing.T) {
	w := newWorld(t)
	w.account("Twin")
	w.account("TWIN")
	w.account("Single")
	for _, tt := range []struct{ resource, in, field, text string }{
		{"accounts", `{"salesRepId1":1}`, "name", "name is required"},
		{"accounts", `{"name":"A","salesRepId1":0}`, "salesRepId1", "salesRepId1 is required"},
		{"accounts", `{"name":null,"salesRepId1":1}`, "name", "name is required"},
		{"accounts", `{"name":"A"}`, "salesRepId1", "salesRepId1 is required"},
		{"accounts", `{"name":"A","salesRepId1":77}`, "salesRepId1", "there is no record 77 in users"},
		{"accounts", `{"name":"A","salesRepId1":1,"Name":"B"}`, "name", "twice"},
		{"accounts", `{"name":"A","salesRepId1":1,"latitude":"north"}`, "latitude", "must be a number"},
		{"activities", `{"accountId":{"value":"twin"},"date":"2026-01-01","typeId":1,"salesRepId":1}`, "accountId", "several records of accounts"},
		{"activities", `{"accountId":{"value":"nobody"},"date":"2026-01-01","typeId":1,"salesRepId":1}`, "accountId", "no record of accounts is called"},
		{"accounts", `{"name":"A","salesRepId1":1,"branchId":{"id":5,"value":"x"}}`, "branchId", "there is no record 5 in branches"},
	} {
		_, err := w.Create(t.Context(), w.admin, w.res(tt.resource), input(t, tt.in))
		wantFault(t, err, fault.Invalid, tt.text)
		if fault.FieldOf(err) != tt.field {
			t.Errorf("%s: field %q, want %q", tt.in, fault.FieldOf(err), tt.field)
		}
	}
	got, err := w.List(t.Context(), w.admin, crm.ListRequest{Resource: w.res("accounts"), Size: 50, Language: -1})
	if err != nil || len(got.Keys) != 3 {
		t.Errorf("%d accounts are there after refused creates (%v), want the first 3", len(got.Keys), err)
	}
	_, err = w.Create(t.Context(), w.admin, w.res("countries"), input(t, `{}`))
	wantFault(t, err, fault.NotOffered, "countries cannot be created")
}

func TestReferenceByTitle(t *testing.T) {
	w := newWorld(t)
	acme := w.account("Acme")
	contact := w.create("contacts", `{"accountId":{"value":" ACME "},"firstName":"Eva","lastName":"Núñez","salesRepId":{"value":"ana garcía"}}`)
	if got, want := w.show("contacts", contact, "accountId", "salesRepId"), fmt.Sprintf("accountId=%d/Acme salesRepId=1/Ana García", acme); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// 0 is no record, as clients send for every list they leave open, except where a
// record has that id. An empty text is a value, also of a required field.
func TestZeroIsNoRecord(t *testing.T) {
	w := newWorld(t)
	male := &resource.Record{Values: make([]resource.Value, len(w.res("genre").Fields))}
	male.Values[0] = resource.IntValue(0)
	male.Values[w.res("genre").Field("descriptionEN").Index] = resource.TextValue("Male")
	err := w.store.(crm.Loader).BulkLoad(t.Context(), func(insert func(*resource.Resource, ...*resource.Record) error) error {
		return insert(w.res("genre"), male)
	})
	if err != nil {
		t.Fatal(err)
	}
	acme := w.account("Acme")
	id := w.create("contacts", fmt.Sprintf(`{"accountId":%d,"firstName":"E","lastName":"","typeId":{"id":0,"value":""},"salesRepId":"0","gender":{"id":0}}`, acme))
	if got, want := w.show("contacts", id, "lastName", "typeId", "salesRepId", "gender"), `lastName="" typeId=null salesRepId=null gender=0/Male`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	kind := w.create("accountTypes", `{"descriptionEN":"X","branchVisibility":[0]}`)
	if got, want := w.show("accountTypes", kind, "branchVisibility"), `branchVisibility="[]"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUpdateIsPartial(t *testing.T) {
	w := newWorld(t)
	id := w.create("accounts", `{"name":"A","salesRepId1":1,"email":"a@example.com","phone":"1","city":"Lugo"}`)
	if err := w.Update(t.Context(), w.admin, w.res("accounts"), id, input(t, `{"email":"","phone":null,"deleted":true}`)); err != nil {
		t.Fatal(err)
	}
	got := w.show("accounts", id, "email", "phone", "city", "deleted", "dateUpdated", "salesRepIdUpdated")
	if want := `email="" phone=null city="Lugo" deleted=0 dateUpdated=2026-03-01T12:00:00.25Z salesRepIdUpdated=1`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wantFault(t, w.Update(t.Context(), w.admin, w.res("accounts"), 999, input(t, `{}`)), fault.NotFound, "not exist")
}

func TestDeleteMarks(t *testing.T) {
	w := newWorld(t)
	id := w.account("A")
	if err := w.Delete(t.Context(), w.admin, w.res("accounts"), id); err != nil {
		t.Fatal(err)
	}
	got := w.show("accounts", id, "name", "deleted", "dateDeleted", "salesRepIdDeleted", "dateUpdated")
	if want := `name="A" deleted=1 dateDeleted=2026-03-01T12:00:00.25Z salesRepIdDeleted=1 dateUpdated=null`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wantFault(t, w.Delete(t.Context(), w.admin, w.res("accounts"), id), fault.NotFound, "not exist")
	wantFault(t, w.Update(t.Context(), w.admin, w.res("accounts"), id, input(t, `{"name":"B"}`)), fault.Conflict, "deleted")
}

func TestBulkOutcomes(t *testing.T) {
	w := newWorld(t)
	accounts := w.res("accounts")
	good := func(name string) crm.Item {
		return crm.Item{Input: input(t, fmt.Sprintf(`{"name":%q,"salesRepId1":1}`, name))}
	}
	out, err := w.Bulk(t.Context(), w.admin, accounts, crm.BulkCreate, []crm.Item{
		good("A"), {Input: input(t, `{"name":"no owner"}`)}, good("B"),
		{Input: input(t, `{"name":"C","salesRepId1":77}`)}, {Err: fault.New(fault.Invalid, "unreadable")}, good("D"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	var failed []string
	for _, o := range out {
		ids = append(ids, o.ID)
		failed = append(failed, fault.Message(o.Err))
	}
	if got, want := fmt.Sprint(ids), "[1 0 2 0 0 3]"; got != want {
		t.Errorf("ids %s, want %s", got, want)
	}
	if got, want := strings.Join(failed, "|"), "|salesRepId1 is required||salesRepId1: there is no record 77 in users|unreadable|"; got != want {
		t.Errorf("errors %s, want %s", got, want)
	}
	out, err = w.Bulk(t.Context(), w.admin, accounts, crm.BulkUpdate, []crm.Item{
		{ID: 1, Input: input(t, `{"city":"Vigo"}`)}, {ID: 99, Input: input(t, `{"city":"Vigo"}`)}, {ID: 1, Input: input(t, `{"region":"Galicia"}`)},
	})
	if err != nil || out[0].Err != nil || out[1].Err == nil || out[2].Err != nil {
		t.Errorf("bulk update: %+v, %v", out, err)
	}
	if got := w.show("accounts", 1, "city", "region"); got != `city="Vigo" region="Galicia"` {
		t.Errorf("after bulk update: %s", got)
	}
	out, err = w.Bulk(t.Context(), w.admin, accounts, crm.BulkDelete, []crm.Item{{ID: 2}, {ID: 2}, {ID: 3}})
	if err != nil || out[0].Err != nil || fault.KindOf(out[1].Err) != fault.NotFound || out[2].Err != nil {
		t.Errorf("bulk delete: %+v, %v", out, err)
	}
	_, err = w.Bulk(t.Context(), w.admin, accounts, crm.BulkCreate, make([]crm.Item, crm.MaxBulk+1))
	wantFault(t, err, fault.Invalid, "at most 200 items")
	_, err = w.Bulk(t.Context(), w.admin, accounts, crm.BulkDelete, make([]crm.Item, crm.MaxBulkDelete+1))
	wantFault(t, err, fault.Invalid, "at most 120 items")
}

// Two clients that change different fields of one record at the same time lose
// nothing.
func TestConcurrentUpdatesKeepEachOther(t *testing.T) {
	w := newWorld(t)
	id := w.account("A")
	const rounds = 25
	fields := []string{"city", "region", "comment", "website"}
	var wg sync.WaitGroup
	for _, f := range fields {
		wg.Go(func() {
			for i := range rounds {
				in := crm.Input{f: json.RawMessage(fmt.Sprintf(`"%d"`, i))}
				if err := w.Update(context.WithoutCancel(t.Context()), w.admin, w.res("accounts"), id, in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, want := w.show("accounts", id, fields...), `city="24" region="24" comment="24" website="24"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got, err := w.Get(t.Context(), w.admin, w.res("accounts"), nil, id)
	if want := int64(1 + rounds*len(fields)); err != nil || got.Keys[0].Version != want {
		t.Errorf("version %d, want %d: one for each change (%v)", got.Keys[0].Version, want, err)
	}
}

// A reference shows the new title at once, here and on another node, and what
// was rendered with the old one is not known any more.
func TestTitlesFollowChanges(t *testing.T) {
	w := newWorld(t)
	other := w.open(time.Minute)
	acme := w.account("Acme")
	contact := w.create("contacts", fmt.Sprintf(`{"accountId":%d,"firstName":"E","lastName":"N"}`, acme))
	generation := func(s *crm.Service) (title string, gen int64) {
		got, err := s.Get(t.Context(), w.admin, w.res("contacts"), nil, contact)
		if err != nil {
			t.Fatal(err)
		}
		title, _ = got.Titles.Of(w.res("accounts"), acme, -1)
		return title, got.Generation
	}
	_, before := generation(other)
	if err := w.Update(t.Context(), w.admin, w.res("accounts"), acme, input(t, `{"city":"Lugo"}`)); err != nil {
		t.Fatal(err)
	}
	if _, gen := generation(other); gen != before {
		t.Errorf("a change of another field moves the generation from %d to %d", before, gen)
	}
	if err := w.Update(t.Context(), w.admin, w.res("accounts"), acme, input(t, `{"name":"Acme Inc."}`)); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*crm.Service{w.Service, other} {
		if title, gen := generation(s); title != "Acme Inc." || gen <= before {
			t.Errorf("title %q at generation %d, want the new one after %d", title, gen, before)
		}
	}
}

// cacheOf is a crm.Cache of rows without references.
type cacheOf func(crm.Key) bool

func (c cacheOf) Known(k crm.Key, _ int64) bool { return c(k) }
func (c cacheOf) Links() []crm.Link             { return nil }

func TestKnownRowsAreNotRead(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"A", "B", "C"} {
		w.account(n)
	}
	var asked []crm.Key
	got, err := w.List(t.Context(), w.admin, crm.ListRequest{
		Resource: w.res("accounts"), Size: 2, Language: -1,
		Cache: cacheOf(func(k crm.Key) bool {
			asked = append(asked, k)
			return k.ID == 1
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || got.Rows[0] != nil || got.Rows[1] == nil || !got.More {
		t.Errorf("asked for %v, rows %v, more %v", asked, got.Rows, got.More)
	}
}

// Pages in sequence and pages out of sequence are the same pages.
func TestWalk(t *testing.T) {
	w := newWorld(t)
	for i := range 23 {
		id := w.create("accounts", fmt.Sprintf(`{"name":"%c","salesRepId1":1}`, 'A'+i%4))
		if i%3 == 0 {
			if err := w.Update(t.Context(), w.admin, w.res("accounts"), id, input(t, `{}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, order := range []string{"", "name", "name ASC", "dateUpdated", "dateUpdated ASC, name DESC"} {
		page := func(n int, walk string) string {
			got, err := w.List(t.Context(), w.admin, crm.ListRequest{
				Resource: w.res("accounts"), Order: order, Page: n, Size: 5, Language: -1, Walk: walk,
			})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(got.Keys, got.More)
		}
		for n := range 6 {
			if seek, counted := page(n, "me"), page(n, ""); seek != counted {
				t.Errorf("order %q page %d: %s in a walk, %s alone", order, n, seek, counted)
			}
		}
		if again, counted := page(2, "me"), page(2, ""); again != counted {
			t.Errorf("order %q: going back to page 2 gives %s, want %s", order, again, counted)
		}
	}
}

func TestExtraFields(t *testing.T) {
	w := newWorld(t)
	w.create("extrafields", `{"entity":"ACCOUNTS","fieldName":"SKU","type":"text","length":5}`)
	w.create("extrafields", `{"entity":"accounts","fieldName":"Z_Size","type":"int"}`)
	w.create("extrafields", `{"entity":"accounts","fieldName":"Z_Of","type":"list","valueListRelated":"accountTypes"}`)
	kind := w.create("accountTypes", `{"descriptionEN":"Retail","descriptionES":"Minorista"}`)
	id := w.create("accounts", fmt.Sprintf(`{"name":"A","salesRepId1":1,"z_sku":"x-1","Z_Size":"12","Z_Of":%d}`, kind))
	w.account("B")
	if got, want := w.show("accounts", id, "Z_SKU", "Z_Size", "Z_Of"), fmt.Sprintf(`Z_SKU="x-1" Z_Size=12 Z_Of=%d/Retail`, kind); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, where := range []string{"Z_SKU='X-1'", "Z_Size > 11", "Z_Of.value = 'retail'", "Z_Size IS NOT NULL AND Z_SKU LIKE 'x%'"} {
		got, err := w.List(t.Context(), w.admin, crm.ListRequest{Resource: w.res("accounts"), Where: where, Size: 9, Language: -1})
		if err != nil || len(got.Keys) != 1 || got.Keys[0].ID != id {
			t.Errorf("where %s: %v, %v", where, got, err)
		}
	}
	if err := w.Update(t.Context(), w.admin, w.res("accounts"), id, input(t, `{"Z_Size":null}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := w.show("accounts", id, "Z_SKU", "Z_Size"), `Z_SKU="x-1" Z_Size=null`; got != want {
		t.Errorf("after setting one to null: %s, want %s", got, want)
	}
	for _, tt := range []struct{ in, text string }{
		{`{"entity":"accounts","fieldName":"Z_sku","type":"text"}`, "has a field"},
		{`{"entity":"accounts","fieldName":"Z_a b","type":"text"}`, "letters, digits"},
		{`{"entity":"nothing","fieldName":"Z_a","type":"text"}`, "no resource called"},
		{`{"entity":"accounts","fieldName":"Z_a","type":"blob"}`, "type must be one of"},
		{`{"entity":"accounts","fieldName":"Z_a","type":"list","valueListRelated":"x"}`, "no table called"},
	} {
		_, err := w.Create(t.Context(), w.admin, w.res("extrafields"), input(t, tt.in))
		wantFault(t, err, fault.Invalid, tt.text)
	}
	_, err := w.Create(t.Context(), w.admin, w.res("accounts"), input(t, `{"name":"A","salesRepId1":1,"Z_SKU":"123456"}`))
	wantFault(t, err, fault.Invalid, "at most 5")
}

func TestQueryTimeout(t *testing.T) {
	w := newWorld(t)
	items := make([]crm.Item, crm.MaxBulk)
	for i := range items {
		items[i] = crm.Item{Input: input(t, fmt.Sprintf(`{"name":"A%d","salesRepId1":1}`, i))}
	}
	if _, err := w.Bulk(t.Context(), w.admin, w.res("accounts"), crm.BulkCreate, items); err != nil {
		t.Fatal(err)
	}
	_, err := w.open(time.Nanosecond).List(t.Context(), w.admin, crm.ListRequest{
		Resource: w.res("accounts"), Where: "comment LIKE '%a%b%c%'", Size: 1000, Language: -1,
	})
	wantFault(t, err, fault.Timeout, "longer than 1ns and was cancelled")
}

// Equal declarations at the same time make one field, and cost no other.
func TestParallelDeclarations(t *testing.T) {
	w := newWorld(t)
	w.create("extrafields", `{"entity":"accounts","fieldName":"Z_first","type":"text"}`)
	var wg sync.WaitGroup
	var made atomic.Int32
	for range 8 {
		wg.Go(func() {
			_, err := w.Create(context.WithoutCancel(t.Context()), w.admin, w.res("extrafields"), input(t, `{"entity":"accounts","fieldName":"Z_twice","type":"int"}`))
			if err == nil {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	if n := made.Load(); n != 1 {
		t.Errorf("%d of 8 equal declarations were taken, want 1", n)
	}
	for _, name := range []string{"Z_first", "Z_twice"} {
		if w.res("accounts").Field(name) == nil {
			t.Errorf("accounts has lost %s", name)
		}
	}
}

// The resources of a catalog stay the same as long as no field is declared, so
// that what is remembered about them does not grow with every new title.
func TestCatalogIsKept(t *testing.T) {
	w := newWorld(t)
	w.create("extrafields", `{"entity":"accounts","fieldName":"Z_first","type":"text"}`)
	acme := w.account("Acme")
	before, generation := w.res("accounts"), w.Catalog().Generation
	if err := w.Update(t.Context(), w.admin, before, acme, input(t, `{"name":"Acme Inc."}`)); err != nil {
		t.Fatal(err)
	}
	w.show("accounts", acme, "name")
	if w.Catalog().Generation == generation || w.res("accounts") != before {
		t.Errorf("after a new title: generation %d (was %d), the same resource: %v", w.Catalog().Generation, generation, w.res("accounts") == before)
	}
}

// meanwhile lets something happen right before a list is read.
type meanwhile struct {
	crm.Store
	before func(resource string)
}

func (m *meanwhile) List(ctx context.Context, q crm.Query, p *crm.Page) error {
	m.before(q.Resource.Name)
	return m.Store.List(ctx, q, p)
}

// What another node declares while this one reads declarations is not missed.
func TestDeclarationsDuringARefresh(t *testing.T) {
	w := newWorld(t)
	w.create("extrafields", `{"entity":"accounts","fieldName":"Z_first","type":"text"}`)
	acme := w.account("Acme")
	m := &meanwhile{Store: w.store, before: func(string) {}}
	node := &world{t: t, store: m}
	other := node.open(time.Minute)
	look := func() {
		t.Helper()
		if _, err := other.Get(t.Context(), w.admin, other.Catalog().Resource("accounts"), nil, acme); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if err := w.Update(t.Context(), w.admin, w.res("accounts"), acme, input(t, `{"name":"Acme Inc."}`)); err != nil {
		t.Fatal(err)
	}
	made := false
	m.before = func(resource string) {
		if resource == "extrafields" && !made { // the lists of values were read before
			made = true
			w.create("list", `{"databaseName":"Z_tblSizes","description":"Sizes"}`)
		}
	}
	look()
	look()
	if !made || other.Catalog().Resource("Z_tblSizes") == nil {
		t.Errorf("made: %v; the other node does not know the list", made)
	}
}
