package sage

import (
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// handler serves one operation for somebody who is logged in.
type handler func(d *Dialect, s *session, w http.ResponseWriter, r *request) error

// request is an HTTP request with its path taken apart.
type request struct {
	*http.Request
	query  query
	values []string // path segments that matched {…}, in order, as the client spelled them
	count  int      // rows in a page when the client does not say; 0 = defaultCount

	bodies *budget // of the dialect
	held   int64   // bytes taken out of it
}

// pageSize is how many rows the client gets.
func (r *request) pageSize() int {
	if r.count > 0 && r.Header.Get("Count") == "" && r.Header.Get("X-Fm-Entity-Count") == "" {
		return r.count
	}
	return pageSize(r.Header)
}

// route is one line of the dialect: a method and a path below /api/v4. Path
// segments match in any letter case [DOC: /salesordersLines and /salesOrdersLines].
type route struct {
	method  string
	pattern []string // a segment in braces matches any one segment; others in any letter case
	handle  handler
	terse   bool // "not exist" is said without a message
	about   about
}

// about is what the OpenAPI document and docs/dialects/sage.md say of a route. A
// route without it works, and TestRoutesAreDescribed names it.
type about struct {
	id      string // of the operation; {resource} stands for the resource's name
	summary string // likewise

	// A pattern with {resource} stands for an operation on each resource that over
	// allows; of names the resource of any other pattern, "" where there is none.
	over choice
	of   string

	params []string // names in parameters
	takes  schemaOf // the body; nil = none
	gives  schemaOf // the answer
	known  string   // where the operation is known from: "DOC CLIENT", "" = it is ours
}

// schemaOf makes the JSON schema of a body or an answer that is about res, nil
// where an operation is about none.
type schemaOf func(b *book, res *resource.Resource) object

func at(method, pattern string, h handler) route {
	return route{method: method, pattern: strings.Split(strings.Trim(pattern, "/"), "/"), handle: h}
}

// named is h for the resource of this name, which the path does not have where h
// looks for it.
func named(name string, h handler) handler {
	return func(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
		r.values = append([]string{name}, r.values...)
		return h(d, s, w, r)
	}
}

func (rt route) tersely() route {
	rt.terse = true
	return rt
}

// is names an operation and says in a few words what it does.
func (rt route) is(id, summary string) route {
	rt.about.id, rt.about.summary = id, summary
	return rt
}

// over says which resources {resource} stands for.
func (rt route) over(choose choice) route {
	rt.about.over = choose
	return rt
}

// of says which resource the operation is about.
func (rt route) of(name string) route {
	rt.about.of = name
	return rt
}

// with names parameters besides those in the path.
func (rt route) with(params ...string) route {
	rt.about.params = params
	return rt
}

// takes describes the body.
func (rt route) takes(body schemaOf) route {
	rt.about.takes = body
	return rt
}

// gives describes the answer of status 200.
func (rt route) gives(answer schemaOf) route {
	rt.about.gives = answer
	return rt
}

// known says where an operation is known from, by the tags in README.md. Without
// it the operation is ours.
func (rt route) known(sources string) route {
	rt.about.known = sources
	return rt
}

// choice says which resources of a catalog a pattern stands for.
type choice func(c *resource.Catalog, res *resource.Resource) bool

func can(ops resource.Ops) choice {
	return func(_ *resource.Catalog, res *resource.Resource) bool { return res.Ops&ops == ops }
}

func ownsDocuments(c *resource.Catalog, res *resource.Resource) bool {
	return document.HasOwner(c.Resource("documents"), res)
}

// valueList allows the tables of named values, those of them that can do ops.
func valueList(ops resource.Ops) choice {
	return func(_ *resource.Catalog, res *resource.Resource) bool {
		return res.LabelFields != nil && res.Ops&ops == ops
	}
}

// entrance is the one operation without a session; ServeHTTP does not look for it
// among the routes.
var entrance = at("POST", "/login", nil).is("login", "Exchange a key pair for a session token").
	takes(loginBody).gives(tokenAnswer).known("DOC OFFICIAL CLIENT")

// elsewhere says of resources where those of their operations are known from that
// the documents of the contract leave out. Such operations on other resources are
// ours.
var elsewhere = map[string]string{
	"users":     "DOC OFFICIAL",
	"userTypes": "DOC",
	"timeZones": "DOC OFFICIAL",
	"hooks":     "DOC OFFICIAL CLIENT",
	"sales":     "DOC",
}

// routes is the whole dialect. The first match wins, so fixed segments stand
// before those in braces.
var routes = []route{
	at("GET", "/resources", (*Dialect).listResources).is("listResources", "The resources that there are").
		gives(resourcesAnswer).known("DOC"),
	at("GET", "/{resource}/schema", (*Dialect).schema).is("schemaOf{resource}", "The vendor's schema of {resource}").
		over(can(0)).gives(vendorSchemaAnswer).known("DOC OFFICIAL"),
	at("GET", "/changes", (*Dialect).listChanges).is("listChanges", "The log of changes, oldest first").
		with("after", "count", "Count").gives(changesAnswer), // ours

	at("GET", "/documents/folders", (*Dialect).listFolders).is("listFolders", "A page of the folders that belong to no record").
		of("folders").with(listParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/documents/folders", (*Dialect).createFolder).is("createFolder", "Create a folder that belongs to no record").
		of("folders").takes(folderBody).gives(createdAnswer).known("DOC"),
	at("GET", "/documents", (*Dialect).listDocuments).is("listDocuments", "A page of all documents").
		of("documents").with(listParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/documents", (*Dialect).createDocument).is("createDocument", "Announce a document that belongs to no record").
		of("documents").takes(documentBody).gives(ticketAnswer).known("DOC CLIENT"),
	at("GET", "/documents/{id}", (*Dialect).getDocument).is("getDocument", "One document").
		of("documents").gives(recordAnswer).known("DOC"),
	at("DELETE", "/documents/{id}", (*Dialect).deleteDocument).is("deleteDocument", "Delete a document").
		of("documents").gives(deletedAnswer).known("DOC CLIENT"),
	at("GET", "/{resource}/{id}/documents/folders", (*Dialect).listFolders).
		is("listFoldersOf{resource}", "A page of the folders of a record of {resource}").
		over(ownsDocuments).with(listParams...).gives(foldersAnswer).known("DOC"),
	at("POST", "/{resource}/{id}/documents/folders", (*Dialect).createFolder).
		is("createFolderOf{resource}", "Create a folder of a record of {resource}").
		over(ownsDocuments).takes(folderBody).gives(createdAnswer).known("DOC"),
	at("GET", "/{resource}/{id}/documents", (*Dialect).listDocuments).
		is("listDocumentsOf{resource}", "A page of the documents of a record of {resource}").
		over(ownsDocuments).with(listParams...).gives(recordDocumentsAnswer).known("DOC"),
	at("POST", "/{resource}/{id}/documents", (*Dialect).createDocument).
		is("createDocumentOf{resource}", "Announce a document of a record of {resource}").
		over(ownsDocuments).takes(documentBody).gives(ticketAnswer).known("DOC CLIENT"),

	at("GET", "/extrafields/{entity}/schema", (*Dialect).extraFieldsSchema).is("schemaOfExtraFields", "The vendor's schema of extra fields").
		of("extrafields").gives(vendorSchemaAnswer).known("DOC"),
	at("GET", "/extrafields/{entity}", (*Dialect).listExtraFields).is("listExtraFields", "A page of the extra fields of a resource").
		of("extrafields").with(listParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/extrafields/{entity}", (*Dialect).createExtraField).is("createExtraField", "Give a resource an extra field").
		of("extrafields").takes(extraFieldBody).gives(createdAnswer).known("DOC"),
	at("GET", "/extrafields/{entity}/{id}", (*Dialect).getExtraField).is("getExtraField", "One of the extra fields of a resource").
		of("extrafields").with(getParams...).gives(recordAnswer), // ours
	at("PUT", "/extrafields/{entity}/{id}", (*Dialect).updateExtraField).is("updateExtraField", "Change an extra field").
		of("extrafields").takes(changesBody).gives(updatedAnswer), // ours
	at("DELETE", "/extrafields/{entity}/{id}", (*Dialect).deleteExtraField).is("deleteExtraField", "Take an extra field away from a resource").
		of("extrafields").gives(deletedAnswer), // ours

	at("GET", "/users/scores", (*Dialect).userScores).is("listScores", "Points and sales of the users").
		of("users").with("offset", "count", "Count").gives(scoresAnswer).known("DOC"),
	at("GET", "/users/{id}/roles", (*Dialect).listUserRoles).is("listRolesOfUser", "The roles of a user").
		of("roles").with(listParams...).gives(pageAnswer).known("DOC"),
	at("PUT", "/users/{id}/roles", (*Dialect).addUserRoles).is("addRolesToUser", "Give a user roles").
		of("roles").takes(rolesBody).gives(pageAnswer).known("DOC"),
	at("DELETE", "/users/{id}/roles", (*Dialect).removeUserRoles).is("removeRolesFromUser", "Take roles from a user").
		of("roles").with("rolesId").takes(rolesBody).gives(pageAnswer).known("DOC"),
	at("GET", "/roles/{id}/users", (*Dialect).listRoleUsers).is("listUsersOfRole", "A page of the users who have a role").
		of("users").with(listParams...).gives(roleUsersAnswer).known("DOC"),

	at("POST", "/calls", (*Dialect).createCalls).is("createCalls", "Create a call, or several").
		of("calls").takes(callsBody).gives(pageAnswer).known("DOC"),
	at("POST", "/calls/identify", (*Dialect).identifyCall).is("identifyCall", "Create a call of the user who has a telephone number").
		of("calls").takes(identifyBody).gives(successAnswer).known("DOC"),
	at("GET", "/calls/phone/{number}", (*Dialect).findPhone).is("findPhone", "Who has a telephone number").
		of("calls").gives(phoneAnswer).known("DOC"),
	at("POST", "/emails", (*Dialect).createEmails).is("createEmails", "Create an e-mail for each recipient").
		of("emails").takes(emailsBody).gives(emailsAnswer).known("DOC"),

	at("GET", "/campaigns/{id}/entities", campaignAccounts.list).is("listAccountsOfCampaign", "A page of the accounts of a campaign").
		of("campaignEntities").with(offsetParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/campaigns/{id}/entities", campaignAccounts.create).is("addAccountOfCampaign", "Add an account to a campaign").
		of("campaignEntities").takes(partBody("accountId")).gives(createdAnswer), // ours
	at("POST", "/campaigns/{id}/entities/{accountId}", campaignAccounts.create).is("addNamedAccountOfCampaign", "Add the account in the path to a campaign").
		of("campaignEntities").takes(partBody()).gives(createdAnswer).known("DOC"),
	at("GET", "/campaigns/{id}/entities/{accountId}", campaignAccounts.get).is("getAccountOfCampaign", "One of the accounts of a campaign").
		of("campaignEntities").gives(recordAnswer).known("DOC"),
	at("PUT", "/campaigns/{id}/entities/{accountId}", campaignAccounts.update).is("changeAccountOfCampaign", "Change one of the accounts of a campaign").
		of("campaignEntities").takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("DELETE", "/campaigns/{id}/entities/{accountId}", campaignAccounts.delete).is("removeAccountOfCampaign", "Delete one of the accounts of a campaign").
		of("campaignEntities").gives(deletedAnswer).known("DOC"),
	at("GET", "/campaignQuestions/{id}/values", questionValues.list).is("listValuesOfQuestion", "A page of the values of a question").
		of("campaignQuestionValues").with(offsetParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/campaignQuestions/{id}/values", questionValues.create).is("addValueOfQuestion", "Add a value to a question").
		of("campaignQuestionValues").takes(partBody("textEN")).gives(createdAnswer).known("DOC"),
	at("GET", "/campaignQuestions/{id}/values/{valueId}", questionValues.get).is("getValueOfQuestion", "One of the values of a question").
		of("campaignQuestionValues").gives(recordAnswer).known("DOC"),
	at("PUT", "/campaignQuestions/{id}/values/{valueId}", questionValues.update).is("changeValueOfQuestion", "Change one of the values of a question").
		of("campaignQuestionValues").takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("DELETE", "/campaignQuestions/{id}/values/{valueId}", questionValues.delete).is("removeValueOfQuestion", "Delete one of the values of a question").
		of("campaignQuestionValues").gives(deletedAnswer).known("DOC"),
	at("GET", "/campaignQuestions/{id}/answers", questionAnswers.list).is("listAnswersOfQuestion", "A page of the answers of a question").
		of("campaignQuestionAnswers").with(offsetParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/campaignQuestions/{id}/answers", questionAnswers.create).is("addAnswerOfQuestion", "Add an answer to a question").
		of("campaignQuestionAnswers").takes(partBody("activityId", "value")).gives(createdAnswer).known("DOC"),
	at("GET", "/campaignQuestions/{id}/answers/{answerId}", questionAnswers.get).is("getAnswerOfQuestion", "One of the answers of a question").
		of("campaignQuestionAnswers").gives(recordAnswer).known("DOC"),
	at("PUT", "/campaignQuestions/{id}/answers/{answerId}", questionAnswers.update).is("changeAnswerOfQuestion", "Change one of the answers of a question").
		of("campaignQuestionAnswers").takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("DELETE", "/campaignQuestions/{id}/answers/{answerId}", questionAnswers.delete).is("removeAnswerOfQuestion", "Delete one of the answers of a question").
		of("campaignQuestionAnswers").gives(deletedAnswer).known("DOC"),

	at("GET", "/hooks/{id}/deliveries", (*Dialect).listDeliveries).is("listDeliveries", "What a hook is still to be told, or was not").
		of("hooks").with("state", "after", "count", "Count").gives(deliveriesAnswer), // ours
	at("POST", "/hooks/{id}/deliveries/retry", (*Dialect).retryDeliveries).is("retryDeliveries", "Try parked deliveries of a hook again").
		of("hooks").takes(retryBody).gives(retryAnswer), // ours

	at("GET", "/activity/points", (*Dialect).getPoints).is("getPoints", "What deeds are worth in the scores").
		of("activityPoints").gives(recordAnswer).known("DOC"),
	at("PUT", "/activity/points", (*Dialect).putPoints).is("updatePoints", "Change what deeds are worth in the scores").
		of("activityPoints").takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("GET", "/forms/{id}/state", (*Dialect).formState).is("getFormState", "The state of a form").
		of("formStates").gives(recordAnswer).known("DOC"),
	at("GET", "/forms/{id}/template", (*Dialect).formTemplate).is("getFormTemplate", "The template of a form").
		of("formTemplates").gives(recordAnswer).known("DOC"),
	at("POST", "/procedure/zapier_schema", (*Dialect).zapierSchema).is("zapierSchema", "The extra fields of a resource, as the vendor's connectors want them").
		of("extrafields").with("lang").takes(zapierBody).gives(zapierAnswer).known("OFFICIAL"),

	at("GET", "/list", (*Dialect).listLists).is("listValueLists", "A page of the lists of values that the workspace has made").
		of("list").with(listParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/list", (*Dialect).createList).is("createValueList", "Make a list of values").
		of("list").takes(newRecordBody).gives(recordAnswer).known("DOC"),
	at("PUT", "/list/{table}", (*Dialect).updateList).is("updateValueList", "Change a list of values").
		of("list").takes(changesBody).gives(recordAnswer).known("DOC"),
	at("DELETE", "/list/{table}", (*Dialect).deleteList).is("deleteValueList", "Delete a list of values").
		of("list").gives(deletedAnswer).known("DOC"),

	at("GET", "/list/{resource}/schema", (*Dialect).schema).is("schemaOfList{resource}", "The vendor's schema of {resource}, by the path of value lists").
		over(valueList(0)).gives(vendorSchemaAnswer).known("DOC"),
	at("GET", "/list/{resource}", (*Dialect).list).is("listList{resource}", "A page of {resource}, by the path of value lists").
		over(valueList(resource.CanList)).with(listParams...).gives(pageAnswer).known("DOC"),
	at("POST", "/list/{resource}", (*Dialect).create).is("createList{resource}", "Create a record of {resource}, by the path of value lists").
		over(valueList(resource.CanCreate)).takes(newRecordBody).gives(createdAnswer).known("DOC"),
	at("GET", "/list/{resource}/{id}", (*Dialect).get).is("getList{resource}", "One record of {resource}, by the path of value lists").
		over(valueList(resource.CanGet)).with(getParams...).gives(recordAnswer).known("DOC"),
	at("PUT", "/list/{resource}/{id}", (*Dialect).update).is("updateList{resource}", "Change a record of {resource}, by the path of value lists").
		over(valueList(resource.CanUpdate)).takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("DELETE", "/list/{resource}/{id}", (*Dialect).delete).is("deleteList{resource}", "Delete a record of {resource}, by the path of value lists").
		over(valueList(resource.CanDelete)).gives(deletedAnswer).known("DOC"),

	at("POST", "/{resource}/bulk", (*Dialect).bulkCreate).is("createMany{resource}", "Create several records of {resource}").
		over(can(resource.CanCreate)).takes(bulkCreateBody).gives(bulkAnswer).known("DOC CLIENT"),
	at("PUT", "/{resource}/bulk", (*Dialect).bulkUpdate).is("updateMany{resource}", "Change several records of {resource}").
		over(can(resource.CanUpdate)).takes(bulkUpdateBody).gives(bulkAnswer).known("DOC CLIENT"),
	at("DELETE", "/{resource}/bulk", (*Dialect).bulkDelete).is("deleteMany{resource}", "Delete several records of {resource}").
		over(can(resource.CanDelete)).takes(bulkDeleteBody).gives(bulkAnswer).known("DOC"),
	at("GET", "/calls/{id}", named("calls", (*Dialect).get)).tersely().is("getCalls", "One call").
		of("calls").with(getParams...).gives(recordAnswer).known("DOC"),
	at("PUT", "/calls/{id}", named("calls", (*Dialect).update)).tersely().is("updateCalls", "Change a call").
		of("calls").takes(changesBody).gives(updatedAnswer).known("DOC"),
	at("DELETE", "/calls/{id}", named("calls", (*Dialect).delete)).tersely().is("deleteCalls", "Delete a call").
		of("calls").gives(deletedAnswer).known("DOC"),
	at("GET", "/{resource}", (*Dialect).list).is("list{resource}", "A page of {resource}").
		over(can(resource.CanList)).with(listParams...).gives(pageAnswer).known("DOC LIVE OFFICIAL CLIENT"),
	at("POST", "/{resource}", (*Dialect).create).is("create{resource}", "Create a record of {resource}").
		over(can(resource.CanCreate)).takes(newRecordBody).gives(createdAnswer).known("DOC OFFICIAL CLIENT"),
	at("GET", "/{resource}/{id}", (*Dialect).get).is("get{resource}", "One record of {resource}").
		over(can(resource.CanGet)).with(getParams...).gives(recordAnswer).known("DOC CLIENT"),
	at("PUT", "/{resource}/{id}", (*Dialect).update).is("update{resource}", "Change a record of {resource}: members that are left out stay").
		over(can(resource.CanUpdate)).takes(changesBody).gives(updatedAnswer).known("DOC CLIENT"),
	at("DELETE", "/{resource}/{id}", (*Dialect).delete).is("delete{resource}", "Delete a record of {resource}").
		over(can(resource.CanDelete)).gives(deletedAnswer).known("DOC CLIENT"),
}

// find returns the route of a request. A path that exists with other methods
// only is fault.NotOffered, an unknown one fault.NoResource; where the path has to
// name a resource, the route that is returned tells these apart.
func find(method string, segments []string, values []string) (*route, []string, error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var elsewhere *route
	for i := range routes {
		rt := &routes[i]
		if len(rt.pattern) != len(segments) {
			continue
		}
		got, ok := rt.match(segments, values[:0])
		if !ok {
			continue
		}
		if rt.method == method {
			return rt, got, nil
		}
		if elsewhere == nil {
			elsewhere = rt // the most specific one, as they are in that order
		}
	}
	switch {
	case elsewhere == nil:
		return nil, nil, fault.New(fault.NoResource, "there is no resource at this path")
	case elsewhere.pattern[0][0] == '{':
		return &route{handle: (*Dialect).notOffered}, append(values[:0], segments[0]), nil
	default:
		return nil, nil, errNotOffered(method)
	}
}

func errNotOffered(method string) error {
	return fault.New(fault.NotOffered, "the method %s is not offered here", method)
}

// notOffered refuses a method that the resource named by the path does not have.
// An unknown resource is that first, whatever the method: clients try names of
// procedures that some servers have [CLIENT].
func (d *Dialect) notOffered(s *session, _ http.ResponseWriter, r *request) error {
	if _, err := s.resource(r.values[0]); err != nil {
		return err
	}
	return errNotOffered(r.Method)
}

func (rt *route) match(segments, values []string) ([]string, bool) {
	for i, p := range rt.pattern {
		switch {
		case p[0] == '{':
			values = append(values, segments[i])
		case !strings.EqualFold(p, segments[i]):
			return nil, false
		}
	}
	return values, true
}

// maxSegments is how deep the paths of the dialect go.
const maxSegments = 6

// split takes the path below /api/v4 apart; empty segments, as of a trailing or
// double slash, do not count.
func split(path string, into []string) []string {
	for path != "" && len(into) <= maxSegments {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		if segment != "" {
			into = append(into, segment)
		}
	}
	return into
}
