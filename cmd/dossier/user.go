package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/fault"
)

// userCmd is "dossier user".
type userCmd struct {
	Create   userCreateCmd   `cmd:"" help:"Add a user to a workspace."`
	Password userPasswordCmd `cmd:"" help:"Change a user's password, or take it away. Sessions of the old one end within a second."`
}

// Examples implements exemplified.
func (*userCmd) Examples() string {
	return `pass show crm/ada | dossier user password --workspace acme --email ada@acme.example
dossier user password --workspace acme --email ada@acme.example --remove`
}

type userCreateCmd struct {
	Workspace     string `required:"" placeholder:"NAME" help:"Workspace of the user."`
	Email         string `required:"" placeholder:"ADDRESS" help:"E-mail address, by which keys and logins name the user."`
	Name          string `required:"" placeholder:"TEXT" help:"First name."`
	LastName      string `placeholder:"TEXT" help:"Last name."`
	Level         int    `default:"1" help:"Level, 1 (least) to 5 (administrator, who sees and changes everything). Others see records of their level and below, their own, and public ones."`
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
		var err error
		if password, err = p.password(); err != nil {
			return err
		}
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

type userPasswordCmd struct {
	Workspace string `required:"" placeholder:"NAME" help:"Workspace of the user."`
	Email     string `required:"" placeholder:"ADDRESS" help:"E-mail address of the user. The password is read from standard input."`
	Remove    bool   `help:"Take the password away, so that only API keys log in."`
}

// Run changes the password.
func (c *userPasswordCmd) Run(p *process) error {
	if c.Remove {
		return p.open(func(a *app.App) error { return c.remove(p, a) })
	}
	password, err := p.password()
	if err != nil {
		return err
	}
	return p.open(func(a *app.App) error {
		id, err := a.FindUser(p.ctx, c.Workspace, c.Email)
		if err != nil {
			return err
		}
		if err := a.Auth.SetPassword(p.ctx, c.Workspace, id, c.Email, password); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "Changed the password of %s.\n", c.Email)
		return err
	})
}

// remove takes away a login of this workspace, also of a user who is deleted.
func (c *userPasswordCmd) remove(p *process, a *app.App) error {
	people, err := a.Auth.ListPeople(p.ctx, c.Workspace)
	if err != nil {
		return err
	}
	for _, person := range people {
		if !strings.EqualFold(person.Login, c.Email) {
			continue
		}
		if err := a.Auth.DeletePerson(p.ctx, person.Login); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Took the password of %s away.\n", c.Email)
		return err
	}
	return fault.InField("email", "nobody in workspace %s logs in as %s with a password", c.Workspace, c.Email)
}

// password reads the first line of standard input.
func (p *process) password() (string, error) {
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
