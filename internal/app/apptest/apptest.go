// Package apptest runs the whole of Dossier for tests: on a temporary folder, with
// a clock that the test moves, on every database there is. README.md describes the
// conversations that tests of dialects are made of.
package apptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/httpd"
	"github.com/dossier-crm/dossier/internal/store/postgres"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// Database is a kind of database.
type Database string

// The databases there are.
const (
	SQLite     Database = "sqlite"
	PostgreSQL Database = "postgres"
)

// Databases runs a test on every database, PostgreSQL if there is one (see
// internal/testenv).
func Databases(t *testing.T, fn func(t *testing.T, db Database)) {
	t.Helper()
	for _, db := range []Database{SQLite, PostgreSQL} {
		t.Run(string(db), func(t *testing.T) { fn(t, db) })
	}
}

// Start is when the clock starts, unless Options say otherwise.
var Start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// Options of an installation. The zero value is an empty one on SQLite.
type Options struct {
	Database Database
	Demo     bool              // the workspace is the demo; otherwise it is empty but for the administrator
	Dialects []string          // of which there are credentials beside the API key of the Sage dialect
	Config   func(*app.Config) // changes settings
	Log      io.Writer         // nil = nowhere
	Serving  bool              // workspaces are looked after: documents swept, webhooks delivered
	Stall    time.Duration     // for which a client may send nothing of a body; 0 = as long as in use

	// Around makes what stands around the handler of every request; nil = nothing does.
	Around func(http.Handler) http.Handler

	// Watch makes what looks at the exchanges of a conversation with a new
	// installation; nil = nothing does.
	Watch func(*App) func(Exchange) error
}

// App is an installation that listens on loopback until the end of the test.
type App struct {
	*app.App
	Clock     *Clock
	URL       string // of the server, without a slash at the end
	Addr      string // host:port
	Workspace string
	Admin     int64       // user of the key
	Key       auth.NewKey // of an administrator
	Token     string      // a session of the key
	watch     func(*App) func(Exchange) error

	// Credentials are the members of a credential for each of Options.Dialects, of
	// the administrator as well.
	Credentials map[string]map[string]string
}

// New starts an installation.
func New(t testing.TB, opts Options) *App {
	t.Helper()
	a := &App{Clock: &Clock{now: Start}, Workspace: "main", watch: opts.Watch}
	log := slog.New(slog.DiscardHandler)
	if opts.Log != nil {
		log = slog.New(slog.NewTextHandler(opts.Log, nil))
	}
	config := app.Config{
		Storage: app.Storage{Data: t.TempDir(), SchemaPrefix: "dossier_"},
		Server:  app.Server{Listen: "127.0.0.1:0", Demo: opts.Demo, QueryTimeout: 10 * time.Second, MaxConnections: 1024},
	}
	if opts.Database == PostgreSQL {
		config.Database = testenv.Postgres(t)
		config.SchemaPrefix = "t" + random(4) + "_"
		t.Cleanup(func() { dropSchemas(t, config.Storage) })
	}
	if opts.Config != nil {
		opts.Config(&config)
	}
	if err := config.Check(); err != nil {
		t.Fatal(err)
	}

	server, err := httpd.Listen(t.Context(), config.Listen, httpd.Options{Log: log, StallTimeout: opts.Stall})
	if err != nil {
		t.Fatal(err)
	}
	a.Addr = server.Addr().String()
	a.URL = "http://" + a.Addr
	if config.PublicURL == "" {
		config.PublicURL = a.URL
	}
	world := app.World{Now: a.Clock.Now, Random: rand.Reader, Log: log}
	if a.App, err = app.Open(t.Context(), config, world, opts.Serving); err != nil {
		t.Fatal(errors.Join(err, server.Close()))
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	handler := a.App.Handler()
	if opts.Around != nil {
		handler = opts.Around(handler)
	}
	go func() { served <- server.Serve(ctx, a.Surround(handler)) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-served, a.Close()); err != nil {
			t.Error(err)
		}
	})
	a.populate(t, opts)
	return a
}

