package sage_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/resource"
)

var _ = flag.Bool("update", false, "rewrite answers and documents from what the server does")

// TestConversations holds every conversation on every database, and every request
// and answer of it to the OpenAPI document of the instance.
func TestConversations(t *testing.T) {
	all := &contracts{known: map[string]*contract{}}
	apptest.Conversations(t, "testdata/*.txtar", apptest.Options{Watch: all.watch})
}

// operation is one documented operation.
type operation struct{ number, method, path string }

func documentedOperations(t *testing.T) []operation {
	t.Helper()
	data, err := os.ReadFile("testdata/operations.txt")
	if err != nil {
		t.Fatal(err)
	}
	var ops []operation
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] != "#" {
			ops = append(ops, operation{fields[0], fields[1], fields[2]})
		}
	}
	if len(ops) != 235 {
		t.Fatalf("%d documented operations are listed, not 235", len(ops))
	}
	return ops
}

// told is a request that some conversation makes.
type told struct{ method, path, file string }

func toldRequests(t *testing.T) []told {
	t.Helper()
	var all []told
	for _, q := range apptest.AskedIn(t, "testdata/*.txtar") {
		if q.Status != http.StatusOK {
			continue // a refusal shows no operation
		}
		if path, ok := strings.CutPrefix(q.Path, "/api/v4"); ok {
			all = append(all, told{q.Method, path, q.File})
		}
	}
	return all
}

// shows reports whether a request is an instance of an operation.
func (q told) shows(op operation) bool {
	if q.method != op.method {
		return false
	}
	want, got := strings.Split(op.path, "/"), strings.Split(strings.TrimRight(q.path, "/"), "/")
	return slices.EqualFunc(want, got, func(w, g string) bool {
		return w == "{}" && g != "bulk" && g != "schema" || strings.EqualFold(w, g)
	})
}

// pending are the documented operations that are not answered yet, by number, each
// with its reason.
var pending = map[string]string{}

// TestCoverage keeps docs/dialects/sage.md: where each operation is known from, and
// which conversation shows it; and how resources differ from the rule.
func TestCoverage(t *testing.T) {
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	all := sage.Operations(registry.Catalog())
	requests := toldRequests(t)
	var page strings.Builder
	page.WriteString(`# Sage Sales Management API v4: operations and quirks

Made by ` + "`go test ./internal/dialect/sage -run TestCoverage -update`" + ` from the route table, the
quirks and the conversations in internal/dialect/sage/testdata; do not edit. A conversation
shows an operation when it gets a 200 for it, on every database.

Where something is known from: DOC the vendor's documents, LIVE answers of the real service,
OFFICIAL code or schemas that the vendor published, CLIENT public clients that depend on it;
*ours* is what we chose. For a form of request that all resources share it is said of the form.
What we chose within an operation stands in
[the dialect's README](../../internal/dialect/sage/README.md#defaults-we-took).

## The documented operations

| # | method | path | known from | shown by |
|---|---|---|---|---|
`)
	documented := documentedOperations(t)
	shown := 0
	for _, op := range documented {
		known := ""
		for _, o := range all {
			if o.Method == op.method && (told{o.Method, o.Path, ""}).shows(op) {
				known = o.Known
				break
			}
		}
		by := shownBy(requests, op)
		switch {
		case by == "" && pending[op.number] == "":
			t.Errorf("%s %s: no conversation shows it", op.method, op.path)
		case by != "" && pending[op.number] != "":
			t.Errorf("%s %s: is shown by %s; take it out of pending", op.method, op.path, by)
		case by != "":
			shown++
		}
		if known == "" && by != "" {
			t.Errorf("%s %s: its route does not say where it is known from", op.method, op.path)
		}
		fmt.Fprintf(&page, "| %s | %s | `%s` | %s | %s |\n", op.number, op.method, op.path, cmp.Or(known, "DOC"), cmp.Or(by, "not yet"))
	}
	fmt.Fprintf(&page, `
**%d of 235** are answered.

## Operations that the documents do not have

By lines of the route table, and within them by where they are known from.

| method | path | what it does | known from | shown by |
|---|---|---|---|---|
`, shown)
	for i := 0; i < len(all); {
		route, by := all[i].Route, ""
		rows := map[string][]sage.Told{} // by where they are known from
		for ; i < len(all) && all[i].Route == route; i++ {
			op := operation{method: all[i].Method, path: anySegment.ReplaceAllString(all[i].Path, "{}")}
			by = cmp.Or(by, shownBy(requests, op))
			if !slices.ContainsFunc(documented, func(d operation) bool { return (told{op.method, op.path, ""}).shows(d) }) {
				rows[all[i].Elsewhere] = append(rows[all[i].Elsewhere], all[i])
			}
		}
		if by == "" {
			t.Errorf("%s: no conversation shows it", route)
		}
		for _, known := range slices.Backward(slices.Sorted(maps.Keys(rows))) {
			paths, what := "", rows[known][0].Summary
			for _, o := range rows[known] {
				paths += " `" + o.Path + "`"
				if own := shownBy(requests, operation{method: o.Method, path: anySegment.ReplaceAllString(o.Path, "{}")}); own != "" {
					by = own
				}
			}
			if len(rows[known]) > 1 {
				what = "as on the documented resources"
			}
			fmt.Fprintf(&page, "| %s |%s | %s | %s | %s |\n", rows[known][0].Method, paths, what, cmp.Or(known, "*ours*"), cmp.Or(by, "not yet"))
		}
	}
	page.WriteString(`
## How resources differ

A resource that is not here is written by the rule: members in ASCII order, references as
` + "`{\"id\",\"value\"}`" + `, null for none, instants in RFC 3339, and a Message for every change.

| resource | differs by | known from |
|---|---|---|
`)
	for _, q := range sage.Quirks() {
		if q.Known == "" {
			t.Errorf("the quirk of %s does not say where it is known from", q.Name)
		}
		fmt.Fprintf(&page, "| %s | %s | %s |\n", q.Name, q.Differs, q.Known)
	}
	apptest.Golden(t, "../../../docs/dialects/sage.md", page.String())
}

