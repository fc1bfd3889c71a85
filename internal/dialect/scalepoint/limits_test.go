package scalepoint_test

import (
	"bytes"
	"compress/gzip"
	"context"
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
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
	"github.com/dossier-crm/dossier/internal/fault"
)

const guid = "11111111-1111-1111-1111-111111111111"

// world is an installation with a case and a damage notification of one GUID.
type world struct {
	*apptest.App
	base   string
	access string // a token with all scopes
}

func newWorld(t *testing.T, change func(*app.Config)) *world {
	t.Helper()
	w := &world{App: apptest.New(t, apptest.Options{Dialects: []string{scalepoint.Name}, Config: change}), base: scalepoint.DefaultBase}
	for path, record := range map[string]string{
		"/api/v4/cases":               `{"typeId":1,"statusId":1,"number":"1","guid":"` + guid + `"}`,
		"/api/v4/damageNotifications": `{"guid":"` + guid + `"}`,
	} {
		if res := w.Do(t, "POST", path, record); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
	}
	w.access = w.token(t, url.Values{})
	return w
}

// ask sends a token request with these parameters.
func (w *world) ask(t *testing.T, form url.Values) apptest.Answer {
	t.Helper()
	return w.Do(t, "POST", scalepoint.TokenPath, form.Encode(), func(h http.Header) {
		h.Set("Content-Type", "application/x-www-form-urlencoded")
	})
}

// token gets a token for the secret.
func (w *world) token(t *testing.T, more url.Values) string {
	t.Helper()
	c := w.Credentials[scalepoint.Name]
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c["client_id"]}, "client_secret": {c["client_secret"]}}
	for k, v := range more {
		form[k] = v
	}
	return granted(t, w.ask(t, form))
}

// granted checks the answer to a token request as clients do.
func granted(t *testing.T, res apptest.Answer) string {
	t.Helper()
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := json.Unmarshal(res.Body, &got); err != nil || res.Status != 200 || got.AccessToken == "" || got.TokenType != "Bearer" || got.ExpiresIn <= 0 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	return got.AccessToken
}

func (w *world) authorize(h http.Header) { h.Set("Authorization", "Bearer "+w.access) }

// way is a path that takes a file.
type way struct {
	name, path, kind string // kind is the Content-Type

	// body wraps the beginning and the end of a body around the encoded file.
	body   func(w *world, name string) (head, tail string)
	encode func([]byte) []byte
}

// ways are all of them.
func ways() []way {
	encode := func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) }
	submit := func(w *world, name string) (head, tail string) {
		c := w.Credentials[scalepoint.Name]
		return `{"payload":{"files":[{"content":"`, fmt.Sprintf(`","contentType":"text/plain","fileName":%s}],"id":%q,"insuranceCompanyAlias":%q,"userEmail":%q},"securityToken":%q}`,
			quote(name), guid, c["insuranceCompanyAlias"], c["userEmail"], c["securityToken"])
	}
	notice := func(_ *world, name string) (head, tail string) {
		return "--b\r\nContent-Type: application/vnd.casecreation+json\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" +
			strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + "\"\r\n\r\n", "\r\n--b--"
	}
	return []way{
		{"case", "/file/submitForCase", "application/json", submit, encode},
		{"damage", "/file/submitForDamageNotification", "application/json", submit, encode},
		{"notice", "/fnol/submit?company=main", "multipart/form-data; boundary=b", notice, func(b []byte) []byte { return b }},
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (v way) whole(w *world, name string, contents []byte) []byte {
	head, tail := v.body(w, name)
	return append(append([]byte(head), v.encode(contents)...), tail...)
}

// send uploads through the network.
func (w *world) send(t *testing.T, v way, body []byte, change ...func(http.Header)) apptest.Answer {
	t.Helper()
	return w.Do(t, "POST", w.base+v.path, body, append([]func(http.Header){w.authorize, func(h http.Header) { h.Set("Content-Type", v.kind) }}, change...)...)
}

// serve uploads without the network, so that it has ended when it returns.
func (w *world) serve(ctx context.Context, v way, body io.Reader) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, "POST", w.base+v.path, body)
	req.Header.Set("Content-Type", v.kind)
	w.authorize(req.Header)
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, req)
	return rec
}

