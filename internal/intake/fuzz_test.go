package intake_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// FuzzJSON compares with encoding/json and encoding/base64 on any bytes.
func FuzzJSON(f *testing.F) {
	for _, body := range []string{
		`{"f":"YWJj","v":{"a":[1,"x\u00e9",null,true]},"n":"a"}`, `{"v":-1.5e3,"f":"YW\nJj\/+8="}`, `{"f":null,"v":null}`,
		`{"f":"YQ==","f":"YQ=="}`, `{"f":"0","f":""}`, `{"f":"YQ="}`, `{"f":"Y Q="}`, `{"f":"-_=="}`, `{"f":5}`, `{"f":[1]}`, `[]`, `{} x`, `{"v":01}`, `{"v":"\ud800"}`,
		`{"g":["YQ==","YWI="],"x":{"f":1}}`, `{"v":"` + "\xff" + `"}`, "\ufeff{\"f\":\"YWJj\"}", "\ufeff\ufeff{}", "\xef\xbb{}", "\ufeff", `{"f":"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU2Nzg5KysvLzEyMzQ1Njc4OTA="}`,
		`{"p":{"files":[{"content":"YQ==","name":"a"},null,{"loose":"-_8"}],"note":1},"f":"\u0059Q=="}`, `{"p":[]}`, `{"p":{"files":{}}}`, `null`,
	} {
		f.Add([]byte(body), uint64(1))
	}
	s := schema(f, fuzzSpec())
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) { compare(t, s, body, seed) })
}

// FuzzShapes does the same on bodies that are nearly right, and would hardly come about
// by chance: files and values of all kinds in any order and at any depth, among members
// that are skipped or come twice, with escapes in names and in base64, white space, line
// ends and padding in all places, in both alphabets. A few bytes are then changed.
func FuzzShapes(f *testing.F) {
	for i := range 16 {
		f.Add(randomRecipe(uint64(i)), uint64(i))
	}
	s := schema(f, fuzzSpec())
	f.Fuzz(func(t *testing.T, recipe []byte, seed uint64) {
		c := &cook{recipe: recipe, random: rand.New(rand.NewPCG(seed, 2))}
		compare(t, s, c.body(), seed)
	})
}

// TestShapes is FuzzShapes on some thousand bodies. Both outcomes have to come up.
func TestShapes(t *testing.T) {
	s := schema(t, fuzzSpec())
	taken, refused := 0, 0
	for i := range uint64(4000) {
		c := &cook{recipe: randomRecipe(i), random: rand.New(rand.NewPCG(i, 2))}
		if compare(t, s, c.body(), i) {
			taken++
		} else {
			refused++
		}
	}
	t.Logf("%d bodies are taken, %d refused", taken, refused)
	if taken < 400 || refused < 400 {
		t.Errorf("%d bodies are taken and %d refused: that shows little", taken, refused)
	}
}

// fuzzSpec has rules of every kind, at every depth.
func fuzzSpec() intake.Spec {
	loose := intake.Member{Path: "p.files[].loose", Rule: intake.Rule{Do: intake.Keep, Loose: true}}
	return intake.Spec{Members: append(capture("v", "p.note", "p.files[].name"), keep("f"), keep("g[]"), keep("p.files[].content"), loose)}
}

