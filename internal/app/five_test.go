package app_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/blob/s3"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// TestFiveDialects sends one file by every dialect: to one case, and by Flowroute's to
// a port order, as its port orders are all that it knows. There are five documents then,
// which Sage's lists show and the dialects themselves where they show any, all with the
// bytes that were sent, and the bytes are kept once.
func TestFiveDialects(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		t.Run("disk", func(t *testing.T) {
			five(t, db, nil, func(a *apptest.App) int { return len(a.Contents(t)) })
		})
		t.Run("s3", func(t *testing.T) {
			bucket, err := url.Parse(testenv.S3(t))
			if err != nil {
				t.Fatal("DOSSIER_TEST_S3 is no URL")
			}
			bucket = bucket.JoinPath(strings.ToLower(rand.Text()))
			five(t, db, func(c *app.Config) { c.Blobs = bucket.String() }, func(a *apptest.App) (n int) {
				store, err := s3.Open(t.Context(), bucket.JoinPath(a.Workspace).String())
				if err == nil {
					err = store.Walk(t.Context(), func(string, int64, time.Time) error { n++; return nil })
				}
				if err != nil {
					t.Error(err)
				}
				return n
			})
		})
	})
}

// five is TestFiveDialects with one database and one storage, in which kept counts the
// contents.
func five(t *testing.T, db apptest.Database, config func(*app.Config), kept func(*apptest.App) int) {
	a := apptest.New(t, apptest.Options{
		Database: db, Config: config, Dialects: []string{"riskforce", "scalepoint", "wolkvox", "flowroute"},
	})
	pdf := []byte("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Length 300000 >>\nstream\n")
	for i := range 300_000 { // of every value, across all buffers
		pdf = append(pdf, byte(i*i>>3))
	}
	pdf = append(pdf, "\nendstream\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"...)
	// ask sends a request that has to succeed.
	ask := func(method, target string, body any, change ...func(http.Header)) apptest.Answer {
		t.Helper()
		res := a.Do(t, method, target, body, change...)
		if res.Status/100 != 2 {
			t.Fatalf("%s %s: %d %s", method, target, res.Status, res.Body)
		}
		return res
	}
	header := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	bare := func(kind string) func(http.Header) {
		return func(h http.Header) {
			clear(h)
			h.Set("Content-Type", kind)
		}
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	type object = map[string]any

	ask("POST", "/api/v4/accounts", object{"name": "Harbour & Sons", "salesRepId1": a.Admin, "branchId": 1})
	ask("POST", "/api/v4/opportunities", object{
		"reference": "Terminals", "accountId1": 1, "branchId": 1, "salesRepId": a.Admin, "statusId": 1, "salesProbability": 5, "transNumber": "00001111",
	})
	ask("POST", "/api/v4/cases", object{"typeId": 1, "statusId": 1, "accountId": 1, "responsibleId": a.Admin})
	var kase struct{ Number, GUID, WolkvoxID string } // as the dialects know it
	ask("GET", "/api/v4/cases/1", nil).JSON(t, &kase)
	content := base64.StdEncoding.EncodeToString(pdf)

	// Sage: a document is announced, and its bytes are put to the locator.
	sage := func(record string) {
		t.Helper()
		var ticket struct{ Locator string }
		ask("POST", "/api/v4/"+record+"/documents", object{"name": "damage.pdf"}).JSON(t, &ticket)
		ask("PUT", ticket.Locator, pdf, bare("application/pdf"))
	}
	sage("cases/1")

	// Riskforce.
	login := url.Values{"grant_type": {"password"}}
	for name, value := range a.Credentials["riskforce"] {
		login.Set(name, value)
	}
	var token struct {
		Access string `json:"access_token"`
	}
	ask("POST", "/services/oauth2/token", login.Encode(), form).JSON(t, &token)
	session := header("Authorization", "Bearer "+token.Access)
	riskforce := func(path, member, number string) {
		t.Helper()
		ask("POST", "/services/apexrest/"+path, object{member: number, "key": "Estimate", "filename": "damage.pdf", "filecontent": content}, session)
	}
	riskforce("CaseFileUpload", "caseNumber", kase.Number)

	// Scalepoint.
	client := a.Credentials["scalepoint"]
	ask("POST", "/connect/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client["client_id"]}, "client_secret": {client["client_secret"]},
		"scope": {"platform-service-provider:write"},
	}.Encode(), form).JSON(t, &token)
	ask("POST", "/ecx/host/api/integration/v1/file/submitForCase", object{
		"securityToken": client["securityToken"],
		"payload": object{
			"id": kase.GUID, "insuranceCompanyAlias": client["insuranceCompanyAlias"], "userEmail": client["userEmail"],
			"files": []object{{"fileName": "damage.pdf", "contentType": "application/pdf", "content": content, "description": "All of it"}},
		},
	}, header("Authorization", "Bearer "+token.Access))

	// wolkvox.
	crm := a.Credentials["wolkvox"]
	wolkvox := header("Wolkvox-Token", crm["token"])
	ask("POST", "/server/API/v2/cases/updateCaseAttachment.php", object{
		"operation": crm["operation"], "wolkvox-id": kase.WolkvoxID, "responsible": "ada@example.com", "status": "Open", "attachments": []string{content},
	}, wolkvox)

	// Flowroute: a file of a port order is announced, and its bytes are put to a URL.
	keys := a.Credentials["flowroute"]
	flowroute := header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(keys["access_key"]+":"+keys["secret_key"])))
	ask("POST", "/v2/portorders", object{"data": object{"attributes": object{
		"numbers": []string{"+12065550101"}, "billing_name": "Harbour & Sons", "street": "1 Quay", "city": "Seattle", "state": "WA",
		"zip": "98101", "country": "US", "provider": "Pinecone Wireless", "usage_type": "Business",
	}}}, flowroute)
	var file struct {
		Data struct {
			ID         string
			Attributes struct{ URL string }
		}
	}
	ask("POST", "/v2/portorders/1/upload_file", object{"filename": "/home/ada/damage.pdf"}, flowroute).JSON(t, &file)
	ask("PUT", file.Data.Attributes.URL, pdf, bare("application/pdf"))

	// same checks what is found at a link.
	same := func(what, link string) {
		t.Helper()
		res := ask("GET", link, nil, func(h http.Header) { clear(h) })
		if !bytes.Equal(res.Body, pdf) {
			t.Errorf("%s: %d bytes, not the %d that were sent", what, len(res.Body), len(pdf))
		}
	}
	// listed checks the documents of a list of Sage's: by which dialects they came.
	listed := func(target string, want ...string) {
		t.Helper()
		var docs []struct {
			ID            int64
			Dialect, Link string
			Size          int
		}
		ask("GET", target, nil).JSON(t, &docs)
		var got []string
		for _, d := range docs {
			got = append(got, d.Dialect)
			if d.Size != len(pdf) {
				t.Errorf("%s: document %d has %d bytes", target, d.ID, d.Size)
			}
			same(fmt.Sprintf("document %d", d.ID), d.Link)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: documents by %q, not %q", target, got, want)
		}
	}
	// Sage's shape is left as documented for its own documents: "" is Sage.
	where := func(condition string) string { return "/api/v4/documents?where=" + url.QueryEscape(condition) }
	listed("/api/v4/documents", "", "flowroute", "riskforce", "scalepoint", "wolkvox")
	listed(where("caseId = 1"), "", "riskforce", "scalepoint", "wolkvox")
	listed("/api/v4/cases/1/documents", "", "riskforce", "scalepoint", "wolkvox")
	listed(where("portOrderId = 1"), "flowroute")
	listed("/api/v4/portorders/1/documents", "flowroute")
	if n := kept(a); n != 1 {
		t.Errorf("%d contents are kept", n)
	}

	// The dialects that show documents.
	var cases struct {
		Data []struct{ Attachments []struct{ Name, URL string } }
	}
	ask("POST", "/server/API/v2/cases/queryCases.php", object{"operation": crm["operation"], "field": "wolkvox-id", "value": kase.WolkvoxID}, wolkvox).
		JSON(t, &cases)
	if len(cases.Data) != 1 || len(cases.Data[0].Attachments) != 4 {
		t.Fatalf("wolkvox: %+v", cases)
	}
	for _, x := range cases.Data[0].Attachments {
		same("wolkvox, "+x.Name, x.URL)
	}
	var order struct {
		Data struct {
			Attributes struct {
				Documents []struct{ Data []struct{ ID string } } `json:"business_documents"`
			}
		}
	}
	ask("GET", "/v2/portorders/1", nil, flowroute).JSON(t, &order)
	if docs := order.Data.Attributes.Documents; len(docs) != 1 || len(docs[0].Data) != 1 || docs[0].Data[0].ID != file.Data.ID {
		t.Fatalf("flowroute: %+v", order)
	}
	ask("GET", "/v2/portorders/1/files/"+file.Data.ID, nil, flowroute).JSON(t, &file)
	same("flowroute", file.Data.Attributes.URL)

	// An opportunity is known to Sage's and Riskforce's dialects.
	sage("opportunities/1")
	riskforce("OpportunityFileUpload", "transNumber", "00001111")
	listed("/api/v4/opportunities/1/documents", "", "riskforce")
	if n := kept(a); n != 1 {
		t.Errorf("%d contents are kept of seven documents", n)
	}
}
