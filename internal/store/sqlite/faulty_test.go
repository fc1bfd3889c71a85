package sqlite_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is a file system that fails on command, and that knows what would be left
// of its files after a loss of power: what was synced, and any part of what was
// not.
type disk struct {
	name string // under which the engine finds it

	mu     sync.Mutex
	files  map[string]*content
	writes int // calls so far
	syncs  int
	fail   func(op operation, n int, path string) error // asked before the n-th call of its kind
	dead   bool                                         // every call fails
}

type operation int

const (
	opWrite operation = iota
	opSync
)

// content is what the disk holds of one file for sure, and what has been written
// since.
type content struct {
	durable []byte
	exists  bool
	pending []change
}

// change is a write, or with data nil a truncation.
type change struct {
	offset int64
	data   []byte
}

func (c change) apply(to []byte) []byte {
	if c.data == nil {
		return append(to, make([]byte, max(0, int(c.offset)-len(to)))...)[:c.offset]
	}
	if end := int(c.offset) + len(c.data); end > len(to) {
		to = append(to, make([]byte, end-len(to))...)
	}
	copy(to[c.offset:], c.data)
	return to
}

// newDisk registers a disk for the length of the test.
func newDisk(t *testing.T) *disk {
	d := &disk{name: strings.NewReplacer("/", "-", " ", "-", "#", "-").Replace(t.Name()), files: map[string]*content{}}
	vfs.Register(d.name, d)
	t.Cleanup(func() { vfs.Unregister(d.name) })
	return d
}

// failing sets who decides on failures from now on, with the counts at zero.
func (d *disk) failing(fail func(op operation, n int, path string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes, d.syncs, d.fail = 0, 0, fail
}

// counts returns the numbers of writes and syncs since failing was called.
func (d *disk) counts() (writes, syncs int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes, d.syncs
}

// remains writes what the loss of power leaves into another folder: of the
// writes that were not synced, each may have reached the disk or not.
func (d *disk) remains(t *testing.T, folder string, random *rand.Rand) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for path, c := range maps.All(d.files) {
		data, exists := c.durable, c.exists
		for _, change := range c.pending {
			if random.IntN(2) == 0 {
				data, exists = change.apply(data), true
			}
		}
		if !exists {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(path)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// ask counts a call and lets it fail.
func (d *disk) ask(op operation, path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return sqlite3.IOERR
	}
	n := &d.writes
	if op == opSync {
		n = &d.syncs
	}
	*n++
	if d.fail == nil {
		return nil
	}
	return d.fail(op, *n, path)
}

// Open implements vfs.VFS.
func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return d.wrap(name)(vfsutil.WrapOpen(vfs.Find("os"), name, flags))
}

// OpenFilename implements vfs.VFSFilename.
func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return d.wrap(name.String())(vfsutil.WrapOpenFilename(vfs.Find("os"), name, flags))
}

func (d *disk) wrap(path string) func(vfs.File, vfs.OpenFlag, error) (vfs.File, vfs.OpenFlag, error) {
	return func(f vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
		if err != nil {
			return nil, flags, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.files[path] == nil {
			d.files[path] = &content{}
		}
		return &faultyFile{File: f, disk: d, path: path}, flags, nil
	}
}

// Delete implements vfs.VFS.
func (d *disk) Delete(name string, syncDir bool) error {
	if err := d.ask(opWrite, name); err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.files, name)
	d.mu.Unlock()
	return vfs.Find("os").Delete(name, syncDir)
}

// Access implements vfs.VFS.
func (d *disk) Access(name string, flags vfs.AccessFlag) (bool, error) {
	return vfs.Find("os").Access(name, flags)
}

// FullPathname implements vfs.VFS.
func (d *disk) FullPathname(name string) (string, error) { return vfs.Find("os").FullPathname(name) }

type faultyFile struct {
	vfs.File
	disk *disk
	path string
}

// Unwrap implements vfs.FileUnwrap.
func (f *faultyFile) Unwrap() vfs.File { return f.File }

// SharedMemory implements vfs.FileSharedMemory.
func (f *faultyFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }

// WriteAt implements vfs.File.
func (f *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.ask(opWrite, f.path); err != nil {
		return 0, err
	}
	n, err := f.File.WriteAt(p, off)
	f.changed(change{off, append([]byte{}, p[:n]...)})
	return n, err
}

// Truncate implements vfs.File.
func (f *faultyFile) Truncate(size int64) error {
	if err := f.disk.ask(opWrite, f.path); err != nil {
		return err
	}
	f.changed(change{offset: size})
	return f.File.Truncate(size)
}

func (f *faultyFile) changed(c change) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if content := f.disk.files[f.path]; content != nil {
		content.pending = append(content.pending, c)
	}
}

// Sync implements vfs.File.
func (f *faultyFile) Sync(flags vfs.SyncFlag) error {
	if err := f.disk.ask(opSync, f.path); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if c := f.disk.files[f.path]; c != nil {
		for _, change := range c.pending {
			c.durable = change.apply(c.durable)
		}
		c.exists, c.pending = true, nil
	}
	return nil // the real file needs no more than to be there
}
