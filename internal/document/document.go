// Package document keeps the documents of the dossiers: rows of the resources
// documents and folders, whose contents are in a blob.Store.
//
// A document is announced (Create), which makes a row that nobody sees and a
// locator that takes one upload. Once its bytes are durable and verified the row
// becomes ready, in one transaction, and from then on it is listed. Everything
// that stays behind on the way, be it by cut connections, lost races, crashes or
// documents deleted later, is found and removed by Sweep.
package document

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Defaults of Config.
const (
	DefaultMaxSize    = 5 << 30            // bytes: what S3 takes in one PUT
	DefaultTicketLife = 7 * 24 * time.Hour // as the vendor's: X-Amz-Expires=604800 [DOC]
	DefaultLinkLife   = 24 * time.Hour     // as long as a session
	DefaultSafetyAge  = 24 * time.Hour
)

// minKey is the least length of Config.Key in bytes.
const minKey = 16

// Config is what a Service is made of.
type Config struct {
	// Workspace is the name under which clients' tokens find this service.
	Workspace string

	Store crm.Store

	// Blobs keeps this workspace's contents and no one else's: contents to
	// which no document of Store refers are removed from it.
	Blobs blob.Store

	Catalog func() *resource.Catalog
	Clock   func() time.Time // the workspace's now

	// Key signs locators and links, 16 bytes or more. Nobody else may know it.
	Key []byte

	BaseURL string // scheme and host that locators and links begin with

	MaxSize    int64         // bytes in one document; 0 = DefaultMaxSize
	TicketLife time.Duration // how long a locator takes the upload; 0 = DefaultTicketLife
	LinkLife   time.Duration // how long a link works; 0 = DefaultLinkLife

	// SafetyAge is how old a content has to be, by the clock of the storage,
	// before it is removed because no document refers to it; how long ago, by
	// Clock, its documents have to be deleted, so that a backup of the database
	// finds all contents when these are copied within SafetyAge; and how long
	// an upload may rest before it is taken for abandoned. 0 = DefaultSafetyAge
	SafetyAge time.Duration

	// Scanner looks for viruses in every content before it is shown; nil = nobody
	// does.
	Scanner Scanner

	// Quarantine says what becomes of contents that cannot be scanned now, since
	// the scanner does not answer or does not take them. They are refused, or kept
	// and shown once they were found clean.
	Quarantine bool

	// Machine is the storage's now, from which SafetyAge counts; nil = time.Now.
	Machine func() time.Time

	Logger *slog.Logger // nil = slog.Default
}

// Service is the document service of one workspace. It is safe for concurrent
// use, and several processes may serve the same workspace; removal of unused
// contents should then be left to one of them (see Run).
type Service struct {
	cfg     Config
	presign blob.Presigner // nil when the store has no URLs of its own

	// using is entered before a content is known to be durable and left once it is
	// held, and closed while an unused content is removed.
	using gate
	holds holds

	settling errands
}

