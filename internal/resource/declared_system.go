package resource

import "strings"

// declaredSystem are the tables that describe the company itself, its users, and
// the world.
func declaredSystem() []Resource {
	return []Resource{
		{
			Name: "users", Title: []string{"name", "lastName"}, Ops: CRUD, Extensible: true,
			Required: []string{"branches", "email", "lastName", "name", "nic", "phone", "idPrefix", "dbLanguage", "uiLanguage"},
			Fields: join(audit(), []Field{
				text("name", 80).key().search(), text("lastName", 80).key().search(), text("nic", 80).key(),
				text("email", 100).key().search(), text("phone", 50).search(), text("phoneExtension", 10), text("extId", 50).key(),
				text("description", 6000),
				refList("branches", "branches"), // POST sends a list; GET shows the first as one object [DOC]
				boolean("branchRestriction").no(),
				refList("roles", "roles").or(ListValue(nil)),  // read and written through /users/{id}/roles
				integer("level").or(IntValue(1)).within(1, 5), // 5 is an administrator
				boolean("isActive").yes(), boolean("billable").no(), boolean("computeSfm").no(),
				integer("sessionsEnded").internal(), // how often the user was disabled: tokens from before do not count
				bareRef("idPrefix", "countries"),
				text("dbLanguage", 10).oneOf(userLanguages), text("uiLanguage", 10).oneOf(userLanguages), text("locale", 35),
				tail("phone"),
				instant("lastPasswordChangeDate"),
				ref("managerId", "users"), ref("rateId", "rates"), ref("userTypeId", "userTypes"),
			}),
			Access:  Access{Admin: true},
			Indexes: tails("phone"),
		},
		valueList("userTypes", 50, 150, 6000, visibleIn(), integer("order")),
		{
			// The documents read roles only; that they can be written is ours.
			Name: "roles", Title: []string{"name"}, Ops: CRUD, Required: []string{"name"},
			Fields: join(audit(), []Field{
				text("name", 180).key(), text("extId", 100), integer("level").within(1, 5), refList("branches", "branches"),
			}),
			Access: Access{Admin: true},
		},
		{
			Name: "branches", LabelFields: labelFields(), Ops: ReadOnlyOps | CanDelete,
			Required: []string{"currencyId", "timeZoneId"},
			Fields: join(audit(), labels("description", 50, 150, 6000), []Field{
				text("extId", 50), ref("currencyId", "currencies"), ref("timeZoneId", "timeZones"),
				boolean("default").no(), boolean("imperialSystem").no(), boolean("mainEnvironment").no(),
			}),
			Access: Access{Admin: true}, // who sees what hangs on them
		},
		{
			// The label columns are spelled like in no other table: the older ones in
			// lower case, and Spanish is strName.
			Name: "countries", Ops: CanList,
			LabelFields: []string{
				"descriptionBR", "descriptionde", "descriptionDK", "descriptionen", "strName",
				"descriptionfr", "descriptionit", "descriptionpt", "descriptionRU", "descriptionUS",
			},
			Fields: join(audit(), []Field{
				text("strName", 150), text("descriptionde", 150), text("descriptionen", 150), text("descriptionfr", 150),
				text("descriptionit", 150), text("descriptionpt", 150), text("descriptionUS", 150),
				text("descriptionBR", 6000), text("descriptionDK", 6000), text("descriptionRU", 6000),
				text("iso2", 2), text("iso3", 3), integer("isoNum"), text("phoneCode", 10),
			}),
		},
		{
			Name: "currencies", LabelFields: labelFields(), Ops: CanList,
			Required: []string{"descriptionES", "symbol", "isoCode"},
			Fields:   join(audit(), labels("description", 6000, 150, 6000), []Field{text("isoCode", 6000), text("symbol", 6000)}),
		},
		{
			Name: "timeZones", Title: []string{"fullDescription"}, Ops: CanList,
			Fields: join(audit(), labels("description", 150, 150, 6000), []Field{
				text("fullDescription", 150), text("shortDescription", 50), text("idIanaZone", 64),
			}),
		},
		listOnly(valueList("genre", 50, 150, 6000)),
		{
			// One row, number 1: what deeds are worth in GET /users/scores. Names as
			// documented; quotes and the view behind SalesInput 0 do not exist here.
			Name: "activityPoints", Title: []string{"id"}, Ops: CanGet | CanUpdate,
			Fields: join(audit(), []Field{
				integer("IntervalDays").within(0, 36500),
				points("PointsPerActivity"), points("PointsPerVisit"), points("PointsPerCheckin"), points("PointsPerFastCheckin"),
				points("PointsPerEmail"), points("PointsPerInternalEmail"),
				points("PointsPerPhoneCallMinute"), points("PointsPerInternalPhoneCallMinute"),
				points("PointsPerOpportunity"), points("PointsPerQuote"), points("PointsPerSalesOrder"),
				integer("SalesInput").within(0, 3), integer("ScoringPerEnvironment"),
			}),
			Access: Access{Admin: true},
		},
		{
			Name: "extrafields", Title: []string{"fieldName"}, Ops: CRUD &^ CanGet,
			Required: []string{"entity", "fieldName", "type"},
			Fields: join(audit(), []Field{
				text("entity", 64), text("fieldName", 64), text("type", 32),
				text("valueListRelated", 64), integer("length"), integer("order"), text("defaultValue", 6000),
				text("description", 6000), // Spanish
				text("descriptionBR", 6000), text("descriptionDE", 6000), text("descriptionDK", 6000),
				text("descriptionEN", 6000), text("descriptionFR", 6000), text("descriptionIT", 6000),
				text("descriptionPT", 6000), text("descriptionRU", 6000), text("descriptionUS", 6000),
				refList("branches", "branches").sparse(), bareRef("tabId", "extrafieldsTabs"),
				text("dependenceField", 64), text("dynamicField", 64), integer("idsDynamism"),
				text("dynamicFieldValues", 0), // JSON: ids in the table behind dynamicField
				boolean("mandatory").no(), boolean("mandatoryRestApi").no(), boolean("readOnly").no(),
				boolean("searchable").no(), boolean("multilanguage").no(), boolean("includeTime").no(), boolean("fuzzySearch"),
				boolean("restApi").yes(), boolean("webVisibility").yes(), boolean("mobileVisibility").yes(),
				boolean("visibleInList").no(), boolean("visibleInPhoneCallForm").no(),
				text("slot", 80).internal(), // Field.Slot
			}),
			Access: Access{Admin: true},
		},
		{
			Name: "extrafieldsTabs", LabelFields: labelFields(), Ops: CRUD,
			Required: []string{"descriptionES", "entity"},
			Fields:   join(audit(), labels("description", 150, 150, 6000), []Field{text("entity", 64), integer("order")}),
			Access:   Access{Admin: true},
		},
		{
			// Whom the server tells about changes. The members of the wire are in snake
			// case, which the dialect knows. A hook and its secret concern its maker and
			// the administrators: nobody else reaches the level of its records.
			Name: "hooks", Title: []string{"name"}, Ops: CRUD,
			Required: []string{"name", "action", "entity", "url"},
			Fields: join(audit(), []Field{
				text("name", 255), text("action", 16).oneOf("insert update delete"),
				text("entity", 32).oneOf("account contact opportunity activity calendar salesorder case damagenotification portorder"),
				text("url", 2048).target(), secret("secretKey"),
				integer("version").within(4, 4).or(IntValue(4)), // of the API whose records are sent
				integer("level").or(IntValue(5)).internal(),
			}),
			Most:   maxHooks,
			Access: Access{Level: "level"},
		},
		{
			// The lists of values that a workspace makes itself. Each is a table of
			// its own to clients; the values of all are in listValues.
			Name: "list", Title: []string{"databaseName"}, Ops: CRUD,
			Required: []string{"databaseName", "description"},
			Fields:   join(audit(), listLabels("description", ""), []Field{text("databaseName", 60)}),
			Access:   Access{Admin: true},
		},
		{
			Name: "listValues", LabelFields: valueLabelFields(), Ops: OwnService,
			Required: []string{"descripcion"},
			Fields: join(audit(), valueLabels(), []Field{
				bareRef("listId", "list").internal(), visibleIn(), integer("order"), integer("idParent"),
			}),
			Aliases: valueAliases(),
			PartBy:  "listId",
			Access:  offered(),
			Indexes: []Index{by("the values of a list", "listId")},
		},
	}
}

