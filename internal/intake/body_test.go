package intake_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// zip packs each of its arguments as a member of its own.
func zip(t *testing.T, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, m := range members {
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, m); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// damaged changes the checksum at the end.
func damaged(packed string) string {
	b := []byte(packed)
	b[len(b)-8] ^= 1
	return string(b)
}

func request(body io.Reader, length int64, encoding ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(body))
	r.ContentLength = length
	for _, e := range encoding {
		r.Header.Add("Content-Encoding", e)
	}
	return r
}

func TestBody(t *testing.T) {
	const limit = 2_000_000
	noise := make([]byte, limit)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	whole := base64.StdEncoding.EncodeToString(noise)[:limit]
	for _, tt := range []struct {
		name, body string
		encoding   []string
		want       string
		kind       fault.Kind // Internal: none
	}{
		{name: "as it is", body: "abc", want: "abc"},
		{name: "identity", body: "abc", encoding: []string{"Identity"}, want: "abc"},
		{name: "at the limit", body: whole, want: whole},
		{name: "over the limit", body: whole + "x", kind: fault.TooLarge},
		{name: "gzip", body: zip(t, "abc"), encoding: []string{"GZIP"}, want: "abc"},
		{name: "x-gzip, identity", body: zip(t, "abc"), encoding: []string{"x-gzip, identity"}, want: "abc"},
		{name: "several members", body: zip(t, "abc", "", "def"), encoding: []string{"gzip"}, want: "abcdef"},
		{name: "gzip at the limit", body: zip(t, whole), encoding: []string{"gzip"}, want: whole},
		{name: "gzip over the limit", body: zip(t, whole+"x"), encoding: []string{"gzip"}, kind: fault.TooLarge},
		{name: "a bomb", body: zip(t, strings.Repeat("\x00", limit)), encoding: []string{"gzip"}, kind: fault.TooLarge},
		{name: "much in little", body: zip(t, strings.Repeat("\x00", 1<<20)), encoding: []string{"gzip"}, want: strings.Repeat("\x00", 1<<20)},
		{name: "not gzip", body: "abc, which is not gzip", encoding: []string{"gzip"}, kind: fault.Invalid},
		{name: "gzip cut", body: zip(t, "abc")[:20], encoding: []string{"gzip"}, kind: fault.Invalid},
		{name: "gzip damaged", body: damaged(zip(t, "abc")), encoding: []string{"gzip"}, kind: fault.Invalid},
		{name: "gzip and rubbish", body: zip(t, "abc") + "rubbish behind it", encoding: []string{"gzip"}, kind: fault.Invalid},
		{name: "twice", body: zip(t, zip(t, "abc")), encoding: []string{"gzip, gzip"}, kind: fault.Unsupported},
		{name: "twice in two headers", body: zip(t, zip(t, "abc")), encoding: []string{"gzip", "gzip"}, kind: fault.Unsupported},
		{name: "brotli", encoding: []string{"br"}, kind: fault.Unsupported},
		{name: "deflate", encoding: []string{"deflate"}, kind: fault.Unsupported},
	} {
		for name, way := range readers {
			if name == "one byte" && len(tt.body) > 1000 {
				continue
			}
			in, err := intake.NewBody(request(way(strings.NewReader(tt.body)), -1, tt.encoding...), limit)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(in)
			}
			switch {
			case tt.kind == fault.Internal && (err != nil || string(got) != tt.want):
				t.Errorf("%s, %s: %d bytes, %v", tt.name, name, len(got), err)
			case tt.kind != fault.Internal && (err == nil || fault.KindOf(err) != tt.kind):
				t.Errorf("%s, %s: %v, not %v", tt.name, name, err, tt.kind)
			}
		}
	}
}

// Accept-Encoding is for answers about how a body is packed, and for no others.
func TestAcceptEncoding(t *testing.T) {
	const limit = 10 // bytes
	_, err := intake.NewBody(request(strings.NewReader("x"), -1, "br"), limit)
	if got := intake.AcceptEncoding(fmt.Errorf("elsewhere: %w", err)); got != "gzip, identity" {
		t.Errorf("for brotli it is %q", got)
	}
	_, cut := intake.NewBody(request(strings.NewReader("x"), limit+1, "gzip"), limit)
	for name, err := range map[string]error{"nothing": nil, "a body that is too large": cut, "a type": fault.New(fault.Unsupported, "a type")} {
		if got := intake.AcceptEncoding(err); got != "" {
			t.Errorf("for %s it is %q", name, got)
		}
	}
}

