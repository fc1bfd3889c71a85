package sage

// quirk is how a resource differs on the wire from all others.
type quirk struct {
	order  []string          // members that come first, in this order; the rest by ASCII
	none   map[string]string // what a null is written as, by field; "null" where not named
	hidden []string          // fields that answers do not show
	add    []string          // members that are no fields, written by the handler
	digits []string          // booleans that are written as 0 and 1
}

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
		order: []string{"id", "description", "name", "extension", "folderId", "opportunityId", "quoteId", "deleted",
			"dateDeleted", "userId", "size", "level", "accountId", "contactId", "activityId", "salesRepIdDeleted",
			"salesRepIdCreated", "salesRepIdUpdated", "dateCreated", "dateUpdated", "extId", "link", "salesOrderId",
			"formId", "billboardId", "carrousel", "campaignId"},
		none:   documentNone,
		hidden: []string{"productId"},
		add:    []string{"link"},
	},
	"folders": {
		order: []string{"id", "salesRepIdDeleted", "salesRepIdCreated", "salesRepIdUpdated", "dateCreated",
			"dateUpdated", "deleted", "dateDeleted", "name", "folderId", "restrictSucursales", "level", "entityId"},
		none: minusOne("folderId"),
	},
	"extrafields": {
		order: []string{"id", "entity", "fieldName", "valueListRelated", "description", "deleted", "dateDeleted",
			"searchable", "salesRepIdDeleted", "salesRepIdCreated", "salesRepIdUpdated", "dateCreated", "dateUpdated",
			"visibleInList", "order", "webVisibility", "tabId", "mobileVisibility", "mandatory", "readOnly",
			"descriptionEN", "descriptionIT", "descriptionFR", "descriptionDE", "descriptionPT", "descriptionUS",
			"descriptionRU", "descriptionBR", "descriptionDK", "branches", "defaultValue", "restApi", "idsDynamism",
			"visibleInPhoneCallForm", "type", "length", "dynamicField", "dynamicFieldValues", "dependenceField",
			"fuzzySearch", "includeTime", "mandatoryRestApi"},
		none: minusOne("tabId"),
	},
	// deleted is a number in sales and nowhere else [DOC].
	"sales": {digits: []string{"deleted"}},
	"roles": {
		order: []string{"id", "extId", "level", "name", "branches", "salesRepIdDeleted", "salesRepIdCreated",
			"salesRepIdUpdated", "dateCreated", "dateUpdated", "dateDeleted", "deleted"},
	},
}

// recordDocuments is the quirk of GET /{resource}/{id}/documents, whose members
// differ from those of GET /documents in order and in one spelling [DOC].
var recordDocuments = quirk{
	order: []string{"id", "description", "name", "extension", "folderId", "opportunityId", "quoteId", "deleted",
		"dateDeleted", "userId", "size", "level", "accountId", "activityId", "salesRepIdDeleted", "salesRepIdCreated",
		"salesRepIdUpdated", "dateCreated", "dateUpdated", "extId", "link", "salesOrderId", "formId", "billboardId",
		"campaignId", "contactId", "isCarroussel"},
	none:   documentNone,
	hidden: []string{"productId", "carrousel"},
	add:    []string{"link", "isCarroussel"},
}
