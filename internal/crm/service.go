// Package crm is the record service: every read and every change of records, of
// every dialect, goes through it. It validates, resolves references, stamps the
// audit fields, and declares the Store it needs.
package crm

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Limits of one request.
const (
	// DefaultQueryTimeout is how long one list may run before it is cut off.
	DefaultQueryTimeout = 2 * time.Second

	// MaxBulk and MaxBulkDelete are the documented numbers of items in one bulk
	// request [DOC].
	MaxBulk       = 200
	MaxBulkDelete = 120
)

// Actor is on whose behalf a request runs.
type Actor struct {
	UserID     int64  // record of the users resource; stamps salesRepIdCreated and the like
	Level      int    // 1 (least) to 5 (Administrator)
	Language   int    // index into resource.Languages; -1 = not set
	Dialect    string // through which the request came
	Credential string // public id of the credential, for the log
	RequestID  string // of the request, for the log

	// Branches are those that the user belongs to, by themselves or by their roles.
	// Restricted users see the records of these and of no branch, unless another
	// part of the rule lets them; others see the records of all branches. Fields and
	// values that are there for some branches only are there for their users.
	Restricted bool
	Branches   []int64
}

// Config is what a Service is made of.
type Config struct {
	Store        Store
	Registry     *resource.Registry
	Clock        func() time.Time // the workspace's now
	QueryTimeout time.Duration    // 0 = DefaultQueryTimeout
	Random       io.Reader        // of cryptographic quality; nil = crypto/rand.Reader
	Logger       *slog.Logger     // nil = slog.Default

	// Changed is told of every resource whose records were changed, when that is
	// durable and before its author hears of it; nil = nobody. It must not block.
	Changed func(res *resource.Resource)

	// CheckTarget returns a fault.Invalid when the server will not send requests to
	// a URL; nil = it sends them anywhere.
	CheckTarget func(url string) error
}

// Service is the record service of one workspace. It is safe for concurrent use.
type Service struct {
	store    Store
	registry *resource.Registry
	clock    func() time.Time
	timeout  time.Duration
	log      *slog.Logger
	changed  func(*resource.Resource)
	target   func(url string) error
	random   io.Reader

	catalog atomic.Pointer[resource.Catalog]
	titles  atomic.Pointer[titles]
	refresh sync.Mutex   // one refresh of catalog and titles at a time
	made    declarations // what catalog was made from; guarded by refresh
	walks   walks
}

// New reads the workspace's extra fields and returns its service.
func New(ctx context.Context, cfg Config) (_ *Service, err error) {
	defer fault.Wrap(&err, "crm.New")
	if cfg.Store == nil || cfg.Registry == nil || cfg.Clock == nil {
		return nil, errors.New("store, registry and clock are required")
	}
	s := &Service{
		walks:    walks{seed: maphash.MakeSeed()},
		store:    cfg.Store,
		registry: cfg.Registry,
		clock:    cfg.Clock,
		timeout:  cfg.QueryTimeout,
		log:      cfg.Logger,
		changed:  cfg.Changed,
		target:   cfg.CheckTarget,
		random:   cfg.Random,
	}
	if s.changed == nil {
		s.changed = func(*resource.Resource) {}
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.timeout == 0 {
		s.timeout = DefaultQueryTimeout
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	plain, err := cfg.Registry.With(0, nil)
	if err != nil {
		return nil, err
	}
	s.catalog.Store(plain)
	s.titles.Store(newTitles(0))
	if err := s.observe(ctx, -1); err != nil {
		return nil, err
	}
	if err := s.index(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Catalog returns the resources of the workspace with their extra fields as last
// seen. It never changes; a later call may return another one.
func (s *Service) Catalog() *resource.Catalog { return s.catalog.Load() }

// CatalogFor returns the catalog as actor sees it: without the extra fields that are
// there for users of other branches. Administrators see all of it.
func (s *Service) CatalogFor(actor Actor) *resource.Catalog {
	if actor.Level >= Administrator {
		return s.Catalog()
	}
	return s.Catalog().For(actor.Branches)
}

// Now returns the workspace's time in UTC.
func (s *Service) Now() time.Time { return s.clock().UTC() }

// maxReread is how often declarations are read again that change while they are.
const maxReread = 3

// declared reads the declarations as of generation, which has been reached, or of a
// later one, which it returns. They take several reads: what one reports that is later
// still is not that of what was read before it.
func (s *Service) declared(ctx context.Context, generation int64) (read declarations, _ int64, err error) {
	for range maxReread {
		if read, err = s.readDeclarations(ctx); err != nil || read.generation <= generation {
			return read, generation, err
		}
		generation = read.generation
	}
	// Others declare all the time. Whoever sees a later generation will look again.
	read, err = s.readDeclarations(ctx)
	return read, generation, err
}

// observe makes catalog and titles at least as new as generation, which some
// read has just reported. A negative generation refreshes in any case.
func (s *Service) observe(ctx context.Context, generation int64) error {
	if generation >= 0 && generation <= s.titles.Load().generation {
		return nil
	}
	s.refresh.Lock()
	defer s.refresh.Unlock()
	if generation >= 0 && generation <= s.titles.Load().generation {
		return nil
	}
	read, generation, err := s.declared(ctx, max(generation, s.titles.Load().generation))
	if err != nil {
		return err
	}
	catalog := s.catalog.Load().At(generation)
	if !read.equal(s.made) {
		if catalog, err = s.registry.With(generation, read.extra, read.parts...); err != nil {
			return err
		}
		s.made = read
	}
	s.catalog.Store(catalog)
	s.titles.Store(newTitles(generation))
	return nil
}

// Look makes the catalog as new as the database. Every read that finds something
// does so; it is for requests that end before one, since they name what only
// another process knows yet.
func (s *Service) Look(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "crm.Look")
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var page Page // there is always a user
	if err := s.store.List(ctx, Query{Resource: s.Catalog().Resource("users"), Language: -1, Limit: 1}, &page); err != nil {
		return err
	}
	return s.observe(ctx, page.Generation)
}

// newest returns res as actor sees it now. It looks into the database when one of
// inputs names an extra field that res lacks: members that nobody knows are ignored,
// and what another process has declared would be lost without a word.
func (s *Service) newest(ctx context.Context, actor Actor, res *resource.Resource, inputs ...Input) (*resource.Resource, error) {
	if !slices.ContainsFunc(inputs, func(in Input) bool { return strange(in, res) }) {
		return res, nil
	}
	if err := s.Look(ctx); err != nil {
		return nil, err
	}
	if now := s.CatalogFor(actor).Resource(res.Name); now != nil {
		return now, nil
	}
	return res, nil
}

// strange reports whether input names an extra field that res does not have.
func strange(input Input, res *resource.Resource) bool {
	for name := range input {
		if len(name) > 2 && strings.EqualFold(name[:2], "Z_") && res.Field(name) == nil {
			return true
		}
	}
	return false
}
