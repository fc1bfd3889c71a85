package sage_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/resource"
)

// example is what the documents show of an operation: the members of request and
// answer with their JSON types, as text in the place of the values. "null" is a
// value that the example does not have, "mixed" one whose type it does not show.
type example struct {
	N       int
	Method  string
	Path    string
	Request any
	Answer  any
}

// notAsDocumented are the members that answers do not have, or have with another
// type, by number of the operation and member, each with its reason.
var notAsDocumented = map[string]string{
	"57 code":  "the documents show the answer about a call that is not there",
	"57 error": "the documents show the answer about a call that is not there",

	"65 dateCreated":       "DateCreated in the examples of single entities, which have no list",
	"65 dateDeleted":       "DateDeleted in the examples of single entities, which have no list",
	"65 dateUpdated":       "DateUpdated in the examples of single entities, which have no list",
	"65 salesRepIdCreated": "SalesRepIdCreated in the examples of single entities, which have no list",
	"65 salesRepIdDeleted": "SalesRepIdDeleted in the examples of single entities, which have no list",
	"65 salesRepIdUpdated": "SalesRepIdUpdated in the examples of single entities, which have no list",

	"102 Content-Type":   "a header of the upload that the answer leads to, listed among its members",
	"102 Content-Length": "a header of the upload that the answer leads to, listed among its members",
	"104 Content-Type":   "a header of the upload that the answer leads to, listed among its members",
	"104 Content-Length": "a header of the upload that the answer leads to, listed among its members",

	"112 name":           "a member of attachments, listed among those of the e-mail",
	"118 confirmed":      "in one example of a list; the attributes, the schema and the single event do not have it",
	"154 opportunityId":  "a number in one example; an object in the schema, as references are everywhere",
	"154 rateId":         "a number in one example; an object in the schema, as references are everywhere",
	"231 managerId.name": "in the place of description where there is no manager, and nowhere else",
}

// replay sends the documented requests to a workspace with a company in it.
type replay struct {
	*apptest.App
	t       *testing.T
	catalog *resource.Catalog
	made    map[string]string // path of a POST -> id of what it made
	count   int
}

