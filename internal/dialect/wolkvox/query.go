package wolkvox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// maxRows is how many records one query finds [I]; "limit" may ask for fewer.
const maxRows = 1000

// maxQueried is the length of the longest text that is looked for, in bytes [I].
const maxQueried = 4 << 10

// query is what a request looks for.
type query struct {
	field, value string
	limit        int
}

// readQuery reads the members of a query. A limit out of range is a range that cannot
// be satisfied [R the status, I when].
func (c *call) readQuery() (q query, err error) {
	if err := c.require("field", "value"); err != nil { // [R]
		return q, err
	}
	if q.field, err = c.sent.text("field"); err != nil {
		return q, err
	}
	if q.value, err = c.sent.text("value"); err != nil {
		return q, err
	}
	switch {
	case strings.IndexByte(q.value, 0) >= 0: // PostgreSQL has no text with a zero
		return q, malformed("value", "must not contain the character U+0000")
	case len(q.value) > maxQueried:
		return q, malformed("value", "has %d bytes; at most %d are looked for", len(q.value), maxQueried)
	}
	limit, err := c.sent.text("limit")
	if err != nil || limit == "" {
		q.limit = maxRows
		return q, err
	}
	if q.limit, err = strconv.Atoi(limit); err != nil || q.limit < 1 || q.limit > maxRows {
		return q, fail(http.StatusRequestedRangeNotSatisfiable, map[string]any{"field": "limit"}, "limit: must be a number from 1 to %d", maxRows)
	}
	return q, nil
}

// plain is a name of a field without what differs between the ways to write it.
func plain(name string) string {
	return resource.Fold(strings.Join(strings.Fields(strings.NewReplacer("-", " ", "_", " ").Replace(name)), " "))
}

// conditionFunc returns the condition that a field of a case has a value; nil = none.
type conditionFunc = func(c *call, cases *resource.Resource, value string) (filter.Expr, error)

// caseField is a field that cases are looked for by.
type caseField struct {
	name string
	is   conditionFunc
}

// caseFields are those of the reference, as it spells them [R]. What each is in a case
// of ours, and how it is compared, is our reading.
func caseFields() []caseField {
	return []caseField{
		{"status", caseStatus},
		{"priority", casePriority},
		{"email contact", equal("contactId", "email")},
		{"name contact", contains("contactId", "")},
		{"contact wolkvox id", reference("contactId")},
		{"contact identification", equal("contactId", "extId")},
		{"contact phone", contactPhone},
		{"description", contains("description")},
		{"idCase", caseNumber},
		{"idPrefijo", prefixed},
		{"companyName", contains("accountId", "name")},
		{"company name", contains("accountId", "name")},
		{"company id", reference("accountId")},
		{"prefix", equal("prefix")},
		{"reopened", yes("reopened")},
		{"responsible name", contains("responsibleId", "")},
		{"responsible user", user("responsibleId")},
		{"responsible id", reference("responsibleId")},
		{"owner name", contains("ownerId", "")},
		{"owner user", user("ownerId")},
		{"owner id", reference("ownerId")},
		{"solution", contains("solution")},
		{"wolkvox-id", equal("wolkvoxId")},
		{"type case", caseType},
		{"case expired", never},
		{"reason", never},
	}
}

// path leads from a resource over references to a field; "" is the title of what the
// last reference leads to.
func path(c *call, res *resource.Resource, names ...string) filter.Path {
	p := filter.Path{Resource: res}
	for i, name := range names {
		if i == len(names)-1 {
			p.Field, p.Title = p.Resource.Field(name), name == ""
			break
		}
		f := p.Resource.Field(name)
		p.Via, p.Resource = append(p.Via, f), c.resource(f.Table)
	}
	return p
}

// equal compares a text, letter case aside.
func equal(names ...string) conditionFunc {
	return func(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
		return &filter.Compare{Path: path(c, cases, names...), Op: filter.Eq, Args: []resource.Value{folded(value)}}, nil
	}
}

