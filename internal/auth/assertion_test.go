package auth_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// tokenURL is the audience of the assertions here.
const tokenURL = "https://dossier.example/connect/token"

// signer is a client with a certificate.
type signer struct {
	id  string // of the client
	key *rsa.PrivateKey
	der []byte
}

// signer gives a client one more certificate, which is valid for a day from now on.
func (w *world) signer(t testing.TB, id string) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := w.machine.now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddCertificate(t.Context(), "scalepoint", id, der); err != nil {
		t.Fatal(err)
	}
	return &signer{id, key, der}
}

// newSigner makes a client with a certificate.
func (w *world) newSigner(t testing.TB) *signer {
	t.Helper()
	members, err := w.CreateCredential(t.Context(), "scalepoint", "demo", 51, auth.Grant{Scopes: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	return w.signer(t, members[0].Value)
}

func (c *signer) thumbprint() [sha1.Size]byte { return sha1.Sum(c.der) }

func (c *signer) x5t() string {
	sum := c.thumbprint()
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (c *signer) hex() string {
	sum := c.thumbprint()
	return hex.EncodeToString(sum[:])
}

type object = map[string]any

// claims are those that the libraries send.
func (c *signer) claims(now time.Time) object {
	return object{
		"iss": c.id, "sub": c.id, "aud": tokenURL, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(10 * time.Second).Unix(),
	}
}

// encode is the part of a JWT that is signed.
func encode(header, claims object) string {
	var parts []string
	for _, part := range []object{header, claims} {
		b, err := json.Marshal(part)
		if err != nil {
			panic(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(b))
	}
	return strings.Join(parts, ".")
}

// sign signs with RS256.
func (c *signer) sign(header, claims object) string {
	text := encode(header, claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// assertion is what the Java library sends: the certificate as x5t and kid [R].
func (c *signer) assertion(now time.Time) string {
	return c.sign(object{"alg": "RS256", "typ": "JWT", "x5t": c.x5t(), "kid": c.x5t()}, c.claims(now))
}

// with is a copy of m with other members; nil takes one away.
func with(m, more object) object {
	m = maps.Clone(m)
	for k, v := range more {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	return m
}

// What clients really send is taken, and what the standards leave them besides.
func TestAssertion(t *testing.T) {
	w := newWorld(t)
	c := w.newSigner(t)
	older := *c
	newer := w.signer(t, c.id)
	now := w.machine.now()
	rs256 := object{"alg": "RS256", "typ": "JWT"}
	for name, tt := range map[string]struct {
		by             *signer
		header, claims object
	}{
		"Java 2: aud is a list":          {c, object{"x5t": c.x5t(), "kid": c.x5t()}, object{"aud": []string{tokenURL}}},
		"Java 1: aud is a text":          {c, object{"x5t": c.x5t(), "kid": c.x5t()}, nil},
		".NET: kid in hexadecimal":       {c, object{"x5t": c.x5t(), "kid": strings.ToUpper(c.hex())}, object{"exp": now.Add(time.Minute).Unix()}},
		"kid in lower case alone":        {c, object{"kid": c.hex()}, nil},
		"kid in base64url alone":         {c, object{"kid": c.x5t()}, nil},
		"x5t alone":                      {c, object{"x5t": c.x5t()}, nil},
		"x5t with padding":               {c, object{"x5t": c.x5t() + "="}, nil},
		"a kid of the client's own":      {c, object{"x5t": c.x5t(), "kid": "my key"}, nil},
		"no name of a certificate":       {c, nil, nil},
		"the newer of two certificates":  {newer, object{"x5t": newer.x5t()}, nil},
		"the older, of a rotation":       {&older, object{"x5t": older.x5t()}, nil},
		"the newer, without a name":      {newer, nil, nil},
		"one audience of several":        {c, nil, object{"aud": []string{"https://other.example", tokenURL}}},
		"the audience behind a proxy":    {c, nil, object{"aud": "https://accounts.example/connect/token"}},
		"neither iat nor nbf":            {c, nil, object{"iat": nil, "nbf": nil}},
		"a clock that is fast":           {c, nil, object{"nbf": now.Add(59 * time.Second).Unix(), "iat": now.Add(time.Minute).Unix()}},
		"a clock that is slow":           {c, nil, object{"exp": now.Add(-59 * time.Second).Unix()}},
		"a long life":                    {c, nil, object{"exp": now.Add(11 * time.Minute).Unix()}},
		"dates with fractions":           {c, nil, object{"exp": float64(now.Unix()) + 10.5}},
		"claims that nobody asked for":   {c, object{"x5c": []string{"MIIB"}}, object{"nonce": "x", "client_id": "y"}},
		"a jti that another client used": {w.newSigner(t), nil, object{"jti": "same"}},
		"the same jti, of this client":   {c, nil, object{"jti": "same"}},
	} {
		t.Run(name, func(t *testing.T) {
			ses, err := w.VerifyAssertion(t.Context(), "scalepoint", tt.by.sign(with(rs256, tt.header), with(tt.by.claims(now), tt.claims)),
				[]string{tokenURL, "https://accounts.example/connect/token"})
			if err != nil || ses.Credential != tt.by.id || ses.Workspace != "demo" || ses.UserID != 51 || len(ses.Grant.Scopes) != 1 {
				t.Errorf("got %+v, %v", ses, err)
			}
		})
	}
}

// Whatever is not signed by the client, for this server and for now is refused.
func TestAssertionRefused(t *testing.T) {
	w := newWorld(t)
	c := w.newSigner(t)
	other, stranger := w.newSigner(t), w.newSigner(t)
	if err := w.DeleteKey(t.Context(), "scalepoint", stranger.id); err != nil {
		t.Fatal(err)
	}
	now := w.machine.now()
	rs256 := object{"alg": "RS256", "typ": "JWT", "x5t": c.x5t()}
	claims := func(more object) object { return with(c.claims(now), more) }
	good := c.sign(rs256, claims(nil))
	parts := strings.Split(good, ".")
	pub, err := x509.MarshalPKIXPublicKey(&c.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	mac := func(key []byte) string {
		text := encode(with(rs256, object{"alg": "HS256"}), claims(nil))
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
	}
	rs512 := func() string {
		text := encode(with(rs256, object{"alg": "RS512"}), claims(nil))
		sum := sha512.Sum512([]byte(text))
		sig, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA512, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(sig)
	}
	const none, unknown = "is no JWT that is signed with RS256", "is not signed by a client that is known, with one of its certificates"
	for name, tt := range map[string]struct{ assertion, want string }{
		"nothing":                           {"", none},
		"no JWT":                            {"a.b.c", none},
		"too long":                          {c.sign(rs256, claims(object{"x": strings.Repeat("x", auth.MaxAssertion)})), none},
		"a line break inside":               {good[:20] + "\n" + good[20:], none},
		"alg none":                          {encode(with(rs256, object{"alg": "none"}), claims(nil)) + ".", none},
		"alg None":                          {encode(with(rs256, object{"alg": "None"}), claims(nil)) + "." + parts[2], none},
		"extensions that have to be known":  {c.sign(with(rs256, object{"crit": []string{"b64"}, "b64": true}), claims(nil)), none},
		"no alg":                            {encode(object{"typ": "JWT"}, claims(nil)) + "." + parts[2], none},
		"HS256 with the certificate":        {mac(c.der), none},
		"HS256 with the public key":         {mac(pub), none},
		"HS256 with the public key as text": {mac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub})), none},
		"RS512":                             {rs512(), none},
		"alg RS512 on the same bytes":       {encode(with(rs256, object{"alg": "RS512"}), claims(nil)) + "." + parts[2], none},
		"no signature":                      {parts[0] + "." + parts[1] + ".", unknown},
		"another body":                      {encode(rs256, claims(object{"x": 1})) + "." + parts[2], unknown},
		"a signature that is cut":           {good[:len(good)-2], unknown},
		"another client's key":              {other.sign(rs256, claims(nil)), unknown},
		"another client's certificate":      {other.sign(with(rs256, object{"x5t": other.x5t()}), claims(nil)), unknown},
		"no such client":                    {c.sign(rs256, claims(object{"iss": "nobody", "sub": "nobody"})), unknown},
		"a client that is gone":             {stranger.sign(with(rs256, object{"x5t": stranger.x5t()}), stranger.claims(now)), unknown},
		"iss and sub differ":                {c.sign(rs256, claims(object{"sub": other.id})), unknown},
		"no iss":                            {c.sign(rs256, claims(object{"iss": nil})), unknown},
		"neither iss nor sub":               {c.sign(rs256, claims(object{"iss": nil, "sub": nil})), unknown},
		"a name of no certificate":          {c.sign(with(rs256, object{"x5t": other.x5t()}), claims(nil)), unknown},
		"another audience":                  {c.sign(rs256, claims(object{"aud": "https://other.example/connect/token"})), "is not for this server: aud has to be " + tokenURL},
		"no audience":                       {c.sign(rs256, claims(object{"aud": nil})), "is not for this server: aud has to be " + tokenURL},
		"a part of the audience":            {c.sign(rs256, claims(object{"aud": "https://dossier.example"})), "is not for this server: aud has to be " + tokenURL},
		"no jti":                            {c.sign(rs256, claims(object{"jti": nil})), "needs a jti of 1 to 255 bytes"},
		"a jti that is too long":            {c.sign(rs256, claims(object{"jti": strings.Repeat("x", 256)})), "needs a jti of 1 to 255 bytes"},
		"no exp":                            {c.sign(rs256, claims(object{"exp": nil})), "needs an exp"},
		"expired":                           {c.sign(rs256, claims(object{"exp": now.Add(-time.Minute).Unix()})), "has expired; the time here is 2026-03-01T12:00:00Z"},
		"expires too late":                  {c.sign(rs256, claims(object{"exp": now.Add(11*time.Minute + time.Second).Unix()})), "expires too late: exp may be 10m0s ahead; the time here is 2026-03-01T12:00:00Z"},
		"expires never":                     {c.sign(rs256, claims(object{"exp": 1e18})), "expires too late: exp may be 10m0s ahead; the time here is 2026-03-01T12:00:00Z"},
		"not before later":                  {c.sign(rs256, claims(object{"nbf": now.Add(61 * time.Second).Unix()})), "does not count yet: nbf lies ahead; the time here is 2026-03-01T12:00:00Z"},
		"issued later":                      {c.sign(rs256, claims(object{"iat": now.Add(61 * time.Second).Unix()})), "does not count yet: iat lies ahead; the time here is 2026-03-01T12:00:00Z"},
		"an exp that is no number":          {c.sign(rs256, claims(object{"exp": "soon"})), none},
		"an aud that is no text":            {c.sign(rs256, claims(object{"aud": 7})), none},
	} {
		t.Run(name, func(t *testing.T) {
			ses, err := w.VerifyAssertion(t.Context(), "scalepoint", tt.assertion, []string{tokenURL})
			if fault.KindOf(err) != fault.Unauthorized || fault.FieldOf(err) != "client_assertion" || fault.Message(err) != tt.want || ses.Credential != "" {
				t.Errorf("got %+v, %v (%s)", ses, err, fault.Message(err))
			}
		})
	}
	// It was the rest of them that was wrong: this one is still good.
	if _, err := w.VerifyAssertion(t.Context(), "scalepoint", good, []string{tokenURL}); err != nil {
		t.Error(err)
	}
	if log := w.log.String(); !strings.Contains(log, `msg="assertion refused" dialect=scalepoint credential=`+c.id+` reason="expires too late`) {
		t.Error(log)
	}
}

// A certificate signs while it is valid, and a client whose user is gone not at all.
func TestAssertionOutlived(t *testing.T) {
	w := newWorld(t)
	c := w.newSigner(t)
	verify := func() error {
		_, err := w.VerifyAssertion(t.Context(), "scalepoint", c.assertion(w.machine.now()), []string{tokenURL})
		return err
	}
	w.machine.advance(24*time.Hour - time.Second)
	if err := verify(); err != nil {
		t.Error(err)
	}
	w.machine.advance(2 * time.Second)
	if err := verify(); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("with an expired certificate: %v", err)
	}
	c = w.signer(t, c.id)
	if err := verify(); err != nil {
		t.Error(err)
	}
	w.setUser(51, auth.User{Level: 5})
	if err := verify(); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("of a disabled user: %v", err)
	}
	// Failures of ours are told as such.
	boom := fault.New(fault.Unavailable, "boom")
	err := error(boom)
	w.fail.Store(&err)
	if err := verify(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without a store: %v", err)
	}
}

// An assertion counts once, whichever process sees it, for as long as it lives.
func TestAssertionReplayed(t *testing.T) {
	w := newWorld(t)
	c := w.newSigner(t)
	path := filepath.Join(t.TempDir(), "system.db")
	nodes := []*auth.Service{w.onSystem(t, path), w.onSystem(t, path)}
	members, err := nodes[0].CreateCredential(t.Context(), "scalepoint", "demo", 51, auth.Grant{Certificates: [][]byte{c.der}})
	if err != nil {
		t.Fatal(err)
	}
	c.id = members[0].Value
	for range 10 {
		assertion := c.assertion(w.machine.now())
		var good, bad atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				switch _, err := nodes[i%2].VerifyAssertion(t.Context(), "scalepoint", assertion, []string{tokenURL}); {
				case err == nil:
					good.Add(1)
				case fault.KindOf(err) == fault.Unauthorized && strings.HasPrefix(fault.Message(err), "was used before"):
					bad.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if good.Load() != 1 || bad.Load() != 7 {
			t.Errorf("%d were let in, %d not", good.Load(), bad.Load())
		}
		// To its very end, and then it has expired.
		w.machine.advance(auth.AssertionSkew + 10*time.Second - time.Millisecond)
		if _, err := nodes[0].VerifyAssertion(t.Context(), "scalepoint", assertion, []string{tokenURL}); !strings.HasPrefix(fault.Message(err), "was used before") {
			t.Error(err)
		}
		w.machine.advance(time.Millisecond)
		if _, err := nodes[1].VerifyAssertion(t.Context(), "scalepoint", assertion, []string{tokenURL}); !strings.HasPrefix(fault.Message(err), "has expired") {
			t.Error(err)
		}
	}
}

// FuzzAssertion: nothing but an assertion that was signed is accepted, once, and
// nothing crashes.
func FuzzAssertion(f *testing.F) {
	w := newWorld(f)
	c := w.newSigner(f)
	now := w.machine.now()
	good := c.assertion(now)
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		"", "..", "a.b.c", good, good[1:], good + good, good[:len(good)-4], parts[0] + "." + parts[1] + ".",
		"eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"eyJhbGciOiJIUzI1NiJ9." + parts[1] + "." + parts[2],
		"eyJhbGciOlsiUlMyNTYiXX0." + parts[1] + "." + parts[2],
		"eyJhbGciOiJSUzI1NiJ9." + parts[1] + "." + parts[2],
		"bnVsbA.bnVsbA.AA", "W10.W10.AA", "e30.eyJleHAiOjFlOTk5fQ.AA",
		c.sign(object{"alg": "RS256", "x5t": 7, "kid": object{}}, with(c.claims(now), object{"aud": "x"})),
		c.sign(object{"alg": "RS256"}, with(c.claims(now), object{"exp": 9e18})),
		c.sign(object{"alg": "RS256"}, with(c.claims(now), object{"exp": -9e18})),
		strings.Repeat("[", 2000) + "." + strings.Repeat("{", 2000) + ".x",
		strings.Repeat("A", auth.MaxAssertion+1),
	} {
		f.Add(seed)
	}
	var once sync.Once
	f.Fuzz(func(t *testing.T, assertion string) {
		ses, err := w.VerifyAssertion(t.Context(), "scalepoint", assertion, []string{tokenURL})
		if assertion == good {
			once.Do(func() {
				if err != nil {
					t.Fatal(fmt.Errorf("the good one: %w", err))
				}
				err = fault.New(fault.Unauthorized, "")
				ses = auth.Session{}
			})
		}
		if fault.KindOf(err) != fault.Unauthorized || ses.Credential != "" {
			t.Fatalf("assertion %q: session %+v, %v", assertion, ses, err)
		}
	})
}
