package resource

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/fault"
)

func TestCoerce(t *testing.T) {
	name := Field{Name: "name", MaxLength: 5}
	count := Field{Name: "count", Kind: Integer}
	total := Field{Name: "total", Kind: Number, Scale: 6}
	open := Field{Name: "open", Kind: Boolean}
	date := Field{Name: "date", Kind: Instant}
	account := Field{Name: "accountId", Kind: Ref, Table: "accounts"}
	branches := Field{Name: "branches", Kind: RefList, Table: "branches"}
	null := Coerced{}
	is := func(i int64) Coerced { return Coerced{Value: IntValue(i)} }
	reads := func(s string) Coerced { return Coerced{Value: TextValue(s)} }
	for _, tt := range []struct {
		field Field
		in    string
		want  Coerced
		err   string // part of the message; "" = accepted
	}{
		{name, `"Ñandú"`, reads("Ñandú"), ""},
		{name, `"Ñandús"`, null, "has 6 characters; at most 5"},
		{name, `""`, reads(""), ""},
		{name, `null`, null, ""},
		{name, `12.50`, reads("12.50"), ""}, // a number sent for a text is its digits
		{name, `true`, reads("true"), ""},
		{name, `{}`, null, "name must be a text"},
		{name, `"a\u0000"`, null, "U+0000"},
		{count, `12`, is(12), ""},
		{count, `"12"`, is(12), ""},
		{count, `" 12 "`, is(12), ""},
		{count, `3e2`, is(300), ""},
		{count, `3.5`, null, "count must be an integer"},
		{count, `""`, null, ""},
		{count, `true`, null, "count must be an integer"},
		{count, `9223372036854775808`, null, "count must lie between -9223372036854775807 and 9223372036854775807"},
		{count, `[1]`, null, "count must be an integer"},
		{total, `1999.99`, is(1999990000), ""},
		{total, `0.30000000000000004`, is(300000), ""}, // a double's noise is rounded away
		{total, `"-0.5"`, is(-500000), ""},
		{total, `"x"`, null, "total must be a number"},
		{total, `1e300`, null, "total must lie between -9223372036854.775807 and 9223372036854.775807"},
		{open, `true`, is(1), ""},
		{open, `"False"`, is(0), ""},
		{open, `0`, is(0), ""},
		{open, `"yes"`, null, "open must be true or false"},
		{date, `"2018-10-10 00:00:00"`, is(1539129600000), ""},
		{date, `"2018-10-10T07:00:00+07:00"`, is(1539129600000), ""},
		{date, `1539129600000`, null, "date must be a date and time such as 2025-01-31T09:30:00Z"},
		{date, `"tomorrow"`, null, "date must be a date and time such as 2025-01-31T09:30:00Z"},
		{account, `7`, is(7), ""},
		{account, `"7"`, is(7), ""},
		{account, `{"id":7}`, is(7), ""},
		{account, `{"value":"Acme","id":7}`, is(7), ""},
		{account, `{"ID":"7","value":null}`, is(7), ""},
		{account, `{"value":" Acme "}`, Coerced{Title: "Acme"}, ""},
		{account, `{"value":""}`, null, ""},
		{account, `{"id":null,"value":"Acme"}`, Coerced{Title: "Acme"}, ""},
		{account, `{}`, null, ""},
		{account, `-1`, null, ""},
		{account, `{"id":-1,"value":" "}`, null, ""},
		{account, `" Acme "`, Coerced{Title: "Acme"}, ""},
		{account, `true`, null, "accountId must be the id of a record of accounts"},
		{account, `"7.5"`, null, "accountId must be the id of a record of accounts"},
		{account, `7.5`, null, "accountId must be the id"},
		{account, `[7]`, null, "accountId must be the id"},
		{branches, `[16,"17",{"id":18,"value":"x"}]`, reads("[16,17,18]"), ""},
		{branches, `[16,"16",17,{"id":16}]`, reads("[16,17]"), ""},
		{branches, `[]`, reads("[]"), ""},
		{branches, `16`, reads("[16]"), ""},
		{branches, `[{"value":"x"}]`, null, "takes ids"},
		{branches, `["x"]`, null, "takes ids, not titles"},
	} {
		got, err := tt.field.Coerce(json.RawMessage(tt.in))
		switch {
		case tt.err == "" && err != nil:
			t.Errorf("%s from %s: %v", tt.field.Name, tt.in, err)
		case tt.err == "" && got != tt.want:
			t.Errorf("%s from %s = %+v, want %+v", tt.field.Name, tt.in, got, tt.want)
		case tt.err != "" && (err == nil || !strings.Contains(fault.Message(err), tt.err)):
			t.Errorf("%s from %s: error %v, want one with %q", tt.field.Name, tt.in, err, tt.err)
		case tt.err != "" && (fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != tt.field.Name):
			t.Errorf("%s from %s: kind %v, field %q", tt.field.Name, tt.in, fault.KindOf(err), fault.FieldOf(err))
		}
	}
}

