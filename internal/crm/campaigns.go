package crm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// campaignEntity is the rule of the accounts of a campaign: an account is in it
// once, and done only when its activity answers all mandatory questions. The
// documents say neither; both are our reading.
func campaignEntity(ctx context.Context, _ *Service, e *edit) error {
	if e.changes("campaignId", "accountId") {
		// Holding the campaign keeps others from adding the same account meanwhile.
		campaigns := e.view.catalog.Resource("campaigns")
		if _, err := e.tx.Lock(ctx, campaigns, e.value("campaignId").I); err != nil {
			return err
		}
		there, err := e.records(ctx, e.res, existing(e.res),
			compare(e.res, "campaignId", filter.Eq, *e.value("campaignId")),
			compare(e.res, "accountId", filter.Eq, *e.value("accountId")))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there, func(r *resource.Record) bool { return e.old == nil || r.ID != e.old.ID }) {
			return e.alreadyThere()
		}
	}
	if e.value("completed").I != 0 && e.changes("completed", "activityId") {
		if err := e.answered(ctx); err != nil {
			return err
		}
	}
	// The new records of one request are inserted together, after this.
	if e.old == nil && !e.view.first(value{e.res.Name, "accountId", fmt.Sprint(e.value("campaignId").I, "/", e.value("accountId").I)}) {
		return e.alreadyThere()
	}
	return nil
}

func (e *edit) alreadyThere() error {
	return fault.New(fault.Conflict, "account %d is in campaign %d already", e.value("accountId").I, e.value("campaignId").I)
}

// answered refuses to call an account done while its activity, or the lack of one,
// leaves a mandatory question open.
func (e *edit) answered(ctx context.Context) error {
	questions, answers := e.view.catalog.Resource("campaignQuestions"), e.view.catalog.Resource("campaignQuestionAnswers")
	mandatory, err := e.records(ctx, questions, existing(questions),
		compare(questions, "campaignId", filter.Eq, *e.value("campaignId")),
		compare(questions, "mandatory", filter.Eq, resource.BoolValue(true)))
	if err != nil || len(mandatory) == 0 {
		return err
	}
	activity := *e.value("activityId")
	if activity.IsNull() {
		return fault.InField("completed", "completed: the campaign has mandatory questions; name the activity that answers them in activityId")
	}
	given, err := e.records(ctx, answers, existing(answers), compare(answers, "activityId", filter.Eq, activity))
	if err != nil {
		return err
	}
	of, value := answers.Field("questionId").Index, answers.Field("value").Index
	for _, q := range mandatory {
		if !slices.ContainsFunc(given, func(a *resource.Record) bool { return a.Values[of].I == q.ID && a.Values[value].S != "" }) {
			return fault.InField("completed", "completed: activity %d does not answer the mandatory question %d, %q",
				activity.I, q.ID, questions.TitleOf(questions.TitleColumns(q), resource.English))
		}
	}
	return nil
}

// questionKinds says what fields of an account the answers to a type of question
// can be written to.
var questionKinds = map[string][]resource.Kind{
	resource.QuestionBool:   {resource.Boolean},
	resource.QuestionDate:   {resource.Instant},
	resource.QuestionNumber: {resource.Integer, resource.Number},
	resource.QuestionText:   {resource.Text},
	resource.QuestionOne:    {resource.Ref, resource.BareRef},
	resource.QuestionMany:   {resource.RefList},
}

// campaignQuestion is the rule of questions: they offer a list that there is, and
// are linked to a field that can hold their answers. What has been answered does not
// become another question: the answers would be of the wrong type. The documents say
// nothing about it.
func campaignQuestion(ctx context.Context, _ *Service, e *edit) error {
	if !e.changes("type", "custom", "valueListName", "linkedEntity", "linkedEntityField") {
		return nil
	}
	if e.old != nil && (e.changes("type", "custom") || resource.Fold(e.text("valueListName")) != resource.Fold(e.old.Values[e.res.Field("valueListName").Index].S)) {
		answers := e.view.catalog.Resource("campaignQuestionAnswers")
		given, err := e.records(ctx, answers, existing(answers), compare(answers, "questionId", filter.Eq, resource.IntValue(e.old.ID)))
		if err != nil {
			return err
		}
		if len(given) > 0 {
			refused := fault.New(fault.Conflict, "type: the question has answers already; ask a new question, or delete the answers")
			refused.Field = "type"
			return refused
		}
	}
	kind := e.text("type")
	if kind == "" {
		return fault.InField("type", "type is required")
	}
	lists := kind == resource.QuestionOne || kind == resource.QuestionMany
	custom := e.value("custom").I != 0
	list := e.view.catalog.Resource(e.text("valueListName"))
	if lists && !custom {
		if list == nil || list.LabelFields == nil {
			return fault.InField("valueListName", "valueListName: there is no value list called %q; name one, or set custom", e.text("valueListName"))
		}
		*e.value("valueListName") = resource.TextValue(list.Name)
	}
	entity, field := e.text("linkedEntity"), e.text("linkedEntityField")
	if entity == "" && field == "" {
		return nil
	}
	if entity == "" || field == "" {
		return fault.InField("linkedEntityField", "linkedEntity and linkedEntityField: a question has both or neither")
	}
	table := e.view.catalog.Resource(entity)
	f := table.Field(field)
	switch {
	case f == nil || f.ReadOnly || f.Internal:
		return fault.InField("linkedEntityField", "linkedEntityField: %s has no field %q that can be written", table.Name, field)
	case lists && custom:
		return fault.InField("linkedEntityField", "linkedEntityField: the values of a custom list cannot be written to a field of %s; name a list in valueListName", table.Name)
	case !slices.Contains(questionKinds[kind], f.Kind):
		return fault.InField("linkedEntityField", "linkedEntityField: %s is of kind %s, which cannot hold answers of type %s", f.Name, f.Kind, kind)
	case lists && f.Table != list.Name:
		return fault.InField("linkedEntityField", "linkedEntityField: %s refers to %s, not to %s", f.Name, f.Table, list.Name)
	}
	*e.value("linkedEntityField") = resource.TextValue(f.Name)
	return nil
}

