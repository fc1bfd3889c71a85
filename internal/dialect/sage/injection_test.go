package sage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/resource"
)

// injections are texts that mean something to a database, to one of its functions
// or to something on the way to it. None is longer than 50 characters, so that it
// fits most fields.
var injections = []string{
	// out of a literal
	`'`, `'''`, `"`, "`", `\`, `\'`, `'\`, `O'Neill "x"`, `'||'`,
	`' OR '1'='1`, `') OR ('1'='1`, `" OR ""="`, `\' OR 1=1 --`, `1 OR 1=1`, `a' AND 1=0 #`,
	`'; DROP TABLE accounts; --`, `"; DROP TABLE "accounts"; --`, `1; DROP TABLE accounts`,
	`';UPDATE accounts SET deleted=1;--`, `');INSERT INTO users(id) VALUES(9);--`, `;COMMIT;VACUUM;`,
	// more than was asked for
	`' UNION SELECT value FROM secrets --`, `(SELECT name FROM sqlite_master)`, `(SELECT passwd FROM pg_shadow)`,
	`id) FROM accounts; --`, `CASE WHEN 1=1 THEN id END`,
	// functions and commands
	`pg_sleep(10)`, `'||pg_sleep(10)||'`, `randomblob(1000000000)`, `load_extension('x')`, `pg_read_file('/etc/passwd')`,
	`ATTACH DATABASE '/tmp/x' AS x`, `PRAGMA writable_schema=1`, `COPY accounts TO '/tmp/x'`,
	// names, comments, parameters, other ways to write a literal
	`id--`, `id/*`, `"id"`, `[id]`, `accounts.id`, `rowid`, `*`, `?1`, `$1`, `:a`, `$$`, `%s%d%n`, `${x}`, `X'27'`, `E'\047'`, `CHAR(39)`,
	// patterns, JSON and its paths
	`%`, `_`, `\%`, `%'%`, `$."a"`, `a"b`, `a]`, `{"a":1}`, `null`, `-1`, `1e309`, `NaN`,
	// characters
	"a\r\nb", "a\x1ab\x1fc", "a\u2028b", "\ufeffb", "\ufffd", "ʼ OR 1=1", "＇ OR 1=1", "e\u0301é", "İIıißſ", "𝄞", "\u202ea",
	strings.Repeat("'", 50), strings.Repeat("(", 50), strings.Repeat(`\`, 50),
	"a\x00b",
}

// leak is what only a database, its driver or this program would say. No
// injection contains it.
var leak = regexp.MustCompile(`SQLSTATE|sqlite3|SQL logic|no such (table|column|function)|near "|syntax error at or near|constraint failed|violates|pgconn|pgx|ERROR:|unrecognized token|malformed|invalid input syntax|goroutine \d|\.go:\d|panic`)

// injector sends injections and looks at the answers.
type injector struct {
	*apptest.App
	t   *testing.T
	log *lockedBuffer
}

// lockedBuffer is written by the server while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) errors() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.b.String()) {
		if strings.Contains(line, "level=ERROR") {
			lines = append(lines, line)
		}
	}
	return lines
}

// send sends one request and checks that its answer tells nothing and blames
// nobody but the client.
func (in *injector) send(method, target string, body any, change ...func(http.Header)) apptest.Answer {
	in.t.Helper()
	a := in.Do(in.t, method, target, body, change...)
	if a.Status >= 500 {
		in.t.Errorf("%s %s %.200v: %d %s", method, target, body, a.Status, a.Body)
	}
	if a.Status >= 400 && leak.Match(a.Body) {
		in.t.Errorf("%s %s %.200v tells too much: %s", method, target, body, a.Body)
	}
	return a
}

// rows reads a list that must be there.
func (in *injector) rows(target string) (rows []map[string]any) {
	in.t.Helper()
	a := in.send("GET", target, nil, func(h http.Header) { h.Set("Count", "1000") })
	if a.Status != http.StatusOK {
		in.t.Fatalf("GET %s: %d %s", target, a.Status, a.Body)
	}
	a.JSON(in.t, &rows)
	return rows
}

