package sage

import (
	"encoding/json"
	"testing"
)

// FuzzSplit: what is taken apart is what encoding/json takes apart.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`{}`, ` { } `, `[]`, ` [ ] `, `{"a":1,"b":[1,{"c":"}"}],"\u0061":null}`, `[1 , "]" ,{"a":[]},true,-1e3 ]`,
		`{"a" : "x\"y" , "b":{} }`, `null`, `""`, `{"":"\\"}`, "\t{\n\"a\":\r1}\n", `[[[]],[]]`, `1`, `{"a":1,"A":2,"a":3}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if (checkJSON([]byte(text)) == nil) != (json.Valid([]byte(text)) && nesting([]byte(text)) <= maxNesting) {
			t.Fatalf("%q: %v", text, checkJSON([]byte(text)))
		}
		if !json.Valid([]byte(text)) {
			return
		}
		var object map[string]json.RawMessage
		isObject := json.Unmarshal([]byte(text), &object) == nil && object != nil
		members, ok := splitObject([]byte(text))
		if ok != isObject || len(members) != len(object) {
			t.Fatalf("%q: object %v, %d members, want %v, %d", text, ok, len(members), isObject, len(object))
		}
		for name, v := range members {
			if string(v) != string(object[name]) {
				t.Fatalf("%q: member %q is %s, want %s", text, name, v, object[name])
			}
		}
		var array []json.RawMessage
		isArray := json.Unmarshal([]byte(text), &array) == nil && array != nil
		elements, ok := splitArray([]byte(text), 1000)
		if ok != isArray || len(elements) != min(len(array), 1000) {
			t.Fatalf("%q: array %v, %d elements, want %v, %d", text, ok, len(elements), isArray, len(array))
		}
		for i, v := range elements {
			if string(v) != string(array[i]) {
				t.Fatalf("%q: element %d is %s, want %s", text, i, v, array[i])
			}
		}
	})
}
