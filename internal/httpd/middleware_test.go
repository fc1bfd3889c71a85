package httpd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// logged runs one request through the stack and returns its answer and the log
// records it left.
func logged(t *testing.T, stack httpd.Stack, h http.HandlerFunc, r *http.Request) (*httptest.ResponseRecorder, []map[string]any) {
	t.Helper()
	var buf bytes.Buffer
	stack.Log = slog.New(slog.NewJSONHandler(&buf, nil))
	w := httptest.NewRecorder()
	stack.Wrap(h).ServeHTTP(w, r)
	var records []map[string]any
	for dec := json.NewDecoder(&buf); ; {
		var m map[string]any
		if err := dec.Decode(&m); err == io.EOF {
			return w, records
		} else if err != nil {
			t.Fatal(err)
		}
		records = append(records, m)
	}
}

// A path reaches its handler in any letter case, so it is redacted in any.
func TestRedactedPath(t *testing.T) {
	for path, want := range map[string]string{
		"/upload/sekrit": "/upload/…",
		"/UpLoad/sekrit": "/UpLoad/…",
		"/upload/":       "/upload/",
		"/uploads/plain": "/uploads/plain",
	} {
		_, records := logged(t, httpd.Stack{Redact: []string{"/upload/"}}, func(http.ResponseWriter, *http.Request) {}, httptest.NewRequest("GET", path, nil))
		if len(records) != 1 || records[0]["path"] != want {
			t.Errorf("%s: %v, want %s", path, records, want)
		}
	}
}

func TestAccessLog(t *testing.T) {
	r := httptest.NewRequest("POST", "/upload/sekrit?token=sekrit", strings.NewReader("sekrit"))
	r.Header.Set("X-Session-Key", "sekrit")
	r.Header.Set("X-Request-Id", "abc-1")
	w, records := logged(t, httpd.Stack{Redact: []string{"/upload/"}}, func(w http.ResponseWriter, r *http.Request) {
		httpd.Identify(r.Context(), "demo", "ada")
		if id := httpd.RequestID(r.Context()); id != "abc-1" {
			t.Errorf("id %q in the context", id)
		}
		w.WriteHeader(201)
		io.WriteString(w, "hello")
	}, r)
	if len(records) != 1 {
		t.Fatalf("%d lines: %v", len(records), records)
	}
	got := records[0]
	for _, k := range []string{"time", "ms"} {
		if got[k] == nil {
			t.Errorf("no %s", k)
		}
		delete(got, k)
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "method": "POST", "path": "/upload/…", "status": 201.0, "bytes": 5.0,
		"id": "abc-1", "remote": "192.0.2.1", "workspace": "demo", "user": "ada",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if id := w.Header().Get("X-Request-Id"); id != "abc-1" {
		t.Errorf("id %q in the answer", id)
	}
}

func TestRequestID(t *testing.T) {
	h := httpd.Stack{Log: slog.New(slog.DiscardHandler)}.Wrap(http.NotFoundHandler())
	seen := map[string]bool{}
	for _, sent := range []string{"", "", "a b", "a\"b", "ü", strings.Repeat("x", 65)} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Request-Id"] = []string{sent}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		id := w.Header().Get("X-Request-Id")
		if id == "" || id == sent || seen[id] {
			t.Errorf("sent %q, got %q", sent, id)
		}
		seen[id] = true
	}
}

func TestQuiet(t *testing.T) {
	for status, lines := range map[int]int{200: 0, 503: 1} {
		_, records := logged(t, httpd.Stack{Quiet: []string{"/healthz"}}, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
		}, httptest.NewRequest("GET", "/healthz", nil))
		if len(records) != lines {
			t.Errorf("status %d: %d lines", status, len(records))
		}
	}
}

// What is logged about a request names it.
func TestLogHandler(t *testing.T) {
	var buf bytes.Buffer
	log := slog.New(httpd.LogHandler(slog.NewTextHandler(&buf, nil))).With("part", "x")
	h := httpd.Stack{Log: log}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		log.WarnContext(ctx, "odd")
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Request-Id", "abc-1")
	h.ServeHTTP(httptest.NewRecorder(), r)
	log.Warn("elsewhere")
	for i, line := range strings.Split(strings.TrimSpace(buf.String()), "\n") {
		if got, want := strings.Count(line, "id=abc-1"), 1-i/2; got != want || !strings.Contains(line, "part=x") {
			t.Errorf("%s: the id is there %d times, not %d", line, got, want)
		}
	}
}

func TestPanic(t *testing.T) {
	w, records := logged(t, httpd.Stack{}, func(http.ResponseWriter, *http.Request) {
		panic("sekrit")
	}, httptest.NewRequest("GET", "/x", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "sekrit") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var body map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || body["error"] != "internal error" || body["requestId"] != w.Header().Get("X-Request-Id") {
		t.Errorf("body %s", w.Body)
	}
	if len(records) != 2 || records[0]["cause"] != "sekrit" || records[1]["status"] != 500.0 {
		t.Errorf("log %v", records)
	}
}

// An answer that breaks off must not look complete to the client.
func TestPanicAfterStart(t *testing.T) {
	for _, cause := range []any{"late", http.ErrAbortHandler} {
		h := httpd.Stack{Log: slog.New(slog.DiscardHandler)}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
			panic(cause)
		}))
		addr, _ := start(t, httpd.Options{}, h)
		res, err := http.Get("http://" + addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%v: the answer ended well", cause)
		}
		res.Body.Close()
	}
}

