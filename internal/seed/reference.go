package seed

import (
	"embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// The tables are text with a tab between cells, so that a change shows in review.
// The first line names the fields; an empty cell is null.
//
//go:embed reference/*.tsv
var referenceFiles embed.FS

// Rows are records of one resource that are inserted with the ids they have.
type Rows struct {
	Resource *resource.Resource
	Records  []*resource.Record
}

// Reference returns what every workspace starts with because the vendor's
// clients rely on its ids: countries, currencies, time zones, and the lists that
// come with the system. Values[0] of a record holds its id as well: the ids of
// genre are 0 and 1 [DOC], so that 0 alone does not mean "none". Fields that the
// tables lack have their defaults. The records are the caller's own.
func Reference(g *resource.Registry) ([]Rows, error) {
	var all []Rows
	for _, name := range []string{"countries", "currencies", "timeZones", "genre", "videoCallProviders"} {
		res := g.Resource(name)
		if res == nil {
			return nil, fmt.Errorf("seed: resource %s is not declared", name)
		}
		text, err := referenceFiles.ReadFile("reference/" + name + ".tsv")
		if err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
		rows, err := parseTable(res, string(text))
		if err != nil {
			return nil, fmt.Errorf("seed: %s.tsv: %w", name, err)
		}
		all = append(all, rows)
	}
	return all, nil
}

// parseTable reads a table of texts and integers.
func parseTable(res *resource.Resource, table string) (Rows, error) {
	header, body, _ := strings.Cut(strings.TrimSuffix(table, "\n"), "\n")
	var fields []*resource.Field
	for name := range strings.SplitSeq(header, "\t") {
		f := res.Field(name)
		if f == nil || f.Name != name || (f.Kind != resource.Text && f.Kind != resource.Integer) {
			return Rows{}, fmt.Errorf("%s has no text or integer named %s", res.Name, name)
		}
		fields = append(fields, f)
	}
	rows := Rows{Resource: res}
	for line := range strings.SplitSeq(body, "\n") {
		cells := strings.Split(line, "\t")
		if len(cells) != len(fields) {
			return Rows{}, fmt.Errorf("%d cells instead of %d: %q", len(cells), len(fields), line)
		}
		rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		for i := range res.Fields {
			rec.Values[i] = res.Fields[i].Default
		}
		for i, f := range fields {
			switch {
			case cells[i] == "":
			case f.Kind == resource.Text:
				rec.Values[f.Index] = resource.TextValue(cells[i])
			default:
				n, err := strconv.ParseInt(cells[i], 10, 64)
				if err != nil {
					return Rows{}, fmt.Errorf("%s: %w", f.Name, err)
				}
				rec.Values[f.Index] = resource.IntValue(n)
			}
		}
		if rec.Values[0].IsNull() {
			return Rows{}, fmt.Errorf("no id: %q", line)
		}
		rec.ID = rec.Values[0].I
		rows.Records = append(rows.Records, rec)
	}
	return rows, nil
}
