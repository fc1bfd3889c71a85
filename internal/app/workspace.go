package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/hook"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/seed"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// Workspace is an open workspace.
type Workspace struct {
	Records    *crm.Service
	Documents  *document.Service
	Hooks      *hook.Service
	PortOrders *flowroute.Worker
	Store      *store.Store

	db    store.DB
	close func() // ends the work in the background
}

// openWorkspace opens a workspace's data, and makes them if they are not there.
func (a *App) openWorkspace(ctx context.Context, info workspace.Info, clock *workspace.Clock) (_ *Workspace, err error) {
	db, err := a.engine.open(ctx, info.Location)
	if err != nil {
		return nil, err
	}
	w := &Workspace{db: db, close: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.Store, err = store.New(ctx, db, a.registry, store.Options{}); err != nil {
		return nil, err
	}
	blobs, err := a.storage.open(ctx, info.Location)
	if err != nil {
		return nil, err
	}
	fresh, err := a.isEmpty(ctx, w.Store)
	if err != nil {
		return nil, err
	}
	if fresh || w.Store.Upgraded() {
		if err := seed.Base(ctx, w.Store, a.registry, clock.Now()); err != nil {
			return nil, err
		}
	}
	w.Records, err = crm.New(ctx, crm.Config{
		Store:        w.Store,
		Registry:     a.registry,
		Clock:        clock.Now,
		QueryTimeout: a.QueryTimeout,
		Random:       a.Random,
		CheckTarget:  a.targets.Check,
		Logger:       a.Log,
		Changed: func(res *resource.Resource) {
			if res.Name == "users" || res.Name == "roles" {
				a.Auth.UsersChanged(info.Name)
			}
			w.Hooks.Changed(res)
			w.PortOrders.Changed(res)
		},
	})
	if err != nil {
		return nil, err
	}
	if w.Hooks, err = hook.New(a.hookConfig(w, info, clock)); err != nil {
		return nil, err
	}
	w.Documents, err = document.New(document.Config{
		Workspace:  info.Name,
		Store:      w.Store,
		Blobs:      blobs,
		Catalog:    w.Records.Catalog,
		Clock:      clock.Now,
		Key:        a.linkKey,
		BaseURL:    a.PublicURL,
		Scanner:    a.scanner,
		Quarantine: a.ScanDown == "quarantine",
		Machine:    a.Now,
		Logger:     a.Log,
	})
	if err != nil {
		return nil, err
	}
	w.PortOrders = a.portOrders(w, info)
	if a.Demo && info.Name == DemoName {
		if err := a.fillDemo(ctx, w, fresh, clock.Now()); err != nil {
			return nil, err
		}
	}
	a.look(w)
	return w, nil
}

// isEmpty reports whether a workspace lacks what every one starts with.
func (a *App) isEmpty(ctx context.Context, s *store.Store) (bool, error) {
	var p crm.Page
	err := s.List(ctx, crm.Query{Resource: a.registry.Resource("countries"), Limit: 1, Language: -1}, &p)
	return len(p.Keys) == 0, err
}

// pollEvery is how often changes are looked for that other nodes have made.
const pollEvery = 5 * time.Second

// hookConfig is how the webhooks of a workspace are delivered.
func (a *App) hookConfig(w *Workspace, info workspace.Info, clock *workspace.Clock) hook.Config {
	c := hook.Config{
		Workspace: info.Name,
		Store:     w.Store.Deliveries(a.node),
		Records:   w.Records,
		Renderer:  a.sage,
		Actor: func(ctx context.Context, id int64) (crm.Actor, bool, error) {
			switch u, err := (users{a}).in(ctx, w, id); {
			case err == nil:
				return crm.Actor{UserID: id, Level: u.Level, Language: u.Language, Restricted: u.Restricted, Branches: u.Branches}, u.Active, nil
			case fault.KindOf(err) == fault.NotFound:
				return crm.Actor{}, false, nil
			default:
				return crm.Actor{}, false, err
			}
		},
		Client:  a.client,
		Sending: a.sending,
		Clock:   clock.Now,
		Machine: a.Now,
		Jitter:  rand.Float64,
		Hooked:  func(ctx context.Context) error { return a.hooked.MarkHooked(ctx, info.Location) },
		Logger:  a.Log,
	}
	if a.Database != "" {
		c.Poll = pollEvery
	}
	return c
}

// openHooked opens the workspaces that have webhooks, one after another, so that
// deliveries go on which a former process has left. They close again when nothing is
// to be delivered.
func (a *App) openHooked(ctx context.Context) {
	names, err := a.hooked.Hooked(ctx)
	if err != nil && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "looking for workspaces with webhooks", "error", err)
	}
	for _, name := range names {
		_, release, err := a.Workspaces.Acquire(ctx, name)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			a.Log.ErrorContext(ctx, "opening a workspace with webhooks", "workspace", name, "error", err)
			continue
		}
		release()
	}
}

// look counts the workspace among the open ones and, in a server, looks after its
// documents until it is closed.
func (a *App) look(w *Workspace) {
	a.mu.Lock()
	a.open[w] = struct{}{}
	a.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	if a.serving {
		work.Go(func() { w.Documents.Run(ctx) })
		work.Go(func() { w.Hooks.Run(ctx) })
		work.Go(func() { w.PortOrders.Run(ctx) })
	}
	w.close = func() {
		cancel()
		work.Wait()
		a.mu.Lock()
		delete(a.open, w)
		a.mu.Unlock()
	}
}

// Close ends work in the background and closes the database.
func (w *Workspace) Close() error {
	w.close()
	return w.db.Close()
}

func (w *Workspace) ping(ctx context.Context) error { return w.db.Ping(ctx) }

// copyWorkspace is not offered.
func (a *App) copyWorkspace(context.Context, *Workspace, string) error {
	return fault.New(fault.NotOffered, "workspaces cannot be copied")
}

// Backup writes the records of a workspace to a new file, a SQLite database, as
// they are at one moment; the server may go on meanwhile. The contents of documents
// are not in it. It returns fault.Conflict when the file exists, fault.NotFound
// when there is no such workspace and fault.NotOffered on PostgreSQL.
func (a *App) Backup(ctx context.Context, name, file string) (err error) {
	defer fault.Wrap(&err, "app.Backup(%s)", name)
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	db, ok := w.db.(*sqlite.DB)
	if !ok {
		return fault.New(fault.NotOffered, "with PostgreSQL use pg_dump")
	}
	return db.Backup(ctx, file)
}

// dropWorkspace removes a workspace's documents and records.
func (a *App) dropWorkspace(ctx context.Context, location string) error {
	if err := a.storage.drop(ctx, location); err != nil {
		return err
	}
	return a.engine.drop(ctx, location)
}
