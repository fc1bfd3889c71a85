package crm

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// PointsID is the id of the one record of activityPoints.
const PointsID = 1

// Score is what a user has earned within the interval of the activity points.
type Score struct {
	UserID int64
	Points int64
	Sales  int64 // scaled as money
}

// Scores computes the scores of count users, after the first skip, in the order of
// their ids; deleted users have none. Points count what was done on the last
// IntervalDays days and today (UTC); what they are given for is in the record of
// activityPoints [DOC]. Everybody's deeds count, whoever asks. It returns the time
// they were computed at.
//
// A deed is internal when it is linked to no account, no contact and no
// opportunity. With ScoringPerEnvironment the users are those of the asker's
// branches. Both are our reading: the documents leave it open.
func (s *Service) Scores(ctx context.Context, actor Actor, skip, count int) (_ []Score, at time.Time, err error) {
	defer fault.Wrap(&err, "crm.Scores")
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	at = s.Now()
	points, err := s.one(ctx, "activityPoints", PointsID)
	if err != nil {
		return nil, at, err
	}
	users := s.registry.Resource("users")
	base := filter.And{compare(users, fieldDeleted, filter.Eq, resource.BoolValue(false))}
	if points("ScoringPerEnvironment").I != 0 {
		asker, err := s.one(ctx, "users", actor.UserID)
		if err != nil {
			return nil, at, err
		}
		branches, err := asker("branches").IDs()
		if err != nil {
			return nil, at, err
		}
		base = append(base, among(users, branches, "branches"))
	}
	var page Page
	page.Known = func(Key, int64) bool { return true } // the ids will do
	if err := s.store.List(ctx, Query{Resource: users, Where: base, Language: -1, Limit: count, Offset: skip}, &page); err != nil {
		return nil, at, s.explain(err)
	}
	scores := make([]Score, len(page.Keys))
	ids := make([]int64, len(page.Keys))
	for i, k := range page.Keys {
		scores[i].UserID, ids[i] = k.ID, k.ID
	}
	if len(ids) == 0 {
		return scores, at, nil
	}
	days := time.Duration(max(points("IntervalDays").I, 0)) * 24 * time.Hour
	t := &tally{ctx: ctx, s: s, users: ids, scores: scores, from: at.Truncate(24 * time.Hour).Add(-days).UnixMilli(), to: at.UnixMilli()}
	for _, d := range deeds {
		t.add(d, points(d.points).I, points(d.insteadOf).I)
	}
	if n := points("SalesInput").I; n >= 0 && n < int64(len(salesInputs)) {
		t.sell(salesInputs[n])
	}
	return scores, at, s.explain(t.err)
}

// deed is something that earns points.
type deed struct {
	points    string // field of activityPoints
	insteadOf string // points that another deed gives for the same record, which this one replaces
	resource  string
	date      string
	where     string // in the language of requests
	minutes   bool   // points are for each minute of duration
}

const internalOnly = "accountId IS NULL AND contactId IS NULL AND opportunityId IS NULL"

var deeds = []deed{
	{points: "PointsPerActivity", resource: "activities", date: "date"},
	{points: "PointsPerVisit", insteadOf: "PointsPerActivity", resource: "activities", date: "date", where: "typeId.visit=true"},
	{points: "PointsPerCheckin", resource: "activities", date: "date", where: "checkin=true"},
	{points: "PointsPerFastCheckin", insteadOf: "PointsPerCheckin", resource: "activities", date: "date", where: "checkin=true AND typeId.fastCheckin=true"},
	{points: "PointsPerEmail", resource: "emails", date: "date"},
	{points: "PointsPerInternalEmail", insteadOf: "PointsPerEmail", resource: "emails", date: "date", where: internalOnly},
	{points: "PointsPerPhoneCallMinute", resource: "calls", date: "startDate", minutes: true},
	{points: "PointsPerInternalPhoneCallMinute", insteadOf: "PointsPerPhoneCallMinute", resource: "calls", date: "startDate", where: internalOnly, minutes: true},
	{points: "PointsPerOpportunity", resource: "opportunities", date: "wonDate"},
	{points: "PointsPerSalesOrder", resource: "salesorders", date: "closedDate", where: "statusId.won=true"},
}

// salesInputs are where sales come from, by SalesInput [DOC]. Of 0 the vendor says
// "a customised view", which here are the records of sales; of 2 "won quotes",
// which do not exist here.
var salesInputs = []deed{
	{resource: "sales", date: "date"},
	{resource: "opportunities", date: "wonDate"},
	{},
	{resource: "salesorders", date: "closedDate", where: "statusId.won=true"},
}

// tally adds up the scores of some users. The first error stops it.
type tally struct {
	ctx      context.Context
	s        *Service
	users    []int64
	scores   []Score
	from, to int64
	err      error
}

func (t *tally) add(d deed, worth, instead int64) {
	worth -= instead
	if worth == 0 {
		return
	}
	sum := ""
	if d.minutes {
		sum = "duration"
	}
	totals := t.totals(d, sum)
	for i := range t.scores {
		n := totals[t.scores[i].UserID]
		if d.minutes {
			n.Count = n.Sum / 60
		}
		t.scores[i].Points += n.Count * worth
	}
}

func (t *tally) sell(d deed) {
	if d.resource == "" {
		return
	}
	totals := t.totals(d, "total")
	for i := range t.scores {
		t.scores[i].Sales = totals[t.scores[i].UserID].Sum
	}
}

func (t *tally) totals(d deed, sum string) map[int64]Total {
	if t.err != nil {
		return nil
	}
	catalog := t.s.Catalog()
	res := catalog.Resource(d.resource)
	where, err := filter.Where(catalog, res, d.where)
	if err != nil {
		t.err = err
		return nil
	}
	all := filter.And{
		among(res, t.users, "salesRepId"),
		compare(res, d.date, filter.Ge, resource.IntValue(t.from)),
		compare(res, d.date, filter.Le, resource.IntValue(t.to)),
		compare(res, fieldDeleted, filter.Eq, resource.BoolValue(false)),
	}
	if where != nil {
		all = append(all, where)
	}
	totals, err := t.s.store.Tally(t.ctx, res, all, res.Field("salesRepId"), res.Field(sum))
	t.err = err
	return totals
}

// one reads one record; of one that is not there every field is null.
func (s *Service) one(ctx context.Context, name string, id int64) (func(field string) resource.Value, error) {
	res := s.registry.Resource(name)
	var page Page
	if err := s.store.Load(ctx, res, []int64{id}, &page); err != nil {
		return nil, s.explain(err)
	}
	return func(field string) (v resource.Value) {
		if f := res.Field(field); f != nil && len(page.Rows) == 1 {
			v = page.Rows[0].Values[f.Index]
		}
		return v
	}, nil
}

// among is the condition that a field is, or a list has, one of ids.
func among(res *resource.Resource, ids []int64, field string) filter.Expr {
	if len(ids) == 0 {
		return filter.Never{}
	}
	args := make([]resource.Value, len(ids))
	for i, id := range ids {
		args[i] = resource.IntValue(id)
	}
	return compare(res, field, filter.In, args...)
}
