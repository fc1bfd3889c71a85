package scalepoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	maxFiles   = 100  // of one request
	maxName    = 500  // characters [R]
	maxComment = 6000 // characters; ours
)

// maxBody is the length of the longest body: ten of the largest files in base64, with
// escapes and line breaks in it [I].
func (d *Dialect) maxBody() int64 { return 14*d.cfg.MaxFile + intake.DefaultValues }

// submission is the body of a file submission [R]. Names are known in any letter case
// and unknown members are skipped [I, from the vendor's platform].
func (d *Dialect) submission() intake.Spec {
	text := intake.Rule{Do: intake.Capture}
	spec := intake.Spec{
		Others: intake.Skip, Fold: true,
		Limits: intake.Limits{File: d.cfg.MaxFile, Files: maxFiles},
		Members: []intake.Member{
			{Path: "payload.files[].content", Rule: intake.Rule{Do: intake.Keep}},
		},
	}
	for _, path := range []string{
		"securityToken", "payload.id", "payload.insuranceCompanyAlias", "payload.userEmail",
		"payload.files[].fileName", "payload.files[].contentType", "payload.files[].description",
		"payload.files[].isRestricted", "payload.files[].isDamageImage",
	} {
		spec.Members = append(spec.Members, intake.Member{Path: path, Rule: text})
	}
	return spec
}

// submitted is the body without the contents of its files.
type submitted struct {
	SecurityToken string `json:"securityToken"`
	Payload       struct {
		ID                    string          `json:"id"`
		InsuranceCompanyAlias string          `json:"insuranceCompanyAlias"`
		UserEmail             string          `json:"userEmail"`
		Files                 []submittedFile `json:"files"`
	} `json:"payload"`
}

type submittedFile struct {
	FileName      string     `json:"fileName"`
	ContentType   string     `json:"contentType"`
	Content       intake.Ref `json:"content"`
	Description   string     `json:"description"`
	IsRestricted  bool       `json:"isRestricted"`
	IsDamageImage bool       `json:"isDamageImage"`
}

// accepted is the answer to what was stored [R].
type accepted struct {
	Success bool    `json:"success"`
	Payload payload `json:"payload"`
}

type payload struct {
	Case  *created       `json:"case,omitempty"` // that was made
	Files []acceptedFile `json:"files,omitempty"`
}

type acceptedFile struct {
	ID       string `json:"id"` // the document's extId in the Sage dialect
	FileName string `json:"fileName"`
}

// target is what files of one kind belong to.
type target struct {
	resource string
	word     string // for one of them, in descriptions
	unknown  string // the error type for one that is not there

	// refuse returns why one takes no files any more, nil when it does.
	refuse func(c *call, t *crm.Together, r row) error

	// restricted says that isRestricted counts [R].
	restricted bool
}

var (
	cases               = target{resource: "cases", word: "Case", unknown: typeNoCase, refuse: refuseClosed, restricted: true}
	damageNotifications = target{resource: "damageNotifications", word: "Damage notification", unknown: typeNoDamage, refuse: refuseMerged}
)

// row is a record with its fields by name.
type row struct {
	res *resource.Resource
	rec *resource.Record
}

func (r row) get(name string) resource.Value { return r.rec.Values[r.res.Field(name).Index] }
func (r row) text(name string) string        { return r.get(name).S }

// refuseClosed refuses a case whose status is an end.
func refuseClosed(c *call, t *crm.Together, r row) error {
	over, err := c.isClosed(t, r)
	if err != nil || !over {
		return err
	}
	id := r.text("guid")
	return notOK(http.StatusBadRequest, typeClosed, "payload.id", id, "Case with id %s is closed", id)
}

// isClosed reports whether the status of a case is an end.
func (c *call) isClosed(t *crm.Together, r row) (bool, error) {
	id := r.get("statusId")
	if id.IsNull() {
		return false, nil
	}
	// A status that was deleted still says what it said.
	res := t.Catalog().Resource("caseStatuses")
	var found crm.Page
	err := t.Tx().List(c.r.Context(), crm.Query{Resource: res, Where: equal(res, "id", id), Language: -1, Limit: 1}, &found)
	if err != nil || len(found.Rows) == 0 {
		return false, err
	}
	return found.Rows[0].Values[res.Field("closed").Index].I == 1, nil
}

// refuseMerged refuses a damage notification that is part of a case [R, the words too].
func refuseMerged(_ *call, t *crm.Together, r row) error {
	into := r.get("caseId")
	if into.IsNull() {
		return nil
	}
	id, claim := r.text("guid"), "a claim"
	res := t.Catalog().Resource("cases")
	found, err := t.List(res, equal(res, "id", into), 1)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		claim = "claim with id " + found[0].Values[res.Field("guid").Index].S
	}
	return notOK(http.StatusBadRequest, typeMerged, "payload.id", id,
		"Damage notification with id %s is already merged to %s", id, claim)
}

func equal(res *resource.Resource, field string, v resource.Value) filter.Expr {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: filter.Eq, Args: []resource.Value{v}}
}

