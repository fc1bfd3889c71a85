package crm

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Input is what a client sent for a record: JSON values by field name, in any
// letter case. Names that are no fields, and fields that are read-only, are
// ignored, as the vendor does [LEGACY].
type Input map[string]json.RawMessage

// The audit fields, which only the service writes. A resource has those that
// make sense for it.
const (
	fieldDeleted     = "deleted"
	fieldDateCreated = "dateCreated"
	fieldDateUpdated = "dateUpdated"
	fieldDateDeleted = "dateDeleted"
	fieldRepCreated  = "salesRepIdCreated"
	fieldRepUpdated  = "salesRepIdUpdated"
	fieldRepDeleted  = "salesRepIdDeleted"
)

// change is a client's input, coerced but not yet looked up.
type change struct {
	set    []Assignment
	titled []titled // references named by title alone
	nested []nested // parts that are created with the record
}

type titled struct {
	at    int // index in set
	table *resource.Resource
	title string
}

// maxSearched bounds the text of an extra field that has an index, in bytes: one of
// PostgreSQL takes entries of up to 2704. A longer one would be refused when it is
// written, and all that is written with it.
const maxSearched = 2600

// prepare coerces input to the fields of res.
func (s *Service) prepare(catalog *resource.Catalog, res *resource.Resource, input Input) (*change, error) {
	c := &change{set: make([]Assignment, 0, len(input)+3)}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		f := res.Field(name)
		if f == nil || f.ReadOnly || f.Internal {
			continue
		}
		got, err := f.Coerce(input[name])
		if err != nil {
			return nil, err
		}
		if f.Extra && f.Key && len(resource.Fold(got.Value.S)) > maxSearched {
			return nil, fault.InField(f.Name, "%s can be searched, and takes at most %d bytes", f.Name, maxSearched)
		}
		if f.Target && s.target != nil && !got.Value.IsNull() {
			if err := s.target(got.Value.S); err != nil {
				return nil, fault.InField(f.Name, "%s: %s", f.Name, fault.Message(err)).Because(err)
			}
		}
		if at := slices.IndexFunc(c.set, func(a Assignment) bool { return a.Field == f }); at >= 0 {
			return nil, fault.InField(f.Name, "%s is given twice, by different names or in different letter case", f.Name)
		}
		if f.Unique {
			got.Value = tidy(got.Value)
		}
		if got.Title != "" {
			c.titled = append(c.titled, titled{len(c.set), catalog.Resource(f.Table), got.Title})
		}
		c.set = append(c.set, Assignment{f, got.Value})
	}
	return c, nil
}

// stamp sets an audit field, if the resource has it.
func (c *change) stamp(res *resource.Resource, name string, v resource.Value) {
	if f := res.Field(name); f != nil {
		c.set = append(c.set, Assignment{f, v})
	}
}