// seen are the documents in the Sage lists.
func (w *world) seen(t *testing.T) (all []struct {
	Description string
	Size        int64
	Link        string
}) {
	t.Helper()
	w.Get(t, "/api/v4/documents", func(h http.Header) { h.Set("Count", "1000") }).JSON(t, &all)
	return all
}

// nothing checks that no document is seen and no content kept, and that a notice that
// was refused has made no case.
func (w *world) nothing(t *testing.T) {
	t.Helper()
	if n := len(w.seen(t)); n != 0 {
		t.Errorf("%d documents are seen", n)
	}
	if files := w.Contents(t); len(files) != 0 {
		t.Errorf("%d files are left: %v", len(files), files)
	}
	var cases []any
	if w.Get(t, "/api/v4/cases").JSON(t, &cases); len(cases) != 1 {
		t.Errorf("%d cases", len(cases))
	}
}

// failed checks that an answer is an error.
func failed(t *testing.T, status int, body []byte, wantStatus int, kind, text string) {
	t.Helper()
	var e struct {
		Success                     *bool
		ErrorType, ErrorDescription string
	}
	if err := json.Unmarshal(body, &e); status != wantStatus || err != nil || e.Success == nil || *e.Success || e.ErrorType != kind || !strings.Contains(e.ErrorDescription, text) {
		t.Errorf("status %d, %.300s; want %d with %s: %s", status, body, wantStatus, kind, text)
	}
}

// TestLimits sends files of the largest size, and a byte less and more, by every way.
func TestLimits(t *testing.T) {
	const limit = 300_000
	contents := bytes.Repeat([]byte("some text, and so on\n"), limit/21+2)
	for _, v := range ways() {
		t.Run(v.name, func(t *testing.T) {
			w := newWorld(t, func(c *app.Config) { c.ScalepointMaxFile = limit })
			rec := w.serve(t.Context(), v, bytes.NewReader(v.whole(w, "a.txt", contents[:limit+1])))
			failed(t, rec.Code, rec.Body.Bytes(), 413, "GenericError", "is larger than 300000 bytes")
			// So is a body that no allowed file could fill, whatever is in it.
			head, _ := v.body(w, "a.txt")
			rec = w.serve(t.Context(), v, io.MultiReader(strings.NewReader(head[:1]), bytes.NewReader(bytes.Repeat([]byte(" "), 14*limit+1<<20))))
			failed(t, rec.Code, rec.Body.Bytes(), 413, "GenericError", "is larger than 5248576 bytes")
			w.nothing(t)
			for _, size := range []int{limit - 1, limit} {
				if res := w.send(t, v, v.whole(w, "a.txt", contents[:size])); res.Status != 200 {
					t.Fatalf("%d bytes: %d %s", size, res.Status, res.Body)
				}
				docs := w.seen(t)
				last := docs[len(docs)-1]
				if got := w.Get(t, last.Link); last.Size != int64(size) || !bytes.Equal(got.Body, contents[:size]) {
					t.Errorf("%d bytes came back as %d", size, len(got.Body))
				}
			}
		})
	}
}

// TestLargest sends files of 100 MB, and a byte more.
func TestLargest(t *testing.T) {
	w := newWorld(t, nil)
	v := ways()[0]
	head, tail := v.body(w, "a.txt")
	for size, want := range map[int64]int{scalepoint.DefaultMaxFile: 200, scalepoint.DefaultMaxFile + 1: 413} {
		// A quarter as many groups of four as there are threes in the size, and the rest.
		rest := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), int(size%3)))
		groups := io.LimitReader(forever("eHh4"), size/3*4)
		rec := w.serve(t.Context(), v, io.MultiReader(strings.NewReader(head), groups, strings.NewReader(rest+tail)))
		if rec.Code != want {
			t.Errorf("%d bytes: %d %s", size, rec.Code, rec.Body)
		}
	}
	if docs := w.seen(t); len(docs) != 1 || docs[0].Size != scalepoint.DefaultMaxFile {
		t.Errorf("%+v", docs)
	}
}

// forever reads as a word of four bytes again and again.
type forever string

func (f forever) Read(p []byte) (int, error) {
	n := len(p) / 4 * 4
	if n == 0 {
		return 0, io.ErrShortBuffer
	}
	for i := range n {
		p[i] = f[i%4]
	}
	return n, nil
}

