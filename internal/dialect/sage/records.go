package sage

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"weak"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Bodies that answer a change [DOC]; the upper-case Message is what clients read
// [CLIENT].
const (
	bodyUpdated = `{"Message":"entity updated"}`
	bodyDeleted = `{"Message":"entity deleted"}`
	bodySuccess = `{"Message":"delete success"}` // of hooks [CLIENT]
	bodyPlain   = `{"message":"success"}`        // of campaigns and their parts, and of calls [DOC]
	bodyCode    = `{"code":1,"message":"success"}`
)

// renderer turns the records of one result into bytes, through the row cache.
type renderer struct {
	d       *Dialect
	res     *resource.Resource
	plan    *plan
	variant variant
	service weak.Pointer[crm.Service]
	weakly  weak.Pointer[resource.Resource] // res
	keys    []crm.Key                       // that Known was asked for, in order
	rows    [][]byte                        // in order; filled by Known and finish
	links   [][]link                        // parallel to rows
	buffer  *[]byte                         // that rows may lie in; see release
}

func (d *Dialect) renderer(s *session, res *resource.Resource, v variant) *renderer {
	return &renderer{
		d:       d,
		res:     res,
		plan:    d.plan(s, res),
		variant: v,
		service: weak.Make(s.records),
		weakly:  weak.Make(res),
	}
}

// variantOf is how the client wants records to look.
func variantOf(s *session, r *request) variant {
	return variant{
		language: int8(language(r.query, s.actor.Language)),
		// Without the header lists come back as {id, value} [LIVE].
		bareExtra: r.Header.Get("ExtraFieldDescription") == "0",
	}
}

func (rd *renderer) key(k crm.Key, generation int64) rowKey {
	return rowKey{rd.service, rd.weakly, k.ID, k.Version, generation, rd.variant}
}

// Known implements crm.Cache.
func (rd *renderer) Known(k crm.Key, generation int64) bool {
	row, ok := rd.d.rows.get(rd.key(k, generation))
	rd.keys = append(rd.keys, k)
	rd.rows = append(rd.rows, row.body)
	rd.links = append(rd.links, row.links)
	return ok
}

// Links implements crm.Cache.
func (rd *renderer) Links() (all []crm.Link) {
	for _, links := range rd.links {
		for _, l := range links {
			all = append(all, l.Link)
		}
	}
	return all
}

// finish renders the rows that were not known, for everybody, and then takes out
// of all rows what is hidden from the one who asks.
func (rd *renderer) finish(got *crm.Result) {
	rd.align(got.Keys)
	titles := names{Titles: got.Everything, json: make([]byte, 0, 1<<10)}
	var page []byte // of rows that are not kept
	for i, rec := range got.Rows {
		if rec == nil {
			continue
		}
		if rd.buffer == nil {
			rd.buffer = rowBuffers.Get().(*[]byte)
			page = (*rd.buffer)[:0]
		}
		from := len(page)
		titles.links, titles.from = nil, from
		page = rd.plan.append(page, rec, &titles, rd.variant, nil)
		row := page[from:len(page):len(page)]
		if key := rd.key(got.Keys[i], got.Generation); rd.d.rows.wants(key) {
			row, page = bytes.Clone(row), page[:from]
			rd.d.rows.put(key, renderedRow{row, titles.links})
		}
		rd.rows[i], rd.links[i] = row, titles.links
	}
	if rd.buffer != nil && cap(page) <= maxRowBuffer { // not the one with the very long row
		*rd.buffer = page
	}
	if !got.Veiled {
		return
	}
	for i, links := range rd.links {
		rd.rows[i] = mask(rd.rows[i], links, got.Titles)
	}
}

// release ends the use of the rows. Whoever passes them on to somebody who keeps them
// does without.
func (rd *renderer) release() {
	if rd.buffer != nil {
		rowBuffers.Put(rd.buffer)
		rd.buffer, rd.rows = nil, nil
	}
}

// maxRowBuffer is the size in bytes of the largest buffer that is used again: 50 rows
// with 200 extra fields have 310 KB, and letting it grow anew each time is an eighth of
// their cost.
const maxRowBuffer = 1 << 20

var rowBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, 4<<10)
	return &b
}}

