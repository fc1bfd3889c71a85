package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Programs of the peers, by the name of what is built.
const (
	pocketbasePackage = "./cmd/pocketbase"
	barePackage       = "./cmd/bare"
	uploadPackage     = "./cmd/upload"
	versitygwPackage  = "github.com/versity/versitygw/cmd/versitygw"
	tusdPackage       = "github.com/tus/tusd/v2/cmd/tusd"
)

// peers are the programs that were built to compare with.
type peers struct {
	pocketbase, bare, upload, versitygw, tusd string
}

// prepare builds the peers and fills the databases.
func (b *bench) prepare(ctx context.Context) (err error) {
	b.progress("build the peers")
	bin := filepath.Join(b.dir, "bin") + string(filepath.Separator)
	if _, err := b.output(ctx, "", "go", "build", "-o", bin, pocketbasePackage, barePackage, uploadPackage, versitygwPackage, tusdPackage); err != nil {
		return err
	}
	b.peers = peers{bin + "pocketbase", bin + "bare", bin + "upload", bin + "versitygw", bin + "tusd"}
	if err := b.results.versions(ctx, b); err != nil {
		return err
	}
	b.dossier = &dossier{bench: b, data: filepath.Join(b.dir, "dossier")}
	if err := b.dossier.prepare(ctx); err != nil {
		return err
	}
	b.pocket = &pocketbase{data: filepath.Join(b.dir, "pocketbase")}
	return b.pocket.prepare(ctx, b)
}

// saved is what a run leaves beside the data, for the next one on it.
type saved struct {
	Username, Password string // of Dossier's key
	Scale              int
}

// readSaved fills v from a file; it returns false when there is none.
func readSaved(file string, v any) (bool, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(text, v)
}

func writeSaved(file string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

// server is a process that answers HTTP.
type server struct {
	*process
	addr string
}

func (b *bench) serve(ctx context.Context, name, program, probe string, args func(addr string) []string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	p, err := b.start(name, program, args(addr)...)
	if err != nil {
		return nil, err
	}
	s := &server{p, addr}
	_, err = p.firstAnswer(ctx, started, addr, get(addr, probe))
	return s, err
}

// get is a request without further headers.
func get(addr, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, addr)
}

// workspace is what Dossier's workspace is called.
const workspace = "bench"

// queryTimeout lets Dossier answer what it would otherwise cut off: a scan of all
// rows is measured too.
const queryTimeout = "60s"

// dossier is the server that is measured.
type dossier struct {
	*server // nil when it does not run
	bench   *bench
	data    string
	saved   saved
	token   string
	peak    int64 // greatest resident size seen, in bytes
	sample  []sampleRow
}

// file is the workspace's database.
func (d *dossier) file() string { return filepath.Join(d.data, "workspaces", workspace+".db") }

// command runs one of Dossier's commands on the data.
func (d *dossier) command(ctx context.Context, args ...string) (string, error) {
	return d.bench.output(ctx, d.bench.dir, d.bench.opts.dossier, append(args, "--data", d.data)...)
}

func (d *dossier) prepare(ctx context.Context) error {
	b := d.bench
	note := filepath.Join(b.dir, "dossier.json")
	if ok, err := readSaved(note, &d.saved); err != nil {
		return err
	} else if ok {
		if d.saved.Scale != b.opts.scale {
			return fmt.Errorf("the data in %s are %d accounts; --scale says %d", b.dir, d.saved.Scale, b.opts.scale)
		}
		return nil
	}
	b.progress("seed Dossier with %d accounts", b.opts.scale)
	if _, err := d.command(ctx, "workspace", "create", workspace); err != nil {
		return err
	}
	const user = "bench@example.com"
	if _, err := d.command(ctx, "user", "create", "--workspace", workspace, "--email", user, "--name", "Bench", "--level", "5"); err != nil {
		return err
	}
	if _, err := d.command(ctx, "seed", "--workspace", workspace, "--accounts", strconv.Itoa(b.opts.scale), "--accounts-only"); err != nil {
		return err
	}
	key, err := d.command(ctx, "key", "create", "--workspace", workspace, "--dialect", "sage", "--user", user, "--json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(key), &d.saved); err != nil {
		return err
	}
	d.saved.Scale = b.opts.scale
	return writeSaved(note, d.saved)
}

// open starts the server unless it runs, and logs in.
func (d *dossier) open(ctx context.Context) (err error) {
	if d.server != nil {
		return nil
	}
	d.server, err = d.bench.serve(ctx, "dossier", d.bench.opts.dossier, "/readyz", func(addr string) []string {
		return []string{"serve", "--data", d.data, "--listen", addr, "--query-timeout", queryTimeout}
	})
	if err != nil {
		return err
	}
	if d.token == "" {
		c := newClient(d.addr)
		defer c.close()
		if d.token, err = d.logIn(ctx, c, d.saved); err != nil {
			return err
		}
	}
	if d.sample == nil {
		d.sample, err = d.readSample(ctx)
	}
	return err
}

// close ends the server, after a look at how large it has been.
func (d *dossier) close() error {
	if d.server == nil {
		return nil
	}
	err := d.notePeak()
	d.server.end()
	d.server = nil
	return err
}

