package disk

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/dossier-crm/dossier/internal/fault"
)

// operations are the calls that change the disk, so that tests can let each of
// them fail, or be the last one before a crash.
type operations struct {
	create     func(path string) (*os.File, error) // a new file, open for writing
	mkdir      func(path string) error
	write      func(f *os.File, p []byte) (int, error)
	startFlush func(f *os.File, offset, n int64) // a hint: writing to the disk may begin
	sync       func(f *os.File) error
	rename     func(from, to string) error
	remove     func(path string) error
	syncDir    func(path string) error // makes the entries of a folder durable
}

// system returns the calls of the operating system.
func system() operations {
	return operations{
		create: func(path string) (*os.File, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
		},
		mkdir:      func(path string) error { return os.Mkdir(path, dirMode) },
		write:      (*os.File).Write,
		startFlush: startFlush,
		sync:       (*os.File).Sync,
		rename:     os.Rename,
		remove:     os.Remove,
		syncDir:    syncDir,
	}
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// storageFault tells the client whether it is worth trying again; what exactly
// is wrong with the disk goes to the log.
func storageFault(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Unavailable, "the storage for documents is full").Because(err)
	default:
		return fault.New(fault.Unavailable, "the storage for documents cannot be used").Because(err)
	}
}
