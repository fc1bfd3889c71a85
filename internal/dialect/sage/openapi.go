package sage

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The OpenAPI document of an instance follows from three things that the dialect
// runs on: the routes, the registry with a workspace's extra fields, and the
// quirks. Nothing in it is said a second time, so it cannot be wrong by itself.

// operation is a route as it applies to one resource.
type operation struct {
	about
	line         string             // its line among the routes: "GET /{resource}/{id}"
	method, path string             // "/accounts/{id}"
	shape        string             // path without the names of its parameters: "/accounts/{}"
	params       []string           // of the path, in order
	res          *resource.Resource // nil where it is about none
	terse        bool
	open         bool // needs no session
}

// operations are those that the routes offer on a catalog, in their order. A route
// does not offer what find gives to a more specific one.
func operations(catalog *resource.Catalog) []operation {
	var all []operation
	add := func(rt *route, res *resource.Resource, open bool) {
		op := operation{about: rt.about, line: rt.method + " /" + strings.Join(rt.pattern, "/"), method: rt.method, res: res, terse: rt.terse, open: open}
		for _, p := range rt.pattern {
			switch {
			case p == "{resource}" && rt.about.over != nil:
				p = res.Name
			case p == "{}":
				p = fmt.Sprintf("{value%d}", len(op.params)+1)
				fallthrough
			case p[0] == '{':
				op.params = append(op.params, p[1:len(p)-1])
			}
			op.path += "/" + p
			if p[0] == '{' {
				p = "{}"
			}
			op.shape += "/" + p
		}
		if rt != &entrance {
			if found, _, err := find(op.method, split(op.shape, nil), nil); err != nil || found != rt {
				return
			}
		}
		if rt.about.over != nil {
			op.id = strings.ReplaceAll(op.id, "{resource}", componentName(res.Name))
			op.summary = strings.ReplaceAll(op.summary, "{resource}", res.Name)
		}
		op.id = cmp.Or(op.id, op.method+strings.NewReplacer("/", "-", "{", "", "}", "").Replace(op.path))
		all = append(all, op)
	}
	add(&entrance, nil, true)
	for i := range routes {
		rt := &routes[i]
		if rt.about.over == nil {
			add(rt, catalog.Resource(rt.about.of), false)
			continue
		}
		for _, res := range catalog.All() {
			if rt.about.over(catalog, res) {
				add(rt, res, false)
			}
		}
	}
	return all
}

// componentName is a resource's name with a capital.
func componentName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// book is an OpenAPI document that is being written.
type book struct {
	catalog *resource.Catalog
	schemas object // components, by name
}

