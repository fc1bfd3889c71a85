package document

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Link returns a URL that serves the contents of a document until LinkLife has
// passed, without further credentials. documents is the resource that rec was
// read with. Documents that are deleted or not ready have no link: "".
//
// The own form is that of the vendor, /api/v4/download/ and one opaque word
// [DOC]; a store that presigns has its own.
func (s *Service) Link(ctx context.Context, documents *resource.Resource, rec *resource.Record) (_ string, err error) {
	defer fault.Wrap(&err, "document.Link(%d)", rec.ID)
	r := row{documents, rec}
	hash := r.text(fieldHash)
	if r.deleted() || r.state() != resource.DocumentReady || !blob.IsHash(hash) {
		return "", nil
	}
	if s.presign != nil {
		return s.presign.PresignGet(ctx, hash, r.fileName(), r.text(fieldContentType), s.cfg.LinkLife)
	}
	t := token{id: rec.ID, mark: hashMark(hash), expires: s.now().Add(s.cfg.LinkLife)}
	return s.cfg.BaseURL + "/api/v4/download/" + s.sign(forDownload, t), nil
}

// fileName is the name a document is saved under.
func (r row) fileName() string {
	if name := r.text(fieldDescription); name != "" {
		return name
	}
	return r.text(fieldName)
}

// hashMark is the part of a hash that a link carries.
func hashMark(hash string) uint64 {
	b, err := hex.DecodeString(hash[:16])
	if err != nil {
		return 0 // not a hash, as IsHash would have said
	}
	return binary.BigEndian.Uint64(b)
}

// Download is a document to be served. The caller closes Content.
type Download struct {
	Content     blob.Content
	Name        string // file name, for the client to save it under
	ContentType string
	ETag        string // in quotes
	Modified    time.Time
}

// OpenDownload opens the document that a link's token stands for.
//
// Errors: fault.Forbidden for a token that was altered or has expired;
// fault.NotFound when the document is not there any more; fault.Unavailable.
func (s *Service) OpenDownload(ctx context.Context, text string) (_ Download, err error) {
	defer fault.Wrap(&err, "document.OpenDownload")
	t, err := s.verify(forDownload, text)
	if err != nil {
		return Download{}, err
	}
	r, ok, err := s.load(ctx, s.documents(), t.id)
	if err != nil {
		return Download{}, err
	}
	hash := ""
	if ok {
		hash = r.text(fieldHash)
	}
	if !ok || r.deleted() || r.state() != resource.DocumentReady || !blob.IsHash(hash) || hashMark(hash) != t.mark {
		return Download{}, errNoDocument()
	}
	c, err := s.cfg.Blobs.Open(ctx, hash)
	if fault.KindOf(err) == fault.NotFound {
		// The row says it is there: the storage has lost it.
		return Download{}, fault.New(fault.Internal, "").Because(err)
	} else if err != nil {
		return Download{}, err
	}
	return Download{
		Content:     c,
		Name:        r.fileName(),
		ContentType: r.text(fieldContentType),
		ETag:        Receipt{Hash: hash}.ETag(),
		Modified:    r.time(fieldUploaded),
	}, nil
}
