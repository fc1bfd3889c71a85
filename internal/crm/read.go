package crm

import (
	"context"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// ListRequest asks for one page of a resource's records.
type ListRequest struct {
	Resource *resource.Resource // of the service's catalog
	Where    string             // filter text; "" selects all
	Order    string             // order text; "" is id ascending
	Names    filter.Names       // that fields have besides their own in Where and Order
	Base     filter.Expr        // further condition, joined with Where by AND
	Language int                // of titles in Where and Order; -1 = English
	Page     int                // from 0
	Skip     int                // rows to leave out before the first page; then Walk is ""
	Size     int                // rows in a page, > 0
	Walk     string             // session and path, whose walk through the pages is remembered; "" = none

	Cache Cache // of the caller; nil = none
}

// Cache is a caller's memory of rows that it has written before, the same for all
// actors.
type Cache interface {
	// Known is asked for every row before its fields are read, with the
	// generation of the titles that are current; rows it knows come back as nil.
	Known(key Key, generation int64) bool

	// Links returns the references in the rows that it knew; those to tables
	// that are not Guarded may be left out. It is not asked on behalf of
	// administrators, from whom nothing is hidden.
	Links() []Link
}

// Result is some records with the titles of what they refer to.
type Result struct {
	Resource   *resource.Resource // as it was when the rows were read
	Keys       []Key
	Rows       []*resource.Record // parallel to Keys; nil where the Cache knew them, and with Record.Packed for those with a Cache
	Titles     Titles             // as the actor sees them: of Rows, and which Links of the Cache are hidden
	Everything Titles             // of Rows, hidden from nobody: for rows that go into a Cache, never into an answer
	Veiled     bool               // Titles hides something
	Generation int64              // of Titles
	More       bool               // another page follows
}

// List returns one page. Errors: fault.Query for text that cannot be understood,
// fault.Timeout when the query ran longer than the service's limit.
func (s *Service) List(ctx context.Context, actor Actor, req ListRequest) (_ *Result, err error) {
	defer fault.Wrap(&err, "crm.List(%s)", req.Resource.Name)
	catalog := s.CatalogFor(actor)
	view := NewView(actor, catalog)
	where, err := req.Names.Where(catalog, req.Resource, req.Where)
	if err != nil {
		return nil, err
	}
	order, err := req.Names.Order(catalog, req.Resource, req.Order)
	if err != nil {
		return nil, err
	}
	q := Query{
		Resource: req.Resource,
		Where:    filter.Guard(conjunction(partOf(req.Resource), conjunction(where, req.Base)), view.table),
		Visible:  conjunction(view.seen(req.Resource), view.offered(req.Resource)),
		Order:    filter.GuardOrder(order, view.table),
		Language: req.Language,
		Limit:    req.Size,
		Offset:   req.Skip + req.Page*req.Size,
	}
	walk := s.walks.key(req)
	if q.Offset > 0 {
		q.After = s.walks.take(walk, req.Page)
	}

	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	page := Page{Known: s.known(req.Cache), Packed: req.Cache != nil}
	if err := s.store.List(ctx, q, &page); err != nil {
		return nil, s.explain(err)
	}
	if page.More {
		s.walks.put(walk, req.Page+1, page.Next)
	}
	return s.result(ctx, view, req.Resource, req.Cache, &page)
}

// Get returns the records with these ids, in their order. Ids without a record
// that the actor sees are left out. cache may be nil.
func (s *Service) Get(ctx context.Context, actor Actor, res *resource.Resource, cache Cache, ids ...int64) (_ *Result, err error) {
	defer fault.Wrap(&err, "crm.Get(%s)", res.Name)
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	view := NewView(actor, s.CatalogFor(actor))
	page := Page{Known: s.known(cache), Packed: cache != nil, Visible: view.Of(res)}
	if err := s.store.Load(ctx, res, ids, &page); err != nil {
		return nil, s.explain(err)
	}
	return s.result(ctx, view, res, cache, &page)
}

// known adapts the caller's Cache: what was rendered with titles older than the
// store's generation is not known any more.
func (s *Service) known(cache Cache) func(Key, int64) bool {
	if cache == nil {
		return nil
	}
	return func(key Key, generation int64) bool {
		return cache.Known(key, max(generation, s.titles.Load().generation))
	}
}

// result completes a page with titles.
func (s *Service) result(ctx context.Context, view *View, res *resource.Resource, known Cache, page *Page) (*Result, error) {
	if err := s.observe(ctx, page.Generation); err != nil {
		return nil, err
	}
	cache := s.titles.Load()
	everything, err := s.resolve(ctx, cache, view.catalog, res, page.Rows)
	if err != nil {
		return nil, err
	}
	titles, veiled, err := s.unveil(ctx, view, res, page.Rows, known, everything)
	if err != nil {
		return nil, err
	}
	return &Result{
		Resource:   res,
		Keys:       page.Keys,
		Rows:       page.Rows,
		Titles:     titles,
		Everything: everything,
		Veiled:     veiled,
		Generation: max(cache.generation, page.Generation),
		More:       page.More,
	}, nil
}

// explain gives a query that ran out of time a message that helps.
func (s *Service) explain(err error) error {
	if fault.KindOf(err) != fault.Timeout {
		return err
	}
	return fault.New(fault.Timeout,
		"the query ran longer than %s and was cancelled; narrow the filter or compare an indexed field", s.timeout).Because(err)
}

func conjunction(a, b filter.Expr) filter.Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	if and, ok := b.(filter.And); ok {
		return append(filter.And{a}, and...)
	}
	return filter.And{a, b}
}

