package auth

import (
	"context"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // names certificates, as RFC 7515 has it; protects nothing
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Limits of an assertion. What is too old is told by the clock of the machine, not by
// that of a workspace: the client signs by its own.
const (
	// MaxAssertion is the length in bytes of the longest one that is looked at.
	MaxAssertion = 8 << 10

	// AssertionSkew is how far the client's clock may be off [I]: one that is slow by a
	// minute still gets in with an assertion that lives for 10 seconds [R].
	AssertionSkew = time.Minute

	// AssertionLife is how far ahead of us an assertion may expire, skew aside [I]. The
	// libraries sign for 10 seconds and for a minute [R]. For as long its id is kept.
	AssertionLife = 10 * time.Minute

	maxAssertionID = 255 // bytes of a jti
)

// Proofs keeps which proofs were used that count only once, for all processes.
type Proofs interface {
	// UseProof notes that a proof is used, which is known until a time after which
	// nobody takes the proof anyway. It returns fault.Conflict when it was used before.
	UseProof(ctx context.Context, id string, now, until time.Time) error
}

// VerifyAssertion checks the assertion by which a client of a dialect proves who it is
// without a secret (RFC 7523, and private_key_jwt of OpenID Connect), and returns the
// session of its user, without a token. It is a JWT, signed with RS256 and the key of
// one of the client's certificates, and names the client as iss and sub. The
// certificate is the one that x5t or kid name by its SHA-1, as base64url or as
// hexadecimal digits [R]; without both, any of the client's. One that is not valid
// now signs nothing. aud has to have one of audiences. exp and jti are needed [OIDC];
// nbf and iat must not lie ahead.
//
// Each assertion counts once, whichever process sees it. There is no back-off: a
// signature cannot be guessed, and pauses would let others lock the client out.
//
// Everything that is wrong with it is fault.Unauthorized about "client_assertion". The
// message tells no one but the holder of the key whether there is such a client.
func (s *Service) VerifyAssertion(ctx context.Context, dialect, assertion string, audiences []string) (_ Session, err error) {
	defer fault.Wrap(&err, "auth.VerifyAssertion(%s)", dialect)
	ses, err := s.verifyAssertion(ctx, dialect, assertion, audiences)
	if fault.KindOf(err) == fault.Unauthorized {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "assertion refused",
			slog.String("dialect", dialect), slog.String("credential", ses.Credential), slog.String("reason", fault.Message(err)))
		return Session{}, err
	}
	return ses, err
}

// verifyAssertion is VerifyAssertion without the log. With fault.Unauthorized it
// still names the credential when it is the one that signed.
func (s *Service) verifyAssertion(ctx context.Context, dialect, assertion string, audiences []string) (Session, error) {
	c, k, err := s.readAssertion(ctx, dialect, assertion)
	if err != nil {
		return Session{}, err
	}
	known := Session{Credential: k.PublicID}
	now := s.cfg.Now()
	if err := c.check(audiences, now); err != nil {
		return known, err
	}
	ses, err := s.sessionOf(ctx, k)
	if err != nil {
		return known, err
	}
	id := sha256.Sum256([]byte(dialect + "\x00" + k.PublicID + "\x00" + c.ID))
	err = s.cfg.Store.UseProof(ctx, hex.EncodeToString(id[:]), now, c.ExpiresAt.Add(AssertionSkew))
	switch {
	case err == nil:
		return ses, nil
	case fault.KindOf(err) == fault.Conflict:
		return known, badAssertion("was used before; sign a new one, with a jti of its own, for each request")
	default:
		return Session{}, err
	}
}

// badAssertion is a refusal that may be told.
func badAssertion(format string, args ...any) *fault.Error {
	e := fault.New(fault.Unauthorized, format, args...)
	e.Field = "client_assertion"
	return e
}

