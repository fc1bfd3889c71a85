package app

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
)

// Deleting the file with the credentials is how one gets new ones. The old ones
// are no good from then on; keys of other users are.
func TestNewDemoCredentials(t *testing.T) {
	ctx := t.Context()
	config := Config{
		Storage: Storage{Data: t.TempDir(), SchemaPrefix: "dossier_"},
		Server:  Server{Demo: true, QueryTimeout: time.Second},
	}
	a, err := Open(ctx, config, World{Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	type sageLogin struct{ Username, Password string }
	login := func(c sageLogin) error {
		_, err := a.Auth.Login(ctx, sage.Name, c.Username, c.Password, "192.0.2.1")
		return err
	}
	ensure := func() sageLogin {
		t.Helper()
		if err := a.ensureDemo(ctx); err != nil {
			t.Fatal(err)
		}
		c, err := a.readDemo(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got sageLogin
		if err := json.Unmarshal(c.Logins["sage"], &got); err != nil {
			t.Fatal(err)
		}
		for _, dialect := range auth.Dialects() {
			if c.Logins[dialect] == nil {
				t.Errorf("no login for %s", dialect)
			}
		}
		if err := login(got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	before := ensure()
	if again := ensure(); again != before {
		t.Error("credentials are made anew without need")
	}
	user, err := a.CreateUser(ctx, DemoName, NewUser{Email: "eve@example.com", Name: "Eve", Level: 1, Language: "EN"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := a.Auth.CreateKey(ctx, sage.Name, DemoName, user)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(a.path(demoFile)); err != nil {
		t.Fatal(err)
	}
	if after := ensure(); after == before {
		t.Error("credentials are not made anew")
	}
	if login(before) == nil {
		t.Error("the old credentials are still good")
	}
	if err := login(sageLogin{other.PublicID, other.Secret}); err != nil {
		t.Errorf("the key of another user: %v", err)
	}
}
