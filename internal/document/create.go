package document

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Request announces a document.
type Request struct {
	Resource *resource.Resource // of the record it belongs to; nil = to none
	RecordID int64
	Name     string // as people will see it, with its extension
	FolderID int64  // -1 or 0 = the root
	Carousel bool   // a picture of a product that is shown with it
	ExtID    string // id in the client's own system; "" = none
	By       int64  // user whom it is from, when the actor brings it for somebody else; 0 = the actor
	Level    int64  // permission level, 1 to 5; 0 = none
	Policy   Policy // of the dialect that it comes by

	// Note is what dialects other than Sage's say of a document; nil = nothing, and
	// the document is shown as the Sage documents show it.
	Note *Note
}

// Note is what is shown of a document beside the members of the Sage documents.
// The dialect and credential by which it came are shown with it.
type Note struct {
	Key         string // what the document is to its record, as "Voided Check"; "" = nothing, at most 255 characters
	Comment     string // in the sender's words; "" = none, at most 6000 characters
	Restricted  bool   // meant for its creator and the insurance company only
	DamageImage bool   // a picture of the damage
}

// Ticket lets a client upload the contents of a document once.
type Ticket struct {
	ID      int64
	Locator string    // URL that takes a PUT of the bytes
	Expires time.Time // of the locator
}

// Create announces a document and returns where its contents are to be put.
// Until they are there, nobody sees it.
//
// Errors: fault.Invalid naming the field; fault.NotFound when there is no such
// record; fault.NoResource when its resource has no documents.
func (s *Service) Create(ctx context.Context, actor crm.Actor, req Request) (_ Ticket, err error) {
	defer fault.Wrap(&err, "document.Create")
	r, err := s.prepare(ctx, actor, req, s.isThere(actor))
	if err != nil {
		return Ticket{}, err
	}
	t := Ticket{Expires: r.time(fieldCreated).Add(s.cfg.TicketLife)}
	r.set(fieldState, resource.TextValue(resource.DocumentPending))
	r.set(fieldExpires, instant(t.Expires))
	if err := s.insert(ctx, actor, r); err != nil {
		return Ticket{}, err
	}
	t.ID = r.rec.ID
	created := r.time(fieldCreated)
	if s.presign != nil {
		t.Locator, err = s.presign.PresignPut(ctx, s.uploadName(t.ID, created), s.cfg.TicketLife)
		return t, err
	}
	t.Locator = s.cfg.BaseURL + "/upload/" + s.sign(forUpload, token{id: t.ID, mark: uint64(created.UnixMilli()), expires: t.Expires})
	return t, nil
}

// Add stores a document whose contents are at hand, and makes it visible at
// once. Its errors are those of Create and Receive.
func (s *Service) Add(ctx context.Context, actor crm.Actor, req Request, contents io.Reader) (id int64, _ Receipt, err error) {
	defer fault.Wrap(&err, "document.Add")
	r, err := s.prepare(ctx, actor, req, s.isThere(actor))
	if err != nil {
		return 0, Receipt{}, err
	}
	receipt, err := s.keep(ctx, contents, -1, func(got content) error {
		r.take(got)
		return s.insert(ctx, actor, r)
	})
	return r.rec.ID, receipt, err
}

// thereFunc returns fault.NotFound unless a record is there for somebody and not
// deleted.
type thereFunc func(ctx context.Context, res *resource.Resource, id int64) error

// isThere asks the store.
func (s *Service) isThere(actor crm.Actor) thereFunc {
	return func(ctx context.Context, res *resource.Resource, id int64) error {
		return s.exists(ctx, crm.NewView(actor, s.cfg.Catalog()), res, id)
	}
}

// prepare checks a request and makes its row, without a state.
func (s *Service) prepare(ctx context.Context, actor crm.Actor, req Request, isThere thereFunc) (row, error) {
	catalog := s.cfg.Catalog()
	view := crm.NewView(actor, catalog)
	r := fresh(catalog.Resource(documentsName))
	name, err := req.Policy.Check(req.Name)
	if err != nil {
		return row{}, err
	}
	if req.Resource != nil {
		if err := isThere(ctx, req.Resource, req.RecordID); err != nil {
			return row{}, err
		}
		owner, err := ownerField(r.res, req.Resource)
		if err != nil {
			return row{}, err
		}
		r.set(owner, resource.IntValue(req.RecordID))
	}
	if err := s.place(ctx, view, catalog, r, req.FolderID); err != nil {
		return row{}, err
	}
	if err := setLevel(r, req.Level); err != nil {
		return row{}, err
	}
	if req.ExtID != "" {
		v, err := textValue(r.res, fieldExtID, req.ExtID)
		if err != nil {
			return row{}, err
		}
		r.set(fieldExtID, v)
	}
	if err := r.note(actor, req.Note); err != nil {
		return row{}, err
	}
	ext := extensionOf(name)
	r.set(fieldDescription, resource.TextValue(name))
	r.set(fieldExtension, resource.TextValue(ext))
	r.set(fieldName, resource.TextValue(storedName(0, ext))) // until the id is known
	r.set(fieldCarousel, resource.BoolValue(req.Carousel))
	r.set(fieldSource, resource.TextValue(source(r.res, actor)))
	r.set(fieldUser, resource.IntValue(cmp.Or(req.By, actor.UserID)))
	r.set(fieldCreatedBy, resource.IntValue(actor.UserID))
	r.set(fieldCreated, instant(s.now()))
	return r, nil
}

