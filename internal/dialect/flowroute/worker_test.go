package flowroute_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Files are fetched from their URLs: what is there becomes a document, and of the rest
// it is said why it did not.
func TestFetch(t *testing.T) {
	const most = 1000
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/csr.pdf":
			_, _ = io.WriteString(w, "%PDF-1.4 csr")
		case "/moved":
			http.Redirect(w, r, "/csr.pdf", http.StatusFound)
		case "/large.pdf":
			_, _ = w.Write(make([]byte, most+1))
		case "/endless.pdf": // without a length
			for range most {
				_, _ = w.Write(make([]byte, 100))
				w.(http.Flusher).Flush()
			}
		case "/cut.pdf":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "%PDF")
		default:
			http.NotFound(w, r)
		}
	}))
	defer outside.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()

	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := startOn(t, db, func(c *app.Config) { c.AllowTargets, c.FlowrouteMaxFile = "127.0.0.1", most }, true)
		wrong := map[string]string{
			"none.pdf": "the URL answered with 404", "large.pdf": "larger than 1000 bytes", "endless.pdf": "larger than 1000 bytes",
			"cut.pdf": "", "closed.pdf": "",
		}
		var urls []string
		for _, name := range []string{"csr.pdf", "moved?filename=letter.pdf", "none.pdf", "large.pdf", "endless.pdf", "cut.pdf"} {
			urls = append(urls, `"`+outside.URL+"/"+name+`"`)
		}
		urls = append(urls, `"`+closed.URL+`/closed.pdf"`)
		more := `,"business_documents":[` + strings.Join(urls, ",") + `]`
		if res := a.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, more), basic(a)); res.Status != 201 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		var files []struct{ Filename, Status, Error string }
		await(t, func() bool {
			a.Get(t, "/api/v4/portorderFiles?where=portOrderId=1").JSON(t, &files)
			return len(files) == len(urls) && !slices.ContainsFunc(files, func(f struct{ Filename, Status, Error string }) bool {
				return f.Status == "pending" || f.Status == "processing"
			})
		})
		for _, f := range files {
			why, bad := wrong[f.Filename]
			if (f.Status == "error") != bad || bad && f.Error == "" || !strings.Contains(f.Error, why) {
				t.Errorf("%s: %s, %q", f.Filename, f.Status, f.Error)
			}
			if strings.Contains(f.Error, "127.0.0.1") {
				t.Errorf("%s: %q says what is inside", f.Filename, f.Error)
			}
		}
		// So does one that is asked for by itself, with a second credential of the dialect.
		second, err := a.Credential(t.Context(), flowroute.Name, a.Admin)
		if err != nil {
			t.Fatal(err)
		}
		if res := a.Do(t, "POST", "/v2/portorders/1/files", `{"url":"`+outside.URL+`/csr.pdf?filename=single.pdf"}`, basicOf(second)); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		var docs []struct{ Description, Link, Dialect, Credential string }
		await(t, func() bool {
			a.Get(t, "/api/v4/portorders/1/documents").JSON(t, &docs)
			return len(docs) == 3
		})
		for _, d := range docs {
			asked := a.Credentials[flowroute.Name]["access_key"]
			if d.Description == "single.pdf" {
				asked = second["access_key"]
			}
			if asked == "" || d.Credential != asked || d.Dialect != flowroute.Name {
				t.Errorf("%s came by %s of %s, was asked for by %s", d.Description, d.Credential, d.Dialect, asked)
			}
			if res := a.Get(t, d.Link, func(h http.Header) { clear(h) }); string(res.Body) != "%PDF-1.4 csr" || wrong[d.Description] != "" {
				t.Errorf("%s: %d %s", d.Description, res.Status, res.Body)
			}
		}
	})
}

