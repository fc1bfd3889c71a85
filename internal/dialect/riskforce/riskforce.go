// Package riskforce speaks the file uploads of ProfitStars' Riskforce, which are a
// Salesforce login and two methods of Apex REST, on Dossier's records and documents.
// README.md in this folder says what it implements and from which sources.
package riskforce

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	// Name is the dialect's name in credentials and logs.
	Name = "riskforce"

	// Prefix is where the dialect is mounted: below it Salesforce has all of its APIs.
	Prefix = "/services/"

	// TokenPath is where sessions are got [R].
	TokenPath = "/services/oauth2/token"

	// RevokePath is where sessions are ended [OFFICIAL: Salesforce, "Revoking OAuth Tokens"].
	RevokePath = "/services/oauth2/revoke"

	// ApexPrefix is what the paths of Apex REST methods begin with [R].
	ApexPrefix = "/services/apexrest/"
)

// Defaults of Config.
const (
	// Of the paths only "https://cs7.salesforce.com/services/apexrest/Opportuni" is
	// attested [R]; the rest of the names is ours.
	DefaultOpportunityPath = "/services/apexrest/OpportunityFileUpload"
	DefaultCasePath        = "/services/apexrest/CaseFileUpload"

	// DefaultTooLarge is our reading: a file beyond the limit is the client's fault.
	DefaultTooLarge = http.StatusBadRequest
)

// MaxFile is the size of the largest file in bytes: the documented 4.3 MB [R]. Which
// megabyte is meant is not said; it is the decimal one here, since in base64 that stays
// below the 6 MB of heap that Apex has, and 4.3 MiB would not.
const MaxFile = 4_300_000

// forever is how long a session lasts that only ends with its key [I].
const forever = 100 * 365 * 24 * time.Hour

// Auth is what the dialect needs of the auth service.
type Auth interface {
	Verify(ctx context.Context, dialect, id string, secrets map[string]string, username, remoteAddr string) (auth.Session, error)
	Issue(ctx context.Context, ses auth.Session, scopes []string, life time.Duration) (token string, err error)
	Authenticate(ctx context.Context, token string) (auth.Session, error)
	Revoke(ctx context.Context, token string) error
}

// Config is what a Dialect is made of.
type Config struct {
	Auth    Auth
	Acquire dialect.Acquire

	// Now is the clock of a workspace.
	Now func(ctx context.Context, workspace string) (time.Time, error)

	PublicURL string // what clients reach the server under, without a slash at the end

	// OpportunityPath and CasePath take the uploads, in any case and with or without a
	// slash at the end; "" = the defaults. They begin with ApexPrefix.
	OpportunityPath, CasePath string

	// TokenLife is how long a session lasts; 0 = until its key is deleted.
	TokenLife time.Duration

	// FailuresAsText answers failures of the upload itself (no such record, a wrong
	// type of file, something missing) with status 200 and their text, as an Apex
	// method does that catches them. Otherwise they are errors with status 400 or 404.
	FailuresAsText bool

	// TooLarge is the status for files beyond MaxFile: 400, 413 or 500 as Apex has it
	// when its heap is full; 0 = DefaultTooLarge.
	TooLarge int

	Logger *slog.Logger // nil = slog.Default
}

// Check returns fault.Invalid about the field "opportunity-path", "case-path" or
// "token-life" for settings that cannot be served.
func (c Config) Check() error {
	c = c.orDefaults()
	for _, at := range [...]struct{ field, path string }{{"opportunity-path", c.OpportunityPath}, {"case-path", c.CasePath}} {
		if len(at.path) <= len(ApexPrefix) || !strings.EqualFold(at.path[:len(ApexPrefix)], ApexPrefix) || strings.ContainsAny(at.path, "?#% ") {
			return fault.InField(at.field, "must be a path below %s", ApexPrefix)
		}
	}
	if plainPath(c.OpportunityPath) == plainPath(c.CasePath) {
		return fault.InField("case-path", "must not be the path of opportunities")
	}
	if c.TokenLife < 0 {
		return fault.InField("token-life", "must be 0 or more")
	}
	return nil
}

