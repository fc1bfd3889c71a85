package resource

// States of a document.
const (
	DocumentPending     = "pending"     // announced, contents not there yet; shown to nobody
	DocumentQuarantined = "quarantined" // contents stored and not scanned for viruses yet; shown to nobody
	DocumentReady       = "ready"       // contents stored and verified
)

// declaredDocuments are the files of the dossiers and the folders they lie in.
func declaredDocuments() []Resource {
	return []Resource{
		{
			Name: "documents", Title: []string{"name"}, Ops: OwnService,
			Required: []string{"name"},
			Fields: join(audit(), []Field{
				text("name", 255).key().search(), text("description", 6000), text("extension", 32), text("extId", 100).key(),
				integer("size"), // bytes
				integer("level").or(IntValue(0)), boolean("carrousel").no(), bareRef("userId", "users"),
				bareRef("folderId", "folders"), // null, shown as -1: the root
				bareRef("accountId", "accounts"), bareRef("contactId", "contacts"), bareRef("opportunityId", "opportunities"),
				bareRef("activityId", "activities"), bareRef("salesOrderId", "salesorders"), bareRef("campaignId", "campaigns"),
				bareRef("productId", "products"), integer("quoteId"), integer("formId"), integer("billboardId"),
				bareRef("caseId", "cases").omitEmpty(), bareRef("damageNotificationId", "damageNotifications").omitEmpty(),
				bareRef("portOrderId", "portorders").omitEmpty(),

				// What other dialects say of a document.
				text("dialect", 32).omitEmpty(), text("credential", 255).omitEmpty(), // by which it came
				text("key", 255).omitEmpty(),                                                                             // what it is to its record, as "Voided Check" [DOC riskforce]
				text("comment", 6000).omitEmpty(), boolean("restricted").omitEmpty(), boolean("damageImage").omitEmpty(), // [DOC scalepoint]

				text("state", 16).internal().or(TextValue(DocumentPending)),
				text("hash", 64).beside("dialect"),  // SHA-256 of the contents, lower-case hex: their name in the blob store
				text("contentType", 255).internal(), // as found in the contents, not as claimed
				boolean("misnamed").internal(),      // whether the contents contradict the extension
				text("scan", 16).beside("dialect"),  // for viruses: pending, clean, infected, failed; null: there was no scanner
				instant("uploadedAt").internal(),    // when the contents were complete
				instant("expiresAt").internal(),     // until when a pending document may be uploaded
				text("source", 255).internal(),      // dialect and credential it came by: "sage:17"
			}),
			Access: Access{Level: "level", Owners: []string{"userId"}, Private: "restricted", Within: []string{
				"accountId", "contactId", "opportunityId", "activityId", "salesOrderId", "campaignId", "productId", "folderId",
				"caseId", "damageNotificationId", "portOrderId",
			}},
			Indexes: polled(
				by("the documents of an account", "accountId"),
				by("the documents of a contact", "contactId"),
				by("the documents of an opportunity", "opportunityId"),
				by("the documents of an activity", "activityId"),
				by("the documents of an order", "salesOrderId"),
				by("the documents of a campaign", "campaignId"),
				by("the pictures of a product", "productId"),
				by("the documents in a folder", "folderId"),
				by("the documents of a case", "caseId"),
				by("the documents of a damage notification", "damageNotificationId"),
				by("the documents of a port order", "portOrderId"),
				by("whether contents are still in use", "hash"),
				by("announced documents that never came", "state", "expiresAt"),
			),
		},
		{
			Name: "folders", Title: []string{"name"}, Ops: OwnService,
			Required: []string{"name"},
			Fields: join(audit(), []Field{
				text("name", 255).key().search(), bareRef("folderId", "folders"), // null, shown as -1: the root
				boolean("restrictSucursales").no(), integer("level").or(IntValue(0)), integer("entityId"),
				text("entity", 64).internal(), // the resource that entityId is an id of
			}),
			Access:  Access{Level: "level", Entity: "entity", EntityID: "entityId"},
			Indexes: []Index{by("the folders in a folder", "folderId"), by("the folders of a record", "entityId")},
		},
	}
}
