package flowroute

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dossier-crm/dossier/internal/bell"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

const (
	// FetchTimeout is how long a file at a URL may take to arrive, which has to be
	// within crm.FetchLease, and TellTimeout how long a status_url has to answer.
	FetchTimeout = 5 * time.Minute
	TellTimeout  = 10 * time.Second

	// Redirects are followed when a file is fetched.
	Redirects = 5

	patience  = 24 * time.Hour  // for which a change is told again
	firstWait = 5 * time.Second // after the first failure, doubled after each further one
	lastWait  = time.Hour
	atOnce    = 4 // requests under way
)

// Doer sends requests. It ends them in time and refuses those that may not be sent.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// WorkerConfig is what a Worker is made of.
type WorkerConfig struct {
	dialect.Workspace
	Store   crm.Store // of the workspace, for the server's own book-keeping
	Fetch   Doer
	Tell    Doer
	MaxFile int64                           // bytes of one file; 0 = DefaultMaxFile
	Pending func(ctx context.Context) error // called when there is work, so that the workspace is opened again after a restart
	Logger  *slog.Logger
}

// Worker fetches the files of port orders from their URLs, and tells the orders'
// status URLs of every change of their status. What is to be done is in the database:
// it is done at least once, whatever ends the process.
type Worker struct {
	cfg   WorkerConfig
	tasks [2]*task
}

// task is one kind of work. The kinds do not wait for each other: fetching a file may
// take minutes, in which changes are told.
type task struct {
	*Worker
	name string                           // of the resource whose records say what is to be done, and when
	do   func(context.Context, row) error // it for one of them
	wake bell.Bell
	busy atomic.Bool
	told bool // Pending was called; of run
}

// NewWorker returns the worker of a workspace. Nothing is done before Run.
func NewWorker(cfg WorkerConfig) *Worker {
	if cfg.MaxFile == 0 {
		cfg.MaxFile = DefaultMaxFile
	}
	w := &Worker{cfg: cfg}
	w.tasks = [...]*task{
		{Worker: w, name: "portorderFiles", do: w.fetch, wake: bell.New()},
		{Worker: w, name: "portorderHistory", do: w.tell, wake: bell.New()},
	}
	return w
}

// Changed takes note that records of a resource were changed. It does not block.
func (w *Worker) Changed(res *resource.Resource) {
	if res.Name != "portorders" && res.Name != "portorderFiles" {
		return
	}
	for _, t := range w.tasks {
		t.wake.Ring()
	}
}

// Busy reports whether something is to be done, now or later.
func (w *Worker) Busy() bool {
	return slices.ContainsFunc(w.tasks[:], func(t *task) bool { return t.busy.Load() })
}

// Run works until ctx is done, and returns when all it has begun has ended.
func (w *Worker) Run(ctx context.Context) {
	var group sync.WaitGroup
	for _, t := range w.tasks {
		group.Go(func() { t.run(ctx) })
	}
	group.Wait()
}

func (t *task) run(ctx context.Context) {
	for {
		again, err := t.turn(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.cfg.Logger.ErrorContext(ctx, "files and status of port orders", "error", err)
			again = firstWait
		}
		if !t.wake.Wait(ctx, again) {
			return
		}
	}
}

// maxDue bounds how much of what is due is read at once.
const maxDue = 1000

// turn does what is due, some at once, and returns after how long to look again; 0 =
// nothing is left, now or later.
func (t *task) turn(ctx context.Context) (again time.Duration, err error) {
	res := t.cfg.Records.Catalog().Resource(t.name)
	now := resource.IntValue(t.cfg.Records.Now().UnixMilli())
	due, err := t.list(ctx, res, is(res, "dueAt", filter.Le, now), maxDue)
	if err != nil {
		return 0, err
	}
	left := len(due) > 0
	if !left {
		later, err := t.list(ctx, res, is(res, "dueAt", filter.Gt, now), 1)
		if err != nil {
			return 0, err
		}
		left = len(later) > 0
	}
	t.busy.Store(left)
	if !left {
		return 0, nil
	}
	if !t.told && t.cfg.Pending != nil {
		if err := t.cfg.Pending(ctx); err != nil {
			return 0, err
		}
		t.told = true
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, r := range due {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := t.do(ctx, r); err != nil && ctx.Err() == nil {
				t.cfg.Logger.ErrorContext(ctx, "work on port orders", "resource", t.name, "id", r.rec.ID, "error", err)
			}
		})
	}
	group.Wait()
	return firstWait, nil
}

// list returns records that are not deleted, what is due first before the rest.
func (t *task) list(ctx context.Context, res *resource.Resource, where filter.Expr, limit int) ([]row, error) {
	var page crm.Page
	err := t.cfg.Store.List(ctx, crm.Query{
		Resource: res, Where: filter.And{alive(res), where}, Language: -1, Limit: limit,
		Order: []filter.Term{{Path: filter.Path{Resource: res, Field: res.Field("dueAt")}}},
	}, &page)
	return rows(res, page.Rows), err
}

// actorOf is who stored a file: the one who asked for it, with his credential when it was
// one of this dialect.
func actorOf(r row) crm.Actor {
	actor := crm.Actor{UserID: r.get("salesRepIdCreated").I, Level: crm.Administrator, Language: -1, Dialect: Name}
	if from, credential, _ := strings.Cut(r.text("source"), ":"); from == Name {
		actor.Credential = credential
	}
	return actor
}

