package presign_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/presign"
)

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// request is a request for a URL as a server gets it.
func request(t testing.TB, method, target string, header map[string]string) presign.Request {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for name, v := range header {
		r.Header.Set(name, v)
	}
	return presign.Of(r)
}

// TestVectors holds version 2 to the signatures in botocore's own tests.
func TestVectors(t *testing.T) {
	const at = "http://s3.example.com/mybucket/myobject?AWSAccessKeyId=access_key&Expires=1427430247&Signature="
	now := time.Unix(1427430000, 0)
	for _, test := range []struct {
		name, signature, query string
		header                 map[string]string
	}{
		{"plain", "ZRSgywstwIruKLTLt/Bcrf9H1K4=", "", nil},
		{"headers", "/YQRFdQGywXP74WrOx2ET/RUqz8=", "&content-md5=foo&content-type=txt",
			map[string]string{"Content-Type": "txt", "Content-Md5": "foo"}},
		{"amz parameters", "5oyMAGiUk1E5Ry2BnFr6cIS3Gus=", "&x-amz-acl=read-only&x-amz-security-token=foo", nil},
		{"amz header and parameter", "5oyMAGiUk1E5Ry2BnFr6cIS3Gus=", "&x-amz-security-token=foo", map[string]string{"X-Amz-Acl": "read-only"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := request(t, "GET", at+url.QueryEscape(test.signature)+test.query, test.header)
			c, bad := presign.Parse(r)
			if bad != nil {
				t.Fatal(bad)
			}
			if bad := c.Verify("secret_key", now); bad != nil {
				t.Errorf("%s\n%s", bad, bad.XML("", ""))
			}
			if bad := c.Verify("secret_kez", now); bad == nil || bad.Code != "SignatureDoesNotMatch" {
				t.Errorf("with another secret: %v", bad)
			}
		})
	}
}

// TestVector4 holds version 4 to the example of a presigned GET in Amazon's
// documentation of S3. Its key stands in parts, or scanners take it for a real one.
func TestVector4(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCY" + "EXAMPLEKEY"
	const target = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=AKIA" + "IOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z" +
		"&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	c, bad := presign.Parse(request(t, "GET", target, nil))
	if bad != nil {
		t.Fatal(bad)
	}
	now := time.Date(2013, time.May, 24, 12, 0, 0, 0, time.UTC)
	if bad := c.Verify(secret, now); bad != nil {
		t.Errorf("%s\n%s", bad, bad.XML("", ""))
	}
	if bad := c.Verify(secret, now.Add(13*time.Hour)); bad == nil || bad.Message != "Request has expired" {
		t.Errorf("a day later: %v", bad)
	}
}

func grant() presign.Grant {
	return presign.Grant{
		Method: "PUT", URL: "https://crm.example.com/portorder-uploads/4/40093/bc3f/my%20bill%20%C3%A4.pdf", ContentType: "application/pdf",
		Token: "session", AccessKey: "AKIAEXAMPLE", Secret: "secret_key", Now: start, Life: 15 * time.Minute,
	}
}

// versions make the same grant in each way there is.
var versions = map[string]func(presign.Grant) (string, time.Time, error){
	"v2": presign.URL2,
	"v4": func(g presign.Grant) (string, time.Time, error) { return presign.URL4(g, "us-west-2") },
}

