package scalepoint_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
)

// signer is a client's key with its certificate.
type signer struct {
	key *rsa.PrivateKey
	der []byte
}

// newSigner makes one that is valid for a year from now on.
func newSigner(t *testing.T, now time.Time) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "partner"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, der}
}

// sign returns a JWT of header and claims, which are JSON.
func (s signer) sign(t *testing.T, header, claims string) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(sig)
}

// library is how one of the vendor's libraries signs [R].
type library func(t *testing.T, s signer, id, aud string, now time.Time) string

func libraries() map[string]library {
	thumbprint := func(s signer) (x5t, digits string) {
		sum := sha1.Sum(s.der)
		return base64.RawURLEncoding.EncodeToString(sum[:]), strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	return map[string]library{
		"Java 2": func(t *testing.T, s signer, id, aud string, now time.Time) string { // jjwt 0.12: aud is a list
			x5t, _ := thumbprint(s)
			return s.sign(t, fmt.Sprintf(`{"typ":"JWT","kid":%q,"x5t":%q,"alg":"RS256"}`, x5t, x5t),
				fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":[%q],"jti":%q,"nbf":%d,"iat":%[5]d,"exp":%d}`, id, id, aud, rand.Text(), now.Unix(), now.Unix()+10))
		},
		"Java 1": func(t *testing.T, s signer, id, aud string, now time.Time) string {
			x5t, _ := thumbprint(s)
			return s.sign(t, fmt.Sprintf(`{"typ":"JWT","alg":"RS256","x5t":%q,"kid":%q}`, x5t, x5t),
				fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"jti":%q,"nbf":%d,"iat":%[5]d,"exp":%d}`, id, id, aud, rand.Text(), now.Unix(), now.Unix()+10))
		},
		".NET": func(t *testing.T, s signer, id, aud string, now time.Time) string {
			x5t, digits := thumbprint(s)
			return s.sign(t, fmt.Sprintf(`{"alg":"RS256","kid":%q,"x5t":%q,"typ":"JWT"}`, digits, x5t),
				fmt.Sprintf(`{"sub":%q,"jti":%q,"iat":%d,"nbf":%[3]d,"exp":%d,"iss":%[1]q,"aud":%[5]q}`, id, rand.Text(), now.Unix(), now.Unix()+60, aud))
		},
	}
}

// post sends the form that both libraries do, in their order [R].
func (w *world) post(t *testing.T, assertion, scope string) apptest.Answer {
	t.Helper()
	form := "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" + assertion
	if scope != "" {
		form += "&scope=" + url.QueryEscape(scope)
	}
	return w.Do(t, "POST", scalepoint.TokenPath, form, func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") })
}

// TestAssertions gets tokens as the vendor's libraries do, on every database, and sends
// files with them.
func TestAssertions(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		const proxy = "https://accounts.example.com/connect/token"
		w := &world{App: apptest.New(t, apptest.Options{Database: db, Dialects: []string{scalepoint.Name}, Config: func(c *app.Config) {
			c.ScalepointAudiences = proxy
		}}), base: scalepoint.DefaultBase}
		if res := w.Do(t, "POST", "/api/v4/cases", `{"typeId":1,"statusId":1,"guid":"`+guid+`"}`); res.Status != 200 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
		id := w.Credentials[scalepoint.Name]["client_id"]
		older, newer, stranger := newSigner(t, w.Clock.Now()), newSigner(t, w.Clock.Now()), newSigner(t, w.Clock.Now())
		for _, s := range []signer{older, newer} {
			if err := w.Auth.AddCertificate(t.Context(), scalepoint.Name, id, s.der); err != nil {
				t.Fatal(err)
			}
		}
		ours := w.URL + scalepoint.TokenPath
		documents := 0
		for name, sign := range libraries() {
			for i, s := range []signer{older, newer} {
				assertion := sign(t, s, id, []string{ours, proxy}[i], w.Clock.Now())
				w.access = granted(t, w.post(t, assertion, []string{"", scalepoint.ScopeFiles}[i]))
				v := ways()[0]
				if res := w.send(t, v, v.whole(w, "a.txt", []byte(name))); res.Status != 200 {
					t.Errorf("%s: %d %s", name, res.Status, res.Body)
				}
				documents++
				refuse(t, name, w.post(t, assertion, ""), "invalid_client", "client_assertion was used before")
			}
			now := w.Clock.Now()
			refuse(t, name, w.post(t, sign(t, stranger, id, ours, now), ""), "invalid_client", "client_assertion is not signed by a client that is known")
			refuse(t, name, w.post(t, sign(t, older, id+"x", ours, now), ""), "invalid_client", "client_assertion is not signed by a client that is known")
			refuse(t, name, w.post(t, sign(t, older, id, "https://other.example.com/connect/token", now), ""), "invalid_client", "client_assertion is not for this server: aud has to be "+ours+" or "+proxy)
			refuse(t, name, w.post(t, sign(t, older, id, ours, now.Add(-3*time.Minute)), ""), "invalid_client", "client_assertion has expired")
			refuse(t, name, w.post(t, sign(t, older, id, ours, now.Add(3*time.Minute)), ""), "invalid_client", "client_assertion does not count yet")
			refuse(t, name, w.post(t, sign(t, older, id, ours, now), "root"), "invalid_scope", "")
			refuse(t, name, w.post(t, sign(t, older, id, ours, now)+"&client_id=other", ""), "invalid_client", "client_id is not who signed")
			granted(t, w.post(t, sign(t, older, id, ours, now)+"&client_id="+id, ""))
		}
		if n := len(w.seen(t)); n != documents {
			t.Errorf("%d documents of %d", n, documents)
		}
	})
}

// refuse checks an error of the token endpoint as clients do.
func refuse(t *testing.T, name string, res apptest.Answer, code, text string) {
	t.Helper()
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(res.Body, &e); err != nil || res.Status != 400 || e.Error != code || !strings.Contains(e.Description, text) || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %d %s; want %s: %s", name, res.Status, res.Body, code, text)
	}
}
