package riskforce

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// oauthError is an error of the token endpoint: status 400 and an object [R].
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e oauthError) Error() string { return e.Code + ": " + e.Description }

// apexError is an error of Apex REST, an array with one object [R].
type apexError struct {
	Message string `json:"message"`
	Code    string `json:"errorCode"`

	status int
	own    bool // of the upload itself, which an Apex method could answer as text
}

func (e *apexError) Error() string { return e.Code + ": " + e.Message }

// Errors of the platform.
func errNoSession() error {
	return &apexError{status: http.StatusUnauthorized, Code: "INVALID_SESSION_ID", Message: "Session expired or invalid"} // [R]
}

func errNoMatch() error {
	return &apexError{status: http.StatusNotFound, Code: "NOT_FOUND", Message: "Could not find a match for URL"} // [R]
}

func errMethod(method string) error {
	return &apexError{ // [R, of the standard REST API]
		status: http.StatusMethodNotAllowed, Code: "METHOD_NOT_ALLOWED",
		Message: fmt.Sprintf("HTTP Method '%s' not allowed. Allowed are POST", method),
	}
}

// checkType refuses bodies that are not JSON [K], multipart ones among them [R]. A
// client that does not say gets the benefit of the doubt.
func checkType(contentType string) error {
	if contentType == "" {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(contentType); err == nil && kind == "application/json" {
		return nil
	}
	return &apexError{
		status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE",
		Message: "Content-Type header specified in HTTP request is not supported: " + contentType + "; use application/json",
	}
}

// parserColumn is how far behind the end of a name the reader of Salesforce is when it
// complains of it: the one message that is known says column 14 for
// {"SETTINGS":{ [R; the count I].
const parserColumn = 2

// parserError is what a body is refused for that is not what it should be.
func parserError(p *intake.Problem) error {
	e := &apexError{status: http.StatusBadRequest, Code: "JSON_PARSER_ERROR"}
	if p.Code == intake.Unknown {
		e.Message = fmt.Sprintf("Unexpected parameter encountered during deserialization: %s at [line:%d, column:%d]",
			p.Path, p.Line, p.Column+parserColumn)
		return e
	}
	e.Message = fmt.Sprintf("%s at [line:%d, column:%d]", p.Reason, p.Line, p.Column)
	if p.Path != "" && p.Code == intake.Base64 {
		e.Message = p.Path + ": " + e.Message
	}
	return e
}

// apexErrors are the other failures by kind. The codes are Salesforce's, which of
// them it would take is our reading.
var apexErrors = map[fault.Kind]apexError{
	fault.Internal:    {status: http.StatusInternalServerError, Code: "UNKNOWN_EXCEPTION"},
	fault.Unavailable: {status: http.StatusServiceUnavailable, Code: "SERVER_UNAVAILABLE"},
	fault.Timeout:     {status: http.StatusRequestTimeout, Code: "REQUEST_TIMEOUT"},
	fault.RateLimited: {status: http.StatusForbidden, Code: "REQUEST_LIMIT_EXCEEDED"},
	fault.Forbidden:   {status: http.StatusForbidden, Code: "INSUFFICIENT_ACCESS"},
	fault.Unsupported: {status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE"},
	fault.TooLarge:    {status: http.StatusBadRequest, Code: "STRING_TOO_LONG"},
	fault.Invalid:     {status: http.StatusBadRequest, Code: "JSON_PARSER_ERROR"},
}

// apexOf is the error that is sent for what went wrong with an upload.
func (d *Dialect) apexOf(r *http.Request, err error) *apexError {
	var known *apexError
	var problem *intake.Problem
	kind := fault.KindOf(err)
	switch {
	case errors.As(err, &known):
	case errors.As(err, &problem):
		errors.As(parserError(problem), &known)
	case kind == fault.TooLarge && (fault.FieldOf(err) == "" || fault.FieldOf(err) == memberContent):
		return d.tooLarge(r)
	default:
		e, ok := apexErrors[kind]
		if !ok {
			e = apexErrors[fault.Internal]
		}
		if e.Message = fault.Message(err); e.Message == "" {
			e.Message = "An unexpected error occurred"
		} else if field := fault.FieldOf(err); field != "" {
			e.Message = field + ": " + e.Message
		}
		known = &e
	}
	return known
}

// tooLarge is the error for a file beyond MaxFile, as configured.
func (d *Dialect) tooLarge(r *http.Request) *apexError {
	if d.cfg.TooLarge == http.StatusInternalServerError {
		// What Apex says when its heap is full [R the text; K code and status]. The
		// number is the size of what it has; we know that of the body.
		return &apexError{
			status: d.cfg.TooLarge, Code: "APEX_ERROR",
			Message: fmt.Sprintf("System.LimitException: Apex heap size too large: %d", max(r.ContentLength, MaxFile+1)),
		}
	}
	return &apexError{
		status: d.cfg.TooLarge, Code: "FILE_SIZE_LIMIT_EXCEEDED",
		Message: fmt.Sprintf("%s: the file is larger than %d bytes", memberContent, MaxFile),
	}
}

// refuse answers with the error of Apex REST, or with its text when so configured.
func (d *Dialect) refuse(w http.ResponseWriter, r *http.Request, err error) {
	err = d.note(r, err)
	e := d.apexOf(r, err)
	dialect.Drain(r, maxBody)
	switch {
	case e.own && d.cfg.FailuresAsText:
		sendJSON(w, http.StatusOK, e.Message)
		return
	case e.status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Token") // [K]
	case intake.AcceptEncoding(err) != "":
		w.Header().Set("Accept-Encoding", intake.AcceptEncoding(err))
	}
	sendJSON(w, e.status, []*apexError{e})
}

// refuseToken answers with the error of the token endpoint.
func (d *Dialect) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	err = d.note(r, err)
	var known oauthError
	status := http.StatusBadRequest
	if !errors.As(err, &known) {
		status, known = oauthOf(err)
	}
	dialect.RetryAfter(w, err)
	dialect.Drain(r, maxBody)
	w.Header().Set("Cache-Control", "no-store") // [R]
	sendJSON(w, status, known)
}

// errInvalidToken is about a session that is not there, or not any more [OFFICIAL the
// code; K the text].
func errInvalidToken() error { return oauthError{"invalid_token", "invalid token"} }

// refuseRevoke answers with the error of the revocation endpoint: that of the token
// endpoint, but as a form [R omniphx/forrest issue 213; CLIENT jsforce reads it so].
func (d *Dialect) refuseRevoke(w http.ResponseWriter, r *http.Request, err error) {
	err = d.note(r, err)
	var known oauthError
	status := http.StatusBadRequest
	if !errors.As(err, &known) {
		status, known = oauthOf(err)
	}
	dialect.Drain(r, maxBody)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h["Content-Type"] = []string{"application/x-www-form-urlencoded"} // [I]
	body := "error=" + url.QueryEscape(known.Code) + "&error_description=" + strings.ReplaceAll(url.QueryEscape(known.Description), "+", "%20")
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // a client that has gone is no error of ours
}

// note writes failures of ours into the log, and tells a client that gave up, and may
// still read, from them.
func (d *Dialect) note(r *http.Request, err error) error {
	err = dialect.GivenUp(r, err)
	var known *apexError
	var oauth oauthError
	if errors.As(err, &known) || errors.As(err, &oauth) {
		return err
	}
	dialect.LogFailure(d.log, r, err)
	return err
}

// sendJSON sends a complete body, of the type that jsforce looks for [R].
func sendJSON(w http.ResponseWriter, status int, v any) {
	dialect.SendJSON(w, status, "application/json;charset=UTF-8", v) // [K]
}
