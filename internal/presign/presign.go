// Package presign makes and checks URLs that carry their own permission, as those
// of Amazon's S3 do: query string authentication, in signature versions 2 and 4.
//
// Version 2 signs METHOD, Content-MD5, Content-Type, Expires, the x-amz- headers and
// the path with HMAC-SHA1; what the URL has of x-amz- parameters counts as headers
// [R boto/botocore auth.py HmacV1QueryAuth]. Version 4 signs the whole request but its
// body with HMAC-SHA256. Both allow any number of uses until they expire [R AWS].
package presign

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what version 2 is made of; HMAC does not rest on collisions
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxLife is for how long a URL of version 4 may work [K]: seven days.
const MaxLife = 7 * 24 * time.Hour

// skew is how far a URL of version 4 may be dated ahead [K].
const skew = 15 * time.Minute

// Request is the part of a request that signatures are about.
type Request struct {
	Method string
	Host   string // as in the header
	Path   string // as in the request line: escaped, without the query
	Query  url.Values
	Header http.Header
}

// Of returns what signatures say of a request.
func Of(r *http.Request) Request {
	return Request{Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header}
}

// Claim is what a URL says of itself. Nothing of it is to be believed before Verify.
type Claim struct {
	AccessKey string
	Expires   time.Time
	Token     string // x-amz-security-token; "" = none

	request   Request
	version   int
	signature string
	life      string    // version 4: X-Amz-Expires
	signed    time.Time // version 4: X-Amz-Date
	scope     string    // version 4: date/region/service/aws4_request
	headers   []string  // version 4: names of the signed headers
}

// Parse reads the claim in a request. The error is AccessDenied where parameters of
// version 2 lack, or AuthorizationQueryParametersError of version 4.
func Parse(r Request) (*Claim, *Error) {
	q := r.Query
	if q.Has("X-Amz-Algorithm") || q.Has("X-Amz-Signature") || q.Has("X-Amz-Credential") {
		return parse4(r)
	}
	c := &Claim{
		AccessKey: q.Get("AWSAccessKeyId"), Token: amz(r, "x-amz-security-token"),
		request: r, version: 2, signature: q.Get("Signature"),
	}
	if c.AccessKey == "" || c.signature == "" || q.Get("Expires") == "" {
		return nil, accessDenied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters") // [R localstack]
	}
	expires, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
	if err != nil || expires < 0 || expires > 1<<40 {
		return nil, accessDenied("Invalid date (should be seconds since epoch): " + q.Get("Expires")) // [K]
	}
	c.Expires = time.Unix(expires, 0).UTC()
	return c, nil
}

// amz returns a parameter of the URL that counts as a header, or that header.
func amz(r Request, name string) string { return r.amz()[name] }

// amz are the x-amz- parameters and headers, by name in lower case. A header that
// repeats a parameter is the same thing; of names that differ in case the first counts.
func (r Request) amz() map[string]string {
	all := map[string]string{}
	for _, values := range []map[string][]string{r.Query, r.Header} {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			v, lower := values[name], strings.ToLower(name)
			if _, ok := all[lower]; ok || !strings.HasPrefix(lower, "x-amz-") || len(v) == 0 {
				continue
			}
			trimmed := make([]string, len(v))
			for i := range v {
				trimmed[i] = strings.TrimSpace(v[i])
			}
			all[lower] = strings.Join(trimmed, ",")
		}
	}
	return all
}

func badQuery(message string) *Error {
	return &Error{http.StatusBadRequest, "AuthorizationQueryParametersError", message, nil} // [K]
}

