// Package clamd has contents scanned for viruses by a ClamAV daemon, over TCP or a
// Unix socket, with its command INSTREAM: contents are sent to it in pieces, so that
// it need not see our files.
package clamd

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 30 * time.Second // for one chunk

	// replyTimeout is for the verdict once all was sent. The daemon scans in this
	// time, for 2 minutes at most as it comes (MaxScanTime).
	replyTimeout = 5 * time.Minute

	chunkSize = 64 << 10
	maxReply  = 4 << 10 // bytes: the name of a signature and a few words
)

// Scanner asks one daemon. It is safe for concurrent use; each scan has a
// connection of its own.
type Scanner struct {
	network, address string
	dialer           net.Dialer
}

// New returns a scanner for a daemon's address: tcp://host:port or unix:///path. It
// does not connect. It returns fault.Invalid for other addresses.
func New(address string) (*Scanner, error) {
	s := &Scanner{dialer: net.Dialer{Timeout: dialTimeout}}
	u, err := url.Parse(address)
	switch {
	case err != nil:
	case u.Scheme == "tcp" && u.Hostname() != "" && u.Port() != "" && u.Path == "":
		s.network, s.address = u.Scheme, u.Host
	case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1:
		s.network, s.address = u.Scheme, u.Path
	}
	if s.network == "" {
		return nil, fault.InField("clamd", "must be an address like tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")
	}
	return s, nil
}

// Scan sends content to the daemon and returns the name of what it found, or "".
//
// Errors: fault.Unavailable when the daemon cannot be reached, breaks off or says
// what is no verdict; fault.Timeout when it is silent for too long; fault.TooLarge
// when content is beyond its StreamMaxLength; fault.Internal when it cannot scan
// this content; those of content and of ctx as they are.
func (s *Scanner) Scan(ctx context.Context, content io.Reader) (infection string, err error) {
	defer fault.Wrap(&err, "clamd.Scan")
	conn, err := s.dialer.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", s.broken(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	sendErr := send(conn, content)
	var bad *contentError
	if errors.As(sendErr, &bad) {
		return "", bad.err
	}
	// The daemon tells that something is too long at once and hangs up, so its
	// reply counts for more than the failure to send the rest.
	reply, err := receive(conn)
	if err != nil {
		return "", s.broken(ctx, errors.Join(sendErr, err))
	}
	infection, err = verdict(reply)
	if err == nil && infection == "" && sendErr != nil {
		err = s.broken(ctx, sendErr) // clean, but of what?
	}
	return infection, err
}

// broken returns the fault for an error of the connection.
func (s *Scanner) broken(ctx context.Context, err error) error {
	var late net.Error
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &late) && late.Timeout():
		return fault.New(fault.Timeout, "the virus scanner does not answer").Because(err)
	default:
		return fault.New(fault.Unavailable, "the virus scanner cannot be reached").Because(err)
	}
}

// contentError is an error of what is scanned, not of the connection.
type contentError struct{ err error }

func (e *contentError) Error() string { return e.err.Error() }

// send sends the command and the content: chunks with their length in front, and an
// empty one at the end.
func send(conn net.Conn, content io.Reader) error {
	w := func(p []byte) error {
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		_, err := conn.Write(p)
		return err
	}
	if err := w([]byte("zINSTREAM\x00")); err != nil {
		return err
	}
	buf := make([]byte, 4+chunkSize)
	for {
		n, err := io.ReadFull(content, buf[4:])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return &contentError{err}
		}
		binary.BigEndian.PutUint32(buf, uint32(n))
		if n > 0 {
			if err := w(buf[:4+n]); err != nil {
				return err
			}
		}
		if end {
			return w([]byte{0, 0, 0, 0})
		}
	}
}

// receive reads the reply, which ends in a zero byte.
func receive(conn net.Conn) (string, error) {
	if err := conn.SetReadDeadline(time.Now().Add(replyTimeout)); err != nil {
		return "", err
	}
	reply, err := bufio.NewReader(io.LimitReader(conn, maxReply)).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("reading the reply after %q: %w", reply, err)
	}
	return strings.TrimSuffix(reply, "\x00"), nil
}

// verdict understands a reply.
func verdict(reply string) (infection string, err error) {
	text := strings.TrimPrefix(reply, "stream: ")
	switch {
	case text == "OK":
		return "", nil
	case strings.HasSuffix(text, " FOUND"):
		return strings.TrimSuffix(text, " FOUND"), nil
	case strings.HasPrefix(text, "INSTREAM size limit exceeded"):
		return "", fault.New(fault.TooLarge, "the virus scanner does not take files of this size").Because(errors.New(reply))
	case strings.HasSuffix(text, " ERROR"):
		return "", fault.New(fault.Internal, "").Because(fmt.Errorf("the virus scanner says %q", reply))
	}
	return "", fault.New(fault.Unavailable, "the virus scanner gave no verdict").Because(fmt.Errorf("it says %q", reply))
}
