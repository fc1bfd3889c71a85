package sage_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// failed checks that an answer is an error of the dialect with this status.
func failed(t *testing.T, rec *httptest.ResponseRecorder, status int) {
	t.Helper()
	var e struct {
		Code           *int
		Error, Message string
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &e); rec.Code != status || err != nil || e.Code == nil || e.Error == "" || e.Message == "" {
		t.Errorf("status %d, %q; want the error object with %d", rec.Code, rec.Body, status)
	}
}

// TestHalfClosed asks for a client that has closed its sending half, which ends
// the context of its request, and still reads.
func TestHalfClosed(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/accounts?where=((", ""},
		{"GET", "/accounts/1", ""},
		{"GET", "/accounts", ""},
		{"POST", "/accounts", `{"comment":"no name"}`},
		{"POST", "/accounts", `{"name":"too late","salesRepId1":1}`},
	} {
		req := httptest.NewRequestWithContext(ctx, tt.method, "/api/v4"+tt.path, strings.NewReader(tt.body))
		req.Header.Set("X-Session-Key", a.Token)
		rec := httptest.NewRecorder()
		a.Handler().ServeHTTP(rec, req)
		failed(t, rec, http.StatusBadRequest)
	}
}
