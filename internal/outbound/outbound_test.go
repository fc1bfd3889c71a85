package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/outbound"
	"github.com/dossier-crm/dossier/internal/testenv"
)

func guard(t *testing.T, list string) *outbound.Guard {
	t.Helper()
	g, err := outbound.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestAllows goes through the forms that addresses come in.
func TestAllows(t *testing.T) {
	for _, tt := range []struct {
		what  string
		yes   bool
		addrs string
	}{
		{"public", true, "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 " +
			"169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 " +
			"2606:4700:4700::1111 2a00:1450::1 2001:4860:4860::8888 2003::1 3ffe::1"},
		{"unspecified", false, "0.0.0.0 0.1.2.3 ::"},
		{"loopback", false, "127.0.0.1 127.255.255.254 ::1"},
		{"private", false, "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 fc00::1 fd12:3456::1"},
		{"carriers", false, "100.64.0.1 100.127.255.255"},
		{"link-local", false, "169.254.0.1 fe80::1 fe80::1%eth0 febf::1 fec0::1"},
		{"metadata", false, "169.254.169.254 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254"},
		{"multicast and broadcast", false, "224.0.0.1 239.255.255.255 255.255.255.255 240.0.0.1 ff02::1 ff0e::1"},
		{"documentation and benchmarks", false, "192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.255.255 2001:db8::1 3fff::1"},
		{"IPv4 in IPv6, mapped", false, "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:7f00:1 ::ffff:0.0.0.0"},
		{"IPv4 in IPv6, mapped, public", true, "::ffff:8.8.8.8"},
		{"IPv4 in IPv6, compatible", false, "::127.0.0.1 ::8.8.8.8"},
		{"IPv4 in IPv6, translated", false, "::ffff:0:127.0.0.1 ::ffff:0:8.8.8.8"},
		{"NAT64", false, "64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::8.8.8.8 64:ff9b:1::1"},
		{"NAT64, public", true, "64:ff9b::8.8.8.8"},
		{"6to4", false, "2002:7f00:1::1 2002:a00:1::1 2002:808:808::1 192.88.99.1"},
		{"Teredo and ORCHID", false, "2001::1 2001:0:7f00:1::1 2001:20::1"},
		{"not assigned", false, "100::1 4000::1 5f00::1 1::1 e000::1"},
	} {
		for addr := range strings.FieldsSeq(tt.addrs) {
			if got := guard(t, "").Allows(netip.MustParseAddr(addr)); got != tt.yes {
				t.Errorf("%s: Allows(%s) = %v", tt.what, addr, got)
			}
		}
	}
	if guard(t, "").Allows(netip.Addr{}) {
		t.Error("allows no address at all")
	}
}

func TestAllowed(t *testing.T) {
	g := guard(t, " 10.1.0.0/16,127.0.0.1, [fd00::1] ,fd01::/16,Hooks.Internal.")
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": true, "127.0.0.2": false, "::ffff:127.0.0.1": true,
		"64:ff9b::10.1.2.3": true, "64:ff9b::10.2.2.3": false,
		"::1": false, "fd00::1": true, "fd00::2": false, "fd01::2": true, "8.8.8.8": true,
	} {
		if got := g.Allows(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Allows(%s) = %v", addr, got)
		}
	}
	if err := g.Check("http://hooks.INTERNAL:8080/x"); err != nil {
		t.Error(err)
	}
	for _, list := range []string{"10.0.0.0/33", "a b", "http://x", "host:80", ",", "::ffff:10.0.0.0/104", "300.1.1.1", "0x7f.1"} {
		if _, err := outbound.Parse(list); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Parse(%q): %v", list, err)
		}
	}
}