// What a header announces is refused before a byte is read.
func TestBodyAnnounced(t *testing.T) {
	unread := iotest.ErrReader(errors.New("read"))
	for length, kind := range map[int64]fault.Kind{10: fault.Internal, 11: fault.TooLarge, -1: fault.Internal} {
		_, err := intake.NewBody(request(unread, length), 10)
		if err != nil && fault.KindOf(err) != kind || err == nil && kind != fault.Internal {
			t.Errorf("%d: %v", length, err)
		}
	}
}

func TestReadFault(t *testing.T) {
	for _, tt := range []struct {
		err  error
		kind fault.Kind
	}{
		{io.ErrUnexpectedEOF, fault.Invalid},
		{net.ErrClosed, fault.Invalid},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), fault.Timeout},
		{&http.MaxBytesError{Limit: 1}, fault.TooLarge},
		{fault.New(fault.Unavailable, "full"), fault.Unavailable},
	} {
		in, err := intake.NewBody(request(iotest.ErrReader(tt.err), -1), 10)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(in); fault.KindOf(err) != tt.kind {
			t.Errorf("%v: %v", tt.err, err)
		}
	}
}

// A client that waits for the server's word sends nothing that is refused by its
// headers, and bodies in chunks and of a known length are read alike.
func TestServer(t *testing.T) {
	s := schema(t, filesSpec())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := intake.NewBody(r, 1000)
		var form *intake.Form
		if err == nil {
			form, err = s.Read(r.Context(), body, new(shelf).open)
		}
		if err != nil {
			http.Error(w, fault.KindOf(err).String(), http.StatusTeapot)
			return
		}
		_, _ = w.Write(form.JSON)
	}))
	defer server.Close()
	const json = `{"payload":{"files":[{"content":"YWJj"}]}}`
	const read = `{"payload":{"files":[{"content":1}]}}`
	chunked := fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 20, json[:20], len(json)-20, json[20:])
	length := fmt.Sprintf("Content-Length: %d\r\n", len(json))
	for _, tt := range []struct {
		name, head, body string
		invited          bool // to send the body
		answer           string
	}{
		{"length", length, json, true, read},
		{"chunked", "Transfer-Encoding: chunked\r\n", chunked, true, read},
		{"too long", "Content-Length: 1001\r\n", json, false, "too large\n"},
		{"encoding", length + "Content-Encoding: br\r\n", json, false, "unsupported\n"},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nExpect: 100-continue\r\n"+tt.head+"\r\n"); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if invited := strings.Contains(line, " 100 "); invited != tt.invited {
			t.Errorf("%s: %q", tt.name, line)
		}
		if tt.invited {
			if _, err := io.WriteString(conn, tt.body); err != nil {
				t.Fatal(err)
			}
		}
		rest, err := io.ReadAll(r)
		if err != nil || !strings.HasSuffix(string(rest), "\r\n\r\n"+tt.answer) {
			t.Errorf("%s: %q, %v", tt.name, rest, err)
		}
		conn.Close()
	}
}

// zeros are endless.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A context that ended because the connection failed does not hide how it failed.
func TestBroken(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := schema(t, intake.Spec{Members: []intake.Member{keep("f")}})
	for _, tt := range []struct {
		failure error
		want    fault.Kind
	}{{os.ErrDeadlineExceeded, fault.Timeout}, {io.ErrUnexpectedEOF, fault.Invalid}} {
		if _, err := s.Read(ctx, iotest.ErrReader(tt.failure), new(shelf).open); fault.KindOf(err) != tt.want {
			t.Errorf("%v: %v", tt.failure, err)
		}
		err := intake.Broken(ctx, iotest.ErrReader(tt.failure), fmt.Errorf("a write: %w", context.Canceled))
		if fault.KindOf(err) != tt.want {
			t.Errorf("%v: %v", tt.failure, err)
		}
	}
	for what, body := range map[string]io.Reader{"idle": idle{}, "endless": zeros{}, "whole": strings.NewReader("")} {
		if err := intake.Broken(ctx, body, ctx.Err()); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	full := errors.New("full")
	if err := intake.Broken(ctx, iotest.ErrReader(io.ErrUnexpectedEOF), full); err != full { //nolint:errorlint // the very same
		t.Errorf("what is to blame itself: %v", err)
	}
}
