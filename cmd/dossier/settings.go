package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"github.com/dossier-crm/dossier/internal/app"
)

// envPrefix begins the name of every environment variable that is read, and
// testPrefix that of those only the tests read.
const (
	envPrefix  = "DOSSIER_"
	testPrefix = "DOSSIER_TEST_"
)

// BeforeResolve reads the configuration file, so that its values take their
// place between the environment and the defaults.
func (c *cli) BeforeResolve(ctx *kong.Context) error {
	var path string
	for _, f := range ctx.Model.Flags {
		if f.Name == "config" {
			path, _ = ctx.FlagValue(f).(string)
		}
	}
	if path == "" {
		return nil
	}
	values := map[string]any{}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		var at toml.ParseError
		if errors.As(err, &at) {
			return fmt.Errorf("%s:%d: %s", path, at.Position.Line, at.Message)
		}
		return fmt.Errorf("configuration file: %w", err)
	}
	ctx.AddResolver(&configFile{path: path, values: values})
	return nil
}

// configFile is the layer of settings that a file makes.
type configFile struct {
	path   string
	values map[string]any
}

// Validate refuses keys that are no setting of any command: a misspelt limit
// must not silently be no limit.
func (f *configFile) Validate(model *kong.Application) error {
	known := settings(model)
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if _, ok := known[key]; !ok || key == "config" {
			return fmt.Errorf("%s: unknown setting %q%s", f.path, key, suggest(key, slices.Collect(maps.Keys(known))))
		}
	}
	return nil
}

// Resolve gives the file's value of a flag, unless the environment has one.
func (f *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	if !ok || !isSetting(flag) || envOf(flag) != "" {
		return nil, nil
	}
	switch v := value.(type) {
	case string, bool:
		return v, nil
	case int64:
		return fmt.Sprint(v), nil
	default:
		return nil, fmt.Errorf("%s: %s must be a string, a whole number, true or false", f.path, flag.Name)
	}
}

// isSetting tells settings, which all sources can give, from the arguments of
// one command.
func isSetting(f *kong.Flag) bool { return len(f.Envs) > 0 }

// envOf returns the name of the variable that gives the flag its value, or "".
func envOf(f *kong.Flag) string {
	for _, name := range f.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return name
		}
	}
	return ""
}

// settings returns the settings of all commands by name.
func settings(model *kong.Application) map[string]*kong.Flag {
	all := map[string]*kong.Flag{}
	var visit func(*kong.Node)
	visit = func(n *kong.Node) {
		for _, f := range n.Flags {
			if isSetting(f) {
				all[f.Name] = f
			}
		}
		for _, child := range n.Children {
			visit(child)
		}
	}
	visit(model.Node)
	return all
}

// warnUnknownEnv tells of DOSSIER_ variables that nothing reads. They are no
// error: orchestrators set variables named after a service of their own accord
// (DOSSIER_PORT, DOSSIER_SERVICE_HOST).
func warnUnknownEnv(w io.Writer, model *kong.Application) {
	var known []string
	for _, f := range settings(model) {
		known = append(known, f.Envs...)
	}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(known, name) {
			continue
		}
		fmt.Fprintf(w, "dossier: warning: nothing reads the variable %s%s\n", name, suggest(name, known))
	}
}

// suggest returns ", did you mean …?" when one of the names is close.
func suggest(name string, names []string) string {
	slices.Sort(names)
	best, distance := "", max(2, len(name)/3)+1
	for _, n := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(n)); d < distance {
			best, distance = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// editDistance is the number of bytes to insert, delete or replace to make b out
// of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// settingsCmd is "dossier config".
type settingsCmd struct {
	app.Server
}

func (settingsCmd) Examples() string {
	return `dossier config
DOSSIER_LISTEN=:80 dossier config --config dossier.toml`
}

// Run prints the settings in the order of their declaration.
func (c *settingsCmd) Run(p *process) error {
	fromFlag, fromFile := map[string]bool{}, map[string]bool{}
	for _, path := range p.parsed.Path {
		if path.Flag == nil {
			continue
		}
		if path.Resolved {
			fromFile[path.Flag.Name] = true
		} else {
			fromFlag[path.Flag.Name] = true
		}
	}
	tab := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, node := range []*kong.Node{p.parsed.Model.Node, p.parsed.Selected()} {
		for _, f := range node.Flags {
			if !isSetting(f) {
				continue
			}
			source := "default"
			switch env := envOf(f); {
			case fromFlag[f.Name]:
				source = "flag --" + f.Name
			case env != "":
				source = "environment " + env
			case fromFile[f.Name]:
				source = "file " + p.cli.Config
			}
			fmt.Fprintf(tab, "%s\t%s\t%s\n", f.Name, quoted(app.Masked(fmt.Sprint(f.Target.Interface()))), source)
		}
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	config := p.config(c.Server)
	return config.Check()
}

// quoted makes the empty value visible.
func quoted(s string) string {
	if s == "" {
		return `""`
	}
	return s
}
