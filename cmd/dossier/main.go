// Command dossier is a self-hosted server for CRM records and documents.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/fault"
)

// version is set by the linker.
var version = "devel"

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	keepPrivate()
	forgetEmpty()
	// The first signal asks for an orderly end, a second one ends at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// forgetEmpty takes our variables out of the environment that have no value.
// Files of variables are often written with all of them, and an empty one there
// means that nothing is said.
func forgetEmpty() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, envPrefix) {
			_ = os.Unsetenv(name) // fails for names that no variable can have
		}
	}
}

// cli is the command line: what is common to all commands, and the commands.
type cli struct {
	Config string `group:"storage" placeholder:"FILE" env:"DOSSIER_CONFIG" help:"Configuration file (TOML): the flags below as keys, as in: listen = \"127.0.0.1:8080\"."`
	app.Storage
	app.Logging

	Serve     serveCmd     `cmd:"" help:"Run the server."`
	Workspace workspaceCmd `cmd:"" help:"Make, list and remove workspaces."`
	User      userCmd      `cmd:"" help:"Add users and change their passwords."`
	Key       keyCmd       `cmd:"" help:"Make, list and delete API keys."`
	Seed      seedCmd      `cmd:"" help:"Fill a workspace with invented records."`
	Migrate   migrateCmd   `cmd:"" help:"Bring all databases up to date, before the server does it."`
	Settings  settingsCmd  `cmd:"" name:"config" help:"Print every setting, its value and where it comes from. Secrets are masked."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

const description = `Self-hosted server for CRM records and documents that speaks the wire protocols of existing services.

Settings are taken from flags, then from the environment (DOSSIER_…), then from the
configuration file, then from the defaults shown here.`

// run is main without its process.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	p := &process{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, cli: &c}
	parser, err := kong.New(&c,
		kong.Name("dossier"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Bind(p),
		kong.Vars{"dialects": strings.Join(app.Dialects(), ",")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(helpWithExamples),
		kong.ExplicitGroups([]kong.Group{
			{Key: "storage", Title: "Where the data is:"},
			{Key: "server", Title: "How it is served:"},
			{Key: "dialects", Title: "How dialects are spoken where their references are silent:"},
			{Key: "log", Title: "What is logged:"},
		}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "dossier:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	p.parsed, err = parser.Parse(args)
	if err == nil {
		warnUnknownEnv(stderr, parser.Model)
		err = p.parsed.Run()
		if err == nil {
			return 0
		}
	}
	fmt.Fprintf(stderr, "dossier: %s\n", message(err))
	var usage *kong.ParseError
	if !errors.As(err, &usage) {
		if fault.KindOf(err) == fault.Invalid && fault.FieldOf(err) != "" {
			return exitUsage // a setting or argument that does not make sense
		}
		return exitFailure
	}
	command := "dossier"
	if usage.Context != nil && usage.Context.Selected() != nil {
		command = usage.Context.Selected().FullPath()
	}
	fmt.Fprintf(stderr, "Try \"%s --help\".\n", command)
	return exitUsage
}
