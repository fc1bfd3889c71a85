// Package blob is where the contents of documents are kept: named by their
// SHA-256, written once, never changed.
package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Store keeps contents. Implementations live in blob/disk and blob/s3 and pass
// the suite in blob/blobtest.
type Store interface {
	// Create opens a new upload. Nothing is visible before Commit.
	Create(ctx context.Context) (Upload, error)

	// Open returns the content with this hash (64 hexadecimal digits). It
	// returns fault.NotFound when there is none.
	Open(ctx context.Context, hash string) (Content, error)

	// Delete removes a content. It is no error when there is none.
	Delete(ctx context.Context, hash string) error

	// Sweep removes uploads that were begun before t and never committed, and
	// returns their number.
	Sweep(ctx context.Context, t time.Time) (int, error)

	// Ping reports whether contents can be read and written now.
	Ping(ctx context.Context) error
}

// Upload receives one content. Exactly one of Commit and Abort ends it; Abort
// after Commit does nothing.
type Upload interface {
	io.Writer
	// Commit makes the content durable under its hash and returns hash and size
	// in bytes. A content that is there already is kept once.
	Commit(ctx context.Context) (hash string, size int64, err error)
	Abort() error
}

// Content is one stored content, open for reading.
type Content interface {
	io.ReadSeekCloser
	Size() int64 // bytes
}

// Presigner is implemented by stores whose service accepts and serves bytes
// itself under signed URLs (S3).
type Presigner interface {
	// PresignPut returns a URL that accepts one PUT of a new content under a
	// name of its own until expires has passed.
	PresignPut(ctx context.Context, name string, expires time.Duration) (url string, err error)

	// Uploads calls fn with every name under which something was put and not
	// dropped since, in no particular order. The first error of fn ends it and
	// is returned.
	Uploads(ctx context.Context, fn func(name string) error) error

	// Collect turns what was put under name into a content: it reads it once to
	// hash it and keeps it under its hash. What was put stays until Drop, so
	// that a crash in between loses nothing. It returns fault.NotFound while
	// nothing was put.
	Collect(ctx context.Context, name string) (hash string, size int64, err error)

	// Drop removes what was put under name. It is no error when there is nothing.
	Drop(ctx context.Context, name string) error

	// PresignGet returns a URL that serves the content as an attachment with
	// this file name and type until expires has passed.
	PresignGet(ctx context.Context, hash, filename, contentType string, expires time.Duration) (url string, err error)
}

// Walker is implemented by stores that can list what they keep, so that contents
// without a document can be found.
type Walker interface {
	// Walk calls fn for every content in no particular order: its hash, its
	// size in bytes and when it was last committed (by the clock of the
	// storage). A content that is committed or deleted during the walk may or
	// may not be seen. The first error of fn ends the walk and is returned.
	Walk(ctx context.Context, fn func(hash string, size int64, committed time.Time) error) error
}

// IsHash reports whether s has the form of a content's name: 64 hexadecimal
// digits in lower case.
func IsHash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Missing is the error for a content that is not there.
func Missing(hash string) error {
	return fault.New(fault.NotFound, "the content does not exist").Because(errors.New("no content " + hash))
}
