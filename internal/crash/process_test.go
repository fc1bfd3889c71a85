// Package crash_test ill-treats the real server in a process of its own: it kills
// it, and it sends it what no client should send. README.md says what is checked.
package crash_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// program is the file of the server under test.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "dossier-crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "dossier")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/dossier-crm/dossier/cmd/dossier").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// patience bounds the wait for what should happen at once. It is long, since the
// machine may be busy with other tests.
const patience = time.Minute

// process is a running server.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	log    string        // file of what it says on standard error
	ready  chan string   // its URL, once it serves
	exited chan struct{} // closed when it is gone
	killed atomic.Bool   // set before the signal is sent
}

// start runs the server on a free port. It is killed when the test ends, unless
// that has happened before.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := &process{
		t:      t,
		cmd:    exec.Command(program, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...),
		log:    log.Name(),
		ready:  make(chan string, 1),
		exited: make(chan struct{}),
	}
	p.cmd.Stderr = log
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DOSSIER_") { // settings of whoever runs the tests
			p.cmd.Env = append(p.cmd.Env, pair)
		}
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "sage" {
				p.ready <- strings.TrimSuffix(words[1], "/api/v4")
			}
		}
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(p.kill)
	return p
}

// serving waits until the server says that it is ready, and is. It returns the URL.
func (p *process) serving() string {
	p.t.Helper()
	select {
	case base := <-p.ready:
		res, err := http.Get(base + "/readyz")
		if err != nil {
			p.t.Fatalf("the server said that it was ready: %v\n%s", err, p.complaints())
		}
		defer res.Body.Close()
		if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
			p.t.Fatalf("/readyz: %s %s\n%s", res.Status, body, p.complaints())
		}
		return base
	case <-p.exited:
		p.t.Fatalf("the server ended while starting: %v\n%s", p.cmd.ProcessState, p.complaints())
	case <-time.After(patience):
		p.t.Fatalf("the server did not start within %v\n%s", patience, p.complaints())
	}
	return ""
}

// kill ends the process without warning and waits until it is gone.
func (p *process) kill() {
	p.killed.Store(true)
	_ = p.cmd.Process.Kill() // fails when it is gone already
	<-p.exited
}

// stop asks the process to end, as an operator does.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the server did not stop within %v", patience)
	}
	if !p.cmd.ProcessState.Success() {
		p.t.Errorf("the server ended with %v\n%s", p.cmd.ProcessState, p.complaints())
	}
}

// complaints returns the lines of the log that tell of failures: panics and
// errors, but not that the server was asked whether it is ready while it was not.
func (p *process) complaints() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for line := range strings.Lines(string(data)) {
		known := strings.Contains(line, "level=INFO") || strings.Contains(line, "level=DEBUG") ||
			strings.Contains(line, `msg="not ready" check=start`)
		if !known {
			b.WriteString(line)
		}
	}
	return b.String()
}

// client speaks the Sage dialect to one process.
type client struct {
	base  string // URL of the server
	token string
	http  *http.Client
}

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true}}}
}

// answer is a whole answer to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) String() string { return fmt.Sprintf("%d %.500s", a.status, a.body) }

// do sends a request and reads the answer to its end. An error means that no
// whole answer came.
func (c *client) do(req *http.Request) (*answer, error) {
	if c.token != "" {
		req.Header.Set("X-Session-Key", c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	return &answer{res.StatusCode, res.Header, body}, nil
}

// call sends a request with a body of JSON, unless that is nil.
func (c *client) call(method, path string, body any) (*answer, error) {
	req, err := c.request(method, path, body)
	if err != nil {
		return nil, err
	}
	return c.do(req)
}

func (c *client) request(method, path string, body any) (*http.Request, error) {
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	return http.NewRequest(method, c.base+"/api/v4"+path, r)
}

// list reads all rows that a where selects, page by page.
func (c *client) list(path, where string) (rows []map[string]any, err error) {
	for page := 0; ; page++ {
		req, err := c.request("GET", fmt.Sprintf("%s?page=%d&where=%s", path, page, url.QueryEscape(where)), nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Count", "1000")
		a, err := c.do(req)
		if err != nil {
			return nil, err
		}
		var got []map[string]any
		dec := json.NewDecoder(bytes.NewReader(a.body))
		dec.UseNumber()
		if err := dec.Decode(&got); err != nil || a.status != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %v", req.URL, a)
		}
		rows = append(rows, got...)
		if a.header.Get("X-FM-Next-Page") == "" {
			return rows, nil
		}
	}
}

// credentials are in the file that the demo's server writes.
func credentials(t *testing.T, dir string) (login struct{ Username, Password string }) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "demo-credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Sage *struct{ Username, Password string }
	}
	file.Sage = &login
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return login
}

// login gets a session of the demo's key.
func (c *client) login(t *testing.T, dir string) {
	t.Helper()
	key := credentials(t, dir)
	a, err := c.call("POST", "/login", map[string]string{"username": key.Username, "password": key.Password})
	if err != nil {
		t.Fatal(err)
	}
	var session struct{ Token string }
	if err := json.Unmarshal(a.body, &session); err != nil || a.status != http.StatusOK || session.Token == "" {
		t.Fatalf("login: %v", a)
	}
	c.token = session.Token
}
