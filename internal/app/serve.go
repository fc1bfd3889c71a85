package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/document/transfer"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// Serve runs the server until ctx is done. It listens before it opens the
// databases, so that probes are answered at once; other requests wait until
// everything is there. What a person needs to know goes to stdout.
func Serve(ctx context.Context, config Config, world World, stdout io.Writer) error {
	if err := config.Check(); err != nil {
		return err
	}
	if err := makeFolder(config.Data); err != nil {
		return err
	}
	proxies, err := config.proxies()
	if err != nil {
		return err
	}
	lock, err := lockFolder(config.Data)
	if err != nil {
		return err
	}
	defer lock.Close()

	server, err := httpd.Listen(ctx, config.Listen, httpd.Options{
		CertFile:    config.TLSCert,
		KeyFile:     config.TLSKey,
		MaxConns:    config.MaxConnections,
		StopTimeout: config.StopTimeout,
		Log:         world.Log,
	})
	if err != nil {
		return err
	}
	config.PublicURL = config.baseURL(server.Addr(), server.TLS())

	gate := newGate()
	health := &httpd.Health{Log: world.Log, Checks: []httpd.Check{{Name: "start", Probe: gate.probe}}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, surround(world.Log, proxies, health, gate))
		stop()
	}()

	a, err := start(ctx, config, world)
	if err == nil {
		health.Add(a.Checks()...)
		gate.open(a.Handler())
		a.banner(stdout)
		var tending sync.WaitGroup
		tending.Go(func() { _ = a.Workspaces.Run(ctx) })
		tending.Go(func() { a.openHooked(ctx) })
		<-ctx.Done()
		err = <-served
		tending.Wait()
		return errors.Join(err, a.Close())
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // asked to end before it had begun, or serving has failed
	}
	stop()
	return errors.Join(err, <-served)
}

// start opens the installation and, if asked to, the demo.
func start(ctx context.Context, config Config, world World) (*App, error) {
	a, err := Open(ctx, config, world, true)
	if err != nil {
		return nil, err
	}
	a.begun, err = a.storage.begin(ctx, world.Log)
	if err == nil && config.Demo {
		err = a.ensureDemo(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Paths of the probes.
const (
	livePath  = "/healthz"
	readyPath = "/readyz"
)

// Surround adds to the installation what Serve gives every request: the probes, an
// id, a line in the log. It trusts no proxy.
func (a *App) Surround(h http.Handler) http.Handler {
	return surround(a.Log, nil, &httpd.Health{Log: a.Log, Checks: a.Checks()}, h)
}

func surround(log *slog.Logger, proxies []netip.Prefix, health *httpd.Health, h http.Handler) http.Handler {
	stack := httpd.Stack{
		Log:     log,
		Proxies: proxies,
		Redact:  []string{transfer.UploadPath, transfer.DownloadPath, transfer.ShortDownloadPath},
		Quiet:   []string{livePath, readyPath},
	}
	return stack.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case livePath:
			health.Live(w, r)
		case readyPath:
			health.Ready(w, r)
		default:
			h.ServeHTTP(w, r)
		}
	}))
}

// probe is not ready while the server is starting.
func (g *gate) probe(context.Context) error {
	if !g.isOpen() {
		return fault.New(fault.Unavailable, "the server is starting")
	}
	return nil
}

// banner tells a person where things are.
func (a *App) banner(w io.Writer) {
	fmt.Fprintf(w, "Dossier is ready.\n\n%s\n", a.Where(a.PublicURL))
	if !a.Demo {
		return
	}
	base := a.PublicURL + strings.TrimSuffix(sage.Prefix, "/")
	file := a.path(demoFile)
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	fmt.Fprintf(w, "Credentials of the demo are in %s. Log in with them and look at an account:\n\n", file)
	fmt.Fprintf(w, "  curl -s %[1]s/accounts -H 'Count: 1' -H \"X-Session-Key: $(grep -o '{\"username.*}' '%[2]s' | curl -s %[1]s/login -d @- | cut -d'\"' -f4)\"\n\n", base, file)
}
