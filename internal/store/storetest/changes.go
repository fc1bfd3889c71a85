package storetest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

func changeLog(w *world) {
	at := time.UnixMilli(1_700_000_000_123).UTC()
	want := []crm.Change{
		{Sequence: 1, Time: at, UserID: 7, Credential: "key", Dialect: "sage", RequestID: "r1", Resource: "accounts", ID: 1, Kind: crm.Created, Fields: []crm.FieldChange{
			{Name: "name", After: str("a \"q\" \\ \n ñ 😀\u2028")}, {Name: "total", After: number(1<<63 - 1)},
		}},
		{Sequence: 2, Time: at, Resource: "users", ID: 5, Kind: crm.Updated, Fields: []crm.FieldChange{
			{Name: "name", Before: str("null"), After: str("")}, {Name: "deleted", Before: number(-1 << 63)},
		}},
		{Sequence: 3, Time: at, Resource: "users", ID: 6, Kind: crm.Deleted, Fields: []crm.FieldChange{}},
	}
	w.write(func(tx crm.Tx) { w.must(tx.Log(w.ctx, want[0])) })
	err := w.store.Write(w.ctx, func(tx crm.Tx) error {
		w.must(tx.Log(w.ctx, want[2]))
		return fault.New(fault.Conflict, "on purpose")
	})
	if fault.KindOf(err) != fault.Conflict {
		w.Errorf("error %v", err)
	}
	w.write(func(tx crm.Tx) { w.must(tx.Log(w.ctx, want[1], want[2])) })
	for _, c := range []struct {
		after int64
		limit int
		want  []crm.Change
	}{{0, 10, want}, {0, 2, want[:2]}, {1, 1, want[1:2]}, {2, 10, want[2:]}, {3, 10, nil}, {99, 10, nil}} {
		got, err := w.store.Changes(w.ctx, c.after, c.limit)
		w.must(err)
		if diff := cmp.Diff(c.want, append([]crm.Change(nil), got...)); diff != "" {
			w.Errorf("%d after %d (-want +got):\n%s", c.limit, c.after, diff)
		}
	}
}

// caseHistory reads the log of some cases, the latest first.
func caseHistory(w *world) {
	log := func(name string, id int64) {
		w.write(func(tx crm.Tx) {
			w.must(tx.Log(w.ctx, crm.Change{Time: time.UnixMilli(1), Resource: name, ID: id, Kind: crm.Updated, Fields: []crm.FieldChange{}}))
		})
	}
	log("cases", 1)
	log("users", 1)
	log("cases", 2)
	log("cases", 3)
	log("cases", 1)
	cases := &resource.Resource{Name: "cases"}
	for _, c := range []struct {
		ids   []int64
		limit int
		want  string
	}{
		{[]int64{1}, 9, "[5 1]"}, {[]int64{1, 3, 7}, 9, "[5 4 1]"}, {[]int64{1, 2, 3}, 2, "[5 4]"}, {[]int64{7}, 9, "[]"}, {nil, 9, "[]"},
	} {
		got, err := w.store.History(w.ctx, cases, c.ids, c.limit)
		w.must(err)
		sequences := []int64{}
		for _, change := range got {
			sequences = append(sequences, change.Sequence)
		}
		if fmt.Sprint(sequences) != c.want {
			w.Errorf("the last %d of %v are %v, want %s", c.limit, c.ids, sequences, c.want)
		}
	}
	if _, err := w.store.History(w.ctx, &resource.Resource{Name: "users"}, []int64{1}, 9); err == nil {
		w.Errorf("the log of users can be read by record")
	}
}

// followedChanges has readers follow the log while many write to it, in
// transactions of different length.
func followedChanges(w *world) {
	const writers, each, readers = 8, 25, 3
	w.insert("users", fields{}, fields{}, fields{}, fields{})
	users := w.resource("users")
	var work, follow sync.WaitGroup
	var done atomic.Bool
	seen := make([][]crm.Change, readers)
	for i := range seen {
		follow.Go(func() {
			after := int64(0)
			for last := false; ; {
				got, err := w.store.Changes(w.ctx, after, 7)
				if err != nil {
					w.Error(err)
					return
				}
				for _, c := range got {
					if c.Sequence <= after {
						w.Errorf("%d comes after %d", c.Sequence, after)
					}
					after = c.Sequence
				}
				seen[i] = append(seen[i], got...)
				if len(got) == 0 && last {
					return
				}
				last = len(got) == 0 && done.Load() // and then once more
			}
		})
	}
	counts := make([]int, 5) // of changes of one user, guarded by its row
	for i := range writers {
		work.Go(func() {
			for n := range each {
				id := int64(1 + (i+n)%4)
				err := w.store.Write(w.ctx, func(tx crm.Tx) error {
					if _, err := tx.Lock(w.ctx, users, id); err != nil {
						return err
					}
					for range n % 3 { // some take their time
						if _, err := tx.Update(w.ctx, users, id, nil); err != nil {
							return err
						}
					}
					rec, err := tx.Lock(w.ctx, users, id)
					if err != nil {
						return err
					}
					if _, err := tx.Update(w.ctx, users, id, nil); err != nil {
						return err
					}
					return tx.Log(w.ctx, crm.Change{Resource: "users", ID: id, Kind: crm.Updated, UserID: rec.Version, RequestID: fmt.Sprint(i, "/", n)})
				})
				if err != nil {
					w.Error(err)
				}
			}
		})
	}
	work.Wait()
	done.Store(true)
	follow.Wait()
	all, err := w.store.Changes(w.ctx, 0, 10*writers*each)
	w.must(err)
	var requests []string
	for _, c := range all {
		requests = append(requests, c.RequestID)
		if int(c.UserID) <= counts[c.ID] {
			w.Errorf("changes of %d are out of order: version %d after %d", c.ID, c.UserID, counts[c.ID])
		}
		counts[c.ID] = int(c.UserID)
	}
	slices.Sort(requests)
	if n := len(slices.Compact(requests)); n != writers*each || len(all) != n {
		w.Errorf("%d changes of %d writes are there, %d different", len(all), writers*each, n)
	}
	for i := range seen {
		if diff := cmp.Diff(all, seen[i]); diff != "" {
			w.Errorf("reader %d saw something else:\n%s", i, diff)
		}
	}
}
