package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/storetest"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// TestSchemaGolden shows the DDL of the declared resources in review.
func TestSchemaGolden(t *testing.T) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	for name, flavor := range map[string]store.Flavor{"sqlite": store.SQLite, "postgres": store.PostgreSQL} {
		got, err := store.Schema(flavor, reg)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "schema."+name+".sql")
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", path, diff)
		}
	}
}

// engines runs a test on a place for a database on each engine that is there.
func engines(t *testing.T, test func(t *testing.T, open func() store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "workspace.db")
		test(t, func() store.DB { return sqliteDB(t, path) })
	})
	t.Run("postgres", func(t *testing.T) {
		db := postgresDB(t, testenv.Postgres(t))
		test(t, func() store.DB { return db })
	})
}

// spy counts what is asked of a database, and can make it fail.
type spy struct {
	store.DB
	statements []string
	writes     int
	failAfter  int // writes; 0 = never
}

type spyConn struct {
	store.Conn
	spy *spy
}

var errCrash = errors.New("crash")

func (d *spy) Read(ctx context.Context, fn func(store.Conn) error) error {
	return d.DB.Read(ctx, func(c store.Conn) error { return fn(spyConn{c, d}) })
}

func (d *spy) ReadOne(ctx context.Context, fn func(store.Conn) error) error {
	return d.DB.ReadOne(ctx, func(c store.Conn) error { return fn(spyConn{c, d}) })
}

func (d *spy) Write(ctx context.Context, fn func(store.Conn) error) error {
	if d.writes++; d.failAfter > 0 && d.writes > d.failAfter {
		return errCrash
	}
	return d.DB.Write(ctx, func(c store.Conn) error { return fn(spyConn{c, d}) })
}

// Trigrams passes on what PostgreSQL's driver says.
func (d *spy) Trigrams() string {
	if pg, ok := d.DB.(interface{ Trigrams() string }); ok {
		return pg.Trigrams()
	}
	return "fts5"
}

func (c spyConn) Query(ctx context.Context, sql string, args []store.Arg, row func(store.Row) error) error {
	c.spy.statements = append(c.spy.statements, sql)
	return c.Conn.Query(ctx, sql, args, row)
}

func (c spyConn) Exec(ctx context.Context, sql string, args []store.Arg) (int64, error) {
	c.spy.statements = append(c.spy.statements, sql)
	return c.Conn.Exec(ctx, sql, args)
}

func (c spyConn) Script(ctx context.Context, sql string) error {
	c.spy.statements = append(c.spy.statements, sql)
	return c.Conn.Script(ctx, sql)
}

func TestOpeningAgainCostsOneQuery(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		newStore(t, db, reg, store.Options{})
		s := &spy{DB: db}
		newStore(t, s, reg, store.Options{})
		if len(s.statements) != 1 || s.writes != 0 {
			t.Errorf("%d writes, statements %q", s.writes, s.statements)
		}
	})
}

// A field that has become another kind is not read as what it was: without a migration
// the database is refused, and left as it is.
func TestAChangedColumnIsRefused(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		newStore(t, db, reg, store.Options{})
		var all []resource.Resource
		for _, res := range reg.All() {
			copied := *res
			copied.Fields = slices.Clone(res.Fields)
			for i := range copied.Fields {
				if f := &copied.Fields[i]; res.Name == "accounts" && f.Name == "city" {
					*f = resource.Field{Name: f.Name, Kind: resource.Integer}
				}
			}
			all = append(all, copied)
		}
		changed, err := resource.New(all...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.New(t.Context(), db, changed, store.Options{})
		if err == nil || !strings.Contains(err.Error(), "accounts.city holds text") {
			t.Errorf("got %v", err)
		}
		spied := &spy{DB: db}
		newStore(t, spied, reg, store.Options{})
		if spied.writes != 0 {
			t.Errorf("it was changed: %q", spied.statements)
		}
	})
}