// quoted is a literal of the where language.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// TestInjection puts texts that mean something to a database wherever a client can
// put a text. They must be data there: never run, never a failure of the server,
// and the same bytes when they are read again.
func TestInjection(t *testing.T) {
	apptest.Databases(t, func(t *testing.T, db apptest.Database) {
		log := &lockedBuffer{}
		in := &injector{apptest.New(t, apptest.Options{Database: db, Log: log}), t, log}
		in.populate()

		before := in.state()
		in.read()
		if diff := cmp.Diff(before, in.state()); diff != "" {
			t.Errorf("reading has changed the database (-before +after):\n%s", diff)
		}
		in.write()
		for name, rows := range in.state() {
			if rows < before[name] || before[name] < 0 != (rows < 0) {
				t.Errorf("%s had %d rows and has %d", name, before[name], rows)
			}
		}
		if lines := log.errors(); len(lines) > 0 {
			t.Errorf("the server has noted errors of its own:\n%s", strings.Join(lines, ""))
		}
	})
}

// populate makes some records to be attacked, and extra fields of every type.
func (in *injector) populate() {
	in.t.Helper()
	for _, kind := range []string{"text", "datetime", "decimal", "int", "bit"} {
		in.mustCreate("/extrafields/accounts", map[string]any{"fieldName": "Z_" + kind, "type": kind, "length": 6000})
	}
	for _, kind := range []string{"list", "multivalue"} {
		in.mustCreate("/extrafields/accounts", map[string]any{"fieldName": "Z_" + kind, "type": kind, "valueListRelated": "accountTypes"})
	}
	in.mustCreate("/accountTypes", map[string]any{"descriptionEN": "Customer"})
	for i := range 3 {
		in.mustCreate("/accounts", map[string]any{"name": fmt.Sprint("Account ", i), "salesRepId1": in.Admin, "typeId": 1, "Z_text": "x"})
	}
	in.mustCreate("/contacts", map[string]any{"firstName": "A", "lastName": "B", "accountId": 1})
}

func (in *injector) mustCreate(path string, body any) int64 {
	in.t.Helper()
	a := in.send("POST", "/api/v4"+path, body)
	var got struct{ ID int64 }
	if a.Status != http.StatusOK {
		in.t.Fatalf("POST %s %v: %d %s", path, body, a.Status, a.Body)
	}
	a.JSON(in.t, &got)
	return got.ID
}

