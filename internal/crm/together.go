package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Together are changes of several records that are made all of them or none. It
// belongs to the function that was given it, and to one goroutine.
type Together struct {
	ctx  context.Context
	s    *Service
	tx   *noting
	view *View
}

// Together runs fn in one transaction, and returns once all it has changed is
// durable; after an error nothing is. fn may run more than once, and has to return
// the errors that it gets.
func (s *Service) Together(ctx context.Context, actor Actor, fn func(t *Together) error) (err error) {
	defer fault.Wrap(&err, "crm.Together")
	catalog := s.Catalog()
	var t *Together
	err = s.store.Write(ctx, func(tx Tx) error {
		t = &Together{ctx: ctx, s: s, tx: &noting{Tx: tx}, view: NewView(actor, catalog)}
		return fn(t)
	})
	if err != nil {
		return err
	}
	t.tx.tell(s, catalog)
	return nil
}

// change refuses changes of res that do not go together with others. Declarations of fields take part in
// what records are, and are made by themselves.
func (t *Together) change(res *resource.Resource) error {
	if isDeclaration(res) {
		return fault.New(fault.NotOffered, "%s cannot be changed together with other records", res.Name)
	}
	return permitted(t.view.actor, res)
}

// Catalog returns the resources as they are for all of the transaction.
func (t *Together) Catalog() *resource.Catalog { return t.view.catalog }

// Tx returns the transaction, for packages that keep rows of a kind of their own
// beside the records, as documents are.
func (t *Together) Tx() Tx { return t.tx }

// Create is Service.Create.
func (t *Together) Create(res *resource.Resource, input Input) (id int64, err error) {
	if err := t.change(res); err != nil {
		return 0, err
	}
	c, err := t.s.prepareCreate(t.view.catalog, t.view.actor, res, input)
	if err != nil {
		return 0, err
	}
	rec, err := t.s.compose(t.ctx, t.tx, t.view, res, c)
	if err != nil {
		return 0, err
	}
	if err := t.s.insert(t.ctx, t.tx, t.view, res, rec); err != nil {
		return 0, err
	}
	return rec.ID, t.s.insertNested(t.ctx, t.tx, t.view, c, rec)
}

// Update is Service.Update.
func (t *Together) Update(res *resource.Resource, id int64, input Input) error {
	if err := t.change(res); err != nil {
		return err
	}
	c, err := t.s.prepareUpdate(t.view.catalog, t.view.actor, res, input)
	if err != nil {
		return err
	}
	return t.s.update(t.ctx, t.tx, t.view, res, id, c)
}

// Delete is Service.Delete.
func (t *Together) Delete(res *resource.Resource, id int64) error {
	if err := t.change(res); err != nil {
		return err
	}
	if err := deletable(res); err != nil {
		return err
	}
	return t.s.delete(t.ctx, t.tx, t.view, res, id)
}

// Lock returns a record, which nobody else changes until all is done. It returns
// fault.NotFound when there is none, or the actor does not see it, or it is deleted.
func (t *Together) Lock(res *resource.Resource, id int64) (*resource.Record, error) {
	rec, err := t.view.Lock(t.ctx, t.tx, res, id)
	if err == nil && isDeleted(res, rec) {
		return nil, errNoRecord()
	}
	return rec, err
}

// List returns the first records that satisfy where, at most limit, by id, as they
// are by then. Deleted ones and those that the actor does not see are left out.
func (t *Together) List(res *resource.Resource, where filter.Expr, limit int) ([]*resource.Record, error) {
	var page Page
	q := Query{Resource: res, Where: conjunction(where, existing(res)), Visible: t.view.Of(res), Language: -1, Limit: limit}
	err := t.tx.List(t.ctx, q, &page)
	return page.Rows, err
}
