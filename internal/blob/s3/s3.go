// Package s3 keeps contents in a bucket of an S3-compatible service.
//
// A content is the object <prefix>content/<hash>. What is still being received,
// by us or by the service itself under a presigned URL, is an object or a
// multipart upload below <prefix>uploads/. The service makes an object visible
// only whole, so a content appears by one PUT or one server-side copy.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	// defaultRegion is what S3-compatible services outside AWS expect, too.
	defaultRegion = "us-east-1"

	// maxPresign is the longest life of a presigned URL that S3 allows.
	maxPresign = 7 * 24 * time.Hour
)

// Store keeps contents in one bucket. It implements blob.Store, blob.Presigner
// and blob.Walker. Several processes may use the same bucket and prefix.
type Store struct {
	client *minio.Client // talks to the service
	public *minio.Client // only signs URLs, for the address clients reach it by
	bucket string
	prefix string    // "" or ends in "/"
	parts  sync.Pool // of *part
}

var (
	_ blob.Store     = (*Store)(nil)
	_ blob.Presigner = (*Store)(nil)
	_ blob.Walker    = (*Store)(nil)
)

// Open returns the store at a URL of the form
//
//	s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=URL][&region=NAME][&public=URL]
//
// Without credentials in the URL those of the environment are used:
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. The endpoint is
// AWS unless named; a named one is addressed path-style. The region is us-east-1
// unless named. public is the address under which clients reach the same service
// when it differs from the endpoint; presigned URLs use it.
//
// Open returns fault.Invalid for a URL it cannot use and fault.Unavailable when
// the bucket cannot be reached.
func Open(ctx context.Context, rawURL string) (s *Store, err error) {
	defer fault.Wrap(&err, "s3.Open")
	u, err := url.Parse(rawURL)
	if err != nil {
		// The text of the error would repeat the secret.
		return nil, fault.InField("blobs", "the S3 URL cannot be parsed")
	}
	if u.Scheme != "s3" || u.Host == "" {
		return nil, fault.InField("blobs", "an S3 URL has the form s3://bucket/prefix?endpoint=http://host:port")
	}
	query := u.Query()
	for name := range query {
		switch name {
		case "endpoint", "region", "public":
		default:
			return nil, fault.InField("blobs", "the S3 URL has an unknown parameter %q", name)
		}
	}
	region := query.Get("region")
	if region == "" {
		region = defaultRegion
	}
	creds := credentials.NewEnvAWS()
	if u.User != nil {
		secret, ok := u.User.Password()
		if !ok {
			return nil, fault.InField("blobs", "the S3 URL has a key but no secret")
		}
		creds = credentials.NewStaticV4(u.User.Username(), secret, "")
	}

	s = &Store{bucket: u.Host}
	if p := strings.Trim(u.Path, "/"); p != "" {
		s.prefix = p + "/"
	}
	s.parts.New = func() any { return new(part) }
	if s.client, err = newClient(query.Get("endpoint"), region, creds); err != nil {
		return nil, err
	}
	s.public = s.client
	if p := query.Get("public"); p != "" {
		if s.public, err = newClient(p, region, creds); err != nil {
			return nil, err
		}
	}
	switch ok, err := s.client.BucketExists(ctx, s.bucket); {
	case err != nil:
		return nil, storageFault(err)
	case !ok:
		return nil, fault.New(fault.Unavailable, "the S3 bucket %s does not exist", s.bucket)
	}
	return s, nil
}

func newClient(endpoint, region string, creds *credentials.Credentials) (*minio.Client, error) {
	opts := &minio.Options{Creds: creds, Region: region, Secure: true}
	host := "s3." + region + ".amazonaws.com"
	if endpoint != "" {
		e, err := url.Parse(endpoint)
		if err != nil || e.Host == "" || (e.Scheme != "http" && e.Scheme != "https") || strings.Trim(e.Path, "/") != "" {
			return nil, fault.InField("blobs", "the S3 endpoint has the form http://host:port or https://host")
		}
		host = e.Host
		opts.Secure = e.Scheme == "https"
		opts.BucketLookup = minio.BucketLookupPath
	}
	c, err := minio.New(host, opts)
	if err != nil {
		return nil, fault.InField("blobs", "the S3 endpoint cannot be used").Because(err)
	}
	return c, nil
}

func (s *Store) contentKey(hash string) string { return s.prefix + "content/" + hash }
func (s *Store) uploadKey(name string) string  { return s.prefix + "uploads/" + name }

