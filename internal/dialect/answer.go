package dialect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// SendJSON sends a complete body without a line end, in which <, > and & are as they
// are. A value that JSON cannot say becomes status 500 without a body.
func SendJSON(w http.ResponseWriter, status int, contentType string, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		status = http.StatusInternalServerError
		b.Reset()
	}
	httpd.Bytes(w, status, contentType, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// RetryAfter tells a client when to come back, in whole seconds, if err is that of
// somebody who tries too often, and reports whether it is.
func RetryAfter(w http.ResponseWriter, err error) bool {
	wait, ok := auth.RetryAfter(err)
	if ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return ok
}

// GivenUp makes of what came of a request that its client gave up a fault.Invalid that
// says so, and returns every other error as it is: such a client may still read, and it
// is no failure of ours.
func GivenUp(r *http.Request, err error) error {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return fault.New(fault.Invalid, "the request was given up before it was done").Because(err)
	}
	return err
}

// LogFailure writes an error into the log, with its causes, that is our failure and not
// the client's: fault.Internal or fault.Unavailable.
func LogFailure(log *slog.Logger, r *http.Request, err error) {
	if kind := fault.KindOf(err); kind == fault.Internal || kind == fault.Unavailable {
		log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.Any("error", err))
	}
}