// grown is the registry of storetest with more in it: a resource, fields,
// searchable and indexed ones among them.
func grown(t *testing.T) *resource.Registry {
	var all []resource.Resource
	for _, res := range storetest.Registry(t).All() {
		copied := *res
		copied.Fields = slices.Clone(res.Fields)
		if res.Name == "users" {
			copied.Fields = append(copied.Fields,
				resource.Field{Name: "nick", Key: true, Search: true},
				resource.Field{Name: "teamId", Kind: resource.Ref, Table: "teams"})
			copied.Indexes = []resource.Index{{Fields: []string{"teamId"}, Why: "the members of a team"}}
		}
		if res.Name == "accounts" {
			for i := range copied.Fields {
				if copied.Fields[i].Name == "city" {
					copied.Fields[i].Key, copied.Fields[i].Search = true, true
				}
			}
		}
		all = append(all, copied)
	}
	all = append(all, resource.Resource{Name: "teams", Title: []string{"name"}, Fields: []resource.Field{{Name: "id", Kind: resource.Integer}, {Name: "name"}}})
	reg, err := resource.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func insert(t *testing.T, s *store.Store, res *resource.Resource, values map[string]resource.Value) int64 {
	t.Helper()
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for name, v := range values {
		rec.Values[res.Field(name).Index] = v
	}
	if err := s.Write(t.Context(), func(tx crm.Tx) error { return tx.Insert(t.Context(), res, rec) }); err != nil {
		t.Fatal(err)
	}
	return rec.ID
}

func find(t *testing.T, s *store.Store, reg *resource.Registry, table, where string) []int64 {
	t.Helper()
	cat, err := reg.With(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := filter.Where(cat, cat.Resource(table), where)
	if err != nil {
		t.Fatal(err)
	}
	var p crm.Page
	if err := s.List(t.Context(), crm.Query{Resource: cat.Resource(table), Where: e, Limit: 1000}, &p); err != nil {
		t.Fatal(err)
	}
	ids := []int64{}
	for _, k := range p.Keys {
		ids = append(ids, k.ID)
	}
	return ids
}

func TestWhatIsMissingIsAdded(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, old := open(), storetest.Registry(t)
		s := newStore(t, db, old, store.Options{})
		insert(t, s, old.Resource("users"), map[string]resource.Value{"name": resource.TextValue("Ada"), "lastName": resource.TextValue("LOVELACE")})
		insert(t, s, old.Resource("accounts"), map[string]resource.Value{"city": resource.TextValue("CÓRDOBA")})

		reg := grown(t)
		s = newStore(t, db, reg, store.Options{})
		if got := find(t, s, reg, "users", "lastName='lovelace' AND name LIKE '%da%' AND nick IS NULL"); !slices.Equal(got, []int64{1}) {
			t.Errorf("the old record: %v", got)
		}
		for _, where := range []string{"city='córdoba'", "city LIKE '%órdob%'"} {
			if got := find(t, s, reg, "accounts", where); !slices.Equal(got, []int64{1}) {
				t.Errorf("%s: %v", where, got)
			}
		}
		team := insert(t, s, reg.Resource("teams"), map[string]resource.Value{"name": resource.TextValue("x")})
		insert(t, s, reg.Resource("users"), map[string]resource.Value{"nick": resource.TextValue("Countess"), "teamId": resource.IntValue(team)})
		if got := find(t, s, reg, "users", "nick LIKE '%ntess' AND teamId.name='X'"); !slices.Equal(got, []int64{2}) {
			t.Errorf("the new record: %v", got)
		}

		spied := &spy{DB: db}
		newStore(t, spied, reg, store.Options{})
		if spied.writes != 0 {
			t.Errorf("opening again changes something: %q", spied.statements)
		}
		// An older program may still open the database; what it does not know
		// stays.
		s = newStore(t, db, old, store.Options{})
		insert(t, s, old.Resource("users"), map[string]resource.Value{"name": resource.TextValue("Bob")})
		s = newStore(t, db, reg, store.Options{})
		if got := find(t, s, reg, "users", "nick='countess'"); !slices.Equal(got, []int64{2}) {
			t.Errorf("after an older program: %v", got)
		}
	})
}

func TestWhatEarlierVersionsMadeGoes(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		if db.Flavor() != store.SQLite {
			return // only SQLite had a trigger for new rows
		}
		newStore(t, db, reg, store.Options{})
		err := db.Write(t.Context(), func(c store.Conn) error {
			return c.Script(t.Context(), `CREATE TRIGGER "users_trigrams_insert" AFTER INSERT ON "users" BEGIN SELECT RAISE(ABORT, 'still there'); END;
				UPDATE "_meta" SET "fingerprint" = 'of an earlier version'`)
		})
		if err != nil {
			t.Fatal(err)
		}
		s := newStore(t, db, reg, store.Options{})
		insert(t, s, reg.Resource("users"), map[string]resource.Value{"name": resource.TextValue("Ada")})
	})
}

