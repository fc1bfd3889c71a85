package scalepoint

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// noticeType is the media type of the part that makes a case; the others are its
	// attachments [R].
	noticeType = "application/vnd.casecreation+json"

	maxNotice = 1 << 20 // bytes of what is said of a case
	maxValues = 1000    // entries of a value list that are looked at

	// casePrefix is what the GUID of a case has in front in its token [R].
	casePrefix = "b."
)

// notice is what is known of the payload that makes a case. Its schema differs by
// tenant [R]: all of it is kept as the form of the case.
type notice struct {
	Company               word `json:"company"`
	CaseType              word `json:"caseType"`
	CaseNumber            word `json:"caseNumber"`
	FirstNotificationDate word `json:"firstNotificationDate"`
	Policy                struct {
		Number word `json:"number"`
	} `json:"policy"`
	Loss struct {
		Description word `json:"description"`
	} `json:"loss"`

	all json.RawMessage
}

// word is a text, which may be sent as a number.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(raw []byte) error {
	switch {
	case raw[0] == '"':
		return json.Unmarshal(raw, (*string)(w))
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		*w = word(raw)
	case raw[0] != 'n': // encoding/json adds the name of the member to errors of this type
		kind := map[byte]string{'{': "object", '[': "array"}[raw[0]]
		return &json.UnmarshalTypeError{Value: cmp.Or(kind, "boolean"), Type: reflect.TypeFor[string]()}
	}
	return nil
}

// readNotice reads the payload. member is what it is called in descriptions.
func readNotice(text []byte, member string) (n notice, err error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as intake.Schema does
	if err := json.Unmarshal(text, &n); err != nil {
		return n, badJSON(member, err)
	}
	if bytes.TrimSpace(text)[0] != '{' { // null
		return n, &problem{status: http.StatusBadRequest, Description: member + " is not ok. Reason: it is no JSON object"}
	}
	n.all = text
	return n, nil
}

// created is a case as the answer names it; the reference does not show one [I].
type created struct {
	ID         string `json:"id"`
	CaseNumber string `json:"caseNumber"`
	CaseToken  string `json:"caseToken"`
}

func createdFrom(r row) *created {
	return &created{r.text("guid"), r.text("number"), casePrefix + r.text("guid")}
}

// create makes a case in the status that is the first of those that are open.
func (c *call) create(t *crm.Together, n notice) (row, error) {
	if c.ses.Target != "" {
		return row{}, &unauthorized{c.cfg.MissingScope, `Bearer error="insufficient_scope"`}
	}
	res := t.Catalog().Resource("cases")
	status, err := firstOpen(t)
	if err != nil {
		return row{}, err
	}
	kind, err := typeOf(t, string(n.CaseType))
	if err != nil {
		return row{}, err
	}
	input := crm.Input{"typeId": number(kind), "statusId": number(status), "ownerId": number(c.actor.UserID), "form": n.all}
	for field, text := range map[string]string{
		"number": string(n.CaseNumber), "insuranceCompanyAlias": c.ses.Grant.InsuranceCompanyAlias,
		"policyNumber": string(n.Policy.Number), "description": string(n.Loss.Description),
		"openedDate": string(n.FirstNotificationDate),
	} {
		if strings.TrimSpace(text) != "" {
			input[field] = quote(text)
		}
	}
	id, err := t.Create(res, input)
	if err != nil {
		return row{}, inNotice(err)
	}
	rec, err := t.Lock(res, id)
	return row{res, rec}, err
}

// inNotice names the member that a field of a case comes from.
func inNotice(err error) error {
	member, ok := map[string]string{
		"number": "caseNumber", "policyNumber": "policy.number", "description": "loss.description",
		"openedDate": "firstNotificationDate", "form": "The payload",
	}[fault.FieldOf(err)]
	status := statuses[fault.KindOf(err)]
	if !ok || status == 0 {
		return err
	}
	if status == http.StatusConflict {
		return &problem{status: status, Description: member + " is not ok. Reason: there is such a case already"}
	}
	return &problem{status: status, Description: member + " is not ok. Reason: " + strings.Replace(fault.Message(err), fault.FieldOf(err), member, 1)}
}

// firstOpen is the first status of cases that is no end.
func firstOpen(t *crm.Together) (int64, error) {
	res := t.Catalog().Resource("caseStatuses")
	all, err := t.List(res, equal(res, "closed", resource.BoolValue(false)), 1)
	switch {
	case err != nil:
		return 0, err
	case len(all) == 0:
		return 0, &problem{status: http.StatusConflict, Description: "There is no status that an open case could have; make one in /api/v4/caseStatuses."}
	}
	return all[0].ID, nil
}

