package app

import (
	"context"
	"errors"
	"testing"

	"github.com/dossier-crm/dossier/internal/store"
)

// pinged is a database that answers a ping with what the function returns.
type pinged struct {
	store.DB
	ping func() error
}

func (p pinged) Ping(context.Context) error { return p.ping() }

// A workspace that idles out while readiness is asked for is no failure, one that
// is open and does not answer is.
func TestPingDatabases(t *testing.T) {
	broken := errors.New("broken")
	a := &App{system: pinged{ping: func() error { return nil }}, open: map[*Workspace]struct{}{}}
	w := &Workspace{}
	w.db = pinged{ping: func() error {
		w.close()
		return errors.New("closed")
	}}
	a.look(w)
	if err := a.pingDatabases(t.Context()); err != nil {
		t.Errorf("with a workspace that is closed meanwhile: %v", err)
	}
	w = &Workspace{db: pinged{ping: func() error { return broken }}}
	a.look(w)
	if err := a.pingDatabases(t.Context()); !errors.Is(err, broken) {
		t.Errorf("with a workspace that does not answer: %v", err)
	}
}
