package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Dialects are the names of the dialects that there are credentials of.
func Dialects() []string { return []string{"sage", "riskforce", "scalepoint", "wolkvox", "flowroute"} }

// form says what the credentials of a dialect consist of, under the names that its
// protocol gives them.
type form struct {
	id      string   // member with the public id; "" = the first secret begins with it
	secrets []string // members that are secret; the first is Key.Hash, the others are in Details.Hashes
	proofs  []string // secrets that Verify asks for, all of them
	sealed  bool     // the first secret is kept sealed beside its hash, as it is a key for signatures
}

// formOf returns the form of a dialect's credentials [DOC].
func formOf(dialect string) (form, error) {
	switch dialect {
	case "sage":
		return form{id: "username", secrets: []string{"password"}, proofs: []string{"password"}}, nil
	case "riskforce":
		both := []string{"client_secret", "password"}
		return form{id: "client_id", secrets: both, proofs: both}, nil
	case "scalepoint":
		return form{id: "client_id", secrets: []string{"client_secret", "securityToken"}, proofs: []string{"client_secret"}}, nil
	case "wolkvox":
		return form{secrets: []string{"token"}, proofs: []string{"token"}}, nil
	case "flowroute":
		return form{id: "access_key", secrets: []string{"secret_key"}, proofs: []string{"secret_key"}, sealed: true}, nil
	}
	return form{}, fault.InField("dialect", "there is no dialect %s", dialect)
}

// tokenPrefix begins the tokens that are their own public id.
const tokenPrefix = "dsr_tok_"

// Grant is what a credential was made with beside its secrets. What a dialect has
// no use for stays empty.
type Grant struct {
	Username              string   `json:"username,omitempty"`              // riskforce: the user name of the password grant
	Scopes                []string `json:"scopes,omitempty"`                // scalepoint: what tokens may ask for
	InsuranceCompanyAlias string   `json:"insuranceCompanyAlias,omitempty"` // scalepoint
	UserEmail             string   `json:"userEmail,omitempty"`             // scalepoint
	Operation             string   `json:"operation,omitempty"`             // wolkvox
	Certificates          [][]byte `json:"certificates,omitempty"`          // scalepoint: X.509, DER, all of them valid for signing assertions
}

// Details are what is kept of a credential beside Key.Hash.
type Details struct {
	Grant
	Hashes map[string][]byte `json:"hashes,omitempty"` // of further secrets, by member
	Sealed string            `json:"sealed,omitempty"` // a key for signatures, under the key file
}

// Member is one part of a credential under the name that its protocol gives it.
type Member struct{ Name, Value string }

// CreateCredential makes a credential of any dialect for a user of a workspace, and
// returns its members in the order in which they are shown: once, as the secret ones
// are kept hashed. A secret that is a key for signatures, flowroute's, is kept sealed
// as well. It returns fault.Invalid naming the member when one does not do.
func (s *Service) CreateCredential(ctx context.Context, dialect, workspace string, userID int64, grant Grant) (_ []Member, err error) {
	defer fault.Wrap(&err, "auth.CreateCredential(%s, %s, %d)", dialect, workspace, userID)
	f, err := formOf(dialect)
	if err != nil {
		return nil, err
	}
	for _, der := range grant.Certificates {
		if err := checkCertificate(der); err != nil {
			return nil, err
		}
	}
	if err := s.userExists(ctx, workspace, userID); err != nil {
		return nil, err
	}
	prefix := keyPrefix
	if f.id == "" {
		prefix = tokenPrefix
	}
	id, err := randomString(s.cfg.Random, prefix, idLength)
	if err != nil {
		return nil, err
	}
	k := Key{
		Credential: Credential{PublicID: id, Workspace: workspace, UserID: userID, Created: s.cfg.Now().UTC()},
		Dialect:    dialect,
		Details:    Details{Grant: grant, Hashes: map[string][]byte{}},
	}
	var members []Member
	if f.id != "" {
		members = append(members, Member{f.id, id})
	}
	for i, name := range f.secrets {
		secret, err := s.newSecret(f, name, id)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			k.Hash = s.keyHash(dialect, id, secret)
			if f.sealed {
				if k.Details.Sealed, err = s.seal(k, secret); err != nil {
					return nil, err
				}
			}
		} else {
			k.Details.Hashes[name] = s.memberHash(dialect, name, id, secret)
		}
		members = append(members, Member{name, secret})
	}
	if err := s.cfg.Store.InsertKey(ctx, k); err != nil {
		return nil, err
	}
	for _, m := range []Member{
		{"scope", strings.Join(grant.Scopes, " ")}, {"insuranceCompanyAlias", grant.InsuranceCompanyAlias},
		{"userEmail", grant.UserEmail}, {"operation", grant.Operation}, {"username", grant.Username},
	} {
		if m.Value != "" {
			members = append(members, m)
		}
	}
	return members, nil
}

