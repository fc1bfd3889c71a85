package testenv_test

import (
	"runtime"
	"testing"

	"github.com/dossier-crm/dossier/internal/testenv"
)

// outcome stands in for the T of a test and notes how the test ended.
type outcome struct {
	testing.TB
	skipped, failed bool
}

func (o *outcome) Helper()               {}
func (o *outcome) Skipf(string, ...any)  { o.skipped = true; runtime.Goexit() }
func (o *outcome) Fatalf(string, ...any) { o.failed = true; runtime.Goexit() }

func TestNeed(t *testing.T) {
	const url = "postgres://localhost/x"
	for _, tt := range []struct {
		url, require    string
		skipped, failed bool
	}{
		{url, "", false, false},
		{url, "postgres", false, false},
		{"", "", true, false},
		{"", "s3", true, false},
		{"", "s3,postgres", false, true},
	} {
		t.Setenv("DOSSIER_TEST_POSTGRES", tt.url)
		t.Setenv("DOSSIER_TEST_REQUIRE", tt.require)
		o := &outcome{TB: t}
		got := make(chan string, 1)
		go func() {
			defer close(got)
			got <- testenv.Postgres(o)
		}()
		if s := <-got; s != tt.url || o.skipped != tt.skipped || o.failed != tt.failed {
			t.Errorf("%+v: %q, skipped %v, failed %v", tt, s, o.skipped, o.failed)
		}
	}
}
