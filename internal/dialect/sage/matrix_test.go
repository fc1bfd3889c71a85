package sage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The authorisation matrix: every route of the dialect, for every resource that it
// serves, asked by everybody from an unknown caller to the administrator. What must
// come back follows from resource.Access and from two rules written down here once
// more (sees, want), not from how the server goes about it. In every answer to
// somebody who does not see a planted record, its texts and numbers are looked for.

// probe is a request that everybody makes.
type probe struct {
	method, path, body string

	target string   // resource of the planted record that the request is about; "" = none
	refs   []string // resources whose planted records the body refers to
	admin  bool     // for administrators only
	copied string   // resource of whose planted record each gets a copy of his own: its id stands for {id}
	items  bool     // a bulk request: refusals are in the items
	shows  string   // resource whose planted record must be in the answer to those who see it
}

// caller is somebody who asks.
type caller struct {
	name    string
	token   string
	unknown bool // nobody we know
	foreign bool // of another workspace
	level   int
	closed  bool // restricted to branches, and of none
	owner   bool // of all planted records
}

// plantedID is the id of planted records: no workspace has so high an id by itself.
const plantedID = 5000

// matrix is an installation with planted records.
type matrix struct {
	*apptest.App
	t       *testing.T
	catalog *resource.Catalog
	store   interface {
		crm.Store
		crm.Loader
	}
	callers []caller
	owner   int64                       // id of the owner
	planted map[string]*resource.Record // by resource
	order   []*resource.Resource        // of planted, each after those that it refers to
	words   map[string][]string         // that give a planted record away
	count   int                         // of requests
	copies  int
}

// Levels and branch of the planted records: who has less sees none that has a
// level, and who is closed out none that has a branch.
const (
	plantedLevel = 4
	lowLevel     = 1
)

