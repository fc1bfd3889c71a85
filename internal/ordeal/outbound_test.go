package ordeal_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// forbidden are targets that only the server can reach, in the forms in which they may
// be written; %s is the port of a server that must not be asked.
var forbidden = []string{
	"http://127.0.0.1:%s/x.pdf", "http://127.0.0.1.:%s/", "http://127.1:%s/", "http://2130706433:%s/", "http://0x7f000001:%s/", "http://0x7f.1:%s/",
	"http://0177.0.0.1:%s/", "http://0:%s/", "http://0.0.0.0:%s/", "http://localhost:%s/", "http://LOCALHOST.:%s/", "http://a.localhost:%s/",
	"http://user:password@127.0.0.1:%s/", "http://example.com@127.0.0.1:%s/",
	"http://[::1]:%s/", "http://[::]:%s/", "http://[::ffff:127.0.0.1]:%s/", "http://[::ffff:7f00:1]:%s/", "http://[::127.0.0.1]:%s/",
	"http://[64:ff9b::127.0.0.1]:%s/", "http://[64:ff9b:1::7f00:1]:%s/", "http://[2002:7f00:1::1]:%s/", "http://[fe80::1%%25lo]:%s/",
	"http://169.254.169.254:%s/latest/meta-data/", "http://[fd00:ec2::254]:%s/", "http://100.100.100.200:%s/", "http://10.0.0.1:%s/", "http://172.16.0.1:%s/",
	"http://192.168.0.1:%s/", "http://[fd12::1]:%s/", "http://[ff02::1]:%s/", "http://255.255.255.255:%s/",
	"file:///etc/passwd?%s", "gopher://127.0.0.1:%s/", "ftp://127.0.0.1:%s/x.pdf", "//127.0.0.1:%s/x.pdf",
}

// requests are all the ways in which a client names an address that the server then
// asks. They return the answer to naming it.
var requests = map[string]func(t *testing.T, w *world, target string) apptest.Answer{
	"files by URL": func(t *testing.T, w *world, target string) apptest.Answer {
		return w.Do(t, "POST", "/v2/portorders/1/files", map[string]string{"url": target}, w.basic)
	},
	"business documents": func(t *testing.T, w *world, target string) apptest.Answer {
		return w.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"business_documents":[`+quoted(target)+`]`), w.basic)
	},
	"status URL": func(t *testing.T, w *world, target string) apptest.Answer {
		return w.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"status_url":`+quoted(target)), w.basic)
	},
	"webhook": func(t *testing.T, w *world, target string) apptest.Answer {
		return w.Do(t, "POST", "/api/v4/hooks", map[string]string{"name": "a", "action": "insert", "entity": "account", "url": target})
	},
}

// TestForbidden names targets that only the server can reach, wherever it takes one:
// it refuses them at once, and asks none.
func TestForbidden(t *testing.T) {
	var asked atomic.Int32
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer secret.Close()
	_, port, err := net.SplitHostPort(secret.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, apptest.SQLite, onDisk, func(o *apptest.Options) { o.Serving = true })
	for name, ask := range requests {
		for _, form := range forbidden {
			target := fmt.Sprintf(form, port)
			if res := ask(t, w, target); res.Status < 400 || res.Status > 499 {
				t.Errorf("%s: %s is taken: %d %s", name, target, res.Status, res.Body)
			}
		}
	}
	w.settleFiles(t)
	if asked.Load() != 0 {
		t.Errorf("what must not be asked was asked %d times", asked.Load())
	}
	w.holds(t, "forbidden", 0, 0)
}

// TestFetched lets an address that may be asked lead to one that may not, and break off:
// nothing of it is seen or kept.
func TestFetched(t *testing.T) {
	inside, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	secret := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("what must not be asked was asked") }))
	secret.Listener.Close()
	secret.Listener = inside
	secret.Start()
	defer secret.Close()
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect.pdf":
			http.Redirect(rw, r, secret.URL, http.StatusFound)
		case "/redirects.pdf":
			http.Redirect(rw, r, "/redirect.pdf", http.StatusTemporaryRedirect)
		case "/for-ever.pdf":
			http.Redirect(rw, r, r.URL.Path, http.StatusFound)
		case "/short.pdf":
			rw.Header().Set("Content-Length", "300000")
			_, _ = rw.Write(make([]byte, 200_000)) // and no more
		case "/cut.pdf":
			_, _ = rw.Write(make([]byte, 200_000))
			panic(http.ErrAbortHandler)
		case "/large.pdf":
			rw.(http.Flusher).Flush() // of no length
			_, _ = rw.Write(make([]byte, 200_001))
		case "/larger.pdf":
			rw.Header().Set("Content-Length", "200001")
			_, _ = rw.Write(make([]byte, 200_001))
		case "/missing.pdf":
			http.NotFound(rw, r)
		case "/whole.pdf":
			_, _ = rw.Write(bytes.Repeat([]byte("."), 200_000))
		}
	}))
	defer front.Close()
	w := newWorld(t, apptest.SQLite, onDisk, func(o *apptest.Options) {
		o.Serving = true
		addConfig(o, func(c *app.Config) { c.AllowTargets, c.FlowrouteMaxFile = "127.0.0.1", 200_000 })
	})
	for _, name := range []string{"redirect", "redirects", "for-ever", "short", "cut", "large", "larger", "missing"} {
		for _, by := range []string{"files by URL", "business documents"} {
			if res := requests[by](t, w, front.URL+"/"+name+".pdf"); res.Status >= 300 {
				t.Errorf("%s, %s: %d %s", by, name, res.Status, res.Body)
			}
		}
	}
	w.settleFiles(t)
	w.holds(t, "fetched", 0, 0)
	for name, ask := range requests { // all of them take what is allowed
		if name == "business documents" {
			continue // the next is of the same contents
		}
		if res := ask(t, w, front.URL+"/whole.pdf"); res.Status >= 300 {
			t.Errorf("%s: %d %s", name, res.Status, res.Body)
		}
	}
	w.settleFiles(t)
	w.holds(t, "fetched whole", 1, 1)
}

// settleFiles waits until no file is to be fetched any more.
func (w *world) settleFiles(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); ; {
		res := w.Get(t, "/api/v4/portorderFiles", func(h http.Header) { h.Set("Count", "1000") })
		if res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		if text := string(res.Body); !strings.Contains(text, `"status":"pending"`) && !strings.Contains(text, `"status":"processing"`) {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("files are still to be fetched: %s", res.Body)
		}
	}
}
