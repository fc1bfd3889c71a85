package document

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	settleEvery = 10 * time.Second

	// rescanEvery is how soon documents in quarantine are shown once the scanner
	// answers again.
	rescanEvery = 10 * time.Second

	// settleWait is how long a list waits for uploads to be settled.
	settleWait = 2 * time.Second

	sweepEvery = time.Hour

	// expiryGrace is how long a document stays pending after its locator has
	// expired, so that an upload which began in time can end.
	expiryGrace = time.Hour

	expireBatch = 200 // rows in one transaction
)

// Run settles, scans what is in quarantine and sweeps until ctx is done. Where several processes serve a
// workspace, one of them should run it: a content that comes again at the very
// moment when another process removes it as unused would be lost.
func (s *Service) Run(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	var settled <-chan time.Time
	if s.presign != nil {
		settle := time.NewTicker(settleEvery)
		defer settle.Stop()
		settled = settle.C
	}
	var rescan <-chan time.Time
	if s.cfg.Scanner != nil {
		quarantine := time.NewTicker(rescanEvery)
		defer quarantine.Stop()
		rescan = quarantine.C
	}
	report := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, what, "workspace", s.cfg.Workspace, "error", err)
		}
	}
	scan := func(all bool) {
		released, err := s.Rescan(ctx, all)
		report("scanning the quarantine failed", err)
		if released > 0 {
			s.cfg.Logger.InfoContext(ctx, "documents left the quarantine", "workspace", s.cfg.Workspace, "documents", released)
		}
	}
	clean := func() {
		scan(true)
		swept, err := s.Sweep(ctx)
		report("sweeping documents failed", err)
		if swept != (Swept{}) {
			s.cfg.Logger.InfoContext(ctx, "documents swept", "workspace", s.cfg.Workspace,
				"expired", swept.Expired, "uploads", swept.Uploads, "contents", swept.Contents)
		}
	}
	clean()
	for {
		select {
		case <-ctx.Done():
			return
		case <-settled:
			_, err := s.settleAll(ctx)
			report("settling documents failed", err)
		case <-rescan:
			scan(false)
		case <-sweep.C:
			clean()
		}
	}
}

// Settle makes visible what was put under presigned URLs since the last call.
// Lists of documents call it first, so that they show every upload that ended
// before them. An upload that cannot be settled, or not within settleWait, is
// left to Run, and holds up no further list. On stores that do not presign it
// does nothing. It returns an error only when it cannot find out what there is.
func (s *Service) Settle(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "document.Settle")
	if s.presign == nil {
		return nil
	}
	res := s.documents()
	if keys, err := s.find(ctx, pending(res), 1); err != nil || len(keys) == 0 {
		return err
	}
	names, err := s.uploads(ctx)
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeoutCause(ctx, settleWait, errHurry)
	defer cancel()
	for _, name := range names {
		s.settling.attempt(short, name, false, func() error { return s.trySettle(short, res, name) })
		if short.Err() != nil {
			break
		}
	}
	return ctx.Err()
}

// settleAll settles every upload, however long it takes, and reports whether all
// went well.
func (s *Service) settleAll(ctx context.Context) (all bool, err error) {
	defer fault.Wrap(&err, "document.settleAll")
	if s.presign == nil {
		return true, nil
	}
	res := s.documents()
	if keys, err := s.find(ctx, pending(res), 1); err != nil || len(keys) == 0 {
		return true, err
	}
	names, err := s.uploads(ctx)
	if err != nil {
		return false, err
	}
	s.settling.forget(names)
	all = true
	for _, name := range names {
		ok := s.settling.attempt(ctx, name, true, func() error { return s.trySettle(ctx, res, name) })
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		all = all && ok
	}
	return all, nil
}

