package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/resource"
)

// damageNotification is the rule of damage notifications: one that names a case is
// merged to it.
func damageNotification(_ context.Context, _ *Service, e *edit) error {
	state := resource.DamageOpen
	if !e.value("caseId").IsNull() {
		state = resource.DamageMerged
	}
	*e.value("state") = resource.TextValue(state)
	return nil
}

// portOrder is the rule of port orders: a new status is dated and goes into the
// history, and the order is completed while its status says so. Dates that come
// with the status stay, as of orders that are taken over from elsewhere.
func portOrder(ctx context.Context, s *Service, e *edit) error {
	if !e.changes("status") {
		return nil
	}
	now := resource.IntValue(s.Now().UnixMilli())
	switch completed := e.value("completedDate"); {
	case e.text("status") != resource.PortOrderCompleted:
		*completed = resource.Value{}
	case completed.IsNull():
		*completed = now
	}
	if e.old == nil {
		return nil
	}
	date := e.value("statusUpdatedAt")
	if !e.changes("statusUpdatedAt") || date.IsNull() {
		*date = now
	}
	history := e.view.catalog.Resource("portorderHistory")
	rec := newRecord(history)
	for name, v := range map[string]resource.Value{
		"portOrderId": resource.IntValue(e.old.ID), "status": *e.value("status"), "date": *date,
		fieldDateCreated: now, fieldRepCreated: resource.IntValue(e.view.actor.UserID),
	} {
		rec.Values[history.Field(name).Index] = v
	}
	return s.insert(ctx, e.tx, e.view, history, rec)
}
