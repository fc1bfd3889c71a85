package s3_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/dossier-crm/dossier/internal/blob/blobtest"
	"github.com/dossier-crm/dossier/internal/blob/s3"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// open returns an empty store under a prefix of its own.
func open(t *testing.T) (*s3.Store, func() int) {
	u, err := url.Parse(testenv.S3(t))
	if err != nil {
		t.Fatal("DOSSIER_TEST_S3 is no URL")
	}
	u.Path += "/" + rand.Text()
	s, err := s3.Open(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}

	// An independent look at the bucket.
	endpoint := strings.TrimPrefix(u.Query().Get("endpoint"), "http://")
	secret, _ := u.User.Password()
	client, err := minio.New(endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Region: u.Query().Get("region"),
	})
	if err != nil {
		t.Fatal(err)
	}
	prefix := strings.Trim(u.Path, "/") + "/uploads/"
	return s, func() (n int) {
		for o := range client.ListObjectsIter(t.Context(), u.Host, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			n++
		}
		for o := range client.ListIncompleteUploads(t.Context(), u.Host, prefix, true) {
			if o.Err != nil {
				t.Fatal(o.Err)
			}
			n++
		}
		return n
	}
}

func TestConformance(t *testing.T) {
	testenv.S3(t)
	blobtest.Run(t, func(t *testing.T) (blobtest.Store, func() int) { return open(t) })
}

func TestPresigner(t *testing.T) {
	testenv.S3(t)
	blobtest.RunPresigner(t, func(t *testing.T) (blobtest.Presigner, func() int) { return open(t) })
}

func TestOpenRefuses(t *testing.T) {
	const secret = "s3cr3t"
	for name, c := range map[string]struct {
		url  string
		kind fault.Kind
	}{
		"no URL":            {"s3://key:" + secret + "@bu%zz", fault.Invalid},
		"other scheme":      {"file:///tmp", fault.Invalid},
		"no bucket":         {"s3:///prefix", fault.Invalid},
		"no secret":         {"s3://key@bucket", fault.Invalid},
		"unknown parameter": {"s3://key:" + secret + "@bucket?endpiont=http://127.0.0.1:1", fault.Invalid},
		"endpoint, no host": {"s3://key:" + secret + "@bucket?endpoint=127.0.0.1:1", fault.Invalid},
		"endpoint, path":    {"s3://key:" + secret + "@bucket?endpoint=http://127.0.0.1:1/x", fault.Invalid},
		"public":            {"s3://key:" + secret + "@bucket?endpoint=http://127.0.0.1:1&public=x", fault.Invalid},
	} {
		s, err := s3.Open(t.Context(), c.url)
		if s != nil || fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}

func TestOpenUnknownBucket(t *testing.T) {
	u, err := url.Parse(testenv.S3(t))
	if err != nil {
		t.Fatal("DOSSIER_TEST_S3 is no URL")
	}
	u.Host = "no-such-bucket-here"
	if _, err := s3.Open(t.Context(), u.String()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Open = %v, want unavailable", err)
	}
}
