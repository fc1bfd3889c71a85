package document_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/blob/disk"
	"github.com/dossier-crm/dossier/internal/blob/s3"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// world is a workspace with one user, an account and a product.
type world struct {
	t        testing.TB
	cfg      document.Config
	docs     *document.Service
	store    *failing
	catalog  *resource.Catalog
	blobs    walker
	dir      string // of contents on disk
	actor    crm.Actor
	account  int64
	product  int64
	tick     atomic.Int64 // ms added to the clock
	machine  atomic.Int64 // ms added to the storage's clock
	tempLeft func() int
}

type walker interface {
	blob.Store
	blob.Walker
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 345e6, time.UTC)

// failing is a store whose writes can be made to fail.
type failing struct {
	crm.Store
	err   atomic.Pointer[error]
	after atomic.Pointer[error] // told about writes that have succeeded
	late  atomic.Bool           // writes wait for land, and fail meanwhile
	held  func(crm.Tx) error
}

// linkKey is what the services of all tests sign with.
func linkKey() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// land makes the held write after all.
func (f *failing) land() error {
	f.late.Store(false)
	return f.Store.Write(context.Background(), f.held)
}

func (f *failing) Write(ctx context.Context, fn func(crm.Tx) error) error {
	if err := f.err.Load(); err != nil {
		return *err
	}
	if f.late.Load() {
		f.held = fn
		return fault.New(fault.Unavailable, "the connection was lost during the commit")
	}
	if err := f.Store.Write(ctx, fn); err != nil {
		return err
	}
	if err := f.after.Load(); err != nil {
		return *err
	}
	return nil
}

// newWorld makes a workspace whose contents are on disk.
func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	blobs, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, dir: dir, blobs: blobs}
	w.tempLeft = func() int {
		entries, err := os.ReadDir(filepath.Join(dir, "tmp"))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	w.open()
	return w
}