// campaignAnswer is the rule of answers: they are of the type of their question,
// which decides how they are kept, and go on to the account that the activity was
// with when the question is linked to a field of it. An empty answer says nothing,
// so it changes nothing there.
func campaignAnswer(ctx context.Context, s *Service, e *edit) error {
	if !e.changes("questionId", "activityId", "value") {
		return nil
	}
	rec, ok, err := e.record(ctx, "questionId")
	if err != nil {
		return err
	}
	q := question{e.view.catalog.Resource("campaignQuestions"), rec}
	if !ok || isDeleted(q.res, rec) {
		return fault.InField("questionId", "questionId: the question is deleted")
	}
	if err := q.take(ctx, e); err != nil {
		return err
	}
	given := e.changes("questionId", "activityId")
	if given {
		if err := e.answersOnce(ctx, q); err != nil {
			return err
		}
	}
	if answer := e.text("value"); answer != "" && q.text("linkedEntity") != "" {
		if err := q.link(ctx, s, e, answer); err != nil {
			return err
		}
	}
	if given { // the new records of one request are inserted together, after this
		e.view.first(e.answers(q))
	}
	return nil
}

// take checks an answer to the question and brings it into its form.
func (q question) take(ctx context.Context, e *edit) (err error) {
	answer := strings.TrimSpace(e.text("value"))
	switch {
	case answer != "":
		if answer, err = q.canonical(ctx, e, answer); err != nil {
			return err
		}
	case q.is("mandatory"):
		return fault.InField("value", "value: the question is mandatory, its answer cannot be empty")
	}
	*e.value("value") = resource.TextValue(answer)
	return nil
}

// answersOnce refuses a second answer to a question in one activity.
func (e *edit) answersOnce(ctx context.Context, q question) error {
	// Holding the question keeps others from answering it meanwhile.
	if _, err := e.tx.Lock(ctx, q.res, q.rec.ID); err != nil {
		return err
	}
	activity := *e.value("activityId")
	if e.view.claimed[e.answers(q)] {
		return fault.New(fault.Conflict, "activity %d answers question %d twice", activity.I, q.rec.ID)
	}
	given, err := e.records(ctx, e.res, existing(e.res),
		compare(e.res, "questionId", filter.Eq, resource.IntValue(q.rec.ID)),
		compare(e.res, "activityId", filter.Eq, activity))
	if err != nil {
		return err
	}
	for _, a := range given {
		if e.old == nil || a.ID != e.old.ID {
			return fault.New(fault.Conflict, "activity %d answers question %d already; change that answer, %d", activity.I, q.rec.ID, a.ID)
		}
	}
	return nil
}

// answers is what an answer to a question claims.
func (e *edit) answers(q question) value {
	return value{e.res.Name, "activityId", fmt.Sprint(q.rec.ID, "/", e.value("activityId").I)}
}

// question is a record of campaignQuestions.
type question struct {
	res *resource.Resource
	rec *resource.Record
}

func (q question) text(field string) string { return q.rec.Values[q.res.Field(field).Index].S }
func (q question) is(field string) bool     { return q.rec.Values[q.res.Field(field).Index].I != 0 }

// canonical checks an answer and returns it as it is kept: true or false, a number,
// a date as answers show dates, an id, a list of ids as [1,2], or the text itself.
func (q question) canonical(ctx context.Context, e *edit, answer string) (string, error) {
	f := resource.Field{Name: "value"}
	switch q.text("type") {
	case resource.QuestionBool:
		f.Kind = resource.Boolean
	case resource.QuestionDate:
		f.Kind = resource.Instant
	case resource.QuestionNumber:
		f.Kind = resource.Integer
	case resource.QuestionOne:
		ids, err := q.choices(ctx, e, []string{answer})
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(ids[0], 10), nil
	case resource.QuestionMany:
		ids, err := q.choices(ctx, e, items(answer))
		return resource.ListValue(ids).S, err
	default:
		return answer, nil
	}
	c, err := f.Coerce(quote(answer))
	switch {
	case err != nil:
		return "", fault.InField("value", "%s, as the question is of type %s", fault.Message(err), q.text("type"))
	case f.Kind == resource.Boolean:
		return strconv.FormatBool(c.Value.I != 0), nil
	case f.Kind == resource.Instant:
		return string(resource.AppendInstant(nil, c.Value.I)), nil
	default:
		return strconv.FormatInt(c.Value.I, 10), nil
	}
}

