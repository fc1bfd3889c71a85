package wolkvox

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// answer is the body of every answer [R].
type answer struct {
	Code  any    `json:"code"`  // the status: a number, but for one operation [R]
	Error string `json:"error"` // "null", which is a text [R], or the name of the status in capitals
	Msg   string `json:"msg"`

	// Total is how many records there are in Data; nil where it is not said. One
	// script reads it after custom/query.php [R].
	Total *int `json:"Total records,omitempty"`

	Data any `json:"data"`
}

// Messages of answers, spelled as they are [R; the first I].
const (
	msgInserted = "Succesfully insert record"
	msgUpdated  = "Succesfully update record"
)

func done(msg string, data any) *answer {
	return &answer{Code: http.StatusOK, Error: "null", Msg: msg, Data: data}
}

// written is the answer to a change of a record.
func written(msg, id string) *answer {
	return done(msg, struct {
		ID string `json:"wolkvox_id"`
	}{id})
}

// found is the answer to a query. Scripts compare its message [R].
func found[T any](rows []T) *answer {
	if rows == nil {
		rows = []T{}
	}
	return done(fmt.Sprintf("%d records were are found", len(rows)), rows)
}

// problem is a refusal in the dialect's own terms. It is the cause of a fault, so that
// what happens on its way happens as with any fault.
type problem struct {
	code int
	data any
}

func (p *problem) Error() string { return http.StatusText(p.code) }

// fail returns a refusal. data says more of it than fits the documented texts; nil =
// nothing.
func fail(code int, data any, format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because(&problem{code, data})
}

// The refusals whose texts are documented [R].

func errNoAPI() error {
	return fail(http.StatusBadRequest, nil, "THE API YOU WANT TO CONSULT DOES NOT EXIST")
}

// errMissing names the parameters that are required and not there, in data.
func errMissing(names []string) error {
	return fail(http.StatusBadRequest, map[string]any{"required": names}, "SOME PARAMETERS ARE REQUIRED")
}

const noToken = "PLEASE ENTER THE WOLKVOX-TOKEN"

func errNoToken() error {
	return fail(http.StatusUnauthorized, nil, noToken)
}

const badToken = "PLEASE VALIDATE TOKEN"

func errBadToken(data any) error { return fail(http.StatusForbidden, data, badToken) }

func errDaily() error { return fail(http.StatusForbidden, nil, "TOKEN LIMIT EXCEEDED") }

func errSimultaneous(limit int) error {
	return fail(http.StatusForbidden, nil, "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (%d)", limit)
}

// unmet is a refusal of a value that names nothing that is there [I the status].
func unmet(field, format string, args ...any) error {
	return fail(http.StatusPreconditionFailed, map[string]any{"field": field}, field+": "+format, args...)
}

// malformed is a refusal of a value that cannot be read.
func malformed(field, format string, args ...any) error {
	return fail(http.StatusBadRequest, map[string]any{"field": field}, field+": "+format, args...)
}

// codes are the statuses for other failures, by kind. Those that the vendor's table has
// are meant as HTTP means them; 408, 413, 415, 500 and 503 are not in it [I].
var codes = map[fault.Kind]int{
	fault.Invalid:      http.StatusBadRequest,
	fault.Query:        http.StatusBadRequest,
	fault.NotFound:     http.StatusNotFound,
	fault.NoResource:   http.StatusNotFound,
	fault.NotOffered:   http.StatusForbidden,
	fault.Forbidden:    http.StatusForbidden,
	fault.Unauthorized: http.StatusForbidden,
	fault.RateLimited:  http.StatusForbidden,
	fault.Conflict:     http.StatusPreconditionFailed,
	fault.TooLarge:     http.StatusRequestEntityTooLarge,
	fault.Unsupported:  http.StatusUnsupportedMediaType,
	fault.Timeout:      http.StatusRequestTimeout,
	fault.Unavailable:  http.StatusServiceUnavailable,
}

// answerOf is what is answered to a failure.
func answerOf(err error) (int, *answer) {
	a := &answer{Msg: fault.Message(err), Data: []any{}}
	code := http.StatusInternalServerError
	var own *problem
	if errors.As(err, &own) {
		code = own.code
		if own.data != nil {
			a.Data = own.data
		}
	} else {
		if known, ok := codes[fault.KindOf(err)]; ok {
			code = known
		}
		if field := fault.FieldOf(err); field != "" {
			a.Data = map[string]any{"field": field}
			if !strings.HasPrefix(a.Msg, field) {
				a.Msg = field + ": " + a.Msg
			}
		}
	}
	a.Code, a.Error = code, strings.ToUpper(http.StatusText(code))
	if a.Msg == "" {
		a.Msg = "the request failed on our side; try again later"
	}
	return code, a
}

// refuse answers with what went wrong, and writes failures of ours into the log.
func (d *Dialect) refuse(w http.ResponseWriter, r *http.Request, err error) {
	err = dialect.GivenUp(r, err)
	code, a := answerOf(err)
	if code >= http.StatusInternalServerError {
		d.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.Any("error", err))
	}
	if dialect.RetryAfter(w, err) {
		a.Msg = badToken + ": there were too many that are not valid; try again later"
	}
	if codings := intake.AcceptEncoding(err); codings != "" {
		w.Header().Set("Accept-Encoding", codings)
	}
	dialect.Drain(r, maxDrain)
	send(w, code, a)
}

// send sends a complete body.
func send(w http.ResponseWriter, code int, a *answer) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	dialect.SendJSON(w, code, "application/json", a)
}
