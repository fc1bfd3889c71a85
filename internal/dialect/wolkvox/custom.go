package wolkvox

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// module is what the vendor calls a kind of records, with the names that its fields
// have there. Those of contacts are known [R], the others made after them; the fields
// of the resource can be named by their own names as well.
type module struct {
	names    []string // of the module; the first is the vendor's
	resource string
	owner    string            // field with the user whose record it is
	full     string            // name of what is first and last name of a person
	labels   map[string]string // name there, as plain has it -> field
	phone    string            // name of what is a telephone number with its parts
}

func modules() []module {
	return []module{
		{
			names: []string{"contacts", "contact"}, resource: "contacts", owner: "salesRepId", full: "namecontact", phone: "telephonecontact",
			labels: map[string]string{
				"emailcontact": "email", "telephonecontact": "phone1", "idcontact": "extId", "id contacto": "extId",
				"email": "email", "telephone": "phone1", "company": "accountId", "companyname": "accountId",
			},
		},
		{
			names: []string{"accounts", "account", "companies", "company"}, resource: "accounts", owner: "salesRepId1", phone: "telephonecompany",
			labels: map[string]string{
				"namecompany": "name", "companyname": "name", "emailcompany": "email", "telephonecompany": "phone", "idcompany": "extId", "telephone": "phone",
			},
		},
		{
			names: []string{"opportunities", "opportunity"}, resource: "opportunities", owner: "salesRepId",
			labels: map[string]string{
				"nameopportunity": "reference", "idopportunity": "extId", "contact": "accountId1", "company": "accountId1", "companyname": "accountId1",
				"amount": "total", "phase": "statusId",
			},
		},
	}
}

// ownerName is the user whose record it is, in every module [R].
const ownerName = "wolkvox_owner"

// module returns the module that a request names, with its resource.
func (c *call) module() (*module, *resource.Resource, error) {
	name, err := c.sent.text("module")
	if err != nil {
		return nil, nil, err
	}
	for _, m := range modules() {
		if slices.Contains(m.names, resource.Fold(name)) {
			return &m, c.ws.Records.CatalogFor(c.actor).Resource(m.resource), nil
		}
	}
	return nil, nil, unmet("module", "there is no module %q; use contacts, accounts or opportunities", name)
}

// field returns the field of a name, nil when there is none that can be used.
func (m *module) field(res *resource.Resource, name string) *resource.Field {
	if own, ok := m.labels[plain(name)]; ok {
		name = own
	}
	f := res.Field(strings.TrimSpace(name))
	if f == nil || f.Internal || f.Secret {
		return nil
	}
	return f
}

// insertRecord is custom/insert.php. A record without an owner is its maker's.
func (c *call) insertRecord() (*answer, error) {
	if err := c.require("module", "fields"); err != nil { // [R]
		return nil, err
	}
	m, res, err := c.module()
	if err != nil {
		return nil, err
	}
	input, sentAs, err := c.input(m, res)
	if err != nil {
		return nil, err
	}
	if input[m.owner] == nil {
		input[m.owner] = strconv.AppendInt(nil, c.ses.UserID, 10)
	}
	if res.Field("branchId") != nil && input["branchId"] == nil && len(c.ses.Branches) > 0 {
		input["branchId"] = strconv.AppendInt(nil, c.ses.Branches[0], 10)
	}
	var absent []string
	for _, name := range res.Required {
		if raw := input[name]; raw == nil || raw[0] == 'n' {
			absent = append(absent, "fields."+name)
		}
	}
	if absent != nil {
		return nil, errMissing(absent)
	}
	id, err := c.ws.Records.Create(c.ctx, c.actor, res, input)
	if err != nil {
		return nil, inFields(err, sentAs)
	}
	return written(msgInserted, strconv.FormatInt(id, 10)), nil
}

