package httpd

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// minProgress is what a client has to send within the stall timeout, unless
	// the body ends before: a client that drips single bytes is cut off as one
	// that sends none. It is 128 bytes/s at the default of 30 s.
	minProgress = 4 << 10

	// writePiece and filePiece are how much is handed to the kernel under one
	// write deadline. A client that takes less than that (about 2 and 9 KB/s at
	// 30 s) is cut off; one that takes more may download for days.
	writePiece = 64 << 10
	filePiece  = 256 << 10
)

// limitListener hands out at most cap(slots) connections at a time and gives
// each a write deadline that moves along with the client.
type limitListener struct {
	net.Listener
	slots     chan struct{}
	closed    chan struct{}
	closeOnce sync.Once
	closeErr  error
	stall     time.Duration
}

func (l *limitListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &conn{Conn: c, stall: l.stall, release: func() { <-l.slots }}, nil
}

func (l *limitListener) Close() error {
	l.closeOnce.Do(func() {
		close(l.closed)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

// conn renews the write deadline for each piece it sends. There is no deadline
// for a whole answer: a big download takes as long as it takes.
type conn struct {
	net.Conn
	stall     time.Duration
	release   func()
	closeOnce sync.Once
}

func (c *conn) Write(p []byte) (n int, err error) {
	for {
		piece := p[:min(len(p), writePiece)]
		if err := c.SetWriteDeadline(time.Now().Add(c.stall)); err != nil {
			return n, err
		}
		m, err := c.Conn.Write(piece)
		n += m
		if err != nil || m == len(p) {
			return n, err
		}
		p = p[m:]
	}
}

// ReadFrom keeps sendfile working for contents that are served from a file.
func (c *conn) ReadFrom(r io.Reader) (n int64, err error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	for limited.N > 0 {
		if err := c.SetWriteDeadline(time.Now().Add(c.stall)); err != nil {
			return n, err
		}
		piece := &io.LimitedReader{R: limited.R, N: min(limited.N, filePiece)}
		want := piece.N
		m, err := to.ReadFrom(piece)
		n += m
		limited.N -= m
		if err != nil || m < want {
			return n, err
		}
	}
	return n, nil
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.closeOnce.Do(c.release)
	return err
}

// mendingListener mends the request lines of what it accepts, behind TLS if there
// is any. A mended TLS connection makes its handshake with the first read, under
// the deadline for headers, and http.Request.TLS stays nil.
type mendingListener struct{ net.Listener }

func (l mendingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if plain, ok := c.(*conn); ok {
		return &plainConn{conn: plain}, nil
	}
	return &mendedConn{Conn: c}, nil
}

// plainConn has conn's ReadFrom, mendedConn must not.
type plainConn struct {
	*conn
	lines requestLines
}

func (c *plainConn) Read(p []byte) (int, error) { return c.lines.read(c.conn.Conn, p) }

type mendedConn struct {
	net.Conn
	lines requestLines
}

func (c *mendedConn) Read(p []byte) (int, error) { return c.lines.read(c.Conn, p) }

// bodyDeadlines cuts off requests whose body stops arriving.
func bodyDeadlines(next http.Handler, stall time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, control: http.NewResponseController(w), stall: stall, budget: stall}
		// The server goes by the body of its own request: it has to see that a client
		// which asked first, with Expect, was not told to go on, and does not wait for
		// it then.
		bounded := *r
		bounded.Body = b
		next.ServeHTTP(w, &bounded)
		if !b.ended {
			// The server now reads a little further, hoping to keep the
			// connection; it lifts this deadline itself when that went well.
			_ = b.control.SetReadDeadline(time.Now().Add(b.budget))
		}
	})
}

// body spends its budget only while it waits for the client, so a handler may
// take its time between two reads.
type body struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	budget  time.Duration // time left for the client to make progress
	got     int           // bytes since the budget was last filled up
	ended   bool          // the end, or an error, was seen
}

func (b *body) Read(p []byte) (int, error) {
	start := time.Now()
	if err := b.control.SetReadDeadline(start.Add(b.budget)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.ended = true
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	// Without this the deadline would later end the wait for a client that
	// hangs up, and with it cancel a request that is still at work.
	_ = b.control.SetReadDeadline(time.Time{})
	if b.got += n; b.got >= minProgress {
		b.got, b.budget = 0, b.stall
	} else {
		b.budget -= time.Since(start)
	}
	return n, err
}

// newest returns the later modification time of two files.
func newest(a, b string) (time.Time, error) {
	x, err := os.Stat(a)
	if err != nil {
		return time.Time{}, err
	}
	y, err := os.Stat(b)
	if err != nil {
		return time.Time{}, err
	}
	if y.ModTime().After(x.ModTime()) {
		return y.ModTime(), nil
	}
	return x.ModTime(), nil
}
