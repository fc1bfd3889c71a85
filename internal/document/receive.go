package document

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// sniffBytes is how much of a content decides about its type.
	sniffBytes = 3 << 10

	// cleanTimeout limits the cleaning up after a request that has ended.
	cleanTimeout = 10 * time.Second
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
	at time.Time
}

// values are the fields that make a document ready.
func (c content) values() map[string]resource.Value {
	return map[string]resource.Value{
		fieldState:       resource.TextValue(resource.DocumentReady),
		fieldSize:        resource.IntValue(c.Size),
		fieldHash:        resource.TextValue(c.Hash),
		fieldContentType: resource.TextValue(c.ContentType),
		fieldUploaded:    instant(c.at),
	}
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
// stops arriving; fault.Unavailable when it cannot be stored.
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
	return s.keep(ctx, body, length, func(got content) error { return s.ready(ctx, res, t.id, got) })
}

// awaits returns nil for a document whose contents are still to come.
func (r row) awaits() error {
	switch {
	case r.deleted():
		return errNoDocument()
	case r.state() == resource.DocumentPending:
		return nil
	case r.state() == resource.DocumentReady:
		return fault.New(fault.Conflict, "the document was already uploaded")
	case r.state() == stateRefused:
		return fault.New(fault.Conflict, "the document was refused because of its size")
	default:
		return errExpired()
	}
}

// ready makes a pending document visible.
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
		values := got.values()
		values[fieldExpires] = resource.Value{}
		// The vendor's documents count as updated when their bytes arrive [DOC].
		values[fieldUpdated] = instant(got.at)
		values[fieldUpdatedBy] = r.get(fieldCreatedBy)
		set := assign(res, values)
		if _, err := tx.Update(ctx, res, id, set); err != nil {
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
	u, err := s.cfg.Blobs.Create(ctx)
	if err != nil {
		return Receipt{}, err
	}
	b := &body{in: in, left: s.cfg.MaxSize + 1}
	_, err = io.Copy(u, b)
	switch {
	case err != nil && b.err != nil:
		err = intake.ReadFault(b.err)
	case err != nil && ctx.Err() != nil: // the server sees a client go before we do
		err = intake.ReadFault(ctx.Err())
	case err == nil && b.left == 0:
		err = s.errTooLarge()
	case err == nil && length >= 0 && b.n != length:
		err = fault.New(fault.Invalid, "the body has %d bytes; %d were announced", b.n, length)
	}
	if err != nil {
		return Receipt{}, errors.Join(err, u.Abort())
	}

	s.using.RLock()
	hash, size, err := u.Commit(ctx)
	if err != nil {
		s.using.RUnlock()
		return Receipt{}, err
	}
	got := content{Receipt{hash, size, mimetype.Detect(b.head).String()}, s.now()}
	err = refer(got)
	s.using.RUnlock()
	switch {
	case err == nil:
		return got.Receipt, nil
	case refused(err):
		// The request may be over; what it stored must go nevertheless.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTimeout)
		defer cancel()
		if _, cleanErr := s.discard(ctx, hash); cleanErr != nil {
			s.cfg.Logger.WarnContext(ctx, "content left to the sweeper", "hash", hash, "error", cleanErr)
		}
	}
	return Receipt{}, err
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

// body reads at most left bytes, remembers the first ones and the error it met.
type body struct {
	in   io.Reader
	left int64
	n    int64
	head []byte
	err  error
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.in.Read(p)
	b.n += int64(n)
	b.left -= int64(n)
	if want := sniffBytes - len(b.head); want > 0 {
		b.head = append(b.head, p[:min(n, want)]...)
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