// populate makes the workspace, its administrator, a key and a session.
func (a *App) populate(t testing.TB, opts Options) {
	t.Helper()
	ctx := t.Context()
	if opts.Demo {
		a.Workspace = app.DemoName
	}
	if _, err := a.Workspaces.Create(ctx, a.Workspace); err != nil {
		t.Fatal(err)
	}
	var err error
	if opts.Demo {
		a.Admin, err = a.FindUser(ctx, a.Workspace, "")
	} else {
		a.Admin, err = a.CreateUser(ctx, a.Workspace, app.NewUser{
			Email: "ada@example.com", Name: "Ada", LastName: "Admin", Level: 5, Language: "EN",
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	if a.Key, a.Token, err = a.Login(ctx, a.Admin); err != nil {
		t.Fatal(err)
	}
	a.Credentials = map[string]map[string]string{}
	for _, dialect := range opts.Dialects {
		if a.Credentials[dialect], err = a.Credential(ctx, dialect, a.Admin); err != nil {
			t.Fatal(err)
		}
	}
}

// Conversation is how to talk to the installation.
func (a *App) Conversation() Server {
	s := Server{
		Addr: a.Addr,
		Vars: map[string]string{
			"URL": a.URL, "WORKSPACE": a.Workspace, "USERNAME": a.Key.PublicID, "PASSWORD": a.Key.Secret, "TOKEN": a.Token,
		},
		Advance: a.Clock.Advance,
		Login: func(user int64) (string, error) {
			_, token, err := a.Login(context.Background(), user)
			return token, err
		},
		Credential: func(dialect string, user int64) (map[string]string, error) {
			return a.Credential(context.Background(), dialect, user)
		},
	}
	for dialect, members := range a.Credentials {
		setMembers(s.Vars, strings.ToUpper(dialect), members)
	}
	if a.watch != nil {
		s.Watch = a.watch(a)
	}
	return s
}

// Login makes another API key of the Sage dialect, for a user of the workspace, and a
// session of it.
func (a *App) Login(ctx context.Context, user int64) (key auth.NewKey, token string, err error) {
	if key, err = a.Auth.CreateKey(ctx, "sage", a.Workspace, user); err != nil {
		return key, "", err
	}
	token, err = a.Auth.Login(ctx, "sage", key.PublicID, key.Secret, "127.0.0.1")
	return key, token, err
}

// Credential makes a credential of any dialect for a user of the workspace, as
// "dossier key create" does, and returns its members by the names of the protocol.
func (a *App) Credential(ctx context.Context, dialect string, user int64) (map[string]string, error) {
	email, err := a.emailOf(ctx, user)
	if err != nil {
		return nil, err
	}
	list, err := a.CreateCredential(ctx, dialect, a.Workspace, email, app.Grant{})
	if err != nil {
		return nil, err
	}
	members := make(map[string]string, len(list))
	for _, m := range list {
		members[m.Name] = m.Value
	}
	return members, nil
}

// emailOf returns the e-mail address of a user of the workspace.
func (a *App) emailOf(ctx context.Context, user int64) (string, error) {
	w, release, err := a.Workspaces.Acquire(ctx, a.Workspace)
	if err != nil {
		return "", err
	}
	defer release()
	res := w.Records.Catalog().Resource("users")
	found, err := w.Records.Get(ctx, crm.Actor{UserID: a.Admin, Level: crm.Administrator}, res, nil, user)
	if err != nil {
		return "", err
	}
	if len(found.Rows) == 0 {
		return "", fmt.Errorf("there is no user %d", user)
	}
	return found.Rows[0].Values[res.Field("email").Index].S, nil
}

// setMembers makes variables of the members of a credential: securityToken and
// client_id become PREFIX_SECURITY_TOKEN and PREFIX_CLIENT_ID.
func setMembers(vars map[string]string, prefix string, members map[string]string) {
	for name, value := range members {
		var b strings.Builder
		for _, r := range name {
			if unicode.IsUpper(r) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToUpper(r))
		}
		vars[prefix+"_"+b.String()] = value
	}
	if id := members["access_key"]; id != "" {
		vars[prefix+"_BASIC"] = base64.StdEncoding.EncodeToString([]byte(id + ":" + members["secret_key"]))
	}
}

// Answer is what came back for a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into v.
func (r Answer) JSON(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, v); err != nil {
		t.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
}

// Do sends a request with the session of the administrator. body is sent as it is
// when it is a string or bytes, and otherwise as JSON. target is a path or a URL.
// A test that wants other headers changes them with the functions.
func (a *App) Do(t testing.TB, method, target string, body any, change ...func(http.Header)) Answer {
	t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = bytes.NewReader([]byte(b))
	case []byte:
		content = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	if target != "" && target[0] == '/' {
		target = a.URL + target
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, content)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Session-Key", a.Token)
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, fn := range change {
		fn(req.Header)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{res.StatusCode, res.Header, b}
}

// Get is Do for a GET.
func (a *App) Get(t testing.TB, target string, change ...func(http.Header)) Answer {
	t.Helper()
	return a.Do(t, http.MethodGet, target, nil, change...)
}

// Clock is a clock that stands still until it is moved. It is safe for concurrent
// use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// dropSchemas removes what an installation has left in PostgreSQL.
func dropSchemas(t testing.TB, s app.Storage) {
	ctx := context.Background()
	names, err := postgres.Schemas(ctx, s.Database, s.SchemaPrefix)
	if err != nil {
		t.Error(err)
	}
	for _, name := range names {
		if err := postgres.DropSchema(ctx, s.Database, name); err != nil {
			t.Error(err)
		}
	}
}
