package sage

import (
	"net/http"
	"strconv"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// zapierTypes are the types of extra fields as this procedure calls them
// [OFFICIAL]. List and multivalue are both "unicode" with choices; List tells
// them apart.
var zapierTypes = map[string]string{
	"text": "unicode", "datetime": "datetime", "decimal": "decimal", "int": "int", "bit": "bool",
	"list": "unicode", "multivalue": "unicode",
}

const (
	// longText is from how many characters on a text is called "text".
	longText = 256

	// maxChoices is how many values of a list are named.
	maxChoices = 1000
)

// zapierSchema answers POST /procedure/zapier_schema: the extra fields of a
// resource, as the vendor's connectors want them [OFFICIAL].
func (d *Dialect) zapierSchema(s *session, w http.ResponseWriter, r *request) error {
	body, err := r.readMembers(w, maxRecordBody)
	if err != nil {
		return err
	}
	name, err := body.text("entity")
	if err != nil {
		return err
	}
	entity, err := s.resource(name)
	if err != nil {
		return err
	}
	declarations, err := s.resource("extrafields")
	if err != nil {
		return err
	}
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: declarations,
		Order:    "order ASC",
		Base: filter.And{
			equals(declarations, "entity", resource.TextValue(resource.Fold(entity.Name))),
			equals(declarations, "deleted", resource.BoolValue(false)),
		},
		Language: -1,
		Size:     maxChoices,
	})
	if err != nil {
		return err
	}
	lang := language(r.query, s.actor.Language)
	answer := []byte{'['}
	for i, rec := range got.Rows {
		get := func(field string) resource.Value { return rec.Values[declarations.Field(field).Index] }
		typ := get("type").S
		shown := zapierTypes[typ]
		if typ == "text" && get("length").I >= longText {
			shown = "text"
		}
		choices := ""
		if typ == "list" || typ == "multivalue" {
			if choices, err = s.choices(r, get("valueListRelated").S, lang); err != nil {
				return err
			}
		}
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = resource.AppendText(append(answer, `{"Key":`...), get("fieldName").S)
		answer = resource.AppendText(append(answer, `,"Label":`...), fieldLabel(get, lang))
		answer = append(answer, `,"Help_Text":"","Required":`...)
		answer = strconv.AppendBool(answer, get("mandatory").I == 1)
		answer = append(answer, `,"Required_Via_Api":`...)
		answer = strconv.AppendBool(answer, get("mandatoryRestApi").I == 1)
		answer = resource.AppendText(append(answer, `,"Type":`...), shown)
		answer = resource.AppendText(append(answer, `,"Choices":`...), choices)
		answer = append(answer, `,"List":`...)
		answer = append(strconv.AppendBool(answer, typ == "list"), '}')
	}
	respond(w, http.StatusOK, append(answer, ']'))
	return nil
}

// fieldLabel is the name of an extra field in a language, else in English, else
// the first there is, else its own name.
func fieldLabel(get func(string) resource.Value, lang int) string {
	label := func(i int) string {
		if i < 0 {
			return ""
		}
		if resource.Languages[i] == "ES" {
			return get("description").S
		}
		return get("description" + resource.Languages[i]).S
	}
	for _, i := range []int{lang, resource.English} {
		if l := label(i); l != "" {
			return l
		}
	}
	for i := range resource.Languages {
		if l := label(i); l != "" {
			return l
		}
	}
	return get("fieldName").S
}

// choices are the values of a list as the text of a JSON object: {"1":"A","2":"B"}.
func (s *session) choices(r *request, table string, lang int) (string, error) {
	res, err := s.resource(table)
	if err != nil {
		return "", err
	}
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: res,
		Order:    "id ASC",
		Base:     equals(res, "deleted", resource.BoolValue(false)),
		Language: lang,
		Size:     maxChoices,
	})
	if err != nil {
		return "", fault.New(fault.KindOf(err), "%s", fault.Message(err)).Because(err)
	}
	text := []byte{'{'}
	for i, rec := range got.Rows {
		if i > 0 {
			text = append(text, ',')
		}
		text = resource.AppendText(text, strconv.FormatInt(rec.ID, 10))
		text = resource.AppendText(append(text, ':'), res.TitleOf(res.TitleColumns(rec), lang))
	}
	return string(append(text, '}')), nil
}
