package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dossier-crm/dossier/internal/app"
)

// userCmd is "dossier user".
type userCmd struct {
	Create userCreateCmd `cmd:"" help:"Add a user to a workspace."`
}

type userCreateCmd struct {
	Workspace     string `required:"" placeholder:"NAME" help:"Workspace of the user."`
	Email         string `required:"" placeholder:"ADDRESS" help:"E-mail address, by which keys and logins name the user."`
	Name          string `required:"" placeholder:"TEXT" help:"First name."`
	LastName      string `placeholder:"TEXT" help:"Last name."`
	Level         int    `default:"1" help:"What the user may see: 1 (least) to 5 (administrator)."`
	Language      string `default:"EN" help:"Language of labels: BR, DE, DK, EN, ES, FR, IT, PT, RU or US."`
	PasswordStdin bool   `help:"Read a password for the user from standard input. Without one only API keys log in."`
}

// Examples implements exemplified.
func (*userCreateCmd) Examples() string {
	return `dossier user create --workspace acme --email ada@acme.example --name Ada --last-name Lovelace --level 5
pass show crm/ada | dossier user create --workspace acme --email ada@acme.example --name Ada --password-stdin`
}

// Run adds the user and prints its id.
func (c *userCreateCmd) Run(p *process) error {
	password := ""
	if c.PasswordStdin {
		line, err := bufio.NewReader(p.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		password = strings.TrimRight(line, "\r\n")
	}
	return p.open(func(a *app.App) error {
		id, err := a.CreateUser(p.ctx, c.Workspace, app.NewUser{
			Email:    c.Email,
			Name:     c.Name,
			LastName: c.LastName,
			Level:    c.Level,
			Language: c.Language,
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.stdout, "Added user %d, %s, to workspace %s.\n", id, c.Email, c.Workspace); err != nil {
			return err
		}
		if !c.PasswordStdin {
			return nil
		}
		return a.Auth.SetPassword(p.ctx, c.Workspace, id, c.Email, password)
	})
}
