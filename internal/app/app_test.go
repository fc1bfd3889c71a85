package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/blob/s3"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// upload puts a document to a new account and returns a link to it.
func upload(t *testing.T, a *apptest.App, content []byte) (link string) {
	t.Helper()
	var made struct{ ID int64 }
	a.Do(t, "POST", "/api/v4/accounts", map[string]any{"name": "Acme", "salesRepId1": a.Admin, "branchId": 1}).JSON(t, &made)
	documents := "/api/v4/accounts/1/documents"
	var ticket struct{ Locator string }
	a.Do(t, "POST", documents, `{"name":"a.bin"}`).JSON(t, &ticket)
	put := a.Do(t, "PUT", ticket.Locator, content, func(h http.Header) {
		h.Del("X-Session-Key")
		h.Del("Content-Type")
	})
	if put.Status != 200 {
		t.Fatalf("PUT: %d %s", put.Status, put.Body)
	}
	var listed []struct{ Link string }
	a.Get(t, documents).JSON(t, &listed)
	if len(listed) != 1 {
		t.Fatalf("%d documents", len(listed))
	}
	return listed[0].Link
}

// What the virus scanner finds does not come in, and is not there for anybody.
func TestScanner(t *testing.T) {
	a := apptest.New(t, apptest.Options{Config: func(c *app.Config) { c.Clamd = testenv.Clamd(t) }})
	link := upload(t, a, []byte("clean"))
	if got := a.Get(t, link, func(h http.Header) { h.Del("X-Session-Key") }); got.Status != 200 || string(got.Body) != "clean" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	var ticket struct{ Locator string }
	a.Do(t, "POST", "/api/v4/accounts/1/documents", `{"name":"b.txt"}`).JSON(t, &ticket)
	put := a.Do(t, "PUT", ticket.Locator, []byte("dossier test pattern, harmless: 6f1c2a9be7"), func(h http.Header) {
		h.Del("X-Session-Key")
		h.Del("Content-Type")
	})
	if put.Status != 400 || !strings.Contains(string(put.Body), "infected with Dossier.Test") {
		t.Errorf("PUT: %d %s", put.Status, put.Body)
	}
	var listed []struct{ ID int64 }
	if a.Get(t, "/api/v4/accounts/1/documents").JSON(t, &listed); len(listed) != 1 {
		t.Errorf("%d documents", len(listed))
	}
}

