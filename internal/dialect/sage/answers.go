package sage

import (
	"slices"

	"github.com/dossier-crm/dossier/internal/resource"
)

// This file describes bodies and answers for the OpenAPI document. What is about
// records follows from the registry and the quirks; the rest stands beside its
// handler's format here.

// Parameters that several operations take, by their names in parameters.
var (
	listParams = []string{"page", "where", "order", "lang", "Count", "X-FM-Entity-Count", "ExtraFieldDescription"}
	getParams  = []string{"lang", "ExtraFieldDescription"}

	offsetParams = append(slices.Clone(listParams), "offset", "count")
)

// parameters are those that stand in no path.
var parameters = object{
	"page": parameter("page", "query", object{"type": "integer", "minimum": 0},
		"Which page, from 0 on. A page past the end is empty."),
	"where": parameter("where", "query", object{"type": "string"},
		"Which records: fields compared by =, <>, <, <=, >, >=, LIKE, IN, IS NULL, joined by AND, OR and NOT; texts in single quotes; fields of references after a dot, as in typeId.id=3."),
	"order": parameter("order", "query", object{"type": "string"},
		"Fields with ASC or DESC, separated by commas. A field without a direction is descending."),
	"lang": parameter("lang", "query", object{"type": "string"},
		"The language of the titles of value lists, one of BR DE DK EN ES FR IT PT RU US; otherwise the user's."),
	"offset": parameter("offset", "query", object{"type": "integer", "minimum": 0}, "How many rows to leave out."),
	"count":  parameter("count", "query", object{"type": "integer", "minimum": 0}, "How many rows to send."),
	"Count": parameter("Count", "header", object{"type": "integer"},
		"How many rows a page has: 50 without it, at most 1000."),
	"X-FM-Entity-Count": parameter("X-FM-Entity-Count", "header", object{"type": "integer"},
		"A newer name of Count, which wins."),
	"ExtraFieldDescription": parameter("ExtraFieldDescription", "header", object{"enum": []string{"0", "1"}},
		"0: extra fields that refer to values are written as the bare id; otherwise as id and value."),
	"after": parameter("after", "query", object{"type": "integer", "minimum": 0},
		"The sequence to go on after: X-Dossier-Next-After of the answer before."),
	"state": parameter("state", "query", object{"enum": []string{"parked", "pending"}},
		"Deliveries that were given up, or those that are still tried; parked without it."),
	"rolesId": parameter("rolesId", "query", object{"type": "string"},
		"Ids separated by commas, for clients that cannot send a body."),
}

func parameter(name, in string, schema object, description string) object {
	return object{"name": name, "in": in, "schema": schema, "description": description}
}

// headers are those of answers with rows.
var headers = object{
	"X-FM-Entity-Count": header("How many rows this page has."),
	"X-FM-Page":         header("Which page this is."),
	"X-FM-Next-Page":    header("The next page; absent when there is none."),
}

func header(description string) object {
	return object{"schema": object{"type": "integer"}, "description": description}
}

// recordAnswer is one record.
func recordAnswer(b *book, res *resource.Resource) object {
	return b.records(componentName(res.Name), res, quirkOf(res))
}

// pageAnswer is an array of records.
func pageAnswer(b *book, res *resource.Resource) object { return arrayOf(recordAnswer(b, res)) }

// foldersAnswer is an array of folders, whatever resource the path is of.
func foldersAnswer(b *book, _ *resource.Resource) object {
	return pageAnswer(b, b.catalog.Resource("folders"))
}

// recordDocumentsAnswer is an array of documents as recordDocuments has them.
func recordDocumentsAnswer(b *book, _ *resource.Resource) object {
	return arrayOf(b.records("DocumentsOfRecord", b.catalog.Resource("documents"), recordDocuments))
}

// roleUsersAnswer is an array of users as roleUsers has them.
func roleUsersAnswer(b *book, res *resource.Resource) object {
	return arrayOf(b.records("UsersOfRole", res, roleUsers))
}

// createdAnswer is what answers a creation: unlike other changes, the usual message
// has the id.
func createdAnswer(b *book, res *resource.Resource) object {
	q := quirkOf(res)
	switch {
	case q.several:
		return object{"anyOf": []object{recordAnswer(b, res), pageAnswer(b, res)}}
	case q.created == answerUsual:
		q.created = answerMessageID
	}
	return b.changed(res, q.created, "Created", "entity created")
}

// updatedAnswer is what answers an update.
func updatedAnswer(b *book, res *resource.Resource) object {
	return b.changed(res, quirkOf(res).updated, "Updated", "entity updated")
}

// deletedAnswer is what answers a deletion.
func deletedAnswer(b *book, res *resource.Resource) object {
	return b.changed(res, quirkOf(res).deleted, "Deleted", "entity deleted")
}

