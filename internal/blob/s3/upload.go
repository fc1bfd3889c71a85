package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"

	"github.com/minio/minio-go/v7"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

// partSize is how much of an upload is kept in memory, which is all the memory
// it takes: contents up to this size are one PUT, larger ones a multipart upload.
// S3 allows 10,000 parts of at least 5 MiB, so a content may have 48 GiB.
const partSize = 5 << 20

type part [partSize]byte

func newName() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// upload gathers one part and sends it when it is full.
type upload struct {
	store *Store
	core  minio.Core
	ctx   context.Context
	sum   hash.Hash
	size  int64
	err   error // first failure
	ended bool

	buf  *part // nil before the first byte and after the end
	fill int

	key  string // object of the multipart upload; "" while there is none, or no more
	id   string // of the multipart upload; "" while there is none
	done []minio.CompletePart
}

// Create implements blob.Store. The context ends the upload: after it is
// cancelled, writes and Commit fail.
func (s *Store) Create(ctx context.Context) (_ blob.Upload, err error) {
	defer fault.Wrap(&err, "s3.Create")
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &upload{store: s, core: minio.Core{Client: s.client}, ctx: ctx, sum: sha256.New()}, nil
}

func (u *upload) Write(p []byte) (n int, err error) {
	if u.ended {
		return 0, fault.New(fault.Internal, "").Because(errors.New("s3: write to an ended upload"))
	}
	for len(p) > 0 {
		if u.err == nil {
			u.err = u.ctx.Err()
		}
		if u.err == nil && u.fill == partSize {
			u.err = u.send(u.ctx)
		}
		if u.err != nil {
			return n, u.err
		}
		if u.buf == nil {
			u.buf = u.store.parts.Get().(*part)
		}
		k := copy(u.buf[u.fill:], p)
		u.sum.Write(p[:k])
		u.fill += k
		u.size += int64(k)
		n += k
		p = p[k:]
	}
	return n, nil
}

// send sends the part in memory.
func (u *upload) send(ctx context.Context) error {
	if u.id == "" {
		key := u.store.uploadKey(newName())
		id, err := u.core.NewMultipartUpload(ctx, u.store.bucket, key, minio.PutObjectOptions{})
		if err != nil {
			return storageFault(err)
		}
		u.key, u.id = key, id
	}
	// The hash of the part signs it as a whole, and has it refused when it was damaged
	// on the way. Without TLS, the client would sign it in pieces otherwise, and leave
	// garbage as large as the part.
	sum := sha256.Sum256(u.buf[:u.fill])
	number := len(u.done) + 1
	p, err := u.core.PutObjectPart(ctx, u.store.bucket, u.key, u.id, number, bytes.NewReader(u.buf[:u.fill]), int64(u.fill),
		minio.PutObjectPartOptions{Sha256Hex: hex.EncodeToString(sum[:]), DisableContentSha256: true})
	if err != nil {
		return storageFault(err)
	}
	u.done = append(u.done, minio.CompletePart{PartNumber: number, ETag: p.ETag})
	u.fill = 0
	return nil
}

// Commit implements blob.Upload. After an error the upload has ended and nothing
// of it is left, unless the service cannot be reached to remove it.
func (u *upload) Commit(ctx context.Context) (hash string, size int64, err error) {
	defer fault.Wrap(&err, "s3.Commit")
	if u.ended {
		return "", 0, fault.New(fault.Internal, "").Because(errors.New("s3: commit of an ended upload"))
	}
	if u.err == nil {
		u.err = errors.Join(ctx.Err(), u.ctx.Err())
	}
	hash = hex.EncodeToString(u.sum.Sum(nil))
	if u.err == nil {
		u.err = u.finish(ctx, hash)
	}
	if u.err != nil {
		return "", 0, errors.Join(u.err, u.Abort())
	}
	u.end()
	return hash, u.size, nil
}

// finish makes the object of the content. One that is there already is replaced
// by the same bytes, which makes it young again.
func (u *upload) finish(ctx context.Context, hash string) error {
	target := u.store.contentKey(hash)
	if u.id == "" {
		var data []byte
		if u.buf != nil {
			data = u.buf[:u.fill]
		}
		_, err := u.core.PutObject(ctx, u.store.bucket, target, bytes.NewReader(data), int64(len(data)), "", hash, minio.PutObjectOptions{})
		if err != nil {
			return storageFault(err)
		}
		return nil
	}
	if u.fill > 0 {
		if err := u.send(ctx); err != nil {
			return err
		}
	}
	info, err := u.core.CompleteMultipartUpload(ctx, u.store.bucket, u.key, u.id, u.done, minio.PutObjectOptions{})
	if err != nil {
		return storageFault(err)
	}
	u.id = ""
	if err := u.store.copy(ctx, u.key, info.ETag, hash, u.size); err != nil {
		return err
	}
	key := u.key
	u.key = ""
	return u.store.remove(ctx, key)
}

func (u *upload) end() {
	u.ended = true
	if u.buf != nil {
		u.store.parts.Put(u.buf)
		u.buf = nil
	}
}

// Abort implements blob.Upload.
func (u *upload) Abort() (err error) {
	defer fault.Wrap(&err, "s3.Abort")
	u.end()
	if u.key == "" {
		return nil
	}
	key, id := u.key, u.id
	u.key, u.id = "", ""
	// The upload is often aborted because its context was.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(u.ctx), abortTimeout)
	defer cancel()
	if id != "" {
		err = u.core.AbortMultipartUpload(ctx, u.store.bucket, key, id)
	} else {
		err = u.store.client.RemoveObject(ctx, u.store.bucket, key, minio.RemoveObjectOptions{})
	}
	if err != nil && !isMissing(err) {
		return storageFault(err)
	}
	return nil
}