func newMatrix(t *testing.T, db apptest.Database) *matrix {
	m := &matrix{
		App: apptest.New(t, apptest.Options{Database: db}), t: t,
		planted: map[string]*resource.Record{}, words: map[string][]string{},
	}
	ctx := t.Context()
	w, release, err := m.Workspaces.Acquire(ctx, m.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	m.catalog, m.store = w.Records.Catalog(), w.Store

	user := func(name string, level int, rest string) int64 {
		var made struct{ ID int64 }
		m.Do(t, "POST", "/api/v4/users", fmt.Sprintf(`{"name": %q, "lastName": "U", "email": "%s@example.com", "nic": %[1]q, "phone": "600 77 %[3]d",`+
			`"idPrefix": 73, "dbLanguage": "EN", "uiLanguage": "EN", "level": %[3]d%s}`, name, name, level, rest)).JSON(t, &made)
		return made.ID
	}
	login := func(id int64) string {
		_, token, err := m.Login(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	const ofBranch, ofNone = `, "branches": [1]`, `, "branches": [], "branchRestriction": true`
	low, closed := user("low", lowLevel, ofBranch), user("closed", plantedLevel, ofNone)
	m.owner = user("owner", lowLevel, ofNone)
	expired := login(m.owner)
	m.Clock.Advance(25 * time.Hour)
	m.Token = login(m.Admin)
	m.callers = []caller{
		{name: "administrator", token: m.Token, level: crm.Administrator},
		{name: "owner", token: login(m.owner), level: lowLevel, closed: true, owner: true},
		{name: "lower level", token: login(low), level: lowLevel},
		{name: "other branch", token: login(closed), level: plantedLevel, closed: true},
		{name: "other workspace", token: m.foreign(), foreign: true, level: crm.Administrator},
		{name: "no token", unknown: true},
		{name: "garbage token", token: "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", unknown: true},
		{name: "expired token", token: expired, unknown: true},
	}
	for i, res := range m.catalog.All() {
		if res.Sources == nil { // what is read out of others follows from these
			m.plant(res, i)
		}
	}
	err = m.store.BulkLoad(ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for _, res := range m.order {
			if err := insert(res, m.planted[res.Name]); err != nil {
				return fmt.Errorf("%s: %w", res.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// foreign returns a session of the administrator of another workspace.
func (m *matrix) foreign() string {
	const name = "elsewhere"
	ctx := m.t.Context()
	if _, err := m.Workspaces.Create(ctx, name); err != nil {
		m.t.Fatal(err)
	}
	id, err := m.CreateUser(ctx, name, newAdministrator)
	if err != nil {
		m.t.Fatal(err)
	}
	key, err := m.Auth.CreateKey(ctx, sage.Name, name, id)
	if err != nil {
		m.t.Fatal(err)
	}
	token, err := m.Auth.Login(ctx, sage.Name, key.PublicID, key.Secret, "127.0.0.1")
	if err != nil {
		m.t.Fatal(err)
	}
	return token
}

// plant makes up a record of a resource that is full of words that give it away,
// after records of what it refers to.
func (m *matrix) plant(res *resource.Resource, number int) {
	if m.planted[res.Name] != nil {
		return
	}
	rec := &resource.Record{ID: plantedID, Values: make([]resource.Value, len(res.Fields))}
	m.planted[res.Name] = rec
	for i := range res.Fields {
		if f := &res.Fields[i]; f.Table != "" && f.Table != res.Name {
			table := m.catalog.Resource(f.Table)
			m.plant(table, slices.Index(m.catalog.All(), table))
		}
	}
	word, digits := fmt.Sprintf("zq%02dzq", number), int64(918200+number)
	a := &res.Access
	phones := map[string]bool{}
	for i := range res.Fields {
		phones[res.Fields[i].TailOf] = true
	}
	for i := range res.Fields {
		f, v := &res.Fields[i], &rec.Values[i]
		*v = f.Default
		switch {
		case i == 0 || f.TailOf != "" || f.Name == "deleted" || f.Table == res.Name:
		case f.Name == a.Level:
			*v = resource.IntValue(plantedLevel)
		case f.Name == a.Entity:
			*v = resource.TextValue("accounts")
		case f.Name == a.EntityID:
			*v = resource.IntValue(plantedID)
		case f.Name == "state" && f.Internal:
			*v = resource.TextValue(resource.DocumentReady)
		case f.Name == "entity":
			*v = resource.TextValue("accounts")
		case res.Name == "extrafields" && f.Name == "fieldName":
			*v = resource.TextValue("Z_" + word)
		case res.Name == "extrafields" && f.Name == "type":
			*v = resource.TextValue("text")
		case res.Name == "extrafields" && !strings.HasPrefix(f.Name, "description"): // have meanings
		case f.Name == a.Offered: // would keep it out of lists
		case f.Internal || f.Name == "attachments" || f.Within != (resource.Within{}): // have forms of their own
		case f.Table == "users" && f.Kind != resource.RefList:
			*v = resource.IntValue(m.owner)
		case f.Kind.IsRef() && m.placed(f.Table):
			*v = resource.IntValue(plantedID)
		case f.Kind == resource.RefList && m.placed(f.Table):
			*v = resource.ListValue([]int64{plantedID})
		case phones[f.Name]:
			*v = resource.TextValue(phoneOf(number))
		case f.Kind == resource.Text && (f.MaxLength == 0 || f.MaxLength >= len(word)):
			*v = resource.TextValue(word)
			m.words[res.Name] = append(m.words[res.Name], word)
		case f.Kind == resource.Integer:
			*v = resource.IntValue(digits)
			m.words[res.Name] = append(m.words[res.Name], fmt.Sprint(digits))
		}
	}
	slices.Sort(m.words[res.Name])
	m.words[res.Name] = slices.Compact(m.words[res.Name])
	m.order = append(m.order, res)
}

// placed reports whether a record of a table comes before the one being planted.
func (m *matrix) placed(table string) bool {
	return slices.ContainsFunc(m.order, func(r *resource.Resource) bool { return r.Name == table })
}

func phoneOf(number int) string { return fmt.Sprintf("600 555 %03d", number) }

// phone is the number of the planted record of a resource.
func (m *matrix) phone(name string) string {
	return strings.ReplaceAll(phoneOf(slices.Index(m.catalog.All(), m.catalog.Resource(name))), " ", "")
}

// sees is the rule, for the planted record of a resource.
func (m *matrix) sees(c caller, name string) bool {
	if c.unknown || c.foreign {
		return false
	}
	if c.level == crm.Administrator {
		return true
	}
	res := m.catalog.Resource(name)
	a, rec := &res.Access, m.planted[name]
	for _, part := range a.Within {
		if f := res.Field(part); !rec.Values[f.Index].IsNull() && !m.sees(c, f.Table) {
			return false
		}
	}
	if a.EntityID != "" && !m.sees(c, "accounts") {
		return false
	}
	return c.owner || !(a.Level != "" && plantedLevel > c.level) && !(a.Branch != "" && c.closed)
}

// want is what a probe must come to: a status, and whether it does something.
func (m *matrix) want(c caller, p probe) (status int, done bool) {
	status = http.StatusOK
	switch {
	case c.unknown:
		return http.StatusUnauthorized, false
	case p.admin && c.level < crm.Administrator:
		return http.StatusForbidden, false
	case p.target != "" && !m.sees(c, p.target),
		slices.ContainsFunc(p.refs, func(name string) bool { return !m.sees(c, name) }):
		if !p.items {
			status = http.StatusBadRequest // "not exist", as of what does not
		}
		return status, false
	}
	return status, true
}

// copyOf inserts a copy of a planted record and returns its id.
func (m *matrix) copyOf(name string) int64 {
	res := m.catalog.Resource(name)
	var id int64
	err := m.store.Write(m.t.Context(), func(tx crm.Tx) error {
		rec := &resource.Record{Values: slices.Clone(m.planted[name].Values)}
		for i, f := range res.Fields {
			if f.Unique {
				rec.Values[i] = resource.Value{}
			}
		}
		if err := tx.Insert(m.t.Context(), res, rec); err != nil {
			return err
		}
		id = rec.ID
		return nil
	})
	if err != nil {
		m.t.Fatalf("copy of %s: %v", name, err)
	}
	return id
}

// run lets everybody make a request and judges the answers. It reports whether
// somebody got something done.
func (m *matrix) run(route string, p probe) (works bool) {
	m.t.Helper()
	for _, c := range m.callers {
		m.count++
		status, done := m.want(c, p)
		id := int64(plantedID)
		if p.copied != "" && done { // the others must not change anything
			id = m.copyOf(p.copied)
		}
		m.copies++
		fill := strings.NewReplacer("{id}", fmt.Sprint(id), "{n}", fmt.Sprint(m.copies)).Replace
		got := m.Do(m.t, p.method, "/api/v4"+fill(p.path), fill(p.body), as(c.token))
		what := fmt.Sprintf("%s: %s %s by %s", route, p.method, fill(p.path), c.name)
		if got.Status != status {
			m.t.Errorf("%s: status %d, want %d: %s", what, got.Status, status, got.Body)
			continue
		}
		if p.items && status == http.StatusOK {
			var items []struct{ Code int }
			got.JSON(m.t, &items)
			if len(items) != 1 || (items[0].Code == 1) != done {
				m.t.Errorf("%s: done %v, want %v: %s", what, !done, done, got.Body)
			}
		}
		works = works || done
		m.leaks(what, c, got)
		if words := m.words[p.shows]; len(words) > 0 && !c.foreign && done && m.sees(c, p.shows) && !bytes.Contains(got.Body, []byte(words[0])) {
			m.t.Errorf("%s: the planted record is not there: %.300s", what, got.Body)
		}
	}
	return works
}

// leaks looks in an answer for planted records that the caller does not see.
func (m *matrix) leaks(what string, c caller, got apptest.Answer) {
	m.t.Helper()
	head := fmt.Sprint(got.Header)
	for _, res := range m.order {
		if m.sees(c, res.Name) {
			continue
		}
		for _, word := range m.words[res.Name] {
			if bytes.Contains(got.Body, []byte(word)) || strings.Contains(head, word) {
				m.t.Errorf("%s: gives away the record of %s by %q: %.500s", what, res.Name, word, got.Body)
			}
		}
	}
}

// ownPaths are resources whose records have paths of their own.
var ownPaths = []string{"extrafields", "list"}

// each makes a probe for each resource that offers an operation.
func (m *matrix) each(op resource.Ops, make func(res *resource.Resource) probe) (all []probe) {
	for _, res := range m.catalog.All() {
		if op&^resource.CanList != 0 && slices.Contains(ownPaths, res.Name) {
			continue
		}
		if res.Ops&op == op {
			all = append(all, make(res))
		}
	}
	return all
}

// some is each for a few resources.
func (m *matrix) some(names []string, make func(res *resource.Resource) probe) (all []probe) {
	for _, name := range names {
		all = append(all, make(m.catalog.Resource(name)))
	}
	return all
}

// creation returns the members that a new record needs, and the resources that
// they refer to.
func (m *matrix) creation(res *resource.Resource) (body string, refs []string) {
	members := map[string]any{}
	names := slices.Clone(res.Required)
	switch res.Name { // what the dialect wants besides
	case "calls":
		names = append(names, "accountId")
	case "calendar":
		names = append(names, "endDate")
	}
	for _, name := range names {
		switch f := res.Field(name); {
		case f.Table == "users" && f.Kind != resource.RefList:
			members[name] = m.owner
		case f.Kind.IsRef():
			members[name] = plantedID
		case f.Kind == resource.RefList:
			members[name] = []int64{plantedID}
		case f.Kind == resource.Instant:
			members[name] = "2026-03-02T09:00:00Z"
		case f.Kind == resource.Boolean:
			members[name] = true
		case f.Kind == resource.Text && f.Within.Words != "":
			members[name], _, _ = strings.Cut(f.Within.Words, " ")
		case f.Name == "entity":
			members[name] = "accounts"
		case f.Kind == resource.Text:
			members[name] = "http://example.com" // is a text, and an address where one is wanted
		default:
			members[name] = max(f.Within.Least, 1)
		}
		if f := res.Field(name); f.Table != "" {
			if f.Table == "users" {
				refs = append(refs, "roles") // no user guards anything; those of other workspaces are not there
			} else {
				refs = append(refs, f.Table)
			}
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text), refs
}

func (m *matrix) list(prefix string) func(*resource.Resource) probe {
	return func(res *resource.Resource) probe {
		return probe{method: "GET", path: prefix + "/" + res.Name + "?order=id DESC", shows: res.Name}
	}
}

func (m *matrix) get(prefix string) func(*resource.Resource) probe {
	return func(res *resource.Resource) probe {
		return probe{method: "GET", path: prefix + "/" + res.Name + "/{id}", target: res.Name, shows: res.Name}
	}
}

func (m *matrix) create(prefix string) func(*resource.Resource) probe {
	return func(res *resource.Resource) probe {
		body, refs := m.creation(res)
		p := probe{method: "POST", path: prefix + "/" + res.Name, body: body, refs: refs, admin: res.Access.Admin}
		switch res.Name {
		case "campaignEntities": // an account is in a campaign once
			p.body, p.copied = strings.Replace(body, `"campaignId":5000`, `"campaignId":{id}`, 1), "campaigns"
		case "campaignQuestionAnswers": // an activity answers a question once
			p.body, p.copied = strings.Replace(body, `"questionId":5000`, `"questionId":{id}`, 1), "campaignQuestions"
		case "users": // an address is of one user
			p.body, p.copied = strings.Replace(body, `"email":"http://`, `"email":"{id}@`, 1), "roles"
		}
		return p
	}
}

// creations are probes for all resources that have no path of their own.
func (m *matrix) creations() []probe { return m.each(resource.CanCreate, m.create("")) }

func (m *matrix) change(method, prefix string) func(*resource.Resource) probe {
	return func(res *resource.Resource) probe {
		p := probe{method: method, path: prefix + "/" + res.Name + "/{id}", target: res.Name, admin: res.Access.Admin, copied: res.Name}
		if method == "PUT" {
			p.body = "{}"
		}
		return p
	}
}

// ofRecord is an operation on a path below the records that have documents.
func (m *matrix) ofRecord(method, path, body string) (all []probe) {
	documents := m.catalog.Resource("documents")
	for _, name := range documents.Access.Within {
		if table := documents.Field(name).Table; table != "folders" {
			all = append(all, probe{method: method, path: "/" + table + "/{id}" + path, body: body, target: table})
		}
	}
	return all
}

// part is a request for a record by a path below what it is a part of.
func (m *matrix) part(method, path, name string) []probe {
	p := probe{method: method, path: path, target: name, shows: name}
	if method != "GET" {
		p.body, p.copied, p.shows = "{}", name, ""
	}
	return []probe{p}
}

// valueList makes a list of values.
func (m *matrix) valueList(name string) {
	m.Do(m.t, "POST", "/api/v4/list", fmt.Sprintf(`{"databaseName": %q, "description": "x"}`, name))
}

// lists are the tables that are asked for by the path of value lists as well.
var lists = []string{"accountTypes", "accounts", "contacts", "users"}

// probes are the requests that exercise a route. A route that is not here fails the
// test: say which requests show who may use it.
var probes = map[string]func(m *matrix) []probe{
	"GET /resources": func(*matrix) []probe { return []probe{{method: "GET", path: "/resources"}} },
	"GET /{}/schema": func(m *matrix) []probe {
		return m.each(0, func(res *resource.Resource) probe { return probe{method: "GET", path: "/" + res.Name + "/schema"} })
	},
	"GET /changes": func(*matrix) []probe { return []probe{{method: "GET", path: "/changes", admin: true}} },

	"GET /documents/folders": func(*matrix) []probe { return []probe{{method: "GET", path: "/documents/folders"}} },
	"POST /documents/folders": func(*matrix) []probe {
		return []probe{
			{method: "POST", path: "/documents/folders", body: `{"name": "F"}`},
			{method: "POST", path: "/documents/folders", body: `{"name": "F", "folderId": {id}}`, target: "folders"},
		}
	},
	"GET /documents": func(*matrix) []probe { return []probe{{method: "GET", path: "/documents", shows: "documents"}} },
	"POST /documents": func(*matrix) []probe {
		return []probe{
			{method: "POST", path: "/documents", body: `{"name": "a.txt"}`},
			{method: "POST", path: "/documents", body: `{"name": "a.txt", "folderId": {id}}`, target: "folders"},
		}
	},
	"GET /documents/{}": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/documents/{id}", target: "documents", shows: "documents"}}
	},
	"DELETE /documents/{}": func(*matrix) []probe {
		return []probe{{method: "DELETE", path: "/documents/{id}", target: "documents", copied: "documents"}}
	},
	"GET /{}/{}/documents/folders": func(m *matrix) []probe { return m.ofRecord("GET", "/documents/folders", "") },
	"POST /{}/{}/documents/folders": func(m *matrix) []probe {
		return m.ofRecord("POST", "/documents/folders", `{"name": "F"}`)
	},
	"GET /{}/{}/documents":  func(m *matrix) []probe { return m.ofRecord("GET", "/documents", "") },
	"POST /{}/{}/documents": func(m *matrix) []probe { return m.ofRecord("POST", "/documents", `{"name": "a.txt"}`) },

	"GET /extrafields/{}/schema": func(*matrix) []probe { return []probe{{method: "GET", path: "/extrafields/accounts/schema"}} },
	"GET /extrafields/{}":        func(*matrix) []probe { return []probe{{method: "GET", path: "/extrafields/accounts"}} },
	"POST /extrafields/{}": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/extrafields/accounts", body: `{"fieldName": "Z_F{n}", "type": "text"}`, admin: true}}
	},

	"GET /extrafields/{}/{}": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/extrafields/accounts/{id}", target: "extrafields", shows: "extrafields"}}
	},
	"PUT /extrafields/{}/{}": func(*matrix) []probe {
		return []probe{{method: "PUT", path: "/extrafields/accounts/{id}", body: `{"order": 2}`, target: "extrafields", copied: "extrafields", admin: true}}
	},
	"DELETE /extrafields/{}/{}": func(*matrix) []probe {
		return []probe{{method: "DELETE", path: "/extrafields/accounts/{id}", target: "extrafields", copied: "extrafields", admin: true}}
	},

	"GET /users/scores": func(*matrix) []probe { return []probe{{method: "GET", path: "/users/scores"}} },
	"GET /users/{}/roles": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/users/{id}/roles", target: "users", shows: "roles"}}
	},
	"PUT /users/{}/roles": func(*matrix) []probe {
		return []probe{{method: "PUT", path: "/users/{id}/roles", body: `{"rolesId": [5000]}`, target: "users", admin: true, copied: "users"}}
	},
	"DELETE /users/{}/roles": func(*matrix) []probe {
		return []probe{{method: "DELETE", path: "/users/{id}/roles", body: `{"rolesId": [5000]}`, target: "users", admin: true, copied: "users"}}
	},
	"GET /roles/{}/users": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/roles/{id}/users", target: "roles", shows: "users"}}
	},

	"POST /calls": func(m *matrix) []probe { return m.some([]string{"calls"}, m.create("")) },
	"POST /calls/identify": func(m *matrix) []probe {
		body := fmt.Sprintf(`{"userPhoneFM": %q, "phone": "1", "accountId": %d}`, m.phone("users"), plantedID)
		return []probe{{method: "POST", path: "/calls/identify", body: body, target: "accounts"}}
	},
	"GET /calls/phone/{}": func(m *matrix) (all []probe) {
		for _, name := range []string{"users", "contacts", "accounts"} {
			all = append(all, probe{method: "GET", path: "/calls/phone/" + m.phone(name)})
		}
		return all
	},
	"POST /emails": func(m *matrix) []probe {
		body, _ := m.creation(m.catalog.Resource("emails"))
		return []probe{
			{method: "POST", path: "/emails", body: body},
			{method: "POST", path: "/emails", body: strings.TrimSuffix(body, "}") + `, "accountId": 5000}`, target: "accounts"},
		}
	},

	"GET /hooks/{}/deliveries": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/hooks/{id}/deliveries", target: "hooks"}}
	},
	"POST /hooks/{}/deliveries/retry": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/hooks/{id}/deliveries/retry", body: `{}`, target: "hooks"}}
	},

	"GET /activity/points": func(*matrix) []probe { return []probe{{method: "GET", path: "/activity/points"}} },
	"PUT /activity/points": func(*matrix) []probe {
		return []probe{{method: "PUT", path: "/activity/points", body: `{"PointsPerVisit": 2}`, admin: true}}
	},
	"GET /forms/{}/state": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/forms/{id}/state", target: "forms", shows: "formStates"}}
	},
	"GET /forms/{}/template": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/forms/{id}/template", target: "forms", shows: "formTemplates"}}
	},
	"POST /procedure/zapier_schema": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/procedure/zapier_schema", body: `{"entity": "accounts"}`}}
	},

	"GET /campaigns/{}/entities": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/campaigns/5000/entities", target: "campaigns", shows: "campaignEntities"}}
	},
	"POST /campaigns/{}/entities": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/campaigns/{id}/entities", body: `{"accountId": 5000}`, copied: "campaigns", refs: []string{"campaigns", "accounts"}}}
	},
	"POST /campaigns/{}/entities/{}": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/campaigns/{id}/entities/5000", body: `{}`, copied: "campaigns", refs: []string{"campaigns", "accounts"}}}
	},
	"GET /campaigns/{}/entities/{}":    func(m *matrix) []probe { return m.part("GET", "/campaigns/5000/entities/5000", "campaignEntities") },
	"PUT /campaigns/{}/entities/{}":    func(m *matrix) []probe { return m.part("PUT", "/campaigns/5000/entities/5000", "campaignEntities") },
	"DELETE /campaigns/{}/entities/{}": func(m *matrix) []probe { return m.part("DELETE", "/campaigns/5000/entities/5000", "campaignEntities") },

	"GET /campaignQuestions/{}/values": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/campaignQuestions/5000/values", target: "campaignQuestions", shows: "campaignQuestionValues"}}
	},
	"POST /campaignQuestions/{}/values": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/campaignQuestions/5000/values", body: `{"textEN": "x"}`, target: "campaignQuestions"}}
	},
	"GET /campaignQuestions/{}/values/{}": func(m *matrix) []probe {
		return m.part("GET", "/campaignQuestions/5000/values/{id}", "campaignQuestionValues")
	},
	"PUT /campaignQuestions/{}/values/{}": func(m *matrix) []probe {
		return m.part("PUT", "/campaignQuestions/5000/values/{id}", "campaignQuestionValues")
	},
	"DELETE /campaignQuestions/{}/values/{}": func(m *matrix) []probe {
		return m.part("DELETE", "/campaignQuestions/5000/values/{id}", "campaignQuestionValues")
	},
	"GET /campaignQuestions/{}/answers": func(*matrix) []probe {
		return []probe{{method: "GET", path: "/campaignQuestions/5000/answers", target: "campaignQuestions", shows: "campaignQuestionAnswers"}}
	},
	"POST /campaignQuestions/{}/answers": func(*matrix) []probe {
		body := `{"activityId": 5000, "value": "x"}`
		return []probe{{method: "POST", path: "/campaignQuestions/{id}/answers", body: body, target: "campaignQuestions", copied: "campaignQuestions", refs: []string{"activities"}}}
	},
	"GET /campaignQuestions/{}/answers/{}": func(m *matrix) []probe {
		return m.part("GET", "/campaignQuestions/5000/answers/{id}", "campaignQuestionAnswers")
	},
	"PUT /campaignQuestions/{}/answers/{}": func(m *matrix) []probe {
		return m.part("PUT", "/campaignQuestions/5000/answers/{id}", "campaignQuestionAnswers")
	},
	"DELETE /campaignQuestions/{}/answers/{}": func(m *matrix) []probe {
		return m.part("DELETE", "/campaignQuestions/5000/answers/{id}", "campaignQuestionAnswers")
	},

	"GET /list": func(m *matrix) []probe { return m.some([]string{"list"}, m.list("")) },
	"POST /list": func(*matrix) []probe {
		return []probe{{method: "POST", path: "/list", body: `{"databaseName": "Z_tbl{n}", "description": "x"}`, admin: true}}
	},
	"PUT /list/{}": func(m *matrix) []probe {
		m.valueList("Z_tblPut")
		return []probe{{method: "PUT", path: "/list/Z_tblPut", body: `{"description": "x"}`, target: "list", admin: true}}
	},
	"DELETE /list/{}": func(m *matrix) []probe {
		m.valueList("Z_tblDelete")
		return []probe{{method: "DELETE", path: "/list/Z_tblDelete", target: "list", admin: true}}
	},

	"GET /list/{}/schema": func(m *matrix) []probe {
		return m.some(lists, func(res *resource.Resource) probe { return probe{method: "GET", path: "/list/" + res.Name + "/schema"} })
	},
	"GET /list/{}":       func(m *matrix) []probe { return m.some(lists, m.list("/list")) },
	"POST /list/{}":      func(m *matrix) []probe { return m.some(lists, m.create("/list")) },
	"GET /list/{}/{}":    func(m *matrix) []probe { return m.some(lists, m.get("/list")) },
	"PUT /list/{}/{}":    func(m *matrix) []probe { return m.some(lists, m.change("PUT", "/list")) },
	"DELETE /list/{}/{}": func(m *matrix) []probe { return m.some(lists, m.change("DELETE", "/list")) },

	"POST /{}/bulk": func(m *matrix) (all []probe) {
		for _, p := range m.creations() {
			p.path, p.body, p.items = p.path+"/bulk", `[{"guid": "g", "data": `+p.body+`}]`, true
			all = append(all, p)
		}
		return all
	},
	"PUT /{}/bulk": func(m *matrix) []probe {
		return m.each(resource.CanUpdate, func(res *resource.Resource) probe {
			p := m.change("PUT", "")(res)
			p.path, p.body, p.items = "/"+res.Name+"/bulk", `[{"guid": "g", "id": {id}, "data": {}}]`, true
			return p
		})
	},
	"DELETE /{}/bulk": func(m *matrix) []probe {
		return m.each(resource.CanDelete, func(res *resource.Resource) probe {
			p := m.change("DELETE", "")(res)
			p.path, p.body, p.items = "/"+res.Name+"/bulk", `[{"guid": "g", "id": {id}}]`, true
			return p
		})
	},
	"GET /calls/{}":    func(m *matrix) []probe { return m.some([]string{"calls"}, m.get("")) },
	"PUT /calls/{}":    func(m *matrix) []probe { return m.some([]string{"calls"}, m.change("PUT", "")) },
	"DELETE /calls/{}": func(m *matrix) []probe { return m.some([]string{"calls"}, m.change("DELETE", "")) },
	"GET /{}":          func(m *matrix) []probe { return m.each(resource.CanList, m.list("")) },
	"POST /{}":         func(m *matrix) []probe { return m.creations() },
	"GET /{}/{}":       func(m *matrix) []probe { return m.each(resource.CanGet, m.get("")) },
	"PUT /{}/{}":       func(m *matrix) []probe { return m.each(resource.CanUpdate, m.change("PUT", "")) },
	"DELETE /{}/{}":    func(m *matrix) []probe { return m.each(resource.CanDelete, m.change("DELETE", "")) },
}

