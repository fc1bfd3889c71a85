package ordeal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
	"github.com/dossier-crm/dossier/internal/document"
)

// way is one in which a file can be uploaded.
type way struct {
	name string

	// prepare returns the request that uploads a file, or the answer to what has to
	// be asked before when that is refused already.
	prepare func(t *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer)

	// wrong returns why an answer is not an error in the shape of the dialect.
	wrong func(status int, h http.Header, body []byte) error

	forms []form // that its body can be sent in

	max int                          // bytes of the largest file by default
	set func(c *app.Config, n int64) // sets max; nil = there is no such setting

	// apart says that with S3 the bytes go to S3 itself and not to this server.
	apart bool

	// nameless says that files come without names, and get one by what they are.
	nameless bool
}

// ways are all there are. A new one is a line here.
var ways = []way{
	{name: "sage documents", prepare: sageUpload, wrong: wrongSage, forms: plainForms, max: document.DefaultMaxSize, apart: true},
	{name: "riskforce opportunity", prepare: riskforceUpload(riskforce.DefaultOpportunityPath, "transNumber"), wrong: wrongApex, forms: packedForms, max: riskforce.MaxFile},
	{name: "riskforce case", prepare: riskforceUpload(riskforce.DefaultCasePath, "caseNumber"), wrong: wrongApex, forms: packedForms, max: riskforce.MaxFile},
	{name: "flowroute upload_file", prepare: flowrouteUpload, wrong: wrongS3, forms: []form{sized, asking}, max: flowroute.DefaultMaxFile, set: flowrouteMax},
	{name: "scalepoint submitForCase", prepare: scalepointUpload("submitForCase"), wrong: wrongScalepoint, forms: packedForms, max: scalepoint.DefaultMaxFile, set: scalepointMax},
	{name: "scalepoint submitForDamageNotification", prepare: scalepointUpload("submitForDamageNotification"), wrong: wrongScalepoint, forms: packedForms, max: scalepoint.DefaultMaxFile, set: scalepointMax},
	{name: "scalepoint fnol/submit", prepare: scalepointNotice, wrong: wrongScalepoint, forms: packedForms, max: scalepoint.DefaultMaxFile, set: scalepointMax},
	{name: "wolkvox insertAttach", prepare: wolkvoxJSON("insertAttach.php"), wrong: wrongWolkvox, forms: packedForms, max: wolkvox.DefaultMaxFile, set: wolkvoxMax, nameless: true},
	{name: "wolkvox updateCaseAttachment", prepare: wolkvoxJSON("updateCaseAttachment.php"), wrong: wrongWolkvox, forms: packedForms, max: wolkvox.DefaultMaxFile, set: wolkvoxMax, nameless: true},
	{name: "wolkvox insert", prepare: wolkvoxParts("insert.php"), wrong: wrongWolkvox, forms: packedForms, max: wolkvox.DefaultMaxFile, set: wolkvoxMax},
	{name: "wolkvox update", prepare: wolkvoxParts("update.php"), wrong: wrongWolkvox, forms: packedForms, max: wolkvox.DefaultMaxFile, set: wolkvoxMax},
}

// dialects are those that need credentials of their own.
var dialects = []string{riskforce.Name, flowroute.Name, scalepoint.Name, wolkvox.Name}

// enter begins the sessions of the dialects that have some. It is called again when
// those have ended with the clock.
func (w *world) enter(t *testing.T) {
	t.Helper()
	var err error
	if _, w.Token, err = w.Login(t.Context(), w.Admin); err != nil {
		t.Fatal(err)
	}
	w.enterRiskforce(t)
	w.enterScalepoint(t)
}

