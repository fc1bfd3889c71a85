package httpd

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// mended is what net/http gets to see of a connection.
func mended(t testing.TB, sent string, slow func(io.Reader) io.Reader) string {
	t.Helper()
	src := slow(strings.NewReader(sent))
	var l requestLines
	var got bytes.Buffer
	buf := make([]byte, 37)
	for {
		n, err := l.read(src, buf)
		got.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for len(l.out) > 0 { // what net/http would read after the error
		n, _ := l.read(src, buf)
		got.Write(buf[:n])
	}
	return got.String()
}

func TestRequestLines(t *testing.T) {
	for name, tt := range map[string]struct{ sent, want string }{
		"usual": {
			"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
		},
		"spaces": {
			"GET /a?where=name = 'A B' HTTP/1.1\r\nHost: x y\r\n\r\n",
			"GET /a?where=name%20=%20'A%20B' HTTP/1.1\r\nHost: x y\r\n\r\n",
		},
		"the next request on the connection": {
			"GET /a b HTTP/1.1\r\n\r\nGET /c d HTTP/1.1\r\n\r\n",
			"GET /a%20b HTTP/1.1\r\n\r\nGET /c%20d HTTP/1.1\r\n\r\n",
		},
		"a body that looks like a request": {
			"PUT /a HTTP/1.1\r\ncontent-length: 22\r\n\r\nGET /x y z HTTP/1.1\r\n\nGET /c d HTTP/1.1\r\n\r\n",
			"PUT /a HTTP/1.1\r\ncontent-length: 22\r\n\r\nGET /x y z HTTP/1.1\r\n\nGET /c%20d HTTP/1.1\r\n\r\n",
		},
		"chunked": {
			"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nA B C\r\n15\r\nGET /x y z HTTP/1.1\r\n\r\n0\r\nT: u v\r\n\r\nGET /c d HTTP/1.1\r\n\r\n",
			"PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nA B C\r\n15\r\nGET /x y z HTTP/1.1\r\n\r\n0\r\nT: u v\r\n\r\nGET /c%20d HTTP/1.1\r\n\r\n",
		},
		"not HTTP": {
			"SSH 2 0 hello\r\n\r\n",
			"SSH 2 0 hello\r\n\r\n",
		},
		"a length that a folded line changes": {
			"PUT /a HTTP/1.1\r\nContent-Length: 1\r\n 6\r\n\r\nx y z HTTP/1.1\r\n\r\n",
			"PUT /a HTTP/1.1\r\nContent-Length: 1\r\n 6\r\n\r\nx y z HTTP/1.1\r\n\r\n",
		},
		"a blank line that is folded": {
			"PUT /a HTTP/1.1\r\nX: y\r\n \t\r\nContent-Length: 20\r\n\r\nGET /x y z HTTP/1.1\r\nGET / HTTP/1.1\r\n\r\n",
			"PUT /a HTTP/1.1\r\nX: y\r\n \t\r\nContent-Length: 20\r\n\r\nGET /x y z HTTP/1.1\r\nGET / HTTP/1.1\r\n\r\n",
		},
		"chunks where there are none": {
			"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 26\r\n\r\n0\r\n\r\nGET /x y z HTTP/1.1\r\n",
			"PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 26\r\n\r\n0\r\n\r\nGET /x y z HTTP/1.1\r\n",
		},
		"a length longer than is noted": {
			"PUT /a HTTP/1.1\r\nContent-Length: " + strings.Repeat("0", 300) + "21\r\n\r\nGET /x y z HTTP/1.1\r\n",
			"PUT /a HTTP/1.1\r\nContent-Length: " + strings.Repeat("0", 300) + "21\r\n\r\nGET /x y z HTTP/1.1\r\n",
		},
		"nonsense passes unchanged from there on": {
			"PUT /a b HTTP/1.1\r\nContent-Length: x\r\n\r\nGET /c d HTTP/1.1\r\n\r\n",
			"PUT /a%20b HTTP/1.1\r\nContent-Length: x\r\n\r\nGET /c d HTTP/1.1\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			whole := func(r io.Reader) io.Reader { return r }
			for _, slow := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
				if got := mended(t, tt.sent, slow); got != tt.want {
					t.Errorf("got  %q\nwant %q", got, tt.want)
				}
			}
		})
	}
}

