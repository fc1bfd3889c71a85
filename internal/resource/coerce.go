package resource

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Coerced is what a client's JSON value means for a field. When Title is set the
// value is a reference named by title alone and still has to be looked up.
type Coerced struct {
	Value Value
	Title string
}

// None is how clients write "no record" in a reference: the vendor shows an
// empty reference as id -1 in users, documents, e-mails and calls [LIVE], and
// clients send it back, in bodies and in where.
const None = -1

// Coerce turns the JSON value a client sent for f into a Value. It is as lenient
// as the field's clients need: numbers and booleans may be quoted, "" is null
// for everything but text, a reference may be an id, a quoted id, {"id":…},
// {"id":…,"value":…} or {"value":…}, and a scalar sent for a text is its text.
// Everything else is a fault.Invalid that names the field.
func (f *Field) Coerce(raw json.RawMessage) (Coerced, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return Coerced{}, nil
	}
	var c Coerced
	var err error
	switch f.Kind {
	case Text:
		if f.JSON {
			c.Value, err = f.coerceJSON(raw)
		} else {
			c.Value, err = f.coerceText(raw)
		}
	case RefList:
		c.Value, err = f.coerceList(raw)
	case Ref, BareRef:
		c, err = f.coerceRef(raw)
	default:
		c.Value, err = f.coerceScalar(raw)
	}
	return c, err
}

func (f *Field) coerceText(raw json.RawMessage) (Value, error) {
	var s string
	switch raw[0] {
	case '"':
		var err error
		if s, err = unquote(raw); err != nil {
			return Value{}, f.wants("a text").Because(err)
		}
	case '{', '[':
		return Value{}, f.wants("a text")
	default:
		s = string(raw)
	}
	return f.checkText(s)
}

// coerceJSON takes an object or a list, or the text of one, as forms send it that
// know no other members than texts. A blank text is null.
func (f *Field) coerceJSON(raw json.RawMessage) (Value, error) {
	if raw[0] == '"' {
		text, err := unquote(raw)
		if err != nil {
			return Value{}, f.wants("a JSON object or list").Because(err)
		}
		if raw = json.RawMessage(strings.TrimSpace(text)); len(raw) == 0 {
			return Value{}, nil
		}
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil || raw[0] != '{' && raw[0] != '[' || !utf8.Valid(raw) {
		return Value{}, f.wants("a JSON object or list").Because(err)
	}
	return f.checkText(b.String())
}

// unquote reads a JSON string. Most have nothing to decode.
func unquote(raw json.RawMessage) (s string, err error) {
	if n := len(raw); bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : n-1]), nil
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}

// maxText is how many characters a text may have whose field states no limit.
const maxText = 64 << 10

// checkText applies the limits of a text field.
func (f *Field) checkText(s string) (Value, error) {
	if strings.ContainsRune(s, 0) {
		return Value{}, fault.InField(f.Name, "%s must not contain the character U+0000", f.Name)
	}
	if f.Within.Words != "" && s != "" {
		words := strings.Fields(f.Within.Words)
		at := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, s) })
		if at < 0 {
			return Value{}, fault.InField(f.Name, "%s must be one of %s", f.Name, strings.Join(words, ", "))
		}
		s = words[at]
	}
	if limit := cmp.Or(f.MaxLength, maxText); len(s) > limit {
		if n := utf8.RuneCountInString(s); n > limit {
			return Value{}, fault.InField(f.Name, "%s has %d characters; at most %d are allowed", f.Name, n, limit)
		}
	}
	return TextValue(s), nil
}

// coerceScalar handles integer, number, boolean and instant.
func (f *Field) coerceScalar(raw json.RawMessage) (Value, error) {
	text := string(raw)
	quoted := raw[0] == '"'
	if quoted {
		if err := json.Unmarshal(raw, &text); err != nil {
			return Value{}, f.wants(f.what()).Because(err)
		}
		if text = strings.TrimSpace(text); text == "" {
			return Value{}, nil
		}
	}
	v, err := f.parseScalar(text)
	switch {
	case errors.Is(err, ErrNumberRange):
		largest := AppendNumber(nil, math.MaxInt64, f.Scale)
		return Value{}, fault.InField(f.Name, "%s must lie between -%[2]s and %[2]s", f.Name, largest)
	case err != nil || f.Kind == Instant && !quoted:
		return Value{}, f.wants(f.what())
	}
	if w := f.Within; w.Most > 0 && (v.I < w.Least || v.I > w.Most) {
		if w.Least == w.Most {
			return Value{}, fault.InField(f.Name, "%s must be %d", f.Name, w.Most)
		}
		return Value{}, fault.InField(f.Name, "%s must be %d to %d", f.Name, w.Least, w.Most)
	}
	return v, nil
}

var errScalar = errors.New("not a value of this kind")

func (f *Field) parseScalar(text string) (Value, error) {
	switch f.Kind {
	case Integer:
		// 3.0 and 3e2 are integers to a JSON client; 3.5 is not.
		i, exact, err := ParseNumber(text, 0)
		if err == nil && !exact {
			err = errScalar
		}
		return IntValue(i), err
	case Number:
		i, _, err := ParseNumber(text, f.Scale)
		return IntValue(i), err
	case Boolean:
		switch strings.ToLower(text) {
		case "true", "1":
			return BoolValue(true), nil
		case "false", "0":
			return BoolValue(false), nil
		}
	case Instant:
		ms, _, err := f.FloorInstant(text)
		if f.Day {
			ms -= (ms%dayMillis + dayMillis) % dayMillis
		}
		return IntValue(ms), err
	}
	return Value{}, errScalar
}

