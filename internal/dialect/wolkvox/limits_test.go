package wolkvox_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
)

// world is an installation with a contact and a case.
type world struct {
	*apptest.App
	id string // wolkvox-id of the case
}

func newWorld(t *testing.T, change func(*app.Config)) *world {
	t.Helper()
	w := &world{App: apptest.New(t, apptest.Options{Dialects: []string{wolkvox.Name}, Config: change})}
	for _, made := range [][2]string{
		{"/api/v4/accounts", `{"name":"A","salesRepId1":1}`},
		{"/api/v4/contacts", `{"accountId":1,"firstName":"B","lastName":"C","email":"b@example.com"}`},
		{"/api/v4/cases", `{"typeId":1,"statusId":1,"wolkvoxId":"64cb"}`},
	} {
		if res := w.Do(t, "POST", made[0], made[1]); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
	}
	w.id = "64cb"
	return w
}

func (w *world) authorize(h http.Header) {
	h.Set("Wolkvox-Token", w.Credentials[wolkvox.Name]["token"])
}

func anonymous(h http.Header) { h.Del("Wolkvox-Token") }

// answer is the envelope.
type answer struct {
	Code  any
	Error string
	Msg   string
	Data  json.RawMessage
}

// post sends a body, and checks the status and that the envelope says the same.
func (w *world) post(t *testing.T, path string, body any, status int, msg string, change ...func(http.Header)) answer {
	t.Helper()
	res := w.Do(t, "POST", wolkvox.DefaultPath+path, body, append([]func(http.Header){w.authorize}, change...)...)
	return checked(t, res.Status, res.Body, status, msg)
}

func checked(t *testing.T, got int, body []byte, status int, msg string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || got != status || fmt.Sprint(a.Code) != fmt.Sprint(status) || !strings.Contains(a.Msg, msg) {
		t.Errorf("status %d, %.300s; want %d with %q", got, body, status, msg)
	}
	return a
}

// attach is an update of the case with attachments.
func (w *world) attach(files ...[]byte) string {
	texts := make([]string, len(files))
	for i, f := range files {
		texts[i] = base64.StdEncoding.EncodeToString(f)
	}
	list, err := json.Marshal(texts)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`{"operation":"main","attachments":%s,"wolkvox-id":%q,"responsible":"ada@example.com","status":"Waiting"}`, list, w.id)
}

// form is an insertion with one file.
func form(contents []byte) (body []byte, contentType func(http.Header)) {
	var b bytes.Buffer
	for _, f := range [][2]string{
		{"operation", "main"}, {"case-type", "Request"}, {"responsible", "ada@example.com"}, {"owner", "ada@example.com"},
		{"contact", "b@example.com"}, {"description", "d"}, {"status", "Open"}, {"priority", "low"},
	} {
		fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", f[0], f[1])
	}
	fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%s\r\n--x--\r\n", contents)
	return b.Bytes(), func(h http.Header) { h.Set("Content-Type", "multipart/form-data; boundary=x") }
}

// seen are the documents in the Sage lists that are not deleted.
func (w *world) seen(t *testing.T) (names []string) {
	t.Helper()
	var all []struct {
		Description string
		Deleted     bool
	}
	w.Get(t, "/api/v4/documents").JSON(t, &all)
	for _, d := range all {
		if !d.Deleted {
			names = append(names, d.Description)
		}
	}
	return names
}

// cases is how many there are, and the status of the first.
func (w *world) cases(t *testing.T) string {
	t.Helper()
	var all []struct{ StatusID struct{ Value string } }
	w.Get(t, "/api/v4/cases").JSON(t, &all)
	return fmt.Sprintf("%d %s", len(all), all[0].StatusID.Value)
}

// untouched checks that nothing came of anything.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	if got := w.cases(t); got != "1 Open" || len(w.seen(t)) != 0 || len(w.Contents(t)) != 0 {
		t.Errorf("cases %s, documents %v, files %v", got, w.seen(t), w.Contents(t))
	}
}

