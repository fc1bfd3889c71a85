package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// results are what a run has found out.
type results struct {
	Started   time.Time
	Seconds   float64
	Scale     int
	Machine   string
	Versions  []string
	Elsewhere float64 // part of the processors' time that strangers used
	Rows      []row
	Raw       []raw
	Uploads   []upload

	since usage // the start
}

// row is one line of the table.
type row struct {
	Job, Dossier, Peer, Ratio, Target string
	Met                               string
	met                               *bool
}

// raw are all rounds of one job.
type raw struct {
	Job         string
	Connections int
	Elsewhere   float64 // as in results, of the time that the job took
	Samples     []sample
}

// upload are all turns of one server with the document, in MB/s, and by how much
// it grew, in MiB.
type upload struct {
	Server string
	Speeds []float64
	Growth float64
}

func verdict(met bool) *bool { return &met }

func (r *results) add(row row) {
	switch {
	case row.met == nil:
		row.Met = "–"
	case *row.met:
		row.Met = "met"
	default:
		row.Met = "missed"
	}
	r.Rows = append(r.Rows, row)
}

// versus adds a row that compares the rates of Dossier, target 0, with those of
// another. A least ratio of 0 is no target.
func (b *bench) versus(job string, got rounds, peer int, name string, least float64) {
	ratio := got.ratio(0, peer)
	r := row{
		Job: job, Dossier: got.rate(0).text("%.0f", "/s"), Peer: name + " " + got.rate(peer).text("%.0f", "/s"),
		Ratio: ratio.text("%.2f", "×"), Target: "–",
	}
	if least > 0 {
		r.Target, r.met = "≥ "+strconv.FormatFloat(least, 'g', 3, 64)+"×", verdict(ratio.median >= least)
	}
	b.results.add(r)
}

// text is the median and, when they differ, the least and the greatest.
func (s spread) text(format, unit string) string {
	if s.low == s.high {
		return fmt.Sprintf(format, s.median) + unit
	}
	return fmt.Sprintf(format+"%s ["+format+"–"+format+"]", s.median, unit, s.low, s.high)
}

// begin notes what the run is of.
func (b *bench) begin() {
	b.results.Started, b.results.Scale, b.results.Machine = time.Now(), b.opts.scale, machine()
	b.results.since = b.usage()
}

// versions asks for those of the server and its peers.
func (r *results) versions(ctx context.Context, b *bench) error {
	dossier, err := b.output(ctx, b.dir, b.opts.dossier, "version")
	if err != nil {
		return err
	}
	peers, err := b.output(ctx, "", "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/pocketbase/pocketbase",
		"github.com/versity/versitygw", "github.com/tus/tusd/v2", "github.com/ncruces/go-sqlite3")
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(dossier, "\n")
	r.Versions = append([]string{first, runtime.Version()}, strings.Split(peers, "\n")...)
	return nil
}

// machine describes the processors, the memory and the system.
func machine() string {
	find := func(file, key string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			return "unknown"
		}
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
				return strings.TrimSpace(value)
			}
		}
		return "unknown"
	}
	memory := find("/proc/meminfo", "MemTotal")
	if kib, err := strconv.ParseInt(strings.TrimSuffix(memory, " kB"), 10, 64); err == nil {
		memory = fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
	}
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("unknown")
	}
	return fmt.Sprintf("%d × %s, %s, Linux %s", runtime.NumCPU(), find("/proc/cpuinfo", "model name"), memory, bytes.TrimSpace(kernel))
}

// usage is how long processors have worked up to a moment.
type usage struct {
	at        time.Time
	busy, own time.Duration // all processors for all processes; for this benchmark
}

func (b *bench) usage() usage {
	u := usage{at: time.Now(), busy: processorTime()}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var r syscall.Rusage
		if err := syscall.Getrusage(who, &r); err == nil {
			u.own += time.Duration(r.Utime.Nano() + r.Stime.Nano())
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.running {
		u.own += p.processorTime()
	}
	return u
}

// elsewhere is the part of the processors' time since u that strangers used.
func (b *bench) elsewhere(since usage) float64 {
	now := b.usage()
	others := (now.busy - since.busy) - (now.own - since.own)
	return max(0, others.Seconds()) / now.at.Sub(since.at).Seconds() / float64(runtime.NumCPU())
}

// ticks reads a time in the unit that the kernel shows to programs.
func ticks(field string) time.Duration {
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n) * (time.Second / 100)
}

// processorTime is what all processors together have worked since the system
// started.
func processorTime() (busy time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		// The name, then: user nice system [idle iowait] irq softirq steal.
		if i > 0 && i < 9 && i != 4 && i != 5 {
			busy += ticks(field)
		}
	}
	return busy
}

// facts are the lines above the table.
func (r *results) facts() []string {
	facts := []string{
		fmt.Sprintf("%s, %d accounts, %.0f s in all", r.Started.UTC().Format("2006-01-02 15:04 MST"), r.Scale, r.Seconds),
		r.Machine,
		strings.Join(r.Versions, " · "),
	}
	if r.Elsewhere >= 0.02 {
		facts = append(facts, fmt.Sprintf("Other processes used %.0f %% of the processors meanwhile.", 100*r.Elsewhere))
	}
	return facts
}

var headings = row{"job", "Dossier", "peer", "ratio", "target", "", nil}

func (r row) cells() []string { return []string{r.Job, r.Dossier, r.Peer, r.Ratio, r.Target, r.Met} }

// table is for a terminal.
func (r *results) table() string {
	rows := append([]row{headings}, r.Rows...)
	width := make([]int, len(headings.cells()))
	for _, row := range rows {
		for i, c := range row.cells() {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, fact := range r.facts() {
		b.WriteString(fact + "\n")
	}
	for _, row := range rows {
		line := ""
		for i, c := range row.cells() {
			line += c + strings.Repeat(" ", width[i]-utf8.RuneCountInString(c)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// markdown is the marked section of the document.
func (r *results) markdown() string {
	var b strings.Builder
	for _, fact := range r.facts() {
		b.WriteString("- " + fact + "\n")
	}
	b.WriteByte('\n')
	for i, row := range append([]row{headings}, r.Rows...) {
		b.WriteString("| " + strings.Join(row.cells(), " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row.cells())) + "|\n")
		}
	}
	return b.String()
}

// save writes everything to a file of its own.
func (r *results) save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, r.Started.UTC().Format("20060102T150405Z")+".json"), append(text, '\n'), 0o644)
}

// Marks around the section that the benchmark writes.
const (
	beginMark = "<!-- bench: begin -->\n"
	endMark   = "<!-- bench: end -->\n"
)

// publish puts the table into the document.
func (r *results) publish(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = replaceSection(text, r.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}

func replaceSection(text []byte, section string) ([]byte, error) {
	before, rest, ok := bytes.Cut(text, []byte(beginMark))
	_, after, ok2 := bytes.Cut(rest, []byte(endMark))
	if !ok || !ok2 {
		return nil, fmt.Errorf("the marks %q and %q are not there in this order", strings.TrimSpace(beginMark), strings.TrimSpace(endMark))
	}
	return bytes.Join([][]byte{before, []byte(beginMark), []byte(section), []byte(endMark), after}, nil), nil
}
