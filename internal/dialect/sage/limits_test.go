package sage_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
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

// heardOut is how much of a body that is too large is read to no purpose.
const heardOut = 16 << 20

// TestLargeBodies refuses bodies by their announced length, and others at the
// limit. A sender that does not wait to be asked is heard out for 16 MiB more, so
// that it gets to read why.
func TestLargeBodies(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	for _, tt := range []struct {
		method, path string
		limit        int64
	}{
		{"POST", "/login", 16 << 10},
		{"POST", "/accounts", 1 << 20},
		{"PUT", "/accounts/1", 1 << 20},
		{"POST", "/documents", 1 << 20},
		{"POST", "/accounts/bulk", 32 << 20},
		{"PUT", "/accounts/bulk", 32 << 20},
		{"DELETE", "/accounts/bulk", 32 << 20},
	} {
		for _, announced := range []int64{tt.limit + 1, -1} {
			body := &zeros{}
			req := httptest.NewRequestWithContext(t.Context(), tt.method, "/api/v4"+tt.path, body)
			req.ContentLength = announced
			req.Header.Set("X-Session-Key", a.Token)
			if announced > 0 {
				req.Header.Set("Expect", "100-continue")
			}
			rec := httptest.NewRecorder()
			a.Handler().ServeHTTP(rec, req)
			failed(t, rec, http.StatusRequestEntityTooLarge)
			switch {
			case announced > 0 && body.read > 0:
				t.Errorf("%s %s: read %d bytes of a body that was announced as too large", tt.method, tt.path, body.read)
			case body.read > tt.limit+1+heardOut:
				t.Errorf("%s %s: read %d bytes, the limit is %d", tt.method, tt.path, body.read, tt.limit)
			}
		}
	}
}

// zeros never end.
type zeros struct{ read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

// TestSlowLargeBodies lets clients send much and never end, until there is no
// room for more. Small requests go on, and there is room again when they are gone.
func TestSlowLargeBodies(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	handler := a.Handler()
	send := func(body io.Reader) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v4/accounts/bulk", body)
		req.ContentLength = -1
		req.Header.Set("X-Session-Key", a.Token)
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		return rec
	}
	large := append(bytes.Repeat([]byte{' '}, 17<<20), "[]"...)
	if rec := send(bytes.NewReader(large)); rec.Code != http.StatusOK {
		t.Fatalf("a large body: %d %s", rec.Code, rec.Body)
	}
	var slow sync.WaitGroup
	end := make(chan struct{})
	for range 2 { // each holds 32 MiB of 64
		arrived := make(chan struct{})
		slow.Go(func() { send(io.MultiReader(bytes.NewReader(large), &pause{arrived: arrived, end: end})) })
		<-arrived
	}
	failed(t, send(bytes.NewReader(large)), http.StatusTooManyRequests)
	if rec := send(strings.NewReader(`[{"guid":1,"data":{}}]`)); rec.Code != http.StatusOK {
		t.Errorf("a small body: %d %s", rec.Code, rec.Body)
	}
	close(end)
	slow.Wait()
	if rec := send(bytes.NewReader(large)); rec.Code != http.StatusOK {
		t.Errorf("a large body, again: %d %s", rec.Code, rec.Body)
	}
}

// pause says when it is reached, and waits.
type pause struct{ arrived, end chan struct{} }

func (p *pause) Read([]byte) (int, error) {
	close(p.arrived)
	<-p.end
	return 0, io.ErrUnexpectedEOF
}

// TestManyItems refuses more items than a bulk request may have, which take
// many times the memory of their text, without keeping them.
func TestManyItems(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	body := "[" + strings.Repeat("0,", 2<<20) + "0]"
	req := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v4/accounts/bulk", strings.NewReader(body))
	req.Header.Set("X-Session-Key", a.Token)
	rec := httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a.Handler().ServeHTTP(rec, req)
	runtime.ReadMemStats(&after)
	failed(t, rec, http.StatusBadRequest)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("took %d MB", got>>20)
	}
}

