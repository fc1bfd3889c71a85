package riskforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// maxBody is the length of the longest body in bytes: a file of MaxFile in base64 is
// 5.7 MB long, and the rest is for encoders that escape some of it.
const maxBody = 16 << 20

// Members of an upload beside the number of its record [R].
const (
	memberKey     = "key"
	memberName    = "filename"
	memberContent = "filecontent"
)

// Limits of what an upload says of its file, in characters. The reference has none.
const (
	maxName = 500
	maxKey  = 255
)

// extensions are the types of files that are taken, as printed [R].
var extensions = []string{"pdf", "doc", "docx", "xls", "xlsx", "jpeg", "jpg", "txt"}

// target is what uploads of one kind belong to.
type target struct {
	resource string // of the records
	field    string // of the resource, with the number
	member   string // of the body, with the number [R]
	word     string // for a record in the answer [R]
	unknown  string // the error code for a number that no record has; ours

	// name is what the answer calls a record.
	name func(found *crm.Result, ws dialect.Workspace) string
}

var (
	opportunities = target{
		resource: "opportunities", field: "transNumber", member: "transNumber", word: "opportunity",
		unknown: "OPPORTUNITY_NOT_FOUND", name: nameOfOpportunity,
	}
	cases = target{
		resource: "cases", field: "number", member: "caseNumber", word: "case",
		unknown: "CASE_NOT_FOUND", name: nameOfCase,
	}
)

// nameOfOpportunity is that of its account, as in the sample ("ABC Company, Inc.")
// [R]; or its own, where there is none that the client's user sees.
func nameOfOpportunity(found *crm.Result, ws dialect.Workspace) string {
	values := found.Rows[0].Values
	if account := values[found.Resource.Field("accountId1").Index]; !account.IsNull() {
		title, seen := found.Titles.Of(ws.Records.Catalog().Resource("accounts"), account.I, -1)
		if seen && title != "" {
			return title
		}
	}
	return values[found.Resource.Field("reference").Index].S
}

// nameOfCase is its number [R].
func nameOfCase(found *crm.Result, _ dialect.Workspace) string {
	return found.Rows[0].Values[found.Resource.Field("number").Index].S
}

// spec is the body of an upload. Unknown members are refused [R]; that the case of
// names does not matter is our reading, as it does not in Apex.
func (t target) spec() intake.Spec {
	text := intake.Rule{Do: intake.Capture}
	return intake.Spec{
		Members: []intake.Member{
			{Path: t.member, Rule: text}, {Path: memberKey, Rule: text}, {Path: memberName, Rule: text},
			// Loose, since the reference's own sample ends in a character with bits of
			// no use, and Apex takes both alphabets and any padding [V; K].
			{Path: memberContent, Rule: intake.Rule{Do: intake.Keep, Max: MaxFile, Loose: true}},
		},
		Others: intake.Refuse,
		Fold:   true,
	}
}

// upload is one of the two methods of Apex REST.
type upload struct {
	target
	schema *intake.Schema
}

// arguments are the members of an upload. One that is missing is null, and that is no
// error in itself [R].
type arguments struct {
	number, key, name string
	hasFile           bool
}

// take stores what the body of a request brings, and returns the text that is
// answered, a JSON string [R].
func (u *upload) take(r *http.Request, ws dialect.Workspace, actor crm.Actor) (said string, err error) {
	defer fault.Wrap(&err, "riskforce.take(%s)", u.resource)
	ctx := r.Context()
	in, err := intake.NewBody(r, maxBody)
	if err != nil {
		return "", err
	}
	batch := ws.Documents.Batch()
	defer batch.Discard(ctx)
	form, err := u.schema.Read(ctx, in, batch.Create)
	if err != nil {
		return "", err
	}
	args, err := u.arguments(form)
	if err != nil {
		return "", err
	}
	req, err := u.check(args)
	if err != nil {
		return "", err
	}
	found, err := u.find(ctx, ws, actor, args.number)
	if err != nil {
		return "", err
	}
	req.Resource, req.RecordID = found.Resource, found.Keys[0].ID
	if _, err := batch.Add(ctx, actor, []document.Request{req}); err != nil {
		return "", u.explain(err, args)
	}
	return fmt.Sprintf("File '%s' added successfully to %s %s", req.Name, u.word, u.name(found, ws)), nil
}

