// Package outbound makes the requests that this server sends to addresses which
// clients have named: webhooks, files by URL. Such a request must not reach what
// only the server can reach: the machine itself, the networks behind it, the
// metadata service of a cloud.
//
// What counts is the address that a connection is made to. It is checked after the
// name was looked up, right before each connection, so that neither a name that
// changes its address in between nor a redirect gets around it.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Guard says which targets may be asked. The zero value allows public addresses
// and no others. It is immutable and safe for concurrent use.
type Guard struct {
	networks []netip.Prefix
	hosts    map[string]bool // lower case
}

// Parse reads a list of what is allowed besides public addresses, separated by
// commas: networks (10.0.0.0/8), addresses (127.0.0.1, ::1), and names of hosts,
// whatever addresses these have. "" is the zero Guard. The error is fault.Invalid.
func Parse(list string) (*Guard, error) {
	g := &Guard{hosts: map[string]bool{}}
	if strings.TrimSpace(list) == "" {
		return g, nil
	}
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if prefix, err := netip.ParsePrefix(item); err == nil {
			if prefix.Addr().Is4In6() {
				return nil, fault.New(fault.Invalid, "%s: write the network as IPv4", item)
			}
			g.networks = append(g.networks, prefix.Masked())
			continue
		}
		if addr, err := netip.ParseAddr(strings.Trim(item, "[]")); err == nil {
			addr = addr.Unmap().WithZone("")
			g.networks = append(g.networks, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		if !isHost(item) {
			return nil, fault.New(fault.Invalid, "%q is no network, address or name of a host", item)
		}
		g.hosts[hostName(item)] = true
	}
	return g, nil
}

// isHost reports whether text can be the name of a host.
func isHost(text string) bool {
	text = hostName(text)
	if text == "" || len(text) > 253 || numeric(text) {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	return true
}

// hostName is a name as it is compared.
func hostName(text string) string { return strings.ToLower(strings.TrimSuffix(text, ".")) }

// numeric reports whether a name ends like an IPv4 address in one of its old
// spellings: 2130706433, 0x7f.1, 0177.0.0.1. Some resolvers take them for
// addresses; no public name looks like that.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// Check returns a fault.Invalid that says what is wrong when a URL can be refused
// without looking anything up: it is no http or https URL, or its host is an
// address, or a spelling of one, that is not allowed. A URL that passes may still
// be refused when its name turns out to have such an address.
func (g *Guard) Check(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return fault.New(fault.Invalid, "must be a URL like https://hooks.example.com/path").Because(err)
	}
	return g.check(u)
}

func (g *Guard) check(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" {
		return fault.New(fault.Invalid, "must be a URL that begins with http:// or https:// and names a host")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return fault.New(fault.Invalid, "%s is no port; those are 1 to 65535", p)
		}
	}
	host := hostName(u.Hostname())
	if g.hosts[host] {
		return nil
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		if !g.Allows(addr) {
			return refused(host)
		}
		return nil
	}
	switch {
	case numeric(host), host == "localhost", strings.HasSuffix(host, ".localhost"):
		return refused(host)
	case !isHost(host):
		return fault.New(fault.Invalid, "%s is not the name of a host; write international names as xn--…", host)
	}
	return nil
}

// refused is the error for a target that may not be asked.
func refused(host string) *fault.Error {
	return fault.New(fault.Invalid, "requests to %s are refused: it is not a public address. "+
		"The operator of the server can allow it with --allow-targets", host)
}

// Allows reports whether connections to an address may be made.
func (g *Guard) Allows(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, n := range g.networks {
		if n.Contains(addr) {
			return true
		}
	}
	if translated.Contains(addr) { // NAT64: it is the IPv4 address in it that is reached
		b := addr.As16()
		return g.Allows(netip.AddrFrom4([4]byte(b[12:])))
	}
	return public(addr)
}

// translated is the well-known prefix of NAT64 [RFC 6052].
var translated = netip.MustParsePrefix("64:ff9b::/96")

// global is the IPv6 space that public addresses are assigned from. All that is
// outside of it (loopback, unspecified, link-local, unique local, multicast,
// IPv4-compatible, local NAT64, discard only) is refused.
var global = netip.MustParsePrefix("2000::/3")

