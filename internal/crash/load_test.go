package crash_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// moment is when the server is killed: as soon as something has happened for the
// n-th time. That says more about where it gets hit than a time would.
type moment struct {
	what event
	left atomic.Int64
	kill func()
}

type event uint8

const (
	asked    event = iota // a request was written
	answered              // a change was acknowledged
	sent                  // a byte of a document was sent
	events
)

func (e event) String() string { return [...]string{"requests", "answers", "bytes"}[e] }

// happened counts n events.
func (m *moment) happened(what event, n int64) {
	if what == m.what && n > 0 {
		if left := m.left.Add(-n); left <= 0 && left+n > 0 {
			m.kill()
		}
	}
}

// tally counts what was acknowledged and what became of the rest.
type tally struct {
	creates, updates, deletes, uploads, bytes int64 // acknowledged
	did, didNot                               int64 // not answered, and done or not
}

func (a *tally) add(b tally) {
	a.creates += b.creates
	a.updates += b.updates
	a.deletes += b.deletes
	a.uploads += b.uploads
	a.bytes += b.bytes
	a.did += b.did
	a.didNot += b.didNot
}

// writer is one client. What it has made belongs to it alone, except that parts
// of records are shared out. It is used by one goroutine at a time.
type writer struct {
	name    string
	next    int64 // numbers everything it writes
	records []*record
	files   []*file
	shared  []*record // of which it writes one part
	part    int
	work    func(*visit) error
	tally
}

// errGone is that no answer came, as it must be when the server is killed.
var errGone = errors.New("no answer")

// visit is one writer at work on one process.
type visit struct {
	*writer
	*client
	p   *process
	m   *moment
	rng *rand.Rand
}

// run works until the server is gone.
func (v *visit) run() error {
	for {
		if err := v.work(v); errors.Is(err, errGone) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
}

// send sends a request and expects it to be answered with 200, or not at all
// because the server is gone.
func (v *visit) send(req *http.Request) (*answer, error) {
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { v.m.happened(asked, 1) }}
	a, err := v.do(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	switch {
	case err != nil && v.p.killed.Load():
		return nil, errGone
	case err != nil:
		return nil, fmt.Errorf("%s %s: the server runs and does not answer: %w", req.Method, req.URL.Path, err)
	case a.status != http.StatusOK:
		return nil, fmt.Errorf("%s %s: %v", req.Method, req.URL.Path, a)
	}
	return a, nil
}

// ask sends JSON and reads JSON.
func (v *visit) ask(method, path string, body, into any) error {
	req, err := v.request(method, path, body)
	if err != nil {
		return err
	}
	a, err := v.send(req)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s %s: %w in %v", method, path, err, a)
	}
	return nil
}

// reply is the answer to a change.
type reply struct {
	Message string
	ID      int64
}

func (v *visit) number() int64 {
	v.next++
	return v.next
}

// record begins a new record, which is not there yet.
func (v *visit) record(k *kind) *record {
	r := &record{kind: k, ext: fmt.Sprintf("%s%s-%d", mark, v.name, v.number()), parts: make([]part, len(k.parts))}
	v.records = append(v.records, r)
	return r
}

func (v *visit) create(r *record) error {
	var got reply
	if err := v.ask("POST", r.kind.path, r.values(created), &got); err != nil {
		return err
	}
	if got.Message != "entity created" || got.ID <= 0 {
		return fmt.Errorf("creating %s: %+v", r.ext, got)
	}
	r.id = got.ID
	v.creates++
	v.m.happened(answered, 1)
	return nil
}

func (v *visit) update(r *record, i int) error {
	n := v.number()
	p := &r.parts[i]
	p.open = []int64{n}
	var got reply
	if err := v.ask("PUT", fmt.Sprintf("%s/%d", r.kind.path, r.id), r.kind.parts[i](n, r.ext), &got); err != nil {
		return err
	}
	if got.Message != "entity updated" {
		return fmt.Errorf("updating %s: %+v", r.ext, got)
	}
	p.promised, p.open = n, nil
	v.updates++
	v.m.happened(answered, 1)
	return nil
}

