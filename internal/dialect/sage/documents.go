package sage

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// owner is the record whose documents a path names: the zero value for
// /documents, which belong to none.
type owner struct {
	resource *resource.Resource
	id       int64
}

func (s *session) owner(r *request) (owner, error) {
	if len(r.values) < 2 {
		return owner{}, nil
	}
	res, id, err := s.one(r)
	return owner{res, id}, err
}

// listDocuments answers GET /documents and GET /{resource}/{id}/documents.
func (d *Dialect) listDocuments(s *session, w http.ResponseWriter, r *request) error {
	of, err := s.owner(r)
	if err != nil {
		return err
	}
	res, err := s.resource("documents")
	if err != nil {
		return err
	}
	base, q := document.Visible(res), quirkOf(res)
	if of.resource != nil {
		q = recordDocuments
		if base, err = document.Of(res, of.resource, of.id); err != nil {
			return err
		}
		if err := s.mustExist(r, of); err != nil {
			return err
		}
	}
	if err := s.documents.Settle(r.Context()); err != nil {
		return err
	}
	page := pageNumber(r.query, r.Header)
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: res,
		Where:    r.query["where"],
		Order:    r.query["order"],
		Base:     base,
		Language: language(r.query, s.actor.Language),
		Page:     page,
		Size:     pageSize(r.Header),
		Walk:     s.token + r.URL.Path,
	})
	if err != nil {
		return err
	}
	rows, err := d.documentRows(s, r, got, q)
	if err != nil {
		return err
	}
	respondRows(w, rows, page, got.More)
	return nil
}

// documentRows renders documents, each with a link of its own that expires, so
// they are never cached.
func (d *Dialect) documentRows(s *session, r *request, got *crm.Result, q quirk) ([][]byte, error) {
	var failed error
	more := func(dst []byte, member string, rec *resource.Record) []byte {
		if member == "isCarroussel" {
			return strconv.AppendBool(dst, rec.Values[got.Resource.Field("carrousel").Index].I == 1)
		}
		link, err := s.documents.Link(r.Context(), got.Resource, rec)
		if err != nil {
			failed = err
		}
		return resource.AppendText(dst, link)
	}
	p, v := newPlan(s.catalog, got.Resource, q), variantOf(s, r)
	rows, titles := make([][]byte, len(got.Rows)), names{Titles: got.Titles}
	for i, rec := range got.Rows {
		rows[i] = p.append(nil, rec, &titles, v, more)
	}
	return rows, failed
}

func (s *session) mustExist(r *request, of owner) error {
	ok, err := s.records.Exists(r.Context(), s.actor, of.resource, of.id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "not exist")
	}
	return err
}

// getDocument answers GET /documents/{id}.
func (d *Dialect) getDocument(s *session, w http.ResponseWriter, r *request) error {
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	res, err := s.resource("documents")
	if err != nil {
		return err
	}
	if err := s.documents.Settle(r.Context()); err != nil {
		return err
	}
	got, err := s.records.List(r.Context(), s.actor, crm.ListRequest{
		Resource: res,
		Base:     filter.And{document.Visible(res), equals(res, "id", resource.IntValue(id))},
		Language: -1,
		Size:     1,
	})
	if err != nil {
		return err
	}
	rows, err := d.documentRows(s, r, got, quirkOf(res))
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.NotFound, "not exist")
	}
	respond(w, http.StatusOK, rows[0])
	return nil
}

// createDocument answers POST /documents and POST /{resource}/{id}/documents
// with the locator that takes the bytes by PUT.
func (d *Dialect) createDocument(s *session, w http.ResponseWriter, r *request) error {
	of, err := s.owner(r)
	if err != nil {
		return err
	}
	body, err := r.readMembers(w, maxRecordBody)
	if err != nil {
		return err
	}
	req := document.Request{Resource: of.resource, RecordID: of.id}
	if req.Name, err = body.text("name"); err != nil {
		return err
	}
	if req.FolderID, err = body.integer("folderId"); err != nil {
		return err
	}
	if req.Level, err = body.integer("level"); err != nil {
		return err
	}
	if req.ExtID, err = body.optionalText("extId"); err != nil {
		return err
	}
	if req.Carousel, err = body.boolean("isCarrousel"); err != nil {
		return err
	}
	ticket, err := s.documents.Create(r.Context(), s.actor, req)
	if err != nil {
		return err
	}
	answer := append(resource.AppendText([]byte(`{"locator":`), ticket.Locator), `,"id":`...)
	id := strconv.FormatInt(ticket.ID, 10)
	if of.resource != nil && of.resource.Name == carouselOwner {
		answer = resource.AppendText(answer, id)
	} else {
		answer = append(answer, id...)
	}
	respond(w, http.StatusOK, append(answer, '}'))
	return nil
}

