// Package flowroute speaks Flowroute's port orders, version 2, on Dossier's records
// and documents: /v2/portorders/… and the presigned URLs that files are put to, which
// are those of S3.
//
// Sources: [R] read in a published source, [K] general knowledge, [I] our reading
// where the reference is silent.
package flowroute

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	// Name is the dialect's name in credentials and logs.
	Name = "flowroute"

	// Prefix is where the dialect is mounted [R].
	Prefix = "/v2/"

	// UploadPrefix begins the paths of presigned URLs; its first part is what S3 calls
	// the bucket. The vendor's is a host of its own, "porting-uploads-…" [R].
	UploadPrefix = "/porting-uploads/"
)

// Defaults of Config.
const (
	DefaultMaxFile = 25_000_000       // bytes [I]
	DefaultLife    = 15 * time.Minute // [I]
	MinLife        = 5 * time.Minute
	MaxLife        = time.Hour
)

// maxBody is the size of the largest JSON body in bytes.
const maxBody = 1 << 20

// Auth is what the dialect needs of the auth service.
type Auth interface {
	Verify(ctx context.Context, dialect, id string, secrets map[string]string, username, remoteAddr string) (auth.Session, error)
	SigningSecret(ctx context.Context, dialect, id string) (secret string, ses auth.Session, err error)
}

// Config is what a Dialect is made of.
type Config struct {
	Auth      Auth
	Acquire   dialect.Acquire
	PublicURL string // what clients reach the server under, without a slash at the end

	// EmptyNotFound answers a list without orders with 404, as a live account did
	// [R mcpd]; otherwise it is an empty list with 200.
	EmptyNotFound bool

	MaxFile int64         // bytes of one file; 0 = DefaultMaxFile
	Life    time.Duration // of upload URLs, MinLife to MaxLife; 0 = DefaultLife
	V4      bool          // upload URLs are signed by version 4, not by 2 as the vendor's are [R]

	Random io.Reader    // nil = crypto/rand.Reader
	Logger *slog.Logger // nil = slog.Default
}

// Check returns fault.Invalid about the field "max-file" or "upload-life" for settings
// that cannot be served.
func (c Config) Check() error {
	if c.MaxFile < 0 {
		return fault.InField("max-file", "must be more than 0")
	}
	if c.Life != 0 && (c.Life < MinLife || c.Life > MaxLife) {
		return fault.InField("upload-life", "must be from %s to %s", MinLife, MaxLife)
	}
	return nil
}

// Dialect serves what is below Prefix and UploadPrefix.
type Dialect struct {
	cfg    Config
	public *url.URL // Config.PublicURL
	log    *slog.Logger
	routes []route
}

// New returns the dialect's handler. It returns the error of Config.Check.
func New(cfg Config) (_ *Dialect, err error) {
	defer fault.Wrap(&err, "flowroute.New")
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg.MaxFile, cfg.Life = cmp.Or(cfg.MaxFile, DefaultMaxFile), cmp.Or(cfg.Life, DefaultLife)
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil {
		return nil, err
	}
	d := &Dialect{cfg: cfg, public: public, log: cfg.Logger.With("dialect", Name)}
	d.routes = d.table()
	return d, nil
}

// call is one request of a client that is known.
type call struct {
	*Dialect
	w     http.ResponseWriter
	r     *http.Request
	ws    dialect.Workspace
	actor crm.Actor
	args  []string // what stands for {} in the route's path
}

// route is one operation. serve returns what is answered with status.
type route struct {
	method, path string
	status       int
	serve        func(c *call) (any, error)
}

// match reports whether a path is the route's, and what stands for {} in it.
func (rt *route) match(parts []string) (args []string, ok bool) {
	want := strings.Split(rt.path, "/")
	if len(want) != len(parts) {
		return nil, false
	}
	for i, p := range want {
		switch {
		case p == "{}" && parts[i] != "":
			args = append(args, parts[i])
		case !strings.EqualFold(p, parts[i]):
			return nil, false
		}
	}
	return args, true
}

// find returns the route of a request; allow lists the methods of the path, and is
// empty when there is no such path.
func (d *Dialect) find(method, path string) (rt *route, args, allow []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(strings.Trim(path[len(Prefix):], "/"), "/")
	for i := range d.routes {
		got, ok := d.routes[i].match(parts)
		if !ok {
			continue
		}
		if d.routes[i].method == method {
			return &d.routes[i], got, nil
		}
		if !slices.Contains(allow, d.routes[i].method) {
			allow = append(allow, d.routes[i].method)
		}
	}
	return nil, nil, allow
}

// ServeHTTP serves one request below Prefix or UploadPrefix.
func (d *Dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.URL.Path) >= len(UploadPrefix) && strings.EqualFold(r.URL.Path[:len(UploadPrefix)], UploadPrefix) {
		d.serveUpload(w, r)
		return
	}
	status, answer, err := d.serve(w, r)
	switch {
	case err != nil:
		d.fail(w, r, err)
	case answer == nil: // "201 with empty body" [R]
		w.WriteHeader(status)
	default:
		sendJSON(w, status, answer)
	}
}

