package store

import (
	"fmt"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// columns says how each kind of field is kept: one row per kind.
var columns = [...]struct {
	column     ColumnType
	sqlite     string
	postgreSQL string
}{
	resource.Text:    {ColumnText, "TEXT", `text COLLATE "C"`},
	resource.Integer: {ColumnInteger, "INTEGER", "bigint"},
	resource.Number:  {ColumnNumber, "INTEGER", "bigint"},
	resource.Boolean: {ColumnBoolean, "INTEGER", "boolean"},
	resource.Instant: {ColumnInstant, "INTEGER", "timestamptz"},
	resource.Ref:     {ColumnInteger, "INTEGER", "bigint"},
	resource.BareRef: {ColumnInteger, "INTEGER", "bigint"},
	resource.RefList: {ColumnText, "TEXT", `text COLLATE "C"`},
}

// The store's own columns and tables. No field and no resource may have these
// names; they begin with an underscore, which no vendor's names do.
const (
	idColumn      = `"id"`
	versionColumn = `"_version"`
	extraColumn   = `"_extra"`
	metaTable     = `"_meta"`

	keySuffix     = "_key"      // of the folded copy of a text column
	trigramSuffix = "_trigrams" // of SQLite's trigram table of a resource
	pendingSuffix = "_pending"  // of the table of rows that it does not know yet

	// maxName is how many bytes PostgreSQL keeps of an identifier.
	maxName = 63
)

// generation is the scalar that every read reports.
const generation = `(SELECT "generation" FROM "_meta")`

// table is how a resource is kept. It knows the declared fields only: the extra
// fields of a workspace have no columns.
type table struct {
	res     *resource.Resource
	name    string            // quoted
	fields  []string          // quoted columns, by Field.Index
	keys    []string          // quoted columns of the folded copies, by Field.Index; "" = none
	search  []*resource.Field // fields with a trigram index
	unique  []*resource.Field // fields whose values are of one record each
	guards  []guardIndex
	guarded bool              // not everybody sees every record
	brief   []*resource.Field // what SQLite's index of ids holds beside id and version
	tails   [][2]int          // Field.Index of fields with TailOf, and of what they are the tail of
	insert  insertPlan

	// sources, when there are any, are where the rows come from: tables of nothing
	// but a name, each for one of res.Sources in their order. Ids in them are those
	// of the records.
	sources []*table
}

// quote makes an identifier of any name. Letter case is kept.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func newTable(res *resource.Resource) (*table, error) {
	t := &table{
		res:    res,
		name:   quote(res.Name),
		fields: make([]string, len(res.Fields)),
		keys:   make([]string, len(res.Fields)),
		guards: guardIndexes(res),
	}
	if f := res.Field("dateUpdated"); f != nil {
		t.brief = append(t.brief, f)
	}
	for _, x := range guards(res) {
		t.guarded = true
		t.brief = append(t.brief, x.field)
	}
	taken := map[string]string{}
	take := func(column, owner string) error {
		folded := strings.ToLower(column)
		if other, ok := taken[folded]; ok {
			return fmt.Errorf("resource %s: column %s of field %s is taken by %s", res.Name, column, owner, other)
		}
		if len(column) > maxName {
			return fmt.Errorf("resource %s: column name %s is longer than %d bytes", res.Name, column, maxName)
		}
		taken[folded] = owner
		return nil
	}
	if len(res.Name)+len(trigramSuffix) > maxName || strings.HasPrefix(res.Name, "_") {
		return nil, fmt.Errorf("resource %s: not a name for a table", res.Name)
	}
	for i := range res.Fields {
		f := &res.Fields[i]
		if strings.HasPrefix(f.Name, "_") {
			return nil, fmt.Errorf("resource %s: not a name for a column: %s", res.Name, f.Name)
		}
		if err := take(f.Name, f.Name); err != nil {
			return nil, err
		}
		t.fields[i] = quote(f.Name)
		if f.Key || f.Search || f.Unique {
			t.keys[i] = quote(f.Name + keySuffix)
		}
		if f.Search {
			t.search = append(t.search, f)
		}
		if f.Unique {
			t.unique = append(t.unique, f)
		}
		if f.TailOf != "" {
			t.tails = append(t.tails, [2]int{i, res.Field(f.TailOf).Index})
		}
	}
	// An index over a text field is of use only when comparisons use it, and
	// those are without regard to letter case.
	for _, x := range res.Indexes {
		for _, name := range x.Fields {
			if f := res.Field(name); f.Kind == resource.Text {
				t.keys[f.Index] = quote(f.Name + keySuffix)
			}
		}
	}
	for i, key := range t.keys {
		if key == "" {
			continue
		}
		name := res.Fields[i].Name
		if err := take(name+keySuffix, "the folded copy of "+name); err != nil {
			return nil, err
		}
	}
	for _, f := range res.TitleFields() {
		switch f.Kind {
		case resource.Text, resource.Integer, resource.Ref, resource.BareRef:
		default:
			return nil, fmt.Errorf("resource %s: a title cannot be made of field %s, a %s", res.Name, f.Name, f.Kind)
		}
	}
	return t, nil
}

// key returns the column with the folded copy of f, or "".
func (t *table) key(f *resource.Field) string {
	if f.Extra {
		return ""
	}
	return t.keys[f.Index]
}
