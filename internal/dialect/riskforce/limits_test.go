package riskforce_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
)

// world is an installation with an opportunity and a case, both with number 1.
type world struct {
	*apptest.App
	session string
}

func newWorld(t *testing.T, change func(*app.Config)) *world {
	t.Helper()
	w := &world{App: apptest.New(t, apptest.Options{Dialects: []string{riskforce.Name}, Config: change})}
	for path, record := range map[string]string{
		"/api/v4/opportunities": `{"branchId":1,"reference":"Deal","salesProbability":5,"salesRepId":1,"statusId":1,"transNumber":"1"}`,
		"/api/v4/cases":         `{"typeId":1,"statusId":1,"number":"1"}`,
	} {
		if res := w.Do(t, "POST", path, record); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
	}
	w.session = w.login(t)["access_token"]
	return w
}

// login asks for a session and returns the members of the answer.
func (w *world) login(t *testing.T) map[string]string {
	t.Helper()
	c := w.Credentials[riskforce.Name]
	res := w.Do(t, "POST", riskforce.TokenPath, url.Values{
		"grant_type": {"password"}, "client_id": {c["client_id"]}, "client_secret": {c["client_secret"]},
		"username": {c["username"]}, "password": {c["password"]},
	}.Encode(), func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") })
	if res.Status != 200 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	got := map[string]string{}
	res.JSON(t, &got)
	return got
}

// uploads are the two paths with the member that has the number.
var uploads = []struct{ path, member string }{
	{riskforce.DefaultOpportunityPath, "transNumber"}, {riskforce.DefaultCasePath, "caseNumber"},
}

// body is an upload to record 1, its file in the middle.
func body(member, name string, contents []byte) []byte {
	quoted, err := json.Marshal(name)
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, `{"key":"k","filecontent":"%s","filename":%s,"%s":"1"}`,
		base64.StdEncoding.EncodeToString(contents), quoted, member)
}

func (w *world) authorize(h http.Header) { h.Set("Authorization", "Bearer "+w.session) }

// send uploads through the network.
func (w *world) send(t *testing.T, path string, body []byte, change ...func(http.Header)) apptest.Answer {
	t.Helper()
	return w.Do(t, "POST", path, body, append([]func(http.Header){w.authorize}, change...)...)
}

// serve uploads without the network, so that it has ended when it returns.
func (w *world) serve(ctx context.Context, path string, body io.Reader) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, "POST", path, body)
	req.Header.Set("Content-Type", "application/json")
	w.authorize(req.Header)
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, req)
	return rec
}

// seen are the names and sizes of the documents in the Sage lists.
func (w *world) seen(t *testing.T) (all []struct {
	Description string
	Size        int64
	Link        string
}) {
	t.Helper()
	w.Get(t, "/api/v4/documents", func(h http.Header) { h.Set("Count", "1000") }).JSON(t, &all)
	return all
}

// failed checks that an answer is an error of Apex REST.
func failed(t *testing.T, status int, body []byte, wantStatus int, code string) {
	t.Helper()
	var e []struct{ Message, ErrorCode string }
	if err := json.Unmarshal(body, &e); status != wantStatus || err != nil || len(e) != 1 || e[0].ErrorCode != code || e[0].Message == "" {
		t.Errorf("status %d, %.300s; want %d with %s", status, body, wantStatus, code)
	}
}

// TestLimits sends files of 4.3 MB, and a byte less and more, and looks at what
// arrived.
func TestLimits(t *testing.T) {
	for setting, want := range map[string]struct {
		status int
		code   string
	}{
		"":    {400, "FILE_SIZE_LIMIT_EXCEEDED"},
		"413": {413, "FILE_SIZE_LIMIT_EXCEEDED"},
		"500": {500, "APEX_ERROR"},
	} {
		w := newWorld(t, func(c *app.Config) { c.RiskforceTooLarge, c.RiskforceFailures = setting, "text" })
		contents := bytes.Repeat([]byte("%PDF-1.7 and so on\n"), riskforce.MaxFile/19+1)
		for _, u := range uploads {
			for _, size := range []int{riskforce.MaxFile - 1, riskforce.MaxFile} {
				res := w.send(t, u.path, body(u.member, "a.pdf", contents[:size]))
				if res.Status != 200 || !strings.HasPrefix(string(res.Body), `"File 'a.pdf' added successfully to `) {
					t.Fatalf("%d bytes: %d %s", size, res.Status, res.Body)
				}
				docs := w.seen(t)
				last := docs[len(docs)-1]
				if got := w.Get(t, last.Link); last.Size != int64(size) || !bytes.Equal(got.Body, contents[:size]) {
					t.Errorf("%d bytes came back as %d", size, len(got.Body))
				}
			}
			before := len(w.seen(t))
			res := w.send(t, u.path, body(u.member, "a.pdf", contents[:riskforce.MaxFile+1]))
			failed(t, res.Status, res.Body, want.status, want.code)
			// The body, too, is larger than any may be.
			rec := w.serve(t.Context(), u.path, io.MultiReader(strings.NewReader(`{"key":`), bytes.NewReader(bytes.Repeat([]byte(" "), 17<<20))))
			failed(t, rec.Code, rec.Body.Bytes(), want.status, want.code)
			if n := len(w.seen(t)); n != before {
				t.Errorf("%d documents more", n-before)
			}
		}
		if n := len(w.Contents(t)); n != 2 {
			t.Errorf("%d contents are kept of 2", n)
		}
	}
}

