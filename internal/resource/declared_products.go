package resource

// declaredProducts are products, their prices, and their groups.
func declaredProducts() []Resource {
	return []Resource{
		{
			// The documents mark model as required, but their own examples of POST
			// /products and /products/bulk leave it out, and so do clients.
			Name: "products", Title: []string{"model"}, Ops: CRUD, Extensible: true,
			Fields: join(audit(), []Field{
				text("model", 50).key().search(), text("extId", 30).key(), text("description", 6000),
				ref("categoryId", "productCategories"), ref("familyId", "productFamilies"),
				number("price"), number("cost"), number("maxDiscount"), integer("stock"),
				boolean("notAvailable").no(), permissionLevel(), boolean("readOnly").no(),
			}),
			Access:  Access{Level: "permissionLevel", Lock: "readOnly"},
			Indexes: polled(by("the products of a family", "familyId")),
		},
		valueList("productCategories", 50, 150, 6000, bareRef("cLevel2", "productFamilies")),
		valueList("productFamilies", 50, 150, 6000, bareRef("idParent", "productFamilies"),
			boolean("branchRestriction").no(), boolean("notAvailable").no()),
		{
			Name: "productRates", Title: []string{"id"}, Ops: CRUD,
			Required: []string{"productId", "rateId"},
			Fields: join(audit(), discounts(), []Field{
				ref("productId", "products"), ref("rateId", "rates"), number("costPrice"), number("salePrice"),
				number("tempBuyingPrice"), number("tempListedPrice"),
			}),
			Access:  Access{Within: []string{"productId"}},
			Indexes: []Index{by("the prices of a product", "productId"), by("the prices of a rate", "rateId")},
		},
		{
			Name: "rates", LabelFields: labelFields(), Ops: CRUD, Extensible: true, Required: []string{"descriptionES"},
			Fields: join(audit(), labels("description", 150, 150, 6000), []Field{
				text("Comments", 6000), text("extID", 50), ref("branchId", "branches"), visibleIn(),
				bareRef("currencyId", "currencies"), instant("startDate"), instant("endDate"),
			}),
			Access: Access{Offered: offered().Offered}, // written by whoever writes prices
			Period: dated(),
		},
	}
}
