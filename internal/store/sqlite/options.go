package sqlite

import (
	"cmp"
	"log/slog"
	"runtime"
	"time"
)

// Defaults of Options.
const (
	defaultReaderCache = 8 << 10 // KiB
	defaultWriterCache = 16 << 10
	defaultIdle        = 30 * time.Second
	defaultBusy        = 5 * time.Second
)

// Options tunes one database. The zero value is good for a server.
type Options struct {
	// Readers is the number of connections that may read at once; they are
	// opened when needed. Default: two more than there are processors, and at
	// least four.
	Readers int

	// ReaderCache and WriterCache bound the page cache of one connection, in
	// KiB. The reader's is emptied by every commit, so a large one pays on a
	// database that is only read. Defaults: 8 MiB and 16 MiB.
	ReaderCache, WriterCache int

	// Idle is how long a connection may lie unused before it is closed, and how
	// long no write may come before the write-ahead log is truncated.
	// Default: 30 s.
	Idle time.Duration

	// Busy is how long to wait for another process that holds the write lock.
	// Default: 5 s.
	Busy time.Duration

	// Logger receives failures that no request can be told about.
	// Default: discarded.
	Logger *slog.Logger

	// VFS is the name of a registered virtual file system, for tests that make
	// the disk fail. Default: the operating system's.
	VFS string
}

func (o Options) withDefaults() Options {
	o.Readers = cmp.Or(o.Readers, max(2, runtime.NumCPU())+2)
	o.ReaderCache = cmp.Or(o.ReaderCache, defaultReaderCache)
	o.WriterCache = cmp.Or(o.WriterCache, defaultWriterCache)
	o.Idle = cmp.Or(o.Idle, defaultIdle)
	o.Busy = cmp.Or(o.Busy, defaultBusy)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
