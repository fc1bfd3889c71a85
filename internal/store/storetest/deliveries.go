package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/store"
)

// outbox is what a node of a name sees of the deliveries.
func (w *world) outbox(node string) hook.Store {
	w.Helper()
	s, ok := w.store.(interface{ Deliveries(string) store.Deliveries })
	if !ok {
		w.Fatalf("%T keeps no deliveries", w.store)
	}
	return s.Deliveries(node)
}

func (w *world) held(d hook.Store) hook.Store {
	w.Helper()
	ok, err := d.Hold(w.ctx, time.Hour)
	if w.must(err); !ok {
		w.Fatal("somebody else holds the outbox")
	}
	return d
}

// pending shows the deliveries of a hook: each as its sequence, and whether it is
// ready, waiting or parked.
func (w *world) pending(d hook.Store, id int64) string {
	w.Helper()
	var all []string
	for _, parked := range []bool{false, true} {
		rows, err := d.List(w.ctx, id, parked, 0, 100)
		w.must(err)
		for _, r := range rows {
			all = append(all, fmt.Sprintf("%d%c", r.Sequence, "rwp"[r.State]))
		}
	}
	return strings.Join(all, " ")
}

func (w *world) wantPending(what string, d hook.Store, id int64, want string) {
	w.Helper()
	if got := w.pending(d, id); got != want {
		w.Errorf("%s: %s, want %s", what, got, want)
	}
}

var deliveryStart = time.UnixMilli(1_700_000_000_000).UTC()

// queued puts changes of records into the outbox of hook 1: numbered from 1 on, in
// the order of the records' ids given.
func (w *world) queued(d hook.Store, records ...int64) {
	w.Helper()
	var rows []hook.Delivery
	for i, id := range records {
		rows = append(rows, hook.Delivery{Hook: 1, Sequence: int64(i + 1), Resource: "accounts", Record: id, Queued: deliveryStart})
	}
	w.must(d.Queue(w.ctx, int64(len(records)), rows))
}

// deliveriesInTurn: of one record only the first is ready, whatever becomes of it.
func deliveriesInTurn(w *world) {
	d := w.held(w.outbox("a"))
	w.queued(d, 7, 8, 7, 7)
	w.queued(d, 7, 8, 7, 7) // what was queued already stays as it is
	w.wantPending("new", d, 1, "1r 2r 3w 4w")
	w.must(d.Queue(w.ctx, 2, nil)) // and what was read stays read
	after, _, err := d.Position(w.ctx, nil)
	if w.must(err); after != 4 {
		w.Errorf("read up to %d", after)
	}
	far := deliveryStart.Add(time.Hour)
	rows, err := d.Claim(w.ctx, 1, deliveryStart, far, 10)
	if w.must(err); len(rows) != 2 || rows[0].Sequence != 1 || rows[1].Sequence != 2 || !rows[0].Queued.Equal(deliveryStart) {
		w.Fatalf("claimed %+v", rows)
	}
	if early, err := d.Claim(w.ctx, 1, deliveryStart.Add(-time.Second), far, 10); err != nil || len(early) != 0 {
		w.Errorf("claimed before its time: %+v, %v", early, err)
	}
	if back, err := d.Claim(w.ctx, 1, deliveryStart.Add(-2*time.Hour), deliveryStart.Add(-time.Hour), 1); err != nil || len(back) != 1 {
		w.Errorf("the clock was set back: %+v, %v", back, err)
	}

	later := rows[1]
	later.Attempts, later.Status, later.Failure = 1, 503, "é"
	later.First, later.Next = deliveryStart.Add(time.Second), deliveryStart.Add(time.Minute)
	w.must(d.Settle(w.ctx, 1, []hook.Outcome{{Delivery: rows[0], Over: true}, {Delivery: later}}))
	w.wantPending("one is delivered", d, 1, "2r 3r 4w")
	if got, err := d.List(w.ctx, 1, false, 0, 1); err != nil || len(got) != 1 || got[0] != later {
		w.Errorf("%+v, want %+v, %v", got, later, err)
	}
	next, ok, err := d.Due(w.ctx, 1)
	if w.must(err); !ok || !next.Equal(deliveryStart) {
		w.Errorf("due at %v", next)
	}

	rows, err = d.Claim(w.ctx, 1, deliveryStart, far, 10)
	if w.must(err); len(rows) != 1 || rows[0].Sequence != 3 {
		w.Fatalf("claimed %+v", rows)
	}
	parked := rows[0]
	parked.State, parked.Next = hook.Parked, deliveryStart.Add(24*time.Hour)
	w.must(d.Settle(w.ctx, 1, []hook.Outcome{{Delivery: parked}}))
	w.wantPending("one is parked", d, 1, "2r 4r 3p")
	n, err := d.Retry(w.ctx, 1, 3, deliveryStart.Add(25*time.Hour))
	if w.must(err); n != 1 {
		w.Errorf("%d are tried again", n)
	}
	w.wantPending("it is tried again, and comes after the one that is under way", d, 1, "2r 3w 4r")
	w.must(d.Settle(w.ctx, 1, []hook.Outcome{{Delivery: hook.Delivery{Sequence: 4, Resource: "accounts", Record: 7}, Over: true}}))
	w.wantPending("its turn", d, 1, "2r 3r")

	w.must(d.Keep(w.ctx, func(id int64) bool { return id == 1 }))
	w.wantPending("the hook is kept", d, 1, "2r 3r")
	w.must(d.Keep(w.ctx, func(int64) bool { return false }))
	if _, ok, err := d.Due(w.ctx, 1); err != nil || ok {
		w.Errorf("of a hook that is gone something is due: %v", err)
	}
}

