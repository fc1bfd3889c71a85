package flowroute

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// table lists the operations. A fixed word in a path stands before {}.
func (d *Dialect) table() []route {
	const (
		get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
		ok, created           = http.StatusOK, http.StatusCreated
	)
	return []route{
		{post, "portorders/portability", ok, (*call).portability},
		{get, "portorders", ok, (*call).orders},
		{post, "portorders", created, (*call).create}, // the status is our reading [I]
		{get, "portorders/{}", ok, (*call).details},
		{patch, "portorders/{}", ok, (*call).change},
		{get, "portorders/{}/status", ok, (*call).status},
		{patch, "portorders/{}/status", ok, (*call).change}, // as the vendor's examples have it, against its words [R]
		{patch, "portorders/{}/relationships/numbers", ok, (*call).changeNumbers},
		{post, "portorders/{}/numbers", ok, (*call).addNumbers},
		{del, "portorders/{}/preset/{}", ok, (*call).dropPreset},
		{del, "portorders/{}/presets/{}", ok, (*call).dropPreset}, // both spellings [R]
		{get, "portorders/{}/loa", ok, (*call).loa},
		{post, "portorders/{}/loa", created, (*call).signLOA},
		{post, "portorders/{}/files", ok, (*call).fetchFile},
		{post, "portorders/{}/upload_file", ok, (*call).uploadFile},
		{get, "portorders/{}/files/{}", ok, (*call).file},
	}
}