// read tries every place of requests that change nothing.
func (in *injector) read() {
	in.t.Helper()
	for _, p := range injections {
		// where: as it is, and in every place of a comparison that is well-formed.
		for _, where := range []string{
			p, "id=" + p, p + "=1", "name=" + p, "name='" + p + "'", "name=" + quoted(p), "name LIKE " + quoted(p), "name LIKE " + quoted("%"+p+"%"),
			"comment LIKE " + quoted("%"+p), "comment<" + quoted(p), "name IN ('a'," + quoted(p) + ")", "name NOT IN (" + quoted(p) + ")", "name BETWEEN " + quoted(p) + " AND 'z'",
			"id=" + quoted(p), "latitude>" + quoted(p), "deleted=" + quoted(p), "dateCreated>" + quoted(p), "typeId=" + quoted(p), "typeId.value=" + quoted(p),
			"typeId.descriptionEN LIKE " + quoted("%"+p+"%"), "typeId." + p + "=1", "typeId.id " + p + " 1", "id=1 " + p + " id=2", "(id=1) " + p, "NOT " + p,
			"Z_text=" + quoted(p), "Z_text LIKE " + quoted("%"+p+"%"), "Z_text IN (" + quoted(p) + ")", "Z_int=" + quoted(p), "Z_decimal<" + quoted(p), "Z_datetime>" + quoted(p),
			"Z_bit=" + quoted(p), "Z_list=" + quoted(p), "Z_list.value=" + quoted(p), "Z_multivalue=" + quoted(p), "Z_" + p + "=1",
		} {
			in.send("GET", "/api/v4/accounts?where="+url.QueryEscape(where), nil)
		}
		in.send("GET", "/api/v4/contacts?where="+url.QueryEscape("accountId.typeId.value LIKE "+quoted(p)), nil)
		in.send("GET", "/api/v4/documents?where="+url.QueryEscape("description="+quoted(p)), nil)
		in.send("GET", "/api/v4/accounts/1/documents?where="+url.QueryEscape(p), nil)
		in.send("GET", "/api/v4/documents/folders?where="+url.QueryEscape(p), nil)
		in.send("GET", "/api/v4/extrafields/accounts?where="+url.QueryEscape("fieldName="+quoted(p)), nil)

		for _, query := range []string{
			"order=%s", "order=name%%20%s", "order=%s%%20DESC", "order=name,%s", "order=typeId.%s", "order=Z_%s",
			"page=%s", "lang=%s", "%s=1", "where=id%%3D1&order=%s", "order=id&page=%s",
		} {
			in.send("GET", "/api/v4/accounts?"+fmt.Sprintf(query, url.QueryEscape(p)), nil)
		}
		for _, path := range []string{
			"/%s", "/%s/1", "/accounts/%s", "/%s/schema", "/accounts/%s/documents", "/%s/1/documents", "/accounts/1/documents/%s",
			"/documents/%s", "/documents/folders/%s", "/extrafields/%s", "/extrafields/%s/schema", "/list/%s", "/list/%s/1", "/list/accountTypes/%s", "/list/%s/schema",
			"/download/%s", "/a/b/c/%s/d", "/accounts%s",
		} {
			in.send("GET", "/api/v4"+fmt.Sprintf(path, url.PathEscape(p)), nil)
		}
		for _, path := range []string{"/upload/%s", "/download/%s", "/%s"} {
			in.send("PUT", fmt.Sprintf(path, url.PathEscape(p)), "x")
			in.send("GET", fmt.Sprintf(path, url.PathEscape(p)), nil)
		}
		if isHeaderValue(p) {
			for _, name := range []string{
				"X-Session-Key", "Count", "X-FM-Entity-Count", "X-FM-Page", "ExtraFieldDescription", "X-FM-API-Version", "X-Request-Id",
				"Content-Type", "Accept-Language", "Authorization", "Cookie", "User-Agent", "Origin", "Range", "If-None-Match", "X-Forwarded-For",
			} {
				in.send("GET", "/api/v4/accounts", nil, func(h http.Header) { h.Set(name, p) })
			}
		}
		in.login(p)
	}
}

// isHeaderValue reports whether HTTP lets a text be the value of a header.
func isHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) && strings.TrimSpace(s) == s
}

// login tries both members. No text may get in, or be answered in another way than
// any other.
func (in *injector) login(p string) {
	in.t.Helper()
	for _, body := range []map[string]any{
		{"username": p, "password": "x"}, {"username": in.Key.PublicID, "password": p}, {"username": p, "password": p}, {p: "x", "username": "x", "password": "x"},
	} {
		in.Clock.Advance(24 * time.Hour) // so that earlier ones do not slow it down
		a := in.send("POST", "/api/v4/login", body)
		if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest && a.Status != http.StatusTooManyRequests {
			in.t.Errorf("login with %q: %d %s", body, a.Status, a.Body)
		}
	}
	// The session has expired with that.
	token, err := in.Auth.Login(in.t.Context(), "sage", in.Key.PublicID, in.Key.Secret, "192.0.2.1")
	if err != nil {
		in.t.Fatal(err)
	}
	in.Token = token
}

// textFields are the fields of accounts that take any text.
func textFields(t *testing.T) (fields []*resource.Field) {
	t.Helper()
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	res := registry.Resource("accounts")
	for i := range res.Fields {
		if f := &res.Fields[i]; f.Kind == resource.Text && !f.ReadOnly && !f.Internal {
			fields = append(fields, f)
		}
	}
	return fields
}

