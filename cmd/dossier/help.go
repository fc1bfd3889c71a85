package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/dossier-crm/dossier/internal/fault"
)

// exemplified is a command whose help shows how it is used.
type exemplified interface {
	Examples() string // command lines, one a line
}

// Examples of the program as a whole.
func (*cli) Examples() string {
	return `dossier serve --demo                                  # try it: a workspace with invented data
dossier serve --data /var/lib/dossier --listen :8080  # run it for good`
}

// helpWithExamples prints kong's help and the examples of the command.
func helpWithExamples(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	node := ctx.Model.Node
	if n := ctx.Selected(); n != nil {
		node = n
	} else if n := lastCommand(ctx); n != nil {
		node = n
	}
	e, ok := node.Target.Addr().Interface().(exemplified)
	if !ok {
		return nil
	}
	var b strings.Builder
	b.WriteString("\nExamples:\n")
	for line := range strings.Lines(e.Examples()) {
		b.WriteString("  " + line)
	}
	_, err := fmt.Fprintln(ctx.Stdout, b.String())
	return err
}

// lastCommand is the group of commands that was named, as in "dossier key --help".
func lastCommand(ctx *kong.Context) *kong.Node {
	var last *kong.Node
	for _, p := range ctx.Path {
		if p.Command != nil {
			last = p.Command
		}
	}
	return last
}

// message is what a person at the terminal is told of err: unlike a client, they
// are told the cause.
func message(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) || f.Msg == "" {
		return err.Error()
	}
	text := f.Msg
	if f.Field != "" {
		text = "--" + f.Field + ": " + text
	}
	if f.Err != nil {
		text += ": " + f.Err.Error()
	}
	return text
}
