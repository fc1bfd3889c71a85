package resource

// Types of the questions of a campaign [DOC].
const (
	QuestionBool   = "bool"
	QuestionDate   = "date"
	QuestionNumber = "integer"
	QuestionText   = "text"
	QuestionOne    = "singleValueList"
	QuestionMany   = "multipleValueList"
)

// declaredCampaigns are campaigns, the accounts that they are aimed at, and the
// questions that they ask. The documents reach the accounts, values and answers
// below their campaign or question only; that they are resources of their own,
// too, is ours.
func declaredCampaigns() []Resource {
	return []Resource{
		{
			Name: "campaigns", Title: []string{"title"}, Ops: CRUD,
			Required: []string{"title", "startDate", "endDate", "ownerId", "typeId", "statusId"},
			Fields: join(audit(), []Field{
				text("title", 255).key().search(), text("description", 0), text("videoUrl", 2000),
				text("address2", 180), // in the list of attributes, in no example [DOC]
				instant("startDate"), instant("endDate"), bareRef("ownerId", "users"),
				bareRef("statusId", "campaignStatuses"), bareRef("typeId", "campaignTypes"),
			}),
			Access:  Access{Owners: []string{"ownerId"}},
			Period:  dated(),
			Indexes: polled(),
		},
		{
			Name: "campaignEntities", Title: []string{"id"}, Ops: CRUD,
			Required: []string{"campaignId", "accountId"},
			Fields: join(audit(), []Field{
				bareRef("campaignId", "campaigns"), bareRef("accountId", "accounts"),
				bareRef("activityId", "activities"), boolean("completed").no(),
			}),
			Access: Access{Within: []string{"campaignId", "accountId"}},
			Indexes: []Index{
				by("the accounts of a campaign, and one of them", "campaignId", "accountId"),
				by("the campaigns of an account", "accountId"),
			},
		},
		{
			Name: "campaignQuestions", LabelFields: labelNames("text"), Ops: CRUD,
			Required: []string{"textEN", "type"},
			Fields: join(audit(), labels("text", 2000, 2000, 2000), []Field{
				bareRef("campaignId", "campaigns"), integer("order").or(IntValue(0)), boolean("mandatory").no(), boolean("custom").no(),
				text("type", 20).oneOf("bool date integer multipleValueList singleValueList text"),
				text("valueListName", 64), text("linkedEntity", 64).oneOf("accounts"), text("linkedEntityField", 64),
			}),
			Access:  Access{Within: []string{"campaignId"}},
			Indexes: []Index{by("the questions of a campaign", "campaignId")},
		},
		{
			Name: "campaignQuestionValues", LabelFields: labelNames("text"), Ops: CRUD,
			Required: []string{"questionId", "textEN"},
			Fields:   join(audit(), labels("text", 2000, 2000, 2000), []Field{bareRef("questionId", "campaignQuestions")}),
			Access:   Access{Within: []string{"questionId"}},
			Indexes:  []Index{by("what a question offers", "questionId")},
		},
		{
			Name: "campaignQuestionAnswers", Title: []string{"value"}, Ops: CRUD,
			Required: []string{"questionId", "activityId", "value"},
			Fields: join(audit(), []Field{
				bareRef("questionId", "campaignQuestions"), bareRef("activityId", "activities"), text("value", 6000),
			}),
			Access: Access{Within: []string{"questionId", "activityId"}},
			Indexes: []Index{
				by("the answers to a question", "questionId"),
				by("the answers given in an activity", "activityId"),
			},
		},
		listOnly(valueList("campaignStatuses", 150, 150, 6000)),
		valueList("campaignTypes", 150, 150, 6000), // the documents name the resource and do not show it
	}
}
