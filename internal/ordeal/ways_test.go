package ordeal_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
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
	max   int    // bytes of the largest file, with the settings of these tests

	// apart says that with S3 the bytes go to S3 itself and not to this server.
	apart bool
}

// ways are all there are. A new one is a line here.
var ways = []way{
	{name: "sage documents", prepare: sageUpload, wrong: wrongSage, forms: plainForms, max: 1 << 30, apart: true},
	{name: "riskforce opportunity", prepare: riskforceUpload(riskforce.DefaultOpportunityPath, "transNumber"), wrong: wrongApex, forms: packedForms, max: riskforce.MaxFile},
	{name: "riskforce case", prepare: riskforceUpload(riskforce.DefaultCasePath, "caseNumber"), wrong: wrongApex, forms: packedForms, max: riskforce.MaxFile},
	{name: "flowroute upload_file", prepare: flowrouteUpload, wrong: wrongS3, forms: []form{sized, asking}, max: flowroute.DefaultMaxFile},
}

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

func (w *world) prepareRiskforce(t *testing.T) {
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

func (w *world) prepareFlowroute(t *testing.T) {
	t.Helper()
	if res := w.Do(t, "POST", "/v2/portorders", fmt.Sprintf(newOrder, ""), w.basic); res.Status != 201 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
}

func (w *world) basic(h http.Header) {
	c := w.Credentials[flowroute.Name]
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c["access_key"]+":"+c["secret_key"])))
}

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