// New returns the service of a workspace. It refuses a Config that lacks a part,
// and a key that is too short to protect anything.
func New(cfg Config) (_ *Service, err error) {
	defer fault.Wrap(&err, "document.New")
	switch {
	case cfg.Store == nil, cfg.Blobs == nil, cfg.Catalog == nil, cfg.Clock == nil:
		return nil, errors.New("store, blobs, catalog and clock are required")
	case len(cfg.Key) < minKey:
		return nil, errors.New("the key is too short")
	case len(cfg.Workspace) > maxWorkspace:
		return nil, errors.New("the name of the workspace is too long")
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	if cfg.MaxSize == 0 {
		cfg.MaxSize = DefaultMaxSize
	}
	if cfg.TicketLife == 0 {
		cfg.TicketLife = DefaultTicketLife
	}
	if cfg.LinkLife == 0 {
		cfg.LinkLife = DefaultLinkLife
	}
	if cfg.SafetyAge == 0 {
		cfg.SafetyAge = DefaultSafetyAge
	}
	if cfg.Machine == nil {
		cfg.Machine = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Service{cfg: cfg}
	s.presign, _ = cfg.Blobs.(blob.Presigner)
	return s, nil
}

func (s *Service) now() time.Time { return s.cfg.Clock().UTC() }

// Names of the resources and of their fields.
const (
	documentsName = "documents"
	foldersName   = "folders"
	usersName     = "users"

	fieldCarousel    = "carrousel" // [DOC], so spelled
	fieldComment     = "comment"
	fieldContentType = "contentType"
	fieldCredential  = "credential"
	fieldDamageImage = "damageImage"
	fieldDialect     = "dialect"
	fieldKey         = "key"
	fieldRestricted  = "restricted"
	fieldCreated     = "dateCreated"
	fieldCreatedBy   = "salesRepIdCreated"
	fieldDeleted     = "deleted"
	fieldDeletedAt   = "dateDeleted"
	fieldDeletedBy   = "salesRepIdDeleted"
	fieldDescription = "description"
	fieldEntity      = "entity"
	fieldEntityID    = "entityId"
	fieldExpires     = "expiresAt"
	fieldExtID       = "extId"
	fieldExtension   = "extension"
	fieldFolder      = "folderId"
	fieldHash        = "hash"
	fieldID          = "id"
	fieldLevel       = "level"
	fieldMisnamed    = "misnamed"
	fieldName        = "name"
	fieldRestrict    = "restrictSucursales"
	fieldScan        = "scan"
	fieldSize        = "size"
	fieldSource      = "source"
	fieldState       = "state"
	fieldUpdated     = "dateUpdated"
	fieldUpdatedBy   = "salesRepIdUpdated"
	fieldUploaded    = "uploadedAt"
	fieldUser        = "userId"
)

// States of a document beyond those of package resource. Neither is ever shown.
const (
	stateExpired = "expired" // nothing came in time
	stateRefused = "refused" // what came was too large, or infected
)

func (s *Service) documents() *resource.Resource { return s.cfg.Catalog().Resource(documentsName) }

// row is a record with its fields by name.
type row struct {
	res *resource.Resource
	rec *resource.Record
}

func (r row) get(name string) resource.Value {
	f := r.res.Field(name)
	if f == nil || f.Index >= len(r.rec.Values) {
		return resource.Value{}
	}
	return r.rec.Values[f.Index]
}

func (r row) text(name string) string        { return r.get(name).S }
func (r row) int(name string) int64          { return r.get(name).I }
func (r row) time(name string) time.Time     { return time.UnixMilli(r.get(name).I).UTC() }
func (r row) deleted() bool                  { return r.int(fieldDeleted) == 1 }
func (r row) state() string                  { return r.text(fieldState) }
func (r row) set(n string, v resource.Value) { r.rec.Values[r.res.Field(n).Index] = v }

// fresh returns a new record of res with its defaults.
func fresh(res *resource.Resource) row {
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for i := range res.Fields {
		rec.Values[i] = res.Fields[i].Default
	}
	return row{res, rec}
}

// assign lists new values by field name.
func assign(res *resource.Resource, values map[string]resource.Value) []crm.Assignment {
	set := make([]crm.Assignment, 0, len(values))
	for i := range res.Fields { // in the order of fields: the same statement each time
		if v, ok := values[res.Fields[i].Name]; ok {
			set = append(set, crm.Assignment{Field: &res.Fields[i], Value: v})
		}
	}
	return set
}

func instant(t time.Time) resource.Value { return resource.IntValue(t.UnixMilli()) }

// load reads one row. ok is false when there is none.
func (s *Service) load(ctx context.Context, res *resource.Resource, id int64) (r row, ok bool, err error) {
	var p crm.Page
	if err := s.cfg.Store.Load(ctx, res, []int64{id}, &p); err != nil {
		return row{}, false, err
	}
	if len(p.Rows) == 0 {
		return row{}, false, nil
	}
	return row{res, p.Rows[0]}, true, nil
}

// see reads one row, if the actor sees it.
func (s *Service) see(ctx context.Context, view *crm.View, res *resource.Resource, id int64) (r row, ok bool, err error) {
	p := crm.Page{Visible: view.Of(res)}
	if err := s.cfg.Store.Load(ctx, res, []int64{id}, &p); err != nil || len(p.Rows) == 0 {
		return row{}, false, err
	}
	return row{res, p.Rows[0]}, true, nil
}

// compare is a condition on a field of res itself.
func compare(res *resource.Resource, field string, op filter.Op, args ...resource.Value) filter.Expr {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: op, Args: args}
}

// Visible is the condition that every list of documents must add: only those
// whose contents are there. documents is the resource of the catalog in use.
// Deleted ones are included, as in every list.
func Visible(documents *resource.Resource) filter.Expr {
	return compare(documents, fieldState, filter.Eq, resource.TextValue(resource.DocumentReady))
}

// Awaited reports whether the contents of a document that is not visible were taken, and
// will be once they are scanned for viruses and found clean. rec has all its fields.
func Awaited(documents *resource.Resource, rec *resource.Record) bool {
	r := row{documents, rec}
	return r.state() == resource.DocumentQuarantined && r.text(fieldScan) == scanPending
}

// Of is the condition that a document is visible and belongs to a record of
// owner. It returns fault.NoResource when documents cannot belong to such records.
func Of(documents, owner *resource.Resource, id int64) (filter.Expr, error) {
	f, err := ownerField(documents, owner)
	if err != nil {
		return nil, err
	}
	return filter.And{Visible(documents), compare(documents, f, filter.Eq, resource.IntValue(id))}, nil
}

// FoldersOf is the condition that a folder belongs to a record of owner.
func FoldersOf(folders, owner *resource.Resource, id int64) filter.Expr {
	return filter.And{
		compare(folders, fieldEntityID, filter.Eq, resource.IntValue(id)),
		compare(folders, fieldEntity, filter.Eq, resource.TextValue(resource.Fold(owner.Name))),
	}
}

// HasOwner reports whether documents can belong to records of owner.
func HasOwner(documents, owner *resource.Resource) bool {
	_, err := ownerField(documents, owner)
	return err == nil
}

// ownerField returns the field by which documents refer to records of owner.
func ownerField(documents, owner *resource.Resource) (string, error) {
	if owner.Name != usersName && owner.Name != foldersName {
		for _, f := range documents.Fields {
			if f.Kind.IsRef() && f.Table == owner.Name {
				return f.Name, nil
			}
		}
	}
	return "", fault.New(fault.NoResource, "records of %s have no documents", owner.Name)
}
