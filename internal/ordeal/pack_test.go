package ordeal_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"slices"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// zeros are endless.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// pack packs a body with gzip.
func pack(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(body); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packedZeros(t *testing.T, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.CopyN(z, zeros{}, size); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf is an archive with one file of zeros.
func zipOf(t *testing.T, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	f, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(f, zeros{}, size); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// value is that of a field of a document, one that no dialect shows included.
func (w *world) value(t *testing.T, id int64, field string) resource.Value {
	t.Helper()
	ws, release, err := w.Workspaces.Acquire(t.Context(), w.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	res := ws.Records.Catalog().Resource("documents")
	found, err := ws.Records.Get(t.Context(), crm.Actor{UserID: w.Admin, Level: crm.Administrator}, res, nil, id)
	if err != nil || len(found.Rows) == 0 {
		t.Fatalf("document %d: %v", id, err)
	}
	return found.Rows[0].Values[res.Field(field).Index]
}

// rescan has what is in quarantine scanned again.
func (w *world) rescan(t *testing.T) {
	t.Helper()
	ws, release, err := w.Workspaces.Acquire(t.Context(), w.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := ws.Documents.Rescan(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}
