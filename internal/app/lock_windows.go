package app

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the file's lock for this process, which ends with the process at
// the latest. It reports false when another one has it.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// shareLock takes the file's lock together with all others who share it, in the place
// of what tryLock took. It waits until nobody has it alone.
func shareLock(f *os.File) error {
	h := windows.Handle(f.Fd())
	if err := windows.UnlockFileEx(h, 0, 1, 0, new(windows.Overlapped)); err != nil && !errors.Is(err, windows.ERROR_NOT_LOCKED) {
		return err
	}
	return windows.LockFileEx(h, 0, 0, 1, 0, new(windows.Overlapped))
}