func TestAuthorisationMatrix(t *testing.T) {
	table := sage.RouteTable()
	for route := range probes {
		if !slices.Contains(table, route) {
			t.Errorf("there are probes for %s, which is no route", route)
		}
	}
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		m := newMatrix(t, db)
		for _, route := range table {
			make := probes[route]
			if make == nil {
				t.Errorf("nothing shows who may use %s: give it probes", route)
				continue
			}
			works := false
			for _, p := range make(m) {
				works = m.run(route, p) || works
			}
			if !works {
				t.Errorf("%s: no probe gets anything done by anybody", route)
			}
		}
		hidden := 0
		for _, res := range m.order {
			for _, c := range m.callers[2:4] {
				if !m.sees(c, res.Name) {
					hidden++
				}
			}
		}
		if hidden < 20 {
			t.Errorf("%d planted records are hidden: this proves little", hidden)
		}
		m.links(t)
		t.Logf("%d requests; %d planted records, %d times hidden", m.count, len(m.order), hidden)
	})
}

// newAdministrator is who runs another workspace.
var newAdministrator = app.NewUser{Email: "eve@example.org", Name: "Eve", LastName: "Elsewhere", Level: 5, Language: "EN"}

// Links to documents work by themselves and for whoever has them; but they are given
// only to those who see the document, and an altered one gives nothing.
func (m *matrix) links(t *testing.T) {
	const secret = "what only some may read"
	var ticket struct {
		Locator string
		ID      int64
	}
	m.Do(t, "POST", "/api/v4/accounts/5000/documents", `{"name": "offer.txt"}`).JSON(t, &ticket)
	if got := m.Do(t, "PUT", ticket.Locator+"x", secret, as("")); got.Status < 400 {
		t.Errorf("upload with an altered locator: status %d", got.Status)
	}
	if got := m.Do(t, "PUT", ticket.Locator, secret, as("")); got.Status != http.StatusOK {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	link := ""
	for _, c := range m.callers {
		got := m.Do(t, "GET", fmt.Sprintf("/api/v4/documents/%d", ticket.ID), nil, as(c.token))
		var d struct{ Link string }
		if got.Status == http.StatusOK {
			got.JSON(t, &d)
		}
		if (d.Link != "") != m.sees(c, "accounts") {
			t.Errorf("%s gets the link %q", c.name, d.Link)
		}
		if link == "" {
			link = d.Link
		}
	}
	if got := m.Do(t, "GET", link, nil, as("")); string(got.Body) != secret {
		t.Errorf("the link gives %d %s", got.Status, got.Body)
	}
	for _, altered := range []string{link + "x", link[:len(link)-1], strings.Replace(link, "download/", "download/x", 1)} {
		if got := m.Do(t, "GET", altered, nil); got.Status < 400 || bytes.Contains(got.Body, []byte(secret)) {
			t.Errorf("%s gives %d %s", altered, got.Status, got.Body)
		}
	}
}