// named puts a schema among the components, once, and returns a reference to it.
func (b *book) named(name string, schema func() object) object {
	if _, ok := b.schemas[name]; !ok {
		b.schemas[name] = nil // of a schema that is about itself
		b.schemas[name] = schema()
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// OpenAPI returns the OpenAPI 3.1 document of a catalog as JSON. server is the
// address that the paths continue, relative to that of the document or absolute.
func OpenAPI(catalog *resource.Catalog, server string) []byte {
	b := &book{catalog: catalog, schemas: object{}}
	paths := object{}
	first := map[string]*operation{} // by the shape of its path
	var tags []object
	for _, op := range operations(catalog) {
		tag := op.tag()
		if !slices.ContainsFunc(tags, func(t object) bool { return t["name"] == tag }) {
			tags = append(tags, object{"name": tag})
		}
		// Paths that differ in the names of parameters alone are one path in OpenAPI.
		named := first[op.shape]
		if named == nil {
			named = &op
			first[op.shape] = named
			paths[op.path] = object{}
		}
		paths[named.path].(object)[strings.ToLower(op.method)] = b.operation(&op, named.params, tag)
	}
	body, _ := json.Marshal(object{ // nothing in it can fail
		"openapi": "3.1.0",
		"info": object{
			"title":   "Sage Sales Management API v4 on Dossier",
			"version": "4",
			"description": "The operations that this server offers, with the fields that records have here. " +
				"Names in paths and in bodies are understood in any letter case; members of bodies and parameters that are not named here are ignored. " +
				"Numbers and booleans in bodies may be quoted.",
		},
		"servers": []object{{"url": server}},
		"tags":    tags,
		"paths":   paths,
		"components": object{
			"schemas":    b.schemas,
			"parameters": parameters,
			"headers":    headers,
			"responses":  b.failures(),
			"securitySchemes": object{"session": object{
				"type": "apiKey", "in": "header", "name": "X-Session-Key",
				"description": "The token that POST /login answers with. It is good for 24 hours.",
			}},
		},
		"security": []object{{"session": []string{}}},
	})
	return body
}

// tag groups operations: by the resource that a path is of, else by its beginning.
func (op *operation) tag() string {
	first, _, _ := strings.Cut(op.path[1:], "/")
	if first == "list" && op.res != nil {
		return op.res.Name
	}
	return first
}

// operation describes one operation. names are those of its path's parameters.
func (b *book) operation(op *operation, names []string, tag string) object {
	var params []object
	for i, name := range op.params {
		schema := object{"type": "string"}
		if name == "id" {
			schema = object{"type": "integer", "format": "int64", "minimum": 0}
		}
		param := object{"name": names[i], "in": "path", "required": true, "schema": schema}
		if name != names[i] {
			param["description"] = "The " + name + "."
		}
		params = append(params, param)
	}
	for _, name := range op.about.params {
		params = append(params, object{"$ref": "#/components/parameters/" + name})
	}
	responses := object{}
	answer := object{"description": "Done."}
	if op.gives != nil {
		schema := op.gives(b, op.res)
		answer["content"] = object{"application/json": object{"schema": schema}}
		if schema["type"] == "array" {
			answer["headers"] = object{
				"X-FM-Entity-Count": object{"$ref": "#/components/headers/X-FM-Entity-Count"},
				"X-FM-Page":         object{"$ref": "#/components/headers/X-FM-Page"},
				"X-FM-Next-Page":    object{"$ref": "#/components/headers/X-FM-Next-Page"},
			}
		}
	}
	responses["200"] = answer
	for status := range failureStatuses() {
		name := strconv.Itoa(status)
		responses[name] = object{"$ref": "#/components/responses/" + failureName(status, op.terse)}
	}
	o := object{
		"operationId": op.id,
		"summary":     op.summary,
		"tags":        []string{tag},
		"responses":   responses,
	}
	if len(params) > 0 {
		o["parameters"] = params
	}
	if op.takes != nil {
		o["requestBody"] = object{
			"required": op.method != http.MethodDelete,
			"content":  object{"application/json": object{"schema": op.takes(b, op.res)}},
		}
	}
	if op.open {
		o["security"] = []object{}
	}
	return o
}

// failureStatuses are the statuses of all failures, with what they mean.
func failureStatuses() map[int][]string {
	all := map[int][]string{}
	for kind, s := range shapes {
		all[s.status] = append(all[s.status], failureMeaning[kind])
	}
	for _, meanings := range all {
		slices.Sort(meanings)
	}
	return all
}

// failureMeaning says of a kind of failure when it comes.
var failureMeaning = map[fault.Kind]string{
	fault.Internal:     "The server failed.",
	fault.Invalid:      "The body is not as the operation wants it; the message names the member.",
	fault.Query:        "The text of where or order is not understood, or names unknown fields (code 901).",
	fault.NotFound:     "There is no such record, or none that the user sees.",
	fault.NoResource:   "There is no such resource (code 910).",
	fault.NotOffered:   "The resource does not offer this operation.",
	fault.Conflict:     "The record is in a state that does not allow this.",
	fault.Unauthorized: "The session key is missing, unknown or expired.",
	fault.Forbidden:    "The user may not do this, or the record is locked.",
	fault.TooLarge:     "The body is too large.",
	fault.RateLimited:  "Too many requests; Retry-After says when to come back, where it is known.",
	fault.Timeout:      "The query took too long (code 901).",
	fault.Unavailable:  "The database cannot be reached (code 900).",
}

// failureName is the name of the component that describes a failure. Calls know
// one more answer about a record that is not there.
func failureName(status int, terse bool) string {
	name := strings.ReplaceAll(http.StatusText(status), " ", "")
	if terse && status == http.StatusBadRequest {
		return name + "OfCalls"
	}
	return name
}

// failures are the responses of all failures.
func (b *book) failures() object {
	code := object{"type": "integer", "enum": []int{codeOther, codeConnection, codeQuery, codeNoResource}}
	text := object{"type": "string"}
	failure := b.named("Error", func() object {
		return strict(object{"code": code, "error": text, "message": text})
	})
	terse := b.named("TerseError", func() object {
		return strict(object{"code": object{"const": codeOther}, "error": object{"const": "not exist"}})
	})
	all := object{}
	for status, meanings := range failureStatuses() {
		for _, isTerse := range []bool{false, true} {
			schema := failure
			if isTerse {
				schema = object{"anyOf": []object{failure, terse}}
			}
			all[failureName(status, isTerse)] = object{
				"description": strings.Join(meanings, " "),
				"content":     object{"application/json": object{"schema": schema}},
			}
			if status != http.StatusBadRequest {
				break
			}
		}
	}
	return all
}

// strict is an object that has these members, all of them and no others.
func strict(properties object) object {
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return object{"type": "object", "properties": properties, "required": names, "additionalProperties": false}
}

func arrayOf(items object) object { return object{"type": "array", "items": items} }

// int64Schema is the schema of ids and other whole numbers.
func int64Schema() object { return object{"type": "integer", "format": "int64"} }

func instantSchema() object { return object{"type": "string", "format": "date-time"} }

// orNull allows null besides a schema.
func orNull(schema object) object {
	if t, ok := schema["type"].(string); ok && schema["const"] == nil && schema["enum"] == nil {
		schema["type"] = nullable(t)
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

// records describes the records of res as a plan writes them, under a name.
func (b *book) records(name string, res *resource.Resource, q quirk) object {
	return b.named(name, func() object {
		p := newPlan(b.catalog, res, q)
		properties := make(object, len(p.members))
		for i := range p.members {
			properties[p.members[i].name] = b.member(&p.members[i])
		}
		schema := strict(properties)
		schema["required"] = slices.DeleteFunc(schema["required"].([]string), func(name string) bool {
			f := res.Field(name)
			return f != nil && (f.OmitEmpty || f.Rules.Branches != "") // the latter is not there for everybody
		})
		return schema
	})
}

// member describes one member of a record.
func (b *book) member(m *member) object {
	if m.field == nil {
		return scalar(m.kind)
	}
	schema := b.shown(m)
	if f := m.field; f.ReadOnly && !f.Extra && !f.Default.IsNull() || f.Name == "id" {
		return schema // never null
	}
	var none any
	if err := json.Unmarshal([]byte(m.none), &none); err != nil || none == nil {
		return orNull(schema)
	}
	if fits(schema, none) {
		return schema
	}
	return object{"anyOf": []object{schema, {"const": none}}}
}

// fits reports whether a value that stands for none is one like all others.
func fits(schema object, none any) bool {
	switch none.(type) {
	case string:
		return schema["type"] == "string"
	case float64:
		return schema["type"] == "integer"
	case []any:
		return schema["type"] == "array"
	default:
		return false
	}
}

// shown describes how a value that is not null is written.
func (b *book) shown(m *member) object {
	switch m.form {
	case digit:
		return object{"type": "integer", "enum": []int{0, 1}}
	case bareIDs:
		return arrayOf(int64Schema())
	case quotedIDs:
		return arrayOf(object{"type": "string"})
	case firstOnly:
		return b.reference(m)
	case callDate:
		return object{"type": "string", "pattern": `^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d$`}
	case shortDay:
		return object{"type": "string", "pattern": `^\d\d/\d\d/\d\d$`}
	case compound:
		return b.named("Moment", func() object {
			return strict(object{"time": instantSchema(), "timeStamp": int64Schema(), "timeZone": object{"const": "UTC"}})
		})
	case rawJSON:
		if m.field.JSON {
			return object{"type": []string{"array", "object"}}
		}
		return b.named(componentName(m.name), func() object { return rawShapes[m.name].(object) })
	}
	switch m.field.Kind {
	case resource.Ref:
		return b.reference(m)
	case resource.RefList:
		return arrayOf(b.reference(m))
	case resource.Text:
		return textSchema(m.field)
	default:
		return scalar(m.field.Kind)
	}
}

// rawShapes describes the texts that are written as the JSON that they are, by
// member.
var rawShapes = object{
	"attachments": arrayOf(strict(object{
		"id": int64Schema(), "name": object{"type": "string"}, "size": object{"type": nullable("integer"), "format": "int64"},
	})),
	"dynamicFieldValues": arrayOf(int64Schema()),
}

// sentMoment and sentAttachment are what clients send for an e-mail's.
var (
	sentMoment     = object{"type": "object", "properties": object{"time": object{"type": "string"}}, "required": []string{"time"}}
	sentAttachment = object{
		"type": "object",
		"properties": object{
			"name": object{"type": "string"}, "size": object{"type": nullable("integer"), "format": "int64"},
		},
		"required": []string{"name"},
	}
)

// textSchema describes a text as it is kept.
func textSchema(f *resource.Field) object {
	schema := object{"type": "string"}
	if f.MaxLength > 0 {
		schema["maxLength"] = f.MaxLength
	}
	return schema
}

// scalar describes a value that is no reference with a title.
func scalar(kind resource.Kind) object {
	switch kind {
	case resource.Text:
		return object{"type": "string"}
	case resource.Number:
		return object{"type": "number"}
	case resource.Boolean:
		return object{"type": "boolean"}
	case resource.Instant:
		return instantSchema()
	default:
		return int64Schema()
	}
}

// reference describes {"id":…,"value":…}. One of an extra field is the bare id
// when the client asks for that.
func (b *book) reference(m *member) object {
	name := "Reference"
	if m.refs.label != "value" {
		name += "With" + componentName(m.refs.label)
	}
	ref := b.named(name, func() object {
		return strict(object{"id": int64Schema(), m.refs.label: object{"type": nullable("string")}}) // null when it is hidden
	})
	if m.field.Extra {
		return object{"anyOf": []object{ref, int64Schema()}}
	}
	return ref
}

// input describes what a client sends for a record of res: the members that are
// not set by the server, none of them required.
func (b *book) input(res *resource.Resource) object {
	return b.named(componentName(res.Name)+"Input", func() object {
		return object{"type": "object", "properties": b.inputs(res)}
	})
}

func (b *book) inputs(res *resource.Resource) object {
	properties := object{}
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Internal || f.ReadOnly {
			continue
		}
		if schema, ok := quirkOf(res).takes[f.Name]; ok {
			properties[f.Name] = schema
		} else {
			properties[f.Name] = b.taken(f)
		}
	}
	return properties
}

// taken describes what is taken for a field.
func (b *book) taken(f *resource.Field) object {
	var schema object
	if f.JSON {
		return object{"type": []string{"array", "null", "object", "string"}, "description": "An object or a list, or the JSON text of one."}
	}
	switch f.Kind {
	case resource.Ref, resource.BareRef:
		schema = b.takenReference()
	case resource.RefList:
		schema = arrayOf(b.takenReference())
	case resource.Text:
		schema = textSchema(f)
		if f.Within.Words != "" {
			schema["description"] = "One of " + f.Within.Words + "."
		}
	case resource.Instant:
		schema = object{"type": "string"}
	default:
		schema = scalar(f.Kind)
		if f.Within.Most > 0 {
			schema["minimum"], schema["maximum"] = f.Within.Least, f.Within.Most
		}
	}
	if f.Table != "" {
		schema = orNull(schema)
		schema["description"] = fmt.Sprintf("Of %s.", f.Table)
		return schema
	}
	return orNull(schema)
}

// takenReference describes how a client names a record.
func (b *book) takenReference() object {
	return b.named("ReferenceInput", func() object {
		id := object{"type": []string{"integer", "string"}, "description": "An id, or a title."}
		return object{"anyOf": []object{id, {
			"type": "object", "properties": object{"id": object{"type": nullable("integer")}, "value": object{"type": nullable("string")}},
		}}}
	})
}
