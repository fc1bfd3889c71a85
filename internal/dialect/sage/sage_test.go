package sage_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dossier-crm/dossier/internal/app/apptest"
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
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".request") || i+1 == len(archive.Files) {
				continue
			}
			if !bytes.HasPrefix(archive.Files[i+1].Data, []byte("200 ")) {
				continue // a refusal shows no operation
			}
			line, _, _ := strings.Cut(string(f.Data), "\n")
			method, target, _ := strings.Cut(line, " ")
			path, _, _ := strings.Cut(target, "?")
			if path, ok := strings.CutPrefix(path, "/api/v4"); ok {
				all = append(all, told{method, path, filepath.Base(file)})
			}
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

// TestCoverage keeps docs/dialects/sage.md: which documented operation is
// answered, and which conversation shows it.
func TestCoverage(t *testing.T) {
	requests := toldRequests(t)
	var rows strings.Builder
	shown := 0
	for _, op := range documentedOperations(t) {
		state := "not yet"
		switch i := slices.IndexFunc(requests, func(q told) bool { return q.shows(op) }); {
		case i >= 0:
			state = fmt.Sprintf("answered: [%s](../../internal/dialect/sage/testdata/%[1]s)", requests[i].file)
			shown++
		case hasSchema(op):
			state = "answered: [schemas](../../internal/dialect/sage/testdata/schemas), byte for byte"
			shown++
		}
		fmt.Fprintf(&rows, "| %s | %s | `%s` | %s |\n", op.number, op.method, op.path, state)
	}
	page := fmt.Sprintf(`# Sage Sales Management API v4: coverage

Made by `+"`go test ./internal/dialect/sage -run TestCoverage -update`"+` from the conversations
in internal/dialect/sage/testdata; do not edit. An operation counts as answered when a
conversation gets a 200 for it, on every database, or when its schema is compared with
the documented one.

**%d of 235** documented operations are answered.

| # | method | path | state |
|---|---|---|---|
%s`, shown, rows.String())
	const file = "../../../docs/dialects/sage.md"
	if apptest.Update() {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != page {
		t.Errorf("docs/dialects/sage.md is stale (%v); run go test ./internal/dialect/sage -update", err)
	}
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