func parse4(r Request) (*Claim, *Error) {
	q := r.Query
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"} {
		if q.Get(name) == "" {
			return nil, badQuery("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, " +
				"X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
		}
	}
	if q.Get("X-Amz-Algorithm") != algorithm4 {
		return nil, badQuery(`X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"`)
	}
	key, scope, _ := strings.Cut(q.Get("X-Amz-Credential"), "/")
	signed, err := time.Parse(time4, q.Get("X-Amz-Date"))
	if err != nil {
		return nil, badQuery(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	}
	parts := strings.Split(scope, "/")
	if key == "" || len(parts) != 4 || parts[1] == "" || parts[2] != service4 || parts[3] != terminator4 {
		return nil, badQuery(`Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`)
	}
	if parts[0] != signed.Format(date4) {
		return nil, badQuery("Invalid credential date \"" + parts[0] + "\". This date is not the same as X-Amz-Date: \"" + signed.Format(date4) + "\".")
	}
	seconds, err := strconv.ParseInt(q.Get("X-Amz-Expires"), 10, 32)
	switch {
	case err != nil:
		return nil, badQuery("X-Amz-Expires should be a number")
	case seconds < 0:
		return nil, badQuery("X-Amz-Expires must be non-negative")
	case seconds > int64(MaxLife/time.Second):
		return nil, badQuery("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	headers := strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
	if !slices.Contains(headers, "host") {
		return nil, accessDenied("There were headers present in the request which were not signed").With("HeadersNotSigned", "host")
	}
	return &Claim{
		AccessKey: key, Token: amz(r, "x-amz-security-token"), Expires: signed.Add(time.Duration(seconds) * time.Second),
		request: r, version: 4, signature: q.Get("X-Amz-Signature"), life: q.Get("X-Amz-Expires"),
		signed: signed, scope: scope, headers: headers,
	}, nil
}

// Signs reports whether the claim is also about a header of the request, by its name
// in lower case.
func (c *Claim) Signs(header string) bool {
	return c.version == 2 && header != "content-length" || slices.Contains(c.headers, header)
}

// Verify checks the claim against the secret of its AccessKey, at a time: its expiry
// first, as S3 does, then the signature, in constant time.
func (c *Claim) Verify(secret string, now time.Time) *Error {
	if now.After(c.Expires) {
		e := accessDenied("Request has expired")
		if c.version == 4 {
			e = e.With("X-Amz-Expires", c.life)
		}
		return e.With("Expires", isoTime(c.Expires)).With("ServerTime", isoTime(now)) // [R flowroute]
	}
	if c.version == 4 && c.signed.After(now.Add(skew)) {
		return accessDenied("Request is not yet valid") // [K]
	}
	text, want, canonical := c.request.sign2(c.request.Query.Get("Expires"), secret)
	if c.version == 4 {
		text, want, canonical = c.sign4(secret)
	}
	if hmac.Equal([]byte(want), []byte(c.signature)) {
		return nil
	}
	e := (&Error{http.StatusForbidden, "SignatureDoesNotMatch",
		"The request signature we calculated does not match the signature you provided. Check your key and signing method.", nil}). // [R]
		With("AWSAccessKeyId", c.AccessKey).
		With("StringToSign", text).
		With("SignatureProvided", c.signature).
		With("StringToSignBytes", hexPairs(text))
	if c.version == 4 {
		e = e.With("CanonicalRequest", canonical).With("CanonicalRequestBytes", hexPairs(canonical))
	}
	return e
}

// hexPairs is a text as its bytes, "47 45 54" [R localstack].
func hexPairs(text string) string { return fmt.Sprintf("% X", text) }

// subresources are the parameters that version 2 signs with the path
// [R boto/botocore QSAOfInterest].
var subresources = []string{
	"accelerate", "acl", "cors", "defaultObjectAcl", "delete", "lifecycle", "location", "logging", "notification", "partNumber",
	"policy", "replication", "requestPayment", "response-cache-control", "response-content-disposition", "response-content-encoding",
	"response-content-language", "response-content-type", "response-expires", "restore", "storageClass", "tagging", "torrent",
	"uploadId", "uploads", "versionId", "versioning", "versions", "website",
}

// Subresource returns the first parameter by which the request is about something
// other than the object itself, "" when there is none.
func (c *Claim) Subresource() string {
	for _, name := range subresources {
		if c.request.Query.Has(name) {
			return name
		}
	}
	return ""
}

// sign2 returns the text that version 2 signs and its signature.
func (r Request) sign2(expires, secret string) (text, signature, _ string) {
	text = strings.Join([]string{
		r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), expires, r.amzHeaders() + r.resource2(),
	}, "\n")
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text))
	return text, base64.StdEncoding.EncodeToString(mac.Sum(nil)), ""
}

// amzHeaders are the x-amz- headers and parameters, one to a line.
func (r Request) amzHeaders() string {
	all := r.amz()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString(name + ":" + all[name] + "\n")
	}
	return b.String()
}

// resource2 is the path with the parameters that select a part of what is there.
func (r Request) resource2() string {
	var parts []string
	for _, name := range subresources { // sorted
		if !r.Query.Has(name) {
			continue
		}
		if v := r.Query.Get(name); v != "" {
			name += "=" + v
		}
		parts = append(parts, name)
	}
	if parts == nil {
		return r.Path
	}
	return r.Path + "?" + strings.Join(parts, "&")
}

