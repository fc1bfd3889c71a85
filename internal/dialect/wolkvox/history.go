package wolkvox

import (
	"slices"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// note is one entry of the history of a case. The reference does not show any; all
// names are ours.
type note struct {
	ID       string `json:"wolkvox_id"` // of the case
	Number   string `json:"idCase"`
	Prefixed string `json:"idPrefijo"`
	Kind     string `json:"type"` // create, update or attachment
	Date     string `json:"date"`
	User     string `json:"user"` // the wolkvox name of who did it
	Note     string `json:"note"` // "status: Closed; solution: Pumped out"
	at       time.Time
}

// told are the fields of a case whose changes are told, by what the requests call
// them. Other fields may have held what the reader is not meant to see.
var told = []struct{ member, field string }{
	{"case-type", "typeId"}, {"status", "statusId"}, {"priority", "priority"}, {"responsible", "responsibleId"}, {"owner", "ownerId"},
	{"description", "description"}, {"solution", "solution"},
}

// listHistoryNote is cases/listHistoryNote.php: what became of the cases that a query
// finds, the latest first. The vendor has it for tokens that belong to a company [R]; we
// have it for all, and of the cases that the token's user sees.
func (c *call) listHistoryNote() (*answer, error) {
	q, err := c.readQuery()
	if err != nil {
		return nil, err
	}
	where, err := c.caseWhere(q)
	if err != nil {
		return nil, err
	}
	cases := c.resource("cases")
	list, err := c.ws.Records.List(c.ctx, c.actor, crm.ListRequest{Resource: cases, Base: where, Language: english, Size: maxRows})
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list.Keys))
	by := make(map[int64]row, len(list.Keys))
	for i, k := range list.Keys {
		ids[i], by[k.ID] = k.ID, row{cases, list.Rows[i]}
	}
	changes, err := c.ws.Records.History(c.ctx, c.actor, cases, ids, q.limit)
	if err != nil {
		return nil, err
	}
	s := &shown{c: c, list: list}
	if err := s.readAttachments(); err != nil {
		return nil, err
	}
	t, err := c.titlesIn(cases, changes, s.attachments)
	if err != nil {
		return nil, err
	}
	var notes []note
	for _, change := range changes {
		if text := t.note(cases, change); text != "" {
			notes = append(notes, t.of(by[change.ID], change.Kind.String(), change.Time, change.UserID, text))
		}
	}
	for id, attached := range s.attachments {
		for _, a := range attached {
			notes = append(notes, t.of(by[id], "attachment", a.at, a.by, a.Name))
		}
	}
	slices.SortStableFunc(notes, func(a, b note) int {
		if n := b.at.Compare(a.at); n != 0 {
			return n
		}
		if a.Kind != b.Kind { // of the same request: what became of the case came first
			return strings.Compare(a.Kind, b.Kind)
		}
		return strings.Compare(b.Note, a.Note)
	})
	return found(notes[:min(len(notes), q.limit)]), nil
}

// titles are what ids in the log of changes stand for, by resource.
type titles struct {
	c  *call
	by map[string]map[int64]string
}

// titlesIn reads what the changes refer to and who made them and the attachments, as
// far as the token's user sees it.
func (c *call) titlesIn(cases *resource.Resource, changes []crm.Change, attachments map[int64][]attachment) (*titles, error) {
	t := &titles{c: c, by: map[string]map[int64]string{}}
	ids := map[string][]int64{}
	add := func(table string, id int64) {
		if !slices.Contains(ids[table], id) {
			ids[table] = append(ids[table], id)
		}
	}
	for _, attached := range attachments {
		for _, a := range attached {
			add("users", a.by)
		}
	}
	for _, change := range changes {
		add("users", change.UserID)
		for _, f := range change.Fields {
			if field := cases.Field(f.Name); field != nil && field.Kind.IsRef() && !f.After.IsNull() {
				add(field.Table, f.After.I)
			}
		}
	}
	for _, table := range []string{"users", "caseTypes", "caseStatuses"} {
		res := c.resource(table)
		got, err := c.ws.Records.Get(c.ctx, c.actor, res, nil, ids[table]...)
		if err != nil {
			return nil, err
		}
		t.by[table] = map[int64]string{}
		for _, rec := range got.Rows {
			if title := res.TitleOf(res.TitleColumns(rec), english); table != "users" {
				t.by[table][rec.ID] = title
			} else {
				t.by[table][rec.ID] = (row{res, rec}).text("email")
			}
		}
	}
	return t, nil
}

func (t *titles) of(r row, kind string, at time.Time, by int64, text string) note {
	return note{
		ID: r.text("wolkvoxId"), Number: r.text("number"), Prefixed: prefixedNumber(r),
		Kind: kind, Date: at.UTC().Format(time.DateTime), User: t.by["users"][by], Note: text, at: at,
	}
}

// note says what a change was about, "" when it was about nothing that is told.
func (t *titles) note(cases *resource.Resource, change crm.Change) string {
	var parts []string
	for _, tell := range told {
		i := slices.IndexFunc(change.Fields, func(f crm.FieldChange) bool { return f.Name == tell.field })
		if i < 0 {
			continue
		}
		v := change.Fields[i].After
		text := v.S
		if f := cases.Field(tell.field); f.Kind.IsRef() {
			text = t.by[f.Table][v.I]
		}
		parts = append(parts, tell.member+": "+text)
	}
	return strings.Join(parts, "; ")
}
