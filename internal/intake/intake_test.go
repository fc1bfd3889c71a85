package intake_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// shelf takes files into memory.
type shelf struct {
	files []*file
	fail  error // of the next Write
}

type file struct {
	bytes.Buffer
	shelf  *shelf
	closed bool
}

func (s *shelf) open(context.Context) (io.WriteCloser, error) {
	f := &file{shelf: s}
	s.files = append(s.files, f)
	return f, nil
}

func (f *file) Write(p []byte) (int, error) {
	if f.shelf.fail != nil {
		return 0, f.shelf.fail
	}
	if f.closed {
		return 0, errors.New("written to after the end")
	}
	return f.Buffer.Write(p)
}

func (f *file) Close() error {
	if f.closed {
		return errors.New("closed twice")
	}
	f.closed = true
	return nil
}

func schema(t testing.TB, spec intake.Spec) *intake.Schema {
	t.Helper()
	s, err := intake.NewSchema(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keep(path string) intake.Member {
	return intake.Member{Path: path, Rule: intake.Rule{Do: intake.Keep}}
}

func capture(paths ...string) (all []intake.Member) {
	for _, p := range paths {
		all = append(all, intake.Member{Path: p, Rule: intake.Rule{Do: intake.Capture}})
	}
	return all
}

// readers are ways in which the same body may arrive.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":     func(r io.Reader) io.Reader { return r },
	"one byte":  iotest.OneByteReader,
	"half":      iotest.HalfReader,
	"data, EOF": iotest.DataErrReader,
}

// outcome is what reading a body gives, for comparison.
type outcome struct {
	JSON  string
	Files []string
	Info  []intake.File
}

// read reads a body in every way and checks that the way does not matter.
func read(t *testing.T, s *intake.Schema, body string) (outcome, error) {
	t.Helper()
	var first outcome
	var firstErr error
	for i, name := range []string{"whole", "one byte", "half", "data, EOF"} {
		var sh shelf
		var got outcome
		form, err := s.Read(t.Context(), readers[name](strings.NewReader(body)), sh.open)
		if err == nil {
			got.JSON, got.Info = string(form.JSON), form.Files
			for _, f := range sh.files {
				if !f.closed {
					t.Errorf("%s: a file was not closed", name)
				}
				got.Files = append(got.Files, f.String())
			}
		}
		if i == 0 {
			first, firstErr = got, err
			continue
		}
		if diff := cmp.Diff(first, got); diff != "" || fmt.Sprint(err) != fmt.Sprint(firstErr) {
			t.Errorf("%s differs from whole: %v, %v\n%s", name, err, firstErr, diff)
		}
	}
	return first, firstErr
}

// filesSpec is like a body with several files, of which names are elsewhere.
func filesSpec() intake.Spec {
	return intake.Spec{Members: append(capture("token", "payload.id", "payload.files[].name", "payload.files[].open"), keep("payload.files[].content"))}
}

func TestRead(t *testing.T) {
	spec := filesSpec()
	for _, tt := range []struct {
		name, body string
		want       outcome
	}{
		{"in order", `{"token":"t","payload":{"id":7,"files":[{"name":"a.txt","content":"YWJj"}]}}`, outcome{
			`{"token":"t","payload":{"id":7,"files":[{"name":"a.txt","content":1}]}}`, []string{"abc"},
			[]intake.File{{Path: "payload.files[0].content", Size: 3}},
		}},
		{"content first, several, unknown ones between", ` { "x" : [ { "y":"\u00e9" } , 1.5e-3 ] ,"payload":{"files":[{"content":"YWJj","z":{}, "name":"a.txt"},` +
			`{"name":"b","open":true,"content":"ZA=="}, {"content":null}],"id":"\u0041"},"token":null}` + "\r\n\t ", outcome{
			`{"payload":{"files":[{"content":1,"name":"a.txt"},{"name":"b","open":true,"content":2},{"content":null}],"id":"\u0041"},"token":null}`,
			[]string{"abc", "d"},
			[]intake.File{{Path: "payload.files[0].content", Size: 3}, {Path: "payload.files[1].content", Size: 1}},
		}},
		{"nothing", `{}`, outcome{JSON: `{}`}},
		{"nulls", `{"payload":null}`, outcome{JSON: `{"payload":null}`}},
		{"null list", `{"payload":{"files":null}}`, outcome{JSON: `{"payload":{"files":null}}`}},
		{"empty list", `{"payload":{"files":[ ]}}`, outcome{JSON: `{"payload":{"files":[]}}`}},
		{"empty file", `{"payload":{"files":[{"content":""}]}}`, outcome{
			`{"payload":{"files":[{"content":1}]}}`, []string{""}, []intake.File{{Path: "payload.files[0].content"}},
		}},
		{"escaped name", `{"p\u0061yload":{"files":[{"conten\u0074":"YQ=="}]}}`, outcome{
			`{"payload":{"files":[{"content":1}]}}`, []string{"a"}, []intake.File{{Path: "payload.files[0].content", Size: 1}},
		}},
		{"other case is another member", `{"Token":"x"}`, outcome{JSON: `{}`}},
		{"the unknown may come twice", `{"x":1,"x":2,"token":""}`, outcome{JSON: `{"token":""}`}},
		{"a captured value of any kind", `{"token":{"a":[1,-0.5E+2,true,false,null,"\"\\\/\b\f\n\r\t"] , "b":{}}}`, outcome{
			JSON: `{"token":{"a":[1,-0.5E+2,true,false,null,"\"\\\/\b\f\n\r\t"],"b":{}}}`,
		}},
	} {
		got, err := read(t, schema(t, spec), tt.body)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

// A body is decoded into a struct with Refs where the files are.
func TestForm(t *testing.T) {
	s := schema(t, filesSpec())
	form, err := s.Read(t.Context(), strings.NewReader(`{"payload":{"files":[{"content":"YQ=="},{"content":null},{},{"content":"YWI="}]}}`), new(shelf).open)
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Payload struct {
			Files []struct {
				Name    string
				Content intake.Ref
			}
		}
	}
	if err := json.Unmarshal(form.JSON, &body); err != nil {
		t.Fatal(err)
	}
	var sizes []int64
	for _, f := range body.Payload.Files {
		if got, ok := form.File(f.Content); ok {
			sizes = append(sizes, got.Size)
		} else {
			sizes = append(sizes, -1)
		}
	}
	if diff := cmp.Diff([]int64{1, -1, -1, 2}, sizes); diff != "" {
		t.Error(diff)
	}
	if _, ok := form.File(3); ok {
		t.Error("there is a third file")
	}
}

func TestFold(t *testing.T) {
	spec := filesSpec()
	spec.Fold = true
	got, err := read(t, schema(t, spec), `{"TOKEN":"t","PayLoad":{"ID":1,"FILES":[{"CONTENT":"YQ=="}]}}`)
	if err != nil || got.JSON != `{"token":"t","payload":{"id":1,"files":[{"content":1}]}}` || len(got.Files) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := read(t, schema(t, spec), `{"token":1,"TOKEN":2}`); codeOf(err) != intake.Duplicate {
		t.Errorf("%v", err)
	}
}

// With Blank an empty text or object is an empty list; what is not empty is refused
// where it begins, and without Blank both are.
func TestBlank(t *testing.T) {
	spec := filesSpec()
	strict := schema(t, spec)
	spec.Blank = true
	blank := schema(t, spec)
	for _, files := range []string{`""`, `{}`, "{ \n }"} {
		body := `{"payload":{"files":` + files + `,"id":1}}`
		got, err := read(t, blank, body)
		if err != nil || got.JSON != `{"payload":{"files":[],"id":1}}` || len(got.Files) != 0 {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		if _, err := read(t, strict, body); codeOf(err) != intake.Type {
			t.Errorf("%s, strict: %v", body, err)
		}
	}
	for files, code := range map[string]intake.Code{
		`" "`: intake.Type, `"YQ=="`: intake.Type, `"\u0061"`: intake.Type, "{\n\"0\":1}": intake.Type, `1`: intake.Type, `false`: intake.Type,
		`"`: intake.Syntax, `{`: intake.Syntax, "{\n": intake.Syntax,
	} {
		body := `{"payload":{"files":` + files
		if code == intake.Type {
			body += `}}`
		}
		_, err := read(t, blank, body)
		var p *intake.Problem
		if !errors.As(err, &p) || p.Code != code {
			t.Errorf("%s: %v", body, err)
		} else if code == intake.Type && (p.Path != "payload.files" || p.Offset != 20 || p.Line != 1 || p.Column != 21) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	if _, err := read(t, blank, `{"payload":""}`); codeOf(err) != intake.Type {
		t.Errorf("an object: %v", err)
	}
}

func codeOf(err error) any {
	var p *intake.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return fmt.Sprintf("no Problem: %v", err)
}

// What is wrong is refused with its place.
func TestProblems(t *testing.T) {
	spec := filesSpec()
	spec.Members = append(spec.Members, intake.Member{Path: "never", Rule: intake.Rule{Do: intake.Refuse}})
	spec.Limits.Depth = 5
	const in = `{"payload":{"files":[{"content":` // 32 bytes
	for _, tt := range []struct {
		body   string
		code   intake.Code
		path   string
		offset int64
		line   int
		column int
	}{
		{``, intake.Syntax, "", 0, 1, 1},
		{` `, intake.Syntax, "", 1, 1, 2},
		{`{`, intake.Syntax, "", 1, 1, 2},
		{`{}x`, intake.Syntax, "", 2, 1, 3},
		{"{}\n\n {}", intake.Syntax, "", 5, 3, 2},
		{"\uFEFF{}x", intake.Syntax, "", 5, 1, 6},
		{"\uFEFF", intake.Syntax, "", 3, 1, 4},
		{"\uFEFF\uFEFF{}", intake.Type, "", 3, 1, 4},
		{" \uFEFF{}", intake.Type, "", 1, 1, 2},
		{"\xef\xbb{}", intake.Type, "", 0, 1, 1},
		{`[]`, intake.Type, "", 0, 1, 1},
		{`{"token":"\x"}`, intake.Syntax, "token", 10, 1, 11},
		{`{"token":"\u12g4"}`, intake.Syntax, "token", 10, 1, 11},
		{"{\"token\":\"a\nb\"}", intake.Syntax, "token", 11, 1, 12},
		{"{\"token\":\"a\xffb\"}", intake.Syntax, "token", 9, 1, 10},
		{"{\"x\":\"a\xffb\",}", intake.Syntax, "", 11, 1, 12},
		{`{"token":01}`, intake.Syntax, "", 10, 1, 11},
		{`{"token":-}`, intake.Syntax, "token", 10, 1, 11},
		{`{"token":1.}`, intake.Syntax, "token", 11, 1, 12},
		{`{"token":1e+}`, intake.Syntax, "token", 12, 1, 13},
		{`{"token":tru}`, intake.Syntax, "token", 12, 1, 13},
		{`{"token":nuLl}`, intake.Syntax, "token", 11, 1, 12},
		{`{"token":'a'}`, intake.Syntax, "token", 9, 1, 10},
		{`{token:1}`, intake.Syntax, "", 1, 1, 2},
		{`{"token" 1}`, intake.Syntax, "token", 9, 1, 10},
		{`{"token":1 "x":2}`, intake.Syntax, "", 11, 1, 12},
		{`{"token":1,}`, intake.Syntax, "", 11, 1, 12},
		{`{"x":[1,]}`, intake.Syntax, "x", 8, 1, 9},
		{`{"x":[1 2]}`, intake.Syntax, "x", 8, 1, 9},
		{`{"x":[[[[[1]]]]]}`, intake.Syntax, "x", 9, 1, 10},
		{`{"token":1,"token":2}`, intake.Duplicate, "token", 18, 1, 19},
		{"{\n \"never\":0}", intake.Unknown, "never", 10, 2, 9},
		{`{"payload":7}`, intake.Type, "payload", 11, 1, 12},
		{`{"payload":{"files":{}}}`, intake.Type, "payload.files", 20, 1, 21},
		{in + `7}]}}`, intake.Type, "payload.files[0].content", 32, 1, 33},
		{in + `"YWJj YWJj"}]}}`, intake.Base64, "payload.files[0].content", 37, 1, 38},
		{in + `"YWJ\u00e9"}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + `"YWJ\u0141"}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + `"YWJ\""}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + "\"YWJ\x00\"}]}}", intake.Syntax, "payload.files[0].content", 36, 1, 37},
		{in + "\"YWJj\nYWJj\"}]}}", intake.Syntax, "payload.files[0].content", 37, 1, 38},
		{in + `"YWJ"}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + `"Y"}]}}`, intake.Base64, "payload.files[0].content", 34, 1, 35},
		{in + `"YQ="}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + `"YQ==="}]}}`, intake.Base64, "payload.files[0].content", 37, 1, 38},
		{in + `"YQ==YQ=="}]}}`, intake.Base64, "payload.files[0].content", 37, 1, 38},
		{in + `"="}]}}`, intake.Base64, "payload.files[0].content", 33, 1, 34},
		{in + `"YWJ-"}]}}`, intake.Base64, "payload.files[0].content", 36, 1, 37},
		{in + `"YWJj`, intake.Syntax, "payload.files[0].content", 37, 1, 38},
		{in + `"` + strings.Repeat("YWJj", 100_000) + `*"}]}}`, intake.Base64, "payload.files[0].content", 400_033, 1, 400_034},
	} {
		_, err := read(t, schema(t, spec), tt.body)
		var p *intake.Problem
		if !errors.As(err, &p) || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.60q: %v", tt.body, err)
			continue
		}
		want := intake.Problem{Code: tt.code, Path: tt.path, Offset: tt.offset, Line: tt.line, Column: tt.column, Reason: p.Reason}
		if diff := cmp.Diff(want, *p); diff != "" {
			t.Errorf("%.60q: %v\n%s", tt.body, err, diff)
		}
		if fault.FieldOf(err) != tt.path || fault.Message(err) != p.Error() {
			t.Errorf("%.60q: field %q, message %q", tt.body, fault.FieldOf(err), fault.Message(err))
		}
	}
}

