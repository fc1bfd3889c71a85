package document_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/resource"
)

// send makes a request as any client would, and returns the body of the answer.
func send(t *testing.T, method, address string, data []byte, want int) ([]byte, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s: %s (%v)\n%.300s", method, res.Status, err, body)
	}
	return body, res.Header
}

func (w *world) settle() {
	w.t.Helper()
	if err := w.docs.Settle(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// With a store that presigns, bytes go to and come from the service itself.
func TestPresigned(t *testing.T) {
	w := newWorldS3(t)
	data := append([]byte("%PDF-1.7\n"), random(2<<20)...)
	ticket := w.create(document.Request{Resource: w.catalog.Resource("accounts"), RecordID: w.account, Name: "Año.pdf"})
	idle := w.create(document.Request{Name: "not yet"})
	if strings.HasPrefix(ticket.Locator, w.cfg.BaseURL) {
		t.Errorf("locator %s is our own", ticket.Locator)
	}
	w.settle()
	w.expect(nil, 0, 0)

	send(t, http.MethodPut, ticket.Locator, data, http.StatusOK)
	w.expect(nil, 0, 1)
	w.advance(time.Second)
	w.settle()
	w.expect([]int64{ticket.ID}, 1, 0)
	if w.value(ticket.ID, "size").I != int64(len(data)) || w.value(ticket.ID, "contentType").S != "application/pdf" ||
		w.value(ticket.ID, "uploadedAt").I != start.Add(time.Second).UnixMilli() {
		t.Errorf("row %+v", w.record(ticket.ID).Values)
	}

	body, head := send(t, http.MethodGet, w.link(ticket.ID), nil, http.StatusOK)
	if !bytes.Equal(body, data) {
		t.Error("other bytes come back")
	}
	if got := head.Get("Content-Disposition"); !strings.Contains(got, "attachment") || !strings.Contains(got, "A%C3%B1o.pdf") {
		t.Errorf("Content-Disposition %s", got)
	}

	// The service takes a second PUT, but it changes nothing.
	send(t, http.MethodPut, ticket.Locator, []byte("second"), http.StatusOK)
	w.settle()
	w.expect([]int64{ticket.ID}, 1, 0)
	if body, _ := send(t, http.MethodGet, w.link(ticket.ID), nil, http.StatusOK); !bytes.Equal(body, data) {
		t.Error("the second upload has replaced the first")
	}

	// What came in time is not lost when nobody lists before it expires.
	send(t, http.MethodPut, idle.Locator, []byte("in time"), http.StatusOK)
	w.advance(3 * time.Hour)
	if swept, err := w.docs.Sweep(t.Context()); err != nil || swept != (document.Swept{}) {
		t.Errorf("Sweep = %+v, %v", swept, err)
	}
	w.expect([]int64{ticket.ID, idle.ID}, 2, 0)
}

func TestPresignedRefused(t *testing.T) {
	w := newWorldS3(t)
	keeper := w.create(document.Request{Name: "keeps Settle busy"})

	large := w.create(document.Request{Name: "large"})
	send(t, http.MethodPut, large.Locator, random(4<<20+1), http.StatusOK)
	deleted := w.create(document.Request{Name: "deleted"})
	send(t, http.MethodPut, deleted.Locator, []byte("x"), http.StatusOK)
	if err := w.docs.Delete(t.Context(), w.actor, deleted.ID); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.expect(nil, 0, 0)
	if got := w.value(large.ID, "state"); got == resource.TextValue(resource.DocumentReady) || got == resource.TextValue(resource.DocumentPending) {
		t.Errorf("the large one is %+v", got)
	}

	// Another document's name, or that of before a reset, is nobody's.
	other := newWorldS3(t)
	other.advance(time.Hour)
	strange := other.create(document.Request{Name: "id 1 as well"})
	if strange.ID != keeper.ID {
		t.Fatal("not the same id")
	}
	send(t, http.MethodPut, strange.Locator, []byte("y"), http.StatusOK)
	cfg := w.cfg
	cfg.Blobs = other.blobs
	mixed, err := document.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := mixed.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.expect(nil, 0, 0)
	other.expect(nil, 0, 0)
}

// A failure between collecting the bytes and marking the document loses nothing.
func TestPresignedFailure(t *testing.T) {
	w := newWorldS3(t)
	ticket := w.create(document.Request{Name: "a"})
	send(t, http.MethodPut, ticket.Locator, []byte("precious"), http.StatusOK)
	refuse := io.ErrClosedPipe
	w.store.err.Store(&refuse)
	w.settle()
	w.expect(nil, 1, 1)
	w.store.err.Store(nil)
	w.sweep(document.Swept{})
	w.expect([]int64{ticket.ID}, 1, 0)
}

// Own uploads and downloads work there as well, for dialects that carry the
// bytes in their requests.
func TestAddOnS3(t *testing.T) {
	w := newWorldS3(t)
	data := random(3 << 20)
	id, _, err := w.docs.Add(t.Context(), w.actor, document.Request{Name: "a.bin"}, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := send(t, http.MethodGet, w.link(id), nil, http.StatusOK); !bytes.Equal(body, data) {
		t.Error("other bytes come back")
	}
	w.expect([]int64{id}, 1, 0)
}

// The same holds where contents go to S3 in parts.
func TestMemoryS3(t *testing.T) {
	const size = 99_999_900
	w, schema := roomy(t, newWorldS3(t)), filesSchema(t)
	for _, tt := range []struct{ files, limit int }{{1, 16 << 20}, {8, 64 << 20}} {
		w.measure(t, "S3", tt.files, tt.limit, func(b *document.Batch) error {
			_, err := schema.Read(context.Background(), large(size), b.Create)
			return err
		})
	}
	w.expect(nil, 0, 0)
}
