package store_test

import (
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/store"
)

// Lists bring the same rows whether these are read with their keys, as after many
// lists of which the caller knew nothing, or after them.
func TestRowsReadWithKeys(t *testing.T) {
	const rows = 300
	reg, cat := declared(t)
	path := filepath.Join(t.TempDir(), "whole.db")
	statements := &spy{DB: sqliteDB(t, path)}
	s := newStore(t, statements, reg, store.Options{})
	load(t, s, reg, rows)
	wheres := []string{"", "statusId=3", "statusId=3 AND dateUpdated<'2022-01-01'", "name LIKE 'a%'", "statusId=77"}
	orders := []string{"dateUpdated", "dateUpdated asc", "name", "name desc", ""}
	users := []crm.Actor{{UserID: 1, Level: crm.Administrator}, {UserID: 2, Level: 3}}
	r := rand.New(rand.NewPCG(9, 10))
	alone := 0 // lists that took one statement
	for i := range 600 {
		knows := []int{0, 0, 0, 4, 1}[i/40%5] // one in so many of the rows; 0 = none
		q := guardedQuery(t, cat, users[r.IntN(2)], wheres[r.IntN(len(wheres))], orders[r.IntN(len(orders))], []int{0, 0, 9}[r.IntN(3)])
		q.Limit = []int{1, 7, 50, 200}[r.IntN(4)]
		for range 2 {
			var asked []crm.Key
			known := func(k crm.Key) bool { return knows > 0 && k.ID%int64(knows) == 0 }
			p := crm.Page{Known: func(k crm.Key, generation int64) bool {
				asked = append(asked, k)
				return known(k)
			}}
			statements.statements = nil
			if err := s.List(t.Context(), q, &p); err != nil {
				t.Fatal(err)
			}
			if len(statements.statements) == 1 && len(p.Keys) > 0 && knows == 0 {
				alone++
			}
			var want crm.Page
			if err := s.List(t.Context(), q, &want); err != nil { // which asks nobody, and reads them after the keys
				t.Fatal(err)
			}
			if !slices.Equal(p.Keys, want.Keys) || !slices.Equal(asked, want.Keys) || p.More != want.More || p.Generation != want.Generation || !sameCursor(p.Next, want.Next) || len(p.Rows) != len(p.Keys) {
				t.Fatalf("%d: got %v, asked for %v, want %v", i, p.Keys, asked, want.Keys)
			}
			for k, row := range p.Rows {
				if known(p.Keys[k]) {
					if row != nil {
						t.Fatalf("%d: row %d was read, which was known", i, p.Keys[k].ID)
					}
				} else if !reflect.DeepEqual(row, want.Rows[k]) {
					t.Fatalf("%d: row %d\ngot  %v\nwant %v", i, p.Keys[k].ID, row, want.Rows[k])
				}
			}
			if q.After = p.Next; !p.More {
				break
			}
		}
	}
	if alone < 25 {
		t.Errorf("only %d lists read rows with their keys: this proves little", alone)
	}
}
