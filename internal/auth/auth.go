// Package auth knows who is asking: API keys and people, their logins, and the
// session tokens that logins give out. It declares the Store that keeps
// credentials and the Users that tell whether a user may still come in.
//
// Nothing in an answer, and nothing but noise in its timing, tells an unknown
// name from a wrong secret. A deleted key, a revoked token and a disabled user are
// refused within one second by every process on the same system database, because
// no session is served from a state older than that.
package auth

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/dossier-crm/dossier/internal/cache"
	"github.com/dossier-crm/dossier/internal/fault"
)

// TokenLifetime is how long a session token is valid by the clock of its
// workspace. Clients of the Sage dialect assume 24 hours [CLIENT].
const TokenLifetime = 24 * time.Hour

// Limits of what is held in memory: a session takes about 300 bytes, and one that
// is forgotten costs 10 µs to verify again.
const (
	maxSessions    = 1 << 14 // verified tokens
	maxCredentials = 1 << 14 // credentials and the users behind them
)

// Users tells about the users of a workspace. Answers must come from the
// database, not from a cache of their own: they are asked for at most twice a
// second for each credential in use.
type Users interface {
	// User returns the user with this id. It returns fault.NotFound when there
	// is none or the workspace is gone. A deleted user is not active.
	User(ctx context.Context, workspace string, id int64) (User, error)
}

// User is the part of a user record that decides about a session.
type User struct {
	Active   bool
	Level    int // 1 (least) to 5 (administrator)
	Language int // index into resource.Languages; -1 = not set

	// Ended is how often all sessions of the user were ended. A token counts only
	// while it is the number that it was issued under.
	Ended int64

	// Branches are those that the user belongs to, by themselves or by their roles.
	// Restricted users see little of others.
	Restricted bool
	Branches   []int64
}

// Config is what a Service is made of. All members are needed.
type Config struct {
	Store Store
	Users Users

	// Clock returns the time of a workspace, which is what tokens live by. It
	// returns fault.NotFound when there is no such workspace, and is called for
	// every request.
	Clock func(ctx context.Context, workspace string) (time.Time, error)

	// Now is the clock of the machine, with its monotonic reading, for
	// back-off and the age of what is cached.
	Now func() time.Time

	Random io.Reader // of cryptographic quality

	// SealKey seals the secrets that must be known again, 32 bytes from outside of
	// the database; nil = no credential can have such.
	SealKey []byte

	Logger *slog.Logger
}

// Service checks logins and tokens. It is safe for concurrent use, has no
// goroutines and needs no closing.
type Service struct {
	cfg        Config
	pepper     []byte // keys the hashes of API secrets
	signingKey []byte
	keyID      string // of signingKey, in the header of tokens
	parser     *jwt.Parser
	assertions *jwt.Parser
	nobody     *rsa.PublicKey
	passwords  *passwords
	failures   *failures

	sessions    *cache.Recent[[sha256.Size]byte, *session]
	credentials *cache.Recent[credentialKey, *cache.Fresh[state]]
	epochs      [64]cache.Epoch // of the users of workspaces, by hash of the name
	hash        maphash.Seed    // of the names
}

// Session is what a valid token stands for.
type Session struct {
	Workspace  string
	UserID     int64  // record of the users resource
	Level      int    // 1 (least) to 5 (administrator)
	Language   int    // index into resource.Languages; -1 = not set
	Credential string // public id of the API key or of the person's password
	Dialect    string // through which the login came
	Expires    time.Time
	Scopes     []string // of the token, if it was issued with some; must not be changed
	Target     string   // the one thing that the token was asked for; "" = anything. For the dialect to heed
	Grant      Grant    // of the credential; from Verify and Lookup only

	Restricted bool    // see User
	Branches   []int64 // see User; must not be changed

	Ended int64 // see User
}

// The messages of refusals. They must not tell more than they do.
const (
	badLogin     = "wrong username or password"
	badToken     = "missing, wrong or revoked token"
	expiredToken = "token expired"
)