// furnish makes the records that take files: number 1 of each kind.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	for _, record := range []struct{ path, body string }{
		{"/api/v4/accounts", `{"name":"Ordeal","branchId":1,"salesRepId1":1}`},
		{"/api/v4/contacts", `{"accountId":1,"firstName":"Berta","lastName":"Lund","email":"berta@example.com"}`},
		{"/api/v4/opportunities", `{"branchId":1,"reference":"Deal","salesProbability":5,"salesRepId":1,"statusId":1,"transNumber":"1"}`},
		{"/api/v4/cases", `{"typeId":1,"statusId":1,"number":"1","guid":"` + guid + `"}`},
		{"/api/v4/damageNotifications", `{"guid":"` + guid + `"}`},
	} {
		if res := w.Do(t, "POST", record.path, record.body); res.Status != 200 {
			t.Fatalf("%s: %d %s", record.path, res.Status, res.Body)
		}
	}
	w.furnishFlowroute(t)
	w.furnishWolkvox(t)
}

// guid is that of a case and of a damage notification.
const guid = "11111111-1111-1111-1111-111111111111"

// upload is a request that has a file in it.
type upload struct {
	method, target string // target is a URL
	header         http.Header
	body           []byte
}

// form is how a body is sent.
type form string

const (
	sized         form = "with its length"
	chunked       form = "in chunks"
	packed        form = "packed with gzip"
	packedChunked form = "packed with gzip, in chunks"
	asking        form = "after asking with Expect"
)

var (
	plainForms  = []form{sized, chunked, asking}
	packedForms = []form{sized, chunked, packed, packedChunked, asking}
)

// send sends an upload whole.
func (w *world) send(t *testing.T, u upload) apptest.Answer {
	t.Helper()
	return w.Do(t, u.method, u.target, u.body, func(h http.Header) {
		clear(h)
		for name, values := range u.header {
			h[name] = values
		}
	})
}

// try prepares and sends an upload.
func (w *world) try(t *testing.T, by way, name string, contents []byte) apptest.Answer {
	t.Helper()
	w.had = w.cases(t)
	u, refusal := by.prepare(t, w, name, contents)
	if refusal != nil {
		return *refusal
	}
	return w.send(t, u)
}

// Sage: a document is announced, and its bytes are put to the locator.

func sageUpload(t *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
	t.Helper()
	res := w.Do(t, "POST", "/api/v4/accounts/1/documents", `{"folderId":-1,"name":`+quoted(name)+`}`)
	if res.Status != 200 {
		return upload{}, &res
	}
	var ticket struct{ Locator string }
	res.JSON(t, &ticket)
	return upload{"PUT", ticket.Locator, http.Header{}, contents}, nil
}

func wrongSage(_ int, _ http.Header, body []byte) error {
	var e struct {
		Code           *int
		Error, Message string
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Code == nil || e.Message == "" {
		return errors.New("code or message is missing")
	}
	return nil
}

// Riskforce: one JSON object with the file.

func (w *world) enterRiskforce(t *testing.T) {
	t.Helper()
	c := w.Credentials[riskforce.Name]
	res := w.Do(t, "POST", riskforce.TokenPath, url.Values{
		"grant_type": {"password"}, "client_id": {c["client_id"]}, "client_secret": {c["client_secret"]},
		"username": {c["username"]}, "password": {c["password"]},
	}.Encode(), func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") })
	var grant struct {
		Token string `json:"access_token"`
	}
	if res.JSON(t, &grant); grant.Token == "" {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	w.session = grant.Token
}

func riskforceUpload(path, member string) func(*testing.T, *world, string, []byte) (upload, *apptest.Answer) {
	return func(_ *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
		h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + w.session}}
		body := fmt.Sprintf(`{"key":"k","filecontent":"%s","filename":%s,"%s":"1"}`,
			base64.StdEncoding.EncodeToString(contents), quoted(name), member)
		return upload{"POST", w.URL + path, h, []byte(body)}, nil
	}
}

func wrongApex(_ int, _ http.Header, body []byte) error {
	var e []struct{ Message, ErrorCode string }
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if len(e) != 1 || e[0].Message == "" || e[0].ErrorCode == "" {
		return errors.New("no list of one error with message and errorCode")
	}
	return nil
}

// Flowroute: a file of a port order, whose bytes are put to a presigned URL.

// newOrder asks for port order 1.
const newOrder = `{"data":{"attributes":{"numbers":["12065013456"],"billing_name":"John Doe","city":"Seattle","country":"US",
	"provider":"Verizon","state":"WA","street":"1218 3rd Ave","usage_type":"Residential","zip":"98101"%s}}}`

func (w *world) furnishFlowroute(t *testing.T) {
	t.Helper()
	if res := w.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, ""), w.basic); res.Status != 201 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
}

