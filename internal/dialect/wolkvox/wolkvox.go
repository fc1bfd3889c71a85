// Package wolkvox speaks version 2 of the API of wolkvox CRM, cases with attachments
// above all, on Dossier's records and documents. README.md in this folder says what it
// implements and from which sources.
package wolkvox

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Name is the dialect's name in credentials and logs.
const Name = "wolkvox"

// Defaults of Config.
const (
	DefaultPath         = "/server/API/v2"
	DefaultDaily        = 4800        // calls of one token [R]
	DefaultSimultaneous = 2           // calls of one token [R]
	DefaultMaxFile      = 100_000_000 // bytes [I]
)

// Auth is what the dialect needs of the auth service.
type Auth interface {
	Verify(ctx context.Context, dialect, id string, secrets map[string]string, username, remoteAddr string) (auth.Session, error)
}

// Config is what a Dialect is made of.
type Config struct {
	Auth    Auth
	Acquire dialect.Acquire

	// Now is the clock of a workspace. Its days, which end at midnight UTC, are those
	// of the daily limit.
	Now func(ctx context.Context, workspace string) (time.Time, error)

	Path string // that all others are below, without a slash at the end; "" = DefaultPath

	Daily        int   // calls that one token may make in a day; 0 = DefaultDaily
	Simultaneous int   // calls of one token at once; 0 = DefaultSimultaneous
	MaxFile      int64 // bytes of one attachment; 0 = DefaultMaxFile

	// Replace makes attachments that come with an update take the place of those that
	// came before by this dialect, which is how the older pages of the reference can be
	// read; otherwise they are added to them, as the newer ones say [R].
	Replace bool

	Logger *slog.Logger // nil = slog.Default
}

// Check returns fault.Invalid about the field "path", "daily-limit", "simultaneous" or
// "max-file" for settings that cannot be served.
func (c Config) Check() error {
	path := cmp.Or(c.Path, DefaultPath)
	switch {
	case len(path) < 2 || path[0] != '/' || strings.HasSuffix(path, "/") || strings.Contains(path, "//") || strings.ContainsAny(path, "?#% "):
		return fault.InField("path", "must be a path like %s", DefaultPath)
	case c.Daily < 0:
		return fault.InField("daily-limit", "must be more than 0")
	case c.Simultaneous < 0:
		return fault.InField("simultaneous", "must be more than 0")
	case c.MaxFile < 0:
		return fault.InField("max-file", "must be more than 0")
	}
	return nil
}

