package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/document"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/seed"
)

// DemoName is the name of the demo's workspace.
const DemoName = "demo"

// demoFile is the name of the file with the demo's credentials in the data folder.
const demoFile = "demo-credentials.json"

// demoCredentials are what that file contains: how to log in, by dialect.
type demoCredentials struct {
	URL       string
	Workspace string
	Logins    map[string]json.RawMessage // an object under the names of the dialect's protocol
	Examples  map[string]string
}

// demoExample is a value that the file names to try a dialect with: a field of the
// oldest record that a condition holds for when the server starts. The value is there
// for as long as there is such a record.
type demoExample struct{ name, resource, where, field string }

func demoExamples() []demoExample {
	const open, closed = "statusId.closed = false AND deleted = false", "statusId.closed = true AND deleted = false"
	return []demoExample{
		{"opportunity_trans_number", "opportunities", "transNumber != '' AND deleted = false", "transNumber"},
		{"case_number", "cases", open, "number"},
		{"case_guid", "cases", open, "guid"},
		{"closed_case_guid", "cases", closed, "guid"},
		{"damage_notification_guid", "damageNotifications", "state = 'Open' AND deleted = false", "guid"},
		{"merged_damage_notification_guid", "damageNotifications", "state = 'Merged' AND deleted = false", "guid"},
		{"wolkvox_case_id", "cases", open, "wolkvoxId"},
		{"wolkvox_responsible", "users", "isActive = true AND deleted = false", "email"},
		{"wolkvox_open_status", "caseStatuses", "closed = false AND deleted = false", "descriptionEN"},
		{"wolkvox_closed_status", "caseStatuses", "closed = true AND deleted = false", "descriptionEN"},
		{"port_order_id", "portorders", "status = 'pending' AND deleted = false", "id"},
		{"port_order_id_completed", "portorders", "status = 'completed' AND deleted = false", "id"},
	}
}

// ensureDemo makes the demo's workspace and credentials, as far as they are not
// there. An installation keeps its credentials; what they are good for may have
// moved.
func (a *App) ensureDemo(ctx context.Context) (err error) {
	defer fault.Wrap(&err, "app.ensureDemo")
	switch _, err := a.Workspaces.Create(ctx, DemoName); {
	case err != nil && fault.KindOf(err) != fault.Conflict:
		return err
	}
	have, err := a.readDemo(ctx)
	if err != nil {
		return err
	}
	changed := have.URL != a.PublicURL || have.Workspace != DemoName
	have.URL, have.Workspace = a.PublicURL, DemoName
	for _, dialect := range auth.Dialects() {
		if have.Logins[dialect] != nil {
			continue
		}
		if have.Logins[dialect], err = a.demoLogin(ctx, dialect); err != nil {
			return err
		}
		changed = true
	}
	examples, err := a.findExamples(ctx)
	if err != nil {
		return err
	}
	if !changed && maps.Equal(examples, have.Examples) {
		return nil
	}
	have.Examples = examples
	text, err := have.format()
	if err != nil {
		return err
	}
	return writeFile(a.path(demoFile), text)
}

// demoLogin makes a key of a dialect for the demo's administrator, in place of those
// that there were.
func (a *App) demoLogin(ctx context.Context, dialect string) (json.RawMessage, error) {
	admin, err := a.FindUser(ctx, DemoName, "")
	if err != nil {
		return nil, err
	}
	if err := a.dropDemoKeys(ctx, dialect, admin); err != nil {
		return nil, err
	}
	members, err := a.CreateCredential(ctx, dialect, DemoName, "", auth.Grant{})
	if err != nil {
		return nil, err
	}
	text := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			text = append(text, ',')
		}
		pair, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		text = append(fmt.Appendf(text, "%q:", m.Name), pair...)
	}
	return append(text, '}'), nil
}

// findExamples looks the examples up.
func (a *App) findExamples(ctx context.Context) (map[string]string, error) {
	w, release, err := a.Workspaces.Acquire(ctx, DemoName)
	if err != nil {
		return nil, err
	}
	defer release()
	actor, all := crm.Actor{Level: crm.Administrator, Language: -1}, map[string]string{}
	for _, x := range demoExamples() {
		res := w.Records.Catalog().Resource(x.resource)
		found, err := w.Records.List(ctx, actor, crm.ListRequest{Resource: res, Where: x.where, Order: "id ASC", Language: -1, Size: 1})
		switch {
		case err != nil:
			return nil, err
		case len(found.Keys) == 0:
		case x.field == "id":
			all[x.name] = strconv.FormatInt(found.Keys[0].ID, 10)
		default:
			all[x.name] = found.Rows[0].Values[res.Field(x.field).Index].S
		}
	}
	return all, nil
}

// format puts each dialect's login on a line of its own, and so the examples, for grep.
func (c demoCredentials) format() ([]byte, error) {
	url, err := json.Marshal(c.URL)
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "{\n  \"url\": %s,\n  \"workspace\": %q", url, c.Workspace)
	for _, dialect := range auth.Dialects() {
		text = fmt.Appendf(text, ",\n  %q: %s", dialect, c.Logins[dialect])
	}
	examples, err := json.Marshal(c.Examples)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(text, ",\n  \"examples\": %s\n}\n", examples), nil
}