// write stores every injection in every text field, alone, by update and in bulk,
// and expects the same bytes back, and tries them where they cannot be stored.
func (in *injector) write() {
	in.t.Helper()
	fields := textFields(in.t)
	for i, p := range injections {
		values := map[string]any{"Z_text": p}
		for _, f := range fields {
			if n := len([]rune(p)); f.MaxLength == 0 || n <= f.MaxLength {
				values[f.Name] = p
			}
		}
		body := maps.Clone(values)
		body["salesRepId1"] = in.Admin
		if values["name"] == nil || strings.TrimSpace(p) == "" {
			in.t.Fatalf("%q cannot be a name", p)
		}
		if strings.ContainsRune(p, 0) { // which PostgreSQL cannot store, and so no one does
			if a := in.send("POST", "/api/v4/accounts", body); a.Status != http.StatusBadRequest {
				in.t.Errorf("%q is taken: %d %s", p, a.Status, a.Body)
			}
			continue
		}
		id := in.mustCreate("/accounts", body)
		in.expect(id, values)

		// The same by update, on top of something else.
		other := in.mustCreate("/accounts", map[string]any{"name": "other", "salesRepId1": in.Admin, "Z_text": "other"})
		delete(values, "extId")
		if a := in.send("PUT", fmt.Sprint("/api/v4/accounts/", other), values); a.Status != http.StatusOK {
			in.t.Fatalf("updating with %q: %d %s", p, a.Status, a.Body)
		}
		in.expect(other, values)
		in.find(p, id, other)
		in.bulk(p, values)
		in.misfit(p, other)
		in.declare(p, i)
		in.documents(p)
	}
}

// expect reads a record back.
func (in *injector) expect(id int64, values map[string]any) {
	in.t.Helper()
	var row map[string]any
	in.send("GET", fmt.Sprint("/api/v4/accounts/", id), nil).JSON(in.t, &row)
	for name, want := range values {
		if row[name] != want {
			in.t.Errorf("%s of account %d is %q, want %q", name, id, row[name], want)
		}
	}
}

// find looks for the records that have p in their name and extra field.
func (in *injector) find(p string, ids ...int64) {
	in.t.Helper()
	fold := resource.Fold(p)
	for _, field := range []string{"name", "comment", "Z_text"} {
		for _, where := range []string{field + "=" + quoted(p), field + " LIKE " + quoted(p), field + " IN (" + quoted(p) + ",'nothing')", field + " LIKE " + quoted("%"+p+"%")} {
			pattern := strings.Contains(where, " LIKE ")
			var found []int64
			for _, row := range in.rows("/api/v4/accounts?where=" + url.QueryEscape(where)) {
				id, err := strconv.ParseInt(fmt.Sprint(row["id"]), 10, 64)
				if err != nil {
					in.t.Fatal(err)
				}
				found = append(found, id)
				text, _ := row[field].(string)
				if !pattern && resource.Fold(text) != fold {
					in.t.Errorf("where=%s finds %q", where, text)
				}
			}
			for _, id := range ids {
				if !slices.Contains(found, id) {
					in.t.Errorf("where=%s finds %v, but not %d", where, found, id)
				}
			}
		}
	}
}

// bulk sends p as every part of an item.
func (in *injector) bulk(p string, values map[string]any) {
	in.t.Helper()
	good := maps.Clone(values)
	good["salesRepId1"] = in.Admin
	items := []map[string]any{
		{"guid": p, "data": good}, {"guid": p, "data": map[string]any{"name": 1, p: p}}, {"guid": "2", p: p}, {"guid": "3", "data": p}, {"guid": "4", "id": p, "data": good},
	}
	a := in.send("POST", "/api/v4/accounts/bulk", items)
	var got []struct {
		GUID any
		ID   int64
		Code int
	}
	if a.JSON(in.t, &got); len(got) != len(items) || got[0].Code != 1 || got[0].GUID != p || got[1].Code == 1 || got[1].GUID != p {
		in.t.Fatalf("bulk with %q: %d %s", p, a.Status, a.Body)
	}
	in.expect(got[0].ID, values)
	in.send("PUT", "/api/v4/accounts/bulk", []map[string]any{{"guid": p, "id": got[0].ID, "data": values}, {"guid": p, "id": p, "data": values}})
	in.expect(got[0].ID, values)
	in.send("DELETE", "/api/v4/accounts/bulk", []map[string]any{{"guid": p, "id": p}, {"guid": p, "id": p + "1"}})
	in.send("POST", "/api/v4/"+url.PathEscape(p)+"/bulk", items)
}

