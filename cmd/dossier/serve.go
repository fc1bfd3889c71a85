package main

import (
	"github.com/dossier-crm/dossier/internal/app"
)

// serveCmd is "dossier serve".
type serveCmd struct {
	app.Server
}

// Help implements kong.HelpProvider. It goes by the defaults: what the settings make of
// them, the server says when it is ready.
func (*serveCmd) Help() string {
	return "Dialects, and what their paths begin with unless the settings say otherwise:\n\n" + new(app.Server).Where("")
}

// Examples implements exemplified.
func (*serveCmd) Examples() string {
	return `dossier serve --demo
dossier serve --data /var/lib/dossier --listen :443 --tls-cert cert.pem --tls-key key.pem
dossier serve --database postgres://dossier@db/dossier --blobs "s3://files?endpoint=https://s3.example.com"`
}

// Run serves until the process is asked to end.
func (c *serveCmd) Run(p *process) error {
	return app.Serve(p.ctx, p.config(c.Server), p.world(), p.stdout)
}