// newWorldS3 makes a workspace whose contents are in a bucket.
func newWorldS3(t testing.TB) *world {
	t.Helper()
	u, err := url.Parse(testenv.S3(t))
	if err != nil {
		t.Fatal("DOSSIER_TEST_S3 is no URL")
	}
	u.Path += fmt.Sprintf("/document-%016x", rand.Uint64())
	blobs, err := s3.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, blobs: blobs}
	w.tempLeft = func() (n int) {
		if err := blobs.Uploads(t.Context(), func(string) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	w.open()
	return w
}

func (w *world) open() {
	t := w.t
	t.Helper()
	ctx := context.Background()
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	if w.catalog, err = reg.With(0, nil); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "workspace.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s, err := store.New(ctx, db, reg, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.store = &failing{Store: s}
	user := w.insert("users", nil)
	w.account = w.insert("accounts", map[string]resource.Value{"name": resource.TextValue("Acme")})
	w.product = w.insert("products", nil)
	w.actor = crm.Actor{UserID: user, Level: 5, Dialect: "sage", Credential: "17"}
	w.cfg = document.Config{
		Workspace:  "demo",
		Store:      w.store,
		Blobs:      w.blobs,
		Catalog:    func() *resource.Catalog { return w.catalog },
		Clock:      func() time.Time { return start.Add(time.Duration(w.tick.Load()) * time.Millisecond) },
		Key:        linkKey(),
		BaseURL:    "http://dossier.test/",
		MaxSize:    4 << 20,
		TicketLife: time.Hour,
		LinkLife:   10 * time.Minute,
		SafetyAge:  time.Hour,
		Machine:    func() time.Time { return time.Now().Add(time.Duration(w.machine.Load()) * time.Millisecond) },
		Logger:     slog.New(slog.DiscardHandler),
	}
	if w.docs, err = document.New(w.cfg); err != nil {
		t.Fatal(err)
	}
}

// insert adds a record with the defaults of its fields.
func (w *world) insert(name string, values map[string]resource.Value) int64 {
	w.t.Helper()
	res := w.catalog.Resource(name)
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for i, f := range res.Fields {
		rec.Values[i] = f.Default
		if v, ok := values[f.Name]; ok {
			rec.Values[i] = v
		}
	}
	err := w.store.Write(context.Background(), func(tx crm.Tx) error { return tx.Insert(context.Background(), res, rec) })
	if err != nil {
		w.t.Fatal(err)
	}
	return rec.ID
}

func (w *world) res() *resource.Resource { return w.catalog.Resource("documents") }

func (w *world) advance(d time.Duration) { w.tick.Add(d.Milliseconds()) }

func (w *world) create(req document.Request) document.Ticket {
	w.t.Helper()
	ticket, err := w.docs.Create(context.Background(), w.actor, req)
	if err != nil {
		w.t.Fatal(err)
	}
	return ticket
}

// token is what a locator or link ends in.
func token(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

func (w *world) receive(ticket document.Ticket, data []byte) (document.Receipt, error) {
	return w.docs.Receive(context.Background(), token(ticket.Locator), bytes.NewReader(data), int64(len(data)))
}

// put announces and uploads a document.
func (w *world) put(name string, data []byte) int64 {
	w.t.Helper()
	ticket := w.create(document.Request{Name: name})
	if _, err := w.receive(ticket, data); err != nil {
		w.t.Fatal(err)
	}
	return ticket.ID
}

// list returns the records that a list of documents shows.
func (w *world) list(where filter.Expr) []*resource.Record {
	w.t.Helper()
	var p crm.Page
	err := w.store.List(context.Background(), crm.Query{Resource: w.res(), Where: where, Limit: 1000, Language: -1}, &p)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Rows
}

func (w *world) visible() (ids []int64) {
	w.t.Helper()
	for _, rec := range w.list(document.Visible(w.res())) {
		ids = append(ids, rec.ID)
	}
	return ids
}

func (w *world) record(id int64) *resource.Record {
	w.t.Helper()
	var p crm.Page
	if err := w.store.Load(context.Background(), w.res(), []int64{id}, &p); err != nil || len(p.Rows) != 1 {
		w.t.Fatalf("Load(%d): %v", id, err)
	}
	return p.Rows[0]
}

func (w *world) value(id int64, field string) resource.Value {
	w.t.Helper()
	return w.record(id).Values[w.res().Field(field).Index]
}

func (w *world) link(id int64) string {
	w.t.Helper()
	link, err := w.docs.Link(context.Background(), w.res(), w.record(id))
	if err != nil {
		w.t.Fatal(err)
	}
	return link
}

// download returns the bytes behind the link of a document.
func (w *world) download(id int64) ([]byte, document.Download, error) {
	w.t.Helper()
	d, err := w.docs.OpenDownload(context.Background(), token(w.link(id)))
	if err != nil {
		return nil, d, err
	}
	data, err := io.ReadAll(d.Content)
	return data, d, errors.Join(err, d.Content.Close())
}

// contents counts what is stored.
func (w *world) contents() (n int) {
	w.t.Helper()
	err := w.blobs.Walk(context.Background(), func(string, int64, time.Time) error { n++; return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) expect(visible []int64, contents, temps int) {
	w.t.Helper()
	if got := w.visible(); !slices.Equal(got, visible) {
		w.t.Errorf("visible are %v, want %v", got, visible)
	}
	if got := w.contents(); got != contents {
		w.t.Errorf("%d contents, want %d", got, contents)
	}
	if got := w.tempLeft(); got != temps {
		w.t.Errorf("%d uploads left, want %d", got, temps)
	}
}

// random returns n bytes nobody has stored before.
func random(n int) []byte {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], rand.Uint64())
	p := make([]byte, n)
	rand.NewChaCha8(seed).Read(p) // never fails
	return p
}

func wantKind(t testing.TB, what string, err error, want fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestUpload(t *testing.T) {
	w := newWorld(t)
	data := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), random(300<<10)...)
	ticket := w.create(document.Request{
		Resource: w.catalog.Resource("products"), RecordID: w.product, Name: "Año nuevo.JPG", FolderID: -1,
		Carousel: true, ExtID: "x-1", Level: 2,
	})
	if !strings.HasPrefix(ticket.Locator, "http://dossier.test/upload/") || !ticket.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("ticket %+v", ticket)
	}
	w.expect(nil, 0, 0)
	if link := w.link(ticket.ID); link != "" {
		t.Errorf("a pending document has the link %s", link)
	}

	w.advance(time.Minute)
	receipt, err := w.receive(ticket, data)
	if err != nil {
		t.Fatal(err)
	}
	if receipt.Size != int64(len(data)) || receipt.ETag() != `"`+receipt.Hash+`"` || !blob.IsHash(receipt.Hash) {
		t.Errorf("receipt %+v", receipt)
	}
	w.expect([]int64{ticket.ID}, 1, 0)
	later := resource.IntValue(start.Add(time.Minute).UnixMilli())
	user := resource.IntValue(w.actor.UserID)
	for field, want := range map[string]resource.Value{
		"name":              resource.TextValue("0000001.jpg"),
		"description":       resource.TextValue("Año nuevo.JPG"),
		"extension":         resource.TextValue("jpg"),
		"extId":             resource.TextValue("x-1"),
		"level":             resource.IntValue(2),
		"size":              resource.IntValue(int64(len(data))),
		"carrousel":         resource.BoolValue(true),
		"productId":         resource.IntValue(w.product),
		"accountId":         {},
		"folderId":          {},
		"userId":            user,
		"dateCreated":       resource.IntValue(start.UnixMilli()),
		"dateUpdated":       later,
		"uploadedAt":        later,
		"expiresAt":         {},
		"salesRepIdCreated": user,
		"salesRepIdUpdated": user,
		"contentType":       resource.TextValue("image/jpeg"),
		"hash":              resource.TextValue(receipt.Hash),
		"source":            resource.TextValue("sage:17"),
		"deleted":           resource.BoolValue(false),
	} {
		if got := w.value(ticket.ID, field); got != want {
			t.Errorf("%s is %+v, want %+v", field, got, want)
		}
	}

	if link := w.link(ticket.ID); !strings.HasPrefix(link, "http://dossier.test/api/v4/download/") {
		t.Errorf("link %s", link)
	}
	got, d, err := w.download(ticket.ID)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("other bytes come back (%v)", err)
	}
	if d.Name != "Año nuevo.JPG" || d.ContentType != "image/jpeg" || d.ETag != receipt.ETag() || !d.Modified.Equal(start.Add(time.Minute)) {
		t.Errorf("download %+v", d)
	}
}

