package ordeal_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// refused checks that an upload was refused in the shape of its dialect, and that
// nothing of it is seen or kept beside what was there before.
func (w *world) refused(t *testing.T, by way, what string, res apptest.Answer, from, to int, documents, contents int) {
	t.Helper()
	if res.Status < from || res.Status > to {
		t.Errorf("%s, %s: %d %s", by.name, what, res.Status, res.Body)
	} else if err := by.wrong(res.Status, res.Header, res.Body); err != nil {
		t.Errorf("%s, %s: %d %s: %v", by.name, what, res.Status, res.Body, err)
	}
	w.holds(t, by.name+", "+what, documents, contents)
	if n := w.cases(t); n != w.had {
		t.Errorf("%s, %s: %d cases more", by.name, what, n-w.had)
	}
}

// holds checks how many documents are seen, and how many files are kept.
func (w *world) holds(t *testing.T, what string, documents, contents int) {
	t.Helper()
	if docs := w.documents(t); len(docs) != documents {
		t.Errorf("%s: %d documents are seen, not %d", what, len(docs), documents)
	}
	if kept := w.kept(t); len(kept) != contents {
		t.Errorf("%s: %d files are kept, not %d: %v", what, len(kept), contents, kept)
	}
}

// TestLimits sends files of the largest size, and of a byte less and more, in every way
// that has a size of its own.
func TestLimits(t *testing.T) {
	const set = 1_000_000
	w := newWorld(t, apptest.SQLite, onDisk, func(o *apptest.Options) {
		addConfig(o, func(c *app.Config) {
			for _, by := range ways {
				if by.set != nil {
					by.set(c, set)
				}
			}
		})
	})
	for _, by := range ways {
		switch {
		case by.set != nil:
			w.limit(t, by, set)
		case by.max <= 100_000_000:
			w.limit(t, by, by.max)
		}
	}
}

// TestLargest does the same with the largest sizes there are, one way of each dialect.
func TestLargest(t *testing.T) {
	w := newWorld(t, apptest.SQLite, onDisk, nil)
	for _, by := range ways {
		if slices.Contains([]string{"flowroute upload_file", "scalepoint submitForCase", "wolkvox insert"}, by.name) {
			w.limit(t, by, by.max)
		}
	}
}

// limit holds a way to the size of its largest file.
func (w *world) limit(t *testing.T, by way, most int) {
	t.Helper()
	whole := bytes.Repeat([]byte("%PDF-1.7 and so on\n"), most/19+1)
	documents := len(w.documents(t))
	kept := w.kept(t)
	for _, size := range []int{most - 1, most, most + 1} {
		res := w.try(t, by, "limit.pdf", whole[:size])
		if size > most {
			w.refused(t, by, "a byte more", res, 400, 499, documents, len(kept))
			continue
		}
		documents++
		if res.Status >= 300 {
			t.Fatalf("%s, %d bytes: %d %.300s", by.name, size, res.Status, res.Body)
		}
		doc := w.last(t)
		if n := len(w.documents(t)); n != documents || doc.Size != int64(size) || !bytes.Equal(w.Get(t, doc.Link).Body, whole[:size]) {
			t.Errorf("%s: %d documents are seen, not %d; of %d bytes %d came back", by.name, n, documents, size, doc.Size)
		}
		kept = w.kept(t)
	}
}

// TestSlow stops sending in every form of every way: the client is told, in the
// dialect's shape, and nothing stays.
func TestSlow(t *testing.T) {
	w := newWorld(t, apptest.SQLite, onDisk, func(o *apptest.Options) { o.Stall = 150 * time.Millisecond })
	random := rand.New(rand.NewPCG(2026, 1))
	contents := randomBytes(random, 300_000)
	w.had = w.cases(t)
	for _, by := range ways {
		for _, as := range by.forms {
			u, refusal := by.prepare(t, w, "slow.pdf", contents)
			if refusal != nil {
				t.Fatalf("%s: %d %s", by.name, refusal.Status, refusal.Body)
			}
			head, body := wire(t, u, as, random)
			status, h, said := w.cut(t, u.target, head, body, len(head)+random.IntN(len(body)), as, waits)
			w.refused(t, by, string(as), apptest.Answer{Status: status, Header: h, Body: said}, 400, 499, 0, 0)
			if text := strings.ToLower(string(said)); !strings.Contains(text, "time") && !strings.Contains(text, "stopped arriving") {
				t.Errorf("%s %s: %s does not say why", by.name, as, said)
			}
		}
	}
}

