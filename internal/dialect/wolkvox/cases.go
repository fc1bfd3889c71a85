package wolkvox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxName is the length of the longest name of an attachment in characters [I].
const maxName = 500

// maxListed is how many values of a list, or attachments of a case, are looked at.
const maxListed = 1000

// insertCase makes a case with its attachments: cases/insert.php and insertAttach.php
// differ in the form of their bodies only, and both are taken by both [R; I].
func (c *call) insertCase() (*answer, error) {
	if err := c.require("case-type", "responsible", "owner", "contact", "description", "status", "priority"); err != nil { // [R]
		return nil, err
	}
	var made string
	err := c.write(func(t *crm.Together) (*resource.Record, bool, error) {
		e := &edit{c: c, t: t, input: crm.Input{}}
		if err := e.read(); err != nil {
			return nil, false, err
		}
		res := t.Catalog().Resource("cases")
		id, err := t.Create(res, e.input)
		if err != nil {
			return nil, false, wire(err)
		}
		rec, err := t.Lock(res, id)
		if err != nil {
			return nil, false, err
		}
		made = row{res, rec}.text("wolkvoxId")
		return rec, false, nil
	})
	if err != nil {
		return nil, err
	}
	return written(msgInserted, made), nil
}

// updateCase changes a case: cases/update.php. Its page requires a form and a file as
// well, which we do not [R; I].
func (c *call) updateCase() (*answer, error) {
	return c.update("wolkvox-id", "case-type", "responsible", "status", "priority")
}

// updateCaseAttachment changes a case: cases/updateCaseAttachment.php. An older page
// requires everything that can be sent, the newer one nothing but these [R; I].
func (c *call) updateCaseAttachment() (*answer, error) {
	return c.update("wolkvox-id", "responsible", "status")
}

func (c *call) update(required ...string) (*answer, error) {
	if err := c.require(required...); err != nil {
		return nil, err
	}
	wanted, err := c.sent.text("wolkvox-id")
	if err != nil {
		return nil, err
	}
	var id string
	err = c.write(func(t *crm.Together) (*resource.Record, bool, error) {
		res := t.Catalog().Resource("cases")
		rec, err := find(t, res, "wolkvoxId", wanted)
		if err != nil {
			return nil, false, err
		}
		e := &edit{c: c, t: t, old: rec, input: crm.Input{}}
		if err := e.read(); err != nil {
			return nil, false, err
		}
		id = row{res, rec}.text("wolkvoxId")
		return rec, c.cfg.Replace, wire(t.Update(res, rec.ID, e.input))
	})
	if err != nil {
		return nil, err
	}
	return written(msgUpdated, id), nil
}

// find locks the record with this value in a unique field. One that the token's user
// does not see is as one that is not there.
func find(t *crm.Together, res *resource.Resource, field, value string) (*resource.Record, error) {
	none := fault.New(fault.NotFound, "there is no record with the wolkvox-id %s", value)
	if strings.IndexByte(value, 0) >= 0 { // PostgreSQL has no text with a zero
		return nil, none
	}
	list, err := t.List(res, is(res, field, filter.Eq, folded(value)), 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, none
	}
	rec, err := t.Lock(res, list[0].ID)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		err = none
	}
	return rec, err
}

// write runs a change of a case together with what makes its attachments documents:
// both come about or neither. fn returns the case, and whether the attachments take
// the place of those that it had.
func (c *call) write(fn func(t *crm.Together) (rec *resource.Record, replace bool, err error)) error {
	_, err := c.batch.Together(c.ctx, c.actor, c.ws.Records, func(t *crm.Together) ([]document.Request, []int64, error) {
		rec, replace, err := fn(t)
		if err != nil || len(c.sent.files) == 0 {
			return nil, nil, err
		}
		had, err := c.attached(t, rec.ID)
		if err != nil {
			return nil, nil, err
		}
		reqs, err := c.requests(rec.ID, had)
		if err != nil || !replace {
			return reqs, nil, err
		}
		ids := make([]int64, len(had))
		for i, d := range had {
			ids[i] = d.rec.ID
		}
		return reqs, ids, nil
	})
	return refusedFile(err)
}

// refusedFile tells what a virus scan says of a file from other failures: nothing else
// that document.Batch finds wrong is not found here before.
func refusedFile(err error) error {
	kind := fault.KindOf(err)
	var own *problem
	if err == nil || kind != fault.Invalid && kind != fault.TooLarge || fault.FieldOf(err) != "" || errors.As(err, &own) {
		return err
	}
	return fail(http.StatusExpectationFailed, map[string]any{"field": attachments}, "%s: %s", attachments, fault.Message(err))
}