// typeOf is the type of case with a name, in any language, or a prefix; or the first
// one when none has it: what clients call their types is between them and the tenant
// [I]. The form keeps the name.
func typeOf(t *crm.Together, name string) (int64, error) {
	res := t.Catalog().Resource("caseTypes")
	all, err := t.List(res, nil, maxValues)
	switch {
	case err != nil:
		return 0, err
	case len(all) == 0:
		return 0, &problem{status: http.StatusConflict, Description: "There is no type that a case could have; make one in /api/v4/caseTypes."}
	}
	for _, rec := range all {
		for _, field := range append(res.LabelFields, "prefix") {
			if v := rec.Values[res.Field(field).Index]; v.S != "" && resource.Fold(v.S) == resource.Fold(strings.TrimSpace(name)) {
				return rec.ID, nil
			}
		}
	}
	return all[0].ID, nil
}

// quote is a text as crm takes it.
func quote(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil {
		return nil // cannot happen: a text
	}
	return raw
}

func number(n int64) json.RawMessage { return strconv.AppendInt(nil, n, 10) }

// parameter is one of the query, whose names are known in any letter case like all else
// [K ASP.NET]; "" = there is none.
func (c *call) parameter(name string) string {
	query := c.r.URL.Query()
	for _, have := range slices.Sorted(maps.Keys(query)) {
		if strings.EqualFold(have, name) {
			return query.Get(have)
		}
	}
	return ""
}

// submitNotice takes a first notice of loss with its attachments, all or none [R].
func (c *call) submitNotice() (_ any, err error) {
	defer fault.Wrap(&err, "scalepoint.submitNotice")
	ctx := c.r.Context()
	company := c.parameter("company")
	if strings.TrimSpace(company) == "" {
		return nil, missing("company in the query")
	}
	if err := c.checkAlias("company in the query", company); err != nil {
		return nil, err
	}
	in, err := intake.NewBody(c.r, c.maxBody())
	if err != nil {
		return nil, err
	}
	batch := c.ws.Documents.Batch()
	defer batch.Discard(ctx)
	body, err := c.readParts(ctx, in, batch)
	if err != nil {
		return nil, err
	}
	if len(body.Fields) != 1 {
		return nil, &problem{status: http.StatusBadRequest, Description: fmt.Sprintf(
			"The body has %d parts of type %s; exactly one makes the case.", len(body.Fields), noticeType)}
	}
	n, err := readNotice(body.Fields[0].Text, "The part of type "+noticeType)
	if err != nil {
		return nil, err
	}
	answer := accepted{Success: true}
	reqs := make([]document.Request, len(body.Files))
	for i, f := range body.Files {
		member := fmt.Sprintf("attachment %d, ", i+1)
		if f.Size == 0 {
			return nil, missing(member + "its contents")
		}
		var id string
		if reqs[i], id, err = c.request(member, submittedFile{FileName: document.BaseName(f.Part.FileName), ContentType: f.Part.Type}, 0); err != nil {
			return nil, err
		}
		answer.Payload.Files = append(answer.Payload.Files, acceptedFile{id, reqs[i].Name})
	}
	_, err = batch.Together(ctx, c.actor, c.ws.Records, func(t *crm.Together) ([]document.Request, []int64, error) {
		r, err := c.create(t, n)
		if err != nil {
			return nil, nil, err
		}
		for i := range reqs {
			reqs[i].Resource, reqs[i].RecordID = r.res, r.rec.ID
		}
		answer.Payload.Case = createdFrom(r)
		return reqs, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// readParts reads a multipart body and stages its attachments.
func (c *call) readParts(ctx context.Context, in io.Reader, batch *document.Batch) (*intake.Fields, error) {
	limits := intake.Limits{Value: maxNotice, Values: maxNotice, File: c.cfg.MaxFile, Files: maxFiles}
	choose := func(p intake.Part) intake.Rule {
		if p.Type == noticeType {
			return intake.Rule{Do: intake.Capture}
		}
		return intake.Rule{Do: intake.Keep}
	}
	return intake.Multipart(ctx, in, c.r.Header.Get("Content-Type"), limits, choose, batch.Create)
}

// createCase makes a case without attachments: unified case creation [R].
func (c *call) createCase() (_ any, err error) {
	defer fault.Wrap(&err, "scalepoint.createCase")
	in, err := intake.NewBody(c.r, maxNotice)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, intake.ReadFault(err)
	}
	n, err := readNotice(text, "The body")
	if err != nil {
		return nil, err
	}
	// Of the smallest body [R], what the path does not say.
	for _, m := range []struct {
		name  string
		value word
	}{{"company", n.Company}, {"caseType", n.CaseType}, {"caseNumber", n.CaseNumber}, {"policy.number", n.Policy.Number}} {
		if strings.TrimSpace(string(m.value)) == "" {
			return nil, missing(m.name)
		}
	}
	answer := accepted{Success: true}
	err = c.ws.Records.Together(c.r.Context(), c.actor, func(t *crm.Together) error {
		r, err := c.create(t, n)
		if err != nil {
			return err
		}
		answer.Payload.Case = createdFrom(r)
		return nil
	})
	return answer, err
}

// caseData is what is told of a case; the reference shows none [I].
type caseData struct {
	created
	CaseType              string          `json:"caseType"`
	Status                string          `json:"status"`
	Closed                bool            `json:"closed"`
	InsuranceCompanyAlias string          `json:"insuranceCompanyAlias"`
	Policy                policy          `json:"policy"`
	Opened                *string         `json:"opened"` // RFC 3339, UTC
	ClosedAt              *string         `json:"closedAt"`
	Data                  json.RawMessage `json:"data"` // as it was created
}

type policy struct {
	Number string `json:"number"`
}

// caseByToken shows the case with a token. A bare GUID does, too.
func (c *call) caseByToken() (any, error) {
	guid := c.args[len(c.args)-1]
	if len(guid) > len(casePrefix) && strings.EqualFold(guid[:len(casePrefix)], casePrefix) {
		guid = guid[len(casePrefix):]
	}
	return c.show("guid", guid, "caseToken")
}

// caseByNumber shows the case with a number. Numbers are unique: the type before it
// need not be known [I].
func (c *call) caseByNumber() (any, error) {
	return c.show("number", c.args[len(c.args)-1], "caseNumber")
}

func (c *call) show(field, value, member string) (_ any, err error) {
	defer fault.Wrap(&err, "scalepoint.show")
	ctx := c.r.Context()
	none := notOK(http.StatusNotFound, typeNoCase, member, value, "Case was not found")
	found, err := dialect.Find(ctx, c.ws, c.actor, "cases", field, value)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, none
		}
		return nil, err
	}
	r := row{found.Resource, found.Rows[0]}
	if !c.reaches(r) {
		return nil, none
	}
	data := caseData{
		created: *createdFrom(r), InsuranceCompanyAlias: r.text("insuranceCompanyAlias"), Policy: policy{r.text("policyNumber")},
		Opened: r.instant("openedDate"), ClosedAt: r.instant("closedDate"), Data: json.RawMessage("null"),
	}
	if form := r.text("form"); form != "" {
		data.Data = json.RawMessage(form)
	}
	catalog := c.ws.Records.Catalog()
	for name, to := range map[string]*string{"typeId": &data.CaseType, "statusId": &data.Status} {
		f := r.res.Field(name)
		if id := r.rec.Values[f.Index]; !id.IsNull() {
			*to, _ = found.Titles.Of(catalog.Resource(f.Table), id.I, -1)
		}
	}
	if id := r.get("statusId"); !id.IsNull() {
		res := catalog.Resource("caseStatuses")
		status, err := c.ws.Records.Get(ctx, c.actor, res, nil, id.I)
		if err != nil {
			return nil, err
		}
		data.Closed = len(status.Rows) > 0 && status.Rows[0].Values[res.Field("closed").Index].I == 1
	}
	return data, nil
}

