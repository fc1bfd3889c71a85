package crash_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/testenv"
)

// Variables that change the test, beside those of testenv:
//
//	DOSSIER_TEST_KILLS  how often the server is killed on each database
//	DOSSIER_TEST_SEED   the seed that a run has printed, to make its choices again
const (
	killsVariable = "DOSSIER_TEST_KILLS"
	seedVariable  = "DOSSIER_TEST_SEED"

	defaultKills = 6
	shortKills   = 2 // with go test -short
)

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKill kills the server at random moments of mixed work, and of its own
// start, and holds it to what it had acknowledged.
func TestKill(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		testKill(t, func(t *testing.T) database { return sqliteFiles{dir: t.TempDir()} })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := testenv.Postgres(t)
		testKill(t, func(t *testing.T) database { return newPostgres(t, server) })
	})
}

// database is what a server keeps its data in, seen from outside while no server
// runs.
type database interface {
	folder() string // the server's data folder
	args() []string // that make the server use it
	settle(t *testing.T)
	check(t *testing.T) // that it is sound
	documents(t *testing.T) []workspaceDocuments
	location(t *testing.T) string // of the demo's data
}

// demoLocation asks the system database where the demo's data are. A start that was
// killed while it made them leaves data behind that are in nobody's way.
const demoLocation = `SELECT location FROM workspaces WHERE name = 'demo' AND retired IS NULL`

// workspaceDocuments are the rows of all documents of one workspace.
type workspaceDocuments struct {
	location string
	rows     []documentRow
}

type documentRow struct {
	id    int64
	state string
	hash  string // "" when there are no contents
	size  int64
}

// siege is one database and the clients that work on it, through many lives of
// the server.
type siege struct {
	t       *testing.T
	db      database
	rng     *rand.Rand
	writers []*writer
	shared  []*record
	token   string  // of a session that was opened in the first life
	startup float64 // seconds that the last start took
	*report
}

// report is what has been seen, for the end.
type report struct {
	tally    tally // of earlier lives
	verified struct{ records, files, bytes int64 }
	kills    int
	early    int // of these, before the server was ready
	orderly  int // of these, after it was asked to stop
}

// maxLives is how often the server is killed on the same data. All of them are
// compared after each kill, so more of them would take the square of the time.
const maxLives = 30

func testKill(t *testing.T, open func(*testing.T) database) {
	kills := defaultKills
	if testing.Short() {
		kills = shortKills
	}
	kills = int(setting(t, killsVariable, uint64(kills)))
	seed := setting(t, seedVariable, rand.Uint64())
	t.Logf("%s=%#x %s=%d", seedVariable, seed, killsVariable, kills)
	began := time.Now()
	r := &report{}
	for n := 0; n < kills && !t.Failed(); n += maxLives {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		t.Run(fmt.Sprintf("%d to %d", n+1, min(n+maxLives, kills)), func(t *testing.T) {
			s := &siege{t: t, db: open(t), rng: rng, startup: 1, report: r}
			s.lives(min(maxLives, kills-n))
		})
	}
	c := &r.tally
	t.Logf("%d kills, %d of them before the server was ready and %d while it stopped, in %.0f s", r.kills, r.early, r.orderly, time.Since(began).Seconds())
	t.Logf("%d acknowledged writes: %d creates, %d updates, %d deletes, %d uploads of %.1f MB",
		c.creates+c.updates+c.deletes+c.uploads, c.creates, c.updates, c.deletes, c.uploads, float64(c.bytes)/1e6)
	t.Logf("%d records compared, %d documents of %.1f MB read back", r.verified.records, r.verified.files, float64(r.verified.bytes)/1e6)
	t.Logf("%d writes without an answer: %d were done, %d were not", c.did+c.didNot, c.did, c.didNot)
	if !t.Failed() {
		t.Log("all that was acknowledged is there, and nothing by half")
	}
}

// lives lets the server live and be killed a number of times.
func (s *siege) lives(n int) {
	s.t.Helper()
	s.killEarly() // while the demo is made
	for range n - 1 {
		if s.rng.IntN(5) == 0 {
			s.killEarly()
		} else {
			s.killAtWork()
		}
		if s.t.Failed() {
			return
		}
	}
	s.end()
}

