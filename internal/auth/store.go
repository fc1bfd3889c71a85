package auth

import (
	"context"
	"time"
)

// Store keeps credentials for all workspaces, in the system database.
type Store interface {
	Keys
	People
	Secrets
	Proofs
	Revocations
}

// Keys keeps API keys. A deleted key is as if it had never been, except that its
// public id is not free again.
type Keys interface {
	// InsertKey adds a key. It returns fault.Conflict when the dialect has, or
	// had, a key with this public id.
	InsertKey(ctx context.Context, k Key) error

	// Key returns the key with this public id, exactly as written. It returns
	// fault.NotFound when there is none.
	Key(ctx context.Context, dialect, publicID string) (Key, error)

	// Keys returns the keys of a workspace in the order of their creation.
	Keys(ctx context.Context, workspace string) ([]Key, error)

	// ChangeKey lets change alter the details of a key, which nobody else changes
	// meanwhile. It returns fault.NotFound when there is none, and change's error.
	ChangeKey(ctx context.Context, dialect, publicID string, change func(k *Key) error) error

	// DeleteKey deletes a key, and what is known of its revoked tokens. It returns
	// fault.NotFound when there is none.
	DeleteKey(ctx context.Context, dialect, publicID string, at time.Time) error
}

// People keeps the logins of people.
type People interface {
	// PutPerson adds a person, or gives the one with this login a new public id
	// and hash. It returns fault.Conflict when the login belongs to another
	// workspace or user.
	PutPerson(ctx context.Context, p Person) error

	// Person returns the person with this login, exactly as written. It returns
	// fault.NotFound when there is none.
	Person(ctx context.Context, login string) (Person, error)

	// PersonByID is like Person, by public id.
	PersonByID(ctx context.Context, publicID string) (Person, error)

	// People returns the people of a workspace in the order of their logins.
	People(ctx context.Context, workspace string) ([]Person, error)

	// DeletePerson removes a person. It returns fault.NotFound when there is none.
	DeletePerson(ctx context.Context, login string) error
}

// Revocations keeps which tokens of keys were revoked, one by one. Tokens may be valid
// for as long as their key, so they are kept as long as that.
type Revocations interface {
	// RevokeToken notes that a token of a key is revoked, and counts it in Key.Revoked,
	// both or neither. It returns fault.Conflict when the token was revoked before and
	// fault.NotFound when there is no such key.
	RevokeToken(ctx context.Context, dialect, publicID, token string, at time.Time) error

	// TokenRevoked reports whether a token of a key is revoked.
	TokenRevoked(ctx context.Context, dialect, publicID, token string) (bool, error)
}

// Secrets keeps the random secrets of the installation.
type Secrets interface {
	// Secret returns the secret of this name. The first call for a name keeps
	// candidate, whichever process makes it.
	Secret(ctx context.Context, name string, candidate []byte) ([]byte, error)
}

// Credential is what API keys and people have in common.
type Credential struct {
	PublicID  string // names the credential in tokens and logs; no secret
	Workspace string
	UserID    int64 // record of the users resource
	Created   time.Time
}

// Key is an API key as it is kept.
type Key struct {
	Credential
	Dialect string
	Hash    []byte // HMAC-SHA256 of the secret; nil only before it is made
	Details Details
	Revoked int64 // how many of its tokens were revoked; InsertKey and ChangeKey leave it
}

// Person is the login of a human being as it is kept.
type Person struct {
	Credential        // the public id changes with every new password
	Login      string // e-mail address, letter case folded
	Hash       string // argon2id in PHC string format
}