// TestLimits sends attachments around the limit, too many calls in a day, and too many
// at once.
func TestLimits(t *testing.T) {
	const limit = 3000
	w := newWorld(t, func(c *app.Config) { c.WolkvoxMaxFile = limit })
	file := bytes.Repeat([]byte("x"), limit+1)
	w.post(t, "/cases/updateCaseAttachment.php", w.attach(file), 413, "attachments[0]: the file is larger than 3000 bytes")
	w.post(t, "/cases/updateCaseAttachment.php", w.attach(file[1:], file), 413, "attachments[1]: ")
	body, kind := form(file)
	w.post(t, "/cases/insert.php", body, 413, "file: ", kind)
	for _, path := range []string{"/cases/insertAttach.php", "/cases/update.php"} {
		w.post(t, path, w.attach(file), 413, "larger")
	}
	many := make([][]byte, 101)
	for i := range many {
		many[i] = []byte("x")
	}
	w.post(t, "/cases/updateCaseAttachment.php", w.attach(many...), 413, "more than 100 files")
	w.untouched(t)
	for _, size := range []int{limit - 1, limit} {
		w.post(t, "/cases/updateCaseAttachment.php", w.attach(file[:size]), 200, "Succesfully update record")
		body, kind := form(file[:size])
		w.post(t, "/cases/insert.php", body, 200, "Succesfully insert record", kind)
	}

	w = newWorld(t, func(c *app.Config) { c.WolkvoxDailyLimit = 3 })
	for range 3 {
		w.post(t, "/cases/queryCases.php", `{}`, 400, "SOME PARAMETERS ARE REQUIRED")
	}
	w.post(t, "/cases/queryCases.php", `{}`, 403, "TOKEN LIMIT EXCEEDED")
	w.post(t, "/cases/queryCases.php", `{}`, 401, "PLEASE ENTER", anonymous)
	w.post(t, "/cases/nothing.php", `{}`, 400, "THE API YOU WANT TO CONSULT DOES NOT EXIST")
	res := w.Get(t, wolkvox.DefaultPath+"/token/tokenInformation.php?operation=main", w.authorize)
	checked(t, res.Status, res.Body, 403, "TOKEN LIMIT EXCEEDED")
	other, err := w.Credential(t.Context(), wolkvox.Name, w.Admin)
	if err != nil {
		t.Fatal(err)
	}
	w.post(t, "/cases/queryCases.php", `{}`, 400, "SOME PARAMETERS ARE REQUIRED", func(h http.Header) { h.Set("Wolkvox-Token", other["token"]) })
	w.Clock.Advance(14*time.Hour + 59*time.Minute)
	w.post(t, "/cases/queryCases.php", `{}`, 403, "TOKEN LIMIT EXCEEDED")
	w.Clock.Advance(time.Minute)
	w.post(t, "/cases/queryCases.php", `{}`, 400, "SOME PARAMETERS ARE REQUIRED")
}