// TestTransfer sends a file in the ways that HTTP has.
func TestTransfer(t *testing.T) {
	w := newWorld(t, nil)
	contents := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	plain := body("caseNumber", "a.txt", contents)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(plain); err != nil || zip.Close() != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		body   []byte
		change func(*http.Request)
	}{
		{"length", plain, func(*http.Request) {}},
		{"chunked", plain, func(r *http.Request) { r.ContentLength = -1 }},
		{"gzip", packed.Bytes(), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }},
		{"expect", plain, func(r *http.Request) { r.Header.Set("Expect", "100-continue") }},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+riskforce.DefaultCasePath, bytes.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		w.authorize(req.Header)
		tt.change(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != 200 {
			t.Errorf("%s: %d %s %v", tt.name, res.StatusCode, said, err)
		}
	}
	docs := w.seen(t)
	for _, d := range docs {
		if got := w.Get(t, d.Link); !bytes.Equal(got.Body, contents) {
			t.Errorf("%d bytes came back", len(got.Body))
		}
	}
	if len(docs) != 4 {
		t.Errorf("%d documents", len(docs))
	}
}

// TestUnasked refuses a client that waits for being asked without asking it, and
// hears out one that does not.
func TestUnasked(t *testing.T) {
	w := newWorld(t, nil)
	w.session += "x"
	for _, expect := range []string{"", "100-continue"} {
		in := strings.NewReader(strings.Repeat(" ", 1<<20))
		req := httptest.NewRequestWithContext(t.Context(), "POST", riskforce.DefaultCasePath, in)
		req.Header.Set("Expect", expect)
		w.authorize(req.Header)
		rec := httptest.NewRecorder()
		w.Handler().ServeHTTP(rec, req)
		failed(t, rec.Code, rec.Body.Bytes(), 401, "INVALID_SESSION_ID")
		if asked := in.Len() == 0; asked != (expect == "") {
			t.Errorf("with Expect %q, %d bytes are left", expect, in.Len())
		}
	}
}

