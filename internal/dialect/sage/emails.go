package sage

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// createEmails answers POST /emails: one record for each address in emailTo, all
// or none, and an array of what became of each [DOC].
func (d *Dialect) createEmails(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource("emails")
	if err != nil {
		return err
	}
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	to, err := recipients(input)
	if err != nil {
		return err
	}
	// What they share is read once: it can be long, and so can the list.
	if err := emailInput(input, true); err != nil {
		return err
	}
	inputs := make([]crm.Input, len(to))
	for i, address := range to {
		inputs[i] = maps.Clone(input)
		maps.DeleteFunc(inputs[i], func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, "emailTo") })
		inputs[i]["emailTo"] = quoted(address)
	}
	ids, err := s.records.CreateAll(r.Context(), s.actor, res, inputs...)
	if err != nil {
		return err
	}
	body := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"id":`...)
		body = strconv.AppendInt(body, id, 10)
		body = append(body, `,"emailTo":`...)
		body = append(resource.AppendText(body, to[i]), '}')
	}
	respond(w, http.StatusOK, append(body, ']'))
	return nil
}

// recipients are the addresses in emailTo, a list or a single text.
func recipients(in crm.Input) ([]string, error) {
	_, raw, _ := sent(in, "emailTo")
	var one string
	var all, to []string
	switch {
	case raw == nil || string(raw) == "null":
	case raw[0] == '[':
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, fault.InField("emailTo", "emailTo must be a list of addresses").Because(err)
		}
	default:
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, fault.InField("emailTo", "emailTo must be a list of addresses").Because(err)
		}
		all = []string{one}
	}
	for _, address := range all {
		if address = strings.TrimSpace(address); address != "" {
			to = append(to, address)
		}
	}
	switch {
	case len(to) == 0:
		return nil, required("emailTo")
	case len(to) > crm.MaxBulk:
		return nil, fault.InField("emailTo", "emailTo: an e-mail has at most %d recipients; these are %d", crm.MaxBulk, len(to))
	}
	return to, nil
}

// emailInput brings an e-mail into the form that it is kept in: a date may come
// as the object that answers have, and attachments are a list.
func emailInput(in crm.Input, _ bool) error {
	if key, raw, ok := sent(in, "date"); ok && raw[0] == '{' {
		var moment struct {
			Time json.RawMessage `json:"time"`
		}
		if err := json.Unmarshal(raw, &moment); err != nil || moment.Time == nil {
			return fault.InField("date", "date must be a date, or an object with time").Because(err)
		}
		in[key] = moment.Time
	}
	key, raw, ok := sent(in, "attachments")
	if !ok || string(raw) == "null" {
		return nil
	}
	list, err := attachments(raw)
	if err == nil {
		in[key] = list
	}
	return err
}

// attachments reads a list of attachments as the text that is kept and shown:
// [{"id":1,"name":"a.pdf","size":100}]. The ids count within the e-mail, which is
// ours: the documents show no way to fetch one by it. size is in bytes.
func attachments(raw json.RawMessage) (json.RawMessage, error) {
	var list []struct {
		Name *string          `json:"name"`
		Size *json.RawMessage `json:"size"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fault.InField("attachments", "attachments must be a list of objects with name and size").Because(err)
	}
	text := []byte{'['}
	for i, a := range list {
		if a.Name == nil || strings.TrimSpace(*a.Name) == "" {
			return nil, fault.InField("attachments", "attachments: name is required")
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(append(text, `{"id":`...), int64(i+1), 10)
		text = resource.AppendText(append(text, `,"name":`...), *a.Name)
		text = append(text, `,"size":`...)
		size := resource.Value{}
		if a.Size != nil {
			f := resource.Field{Name: "size", Kind: resource.Integer}
			c, err := f.Coerce(*a.Size)
			if err != nil {
				return nil, fault.InField("attachments", "attachments: %s", fault.Message(err))
			}
			size = c.Value
		}
		if size.IsNull() {
			text = append(text, "null"...)
		} else {
			text = strconv.AppendInt(text, size.I, 10)
		}
		text = append(text, '}')
	}
	return quoted(string(append(text, ']'))), nil
}
