package storetest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Run is the suite that the store passes on every engine. Answers are rendered
// as text and compared with goldens that all engines share, so that they are the
// same byte for byte.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		run  func(*world)
	}{
		{"values of every kind come back as they went in", roundTrips},
		{"an update writes what it is given and nothing else", partialUpdates},
		{"extra fields are merged", extraFields},
		{"versions count changes", versions},
		{"load answers in the order of the ids", loads},
		{"rows that are known are not read", known},
		{"lists select and sort alike on every engine", lists},
		{"null sorts as the smallest", nullOrder},
		{"letter case does not count, accents do", letterCase},
		{"a cursor goes on where a page ended", cursors},
		{"titles come as columns in order of id", titles},
		{"a title finds its records", findTitle},
		{"missing references are found out", missing},
		{"a reference to nothing is refused", dangling},
		{"a failed write leaves nothing", rolledBack},
		{"the generation grows when asked to", generations},
		{"writers of one record lose neither's fields", twoWriters},
		{"a locked record is not changed by others", lockedCounter},
		{"many rows are inserted in order", manyRows},
		{"what a client writes is never SQL", injection},
		{"text that cannot be kept is refused everywhere", unkeepable},
		{"a bulk load is like inserts", bulkLoad},
		{"changes are logged with the transaction they belong to", changeLog},
		{"the log of changes of cases is read by record", caseHistory},
		{"who follows the log of changes misses none", followedChanges},
		{"deliveries of a record are ready in turn", deliveriesInTurn},
		{"deliveries are parked, and removed in the end", deliveriesParked},
		{"one node delivers", deliveriesHeld},
		{"tails of telephone numbers follow them", tails},
		{"totals are those of the rows", tallies},
		{"a unique value is of one record", unique},
		{"one of many gets a unique value", uniqueRace},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(newWorld(t, open)) })
	}
}

// golden compares text with a file that all engines share.
func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("storetest", "testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (-want +got):\n%s", path, diff)
	}
}

// dump writes all records of a table.
func (w *world) dump(name string) string {
	w.Helper()
	res := w.resource(name)
	var b strings.Builder
	q := crm.Query{Resource: res, Language: -1, Limit: 100}
	for {
		var p crm.Page
		w.must(w.store.List(w.ctx, q, &p))
		for _, rec := range p.Rows {
			b.WriteString(show(res, rec) + "\n")
		}
		if !p.More {
			return b.String()
		}
		q.After = p.Next
	}
}

// everything is a record with a telling value in every field.
func everything() fields {
	return fields{
		"name": str("ESPAÑA"), "extId": str(""), "email": str("Ada@Example.com"), "city": str("São\n\"Paulo\"\\"), "zone": str("Ñ"), "NIF": str("日本😀"),
		"employees": number(-1 << 63), "total": number(1<<63 - 1), "latitude": number(-1), "public": boolean(true), "deleted": boolean(false),
		"dateCreated": number(1_500_000_000_123), "dateUpdated": number(-1),
		"branches": str("[2,1]"),
		"Z_text":   str("q\"uo\\te\t\u2028é"), "Z_int": number(-1 << 63), "Z_decimal": number(1<<63 - 1), "Z_flag": boolean(false), "Z_date": number(0), "Z_many": str("[]"),
	}
}

