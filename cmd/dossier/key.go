package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
)

// keyCmd is "dossier key".
type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key. Its secret is printed once and cannot be shown again."`
	List   keyListCmd   `cmd:"" help:"List the API keys of a workspace."`
	Delete keyDeleteCmd `cmd:"" help:"Delete an API key. Its sessions end within a second."`
}

// Examples implements exemplified.
func (*keyCmd) Examples() string {
	return `dossier key create --workspace acme --dialect sage --user ada@acme.example
dossier key list --workspace acme
dossier key delete --dialect sage dsr_pub_…`
}

type keyCreateCmd struct {
	Workspace string `required:"" placeholder:"NAME" help:"Workspace that the key leads to."`
	Dialect   string `required:"" enum:"sage" help:"Dialect that it logs in through: ${enum}."`
	User      string `required:"" placeholder:"ADDRESS" help:"E-mail address of the user it acts as."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run makes the key and prints its secret.
func (c *keyCreateCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		user, err := a.FindUser(p.ctx, c.Workspace, c.User)
		if err != nil {
			return err
		}
		key, err := a.Auth.CreateKey(p.ctx, c.Dialect, c.Workspace, user)
		if err != nil {
			return err
		}
		if c.JSON {
			return p.json(struct {
				Username string `json:"username"`
				Password string `json:"password"`
			}{key.PublicID, key.Secret})
		}
		_, err = fmt.Fprintf(p.stdout, "username  %s\npassword  %s\n\nThe password is not shown again.\n", key.PublicID, key.Secret)
		return err
	})
}

type keyListCmd struct {
	Workspace string `required:"" placeholder:"NAME" help:"Workspace that the keys lead to."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run lists the keys in the order of their creation, without secrets.
func (c *keyListCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		keys, err := a.Auth.ListKeys(p.ctx, c.Workspace)
		if err != nil {
			return err
		}
		if c.JSON {
			type row struct {
				Username string    `json:"username"`
				Dialect  string    `json:"dialect"`
				User     int64     `json:"user"`
				Created  time.Time `json:"created"`
			}
			rows := make([]row, len(keys))
			for i, k := range keys {
				rows[i] = row{k.PublicID, k.Dialect, k.UserID, k.Created}
			}
			return p.json(rows)
		}
		tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, k := range keys {
			fmt.Fprintf(tab, "%s\t%s\tuser %d\t%s\n", k.PublicID, k.Dialect, k.UserID, k.Created.Format(time.RFC3339))
		}
		return tab.Flush()
	})
}

type keyDeleteCmd struct {
	Dialect  string `required:"" enum:"sage" help:"Dialect of the key: ${enum}."`
	Username string `arg:"" help:"Public part of the key, as the list shows it."`
}

// Run deletes the key.
func (c *keyDeleteCmd) Run(p *process) error {
	return p.open(func(a *app.App) error {
		if err := a.Auth.DeleteKey(p.ctx, c.Dialect, c.Username); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Deleted key %s.\n", c.Username)
		return err
	})
}