// uploads returns the names under which something was put.
func (s *Service) uploads(ctx context.Context) (names []string, err error) {
	err = s.presign.Uploads(ctx, func(name string) error {
		if _, ok := uploadID(name); ok {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func pending(res *resource.Resource) filter.Expr {
	return filter.And{
		compare(res, fieldState, filter.Eq, resource.TextValue(resource.DocumentPending)),
		compare(res, fieldDeleted, filter.Eq, resource.BoolValue(false)),
	}
}

// trySettle settles one upload and logs a failure that is its own.
func (s *Service) trySettle(ctx context.Context, res *resource.Resource, name string) error {
	err := s.settle(ctx, res, name)
	if err != nil && ctx.Err() == nil {
		s.cfg.Logger.ErrorContext(ctx, "settling a document failed", "workspace", s.cfg.Workspace, "upload", name, "error", err)
	}
	return err
}

// settle deals with one upload. What is not awaited (any more) is dropped.
func (s *Service) settle(ctx context.Context, res *resource.Resource, name string) (err error) {
	id, _ := uploadID(name)
	r, ok, err := s.load(ctx, res, id)
	if err != nil {
		return err
	}
	if !ok || s.uploadName(id, r.time(fieldCreated)) != name || r.awaits() != nil {
		return s.presign.Drop(ctx, name)
	}

	// Collecting may take minutes, for which nothing can be held. If the content
	// is removed right after it, opening it fails, and the upload is still there.
	hash, size, err := s.presign.Collect(ctx, name)
	if err == nil && size <= s.cfg.MaxSize {
		err = s.accept(ctx, res, id, hash, size)
	}
	switch k := fault.KindOf(err); {
	case errors.Is(err, errInfected):
		if err := s.refuse(ctx, res, id, scanInfected); err != nil {
			return err
		}
	case k == fault.TooLarge, k == fault.Invalid: // the scanner does not take it
		if err := s.refuse(ctx, res, id, scanFailed); err != nil {
			return err
		}
	case err == nil && size > s.cfg.MaxSize:
		if err := s.become(ctx, res, []int64{id}, stateRefused); err != nil {
			return err
		}
	case err == nil:
		return s.presign.Drop(ctx, name)
	case k == fault.NotFound || k == fault.Conflict || k == fault.Forbidden:
		// Another process was first, or it was deleted or expired meanwhile.
	default:
		return err
	}
	_, err = s.discard(ctx, hash)
	return errors.Join(err, s.presign.Drop(ctx, name))
}

// accept gives a document a content that was there just now.
func (s *Service) accept(ctx context.Context, res *resource.Resource, id int64, hash string, size int64) error {
	s.using.enter()
	kind, err := s.sniff(ctx, hash)
	if err == nil {
		s.holds.add(hash, 1)
		defer s.holds.add(hash, -1)
	}
	s.using.leave()
	if err != nil {
		return err
	}
	scan, err := s.scan(ctx, hash)
	if err != nil {
		return err
	}
	return s.ready(ctx, res, id, content{Receipt{hash, size, kind}, s.now(), scan})
}

// sniff returns the type of a content that was there just now.
func (s *Service) sniff(ctx context.Context, hash string) (string, error) {
	c, err := s.cfg.Blobs.Open(ctx, hash)
	if fault.KindOf(err) == fault.NotFound {
		return "", fault.New(fault.Unavailable, "the content was removed meanwhile").Because(err)
	} else if err != nil {
		return "", err
	}
	head := make([]byte, min(c.Size(), sniffBytes))
	_, err = io.ReadFull(c, head)
	if err = errors.Join(err, c.Close()); err != nil {
		return "", err
	}
	return mimetype.Detect(head).String(), nil
}

// become changes the state of those of the documents that are still pending.
func (s *Service) become(ctx context.Context, res *resource.Resource, ids []int64, state string) error {
	values := map[string]resource.Value{fieldState: resource.TextValue(state)}
	return s.setState(ctx, res, ids, values, resource.DocumentPending)
}

// setState changes those of the documents that are in one of the states.
func (s *Service) setState(ctx context.Context, res *resource.Resource, ids []int64, values map[string]resource.Value, from ...string) error {
	set := assign(res, values)
	return s.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		for _, id := range ids {
			rec, err := tx.Lock(ctx, res, id)
			if err != nil {
				return err
			}
			if rec == nil || !slices.Contains(from, (row{res, rec}).state()) {
				continue
			}
			if _, err := tx.Update(ctx, res, id, set); err != nil {
				return err
			}
		}
		return nil
	})
}

// Swept counts what Sweep removed.
type Swept struct {
	Expired  int // documents that were announced and never came
	Uploads  int // uploads that never ended
	Contents int // contents that no document refers to
}

// Sweep removes what stays behind: it marks announced documents whose time is
// over, and removes uploads and unused contents older than SafetyAge. A content
// is unused when all its documents were deleted SafetyAge ago or earlier.
func (s *Service) Sweep(ctx context.Context) (n Swept, err error) {
	defer fault.Wrap(&err, "document.Sweep")
	all, err := s.settleAll(ctx)
	if err != nil {
		return n, err
	}
	if all { // else a document would expire whose contents came in time
		if n.Expired, err = s.expire(ctx); err != nil {
			return n, err
		}
	}
	before := s.cfg.Machine().Add(-s.cfg.SafetyAge)
	resting := before
	if s.presign != nil {
		resting = resting.Add(-s.cfg.TicketLife) // what was put waits for Settle, not for us
	}
	if n.Uploads, err = s.cfg.Blobs.Sweep(ctx, resting); err != nil {
		return n, err
	}
	n.Contents, err = s.sweepContents(ctx, before)
	return n, err
}

func (s *Service) expire(ctx context.Context) (n int, err error) {
	res := s.documents()
	over := resource.IntValue(s.now().Add(-expiryGrace).UnixMilli())
	where := filter.And{
		compare(res, fieldState, filter.Eq, resource.TextValue(resource.DocumentPending)),
		compare(res, fieldExpires, filter.Lt, over),
	}
	for {
		keys, err := s.find(ctx, where, expireBatch)
		if err != nil || len(keys) == 0 {
			return n, err
		}
		ids := make([]int64, len(keys))
		for i, k := range keys {
			ids[i] = k.ID
		}
		if err := s.become(ctx, res, ids, stateExpired); err != nil {
			return n, err
		}
		n += len(ids)
	}
}

// sweepContents removes the contents that were committed before t and that no
// document refers to.
func (s *Service) sweepContents(ctx context.Context, t time.Time) (n int, err error) {
	w, ok := s.cfg.Blobs.(blob.Walker)
	if !ok {
		return 0, nil
	}
	var unused []string
	err = w.Walk(ctx, func(hash string, _ int64, committed time.Time) error {
		if !committed.Before(t) {
			return nil
		}
		used, err := s.inUse(ctx, hash)
		if err == nil && !used {
			unused = append(unused, hash)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, hash := range unused {
		gone, err := s.discard(ctx, hash)
		if err != nil {
			return n, err
		}
		if gone {
			n++
		}
	}
	return n, nil
}

// discard removes a content unless a document refers to it, which none can begin
// to do meanwhile. It reports whether the content was removed; one that cannot be
// now, since large uploads are becoming durable, is left to a later sweep.
func (s *Service) discard(ctx context.Context, hash string) (bool, error) {
	if hash == "" {
		return false, nil
	}
	short, cancel := context.WithTimeout(ctx, removeWait)
	defer cancel()
	if !s.using.close(short) {
		s.cfg.Logger.InfoContext(ctx, "content left to the sweeper", "hash", hash)
		return false, ctx.Err()
	}
	defer s.using.open()
	if s.holds.any(hash) {
		return false, nil // who holds it will discard it, or refer to it
	}
	used, err := s.inUse(ctx, hash)
	if err != nil || used {
		return false, err
	}
	return true, s.cfg.Blobs.Delete(ctx, hash)
}

// inUse reports whether a document has this content that is not deleted, or was
// not SafetyAge ago: a copy of the database made since then may still show it.
func (s *Service) inUse(ctx context.Context, hash string) (bool, error) {
	res := s.documents()
	since := instant(s.now().Add(-s.cfg.SafetyAge))
	keys, err := s.find(ctx, filter.And{
		compare(res, fieldHash, filter.Eq, resource.TextValue(hash)),
		filter.Or{
			compare(res, fieldDeleted, filter.Eq, resource.BoolValue(false)),
			compare(res, fieldDeletedAt, filter.Gt, since),
		},
		filter.Or{
			Visible(res),
			compare(res, fieldState, filter.Eq, resource.TextValue(resource.DocumentQuarantined)),
		},
	}, 1)
	return len(keys) > 0, err
}

// find returns the keys of up to limit documents.
func (s *Service) find(ctx context.Context, where filter.Expr, limit int) ([]crm.Key, error) {
	p := crm.Page{Known: func(crm.Key, int64) bool { return true }} // no row is read
	err := s.cfg.Store.List(ctx, crm.Query{Resource: s.documents(), Where: where, Limit: limit, Language: -1}, &p)
	return p.Keys, err
}