func roundTrips(w *world) {
	w.insert("statuses", fields{"descriptionEN": str("Open")})
	w.insert("users", fields{"name": str("Ada")})
	w.insert("accounts", fields{})
	row := everything()
	row["statusId"], row["salesRepId"], row["parentId"], row["Z_status"] = number(1), number(1), number(1), number(1)
	w.insert("accounts", row, fields{"name": str("")})
	golden(w, "values", w.dump("accounts")+w.dump("statuses")+w.dump("users"))
	for id, rec := range w.rows["accounts"] {
		if got, want := show(w.resource("accounts"), w.load("accounts", id).Rows[0]), show(w.resource("accounts"), rec); got != want {
			w.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func partialUpdates(w *world) {
	w.insert("accounts", everything(), everything())
	w.update("accounts", 1, fields{"name": str("Müller"), "total": resource.Value{}})
	w.update("accounts", 1, fields{"email": resource.Value{}, "public": boolean(false)})
	w.update("accounts", 1, fields{"dateUpdated": number(5), "Z_int": number(7)})
	golden(w, "updates", w.dump("accounts"))
	// The folded copies follow.
	for _, c := range []struct {
		where string
		want  []int64
	}{{"name = 'MÜLLER'", []int64{1}}, {"name LIKE '%ülle%'", []int64{1}}, {"name LIKE '%spañ%'", []int64{2}}, {"email LIKE '%ada%'", []int64{2}}, {"email IS NULL", []int64{1}}} {
		if got := w.list("accounts", c.where, ""); !slices.Equal(got, c.want) {
			w.Errorf("%s: got %v, want %v", c.where, got, c.want)
		}
	}
	w.must(w.store.Write(w.ctx, func(tx crm.Tx) error {
		found, err := tx.Update(w.ctx, w.resource("accounts"), 99, []crm.Assignment{{Field: w.field("accounts", "name"), Value: str("x")}})
		if found {
			w.Error("a record that does not exist was found")
		}
		return err
	}))
	err := w.store.Write(w.ctx, func(tx crm.Tx) error {
		_, err := tx.Update(w.ctx, w.resource("accounts"), 1, []crm.Assignment{{Field: w.field("accounts", "id"), Value: number(9)}})
		return err
	})
	if err == nil {
		w.Error("an id was changed")
	}
}

func extraFields(w *world) {
	w.insert("accounts", fields{"Z_text": str("a"), "Z_int": number(1)}, fields{}, fields{"Z_flag": boolean(true)})
	w.update("accounts", 1, fields{"Z_int": number(2), "Z_date": number(3)}) // Z_text stays
	w.update("accounts", 2, fields{"Z_text": str("")})
	w.update("accounts", 3, fields{"Z_flag": resource.Value{}})
	golden(w, "extra", w.dump("accounts"))

	// Declared anew with another type, a field has no value any more.
	cat, err := w.cat2(resource.Field{Name: "Z_text", Kind: resource.Integer}, resource.Field{Name: "Z_int", Kind: resource.Text})
	w.must(err)
	old := w.cat
	w.cat = cat
	golden(w, "extra-retyped", w.dump("accounts"))
	for where, want := range map[string]int{"Z_text IS NULL": 3, "Z_text < 5": 0, "Z_int LIKE '%'": 0} {
		if got := w.list("accounts", where, ""); len(got) != want {
			w.Errorf("%s: got %v", where, got)
		}
	}
	w.cat = old
}

// cat2 is the catalog with other extra fields on accounts.
func (w *world) cat2(extra ...resource.Field) (*resource.Catalog, error) {
	return Registry(w).With(2, map[string][]resource.Field{"accounts": extra})
}

func versions(w *world) {
	recs := w.insert("accounts", fields{}, fields{})
	if recs[0].Version != 1 || recs[1].Version != 1 {
		w.Errorf("new versions %d, %d", recs[0].Version, recs[1].Version)
	}
	w.update("accounts", 1, fields{"name": str("a")})
	w.update("accounts", 1, fields{"name": str("a")})
	w.update("accounts", 1, fields{})
	p := w.load("accounts", 1, 2)
	if p.Rows[0].Version != 4 || p.Rows[1].Version != 1 || p.Keys[0] != (crm.Key{ID: 1, Version: 4}) {
		w.Errorf("versions %d, %d; keys %v", p.Rows[0].Version, p.Rows[1].Version, p.Keys)
	}
}

func loads(w *world) {
	w.insert("users", fields{"name": str("a")}, fields{"name": str("b")}, fields{"name": str("c")})
	p := w.load("users", 3, 99, 1, 3)
	if got := idsOf(p.Keys); !slices.Equal(got, []int64{3, 1, 3}) || p.Generation == 0 {
		w.Errorf("keys %v, generation %d", got, p.Generation)
	}
	for i, name := range []string{"c", "a", "c"} {
		if got := p.Rows[i].Values[w.field("users", "name").Index].S; got != name {
			w.Errorf("row %d is %q", i, got)
		}
	}
	for _, ids := range [][]int64{nil, {99}} {
		if p := w.load("users", ids...); len(p.Keys) != 0 || len(p.Rows) != 0 {
			w.Errorf("ids %v: keys %v", ids, p.Keys)
		}
	}
	many := make([]int64, 3000)
	for i := range many {
		many[i] = int64(3000 - i)
	}
	if got := idsOf(w.load("users", many...).Keys); !slices.Equal(got, []int64{3, 2, 1}) {
		w.Errorf("of many: %v", got)
	}
}

func known(w *world) {
	w.insert("users", fields{"name": str("a")}, fields{"name": str("b")}, fields{"name": str("c")})
	w.update("users", 2, fields{"name": str("B")})
	for _, read := range []func(p *crm.Page) error{
		func(p *crm.Page) error {
			return w.store.List(w.ctx, crm.Query{Resource: w.resource("users"), Limit: 10}, p)
		},
		func(p *crm.Page) error { return w.store.Load(w.ctx, w.resource("users"), []int64{1, 2, 3}, p) },
	} {
		var asked []crm.Key
		p := crm.Page{Known: func(k crm.Key, generation int64) bool {
			asked = append(asked, k)
			if generation == 0 {
				w.Error("asked without a generation")
			}
			return k.ID == 2
		}}
		w.must(read(&p))
		want := []crm.Key{{ID: 1, Version: 1}, {ID: 2, Version: 2}, {ID: 3, Version: 1}}
		if !slices.Equal(asked, want) || !slices.Equal(p.Keys, want) {
			w.Errorf("asked %v, keys %v", asked, p.Keys)
		}
		if p.Rows[0] == nil || p.Rows[1] != nil || p.Rows[2] == nil {
			w.Errorf("rows %v", p.Rows)
		}
	}
}

// query reads a where and an order.
func (w *world) query(res, where, order string) crm.Query {
	w.Helper()
	e, err := filter.Where(w.cat, w.resource(res), where)
	w.must(err)
	o, err := filter.Order(w.cat, w.resource(res), order)
	w.must(err)
	return crm.Query{Resource: w.resource(res), Where: e, Order: o, Language: -1, Limit: 1000}
}

// list returns the ids of a list.
func (w *world) list(res, where, order string) []int64 {
	w.Helper()
	return w.ids(w.query(res, where, order))
}

func (w *world) ids(q crm.Query) []int64 {
	w.Helper()
	var p crm.Page
	w.must(w.store.List(w.ctx, q, &p))
	return idsOf(p.Keys)
}

// queries are lists that clients ask for, on the records of fill.
var queries = []string{
	"|", "id=7|", "id NOT IN (1,2,3)|id asc", "id>=40|id",
	"name='españa'|", "name<>'a'|name", "name LIKE '%españa%'|", "name LIKE 'ab%'|name asc", "name LIKE '%b_a%'|", "name LIKE '%%'|", "NOT name LIKE 'a%'|name,id",
	"name LIKE '%a%' AND deleted=false|dateUpdated", "name LIKE '100%'|", "name LIKE '%_%'|email asc", "email LIKE '%ab%' OR name LIKE '%ab%'|",
	"city='ß' OR city='strasse'|", "city LIKE '%\\%'|", "city LIKE '%''%'|", "city IS NULL|city", "NIF >= 'm' AND NIF < 'z'|NIF asc",
	"employees > 1 AND employees <= 1000|employees asc", "total IN (0, 1.5, '-1.5')|total", "latitude BETWEEN -1 AND 1|latitude asc,name asc", "total=0.0000001|",
	"deleted='False'|deleted", "public=true OR public IS NULL|public asc", "NOT (public=true)|",
	"dateUpdated > '2017-07-14T02:40:00Z'|dateUpdated", "dateUpdated > '2017-07-14T02:40:00Z' OR dateCreated > '2017-07-14T02:40:00Z'|", "dateUpdated < '1970-01-01'|dateUpdated asc",
	"statusId=3|dateUpdated", "statusId.id IN (1,2)|statusId asc,dateUpdated", "statusId IS NULL|", "NOT statusId.id=3|",
	"statusId.value='a'|", "statusId.value LIKE '%a%'|statusId.value", "statusId.descriptionES IS NULL|statusId.descriptionES asc",
	"salesRepId.name='a' OR salesRepId.managerId.name='a'|salesRepId.managerId.name,salesRepId.name asc", "salesRepId.value LIKE '% %'|salesRepId.value asc", "salesRepId.managerId.managerId IS NULL|",
	"parentId.statusId.value > 'a'|parentId.statusId.value", "parentId.parentId.total > 0|parentId.total", "branches=1|", "branches IN (3,11)|", "NOT branches=1|", "branches IS NULL|",
	"Z_text LIKE '%a%'|Z_text asc", "Z_int > 0|Z_int", "Z_decimal=1.5|", "Z_flag=false|Z_flag", "Z_date > '2001-01-01'|Z_date asc", "Z_status.value='a'|Z_status.value", "Z_many=1|", "Z_text IS NULL AND Z_int IS NOT NULL|",
	"zone='a' AND employees>0|employees", "zone='a'|employees", "deleted=true AND deleted=false|", "deleted=NULL|", "name IN ('a','B',NULL)|name",
}

func lists(w *world) {
	w.fill(42, 60)
	var b strings.Builder
	for _, text := range queries {
		where, order, _ := strings.Cut(text, "|")
		q := w.query("accounts", where, order)
		for _, q.Language = range []int{-1, 4} {
			got := w.ids(q)
			if want := w.answer(q); !slices.Equal(got, want) {
				w.Errorf("%s, language %d\ngot  %v\nwant %v", text, q.Language, got, want)
			}
			fmt.Fprintf(&b, "%s language %d\n  %v\n", text, q.Language, got)
		}
	}
	golden(w, "lists", b.String())
}

func nullOrder(w *world) {
	w.insert("accounts", fields{"name": str("b"), "employees": number(1)}, fields{}, fields{"name": str(""), "employees": number(-1)}, fields{}, fields{"name": str("a"), "employees": number(1)})
	for order, want := range map[string][]int64{
		"name asc": {2, 4, 3, 5, 1}, "name desc": {1, 5, 3, 2, 4},
		"employees asc": {2, 4, 3, 1, 5}, "employees desc": {1, 5, 3, 2, 4},
		"employees desc, name asc": {5, 1, 3, 2, 4}, "parentId.name": {1, 2, 3, 4, 5}, "Z_int asc, name": {1, 5, 3, 2, 4},
	} {
		if got := w.list("accounts", "", order); !slices.Equal(got, want) {
			w.Errorf("%s: got %v, want %v", order, got, want)
		}
	}
}

func letterCase(w *world) {
	names := []string{"ESPAÑA", "españa", "espana", "STRASSE", "straße", "STRAẞE", "Ωmega", "ΩMEGA", "ÀÉÎ", "àéî", "İstanbul", "i̇stanbul", "ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ"}
	for _, n := range names {
		w.insert("accounts", fields{"name": str(n), "email": str(n), "city": str(n), "Z_text": str(n)})
	}
	var b strings.Builder
	for _, field := range []string{"name", "email", "city", "Z_text"} {
		for _, n := range names {
			var want []int64
			for i, other := range names {
				if resource.Fold(other) == resource.Fold(n) {
					want = append(want, int64(i+1))
				}
			}
			for _, where := range []string{field + "='" + n + "'", field + " LIKE '%" + n + "%'", field + " IN ('" + n + "','-')"} {
				if got := w.list("accounts", where, ""); !slices.Equal(got, want) {
					w.Errorf("%s: got %v, want %v", where, got, want)
				}
			}
		}
		fmt.Fprintln(&b, field, w.list("accounts", "", field+" asc"))
	}
	golden(w, "lettercase", b.String())
}

func cursors(w *world) {
	w.fill(7, 60)
	for _, order := range []string{"", "id", "name", "name asc,employees", "employees,deleted asc,total", "statusId.value asc,dateUpdated", "dateUpdated", "public,name", "Z_int,Z_text asc", "id asc,name"} {
		for _, where := range []string{"", "deleted=false", "name LIKE '%ab%' OR email LIKE '%b%'", "statusId=3"} {
			q := w.query("accounts", where, order)
			all := w.answer(q)
			for _, limit := range []int{1, 7, 25} {
				q.Limit, q.After = limit, nil
				var walked []int64
				for {
					var p crm.Page
					w.must(w.store.List(w.ctx, q, &p))
					walked = append(walked, idsOf(p.Keys)...)
					if !p.More {
						break
					}
					if q.After = p.Next; len(walked) > len(all) {
						break
					}
				}
				if !slices.Equal(walked, all) {
					w.Errorf("where %s order %s by %d\ngot  %v\nwant %v", where, order, limit, walked, all)
				}
			}
		}
	}
	q := w.query("accounts", "", "name")
	q.After = &crm.Cursor{ID: 1}
	if err := w.store.List(w.ctx, q, &crm.Page{}); err == nil {
		w.Error("a cursor of another order is taken")
	}
}

func titles(w *world) {
	w.fill(3, 20)
	var b strings.Builder
	for _, name := range []string{"accounts", "users", "statuses", "links"} {
		res := w.resource(name)
		var last int64
		collect := func(id int64, columns []string) {
			if id <= last {
				w.Errorf("%s: %d after %d", name, id, last)
			}
			if want := res.TitleColumns(w.rows[name][id]); !slices.Equal(columns, want) {
				w.Errorf("%s %d: got %q, want %q", name, id, columns, want)
			}
			last = id
			fmt.Fprintf(&b, "%s %d %q\n", name, id, columns)
		}
		w.must(w.store.Titles(w.ctx, res, nil, collect))
		if int(last) != len(w.rows[name]) {
			w.Errorf("%s: the last is %d of %d", name, last, len(w.rows[name]))
		}
		last = 0
		w.must(w.store.Titles(w.ctx, res, []int64{7, 2, 99, 2, 5}, collect))
		w.must(w.store.Titles(w.ctx, res, []int64{}, func(id int64, _ []string) { w.Errorf("%s: %d of no ids", name, id) }))
	}
	golden(w, "titles", b.String())
}

func findTitle(w *world) {
	w.insert("statuses", fields{"descriptionEN": str("Open"), "descriptionES": str("Abierta")}, fields{"descriptionEN": str("OPEN"), "deleted": boolean(true)}, fields{"descriptionDE": str("open"), "deleted": boolean(false)})
	w.insert("users", fields{"name": str("Ada"), "lastName": str("Lovelace")}, fields{"name": str(""), "lastName": str("Ada Lovelace")}, fields{"name": str("Ada")}, fields{"lastName": str("Ada")}, fields{"name": str("Ada"), "lastName": str("")}, fields{}, fields{"name": str("Mary Ann"), "lastName": str("van  Dyck")})
	w.insert("accounts", fields{"name": str("España")}, fields{"name": str("ESPAÑA")}, fields{"name": str("espana")}, fields{"name": str("")})
	w.insert("links", fields{})
	for _, c := range []struct {
		table, title string
		limit        int
		want         []int64
	}{
		{"statuses", "open", 5, []int64{1, 3}}, {"statuses", "ABIERTA", 5, []int64{1}}, {"statuses", "", 5, nil}, {"statuses", "x", 5, nil},
		{"users", "ada lovelace", 5, []int64{1, 2}}, {"users", "ADA", 5, []int64{3, 4, 5}}, {"users", "MARY ann van  dyck", 5, []int64{7}}, {"users", "lovelace", 5, nil}, {"users", "", 5, nil}, {"users", "ada ", 5, nil},
		{"accounts", "ESPAÑA", 5, []int64{1, 2}}, {"accounts", "españa", 1, []int64{1}}, {"accounts", "%", 5, nil}, {"accounts", "", 5, nil},
		{"links", "1", 5, []int64{1}},
	} {
		w.write(func(tx crm.Tx) {
			got, err := tx.FindTitle(w.ctx, w.resource(c.table), nil, c.title, c.limit)
			if w.must(err); !slices.Equal(got, c.want) {
				w.Errorf("%s %q: got %v, want %v", c.table, c.title, got, c.want)
			}
		})
	}
}

func missing(w *world) {
	w.insert("users", fields{}, fields{})
	w.insert("statuses", fields{})
	users, statuses := w.resource("users"), w.resource("statuses")
	refs := []crm.Reference{
		{Field: "a", Resource: users, ID: 3}, {Field: "b", Resource: users, ID: 1}, {Field: "c", Resource: statuses, ID: 1},
		{Field: "d", Resource: statuses, ID: -1}, {Field: "e", Resource: users, ID: 3}, {Field: "f", Resource: users, ID: 0},
	}
	w.write(func(tx crm.Tx) {
		got, err := tx.Missing(w.ctx, refs, nil)
		w.must(err)
		if want := []crm.Reference{refs[0], refs[3], refs[4], refs[5]}; !slices.Equal(got, want) {
			w.Errorf("got %v, want %v", got, want)
		}
		got, err = tx.Missing(w.ctx, nil, nil)
		if w.must(err); len(got) != 0 {
			w.Errorf("of none: %v", got)
		}
		many := make([]crm.Reference, 12_000)
		for i := range many {
			many[i] = crm.Reference{Resource: users, ID: int64(i)}
		}
		got, err = tx.Missing(w.ctx, many, nil)
		if w.must(err); len(got) != len(many)-2 {
			w.Errorf("of many: %d", len(got))
		}
		w.insertIn(tx, "users", fields{"name": str("new")})
		got, err = tx.Missing(w.ctx, refs[:1], nil)
		if w.must(err); len(got) != 0 {
			w.Errorf("a record of the same transaction is missing: %v", got)
		}
	})
}

// insertIn adds a record within a transaction, without remembering it.
func (w *world) insertIn(tx crm.Tx, name string, row fields) *resource.Record {
	w.Helper()
	res := w.resource(name)
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for field, v := range row {
		rec.Values[w.field(name, field).Index] = v
	}
	w.must(tx.Insert(w.ctx, res, rec))
	return rec
}

func dangling(w *world) {
	res := w.resource("accounts")
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	rec.Values[w.field("accounts", "statusId").Index] = number(77)
	err := w.store.Write(w.ctx, func(tx crm.Tx) error { return tx.Insert(w.ctx, res, rec) })
	if fault.KindOf(err) != fault.Invalid {
		w.Errorf("got %v", err)
	}
	if got := w.list("accounts", "", ""); len(got) != 0 {
		w.Errorf("left %v", got)
	}
}

func rolledBack(w *world) {
	w.insert("users", fields{"name": str("a")})
	before := w.load("users", 1).Generation
	sentinel := errors.New("no")
	err := w.store.Write(w.ctx, func(tx crm.Tx) error {
		w.insertIn(tx, "users", fields{"name": str("b")})
		w.must(tx.Advance(w.ctx))
		if _, err := tx.Update(w.ctx, w.resource("users"), 1, []crm.Assignment{{Field: w.field("users", "name"), Value: str("z")}}); err != nil {
			return err
		}
		return sentinel
	})
	if !errors.Is(err, sentinel) {
		w.Errorf("got %v", err)
	}
	if got := w.dump("users"); got != "users 1 v1 id=1 name=\"a\"\n" {
		w.Errorf("left %s", got)
	}
	if after := w.load("users", 1).Generation; after != before {
		w.Errorf("generation %d, was %d", after, before)
	}
}

func generations(w *world) {
	w.insert("users", fields{"name": str("a")})
	before := w.load("users", 1).Generation
	w.write(func(tx crm.Tx) { w.must(tx.Advance(w.ctx)); w.must(tx.Advance(w.ctx)) })
	if got := w.load("users", 1).Generation; got != before+1 {
		w.Errorf("generation %d after %d", got, before)
	}
	var p crm.Page
	w.must(w.store.List(w.ctx, crm.Query{Resource: w.resource("users"), Limit: 1}, &p))
	if p.Generation != before+1 {
		w.Errorf("a list sees generation %d", p.Generation)
	}
	w.update("users", 1, fields{"name": str("b")})
	if got := w.load("users", 1).Generation; got != before+1 {
		w.Errorf("generation %d without being asked to grow", got)
	}
}

func twoWriters(w *world) {
	w.insert("accounts", fields{})
	const rounds = 30
	var all sync.WaitGroup
	for _, name := range []string{"name", "Z_text", "city", "Z_int"} {
		f := w.field("accounts", name)
		all.Go(func() {
			for i := range rounds {
				v := str(fmt.Sprint(i))
				if f.Kind == resource.Integer {
					v = number(int64(i))
				}
				err := w.store.Write(w.ctx, func(tx crm.Tx) error {
					_, err := tx.Update(w.ctx, w.resource("accounts"), 1, []crm.Assignment{{Field: f, Value: v}})
					return err
				})
				if err != nil {
					w.Error(err)
				}
			}
		})
	}
	all.Wait()
	last := fmt.Sprint(rounds - 1)
	want := fmt.Sprintf("accounts 1 v%d id=1 city=%q name=%q Z_text=%q Z_int=%d\n", 4*rounds+1, last, last, last, rounds-1)
	if got := w.dump("accounts"); got != want {
		w.Errorf("got  %swant %s", got, want)
	}
}

func lockedCounter(w *world) {
	w.insert("accounts", fields{"employees": number(0)})
	f := w.field("accounts", "employees")
	const writers, rounds = 4, 15
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range rounds {
				err := w.store.Write(w.ctx, func(tx crm.Tx) error {
					rec, err := tx.Lock(w.ctx, w.resource("accounts"), 1)
					if err != nil {
						return err
					}
					_, err = tx.Update(w.ctx, w.resource("accounts"), 1, []crm.Assignment{{Field: f, Value: number(rec.Values[f.Index].I + 1)}})
					return err
				})
				if err != nil {
					w.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := w.load("accounts", 1).Rows[0].Values[f.Index].I; got != writers*rounds {
		w.Errorf("counted %d of %d", got, writers*rounds)
	}
	w.write(func(tx crm.Tx) {
		if rec, err := tx.Lock(w.ctx, w.resource("accounts"), 99); rec != nil || err != nil {
			w.Errorf("a record that does not exist: %v, %v", rec, err)
		}
	})
}

func manyRows(w *world) {
	rows := make([]fields, 333)
	for i := range rows {
		rows[i] = fields{"employees": number(int64(i)), "name": str(fmt.Sprint("n", i))}
	}
	for i, rec := range w.insert("accounts", rows...) {
		if rec.ID != int64(i+1) {
			w.Fatalf("row %d got id %d", i, rec.ID)
		}
	}
	if got := w.list("accounts", "", "employees asc"); len(got) != len(rows) || !slices.IsSorted(got) {
		w.Errorf("got %v", got)
	}
}

// attacks are texts that do harm where text becomes SQL, JSON, a pattern or a
// query of a text index.
var attacks = []string{
	`'`, `''`, `"`, `'; DROP TABLE accounts; --`, `' OR '1'='1`, `" OR 1=1 --`, `\'; DROP TABLE "accounts"; --`, `1); DELETE FROM accounts; --`,
	`$1`, `$$`, `?`, `:x`, `@x`, `%s%d`, `' UNION SELECT * FROM "_meta" --`, `/* x */`, `-- x`, `;`, `*/`, `\`, `\\`, `\"`, `{"a":1}`, `[1]`, `$."a"`, `$[0]`,
	`NEAR("a" "b")`, `a* OR b*`, `"abc" AND`, `name:abc`, `{a b}:c`, `^abc`, `abc NOT def`, `(((`, `%`, `_`, `%%%%`, `___`, `\%`, "a\nb", "\x01\x1f", "\u202e", "E'\\x41'", `' || 'x`, `x'41'`, `NULL`, `current_user`,
}

func injection(w *world) {
	for _, a := range attacks {
		w.insert("accounts", fields{"name": str(a), "email": str(a), "city": str(a), "extId": str(a), "Z_text": str(a)})
	}
	w.insert("accounts", fields{"name": str("innocent"), "email": str("innocent"), "city": str("innocent"), "extId": str("innocent"), "Z_text": str("innocent")})
	for i, a := range attacks {
		want := []int64{}
		for k, other := range attacks {
			if resource.Fold(other) == resource.Fold(a) {
				want = append(want, int64(k+1))
			}
		}
		for _, name := range []string{"name", "email", "city", "extId", "Z_text"} {
			path := filter.Path{Resource: w.resource("accounts"), Field: w.field("accounts", name)}
			for _, e := range []*filter.Compare{
				{Path: path, Op: filter.Eq, Args: []resource.Value{str(resource.Fold(a))}},
				{Path: path, Op: filter.In, Args: []resource.Value{str(resource.Fold(a)), str("\u0394")}},
			} {
				if got := w.ids(crm.Query{Resource: w.resource("accounts"), Where: e, Limit: 1000}); !slices.Equal(got, want) {
					w.Errorf("%s: got %v, want %v", showExpr(e), got, want)
				}
			}
			for _, e := range []*filter.Compare{
				{Op: filter.Like, Args: []resource.Value{str(resource.Fold(a))}},
				{Op: filter.Like, Args: []resource.Value{str(resource.Fold("%" + a + "%"))}},
				{Op: filter.Like, Args: []resource.Value{str(resource.Fold(a + "%"))}},
				{Op: filter.Like, Args: []resource.Value{str(resource.Fold("%" + a))}},
				{Op: filter.Contains, Args: []resource.Value{str(resource.Fold(a))}},
			} {
				e.Path = path
				q := crm.Query{Resource: w.resource("accounts"), Where: e, Limit: 1000}
				if got, want := w.ids(q), w.answer(q); !slices.Equal(got, want) {
					w.Errorf("%s: got %v, want %v", showExpr(e), got, want)
				}
			}
		}
		// As the text of a where or an order it is a mistake or a filter, never
		// an error of the database.
		for _, text := range []string{a, "name=" + a, "name='" + a + "'", "name LIKE '" + a} {
			e, err := filter.Where(w.cat, w.resource("accounts"), text)
			if err == nil {
				_ = w.ids(crm.Query{Resource: w.resource("accounts"), Where: e, Limit: 1000})
			} else if fault.KindOf(err) != fault.Query {
				w.Errorf("where %s: %v", text, err)
			}
			o, err := filter.Order(w.cat, w.resource("accounts"), text)
			if err == nil {
				_ = w.ids(crm.Query{Resource: w.resource("accounts"), Order: o, Limit: 1000})
			} else if fault.KindOf(err) != fault.Query {
				w.Errorf("order %s: %v", text, err)
			}
		}
		w.write(func(tx crm.Tx) {
			got, err := tx.FindTitle(w.ctx, w.resource("accounts"), nil, a, 1000)
			if w.must(err); !slices.Equal(got, want) {
				w.Errorf("title %q: got %v, want %v", a, got, want)
			}
		})
		w.update("accounts", int64(i+1), fields{"NIF": str(a), "Z_text": str(a)})
	}
	if got := len(w.list("accounts", "", "")); got != len(attacks)+1 {
		w.Errorf("%d records are left of %d", got, len(attacks)+1)
	}
	// Names of extra fields are chosen by clients too.
	for _, a := range []string{`Z_'; DROP TABLE accounts; --`, `Z_$1`, `Z_a b`, `Z_ñ`, `Z_%`} {
		cat, err := w.cat2(resource.Field{Name: a, Kind: resource.Text})
		w.must(err)
		res := cat.Resource("accounts")
		f := res.Field(a)
		rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		rec.Values[f.Index] = str("here")
		w.must(w.store.Write(w.ctx, func(tx crm.Tx) error { return tx.Insert(w.ctx, res, rec) }))
		e := &filter.Compare{Path: filter.Path{Resource: res, Field: f}, Op: filter.Eq, Args: []resource.Value{str("here")}}
		if got := w.ids(crm.Query{Resource: res, Where: e, Order: []filter.Term{{Path: e.Path}}, Limit: 10}); !slices.Equal(got, []int64{rec.ID}) {
			w.Errorf("extra field %s: got %v", a, got)
		}
	}
}

func unkeepable(w *world) {
	w.insert("accounts", fields{"name": str("a")})
	for _, bad := range []string{"a\x00b", "\xff", "\xc3", "\xed\xa0\x80"} {
		for _, name := range []string{"name", "city", "Z_text"} {
			res, f := w.resource("accounts"), w.field("accounts", name)
			rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
			rec.Values[f.Index] = str(bad)
			errs := map[string]error{
				"insert": w.store.Write(w.ctx, func(tx crm.Tx) error { return tx.Insert(w.ctx, res, rec) }),
				"update": w.store.Write(w.ctx, func(tx crm.Tx) error {
					_, err := tx.Update(w.ctx, res, 1, []crm.Assignment{{Field: f, Value: str(bad)}})
					return err
				}),
			}
			for what, err := range errs {
				if fault.KindOf(err) != fault.Invalid {
					w.Errorf("%s of %s=%q: %v", what, name, bad, err)
				}
			}
		}
	}
	if got := w.dump("accounts"); got != "accounts 1 v1 id=1 name=\"a\"\n" {
		w.Errorf("left %s", got)
	}
}

func bulkLoad(w *world) {
	loader, ok := w.store.(crm.Loader)
	if !ok {
		w.Fatal("the store takes no bulk loads")
	}
	w.insert("statuses", fields{"descriptionEN": str("before")})
	before := w.load("statuses", 1).Generation
	row := func(res *resource.Resource, id int64, row fields) *resource.Record {
		rec := &resource.Record{ID: id, Values: make([]resource.Value, len(res.Fields))}
		for name, v := range row {
			rec.Values[w.field(res.Name, name).Index] = v
		}
		return rec
	}
	statuses, accounts := w.resource("statuses"), w.resource("accounts")
	w.must(loader.BulkLoad(w.ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		rec := row(statuses, 0, fields{"descriptionEN": str("loaded")})
		if err := insert(statuses, rec); err != nil {
			return err
		}
		if rec.ID != 2 || rec.Version != 1 {
			w.Errorf("loaded as %d v%d", rec.ID, rec.Version)
		}
		if err := insert(statuses, row(statuses, 10, fields{"descriptionEN": str("chosen")}), row(statuses, 0, fields{"descriptionEN": str("next")})); err != nil {
			return err
		}
		again := row(accounts, 0, nil)
		for i := range 6000 {
			again.ID = 0
			again.Values[w.field("accounts", "name").Index] = str(fmt.Sprintf("Ñame %d", i))
			again.Values[w.field("accounts", "statusId").Index] = number(10)
			again.Values[w.field("accounts", "Z_int").Index] = number(int64(i))
			if err := insert(accounts, again); err != nil { // the caller may use the record again
				return err
			}
		}
		return nil
	}))
	if got := idsOf(w.load("statuses", 1, 2, 10, 11).Keys); !slices.Equal(got, []int64{1, 2, 10, 11}) {
		w.Errorf("statuses %v", got)
	}
	if got := w.load("statuses", 1).Generation; got <= before {
		w.Errorf("generation %d, was %d", got, before)
	}
	for where, want := range map[string][]int64{"name LIKE '%ñame 432'": {433}, "name='ÑAME 5999'": {6000}, "Z_int=7": {8}, "statusId.value='chosen' AND name LIKE '%ame 123'": {124}} {
		if got := w.list("accounts", where, ""); !slices.Equal(got, want) {
			w.Errorf("%s: got %v, want %v", where, got, want)
		}
	}
	// Afterwards everything is as before: ids go on, indexes and references hold.
	if recs := w.insert("accounts", fields{"name": str("after")}, fields{"name": str("wards")}); recs[0].ID != 6001 || recs[1].ID != 6002 {
		w.Errorf("the next ids are %d and %d", recs[0].ID, recs[1].ID)
	}
	if got := w.list("accounts", "name LIKE '%fte%'", ""); !slices.Equal(got, []int64{6001}) {
		w.Errorf("the index was not kept: %v", got)
	}
	sentinel := errors.New("no more")
	err := loader.BulkLoad(w.ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		if err := insert(statuses, row(statuses, 0, fields{"descriptionEN": str("half")})); err != nil {
			return err
		}
		return sentinel
	})
	if !errors.Is(err, sentinel) {
		w.Errorf("got %v", err)
	}
	if got := w.list("accounts", "name LIKE '%fte%'", ""); !slices.Equal(got, []int64{6001}) {
		w.Errorf("after a failed load: %v", got)
	}
}

func unique(w *world) {
	w.insert("claims",
		fields{"number": str("C-1"), "guid": str("aa")}, fields{"number": str("É-2"), "deleted": boolean(true)}, fields{}, fields{})
	res, number := w.resource("claims"), w.field("claims", "number")
	insert := func(row fields) error {
		rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		for name, v := range row {
			rec.Values[w.field("claims", name).Index] = v
		}
		return w.store.Write(w.ctx, func(tx crm.Tx) error { return tx.Insert(w.ctx, res, rec) })
	}
	set := func(id int64, v resource.Value) error {
		return w.store.Write(w.ctx, func(tx crm.Tx) error {
			_, err := tx.Update(w.ctx, res, id, []crm.Assignment{{Field: number, Value: v}})
			return err
		})
	}
	for what, err := range map[string]error{
		"the same":                   insert(fields{"number": str("C-1")}),
		"in another letter case":     insert(fields{"number": str("c-1"), "guid": str("bb")}),
		"as a deleted one":           insert(fields{"number": str("é-2")}),
		"in the other unique field":  insert(fields{"guid": str("AA")}),
		"by an update":               set(3, str("c-1")),
		"by an update, of a deleted": set(1, str("É-2")),
	} {
		if fault.KindOf(err) != fault.Conflict {
			w.Errorf("%s: got %v", what, err)
		}
	}
	w.must(set(1, str("c-1"))) // its own
	w.must(set(1, str("C-3")))
	w.must(insert(fields{"number": str("C-1")})) // free again
	if got := w.list("claims", "", ""); len(got) != 5 {
		w.Errorf("there are %v", got)
	}
	for where, want := range map[string][]int64{
		"number='c-3'": {1}, "guid='Aa'": {1}, "number='é-2' AND deleted=true": {2}, "number='x'": nil, "guid IN ('x','aa')": {1}, "guid LIKE 'a%'": {1},
	} {
		if got := w.list("claims", where, ""); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			w.Errorf("%s: got %v, want %v", where, got, want)
		}
	}
	w.write(func(tx crm.Tx) {
		mine := w.insertIn(tx, "claims", fields{"number": str("C-9")})
		for text, want := range map[string]int64{"c-3": 1, "É-2": 2, "c-9": mine.ID, "c-2": 0, "": 0} {
			id, found, err := tx.Holder(w.ctx, res, number, str(text))
			if w.must(err); id != want || found != (want != 0) {
				w.Errorf("%q is of %d, %t; want %d", text, id, found, want)
			}
		}
		if _, _, err := tx.Holder(w.ctx, res, number, resource.Value{}); err == nil {
			w.Error("somebody holds null")
		}
	})
}

// uniqueRace lets many look for a value at once, find nobody, and take it.
func uniqueRace(w *world) {
	res, number := w.resource("claims"), w.field("claims", "number")
	const rounds, writers = 5, 8
	for round := range rounds {
		v := str(fmt.Sprint("C-", round))
		var all sync.WaitGroup
		var got [writers]error
		for i := range writers {
			all.Go(func() {
				got[i] = w.store.Write(w.ctx, func(tx crm.Tx) error {
					_, found, err := tx.Holder(w.ctx, res, number, v)
					if err != nil {
						return err
					}
					if found {
						return fault.New(fault.Conflict, "taken")
					}
					rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
					rec.Values[number.Index] = v
					return tx.Insert(w.ctx, res, rec)
				})
			})
		}
		all.Wait()
		won := 0
		for _, err := range got {
			switch {
			case err == nil:
				won++
			case fault.Message(err) != "taken": // the loser of a race looks again
				w.Errorf("round %d: %v", round, err)
			}
		}
		if won != 1 {
			w.Errorf("round %d: %d of %d got the value", round, won, writers)
		}
	}
}
