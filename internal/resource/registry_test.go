package resource

import (
	"slices"
	"strings"
	"testing"
)

// world is a small set of resources that New accepts.
func world() []Resource {
	return []Resource{
		{Name: "users", Title: []string{"name"}, Fields: []Field{text("name", 80), integer("id")}},
		{Name: "branches", LabelFields: labelFields(), Fields: append(labels("description", 50, 50, 50), integer("id"))},
		{
			Name: "accounts", Title: []string{"name"}, Required: []string{"name"},
			Fields: []Field{
				ref("ownerId", "users"), ref("branchId", "branches"), text("name", 80), integer("level"),
				boolean("public"), boolean("locked"), integer("id"), text("Zeta", 1), text("alpha", 1),
			},
			Access:  Access{Level: "level", Public: "public", Owners: []string{"ownerId"}, Branch: "branchId", Lock: "locked"},
			Indexes: []Index{by("a reason", "ownerId", "name")},
		},
	}
}

// Fields are id first, then in ASCII order, and know their position.
func TestNewSortsAndFindsFields(t *testing.T) {
	g, err := New(world()...)
	if err != nil {
		t.Fatal(err)
	}
	r := g.Resource("ACCOUNTS")
	if r == nil || g.Resource("nothing") != nil {
		t.Fatal("resources are not found by name in any letter case")
	}
	var names []string
	for i, f := range r.Fields {
		if f.Index != i {
			t.Errorf("%s has index %d at %d", f.Name, f.Index, i)
		}
		names = append(names, f.Name)
	}
	want := "id Zeta alpha branchId level locked name ownerId public"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("fields %s, want %s", got, want)
	}
	if f := r.Field("OWNERID"); f == nil || f.Name != "ownerId" {
		t.Errorf("OWNERID is %+v", f)
	}
}

// A mistake in a declaration is refused at start, with its place.
func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(r *Resource)
		want  string
	}{
		"no id":             {func(r *Resource) { r.Fields = r.Fields[:2] }, "accounts: has no id"},
		"field twice":       {func(r *Resource) { r.Fields = append(r.Fields, text("NAME", 1)) }, "name is declared twice"},
		"resource twice":    {func(r *Resource) { r.Name = "Users" }, "Users is declared twice"},
		"unknown table":     {func(r *Resource) { r.Fields[0].Table = "nobody" }, "ownerId refers to unknown table nobody"},
		"reference to none": {func(r *Resource) { r.Fields[0].Table = "" }, "ownerId names no table"},
		"key of a number":   {func(r *Resource) { r.Fields[3].Key = true }, "level: key, search"},
		"secret key":        {func(r *Resource) { r.Fields[2].Secret, r.Fields[2].ReadOnly, r.Fields[2].Key = true, true, true }, "secrets are read-only"},
		"secret to write":   {func(r *Resource) { r.Fields[2].Secret, r.Fields[2].Key = true, false }, "secrets are read-only"},
		"no title":          {func(r *Resource) { r.Title = nil }, "accounts: no title"},
		"two titles":        {func(r *Resource) { r.LabelFields = labelFields() }, "title fields and label fields"},
		"few labels":        {func(r *Resource) { r.Title, r.LabelFields = nil, []string{"name"} }, "1 label fields for 10"},
		"label no text": {func(r *Resource) {
			r.Title, r.LabelFields = nil, slices.Repeat([]string{"level"}, len(Languages))
		}, "label field level is no text"},
		"unknown title":    {func(r *Resource) { r.Title = []string{"nome"} }, "unknown field nome"},
		"unknown required": {func(r *Resource) { r.Required = []string{"nome"} }, "unknown field nome"},
		"unknown index":    {func(r *Resource) { r.Indexes[0].Fields = []string{"nome"} }, "unknown field nome"},
		"unknown owner":    {func(r *Resource) { r.Access.Owners = []string{"nobody"} }, "access names nobody"},
		"owner no user":    {func(r *Resource) { r.Access.Owners = []string{"branchId"} }, "access names branchId"},
		"level no number":  {func(r *Resource) { r.Access.Level = "name" }, "access names name"},
		"branch no branch": {func(r *Resource) { r.Access.Branch = "ownerId" }, "access names ownerId"},
		"lock no boolean":  {func(r *Resource) { r.Access.Lock = "level" }, "access names level"},
	} {
		all := world()
		c.spoil(&all[2])
		if _, err := New(all...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

// Extra fields come after a resource's own, in a catalog of their own; a clash
// is refused.
func TestCatalogWithExtraFields(t *testing.T) {
	g, err := New(world()...)
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.With(7, map[string][]Field{"accounts": {text("Z_Color", 20)}})
	if err != nil {
		t.Fatal(err)
	}
	f := c.Resource("Accounts").Field("z_color")
	if f == nil || !f.Extra || f.Index != len(g.Resource("accounts").Fields) || c.Generation != 7 {
		t.Errorf("the catalog of generation %d has %+v", c.Generation, f)
	}
	if g.Resource("accounts").Field("Z_Color") != nil || c.Resource("users") != g.Resource("users") {
		t.Error("the registry changed, or a resource without extra fields was copied")
	}
	if _, err := g.With(8, map[string][]Field{"accounts": {text("Name", 20)}}); err == nil {
		t.Error("an extra field hides a declared one")
	}
}