// fetch gets one file from its URL.
func (w *Worker) fetch(ctx context.Context, file row) error {
	actor := actorOf(file)
	set := func(status, failure string) error {
		message := json.RawMessage("null")
		if failure != "" {
			message = quote(failure)
		}
		return w.cfg.Records.Modify(ctx, actor, file.res, file.rec.ID, func(old *resource.Record) (crm.Input, error) {
			due := row{file.res, old}.get("dueAt")
			if status == resource.PortFileProcessing && (due.IsNull() || due.I > w.cfg.Records.Now().UnixMilli()) {
				return nil, fault.New(fault.Conflict, "somebody else fetches it")
			}
			return crm.Input{"status": quote(status), "error": message}, nil
		})
	}
	if err := set(resource.PortFileProcessing, ""); err != nil {
		if fault.KindOf(err) == fault.Conflict {
			return nil
		}
		return err
	}
	err := w.get(ctx, actor, file)
	switch {
	case err == nil || ctx.Err() != nil: // at the end of the process it stays due
		return err
	case fault.KindOf(err) == fault.Internal:
		w.cfg.Logger.WarnContext(ctx, "a file of a port order could not be fetched", "file", file.rec.ID, "error", err)
		return set(resource.PortFileError, "the file could not be fetched")
	default:
		return set(resource.PortFileError, fault.Message(err))
	}
}

func (w *Worker) get(ctx context.Context, actor crm.Actor, file row) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, file.text("originalUrl"), nil)
	if err != nil {
		return fault.New(fault.Invalid, "the URL cannot be used").Because(err)
	}
	res, err := w.cfg.Fetch.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fault.New(fault.Invalid, "the URL answered with %s", res.Status)
	}
	if res.ContentLength > w.cfg.MaxFile {
		return fault.New(fault.TooLarge, "the file is larger than %d bytes", w.cfg.MaxFile)
	}
	batch := w.cfg.Documents.Batch()
	defer batch.Discard(ctx)
	body := &io.LimitedReader{R: res.Body, N: w.cfg.MaxFile + 1}
	if _, err := store(ctx, batch, body); err != nil {
		return err
	}
	if body.N == 0 {
		return fault.New(fault.TooLarge, "the file is larger than %d bytes", w.cfg.MaxFile)
	}
	return finish(ctx, w.cfg.Workspace, actor, file, batch)
}

// tell posts one change of a status to the status_url of its order.
func (w *Worker) tell(ctx context.Context, change row) error {
	now := w.cfg.Records.Now()
	attempts := change.get("attempts").I
	wait := min(firstWait<<min(attempts, 12), lastWait)
	// It is put off before it is sent, so that no other process sends it meanwhile.
	mine, err := w.put(ctx, change, func(r row) map[string]resource.Value {
		if due := r.get("dueAt"); due.IsNull() || due.I > now.UnixMilli() {
			return nil
		}
		return map[string]resource.Value{
			"dueAt": resource.IntValue(now.Add(max(wait, TellTimeout)).UnixMilli()), "attempts": resource.IntValue(attempts + 1),
		}
	})
	if err != nil || !mine {
		return err
	}
	done, err := w.post(ctx, change)
	if err != nil && ctx.Err() == nil {
		w.cfg.Logger.InfoContext(ctx, "a status_url was not told", "change", change.rec.ID, "error", err)
	}
	if !done && now.Sub(time.UnixMilli(change.get("dateCreated").I)) < patience {
		return nil
	}
	_, err = w.put(ctx, change, func(row) map[string]resource.Value { return map[string]resource.Value{"dueAt": {}} })
	return err
}

// put changes the server's own fields of a change, unless set returns none.
func (w *Worker) put(ctx context.Context, change row, set func(now row) map[string]resource.Value) (done bool, err error) {
	err = w.cfg.Store.Write(ctx, func(tx crm.Tx) error {
		rec, err := tx.Lock(ctx, change.res, change.rec.ID)
		if err != nil || rec == nil {
			return err
		}
		values := set(row{change.res, rec})
		var all []crm.Assignment
		for _, name := range []string{"attempts", "dueAt"} {
			if v, ok := values[name]; ok {
				all = append(all, crm.Assignment{Field: change.res.Field(name), Value: v})
			}
		}
		if done = len(all) > 0; !done {
			return nil
		}
		_, err = tx.Update(ctx, change.res, rec.ID, all)
		return err
	})
	return done, err
}

// post makes one attempt. done reports whether nothing is left to be told.
func (w *Worker) post(ctx context.Context, change row) (done bool, err error) {
	res := w.cfg.Records.Catalog().Resource("portorders")
	var page crm.Page
	if err := w.cfg.Store.Load(ctx, res, []int64{change.get("portOrderId").I}, &page); err != nil {
		return false, err
	}
	if len(page.Rows) == 0 {
		return true, nil
	}
	order := row{res, page.Rows[0]}
	target := order.text("statusUrl")
	if target == "" {
		return true, nil
	}
	body, err := json.Marshal(event(change, order))
	if err != nil {
		return false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return true, err
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := w.cfg.Tell.Do(req)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, 64<<10) // what it says does not matter
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return false, errors.New("it answered with " + answer.Status)
	}
	return true, nil
}

// event is what a status_url is told [R].
func event(change, order row) members {
	status, at := change.text("status"), change.instant("date")
	words := "has been " + strings.ReplaceAll(status, "_", " ")
	switch status {
	case resource.PortOrderPending, resource.PortOrderProcessing:
		words = "is " + status
	case resource.PortOrderReview:
		words = "is in review"
	}
	message := "Port Order #" + order.id() + " " + words + "."
	return members{
		"message": message,
		"data": members{
			"attributes": members{
				"at": at, "customer_id": idString(order.get("ownerId").I), "event_type": "status_change", "id": change.id(),
				"message": message, "resource_id": order.id(), "resource_type": "portorders", "status": status,
				"timestamp": at, "type": "event", "url_override": order.text("statusUrl"), "version": "1.0",
			},
			"id": change.id(), "type": "po_status_change", "timestamp": at,
		},
	}
}
