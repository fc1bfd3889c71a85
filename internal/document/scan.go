package document

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Scanner looks for viruses.
type Scanner interface {
	// Scan reads a content to its end and returns the name of what it is infected
	// with, or "" when it is clean. Several contents may be scanned at once.
	//
	// Errors: fault.Unavailable and fault.Timeout while the scanner cannot be
	// asked, so that it is worth trying again; all others say that this content
	// cannot be scanned, fault.TooLarge because of its size. An error of the
	// content is returned as it is.
	Scan(ctx context.Context, content io.Reader) (infection string, err error)
}

// States of the scan of a document.
const (
	scanPending  = "pending"  // the scanner could not be asked yet
	scanClean    = "clean"    // nothing was found
	scanInfected = "infected" // something was found: the content was refused
	scanFailed   = "failed"   // the scanner does not take the content
)

// errInfected is the cause of faults about infected contents.
var errInfected = errors.New("the content is infected")

// inspect has a closed file scanned, and notes what came of it. It returns an error
// when the file is to be refused.
func (f *staged) inspect(ctx context.Context) (err error) {
	f.got.scan, err = f.s.scan(ctx, f.got.Hash)
	return err
}

// scan has a content scanned and returns the state of the scan, or why the content
// is to be refused. Somebody has to hold the content.
func (s *Service) scan(ctx context.Context, hash string) (state string, err error) {
	if s.cfg.Scanner == nil {
		return "", nil
	}
	c, err := s.cfg.Blobs.Open(ctx, hash)
	if err != nil {
		return "", err
	}
	broken := &witness{Reader: c}
	infection, err := s.cfg.Scanner.Scan(ctx, broken)
	if closeErr := c.Close(); err == nil {
		err = closeErr
	}
	switch kind := fault.KindOf(err); {
	case err == nil && infection == "":
		return scanClean, nil
	case err == nil:
		s.cfg.Logger.WarnContext(ctx, "an infected document was refused", "workspace", s.cfg.Workspace, "hash", hash, "infection", infection)
		return "", fault.New(fault.Invalid, "the document is infected with %s", infection).Because(errInfected)
	case ctx.Err() != nil:
		return "", ctx.Err()
	case broken.err != nil: // it is the storage that fails, not the scanner
		return "", err
	case kind == fault.Unavailable, kind == fault.Timeout:
		state, err = scanPending, fault.New(fault.Unavailable, "documents cannot be scanned for viruses at the moment").Because(err)
	case kind == fault.TooLarge:
		state, err = scanFailed, fault.New(fault.TooLarge, "the document is larger than what can be scanned for viruses").Because(err)
	default:
		state, err = scanFailed, fault.New(fault.Invalid, "the document cannot be scanned for viruses").Because(err)
	}
	s.cfg.Logger.WarnContext(ctx, "a document was not scanned", "workspace", s.cfg.Workspace, "hash", hash, "quarantine", s.cfg.Quarantine, "error", err)
	if s.cfg.Quarantine {
		return state, nil
	}
	return "", err
}

// witness remembers the error of a reader.
type witness struct {
	io.Reader
	err error
}

func (w *witness) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// rescanBatch is how many documents in quarantine are looked up at once.
const rescanBatch = 100

// Rescan scans again what is in quarantine, and shows what is clean. With all, it
// includes what the scanner did not take before. It returns how many documents it
// let out, and stops without an error when the scanner does not answer. Without a
// scanner it does nothing: nobody would know.
func (s *Service) Rescan(ctx context.Context, all bool) (released int, err error) {
	defer fault.Wrap(&err, "document.Rescan")
	if s.cfg.Scanner == nil {
		return 0, nil
	}
	res := s.documents()
	where := filter.And{
		compare(res, fieldState, filter.Eq, resource.TextValue(resource.DocumentQuarantined)),
		compare(res, fieldDeleted, filter.Eq, resource.BoolValue(false)),
	}
	if !all {
		where = append(where, compare(res, fieldScan, filter.Eq, resource.TextValue(scanPending)))
	}
	for last := int64(0); ; {
		keys, err := s.find(ctx, append(slices.Clip(where), compare(res, fieldID, filter.Gt, resource.IntValue(last))), rescanBatch)
		if err != nil || len(keys) == 0 {
			return released, err
		}
		for _, k := range keys {
			last = k.ID
			state, err := s.rescan(ctx, res, k.ID)
			switch {
			case err != nil:
				return released, err
			case state == scanPending:
				return released, nil
			case state == scanClean:
				released++
			}
		}
	}
}

// rescan scans one document in quarantine and returns the state of that.
func (s *Service) rescan(ctx context.Context, res *resource.Resource, id int64) (state string, err error) {
	r, ok, err := s.load(ctx, res, id)
	if err != nil || !ok {
		return "", err
	}
	hash := r.text(fieldHash)
	state, err = s.scan(ctx, hash)
	switch kind := fault.KindOf(err); {
	case errors.Is(err, errInfected):
		if err := s.refuse(ctx, res, id, scanInfected); err != nil {
			return "", err
		}
		_, err := s.discard(ctx, hash)
		return scanInfected, err
	case err == nil:
	case kind == fault.Unavailable && ctx.Err() == nil:
		return scanPending, nil
	case kind == fault.TooLarge, kind == fault.Invalid:
		state = scanFailed
	default:
		return "", err
	}
	return state, s.settleScan(ctx, res, id, state)
}

// settleScan notes what came of scanning a document in quarantine, and shows it when
// it is clean.
func (s *Service) settleScan(ctx context.Context, res *resource.Resource, id int64, state string) error {
	return s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		rec, err := tx.Lock(ctx, res, id)
		if err != nil || rec == nil {
			return err
		}
		r := row{res, rec}
		if r.deleted() || r.state() != resource.DocumentQuarantined || r.text(fieldScan) == state {
			return nil
		}
		values := map[string]resource.Value{fieldScan: resource.TextValue(state)}
		if state == scanClean {
			values[fieldState] = resource.TextValue(resource.DocumentReady)
			values[fieldUpdated] = instant(s.now())
			values[fieldUpdatedBy] = r.get(fieldCreatedBy)
		}
		set := assign(res, values)
		if _, err := tx.Update(ctx, res, id, set); err != nil || state != scanClean {
			return err
		}
		return tx.Log(ctx, r.sender(ctx).Change(s.now(), crm.Created, res, nil, crm.With(rec, set)))
	})
}

// refuse ends a document that waits for its content or for being scanned.
func (s *Service) refuse(ctx context.Context, res *resource.Resource, id int64, scan string) error {
	return s.setState(ctx, res, []int64{id}, map[string]resource.Value{
		fieldState: resource.TextValue(stateRefused),
		fieldScan:  resource.TextValue(scan),
	}, resource.DocumentPending, resource.DocumentQuarantined)
}
