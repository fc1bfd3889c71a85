package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// credential makes one and returns its members by name.
func (w *world) credential(t *testing.T, dialect string, user int64, grant auth.Grant) map[string]string {
	t.Helper()
	members, err := w.CreateCredential(t.Context(), dialect, "demo", user, grant)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range members {
		got[m.Name] = m.Value
	}
	return got
}

var dialectSecrets = map[string]struct {
	grant  auth.Grant
	proofs []string
}{
	"sage":       {auth.Grant{}, []string{"password"}},
	"riskforce":  {auth.Grant{Username: "Ada@example.com"}, []string{"client_secret", "password"}},
	"scalepoint": {auth.Grant{Scopes: []string{"a", "b"}}, []string{"client_secret"}},
	"wolkvox":    {auth.Grant{Operation: "op"}, []string{"token"}},
	"flowroute":  {auth.Grant{}, []string{"secret_key"}},
}

// Every dialect's credential opens its workspace with all its secrets, and with no
// other ones.
func TestVerify(t *testing.T) {
	for dialect, c := range dialectSecrets {
		t.Run(dialect, func(t *testing.T) {
			w := newWorld(t)
			made := w.credential(t, dialect, 51, c.grant)
			id, username := auth.PublicID(dialect, made), ""
			if c.grant.Username != "" {
				username = "ada@EXAMPLE.com"
			}
			named := id
			if dialect == "wolkvox" {
				named = ""
			}
			secrets := map[string]string{}
			for _, name := range c.proofs {
				secrets[name] = made[name]
			}
			at := func(n int) string { return "192.0.2." + string(rune('0'+n)) + ":1" }
			ses, err := w.Verify(t.Context(), dialect, named, secrets, username, at(1))
			if err != nil || ses.Workspace != "demo" || ses.UserID != 51 || ses.Level != 5 || ses.Credential != id || ses.Dialect != dialect || ses.Grant.Operation != c.grant.Operation {
				t.Fatalf("got %+v, %v", ses, err)
			}
			refused := func(what, field string, err error) {
				t.Helper()
				if fault.KindOf(err) != fault.Unauthorized || fault.FieldOf(err) != field {
					t.Errorf("%s: got %v in %q", what, err, fault.FieldOf(err))
				}
			}
			for _, name := range c.proofs {
				for _, bad := range []string{"", made[name] + "x", made[name][:len(made[name])-1]} {
					wrong := map[string]string{}
					for k, v := range secrets {
						wrong[k] = v
					}
					wrong[name] = bad
					field := name
					if dialect == "wolkvox" && bad == "" {
						field = "" // no id at all
					}
					_, err := w.Verify(t.Context(), dialect, named, wrong, username, at(2))
					refused(name+"="+bad, field, err)
				}
			}
			if named != "" {
				_, err := w.Verify(t.Context(), dialect, "dsr_pub_unknown", secrets, username, at(3))
				if fault.KindOf(err) != fault.Unauthorized {
					t.Errorf("unknown id: %v", err)
				}
			}
			if username != "" {
				_, err := w.Verify(t.Context(), dialect, id, secrets, "eve@example.com", at(3))
				refused("another user name", "username", err)
			}
			if err := w.DeleteKey(t.Context(), dialect, id); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Verify(t.Context(), dialect, named, secrets, username, at(4)); fault.KindOf(err) != fault.Unauthorized {
				t.Errorf("deleted: %v", err)
			}
		})
	}
}

// Guessing is slowed down, as with logins.
func TestVerifyBacksOff(t *testing.T) {
	w := newWorld(t)
	id := w.credential(t, "flowroute", 51, auth.Grant{})["access_key"]
	for range 20 {
		if _, err := w.Verify(t.Context(), "flowroute", id, map[string]string{"secret_key": "x"}, "", "192.0.2.1:1"); fault.KindOf(err) == fault.RateLimited {
			return
		}
	}
	t.Error("twenty guesses were let through")
}

// A token has the scopes it was issued with and lives as long as it was told to.
func TestIssue(t *testing.T) {
	w := newWorld(t)
	made := w.credential(t, "scalepoint", 51, auth.Grant{Scopes: []string{"files", "cases"}})
	ses, err := w.Verify(t.Context(), "scalepoint", made["client_id"], map[string]string{"client_secret": made["client_secret"]}, "", "192.0.2.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Issue(t.Context(), ses, []string{"all"}, time.Hour); fault.FieldOf(err) != "scope" {
		t.Errorf("a scope that is not granted: %v", err)
	}
	token, err := w.Issue(t.Context(), ses, []string{"files"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.Authenticate(t.Context(), token)
	if err != nil || len(got.Scopes) != 1 || got.Scopes[0] != "files" || got.Dialect != "scalepoint" {
		t.Errorf("got %+v, %v", got, err)
	}
	w.clocks.advance(time.Hour)
	if _, err := w.Authenticate(t.Context(), token); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("after an hour: %v", err)
	}
	for secret, want := range map[string]bool{made["securityToken"]: true, "": false, made["client_secret"]: false} {
		if ok, err := w.CheckSecret(t.Context(), "scalepoint", made["client_id"], "securityToken", secret); err != nil || ok != want {
			t.Errorf("securityToken %q: %t, %v", secret, ok, err)
		}
	}
}

// The secret that signs is known again, and nothing of it is in the store in the
// clear.
func TestSigningSecret(t *testing.T) {
	w := newWorld(t)
	made := w.credential(t, "flowroute", 51, auth.Grant{})
	secret, ses, err := w.SigningSecret(t.Context(), "flowroute", made["access_key"])
	if err != nil || secret != made["secret_key"] || ses.UserID != 51 {
		t.Errorf("got %q, %+v, %v", secret, ses, err)
	}
	if _, _, err := w.SigningSecret(t.Context(), "flowroute", "unknown"); fault.KindOf(err) != fault.Unauthorized {
		t.Errorf("unknown: %v", err)
	}
	other := w.config()
	other.SealKey = []byte("another key file of the same len")
	s, err := auth.New(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.SigningSecret(t.Context(), "flowroute", made["access_key"]); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("with another key file: %v", err)
	}
}

// Certificates are added one by one, and only those that can sign.
func TestCertificates(t *testing.T) {
	w := newWorld(t)
	made := w.credential(t, "scalepoint", 51, auth.Grant{})
	der := func(bits int) []byte {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour)}
		b, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := der(2048)
	if err := w.AddCertificate(t.Context(), "scalepoint", made["client_id"], good); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		id   string
		der  []byte
		want fault.Kind
	}{
		"the same again": {made["client_id"], good, fault.Conflict}, "no certificate": {made["client_id"], []byte("x"), fault.Invalid},
		"a short key": {made["client_id"], der(1024), fault.Invalid}, "no such key": {"x", good, fault.NotFound},
	} {
		if err := w.AddCertificate(t.Context(), "scalepoint", c.id, c.der); fault.KindOf(err) != c.want {
			t.Errorf("%s: %v", what, err)
		}
	}
	ses, err := w.Lookup(t.Context(), "scalepoint", made["client_id"])
	if err != nil || len(ses.Grant.Certificates) != 1 {
		t.Errorf("got %+v, %v", ses, err)
	}
}
