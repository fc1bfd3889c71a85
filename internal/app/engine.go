package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/blob/disk"
	"github.com/dossier-crm/dossier/internal/blob/s3"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
)

// engine is a kind of database: where the data of workspaces are.
type engine interface {
	system(ctx context.Context) (store.DB, error)
	open(ctx context.Context, location string) (store.DB, error) // made if it is not there
	drop(ctx context.Context, location string) error             // no error if it is not there
}

func newEngine(s Storage, log *slog.Logger) engine {
	if s.Database == "" {
		return sqliteFiles{s, log}
	}
	return postgresSchemas{s, log}
}

// sqliteFiles keeps each workspace in a file.
type sqliteFiles struct {
	Storage
	log *slog.Logger
}

func (e sqliteFiles) system(ctx context.Context) (store.DB, error) {
	return sqlite.Open(ctx, e.path("system.db"), sqlite.Options{Logger: e.log})
}

func (e sqliteFiles) file(location string) string { return e.path("workspaces", location+".db") }

func (e sqliteFiles) open(ctx context.Context, location string) (store.DB, error) {
	file := e.file(location)
	if err := os.MkdirAll(filepath.Dir(file), dirMode); err != nil {
		return nil, fault.New(fault.Unavailable, "the folder of workspaces cannot be made").Because(err)
	}
	return sqlite.Open(ctx, file, sqlite.Options{Logger: e.log})
}

func (e sqliteFiles) drop(_ context.Context, location string) error {
	var failed error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(e.file(location) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// postgresSchemas keeps each workspace in a schema.
type postgresSchemas struct {
	Storage
	log *slog.Logger
}

func (e postgresSchemas) system(ctx context.Context) (store.DB, error) {
	return e.schema(ctx, e.SchemaPrefix+"system")
}

// workspaceSchema keeps the names of workspaces apart from "system". With the
// prefix (13) and a location (48) it has at most PostgreSQL's 63 bytes.
func (e postgresSchemas) workspaceSchema(location string) string {
	return e.SchemaPrefix + "w_" + location
}

func (e postgresSchemas) open(ctx context.Context, location string) (store.DB, error) {
	return e.schema(ctx, e.workspaceSchema(location))
}

// schema opens a schema. Only when it is not there is it made, which takes a
// connection more and the right to do it.
func (e postgresSchemas) schema(ctx context.Context, name string) (store.DB, error) {
	opts := postgres.Options{Logger: e.log}
	db, err := postgres.Open(ctx, e.Database, name, opts)
	if fault.KindOf(err) == fault.NotFound {
		if err := postgres.CreateSchema(ctx, e.Database, name); err != nil {
			return nil, err
		}
		db, err = postgres.Open(ctx, e.Database, name, opts)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

func (e postgresSchemas) drop(ctx context.Context, location string) error {
	return postgres.DropSchema(ctx, e.Database, e.workspaceSchema(location))
}

// storage is where the contents of documents are, apart for each workspace.
type storage interface {
	// begin is for a server, before it takes uploads: what servers that were killed
	// have left of theirs is removed, if that is certain. The server closes what it
	// returns when it takes no more.
	begin(ctx context.Context, log *slog.Logger) (io.Closer, error)

	open(ctx context.Context, location string) (blob.Store, error)
	drop(ctx context.Context, location string) error // no error if nothing is there
	ping(ctx context.Context) error
}

func newStorage(s Storage) storage {
	if s.Blobs == "" {
		return folders{s}
	}
	return bucket{s}
}

// Names beside those of workspaces, none of whose locations begins like this.
const (
	probeLocation = "_probe" // where readiness is tried out
	storageLock   = "_lock"  // file that is locked by the servers that use the folder
)

// folders keeps contents on the disk.
type folders struct{ Storage }

// begin implements storage. As long as they run, servers share the lock of the folder
// of documents, wherever their data folders are: with PostgreSQL several may keep their
// documents in one.
func (f folders) begin(ctx context.Context, log *slog.Logger) (_ io.Closer, err error) {
	defer fault.Wrap(&err, "folders.begin")
	dir := f.path("blobs")
	if err := makeFolder(dir); err != nil {
		return nil, err
	}
	lock, err := openLock(filepath.Join(dir, storageLock))
	if err != nil {
		return nil, err
	}
	if err := joinFolder(ctx, lock, dir, log); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// joinFolder makes this process one of those that use a folder of documents. Who gets
// its lock alone is the first of them, so what was being received there will never end,
// and is removed. Beside others age decides: see document.Service.Sweep.
func joinFolder(ctx context.Context, lock *os.File, dir string, log *slog.Logger) error {
	alone, err := tryLock(lock)
	if err != nil {
		return fault.InField("data", "the folder of documents cannot be locked: %v", err)
	}
	if alone {
		n, err := reclaim(ctx, dir)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			log.WarnContext(ctx, "uploads of a server that was killed are left to the sweeper", "error", err)
		}
		if n > 0 {
			log.InfoContext(ctx, "uploads of a server that was killed were removed", "uploads", n)
		}
	}
	if err := shareLock(lock); err != nil {
		return fault.InField("data", "the folder of documents cannot be locked: %v", err)
	}
	return nil
}

// reclaim removes the uploads of all workspaces.
func reclaim(ctx context.Context, dir string) (n int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		removed, failed := disk.Reclaim(ctx, filepath.Join(dir, e.Name()))
		n += removed
		err = errors.Join(err, failed)
	}
	return n, err
}

func (f folders) open(_ context.Context, location string) (blob.Store, error) {
	if err := os.MkdirAll(f.path("blobs"), dirMode); err != nil {
		return nil, fault.New(fault.Unavailable, "the folder of documents cannot be made").Because(err)
	}
	s, err := disk.Open(f.path("blobs", location))
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (f folders) drop(_ context.Context, location string) error {
	return os.RemoveAll(f.path("blobs", location))
}

func (f folders) ping(ctx context.Context) error {
	s, err := f.open(ctx, probeLocation)
	if err != nil {
		return err
	}
	return s.Ping(ctx)
}

// bucket keeps contents in an S3-compatible service, below a prefix for each
// workspace.
type bucket struct{ Storage }

// begin implements storage. In a bucket nothing tells whose an upload is, so age
// decides.
func (b bucket) begin(context.Context, *slog.Logger) (io.Closer, error) {
	return io.NopCloser(nil), nil
}

func (b bucket) store(ctx context.Context, location string) (*s3.Store, error) {
	u, err := url.Parse(b.Blobs)
	if err != nil {
		return nil, fault.InField("blobs", "the URL cannot be parsed") // the error would repeat the secret
	}
	u.Path = path.Join("/", strings.Trim(u.Path, "/"), location)
	return s3.Open(ctx, u.String())
}

func (b bucket) open(ctx context.Context, location string) (blob.Store, error) {
	s, err := b.store(ctx, location)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (b bucket) drop(ctx context.Context, location string) error {
	s, err := b.store(ctx, location)
	if err != nil {
		return err
	}
	var hashes []string
	err = s.Walk(ctx, func(hash string, _ int64, _ time.Time) error {
		hashes = append(hashes, hash)
		return nil
	})
	if err != nil {
		return err
	}
	for _, hash := range hashes {
		if err := s.Delete(ctx, hash); err != nil {
			return err
		}
	}
	_, err = s.Sweep(ctx, time.Now().Add(time.Hour)) // all uploads, whatever the service's clock
	return err
}

func (b bucket) ping(ctx context.Context) error {
	s, err := b.store(ctx, probeLocation)
	if err != nil {
		return err
	}
	return s.Ping(ctx)
}
