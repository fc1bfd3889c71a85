package flowroute_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/presign"
)

const newOrder = `{"data":{"attributes":{"numbers":["12065013456"],"billing_name":"John Doe","city":"Seattle","country":"US",
	"provider":"Verizon","state":"WA","street":"1218 3rd Ave","usage_type":"Residential","zip":"98101"%s}}}`

// basic asks with the credential of the dialect.
func basic(a *apptest.App) func(http.Header) {
	return basicOf(a.Credentials[flowroute.Name])
}

// basicOf asks with any credential of the dialect.
func basicOf(c map[string]string) func(http.Header) {
	return func(h http.Header) {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c["access_key"]+":"+c["secret_key"])))
	}
}

func start(t *testing.T, config func(*app.Config), serving bool) *apptest.App {
	t.Helper()
	return startOn(t, apptest.SQLite, config, serving)
}

func startOn(t *testing.T, db apptest.Database, config func(*app.Config), serving bool) *apptest.App {
	t.Helper()
	return apptest.New(t, apptest.Options{Database: db, Dialects: []string{flowroute.Name}, Config: config, Serving: serving})
}

// uploadURL makes an order and a URL for one of its files.
func uploadURL(t *testing.T, a *apptest.App, name string) string {
	t.Helper()
	if res := a.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, ""), basic(a)); res.Status != 201 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	var file struct {
		Data struct{ Attributes struct{ URL string } }
	}
	a.Do(t, "POST", "/v2/portorders/1/upload_file", map[string]string{"filename": name}, basic(a)).JSON(t, &file)
	return file.Data.Attributes.URL
}

// put sends bytes to a presigned URL; headers are pairs.
func put(t *testing.T, a *apptest.App, target, body string, headers ...string) (status int, code string) {
	t.Helper()
	res := a.Do(t, "PUT", target, body, func(h http.Header) {
		clear(h)
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
	})
	if res.Status == 200 {
		if want := fmt.Sprintf(`"%x"`, md5.Sum([]byte(body))); res.Header.Get("ETag") != want || len(res.Body) != 0 {
			t.Errorf("ETag %s, want %s; body %q", res.Header.Get("ETag"), want, res.Body)
		}
		return res.Status, ""
	}
	var e struct{ Code, RequestId, HostId string }
	if err := xml.Unmarshal(res.Body, &e); err != nil || e.RequestId != res.Header.Get("X-Amz-Request-Id") || e.HostId != res.Header.Get("X-Amz-Id-2") || e.RequestId == "" {
		t.Errorf("%d %s: %v", res.Status, res.Body, err)
	}
	return res.Status, e.Code
}

// Uploads are refused as S3 refuses them, whichever version signs their URLs.
func TestUpload(t *testing.T) {
	for _, version := range []string{"2", "4"} {
		t.Run("version "+version, func(t *testing.T) {
			a := start(t, func(c *app.Config) { c.FlowrouteSignature, c.FlowrouteMaxFile = version, 8 }, false)
			target := uploadURL(t, a, `C:\Scans\Rechnung März.pdf`)
			const pdf = "application/pdf"
			for _, test := range []struct {
				what, target, body, want string
				status                   int
				headers                  []string
			}{
				{"no type", target, "1234567", "SignatureDoesNotMatch", 403, nil},
				{"another type", target, "1234567", "SignatureDoesNotMatch", 403, []string{"Content-Type", "text/html"}},
				{"another object", strings.Replace(target, "Rechnung", "rechnung", 1), "1234567", "SignatureDoesNotMatch", 403, []string{"Content-Type", pdf}},
				{"a byte less than the limit", target, "1234567", "", 200, []string{"Content-Type", pdf}},
				{"the limit", target, "12345678", "", 200, []string{"Content-Type", pdf}},
				{"a byte more", target, "123456789", "EntityTooLarge", 400, []string{"Content-Type", pdf}},
			} {
				if status, code := put(t, a, test.target, test.body, test.headers...); status != test.status || code != test.want {
					t.Errorf("%s: %d %s, want %d %s", test.what, status, code, test.status, test.want)
				}
			}
			var docs []struct {
				Description, Dialect string
				Size                 int
			}
			a.Get(t, "/api/v4/documents?where=portOrderId=1").JSON(t, &docs)
			live := a.Get(t, "/api/v4/documents?where=portOrderId=1%20AND%20deleted=false")
			live.JSON(t, &docs)
			if len(docs) != 1 || docs[0].Size != 8 || docs[0].Description != "Rechnung März.pdf" || docs[0].Dialect != "flowroute" {
				t.Errorf("of two uploads the last counts: %s", live.Body)
			}
			a.Clock.Advance(15*time.Minute + time.Second)
			if status, code := put(t, a, target, "1", "Content-Type", pdf); status != 403 || code != "AccessDenied" {
				t.Errorf("after its time: %d %s", status, code)
			}
		})
	}
}

