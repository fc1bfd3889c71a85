package sage

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

// A body is checked once as a whole. After that it is known to be JSON, and is
// taken apart by looking for where its values end: a bulk request of 200 records
// would otherwise be read a dozen times.

// maxNesting is how deep a body may be nested. Documented bodies have four levels.
const maxNesting = 100

// checkJSON returns nil for exactly one JSON value of a bearable depth.
func checkJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return fault.New(fault.Invalid, "the body is empty")
	}
	if nesting(body) > maxNesting {
		return fault.New(fault.Invalid, "the body is nested more than %d levels deep", maxNesting)
	}
	if json.Valid(body) {
		return nil
	}
	// With a blank at its end a text that breaks off is wrong there, and not at its
	// last byte, as one with something after its value may be.
	var syntax *json.SyntaxError
	var value json.RawMessage
	err := json.Unmarshal(slices.Concat(body, []byte{' '}), &value)
	if errors.As(err, &syntax) && syntax.Offset <= int64(len(body)) {
		return fault.New(fault.Invalid, "the body is not JSON: byte %d cannot stand there", syntax.Offset).Because(err)
	}
	return fault.New(fault.Invalid, "the body ends in the middle of its JSON").Because(err)
}

// nesting returns the depth of the deepest object or array of a JSON text.
func nesting(body []byte) (deepest int) {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// splitObject returns the members of a valid JSON text; ok is false when it is no
// object. Of members with the same name the last counts.
func splitObject(text []byte) (members map[string]json.RawMessage, ok bool) {
	i := space(text, 0)
	if i == len(text) || text[i] != '{' {
		return nil, false
	}
	members = make(map[string]json.RawMessage, 8)
	for i = space(text, i+1); text[i] != '}'; i = space(text, i) {
		if text[i] == ',' {
			i = space(text, i+1)
		}
		end := valueEnd(text, i)
		name := memberName(text[i:end])
		i = space(text, space(text, end)+1) // past the colon
		end = valueEnd(text, i)
		members[name] = text[i:end:end]
		i = end
	}
	return members, true
}

// splitArray returns the first elements of a valid JSON text, limit of them at
// most; ok is false when it is no array.
func splitArray(text []byte, limit int) (elements []json.RawMessage, ok bool) {
	i := space(text, 0)
	if i == len(text) || text[i] != '[' {
		return nil, false
	}
	for i = space(text, i+1); text[i] != ']' && len(elements) < limit; i = space(text, i) {
		if text[i] == ',' {
			i = space(text, i+1)
		}
		end := valueEnd(text, i)
		elements = append(elements, text[i:end:end])
		i = end
	}
	return elements, true
}

// memberName reads a member's name, quotes included.
func memberName(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 && utf8.Valid(quoted) {
		return string(quoted[1 : len(quoted)-1])
	}
	var name string
	_ = json.Unmarshal(quoted, &name) // it is valid
	return name
}

// space returns the place of the next byte that is no white space.
func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// valueEnd returns where the value that starts at i ends.
func valueEnd(text []byte, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default:
			if depth == 0 {
				return scalarEnd(text, i)
			}
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

// scalarEnd returns where a number, true, false or null ends.
func scalarEnd(text []byte, i int) int {
	for i < len(text) {
		switch text[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}
