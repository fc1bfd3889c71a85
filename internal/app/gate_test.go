package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Requests that come before the server is built wait for it.
func TestGate(t *testing.T) {
	g := newGate()
	if g.probe(t.Context()) == nil {
		t.Error("ready before it is open")
	}
	w := httptest.NewRecorder()
	served := make(chan bool)
	go func() {
		g.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		close(served)
	}()

	given := httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.ServeHTTP(given, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if given.Code != http.StatusServiceUnavailable || given.Header().Get("Retry-After") == "" {
		t.Errorf("a client that does not wait gets %d", given.Code)
	}

	select {
	case <-served:
		t.Error("served before it is open")
	default:
	}
	g.open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
	<-served
	if w.Body.String() != "hello" || g.probe(t.Context()) != nil {
		t.Errorf("after it is open: %q", w.Body)
	}
}
