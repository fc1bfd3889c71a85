package document_test

import (
	"archive/zip"
	"bytes"
	"context"
	"path"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
)

// hostile are names that somebody might send to get somewhere, and what becomes of
// them where pdf and txt are taken: "" is refused for its type, "-" for the name.
var hostile = map[string]string{
	"../../etc/passwd.txt":  ".._.._etc_passwd.txt",
	`..\..\windows\win.txt`: ".._.._windows_win.txt",
	"/etc/passwd":           "",
	"//host/share/a.pdf":    "__host_share_a.pdf",
	`\\host\share\a.pdf`:    "__host_share_a.pdf",
	`C:\temp\a.pdf`:         "C__temp_a.pdf",
	"c:a.pdf":               "c_a.pdf",
	"file:///etc/a.pdf":     "file:___etc_a.pdf",
	"..%2f..%2fa.pdf":       "..%2f..%2fa.pdf",
	"....//....//a.pdf":     "....__....__a.pdf",
	"a.pdf/":                "",
	"a.pdf/..":              "",
	".":                     "",
	"..":                    "",
	"...":                   "",
	"":                      "-",
	" ":                     "-",
	"\t\r\n":                "-",
	"\u00a0":                "-",
	".pdf":                  "",
	"pdf":                   "",
	"a.":                    "",
	"a.pdf.":                "",
	"a.pdf...":              "",
	"a.pdf ":                "a.pdf",
	"a.pdf .":               "",
	"a.exe":                 "",
	"a.pdf.exe":             "",
	"a.exe.pdf":             "a.exe.pdf",
	"a.PDF":                 "a.PDF",
	"a.pDf":                 "a.pDf",
	"a.tar.gz":              "",
	"a.pdf%00.exe":          "",
	"a.exe\x00.pdf":         "a.exe_.pdf",
	"a.pdf\x00.exe":         "",
	"a.pdf\x00":             "",
	"a\r\nContent-Type: text/html\r\n\r\n.pdf": "a__Content-Type: text_html____.pdf",
	"a\x1b[2Jb.pdf":                        "a_[2Jb.pdf",
	"a\x7f\u0085.pdf":                      "a__.pdf",
	"a\u2028b\u2029.pdf":                   "a_b_.pdf",
	"invoice\u202efdp.exe":                 "",
	"invoice\u202eexe.pdf":                 "invoice_exe.pdf",
	"\u2066a\u2069\u200e\u200f\u061c.pdf":  "_a____.pdf",
	"\u202aa\u202b\u202c\u202d.pdf":        "_a___.pdf",
	"\ufeffa.pdf":                          "_a.pdf",
	"a\u200b\u2060.pdf":                    "a__.pdf",
	"a.p\u200bdf":                          "",
	"a.pdf\u200b":                          "",
	"a.ｐｄｆ":                                "",
	"a.рdf":                                "", // a Cyrillic letter
	"\xff\xfe.pdf":                         "__.pdf",
	"a\xc0\xaeb.pdf":                       "a__b.pdf",
	"CON":                                  "",
	"con.txt":                              "_con.txt",
	"Nul.pdf":                              "_Nul.pdf",
	"aux .txt":                             "_aux .txt",
	"prn.tar.txt":                          "_prn.tar.txt",
	"COM1.txt":                             "_COM1.txt",
	"lpt9.txt":                             "_lpt9.txt",
	"com¹.txt":                             "_com¹.txt",
	"CONIN$.txt":                           "_CONIN$.txt",
	"nul:.txt":                             "_nul:.txt",
	"console.txt":                          "console.txt",
	"com10.txt":                            "com10.txt",
	"a.pdf::$DATA":                         "",
	"a.txt:b.pdf":                          "a.txt:b.pdf",
	"<script>alert(1)</script>.pdf":        "<script>alert(1)<_script>.pdf",
	`a";filename="b.exe`:                   "",
	`a" ; x=".pdf`:                         `a" ; x=".pdf`,
	"$(reboot).pdf":                        "$(reboot).pdf",
	"'; DROP TABLE documents; --.pdf":      "'; DROP TABLE documents; --.pdf",
	"%s%n%d.pdf":                           "%s%n%d.pdf",
	"~/.ssh/id.txt":                        "~_.ssh_id.txt",
	"-rf.txt":                              "-rf.txt",
	"desktop.ini":                          "",
	strings.Repeat("a", 496) + ".pdf":      strings.Repeat("a", 496) + ".pdf",
	strings.Repeat("é", 496) + ".pdf":      strings.Repeat("é", 496) + ".pdf",
	strings.Repeat("a", 497) + ".pdf":      "-",
	strings.Repeat("a/", 250_000) + ".pdf": "-",
	"con" + "." + strings.Repeat("a", 492): "",
	"con." + strings.Repeat("a", 492) + ".txt":   "-", // the underscore is one too many
	"a." + strings.Repeat("x", 40):               "",
	strings.Repeat(".", 500):                     "",
	strings.Repeat("a\u0301", 20) + "\u0489.pdf": strings.Repeat("a\u0301", 20) + "\u0489.pdf",
}