func (c Config) orDefaults() Config {
	c.Path = cmp.Or(c.Path, DefaultPath)
	c.Daily = cmp.Or(c.Daily, DefaultDaily)
	c.Simultaneous = cmp.Or(c.Simultaneous, DefaultSimultaneous)
	c.MaxFile = cmp.Or(c.MaxFile, DefaultMaxFile)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Dialect serves what is below the Prefixes of its Config.
type Dialect struct {
	cfg    Config
	log    *slog.Logger
	schema *intake.Schema
	usage  usage
	early  chan struct{} // a place for each body that is read before its token is known
	routes []route
}

// New returns the dialect's handler. It returns the error of Config.Check.
func New(cfg Config) (_ *Dialect, err error) {
	defer fault.Wrap(&err, "wolkvox.New")
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	cfg = cfg.orDefaults()
	d := &Dialect{cfg: cfg, log: cfg.Logger.With("dialect", Name), early: make(chan struct{}, maxEarly), routes: routes()}
	if d.schema, err = intake.NewSchema(cfg.spec()); err != nil {
		return nil, err
	}
	return d, nil
}

// Prefixes are where the dialect is mounted: at its path, and then at the same behind a
// doubled slash, as the reference prints one of its URLs [R].
func (c Config) Prefixes() []string {
	path := c.orDefaults().Path + "/"
	return []string{path, "/" + path}
}

// route is one operation.
type route struct {
	path    string // below Config.Path
	methods []string
	files   bool // whether attachments are taken
	serve   func(c *call) (*answer, error)
}

// routes lists the operations. What only reads is asked for with a GET as well, whose
// body is read, as scripts do it [R].
func routes() []route {
	write, read := []string{http.MethodPost}, []string{http.MethodPost, http.MethodGet}
	return []route{
		{"cases/insert.php", write, true, (*call).insertCase},
		{"cases/insertAttach.php", write, true, (*call).insertCase},
		{"cases/update.php", write, true, (*call).updateCase},
		{"cases/updateCaseAttachment.php", write, true, (*call).updateCaseAttachment},
		{"cases/queryCases.php", read, false, (*call).queryCases},
		{"cases/listHistoryNote.php", read, false, (*call).listHistoryNote},
		{"custom/insert.php", write, false, (*call).insertRecord},
		{"custom/update.php", write, false, (*call).updateRecord},
		{"custom/query.php", read, false, (*call).queryRecords},
		{"token/tokenInformation.php", []string{http.MethodGet}, false, (*call).tokenInformation},
	}
}

// find returns the operation at a path, whose letter case and doubled slashes do not
// matter.
func (d *Dialect) find(path string) *route {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	if len(path) <= len(d.cfg.Path) || !strings.EqualFold(path[:len(d.cfg.Path)], d.cfg.Path) {
		return nil
	}
	path = path[len(d.cfg.Path)+1:]
	for i := range d.routes {
		if strings.EqualFold(d.routes[i].path, path) {
			return &d.routes[i]
		}
	}
	return nil
}

// call is one request of a token that is known.
type call struct {
	*Dialect
	ctx   context.Context
	ws    dialect.Workspace
	actor crm.Actor
	ses   auth.Session
	turn  turn
	sent  *form
	batch *document.Batch // of the files in sent
}

func (c *call) resource(name string) *resource.Resource { return c.ws.Records.Catalog().Resource(name) }

// ServeHTTP serves one request below one of the Prefixes.
func (d *Dialect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The answer goes out when serve has returned: a client that sends its next request
	// upon an answer must not find this one still counted.
	a, err := d.serve(w, r)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	send(w, http.StatusOK, a)
}

func (d *Dialect) serve(w http.ResponseWriter, r *http.Request) (*answer, error) {
	rt := d.find(r.URL.Path)
	switch {
	case rt == nil:
		return nil, errNoAPI()
	case !slices.Contains(rt.methods, r.Method):
		w.Header().Set("Allow", strings.Join(rt.methods, ", "))
		return nil, fail(http.StatusMethodNotAllowed, nil, "the method is %s; use %s", r.Method, strings.Join(rt.methods, " or "))
	}
	in, err := d.open(r, rt.files)
	if err != nil {
		return nil, err
	}
	defer in.close()
	ses, err := d.verify(r, in.token)
	if err != nil {
		return nil, err
	}
	now, err := d.cfg.Now(r.Context(), ses.Workspace)
	if err != nil {
		return nil, err
	}
	turn, err := d.usage.enter(ses.Credential, now, d.cfg.Daily, d.cfg.Simultaneous)
	if err != nil {
		return nil, err
	}
	defer d.usage.leave(ses.Credential)
	ctx := r.Context()
	c := &call{Dialect: d, ctx: ctx, actor: dialect.Actor(r, Name, ses), ses: ses, turn: turn}
	var release func()
	if c.ws, release, err = d.cfg.Acquire(ctx, ses.Workspace); err != nil {
		return nil, err
	}
	defer release()
	c.batch = c.ws.Documents.Batch()
	defer c.batch.Discard(ctx)
	if c.sent, err = in.read(ctx, c.batch.Create); err != nil {
		return nil, err
	}
	if err := c.checkOperation(); err != nil {
		return nil, err
	}
	return rt.serve(c)
}

// verify returns the session of a token.
func (d *Dialect) verify(r *http.Request, token string) (auth.Session, error) {
	if token == "" {
		return auth.Session{}, errNoToken()
	}
	ses, err := d.cfg.Auth.Verify(r.Context(), Name, "", map[string]string{"token": token}, "", dialect.RemoteHost(r))
	if fault.KindOf(err) == fault.Unauthorized && err != nil {
		return auth.Session{}, errBadToken(nil)
	}
	return ses, err
}

// checkOperation refuses requests that name no operation, or not the token's.
func (c *call) checkOperation() error {
	if err := c.require("operation"); err != nil {
		return err
	}
	name, err := c.sent.text("operation")
	if err != nil {
		return err
	}
	if resource.Fold(name) != resource.Fold(c.ses.Grant.Operation) {
		return errBadToken(map[string]any{"operation": "the token is not of this operation"})
	}
	return nil
}
