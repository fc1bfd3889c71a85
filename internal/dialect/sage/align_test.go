package sage_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/resource"
)

// losing is a store in which an account is hidden after its key was read, as it can
// happen on PostgreSQL, where every statement sees what others have done meanwhile.
type losing struct {
	crm.Store
	id int64
}

func (l *losing) Load(ctx context.Context, res *resource.Resource, ids []int64, p *crm.Page) error {
	err := l.Store.Load(ctx, res, ids, p)
	for i, k := range p.Keys {
		if res.Name == "accounts" && k.ID == l.id {
			p.Keys, p.Rows = append(p.Keys[:i], p.Keys[i+1:]...), append(p.Rows[:i], p.Rows[i+1:]...)
			break
		}
	}
	return err
}

// Every record comes with its own row, whichever of them are in the cache and
// whichever are lost on the way.
func TestRowsOfRecordsThatAreHiddenMeanwhile(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	for i := range 4 {
		a.Do(t, "POST", "/api/v4/accounts", fmt.Sprintf(`{"name": "A%d", "salesRepId1": 1}`, i+1))
	}
	ws, release, err := a.Workspaces.Acquire(t.Context(), a.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	for known := range 1 << 4 { // which accounts are in the cache
		store := &losing{Store: ws.Store}
		records, err := crm.New(t.Context(), crm.Config{Store: store, Registry: registry, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		d := sage.New(sage.Config{Declared: registry, Logger: slog.New(slog.DiscardHandler)})
		get := func(ids ...int64) map[int64][]byte {
			t.Helper()
			rows, err := d.Records(t.Context(), records, crm.Actor{UserID: 1, Level: crm.Administrator, Language: -1}, "accounts", ids)
			if err != nil {
				t.Fatal(err)
			}
			return rows
		}
		for id := range int64(4) {
			if known>>id&1 == 1 {
				get(id + 1)
				get(id + 1) // once more: then it is kept
			}
		}
		for lost := range int64(4) {
			store.id = lost + 1
			rows := get(1, 2, 3, 4)
			if len(rows) != 3 || rows[store.id] != nil {
				t.Errorf("known %04b, lost %d: %d rows", known, store.id, len(rows))
			}
			for id, row := range rows {
				if !strings.Contains(string(row), fmt.Sprintf(`"id":%d,`, id)) || !strings.Contains(string(row), fmt.Sprintf(`"name":"A%d"`, id)) {
					t.Errorf("known %04b, lost %d: the row of %d is %q", known, store.id, id, row)
				}
			}
		}
	}
}
