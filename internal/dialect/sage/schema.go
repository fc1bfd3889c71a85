package sage

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// object is a JSON object; encoding/json writes its members in ASCII order, as
// the vendor does.
type object = map[string]any

// Schema returns what GET /{resource}/schema answers: a JSON Schema of the
// resource in the vendor's manner. It follows from the declaration; where the
// vendor's own schema deviates from that, vendorSchemas says so, and the answer
// for the documented resources is the documented one, byte for byte [DOC].
// Run-time fields are members like the others; the server's own book-keeping is
// left out.
func Schema(res *resource.Resource) []byte {
	vendor, documented := vendorSchemas[res.Name]
	var wire quirk // what documented schemas call their properties is data of theirs
	if !documented {
		wire = quirkOf(res)
	}
	properties := make(object, len(res.Fields))
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Internal || f.OmitEmpty && documented || slices.Contains(vendor.omit, f.Name) || slices.Contains(wire.hidden, f.Name) {
			continue
		}
		p := property(f)
		if vendor.undescribed {
			delete(p, "description")
		}
		if vendor.openAudit && isAudit(f.Name) {
			p["readOnly"] = false
		}
		for k, v := range vendor.change[f.Name] {
			if v == nil {
				delete(p, k)
			} else {
				p[k] = v
			}
		}
		properties[cmp.Or(vendor.rename[f.Name], wire.rename[f.Name], f.Name)] = p
	}
	for name, field := range wire.again {
		properties[name] = property(res.Field(field))
	}
	for name, p := range vendor.add {
		properties[name] = p
	}
	required := res.Required
	if documented {
		required = vendor.required
	}
	required = slices.Clone(required)
	for i := range res.Fields {
		if f := &res.Fields[i]; f.Rules.Required && !f.Internal {
			required = append(required, f.Name)
		}
	}
	title := res.Name
	if vendor.title != "" {
		title = vendor.title
	}
	body, _ := json.Marshal(object{ // nothing in it can fail
		"properties": properties,
		"required":   append([]string{}, required...), // [] rather than null
		"title":      title,
		"type":       "object",
	})
	return body
}

// property describes one field by its kind.
func property(f *resource.Field) object {
	p := object{"description": "", "readOnly": f.ReadOnly}
	switch f.Kind {
	case resource.Text:
		p["type"] = nullable("string")
		if f.JSON {
			p["type"] = []string{"object", "array", "null"}
		}
		if f.MaxLength > 0 {
			p["maxLength"] = f.MaxLength
		}
	case resource.Integer, resource.BareRef:
		p["type"] = nullable("integer")
	case resource.Number:
		p["type"] = nullable("number")
	case resource.Boolean:
		p["type"] = nullable("boolean")
	case resource.Instant:
		p["type"] = nullable("string")
		p["format"] = "date-time"
	case resource.Ref:
		p["type"] = nullable("object")
		p["table"] = tableName(f.Table)
		p["properties"] = object{"id": object{"type": "integer"}, "value": object{"type": nullable("string")}}
		p["required"] = []string{"id"}
	case resource.RefList:
		p["type"] = nullable("array")
		p["table"] = tableName(f.Table)
		p["items"] = object{ // value is inside id in every schema of the vendor [DOC]
			"properties": object{"id": object{"type": "integer", "value": object{"type": nullable("string")}}},
			"required":   []string{"id"},
			"type":       "object",
		}
	}
	return p
}

func nullable(name string) []string { return []string{name, "null"} }

// tableName is what schemas call a referenced resource: two of them by the name
// of their table [DOC branches, calendar].
func tableName(name string) string {
	switch name {
	case "timeZones":
		return "tblTimeZones"
	case "videoCallProviders":
		return "tblVideoCallProviders"
	}
	return name
}

// isAudit reports whether a field is one that every table has.
func isAudit(name string) bool {
	switch name {
	case "id", "deleted", "dateCreated", "dateUpdated", "dateDeleted":
		return true
	}
	return strings.HasPrefix(name, "salesRepId") && slices.Contains([]string{"Created", "Updated", "Deleted"}, name[len("salesRepId"):])
}

// vendorSchema is how a documented schema deviates from the declaration.
type vendorSchema struct {
	title       string            // when it is not the resource's name
	required    []string          // not always what POST requires
	omit        []string          // fields that answers have and the schema lacks
	rename      map[string]string // field -> name in the schema
	openAudit   bool              // id, dates and users of changes are not marked readOnly
	undescribed bool              // properties lack "description"
	change      map[string]object // field -> members to set; nil removes one
	add         map[string]object // properties of no field
}

