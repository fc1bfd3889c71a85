package app_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
)

// hookPatience bounds the wait for deliveries. It is long, since the machine may be
// busy with other tests.
const hookPatience = time.Minute

// arrived is one delivery as the receiver got it.
type arrived struct {
	path   string
	header http.Header
	body   []byte
	rows   []map[string]any
}

// receiver takes deliveries. What it answers is up to the test.
type receiver struct {
	*httptest.Server
	got    chan arrived
	mu     sync.Mutex
	answer map[string]func(http.ResponseWriter, *http.Request) // by path
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{got: make(chan arrived, 1000), answer: map[string]func(http.ResponseWriter, *http.Request){}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		a := arrived{path: req.URL.Path, header: req.Header}
		var err error
		if a.body, err = io.ReadAll(req.Body); err != nil {
			return // the server was stopped in the middle of it
		}
		if err := json.Unmarshal(a.body, &a.rows); err != nil {
			t.Errorf("%s is no array of records: %v", a.body, err)
		}
		r.mu.Lock()
		answer := r.answer[a.path]
		r.mu.Unlock()
		r.got <- a
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// at says how the receiver answers at a path; nil = well.
func (r *receiver) at(path string, answer func(http.ResponseWriter, *http.Request)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer[path] = answer
}

func status(n int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

// next returns the next delivery.
func (r *receiver) next(t *testing.T) arrived {
	t.Helper()
	select {
	case a := <-r.got:
		return a
	case <-time.After(hookPatience):
		t.Fatal("nothing was delivered")
		panic("unreachable")
	}
}

// world is an installation with a receiver.
type world struct {
	*apptest.App
	*receiver
	t *testing.T
}

func newWorld(t *testing.T, db apptest.Database) *world {
	t.Helper()
	r := newReceiver(t)
	a := apptest.New(t, apptest.Options{Database: db, Serving: true, Config: func(c *app.Config) { c.AllowTargets = "127.0.0.1" }})
	return &world{a, r, t}
}

type hookRecord struct {
	ID     int64
	Secret string `json:"secret_key"`
}

func (w *world) hook(action, entity, path string) (h hookRecord) {
	w.t.Helper()
	got := w.Do(w.t, "POST", "/api/v4/hooks", map[string]any{"name": "Größe\n" + path, "action": action, "entity": entity, "url": w.receiver.URL + path})
	if got.Status != http.StatusOK {
		w.t.Fatalf("%d %s", got.Status, got.Body)
	}
	got.JSON(w.t, &h)
	return h
}

func (w *world) must(method, path string, body any) (id int64) {
	w.t.Helper()
	got := w.Do(w.t, method, "/api/v4"+path, body)
	if got.Status != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, got.Status, got.Body)
	}
	var answer struct{ ID int64 }
	got.JSON(w.t, &answer)
	return answer.ID
}

func (w *world) account(name string) int64 {
	w.t.Helper()
	return w.must("POST", "/accounts", map[string]any{"name": name, "salesRepId1": 1})
}

// look makes the server look at its clock.
func (w *world) look() {
	w.t.Helper()
	ws, release, err := w.Workspaces.Acquire(context.Background(), w.Workspace)
	if err != nil {
		w.t.Fatal(err)
	}
	ws.Hooks.Wake()
	release()
}

type deliveryRow struct {
	Sequence, ID, Attempts, Status int64
	State, Failure                 string
	NextAttempt                    *time.Time
}

func (w *world) deliveries(hook int64, state string) (rows []deliveryRow) {
	w.t.Helper()
	got := w.Get(w.t, fmt.Sprintf("/api/v4/hooks/%d/deliveries?state=%s", hook, state))
	got.JSON(w.t, &rows)
	return rows
}

// eventually waits until something is so.
func (w *world) eventually(what string, so func() bool) {
	w.t.Helper()
	for end := time.Now().Add(hookPatience); !so(); {
		if time.Now().After(end) {
			w.t.Fatalf("never: %s", what)
		}
		runtime.Gosched()
	}
}

// checkSignature reads https://www.standardwebhooks.com as a receiver does: the
// secret is whsec_ and base64 of the key, the signed text id.timestamp.payload, and
// the header a list of versions and signatures separated by spaces.
func checkSignature(t *testing.T, a arrived, secret string) {
	t.Helper()
	whsec := "whsec_" + base64.StdEncoding.EncodeToString([]byte(secret))
	key, err := base64.StdEncoding.DecodeString(whsec[len("whsec_"):])
	if err != nil || len(key) < 24 || len(key) > 64 {
		t.Fatalf("the key has %d bytes: %v", len(key), err)
	}
	id, timestamp := a.header.Get("webhook-id"), a.header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, a.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if got := a.header.Get("webhook-signature"); got != want || id == "" {
		t.Errorf("signature %q of %q, want %q", got, id, want)
	}
	if _, err := strconv.ParseInt(timestamp, 10, 64); err != nil {
		t.Error(err)
	}
}

// Records that other dialects make and change have hooks as well.
func TestHookEntities(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := newWorld(t, db)
		for _, tt := range []struct {
			entity, path string
			made         map[string]any
		}{
			{"case", "/cases", map[string]any{"typeId": 1, "statusId": 1}},
			{"damagenotification", "/damageNotifications", map[string]any{"description": "Water in the cellar"}},
			{"portorder", "/portorders", map[string]any{
				"groupId": w.must("POST", "/portorderGroups", map[string]any{"alias": "Move"}), "billingName": "Ann", "city": "Seattle",
				"country": "US", "provider": "Pinecone", "state": "WA", "street": "1 Alder Street", "usageType": "business", "zip": "98101",
			}},
		} {
			w.hook("insert", tt.entity, tt.path)
			id := w.must("POST", tt.path, tt.made)
			a := w.next(t)
			want := w.Get(t, fmt.Sprintf("/api/v4%s/%d", tt.path, id)).Body
			if a.path != tt.path || string(a.body) != "["+string(want)+"]" {
				t.Errorf("%s got %s\nwant [%s]", a.path, a.body, want)
			}
		}
	})
}

