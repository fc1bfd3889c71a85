package main

import (
	"strings"
	"testing"
	"time"
)

func TestReplaceSection(t *testing.T) {
	text := "# Title\n\n" + beginMark + "old\nlines\n" + endMark + "\nRest.\n"
	got, err := replaceSection([]byte(text), "new\n")
	if want := "# Title\n\n" + beginMark + "new\n" + endMark + "\nRest.\n"; err != nil || string(got) != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
	for _, text := range []string{"", beginMark, endMark, endMark + beginMark} {
		if got, err := replaceSection([]byte(text), "new\n"); err == nil {
			t.Errorf("%q became %q, want an error", text, got)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   spread
		text   string
	}{
		{[]float64{3}, spread{3, 3, 3}, "3.0 ms"},
		{[]float64{9, 1, 4}, spread{4, 1, 9}, "4.0 ms [1.0–9.0]"},
		{[]float64{4, 1, 3, 2}, spread{2.5, 1, 4}, "2.5 ms [1.0–4.0]"},
	} {
		got := spreadOf(test.values)
		if got != test.want || got.text("%.1f", " ms") != test.text {
			t.Errorf("%v: got %v %q, want %v %q", test.values, got, got.text("%.1f", " ms"), test.want, test.text)
		}
	}
}

func TestQuantile(t *testing.T) {
	var took []time.Duration
	for i := range 100 {
		took = append(took, time.Duration(i+1))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(took, q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
}

// The ratio is taken round by round, so that a slow moment of the machine falls
// on both sides of one division only.
func TestRatioByRound(t *testing.T) {
	got := rounds{
		{{Ops: 100, Seconds: 1}, {Ops: 10, Seconds: 1}, {Ops: 60, Seconds: 1}},
		{{Ops: 50, Seconds: 1}, {Ops: 5, Seconds: 1}, {Ops: 20, Seconds: 1}},
	}.ratio(0, 1)
	if want := (spread{2, 2, 3}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestVersus(t *testing.T) {
	b := &bench{}
	got := rounds{{{Ops: 30, Seconds: 1}}, {{Ops: 10, Seconds: 1}}}
	b.versus("a", got, 1, "peer", 3)
	b.versus("b", got, 1, "peer", 3.5)
	b.versus("c", got, 1, "peer", 0)
	for i, want := range []string{"≥ 3× met", "≥ 3.5× missed", "– –"} {
		if r := b.results.Rows[i]; r.Target+" "+r.Met != want {
			t.Errorf("row %d: %q %q, want %q", i, r.Target, r.Met, want)
		}
	}
	if text := b.results.markdown(); !strings.Contains(text, "| a | 30/s | peer 10/s | 3.00× | ≥ 3× | met |\n") {
		t.Errorf("no row of a in\n%s", text)
	}
}

// Accounts asked for at random are spread over all of them.
func TestNumber(t *testing.T) {
	var seen [16]int
	for i := range uint64(1600) {
		seen[number(i)%16]++
	}
	for k, n := range seen {
		if n < 50 || n > 150 {
			t.Errorf("%d of 1600 numbers leave %d, want about 100", n, k)
		}
	}
}