// PublicID returns the public id among the members of a credential, "" when there is
// none.
func PublicID(dialect string, members map[string]string) string {
	f, err := formOf(dialect)
	switch {
	case err != nil:
		return ""
	case f.id != "":
		return members[f.id]
	default:
		token := members[f.secrets[0]]
		return token[:min(len(token), len(tokenPrefix)+idLength)]
	}
}

// newSecret draws the secret of a member in the form that its protocol expects.
func (s *Service) newSecret(f form, member, id string) (string, error) {
	switch {
	case member == "securityToken": // "string with guid format" [DOC scalepoint]
		var b [16]byte
		_, err := io.ReadFull(s.cfg.Random, b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), err
	case f.id == "":
		return randomString(s.cfg.Random, id, keySecretLength)
	default:
		return randomString(s.cfg.Random, secretPrefix, keySecretLength)
	}
}

// memberHash is keyHash for a further secret of a credential.
func (s *Service) memberHash(dialect, member, id, secret string) []byte {
	return s.keyHash(dialect+"/"+member, id, secret)
}

// Verify checks the secrets of a credential and returns the session of its user,
// without a token. id is the client_id or access_key, "" where the token is all
// there is; secrets are by member, and username is riskforce's. Every proof that the
// dialect asks for must be right.
//
// A wrong, unknown or deleted credential and a disabled user are fault.Unauthorized,
// after the same work; repeated ones are fault.RateLimited, as for Login. FieldOf
// tells which member was wrong, for dialects whose documented errors say so: the
// public id, a secret, or username.
func (s *Service) Verify(ctx context.Context, dialect, id string, secrets map[string]string, username, remoteAddr string) (_ Session, err error) {
	defer fault.Wrap(&err, "auth.Verify(%s)", dialect)
	f, err := formOf(dialect)
	if err != nil {
		return Session{}, err
	}
	if f.id == "" {
		id = PublicID(dialect, secrets)
	}
	attempt := s.failures.attempt(dialect, id, remoteAddr)
	if err := attempt.allowed(s.cfg.Now()); err != nil {
		return Session{}, err
	}
	ses, err := s.prove(ctx, f, dialect, id, secrets, username)
	switch {
	case fault.KindOf(err) == fault.Unauthorized:
		attempt.failed(s.cfg.Now())
		s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "login refused",
			slog.String("dialect", dialect), slog.String("address", attempt.host), slog.String("credential", ses.Credential))
		return Session{}, err
	case err != nil:
		return Session{}, err
	}
	attempt.succeeded()
	return ses, nil
}

// prove is Verify without its back-off.
func (s *Service) prove(ctx context.Context, f form, dialect, id string, secrets map[string]string, username string) (Session, error) {
	refused := func(member string) error {
		return &fault.Error{Kind: fault.Unauthorized, Field: member, Msg: badLogin}
	}
	wrong := f.id
	if len(id) > maxUsername || !isPlain(id) {
		return Session{}, refused(wrong)
	}
	k, err := s.cfg.Store.Key(ctx, dialect, id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Session{}, err
	}
	good := err == nil
	// All members are compared, whatever is known already.
	for i := len(f.proofs) - 1; i >= 0; i-- {
		name := f.proofs[i]
		if len(secrets[name]) > maxPassword || !s.secretMatches(f, k, dialect, id, name, secrets[name]) {
			if err == nil {
				wrong = name
			}
			good = false
		}
	}
	if good && !strings.EqualFold(k.Details.Username, username) {
		good, wrong = false, "username"
	}
	if !good {
		return Session{Credential: k.PublicID}, refused(wrong)
	}
	return s.sessionOf(ctx, k)
}

// secretMatches compares one secret in constant time. The zero Key has none.
func (s *Service) secretMatches(f form, k Key, dialect, id, member, secret string) bool {
	if member == f.secrets[0] {
		return s.keyMatches(k, dialect, id, secret)
	}
	return hmac.Equal(k.Details.Hashes[member], s.memberHash(dialect, member, id, secret))
}

// sessionOf returns the session of a credential that has proved itself.
func (s *Service) sessionOf(ctx context.Context, k Key) (Session, error) {
	ses := Session{Workspace: k.Workspace, UserID: k.UserID, Credential: k.PublicID, Dialect: k.Dialect, Grant: k.Details.Grant}
	user, err := s.cfg.Users.User(ctx, k.Workspace, k.UserID)
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && !user.Active:
		return ses, fault.New(fault.Unauthorized, badLogin)
	case err != nil:
		return Session{}, err
	}
	ses.Level, ses.Language, ses.Restricted, ses.Branches = user.Level, user.Language, user.Restricted, user.Branches
	ses.Ended = user.Ended
	return ses, nil
}

// Lookup returns the session of a credential by its public id, for protocols that
// prove it by other means: signed assertions and URLs. The caller must check the
// proof. It returns fault.Unauthorized when there is no such credential.
func (s *Service) Lookup(ctx context.Context, dialect, id string) (_ Session, err error) {
	defer fault.Wrap(&err, "auth.Lookup(%s)", dialect)
	k, err := s.lookup(ctx, dialect, id)
	if err != nil {
		return Session{}, err
	}
	return s.sessionOf(ctx, k)
}

