package postgres

import (
	"strings"
	"testing"
	"unicode"

	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// Without any locale of use, fold is a list of all capital letters.
func TestFoldWithoutLocale(t *testing.T) {
	url := testenv.Postgres(t)
	// No letter with two cases stands above the second plane.
	all := everyCharacter()
	all = all[:strings.IndexRune(all, 0x20000)]
	folded := resource.Fold(all)
	expression, ok := correct("$1", []rune(all), []rune(all), []rune(folded))
	if !ok {
		t.Fatal("no expression")
	}
	err := once(t.Context(), url, "", func(c *conn) error {
		return c.Query(t.Context(), "SELECT "+expression, []store.Arg{textArg(all)}, func(r store.Row) error {
			if string(r.Bytes(0)) != folded {
				t.Error("it differs from resource.Fold")
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFoldCorrections(t *testing.T) {
	all := []rune("aAiIİı'Kk")
	folded := []rune(resource.Fold(string(all)))
	lower := func(special unicode.SpecialCase, but string) []rune {
		return []rune(strings.Map(func(r rune) rune {
			if strings.ContainsRune(but, r) {
				return r
			}
			return special.ToLower(r)
		}, string(all)))
	}
	for _, test := range []struct {
		name    string
		lowered []rune
		want    string // "" when it is of no use
	}{
		{"it is Turkish", lower(unicode.TurkishCase, ""), "lower(translate($1, 'I', 'i'))"},
		{"it does not know a letter", lower(nil, "K"), "lower(translate($1, 'K', 'k'))"},
		{"it lowers what Go does not", []rune("aaiiixxkk"), ""},
		{"it looks at more than one character", []rune("aaiii"), ""},
		{"it does not leave the right one alone", []rune("xxiii'kk"), ""},
	} {
		got, ok := correct("lower($1)", all, test.lowered, folded)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%s: %s, %v, want %q", test.name, got, ok, test.want)
		}
	}
}
