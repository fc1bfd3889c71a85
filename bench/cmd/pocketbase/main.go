// Command pocketbase is PocketBase as a library, with the records of a Dossier
// database. The benchmark in the folder above measures against it.
//
//	pocketbase import --dir DIR --source FILE   copies, and prints a superuser's token
//	pocketbase serve --dir DIR --listen ADDR    serves what was copied
//
// All settings are PocketBase's defaults but one: batches, off by default, are on
// and may hold 200 requests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"

	"github.com/dossier-crm/dossier/bench/internal/accounts"
)

const (
	batchSize    = 200
	batchTimeout = 60 // seconds
	tokenLife    = 24 * time.Hour
	maxText      = 10_000 // characters; PocketBase's own default is 5,000
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pocketbase:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: pocketbase import|serve")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	dir := flags.String("dir", "", "PocketBase's data folder")
	source := flags.String("source", "", "SQLite file of a Dossier workspace")
	listen := flags.String("listen", "127.0.0.1:8090", "address to serve on")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	// PocketBase reads flags of its own from the command line.
	os.Args = os.Args[:1]
	app := pocketbase.NewWithConfig(pocketbase.Config{DefaultDataDir: *dir, HideStartBanner: true})
	if err := app.Bootstrap(); err != nil {
		return err
	}
	switch args[0] {
	case "import":
		defer app.ResetBootstrapState()
		if err := app.RunAllMigrations(); err != nil {
			return err
		}
		return load(app, *source)
	case "serve":
		return serve(app, *listen)
	default:
		return fmt.Errorf("unknown command %q", args[0])
	}
}

func serve(app core.App, listen string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- apis.Serve(app, apis.ServeConfig{HttpAddr: listen}) }()
	select {
	case err := <-done:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	case <-ctx.Done():
		return app.ResetBootstrapState()
	}
}

// column is one column of a Dossier table, as PocketBase is to have it.
type column struct {
	name  string
	field core.Field
	value string // SQL for the value, of a row of the source
}