func TestHookDelivers(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := newWorld(t, db)
		w.account("before the hook")
		inserted, updated, deleted := w.hook("insert", "account", "/i"), w.hook("update", "account", "/u"), w.hook("delete", "account", "/d")
		id := w.account("Acme & Söhne <1>")

		a := w.next(t)
		checkSignature(t, a, inserted.Secret)
		want := w.Get(t, fmt.Sprintf("/api/v4/accounts/%d", id)).Body
		if a.path != "/i" || string(a.body) != "["+string(want)+"]" {
			t.Errorf("%s got %s\nwant [%s]", a.path, a.body, want)
		}
		for name, want := range map[string]string{
			"X-Dossier-Hook": fmt.Sprint(inserted.ID), "X-Dossier-Event": "account.insert", "X-Dossier-Name": "Größe /i", "Content-Type": "application/json",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		first := a.header.Get("webhook-id")
		w.must("PUT", fmt.Sprintf("/accounts/%d", id), map[string]any{"phone": "1"})
		if a = w.next(t); a.path != "/u" || a.rows[0]["phone"] != "1" || a.header.Get("webhook-id") == first {
			t.Errorf("%s got %s", a.path, a.body)
		}
		checkSignature(t, a, updated.Secret)
		w.must("DELETE", fmt.Sprintf("/accounts/%d", id), nil)
		if a = w.next(t); a.path != "/d" || a.rows[0]["deleted"] != true {
			t.Errorf("%s got %s", a.path, a.body)
		}
		checkSignature(t, a, deleted.Secret)

		// Other entities, changed hooks, and no hooks.
		w.must("PUT", fmt.Sprintf("/hooks/%d", inserted.ID), map[string]any{"entity": "contact", "url": w.receiver.URL + "/c"})
		account := w.account("Unheard")
		w.must("POST", "/contacts", map[string]any{"firstName": "Žofie", "lastName": "", "accountId": account})
		if a = w.next(t); a.path != "/c" || a.rows[0]["firstName"] != "Žofie" {
			t.Errorf("%s got %s", a.path, a.body)
		}
		for _, h := range []hookRecord{inserted, updated, deleted} {
			w.must("DELETE", fmt.Sprintf("/hooks/%d", h.ID), nil)
		}
		w.must("PUT", fmt.Sprintf("/accounts/%d", account), map[string]any{"phone": "1"})
		last := w.hook("update", "account", "/last")
		w.must("PUT", fmt.Sprintf("/accounts/%d", account), map[string]any{"phone": "2"})
		if a = w.next(t); a.path != "/last" || a.rows[0]["phone"] != "2" {
			t.Errorf("%s got %s", a.path, a.body)
		}
		w.eventually("all is delivered", func() bool { return len(w.deliveries(last.ID, "pending")) == 0 })
		select {
		case a := <-w.got:
			t.Errorf("%s also got %s", a.path, a.body)
		default:
		}
	})
}

