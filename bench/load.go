package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// target is a server in the light of one job: what it is asked, and how its
// answers are known to be right.
type target struct {
	name   string
	server *server

	// request appends the i-th request; i counts over all rounds and connections.
	request func(dst []byte, i uint64) []byte

	// check judges an answer with status 200. It may be nil.
	check func(body []byte) error

	next atomic.Uint64
}

// sample is what one round measured. Its fields are written to the raw results.
type sample struct {
	Server  string  `json:"server"`
	Round   int     `json:"round"`
	Ops     int     `json:"ops"`
	Seconds float64 `json:"seconds"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Max     float64 `json:"max_ms"`
	Worked  float64 `json:"worked_us"` // processor time of the server for one operation
}

// rate is in operations a second.
func (s sample) rate() float64 { return float64(s.Ops) / s.Seconds }

// load keeps a number of connections busy for a time. An answer that is not 200,
// or wrong, ends it with an error.
func (t *target) load(ctx context.Context, connections int, d time.Duration) (sample, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wg    sync.WaitGroup
		all   = make([][]time.Duration, connections)
		work  = t.server.processorTime()
		start = time.Now()
		until = start.Add(d)
	)
	for k := range connections {
		wg.Go(func() {
			c := newClient(t.server.addr)
			defer c.close()
			var request []byte
			took := make([]time.Duration, 0, 1<<14)
			for begin := time.Now(); begin.Before(until); {
				request = t.request(request[:0], t.next.Add(1)-1)
				if err := t.once(ctx, c, request); err != nil {
					cancel(fmt.Errorf("%s: %w", t.name, err))
					return
				}
				end := time.Now()
				took = append(took, end.Sub(begin))
				begin = end
			}
			all[k] = took
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	work = t.server.processorTime() - work
	if err := context.Cause(ctx); err != nil {
		return sample{}, err
	}
	took := slices.Concat(all...)
	if len(took) == 0 {
		return sample{}, errors.New("no time for a single request")
	}
	slices.Sort(took)
	return sample{
		Server: t.name, Ops: len(took), Seconds: elapsed.Seconds(), Worked: 1000 * ms(work) / float64(len(took)),
		P50: ms(quantile(took, 0.50)), P99: ms(quantile(took, 0.99)), Max: ms(took[len(took)-1]),
	}, nil
}

func (t *target) once(ctx context.Context, c *client, request []byte) error {
	status, body, err := c.do(ctx, request)
	if err != nil {
		return err
	}
	if status != 200 {
		return fmt.Errorf("status %d: %.300s", status, body)
	}
	if t.check == nil {
		return nil
	}
	return t.check(body)
}

// rounds is a job's samples, by target and round.
type rounds [][]sample

// compare runs a job on each target in turn, several times over, so that what
// else the machine does falls on all of them. A first short turn, not counted,
// warms them up.
func (b *bench) compare(ctx context.Context, job string, connections int, targets ...*target) (rounds, error) {
	b.progress("%s", job)
	since, result := b.usage(), make(rounds, len(targets))
	for _, t := range targets {
		if _, err := t.load(ctx, connections, b.opts.round/4); err != nil {
			return nil, fmt.Errorf("%s: %w", job, err)
		}
	}
	for round := range b.opts.rounds {
		for i, t := range targets {
			s, err := t.load(ctx, connections, b.opts.round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", job, err)
			}
			s.Round = round
			result[i] = append(result[i], s)
		}
	}
	elsewhere := b.elsewhere(since)
	b.results.Raw = append(b.results.Raw, raw{
		Job: job, Connections: connections, Elsewhere: elsewhere, Samples: slices.Concat(result...),
	})
	line := ""
	for i, t := range targets {
		line += fmt.Sprintf("%s %.0f/s working %.0f µs each, ", t.name, result.rate(i).median,
			result.of(i, func(s sample) float64 { return s.Worked }).median)
	}
	b.progress("  %sstrangers %.0f %%", line, 100*elsewhere)
	return result, nil
}

// spread is the middle, the least and the greatest of some values.
type spread struct{ median, low, high float64 }

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{(sorted[(n-1)/2] + sorted[n/2]) / 2, sorted[0], sorted[n-1]}
}

// rate is over the rounds of target i.
func (r rounds) rate(i int) spread { return r.of(i, sample.rate) }

func (r rounds) of(i int, value func(sample) float64) spread {
	values := make([]float64, len(r[i]))
	for k, s := range r[i] {
		values[k] = value(s)
	}
	return spreadOf(values)
}

// ratio is target i's rate by that of target k, round by round.
func (r rounds) ratio(i, k int) spread {
	values := make([]float64, len(r[i]))
	for n := range values {
		values[n] = r[i][n].rate() / r[k][n].rate()
	}
	return spreadOf(values)
}

// quantile is of sorted durations.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