// arguments takes the body apart. Numbers do for texts, as in Apex [K].
func (u *upload) arguments(form *intake.Form) (args arguments, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(form.JSON, &members); err != nil {
		return arguments{}, err
	}
	for name, to := range map[string]*string{u.member: &args.number, memberKey: &args.key, memberName: &args.name} {
		raw := members[name]
		switch {
		case len(raw) == 0 || raw[0] == 'n':
		case raw[0] == '"':
			if err := json.Unmarshal(raw, to); err != nil {
				return arguments{}, err
			}
		case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
			*to = string(raw)
		default:
			return arguments{}, &apexError{
				status: http.StatusBadRequest, Code: "JSON_PARSER_ERROR", Message: name + ": a text is wanted",
			}
		}
	}
	args.hasFile = len(form.Files) == 1 && form.Files[0].Size > 0
	return args, nil
}

// check refuses arguments that no record is needed to refuse, and returns the document
// that they describe.
func (u *upload) check(args arguments) (document.Request, error) {
	var missing []string
	for _, m := range []struct {
		name string
		has  bool
	}{{u.member, isText(args.number)}, {memberName, isText(args.name)}, {memberContent, args.hasFile}} {
		if !m.has {
			missing = append(missing, m.name)
		}
	}
	if missing != nil {
		return document.Request{}, ownError(http.StatusBadRequest, "REQUIRED_FIELD_MISSING",
			"Required fields are missing: [%s]", strings.Join(missing, ", "))
	}
	if n := utf8.RuneCountInString(args.key); n > maxKey {
		return document.Request{}, ownError(http.StatusBadRequest, "STRING_TOO_LONG",
			"%s: has %d characters; at most %d are allowed", memberKey, n, maxKey)
	}
	policy := document.Policy{Extensions: extensions, MaxName: maxName}
	name, err := policy.Check(args.name)
	switch fault.KindOf(err) {
	case fault.Unsupported:
		return document.Request{}, ownError(http.StatusBadRequest, "FILE_EXTENSION_NOT_ALLOWED", "%s: %s", memberName, fault.Message(err))
	case fault.Invalid:
		return document.Request{}, ownError(http.StatusBadRequest, "STRING_TOO_LONG", "%s: %s", memberName, fault.Message(err))
	}
	if err != nil {
		return document.Request{}, err
	}
	return document.Request{Name: name, Policy: policy, Note: &document.Note{Key: strings.TrimSpace(args.key)}}, nil
}

func isText(s string) bool { return strings.TrimSpace(s) != "" }

// find returns the record with a number. One that the client's user does not see is
// as one that is not there.
func (u *upload) find(ctx context.Context, ws dialect.Workspace, actor crm.Actor, number string) (*crm.Result, error) {
	found, err := dialect.Find(ctx, ws, actor, u.resource, u.field, number)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil, u.errUnknown(number)
	}
	return found, err
}

func (u *upload) errUnknown(number string) error {
	return ownError(http.StatusNotFound, u.unknown, "%s: there is no %s %s", u.member, u.word, strings.TrimSpace(number))
}

// explain says why a file that is whole did not become a document.
func (u *upload) explain(err error, args arguments) error {
	var known *apexError
	switch kind := fault.KindOf(err); {
	case errors.As(err, &known):
		return err
	case kind == fault.NotFound: // deleted meanwhile
		return u.errUnknown(args.number)
	case kind == fault.Invalid && fault.FieldOf(err) == memberKey:
		return ownError(http.StatusBadRequest, "FIELD_INTEGRITY_EXCEPTION", "%s", fault.Message(err))
	case kind == fault.Invalid, kind == fault.TooLarge: // infected, or not to be scanned
		return ownError(http.StatusBadRequest, "FILE_REFUSED", "%s: %s", memberContent, fault.Message(err))
	}
	return err
}

// ownError is a failure that the reference says nothing of; its code is ours.
func ownError(status int, code, format string, args ...any) error {
	return &apexError{status: status, Code: code, Message: fmt.Sprintf(format, args...), own: true}
}
