package seed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Desk gives a workspace what the dialects other than Sage's work on: cases and damage
// notifications, opportunities with transaction numbers, port orders, and documents of
// theirs, each in the states that they can be in. Demo does so itself; this is for
// workspaces that Demo of an earlier version has filled. One that has any of these
// records stays as it is, as does one without an active administrator or whose value
// lists were emptied: there is nothing that the records could be made of then.
func Desk(ctx context.Context, t Target, cat *resource.Catalog, docs Documents, now time.Time) (err error) {
	defer fault.Wrap(&err, "seed.Desk")
	for _, name := range []string{"cases", "damageNotifications", "portorderGroups", "portorders", "portorderNumbers"} {
		if last, err := lastID(ctx, t, cat.Resource(name)); err != nil || last > 0 {
			return err
		}
	}
	d, err := newDesk(ctx, t, cat, now)
	if err != nil {
		return err
	}
	known := false
	for _, name := range []string{"users", "accounts", "contacts", "opportunities"} {
		res := cat.Resource(name)
		err := each(ctx, t, res, func(rec *resource.Record) {
			d.note(res, rec)
			known = known || name == "opportunities" && !rec.Values[res.Field("transNumber").Index].IsNull()
		})
		if err != nil {
			return err
		}
	}
	if d.lastDeal, err = lastID(ctx, t, cat.Resource("opportunities")); err != nil || known || !d.ready() {
		return err
	}
	if err := t.BulkLoad(ctx, d.load); err != nil {
		return err
	}
	files, err := d.documents()
	if err != nil {
		return err
	}
	return docs.Put(ctx, files)
}

// desk makes the records.
type desk struct {
	cat  declarations
	time timeline

	caseTypes, caseStatuses, stages []listed

	admin    int64   // an active user of level 5
	users    []int64 // all that are active
	accounts []customerAccount
	contacts map[int64]int64 // one of an account
	lastDeal int64

	first map[string]int64 // id of the first record made, by resource
	bills map[string]int64 // files of port orders whose contents are there, by name
}

// listed is a value of a list.
type listed struct {
	id          int64
	name        string // in English
	ends        bool   // a record with it is closed
	probability int64
}

type customerAccount struct{ id, owner, branch int64 }

// newDesk reads the value lists.
func newDesk(ctx context.Context, t Target, cat declarations, now time.Time) (*desk, error) {
	d := &desk{cat: cat, time: newTimeline(now, 1, 1), contacts: map[int64]int64{}, first: map[string]int64{}, bills: map[string]int64{}}
	for name, l := range map[string]struct {
		to        *[]listed
		ends, per string
	}{
		"caseTypes":           {to: &d.caseTypes},
		"caseStatuses":        {to: &d.caseStatuses, ends: "closed"},
		"opportunityStatuses": {to: &d.stages, ends: "endStatus", per: "salesProbability"},
	} {
		res := cat.Resource(name)
		err := each(ctx, t, res, func(rec *resource.Record) {
			v := listed{id: rec.ID, name: rec.Values[res.Field("descriptionEN").Index].S}
			if l.ends != "" {
				v.ends = rec.Values[res.Field(l.ends).Index].I != 0
			}
			if l.per != "" {
				v.probability = rec.Values[res.Field(l.per).Index].I
			}
			*l.to = append(*l.to, v)
		})
		if err != nil {
			return nil, err
		}
	}
	return d, nil
}

// note keeps of a record what others are going to be made of.
func (d *desk) note(res *resource.Resource, rec *resource.Record) {
	at := func(name string) int64 { return rec.Values[res.Field(name).Index].I }
	if res.Name == "opportunities" {
		d.lastDeal = max(d.lastDeal, rec.ID)
	}
	switch {
	case !slices.Contains([]string{"users", "accounts", "contacts"}, res.Name) || at("deleted") != 0:
	case res.Name == "users" && at("isActive") != 0:
		d.users = append(d.users, rec.ID)
		if d.admin == 0 && at("level") == 5 {
			d.admin = rec.ID
		}
	case res.Name == "accounts":
		d.accounts = append(d.accounts, customerAccount{rec.ID, at("salesRepId1"), at("branchId")})
	case res.Name == "contacts" && d.contacts[at("accountId")] == 0:
		d.contacts[at("accountId")] = rec.ID
	}
}

// ready reports whether there is what the records are made of.
func (d *desk) ready() bool {
	closed := func(l listed) bool { return l.ends }
	open := func(l listed) bool { return !l.ends }
	return d.admin != 0 && len(d.accounts) > 0 && len(d.caseTypes) > 0 && slices.ContainsFunc(d.stages, open) &&
		slices.ContainsFunc(d.caseStatuses, open) && slices.ContainsFunc(d.caseStatuses, closed)
}

// named returns the value with a name, or else one that ends as much.
func named(list []listed, name string, ends bool) listed {
	i := slices.IndexFunc(list, func(l listed) bool { return l.name == name && l.ends == ends })
	if i < 0 {
		i = slices.IndexFunc(list, func(l listed) bool { return l.ends == ends })
	}
	return list[i]
}

// customer is the account at a place among all, or the next that has a contact and an
// owner who is active.
func (d *desk) customer(at int) customerAccount {
	for i := range d.accounts {
		a := d.accounts[(at+i)%len(d.accounts)]
		if d.contacts[a.id] != 0 && slices.Contains(d.users, a.owner) {
			return a
		}
	}
	a := d.accounts[at%len(d.accounts)]
	a.owner = d.admin
	return a
}

// ago is a time in office hours.
func (d *desk) ago(days int) int64 { return d.time.office(d.time.now - int64(days)*msDay) }

// load makes all records.
func (d *desk) load(insert insert) error {
	var errs []error
	sheets := slices.Concat(d.makeDeals(&errs), d.makeCases(&errs), d.makePortOrders(&errs))
	if err := joined(errs); err != nil {
		return err
	}
	for _, s := range sheets {
		d.first[s.res.Name] = s.first
		if err := s.flush(insert); err != nil {
			return err
		}
	}
	return nil
}

// row is a record that was written by hand, its values by field. Empty texts, zero
// references and zero instants are none.
type row map[string]any

// decimal is a number in units of 10^-digits.
type decimal struct {
	units  int64
	digits int
}

// add writes a row and returns its id.
func (s *sheet) add(created, user int64, values row) int64 {
	id := s.begin()
	s.stamp(created, user)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s.set(name, values[name])
	}
	return id
}

func (s *sheet) set(name string, v any) {
	f := s.res.Field(name)
	if f == nil {
		s.fail("has no field %s", name)
		return
	}
	c, wrong := col(f.Index), false
	switch v := v.(type) {
	case string:
		if wrong = f.Kind != resource.Text; v != "" {
			s.setText(c, v)
		}
	case bool:
		wrong = f.Kind != resource.Boolean
		s.setBool(c, v)
	case decimal:
		wrong = f.Kind != resource.Number
		s.setDecimal(c, v.units, v.digits)
	case int64:
		if wrong = !f.Kind.IsRef() && f.Kind != resource.Instant && f.Kind != resource.Integer; v != 0 || f.Kind == resource.Integer {
			s.setInt(c, v)
		}
	default:
		wrong = true
	}
	if wrong {
		s.fail("field %s takes no %s", name, fmt.Sprintf("%T", v))
	}
}
