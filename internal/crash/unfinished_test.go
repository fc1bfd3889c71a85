package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/testenv"
)

// TestUnfinished kills the server in the middle of an upload. The next one removes
// what came of it before it serves, however young it is, and the upload can be made
// again.
func TestUnfinished(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testUnfinished(t, sqliteFiles{dir: t.TempDir()}) })
	t.Run("PostgreSQL", func(t *testing.T) { testUnfinished(t, newPostgres(t, testenv.Postgres(t))) })
}

func testUnfinished(t *testing.T, db database) {
	blobs := filepath.Join(db.folder(), "blobs")
	run := func() (*process, *client) { return startDemo(t, db.folder(), db.args()...) }
	p, c := run()
	u := c.announce(t)
	finish := c.begin(t, u, 1)
	awaitUnfinished(t, blobs)
	p.kill()
	if err := finish(); err == nil {
		t.Error("an upload to a server that was killed is answered")
	}
	if left := unfinished(t, blobs); len(left) != 1 {
		t.Fatalf("the killed server has left %v, want one file", left)
	}

	p, c = run()
	if left := unfinished(t, blobs); len(left) > 0 {
		t.Errorf("after the start there are %v", left)
	}
	if rows, err := c.list("/documents", fmt.Sprintf("id=%d", u.id)); err != nil || len(rows) > 0 {
		t.Errorf("the document is shown: %v, %v", rows, err)
	}
	if err := c.begin(t, u, 1)(); err != nil {
		t.Errorf("the same upload again: %v", err)
	}
	p.stop()
}

// TestUnfinishedOfOthers starts servers while others that keep their documents in the
// same folder receive uploads: these go on.
func TestUnfinishedOfOthers(t *testing.T) {
	blobs := t.TempDir()
	run := func() (*process, *client) {
		dir := t.TempDir()
		if err := os.Symlink(blobs, filepath.Join(dir, "blobs")); err != nil {
			t.Fatal(err)
		}
		return startDemo(t, dir)
	}
	first, c := run()
	finish := c.begin(t, c.announce(t), 1)
	awaitUnfinished(t, blobs)
	second, c := run()
	if err := finish(); err != nil {
		t.Errorf("while a second server started: %v", err)
	}

	finish = c.begin(t, c.announce(t), 2) // contents that are there already would need no file
	awaitUnfinished(t, blobs)
	first.kill()
	third, _ := run()
	if err := finish(); err != nil {
		t.Errorf("while the first server was killed and a third started: %v", err)
	}
	second.stop()
	third.stop()
}

// startDemo runs a server with the demo, and logs in.
func startDemo(t *testing.T, dir string, args ...string) (*process, *client) {
	t.Helper()
	p := start(t, append([]string{"--demo", "--data", dir}, args...)...)
	c := newClient(p.serving())
	c.login(t, dir)
	return p, c
}

// announced is a document that was announced.
type announced struct {
	id   int64
	path string // that takes the upload
}

// announce announces a document of the demo's first account.
func (c *client) announce(t *testing.T) announced {
	t.Helper()
	v := &visit{writer: &writer{name: "unfinished"}, client: c, p: &process{}, m: &moment{what: events}}
	var got struct {
		ID      int64
		Locator string
	}
	if err := v.ask("POST", "/accounts/1/documents", map[string]any{"name": "unfinished.bin"}, &got); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(got.Locator)
	if err != nil || got.ID <= 0 {
		t.Fatalf("announcing: %+v", got)
	}
	return announced{got.ID, at.Path}
}

// What begin sends of a document before it waits, and in all, in bytes. The server
// writes what it gets to the disk by far smaller pieces.
const (
	firstPart = 1 << 20
	allParts  = 2 << 20
)

// begin starts an upload of a document full of the same byte and sends a part of it.
// What it returns sends the rest, and fails unless the server accepts the document.
func (c *client) begin(t *testing.T, u announced, full byte) (finish func() error) {
	t.Helper()
	contents := bytes.Repeat([]byte{full}, allParts)
	body, parts := io.Pipe()
	req, err := http.NewRequest("PUT", c.base+u.path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = allParts
	ended := make(chan error, 1)
	go func() {
		a, err := c.do(req)
		if err == nil && a.status != http.StatusOK {
			err = errors.New(a.String())
		}
		_ = body.CloseWithError(io.ErrClosedPipe) // for a writer that still waits
		ended <- err
	}()
	t.Cleanup(func() { _ = parts.Close() })
	if _, err := parts.Write(contents[:firstPart]); err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, _ = parts.Write(contents[firstPart:]) // how it fails, the answer tells
		_ = parts.Close()
		return <-ended
	}
}

// awaitUnfinished waits until bytes of an upload are in a file.
func awaitUnfinished(t *testing.T, blobs string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, name := range unfinished(t, blobs) {
			if info, err := os.Stat(name); err == nil && info.Size() > 0 {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %v no upload is in a file", patience)
		}
	}
}

// unfinished are the files of uploads to all workspaces. Where the server tries out
// for /readyz whether it can write is none of them.
func unfinished(t *testing.T, blobs string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(blobs, "[^_]*", "tmp", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