// TestFull fills the disk that contents are on: a clear refusal, nothing stays, and
// there is room for what is small enough.
func TestFull(t *testing.T) {
	small, err := os.MkdirTemp(testenv.SmallDisk(t), "ordeal")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(small) })
	w := newWorld(t, apptest.SQLite, onDisk, func(o *apptest.Options) {
		o.Config = func(c *app.Config) {
			if err := os.Symlink(small, filepath.Join(c.Data, "blobs")); err != nil {
				t.Fatal(err)
			}
		}
	})
	large := bytes.Repeat([]byte("0123456789abcdef"), 4_299_984/16) // more than the disk has, less than every way takes
	for i, by := range ways {
		w.refused(t, by, "full", w.try(t, by, "large.pdf", large), 500, 599, i, i)
		if res := w.try(t, by, "small.pdf", large[:100_000+i]); res.Status >= 300 {
			t.Errorf("%s: no room for a small file: %d %s", by.name, res.Status, res.Body)
		}
		w.holds(t, by.name, i+1, i+1)
	}
}

// pattern is what .ci/run's ClamAV takes for a virus.
const pattern = "dossier test pattern, harmless: 6f1c2a9be7"

// TestScanned has every upload scanned by a daemon of ClamAV: what is infected is
// refused, what is clean is shown.
func TestScanned(t *testing.T) {
	for name, address := range map[string]func(testing.TB) string{
		"daemon":   testenv.Clamd,
		"stand-in": func(t testing.TB) string { return newScanner(t).address },
	} {
		t.Run(name, func(t *testing.T) {
			clamd := address(t)
			for _, where := range []storage{onDisk, onS3} {
				t.Run(string(where), func(t *testing.T) {
					w := newWorld(t, apptest.SQLite, where, func(o *apptest.Options) { addConfig(o, func(c *app.Config) { c.Clamd = clamd }) })
					for i, by := range ways {
						res := w.try(t, by, "infected.pdf", []byte("before "+pattern+" after"))
						if by.apart && where == onS3 { // S3 takes it, and we do not
							w.holds(t, by.name, i, i)
						} else {
							w.refused(t, by, "infected", res, 400, 499, i, i)
							if !strings.Contains(string(res.Body), "infected") {
								t.Errorf("%s: %s does not say why", by.name, res.Body)
							}
						}
						if res := w.try(t, by, "clean.pdf", fmt.Appendf(nil, "nothing, %d", i)); res.Status >= 300 {
							t.Errorf("%s: %d %s", by.name, res.Status, res.Body)
						}
						w.holds(t, by.name, i+1, i+1)
						if state := w.value(t, w.last(t).ID, "scan"); state.S != "clean" {
							t.Errorf("%s: the scan is %q", by.name, state.S)
						}
						shown := w.Get(t, fmt.Sprintf("/api/v4/documents/%d", w.last(t).ID))
						if got, want := strings.Contains(string(shown.Body), `"scan":"clean"`), !strings.HasPrefix(by.name, "sage"); got != want {
							t.Errorf("%s: the scan is shown: %t, want %t: %s", by.name, got, want, shown.Body)
						}
					}
				})
			}
		})
	}
}

// TestNoScanner lets the scanner fail: uploads are refused, or kept where nobody sees
// them until it answers again, as is configured.
func TestNoScanner(t *testing.T) {
	for _, where := range []storage{onDisk, onS3} {
		t.Run(string(where), func(t *testing.T) {
			scanner := newScanner(t)
			scanner.down.Store(true)
			config := func(down string) func(*apptest.Options) {
				return func(o *apptest.Options) {
					addConfig(o, func(c *app.Config) { c.Clamd, c.ScanDown = scanner.address, down })
				}
			}
			w := newWorld(t, apptest.SQLite, where, config("refuse"))
			for _, by := range ways {
				if by.apart && where == onS3 {
					continue // the bytes wait where they were put until they can be scanned
				}
				w.refused(t, by, "scanner down", w.try(t, by, "a.pdf", []byte("nothing")), 500, 599, 0, 0)
			}

			w = newWorld(t, apptest.SQLite, where, config("quarantine"))
			for i, by := range ways {
				for _, text := range []string{"nothing", pattern} {
					if res := w.try(t, by, "a.pdf", fmt.Appendf(nil, "%s, %d", text, i)); res.Status >= 300 {
						t.Errorf("%s: %d %s", by.name, res.Status, res.Body)
					}
				}
			}
			if docs := w.documents(t); len(docs) != 0 {
				t.Errorf("%d documents are seen before they were scanned", len(docs))
			}
			scanner.down.Store(false)
			w.rescan(t)
			w.holds(t, "after the scanner came back", len(ways), len(ways))
		})
	}
}

// addConfig changes settings beside what options change already.
func addConfig(o *apptest.Options, change func(*app.Config)) {
	before := o.Config
	o.Config = func(c *app.Config) {
		if before != nil {
			before(c)
		}
		change(c)
	}
}

// scanner stands in for a daemon of ClamAV.
type scanner struct {
	address string
	down    atomic.Bool // it hangs up
}

func newScanner(t testing.TB) *scanner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scanner{address: "tcp://" + l.Addr().String()}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if !s.down.Load() {
				s.scan(conn)
			}
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return s
}

