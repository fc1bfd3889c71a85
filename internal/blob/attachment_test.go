package blob_test

import (
	"mime"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/blob"
)

func TestAttachment(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf":         `attachment; filename="report.pdf"`,
		"two words.pdf":      `attachment; filename="two words.pdf"`,
		"señal.pdf":          `attachment; filename="se_al.pdf"; filename*=UTF-8''se%C3%B1al.pdf`,
		`a"b\c.txt`:          `attachment; filename="a_b_c.txt"; filename*=UTF-8''a%22b%5Cc.txt`,
		"100%.txt":           `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`,
		"a\r\nSet-Cookie: b": `attachment; filename="a__Set-Cookie: b"; filename*=UTF-8''a%5F%5FSet-Cookie%3A%20b`,
		"日本.png":             `attachment; filename="__.png"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.png`,
		"":                   `attachment; filename=""`,
	} {
		if got := blob.Attachment(name); got != want {
			t.Errorf("Attachment(%q)\n got %s\nwant %s", name, got, want)
		}
	}
}

// Any name makes a header of printable ASCII that other parsers understand, and
// a name that has nothing to neutralise comes through unchanged.
func FuzzAttachment(f *testing.F) {
	for _, s := range []string{"a.pdf", "señal.pdf", "\r\n", `"\%`, "\xff\x00", "filename*=", "日本 (1).png"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := blob.Attachment(name)
		clean := utf8.ValidString(name)
		for i := range len(got) {
			if got[i] < ' ' || got[i] > '~' {
				t.Fatalf("byte %#x in %q", got[i], got)
			}
		}
		for _, r := range name {
			if r < ' ' || r == 0x7f || r == utf8.RuneError {
				clean = false
			}
		}
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q does not parse: %v", got, err)
		}
		if clean && params["filename"] != name {
			t.Fatalf("%q comes out as %q of %q", name, params["filename"], got)
		}
	})
}
