package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Prefixes of the ids and secrets made here. They tell a person, and a scanner of
// repositories, what a string is.
const (
	keyPrefix    = "dsr_pub_"
	secretPrefix = "dsr_sec_"
	personPrefix = "dsr_usr_"
)

// Random characters after the prefix; a base62 character carries 5.95 bits.
const (
	idLength        = 20 // 119 bits: never drawn twice
	keySecretLength = 32 // 190 bits: cannot be guessed, so a fast hash is enough
)

// NewKey is an API key at the only moment when its secret is known.
type NewKey struct {
	PublicID string
	Secret   string
}

// CreateKey makes an API key for a user of a workspace, to log in through one
// dialect. It returns fault.Invalid when there is no such user.
func (s *Service) CreateKey(ctx context.Context, dialect, workspace string, userID int64) (_ NewKey, err error) {
	defer fault.Wrap(&err, "auth.CreateKey(%s, %s, %d)", dialect, workspace, userID)
	if err := s.userExists(ctx, workspace, userID); err != nil {
		return NewKey{}, err
	}
	id, err := randomString(s.cfg.Random, keyPrefix, idLength)
	if err != nil {
		return NewKey{}, err
	}
	secret, err := randomString(s.cfg.Random, secretPrefix, keySecretLength)
	if err != nil {
		return NewKey{}, err
	}
	err = s.cfg.Store.InsertKey(ctx, Key{
		Credential: Credential{PublicID: id, Workspace: workspace, UserID: userID, Created: s.cfg.Now().UTC()},
		Dialect:    dialect,
		Hash:       s.keyHash(dialect, id, secret),
	})
	if err != nil {
		return NewKey{}, err
	}
	return NewKey{PublicID: id, Secret: secret}, nil
}

// DeleteKey deletes an API key. Its sessions end within one second in every
// process, and usually at once in this one. It returns fault.NotFound when there
// is none.
func (s *Service) DeleteKey(ctx context.Context, dialect, publicID string) (err error) {
	defer fault.Wrap(&err, "auth.DeleteKey(%s, %s)", dialect, publicID)
	if err := s.cfg.Store.DeleteKey(ctx, dialect, publicID, s.cfg.Now().UTC()); err != nil {
		return err
	}
	if state, ok := s.credentials.Get(credentialKey{dialect, publicID}); ok {
		state.Forget()
	}
	return nil
}

// ListKeys returns the API keys of a workspace in the order of their creation.
// Their hashes are left out.
func (s *Service) ListKeys(ctx context.Context, workspace string) (_ []Key, err error) {
	defer fault.Wrap(&err, "auth.ListKeys(%s)", workspace)
	keys, err := s.cfg.Store.Keys(ctx, workspace)
	for i := range keys {
		keys[i].Hash, keys[i].Details.Hashes, keys[i].Details.Sealed = nil, nil, ""
	}
	return keys, err
}

// userExists returns fault.Invalid unless the workspace has this user.
func (s *Service) userExists(ctx context.Context, workspace string, userID int64) error {
	_, err := s.cfg.Users.User(ctx, workspace, userID)
	if fault.KindOf(err) == fault.NotFound {
		return fault.New(fault.Invalid, "workspace %s has no user %d", workspace, userID).Because(err)
	}
	return err
}

// keyHash is what is kept of an API secret. It is bound to the key, so that a
// hash copied to another row opens nothing. No part can contain the zero bytes
// between them: the dialect is ours and the ids are base62.
func (s *Service) keyHash(dialect, publicID, secret string) []byte {
	h := hmac.New(sha256.New, s.pepper)
	for _, part := range [...]string{"api-key", dialect, publicID, secret} {
		io.WriteString(h, part)
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// keyMatches compares in constant time, and does the same work for the zero Key
// that an unknown id gives: an empty hash equals nothing.
func (s *Service) keyMatches(k Key, dialect, publicID, secret string) bool {
	return hmac.Equal(k.Hash, s.keyHash(dialect, publicID, secret))
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomString returns prefix and n characters of base62, each equally likely.
func randomString(random io.Reader, prefix string, n int) (string, error) {
	// Bytes from 248 = 4*62 on are thrown away, or the first characters would be
	// likelier than the rest.
	const fair = 256 / len(base62) * len(base62)
	out := append(make([]byte, 0, len(prefix)+n), prefix...)
	var buf [64]byte
	for len(out) < len(prefix)+n {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			return "", err
		}
		for _, b := range buf {
			if int(b) < fair && len(out) < len(prefix)+n {
				out = append(out, base62[int(b)%len(base62)])
			}
		}
	}
	return string(out), nil
}
