package crash_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// maxMemory is how much memory the server may have taken after all of what
// follows, in bytes. Most of it are large bodies, of which it reads 64 MiB at
// once, and what they are taken apart into.
const maxMemory = 384 << 20

// TestHostile sends the server, byte by byte, what no client should send. It must
// stay up and serve others, answer in the shape that its clients can read, change
// nothing, and keep its memory to itself.
func TestHostile(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--demo", "--data", dir, "--query-timeout", "1m") // hundreds of clients ask for much
	h := &target{t: t, p: p, client: newClient(p.serving())}
	h.addr = strings.TrimPrefix(h.base, "http://")
	h.client.login(t, dir)
	before := h.count()

	t.Run("Malformed", func(t *testing.T) { h.on(t).malformed() })
	t.Run("Truncated", func(t *testing.T) { h.on(t).truncated() })
	t.Run("Bodies", func(t *testing.T) { h.on(t).bodies() })
	t.Run("Deep", func(t *testing.T) { h.on(t).deep() })
	t.Run("Large", func(t *testing.T) { h.on(t).large() })
	t.Run("AfterErrors", func(t *testing.T) { h.on(t).afterErrors() })
	t.Run("Pipelined", func(t *testing.T) { h.on(t).pipelined() })
	t.Run("Slow", func(t *testing.T) { h.on(t).slow() })

	if after := h.count(); after != before {
		t.Errorf("there are %d accounts now, and were %d before", after, before)
	}
	if now, peak, ok := p.memory(t); ok {
		t.Logf("memory: %d MiB, at most %d MiB", now>>20, peak>>20)
		if peak > maxMemory {
			t.Errorf("the server took %d MiB, more than %d", peak>>20, maxMemory>>20)
		}
	}
	p.stop()
	if text := p.complaints(); text != "" {
		t.Errorf("the server complained:\n%s", text)
	}
}

// target is the server under attack.
type target struct {
	*client
	t    *testing.T
	p    *process
	addr string
}

func (h *target) on(t *testing.T) *target {
	c := *h
	c.t = t
	return &c
}

// count returns how many accounts there are, and thereby checks that others are
// served.
func (h *target) count() int {
	h.t.Helper()
	rows, err := h.list("/accounts", "")
	if err != nil {
		h.t.Fatalf("other clients are not served: %v\n%s", err, h.p.complaints())
	}
	return len(rows)
}

// wire is one connection to the server.
type wire struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func (h *target) dial() *wire {
	h.t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.t.Fatalf("%v\n%s", err, h.p.complaints())
	}
	h.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		h.t.Fatal(err)
	}
	return &wire{c.(*net.TCPConn), h.t, bufio.NewReader(c)}
}

// say sends text. The server may have hung up already.
func (w *wire) say(text string) { _, _ = io.WriteString(w.TCPConn, text) }

// hear reads one answer. It returns nil when the server hung up without one.
func (w *wire) hear(method string) *answer {
	w.t.Helper()
	res, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			w.t.Errorf("the server neither answered nor hung up within %v", patience)
		}
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if errors.Is(err, syscall.ECONNRESET) {
		return nil // it did not want to read the rest, and the system told us so first
	}
	if err != nil {
		w.t.Errorf("half an answer: %v", err)
		return nil
	}
	return &answer{res.StatusCode, res.Header, body}
}

// raw writes a request to the Sage dialect. Without one in the headers it has the
// length of the body.
func (h *target) raw(method, path, body string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s /api/v4%s HTTP/1.1\r\nHost: %s\r\nX-Session-Key: %s\r\n", method, path, h.addr, h.token)
	for _, line := range headers {
		b.WriteString(line + "\r\n")
	}
	if !strings.Contains(b.String(), "Content-Length:") && !strings.Contains(b.String(), "Transfer-Encoding:") && body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	return b.String() + "\r\n" + body
}

