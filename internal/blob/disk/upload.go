package disk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	// bufferSize is the size of one write. Larger ones gain nothing: at this
	// size the cost of a system call has long vanished.
	bufferSize = 256 << 10

	// buffers is how many of them one upload may hold, which lets hashing run
	// beside receiving and writing: 1 MiB for an upload of any size.
	buffers = 4

	// flushEvery is after how many bytes the kernel is asked to start writing
	// to the disk, so that the sync at the end finds little left to do.
	flushEvery = 8 << 20
)

type buffer [bufferSize]byte

// upload fills buffers, writes each to a file, and has it hashed by a goroutine
// of its own, which lives from the second buffer on to Commit or Abort.
type upload struct {
	store *Store
	ctx   context.Context
	file  *os.File // nil once closed
	temp  string   // its name; "" once it is renamed or removed
	sum   hash.Hash
	err   error // first failure; nothing is written after it
	ended bool
	size  int64

	cur   *buffer
	fill  int // bytes in cur
	taken int // buffers taken from the pool

	full   chan chunk   // to the hasher; nil until there is one
	free   chan *buffer // back from it
	hashed chan struct{}

	flushed int64 // bytes the kernel was asked to write
}

type chunk struct {
	buf *buffer
	n   int
}

var _ io.ReaderFrom = (*upload)(nil)

// Create implements blob.Store. The context ends the upload: after it is
// cancelled, writes and Commit fail.
func (s *Store) Create(ctx context.Context) (_ blob.Upload, err error) {
	defer fault.Wrap(&err, "disk.Create")
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.createTemp()
	if err != nil {
		return nil, storageFault(err)
	}
	return &upload{store: s, ctx: ctx, file: f, temp: f.Name(), sum: sha256.New()}, nil
}

func (u *upload) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if err := u.room(); err != nil {
			return n, err
		}
		k := copy(u.cur[u.fill:], p)
		u.fill += k
		n += k
		p = p[k:]
	}
	return n, nil
}

// ReadFrom reads r to its end straight into the buffers that are written.
func (u *upload) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		if err := u.room(); err != nil {
			return n, err
		}
		k, err := r.Read(u.cur[u.fill:])
		u.fill += k
		n += int64(k)
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// room makes cur a buffer with space left in it.
func (u *upload) room() error {
	if u.ended {
		return fault.New(fault.Internal, "").Because(errors.New("disk: write to an ended upload"))
	}
	if u.err != nil {
		return u.err
	}
	if u.cur != nil && u.fill < bufferSize {
		return nil
	}
	if u.err = u.ctx.Err(); u.err != nil {
		return u.err
	}
	if u.cur != nil {
		if u.full == nil {
			u.startHasher()
		}
		if u.err = u.writeOut(); u.err != nil {
			return u.err
		}
	}
	if u.taken < buffers {
		u.cur = u.store.bufs.Get().(*buffer)
		u.taken++
	} else {
		u.cur = <-u.free
	}
	return nil
}

// writeOut gives cur to the hasher and writes it to the file. The hasher may be
// done with it first and give it back, but it is taken again only after this.
func (u *upload) writeOut() error {
	b, n := u.cur, u.fill
	u.full <- chunk{b, n}
	u.cur, u.fill = nil, 0
	if _, err := u.store.ops.write(u.file, b[:n]); err != nil {
		return storageFault(err)
	}
	u.size += int64(n)
	if u.size-u.flushed >= flushEvery {
		u.store.ops.startFlush(u.file, u.flushed, u.size-u.flushed)
		u.flushed = u.size
	}
	return nil
}

// writeRest writes what is in cur at the end. A content of one buffer is hashed
// here and now: a goroutine would cost more than it saves.
func (u *upload) writeRest() error {
	switch {
	case u.fill == 0:
		return nil
	case u.full != nil:
		return u.writeOut()
	}
	u.sum.Write(u.cur[:u.fill])
	if _, err := u.store.ops.write(u.file, u.cur[:u.fill]); err != nil {
		return storageFault(err)
	}
	u.size = int64(u.fill)
	return nil
}

func (u *upload) startHasher() {
	u.full = make(chan chunk, buffers)
	u.free = make(chan *buffer, buffers)
	u.hashed = make(chan struct{})
	go func() {
		defer close(u.hashed)
		for c := range u.full {
			u.sum.Write(c.buf[:c.n])
			u.free <- c.buf
		}
	}()
}

// end stops the hasher and gives the buffers back.
func (u *upload) end() {
	u.ended = true
	if u.cur != nil {
		u.store.bufs.Put(u.cur)
		u.cur = nil
	}
	if u.full == nil {
		return
	}
	close(u.full)
	<-u.hashed
	for len(u.free) > 0 {
		u.store.bufs.Put(<-u.free)
	}
}

// Commit implements blob.Upload. After an error the upload has ended and its
// temporary file is gone.
func (u *upload) Commit(ctx context.Context) (hash string, size int64, err error) {
	defer fault.Wrap(&err, "disk.Commit")
	if u.ended {
		return "", 0, fault.New(fault.Internal, "").Because(errors.New("disk: commit of an ended upload"))
	}
	hash, err = u.commit(ctx)
	if err != nil {
		return "", 0, errors.Join(err, u.Abort())
	}
	return hash, u.size, nil
}

func (u *upload) commit(ctx context.Context) (string, error) {
	if u.err == nil {
		u.err = errors.Join(ctx.Err(), u.ctx.Err())
	}
	if u.err != nil {
		return "", u.err
	}
	if err := u.writeRest(); err != nil {
		return "", err
	}
	u.end()
	hash := hex.EncodeToString(u.sum.Sum(nil))

	dir, err := u.store.folder(hash)
	if err != nil {
		return "", storageFault(err)
	}
	path := filepath.Join(dir, hash)
	there, err := u.kept(path)
	if err != nil {
		return "", storageFault(err)
	}
	if there {
		// The bytes are on the disk already, so ours need not get there.
		err = errors.Join(u.closeFile(), u.removeTemp())
	} else {
		err = u.publish(path)
	}
	if err == nil {
		// Also when it was there: whoever renamed it may not have got this far.
		err = u.store.ops.syncDir(dir)
	}
	if err != nil {
		return "", storageFault(err)
	}
	return hash, nil
}

// kept reports whether the content is stored already, and if so makes it as
// young as the upload, so that it is not taken for one that nobody wants.
func (u *upload) kept(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case info.Size() != u.size:
		return false, nil // damaged by something else; the new file replaces it
	}
	now := time.Now()
	if err := os.Chtimes(path, now, now); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, nil
}

// publish brings the bytes to the disk and then gives the file its name.
func (u *upload) publish(path string) error {
	if err := u.store.ops.sync(u.file); err != nil {
		return err
	}
	if err := u.closeFile(); err != nil {
		return err
	}
	if err := u.store.ops.rename(u.temp, path); err != nil {
		return err
	}
	u.temp = ""
	return nil
}

func (u *upload) closeFile() error {
	if u.file == nil {
		return nil
	}
	f := u.file
	u.file = nil
	return f.Close()
}

// removeTemp removes the temporary file, which Sweep may have done before.
func (u *upload) removeTemp() error {
	if u.temp == "" {
		return nil
	}
	err := u.store.ops.remove(u.temp)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		u.temp = ""
		return nil
	}
	return err
}

// Abort implements blob.Upload.
func (u *upload) Abort() (err error) {
	defer fault.Wrap(&err, "disk.Abort")
	if !u.ended {
		u.end()
	}
	if err := errors.Join(u.closeFile(), u.removeTemp()); err != nil {
		return storageFault(err)
	}
	return nil
}
