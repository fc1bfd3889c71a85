package ordeal_test

import (
	"bytes"
	"flag"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/app/apptest"
)

var update = flag.Bool("update", false, "rewrite the tables from what the server does")

// hostileNames are names that do harm where they are believed: to file systems, to
// headers, to those who read them.
var hostileNames = []string{
	// Paths, of this system and others.
	"../../../etc/passwd.txt", `..\..\windows\win.txt`, "/etc/passwd.txt", `C:\boot.txt`, "c:boot.txt", `\\host\share\a.txt`,
	"..", "../", "....//a.txt", "a/../../b.txt", "file:///a.txt", "a.txt/", "~/a.txt", ".htaccess", "%2e%2e%2fa.txt", "..%c0%af..%c0%afa.txt",
	"..%252fa.txt", "a.txt:stream:$DATA.txt",

	// Names that are no files on Windows, and ends that it drops.
	"con.txt", "NUL.pdf", "com1.txt", "LPT9.doc", "aux.tar.txt", "CLOCK$.txt", "CON", "nul .txt", "COM\u00b9.txt", "a.txt.", "a.txt...", "a.txt ", "a.exe. .txt",

	// Characters that are not seen, or turn what is seen.
	"a\x00.txt", "a.txt\x00.pdf", "a\x1b[31m.txt", "a\x7f.txt", "a\u0085b.txt", "a\tb.txt", "a\u202etxt.exe.txt", "\u2066a\u2069.txt", "\u200fa.txt",
	"a\u200b.txt", "\ufeffa.txt", "a\u2028b.txt", "\u00a0a\u3000.txt",

	// Headers.
	"a\r\nSet-Cookie: hostile=1.txt", "a\r\n\r\n<script>.txt", "a\nX: y.txt", `a"; filename="b.exe.txt`, `a\"b.txt`, "a;b=c.txt", "a%0d%0ab.txt", "a'b''c.txt",
	"=?utf-8?Q?a=2Eexe?=.txt",

	// Texts that are not what they seem, and sizes.
	"a\xc0\xae\xc0\xafb.txt", "a\xff\xfeb.txt", "a\xed\xa0\x80b.txt", "\xf0\x9f\x92.txt", "\U0001f4a9\u200d\U0001f525.txt", "\u0645\u0631\u062d\u0628\u0627.txt",
	"e\u0301\u0302.txt", "<img src=x onerror=alert(1)>.txt", "$(id)`id`|b.txt", "'; DROP TABLE documents;--.txt", "{{7*7}}.txt", "   .txt", "*?.txt", "",
	strings.Repeat("a", 251) + ".txt", strings.Repeat("a", 252) + ".txt", strings.Repeat("a", 496) + ".txt", strings.Repeat("\u00e9", 496) + ".txt",
	strings.Repeat("a", 497) + ".txt", strings.Repeat("\U0001f4a9", 497) + ".txt",
}

// TestNames sends hostile names in every way. The table says what is kept and what a
// browser is told on download; what is kept cannot do harm, and what is refused is
// refused in the dialect's shape and leaves nothing.
func TestNames(t *testing.T) {
	if len(hostileNames) < 60 {
		t.Fatalf("%d names", len(hostileNames))
	}
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := newWorld(t, db, onDisk, nil)
		var table strings.Builder
		last, kept := int64(0), 0
		for _, name := range hostileNames {
			fmt.Fprintf(&table, "%s\n", short(name))
			var outcomes []string // in the order in which they come up
			by := map[string][]string{}
			for _, u := range ways {
				if u.nameless {
					continue
				}
				what := w.named(t, u, name, &last, &kept)
				if by[what] == nil {
					outcomes = append(outcomes, what)
				}
				by[what] = append(by[what], u.name)
			}
			for _, what := range outcomes {
				who := strings.Join(by[what], ", ")
				if len(outcomes) == 1 {
					who = "all"
				}
				fmt.Fprintf(&table, "    %s: %s\n", who, what)
			}
		}
		golden(t, "names.txt", table.String())
	})
}

