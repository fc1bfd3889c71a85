package store

import (
	"context"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// extraIndexName is the name of the index of an extra field. A field that is
// declared anew with values of another type has another index.
func extraIndexName(t *table, f *resource.Field) string {
	typ := "number"
	if columnOf(f) == ColumnText {
		typ = "text"
	}
	return indexName(t.res.Name, f.Slot, typ)
}

// Index implements crm.Tx. The index is over what comparisons and orders write for
// the field, letter by letter: that is how the engines recognise it.
func (x *tx) Index(ctx context.Context, res *resource.Resource, f *resource.Field) (err error) {
	defer fault.Wrap(&err, "store.Index(%s, %s)", res.Name, f.Name)
	t, err := x.s.table(res)
	if err != nil {
		return err
	}
	name := extraIndexName(t, f)
	known := "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = $1"
	if x.s.flavor == PostgreSQL {
		known = "SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = $1"
	}
	there := false
	err = x.c.Query(ctx, known, []Arg{{resource.TextValue(name), ColumnText}}, func(Row) error {
		there = true
		return nil
	})
	if err != nil || there {
		return err
	}
	b := x.s.newBuilder(0)
	b.operand(f, t, "")
	term, _, err := b.done()
	if err != nil {
		return err
	}
	term = ascending(x.s.flavor, "("+term+")")
	if x.s.flavor == PostgreSQL {
		term += ", " + idColumn
	}
	return x.c.Script(ctx, "CREATE INDEX "+quote(name)+" ON "+t.name+" ("+term+")")
}
