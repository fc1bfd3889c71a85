package sage

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/resource"
)

func TestParseQuery(t *testing.T) {
	for raw, want := range map[string]string{
		"where=id=1":                                "id=1",
		"page=0&&where=id=1":                        "id=1",
		"Where=id%3D1":                              "id=1",
		"where=name%20=%20'a+b'":                    "name = 'a b'",
		"where=name LIKE 'A%'":                      "name LIKE 'A%'",
		"where=name LIKE '%acme%'":                  "name LIKE '%acme%'", // %ac is no UTF-8
		"where=name%20LIKE%20'%25espa%C3%B1a%25'":   "name LIKE '%españa%'",
		"where=name='Smith & Sons'&page=2":          "name='Smith & Sons'",
		"where=name='O''Neil & Co' AND id=1&lang=x": "name='O''Neil & Co' AND id=1",
		"where=a;b":                                 "a;b",
		"where=":                                    "",
		"where":                                     "",
		"where=1&where=2":                           "1",
		"":                                          "",
		"=x&where=%":                                "%",
		"where=%E2%82%AC%E2%82":                     "€%E2%82",
		"where=email='a@b.c'&where2=x&limit=9":      "email='a@b.c'",
	} {
		if got := parseQuery(raw)["where"]; got != want {
			t.Errorf("where of %q = %q, want %q", raw, got, want)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("where=name='a&b'&&page=%zz%41")
	f.Fuzz(func(t *testing.T, raw string) {
		parseQuery(raw)
	})
}

func TestPageSize(t *testing.T) {
	for _, tt := range []struct {
		headers map[string]string
		want    int
	}{
		{nil, 50},
		{map[string]string{"count": "300"}, 300},
		{map[string]string{"Count": "9999"}, 1000},
		{map[string]string{"Count": "99999999999999999999"}, 1000},
		{map[string]string{"Count": "0"}, 50},
		{map[string]string{"Count": "-3"}, 50},
		{map[string]string{"Count": "many"}, 50},
		{map[string]string{"X-FM-Entity-Count": "7"}, 7},
		{map[string]string{"X-FM-Entity-Count": "7", "Count": "8"}, 8},
	} {
		h := http.Header{}
		for k, v := range tt.headers {
			h.Set(k, v)
		}
		if got := pageSize(h); got != tt.want {
			t.Errorf("page size of %v = %d, want %d", tt.headers, got, tt.want)
		}
	}
}

func TestPageNumberAndLanguage(t *testing.T) {
	h := http.Header{"X-Fm-Page": {"3"}}
	if got := pageNumber(query{}, h); got != 3 {
		t.Errorf("page from X-FM-Page = %d", got)
	}
	for raw, want := range map[string]int{"2": 2, "-1": 0, "x": 0, "": 0, "99999999999999999999": maxPage} {
		if got := pageNumber(query{"page": raw}, h); got != want {
			t.Errorf("page %q = %d, want %d", raw, got, want)
		}
	}
	es := language(query{"lang": "es"}, -1)
	if es < 0 || resource.Languages[es] != "ES" {
		t.Errorf("lang=es is language %d", es)
	}
	if got := language(query{"lang": "tlh"}, es); got != es {
		t.Errorf("unknown lang gives %d, want the user's %d", got, es)
	}
}

func TestNesting(t *testing.T) {
	for text, want := range map[string]int{
		`1`: 0, `{}`: 1, `[[],[[]]]`: 3, `{"a":"[[[[","b":{"\\":"\"{{"}}`: 2, `"\\[`: 0, `]]]`: 0,
	} {
		if got := nesting([]byte(text)); got != want {
			t.Errorf("nesting of %s = %d, want %d", text, got, want)
		}
	}
}

// A long query with many separators costs time in proportion to its length.
func TestLongQuery(t *testing.T) {
	raw := "where=x='" + strings.Repeat("&", 1<<20) + "'"
	if got, want := parseQuery(raw)["where"], "x='"+strings.Repeat("&", 1<<20)+"'"; got != want {
		t.Errorf("%d bytes come back of %d", len(got), len(want))
	}
}