// lookup resolves references by title and checks that the actor sees every
// referenced record, within the transaction that will write them. References that
// old, the record before the change, has already may stay: clients send back what
// they were shown.
func (s *Service) lookup(ctx context.Context, find Finder, view *View, old *resource.Record, c *change) error {
	for _, t := range c.titled {
		ids, err := find.FindTitle(ctx, t.table, view.Of(t.table), t.title, 2)
		if err != nil {
			return err
		}
		field := c.set[t.at].Field.Name
		switch len(ids) {
		case 0:
			return fault.InField(field, "%s: no record of %s is called %q", field, t.table.Name, t.title)
		case 1:
			c.set[t.at].Value = resource.IntValue(ids[0])
		default:
			return fault.InField(field, "%s: several records of %s are called %q; send the id", field, t.table.Name, t.title)
		}
	}
	known := s.titles.Load()
	var refs []Reference
	for _, a := range c.set {
		if old != nil && a.Value == old.Values[a.Field.Index] {
			continue
		}
		ids, err := a.ids()
		if err != nil {
			return err
		}
		if old != nil && a.Field.Kind == resource.RefList {
			had, err := old.Values[a.Field.Index].IDs()
			if err != nil {
				return err
			}
			ids = slices.DeleteFunc(ids, func(id int64) bool { return slices.Contains(had, id) })
		}
		if len(ids) == 0 {
			continue
		}
		table := view.catalog.Resource(a.Field.Table)
		open := view.Of(table) == nil
		for _, id := range ids {
			if view.found[reference{table.Name, id}] || open && known.exist(table.Name, id) {
				continue
			}
			refs = append(refs, Reference{a.Field.Name, table, id})
		}
	}
	if len(refs) == 0 {
		return nil
	}
	missing, err := find.Missing(ctx, refs, view.Of)
	if err != nil {
		return err
	}
	for _, r := range refs {
		view.found[reference{r.Resource.Name, r.ID}] = true
	}
	for _, r := range missing {
		delete(view.found, reference{r.Resource.Name, r.ID})
		if r.ID != noRecord {
			return fault.InField(r.Field, "%s: there is no record %d in %s", r.Field, r.ID, r.Resource.Name)
		}
		c.clear(r.Field)
	}
	return nil
}

// noRecord is an id by which clients say that there is none, as live rows show
// {"id":0,"value":""} [LIVE][CLIENT]. Where a record has this id, as in genre, it
// is that record.
const noRecord = 0

// ids returns the records that the new value refers to.
func (a Assignment) ids() ([]int64, error) {
	switch {
	case a.Value.IsNull() || a.Field.Table == "":
		return nil, nil
	case a.Field.Kind == resource.RefList:
		return a.Value.IDs()
	default:
		return []int64{a.Value.I}, nil
	}
}

// clear takes the id that stands for no record out of a field.
func (c *change) clear(field string) {
	for i := range c.set {
		a := &c.set[i]
		if a.Field.Name != field {
			continue
		}
		if ids, err := a.ids(); err == nil && a.Field.Kind == resource.RefList {
			a.Value = resource.ListValue(slices.DeleteFunc(ids, func(id int64) bool { return id == noRecord }))
		} else {
			a.Value = resource.Value{}
		}
	}
}