// compare reads a body and holds what comes of it to the oracle: the same values and
// bytes, or both refuse. It reports whether the body is taken.
func compare(t *testing.T, s *intake.Schema, body []byte, seed uint64) bool {
	t.Helper()
	var sh shelf
	form, err := s.Read(t.Context(), &ragged{body, rand.New(rand.NewPCG(seed, 0))}, sh.open)
	want, oracle := oracleRead(body)
	switch {
	case err != nil && oracle == nil:
		if fault.KindOf(err) != fault.TooLarge && !strings.Contains(err.Error(), "in one another") {
			t.Fatalf("%q is refused, unlike by encoding/json: %v", body, err)
		}
		return false
	case err != nil:
		if fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.TooLarge {
			t.Fatalf("%q: %v", body, err)
		}
		return false
	case oracle != nil:
		t.Fatalf("%q is taken, unlike by encoding/json: %v", body, oracle)
	}
	var got struct {
		V json.RawMessage
		F intake.Ref
		G []intake.Ref
		P struct {
			Note  json.RawMessage
			Files []struct {
				Name           json.RawMessage
				Content, Loose intake.Ref
			}
		}
	}
	if err := json.Unmarshal(form.JSON, &got); err != nil {
		t.Fatalf("%s: %v", form.JSON, err)
	}
	if len(sh.files) != len(form.Files) {
		t.Fatalf("%d files were written, %d are told of", len(sh.files), len(form.Files))
	}
	mine := values{}
	keepFile := func(path string, r intake.Ref) {
		file, ok := form.File(r)
		if !ok {
			return
		}
		data := sh.files[r-1]
		if file.Path != path || file.Size != int64(data.Len()) || !data.closed {
			t.Fatalf("%q: %s is told of as %+v", body, path, file)
		}
		mine[path] = data.String()
	}
	keepFile("f", got.F)
	for i, r := range got.G {
		keepFile(fmt.Sprintf("g[%d]", i), r)
	}
	if err := mine.add("v", got.V, true); err != nil {
		t.Fatal(err)
	}
	if err := mine.add("p.note", got.P.Note, true); err != nil {
		t.Fatal(err)
	}
	for i, file := range got.P.Files {
		path := fmt.Sprintf("p.files[%d]", i)
		keepFile(path+".content", file.Content)
		keepFile(path+".loose", file.Loose)
		if err := mine.add(path+".name", file.Name, true); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(want, mine) { // cmp takes exponential time for arrays in arrays
		t.Fatalf("%q:\ngot  %#v\nwant %#v", body, mine, want)
	}
	return true
}

// values are what a body says at its paths: the bytes of files, and decoded JSON.
type values map[string]any

// add decodes a value with encoding/json.
func (v values) add(path string, raw json.RawMessage, present bool) error {
	if !present || raw == nil {
		return nil
	}
	if !utf8.Valid(raw) {
		return errors.New("not UTF-8")
	}
	var value any
	err := json.Unmarshal(raw, &value)
	v[path] = value
	if value == nil {
		delete(v, path) // RawMessage does not tell null from absent
	}
	return err
}

// keep decodes a file with encoding/base64.
func (v values) keep(path string, raw json.RawMessage, loose bool) error {
	if string(raw) == "null" {
		return nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	encoding := base64.StdEncoding
	if loose {
		text = strings.NewReplacer("\r", "", "\n", "", "-", "+", "_", "/").Replace(text)
		for range 2 {
			text = strings.TrimSuffix(text, "=")
		}
		encoding = base64.RawStdEncoding
	}
	data, err := encoding.DecodeString(text)
	v[path] = string(data)
	return err
}

// oracleRead reads a body of fuzzSpec with encoding/json, which takes the last of several
// members; here, as in the package, none. Nor does it know of byte order marks.
func oracleRead(body []byte) (values, error) {
	v := values{}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !json.Valid(body) {
		return v, errors.New("not JSON")
	}
	root, err := object(body, "v", "f", "g", "p")
	if err != nil {
		return v, err
	}
	errs := []error{v.add("v", root["v"], root["v"] != nil)}
	if raw := root["f"]; raw != nil {
		errs = append(errs, v.keep("f", raw, false))
	}
	g, err := array(root["g"])
	errs = append(errs, err)
	for i, raw := range g {
		errs = append(errs, v.keep(fmt.Sprintf("g[%d]", i), raw, false))
	}
	p, err := object(root["p"], "note", "files")
	errs = append(errs, err, v.add("p.note", p["note"], p["note"] != nil))
	files, err := array(p["files"])
	errs = append(errs, err)
	for i, raw := range files {
		file, err := object(raw, "name", "content", "loose")
		path := fmt.Sprintf("p.files[%d]", i)
		errs = append(errs, err, v.add(path+".name", file["name"], file["name"] != nil))
		if raw := file["content"]; raw != nil {
			errs = append(errs, v.keep(path+".content", raw, false))
		}
		if raw := file["loose"]; raw != nil {
			errs = append(errs, v.keep(path+".loose", raw, true))
		}
	}
	return v, errors.Join(errs...)
}

// object takes a valid JSON object apart, of which the named members may come once. A
// null, or nothing, is one without members.
func object(raw json.RawMessage, once ...string) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return all, nil
	}
	if raw[0] != '{' {
		return all, errors.New("no object")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return all, err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return all, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return all, err
		}
		key := name.(string)
		if all[key] != nil && slices.Contains(once, key) {
			return all, errors.New(key + " comes twice")
		}
		all[key] = value
	}
	return all, nil
}

func array(raw json.RawMessage) (all []json.RawMessage, err error) {
	if raw == nil {
		return nil, nil
	}
	return all, json.Unmarshal(raw, &all)
}

// randomRecipe is one of any length.
func randomRecipe(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 3))
	recipe := make([]byte, 20+random.IntN(200))
	for i := range recipe {
		recipe[i] = byte(random.Uint32())
	}
	return recipe
}

// cook makes a body: the recipe decides on what is in it, chance on the rest.
type cook struct {
	recipe []byte
	random *rand.Rand
	out    bytes.Buffer
}

