package main

import (
	"fmt"

	"github.com/dossier-crm/dossier/internal/app"
)

// migrateCmd is "dossier migrate".
type migrateCmd struct{}

// Run brings every database up to date with this version.
func (migrateCmd) Run(p *process) error {
	return p.openAlone(func(a *app.App) error {
		all, err := a.Workspaces.List(p.ctx)
		if err != nil {
			return err
		}
		for _, w := range all {
			// Opening changes what has to be changed, and tells of what cannot be.
			_, release, err := a.Workspaces.Acquire(p.ctx, w.Name)
			if err != nil {
				return fmt.Errorf("workspace %s: %w", w.Name, err)
			}
			release()
			if _, err := fmt.Fprintf(p.stdout, "%s is up to date.\n", w.Name); err != nil {
				return err
			}
		}
		return nil
	})
}
