package clamd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/dossier-crm/dossier/internal/clamd"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// daemon is a clamd that takes contents up to a size and answers with what reply
// returns; "" hangs up.
type daemon struct {
	limit int
	reply func(content []byte) string
}

// listen serves one connection after another until the test ends.
func (d daemon) listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			d.serve(conn)
			conn.Close()
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l
}

func (d daemon) serve(conn net.Conn) {
	r := bufio.NewReader(conn)
	if command, err := r.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		_, _ = io.WriteString(conn, "UNKNOWN COMMAND\x00")
		return
	}
	var content bytes.Buffer
	for {
		var n uint32
		if err := binary.Read(r, binary.BigEndian, &n); err != nil {
			return
		}
		if n == 0 {
			break
		}
		if content.Len()+int(n) > d.limit {
			_, _ = io.WriteString(conn, "INSTREAM size limit exceeded. ERROR\x00")
			return
		}
		if _, err := io.CopyN(&content, r, int64(n)); err != nil {
			return
		}
	}
	if text := d.reply(content.Bytes()); text != "" {
		_, _ = io.WriteString(conn, text)
	}
}

func scanner(t *testing.T, address string) *clamd.Scanner {
	t.Helper()
	s, err := clamd.New(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	d := daemon{limit: len(big), reply: func(content []byte) string {
		switch {
		case bytes.Equal(content, big), len(content) == 0:
			return "stream: OK\x00"
		case bytes.Contains(content, []byte("virus")):
			return "stream: Test.Pattern-1 FOUND\x00"
		case bytes.Contains(content, []byte("error")):
			return "stream: Can't allocate memory ERROR\x00"
		case bytes.Contains(content, []byte("hang up")):
			return ""
		case bytes.Contains(content, []byte("endless")):
			return strings.Repeat("x", 5000)
		}
		return "what?\x00"
	}}
	addresses := []string{
		"tcp://" + d.listen(t, "tcp", "127.0.0.1:0").Addr().String(),
		"unix://" + d.listen(t, "unix", filepath.Join(t.TempDir(), "ctl")).Addr().String(),
	}
	broken := errors.New("broken")
	for _, tt := range []struct {
		name      string
		content   io.Reader
		infection string
		kind      fault.Kind
		ok        bool
	}{
		{"clean", bytes.NewReader(big), "", 0, true},
		{"clean, in small pieces", iotest.HalfReader(bytes.NewReader(big)), "", 0, true},
		{"empty", strings.NewReader(""), "", 0, true},
		{"infected", strings.NewReader("a virus"), "Test.Pattern-1", 0, true},
		{"too large", io.MultiReader(bytes.NewReader(big), bytes.NewReader(big)), "", fault.TooLarge, false},
		{"error", strings.NewReader("an error"), "", fault.Internal, false},
		{"hang up", strings.NewReader("hang up"), "", fault.Unavailable, false},
		{"endless reply", strings.NewReader("endless"), "", fault.Unavailable, false},
		{"no verdict", strings.NewReader("x"), "", fault.Unavailable, false},
		{"broken content", io.MultiReader(strings.NewReader("a virus"), iotest.ErrReader(broken)), "", fault.Internal, false},
	} {
		for _, address := range addresses {
			if seeker, ok := tt.content.(io.Seeker); ok {
				if _, err := seeker.Seek(0, io.SeekStart); err != nil {
					t.Fatal(err)
				}
			} else if address != addresses[0] {
				continue
			}
			infection, err := scanner(t, address).Scan(t.Context(), tt.content)
			if (err == nil) != tt.ok || infection != tt.infection || err != nil && fault.KindOf(err) != tt.kind {
				t.Errorf("%s: %q, %v", tt.name, infection, err)
			}
			if tt.name == "broken content" && !errors.Is(err, broken) {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "tcp://" + l.Addr().String()
	l.Close()
	if _, err := scanner(t, address).Scan(t.Context(), strings.NewReader("x")); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("nobody listens: %v", err)
	}
}

// A request that ends does not wait for a silent daemon.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hold := make(chan struct{})
	d := daemon{limit: 100, reply: func([]byte) string { cancel(); <-hold; return "" }}
	l := d.listen(t, "tcp", "127.0.0.1:0")
	_, err := scanner(t, "tcp://"+l.Addr().String()).Scan(ctx, strings.NewReader("x"))
	close(hold)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestNew(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:3310", "tcp://", "tcp://host", "tcp://:3310", "tcp://host:1/path", "unix://", "unix:///", "unix://host/path", "http://host:1", "tcp://%"} {
		if _, err := clamd.New(address); fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != "clamd" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// The daemon itself knows our pattern, takes what is clean, and says so when a
// content is longer than its StreamMaxLength of 1 MiB.
func TestDaemon(t *testing.T) {
	s := scanner(t, testenv.Clamd(t))
	const pattern = "dossier test pattern, harmless: 6f1c2a9be7"
	infection, err := s.Scan(t.Context(), strings.NewReader("before "+pattern+" after"))
	if err != nil || !strings.HasPrefix(infection, "Dossier.Test") {
		t.Errorf("pattern: %q, %v", infection, err)
	}
	if infection, err = s.Scan(t.Context(), strings.NewReader("nothing")); err != nil || infection != "" {
		t.Errorf("clean: %q, %v", infection, err)
	}
	if infection, err = s.Scan(t.Context(), strings.NewReader("")); err != nil || infection != "" {
		t.Errorf("empty: %q, %v", infection, err)
	}
	for size, kind := range map[int]fault.Kind{1<<20 - 1: fault.Internal, 1 << 20: fault.Internal, 1<<20 + 1: fault.TooLarge, 20 << 20: fault.TooLarge} {
		infection, err := s.Scan(t.Context(), bytes.NewReader(make([]byte, size)))
		if infection != "" || (err == nil) != (kind == fault.Internal) || err != nil && fault.KindOf(err) != kind {
			t.Errorf("%d bytes: %q, %v", size, infection, err)
		}
	}
}
