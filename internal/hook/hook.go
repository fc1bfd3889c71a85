// Package hook tells those who asked for it about changes: it delivers webhooks.
//
// What happened is read from the log of changes, which is written in the
// transaction of the change; so nothing is told that did not happen, and nothing
// that happened is forgotten. For each hook that a change concerns, one delivery is
// put into a table together with how far the log has been read, and stays there
// until a receiver has answered it well. Whatever ends the process, the next one
// goes on from there: every change is delivered at least once.
//
// Deliveries of one record are made one after another, in the order of its changes.
// Those of other records and of other hooks wait for none of them.
package hook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/bell"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// Timeout is how long a receiver has to answer.
	Timeout = 10 * time.Second

	// Patience is for how long a delivery is tried again, by the workspace's clock,
	// before it is parked.
	Patience = 24 * time.Hour

	// KeepParked is for how long a parked delivery is kept, by the workspace's clock.
	KeepParked = 30 * 24 * time.Hour

	// MaxSending is how many requests one process has under way at once, and
	// maxAtOnce how many to one hook.
	MaxSending = 256
	maxAtOnce  = 4

	// maxClaim is how many deliveries of a hook are read from the table at once.
	maxClaim = 64

	// The wait after the first failure, doubled after each further one, and its limit.
	firstWait = 5 * time.Second
	lastWait  = time.Hour

	// maxAsked is the longest wait that a receiver can ask for with Retry-After. It is
	// less than what is taken for a clock that was set back.
	maxAsked = time.Hour

	// maxAnswer is how much of an answer is read, in bytes: so much that the
	// connection can be used again after any sensible one.
	maxAnswer = 64 << 10
)

// Renderer writes records as clients get them.
type Renderer interface {
	// Records returns the records of a resource with these ids, by id, each as one
	// JSON value. Ids of records that are not there, or that the actor does not see,
	// are left out; deleted records are not.
	Records(ctx context.Context, records *crm.Service, actor crm.Actor, resource string, ids []int64) (map[int64][]byte, error)
}

// Doer sends requests. It ends them in time and refuses those that may not be sent.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Config is what a Service is made of.
type Config struct {
	Workspace string // its name, for the log
	Store     Store
	Records   *crm.Service
	Renderer  Renderer

	// Actor returns on whose behalf a user's hooks read, and whether the user may
	// come in at all.
	Actor func(ctx context.Context, userID int64) (actor crm.Actor, active bool, err error)

	Client  Doer
	Sending chan struct{}    // as many as its capacity are sent at once, by all services that share it
	Clock   func() time.Time // the workspace's now
	Machine func() time.Time // of the world that receivers live in
	Jitter  func() float64   // at random in [0,1); safe for concurrent use

	// Poll is how often it is looked for what other processes have written that serve
	// the workspace; 0 = there are none.
	Poll time.Duration

	// Hooked is called when the workspace is found to have hooks, so that it can be
	// opened again after a restart though nobody asks for it; nil = nobody.
	Hooked func(ctx context.Context) error

	Logger *slog.Logger // nil = slog.Default
}

// Service delivers the webhooks of one workspace. It is safe for concurrent use.
type Service struct {
	cfg Config

	wake     bell.Bell
	changed  atomic.Bool // hooks were, since they were read
	watching atomic.Bool // there are hooks, or nobody has looked
	busy     atomic.Bool // there is something to deliver

	mu       sync.Mutex
	queues   map[int64]*queue // by hook
	deadline time.Time        // by time.Now: when this node may not deliver any more
}