// align leaves out the rows of keys without a record in the result: one that was
// hidden between the reading of the keys and that of the rows.
func (rd *renderer) align(keys []crm.Key) {
	from := 0
	for i, k := range keys {
		for rd.keys[from].ID != k.ID {
			from++
		}
		rd.rows[i], rd.links[i] = rd.rows[from], rd.links[from]
		from++
	}
	rd.keys, rd.rows, rd.links = keys, rd.rows[:len(keys)], rd.links[:len(keys)]
}

// list answers GET /{resource}.
func (d *Dialect) list(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource(r.values[0])
	if err != nil {
		return err
	}
	if res.Ops&resource.CanList == 0 {
		return fault.New(fault.NotOffered, "%s cannot be listed here", res.Name)
	}
	return d.listOf(s, w, r, res, nil)
}

// listOf answers with one page of res, restricted by base.
func (d *Dialect) listOf(s *session, w http.ResponseWriter, r *request, res *resource.Resource, base filter.Expr) error {
	return d.listWith(s, w, r, d.renderer(s, res, variantOf(s, r)), base)
}

// listWith is listOf with a renderer of the caller's.
func (d *Dialect) listWith(s *session, w http.ResponseWriter, r *request, rd *renderer, base filter.Expr) error {
	res := rd.res
	req := crm.ListRequest{
		Resource: res,
		Where:    r.query["where"],
		Order:    r.query["order"],
		Names:    rd.plan.named,
		Base:     base,
		Language: int(rd.variant.language),
		Page:     pageNumber(r.query, r.Header),
		Size:     r.pageSize(),
		Walk:     s.token + r.URL.Path,
		Cache:    rd,
	}
	if skip, count, ok := offsets(r.query); ok && quirkOf(res).offset {
		req.Page, req.Skip, req.Walk = 0, skip, ""
		if count > 0 {
			req.Size = count
		}
	}
	got, err := s.records.List(r.Context(), s.actor, req)
	if err != nil {
		return err
	}
	rd.finish(got)
	respondRows(w, rd.rows, req.Page, got.More)
	rd.release()
	return nil
}

// pagePiece is how much of a page is put together at once, in bytes. The usual
// page fits in; a client that asks for large ones and does not read them keeps no
// more than this, and the rows, which others share.
const pagePiece = 64 << 10

var pageBuffers = sync.Pool{New: func() any {
	b := make([]byte, 0, pagePiece)
	return &b
}}

// respondRows sends rows as a JSON array. The paging headers are the older API's,
// in its letter case; clients of v4 that look for them take an absent
// X-FM-Next-Page as the end [LEGACY].
func respondRows(w http.ResponseWriter, rows [][]byte, page int, more bool) {
	size := len("[]") + max(0, len(rows)-1)
	for _, row := range rows {
		size += len(row)
	}
	h := w.Header()
	h["Content-Type"] = contentTypeJSON
	h["Content-Length"] = []string{strconv.Itoa(size)}
	h["X-FM-Entity-Count"] = []string{strconv.Itoa(len(rows))}
	h["X-FM-Page"] = []string{strconv.Itoa(page)}
	if more {
		h["X-FM-Next-Page"] = []string{strconv.Itoa(page + 1)}
	}
	w.WriteHeader(http.StatusOK)

	buf := pageBuffers.Get().(*[]byte)
	defer pageBuffers.Put(buf)
	piece := append((*buf)[:0], '[')
	for i, row := range rows {
		if i > 0 {
			piece = append(piece, ',')
		}
		if len(piece)+len(row) > pagePiece {
			if _, err := w.Write(piece); err != nil {
				return // a client that has gone is no error of ours
			}
			piece = piece[:0]
		}
		piece = append(piece, row...)
	}
	piece = append(piece, ']')
	_, _ = w.Write(piece)
	if cap(piece) <= 2*pagePiece { // not the one with the very long row
		*buf = piece
	}
}

// recordID reads the id in a path. What is no number cannot exist.
func recordID(segment string) (int64, error) {
	id, err := strconv.ParseInt(segment, 10, 64)
	if err != nil || id < 0 {
		return 0, fault.New(fault.NotFound, "not exist")
	}
	return id, nil
}

// isNumber reports whether a segment is a number, too large for an id or negative as it
// may be.
func isNumber(segment string) bool {
	_, err := strconv.ParseInt(segment, 10, 64)
	return !errors.Is(err, strconv.ErrSyntax)
}