// A day is midnight UTC of the day as it is written, whatever its form.
func TestCoerceDay(t *testing.T) {
	f := Field{Name: "startDate", Kind: Instant, Day: true}
	for in, want := range map[string]string{
		"15/07/16": "2015-07-16T00:00:00Z", "15-07-16": "2015-07-16T00:00:00Z", "2015-07-16": "2015-07-16T00:00:00Z",
		"2015/07/16 23:59:59": "2015-07-16T00:00:00Z", "99/12/31": "2099-12-31T00:00:00Z", "1969-12-31 10:00": "1969-12-31T00:00:00Z",
		"15/13/16": "", "15/02/29": "", "16/7/15": "", "tomorrow": "",
	} {
		got, err := f.Coerce(json.RawMessage(`"` + in + `"`))
		switch text := string(AppendInstant(nil, got.Value.I)); {
		case want == "" && (err == nil || !strings.Contains(fault.Message(err), "a day such as")):
			t.Errorf("%s: %v", in, err)
		case want != "" && (err != nil || text != want):
			t.Errorf("%s is %s, %v; want %s", in, text, err, want)
		}
	}
	plain := Field{Name: "date", Kind: Instant}
	if _, err := plain.Coerce(json.RawMessage(`"15/07/16"`)); err == nil {
		t.Error("a year of two digits is taken for a moment")
	}
}

func TestCoerceWithin(t *testing.T) {
	level := Field{Name: "level", Kind: Integer, Within: Within{Least: 1, Most: 5}}
	language := Field{Name: "uiLanguage", Within: Within{Words: "EN ES"}}
	for _, tt := range []struct {
		field    Field
		in, want string
	}{
		{level, `1`, "1"}, {level, `"5"`, "5"}, {level, `0`, ""}, {level, `6`, ""}, {level, `null`, "0"},
		{language, `"es"`, "ES"}, {language, `"ESP"`, ""}, {language, `null`, ""},
	} {
		got, err := tt.field.Coerce(json.RawMessage(tt.in))
		text := got.Value.S
		if tt.field.Kind == Integer && err == nil {
			text = strconv.FormatInt(got.Value.I, 10)
		}
		if text != tt.want || err != nil && fault.FieldOf(err) != tt.field.Name || (err == nil) != (tt.want != "" || tt.in == "null") {
			t.Errorf("%s %s: %q, %v; want %q", tt.field.Name, tt.in, text, err, tt.want)
		}
	}
}

func TestListValue(t *testing.T) {
	for _, ids := range [][]int64{{}, {1}, {16, 17, -3}} {
		got, err := ListValue(ids).IDs()
		if err != nil || len(got) != len(ids) {
			t.Fatalf("IDs of %v = %v, %v", ids, got, err)
		}
		for i := range ids {
			if got[i] != ids[i] {
				t.Errorf("IDs of %v = %v", ids, got)
			}
		}
	}
	if _, err := TextValue("[1,x]").IDs(); err == nil {
		t.Error("a list with a word in it is accepted")
	}
}

// FuzzCoerce: whatever JSON a client sends for whatever kind, it is taken or
// refused with the field's name, and what is taken fits the field.
func FuzzCoerce(f *testing.F) {
	for _, s := range []string{`null`, `"x"`, `1`, `-1`, `1e999`, `"1e-999"`, `true`, `{"id":1}`, `{"value":{"a":1}}`, `[1,[2]]`, `"2018-10-10"`, `{"id":{"id":{}}}`} {
		for k := range uint8(8) {
			f.Add(s, k)
		}
	}
	f.Fuzz(func(t *testing.T, s string, kind uint8) {
		raw := json.RawMessage(s)
		if !json.Valid(raw) {
			return
		}
		raw = json.RawMessage(strings.TrimSpace(s))
		field := Field{Name: "f", Kind: Kind(kind % 8), Table: "t"}
		if field.Kind == Text {
			field.MaxLength = 20
		}
		got, err := field.Coerce(raw)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) != "f" {
				t.Fatalf("%v from %s: %v", field.Kind, s, err)
			}
			return
		}
		isText := field.Kind == Text || field.Kind == RefList
		if !got.Value.IsNull() && isText != (got.Value.Type == Str) {
			t.Fatalf("%v from %s = %+v", field.Kind, s, got)
		}
		if field.Kind == Text && len([]rune(got.Value.S)) > 20 {
			t.Fatalf("%d characters taken", len([]rune(got.Value.S)))
		}
	})
}