// updateRecord is custom/update.php.
func (c *call) updateRecord() (*answer, error) {
	if err := c.require("module", "wolkvox-id", "fields"); err != nil {
		return nil, err
	}
	m, res, err := c.module()
	if err != nil {
		return nil, err
	}
	wanted, err := c.sent.text("wolkvox-id")
	if err != nil {
		return nil, err
	}
	none := fault.New(fault.NotFound, "there is no record with the wolkvox-id %s", wanted)
	id, err := strconv.ParseInt(wanted, 10, 64)
	if err != nil {
		return nil, none
	}
	input, sentAs, err := c.input(m, res)
	if err != nil {
		return nil, err
	}
	err = c.ws.Records.Update(c.ctx, c.actor, res, id, input)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, none
	} else if err != nil {
		return nil, inFields(err, sentAs)
	}
	return written(msgUpdated, strconv.FormatInt(id, 10)), nil
}

// inFields says that what crm does not take stood in "fields", by the name that it had
// there: sentAs has it by field.
func inFields(err error, sentAs map[string]string) error {
	field := fault.FieldOf(err)
	if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Conflict || field == "" {
		return err
	}
	name, message := cmp.Or(sentAs[field], field), strings.TrimPrefix(fault.Message(err), field+": ")
	if rest, ok := strings.CutPrefix(message, field+" "); ok {
		message = name + " " + rest
	}
	return unmet("fields."+name, "%s", message)
}

// input turns "fields" into what crm takes, and says by what name each field was sent.
// A field that is not there is refused: what was sent for it would be lost.
func (c *call) input(m *module, res *resource.Resource) (_ crm.Input, sentAs map[string]string, err error) {
	raw := c.sent.values["fields"]
	if raw[0] == '"' { // a form has no other way
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, nil, err
		}
		raw = json.RawMessage(text)
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(raw, &sent); err != nil || sent == nil {
		return nil, nil, malformed("fields", "must be a JSON object")
	}
	input := crm.Input{}
	sentAs = map[string]string{}
	set := func(name, field string, raw json.RawMessage) error {
		if _, twice := input[field]; twice {
			return malformed("fields."+name, "says again what another one says")
		}
		input[field], sentAs[field] = raw, name
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		raw := sent[name]
		value := unwrap(raw)
		var err error
		switch f := m.field(res, name); {
		case plain(name) == plain(ownerName):
			if value, err = c.owner(value); err == nil {
				err = set(name, m.owner, value)
			}
		case m.full != "" && plain(name) == m.full:
			first, last, bad := split(value)
			if bad != nil {
				return nil, nil, bad
			}
			if err = set(name, "firstName", first); err == nil {
				err = set(name, "lastName", last)
			}
		case f == nil || f.ReadOnly:
			return nil, nil, unmet("fields."+name, "there is no such field in %s that can be set", m.names[0])
		case f.Kind.IsRef(), f.JSON:
			err = set(name, f.Name, searched(raw))
		case res.Field(f.Name+"Tail") != nil:
			err = set(name, f.Name, withCountry(raw, value))
		default:
			err = set(name, f.Name, value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return input, sentAs, nil
}

// unwrap returns the value of what may be an object around it, as the vendor has them
// for telephones, addresses and searches [R].
func unwrap(raw json.RawMessage) json.RawMessage {
	var box struct {
		Value json.RawMessage `json:"value"`
	}
	if raw[0] != '{' || json.Unmarshal(raw, &box) != nil || box.Value == nil {
		return raw
	}
	return box.Value
}

// withCountry returns a telephone number with the code of its country, which the vendor
// has apart from it [R]: {"code":"47","value":"55 01 02 03"} is "+47 55 01 02 03" [I].
// A number that is international already stays as it is, and so does one whose code is
// no number.
func withCountry(raw, number json.RawMessage) json.RawMessage {
	var box struct{ Code json.RawMessage }
	if raw[0] != '{' || json.Unmarshal(raw, &box) != nil || box.Code == nil {
		return number
	}
	text := scalar(number)
	code := strings.NewReplacer(" ", "", "-", "").Replace(scalar(box.Code))
	code = strings.TrimPrefix(strings.TrimPrefix(code, "+"), "00")
	if text == "" || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00") || code == "" || strings.Trim(code, "0123456789") != "" {
		return number
	}
	return quote("+" + code + " " + text)
}

// scalar is a text or a number without the space around it, "" for anything else.
func scalar(raw json.RawMessage) string {
	var text string
	switch c := raw[0]; {
	case c == '"' && json.Unmarshal(raw, &text) == nil:
		return strings.TrimSpace(text)
	case c >= '0' && c <= '9':
		return string(raw)
	}
	return ""
}

// searched returns a reference as crm takes it: by the id of the record that was
// searched, when it is there [R].
func searched(raw json.RawMessage) json.RawMessage {
	var box struct {
		ID json.RawMessage `json:"value_id"`
	}
	if raw[0] != '{' || json.Unmarshal(raw, &box) != nil || box.ID == nil {
		return raw
	}
	switch string(box.ID) {
	case "null", `""`: // it was typed in, not found
		return raw
	}
	return box.ID
}

// split takes the name of a person apart: its last word is the last name, unless it is
// the only one.
func split(raw json.RawMessage) (first, last json.RawMessage, err error) {
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return nil, nil, malformed("fields.namecontact", "a text is wanted")
	}
	words := strings.Fields(name)
	switch len(words) {
	case 0:
		return nil, nil, malformed("fields.namecontact", "must not be empty")
	case 1:
		return quote(words[0]), quote(""), nil
	}
	n := len(words) - 1
	return quote(strings.Join(words[:n], " ")), quote(words[n]), nil
}

// owner returns the id of the user with a wolkvox name.
func (c *call) owner(raw json.RawMessage) (json.RawMessage, error) {
	var box struct{ User json.RawMessage }
	if raw[0] == '{' && json.Unmarshal(raw, &box) == nil && box.User != nil { // as answers have it
		raw = box.User
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return nil, malformed("fields."+ownerName, "a text is wanted")
	}
	res := c.resource("users")
	users, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{
		Resource: res, Language: english, Size: 2, Base: filter.And{c.userCalled(name), is(res, "deleted", filter.Eq, resource.BoolValue(false))},
	})
	switch {
	case err != nil:
		return nil, err
	case len(users.Keys) != 1:
		return nil, unmet("fields."+ownerName, "there is no user %s, or several; use an e-mail address", name)
	}
	return strconv.AppendInt(nil, users.Keys[0].ID, 10), nil
}

