package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Permitted returns fault.Forbidden when the actor may change no record of res,
// whichever: it is for callers who have to look for the record first.
func Permitted(actor Actor, res *resource.Resource) error { return permitted(actor, res) }

// permitted refuses changes that are for administrators only.
func permitted(actor Actor, res *resource.Resource) error {
	if res.Access.Admin && actor.Level < Administrator {
		return fault.New(fault.Forbidden, "only an administrator may change %s", res.Name)
	}
	return nil
}

// CreateAll adds several records and returns their ids, in order: all of them, or
// with an error none. Errors are those of Create.
func (s *Service) CreateAll(ctx context.Context, actor Actor, res *resource.Resource, inputs ...Input) (ids []int64, err error) {
	defer fault.Wrap(&err, "crm.CreateAll(%s)", res.Name)
	if err := permitted(actor, res); err != nil {
		return nil, err
	}
	if len(inputs) > MaxBulk {
		return nil, fault.New(fault.Invalid, "at most %d records can be created at once; these are %d", MaxBulk, len(inputs))
	}
	if res, err = s.newest(ctx, actor, res, inputs...); err != nil {
		return nil, err
	}
	catalog := s.CatalogFor(actor)
	changes := make([]*change, len(inputs))
	for i, input := range inputs {
		if changes[i], err = s.prepareCreate(catalog, actor, res, input); err != nil {
			return nil, err
		}
	}
	err = s.write(ctx, res, func(tx Tx) error {
		view := NewView(actor, catalog)
		recs := make([]*resource.Record, len(changes))
		for i, c := range changes {
			var err error
			if recs[i], err = s.compose(ctx, tx, view, res, c); err != nil {
				return err
			}
		}
		if err := s.insert(ctx, tx, view, res, recs...); err != nil {
			return err
		}
		ids = ids[:0]
		for i, rec := range recs {
			if err := s.insertNested(ctx, tx, view, changes[i], rec); err != nil {
				return err
			}
			ids = append(ids, rec.ID)
		}
		return nil
	})
	return ids, err
}

// Modify is Update with an input that depends on the record as it is, which
// nobody else changes meanwhile. modify may be called more than once.
func (s *Service) Modify(ctx context.Context, actor Actor, res *resource.Resource, id int64, modify func(old *resource.Record) (Input, error)) (err error) {
	defer fault.Wrap(&err, "crm.Modify(%s, %d)", res.Name, id)
	if err := permitted(actor, res); err != nil {
		return err
	}
	catalog := s.CatalogFor(actor)
	return s.write(ctx, res, func(tx Tx) error {
		view := NewView(actor, catalog)
		old, err := view.Lock(ctx, tx, res, id)
		if err != nil {
			return err
		}
		input, err := modify(old)
		if err != nil {
			return err
		}
		c, err := s.prepareUpdate(catalog, actor, res, input)
		if err != nil {
			return err
		}
		return s.update(ctx, tx, view, res, id, c)
	})
}