func TestNewColumnsStandWhereALaterSchemaHasThem(t *testing.T) {
	// Positions differ between a table that grew and one made at once; nothing
	// may depend on them.
	engines(t, func(t *testing.T, open func() store.DB) {
		db := open()
		newStore(t, db, storetest.Registry(t), store.Options{})
		reg := grown(t)
		s := newStore(t, db, reg, store.Options{})
		users := reg.Resource("users")
		id := insert(t, s, users, map[string]resource.Value{"name": resource.TextValue("a"), "lastName": resource.TextValue("b"), "nick": resource.TextValue("c")})
		var p crm.Page
		if err := s.Load(t.Context(), users, []int64{id}, &p); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"name": "a", "lastName": "b", "nick": "c"} {
			if got := p.Rows[0].Values[users.Field(name).Index].S; got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
	})
}

func TestALoadThatIsCutOffIsMended(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		newStore(t, db, reg, store.Options{})
		users := reg.Resource("users")
		s := newStore(t, &spy{DB: db, failAfter: 1}, reg, store.Options{}) // the rows get in, the indexes do not come back
		err := s.BulkLoad(t.Context(), func(add func(*resource.Resource, ...*resource.Record) error) error {
			rec := &resource.Record{Values: make([]resource.Value, len(users.Fields))}
			rec.Values[users.Field("name").Index] = resource.TextValue("Grace")
			return add(users, rec)
		})
		if !errors.Is(err, errCrash) {
			t.Fatalf("got %v", err)
		}
		mended := &spy{DB: db}
		s = newStore(t, mended, reg, store.Options{})
		if mended.writes != 1 {
			t.Errorf("%d writes", mended.writes)
		}
		if got := find(t, s, reg, "users", "name LIKE '%grac%'"); !slices.Equal(got, []int64{1}) {
			t.Errorf("got %v", got)
		}
		if id := insert(t, s, users, map[string]resource.Value{"name": resource.TextValue("Grace II")}); id != 2 {
			t.Errorf("the next id is %d", id)
		}
		if got := find(t, s, reg, "users", "name LIKE '%grac%'"); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("got %v", got)
		}
	})
}

func TestALoadThatIsGivenUpIsMended(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		s := newStore(t, db, reg, store.Options{})
		users := reg.Resource("users")
		rec := &resource.Record{Values: make([]resource.Value, len(users.Fields))}
		rec.Values[users.Field("name").Index] = resource.TextValue("Grace")
		insert(t, s, users, map[string]resource.Value{"name": resource.TextValue("Ada")})

		ctx, cancel := context.WithCancel(t.Context())
		err := s.BulkLoad(ctx, func(add func(*resource.Resource, ...*resource.Record) error) error {
			cancel()
			return add(users, rec)
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if got := find(t, s, reg, "users", "name LIKE '%ada%'"); !slices.Equal(got, []int64{1}) {
			t.Errorf("got %v", got)
		}
		spied := &spy{DB: db}
		newStore(t, spied, reg, store.Options{})
		if spied.writes != 0 {
			t.Errorf("something was left to be made: %q", spied.statements)
		}
	})
}

func TestALaterDatabaseIsRefused(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		db, reg := open(), storetest.Registry(t)
		newStore(t, db, reg, store.Options{})
		err := db.Write(t.Context(), func(c store.Conn) error {
			_, err := c.Exec(t.Context(), `UPDATE "_meta" SET "migration" = 99`, nil)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.New(t.Context(), db, reg, store.Options{}); err == nil || !strings.Contains(err.Error(), "later version") {
			t.Errorf("got %v", err)
		}
	})
}

