package sage

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// part is a resource whose records have their paths below the record that they are
// a part of: /{whole}/{id}/…/{key}.
type part struct {
	whole string // resource of the first id
	name  string // resource of the parts
	of    string // their reference to the whole
	key   string // what the last segment names: their id, or another reference of theirs
}

// The parts of campaigns [DOC].
var (
	campaignAccounts = part{"campaigns", "campaignEntities", "campaignId", "accountId"}
	questionValues   = part{"campaignQuestions", "campaignQuestionValues", "questionId", "id"}
	questionAnswers  = part{"campaignQuestions", "campaignQuestionAnswers", "questionId", "id"}
)

// below finds the parts' resource, and the whole that the path names.
func (p part) below(s *session, r *request) (res *resource.Resource, whole int64, err error) {
	if whole, err = recordID(r.values[0]); err != nil {
		return nil, 0, err
	}
	of, err := s.resource(p.whole)
	if err != nil {
		return nil, 0, err
	}
	if err := s.mustExist(r, owner{of, whole}); err != nil {
		return nil, 0, err
	}
	res, err = s.resource(p.name)
	return res, whole, err
}

// one finds the part that the path names. Of several that go by one key it is the
// one that is not deleted, or else the last.
func (p part) one(s *session, r *request) (res *resource.Resource, id int64, err error) {
	res, whole, err := p.below(s, r)
	if err != nil {
		return nil, 0, err
	}
	key, err := recordID(r.values[1])
	if err != nil {
		return nil, 0, err
	}
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: res,
		Base:     filter.And{equals(res, p.of, resource.IntValue(whole)), equals(res, p.key, resource.IntValue(key))},
		Order:    "deleted ASC, id DESC",
		Language: -1,
		Size:     1,
	})
	if err != nil {
		return nil, 0, err
	}
	if len(got.Keys) == 0 {
		return nil, 0, fault.New(fault.NotFound, "not exist")
	}
	return res, got.Keys[0].ID, nil
}

func (p part) list(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
	res, whole, err := p.below(s, r)
	if err != nil {
		return err
	}
	return d.listOf(s, w, r, res, equals(res, p.of, resource.IntValue(whole)))
}

func (p part) get(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
	res, id, err := p.one(s, r)
	if err != nil {
		return err
	}
	return d.respondRecord(s, w, r, res, id)
}

// create makes a part of what the path names: the path says what it is a part of,
// and by what it goes when it has a segment for that.
func (p part) create(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
	res, _, err := p.below(s, r)
	if err != nil {
		return err
	}
	set := crm.Input{p.of: quoted(r.values[0])}
	if len(r.values) > 1 {
		if _, err := recordID(r.values[1]); err != nil {
			return err
		}
		set[p.key] = quoted(r.values[1])
	}
	return d.createIn(s, w, r, res, set)
}

func (p part) update(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
	res, id, err := p.one(s, r)
	if err != nil {
		return err
	}
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	return d.updateOf(s, w, r, res, id, input)
}

func (p part) delete(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
	res, id, err := p.one(s, r)
	if err != nil {
		return err
	}
	return d.deleteOf(s, w, r, res, id)
}

// campaignAnswerInput lets the choices of an answer come as an array. Answers are
// kept and shown as texts [DOC].
func campaignAnswerInput(in crm.Input, _ bool) error {
	if key, raw, ok := sent(in, "value"); ok && raw[0] == '[' {
		in[key] = quoted(string(raw))
	}
	return nil
}
