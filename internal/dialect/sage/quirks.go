package sage

import (
	"slices"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// quirk is how a resource differs on the wire from all others.
type quirk struct {
	known string // where from, by the tags in README.md

	order  []string          // members that come first, in this order; the rest by ASCII
	none   map[string]string // what a null is written as, by field; "null" where not named
	hidden []string          // fields that answers do not show
	add    added             // members that are no fields, written by the handler
	again  map[string]string // further members: name -> the field whose value they repeat
	rename map[string]string // field -> member
	refs   refStyle          // of references; zero: {"id":…,"value":…}
	forms  map[string]form   // fields that are not written as their kind is

	several                   bool   // POST takes an array of records too, and answers it with an array
	created, updated, deleted answer // what answers a change
	offset                    bool   // lists go by ?offset= and ?count= besides ?page= and Count

	// input changes what a client sent into what the record service takes, and takes
	// are the schemas of the fields that may be sent in another form than others of
	// their kind.
	input func(in crm.Input, creating bool) error
	takes map[string]object
}

// added are members by name, with the kind that they are written as.
type added map[string]resource.Kind

// refStyle is how references with a title are written.
type refStyle struct {
	label      string // the member with the title; "" = value
	labelFirst bool   // before the id
}

// form is how a field is written other than by its kind.
type form uint8

const (
	plain     form = iota
	bareIDs        // a list of references: the ids alone
	quotedIDs      // a list of references: the ids alone, as texts
	firstOnly      // a list of references: the first, as one reference
	callDate       // an instant: "2009/01/07 11:19:15"
	shortDay       // an instant: "09/01/07"
	compound       // an instant: {"time":…,"timeStamp":…,"timeZone":"UTC"}
	rawJSON        // a text that is JSON already
	digit          // a boolean: 0 or 1
)

// answer is what the client gets for a change.
type answer uint8

const (
	answerUsual     answer = iota // {"Message":…}, and of what is created the id
	answerMessageID               // {"Message":…,"id":…}
	answerRecord                  // the record as it is now
	answerSuccess                 // {"Message":"delete success","id":…}
	answerPlain                   // {"message":"success"}
	answerCode                    // {"code":1,"message":"success"}
)

// quirkOf returns how the records of a resource differ: those of a table made at
// run time as the table that keeps them.
func quirkOf(res *resource.Resource) quirk { return quirks[res.Kept()] }

// vendorTables are names of the vendor's tables, in lower case, by which clients
// address resources [DOC][OFFICIAL][CLIENT]; which table of values an account's
// rating is [INFER].
var vendorTables = map[string]string{
	"empresas":                    "accounts",
	"contactos":                   "contacts",
	"expedientes":                 "opportunities",
	"tblsalesorders":              "salesorders",
	"tblsalesorderslines":         "salesordersLines",
	"tblusuarios":                 "users",
	"tbltimezones":                "timeZones",
	"tblvideocallproviders":       "videoCallProviders",
	"tbltiposcalificacionempresa": "accountStatuses",
}

// noRecord is how members that name nobody or nothing are written.
const noRecord = "-1"

// noText is how members without a text are written that are never null.
const noText = `""`

// ofCampaigns is how campaigns and their parts write that there is nobody, in
// members that are theirs alone, and no text [DOC].
func ofCampaigns(texts ...string) map[string]string {
	none := map[string]string{"salesRepIdCreated": "0", "salesRepIdUpdated": "0", "salesRepIdDeleted": "0"}
	for _, f := range texts {
		none[f] = noText
	}
	return none
}

// auditLast are the members that end most records of campaigns [DOC].
var auditLast = []string{"dateCreated", "dateDeleted", "dateUpdated", "salesRepIdCreated", "salesRepIdUpdated",
	"salesRepIdDeleted", "id"}

// campaignLabels are the names of questions and their values in the order of the
// documents.
var campaignLabels = []string{"textES", "textEN", "textIT", "textFR", "textDE", "textPT", "textUS", "textBR", "textRU", "textDK"}

// minusOne marks fields whose null is written as -1.
func minusOne(fields ...string) map[string]string {
	m := make(map[string]string, len(fields))
	for _, f := range fields {
		m[f] = "-1"
	}
	return m
}

// documentNone is shared by the two lists of documents.
var documentNone = minusOne("folderId", "opportunityId", "quoteId", "userId", "accountId", "contactId",
	"activityId", "salesOrderId", "formId", "billboardId", "campaignId")

// quirks are the resources that do not follow the rule of the house. Sources:
// the answers printed in the reference text [DOC]; that e-mails, calls and
// documents have a fixed order of members and the others the ASCII one is
// confirmed by live answers [LIVE].
var quirks = map[string]quirk{
	"documents": {
		known: "DOC LIVE CLIENT",
		order: []string{"id", "description", "name", "extension", "folderId", "opportunityId", "quoteId", "deleted",
			"dateDeleted", "userId", "size", "level", "accountId", "contactId", "activityId", "salesRepIdDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "dateCreated", "dateUpdated", "extId", "link", "salesOrderId",
			"formId", "billboardId", "carrousel", "campaignId"},
		none:   documentNone,
		hidden: []string{"productId"},
		add:    added{"link": resource.Text},
	},
	"folders": {
		known: "DOC",
		order: []string{"id", "salesRepIdDeleted", "salesRepIdCreated", "salesRepIdUpdated", "dateCreated",
			"dateUpdated", "deleted", "dateDeleted", "name", "folderId", "restrictSucursales", "level", "entityId"},
		none: minusOne("folderId"),
	},
	"extrafields": {
		known: "DOC",
		order: []string{"id", "entity", "fieldName", "valueListRelated", "description", "deleted", "dateDeleted",
			"searchable", "salesRepIdDeleted", "salesRepIdCreated", "salesRepIdUpdated", "dateCreated", "dateUpdated",
			"visibleInList", "order", "webVisibility", "tabId", "mobileVisibility", "mandatory", "readOnly",
			"descriptionEN", "descriptionIT", "descriptionFR", "descriptionDE", "descriptionPT", "descriptionUS",
			"descriptionRU", "descriptionBR", "descriptionDK", "branches", "defaultValue", "restApi", "idsDynamism",
			"visibleInPhoneCallForm", "type", "length", "dynamicField", "dynamicFieldValues", "dependenceField",
			"fuzzySearch", "includeTime", "mandatoryRestApi"},
		none: minusOne("tabId"),
		// The example shows the ids of branches as texts, which is also how they are
		// sent; and the values behind dynamicField as a list of numbers [DOC].
		forms: map[string]form{"branches": quotedIDs, "dynamicFieldValues": rawJSON},
		takes: map[string]object{"dynamicFieldValues": {"type": []string{"array", "string", "null"}}},
		input: extraFieldInput,
	},
	// Lists of values are shown without what every other table has: no id, no dates.
	// A label there is none of is empty, not null [DOC].
	"list": {
		known: "DOC",
		hidden: []string{"id", "deleted", "dateCreated", "dateUpdated", "dateDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "salesRepIdDeleted"},
		none: map[string]string{
			"description": `""`, "descriptionBR": `""`, "descriptionDE": `""`, "descriptionDK": `""`, "descriptionEN": `""`,
			"descriptionFR": `""`, "descriptionIT": `""`, "descriptionPT": `""`, "descriptionRU": `""`, "descriptionUS": `""`,
		},
		created: answerRecord,
		updated: answerRecord,
		deleted: answerCode,
	},
	// The values of these lists have Spanish names; "deleted" is there besides, as in
	// every other list [DOC].
	"listValues": {
		known: "DOC",
		rename: map[string]string{
			"salesRepIdCreated": "UserCreado", "salesRepIdUpdated": "UserModificado", "salesRepIdDeleted": "UserBorrado",
		},
		again: map[string]string{"borrado": "deleted"},
	},
	// deleted is a number in sales and nowhere else [DOC].
	"sales": {known: "DOC", forms: map[string]form{"deleted": digit}},
	// The documents show roles that were never deleted with 1899-12-30 for the date
	// and 0 for the person: empty columns of a database older than null. Roles made
	// later have null there, as all of ours do [DOC].
	"roles": {
		known: "DOC",
		order: []string{"id", "extId", "level", "name", "branches", "salesRepIdDeleted", "salesRepIdCreated",
			"salesRepIdUpdated", "dateCreated", "dateUpdated", "dateDeleted", "deleted"},
		forms: map[string]form{"branches": bareIDs},
		none:  map[string]string{"branches": "[]"},
	},
	// One branch is shown although POST takes several. "None" is a blank in the
	// title of the manager and null in that of the rate [DOC]; of the others it is
	// not known, and follows the rate.
	"users": {
		known: "DOC OFFICIAL",
		refs:  refStyle{label: "description", labelFirst: true},
		forms: map[string]form{"branches": firstOnly},
		none: map[string]string{
			"managerId":  `{"description":" ","id":-1}`,
			"rateId":     `{"description":null,"id":-1}`,
			"userTypeId": `{"description":null,"id":-1}`,
			"branches":   `{"description":null,"id":-1}`,
		},
		hidden:  []string{"roles"},
		deleted: answerMessageID,
	},
	"calls": {
		known: "DOC LIVE",
		order: []string{"duration", "startDate", "endDate", "type", "terminalType", "phone", "accountId", "contactId",
			"salesRepId", "opportunityId", "phoneAlias", "description", "timeZoneId", "deleted", "dateCreated", "dateDeleted",
			"dateUpdated", "salesRepIdCreated", "salesRepIdUpdated", "salesRepIdDeleted", "id"},
		forms: map[string]form{"startDate": callDate, "endDate": callDate},
		none: map[string]string{
			"startDate": noCallDate, "endDate": noCallDate, "phoneAlias": `""`, "description": `""`,
			"accountId": noRecord, "contactId": noRecord, "salesRepId": noRecord, "opportunityId": noRecord, "timeZoneId": noRecord,
			"salesRepIdCreated": noRecord, "salesRepIdUpdated": noRecord, "salesRepIdDeleted": noRecord,
		},
		updated: answerRecord,
		offset:  true,
		input:   callInput,
	},
	// The example has no salesRepIdCreated; the list of attributes beside it does.
	"emails": {
		known: "DOC LIVE CLIENT",
		order: []string{"id", "emailTo", "attachments", "extId", "accountId", "contactId", "opportunityId", "salesRepId",
			"emailFrom", "body", "date", "type", "mailFolder", "subject", "salesRepIdDeleted", "salesRepIdCreated",
			"salesRepIdUpdated", "dateCreated", "dateUpdated", "dateDeleted", "deleted", "originEmailId"},
		forms: map[string]form{"date": compound, "attachments": rawJSON},
		none: map[string]string{
			"attachments": "[]", "accountId": noRecord, "contactId": noRecord, "salesRepId": noRecord,
		},
		input: emailInput,
		takes: map[string]object{
			"date":        {"anyOf": []object{{"type": nullable("string")}, sentMoment}},
			"attachments": {"type": nullable("array"), "items": sentAttachment},
		},
	},
	"calendar": {
		known: "DOC CLIENT",
		forms: map[string]form{"startDate": shortDay, "endDate": shortDay},
		input: calendarInput,
	},
	// The one example misspells the member [DOC]; the list of attributes does not.
	"news": {
		known:  "DOC",
		none:   map[string]string{"endDate": `"1900-01-01T00:00:00Z"`}, // does not end [DOC]
		rename: map[string]string{"salesRepIdDeleted": "salesRepIDeleted"},
	},
	"forms": {
		known: "DOC",
		order: []string{"id", "list", "detail", "jsonData", "formTemplateId", "statusId", "salesRepIdDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "dateCreated", "dateUpdated", "dateDeleted", "deleted"},
	},
	"formStates": {
		known: "DOC",
		order: []string{"id", "intOrder", "idParent", "blnEndState", "strIdEnvironment", "descriptionEN", "description",
			"descriptionIT", "descriptionFR", "descriptionDE", "descriptionPT", "descriptionUS", "descriptionBR",
			"descriptionRU", "descriptionDK", "salesRepIdDeleted", "salesRepIdCreated", "salesRepIdUpdated", "dateCreated",
			"dateUpdated", "dateDeleted", "deleted"},
	},
	"formTemplates": {
		known: "DOC",
		order: []string{"id", "guid", "type", "typeDescription", "url", "active", "idRole", "extraFields", "deleted",
			"userDeleted", "userCreated", "userUpdated", "dateCreated", "dateUpdated", "dateDeleted", "descriptionEN",
			"description", "descriptionIT", "descriptionFR", "descriptionDE", "descriptionPT", "descriptionUS",
			"descriptionBR", "descriptionRU", "descriptionDK"},
		rename: map[string]string{
			"salesRepIdCreated": "userCreated", "salesRepIdUpdated": "userUpdated", "salesRepIdDeleted": "userDeleted",
		},
	},
	// Seen with clients, in no document of the seed: snake case, and answers of its
	// own for every change [CLIENT] [OFFICIAL].
	"hooks": {
		known: "OFFICIAL CLIENT",
		rename: map[string]string{
			"dateCreated": "date_created", "dateUpdated": "date_updated", "dateDeleted": "date_deleted",
			"salesRepIdCreated": "user_created", "salesRepIdUpdated": "user_updated", "salesRepIdDeleted": "user_deleted",
			"secretKey": "secret_key",
		},
		created: answerRecord, updated: answerRecord, deleted: answerSuccess,
	},
	// The tables beside the examples of the campaigns promise a Message and an id,
	// the examples are the records [DOC]. What nobody changed is by user 0.
	"campaigns": {
		known: "DOC",
		order: append([]string{"title", "description", "ownerId", "statusId", "typeId", "startDate", "endDate", "deleted",
			"videoUrl"}, auditLast...),
		none:    ofCampaigns("title", "description", "videoUrl", "address2"),
		offset:  true,
		created: answerRecord, updated: answerRecord, deleted: answerPlain,
	},
	"campaignStatuses": {
		known: "DOC",
		order: []string{"id", "descriptionEN", "descriptionES", "descriptionIT", "descriptionFR", "descriptionDE",
			"descriptionPT", "descriptionUS", "descriptionBR", "descriptionRU", "descriptionDK"},
		hidden: []string{"deleted", "dateCreated", "dateUpdated", "dateDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "salesRepIdDeleted"},
	},
	// The list of attributes spells dates and users as everywhere, the examples in
	// upper case [DOC].
	"campaignEntities": {
		known: "DOC",
		order: []string{"campaignId", "accountId", "activityId", "completed", "deleted", "DateCreated", "DateDeleted",
			"DateUpdated", "SalesRepIdCreated", "SalesRepIdUpdated", "SalesRepIdDeleted", "id"},
		rename: map[string]string{
			"dateCreated": "DateCreated", "dateDeleted": "DateDeleted", "dateUpdated": "DateUpdated",
			"salesRepIdCreated": "SalesRepIdCreated", "salesRepIdUpdated": "SalesRepIdUpdated", "salesRepIdDeleted": "SalesRepIdDeleted",
		},
		none: map[string]string{
			"activityId": noRecord, "salesRepIdCreated": "0", "salesRepIdUpdated": "0", "salesRepIdDeleted": "0",
		},
		offset:  true,
		created: answerRecord, updated: answerRecord, deleted: answerPlain,
	},
	// POST is shown with an array, and the attributes as those of one [DOC].
	"campaignQuestions": {
		known: "DOC",
		order: slices.Concat([]string{"campaignId"}, campaignLabels, []string{"type", "mandatory", "deleted", "order",
			"valueListName", "linkedEntity", "linkedEntityField"}, auditLast, []string{"custom"}),
		none:    ofCampaigns(slices.Concat(campaignLabels, []string{"valueListName", "linkedEntity", "linkedEntityField"})...),
		offset:  true,
		several: true,
		created: answerRecord, updated: answerRecord, deleted: answerPlain,
	},
	"campaignQuestionValues": {
		known:   "DOC",
		order:   slices.Concat([]string{"questionId"}, campaignLabels, []string{"deleted"}, auditLast),
		none:    ofCampaigns(campaignLabels...),
		offset:  true,
		created: answerRecord, updated: answerRecord, deleted: answerPlain,
	},
	"campaignQuestionAnswers": {
		known:   "DOC",
		order:   append([]string{"questionId", "activityId", "value", "deleted"}, auditLast...),
		none:    ofCampaigns("value"),
		offset:  true,
		created: answerRecord, updated: answerRecord, deleted: answerPlain,
		input: campaignAnswerInput,
		takes: map[string]object{"value": {"description": "As the question's type wants it: a text, a number, a boolean, an id or several."}},
	},
	// The table beside the example of PUT promises a Message, the example is the
	// points [DOC].
	"activityPoints": {
		known: "DOC",
		hidden: []string{"id", "deleted", "dateCreated", "dateUpdated", "dateDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "salesRepIdDeleted"},
		updated: answerRecord,
	},
}

// roleUsers is the quirk of GET /roles/{id}/users, which has its own order and
// names nobody in another way than GET /users [DOC].
var roleUsers = quirk{
	known: "DOC",
	order: []string{"id", "extId", "billable", "lastPasswordChangeDate", "branches", "userTypeId", "level", "name",
		"lastName", "email", "nic", "dateCreated", "dateUpdated", "dateDeleted", "salesRepIdCreated", "salesRepIdUpdated",
		"salesRepIdDeleted", "deleted", "phone", "phoneExtension", "managerId", "rateId", "computeSfm"},
	refs:  refStyle{label: "description"},
	forms: map[string]form{"branches": firstOnly},
	none: map[string]string{
		"managerId": `{"id":-1,"name":null}`, "rateId": `{"id":-1,"name":null}`,
		"userTypeId": `{"id":-1,"description":null}`, "branches": `{"id":-1,"description":null}`,
		"salesRepIdCreated": noRecord, "salesRepIdUpdated": noRecord, "salesRepIdDeleted": noRecord,
	},
	hidden: []string{"roles", "isActive", "idPrefix", "dbLanguage", "uiLanguage", "locale", "description"},
}

// recordDocuments is the quirk of GET /{resource}/{id}/documents, whose members
// differ from those of GET /documents in order and in one spelling [DOC].
var recordDocuments = quirk{
	known: "DOC",
	order: []string{"id", "description", "name", "extension", "folderId", "opportunityId", "quoteId", "deleted",
		"dateDeleted", "userId", "size", "level", "accountId", "activityId", "salesRepIdDeleted", "salesRepIdCreated",
		"salesRepIdUpdated", "dateCreated", "dateUpdated", "extId", "link", "salesOrderId", "formId", "billboardId",
		"campaignId", "contactId", "isCarroussel"},
	none:   documentNone,
	hidden: []string{"productId", "carrousel"},
	add:    added{"link": resource.Text, "isCarroussel": resource.Boolean},
}
