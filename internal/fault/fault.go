// Package fault is the error type of the whole project: a kind that every
// dialect maps to its own status and shape, a message that is safe to send, and
// a cause that only the log may see.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what went wrong in terms every dialect can translate.
type Kind uint8

const (
	Internal     Kind = iota // a defect or a broken disk; the message is never sent
	Invalid                  // a value, field or body the client must mend; Field names it
	Query                    // text of a where or order that cannot be understood
	NotFound                 // the record, document or ticket does not exist for this client
	NoResource               // the path names no resource
	NotOffered               // the resource or path does not offer this operation
	Conflict                 // the state forbids it: taken, used up, read-only
	Unauthorized             // no, bad or expired credentials
	Forbidden                // known, but not allowed
	TooLarge                 // a documented or configured size limit is passed
	RateLimited              // too many requests or bad logins; RetryAfter may be set by the dialect
	Timeout                  // the work was cut off at its time limit
	Unavailable              // storage refuses writes or cannot be reached; try again later
	Unsupported              // the body is of a kind, or packed in a way, that nobody here reads
)

var kindNames = [...]string{
	"internal", "invalid", "query", "not found", "no resource", "not offered", "conflict", "unauthorized",
	"forbidden", "too large", "rate limited", "timeout", "unavailable", "unsupported",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Error is a failure with a Msg that may be shown to the client and an Err that
// may not.
type Error struct {
	Kind  Kind
	Op    string // call path for the log, outermost first, as built by Wrap
	Field string // wire name of the field at fault, if one is
	Msg   string // complete sentence fragment, safe for the client
	Err   error  // cause, for the log only
}

// New returns an error of kind k whose message may be sent to the client.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// InField returns an Invalid error about one field.
func InField(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Msg: fmt.Sprintf(format, args...)}
}

// Because attaches the cause for the log and returns e.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

func (e *Error) Error() string {
	s := e.Msg
	if s == "" {
		s = e.Kind.String()
	}
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Wrap puts the name of the call in front of *err, and keeps its kind, field and
// message. Use it as the first line of a function: defer fault.Wrap(&err, "store.List(%s)", name).
func Wrap(err *error, format string, args ...any) {
	if *err == nil {
		return
	}
	op := fmt.Sprintf(format, args...)
	var f *Error
	if errors.As(*err, &f) {
		c := *f
		if c.Op != "" {
			op += ": " + c.Op
		}
		c.Op = op
		*err = &c
		return
	}
	*err = &Error{Kind: KindOf(*err), Op: op, Err: *err}
}

// KindOf returns the kind of err: that of the fault inside it, Timeout for an
// expired context, Internal for everything else.
func KindOf(err error) Kind {
	var f *Error
	switch {
	case errors.As(err, &f):
		return f.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	default:
		return Internal
	}
}

// Message returns the text that may be sent to the client, and "" when there is
// none, as for every Internal error.
func Message(err error) string {
	var f *Error
	if errors.As(err, &f) && f.Kind != Internal {
		return f.Msg
	}
	return ""
}

// FieldOf returns the wire name of the field at fault, or "".
func FieldOf(err error) string {
	var f *Error
	if errors.As(err, &f) {
		return f.Field
	}
	return ""
}
