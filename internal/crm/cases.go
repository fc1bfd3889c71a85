package crm

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
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
// merged to it, and its documents with it.
func damageNotification(ctx context.Context, s *Service, e *edit) error {
	state := resource.DamageOpen
	if !e.value("caseId").IsNull() {
		state = resource.DamageMerged
	}
	*e.value("state") = resource.TextValue(state)
	if e.old == nil || !e.changes("caseId") {
		return nil
	}
	return s.takeAlong(ctx, e)
}

// maxAlong is how many documents one transaction takes along with their damage
// notifications.
const maxAlong = 1000

// takeAlong gives the documents of a damage notification its case, or takes them out of
// the one that it is no longer merged to. Deleted ones stay as they are. It takes all or
// refuses: more than maxAlong are fault.Invalid, in caseId.
func (s *Service) takeAlong(ctx context.Context, e *edit) error {
	documents := e.view.catalog.Resource("documents")
	var states []resource.Value // without those of documents that never come
	for _, state := range []string{resource.DocumentPending, resource.DocumentQuarantined, resource.DocumentReady} {
		states = append(states, resource.TextValue(state))
	}
	room := maxAlong - e.view.along
	var page Page
	err := e.tx.List(ctx, Query{Resource: documents, Language: -1, Limit: room + 1, Where: filter.And{
		existing(documents), compare(documents, "state", filter.In, states...),
		compare(documents, "damageNotificationId", filter.Eq, resource.IntValue(e.old.ID)),
	}}, &page)
	if err != nil {
		return err
	}
	if len(page.Rows) > room {
		return fault.InField("caseId", "caseId: at most %d documents go to another case with their damage notifications at once; delete some, or merge fewer in one request", maxAlong)
	}
	e.view.along += len(page.Rows)
	for _, found := range page.Rows {
		// Its contents may be arriving: what it is by then decides whether this is logged.
		doc, err := e.tx.Lock(ctx, documents, found.ID)
		if err != nil {
			return err
		}
		if doc == nil || isDeleted(documents, doc) {
			continue
		}
		if err := s.moveTo(ctx, e, documents, doc); err != nil {
			return err
		}
	}
	return nil
}

// moveTo gives a locked document of a damage notification its case. A document that
// nobody sees yet is not logged.
func (s *Service) moveTo(ctx context.Context, e *edit, documents *resource.Resource, doc *resource.Record) error {
	c := change{set: merged(documents, doc, *e.value("caseId"))}
	if len(c.set) == 0 {
		return nil
	}
	if doc.Values[documents.Field("state").Index].S != resource.DocumentReady {
		_, err := e.tx.Update(ctx, documents, doc.ID, c.set)
		return err
	}
	c.stamp(documents, fieldDateUpdated, resource.IntValue(s.Now().UnixMilli()))
	c.stamp(documents, fieldRepUpdated, resource.IntValue(e.view.actor.UserID))
	return s.apply(ctx, e.tx, e.view, Updated, documents, doc, c.set)
}

// merged is what changes in a document of a damage notification that is merged to a
// case, or with null to none. In a case it is not restricted to anybody, whatever was
// said when it came: "public by default", as the reference of Scalepoint has it, where
// only files that are sent to a case itself can be restricted [DOC scalepoint]. It is
// still seen by those alone who see both the case and the damage notification.
func merged(documents *resource.Resource, doc *resource.Record, into resource.Value) (set []Assignment) {
	put := func(name string, v resource.Value) {
		if f := documents.Field(name); doc.Values[f.Index] != v {
			set = append(set, Assignment{f, v})
		}
	}
	put("caseId", into)
	if !into.IsNull() {
		put("restricted", resource.Value{})
	}
	return set
}

// Accompany completes a document that is about to be inserted: one of a damage
// notification that is merged is one of the case, too. The damage notification is held
// until the transaction ends, so that none is merged meanwhile. documents is the resource
// of doc, catalog a present one.
func Accompany(ctx context.Context, tx Tx, catalog *resource.Catalog, documents *resource.Resource, doc *resource.Record) error {
	of := doc.Values[documents.Field("damageNotificationId").Index]
	if of.IsNull() {
		return nil
	}
	res := catalog.Resource("damageNotifications")
	rec, err := tx.Lock(ctx, res, of.I)
	if err != nil || rec == nil {
		return err
	}
	into := rec.Values[res.Field("caseId").Index]
	if into.IsNull() {
		return nil
	}
	for _, a := range merged(documents, doc, into) {
		doc.Values[a.Field.Index] = a.Value
	}
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
// fetched until it is complete or has failed, on behalf of whoever named the URL.
func portOrderFile(_ context.Context, s *Service, e *edit) error {
	if e.text("originalUrl") != "" && e.changes("originalUrl") {
		*e.value("source") = resource.TextValue(e.view.actor.Dialect + ":" + e.view.actor.Credential)
	}
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
