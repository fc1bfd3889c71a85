package auth_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	ana      = "ana.muñoz@example.com"
	password = "correct horse battery"
)

func TestKeyLogin(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	if !regexp.MustCompile(`^dsr_pub_[0-9A-Za-z]{20}$`).MatchString(k.PublicID) {
		t.Errorf("public id is %q", k.PublicID)
	}
	if !regexp.MustCompile(`^dsr_sec_[0-9A-Za-z]{32}$`).MatchString(k.Secret) {
		t.Errorf("secret has an unexpected form")
	}
	got, err := w.Authenticate(t.Context(), w.login(t, "sage", k.PublicID, k.Secret))
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Session{
		Workspace: "demo", UserID: 51, Level: 5, Language: 3, Credential: k.PublicID, Dialect: "sage",
		Expires: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// A token is what clients decode: a JWT of three parts with a numeric exp.
func TestTokenClaims(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	var tokens [2]map[string]any
	for i := range tokens {
		parts := strings.Split(w.login(t, "sage", k.PublicID, k.Secret), ".")
		if len(parts) != 3 {
			t.Fatalf("token has %d parts", len(parts))
		}
		decode(t, parts[1], &tokens[i])
		var header map[string]any
		decode(t, parts[0], &header)
		if header["alg"] != "HS256" || header["typ"] != "JWT" || header["kid"] == nil {
			t.Errorf("header is %v", header)
		}
	}
	if tokens[0]["jti"] == tokens[1]["jti"] {
		t.Errorf("two tokens with one jti")
	}
	now := w.clocks.now().Unix()
	want := map[string]any{
		"iss": "dossier", "sub": "51", "wsp": "demo", "dlc": "sage", "cid": k.PublicID,
		"iat": float64(now), "exp": float64(now + 86400), "jti": tokens[0]["jti"],
	}
	if diff := cmp.Diff(want, tokens[0]); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func decode(t *testing.T, part string, v any) {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPersonLogin(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, " Ana.MUÑOZ@example.com ", password); err != nil {
		t.Fatal(err)
	}
	old := w.login(t, "sage", "ana.muñoz@EXAMPLE.com", password)
	ses, err := w.Authenticate(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	if ses.UserID != 52 || ses.Workspace != "demo" || ses.Dialect != "sage" || !strings.HasPrefix(ses.Credential, "dsr_usr_") {
		t.Errorf("session is %+v", ses)
	}
	if people, err := w.ListPeople(t.Context(), "demo"); err != nil || len(people) != 1 || people[0].Login != ana || people[0].Hash != "" {
		t.Errorf("ListPeople = %+v, %v", people, err)
	}

	// A new password ends the sessions of the old one, and the old one.
	if err := w.SetPassword(t.Context(), "demo", 52, ana, "another long one"); err != nil {
		t.Fatal(err)
	}
	w.machine.advance(time.Second)
	if _, err := w.Authenticate(t.Context(), old); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("token of the old password: %v", err)
	}
	if _, err := w.Login(t.Context(), "sage", ana, password, "192.0.2.1"); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("old password: %v", err)
	}
	token := w.login(t, "sage", ana, "another long one")
	if err := w.DeletePerson(t.Context(), "ANA.muñoz@example.com"); err != nil {
		t.Fatal(err)
	}
	w.machine.advance(time.Second)
	if _, err := w.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("token of a deleted person: %v", err)
	}
}

func TestSetPasswordRefuses(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name            string
		user            int64
		email, password string
		kind            fault.Kind
		field           string
	}{
		{"no at", 51, "ana", password, fault.Invalid, "email"},
		{"nothing before at", 51, "@example.com", password, fault.Invalid, "email"},
		{"two ats", 51, "a@b@c", password, fault.Invalid, "email"},
		{"space", 51, "a b@example.com", password, fault.Invalid, "email"},
		{"line break", 51, "a@example.com\nb", password, fault.Invalid, "email"},
		{"not UTF-8", 51, "a\xff@example.com", password, fault.Invalid, "email"},
		{"long", 51, strings.Repeat("a", 250) + "@b.c", password, fault.Invalid, ""},
		{"longer", 51, strings.Repeat("a", 251) + "@b.c", password, fault.Invalid, "email"},
		{"7 characters", 51, "b@example.com", "ñññññññ", fault.Invalid, "password"},
		{"1025 bytes", 51, "b@example.com", strings.Repeat("x", 1025), fault.Invalid, "password"},
		{"password not UTF-8", 51, "b@example.com", "\xff12345678", fault.Invalid, "password"},
		{"no such user", 99, "b@example.com", password, fault.Invalid, ""},
		{"taken", 51, "ANA.MUÑOZ@example.com", password, fault.Conflict, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := w.SetPassword(t.Context(), "demo", tt.user, tt.email, tt.password)
			if tt.name == "long" { // 254 bytes: the last length that is allowed
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if fault.KindOf(err) != tt.kind || fault.FieldOf(err) != tt.field {
				t.Errorf("err = %v (kind %v, field %q)", err, fault.KindOf(err), fault.FieldOf(err))
			}
		})
	}
}