// TestHookReceivers: those that fail, hang or lead elsewhere delay nobody, are tried
// again, and after a day are given up until somebody asks.
func TestHookReceivers(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := newWorld(t, db)
		free := make(chan struct{})
		w.at("/hang", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-free:
			case <-r.Context().Done():
			}
		})
		defer close(free)
		w.at("/fail", status(http.StatusInternalServerError))
		elsewhere := newReceiver(t)
		w.at("/redirect", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere.URL+"/secret", http.StatusTemporaryRedirect)
		})
		hang, fail, redirect := w.hook("insert", "account", "/hang"), w.hook("insert", "account", "/fail"), w.hook("insert", "account", "/redirect")
		w.hook("insert", "account", "/good")
		id := w.account("Acme")
		heard := map[string]arrived{}
		for range 4 {
			a := w.next(t)
			heard[a.path] = a
		}
		if len(heard) != 4 {
			t.Fatalf("heard %d", len(heard))
		}
		for _, h := range []hookRecord{fail, redirect} {
			w.eventually("it has failed", func() bool {
				rows := w.deliveries(h.ID, "pending")
				return len(rows) == 1 && rows[0].Attempts == 1 && rows[0].Status != 0 && rows[0].ID == id && rows[0].NextAttempt != nil
			})
		}
		if rows := w.deliveries(hang.ID, "pending"); len(rows) != 1 || rows[0].Attempts != 0 {
			t.Errorf("hanging: %+v", rows)
		}
		// The same delivery again, when its time has come; a later one of the same
		// record waits for it.
		other := w.hook("update", "account", "/update")
		w.at("/update", status(http.StatusServiceUnavailable))
		w.must("PUT", fmt.Sprintf("/accounts/%d", id), map[string]any{"phone": "1"})
		w.must("PUT", fmt.Sprintf("/accounts/%d", id), map[string]any{"phone": "2"})
		one := w.next(t)
		w.eventually("one waits for the other", func() bool {
			rows := w.deliveries(other.ID, "pending")
			return len(rows) == 2 && rows[0].Attempts == 1 && rows[1].Attempts == 0
		})
		w.at("/update", nil)
		w.at("/fail", nil)
		w.Clock.Advance(6 * time.Second)
		w.look()
		var order []string
		for len(order) < 3 {
			if a := w.next(t); a.path == "/update" {
				order = append(order, a.header.Get("webhook-id"))
				checkSignature(t, a, other.Secret)
			} else if a.path == "/fail" {
				order = append(order, "")
				if a.header.Get("webhook-id") != heard["/fail"].header.Get("webhook-id") {
					t.Error("another attempt has another id")
				}
			}
		}
		order = slices.DeleteFunc(order, func(id string) bool { return id == "" })
		if len(order) != 2 || order[0] != one.header.Get("webhook-id") || order[1] == order[0] {
			t.Errorf("order %q after %q", order, one.header.Get("webhook-id"))
		}

		// A day later.
		w.Clock.Advance(25 * time.Hour)
		var err error
		if w.Token, err = w.Auth.Login(t.Context(), "sage", w.Key.PublicID, w.Key.Secret, "127.0.0.1"); err != nil {
			t.Fatal(err)
		}
		w.look()
		w.eventually("it is parked", func() bool {
			rows := w.deliveries(redirect.ID, "parked")
			return len(rows) == 1 && rows[0].Status == http.StatusTemporaryRedirect && len(w.deliveries(redirect.ID, "pending")) == 0
		})
		select {
		case a := <-elsewhere.got:
			t.Errorf("a redirect led %s to %s", a.body, a.path)
		default:
		}
		w.at("/redirect", nil)
		for len(w.got) > 0 {
			<-w.got
		}
		w.must("POST", fmt.Sprintf("/hooks/%d/deliveries/retry", redirect.ID), map[string]any{})
		for {
			if a := w.next(t); a.path == "/redirect" {
				checkSignature(t, a, redirect.Secret)
				break
			}
		}
		w.eventually("nothing is parked", func() bool {
			return len(w.deliveries(redirect.ID, "parked"))+len(w.deliveries(redirect.ID, "pending")) == 0
		})
	})
}

