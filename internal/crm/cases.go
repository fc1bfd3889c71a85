package crm

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/resource"
)

// serviceCase is the rule of cases: one that was closed and is not any more was opened
// again, and stays that.
func serviceCase(_ context.Context, _ *Service, e *edit) error {
	const closed = "closedDate"
	if e.old != nil && !e.old.Values[e.res.Field(closed).Index].IsNull() && e.value(closed).IsNull() {
		*e.value("reopened") = resource.BoolValue(true)
	}
	return nil
}

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
// history, from where it is told to the order's statusUrl, and the order is completed while its status says so. Dates that come
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
	var due resource.Value // when the change is told
	if e.text("statusUrl") != "" {
		due = now
	}
	history := e.view.catalog.Resource("portorderHistory")
	rec := newRecord(history)
	for name, v := range map[string]resource.Value{
		"portOrderId": resource.IntValue(e.old.ID), "status": *e.value("status"), "date": *date,
		fieldDateCreated: now, fieldRepCreated: resource.IntValue(e.view.actor.UserID), "dueAt": due,
	} {
		rec.Values[history.Field(name).Index] = v
	}
	return s.insert(ctx, e.tx, e.view, history, rec)
}

// FetchLease is for how long one process takes it on to fetch the file of a port
// order. When it has not ended by then, the file is fetched again.
const FetchLease = 10 * time.Minute

// portOrderFile is the rule of the files of port orders: one with a URL is due to be
// fetched until it is complete or has failed.
func portOrderFile(_ context.Context, s *Service, e *edit) error {
	now, due := s.Now(), e.value("dueAt")
	switch status := e.text("status"); {
	case e.text("originalUrl") == "", status == resource.PortFileComplete, status == resource.PortFileError:
		*due = resource.Value{}
	case status == resource.PortFileProcessing:
		*due = resource.IntValue(now.Add(FetchLease).UnixMilli())
	case due.IsNull():
		*due = resource.IntValue(now.UnixMilli())
	}
	return nil
}