// vendorSchemas has an entry for each resource with a documented schema. All of
// it is data of the documents [DOC].
var vendorSchemas = map[string]vendorSchema{
	"accountAddresses":  {},
	"accountSegments":   {},
	"accountStatuses":   {},
	"accountTypes":      {},
	"accounts":          {required: []string{"name", "salesRepId1"}},
	"accountsRelated":   {required: []string{"accountOneId", "accountTwoId", "relationId"}, openAudit: true},
	"accountsRelations": {},
	"activities":        {required: []string{"accountId", "date", "typeId", "salesRepId"}, omit: []string{"whatsappMessage"}},
	"activityTypes":     {},
	"branches":          {required: []string{"currencyId", "timeZoneId"}},
	"calendar": {required: []string{"endDate", "salesRepId", "startDate", "subject"}, rename: map[string]string{"completed": "Completed"},
		change: map[string]object{
			"startDate": {"format": nil, "maxLength": 10},
			"endDate":   {"format": nil, "maxLength": 10},
		}},
	"contactTypes": {},
	"contacts":     {required: []string{"accountId", "lastName", "firstName"}},
	"countries":    {openAudit: true},
	"currencies":   {required: []string{"descriptionES", "symbol", "isoCode"}, openAudit: true},
	"emails": {
		required:    []string{"emailFrom", "emailTo", "date", "type", "mailFolder"},
		omit:        []string{"originEmailId"},
		undescribed: true,
		rename: map[string]string{
			"dateCreated": "date_created", "dateUpdated": "date_updated", "dateDeleted": "date_deleted",
			"salesRepIdCreated": "user_created", "salesRepIdUpdated": "user_updated", "salesRepIdDeleted": "user_deleted",
		},
		change: map[string]object{
			"id":            {"type": "integer"},
			"type":          {"type": "integer"},
			"accountId":     {"table": "empresas"},
			"contactId":     {"table": "contactos"},
			"opportunityId": {"table": "expedientes"},
			"salesRepId":    {"table": "tblUsuarios"},
			"attachments": {
				"type":       nil,
				"properties": object{"id": object{"type": "integer"}, "name": object{"type": nullable("string")}},
			},
			"date": {
				"type": nil, "format": nil,
				"properties": object{
					"time":      object{"format": "date-time", "readOnly": true, "type": nullable("string")},
					"timeStamp": object{"format": "date-time", "readOnly": true, "type": nullable("number")},
					"timeZone":  object{"readOnly": true, "type": nullable("string")},
				},
			},
		},
	},
	"entityOwners": {},
	"extrafields": {
		title:       "extrafield",
		required:    []string{"entity", "fieldName", "type"},
		omit:        []string{"fuzzySearch", "includeTime", "mandatoryRestApi"},
		undescribed: true,
		change: map[string]object{
			"id":                 {"type": "integer"},
			"entity":             {"type": []string{"string"}, "maxLength": nil},
			"fieldName":          {"type": []string{"string"}, "maxLength": nil},
			"type":               {"maxLength": nil},
			"valueListRelated":   {"maxLength": nil},
			"defaultValue":       {"maxLength": nil},
			"dependenceField":    {"maxLength": nil},
			"dynamicField":       {"maxLength": nil},
			"description":        {"maxLength": nil},
			"descriptionBR":      {"maxLength": nil},
			"descriptionDE":      {"maxLength": nil},
			"descriptionDK":      {"maxLength": nil},
			"descriptionEN":      {"maxLength": nil},
			"descriptionFR":      {"maxLength": nil},
			"descriptionIT":      {"maxLength": nil},
			"descriptionPT":      {"maxLength": nil},
			"descriptionRU":      {"maxLength": nil},
			"descriptionUS":      {"maxLength": nil},
			"branches":           {"type": "array", "items": object{"maxLength": 180, "type": "string"}, "table": nil, "readOnly": nil},
			"dynamicFieldValues": {"type": nullable("array"), "items": object{"type": "number"}},
			"mandatory":          {"readOnly": nil},
			"mobileVisibility":   {"readOnly": nil},
			"multilanguage":      {"readOnly": nil},
			"readOnly":           {"readOnly": nil},
			"restApi":            {"readOnly": nil},
			"searchable":         {"readOnly": nil, "format": "date-time"},
			"visibleInList":      {"readOnly": nil},
			"webVisibility":      {"readOnly": nil},
			"salesRepIdCreated":  {"readOnly": false, "table": "tblUsuarios"},
			"salesRepIdUpdated":  {"readOnly": false, "table": "tblUsuarios"},
			"salesRepIdDeleted":  {"readOnly": false, "table": "tblUsuarios"},
		},
	},
	"opportunities":       {required: []string{"branchId", "salesProbability", "salesRepId", "statusId", "reference"}},
	"opportunityStatuses": {},
	"opportunityTypes":    {openAudit: true},
	"orderTypes":          {title: "salesorderStatuses"},
	"productCategories":   {openAudit: true},
	"productFamilies":     {openAudit: true},
	"productRates":        {omit: []string{"id"}, change: map[string]object{"deleted": {"readOnly": false}}},
	"products":            {},
	"rates":               {},
	"roles": {
		rename: map[string]string{"dateDeleted": "dataDeleted"},
		change: map[string]object{
			"extId":             {"description": nil},
			"id":                {"description": nil},
			"level":             {"description": nil},
			"name":              {"description": nil},
			"salesRepIdCreated": {"description": nil},
			"salesRepIdUpdated": {"description": nil},
			"salesRepIdDeleted": {"description": nil},
			"branches": { // a misplaced brace puts the whole definition into its items
				"type": nil, "table": nil, "readOnly": nil,
				"items": object{
					"properties": object{
						"id":       object{"type": "integer", "value": object{"type": nullable("string")}},
						"required": []string{"id"}, "type": "object",
					},
					"readOnly": false, "table": "branches", "type": nullable("array"),
				},
			},
		},
	},
	"sales":              {},
	"salesorderStatuses": {},
	"salesorders":        {required: []string{"statusId"}, omit: []string{"salesOrderType"}},
	"salesordersLines":   {},

	// Of users only the names of the properties are known, not the text of the
	// schema; three of them are left over from an earlier version [DOC].
	"users": {
		required: []string{"branches", "email", "lastName", "name", "nic", "phone", "idPrefix", "dbLanguage", "uiLanguage"},
		omit:     []string{"roles"},
		add: map[string]object{
			"branch":       {"description": "", "readOnly": true, "type": nullable("object"), "table": "branches", "properties": object{"id": object{"type": "integer"}, "value": object{"type": nullable("string")}}, "required": []string{"id"}},
			"computeInSfm": {"description": "", "readOnly": true, "type": nullable("boolean")},
			"dataDeleted":  {"description": "", "readOnly": true, "type": nullable("string"), "format": "date-time"},
		},
	},
}
