package document_test

import (
	"context"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
)

// No text but the one that was signed opens a locator or a link, and every other
// one is refused as forbidden.
func FuzzToken(f *testing.F) {
	w := newWorld(f)
	id := w.put("a", []byte("a"))
	locator := token(w.create(document.Request{Name: "b"}).Locator)
	link := token(w.link(id))
	for _, s := range []string{
		"", "A", locator, link, locator + link, link[1:], link + "=", locator[:40], strings.Repeat("A", 96), "\x00\xff", "AWQ",
		strings.Repeat("_", 200),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := document.WorkspaceOf(linkKey(), text)
		switch {
		case text == link || text == locator:
			if err != nil || name != "demo" {
				t.Errorf("a token of workspace %q, %v", name, err)
			}
		default:
			wantKind(t, "WorkspaceOf", err, fault.Forbidden)
		}
		if text != link {
			_, err := w.docs.OpenDownload(context.Background(), text)
			wantKind(t, "OpenDownload", err, fault.Forbidden)
		}
		if text != locator {
			_, err := w.docs.Receive(context.Background(), text, strings.NewReader("x"), 1)
			wantKind(t, "Receive", err, fault.Forbidden)
		}
	})
}

// Whatever name a client gives, it is refused or comes out harmless.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.pdf", "..", "../../etc/passwd", `C:\x`, "a\x00b", "\u202efdp.exe", " ", ".", "x.", ".x", "\xff\xfe", strings.Repeat("é", 256)} {
		f.Add(s)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, name string) {
		w.t = t
		ticket, err := w.docs.Create(context.Background(), w.actor, document.Request{Name: name})
		if err != nil {
			wantKind(t, name, err, fault.Invalid)
			return
		}
		shown := w.value(ticket.ID, "description").S
		if shown == "" || shown == "." || shown == ".." || strings.ContainsAny(shown, `/\`) || strings.TrimSpace(shown) != shown ||
			!utf8.ValidString(shown) || utf8.RuneCountInString(shown) > 255 {
			t.Errorf("%q is shown as %q", name, shown)
		}
		for _, r := range shown {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q is shown with %U", name, r)
			}
		}
		for _, r := range w.value(ticket.ID, "extension").S {
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') {
				t.Errorf("%q has an extension with %q", name, r)
			}
		}
	})
}
