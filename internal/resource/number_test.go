package resource_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
)

func TestParseNumber(t *testing.T) {
	const min, max = math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		text  string
		scale int
		v     int64
		floor int64
		exact bool
		err   error
	}{
		{"0", 0, 0, 0, true, nil},
		{"-0", 6, 0, 0, true, nil},
		{"5000", 6, 5000000000, 5000000000, true, nil},
		{"1999.99", 6, 1999990000, 1999990000, true, nil},
		{"-0.5", 6, -500000, -500000, true, nil},
		{"5e3", 2, 500000, 500000, true, nil},
		{"5E+3", 2, 500000, 500000, true, nil},
		{"1234500e-5", 2, 1235, 1234, false, nil},
		{"123.4500", 2, 12345, 12345, true, nil},
		{"0.1234565", 6, 123457, 123456, false, nil},
		{"0.1234564", 6, 123456, 123456, false, nil},
		{"-0.1234565", 6, -123457, -123457, false, nil},
		{"-0.1234564", 6, -123456, -123457, false, nil},
		{"0.04999", 1, 0, 0, false, nil},
		{"-0.04999", 1, 0, -1, false, nil},
		{"0.5", 0, 1, 0, false, nil},
		{"-0.5", 0, -1, -1, false, nil},
		{"1e-400000000000", 6, 0, 0, false, nil},
		{"-1e-400000000000", 6, 0, -1, false, nil},
		{"0e400000000000", 6, 0, 0, true, nil},
		{"0.00000000000000000001e20", 0, 1, 1, true, nil},
		{"9223372036854775807", 0, max, max, true, nil},
		{"-9223372036854775808", 0, min, min, true, nil},
		{"9223372036854775807.4", 0, max, max, false, nil},
		{"9223372036854.775807", 6, max, max, true, nil},

		{"9223372036854775808", 0, max, max, false, resource.ErrNumberRange},
		{"-9223372036854775809", 0, min, min, false, resource.ErrNumberRange},
		{"99999999999999999999", 0, max, max, false, resource.ErrNumberRange},
		{"-1e400000000000", 0, min, min, false, resource.ErrNumberRange},
		{"9223372036855", 6, max, max, false, resource.ErrNumberRange},
	} {
		v, exact, err := resource.ParseNumber(c.text, c.scale)
		if v != c.v || exact != c.exact || !errors.Is(err, c.err) {
			t.Errorf("ParseNumber(%q, %d) = %d, %v, %v; want %d, %v, %v", c.text, c.scale, v, exact, err, c.v, c.exact, c.err)
		}
		v, exact, err = resource.FloorNumber(c.text, c.scale)
		if v != c.floor || exact != c.exact || !errors.Is(err, c.err) {
			t.Errorf("FloorNumber(%q, %d) = %d, %v, %v; want %d, %v, %v", c.text, c.scale, v, exact, err, c.floor, c.exact, c.err)
		}
	}
	// The two roundings leave the range at different places.
	if v, _, err := resource.ParseNumber("9223372036854775807.5", 0); v != max || !errors.Is(err, resource.ErrNumberRange) {
		t.Errorf("rounding up past the range: %d, %v", v, err)
	}
	if v, _, err := resource.FloorNumber("-9223372036854775808.1", 0); v != min || !errors.Is(err, resource.ErrNumberRange) {
		t.Errorf("flooring past the range: %d, %v", v, err)
	}
	for _, bad := range []string{"", " ", "-", "+1", "1.", ".5", "01", "-01", "1e", "1e+", "1 ", " 1", "1,5", "0x10", "NaN", "Inf", "1_0", "--1", "1.2.3", "१"} {
		if _, _, err := resource.ParseNumber(bad, 2); !errors.Is(err, resource.ErrNotNumber) {
			t.Errorf("ParseNumber(%q): error %v, want ErrNotNumber", bad, err)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	for _, c := range []struct {
		v     int64
		scale int
		want  string
	}{
		{0, 0, "0"},
		{0, 6, "0"},
		{5000000000, 6, "5000"},
		{1999990000, 6, "1999.99"},
		{-500000, 6, "-0.5"},
		{-1, 12, "-0.000000000001"},
		{41387917000000, 12, "41.387917"},
		{10, 0, "10"},
		{math.MaxInt64, 6, "9223372036854.775807"},
		{math.MinInt64, 0, "-9223372036854775808"},
		{math.MinInt64, 19, "-0.9223372036854775808"},
	} {
		if got := string(resource.AppendNumber(nil, c.v, c.scale)); got != c.want {
			t.Errorf("AppendNumber(%d, %d) = %s, want %s", c.v, c.scale, got, c.want)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	dst := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { resource.AppendNumber(dst, -1999990000, 6) }); n != 0 {
		t.Errorf("AppendNumber allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { resource.AppendInstant(dst, 1735689600123) }); n != 0 {
		t.Errorf("AppendInstant allocates %v times", n)
	}
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// FuzzNumber compares with math/big, and checks that what is appended reads back.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-0.5", "1999.99", "1e3", "12E-7", "9223372036854775807", "-9223372036854775808.5", "0.0000005", "00", "1.", "abc", "1e-99"} {
		f.Add(s, uint8(6))
	}
	f.Add("0.5", uint8(0))
	f.Add("-41.3879169999995", uint8(12))
	f.Fuzz(func(t *testing.T, text string, scale8 uint8) {
		scale := int(scale8 % 19)
		v, exact, err := resource.ParseNumber(text, scale)
		if isNumber := jsonNumber.MatchString(text); isNumber == errors.Is(err, resource.ErrNotNumber) {
			t.Fatalf("ParseNumber(%q): %v, but JSON syntax is %v", text, err, isNumber)
		}
		if err == nil {
			out := resource.AppendNumber(nil, v, scale)
			if !json.Valid(out) {
				t.Fatalf("AppendNumber(%d, %d) = %s is no JSON", v, scale, out)
			}
			if back, ok, err := resource.ParseNumber(string(out), scale); back != v || !ok || err != nil {
				t.Fatalf("%d at scale %d became %s, read back as %d, %v, %v", v, scale, out, back, ok, err)
			}
		}
		if i := strings.IndexAny(text, "eE"); errors.Is(err, resource.ErrNotNumber) || i >= 0 && len(text)-i > 5 {
			return // math/big would build a number of that many digits
		}

		x, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("math/big cannot read %q", text)
		}
		x.Mul(x, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		floor := new(big.Int).Div(x.Num(), x.Denom()) // Euclidean: rounds down, as the denominator is positive
		round := new(big.Rat).Add(new(big.Rat).Abs(x), big.NewRat(1, 2))
		nearest := new(big.Int).Div(round.Num(), round.Denom())
		if x.Sign() < 0 {
			nearest.Neg(nearest)
		}
		check := func(name string, got int64, exact bool, err error, want *big.Int) {
			t.Helper()
			switch {
			case !want.IsInt64():
				limit := int64(math.MaxInt64)
				if want.Sign() < 0 {
					limit = math.MinInt64
				}
				if !errors.Is(err, resource.ErrNumberRange) || got != limit {
					t.Fatalf("%s(%q, %d) = %d, %v; want out of range with %d", name, text, scale, got, err, limit)
				}
			case err != nil || got != want.Int64() || exact != x.IsInt():
				t.Fatalf("%s(%q, %d) = %d, %v, %v; want %s, %v", name, text, scale, got, exact, err, want, x.IsInt())
			}
		}
		check("ParseNumber", v, exact, err, nearest)
		v, exact, err = resource.FloorNumber(text, scale)
		check("FloorNumber", v, exact, err, floor)
	})
}

func BenchmarkAppendNumber(b *testing.B) {
	dst := make([]byte, 0, 64)
	for b.Loop() {
		resource.AppendNumber(dst, 1999990000, 6)
	}
}
