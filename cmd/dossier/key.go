package main

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/fault"
)

// keyCmd is "dossier key".
type keyCmd struct {
	Create         keyCreateCmd         `cmd:"" help:"Make an API key. Its secret is printed once and cannot be shown again."`
	AddCertificate keyAddCertificateCmd `cmd:"" help:"Let a key sign its assertions with one more certificate."`
	List           keyListCmd           `cmd:"" help:"List the API keys of a workspace."`
	Delete         keyDeleteCmd         `cmd:"" help:"Delete an API key. Its sessions end within a second."`
}

// Examples implements exemplified.
func (*keyCmd) Examples() string {
	return `dossier key create --workspace acme --dialect sage --user ada@acme.example
dossier key create --workspace acme --dialect flowroute --user ada@acme.example --json
dossier key add-certificate --dialect scalepoint dsr_pub_… client.pem
dossier key list --workspace acme
dossier key delete --dialect sage dsr_pub_…`
}

type keyCreateCmd struct {
	Workspace             string   `required:"" placeholder:"NAME" help:"Workspace that the key leads to."`
	Dialect               string   `required:"" enum:"${dialects}" help:"Dialect that it is for: ${enum}."`
	User                  string   `required:"" placeholder:"ADDRESS" help:"E-mail address of the user it acts as."`
	Scope                 []string `placeholder:"NAME" help:"Scalepoint: a scope that tokens may have. Default: platform-service-provider:write, case_integration and platform-case:read; there is case:delete, too."`
	InsuranceCompanyAlias string   `placeholder:"TEXT" help:"Scalepoint: the alias that requests name. Default: the workspace."`
	Certificate           []string `placeholder:"FILE" help:"Scalepoint: certificate (PEM, DER or base64) that signs the client's assertions. May be repeated."`
	Operation             string   `placeholder:"NAME" help:"wolkvox: the operation that requests name. Default: the workspace."`
	JSON                  bool     `name:"json" help:"Print JSON."`
}

// Run makes the key and prints its secrets.
func (c *keyCreateCmd) Run(p *process) error {
	certificates, err := readCertificates(c.Certificate)
	if err != nil {
		return err
	}
	return p.open(func(a *app.App) error {
		members, err := a.CreateCredential(p.ctx, c.Dialect, c.Workspace, c.User, app.Grant{
			Scopes: c.Scope, InsuranceCompanyAlias: c.InsuranceCompanyAlias, Operation: c.Operation, Certificates: certificates,
		})
		if err != nil {
			return err
		}
		if c.JSON {
			object := make(map[string]string, len(members))
			for _, m := range members {
				object[m.Name] = m.Value
			}
			return p.json(object)
		}
		tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		for _, m := range members {
			fmt.Fprintf(tab, "%s\t%s\n", m.Name, m.Value)
		}
		if err := tab.Flush(); err != nil {
			return err
		}
		_, err = fmt.Fprintln(p.stdout, "\nThe secrets are not shown again.")
		return err
	})
}

// maxCertificateFile is the length of the longest file that is looked at, in bytes.
const maxCertificateFile = 64 << 10

// readCertificates reads certificates as DER from files in PEM, in DER, or in DER as
// base64 without PEM's frame, which is how Scalepoint's clients are told to hand them
// over [R].
func readCertificates(files []string) (all [][]byte, err error) {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, fault.InField("certificate", "%s cannot be read", name).Because(err)
		}
		data, err := io.ReadAll(io.LimitReader(f, maxCertificateFile))
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fault.InField("certificate", "%s cannot be read", name).Because(err)
		}
		if block, _ := pem.Decode(data); block != nil {
			data = block.Bytes
		} else if der, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(data))); err == nil {
			data = der
		}
		all = append(all, data)
	}
	return all, nil
}

type keyAddCertificateCmd struct {
	Dialect string `required:"" enum:"scalepoint" help:"Dialect of the key: ${enum}."`
	Key     string `arg:"" help:"Public part of the key, as the list shows it."`
	File    string `arg:"" help:"Certificate, PEM, DER or base64, with an RSA key."`
}

// Run adds the certificate to those that the key has.
func (c *keyAddCertificateCmd) Run(p *process) error {
	certificates, err := readCertificates([]string{c.File})
	if err != nil {
		return err
	}
	return p.open(func(a *app.App) error {
		if err := a.Auth.AddCertificate(p.ctx, c.Dialect, c.Key, certificates[0]); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "Key %s signs with this certificate, too.\n", c.Key)
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
	Dialect  string `required:"" enum:"${dialects}" help:"Dialect of the key: ${enum}."`
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