// Members that nobody asked for are refused where that is wanted, as deep as
// paths lead.
func TestRefuseOthers(t *testing.T) {
	spec := filesSpec()
	spec.Others = intake.Refuse
	for body, path := range map[string]string{
		`{"token":"","SETTINGS":{"a":[1]}}`:       "SETTINGS",
		`{"payload":{"files":[{},{"size":1}]}}`:   "payload.files[1].size",
		`{"payload":{"x\u0079":1}}`:               "payload.xy",
		"{\"\xff\":1}":                            "\uFFFD",
		`{"` + strings.Repeat("n", 300) + `": 1}`: strings.Repeat("n", 256),
	} {
		_, err := read(t, schema(t, spec), body)
		if codeOf(err) != intake.Unknown || fault.FieldOf(err) != path {
			t.Errorf("%.50q: %q, %v", body, fault.FieldOf(err), err)
		}
	}
	// What is below a captured value is the caller's business.
	if _, err := read(t, schema(t, spec), `{"token":{"anything":1}}`); err != nil {
		t.Error(err)
	}
}

func TestBase64(t *testing.T) {
	for _, tt := range []struct {
		text          string // between the quotes
		strict, loose string // contents, or "!"
	}{
		{``, "", ""},
		{`YQ==`, "a", "a"},
		{`YWI=`, "ab", "ab"},
		{`YWJj`, "abc", "abc"},
		{`YR==`, "a", "a"}, // bits that belong to no byte
		{`Y\u0051\u003d=`, "a", "a"},
		{`\u0059\u0051==`, "a", "a"},
		{`\/\/\/\/`, "\xff\xff\xff", "\xff\xff\xff"},
		{`\u002b\u002B++`, "\xfb\xef\xbe", "\xfb\xef\xbe"},
		{`YW\r\nJj\n`, "abc", "abc"},
		{`\nYQ=\r\n=\n`, "a", "a"},
		{`YWI`, "!", "ab"},
		{`YQ`, "!", "a"},
		{`YQ=`, "!", "a"},
		{`YWJj=`, "!", "abc"},
		{`YWJj==`, "!", "abc"},
		{`YWJj===`, "!", "!"},
		{`YQ===`, "!", "!"},
		{`Y`, "!", "!"},
		{`Y===`, "!", "!"},
		{`YQ==YQ==`, "!", "!"},
		{`YQ==\nYQ==`, "!", "!"},
		{`-_-_`, "!", "\xfb\xff\xbf"},
		{`-_+/`, "!", "\xfb\xff\xbf"},
		{`YW Jj`, "!", "!"},
		{`YW\tJj`, "!", "!"},
		{`YWJj,`, "!", "!"},
		{`data:text/plain;base64,YQ==`, "!", "!"},
		// The sample of the Riskforce reference: a padding character too many.
		{`dGVzdCBmcm9tIGV4dGVybmFsIHN5c3RlbSBKSCBURVNUIDIwMTktMDYtMDTk=`, "!", "test from external system JH TEST 2019-06-04\xe4"},
	} {
		for _, loose := range []bool{false, true} {
			want := tt.strict
			if loose {
				want = tt.loose
			}
			s := schema(t, intake.Spec{Members: []intake.Member{{Path: "f", Rule: intake.Rule{Do: intake.Keep, Loose: loose}}}})
			got, err := read(t, s, `{"f":"`+tt.text+`"}`)
			switch {
			case want == "!" && codeOf(err) != intake.Base64:
				t.Errorf("%s, loose %v: %q, %v", tt.text, loose, got.Files, err)
			case want != "!" && (err != nil || got.Files[0] != want):
				t.Errorf("%s, loose %v: %q, %v; want %q", tt.text, loose, got.Files, err, want)
			}
		}
	}
}

