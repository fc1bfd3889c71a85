package store

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

// readExtra reads a JSON object and returns its members that are texts or
// integers: the same the first time and once its names are known.
func readExtra(data []byte) (got map[string]resource.Value, err error) {
	keys := extraKeys{find: func(name []byte) *resource.Field { return &resource.Field{Name: string(name)} }}
	for range 2 {
		before := got
		got = map[string]resource.Value{}
		arena := []byte("before")
		r := extraReader{data: data}
		err = r.read(&arena, &keys, func(f *resource.Field, v extraValue) {
			switch v.typ {
			case resource.Int:
				got[f.Name] = resource.IntValue(v.i)
			case resource.Str:
				got[f.Name] = resource.TextValue(string(arena[v.start:v.end]))
			default:
				delete(got, f.Name)
			}
		})
		if before != nil && !maps.Equal(got, before) {
			return nil, fmt.Errorf("got %v, with known names %v", before, got)
		}
	}
	return got, err
}

// plainExtra does the same with encoding/json.
func plainExtra(data []byte) (map[string]resource.Value, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	got := map[string]resource.Value{}
	for name, v := range raw {
		var s string
		if i, err := strconv.ParseInt(string(v), 10, 64); err == nil {
			got[name] = resource.IntValue(i)
		} else if v[0] == '"' && json.Unmarshal(v, &s) == nil {
			got[name] = resource.TextValue(s)
		}
	}
	return got, nil
}

func TestExtraReader(t *testing.T) {
	for _, c := range []string{
		`{}`, ` { } `, `{"a":1}`, `{ "a" : -9223372036854775808 , "b":9223372036854775807 }`, `{"a":"x","b":null,"c":true,"d":1.5,"e":1e3}`,
		`{"a":{"b":["}",{"\"":1}]},"c":"d"}`, `{"a":[[],{}],"b":2}`, `{"a\u00e9\n":"\ud83d\ude00\t\/\\\""}`, `{"a":""}`, `{"a":92233720368547758070}`,
	} {
		got, err := readExtra([]byte(c))
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		want, err := plainExtra([]byte(c))
		if err != nil {
			t.Fatal(err)
		}
		same(t, c, got, want)
	}
	for _, c := range []string{``, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":"x`, `{"a":"\`, `{"a":"\u12`, `{"a":"\uzzzz"}`, `{a:1}`, `{"a":}`, `{"a":[1}`, `{"a":1 "b":2}`, `{"a":{`} {
		if got, err := readExtra([]byte(c)); err == nil {
			t.Errorf("%s: got %v", c, got)
		}
	}
}

func same(t *testing.T, what string, got, want map[string]resource.Value) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s: %q is %+v, want %+v", what, name, got[name], v)
		}
	}
}

// FuzzExtraReader checks that whatever encoding/json reads is read alike, and
// that nothing else does harm.
func FuzzExtraReader(f *testing.F) {
	for _, seed := range []string{`{"Z_a":1,"Z_b":"x"}`, `{"a":"\ud83d\ude00\u0041"}`, `{"a":[{"b":"]"}],"c":-0}`, `{"\\":"\""}`, `{"a":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readExtra(data)
		want, plainErr := plainExtra(data)
		if plainErr != nil || !utf8.Valid(data) {
			return // broken JSON may be read as something; it only must not panic
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		if len(got) == len(want) { // the same name twice, in other spellings, aside
			same(t, string(data), got, want)
		}
	})
}

// FuzzExtraText checks that every text and number comes back as it went in.
func FuzzExtraText(f *testing.F) {
	f.Add("Z_a", "x\"\\\n\x01é😀\u2028", int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, name, text string, number int64) {
		if !utf8.ValidString(name) || !utf8.ValidString(text) {
			return
		}
		data := appendExtra(nil, name, resource.TextValue(text))
		data = append(appendExtra(data, name+"2", resource.IntValue(number)), '}')
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		got, err := readExtra(data)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(data), got, map[string]resource.Value{name: resource.TextValue(text), name + "2": resource.IntValue(number)})
	})
}

// TestExtraKeys reads rows whose members are in other orders, and others, than
// those of the row before.
func TestExtraKeys(t *testing.T) {
	a, b := &resource.Field{Name: "a"}, &resource.Field{Name: "b"}
	keys := extraKeys{find: func(name []byte) *resource.Field {
		return map[string]*resource.Field{"a": a, "b": b}[string(name)]
	}}
	for _, row := range []struct {
		json string
		want map[string]int64
	}{
		{`{"a":1,"b":2}`, map[string]int64{"a": 1, "b": 2}},
		{`{"b":3,"a":4}`, map[string]int64{"a": 4, "b": 3}},
		{`{"b":5}`, map[string]int64{"b": 5}},
		{`{"b": 6, "c": 1, "a": 7}`, map[string]int64{"a": 7, "b": 6}},
		{`{"b":8,"a":9}`, map[string]int64{"a": 9, "b": 8}},
		{`{"a":1,"b":2,"ab":3}`, map[string]int64{"a": 1, "b": 2}},
		{`{}`, map[string]int64{}},
		{`{"b":-5,"ab":7,"a":0123456789012345678}`, map[string]int64{"a": 123456789012345678, "b": -5}},
	} {
		var arena []byte
		got := map[string]int64{}
		r := extraReader{data: []byte(row.json)}
		err := r.read(&arena, &keys, func(f *resource.Field, v extraValue) { got[f.Name] = v.i })
		if err != nil || !maps.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v", row.json, got, err)
		}
	}
}
