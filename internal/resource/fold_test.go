package resource_test

import (
	"testing"
	"unicode"

	"github.com/dossier-crm/dossier/internal/resource"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"ESPAÑA", "españa"},
		{"España", "españa"},
		{"STRASSE straße ẞ", "strasse straße ß"},
		{"İstanbul ISTANBUL ı", "istanbul istanbul ı"}, // simple mapping: no combining dot
		{"ΌΣΟΣ", "όσοσ"},                               // no final sigma
		{"Ünïçødé ЖУК", "ünïçødé жук"},
		{"a\xffB", "a\ufffdb"},
	} {
		if got := resource.Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if 0xD800 <= r && r < 0xE000 {
			continue // surrogates are not text
		}
		want := string(unicode.ToLower(r))
		if got := resource.Fold(string(r)); got != want {
			t.Fatalf("Fold(%U) = %q, want %q", r, got, want)
		}
		if again := resource.Fold(want); again != want {
			t.Fatalf("Fold is not idempotent on %U: %q, then %q", r, want, again)
		}
	}
}

func TestFoldDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"barcelona 08001", "españa"} {
		folded := ""
		if n := testing.AllocsPerRun(100, func() { folded = resource.Fold(s) }); n != 0 || folded != s {
			t.Errorf("Fold(%q) allocates %v times", s, n)
		}
	}
}
