package main

import (
	"fmt"

	"github.com/dossier-crm/dossier/internal/app"
)

// seedCmd is "dossier seed".
type seedCmd struct {
	Workspace string `required:"" placeholder:"NAME" help:"Workspace to fill. Records that are in it stay. Nobody should use it meanwhile: its indexes are taken away and made again."`
	app.DataSet
}

// Examples implements exemplified.
func (*seedCmd) Examples() string {
	return `dossier workspace create big && dossier seed --workspace big --accounts 100000`
}

// Run makes the records and says how many there are.
func (c *seedCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		start := p.now()
		sum, err := a.Seed(p.ctx, c.Workspace, c.DataSet)
		if err != nil {
			return err
		}
		took := p.now().Sub(start)
		_, err = fmt.Fprintf(p.stdout, "Made %d records, %d accounts among them, in %.1f s (%.0f a second).\n",
			sum.Records, sum.Accounts, took.Seconds(), float64(sum.Records)/max(took.Seconds(), 1e-3))
		return err
	})
}
