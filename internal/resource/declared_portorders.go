package resource

// States of a port order [DOC flowroute]. "canceled" is the same as
// PortOrderCancelled, which is the one that is kept.
const (
	PortOrderPending      = "pending"
	PortOrderProcessing   = "processing"
	PortOrderSubmitted    = "submitted"
	PortOrderAccepted     = "accepted"
	PortOrderRejected     = "rejected"
	PortOrderReview       = "review"
	PortOrderCompleted    = "completed"
	PortOrderCancelled    = "cancelled"
	PortOrderAbandoned    = "abandoned"
	PortOrderHardCanceled = "hard_canceled"

	portOrderStates = PortOrderPending + " " + PortOrderProcessing + " " + PortOrderSubmitted + " " + PortOrderAccepted + " " +
		PortOrderRejected + " " + PortOrderReview + " " + PortOrderCompleted + " " + PortOrderCancelled + " " +
		PortOrderAbandoned + " " + PortOrderHardCanceled
)

// States of a file of a port order [DOC flowroute].
const (
	PortFilePending    = "pending"
	PortFileProcessing = "processing"
	PortFileComplete   = "complete"
	PortFileError      = "error"
)

// declaredPortOrders are orders to take over telephone numbers from another
// carrier, and all that belongs to them. The Sage documents do not have them; they
// are what the dialect of Flowroute works on, whose attributes they have.
func declaredPortOrders() []Resource {
	part := Access{Within: []string{"portOrderId"}}
	return []Resource{
		{
			// What was asked for at once, and was split by carrier.
			Name: "portorderGroups", Title: []string{"id"}, Ops: CRUD, Ours: true,
			Fields: join(audit(), []Field{text("alias", 255).key(), ref("ownerId", "users"), permissionLevel()}),
			Access: Access{Level: "permissionLevel", Owners: []string{"ownerId"}},
		},
		{
			Name: "portorders", Title: []string{"id"}, Ops: CRUD, Ours: true,
			Required: []string{"billingName", "city", "country", "provider", "state", "street"}, // [DOC flowroute]
			Fields: join(audit(), []Field{
				bareRef("groupId", "portorderGroups"), text("alias", 255).key(), text("type", 50),
				text("status", 20).oneOf(portOrderStates).or(TextValue(PortOrderPending)), instant("statusUpdatedAt"),
				text("statusUrl", 2000).target(), // told of every change
				boolean("approved").no(), number("cost"), instant("completedDate"), day("desiredCompletionDate"),

				text("billingName", 255), text("billingNumber", 20), text("company", 255), text("usageType", 20).oneOf("Business Residential"),
				text("street", 255), text("street2", 255), text("city", 200), text("state", 50), text("zip", 20),
				text("country", 2).oneOf("US CA"),
				text("provider", 255), text("providerAccount", 100), text("pin", 50), text("last4Ssn", 4),
				boolean("enableCnamLookups").no(),
				document("businessDocuments"), // a list of URLs

				text("loaEmail", 254), text("loaCc", 254), // letter of authorisation
				text("loaSignatureName", 255), text("loaSignatureTitle", 255), instant("loaSignedAt"),

				// Presets: what the numbers get once they are here.
				text("presetCnamId", 50), text("presetE911Id", 50), text("presetAlias", 255),
				text("presetFailoverRouteId", 50), text("presetPrimaryRouteId", 50),

				ref("ownerId", "users"), ref("branchId", "branches"), ref("accountId", "accounts"), permissionLevel(),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"ownerId"}, Branch: "branchId"},
			Indexes: polled(
				by("the port orders of a group", "groupId"),
				by("the port orders in a state, latest first", "status", "statusUpdatedAt"),
				by("an owner's port orders, latest first", "ownerId", "dateUpdated"),
			),
		},
		{
			Name: "portorderNumbers", Title: []string{"number"}, Ops: CRUD, Ours: true,
			Required: []string{"number", "portOrderId"},
			Fields: join(audit(), []Field{
				bareRef("portOrderId", "portorders"), text("number", 20).key(), // E.164
				text("carrier", 100),
			}),
			Access:  part,
			Indexes: []Index{by("the numbers of a port order", "portOrderId")},
		},
		{
			Name: "portorderComments", Title: []string{"text"}, Ops: CRUD, Ours: true,
			Required: []string{"portOrderId", "text"},
			Fields:   join(audit(), []Field{bareRef("portOrderId", "portorders"), text("text", 6000), text("author", 255)}),
			Access:   part,
			Indexes:  []Index{by("the comments on a port order", "portOrderId")},
		},
		{
			// What has become of a port order, a row for each change of its status,
			// written by the server.
			Name: "portorderHistory", Title: []string{"status"}, Ops: ReadOnlyOps, Ours: true,
			Fields: join(audit(), []Field{
				bareRef("portOrderId", "portorders"), text("status", 20).oneOf(portOrderStates), instant("date"),
				instant("dueAt").internal(), integer("attempts").internal(), // when the order's statusUrl is told, null: it was, or there is none; how often it was tried
			}),
			Access: part,
			Indexes: []Index{
				by("what became of a port order, in order", "portOrderId", "date"),
				{Fields: []string{"dueAt"}, Why: "changes that are to be told", Sparse: true},
			},
		},
		{
			// A file that is asked for, by URL or for upload; its contents are a
			// document of the port order.
			Name: "portorderFiles", Title: []string{"filename"}, Ops: CRUD, Ours: true,
			Required: []string{"filename", "portOrderId"},
			Fields: join(audit(), []Field{
				bareRef("portOrderId", "portorders"), text("filename", 500), text("originalUrl", 2000).target(), text("contentType", 255),
				text("status", 16).oneOf(PortFilePending + " " + PortFileProcessing + " " + PortFileComplete + " " + PortFileError).
					or(TextValue(PortFilePending)),
				text("storageKey", 255).unique(), // path of the upload's URL
				instant("expiresAt"),             // until when it may be uploaded
				text("error", 6000), bareRef("documentId", "documents"),
				instant("dueAt").internal(),    // when it is to be fetched from originalUrl; null: not at all
				text("source", 288).internal(), // dialect and credential that named originalUrl: "flowroute:ab12"
			}),
			Access: part,
			Indexes: []Index{
				by("the files of a port order", "portOrderId"),
				by("which file a document is", "documentId"),
				{Fields: []string{"dueAt"}, Why: "files that are to be fetched", Sparse: true},
			},
		},
	}
}
