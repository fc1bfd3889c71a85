package document_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

func filesSchema(t testing.TB) *intake.Schema {
	t.Helper()
	s, err := intake.NewSchema(intake.Spec{Members: []intake.Member{
		{Path: "name", Rule: intake.Rule{Do: intake.Capture}},
		{Path: "files[]", Rule: intake.Rule{Do: intake.Keep}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// repeated yields text n times.
type repeated struct {
	text string
	n    int
	rest string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.rest = r.text
	}
	k := copy(p, r.rest)
	r.rest = r.rest[k:]
	return k, nil
}

// large is a body with one file of size bytes, a multiple of 300.
func large(size int) io.Reader {
	text := base64.StdEncoding.EncodeToString(random(300))
	return io.MultiReader(strings.NewReader(`{"files":["`), &repeated{text: text, n: size / 300}, strings.NewReader(`"],"name":"x"}`))
}

// roomy is a workspace that takes large documents.
func roomy(t *testing.T, w *world) *world {
	t.Helper()
	w.cfg.MaxSize = 1 << 30
	var err error
	if w.docs, err = document.New(w.cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// The memory that a file takes does not depend on its size: all that is allocated
// for 100 MB is within the limit, be it given back meanwhile or not.
func TestMemory(t *testing.T) {
	const size = 99_999_900
	w, schema := roomy(t, newWorld(t)), filesSchema(t)
	readers := map[string]func(b *document.Batch) error{
		"JSON": func(b *document.Batch) error {
			form, err := schema.Read(context.Background(), large(size), b.Create)
			if err == nil && form.Files[0].Size != size {
				err = fmt.Errorf("%d bytes", form.Files[0].Size)
			}
			return err
		},
		"multipart": func(b *document.Batch) error {
			body := io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n"),
				&repeated{text: string(random(300)), n: size / 300}, strings.NewReader("\r\n--b--\r\n"))
			_, err := intake.Multipart(context.Background(), body, "multipart/form-data; boundary=b", intake.Limits{},
				func(intake.Part) intake.Rule { return intake.Rule{Do: intake.Keep} }, b.Create)
			return err
		},
	}
	for name, read := range readers {
		for _, tt := range []struct{ files, limit int }{{1, 16 << 20}, {8, 64 << 20}} {
			if name != "JSON" && tt.files > 1 {
				continue
			}
			w.measure(t, name, tt.files, tt.limit, read)
		}
	}
	w.expect(nil, 0, 0)
}

// measure reads bodies at once, and holds all that is allocated meanwhile to a limit in
// bytes.
func (w *world) measure(t *testing.T, what string, atOnce, limit int, read func(*document.Batch) error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var reading sync.WaitGroup
	for range atOnce {
		reading.Go(func() {
			b := w.docs.Batch()
			defer b.Discard(context.Background())
			if err := read(b); err != nil {
				t.Error(err)
			}
		})
	}
	reading.Wait()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(limit) {
		t.Errorf("%s, %d at once: %d bytes were allocated, at most %d are allowed", what, atOnce, got, limit)
	} else {
		t.Logf("%s, %d at once: %d KiB", what, atOnce, got>>10)
	}
}

// Whatever ends a request with several files, nothing of them is left: no content,
// no temporary file and no goroutine.
func TestCutRequests(t *testing.T) {
	w, schema := newWorld(t), filesSchema(t)
	file := base64.StdEncoding.EncodeToString(random(600_000)) // of several buffers
	body := `{"files":["` + file + `","` + file[:1000] + `","` + file + `"],"name":"x"}`
	before := runtime.NumGoroutine()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		at := r.IntN(len(body))
		var rest io.Reader
		var want fault.Kind
		switch r.IntN(4) {
		case 0: // the connection breaks
			rest, want = iotest.ErrReader(io.ErrUnexpectedEOF), fault.Invalid
		case 1: // it stalls
			rest, want = iotest.ErrReader(iotest.ErrTimeout), fault.Invalid
		case 2: // the server gives the request up
			rest, want = readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), fault.Invalid
		case 3: // the rest is something else
			rest, want = strings.NewReader("\x00"), fault.Invalid
		}
		b := w.docs.Batch()
		_, err := schema.Read(ctx, io.MultiReader(strings.NewReader(body[:at]), rest), b.Create)
		if fault.KindOf(err) != want {
			t.Errorf("seed %d, cut at %d: %v", seed, at, err)
		}
		b.Discard(ctx)
		cancel()
	}
	w.expect(nil, 0, 0)
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A request becomes documents: its files are read, its values decoded, and both put
// together.
func TestIntake(t *testing.T) {
	w, schema := newWorld(t), filesSchema(t)
	one, two := random(700_000), []byte("%PDF-1.7")
	body := fmt.Sprintf(`{"files":[%q,%q],"name":"offer"}`, base64.StdEncoding.EncodeToString(one), base64.StdEncoding.EncodeToString(two))
	b := w.docs.Batch()
	defer b.Discard(t.Context())
	form, err := schema.Read(t.Context(), iotest.HalfReader(strings.NewReader(body)), b.Create)
	if err != nil {
		t.Fatal(err)
	}
	if string(form.JSON) != `{"files":[1,2],"name":"offer"}` || b.Receipt(1).ContentType != "application/pdf" {
		t.Errorf("%s, %+v", form.JSON, b.Receipt(1))
	}
	ids, err := b.Add(t.Context(), w.actor, named("offer.bin", "offer.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]byte{one, two} {
		if got, _, err := w.download(ids[i]); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d: %d bytes, %v", i, len(got), err)
		}
	}
}