// contains looks for a part of a text, letter case aside.
func contains(names ...string) conditionFunc {
	return func(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
		return &filter.Compare{Path: path(c, cases, names...), Op: filter.Contains, Args: []resource.Value{folded(value)}}, nil
	}
}

// reference compares the id of what a field refers to, which is its wolkvox id.
func reference(field string) conditionFunc {
	return func(_ *call, cases *resource.Resource, value string) (filter.Expr, error) {
		id, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return filter.Never{}, nil //nolint:nilerr // no record has such an id
		}
		return is(cases, field, filter.Eq, resource.IntValue(id)), nil
	}
}

// user compares the wolkvox name of a user.
func user(field string) conditionFunc {
	return func(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
		return c.through(cases.Field(field), c.userCalled(value))
	}
}

func contactPhone(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
	tail := resource.PhoneTail(value)
	if tail.IsNull() {
		return filter.Never{}, nil
	}
	res := c.resource("contacts")
	return c.through(cases.Field("contactId"), filter.Or{is(res, "phone1Tail", filter.Eq, tail), is(res, "phone2Tail", filter.Eq, tail)})
}

// through is the condition that a field refers to one of the records that satisfy
// where, which are few.
func (c *call) through(f *resource.Field, where filter.Expr) (filter.Expr, error) {
	const few = 100
	res := c.resource(f.Table)
	found, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{
		Resource: res, Language: english, Size: few,
		Base: filter.And{where, is(res, "deleted", filter.Eq, resource.BoolValue(false))},
	})
	if err != nil || len(found.Keys) == 0 {
		return filter.Never{}, err
	}
	ids := make([]resource.Value, len(found.Keys))
	for i, k := range found.Keys {
		ids[i] = resource.IntValue(k.ID)
	}
	return &filter.Compare{Path: filter.Path{Resource: c.resource("cases"), Field: f}, Op: filter.In, Args: ids}, nil
}

// yes compares a boolean, which may be written in several ways.
func yes(field string) conditionFunc {
	return func(_ *call, cases *resource.Resource, value string) (filter.Expr, error) {
		want, ok := truth(value)
		if !ok {
			return filter.Never{}, nil
		}
		if want {
			return is(cases, field, filter.Eq, resource.BoolValue(true)), nil
		}
		return filter.Or{is(cases, field, filter.Eq, resource.BoolValue(false)), is(cases, field, filter.IsNull)}, nil
	}
}

