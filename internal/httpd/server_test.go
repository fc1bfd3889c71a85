package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// start serves h and returns its address and a function that stops the server
// and returns what Serve returned.
func start(t *testing.T, opts httpd.Options, h http.Handler) (addr string, stop func() error) {
	t.Helper()
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s, err := httpd.Listen(t.Context(), "127.0.0.1:0", opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, h) }()
	stopped := false
	stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return s.Addr().String(), stop
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil { // so that a failing test ends
		t.Fatal(err)
	}
	return c
}

func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestListenErrors(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if _, err := httpd.Listen(t.Context(), "127.0.0.1:99999", httpd.Options{Log: log}); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("port out of range: %v", err)
	}
	if _, err := httpd.Listen(t.Context(), "127.0.0.1:0", httpd.Options{Log: log, CertFile: "nowhere.pem", KeyFile: "nowhere.key"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("missing certificate: %v", err)
	}
}

// A request under way when the server is told to stop gets its whole answer.
func TestShutdownWaits(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	addr, stop := start(t, httpd.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-release
		io.WriteString(w, "done")
	}))
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + addr)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	// Once new connections are refused, the stop is under way.
	for {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		c.Close()
	}
	close(release)
	if got := <-answer; got != "done" {
		t.Errorf("answer %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// A request that does not end is cancelled, and the server stops all the same.
func TestShutdownCutsOff(t *testing.T) {
	entered, cancelled := make(chan bool), make(chan bool)
	addr, stop := start(t, httpd.Options{StopTimeout: time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-r.Context().Done()
		close(cancelled)
	}))
	c := dial(t, addr)
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	if err := stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	<-cancelled
}

// A client that stops sending its body is cut off.
func TestStalledUpload(t *testing.T) {
	for _, sent := range []string{"", "some"} {
		failed := make(chan error, 1)
		addr, _ := start(t, httpd.Options{StallTimeout: 30 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			failed <- err
		}))
		c := dial(t, addr)
		fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n%s", sent)
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %q: %v", sent, err)
		}
		if _, err := io.ReadAll(c); err != nil && !isReset(err) {
			t.Errorf("after %q: the connection stays open: %v", sent, err)
		}
	}
}

// A client that asks before it sends its body gets the answer that refuses it, not one
// to go on, and not after it went on by itself.
func TestExpectation(t *testing.T) {
	addr, _ := start(t, httpd.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(w, r.Body) // what fails is seen by the client
	}))
	for path, want := range map[string]string{"/refused": "HTTP/1.1 401 Unauthorized", "/taken": "HTTP/1.1 100 Continue"} {
		for _, length := range []int{3, 3 << 20} {
			c := dial(t, addr)
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", path, length)
			if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || strings.TrimSpace(line) != want {
				t.Errorf("%s with %d bytes: %q, %v", path, length, line, err)
			}
		}
	}
}

// A client that drips bytes makes no progress.
func TestDrippedUpload(t *testing.T) {
	failed := make(chan error, 1)
	addr, _ := start(t, httpd.Options{StallTimeout: 100 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		failed <- err
	}))
	c := dial(t, addr)
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		select {
		case err := <-failed:
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return
		case <-tick.C:
			fmt.Fprint(c, "x")
		}
	}
	t.Error("the body was accepted")
}

