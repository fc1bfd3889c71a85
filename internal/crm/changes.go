package crm

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Change is one entry of the workspace's log of changes: what somebody did to one
// record. Entries are written in the transaction of the change and never altered
// or removed.
type Change struct {
	// Sequence grows in the order in which transactions are committed: whoever
	// has read up to one number misses nothing by asking for what is after it.
	// Numbers may be left out. Changes of one record follow each other as they
	// happened.
	Sequence int64

	Time       time.Time // by the clock of the workspace, UTC, in ms
	UserID     int64     // 0 = nobody: the system itself
	Credential string    // public id of the credential; "" = none
	Dialect    string    // through which the request came
	RequestID  string    // as in the log and in the answer's X-Request-Id
	Resource   string    // canonical name
	ID         int64
	Kind       ChangeKind
	Fields     []FieldChange // in the order of Resource.Fields; internal ones and secrets are left out
}

// ChangeKind is what was done to a record.
type ChangeKind uint8

// The kinds of changes. The numbers are in databases.
const (
	Created ChangeKind = 1
	Updated ChangeKind = 2
	Deleted ChangeKind = 3 // marked as such
)

var changeKinds = map[ChangeKind]string{Created: "create", Updated: "update", Deleted: "delete"}

func (k ChangeKind) String() string { return changeKinds[k] }

// FieldChange is what became of one field: of a new record those are named that
// are not null, of others those whose value is another one.
type FieldChange struct {
	Name          string
	Before, After resource.Value
}

// Change returns an entry for what the actor did to a record: before is as it was,
// nil when it is new, and after as it is now.
func (a Actor) Change(at time.Time, kind ChangeKind, res *resource.Resource, before, after *resource.Record) Change {
	c := Change{
		Time: at, UserID: a.UserID, Credential: a.Credential, Dialect: a.Dialect, RequestID: a.RequestID,
		Resource: res.Name, ID: after.ID, Kind: kind,
	}
	was := func(i int) (v resource.Value) {
		if before != nil {
			v = before.Values[i]
		}
		return v
	}
	changed := 0 // at most; a bulk request makes thousands of them
	for i := range res.Fields {
		if after.Values[i] != was(i) {
			changed++
		}
	}
	c.Fields = make([]FieldChange, 0, changed)
	for i := range res.Fields {
		f := &res.Fields[i]
		if i == 0 || f.Secret || f.Internal && !f.Extra { // an extra field is internal to some users only
			continue
		}
		if old, v := was(i), after.Values[i]; v != old {
			c.Fields = append(c.Fields, FieldChange{f.Name, old, v})
		}
	}
	return c
}

// With returns a copy of a record to which set has been applied.
func With(rec *resource.Record, set []Assignment) *resource.Record {
	after := &resource.Record{ID: rec.ID, Version: rec.Version, Values: append([]resource.Value(nil), rec.Values...)}
	for _, a := range set {
		after.Values[a.Field.Index] = a.Value
	}
	return after
}

// MaxChanges is the greatest number of changes that one call returns.
const MaxChanges = 1000

// Changes returns the first changes after a sequence number, at most limit or
// MaxChanges, in their order. There is no visibility in it: it is for the system
// itself and for administrators. What a record was before could be hidden from
// those who see it now.
func (s *Service) Changes(ctx context.Context, after int64, limit int) (_ []Change, err error) {
	defer fault.Wrap(&err, "crm.Changes(%d)", after)
	return s.store.Changes(ctx, after, max(1, min(limit, MaxChanges)))
}

// AuditChanges is Changes for somebody who asks, and who must be an administrator:
// it is fault.Forbidden to others.
func (s *Service) AuditChanges(ctx context.Context, actor Actor, after int64, limit int) (_ []Change, err error) {
	defer fault.Wrap(&err, "crm.AuditChanges(%d)", after)
	if actor.Level < Administrator {
		return nil, fault.New(fault.Forbidden, "only an administrator may read the log of changes")
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	changes, err := s.Changes(ctx, after, limit)
	if err != nil {
		return nil, s.explain(err)
	}
	return changes, nil
}

// History returns the last changes of records of a resource that the actor sees, at
// most limit or MaxChanges, the latest first. It is there for cases alone. What is told
// of a record is all that it ever was, its hidden references included: the caller shows
// what is fit to be shown.
func (s *Service) History(ctx context.Context, actor Actor, res *resource.Resource, ids []int64, limit int) (_ []Change, err error) {
	defer fault.Wrap(&err, "crm.History(%s)", res.Name)
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if ids, err = s.Seen(ctx, actor, res, ids...); err != nil {
		return nil, err
	}
	changes, err := s.store.History(ctx, res, ids, max(1, min(limit, MaxChanges)))
	if err != nil {
		return nil, s.explain(err)
	}
	return changes, nil
}

type requestKey struct{}

// WithRequest tells those who log changes under ctx which request they come from,
// where no Actor was made for it.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf returns the id given to WithRequest, or "".
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}