// readDemo returns the credentials in the file, without those that are of no use.
func (a *App) readDemo(ctx context.Context) (c demoCredentials, err error) {
	c.Logins = map[string]json.RawMessage{}
	data, err := os.ReadFile(a.path(demoFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	keys, err := a.Auth.ListKeys(ctx, DemoName)
	if err != nil {
		return c, err
	}
	var file map[string]json.RawMessage
	err = json.Unmarshal(data, &file)
	for name, to := range map[string]*string{"url": &c.URL, "workspace": &c.Workspace} {
		if err == nil && file[name] != nil {
			err = json.Unmarshal(file[name], to)
		}
	}
	if err == nil && file["examples"] != nil {
		err = json.Unmarshal(file["examples"], &c.Examples)
	}
	for _, dialect := range auth.Dialects() {
		var members map[string]string
		if err == nil && file[dialect] != nil {
			err = json.Unmarshal(file[dialect], &members)
		}
		if slices.ContainsFunc(keys, func(k auth.Key) bool {
			return k.Dialect == dialect && k.PublicID == auth.PublicID(dialect, members)
		}) {
			c.Logins[dialect] = file[dialect]
		}
	}
	if err != nil {
		a.Log.Warn("the credentials of the demo cannot be read and are made anew", "file", a.path(demoFile), "error", err)
		return demoCredentials{Logins: map[string]json.RawMessage{}}, nil
	}
	return c, nil
}

// dropDemoKeys deletes the keys of a dialect that the demo has had so far, those of its
// administrator: once the file with their secrets is lost or out of use, nobody
// should get in with them.
func (a *App) dropDemoKeys(ctx context.Context, dialect string, admin int64) error {
	keys, err := a.Auth.ListKeys(ctx, DemoName)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Dialect != dialect || k.UserID != admin {
			continue
		}
		if err := a.Auth.DeleteKey(ctx, k.Dialect, k.PublicID); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}

// fillDemo puts the invented company into a new workspace. One that an earlier version
// has filled gets what that version did not know, where there is none of it.
func (a *App) fillDemo(ctx context.Context, w *Workspace, fresh bool, now time.Time) error {
	docs := &demoDocuments{w: w, folders: map[folderKey]int64{}}
	if !fresh {
		return seed.Desk(ctx, w.Store, w.Records.Catalog(), docs, now)
	}
	_, err := seed.Demo(ctx, w.Store, a.registry, docs, now)
	return err
}

// demoDocuments stores the documents of the demo.
type demoDocuments struct {
	w       *Workspace
	folders map[folderKey]int64
}

type folderKey struct {
	resource string
	record   int64
	name     string
}

// Put implements seed.Documents. Nobody sees the workspace before it is complete,
// so what was stored before an error goes with it.
func (d *demoDocuments) Put(ctx context.Context, docs []seed.Document) error {
	catalog := d.w.Records.Catalog()
	for _, doc := range docs {
		actor := crm.Actor{UserID: doc.UserID, Level: crm.Administrator, Language: -1, Dialect: cmp.Or(doc.Dialect, sage.Name)}
		res := catalog.Resource(doc.Resource)
		req := document.Request{Resource: res, RecordID: doc.RecordID, Name: doc.Name, Carousel: doc.Resource == "products"}
		if doc.Folder != "" {
			key := folderKey{doc.Resource, doc.RecordID, doc.Folder}
			id, ok := d.folders[key]
			if !ok {
				var err error
				id, err = d.w.Documents.CreateFolder(ctx, actor, document.FolderRequest{Resource: res, RecordID: doc.RecordID, Name: doc.Folder})
				if err != nil {
					return err
				}
				d.folders[key] = id
			}
			req.FolderID = id
		}
		if doc.Dialect != "" {
			req.Note = &document.Note{Key: doc.Key, Comment: doc.Comment, DamageImage: doc.Damage}
		}
		id, _, err := d.w.Documents.Add(ctx, actor, req, bytes.NewReader(doc.Content))
		if err != nil {
			return err
		}
		if doc.File != 0 {
			input := crm.Input{"documentId": strconv.AppendInt(nil, id, 10)}
			if err := d.w.Records.Update(ctx, actor, catalog.Resource("portorderFiles"), doc.File, input); err != nil {
				return err
			}
		}
	}
	return nil
}

// DataSet is what Seed makes. Equal ones are made of equal records.
type DataSet struct {
	Accounts     int    `required:"" placeholder:"N" help:"Accounts to make; contacts, opportunities, activities, orders and the rest come in proportion."`
	AccountsOnly bool   `help:"Make accounts and what they refer to, and nothing that belongs to them."`
	Seed         uint64 `default:"1" help:"The same seed, accounts and --until make the same records."`
	Until        string `default:"2026-11-01" placeholder:"DATE" help:"The time that the records are of; only plans lie after it. A day, or an instant in UTC."`
}

// Seed adds invented records to a workspace: a number of accounts and, unless
// only they are wanted, what belongs to them in proportion. The same number makes
// the same records.
func (a *App) Seed(ctx context.Context, name string, set DataSet) (_ seed.Summary, err error) {
	defer fault.Wrap(&err, "app.Seed(%s)", name)
	until, err := resource.ParseInstant(set.Until)
	if err != nil {
		return seed.Summary{}, fault.InField("until", "--until must be a date such as 2026-11-01")
	}
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return seed.Summary{}, err
	}
	defer release()
	return seed.Generate(ctx, w.Store, w.Records.Catalog(), seed.Options{
		Accounts: set.Accounts, AccountsOnly: set.AccountsOnly, Seed: set.Seed, Now: time.UnixMilli(until).UTC(),
	})
}