// submitTo takes files for records of one kind.
func submitTo(to target) func(c *call) (any, error) {
	return func(c *call) (_ any, err error) {
		defer fault.Wrap(&err, "scalepoint.submitTo(%s)", to.resource)
		ctx := c.r.Context()
		in, err := intake.NewBody(c.r, c.maxBody())
		if err != nil {
			return nil, err
		}
		batch := c.ws.Documents.Batch()
		defer batch.Discard(ctx)
		body, form, err := c.readSubmission(ctx, in, batch)
		if err != nil {
			return nil, err
		}
		if err := c.admit(ctx, body); err != nil {
			return nil, err
		}
		by, err := c.employee(ctx, body.Payload.UserEmail)
		if err != nil {
			return nil, err
		}
		reqs, answer, err := c.requests(to, body, form, by)
		if err != nil {
			return nil, err
		}
		// What is not there needs no scan for viruses.
		if _, err := dialect.Find(ctx, c.ws, c.actor, to.resource, "guid", body.Payload.ID); err != nil {
			return nil, c.unknown(to, body.Payload.ID, err)
		}
		_, err = batch.Together(ctx, c.actor, c.ws.Records, func(t *crm.Together) ([]document.Request, []int64, error) {
			r, err := c.lock(t, to, body.Payload.ID)
			if err == nil {
				err = to.refuse(c, t, r)
			}
			if err != nil {
				return nil, nil, err
			}
			for i := range reqs {
				reqs[i].Resource, reqs[i].RecordID = r.res, r.rec.ID
			}
			return reqs, nil, nil
		})
		if err != nil {
			return nil, err
		}
		return answer, nil
	}
}

// readSubmission reads the body and stages its files.
func (c *call) readSubmission(ctx context.Context, in io.Reader, batch *document.Batch) (body submitted, form *intake.Form, err error) {
	form, err = c.files.Read(ctx, in, batch.Create)
	if err != nil {
		return body, nil, err
	}
	if err := json.Unmarshal(form.JSON, &body); err != nil {
		return body, nil, badJSON("The body", err)
	}
	return body, form, nil
}

// badJSON is the refusal of JSON that cannot be taken, or of a member of it.
func badJSON(what string, err error) error {
	reason := err.Error()
	var bad *json.UnmarshalTypeError
	if errors.As(err, &bad) {
		if reason = "it is a JSON " + bad.Value; bad.Field != "" {
			what = bad.Field
		}
	}
	return &problem{status: http.StatusBadRequest, Description: what + " is not ok. Reason: " + reason}
}

// admit checks the extra layer of verification, and then that nothing is missing.
func (c *call) admit(ctx context.Context, body submitted) error {
	token := strings.ToLower(strings.TrimSpace(body.SecurityToken))
	if token == "" {
		return missing("securityToken")
	}
	ok, err := c.cfg.Auth.CheckSecret(ctx, Name, c.ses.Credential, "securityToken", token)
	switch {
	case err != nil:
		return asNoToken(err)
	case !ok && c.cfg.WrongSecurityToken == http.StatusBadRequest:
		return &problem{status: http.StatusBadRequest, Description: "securityToken is not ok. Reason: it is not that of the client"}
	case !ok:
		return &unauthorized{c.cfg.WrongSecurityToken, "Bearer"}
	}
	p := body.Payload
	for _, m := range []struct{ name, value string }{
		{"payload.id", p.ID}, {"payload.insuranceCompanyAlias", p.InsuranceCompanyAlias}, {"payload.userEmail", p.UserEmail},
	} {
		if strings.TrimSpace(m.value) == "" {
			return missing(m.name)
		}
	}
	if len(p.Files) == 0 {
		return missing("payload.files")
	}
	return c.checkAlias("payload.insuranceCompanyAlias", p.InsuranceCompanyAlias)
}

// checkAlias refuses an insurance company that the client does not work for.
func (c *call) checkAlias(member, alias string) error {
	if resource.Fold(strings.TrimSpace(alias)) == resource.Fold(c.ses.Grant.InsuranceCompanyAlias) {
		return nil
	}
	return notOK(http.StatusBadRequest, typeGeneric, member, alias, "the client works for '%s'", c.ses.Grant.InsuranceCompanyAlias)
}

// employee returns the id of the active user with an e-mail address: whom the files are
// from [R].
func (c *call) employee(ctx context.Context, email string) (int64, error) {
	const member = "payload.userEmail"
	res := c.ws.Records.Catalog().Resource("users")
	none := notOK(http.StatusNotFound, typeNoUser, member, email, "Active user with e-mail %s was not found", email)
	if strings.IndexByte(email, 0) >= 0 {
		return 0, none
	}
	found, err := c.ws.Records.List(ctx, c.actor, crm.ListRequest{Resource: res, Language: -1, Size: 1, Base: filter.And{
		equal(res, "email", resource.TextValue(resource.Fold(strings.TrimSpace(email)))),
		equal(res, "isActive", resource.BoolValue(true)), equal(res, "deleted", resource.BoolValue(false)),
	}})
	if err != nil {
		return 0, err
	}
	if len(found.Rows) == 0 {
		return 0, none
	}
	return found.Rows[0].ID, nil
}