// changed describes the answers to changes, under a name.
func (b *book) changed(res *resource.Resource, kind answer, name, message string) object {
	said := func(name string, members object) object {
		return b.named(name, func() object { return strict(members) })
	}
	switch kind {
	case answerRecord:
		return recordAnswer(b, res)
	case answerMessageID:
		return said(name+"WithId", object{"Message": object{"const": message}, "id": int64Schema()})
	case answerSuccess:
		return said(name+"Successfully", object{"Message": object{"const": "delete success"}, "id": int64Schema()})
	case answerPlain:
		return successAnswer(b, res)
	case answerCode:
		return b.named(name+"WithCode", func() object {
			return strict(object{"code": object{"const": 1}, "message": object{"const": "success"}})
		})
	default:
		return said(name, object{"Message": object{"const": message}})
	}
}

// newRecordBody is a record to create, or several where that is offered.
func newRecordBody(b *book, res *resource.Resource) object {
	one := b.complete(res, res.Required)
	if quirkOf(res).several {
		return object{"anyOf": []object{one, arrayOf(one)}}
	}
	return one
}

// partBody is a record to create below the one that it is a part of, which the
// path names.
func partBody(required ...string) schemaOf {
	return func(b *book, res *resource.Resource) object {
		if len(required) == 0 {
			return b.input(res)
		}
		return object{"allOf": []object{b.input(res), {"type": "object", "required": required}}}
	}
}

// changesBody are the members of a record to change.
func changesBody(b *book, res *resource.Resource) object { return b.input(res) }

// complete is the input of res with members that must be there.
func (b *book) complete(res *resource.Resource, required []string) object {
	if len(required) == 0 || res.Aliases != nil { // whichever of its names it comes by
		return b.input(res)
	}
	return b.named("New"+componentName(res.Name), func() object {
		return object{"allOf": []object{b.input(res), {"type": "object", "required": required}}}
	})
}

// extraFieldBody is an extra field, whose entity is in the path.
func extraFieldBody(b *book, res *resource.Resource) object {
	return b.complete(res, slices.DeleteFunc(slices.Clone(res.Required), func(name string) bool { return name == "entity" }))
}

func bulkCreateBody(b *book, res *resource.Resource) object {
	return arrayOf(object{
		"type":       "object",
		"properties": object{"guid": guid(), "data": b.complete(res, res.Required)},
		"required":   []string{"data"},
	})
}

func bulkUpdateBody(b *book, res *resource.Resource) object {
	return arrayOf(object{
		"type":       "object",
		"properties": object{"guid": guid(), "id": int64Schema(), "data": changesBody(b, res)},
		"required":   []string{"data"},
	})
}

func bulkDeleteBody(*book, *resource.Resource) object {
	return arrayOf(object{
		"type":       "object",
		"properties": object{"guid": guid(), "id": int64Schema()},
		"required":   []string{"id"},
	})
}

// guid is the client's own name of an item, which comes back as it was.
func guid() object { return object{"description": "The client's own name of the item."} }

// bulkAnswer is an array of what became of each item.
func bulkAnswer(b *book, _ *resource.Resource) object {
	return arrayOf(b.named("Outcome", func() object {
		return strict(object{"code": object{"type": "integer"}, "guid": guid(), "id": int64Schema(), "message": object{"type": "string"}})
	}))
}

func loginBody(*book, *resource.Resource) object {
	return object{
		"type":       "object",
		"properties": object{"username": object{"type": "string"}, "password": object{"type": "string"}},
		"required":   []string{"username", "password"},
	}
}

func tokenAnswer(b *book, _ *resource.Resource) object {
	return b.named("Token", func() object { return strict(object{"token": object{"type": "string"}}) })
}

func resourcesAnswer(b *book, _ *resource.Resource) object {
	yes := object{"type": "boolean"}
	text := object{"type": "string"}
	return arrayOf(b.named("Resource", func() object {
		return strict(object{
			"end_point": text, "description": text, "schema": text,
			"operations": strict(object{"create": yes, "read": yes, "update": yes, "delete": yes}),
		})
	}))
}

// vendorSchemaAnswer is a JSON schema in the vendor's manner.
func vendorSchemaAnswer(b *book, _ *resource.Resource) object {
	return b.named("VendorSchema", func() object {
		return strict(object{
			"properties": object{"type": "object", "additionalProperties": object{"type": "object"}},
			"required":   arrayOf(object{"type": "string"}),
			"title":      object{"type": "string"},
			"type":       object{"const": "object"},
		})
	})
}

func changesAnswer(b *book, _ *resource.Resource) object {
	text := object{"type": "string"}
	return arrayOf(b.named("Change", func() object {
		return strict(object{
			"sequence": int64Schema(), "time": instantSchema(), "userId": int64Schema(), "credential": text,
			"dialect": text, "requestId": text, "resource": text, "id": int64Schema(),
			"operation": object{"enum": []string{"create", "update", "delete"}},
			"changes": object{
				"type":                 "object",
				"additionalProperties": strict(object{"before": object{}, "after": object{}}),
			},
		})
	}))
}

// folderRef is a folder; -1 is the root.
func folderRef() object { return object{"type": []string{"integer", "string", "null"}} }