// queryRecords is custom/query.php.
func (c *call) queryRecords() (*answer, error) {
	if err := c.require("module", "field", "value"); err != nil { // [R]
		return nil, err
	}
	q, err := c.readQuery()
	if err != nil {
		return nil, err
	}
	m, res, err := c.module()
	if err != nil {
		return nil, err
	}
	where, err := c.condition(m, res, q)
	if err != nil {
		return nil, err
	}
	list, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{
		Resource: res, Language: english, Size: q.limit, Base: filter.And{where, is(res, "deleted", filter.Eq, resource.BoolValue(false))},
	})
	if err != nil {
		return nil, err
	}
	s := &shown{c: c, list: list, refs: map[string]map[int64]row{}}
	if err := s.read("users"); err != nil {
		return nil, err
	}
	if err := s.read("opportunityStatuses"); err != nil {
		return nil, err
	}
	rows := make([]map[string]any, len(list.Rows))
	for i, rec := range list.Rows {
		rows[i] = s.record(m, row{list.Resource, rec})
	}
	a := found(rows)
	total := len(rows)
	a.Total = &total
	return a, nil
}

// condition is that of a query for records: a field is equal to a value, letter case
// aside; of a reference the title counts, or the id.
func (c *call) condition(m *module, res *resource.Resource, q query) (filter.Expr, error) {
	name := plain(q.field)
	switch {
	case name == "wolkvox id":
		id, err := strconv.ParseInt(q.value, 10, 64)
		if err != nil {
			return filter.Never{}, nil //nolint:nilerr // no record has such an id
		}
		return is(res, "id", filter.Eq, resource.IntValue(id)), nil
	case m.full != "" && name == m.full:
		return &filter.Compare{Path: filter.Path{Resource: res, Title: true}, Op: filter.Eq, Args: []resource.Value{folded(q.value)}}, nil
	}
	f := m.field(res, q.field)
	if f == nil || f.JSON {
		return nil, unmet("field", "there is no field %q in %s", q.field, m.names[0])
	}
	if tail := res.Field(f.Name + "Tail"); tail != nil {
		if v := resource.PhoneTail(q.value); !v.IsNull() {
			return is(res, tail.Name, filter.Eq, v), nil
		}
		return filter.Never{}, nil
	}
	if f.Kind == resource.Text {
		return is(res, f.Name, filter.Eq, folded(q.value)), nil
	}
	got, err := f.Coerce(quote(q.value))
	switch {
	case err != nil:
		return nil, unmet("value", "%s", fault.Message(err))
	case f.Kind == resource.Ref && got.Title != "":
		p := filter.Path{Via: []*resource.Field{f}, Resource: c.resource(f.Table), Title: true}
		return &filter.Compare{Path: p, Op: filter.Eq, Args: []resource.Value{folded(got.Title)}}, nil
	case got.Value.Type != resource.Int:
		return nil, unmet("value", "%s cannot be compared with this", q.field)
	}
	return is(res, f.Name, filter.Eq, got.Value), nil
}

