// Package dialect is what dialects have in common, beside the records and documents
// that they all work on: how a request becomes an actor in a workspace, how records
// are found by the numbers that a protocol knows them by, and how a dialect says what
// it serves. Each dialect is a package of its own below, and none knows another.
package dialect

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/httpd"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Workspace is what dialects need of a workspace.
type Workspace struct {
	Records   *crm.Service
	Documents *document.Service
}

// Acquire opens a workspace until release is called.
type Acquire func(ctx context.Context, name string) (ws Workspace, release func(), err error)

// Actor returns on whose behalf a request of a session through a dialect runs, and
// notes it for the log.
func Actor(r *http.Request, dialect string, ses auth.Session) crm.Actor {
	ctx := r.Context()
	httpd.Identify(ctx, ses.Workspace, ses.Credential)
	return crm.Actor{
		UserID:     ses.UserID,
		Level:      ses.Level,
		Language:   ses.Language,
		Dialect:    dialect,
		Credential: ses.Credential,
		RequestID:  httpd.RequestID(ctx),
		Restricted: ses.Restricted,
		Branches:   ses.Branches,
	}
}

// ClientAuth returns what an OAuth client says of itself as HTTP Basic authentication.
// RFC 6749 has both parts escaped as in forms before they are put together, and
// libraries differ in how much they escape: oauth4webapi writes %5F for an underscore.
// Ours have nothing that means something else unescaped. What is not escaped well is
// taken as it is.
func ClientAuth(r *http.Request) (id, secret string, ok bool) {
	id, secret, ok = r.BasicAuth()
	for _, s := range []*string{&id, &secret} {
		if plain, err := url.QueryUnescape(*s); err == nil {
			*s = plain
		}
	}
	return id, secret, ok
}

// RemoteHost is the address that a request comes from, without its port.
func RemoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Find returns the one record of a resource whose unique text field has a value,
// letter case and space around it aside, as the actor sees it and its references. It
// returns fault.NotFound when there is none that the actor sees and that is not
// deleted.
func Find(ctx context.Context, ws Workspace, actor crm.Actor, name, field, value string) (_ *crm.Result, err error) {
	defer fault.Wrap(&err, "dialect.Find(%s by %s)", name, field)
	res := ws.Records.Catalog().Resource(name)
	none := fault.New(fault.NotFound, "there is no record of %s with this %s", name, field)
	if value = strings.TrimSpace(value); value == "" || strings.IndexByte(value, 0) >= 0 { // PostgreSQL has no text with a zero
		return nil, none
	}
	equal := func(field string, v resource.Value) filter.Expr {
		return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: filter.Eq, Args: []resource.Value{v}}
	}
	found, err := ws.Records.List(ctx, actor, crm.ListRequest{
		Resource: res, Language: -1, Size: 1,
		Base: filter.And{equal(field, resource.TextValue(resource.Fold(value))), equal("deleted", resource.BoolValue(false))},
	})
	if err != nil {
		return nil, err
	}
	if len(found.Rows) == 0 {
		return nil, none
	}
	return found, nil
}

// Drain reads what is left of a body, at most limit bytes, and throws it away: a
// client that sends all before it reads would not see why it is refused. One that
// asked first, with Expect, has not sent anything, and is not told to.
func Drain(r *http.Request, limit int64) {
	if r.Body != nil && r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, limit) // what fails to arrive is not missed
	}
}

// Operation is one thing that a dialect serves, as docs/dialects describes it.
type Operation struct {
	Method, Path string // the path as served by default; {} stands for a segment
	What         string // what it does
	Known        string // where it is known from: R, V, K or I with words, see Sources
	Answers      []Answer
}

// Answer is one way in which an operation is answered. Each is shown by a
// conversation, or by the test that Shown names.
type Answer struct {
	Status int
	Code   string // text that the body contains and no other answer's with this status; "" = there is none
	When   string
	Known  string
	Method string // of the request; "" = the operation's
	Shown  string // the test that shows it when no conversation can; "" = a conversation does
}

// Quirk is an oddity that a dialect keeps, or a choice where its reference is silent.
type Quirk struct {
	What  string
	Known string // where it is known from
}
