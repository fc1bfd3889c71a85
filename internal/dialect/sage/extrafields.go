package sage

import (
	"encoding/json"
	"net/http"

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

// equals is the condition that a field has a value; texts come folded.
func equals(res *resource.Resource, field string, v resource.Value) filter.Expr {
	return &filter.Compare{
		Path: filter.Path{Resource: res, Field: res.Field(field)},
		Op:   filter.Eq,
		Args: []resource.Value{v},
	}
}