func TestRoundTrip(t *testing.T) {
	for name, sign := range versions {
		t.Run(name, func(t *testing.T) {
			target, expires, err := sign(grant())
			if err != nil || !expires.Equal(start.Add(15*time.Minute)) {
				t.Fatal(expires, err)
			}
			verify := func(method, target, contentType, secret string, now time.Time) string {
				header := map[string]string{}
				if contentType != "" {
					header["Content-Type"] = contentType
				}
				c, bad := presign.Parse(request(t, method, target, header))
				if bad == nil {
					bad = c.Verify(secret, now)
				}
				if bad == nil {
					if c.AccessKey != "AKIAEXAMPLE" || c.Token != "session" || !c.Signs("content-type") || c.Subresource() != "" {
						t.Errorf("claim %+v", c)
					}
					return ""
				}
				return bad.Code
			}
			const pdf = "application/pdf"
			for _, test := range []struct{ what, method, target, contentType, secret, want string }{
				{"as granted", "PUT", target, pdf, "secret_key", ""},
				{"another method", "GET", target, pdf, "secret_key", "SignatureDoesNotMatch"},
				{"no content type", "PUT", target, "", "secret_key", "SignatureDoesNotMatch"},
				{"another content type", "PUT", target, "text/html", "secret_key", "SignatureDoesNotMatch"},
				{"another secret", "PUT", target, pdf, "x", "SignatureDoesNotMatch"},
				{"another object", "PUT", strings.Replace(target, "40093", "40094", 1), pdf, "secret_key", "SignatureDoesNotMatch"},
				{"another session", "PUT", strings.Replace(target, "session", "sessiom", 1), pdf, "secret_key", "SignatureDoesNotMatch"},
				{"no parameters", "PUT", grant().URL, pdf, "secret_key", "AccessDenied"},
			} {
				if got := verify(test.method, test.target, test.contentType, test.secret, start); got != test.want {
					t.Errorf("%s: %q, want %q", test.what, got, test.want)
				}
			}
			if got := verify("PUT", target, pdf, "secret_key", expires); got != "" {
				t.Errorf("at the last second: %s", got)
			}
			if got := verify("PUT", target, pdf, "secret_key", expires.Add(time.Millisecond)); got != "AccessDenied" {
				t.Errorf("expired: %q", got)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	v4 := "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260302%2Fr%2Fs3%2Faws4_request&X-Amz-Date=20260302T090000Z" +
		"&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
	for query, want := range map[string]string{
		"?AWSAccessKeyId=A&Signature=x":               "AccessDenied: Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
		"?AWSAccessKeyId=A&Signature=x&Expires=later": "AccessDenied: Invalid date (should be seconds since epoch): later",
		"?X-Amz-Signature=00":                         "AuthorizationQueryParametersError: Query-string authentication version 4 requires",
		strings.Replace(v4, "SHA256", "SHA1", 1):      "AuthorizationQueryParametersError: X-Amz-Algorithm only supports",
		strings.Replace(v4, "s3", "ec2", 1):           "AuthorizationQueryParametersError: Error parsing the X-Amz-Credential",
		strings.Replace(v4, "0302", "0303", 1):        "AuthorizationQueryParametersError: Invalid credential date",
		strings.Replace(v4, "T09", "X09", 1):          "AuthorizationQueryParametersError: X-Amz-Date must be",
		strings.Replace(v4, "=60", "=604801", 1):      "AuthorizationQueryParametersError: X-Amz-Expires must be less",
		strings.Replace(v4, "=60", "=-1", 1):          "AuthorizationQueryParametersError: X-Amz-Expires must be non-negative",
		strings.Replace(v4, "=host", "=date", 1):      "AccessDenied: There were headers present",
	} {
		_, bad := presign.Parse(request(t, "PUT", "http://h/b/k"+query, nil))
		if bad == nil || !strings.HasPrefix(bad.Error(), want) {
			t.Errorf("%s: %v, want %s", query, bad, want)
		}
	}
}

func TestXML(t *testing.T) {
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&lt;b&amp;</Key>` +
		`<RequestId>DE165F72257E13D8</RequestId><HostId>sR9N=</HostId></Error>`
	if got := string(presign.NoSuchKey("a<b&").XML("DE165F72257E13D8", "sR9N=")); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, sign := range versions {
		target, _, err := sign(grant())
		if err != nil {
			f.Fatal(err)
		}
		u, _ := url.Parse(target)
		f.Add("PUT", u.EscapedPath(), u.RawQuery, "application/pdf")
	}
	f.Add("GET", "/", "Expires=;&AWSAccessKeyId=%zz&x-amz-=", "")
	f.Fuzz(func(t *testing.T, method, path, query, contentType string) {
		q, _ := url.ParseQuery(query)
		r := presign.Request{Method: method, Host: "crm.example.com", Path: path, Query: q, Header: http.Header{"Content-Type": {contentType}}}
		c, bad := presign.Parse(r)
		if bad == nil {
			// Nobody but the fuzzer's seeds knows the secret, and these are of one object.
			bad = c.Verify("secret_key", start)
			if bad == nil && path != "/portorder-uploads/4/40093/bc3f/my%20bill%20%C3%A4.pdf" && !strings.Contains(path, "%") {
				t.Errorf("%s %s?%s is permitted", method, path, query)
			}
		}
		if bad != nil && (bad.Status < 400 || bad.Status > 599 || bad.Code == "" || len(bad.XML("a", "b")) == 0) {
			t.Errorf("error %+v", bad)
		}
	})
}

// FuzzForge changes a granted URL anywhere, and the type that is sent with it. What is
// permitted then says all that was granted, and nothing else.
func FuzzForge(f *testing.F) {
	f.Add(false, uint16(60), uint8(1), "4", "PUT", "application/pdf")
	f.Add(true, uint16(60), uint8(1), "4", "PUT", "text/html")
	f.Add(false, uint16(90), uint8(0), "&X-Amz-Acl=public-read", "PUT", "application/pdf")
	f.Add(true, uint16(400), uint8(0), "&Expires=9999999999", "PUT", "application/pdf")
	f.Fuzz(func(t *testing.T, four bool, at uint16, gone uint8, more, method, contentType string) {
		sign := presign.URL2
		if four {
			sign = versions["v4"]
		}
		target, expires, err := sign(grant())
		if err != nil {
			t.Fatal(err)
		}
		from := min(int(at), len(target))
		forged := target[:from] + more + target[min(from+int(gone), len(target)):]
		u, err := url.Parse(forged)
		if err != nil {
			return
		}
		r := presign.Request{Method: method, Host: u.Host, Path: u.EscapedPath(), Query: u.Query(), Header: http.Header{"Content-Type": {contentType}}}
		c, bad := presign.Parse(r)
		if bad != nil || c.Verify("secret_key", start) != nil {
			return
		}
		granted, err := url.Parse(grant().URL)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case method != "PUT", u.EscapedPath() != granted.EscapedPath(), contentType != "application/pdf", !c.Signs("content-type"),
			four && c.AccessKey != "AKIAEXAMPLE", // in version 2 it is what the secret is found by
			c.Token != "session", !c.Expires.Equal(expires), c.Subresource() != "", four && u.Host != granted.Host:
			t.Errorf("%s %s with %q is permitted: %+v", method, forged, contentType, c)
		}
	})
}
