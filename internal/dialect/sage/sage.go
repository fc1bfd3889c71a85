// Package sage speaks the Sage Sales Management (ForceManager) REST API v4 on
// Dossier's records and documents. README.md in this folder says what it
// implements and from which sources.
package sage

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/cache"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/httpd"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// Name is the dialect's name in credentials and logs.
	Name = "sage"

	// Prefix is where the dialect is mounted: the vendor's own path.
	Prefix = "/api/v4/"

	// DefaultRowCache is the memory for rendered rows, in bytes.
	DefaultRowCache = 32 << 20
)

// maxPlans is for how many resources it is remembered how they are written: all
// of them in a hundred workspaces with extra fields of their own.
const maxPlans = 5000

// Auth is what the dialect needs of the auth service.
type Auth interface {
	Login(ctx context.Context, dialect, username, password, remoteAddr string) (token string, err error)
	Authenticate(ctx context.Context, token string) (auth.Session, error)
}

// Workspace is what the dialect needs of a workspace.
type Workspace struct {
	Records   *crm.Service
	Documents *document.Service
	Hooks     *hook.Service
}

// Config is what a Dialect is made of.
type Config struct {
	Auth Auth

	// Acquire opens a workspace until release is called.
	Acquire func(ctx context.Context, name string) (ws Workspace, release func(), err error)

	// Declared is what the OpenAPI document describes for clients without a
	// session, unless Demo names a workspace whose extra fields may be shown to
	// anybody.
	Declared *resource.Registry
	Demo     string

	RowCache int // bytes; 0 = DefaultRowCache, negative = none

	// Rate is how many requests each key may make within a second; 0 = any number.
	// Now is the clock that it goes by, of the machine; nil = time.Now.
	Rate int
	Now  func() time.Time

	Logger *slog.Logger // nil = slog.Default
}

// Dialect serves /api/v4/.
type Dialect struct {
	auth    Auth
	acquire func(ctx context.Context, name string) (Workspace, func(), error)
	log     *slog.Logger
	rows    *rowCache
	limit   *limiter
	bodies  *budget
	plans   *cache.Recent[*resource.Resource, *plan]
	schemas *cache.Recent[*resource.Resource, []byte]

	declared *resource.Catalog // no extra fields
	demo     string
	books    *cache.Recent[bookKey, printed]
}

