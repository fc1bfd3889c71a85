package sage

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/resource"
)

var _ hook.Renderer = (*Dialect)(nil)

// Records implements hook.Renderer: what is delivered is what GET answers, in the
// language of the hook's maker [OFFICIAL].
func (d *Dialect) Records(ctx context.Context, records *crm.Service, actor crm.Actor, name string, ids []int64) (map[int64][]byte, error) {
	s := &session{actor: actor, records: records, catalog: records.Catalog()}
	res, err := s.resource(name)
	if err != nil {
		return nil, err
	}
	rd := d.renderer(s, res, variant{language: int8(actor.Language)})
	got, err := records.Get(ctx, actor, res, rd, ids...)
	if err != nil {
		return nil, err
	}
	rd.finish(got)
	rows := make(map[int64][]byte, len(got.Keys))
	for i, k := range got.Keys {
		rows[k.ID] = rd.rows[i]
	}
	return rows, nil
}

// listDeliveries answers GET /hooks/{id}/deliveries?state=pending|parked&after=N&count=n,
// which is ours and no part of the vendor's API: what is still to be delivered, or
// was given up, oldest first.
func (d *Dialect) listDeliveries(s *session, w http.ResponseWriter, r *request) error {
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	parked := true
	switch state := strings.ToLower(strings.TrimSpace(r.query["state"])); state {
	case "", hook.Parked.String():
	case hook.Ready.String():
		parked = false
	default:
		return fault.InField("state", "state must be pending or parked")
	}
	after, count, err := r.section()
	if err != nil {
		return err
	}
	deliveries, err := s.hooks.List(r.Context(), s.actor, id, parked, after, count)
	if err != nil {
		return err
	}
	rows := make([][]byte, len(deliveries))
	for i := range deliveries {
		rows[i] = appendDelivery(nil, &deliveries[i])
	}
	respondRows(w, rows, 0, false)
	return nil
}

func appendDelivery(dst []byte, v *hook.Delivery) []byte {
	number := func(name string, n int64) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = strconv.AppendInt(dst, n, 10)
	}
	instant := func(name string, t time.Time) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		if t.IsZero() {
			dst = append(dst, "null"...)
			return
		}
		dst = append(resource.AppendInstant(append(dst, '"'), t.UnixMilli()), '"')
	}
	dst = strconv.AppendInt(append(dst, `{"sequence":`...), v.Sequence, 10)
	dst = resource.AppendText(append(dst, `,"resource":`...), v.Resource)
	number("id", v.Record)
	dst = resource.AppendText(append(dst, `,"state":`...), v.State.String())
	instant("queued", v.Queued)
	instant("firstAttempt", v.First)
	next := v.Next
	if v.State != hook.Ready {
		next = time.Time{} // a parked one has none, another waits for its turn
	}
	instant("nextAttempt", next)
	number("attempts", int64(v.Attempts))
	number("status", int64(v.Status))
	dst = resource.AppendText(append(dst, `,"failure":`...), v.Failure)
	return append(dst, '}')
}

// retryDeliveries answers POST /hooks/{id}/deliveries/retry, which is ours: all parked
// deliveries of a hook are tried again, or the one that {"sequence":N} names.
func (d *Dialect) retryDeliveries(s *session, w http.ResponseWriter, r *request) error {
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	sequence := int64(0)
	if raw, named := input["sequence"]; named {
		if sequence, err = strconv.ParseInt(string(raw), 10, 64); err != nil || sequence <= 0 {
			return fault.InField("sequence", "sequence must be that of a delivery; leave it out to try all again")
		}
	}
	n, err := s.hooks.Retry(r.Context(), s.actor, id, sequence)
	if err != nil {
		return err
	}
	if n == 0 && sequence > 0 {
		return fault.New(fault.NotFound, "not exist")
	}
	respond(w, http.StatusOK, append(strconv.AppendInt([]byte(`{"Message":"deliveries are tried again","count":`), int64(n), 10), '}'))
	return nil
}
