package disk

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// steps are the operations of an upload that may fail or be the last before a
// crash, each as a hook into its Store.
var steps = map[string]func(o *operations, hook func() error){
	"create": func(o *operations, hook func() error) {
		next := o.create
		o.create = func(p string) (*os.File, error) {
			if err := hook(); err != nil {
				return nil, err
			}
			return next(p)
		}
	},
	"mkdir": func(o *operations, hook func() error) {
		next := o.mkdir
		o.mkdir = func(p string) error { return first(hook, func() error { return next(p) }) }
	},
	"write": func(o *operations, hook func() error) {
		next := o.write
		o.write = func(f *os.File, p []byte) (int, error) {
			if err := hook(); err != nil {
				n, _ := next(f, p[:len(p)/2]) // as much as there was room for
				return n, err
			}
			return next(f, p)
		}
	},
	"sync": func(o *operations, hook func() error) {
		next := o.sync
		o.sync = func(f *os.File) error { return first(hook, func() error { return next(f) }) }
	},
	"rename": func(o *operations, hook func() error) {
		next := o.rename
		o.rename = func(a, b string) error { return first(hook, func() error { return next(a, b) }) }
	},
	"remove": func(o *operations, hook func() error) {
		next := o.remove
		o.remove = func(p string) error { return first(hook, func() error { return next(p) }) }
	},
	"syncDir": func(o *operations, hook func() error) {
		next := o.syncDir
		o.syncDir = func(p string) error { return first(hook, func() error { return next(p) }) }
	},
}

func first(hook, next func() error) error {
	if err := hook(); err != nil {
		return err
	}
	return next()
}