// Whatever is wrong with a login, the answer is one and the same.
func TestRefusalsAreEqual(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	gone := w.key(t, "sage", 51)
	if err := w.DeleteKey(t.Context(), "sage", gone.PublicID); err != nil {
		t.Fatal(err)
	}
	disabled := w.key(t, "sage", 53)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	if err := w.SetPassword(t.Context(), "demo", 53, "off@example.com", password); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, dialect, username, password string }{
		{"wrong secret", "sage", k.PublicID, k.Secret + "x"},
		{"no secret", "sage", k.PublicID, ""},
		{"other dialect", "riskforce", k.PublicID, k.Secret},
		{"letter case", "sage", strings.ToUpper(k.PublicID), k.Secret},
		{"swapped", "sage", k.Secret, k.PublicID},
		{"secret of another key", "sage", k.PublicID, gone.Secret},
		{"deleted", "sage", gone.PublicID, gone.Secret},
		{"disabled", "sage", disabled.PublicID, disabled.Secret},
		{"unknown", "sage", "dsr_pub_00000000000000000000", k.Secret},
		{"nothing", "sage", "", ""},
		{"wrong password", "sage", ana, "incorrect horse"},
		{"password in other letter case", "sage", ana, strings.ToUpper(password)},
		{"password with a space more", "sage", ana, password + " "},
		{"unknown person", "sage", "nobody@example.com", password},
		{"disabled person", "sage", "off@example.com", password},
		{"public id of a person", "sage", w.store.people[0].PublicID, password},
		{"huge name", "sage", strings.Repeat("a", 1<<20), "x"},
		{"huge person", "sage", strings.Repeat("a", 1<<20) + "@example.com", "x"},
		{"huge password", "sage", ana, strings.Repeat("x", 1<<20)},
		{"zero bytes", "sage", "\x00", "\x00"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := w.Login(t.Context(), tt.dialect, tt.username, tt.password, fmt.Sprintf("198.51.100.%d:1", i))
			if token != "" || fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "wrong username or password" || fault.FieldOf(err) != "" {
				t.Errorf("token %q, kind %v, message %q", token, fault.KindOf(err), fault.Message(err))
			}
		})
	}
	if log := w.log.String(); strings.Contains(log, k.Secret) || strings.Contains(log, "horse") || strings.Contains(log, "nobody@") {
		t.Errorf("the log tells what was typed:\n%s", log)
	}
}