// pick is a choice of the recipe, 0 when that is at its end.
func (c *cook) pick(n int) int {
	if len(c.recipe) == 0 {
		return 0
	}
	b := c.recipe[0]
	c.recipe = c.recipe[1:]
	return int(b) % n
}

func (c *cook) body() []byte {
	c.object(map[string]func(){
		"v": c.value, "x": c.value, "n": c.value, "f": c.file,
		"g": func() { c.array(c.file) },
		"p": func() {
			c.object(map[string]func(){
				"note": c.value, "y": c.value,
				"files": func() {
					c.array(func() {
						c.object(map[string]func(){"name": c.value, "z": c.value, "content": c.file, "loose": c.file})
					})
				},
			})
		},
	})
	body := c.out.Bytes()
	if c.pick(3) == 1 {
		for range 1 + c.pick(3) {
			const odd = `{}[]",:\u0=-_+/Aa ` + "\t\n\x00\xff"
			body[c.random.IntN(len(body))] = odd[c.random.IntN(len(odd))]
		}
	}
	return body
}

func (c *cook) space() {
	if c.random.IntN(4) == 0 {
		c.out.WriteString([]string{" ", "\n", "\t", "\r\n", "  \n "}[c.random.IntN(5)])
	}
}

// object writes up to five members, some perhaps twice.
func (c *cook) object(members map[string]func()) {
	if c.pick(20) == 7 {
		c.out.WriteString([]string{"null", "[]", `""`, "1"}[c.pick(4)])
		return
	}
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	c.random.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	names = names[:c.pick(len(names)+1)]
	if len(names) > 0 && c.pick(16) == 3 {
		names = append(names, names[0])
	}
	c.out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			c.out.WriteByte(',')
		}
		c.space()
		c.text(name)
		c.space()
		c.out.WriteByte(':')
		c.space()
		members[name]()
		c.space()
	}
	c.space()
	c.out.WriteByte('}')
}

func (c *cook) array(item func()) {
	c.out.WriteByte('[')
	for i := range c.pick(4) {
		if i > 0 {
			c.out.WriteByte(',')
		}
		c.space()
		item()
		c.space()
	}
	c.out.WriteByte(']')
}

// value writes what is not a file.
func (c *cook) value() {
	switch c.pick(9) {
	case 0:
		c.out.WriteString("null")
	case 1:
		c.out.WriteString([]string{"true", "false"}[c.pick(2)])
	case 2:
		c.out.WriteString([]string{"0", "-1.5e3", "12345678901234567890", "1E+2", "0.10"}[c.pick(5)])
	case 3:
		c.array(c.value)
	case 4:
		c.object(map[string]func(){"f": c.value, "p": c.value, "a": c.value})
	case 5:
		c.text([]string{"\ufffd\u2028\x7f", "é\"\\/\b\f\n\r\t", "\U0001f4a9", ""}[c.pick(4)])
	case 6:
		c.out.WriteString([]string{`"\ud83d\udca9"`, `"\ud83d"`, `"\u0000"`, "\"\xff\"", "\"\x01\""}[c.pick(5)])
	default:
		c.file()
	}
}

// text writes a string, some of it in escapes.
func (c *cook) text(text string) {
	c.out.WriteByte('"')
	for _, r := range text {
		switch {
		case r > 0xffff:
			c.out.WriteRune(r)
		case r == '"' || r == '\\' || r < ' ' || c.random.IntN(12) == 0:
			fmt.Fprintf(&c.out, []string{`\u%04x`, `\u%04X`}[c.random.IntN(2)], r)
		default:
			c.out.WriteRune(r)
		}
	}
	c.out.WriteByte('"')
}

// file writes base64, mostly good, or null.
func (c *cook) file() {
	if c.pick(12) == 5 {
		c.out.WriteString("null")
		return
	}
	data := make([]byte, []int{0, 1, 2, 3, 50, 300, 2000}[c.pick(7)])
	for i := range data {
		data[i] = byte(c.random.Uint32())
	}
	text := []byte([]*base64.Encoding{
		base64.StdEncoding, base64.StdEncoding, base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding,
	}[c.pick(6)].EncodeToString(data))
	insert := func(odd string) {
		at := c.random.IntN(len(text) + 1)
		if c.random.IntN(3) == 0 {
			at = len(text)
		}
		text = slices.Insert(text, at, []byte(odd)...)
	}
	switch c.pick(8) {
	case 1:
		insert("\n")
		insert("\r\n")
	case 2:
		insert([]string{"=", "==", " ", "\t", "!", "-", "\x00"}[c.pick(7)])
	case 3:
		text = text[:len(text)-min(len(text), 1+c.pick(3))]
	case 4:
		insert([]string{"\n", "="}[c.pick(2)])
		insert("\n")
	}
	c.out.WriteByte('"')
	escapes := c.random.IntN(3)
	for _, b := range text {
		switch {
		case b == '\n' && escapes > 0:
			c.out.WriteString(`\n`)
		case b == '\r' && escapes > 0:
			c.out.WriteString(`\r`)
		case b == '/' && escapes > 1:
			c.out.WriteString(`\/`)
		case b < ' ' || escapes == 2 && c.random.IntN(20) == 0:
			fmt.Fprintf(&c.out, `\u%04x`, b)
		default:
			c.out.WriteByte(b)
		}
	}
	c.out.WriteByte('"')
}

