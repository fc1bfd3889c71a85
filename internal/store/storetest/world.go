package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Open makes an empty workspace with the tables of a registry, of the length of
// the test's life.
type Open func(t testing.TB, reg *resource.Registry) crm.Store

// Registry declares a small world with every kind of field, every kind of title
// and every kind of index.
func Registry(t testing.TB) *resource.Registry {
	t.Helper()
	field := func(name string, kind resource.Kind, table string) resource.Field {
		return resource.Field{Name: name, Kind: kind, Table: table}
	}
	text := func(name string, key, search bool) resource.Field {
		return resource.Field{Name: name, Key: key, Search: search}
	}
	audit := func(more ...resource.Field) []resource.Field {
		return append(more, field("id", resource.Integer, ""), field("dateUpdated", resource.Instant, ""), field("deleted", resource.Boolean, ""))
	}
	var labels []resource.Field
	var names []string
	for _, l := range resource.Languages {
		labels = append(labels, text("description"+l, false, false))
		names = append(names, "description"+l)
	}
	reg, err := resource.New(
		resource.Resource{
			Name: "accounts", Title: []string{"name"},
			Fields: audit(
				text("name", true, true), text("extId", true, false), text("email", false, true),
				text("city", false, false), text("zone", false, false), field("NIF", resource.Text, ""),
				field("employees", resource.Integer, ""),
				resource.Field{Name: "total", Kind: resource.Number, Scale: 6},
				resource.Field{Name: "latitude", Kind: resource.Number, Scale: 12},
				field("public", resource.Boolean, ""), field("dateCreated", resource.Instant, ""),
				field("statusId", resource.Ref, "statuses"), field("salesRepId", resource.Ref, "users"),
				field("parentId", resource.BareRef, "accounts"), field("branches", resource.RefList, "statuses"),
			),
			Indexes: []resource.Index{
				{Fields: []string{"dateUpdated"}, Why: "polling for changes"},
				{Fields: []string{"statusId", "dateUpdated"}, Why: "the accounts of a status, latest first"},
				{Fields: []string{"zone", "employees"}, Why: "the accounts of a zone by size"},
			},
		},
		resource.Resource{Name: "statuses", LabelFields: names, Fields: audit(labels...)},
		resource.Resource{
			Name: "users", Title: []string{"name", "lastName"},
			Fields: audit(text("name", true, true), text("lastName", true, true), field("managerId", resource.Ref, "users")),
		},
		resource.Resource{
			Name: "links", Title: []string{"id"},
			Fields: audit(field("accountId", resource.Ref, "accounts"), field("userId", resource.BareRef, "users")),
		},
		resource.Resource{
			Name: "phones", Title: []string{"phone"},
			Fields: audit(
				text("phone", false, false), text("note", false, false),
				resource.Field{Name: "tail", Kind: resource.Integer, Internal: true, TailOf: "phone"},
			),
		},
		resource.Resource{
			Name: "claims", Title: []string{"number"},
			Fields: audit(
				resource.Field{Name: "number", MaxLength: 80, Key: true, Unique: true},
				resource.Field{Name: "guid", MaxLength: 36, Unique: true},
			),
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// Catalog is the Registry with extra fields of every kind on accounts.
func Catalog(t testing.TB, reg *resource.Registry) *resource.Catalog {
	t.Helper()
	cat, err := reg.With(1, map[string][]resource.Field{"accounts": {
		{Name: "Z_text", Kind: resource.Text},
		{Name: "Z_int", Kind: resource.Integer},
		{Name: "Z_decimal", Kind: resource.Number, Scale: 6},
		{Name: "Z_flag", Kind: resource.Boolean},
		{Name: "Z_date", Kind: resource.Instant},
		{Name: "Z_status", Kind: resource.Ref, Table: "statuses"},
		{Name: "Z_many", Kind: resource.RefList, Table: "statuses"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// world is a workspace together with what must be in it.
type world struct {
	testing.TB
	ctx   context.Context
	store crm.Store
	cat   *resource.Catalog
	rows  map[string]map[int64]*resource.Record
}

func newWorld(t testing.TB, open Open) *world {
	t.Helper()
	reg := Registry(t)
	return &world{TB: t, ctx: t.Context(), store: open(t, reg), cat: Catalog(t, reg), rows: map[string]map[int64]*resource.Record{}}
}

// Record implements filter.Lookup.
func (w *world) Record(table string, id int64) *resource.Record { return w.rows[table][id] }

// lookup is the world as a filter.Lookup in one language.
type lookup struct {
	*world
	language int
}

// Title implements filter.Lookup.
func (l lookup) Title(res *resource.Resource, rec *resource.Record) (string, bool) {
	title := res.TitleOf(res.TitleColumns(rec), l.language)
	return title, title != ""
}

// fields are the values of a record by field name.
type fields map[string]resource.Value

func str(s string) resource.Value         { return resource.TextValue(s) }
func number(i int64) resource.Value       { return resource.IntValue(i) }
func boolean(b bool) resource.Value       { return resource.BoolValue(b) }
func (w *world) write(fn func(tx crm.Tx)) { w.Helper(); w.must(w.store.Write(w.ctx, wrap(fn))) }

func wrap(fn func(tx crm.Tx)) func(crm.Tx) error {
	return func(tx crm.Tx) error { fn(tx); return nil }
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) resource(name string) *resource.Resource {
	w.Helper()
	res := w.cat.Resource(name)
	if res == nil {
		w.Fatalf("no resource %s", name)
	}
	return res
}

func (w *world) field(res, name string) *resource.Field {
	w.Helper()
	f := w.resource(res).Field(name)
	if f == nil {
		w.Fatalf("no field %s.%s", res, name)
	}
	return f
}

// insert adds records and remembers them.
func (w *world) insert(name string, rows ...fields) []*resource.Record {
	w.Helper()
	res := w.resource(name)
	recs := make([]*resource.Record, len(rows))
	for i, row := range rows {
		recs[i] = &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		for field, v := range row {
			recs[i].Values[w.field(name, field).Index] = v
		}
	}
	w.must(w.store.Write(w.ctx, func(tx crm.Tx) error { return tx.Insert(w.ctx, res, recs...) }))
	if w.rows[name] == nil {
		w.rows[name] = map[int64]*resource.Record{}
	}
	for _, rec := range recs {
		rec.Values[0] = resource.IntValue(rec.ID)
		w.rows[name][rec.ID] = rec
	}
	return recs
}

// update changes fields of a record, here and there.
func (w *world) update(name string, id int64, row fields) {
	w.Helper()
	res := w.resource(name)
	var set []crm.Assignment
	for field, v := range row {
		set = append(set, crm.Assignment{Field: w.field(name, field), Value: v})
	}
	w.must(w.store.Write(w.ctx, func(tx crm.Tx) error {
		found, err := tx.Update(w.ctx, res, id, set)
		if err == nil && !found {
			w.Errorf("%s %d is not found", name, id)
		}
		return err
	}))
	rec := w.rows[name][id]
	rec.Version++
	for _, a := range set {
		rec.Values[a.Field.Index] = a.Value
	}
}

// load reads records by id.
func (w *world) load(name string, ids ...int64) crm.Page {
	w.Helper()
	var p crm.Page
	w.must(w.store.Load(w.ctx, w.resource(name), ids, &p))
	return p
}

// show writes a record as one line, nulls left out.
func show(res *resource.Resource, rec *resource.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d v%d", res.Name, rec.ID, rec.Version)
	for i := range res.Fields {
		switch v := rec.Values[i]; v.Type {
		case resource.Int:
			fmt.Fprintf(&b, " %s=%d", res.Fields[i].Name, v.I)
		case resource.Str:
			fmt.Fprintf(&b, " %s=%q", res.Fields[i].Name, v.S)
		}
	}
	return b.String()
}

// texts are chosen to trip: letter case beyond ASCII, letters that fold to other
// lengths or not at all, wildcards, quotes, and runs shorter than a trigram.
var texts = []string{
	"", "a", "A", "b", "B", "ab", "AB", "abc", "Abcd", "abcabc", "á", "Á", "ñandú", "ÑANDÚ", "España", "ESPAÑA", "espana",
	"ß", "ẞ", "SS", "straße", "STRASSE", "İ", "i̇", "ı", "I", "K", "k", "ς", "Σ", "σ", "Ω", "Ω",
	"100%", "100", "a_b", "a\\b", "\\", "\\%", "it's", "say \"hi\"", "; DROP TABLE accounts", "--", "😀", "😀😀😀", "日本語", "日本",
	" a", "a ", "a\nb", "a\tb", "null", "NULL", "true", "0", "12", "\x1f\x1f", "\U0010FFFF", "\uD7FF\uE000", "zebra ESPAÑA straße abcabc",
}

// chooser draws random values.
type chooser interface{ IntN(n int) int }

func pick[T any](r chooser, from []T) T { return from[r.IntN(len(from))] }

// value draws a value that a field can hold; ids of other tables come from rows.
func (w *world) value(r chooser, f *resource.Field) resource.Value {
	if r.IntN(5) == 0 {
		return resource.Value{}
	}
	return w.literal(r, f)
}

// literal is value without null.
func (w *world) literal(r chooser, f *resource.Field) resource.Value {
	numbers := []int64{0, 1, -1, 2, 3, 10, 1000, 1_000_000, 1_500_000, -1_500_000, 1<<53 + 1, 1<<63 - 1, -1 << 63}
	instants := []int64{0, 1, -1, 999, 1_500_000_000_000, 1_500_000_000_001, 1_500_000_000_999, 1_700_000_000_000, -2_208_988_800_000, 253_402_300_799_999}
	switch f.Kind {
	case resource.Text:
		return str(pick(r, texts))
	case resource.Integer, resource.Number:
		if f.Index == 0 {
			return number(int64(r.IntN(60)))
		}
		return number(pick(r, numbers))
	case resource.Boolean:
		return boolean(r.IntN(2) == 0)
	case resource.Instant:
		return number(pick(r, instants))
	case resource.RefList:
		return str(pick(r, []string{"[]", "[1]", "[2]", "[1,2]", "[3,1,11]", "[11]", "[111,11]"}))
	default:
		n := len(w.rows[f.Table])
		if n == 0 {
			return resource.Value{}
		}
		return number(int64(r.IntN(n)) + 1)
	}
}

// fill adds random records to every table, and changes some again.
func (w *world) fill(seed uint64, accounts int) {
	w.Helper()
	r := rand.New(rand.NewPCG(seed, seed))
	add := func(name string, n int) {
		res := w.resource(name)
		rows := make([]fields, n)
		for i := range rows {
			rows[i] = fields{}
			for k := range res.Fields {
				if f := &res.Fields[k]; k > 0 {
					rows[i][f.Name] = w.value(r, f)
				}
			}
		}
		w.insert(name, rows...)
	}
	add("statuses", 12)
	add("users", 5)
	add("users", 5) // with managers
	add("accounts", accounts/2)
	add("accounts", accounts/2) // with parents
	add("links", 20)
	res := w.resource("accounts")
	for range accounts / 3 {
		row := fields{}
		for range 4 {
			f := &res.Fields[1+r.IntN(len(res.Fields)-1)]
			row[f.Name] = w.value(r, f)
		}
		w.update("accounts", int64(1+r.IntN(accounts)), row)
	}
}