// record is a record as it is answered: with the vendor's names that are known [R], and
// all of its fields by their own.
func (s *shown) record(m *module, r row) map[string]any {
	out := map[string]any{}
	for i := range r.res.Fields {
		f := &r.res.Fields[i]
		v := r.rec.Values[i]
		if f.Internal || f.Secret || f.OmitEmpty && v.IsNull() {
			continue
		}
		out[f.Name] = s.value(f, v)
	}
	for label, name := range m.labels {
		if strings.Contains(label, " ") || r.res.Field(label) != nil {
			continue
		}
		out[label] = out[r.res.Field(name).Name]
	}
	if m.full != "" {
		out[m.full] = r.res.TitleOf(r.res.TitleColumns(r.rec), english)
	}
	if m.phone != "" {
		text, _ := out[m.phone].(string)
		out[m.phone] = map[string]string{"country": "", "code": "", "value": text} // [R]
	}
	out["wolkvox_id"] = strconv.FormatInt(r.rec.ID, 10)
	out["wolkvox_fecha_creacion"], out["wolkvox_fecha_modificacion"] = r.date("dateCreated"), r.date("dateUpdated")
	for name, field := range map[string]string{"wolkvox_usuario_creacion": "salesRepIdCreated", "wolkvox_usuario_modificacion": "salesRepIdUpdated"} {
		out[name] = nil
		if by := s.person(r, field); by != nil {
			out[name] = by.User
		}
	}
	out[ownerName] = nil
	if p := s.person(r, m.owner); p != nil {
		out[ownerName] = map[string]string{"id": p.ID, "user": p.User, "nombre": p.Name, "email": p.Email} // [R]
	}
	if m.resource == "opportunities" {
		out["wolkvox_fase_status"] = s.phase(r)
	}
	return out
}

// phase says whether an opportunity is open, won or lost [R the last].
func (s *shown) phase(r row) string {
	status, ok := s.refs["opportunityStatuses"][r.get("statusId").I]
	switch {
	case !ok || status.get("endStatus").I == 0:
		return "open"
	case status.get("won").I != 0:
		return "won"
	default:
		return "lost"
	}
}

// value is a value of a field as JSON.
func (s *shown) value(f *resource.Field, v resource.Value) any {
	switch {
	case v.IsNull():
		return nil
	case f.JSON, f.Kind == resource.RefList:
		return json.RawMessage(v.S)
	case f.Kind == resource.Text:
		return v.S
	case f.Kind == resource.Boolean:
		return v.I != 0
	case f.Kind == resource.Number:
		return json.RawMessage(resource.AppendNumber(nil, v.I, f.Scale))
	case f.Kind == resource.Instant:
		return instant(v)
	case f.Kind == resource.Ref:
		title, seen := s.list.Titles.Of(s.c.resource(f.Table), v.I, english)
		if !seen {
			title = ""
		}
		return map[string]string{"id": strconv.FormatInt(v.I, 10), "value": title}
	}
	return v.I
}