// TestCheck is about what can be said of a URL without a look-up.
func TestCheck(t *testing.T) {
	for target, ok := range map[string]bool{
		"https://hooks.example.com/a?b=c": true, "http://example.com:8080": true, "http://example.com:": true, "http://example.com:65535": true,
		"http://example.com:65536": false, "https://hooks.example.com:99999/": false, "http://example.com:0/": false, "HTTPS://EXAMPLE.COM/": true,
		"http://8.8.8.8/": true, "http://[2606:4700::1]/": true, "https://user:pw@example.com/": true,
		"https://a_b.example.com": true, "https://example.com./": true,

		"": false, "example.com": false, "/path": false, "ftp://example.com/": false, "file:///etc/passwd": false,
		"gopher://example.com/": false, "http:example.com": false, "http://": false, "http:///x": false, "http://:80/": false,
		"http://127.0.0.1/": false, "http://[::1]:80/": false, "http://[::ffff:127.0.0.1]/": false, "http://0/": false,
		"http://2130706433/": false, "http://0x7f000001/": false, "http://0x7f.1/": false, "http://0177.0.0.1/": false,
		"http://127.1/": false, "http://127.0.0.1./": false, "http://localhost/": false, "http://LOCALHOST:9/": false,
		"http://a.localhost/": false, "http://169.254.169.254/latest/meta-data/": false, "http://[fe80::1%25eth0]/": false,
		"http://user@10.0.0.1/": false, "http://exa mple.com/": false, "http://１２７.0.0.1/": false, "http://\x00/": false,
		"http://example.com%2f@127.0.0.1/": false, "http://ex%00ample.com/": false,
	} {
		err := guard(t, "").Check(target)
		if (err == nil) != ok {
			t.Errorf("Check(%q) = %v", target, err)
		}
		if err != nil && (fault.KindOf(err) != fault.Invalid || fault.Message(err) == "") {
			t.Errorf("Check(%q): %v", target, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1", "http://[::ffff:10.0.0.1]/", "https://x.example/", "http://0x7f.1"} {
		f.Add(s)
	}
	g, err := outbound.Parse("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if g.Check(target) != nil {
			return
		}
		u, err := url.Parse(target)
		if err != nil {
			t.Fatalf("%q passes and is no URL", target)
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil && (addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast()) {
			t.Errorf("%q passes", target)
		}
	})
}

func get(t *testing.T, c *outbound.Client, target string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	return res, err
}

// TestDialled holds the check to the address of the connection: a name that leads
// to loopback is refused when it is dialled, whatever it seemed to be before.
func TestDialled(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	opts := outbound.Options{Timeout: 10 * time.Second}

	// The name of this machine and its like resolve through the hosts file, which
	// is the only look-up that needs no network.
	ips, err := net.DefaultResolver.LookupIPAddr(context.Background(), "localhost")
	if err != nil || len(ips) == 0 {
		t.Fatalf("localhost does not resolve: %v", err)
	}
	byName := "http://localhost:" + port
	if _, err := get(t, guard(t, "").Client(opts), byName); fault.KindOf(err) != fault.Invalid || asked != 0 {
		t.Errorf("localhost: %v, asked %d times", err, asked)
	}
	if err := outbound.DialOnly(guard(t, ""), "localhost:"+port); fault.KindOf(err) != fault.Invalid {
		t.Errorf("dialling what resolves to loopback: %v", err)
	}
	if _, err := get(t, guard(t, "127.0.0.0/8,::1").Client(opts), "http://127.0.0.1:"+port); err != nil || asked != 1 {
		t.Errorf("allowed network: %v, asked %d times", err, asked)
	}
	if _, err := get(t, guard(t, "localhost").Client(opts), byName); err != nil || asked != 2 {
		t.Errorf("allowed host: %v, asked %d times", err, asked)
	}
	if _, err := get(t, guard(t, "localhost").Client(opts), "http://127.0.0.1:"+port); fault.KindOf(err) != fault.Invalid || asked != 2 {
		t.Errorf("an allowed name does not allow its address: %v, asked %d times", err, asked)
	}
}

// resolve makes names have the addresses of answer, asked anew for each look-up, until
// the test ends. It is a name server of its own, so that all of the look-up is real.
func resolve(t *testing.T, answer func() []netip.Addr) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	var work sync.WaitGroup
	work.Go(func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return // closed
			}
			// RFC 1035 4.1: a header of 12 bytes, then the name, its type and its class.
			end := 12 + bytes.IndexByte(query[12:n], 0) + 5
			reply := slices.Clone(query[:end])
			copy(reply[2:], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
			if query[end-3] == 1 { // A; there are no AAAA
				for _, addr := range answer() {
					reply[7]++
					reply = append(reply, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
					reply = append(reply, addr.AsSlice()...)
				}
			}
			if _, err := conn.WriteTo(reply, from); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		net.DefaultResolver = before
		conn.Close()
		work.Wait()
	})
}