const (
	algorithm4  = "AWS4-HMAC-SHA256"
	service4    = "s3"
	terminator4 = "aws4_request"
	time4       = "20060102T150405Z"
	date4       = "20060102"
	unsigned    = "UNSIGNED-PAYLOAD"
)

// sign4 returns the text that version 4 signs, its signature, and the canonical
// request that the text is about.
func (c *Claim) sign4(secret string) (text, signature, canonical string) {
	r := c.request
	var head strings.Builder
	for _, name := range c.headers {
		v := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			v = r.Host
		}
		head.WriteString(name + ":" + strings.Join(strings.Fields(v), " ") + "\n")
	}
	payload := amz(r, "x-amz-content-sha256")
	if payload == "" {
		payload = unsigned
	}
	canonical = strings.Join([]string{
		r.Method, canonicalPath(r.Path), canonicalQuery(r.Query), head.String(), strings.Join(c.headers, ";"), payload,
	}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	text = strings.Join([]string{algorithm4, c.signed.Format(time4), c.scope, hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(c.scope, "/") {
		key = hmac256(key, part)
	}
	return text, hex.EncodeToString(hmac256(key, text)), canonical
}

func hmac256(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// canonicalPath escapes each part of the path once.
func canonicalPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			p = plain
		}
		parts[i] = escape(p)
	}
	return strings.Join(parts, "/")
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		if name == "X-Amz-Signature" {
			continue
		}
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape leaves A-Z a-z 0-9 - _ . ~ and turns all other bytes into %XX.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Grant is what a URL is to permit.
type Grant struct {
	Method      string
	URL         string // scheme, host and escaped path, without a query
	ContentType string // that the client has to send; "" = none
	Token       string // x-amz-security-token; "" = none
	AccessKey   string
	Secret      string
	Now         time.Time
	Life        time.Duration // whole seconds, at most MaxLife with version 4
}

// URL2 returns a URL of version 2, with the parameters that the vendor's have
// [R flowroute]: AWSAccessKeyId, Expires, Signature, content-type and
// x-amz-security-token.
func URL2(g Grant) (_ string, expires time.Time, err error) {
	u, err := url.Parse(g.URL)
	if err != nil {
		return "", time.Time{}, err
	}
	expires = g.Now.Add(g.Life).Truncate(time.Second)
	seconds := strconv.FormatInt(expires.Unix(), 10)
	q := url.Values{"AWSAccessKeyId": {g.AccessKey}, "Expires": {seconds}}
	r := Request{Method: g.Method, Path: u.EscapedPath(), Query: q, Header: http.Header{}}
	if g.ContentType != "" {
		r.Header.Set("Content-Type", g.ContentType)
		q.Set("content-type", g.ContentType)
	}
	if g.Token != "" {
		q.Set("x-amz-security-token", g.Token)
	}
	_, signature, _ := r.sign2(seconds, g.Secret)
	q.Set("Signature", signature)
	return g.URL + "?" + q.Encode(), expires, nil
}

// URL4 returns a URL of version 4 for a region's name. The content type is signed as
// a header.
func URL4(g Grant, region string) (_ string, expires time.Time, err error) {
	u, err := url.Parse(g.URL)
	if err != nil {
		return "", time.Time{}, err
	}
	signed := g.Now.UTC().Truncate(time.Second)
	headers := []string{"host"}
	r := Request{Method: g.Method, Host: u.Host, Path: u.EscapedPath(), Header: http.Header{}}
	if g.ContentType != "" {
		headers = []string{"content-type", "host"}
		r.Header.Set("Content-Type", g.ContentType)
	}
	scope := strings.Join([]string{signed.Format(date4), region, service4, terminator4}, "/")
	r.Query = url.Values{
		"X-Amz-Algorithm": {algorithm4}, "X-Amz-Credential": {g.AccessKey + "/" + scope}, "X-Amz-Date": {signed.Format(time4)},
		"X-Amz-Expires": {strconv.FormatInt(int64(g.Life/time.Second), 10)}, "X-Amz-SignedHeaders": {strings.Join(headers, ";")},
	}
	if g.Token != "" {
		r.Query.Set("X-Amz-Security-Token", g.Token)
	}
	c := Claim{request: r, version: 4, signed: signed, scope: scope, headers: headers}
	_, signature, _ := c.sign4(g.Secret)
	return g.URL + "?" + canonicalQuery(r.Query) + "&X-Amz-Signature=" + signature, signed.Add(g.Life.Truncate(time.Second)), nil
}
