package resource

// formLabels are the names of a form's state and template, whose Spanish one has
// no language in its name [DOC].
func formLabels() (names []string, fields []Field) {
	names = labelFields()
	fields = labels("description", 150, 150, 6000)
	for i, l := range Languages {
		if l == "ES" {
			names[i], fields[i].Name = "description", "description"
		}
	}
	return names, fields
}

// declaredForms are filled-in forms, their states and their templates. The
// documents read single ones only; that they can be listed and written is ours.
func declaredForms() []Resource {
	names, fields := formLabels()
	return []Resource{
		{
			Name: "formStates", LabelFields: names, Ops: CRUD,
			Fields: join(audit(), fields, []Field{
				integer("intOrder"), bareRef("idParent", "formStates"), boolean("blnEndState").no(),
				text("strIdEnvironment", 2000).or(TextValue(";-1;")), // ids of branches between semicolons; -1 = all [DOC]
			}),
		},
		{
			Name: "formTemplates", LabelFields: names, Ops: CRUD,
			Fields: join(audit(), fields, []Field{
				text("guid", 36), integer("type"), text("typeDescription", 150), text("url", 2000),
				boolean("active").yes(), bareRef("idRole", "roles"), text("extraFields", 0),
			}),
		},
		{
			Name: "forms", Title: []string{"id"}, Ops: CRUD,
			Required: []string{"formTemplateId", "statusId"},
			Fields: join(audit(), []Field{
				text("list", 0), text("detail", 0), text("jsonData", 0), // JSON, as texts [DOC]
				bareRef("formTemplateId", "formTemplates"), bareRef("statusId", "formStates"),
			}),
			Indexes: []Index{by("the forms of a template", "formTemplateId")},
		},
	}
}