// TestTransfer sends a file in the ways that HTTP has.
func TestTransfer(t *testing.T) {
	w := newWorld(t, nil)
	contents := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	count := 0
	for _, v := range ways() {
		plain := v.whole(w, "a.txt", contents)
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
			req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+w.base+v.path, bytes.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", v.kind)
			w.authorize(req.Header)
			tt.change(req)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			said, err := io.ReadAll(res.Body)
			if err = errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != 200 {
				t.Errorf("%s, %s: %d %s %v", v.name, tt.name, res.StatusCode, said, err)
			}
			count++
		}
	}
	docs := w.seen(t)
	for _, d := range docs {
		if got := w.Get(t, d.Link); !bytes.Equal(got.Body, contents) {
			t.Errorf("%d bytes came back", len(got.Body))
		}
	}
	if len(docs) != count || len(w.Contents(t)) != 1 {
		t.Errorf("%d documents, %d contents", len(docs), len(w.Contents(t)))
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
		v := ways()[i%3]
		whole := v.whole(w, "a.pdf", contents)
		rec := w.serve(t.Context(), v, io.MultiReader(bytes.NewReader(whole[:random.IntN(len(whole))]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		failed(t, rec.Code, rec.Body.Bytes(), 400, "GenericError", "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := w.serve(ctx, ways()[0], bytes.NewReader(ways()[0].whole(w, "a.pdf", contents)))
	failed(t, rec.Code, rec.Body.Bytes(), 400, "GenericError", "given up")
	w.nothing(t)
}

// TestBroken sends bodies that stop, files that cannot be scanned now, and asks where
// the workspace cannot be opened.
func TestBroken(t *testing.T) {
	w := newWorld(t, nil)
	for _, v := range ways() {
		head, _ := v.body(w, "a.pdf")
		rec := w.serve(t.Context(), v, io.MultiReader(strings.NewReader(head), iotest.ErrReader(os.ErrDeadlineExceeded)))
		failed(t, rec.Code, rec.Body.Bytes(), 408, "GenericError", "the body stopped arriving")
	}
	w.nothing(t)

	w = newWorld(t, func(c *app.Config) { c.Clamd, c.ScanDown = apptest.NoScanner(t), "refuse" })
	for _, v := range ways() {
		res := w.send(t, v, v.whole(w, "a.pdf", []byte("abc")))
		failed(t, res.Status, res.Body, 503, "GenericError", "")
	}
	w.nothing(t)

	for _, tt := range []struct {
		err    error
		status int
		text   string
	}{
		{errors.New("secrets of ours"), 500, "The request could not be processed; the log of the server says why."},
		{fault.New(fault.Unavailable, "the database is away").Because(errors.New("secrets of ours")), 503, "the database is away"},
	} {
		d, err := scalepoint.New(scalepoint.Config{Auth: broken{w.Auth}, Acquire: func(context.Context, string) (dialect.Workspace, func(), error) {
			return dialect.Workspace{}, nil, tt.err
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range ways() {
			req := httptest.NewRequestWithContext(t.Context(), "POST", w.base+v.path, strings.NewReader("{}"))
			req.Header.Set("Content-Type", v.kind)
			w.authorize(req.Header)
			rec := httptest.NewRecorder()
			d.ServeHTTP(rec, req)
			failed(t, rec.Code, rec.Body.Bytes(), tt.status, "GenericError", tt.text)
		}
	}
}

// broken is an Auth whose tokens are good.
type broken struct{ scalepoint.Auth }

// TestInfected lets a scanner find something in every file.
func TestInfected(t *testing.T) {
	w := newWorld(t, func(c *app.Config) { c.Clamd = apptest.Infected(t) })
	for _, v := range ways() {
		res := w.send(t, v, v.whole(w, "a.pdf", []byte("abc")))
		failed(t, res.Status, res.Body, 400, "GenericError", apptest.Virus)
	}
	w.nothing(t)
}

// TestNames sends names that are meant to do harm, and types in any spelling. What is
// kept, and said in the answer, cannot.
func TestNames(t *testing.T) {
	w := newWorld(t, nil)
	v := ways()[0]
	for i, name := range []string{
		"../../../etc/passwd.txt", `..\..\windows\win.txt`, `C:\boot.txt`, "c:boot.txt", "con.txt", "NUL.pdf", "aux.tar.txt", "CLOCK$.txt",
		"a\x00.txt", "a\r\nSet-Cookie: x.txt", "\x1b[31m.txt", "a\u202efdp.txt", "a\u200b.txt", "\ufeffa.txt", "a\u2028b.txt", "  a.txt  ", "...txt",
		"<script>.txt", `"quoted".txt`, "%2e%2e%2fa.txt", "e\u0301.txt", "\U0001f4a9.txt", strings.Repeat("é", 496) + ".txt",
		"A.PdF", "song.MP3", "plan.DWG", "photo.heic", "page.html", "a.exe.zip", "x.rels",
	} {
		res := w.send(t, v, v.whole(w, name, []byte("abc")))
		docs := w.seen(t)
		if res.Status != 200 || len(docs) != i+1 {
			t.Fatalf("%q: %d %s", name, res.Status, res.Body)
		}
		kept := docs[i].Description
		if strings.ContainsAny(kept, `/\`) || strings.ContainsFunc(kept, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}) || regexp.MustCompile(`^(?i)((con|nul|aux|clock\$)\.|\w:)`).MatchString(kept) || strings.TrimSpace(kept) != kept {
			t.Errorf("%q is kept as %q", name, kept)
		}
		if !strings.Contains(string(res.Body), `"fileName":`+strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(quote(kept))) {
			t.Errorf("%q is called %s", name, res.Body)
		}
		if got := w.Get(t, docs[i].Link); !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q is served with %v", name, got.Header)
		}
	}
	before := len(w.seen(t))
	for _, name := range []string{"a.exe", "a.pdf.exe", "a", "a.", ".", "pdf", "a.pdf ", "a.php", "a.pdf/", "a.pdf\x00.exe", strings.Repeat("a", 497) + ".txt"} {
		if res := w.send(t, v, v.whole(w, name, []byte("abc"))); name != "a.pdf " && res.Status != 415 && res.Status != 400 {
			t.Errorf("%q: %d %s", name, res.Status, res.Body)
		}
	}
	if n := len(w.seen(t)); n != before+1 { // "a.pdf " is a.pdf
		t.Errorf("%d documents more", n-before)
	}
}

// TestSettings says in other ways what is refused, and serves other paths.
func TestSettings(t *testing.T) {
	w := newWorld(t, func(c *app.Config) {
		c.ScalepointBase, c.ScalepointMissingScope, c.ScalepointWrongSecurityToken = "/", "401", "400"
		c.ScalepointTokenLife = time.Minute
	})
	w.base = ""
	for _, v := range ways() {
		if res := w.send(t, v, v.whole(w, "a.txt", []byte("a"))); res.Status != 200 {
			t.Errorf("%s: %d %s", v.name, res.Status, res.Body)
		}
	}
	v := ways()[0]
	wrong := strings.Replace(string(v.whole(w, "a.txt", []byte("a"))), w.Credentials[scalepoint.Name]["securityToken"], guid, 1)
	res := w.send(t, v, []byte(wrong))
	failed(t, res.Status, res.Body, 400, "GenericError", "securityToken is not ok")

	all := w.access
	w.access = w.token(t, url.Values{"scope": {scalepoint.ScopeCases}})
	if res := w.send(t, v, v.whole(w, "a.txt", []byte("a"))); res.Status != 401 || len(res.Body) != 0 || !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("without the scope: %d %s", res.Status, res.Body)
	}
	w.access = all
	w.Clock.Advance(time.Minute)
	if res := w.send(t, v, v.whole(w, "a.txt", []byte("a"))); res.Status != 401 || len(res.Body) != 0 {
		t.Errorf("a minute later: %d %s", res.Status, res.Body)
	}

	w = newWorld(t, func(c *app.Config) { c.ScalepointContentTypes = "check" })
	for name, status := range map[string]int{"a.txt": 200, "a.TXT": 200, "a.pdf": 415, "a.jpg": 415, "a.dwg": 200, "a.rtf": 200} {
		if res := w.send(t, v, v.whole(w, name, []byte("a"))); res.Status != status {
			t.Errorf("%s as text/plain: %d %s", name, res.Status, res.Body)
		} else if status != 200 {
			failed(t, res.Status, res.Body, 415, "GenericError", "have another type")
		}
	}

	w = newWorld(t, func(c *app.Config) { c.ScalepointWrongSecurityToken = "403" })
	wrong = strings.Replace(string(v.whole(w, "a.txt", []byte("a"))), w.Credentials[scalepoint.Name]["securityToken"], guid, 1)
	if res := w.send(t, v, []byte(wrong)); res.Status != 403 || len(res.Body) != 0 {
		t.Errorf("%d %s", res.Status, res.Body)
	}
	if err := w.Auth.DeleteKey(t.Context(), scalepoint.Name, w.Credentials[scalepoint.Name]["client_id"]); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(2 * time.Second)
	if res := w.send(t, v, v.whole(w, "a.txt", []byte("a"))); res.Status != 401 || len(res.Body) != 0 {
		t.Errorf("after the key is gone: %d %s", res.Status, res.Body)
	}
}

// TestAllOrNone sends several files of which the last is wrong.
func TestAllOrNone(t *testing.T) {
	const limit = 1000
	w := newWorld(t, func(c *app.Config) { c.ScalepointMaxFile = limit })
	c := w.Credentials[scalepoint.Name]
	long := strings.Repeat("x", limit+1)
	good := `{"fileName":"a.txt","contentType":"text/plain","content":"YQ=="}`
	for _, v := range ways()[:2] {
		for bad, status := range map[string]int{
			`{"fileName":"a.txt","contentType":"text/plain","content":"` + base64.StdEncoding.EncodeToString([]byte(long)) + `"}`: 413,
			`{"fileName":"a.exe","contentType":"text/plain","content":"YQ=="}`:                                                    415,
			`{"fileName":"a.txt","contentType":"text/plain","content":"YQ="}`:                                                     400,
			`{"fileName":"a.txt","contentType":"text/plain","content":null}`:                                                      400,
			`{"fileName":"a.txt","contentType":"text/plain"}`:                                                                     400,
			`{"fileName":"a.txt","content":"YQ=="}`:                                                                               400,
			`{"contentType":"text/plain","content":"YQ=="}`:                                                                       400,
			`null`: 400,
			`{"fileName":"a.txt","contentType":"text/plain","content":"YQ==","description":"` + strings.Repeat("é", 6001) + `"}`: 400,
			`{"fileName":"a.txt","contentType":"text/plain","content":"YQ==","description":"\u0000"}`:                            400,
		} {
			res := w.send(t, v, fmt.Appendf(nil, `{"securityToken":%q,"payload":{"id":%q,"insuranceCompanyAlias":%q,"userEmail":%q,"files":[%s,%[5]s,%[6]s]}}`,
				c["securityToken"], guid, c["insuranceCompanyAlias"], c["userEmail"], good, bad))
			failed(t, res.Status, res.Body, status, "GenericError", "")
		}
		many := strings.TrimSuffix(strings.Repeat(good+",", 101), ",")
		res := w.send(t, v, fmt.Appendf(nil, `{"securityToken":%q,"payload":{"id":%q,"insuranceCompanyAlias":%q,"userEmail":%q,"files":[%s]}}`,
			c["securityToken"], guid, c["insuranceCompanyAlias"], c["userEmail"], many))
		failed(t, res.Status, res.Body, 413, "GenericError", "more than 100 files")
	}
	attachment := func(name, contents string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + name + "\"\r\n\r\n" + contents + "\r\n"
	}
	for bad, status := range map[string]int{attachment("a.txt", long): 413, attachment("a.exe", "x"): 415, attachment("", "x"): 400, attachment("a.txt", ""): 400} {
		v := ways()[2]
		head, tail := v.body(w, "a.txt")
		res := w.send(t, v, []byte(head+"a\r\n"+bad+strings.TrimPrefix(tail, "\r\n")))
		failed(t, res.Status, res.Body, status, "GenericError", "")
	}
	w.nothing(t)
}

// TestClosing says no to a case as soon as it is closed: of files that are sent while
// that happens, those that were accepted came before.
func TestClosing(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := &world{App: apptest.New(t, apptest.Options{Database: db, Dialects: []string{scalepoint.Name}}), base: scalepoint.DefaultBase}
		if res := w.Do(t, "POST", "/api/v4/cases", `{"typeId":1,"statusId":1,"guid":"`+guid+`"}`); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		w.access = w.token(t, url.Values{})
		v := ways()[0]
		var accepted, refused int
		text := "while it is open"
		for i := range 6 {
			if i == 3 {
				text = "too late"
				if res := w.Do(t, "PUT", "/api/v4/cases/1", `{"statusId":4}`); res.Status != 200 {
					t.Fatalf("%d %s", res.Status, res.Body)
				}
				// What the status says does not change when nobody is offered it any more.
				if res := w.Do(t, "DELETE", "/api/v4/caseStatuses/4", ""); res.Status != 200 {
					t.Fatalf("%d %s", res.Status, res.Body)
				}
			}
			switch res := w.send(t, v, v.whole(w, "a.txt", []byte(text))); res.Status {
			case 200:
				accepted++
			default:
				failed(t, res.Status, res.Body, 400, "ClaimIsClosed", guid)
				refused++
			}
		}
		if accepted != 3 || refused != 3 || len(w.seen(t)) != 3 || len(w.Contents(t)) != 1 {
			t.Errorf("%d accepted, %d refused, %d documents", accepted, refused, len(w.seen(t)))
		}
	})
}

// TestNoValues makes no case where there is no status or type for one.
func TestNoValues(t *testing.T) {
	for _, list := range []string{"caseTypes", "caseStatuses"} {
		w := newWorld(t, nil)
		var all []struct{ ID int64 }
		w.Get(t, "/api/v4/"+list).JSON(t, &all)
		for _, value := range all {
			if res := w.Do(t, "DELETE", fmt.Sprintf("/api/v4/%s/%d", list, value.ID), ""); res.Status != 200 {
				t.Fatalf("%d %s", res.Status, res.Body)
			}
		}
		v := ways()[2]
		res := w.send(t, v, v.whole(w, "a.txt", []byte("a")))
		failed(t, res.Status, res.Body, 409, "GenericError", "make one in /api/v4/"+list)
		w.nothing(t)
	}
}

// TestDeletion deletes cases, on every database.
func TestDeletion(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := &world{App: apptest.New(t, apptest.Options{Database: db})}
		members, err := w.CreateCredential(t.Context(), scalepoint.Name, w.Workspace, "", auth.Grant{Scopes: []string{scalepoint.ScopeDelete}})
		if err != nil {
			t.Fatal(err)
		}
		w.Credentials = map[string]map[string]string{scalepoint.Name: {}}
		for _, m := range members {
			w.Credentials[scalepoint.Name][m.Name] = m.Value
		}
		w.access = w.token(t, url.Values{})
		for number, alias := range map[string]string{"1": "", "2": "another"} {
			if res := w.Do(t, "POST", "/api/v4/cases", fmt.Sprintf(`{"typeId":1,"statusId":1,"number":%q,"insuranceCompanyAlias":%q}`, number, alias)); res.Status != 200 {
				t.Fatalf("%d %s", res.Status, res.Body)
			}
		}
		for _, tt := range []struct {
			body           string
			status         int
			found, deleted bool
		}{
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"1","execute":false}`, 200, true, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"1"}`, 200, true, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":1,"execute":true}`, 200, true, true},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"1","execute":true}`, 200, false, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"2","execute":true}`, 200, false, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"\u0000","execute":true}`, 200, false, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":" "}`, 400, false, false},
			{`{"caseIdentifierType":"Other","caseNumber":"1"}`, 400, false, false},
			{`{"caseIdentifierType":"CaseNumberRequest","caseNumber":"2","execute":"yes"}`, 400, false, false},
			{`[]`, 400, false, false},
			{``, 400, false, false},
		} {
			res := w.Do(t, "DELETE", "/ecx/acme/api/integration/v1/case", tt.body, w.authorize, func(h http.Header) { h.Set("Content-Type", "application/json") })
			if tt.status != 200 {
				failed(t, res.Status, res.Body, tt.status, "GenericError", "")
				continue
			}
			var got struct {
				RequestID      string `json:"requestId"`
				Found, Deleted bool
			}
			if err := json.Unmarshal(res.Body, &got); err != nil || res.Status != 200 || len(got.RequestID) != 36 || got.Found != tt.found || got.Deleted != tt.deleted {
				t.Errorf("%s: %d %s", tt.body, res.Status, res.Body)
			}
		}
		var left []struct {
			Number  string
			Deleted bool
		}
		w.Get(t, "/api/v4/cases").JSON(t, &left)
		for _, c := range left {
			if c.Deleted != (c.Number == "1") {
				t.Errorf("%+v", left)
			}
		}
	})
}
