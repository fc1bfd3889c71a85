package scalepoint

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// Types of errors [R].
const (
	typeClosed   = "ClaimIsClosed"
	typeMerged   = "DamageNotificationMergedToClaim"
	typeNoUser   = "UserNotFound"
	typeNoCase   = "ClaimNotFound"
	typeNoDamage = "DamageNotificationNotFound"
	typeGeneric  = "GenericError"
	maxDrain     = 64 << 20 // bytes of a refused body that are read, so that its client sees why
	maxShown     = 200      // bytes of a value in a description
)

// problem is what a request is refused with [R].
type problem struct {
	status      int
	Type        string // "" = GenericError
	Description string
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s: %s", p.status, p.Type, p.Description) }

// notOK is a problem with the value of a member, in the words of the reference's
// sample [R].
func notOK(status int, kind, member, value, format string, args ...any) *problem {
	if len(value) > maxShown {
		value = value[:maxShown] + "…"
	}
	return &problem{status, kind, fmt.Sprintf("%s with value '%s' is not ok. Reason: %s", member, value, fmt.Sprintf(format, args...))}
}

func missing(member string) *problem {
	return &problem{http.StatusBadRequest, typeGeneric, member + " is required."}
}

// unauthorized is a refusal without a body: the reference has no error type for it [R;
// I that the body is empty].
type unauthorized struct {
	status    int
	challenge string // for WWW-Authenticate
}

func (u *unauthorized) Error() string { return fmt.Sprintf("%d %s", u.status, u.challenge) }

func errNoToken() error {
	return &unauthorized{http.StatusUnauthorized, `Bearer error="invalid_token"`} // RFC 6750
}

// asNoToken is the refusal of a token that is none, or none any more.
func asNoToken(err error) error {
	if fault.KindOf(err) == fault.Unauthorized {
		return errNoToken()
	}
	return err
}

// checkType refuses bodies that are said to be something else. A client that does not
// say gets the benefit of the doubt where the body is JSON.
func checkType(r *http.Request, want string) error {
	sent := r.Header.Get("Content-Type")
	if want == "" || sent == "" && want == "application/json" {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(sent); err == nil && kind == want {
		return nil
	}
	return &problem{status: http.StatusUnsupportedMediaType, Description: "The Content-Type header must be " + want + "."}
}

// statuses are those of failures by kind. Of the reference are 400, 413 and 500 [R].
var statuses = map[fault.Kind]int{
	fault.Invalid:     http.StatusBadRequest,
	fault.Conflict:    http.StatusConflict,
	fault.Forbidden:   http.StatusForbidden,
	fault.TooLarge:    http.StatusRequestEntityTooLarge,
	fault.Unsupported: http.StatusUnsupportedMediaType,
	fault.Timeout:     http.StatusRequestTimeout,
	fault.RateLimited: http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}

// problemOf is what is answered to what went wrong.
func problemOf(err error) *problem {
	var known *problem
	var body *intake.Problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &body):
		p := &problem{status: http.StatusBadRequest, Description: body.Error()}
		if body.Path != "" {
			p.Description = body.Path + " is not ok. Reason: " + p.Description
		}
		return p
	}
	p := &problem{status: statuses[fault.KindOf(err)], Description: fault.Message(err)}
	if p.status == 0 {
		p.status = http.StatusInternalServerError
	}
	switch field := fault.FieldOf(err); {
	case p.Description == "":
		p.Description = "The request could not be processed; the log of the server says why."
	case field != "":
		p.Description = field + " is not ok. Reason: " + p.Description
	}
	return p
}

// failure is the body of a refusal [R].
type failure struct {
	Success     bool   `json:"success"`
	Description string `json:"errorDescription"`
	Type        string `json:"errorType"`
}

// refuse answers with an error.
func (d *Dialect) refuse(w http.ResponseWriter, r *http.Request, err error) {
	err = d.note(r, err)
	dialect.Drain(r, 2*d.cfg.MaxFile) // any body with one file
	var un *unauthorized
	if errors.As(err, &un) {
		w.Header().Set("WWW-Authenticate", un.challenge)
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(un.status)
		return
	}
	p := problemOf(err)
	if codings := intake.AcceptEncoding(err); codings != "" {
		w.Header().Set("Accept-Encoding", codings)
	}
	kind := p.Type
	if kind == "" {
		kind = typeGeneric
	}
	sendJSON(w, p.status, failure{Description: p.Description, Type: kind})
}

// note writes failures of ours into the log, and tells a client that gave up, and may
// still read, from them.
func (d *Dialect) note(r *http.Request, err error) error {
	err = dialect.GivenUp(r, err)
	var known *problem
	var oauth oauthError
	var un *unauthorized
	if errors.As(err, &known) || errors.As(err, &oauth) || errors.As(err, &un) {
		return err
	}
	dialect.LogFailure(d.log, r, err)
	return err
}

// sendJSON sends a complete body.
func sendJSON(w http.ResponseWriter, status int, v any) {
	dialect.SendJSON(w, status, "application/json; charset=utf-8", v) // ASP.NET's [K]
}