// load makes a collection of accounts and one of each table it refers to.
func load(app core.App, source string) error {
	settings := app.Settings()
	settings.Batch.Enabled = true
	settings.Batch.MaxRequests = batchSize
	settings.Batch.Timeout = batchTimeout
	if err := app.Save(settings); err != nil {
		return err
	}
	db := app.NonconcurrentDB()
	if _, err := db.NewQuery("ATTACH DATABASE {:source} AS src").Bind(dbx.Params{"source": source}).Execute(); err != nil {
		return err
	}
	l := loader{app: app, db: db, done: map[string]*core.Collection{}}
	if _, err := l.table("accounts", true); err != nil {
		return err
	}
	if _, err := db.NewQuery("DETACH DATABASE src").Execute(); err != nil {
		return err
	}
	token, err := superuser(app)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

func superuser(app core.App) (token string, err error) {
	c, err := app.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	if err != nil {
		return "", err
	}
	r := core.NewRecord(c)
	r.SetEmail("bench@example.com")
	r.SetRandomPassword()
	if err := app.Save(r); err != nil {
		return "", err
	}
	return r.NewStaticAuthToken(tokenLife)
}

type loader struct {
	app  core.App
	db   dbx.Builder
	done map[string]*core.Collection
}

// table copies a table, and before it the tables it refers to. References of
// those are copied as numbers, which PocketBase is not asked to expand.
func (l *loader) table(name string, follow bool) (*core.Collection, error) {
	if c := l.done[name]; c != nil {
		return c, nil
	}
	columns, err := l.columns(name, follow)
	if err != nil {
		return nil, err
	}
	c := core.NewBaseCollection(collectionName(name))
	for _, col := range columns {
		c.Fields.Add(col.field)
	}
	if err := l.app.Save(c); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	into, from := []string{"id"}, []string{recordID("id")}
	for _, col := range columns {
		into = append(into, "`"+col.name+"`")
		from = append(from, col.value)
	}
	sql := fmt.Sprintf("INSERT INTO main.`%s` (%s) SELECT %s FROM src.`%s`",
		c.Name, strings.Join(into, ", "), strings.Join(from, ", "), name)
	if _, err := l.db.NewQuery(sql).Execute(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if follow {
		if err := l.indexes(name, c, columns); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	l.done[name] = c
	return c, nil
}

// collectionName keeps clear of PocketBase's own collection "users".
func collectionName(table string) string {
	if table == "users" {
		return "people"
	}
	return table
}

// recordID gives PocketBase's 15 characters for a numeric id, "" for null.
func recordID(column string) string {
	return fmt.Sprintf("coalesce(printf('%%015d', `%s`), '')", column)
}

func (l *loader) columns(table string, follow bool) ([]column, error) {
	var infos []struct {
		Name string `db:"name"`
		Type string `db:"type"`
		Ref  string `db:"ref"`
	}
	err := l.db.NewQuery(`SELECT c.name, c.type, coalesce(f."table", '') AS ref
		FROM pragma_table_info({:t}, 'src') c LEFT JOIN pragma_foreign_key_list({:t}, 'src') f ON f."from" = c.name
		WHERE c.name <> 'id' ORDER BY c.cid`).Bind(dbx.Params{"t": table}).All(&infos)
	if err != nil {
		return nil, err
	}
	var columns []column
	for _, info := range infos {
		if !follow {
			info.Ref = ""
		}
		c := column{name: info.Name, value: "coalesce(`" + info.Name + "`, 0)"}
		switch kind := accounts.Classify(info.Name, info.Type, info.Ref); kind.Kind {
		case accounts.Internal:
			continue
		case accounts.Reference:
			target, err := l.table(kind.Table, false)
			if err != nil {
				return nil, err
			}
			c.field = &core.RelationField{Name: c.name, CollectionId: target.Id, MaxSelect: 1}
			c.value = recordID(c.name)
		case accounts.Text:
			c.field = &core.TextField{Name: c.name, Max: maxText}
			c.value = "coalesce(`" + c.name + "`, '')"
		case accounts.Date:
			c.field = &core.DateField{Name: c.name}
			c.value = fmt.Sprintf("coalesce(strftime('%%Y-%%m-%%d %%H:%%M:%%fZ', `%s` / 1000.0, 'unixepoch'), '')", c.name)
		case accounts.Flag:
			c.field = &core.BoolField{Name: c.name}
		case accounts.Coordinate:
			c.field = &core.NumberField{Name: c.name}
			c.value = fmt.Sprintf("coalesce(`%s` / %g, 0)", c.name, accounts.CoordinateScale)
		default:
			c.field = &core.NumberField{Name: c.name}
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// indexes gives the collection an index for each of the source's: over the same
// columns, in the same direction, but for those that are Dossier's own; and without
// rows that have no value where the source leaves them out.
func (l *loader) indexes(table string, c *core.Collection, columns []column) error {
	var all []struct {
		Name    string `db:"name"`
		Partial bool   `db:"partial"`
	}
	err := l.db.NewQuery("SELECT name, partial FROM pragma_index_list({:t}, 'src') WHERE origin = 'c' ORDER BY name").Bind(dbx.Params{"t": table}).All(&all)
	if err != nil {
		return err
	}
	known := map[string]bool{"id": true}
	for _, col := range columns {
		known[col.name] = true
	}
	for _, index := range all {
		var terms []struct {
			Name string `db:"name"`
			Desc bool   `db:"desc"`
		}
		err := l.db.NewQuery(`SELECT name, "desc" FROM pragma_index_xinfo({:i}, 'src') WHERE key = 1 ORDER BY seqno`).Bind(dbx.Params{"i": index.Name}).All(&terms)
		if err != nil {
			return err
		}
		var list []string
		where := ""
		for _, t := range terms {
			if strings.HasPrefix(t.Name, "_") {
				continue
			}
			// Dossier compares texts by a copy in lower case.
			name := strings.TrimSuffix(t.Name, "_key")
			if !known[name] {
				return fmt.Errorf("index %s is over %q, which was not copied", index.Name, t.Name)
			}
			term := "`" + name + "`"
			if where == "" && index.Partial {
				where = term + " != '' AND " + term + " != 0" // what PocketBase has for null
			}
			if t.Desc {
				term += " DESC"
			}
			list = append(list, term)
		}
		c.AddIndex("bench_"+index.Name, false, strings.Join(list, ", "), where)
	}
	return l.app.Save(c)
}