var anySegment = regexp.MustCompile(`\{[^}]*\}`)

// shownBy names the conversation, or the other test, that shows an operation. One that is
// called as a part of the path goes before others, and earlier parts before later ones.
func shownBy(requests []told, op operation) string {
	const data = "../../internal/dialect/sage/testdata"
	for _, name := range append(strings.Split(op.path, "/"), "*") {
		i := slices.IndexFunc(requests, func(q told) bool {
			return (name == "*" || strings.EqualFold(q.file, name+".txtar")) && q.shows(op)
		})
		if i >= 0 {
			return fmt.Sprintf("[%s](%s/%[1]s)", requests[i].file, data)
		}
	}
	if hasSchema(op) {
		return "[schemas](" + data + "/schemas), byte for byte"
	}
	return ""
}

// hasSchema reports whether an operation reads a schema that schema_test.go
// compares, over HTTP in TestSchemasOverHTTP.
func hasSchema(op operation) bool {
	name, ok := strings.CutSuffix(strings.TrimPrefix(op.path, "/"), "/schema")
	if !ok || op.method != "GET" {
		return false
	}
	_, err := os.Stat(filepath.Join("testdata", "schemas", name+".json"))
	return err == nil
}

// TestSchemasOverHTTP reads every documented schema as a client does.
func TestSchemasOverHTTP(t *testing.T) {
	files, err := filepath.Glob("testdata/schemas/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d schemas, %v", len(files), err)
	}
	a := apptest.New(t, apptest.Options{})
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		path := "/api/v4/" + name + "/schema"
		if name == "extrafields" {
			path = "/api/v4/extrafields/accounts/schema"
		}
		got := a.Get(t, path)
		if got.Status != http.StatusOK || compact(t, got.Body) != compact(t, want) {
			t.Errorf("GET %s: status %d\n got %s\nwant %s", path, got.Status, got.Body, compact(t, want))
		}
	}
}

// compact is JSON without insignificant space, members in their order.
func compact(t *testing.T, body []byte) string {
	t.Helper()
	var buf bytes.Buffer
	if err := json.Compact(&buf, body); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return buf.String()
}