// Status URLs are told of changes until they have taken them, for a day.
func TestTell(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		told := make(chan string, 8)
		var refusing atomic.Int32 // so many requests
		outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refusing.Add(-1) >= 0 {
				w.WriteHeader(http.StatusBadGateway)
			}
			b, err := io.ReadAll(r.Body)
			if err != nil || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%v, %v", r.Header, err)
			}
			told <- string(b)
		}))
		defer outside.Close()
		a := startOn(t, db, func(c *app.Config) { c.AllowTargets = "127.0.0.1" }, true)
		if res := a.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"status_url":"`+outside.URL+`"`), basic(a)); res.Status != 201 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		become := func(status string) {
			t.Helper()
			if res := a.Do(t, "PUT", "/api/v4/portorders/1", `{"status":"`+status+`"}`); res.Status != 200 {
				t.Fatalf("%d %s", res.Status, res.Body)
			}
		}
		for _, x := range []struct{ status, message string }{
			{"processing", "Port Order #1 is processing."}, {"review", "Port Order #1 is in review."},
			{"submitted", "Port Order #1 has been submitted."}, {"rejected", "Port Order #1 has been rejected."},
		} {
			become(x.status)
			if got := <-told; !strings.Contains(got, `"message":"`+x.message+`"`) || !strings.Contains(got, `"type":"po_status_change"`) {
				t.Errorf("%s: told %s", x.status, got)
			}
		}

		// again wakes the worker after a time.
		again := func(d time.Duration) {
			t.Helper()
			a.Clock.Advance(d)
			var err error
			if _, a.Token, err = a.Login(t.Context(), a.Admin); err != nil { // the session has ended by then
				t.Fatal(err)
			}
			a.Do(t, "PUT", "/api/v4/portorders/1", fmt.Sprintf(`{"alias":"%s"}`, a.Clock.Now()))
		}
		refusing.Store(1)
		if res := a.Do(t, "PATCH", "/v2/portorders/1/status", `{"data":{"attributes":{"status":"cancelled"}}}`, basic(a)); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		first := <-told
		if !strings.Contains(first, `"message":"Port Order #1 has been abandoned."`) {
			t.Errorf("told %s", first)
		}
		again(time.Hour)
		if second := <-told; second != first {
			t.Errorf("told again %s, before %s", second, first)
		}

		// After a day it is left alone.
		refusing.Store(1 << 20)
		become("hard_canceled")
		<-told
		again(25 * time.Hour)
		<-told
		w, release, err := a.Workspaces.Acquire(t.Context(), a.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		await(t, func() bool { return !w.PortOrders.Busy() })
		if len(told) > 0 {
			t.Errorf("told once more: %s", <-told)
		}
	})
}

// A file that takes its time does not keep changes from being told.
func TestTellWhileFetching(t *testing.T) {
	asked, end, told := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			close(asked)
			<-end
			return
		}
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told <- string(b)
	}))
	defer outside.Close()
	a := start(t, func(c *app.Config) { c.AllowTargets = "127.0.0.1" }, true)
	defer close(end) // before the server ends
	more := `,"business_documents":["` + outside.URL + `/slow.pdf"],"status_url":"` + outside.URL + `"`
	if res := a.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, more), basic(a)); res.Status != 201 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	<-asked
	if res := a.Do(t, "PUT", "/api/v4/portorders/1", `{"status":"processing"}`); res.Status != 200 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	if got := <-told; !strings.Contains(got, "Port Order #1 is processing.") {
		t.Errorf("told %s", got)
	}
}

// However many changes wait for another try, a new one is told.
func TestTellBesideManyThatWait(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		told := make(chan string, 1)
		outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			told <- string(b)
		}))
		defer outside.Close()
		a := startOn(t, db, func(c *app.Config) { c.AllowTargets = "127.0.0.1" }, true)
		if res := a.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"status_url":"`+outside.URL+`"`), basic(a)); res.Status != 201 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		w, release, err := a.Workspaces.Acquire(t.Context(), a.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		res := w.Records.Catalog().Resource("portorderHistory")
		waiting := make([]*resource.Record, 1200)
		for i := range waiting {
			waiting[i] = &resource.Record{Values: make([]resource.Value, len(res.Fields))}
			for name, v := range map[string]resource.Value{
				"deleted": resource.BoolValue(false), "portOrderId": resource.IntValue(1), "status": resource.TextValue("review"),
				"dueAt": resource.IntValue(a.Clock.Now().Add(time.Hour).UnixMilli()), "attempts": resource.IntValue(9),
			} {
				waiting[i].Values[res.Field(name).Index] = v
			}
		}
		if err := w.Store.Write(t.Context(), func(tx crm.Tx) error { return tx.Insert(t.Context(), res, waiting...) }); err != nil {
			t.Fatal(err)
		}
		if res := a.Do(t, "PUT", "/api/v4/portorders/1", `{"status":"processing"}`); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		if got := <-told; !strings.Contains(got, "Port Order #1 is processing.") {
			t.Errorf("told %s", got)
		}
	})
}