func (w *world) basic(h http.Header) {
	c := w.Credentials[flowroute.Name]
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c["access_key"]+":"+c["secret_key"])))
}

func flowrouteMax(c *app.Config, n int64) { c.FlowrouteMaxFile = n }

func flowrouteUpload(t *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
	t.Helper()
	res := w.Do(t, "POST", "/v2/portorders/1/upload_file", `{"filename":`+quoted(name)+`}`, w.basic)
	if res.Status != 200 {
		return upload{}, &res
	}
	var file struct {
		Data struct{ Attributes struct{ URL string } }
	}
	res.JSON(t, &file)
	target, err := url.Parse(file.Data.Attributes.URL)
	if err != nil {
		t.Fatal(err)
	}
	return upload{"PUT", target.String(), http.Header{"Content-Type": {target.Query().Get("content-type")}}, contents}, nil
}

// wrongS3 takes the errors of both steps: JSON:API of the first, S3's of the second.
func wrongS3(status int, h http.Header, body []byte) error {
	if h.Get("Content-Type") != "application/xml" {
		var e struct {
			Errors []struct {
				Detail json.RawMessage
				Status int
				Title  string
			}
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		if len(e.Errors) == 0 || e.Errors[0].Detail == nil || e.Errors[0].Status != status {
			return errors.New("no errors with detail and status")
		}
		return nil
	}
	var e struct{ Code, Message, RequestId, HostId string } //nolint:revive,staticcheck // S3's names
	if err := xml.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Code == "" || e.Message == "" || e.RequestId == "" || e.HostId == "" {
		return errors.New("a part of S3's error is missing")
	}
	return nil
}

// Scalepoint: JSON with a list of files, for a client with a token.

func (w *world) enterScalepoint(t *testing.T) {
	t.Helper()
	c := w.Credentials[scalepoint.Name]
	res := w.Do(t, "POST", scalepoint.TokenPath, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c["client_id"]}, "client_secret": {c["client_secret"]}, "scope": {scalepoint.ScopeFiles},
	}.Encode(), func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") })
	var grant struct {
		Token string `json:"access_token"`
	}
	if res.JSON(t, &grant); grant.Token == "" {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	w.token = grant.Token
}

func scalepointMax(c *app.Config, n int64) { c.ScalepointMaxFile = n }

func scalepointUpload(method string) func(*testing.T, *world, string, []byte) (upload, *apptest.Answer) {
	return func(_ *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
		c := w.Credentials[scalepoint.Name]
		h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + w.token}}
		body := fmt.Sprintf(`{"payload":{"files":[{"content":"%s","contentType":"application/octet-stream","fileName":%s}],`+
			`"id":"%s","insuranceCompanyAlias":"%s","userEmail":"%s"},"securityToken":"%s"}`,
			base64.StdEncoding.EncodeToString(contents), quoted(name), guid, c["insuranceCompanyAlias"], c["userEmail"], c["securityToken"])
		return upload{"POST", w.URL + scalepoint.DefaultBase + "/file/" + method, h, []byte(body)}, nil
	}
}