func folderBody(*book, *resource.Resource) object {
	return object{
		"type": "object",
		"properties": object{
			"name": object{"type": "string"}, "folderId": folderRef(), "level": orNull(int64Schema()),
			"restrictSucursales": orNull(object{"type": "boolean"}),
		},
		"required": []string{"name"},
	}
}

func documentBody(*book, *resource.Resource) object {
	return object{
		"type": "object",
		"properties": object{
			"name": object{"type": "string"}, "folderId": folderRef(), "level": orNull(int64Schema()),
			"extId": orNull(object{"type": "string"}), "isCarrousel": orNull(object{"type": "boolean"}),
		},
		"required": []string{"name"},
	}
}

// ticketAnswer is where the bytes of a document go.
func ticketAnswer(b *book, res *resource.Resource) object {
	id, name := int64Schema(), "Ticket"
	if res != nil && res.Name == carouselOwner {
		id, name = object{"type": "string", "pattern": "^[0-9]+$"}, "CarouselTicket"
	}
	return b.named(name, func() object {
		return strict(object{"locator": object{"type": "string", "format": "uri"}, "id": id})
	})
}

func scoresAnswer(b *book, _ *resource.Resource) object {
	return arrayOf(b.named("Score", func() object {
		return strict(object{
			"id": int64Schema(), "lastUpdate": instantSchema(), "points": int64Schema(), "sales": object{"type": "number"},
		})
	}))
}

func rolesBody(b *book, _ *resource.Resource) object {
	return object{
		"type":       "object",
		"properties": object{"rolesId": object{"anyOf": []object{arrayOf(b.takenReference()), b.takenReference()}}},
	}
}

// newCall is a call to create. What names the user depends on the operation.
func (b *book) newCall(res *resource.Resource, user string, required []string) object {
	return object{"allOf": []object{b.input(res), {
		"type":       "object",
		"properties": object{user: object{}},
		"required":   append(required, user, "accountId"),
	}}}
}

// callsBody is a call or several. The account has to be there, be it -1.
func callsBody(b *book, res *resource.Resource) object {
	call := b.named("NewCalls", func() object { return b.newCall(res, "salesRepId", []string{"phone"}) })
	return object{"anyOf": []object{call, arrayOf(call)}}
}

func identifyBody(b *book, res *resource.Resource) object {
	return b.newCall(res, "userPhoneFM", []string{"phone"})
}

func successAnswer(b *book, _ *resource.Resource) object {
	return b.named("Success", func() object { return strict(object{"message": object{"const": "success"}}) })
}

func phoneAnswer(b *book, _ *resource.Resource) object {
	return b.named("PhoneOwners", func() object {
		ids := arrayOf(int64Schema())
		return strict(object{"userIds": ids, "contactIds": ids, "accountIds": ids})
	})
}

// emailsBody is an e-mail to one address or several.
func emailsBody(b *book, res *resource.Resource) object {
	return b.named("EmailToSeveral", func() object {
		properties := b.inputs(res)
		address := object{"type": "string"}
		properties["emailTo"] = object{"anyOf": []object{address, arrayOf(address)}}
		return object{"type": "object", "properties": properties, "required": res.Required}
	})
}

func emailsAnswer(b *book, _ *resource.Resource) object {
	return arrayOf(b.named("CreatedEmail", func() object {
		return strict(object{"id": int64Schema(), "emailTo": object{"type": "string"}})
	}))
}

func zapierBody(*book, *resource.Resource) object {
	return object{"type": "object", "properties": object{"entity": object{"type": "string"}}, "required": []string{"entity"}}
}

func zapierAnswer(b *book, _ *resource.Resource) object {
	text := object{"type": "string"}
	yes := object{"type": "boolean"}
	return arrayOf(b.named("ZapierField", func() object {
		return strict(object{
			"Key": text, "Label": text, "Help_Text": text, "Required": yes, "Required_Via_Api": yes,
			"Type":    object{"enum": []string{"bool", "datetime", "text", "unicode", "decimal", "int"}},
			"Choices": text, "List": yes,
		})
	}))
}

func deliveriesAnswer(b *book, _ *resource.Resource) object {
	text := object{"type": "string"}
	return arrayOf(b.named("Delivery", func() object {
		return strict(object{
			"sequence": int64Schema(), "resource": text, "id": int64Schema(), "state": object{"enum": []string{"parked", "pending"}},
			"queued": instantSchema(), "firstAttempt": orNull(instantSchema()), "nextAttempt": orNull(instantSchema()),
			"attempts": int64Schema(), "status": int64Schema(), "failure": text,
		})
	}))
}

// retryBody names one delivery, or none for all.
func retryBody(*book, *resource.Resource) object {
	return object{"type": "object", "properties": object{"sequence": int64Schema()}}
}

func retryAnswer(b *book, _ *resource.Resource) object {
	return b.named("Retried", func() object {
		return strict(object{"Message": object{"const": "deliveries are tried again"}, "count": int64Schema()})
	})
}
