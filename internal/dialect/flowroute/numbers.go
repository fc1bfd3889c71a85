package flowroute

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// portability tells which numbers can be taken over. The body is JSON or a form, which
// may also hold JSON, as curl -d sends it [I].
func (c *call) portability() (any, error) {
	bad := invalid{}
	var numbers []string
	form := strings.HasPrefix(strings.ToLower(c.r.Header.Get("Content-Type")), "application/x-www-form-urlencoded")
	if form {
		text, err := c.text()
		if err != nil {
			return nil, err
		}
		var body map[string]json.RawMessage
		if json.Unmarshal(text, &body) == nil && body["numbers"] != nil {
			numbers = numbersOf(body["numbers"], "numbers", bad)
		} else {
			values, err := url.ParseQuery(strings.TrimSpace(string(text)))
			if err != nil {
				return nil, &problem{http.StatusBadRequest, "Bad Request", "The form cannot be read."}
			}
			sent := append(values["numbers"], values["numbers[]"]...)
			if sent == nil {
				return nil, missing("numbers")
			}
			numbers = normalized(strings.Split(strings.Join(sent, ","), ","), "numbers", bad)
		}
	} else {
		body, err := c.body()
		if err != nil {
			return nil, err
		}
		if body["numbers"] == nil {
			return nil, missing("numbers")
		}
		numbers = numbersOf(body["numbers"], "numbers", bad)
	}
	if len(bad) == 0 && len(numbers) == 0 {
		bad["numbers"] = []string{"Shorter than minimum length 1."}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	can, cannot := []string{}, []string{}
	for _, n := range numbers {
		if portable(n) {
			can = append(can, n)
		} else {
			cannot = append(cannot, n)
		}
	}
	return members{"data": members{"hypernetwork_enabled": []string{}, "nonportable": cannot, "portable": can}}, nil
}

// addition reads {"add":[…],"remove":[…]}, bare as documented, or within
// data.attributes as all else is sent [I].
func (c *call) addition(names ...string) (map[string][]string, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if body["data"] != nil {
		if body, _, err = attributes(body); err != nil {
			return nil, err
		}
	}
	bad, all, some := invalid{}, map[string][]string{}, false
	for _, name := range names {
		if raw := body[name]; raw != nil {
			all[name], some = numbersOf(raw, name, bad), true
		}
	}
	if !some {
		return nil, missing(names[0])
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return all, nil
}

// changeNumbers adds and removes numbers of a pending order [R].
func (c *call) changeNumbers() (any, error) {
	order, err := c.order()
	if err != nil {
		return nil, err
	}
	asked, err := c.addition("add", "remove")
	if err != nil {
		return nil, err
	}
	err = c.together(func(t *crm.Together) error {
		now, err := locked(t, order.rec.ID)
		if err != nil {
			return err
		}
		if status := now.text("status"); status != resource.PortOrderPending {
			return refused("The numbers of a port order can be changed while it is pending; this one is %s.", status)
		}
		have, err := numbersIn(t, now.rec.ID)
		if err != nil {
			return err
		}
		left := len(have)
		for _, n := range asked["remove"] {
			i := slices.IndexFunc(have, func(r row) bool { return r.text("number") == n })
			if i < 0 {
				return invalid{"remove": {n + " is not a number of this port order."}}
			}
			if err := t.Delete(have[i].res, have[i].rec.ID); err != nil {
				return err
			}
			left--
		}
		if left+len(asked["add"]) == 0 {
			return refused("A port order needs a number; cancel it instead.")
		}
		return addTo(t, now.rec.ID, have, asked["add"], asked["remove"])
	})
	if err != nil {
		return nil, err
	}
	return c.details()
}

func numbersIn(t *crm.Together, order int64) ([]row, error) {
	res := t.Catalog().Resource("portorderNumbers")
	recs, err := t.List(res, is(res, "portOrderId", filter.Eq, idValue(order)), maxParts)
	return rows(res, recs), err
}

// addTo adds the numbers that an order has not.
func addTo(t *crm.Together, order int64, have []row, add, removed []string) error {
	if len(have)+len(add) > maxParts {
		return invalid{"add": {"A port order has at most 1000 numbers."}}
	}
	for _, n := range add {
		if slices.ContainsFunc(have, func(r row) bool { return r.text("number") == n }) && !slices.Contains(removed, n) {
			continue
		}
		if err := insertNumbers(t, order, carrier(n), []string{n}); err != nil {
			return err
		}
	}
	return nil
}

// addNumbers adds numbers to a group: to its pending order of their carrier, or to a
// new one like its first [R the path, I where they go].
func (c *call) addNumbers() (any, error) {
	group, err := c.one("portorderGroups", "port order group", c.args[0])
	if err != nil {
		return nil, err
	}
	asked, err := c.addition("add")
	if err != nil {
		return nil, err
	}
	err = c.together(func(t *crm.Together) error {
		if _, err := t.Lock(group.res, group.rec.ID); err != nil {
			return err
		}
		res := t.Catalog().Resource("portorders")
		recs, err := t.List(res, is(res, "groupId", filter.Eq, idValue(group.rec.ID)), maxParts)
		if err != nil {
			return err
		}
		if len(recs) == 0 {
			return refused("The group has no port order.")
		}
		carriers, by := split(asked["add"])
		for _, k := range carriers {
			if err := c.addToGroup(t, group.rec.ID, rows(res, recs), k, by[k]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.group(group.rec.ID, false)
}

func (c *call) addToGroup(t *crm.Together, group int64, orders []row, k string, numbers []string) error {
	for _, o := range orders {
		if o.text("status") != resource.PortOrderPending {
			continue
		}
		have, err := numbersIn(t, o.rec.ID)
		if err != nil {
			return err
		}
		if len(have) > 0 && have[0].text("carrier") == k {
			return addTo(t, o.rec.ID, have, numbers, nil)
		}
	}
	like := crm.Input{}
	for _, list := range [][]attribute{details, loa} {
		for _, a := range list {
			switch v := orders[0].get(a.field); {
			case v.IsNull(), a.kind == urls:
			case a.kind == yes:
				like[a.field] = json.RawMessage(map[bool]string{true: "true", false: "false"}[v.I == 1])
			case a.field == "desiredCompletionDate":
				like[a.field] = quote(string(resource.AppendInstant(nil, v.I)))
			default:
				like[a.field] = quote(v.S)
			}
		}
	}
	return c.createOrder(t, group, like, k, numbers)
}

// signLOA signs the letter of authorisation: 201 with an empty body [R].
func (c *call) signLOA() (any, error) {
	order, err := c.order()
	if err != nil {
		return nil, err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	if body["data"] != nil {
		if body, _, err = attributes(body); err != nil {
			return nil, err
		}
	}
	input, bad := crm.Input{}, invalid{}
	take(signature, body, true, input, bad)
	object(loa, body, "loa_details", input, bad)
	if len(bad) > 0 {
		return nil, bad
	}
	input["loaSignedAt"] = quote(string(resource.AppendInstant(nil, c.ws.Records.Now().UnixMilli())))
	err = c.together(func(t *crm.Together) error {
		now, err := locked(t, order.rec.ID)
		if err != nil {
			return err
		}
		if status := now.text("status"); over(status) {
			return refused("The letter of a port order cannot be signed once it is %s.", status)
		}
		return t.Update(now.res, now.rec.ID, input)
	})
	return nil, err
}
