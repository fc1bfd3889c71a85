package crm

import (
	"context"
	"slices"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Administrator is the level of users who see everything and may unlock it.
const Administrator = 5

// View is what one actor may see. It is the one place that knows the rule:
//
// A record is seen by administrators; by everyone, when it is public; by its
// owners and its creator; and by users of its permission level or above (no level
// counts as 0) to whom its branch is not closed. A branch is closed to users with
// branch restriction who belong to it neither themselves nor through a role. In
// any case a part (a document, a line of an order) is seen only by those who see
// what it is a part of. Of those, a part that is private is seen by administrators, by
// its own owners and creator, and by the owners of what it is a part of.
//
// To everybody else a record does not exist: it is in no list, has no id that can
// be read, changed or referred to, and a comparison or order through a reference
// to it goes on as if the reference were null. In the records that have it the
// reference is shown as a number without a title.
//
// A View belongs to one goroutine.
type View struct {
	actor   Actor
	catalog *resource.Catalog
	made    map[string]filter.Expr // by resource
	found   map[reference]bool     // records that the actor was found to see
	claimed map[value]bool         // unique values of records that are about to be inserted
	room    map[string]int         // how many more records there may be, by resource that has a limit
	along   int                    // documents that went to another case with their damage notifications
}

// reference names a record.
type reference struct {
	resource string
	id       int64
}

// NewView returns what actor may see of the resources in catalog.
func NewView(actor Actor, catalog *resource.Catalog) *View {
	return &View{actor: actor, catalog: catalog, found: map[reference]bool{}}
}

// Of returns the condition that the records of res satisfy that the actor sees;
// nil when these are all that its table keeps.
func (v *View) Of(res *resource.Resource) filter.Expr {
	return conjunction(partOf(res), v.seen(res))
}

// partOf is the condition that tells the records of res from others that the same
// table keeps; nil when there are none.
func partOf(res *resource.Resource) filter.Expr {
	if res.Base == "" {
		return nil
	}
	return compare(res, res.PartBy, filter.Eq, resource.IntValue(res.Part))
}

// seen is Of without what tells the records of res from others.
func (v *View) seen(res *resource.Resource) filter.Expr {
	if v.actor.Level >= Administrator || res.Access.IsZero() {
		return nil
	}
	if e, ok := v.made[res.Name]; ok {
		return e
	}
	e := conjunction(v.own(res), conjunction(v.private(res), v.within(res)))
	if v.made == nil {
		v.made = map[string]filter.Expr{}
	}
	v.made[res.Name] = e
	return e
}

// Guarded reports whether there may be records of res that somebody does not see.
func Guarded(catalog *resource.Catalog, res *resource.Resource) bool {
	a := &res.Access
	return a.Level != "" || a.Branch != "" || a.EntityID != "" || a.Private != "" ||
		slices.ContainsFunc(a.Within, func(name string) bool { return Guarded(catalog, catalog.Resource(res.Field(name).Table)) })
}

// table is Of by name, as filter.Guard asks.
func (v *View) table(name string) filter.Expr { return v.Of(v.catalog.Resource(name)) }

// offered is the condition on the records that lists of res offer the actor: values
// may be there for the users of some branches only. That is no secret: records that
// have such a value show it to everybody, and it can be read by its id.
func (v *View) offered(res *resource.Resource) filter.Expr {
	name := res.Access.Offered
	if name == "" || v.actor.Level >= Administrator {
		return nil
	}
	open := filter.Or{compare(res, name, filter.IsNull)}
	if len(v.actor.Branches) > 0 {
		open = append(open, compare(res, name, filter.In, idValues(v.actor.Branches)...))
	}
	return open
}

func idValues(ids []int64) []resource.Value {
	values := make([]resource.Value, len(ids))
	for i, id := range ids {
		values[i] = resource.IntValue(id)
	}
	return values
}

// own is the condition on the fields of the record itself: a filter.Or of
// comparisons and of filter.And of comparisons, each of which an index can serve;
// nil when every record satisfies it.
func (v *View) own(res *resource.Resource) filter.Expr {
	open := v.open(res)
	if open == nil {
		return nil
	}
	// What opens most records comes first: the rest is then not asked.
	a := &res.Access
	seen := slices.Clone(open)
	if a.Public != "" {
		seen = append(seen, compare(res, a.Public, filter.Eq, resource.BoolValue(true)))
	}
	user := resource.IntValue(v.actor.UserID)
	for _, name := range owners(res) {
		seen = append(seen, compare(res, name, filter.Eq, user))
	}
	return seen
}

// open returns the alternatives that open a record to a user who has nothing to
// do with it, by level and branch; nil when every record is open.
func (v *View) open(res *resource.Resource) (open filter.Or) {
	a := &res.Access
	if a.Level != "" {
		open = filter.Or{
			compare(res, a.Level, filter.Le, resource.IntValue(int64(v.actor.Level))),
			compare(res, a.Level, filter.IsNull),
		}
	}
	if a.Branch == "" || !v.actor.Restricted {
		return open
	}
	branch := filter.Or{compare(res, a.Branch, filter.IsNull)}
	if len(v.actor.Branches) > 0 {
		branch = append(branch, compare(res, a.Branch, filter.In, idValues(v.actor.Branches)...))
	}
	if open == nil {
		return branch
	}
	var both filter.Or
	for _, level := range open {
		for _, b := range branch {
			both = append(both, filter.And{level, b})
		}
	}
	return both
}

// private is the condition on records that only those see who have to do with them;
// nil when there are none.
func (v *View) private(res *resource.Resource) filter.Expr {
	name := res.Access.Private
	if name == "" {
		return nil
	}
	user := resource.IntValue(v.actor.UserID)
	seen := filter.Or{compare(res, name, filter.IsNull), compare(res, name, filter.Eq, resource.BoolValue(false))}
	for _, owner := range owners(res) {
		seen = append(seen, compare(res, owner, filter.Eq, user))
	}
	for _, part := range res.Access.Within {
		f := res.Field(part)
		whole := v.catalog.Resource(f.Table)
		var owned filter.Or
		for _, owner := range whole.Access.Owners {
			owned = append(owned, compare(whole, owner, filter.Eq, user))
		}
		if owned != nil {
			seen = append(seen, &filter.Through{Field: f, Resource: whole, Expr: owned})
		}
	}
	return seen
}

// within is the condition on what the record is a part of; nil when all of it is
// seen by everyone.
func (v *View) within(res *resource.Resource) (all filter.Expr) {
	for _, name := range res.Access.Within {
		f := res.Field(name)
		whole := v.catalog.Resource(f.Table)
		if seen := v.Of(whole); seen != nil {
			all = conjunction(all, filter.Or{
				compare(res, name, filter.IsNull),
				&filter.Through{Field: f, Resource: whole, Expr: seen},
			})
		}
	}
	if res.Access.EntityID != "" {
		all = conjunction(all, v.entity(res))
	}
	return all
}

// entity is within for a part whose whole is named by two fields.
func (v *View) entity(res *resource.Resource) filter.Expr {
	a := &res.Access
	seen := filter.Or{compare(res, a.EntityID, filter.IsNull)}
	var guarded []resource.Value
	for _, whole := range v.catalog.All() {
		if whole.Access.EntityID != "" || whole.Access.Within != nil {
			continue // parts have no parts
		}
		e := v.Of(whole)
		if e == nil {
			continue
		}
		name := resource.TextValue(resource.Fold(whole.Name))
		guarded = append(guarded, name)
		seen = append(seen, filter.And{
			compare(res, a.Entity, filter.Eq, name),
			&filter.Through{Field: res.Field(a.EntityID), Resource: whole, Expr: e},
		})
	}
	if guarded == nil {
		return nil
	}
	return append(seen, compare(res, a.Entity, filter.NotIn, guarded...), compare(res, a.Entity, filter.IsNull))
}

// Lock reads a record that the actor sees and holds it against other writers. It
// returns fault.NotFound when there is none.
func (v *View) Lock(ctx context.Context, tx Tx, res *resource.Resource, id int64) (*resource.Record, error) {
	rec, err := tx.Lock(ctx, res, id)
	if err != nil {
		return nil, err
	}
	if rec == nil {
		return nil, errNoRecord()
	}
	visible := v.Of(res)
	if visible == nil {
		return rec, nil
	}
	if v.within(res) == nil && v.private(res) == nil { // the record itself says it all
		if !filter.Match(visible, rec, nil) {
			return nil, errNoRecord()
		}
		return rec, nil
	}
	missing, err := tx.Missing(ctx, []Reference{{Resource: res, ID: id}}, v.Of)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, errNoRecord()
	}
	return rec, nil
}

// mayUnlock reports whether the actor may take a record's lock away.
func (v *View) mayUnlock(res *resource.Resource, rec *resource.Record) bool {
	return v.actor.Level >= Administrator || v.owns(res, rec)
}

// owners are the fields that name a record's owners, its creator among them.
func owners(res *resource.Resource) []string {
	if res.Field(fieldRepCreated) == nil {
		return res.Access.Owners
	}
	return append(slices.Clip(res.Access.Owners), fieldRepCreated)
}

// owns reports whether the actor is one of a record's owners.
func (v *View) owns(res *resource.Resource, rec *resource.Record) bool {
	return slices.ContainsFunc(owners(res), func(name string) bool {
		id := rec.Values[res.Field(name).Index]
		return !id.IsNull() && id.I == v.actor.UserID
	})
}

func compare(res *resource.Resource, field string, op filter.Op, args ...resource.Value) *filter.Compare {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: op, Args: args}
}