// attached lists the attachments of a case that came by this dialect and are there.
func (c *call) attached(t *crm.Together, id int64) ([]row, error) {
	res := t.Catalog().Resource("documents")
	list, err := t.List(res, filter.And{
		is(res, "caseId", filter.Eq, resource.IntValue(id)), is(res, "dialect", filter.Eq, resource.TextValue(Name)), document.Visible(res),
	}, maxListed)
	rows := make([]row, len(list))
	for i, rec := range list {
		rows[i] = row{res, rec}
	}
	return rows, err
}

// stem is what names of attachments that come without one begin with.
const stem = "attachment-"

// requests are the documents that the files become. Those without a name are called
// attachment-<n>.<ext>: numbers go on where those of the case have ended, and the
// extension is that of the type that a data URL says or that the contents have [I].
func (c *call) requests(id int64, had []row) ([]document.Request, error) {
	policy := document.Policy{MaxName: maxName}
	last := 0
	for _, d := range had {
		number, _, _ := strings.Cut(strings.TrimPrefix(d.text("description"), stem), ".")
		if n, err := strconv.Atoi(number); err == nil && n > last && n < 1<<30 {
			last = n
		}
	}
	reqs := make([]document.Request, len(c.sent.files))
	for i, f := range c.sent.files {
		name := f.name
		if name == "" {
			last++
			name = fmt.Sprintf("%s%d%s", stem, last, extension(f.claimed, c.batch.Receipt(i).ContentType))
		}
		if _, err := policy.Check(name); err != nil {
			return nil, malformed(f.path, "%s", fault.Message(err))
		}
		reqs[i] = document.Request{
			Resource: c.resource("cases"), RecordID: id, Name: name, Policy: policy, Note: &document.Note{},
		}
	}
	return reqs, nil
}

// extension is that of the first type that is known, with its dot.
func extension(types ...string) string {
	for _, text := range types {
		text, _, _ = strings.Cut(text, ";")
		if known := mimetype.Lookup(strings.ToLower(strings.TrimSpace(text))); known != nil && known.Extension() != "" {
			return known.Extension()
		}
	}
	return ".bin"
}

// edit turns the members of a request into fields of a case. It belongs to the
// transaction that writes them, so that what they name is still there then.
type edit struct {
	c     *call
	t     *crm.Together
	old   *resource.Record // nil = the case is new
	input crm.Input
}

// read takes all members. Of a case that is there already, those that are blank stay as
// they are, as an empty form does: scripts send the members of the sample whether they
// have something to say or not [I].
func (e *edit) read() error {
	for _, step := range []func() error{
		e.readType, e.readStatus, e.readPriority, e.readUsers, e.readContact, e.readTexts, e.readForm,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) set(field string, id int64) { e.input[field] = strconv.AppendInt(nil, id, 10) }

func (e *edit) readType() error {
	rec, err := e.value("case-type", "caseTypes")
	if rec == nil || err != nil {
		return err
	}
	e.set("typeId", rec.ID)
	if prefix := (row{e.t.Catalog().Resource("caseTypes"), rec}).text("prefix"); prefix != "" && e.old == nil {
		e.input["prefix"] = quote(prefix)
	}
	return nil
}

// readStatus also holds the rule that a status that is closed needs a solution, in the
// same request: one that the case has from before was for another time [R; I the
// latter].
func (e *edit) readStatus() error {
	rec, err := e.value("status", "caseStatuses")
	if rec == nil || err != nil {
		return err
	}
	status := row{e.t.Catalog().Resource("caseStatuses"), rec}
	types, err := status.get("caseTypes").IDs()
	if err != nil {
		return err
	}
	kind := e.input["typeId"]
	if kind == nil && e.old != nil {
		kind = strconv.AppendInt(nil, row{e.t.Catalog().Resource("cases"), e.old}.get("typeId").I, 10)
	}
	if len(types) > 0 && !slices.ContainsFunc(types, func(id int64) bool { return strconv.FormatInt(id, 10) == string(kind) }) {
		return unmet("status", "this status is not there for cases of this type")
	}
	if status.get("closed").I == 1 && e.c.sent.isBlank("solution") {
		return unmet("solution", "this status closes the case, which needs a solution")
	}
	e.set("statusId", rec.ID)
	return nil
}

// readPriority keeps the name of a priority as its list spells it, in the language that
// it was named in. Where there is no list, any text is a priority.
func (e *edit) readPriority() error {
	name, err := e.c.sent.text("priority")
	if name == "" || err != nil {
		return err
	}
	res := e.t.Catalog().Resource("casePriorities")
	some, err := e.t.List(res, nil, 1)
	if err != nil {
		return err
	}
	if len(some) > 0 {
		rec, err := e.value("priority", res.Name)
		if err != nil {
			return err
		}
		name, _ = called(res, rec, name)
	}
	e.input["priority"] = quote(name)
	return nil
}

// value returns the value of a list that a member names in any language, nil when it
// names none.
func (e *edit) value(member, list string) (*resource.Record, error) {
	name, err := e.c.sent.text(member)
	if name == "" || err != nil {
		return nil, err
	}
	res := e.t.Catalog().Resource(list)
	values, err := e.t.List(res, nil, maxListed)
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if _, ok := called(res, v, name); ok {
			return v, nil
		}
	}
	return nil, unmet(member, "there is no %s called %q; use one of %s", member, name, strings.Join(labels(res, values), ", "))
}