// Bytes come back as they went, whatever they are and are called.
func TestRoundTrip(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 20_000).Draw(rt, "data")
		name := rapid.StringMatching(`[a-z][^./\\]{0,200}`).Draw(rt, "name")
		ticket, err := w.docs.Create(context.Background(), w.actor, document.Request{Name: name})
		if err != nil {
			rt.Fatal(err)
		}
		length := int64(-1)
		if rapid.Bool().Draw(rt, "announced") {
			length = int64(len(data))
		}
		in := iotest.DataErrReader(bytes.NewReader(data)) // the end comes with the last bytes
		receipt, err := w.docs.Receive(context.Background(), token(ticket.Locator), in, length)
		if err != nil || receipt.Size != int64(len(data)) {
			rt.Fatalf("%+v, %v", receipt, err)
		}
		got, _, err := w.download(ticket.ID)
		if err != nil || !bytes.Equal(got, data) {
			rt.Fatalf("other bytes come back (%v)", err)
		}
	})
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct{ data, want string }{
		"a.txt":  {"just words", "text/plain; charset=utf-8"},
		"a.jpg":  {"<html><script>alert(1)</script></html>", "text/html; charset=utf-8"}, // as found, not as claimed
		"a":      {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"},
		"b.xlsx": {"\x00\x01\x02\x03", "application/octet-stream"},
		"empty":  {"", "text/plain"},
	} {
		id := w.put(name, []byte(c.data))
		if got := w.value(id, "contentType").S; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	w := newWorld(t)
	accounts, users := w.catalog.Resource("accounts"), w.catalog.Resource("users")
	gone := w.insert("accounts", map[string]resource.Value{"deleted": resource.BoolValue(true)})
	for name, c := range map[string]struct {
		req   document.Request
		kind  fault.Kind
		field string
	}{
		"no name":            {document.Request{}, fault.Invalid, "name"},
		"blank name":         {document.Request{Name: " \t "}, fault.Invalid, "name"},
		"long name":          {document.Request{Name: strings.Repeat("é", 256)}, fault.Invalid, "name"},
		"no folder":          {document.Request{Name: "a", FolderID: 99}, fault.Invalid, "folderId"},
		"level":              {document.Request{Name: "a", Level: 6}, fault.Invalid, "level"},
		"negative level":     {document.Request{Name: "a", Level: -1}, fault.Invalid, "level"},
		"extId":              {document.Request{Name: "a", ExtID: strings.Repeat("x", 101)}, fault.Invalid, "extId"},
		"no record":          {document.Request{Name: "a", Resource: accounts, RecordID: 99}, fault.NotFound, ""},
		"deleted record":     {document.Request{Name: "a", Resource: accounts, RecordID: gone}, fault.NotFound, ""},
		"users have none":    {document.Request{Name: "a", Resource: users, RecordID: w.actor.UserID}, fault.NoResource, ""},
		"folders, as record": {document.Request{Name: "a", Resource: w.catalog.Resource("folders"), RecordID: 1}, fault.NotFound, ""},
	} {
		_, err := w.docs.Create(t.Context(), w.actor, c.req)
		wantKind(t, name, err, c.kind)
		if got := fault.FieldOf(err); got != c.field {
			t.Errorf("%s: field %q, want %q", name, got, c.field)
		}
	}
	if rows := w.list(nil); len(rows) != 0 {
		t.Errorf("%d rows were written", len(rows))
	}
}

func TestNames(t *testing.T) {
	w := newWorld(t)
	for name, want := range map[string]struct{ shown, extension string }{
		"report.pdf":                   {"report.pdf", "pdf"},
		"  spaced.PDF ":                {"spaced.PDF", "pdf"},
		"../../etc/passwd":             {".._.._etc_passwd", ""},
		`C:\temp\x.docx`:               {"C__temp_x.docx", "docx"},
		"..":                           {"__", ""},
		"a\x00b\r\nc.txt":              {"a_b__c.txt", "txt"},
		"invoice\u202efdp.exe":         {"invoice_fdp.exe", "exe"},
		"\u2066x\u2069\u200f.png":      {"_x__.png", "png"},
		"\xff.png":                     {"_.png", "png"},
		".htaccess":                    {".htaccess", ""},
		"archive.tar.gz":               {"archive.tar.gz", "gz"},
		"end.":                         {"end_", ""},
		"odd.a b":                      {"odd.a b", ""},
		"odd.é":                        {"odd.é", ""},
		"日本.png":                       {"日本.png", "png"},
		"👩‍👩‍👧.jpg":                    {"👩‍👩‍👧.jpg", "jpg"}, // joined by invisible characters that stay
		strings.Repeat("é", 255):       {strings.Repeat("é", 255), ""},
		"x." + strings.Repeat("e", 33): {"x." + strings.Repeat("e", 33), ""},
	} {
		id := w.put(name, []byte(name))
		if got := w.value(id, "description").S; got != want.shown {
			t.Errorf("%q is shown as %q, want %q", name, got, want.shown)
		}
		if got := w.value(id, "extension").S; got != want.extension {
			t.Errorf("%q has the extension %q, want %q", name, got, want.extension)
		}
	}
}

func TestReceiveRefuses(t *testing.T) {
	w := newWorld(t)
	type call func(ticket document.Ticket) error
	receive := func(body io.Reader, length int64) call {
		return func(ticket document.Ticket) error {
			_, err := w.docs.Receive(context.Background(), token(ticket.Locator), body, length)
			return err
		}
	}
	big := random(4<<20 + 1)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		call call
		kind fault.Kind
		left int // contents that stay for the sweeper
	}{
		"shorter than announced":       {receive(strings.NewReader("abc"), 4), fault.Invalid, 0},
		"longer than announced":        {receive(strings.NewReader("abc"), 2), fault.Invalid, 0},
		"nothing of what is announced": {receive(strings.NewReader(""), 1), fault.Invalid, 0},
		"announced too large":          {receive(iotest.ErrReader(errors.New("was read")), 4<<20+1), fault.TooLarge, 0},
		"too large unannounced":        {receive(bytes.NewReader(big), -1), fault.TooLarge, 0},
		"larger than announced":        {receive(bytes.NewReader(big), 4<<20), fault.TooLarge, 0},
		"limit of the server":          {receive(http.MaxBytesReader(nil, io.NopCloser(bytes.NewReader(big)), 1000), -1), fault.TooLarge, 0},
		"cut off":                      {receive(io.MultiReader(bytes.NewReader(big[:1<<20]), iotest.ErrReader(io.ErrUnexpectedEOF)), 2<<20), fault.Invalid, 0},
		"cut off at once":              {receive(iotest.ErrReader(io.ErrUnexpectedEOF), 5), fault.Invalid, 0},
		"stalled":                      {receive(iotest.ErrReader(os.ErrDeadlineExceeded), 5), fault.Timeout, 0},
		"client gone": {func(ticket document.Ticket) error {
			_, err := w.docs.Receive(cancelled, token(ticket.Locator), strings.NewReader("abc"), 3)
			return err
		}, fault.Internal, 0},
		"database refuses": {func(ticket document.Ticket) error {
			var refuse error = fault.New(fault.Unavailable, "not now")
			w.store.err.Store(&refuse)
			defer w.store.err.Store(nil)
			_, err := w.receive(ticket, []byte("abc"))
			return err
		}, fault.Unavailable, 1}, // for all that is known here
	} {
		ticket := w.create(document.Request{Name: name})
		wantKind(t, name, c.call(ticket), c.kind)
		w.expect(nil, c.left, 0)

		// Nothing has changed: the locator still takes the upload.
		if _, err := w.receive(ticket, []byte(name)); err != nil {
			t.Errorf("%s: afterwards: %v", name, err)
		}
		w.expect([]int64{ticket.ID}, 1+c.left, 0)
		if err := w.docs.Delete(t.Context(), w.actor, ticket.ID); err != nil {
			t.Fatal(err)
		}
		w.machine.Add(2 * time.Hour.Milliseconds())
		w.advance(time.Hour)
		if _, err := w.docs.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.machine.Store(0)
		w.hide(ticket.ID)
	}
}

