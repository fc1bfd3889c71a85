// Package disk keeps contents as files in a folder.
//
// A content with hash abcd… is the file ab/cd/abcd… below the folder; what is
// still being received is in tmp. A file appears under its hash only when all of
// its bytes are on the disk, by rename, so a reader never sees a part and a
// crash at any moment leaves at most a file in tmp, which Reclaim or Sweep removes.
package disk

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	tmpDir   = "tmp"
	dirMode  = 0o700 // contents are the documents of a company: nobody else's business
	fileMode = 0o400 // a content never changes once written
)

// Store keeps contents below one folder. It implements blob.Store and
// blob.Walker, and may be used by several goroutines and processes at once.
type Store struct {
	dir  string
	ops  operations
	bufs sync.Pool // of *buffer

	mu      sync.Mutex
	durable map[string]bool // folders of contents whose own entry is known to be on the disk
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Walker = (*Store)(nil)
)

// Open returns the store in dir, which it creates if there is none.
func Open(dir string) (s *Store, err error) {
	defer fault.Wrap(&err, "disk.Open(%s)", dir)
	s = &Store{dir: dir, ops: system(), durable: make(map[string]bool)}
	s.bufs.New = func() any { return new(buffer) }
	if err := os.MkdirAll(filepath.Join(dir, tmpDir), dirMode); err != nil {
		return nil, storageFault(err)
	}
	for _, d := range []string{dir, filepath.Dir(filepath.Clean(dir))} {
		if err := s.ops.syncDir(d); err != nil {
			return nil, storageFault(err)
		}
	}
	return s, nil
}

// path returns the file of a content and whether hash is one at all. Nothing but
// hexadecimal digits gets into a path.
func (s *Store) path(hash string) (string, bool) {
	if !blob.IsHash(hash) {
		return "", false
	}
	return filepath.Join(s.dir, hash[:2], hash[2:4], hash), true
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, hash string) (_ blob.Content, err error) {
	defer fault.Wrap(&err, "disk.Open(%s)", hash)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, ok := s.path(hash)
	if !ok {
		return nil, blob.Missing(hash)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blob.Missing(hash)
	} else if err != nil {
		return nil, storageFault(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(storageFault(err), f.Close())
	}
	return &content{File: f, size: info.Size()}, nil
}

type content struct {
	*os.File
	size int64
}

func (c *content) Size() int64 { return c.size }

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, hash string) (err error) {
	defer fault.Wrap(&err, "disk.Delete(%s)", hash)
	if err := ctx.Err(); err != nil {
		return err
	}
	path, ok := s.path(hash)
	if !ok {
		return nil
	}
	if err := s.ops.remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return storageFault(err)
	}
	return nil
}

// Sweep implements blob.Store. The age of an upload is that of its last write,
// by the clock of the file system, so one that is still growing is left alone.
func (s *Store) Sweep(ctx context.Context, t time.Time) (n int, err error) {
	defer fault.Wrap(&err, "disk.Sweep")
	return s.sweep(ctx, func(upload fs.FileInfo) bool { return upload.ModTime().Before(t) })
}

// Reclaim removes all uploads below dir that were never committed, however young,
// and returns their number. It is for a caller who knows that nobody is at one any
// more: uploads under way would fail. It makes nothing, and a folder that is not there
// or is no store has no uploads.
func Reclaim(ctx context.Context, dir string) (n int, err error) {
	defer fault.Wrap(&err, "disk.Reclaim(%s)", dir)
	s := &Store{dir: dir, ops: system()}
	n, err = s.sweep(ctx, func(fs.FileInfo) bool { return true })
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return n, err
}

// sweep removes the uploads that are over.
func (s *Store) sweep(ctx context.Context, over func(upload fs.FileInfo) bool) (n int, err error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, tmpDir))
	if err != nil {
		return 0, storageFault(err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // ended meanwhile
		} else if err != nil {
			return n, storageFault(err)
		}
		if !over(info) {
			continue
		}
		switch err := s.ops.remove(filepath.Join(s.dir, tmpDir, e.Name())); {
		case err == nil:
			n++
		case !errors.Is(err, fs.ErrNotExist):
			return n, storageFault(err)
		}
	}
	return n, nil
}

// Walk implements blob.Walker.
func (s *Store) Walk(ctx context.Context, fn func(hash string, size int64, committed time.Time) error) (err error) {
	defer fault.Wrap(&err, "disk.Walk")
	return filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // deleted meanwhile
		case err != nil:
			return storageFault(err)
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir() && e.Name() == tmpDir:
			return fs.SkipDir
		case e.IsDir() || !blob.IsHash(e.Name()):
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return storageFault(err)
		}
		return fn(e.Name(), info.Size(), info.ModTime())
	})
}

// Ping implements blob.Store: it writes and removes one byte.
func (s *Store) Ping(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "disk.Ping")
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := s.createTemp()
	if err != nil {
		return storageFault(err)
	}
	_, err = s.ops.write(f, []byte{0})
	if err = errors.Join(err, f.Close(), s.ops.remove(f.Name())); err != nil {
		return storageFault(err)
	}
	return nil
}

// createTemp opens a new file in tmp.
func (s *Store) createTemp() (*os.File, error) {
	var name [16]byte
	rand.Read(name[:]) // never fails
	return s.ops.create(filepath.Join(s.dir, tmpDir, hex.EncodeToString(name[:])))
}

// folder makes the folder of a content and sees to it that a crash does not take
// the folder away: the entries on the way to it are synced once in the life of
// the store, whether this process or another one made them.
func (s *Store) folder(hash string) (string, error) {
	outer := filepath.Join(s.dir, hash[:2])
	inner := filepath.Join(outer, hash[2:4])
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range []struct{ path, parent string }{{outer, s.dir}, {inner, outer}} {
		if s.durable[d.path] {
			continue
		}
		if err := s.ops.mkdir(d.path); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		if err := s.ops.syncDir(d.parent); err != nil {
			return "", err
		}
		s.durable[d.path] = true
	}
	return inner, nil
}
