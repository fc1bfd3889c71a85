package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Parameters of argon2id, from the OWASP Password Storage Cheat Sheet (second of
// its five equal choices: 19 MiB, two passes, one thread). About 25 ms each.
const (
	argonMemory  = 19456 // KiB
	argonPasses  = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonHash    = 32 // bytes
)

// The most that a stored hash may ask for, so that a damaged row cannot take the
// server down.
const (
	maxArgonMemory = 256 << 10 // KiB
	maxArgonPasses = 16
	maxArgonHash   = 64 // bytes
)

// Lengths. 254 is the longest e-mail address that mail can be sent to (RFC 5321),
// 8 and "at least 64" are NIST SP 800-63B's bounds for passwords.
const (
	minPassword = 8    // characters
	maxPassword = 1024 // bytes
	maxUsername = 254  // bytes
)

// A password takes 19 MiB while it is checked: so many are at work at once, so
// many more wait, and the rest are told to come back.
const (
	maxHashing = 2
	maxWaiting = 64
	busyRetry  = time.Second
)

// passwords hashes and verifies a bounded number of passwords at a time.
type passwords struct {
	working chan struct{}
	waiting chan struct{} // includes those at work
	dummy   string        // hash that no password has, for people who do not exist
}

func newPasswords(random io.Reader) (*passwords, error) {
	p := &passwords{
		working: make(chan struct{}, maxHashing),
		waiting: make(chan struct{}, maxHashing+maxWaiting),
	}
	buf := make([]byte, argonSalt+argonHash)
	if _, err := io.ReadFull(random, buf); err != nil {
		return nil, err
	}
	p.dummy = phc{argonMemory, argonPasses, argonThreads, buf[:argonSalt], buf[argonSalt:]}.String()
	return p, nil
}

// enter waits for a place and returns how to give it back.
func (p *passwords) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.waiting <- struct{}{}:
	default:
		return nil, tooMany("too many logins at once", busyRetry)
	}
	select {
	case p.working <- struct{}{}:
		return func() { <-p.working; <-p.waiting }, nil
	case <-ctx.Done():
		<-p.waiting
		return nil, context.Cause(ctx)
	}
}

// verify reports whether hash is of this password; "" costs the same and is of
// none. ready is asked when there is a place, right before the work.
func (p *passwords) verify(ctx context.Context, hash, password string, ready func() error) (bool, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if err := ready(); err != nil {
		return false, err
	}
	if hash == "" {
		hash = p.dummy
	}
	want, err := parsePHC(hash)
	if err != nil {
		return false, err
	}
	got := argon2.IDKey([]byte(password), want.salt, want.passes, want.memory, want.threads, uint32(len(want.hash)))
	return subtle.ConstantTimeCompare(got, want.hash) == 1, nil
}

// hash returns the PHC string of a password.
func (p *passwords) hash(ctx context.Context, random io.Reader, password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", err
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash := argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonThreads, argonHash)
	return phc{argonMemory, argonPasses, argonThreads, salt, hash}.String(), nil
}

// phc is an argon2id hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash, base64 without padding.
type phc struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
	salt    []byte
	hash    []byte
}

func (h phc) String() string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.threads,
		b.EncodeToString(h.salt), b.EncodeToString(h.hash))
}

func parsePHC(s string) (phc, error) {
	// The hash itself stays out of the errors: they end up in the log.
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, fmt.Errorf("stored password hash is not argon2id in PHC format")
	}
	var h phc
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.threads); err != nil {
		return phc{}, fmt.Errorf("stored password hash: parameters: %w", err)
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4]); err != nil {
		return phc{}, fmt.Errorf("stored password hash: salt: %w", err)
	}
	if h.hash, err = base64.RawStdEncoding.Strict().DecodeString(parts[5]); err != nil {
		return phc{}, fmt.Errorf("stored password hash: hash: %w", err)
	}
	if h.memory > maxArgonMemory || h.passes < 1 || h.passes > maxArgonPasses || h.threads < 1 ||
		len(h.salt) < 8 || len(h.hash) < 16 || len(h.hash) > maxArgonHash {
		return phc{}, fmt.Errorf("stored password hash: parameters out of range")
	}
	if h.String() != s { // something follows the parameters
		return phc{}, fmt.Errorf("stored password hash is not in the canonical form")
	}
	return h, nil
}

// SetPassword gives a user of a workspace a login for people, or changes its
// password, which ends the sessions of the old one. Logins are unique over all
// workspaces, letter case aside. It returns fault.Invalid naming email or
// password when one does not do, and fault.Conflict when the login is another
// user's.
func (s *Service) SetPassword(ctx context.Context, workspace string, userID int64, email, password string) (err error) {
	defer fault.Wrap(&err, "auth.SetPassword(%s, %d)", workspace, userID)
	login := foldLogin(email)
	if !isPlain(email) || !isAddress(login) {
		return fault.InField("email", "must be an e-mail address")
	}
	if len(login) > maxUsername {
		return fault.InField("email", "must have at most %d bytes", maxUsername)
	}
	switch {
	case !utf8.ValidString(password):
		return fault.InField("password", "must be UTF-8 text")
	case utf8.RuneCountInString(password) < minPassword:
		return fault.InField("password", "must have at least %d characters", minPassword)
	case len(password) > maxPassword:
		return fault.InField("password", "must have at most %d bytes", maxPassword)
	}
	if err := s.userExists(ctx, workspace, userID); err != nil {
		return err
	}
	id, err := randomString(s.cfg.Random, personPrefix, idLength)
	if err != nil {
		return err
	}
	hash, err := s.passwords.hash(ctx, s.cfg.Random, password)
	if err != nil {
		return err
	}
	return s.cfg.Store.PutPerson(ctx, Person{
		Credential: Credential{PublicID: id, Workspace: workspace, UserID: userID, Created: s.cfg.Now().UTC()},
		Login:      login,
		Hash:       hash,
	})
}

// DeletePerson takes a person's login away. Its sessions end within one second.
// It returns fault.NotFound when there is none.
func (s *Service) DeletePerson(ctx context.Context, email string) (err error) {
	defer fault.Wrap(&err, "auth.DeletePerson")
	return s.cfg.Store.DeletePerson(ctx, foldLogin(email))
}

// ListPeople returns the people of a workspace in the order of their logins.
// Their hashes are left out.
func (s *Service) ListPeople(ctx context.Context, workspace string) (_ []Person, err error) {
	defer fault.Wrap(&err, "auth.ListPeople(%s)", workspace)
	people, err := s.cfg.Store.People(ctx, workspace)
	for i := range people {
		people[i].Hash = ""
	}
	return people, err
}

// foldLogin is the form of an e-mail address that is kept and compared.
func foldLogin(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// isAddress tells an e-mail address from a slip of the hand, no more.
func isAddress(login string) bool {
	local, domain, _ := strings.Cut(login, "@")
	return local != "" && domain != "" && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(login, unicode.IsSpace)
}

// isPlain reports whether s is UTF-8 without control characters, which not every
// database can hold or look for.
func isPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
