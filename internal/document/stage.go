package document

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// sniffBytes is how much of a content decides about its type.
	sniffBytes = 3 << 10

	// cleanTimeout limits the cleaning up after a request that has ended.
	cleanTimeout = 10 * time.Second

	// removeWait is how long a content that nobody wants waits for uploads that are
	// just becoming durable, before it is left to the sweeper. They hold up one
	// another for as long.
	removeWait = time.Second
)

// holds counts who relies on contents that no row refers to yet. The zero value is
// ready.
type holds struct {
	mu sync.Mutex
	by map[string]int // hash
}

func (h *holds) add(hash string, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by = make(map[string]int)
	}
	if h.by[hash] += n; h.by[hash] == 0 {
		delete(h.by, hash)
	}
}

func (h *holds) any(hash string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.by[hash] > 0
}

// staged is one file on its way: bytes are written to it, Close makes them a
// durable content, which nobody removes until it is released. It is ended by
// release once a row refers to the content, by discard when none will, or by
// abandon when the row could not be written.
type staged struct {
	s      *Service
	ctx    context.Context
	upload blob.Upload // nil once it has ended
	head   []byte      // the first bytes
	size   int64
	got    content // once it is closed
}

// stage begins a file. ctx is for all of its life.
func (s *Service) stage(ctx context.Context) (*staged, error) {
	u, err := s.cfg.Blobs.Create(ctx)
	if err != nil {
		return nil, err
	}
	return &staged{s: s, ctx: ctx, upload: u}, nil
}

// note looks at bytes that are part of the file.
func (f *staged) note(p []byte) {
	f.size += int64(len(p))
	if want := sniffBytes - len(f.head); want > 0 {
		f.head = append(f.head, p[:min(len(p), want)]...)
	}
}

func (f *staged) Write(p []byte) (int, error) {
	if f.size+int64(len(p)) > f.s.cfg.MaxSize {
		return 0, f.s.errTooLarge()
	}
	f.note(p)
	return f.upload.Write(p)
}

// fill reads a body to its end, of which length bytes were announced, or -1.
func (f *staged) fill(in io.Reader, length int64) error {
	b := &body{f: f, in: in, left: f.s.cfg.MaxSize + 1}
	_, err := io.Copy(f.upload, b)
	switch {
	case err != nil && b.err != nil:
		return intake.ReadFault(b.err)
	case err == nil && b.left == 0:
		return f.s.errTooLarge()
	case err == nil && length >= 0 && f.size != length:
		return fault.New(fault.Invalid, "the body has %d bytes; %d were announced", f.size, length)
	}
	return intake.Broken(f.ctx, in, err)
}