func TestPolicy(t *testing.T) {
	policy := document.Policy{Extensions: []string{"PDF", "txt"}, MaxName: 500}
	for name, want := range hostile {
		got, err := policy.Check(name)
		kind := fault.KindOf(err)
		switch {
		case want == "-" && (err == nil || kind != fault.Invalid || fault.FieldOf(err) != "name"),
			want == "" && (err == nil || kind != fault.Unsupported || fault.FieldOf(err) != "name"),
			want != "-" && want != "" && (err != nil || got != want):
			t.Errorf("%.60q: %.80q, %v; want %.60q", name, got, err, want)
		}
		// Whatever is taken is harmless, also where any type is.
		clean, err := document.Policy{MaxName: 500}.Check(name)
		if err != nil {
			continue
		}
		if path.Base(clean) != clean || clean == ".." || strings.ContainsAny(clean, `/\`) || strings.HasSuffix(clean, ".") || !utf8.ValidString(clean) {
			t.Errorf("%.60q becomes %.60q", name, clean)
		}
		for _, r := range clean {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%.60q becomes %.60q", name, clean)
			}
		}
		if again, err := (document.Policy{MaxName: 501}).Check(clean); err != nil || again != clean {
			t.Errorf("%.60q becomes %.60q and then %.60q (%v)", name, clean, again, err)
		}
	}
	for limit, name := range map[int]string{0: strings.Repeat("é", 255), 3: "a.b"} {
		p := document.Policy{MaxName: limit}
		if _, err := p.Check(name); err != nil {
			t.Error(err)
		}
		if _, err := p.Check(name + "x"); fault.KindOf(err) != fault.Invalid {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	if _, err := (document.Policy{Extensions: []string{}}).Check("a.pdf"); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("no type is taken: %v", err)
	}
}

func TestBaseName(t *testing.T) {
	for name, want := range map[string]string{"a.pdf": "a.pdf", "/full/path/bill.pdf": "bill.pdf", `C:\x\bill.pdf`: "bill.pdf", "a/": ""} {
		if got := document.BaseName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// packed is a zip file with one empty file in it.
func packed(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.Create(name); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Contents that contradict the name are taken and noted.
func TestMisnamed(t *testing.T) {
	w := newWorld(t)
	png, exe := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "MZ"+strings.Repeat("\x00", 100)
	for _, tt := range []struct {
		name, data string
		want       int64
	}{
		{"a.pdf", "%PDF-1.7", 0}, {"a.PDF", png, 1}, {"a.pdf", exe, 1}, {"a.png", png, 0}, {"a.txt", "hello", 0},
		{"a.txt", "<html><script>", 1}, {"a.csv", "a,b\n1,2\n", 0}, {"a.unheard", exe, 0}, {"a", exe, 0}, {"a.exe.pdf", "%PDF-1.7", 0},
		{"a.docx", packed(t, "word/document.xml"), 0}, {"a.docx", packed(t, "x"), 0}, {"a.xlsx", packed(t, "word/document.xml"), 1}, {"a.docx", "%PDF-1.7", 1}, {"a.jpeg", "<svg xmlns='http://www.w3.org/2000/svg'/>", 1},
	} {
		id, _, err := w.docs.Add(context.Background(), w.actor, document.Request{Name: tt.name}, strings.NewReader(tt.data))
		if err != nil {
			t.Fatal(err)
		}
		if got := w.value(id, "misnamed").I; got != tt.want {
			t.Errorf("%s with %.8q: %d", tt.name, tt.data, got)
		}
	}
}

// The types that clients give are those of the registries.
func TestContradicts(t *testing.T) {
	for _, pair := range strings.Fields(`pdf:application/pdf png:image/png jpg:image/jpeg jpeg:image/jpeg gif:image/gif bmp:image/bmp tif:image/tiff
		tiff:image/tiff ico:image/vnd.microsoft.icon ico:image/x-icon svg:image/svg+xml heic:image/heic txt:text/plain csv:text/csv json:application/json
		eml:message/rfc822 msg:application/vnd.ms-outlook xml:application/xml xml:text/xml rtf:application/rtf rtf:text/rtf html:text/html htm:text/html
		doc:application/msword xls:application/vnd.ms-excel ppt:application/vnd.ms-powerpoint odt:application/vnd.oasis.opendocument.text
		docx:application/vnd.openxmlformats-officedocument.wordprocessingml.document xlsx:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
		zip:application/zip zip:application/x-zip-compressed mp3:audio/mpeg wav:audio/wav m4a:audio/mp4 mp4:video/mp4 mov:video/quicktime
		avi:video/x-msvideo webm:video/webm dwg:image/vnd.dwg nta:application/octet-stream XML:Application/XML;charset=utf-8`) {
		extension, mediaType, _ := strings.Cut(pair, ":")
		if document.Contradicts(extension, mediaType) {
			t.Errorf("%s is said not to be %s", extension, mediaType)
		}
		if _, said := map[string]bool{"dwg": true, "nta": true}[extension]; !said && !document.Contradicts(extension, "font/woff2") {
			t.Errorf("%s may be anything", extension)
		}
	}
}
