package intake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const formType = `multipart/form-data; boundary="b 1"`

// body writes parts: header, then text.
func body(parts ...string) string {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--b 1\r\n" + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--b 1--\r\n"
}

// chooseByName keeps files, captures what begins with c, refuses what begins with x.
func chooseByName(p intake.Part) intake.Rule {
	switch {
	case p.FileName != "" || p.Type == "application/pdf":
		return intake.Rule{Do: intake.Keep}
	case strings.HasPrefix(p.Name, "c"):
		return intake.Rule{Do: intake.Capture}
	case strings.HasPrefix(p.Name, "x"):
		return intake.Rule{Do: intake.Refuse}
	}
	return intake.Rule{}
}

type parts struct {
	Fields []string
	Files  []string
	Info   []intake.File
}

func readParts(t *testing.T, limits intake.Limits, contentType, text string) (parts, error) {
	t.Helper()
	var first parts
	var firstErr error
	for i, name := range []string{"whole", "one byte", "half", "data, EOF"} {
		var sh shelf
		var got parts
		form, err := intake.Multipart(t.Context(), readers[name](strings.NewReader(text)), contentType, limits, chooseByName, sh.open)
		if err == nil {
			for _, f := range form.Fields {
				got.Fields = append(got.Fields, f.Name+"="+form.Text(f.Name))
			}
			for _, f := range sh.files {
				got.Files = append(got.Files, f.String())
			}
			got.Info = form.Files
		}
		if i == 0 {
			first, firstErr = got, err
		} else if diff := cmp.Diff(first, got); diff != "" || fault.KindOf(err) != fault.KindOf(firstErr) {
			t.Errorf("%s differs from whole: %v, %v\n%s", name, err, firstErr, diff)
		}
	}
	return first, firstErr
}

