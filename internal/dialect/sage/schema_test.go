package sage

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
)

// documentedFields is how many fields the vendor documents, in 32 schemas.
const (
	documentedSchemas = 32
	documentedFields  = 754
)

// undocumentedSchemas have an entry in vendorSchemas although their text is not
// known.
var undocumentedSchemas = []string{"users"}

func declared(t *testing.T) *resource.Registry {
	t.Helper()
	g, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// canonical is JSON without insignificant space, members in ASCII order.
func canonical(t *testing.T, body []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Every documented schema is answered as documented: each of its fields, no
// field more, and the whole byte for byte.
func TestSchemaIsTheDocumentedOne(t *testing.T) {
	type schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   json.RawMessage            `json:"required"`
	}
	g := declared(t)
	files, err := filepath.Glob("testdata/schemas/*.json")
	if err != nil || len(files) != documentedSchemas || len(vendorSchemas) != documentedSchemas+len(undocumentedSchemas) {
		t.Fatalf("%d schemas in testdata, %d known, want %d: %v", len(files), len(vendorSchemas), documentedSchemas, err)
	}
	fields, equal := 0, 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		res := g.Resource(name)
		if res == nil {
			t.Errorf("%s is not declared", name)
			continue
		}
		got := Schema(res)
		var w, h schema
		if err := json.Unmarshal(want, &w); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &h); err != nil {
			t.Fatal(err)
		}
		for field, p := range w.Properties {
			fields++
			if h.Properties[field] != nil && canonical(t, h.Properties[field]) == canonical(t, p) {
				equal++
			} else {
				t.Errorf("%s.%s\ngot  %s\nwant %s", name, field, h.Properties[field], canonical(t, p))
			}
		}
		for field := range h.Properties {
			if w.Properties[field] == nil {
				t.Errorf("%s.%s is not documented", name, field)
			}
		}
		if string(got) != canonical(t, want) {
			t.Errorf("%s differs\ngot  %s\nwant %s", name, got, canonical(t, want))
		}
	}
	if fields != documentedFields || equal != fields {
		t.Errorf("%d fields in testdata, want %d; %d are as documented", fields, documentedFields, equal)
	}
	t.Logf("%d of %d fields are as documented", equal, fields)
}

// Everything that vendorSchemas says is about a field that exists and makes a
// difference, so that it cannot go stale.
func TestVendorSchemasNameFields(t *testing.T) {
	g := declared(t)
	for name, v := range vendorSchemas {
		res := g.Resource(name)
		names := slices.Concat(v.omit, v.required)
		for field := range v.rename {
			names = append(names, field)
		}
		for field := range v.change {
			names = append(names, field)
		}
		for _, field := range names {
			if f := res.Field(field); f == nil || f.Name != field {
				t.Errorf("%s has no field %s", name, field)
			}
		}
	}
}

// Resources without a documented schema get one from their declaration.
func TestSchemaOfUndocumentedResource(t *testing.T) {
	var s struct {
		Title      string
		Required   []string
		Properties map[string]struct {
			Type      []string
			Table     string
			MaxLength int
			ReadOnly  bool
		}
	}
	if err := json.Unmarshal(Schema(declared(t).Resource("documents")), &s); err != nil {
		t.Fatal(err)
	}
	if s.Title != "documents" || !slices.Equal(s.Required, []string{"name"}) {
		t.Errorf("title %q, required %v", s.Title, s.Required)
	}
	if p := s.Properties["name"]; p.MaxLength != 255 || p.ReadOnly || !slices.Equal(p.Type, []string{"string", "null"}) {
		t.Errorf("name: %+v", p)
	}
	for _, hidden := range []string{"contentType", "state", "uploadedAt"} {
		if _, shown := s.Properties[hidden]; shown {
			t.Errorf("%s is shown", hidden)
		}
	}
}

// Run-time fields appear with the type of their kind.
func TestSchemaShowsExtraFields(t *testing.T) {
	g := declared(t)
	before := Schema(g.Resource("accounts"))
	c, err := g.With(1, map[string][]resource.Field{"accounts": {
		{Name: "Z_Name", Kind: resource.Text, MaxLength: 180},
		{Name: "Z_Amount", Kind: resource.Number, Scale: 6},
		{Name: "Z_Since", Kind: resource.Instant},
		{Name: "Z_Vip", Kind: resource.Boolean},
		{Name: "Z_Branch", Kind: resource.Ref, Table: "branches"},
		{Name: "Z_Branches", Kind: resource.RefList, Table: "branches"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]json.RawMessage
	}
	after := Schema(c.Resource("accounts"))
	if err := json.Unmarshal(after, &s); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Z_Name":     `{"description":"","maxLength":180,"readOnly":false,"type":["string","null"]}`,
		"Z_Amount":   `{"description":"","readOnly":false,"type":["number","null"]}`,
		"Z_Since":    `{"description":"","format":"date-time","readOnly":false,"type":["string","null"]}`,
		"Z_Vip":      `{"description":"","readOnly":false,"type":["boolean","null"]}`,
		"Z_Branch":   `{"description":"","properties":{"id":{"type":"integer"},"value":{"type":["string","null"]}},"readOnly":false,"required":["id"],"table":"branches","type":["object","null"]}`,
		"Z_Branches": `{"description":"","items":{"properties":{"id":{"type":"integer","value":{"type":["string","null"]}}},"required":["id"],"type":"object"},"readOnly":false,"table":"branches","type":["array","null"]}`,
	} {
		if string(s.Properties[name]) != want {
			t.Errorf("%s\ngot  %s\nwant %s", name, s.Properties[name], want)
		}
	}
	if bytes.Contains(before, []byte("Z_")) {
		t.Error("the registry's own resource changed")
	}
	if !bytes.Equal(before, Schema(g.Resource("accounts"))) {
		t.Error("two schemas of one resource differ")
	}
}