// New returns a Service. It reads the installation's secrets from the store, or
// makes them when this is the first start.
func New(ctx context.Context, cfg Config) (_ *Service, err error) {
	defer fault.Wrap(&err, "auth.New")
	s := &Service{
		cfg:         cfg,
		parser:      newParser(),
		assertions:  assertionParser(),
		nobody:      nobodysKey(),
		failures:    newFailures(),
		hash:        maphash.MakeSeed(),
		sessions:    cache.NewRecent[[sha256.Size]byte, *session](maxSessions),
		credentials: cache.NewRecent[credentialKey, *cache.Fresh[state]](maxCredentials),
	}
	if s.pepper, err = Secret(ctx, cfg.Store, cfg.Random, "pepper"); err != nil {
		return nil, err
	}
	if s.signingKey, err = Secret(ctx, cfg.Store, cfg.Random, "signing-key"); err != nil {
		return nil, err
	}
	id := sha256.Sum256(append([]byte("key id of "), s.signingKey...))
	s.keyID = hex.EncodeToString(id[:4])
	if s.passwords, err = newPasswords(cfg.Random); err != nil {
		return nil, err
	}
	return s, nil
}

// secretSize is the length of an installation's secrets in bytes, that of the
// hash they key.
const secretSize = 32

// Secret returns the installation's secret of this name: 32 random bytes, the
// same ones in every process. They are made when they are first asked for.
func Secret(ctx context.Context, store Secrets, random io.Reader, name string) (_ []byte, err error) {
	defer fault.Wrap(&err, "auth.Secret(%s)", name)
	candidate := make([]byte, secretSize)
	if _, err := io.ReadFull(random, candidate); err != nil {
		return nil, err
	}
	secret, err := store.Secret(ctx, name, candidate)
	if err != nil {
		return nil, err
	}
	if len(secret) != secretSize {
		return nil, fmt.Errorf("is %d bytes long, not %d", len(secret), secretSize)
	}
	return secret, nil
}

// Login checks an API key (public id and secret) or a person (e-mail address and
// password) and returns a session token. remoteAddr is the client's address as
// "host:port" or "host"; behind a proxy it must be the one the proxy reports.
//
// It returns fault.Unauthorized for every wrong, unknown, deleted or disabled
// login alike, and fault.RateLimited after repeated bad ones; RetryAfter tells
// for how long. A login leaves earlier tokens valid [CLIENT: some log in for
// every call].
func (s *Service) Login(ctx context.Context, dialect, username, password, remoteAddr string) (token string, err error) {
	defer fault.Wrap(&err, "auth.Login(%s)", dialect)
	attempt := s.failures.attempt(dialect, username, remoteAddr)
	if err := attempt.allowed(s.cfg.Now()); err != nil {
		return "", err
	}
	who, user, err := s.check(ctx, dialect, username, password, attempt)
	switch {
	case fault.KindOf(err) == fault.Unauthorized:
		attempt.failed(s.cfg.Now())
		// The name as sent stays out of the log: people type passwords there.
		s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "login refused",
			slog.String("dialect", dialect), slog.String("address", attempt.host), slog.String("credential", who.PublicID))
		return "", err
	case err != nil:
		return "", err
	}
	attempt.succeeded()
	return s.issue(ctx, dialect, who, user.Ended, nil, "", TokenLifetime)
}