func (v *visit) delete(r *record) error {
	r.deleted = perhaps
	var got reply
	if err := v.ask("DELETE", fmt.Sprintf("%s/%d", r.kind.path, r.id), nil, &got); err != nil {
		return err
	}
	if got.Message != "entity deleted" {
		return fmt.Errorf("deleting %s: %+v", r.ext, got)
	}
	r.deleted = done
	v.deletes++
	v.m.happened(answered, 1)
	return nil
}

// look reads a record back and expects the part that v writes to be as promised.
func (v *visit) look(r *record, i int) error {
	var row map[string]any
	if err := v.ask("GET", fmt.Sprintf("%s/%d", r.kind.path, r.id), nil, &row); err != nil {
		return err
	}
	if diff := differences(row, r.kind.parts[i](r.parts[i].promised, r.ext)); diff != "" {
		return fmt.Errorf("%s, read back:\n%s", r.ext, diff)
	}
	return nil
}

// living returns a random own record that takes changes, or nil.
func (v *visit) living() *record {
	for range 10 {
		if len(v.records) == 0 {
			return nil
		}
		if r := v.records[v.rng.IntN(len(v.records))]; r.id != 0 && r.deleted == not {
			return r
		}
	}
	return nil
}

// singles creates, updates, deletes and reads records one by one.
func singles(v *visit) error {
	r := v.living()
	switch n := v.rng.IntN(10); {
	case r == nil || n < 3:
		return v.create(v.record(accounts))
	case n < 5:
		if r.kind != accounts {
			return v.look(r, 0)
		}
		c := v.record(contacts)
		c.account = r
		return v.create(c)
	case n < 8:
		return v.update(r, v.rng.IntN(len(r.parts)))
	case n < 9:
		return v.look(r, 0)
	default:
		return v.delete(r)
	}
}

// together updates its own fields of records whose other fields another client
// updates at the same time.
func together(v *visit) error {
	r := v.shared[v.rng.IntN(len(v.shared))]
	if err := v.update(r, v.part); err != nil || v.rng.IntN(4) > 0 {
		return err
	}
	return v.look(r, v.part)
}

// item is one of a bulk request, or of the answer to it.
type item struct {
	GUID    string         `json:"guid"`
	ID      int64          `json:"id,omitempty"`
	Data    map[string]any `json:"data,omitempty"`
	Code    int            `json:"code,omitempty"`
	Message string         `json:"message,omitempty"`
}

// maxItems is how many records one bulk request has here.
const maxItems = 50

// bulk creates or updates many records with one request. Some items are bad, and
// must not harm the others.
func bulk(v *visit) error {
	method := "POST"
	n := 1 + v.rng.IntN(maxItems)
	var items []item
	var records []*record // of items; nil for bad ones
	var chosen map[*record]bool
	if len(v.records) > maxItems && v.rng.IntN(3) == 0 {
		method, chosen = "PUT", map[*record]bool{}
	}
	for i := range n {
		it := item{GUID: fmt.Sprint(i)}
		var r *record
		switch {
		case v.rng.IntN(12) == 0 && method == "POST":
			it.Data = map[string]any{"extId": fmt.Sprintf("%s%s-bad", mark, v.name), "salesRepId1": 1} // no name
		case method == "POST":
			r = v.record(accounts)
			it.Data = r.values(created)
		default:
			if r = v.living(); r == nil || chosen[r] {
				continue
			}
			chosen[r] = true
			number := v.number()
			r.parts[1].open = []int64{number}
			it.ID, it.Data = r.id, r.kind.parts[1](number, r.ext)
		}
		items, records = append(items, it), append(records, r)
	}
	var got []item
	if err := v.ask(method, "/accounts/bulk", items, &got); err != nil {
		return err
	}
	if len(got) != len(items) {
		return fmt.Errorf("%d answers to a bulk request of %d items", len(got), len(items))
	}
	for i, g := range got {
		r := records[i]
		switch {
		case g.GUID != items[i].GUID || (g.Code == 1) != (r != nil):
			return fmt.Errorf("item %+v is answered with %+v", items[i], g)
		case r == nil:
		case method == "POST":
			r.id = g.ID
			v.creates++
		default:
			r.parts[1].promised, r.parts[1].open = r.parts[1].open[0], nil
			v.updates++
		}
	}
	v.m.happened(answered, 1)
	return nil
}