// requests checks what is said of the files, all of them, and returns the documents
// that they will be and the answer.
func (c *call) requests(to target, body submitted, form *intake.Form, by int64) (reqs []document.Request, answer accepted, err error) {
	answer.Success = true
	for i, f := range body.Payload.Files {
		member := fmt.Sprintf("payload.files[%d].", i)
		if got, ok := form.File(f.Content); !ok || got.Size == 0 {
			return nil, answer, missing(member + "content")
		}
		if strings.TrimSpace(f.ContentType) == "" {
			return nil, answer, missing(member + "contentType")
		}
		f.IsRestricted = f.IsRestricted && to.restricted
		req, id, err := c.request(member, f, by)
		if err != nil {
			return nil, answer, err
		}
		reqs = append(reqs, req)
		answer.Payload.Files = append(answer.Payload.Files, acceptedFile{id, req.Name})
	}
	// Contents are staged in the order of the body, which is that of the files.
	if len(form.Files) != len(reqs) {
		return nil, answer, missing("payload.files[].content")
	}
	return reqs, answer, nil
}

// request checks what is said of one file.
func (c *call) request(member string, f submittedFile, by int64) (document.Request, string, error) {
	if strings.TrimSpace(f.FileName) == "" {
		return document.Request{}, "", missing(member + "fileName")
	}
	if n := utf8.RuneCountInString(f.Description); n > maxComment {
		return document.Request{}, "", notOK(http.StatusBadRequest, "", member+"description", f.Description, "it has %d characters; at most %d are allowed", n, maxComment)
	}
	if strings.IndexByte(f.Description, 0) >= 0 { // which no text that is kept may have
		return document.Request{}, "", notOK(http.StatusBadRequest, "", member+"description", f.Description, "it has the character U+0000")
	}
	name, err := c.policy.Check(f.FileName)
	switch fault.KindOf(err) {
	case fault.Unsupported:
		return document.Request{}, "", notOK(http.StatusUnsupportedMediaType, "", member+"fileName", f.FileName, "the file extension is not allowed")
	case fault.Invalid:
		return document.Request{}, "", notOK(http.StatusBadRequest, "", member+"fileName", f.FileName, "%s", fault.Message(err))
	}
	if err != nil {
		return document.Request{}, "", err
	}
	if extension := name[strings.LastIndexByte(name, '.')+1:]; c.cfg.CheckTypes && document.Contradicts(extension, f.ContentType) {
		return document.Request{}, "", notOK(http.StatusUnsupportedMediaType, "", member+"contentType", f.ContentType, "files with the extension %s have another type", extension)
	}
	id, err := c.uuid()
	return document.Request{
		Name: name, ExtID: id, By: by, Policy: c.policy,
		Note: &document.Note{Comment: f.Description, Restricted: f.IsRestricted, DamageImage: f.IsDamageImage},
	}, id, err
}

// uuid returns a random UUID of version 4.
func (c *call) uuid() (string, error) {
	var b [16]byte
	_, err := io.ReadFull(c.cfg.Random, b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), err
}

// unknown is the refusal of an id that no record has, as far as the client sees.
func (c *call) unknown(to target, id string, err error) error {
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	return notOK(http.StatusNotFound, to.unknown, "payload.id", id, "%s with id %s was not found", to.word, id)
}

// lock returns the record with a GUID, which nobody else changes until the files are
// stored.
func (c *call) lock(t *crm.Together, to target, id string) (row, error) {
	return c.lockBy(t, to, "guid", id, c.unknown(to, id, fault.New(fault.NotFound, "")))
}

// lockBy returns the record with a value in a unique field. One of another insurance
// company is as one that is not there, and so is one that the token is not for: then
// it returns a row without a record, and none.
func (c *call) lockBy(t *crm.Together, to target, field, value string, none error) (row, error) {
	res := t.Catalog().Resource(to.resource)
	value = strings.TrimSpace(value)
	if strings.IndexByte(value, 0) >= 0 { // PostgreSQL has no text with a zero
		return row{}, none
	}
	found, err := t.List(res, equal(res, field, resource.TextValue(resource.Fold(value))), 1)
	if err != nil {
		return row{}, err
	}
	if len(found) == 0 {
		return row{}, none
	}
	rec, err := t.Lock(res, found[0].ID)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return row{}, none
	case err != nil:
		return row{}, err
	}
	if r := (row{res, rec}); c.reaches(r) {
		return r, nil
	}
	return row{}, none
}

// reaches reports whether a record is of the client's insurance company, and what a
// token is for that was asked for one resource.
func (c *call) reaches(r row) bool {
	alias := r.text("insuranceCompanyAlias")
	if alias != "" && resource.Fold(alias) != resource.Fold(c.ses.Grant.InsuranceCompanyAlias) {
		return false
	}
	names := []string{r.text("guid"), casePrefix + r.text("guid")}
	if f := r.res.Field("number"); f != nil {
		names = append(names, r.rec.Values[f.Index].S)
	}
	return c.ses.Target == "" || slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.ses.Target) })
}