// check returns the credential that username and password prove, and its user. With
// fault.Unauthorized it still names the credential when there is one.
func (s *Service) check(ctx context.Context, dialect, username, password string, attempt *attempt) (Credential, User, error) {
	refused := fault.New(fault.Unauthorized, badLogin)
	if len(username) > maxUsername || len(password) > maxPassword || !isPlain(username) {
		return Credential{}, User{}, refused // nobody's: not a name that could have been given out
	}
	var who Credential
	var good bool
	if strings.Contains(username, "@") {
		person, err := s.cfg.Store.Person(ctx, foldLogin(username))
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return Credential{}, User{}, err
		}
		who = person.Credential
		// Who waited for a place meanwhile may have used up the tries.
		again := func() error { return attempt.allowed(s.cfg.Now()) }
		if good, err = s.passwords.verify(ctx, person.Hash, password, again); err != nil {
			return Credential{}, User{}, err
		}
	} else {
		key, err := s.cfg.Store.Key(ctx, dialect, username)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return Credential{}, User{}, err
		}
		who = key.Credential
		good = s.keyMatches(key, dialect, username, password)
	}
	if !good {
		return who, User{}, refused
	}
	user, err := s.cfg.Users.User(ctx, who.Workspace, who.UserID)
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && !user.Active:
		return who, User{}, refused
	case err != nil:
		return Credential{}, User{}, err
	}
	return who, user, nil
}

// Authenticate returns the session of a token. It returns fault.Unauthorized,
// with one and the same message, when the token is not one of ours or its key or
// user is gone, and with "token expired" when its time is over.
func (s *Service) Authenticate(ctx context.Context, token string) (Session, error) {
	ses, st, err := s.authenticate(ctx, token)
	if err != nil {
		return Session{}, inAuthenticate(err)
	}
	return ses.session(st), nil
}

// inAuthenticate wraps apart from the fast path, where taking the address of an
// error would cost an allocation for each request.
func inAuthenticate(err error) error {
	fault.Wrap(&err, "auth.Authenticate")
	return err
}

// authenticate is Authenticate before it is put together what the session is.
func (s *Service) authenticate(ctx context.Context, token string) (*session, state, error) {
	if len(token) > MaxToken {
		return nil, state{}, fault.New(fault.Unauthorized, badToken)
	}
	var buf [512]byte // holds all of ours, and stays on the stack
	sum := sha256.Sum256(append(buf[:0], token...))
	ses, ok := s.sessions.Get(sum)
	if !ok {
		var err error
		if ses, err = s.verify(token); err != nil {
			return nil, state{}, err
		}
		s.sessions.Put(sum, ses)
	}
	now, err := s.cfg.Clock(ctx, ses.workspace)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, state{}, fault.New(fault.Unauthorized, badToken).Because(err)
		}
		return nil, state{}, err
	}
	if !now.Before(ses.expires) {
		return nil, state{}, fault.New(fault.Unauthorized, expiredToken)
	}
	st, err := ses.state.Get(ctx)
	if err != nil {
		return nil, state{}, err
	}
	if !st.alive || st.workspace != ses.workspace || st.userID != ses.userID || st.user.Ended != ses.ended {
		return nil, state{}, fault.New(fault.Unauthorized, badToken)
	}
	if ses.cleared.Load() < st.revoked {
		if err := s.clear(ctx, ses, st.revoked); err != nil {
			return nil, state{}, err
		}
	}
	return ses, st, nil
}

// clear makes sure that the token of a session is not among those of its credential
// that were revoked, which are so many. It asks once for each time that their number
// has grown, so that tokens of credentials without any cost nothing.
func (s *Service) clear(ctx context.Context, ses *session, revoked int64) error {
	ended, err := s.cfg.Store.TokenRevoked(ctx, ses.credential.dialect, ses.credential.id, ses.id)
	if err != nil {
		return err
	}
	if ended {
		return fault.New(fault.Unauthorized, badToken)
	}
	ses.cleared.Store(revoked)
	return nil
}

