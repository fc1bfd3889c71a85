package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"dossier": main})
}

// TestScripts runs the binary as a person at a terminal would.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Whatever the machine sets must not reach the scripts.
			for _, pair := range os.Environ() {
				if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, envPrefix) {
					e.Setenv(name, "")
				}
			}
			e.Vars = withoutEmpty(e.Vars)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":   cmdReady,
			"get":     cmdGet,
			"capture": cmdCapture,
			"exits":   cmdExits,
		},
	})
}

// withoutEmpty takes our variables out that have no value.
func withoutEmpty(vars []string) []string {
	kept := vars[:0]
	for _, pair := range vars {
		if name, value, _ := strings.Cut(pair, "="); value != "" || !strings.HasPrefix(name, envPrefix) {
			kept = append(kept, pair)
		}
	}
	return kept
}

// cmdReady waits until a server in the background has written where it is to a
// file, and sets URL to that: ready FILE.
func cmdReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	address := regexp.MustCompile(`http://[0-9.:]+`)
	for range 600 {
		if b, err := os.ReadFile(ts.MkAbs(args[0])); err == nil {
			if url := address.Find(b); url != nil {
				ts.Setenv("URL", string(url))
				return
			}
		}
		time.Sleep(50 * time.Millisecond) // another process; there is nothing to wait on
	}
	ts.Fatalf("%s names no server", args[0])
}

// cmdGet prints the answer to a GET: get PATH [HEADER:VALUE].
func cmdGet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: get PATH [HEADER:VALUE]")
	}
	req, err := http.NewRequest("GET", ts.Getenv("URL")+args[0], nil)
	ts.Check(err)
	for _, h := range args[1:] {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), res.StatusCode)
	fmt.Fprintf(ts.Stdout(), "%s\n", b)
}

// cmdCapture sets a variable to the part of a file that a regular expression's
// group matches: capture NAME FILE REGEXP.
func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture NAME FILE REGEXP")
	}
	m := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) < 2 {
		ts.Fatalf("%s does not match %s", args[1], args[2])
	}
	ts.Setenv(args[0], m[1])
}

// cmdExits runs the program in this process and checks its exit status: exits
// STATUS ARGS…
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits STATUS ARGS")
	}
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got := run(ctx, args[1:], strings.NewReader(""), &stdout, &stderr)
	fmt.Fprint(ts.Stdout(), stdout.String())
	fmt.Fprint(ts.Stderr(), stderr.String())
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("exit status %d", got)
	}
}

func TestSuggest(t *testing.T) {
	names := []string{"listen", "log-level", "log-format", "data"}
	for in, want := range map[string]string{
		"lisen":     `, did you mean "listen"?`,
		"Listen":    `, did you mean "listen"?`,
		"loglevel":  `, did you mean "log-level"?`,
		"dta":       `, did you mean "data"?`,
		"something": "",
		"":          "",
	} {
		if got := suggest(in, names); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"abc", "abc", 0},
	} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("%s, %s: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