// misfit sends p where something else belongs, or as a name.
func (in *injector) misfit(p string, id int64) {
	in.t.Helper()
	for _, name := range []string{
		"latitude", "geocodingAccuracy", "deleted", "public", "dateGeocoded", "permissionLevel", "id", "salesRepId2", "typeId", "countryId",
		"Z_datetime", "Z_decimal", "Z_int", "Z_bit", "Z_list", "Z_multivalue", "Z_nothing", p,
	} {
		for _, value := range []any{p, map[string]any{"id": p}, map[string]any{"value": p}, map[string]any{p: p}, []any{p}, []any{map[string]any{"id": p}}} {
			in.send("PUT", fmt.Sprint("/api/v4/accounts/", id), map[string]any{name: value})
		}
	}
	in.send("POST", "/api/v4/accountTypes", map[string]any{"descriptionEN": p, "branchVisibility": []any{p}})
	in.send("PUT", "/api/v4/accounts/"+url.PathEscape(p), map[string]any{"name": p})
	in.send("PUT", "/api/v4/"+url.PathEscape(p)+"/1", map[string]any{"name": p})
	in.send("DELETE", "/api/v4/accounts/"+url.PathEscape(p), nil)
	in.send("POST", "/api/v4/"+url.PathEscape(p), map[string]any{"name": p})
	in.send(http.MethodPatch, "/api/v4/accounts/"+url.PathEscape(p), p)
	in.send("POST", "/api/v4/accounts", p)
}

// declare declares extra fields with p in every place. One that is taken must work.
func (in *injector) declare(p string, n int) {
	in.t.Helper()
	for _, body := range []map[string]any{
		{"fieldName": p, "type": "text"}, {"fieldName": "Z_" + p, "type": "int"}, {"fieldName": "Z_a", "type": p},
		{"fieldName": "Z_b", "type": "list", "valueListRelated": p}, {"fieldName": "Z_c", "type": "text", "length": p}, {"fieldName": "Z_d", "type": "text", "entity": p, p: p},
		{"fieldName": fmt.Sprint("Z_good", n), "type": "text", "searchable": true, "description": p, "descriptionEN": p, "defaultValue": p, "dependenceField": p, "dynamicField": p, "dynamicFieldValues": p, "branches": []any{p}},
	} {
		if a := in.send("POST", "/api/v4/extrafields/contacts", body); a.Status == http.StatusOK {
			name := body["fieldName"].(string)
			if !strings.HasPrefix(name, "Z_") {
				name = "Z_" + name
			}
			in.rows("/api/v4/contacts?where=" + url.QueryEscape(name+" IS NULL") + "&order=" + url.QueryEscape(name))
		}
	}
	in.send("POST", "/api/v4/extrafields/"+url.PathEscape(p), map[string]any{"fieldName": "Z_x", "type": "text"})
	in.rows("/api/v4/extrafields/contacts")
	in.rows("/api/v4/contacts")
}

// documents names documents and folders p, and reads their names back.
func (in *injector) documents(p string) {
	in.t.Helper()
	for _, path := range []string{"/documents/folders", "/accounts/1/documents/folders"} {
		in.send("POST", "/api/v4"+path, map[string]any{"name": p, "folderId": p})
		in.send("POST", "/api/v4"+path, map[string]any{"name": p, "level": p, "restrictSucursales": p})
		id := in.mustCreate(path, map[string]any{"name": p, p: p})
		in.named("/api/v4"+path+"?where="+url.QueryEscape(fmt.Sprint("id=", id)), "name", p)
	}
	for _, path := range []string{"/documents", "/accounts/1/documents"} {
		in.send("POST", "/api/v4"+path, map[string]any{"name": p, "folderId": p, "level": p, "isCarrousel": p})
		a := in.send("POST", "/api/v4"+path, map[string]any{"name": p + ".txt", "extId": p, p: p})
		var ticket struct {
			ID      json.Number
			Locator string
		}
		if a.JSON(in.t, &ticket); a.Status != http.StatusOK {
			in.t.Fatalf("a document called %q: %d %s", p, a.Status, a.Body)
		}
		if a := in.send("PUT", ticket.Locator, p, func(h http.Header) { h.Del("X-Session-Key") }); a.Status != http.StatusOK {
			in.t.Fatalf("uploading %q: %d %s", p, a.Status, a.Body)
		}
		row := in.named("/api/v4"+path+"?where="+url.QueryEscape("id="+ticket.ID.String()), "description", p+".txt")
		if row["extId"] != p {
			in.t.Errorf("extId of a document is %q, want %q", row["extId"], p)
		}
		link, _ := row["link"].(string)
		if a := in.Get(in.t, link); a.Status != http.StatusOK || string(a.Body) != p {
			in.t.Errorf("the document called %q: %d %q", p, a.Status, a.Body)
		}
	}
}

