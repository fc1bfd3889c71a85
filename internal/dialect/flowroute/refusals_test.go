package flowroute_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
)

// refusal is a request, and what its answer has to contain.
type refusal struct {
	method, path, body string
	status             int
	want               string
}

// check sends a request and compares its answer. An error is one object in a list with
// an id, its status and a title.
func (x refusal) check(t *testing.T, a *apptest.App, change ...func(http.Header)) {
	t.Helper()
	res := a.Do(t, x.method, x.path, x.body, append([]func(http.Header){basic(a)}, change...)...)
	if res.Status != x.status || !strings.Contains(string(res.Body), x.want) {
		t.Errorf("%s %s %.80s: %d %s, want %d and %s", x.method, x.path, x.body, res.Status, res.Body, x.status, x.want)
	}
	if res.Status < 400 {
		return
	}
	var e struct {
		Errors []struct {
			ID, Title string
			Status    int
		}
	}
	if res.JSON(t, &e); len(e.Errors) != 1 || len(e.Errors[0].ID) != 36 || e.Errors[0].Status != res.Status || e.Errors[0].Title == "" {
		t.Errorf("%s %s: %s", x.method, x.path, res.Body)
	}
}

// list is a JSON list of n texts.
func list(n int, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"`+format+`"`, i)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// What cannot be read is refused by name, and nothing is changed.
func TestRefusals(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := startOn(t, db, nil, false)
		refusal{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"loa_details":{"email":"john@example.com"}`), 201, "portorder_group"}.check(t, a)
		before := a.Get(t, "/v2/portorders/1", basic(a)).Body
		attributes := func(text string) string { return `{"data":{"type":"portorder","attributes":{` + text + `}}}` }
		for _, x := range []refusal{
			{"POST", "/v2/portorders", ``, 422, `{"data":["Missing data for required field."]}`},
			{"POST", "/v2/portorders", `{"data":[]}`, 422, `{"data":["Not a valid object."]}`},
			{"POST", "/v2/portorders", `{"data":{"attributes":[]}}`, 422, `{"attributes":["Not a valid object."]}`},
			{"POST", "/v2/portorders", `{"data":{"type":7}}`, 422, `{"type":["Not a valid string."]}`},
			{"POST", "/v2/portorders", `null`, 400, `"The body must be a JSON object."`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"loa_details":[]`), 422, `{"loa_details":["Not a valid object."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"numbers":"12065013456"`), 422, `{"numbers":["Not a valid list."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"numbers":[]`), 422, `{"numbers":["Shorter than minimum length 1."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"numbers":`+list(501, "+1206501%04d")), 422, `{"numbers":["Longer than maximum length 500."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"numbers":["`+strings.Repeat("x", 60)+`"]`), 422, strings.Repeat("x", 40) + "…'"},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"business_documents":`+list(51, "https://example.com/%d.pdf")), 422, "Longer than maximum length 50."},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"business_documents":["ftp://example.com/a"]`), 422, `{"business_documents":["Not a valid URL."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"business_documents":["http://10.0.0.1/a.pdf"]`), 422, `{"business_documents":["business_documents: `},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"business_documents":["https://example.com/`+strings.Repeat("x", 2000)+`"]`), 422, `{"business_documents":["business_documents`},
			{"PATCH", "/v2/portorders/1", attributes(`"business_documents":["http://127.0.0.1/a.pdf"]`), 422, `{"business_documents":["business_documents: `},
			{"POST", "/v2/portorders/1/files", `{"url":"http://10.0.0.1/a.pdf"}`, 422, `{"url":["`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"status_url":"http://10.0.0.1/"`), 422, `{"status_url":["`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"desired_completion_date":"soon"`), 422, `{"desired_completion_date":["`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"usage_type":"Charity"`), 422, `{"usage_type":["`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"enable_cnam_lookups":"yes"`), 422, `{"enable_cnam_lookups":["Not a valid boolean."]}`},
			{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"zip":null`), 422, `{"zip":["Field may not be null."]}`},
			{"PATCH", "/v2/portorders/1", attributes(``), 422, `{"attributes":["Missing data for required field."]}`},
			{"PATCH", "/v2/portorders/1", attributes(`"numbers":[]`), 422, "relationships/numbers"},
			{"PATCH", "/v2/portorders/1", attributes(`"status":"completed"`), 422, `{"status":["Must be one of: cancelled."]}`},
			{"PATCH", "/v2/portorders/1", attributes(`"alias":{}`), 422, `{"alias":["Not a valid string."]}`},
			{"PATCH", "/v2/portorders/1", attributes(`"alias":"` + strings.Repeat("x", 256) + `"`), 422, `{"alias":["`},
			{"PATCH", "/v2/portorders/1/relationships/numbers", `{}`, 422, `{"add":["Missing data for required field."]}`},
			{"PATCH", "/v2/portorders/1/relationships/numbers", `{"data":[]}`, 422, `{"data":["Not a valid object."]}`},
			{"PATCH", "/v2/portorders/1/relationships/numbers", `{"add":["0"]}`, 422, `{"add":["'0' is not a valid E.164 number."]}`},
			{"POST", "/v2/portorders/9/numbers", `{"add":["+12065013457"]}`, 404, "No such port order group"},
			{"POST", "/v2/portorders/1/loa", `{"data":1}`, 422, `{"data":["Not a valid object."]}`},
			{"POST", "/v2/portorders/1/loa", `{"signature_name":" ","signature_title":7}`, 422, `{"signature_name":["Shorter than minimum length 1."]}`},
			{"POST", "/v2/portorders/1/upload_file", `{"filename":"` + strings.Repeat("x", 501) + `.pdf"}`, 422, `{"filename":["`},
			{"POST", "/v2/portorders/1/upload_file", `{"data":{}}`, 422, `{"filename":["Missing data for required field."]}`},
			{"POST", "/v2/portorders/1/files", `{"url":"not a url"}`, 422, `{"url":["Not a valid URL."]}`},
			{"GET", "/v2/portorders/1/files/document-x", ``, 404, "No such file"},
			{"GET", "/v2/portorders/1/files/document-99", ``, 404, "No such file"},
			{"GET", "/v2/portorders?limit=0", ``, 422, "Must be greater than or equal to 1."},
			{"GET", "/v2/portorders?completion_date=x&is_approved=x&group_id=x&order=x", ``, 422,
				`{"completion_date":["Not a valid date."],"group_id":["Not a valid integer."],"is_approved":["Not a valid boolean."],"order":["Not a valid integer."]}`},
			{"GET", "/v2/portorders?numbers=abc", ``, 422, "'abc' is not a valid E.164 number."},
			{"GET", "/v2/portorders?group_id=1&status=", ``, 200, "In Progress"},
			{"POST", "/v2/portorders/portability", `{}`, 422, `{"numbers":["Missing data for required field."]}`},
			{"POST", "/v2/portorders/portability", `{"numbers":[]}`, 422, `{"numbers":["Shorter than minimum length 1."]}`},
			{"HEAD", "/v2/portorders/1/status", ``, 200, ""},
		} {
			x.check(t, a)
		}
		form := func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }
		refusal{"POST", "/v2/portorders/portability", `{"numbers":["12065013456"]}`, 200, `"portable":["+12065013456"]`}.check(t, a, form)
		refusal{"POST", "/v2/portorders/portability", `numbers=%zz`, 400, "The form cannot be read."}.check(t, a, form)
		refusal{"POST", "/v2/portorders/portability", `number=1`, 422, "Missing data for required field."}.check(t, a, form)
		if after := a.Get(t, "/v2/portorders/1", basic(a)).Body; string(after) != string(before) {
			t.Errorf("before %s\nafter %s", before, after)
		}
		refusal{"GET", "/v2/portorders?group_id=2", ``, 200, `"orders":{"data":[]}`}.check(t, a)

		// The limit of an order's numbers, over several requests.
		for i := range 2 {
			add := strings.ReplaceAll(list(500, "+12065%06d"), "+12065", fmt.Sprintf("+1206%d", 5+i))
			want, status := "+12065", 200
			if i == 1 {
				want, status = "A port order has at most 1000 numbers.", 422
			}
			refusal{"PATCH", "/v2/portorders/1/relationships/numbers", `{"add":` + add + `}`, status, want}.check(t, a)
		}
	})
}

// Bodies are read as JSON is written by all kinds of clients: with escapes, as PHP's
// json_encode has them for slashes and Python's json for what is not ASCII, behind a byte
// order mark, and with numbers where texts are meant.
func TestSpellings(t *testing.T) {
	a := start(t, nil, false)
	order := `{"data":{"attributes":{"numbers":[12065013456,"18002546788"],"billing_name":"J","city":"S","country":"US","provider":"V","state":"WA","street":"1","usage_type":"Business","zip":98101}}}`
	long := strings.Repeat("x", 496) + ".pdf"
	for _, x := range []refusal{
		{"POST", "/v2/portorders", "\ufeff" + order, 201, "portorder_group"},
		{"GET", "/v2/portorders/1", ``, 200, `"numbers":["+12065013456"]`},
		{"PATCH", "/v2/portorders/1/relationships/numbers", `{"add":[12065013457]}`, 200, `"numbers":["+12065013456","+12065013457"]`},
		{"PATCH", "/v2/portorders/1/relationships/numbers", `{"add":[12065013457.0]}`, 422, `{"add":["'12065013457.0' is not a valid E.164 number."]}`},
		{"PATCH", "/v2/portorders/1/relationships/numbers", `{"add":[["12065013457"]]}`, 422, `is not a valid E.164 number."]}`},
		{"POST", "/v2/portorders/portability", "\ufeff" + `{"numbers":[12065013456]}`, 200, `"portable":["+12065013456"]`},
		{"POST", "/v2/portorders/1/upload_file", `{"filename":"\/fullpath\/to\/mybill.pdf"}`, 200, `/mybill.pdf?AWSAccessKeyId=`},
		{"POST", "/v2/portorders/1/upload_file", `{"filename":"\ud83d\ude00.pdf"}`, 200, `/%F0%9F%98%80.pdf?`},
		{"POST", "/v2/portorders/1/upload_file", `{"filename":"` + long + `"}`, 200, "/" + long + "?"},
		{"POST", "/v2/portorders/1/upload_file", `{"filename":"x` + long + `"}`, 422, `{"filename":["name has 501 characters; at most 500 are allowed"]}`},
		{"POST", "/v2/portorders/1/files", `{"url":"https:\/\/example.com\/a?filename=\u00e9\ud83d\ude00.pdf"}`, 200, `"filename":"é😀.pdf"`},
	} {
		x.check(t, a)
	}
	// The longest name is that of the document as well.
	at := uploadURL(t, a, long)
	if status, code := put(t, a, at, "%PDF-1.4", "Content-Type", "application/pdf"); status != 200 {
		t.Errorf("%d %s", status, code)
	}
}

// An order goes on as it is with what is left out of a change, null takes away, and
// numbers of another carrier bring an order like the others of the group.
func TestChanges(t *testing.T) {
	a := start(t, nil, false)
	refusal{"POST", "/v2/portorders", fmt.Sprintf(newOrder, `,"loa_details":{"email":"john@example.com","cc":"desk@example.com"},
		"desired_completion_date":"2026-07-12","enable_cnam_lookups":true,"pin":1234`), 201, ""}.check(t, a)
	for _, x := range []refusal{
		{"POST", "/v2/portorders/1/numbers", `{"data":{"attributes":{"add":["18005550100","12065013456","12065013457"]}}}`, 200, `"id":"2"`},
		{"GET", "/v2/portorders/2", ``, 200, `"desired_completion_date":"2026-07-12","enable_cnam_lookups":true`},
		{"GET", "/v2/portorders/2", ``, 200, `"loa_details":{"cc":"desk@example.com","email":"john@example.com"},"numbers":["+18005550100"],"pin":"1234"`},
		{"GET", "/v2/portorders/1", ``, 200, `"numbers":["+12065013456","+12065013457"]`},
		{"PATCH", "/v2/portorders/1", `{"data":{"type":"portorder","attributes":{"loa_details":null,"pin":null}}}`, 200, `"loa_details":{"cc":null,"email":null}`},
		{"POST", "/api/v4/portorderComments", `{"portOrderId":1,"text":"A newer bill, please.","author":"Desk"}`, 200, `"id":1`},
		{"GET", "/v2/portorders/1", ``, 200, `"comments":[{"author":"Desk","comment":"A newer bill, please.","created_at":"2026-03-02T09:00:00.000000+00:00"}]`},
		{"PATCH", "/v2/portorders/1/status", `{"data":{"attributes":{"status":"canceled"}}}`, 200, `"status":"cancelled"`},
		{"PUT", "/api/v4/portorders/2", `{"status":"completed"}`, 200, "updated"},
		{"GET", "/v2/portorders?group_id=1&status", ``, 200, `"status":"Completed"`},
		{"PUT", "/api/v4/portorders/2", `{"status":"hard_canceled"}`, 200, "updated"},
		{"GET", "/v2/portorders?group_id=1&status", ``, 200, `"status":"Canceled"`},
		{"POST", "/v2/portorders/1/loa", `{"signature_name":"John","signature_title":"Owner"}`, 422, "cannot be signed once it is cancelled"},
		{"DELETE", "/v2/portorders/1/presets/alias", ``, 422, "cannot be changed once it is cancelled"},
		{"POST", "/v2/portorders/1/numbers", `{"add":["12065013459"]}`, 200, `"id":"3"`},
	} {
		x.check(t, a)
	}
}

// Whoever polls for what was modified sees new orders as well.
func TestModified(t *testing.T) {
	a := start(t, nil, false)
	for range 2 {
		refusal{"POST", "/v2/portorders", fmt.Sprintf(newOrder, ""), 201, ""}.check(t, a)
		a.Clock.Advance(time.Hour)
	}
	refusal{"PATCH", "/v2/portorders/1", `{"data":{"type":"portorder","attributes":{"alias":"x"}}}`, 200, ""}.check(t, a)
	for query, want := range map[string]string{
		"modified_after=2026-03-02T09:30:00Z": `12`, "modified_after=2026-03-02T10:30:00Z": `1`, "modified_before=2026-03-02T10:30:00Z": `2`,
		"modified_before=2026-03-02T09:30:00Z": ``, "created_after=2026-03-02T09:30:00Z": `2`,
	} {
		var got struct {
			Data struct {
				Attributes struct {
					Orders struct{ Data []struct{ ID string } }
				}
			}
		}
		a.Get(t, "/v2/portorders?"+query, basic(a)).JSON(t, &got)
		ids := ""
		for _, o := range got.Data.Attributes.Orders.Data {
			ids += o.ID
		}
		if ids != want {
			t.Errorf("%s: orders %q, want %q", query, ids, want)
		}
	}
}

// A document that came to an order by another dialect is one of its files, and only of
// its own.
func TestDocumentsOfOrders(t *testing.T) {
	a := start(t, nil, false)
	for range 2 {
		refusal{"POST", "/v2/portorders", fmt.Sprintf(newOrder, ""), 201, ""}.check(t, a)
	}
	var ticket struct{ Locator string }
	a.Do(t, "POST", "/api/v4/portorders/1/documents", `{"name":"bill.pdf"}`).JSON(t, &ticket)
	refusal{"GET", "/v2/portorders/1/files/document-1", ``, 404, "No such file"}.check(t, a)
	a.Do(t, "PUT", ticket.Locator, "%PDF-1.4", func(h http.Header) { clear(h) })
	refusal{"GET", "/v2/portorders/1", ``, 200, `"filename":"bill.pdf","original_url":null,"status":"complete"},"id":"document-1"`}.check(t, a)
	refusal{"GET", "/v2/portorders/2/files/document-1", ``, 404, "No such file"}.check(t, a)
	var file struct {
		Data struct{ Attributes struct{ URL string } }
	}
	a.Get(t, "/v2/portorders/1/files/document-1", basic(a)).JSON(t, &file)
	if res := a.Get(t, file.Data.Attributes.URL, func(h http.Header) { clear(h) }); string(res.Body) != "%PDF-1.4" {
		t.Errorf("%d %s", res.Status, res.Body)
	}
}

// Requests that S3 refuses before it reads a body.
func TestUploadHeaders(t *testing.T) {
	a := start(t, nil, false)
	target := uploadURL(t, a, "bill.pdf")
	const pdf = "application/pdf"
	for _, x := range []struct {
		what   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"another method", func(r *http.Request) { r.Method = "POST" }, 403, "SignatureDoesNotMatch"},
		{"no length", func(r *http.Request) { r.ContentLength = -1 }, 411, "MissingContentLength"},
		{"chunks that are signed", func(r *http.Request) { r.Header.Set("Content-Encoding", "aws-chunked") }, 501, "NotImplemented"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", target, strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", pdf)
		x.change(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			t.Error(err)
		}
		if res.StatusCode != x.status || !strings.Contains(string(body), "<Code>"+x.code+"</Code>") {
			t.Errorf("%s: %d %s, want %d %s", x.what, res.StatusCode, body, x.status, x.code)
		}
	}
}

// Settings that cannot be served are refused at the start.
func TestSettings(t *testing.T) {
	for field, c := range map[string]flowroute.Config{"max-file": {MaxFile: -1}, "upload-life": {Life: flowroute.MinLife - 1}} {
		if _, err := flowroute.New(c); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%s: %v", field, err)
		}
	}
}