func TestDeclarationsThatAreNoTables(t *testing.T) {
	text := func(names ...string) (fields []resource.Field) {
		for _, n := range names {
			fields = append(fields, resource.Field{Name: n, Key: true})
		}
		return append(fields, resource.Field{Name: "id", Kind: resource.Integer})
	}
	for _, c := range []struct {
		res  resource.Resource
		want string
	}{
		{resource.Resource{Name: "_meta", Title: []string{"id"}, Fields: text()}, "not a name for a table"},
		{resource.Resource{Name: strings.Repeat("x", 60), Title: []string{"id"}, Fields: text()}, "not a name for a table"},
		{resource.Resource{Name: "a", Title: []string{"id"}, Fields: text("_version")}, "not a name for a column"},
		{resource.Resource{Name: "a", Title: []string{"id"}, Fields: text("name", "name_KEY")}, "is taken by"},
		{resource.Resource{Name: "a", Title: []string{"id"}, Fields: text(strings.Repeat("x", 60))}, "longer than"},
		{resource.Resource{Name: "a", Title: []string{"on"}, Fields: append(text(), resource.Field{Name: "on", Kind: resource.Instant})}, "title cannot be made of"},
	} {
		reg, err := resource.New(c.res)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.New(t.Context(), sqliteDB(t, filepath.Join(t.TempDir(), "x.db")), reg, store.Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.res.Name, err, c.want)
		}
	}
}

func TestNamesInEveryLetterCaseAndLength(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		long := strings.Repeat("Long", 12) // with index names beyond PostgreSQL's limit
		reg, err := resource.New(resource.Resource{
			Name: "Order", Title: []string{"Select"},
			Fields: []resource.Field{
				{Name: "id", Kind: resource.Integer}, {Name: "Select", Key: true, Search: true}, {Name: "group", Kind: resource.Integer},
				{Name: long, Key: true, Search: true}, {Name: long + "2", Key: true, Search: true}, {Name: "a\"b", Key: true},
				{Name: long + "Id", Kind: resource.Ref, Table: "Order"},
			},
			Indexes: []resource.Index{{Fields: []string{"group", long}}, {Fields: []string{"group", long + "2"}}, {Fields: []string{long + "Id", "group"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := newStore(t, open(), reg, store.Options{})
		res := reg.Resource("order")
		id := insert(t, s, res, map[string]resource.Value{"select": resource.TextValue("FROM"), long: resource.TextValue("x"), "a\"b": resource.TextValue("y"), "group": resource.IntValue(3)})
		if got := find(t, s, reg, "Order", fmt.Sprintf("SELECT LIKE '%%rom%%' AND group=3 AND %s='X'", long)); !slices.Equal(got, []int64{id}) {
			t.Errorf("got %v", got)
		}
	})
}

// TestTrigramsAreSound changes rows so often that they move to the trigram table
// many times, and then asks the engine whether all is well.
func TestTrigramsAreSound(t *testing.T) {
	db, reg := sqliteDB(t, filepath.Join(t.TempDir(), "workspace.db")), storetest.Registry(t)
	s := newStore(t, db, reg, store.Options{})
	users := reg.Resource("users")
	name := users.Field("name")
	for i := range 300 {
		insert(t, s, users, map[string]resource.Value{"name": resource.TextValue(fmt.Sprintf("before %d", i))})
	}
	failed := errors.New("failed")
	for i := range int64(600) {
		err := s.Write(t.Context(), func(tx crm.Tx) error {
			_, err := tx.Update(t.Context(), users, 1+i%200, []crm.Assignment{{Field: name, Value: resource.TextValue(fmt.Sprintf("after %d", i))}})
			if i%7 == 0 {
				return failed
			}
			return err
		})
		if err != nil && !errors.Is(err, failed) {
			t.Fatal(err)
		}
	}
	for where, want := range map[string]int{"name LIKE '%before%'": 100, "name LIKE '%after%'": 200, "name LIKE '%fter 599%'": 1, "name LIKE '%fter 100%'": 0} {
		if got := find(t, s, reg, "users", where); len(got) != want {
			t.Errorf("%s: %d rows, want %d", where, len(got), want)
		}
	}
	waiting := int64(-1)
	err := db.Write(t.Context(), func(c store.Conn) error {
		if err := c.Script(t.Context(), `INSERT INTO "users_trigrams" ("users_trigrams") VALUES ('integrity-check')`); err != nil {
			return err
		}
		for _, check := range []string{"PRAGMA integrity_check", "PRAGMA foreign_key_check"} {
			err := c.Query(t.Context(), check, nil, func(r store.Row) error {
				if got := string(r.Bytes(0)); got != "ok" {
					t.Errorf("%s: %s", check, got)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return c.Query(t.Context(), `SELECT count(*) FROM "users_pending"`, nil, func(r store.Row) error {
			waiting = r.Int(0)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if waiting < 1 || waiting > 256 {
		t.Errorf("%d rows wait", waiting)
	}
}
