package resource_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/resource"
)

// packing returns that of a resource with a text and an integer of each name: the
// first of the two is kept under the name, the other under the name and "2".
func packing(t testing.TB, names ...string) (*resource.Packing, []resource.Field) {
	t.Helper()
	reg, err := resource.New(resource.Resource{Name: "things", Title: []string{"name"}, Extensible: true, Fields: []resource.Field{
		{Name: "id", Kind: resource.Integer, ReadOnly: true}, {Name: "name", Kind: resource.Text},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var extra []resource.Field
	for i, name := range names {
		extra = append(extra,
			resource.Field{Name: fmt.Sprintf("Z_t%d", i), Slot: name, Kind: resource.Text},
			resource.Field{Name: fmt.Sprintf("Z_n%d", i), Slot: name + "2", Kind: resource.Integer})
	}
	cat, err := reg.With(1, map[string][]resource.Field{"things": extra})
	if err != nil {
		t.Fatal(err)
	}
	res := cat.Resource("things")
	return resource.NewPacking(res), res.ExtraFields()
}

// read returns the values of a packed record by slot.
func read(u *resource.Unpacker, fields []resource.Field, text string) (map[string]resource.Value, error) {
	p, err := u.Unpack(text)
	if err != nil {
		return nil, err
	}
	got := map[string]resource.Value{}
	for n := range fields {
		v := p.Value(n, &fields[n])
		if !v.IsNull() {
			got[fields[n].Slot] = v
		}
		// What is written without being read is the same.
		var quick []byte
		want := ""
		switch v.Type {
		case resource.Str:
			quick, want = p.AppendText(nil, n), string(resource.AppendText(nil, v.S))
		case resource.Int:
			quick, want = p.AppendInt(nil, n), strconv.FormatInt(v.I, 10)
		default:
			if quick = p.AppendInt(nil, n); fields[n].Kind == resource.Text {
				quick = p.AppendText(nil, n)
			}
		}
		if string(quick) != want && string(quick) != "-0" {
			return nil, fmt.Errorf("%s is written as %s, want %s", fields[n].Slot, quick, want)
		}
	}
	return got, nil
}

// plainly reads the same members with encoding/json.
func plainly(fields []resource.Field, text string) (map[string]resource.Value, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	got := map[string]resource.Value{}
	for _, f := range fields {
		v, ok := raw[f.Slot]
		if !ok {
			continue
		}
		var s string
		if i, err := strconv.ParseInt(string(v), 10, 64); err == nil && f.Kind == resource.Integer {
			got[f.Slot] = resource.IntValue(i)
		} else if v[0] == '"' && f.Kind == resource.Text && json.Unmarshal(v, &s) == nil {
			got[f.Slot] = resource.TextValue(s)
		}
	}
	return got, nil
}

func TestUnpack(t *testing.T) {
	k, fields := packing(t, "a", "b", "é\n")
	for _, text := range []string{
		`{}`, ` { } `, `{"a":"x"}`, `{ "a2" : -9223372036854775808 , "b2":9223372036854775807 }`, `{"a":"x","b":null,"a2":true,"b2":1.5,"d":1e3}`,
		`{"c":{"b":["}",{"\"":1}]},"a":"d"}`, `{"c":[[],{}],"b2":2}`, `{"\u00e9\n":"\ud83d\ude00\t\/\\\""}`, `{"a":""}`, `{"a2":92233720368547758070}`,
		`{"a":1,"a2":"1"}`, `{"a":"x\\"}`, `{"a":"\\\"","b":"\\\\"}`, `{"a":"–\u2028"}`, "{\"a\":\"\u2028\"}", "{\"a\":\"\u2029\",\"b\":\"é\"}",
	} {
		want, err := plainly(fields, text)
		if err != nil {
			t.Fatal(err)
		}
		u := k.Unpacker(1)
		for range 2 { // the second time the names are known
			if got, err := read(u, fields, text); err != nil || !maps.Equal(got, want) {
				t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
			}
		}
		u.Done()
	}
	for _, text := range []string{
		``, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":"x`, `{"a":"\`, `{"a":"\"`, `{a:1}`, `{"a":}`, `{"a":[1}`, `{"a":1 "b":2}`, `{"a":{`,
	} {
		if p, err := k.Unpacker(1).Unpack(text); err == nil {
			t.Errorf("%s: got %v", text, p)
		}
	}
}

// TestUnpackOrder reads rows whose members are in other orders, and others, than
// those of the row before.
func TestUnpackOrder(t *testing.T) {
	k, fields := packing(t, "a", "b", "c")
	u := k.Unpacker(2)
	for _, row := range []struct {
		text string
		want map[string]int64
	}{
		{`{"a2":1,"b2":2}`, map[string]int64{"a2": 1, "b2": 2}},
		{`{"b2":3,"a2":4}`, map[string]int64{"a2": 4, "b2": 3}},
		{`{"b2":5}`, map[string]int64{"b2": 5}},
		{`{"b2": 6, "x": 1, "a2": 7}`, map[string]int64{"a2": 7, "b2": 6}},
		{`{"b2":8,"a2":9}`, map[string]int64{"a2": 9, "b2": 8}},
		{`{"a2":1,"b2":2,"a22":3}`, map[string]int64{"a2": 1, "b2": 2}},
		{`{}`, map[string]int64{}},
		{`{"b2":-5,"x":7,"a2":1234567890123456789}`, map[string]int64{"a2": 1234567890123456789, "b2": -5}},
	} {
		want := map[string]resource.Value{}
		for name, i := range row.want {
			want[name] = resource.IntValue(i)
		}
		if got, err := read(u, fields, row.text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: got %v, %v", row.text, got, err)
		}
	}
}

// FuzzUnpack checks that whatever encoding/json reads is read alike, and that
// nothing else does harm.
func FuzzUnpack(f *testing.F) {
	for _, seed := range []string{`{"a2":1,"b":"x"}`, `{"a":"\ud83d\ude00\u0041"}`, `{"b":[{"b":"]"}],"a2":-0}`, `{"\\":"\""}`, `{"a":"\ud800"}`, `{"a":"\ud800\u0041"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, fields := packing(t, "a", "b")
		u := k.Unpacker(1)
		got, err := read(u, fields, text)
		want, plainErr := plainly(fields, text)
		if plainErr != nil || !utf8.ValidString(text) {
			return // broken JSON may be read as something; it only must not panic
		}
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if len(got) == len(want) && !maps.Equal(got, want) { // the same name twice, in other spellings, aside
			t.Fatalf("%q: got %v, want %v", text, got, want)
		}
	})
}

// FuzzPacked checks that every text and number comes back as it went in.
func FuzzPacked(f *testing.F) {
	f.Add("Z_a", "x\"\\\n\x01é😀\u2028", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, name, text string, number int64) {
		if !utf8.ValidString(name) || !utf8.ValidString(text) || name == "" {
			return
		}
		k, fields := packing(t, name)
		want := map[string]resource.Value{name: resource.TextValue(text), name + "2": resource.IntValue(number)}
		var packed []byte
		for i := range fields {
			packed = resource.AppendPacked(packed, &fields[i], want[fields[i].Slot])
		}
		packed = append(packed, '}')
		if !json.Valid(packed) {
			t.Fatalf("%q is no JSON", packed)
		}
		if got, err := read(k.Unpacker(1), fields, string(packed)); err != nil || !maps.Equal(got, want) {
			t.Fatalf("%q: got %v, %v", packed, got, err)
		}
	})
}