// Documents go to the disk or to a bucket, and what belongs to a workspace goes
// with it.
func TestDocuments(t *testing.T) {
	content := bytes.Repeat([]byte{0, 1, 2, 3}, 10_000)
	check := func(t *testing.T, a *apptest.App) {
		t.Helper()
		link := upload(t, a, content)
		if got := a.Get(t, link, func(h http.Header) { h.Del("X-Session-Key") }); got.Status != 200 || !bytes.Equal(got.Body, content) {
			t.Errorf("%d, %d bytes", got.Status, len(got.Body))
		}
		if err := a.Workspaces.Delete(t.Context(), a.Workspace); err != nil {
			t.Error(err)
		}
	}
	t.Run("disk", func(t *testing.T) {
		apptest.Databases(t, func(t *testing.T, db apptest.Database) {
			a := apptest.New(t, apptest.Options{Database: db})
			check(t, a)
			for _, left := range []string{"blobs", "workspaces"} {
				if files, err := filepath.Glob(filepath.Join(a.Data, left, a.Workspace+"*")); err != nil || len(files) > 0 {
					t.Errorf("left behind: %v, %v", files, err)
				}
			}
		})
	})
	t.Run("s3", func(t *testing.T) {
		u, err := url.Parse(testenv.S3(t))
		if err != nil {
			t.Fatal("DOSSIER_TEST_S3 is no URL")
		}
		u = u.JoinPath(strings.ToLower(rand.Text()))
		a := apptest.New(t, apptest.Options{Config: func(c *app.Config) { c.Blobs = u.String() }})
		check(t, a)
		store, err := s3.Open(t.Context(), u.JoinPath(a.Workspace).String())
		if err != nil {
			t.Fatal(err)
		}
		err = store.Walk(t.Context(), func(hash string, _ int64, _ time.Time) error {
			t.Errorf("left behind: %s", hash)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A session leads to its own workspace and no other.
func TestWorkspacesApart(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	if _, err := a.Workspaces.Create(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	a.Do(t, "POST", "/api/v4/accounts", map[string]any{"name": "Mine", "salesRepId1": a.Admin, "branchId": 1})
	user, err := a.CreateUser(t.Context(), "other", app.NewUser{Email: "eve@example.com", Name: "Eve", Level: 5, Language: "EN"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := a.Auth.CreateKey(t.Context(), "sage", "other", user)
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Auth.Login(t.Context(), "sage", key.PublicID, key.Secret, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	asEve := func(h http.Header) { h.Set("X-Session-Key", token) }
	if got := a.Get(t, "/api/v4/accounts", asEve); string(got.Body) != "[]" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := a.Get(t, "/api/v4/accounts/1", asEve); got.Status != 400 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	// A deleted key is out at once where it was deleted.
	if err := a.Auth.DeleteKey(t.Context(), "sage", key.PublicID); err != nil {
		t.Fatal(err)
	}
	if got := a.Get(t, "/api/v4/accounts", asEve); got.Status != 401 {
		t.Errorf("after the key is gone: %d %s", got.Status, got.Body)
	}
}

// Two processes make one installation, and agree on it.
func TestReopen(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		a := apptest.New(t, apptest.Options{Database: db})
		world := app.World{Now: a.Clock.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
		b, err := app.Open(t.Context(), a.Config, world, false)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		session, err := b.Auth.Authenticate(t.Context(), a.Token)
		if err != nil || session.Workspace != a.Workspace || session.UserID != a.Admin {
			t.Errorf("%+v, %v", session, err)
		}
		if _, err := b.Workspaces.Create(t.Context(), a.Workspace); fault.KindOf(err) != fault.Conflict {
			t.Errorf("made twice: %v", err)
		}
	})
}

// A backup in the place of a workspace's file is that workspace.
func TestBackup(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	field := map[string]any{"entity": "accounts", "fieldName": "Z_sector", "type": "text", "searchable": true}
	if got := a.Do(t, "POST", "/api/v4/extrafields", field); got.Status >= 300 {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	for _, name := range []string{"Acme", "Globex"} {
		if got := a.Do(t, "POST", "/api/v4/accounts", map[string]any{"name": name, "salesRepId1": a.Admin, "branchId": 1, "Z_sector": "Food"}); got.Status >= 300 {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	config := a.Config
	config.Data = t.TempDir()
	world := app.World{Now: a.Clock.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	b, err := app.Open(t.Context(), config, world, false)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Workspaces.Create(t.Context(), "copy"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(config.Data, "workspaces", "copy.db")
	if err := a.Backup(t.Context(), a.Workspace, file); fault.KindOf(err) != fault.Conflict {
		t.Errorf("over a file that is there: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := a.Backup(t.Context(), a.Workspace, file); err != nil {
		t.Fatal(err)
	}
	w, release, err := b.Workspaces.Acquire(t.Context(), "copy")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	accounts := w.Records.Catalog().Resource("accounts")
	where, err := filter.Where(w.Records.Catalog(), accounts, "name LIKE '%lobe%' AND Z_sector = 'food'")
	if err != nil {
		t.Fatal(err)
	}
	var p crm.Page
	if err := w.Store.List(t.Context(), crm.Query{Resource: accounts, Where: where, Limit: 10, Language: -1}, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Keys) != 1 || p.Keys[0].ID != 2 {
		t.Errorf("the copy finds %+v", p.Keys)
	}
	if err := a.Backup(t.Context(), "gone", filepath.Join(config.Data, "gone.db")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("of no workspace: %v", err)
	}
}

func TestBackupPostgreSQL(t *testing.T) {
	testenv.Postgres(t)
	a := apptest.New(t, apptest.Options{Database: apptest.PostgreSQL})
	if err := a.Backup(t.Context(), a.Workspace, filepath.Join(t.TempDir(), "copy.db")); fault.KindOf(err) != fault.NotOffered {
		t.Errorf("got %v", err)
	}
}

func TestNothingHere(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	for _, path := range []string{"/", "/index.html", "/api", "/api/v3/accounts"} {
		if got := a.Get(t, path); got.Status != 404 || !bytes.Contains(got.Body, []byte(`"requestId"`)) {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	for path, want := range map[string]string{"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ok","checks":{"database":"ok","documents":"ok"}}`} {
		if got := a.Get(t, path); got.Status != 200 || strings.TrimSpace(string(got.Body)) != want {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
}

// Readiness says when contents could not be kept.
func TestNotReady(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	if err := os.RemoveAll(filepath.Join(a.Data, "blobs")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.Data, "blobs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := a.Get(t, "/readyz")
	if got.Status != 503 || !bytes.Contains(got.Body, []byte(`"database":"ok","documents":"`)) {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

// Serve says where it is, answers, and ends in order; a second one is refused.
func TestServe(t *testing.T) {
	config := app.Config{
		Storage: app.Storage{Data: filepath.Join(t.TempDir(), "new"), SchemaPrefix: "dossier_"},
		Server:  app.Server{Listen: "127.0.0.1:0", Demo: true, QueryTimeout: time.Second, MaxConnections: 16, StopTimeout: time.Second},
	}
	world := app.World{Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	banner := &notice{said: make(chan string, 16)}
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, config, world, banner) }()
	text := ""
	for !strings.Contains(text, "X-Session-Key") {
		select {
		case s := <-banner.said:
			text += s
		case err := <-ended:
			t.Fatal(err)
		}
	}
	checkAddresses(t, text)
	if err := app.Serve(ctx, config, world, banner); fault.FieldOf(err) != "data" {
		t.Errorf("a second server: %v", err)
	}
	info, err := os.Stat(filepath.Join(config.Data, "demo-credentials.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials: %v, %v", info, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	config.Listen = "127.0.0.1:99999"
	if err := app.Serve(t.Context(), config, world, banner); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("an address that cannot be: %v", err)
	}
}

// checkAddresses asks every dialect for nothing in particular, at each of the addresses
// that the banner has for it: it is there when the answer is the dialect's own.
func checkAddresses(t *testing.T, banner string) {
	t.Helper()
	var found []string
	for line := range strings.Lines(banner) {
		words := strings.Fields(line)
		if len(words) == 0 || !strings.HasPrefix(line, "  ") || !strings.HasPrefix(words[len(words)-1], "http://") {
			continue
		}
		if len(words) == 2 {
			found = append(found, words[0])
		}
		url := words[len(words)-1] + "/none"
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "there is nothing at this address") {
			t.Errorf("%s: %s %s", url, res.Status, body)
		}
	}
	if diff := cmp.Diff(app.Dialects(), found); diff != "" {
		t.Errorf("dialects in the banner (-want +got):\n%s\n%s", diff, banner)
	}
}

// Paths of dialects may be set below those of others.
func TestAddressBelowAnother(t *testing.T) {
	a := apptest.New(t, apptest.Options{Config: func(c *app.Config) { c.WolkvoxPath = "/ecx/crm" }})
	for path, want := range map[string]string{
		"/ecx/crm/cases/insert.php":  `"code":`,
		"//ECX/CRM/cases/insert.php": `"code":`,
		"/ecx/crmx/none":             `"errorType":`,
		"/server/API/v2/x":           "there is nothing at this address",
	} {
		if got := a.Get(t, path); !bytes.Contains(got.Body, []byte(want)) {
			t.Errorf("%s: %d %s", path, got.Status, got.Body)
		}
	}
}

// notice passes on what is written.
type notice struct{ said chan string }

func (n *notice) Write(p []byte) (int, error) {
	n.said <- string(p)
	return len(p), nil
}