// A handler may pause for longer than the stall timeout between two reads, and
// after the last one, without losing its client.
func TestSlowHandler(t *testing.T) {
	const stall = 50 * time.Millisecond
	addr, _ := start(t, httpd.Options{StallTimeout: stall}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pause := func() {
			select {
			case <-time.After(3 * stall): // the pause is what is tested
			case <-r.Context().Done():
				t.Error("cancelled")
			}
		}
		first := make([]byte, 10)
		if _, err := io.ReadFull(r.Body, first); err != nil {
			t.Error(err)
		}
		pause()
		rest, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		pause()
		fmt.Fprint(w, len(first)+len(rest))
	}))
	res, err := http.Post("http://"+addr, "text/plain", strings.NewReader(strings.Repeat("x", 300_000)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != "300000" {
		t.Errorf("answer %q", b)
	}
}

// A client that does not read its answer is cut off, whether the answer comes
// from memory or from a file; a client that reads gets all of it.
func TestStalledDownload(t *testing.T) {
	const size = 24 << 20 // more than the kernel buffers on both ends
	name := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(name, bytes.Repeat([]byte("0123456789abcdef"), size/16), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"memory", "file"} {
		t.Run(from, func(t *testing.T) {
			failed := make(chan bool, 2)
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if from == "file" {
					http.ServeFile(w, r, name)
					failed <- true
					return
				}
				_, err := w.Write(make([]byte, size))
				failed <- err != nil
			})
			addr, _ := start(t, httpd.Options{StallTimeout: 100 * time.Millisecond}, h)
			c := dial(t, addr)
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if !<-failed {
				t.Error("the answer was written into nowhere")
			}
			n, err := io.Copy(io.Discard, c)
			if err != nil && !isReset(err) {
				t.Error(err)
			}
			if n >= size {
				t.Errorf("%d bytes arrived", n)
			}
			addr, _ = start(t, httpd.Options{}, h)
			if got := len(get(t, http.DefaultClient, "http://"+addr)); got != size {
				t.Errorf("a reading client got %d bytes", got)
			}
		})
	}
}

func isReset(err error) bool {
	return strings.Contains(err.Error(), "reset by peer")
}

func TestHeaderLimits(t *testing.T) {
	addr, _ := start(t, httpd.Options{HeaderTimeout: 50 * time.Millisecond, MaxHeaderBytes: 1 << 10}, http.NotFoundHandler())
	for name, tt := range map[string]struct{ send, want string }{
		"never ends": {"GET / HTTP/1.1\r\nHost: x\r\nX: ", ""},
		"too large":  {"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", "431"},
		"not HTTP":   {"hello\r\n\r\n", "400"},
	} {
		c := dial(t, addr)
		fmt.Fprint(c, tt.send)
		b, err := io.ReadAll(c)
		if err != nil && !isReset(err) {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(string(b), tt.want) {
			t.Errorf("%s: answer %q", name, b)
		}
	}
}

// Connections beyond the limit wait and are served when another one ends.
func TestMaxConns(t *testing.T) {
	addr, _ := start(t, httpd.Options{MaxConns: 1}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.URL.Path)
	}))
	ask := func(c net.Conn, path string) { fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path) }
	answer := func(c net.Conn) string {
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err.Error()
		}
		b, _ := io.ReadAll(res.Body)
		return string(b)
	}
	first, second := dial(t, addr), dial(t, addr)
	ask(first, "/1")
	if got := answer(first); got != "/1" {
		t.Fatal(got)
	}
	ask(second, "/2")
	waiting := make(chan string, 1)
	go func() { waiting <- answer(second) }()
	ask(first, "/3")
	if got := answer(first); got != "/3" {
		t.Fatal(got)
	}
	select {
	case got := <-waiting:
		t.Fatalf("the second connection was served: %q", got)
	default:
	}
	first.Close()
	if got := <-waiting; got != "/2" {
		t.Error(got)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := writeCertificate(t, cert, key)
	addr, _ := start(t, httpd.Options{CertFile: cert, KeyFile: key}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Proto, r.URL.RawQuery)
	}))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	defer client.CloseIdleConnections()
	if got := get(t, client, "https://"+addr+"?x"); got != "HTTP/1.1x" {
		t.Error(got)
	}
	c := tls.Client(dial(t, addr), &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if got := rawSpaces(t, c); got != "HTTP/1.1where=a%20LIKE%20'b'" {
		t.Error(got)
	}
}

func TestRawSpaces(t *testing.T) {
	addr, _ := start(t, httpd.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.RawQuery)
	}))
	if got := rawSpaces(t, dial(t, addr)); got != "where=a%20LIKE%20'b'" {
		t.Error(got)
	}
}

// rawSpaces sends a request line that is none, as some clients do, and returns
// the body of the answer.
func rawSpaces(t *testing.T, c net.Conn) string {
	t.Helper()
	fmt.Fprint(c, "GET /x?where=a LIKE 'b' HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeCertificate(t *testing.T, certFile, keyFile string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	return pool
}
