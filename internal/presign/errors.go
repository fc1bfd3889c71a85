package presign

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Member is one element of an error beyond its code and message.
type Member struct{ Name, Text string }

// Error is a refusal as S3 words it: a status and an XML document.
type Error struct {
	Status  int
	Code    string
	Message string
	Members []Member // between Message and RequestId, in order
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// With returns a copy of the error with one more member.
func (e *Error) With(name, text string) *Error {
	c := *e
	c.Members = append(c.Members[:len(c.Members):len(c.Members)], Member{name, text})
	return &c
}

// XML returns the document that S3 sends for an error [R localstack, boto3].
// requestID and hostID are also in the headers x-amz-request-id and x-amz-id-2.
func (e *Error) XML(requestID, hostID string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error>")
	for _, m := range append(append([]Member{{"Code", e.Code}, {"Message", e.Message}}, e.Members...),
		Member{"RequestId", requestID}, Member{"HostId", hostID}) {
		b.WriteString("<" + m.Name + ">")
		_ = xml.EscapeText(&b, []byte(m.Text)) // a strings.Builder takes everything
		b.WriteString("</" + m.Name + ">")
	}
	b.WriteString("</Error>")
	return []byte(b.String())
}

// The errors of an upload. Codes, statuses and words are those of S3: [R] where a
// published source has them, [K] otherwise.
func accessDenied(message string) *Error {
	return &Error{http.StatusForbidden, "AccessDenied", message, nil}
}

// AccessDenied is for what the key may not do [K].
func AccessDenied() *Error { return accessDenied("Access Denied") }

// InvalidAccessKeyID is for a key that there is not, or not any more [K].
func InvalidAccessKeyID(key string) *Error {
	return (&Error{http.StatusForbidden, "InvalidAccessKeyId",
		"The AWS Access Key Id you provided does not exist in our records.", nil}).With("AWSAccessKeyId", key)
}

// InvalidToken is for a session token that was not given with this URL [K].
func InvalidToken(token string) *Error {
	return (&Error{http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.", nil}).With("Token-0", token)
}

// NoSuchKey is for an object that there is not [K].
func NoSuchKey(key string) *Error {
	return (&Error{http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", nil}).With("Key", key)
}

// EntityTooLarge is for a body of more bytes than are taken [R localstack]. Both
// numbers are of bytes.
func EntityTooLarge(proposed, allowed int64) *Error {
	return (&Error{http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", nil}).
		With("ProposedSize", fmt.Sprint(proposed)).With("MaxSizeAllowed", fmt.Sprint(allowed))
}

// BadDigest is for bytes that do not have the Content-MD5 that was sent [R].
// Both digests are in base64.
func BadDigest(expected, calculated string) *Error {
	return (&Error{http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.", nil}).
		With("ExpectedDigest", expected).With("CalculatedDigest", calculated)
}

// InvalidDigest is for a Content-MD5 that is not 16 bytes in base64 [K].
func InvalidDigest(digest string) *Error {
	return (&Error{http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.", nil}).With("Content-MD5", digest)
}

// ContentSHA256Mismatch is for bytes that do not have the x-amz-content-sha256
// that was sent [K]. Both digests are in hexadecimal.
func ContentSHA256Mismatch(client, computed string) *Error {
	return (&Error{http.StatusBadRequest, "XAmzContentSHA256Mismatch",
		"The provided 'x-amz-content-sha256' header does not match what was computed.", nil}).
		With("ClientComputedContentSHA256", client).With("S3ComputedContentSHA256", computed)
}

// MissingContentLength is for a body whose length was not announced [K].
func MissingContentLength() *Error {
	return &Error{http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.", nil}
}

// IncompleteBody is for a body that ends early [K].
func IncompleteBody() *Error {
	return &Error{http.StatusBadRequest, "IncompleteBody",
		"You did not provide the number of bytes specified by the Content-Length HTTP header", nil}
}

// RequestTimeout is for a body that stops arriving [K].
func RequestTimeout() *Error {
	return &Error{http.StatusBadRequest, "RequestTimeout",
		"Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.", nil}
}

// NotImplemented is for what S3 can do and this server cannot [K].
func NotImplemented() *Error {
	return &Error{http.StatusNotImplemented, "NotImplemented", "A header or query you provided implies functionality that is not implemented.", nil}
}

// MethodNotAllowed is for a method that the URL does not take [K].
func MethodNotAllowed(method string) *Error {
	return (&Error{http.StatusMethodNotAllowed, "MethodNotAllowed",
		"The specified method is not allowed against this resource.", nil}).With("Method", method)
}

// InvalidRequest is for what S3 has no words for: the message is ours.
func InvalidRequest(message string) *Error {
	return &Error{http.StatusBadRequest, "InvalidRequest", message, nil}
}

// ServiceUnavailable is for a storage that takes nothing now [K].
func ServiceUnavailable() *Error {
	return &Error{http.StatusServiceUnavailable, "ServiceUnavailable", "Please reduce your request rate.", nil}
}

// InternalError is for failures of the server [K].
func InternalError() *Error {
	return &Error{http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.", nil}
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