// Open implements blob.Store. Reading goes on only while ctx is not cancelled.
func (s *Store) Open(ctx context.Context, hash string) (_ blob.Content, err error) {
	defer fault.Wrap(&err, "s3.Open(%s)", hash)
	if !blob.IsHash(hash) {
		return nil, blob.Missing(hash)
	}
	info, err := s.client.StatObject(ctx, s.bucket, s.contentKey(hash), minio.StatObjectOptions{})
	if isMissing(err) {
		return nil, blob.Missing(hash)
	} else if err != nil {
		return nil, storageFault(err)
	}
	o, err := s.client.GetObject(ctx, s.bucket, s.contentKey(hash), minio.GetObjectOptions{})
	if err != nil {
		return nil, storageFault(err)
	}
	return &content{Object: o, size: info.Size}, nil
}

type content struct {
	*minio.Object
	size int64
}

func (c *content) Size() int64 { return c.size }

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, hash string) (err error) {
	defer fault.Wrap(&err, "s3.Delete(%s)", hash)
	if !blob.IsHash(hash) {
		return nil
	}
	return s.remove(ctx, s.contentKey(hash))
}

func (s *Store) remove(ctx context.Context, key string) error {
	err := s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{})
	if err != nil && !isMissing(err) {
		return storageFault(err)
	}
	return nil
}

// Sweep implements blob.Store. It counts objects put under a presigned URL and
// never collected, and multipart uploads never completed; ages are by the clock
// of the service.
func (s *Store) Sweep(ctx context.Context, t time.Time) (n int, err error) {
	defer fault.Wrap(&err, "s3.Sweep")
	prefix := s.uploadKey("")
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return n, storageFault(o.Err)
		}
		if !o.LastModified.Before(t) {
			continue
		}
		if err := s.remove(ctx, o.Key); err != nil {
			return n, err
		}
		n++
	}

	// The ones to abort are gathered first: aborting would shift the pages.
	core := minio.Core{Client: s.client}
	var old []minio.ObjectMultipartInfo
	for keyMarker, idMarker := "", ""; ; {
		page, err := core.ListMultipartUploads(ctx, s.bucket, prefix, keyMarker, idMarker, "", 1000)
		if err != nil {
			return n, storageFault(err)
		}
		for _, m := range page.Uploads {
			if m.Initiated.Before(t) {
				old = append(old, m)
			}
		}
		if !page.IsTruncated {
			break
		}
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
	for _, m := range old {
		switch err := core.AbortMultipartUpload(ctx, s.bucket, m.Key, m.UploadID); {
		case err == nil:
			n++
		case !isMissing(err):
			return n, storageFault(err)
		}
	}
	return n, nil
}

// Walk implements blob.Walker.
func (s *Store) Walk(ctx context.Context, fn func(hash string, size int64, committed time.Time) error) (err error) {
	defer fault.Wrap(&err, "s3.Walk")
	prefix := s.contentKey("")
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return storageFault(o.Err)
		}
		hash := strings.TrimPrefix(o.Key, prefix)
		if !blob.IsHash(hash) {
			continue
		}
		if err := fn(hash, o.Size, o.LastModified); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Ping implements blob.Store: it puts and removes an empty object.
func (s *Store) Ping(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "s3.Ping")
	key := s.uploadKey(newName())
	if _, err := s.client.PutObject(ctx, s.bucket, key, strings.NewReader(""), 0, minio.PutObjectOptions{}); err != nil {
		return storageFault(err)
	}
	return s.remove(ctx, key)
}

// isMissing reports whether the service says that the object, or the multipart
// upload, is not there.
func isMissing(err error) bool {
	var r minio.ErrorResponse
	if !errors.As(err, &r) {
		return false
	}
	switch r.Code {
	case minio.NoSuchKey, minio.NoSuchUpload:
		return true
	case minio.NoSuchBucket:
		return false
	}
	return r.StatusCode == http.StatusNotFound
}

// storageFault tells the client whether it is worth trying again; what exactly
// the service said goes to the log.
func storageFault(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var r minio.ErrorResponse
	if errors.As(err, &r) && r.StatusCode == http.StatusInsufficientStorage {
		return fault.New(fault.Unavailable, "the storage for documents is full").Because(err)
	}
	return fault.New(fault.Unavailable, "the storage for documents cannot be used").Because(fmt.Errorf("s3: %w", err))
}