func (d *Dialect) serve(w http.ResponseWriter, r *http.Request) (int, any, error) {
	rt, args, allow := d.find(r.Method, r.URL.Path)
	switch {
	case rt == nil && allow == nil:
		return 0, nil, errNoPath
	case rt == nil:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return 0, nil, &problem{http.StatusMethodNotAllowed, "Method Not Allowed", "The method is not allowed for the requested URL."}
	}
	key, secret, ok := r.BasicAuth()
	if !ok {
		return 0, nil, fault.New(fault.Unauthorized, "Send your access key and secret key with HTTP Basic authentication.")
	}
	ctx := r.Context()
	ses, err := d.cfg.Auth.Verify(ctx, Name, key, map[string]string{"secret_key": secret}, "", dialect.RemoteHost(r))
	if err != nil {
		return 0, nil, err
	}
	actor := dialect.Actor(r, Name, ses)
	ws, release, err := d.cfg.Acquire(ctx, ses.Workspace)
	if err != nil {
		return 0, nil, err
	}
	defer release()
	answer, err := rt.serve(&call{Dialect: d, w: w, r: r, ws: ws, actor: actor, args: args})
	return rt.status, answer, err
}

// body reads the JSON object in the body of a request. For an absent body it is empty.
func (c *call) body() (map[string]json.RawMessage, error) {
	kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	if kind != "" && kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil, fault.New(fault.Unsupported, "Send the body as application/json.")
	}
	text, err := c.text()
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		return nil, err
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(text, &body); err != nil || body == nil {
		return nil, &problem{http.StatusBadRequest, "Bad Request", "The body must be a JSON object."}
	}
	return body, nil
}

// text reads the body. A byte order mark before it is ignored, as where files come in
// JSON: see package intake.
func (c *call) text() ([]byte, error) {
	in, err := intake.NewBody(c.r, maxBody)
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(in)
	return bytes.TrimPrefix(all, []byte("\ufeff")), err
}

// attributes returns data.attributes of a body, and data.type.
func attributes(body map[string]json.RawMessage) (all map[string]json.RawMessage, kind string, err error) {
	var data struct{ Type, Attributes json.RawMessage }
	raw, ok := body["data"]
	if !ok {
		return nil, "", missing("data")
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return nil, "", invalid{"data": {"Not a valid object."}}
	}
	if data.Type != nil && json.Unmarshal(data.Type, &kind) != nil {
		return nil, "", invalid{"type": {"Not a valid string."}}
	}
	if data.Attributes != nil && json.Unmarshal(data.Attributes, &all) != nil {
		return nil, "", invalid{"attributes": {"Not a valid object."}}
	}
	return all, kind, nil
}

// problem is a refusal in the dialect's own words.
type problem struct {
	status int
	title  string
	detail any
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %v", p.status, p.title, p.detail) }

// invalid are members that cannot be taken, each with what is wrong: the detail of a
// 422 may be such an object [R mcpd].
type invalid map[string][]string

func (v invalid) Error() string { return fmt.Sprint(map[string][]string(v)) }

func missing(member string) error { return invalid{member: {"Missing data for required field."}} } // [R mcpd]

// errNoPath is for paths that there are not: its status is a text and it has no title
// [R mcpd].
var errNoPath = errors.New("there is no such path")

const noPath = "404 Not Found: The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again."

func notFound(what string) *problem {
	return &problem{http.StatusNotFound, "Resource not found", "No such " + what} // [R mcpd]
}

// refused is for what the state of an order does not allow [I].
func refused(format string, args ...any) error {
	return &problem{http.StatusUnprocessableEntity, "Unprocessable Entity", fmt.Sprintf(format, args...)}
}

// fail answers with {"errors":[{detail,id,status,title}]} [R].
func (d *Dialect) fail(w http.ResponseWriter, r *http.Request, err error) {
	dialect.Drain(r, maxBody)
	one := map[string]any{"id": d.uuid()}
	if errors.Is(err, errNoPath) {
		one["detail"], one["status"] = "The requested URL was not found on the server.", noPath
		sendJSON(w, http.StatusNotFound, map[string]any{"errors": []any{one}})
		return
	}
	p := d.problemOf(w, r, err)
	one["detail"], one["status"], one["title"] = p.detail, p.status, p.title
	sendJSON(w, p.status, map[string]any{"errors": []any{one}})
}

func (d *Dialect) problemOf(w http.ResponseWriter, r *http.Request, err error) *problem {
	var own *problem
	var fields invalid
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &fields):
		return &problem{http.StatusUnprocessableEntity, "Unprocessable Entity", map[string][]string(fields)}
	}
	kind := fault.KindOf(err)
	p := &problem{status: http.StatusInternalServerError, detail: fault.Message(err)}
	switch kind {
	case fault.Invalid, fault.Conflict, fault.TooLarge, fault.Query:
		p.status = http.StatusUnprocessableEntity
		if field := fault.FieldOf(err); field != "" {
			wire := wireName(field)
			p.detail = map[string][]string{wire: {strings.ReplaceAll(fault.Message(err), field, wire)}}
		}
	case fault.Unauthorized:
		p.status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="portorders"`)
	case fault.Forbidden:
		p.status = http.StatusForbidden
	case fault.NotFound, fault.NoResource:
		return notFound("port order")
	case fault.NotOffered:
		p.status = http.StatusMethodNotAllowed
	case fault.Unsupported:
		p.status = http.StatusUnsupportedMediaType
	case fault.RateLimited:
		p.status = http.StatusTooManyRequests
		dialect.RetryAfter(w, err)
	case fault.Timeout, fault.Unavailable:
		p.status = http.StatusServiceUnavailable
	}
	if p.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		d.log.ErrorContext(r.Context(), "request failed", "error", err)
	}
	p.title = http.StatusText(p.status)
	if p.detail == "" {
		p.detail = p.title
	}
	return p
}

// sendJSON answers with a value. Members are in alphabetical order, as in the
// vendor's samples [R].
func sendJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	dialect.SendJSON(w, status, "application/json", v)
}

// uuid returns a random UUID of version 4.
func (d *Dialect) uuid() string {
	var b [16]byte
	if _, err := io.ReadFull(d.cfg.Random, b[:]); err != nil {
		d.log.Error("no randomness", "error", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