func (s *siege) start() *process {
	return start(s.t, append([]string{"--demo", "--data", s.db.folder()}, s.db.args()...)...)
}

// killEarly kills a server that is starting.
func (s *siege) killEarly() {
	s.t.Helper()
	p := s.start()
	select {
	case <-time.After(time.Duration(s.rng.Float64() * s.startup * float64(time.Second))):
		s.early++
	case <-p.ready:
	case <-p.exited:
		s.t.Fatalf("the server ended while starting\n%s", p.complaints())
	}
	s.kill(p)
}

// kill makes sure that a server is gone, and looks at what it left behind.
func (s *siege) kill(p *process) {
	s.t.Helper()
	p.kill()
	s.kills++
	if text := p.complaints(); text != "" {
		s.t.Errorf("the server complained:\n%s", text)
	}
	s.db.settle(s.t)
	s.db.check(s.t)
	s.checkFiles(false)
}

// live starts a server and checks that it has what its predecessors promised.
func (s *siege) live() (*process, *client) {
	s.t.Helper()
	began := time.Now()
	p := s.start()
	c := newClient(p.serving())
	s.startup = time.Since(began).Seconds()
	if left := unfinished(s.t, filepath.Join(s.db.folder(), "blobs")); len(left) > 0 {
		s.t.Errorf("after the start there are uploads of a server that was killed: %v", left)
	}
	if s.writers == nil {
		c.login(s.t, s.db.folder())
		s.token = c.token
		s.checkDemo(c)
		s.populate(c)
		return p, c
	}
	c.token = s.token // sessions are promises, too
	s.checkRecords(c)
	s.checkDocuments(c, false)
	return p, c
}

// checkDemo checks that the demo is complete, whenever the server was killed
// while it made it.
func (s *siege) checkDemo(c *client) {
	s.t.Helper()
	for path, least := range map[string]int{"/accounts": 200, "/contacts": 600, "/opportunities": 300, "/activities": 1000, "/documents": 10} {
		rows, err := c.list(path, "")
		if err != nil {
			s.t.Fatal(err)
		}
		if len(rows) < least {
			s.t.Errorf("the demo has %d of %s, want %d at least", len(rows), path, least)
		}
	}
}