// New returns the dialect's handler.
func New(cfg Config) *Dialect {
	if cfg.RowCache == 0 {
		cfg.RowCache = DefaultRowCache
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Dialect{
		limit:   newLimiter(cfg.Rate, cfg.Now),
		auth:    cfg.Auth,
		acquire: cfg.Acquire,
		log:     cfg.Logger.With("dialect", Name),
		rows:    newRowCache(cfg.RowCache),
		plans:   cache.NewRecent[*resource.Resource, *plan](maxPlans),
		schemas: cache.NewRecent[*resource.Resource, []byte](maxPlans),
		bodies:  newBudget(maxBodies),

		declared: cfg.Declared.Catalog(),
		demo:     cfg.Demo,
		books:    cache.NewRecent[bookKey, printed](maxBooks),
	}
}

// session is one authenticated request's view of its workspace.
type session struct {
	actor     crm.Actor
	token     string
	records   *crm.Service
	documents *document.Service
	hooks     *hook.Service
	catalog   *resource.Catalog
}

// ServeHTTP serves one request below Prefix.
func (d *Dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.serve(w, r); err != nil {
		d.fail(w, r, err)
	}
}

func (d *Dialect) serve(w http.ResponseWriter, r *http.Request) error {
	var buf [maxSegments + 1]string
	if len(r.URL.Path) < len(Prefix) {
		return fault.New(fault.NoResource, "there is no resource at this path")
	}
	segments := split(r.URL.Path[len(Prefix):], buf[:0])
	if len(segments) == 1 && strings.EqualFold(segments[0], "login") {
		return d.login(w, r)
	}
	known, err := d.authenticate(r)
	if err != nil {
		return err
	}
	httpd.Identify(r.Context(), known.Workspace, strconv.FormatInt(known.UserID, 10))
	if d.limit != nil {
		if wait := d.limit.take(known.Credential); wait > 0 {
			return tooMany(w, wait)
		}
	}
	var values [maxSegments]string
	rt, matched, err := find(r.Method, segments, values[:])
	if err != nil {
		return err
	}
	ws, release, err := d.acquire(r.Context(), known.Workspace)
	if err != nil {
		return err
	}
	defer release()
	actor := crm.Actor{
		UserID:     known.UserID,
		Level:      known.Level,
		Language:   known.Language,
		Dialect:    Name,
		Credential: known.Credential,
		RequestID:  httpd.RequestID(r.Context()),
		Restricted: known.Restricted,
		Branches:   known.Branches,
	}
	s := &session{
		actor:     actor,
		token:     r.Header.Get("X-Session-Key"),
		records:   ws.Records,
		documents: ws.Documents,
		hooks:     ws.Hooks,
		catalog:   ws.Records.CatalogFor(actor),
	}
	if s.declares(segments) {
		if err := s.look(r.Context()); err != nil {
			return err
		}
	}
	in := d.request(r)
	defer in.release()
	in.query, in.values = parseQuery(r.URL.RawQuery), matched
	err = rt.handle(d, s, w, in)
	if fault.KindOf(err) == fault.Query && rt.method == http.MethodGet {
		// It may name what another process has declared since.
		before := s.catalog.Generation
		if err := s.look(r.Context()); err != nil {
			return err
		}
		if s.catalog.Generation != before {
			err = rt.handle(d, s, w, in)
		}
	}
	if rt.terse && fault.KindOf(err) == fault.NotFound {
		respond(w, http.StatusBadRequest, []byte(bodyNotExist))
		return nil
	}
	return err
}

// authenticate returns the session whose key a request carries.
func (d *Dialect) authenticate(r *http.Request) (auth.Session, error) {
	token := r.Header.Get("X-Session-Key")
	if token == "" {
		return auth.Session{}, fault.New(fault.Unauthorized, "the X-Session-Key header is missing; get a token from POST /api/v4/login")
	}
	known, err := d.auth.Authenticate(r.Context(), token)
	if err != nil {
		return auth.Session{}, err
	}
	if known.Dialect != "" && known.Dialect != Name {
		return auth.Session{}, fault.New(fault.Unauthorized, "the session key belongs to another API")
	}
	return known, nil
}

func (d *Dialect) request(r *http.Request) *request { return &request{Request: r, bodies: d.bodies} }

// resource finds the resource a path names, by its own name or by that of the
// vendor's table. Unknown names are the vendor's 910.
func (s *session) resource(name string) (*resource.Resource, error) {
	if res := s.catalog.Resource(name); res != nil {
		return res, nil
	}
	if res := s.catalog.Resource(vendorTables[strings.ToLower(name)]); res != nil {
		return res, nil
	}
	return nil, fault.New(fault.NoResource, "there is no resource called %q", name)
}

// declares reports whether a path asks for what was declared at run time without a
// read that would tell of it: for a schema, or a table that is not known yet.
func (s *session) declares(segments []string) bool {
	for i, segment := range segments {
		if i == len(segments)-1 && strings.EqualFold(segment, "schema") {
			return true
		}
		if len(segment) > 2 && strings.EqualFold(segment[:2], "Z_") && s.catalog.Resource(segment) == nil {
			return true
		}
	}
	return false
}

// look takes the catalog as it is in the database: other processes declare, too.
func (s *session) look(ctx context.Context) error {
	if err := s.records.Look(ctx); err != nil {
		return err
	}
	s.catalog = s.records.CatalogFor(s.actor)
	return nil
}

// plan returns how the records of res are written.
func (d *Dialect) plan(s *session, res *resource.Resource) *plan {
	return d.plans.GetOrPut(res, func() *plan { return newPlan(s.catalog, res, quirkOf(res)) })
}
