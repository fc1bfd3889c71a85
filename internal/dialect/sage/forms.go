package sage

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/resource"
)

// formState answers GET /forms/{id}/state.
func (d *Dialect) formState(s *session, w http.ResponseWriter, r *request) error {
	return d.ofForm(s, w, r, "statusId")
}

// formTemplate answers GET /forms/{id}/template.
func (d *Dialect) formTemplate(s *session, w http.ResponseWriter, r *request) error {
	return d.ofForm(s, w, r, "formTemplateId")
}

// ofForm answers with the record that a form refers to. By its path the id is that
// of a form; the documents say it is that of the state or template itself. So it
// is the form's where there is a form, and otherwise what the documents say.
func (d *Dialect) ofForm(s *session, w http.ResponseWriter, r *request, field string) error {
	forms, err := s.resource("forms")
	if err != nil {
		return err
	}
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	got, err := s.records.Get(r.Context(), s.actor, forms, nil, id)
	if err != nil {
		return err
	}
	f := forms.Field(field)
	if len(got.Rows) == 1 && got.Rows[0].Values[f.Index].Type == resource.Int {
		id = got.Rows[0].Values[f.Index].I
	}
	res, err := s.resource(f.Table)
	if err != nil {
		return err
	}
	return d.respondRecord(s, w, r, res, id)
}