// What a client signs itself is held to the same, and digests are checked.
func TestOwnSignature(t *testing.T) {
	a := start(t, nil, false)
	target := uploadURL(t, a, "bill.pdf")
	c := a.Credentials[flowroute.Name]
	at, _, _ := strings.Cut(target, "?")
	own := func(at, kind, token string) string {
		target, _, err := presign.URL4(presign.Grant{
			Method: "PUT", URL: at, ContentType: kind, Token: token, AccessKey: c["access_key"], Secret: c["secret_key"],
			Now: apptest.Start, Life: time.Hour,
		}, "eu-west-1")
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	sum := md5.Sum([]byte("hello"))
	good := base64.StdEncoding.EncodeToString(sum[:])
	const pdf = "application/pdf"
	for _, test := range []struct {
		what, target, want string
		status             int
		headers            []string
	}{
		{"another type than the file's", own(at, "text/html", ""), "AccessDenied", 403, []string{"Content-Type", "text/html"}},
		{"no such file", own(at+"x", pdf, ""), "NoSuchKey", 404, []string{"Content-Type", pdf}},
		{"an invented session", own(at, pdf, "x"), "InvalidToken", 400, []string{"Content-Type", pdf}},
		{"a wrong digest", own(at, pdf, ""), "BadDigest", 400, []string{"Content-Type", pdf, "Content-Md5", "AAAAAAAAAAAAAAAAAAAAAA=="}},
		{"no digest", own(at, pdf, ""), "InvalidDigest", 400, []string{"Content-Type", pdf, "Content-Md5", "AAAA"}},
		{"another digest", own(at, pdf, "") + "", "SignatureDoesNotMatch", 403, []string{"Content-Type", pdf, "X-Amz-Content-Sha256", strings.Repeat("0", 64)}},
		{"the digest", own(at, pdf, ""), "", 200, []string{"Content-Type", pdf, "Content-Md5", good}},
	} {
		if status, code := put(t, a, test.target, "hello", test.headers...); status != test.status || code != test.want {
			t.Errorf("%s: %d %s, want %d %s", test.what, status, code, test.status, test.want)
		}
	}
}

// await polls until something is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if so() {
			return
		}
		<-tick.C
	}
	t.Fatal("it does not come about")
}

// Behind a proxy the server is asked for less than the client has signed: without the
// path of the public URL, and at another host.
func TestUploadBehindProxy(t *testing.T) {
	for _, version := range []string{"2", "4"} {
		for _, public := range []string{"https://crm.example.com/base", "https://crm.example.com:8443"} {
			a := start(t, func(c *app.Config) { c.FlowrouteSignature, c.PublicURL = version, public }, false)
			target := uploadURL(t, a, "Rechnung März.pdf")
			at, ok := strings.CutPrefix(target, public)
			if !ok {
				t.Fatalf("%s does not begin with %s", target, public)
			}
			for _, x := range []struct {
				at     string
				status int
			}{{at, 200}, {strings.Replace(at, "Rechnung", "rechnung", 1), 403}, {strings.Replace(at, "ignature=", "ignature=00", 1), 403}} {
				if status, code := put(t, a, x.at, "1234", "Content-Type", "application/pdf"); status != x.status {
					t.Errorf("version %s below %s: %d %s, want %d", version, public, status, code, x.status)
				}
			}
		}
	}
}