// maxFile is the size of the largest document, in bytes.
const maxFile = 3 << 20

// documents announces, uploads, reads and deletes documents. v.shared has the
// records they belong to.
func documents(v *visit) error {
	n := v.rng.IntN(12)
	if len(v.files) == 0 || n < 5 {
		f, err := v.announce()
		if err != nil || v.rng.IntN(8) == 0 {
			return err // the bytes never come, or later
		}
		return v.upload(f)
	}
	f := v.files[v.rng.IntN(len(v.files))]
	switch {
	case f.id == 0 || f.deleted != not:
		return nil
	case f.stored == not && n < 9:
		return v.upload(f)
	case f.stored == not:
		return nil
	case n < 11:
		return v.download(f)
	default:
		return v.discard(f)
	}
}

func (v *visit) announce() (*file, error) {
	f := &file{
		name:    fmt.Sprintf("%s%s-%d.bin", mark, v.name, v.number()),
		account: v.shared[v.rng.IntN(len(v.shared))],
		seed:    v.rng.Uint64(),
		size:    int(math.Exp(v.rng.Float64() * math.Log(maxFile))), // as many small as large ones
	}
	if v.rng.IntN(5) == 0 {
		f.seed, f.size = v.rng.Uint64N(3), 70_000 // the same contents again and again
	}
	f.hash = hashOf(f.bytes())
	v.files = append(v.files, f)
	var got struct {
		ID      int64
		Locator string
	}
	err := v.ask("POST", fmt.Sprintf("/accounts/%d/documents", f.account.id), map[string]any{"name": f.name}, &got)
	if err != nil {
		return f, err
	}
	at, err := url.Parse(got.Locator)
	if err != nil || got.ID <= 0 {
		return f, fmt.Errorf("announcing %s: %+v", f.name, got)
	}
	// After a restart the server has another port, and the rest stays good.
	f.id, f.locator = got.ID, at.Path
	v.creates++
	v.m.happened(answered, 1)
	return f, nil
}

// counted tells the moment how much was read of it.
type counted struct {
	io.Reader
	m *moment
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p[:min(len(p), 16<<10)])
	c.m.happened(sent, int64(n))
	return n, err
}

func (v *visit) upload(f *file) error {
	req, err := http.NewRequest("PUT", v.base+f.locator, &counted{bytes.NewReader(f.bytes()), v.m})
	if err != nil {
		return err
	}
	if v.rng.IntN(4) > 0 {
		req.ContentLength = int64(f.size) // otherwise in chunks
	}
	f.stored = perhaps
	a, err := v.send(req)
	if err != nil {
		return err
	}
	if got, want := a.header.Get("ETag"), `"`+f.hash+`"`; got != want {
		return fmt.Errorf("uploading %s: ETag %s, want %s", f.name, got, want)
	}
	f.stored = done
	v.uploads++
	v.bytes += int64(f.size)
	v.m.happened(answered, 1)
	return nil
}

func (v *visit) download(f *file) error {
	var row map[string]any
	if err := v.ask("GET", fmt.Sprintf("/documents/%d", f.id), nil, &row); err != nil {
		return err
	}
	link, _ := row["link"].(string)
	req, err := http.NewRequest("GET", link, nil)
	if err != nil {
		return err
	}
	a, err := v.send(req)
	if err != nil {
		return err
	}
	if got := hashOf(a.body); got != f.hash {
		return fmt.Errorf("%s has %d bytes with hash %s, want %d with %s", f.name, len(a.body), got, f.size, f.hash)
	}
	return nil
}

func (v *visit) discard(f *file) error {
	f.deleted = perhaps
	var got reply
	if err := v.ask("DELETE", fmt.Sprintf("/documents/%d", f.id), nil, &got); err != nil {
		return err
	}
	f.deleted = done
	v.deletes++
	v.m.happened(answered, 1)
	return nil
}
