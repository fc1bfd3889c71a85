package sage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// RouteTable lists the routes of the dialect as "GET /{}/bulk", in their order.
func RouteTable() []string {
	var all []string
	for _, rt := range routes {
		path := ""
		for _, segment := range rt.pattern {
			if strings.HasPrefix(segment, "{") {
				segment = "{}"
			}
			path += "/" + segment
		}
		all = append(all, rt.method+" "+path)
	}
	return all
}

// Told is an operation as docs/dialects/sage.md tells of it.
type Told struct {
	Route        string // the line of the route table that it is of: "GET /{resource}"
	Method, Path string
	Known        string // where from; "" = ours
	Elsewhere    string // where from, if not from the contract's documents; "" = ours
	Summary      string
}

// Operations lists the operations on a catalog in the order of the routes.
func Operations(catalog *resource.Catalog) []Told {
	var all []Told
	for _, op := range operations(catalog) {
		beyond := op.known
		if op.over != nil {
			beyond = elsewhere[op.res.Name]
		}
		all = append(all, Told{op.line, op.method, op.path, op.known, beyond, op.summary})
	}
	return all
}

// Quirk is what a resource differs in on the wire.
type Quirk struct{ Name, Differs, Known string }

// Quirks lists the quirks by the names of their resources.
func Quirks() []Quirk {
	var all []Quirk
	for _, name := range slices.Sorted(maps.Keys(quirks)) {
		all = append(all, Quirk{name, quirks[name].tell(), quirks[name].known})
	}
	return append(all,
		Quirk{"documents of a record", recordDocuments.tell(), recordDocuments.known},
		Quirk{"users of a role", roleUsers.tell(), roleUsers.known})
}

// tell says in words what a quirk says in data.
func (q quirk) tell() string {
	var parts []string
	say := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	code := func(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
	if q.order != nil {
		say("an order of members of its own")
	}
	if q.hidden != nil {
		say("without %s", code(q.hidden))
	}
	if q.add != nil {
		say("also %s", code(slices.Sorted(maps.Keys(q.add))))
	}
	for _, f := range slices.Sorted(maps.Keys(q.rename)) {
		say("`%s` is called `%s`", f, q.rename[f])
	}
	if q.refs.label != "" {
		say("references have `%s` in the place of `value`", q.refs.label)
	}
	for _, f := range slices.Sorted(maps.Keys(q.forms)) {
		say("`%s` is %s", f, formTold[q.forms[f]])
	}
	byNone := map[string][]string{}
	for _, f := range slices.Sorted(maps.Keys(q.none)) {
		byNone[q.none[f]] = append(byNone[q.none[f]], f)
	}
	for _, none := range slices.Sorted(maps.Keys(byNone)) {
		say("none is `%s` in %s", none, code(byNone[none]))
	}
	if q.several {
		say("POST takes an array too")
	}
	if q.offset {
		say("pages by `offset` and `count`")
	}
	for _, a := range []struct {
		verb string
		kind answer
	}{{"POST", q.created}, {"PUT", q.updated}, {"DELETE", q.deleted}} {
		if a.kind != answerUsual {
			say("%s answers %s", a.verb, answerTold[a.kind])
		}
	}
	if q.input != nil {
		say("takes other forms than it shows")
	}
	return strings.Join(parts, "; ")
}

var formTold = map[form]string{
	bareIDs: "an array of ids", quotedIDs: "an array of ids as texts", firstOnly: "the first reference alone", callDate: "`2009/01/07 11:19:15`",
	shortDay: "`09/01/07`", compound: "an object of time, timeStamp and timeZone", rawJSON: "JSON", digit: "0 or 1",
}

var answerTold = map[answer]string{
	answerMessageID: "a Message with the id", answerRecord: "the record", answerSuccess: "`delete success` and the id",
	answerPlain: "`{\"message\":\"success\"}`", answerCode: "`{\"code\":1,\"message\":\"success\"}`",
}