// ragged yields pieces of random sizes.
type ragged struct {
	data []byte
	rand *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.data[:min(len(r.data), 1+r.rand.IntN(7))])
	r.data = r.data[n:]
	return n, nil
}

// FuzzBase64 compares with encoding/base64 on longer texts, in which anything may
// stand anywhere, in pieces that begin and end anywhere.
func FuzzBase64(f *testing.F) {
	f.Add([]byte("abc"), []byte("="), uint16(3), uint64(1))
	f.Add(bytes.Repeat([]byte{0, 0xff, 0x10}, 200), []byte("\n"), uint16(77), uint64(2))
	f.Add(bytes.Repeat([]byte{0xfb, 0xff}, 300), []byte("\x80"), uint16(200), uint64(3))
	f.Fuzz(func(t *testing.T, data, odd []byte, at uint16, seed uint64) {
		text := base64.StdEncoding.EncodeToString(data)
		k := min(int(at), len(text))
		text = text[:k] + string(odd) + text[k:]
		want, oracle := base64.StdEncoding.DecodeString(text)

		var body bytes.Buffer
		body.WriteString(`{"f":"`)
		random := rand.New(rand.NewPCG(seed, 1))
		for _, c := range []byte(text) {
			switch {
			case c < ' ' || c == '"' || c == '\\' || c >= 0x80 || random.IntN(50) == 0:
				fmt.Fprintf(&body, `\u%04x`, c)
			case c == '/' && seed%2 == 0:
				body.WriteString(`\/`)
			default:
				body.WriteByte(c)
			}
		}
		body.WriteString(`"}`)
		var sh shelf
		s := schema(t, intake.Spec{Members: []intake.Member{keep("f")}})
		_, err := s.Read(t.Context(), &ragged{body.Bytes(), random}, sh.open)
		if (err != nil) != (oracle != nil) {
			t.Fatalf("%q: %v, unlike encoding/base64: %v", text, err, oracle)
		}
		if err == nil && !bytes.Equal(sh.files[0].Bytes(), want) {
			t.Fatalf("%q: other bytes", text)
		}
	})
}

// FuzzWritten reads what mime/multipart writes: it is taken, and all of it.
func FuzzWritten(f *testing.F) {
	f.Add("f", "a.pdf", []byte("abc"), []byte("\r\n--b 1"), uint64(1))
	f.Add("\"q\\", "\u00e9\r\n.txt", []byte("\r\n\r\n--b 1-"), []byte("--b 1--"), uint64(2))
	f.Fuzz(func(t *testing.T, field, name string, one, two []byte, seed uint64) {
		const boundary = "b 1"
		if bytes.Contains(append([]byte("\r\n"), one...), []byte("\r\n--"+boundary)) || bytes.Contains(append([]byte("\r\n"), two...), []byte("\r\n--"+boundary)) {
			return // a writer has to choose another boundary then
		}
		if len(field)+len(name) > 4000 {
			return // a limit of ours
		}
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		if err := w.SetBoundary(boundary); err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{one, two} {
			part, err := w.CreateFormFile(field, name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := part.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		written := bytes.Clone(b.Bytes())
		var sh shelf
		every := func(intake.Part) intake.Rule { return intake.Rule{Do: intake.Keep} }
		in := &ragged{b.Bytes(), rand.New(rand.NewPCG(seed, 4))}
		form, err := intake.Multipart(t.Context(), in, formType, intake.Limits{}, every, sh.open)
		theirs, oracle := multipart.NewReader(bytes.NewReader(written), boundary).NextRawPart()
		if err != nil {
			if oracle == nil && theirs.FormName() != "" {
				t.Fatalf("%q is refused: %v", written, err)
			}
			return
		}
		if len(sh.files) != 2 || !bytes.Equal(sh.files[0].Bytes(), one) || !bytes.Equal(sh.files[1].Bytes(), two) {
			t.Fatalf("%q: other bytes", written)
		}
		if got := form.Files[0].Part.Name; oracle == nil && got != strings.ToValidUTF8(theirs.FormName(), "\uFFFD") {
			t.Fatalf("the field is called %q, not %q", got, theirs.FormName())
		}
	})
}