func TestCORS(t *testing.T) {
	reached := false
	h := func(w http.ResponseWriter, r *http.Request) { reached = true }
	preflight := httptest.NewRequest("OPTIONS", "/api/v4/accounts", nil)
	preflight.Header.Set("Origin", "https://app.example")
	preflight.Header.Set("Access-Control-Request-Method", "PUT")
	preflight.Header.Set("Access-Control-Request-Headers", "x-session-key, x-own")
	w, _ := logged(t, httpd.Stack{}, h, preflight)
	if w.Code != 204 || reached {
		t.Errorf("preflight: %d, handler reached: %v", w.Code, reached)
	}
	for k, want := range map[string]string{
		"Access-Control-Allow-Origin":  "*",
		"Access-Control-Allow-Methods": "PUT",
		"Access-Control-Allow-Headers": "x-own",
	} {
		if got := w.Header().Get(k); !strings.Contains(got, want) {
			t.Errorf("%s: %q", k, got)
		}
	}
	for _, name := range []string{"X-Session-Key", "Count", "ExtraFieldDescription"} {
		preflight.Header.Del("Access-Control-Request-Headers")
		w, _ = logged(t, httpd.Stack{}, h, preflight)
		if got := w.Header().Get("Access-Control-Allow-Headers"); !strings.Contains(got, name) {
			t.Errorf("%s is not allowed: %q", name, got)
		}
	}

	actual := httptest.NewRequest("GET", "/api/v4/accounts", nil)
	actual.Header.Set("Origin", "https://app.example")
	w, _ = logged(t, httpd.Stack{}, h, actual)
	if !reached || w.Header().Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "X-FM-Entity-Count") {
		t.Errorf("request: %v", w.Header())
	}
	w, _ = logged(t, httpd.Stack{}, h, httptest.NewRequest("GET", "/api/v4/accounts", nil))
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without origin: %v", w.Header())
	}
}

// Files are served through the stack with ranges, and counted in the log.
func TestServeFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Range", "bytes=2-4")
	w, records := logged(t, httpd.Stack{}, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) }, r)
	if w.Code != 206 || w.Body.String() != "234" || records[0]["bytes"] != 3.0 {
		t.Errorf("%d %q %v", w.Code, w.Body, records)
	}
}

func TestJSON(t *testing.T) {
	w := httptest.NewRecorder()
	httpd.JSON(w, 201, map[string]string{"a": "<é&>"})
	if w.Code != 201 || w.Body.String() != `{"a":"<é&>"}`+"\n" || w.Header().Get("Content-Length") != "14" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	w = httptest.NewRecorder()
	httpd.JSON(w, 200, func() {})
	if w.Code != 500 {
		t.Errorf("what cannot be encoded: %d", w.Code)
	}
}

func TestError(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		text   string
	}{
		{fault.New(fault.NotFound, "no such thing"), 404, "no such thing"},
		{fault.New(fault.TooLarge, "large"), 413, "large"},
		{fault.New(fault.Internal, "sekrit"), 500, "internal error"},
		{errors.New("sekrit"), 500, "internal error"},
		{context.DeadlineExceeded, 503, "internal error"},
	} {
		w := httptest.NewRecorder()
		httpd.Error(w, httptest.NewRequest("GET", "/", nil), tt.err)
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != tt.status || body["error"] != tt.text {
			t.Errorf("%v: %d %s", tt.err, w.Code, w.Body)
		}
	}
}

func TestHealth(t *testing.T) {
	var failure error
	h := &httpd.Health{Log: slog.New(slog.DiscardHandler), Checks: []httpd.Check{
		{Name: "store", Probe: func(context.Context) error { return failure }},
		{Name: "blobs", Probe: func(context.Context) error { return nil }},
	}}
	ready := func(h *httpd.Health) (int, string) {
		w := httptest.NewRecorder()
		h.Ready(w, httptest.NewRequest("GET", "/readyz", nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	if code, body := ready(h); code != 200 || body != `{"status":"ok","checks":{"blobs":"ok","store":"ok"}}` {
		t.Errorf("%d %s", code, body)
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fault.New(fault.Unavailable, "the disk is full"), `{"status":"unavailable","checks":{"blobs":"ok","store":"the disk is full"}}`},
		{errors.New("sekrit"), `{"status":"unavailable","checks":{"blobs":"ok","store":"failing"}}`},
	} {
		failure = tt.err
		fresh := &httpd.Health{Log: h.Log, Checks: h.Checks}
		if code, body := ready(fresh); code != 503 || body != tt.want {
			t.Errorf("%v: %d %s", tt.err, code, body)
		}
	}
	w := httptest.NewRecorder()
	h.Live(w, httptest.NewRequest("GET", "/healthz", nil))
	if w.Code != 200 {
		t.Errorf("live: %d", w.Code)
	}
}

// BenchmarkStack is the price that every request pays, its log line included.
func BenchmarkStack(b *testing.B) {
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	h := httpd.Stack{Log: slog.New(slog.NewTextHandler(out, nil)), Quiet: []string{"/healthz", "/readyz"}}.Wrap(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httpd.Identify(r.Context(), "demo", "ada")
			w.WriteHeader(200)
		}))
	r := httptest.NewRequest("GET", "/api/v4/accounts/17", nil)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
