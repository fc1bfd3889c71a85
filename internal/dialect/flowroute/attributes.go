package flowroute

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
)

// kind is the type of an attribute on the wire.
type kind uint8

const (
	text kind = iota
	yes
	urls
)

// attribute is one that clients set, and the field that keeps it.
type attribute struct {
	wire, field string
	kind        kind
	required    bool
}

// details are the attributes of an order. Of the required ones usage_type and zip are
// our reading: the page that lists them was cut off [R, I].
var details = []attribute{
	{"alias", "alias", text, false},
	{"billing_name", "billingName", text, true},
	{"billing_number", "billingNumber", text, false},
	{"business_documents", "businessDocuments", urls, false},
	{"city", "city", text, true},
	{"company", "company", text, false},
	{"country", "country", text, true},
	{"desired_completion_date", "desiredCompletionDate", text, false},
	{"enable_cnam_lookups", "enableCnamLookups", yes, false},
	{"last_4_ssn", "last4Ssn", text, false},
	{"pin", "pin", text, false},
	{"provider", "provider", text, true},
	{"provider_account", "providerAccount", text, false},
	{"state", "state", text, true},
	{"status_url", "statusUrl", text, false},
	{"street", "street", text, true},
	{"street2", "street2", text, false},
	{"usage_type", "usageType", text, true},
	{"zip", "zip", text, true},
}

// loa are the members of loa_details.
var loa = []attribute{{"email", "loaEmail", text, false}, {"cc", "loaCc", text, false}}

// signature is what signs a letter of authorisation.
var signature = []attribute{
	{"signature_name", "loaSignatureName", text, true}, {"signature_title", "loaSignatureTitle", text, true},
}

// presets are what the numbers of an order get once they are here.
var presets = []attribute{
	{"cnam_id", "presetCnamId", text, false},
	{"e911_id", "presetE911Id", text, false},
	{"alias", "presetAlias", text, false},
	{"failover_route_id", "presetFailoverRouteId", text, false},
	{"primary_route_id", "presetPrimaryRouteId", text, false},
}

// wireName is what clients call a field.
func wireName(field string) string {
	for _, list := range [][]attribute{details, loa, signature, presets} {
		for _, a := range list {
			if a.field == field {
				return a.wire
			}
		}
	}
	if field == "originalUrl" {
		return "url"
	}
	return field
}

// take puts what the client has sent for these attributes into input, and what is
// wrong with it into bad. Unknown members are left aside [I].
func take(list []attribute, sent map[string]json.RawMessage, whole bool, input crm.Input, bad invalid) {
	for _, a := range list {
		raw, ok := sent[a.wire]
		if !ok || string(raw) == "null" {
			switch {
			case ok && a.required:
				bad[a.wire] = []string{"Field may not be null."}
			case ok:
				input[a.field] = raw
			case whole && a.required:
				bad[a.wire] = []string{"Missing data for required field."}
			}
			continue
		}
		var s string
		var b bool
		var l []string
		switch {
		case a.kind == text && (json.Unmarshal(raw, &s) == nil || isNumber(raw)):
			if a.required && strings.TrimSpace(s) == "" && !isNumber(raw) {
				bad[a.wire] = []string{"Shorter than minimum length 1."}
				continue
			}
			if isNumber(raw) {
				raw = quote(string(raw)) // presets and PINs are sent as numbers, too [I]
			}
		case a.kind == yes && json.Unmarshal(raw, &b) == nil:
		case a.kind == urls && json.Unmarshal(raw, &l) == nil:
			if len(l) > maxDocuments {
				bad[a.wire] = []string{"Longer than maximum length 50."}
				continue
			}
		default:
			bad[a.wire] = []string{[...]string{"Not a valid string.", "Not a valid boolean.", "Not a valid list."}[a.kind]}
			continue
		}
		input[a.field] = raw
	}
}

// maxDocuments is how many business documents one request can name.
const maxDocuments = 50

func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && strings.Trim(string(raw), "0123456789") == ""
}

// object takes the attributes in a member that is an object.
func object(list []attribute, sent map[string]json.RawMessage, member string, input crm.Input, bad invalid) {
	raw, ok := sent[member]
	if !ok {
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		bad[member] = []string{"Not a valid object."}
		return
	}
	if members == nil { // null takes them all away
		members = map[string]json.RawMessage{}
		for _, a := range list {
			members[a.wire] = json.RawMessage("null")
		}
	}
	take(list, members, false, input, bad)
}

// numbersOf reads a list of telephone numbers into E.164, each once. Those that are
// JSON numbers do for texts, as everywhere [I].
func numbersOf(raw json.RawMessage, member string, bad invalid) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		bad[member] = []string{"Not a valid list."}
		return nil
	}
	sent := make([]string, len(list))
	for i, n := range list {
		switch {
		case isNumber(n):
			sent[i] = string(n)
		case json.Unmarshal(n, &sent[i]) != nil:
			bad[member] = []string{quoted(string(n)) + " is not a valid E.164 number."}
			return nil
		}
	}
	return normalized(sent, member, bad)
}

func normalized(sent []string, member string, bad invalid) []string {
	if len(sent) > maxNumbers {
		bad[member] = []string{"Longer than maximum length 500."}
		return nil
	}
	var all []string
	for _, s := range sent {
		e164, ok := normal(s)
		if !ok {
			bad[member] = append(bad[member], quoted(s)+" is not a valid E.164 number.")
			continue
		}
		if !slices.Contains(all, e164) {
			all = append(all, e164)
		}
	}
	return all
}

// maxNumbers is how many numbers one request can name.
const maxNumbers = 500

func quoted(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return "'" + s + "'"
}

// normal is a number in E.164, with its plus. Space and punctuation do not matter, nor
// does the plus; ten digits are a number of North America without its 1 [I].
func normal(number string) (e164 string, ok bool) {
	var b strings.Builder
	for i, r := range strings.TrimSpace(number) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '+' && i == 0, strings.ContainsRune(" -.()", r):
		default:
			return "", false
		}
	}
	digits := b.String()
	if len(digits) == 10 {
		digits = "1" + digits
	}
	if len(digits) < 8 || len(digits) > 15 || digits[0] == '0' {
		return "", false
	}
	return "+" + digits, true
}

// portable reports whether a number in E.164 can be taken over: orders are for the
// US and Canada [R country], whose numbers are 1 and ten digits of which the first and
// the fourth are 2 to 9; 900 is for calls that cost extra and stays where it is [I].
func portable(e164 string) bool {
	return len(e164) == 12 && e164[1] == '1' && e164[2] >= '2' && e164[5] >= '2' && e164[2:5] != "900"
}

// carrier says which numbers go into one order. The vendor splits by the carrier that
// has a number; which one it is cannot be known here, but that numbers free of charge
// are with another than those of a place [I].
func carrier(e164 string) string {
	if portable(e164) {
		switch e164[2:5] {
		case "800", "833", "844", "855", "866", "877", "888":
			return "toll-free"
		}
	}
	return "local"
}

// split puts numbers of one carrier together, in the order in which they came.
func split(numbers []string) (carriers []string, by map[string][]string) {
	by = map[string][]string{}
	for _, n := range numbers {
		k := carrier(n)
		if by[k] == nil {
			carriers = append(carriers, k)
		}
		by[k] = append(by[k], n)
	}
	return carriers, by
}