func (s *Service) lookup(ctx context.Context, dialect, id string) (Key, error) {
	if len(id) > maxUsername || !isPlain(id) {
		return Key{}, fault.New(fault.Unauthorized, badLogin)
	}
	k, err := s.cfg.Store.Key(ctx, dialect, id)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.Unauthorized, badLogin)
	}
	return k, err
}

// CheckSecret compares a further secret of a credential, as Scalepoint's
// securityToken, in constant time.
func (s *Service) CheckSecret(ctx context.Context, dialect, id, member, secret string) (ok bool, err error) {
	defer fault.Wrap(&err, "auth.CheckSecret(%s, %s)", dialect, member)
	f, err := formOf(dialect)
	if err != nil {
		return false, err
	}
	k, err := s.lookup(ctx, dialect, id)
	if err != nil {
		return false, err
	}
	return len(secret) <= maxPassword && s.secretMatches(f, k, dialect, id, member, secret), nil
}

// SigningSecret returns the secret of a credential that signs, and its session, to
// make and to check signatures by. It returns fault.Unauthorized when there is no
// such credential.
func (s *Service) SigningSecret(ctx context.Context, dialect, id string) (secret string, _ Session, err error) {
	defer fault.Wrap(&err, "auth.SigningSecret(%s)", dialect)
	k, err := s.lookup(ctx, dialect, id)
	if err != nil {
		return "", Session{}, err
	}
	if secret, err = s.unseal(k); err != nil {
		return "", Session{}, err
	}
	ses, err := s.sessionOf(ctx, k)
	return secret, ses, err
}

// Issue returns a token of a session that Verify or Lookup gave, which Authenticate
// takes for as long as life by the clock of the workspace. Scopes must be among those
// of the credential; the token's session has these alone, and the Target of ses.
func (s *Service) Issue(ctx context.Context, ses Session, scopes []string, life time.Duration) (_ string, err error) {
	defer fault.Wrap(&err, "auth.Issue(%s)", ses.Dialect)
	for _, scope := range scopes {
		if !slices.Contains(ses.Grant.Scopes, scope) {
			return "", fault.InField("scope", "the scope %s is not granted", scope)
		}
	}
	return s.issue(ctx, ses.Dialect, Credential{PublicID: ses.Credential, Workspace: ses.Workspace, UserID: ses.UserID}, ses.Ended, scopes, ses.Target, life)
}

// AddCertificate lets a credential sign its assertions with one more certificate, in
// DER. It returns fault.Invalid for what is none with an RSA key of 2048 bits or
// more, fault.Conflict for one that it has, and fault.NotFound.
func (s *Service) AddCertificate(ctx context.Context, dialect, id string, der []byte) (err error) {
	defer fault.Wrap(&err, "auth.AddCertificate(%s, %s)", dialect, id)
	if dialect != "scalepoint" {
		return fault.InField("dialect", "credentials of %s have no certificates", dialect)
	}
	if err := checkCertificate(der); err != nil {
		return err
	}
	return s.cfg.Store.ChangeKey(ctx, dialect, id, func(k *Key) error {
		if slices.ContainsFunc(k.Details.Certificates, func(have []byte) bool { return string(have) == string(der) }) {
			return fault.New(fault.Conflict, "the key has this certificate already")
		}
		if len(k.Details.Certificates) >= maxCertificates {
			return fault.New(fault.Conflict, "a key has at most %d certificates", maxCertificates)
		}
		k.Details.Certificates = append(k.Details.Certificates, der)
		return nil
	})
}

// maxCertificates is how many certificates a credential may have: enough to change
// them one after another.
const maxCertificates = 16

func checkCertificate(der []byte) error {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return fault.InField("certificate", "must be an X.509 certificate").Because(err)
	}
	if key, ok := c.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() < 2048 || key.N.BitLen() > 8192 {
		return fault.InField("certificate", "must have an RSA key of 2048 to 8192 bits")
	}
	return nil
}

// seal encrypts the secret of a credential under the key file, bound to its id.
func (s *Service) seal(k Key, secret string) (string, error) {
	aead, err := s.sealer()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(s.cfg.Random, nonce); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(secret), []byte(k.Dialect+"/"+k.PublicID))), nil
}

func (s *Service) unseal(k Key) (string, error) {
	aead, err := s.sealer()
	if err != nil {
		return "", err
	}
	box, err := base64.StdEncoding.DecodeString(k.Details.Sealed)
	if err != nil || len(box) < aead.NonceSize() {
		return "", errors.New("the credential has no sealed secret")
	}
	secret, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte(k.Dialect+"/"+k.PublicID))
	if err != nil {
		return "", errors.New("the secret was sealed with another key file")
	}
	return string(secret), nil
}

func (s *Service) sealer() (cipher.AEAD, error) {
	if len(s.cfg.SealKey) != secretSize {
		return nil, errors.New("there is no key file to seal secrets with")
	}
	block, err := aes.NewCipher(s.cfg.SealKey)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
