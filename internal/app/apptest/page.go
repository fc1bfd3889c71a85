package apptest

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// Asked is a request that some conversation makes, with its answer.
type Asked struct {
	Method, Path string // as written, without the query
	File         string // name of the conversation's file
	Status       int
	Body         string // of the answer
}

// AskedIn lists the requests of the conversations that pattern names.
func AskedIn(t *testing.T, pattern string) []Asked {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all []Asked
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range archive.Files {
			if !strings.HasSuffix(f.Name, ".request") || i+1 == len(archive.Files) {
				continue
			}
			line, _, _ := strings.Cut(string(f.Data), "\n")
			method, target, _ := strings.Cut(line, " ")
			path, _, _ := strings.Cut(target, "?")
			head, body, _ := strings.Cut(string(archive.Files[i+1].Data), "\n\n")
			code, _, _ := strings.Cut(head, " ")
			status, err := strconv.Atoi(strings.TrimSpace(code))
			if err != nil {
				continue // an answer that is still to be written by -update
			}
			all = append(all, Asked{method, path, filepath.Base(file), status, body})
		}
	}
	return all
}

// Golden compares a generated file with what it should be; with -update it writes it.
func Golden(t *testing.T, file, want string) {
	t.Helper()
	if Update() {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != want {
		t.Errorf("%s is stale (%v); run this test with -update", file, err)
	}
}

// Page is what docs/dialects says of a dialect, made from what the dialect says of
// itself and from its conversations.
type Page struct {
	Name       string // of the dialect and of its folder
	Title      string
	Intro      string // paragraphs in front of the tables
	Operations []dialect.Operation
	Quirks     []dialect.Quirk
}

// Sources is what the marks in a column "known from" mean.
const Sources = `Where something is known from: R a published source; V code that was run; K general knowledge
of the service; I an inference, which is a choice of ours. *ours* is what we chose without any.`

// Check keeps docs/dialects/NAME.md, from the folder of the dialect's tests: every
// answer of every operation has to be shown by a conversation in testdata, or by the
// test that it names.
func (p Page) Check(t *testing.T) {
	t.Helper()
	asked := AskedIn(t, "testdata/*.txtar")
	var b strings.Builder
	fmt.Fprintf(&b, `# %s

Made by `+"`go test ./internal/dialect/%s -run TestPage -update`"+` from the tables of the dialect and
the conversations in internal/dialect/%[2]s/testdata; do not edit. A conversation shows an answer
when it gets it, on every database.

%s

%s

## Operations

| method | path | what it does | known from |
|---|---|---|---|
`, p.Title, p.Name, strings.TrimSpace(p.Intro), Sources)
	for _, op := range p.Operations {
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", op.Method, op.Path, op.What, cmp.Or(op.Known, "*ours*"))
	}
	for _, op := range p.Operations {
		if len(op.Answers) == 0 {
			t.Errorf("%s %s says nothing of its answers", op.Method, op.Path)
			continue
		}
		fmt.Fprintf(&b, "\n## %s %s\n\n| status | with | when | known from | shown by |\n|---|---|---|---|---|\n", op.Method, op.Path)
		for _, a := range op.Answers {
			shown := cmp.Or(a.Shown, p.shownBy(asked, op, a))
			if shown == "" {
				t.Errorf("%s %s: nothing shows %d %s", op.Method, op.Path, a.Status, a.Code)
			}
			code := ""
			if a.Code != "" {
				code = "`" + a.Code + "`"
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", a.Status, code, a.When, cmp.Or(a.Known, "*ours*"), shown)
		}
	}
	b.WriteString("\n## Oddities and choices\n\n| what | known from |\n|---|---|\n")
	for _, q := range p.Quirks {
		fmt.Fprintf(&b, "| %s | %s |\n", q.What, cmp.Or(q.Known, "*ours*"))
	}
	Golden(t, filepath.Join("..", "..", "..", "docs", "dialects", p.Name+".md"), b.String())
}

// shownBy names the conversation that shows an answer, "" when none does. A method
// that an operation does not offer is shown by a request with any other.
func (p Page) shownBy(asked []Asked, op dialect.Operation, want dialect.Answer) string {
	method := cmp.Or(want.Method, op.Method)
	for _, q := range asked {
		if q.Status == want.Status && strings.Contains(q.Body, want.Code) && SamePath(op.Path, q.Path) &&
			(q.Method == method || want.Status == http.StatusMethodNotAllowed) {
			return fmt.Sprintf("[%s](../../internal/dialect/%s/testdata/%[1]s)", q.File, p.Name)
		}
	}
	return ""
}

// SamePath reports whether a path is one of those that a pattern with {} for segments
// stands for, letter case and a slash at the end aside.
func SamePath(pattern, path string) bool {
	want, got := strings.Split(strings.TrimRight(pattern, "/"), "/"), strings.Split(strings.TrimRight(path, "/"), "/")
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if !(strings.HasPrefix(w, "{") && strings.HasSuffix(w, "}")) && !strings.EqualFold(w, got[i]) {
			return false
		}
	}
	return true
}