// FuzzRequestLines: however a connection's bytes are cut into reads, the result
// is the same, and without a line to mend nothing changes.
func FuzzRequestLines(f *testing.F) {
	f.Add("GET /a b HTTP/1.1\r\nContent-Length: 3\r\n\r\nx yGET / HTTP/1.1\r\n\r\n")
	f.Add("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Add("\r\n\r\nGET  /  HTTP/1.1\n\n")
	f.Add("PUT / HTTP/1.1\r\nContent-Length: 5\r\n \r\n\r\nx y HTTP/1.1\r\n\r\n")
	f.Add("PUT / HTTP/1.1\r\nX: y\r\n\t\r\nContent-Length: 22\r\n\r\nGET /x y z HTTP/1.1\r\n\n")
	f.Add("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 26\r\n\r\n0\r\n\r\nGET /x y z HTTP/1.1\r\n")
	f.Add("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: u\r\n \r\n\r\nGET /x y z HTTP/1.1\r\n\r\n")
	f.Add("PUT / HTTP/1.1\r\nContent-Length: " + strings.Repeat("0", 300) + "21\r\n\r\nGET /x y z HTTP/1.1\r\n")
	f.Fuzz(func(t *testing.T, sent string) {
		whole := mended(t, sent, func(r io.Reader) io.Reader { return r })
		single := mended(t, sent, iotest.OneByteReader)
		if whole != single {
			t.Fatalf("whole  %q\nsingle %q", whole, single)
		}
		if !strings.Contains(sent, " HTTP/1.") && whole != sent {
			t.Fatalf("changed %q to %q", sent, whole)
		}
		sameFraming(t, sent, whole)
	})
}

// sameFraming fails unless net/http finds in a mended connection all the requests
// that it finds in the connection as it was sent, up to the first that it refuses
// there.
func sameFraming(t interface{ Fatalf(string, ...any) }, sent, mended string) {
	was, is := requests(sent), requests(mended)
	if len(is) < len(was) || !slices.Equal(was, is[:len(was)]) {
		t.Fatalf("sent %q: %q\nmended %q: %q", sent, was, mended, is)
	}
}

// requests are the lines and bodies of the requests that net/http finds in a
// connection, up to the first that is not whole.
func requests(stream string) (all []string) {
	r := bufio.NewReader(strings.NewReader(stream))
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return all
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return all
		}
		all = append(all, fmt.Sprintf("%s %s %s %q", req.Method, req.RequestURI, req.Proto, body))
	}
}

// TestFraming puts connections together out of what frames requests.
func TestFraming(t *testing.T) {
	line := rapid.SampledFrom([]string{
		"GET / HTTP/1.1\r\n", "PUT /a HTTP/1.1\n", "PUT /a HTTP/1.0\r\n", "GET /x y z HTTP/1.1\r\n", "\r\n",
	})
	header := rapid.SampledFrom([]string{
		"Host: x\r\n", "X: y\n", " z\r\n", "\t\r\n", " Content-Length: 3\r\n", "\r\r\n",
		"Content-Length: 0\r\n", "content-length: 21\r\n", "Content-Length:26\t\n", "Content-Length : 5\r\n", "Content-Length: +5\r\n",
		"Content-Length: " + strings.Repeat("0", 300) + "21\r\n",
		"Transfer-Encoding: chunked\r\n", "TRANSFER-ENCODING: chunked\n", "Transfer-Encoding: identity\r\n",
	})
	body := rapid.SampledFrom([]string{
		"", "", "GET /x y z HTTP/1.1\r\n", "0\r\n\r\nGET /x y z HTTP/1.1\r\n",
		"15\r\nGET /x y z HTTP/1.1\r\n\r\n0\r\n\r\n", "15;x=y\r\nGET /x y z HTTP/1.1\r\n\r\n0\r\nT: u\r\n\r\n", "0\r\nT: u\r\n \r\n\r\n", "0\r\n\r\n", "0\n\n",
	})
	rapid.Check(t, func(r *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 4).Draw(r, "requests") {
			b.WriteString(line.Draw(r, "line"))
			for _, h := range rapid.SliceOfN(header, 0, 3).Draw(r, "headers") {
				b.WriteString(h)
			}
			b.WriteString("\r\n" + body.Draw(r, "body"))
		}
		sent := b.String()
		sameFraming(r, sent, mended(t, sent, func(src io.Reader) io.Reader { return src }))
	})
}
