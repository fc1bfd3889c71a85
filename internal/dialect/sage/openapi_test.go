package sage

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator/schema_validation"

	"github.com/dossier-crm/dossier/internal/resource"
)

// withExtraFields is the declared catalog with an extra field of every kind that
// there can be.
func withExtraFields(t *testing.T) *resource.Catalog {
	t.Helper()
	g, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.With(7, map[string][]resource.Field{"accounts": {
		{Name: "Z_note", MaxLength: 100},
		{Name: "Z_size", Kind: resource.Integer},
		{Name: "Z_share", Kind: resource.Number, Scale: 6},
		{Name: "Z_key", Kind: resource.Boolean},
		{Name: "Z_since", Kind: resource.Instant},
		{Name: "Z_origin", Kind: resource.Ref, Table: "accountTypes"},
		{Name: "Z_brands", Kind: resource.RefList, Table: "accountTypes"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOpenAPIIsValid has the document judged by a validator that is not ours,
// against the OpenAPI Initiative's own schema of OpenAPI 3.1.
func TestOpenAPIIsValid(t *testing.T) {
	body := OpenAPI(withExtraFields(t), "/api/v4")
	doc, err := libopenapi.NewDocument(body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.BuildV3Model(); err != nil { // follows every reference
		t.Fatal(err)
	}
	if ok, wrong := schema_validation.ValidateOpenAPIDocument(doc); !ok {
		for _, w := range wrong {
			t.Errorf("%s: %s", w.Message, w.Reason)
		}
	}
}

// TestOpenAPIPathsDiffer: paths that differ in the names of parameters alone must not
// be there, says OpenAPI; the schema cannot.
func TestOpenAPIPathsDiffer(t *testing.T) {
	var doc struct{ Paths map[string]json.RawMessage }
	if err := json.Unmarshal(OpenAPI(withExtraFields(t), "/api/v4"), &doc); err != nil {
		t.Fatal(err)
	}
	shapes := map[string]string{}
	name := regexp.MustCompile(`\{[^}]*\}`)
	for path := range doc.Paths {
		shape := strings.ToLower(name.ReplaceAllString(path, "{}"))
		if other := shapes[shape]; other != "" {
			t.Errorf("%s and %s are one path", path, other)
		}
		shapes[shape] = path
	}
}

// TestOperationsAreDescribed names the routes that the OpenAPI document has too
// little about, and operations that share an id.
func TestOperationsAreDescribed(t *testing.T) {
	for _, rt := range append([]route{entrance}, routes...) {
		line := rt.method + " /" + strings.Join(rt.pattern, "/")
		a := rt.about
		if a.id == "" || a.summary == "" {
			t.Errorf("%s: has no id or no summary; add is(…)", line)
		}
		if a.gives == nil {
			t.Errorf("%s: its answer is not described; add gives(…)", line)
		}
		if a.takes == nil && (rt.method == "POST" || rt.method == "PUT") {
			t.Errorf("%s: its body is not described; add takes(…)", line)
		}
		for _, p := range rt.pattern {
			if p == "{}" || p == "{resource}" && a.over == nil {
				t.Errorf("%s: %s has no name, or stands for no resource; add over(…)", line, p)
			}
		}
		for _, name := range a.params {
			if parameters[name] == nil {
				t.Errorf("%s: there is no parameter %s", line, name)
			}
		}
	}
	catalog := withExtraFields(t)
	ids := map[string]string{}
	for _, op := range operations(catalog) {
		line := op.method + " " + op.path
		if other := ids[op.id]; other != "" {
			t.Errorf("%s and %s are both called %s", other, line, op.id)
		}
		ids[op.id] = line
		if op.of != "" && op.res == nil {
			t.Errorf("%s: there is no resource %s", line, op.of)
		}
	}
}

// TestOpenAPIShowsExtraFields: an extra field is in answers and bodies of its
// resource and of no other, and shown as the bare id too.
func TestOpenAPIShowsExtraFields(t *testing.T) {
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]json.RawMessage
				Required   []string
			}
		}
	}
	if err := json.Unmarshal(OpenAPI(withExtraFields(t), "/api/v4"), &doc); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"Accounts": true, "AccountsInput": true, "Contacts": false, "ContactsInput": false} {
		if _, got := doc.Components.Schemas[name].Properties["Z_origin"]; got != want {
			t.Errorf("%s has Z_origin: %t", name, got)
		}
	}
	const origin = `{"anyOf":[{"anyOf":[{"$ref":"#/components/schemas/Reference"},{"format":"int64","type":"integer"}]},{"type":"null"}]}`
	if got := string(doc.Components.Schemas["Accounts"].Properties["Z_origin"]); got != origin {
		t.Errorf("Z_origin is %s", got)
	}
}