// special are the addresses that are not public although they look it, from the
// registries of special-purpose addresses of IANA.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),        // this host on this network
	netip.MustParsePrefix("10.0.0.0/8"),       // private
	netip.MustParsePrefix("100.64.0.0/10"),    // shared by carriers (CGNAT); some clouds' metadata: 100.100.100.200
	netip.MustParsePrefix("127.0.0.0/8"),      // loopback
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local; most clouds' metadata: 169.254.169.254
	netip.MustParsePrefix("172.16.0.0/12"),    // private
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments; metadata: 192.0.0.192
	netip.MustParsePrefix("192.0.2.0/24"),     // documentation
	netip.MustParsePrefix("192.88.99.0/24"),   // relays of 6to4
	netip.MustParsePrefix("192.168.0.0/16"),   // private
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"),  // documentation
	netip.MustParsePrefix("203.0.113.0/24"),   // documentation
	netip.MustParsePrefix("224.0.0.0/4"),      // multicast
	netip.MustParsePrefix("240.0.0.0/4"),      // reserved, and broadcast
	netip.MustParsePrefix("168.63.129.16/32"), // the platform service of Azure

	netip.MustParsePrefix("2001::/23"),     // protocol assignments: Teredo, ORCHID, benchmarks
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // 6to4, whose relays reach any IPv4 address
	netip.MustParsePrefix("3fff::/20"),     // documentation
}

// public reports whether an address, not one of IPv4 in IPv6, is a public one.
func public(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Is6() && !global.Contains(addr) {
		return false
	}
	for _, p := range special {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// Options say how a Client behaves. Durations are required.
type Options struct {
	Timeout   time.Duration // for a whole request, reading the answer and redirects included
	Redirects int           // followed at most; each target is checked like the first. 0 = an answer that redirects is the answer
	Idle      int           // connections kept open to one host; 0 = none
}

// maxHeader is how much of the head of an answer is read, in bytes.
const maxHeader = 16 << 10

// Client returns a client whose requests reach allowed targets only. Refused ones
// fail with an error in which fault.KindOf finds fault.Invalid. It uses no proxy,
// which would make the connections in its place and check nothing, keeps no
// cookies, and does not decompress: how much of a body is read is up to the caller.
// CloseIdleConnections ends what it keeps open.
func (g *Guard) Client(o Options) *Client {
	transport := &http.Transport{
		DialContext:            g.dial,
		TLSHandshakeTimeout:    o.Timeout,
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    o.Idle,
		DisableKeepAlives:      o.Idle == 0,
		IdleConnTimeout:        30 * time.Second,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
	return &Client{&http.Client{
		Transport: scheme{g, transport},
		Timeout:   o.Timeout,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > o.Redirects {
				return http.ErrUseLastResponse
			}
			return nil // scheme checks the target
		},
	}}
}

// Client sends requests, to allowed targets only. It is safe for concurrent use.
type Client struct{ http *http.Client }

// Do sends a request as http.Client.Do does. Its errors do not say where to: a URL may
// hold a secret, as signed ones do, and errors end up in the log.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	res, err := c.http.Do(r)
	var named *url.Error
	if errors.As(err, &named) {
		err = fmt.Errorf("%s: %w", named.Op, named.Err)
	}
	return res, err
}

// CloseIdleConnections ends what is kept open.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// scheme checks every request, redirected ones too, before anything is looked up.
type scheme struct {
	guard     *Guard
	transport *http.Transport
}

func (s scheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := s.guard.check(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // the contract of http.RoundTripper
		}
		return nil, err
	}
	return s.transport.RoundTrip(r)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (s scheme) CloseIdleConnections() { s.transport.CloseIdleConnections() }

// dial connects to host:port. The address that the name turned out to have is
// checked by the dialer, for each one it tries.
func (g *Guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if !g.hosts[hostName(host)] {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if !g.Allows(to.Addr()) {
				return refused(host).Because(&net.AddrError{Err: "is not public", Addr: to.Addr().String()})
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}
