package resource

// Values of type of e-mails. The documents have them the other way round; live
// answers leave no doubt [LIVE].
const (
	EmailReceived = 0
	EmailSent     = 1
)

// declaredActivities are what people do: activities, events and tasks, calls and
// e-mails, and the news that they read.
func declaredActivities() []Resource {
	return []Resource{
		{
			Name: "activities", Title: []string{"comment"}, Ops: CRUD, Extensible: true,
			Required: []string{"accountId", "typeId", "salesRepId", "date"},
			Fields: join(audit(), []Field{
				ref("accountId", "accounts"), ref("contactId", "contacts"), ref("opportunityId", "opportunities"),
				ref("typeId", "activityTypes"), ref("salesRepId", "users"), text("extId", 30).key(),
				instant("date"), text("comment", 6000), boolean("checkin").no(), instant("checkoutDate"),
				text("whatsappMessage", 6000), // in answers, not in the schema [LIVE]
				// The three defaults are what live rows show; a client's type for
				// geocodingAccuracy takes no null [LIVE] [CLIENT].
				integer("checkinTypeId").or(IntValue(1)), integer("geocodingAccuracy").or(IntValue(-1)),
				integer("permissionLevel").or(IntValue(2)),
				boolean("geocoded").no(), coordinate("latitude"), coordinate("longitude"), boolean("readOnly").no(),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"salesRepId"}, Lock: "readOnly"},
			Indexes: polled(
				by("an account's history, latest first", "accountId", "date"),
				by("a salesperson's activities, latest first", "salesRepId", "date"),
				by("a contact's history", "contactId"),
				by("an opportunity's history", "opportunityId"),
				by("everybody's activities, latest first", "date"),
			),
		},
		activityTypes(),
		{
			// Dates and hours are apart, and neither has a zone: they are what the wall
			// of the person's office shows [DOC] [CLIENT]. A task needs no end [DOC].
			Name: "calendar", Title: []string{"subject"}, Ops: CRUD, Extensible: true,
			Required: []string{"salesRepId", "startDate", "subject"},
			Fields: join(audit(), []Field{
				text("subject", 2000).search(), text("comment", 6000), text("extId", 500).key(),
				day("startDate"), text("startHour", 10), day("endDate"), text("endHour", 10), boolean("allDay").no(),
				ref("accountId", "accounts"), ref("contactId", "contacts"), ref("opportunityId", "opportunities"),
				ref("typeId", "activityTypes"), ref("salesRepId", "users"), ref("branchId", "branches"),
				boolean("task").no(), boolean("completed").no(), boolean("sendNotification").no(),
				integer("reminder").or(IntValue(-2)), // minutes before the start; -2 = none [DOC]
				ref("videoCallProviderId", "videoCallProviders"), text("videoCallMeetingDetails", 6000),
				permissionLevel(), boolean("readOnly").no(),
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"salesRepId"}, Branch: "branchId", Lock: "readOnly"},
			Period: dated(),
			Indexes: polled(
				by("a salesperson's calendar", "salesRepId", "startDate"),
				by("an account's events", "accountId", "startDate"),
			),
		},
		{
			// Times are those of the clock in timeZoneId: they are kept and shown as
			// they were sent [DOC].
			Name: "calls", Title: []string{"phone"}, Ops: CRUD,
			Required: []string{"phone", "salesRepId"},
			Fields: join(audit(), []Field{
				integer("duration").or(IntValue(0)), // seconds
				instant("startDate"), instant("endDate"),
				integer("type").or(IntValue(0)).within(0, 2), // 0 incoming, 1 outgoing, 2 missed [DOC]
				integer("terminalType").or(IntValue(1)),
				text("phone", 50).search(), text("phoneAlias", 150), text("description", 6000),
				bareRef("accountId", "accounts"), bareRef("contactId", "contacts"), bareRef("opportunityId", "opportunities"),
				bareRef("salesRepId", "users"), bareRef("timeZoneId", "timeZones"),
			}),
			Access: Access{Owners: []string{"salesRepId"}, Within: []string{"accountId", "contactId", "opportunityId"}},
			Period: dated(),
			Indexes: polled(
				by("a salesperson's calls, for the scores", "salesRepId", "startDate"),
				by("the calls with an account", "accountId", "startDate"),
				by("the calls with a contact", "contactId", "startDate"),
			),
		},
		{
			// The schema requires mailFolder too, but the documented POST sends null.
			Name: "emails", Title: []string{"subject"}, Ops: CanList | CanGet | CanCreate,
			Required: []string{"emailFrom", "emailTo", "date", "type"},
			Fields: join(audit(), []Field{
				text("emailFrom", 180).key().search(), text("emailTo", 180).key().search(), text("subject", 180).key().search(),
				text("body", 4000), text("mailFolder", 180), text("extId", 100).key(),
				instant("date"), integer("type").within(EmailReceived, EmailSent),
				text("attachments", 0),     // JSON: [{"id":…,"name":…,"size":…}]
				text("originEmailId", 180), // in answers, not in the schema [LIVE]
				bareRef("accountId", "accounts"), bareRef("contactId", "contacts"),
				bareRef("opportunityId", "opportunities"), bareRef("salesRepId", "users"),
			}),
			Access: Access{Owners: []string{"salesRepId"}, Within: []string{"accountId", "contactId", "opportunityId"}},
			Indexes: polled(
				by("an account's e-mails, latest first", "accountId", "date"),
				by("a contact's e-mails, latest first", "contactId", "date"),
				by("an opportunity's e-mails, latest first", "opportunityId", "date"),
				by("a salesperson's e-mails, for the scores", "salesRepId", "date"),
				by("all e-mails, latest first", "date"),
			),
		},
		{
			// Messages to everybody, a team or one person. The documents read them
			// only; that they can be written is ours.
			Name: "news", Title: []string{"subject"}, Ops: CRUD,
			Required: []string{"subject"},
			Fields: join(audit(), []Field{
				text("subject", 255), text("descriptionText", 0), text("idIanaZone", 64), instant("startDate"), instant("endDate"),
				integer("status").or(IntValue(1)).within(1, 4), // 1 confirmed, 2 opened, 3 received, 4 sent [DOC]
				integer("totalUsers").or(IntValue(0)),
			}),
			Period: dated(),
		},
		listOnly(valueList("videoCallProviders", 150, 150, 6000)),
	}
}

// activityTypes has Portuguese labels longer than its others.
func activityTypes() Resource {
	r := valueList("activityTypes", 50, 50, 6000, visibleIn(), integer("order"),
		boolean("automatic").no(), boolean("checkin").no(), boolean("fastCheckin").no(), boolean("general").no(),
		boolean("hide").no(), boolean("phoneCall").no(), boolean("system").no(), boolean("videoCall").no(),
		boolean("visibleInActivities").yes(), boolean("visibleInAgendaActivities").yes(),
		boolean("visit").no(), boolean("workflow").no())
	for i := range r.Fields {
		if r.Fields[i].Name == "descriptionPT" {
			r.Fields[i].MaxLength = 150
		}
	}
	return r
}
