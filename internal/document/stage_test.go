package document_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// stage writes files into a new batch.
func (w *world) stage(files ...string) *document.Batch {
	w.t.Helper()
	b := w.docs.Batch()
	for _, data := range files {
		f, err := b.Create(w.t.Context())
		if err == nil {
			_, err = io.WriteString(f, data)
		}
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return b
}

func named(names ...string) (reqs []document.Request) {
	for _, n := range names {
		reqs = append(reqs, document.Request{Name: n})
	}
	return reqs
}

// Files of one request become documents all together.
func TestBatch(t *testing.T) {
	w := newWorld(t)
	b := w.stage("one", "%PDF-1.7", "one")
	w.expect(nil, 2, 0)
	if r := b.Receipt(1); b.Len() != 3 || r.Size != 8 || r.ContentType != "application/pdf" || b.Receipt(0).Hash != b.Receipt(2).Hash {
		t.Errorf("%+v", r)
	}
	ids, err := b.Add(t.Context(), w.actor, named("a.txt", "b.pdf", "c.txt"))
	if err != nil {
		t.Fatal(err)
	}
	b.Discard(t.Context())
	w.expect(ids, 2, 0)
	for i, want := range []string{"one", "%PDF-1.7", "one"} {
		if got, d, err := w.download(ids[i]); err != nil || string(got) != want || d.Name != []string{"a.txt", "b.pdf", "c.txt"}[i] {
			t.Errorf("%d: %q, %+v, %v", i, got, d, err)
		}
	}
}

// Whatever is wrong with one of them, nothing is kept of all.
func TestBatchRefused(t *testing.T) {
	w := newWorld(t)
	kept := w.put("kept", []byte("kept"))
	for name, reqs := range map[string][]document.Request{
		"name":   named("a", " "),
		"type":   {{Name: "a"}, {Name: "b.exe", Policy: document.Policy{Extensions: []string{"pdf"}}}},
		"record": {{Name: "a"}, {Name: "b", Resource: w.catalog.Resource("accounts"), RecordID: 99}},
		"number": named("a"),
	} {
		if _, err := w.stage("kept", "new").Add(t.Context(), w.actor, reqs); err == nil {
			t.Errorf("%s: no error", name)
		}
		w.expect([]int64{kept}, 1, 0)
	}
	for _, kind := range []fault.Kind{fault.Conflict, fault.Unavailable} {
		failure := error(fault.New(kind, "no"))
		w.store.err.Store(&failure)
		_, err := w.stage("kept", "new").Add(t.Context(), w.actor, named("a", "b"))
		wantKind(t, "Add", err, kind)
		w.store.err.Store(nil)
		contents := 1
		if kind == fault.Unavailable { // the row may yet appear
			contents = 2
		}
		w.expect([]int64{kept}, contents, 0)
	}
}

// A record and its documents come about together, or not at all.
func TestBatchTogether(t *testing.T) {
	w := newWorld(t)
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	records, err := crm.New(t.Context(), crm.Config{Store: w.store, Registry: registry, Clock: w.cfg.Clock})
	if err != nil {
		t.Fatal(err)
	}
	accounts := records.Catalog().Resource("accounts")
	count := func() int {
		found, err := records.List(t.Context(), w.actor, crm.ListRequest{Resource: accounts, Language: -1, Size: 100})
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Rows)
	}
	before := count()
	old := w.put("old", []byte("old"))
	add := func(b *document.Batch, remove []int64, failure error, names ...string) ([]int64, error) {
		return b.Together(t.Context(), w.actor, records, func(t *crm.Together) (reqs []document.Request, _ []int64, err error) {
			id, err := t.Create(accounts, crm.Input{"name": []byte(`"New"`), "salesRepId1": fmt.Append(nil, w.actor.UserID)})
			for _, name := range names {
				reqs = append(reqs, document.Request{Name: name, Resource: accounts, RecordID: id})
			}
			return reqs, remove, errors.Join(err, failure)
		})
	}
	for what, try := range map[string]func(b *document.Batch) error{
		"record": func(b *document.Batch) error {
			_, err := add(b, nil, fault.InField("name", "no"), "a", "b")
			return err
		},
		"name":     func(b *document.Batch) error { _, err := add(b, nil, nil, "a", " "); return err },
		"document": func(b *document.Batch) error { _, err := add(b, []int64{old, 99}, nil, "a", "b"); return err },
	} {
		if err := try(w.stage("one", "two")); err == nil {
			t.Errorf("%s: no error", what)
		}
		w.expect([]int64{old}, 1, 0)
		if n := count(); n != before {
			t.Errorf("%s: %d accounts, want %d", what, n, before)
		}
	}
	ids, err := add(w.stage("one", "two"), []int64{old}, nil, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if n := count(); n != before+1 {
		t.Errorf("%d accounts, want %d", n, before+1)
	}
	w.expect(append([]int64{old}, ids...), 3, 0) // the old contents are left to the sweeper
	if w.value(old, "deleted").I != 1 {
		t.Error("the document that was to be deleted is not")
	}
	if _, err := add(w.docs.Batch(), nil, nil); err != nil || count() != before+2 {
		t.Errorf("without files: %v, %d accounts", err, count())
	}
}

func TestBatchDiscarded(t *testing.T) {
	w := newWorld(t)
	kept := w.put("kept", []byte("kept"))
	b := w.stage("kept", "new", strings.Repeat("large", 200_000))
	f, err := b.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "cut off"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.stage("new").Add(t.Context(), w.actor, named("a", "one too many")); err == nil {
		t.Error("no error")
	}
	w.expect([]int64{kept}, 3, 1) // the other batch still needs what this one has discarded
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.Discard(ctx)
	b.Discard(ctx)
	w.expect([]int64{kept}, 1, 0)

	if f, err = w.docs.Batch().Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(make([]byte, w.cfg.MaxSize+1))
	wantKind(t, "a file beyond the limit", err, fault.TooLarge)
}

// A file that was not closed is no document.
func TestBatchOpen(t *testing.T) {
	w := newWorld(t)
	b := w.stage("one")
	if _, err := b.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add(t.Context(), w.actor, named("a", "b")); err == nil {
		t.Error("no error")
	}
	w.expect(nil, 0, 0)
}

// antivirus finds "virus" in contents.
type antivirus struct {
	mu    sync.Mutex
	fail  error // instead of a verdict
	asked int
}

func (a *antivirus) set(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail = err
}

func (a *antivirus) Scan(_ context.Context, content io.Reader) (string, error) {
	data, err := io.ReadAll(content)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	switch {
	case err != nil:
		return "", err
	case a.fail != nil:
		return "", a.fail
	case bytes.Contains(data, []byte("unscannable")):
		return "", errors.New("too strange")
	case bytes.Contains(data, []byte("virus")):
		return "Test-1", nil
	}
	return "", nil
}

// guarded is a workspace with a scanner.
func guarded(t *testing.T, quarantine bool) (*world, *antivirus) {
	t.Helper()
	w, a := newWorld(t), &antivirus{}
	w.cfg.Scanner, w.cfg.Quarantine = a, quarantine
	var err error
	if w.docs, err = document.New(w.cfg); err != nil {
		t.Fatal(err)
	}
	return w, a
}

func TestScanned(t *testing.T) {
	w, _ := guarded(t, false)
	id := w.put("clean", []byte("clean"))
	if got := w.value(id, "scan").S; got != "clean" {
		t.Errorf("scan is %q", got)
	}
	w.expect([]int64{id}, 1, 0)

	// One infected file of several refuses all.
	_, err := w.stage("fine", "a virus", "fine too").Add(t.Context(), w.actor, named("a", "b", "c"))
	wantKind(t, "Add", err, fault.Invalid)
	if !strings.Contains(fault.Message(err), "Test-1") {
		t.Errorf("%v", err)
	}
	_, _, err = w.docs.Add(t.Context(), w.actor, document.Request{Name: "a"}, strings.NewReader("a virus"))
	wantKind(t, "Add", err, fault.Invalid)
	w.expect([]int64{id}, 1, 0)

	// A locator takes nothing after an infected file.
	ticket := w.create(document.Request{Name: "x"})
	_, err = w.receive(ticket, []byte("a virus"))
	wantKind(t, "Receive", err, fault.Invalid)
	_, err = w.receive(ticket, []byte("clean after all"))
	wantKind(t, "Receive again", err, fault.Conflict)
	if state, scan := w.value(ticket.ID, "state").S, w.value(ticket.ID, "scan").S; state != "refused" || scan != "infected" {
		t.Errorf("state %q, scan %q", state, scan)
	}
	w.expect([]int64{id}, 1, 0)
}

// Without a verdict nothing is shown. What the scanner's silence refused may be sent
// again.
func TestScannerDown(t *testing.T) {
	w, a := guarded(t, false)
	for name, failure := range map[string]struct {
		err  error
		kind fault.Kind
	}{
		"down":      {fault.New(fault.Unavailable, "no"), fault.Unavailable},
		"silent":    {fault.New(fault.Timeout, "no"), fault.Unavailable},
		"too large": {fault.New(fault.TooLarge, "no"), fault.TooLarge},
		"strange":   {errors.New("no"), fault.Invalid},
	} {
		a.set(failure.err)
		ticket := w.create(document.Request{Name: "x"})
		_, err := w.receive(ticket, []byte(name))
		wantKind(t, name, err, failure.kind)
		w.expect(w.visible(), len(w.visible()), 0)
		a.set(nil)
		if _, err = w.receive(ticket, []byte(name)); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
	}
	w.expect(w.visible(), 4, 0)
}

func TestQuarantine(t *testing.T) {
	w, a := guarded(t, true)
	a.set(fault.New(fault.Unavailable, "no"))
	ticket := w.create(document.Request{Name: "x"})
	if _, err := w.receive(ticket, []byte("clean")); err != nil {
		t.Fatal(err)
	}
	_, err := w.receive(ticket, []byte("once more"))
	wantKind(t, "Receive again", err, fault.Conflict)
	ids, err := w.stage("clean 2", "a virus", "unscannable").Add(t.Context(), w.actor, named("a", "b", "c"))
	if err != nil {
		t.Fatal(err)
	}
	deleted, _, err := w.docs.Add(t.Context(), w.actor, document.Request{Name: "d"}, strings.NewReader("clean 3"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.docs.Delete(t.Context(), w.actor, deleted); err != nil {
		t.Fatal(err)
	}
	w.expect(nil, 5, 0)
	changes := func(id int64) (n int) {
		all, err := w.store.Changes(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.Resource == "documents" && c.ID == id && c.Kind == crm.Created {
				n++
			}
		}
		return n
	}
	if changes(ticket.ID) != 0 {
		t.Error("a document in quarantine was announced")
	}

	// While the scanner is silent nothing changes, and nothing in use is swept.
	w.machine.Add(48 * 3600_000)
	if _, err := w.docs.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := a.asked
	if n, err := w.docs.Rescan(t.Context(), true); n != 0 || err != nil || a.asked != before+1 {
		t.Errorf("silent: %d, %v, asked %d times", n, err, a.asked-before)
	}
	w.expect(nil, 5, 0)

	a.set(nil)
	if n, err := w.docs.Rescan(t.Context(), false); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.expect([]int64{ticket.ID, ids[0]}, 4, 0) // the infected one is gone; that deleted lately stays
	for id, want := range map[int64]string{ticket.ID: "clean", ids[0]: "clean", ids[1]: "infected", ids[2]: "failed", deleted: "pending"} {
		if got := w.value(id, "scan").S; got != want {
			t.Errorf("%d: %q, want %q", id, got, want)
		}
	}
	if changes(ticket.ID) != 1 || changes(ids[0]) != 1 || changes(ids[1]) != 0 {
		t.Error("documents were not announced when they left the quarantine")
	}
	if got, _, err := w.download(ticket.ID); string(got) != "clean" || err != nil {
		t.Errorf("%q, %v", got, err)
	}

	// What the scanner does not take is tried again only with all.
	before = a.asked
	if n, err := w.docs.Rescan(t.Context(), false); n != 0 || err != nil || a.asked != before {
		t.Errorf("%d, %v, asked %d times", n, err, a.asked-before)
	}
	if _, err := w.docs.Rescan(t.Context(), true); err != nil || a.asked != before+1 {
		t.Errorf("%v, asked %d times", err, a.asked-before)
	}
}

// More documents in quarantine than are looked up at once.
func TestQuarantineLong(t *testing.T) {
	w, a := guarded(t, true)
	a.set(fault.New(fault.Unavailable, "no"))
	const n = 130
	for i := range n {
		if _, _, err := w.docs.Add(t.Context(), w.actor, document.Request{Name: "x"}, bytes.NewReader([]byte{byte(i)})); err != nil {
			t.Fatal(err)
		}
	}
	a.set(errors.New("strange"))
	if released, err := w.docs.Rescan(t.Context(), false); released != 0 || err != nil {
		t.Errorf("%d, %v", released, err)
	}
	a.set(nil)
	if released, err := w.docs.Rescan(t.Context(), true); released != n || err != nil {
		t.Errorf("%d, %v", released, err)
	}
	if got := len(w.list(document.Visible(w.res()))); got != n {
		t.Errorf("%d are visible", got)
	}
}

// slow is a store in which the next commit takes until it is let go on.
type slow struct {
	walker
	next   atomic.Bool
	begun  chan struct{}
	resume chan struct{}
}

func (s *slow) Create(ctx context.Context) (blob.Upload, error) {
	u, err := s.walker.Create(ctx)
	return &slowUpload{u, s}, err
}

type slowUpload struct {
	blob.Upload
	s *slow
}

func (u *slowUpload) Commit(ctx context.Context) (string, int64, error) {
	if u.s.next.CompareAndSwap(true, false) {
		close(u.s.begun)
		<-u.s.resume
	}
	return u.Upload.Commit(ctx)
}

// A file that takes long to become durable holds up no other, whether that is kept or
// refused.
func TestSlowCommit(t *testing.T) {
	w := newWorld(t)
	s := &slow{walker: w.blobs, begun: make(chan struct{}), resume: make(chan struct{})}
	w.cfg.Blobs = s
	docs, err := document.New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.docs = docs
	refused := w.stage("refused")
	large := w.docs.Batch()
	f, err := large.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, "large"); err != nil {
		t.Fatal(err)
	}
	s.next.Store(true)
	var uploads sync.WaitGroup
	uploads.Go(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	<-s.begun
	uploads.Go(func() { refused.Discard(t.Context()) })
	ids, err := w.stage("small").Add(t.Context(), w.actor, named("small.txt"))
	if err != nil {
		t.Fatal(err)
	}
	w.stage("refused as well").Discard(t.Context())
	close(s.resume)
	uploads.Wait()
	more, err := large.Add(t.Context(), w.actor, named("large.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ids = append(ids, more...)
	w.machine.Add(2 * time.Hour.Milliseconds())
	if _, err := w.docs.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(ids, 2, 0)
}
