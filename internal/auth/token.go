package auth

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/dossier-crm/dossier/internal/fault"
)

// MaxToken is the length in bytes of the longest token that is looked at. Ours
// are about 400 bytes long.
const MaxToken = 4 << 10

const issuer = "dossier"

// signingMethod is the only one that is used and accepted: a token cannot choose
// how it is verified. It is a function of the library's and never changes.
var signingMethod = jwt.SigningMethodHS256

// claims is the body of a token. A client needs no more of it than exp, which
// some decode [CLIENT].
type claims struct {
	jwt.RegisteredClaims
	Workspace  string   `json:"wsp"`
	Dialect    string   `json:"dlc"`
	Credential string   `json:"cid"`
	Scopes     []string `json:"scp,omitempty"`
	Ended      int64    `json:"end,omitempty"` // see User; older tokens have none
	Target     string   `json:"tgt,omitempty"` // see Session
}

// issue makes a token for a credential that has proved itself, good for as long as
// the sessions of its user were ended so many times.
func (s *Service) issue(ctx context.Context, dialect string, who Credential, ended int64, scopes []string, target string, life time.Duration) (string, error) {
	now, err := s.cfg.Clock(ctx, who.Workspace)
	if err != nil {
		return "", err
	}
	var id [16]byte
	if _, err := io.ReadFull(s.cfg.Random, id[:]); err != nil {
		return "", err
	}
	now = now.Truncate(time.Second) // the precision of a token's times
	t := jwt.NewWithClaims(signingMethod, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Subject:   strconv.FormatInt(who.UserID, 10),
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(life)),
			ID:        base64.RawURLEncoding.EncodeToString(id[:]),
		},
		Workspace:  who.Workspace,
		Dialect:    dialect,
		Credential: who.PublicID,
		Scopes:     scopes,
		Ended:      ended,
		Target:     target,
	})
	t.Header["kid"] = s.keyID
	return t.SignedString(s.signingKey)
}

// newParser returns a parser that accepts one spelling of one method. Times are
// left to the caller, who knows the workspace's clock.
func newParser() *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{signingMethod.Alg()}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
}

// verify checks the signature of a token and reads it. Whether it has expired or
// been revoked is for the caller to find out.
func (s *Service) verify(token string) (*session, error) {
	if strings.ContainsAny(token, "\r\n") { // which base64 skips
		return nil, fault.New(fault.Unauthorized, badToken)
	}
	var c claims
	_, err := s.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != s.keyID {
			return nil, fmt.Errorf("signed with key %v", t.Header["kid"])
		}
		return s.signingKey, nil
	})
	if err != nil {
		return nil, fault.New(fault.Unauthorized, badToken).Because(err)
	}
	// From here on the text is our own; what is checked is that a later version,
	// or a signing key used elsewhere, cannot be misread.
	userID, err := strconv.ParseInt(c.Subject, 10, 64)
	if err != nil || c.Issuer != issuer || c.ExpiresAt == nil || c.Workspace == "" || c.Credential == "" || c.ID == "" {
		return nil, fault.New(fault.Unauthorized, badToken).Because(err)
	}
	credential := credentialKey{c.Dialect, c.Credential}
	return &session{
		id:         c.ID,
		workspace:  c.Workspace,
		userID:     userID,
		credential: credential,
		scopes:     c.Scopes,
		expires:    c.ExpiresAt.UTC(),
		ended:      c.Ended,
		target:     c.Target,
		state:      s.stateOf(c.Workspace, credential),
	}, nil
}