func truth(text string) (value, ok bool) {
	switch resource.Fold(text) {
	case "true", "1", "yes", "si", "sí":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

// never is for what no case of ours has: terms that expire, and reasons.
func never(_ *call, _ *resource.Resource, value string) (filter.Expr, error) {
	if want, ok := truth(value); ok && !want {
		return nil, nil
	}
	return filter.Never{}, nil
}

// values returns the ids of the values of a list that satisfy a condition.
func (c *call) values(list string, ok func(res *resource.Resource, rec *resource.Record) bool) (ids []resource.Value, err error) {
	res := c.resource(list)
	found, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{
		Resource: res, Language: english, Size: maxListed, Base: is(res, "deleted", filter.Eq, resource.BoolValue(false)),
	})
	if err != nil {
		return nil, err
	}
	for _, rec := range found.Rows {
		if ok(res, rec) {
			ids = append(ids, resource.IntValue(rec.ID))
		}
	}
	return ids, nil
}

// hasLabel is the condition that a value is called so in some language.
func hasLabel(name string) func(res *resource.Resource, rec *resource.Record) bool {
	return func(res *resource.Resource, rec *resource.Record) bool {
		_, ok := called(res, rec, name)
		return ok
	}
}

// casePriority finds a priority by any of its names.
func casePriority(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
	names := []resource.Value{folded(value)}
	_, err := c.values("casePriorities", func(res *resource.Resource, rec *resource.Record) bool {
		if _, ok := called(res, rec, value); !ok {
			return false
		}
		for _, label := range res.TitleColumns(rec) {
			if label != "" && !slices.Contains(names, folded(label)) {
				names = append(names, folded(label))
			}
		}
		return true
	})
	return is(cases, "priority", filter.In, names...), err
}

func oneOf(res *resource.Resource, field string, ids []resource.Value) filter.Expr {
	if len(ids) == 0 {
		return filter.Never{}
	}
	return is(res, field, filter.In, ids...)
}

// caseStatus compares a status by its label in any language, or by its condition, open
// or closed, when there is none of this label.
func caseStatus(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
	ids, err := c.values("caseStatuses", hasLabel(value))
	if err == nil && len(ids) == 0 {
		ids, err = c.values("caseStatuses", func(res *resource.Resource, rec *resource.Record) bool {
			return strings.EqualFold(value, condition(row{res, rec}))
		})
	}
	return oneOf(cases, "statusId", ids), err
}

// condition is that of a status [R].
func condition(status row) string {
	if status.get("closed").I == 1 {
		return "closed"
	}
	return "open"
}

func caseType(c *call, cases *resource.Resource, value string) (filter.Expr, error) {
	ids, err := c.values("caseTypes", hasLabel(value))
	return oneOf(cases, "typeId", ids), err
}

// caseNumber compares the number of a case. Zeros in front of those that are made here
// may be left out.
func caseNumber(_ *call, cases *resource.Resource, value string) (filter.Expr, error) {
	numbers := []resource.Value{folded(value)}
	if n, err := strconv.ParseUint(value, 10, 32); err == nil {
		numbers = append(numbers, resource.TextValue(fmt.Sprintf("%08d", n)))
	}
	return is(cases, "number", filter.In, numbers...), nil
}

// prefixedNumber is the number of a case with its prefix, unless it begins with it.
func prefixedNumber(r row) string {
	prefix, number := r.text("prefix"), r.text("number")
	if strings.HasPrefix(number, prefix) {
		return number
	}
	return prefix + number
}

// prefixed looks for prefixedNumber, or the number alone.
func prefixed(_ *call, cases *resource.Resource, value string) (filter.Expr, error) {
	ways := filter.Or{is(cases, "number", filter.Eq, folded(value))}
	const longest = 20 // characters of a prefix
	n := 0
	for i := range value {
		if n++; i == 0 {
			continue
		}
		if n > longest+1 {
			break
		}
		ways = append(ways, filter.And{is(cases, "number", filter.Eq, folded(value[i:])), is(cases, "prefix", filter.Eq, folded(value[:i]))})
	}
	return ways, nil
}

// caseWhere is the condition of a query for cases.
func (c *call) caseWhere(q query) (filter.Expr, error) {
	fields := caseFields()
	i := slices.IndexFunc(fields, func(f caseField) bool { return plain(f.name) == plain(q.field) })
	if i < 0 {
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
		}
		return nil, unmet("field", "there is no field %q; use one of %s", q.field, strings.Join(names, ", "))
	}
	cases := c.resource("cases")
	where, err := fields[i].is(c, cases, q.value)
	alive := filter.And{is(cases, "deleted", filter.Eq, resource.BoolValue(false))}
	if where != nil {
		alive = append(alive, where)
	}
	return alive, err
}

// queryCases is cases/queryCases.php.
func (c *call) queryCases() (*answer, error) {
	q, err := c.readQuery()
	if err != nil {
		return nil, err
	}
	where, err := c.caseWhere(q)
	if err != nil {
		return nil, err
	}
	list, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{Resource: c.resource("cases"), Base: where, Language: english, Size: q.limit})
	if err != nil {
		return nil, err
	}
	s, err := c.show(list)
	if err != nil {
		return nil, err
	}
	rows := make([]*caseRow, len(list.Rows))
	for i, rec := range list.Rows {
		if rows[i], err = s.caseRow(row{list.Resource, rec}); err != nil {
			return nil, err
		}
	}
	return found(rows), nil
}

