package flowroute

import (
	"strings"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// members is a JSON object.
type members = map[string]any

// self is the URL of what is at a path below Prefix.
func (c *call) self(parts ...string) string {
	return c.cfg.PublicURL + Prefix + strings.Join(parts, "/")
}

// short shows orders as lists do. The id stands both in the attributes, as documented,
// and beside them [R, I].
func (c *call) short(orders []row) []any {
	all := make([]any, len(orders))
	for i, o := range orders {
		all[i] = members{
			"attributes": members{"alias": o.maybe("alias"), "id": o.id(), "status": o.text("status")},
			"id":         o.id(), "links": members{"self": c.self("portorders", o.id())}, "type": "portorder",
		}
	}
	return all
}

// group shows a group and its orders: as it was made, all of it pending, or how it
// fares.
func (c *call) group(id int64, made bool) (any, error) {
	res := c.res("portorders")
	orders, err := c.list(res, filter.And{alive(res), is(res, "groupId", filter.Eq, idValue(id))}, maxParts)
	if err != nil {
		return nil, err
	}
	status := resource.PortOrderPending // [R]
	if !made {
		status = summary(orders)
	}
	group := idString(id)
	self := c.self("portorders") + "?group_id=" + group
	return members{
		"data": members{
			"attributes": members{"orders": members{"data": c.short(orders)}, "status": status},
			"id":         group, "links": members{"self": self}, "type": "portorder_group",
		},
		"links": members{"self": self},
	}, nil
}

// summary is the status of a group [R the four words, I when which].
func summary(orders []row) string {
	said := map[string]int{}
	for _, o := range orders {
		switch o.text("status") {
		case resource.PortOrderRejected:
			return "Requires Action"
		case resource.PortOrderCompleted:
			said["Completed"]++
		case resource.PortOrderCancelled, resource.PortOrderAbandoned, resource.PortOrderHardCanceled:
			said["Canceled"]++
		default:
			said["In Progress"]++
		}
	}
	for _, s := range []string{"In Progress", "Completed"} {
		if said[s] > 0 {
			return s
		}
	}
	return "Canceled"
}

func (c *call) status() (any, error) {
	o, err := c.order()
	if err != nil {
		return nil, err
	}
	return members{"data": members{
		"attributes": members{"status": o.text("status"), "status_updated_at": o.instant("statusUpdatedAt")},
		"id":         o.id(), "type": "portorder",
	}}, nil
}

// details shows all of an order [R].
func (c *call) details() (any, error) {
	o, err := c.order()
	if err != nil {
		return nil, err
	}
	numbers, err := c.parts("portorderNumbers", o.rec.ID)
	if err != nil {
		return nil, err
	}
	list := make([]string, len(numbers))
	for i, n := range numbers {
		list[i] = n.text("number")
	}
	comments, err := c.parts("portorderComments", o.rec.ID)
	if err != nil {
		return nil, err
	}
	said := make([]any, len(comments)) // their members are our reading [I]
	for i, m := range comments {
		said[i] = members{"author": m.maybe("author"), "comment": m.text("text"), "created_at": m.instant("dateCreated")}
	}
	files, err := c.files(o)
	if err != nil {
		return nil, err
	}
	all := members{
		"alias":        o.maybe("alias"),
		"billing_name": o.maybe("billingName"),
		"billing_address": members{
			"city": o.maybe("city"), "country": o.maybe("country"), "state": o.maybe("state"),
			"street": o.maybe("street"), "street2": o.maybe("street2"), "zip": o.maybe("zip"),
		},
		"billing_number":          o.maybe("billingNumber"),
		"business_documents":      []any{members{"data": files}},
		"comments":                said,
		"company":                 o.maybe("company"),
		"cost":                    nil,
		"desired_completion_date": nil,
		"enable_cnam_lookups":     o.get("enableCnamLookups").I == 1,
		"group_id":                nil,
		"last_4_ssn":              o.maybe("last4Ssn"),
		"loa_details":             shown(loa, o),
		"numbers":                 list,
		"pin":                     o.maybe("pin"),
		"presets":                 shown(presets, o),
		"provider":                o.maybe("provider"),
		"provider_account":        o.maybe("providerAccount"),
		"status":                  o.text("status"),
		"status_updated_at":       o.instant("statusUpdatedAt"),
		"status_url":              o.maybe("statusUrl"),
		"usage_type":              nil,
	}
	if v := o.get("cost"); !v.IsNull() { // a text: "7.5" [R]
		all["cost"] = string(resource.AppendNumber(nil, v.I, o.res.Field("cost").Scale))
	}
	if v := o.get("groupId"); !v.IsNull() {
		all["group_id"] = idString(v.I)
	}
	if s := o.text("usageType"); s != "" {
		all["usage_type"] = strings.ToLower(s) // sent as "Residential", shown as "residential" [R]
	}
	if v := o.get("desiredCompletionDate"); !v.IsNull() {
		all["desired_completion_date"] = string(resource.AppendInstant(nil, v.I))[:len("2018-07-12")]
	}
	self := members{"self": c.self("portorders", o.id())}
	return members{
		"data":  members{"attributes": all, "id": o.id(), "links": self, "type": "portorder"},
		"links": self,
	}, nil
}

// shown are attributes of an order in an object of their own.
func shown(list []attribute, o row) members {
	all := members{}
	for _, a := range list {
		all[a.wire] = o.maybe(a.field)
	}
	return all
}

// loa shows the letter of authorisation. Its shape is our reading [I].
func (c *call) loa() (any, error) {
	o, err := c.order()
	if err != nil {
		return nil, err
	}
	all := shown(loa, o)
	for name, v := range shown(signature, o) {
		all[name] = v
	}
	all["signed_at"] = o.instant("loaSignedAt")
	return members{"data": members{
		"attributes": all, "id": o.id(), "links": members{"self": c.self("portorders", o.id(), "loa")}, "type": "portorder-loa",
	}}, nil
}