// deliveriesParked: all that are old enough are given up together, and removed when
// nobody has asked for them for long.
func deliveriesParked(w *world) {
	d := w.held(w.outbox("a"))
	w.queued(d, 7, 7, 8)
	day := deliveryStart.Add(24 * time.Hour)
	w.must(d.Queue(w.ctx, 4, []hook.Delivery{{Hook: 1, Sequence: 4, Resource: "accounts", Record: 7, Queued: day}}))
	n, err := d.Park(w.ctx, 1, deliveryStart, day, "it is dead")
	if w.must(err); n != 3 {
		w.Errorf("%d were parked", n)
	}
	w.wantPending("a day later", d, 1, "4r 1p 2p 3p")
	for _, step := range []struct {
		before time.Time
		limit  int
		want   string
	}{{day.Add(-time.Millisecond), 10, "4r 1p 2p 3p"}, {day, 1, "4r 2p 3p"}, {day, 10, "4r"}} {
		before := strings.Count(w.pending(d, 1), "p")
		n, err := d.Expire(w.ctx, step.before, step.limit)
		w.must(err)
		w.wantPending("removed", d, 1, step.want)
		if n != before-strings.Count(step.want, "p") {
			w.Errorf("%d were removed", n)
		}
	}
	if n, err := d.Retry(w.ctx, 1, 0, day); err != nil || n != 0 {
		w.Errorf("%d are tried again, %v", n, err)
	}
}

// deliveriesHeld: where several nodes have the database open, one of them delivers,
// and another takes over only when it has let go or its time is over.
func deliveriesHeld(w *world) {
	a, b := w.held(w.outbox("a")), w.outbox("b")
	w.queued(a, 7)
	ok, err := b.Hold(w.ctx, time.Hour)
	if w.must(err); ok {
		return // one process alone has the database open
	}
	refused := func(what string, d hook.Store) {
		w.Helper()
		_, parking := d.Park(w.ctx, 1, deliveryStart, deliveryStart, "x")
		_, expiring := d.Expire(w.ctx, deliveryStart, 1)
		for call, err := range map[string]error{
			"Queue":  d.Queue(w.ctx, 9, []hook.Delivery{{Hook: 1, Sequence: 9, Resource: "accounts", Record: 9}}),
			"Settle": d.Settle(w.ctx, 1, []hook.Outcome{{Delivery: hook.Delivery{Sequence: 1, Resource: "accounts", Record: 7}, Over: true}}),
			"Keep":   d.Keep(w.ctx, func(int64) bool { return false }),
			"Park":   parking, "Expire": expiring,
		} {
			if fault.KindOf(err) != fault.Conflict {
				w.Errorf("%s, %s: error %v", what, call, err)
			}
		}
		w.wantPending(what, d, 1, "1r")
	}
	refused("never held", b)
	w.held(a) // is told again
	if ok, err = a.Hold(w.ctx, 0); err != nil || !ok {
		w.Errorf("letting go: %v, %v", ok, err)
	}
	refused("let go", a)
	if ok, err = b.Hold(w.ctx, time.Millisecond); err != nil || !ok {
		w.Fatalf("what was let go is not to be had: %v, %v", ok, err)
	}
	for ok = false; !ok; { // until the database finds the time to be over
		if ok, err = a.Hold(w.ctx, time.Hour); err != nil {
			w.Fatal(err)
		}
	}
	refused("its time was over", b)
	w.must(a.Settle(w.ctx, 1, []hook.Outcome{{Delivery: hook.Delivery{Sequence: 1, Resource: "accounts", Record: 7}, Over: true}}))
	w.wantPending("the one that took over", a, 1, "")
}
