package resource

// States of a damage notification.
const (
	DamageOpen   = "Open"
	DamageMerged = "Merged" // to the case that it names
)

// declaredCases are service cases and damage notifications, with their value
// lists. The Sage documents do not have them; they are what the dialects of
// Riskforce, Scalepoint and wolkvox work on. One and the same case is known by its
// number [Riskforce], its GUID [Scalepoint] and its wolkvox-id, each of which a
// client may bring along from the system that it comes from.
func declaredCases() []Resource {
	return []Resource{
		{
			Name: "cases", Title: []string{"number"}, Ops: CRUD, Ours: true,
			Required: []string{"statusId", "typeId"},
			Fields: join(audit(), []Field{
				text("number", 80).key().search().unique().made(MadeNumber),
				text("guid", 36).unique().made(MadeGUID).fixed(), text("wolkvoxId", 64).unique().made(MadeHex).fixed(),
				text("prefix", 20), text("extId", 100).key(),
				ref("typeId", "caseTypes"), ref("statusId", "caseStatuses"), text("priority", 50),
				ref("ownerId", "users"), ref("responsibleId", "users"), ref("branchId", "branches"),
				ref("contactId", "contacts"), ref("accountId", "accounts"),
				text("description", 0), text("solution", 0),
				document("form"), // what the form of the case's type asks for
				text("insuranceCompanyAlias", 100).key(), text("policyNumber", 100).key(),
				instant("openedDate").made(MadeNow), instant("closedDate"),
				boolean("reopened").internal(), // whether it was closed before; only wolkvox asks
				permissionLevel(), boolean("readOnly").no(),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"ownerId", "responsibleId"}, Branch: "branchId", Lock: "readOnly"},
			Ending: &Ending{Status: "statusId", End: "closed", ClosedAt: "closedDate"},
			Indexes: polled(
				by("the cases of a status, latest first", "statusId", "dateUpdated"),
				by("who has which cases to do, latest first", "responsibleId", "dateUpdated"),
				by("an owner's cases, latest first", "ownerId", "dateUpdated"),
				by("the cases of an account, latest first", "accountId", "dateUpdated"),
				by("the cases of a contact, latest first", "contactId", "dateUpdated"),
			),
		},
		ours(valueList("caseTypes", 150, 150, 6000, visibleIn(), integer("order"), text("prefix", 20))),
		// What the priorities of cases are called, which keep the name as it was chosen.
		ours(valueList("casePriorities", 150, 150, 6000, visibleIn(), integer("order"))),
		// A status is open or closed, and offered for some types of cases or, with
		// null, for all.
		ours(valueList("caseStatuses", 150, 150, 6000, visibleIn(), integer("order"), boolean("closed").no(), refList("caseTypes", "caseTypes"))),
		{
			Name: "damageNotifications", Title: []string{"guid"}, Ops: CRUD, Ours: true,
			Fields: join(audit(), []Field{
				text("guid", 36).unique().made(MadeGUID).fixed(), text("extId", 100).key(),
				text("state", 16).readOnly().or(TextValue(DamageOpen)),
				ref("caseId", "cases"), // that it was merged to; the state follows
				text("insuranceCompanyAlias", 100).key(), text("policyNumber", 100).key(),
				text("description", 0), instant("accidentDate"),
				ref("ownerId", "users"), ref("branchId", "branches"), ref("accountId", "accounts"), ref("contactId", "contacts"),
				permissionLevel(), boolean("readOnly").no(),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"ownerId"}, Branch: "branchId", Lock: "readOnly"},
			Indexes: polled(
				by("the damage notifications merged to a case", "caseId"),
				by("an owner's damage notifications, latest first", "ownerId", "dateUpdated"),
			),
		},
	}
}
