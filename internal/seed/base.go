package seed

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// declarations are a registry or a catalog.
type declarations interface {
	Resource(name string) *resource.Resource
}

// Base gives a workspace that is new, or whose schema was changed by a later
// version of the program, what it cannot do without: countries, currencies,
// time zones and the system's own lists under the ids that clients know, one
// branch, and default value lists with labels in every language. It makes no
// users.
//
// Tables that hold something already are left alone, so that a Base that was cut
// off can be run again.
func Base(ctx context.Context, t Target, g *resource.Registry, now time.Time) (err error) {
	defer fault.Wrap(&err, "seed.Base")
	tables, err := Reference(g)
	if err != nil {
		return err
	}
	var b base
	branch, err := firstBranch(g, now.UnixMilli(), &b.errs)
	if err != nil {
		return err
	}
	for _, rows := range append(tables, branch) {
		if err := b.add(ctx, t, rows, now.UnixMilli()); err != nil {
			return err
		}
	}
	for _, l := range valueLists() {
		s := newSheet(g, l.resource, 0, 0, &b.errs)
		l.fill(s, now.UnixMilli())
		if err := b.add(ctx, t, Rows{s.res, s.rows}, now.UnixMilli()); err != nil {
			return err
		}
	}
	if err := joined(b.errs); err != nil || len(b.rows) == 0 {
		return err
	}
	return t.BulkLoad(ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for _, rows := range b.rows {
			if err := insert(rows.Resource, rows.Records...); err != nil {
				return err
			}
		}
		return nil
	})
}

// base collects the rows of the tables that are still empty.
type base struct {
	rows []Rows
	errs []error
}

func (b *base) add(ctx context.Context, t Target, rows Rows, now int64) error {
	if len(b.errs) > 0 {
		return joined(b.errs)
	}
	last, err := lastID(ctx, t, rows.Resource)
	if err != nil || last > 0 {
		return err
	}
	created := rows.Resource.Field("dateCreated")
	for _, rec := range rows.Records {
		if created != nil && rec.Values[created.Index].IsNull() {
			rec.Values[created.Index] = resource.IntValue(now)
		}
	}
	b.rows = append(b.rows, rows)
	return nil
}

// firstBranch is the branch that every workspace has.
func firstBranch(g *resource.Registry, now int64, errs *[]error) (Rows, error) {
	const (
		euro   = 1  // of the currencies
		madrid = 31 // of the time zones: Brussels, Copenhagen, Madrid, Paris [DOC]
	)
	s := newSheet(g, "branches", 0, 0, errs)
	var currency, zone, standard col
	s.refs(columns{"currencyId": &currency, "timeZoneId": &zone})
	s.booleans(columns{"default": &standard})
	if err := joined(*errs); err != nil {
		return Rows{}, err
	}
	s.begin()
	s.stamp(now, 0)
	s.setLabels(label("Main branch|Sucursal principal|Hauptniederlassung|Agence principale|Filiale principale|Sucursal principal|Hovedafdeling|Главный филиал|Filial principal"))
	s.setRef(currency, euro)
	s.setRef(zone, madrid)
	s.setBool(standard, true)
	return Rows{s.res, s.rows}, nil
}
