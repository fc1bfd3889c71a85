package app

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/outbound"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// Address is where a dialect is served.
type Address struct {
	Dialect string
	Paths   []string // what those of its operations begin with
}

// Addresses lists where the settings put the dialects, in the order of Dialects. The
// zero value has the defaults.
func (c *Server) Addresses() []Address {
	paths := map[string][]string{
		sage.Name:       {sage.Prefix},
		riskforce.Name:  {riskforce.Prefix},
		scalepoint.Name: scalepoint.Config{Base: c.ScalepointBase}.Prefixes(),
		wolkvox.Name:    wolkvox.Config{Path: c.WolkvoxPath}.Prefixes()[:1], // the other misspells it
		flowroute.Name:  {flowroute.Prefix},
	}
	all := make([]Address, 0, len(paths))
	for _, name := range Dialects() {
		all = append(all, Address{name, paths[name]})
	}
	return all
}

// Where says where the settings put the dialects below a URL, for people: a line for
// each path, indented, with the dialect's name in front of its first.
func (c *Server) Where(url string) string {
	var b strings.Builder
	for _, at := range c.Addresses() {
		name := at.Dialect
		for _, path := range at.Paths {
			fmt.Fprintf(&b, "  %-10s  %s%s\n", name, url, strings.TrimSuffix(path, "/"))
			name = ""
		}
	}
	return b.String()
}

// dialectMounts are what the dialects serve, at their addresses and beside them.
func (a *App) dialectMounts() []mount {
	mounts := []mount{
		{flowroute.UploadPrefix, a.dialects[flowroute.Name]},
		{wolkvox.Config{Path: a.WolkvoxPath}.Prefixes()[1], a.dialects[wolkvox.Name]},
	}
	for _, at := range a.Addresses() {
		for _, path := range at.Paths {
			mounts = append(mounts, mount{path, a.dialects[at.Dialect]})
		}
	}
	return mounts
}

// uploadDialects makes the dialects by which files come, by their names.
func (a *App) uploadDialects() (_ map[string]http.Handler, err error) {
	defer fault.Wrap(&err, "app.uploadDialects")
	rf, err := a.newRiskforce()
	if err != nil {
		return nil, err
	}
	fr, err := a.newFlowroute()
	if err != nil {
		return nil, err
	}
	sp, err := a.newScalepoint()
	if err != nil {
		return nil, err
	}
	wv, err := a.newWolkvox()
	if err != nil {
		return nil, err
	}
	return map[string]http.Handler{riskforce.Name: rf, flowroute.Name: fr, scalepoint.Name: sp, wolkvox.Name: wv}, nil
}

func (a *App) newRiskforce() (*riskforce.Dialect, error) {
	config, err := a.Riskforce.config()
	if err != nil {
		return nil, err
	}
	config.Auth, config.Acquire, config.Now, config.PublicURL, config.Logger = a.Auth, a.openDialect, a.Workspaces.Now, a.PublicURL, a.Log
	return riskforce.New(config)
}

func (a *App) newFlowroute() (*flowroute.Dialect, error) {
	config, err := a.Flowroute.config()
	if err != nil {
		return nil, err
	}
	config.Auth, config.Acquire, config.PublicURL, config.Random, config.Logger = a.Auth, a.openDialect, a.PublicURL, a.Random, a.Log
	return flowroute.New(config)
}

func (a *App) newScalepoint() (*scalepoint.Dialect, error) {
	config, err := a.Scalepoint.config()
	if err != nil {
		return nil, err
	}
	config.Auth, config.Acquire, config.PublicURL, config.Random, config.Logger = a.Auth, a.openDialect, a.PublicURL, a.Random, a.Log
	return scalepoint.New(config)
}

func (a *App) newWolkvox() (*wolkvox.Dialect, error) {
	config, err := a.Wolkvox.config()
	if err != nil {
		return nil, err
	}
	config.Auth, config.Acquire, config.Now, config.Logger = a.Auth, a.openDialect, a.Workspaces.Now, a.Log
	return wolkvox.New(config)
}

// portOrders is the worker on the port orders of a workspace.
func (a *App) portOrders(w *Workspace, info workspace.Info) *flowroute.Worker {
	return flowroute.NewWorker(flowroute.WorkerConfig{
		Workspace: dialect.Workspace{Records: w.Records, Documents: w.Documents},
		Store:     w.Store,
		Fetch:     a.targets.Client(outbound.Options{Timeout: flowroute.FetchTimeout, Redirects: flowroute.Redirects}),
		Tell:      a.targets.Client(outbound.Options{Timeout: flowroute.TellTimeout}),
		MaxFile:   a.FlowrouteMaxFile,
		Pending:   func(ctx context.Context) error { return a.hooked.MarkHooked(ctx, info.Location) },
		Logger:    a.Log.With("workspace", info.Name),
	})
}

// openDialect is how dialects other than Sage's find their workspace.
func (a *App) openDialect(ctx context.Context, name string) (dialect.Workspace, func(), error) {
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return dialect.Workspace{}, nil, err
	}
	return dialect.Workspace{Records: w.Records, Documents: w.Documents}, release, nil
}
