package httpd

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Stack is what surrounds the dialects.
type Stack struct {
	Log *slog.Logger

	// Redact lists path prefixes, in any letter case, behind which a path
	// carries a secret, such as the token of an upload; the log shows the prefix
	// and "…" only.
	Redact []string

	// Proxies lists networks whose word is taken for whom a request comes from:
	// r.RemoteAddr becomes the last address in X-Forwarded-For that is in none
	// of them.
	Proxies []netip.Prefix

	// Quiet lists paths that are not logged while they succeed: probes.
	Quiet []string
}

// Wrap returns a handler that gives each request an id, answers CORS preflights,
// turns a panic into a 500, and logs one line per request. Queries, headers and
// bodies are never logged.
func (s Stack) Wrap(next http.Handler) http.Handler {
	return &stack{Stack: s, next: next, prefix: idPrefix()}
}

type stack struct {
	Stack
	next   http.Handler
	prefix string // of the ids made by this process
	count  atomic.Uint64
}

func (s *stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Context: r.Context(), w: w, start: time.Now(), id: r.Header.Get("X-Request-Id")}
	if !saneID(x.id) {
		x.id = s.prefix + strconv.FormatUint(s.count.Add(1), 36)
	}
	if len(s.Proxies) > 0 {
		r.RemoteAddr = client(r, s.Proxies)
	}
	h := w.Header()
	h["X-Request-Id"] = []string{x.id}
	defer s.finish(x, r)
	if r.Header["Origin"] != nil && allowOrigin(h, r) {
		x.WriteHeader(http.StatusNoContent)
		return
	}
	s.next.ServeHTTP(x, r.WithContext(x))
}

// client returns the address that a request comes from, past the proxies. Each
// proxy adds at the end of X-Forwarded-For whom it serves; what stands before the
// first that is not one of ours anybody may have written.
func client(r *http.Request, proxies []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	ours := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	at := peer.Addr().Unmap().WithZone("")
	if !ours(at) {
		return r.RemoteAddr
	}
	list := strings.Join(r.Header["X-Forwarded-For"], ",")
	for list != "" && ours(at) {
		i := strings.LastIndexByte(list, ',')
		next, err := netip.ParseAddr(strings.TrimSpace(list[i+1:]))
		if err != nil {
			break
		}
		at, list = next.Unmap().WithZone(""), list[:max(i, 0)]
	}
	return netip.AddrPortFrom(at, 0).String()
}

// finish runs after the request, also when it panicked.
func (s *stack) finish(x *exchange, r *http.Request) {
	if cause := recover(); cause != nil {
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			x.aborted = true
		} else {
			s.Log.LogAttrs(x, slog.LevelError, "panic", slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
			x.aborted = x.status != 0
			if !x.aborted {
				Error(x, r, fault.New(fault.Internal, ""))
			}
		}
		s.log(x, r)
		if x.aborted {
			// What was sent so far must not look like a whole answer.
			panic(http.ErrAbortHandler)
		}
		return
	}
	s.log(x, r)
}

func (s *stack) log(x *exchange, r *http.Request) {
	status := x.status
	if status == 0 {
		status = http.StatusOK
	}
	if !s.Log.Enabled(x, slog.LevelInfo) {
		return
	}
	path := r.URL.Path
	if status < 400 {
		for _, q := range s.Quiet {
			if path == q {
				return
			}
		}
	}
	for _, p := range s.Redact {
		if len(path) > len(p) && strings.EqualFold(path[:len(p)], p) {
			path = path[:len(p)] + "…"
			break
		}
	}
	if len(path) > maxLoggedPath {
		path = path[:maxLoggedPath] + "…"
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	record := slog.NewRecord(x.start, slog.LevelInfo, "request", 0)
	attrs := [10]slog.Attr{
		slog.String("method", r.Method),
		slog.String("path", path),
		slog.Int("status", status),
		slog.Int64("bytes", x.bytes),
		slog.Float64("ms", float64(time.Since(x.start).Microseconds())/1000),
		slog.String("id", x.id),
		slog.String("remote", host),
	}
	n := 7
	if x.workspace != "" {
		attrs[n] = slog.String("workspace", x.workspace)
		n++
	}
	if x.user != "" {
		attrs[n] = slog.String("user", x.user)
		n++
	}
	if x.aborted {
		attrs[n] = slog.Bool("aborted", true)
		n++
	}
	record.AddAttrs(attrs[:n]...)
	// Not under x: the id is there.
	_ = s.Log.Handler().Handle(context.Background(), record) // a log that cannot be written has nowhere to say so
}

// maxLoggedPath bounds the bytes of a path in the log.
const maxLoggedPath = 512

// exchange is one request under way: the context of its work and the writer of
// its answer. It is not used again, since contexts may outlive their request.
type exchange struct {
	context.Context
	w         http.ResponseWriter
	start     time.Time
	id        string
	workspace string
	user      string
	status    int   // 0 until the answer has begun
	bytes     int64 // of the body
	aborted   bool
}

type exchangeKey struct{}

func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

func (x *exchange) Header() http.Header { return x.w.Header() }

func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		x.status = status
	}
	x.w.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.w.Write(p)
	x.bytes += int64(n)
	return n, err
}

// ReadFrom lets the server send files without copying them through memory.
func (x *exchange) ReadFrom(r io.Reader) (int64, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := io.Copy(x.w, r)
	x.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x.id
	}
	return ""
}

// LogHandler returns h with the id of the request added to whatever is logged in
// the context of one.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r = r.Clone()
		r.AddAttrs(slog.String("id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}

// Identify notes on whose behalf the request of ctx runs, for its log line. It
// is called by the goroutine that serves the request. user is a public name or
// id, never a secret.
func Identify(ctx context.Context, workspace, user string) {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		x.workspace, x.user = workspace, user
	}
}

// idPrefix tells the ids of one process from those of another.
func idPrefix() string {
	var b [5]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:])) + "-"
}

// saneID accepts ids that clients and proxies send, as long as they can go into
// a log and a header as they are.
func saneID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// Headers for browsers on any origin. No cookie is used by what is served here,
// so any page may call it with the credentials it has itself.
var (
	corsAny     = []string{"*"}
	corsExpose  = []string{"ETag, Content-Disposition, Content-Range, Accept-Ranges, Date, Location, Retry-After, X-Request-Id, X-FM-Page, X-FM-Next-Page, X-FM-Entity-Count, X-Dossier-Next-After"}
	corsMethods = []string{"GET, HEAD, POST, PUT, PATCH, DELETE"}
	corsHeaders = []string{"Accept, Accept-Language, Authorization, Content-Type, Count, ExtraFieldDescription, Range, X-FM-API-Version, X-FM-Entity-Count, X-FM-Page, X-Request-Id, X-Session-Key"}
	corsMaxAge  = []string{"7200"}
)

// allowOrigin sets the CORS headers and reports whether the request was a
// preflight and is answered by that.
func allowOrigin(h http.Header, r *http.Request) (preflight bool) {
	h["Access-Control-Allow-Origin"] = corsAny
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h["Access-Control-Expose-Headers"] = corsExpose
		return false
	}
	h["Access-Control-Allow-Methods"] = corsMethods
	h["Access-Control-Allow-Headers"] = corsHeaders
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" && len(asked) <= 1024 {
		h["Access-Control-Allow-Headers"] = []string{asked}
	}
	h["Access-Control-Max-Age"] = corsMaxAge
	return true
}
