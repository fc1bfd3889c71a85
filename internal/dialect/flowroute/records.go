package flowroute

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
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
func (r row) id() string                     { return strconv.FormatInt(r.rec.ID, 10) }

// maybe is a text, nil for null.
func (r row) maybe(name string) any {
	if v := r.get(name); !v.IsNull() {
		return v.S
	}
	return nil
}

// instant is a time as the vendor writes it, nil for null.
func (r row) instant(name string) any {
	if v := r.get(name); !v.IsNull() {
		return stamp(time.UnixMilli(v.I))
	}
	return nil
}

// stamp is "2018-07-31T21:34:17.576092+00:00" [R].
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }

func (c *call) res(name string) *resource.Resource { return c.ws.Records.Catalog().Resource(name) }

// is is a condition on a field.
func is(res *resource.Resource, field string, op filter.Op, args ...resource.Value) filter.Expr {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: op, Args: args}
}

func alive(res *resource.Resource) filter.Expr {
	return is(res, "deleted", filter.Eq, resource.BoolValue(false))
}

func idString(id int64) string { return strconv.FormatInt(id, 10) }

func idValue(id int64) resource.Value { return resource.IntValue(id) }

// maxParts bounds how many numbers, files or comments of one order are read.
const maxParts = 1000

// parts are the records of a resource that belong to an order, by id.
func (c *call) parts(name string, order int64) ([]row, error) {
	res := c.res(name)
	return c.list(res, filter.And{alive(res), is(res, "portOrderId", filter.Eq, idValue(order))}, maxParts)
}

func (c *call) list(res *resource.Resource, where filter.Expr, limit int) ([]row, error) {
	found, err := c.ws.Records.List(c.r.Context(), c.actor, crm.ListRequest{Resource: res, Base: where, Language: -1, Size: limit})
	if err != nil {
		return nil, err
	}
	return rows(res, found.Rows), nil
}

func rows(res *resource.Resource, recs []*resource.Record) []row {
	all := make([]row, len(recs))
	for i, rec := range recs {
		all[i] = row{res, rec}
	}
	return all
}

// one returns the record with the id in a path. what names it in the 404.
func (c *call) one(name, what, id string) (row, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return row{}, notFound(what)
	}
	res := c.res(name)
	found, err := c.ws.Records.Get(c.r.Context(), c.actor, res, nil, n)
	if err != nil {
		return row{}, err
	}
	if len(found.Rows) == 0 || found.Rows[0].Values[res.Field("deleted").Index].I == 1 {
		return row{}, notFound(what)
	}
	return row{res, found.Rows[0]}, nil
}

func (c *call) order() (row, error) { return c.one("portorders", "port order", c.args[0]) }

// together is crm.Together for the call's client. A record that is gone is a 404.
func (c *call) together(fn func(t *crm.Together) error) error {
	return c.ws.Records.Together(c.r.Context(), c.actor, fn)
}

// locked returns an order that nobody else changes meanwhile.
func locked(t *crm.Together, id int64) (row, error) {
	res := t.Catalog().Resource("portorders")
	rec, err := t.Lock(res, id)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return row{}, notFound("port order")
	}
	return row{res, rec}, err
}

// quote is a text as crm takes it.
func quote(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil {
		return nil // cannot happen: a text
	}
	return raw
}

func number(n int64) json.RawMessage { return strconv.AppendInt(nil, n, 10) }
