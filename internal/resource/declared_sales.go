package resource

// declaredSales are opportunities, orders and sales, and their value lists.
func declaredSales() []Resource {
	return []Resource{
		{
			Name: "opportunities", Title: []string{"reference"}, Ops: CRUD, Extensible: true,
			Required: []string{"branchId", "reference", "salesProbability", "salesRepId", "statusId"},
			Fields: join(audit(), address(50), geo(), []Field{
				text("reference", 100).key().search(), text("extId", 30).key(),
				ref("accountId1", "accounts"), ref("accountId2", "accounts"), ref("accountId3", "accounts"),
				ref("salesRepId", "users"), ref("statusId", "opportunityStatuses"), ref("type_id", "opportunityTypes"),
				ref("branchId", "branches"), ref("currencyId", "currencies"),
				number("total"), integer("salesProbability"), text("comments", 6000),
				text("address1", 180), text("address2", 180), instant("dateGeocoded"),
				instant("salesForecastDate"), instant("closedDate"), instant("wonDate"), instant("lostDate"),
				permissionLevel(), boolean("readOnly").no(),
				text("transNumber", 80).unique().omitEmpty(), // by which Riskforce knows it
			}),
			Access: Access{Level: "permissionLevel", Owners: []string{"salesRepId"}, Branch: "branchId", Lock: "readOnly"},
			Ending: &Ending{Status: "statusId", End: "endStatus", Won: "won", ClosedAt: "closedDate", WonAt: "wonDate", LostAt: "lostDate"},
			Indexes: polled(
				by("a column of the pipeline, latest first", "statusId", "dateUpdated"),
				by("a salesperson's opportunities, latest first", "salesRepId", "dateUpdated"),
				by("the opportunities of an account, latest first", "accountId1", "dateUpdated"),
			),
		},
		valueList("opportunityStatuses", 100, 150, 6000, visibleIn(), integer("order"), integer("idParent"),
			integer("salesProbability"), boolean("endStatus").no(), integer("won").or(IntValue(0))),
		{
			Name: "opportunityTypes", LabelFields: labelFields(), Ops: CRUD, // no label is required [DOC]
			Fields: join(audit(), labels("description", 100, 150, 4000), []Field{
				visibleIn(), integer("order"), bareRef("defaultStatus", "opportunityStatuses"),
			}),
			Access: offered(),
		},
		{
			Name: "salesorders", Title: []string{"reference"}, Ops: CRUD, Extensible: true,
			Required: []string{"branchId", "reference", "salesRepId"},
			Fields: join(audit(), discounts(), []Field{
				text("reference", 150).key().search(), text("extId", 100).key(), integer("number"), integer("year"),
				ref("accountId", "accounts"), ref("accountAddressId", "accountAddresses"), ref("contactId", "contacts"),
				ref("opportunityId", "opportunities"), ref("salesRepId", "users"), ref("branchId", "branches"),
				ref("statusId", "salesorderStatuses"), ref("rateId", "rates"), ref("currencyId", "currencies"),
				ref("salesOrderType", "orderTypes"), // in answers, not in the schema [DOC]
				number("total"), text("comment", 6000),
				text("internalComment", 6000), instant("internalCommentUpdateDate"), ref("internalCommentUpdateSalesRepId", "users"),
				instant("closedDate"), instant("salesForcecastDate"),
				boolean("mainSalesorder"), boolean("archived").no(), boolean("blocked").no(), boolean("readOnly").no(),
			}),
			Access: Access{Owners: []string{"salesRepId"}, Branch: "branchId", Lock: "readOnly"},
			Ending: &Ending{Status: "statusId", Won: "won", Lost: "lost", ClosedAt: "closedDate"},
			Nested: []Nested{{Member: "lines", Of: "salesordersLines", By: "salesorderId"}}, // in no document
			Indexes: polled(
				by("the orders of an account, latest first", "accountId", "dateUpdated"),
				by("the orders of a status, latest first", "statusId", "dateUpdated"),
				by("a salesperson's orders, latest first", "salesRepId", "dateUpdated"),
				by("the orders of an opportunity", "opportunityId"),
			),
		},
		{
			Name: "salesordersLines", Title: []string{"description"}, Ops: CRUD, Extensible: true,
			Required: []string{"quantity", "price", "productId"},
			Fields: join(audit(), discounts(), []Field{
				ref("salesorderId", "salesorders"), ref("productId", "products"), integer("order"),
				integer("quantity"), number("price"), number("total"), text("description", 2000),
			}),
			Access: Access{Within: []string{"salesorderId"}},
			Indexes: polled(
				by("the lines of an order", "salesorderId"),
				by("where a product was sold", "productId"),
			),
		},
		valueList("salesorderStatuses", 150, 50, 50, visibleIn(), integer("order"), boolean("lost"), boolean("won")),
		valueList("orderTypes", 150, 50, 50, visibleIn(), integer("order"), boolean("lost"), boolean("won")),
		{
			// Neither the schema nor the list of attributes requires anything [DOC].
			Name: "sales", Title: []string{"extId"}, Ops: CRUD,
			Fields: join(audit(), []Field{
				text("extId", 255).key(), text("accountExtId", 100), text("salesRepExtId", 100),
				ref("accountId", "accounts"), ref("salesRepId", "users"), instant("date"), number("total"),
			}),
			Access: Access{Owners: []string{"salesRepId"}, Within: []string{"accountId"}},
			Indexes: polled(
				by("the sales to an account, latest first", "accountId", "date"),
				by("a salesperson's sales, latest first", "salesRepId", "date"),
			),
		},
	}
}
