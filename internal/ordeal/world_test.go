// Package ordeal_test puts every way in which a file can be uploaded through the same
// ordeals: connections that are cut, names and contents that are meant to do harm,
// sizes at the limit, full disks, slow clients, scanners that find something or do not
// answer. README.md says what is held, and how a way is added.
package ordeal_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// storage is where contents are kept.
type storage string

const (
	onDisk storage = "disk"
	onS3   storage = "s3"
)

// world is an installation with one record of every kind that takes files.
type world struct {
	*apptest.App
	storage storage
	bucket  *url.URL // of this world alone, when contents are on S3

	// entered and ended say that a request which is followed has come to the
	// handler, and has left it.
	entered, ended chan struct{}

	session     string // of the riskforce dialect
	token       string // of the scalepoint dialect
	wolkvoxCase string // its id there
	had         int    // cases before the last try
}

// followed marks the requests that are followed.
const followed = "X-Ordeal"

func newWorld(t *testing.T, db apptest.Database, where storage, change func(*apptest.Options)) *world {
	t.Helper()
	w := &world{storage: where, entered: make(chan struct{}, 1), ended: make(chan struct{}, 1)}
	opts := apptest.Options{
		Database: db,
		Dialects: dialects,
		Around: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get(followed) != "" {
					w.entered <- struct{}{}
					defer func() { w.ended <- struct{}{} }()
				}
				next.ServeHTTP(rw, r)
			})
		},
	}
	if where == onS3 {
		var err error
		if w.bucket, err = url.Parse(testenv.S3(t)); err != nil {
			t.Fatal("DOSSIER_TEST_S3 is no URL")
		}
		w.bucket.Path += "/" + strings.ReplaceAll(t.Name(), "/", "-") + "-" + time.Now().UTC().Format("150405.000000")
		addConfig(&opts, func(c *app.Config) { c.Blobs = w.bucket.String() })
	}
	if change != nil {
		change(&opts)
	}
	w.App = apptest.New(t, opts)
	w.enter(t)
	w.furnish(t)
	return w
}

// cases counts the cases that there are: some uploads make one.
func (w *world) cases(t *testing.T) int {
	t.Helper()
	var all []struct{}
	w.Get(t, "/api/v4/cases", func(h http.Header) { h.Set("Count", "1000") }).JSON(t, &all)
	return len(all)
}

// shown is a document as the Sage dialect lists it.
type shown struct {
	ID          int64
	Description string
	Size        int64
	Link        string
}

// documents are those that anybody sees, to which all conditions apply.
func (w *world) documents(t *testing.T, conditions ...string) (all []shown) {
	t.Helper()
	where := url.QueryEscape(strings.Join(append(conditions, "deleted=false"), " AND "))
	res := w.Get(t, "/api/v4/documents?where="+where, func(h http.Header) { h.Set("Count", "1000") })
	if res.Status != 200 {
		t.Fatalf("%d %s", res.Status, res.Body)
	}
	res.JSON(t, &all)
	return all
}

// last is the document that came last.
func (w *world) last(t *testing.T) shown {
	t.Helper()
	var last shown
	for _, d := range w.documents(t) {
		if d.ID > last.ID {
			last = d
		}
	}
	return last
}

// kept are the names of all that takes space in the storage: contents, and what is
// being written.
func (w *world) kept(t *testing.T) []string {
	t.Helper()
	if w.storage == onS3 {
		return w.objects(t)
	}
	return w.Contents(t)
}

// objects is kept for S3, by an independent look at the bucket: objects, and
// multipart uploads that have not ended.
func (w *world) objects(t *testing.T) (names []string) {
	t.Helper()
	secret, _ := w.bucket.User.Password()
	client, err := minio.New(strings.TrimPrefix(w.bucket.Query().Get("endpoint"), "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(w.bucket.User.Username(), secret, ""), Region: w.bucket.Query().Get("region"),
	})
	if err != nil {
		t.Fatal(err)
	}
	prefix := strings.Trim(w.bucket.Path, "/") + "/"
	for o := range client.ListObjectsIter(t.Context(), w.bucket.Host, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		names = append(names, o.Key)
	}
	for o := range client.ListIncompleteUploads(t.Context(), w.bucket.Host, prefix, true) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		names = append(names, "unfinished "+o.Key)
	}
	return names
}

// sweep lets the sweeper of the workspace run.
func (w *world) sweep(t *testing.T) (swept document.Swept) {
	t.Helper()
	ws, release, err := w.Workspaces.Acquire(t.Context(), w.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if swept, err = ws.Documents.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	return swept
}

// everywhere runs a test on every database with every storage.
func everywhere(t *testing.T, fn func(t *testing.T, db apptest.Database, where storage)) {
	t.Helper()
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		for _, where := range []storage{onDisk, onS3} {
			t.Run(string(where), func(t *testing.T) { fn(t, db, where) })
		}
	})
}

// quoted is text as a JSON string whose bytes are sent as they are, UTF-8 or not;
// only what JSON does not take is escaped.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			escaped, err := json.Marshal(string(rune(c)))
			if err != nil {
				panic(err) // cannot happen: it is a text
			}
			b.Write(escaped[1 : len(escaped)-1])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