func (d *dossier) notePeak() error {
	peak, err := d.memory("VmHWM")
	d.peak = max(d.peak, peak)
	return err
}

// head begins a request; the caller adds headers or the empty line.
func (d *dossier) head(dst []byte, method string) []byte {
	dst = append(dst, method...)
	return append(dst, " /api/v4"...)
}

// finish ends the request line, and the headers when there is no body.
func (d *dossier) finish(dst []byte) []byte {
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, d.addr...)
	dst = append(dst, "\r\nX-Session-Key: "...)
	dst = append(dst, d.token...)
	return append(dst, "\r\n\r\n"...)
}

// get appends a GET request for a path below /api/v4 with its query.
func (d *dossier) get(dst []byte, path string) []byte {
	return d.finish(append(d.head(dst, "GET"), path...))
}

// post appends a POST request.
func (d *dossier) post(dst []byte, path string, body []byte) []byte {
	return d.send(dst, "POST", path, body)
}

// send appends a request with a body.
func (d *dossier) send(dst []byte, method, path string, body []byte) []byte {
	dst = append(d.head(dst, method), path...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, d.addr...)
	dst = append(dst, "\r\nX-Session-Key: "...)
	dst = append(dst, d.token...)
	return appendJSON(dst, body)
}

// appendJSON ends the headers and appends the body.
func appendJSON(dst, body []byte) []byte {
	dst = append(dst, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, body...)
}

func (d *dossier) login(dst []byte, _ uint64) []byte {
	body := fmt.Appendf(nil, `{"username":%q,"password":%q}`, d.saved.Username, d.saved.Password)
	dst = append(d.head(dst, "POST"), "/login HTTP/1.1\r\nHost: "...)
	return appendJSON(append(dst, d.addr...), body)
}

// sampleRow is what is needed of an account that is there.
type sampleRow struct {
	ID                             int64
	Name, Email, Phone             string
	CountryID, SalesRepID1, TypeID struct{ ID int64 }
}

// readSample reads some accounts, spread over all of them.
func (d *dossier) readSample(ctx context.Context) (rows []sampleRow, err error) {
	const count = 500
	ids := make([]string, count)
	for i := range ids {
		ids[i] = strconv.Itoa(1 + i*(d.bench.opts.scale/count))
	}
	c := newClient(d.addr)
	defer c.close()
	where := url.QueryEscape("id IN (" + strings.Join(ids, ",") + ")")
	request := d.get(nil, "/accounts?where="+where)
	request = append(request[:len(request)-2], "Count: 1000\r\n\r\n"...)
	status, body, err := c.do(ctx, request)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("accounts: status %d: %.300s", status, body)
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, err
	}
	// New accounts are given what these refer to; not all refer to everything.
	rows = slices.DeleteFunc(rows, func(r sampleRow) bool {
		return r.CountryID.ID == 0 || r.SalesRepID1.ID == 0 || r.TypeID.ID == 0
	})
	if len(rows) < count/4 {
		return nil, fmt.Errorf("only %d accounts of %d are complete", len(rows), count)
	}
	return rows, nil
}

// pocketbase is the peer for records.
type pocketbase struct {
	data  string
	token string
	*server
}

func (p *pocketbase) prepare(ctx context.Context, b *bench) error {
	note := filepath.Join(b.dir, "pocketbase.json")
	if ok, err := readSaved(note, &p.token); ok || err != nil {
		return err
	}
	b.progress("copy the accounts into PocketBase")
	// What a run that was broken off has left is of no use.
	if err := os.RemoveAll(p.data); err != nil {
		return err
	}
	out, err := b.output(ctx, b.dir, b.peers.pocketbase, "import", "--dir", p.data, "--source", b.dossier.file())
	if err != nil {
		return err
	}
	p.token = out[strings.LastIndexByte(out, '\n')+1:]
	return writeSaved(note, p.token)
}

func (p *pocketbase) open(ctx context.Context, b *bench) (err error) {
	if p.server != nil {
		return nil
	}
	p.server, err = b.serve(ctx, "pocketbase", b.peers.pocketbase, "/api/health", func(addr string) []string {
		return []string{"serve", "--dir", p.data, "--listen", addr}
	})
	return err
}

// get appends a GET request for a path below /api with its query.
func (p *pocketbase) get(dst []byte, path ...string) []byte {
	dst = append(dst, "GET /api"...)
	for _, part := range path {
		dst = append(dst, part...)
	}
	return append(p.headers(dst), "\r\n\r\n"...)
}

func (p *pocketbase) post(dst []byte, path string, body []byte) []byte {
	return appendJSON(p.headers(append(append(dst, "POST /api"...), path...)), body)
}

func (p *pocketbase) headers(dst []byte) []byte {
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, p.addr...)
	dst = append(dst, "\r\nAuthorization: "...)
	return append(dst, p.token...)
}

// recordID is the id that the import has given a row.
func recordID(id uint64) string { return fmt.Sprintf("%015d", id) }

// openBare starts the bare handler on Dossier's own file.
func (b *bench) openBare(ctx context.Context) (err error) {
	if b.bare == nil {
		b.bare, err = b.serve(ctx, "bare", b.peers.bare, "/get/1", func(addr string) []string {
			return []string{"--source", b.dossier.file(), "--listen", addr}
		})
	}
	return err
}
