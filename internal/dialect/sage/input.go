package sage

import (
	"encoding/json"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// sent finds a member of what a client sent, in any letter case. The key is the
// client's spelling, name itself where there is none.
func sent(in crm.Input, name string) (key string, raw json.RawMessage, ok bool) {
	if raw, ok = in[name]; ok {
		return name, raw, true
	}
	for key, raw := range in {
		if strings.EqualFold(key, name) {
			return key, raw, true
		}
	}
	return name, nil, false
}

// given reports whether a member was sent and is not null.
func given(in crm.Input, name string) bool {
	_, raw, ok := sent(in, name)
	return ok && string(raw) != "null"
}

// sentText returns a member that is a JSON string, without spaces around it.
func sentText(in crm.Input, name string) (key, text string, ok bool) {
	key, raw, ok := sent(in, name)
	if !ok || string(raw) == "null" || json.Unmarshal(raw, &text) != nil {
		return key, "", false
	}
	return key, strings.TrimSpace(text), true
}

// quoted is a text as JSON. A text that came out of JSON goes into it again.
func quoted(text string) json.RawMessage { return resource.AppendText(nil, text) }

// required is the refusal of a record that lacks a member.
func required(name string) error { return fault.InField(name, "%s is required", name) }
