package app

import (
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

// lockFolder makes this process the only server on the data folder until the
// returned file is closed. Commands that only look or manage do not need it.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.InField("data", "the folder cannot be used: %v", err)
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = fault.InField("data", "another server is running on %s", dir)
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
