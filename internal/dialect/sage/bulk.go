package sage

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// bulkOutcome is the message of an item that went well [DOC].
var bulkOutcome = map[crm.Operation]string{
	crm.BulkCreate: "Entity create success",
	crm.BulkUpdate: "Entity update success",
	crm.BulkDelete: "Entity delete success",
}

func (d *Dialect) bulkCreate(s *session, w http.ResponseWriter, r *request) error {
	return d.bulk(s, w, r, crm.BulkCreate)
}

func (d *Dialect) bulkUpdate(s *session, w http.ResponseWriter, r *request) error {
	return d.bulk(s, w, r, crm.BulkUpdate)
}

func (d *Dialect) bulkDelete(s *session, w http.ResponseWriter, r *request) error {
	return d.bulk(s, w, r, crm.BulkDelete)
}

// bulk answers POST, PUT and DELETE /{resource}/bulk: an array of
// {"guid", "id", "data"} gives an array of {"code", "guid", "id", "message"} in
// the same order, status 200 also when items failed.
func (d *Dialect) bulk(s *session, w http.ResponseWriter, r *request, op crm.Operation) error {
	res, err := s.resource(r.values[0])
	if err != nil {
		return err
	}
	body, err := r.readBody(w, maxBulkBody)
	if err != nil {
		return err
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	raw, ok := splitArray(body, op.Limit()+1) // one more, for crm to refuse
	if !ok {
		return fault.New(fault.Invalid, "the body must be an array of items")
	}
	items := make([]crm.Item, len(raw))
	guids := make([]json.RawMessage, len(raw))
	for i := range raw {
		items[i], guids[i] = bulkItem(raw[i], op)
		if change := quirkOf(res).input; change != nil && items[i].Input != nil && items[i].Err == nil {
			items[i].Err = change(items[i].Input, op == crm.BulkCreate)
		}
	}
	outcomes, err := s.records.Bulk(r.Context(), s.actor, res, op, items)
	if err != nil {
		return err
	}
	answer := []byte{'['}
	for i, o := range outcomes {
		if i > 0 {
			answer = append(answer, ',')
		}
		code, message := 1, bulkOutcome[op]
		if o.Err != nil {
			code, message = shapes[fault.KindOf(o.Err)].code, fault.Message(o.Err)
		}
		answer = append(answer, `{"code":`...)
		answer = strconv.AppendInt(answer, int64(code), 10)
		answer = append(answer, `,"guid":`...)
		answer = append(answer, guids[i]...)
		answer = append(answer, `,"id":`...)
		answer = strconv.AppendInt(answer, o.ID, 10)
		answer = append(answer, `,"message":`...)
		answer = append(resource.AppendText(answer, message), '}')
	}
	respond(w, http.StatusOK, append(answer, ']'))
	return nil
}

// bulkItem reads one item. A bad one becomes an item with its error; the guid
// comes back as it was sent, whatever JSON it is. An id that stands in the data
// alone counts: a client sends all its updates so, and takes any array for
// success [CLIENT].
func bulkItem(raw json.RawMessage, op crm.Operation) (crm.Item, json.RawMessage) {
	guid := json.RawMessage("null")
	object, ok := splitObject(raw)
	if !ok {
		return crm.Item{Err: fault.New(fault.Invalid, "an item must be an object with guid, id and data")}, guid
	}
	m, err := byName(object)
	if err != nil {
		return crm.Item{Err: err}, guid
	}
	if v, ok := m["guid"]; ok {
		guid = v
	}
	var item crm.Item
	var inner members
	if data, ok := m["data"]; ok {
		if item.Input, ok = splitObject(data); !ok {
			item.Err = fault.InField("data", "data must be an object")
		} else if op == crm.BulkUpdate {
			inner, item.Err = byName(item.Input)
		}
	}
	switch {
	case item.Err != nil:
	case item.Input == nil && op != crm.BulkDelete:
		item.Err = fault.InField("data", "data is required")
	case op != crm.BulkCreate:
		if item.ID, item.Err = m.integer("id"); item.ID == 0 && item.Err == nil {
			item.ID, item.Err = inner.integer("id")
		}
	}
	return item, guid
}
