package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Operation is what a bulk request does with its items.
type Operation uint8

const (
	BulkCreate Operation = iota
	BulkUpdate
	BulkDelete
)

// Limit is how many items one request may have.
func (op Operation) Limit() int {
	if op == BulkDelete {
		return MaxBulkDelete
	}
	return MaxBulk
}

// Item is one item of a bulk request.
type Item struct {
	ID    int64 // BulkUpdate and BulkDelete
	Input Input // BulkCreate and BulkUpdate
	Err   error // what made the item unreadable, if anything; it is passed on
}

// Outcome is what became of one item. Err has the kinds of Create, Update and
// Delete.
type Outcome struct {
	ID  int64 // of the record; 0 when none was created
	Err error
}

// Bulk does the same to many records and returns the outcome of each item, in
// order. Each item happens whole or not at all, and a bad one does not harm the
// others. More items than op.Limit are fault.Invalid, and nothing
// happens. When the store itself fails the whole request fails, and nothing of
// it has happened.
func (s *Service) Bulk(ctx context.Context, actor Actor, res *resource.Resource, op Operation, items []Item) (_ []Outcome, err error) {
	defer fault.Wrap(&err, "crm.Bulk(%s)", res.Name)
	if err := permitted(actor, res); err != nil {
		return nil, err
	}
	if limit := op.Limit(); len(items) > limit {
		return nil, fault.New(fault.Invalid, "a bulk request takes at most %d items", limit)
	}
	inputs := make([]Input, len(items))
	for i, item := range items {
		inputs[i] = item.Input
	}
	if res, err = s.newest(ctx, actor, res, inputs...); err != nil {
		return nil, err
	}
	catalog := s.CatalogFor(actor)
	prepared := make([]*change, len(items))
	failed := make([]error, len(items)) // before the transaction
	for i, item := range items {
		switch failed[i] = item.Err; {
		case item.Err != nil:
		case op == BulkCreate:
			prepared[i], failed[i] = s.prepareCreate(catalog, actor, res, item.Input)
		case op == BulkUpdate:
			prepared[i], failed[i] = s.prepareUpdate(catalog, actor, res, item.Input)
		default:
			failed[i] = deletable(res)
		}
	}

	var out []Outcome
	err = s.write(ctx, res, func(tx Tx) error {
		view := NewView(actor, catalog)
		out = make([]Outcome, len(items))
		var created []*resource.Record
		var at []int // created[k] is item at[k]
		for i, item := range items {
			out[i] = Outcome{ID: item.ID, Err: failed[i]}
			if failed[i] != nil {
				continue
			}
			var err error
			switch op {
			case BulkCreate:
				var rec *resource.Record
				if rec, err = s.compose(ctx, tx, view, res, prepared[i]); err == nil {
					created, at = append(created, rec), append(at, i)
				}
			case BulkUpdate:
				err = s.update(ctx, tx, view, res, item.ID, prepared[i])
			default:
				err = s.delete(ctx, tx, view, res, item.ID)
			}
			if err != nil && !itemError(err) {
				return err
			}
			out[i].Err = err
		}
		if len(created) == 0 {
			return nil
		}
		if err := s.insert(ctx, tx, view, res, created...); err != nil {
			return err
		}
		for k, rec := range created {
			out[at[k]].ID = rec.ID
			if err := s.insertNested(ctx, tx, view, prepared[at[k]], rec); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// itemError reports whether an error is the fault of one item, found before
// anything of it was written, rather than of the store.
func itemError(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden, fault.NotOffered:
		return true
	}
	return false
}
