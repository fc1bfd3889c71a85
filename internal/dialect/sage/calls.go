package sage

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// callLayout is the form of dates of calls, and of no other dates [DOC].
	callLayout = "2006/01/02 15:04:05"

	// noCallDate is how calls write that there is no date [DOC].
	noCallDate = `"0001/01/01 00:00:00"`
)

// callInput completes what a client sent for a call. The documents require the
// account, and show calls without one: so it has to be said, if only by -1.
func callInput(in crm.Input, creating bool) error {
	if _, _, ok := sent(in, "accountId"); creating && !ok {
		return required("accountId")
	}
	var moments [2]int64
	both := true
	for i, name := range []string{"startDate", "endDate"} {
		key, text, ok := sentText(in, name)
		if ok && `"`+text+`"` == noCallDate {
			in[key], ok = json.RawMessage("null"), false
		}
		ms, err := resource.ParseInstant(text)
		both = both && ok && err == nil
		moments[i] = ms
	}
	if length := moments[1] - moments[0]; both && length >= 0 && !given(in, "duration") {
		key, _, _ := sent(in, "duration")
		in[key] = strconv.AppendInt(nil, length/1000, 10)
	}
	return nil
}

// createCalls answers POST /calls with an array of what it made [DOC]. The body is
// a call, or several in an array: the documents send one and show two answers.
func (d *Dialect) createCalls(s *session, w http.ResponseWriter, r *request) error {
	body, err := r.readBody(w, maxRecordBody)
	if err != nil {
		return err
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	calls, ok := splitArray(body, crm.MaxBulk+1) // one more, for crm to refuse
	if !ok {
		calls = []json.RawMessage{body}
	}
	inputs := make([]crm.Input, len(calls))
	for i, call := range calls {
		if inputs[i], ok = splitObject(call); !ok {
			return fault.New(fault.Invalid, "the body must be a call or an array of calls")
		}
	}
	res, ids, err := d.addCalls(s, r, inputs)
	if err != nil {
		return err
	}
	rows, err := d.rowsOf(s, r, res, ids...)
	if err != nil {
		return err
	}
	respondRows(w, rows, 0, false)
	return nil
}

func (d *Dialect) addCalls(s *session, r *request, inputs []crm.Input) (*resource.Resource, []int64, error) {
	res, err := s.resource("calls")
	if err != nil {
		return nil, nil, err
	}
	for i := range inputs {
		if inputs[i] == nil {
			inputs[i] = crm.Input{} // null: what is required is missing
		}
		if err := callInput(inputs[i], true); err != nil {
			return nil, nil, err
		}
	}
	ids, err := s.records.CreateAll(r.Context(), s.actor, res, inputs...)
	return res, ids, err
}

// identifyCall answers POST /calls/identify: a call whose user is named by
// userPhoneFM, a telephone number in any spelling. The prose beside it speaks of
// the user's e-mail address, which is taken too [DOC].
func (d *Dialect) identifyCall(s *session, w http.ResponseWriter, r *request) error {
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	const by = "userPhoneFM"
	_, raw, _ := sent(input, by)
	name, err := members{strings.ToLower(by): raw}.text(by) // may be a number
	if err != nil {
		return err
	}
	user, err := s.userCalled(r.Context(), strings.TrimSpace(name))
	if err != nil {
		return err
	}
	if user == 0 {
		return fault.InField(by, "%s: there is no user with this telephone number", by)
	}
	key, _, _ := sent(input, "salesRepId")
	input[key] = strconv.AppendInt(nil, user, 10)
	if _, _, err := d.addCalls(s, r, []crm.Input{input}); err != nil {
		return err
	}
	respond(w, http.StatusOK, []byte(bodyPlain))
	return nil
}

// userCalled returns the first user with a telephone number or an e-mail address,
// 0 when there is none.
func (s *session) userCalled(ctx context.Context, name string) (int64, error) {
	users, err := s.resource("users")
	if err != nil {
		return 0, err
	}
	if !strings.Contains(name, "@") {
		rows, err := s.withPhone(ctx, users, name)
		if err != nil || len(rows) == 0 {
			return 0, err
		}
		return rows[0].ID, nil
	}
	got, err := s.records.List(ctx, s.actor, crm.ListRequest{
		Resource: users,
		Base: filter.And{
			equals(users, "email", resource.TextValue(resource.Fold(name))),
			equals(users, "deleted", resource.BoolValue(false)),
		},
		Language: -1,
		Size:     1,
	})
	if err != nil || len(got.Keys) == 0 {
		return 0, err
	}
	return got.Keys[0].ID, nil
}

// findPhone answers GET /calls/phone/{number} with everybody who has the number,
// in whatever spelling and in whichever of their telephone fields. The account of
// a contact stands at the place of the contact, as in the example [DOC]; accounts
// that have the number themselves follow. What the caller does not see is left out.
func (d *Dialect) findPhone(s *session, w http.ResponseWriter, r *request) error {
	found := map[string][]*resource.Record{}
	for _, name := range []string{"users", "contacts", "accounts"} {
		res, err := s.resource(name)
		if err != nil {
			return err
		}
		if found[name], err = s.withPhone(r.Context(), res, r.values[0]); err != nil {
			return err
		}
	}
	var users, contacts, accounts []int64
	for _, u := range found["users"] {
		users = append(users, u.ID)
	}
	of := s.catalog.Resource("contacts").Field("accountId").Index
	for _, c := range found["contacts"] {
		contacts = append(contacts, c.ID)
		if v := c.Values[of]; !v.IsNull() {
			accounts = append(accounts, v.I)
		}
	}
	for _, a := range found["accounts"] {
		accounts = append(accounts, a.ID)
	}
	var err error
	if accounts, err = s.records.Seen(r.Context(), s.actor, s.catalog.Resource("accounts"), accounts...); err != nil {
		return err
	}
	body := append([]byte(`{"userIds":`), resource.ListValue(users).S...)
	body = append(append(body, `,"contactIds":`...), resource.ListValue(contacts).S...)
	body = append(append(body, `,"accountIds":`...), resource.ListValue(accounts).S...)
	respond(w, http.StatusOK, append(body, '}'))
	return nil
}

// maxPhoneOwners is how many records with the same last digits are looked at.
const maxPhoneOwners = 1000

// withPhone returns the records that have a telephone number and are not deleted,
// by id. The index finds those whose last digits are the same.
func (s *session) withPhone(ctx context.Context, res *resource.Resource, number string) ([]*resource.Record, error) {
	tail := resource.PhoneTail(number)
	if tail.IsNull() {
		return nil, nil
	}
	var phones []*resource.Field
	var alike filter.Or
	for i := range res.Fields {
		if f := &res.Fields[i]; f.TailOf != "" {
			phones = append(phones, res.Field(f.TailOf))
			alike = append(alike, equals(res, f.Name, tail))
		}
	}
	got, err := s.records.List(ctx, s.actor, crm.ListRequest{
		Resource: res,
		Base:     filter.And{alike, equals(res, "deleted", resource.BoolValue(false))},
		Language: -1,
		Size:     maxPhoneOwners,
		Order:    "id ASC",
	})
	if err != nil {
		return nil, err
	}
	var same []*resource.Record
	for _, rec := range got.Rows {
		for _, f := range phones {
			if resource.SamePhone(rec.Values[f.Index].S, number) {
				same = append(same, rec)
				break
			}
		}
	}
	return same, nil
}