// Revoke ends the session of one token of an API key for good; others of the key go
// on. This process refuses the token from the next request on, others within 0.9 s. It
// returns the error of Authenticate for a token that is not valid, and
// fault.Unsupported for those of people, whose sessions end with their password.
func (s *Service) Revoke(ctx context.Context, token string) (err error) {
	defer fault.Wrap(&err, "auth.Revoke")
	ses, _, err := s.authenticate(ctx, token)
	if err != nil {
		return err
	}
	if strings.HasPrefix(ses.credential.id, personPrefix) {
		return fault.New(fault.Unsupported, "the session of a person cannot be revoked")
	}
	err = s.cfg.Store.RevokeToken(ctx, ses.credential.dialect, ses.credential.id, ses.id, s.cfg.Now())
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Conflict: // its key was deleted, or it was revoked, meanwhile
		return fault.New(fault.Unauthorized, badToken).Because(err)
	}
	if err == nil {
		ses.state.Forget()
	}
	return err
}

// session is what the holder of the token is told, by the state of its credential.
func (ses *session) session(st state) Session {
	return Session{
		Workspace:  ses.workspace,
		UserID:     ses.userID,
		Level:      st.user.Level,
		Language:   st.user.Language,
		Credential: ses.credential.id,
		Dialect:    ses.credential.dialect,
		Expires:    ses.expires,
		Scopes:     ses.scopes,
		Target:     ses.target,
		Restricted: st.user.Restricted,
		Branches:   st.user.Branches,
		Ended:      st.user.Ended,
	}
}

// session is a verified token: what it says, and the state of its credential,
// which all sessions of that credential share.
type session struct {
	id         string // of the token
	workspace  string
	userID     int64
	credential credentialKey
	scopes     []string
	expires    time.Time
	ended      int64  // see User
	target     string // see Session
	state      *cache.Fresh[state]

	// cleared is how many tokens of the credential were revoked when this one was last
	// known not to be among them.
	cleared atomic.Int64
}

// credentialKey names a credential.
type credentialKey struct{ dialect, id string }

// state says whether a credential is there and its user may come in.
type state struct {
	alive     bool
	workspace string
	userID    int64
	user      User
	revoked   int64 // how many of its tokens were revoked
}

// UsersChanged says that users of a workspace, or what they may do, have changed:
// from the next request on, this process goes by what they are now. Other processes
// find out by themselves within 0.9 s.
func (s *Service) UsersChanged(workspace string) { s.epochOf(workspace).End() }

func (s *Service) epochOf(workspace string) *cache.Epoch {
	return &s.epochs[maphash.String(s.hash, workspace)%uint64(len(s.epochs))]
}

// stateOf returns the shared state of a credential of a workspace.
func (s *Service) stateOf(workspace string, c credentialKey) *cache.Fresh[state] {
	return s.credentials.GetOrPut(c, func() *cache.Fresh[state] {
		return cache.NewFreshIn(s.epochOf(workspace), s.cfg.Now, func(ctx context.Context) (state, error) { return s.readState(ctx, c) })
	})
}

func (s *Service) readState(ctx context.Context, c credentialKey) (state, error) {
	var who Credential
	var revoked int64
	if strings.HasPrefix(c.id, personPrefix) {
		p, err := s.cfg.Store.PersonByID(ctx, c.id)
		if err != nil {
			return gone(err)
		}
		who = p.Credential
	} else {
		k, err := s.cfg.Store.Key(ctx, c.dialect, c.id)
		if err != nil {
			return gone(err)
		}
		who, revoked = k.Credential, k.Revoked
	}
	user, err := s.cfg.Users.User(ctx, who.Workspace, who.UserID)
	if err != nil {
		return gone(err)
	}
	return state{alive: user.Active, workspace: who.Workspace, userID: who.UserID, user: user, revoked: revoked}, nil
}

// gone turns "not found" into a state worth remembering.
func gone(err error) (state, error) {
	if fault.KindOf(err) == fault.NotFound {
		return state{}, nil
	}
	return state{}, err
}

// RetryAfter returns how long a client refused with fault.RateLimited should
// wait, rounded up to whole seconds.
func RetryAfter(err error) (time.Duration, bool) {
	var b *backoff
	if errors.As(err, &b) {
		return b.wait, true
	}
	return 0, false
}
