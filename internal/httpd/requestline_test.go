package httpd

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
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
	f.Fuzz(func(t *testing.T, sent string) {
		whole := mended(t, sent, func(r io.Reader) io.Reader { return r })
		single := mended(t, sent, iotest.OneByteReader)
		if whole != single {
			t.Fatalf("whole  %q\nsingle %q", whole, single)
		}
		if !strings.Contains(sent, " HTTP/1.") && whole != sent {
			t.Fatalf("changed %q to %q", sent, whole)
		}
	})
}