// caseRow is a case as it is answered. The names that scripts read are known [R], the
// others and their order are ours.
type caseRow struct {
	ID          string          `json:"wolkvox_id"`
	Number      string          `json:"idCase"`
	Prefix      any             `json:"prefix"`
	Prefixed    string          `json:"idPrefijo"` // [R]
	Type        any             `json:"caseType"`  // [R]
	Status      *named          `json:"status"`    // [R name, value]
	Priority    *named          `json:"priority"`  // [R name]
	Responsible *person         `json:"responsible"`
	Owner       *person         `json:"owner"` // [R name]
	Contact     *contact        `json:"contact"`
	Email       any             `json:"contactEmail"` // [R]
	Company     *company        `json:"company"`
	Description any             `json:"description"`
	Solution    any             `json:"solution"`
	Form        json.RawMessage `json:"form"`        // [R]
	Reopened    bool            `json:"reOpened"`    // [R]
	Expired     bool            `json:"caseExpired"` // [R]; cases have no term here
	Closed      any             `json:"closeDate"`   // [R]
	Created     any             `json:"wolkvox_fecha_creacion"`
	CreatedBy   any             `json:"wolkvox_usuario_creacion"`
	Updated     any             `json:"wolkvox_fecha_modificacion"`
	UpdatedBy   any             `json:"wolkvox_usuario_modificacion"`
	Attachments []attachment    `json:"attachments"`
}

type named struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"` // of a status: open or closed
}

// person is a user [R the members, for owners of other records].
type person struct {
	ID    string `json:"id"`
	User  string `json:"user"` // the wolkvox name: an e-mail address
	Name  string `json:"name"`
	Email string `json:"email"`
}

type contact struct {
	ID             string `json:"wolkvox_id"`
	Name           string `json:"name"`
	Email          string `json:"email"`
	Phone          string `json:"phone"`
	Identification string `json:"identification"`
}

type company struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type attachment struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Size    int64  `json:"size"` // bytes
	Type    string `json:"type"` // as found in the contents
	Created any    `json:"date"`
	URL     string `json:"url"` // of the contents, for as long as in the Sage lists

	at time.Time
	by int64 // user
}

// shown is what cases refer to, as the token's user sees it.
type shown struct {
	c           *call
	list        *crm.Result
	refs        map[string]map[int64]row // by resource and id
	attachments map[int64][]attachment   // by case
}

// show reads what the cases of a list refer to, one query for each resource.
func (c *call) show(list *crm.Result) (*shown, error) {
	s := &shown{c: c, list: list, refs: map[string]map[int64]row{}}
	for _, table := range []string{"users", "contacts", "caseStatuses"} {
		if err := s.read(table); err != nil {
			return nil, err
		}
	}
	return s, s.readAttachments()
}

// read reads the records of a resource that the cases refer to.
func (s *shown) read(table string) error {
	seen := map[int64]bool{}
	var ids []int64
	for i := range s.list.Resource.Fields {
		f := &s.list.Resource.Fields[i]
		if !f.Kind.IsRef() || f.Table != table {
			continue
		}
		for _, rec := range s.list.Rows {
			if v := rec.Values[i]; !v.IsNull() && !seen[v.I] {
				seen[v.I] = true
				ids = append(ids, v.I)
			}
		}
	}
	s.refs[table] = map[int64]row{}
	if ids == nil {
		return nil
	}
	found, err := s.c.ws.Records.Get(s.c.ctx, s.c.actor, s.c.resource(table), nil, ids...)
	if err != nil {
		return err
	}
	for _, rec := range found.Rows {
		s.refs[table][rec.ID] = row{found.Resource, rec}
	}
	return nil
}

