package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/testenv"
)

// A query may end well just when its context does, with a cancel request on its
// way. The next to borrow a connection must not be hit by it.
func TestCancelOfAnEndedQuery(t *testing.T) {
	config, err := configure(testenv.Postgres(t), "")
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(config, 1)
	defer func() { p.close(time.Time{}) }()
	for _, cancelled := range []bool{false, true} {
		s, err := p.get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c := &conn{session: s}
		ctx, cancel := context.WithCancel(t.Context())
		results := s.pg.Exec(ctx, "SELECT 1")
		for results.NextResult() { // everything is read, and the watcher still there
			if _, err := results.ResultReader().Close(); err != nil {
				t.Fatal(err)
			}
			if cancelled {
				cancel()
			}
		}
		err = c.fail(t.Context(), results.Close())
		cancel()
		if err != nil {
			t.Fatalf("cancelled %v: the query failed: %v", cancelled, err)
		}
		p.put(s)
		if kept := !s.pg.IsClosed(); kept == cancelled {
			t.Errorf("cancelled %v: kept %v", cancelled, kept)
		}
	}
}
