package app

import (
	"context"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/outbound"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// uploadDialects makes the dialects by which files come, and says where each is
// mounted.
func (a *App) uploadDialects() (_ []mount, err error) {
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
	mounts := []mount{
		{riskforce.Prefix, rf},
		{flowroute.Prefix, fr},
		{flowroute.UploadPrefix, fr},
	}
	for _, prefix := range sp.Prefixes() { // as configured
		mounts = append(mounts, mount{prefix, sp})
	}
	for _, prefix := range wv.Prefixes() { // as configured
		mounts = append(mounts, mount{prefix, wv})
	}
	return mounts, nil
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
