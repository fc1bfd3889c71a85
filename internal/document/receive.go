package document

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Receipt says what was stored.
type Receipt struct {
	Hash        string // SHA-256, lower-case hexadecimal
	Size        int64  // bytes
	ContentType string // as found in the contents
}

// ETag returns the entity tag of the contents, in quotes.
func (r Receipt) ETag() string { return `"` + r.Hash + `"` }

// content is what became of a body.
type content struct {
	Receipt
	at   time.Time
	scan string // state of the scan for viruses; "" = there is no scanner
}

// state is that of a document with this content.
func (c content) state() string {
	if c.scan == scanPending || c.scan == scanFailed {
		return resource.DocumentQuarantined
	}
	return resource.DocumentReady
}

// values are the fields that a document with this extension gets with its content.
func (c content) values(extension string) map[string]resource.Value {
	values := map[string]resource.Value{
		fieldState:       resource.TextValue(c.state()),
		fieldSize:        resource.IntValue(c.Size),
		fieldHash:        resource.TextValue(c.Hash),
		fieldContentType: resource.TextValue(c.ContentType),
		// They are served all the same, like all contents as an attachment that no
		// browser opens.
		fieldMisnamed: resource.BoolValue(Contradicts(extension, c.ContentType)),
		fieldUploaded: instant(c.at),
	}
	if c.scan != "" {
		values[fieldScan] = resource.TextValue(c.scan)
	}
	return values
}

// Receive takes the contents of the document that a locator's token stands for.
// length is the number of bytes announced, or -1. When it returns without an
// error, the contents are durable and the document is visible; otherwise nothing
// has changed, except that after fault.Unavailable, fault.Timeout and
// fault.Internal the upload may have succeeded.
//
// Errors: fault.Forbidden for a token that was altered or has expired;
// fault.NotFound when the document was deleted; fault.Conflict when its contents
// are there already, of several uploads at once the first to end counts;
// fault.TooLarge; fault.Invalid when the body ends early; fault.Timeout when it
// stops arriving; fault.Unavailable when it cannot be stored or not be scanned;
// fault.Invalid when it is infected, after which the locator takes nothing more.
func (s *Service) Receive(ctx context.Context, text string, body io.Reader, length int64) (_ Receipt, err error) {
	defer fault.Wrap(&err, "document.Receive")
	t, err := s.verify(forUpload, text)
	if err != nil {
		return Receipt{}, err
	}
	res := s.documents()
	r, ok, err := s.load(ctx, res, t.id)
	if err != nil {
		return Receipt{}, err
	}
	if !ok || uint64(r.int(fieldCreated)) != t.mark {
		return Receipt{}, errNoDocument()
	}
	if err := r.awaits(); err != nil {
		return Receipt{}, err
	}
	receipt, err := s.keep(ctx, body, length, func(got content) error { return s.ready(ctx, res, t.id, got) })
	if errors.Is(err, errInfected) {
		err = errors.Join(err, s.refuse(ctx, res, t.id, scanInfected))
	}
	return receipt, err
}

// awaits returns nil for a document whose contents are still to come.
func (r row) awaits() error {
	switch {
	case r.deleted():
		return errNoDocument()
	case r.state() == resource.DocumentPending:
		return nil
	case r.state() == resource.DocumentReady, r.state() == resource.DocumentQuarantined:
		return fault.New(fault.Conflict, "the document was already uploaded")
	case r.state() == stateRefused && r.text(fieldScan) == scanInfected:
		return fault.New(fault.Conflict, "the document was refused because of a virus")
	case r.state() == stateRefused && r.text(fieldScan) == scanFailed:
		return fault.New(fault.Conflict, "the document was refused because it cannot be scanned for viruses")
	case r.state() == stateRefused:
		return fault.New(fault.Conflict, "the document was refused because of its size")
	default:
		return errExpired()
	}
}

// ready gives a pending document its content, with which it becomes visible or
// goes into quarantine.
func (s *Service) ready(ctx context.Context, res *resource.Resource, id int64, got content) error {
	return s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		rec, err := tx.Lock(ctx, res, id)
		if err != nil {
			return err
		}
		if rec == nil {
			return errNoDocument()
		}
		r := row{res, rec}
		if err := r.awaits(); err != nil {
			return err
		}
		values := got.values(r.text(fieldExtension))
		values[fieldExpires] = resource.Value{}
		// The vendor's documents count as updated when their bytes arrive [DOC].
		values[fieldUpdated] = instant(got.at)
		values[fieldUpdatedBy] = r.get(fieldCreatedBy)
		set := assign(res, values)
		if _, err := tx.Update(ctx, res, id, set); err != nil || got.state() != resource.DocumentReady {
			return err
		}
		// Only now the document begins to be there for others.
		return tx.Log(ctx, r.sender(ctx).Change(got.at, crm.Created, res, nil, crm.With(rec, set)))
	})
}

// keep stores a body and then calls refer, which makes a row refer to it. When
// that is refused, the content is removed again unless another document has it.
func (s *Service) keep(ctx context.Context, in io.Reader, length int64, refer func(content) error) (_ Receipt, err error) {
	if length > s.cfg.MaxSize {
		return Receipt{}, s.errTooLarge()
	}
	f, err := s.stage(ctx)
	if err != nil {
		return Receipt{}, err
	}
	if err = f.fill(in, length); err == nil {
		err = f.Close()
	}
	if err == nil {
		err = f.inspect(ctx)
	}
	if err != nil {
		f.discard(ctx)
		return Receipt{}, err
	}
	if err := refer(f.got); err != nil {
		f.abandon(ctx, err)
		return Receipt{}, err
	}
	f.release()
	return f.got.Receipt, nil
}

// refused reports whether a failed write has certainly left no row. After every
// other error there may be one, or it may yet appear: a connection can break, and
// a request end, while a commit is under way. A content that such a row would
// refer to is the sweeper's, which waits until all that is decided.
func refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Conflict, fault.Forbidden, fault.Invalid:
		return true
	default:
		return false
	}
}

func (s *Service) errTooLarge() error {
	return fault.New(fault.TooLarge, "the document is larger than %d bytes", s.cfg.MaxSize)
}