// maxWalks bounds how many walks through pages are remembered, and maxWalkKeys
// the texts in one of them, in bytes: a walk beyond it is counted out.
const (
	maxWalks    = 4096
	maxWalkKeys = 1 << 10
)

// walks remembers where the pages of recent lists ended, so that page n+1 asked
// for right after page n seeks to its first row instead of counting past all
// rows before it. A page that is asked for in any other order is counted out, so
// its answer does not depend on what was asked before.
type walks struct {
	seed maphash.Seed
	mu   sync.Mutex
	next map[uint64]walk
}

type walk struct {
	page  int
	after *Cursor
}

// key identifies one session's walk through one list; 0 when nothing may be
// remembered.
func (w *walks) key(req ListRequest) uint64 {
	if req.Walk == "" {
		return 0
	}
	return maphash.Comparable(w.seed, struct {
		walk, resource, where, order string
		language, size               int
	}{req.Walk, req.Resource.Name, req.Where, req.Order, req.Language, req.Size})
}

// take returns where page starts if the page before it was the last one served.
func (w *walks) take(key uint64, page int) *Cursor {
	w.mu.Lock()
	defer w.mu.Unlock()
	if got, ok := w.next[key]; ok && got.page == page {
		return got.after
	}
	return nil
}

func (w *walks) put(key uint64, page int, after *Cursor) {
	if key == 0 || after == nil || after.size() > maxWalkKeys {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		w.next = map[uint64]walk{}
	}
	if len(w.next) >= maxWalks {
		for k := range w.next { // any one: map order is random
			delete(w.next, k)
			break
		}
	}
	w.next[key] = walk{page, after}
}

// size is how many bytes of text a cursor holds.
func (c *Cursor) size() (n int) {
	for _, k := range c.Keys {
		n += len(k.S)
	}
	return n
}

// Exists reports whether a record exists, deleted or not, and is visible to the
// actor.
func (s *Service) Exists(ctx context.Context, actor Actor, res *resource.Resource, id int64) (_ bool, err error) {
	defer fault.Wrap(&err, "crm.Exists(%s, %d)", res.Name, id)
	visible := NewView(actor, s.CatalogFor(actor)).Of(res)
	if visible == nil && s.titles.Load().exist(res.Name, id) {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	page := Page{Known: func(Key, int64) bool { return true }, Visible: visible} // no row is read
	if err := s.store.Load(ctx, res, []int64{id}, &page); err != nil {
		return false, s.explain(err)
	}
	return len(page.Keys) == 1, nil
}

// Seen returns those of ids whose record the actor sees, in their order.
func (s *Service) Seen(ctx context.Context, actor Actor, res *resource.Resource, ids ...int64) (_ []int64, err error) {
	defer fault.Wrap(&err, "crm.Seen(%s)", res.Name)
	view := NewView(actor, s.Catalog())
	if view.Of(res) == nil {
		return ids, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	visible, err := s.visible(ctx, view, res, ids)
	if err != nil {
		return nil, s.explain(err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return !visible[id] }), nil
}

// errNoRecord is what every operation on a missing id answers. The vendor's own
// words are "not exist" [DOC].
func errNoRecord() error { return fault.New(fault.NotFound, "not exist") }