// scalepointNotice makes a case with one attachment.
func scalepointNotice(_ *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
	const boundary = "----ordeal"
	body := fmt.Appendf(nil, "--%[1]s\r\nContent-Disposition: form-data; name=\"case\"; filename=\"case.json\"\r\n"+
		"Content-Type: application/vnd.casecreation+json\r\n\r\n%[2]s\r\n"+
		"--%[1]s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%[3]s\"\r\nContent-Type: application/octet-stream\r\n\r\n%[4]s\r\n--%[1]s--\r\n",
		boundary, `{"company":"main","caseType":"Claims","loss":{"description":"Ordeal"}}`, name, contents)
	h := http.Header{"Content-Type": {"multipart/form-data; boundary=" + boundary}, "Authorization": {"Bearer " + w.token}}
	return upload{"POST", w.URL + scalepoint.DefaultBase + "/fnol/submit?company=main", h, body}, nil
}

func wrongScalepoint(_ int, _ http.Header, body []byte) error {
	var e struct {
		Success          *bool
		ErrorDescription string
		ErrorType        string
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Success == nil || *e.Success || e.ErrorDescription == "" || e.ErrorType == "" {
		return errors.New("success, errorDescription or errorType is missing")
	}
	return nil
}

// Wolkvox: a case that is made or changed together with its attachments, as JSON without
// names or as multipart.

func (w *world) furnishWolkvox(t *testing.T) {
	t.Helper()
	u, _ := wolkvoxParts("insert.php")(t, w, "", nil)
	res := w.send(t, u)
	var made struct {
		Data struct {
			ID string `json:"wolkvox_id"`
		}
	}
	if res.JSON(t, &made); made.Data.ID == "" {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	w.wolkvoxCase = made.Data.ID
}

func wolkvoxMax(c *app.Config, n int64) { c.WolkvoxMaxFile = n }

// wolkvoxFields are what a request says beside its files.
func (w *world) wolkvoxFields() map[string]string {
	all := map[string]string{
		"operation": w.Workspace, "case-type": "Request", "responsible": "ada@example.com", "owner": "ada@example.com",
		"contact": "berta@example.com", "description": "Ordeal", "status": "open", "priority": "High",
	}
	if w.wolkvoxCase != "" {
		all["wolkvox-id"] = w.wolkvoxCase
	}
	return all
}

func (w *world) wolkvoxUpload(method, contentType string, body []byte) upload {
	h := http.Header{"Content-Type": {contentType}, "Wolkvox-Token": {w.Credentials[wolkvox.Name]["token"]}}
	return upload{"POST", w.URL + wolkvox.DefaultPath + "/cases/" + method, h, body}
}

func wolkvoxJSON(method string) func(*testing.T, *world, string, []byte) (upload, *apptest.Answer) {
	return func(t *testing.T, w *world, _ string, contents []byte) (upload, *apptest.Answer) {
		t.Helper()
		fields, err := json.Marshal(w.wolkvoxFields())
		if err != nil {
			t.Fatal(err)
		}
		body := fmt.Sprintf(`{"attachments":["%s"],%s`, base64.StdEncoding.EncodeToString(contents), fields[1:])
		return w.wolkvoxUpload(method, "application/json", []byte(body)), nil
	}
}

// wolkvoxParts sends names as they are: what is no good header is for the server to see.
func wolkvoxParts(method string) func(*testing.T, *world, string, []byte) (upload, *apptest.Answer) {
	return func(_ *testing.T, w *world, name string, contents []byte) (upload, *apptest.Answer) {
		const boundary = "----ordeal"
		fields := w.wolkvoxFields()
		var b bytes.Buffer
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, field, fields[field])
		}
		if contents != nil {
			fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"+
				"Content-Type: application/octet-stream\r\n\r\n%s\r\n", boundary, name, contents)
		}
		fmt.Fprintf(&b, "--%s--\r\n", boundary)
		return w.wolkvoxUpload(method, "multipart/form-data; boundary="+boundary, b.Bytes()), nil
	}
}

func wrongWolkvox(status int, _ http.Header, body []byte) error {
	var e struct {
		Code       int
		Error, Msg string
		Data       json.RawMessage
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	if e.Code != status || e.Error == "null" || e.Error == "" || e.Msg == "" || e.Data == nil {
		return errors.New("code, error, msg or data is missing or wrong")
	}
	return nil
}