// short is a text quoted in ASCII, the middle of a long one left out.
func short(text string) string {
	q := strconv.QuoteToASCII(text)
	if len(q) > 160 {
		return fmt.Sprintf("%s...%s (%d bytes)", q[:40], q[len(q)-40:], len(text))
	}
	return q
}

// named uploads a file under a name and says what became of the name. last is the
// document that came last, and kept how many contents there are.
func (w *world) named(t *testing.T, by way, name string, last *int64, kept *int) string {
	t.Helper()
	contents := []byte("contents of a file\n")
	res := w.try(t, by, name, contents)
	fresh := w.documents(t, fmt.Sprintf("id>%d", *last))
	if res.Status >= 300 {
		if err := by.wrong(res.Status, res.Header, res.Body); err != nil || res.Status >= 500 {
			t.Errorf("%s, %q: %d %s: %v", by.name, name, res.Status, res.Body, err)
		}
		if len(fresh) != 0 || len(w.kept(t)) != *kept || w.cases(t) != w.had {
			t.Errorf("%s, %q: refused with %d, and something stays", by.name, name, res.Status)
		}
		return fmt.Sprintf("refused with %d", res.Status)
	}
	if len(fresh) != 1 {
		t.Fatalf("%s, %q: %d documents more", by.name, name, len(fresh))
	}
	doc := fresh[0]
	*last, *kept = doc.ID, 1 // all of them have the same contents
	if why := harmful(doc.Description); why != "" {
		t.Errorf("%s, %q is kept as %q: %s", by.name, name, doc.Description, why)
	}
	got := w.Get(t, doc.Link)
	if got.Status != 200 || !bytes.Equal(got.Body, contents) {
		t.Errorf("%s, %q: %d, %d bytes", by.name, name, got.Status, len(got.Body))
	}
	inert(t, by.name+", "+short(name), got.Header, doc.Description)
	return short(doc.Description) + "  " + shortHeader(got.Header.Get("Content-Disposition"))
}

func shortHeader(text string) string {
	if len(text) > 200 {
		return fmt.Sprintf("%s...%s", text[:50], text[len(text)-30:])
	}
	return text
}

// device are names that Windows takes for devices.
var device = regexp.MustCompile(`^(?i)(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\x{b9}\x{b2}\x{b3}]) *([.:]|$)`)

// harmful returns why a name that is kept can do harm, "" when it cannot.
func harmful(name string) string {
	for _, r := range name {
		switch {
		case r == '/' || r == '\\':
			return "a path"
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return "a control character"
		case unicode.Is(unicode.Bidi_Control, r):
			return "it turns the direction of writing"
		}
	}
	switch {
	case !utf8.ValidString(name):
		return "not UTF-8"
	case strings.TrimSpace(name) != name || strings.HasSuffix(name, "."):
		return "an end that Windows drops"
	case name == "" || strings.Trim(name, ".") == "":
		return "a folder"
	case device.MatchString(name):
		return "a device"
	case regexp.MustCompile(`^[A-Za-z]:`).MatchString(name):
		return "a drive"
	case utf8.RuneCountInString(name) > 500:
		return "it is long"
	}
	return ""
}

// inert checks that a browser saves what is downloaded under the name that it has, and
// neither guesses what it is nor lets it do anything.
func inert(t *testing.T, what string, h http.Header, name string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || params["filename"] != name {
		t.Errorf("%s: Content-Disposition %q names %q, not %q (%v)", what, h.Get("Content-Disposition"), params["filename"], name, err)
	}
	for _, c := range []byte(h.Get("Content-Disposition")) {
		if c < ' ' || c > '~' {
			t.Errorf("%s: Content-Disposition %q", what, h.Get("Content-Disposition"))
		}
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
		t.Errorf("%s: %v", what, h)
	}
	if h.Get("Set-Cookie") != "" || h.Get("X") != "" {
		t.Errorf("%s: headers came in by the name: %v", what, h)
	}
}

// golden holds a table to the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (write it with -update):\n%s", file, diff)
	}
}
