package app

import (
	"io"
	"os"
	"path/filepath"

	"github.com/dossier-crm/dossier/internal/fault"
)

// dirMode keeps the data folder, with its signing keys, to its owner.
const dirMode = 0o700

// makeFolder makes the data folder, if it is not there.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fault.InField("data", "the folder cannot be made: %v", err)
	}
	return nil
}

// Lock makes the data folder, if it is not there, and keeps servers and other
// callers of Lock out of it until the returned value is closed. It is for commands
// that change what a server relies on; those that only look or manage may run
// beside one. Of a server that uses the same database out of another folder it
// knows nothing. It returns fault.Invalid when somebody else has the folder.
func (s Storage) Lock() (_ io.Closer, err error) {
	defer fault.Wrap(&err, "app.Lock")
	if err := makeFolder(s.Data); err != nil {
		return nil, err
	}
	f, err := lockFolder(s.Data)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openLock opens a file in the data folder that is there to be locked, and makes it.
func openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.InField("data", "the folder cannot be used: %v", err)
	}
	return f, nil
}

// lockFolder makes this process the only one that has the data folder's lock
// until the returned file is closed.
func lockFolder(dir string) (*os.File, error) {
	f, err := openLock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = fault.InField("data", "a server is running on %s, or a command that needs it for itself; end that first", dir)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// writeFile puts a file in place whole or not at all, readable by its owner only.
func writeFile(name string, data []byte) (err error) {
	defer fault.Wrap(&err, "writeFile(%s)", name)
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails after the rename
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