// note writes down what another dialect says of a document.
func (r row) note(actor crm.Actor, n *Note) error {
	if n == nil {
		return nil
	}
	for _, part := range [...]struct{ field, text string }{
		{fieldKey, n.Key}, {fieldComment, n.Comment}, {fieldDialect, actor.Dialect}, {fieldCredential, actor.Credential},
	} {
		if part.text == "" {
			continue
		}
		v, err := textValue(r.res, part.field, part.text)
		if err != nil {
			return err
		}
		r.set(part.field, v)
	}
	if n.Restricted {
		r.set(fieldRestricted, resource.BoolValue(true))
	}
	if n.DamageImage {
		r.set(fieldDamageImage, resource.BoolValue(true))
	}
	return nil
}

// sender is source read back: who announced a document, of whose upload ctx is.
func (r row) sender(ctx context.Context) crm.Actor {
	dialect, credential, _ := strings.Cut(r.text(fieldSource), ":")
	return crm.Actor{UserID: r.int(fieldCreatedBy), Dialect: dialect, Credential: credential, RequestID: crm.RequestOf(ctx)}
}

// source says by whom a document came, cut to what its column takes.
func source(res *resource.Resource, actor crm.Actor) string {
	text := []rune(actor.Dialect + ":" + actor.Credential)
	if limit := res.Field(fieldSource).MaxLength; limit > 0 && len(text) > limit {
		text = text[:limit]
	}
	return string(text)
}

// exists returns fault.NotFound unless the record is there for the actor and not
// deleted.
func (s *Service) exists(ctx context.Context, view *crm.View, res *resource.Resource, id int64) error {
	r, ok, err := s.see(ctx, view, res, id)
	if err != nil {
		return err
	}
	if !ok || r.res.Field(fieldDeleted) != nil && r.deleted() {
		return fault.New(fault.NotFound, "there is no record %d in %s", id, res.Name)
	}
	return nil
}

// place puts a document or folder into a folder.
func (s *Service) place(ctx context.Context, view *crm.View, catalog *resource.Catalog, r row, folder int64) error {
	if folder == 0 || folder == -1 {
		return nil
	}
	err := s.exists(ctx, view, catalog.Resource(foldersName), folder)
	if fault.KindOf(err) == fault.NotFound {
		return fault.InField(fieldFolder, "folderId: there is no folder %d; the root is -1", folder)
	} else if err != nil {
		return err
	}
	r.set(fieldFolder, resource.IntValue(folder))
	return nil
}

func setLevel(r row, level int64) error {
	if level < 0 || level > 5 {
		return fault.InField(fieldLevel, "level must be from 1 to 5")
	}
	if level > 0 {
		r.set(fieldLevel, resource.IntValue(level))
	}
	return nil
}

// take gives a new row its content.
func (r row) take(got content) {
	for name, v := range got.values(r.text(fieldExtension)) {
		r.set(name, v)
	}
}

