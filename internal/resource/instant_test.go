package resource_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/resource"
)

func TestParseInstant(t *testing.T) {
	for _, c := range []struct {
		text, want string
		inexact    bool
	}{
		{text: "2018-10-10 00:00:00", want: "2018-10-10T00:00:00Z"},
		{text: "2019-01-01 00:00:00", want: "2019-01-01T00:00:00Z"},
		{text: "2018-10-10T09:30:15", want: "2018-10-10T09:30:15Z"},
		{text: "2018-10-10t09:30:15z", want: "2018-10-10T09:30:15Z"},
		{text: "2025-01-01T00:00:00Z", want: "2025-01-01T00:00:00Z"},
		{text: "2026-01-01T00:00:00.000", want: "2026-01-01T00:00:00Z"},
		{text: "2021-12-16T18:04:11.627Z", want: "2021-12-16T18:04:11.627Z"},
		{text: "2021-12-16T18:04:38.2Z", want: "2021-12-16T18:04:38.2Z"},
		{text: "2021-12-16T18:04:11.6279999Z", want: "2021-12-16T18:04:11.627Z", inexact: true},
		{text: "2021-12-16T18:04:11.6270000000Z", want: "2021-12-16T18:04:11.627Z"},
		{text: "1969-12-31T23:59:59.9999Z", want: "1969-12-31T23:59:59.999Z", inexact: true},
		{text: "2018-10-10T00:00:00+07:00", want: "2018-10-09T17:00:00Z"},
		{text: "2018-10-10T00:00:00+0700", want: "2018-10-09T17:00:00Z"},
		{text: "2018-10-10T00:00:00 07:00", want: "2018-10-09T17:00:00Z"}, // a plus sent unescaped
		{text: "2018-10-10 00:00:00.5-03:30", want: "2018-10-10T03:30:00.5Z"},
		{text: "2018-10-10", want: "2018-10-10T00:00:00Z"},
		{text: "2018/10/10", want: "2018-10-10T00:00:00Z"},
		{text: "2018/10/10 09:30:15", want: "2018-10-10T09:30:15Z"},
		{text: "2018-10-10 09:30", want: "2018-10-10T09:30:00Z"},
		{text: "2018-10-10T09:30Z", want: "2018-10-10T09:30:00Z"},
		{text: "2024-02-29", want: "2024-02-29T00:00:00Z"},
		{text: "2000-02-29", want: "2000-02-29T00:00:00Z"},
		{text: "0001-01-01T00:00:00Z", want: "0001-01-01T00:00:00Z"},
		{text: "9999-12-31T23:59:59.999Z", want: "9999-12-31T23:59:59.999Z"},
	} {
		ms, err := resource.ParseInstant(c.text)
		if got := string(resource.AppendInstant(nil, ms)); err != nil || got != c.want {
			t.Errorf("ParseInstant(%q) = %s, %v; want %s", c.text, got, err, c.want)
		}
		floor, exact, err := resource.FloorInstant(c.text)
		if floor != ms || exact == c.inexact || err != nil {
			t.Errorf("FloorInstant(%q) = %d, %v, %v; want %d, %v", c.text, floor, exact, err, ms, !c.inexact)
		}
	}
	for _, bad := range []string{
		"", "now", "2023-02-30", "2023-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "2023-01-00",
		"0000-01-01", "10000-01-01", "23-01-01", "2023-1-1", "2023-01/01", "2023-01-01x", "2023-01-01 ", " 2023-01-01",
		"2023-01-01 24:00:00", "2023-01-01 23:60:00", "2023-01-01 23:59:60", "2023-01-01 9:30", "2023-01-01T09",
		"2023-01-01T09:30:", "2023-01-01T09:30:15.", "2023-01-01T09:30:15.Z", "2023-01-01T09:30:15,5",
		"2023-01-01T09:30:15+24:00", "2023-01-01T09:30:15+07:60", "2023-01-01T09:30:15+7", "2023-01-01T09:30:15ZZ",
		"2023-01-01Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "-001-01-01", "２０２３-01-01",
	} {
		if ms, err := resource.ParseInstant(bad); !errors.Is(err, resource.ErrNotInstant) {
			t.Errorf("ParseInstant(%q) = %d, %v; want ErrNotInstant", bad, ms, err)
		}
	}
}

// strict leaves out what package time reads beyond its own layouts: hours of one
// digit, a comma before the fraction, offsets of 60 minutes or 24 hours.
var strict = regexp.MustCompile(`^.{10}(.[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?$`)

// FuzzInstant checks that whatever is read is shown in a form that reads back,
// and that it agrees with package time on the forms both know.
func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2018-10-10 00:00:00", "2018-10-10T00:00:00.123456+07:00", "2018/10/10", "2024-02-29T09:30Z", "2023-02-30", "9999-12-31T23:59:59-00:01", "0001-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ms, err := resource.ParseInstant(text)
		for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly, "2006/01/02 15:04:05", "2006/01/02", "2006-01-02T15:04Z0700"} {
			want, bad := time.Parse(layout, text)
			if bad != nil || want.UTC().Year() < 1 || want.UTC().Year() > 9999 || !strict.MatchString(text) {
				continue
			}
			if floor := want.UnixMilli(); err != nil || ms != floor {
				t.Fatalf("ParseInstant(%q) = %d, %v; time says %d", text, ms, err, floor)
			}
		}
		if err != nil {
			return
		}
		shown := string(resource.AppendInstant(nil, ms))
		if want := time.UnixMilli(ms).UTC().Format(time.RFC3339Nano); shown != want {
			t.Fatalf("AppendInstant(%d) = %s, want %s", ms, shown, want)
		}
		if back, exact, err := resource.FloorInstant(shown); back != ms || !exact || err != nil {
			t.Fatalf("%q is %d, shown as %s, read back as %d, %v, %v", text, ms, shown, back, exact, err)
		}
	})
}

func BenchmarkAppendInstant(b *testing.B) {
	dst := make([]byte, 0, 64)
	for b.Loop() {
		resource.AppendInstant(dst, 1735689600123)
	}
}

func BenchmarkParseInstant(b *testing.B) {
	for b.Loop() {
		if _, err := resource.ParseInstant("2025-01-01T00:00:00Z"); err != nil {
			b.Fatal(err)
		}
	}
}