func TestDataURL(t *testing.T) {
	s := schema(t, intake.Spec{Members: []intake.Member{{Path: "f[]", Rule: intake.Rule{Do: intake.Keep, DataURL: true}}}})
	long := strings.Repeat("YWJj", 100_000)
	got, err := read(t, s, `{"f":["data:image\/png;base64,YQ==","DATA:text/plain;charset=utf-8;BASE64,YWI=","YWJj","data:;base64,","`+long+`","data:a/b;base64,`+long+`"]}`)
	if err != nil {
		t.Fatal(err)
	}
	var claimed []string
	for _, f := range got.Info {
		claimed = append(claimed, f.Claimed)
	}
	if diff := cmp.Diff([]string{"image/png", "text/plain;charset=utf-8", "", "", "", "a/b"}, claimed); diff != "" {
		t.Error(diff)
	}
	whole := strings.Repeat("abc", 100_000)
	if diff := cmp.Diff([]string{"a", "ab", "abc", "", whole, whole}, got.Files); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{`data:`, `data:text/plain,a`, `data:text/plain;base64`, `data:text/pl\u0061in;base64,YQ==`, `data:` + strings.Repeat("x", 300) + `;base64,YQ==`, `data:base64,YQ==`} {
		if _, err := read(t, s, `{"f":["`+text+`", "x,y"]}`); codeOf(err) != intake.Base64 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Every limit holds to the byte.
func TestLimits(t *testing.T) {
	limits := intake.Limits{Value: 12, Values: 40, File: 10, Files: 2, Depth: 3}
	spec := intake.Spec{Limits: limits, Members: append(capture("a", "b", "c"), keep("f"), keep("g[]"))}
	spec.Members = append(spec.Members, intake.Member{Path: "wide", Rule: intake.Rule{Do: intake.Capture, Max: 14}})
	file := func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, tt := range []struct {
		body, field string
		ok          bool
	}{
		{`{"a":"123456789"}`, "", true},
		{`{"a":"1234567890"}`, "", true}, // with its quotes
		{`{"a":"12345678901"}`, "a", false},
		{`{"a":[1,  2 ,3,4,5]}`, "", true}, // white space does not count
		{`{"a":[1,2,3,4,5,6]}`, "a", false},
		{`{"a":1234567890123}`, "a", false},
		{`{"wide":"123456789012"}`, "", true},
		{`{"wide":"1234567890123"}`, "wide", false},
		{`{"a":"1234567890","b":"1234567890"}`, "", true}, // {"a":"1234567890","b":"1234567890"} has 35
		{`{"a":"1234567890","b":"1234567890","c":""}`, "c", false},
		{`{"a":"1234567890","b":"12345678","c":""}`, "", true}, // 40
		{`{"a":"1234567890","b":"123456789","c":""}`, "", false},
		{`{"skipped":"12345678901234567890123456789012345678901234567890"}`, "", true},
		{`{"f":"` + file(9) + `"}`, "", true},
		{`{"f":"` + file(10) + `"}`, "", true},
		{`{"f":"` + file(11) + `"}`, "f", false},
		{`{"f":"` + file(300_000) + `"}`, "f", false},
		{`{"g":["","",null]}`, "", true},
		{`{"g":["","",""]}`, "g[2]", false},
		{`{"a":[[1]]}`, "", true},
	} {
		_, err := read(t, schema(t, spec), tt.body)
		switch {
		case tt.ok && err != nil:
			t.Errorf("%.60s: %v", tt.body, err)
		case !tt.ok && (fault.KindOf(err) != fault.TooLarge || fault.FieldOf(err) != tt.field):
			t.Errorf("%.60s: %q, %v", tt.body, fault.FieldOf(err), err)
		}
	}
	if _, err := read(t, schema(t, spec), `{"a":[[[1]]]}`); codeOf(err) != intake.Syntax {
		t.Errorf("too deep: %v", err)
	}
}

// Cut anywhere, a body is refused, and with the same fault when the connection
// breaks there.
func TestCut(t *testing.T) {
	s := schema(t, filesSpec())
	body := `{"token":"\u00e9x","z":[1.5,{"a":null}],"payload":{"files":[{"content":"YWJj\/\u002bY=","name":"\"a"}],"id":-0.5e1}}`
	if _, err := read(t, s, body); err != nil {
		t.Fatal(err)
	}
	for n := range len(body) {
		if _, err := read(t, s, body[:n]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("cut at %d: %v", n, err)
		}
		broken := io.MultiReader(strings.NewReader(body[:n]), iotest.ErrReader(io.ErrUnexpectedEOF))
		_, err := s.Read(t.Context(), broken, new(shelf).open)
		if fault.KindOf(err) != fault.Invalid || fault.Message(err) != "the body ended before it was complete" {
			t.Errorf("broken at %d: %v", n, err)
		}
	}
}

// Errors of the file's keeper, of the context and of a body without bytes end the
// reading.
func TestErrors(t *testing.T) {
	s := schema(t, filesSpec())
	body := `{"payload":{"files":[{"content":"YWJj"}]}}`
	full := fault.New(fault.Unavailable, "full")
	if _, err := s.Read(t.Context(), strings.NewReader(body), (&shelf{fail: full}).open); !errors.Is(err, full) && fault.KindOf(err) != fault.Unavailable {
		t.Errorf("disk full: %v", err)
	}
	refuse := func(context.Context) (io.WriteCloser, error) { return nil, full }
	if _, err := s.Read(t.Context(), strings.NewReader(body), refuse); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("open: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(ctx, strings.NewReader(body), new(shelf).open); fault.KindOf(err) != fault.Invalid {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Read(t.Context(), idle{}, new(shelf).open); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("idle: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestNewSchema(t *testing.T) {
	for _, paths := range [][]string{
		{}, {""}, {"."}, {"a."}, {".a"}, {"a..b"}, {"a[b"}, {"a]"}, {"a[][", "b"}, {"a.[]"},
		{"a", "a"}, {"a", "a.b"}, {"a.b", "a"}, {"a", "a[]"}, {"a[]", "a"}, {"a[]", "a.b"}, {"a.b", "a[]"}, {"[]", "a"},
	} {
		if _, err := intake.NewSchema(intake.Spec{Members: capture(paths...)}); err == nil {
			t.Errorf("%q were taken", paths)
		}
	}
	if _, err := intake.NewSchema(intake.Spec{Fold: true, Members: capture("a", "A")}); err == nil {
		t.Error("a and A were taken")
	}
	if _, err := intake.NewSchema(intake.Spec{Members: capture("a"), Others: intake.Capture}); err == nil {
		t.Error("others were captured")
	}
	got, err := read(t, schema(t, intake.Spec{Members: capture("[].a", "[].b[][].c")}), `[{"a":1,"b":[[{"c":2}],[]]},null]`)
	if err != nil || got.JSON != `[{"a":1,"b":[[{"c":2}],[]]},null]` {
		t.Errorf("%s, %v", got.JSON, err)
	}
}