// readAssertion checks the signature of an assertion. What it says is not checked
// beyond who signed it.
func (s *Service) readAssertion(ctx context.Context, dialect, assertion string) (c assertionClaims, k Key, err error) {
	malformed := badAssertion("is no JWT that is signed with RS256")
	if len(assertion) > MaxAssertion || strings.ContainsAny(assertion, "\r\n") { // which base64 skips
		return c, Key{}, malformed
	}
	var failed error // of ours, behind the library's back
	asked := false
	_, err = s.assertions.ParseWithClaims(assertion, &c, func(t *jwt.Token) (any, error) {
		if _, ok := t.Header["crit"]; ok { // extensions that must be understood, of which there are none here [RFC 7515, 4.1.11]
			return nil, jwt.ErrTokenUnverifiable
		}
		asked = true
		k, failed = s.lookup(ctx, dialect, c.Issuer)
		if fault.KindOf(failed) == fault.Unauthorized {
			failed = nil
		}
		if c.Issuer != c.Subject {
			k = Key{}
		}
		keys, err := s.signers(k, t.Header)
		return jwt.VerificationKeySet{Keys: keys}, errors.Join(failed, err)
	})
	switch {
	case failed != nil:
		return c, Key{}, failed
	case err != nil && !asked:
		return c, Key{}, malformed.Because(err)
	case err != nil:
		return c, Key{}, badAssertion("is not signed by a client that is known, with one of its certificates").Because(err)
	}
	return c, k, nil
}

// signers are the keys that may have signed an assertion with this header. Where there
// is none it is one that nobody has, so that it takes no less time to say no.
func (s *Service) signers(k Key, header map[string]any) (keys []jwt.VerificationKey, err error) {
	now := s.cfg.Now()
	for _, der := range k.Details.Certificates {
		if !names(header, der) {
			continue
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && !now.Before(c.NotBefore) && !now.After(c.NotAfter) {
			keys = append(keys, key)
		}
	}
	if keys == nil {
		keys = append(keys, s.nobody)
	}
	return keys, nil
}

// names reports whether the header of an assertion names a certificate, or none.
func names(header map[string]any, der []byte) bool {
	sum := sha1.Sum(der) //nolint:gosec // see the import
	name, digits := base64.RawURLEncoding.EncodeToString(sum[:]), hex.EncodeToString(sum[:])
	said := false
	for _, member := range [...]string{"x5t", "kid"} {
		text, ok := header[member].(string)
		if !ok {
			continue
		}
		said = true
		if strings.TrimRight(text, "=") == name || strings.EqualFold(text, digits) {
			return true
		}
	}
	return !said
}

// nobodysKey is a key that verifies nothing, at the cost of one that does.
func nobodysKey() *rsa.PublicKey {
	var n []byte
	for i := range byte(8) {
		sum := sha256.Sum256([]byte{i})
		n = append(n, sum[:]...)
	}
	n[0] |= 0x80
	n[len(n)-1] |= 1
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
}

// assertionParser returns a parser that takes one method. Times are left to the
// caller.
func assertionParser() *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
}

// assertionClaims is what an assertion says.
type assertionClaims struct{ jwt.RegisteredClaims }

// check refuses an assertion that is genuine and does not count here and now.
func (c *assertionClaims) check(audiences []string, now time.Time) error {
	switch {
	case !slices.ContainsFunc(c.Audience, func(aud string) bool { return slices.Contains(audiences, aud) }):
		return badAssertion("is not for this server: aud has to be %s", strings.Join(audiences, " or "))
	case c.ID == "" || len(c.ID) > maxAssertionID:
		return badAssertion("needs a jti of 1 to %d bytes", maxAssertionID)
	case c.ExpiresAt == nil:
		return badAssertion("needs an exp")
	case !now.Before(c.ExpiresAt.Add(AssertionSkew)):
		return badAssertion("has expired; the time here is %s", now.UTC().Format(time.RFC3339))
	case c.ExpiresAt.After(now.Add(AssertionLife + AssertionSkew)):
		return badAssertion("expires too late: exp may be %s ahead; the time here is %s", AssertionLife, now.UTC().Format(time.RFC3339))
	}
	for _, date := range [...]struct {
		name string
		at   *jwt.NumericDate
	}{{"nbf", c.NotBefore}, {"iat", c.IssuedAt}} {
		if date.at != nil && date.at.After(now.Add(AssertionSkew)) {
			return badAssertion("does not count yet: %s lies ahead; the time here is %s", date.name, now.UTC().Format(time.RFC3339))
		}
	}
	return nil
}
