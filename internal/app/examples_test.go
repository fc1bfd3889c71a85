package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
)

// demo is a demo as it is served, with what its file of credentials says.
type demo struct {
	url, data string // address, and data folder
	file      map[string]json.RawMessage
}

// serveDemo runs a demo in a folder until the end of the test.
func serveDemo(t *testing.T, data string) demo {
	t.Helper()
	config := app.Config{
		Storage: app.Storage{Data: data, SchemaPrefix: "dossier_"},
		Server: app.Server{
			Listen: "127.0.0.1:0", Demo: true, QueryTimeout: 10 * time.Second, MaxConnections: 64, StopTimeout: time.Second,
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	banner, ended := &notice{said: make(chan string, 16)}, make(chan error, 1)
	go func() {
		ended <- app.Serve(ctx, config, app.World{Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}, banner)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for text := ""; !strings.Contains(text, "X-Session-Key"); {
		select {
		case s := <-banner.said:
			text += s
		case err := <-ended:
			ended <- nil
			t.Fatal(err)
		}
	}
	d := demo{data: data}
	text, err := os.ReadFile(filepath.Join(data, "demo-credentials.json"))
	if err == nil {
		err = json.Unmarshal(text, &d.file)
	}
	if err == nil {
		err = json.Unmarshal(d.file["url"], &d.url)
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// members are those of a dialect's login, or the examples.
func (d demo) members(t *testing.T, name string) map[string]string {
	t.Helper()
	var all map[string]string
	if err := json.Unmarshal(d.file[name], &all); err != nil {
		t.Fatalf("%s of the demo: %s: %v", name, d.file[name], err)
	}
	return all
}

// do sends a request with headers, given in pairs, and returns the answer.
func (d demo) do(t *testing.T, method, target, body string, headers ...string) (status int, answer string) {
	t.Helper()
	if strings.HasPrefix(target, "/") {
		target = d.url + target
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}

// found is the first group of a pattern in an answer.
func found(t *testing.T, answer, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(answer)
	if m == nil {
		t.Fatalf("no %s in %s", pattern, answer)
	}
	return m[1]
}

// Every login in the file of the demo is good, and every example is what its name
// says, to the dialect that it is for. So it is after another start.
func TestDemoFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	d := serveDemo(t, data)
	example := d.members(t, "examples")
	used := map[string]bool{}
	use := func(name string) string {
		if example[name] == "" {
			t.Errorf("there is no example %s", name)
		}
		used[name] = true
		return example[name]
	}
	expect := func(what string, wantStatus int, want string, status int, answer string) {
		t.Helper()
		if status != wantStatus || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want %d and %s", what, status, answer, wantStatus, want)
		}
	}
	const kind, asJSON = "Content-Type", "application/json"

	// Sage: what came by other dialects is there.
	_, answer := d.do(t, "POST", "/api/v4/login", string(d.file["sage"]), kind, asJSON)
	session := found(t, answer, `"([^"]{20,})"`)
	sage := func(target string) (int, string) { return d.do(t, "GET", target, "", "X-Session-Key", session) }

	// Riskforce.
	login := url.Values{"grant_type": {"password"}}
	for name, value := range d.members(t, "riskforce") {
		login.Set(name, value)
	}
	_, answer = d.do(t, "POST", "/services/oauth2/token", login.Encode(), kind, "application/x-www-form-urlencoded")
	bearer := "Bearer " + found(t, answer, `"access_token":"([^"]*)"`)
	upload := func(path, member, number string) (int, string) {
		body := `{"` + member + `":"` + number + `","filename":"a.txt","filecontent":"` + base64.StdEncoding.EncodeToString([]byte("a")) + `"}`
		return d.do(t, "POST", path, body, kind, asJSON, "Authorization", bearer)
	}
	status, answer := upload("/services/apexrest/OpportunityFileUpload", "transNumber", use("opportunity_trans_number"))
	expect("riskforce, opportunity", 200, "added successfully", status, answer)
	status, answer = upload("/services/apexrest/CaseFileUpload", "caseNumber", use("case_number"))
	expect("riskforce, case", 200, "to case "+example["case_number"], status, answer)

	// Flowroute.
	keys := d.members(t, "flowroute")
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(keys["access_key"]+":"+keys["secret_key"]))
	porting := func(order string) (int, string) {
		return d.do(t, "POST", "/v2/portorders/"+order+"/upload_file", `{"filename":"bill.txt"}`, kind, asJSON, "Authorization", basic)
	}
	status, answer = porting(use("port_order_id"))
	expect("flowroute, pending", 200, "portorder-file-url", status, answer)
	var ticket struct {
		Data struct{ Attributes struct{ URL string } }
	}
	if err := json.Unmarshal([]byte(answer), &ticket); err != nil {
		t.Fatal(err)
	}
	status, answer = d.do(t, "PUT", ticket.Data.Attributes.URL, "a", kind, "text/plain")
	expect("flowroute, bytes", 200, "", status, answer)
	status, answer = porting(use("port_order_id_completed"))
	expect("flowroute, completed", 422, "this one is completed", status, answer)

	// Scalepoint.
	client := d.members(t, "scalepoint")
	_, answer = d.do(t, "POST", "/connect/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client["client_id"]}, "client_secret": {client["client_secret"]}, "scope": {client["scope"]},
	}.Encode(), kind, "application/x-www-form-urlencoded")
	partner := "Bearer " + found(t, answer, `"access_token":"([^"]*)"`)
	submit := func(operation, id string) (int, string) {
		body, err := json.Marshal(map[string]any{"securityToken": client["securityToken"], "payload": map[string]any{
			"id": id, "insuranceCompanyAlias": client["insuranceCompanyAlias"], "userEmail": client["userEmail"],
			"files": []map[string]any{{"fileName": "a.txt", "contentType": "text/plain", "content": "YQ=="}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return d.do(t, "POST", "/ecx/host/api/integration/v1/file/"+operation, string(body), kind, asJSON, "Authorization", partner)
	}
	status, answer = submit("submitForCase", use("case_guid"))
	expect("scalepoint, case", 200, `"success":true`, status, answer)
	status, answer = submit("submitForCase", use("closed_case_guid"))
	expect("scalepoint, closed case", 400, "is closed", status, answer)
	status, answer = submit("submitForDamageNotification", use("damage_notification_guid"))
	expect("scalepoint, damage notification", 200, `"success":true`, status, answer)
	status, answer = submit("submitForDamageNotification", use("merged_damage_notification_guid"))
	expect("scalepoint, merged damage notification", 400, "already merged", status, answer)

	// wolkvox: a closing status asks for a solution.
	token := d.members(t, "wolkvox")
	update := func(status string) (int, string) {
		body, err := json.Marshal(map[string]any{
			"operation": token["operation"], "wolkvox-id": use("wolkvox_case_id"), "responsible": use("wolkvox_responsible"), "status": status,
			"attachments": []string{"YQ=="},
		})
		if err != nil {
			t.Fatal(err)
		}
		return d.do(t, "POST", "/server/API/v2/cases/updateCaseAttachment.php", string(body), kind, asJSON, "Wolkvox-Token", token["token"])
	}
	status, answer = update(use("wolkvox_open_status"))
	expect("wolkvox, open", 200, `"error":"null"`, status, answer)
	status, answer = update(use("wolkvox_closed_status"))
	expect("wolkvox, closed", 412, "solution", status, answer)

	for _, dialect := range []string{"riskforce", "scalepoint", "wolkvox", "flowroute"} {
		status, answer = sage("/api/v4/documents?where=" + url.QueryEscape("dialect = '"+dialect+"' AND size = 1"))
		expect("documents of "+dialect, 200, `"dialect":"`+dialect+`"`, status, answer)
	}
	for name := range example {
		if !used[name] {
			t.Errorf("example %s is not tried", name)
		}
	}
}

// The file of the demo is left alone as long as it is right: a login stays, and an
// example gives way when it is no longer what its name says.
func TestDemoFileStays(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var files []map[string]json.RawMessage
	for _, cancel := range []bool{false, true, false} {
		t.Run("start", func(t *testing.T) {
			d := serveDemo(t, data)
			files = append(files, d.file)
			if !cancel {
				return
			}
			keys := d.members(t, "flowroute")
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(keys["access_key"]+":"+keys["secret_key"]))
			status, answer := d.do(t, "PATCH", "/v2/portorders/"+d.members(t, "examples")["port_order_id"]+"/status",
				`{"data":{"attributes":{"status":"cancelled"}}}`, "Authorization", basic)
			if status != 200 {
				t.Errorf("%d %s", status, answer)
			}
		})
	}
	for _, f := range files {
		delete(f, "url") // the port is another
	}
	if !maps.EqualFunc(files[0], files[1], func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Errorf("first %s, then %s", files[0], files[1])
	}
	before, after := string(files[1]["examples"]), string(files[2]["examples"])
	if want := strings.Replace(before, `"port_order_id":"1"`, `"port_order_id":"2"`, 1); after != want || after == before {
		t.Errorf("examples %s, then %s", before, after)
	}
	if string(files[1]["flowroute"]) != string(files[2]["flowroute"]) {
		t.Error("a login was made anew")
	}
}
