package auth_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// FuzzAuthenticate: nothing but a token that was issued is accepted, and nothing
// crashes.
func FuzzAuthenticate(f *testing.F) {
	w := newWorld(f)
	k := w.key(f, "sage", 51)
	good := w.login(f, "sage", k.PublicID, k.Secret)
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		"", "..", "a.b.c", good,
		good[:len(good)-4], good[1:], good + good,
		parts[0] + "." + parts[1] + ".",
		"eyJhbGciOiJub25lIn0." + parts[1] + ".",                             // {"alg":"none"}
		"eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9." + parts[1] + "." + parts[2], // HS512
		"eyJhbGciOlsiSFMyNTYiXX0." + parts[1] + "." + parts[2],              // {"alg":["HS256"]}
		"bnVsbA.bnVsbA.AA", // null.null
		"W10.W10.AA",       // [].[]
		strings.Repeat("[", 2000) + "." + strings.Repeat("{", 2000) + ".x",
		strings.Repeat("A", auth.MaxToken+1),
		"e30.eyJleHAiOjFlOTk5fQ.AA", // {"exp":1e999}
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		ses, err := w.Authenticate(t.Context(), token)
		if token == good {
			if err != nil {
				t.Fatalf("the good token: %v", err)
			}
			return
		}
		if fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "missing, wrong or revoked token" || !cmp.Equal(ses, auth.Session{}) {
			t.Fatalf("token %q: session %+v, %v", token, ses, err)
		}
	})
}

// FuzzLogin: nothing but the right secret gets in, and every refusal is the same.
func FuzzLogin(f *testing.F) {
	w := newWorld(f)
	k := w.key(f, "sage", 51)
	for _, seed := range [][3]string{
		{"sage", k.PublicID, k.Secret},
		{"sage", k.PublicID, k.Secret[1:]},
		{"sage", k.PublicID + "\x00", k.Secret},
		{"sage", k.PublicID + " ", k.Secret},
		{"sage\x00" + k.PublicID, "", k.Secret},
		{"", "", ""},
		{"sage", "' OR 1=1 --", "' OR 1=1 --"},
		{"sage", "\xff\xfe", "\xff"},
		{"sage", strings.Repeat("é", 200), strings.Repeat("x", 2000)},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, dialect, username, password string) {
		if strings.Contains(username, "@") {
			return // people cost 25 ms a try
		}
		w.machine.advance(time.Hour) // past every pause
		token, err := w.Login(t.Context(), dialect, username, password, "192.0.2.1:1")
		if dialect == "sage" && username == k.PublicID && password == k.Secret {
			if err != nil {
				t.Fatalf("the right secret: %v", err)
			}
			return
		}
		if token != "" || fault.KindOf(err) != fault.Unauthorized || fault.Message(err) != "wrong username or password" {
			t.Fatalf("Login(%q, %q, %q) = %q, %v", dialect, username, password, token, err)
		}
	})
}

func BenchmarkLogin(b *testing.B) {
	w := newWorld(b)
	k := w.key(b, "sage", 51)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Login(b.Context(), "sage", k.PublicID, k.Secret, "192.0.2.1:1"); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	w := newWorld(b)
	k := w.key(b, "sage", 51)
	token := w.login(b, "sage", k.PublicID, k.Secret)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Authenticate(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkAuthenticateNew is the first request with a token.
func BenchmarkAuthenticateNew(b *testing.B) {
	w := newWorld(b)
	k := w.key(b, "sage", 51)
	tokens := make([]string, 1<<15) // more than are remembered
	for i := range tokens {
		tokens[i] = w.login(b, "sage", k.PublicID, k.Secret)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := w.Authenticate(b.Context(), tokens[i%len(tokens)]); err != nil {
			b.Error(err)
		}
	}
}