func TestMultipart(t *testing.T) {
	big := strings.Repeat("0123456789\r\n--b", 20_000)
	got, err := readParts(t, intake.Limits{}, formType, "preamble\r\n"+body(
		`Content-Disposition: form-data; name="file"; filename="C:\dir\a.txt"`+"\r\nContent-Type: Text/Plain; charset=x", "abc",
		`content-disposition: form-data; name="c1"`, "äöü",
		`Content-Disposition: form-data; name="skipped"`, big,
		`Content-Disposition: form-data; name="file"; filename*=UTF-8''%e2%82%ac.pdf`, big,
		`Content-Type: application/pdf`, "",
	)+"epilogue")
	if err != nil {
		t.Fatal(err)
	}
	want := parts{
		Fields: []string{"c1=äöü"},
		Files:  []string{"abc", big, ""},
		Info: []intake.File{
			{Path: "file", Size: 3, Claimed: "text/plain", Part: intake.Part{Name: "file", FileName: `C:\dir\a.txt`, Type: "text/plain"}},
			{Path: "file", Size: int64(len(big)), Part: intake.Part{Name: "file", FileName: "€.pdf"}},
			{Claimed: "application/pdf", Part: intake.Part{Type: "application/pdf"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Names of files come in all spellings that clients have for what is not ASCII.
func TestMultipartNames(t *testing.T) {
	for header, want := range map[string]string{
		`filename="résumé.txt"`:                                         "résumé.txt",
		`filename*=UTF-8''r%C3%A9.txt`:                                  "ré.txt",
		`filename="=?utf-8?B?csOpLnR4dA==?="`:                           "ré.txt",
		`filename="=?UTF-8?Q?r=C3=A9_1.txt?="`:                          "ré 1.txt",
		`filename="=?iso-8859-1?Q?r=E9?= =?utf-8?B?LnR4dA==?="`:         "ré.txt",
		`filename="=?utf-8?B?eC50eHQ=?="; filename*=utf-8''r%C3%A9.txt`: "ré.txt",
		`filename="=?koi8-r?B?csOpLnR4dA==?="`:                          "=?koi8-r?B?csOpLnR4dA==?=",
		`filename="=?utf-8?B?!?="`:                                      "=?utf-8?B?!?=",
		`filename="a =?utf-8?B?csOpLnR4dA==?="`:                         "a =?utf-8?B?csOpLnR4dA==?=",
		`filename="=?=.txt"`:                                            "=?=.txt",
		`filename="x.txt"; filename*=ISO-8859-1''r%E9.txt`:              "x.txt",
	} {
		got, err := readParts(t, intake.Limits{}, formType, body(`Content-Disposition: form-data; name="f"; `+header, "abc"))
		if err != nil || len(got.Info) != 1 || got.Info[0].Part.FileName != want {
			t.Errorf("%s: %+v, %v", header, got.Info, err)
		}
	}
}

func TestMultipartProblems(t *testing.T) {
	const field, file = `Content-Disposition: form-data; name="c"`, `Content-Disposition: form-data; name="f"; filename="a"`
	limits := intake.Limits{Value: 10, Values: 15, File: 10, Files: 2, Parts: 3, Header: 200}
	n := func(k int) string { return strings.Repeat("n", k) }
	c2 := strings.Replace(field, `"c"`, `"c2"`, 1)
	for _, tt := range []struct {
		name, kind, body string
		want             fault.Kind // Internal: none
		field            string
	}{
		{"field at its limit", formType, body(field, n(10)), fault.Internal, ""},
		{"field over its limit", formType, body(field, n(11)), fault.TooLarge, "c"},
		{"fields at their limit", formType, body(field, n(10), c2, n(5)), fault.Internal, ""},
		{"fields over their limit", formType, body(field, n(10), c2, n(6)), fault.TooLarge, "c2"},
		{"file at its limit", formType, body(file, n(10)), fault.Internal, ""},
		{"file over its limit", formType, body(file, n(11)), fault.TooLarge, "f"},
		{"many files", formType, body(file, "", file, ""), fault.Internal, ""},
		{"too many files", formType, body(file, "", file, "", file, ""), fault.TooLarge, "f"},
		{"too many parts", formType, body(field, "", "X: y", "", "X: y", "", "X: y", ""), fault.TooLarge, ""},
		{"header at its limit", formType, body("X: "+n(195), ""), fault.Internal, ""},
		{"header over its limit", formType, body("X: "+n(196), ""), fault.TooLarge, ""},
		{"endless header", formType, "--b 1\r\nX: " + n(1<<20), fault.TooLarge, ""},
		{"endless headers", formType, "--b 1\r\n" + strings.Repeat("X: y\r\n", 1<<16), fault.TooLarge, ""},
		{"twice", formType, body(field, "", field, ""), fault.Invalid, "c"},
		{"refused", formType, body(`Content-Disposition: form-data; name="x"`, ""), fault.Invalid, "x"},
		{"not UTF-8", formType, body(field, "\xff"), fault.Invalid, "c"},
		{"bad disposition", formType, body(`Content-Disposition: form-data; name="a"; name="b"`, ""), fault.Invalid, ""},
		{"bad type", formType, body("Content-Type: /", ""), fault.Invalid, ""},
		{"transfer encoding", formType, body("Content-Transfer-Encoding: base64", "YQ=="), fault.Unsupported, ""},
		{"bad header", formType, body("no colon", ""), fault.Invalid, ""},
		{"no part", formType, "--b 1--", fault.Internal, ""},
		{"empty", formType, "", fault.Invalid, ""},
		{"JSON", formType, `{"a":1}`, fault.Invalid, ""},
		{"other type", "application/json", "", fault.Unsupported, ""},
		{"no type", "", "", fault.Unsupported, ""},
		{"no boundary", "multipart/form-data", "", fault.Invalid, "Content-Type"},
		{"long boundary", "multipart/form-data; boundary=" + n(71), "", fault.Invalid, "Content-Type"},
	} {
		_, err := readParts(t, limits, tt.kind, tt.body)
		if err == nil && tt.want != fault.Internal || err != nil && (fault.KindOf(err) != tt.want || fault.FieldOf(err) != tt.field) {
			t.Errorf("%s: %q, %v", tt.name, fault.FieldOf(err), err)
		}
	}
}

func TestMultipartCut(t *testing.T) {
	text := body(`Content-Disposition: form-data; name="f"; filename="a"`, "abc", `Content-Disposition: form-data; name="c"`, "x")
	text = strings.TrimSuffix(text, "\r\n")
	for n := range len(text) {
		if _, err := readParts(t, intake.Limits{}, formType, text[:n]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("cut at %d: %v", n, err)
		}
		broken := io.MultiReader(strings.NewReader(text[:n]), iotest.ErrReader(fault.New(fault.Timeout, "slow")))
		if _, err := intake.Multipart(t.Context(), broken, formType, intake.Limits{}, chooseByName, new(shelf).open); fault.KindOf(err) != fault.Timeout {
			t.Errorf("broken at %d: %v", n, err)
		}
	}
	full := fault.New(fault.Unavailable, "full")
	if _, err := intake.Multipart(t.Context(), strings.NewReader(text), formType, intake.Limits{}, chooseByName, (&shelf{fail: full}).open); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("full: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := intake.Multipart(ctx, strings.NewReader(text), formType, intake.Limits{}, chooseByName, new(shelf).open); fault.KindOf(err) != fault.Invalid || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// FuzzMultipart compares with mime/multipart reading everything at once.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte(body(`Content-Disposition: form-data; name="f"; filename="a"`, "abc", `Content-Disposition: form-data; name="c"`, "x")))
	f.Add([]byte("--b 1\n\nabc\n--b 1--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.ContainsAny(bytes.ReplaceAll(data, []byte("\r\n"), nil), "\r\n") {
			return // mime/multipart also takes lines that end in LF
		}
		var sh shelf
		every := func(intake.Part) intake.Rule { return intake.Rule{Do: intake.Keep} }
		_, err := intake.Multipart(t.Context(), iotest.HalfReader(bytes.NewReader(data)), formType, intake.Limits{}, every, sh.open)
		if err != nil {
			return
		}
		r := multipart.NewReader(bytes.NewReader(data), "b 1")
		for i := 0; ; i++ {
			p, err := r.NextRawPart()
			if err == io.EOF {
				if i != len(sh.files) {
					t.Fatalf("%d parts, not %d", len(sh.files), i)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := io.ReadAll(p)
			if err != nil || i >= len(sh.files) || !bytes.Equal(sh.files[i].Bytes(), want) {
				t.Fatalf("part %d: %v", i, err)
			}
		}
	})
}
