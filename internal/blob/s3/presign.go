package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

// abortTimeout limits the cleaning up after an upload whose context has ended.
const abortTimeout = 10 * time.Second

// maxCopy is what S3 copies in one request; more is copied in parts.
const maxCopy = 5 << 30

// PresignPut implements blob.Presigner. The service would accept several PUTs
// before the first Collect, of which the last counts. A life beyond S3's limit of
// seven days is cut to it.
func (s *Store) PresignPut(ctx context.Context, name string, expires time.Duration) (_ string, err error) {
	defer fault.Wrap(&err, "s3.PresignPut(%s)", name)
	u, err := s.public.PresignedPutObject(ctx, s.bucket, s.uploadKey(name), min(expires, maxPresign))
	if err != nil {
		return "", storageFault(err)
	}
	return u.String(), nil
}

// PresignGet implements blob.Presigner. A life beyond S3's limit of seven days
// is cut to it.
func (s *Store) PresignGet(ctx context.Context, hash, filename, contentType string, expires time.Duration) (_ string, err error) {
	defer fault.Wrap(&err, "s3.PresignGet(%s)", hash)
	if !blob.IsHash(hash) {
		return "", blob.Missing(hash)
	}
	u, err := s.public.PresignedGetObject(ctx, s.bucket, s.contentKey(hash), min(expires, maxPresign), url.Values{
		"response-content-disposition": {blob.Attachment(filename)},
		"response-content-type":        {contentType},
	})
	if err != nil {
		return "", storageFault(err)
	}
	return u.String(), nil
}

// Collect implements blob.Presigner.
func (s *Store) Collect(ctx context.Context, name string) (hash string, size int64, err error) {
	defer fault.Wrap(&err, "s3.Collect(%s)", name)
	key := s.uploadKey(name)
	// One request, so that bytes, size and tag are those of one object, whatever
	// is put under the name meanwhile.
	body, info, _, err := minio.Core{Client: s.client}.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	switch {
	case isMissing(err):
		return "", 0, fault.New(fault.NotFound, "nothing was uploaded yet").Because(err)
	case err != nil:
		return "", 0, storageFault(err)
	}
	sum := sha256.New()
	size, err = io.Copy(sum, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return "", 0, storageFault(err)
	}
	if info.Size != size {
		return "", 0, storageFault(fmt.Errorf("read %d bytes of an object of %d", size, info.Size))
	}
	hash = hex.EncodeToString(sum.Sum(nil))
	if err := s.copy(ctx, key, info.ETag, hash, size); err != nil {
		return "", 0, err
	}
	return hash, size, nil
}

// Uploads implements blob.Presigner. It may also name an upload of Create that
// is being committed.
func (s *Store) Uploads(ctx context.Context, fn func(name string) error) (err error) {
	defer fault.Wrap(&err, "s3.Uploads")
	prefix := s.uploadKey("")
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return storageFault(o.Err)
		}
		if err := fn(strings.TrimPrefix(o.Key, prefix)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Drop implements blob.Presigner.
func (s *Store) Drop(ctx context.Context, name string) (err error) {
	defer fault.Wrap(&err, "s3.Drop(%s)", name)
	return s.remove(ctx, s.uploadKey(name))
}

// copy makes the content with this hash of an object below uploads. The copy is
// made by the service, and only of the object with this tag: what is put under
// the name meanwhile has not been hashed.
func (s *Store) copy(ctx context.Context, key, etag, hash string, size int64) error {
	target := s.contentKey(hash)
	dst := minio.CopyDestOptions{Bucket: s.bucket, Object: target}
	src := minio.CopySrcOptions{Bucket: s.bucket, Object: key, MatchETag: etag}
	var err error
	if size <= maxCopy {
		_, err = s.client.CopyObject(ctx, dst, src)
	} else {
		_, err = s.client.ComposeObject(ctx, dst, src)
	}
	if err != nil {
		return storageFault(err)
	}
	info, err := s.client.StatObject(ctx, s.bucket, target, minio.StatObjectOptions{})
	if err != nil {
		return storageFault(err)
	}
	if info.Size != size {
		err := fmt.Errorf("copied %d bytes of %d", info.Size, size)
		return storageFault(errors.Join(err, s.Delete(ctx, hash)))
	}
	return nil
}
