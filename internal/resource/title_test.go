package resource_test

import (
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
)

func TestEnglishIsEnglish(t *testing.T) {
	if got := resource.Languages[resource.English]; got != "EN" {
		t.Errorf("Languages[English] = %s", got)
	}
}

func TestTitleOf(t *testing.T) {
	plain, labels := &resource.Resource{}, &resource.Resource{LabelFields: resource.Languages}
	column := func(values map[string]string) []string {
		c := make([]string, len(resource.Languages))
		for l, v := range values {
			c[slices.Index(resource.Languages, l)] = v
		}
		return c
	}
	es := slices.Index(resource.Languages, "ES")
	for _, c := range []struct {
		name     string
		res      *resource.Resource
		columns  []string
		language int
		want     string
	}{
		{"one", plain, []string{"ACME"}, es, "ACME"},
		{"two", plain, []string{"Ana", "Núñez"}, es, "Ana Núñez"},
		{"first empty", plain, []string{"", "Núñez"}, es, "Núñez"},
		{"last empty", plain, []string{"Ana", ""}, es, "Ana"},
		{"middle empty", plain, []string{"Ana", "", "Núñez"}, es, "Ana Núñez"},
		{"all empty", plain, []string{"", ""}, es, ""},
		{"none", plain, nil, es, ""},
		{"language", labels, column(map[string]string{"ES": "Cliente", "EN": "Customer"}), es, "Cliente"},
		{"falls back to English", labels, column(map[string]string{"BR": "Cliente", "EN": "Customer"}), es, "Customer"},
		{"falls back to the first", labels, column(map[string]string{"US": "Client", "DE": "Kunde"}), es, "Kunde"},
		{"no language", labels, column(map[string]string{"BR": "Cliente", "EN": "Customer"}), -1, "Customer"},
		{"unknown language", labels, column(map[string]string{"EN": "Customer"}), 99, "Customer"},
		{"no label", labels, column(nil), es, ""},
	} {
		if got := c.res.TitleOf(c.columns, c.language); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestTitleColumns(t *testing.T) {
	fields := []resource.Field{
		{Name: "id", Kind: resource.Integer},
		{Name: "name", Kind: resource.Text},
		{Name: "on", Kind: resource.Boolean},
		{Name: "price", Kind: resource.Number, Scale: 6},
		{Name: "when", Kind: resource.Instant},
	}
	g, err := resource.New(resource.Resource{Name: "things", Title: []string{"name", "price", "when", "on", "id"}, Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	r := g.Resource("things")
	rec := &resource.Record{ID: 7, Values: []resource.Value{
		resource.IntValue(7), resource.TextValue("Saw"), resource.BoolValue(true), resource.IntValue(1500000), resource.IntValue(0),
	}}
	want := []string{"Saw", "1.5", "1970-01-01T00:00:00Z", "true", "7"}
	if got := r.TitleColumns(rec); !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
	rec.Values[1] = resource.Value{}
	if got := r.TitleOf(r.TitleColumns(rec), 0); got != "1.5 1970-01-01T00:00:00Z true 7" {
		t.Errorf("title without a name: %q", got)
	}
}
