package sage

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Lists of values that a workspace makes are records of one resource, addressed by
// the name of the table that each of them is: /list/{table} [DOC]. The tables
// themselves are resources like any other: /list/{table}/{id} is /{table}/{id}.

// valueLists returns the resource of the lists themselves.
func (s *session) valueLists() (*resource.Resource, error) { return s.resource("list") }

// oneList returns the list that the path names.
func (s *session) oneList(r *request) (lists *resource.Resource, id int64, err error) {
	if lists, err = s.valueLists(); err != nil {
		return nil, 0, err
	}
	if err := crm.Permitted(s.actor, lists); err != nil {
		return nil, 0, err
	}
	table, err := s.resource(r.values[0])
	if err != nil {
		return nil, 0, err
	}
	if table.Base == "" {
		return nil, 0, fault.New(fault.NotOffered, "%s comes with the system: its values can be changed, the list itself cannot", table.Name)
	}
	return lists, table.Part, nil
}

// listLists answers GET /list. Lists that were deleted are not in it: nothing in
// the documented record could tell them apart.
func (d *Dialect) listLists(s *session, w http.ResponseWriter, r *request) error {
	lists, err := s.valueLists()
	if err != nil {
		return err
	}
	return d.listOf(s, w, r, lists, equals(lists, "deleted", resource.BoolValue(false)))
}

// createList answers POST /list with the list as it was made.
func (d *Dialect) createList(s *session, w http.ResponseWriter, r *request) error {
	lists, err := s.valueLists()
	if err != nil {
		return err
	}
	return d.createIn(s, w, r, lists, nil)
}

// updateList answers PUT /list/{table} with the list as it is now.
func (d *Dialect) updateList(s *session, w http.ResponseWriter, r *request) error {
	return d.updateFound(s, w, r, s.oneList)
}

// deleteList answers DELETE /list/{table}. The values stay as they are, and are not
// to be reached any more.
func (d *Dialect) deleteList(s *session, w http.ResponseWriter, r *request) error {
	return d.deleteFound(s, w, r, s.oneList)
}