// called returns the label of a value of a list that is this name in some language.
func called(res *resource.Resource, rec *resource.Record, name string) (label string, ok bool) {
	name = resource.Fold(name)
	for _, label := range res.TitleColumns(rec) {
		if label != "" && resource.Fold(label) == name {
			return label, true
		}
	}
	return "", false
}

// english is the language of names in answers: the same for all tokens, whoever their
// users are, as scripts compare them.
const english = -1

// labels are the names of values, for messages.
func labels(res *resource.Resource, values []*resource.Record) []string {
	const most = 20
	all := make([]string, 0, min(len(values), most))
	for _, v := range values[:min(len(values), most)] {
		all = append(all, res.TitleOf(res.TitleColumns(v), english))
	}
	return all
}

func (e *edit) readUsers() error {
	for _, member := range []string{"responsible", "owner"} {
		name, err := e.c.sent.text(member)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		res := e.t.Catalog().Resource("users")
		users, err := e.t.List(res, e.c.userCalled(name), 2)
		if err != nil {
			return err
		}
		switch len(users) {
		case 0:
			return unmet(member, "there is no user %s; use an e-mail address, or NAME@%s with the user's nic", name, e.c.ses.Grant.Operation)
		case 1:
			e.set(member+"Id", users[0].ID)
		default:
			return unmet(member, "several users are called %s", name)
		}
	}
	return nil
}

// userCalled is the condition that a user who can log in has this wolkvox name: the
// e-mail address, or, as the vendor's names are made, nic@operation [R; I].
func (c *call) userCalled(name string) filter.Expr {
	res := c.resource("users")
	if strings.IndexByte(name, 0) >= 0 {
		return filter.Never{}
	}
	names := filter.Or{is(res, "email", filter.Eq, folded(name))}
	if i := strings.LastIndexByte(name, '@'); i > 0 && resource.Fold(name[i+1:]) == resource.Fold(c.ses.Grant.Operation) {
		names = append(names, is(res, "nic", filter.Eq, folded(name[:i])))
	}
	return filter.And{names, is(res, "isActive", filter.Eq, resource.BoolValue(true))}
}

// readContact finds the contact by its e-mail address [R]. The case's account is the
// contact's.
func (e *edit) readContact() error {
	address, err := e.c.sent.text("contact")
	if address == "" || err != nil {
		return err
	}
	res := e.t.Catalog().Resource("contacts")
	var contacts []*resource.Record
	if strings.IndexByte(address, 0) < 0 {
		if contacts, err = e.t.List(res, is(res, "email", filter.Eq, folded(address)), 2); err != nil {
			return err
		}
	}
	switch len(contacts) {
	case 0:
		return unmet("contact", "there is no contact with the e-mail address %s", address)
	case 1:
		e.set("contactId", contacts[0].ID)
		if account := (row{res, contacts[0]}).get("accountId"); !account.IsNull() {
			e.set("accountId", account.I)
		}
		return nil
	}
	return unmet("contact", "several contacts have the e-mail address %s", address)
}

func (e *edit) readTexts() error {
	for _, name := range []string{"description", "solution"} {
		text, err := e.c.sent.text(name)
		if err != nil {
			return err
		}
		if text != "" {
			e.input[name] = quote(text)
		}
	}
	return nil
}

// readForm takes the form as an object or as its text [R].
func (e *edit) readForm() error {
	raw := e.c.sent.values["form"]
	if e.c.sent.isBlank("form") {
		return nil
	}
	if raw[0] == '"' {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		raw = json.RawMessage(strings.TrimSpace(text))
	}
	var members map[string]json.RawMessage
	if string(raw) == "[]" { // how PHP writes an empty one
		return nil
	}
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return malformed("form", "must be a JSON object, or the text of one")
	}
	if len(members) > 0 {
		e.input["form"] = raw
	}
	return nil
}

// wireNames are the members that stand for fields of a case.
var wireNames = map[string]string{
	"typeId": "case-type", "statusId": "status", "responsibleId": "responsible", "ownerId": "owner", "contactId": "contact",
	"wolkvoxId": "wolkvox-id",
}

// wire puts the names of members into what crm says of fields.
func wire(err error) error {
	name := wireNames[fault.FieldOf(err)]
	if err == nil || name == "" {
		return err
	}
	return unmet(name, "%s", strings.ReplaceAll(fault.Message(err), fault.FieldOf(err), name))
}