// one finds the resource and id that a path names.
func (s *session) one(r *request) (*resource.Resource, int64, error) {
	res, err := s.resource(r.values[0])
	if err != nil {
		return nil, 0, err
	}
	id, err := recordID(r.values[1])
	if err != nil && !isNumber(r.values[1]) {
		// As for an id that nothing has [DOC], and in words: who reads /accounts/bulk
		// [CLIENT], or a name for an id, has something else to mend.
		const most = 40 // bytes of it are told
		err = fault.New(fault.NotFound, "not exist: %q is no id; records are listed at /%s", r.values[1][:min(len(r.values[1]), most)], res.Name)
	}
	return res, id, err
}

// get answers GET /{resource}/{id}, deleted records included.
func (d *Dialect) get(s *session, w http.ResponseWriter, r *request) error {
	res, id, err := s.one(r)
	if err != nil {
		return err
	}
	if res.Ops&resource.CanGet == 0 {
		return fault.New(fault.NotOffered, "%s cannot be read by id", res.Name)
	}
	return d.respondRecord(s, w, r, res, id)
}

// create answers POST /{resource}. Status 200, not 201 [DOC].
func (d *Dialect) create(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource(r.values[0])
	if err != nil {
		return err
	}
	return d.createIn(s, w, r, res, nil)
}

// createIn creates what the body has of res, a record or several, with further
// members set, and answers.
func (d *Dialect) createIn(s *session, w http.ResponseWriter, r *request, res *resource.Resource, set crm.Input) error {
	q := quirkOf(res)
	inputs, several, err := r.readInputs(w, q.several)
	if err != nil {
		return err
	}
	for _, input := range inputs {
		for name, v := range set {
			key, _, _ := sent(input, name)
			input[key] = v
		}
		if q.input != nil {
			if err := q.input(input, true); err != nil {
				return err
			}
		}
	}
	var ids []int64
	if several {
		ids, err = s.records.CreateAll(r.Context(), s.actor, res, inputs...)
	} else {
		ids = make([]int64, 1)
		ids[0], err = s.records.Create(r.Context(), s.actor, res, inputs[0])
	}
	switch {
	case err != nil:
		return err
	case several:
		rows, err := d.rowsOf(s, r, res, ids...)
		if err != nil {
			return err
		}
		respondRows(w, rows, 0, false)
		return nil
	case q.created == answerRecord:
		return d.respondRecord(s, w, r, res, ids[0])
	}
	respondCreated(w, ids[0])
	return nil
}

// readInputs reads a body with a record, or where that is offered with an array of
// them.
func (r *request) readInputs(w http.ResponseWriter, several bool) (inputs []crm.Input, array bool, err error) {
	body, err := r.readBody(w, maxRecordBody)
	if err != nil {
		return nil, false, err
	}
	if several {
		if err := checkJSON(body); err != nil {
			return nil, false, err
		}
		if items, ok := splitArray(body, crm.MaxBulk+1); ok { // one more, for crm to refuse
			for _, item := range items {
				input, ok := splitObject(item)
				if !ok {
					return nil, false, fault.New(fault.Invalid, "the body must be an object or an array of objects")
				}
				inputs = append(inputs, input)
			}
			return inputs, true, nil
		}
	}
	input, err := objectIn(body)
	return []crm.Input{input}, false, err
}

func respondCreated(w http.ResponseWriter, id int64) {
	body := strconv.AppendInt([]byte(`{"Message":"entity created","id":`), id, 10)
	respond(w, http.StatusOK, append(body, '}'))
}

// update answers PUT /{resource}/{id}: a partial update.
func (d *Dialect) update(s *session, w http.ResponseWriter, r *request) error {
	return d.updateFound(s, w, r, s.one)
}

// finder finds the record that a path names.
type finder func(r *request) (res *resource.Resource, id int64, err error)

// updateFound updates a record with the body, and answers.
func (d *Dialect) updateFound(s *session, w http.ResponseWriter, r *request, find finder) error {
	res, id, err := find(r)
	if err != nil {
		return err
	}
	input, err := r.readObject(w, maxRecordBody)
	if err != nil {
		return err
	}
	if input == nil {
		input = crm.Input{}
	}
	return d.updateOf(s, w, r, res, id, input)
}

// updateOf updates one record and answers.
func (d *Dialect) updateOf(s *session, w http.ResponseWriter, r *request, res *resource.Resource, id int64, input crm.Input) error {
	q := quirkOf(res)
	if q.input != nil {
		if err := q.input(input, false); err != nil {
			return err
		}
	}
	if err := s.records.Update(r.Context(), s.actor, res, id, input); err != nil {
		return err
	}
	if q.updated == answerRecord {
		return d.respondRecord(s, w, r, res, id)
	}
	respond(w, http.StatusOK, []byte(bodyUpdated))
	return nil
}