// quote makes JSON of a text.
func quote(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a text always can be
	return raw
}

// items takes a list of choices apart: JSON, or words between commas or semicolons.
func items(answer string) []string {
	var raw []json.RawMessage
	if json.Unmarshal([]byte(answer), &raw) == nil {
		all := make([]string, len(raw))
		for i, r := range raw {
			if json.Unmarshal(r, &all[i]) != nil {
				all[i] = string(r)
			}
		}
		return all
	}
	return strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ';' })
}

// choices finds the values that an answer names, by id or by a label in any
// language.
func (q question) choices(ctx context.Context, e *edit, names []string) ([]int64, error) {
	if len(names) > MaxBulk {
		return nil, fault.InField("value", "value: an answer has at most %d choices", MaxBulk)
	}
	find := q.listed
	if q.is("custom") {
		find = q.offered
	}
	var ids []int64
	for _, name := range names {
		name = strings.TrimSpace(name)
		id, err := find(ctx, e, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, fault.InField("value", "value: no choice is named")
	}
	return ids, nil
}

// offered finds a value among those of a custom question.
func (q question) offered(ctx context.Context, e *edit, name string) (int64, error) {
	values := e.view.catalog.Resource("campaignQuestionValues")
	all, err := e.records(ctx, values, existing(values), compare(values, "questionId", filter.Eq, resource.IntValue(q.rec.ID)))
	if err != nil {
		return 0, err
	}
	for _, v := range all {
		labels := values.TitleColumns(v)
		if strconv.FormatInt(v.ID, 10) == name || name != "" && slices.ContainsFunc(labels, func(l string) bool { return resource.Fold(l) == resource.Fold(name) }) {
			return v.ID, nil
		}
	}
	return 0, fault.InField("value", "value: question %d does not offer %q", q.rec.ID, name)
}

// listed finds a value of the list that the question names.
func (q question) listed(ctx context.Context, e *edit, name string) (int64, error) {
	list := e.view.catalog.Resource(q.text("valueListName"))
	if list == nil {
		return 0, fault.InField("value", "value: the list %s of the question is not there any more", q.text("valueListName"))
	}
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		missing, err := e.tx.Missing(ctx, []Reference{{"value", list, id}}, e.view.Of)
		if err == nil && len(missing) > 0 {
			err = fault.InField("value", "value: there is no record %d in %s", id, list.Name)
		}
		return id, err
	}
	ids, err := e.tx.FindTitle(ctx, list, e.view.Of(list), name, 2)
	switch {
	case err != nil:
		return 0, err
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) > 1:
		return 0, fault.InField("value", "value: several records of %s are called %q; send the id", list.Name, name)
	}
	return 0, fault.InField("value", "value: no record of %s is called %q", list.Name, name)
}

// link writes an answer to the account that the activity was with, on behalf of
// whoever answers: the account has to be visible and not locked.
func (q question) link(ctx context.Context, s *Service, e *edit, answer string) error {
	activities := e.view.catalog.Resource("activities")
	activity, ok, err := e.record(ctx, "activityId")
	if err != nil {
		return err
	}
	res := e.view.catalog.Resource(q.text("linkedEntity"))
	f := res.Field(q.text("linkedEntityField"))
	var account resource.Value
	if ok {
		account = activity.Values[activities.Field("accountId").Index]
	}
	switch {
	case f == nil:
		return fault.InField("value", "value: the question is linked to the field %s of %s, which is not there any more", q.text("linkedEntityField"), res.Name)
	case account.IsNull():
		return fault.InField("activityId", "activityId: the activity is with no account that the answer could be written to")
	}
	raw := quote(answer)
	if f.Kind == resource.RefList {
		raw = json.RawMessage(answer)
	}
	if err := permitted(e.view.actor, res); err != nil {
		return err
	}
	c, err := s.prepareUpdate(e.view.catalog, e.view.actor, res, Input{f.Name: raw})
	if err == nil {
		err = s.update(ctx, e.tx, e.view, res, account.I, c)
	}
	switch {
	case err == nil || !itemError(err):
		return err
	case fault.KindOf(err) == fault.NotFound:
		return fault.InField("activityId", "activityId: the answer cannot be written to the account, which does not exist")
	}
	refused := fault.New(fault.KindOf(err), "value: the answer cannot be written to account %d: %s", account.I, fault.Message(err))
	refused.Field = "value"
	return refused.Because(err)
}
