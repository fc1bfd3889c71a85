// Package scalepoint speaks Scalepoint's integration APIs for service partners and
// insurance companies on Dossier's records and documents: tokens for clients that sign,
// files for cases and damage notifications, and cases with their attachments.
// README.md in this folder says what it implements and from which sources.
package scalepoint

import (
	"cmp"
	"context"
	"crypto/rand"
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
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	// Name is the dialect's name in credentials and logs.
	Name = "scalepoint"

	// TokenPath is where tokens are got [R].
	TokenPath = "/connect/token"
)

// Scopes of tokens [R].
const (
	ScopeFiles  = "platform-service-provider:write" // files, and first notices of loss
	ScopeCases  = "case_integration"                // unified case creation
	ScopeRead   = "platform-case:read"              // data of cases
	ScopeDelete = "case:delete"                     // deletion of cases
)

// Defaults of Config.
const (
	DefaultBase      = "/ecx/host/api/integration/v1" // [R]
	DefaultTokenLife = time.Hour                      // IdentityServer's [K]
	DefaultMaxFile   = 100_000_000                    // bytes: 100 MB [R], the decimal ones [I]
)

// Auth is what the dialect needs of the auth service.
type Auth interface {
	Verify(ctx context.Context, dialect, id string, secrets map[string]string, username, remoteAddr string) (auth.Session, error)
	VerifyAssertion(ctx context.Context, dialect, assertion string, audiences []string) (auth.Session, error)
	Issue(ctx context.Context, ses auth.Session, scopes []string, life time.Duration) (token string, err error)
	Authenticate(ctx context.Context, token string) (auth.Session, error)
	Lookup(ctx context.Context, dialect, id string) (auth.Session, error)
	CheckSecret(ctx context.Context, dialect, id, member, secret string) (ok bool, err error)
}

// Config is what a Dialect is made of.
type Config struct {
	Auth      Auth
	Acquire   dialect.Acquire
	PublicURL string // what clients reach the server under, without a slash at the end

	// Base is what the paths of files and first notices of loss begin with, as in
	// DefaultBase, in any letter case; "/" = nothing; "" = DefaultBase.
	Base string

	// Audiences are the URLs that assertions may be meant for, beside our own token
	// URL: clients sign for the URL that they are configured with, and may get here
	// through a proxy that they do not know of [R].
	Audiences []string

	TokenLife time.Duration // how long a token lasts; 0 = DefaultTokenLife
	MaxFile   int64         // bytes of one file; 0 = DefaultMaxFile

	// MissingScope is the status for tokens without the scope that a method needs,
	// and WrongSecurityToken the one for a securityToken that is not the client's:
	// 401, 403, or for the latter 400; 0 = 403, and 401 [I].
	MissingScope, WrongSecurityToken int

	// CheckTypes refuses files whose contentType contradicts their extension, where
	// that can be told.
	CheckTypes bool

	Random io.Reader    // nil = crypto/rand.Reader
	Logger *slog.Logger // nil = slog.Default
}

// Check returns fault.Invalid about the field "base", "audiences", "token-life" or
// "max-file" for settings that cannot be served.
func (c Config) Check() error {
	c = c.orDefaults()
	if c.Base != "" && !strings.HasPrefix(c.Base, "/") || strings.ContainsAny(c.Base, "?#% {}") || strings.Contains(c.Base, "//") {
		return fault.InField("base", "must be a path like %s", DefaultBase)
	}
	for _, prefix := range [...]string{TokenPath, "/api"} {
		if base := strings.ToLower(c.Base) + "/"; strings.HasPrefix(base, prefix+"/") {
			return fault.InField("base", "must not be below %s", prefix)
		}
	}
	for _, aud := range c.Audiences {
		if u, err := url.Parse(aud); err != nil || u.Scheme == "" || u.Host == "" {
			return fault.InField("audiences", "must be URLs like https://accounts.example.com%s", TokenPath)
		}
	}
	if c.TokenLife < time.Second {
		return fault.InField("token-life", "must be a second or more")
	}
	if c.MaxFile < 0 {
		return fault.InField("max-file", "must be more than 0")
	}
	return nil
}