// body reads at most left bytes and remembers the error it met.
type body struct {
	f    *staged
	in   io.Reader
	left int64
	err  error
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.in.Read(p)
	b.left -= int64(n)
	b.f.note(p[:n])
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// Close makes the file durable.
func (f *staged) Close() error {
	if f.upload == nil {
		return fault.New(fault.Internal, "").Because(errors.New("document: a file is closed twice"))
	}
	f.s.using.enter()
	defer f.s.using.leave()
	hash, size, err := f.upload.Commit(f.ctx)
	f.upload = nil
	if err != nil {
		return err
	}
	f.s.holds.add(hash, 1)
	f.got = content{Receipt: Receipt{hash, size, mimetype.Detect(f.head).String()}, at: f.s.now()}
	f.head = nil
	return nil
}

// release ends the hold on the content.
func (f *staged) release() {
	if f.got.Hash != "" {
		f.s.holds.add(f.got.Hash, -1)
	}
}

// discard removes what was written, unless a document has the same content.
func (f *staged) discard(ctx context.Context) {
	// The request may be over; what it stored must go nevertheless.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
	defer cancel()
	var err error
	if f.upload != nil {
		err = f.upload.Abort()
		f.upload = nil
	}
	f.release()
	if _, discardErr := f.s.discard(ctx, f.got.Hash); discardErr != nil {
		err = errors.Join(err, discardErr)
	}
	if err != nil {
		f.s.cfg.Logger.WarnContext(ctx, "content left to the sweeper", "hash", f.got.Hash, "error", err)
	}
	f.got.Hash = ""
}

// abandon ends a file whose row could not be written because of err. Unless it is
// certain that there is no row, the content is left to the sweeper.
func (f *staged) abandon(ctx context.Context, err error) {
	if refused(err) {
		f.discard(ctx)
		return
	}
	f.release()
	f.got.Hash = ""
}

// Batch are the files of one request, which become documents all together or not
// at all. It is the owner of what its Create returns, and is to be ended by Add or
// Discard; Discard after Add does nothing. It is for one goroutine.
type Batch struct {
	s     *Service
	files []*staged
}

// Batch returns a batch without files.
func (s *Service) Batch() *Batch { return &Batch{s: s} }

// Create begins a file: it is an intake.Open. Once what it returns was closed, the
// bytes are durable and hashed, and still nobody sees them. ctx is for all of the
// file's life. Errors of the file: fault.TooLarge beyond Config.MaxSize,
// fault.Unavailable when the storage is full or fails.
func (b *Batch) Create(ctx context.Context) (_ io.WriteCloser, err error) {
	defer fault.Wrap(&err, "document.Batch.Create")
	f, err := b.s.stage(ctx)
	if err != nil {
		return nil, err
	}
	b.files = append(b.files, f)
	return f, nil
}

// Len is the number of files that Create has begun.
func (b *Batch) Len() int { return len(b.files) }

// Receipt says what the i-th file is, from 0 on in the order of Create, once it was
// closed.
func (b *Batch) Receipt(i int) Receipt { return b.files[i].got.Receipt }

// Discard removes all files.
func (b *Batch) Discard(ctx context.Context) {
	for _, f := range b.files {
		f.discard(ctx)
	}
	b.files = nil
}

// Add makes documents of the files, one request for each in the order of Create, in
// one transaction. Requests are checked before files are scanned. After an error
// there is no document, except that after fault.Unavailable, fault.Timeout and
// fault.Internal there may be all of them; either way the batch has ended.
//
// Errors: those of Create for a request; fault.Invalid when a file is infected;
// fault.Unavailable when it cannot be scanned or stored.
func (b *Batch) Add(ctx context.Context, actor crm.Actor, reqs []Request) (ids []int64, err error) {
	defer fault.Wrap(&err, "document.Batch.Add")
	defer b.Discard(ctx)
	if len(reqs) != len(b.files) {
		return nil, errNotEach
	}
	rows := make([]row, len(reqs))
	for i, req := range reqs {
		if rows[i], err = b.s.prepare(ctx, actor, req, b.s.isThere(actor)); err != nil {
			return nil, err
		}
	}
	if err := b.inspect(ctx); err != nil {
		return nil, err
	}
	b.fill(rows)
	return b.settle(ctx, rows, b.s.insert(ctx, actor, rows...))
}

// Together makes documents of the files in a transaction in which fn has made or
// changed the records that they belong to: all of it comes about or none. Files are
// scanned before. fn returns one request for each file in the order of Create, each
// naming a record, and the ids of documents that are to be deleted. records are those
// of the same workspace; fn is run and may fail as with crm.Service.Together.
//
// Errors are those of Add and of fn, and fault.NotFound when a document that is to be
// deleted is not there.
func (b *Batch) Together(ctx context.Context, actor crm.Actor, records *crm.Service, fn func(t *crm.Together) (add []Request, remove []int64, err error)) (ids []int64, err error) {
	defer fault.Wrap(&err, "document.Batch.Together")
	defer b.Discard(ctx)
	if err := b.inspect(ctx); err != nil {
		return nil, err
	}
	var rows []row
	tried := false // to commit: before that there is certainly no row
	err = records.Together(ctx, actor, func(t *crm.Together) (err error) {
		defer func() { tried = tried || err == nil }()
		reqs, remove, err := fn(t)
		if err != nil {
			return err
		}
		if len(reqs) != len(b.files) {
			return errNotEach
		}
		isThere := func(_ context.Context, res *resource.Resource, id int64) error {
			_, err := t.Lock(res, id)
			return err
		}
		rows = make([]row, len(reqs))
		for i, req := range reqs {
			if rows[i], err = b.s.prepare(ctx, actor, req, isThere); err != nil {
				return err
			}
		}
		b.fill(rows)
		for _, id := range remove {
			res := t.Catalog().Resource(documentsName)
			rec, err := t.Lock(res, id)
			if err != nil {
				return err
			}
			if err := b.s.deleteOne(ctx, t.Tx(), actor, row{res, rec}); err != nil {
				return err
			}
		}
		for _, r := range rows {
			if err := b.s.insertOne(ctx, t.Tx(), actor, r); err != nil {
				return err
			}
		}
		return nil
	})
	if !tried {
		return nil, err // the files are discarded
	}
	return b.settle(ctx, rows, err)
}

var errNotEach = errors.New("not one request for each file")

// inspect has all files scanned.
func (b *Batch) inspect(ctx context.Context) error {
	for _, f := range b.files {
		if f.got.Hash == "" {
			return errors.New("a file was not closed")
		}
		if err := f.inspect(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fill gives each row its file.
func (b *Batch) fill(rows []row) {
	for i, f := range b.files {
		rows[i].take(f.got)
	}
}

// settle ends the batch once it is known whether its rows were written.
func (b *Batch) settle(ctx context.Context, rows []row, err error) (ids []int64, _ error) {
	if err != nil {
		for _, f := range b.files {
			f.abandon(ctx, err)
		}
		return nil, err
	}
	for i, f := range b.files {
		f.release()
		ids = append(ids, rows[i].rec.ID)
	}
	b.files = nil
	return ids, nil
}