// scan answers one INSTREAM.
func (s *scanner) scan(conn net.Conn) {
	if _, err := io.ReadFull(conn, make([]byte, len("zINSTREAM\x00"))); err != nil {
		return
	}
	var all []byte
	for {
		var size [4]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(size[:])
		if n == 0 {
			break
		}
		piece := make([]byte, n)
		if _, err := io.ReadFull(conn, piece); err != nil {
			return
		}
		all = append(all, piece...)
	}
	said := "stream: OK\x00"
	if bytes.Contains(all, []byte(pattern)) {
		said = "stream: Dossier.Test.UNOFFICIAL FOUND\x00"
	}
	_, _ = io.WriteString(conn, said) // a server that hung up is not told
}

// bombs are contents that become large when they are unpacked, or hurt when they are
// read as something else than they are called.
func bombs(t *testing.T) map[string][]byte {
	t.Helper()
	zeros := packedZeros(t, 64<<20)
	var laughs strings.Builder
	laughs.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "lol">`)
	for i := range 9 {
		fmt.Fprintf(&laughs, `<!ENTITY a%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 10))
	}
	laughs.WriteString("]><lolz>&a9;</lolz>")
	return map[string][]byte{
		"report.pdf":  []byte("<html><script>alert(document.domain)</script></html>"),              // HTML by another name
		"both.pdf":    []byte("%PDF-1.4\n<html><body onload=alert(1)></body></html>\n%%EOF\n"),     // PDF and HTML
		"image.jpg":   []byte("GIF89a/*\x00\x00\x00\x00\x00\x00*/=1;alert(document.domain)//\x3b"), // GIF and JavaScript
		"drawing.txt": []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`),
		"program.pdf": append([]byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), make([]byte, 600)...),
		"zip.docx":    zipOf(t, "word/document.xml", 64<<20),
		"gzip.txt":    zeros,
		"laughs.xlsx": []byte(laughs.String()),
		"empty.txt":   []byte(" "),
	}
}

// honest are the bombs that are what their names say, as far as a type can tell.
var honest = []string{"both.pdf", "zip.docx", "empty.txt"}

// TestInert uploads contents that are meant to do harm. They are kept as they came, no
// larger; what contradicts its name is noted; and a browser saves them, whatever they
// would like to be.
func TestInert(t *testing.T) {
	w := newWorld(t, apptest.SQLite, onDisk, nil)
	for name, contents := range bombs(t) {
		for _, by := range ways {
			if res := w.try(t, by, name, contents); res.Status >= 300 {
				t.Errorf("%s, %s: %d %s", by.name, name, res.Status, res.Body)
				continue
			}
			doc := w.last(t)
			got := w.Get(t, doc.Link)
			if doc.Size != int64(len(contents)) || !bytes.Equal(got.Body, contents) {
				t.Errorf("%s, %s: %d bytes, of which %d came back", by.name, name, doc.Size, len(got.Body))
			}
			if by.nameless { // it has got a good one
				inert(t, by.name+", "+name, got.Header, doc.Description)
				continue
			}
			inert(t, by.name+", "+name, got.Header, name)
			if misnamed := w.value(t, doc.ID, "misnamed").I == 1; misnamed == contains(honest, name) {
				t.Errorf("%s, %s of type %s: misnamed is %v", by.name, name, got.Header.Get("Content-Type"), misnamed)
			}
			for _, origin := range []string{"text/html", "image/svg+xml"} {
				ranged := w.Get(t, doc.Link, func(h http.Header) { h.Set("Range", "bytes=1-"); h.Set("Accept", origin) })
				inert(t, by.name+", "+name+" in part", ranged.Header, name)
			}
		}
	}
	size := 0
	for _, file := range w.kept(t) {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		size += int(info.Size())
	}
	if size > 1<<20 {
		t.Errorf("%d bytes are kept: something was unpacked", size)
	}
}

// TestBombs sends bodies that are packed a thousandfold: they are refused long before
// they are unpacked, or, where bytes are stored as they come, not unpacked at all.
func TestBombs(t *testing.T) {
	w := newWorld(t, apptest.SQLite, onDisk, nil)
	for i, by := range ways {
		w.had = w.cases(t)
		u, refusal := by.prepare(t, w, "bomb.pdf", bytes.Repeat([]byte{0}, 4_000_000))
		if refusal != nil {
			t.Fatalf("%s: %d %s", by.name, refusal.Status, refusal.Body)
		}
		plain := len(u.body)
		u.body = pack(t, u.body)
		if plain < 150*len(u.body) {
			t.Fatalf("%s: %d bytes are packed into %d", by.name, plain, len(u.body))
		}
		u.header.Set("Content-Encoding", "gzip")
		before, kept := len(w.documents(t)), len(w.kept(t))
		res := w.send(t, u)
		if res.Status < 300 { // as it came
			if doc := w.last(t); doc.Size != int64(len(u.body)) {
				t.Errorf("%s: %d bytes of a bomb of %d are kept", by.name, doc.Size, len(u.body))
			}
			continue
		}
		w.refused(t, by, "bomb "+fmt.Sprint(i), res, 400, 499, before, kept)
	}
}