// respondRecord answers with a record as it is now.
func (d *Dialect) respondRecord(s *session, w http.ResponseWriter, r *request, res *resource.Resource, id int64) error {
	rd := d.renderer(s, res, variantOf(s, r))
	if err := rd.get(r.Context(), s, id); err != nil {
		return err
	}
	defer rd.release()
	if len(rd.rows) == 0 {
		return fault.New(fault.NotFound, "not exist")
	}
	respond(w, http.StatusOK, rd.rows[0])
	return nil
}

// rowsOf renders the records with these ids, in their order.
func (d *Dialect) rowsOf(s *session, r *request, res *resource.Resource, ids ...int64) ([][]byte, error) {
	rd := d.renderer(s, res, variantOf(s, r))
	if err := rd.get(r.Context(), s, ids...); err != nil {
		return nil, err
	}
	return rd.rows, nil
}

// get renders the records with these ids, in their order.
func (rd *renderer) get(ctx context.Context, s *session, ids ...int64) error {
	got, err := s.records.Get(ctx, s.actor, rd.res, rd, ids...)
	if err != nil {
		return err
	}
	rd.finish(got)
	return nil
}

// delete answers DELETE /{resource}/{id}. A body is not read: some clients send
// an empty one with a Content-Type [CLIENT].
func (d *Dialect) delete(s *session, w http.ResponseWriter, r *request) error {
	return d.deleteFound(s, w, r, s.one)
}

// deleteFound deletes a record, and answers.
func (d *Dialect) deleteFound(s *session, w http.ResponseWriter, r *request, find finder) error {
	res, id, err := find(r)
	if err != nil {
		return err
	}
	return d.deleteOf(s, w, r, res, id)
}

// deleteOf deletes one record and answers.
func (d *Dialect) deleteOf(s *session, w http.ResponseWriter, r *request, res *resource.Resource, id int64) error {
	if err := s.records.Delete(r.Context(), s.actor, res, id); err != nil {
		return err
	}
	body, how := []byte(bodyDeleted), quirkOf(res).deleted
	switch how {
	case answerSuccess:
		body = []byte(bodySuccess)
	case answerPlain:
		body = []byte(bodyPlain)
	case answerCode:
		body = []byte(bodyCode)
	}
	if how == answerMessageID || how == answerSuccess {
		body = append(strconv.AppendInt(append(body[:len(body)-1], `,"id":`...), id, 10), '}')
	}
	respond(w, http.StatusOK, body)
	return nil
}

// schema answers GET /{resource}/schema.
func (d *Dialect) schema(s *session, w http.ResponseWriter, r *request) error {
	res, err := s.resource(r.values[0])
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, d.schemaOf(res))
	return nil
}

func (d *Dialect) schemaOf(res *resource.Resource) []byte {
	return d.schemas.GetOrPut(res, func() []byte { return Schema(res) })
}

// ourResource describes resources that the documents do not have, so that nobody
// takes them for the vendor's.
const ourResource = "Extension: not part of the Sage Sales Management API"

// listResources answers GET /resources with every resource that has a schema.
func (d *Dialect) listResources(s *session, w http.ResponseWriter, r *request) error {
	body := []byte{'['}
	for _, res := range s.catalog.All() {
		if res.Ops&resource.CanList == 0 {
			continue // no path of its own, or one that the documents do not list
		}
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = append(body, `{"end_point":"/v4/`...)
		body = append(body, res.Name...)
		body = append(body, `","description":"`...)
		if res.Ours {
			body = append(body, ourResource...)
		}
		body = append(body, `","schema":"/v4/`...)
		body = append(body, res.Name...)
		body = append(body, `/schema","operations":{"create":`...)
		body = strconv.AppendBool(body, res.Ops&resource.CanCreate != 0)
		body = append(body, `,"read":`...)
		body = strconv.AppendBool(body, res.Ops&resource.ReadOnlyOps != 0)
		body = append(body, `,"update":`...)
		body = strconv.AppendBool(body, res.Ops&resource.CanUpdate != 0)
		body = append(body, `,"delete":`...)
		body = strconv.AppendBool(body, res.Ops&resource.CanDelete != 0)
		body = append(body, `}}`...)
	}
	respond(w, http.StatusOK, append(body, ']'))
	return nil
}
