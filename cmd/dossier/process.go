package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"github.com/dossier-crm/dossier/internal/app"
)

// process is what a command may use of the world around it.
type process struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	cli            *cli
	parsed         *kong.Context
}

func (p *process) now() time.Time { return time.Now() }

// world is what the installation runs on.
func (p *process) world() app.World {
	return app.World{Now: p.now, Random: rand.Reader, Log: p.cli.Logger(p.stderr)}
}

// config joins the settings of all commands with those of the server.
func (p *process) config(server app.Server) app.Config {
	return app.Config{Storage: p.cli.Storage, Logging: p.cli.Logging, Server: server}
}

// open runs fn on the installation, which a server may be using at the same time.
func (p *process) open(fn func(*app.App) error) error {
	if err := p.cli.Storage.Check(); err != nil {
		return err
	}
	a, err := app.Open(p.ctx, p.config(app.Server{}), p.world(), false)
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// openAlone is open without a server beside it.
func (p *process) openAlone(fn func(*app.App) error) error {
	if err := p.cli.Storage.Check(); err != nil {
		return err
	}
	lock, err := p.cli.Lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	return p.open(fn)
}

// json prints v for programs.
func (p *process) json(v any) error {
	enc := json.NewEncoder(p.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