// populate makes the clients, and the records that they share.
func (s *siege) populate(c *client) {
	s.t.Helper()
	owner := &writer{name: "shared"}
	v := &visit{writer: owner, client: c, p: &process{}, m: &moment{what: events}}
	for range 6 {
		if err := v.create(v.record(accounts)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.shared = owner.records
	s.writers = append(s.writers, owner)
	for i, work := range []func(*visit) error{singles, singles, singles, together, together, bulk, documents, documents, documents} {
		w := &writer{name: strconv.Itoa(i), work: work, shared: s.shared}
		if i == 4 {
			w.part = 1
		}
		s.writers = append(s.writers, w)
	}
}

// killAtWork lets all clients work until something has happened a random number
// of times, and then kills the server in the middle of it.
func (s *siege) killAtWork() {
	s.t.Helper()
	p, c := s.live()
	m := &moment{what: event(s.rng.IntN(int(events)))}
	m.left.Store(1 + s.rng.Int64N(map[event]int64{asked: 400, answered: 300, sent: 12 << 20}[m.what]))
	asksFirst := s.rng.IntN(5) == 0
	grace := time.Duration(s.rng.Int64N(int64(50 * time.Millisecond)))
	m.kill = func() {
		p.killed.Store(true)
		if asksFirst { // and hits it while it stops
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-time.After(grace):
			case <-p.exited:
			}
		}
		_ = p.cmd.Process.Kill() // fails when it is gone already
	}
	var working sync.WaitGroup
	for _, w := range s.writers {
		if w.work == nil {
			continue
		}
		v := &visit{writer: w, client: c, p: p, m: m, rng: rand.New(rand.NewPCG(s.rng.Uint64(), 0))}
		working.Go(func() {
			if err := v.run(); err != nil {
				s.t.Error(err)
				p.kill() // and thereby end the others
			}
		})
	}
	working.Wait()
	if asksFirst {
		s.orderly++
	}
	c.http.CloseIdleConnections()
	s.kill(p)
}

// checkRecords compares all records of the test with what was promised.
func (s *siege) checkRecords(c *client) {
	s.t.Helper()
	for _, k := range []*kind{accounts, contacts} { // in this order: contacts show titles of accounts
		rows, err := c.list(k.path, "extId LIKE '"+mark+"%'")
		if err != nil {
			s.t.Fatal(err)
		}
		byExt := map[string]map[string]any{}
		for _, row := range rows {
			ext, _ := row["extId"].(string)
			if byExt[ext] != nil {
				s.t.Errorf("%s is there twice", ext)
			}
			byExt[ext] = row
		}
		for _, w := range s.writers {
			s.checkWriter(w, k, byExt)
		}
		for ext, row := range byExt {
			s.t.Errorf("%s is there, but nobody has made it: %v", ext, row)
		}
		s.checkSearch(c, k)
	}
	for _, w := range s.writers {
		s.tally.add(w.tally)
		w.tally = tally{}
	}
}

// checkWriter checks the records of one writer, and takes their rows out of byExt.
func (s *siege) checkWriter(w *writer, k *kind, byExt map[string]map[string]any) {
	kept := w.records[:0]
	for _, r := range w.records {
		if r.kind != k {
			kept = append(kept, r)
			continue
		}
		row := byExt[r.ext]
		delete(byExt, r.ext)
		if row == nil {
			if r.id != 0 {
				s.t.Errorf("%s %d was acknowledged and is not there", r.ext, r.id)
			}
			w.didNot++
			continue
		}
		kept = append(kept, r)
		before := *r
		open := make([]int64, len(r.parts))
		for i, p := range r.parts {
			if len(p.open) > 0 {
				open[i] = p.open[0]
			}
		}
		if err := r.check(row); err != nil {
			s.t.Error(err)
			continue
		}
		if before.id == 0 {
			w.did++
		}
		for i, p := range r.parts {
			w.settled(open[i] != 0, p.promised == open[i])
		}
		w.settled(before.deleted == perhaps, r.deleted == done)
		s.verified.records++
	}
	w.records = kept
}

// settled notes what became of a change that was open.
func (a *tally) settled(open, did bool) {
	switch {
	case open && did:
		a.did++
	case open:
		a.didNot++
	}
}

// checkSearch looks for parts of titles, which is answered from an index of its own.
func (s *siege) checkSearch(c *client, k *kind) {
	s.t.Helper()
	field := "name"
	if k == contacts {
		field = "lastName"
	}
	for range 5 {
		w := s.writers[s.rng.IntN(len(s.writers))]
		if len(w.records) == 0 {
			continue
		}
		r := w.records[s.rng.IntN(len(w.records))]
		if r.kind != k {
			continue
		}
		title := k.parts[0](r.parts[0].promised, r.ext)[field].(string)
		part := strings.ReplaceAll(title[len(mark)-1:], "'", "''") // from a dash on, as it stands in the middle
		rows, err := c.list(k.path, fmt.Sprintf("%s LIKE '%%%s%%'", field, part))
		if err != nil {
			s.t.Fatal(err)
		}
		found := false
		for _, row := range rows {
			found = found || row["extId"] == r.ext
		}
		if !found {
			s.t.Errorf("%s is not found by %q in its %s", r.ext, part, field)
		}
	}
}

// checkDocuments compares all documents of the test with what was promised. The
// contents of each are read once, or again if asked for.
func (s *siege) checkDocuments(c *client, again bool) {
	s.t.Helper()
	rows, err := c.list("/documents", "description LIKE '"+mark+"%'")
	if err != nil {
		s.t.Fatal(err)
	}
	byName := map[string]map[string]any{}
	for _, row := range rows {
		name, _ := row["description"].(string)
		if byName[name] != nil {
			s.t.Errorf("document %s is there twice", name)
		}
		byName[name] = row
	}
	for _, w := range s.writers {
		kept := w.files[:0]
		for _, f := range w.files {
			row := byName[f.name]
			delete(byName, f.name)
			stored, deleted := f.stored, f.deleted
			switch {
			case row == nil && f.stored == done:
				s.t.Errorf("document %s was uploaded and is not there", f.name)
			case row == nil:
				f.stored = not
			default:
				if err := f.check(row); err != nil {
					s.t.Error(err)
					continue
				}
				if !f.checked || again {
					s.checkContents(c, f, row)
				}
			}
			w.settled(stored == perhaps, f.stored == done)
			w.settled(deleted == perhaps, f.deleted == done)
			if f.id != 0 { // one whose announcement was not answered can never come
				kept = append(kept, f)
			}
		}
		w.files = kept
	}
	for name, row := range byName {
		s.t.Errorf("document %s is there, but nobody has uploaded it: %v", name, row)
	}
	for _, w := range s.writers {
		s.tally.add(w.tally)
		w.tally = tally{}
	}
}

// checkContents reads a document by its link, unless it is deleted.
func (s *siege) checkContents(c *client, f *file, row map[string]any) {
	s.t.Helper()
	if f.deleted == done {
		return
	}
	link, _ := row["link"].(string)
	at, err := url.Parse(link)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequest("GET", c.base+at.Path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := c.do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if got := hashOf(a.body); a.status != http.StatusOK || got != f.hash || len(a.body) != f.size {
		s.t.Errorf("document %s: status %d, %d bytes with hash %s; want %d with %s", f.name, a.status, len(a.body), got, f.size, f.hash)
	}
	f.checked = true
	s.verified.files++
	s.verified.bytes += int64(f.size)
}

// blob is a file below the folder of contents.
type blob struct {
	path string
	size int64
}

// blobs returns the contents of a workspace by hash.
func (s *siege) blobs(location string) map[string]blob {
	s.t.Helper()
	contents := map[string]blob{}
	root := filepath.Join(s.db.folder(), "blobs", location)
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if filepath.Base(filepath.Dir(path)) == "tmp" {
			return nil // see unfinished
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		contents[e.Name()] = blob{path, info.Size()}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		s.t.Fatal(err)
	}
	return contents
}

// checkFiles checks that the rows of documents and the files agree. No server
// runs. With bytes, the files are read.
func (s *siege) checkFiles(bytes bool) {
	s.t.Helper()
	for _, w := range s.db.documents(s.t) {
		contents := s.blobs(w.location)
		for _, d := range w.rows {
			ready := d.state == "ready"
			if ready != (d.hash != "") || ready != (d.size > 0) {
				s.t.Errorf("%s: document %d is %s, has size %d and hash %q", w.location, d.id, d.state, d.size, d.hash)
			}
			b, there := contents[d.hash]
			switch {
			case !ready:
			case !there:
				s.t.Errorf("%s: the contents %s of document %d are not there", w.location, d.hash, d.id)
			case b.size != d.size:
				s.t.Errorf("%s: the contents %s of document %d have %d bytes, want %d", w.location, d.hash, d.id, b.size, d.size)
			}
		}
		for hash, b := range contents {
			if !bytes {
				break
			}
			data, err := os.ReadFile(b.path)
			if err != nil {
				s.t.Fatal(err)
			}
			if got := hashOf(data); got != hash {
				s.t.Errorf("%s: the file %s has the contents %s", w.location, hash, got)
			}
		}
	}
}

// end checks everything once more, and that nothing is left behind once what the
// kills left is old enough to be removed.
func (s *siege) end() {
	s.t.Helper()
	p, c := s.live()
	s.checkDocuments(c, true)
	p.stop()
	s.db.settle(s.t)
	s.db.check(s.t)
	s.checkFiles(true)

	old := time.Now().Add(-48 * time.Hour) // the server waits a day
	wanted := map[string]map[string]bool{}
	for _, w := range s.db.documents(s.t) {
		wanted[w.location] = map[string]bool{}
		for _, d := range w.rows {
			if d.state == "ready" { // also if it was deleted, which was less than a day ago
				wanted[w.location][d.hash] = true
			}
		}
		for _, b := range s.blobs(w.location) {
			if err := os.Chtimes(b.path, old, old); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	location := s.db.location(s.t)
	p, c = s.live()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		contents := s.blobs(location)
		if len(contents) == len(wanted[location]) {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("%v after the start there are %d contents; want %d\n%s",
				patience, len(contents), len(wanted[location]), p.complaints())
		}
	}
	s.checkDocuments(c, true)
	p.stop()
	s.checkFiles(true)
}