// unsafeInNames are the characters that names of files do not have here.
var unsafeInNames = regexp.MustCompile(`[/\\\x{fffd}\x{0000}-\x{001f}\x{007f}-\x{009f}\x{2028}\x{2029}\x{061c}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}]`)

// named expects one row whose field is name, made safe.
func (in *injector) named(target, field, name string) map[string]any {
	in.t.Helper()
	rows := in.rows(target)
	want := strings.TrimSpace(unsafeInNames.ReplaceAllString(strings.TrimSpace(name), "_"))
	if len(rows) != 1 || rows[0][field] != want {
		in.t.Fatalf("GET %s: %v; want one called %q", target, rows, want)
	}
	return rows[0]
}

// state is every table with its number of rows, and every other object with -1.
func (in *injector) state() map[string]int {
	in.t.Helper()
	if in.Config.Database == "" {
		return in.sqliteState()
	}
	return in.postgresState()
}

func (in *injector) sqliteState() map[string]int {
	in.t.Helper()
	state := map[string]int{}
	for _, name := range []string{"system.db", filepath.Join("workspaces", in.Workspace+".db")} {
		db, err := sqlite3.OpenFlags(filepath.Join(in.Config.Data, name), sqlite3.OPEN_READONLY)
		if err != nil {
			in.t.Fatal(err)
		}
		defer db.Close()
		var tables []string
		in.query(db, `SELECT type, name, sql FROM sqlite_schema`, func(row *sqlite3.Stmt) {
			state[name+": "+row.ColumnText(0)+" "+row.ColumnText(1)+" "+row.ColumnText(2)] = -1
			if row.ColumnText(0) == "table" && !strings.Contains(row.ColumnText(1), "_trigrams") { // those are no rows of ours
				tables = append(tables, row.ColumnText(1))
			}
		})
		for _, table := range tables {
			in.query(db, `SELECT count(*) FROM "`+table+`"`, func(row *sqlite3.Stmt) { state[name+": "+table] = row.ColumnInt(0) })
		}
	}
	return state
}

func (in *injector) query(db *sqlite3.Conn, sql string, fn func(*sqlite3.Stmt)) {
	in.t.Helper()
	stmt, _, err := db.Prepare(sql)
	if err != nil {
		in.t.Fatalf("%s: %v", sql, err)
	}
	defer stmt.Close()
	for stmt.Step() {
		fn(stmt)
	}
	if err := stmt.Err(); err != nil {
		in.t.Fatalf("%s: %v", sql, err)
	}
}

func (in *injector) postgresState() map[string]int {
	in.t.Helper()
	ctx := context.Background()
	db, err := pgconn.Connect(ctx, in.Config.Database)
	if err != nil {
		in.t.Fatal(err)
	}
	defer db.Close(ctx)
	query := func(sql string) [][][]byte {
		in.t.Helper()
		results, err := db.Exec(ctx, sql).ReadAll()
		if err != nil {
			in.t.Fatalf("%s: %v", sql, err)
		}
		return results[0].Rows
	}
	state := map[string]int{}
	prefix := in.Config.SchemaPrefix
	for _, row := range query(`SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns WHERE starts_with(table_schema, '` + prefix + `')
		UNION ALL SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes WHERE starts_with(schemaname, '` + prefix + `')`) {
		state[string(bytes.Join(row, []byte(" ")))] = -1
	}
	for _, row := range query(`SELECT schemaname, tablename FROM pg_tables WHERE starts_with(schemaname, '` + prefix + `')`) {
		count := query(`SELECT count(*) FROM "` + string(row[0]) + `"."` + string(row[1]) + `"`)
		n, err := strconv.Atoi(string(count[0][0]))
		if err != nil {
			in.t.Fatal(err)
		}
		state[string(row[0])+": "+string(row[1])] = n
	}
	if len(state) == 0 {
		in.t.Fatal("no tables are seen")
	}
	return state
}