func (c Config) orDefaults() Config {
	c.Base = strings.TrimRight(cmp.Or(c.Base, DefaultBase), "/")
	c.TokenLife = cmp.Or(c.TokenLife, DefaultTokenLife)
	c.MaxFile = cmp.Or(c.MaxFile, DefaultMaxFile)
	c.MissingScope = cmp.Or(c.MissingScope, http.StatusForbidden)
	c.WrongSecurityToken = cmp.Or(c.WrongSecurityToken, http.StatusUnauthorized)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Dialect serves what is below the Prefixes of its Config.
type Dialect struct {
	cfg    Config
	log    *slog.Logger
	routes []route
	files  *intake.Schema
	policy document.Policy
}

// New returns the dialect's handler. It returns the error of Config.Check.
func New(cfg Config) (_ *Dialect, err error) {
	defer fault.Wrap(&err, "scalepoint.New")
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	d := &Dialect{cfg: cfg.orDefaults(), policy: document.Policy{Extensions: extensions(), MaxName: maxName}}
	d.log = d.cfg.Logger.With("dialect", Name)
	d.routes = d.cfg.routes()
	d.files, err = intake.NewSchema(d.submission())
	return d, err
}

// Prefixes are what the paths begin with that the dialect serves, with no more of them
// than it takes.
func (c Config) Prefixes() []string {
	all := []string{TokenPath}
	for _, rt := range c.orDefaults().routes() {
		fixed, _, _ := strings.Cut(rt.path, "{")
		if slices.ContainsFunc(all, func(have string) bool { return strings.HasPrefix(fixed, have) }) {
			continue
		}
		all = append(slices.DeleteFunc(all, func(have string) bool { return strings.HasPrefix(have, fixed) }), fixed)
	}
	return all
}

// call is one request of a client that is known.
type call struct {
	*Dialect
	w     http.ResponseWriter
	r     *http.Request
	ws    dialect.Workspace
	ses   auth.Session // with the Grant of the client
	actor crm.Actor
	args  []string // what stands for {} in the route's path
}

// route is one operation, for tokens with a scope. serve returns what is answered with
// status 200.
type route struct {
	method, path string
	scope        string
	mime         string // of the body; "" = there is none
	serve        func(c *call) (any, error)
}

// routes lists the operations.
func (c Config) routes() []route {
	const (
		get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
		data           = "/api/integration/data/{}/{}/{}" // version, country, tenant
	)
	return []route{
		{post, c.Base + "/file/submitForCase", ScopeFiles, "application/json", submitTo(cases)},
		{post, c.Base + "/file/submitForDamageNotification", ScopeFiles, "application/json", submitTo(damageNotifications)},
		{post, c.Base + "/fnol/submit", ScopeFiles, "multipart/form-data", (*call).submitNotice},
		{post, "/api/integration/{}/{}/{}/case", ScopeCases, "application/json", (*call).createCase}, // country, tenant, version
		{get, data + "/case/{}", ScopeRead, "", (*call).caseByToken},
		{get, data + "/{}/{}", ScopeRead, "", (*call).caseByNumber},
		{get, data + "/case/{}/{}", ScopeRead, "", (*call).caseByNumber}, // the other way to read the reference [I]
		{del, "/ecx/{}/api/integration/v1/case", ScopeDelete, "application/json", (*call).deleteCase},
	}
}

// match reports whether a path is the route's, and what stands for {} in it. Letter
// case and slashes that are doubled or at the end do not matter [K ASP.NET].
func (rt *route) match(parts []string) (args []string, ok bool) {
	want := split(rt.path)
	if len(want) != len(parts) {
		return nil, false
	}
	for i, p := range want {
		switch {
		case p == "{}":
			args = append(args, parts[i])
		case !strings.EqualFold(p, parts[i]):
			return nil, false
		}
	}
	return args, true
}

func split(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// find returns the route of a request; allow lists the methods of the path, and is
// empty when there is no such path.
func (d *Dialect) find(method, path string) (rt *route, args, allow []string) {
	parts := split(path)
	for i := range d.routes {
		got, ok := d.routes[i].match(parts)
		switch {
		case !ok:
		case d.routes[i].method == method:
			return &d.routes[i], got, nil
		case !slices.Contains(allow, d.routes[i].method):
			allow = append(allow, d.routes[i].method)
		}
	}
	return nil, nil, allow
}

// ServeHTTP serves one request below one of the Prefixes.
func (d *Dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if parts := split(r.URL.Path); strings.EqualFold("/"+strings.Join(parts, "/"), TokenPath) {
		if err := d.token(w, r); err != nil {
			d.refuseToken(w, r, err)
		}
		return
	}
	answer, err := d.serve(w, r)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	sendJSON(w, http.StatusOK, answer)
}

// serve tells what only the headers decide before it reads the body.
func (d *Dialect) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	rt, args, allow := d.find(r.Method, r.URL.Path)
	switch {
	case rt == nil && allow == nil:
		return nil, &problem{status: http.StatusNotFound, Description: "There is nothing at this address."}
	case rt == nil:
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return nil, &problem{status: http.StatusMethodNotAllowed, Description: "Use " + strings.Join(allow, " or ") + "."}
	}
	ctx := r.Context()
	ses, err := d.session(ctx, r)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(ses.Scopes, rt.scope) {
		return nil, &unauthorized{status: d.cfg.MissingScope, challenge: `Bearer error="insufficient_scope", scope="` + rt.scope + `"`}
	}
	if err := checkType(r, rt.mime); err != nil {
		return nil, err
	}
	// A token does not say what the client was granted besides its scopes.
	known, err := d.cfg.Auth.Lookup(ctx, Name, ses.Credential)
	if err != nil {
		return nil, asNoToken(err)
	}
	ses.Grant = known.Grant
	actor := dialect.Actor(r, Name, ses)
	ws, release, err := d.cfg.Acquire(ctx, ses.Workspace)
	if err != nil {
		return nil, err
	}
	defer release()
	return rt.serve(&call{Dialect: d, w: w, r: r, ws: ws, ses: ses, actor: actor, args: args})
}

// session returns the session of the token that a request carries.
func (d *Dialect) session(ctx context.Context, r *http.Request) (auth.Session, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return auth.Session{}, &unauthorized{status: http.StatusUnauthorized, challenge: "Bearer"}
	}
	ses, err := d.cfg.Auth.Authenticate(ctx, strings.TrimSpace(token))
	if err != nil {
		return auth.Session{}, asNoToken(err)
	}
	if ses.Dialect != Name {
		return auth.Session{}, errNoToken()
	}
	return ses, nil
}