// TestHookOfDisabledUser: a hook reads what its maker may read, and nothing while the
// maker may not come in, when its deliveries are parked; a deleted hook's deliveries go
// with it.
func TestHookOfDisabledUser(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		w := newWorld(t, db)
		ctx := t.Context()
		user, err := w.CreateUser(ctx, w.Workspace, app.NewUser{Email: "bo@example.com", Name: "Bo", LastName: "B", Level: 2, Language: "EN"})
		if err != nil {
			t.Fatal(err)
		}
		key, err := w.Auth.CreateKey(ctx, "sage", w.Workspace, user)
		if err != nil {
			t.Fatal(err)
		}
		token, err := w.Auth.Login(ctx, "sage", key.PublicID, key.Secret, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		as := func(h http.Header) { h.Set("X-Session-Key", token) }
		got := w.Do(t, "POST", "/api/v4/hooks", map[string]any{"name": "Bo's", "action": "insert", "entity": "account", "url": w.receiver.URL + "/bo"}, as)
		var his hookRecord
		got.JSON(t, &his)
		hers := w.hook("insert", "account", "/ada")
		if got := w.Get(t, fmt.Sprintf("/api/v4/hooks/%d", hers.ID), as); got.Status != http.StatusBadRequest {
			t.Errorf("Bo reads Ada's hook: %s", got.Body)
		}
		for _, path := range []string{"", "/retry"} {
			method := map[string]string{"": "GET", "/retry": "POST"}[path]
			if got := w.Do(t, method, fmt.Sprintf("/api/v4/hooks/%d/deliveries%s", hers.ID, path), "{}", as); got.Status != http.StatusBadRequest {
				t.Errorf("Bo reaches Ada's deliveries: %s", got.Body)
			}
		}
		w.must("POST", "/accounts", map[string]any{"name": "Secret", "salesRepId1": 1, "permissionLevel": 4})
		w.must("POST", "/accounts", map[string]any{"name": "Known", "salesRepId1": 1, "permissionLevel": 1})
		names := map[string][]any{}
		for range 3 {
			a := w.next(t)
			names[a.path] = append(names[a.path], a.rows[0]["name"])
		}
		if len(names["/ada"]) != 2 || len(names["/bo"]) != 1 || names["/bo"][0] != "Known" {
			t.Errorf("heard %v", names)
		}
		w.must("PUT", fmt.Sprintf("/users/%d", user), map[string]any{"isActive": false})
		w.account("After")
		if a := w.next(t); a.path != "/ada" {
			t.Errorf("%s got %s", a.path, a.body)
		}
		w.eventually("his is parked", func() bool {
			rows := w.deliveries(his.ID, "parked")
			return len(w.deliveries(his.ID, "pending")) == 0 && len(rows) == 1 && strings.Contains(rows[0].Failure, "disabled")
		})
		w.must("PUT", fmt.Sprintf("/users/%d", user), map[string]any{"isActive": true})
		w.must("POST", fmt.Sprintf("/hooks/%d/deliveries/retry", his.ID), map[string]any{})
		if a := w.next(t); a.path != "/bo" || a.rows[0]["name"] != "After" {
			t.Errorf("%s got %s", a.path, a.body)
		}
		w.account("Again")
		for range 2 {
			if a := w.next(t); a.rows[0]["name"] != "Again" {
				t.Errorf("%s got %s", a.path, a.body)
			}
		}

		w.at("/ada", status(http.StatusInternalServerError))
		w.account("Failing")
		w.eventually("it fails", func() bool { return len(w.deliveries(hers.ID, "pending")) == 1 })
		w.must("DELETE", fmt.Sprintf("/hooks/%d", hers.ID), nil)
		w.eventually("its deliveries are gone", func() bool { return len(w.deliveries(hers.ID, "pending")) == 0 })
	})
}

