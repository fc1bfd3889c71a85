package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/fault"
)

// workspaceCmd is "dossier workspace".
type workspaceCmd struct {
	Create workspaceCreateCmd `cmd:"" help:"Make an empty workspace."`
	List   workspaceListCmd   `cmd:"" help:"List the workspaces."`
	Backup workspaceBackupCmd `cmd:"" help:"Write the records of a workspace to a file, also while the server runs. SQLite only."`
	Delete workspaceDeleteCmd `cmd:"" help:"Remove a workspace with its records, documents and keys."`
}

// Examples implements exemplified.
func (*workspaceCmd) Examples() string {
	return `dossier workspace create acme
dossier workspace list
dossier workspace backup acme acme-2026-03-02.db
dossier workspace delete acme --yes`
}

type workspaceCreateCmd struct {
	Name string `arg:"" help:"Name: 1 to 63 of a-z, 0-9 and -."`
}

// Run makes the workspace and says what comes next.
func (c *workspaceCreateCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		if _, err := a.Workspaces.Create(p.ctx, c.Name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Made workspace %s. Next, its first user and a key:\n"+
			"  dossier user create --workspace %[1]s --email you@example.com --name You --level 5\n"+
			"  dossier key create --workspace %[1]s --dialect sage --user you@example.com\n", c.Name)
		return err
	})
}

type workspaceListCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run lists the workspaces by name.
func (c *workspaceListCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		all, err := a.Workspaces.List(p.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			type row struct {
				Name    string    `json:"name"`
				Created time.Time `json:"created"`
			}
			rows := make([]row, len(all))
			for i, w := range all {
				rows[i] = row{w.Name, w.Created}
			}
			return p.json(rows)
		}
		tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, w := range all {
			fmt.Fprintf(tab, "%s\t%s\n", w.Name, w.Created.Format(time.RFC3339))
		}
		return tab.Flush()
	})
}

type workspaceBackupCmd struct {
	Name string `arg:"" help:"Name of the workspace."`
	File string `arg:"" help:"File to write, which must not exist. To restore, stop the server and put it in the place of the workspace's file and of those with -wal and -shm behind the name. It has the rows of documents and not their contents."`
}

// Run writes the copy.
func (c *workspaceBackupCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		if err := a.Backup(p.ctx, c.Name, c.File); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Wrote the records of workspace %s to %s.\n", c.Name, c.File)
		return err
	})
}

type workspaceDeleteCmd struct {
	Name string `arg:"" help:"Name of the workspace."`
	Yes  bool   `help:"Do it: there is no way back but a backup."`
}

// Run removes the workspace for good.
func (c *workspaceDeleteCmd) Run(p *process) error {
	if !c.Yes {
		return fault.InField("yes", "is needed to remove workspace %s with all its records and documents", c.Name)
	}
	return p.open(func(a *app.App) error {
		if err := a.Workspaces.Delete(p.ctx, c.Name); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Removed workspace %s.\n", c.Name)
		return err
	})
}
