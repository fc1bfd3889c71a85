package sage

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
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
	body, err := readBody(w, r.Request, maxBulkBody)
	if err != nil {
		return err
	}
	var raw []json.RawMessage
	if err := decode(body, &raw, "an array of items"); err != nil {
		return err
	}
	items := make([]crm.Item, len(raw))
	guids := make([]json.RawMessage, len(raw))
	for i := range raw {
		items[i], guids[i] = bulkItem(raw[i], op)
		if change := quirks[res.Name].input; change != nil && items[i].Input != nil && items[i].Err == nil {
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
		answer = append(appendString(answer, message), '}')
	}
	respond(w, http.StatusOK, append(answer, ']'))
	return nil
}

// bulkItem reads one item. A bad one becomes an item with its error; the guid
// comes back as it was sent, whatever JSON it is.
func bulkItem(raw json.RawMessage, op crm.Operation) (crm.Item, json.RawMessage) {
	guid := json.RawMessage("null")
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		return crm.Item{Err: fault.New(fault.Invalid, "an item must be an object with guid, id and data")}, guid
	}
	var item crm.Item
	for name, v := range members {
		switch strings.ToLower(name) {
		case "guid":
			guid = v
		case "id":
			id, err := strconv.ParseInt(strings.Trim(string(v), `"`), 10, 64)
			if err != nil {
				item.Err = fault.InField("id", "id must be a number")
			}
			item.ID = id
		case "data":
			if err := json.Unmarshal(v, &item.Input); err != nil {
				item.Err = fault.InField("data", "data must be an object")
			}
		}
	}
	if op != crm.BulkDelete && item.Input == nil && item.Err == nil {
		item.Err = fault.InField("data", "data is required")
	}
	if op == crm.BulkCreate {
		item.ID = 0
	}
	return item, guid
}