func (f *Field) coerceRef(raw json.RawMessage) (Coerced, error) {
	if raw[0] == '"' {
		// A text that is no number is a title: the documents set an owner so [DOC].
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return Coerced{}, f.wants("a reference").Because(err)
		}
		text = strings.TrimSpace(text)
		if _, _, err := ParseNumber(text, 0); err != nil && text != "" {
			return Coerced{Title: text}, nil
		}
	}
	if raw[0] != '{' {
		id, err := f.coerceID(raw)
		return Coerced{Value: id}, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return Coerced{}, f.wants("a reference").Because(err)
	}
	for name, m := range members {
		if strings.EqualFold(name, "id") && string(m) != "null" {
			id, err := f.coerceID(m)
			return Coerced{Value: id}, err
		}
	}
	for name, m := range members {
		if !strings.EqualFold(name, "value") || string(m) == "null" {
			continue
		}
		var title string
		if err := json.Unmarshal(m, &title); err != nil {
			return Coerced{}, fault.InField(f.Name, "%s: value must be a text", f.Name)
		}
		return Coerced{Title: strings.TrimSpace(title)}, nil
	}
	return Coerced{}, nil
}

// coerceID reads one id: an integer or a quoted one; "" and -1 are none.
func (f *Field) coerceID(raw json.RawMessage) (Value, error) {
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return Value{}, f.wants("an id").Because(err)
		}
		if text = strings.TrimSpace(text); text == "" {
			return Value{}, nil
		}
	}
	id, exact, err := ParseNumber(text, 0)
	if err != nil || !exact {
		return Value{}, fault.InField(f.Name, "%s must be the id of a record of %s: a number, a quoted number, or an object with id or value", f.Name, f.Table)
	}
	if id == None {
		return Value{}, nil
	}
	return IntValue(id), nil
}

// coerceList reads the ids of a list, each one once.
func (f *Field) coerceList(raw json.RawMessage) (Value, error) {
	var items []json.RawMessage
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &items); err != nil {
			return Value{}, f.wants("a list of ids").Because(err)
		}
	} else {
		items = []json.RawMessage{raw}
	}
	ids := make([]int64, 0, len(items))
	held := map[int64]bool{}
	for _, item := range items {
		c, err := f.coerceRef(item)
		if err != nil {
			return Value{}, err
		}
		if c.Title != "" {
			return Value{}, fault.InField(f.Name, "%s takes ids, not titles", f.Name)
		}
		if id := c.Value.I; !c.Value.IsNull() && !held[id] {
			held[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 && f.Sparse {
		return Value{}, nil
	}
	return ListValue(ids), nil
}

func (f *Field) wants(what string) *fault.Error {
	return fault.InField(f.Name, "%s must be %s", f.Name, article(what))
}

// article puts "a" or "an" before the bare name of a kind; longer text stays.
func article(what string) string {
	switch {
	case strings.Contains(what, " "):
		return what
	case strings.ContainsRune("aeiou", rune(what[0])):
		return "an " + what
	default:
		return "a " + what
	}
}

// ListValue returns the Value of a RefList that holds ids in order.
func ListValue(ids []int64) Value {
	b := make([]byte, 0, 2+8*len(ids))
	b = append(b, '[')
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return TextValue(string(append(b, ']')))
}

var errList = errors.New("not a list of ids")

// IDs returns the ids of a RefList value; nil for null.
func (v Value) IDs() ([]int64, error) {
	if v.Type != Str {
		return nil, nil
	}
	return v.AppendIDs(make([]int64, 0, strings.Count(v.S, ",")+1))
}

// AppendIDs appends the ids of a RefList value, none for null.
func (v Value) AppendIDs(dst []int64) ([]int64, error) {
	if v.Type != Str {
		return dst, nil
	}
	s := v.S
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return nil, errList
	}
	if s = s[1 : len(s)-1]; s == "" {
		return dst, nil
	}
	for {
		end, id := 0, int64(0)
		for end < len(s) && s[end]-'0' <= 9 {
			id = id*10 + int64(s[end]-'0')
			end++
		}
		if end == 0 || end > safeDigits || end < len(s) && s[end] != ',' { // a sign, or no number
			if end = strings.IndexByte(s, ','); end < 0 {
				end = len(s)
			}
			var err error
			if id, err = strconv.ParseInt(s[:end], 10, 64); err != nil || id == math.MinInt64 {
				return nil, errList
			}
		}
		dst = append(dst, id)
		if end == len(s) {
			return dst, nil
		}
		s = s[end+1:]
	}
}

// what is the kind of value that f takes, for a person.
func (f *Field) what() string {
	switch {
	case f.Day:
		return "a day such as 2025-01-31"
	case f.Kind == Instant:
		return "a date and time such as 2025-01-31T09:30:00Z"
	case f.Kind == Boolean:
		return "true or false"
	}
	return f.Kind.String()
}