// New returns the service of a workspace. Nothing is delivered before Run.
func New(cfg Config) (_ *Service, err error) {
	defer fault.Wrap(&err, "hook.New")
	if cfg.Store == nil || cfg.Records == nil || cfg.Renderer == nil || cfg.Actor == nil || cfg.Client == nil ||
		cfg.Sending == nil || cfg.Clock == nil || cfg.Machine == nil || cfg.Jitter == nil {
		return nil, errors.New("a part is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	cfg.Logger = cfg.Logger.With("workspace", cfg.Workspace)
	s := &Service{cfg: cfg, wake: bell.New(), queues: map[int64]*queue{}}
	s.watching.Store(true)
	return s, nil
}

// resourceName is the resource that hooks are records of.
const resourceName = "hooks"

// entities are the resources that hooks are about, by the vendor's names [CLIENT]; the
// last three, which the vendor does not have, by ours.
var entities = map[string]string{
	"account": "accounts", "contact": "contacts", "opportunity": "opportunities",
	"activity": "activities", "calendar": "calendar", "salesorder": "salesorders",
	"case": "cases", "damagenotification": "damageNotifications", "portorder": "portorders",
}

// actions are the changes that hooks are about, by the vendor's names [CLIENT].
var actions = map[string]crm.ChangeKind{"insert": crm.Created, "update": crm.Updated, "delete": crm.Deleted}

// Changed takes note that records of a resource were changed, by this process. It
// does not block, and where there are no hooks it costs nothing.
func (s *Service) Changed(res *resource.Resource) {
	switch {
	case res.Name == resourceName:
		s.changed.Store(true)
		s.Wake()
	case s.watching.Load():
		for _, name := range entities {
			if name == res.Name {
				s.Wake()
				return
			}
		}
	}
}

// Wake makes Run look at once for what is to be done: for whoever has moved the
// workspace's clock.
func (s *Service) Wake() { s.wake.Ring() }

// Busy reports whether something is to be delivered, now or later, parked
// deliveries aside.
func (s *Service) Busy() bool { return s.busy.Load() }

// Declared is one hook, as it stands in its record.
type Declared struct {
	ID       int64
	Owner    int64 // the user who made it
	Name     string
	Action   string
	Entity   string
	URL      string
	Secret   string
	Resource string // that Entity means; "" = none that we know
	Kind     crm.ChangeKind

	born int64 // sequence number of its creation: it is told of what came after it
}

// matches reports whether a hook is to be told of a change.
func (h *Declared) matches(c *crm.Change) bool {
	return c.Resource == h.Resource && c.Kind == h.Kind && c.Sequence > h.born
}

// system is who reads the hooks: everybody's.
var system = crm.Actor{Level: crm.Administrator, Language: -1}

// pageSize is how many hooks are read at once.
const pageSize = 500

// declared reads all hooks that are not deleted.
func (s *Service) declared(ctx context.Context) (all []Declared, err error) {
	res := s.cfg.Records.Catalog().Resource(resourceName)
	if res == nil {
		return nil, fault.New(fault.Internal, "there is no resource %s", resourceName)
	}
	alive := &filter.Compare{
		Path: filter.Path{Resource: res, Field: res.Field("deleted")}, Op: filter.Eq, Args: []resource.Value{resource.BoolValue(false)},
	}
	for page, more := 0, true; more; page++ {
		got, err := s.cfg.Records.List(ctx, system, crm.ListRequest{Resource: res, Base: alive, Language: -1, Page: page, Size: pageSize})
		if err != nil {
			return nil, err
		}
		for _, rec := range got.Rows {
			get := func(name string) resource.Value { return rec.Values[res.Field(name).Index] }
			h := Declared{
				ID: rec.ID, Owner: get("salesRepIdCreated").I, Name: get("name").S,
				Action: get("action").S, Entity: get("entity").S, URL: get("url").S, Secret: get("secretKey").S,
			}
			h.Resource, h.Kind = entities[h.Entity], actions[h.Action]
			all = append(all, h)
		}
		more = got.More
	}
	return all, nil
}

// MaxList is the greatest number of deliveries that one List returns.
const MaxList = 1000

// List returns the first deliveries of a hook after a sequence number, parked ones or
// those that are still tried, at most limit or MaxList. It returns fault.NotFound
// when the actor sees no such hook.
func (s *Service) List(ctx context.Context, actor crm.Actor, id int64, parked bool, after int64, limit int) (_ []Delivery, err error) {
	defer fault.Wrap(&err, "hook.List(%d)", id)
	if err := s.see(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.cfg.Store.List(ctx, id, parked, after, max(1, min(limit, MaxList)))
}

// Retry has a parked delivery tried again for another day, or all of the hook's when
// sequence is 0, and returns their number. It returns fault.NotFound when the actor
// sees no such hook.
func (s *Service) Retry(ctx context.Context, actor crm.Actor, id, sequence int64) (n int, err error) {
	defer fault.Wrap(&err, "hook.Retry(%d, %d)", id, sequence)
	if err := s.see(ctx, actor, id); err != nil {
		return 0, err
	}
	n, err = s.cfg.Store.Retry(ctx, id, sequence, s.now())
	if err == nil && n > 0 {
		s.resume(id)
		s.Wake()
	}
	return n, err
}

func (s *Service) see(ctx context.Context, actor crm.Actor, id int64) error {
	ok, err := s.cfg.Records.Exists(ctx, actor, s.cfg.Records.Catalog().Resource(resourceName), id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, "not exist")
	}
	return err
}

func (s *Service) now() time.Time { return s.cfg.Clock().UTC() }