// TestHookNodes: of several processes on one database one delivers, in order and each
// change once as long as all goes well; another goes on when it ends, or has died.
func TestHookNodes(t *testing.T) {
	r := newReceiver(t)
	w := &world{apptest.New(t, apptest.Options{
		Database: apptest.PostgreSQL, Config: func(c *app.Config) { c.AllowTargets = "127.0.0.1" }, // serving nobody
	}), r, t}
	ctx := t.Context()
	node := func() (close func()) {
		t.Helper()
		n, err := app.Open(ctx, w.App.App.Config, w.World, true)
		if err != nil {
			t.Fatal(err)
		}
		_, release, err := n.Workspaces.Acquire(ctx, w.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		return sync.OnceFunc(func() {
			release()
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	w.hook("update", "account", "/u")
	accounts := []int64{w.account("A"), w.account("B"), w.account("C")}
	last, after := 0, int64(0)
	// change changes each account so many times, and returns the numbers of the changes.
	change := func(times int) (sequences []int64) {
		t.Helper()
		for range times {
			last++
			for _, id := range accounts {
				w.must("PUT", fmt.Sprintf("/accounts/%d", id), map[string]any{"phone": strconv.Itoa(last)})
			}
		}
		var log []struct {
			Sequence            int64
			Resource, Operation string
		}
		w.Get(t, fmt.Sprintf("/api/v4/changes?count=1000&after=%d", after)).JSON(t, &log)
		for _, c := range log {
			if after = c.Sequence; c.Resource == "accounts" && c.Operation == "update" {
				sequences = append(sequences, c.Sequence)
			}
		}
		if len(sequences) != times*len(accounts) {
			t.Fatalf("%d changes", len(sequences))
		}
		return sequences
	}
	latest := map[any]int64{} // by account
	// delivered takes deliveries until all these changes were told of, and returns how
	// many deliveries that took.
	delivered := func(sequences []int64) (n int) {
		t.Helper()
		for ; len(sequences) > 0; n++ {
			a := w.next(t)
			sequence, err := strconv.ParseInt(a.header.Get("X-Dossier-Sequence"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			id := a.rows[0]["id"]
			if sequence < latest[id] {
				t.Errorf("account %v: change %d after %d", id, sequence, latest[id])
			}
			latest[id] = sequence
			sequences = slices.DeleteFunc(sequences, func(s int64) bool { return s == sequence })
		}
		return n
	}

	// A node has died while it held the outbox; the others wait until that is over.
	ws, release, err := w.Workspaces.Acquire(ctx, w.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if held, err := ws.Store.Deliveries("dead").Hold(ctx, 2*time.Second); err != nil || !held {
		t.Fatalf("%v, %v", held, err)
	}
	changes := change(2)
	closeFirst := node()
	defer closeFirst()
	if n := delivered(changes); n != 6 {
		t.Errorf("%d deliveries of 6 changes", n)
	}
	closeSecond := node()
	defer closeSecond()
	if n := delivered(change(5)); n != 15 {
		t.Errorf("%d deliveries of 15 changes by two nodes", n)
	}

	// The one that delivers ends in the middle of it.
	asked := make(chan struct{}, 100)
	w.at("/u", func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	})
	changes = change(2)
	<-asked
	w.at("/u", nil)
	closeFirst()
	if n := delivered(changes); n < 6 {
		t.Errorf("%d deliveries of 6 changes", n)
	}
}

// TestHookIsPrivate: nobody but its maker and the administrators learns of a hook, on
// no path, and nobody at all reads its secret but in its record.
func TestHookIsPrivate(t *testing.T) {
	w := newWorld(t, apptest.SQLite)
	ctx := t.Context()
	user, err := w.CreateUser(ctx, w.Workspace, app.NewUser{Email: "bo@example.com", Name: "Bo", LastName: "B", Level: 4, Language: "EN"})
	if err != nil {
		t.Fatal(err)
	}
	_, bo, err := w.Login(ctx, user)
	if err != nil {
		t.Fatal(err)
	}
	hers := w.hook("insert", "account", "/hers")
	account := w.account("Acme")
	w.must("PUT", fmt.Sprintf("/hooks/%d", hers.ID), map[string]any{"name": "Renamed"})
	signed := w.next(t)

	id := strconv.FormatInt(hers.ID, 10)
	tell := []string{hers.Secret, w.receiver.URL, "Größe", "Renamed"}
	for _, ask := range [][3]string{
		{"GET", "/hooks"}, {"GET", "/hooks?where=deleted=false or deleted=true&order=name"}, {"GET", "/hooks/" + id},
		{"GET", "/hooks?where=name like '%25'"}, {"GET", "/hooks?where=user_created.name='Ada'"}, {"GET", "/hooks/schema"},
		{"GET", "/list/hooks"}, {"GET", "/list/hooks/" + id}, {"GET", "/hooks/" + id + "/documents"}, {"GET", "/hooks/" + id + "/deliveries"},
		{"GET", "/documents?where=entity='hooks'"}, {"GET", "/extrafields/hooks"}, {"GET", "/changes"}, {"GET", "/_deliveries"}, {"GET", "/_changes"},
		{"GET", "/entityOwners"}, {"GET", "/accounts/" + fmt.Sprint(account) + "/hooks"},
		{"PUT", "/hooks/" + id, `{"name": "Mine"}`}, {"PUT", "/hooks/bulk", `[{"id": ` + id + `, "data": {"name": "Mine"}}]`},
		{"PUT", "/hooks/" + id, `{"level": 1, "user_created": 2, "secret_key": "MINE"}`}, {"POST", "/hooks/" + id + "/deliveries/retry", `{}`},
		{"DELETE", "/hooks/" + id}, {"DELETE", "/hooks/bulk", `[{"id": ` + id + `}]`},
		{"POST", "/procedure/zapier_schema", `{"entity": "hooks"}`},
	} {
		got := w.Do(t, ask[0], "/api/v4"+ask[1], ask[2], func(h http.Header) { h.Set("X-Session-Key", bo) })
		for _, word := range tell {
			if bytes.Contains(got.Body, []byte(word)) || strings.Contains(fmt.Sprint(got.Header), word) {
				t.Errorf("%v tells %q: %s", ask, word, got.Body)
			}
		}
		if got.Status >= http.StatusInternalServerError {
			t.Errorf("%v: %d %s", ask, got.Status, got.Body)
		}
	}
	var now hookRecord
	got := w.Get(t, "/api/v4/hooks/"+id)
	if got.JSON(t, &now); now.Secret != hers.Secret || !bytes.Contains(got.Body, []byte("Renamed")) || bytes.Contains(got.Body, []byte("Mine")) {
		t.Errorf("now it is %s", got.Body)
	}
	checkSignature(t, signed, hers.Secret)

	// Administrators read the log, and the secret is not in it.
	log := w.Get(t, "/api/v4/changes").Body
	if !bytes.Contains(log, []byte(`"name":{"before":"Gr`)) || !bytes.Contains(log, []byte("Renamed")) {
		t.Errorf("the log lacks the change: %s", log)
	}
	if bytes.Contains(log, []byte(hers.Secret)) || bytes.Contains(bytes.ToLower(log), []byte("secret")) {
		t.Errorf("the log has the secret: %s", log)
	}
	for _, query := range []string{"where=secret_key='" + hers.Secret + "'", "where=secretKey like 'A%25'", "order=secret_key"} {
		if got := w.Get(t, "/api/v4/hooks?"+query); got.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, got.Status, got.Body)
		}
	}
}

// TestHookLimit: a workspace has so many hooks and no more; deleted ones do not count.
func TestHookLimit(t *testing.T) {
	const most = 200
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		hook := map[string]any{"name": "H", "action": "insert", "entity": "account", "url": "https://hooks.example.com/"}
		items := make([]any, 60)
		for i := range items {
			items[i] = map[string]any{"data": hook}
		}
		made, refused := 0, 0
		for range 4 {
			var rows []struct {
				ID    int64
				Error string
			}
			a.Do(t, "POST", "/api/v4/hooks/bulk", items).JSON(t, &rows)
			for _, row := range rows {
				if row.ID > 0 {
					made++
				} else {
					refused++
				}
			}
		}
		if made != most || refused != 4*len(items)-most {
			t.Errorf("%d were made and %d refused", made, refused)
		}
		const want = "there may be 200 hooks at most"
		if got := a.Do(t, "POST", "/api/v4/hooks", hook); got.Status != http.StatusBadRequest || !bytes.Contains(got.Body, []byte(want)) {
			t.Errorf("%d %s", got.Status, got.Body)
		}
		a.Do(t, "DELETE", "/api/v4/hooks/1", nil)
		for _, want := range []int{http.StatusOK, http.StatusBadRequest} {
			if got := a.Do(t, "POST", "/api/v4/hooks", hook); got.Status != want {
				t.Errorf("after a deletion: %d %s", got.Status, got.Body)
			}
		}
	})
}
