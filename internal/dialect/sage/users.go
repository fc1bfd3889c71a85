package sage

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// userRolesCount is the page size of GET /users/{id}/roles [DOC].
const userRolesCount = 100

// userRoles are the roles of the user that a path names.
func (s *session) userRoles(r *request) (users *resource.Resource, id int64, roles []int64, err error) {
	if users, err = s.resource("users"); err != nil {
		return nil, 0, nil, err
	}
	if id, err = recordID(r.values[0]); err != nil {
		return nil, 0, nil, err
	}
	got, err := s.records.Get(r.Context(), s.actor, users, nil, id)
	if err != nil {
		return nil, 0, nil, err
	}
	if len(got.Rows) == 0 {
		return nil, 0, nil, fault.New(fault.NotFound, "not exist")
	}
	roles, err = got.Rows[0].Values[users.Field("roles").Index].IDs()
	return users, id, roles, err
}

// listUserRoles answers GET /users/{id}/roles.
func (d *Dialect) listUserRoles(s *session, w http.ResponseWriter, r *request) error {
	_, _, ids, err := s.userRoles(r)
	if err != nil {
		return err
	}
	res, err := s.resource("roles")
	if err != nil {
		return err
	}
	r.count = userRolesCount
	return d.listOf(s, w, r, res, oneOf(res, "id", ids))
}

// addUserRoles answers PUT /users/{id}/roles: the roles in rolesId are added to
// those that the user has [DOC].
func (d *Dialect) addUserRoles(s *session, w http.ResponseWriter, r *request) error {
	return d.changeUserRoles(s, w, r, func(have, named []int64) []int64 {
		have = append(have, named...)
		slices.Sort(have)
		return slices.Compact(have)
	})
}

// removeUserRoles answers DELETE /users/{id}/roles: the roles in rolesId are taken
// from the user [DOC]. The example has no body, which names no role and therefore
// takes none; clients that cannot send one use ?rolesId=32,33, which is ours.
func (d *Dialect) removeUserRoles(s *session, w http.ResponseWriter, r *request) error {
	return d.changeUserRoles(s, w, r, func(have, named []int64) []int64 {
		return slices.DeleteFunc(have, func(id int64) bool { return slices.Contains(named, id) })
	})
}

// changeUserRoles changes a user's roles and answers with those that he has then.
func (d *Dialect) changeUserRoles(s *session, w http.ResponseWriter, r *request, change func(have, named []int64) []int64) error {
	named, err := rolesNamed(w, r)
	if err != nil {
		return err
	}
	users, id, _, err := s.userRoles(r)
	if err != nil {
		return err
	}
	roles := users.Field("roles").Index
	var now []int64
	err = s.records.Modify(r.Context(), s.actor, users, id, func(old *resource.Record) (crm.Input, error) {
		have, err := old.Values[roles].IDs()
		if err != nil {
			return nil, err
		}
		now = change(have, named)
		return crm.Input{"roles": json.RawMessage(resource.ListValue(now).S)}, nil
	})
	if err != nil {
		return err
	}
	res, err := s.resource("roles")
	if err != nil {
		return err
	}
	rows, err := d.rowsOf(s, r, res, now...)
	if err != nil {
		return err
	}
	respondRows(w, rows, 0, false)
	return nil
}

// rolesNamed reads {"rolesId":[32]}.
func rolesNamed(w http.ResponseWriter, r *request) ([]int64, error) {
	body, err := r.readBody(w, maxRecordBody)
	if err != nil {
		return nil, err
	}
	var in crm.Input
	if len(bytes.TrimSpace(body)) > 0 {
		if in, err = objectIn(body); err != nil {
			return nil, err
		}
	}
	_, raw, ok := sent(in, "rolesId")
	switch {
	case ok:
	case r.query["rolesid"] != "":
		raw = json.RawMessage("[" + r.query["rolesid"] + "]")
		if !json.Valid(raw) {
			return nil, fault.InField("rolesId", "rolesId must be ids of roles")
		}
	case r.Method == http.MethodPut:
		return nil, required("rolesId")
	}
	f := resource.Field{Name: "rolesId", Kind: resource.RefList, Table: "roles"}
	list, err := f.Coerce(raw)
	if err != nil {
		return nil, err
	}
	return list.Value.IDs()
}

// listRoleUsers answers GET /roles/{id}/users.
func (d *Dialect) listRoleUsers(s *session, w http.ResponseWriter, r *request) error {
	roles, err := s.resource("roles")
	if err != nil {
		return err
	}
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	if err := s.mustExist(r, owner{roles, id}); err != nil {
		return err
	}
	res, err := s.resource("users")
	if err != nil {
		return err
	}
	rd := d.renderer(s, res, variantOf(s, r))
	rd.variant.shape, rd.plan = ofRole, newPlan(s.catalog, res, roleUsers)
	return d.listWith(s, w, r, rd, oneOf(res, "roles", []int64{id}))
}

// oneOf is the condition that a field is, or a list has, one of ids.
func oneOf(res *resource.Resource, field string, ids []int64) filter.Expr {
	if len(ids) == 0 {
		return filter.Never{}
	}
	args := make([]resource.Value, len(ids))
	for i, id := range ids {
		args[i] = resource.IntValue(id)
	}
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: filter.In, Args: args}
}

// userScores answers GET /users/scores?offset=&count=.
func (d *Dialect) userScores(s *session, w http.ResponseWriter, r *request) error {
	skip, count, _ := offsets(r.query)
	if count == 0 {
		count = r.pageSize()
	}
	scores, at, err := s.records.Scores(r.Context(), s.actor, skip, count)
	if err != nil {
		return err
	}
	money := s.catalog.Resource("sales").Field("total").Scale
	rows := make([][]byte, len(scores))
	for i, score := range scores {
		row := strconv.AppendInt([]byte(`{"id":`), score.UserID, 10)
		row = append(resource.AppendInstant(append(row, `,"lastUpdate":"`...), at.UnixMilli()), '"')
		row = strconv.AppendInt(append(row, `,"points":`...), score.Points, 10)
		row = resource.AppendNumber(append(row, `,"sales":`...), score.Sales, money)
		rows[i] = append(row, '}')
	}
	respondRows(w, rows, 0, false)
	return nil
}

// getPoints answers GET /activity/points.
func (d *Dialect) getPoints(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource("activityPoints")
	if err != nil {
		return err
	}
	return d.respondRecord(s, w, r, res, crm.PointsID)
}

// putPoints answers PUT /activity/points: a partial update.
func (d *Dialect) putPoints(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource("activityPoints")
	if err != nil {
		return err
	}
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	return d.updateOf(s, w, r, res, crm.PointsID, input)
}