// insert writes new rows, in one transaction, and names each by its id. A row that
// nobody sees yet is not logged.
func (s *Service) insert(ctx context.Context, actor crm.Actor, rows ...row) error {
	return s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		for _, r := range rows {
			if err := s.insertOne(ctx, tx, actor, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) insertOne(ctx context.Context, tx crm.Tx, actor crm.Actor, r row) error {
	if err := crm.Accompany(ctx, tx, s.cfg.Catalog(), r.res, r.rec); err != nil {
		return err
	}
	if err := tx.Insert(ctx, r.res, r.rec); err != nil {
		return err
	}
	name := storedName(r.rec.ID, r.text(fieldExtension))
	_, err := tx.Update(ctx, r.res, r.rec.ID, assign(r.res, map[string]resource.Value{
		fieldName: resource.TextValue(name),
	}))
	if err != nil || r.state() != resource.DocumentReady {
		return err
	}
	r.set(fieldName, resource.TextValue(name))
	return tx.Log(ctx, actor.Change(s.now(), crm.Created, r.res, nil, r.rec))
}

// FolderRequest asks for a folder.
type FolderRequest struct {
	Resource *resource.Resource // of the record it belongs to; nil = to none
	RecordID int64
	Name     string
	ParentID int64 // the folder it lies in; -1 or 0 = the root
	Level    int64 // permission level, 1 to 5; 0 = none
	Restrict bool  // whether branches restrict it (restrictSucursales [DOC])
}

// CreateFolder makes a folder and returns its id. In another folder it is no more open
// than that, and belongs to the same record. Errors are as for Create.
func (s *Service) CreateFolder(ctx context.Context, actor crm.Actor, req FolderRequest) (id int64, err error) {
	defer fault.Wrap(&err, "document.CreateFolder")
	catalog := s.cfg.Catalog()
	view := crm.NewView(actor, catalog)
	r := fresh(catalog.Resource(foldersName))
	name, err := cleanName(fieldName, req.Name, maxName)
	if err != nil {
		return 0, err
	}
	if req.Resource != nil {
		if err := s.exists(ctx, view, req.Resource, req.RecordID); err != nil {
			return 0, err
		}
		if _, err := ownerField(catalog.Resource(documentsName), req.Resource); err != nil {
			return 0, err
		}
		r.set(fieldEntity, resource.TextValue(req.Resource.Name))
		r.set(fieldEntityID, resource.IntValue(req.RecordID))
	}
	if err := s.place(ctx, view, catalog, r, req.ParentID); err != nil {
		return 0, err
	}
	if err := setLevel(r, req.Level); err != nil {
		return 0, err
	}
	r.set(fieldName, resource.TextValue(name))
	r.set(fieldRestrict, resource.BoolValue(req.Restrict))
	if err := s.inherit(ctx, view, r); err != nil {
		return 0, err
	}
	r.set(fieldCreatedBy, resource.IntValue(actor.UserID))
	r.set(fieldCreated, instant(s.now()))
	err = s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		if err := tx.Insert(ctx, r.res, r.rec); err != nil {
			return err
		}
		return tx.Log(ctx, actor.Change(s.now(), crm.Created, r.res, nil, r.rec))
	})
	return r.rec.ID, err
}

// inherit has a new folder share who sees the one that it lies in, which is not said of
// folders by a reference as of documents: nobody can move or change them. The documents
// do not say that folders inherit anything; a name within a hidden folder would tell
// about it.
func (s *Service) inherit(ctx context.Context, view *crm.View, r row) error {
	outer := r.int(fieldFolder)
	if outer == 0 {
		return nil
	}
	parent, ok, err := s.see(ctx, view, r.res, outer)
	if err != nil || !ok {
		return err
	}
	r.set(fieldLevel, resource.IntValue(max(r.int(fieldLevel), parent.int(fieldLevel))))
	if parent.int(fieldRestrict) != 0 {
		r.set(fieldRestrict, resource.BoolValue(true))
	}
	entity, id := parent.text(fieldEntity), parent.int(fieldEntityID)
	switch {
	case entity == "":
	case r.text(fieldEntity) == "":
		r.set(fieldEntity, resource.TextValue(entity))
		r.set(fieldEntityID, resource.IntValue(id))
	case r.text(fieldEntity) != entity || r.int(fieldEntityID) != id:
		return fault.InField(fieldFolder, "folderId: folder %d belongs to another record", outer)
	}
	return nil
}

// Delete marks a document as deleted. Its contents stay for SafetyAge, and then
// until Sweep finds that no other document has them. A document that is still pending can be deleted,
// too: its locator then takes nothing any more. It returns fault.NotFound when
// the actor sees no document with this id that is not deleted.
func (s *Service) Delete(ctx context.Context, actor crm.Actor, id int64) (err error) {
	defer fault.Wrap(&err, "document.Delete(%d)", id)
	catalog := s.cfg.Catalog()
	view, res := crm.NewView(actor, catalog), catalog.Resource(documentsName)
	return s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		rec, err := view.Lock(ctx, tx, res, id)
		if fault.KindOf(err) == fault.NotFound {
			return errNoDocument()
		} else if err != nil {
			return err
		}
		return s.deleteOne(ctx, tx, actor, row{res, rec})
	})
}

// deleteOne marks a row that is locked as deleted.
func (s *Service) deleteOne(ctx context.Context, tx crm.Tx, actor crm.Actor, r row) error {
	switch r.state() {
	case resource.DocumentPending, resource.DocumentQuarantined, resource.DocumentReady:
	default:
		return errNoDocument()
	}
	if r.deleted() {
		return errNoDocument()
	}
	now := s.now()
	set := assign(r.res, map[string]resource.Value{
		fieldDeleted:   resource.BoolValue(true),
		fieldDeletedAt: instant(now),
		fieldDeletedBy: resource.IntValue(actor.UserID),
	})
	if _, err := tx.Update(ctx, r.res, r.rec.ID, set); err != nil || r.state() != resource.DocumentReady {
		return err
	}
	return tx.Log(ctx, actor.Change(now, crm.Deleted, r.res, r.rec, crm.With(r.rec, set)))
}

func errNoDocument() *fault.Error { return fault.New(fault.NotFound, "the document does not exist") }

// textValue applies the limits of a text field.
func textValue(res *resource.Resource, field, text string) (resource.Value, error) {
	raw, err := json.Marshal(text)
	if err != nil {
		return resource.Value{}, err
	}
	c, err := res.Field(field).Coerce(raw)
	return c.Value, err
}
