package sage

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Extra fields are records of one resource, addressed by the entity they extend:
// /extrafields/{entity} [DOC].

// declarations returns the resource of extra fields and the one that the path
// names, which they extend.
func (s *session) declarations(r *request) (fields, entity *resource.Resource, err error) {
	if entity, err = s.resource(r.values[0]); err != nil {
		return nil, nil, err
	}
	fields, err = s.resource("extrafields")
	return fields, entity, err
}

func (d *Dialect) extraFieldsSchema(s *session, w http.ResponseWriter, r *request) error {
	fields, _, err := s.declarations(r)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, d.schemaOf(fields))
	return nil
}

func (d *Dialect) listExtraFields(s *session, w http.ResponseWriter, r *request) error {
	fields, entity, err := s.declarations(r)
	if err != nil {
		return err
	}
	return d.listOf(s, w, r, fields, equals(fields, "entity", resource.TextValue(resource.Fold(entity.Name))))
}

func (d *Dialect) createExtraField(s *session, w http.ResponseWriter, r *request) error {
	fields, entity, err := s.declarations(r)
	if err != nil {
		return err
	}
	name, err := json.Marshal(entity.Name)
	if err != nil {
		return fault.New(fault.Internal, "").Because(err)
	}
	return d.createIn(s, w, r, fields, crm.Input{"entity": name})
}

// updateExtraField answers PUT /extrafields/{entity}/{id}, and deleteExtraField its
// DELETE. The documents have neither; both are ours, made after those of tabs.
func (d *Dialect) updateExtraField(s *session, w http.ResponseWriter, r *request) error {
	return d.updateFound(s, w, r, s.oneExtraField)
}

func (d *Dialect) deleteExtraField(s *session, w http.ResponseWriter, r *request) error {
	return d.deleteFound(s, w, r, s.oneExtraField)
}

func (d *Dialect) getExtraField(s *session, w http.ResponseWriter, r *request) error {
	fields, id, err := s.oneExtraField(r)
	if err != nil {
		return err
	}
	return d.respondRecord(s, w, r, fields, id)
}

// oneExtraField finds the extra field that the path names, which is one of the
// entity's.
func (s *session) oneExtraField(r *request) (fields *resource.Resource, id int64, err error) {
	fields, entity, err := s.declarations(r)
	if err != nil {
		return nil, 0, err
	}
	if id, err = recordID(r.values[1]); err != nil {
		return nil, 0, err
	}
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: fields,
		Base: filter.And{
			equals(fields, "entity", resource.TextValue(resource.Fold(entity.Name))),
			equals(fields, "id", resource.IntValue(id)),
		},
		Language: -1,
		Size:     1,
	})
	if err != nil {
		return nil, 0, err
	}
	if len(got.Keys) == 0 {
		return nil, 0, fault.New(fault.NotFound, "not exist")
	}
	return fields, id, nil
}

// extraFieldInput takes tables by the vendor's names for them, and the values behind
// dynamicField in the forms they come in: a list of numbers or of texts, or one text.
// The record keeps them as a list.
func extraFieldInput(in crm.Input, _ bool) error {
	if key, table, ok := sentText(in, "valueListRelated"); ok {
		if name, ok := vendorTables[strings.ToLower(table)]; ok {
			in[key] = quoted(name)
		}
	}
	const name = "dynamicFieldValues"
	key, raw, ok := sent(in, name)
	if !ok || string(raw) == "null" {
		return nil
	}
	ids := resource.Field{Name: name, Kind: resource.RefList, Table: "the table behind dynamicField"}
	if _, text, ok := sentText(in, name); ok {
		raw = json.RawMessage("[" + strings.Trim(text, "[]") + "]")
		if !json.Valid(raw) {
			return fault.InField(name, "%s must be ids, such as [475]", name)
		}
	}
	got, err := ids.Coerce(raw)
	if err != nil {
		return err
	}
	in[key] = quoted(got.Value.S)
	return nil
}

// equals is the condition that a field has a value; texts come folded.
func equals(res *resource.Resource, field string, v resource.Value) filter.Expr {
	return &filter.Compare{
		Path: filter.Path{Resource: res, Field: res.Field(field)},
		Op:   filter.Eq,
		Args: []resource.Value{v},
	}
}
