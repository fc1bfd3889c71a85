package wolkvox

import (
	"time"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// row is a record with its fields by name.
type row struct {
	res *resource.Resource
	rec *resource.Record
}

func (r row) get(name string) resource.Value { return r.rec.Values[r.res.Field(name).Index] }
func (r row) text(name string) string        { return r.get(name).S }

// date is instant of a field.
func (r row) date(name string) any { return instant(r.get(name)) }

// instant is a time as the vendor writes it, "2023-06-06 12:42:08" [R], in UTC; nil for
// null.
func instant(v resource.Value) any {
	if v.IsNull() {
		return nil
	}
	return time.UnixMilli(v.I).UTC().Format(time.DateTime)
}

// is is a condition on a field of res.
func is(res *resource.Resource, field string, op filter.Op, args ...resource.Value) filter.Expr {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: op, Args: args}
}

// folded is a text as conditions compare it.
func folded(text string) resource.Value { return resource.TextValue(resource.Fold(text)) }
