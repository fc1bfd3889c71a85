// Package app builds Dossier out of its parts. It is the only place that knows
// which databases, which storages and which dialects there are.
package app

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/clamd"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/document/transfer"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/httpd"
	"github.com/dossier-crm/dossier/internal/outbound"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// World is what a process has and a test makes up.
type World struct {
	Now    func() time.Time // the machine's clock
	Random io.Reader        // of cryptographic quality
	Log    *slog.Logger
}

// App is an open installation. It is safe for concurrent use.
type App struct {
	Config
	World
	Auth       *auth.Service
	Workspaces *workspace.Manager[*Workspace]

	registry *resource.Registry
	engine   engine
	storage  storage
	system   store.DB
	hooked   *store.System
	targets  *outbound.Guard
	sage     *sage.Dialect
	dialects map[string]http.Handler // by name
	client   *outbound.Client        // sends webhooks
	sending  chan struct{}           // as many at once
	node     string                  // this process among those that share a database
	linkKey  []byte                  // signs links to documents
	scanner  document.Scanner        // nil = there is none
	serving  bool                    // looks after workspaces, not only at them
	begun    io.Closer               // what Serve has of the storage; nil = others do without

	mu   sync.Mutex
	open map[*Workspace]struct{}
}

// Open opens the installation that the settings describe, and makes what is not
// there. Workspaces are opened when they are used. With serving it also cleans up
// behind them, which one process at a time should do. PublicURL must be set for
// links to documents to work.
func Open(ctx context.Context, config Config, world World, serving bool) (_ *App, err error) {
	defer fault.Wrap(&err, "app.Open")
	a := &App{Config: config, World: world, serving: serving, open: map[*Workspace]struct{}{}}

	// Declarations.
	if a.registry, err = resource.New(resource.Declared()...); err != nil {
		return nil, err
	}

	// Whom it may send requests to.
	if a.targets, err = outbound.Parse(config.AllowTargets); err != nil {
		return nil, err
	}

	a.client = a.targets.Client(outbound.Options{Timeout: hook.Timeout, Idle: hooksIdle})
	a.sending = make(chan struct{}, hook.MaxSending)
	if a.node, err = newNode(world.Random); err != nil {
		return nil, err
	}

	// Databases and storage.
	if err := makeFolder(config.Data); err != nil {
		return nil, err
	}
	if config.Clamd != "" {
		if a.scanner, err = clamd.New(config.Clamd); err != nil {
			return nil, err
		}
	}
	a.engine = newEngine(config.Storage, world.Log)
	a.storage = newStorage(config.Storage)
	if a.system, err = a.engine.system(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.system.Close())
		}
	}()
	system, err := store.OpenSystem(ctx, a.system)
	if err != nil {
		return nil, err
	}

	// Who may come in, and where they get to.
	a.Workspaces = workspace.New(workspace.Config[*Workspace]{
		Store:  system,
		Open:   a.openWorkspace,
		Copy:   a.copyWorkspace,
		Drop:   a.dropWorkspace,
		Now:    world.Now,
		Busy:   func(w *Workspace) bool { return w.Hooks.Busy() || w.PortOrders.Busy() },
		Random: world.Random,
		Logger: world.Log,
	})
	sealKey, err := a.sealKey()
	if err != nil {
		return nil, err
	}
	a.Auth, err = auth.New(ctx, auth.Config{
		SealKey: sealKey,
		Store:   system,
		Users:   users{a},
		Clock:   a.Workspaces.Now,
		Now:     world.Now,
		Random:  world.Random,
		Logger:  world.Log,
	})
	if err != nil {
		return nil, err
	}
	if a.linkKey, err = auth.Secret(ctx, system, world.Random, "link-key"); err != nil {
		return nil, err
	}
	a.hooked = system
	a.sage = sage.New(sage.Config{
		Auth: a.Auth, Acquire: a.openSage, Declared: a.registry, Demo: a.anonymousWorkspace(),
		Rate: a.SageRate, Now: a.Now, Logger: a.Log,
	})
	if a.dialects, err = a.uploadDialects(); err != nil {
		return nil, err
	}
	a.dialects[sage.Name] = a.sage
	return a, nil
}

// hooksIdle is how many connections are kept open to one receiver of webhooks.
const hooksIdle = 4

// newNode returns a name that no other process has.
func newNode(random io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(b[:]), nil
}

// closeTime is how long Close waits for workspaces in use.
const closeTime = 10 * time.Second

// Close closes workspaces and databases.
func (a *App) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	err := errors.Join(a.Workspaces.Close(ctx), a.system.Close())
	if a.begun != nil {
		err = errors.Join(err, a.begun.Close())
	}
	a.client.CloseIdleConnections()
	return err
}

// mounts are what the listener serves, by the beginning of the path.
func (a *App) mounts() []mount {
	transfers := transfer.Handler(a.linkKey, a.openDocuments, a.Log)
	return append(a.dialectMounts(),
		mount{transfer.UploadPath, transfers},
		mount{transfer.DownloadPath, transfers},
		mount{transfer.ShortDownloadPath, transfers},
		mount{sage.DocumentPath, a.sage.OpenAPI()})
}

// anonymousWorkspace is the one whose fields the OpenAPI documents show to anybody:
// the demo, as long as only this machine can ask.
func (a *App) anonymousWorkspace() string {
	host, _, err := net.SplitHostPort(a.Listen)
	if err != nil || !a.Demo || !isLoopback(host) {
		return ""
	}
	return DemoName
}

// Handler serves everything but the probes.
func (a *App) Handler() http.Handler { return newRouter(a.mounts()) }

// Checks are what must work for the installation to be ready.
func (a *App) Checks() []httpd.Check {
	return []httpd.Check{
		{Name: "database", Probe: a.pingDatabases},
		{Name: "documents", Probe: a.storage.ping},
	}
}

// pingDatabases asks the system database and those of all open workspaces. One
// that is closed meanwhile, since nobody uses it, does not answer and need not.
func (a *App) pingDatabases(ctx context.Context) error {
	if err := a.system.Ping(ctx); err != nil {
		return err
	}
	a.mu.Lock()
	open := make([]*Workspace, 0, len(a.open))
	for w := range a.open {
		open = append(open, w)
	}
	a.mu.Unlock()
	for _, w := range open {
		if err := w.ping(ctx); err != nil && a.isOpen(w) {
			return err
		}
	}
	return nil
}

func (a *App) isOpen(w *Workspace) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, ok := a.open[w]
	return ok
}

// openDocuments is how links to documents find their workspace.
func (a *App) openDocuments(ctx context.Context, name string) (*document.Service, func(), error) {
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	return w.Documents, release, nil
}

func (a *App) openSage(ctx context.Context, name string) (sage.Workspace, func(), error) {
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return sage.Workspace{}, nil, err
	}
	return sage.Workspace{Records: w.Records, Documents: w.Documents, Hooks: w.Hooks}, release, nil
}
