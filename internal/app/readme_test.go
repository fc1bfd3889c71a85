package app_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTour runs the lines of the README against the demo. A block of sh is run as
// it stands, after those before it; a block of text that follows it is what it
// prints, with … for what is left out.
func TestTour(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, tour, ok := strings.Cut(string(readme), "## Five minutes")
	if !ok {
		t.Fatal("the README has no tour")
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```(?:\n\n```text\n(.*?)```)?").FindAllStringSubmatch(tour, -1)
	if len(blocks) < 5 {
		t.Fatalf("the tour has %d blocks", len(blocks))
	}

	dir := t.TempDir()
	d := serveDemo(t, filepath.Join(dir, "data"))

	const mark = "-- block --"
	var script strings.Builder
	for _, b := range blocks {
		fmt.Fprintf(&script, "%s\necho; echo '%s'\n", b[1], mark)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", strings.ReplaceAll(script.String(), "http://127.0.0.1:8080", d.url))
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr.Bytes())
	}
	printed := strings.Split(string(out), mark)
	for i, b := range blocks {
		want := strings.TrimSpace(b[2])
		got := strings.TrimSpace(printed[i])
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
		// Answers of curl end without a line break, and are told apart by what they are.
		pattern = strings.ReplaceAll(pattern, "\n", "\n?")
		if !regexp.MustCompile("(?s)^" + pattern + "$").MatchString(got) {
			t.Errorf("block %d:\n%s\nprints\n%s\nwhich is not\n%s", i+1, b[1], got, want)
		}
	}
}