// A person who does not exist must cost a hash like one who does.
func TestUnknownPersonCostsAHash(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	bytesFor := func(username string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := w.Login(t.Context(), "sage", username, "incorrect horse", "192.0.2.1"); err == nil {
			t.Errorf("%s logged in", username)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	// Memory stands for work: 19 MiB each, which nothing else here uses.
	const hash = 19 << 20
	for _, username := range []string{ana, "nobody@example.com"} {
		if got := bytesFor(username); got < hash {
			t.Errorf("login of %s used %d bytes, want at least the %d of a hash", username, got, hash)
		}
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	good := w.login(t, "sage", k.PublicID, k.Secret)
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	var claims jwt.MapClaims
	decode(t, body, &claims)
	var header map[string]any
	decode(t, head, &header)

	signed := func(method jwt.SigningMethod, key any, kid any, change map[string]any) string {
		c := jwt.MapClaims{}
		for k, v := range claims {
			c[k] = v
		}
		for k, v := range change {
			if v == nil {
				delete(c, k)
			} else {
				c[k] = v
			}
		}
		tok := jwt.NewWithClaims(method, c)
		tok.Header["kid"] = kid
		s, err := tok.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ours := w.store.secrets["signing-key"]
	tests := map[string]string{
		"empty":             "",
		"word":              "token",
		"dots":              "..",
		"cut":               good[:len(good)-1],
		"no signature":      head + "." + body + ".",
		"two parts":         head + "." + body,
		"four parts":        good + "." + sig,
		"space before":      " " + good,
		"line break":        good + "\n",
		"other body":        head + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"52"}`)) + "." + sig,
		"padding":           good + "=",
		"alg none":          signed(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, header["kid"], nil),
		"HS512":             signed(jwt.SigningMethodHS512, ours, header["kid"], nil),
		"HS384":             signed(jwt.SigningMethodHS384, ours, header["kid"], nil),
		"other key":         signed(jwt.SigningMethodHS256, []byte("guess"), header["kid"], nil),
		"other key id":      signed(jwt.SigningMethodHS256, ours, "00000000", nil),
		"numeric key id":    signed(jwt.SigningMethodHS256, ours, 1, nil),
		"no key id":         signed(jwt.SigningMethodHS256, ours, nil, nil),
		"other issuer":      signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"iss": "dossier2"}),
		"no expiry":         signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"exp": nil}),
		"other user":        signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"sub": "52"}),
		"user not a number": signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"sub": "root"}),
		"other workspace":   signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"wsp": "other"}),
		"gone workspace":    signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"wsp": "gone"}),
		"no id":             signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"jti": nil}),
		"no workspace":      signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"wsp": nil}),
		"unknown key":       signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"cid": "dsr_pub_x"}),
		"unknown person":    signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"cid": "dsr_usr_x"}),
		"other dialect":     signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"dlc": "riskforce"}),
		"huge":              head + "." + strings.Repeat("A", 1<<20) + "." + sig,
		"just too long":     signed(jwt.SigningMethodHS256, ours, header["kid"], map[string]any{"pad": strings.Repeat("x", 3000)}),
	}
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			ses, err := w.Authenticate(t.Context(), token)
			if !cmp.Equal(ses, auth.Session{}) || fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "missing, wrong or revoked token" {
				t.Errorf("session %+v, kind %v, message %q", ses, fault.KindOf(err), fault.Message(err))
			}
		})
	}
	// The tests above would mean nothing if this did not pass.
	for name, token := range map[string]string{
		"as issued": good,
		"remade":    signed(jwt.SigningMethodHS256, ours, header["kid"], nil),
	} {
		if _, err := w.Authenticate(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every single bit of a token counts.
func TestAuthenticateAltered(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	good := w.login(t, "sage", k.PublicID, k.Secret)
	for i := range good {
		for bit := range 8 {
			b := []byte(good)
			b[i] ^= 1 << bit
			if _, err := w.Authenticate(t.Context(), string(b)); fault.KindOf(err) != fault.Unauthorized {
				t.Errorf("bit %d of byte %d changed: %v", bit, i, err)
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	token := w.login(t, "sage", k.PublicID, k.Secret)

	w.machine.advance(72 * time.Hour) // not the clock that counts
	w.clocks.advance(auth.TokenLifetime - time.Millisecond)
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Errorf("a millisecond before its end: %v", err)
	}
	w.clocks.advance(time.Millisecond)
	_, err := w.Authenticate(t.Context(), token)
	if fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "token expired" {
		t.Errorf("at its end: %v", err)
	}
	w.clocks.advance(-time.Hour) // a workspace's clock may be set back
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Errorf("clock set back: %v", err)
	}
}

// Whoever revokes, every process refuses after 0.9 s; and all sessions of a key
// live side by side until then.
func TestRevocation(t *testing.T) {
	revocations := []struct {
		name   string
		revoke func(*testing.T, *world, auth.NewKey)
	}{
		{"key deleted elsewhere", func(t *testing.T, w *world, k auth.NewKey) {
			if err := w.store.DeleteKey(t.Context(), "sage", k.PublicID, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}},
		{"key deleted here", func(t *testing.T, w *world, k auth.NewKey) {
			if err := w.DeleteKey(t.Context(), "sage", k.PublicID); err != nil {
				t.Fatal(err)
			}
			if err := w.DeleteKey(t.Context(), "sage", k.PublicID); fault.KindOf(err) != fault.NotFound {
				t.Errorf("deleted twice: %v", err)
			}
		}},
		{"user disabled", func(_ *testing.T, w *world, _ auth.NewKey) { w.setUser(51, auth.User{}) }},
		{"user gone", func(_ *testing.T, w *world, _ auth.NewKey) {
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			delete(w.users, 51)
		}},
	}
	for _, r := range revocations {
		t.Run(r.name, func(t *testing.T) {
			w := newWorld(t)
			k := w.key(t, "sage", 51)
			other := w.another(t)
			tokens := []string{w.login(t, "sage", k.PublicID, k.Secret), w.login(t, "sage", k.PublicID, k.Secret)}
			everyone := func(check func(who string, err error)) {
				for i, token := range tokens {
					_, err := w.Authenticate(t.Context(), token)
					check(fmt.Sprintf("token %d here", i), err)
					_, err = other.Authenticate(t.Context(), token)
					check(fmt.Sprintf("token %d elsewhere", i), err)
				}
			}
			everyone(func(who string, err error) {
				if err != nil {
					t.Fatalf("%s: %v", who, err)
				}
			})
			r.revoke(t, w, k)
			w.machine.advance(900 * time.Millisecond)
			everyone(func(who string, err error) {
				if fault.KindOf(err) != fault.Unauthorized {
					t.Errorf("%s, 0.9 s later: %v", who, err)
				}
			})
			if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "h"); fault.KindOf(err) != fault.Unauthorized {
				t.Errorf("login: %v", err)
			}
		})
	}
}

// One token of a key is revoked for good, here at once and in other processes, also
// those that start later; the others of the key go on.
func TestRevoke(t *testing.T) {
	w := newWorld(t)
	other := w.another(t)
	k := w.key(t, "riskforce", 51)
	tokens := make([]string, 4)
	for i := range tokens {
		tokens[i] = w.login(t, "riskforce", k.PublicID, k.Secret)
	}
	check := func(s *auth.Service, where string, gone int) {
		t.Helper()
		for i, token := range tokens {
			_, err := s.Authenticate(t.Context(), token)
			switch {
			case i >= gone && err != nil:
				t.Errorf("%s: token %d of %d revoked: %v", where, i, gone, err)
			case i < gone && (fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "missing, wrong or revoked token"):
				t.Errorf("%s: token %d is revoked: %v", where, i, err)
			}
		}
	}
	check(w.Service, "here", 0)
	check(other, "elsewhere", 0)
	for n := range 3 {
		if err := w.Revoke(t.Context(), tokens[n]); err != nil {
			t.Fatal(err)
		}
		check(w.Service, "here", n+1)
		w.machine.advance(900 * time.Millisecond)
		check(other, "elsewhere", n+1)
	}
	check(w.another(t), "started later", 3)

	for name, token := range map[string]string{"revoked": tokens[0], "none": "", "wrong": "x" + tokens[3]} {
		if err := w.Revoke(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("Revoke of one that is %s: %v", name, err)
		}
	}
	// Elsewhere it is not known yet that the token is no good.
	if _, err := other.Authenticate(t.Context(), tokens[3]); err != nil {
		t.Fatal(err)
	}
	if err := w.Revoke(t.Context(), tokens[3]); err != nil {
		t.Fatal(err)
	}
	if err := other.Revoke(t.Context(), tokens[3]); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("Revoke at the same time: %v", err)
	}
	again := w.login(t, "riskforce", k.PublicID, k.Secret)
	if _, err := w.Authenticate(t.Context(), again); err != nil {
		t.Errorf("a new login: %v", err)
	}
}

// Tokens are looked up once for each that was revoked, and not at all without any.
func TestRevokeCosts(t *testing.T) {
	w := newWorld(t)
	k, quiet := w.key(t, "riskforce", 51), w.key(t, "riskforce", 51)
	tokens := []string{w.login(t, "riskforce", quiet.PublicID, quiet.Secret)}
	for range 3 {
		tokens = append(tokens, w.login(t, "riskforce", k.PublicID, k.Secret))
	}
	all := func() (asked int) {
		t.Helper()
		w.store.asked = 0
		for range 10 {
			for _, token := range tokens {
				if _, err := w.Authenticate(t.Context(), token); err != nil {
					t.Fatal(err)
				}
			}
			w.machine.advance(time.Second)
		}
		return w.store.asked
	}
	if n := all(); n != 0 {
		t.Errorf("asked %d times without any revoked", n)
	}
	for range 2 {
		if err := w.Revoke(t.Context(), w.login(t, "riskforce", k.PublicID, k.Secret)); err != nil {
			t.Fatal(err)
		}
		if n := all(); n != 3 {
			t.Errorf("asked %d times, want once for each of 3 tokens", n)
		}
	}
}

// Sessions of people end with their password, not one by one.
func TestRevokeOfPerson(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	token := w.login(t, "sage", ana, password)
	if err := w.Revoke(t.Context(), token); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("Revoke: %v", err)
	}
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A user whose sessions were ended has to log in again, whatever the clocks say.
func TestEndedSessionsStayEnded(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	granted, err := w.Lookup(t.Context(), "sage", k.PublicID)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := w.Issue(t.Context(), granted, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	before := []string{w.login(t, "sage", k.PublicID, k.Secret), issued}
	for ended := range int64(3) {
		w.setUser(51, auth.User{Active: true, Level: 5, Ended: ended + 1})
		w.UsersChanged("demo")
		w.clocks.advance(-time.Minute) // of the workspace, which may be set back
		for i, token := range before {
			if _, err := w.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized || fault.Message(err) == "token expired" {
				t.Errorf("ended %d times, token %d of before: %v", ended+1, i, err)
			}
		}
		before = append(before, w.login(t, "sage", k.PublicID, k.Secret))
		if _, err := w.Authenticate(t.Context(), before[len(before)-1]); err != nil {
			t.Errorf("ended %d times, new token: %v", ended+1, err)
		}
	}
}

// A user that comes back, or whose level changes, is noticed as fast.
func TestUserChanges(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	token := w.login(t, "sage", k.PublicID, k.Secret)
	for _, u := range []auth.User{{Active: true, Level: 2, Language: 4}, {}, {Active: true, Level: 3, Language: -1}} {
		w.setUser(51, u)
		w.machine.advance(900 * time.Millisecond)
		ses, err := w.Authenticate(t.Context(), token)
		if (err == nil) != u.Active || ses.Level != u.Level || u.Active && ses.Language != u.Language {
			t.Errorf("user %+v: session %+v, %v", u, ses, err)
		}
	}
}

// Who is told of a change goes by it at once, whatever was read before.
func TestUsersChanged(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	token := w.login(t, "sage", k.PublicID, k.Secret)
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	w.setUser(51, auth.User{})
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Fatalf("the state is read for each request: %v", err)
	}
	w.UsersChanged("demo")
	if _, err := w.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("a disabled user: %v", err)
	}

	w.setUser(51, auth.User{Active: true, Level: 3})
	w.UsersChanged("demo")
	if ses, err := w.Authenticate(t.Context(), token); err != nil || ses.Level != 3 {
		t.Errorf("level %d, %v", ses.Level, err)
	}
}

// Thousands of requests cost the database two reads a second, and one that hangs
// does not hold up the others before the state is too old.
func TestStateIsReadOnce(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	token := w.login(t, "sage", k.PublicID, k.Secret)
	before := w.reads.Load()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if _, err := w.Authenticate(t.Context(), token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := w.reads.Load() - before; n != 1 {
		t.Errorf("4000 requests read the user %d times, want once", n)
	}

	g := &gate{begun: make(chan struct{}), open: make(chan struct{})}
	w.gate.Store(g)
	w.machine.advance(600 * time.Millisecond)
	slow := make(chan error)
	go func() {
		_, err := w.Authenticate(t.Context(), token)
		slow <- err
	}()
	<-g.begun
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Errorf("while another request reads: %v", err)
	}
	close(g.open)
	if err := <-slow; err != nil {
		t.Error(err)
	}
}

// Trouble with the database is not a refusal: a client that gets 401 throws its
// credentials away.
func TestStoreFailure(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	token := w.login(t, "sage", k.PublicID, k.Secret)
	broken := error(fault.New(fault.Unavailable, "no disk"))
	w.fail.Store(&broken)
	w.machine.advance(time.Second)
	for range 60 { // more than the free tries
		if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "h"); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("Login: %v", err)
		}
	}
	if _, err := w.Login(t.Context(), "sage", ana, password, "h"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Login of a person: %v", err)
	}
	if _, err := w.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Authenticate: %v", err)
	}
	if err := w.Revoke(t.Context(), token); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Revoke: %v", err)
	}
	if _, err := auth.New(t.Context(), w.config()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("New: %v", err)
	}
	w.fail.Store(nil)
	if _, err := w.Authenticate(t.Context(), token); err != nil {
		t.Errorf("Authenticate afterwards: %v", err)
	}
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	if _, err := w.CreateKey(t.Context(), "sage", "demo", 99); fault.KindOf(err) != fault.Invalid {
		t.Errorf("key for a user who does not exist: %v", err)
	}
	a, b := w.key(t, "sage", 51), w.key(t, "flowroute", 52)
	keys, err := w.ListKeys(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	at := w.machine.now()
	want := []auth.Key{
		{Credential: auth.Credential{PublicID: a.PublicID, Workspace: "demo", UserID: 51, Created: at}, Dialect: "sage"},
		{Credential: auth.Credential{PublicID: b.PublicID, Workspace: "demo", UserID: 52, Created: at}, Dialect: "flowroute"},
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	for _, k := range w.store.keys {
		if strings.Contains(string(k.Hash), a.Secret) || len(k.Hash) != 32 {
			t.Errorf("stored hash has %d bytes", len(k.Hash))
		}
	}
}

type noRandom struct{}

func (noRandom) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

type faucet struct{ io.Reader }

// Without randomness nothing is made at all.
func TestRandomFails(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	cfg := w.config()
	source := &faucet{Reader: rand.Reader}
	cfg.Random = source
	s, err := auth.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	source.Reader = noRandom{}
	if _, err := s.CreateKey(t.Context(), "sage", "demo", 51); err == nil {
		t.Error("CreateKey made a key")
	}
	if err := s.SetPassword(t.Context(), "demo", 52, ana, password); err == nil {
		t.Error("SetPassword set a password")
	}
	if _, err := s.Login(t.Context(), "sage", k.PublicID, k.Secret, "h"); fault.KindOf(err) != fault.Internal || err == nil {
		t.Errorf("Login: %v", err)
	}
	if _, err := auth.New(t.Context(), cfg); err == nil {
		t.Error("New made a service")
	}
}

func TestSecret(t *testing.T) {
	w := newWorld(t)
	a, err := auth.Secret(t.Context(), w.store, rand.Reader, "document-key")
	if err != nil || len(a) != 32 {
		t.Fatalf("%d bytes, %v", len(a), err)
	}
	b, err := auth.Secret(t.Context(), w.store, rand.Reader, "document-key")
	if err != nil || string(a) != string(b) {
		t.Errorf("second call gives another secret (%v)", err)
	}
	w.store.secrets["short"] = []byte("x")
	if _, err := auth.Secret(t.Context(), w.store, rand.Reader, "short"); err == nil {
		t.Error("a damaged secret is taken")
	}
}

func TestDamagedHash(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	good := w.store.people[0].Hash
	if !strings.HasPrefix(good, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash is %q", good)
	}
	for i, bad := range []string{
		"x", "$argon2i$" + good[10:],
		strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=4294967295", 1),
		strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "t=2", "t=4000000000", 1),
		strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "p=1", "p=1,x=2", 1),
		good[:len(good)-2], good + "=", good + "$", "$argon2id$v=19$m=19456,t=2,p=1$$",
	} {
		w.store.people[0].Hash = bad
		if _, err := w.Login(t.Context(), "sage", ana, password, fmt.Sprint(i)); err == nil || fault.KindOf(err) != fault.Internal && fault.KindOf(err) != fault.Unauthorized {
			t.Errorf("hash %q: %v", bad, err)
		}
	}
}

// A flood of logins by people takes a bounded number of places; the rest are
// told to come back, and so is nobody who gives up.
func TestPasswordFlood(t *testing.T) {
	w := newWorld(t)
	if err := w.SetPassword(t.Context(), "demo", 52, ana, password); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var mu sync.Mutex
	kinds := map[fault.Kind]int{}
	start := make(chan struct{})
	for i := range 200 {
		wg.Go(func() {
			<-start
			_, err := w.Login(ctx, "sage", ana, password, fmt.Sprintf("10.0.0.%d", i))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				cancel() // one is in: the others need not wait
				return
			}
			if errors.Is(err, context.Canceled) {
				return
			}
			kinds[fault.KindOf(err)]++
			if wait, ok := auth.RetryAfter(err); !ok || wait != time.Second {
				t.Errorf("retry after %v, %v: %v", wait, ok, err)
			}
		})
	}
	close(start)
	wg.Wait()
	cancel()
	if n := kinds[fault.RateLimited]; len(kinds) != 1 || n == 0 {
		t.Errorf("refusals: %v, want some that are rate limited", kinds)
	}
	w.login(t, "sage", ana, password) // all places are free again
}
