// Package blobtest is the suite that every blob.Store must pass.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
)

// Store is what the suite asks of a store under test.
type Store interface {
	blob.Store
	blob.Walker
}

// big is more than one buffer, part or write of any store.
const big = 21<<20 + 7

// Open returns a new, empty store, and a function that counts what is kept on behalf of
// uploads that have not been committed: temporary files, unfinished multipart uploads.
type Open func(t *testing.T) (s Store, leftovers func() int)

// Run tests a store.
func Run(t *testing.T, open Open) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"RoundTrip", testRoundTrip},
		{"RoundTripOfAnyWrites", testRoundTripOfAnyWrites},
		{"NothingVisibleBeforeCommit", testNothingVisibleBeforeCommit},
		{"Abort", testAbort},
		{"AbortAfterCommit", testAbortAfterCommit},
		{"SameContentTwice", testSameContentTwice},
		{"SameContentAtOnce", testSameContentAtOnce},
		{"ManyAtOnce", testManyAtOnce},
		{"Unknown", testUnknown},
		{"Delete", testDelete},
		{"Ranges", testRanges},
		{"FailingReader", testFailingReader},
		{"CancelledContext", testCancelledContext},
		{"Sweep", testSweep},
		{"Walk", testWalk},
		{"Ping", testPing},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, open) })
	}
}

func testRoundTrip(t *testing.T, open Open) {
	s, left := open(t)
	for _, size := range []int{0, 1, 4095, 256 << 10, 256<<10 + 1, 8 << 20, big} {
		data := random(size)
		hash, n := put(t, s, bytes.NewReader(data))
		if hash != hashOf(data) || n != int64(size) {
			t.Errorf("%d bytes: stored as %s, %d bytes", size, hash, n)
		}
		expect(t, s, data)
	}
	expectLeft(t, left, 0)
}

func testRoundTripOfAnyWrites(t *testing.T, open Open) {
	s, _ := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		data := random(rapid.IntRange(0, 700<<10).Draw(rt, "size"))
		u, err := s.Create(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		for rest := data; len(rest) > 0; {
			k := min(len(rest), rapid.IntRange(1, 300<<10).Draw(rt, "write"))
			// The caller may do with its buffer what it likes after Write.
			p := slices.Clone(rest[:k])
			if n, err := u.Write(p); n != k || err != nil {
				rt.Fatalf("Write of %d: %d, %v", k, n, err)
			}
			clear(p)
			rest = rest[k:]
		}
		hash, size, err := u.Commit(t.Context())
		if err != nil || hash != hashOf(data) || size != int64(len(data)) {
			rt.Fatalf("Commit = %s, %d, %v", hash, size, err)
		}
		if got := read(rt, s, hash); !bytes.Equal(got, data) {
			rt.Fatal("other bytes come back")
		}
	})
}

func testNothingVisibleBeforeCommit(t *testing.T, open Open) {
	s, _ := open(t)
	data := random(big)
	u := begin(t, s, data)
	expectMissing(t, s, hashOf(data))
	expectContents(t, s)
	if _, _, err := u.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(t, s, data)
}

func testAbort(t *testing.T, open Open) {
	s, left := open(t)
	for _, size := range []int{0, 1, 300 << 10, big} {
		data := random(size)
		u := begin(t, s, data)
		for range 2 {
			if err := u.Abort(); err != nil {
				t.Errorf("Abort after %d bytes: %v", size, err)
			}
		}
		if _, err := u.Write([]byte("more")); err == nil {
			t.Errorf("Write after Abort goes through")
		}
		if _, _, err := u.Commit(t.Context()); err == nil {
			t.Errorf("Commit after Abort goes through")
		}
	}
	expectContents(t, s)
	expectLeft(t, left, 0)
}

func testAbortAfterCommit(t *testing.T, open Open) {
	s, _ := open(t)
	data := random(big)
	u := begin(t, s, data)
	if _, _, err := u.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := u.Abort(); err != nil {
		t.Error(err)
	}
	if _, _, err := u.Commit(t.Context()); err == nil {
		t.Error("a second Commit goes through")
	}
	expect(t, s, data)
}

