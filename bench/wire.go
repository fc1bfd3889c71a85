package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// client is one HTTP/1.1 connection, for requests that are prepared as bytes. It
// understands just what the measured servers answer, so that it costs little, and
// the same for all of them.
type client struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
	body []byte // of the last answer; overwritten by the next

	// EntityCount is X-FM-Entity-Count of the last answer, or -1.
	entityCount int
}

const (
	readBuffer = 64 << 10
	dialLimit  = 5 * time.Second
)

func newClient(addr string) *client { return &client{addr: addr} }

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// do sends a request and reads the whole answer. The request's parts are sent one
// after another. A connection that the server has closed is made anew by the next
// call, not by this one.
func (c *client) do(ctx context.Context, request ...[]byte) (status int, body []byte, err error) {
	defer func() {
		if err != nil {
			c.close()
			if ctx.Err() != nil {
				err = ctx.Err()
			}
		}
	}()
	if c.conn == nil {
		dialer := net.Dialer{Timeout: dialLimit}
		if c.conn, err = dialer.DialContext(ctx, "tcp", c.addr); err != nil {
			c.conn = nil
			return 0, nil, err
		}
		if c.in == nil {
			c.in = bufio.NewReaderSize(c.conn, readBuffer)
		} else {
			c.in.Reset(c.conn)
		}
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	for _, part := range request {
		if _, err = conn.Write(part); err != nil {
			return 0, nil, err
		}
	}
	return c.answer()
}

// answer reads one answer.
func (c *client) answer() (status int, body []byte, err error) {
	line, err := c.line()
	if err != nil {
		return 0, nil, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, nil, fmt.Errorf("no status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("no status line: %q", line)
	}
	length, chunked, last := -1, false, false
	c.entityCount = -1
	for {
		line, err := c.line()
		if err != nil {
			return 0, nil, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("X-FM-Entity-Count")):
			if c.entityCount, err = strconv.Atoi(string(value)); err != nil {
				return 0, nil, err
			}
		}
	}
	c.body = c.body[:0]
	switch {
	case status == 204 || status == 304:
	case status < 200:
		return c.answer()
	case chunked:
		err = c.chunks()
	case length >= 0:
		err = c.read(length)
	case last:
		c.body, err = io.ReadAll(c.in)
	default:
		err = errors.New("an answer without a length")
	}
	if err != nil {
		return 0, nil, err
	}
	if last {
		c.close()
	}
	return status, c.body, nil
}

// line reads a line; it is good until the next read.
func (c *client) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// read appends n bytes to the body.
func (c *client) read(n int) error {
	start := len(c.body)
	if cap(c.body)-start < n {
		c.body = append(make([]byte, 0, 2*(start+n)), c.body...)
	}
	c.body = c.body[:start+n]
	_, err := io.ReadFull(c.in, c.body[start:])
	return err
}

func (c *client) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil {
			return fmt.Errorf("no size of a chunk: %q", line)
		}
		if err := c.read(int(n)); err != nil {
			return err
		}
		// After a chunk comes an empty line; after the last one, trailers do.
		for {
			line, err := c.line()
			if err != nil {
				return err
			}
			if len(line) == 0 {
				break
			}
			if n > 0 {
				return fmt.Errorf("no end of a chunk: %q", line)
			}
		}
		if n == 0 {
			return nil
		}
	}
}