// A commit whose outcome is not known may have succeeded, so what it would refer
// to stays; what nothing refers to in the end is swept.
func TestUnknownOutcome(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Unavailable, fault.Timeout, fault.Internal} {
		w := newWorld(t)
		ticket := w.create(document.Request{Name: "a"})
		var lost error = fault.New(kind, "the connection was lost")
		w.store.after.Store(&lost)
		_, err := w.receive(ticket, []byte("precious"))
		wantKind(t, "commit and lose the connection", err, kind)
		w.store.after.Store(nil)
		w.expect([]int64{ticket.ID}, 1, 0)
		if got, _, err := w.download(ticket.ID); err != nil || string(got) != "precious" {
			t.Errorf("%v: %q comes back (%v)", kind, got, err)
		}
		_, err = w.receive(ticket, []byte("precious"))
		wantKind(t, "again", err, fault.Conflict)
		w.expect([]int64{ticket.ID}, 1, 0)

		vain := w.create(document.Request{Name: "b"})
		w.store.err.Store(&lost)
		_, err = w.receive(vain, []byte("in vain"))
		wantKind(t, "lose the connection", err, kind)
		w.store.err.Store(nil)
		w.expect([]int64{ticket.ID}, 2, 0)
		w.machine.Store(2 * time.Hour.Milliseconds())
		if got, err := w.docs.Sweep(t.Context()); err != nil || got != (document.Swept{Contents: 1}) {
			t.Errorf("Sweep = %+v, %v", got, err)
		}
		w.expect([]int64{ticket.ID}, 1, 0)
	}
}

