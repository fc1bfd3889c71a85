package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// rule is what the records of a resource have to satisfy beyond what their fields
// declare. It is asked within the transaction, before the record is written, and
// may complete e.rec. When it changes another record it does so last, so that a
// refusal leaves nothing behind.
type rule func(ctx context.Context, s *Service, e *edit) error

// edit is a change of one record.
type edit struct {
	tx   Tx
	view *View
	res  *resource.Resource
	old  *resource.Record // nil: the record is new
	rec  *resource.Record // as it will be
}

// ruleOf returns the rule of a resource, nil when it has none. Deletions ask none of
// these, see spare.
func ruleOf(res *resource.Resource) rule {
	switch res.Name {
	case "campaignEntities":
		return campaignEntity
	case "campaignQuestions":
		return campaignQuestion
	case "campaignQuestionAnswers":
		return campaignAnswer
	case "cases":
		return serviceCase
	case "damageNotifications":
		return damageNotification
	case "portorders":
		return portOrder
	case "users":
		return user
	case "portorderFiles":
		return portOrderFile
	}
	return nil
}

// spare refuses a deletion that the workspace could not bear.
func spare(ctx context.Context, tx Tx, res *resource.Resource, rec *resource.Record) error {
	if res.Name == "users" {
		return notTheLast(ctx, tx, res, rec)
	}
	return nil
}

// obey asks the rule of a resource, if it has one.
func (s *Service) obey(ctx context.Context, e *edit) error {
	// A change of the beginning alone goes through: the documented PUT of an event moves
	// it to years after its end [DOC].
	if p := e.res.Period; p != nil && e.changes(p.To) {
		from, to := *e.value(p.From), *e.value(p.To)
		if !from.IsNull() && !to.IsNull() && to.I < from.I {
			return fault.InField(p.To, "%s is before %s", p.To, p.From)
		}
	}
	if r := ruleOf(e.res); r != nil {
		return r(ctx, s, e)
	}
	return nil
}

// obeyed is obey for an update of old: it returns set with what the rule completed.
func (s *Service) obeyed(ctx context.Context, tx Tx, view *View, res *resource.Resource, old *resource.Record, set []Assignment) ([]Assignment, error) {
	if ruleOf(res) == nil && res.Period == nil {
		return set, nil
	}
	before := With(old, set)
	e := &edit{tx: tx, view: view, res: res, old: old, rec: With(old, set)}
	if err := s.obey(ctx, e); err != nil {
		return nil, err
	}
	var completed []Assignment
	for i := range res.Fields {
		if v := e.rec.Values[i]; v != before.Values[i] {
			completed = append(completed, Assignment{&res.Fields[i], v})
		}
	}
	return withDates(set, completed), nil
}

// value returns what the record will have in a field.
func (e *edit) value(field string) *resource.Value { return &e.rec.Values[e.res.Field(field).Index] }

// text is value of a text, "" for null.
func (e *edit) text(field string) string { return e.value(field).S }

// changes reports whether one of these fields gets another value; all of a new
// record do.
func (e *edit) changes(fields ...string) bool {
	for _, name := range fields {
		if e.old == nil || e.old.Values[e.res.Field(name).Index] != *e.value(name) {
			return true
		}
	}
	return false
}

// maxRuled bounds the records that a rule looks at.
const maxRuled = 1000

// records returns the records that satisfy all conditions, by id, whoever may see
// them: what is so does not depend on who asks.
func (e *edit) records(ctx context.Context, res *resource.Resource, where ...filter.Expr) ([]*resource.Record, error) {
	var page Page
	err := e.tx.List(ctx, Query{Resource: res, Where: filter.And(where), Language: -1, Limit: maxRuled}, &page)
	return page.Rows, err
}

// record returns the record that a reference leads to; ok is false when it leads
// nowhere.
func (e *edit) record(ctx context.Context, field string) (rec *resource.Record, ok bool, err error) {
	id := *e.value(field)
	if id.IsNull() {
		return nil, false, nil
	}
	res := e.view.catalog.Resource(e.res.Field(field).Table)
	recs, err := e.records(ctx, res, compare(res, "id", filter.Eq, id))
	if err != nil || len(recs) == 0 {
		return nil, false, err
	}
	return recs[0], true, nil
}

// existing is the condition that a record is not deleted.
func existing(res *resource.Resource) filter.Expr {
	return compare(res, fieldDeleted, filter.Eq, resource.BoolValue(false))
}
