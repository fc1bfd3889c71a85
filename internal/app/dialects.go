package app

import (
	"context"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
	"github.com/dossier-crm/dossier/internal/fault"
)

// uploadDialects makes the dialects by which files come, and says where each is
// mounted.
func (a *App) uploadDialects() (_ []mount, err error) {
	defer fault.Wrap(&err, "app.uploadDialects")
	rf, err := a.newRiskforce()
	if err != nil {
		return nil, err
	}
	return []mount{
		{riskforce.Prefix, rf},
	}, nil
}

func (a *App) newRiskforce() (*riskforce.Dialect, error) {
	config, err := a.Riskforce.config()
	if err != nil {
		return nil, err
	}
	config.Auth, config.Acquire, config.Now, config.PublicURL, config.Logger = a.Auth, a.openDialect, a.Workspaces.Now, a.PublicURL, a.Log
	return riskforce.New(config)
}

// openDialect is how dialects other than Sage's find their workspace.
func (a *App) openDialect(ctx context.Context, name string) (dialect.Workspace, func(), error) {
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return dialect.Workspace{}, nil, err
	}
	return dialect.Workspace{Records: w.Records, Documents: w.Documents}, release, nil
}
