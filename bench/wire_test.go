package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// serveBytes answers every connection with fixed bytes.
func serveBytes(t *testing.T, answer string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprint(conn, answer)
			}
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestClientAnswers(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		status       int
		body, err    string
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", 200, "abc", ""},
		{"empty", "HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", 500, "", ""},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
		{"continue", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", 201, "x", ""},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n", 200, "abc0123456789", ""},
		{"until the end", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it", 200, "all of it", ""},
		{"cut body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 0, "", "unexpected EOF"},
		{"cut chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", 0, "", "unexpected EOF"},
		{"long chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 0, "", "no end of a chunk"},
		{"bad size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 0, "", "no size of a chunk"},
		{"no HTTP", "SSH-2.0-x\r\n", 0, "", "no status line"},
		{"no length", "HTTP/1.1 200 OK\r\n\r\nabc", 0, "", "without a length"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClient(serveBytes(t, test.answer))
			defer c.close()
			status, body, err := c.do(t.Context(), []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || status != test.status || string(body) != test.body {
				t.Errorf("got %d %q %v, want %d %q", status, body, err, test.status, test.body)
			}
		})
	}
}

// A connection serves many requests, and answers larger than its buffers.
func TestClientKeepsConnection(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789"), 40_000)
	var addrs sync.Map
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addrs.Store(r.RemoteAddr, true)
		w.Header().Set("X-FM-Entity-Count", "50")
		w.Write(large)
	}))
	defer s.Close()
	c := newClient(s.Listener.Addr().String())
	defer c.close()
	for range 3 {
		status, body, err := c.do(t.Context(), []byte("GET / HTTP/1.1\r\n"), []byte("Host: x\r\n\r\n"))
		if err != nil || status != 200 || !bytes.Equal(body, large) || c.entityCount != 50 {
			t.Fatalf("got %d, %d bytes, count %d, %v", status, len(body), c.entityCount, err)
		}
	}
	connections := 0
	addrs.Range(func(_, _ any) bool { connections++; return true })
	if connections != 1 {
		t.Errorf("%d connections, want 1", connections)
	}
}

func TestClientEndsWithContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(l.Addr().String()) // accepted by the kernel, answered by nobody
	go cancel()
	if _, _, err := c.do(ctx, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err != context.Canceled {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}
