package store_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// keptStores are two stores of one file of accounts. What one writes, the other
// learns only from the file, as from another process.
func keptStores(t *testing.T, rows int) (mine, other *store.Store, cat *resource.Catalog) {
	t.Helper()
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	if cat, err = reg.With(1, nil); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "w.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	mine = newStore(t, db, reg, store.Options{})
	loadGuarded(t, mine, reg, rows)
	return mine, newStore(t, db, reg, store.Options{}), cat
}

// A list that is kept is the list that is there: after writes of this process and of
// others, logged or not, on all its pages and after every row.
func TestKeptListsAreTrue(t *testing.T) {
	t.Run("few rows", func(t *testing.T) { keptListsAreTrue(t, func(*store.Store) {}) })
	t.Run("far pages", func(t *testing.T) { keptListsAreTrue(t, (*store.Store).KeepAll) })
}

func keptListsAreTrue(t *testing.T, with func(*store.Store)) {
	const rows = 600
	mine, other, cat := keptStores(t, rows)
	with(mine)
	accounts := cat.Resource("accounts")
	r := rand.New(rand.NewPCG(5, 6))
	users := []crm.Actor{{UserID: 2, Level: 2}, {UserID: 700, Level: 2}, {UserID: 5, Level: 3, Restricted: true, Branches: []int64{3}}}
	wheres := []string{"", "", "statusId>20", "name LIKE '%acme%'", "name >= 'm' AND deleted=false"}
	orders := []string{"", "id desc", "dateUpdated", "name asc", "name desc", "statusId,name"}
	set := func(name string, v resource.Value) crm.Assignment {
		return crm.Assignment{Field: accounts.Field(name), Value: v}
	}
	change := func() []crm.Assignment {
		switch r.IntN(6) {
		case 0:
			return []crm.Assignment{set("name", resource.TextValue(fmt.Sprintf("%s %d", words[r.IntN(len(words))], r.IntN(50))))}
		case 1:
			return []crm.Assignment{set("name", resource.Value{}), set("statusId", resource.Value{})}
		case 2:
			return []crm.Assignment{set("permissionLevel", resource.IntValue(r.Int64N(5)))}
		case 3:
			return []crm.Assignment{set("salesRepId2", resource.IntValue([]int64{2, 700, 5}[r.IntN(3)]))}
		case 4:
			return []crm.Assignment{set("salesRepIdCreated", resource.IntValue(1+r.Int64N(5))), set("salesRepId2", resource.Value{})}
		default:
			return []crm.Assignment{set("dateUpdated", resource.IntValue(1_600_000_000_000+r.Int64N(200_000_000_000)))}
		}
	}
	write := func() {
		s := mine
		if r.IntN(6) == 0 {
			s = other
		}
		n, logged := 1, r.IntN(4) > 0
		if r.IntN(20) == 0 {
			n = 100
		}
		err := s.Write(t.Context(), func(tx crm.Tx) error {
			for range n {
				id := 1 + r.Int64N(rows)
				if _, err := tx.Update(t.Context(), accounts, id, change()); err != nil {
					return err
				}
				if !logged {
					continue
				}
				if err := tx.Log(t.Context(), crm.Change{Resource: "accounts", ID: id, Kind: crm.Updated}); err != nil {
					return err
				}
			}
			if r.IntN(4) > 0 {
				return nil
			}
			rec := benchRecords(r, accounts, 1)[0]
			rec.Values[accounts.Field("salesRepId1").Index] = resource.IntValue(2)
			return tx.Insert(t.Context(), accounts, rec)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	cursors := map[string]*crm.Cursor{}
	served := 0
	for i := range 1200 {
		if r.IntN(3) == 0 {
			write()
		}
		who, where, order := users[r.IntN(len(users))], wheres[r.IntN(len(wheres))], orders[r.IntN(len(orders))]
		q := guardedQuery(t, cat, who, where, order, r.IntN(60))
		q.Limit = 1 + r.IntN(20)
		name := fmt.Sprintf("user %d where %s order %s", who.UserID, where, order)
		if c := cursors[name]; c != nil && r.IntN(2) == 0 {
			q.After = c
		}
		var got, want crm.Page
		if err := mine.List(t.Context(), q, &got); err != nil {
			t.Fatal(err)
		}
		if mine.KeptRows() > 0 {
			served++
		}
		// Within a transaction nothing that is kept is asked.
		err := mine.Write(t.Context(), func(tx crm.Tx) error { return tx.List(t.Context(), q, &want) })
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Keys, want.Keys) || got.More != want.More || got.Generation != want.Generation || !sameCursor(got.Next, want.Next) {
			t.Fatalf("%d: %s offset %d after %v\ngot  %v %v %v\nwant %v %v %v", i, name, q.Offset, q.After, got.Keys, got.More, got.Next, want.Keys, want.More, want.Next)
		}
		cursors[name] = got.Next
	}
	if served < 400 {
		t.Errorf("lists were kept %d times: this proves little", served)
	}
}

func sameCursor(a, b *crm.Cursor) bool {
	return a == nil && b == nil || a != nil && b != nil && a.ID == b.ID && slices.Equal(a.Keys, b.Keys)
}

// A list sees one state while others write: an account that goes to somebody else
// as another comes leaves as many as there were.
func TestKeptListsSeeOneState(t *testing.T) {
	const rows, owned, rounds = 400, 20, 150
	mine, other, cat := keptStores(t, rows)
	accounts := cat.Resource("accounts")
	owner := accounts.Field("salesRepId2")
	give := func(s *store.Store, ids map[int64]int64) error {
		return s.Write(t.Context(), func(tx crm.Tx) error {
			for id, to := range ids {
				if _, err := tx.Update(t.Context(), accounts, id, []crm.Assignment{{Field: owner, Value: resource.IntValue(to)}}); err != nil {
					return err
				}
				if err := tx.Log(t.Context(), crm.Change{Resource: "accounts", ID: id, Kind: crm.Updated}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	who := crm.Actor{UserID: 999, Level: 2}
	all := map[int64]int64{}
	for id := range int64(owned) {
		all[id+1] = who.UserID
	}
	err := mine.Write(t.Context(), func(tx crm.Tx) error {
		for id := range int64(rows) {
			if _, err := tx.Update(t.Context(), accounts, id+1, []crm.Assignment{{Field: accounts.Field("salesRepId1"), Value: resource.IntValue(1)}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := give(mine, all); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for i := range int64(rounds) {
			s := mine
			if i%10 == 9 {
				s = other
			}
			out, in := 1+i, 1+i+owned
			if err := give(s, map[int64]int64{out: 1, in: who.UserID}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for _, order := range []string{"", "name asc", "dateUpdated"} {
		q := guardedQuery(t, cat, who, "", order, 0)
		group.Go(func() {
			for range rounds {
				var p crm.Page
				if err := mine.List(t.Context(), q, &p); err != nil {
					t.Error(err)
					return
				}
				if len(p.Keys) != owned || p.More {
					t.Errorf("order %s: %d accounts, %v", order, len(p.Keys), p.More)
					return
				}
			}
		})
	}
	group.Wait()
	if mine.KeptRows() == 0 {
		t.Error("nothing is kept: this proves little")
	}
}