// TestCut cuts uploads off at random places: nothing of them is seen or kept.
func TestCut(t *testing.T) {
	w := newWorld(t, nil)
	random := rand.New(rand.NewPCG(7, 7))
	contents := make([]byte, 300_000)
	for i := range contents {
		contents[i] = byte(random.Uint32())
	}
	for i := range 60 {
		u := uploads[i%2]
		whole := body(u.member, "a.pdf", contents)
		at := random.IntN(len(whole))
		rec := w.serve(t.Context(), u.path, io.MultiReader(bytes.NewReader(whole[:at]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		failed(t, rec.Code, rec.Body.Bytes(), 400, "JSON_PARSER_ERROR")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := w.serve(ctx, riskforce.DefaultCasePath, bytes.NewReader(body("caseNumber", "a.pdf", contents)))
	failed(t, rec.Code, rec.Body.Bytes(), 400, "JSON_PARSER_ERROR")
	if n := len(w.seen(t)); n != 0 {
		t.Errorf("%d documents are seen", n)
	}
	if files := w.Contents(t); len(files) != 0 {
		t.Errorf("%d files are left: %v", len(files), files)
	}
}

// TestBroken sends bodies that stop, and files that cannot be scanned now.
func TestBroken(t *testing.T) {
	w := newWorld(t, nil)
	half := body("caseNumber", "a.pdf", []byte("abc"))[:50]
	rec := w.serve(t.Context(), riskforce.DefaultCasePath, io.MultiReader(bytes.NewReader(half), iotest.ErrReader(os.ErrDeadlineExceeded)))
	failed(t, rec.Code, rec.Body.Bytes(), 408, "REQUEST_TIMEOUT")

	w = newWorld(t, func(c *app.Config) { c.Clamd, c.ScanDown = apptest.NoScanner(t), "refuse" })
	for _, u := range uploads {
		res := w.send(t, u.path, body(u.member, "a.pdf", []byte("abc")))
		failed(t, res.Status, res.Body, 503, "SERVER_UNAVAILABLE")
	}
	if len(w.seen(t)) != 0 || len(w.Contents(t)) != 0 {
		t.Error("something is kept")
	}
}

// TestInfected lets a scanner find something in every file.
func TestInfected(t *testing.T) {
	w := newWorld(t, func(c *app.Config) { c.Clamd = apptest.Infected(t) })
	for _, u := range uploads {
		res := w.send(t, u.path, body(u.member, "a.pdf", []byte("abc")))
		failed(t, res.Status, res.Body, 400, "FILE_REFUSED")
		if !strings.Contains(string(res.Body), apptest.Virus) {
			t.Errorf("%s", res.Body)
		}
	}
	if len(w.seen(t)) != 0 || len(w.Contents(t)) != 0 {
		t.Error("something is kept")
	}
}

// TestNames sends names that are meant to do harm. What is kept, and said in the
// answer, cannot.
func TestNames(t *testing.T) {
	w := newWorld(t, nil)
	for i, name := range []string{
		"../../../etc/passwd.txt", `..\..\windows\win.txt`, "/etc/passwd.txt", `C:\boot.txt`, "c:boot.txt", `\\host\share\a.txt`,
		"con.txt", "NUL.pdf", "com1.txt", "lpt9.doc", "aux.tar.txt", "CLOCK$.txt", "a\x00.txt", "a\r\nSet-Cookie: x.txt", "a\tb.txt", "\x1b[31m.txt",
		"a\u202efdp.txt", "\u2066a.txt", "\u200ea.txt", "a\u200b.txt", "\ufeffa.txt", "a\u2028b.txt", "  a.txt  ", "...txt", "-rf.txt", "~root.txt",
		"$(id).txt", "`id`.txt", "a;rm.txt", "a|b.txt", "<script>.txt", `"quoted".txt`, "%2e%2e%2fa.txt", "a'b.txt", "é\u0301.txt", "\U0001f4a9.txt",
		strings.Repeat("a", 490) + ".txt", strings.Repeat("é", 490) + ".txt", "a.txt:stream.txt", "file://a.txt", "a?b=c.txt", "a#b.txt", "*.txt",
	} {
		u := uploads[i%2]
		res := w.send(t, u.path, body(u.member, name, []byte("abc")))
		docs := w.seen(t)
		if res.Status != 200 || len(docs) != i+1 {
			t.Fatalf("%q: %d %s", name, res.Status, res.Body)
		}
		kept := docs[i].Description
		if strings.ContainsAny(kept, `/\`) || strings.ContainsFunc(kept, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}) || regexp.MustCompile(`^(?i)((con|nul|com1|lpt9|aux|clock\$)\.|\w:)`).MatchString(kept) || strings.TrimSpace(kept) != kept {
			t.Errorf("%q is kept as %q", name, kept)
		}
		var said string
		res.JSON(t, &said)
		if !strings.HasPrefix(said, "File '"+kept+"' added successfully to ") {
			t.Errorf("%q is called %s", name, said)
		}
	}
}

// TestGrant takes the answer to a login apart as clients do.
func TestGrant(t *testing.T) {
	w := newWorld(t, nil)
	got := w.login(t)
	if len(got) != 6 || got["instance_url"] != w.URL || got["token_type"] != "Bearer" {
		t.Errorf("%v", got)
	}
	ms, err := strconv.ParseInt(got["issued_at"], 10, 64)
	if err != nil || ms != w.Clock.Now().UnixMilli() {
		t.Errorf("issued_at is %s", got["issued_at"])
	}
	mac := hmac.New(sha256.New, []byte(w.Credentials[riskforce.Name]["client_secret"]))
	mac.Write([]byte(got["id"] + got["issued_at"]))
	if got["signature"] != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Errorf("the signature %s is not that of %s and %s", got["signature"], got["id"], got["issued_at"])
	}
	parts := strings.Split(got["id"], "/")
	org, user := parts[len(parts)-2], parts[len(parts)-1]
	if len(org) != 18 || org[:3] != "00D" || len(user) != 18 || user[:3] != "005" || !strings.HasPrefix(got["id"], w.URL+"/id/") {
		t.Errorf("id is %s", got["id"])
	}
	if !strings.HasPrefix(got["access_token"], org[:15]+"!") {
		t.Errorf("the access_token does not begin with %s", org[:15])
	}
}

// A client may name itself in the header; what it says in the form goes first.
func TestClientInHeader(t *testing.T) {
	w := newWorld(t, nil)
	c := w.Credentials[riskforce.Name]
	for _, x := range []struct {
		what, id, secret, form string
		status                 int
		want                   string
	}{
		{"both in the header", c["client_id"], c["client_secret"], "", 200, `"access_token":"00D`},
		{"escaped as in forms, and more than has to be", strings.ReplaceAll(c["client_id"], "_", "%5F"), strings.ReplaceAll(c["client_secret"], "_", "%5f"), "", 200, `"access_token":"00D`},
		{"a wrong secret", c["client_id"], "x", "", 400, `"error":"invalid_client"`},
		{"a secret that is escaped badly", c["client_id"], "%zz", "", 400, `"error":"invalid_client"`},
		{"an unknown client", "x", c["client_secret"], "", 400, `"error":"invalid_client_id"`},
		{"without an id", "", c["client_secret"], "", 400, `missing required parameter: client_id`},
		{"the form says otherwise", c["client_id"], c["client_secret"], "&client_id=x&client_secret=y", 400, `"error":"invalid_client_id"`},
		{"the form has half of it", c["client_id"], c["client_secret"], "&client_id=" + c["client_id"], 400, `missing required parameter: client_secret`},
	} {
		login := url.Values{"grant_type": {"password"}, "username": {c["username"]}, "password": {c["password"]}}.Encode() + x.form
		res := w.Do(t, "POST", riskforce.TokenPath, login, func(h http.Header) {
			h.Set("Content-Type", "application/x-www-form-urlencoded")
			h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(x.id+":"+x.secret)))
		})
		if res.Status != x.status || !strings.Contains(string(res.Body), x.want) {
			t.Errorf("%s: %d %s, want %d %s", x.what, res.Status, res.Body, x.status, x.want)
		}
	}
}

// TestSessions ends sessions: with their key, and when they are so old as is
// configured.
func TestSessions(t *testing.T) {
	w := newWorld(t, nil)
	send := func() apptest.Answer {
		return w.send(t, riskforce.DefaultCasePath, body("caseNumber", "a.txt", []byte("a")))
	}
	w.Clock.Advance(10 * 365 * 24 * time.Hour)
	if res := send(); res.Status != 200 {
		t.Errorf("years later: %d %s", res.Status, res.Body)
	}
	first := w.session
	w.session = w.login(t)["access_token"]
	if res := send(); res.Status != 200 {
		t.Errorf("a second session: %d %s", res.Status, res.Body)
	}
	w.session = first
	if res := send(); res.Status != 200 {
		t.Errorf("the first session after the second: %d %s", res.Status, res.Body)
	}
	if err := w.Auth.DeleteKey(t.Context(), riskforce.Name, w.Credentials[riskforce.Name]["client_id"]); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(2 * time.Second)
	res := send()
	failed(t, res.Status, res.Body, 401, "INVALID_SESSION_ID")

	w = newWorld(t, func(c *app.Config) { c.RiskforceTokenLife = time.Hour })
	w.Clock.Advance(59 * time.Minute)
	if res := send(); res.Status != 200 {
		t.Errorf("within the hour: %d %s", res.Status, res.Body)
	}
	w.Clock.Advance(2 * time.Minute)
	res = send()
	failed(t, res.Status, res.Body, 401, "INVALID_SESSION_ID")
}

// TestSettings serves other paths, and failures as text.
func TestSettings(t *testing.T) {
	w := newWorld(t, func(c *app.Config) {
		c.RiskforceOpportunityPath, c.RiskforceCasePath = "/services/apexrest/ps/Opportunities/", "/services/apexrest/ps/Cases"
		c.RiskforceFailures = "text"
	})
	for path, want := range map[string]string{
		"/services/apexrest/PS/opportunities": `"File 'a.txt' added successfully to opportunity Deal"`,
		"/services/apexrest/ps/cases/":        `"File 'a.txt' added successfully to case 1"`,
	} {
		member := "transNumber"
		if strings.Contains(path, "cases") {
			member = "caseNumber"
		}
		if res := w.send(t, path, body(member, "a.txt", []byte("a"))); res.Status != 200 || string(res.Body) != want {
			t.Errorf("%s: %d %s", path, res.Status, res.Body)
		}
		// What Apex cannot catch has its status.
		res := w.send(t, path, []byte(`{"other":1}`))
		failed(t, res.Status, res.Body, 400, "JSON_PARSER_ERROR")
		for _, bad := range []string{`{}`, string(body(member, "a.exe", []byte("a"))), strings.Replace(string(body(member, "a.txt", []byte("a"))), `"1"`, `"2"`, 1)} {
			res := w.send(t, path, []byte(bad))
			var said string
			if err := json.Unmarshal(res.Body, &said); err != nil || res.Status != 200 || said == "" || strings.Contains(said, "successfully") {
				t.Errorf("%s: %d %s", bad, res.Status, res.Body)
			}
		}
	}
	for _, u := range uploads {
		res := w.send(t, u.path, body(u.member, "a.txt", []byte("a")))
		failed(t, res.Status, res.Body, 404, "NOT_FOUND")
	}
	if n := len(w.seen(t)); n != 2 {
		t.Errorf("%d documents", n)
	}
}
