package resource

import (
	"strings"
	"testing"
)

func declared(t *testing.T) *Registry {
	t.Helper()
	g, err := New(Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every declaration passes the registry's own checks, and can be declared twice
// without the two sharing anything.
func TestDeclaredPassesTheChecks(t *testing.T) {
	a, b := declared(t), declared(t)
	if len(a.All()) == 0 || len(a.All()) != len(b.All()) {
		t.Fatalf("%d and %d resources", len(a.All()), len(b.All()))
	}
	a.Resource("accounts").Fields[1].MaxLength = 7
	if b.Resource("accounts").Fields[1].MaxLength == 7 || declared(t).Resource("accounts").Fields[1].MaxLength == 7 {
		t.Error("two registries share their fields")
	}
}

// Every table has what the service keeps in every table.
func TestDeclaredHaveAudit(t *testing.T) {
	for _, r := range declared(t).All() {
		for name, kind := range map[string]Kind{
			"id": Integer, "deleted": Boolean, "dateCreated": Instant, "dateUpdated": Instant, "dateDeleted": Instant,
			"salesRepIdCreated": BareRef, "salesRepIdUpdated": BareRef, "salesRepIdDeleted": BareRef,
		} {
			f := r.Field(name)
			if f == nil || f.Kind != kind || !f.ReadOnly || f.Name != name {
				t.Errorf("%s.%s: %+v", r.Name, name, f)
			}
		}
		if d := r.Field("deleted"); d != nil && d.Default != BoolValue(false) {
			t.Errorf("%s.deleted is not false by default", r.Name)
		}
	}
}

// An index row of PostgreSQL holds 2.7 KB and a character is up to 4 bytes.
func TestDeclaredIndexesFitEveryDatabase(t *testing.T) {
	const longest = 500 // characters
	for _, r := range declared(t).All() {
		for _, f := range r.Fields {
			if f.Key && (f.MaxLength == 0 || f.MaxLength > longest) {
				t.Errorf("%s.%s is a key of up to %d characters", r.Name, f.Name, f.MaxLength)
			}
		}
		seen := map[string]bool{}
		for _, x := range r.Indexes {
			name := strings.Join(x.Fields, ",")
			if x.Why == "" || seen[name] {
				t.Errorf("%s(%s): no reason, or declared twice", r.Name, name)
			}
			seen[name] = true
			for _, n := range x.Fields {
				if f := r.Field(n); f.Kind == Text && (f.MaxLength == 0 || f.MaxLength > longest) {
					t.Errorf("%s(%s): %s is a text of up to %d characters", r.Name, name, n, f.MaxLength)
				}
			}
		}
	}
}

// A default is a value of its field's kind.
func TestDeclaredDefaults(t *testing.T) {
	for _, r := range declared(t).All() {
		for _, f := range r.Fields {
			want := Int
			if f.Kind == Text || f.Kind == RefList {
				want = Str
			}
			if v := f.Default; !v.IsNull() && v.Type != want {
				t.Errorf("%s.%s: default %+v of a %s", r.Name, f.Name, v, f.Kind)
			}
		}
	}
}

// Whatever other tables show as a title can be found by its title.
func TestDeclaredReferencesHaveTitles(t *testing.T) {
	g := declared(t)
	for _, r := range g.All() {
		for _, f := range r.Fields {
			if f.Kind != Ref {
				continue
			}
			to := g.Resource(f.Table)
			for _, tf := range to.TitleFields() {
				if tf.Kind != Text {
					t.Errorf("%s.%s: the title of %s is made of %s, a %s", r.Name, f.Name, to.Name, tf.Name, tf.Kind)
				}
			}
		}
	}
}