// TestDocumentedExamples replays all 235 documented operations: each answers the
// documented request with the documented members, of the documented JSON types.
func TestDocumentedExamples(t *testing.T) {
	text, err := os.ReadFile("testdata/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []example
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	ops := documentedOperations(t)
	if len(examples) != len(ops) {
		t.Fatalf("%d examples of %d operations", len(examples), len(ops))
	}
	for i, op := range ops {
		if e := examples[i]; strconv.Itoa(e.N) != op.number || e.Method != op.method || e.Path != op.path {
			t.Fatalf("the example %d %s %s is not of %v", e.N, e.Method, e.Path, op)
		}
	}
	r := &replay{App: apptest.New(t, apptest.Options{Demo: true}), t: t, made: map[string]string{}}
	ws, release, err := r.Workspaces.Acquire(t.Context(), r.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	r.catalog = ws.Records.Catalog()

	// The examples show records that the documents have no request for, and a field
	// of the company that they are from.
	r.create(r.catalog.Resource("news"))
	if got := r.Do(t, http.MethodPost, "/api/v4/extrafields/products", `{"fieldName":"Z_SKU","type":"text"}`); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}

	// What is listed has been made before, and is deleted at the end.
	slices.SortStableFunc(examples, func(a, b example) int {
		order := []string{"POST", "PUT", "GET", "DELETE"}
		return slices.Index(order, a.Method) - slices.Index(order, b.Method)
	})
	met := map[string]bool{}
	for _, e := range examples {
		for member, wrong := range r.play(e) {
			key := fmt.Sprintf("%d %s", e.N, member)
			met[key] = true
			if notAsDocumented[key] == "" {
				t.Errorf("%d %s %s: %s %s", e.N, e.Method, e.Path, member, wrong)
			}
		}
	}
	for key := range notAsDocumented {
		if !met[key] {
			t.Errorf("%s is as documented: take it out of notAsDocumented", key)
		}
	}
}

// play sends the request of an example and returns the members of the answer that
// are not as documented, with what is wrong with them.
func (r *replay) play(e example) map[string]string {
	segments := strings.Split(e.Path[1:], "/")
	res := r.subject(segments)
	for i, s := range segments {
		if s == "{}" {
			segments[i] = r.segment(e, segments[:i])
		}
	}
	var body any
	switch {
	case strings.HasSuffix(e.Path, "/bulk"):
		body = r.bulk(e, res)
	case e.Path == "/login":
		body = map[string]string{"username": r.Key.PublicID, "password": r.Key.Secret}
	case e.Request != nil:
		body = r.body(e, res, e.Request)
	}
	got := r.Do(r.t, e.Method, "/api/v4/"+strings.Join(segments, "/"), body)
	if got.Status != http.StatusOK {
		return map[string]string{"": fmt.Sprintf("status %d %.300s", got.Status, got.Body)}
	}
	var answer any
	got.JSON(r.t, &answer)
	wrong := map[string]string{}
	if list, ok := answer.([]any); ok && len(list) == 0 {
		wrong[""] = "the answer is empty and shows nothing"
	}
	compareShape(wrong, "", e.Answer, answer)
	if e.Method == http.MethodPost {
		if list, ok := answer.([]any); ok && len(list) > 0 {
			answer = list[0]
		}
		if made, ok := answer.(map[string]any); ok && made["id"] != nil {
			r.made[strings.ToLower(e.Path)] = fmt.Sprint(made["id"])
			if locator, ok := made["locator"].(string); ok {
				if got := r.Do(r.t, http.MethodPut, locator, "contents"); got.Status != http.StatusOK {
					r.t.Errorf("PUT %s: %d %s", locator, got.Status, got.Body)
				}
			}
		}
	}
	return wrong
}

// compareShape notes the members of a value that are not as the shape says. Any
// value may be null: examples show what one company had at one time.
func compareShape(wrong map[string]string, at string, shape, value any) {
	if value == nil || shape == "null" || shape == "mixed" {
		return
	}
	switch s := shape.(type) {
	case map[string]any:
		v, ok := value.(map[string]any)
		if !ok {
			wrong[at] = fmt.Sprintf("is %v, not an object", value)
			return
		}
		for name, of := range s {
			place := strings.TrimPrefix(at+"."+name, ".")
			if m, ok := v[name]; ok {
				compareShape(wrong, place, of, m)
			} else {
				wrong[place] = "is missing"
			}
		}
	case []any:
		v, ok := value.([]any)
		if !ok {
			wrong[at] = fmt.Sprintf("is %v, not an array", value)
			return
		}
		for _, element := range v {
			if len(s) > 0 {
				compareShape(wrong, at, s[0], element)
			}
		}
	default:
		names := map[string]string{"string": "string", "float64": "number", "bool": "boolean"}
		if name := names[fmt.Sprintf("%T", value)]; name != shape {
			wrong[at] = fmt.Sprintf("is %v, not a %v", value, shape)
		}
	}
}

// subject is the resource that a path is about.
func (r *replay) subject(segments []string) *resource.Resource {
	path := strings.Join(segments, "/")
	for beginning, name := range map[string]string{
		"{}": "accounts", "list/": "accountTypes", "activity/": "activityPoints", "extrafields/": "extrafields",
		"campaigns/{}/entities": "campaignEntities", "campaignQuestions/{}/values": "campaignQuestionValues",
		"campaignQuestions/{}/answers": "campaignQuestionAnswers",
	} {
		if strings.HasPrefix(path, beginning) {
			return r.catalog.Resource(name)
		}
	}
	return r.catalog.Resource(segments[0])
}

// segment is what stands for {} behind the segments before it.
func (r *replay) segment(e example, before []string) string {
	path := strings.Join(before, "/")
	last := ""
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	parent := strings.ToLower(e.Path[:strings.LastIndex(e.Path, "/")])
	switch {
	case last == "" || last == "extrafields":
		return "accounts"
	case last == "phone":
		return "5550100"
	case last == "entities":
		return r.id("accounts")
	case last == "values" || last == "answers":
		return r.made[parent]
	case last == "documents" || last == "emails":
		return r.made["/"+last]
	case e.Method == http.MethodDelete && strings.HasSuffix(e.Path, "/"+last+"/{}"):
		if res := r.catalog.Resource(last); res.Ops&resource.CanCreate != 0 {
			return r.create(res)
		}
	case r.made["/"+strings.ToLower(path)] != "":
		return r.made["/"+strings.ToLower(path)]
	}
	return r.id(last)
}

// id is that of a record of a resource, which is made when there is none.
func (r *replay) id(name string) string {
	res := r.catalog.Resource(name)
	var rows []struct{ ID int64 }
	got := r.Get(r.t, "/api/v4/"+res.Name+"?order=id+ASC&where=deleted=false", func(h http.Header) { h.Set("Count", "1") })
	if got.Status == http.StatusOK {
		got.JSON(r.t, &rows)
	}
	if len(rows) > 0 {
		return strconv.FormatInt(rows[0].ID, 10)
	}
	if res.Ops&resource.CanCreate == 0 {
		return "1"
	}
	return r.create(res)
}

// create makes a record of a resource with what is required.
func (r *replay) create(res *resource.Resource) string {
	body := map[string]any{}
	for _, name := range append(slices.Clone(res.Required), "accountId", "endDate") {
		if f := res.Field(name); f != nil {
			body[f.Name] = r.value(res, f.Name, nil)
		}
	}
	got := r.Do(r.t, http.MethodPost, "/api/v4/"+res.Name, body)
	var one struct{ ID int64 }
	if json.Unmarshal(got.Body, &one) != nil {
		var several []struct{ ID int64 }
		got.JSON(r.t, &several)
		one.ID = several[0].ID
	}
	if got.Status != http.StatusOK {
		r.t.Errorf("POST /%s: %d %s", res.Name, got.Status, got.Body)
	}
	return strconv.FormatInt(one.ID, 10)
}

// bulk is the body of a bulk request for two records.
func (r *replay) bulk(e example, res *resource.Resource) any {
	item := func(guid string) map[string]any {
		m := map[string]any{"guid": guid}
		if e.Method != http.MethodPost {
			m["id"] = json.RawMessage(r.create(res))
		}
		data := map[string]any{}
		if e.Request != nil {
			shape := e.Request.([]any)[0].(map[string]any)["data"]
			data = r.body(e, res, shape).(map[string]any)
		}
		if e.Method == http.MethodPost {
			for _, name := range res.Required {
				data[name] = r.value(res, name, nil)
			}
		}
		if e.Method != http.MethodDelete {
			m["data"] = data
		}
		return m
	}
	return []any{item("a"), item("b")}
}

// body is a request of the documented shape, with values that fit the workspace.
func (r *replay) body(e example, res *resource.Resource, shape any) any {
	switch s := shape.(type) {
	case map[string]any:
		m := map[string]any{}
		for name, of := range s {
			switch nested := of.(type) {
			case map[string]any:
				m[name] = r.body(e, nil, nested)
			case []any:
				if len(nested) > 0 {
					if _, ok := nested[0].(map[string]any); ok {
						m[name] = []any{r.body(e, nil, nested[0])}
						continue
					}
				}
				m[name] = []any{r.element(res, name)}
			default:
				m[name] = r.value(res, name, of)
			}
		}
		return m
	case []any:
		return []any{r.body(e, res, s[0])}
	default:
		return r.value(res, "", shape)
	}
}

// element is a value in a list.
func (r *replay) element(res *resource.Resource, name string) any {
	if name == "emailTo" {
		return "ann@example.com"
	}
	table := map[string]string{"rolesId": "roles"}[name]
	if res != nil && res.Field(name) != nil {
		table = res.Field(name).Table
	}
	if table == "" {
		return "1"
	}
	return json.RawMessage(r.id(table))
}

// value is one for a member, of the JSON type that the example has there.
func (r *replay) value(res *resource.Resource, name string, shape any) any {
	if shape == "null" {
		return nil
	}
	r.count++
	switch name {
	case "startDate", "endDate", "date":
		if res != nil && res.Field(name) != nil && res.Field(name).Day {
			return "26/03/02"
		}
		return "2026-03-02 09:00:00"
	case "startHour", "endHour":
		return "09:30"
	case "userPhoneFM":
		return r.phone()
	case "folderId":
		return -1
	case "fieldName":
		return fmt.Sprintf("Z_Example%d", r.count)
	case "nic":
		return fmt.Sprintf("example%d", r.count)
	case "entity":
		return "accounts"
	case "email", "emailFrom", "emailTo":
		return fmt.Sprintf("example%d@example.com", r.count)
	case "dbLanguage", "uiLanguage":
		return "EN"
	case "type":
		if res != nil && (res.Name == "extrafields" || res.Name == "campaignQuestions") {
			return "text"
		}
	case "linkedEntity", "linkedEntityField", "valueListName":
		return ""
	case "length":
		return 50 // of the value that defaultValue is
	case "readOnly":
		return false // a locked record cannot be changed
	}
	var f *resource.Field
	if res != nil {
		f = res.Field(name)
	}
	switch {
	case f == nil && shape == "number":
		return 1
	case f == nil && shape == "boolean":
		return true
	case f == nil:
		return "example"
	case f.Table != "" && f.Kind == resource.RefList:
		return []any{r.element(res, name)}
	case f.Table != "" && shape == "string":
		return r.id(f.Table)
	case f.Table != "":
		return json.RawMessage(r.id(f.Table))
	case f.Kind == resource.Text:
		return "example"
	case f.Kind == resource.Instant:
		return "2026-03-02T09:00:00Z"
	case f.Kind == resource.Boolean:
		return true
	default:
		return max(f.Within.Least, 1)
	}
}

// phone is the telephone number of the administrator.
func (r *replay) phone() string {
	var user struct{ Phone string }
	r.Get(r.t, fmt.Sprintf("/api/v4/users/%d", r.Admin)).JSON(r.t, &user)
	return user.Phone
}