// A key that makes more requests than --sage-rate allows is told so in the error
// object and when to come back; other keys, and logging in, are not concerned.
func TestRateOfKeys(t *testing.T) {
	a := apptest.New(t, apptest.Options{Config: func(c *app.Config) { c.SageRate = 2 }})
	_, other, err := a.Login(t.Context(), a.Admin)
	if err != nil {
		t.Fatal(err)
	}
	want := func(status int, change ...func(http.Header)) {
		t.Helper()
		got := a.Get(t, "/api/v4/accounts", change...)
		if got.Status != status {
			t.Errorf("status %d, want %d: %s", got.Status, status, got.Body)
		}
		if status != http.StatusTooManyRequests {
			return
		}
		const body = `{"code":-1,"error":"too many requests with this key; wait for 500ms","message":"too many requests with this key; wait for 500ms"}`
		if string(got.Body) != body || got.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After %q, %s", got.Header.Get("Retry-After"), got.Body)
		}
	}
	want(http.StatusOK)
	want(http.StatusOK)
	want(http.StatusTooManyRequests)
	want(http.StatusTooManyRequests)
	want(http.StatusOK, as(other))
	// A new session is of the same key.
	var again struct{ Token string }
	a.Do(t, "POST", "/api/v4/login", map[string]string{"username": a.Key.PublicID, "password": a.Key.Secret}).JSON(t, &again)
	want(http.StatusTooManyRequests, as(again.Token))
	a.Clock.Advance(time.Second / 2)
	want(http.StatusOK, as(again.Token))
	want(http.StatusTooManyRequests)
	a.Clock.Advance(time.Hour)
	want(http.StatusOK)
	want(http.StatusOK)
	want(http.StatusTooManyRequests)
}

// An e-mail to very many is refused before anything is made for each of them: what
// they would share, attachments above all, can be as long as the body.
func TestManyRecipients(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	body := func(recipients, attachments int) string {
		return `{"emailFrom": "a@example.com", "date": "2026-03-02", "type": 1, "emailTo": ["b@example.com"` +
			strings.Repeat(`,"b@example.com"`, recipients-1) + `], "attachments": [{"name": "a"}` + strings.Repeat(`,{"name": "a"}`, attachments-1) + `]}`
	}
	if got := a.Do(t, "POST", "/api/v4/emails", body(200, 2)); got.Status != http.StatusOK {
		t.Errorf("200: %d %s", got.Status, got.Body)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := a.Do(t, "POST", "/api/v4/emails", body(10_000, 5_000))
	runtime.ReadMemStats(&after)
	if got.Status != http.StatusBadRequest || !strings.Contains(string(got.Body), "emailTo: an e-mail has at most 200 recipients; these are 10000") {
		t.Errorf("10,000: %d %s", got.Status, got.Body)
	}
	if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 {
		t.Errorf("refusing takes %d MB", took)
	}
}

// A text that an index cannot take is refused by itself, whatever the database.
func TestLongTextOfSearchableField(t *testing.T) {
	var raw [1950]byte
	rand.NewChaCha8([32]byte{}).Read(raw[:])
	most := base64.StdEncoding.EncodeToString(raw[:]) // 2600, and hard to compress
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		field := map[string]any{"entity": "accounts", "fieldName": "Z_notes", "type": "text", "searchable": true}
		if got := a.Do(t, "POST", "/api/v4/extrafields", field); got.Status != http.StatusOK {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		bulk := func(method string, item func(notes string) map[string]any) {
			t.Helper()
			var outcomes []struct {
				Code    int
				Message string
			}
			got := a.Do(t, method, "/api/v4/accounts/bulk", []any{item("a"), item(most + "b"), item(most)})
			got.JSON(t, &outcomes)
			if len(outcomes) != 3 || outcomes[0].Code == outcomes[1].Code || outcomes[0].Code != outcomes[2].Code || !strings.Contains(outcomes[1].Message, "Z_notes") {
				t.Errorf("%s: %d %s", method, got.Status, got.Body)
			}
		}
		bulk("POST", func(notes string) map[string]any {
			return map[string]any{"data": map[string]any{"name": "Acme", "salesRepId1": a.Admin, "branchId": 1, "Z_notes": notes}}
		})
		bulk("PUT", func(notes string) map[string]any {
			return map[string]any{"id": 1, "data": map[string]any{"Z_notes": notes}}
		})
		if got := a.Get(t, "/api/v4/accounts/1"); !strings.Contains(string(got.Body), `"Z_notes":"`+most+`"`) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
}
