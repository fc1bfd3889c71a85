// Command bench measures Dossier side by side with other servers on this machine:
// the same rows, the same client, in turns. It prints one table of ratios, and
// docs/BENCHMARKS.md says how to read it.
//
//	go run .                                    the whole of it; 1,000,000 accounts
//	go run . --scale 20000 --round 500ms        a trial run
//	go run . --dir /tmp/bench --only list       again on the data of an earlier run
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// fullScale is the number of accounts that the targets are for.
const fullScale = 1_000_000

type options struct {
	scale   int
	dir     string
	dossier string
	only    *regexp.Regexp
	round   time.Duration
	rounds  int
	results string
	doc     string
}

// bench is one run.
type bench struct {
	opts    options
	dir     string
	peers   peers
	dossier *dossier
	pocket  *pocketbase
	bare    *server
	results results

	mu      sync.Mutex
	running []*process
}

func main() {
	// Servers are to end with this process, and the kernel takes the thread that
	// started them for it.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	b := &bench{}
	o := &b.opts
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.scale, "scale", fullScale, "`accounts` to measure with; the targets are for 1,000,000")
	flags.StringVar(&o.dir, "dir", "", "`folder` for all data, kept and used again; without it a temporary one")
	flags.StringVar(&o.dossier, "dossier", filepath.Join("..", "bin", "dossier"), "`program` to measure")
	only := flags.String("only", "", "measure only the groups that match the `regexp`")
	flags.DurationVar(&o.round, "round", 3*time.Second, "`time` that a server is kept busy for in one round")
	flags.IntVar(&o.rounds, "rounds", 3, "`number` of rounds")
	flags.StringVar(&o.results, "results", "results", "`folder` for the raw figures")
	flags.StringVar(&o.doc, "doc", filepath.Join("..", "docs", "BENCHMARKS.md"), "`document` whose marked section a complete run at full scale writes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	if o.scale < 2000 || o.rounds < 1 || o.round < 4*time.Millisecond || flags.NArg() > 0 {
		return errors.New("at least 2000 accounts, 1 round and 4 ms are needed, and no arguments; see --help")
	}
	if o.dossier, err = filepath.Abs(o.dossier); err != nil {
		return err
	}
	if b.dir, err = o.folder(); err != nil {
		return err
	}
	if o.dir == "" {
		defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	}
	defer b.end()

	b.begin()
	if err := b.prepare(ctx); err != nil {
		return err
	}
	for _, g := range groups {
		if !o.only.MatchString(g.name) {
			continue
		}
		if err := g.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	b.end()
	b.results.Seconds = time.Since(b.results.Started).Seconds()
	b.results.Elsewhere = b.elsewhere(b.results.since)
	fmt.Print(b.results.table())
	if err := b.results.save(o.results); err != nil {
		return err
	}
	if o.scale == fullScale && *only == "" && o.dir == "" {
		return b.results.publish(o.doc)
	}
	return nil
}

// folder makes the folder for all data.
func (o *options) folder() (string, error) {
	if o.dir == "" {
		return os.MkdirTemp("", "dossier-bench-")
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o700)
}

// progress tells what is going on, on standard error.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%7.1f s  %s\n", time.Since(b.results.Started).Seconds(), fmt.Sprintf(format, args...))
}
