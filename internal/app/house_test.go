package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

const module = "github.com/dossier-crm/dossier"

// source is one Go file of the product.
type source struct {
	name    string // relative to the root, with slashes
	pkg     string // folder, relative to the root: "internal/crm"
	test    bool
	imports []string // within the module: relative to the root
	outside []string // other modules and the standard library
	file    *ast.File
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var all []source
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"bench", "tools", "data", "bin", "testdata"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{name: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"), file: f}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if in, ok := strings.CutPrefix(p, module+"/"); ok {
				s.imports = append(s.imports, in)
			} else {
				s.outside = append(s.outside, p)
			}
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// layers says what each package imports of the module, its tests aside: what is
// listed and not imported any more has to go. A package that is not listed may not
// exist. Dependencies point to the right of the flow in docs/ARCHITECTURE.md and
// never back.
var layers = map[string][]string{
	"cmd/dossier":                 {"internal/app", "internal/fault"},
	"internal/fault":              {},
	"internal/bell":               {},
	"internal/cache":              {},
	"internal/testenv":            {},
	"internal/resource":           {"internal/fault"},
	"internal/filter":             {"internal/fault", "internal/resource"},
	"internal/crm":                {"internal/fault", "internal/filter", "internal/resource"},
	"internal/blob":               {"internal/fault"},
	"internal/blob/disk":          {"internal/blob", "internal/fault"},
	"internal/blob/s3":            {"internal/blob", "internal/fault"},
	"internal/blob/blobtest":      {"internal/blob", "internal/fault"},
	"internal/intake":             {"internal/fault"},
	"internal/clamd":              {"internal/fault"},
	"internal/presign":            {},
	"internal/document":           {"internal/blob", "internal/crm", "internal/fault", "internal/filter", "internal/intake", "internal/resource"},
	"internal/auth":               {"internal/cache", "internal/fault"},
	"internal/workspace":          {"internal/cache", "internal/fault"},
	"internal/store":              {"internal/auth", "internal/crm", "internal/fault", "internal/filter", "internal/hook", "internal/resource", "internal/workspace"},
	"internal/store/sqlite":       {"internal/fault", "internal/filter", "internal/resource", "internal/store"},
	"internal/store/postgres":     {"internal/fault", "internal/resource", "internal/store"},
	"internal/store/storetest":    {"internal/crm", "internal/fault", "internal/filter", "internal/hook", "internal/resource", "internal/store"},
	"internal/httpd":              {"internal/fault"},
	"internal/outbound":           {"internal/fault"},
	"internal/hook":               {"internal/bell", "internal/crm", "internal/fault", "internal/filter", "internal/resource"},
	"internal/seed":               {"internal/crm", "internal/fault", "internal/filter", "internal/resource"},
	"internal/dialect":            {"internal/auth", "internal/crm", "internal/document", "internal/fault", "internal/filter", "internal/httpd", "internal/resource"},
	"internal/dialect/flowroute":  {"internal/auth", "internal/bell", "internal/crm", "internal/dialect", "internal/document", "internal/fault", "internal/filter", "internal/intake", "internal/presign", "internal/resource"},
	"internal/dialect/riskforce":  {"internal/auth", "internal/crm", "internal/dialect", "internal/document", "internal/fault", "internal/intake"},
	"internal/dialect/scalepoint": {"internal/auth", "internal/crm", "internal/dialect", "internal/document", "internal/fault", "internal/filter", "internal/intake", "internal/resource"},
	"internal/dialect/sage":       {"internal/auth", "internal/cache", "internal/crm", "internal/document", "internal/fault", "internal/filter", "internal/hook", "internal/httpd", "internal/resource"},
	"internal/dialect/wolkvox":    {"internal/auth", "internal/crm", "internal/dialect", "internal/document", "internal/fault", "internal/filter", "internal/intake", "internal/resource"},
	"internal/app":                {"*"},
	"internal/app/apptest":        {"internal/app", "internal/auth", "internal/crm", "internal/dialect", "internal/httpd", "internal/store/postgres", "internal/testenv"},
	"internal/crash":              {},
	"internal/ordeal":             {},
	"internal/document/transfer":  {"internal/blob", "internal/crm", "internal/document", "internal/fault", "internal/httpd"},
}

// TestLayers holds the one direction of imports.
func TestLayers(t *testing.T) {
	used := map[string]map[string]bool{} // by package
	for _, s := range sources(t) {
		if used[s.pkg] == nil {
			used[s.pkg] = map[string]bool{}
		}
		allowed, ok := layers[s.pkg]
		if !ok {
			t.Errorf("%s: package %s has no place in layers", s.name, s.pkg)
			continue
		}
		if s.test {
			continue
		}
		for _, p := range s.imports {
			used[s.pkg][p] = true
			if !slices.Contains(allowed, p) && !slices.Contains(allowed, "*") {
				t.Errorf("%s: %s must not import %s", s.name, s.pkg, p)
			}
		}
	}
	for pkg, allowed := range layers {
		if used[pkg] == nil {
			t.Errorf("package %s does not exist any more: take it out of layers", pkg)
			continue
		}
		for _, p := range allowed {
			if p != "*" && !used[pkg][p] {
				t.Errorf("%s does not import %s any more: take it out of layers", pkg, p)
			}
		}
	}
}

// TestDialectsApart holds for tests too: no dialect knows another.
func TestDialectsApart(t *testing.T) {
	const dir = "internal/dialect/"
	for _, s := range sources(t) {
		for _, p := range s.imports {
			if strings.HasPrefix(s.pkg, dir) && strings.HasPrefix(p, dir) && p != s.pkg {
				t.Errorf("%s: imports %s", s.name, p)
			}
		}
	}
}

// TestOneDoorToSkip keeps tests from skipping themselves unnoticed: package
// testenv is the only way, and it can be told to fail instead.
func TestOneDoorToSkip(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg == "internal/testenv" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
				t.Errorf("%s: calls %s; ask internal/testenv instead", s.name, sel.Sel.Name)
			}
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok && testVariable.MatchString(lit.Value) && s.pkg != "cmd/dossier" {
					t.Errorf("%s: reads %s; ask internal/testenv instead", s.name, lit.Value)
				}
			}
			return true
		})
	}
}