// write runs a change of res in a transaction. A declaration is in force when it
// returns, so that its author's next request sees it.
func (s *Service) write(ctx context.Context, res *resource.Resource, fn func(Tx) error) error {
	var tx *noting
	err := s.store.Write(ctx, func(inner Tx) error {
		tx = &noting{Tx: inner}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	tx.tell(s, s.Catalog())
	if !isDeclaration(res) {
		return nil
	}
	if err := s.observe(ctx, -1); err != nil {
		// What was asked for is done; the next read of anything sees it.
		s.log.WarnContext(ctx, "a declaration is not in force yet", "error", err)
	}
	return nil
}

// noting is a transaction that remembers of which resources it has changed records:
// an answer to a question may change an account, too.
type noting struct {
	Tx
	logged []string
}

// Log implements Tx.
func (n *noting) Log(ctx context.Context, changes ...Change) error {
	for _, c := range changes {
		if !slices.Contains(n.logged, c.Resource) {
			n.logged = append(n.logged, c.Resource)
		}
	}
	return n.Tx.Log(ctx, changes...)
}

// tell says of which resources records were changed, once that is durable.
func (n *noting) tell(s *Service, catalog *resource.Catalog) {
	for _, name := range n.logged {
		if res := catalog.Resource(name); res != nil {
			s.changed(res)
		}
	}
}

// Create adds a record and returns its id. Errors: fault.Invalid naming the
// field, fault.Conflict naming the field for a unique value that a record has
// already, fault.NotOffered when the resource does not take new records.
func (s *Service) Create(ctx context.Context, actor Actor, res *resource.Resource, input Input) (id int64, err error) {
	defer fault.Wrap(&err, "crm.Create(%s)", res.Name)
	if err := permitted(actor, res); err != nil {
		return 0, err
	}
	if res, err = s.newest(ctx, actor, res, input); err != nil {
		return 0, err
	}
	catalog := s.CatalogFor(actor)
	c, err := s.prepareCreate(catalog, actor, res, input)
	if err != nil {
		return 0, err
	}
	var rec *resource.Record
	err = s.write(ctx, res, func(tx Tx) error {
		var err error
		view := NewView(actor, catalog)
		if rec, err = s.compose(ctx, tx, view, res, c); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, view, res, rec); err != nil {
			return err
		}
		return s.insertNested(ctx, tx, view, c, rec)
	})
	if err != nil {
		return 0, err
	}
	return rec.ID, nil
}

func (s *Service) prepareCreate(catalog *resource.Catalog, actor Actor, res *resource.Resource, input Input) (*change, error) {
	if res.Ops&resource.CanCreate == 0 {
		return nil, fault.New(fault.NotOffered, "%s cannot be created here", res.Name)
	}
	c, err := s.prepare(catalog, res, input)
	if err != nil {
		return nil, err
	}
	if err := c.requires(res); err != nil {
		return nil, err
	}
	if err := s.prepareNested(catalog, actor, res, input, c); err != nil {
		return nil, err
	}
	c.stamp(res, fieldDateCreated, resource.IntValue(s.Now().UnixMilli()))
	c.stamp(res, fieldRepCreated, resource.IntValue(actor.UserID))
	return c, nil
}

// requires refuses a change that leaves a required field null. An empty text is a
// value: a client creates every contact with an empty lastName [CLIENT]. So is an empty
// list: a user may be of no branch, as answers show with -1 [DOC].
func (c *change) requires(res *resource.Resource) error {
	for _, name := range res.Required {
		f := res.Field(name)
		at := slices.IndexFunc(c.set, func(a Assignment) bool { return a.Field == f })
		byTitle := slices.ContainsFunc(c.titled, func(t titled) bool { return t.at == at })
		if at < 0 || c.set[at].Value.IsNull() && !byTitle {
			return fault.InField(name, "%s is required", name)
		}
	}
	return nil
}

// compose makes the record that a prepared creation stands for.
func (s *Service) compose(ctx context.Context, tx Tx, view *View, res *resource.Resource, c *change) (*resource.Record, error) {
	if err := s.lookup(ctx, tx, view, nil, c); err != nil {
		return nil, err
	}
	if err := c.requires(res); err != nil {
		return nil, err // given by an id that stands for no record
	}
	if err := s.composeNested(ctx, tx, view, c); err != nil {
		return nil, err
	}
	dates, err := s.ending(ctx, view.catalog, res, nil, c.set)
	if err != nil {
		return nil, err
	}
	rec := newRecord(res)
	for _, a := range withDates(c.set, dates) {
		rec.Values[a.Field.Index] = a.Value
	}
	if err := view.claim(ctx, tx, res, 0, c.set); err != nil {
		return nil, err
	}
	if err := s.fillIn(res, rec); err != nil {
		return nil, err
	}
	if err := s.obeyFields(ctx, tx, view, res, nil, rec, c); err != nil {
		return nil, err
	}
	if err := s.obey(ctx, &edit{tx: tx, view: view, res: res, rec: rec}); err != nil {
		return nil, err
	}
	return rec, view.fit(ctx, tx, res)
}

// newRecord returns a record with the defaults of its fields.
func newRecord(res *resource.Resource) *resource.Record {
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for i := range res.Fields {
		rec.Values[i] = res.Fields[i].Default
	}
	return rec
}

// insert writes new records. A new record can only change what is shown when it
// is a declaration: nothing refers to it yet.
func (s *Service) insert(ctx context.Context, tx Tx, view *View, res *resource.Resource, recs ...*resource.Record) error {
	if isDeclaration(res) {
		if err := tx.Advance(ctx); err != nil {
			return err
		}
		if err := tx.Declare(ctx); err != nil {
			return err
		}
		for _, rec := range recs { // each may depend on the one before
			if err := s.declare(ctx, tx, view, res, nil, rec); err != nil {
				return err
			}
			if err := tx.Insert(ctx, res, rec); err != nil {
				return err
			}
		}
	} else if err := tx.Insert(ctx, res, recs...); err != nil {
		return err
	}
	if err := number(ctx, tx, res, recs); err != nil {
		return err
	}
	changes, now := make([]Change, len(recs)), s.Now()
	for i, rec := range recs {
		changes[i] = view.actor.Change(now, Created, res, nil, rec)
	}
	return tx.Log(ctx, changes...)
}

// Update writes the fields that input names and leaves the others alone.
// Errors: fault.NotFound, fault.Invalid naming the field, fault.Conflict for a
// deleted record, and naming the field for a unique value that another record has,
// fault.Forbidden for a locked one. A change that takes the lock
// away, by an administrator or an owner, goes through with all it changes.
func (s *Service) Update(ctx context.Context, actor Actor, res *resource.Resource, id int64, input Input) (err error) {
	defer fault.Wrap(&err, "crm.Update(%s, %d)", res.Name, id)
	if err := permitted(actor, res); err != nil {
		return err
	}
	if res, err = s.newest(ctx, actor, res, input); err != nil {
		return err
	}
	catalog := s.CatalogFor(actor)
	c, err := s.prepareUpdate(catalog, actor, res, input)
	if err != nil {
		return err
	}
	return s.write(ctx, res, func(tx Tx) error { return s.update(ctx, tx, NewView(actor, catalog), res, id, c) })
}

func (s *Service) prepareUpdate(catalog *resource.Catalog, actor Actor, res *resource.Resource, input Input) (*change, error) {
	if res.Ops&resource.CanUpdate == 0 {
		return nil, fault.New(fault.NotOffered, "%s cannot be updated here", res.Name)
	}
	c, err := s.prepare(catalog, res, input)
	if err != nil {
		return nil, err
	}
	if err := c.keeps(); err != nil {
		return nil, err
	}
	if err := refuseNested(res, input); err != nil {
		return nil, err
	}
	c.stamp(res, fieldDateUpdated, resource.IntValue(s.Now().UnixMilli()))
	c.stamp(res, fieldRepUpdated, resource.IntValue(actor.UserID))
	return c, nil
}

func (s *Service) update(ctx context.Context, tx Tx, view *View, res *resource.Resource, id int64, c *change) error {
	rec, err := view.Lock(ctx, tx, res, id)
	if err != nil {
		return err
	}
	if isDeleted(res, rec) {
		return fault.New(fault.Conflict, "the record is deleted")
	}
	if isLocked(res, rec) && !(c.unlocks(res) && view.mayUnlock(res, rec)) {
		return errLocked(res)
	}
	if err := c.fixes(rec); err != nil {
		return err
	}
	if err := s.lookup(ctx, tx, view, rec, c); err != nil {
		return err
	}
	if err := view.claim(ctx, tx, res, id, c.set); err != nil {
		return err
	}
	dates, err := s.ending(ctx, view.catalog, res, rec, c.set)
	if err != nil {
		return err
	}
	set := withDates(c.set, dates)
	after := With(rec, set)
	if err := s.obeyFields(ctx, tx, view, res, rec, after, c); err != nil {
		return err
	}
	if isDeclaration(res) {
		if err := tx.Declare(ctx); err != nil {
			return err
		}
		if err := s.declare(ctx, tx, view, res, rec, after); err != nil {
			return err
		}
		set = differences(res, rec, after)
	}
	if set, err = s.obeyed(ctx, tx, view, res, rec, set); err != nil {
		return err
	}
	if err := s.apply(ctx, tx, view, Updated, res, rec, set); err != nil {
		return err
	}
	if isDeclaration(res) || changesTitle(res, rec, c.set) {
		return tx.Advance(ctx)
	}
	return nil
}

// apply writes a change of a locked record, and logs it.
func (s *Service) apply(ctx context.Context, tx Tx, view *View, kind ChangeKind, res *resource.Resource, rec *resource.Record, set []Assignment) error {
	if _, err := tx.Update(ctx, res, rec.ID, set); err != nil {
		return err
	}
	return tx.Log(ctx, view.actor.Change(s.Now(), kind, res, rec, With(rec, set)))
}

func isDeleted(res *resource.Resource, rec *resource.Record) bool {
	f := res.Field(fieldDeleted)
	return f != nil && rec.Values[f.Index].I == 1
}

// isLocked reports whether a record refuses update and delete.
func isLocked(res *resource.Resource, rec *resource.Record) bool {
	f := res.Field(res.Access.Lock)
	return f != nil && rec.Values[f.Index].I == 1
}

// unlocks reports whether the change takes the record's lock away.
func (c *change) unlocks(res *resource.Resource) bool {
	return slices.ContainsFunc(c.set, func(a Assignment) bool { return a.Field.Name == res.Access.Lock && a.Value.I != 1 })
}

// errLocked is what a change of a locked record answers. The vendor's words are
// not known.
func errLocked(res *resource.Resource) error {
	return fault.New(fault.Forbidden, "the record is locked: its %s is true", res.Access.Lock)
}

// changesTitle reports whether an update changes what references to the record
// show.
func changesTitle(res *resource.Resource, old *resource.Record, set []Assignment) bool {
	for _, f := range res.TitleFields() {
		for _, a := range set {
			if a.Field == f && a.Value != old.Values[f.Index] {
				return true
			}
		}
	}
	return false
}

// Delete marks a record as deleted and keeps it. Deleting it again is
// fault.NotFound, as the vendor does [LEGACY]. dateUpdated stays as it is, as in
// the vendor's answers [DOC]. A locked record is fault.Forbidden.
func (s *Service) Delete(ctx context.Context, actor Actor, res *resource.Resource, id int64) (err error) {
	defer fault.Wrap(&err, "crm.Delete(%s, %d)", res.Name, id)
	if err := permitted(actor, res); err != nil {
		return err
	}
	if err := deletable(res); err != nil {
		return err
	}
	return s.write(ctx, res, func(tx Tx) error { return s.delete(ctx, tx, NewView(actor, s.CatalogFor(actor)), res, id) })
}

func deletable(res *resource.Resource) error {
	if res.Ops&resource.CanDelete == 0 {
		return fault.New(fault.NotOffered, "%s cannot be deleted here", res.Name)
	}
	return nil
}

func (s *Service) delete(ctx context.Context, tx Tx, view *View, res *resource.Resource, id int64) error {
	rec, err := view.Lock(ctx, tx, res, id)
	if err != nil {
		return err
	}
	if isDeleted(res, rec) {
		return errNoRecord()
	}
	if isLocked(res, rec) {
		return errLocked(res)
	}
	if err := spare(ctx, tx, res, rec); err != nil {
		return err
	}
	if isDeclaration(res) {
		if err := tx.Declare(ctx); err != nil {
			return err
		}
		if err := s.withdraw(ctx, res, rec); err != nil {
			return err
		}
	}
	var c change
	c.stamp(res, fieldDeleted, resource.BoolValue(true))
	c.stamp(res, fieldDateDeleted, resource.IntValue(s.Now().UnixMilli()))
	c.stamp(res, fieldRepDeleted, resource.IntValue(view.actor.UserID))
	if err := s.apply(ctx, tx, view, Deleted, res, rec, c.set); err != nil {
		return err
	}
	if isDeclaration(res) {
		return tx.Advance(ctx)
	}
	return nil
}