// shaped checks that an answer is an error in the shape of the dialect.
func shaped(t *testing.T, a *answer) {
	t.Helper()
	var e struct {
		Code           *int
		Error, Message *string
	}
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil || e.Code == nil || e.Error == nil || e.Message == nil || *e.Message == "" {
		t.Errorf("no error of the dialect: %v", a)
	}
	if a.status >= 500 {
		t.Errorf("the server takes the blame: %v", a)
	}
}

// Outcomes that are not the status of an answer of the dialect.
const (
	hangsUp = 0
	refused = -1 // by the HTTP server, before any dialect sees it: 4xx, 501 or 505 as text
)

// malformed are requests that are wrong as HTTP, or strange.
func (h *target) malformed() {
	get := "GET /api/v4/accounts HTTP/1.1\r\nHost: x\r\nX-Session-Key: " + h.token + "\r\nConnection: close\r\nCount: 1\r\n"
	body := `{"name":"hostile","salesRepId1":1}`
	post := func(headers string) string {
		return "POST /api/v4/accounts HTTP/1.1\r\nHost: x\r\nX-Session-Key: " + h.token + "\r\n" + headers + "\r\n\r\n"
	}
	for _, tt := range []struct {
		name, text string
		want       []int
	}{
		{"nothing", "", []int{hangsUp}},
		{"empty lines", "\r\n\r\n\r\n", []int{hangsUp, refused}},
		{"noise", "\x00\xff\xfe\x01\x02\r\n\r\n", []int{hangsUp, refused}},
		{"a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\xaa", 200), []int{hangsUp, refused}},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{hangsUp, refused, 404}},
		{"HTTP/0.9", "GET /api/v4/accounts\r\n\r\n", []int{hangsUp, refused}},
		{"HTTP/1.0", strings.Replace(get, "1.1", "1.0", 1) + "\r\n", []int{200}},
		{"HTTP/9.9", strings.Replace(get, "1.1", "9.9", 1) + "\r\n", []int{refused}},
		{"no host", "GET /api/v4/accounts HTTP/1.1\r\n\r\n", []int{refused}},
		{"two hosts", get + "Host: y\r\n\r\n", []int{refused}},
		{"no name", get + ": x\r\n\r\n", []int{refused}},
		{"no colon", get + "hello\r\n\r\n", []int{refused}},
		{"space in a name", get + "Co unt: 1\r\n\r\n", []int{refused}},
		{"NUL in a value", get + "X-A: a\x00b\r\n\r\n", []int{refused}},
		{"no UTF-8 in a value", get + "ExtraFieldDescription: \xff\xfe\r\n\r\n", []int{200}},
		{"bare carriage return", get + "X-A: a\rb\r\n\r\n", []int{200, refused}},
		{"folded line", get + "X-A: a\r\n b\r\n\r\n", []int{200, refused}},
		{"bare line feeds", strings.ReplaceAll(get, "\r\n", "\n") + "\n", []int{200}},
		{"a large header", get + "X-A: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", []int{refused, hangsUp}},
		{"many headers", get + strings.Repeat("X-A: a\r\n", 100_000) + "\r\n", []int{refused, hangsUp}},
		{"a long line", "GET /api/v4/accounts?where=" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{refused, hangsUp}},
		{"a long line of spaces", "GET /api/v4/accounts?where=" + strings.Repeat(" ", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", []int{refused, hangsUp}},
		{"a long where", strings.Replace(get, "accounts", "accounts?where=name='"+strings.Repeat("a", 20_000)+"'", 1) + "\r\n", []int{400}},
		{"a deep path", strings.Replace(get, "accounts", strings.Repeat("a/", 10_000), 1) + "\r\n", []int{400}},
		{"slashes", strings.Replace(get, "accounts", strings.Repeat("/", 10_000)+"accounts", 1) + "\r\n", []int{200}},
		{"a path upwards", strings.Replace(get, "accounts", "../../../etc/passwd", 1) + "\r\n", []int{400}},
		{"an encoded path upwards", strings.Replace(get, "accounts", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", 1) + "\r\n", []int{400}},
		{"NUL in the path", strings.Replace(get, "accounts", "acc%00unts", 1) + "\r\n", []int{400}},
		{"no UTF-8 in the path", strings.Replace(get, "accounts", "\xff\xfe", 1) + "\r\n", []int{400, refused}},
		{"no UTF-8 in an id", strings.Replace(get, "accounts", "accounts/%ff%fe", 1) + "\r\n", []int{400}},
		{"no UTF-8 in the where", strings.Replace(get, "accounts", "accounts?where=name='\xff\xfe'", 1) + "\r\n", []int{200, 400}},
		{"bad escape", strings.Replace(get, "accounts", "acc%zzounts", 1) + "\r\n", []int{refused}},
		{"whole URL", strings.Replace(get, "/api", "http://elsewhere.example/api", 1) + "\r\n", []int{200}},
		{"CONNECT", "CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", []int{404, refused}},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", []int{200, 404}},
		{"unknown method", strings.Replace(get, "GET", "BREW", 1) + "\r\n", []int{405}},
		{"method with a NUL", strings.Replace(get, "GET", "GE\x00T", 1) + "\r\n", []int{refused}},
		{"upgrade", get + "Upgrade: websocket\r\n\r\n", []int{200}},
		{"unknown expectation", post("Connection: close\r\nExpect: the worst\r\nContent-Length: 0"), []int{refused}},

		{"length is no number", post("Content-Length: ten") + body, []int{refused}},
		{"negative length", post("Content-Length: -1") + body, []int{refused}},
		{"length beyond all bounds", post("Content-Length: 99999999999999999999") + body, []int{refused}},
		{"the largest length", post("Content-Length: 9223372036854775807") + body, []int{413}},
		{"two lengths", post("Content-Length: 3\r\nContent-Length: 4") + body, []int{refused}},
		{"too short a length", post("Content-Length: 5") + body, []int{400}},
		{"too long a length", post(fmt.Sprintf("Content-Length: %d", len(body)+1)) + body, []int{400}},
		{"length and chunks", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\nConnection: close") + "0\r\n\r\nGET /x HTTP/1.1\r\n\r\n", []int{400, refused}},
		{"unknown coding", post("Transfer-Encoding: gzip") + body, []int{refused}},
		{"chunked twice", post("Transfer-Encoding: chunked, chunked") + body, []int{refused}},
		{"chunk size is no number", post("Transfer-Encoding: chunked") + "zz\r\n" + body, []int{400}},
		{"negative chunk", post("Transfer-Encoding: chunked") + "-5\r\n" + body, []int{400}},
		{"chunk beyond all bounds", post("Transfer-Encoding: chunked") + "ffffffffffffffff1\r\n" + body, []int{400}},
		{"long chunk line", post("Transfer-Encoding: chunked") + "1;" + strings.Repeat("a", 1<<20) + "\r\n{\r\n0\r\n\r\n", []int{400}},
		{"chunk without end", post("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s", len(body), body), []int{400}},
	} {
		w := h.dial()
		go func() { // the server may answer without reading all
			w.say(tt.text)
			if !slices.Contains(tt.want, 200) { // a good request is given up by that
				w.CloseWrite()
			}
		}()
		method, _, _ := strings.Cut(tt.text, " ")
		a := w.hear(method)
		var got int
		switch {
		case a == nil:
			got = hangsUp
		case strings.HasPrefix(a.header.Get("Content-Type"), "text/plain"), a.status == http.StatusExpectationFailed:
			if got = refused; a.status < 400 || a.status >= 500 && a.status != 501 && a.status != 505 {
				h.t.Errorf("%s: %v", tt.name, a)
			}
		default:
			if got = a.status; got >= 400 && got != 404 { // 404 is of no dialect
				shaped(h.t, a)
			}
		}
		if !slices.Contains(tt.want, got) {
			h.t.Errorf("%s: %d, %v; want one of %v", tt.name, got, a, tt.want)
		}
		w.Close()
	}
	h.count()
}

// truncated sends beginnings of requests, and hangs up.
func (h *target) truncated() {
	body := `{"name":"hostile","salesRepId1":1,"comment":"` + strings.Repeat("x", 300) + `"}`
	for _, headers := range [][]string{nil, {"Transfer-Encoding: chunked"}} {
		sent := body
		if headers != nil {
			sent = fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		}
		whole := h.raw("POST", "/accounts", sent, headers...)
		for n := 1; n < len(whole)-2; n += 7 { // the last line break of a chunked body says nothing new
			w := h.dial()
			w.say(whole[:n])
			if n%2 == 0 {
				w.Close() // does not wait for an answer
				continue
			}
			w.CloseWrite()
			if a := w.hear("POST"); a != nil && a.status != http.StatusBadRequest {
				h.t.Errorf("the first %d bytes of %d: %v", n, len(whole), a)
			}
			w.Close()
		}
	}
	h.count()
}

// place is where a body can be sent to.
type place struct{ method, path string }

var places = []place{
	{"POST", "/login"},
	{"POST", "/accounts"},
	{"PUT", "/accounts/1"},
	{"POST", "/accounts/bulk"},
	{"PUT", "/accounts/bulk"},
	{"DELETE", "/accounts/bulk"},
	{"POST", "/accounts/1/documents"},
	{"POST", "/documents/folders"},
	{"POST", "/extrafields/accounts"},
}

// bodies are JSON that is wrong, or strange.
func (h *target) bodies() {
	for _, body := range []string{
		"", " ", "{", "}", "[", "]", `"`, "nul", "null", "true", "0", "-", "1e", `"text"`, "{}{}", "[]]",
		`{"name":}`, `{"name"}`, `{name:1}`, `{'name':'a'}`, `{"name":"a",}`, `[{},]`, `[[]]`, `[null]`, `[1,"a",true]`,
		"\x00", "\xff\xfe{\x00}\x00", "\xef\xbb\xbf", "{\"name\":\"\xff\xfe\"}", "{\"name\":\"a\x00b\"}", "{\"name\":\"a\nb\"}", `{"name":"\ud800"}`, `{"\u0000":"a"}`,
		`{"name":["a"]}`, `{"name":{"a":1}}`, `{"username":[],"password":{}}`, `{"username":1,"password":2}`,
		`{"name":"hostile","NAME":"hostile","salesRepId1":1}`,
		`{"name":"hostile","salesRepId1":1e400}`, `{"name":"hostile","salesRepId1":1,"latitude":1e999999999}`,
		`{"name":"hostile","salesRepId1":` + strings.Repeat("9", 900_000) + `}`,
		`{"name":"hostile","salesRepId1":1,"latitude":0.` + strings.Repeat("0", 900_000) + `1e900000}` + "x",
		`{"name":"` + strings.Repeat("é", 400_000) + `","salesRepId1":1}`,
		`{` + strings.Repeat(`"a":1,`, 100_000) + `"b":2}`,
		`[{"guid":{"a":[1]},"data":{"name":1}}]`, `[{"guid":"1","guid":"2","id":"x","data":[]}]`,
		"[" + strings.Repeat("{},", 500) + "{}]",
		"[" + strings.Repeat("0,", 400_000) + "0]",
	} {
		for _, at := range places {
			a, err := h.try(at, body)
			switch {
			case err != nil:
				h.t.Errorf("%s %s with %.100q: %v", at.method, at.path, body, err)
			case a.status != http.StatusOK:
				shaped(h.t, a)
			case at.path == "/login", at.path == "/accounts":
				h.t.Errorf("%s %s takes %.100q: %v", at.method, at.path, body, a)
			}
		}
	}
	h.count()
}

// try sends one body as it is.
func (h *target) try(at place, body string) (*answer, error) {
	req, err := http.NewRequest(at.method, h.base+"/api/v4"+at.path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	return h.do(req)
}

// deep are values within values.
func (h *target) deep() {
	const depth = 100_000
	for _, body := range []string{
		strings.Repeat("[", depth),
		strings.Repeat("[", depth) + strings.Repeat("]", depth),
		strings.Repeat(`{"a":`, depth),
		strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth),
		`{"name":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`,
		`{"name":"hostile","salesRepId1":` + strings.Repeat(`{"id":`, depth) + "1" + strings.Repeat("}", depth) + `}`,
		`[{"guid":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `,"data":{}}]`,
	} {
		for _, at := range places {
			a, err := h.try(at, body)
			if err != nil {
				h.t.Errorf("%s %s with %.30q: %v", at.method, at.path, body, err)
				continue
			}
			if a.status != http.StatusBadRequest && a.status != http.StatusRequestEntityTooLarge {
				h.t.Errorf("%s %s with %.30q: %v", at.method, at.path, body, a)
			}
			shaped(h.t, a)
		}
	}
	where := "where=" + strings.Repeat("(", 4000) + "id=1" + strings.Repeat(")", 4000)
	if a, err := h.call("GET", "/accounts?"+where, nil); err != nil || a.status != http.StatusBadRequest {
		h.t.Errorf("%.30q: %v, %v", where, a, err)
	}
	h.count()
}

// zeros are endless.
type zeros struct{ sent int64 }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	z.sent += int64(len(p))
	return len(p), nil
}

// large are bodies of 200 MB, with their length and without, from several clients
// at once.
func (h *target) large() {
	const (
		size = 200 << 20

		// What the server reads at most, and throws away for a while so that its
		// answer is seen, and what the system holds on the way.
		enough = 128 << 20
	)
	anonymous := *h.client
	anonymous.token = ""
	var at sync.WaitGroup
	for _, known := range []bool{true, false} {
		for _, to := range places {
			for _, c := range []*client{h.client, &anonymous} {
				at.Go(func() {
					w := h.dial()
					defer w.Close()
					length := "Transfer-Encoding: chunked"
					var body io.Writer = w
					if known {
						length = fmt.Sprintf("Content-Length: %d", size)
					} else {
						body = chunks{w}
					}
					fmt.Fprintf(w, "%s /api/v4%s HTTP/1.1\r\nHost: x\r\nX-Session-Key: %s\r\n%s\r\n\r\n", to.method, to.path, c.token, length)
					source := &zeros{}
					sent := make(chan struct{})
					go func() {
						defer close(sent)
						_, _ = io.CopyN(body, source, size) // ends when the server hangs up
					}()
					a := w.hear(to.method)
					switch {
					case a == nil:
						h.t.Errorf("%s %s: no answer", to.method, to.path)
					case c.token == "" && to.path != "/login":
						if a.status != http.StatusUnauthorized {
							h.t.Errorf("%s %s without a session: %v", to.method, to.path, a)
						}
					case a.status == http.StatusTooManyRequests && strings.HasSuffix(to.path, "/bulk"): // too many of them
					case a.status != http.StatusRequestEntityTooLarge:
						h.t.Errorf("%s %s: %v", to.method, to.path, a)
					}
					if a != nil {
						shaped(h.t, a)
					}
					w.Close()
					<-sent
					if source.sent > enough {
						h.t.Errorf("%s %s took %d MB before it refused", to.method, to.path, source.sent>>20)
					}
				})
			}
		}
	}
	at.Wait()
	h.count()
}

// chunks writes a chunked body.
type chunks struct{ w io.Writer }

func (c chunks) Write(p []byte) (int, error) {
	if _, err := fmt.Fprintf(c.w, "%x\r\n%s\r\n", len(p), p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// afterErrors sends good requests after bad ones on the same connection.
func (h *target) afterErrors() {
	w := h.dial()
	for _, bad := range []string{
		h.raw("GET", "/nothing", ""),
		h.raw("GET", "/accounts?where=((", ""),
		h.raw("GET", "/accounts?where=name = 'a", ""),
		h.raw("GET", "/accounts/999999999", ""),
		"GET /api/v4/accounts/1 HTTP/1.1\r\nHost: x\r\n\r\n",
		h.raw("POST", "/accounts", "{"),
		h.raw("POST", "/accounts", `{"comment":"no name"}`),
		h.raw("POST", "/accounts", "3\r\n{{{\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
		h.raw("POST", "/accounts/1", "{}"),
		h.raw("PUT", "/accounts/999999999", `{"name":"hostile"}`),
		h.raw("POST", "/accounts/bulk", strings.Repeat("0", 100_000)),
		h.raw("POST", "/login", `{"username":"x","password":"y"}`),
		h.raw("DELETE", "/accounts/999999999", ""),
		h.raw("DELETE", "/resources", "ignored"),
	} {
		line, _, _ := strings.Cut(bad, "\r\n")
		w.say(bad)
		a := w.hear("GET")
		if a == nil {
			h.t.Fatalf("%s: no answer", line)
		}
		if a.status < 400 {
			h.t.Errorf("%s: %v", line, a)
		}
		shaped(h.t, a)
		if a.header.Get("Connection") == "close" {
			h.t.Errorf("%s: the connection is given up", line)
			w = h.dial()
		}
		w.say(h.raw("GET", "/accounts/1", ""))
		if a := w.hear("GET"); a == nil || a.status != http.StatusOK || !bytes.Contains(a.body, []byte(`"id":1,`)) {
			h.t.Fatalf("after %s: %v", line, a)
		}
	}
}

// pipelined sends many requests before it reads an answer.
func (h *target) pipelined() {
	w := h.dial()
	const n = 200
	go func() {
		for i := range n {
			w.say(h.raw("GET", fmt.Sprintf("/accounts/%d?where=a b c", 1+i%5), ""))
		}
	}()
	for i := range n {
		a := w.hear("GET")
		if a == nil || a.status != http.StatusOK || !bytes.Contains(a.body, fmt.Appendf(nil, `"id":%d,`, 1+i%5)) {
			h.t.Fatalf("answer %d: %v", i, a)
		}
	}
}

// slow are clients that take their time. Others must not notice.
func (h *target) slow() {
	page := h.raw("GET", "/activities", "", "Count: 1000")
	for _, text := range []string{
		"",
		"GET /api/v4/acc",
		"GET /api/v4/accounts HTTP/1.1\r\nHost: x\r\nX-A: ",
		"POST /api/v4/login HTTP/1.1\r\nHost: x\r\nContent-Length: 16000\r\n\r\n{",
		h.raw("POST", "/accounts", `{"name":"hostile"`, "Content-Length: 1000000"),
		h.raw("POST", "/accounts/bulk", `[{"guid":1`, "Content-Length: 33000000"),
		h.raw("PUT", "/accounts/1", "5\r\n{\"nam", "Transfer-Encoding: chunked"),
		strings.Repeat(page, 20), // and reads no answer
	} {
		n := 100
		if strings.HasPrefix(text, page) {
			n = 30 // the work is done, after all
		}
		for range n {
			w := h.dial()
			if text != "" {
				go w.say(text)
			}
		}
	}
	h.count()
	for range 20 {
		for _, path := range []string{"/accounts", "/accounts/1", "/activities?where=comment LIKE '%a%'", "/documents"} {
			w := h.dial()
			w.say(h.raw("GET", path, "", "Connection: close"))
			if a := w.hear("GET"); a == nil || a.status != http.StatusOK {
				h.t.Fatalf("%s: %v", path, a)
			}
			w.Close()
		}
		a, err := h.try(place{"PUT", "/accounts/1"}, `{"phone3":"1"}`)
		if err != nil || a.status != http.StatusOK {
			h.t.Fatalf("an update: %v, %v", a, err)
		}
	}
	if now, peak, ok := h.p.memory(h.t); ok {
		h.t.Logf("memory with slow clients: %d MiB, at most %d MiB", now>>20, peak>>20)
	}
}
