package crm

import (
	"context"
	"slices"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// user is the rule of users.
//
// To disable one ends all sessions for good, so that who is let in again has to log in
// again. They are counted rather than dated: the clock of a workspace can be set back,
// and tokens know whole seconds only. Deleted users never come back.
//
// People log in with their e-mail address, so that no two users have the same; one that
// is deleted leaves it free. The documents do not say either.
func user(ctx context.Context, _ *Service, e *edit) error {
	if e.old != nil && e.changes("isActive") && e.value("isActive").I == 0 {
		*e.value("sessionsEnded") = resource.IntValue(e.value("sessionsEnded").I + 1)
	}
	if e.old != nil && e.changes("isActive", "level") && !isAdministrator(e.res, e.rec) {
		if err := notTheLast(ctx, e.tx, e.res, e.old); err != nil {
			return err
		}
	}
	email := resource.Fold(e.text("email"))
	if !e.changes("email") || email == "" {
		return nil
	}
	if err := e.tx.Declare(ctx); err != nil { // nobody takes the address meanwhile
		return err
	}
	same, err := e.records(ctx, e.res, existing(e.res), compare(e.res, "email", filter.Eq, resource.TextValue(email)))
	if err != nil {
		return err
	}
	taken := slices.ContainsFunc(same, func(r *resource.Record) bool { return e.old == nil || r.ID != e.old.ID })
	if taken || e.old == nil && !e.view.first(value{e.res.Name, "email", email}) {
		return errTaken(e.res, e.res.Field("email"))
	}
	return nil
}

// isAdministrator reports whether a user can log in and change everything.
func isAdministrator(res *resource.Resource, rec *resource.Record) bool {
	return rec.Values[res.Field("level").Index].I >= Administrator &&
		rec.Values[res.Field("isActive").Index].I != 0 && !isDeleted(res, rec)
}

// notTheLast refuses to take away the last user who could give anybody rights again.
func notTheLast(ctx context.Context, tx Tx, users *resource.Resource, old *resource.Record) error {
	if !isAdministrator(users, old) {
		return nil
	}
	if err := tx.Declare(ctx); err != nil { // two do not take the rights of each other
		return err
	}
	var others Page
	err := tx.List(ctx, Query{
		Resource: users,
		Where: filter.And{
			existing(users),
			compare(users, "level", filter.Ge, resource.IntValue(Administrator)),
			compare(users, "isActive", filter.Eq, resource.BoolValue(true)),
			compare(users, "id", filter.Ne, resource.IntValue(old.ID)),
		},
		Language: -1,
		Limit:    1,
	}, &others)
	if err == nil && len(others.Keys) == 0 {
		err = fault.New(fault.Conflict, "this is the last active administrator of the workspace; make another one first")
	}
	return err
}
