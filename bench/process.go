package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Times that a server has.
const (
	startLimit = 60 * time.Second
	stopLimit  = 20 * time.Second
)

// process is a server that the benchmark has started. It ends with it, whatever
// way that goes: the kernel sees to it when nobody else can.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // file that it prints to
	done chan struct{} // closed when it has ended
	err  error         // how; to be read after done
	stop sync.Once
}

// start runs a program in the background. The caller has b.end stop it at the
// latest.
func (b *bench) start(name, program string, args ...string) (*process, error) {
	p := &process{
		name: name, cmd: exec.Command(program, args...),
		log: filepath.Join(b.dir, name+".log"), done: make(chan struct{}),
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = b.environment()
	p.cmd.Dir = b.dir
	// A group of its own keeps Ctrl-C from it: the benchmark ends it in order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	b.mu.Lock()
	b.running = append(b.running, p)
	b.mu.Unlock()
	return p, nil
}

// end stops the process by its id, in order if it lets itself be.
func (p *process) end() {
	p.stop.Do(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		select {
		case <-p.done:
		case <-time.After(stopLimit):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	})
}

// end stops everything that was started.
func (b *bench) end() {
	b.mu.Lock()
	running := b.running
	b.running = nil
	b.mu.Unlock()
	for _, p := range running {
		p.end()
	}
}

// environment is that of the benchmark, without settings for the servers.
func (b *bench) environment() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "DOSSIER_") && !strings.HasPrefix(pair, "VGW_") {
			env = append(env, pair)
		}
	}
	return env
}

// output runs a program to its end and returns what it printed.
func (b *bench) output(ctx context.Context, dir, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, b.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

// firstAnswer waits until the process answers a request with status 200, and
// returns the time since it was started.
func (p *process) firstAnswer(ctx context.Context, started time.Time, addr string, request []byte) (time.Duration, error) {
	c := newClient(addr)
	defer c.close()
	ctx, cancel := context.WithDeadline(ctx, started.Add(startLimit))
	defer cancel()
	for {
		status, _, err := c.do(ctx, request)
		if err == nil && status == 200 {
			return time.Since(started), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%s does not answer (%w): %s", p.name, ctx.Err(), p.tail())
		case <-p.done:
			return 0, fmt.Errorf("%s ended (%v): %s", p.name, p.err, p.tail())
		case <-time.After(time.Millisecond):
		}
	}
}

// tail is the end of what it printed.
func (p *process) tail() string {
	const most = 4 << 10
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// memory reads a line of /proc/PID/status, such as VmRSS or VmHWM, in bytes.
func (p *process) memory(key string) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("/proc/PID/status has no " + key)
}

// processorTime is what the process has worked.
func (p *process) processorTime() time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0 // it has ended, and counts with those that have
	}
	// The name, in parentheses, may hold spaces; utime and stime are the 12th and
	// 13th field after it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	return ticks(fields[11]) + ticks(fields[12])
}

// resetPeak makes VmHWM count from now.
func (p *process) resetPeak() error {
	return os.WriteFile("/proc/"+strconv.Itoa(p.cmd.Process.Pid)+"/clear_refs", []byte("5"), 0)
}

// freeAddr finds a loopback port that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// forget drops a file from the page cache, so that the next read is from disk.
func forget(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // dirty pages stay
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
