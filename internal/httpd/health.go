package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Check is one thing that must work for requests to be served.
type Check struct {
	Name  string
	Probe func(ctx context.Context) error
}

// Health answers the probes of load balancers and supervisors, without login.
type Health struct {
	Checks []Check
	Log    *slog.Logger

	mu      sync.Mutex
	asked   time.Time
	reasons map[string]string // outcome of each check at that time
	ready   bool
}

const (
	// probeEvery bounds how often strangers can make the checks run.
	probeEvery = 500 * time.Millisecond
	// probeTimeout is how long all checks may take together.
	probeTimeout = 3 * time.Second
)

// Add adds checks to those that are asked from now on.
func (h *Health) Add(checks ...Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Checks = append(h.Checks, checks...)
	h.reasons = nil
}

// Live says that the process answers.
func (h *Health) Live(w http.ResponseWriter, r *http.Request) {
	JSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// Ready says whether reads and writes would succeed now: 200 or 503, with the
// outcome of each check. Causes go to the log only.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	ready, reasons := h.probe(r.Context())
	answer := struct {
		Status string            `json:"status"`
		Checks map[string]string `json:"checks"`
	}{"ok", reasons}
	status := http.StatusOK
	if !ready {
		answer.Status, status = "unavailable", http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	JSON(w, status, answer)
}

func (h *Health) probe(ctx context.Context) (bool, map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reasons != nil && time.Since(h.asked) < probeEvery {
		return h.ready, h.reasons
	}
	// The outcome is for all who ask, also when this one hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	ready, reasons := true, make(map[string]string, len(h.Checks))
	for _, c := range h.Checks {
		err := c.Probe(ctx)
		if err == nil {
			reasons[c.Name] = "ok"
			continue
		}
		ready = false
		if reasons[c.Name] = fault.Message(err); reasons[c.Name] == "" {
			reasons[c.Name] = "failing"
		}
		h.Log.Error("not ready", "check", c.Name, "error", err)
	}
	h.asked, h.ready, h.reasons = time.Now(), ready, reasons
	return ready, reasons
}