// maxHooks is how many hooks a workspace may have: each is looked at for every change,
// and may have four requests under way.
const maxHooks = 200

// Custom value lists [DOC]: the list itself names its Spanish label "description"
// and the others "descriptionXX"; its values have Spanish names throughout,
// "descripcion" and "descripcion_xx". Both take the names of the other value lists
// as well [DOC].

// listLabels are labels whose Spanish one has no language in its name.
func listLabels(prefix, separator string) []Field {
	fields := labels("", 6000, 6000, 6000)
	for i, l := range Languages {
		fields[i].Name = prefix + separator + l
		if l == "ES" {
			fields[i].Name = prefix
		}
	}
	return fields
}

// valueLabels are the labels of a value: the first is as long as documented [DOC],
// the limits of the others are not known.
func valueLabels() []Field {
	fields := listLabels("descripcion", "_")
	for i := range fields {
		fields[i].Name, fields[i].MaxLength = strings.ToLower(fields[i].Name), 150
		if fields[i].Name == "descripcion" {
			fields[i].MaxLength = 70
		}
	}
	return fields
}

func valueLabelFields() []string {
	names := make([]string, len(Languages))
	for i, f := range valueLabels() {
		names[i] = f.Name
	}
	return names
}

// valueAliases are the other names of a value's fields: those of other value lists,
// and the Spanish ones of the audit fields.
func valueAliases() map[string]string {
	aliases := map[string]string{
		"borrado": "deleted", "UserCreado": "salesRepIdCreated", "UserModificado": "salesRepIdUpdated", "UserBorrado": "salesRepIdDeleted",
	}
	for i, name := range labelFields() {
		aliases[name] = valueLabelFields()[i]
	}
	return aliases
}

// userLanguages are the languages that a user may work in [DOC].
const userLanguages = "ES EN US IT DE PT BR RU"
