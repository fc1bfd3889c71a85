package ordeal_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/document"
)

const (
	cuts = 200 // connections that are cut, of all ways together

	// patience bounds the wait for what should happen at once.
	patience = time.Minute
)

// ending is how a client goes.
type ending int

const (
	stops  ending = iota // sends no more, and waits for the answer
	closes               // in order
	resets               // without
	endings

	waits ending = endings // sends no more, and leaves the connection open
)

// TestCut cuts connections at random places, in the head, the body or the last byte of
// a request, of every way and form. Nobody sees anything of such an upload, and nothing
// of it takes space once the request has ended: not even the sweeper is needed. What
// has to be announced first is still awaited, and then arrives whole. Bytes that go to
// S3 itself are not cut: that nothing is stored of those is a promise of S3, and the
// server that stands in for it in tests keeps what it got.
func TestCut(t *testing.T) {
	everywhere(t, func(t *testing.T, db apptest.Database, where storage) {
		w := newWorld(t, db, where, nil)
		random := rand.New(rand.NewPCG(2026, cuts))
		contents := randomBytes(random, 300_000)
		size := 1 << 20
		if where == onS3 {
			size = 9 << 20 // more than one part of an upload there
		}
		large := randomBytes(random, size)
		tally := map[string]int{}
		through := slices.DeleteFunc(slices.Clone(ways), func(by way) bool { return by.apart && where == onS3 })
		had := w.cases(t)
		for i := range cuts {
			by := through[i%len(through)]
			round := i / len(through)
			as, how := by.forms[round%len(by.forms)], ending(round/len(by.forms))%endings
			sent := contents
			if round%5 == 4 {
				sent = large[:min(len(large), by.max)]
			}
			u, refusal := by.prepare(t, w, "cut.pdf", sent)
			if refusal != nil {
				t.Fatalf("%s: %d %s", by.name, refusal.Status, refusal.Body)
			}
			head, body := wire(t, u, as, random)
			at := random.IntN(len(head) + len(body))
			if random.IntN(4) == 0 { // near the end, where an upload looks whole
				at = len(head) + len(body) - 1 - random.IntN(min(64, len(body)))
			}
			what := fmt.Sprintf("%s %s, cut at %d of %d, %d at the end", by.name, as, at, len(head)+len(body), how)
			status, h, said := w.cut(t, u.target, head, body, at, as, how)
			switch {
			case how != stops || status == 0:
			case status < 400 || status >= 500:
				t.Errorf("%s: %d %s", what, status, said)
			default:
				if err := by.wrong(status, h, said); err != nil {
					t.Errorf("%s: %d %s: %v", what, status, said, err)
				}
			}
			tally[by.name]++
			if where == onDisk || i == cuts-1 {
				if kept := w.kept(t); len(kept) > 0 {
					t.Fatalf("%s: %d files are kept: %v", what, len(kept), kept)
				}
			}
			if i%40 < len(through) || i == cuts-1 {
				if docs, cases := w.documents(t), w.cases(t); len(docs) > 0 || cases != had {
					t.Fatalf("%s: %v is seen, and %d cases more", what, docs, cases-had)
				}
			}
		}
		w.Clock.Advance(document.DefaultSafetyAge + time.Hour)
		if swept := w.sweep(t); swept.Uploads+swept.Contents > 0 {
			t.Errorf("the sweeper had to remove %+v", swept)
		}
		t.Log(tally)

		// The same, whole, is one document each.
		w.enter(t)
		for i, by := range ways {
			sent := contents[:len(contents)-i]
			u, refusal := by.prepare(t, w, "whole.pdf", sent)
			if refusal != nil {
				t.Fatalf("%s: %d %s", by.name, refusal.Status, refusal.Body)
			}
			if !by.apart || where == onDisk { // a cut does not use up what was announced
				head, body := wire(t, u, sized, random)
				w.cut(t, u.target, head, body, len(head)+len(body)-1, sized, stops)
			}
			if res := w.send(t, u); res.Status >= 300 {
				t.Fatalf("%s: %d %s", by.name, res.Status, res.Body)
			}
			if docs := w.documents(t); len(docs) != i+1 {
				t.Fatalf("%s: %d documents are seen, not %d", by.name, len(docs), i+1)
			}
			if got := w.Get(t, w.last(t).Link); !bytes.Equal(got.Body, sent) {
				t.Errorf("%s: %d bytes came back of %d", by.name, len(got.Body), len(sent))
			}
		}
		if kept := w.kept(t); len(kept) != len(ways) {
			t.Errorf("%d contents are kept of %d: %v", len(kept), len(ways), kept)
		}
	})
}

// wire is an upload as it goes over the line.
func wire(t *testing.T, u upload, as form, random *rand.Rand) (head, body []byte) {
	t.Helper()
	target, err := url.Parse(u.target)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s: 1\r\n", u.method, target.RequestURI(), target.Host, followed)
	for name, values := range u.header {
		for _, v := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	body = u.body
	if as == packed || as == packedChunked {
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		if _, err := zip.Write(body); err != nil || zip.Close() != nil {
			t.Fatal(err)
		}
		body = zipped.Bytes()
		b.WriteString("Content-Encoding: gzip\r\n")
	}
	switch as {
	case chunked, packedChunked:
		b.WriteString("Transfer-Encoding: chunked\r\n")
		body = inChunks(body, random)
	case asking:
		b.WriteString("Expect: 100-continue\r\n")
		fallthrough
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	return b.Bytes(), body
}

// inChunks is a body in chunks of random sizes.
func inChunks(body []byte, random *rand.Rand) []byte {
	var b bytes.Buffer
	for len(body) > 0 {
		n := min(len(body), 1+random.IntN(100_000))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.Bytes()
}

// cut sends a request up to a place and goes. When it returns, the server is done with
// the request. It returns what the server has answered, status 0 if nothing.
func (w *world) cut(t *testing.T, target string, head, body []byte, at int, as form, how ending) (status int, h http.Header, said []byte) {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	line := conn.(*net.TCPConn)
	in := bufio.NewReader(conn)
	whole := at >= len(head) // the head is: somebody handles the request
	_, err = line.Write(head[:min(at, len(head))])
	if whole {
		w.await(t, w.entered)
		if as == asking {
			asked, readErr := in.ReadString('\n')
			if blank, blankErr := in.ReadString('\n'); readErr != nil || blankErr != nil || !strings.HasPrefix(asked, "HTTP/1.1 100 ") || blank != "\r\n" {
				t.Fatalf("asked with Expect, and heard %q", asked)
			}
		}
		_, err = line.Write(body[:at-len(head)])
	}
	if err != nil {
		t.Fatalf("the server does not listen: %v", err)
	}
	switch how {
	case stops, waits:
		if how == stops {
			err = line.CloseWrite()
		}
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.ReadResponse(in, nil); err == nil {
			status, h = res.StatusCode, res.Header
			said, _ = io.ReadAll(res.Body) // judged by who called
		}
		_, _ = io.Copy(io.Discard, in)
	case resets:
		if err := line.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		fallthrough
	default:
		conn.Close()
	}
	if whole {
		w.await(t, w.ended)
		if (how == stops || how == waits) && status == 0 {
			t.Error("a client that stopped was told nothing")
		}
	}
	return status, h, said
}

// await waits for a sign of the server.
func (w *world) await(t *testing.T, sign <-chan struct{}) {
	t.Helper()
	select {
	case <-sign:
	case <-time.After(patience):
		t.Fatal("the server does not notice")
	}
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = append(b, fmt.Appendf(nil, "%016x", random.Uint64())...)
	}
	return slices.Clip(b[:n])
}