// A file whose document was deleted is gone here, too, until its bytes are put again.
func TestDeletedDocument(t *testing.T) {
	a := start(t, nil, false)
	target := uploadURL(t, a, "a.txt")
	for _, text := range []string{"first", "second"} {
		if status, code := put(t, a, target, text, "Content-Type", "text/plain"); status != 200 {
			t.Fatalf("%d %s", status, code)
		}
		shown := refusal{"GET", "/v2/portorders/1", ``, 200, `"filename":"a.txt"`}
		shown.check(t, a)
		refusal{"GET", "/v2/portorders/1/files/1", ``, 200, "portorder-file-url"}.check(t, a)
		var docs []struct{ ID int }
		a.Get(t, "/api/v4/documents?where=portOrderId=1%20AND%20deleted=false").JSON(t, &docs)
		if len(docs) != 1 {
			t.Fatalf("documents %v", docs)
		}
		a.Do(t, "DELETE", fmt.Sprintf("/api/v4/documents/%d", docs[0].ID), "")
		shown.want = `"business_documents":[{"data":[]}]`
		shown.check(t, a)
		refusal{"GET", "/v2/portorders/1/files/1", ``, 404, "No such file"}.check(t, a)
	}
}

// A file in quarantine is not there yet, and one that is found infected there never will
// be.
func TestQuarantine(t *testing.T) {
	var up atomic.Bool
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if up.Load() {
				scanned(conn)
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { listener.Close(); <-ended })
	a := start(t, func(c *app.Config) { c.Clamd, c.ScanDown = "tcp://"+listener.Addr().String(), "quarantine" }, false)
	for _, text := range []string{"fine", "evil"} {
		if status, code := put(t, a, uploadURL(t, a, text+".txt"), text, "Content-Type", "text/plain"); status != 200 {
			t.Fatalf("%s: %d %s", text, status, code)
		}
	}
	shows := func(path string, want ...string) {
		t.Helper()
		res := a.Get(t, "/v2/portorders/1"+path, basic(a))
		for _, text := range want {
			if res.Status != 200 || !strings.Contains(string(res.Body), text) {
				t.Errorf("%s: %d %s, want %s", path, res.Status, res.Body, text)
			}
		}
	}
	const fine, evil = `"filename":"fine.txt","original_url":null,"status":`, `"filename":"evil.txt","original_url":null,"status":`
	shows("", fine+`"processing"`, evil+`"processing"`)
	shows("/files/1", fine+`"processing"`, `"type":"portorder-file"`)

	up.Store(true)
	ws, release, err := a.Workspaces.Acquire(t.Context(), a.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := ws.Documents.Rescan(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	shows("", fine+`"complete"`, evil+`"error"`)
	shows("/files/1", `"type":"portorder-file-url"`)
	shows("/files/2", evil+`"error"`, `"type":"portorder-file"`)
}

// scanned reads one INSTREAM of clamd's protocol in one piece, and reports a virus when
// it is "evil".
func scanned(conn net.Conn) {
	const head, length, end = "zINSTREAM\x00", "\x00\x00\x00\x04", "\x00\x00\x00\x00"
	stream := make([]byte, len(head+length+"evil"+end))
	if _, err := io.ReadFull(conn, stream); err != nil {
		return
	}
	answer := "stream: OK\x00"
	if strings.Contains(string(stream), "evil") {
		answer = "stream: Test.Pattern FOUND\x00"
	}
	_, _ = io.WriteString(conn, answer)
}