func opened(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func storeIn(s *Store, data []byte) (string, error) {
	u, err := s.Create(context.Background())
	if err != nil {
		return "", err
	}
	if _, err := u.Write(data); err != nil {
		return "", errors.Join(err, u.Abort())
	}
	hash, _, err := u.Commit(context.Background())
	return hash, err
}

func temps(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, tmpDir))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// visible returns how many contents there are and fails the test when one has
// other bytes than data.
func visible(t *testing.T, s *Store, data []byte) (n int) {
	t.Helper()
	err := s.Walk(t.Context(), func(hash string, _ int64, _ time.Time) error {
		n++
		path, _ := s.path(hash)
		got, err := os.ReadFile(path)
		if err == nil && !bytes.Equal(got, data) {
			t.Errorf("content %s has other bytes", hash)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A full or broken disk at any step is reported as such, and leaves no temporary
// file behind and the store usable.
func TestFaults(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 100_000) // several buffers
	const full, broken = "the storage for documents is full", "the storage for documents cannot be used"
	for name, install := range steps {
		if name == "remove" {
			continue // without it nothing can be cleaned up; see TestCrash
		}
		for cause, message := range map[error]string{syscall.ENOSPC: full, syscall.EDQUOT: full, syscall.EIO: broken, syscall.EROFS: broken} {
			for nth := 1; ; nth++ { // the nth time the step is reached
				dir := t.TempDir()
				s := opened(t, dir)
				calls := 0
				install(&s.ops, func() error {
					if calls++; calls == nth {
						return &os.PathError{Op: name, Path: "x", Err: cause}
					}
					return nil
				})
				_, err := storeIn(s, data)
				if calls < nth {
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					break
				}
				if fault.KindOf(err) != fault.Unavailable || fault.Message(err) != message || !errors.Is(err, cause) {
					t.Errorf("%s %d, %v: %v", name, nth, cause, err)
				}
				if n := temps(t, dir); n != 0 {
					t.Errorf("%s %d, %v: %d temporary files left", name, nth, cause, n)
				}
				if _, err := storeIn(s, data); err != nil || visible(t, s, data) != 1 {
					t.Errorf("%s %d, %v: afterwards: %v", name, nth, cause, err)
				}
			}
		}
	}
}

// After a crash between any two steps nothing is visible that was not complete,
// what was acknowledged is there, and a sweep removes the rest.
func TestCrash(t *testing.T) {
	data := bytes.Repeat([]byte("fedcba9876543210"), 100_000)
	dead := errors.New("the machine is off")
	for last := 0; ; last++ { // steps that are still done
		dir := t.TempDir()
		s := opened(t, dir)
		calls := 0
		for _, install := range steps {
			install(&s.ops, func() error {
				if calls++; calls > last {
					return dead
				}
				return nil
			})
		}
		hash, err := storeIn(s, data)
		crashed := calls > last

		again := opened(t, dir)
		n := visible(t, again, data)
		if n > 1 || err == nil && n != 1 {
			t.Errorf("crash after step %d: %d contents are visible (%v)", last, n, err)
		}
		left := temps(t, dir)
		if left+n > 1 {
			t.Errorf("crash after step %d: %d temporary files", last, left)
		}
		if swept, err := again.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil || swept != left || temps(t, dir) != 0 {
			t.Errorf("crash after step %d: Sweep = %d, %v", last, swept, err)
		}
		if _, err := storeIn(again, data); err != nil || visible(t, again, data) != 1 {
			t.Errorf("crash after step %d: the upload cannot be repeated: %v", last, err)
		}
		if !crashed {
			if err != nil || hash == "" {
				t.Errorf("without a crash: %v", err)
			}
			if last < 10 {
				t.Errorf("only %d steps were seen", last)
			}
			return
		}
	}
}

// Reclaim removes what is being received, however young, and no content.
func TestReclaim(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	data := []byte("to stay")
	if _, err := storeIn(s, data); err != nil {
		t.Fatal(err)
	}
	u, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := Reclaim(t.Context(), dir); n != 1 || err != nil || temps(t, dir) != 0 || visible(t, s, data) != 1 {
		t.Errorf("Reclaim = %d, %v; %d uploads and %d contents are left", n, err, temps(t, dir), visible(t, s, data))
	}
	if err := u.Abort(); err != nil { // whose file is gone
		t.Error(err)
	}
	none := filepath.Join(dir, "none")
	if n, err := Reclaim(t.Context(), none); n != 0 || err != nil {
		t.Errorf("Reclaim of nothing = %d, %v", n, err)
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Reclaim has made the folder: %v", err)
	}
}

// The steps of durability are taken in the right order.
func TestOrder(t *testing.T) {
	s := opened(t, t.TempDir())
	var got []string
	for _, name := range []string{"write", "sync", "rename", "syncDir"} {
		steps[name](&s.ops, func() error { got = append(got, name); return nil })
	}
	if _, err := storeIn(s, []byte("x")); err != nil {
		t.Fatal(err)
	}
	want := []string{"write", "syncDir", "syncDir", "sync", "rename", "syncDir"}
	if len(got) != len(want) {
		t.Fatalf("steps %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("steps %v, want %v", got, want)
		}
	}
}

// A content damaged by something else is replaced when it comes again.
func TestDamagedContentIsReplaced(t *testing.T) {
	s := opened(t, t.TempDir())
	data := []byte("the whole content")
	hash, err := storeIn(s, data)
	if err != nil {
		t.Fatal(err)
	}
	path, _ := s.path(hash)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:5], fileMode); err != nil {
		t.Fatal(err)
	}
	if _, err := storeIn(s, data); err != nil || visible(t, s, data) != 1 {
		t.Errorf("not replaced: %v", err)
	}
}

// A content that comes again counts as young.
func TestCommitAgainMakesYoung(t *testing.T) {
	s := opened(t, t.TempDir())
	hash, err := storeIn(s, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	path, _ := s.path(hash)
	old := time.Now().Add(-100 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := storeIn(s, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.Walk(t.Context(), func(_ string, _ int64, committed time.Time) error {
		if time.Since(committed) > time.Hour {
			t.Errorf("committed %v", committed)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
