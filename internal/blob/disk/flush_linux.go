package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

// startFlush asks the kernel to begin writing a part of f to the disk and does
// not wait for it. It promises nothing: durability is the sync's job, and an
// error here would show there.
func startFlush(f *os.File, offset, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) {
		_ = unix.SyncFileRange(int(fd), offset, n, unix.SYNC_FILE_RANGE_WRITE)
	})
}