var testVariable = regexp.MustCompile(`^"DOSSIER_TEST_\w+"$`)

// dependencies are the modules that the product and its tests name directly, each
// with the reason it is not written here.
var dependencies = map[string]string{
	"github.com/BurntSushi/toml":               "the configuration file",
	"github.com/alecthomas/kong":               "the command line, from one struct",
	"github.com/emmansun/base64":               "base64 by vector instructions, 7 times the standard library's; only assembly, no cgo",
	"github.com/gabriel-vasile/mimetype":       "the type of a document by its contents",
	"github.com/golang-jwt/jwt/v5":             "session tokens, which clients of the Sage dialect decode; assertions that clients sign",
	"github.com/google/go-cmp":                 "differences in test failures",
	"github.com/jackc/pgx/v5":                  "PostgreSQL, native protocol",
	"github.com/minio/minio-go/v7":             "S3, presigned URLs included",
	"github.com/ncruces/go-sqlite3":            "SQLite without cgo, the fastest of four measured",
	"github.com/pb33f/libopenapi":              "reads the OpenAPI document for the validator, in a test",
	"github.com/pb33f/libopenapi-validator":    "says whether the OpenAPI document is valid, in a test",
	"github.com/rogpeppe/go-internal":          "testscript for tests of the binary",
	"github.com/santhosh-tekuri/jsonschema/v6": "holds conversations to the schemas of the OpenAPI document, in a test",
	"golang.org/x/crypto":                      "argon2id for people's passwords",
	"golang.org/x/mod":                         "reads go.mod in this test",
	"golang.org/x/sys":                         "file locks and fdatasync",
	"golang.org/x/tools":                       "txtar, the form of conversations",
	"pgregory.net/rapid":                       "property tests",
}

// TestDependencies says which modules the code imports, and why.
func TestDependencies(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	moduleOf := func(pkg string) string {
		best := ""
		for _, r := range mod.Require {
			if m := r.Mod.Path; (pkg == m || strings.HasPrefix(pkg, m+"/")) && len(m) > len(best) {
				best = m
			}
		}
		return best
	}
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, p := range s.outside {
			if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
				continue // the standard library
			}
			m := moduleOf(p)
			if m == "" {
				t.Errorf("%s: %s is of no module in go.mod", s.name, p)
			} else if dependencies[m] == "" {
				t.Errorf("%s: module %s has no reason in this test", s.name, m)
			}
			used[m] = true
		}
	}
	for m := range dependencies {
		if !used[m] {
			t.Errorf("module %s is not imported any more: take it out of this test", m)
		}
	}
}

// TestTidy keeps marks of unfinished work out.
func TestTidy(t *testing.T) {
	for _, s := range sources(t) {
		for _, group := range s.file.Comments {
			for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
				if strings.Contains(group.Text(), mark) {
					t.Errorf("%s: a comment contains %s", s.name, mark)
				}
			}
		}
		if s.test || s.pkg == "cmd/dossier" {
			continue
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s: has an init function", s.name)
			}
		}
	}
}