// TestSimultaneous has two requests of a token wait for their bodies: a third is
// refused, and one of another token or after them is not.
func TestSimultaneous(t *testing.T) {
	w := newWorld(t, nil)
	type running struct {
		send *io.PipeWriter
		done chan *httptest.ResponseRecorder
	}
	begin := func() running {
		in, out := io.Pipe()
		r := running{out, make(chan *httptest.ResponseRecorder, 1)}
		go func() { r.done <- w.serve(t.Context(), "/cases/updateCaseAttachment.php", in) }()
		if _, err := out.Write([]byte(`{"operation":"main",`)); err != nil { // the call has begun when somebody reads
			t.Error(err)
		}
		return r
	}
	all := []running{begin(), begin()}
	w.post(t, "/cases/queryCases.php", `{}`, 403, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)")
	other, err := w.Credential(t.Context(), wolkvox.Name, w.Admin)
	if err != nil {
		t.Fatal(err)
	}
	w.post(t, "/cases/queryCases.php", `{}`, 400, "SOME PARAMETERS", func(h http.Header) { h.Set("Wolkvox-Token", other["token"]) })
	for i, r := range all {
		if i == 0 { // however it ends
			r.send.CloseWithError(io.ErrUnexpectedEOF)
		} else if _, err := io.WriteString(r.send, w.attach([]byte("x"))[20:]); err != nil || r.send.Close() != nil {
			t.Error(err)
		}
		rec := <-r.done
		if want := []int{400, 200}[i]; rec.Code != want {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
	for range 3 {
		w.post(t, "/cases/queryCases.php", `{}`, 400, "SOME PARAMETERS")
	}
}

// serve posts a body without the network, so that all has ended when it returns.
func (w *world) serve(ctx context.Context, path string, body io.Reader, change ...func(http.Header)) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(ctx, "POST", wolkvox.DefaultPath+path, body)
	req.Header.Set("Content-Type", "application/json")
	w.authorize(req.Header)
	for _, fn := range change {
		fn(req.Header)
	}
	rec := httptest.NewRecorder()
	w.Handler().ServeHTTP(rec, req)
	return rec
}

// TestTokenInBody sends the token behind everything else, and more than may stand before
// it.
func TestTokenInBody(t *testing.T) {
	w := newWorld(t, nil)
	token := w.Credentials[wolkvox.Name]["token"]
	with := func(body string) string { return body[:len(body)-1] + `,"wolkvox-token":"` + token + `"}` }
	w.post(t, "/cases/updateCaseAttachment.php", with(w.attach(bytes.Repeat([]byte("x"), 1_400_000))), 200, "Succesfully update", anonymous)
	a := w.post(t, "/cases/updateCaseAttachment.php", with(w.attach(bytes.Repeat([]byte("x"), 1_600_000))), 401, "PLEASE ENTER THE WOLKVOX-TOKEN", anonymous)
	if !strings.Contains(string(a.Data), "header") {
		t.Errorf("%s", a.Data)
	}
	if names := fmt.Sprint(w.seen(t)); names != "[attachment-1.txt]" {
		t.Errorf("%s", names)
	}
}

// TestGuesses tries one token after another until it has to wait.
func TestGuesses(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 1000 {
		res := w.Do(t, "POST", wolkvox.DefaultPath+"/cases/queryCases.php", `{}`, func(h http.Header) { h.Set("Wolkvox-Token", fmt.Sprintf("dsr_tok_%020d", i)) })
		a := checked(t, res.Status, res.Body, 403, "PLEASE VALIDATE TOKEN")
		if res.Header.Get("Retry-After") != "" {
			if !strings.Contains(a.Msg, "too many") {
				t.Errorf("%s", a.Msg)
			}
			return
		}
	}
	t.Error("a thousand guesses are answered at once")
}

// TestReplace is the other reading of "edit the list of attached files": those that came
// by this dialect go, and others stay.
func TestReplace(t *testing.T) {
	w := newWorld(t, func(c *app.Config) { c.WolkvoxAttachments = "replace" })
	var locator struct{ Locator, URL string }
	res := w.Do(t, "POST", "/api/v4/cases/1/documents", `{"name":"sage.txt"}`)
	if err := json.Unmarshal(res.Body, &locator); err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	res.JSON(t, &members)
	for _, v := range members {
		if text, ok := v.(string); ok && strings.HasPrefix(text, "http") {
			if put := w.Do(t, "PUT", text, "sage"); put.Status >= 300 {
				t.Fatalf("%d %s", put.Status, put.Body)
			}
		}
	}
	update := "/cases/updateCaseAttachment.php"
	w.post(t, update, w.attach([]byte("one"), []byte("%PDF-1.7")), 200, "")
	w.post(t, update, w.attach(), 200, "")
	if got := fmt.Sprint(w.seen(t)); got != "[sage.txt attachment-1.txt attachment-2.pdf]" {
		t.Errorf("%s", got)
	}
	w.post(t, update, strings.Replace(w.attach([]byte("two")), "Waiting", "Melted", 1), 412, "")
	w.post(t, update, w.attach([]byte("two")), 200, "")
	if got := fmt.Sprint(w.seen(t)); got != "[sage.txt attachment-3.txt]" {
		t.Errorf("%s", got)
	}
}

// TestRefused refuses requests whose files have arrived: none of them is left.
func TestRefused(t *testing.T) {
	w := newWorld(t, nil)
	const update = "/cases/updateCaseAttachment.php"
	body := w.attach([]byte("one"), []byte("two"))
	w.post(t, update, strings.Replace(body, "Waiting", "Melted", 1), 412, "status: ")
	w.post(t, update, strings.Replace(body, "Waiting", "Closed", 1), 412, "solution: ")
	w.post(t, update, strings.Replace(body, w.id, "nobody", 1), 404, "nobody")
	w.post(t, update, strings.Replace(body, `"main"`, `"other"`, 1), 403, "PLEASE VALIDATE TOKEN")
	w.post(t, update, strings.Replace(body, `"main"`, `""`, 1), 400, "SOME PARAMETERS ARE REQUIRED")
	w.untouched(t)
	if res := w.Do(t, "PUT", "/api/v4/cases/1", `{"readOnly":true}`); res.Status != 200 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	w.post(t, update, body, 403, "locked")
	w.untouched(t)
}

// TestPath serves the dialect at another path.
func TestPath(t *testing.T) {
	w := newWorld(t, func(c *app.Config) { c.WolkvoxPath = "/crm" })
	for _, path := range []string{"/crm", "//crm", "/CRM/"} {
		res := w.Do(t, "POST", w.URL+path+"/cases/queryCases.php", `{"operation":"main","field":"wolkvox-id","value":"64cb"}`, w.authorize)
		checked(t, res.Status, res.Body, 200, "1 records were are found")
	}
	if res := w.Do(t, "POST", wolkvox.DefaultPath+"/cases/queryCases.php", `{}`, w.authorize); res.Status != 404 {
		t.Errorf("%d %s", res.Status, res.Body)
	}
}

// TestSettings refuses those that cannot be served.
func TestSettings(t *testing.T) {
	for _, c := range []wolkvox.Config{
		{Path: "x"}, {Path: "/"}, {Path: "/x/"}, {Path: "/a//b"}, {Path: "/a b"}, {Daily: -1}, {Simultaneous: -1}, {MaxFile: -1},
	} {
		if c.Check() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// TestCut cuts uploads off at random places: nothing of them is seen or kept.
func TestCut(t *testing.T) {
	w := newWorld(t, nil)
	random := rand.New(rand.NewPCG(7, 7))
	contents := make([]byte, 100_000)
	for i := range contents {
		contents[i] = byte(random.Uint32())
	}
	parts, kind := form(contents)
	for i := range 60 {
		path, whole, change := "/cases/updateCaseAttachment.php", []byte(w.attach(contents[:50_000], contents)), func(http.Header) {}
		if i%2 == 1 {
			path, whole, change = "/cases/insert.php", parts, kind
		}
		at := random.IntN(len(whole) - 2) // what follows the last boundary does not count
		rec := w.serve(t.Context(), path, io.MultiReader(bytes.NewReader(whole[:at]), iotest.ErrReader(io.ErrUnexpectedEOF)), change)
		checked(t, rec.Code, rec.Body.Bytes(), 400, "")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := w.serve(ctx, "/cases/updateCaseAttachment.php", strings.NewReader(w.attach(contents)))
	if rec.Code == 200 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	w.untouched(t)
}

// TestBroken sends bodies that stop, and files that cannot be scanned now.
func TestBroken(t *testing.T) {
	w := newWorld(t, nil)
	for _, change := range []func(http.Header){func(http.Header) {}, anonymous} {
		half := io.MultiReader(strings.NewReader(w.attach([]byte("abc"))[:40]), iotest.ErrReader(os.ErrDeadlineExceeded))
		rec := w.serve(t.Context(), "/cases/updateCaseAttachment.php", half, change)
		checked(t, rec.Code, rec.Body.Bytes(), 408, "stopped arriving")
	}
	w = newWorld(t, func(c *app.Config) { c.Clamd, c.ScanDown = apptest.NoScanner(t), "refuse" })
	body, kind := form([]byte("abc"))
	w.post(t, "/cases/updateCaseAttachment.php", w.attach([]byte("abc")), 503, "")
	w.post(t, "/cases/insert.php", body, 503, "", kind)
	w.untouched(t)
}

// TestInfected lets a scanner find something in every file.
func TestInfected(t *testing.T) {
	w := newWorld(t, func(c *app.Config) { c.Clamd = apptest.Infected(t) })
	body, kind := form([]byte("abc"))
	w.post(t, "/cases/updateCaseAttachment.php", w.attach([]byte("abc")), 417, apptest.Virus)
	w.post(t, "/cases/insert.php", body, 417, apptest.Virus, kind)
	w.untouched(t)
}