func (c Config) orDefaults() Config {
	c.OpportunityPath = cmp.Or(c.OpportunityPath, DefaultOpportunityPath)
	c.CasePath = cmp.Or(c.CasePath, DefaultCasePath)
	c.TooLarge = cmp.Or(c.TooLarge, DefaultTooLarge)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Dialect serves what is below Prefix.
type Dialect struct {
	cfg     Config
	log     *slog.Logger
	uploads map[string]*upload // by plainPath
}

// New returns the dialect's handler. It returns the error of Config.Check.
func New(cfg Config) (_ *Dialect, err error) {
	defer fault.Wrap(&err, "riskforce.New")
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg = cfg.orDefaults()
	d := &Dialect{cfg: cfg, log: cfg.Logger.With("dialect", Name), uploads: map[string]*upload{}}
	for path, target := range map[string]target{cfg.OpportunityPath: opportunities, cfg.CasePath: cases} {
		schema, err := intake.NewSchema(target.spec())
		if err != nil {
			return nil, err
		}
		d.uploads[plainPath(path)] = &upload{target, schema}
	}
	return d, nil
}

// plainPath is a path without what does not matter in it: letter case, a slash at the
// end, and slashes that clients double when they put paths together.
func plainPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return strings.ToLower(strings.TrimSuffix(path, "/"))
}

// ServeHTTP serves one request below Prefix.
func (d *Dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := plainPath(r.URL.Path)
	switch path {
	case TokenPath:
		if err := d.token(w, r); err != nil {
			d.refuseToken(w, r, err)
		}
		return
	case RevokePath:
		if err := d.revoke(w, r); err != nil {
			d.refuseRevoke(w, r, err)
		}
		return
	}
	if err := d.apex(w, r, path); err != nil {
		d.refuse(w, r, err)
	}
}

// apex serves everything that needs a session. That there is none is said before
// anything else, as Salesforce does [K].
func (d *Dialect) apex(w http.ResponseWriter, r *http.Request, path string) error {
	ses, err := d.session(r)
	if err != nil {
		return err
	}
	u := d.uploads[path]
	switch {
	case u == nil:
		return errNoMatch()
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		return errMethod(r.Method)
	}
	if err := checkType(r.Header.Get("Content-Type")); err != nil {
		return err
	}
	actor := dialect.Actor(r, Name, ses)
	ws, release, err := d.cfg.Acquire(r.Context(), ses.Workspace)
	if err != nil {
		return err
	}
	defer release()
	said, err := u.take(r, ws, actor)
	if err != nil {
		return err
	}
	sendJSON(w, http.StatusOK, said)
	return nil
}

// session returns the session whose id a request carries: as a bearer, or after
// "OAuth" as restforce has written it [K].
func (d *Dialect) session(r *http.Request) (auth.Session, error) {
	scheme, id, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "OAuth") {
		return auth.Session{}, errNoSession()
	}
	ses, _, err := d.sessionOf(r.Context(), strings.TrimSpace(id))
	return ses, err
}

// sessionOf returns the session of an id, which begins with that of the organization
// and an exclamation mark [R], and the token behind it.
func (d *Dialect) sessionOf(ctx context.Context, id string) (_ auth.Session, token string, err error) {
	org, token, _ := strings.Cut(id, "!")
	ses, err := d.cfg.Auth.Authenticate(ctx, token)
	if err != nil {
		if fault.KindOf(err) == fault.Unauthorized {
			err = errNoSession()
		}
		return auth.Session{}, "", err
	}
	if ses.Dialect != Name || org != organization(ses.Workspace)[:shortID] {
		return auth.Session{}, "", errNoSession()
	}
	return ses, token, nil
}