// A commit that is still under way when the connection is lost may come later.
func TestLateCommit(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(document.Request{Name: "a"})
	w.store.late.Store(true)
	_, err := w.receive(ticket, []byte("precious"))
	wantKind(t, "lose the connection", err, fault.Unavailable)
	w.expect(nil, 1, 0)
	if err := w.store.land(); err != nil {
		t.Fatal(err)
	}
	w.expect([]int64{ticket.ID}, 1, 0)
	if got, _, err := w.download(ticket.ID); err != nil || string(got) != "precious" {
		t.Errorf("%q comes back (%v)", got, err)
	}
}

// hide takes a document out of the lists of a test.
func (w *world) hide(id int64) {
	w.t.Helper()
	err := w.store.Write(context.Background(), func(tx crm.Tx) error {
		_, err := tx.Update(context.Background(), w.res(), id, []crm.Assignment{{Field: w.res().Field("state"), Value: resource.TextValue("hidden")}})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestLocator(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(document.Request{Name: "a"})
	good := token(ticket.Locator)

	t.Run("altered", func(t *testing.T) {
		for i := range good {
			b := []byte(good)
			for _, c := range []byte{'A', 'b', '-', '=', '\n'} {
				if b[i] = c; string(b) == good {
					continue
				}
				_, err := w.docs.Receive(t.Context(), string(b), strings.NewReader("x"), 1)
				wantKind(t, string(b), err, fault.Forbidden)
			}
		}
		for _, text := range []string{"", "x", good + "A", good[:len(good)-1], good + "=", strings.Repeat("A", 10_000)} {
			_, err := w.docs.Receive(t.Context(), text, strings.NewReader("x"), 1)
			wantKind(t, text, err, fault.Forbidden)
		}
	})
	t.Run("of another key or workspace", func(t *testing.T) {
		for _, change := range []func(c *document.Config){
			func(c *document.Config) { c.Key = []byte("another key of the same length!!") },
			func(c *document.Config) { c.Workspace = "other" },
		} {
			cfg := w.cfg
			change(&cfg)
			other, err := document.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = other.Receive(t.Context(), good, strings.NewReader("x"), 1)
			wantKind(t, "foreign", err, fault.Forbidden)
		}
	})
	t.Run("expired", func(t *testing.T) {
		w.advance(time.Hour - time.Millisecond)
		slow := w.create(document.Request{Name: "b"})
		w.advance(time.Millisecond)
		_, err := w.receive(ticket, []byte("x"))
		wantKind(t, "expired", err, fault.Forbidden)
		if !strings.Contains(fault.Message(err), "expired") {
			t.Errorf("message %q", fault.Message(err))
		}
		if _, err := w.receive(slow, []byte("x")); err != nil {
			t.Errorf("one that has not expired: %v", err)
		}
	})
	t.Run("second", func(t *testing.T) {
		ticket := w.create(document.Request{Name: "c"})
		if _, err := w.receive(ticket, []byte("first")); err != nil {
			t.Fatal(err)
		}
		_, err := w.receive(ticket, []byte("second"))
		wantKind(t, "second upload", err, fault.Conflict)
		if got, _, err := w.download(ticket.ID); err != nil || string(got) != "first" {
			t.Errorf("%q comes back (%v)", got, err)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		ticket := w.create(document.Request{Name: "d"})
		if err := w.docs.Delete(t.Context(), w.actor, ticket.ID); err != nil {
			t.Fatal(err)
		}
		_, err := w.receive(ticket, []byte("x"))
		wantKind(t, "deleted", err, fault.NotFound)
	})
	t.Run("for downloads", func(t *testing.T) {
		id := w.put("e", []byte("e"))
		_, err := w.docs.Receive(t.Context(), token(w.link(id)), strings.NewReader("x"), 1)
		wantKind(t, "a link's token", err, fault.Forbidden)
	})
	t.Run("same id after a reset", func(t *testing.T) {
		other := newWorld(t)
		other.advance(time.Millisecond)
		other.create(document.Request{Name: "f"}) // id 1, as that of good
		_, err := other.docs.Receive(t.Context(), good, strings.NewReader("x"), 1)
		wantKind(t, "locator of before", err, fault.NotFound)
	})
}

func TestLinks(t *testing.T) {
	w := newWorld(t)
	id := w.put("a.txt", []byte("contents"))
	link := w.link(id)
	good := token(link)
	if d, err := w.docs.OpenDownload(t.Context(), good); err != nil {
		t.Fatal(err)
	} else {
		d.Content.Close()
	}
	for i := range good {
		b := []byte(good)
		if b[i]++; b[i] == 'z'+1 {
			b[i] = 'A'
		}
		_, err := w.docs.OpenDownload(t.Context(), string(b))
		wantKind(t, string(b), err, fault.Forbidden)
	}
	_, err := w.docs.OpenDownload(t.Context(), token(w.create(document.Request{Name: "b"}).Locator))
	wantKind(t, "a locator's token", err, fault.Forbidden)

	w.advance(10*time.Minute - time.Millisecond)
	if d, err := w.docs.OpenDownload(t.Context(), good); err != nil {
		t.Error(err)
	} else {
		d.Content.Close()
	}
	w.advance(time.Millisecond)
	_, err = w.docs.OpenDownload(t.Context(), good)
	wantKind(t, "expired", err, fault.Forbidden)

	good = token(w.link(id))
	if err := w.docs.Delete(t.Context(), w.actor, id); err != nil {
		t.Fatal(err)
	}
	_, err = w.docs.OpenDownload(t.Context(), good)
	wantKind(t, "deleted", err, fault.NotFound)
	if link := w.link(id); link != "" {
		t.Errorf("a deleted document has the link %s", link)
	}
}

// Of several uploads to one locator exactly one wins, and nothing stays of the
// others.
func TestRacingUploads(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		ticket := w.create(document.Request{Name: "contested"})
		before := w.contents()
		var wins, conflicts atomic.Int32
		var winner atomic.Value
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				data := random(10_000)
				switch _, err := w.receive(ticket, data); {
				case err == nil:
					wins.Add(1)
					winner.Store(data)
				case fault.KindOf(err) == fault.Conflict:
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 || conflicts.Load() != 7 {
			t.Fatalf("%d uploads won, %d were refused", wins.Load(), conflicts.Load())
		}
		got, _, err := w.download(ticket.ID)
		if err != nil || !bytes.Equal(got, winner.Load().([]byte)) {
			t.Errorf("the bytes are not the winner's (%v)", err)
		}
		if got := w.contents() - before; got != 1 {
			t.Errorf("%d contents stay", got)
		}
	}
	if n := w.tempLeft(); n != 0 {
		t.Errorf("%d uploads left", n)
	}
}

// Documents of the same contents come and go while the sweeper runs, and none
// loses its contents.
func TestSweepingWhileUploading(t *testing.T) {
	w := newWorld(t)
	w.cfg.SafetyAge = time.Millisecond
	w.machine.Store(2 * time.Hour.Milliseconds()) // everything is old enough to go
	var err error
	if w.docs, err = document.New(w.cfg); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var sweeper, uploaders sync.WaitGroup
	sweeper.Go(func() {
		for ctx.Err() == nil {
			// Uploads in progress look abandoned, too, so they may fail.
			if _, err := w.docs.Sweep(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	same := []byte("always the same")
	for range 4 {
		uploaders.Go(func() {
			for range 40 {
				ticket := w.create(document.Request{Name: "x"})
				if _, err := w.receive(ticket, same); err != nil {
					wantKind(t, "upload", err, fault.Unavailable)
					continue
				}
				if got, _, err := w.download(ticket.ID); err != nil || !bytes.Equal(got, same) {
					t.Errorf("%q comes back (%v)", got, err)
				}
				if err := w.docs.Delete(context.Background(), w.actor, ticket.ID); err != nil {
					t.Error(err)
				}
				w.advance(time.Millisecond)
			}
		})
	}
	uploaders.Wait()
	stop()
	sweeper.Wait()
	if _, err := w.docs.Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	if n := w.contents(); n != 0 {
		t.Errorf("%d contents left", n)
	}
}

func TestDelete(t *testing.T) {
	w := newWorld(t)
	one, two := w.put("one.txt", []byte("same")), w.put("two.txt", []byte("same"))
	w.expect([]int64{one, two}, 1, 0)
	sweep := func(want document.Swept) {
		t.Helper()
		if got, err := w.docs.Sweep(t.Context()); err != nil || got != want {
			t.Errorf("Sweep = %+v, %v, want %+v", got, err, want)
		}
	}
	w.advance(time.Second)
	if err := w.docs.Delete(t.Context(), w.actor, one); err != nil {
		t.Fatal(err)
	}
	if w.value(one, "deleted") != resource.BoolValue(true) || w.value(one, "salesRepIdDeleted") != resource.IntValue(w.actor.UserID) ||
		w.value(one, "dateDeleted") != resource.IntValue(start.Add(time.Second).UnixMilli()) {
		t.Error("the deletion is not noted")
	}
	for _, id := range []int64{one, 99} {
		wantKind(t, "Delete again", w.docs.Delete(t.Context(), w.actor, id), fault.NotFound)
	}
	w.machine.Store(2 * time.Hour.Milliseconds())
	sweep(document.Swept{}) // the other one needs it
	if got, _, err := w.download(two); err != nil || string(got) != "same" {
		t.Errorf("%q comes back (%v)", got, err)
	}
	if err := w.docs.Delete(t.Context(), w.actor, two); err != nil {
		t.Fatal(err)
	}
	w.machine.Store(0)
	w.advance(2 * time.Hour)
	sweep(document.Swept{}) // too young
	w.machine.Store(2 * time.Hour.Milliseconds())
	sweep(document.Swept{Contents: 1})
	w.expect([]int64{one, two}, 0, 0) // listed as deleted, like all records
}

// A copy of the database from before a deletion finds its content for SafetyAge,
// whoever else had the same one and however old it is.
func TestDeletedContentStays(t *testing.T) {
	w := newWorld(t)
	one, two := w.put("one", []byte("same")), w.put("two", []byte("same"))
	w.machine.Store(1000 * time.Hour.Milliseconds())
	w.advance(1000 * time.Hour)
	for _, id := range []int64{one, two} {
		if err := w.docs.Delete(t.Context(), w.actor, id); err != nil {
			t.Fatal(err)
		}
		w.advance(time.Hour - time.Millisecond)
		if got, err := w.docs.Sweep(t.Context()); err != nil || got != (document.Swept{}) {
			t.Errorf("Sweep = %+v, %v", got, err)
		}
	}
	// Nor does an upload of the same content take it along that fails.
	lost := w.create(document.Request{Name: "lost"})
	in, out := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := w.docs.Receive(context.Background(), token(lost.Locator), in, -1)
		done <- err
	}()
	if _, err := out.Write([]byte("same")); err != nil {
		t.Fatal(err)
	}
	if err := w.docs.Delete(t.Context(), w.actor, lost.ID); err != nil {
		t.Fatal(err)
	}
	out.Close()
	wantKind(t, "upload of a deleted one", <-done, fault.NotFound)
	w.expect([]int64{one, two}, 1, 0)

	w.advance(time.Millisecond)
	w.machine.Add(2 * time.Hour.Milliseconds())
	if got, err := w.docs.Sweep(t.Context()); err != nil || got != (document.Swept{Contents: 1}) {
		t.Errorf("Sweep = %+v, %v", got, err)
	}
}

func TestSweep(t *testing.T) {
	w := newWorld(t)
	kept := w.put("kept", []byte("kept"))
	late := w.create(document.Request{Name: "never comes"})
	u, err := w.blobs.Create(t.Context()) // abandoned
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write(random(10)); err != nil {
		t.Fatal(err)
	}
	v, err := w.blobs.Create(t.Context()) // stored when the machine stopped, before any row
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	check := func(want document.Swept) {
		t.Helper()
		if got, err := w.docs.Sweep(t.Context()); err != nil || got != want {
			t.Errorf("Sweep = %+v, %v, want %+v", got, err, want)
		}
	}
	check(document.Swept{})
	w.machine.Store(2 * time.Hour.Milliseconds())
	check(document.Swept{Uploads: 1, Contents: 1})
	w.advance(time.Hour + time.Minute)
	check(document.Swept{}) // expired, but an upload may be on its way
	w.advance(time.Hour)
	check(document.Swept{Expired: 1})
	check(document.Swept{})
	w.expect([]int64{kept}, 1, 0)
	_, err = w.receive(late, []byte("x"))
	wantKind(t, "too late", err, fault.Forbidden)
	wantKind(t, "Delete of an expired one", w.docs.Delete(t.Context(), w.actor, late.ID), fault.NotFound)
}

// An upload that began in time may end after the locator has expired.
func TestSlowUpload(t *testing.T) {
	w := newWorld(t)
	ticket := w.create(document.Request{Name: "slow"})
	w.advance(time.Hour - time.Second)
	in, out := io.Pipe()
	done := make(chan error)
	go func() {
		_, err := w.docs.Receive(context.Background(), token(ticket.Locator), in, -1)
		done <- err
	}()
	if _, err := out.Write([]byte("begun")); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Minute)
	if _, err := w.docs.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	out.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	w.expect([]int64{ticket.ID}, 1, 0)
}

func TestAdd(t *testing.T) {
	w := newWorld(t)
	id, receipt, err := w.docs.Add(t.Context(), w.actor, document.Request{
		Resource: w.catalog.Resource("accounts"), RecordID: w.account, Name: "offer.pdf",
	}, strings.NewReader("%PDF-1.4 offer"))
	if err != nil || receipt.ContentType != "application/pdf" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	w.expect([]int64{id}, 1, 0)
	if got, d, err := w.download(id); err != nil || string(got) != "%PDF-1.4 offer" || d.Name != "offer.pdf" {
		t.Errorf("%q comes back as %+v (%v)", got, d, err)
	}
	if got := w.value(id, "name").S; got != "0000001.pdf" {
		t.Errorf("name %s", got)
	}
	_, _, err = w.docs.Add(t.Context(), w.actor, document.Request{Name: "x"}, iotest.ErrReader(io.ErrUnexpectedEOF))
	wantKind(t, "Add of a broken body", err, fault.Invalid)
	w.expect([]int64{id}, 1, 0)
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	accounts, products := w.catalog.Resource("accounts"), w.catalog.Resource("products")
	mine, _, err := w.docs.Add(t.Context(), w.actor, document.Request{Name: "a", Resource: accounts, RecordID: w.account}, strings.NewReader("a"))
	if err != nil {
		t.Fatal(err)
	}
	w.put("nobody's", []byte("b"))
	w.create(document.Request{Name: "pending", Resource: accounts, RecordID: w.account})
	where, err := document.Of(w.res(), accounts, w.account)
	if err != nil {
		t.Fatal(err)
	}
	if rows := w.list(where); len(rows) != 1 || rows[0].ID != mine {
		t.Errorf("%d documents of the account", len(rows))
	}
	if where, err = document.Of(w.res(), products, w.account); err != nil || len(w.list(where)) != 0 {
		t.Errorf("the product with the id of the account has documents, too (%v)", err)
	}
	_, err = document.Of(w.res(), w.catalog.Resource("countries"), 1)
	wantKind(t, "documents of a country", err, fault.NoResource)
}

func TestFolders(t *testing.T) {
	w := newWorld(t)
	accounts := w.catalog.Resource("accounts")
	folders := w.catalog.Resource("folders")
	create := func(req document.FolderRequest) (int64, error) { return w.docs.CreateFolder(t.Context(), w.actor, req) }

	root, err := create(document.FolderRequest{Name: "2026", ParentID: -1, Level: 3, Restrict: true})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := create(document.FolderRequest{Name: "a/b", ParentID: root, Resource: accounts, RecordID: w.account})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		req   document.FolderRequest
		kind  fault.Kind
		field string
	}{
		"no name":   {document.FolderRequest{}, fault.Invalid, "name"},
		"no parent": {document.FolderRequest{Name: "x", ParentID: 99}, fault.Invalid, "folderId"},
		"level":     {document.FolderRequest{Name: "x", Level: 7}, fault.Invalid, "level"},
		"no record": {document.FolderRequest{Name: "x", Resource: accounts, RecordID: 99}, fault.NotFound, ""},
		"countries": {document.FolderRequest{Name: "x", Resource: w.catalog.Resource("countries"), RecordID: 1}, fault.NotFound, ""},
	} {
		_, err := create(c.req)
		wantKind(t, name, err, c.kind)
		if got := fault.FieldOf(err); got != c.field {
			t.Errorf("%s: field %q, want %q", name, got, c.field)
		}
	}

	var p crm.Page
	err = w.store.List(t.Context(), crm.Query{Resource: folders, Where: document.FoldersOf(folders, accounts, w.account), Limit: 9, Language: -1}, &p)
	if err != nil || len(p.Rows) != 1 || p.Rows[0].ID != inner {
		t.Fatalf("folders of the account: %v, %v", p.Keys, err)
	}
	get := func(name string) resource.Value { return p.Rows[0].Values[folders.Field(name).Index] }
	if get("name").S != "a_b" || get("folderId").I != root || get("entityId").I != w.account || get("salesRepIdCreated").I != w.actor.UserID {
		t.Errorf("folder %+v", p.Rows[0].Values)
	}

	ticket := w.create(document.Request{Name: "in it", FolderID: inner})
	if got := w.value(ticket.ID, "folderId"); got != resource.IntValue(inner) {
		t.Errorf("folderId %+v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]func(c *document.Config){
		"no store":       func(c *document.Config) { c.Store = nil },
		"no blobs":       func(c *document.Config) { c.Blobs = nil },
		"no catalog":     func(c *document.Config) { c.Catalog = nil },
		"no clock":       func(c *document.Config) { c.Clock = nil },
		"no key":         func(c *document.Config) { c.Key = nil },
		"short key":      func(c *document.Config) { c.Key = make([]byte, 15) },
		"long workspace": func(c *document.Config) { c.Workspace = strings.Repeat("x", 65) },
	} {
		cfg := w.cfg
		change(&cfg)
		if s, err := document.New(cfg); err == nil || s != nil {
			t.Errorf("%s: New = %v, %v", name, s, err)
		}
	}
}

// Run sweeps when it starts, and ends with its context.
func TestRun(t *testing.T) {
	w := newWorld(t)
	id := w.put("a", []byte("a"))
	if err := w.docs.Delete(t.Context(), w.actor, id); err != nil {
		t.Fatal(err)
	}
	w.advance(time.Hour)
	w.machine.Store(2 * time.Hour.Milliseconds())
	swept := make(chan struct{})
	cfg := w.cfg
	cfg.Logger = slog.New(onInfo{slog.DiscardHandler, sync.OnceFunc(func() { close(swept) })})
	docs, err := document.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		docs.Run(ctx)
	}()
	<-swept
	stop()
	<-ended
	if n := w.contents(); n != 0 {
		t.Errorf("%d contents left", n)
	}
}

// onInfo calls a function for each line that is logged.
type onInfo struct {
	slog.Handler
	call func()
}

func (h onInfo) Enabled(context.Context, slog.Level) bool { return true }

func (h onInfo) Handle(context.Context, slog.Record) error {
	h.call()
	return nil
}