// TestRebinding lets a name that had an allowed address have another one when it is
// looked up for the connection.
func TestRebinding(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	address := testenv.SecondLoopback(t)
	allowed, err := net.Listen("tcp", net.JoinHostPort(address, port))
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	front := &httptest.Server{Listener: allowed, Config: &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { public++ })}}
	front.Start()
	defer front.Close()

	good, bad := netip.MustParseAddr(address), netip.MustParseAddr("127.0.0.1")
	var now atomic.Pointer[[]netip.Addr]
	resolve(t, func() []netip.Addr { return *now.Load() })
	g := guard(t, address)
	c, target := g.Client(outbound.Options{Timeout: 10 * time.Second}), "http://files.example.com:"+port
	for _, step := range []struct {
		name   string
		addrs  []netip.Addr
		public int // requests that the allowed address has had since the beginning
	}{
		{"allowed", []netip.Addr{good}, 1},
		{"bound anew", []netip.Addr{bad}, 1},
		{"allowed again", []netip.Addr{good}, 2},
		{"both", []netip.Addr{bad, good}, 3},
	} {
		now.Store(&step.addrs)
		if err := g.Check(target); err != nil {
			t.Errorf("%s: a name is nothing to refuse before it is looked up: %v", step.name, err)
		}
		before := public
		_, err := get(t, c, target)
		if public != step.public || asked != 0 || (public == before) != (fault.KindOf(err) == fault.Invalid) {
			t.Errorf("%s: %v; asked %d times where it may, %d where it may not", step.name, err, public, asked)
		}
	}
}

// TestRedirects checks each target on the way.
func TestRedirects(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("was asked") }))
	defer secret.Close()
	_, port, _ := net.SplitHostPort(secret.Listener.Addr().String())
	to := ""
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/end" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	}))
	defer front.Close()

	g := guard(t, "127.0.0.1")
	none := g.Client(outbound.Options{Timeout: 10 * time.Second})
	some := g.Client(outbound.Options{Timeout: 10 * time.Second, Redirects: 2})
	for _, target := range []string{"http://localhost:" + port, "http://[::1]:" + port, "http://127.0.0.2:" + port, "file:///etc/passwd", "http://0x7f.1:" + port} {
		to = target
		if _, err := get(t, some, front.URL); err == nil {
			t.Errorf("was led to %s", target)
		}
		if res, err := get(t, none, front.URL); err != nil || res.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("without redirects: %v", err)
		}
	}
	to = "/end"
	if res, err := get(t, some, front.URL); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("a good redirect: %v", err)
	}
	to = "/again"
	if res, err := get(t, some, front.URL); err != nil || res.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("an endless redirect: %v", err)
	}
}

// TestTimeout ends a request that gets no answer.
func TestTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := guard(t, "127.0.0.1").Client(outbound.Options{Timeout: 50 * time.Millisecond})
	_, err = get(t, c, "http://"+l.Addr().String())
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v", err)
	}
}

// Errors end up in the log, and are not to give away what a URL is signed with.
func TestErrorsHideTheURL(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	refused := "http://10.0.0.1/"
	for _, base := range []string{closed.URL + "/", refused} {
		_, err := get(t, guard(t, "127.0.0.1").Client(outbound.Options{Timeout: 10 * time.Second}), base+"file?signature=s3cret")
		if err == nil || strings.Contains(err.Error(), "s3cret") || (fault.KindOf(err) == fault.Invalid) != (base == refused) {
			t.Errorf("%s: %v", base, err)
		}
	}
}
