package crash_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/testenv"
)

// Variables that change TestHooks: how many changes are made, and how often the
// server is killed meanwhile.
const (
	eventsVariable   = "DOSSIER_TEST_HOOK_EVENTS"
	restartsVariable = "DOSSIER_TEST_HOOK_RESTARTS"

	defaultEvents   = 2000
	defaultRestarts = 5
	hookBatch       = 100 // records of one bulk request

	// hookPatience bounds the silence between deliveries. It is longer than a killed
	// node's lease on PostgreSQL.
	hookPatience = patience
)

// TestHooks kills the server while it delivers, and holds it to the log of changes:
// every change is delivered at least once, and those of a record in their order.
func TestHooks(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { testHooks(t, sqliteFiles{dir: t.TempDir()}) })
	t.Run("PostgreSQL", func(t *testing.T) { testHooks(t, newPostgres(t, testenv.Postgres(t))) })
}

// heard is what the receiver has got.
type heard struct {
	mu    sync.Mutex
	seen  map[int64]bool  // by sequence
	last  map[int64]int64 // record -> sequence
	total int
	wrong []string
	came  chan struct{} // something did
}

func (h *heard) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server was killed in the middle of it
	}
	var rows []struct{ ID int64 }
	sequence, failed := strconv.ParseInt(r.Header.Get("X-Dossier-Sequence"), 10, 64)
	err = json.Unmarshal(body, &rows)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.total++
	if err != nil || failed != nil || len(rows) != 1 {
		h.wrong = append(h.wrong, fmt.Sprintf("%v %v %.200s", err, failed, body))
		return
	}
	if id := rows[0].ID; sequence < h.last[id] {
		h.wrong = append(h.wrong, fmt.Sprintf("record %d: change %d after %d", id, sequence, h.last[id]))
	} else {
		h.last[id] = sequence
	}
	h.seen[sequence] = true
	select {
	case h.came <- struct{}{}:
	default: // whoever waits will look anyway
	}
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.seen)
}

func testHooks(t *testing.T, db database) {
	events, restarts := int(setting(t, eventsVariable, defaultEvents)), int(setting(t, restartsVariable, defaultRestarts))
	began := time.Now()
	h := &heard{seen: map[int64]bool{}, last: map[int64]int64{}, came: make(chan struct{}, 1)}
	receiver := httptest.NewServer(h)
	defer receiver.Close()
	begin := func() (*process, *client) {
		p := start(t, append([]string{"--demo", "--data", db.folder(), "--allow-targets", "127.0.0.1"}, db.args()...)...)
		return p, newClient(p.serving())
	}
	p, c := begin()
	c.login(t, db.folder())
	token := c.token
	must := func(method, path string, body any) []byte {
		t.Helper()
		a, err := c.call(method, path, body)
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("%s %s: %v %v", method, path, a, err)
		}
		return a.body
	}
	must("POST", "/hooks", map[string]any{"name": "updates", "action": "update", "entity": "account", "url": receiver.URL})
	var made []struct{ ID int64 }
	var items []any
	for i := range hookBatch {
		items = append(items, map[string]any{"data": map[string]any{"name": fmt.Sprint("hook ", i), "salesRepId1": 1}})
	}
	if err := json.Unmarshal(must("POST", "/accounts/bulk", items), &made); err != nil || len(made) != hookBatch {
		t.Fatalf("%d made: %v", len(made), err)
	}
	rounds := events / hookBatch
	kills := map[int]bool{}
	for len(kills) < min(restarts, rounds) {
		kills[rand.IntN(rounds)] = true
	}
	for round := range rounds {
		var items []any
		for _, m := range made {
			items = append(items, map[string]any{"id": m.ID, "data": map[string]any{"phone": strconv.Itoa(round)}})
		}
		must("PUT", "/accounts/bulk", items)
		if kills[round] {
			p.kill()
			db.settle(t)
			p, c = begin()
			c.token = token
		}
	}
	for silent := false; !silent && h.count() < rounds*hookBatch; {
		select {
		case <-h.came:
		case <-time.After(hookPatience):
			silent = true
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	t.Logf("%d changes, %d kills, %d deliveries, %d of them repeated, in %.0f s", rounds*hookBatch, len(kills), h.total, h.total-len(h.seen), time.Since(began).Seconds())
	if lost := rounds*hookBatch - len(h.seen); lost != 0 || len(h.wrong) != 0 {
		t.Errorf("%d changes were lost; %d wrong: %.1000q", lost, len(h.wrong), fmt.Sprint(h.wrong))
	}
}
