package sage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// plainJSON is encoding/json without its HTML escapes.
func plainJSON(t testing.TB, s string) string {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(buf.String(), "\n")
}

// FuzzString: every text is written as encoding/json writes it.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", `"quoted" \ back`, "line\nreturn\rtab\t\b\f\x00\x1f\x7f", "España 日本 🎉", "<b>&</b>", "\u2028\u2029\ufffd", "bad \xff\xc3( end\xe2\x82"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(resource.AppendText(nil, s)), plainJSON(t, s); got != want {
			t.Errorf("%q is written %s, want %s", s, got, want)
		}
	})
}

// A record of every kind, full and empty, in the order of the wire.
func TestPlan(t *testing.T) {
	registry, err := resource.New(
		resource.Resource{Name: "lists", LabelFields: labelNames(), Fields: append(labels(), resource.Field{Name: "id", Kind: resource.Integer})},
		resource.Resource{Name: "things", Title: []string{"name"}, Fields: []resource.Field{
			{Name: "id", Kind: resource.Integer}, {Name: "name"}, {Name: "NIF"}, {Name: "count", Kind: resource.Integer},
			{Name: "total", Kind: resource.Number, Scale: 6}, {Name: "open", Kind: resource.Boolean},
			{Name: "date", Kind: resource.Instant}, {Name: "kindId", Kind: resource.Ref, Table: "lists"},
			{Name: "bareId", Kind: resource.BareRef, Table: "lists"}, {Name: "kinds", Kind: resource.RefList, Table: "lists"},
			{Name: "secret", Internal: true},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := registry.With(1, map[string][]resource.Field{"things": {{Name: "Z_Kind", Kind: resource.Ref, Table: "lists"}}})
	if err != nil {
		t.Fatal(err)
	}
	res := catalog.Resource("things")
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	set := func(name string, v resource.Value) { rec.Values[res.Field(name).Index] = v }
	set("id", resource.IntValue(7))
	titles := &names{Titles: crm.NewTitles(map[string]map[int64][]string{"lists": {1: {"", "", "", "One", "Uno", "", "", "", "", ""}, 2: make([]string, 10)}})}
	p := newPlan(catalog, res, quirk{none: minusOne("bareId")})

	const empty = `{"NIF":null,"Z_Kind":null,"bareId":-1,"count":null,"date":null,"id":7,"kindId":null,"kinds":null,"name":null,"open":null,"total":null}`
	if got := string(p.append(nil, rec, titles, variant{}, nil)); got != empty {
		t.Errorf("empty record\n got %s\nwant %s", got, empty)
	}
	set("name", resource.TextValue("<Ñ>"))
	set("NIF", resource.TextValue(""))
	set("count", resource.IntValue(-3))
	set("total", resource.IntValue(1999990000))
	set("open", resource.BoolValue(true))
	set("date", resource.IntValue(1539129600250))
	set("kindId", resource.IntValue(1))
	set("bareId", resource.IntValue(2))
	set("kinds", resource.ListValue([]int64{1, 2}))
	set("Z_Kind", resource.IntValue(1))
	spanish := language(query{"lang": "es"}, -1)
	const full = `{"NIF":"","Z_Kind":%s,"bareId":2,"count":-3,"date":"2018-10-10T00:00:00.25Z","id":7,"kindId":{"id":1,"value":"Uno"},"kinds":[{"id":1,"value":"Uno"},{"id":2,"value":""}],"name":"<Ñ>","open":true,"total":1999.99}`
	for bare, want := range map[bool]string{false: `{"id":1,"value":"Uno"}`, true: `1`} {
		got := string(p.append(nil, rec, titles, variant{language: int8(spanish), bareExtra: bare}, nil))
		if got != fmt.Sprintf(full, want) {
			t.Errorf("full record\n got %s\nwant %s", got, fmt.Sprintf(full, want))
		}
	}
}

// Titles are cut out of copies of rows, whatever stands around them.
func TestMask(t *testing.T) {
	secret, open := &resource.Resource{Name: "secret"}, &resource.Resource{Name: "open"}
	row := []byte(`{"a":{"id":1,"value":"x\"y"},"b":[{"id":2,"value":""},{"id":1,"value":"x"}]}`)
	at := func(table *resource.Resource, id int64, text string, from int) link {
		from += bytes.Index(row[from:], []byte(text))
		return link{crm.Link{Table: table, ID: id}, from, from + len(text)}
	}
	links := []link{at(secret, 1, `"x\"y"`, 0), at(open, 2, `""`, 30), at(secret, 1, `"x"`, 40)}
	for _, test := range []struct {
		titles crm.Titles
		want   string
	}{
		{crm.Titles{}, string(row)},
		{crm.NewTitles(map[string]map[int64][]string{"open": {1: nil}}), string(row)},
		{crm.NewTitles(map[string]map[int64][]string{"open": {2: nil}}), `{"a":{"id":1,"value":"x\"y"},"b":[{"id":2,"value":null},{"id":1,"value":"x"}]}`},
		{crm.NewTitles(map[string]map[int64][]string{"secret": {1: nil}}), `{"a":{"id":1,"value":null},"b":[{"id":2,"value":""},{"id":1,"value":null}]}`},
		{crm.NewTitles(map[string]map[int64][]string{"secret": {1: nil}, "open": {2: nil}}), `{"a":{"id":1,"value":null},"b":[{"id":2,"value":null},{"id":1,"value":null}]}`},
	} {
		before := string(row)
		if got := string(mask(row, links, test.titles)); got != test.want || string(row) != before {
			t.Errorf("%v\n got %s\nwant %s\n row %s", test.titles, got, test.want, row)
		}
	}
}

func labelNames() (names []string) {
	for _, l := range resource.Languages {
		names = append(names, "description"+l)
	}
	return names
}

func labels() (fields []resource.Field) {
	for _, n := range labelNames() {
		fields = append(fields, resource.Field{Name: n})
	}
	return fields
}

// The cache stays within its budget, forgets what nobody asks for, and keeps
// what is asked for again and again.
func TestRowCache(t *testing.T) {
	const budget = 64 << 10
	c := newRowCache(budget)
	row := renderedRow{body: bytes.Repeat([]byte("x"), 500)}
	favourite := rowKey{id: 1}
	c.put(favourite, row)
	for id := range int64(2000) {
		c.put(rowKey{id: id + 2}, row)
		if _, ok := c.get(favourite); !ok {
			t.Fatalf("a row that is asked for all the time is forgotten after %d others", id)
		}
	}
	kept := 0
	for id := range int64(2000) {
		if _, ok := c.get(rowKey{id: id + 2}); ok {
			kept++
		}
	}
	if limit := budget / (len(row.body) + rowOverhead); kept == 0 || kept > limit {
		t.Errorf("%d rows are kept, want 1 to %d", kept, limit)
	}
	if _, ok := c.get(rowKey{id: 1, version: 2}); ok {
		t.Error("another version of a row is known")
	}
	off := newRowCache(-1)
	off.put(favourite, row)
	if _, ok := off.get(favourite); ok {
		t.Error("a cache without a budget keeps rows")
	}
}