func testSameContentTwice(t *testing.T, open Open) {
	s, left := open(t)
	for _, size := range []int{10, big} {
		data := random(size)
		first, _ := put(t, s, bytes.NewReader(data))
		second, n := put(t, s, bytes.NewReader(data))
		if first != second || n != int64(size) {
			t.Errorf("the second time it is %s, %d bytes", second, n)
		}
		expectContents(t, s, first)
		expect(t, s, data)
		if err := s.Delete(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	expectLeft(t, left, 0)
}

func testSameContentAtOnce(t *testing.T, open Open) {
	s, left := open(t)
	for _, size := range []int{10, 9 << 20} {
		data := random(size)
		parallel(t, 8, func(int) error {
			hash, _, err := store(t.Context(), s, bytes.NewReader(data))
			if err == nil && hash != hashOf(data) {
				err = errors.New("wrong hash " + hash)
			}
			return err
		})
		expectContents(t, s, hashOf(data))
		expect(t, s, data)
		if err := s.Delete(t.Context(), hashOf(data)); err != nil {
			t.Fatal(err)
		}
	}
	expectLeft(t, left, 0)
}

func testManyAtOnce(t *testing.T, open Open) {
	s, left := open(t)
	parallel(t, 24, func(i int) error {
		data := random(i*100_000 + 1)
		hash, _, err := store(t.Context(), s, bytes.NewReader(data))
		if err != nil {
			return err
		}
		c, err := s.Open(t.Context(), hash)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(c)
		if err == nil && !bytes.Equal(got, data) {
			err = errors.New("other bytes come back")
		}
		return errors.Join(err, c.Close())
	})
	expectLeft(t, left, 0)
}

func testUnknown(t *testing.T, open Open) {
	s, _ := open(t)
	names := []string{
		hashOf(nil), "", "abc", strings.Repeat("g", 64), strings.ToUpper(hashOf(nil)),
		"../../../../../../../../../../../../../../../../../../etc/passwd", strings.Repeat("../", 21) + "x",
	}
	put(t, s, strings.NewReader("something else"))
	for _, name := range names {
		expectMissing(t, s, name)
		if err := s.Delete(t.Context(), name); err != nil {
			t.Errorf("Delete(%q): %v", name, err)
		}
	}
}

func testDelete(t *testing.T, open Open) {
	s, _ := open(t)
	hash, _ := put(t, s, strings.NewReader("to be deleted"))
	other, _ := put(t, s, strings.NewReader("to be kept"))
	if err := s.Delete(t.Context(), hash); err != nil {
		t.Fatal(err)
	}
	expectMissing(t, s, hash)
	expectContents(t, s, other)
	// It can come again.
	put(t, s, strings.NewReader("to be deleted"))
	expect(t, s, []byte("to be deleted"))
}

func testRanges(t *testing.T, open Open) {
	s, _ := open(t)
	data := random(1 << 20)
	hash, _ := put(t, s, bytes.NewReader(data))
	c, err := s.Open(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Size() != int64(len(data)) {
		t.Errorf("Size = %d", c.Size())
	}
	for _, r := range []struct {
		offset int64
		whence int
		at, n  int
	}{
		{700_000, io.SeekStart, 700_000, 1000},
		{-100, io.SeekEnd, len(data) - 100, 100},
		{0, io.SeekStart, 0, 10},
		{90, io.SeekCurrent, 100, 5000},
		{0, io.SeekEnd, len(data), 0},
		{1, io.SeekStart, 1, 1},
	} {
		at, err := c.Seek(r.offset, r.whence)
		if err != nil || at != int64(r.at) {
			t.Fatalf("Seek(%d, %d) = %d, %v", r.offset, r.whence, at, err)
		}
		got := make([]byte, r.n)
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data[r.at:r.at+r.n]) {
			t.Fatalf("%d bytes at %d: %v, or other bytes", r.n, r.at, err)
		}
	}
	if _, err := c.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("Read at the end = %d, %v", n, err)
	}
}

func testFailingReader(t *testing.T, open Open) {
	s, left := open(t)
	broken := errors.New("the line went dead")
	for _, size := range []int{0, 1, 300 << 10, big} {
		u, err := s.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := io.MultiReader(bytes.NewReader(random(size)), iotest.ErrReader(broken))
		if n, err := io.Copy(u, r); n != int64(size) || !errors.Is(err, broken) {
			t.Errorf("Copy = %d, %v", n, err)
		}
		if err := u.Abort(); err != nil {
			t.Error(err)
		}
	}
	expectContents(t, s)
	expectLeft(t, left, 0)
}

func testCancelledContext(t *testing.T, open Open) {
	s, left := open(t)
	data := random(big)
	ctx, cancel := context.WithCancel(t.Context())
	u, err := s.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write(data[:9<<20]); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := u.Write(data[9<<20:]); !errors.Is(err, context.Canceled) {
		t.Errorf("Write after cancelling: %v", err)
	}
	if _, _, err := u.Commit(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit after cancelling: %v", err)
	}
	if _, err := s.Create(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Create after cancelling: %v", err)
	}
	if u, err = s.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := u.Commit(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit with a cancelled context: %v", err)
	}
	expectContents(t, s)
	expectLeft(t, left, 0)
}

func testSweep(t *testing.T, open Open) {
	s, left := open(t)
	kept, _ := put(t, s, bytes.NewReader(random(big)))
	running, abandoned := random(big), random(big)
	u := begin(t, s, running)
	if n, err := s.Sweep(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("Sweep of older ones = %d, %v", n, err)
	}
	if _, _, err := u.Commit(t.Context()); err != nil {
		t.Errorf("an upload did not survive the sweep of older ones: %v", err)
	}
	v := begin(t, s, abandoned)
	expectLeft(t, left, 1)
	if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	expectLeft(t, left, 0)
	if _, _, err := v.Commit(t.Context()); err == nil {
		t.Error("a swept upload can be committed")
	}
	expectContents(t, s, kept, hashOf(running))
}

func testWalk(t *testing.T, open Open) {
	s, _ := open(t)
	start := time.Now().Add(-time.Minute)
	want := map[string]int64{}
	for i := range 20 {
		hash, size := put(t, s, strings.NewReader(strings.Repeat("x", i)))
		want[hash] = size
	}
	err := s.Walk(t.Context(), func(hash string, size int64, committed time.Time) error {
		if n, ok := want[hash]; !ok || n != size {
			t.Errorf("unexpected %s of %d bytes", hash, size)
		}
		if committed.Before(start) || committed.After(time.Now().Add(time.Minute)) {
			t.Errorf("committed %v", committed)
		}
		delete(want, hash)
		return nil
	})
	if err != nil || len(want) != 0 {
		t.Errorf("Walk: %v; not seen: %v", err, want)
	}
	stop := errors.New("enough")
	calls := 0
	err = s.Walk(t.Context(), func(string, int64, time.Time) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("Walk that is stopped = %v after %d calls", err, calls)
	}
}

func testPing(t *testing.T, open Open) {
	s, left := open(t)
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	expectContents(t, s)
	expectLeft(t, left, 0)
}

// Presigner is a store that also passes RunPresigner.
type Presigner interface {
	Store
	blob.Presigner
}

// RunPresigner tests the presigned URLs of a store. open is as for Run.
func RunPresigner(t *testing.T, open func(t *testing.T) (s Presigner, leftovers func() int)) {
	t.Run("PutCollectGet", func(t *testing.T) {
		s, left := open(t)
		for i, size := range []int{0, 1000, big} {
			data := random(size)
			name := fmt.Sprintf("0000%d-upload.jpg", i)
			if _, _, err := s.Collect(t.Context(), name); fault.KindOf(err) != fault.NotFound {
				t.Errorf("Collect of nothing: %v", err)
			}
			url, err := s.PresignPut(t.Context(), name, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			expectStatus(t, http.MethodPut, url, data, http.StatusOK)
			expectMissing(t, s, hashOf(data))
			hash, n, err := s.Collect(t.Context(), name)
			if err != nil || hash != hashOf(data) || n != int64(size) {
				t.Fatalf("Collect = %s, %d, %v", hash, n, err)
			}
			expect(t, s, data)
			expectUploads(t, s, name)
			if again, _, err := s.Collect(t.Context(), name); again != hash || err != nil {
				t.Errorf("a second Collect = %s, %v", again, err)
			}
			for range 2 {
				if err := s.Drop(t.Context(), name); err != nil {
					t.Errorf("Drop: %v", err)
				}
			}
			expectUploads(t, s)
			if _, _, err := s.Collect(t.Context(), name); fault.KindOf(err) != fault.NotFound {
				t.Errorf("Collect after Drop: %v", err)
			}
			expectLeft(t, left, 0)
			expect(t, s, data)

			url, err = s.PresignGet(t.Context(), hash, "Año 1.jpg", "image/jpeg", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			body, head := expectStatus(t, http.MethodGet, url, nil, http.StatusOK)
			if !bytes.Equal(body, data) {
				t.Error("other bytes come back")
			}
			if got, want := head.Get("Content-Disposition"), blob.Attachment("Año 1.jpg"); got != want {
				t.Errorf("Content-Disposition %s, want %s", got, want)
			}
			if got := head.Get("Content-Type"); got != "image/jpeg" {
				t.Errorf("Content-Type %s", got)
			}
		}
	})

	t.Run("LastPutCounts", func(t *testing.T) {
		s, left := open(t)
		url, err := s.PresignPut(t.Context(), "twice", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		first, last := random(5000), random(300)
		expectStatus(t, http.MethodPut, url, first, http.StatusOK)
		expectStatus(t, http.MethodPut, url, last, http.StatusOK)
		if hash, _, err := s.Collect(t.Context(), "twice"); err != nil || hash != hashOf(last) {
			t.Errorf("Collect = %s, %v", hash, err)
		}
		expectContents(t, s, hashOf(last))
		// What nobody drops is swept.
		expectStatus(t, http.MethodPut, url, first, http.StatusOK)
		expectLeft(t, left, 1)
		if n, err := s.Sweep(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
			t.Errorf("Sweep = %d, %v", n, err)
		}
		expectLeft(t, left, 0)
	})

	t.Run("AlteredURL", func(t *testing.T) {
		s, left := open(t)
		put, err := s.PresignPut(t.Context(), "mine", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		expectStatus(t, http.MethodPut, strings.Replace(put, "/mine?", "/other?", 1), random(10), http.StatusForbidden)
		expectStatus(t, http.MethodPut, strings.Replace(put, "X-Amz-Expires=60", "X-Amz-Expires=600", 1), random(10), http.StatusForbidden)
		expectLeft(t, left, 0)
	})

	t.Run("PutWhileCollecting", func(t *testing.T) {
		s, _ := open(t)
		url, err := s.PresignPut(t.Context(), "contested", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		one, two := random(3<<20), random(3<<20)
		expectStatus(t, http.MethodPut, url, one, http.StatusOK)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5 {
				expectStatus(t, http.MethodPut, url, two, http.StatusOK)
				expectStatus(t, http.MethodPut, url, one, http.StatusOK)
			}
		}()
		for range 5 {
			// It may fail, but what it keeps must be what its name says.
			_, _, _ = s.Collect(t.Context(), "contested")
		}
		<-done
		for _, data := range [][]byte{one, two} {
			if c, err := s.Open(t.Context(), hashOf(data)); err == nil {
				if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, data) {
					t.Errorf("a content has other bytes than its name says (%v)", err)
				}
				c.Close()
			}
		}
	})
}

func expectUploads(t *testing.T, s blob.Presigner, want ...string) {
	t.Helper()
	var got []string
	err := s.Uploads(t.Context(), func(name string) error { got = append(got, name); return nil })
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("uploads are %v (%v), want %v", got, err, want)
	}
}

func expectStatus(t *testing.T, method, url string, body []byte, want int) ([]byte, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return nil, nil
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Errorf("%s: %s, want %d (%v)\n%.300s", method, res.Status, want, err, got)
	}
	return got, res.Header
}

// random returns n bytes nobody has stored before.
func random(n int) []byte {
	var seed [32]byte
	for i := 0; i < len(seed); i += 8 {
		x := rand.Uint64()
		for k := range 8 {
			seed[i+k] = byte(x >> (8 * k))
		}
	}
	p := make([]byte, n)
	rand.NewChaCha8(seed).Read(p) // never fails
	return p
}

func hashOf(p []byte) string {
	sum := sha256.Sum256(p)
	return hex.EncodeToString(sum[:])
}

func store(ctx context.Context, s blob.Store, r io.Reader) (string, int64, error) {
	u, err := s.Create(ctx)
	if err != nil {
		return "", 0, err
	}
	if _, err := io.Copy(u, r); err != nil {
		return "", 0, errors.Join(err, u.Abort())
	}
	return u.Commit(ctx)
}

func put(t *testing.T, s blob.Store, r io.Reader) (string, int64) {
	t.Helper()
	hash, size, err := store(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	return hash, size
}

// begin writes data to a new upload and leaves it open. It is aborted at the end
// of the test.
func begin(t *testing.T, s blob.Store, data []byte) blob.Upload {
	t.Helper()
	u, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Abort(); err != nil {
			t.Errorf("Abort at the end: %v", err)
		}
	})
	if _, err := u.Write(data); err != nil {
		t.Fatal(err)
	}
	return u
}

func read(t rapid.TB, s blob.Store, hash string) []byte {
	c, err := s.Open(context.Background(), hash)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err = errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	return got
}

func expect(t *testing.T, s blob.Store, data []byte) {
	t.Helper()
	if got := read(t, s, hashOf(data)); !bytes.Equal(got, data) {
		t.Errorf("%d other bytes come back for %d", len(got), len(data))
	}
}

func expectMissing(t *testing.T, s blob.Store, hash string) {
	t.Helper()
	c, err := s.Open(t.Context(), hash)
	if fault.KindOf(err) != fault.NotFound {
		t.Errorf("Open(%q) = %v, want not found", hash, err)
	}
	if err == nil {
		c.Close()
	}
}

func expectContents(t *testing.T, s Store, want ...string) {
	t.Helper()
	var got []string
	err := s.Walk(t.Context(), func(hash string, _ int64, _ time.Time) error {
		got = append(got, hash)
		return nil
	})
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("contents are %v (%v), want %v", got, err, want)
	}
}

func expectLeft(t *testing.T, left func() int, want int) {
	t.Helper()
	if n := left(); n != want {
		t.Errorf("%d uploads have left something, want %d", n, want)
	}
}

// parallel runs fn n times at once.
func parallel(t *testing.T, n int, fn func(i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := fn(i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
