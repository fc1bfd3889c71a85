package filter_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dossier-crm/dossier/internal/filter"
)

func TestMatchLike(t *testing.T) {
	long := strings.Repeat("ab", 40) // longer than one machine word
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"%", "", true},
		{"%%", "any", true},
		{"_", "", false},
		{"_", "ñ", true},
		{"_", "ab", false},
		{"abc", "abc", true},
		{"abc", "abcd", false},
		{"a%", "abc", true},
		{"%c", "abc", true},
		{"%b%", "abc", true},
		{"a%a", "a", false}, // the two ends may not share
		{"a%a", "aa", true},
		{"%_a", "a", false},
		{"_%_", "a", false},
		{"_%_", "ñü", true},
		{"%españa%", "viva españa!", true},
		{"espa_a", "españa", true},
		{"%a_c%", "xxabxaxcx", true},
		{"%a_c%", "xxabxaxx", false},
		{"%ñ_ñ%", "ñañ", true},
		{"%ñ_ñ%", "ñaañ", false},
		{"%ab%ab", "ab", false},
		{"%ab%ab", "abab", true},
		{"%aab%", "aaab", true},
		{"%a_b_%c", "aaabbxc", true},
		{"08___", "08001", true},
		{"08___", "0800", false},
		{`a\%`, `a\x`, true}, // no escape
		{`a\_`, "a_", false},
		{"%" + long + "_x%", "--" + long + "!x--", true},
		{"%" + long + "_x%", "--" + long + "!y--", false},
		{"%" + long + "_ñ%", "ab" + long + "ññ", true},
		{"%_" + long + "%", long, false},
		{"%_" + long + "%", "ü" + long, true},
		{"%" + strings.Repeat("_", 64) + "%", strings.Repeat("x", 63), false},
		{"%" + strings.Repeat("_", 64) + "%", strings.Repeat("x", 64), true},
		{"%" + strings.Repeat("_", 65) + "%", strings.Repeat("x", 64), false},
		{"%" + strings.Repeat("_", 65) + "%", strings.Repeat("ñ", 65), true},
		{"%" + strings.Repeat("_", 128) + "%", strings.Repeat("ñ", 128), true},
	} {
		if got := filter.MatchLike(c.pattern, c.s); got != c.want {
			t.Errorf("MatchLike(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

// TestMatchLikeIsARegexp compares with package regexp, which is linear too.
func TestMatchLikeIsARegexp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([]string{"aabñ%%_", "aaaa_", "aaaab_"}).Draw(t, "alphabet")
		pattern := "%" + rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 90, -1).Draw(t, "pattern") + "%"
		s := rapid.StringOfN(rapid.SampledFrom([]rune("aaaaaabñ")), 0, 120, -1).Draw(t, "s")
		want := regexp.MustCompile("(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(pattern)) + "$").MatchString(s)
		if got := filter.MatchLike(pattern, s); got != want {
			t.Fatalf("MatchLike(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestMatchLikeDoesNotAllocate(t *testing.T) {
	for _, pattern := range []string{"%barcelona%", "ab%cd", "%b_rcelona%", "_%ñ_%"} {
		if n := testing.AllocsPerRun(100, func() { filter.MatchLike(pattern, "calle de barcelona, españa") }); n != 0 {
			t.Errorf("MatchLike with %q allocates %v times", pattern, n)
		}
	}
}

// BenchmarkMatchLike includes the longest pattern a where can hold, made to be
// slow, on a text of 1 MiB.
func BenchmarkMatchLike(b *testing.B) {
	for name, c := range map[string]struct{ pattern, s string }{
		"contains": {"%lona%", "comercial barcelona s.l."},
		"wildcard": {"%l_na%", "comercial barcelona s.l."},
		"evil":     {strings.Repeat("%a_", 100) + "%" + strings.Repeat("aaa_", 1900) + "b%", strings.Repeat("a", 1<<20)},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				filter.MatchLike(c.pattern, c.s)
			}
		})
	}
}
