package resource

// declaredAccounts are the companies, the people in them, and their value lists.
func declaredAccounts() []Resource {
	return []Resource{
		{
			Name: "accounts", Title: []string{"name"}, Ops: CRUD, Extensible: true,
			Required: []string{"name", "salesRepId1"},
			Fields: join(audit(), address(50), geo(), []Field{
				text("name", 80).key().search(), text("extId", 30).key(), text("vatNumber", 50),
				text("email", 100).key().search(),
				text("phone", 50).key().search(), text("phone2", 50).search(), text("phone3", 50).search(),
				text("fax", 50), text("website", 300), text("address1", 180), text("address2", 180), text("comment", 6000),
				ref("typeId", "accountTypes"), ref("statusId", "accountStatuses"), ref("segmentId", "accountSegments"),
				ref("branchId", "branches"), ref("rateId", "rates"),
				ref("salesRepId1", "users"), ref("salesRepId2", "users"), ref("salesRepId3", "users"),
				ref("salesRepId4", "users"), ref("salesRepId5", "users"),
				permissionLevel(), boolean("public").no(), boolean("readOnly").no(),
				boolean("marketingCommunications").no(), instant("dateGeocoded"),
				tail("phone"), tail("phone2"), tail("phone3"),
			}),
			Access: Access{
				Level: "permissionLevel", Public: "public", Branch: "branchId", Lock: "readOnly",
				Owners: []string{"salesRepId1", "salesRepId2", "salesRepId3", "salesRepId4", "salesRepId5"},
			},
			Indexes: append(tails("phone", "phone2", "phone3"), polled(
				by("the accounts of a status, latest first", "statusId", "dateUpdated"),
				by("a salesperson's accounts, latest first", "salesRepId1", "dateUpdated"),
				by("the accounts of a type: typeId.id=36 AND …", "typeId"),
				by("the accounts of a country", "countryId"),
			)...),
		},
		{
			Name: "accountAddresses", Title: []string{"address1"}, Ops: CRUD,
			Required: []string{"accountId"},
			Fields: join(audit(), address(50), []Field{
				ref("accountId", "accounts"), text("address1", 180), text("address2", 180), text("description", 150),
			}),
			Access:  Access{Within: []string{"accountId"}},
			Indexes: []Index{by("the addresses of an account", "accountId")},
		},
		{
			Name: "accountsRelated", Title: []string{"id"}, Ops: CRUD,
			Required: []string{"accountOneId", "accountTwoId", "relationId"},
			Fields: join(audit(), []Field{
				ref("accountOneId", "accounts"), ref("accountTwoId", "accounts"), ref("relationId", "accountsRelations"),
			}),
			Access: Access{Within: []string{"accountOneId", "accountTwoId"}},
			Indexes: []Index{
				by("what an account is related to", "accountOneId"),
				by("what is related to an account", "accountTwoId"),
			},
		},
		{
			Name: "accountsRelations", LabelFields: labelFields(), Ops: CRUD, Required: []string{"descriptionEN"},
			Fields: join(audit(), labels("description", 150, 150, 6000), labels("reverseDescription", 150, 150, 6000)),
		},
		valueList("accountSegments", 30, 30, 6000, visibleIn(), integer("order"), integer("visitCycle")),
		valueList("accountStatuses", 6000, 6000, 6000, visibleIn(), integer("order"), boolean("lost").no(), boolean("won").no()),
		valueList("accountTypes", 50, 150, 6000, visibleIn(), integer("order"), boolean("computeSfm").no(), boolean("internal").no()),
		{
			Name: "contacts", Title: []string{"firstName", "lastName"}, Ops: CRUD, Extensible: true,
			Required: []string{"accountId", "firstName", "lastName"},
			Fields: join(audit(), address(30), []Field{
				ref("accountId", "accounts"), ref("salesRepId", "users"), ref("typeId", "contactTypes"), ref("gender", "genre"),
				text("firstName", 50).key().search(), text("lastName", 50).key().search(), text("extId", 30).key(),
				text("email", 100).key().search(), text("email2", 100).search(), text("email3", 100).search(),
				text("phone1", 50).key().search(), text("phone2", 50).search(),
				text("fax", 50), text("skype", 150), text("linkedin", 300), text("address1", 180), text("comment", 6000),
				instant("birthday"), boolean("UseCompanyAddress").no(), boolean("marketingCommunications").no(),
				permissionLevel(), boolean("readOnly").no(), tail("phone1"), tail("phone2"),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"salesRepId"}, Lock: "readOnly"},
			Indexes: append(tails("phone1", "phone2"), polled(
				by("the contacts of an account, latest first", "accountId", "dateUpdated"),
				by("a salesperson's contacts, latest first", "salesRepId", "dateUpdated"),
			)...),
		},
		valueList("contactTypes", 50, 150, 6000, visibleIn(), integer("order")),
		{
			// Who is linked to a record. The documents list its four own fields and no
			// schema; which records have contacts is ours.
			Name: "contactsEntities", Title: []string{"id"}, Ops: CanList,
			Fields: join(audit(), []Field{
				integer("entityId").readOnly(), integer("entityTypeId").readOnly(),
				bareRef("contactId", "contacts").readOnly(), text("entity", 64).internal(),
			}),
			Access: Access{Entity: "entity", EntityID: "entityId", Within: []string{"contactId"}},
			Sources: []Source{
				{Of: "contacts", From: map[string]string{"entityId": "accountId", "contactId": "id"}, Is: entity("accounts")},
				{Of: "activities", From: map[string]string{"entityId": "id", "contactId": "contactId"}, Is: entity("activities")},
				{Of: "calendar", From: map[string]string{"entityId": "id", "contactId": "contactId"}, Is: entity("calendar")},
			},
		},
		{
			// The users that records belong to, in the order of their fields.
			Name: "entityOwners", Title: []string{"id"}, Ops: CanList,
			Fields: join(audit(), []Field{
				integer("entityId").readOnly(), integer("entityTypeId").readOnly(),
				bareRef("salesRepId", "users").readOnly(), integer("salesRepOrder").readOnly(), text("entity", 64).internal(),
			}),
			Access: Access{Entity: "entity", EntityID: "entityId"},
			Sources: []Source{
				owner("accounts", "salesRepId1", 1), owner("accounts", "salesRepId2", 2), owner("accounts", "salesRepId3", 3),
				owner("accounts", "salesRepId4", 4), owner("accounts", "salesRepId5", 5),
				owner("contacts", "salesRepId", 1), owner("opportunities", "salesRepId", 1),
				owner("activities", "salesRepId", 1), owner("calendar", "salesRepId", 1),
			},
		},
	}
}

// entityTypes are the numbers of the resources that rows of contactsEntities and
// entityOwners are about [DOC].
var entityTypes = map[string]int64{"opportunities": 1, "accounts": 2, "contacts": 3, "activities": 4, "calendar": 10}

// entity is what all rows about records of a resource share.
func entity(name string) map[string]Value {
	return map[string]Value{"entity": TextValue(name), "entityTypeId": IntValue(entityTypes[name])}
}

// owner is the source of entityOwners that is one field of a resource.
func owner(of, field string, order int64) Source {
	is := entity(of)
	is["salesRepOrder"] = IntValue(order)
	return Source{Of: of, From: map[string]string{"entityId": "id", "salesRepId": field}, Is: is}
}