// readAttachments reads the documents of the cases, the first maxRows of them.
func (s *shown) readAttachments() error {
	s.attachments = map[int64][]attachment{}
	if len(s.list.Keys) == 0 {
		return nil
	}
	ids := make([]resource.Value, len(s.list.Keys))
	for i, k := range s.list.Keys {
		ids[i] = resource.IntValue(k.ID)
	}
	res := s.c.resource("documents")
	found, err := s.c.ws.Records.List(s.c.ctx, s.c.actor, crm.ListRequest{
		Resource: res, Language: english, Size: maxRows,
		Base: filter.And{document.Visible(res), is(res, "deleted", filter.Eq, resource.BoolValue(false)), is(res, "caseId", filter.In, ids...)},
	})
	if err != nil {
		return err
	}
	for _, rec := range found.Rows {
		d := row{res, rec}
		link, err := s.c.ws.Documents.Link(s.c.ctx, res, rec)
		if err != nil {
			return err
		}
		id := d.get("caseId").I
		s.attachments[id] = append(s.attachments[id], attachment{
			ID: strconv.FormatInt(rec.ID, 10), Name: d.text("description"), Size: d.get("size").I, Type: d.text("contentType"),
			Created: d.date("dateCreated"), URL: link, at: time.UnixMilli(d.get("dateCreated").I), by: d.get("salesRepIdCreated").I,
		})
	}
	return nil
}

// person returns the user that a field refers to, nil for none.
func (s *shown) person(r row, field string) *person {
	v := r.get(field)
	if v.IsNull() {
		return nil
	}
	p := &person{ID: strconv.FormatInt(v.I, 10)}
	if u, ok := s.refs["users"][v.I]; ok {
		p.User, p.Name, p.Email = u.text("email"), u.res.TitleOf(u.res.TitleColumns(u.rec), english), u.text("email")
	}
	return p
}

// title is that of what a field refers to; nil for none, and for what is hidden.
func (s *shown) title(r row, field string) any {
	v := r.get(field)
	if v.IsNull() {
		return nil
	}
	title, seen := s.list.Titles.Of(s.c.resource(r.res.Field(field).Table), v.I, english)
	if !seen {
		return nil
	}
	return title
}

// maybe is a text, nil for null.
func (r row) maybe(name string) any {
	if v := r.get(name); !v.IsNull() {
		return v.S
	}
	return nil
}

func (s *shown) caseRow(r row) (*caseRow, error) {
	out := &caseRow{
		ID: r.text("wolkvoxId"), Number: r.text("number"), Prefix: r.maybe("prefix"), Prefixed: prefixedNumber(r),
		Type: s.title(r, "typeId"), Responsible: s.person(r, "responsibleId"), Owner: s.person(r, "ownerId"),
		Description: r.maybe("description"), Solution: r.maybe("solution"), Form: json.RawMessage("{}"),
		Reopened: r.get("reopened").I == 1, Closed: r.date("closedDate"), Created: r.date("dateCreated"), Updated: r.date("dateUpdated"),
		Attachments: s.attachments[r.rec.ID],
	}
	if out.Attachments == nil {
		out.Attachments = []attachment{}
	}
	if form := r.text("form"); form != "" {
		out.Form = json.RawMessage(form)
	}
	if v := r.text("priority"); v != "" {
		out.Priority = &named{Name: v}
	}
	if name, ok := s.title(r, "statusId").(string); ok {
		out.Status = &named{Name: name}
		if status, ok := s.refs["caseStatuses"][r.get("statusId").I]; ok {
			out.Status.Value = condition(status)
		}
	}
	if name, ok := s.title(r, "accountId").(string); ok {
		out.Company = &company{strconv.FormatInt(r.get("accountId").I, 10), name}
	}
	if p, ok := s.refs["contacts"][r.get("contactId").I]; ok {
		out.Contact = &contact{
			ID: strconv.FormatInt(p.rec.ID, 10), Name: p.res.TitleOf(p.res.TitleColumns(p.rec), english), Email: p.text("email"),
			Phone: p.text("phone1"), Identification: p.text("extId"),
		}
		out.Email = p.text("email")
	}
	if by := s.person(r, "salesRepIdCreated"); by != nil {
		out.CreatedBy = by.User
	}
	if by := s.person(r, "salesRepIdUpdated"); by != nil {
		out.UpdatedBy = by.User
	}
	return out, nil
}