// instant is a time, nil for null.
func (r row) instant(name string) *string {
	v := r.get(name)
	if v.IsNull() {
		return nil
	}
	text := time.UnixMilli(v.I).UTC().Format(time.RFC3339)
	return &text
}

// deletion is the body that asks for the deletion of a case [R].
type deletion struct {
	IdentifierType word `json:"caseIdentifierType"`
	CaseNumber     word `json:"caseNumber"`
	Execute        bool `json:"execute"`
}

// deleted is the answer to it [R].
type deleted struct {
	RequestID string `json:"requestId"`
	Found     bool   `json:"found"`
	Deleted   bool   `json:"deleted"`
}

// byNumber is the only way to name a case that is known [R].
const byNumber = "CaseNumberRequest"

// deleteCase deletes a case, or tells whether it would [R].
func (c *call) deleteCase() (_ any, err error) {
	defer fault.Wrap(&err, "scalepoint.deleteCase")
	in, err := intake.NewBody(c.r, maxForm)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, intake.ReadFault(err)
	}
	var body deletion
	switch err := json.Unmarshal(text, &body); {
	case err != nil:
		return nil, badJSON("The body", err)
	case body.IdentifierType != byNumber:
		return nil, notOK(http.StatusBadRequest, "", "caseIdentifierType", string(body.IdentifierType), "it has to be %s", byNumber)
	case strings.TrimSpace(string(body.CaseNumber)) == "":
		return nil, missing("caseNumber")
	}
	id, err := c.uuid()
	if err != nil {
		return nil, err
	}
	answer := deleted{RequestID: id}
	err = c.ws.Records.Together(c.r.Context(), c.actor, func(t *crm.Together) error {
		answer.Found, answer.Deleted = false, false
		r, err := c.lockBy(t, cases, "number", string(body.CaseNumber), nil)
		if r.rec == nil {
			return err
		}
		if answer.Found = true; !body.Execute {
			return nil
		}
		answer.Deleted = true
		return t.Delete(r.res, r.rec.ID)
	})
	return answer, err
}