// carouselOwner is the resource whose pictures come back with their id as a
// text; all other documents have a number there [DOC].
const carouselOwner = "products"

// deleteDocument answers DELETE /documents/{id}.
func (d *Dialect) deleteDocument(s *session, w http.ResponseWriter, r *request) error {
	id, err := recordID(r.values[0])
	if err != nil {
		return err
	}
	if err := s.documents.Delete(r.Context(), s.actor, id); err != nil {
		return err
	}
	respond(w, http.StatusOK, []byte(bodyDeleted))
	return nil
}

// listFolders answers GET /documents/folders and GET /{resource}/{id}/documents/folders.
func (d *Dialect) listFolders(s *session, w http.ResponseWriter, r *request) error {
	of, err := s.owner(r)
	if err != nil {
		return err
	}
	res, err := s.resource("folders")
	if err != nil {
		return err
	}
	var base filter.Expr = &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field("entityId")}, Op: filter.IsNull}
	if of.resource != nil {
		if err := s.mustExist(r, of); err != nil {
			return err
		}
		base = document.FoldersOf(res, of.resource, of.id)
	}
	return d.listOf(s, w, r, res, base)
}

// createFolder answers POST /documents/folders and POST /{resource}/{id}/documents/folders.
func (d *Dialect) createFolder(s *session, w http.ResponseWriter, r *request) error {
	of, err := s.owner(r)
	if err != nil {
		return err
	}
	body, err := r.readMembers(w, maxRecordBody)
	if err != nil {
		return err
	}
	req := document.FolderRequest{Resource: of.resource, RecordID: of.id}
	if req.Name, err = body.text("name"); err != nil {
		return err
	}
	if req.ParentID, err = body.integer("folderId"); err != nil {
		return err
	}
	if req.Level, err = body.integer("level"); err != nil {
		return err
	}
	if req.Restrict, err = body.boolean("restrictSucursales"); err != nil {
		return err
	}
	id, err := s.documents.CreateFolder(r.Context(), s.actor, req)
	if err != nil {
		return err
	}
	respondCreated(w, id)
	return nil
}

// members are those of a body that is no record, by lower-case name.
type members map[string]json.RawMessage

func (r *request) readMembers(w http.ResponseWriter, limit int64) (members, error) {
	object, err := r.readObject(w, limit)
	if err != nil {
		return nil, err
	}
	return byName(object)
}

func byName(object map[string]json.RawMessage) (members, error) {
	m := make(members, len(object))
	for name, v := range object {
		lower := strings.ToLower(name)
		if m[lower] != nil {
			return nil, fault.InField(lower, "%s is given twice, in different letter case", lower)
		}
		m[lower] = v
	}
	return m, nil
}

// scalar reads one member as the kind says; null where it is absent.
func (m members) scalar(name string, kind resource.Kind) (resource.Value, error) {
	f := resource.Field{Name: name, Kind: kind}
	c, err := f.Coerce(m[strings.ToLower(name)])
	return c.Value, err
}

func (m members) integer(name string) (int64, error) {
	v, err := m.scalar(name, resource.Integer)
	return v.I, err
}

func (m members) boolean(name string) (bool, error) {
	v, err := m.scalar(name, resource.Boolean)
	return v.I == 1, err
}

func (m members) optionalText(name string) (string, error) {
	v, err := m.scalar(name, resource.Text)
	return v.S, err
}

// text reads a member that must be there.
func (m members) text(name string) (string, error) {
	s, err := m.optionalText(name)
	if err == nil && strings.TrimSpace(s) == "" {
		err = fault.InField(name, "%s is required", name)
	}
	return s, err
}
