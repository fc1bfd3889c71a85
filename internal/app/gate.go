package app

import (
	"net/http"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// startWait is how long a request waits for a server that is still starting.
const startWait = 30 * time.Second

// gate holds requests back until what is behind it has been built, so that the
// server can listen, and answer probes, before it has opened its databases.
type gate struct {
	opened chan struct{}
	next   http.Handler // read after opened is closed
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// open lets everybody through to h. It is called once.
func (g *gate) open(h http.Handler) {
	g.next = h
	close(g.opened)
}

func (g *gate) isOpen() bool {
	select {
	case <-g.opened:
		return true
	default:
		return false
	}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.isOpen() && !g.wait(r) {
		w.Header().Set("Retry-After", "1")
		httpd.Error(w, r, fault.New(fault.Unavailable, "the server is starting"))
		return
	}
	g.next.ServeHTTP(w, r)
}

func (g *gate) wait(r *http.Request) bool {
	t := time.NewTimer(startWait)
	defer t.Stop()
	select {
	case <-g.opened:
		return true
	case <-r.Context().Done():
	case <-t.C:
	}
	return false
}