// create makes the orders of a group, one for each carrier, all of them or none.
func (c *call) create() (any, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	sent, _, err := attributes(body)
	if err != nil {
		return nil, err
	}
	input, bad := crm.Input{}, invalid{}
	take(details, sent, true, input, bad)
	object(loa, sent, "loa_details", input, bad)
	object(presets, sent, "presets", input, bad)
	var numbers []string
	switch raw, ok := sent["numbers"]; {
	case !ok:
		bad["numbers"] = []string{"Missing data for required field."}
	default:
		if numbers = numbersOf(raw, "numbers", bad); len(numbers) == 0 && bad["numbers"] == nil {
			bad["numbers"] = []string{"Shorter than minimum length 1."}
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	var group int64
	err = c.together(func(t *crm.Together) (err error) {
		own := crm.Input{"ownerId": number(c.actor.UserID)}
		if alias, ok := input["alias"]; ok {
			own["alias"] = alias
		}
		if group, err = t.Create(t.Catalog().Resource("portorderGroups"), own); err != nil {
			return err
		}
		carriers, by := split(numbers)
		for _, carrier := range carriers {
			if err := c.createOrder(t, group, input, carrier, by[carrier]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.group(group, true)
}

// createOrder makes one order of a group, with its numbers and the files that are
// fetched for it.
func (c *call) createOrder(t *crm.Together, group int64, input crm.Input, carrier string, numbers []string) error {
	all := crm.Input{"groupId": number(group), "ownerId": number(c.actor.UserID)}
	for name, raw := range input {
		all[name] = raw
	}
	id, err := t.Create(t.Catalog().Resource("portorders"), all)
	if err != nil {
		return err
	}
	if err := insertNumbers(t, id, carrier, numbers); err != nil {
		return err
	}
	return insertDocuments(t, id, all["businessDocuments"])
}

func insertNumbers(t *crm.Together, order int64, carrier string, numbers []string) error {
	for _, n := range numbers {
		_, err := t.Create(t.Catalog().Resource("portorderNumbers"), crm.Input{
			"portOrderId": number(order), "number": quote(n), "carrier": quote(carrier),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// insertDocuments has the business documents at URLs fetched.
func insertDocuments(t *crm.Together, order int64, list json.RawMessage) error {
	const member = "business_documents"
	var urls []string
	if list == nil {
		return nil
	}
	if err := json.Unmarshal(list, &urls); err != nil {
		return invalid{member: {"Not a list of URLs."}}
	}
	for _, u := range urls {
		input, err := fetched(order, u)
		if err != nil {
			return invalid{member: {"Not a valid URL."}}
		}
		_, err = t.Create(t.Catalog().Resource("portorderFiles"), input)
		if fault.KindOf(err) == fault.Invalid && fault.FieldOf(err) == "originalUrl" {
			return invalid{member: {strings.Replace(fault.Message(err), "originalUrl", member, 1)}}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change is PATCH of details, of presets, or of the status, which can only be
// cancelled.
func (c *call) change() (any, error) {
	order, err := c.order()
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	sent, kind, err := attributes(body)
	if err != nil {
		return nil, err
	}
	input, bad := crm.Input{}, invalid{}
	take(details, sent, false, input, bad)
	object(loa, sent, "loa_details", input, bad)
	detailed := len(input) > 0
	object(presets, sent, "presets", input, bad)
	if _, ok := sent["numbers"]; ok {
		bad["numbers"] = []string{"Use PATCH portorders/:id/relationships/numbers."}
	}
	cancel := false
	if raw, ok := sent["status"]; ok {
		var status string
		if json.Unmarshal(raw, &status) != nil || !strings.EqualFold(status, "cancelled") && !strings.EqualFold(status, "canceled") {
			bad["status"] = []string{"Must be one of: cancelled."}
		}
		cancel = true
	}
	// A cancellation comes without a type in the vendor's examples [R].
	if kind != "portorder" && !(kind == "" && cancel && len(input) == 0) {
		bad["type"] = []string{"Must be equal to portorder."}
	}
	if len(bad) == 0 && len(input) == 0 && !cancel {
		bad["attributes"] = []string{"Missing data for required field."}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	err = c.together(func(t *crm.Together) error {
		now, err := locked(t, order.rec.ID)
		if err != nil {
			return err
		}
		status := now.text("status")
		if detailed && status != resource.PortOrderPending && status != resource.PortOrderRejected { // [R]
			return refused("The details of a port order can be changed while it is pending or rejected; this one is %s.", status)
		}
		if len(input) > 0 && over(status) {
			return refused("The presets of a port order cannot be changed once it is %s.", status)
		}
		if cancel { // pending becomes cancelled, rejected abandoned, all else is refused [R]
			switch status {
			case resource.PortOrderPending:
				input["status"] = quote(resource.PortOrderCancelled)
			case resource.PortOrderRejected:
				input["status"] = quote(resource.PortOrderAbandoned)
			default:
				return refused("A port order can be cancelled while it is pending or rejected; this one is %s.", status)
			}
		}
		if err := t.Update(now.res, now.rec.ID, input); err != nil {
			return err
		}
		return insertDocuments(t, now.rec.ID, input["businessDocuments"])
	})
	if err != nil {
		return nil, err
	}
	if cancel && strings.HasSuffix(strings.TrimRight(c.r.URL.Path, "/"), "/status") {
		return c.status()
	}
	return c.details()
}

// over reports whether nothing more becomes of an order in this state.
func over(status string) bool {
	switch status {
	case resource.PortOrderCompleted, resource.PortOrderCancelled, resource.PortOrderAbandoned, resource.PortOrderHardCanceled:
		return true
	}
	return false
}

func (c *call) dropPreset() (any, error) {
	order, err := c.order()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(presets, func(a attribute) bool { return a.wire == strings.ToLower(c.args[1]) })
	if i < 0 {
		return nil, notFound("preset")
	}
	err = c.together(func(t *crm.Together) error {
		now, err := locked(t, order.rec.ID)
		if err != nil {
			return err
		}
		if status := now.text("status"); over(status) {
			return refused("The presets of a port order cannot be changed once it is %s.", status)
		}
		return t.Update(now.res, now.rec.ID, crm.Input{presets[i].field: json.RawMessage("null")})
	})
	if err != nil {
		return nil, err
	}
	return c.details()
}

// filters are the parameters of a list that compare a field with a time [R].
var filters = []struct {
	name, field string
	op          filter.Op
}{
	{"created_after", "dateCreated", filter.Gt}, {"created_before", "dateCreated", filter.Lt},
	{"modified_after", "dateUpdated", filter.Gt}, {"modified_before", "dateUpdated", filter.Lt},
	{"completed_after", "completedDate", filter.Gt}, {"completed_before", "completedDate", filter.Lt},
}

// orders is the list, or with group_id and status the summary of a group.
func (c *call) orders() (any, error) {
	q := c.r.URL.Query()
	if q.Has("group_id") && q.Has("status") && q.Get("status") == "" {
		group, err := c.one("portorderGroups", "port order group", q.Get("group_id"))
		if err != nil {
			return nil, err
		}
		return c.group(group.rec.ID, false)
	}
	bad := invalid{}
	limit := count(q, "limit", 10, 1, 200, bad) // [R]
	offset := count(q, "offset", 0, 0, 1<<31, bad)
	res := c.res("portorders")
	where, err := c.where(q, res, bad)
	if err != nil {
		return nil, err
	}
	if len(bad) > 0 {
		return nil, bad
	}
	found, err := c.ws.Records.List(c.r.Context(), c.actor, crm.ListRequest{
		Resource: res, Base: where, Language: -1, Skip: offset, Size: limit,
	})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 && c.cfg.EmptyNotFound {
		return nil, &problem{http.StatusNotFound, "Resource not found", "No Port Orders match this query."} // [R mcpd]
	}
	links := members{"self": c.self("portorders") + query(q)}
	if found.More {
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(offset+limit))
		links["next"] = c.self("portorders") + query(q)
	}
	return members{
		"data":  members{"attributes": members{"orders": members{"data": c.short(rows(res, found.Rows))}}, "type": "portorder_list"},
		"links": links,
	}, nil
}

func query(q url.Values) string {
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// count reads a whole number in the query.
func count(q url.Values, name string, otherwise, least, most int, bad invalid) int {
	if !q.Has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(q.Get(name))
	switch {
	case err != nil:
		bad[name] = []string{"Not a valid integer."}
	case n < least:
		bad[name] = []string{"Must be greater than or equal to " + strconv.Itoa(least) + "."}
	case n > most:
		bad[name] = []string{"Must be less than or equal to " + strconv.Itoa(most) + "."}
	}
	return n
}

// where is the condition that the filters of a list make.
func (c *call) where(q url.Values, res *resource.Resource, bad invalid) (filter.Expr, error) {
	where := filter.And{alive(res)}
	for _, f := range filters {
		if !q.Has(f.name) {
			continue
		}
		ms, err := resource.ParseInstant(q.Get(f.name))
		if err != nil {
			bad[f.name] = []string{"Not a valid datetime."}
			continue
		}
		cond := is(res, f.field, f.op, resource.IntValue(ms))
		if f.field == "dateUpdated" { // what was never changed counts from when it was made [I]
			cond = filter.Or{cond, filter.And{is(res, f.field, filter.IsNull), is(res, "dateCreated", f.op, resource.IntValue(ms))}}
		}
		where = append(where, cond)
	}
	if q.Has("completion_date") { // the day that was asked for [I]
		ms, err := resource.ParseInstant(q.Get("completion_date"))
		if err != nil {
			bad["completion_date"] = []string{"Not a valid date."}
		} else {
			day := ms - ms%(24*time.Hour).Milliseconds()
			where = append(where, is(res, "desiredCompletionDate", filter.Eq, resource.IntValue(day)))
		}
	}
	if q.Has("status") {
		var states []resource.Value
		for s := range strings.SplitSeq(q.Get("status"), ",") {
			s = strings.ToLower(strings.TrimSpace(s))
			if s == "canceled" { // both spellings [R]
				s = resource.PortOrderCancelled
			}
			states = append(states, resource.TextValue(resource.Fold(s)))
		}
		where = append(where, is(res, "status", filter.In, states...))
	}
	if q.Has("alias") {
		where = append(where, is(res, "alias", filter.Eq, resource.TextValue(resource.Fold(q.Get("alias")))))
	}
	if q.Has("is_approved") {
		b, err := strconv.ParseBool(strings.ToLower(q.Get("is_approved")))
		if err != nil {
			bad["is_approved"] = []string{"Not a valid boolean."}
		}
		where = append(where, is(res, "approved", filter.Eq, resource.BoolValue(b)))
	}
	for name, field := range map[string]string{"group_id": "groupId", "order": "id"} { // order is the id of one [I]
		if !q.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil {
			bad[name] = []string{"Not a valid integer."}
			continue
		}
		where = append(where, is(res, field, filter.Eq, idValue(n)))
	}
	if q.Has("numbers") {
		return c.having(q["numbers"], where, res, bad)
	}
	return where, nil
}

// having adds the condition that orders have one of some numbers.
func (c *call) having(values []string, where filter.And, res *resource.Resource, bad invalid) (filter.Expr, error) {
	var wanted []resource.Value
	for s := range strings.SplitSeq(strings.Join(values, ","), ",") {
		// A plus that was not escaped has become a space.
		e164, ok := normal(s)
		if !ok || len(wanted) == maxNumbers {
			bad["numbers"] = []string{quoted(s) + " is not a valid E.164 number."}
			return where, nil
		}
		wanted = append(wanted, resource.TextValue(resource.Fold(e164)))
	}
	numbers := c.res("portorderNumbers")
	found, err := c.list(numbers, filter.And{alive(numbers), is(numbers, "number", filter.In, wanted...)}, maxParts)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return filter.Never{}, nil
	}
	var ids []resource.Value
	for _, n := range found {
		if v := n.get("portOrderId"); !slices.Contains(ids, v) {
			ids = append(ids, v)
		}
	}
	return append(where, is(res, "id", filter.In, ids...)), nil
}
