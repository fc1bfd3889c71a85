package transfer_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/blob/disk"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/document/transfer"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// world is a server of one workspace.
type world struct {
	t       testing.TB
	url     string
	docs    *document.Service
	store   crm.Store
	blobs   *disk.Store
	dir     string
	catalog *resource.Catalog
	user    int64
	now     atomic.Int64 // ms since 1970
	open    atomic.Int32 // services handed out and not released
	ended   chan struct{}
}

func newWorld(t testing.TB, maxSize int64) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{t: t, dir: t.TempDir(), ended: make(chan struct{}, 1000)}
	w.now.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	if w.catalog, err = reg.With(0, nil); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "workspace.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.store, err = store.New(ctx, db, reg, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if w.blobs, err = disk.Open(w.dir); err != nil {
		t.Fatal(err)
	}
	users := w.catalog.Resource("users")
	user := &resource.Record{Values: make([]resource.Value, len(users.Fields))}
	if err := w.store.Write(ctx, func(tx crm.Tx) error { return tx.Insert(ctx, users, user) }); err != nil {
		t.Fatal(err)
	}
	w.user = user.ID
	handler := transfer.Handler(linkKey(), func(_ context.Context, name string) (*document.Service, func(), error) {
		if name != "demo" {
			return nil, nil, fault.New(fault.NotFound, "no workspace %s", name)
		}
		w.open.Add(1)
		return w.docs, func() { w.open.Add(-1) }, nil
	}, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(rw, r)
		select {
		case w.ended <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(func() {
		server.Close() // and waits for the handlers, which may outlast their answers
		if n := w.open.Load(); n != 0 {
			t.Errorf("%d services were not released", n)
		}
	})
	w.url = server.URL
	w.docs, err = document.New(document.Config{
		Workspace: "demo", Store: w.store, Blobs: w.blobs,
		Catalog: func() *resource.Catalog { return w.catalog },
		Clock:   func() time.Time { return time.UnixMilli(w.now.Load()) },
		Key:     linkKey(), BaseURL: server.URL, MaxSize: maxSize,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) create(name string) document.Ticket {
	w.t.Helper()
	ticket, err := w.docs.Create(context.Background(), crm.Actor{UserID: w.user}, document.Request{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	return ticket
}

func (w *world) visible() []*resource.Record {
	w.t.Helper()
	res := w.catalog.Resource("documents")
	var p crm.Page
	err := w.store.List(context.Background(), crm.Query{Resource: res, Where: document.Visible(res), Limit: 1000, Language: -1}, &p)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Rows
}

func (w *world) link(rec *resource.Record) string {
	w.t.Helper()
	link, err := w.docs.Link(context.Background(), w.catalog.Resource("documents"), rec)
	if err != nil {
		w.t.Fatal(err)
	}
	return link
}

// put uploads a document and returns its link.
func (w *world) put(name string, data []byte) string {
	w.t.Helper()
	ticket := w.create(name)
	do(w.t, http.MethodPut, ticket.Locator, bytes.NewReader(data), nil, http.StatusOK)
	for _, rec := range w.visible() {
		if rec.ID == ticket.ID {
			return w.link(rec)
		}
	}
	w.t.Fatalf("%s is not visible", name)
	return ""
}

type answer struct {
	http.Header
	body []byte
}

func do(t testing.TB, method, address string, body io.Reader, head map[string]string, want int) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range head {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != want {
		t.Errorf("%s %s: %s, want %d\n%.300s", method, address, res.Status, want, data)
	}
	return answer{res.Header, data}
}

// expectError checks the form of an error's body.
func (a answer) expectError(t testing.TB, message string) {
	t.Helper()
	var e struct {
		Code    *int
		Error   string
		Message string
	}
	if err := json.Unmarshal(a.body, &e); err != nil || e.Code == nil || e.Error == "" || !strings.Contains(e.Message, message) {
		t.Errorf("error %s, want one about %q", a.body, message)
	}
	if got := a.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("an error of type %s", got)
	}
}

// linkKey is what the services of all tests sign with.
func linkKey() []byte { return bytes.Repeat([]byte("k"), 32) }

// A text that was not signed here opens no workspace, however well it is formed.
func TestAlteredTokensOpenNothing(t *testing.T) {
	w := newWorld(t, 1<<20)
	ticket := w.create("a")
	opened := 0
	handler := transfer.Handler(linkKey(), func(context.Context, string) (*document.Service, func(), error) {
		opened++
		return w.docs, func() {}, nil
	}, slog.New(slog.DiscardHandler))
	token := ticket.Locator[strings.LastIndexByte(ticket.Locator, '/')+1:]
	for _, text := range []string{"x" + token[1:], token[:len(token)-1] + "x", token[:40] + "A" + token[41:]} {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPut, transfer.UploadPath+text, strings.NewReader("x")))
		if rec.Code != http.StatusForbidden || opened != 0 {
			t.Errorf("%s: status %d, %d workspaces opened", text, rec.Code, opened)
		}
	}
}

func md5Of(data []byte) string {
	sum := md5.Sum(data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// A checksum that is not that of the bytes refuses them, and the locator is still
// good for the right ones.
func TestChecksums(t *testing.T) {
	w := newWorld(t, 1<<20)
	data := []byte("what was meant to arrive")
	ticket := w.create("checked")
	for _, head := range []map[string]string{
		{"Content-MD5": md5Of([]byte("something else"))},
		{"Content-MD5": "not base64"},
		{"Content-MD5": "c2hvcnQ="},
		{"x-amz-content-sha256": fmt.Sprintf("%x", sha256.Sum256([]byte("something else")))},
		{"x-amz-content-sha256": "abc"},
		{"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
	} {
		do(t, http.MethodPut, ticket.Locator, bytes.NewReader(data), head, http.StatusBadRequest)
	}
	if n := len(w.visible()); n != 0 {
		t.Fatalf("%d documents are visible after refused uploads", n)
	}
	do(t, http.MethodPut, ticket.Locator, bytes.NewReader(data), map[string]string{"Content-MD5": md5Of(data)}, http.StatusOK)
}

func TestUploads(t *testing.T) {
	w := newWorld(t, 1<<20)
	data := bytes.Repeat([]byte("0123456789"), 60_000)
	chunked := func() io.Reader { return struct{ io.Reader }{bytes.NewReader(data)} }
	for name, c := range map[string]struct {
		method string
		body   io.Reader
		head   map[string]string
	}{
		"PUT":            {http.MethodPut, bytes.NewReader(data), nil},
		"POST":           {http.MethodPost, bytes.NewReader(data), nil},
		"chunked":        {http.MethodPut, chunked(), nil},
		"typed":          {http.MethodPut, bytes.NewReader(data), map[string]string{"Content-Type": "application/octet-stream"}},
		"AWS-style":      {http.MethodPut, bytes.NewReader(data), map[string]string{"x-amz-acl": "private", "Content-MD5": md5Of(data), "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}},
		"hashed":         {http.MethodPut, chunked(), map[string]string{"x-amz-content-sha256": fmt.Sprintf("%x", sha256.Sum256(data))}},
		"as a form says": {http.MethodPost, bytes.NewReader(data), map[string]string{"Content-Type": "application/x-www-form-urlencoded"}},
		"identity":       {http.MethodPut, bytes.NewReader(data), map[string]string{"Content-Encoding": "identity"}},
	} {
		ticket := w.create(name)
		a := do(t, c.method, ticket.Locator, c.body, c.head, http.StatusOK)
		etag := a.Get("ETag")
		if len(a.body) != 0 || !strings.HasPrefix(etag, `"`) || !blob.IsHash(strings.Trim(etag, `"`)) {
			t.Errorf("%s: ETag %s, body %q", name, etag, a.body)
		}
		rows := w.visible()
		if last := rows[len(rows)-1]; last.ID != ticket.ID {
			t.Errorf("%s: not visible", name)
		} else if a := do(t, http.MethodGet, w.link(last), nil, nil, http.StatusOK); !bytes.Equal(a.body, data) || a.Get("ETag") != etag {
			t.Errorf("%s: other bytes come back", name)
		}
	}
}

// A client that waits for leave to send is refused before it has sent anything.
func TestExpectContinue(t *testing.T) {
	w := newWorld(t, 1<<20)
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	defer client.CloseIdleConnections()
	put := func(locator string, size int) (status int, sent bool) {
		t.Helper()
		asked := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			Got100Continue: func() { asked = true },
			Got1xxResponse: func(int, textproto.MIMEHeader) error { return nil },
		})
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, locator, bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Expect", "100-continue")
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode, asked
	}
	ticket := w.create("a")
	if status, sent := put(ticket.Locator, 2<<20); status != http.StatusRequestEntityTooLarge || sent {
		t.Errorf("too large: %d, sent %v", status, sent)
	}
	if status, sent := put(ticket.Locator+"x", 100); status != http.StatusForbidden || sent {
		t.Errorf("altered: %d, sent %v", status, sent)
	}
	if status, sent := put(ticket.Locator, 100); status != http.StatusOK || !sent {
		t.Errorf("good: %d, sent %v", status, sent)
	}
}

func TestUploadErrors(t *testing.T) {
	w := newWorld(t, 1000)
	ticket := w.create("a")
	good := ticket.Locator
	body := func(n int) io.Reader { return bytes.NewReader(make([]byte, n)) }
	for name, c := range map[string]struct {
		address string
		body    io.Reader
		head    map[string]string
		status  int
		message string
	}{
		"altered":         {good[:len(good)-4] + "AAAA", body(1), nil, 403, "altered"},
		"no token":        {w.url + "/upload/x", body(1), nil, 403, "altered"},
		"nothing":         {w.url + "/upload/", body(1), nil, 404, "nothing at this address"},
		"too deep":        {good + "/x", body(1), nil, 404, "nothing at this address"},
		"too large":       {good, body(1001), nil, 413, "larger than 1000 bytes"},
		"too large, late": {good, struct{ io.Reader }{body(1001)}, nil, 413, "larger than 1000 bytes"},
		"part":            {good, body(1), map[string]string{"Content-Range": "bytes 0-0/2"}, 400, "Content-Range"},
		"framed":          {good, body(1), map[string]string{"Content-Encoding": "aws-chunked"}, 400, "Content-Encoding"},
	} {
		do(t, http.MethodPut, c.address, c.body, c.head, c.status).expectError(t, c.message)
		if rows := w.visible(); len(rows) != 0 {
			t.Fatalf("%s: %d documents are visible", name, len(rows))
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		a := do(t, method, good, nil, nil, http.StatusMethodNotAllowed)
		a.expectError(t, "PUT, POST")
		if got := a.Get("Allow"); got != "PUT, POST" {
			t.Errorf("Allow %s", got)
		}
	}
	do(t, http.MethodPut, good, body(1000), nil, http.StatusOK)
	do(t, http.MethodPut, good, body(1), nil, http.StatusConflict).expectError(t, "already uploaded")
	late := w.create("b")
	w.now.Add(document.DefaultTicketLife.Milliseconds())
	do(t, http.MethodPut, late.Locator, body(1), nil, http.StatusForbidden).expectError(t, "expired")
}

// A locator of a workspace that is not here is refused like a forged one.
func TestUnknownWorkspace(t *testing.T) {
	w := newWorld(t, 1000)
	other, err := document.New(document.Config{
		Workspace: "gone", Store: w.store, Blobs: w.blobs,
		Catalog: func() *resource.Catalog { return w.catalog },
		Clock:   func() time.Time { return time.UnixMilli(w.now.Load()) },
		Key:     linkKey(), BaseURL: w.url,
	})
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := other.Create(t.Context(), crm.Actor{UserID: w.user}, document.Request{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	do(t, http.MethodPut, ticket.Locator, strings.NewReader("x"), nil, http.StatusForbidden).expectError(t, "altered")
}

// Nothing is visible and nothing stays of 100 uploads whose connections break at
// any point, with and without an announced length.
func TestCutConnections(t *testing.T) {
	w := newWorld(t, 8<<20)
	data := make([]byte, 2<<20)
	var clients sync.WaitGroup
	for i := range 100 {
		ticket := w.create("cut")
		u, err := url.Parse(ticket.Locator)
		if err != nil {
			t.Fatal(err)
		}
		cut := rand.IntN(len(data))
		if i < 4 {
			cut = i
		}
		clients.Go(func() {
			c, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			head := fmt.Sprintf("Content-Length: %d", len(data))
			if i%2 == 1 {
				head = "Transfer-Encoding: chunked"
			}
			fmt.Fprintf(c, "PUT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", u.Path, u.Host, head)
			if i%2 == 1 {
				fmt.Fprintf(c, "%x\r\n", len(data))
			}
			if _, err := c.Write(data[:cut]); err != nil {
				t.Errorf("upload %d: %v", i, err)
			}
			if i%3 == 0 {
				_ = c.(*net.TCPConn).SetLinger(0) // reset instead of an orderly end
			}
		})
	}
	clients.Wait()
	for range 100 {
		<-w.ended
	}
	if rows := w.visible(); len(rows) != 0 {
		t.Errorf("%d documents are visible", len(rows))
	}
	entries, err := os.ReadDir(filepath.Join(w.dir, "tmp"))
	if err != nil || len(entries) != 0 {
		t.Errorf("%d temporary files are left (%v)", len(entries), err)
	}
	err = w.blobs.Walk(t.Context(), func(hash string, size int64, _ time.Time) error {
		t.Errorf("content %s of %d bytes is left", hash, size)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDownloads(t *testing.T) {
	w := newWorld(t, 1<<20)
	data := []byte("<script>alert('0123456789')</script>")
	link := w.put("Año \"1\".html", data)
	full := do(t, http.MethodGet, link, nil, nil, http.StatusOK)
	if !bytes.Equal(full.body, data) {
		t.Errorf("body %q", full.body)
	}
	for name, want := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Length":          fmt.Sprint(len(data)),
		"Content-Disposition":     `attachment; filename="A_o _1_.html"; filename*=UTF-8''A%C3%B1o%20%221%22.html`,
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"Cache-Control":           "private, no-cache",
		"Accept-Ranges":           "bytes",
		"Last-Modified":           "Sun, 01 Mar 2026 12:00:00 GMT",
	} {
		if got := full.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}

	head := do(t, http.MethodHead, link, nil, nil, http.StatusOK)
	if len(head.body) != 0 || head.Get("Content-Length") != fmt.Sprint(len(data)) || head.Get("ETag") != full.Get("ETag") {
		t.Errorf("HEAD: %v, %q", head.Header, head.body)
	}
	part := do(t, http.MethodGet, link, nil, map[string]string{"Range": "bytes=15-24"}, http.StatusPartialContent)
	if string(part.body) != string(data[15:25]) || part.Get("Content-Range") != fmt.Sprintf("bytes 15-24/%d", len(data)) {
		t.Errorf("range: %q of %s", part.body, part.Get("Content-Range"))
	}
	if tail := do(t, http.MethodGet, link, nil, map[string]string{"Range": "bytes=-5"}, http.StatusPartialContent); string(tail.body) != string(data[len(data)-5:]) {
		t.Errorf("last bytes: %q", tail.body)
	}
	do(t, http.MethodGet, link, nil, map[string]string{"Range": "bytes=1000-"}, http.StatusRequestedRangeNotSatisfiable)
	do(t, http.MethodGet, link, nil, map[string]string{"Range": "bytes=0-1", "If-Range": full.Get("ETag")}, http.StatusPartialContent)
	do(t, http.MethodGet, link, nil, map[string]string{"Range": "bytes=0-1", "If-Range": `"other"`}, http.StatusOK)
	do(t, http.MethodGet, link, nil, map[string]string{"If-None-Match": full.Get("ETag")}, http.StatusNotModified)

	short := strings.Replace(link, "/api/v4/download/", "/download/", 1)
	if a := do(t, http.MethodGet, short, nil, nil, http.StatusOK); !bytes.Equal(a.body, data) {
		t.Error("the short path serves something else")
	}

	do(t, http.MethodGet, link[:len(link)-4]+"AAAA", nil, nil, http.StatusForbidden).expectError(t, "altered")
	do(t, http.MethodGet, w.url+"/elsewhere", nil, nil, http.StatusNotFound).expectError(t, "nothing")
	do(t, http.MethodPut, link, nil, nil, http.StatusMethodNotAllowed).expectError(t, "GET, HEAD")
	w.now.Add(document.DefaultLinkLife.Milliseconds())
	do(t, http.MethodGet, link, nil, nil, http.StatusForbidden).expectError(t, "expired")
}

// A content that the storage has lost is the server's failure, and says nothing
// of where it was.
func TestLostContent(t *testing.T) {
	w := newWorld(t, 1<<20)
	link := w.put("a", []byte("a"))
	hash := ""
	err := w.blobs.Walk(t.Context(), func(h string, _ int64, _ time.Time) error { hash = h; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := w.blobs.Delete(t.Context(), hash); err != nil {
		t.Fatal(err)
	}
	a := do(t, http.MethodGet, link, nil, nil, http.StatusInternalServerError)
	a.expectError(t, "internal error")
	if strings.Contains(string(a.body), hash) {
		t.Errorf("%s tells the hash", a.body)
	}
}

// BenchmarkReceive uploads 100 MB by HTTP over loopback, the client included.
func BenchmarkReceive(b *testing.B) {
	const size = 100_000_000
	w := newWorld(b, size)
	data := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(data) // never fails
	b.SetBytes(size)
	for n := 0; b.Loop(); n++ {
		data[n] ^= 0xff // contents of its own
		ticket := w.create("big.bin")
		a := do(b, http.MethodPut, ticket.Locator, bytes.NewReader(data), nil, http.StatusOK)
		b.StopTimer()
		if err := w.blobs.Delete(b.Context(), strings.Trim(a.Get("ETag"), `"`)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
