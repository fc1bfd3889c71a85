package app

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// users tells package auth about the users of workspaces.
type users struct{ app *App }

func (u users) User(ctx context.Context, name string, id int64) (_ auth.User, err error) {
	defer fault.Wrap(&err, "app.User(%s, %d)", name, id)
	w, release, err := u.app.Workspaces.Acquire(ctx, name)
	if err != nil {
		return auth.User{}, err
	}
	defer release()
	return u.in(ctx, w, id)
}

// in is User for a workspace that is open.
func (u users) in(ctx context.Context, w *Workspace, id int64) (_ auth.User, err error) {
	res := u.app.registry.Resource("users")
	var p crm.Page
	if err := w.Store.Load(ctx, res, []int64{id}, &p); err != nil {
		return auth.User{}, err
	}
	if len(p.Rows) == 0 {
		return auth.User{}, fault.New(fault.NotFound, "there is no user %d", id)
	}
	get := func(name string) resource.Value { return p.Rows[0].Values[res.Field(name).Index] }
	user := auth.User{
		Active:     get("isActive").I == 1 && get("deleted").I != 1,
		Level:      int(get("level").I),
		Language:   language(cmp.Or(get("dbLanguage").S, get("uiLanguage").S)), // of what is in the database, labels among it
		Ended:      get("sessionsEnded").I,
		Restricted: get("branchRestriction").I == 1,
	}
	user.Branches, err = u.branches(ctx, w, get("branches"), get("roles"))
	return user, err
}

// branches returns the branches of a user and of the user's roles, in order.
func (u users) branches(ctx context.Context, w *Workspace, own, roles resource.Value) ([]int64, error) {
	ids, err := own.IDs()
	if err != nil {
		return nil, err
	}
	of, err := roles.IDs()
	if err != nil {
		return nil, err
	}
	res := u.app.registry.Resource("roles")
	var p crm.Page
	if err := w.Store.Load(ctx, res, of, &p); err != nil {
		return nil, err
	}
	for _, role := range p.Rows {
		if role.Values[res.Field("deleted").Index].I == 1 {
			continue
		}
		more, err := role.Values[res.Field("branches").Index].IDs()
		if err != nil {
			return nil, err
		}
		ids = append(ids, more...)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// language returns the index of a label language, -1 if it is none.
func language(code string) int {
	for i, l := range resource.Languages {
		if strings.EqualFold(l, code) {
			return i
		}
	}
	return -1
}

// NewUser is a user that an operator makes, before there is anybody who could.
type NewUser struct {
	Email    string
	Name     string // first name
	LastName string
	Level    int // 1 (least) to 5 (administrator)
	Language string
}

// CreateUser adds a user to a workspace and returns its id. Nobody is noted as its
// creator. It returns fault.Invalid naming the setting at fault, fault.NotFound
// when there is no such workspace, and fault.Conflict when the address is taken.
func (a *App) CreateUser(ctx context.Context, name string, n NewUser) (id int64, err error) {
	defer fault.Wrap(&err, "app.CreateUser(%s)", name)
	local, domain, ok := strings.Cut(n.Email, "@")
	if !ok || local == "" || domain == "" {
		return 0, fault.InField("email", "must be an e-mail address")
	}
	if n.Level < 1 || n.Level > 5 {
		return 0, fault.InField("level", "must be 1 to 5")
	}
	if language(n.Language) < 0 {
		return 0, fault.InField("language", "must be one of %s", strings.Join(resource.Languages, ", "))
	}
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return 0, err
	}
	defer release()
	switch _, err := a.findUser(ctx, w, n.Email); {
	case err == nil:
		return 0, fault.New(fault.Conflict, "there is a user %s already", n.Email)
	case fault.KindOf(err) != fault.NotFound:
		return 0, err
	}
	res := a.registry.Resource("users")
	rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
	for i := range res.Fields {
		rec.Values[i] = res.Fields[i].Default
	}
	branch, err := a.firstID(ctx, w, "branches")
	if err != nil {
		return 0, err
	}
	for field, value := range map[string]any{
		"email": n.Email, "name": n.Name, "lastName": n.LastName, "nic": local, "phone": "", "level": n.Level,
		"dbLanguage": strings.ToUpper(n.Language), "uiLanguage": strings.ToUpper(n.Language), "branches": []int64{branch},
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return 0, err
		}
		f := res.Field(field)
		got, err := f.Coerce(text)
		if err != nil {
			return 0, err
		}
		rec.Values[f.Index] = got.Value
	}
	rec.Values[res.Field("dateCreated").Index] = resource.IntValue(w.Records.Now().UnixMilli())
	err = w.Store.Write(ctx, func(tx crm.Tx) error {
		rec.ID = 0
		if err := tx.Insert(ctx, res, rec); err != nil {
			return err
		}
		return tx.Advance(ctx) // a user has a title
	})
	return rec.ID, err
}

// firstID returns the least id of a resource, fault.NotFound when it is empty.
func (a *App) firstID(ctx context.Context, w *Workspace, name string) (int64, error) {
	return first(ctx, w, crm.Query{Resource: a.registry.Resource(name)})
}

// findUser returns the id of the active user with this e-mail address. It returns
// fault.NotFound when there is none.
func (a *App) findUser(ctx context.Context, w *Workspace, email string) (int64, error) {
	res := a.registry.Resource("users")
	return first(ctx, w, crm.Query{Resource: res, Where: filter.And{
		compare(res, "email", resource.TextValue(resource.Fold(email))),
		compare(res, "deleted", resource.BoolValue(false)),
	}})
}

// FindUser returns the id of a workspace's user by e-mail address, or of its
// administrator with the least id when email is empty. It returns fault.NotFound
// when there is no workspace or no user like that.
func (a *App) FindUser(ctx context.Context, name, email string) (id int64, err error) {
	defer fault.Wrap(&err, "app.FindUser(%s)", name)
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return 0, err
	}
	defer release()
	if email != "" {
		id, err = a.findUser(ctx, w, email)
		if fault.KindOf(err) == fault.NotFound {
			err = fault.InField("user", "workspace %s has no user %s", name, email)
		}
		return id, err
	}
	res := a.registry.Resource("users")
	return first(ctx, w, crm.Query{Resource: res, Where: filter.And{
		compare(res, "level", resource.IntValue(5)),
		compare(res, "isActive", resource.BoolValue(true)),
		compare(res, "deleted", resource.BoolValue(false)),
	}})
}

func compare(res *resource.Resource, field string, v resource.Value) filter.Expr {
	return &filter.Compare{Path: filter.Path{Resource: res, Field: res.Field(field)}, Op: filter.Eq, Args: []resource.Value{v}}
}

// first returns the least id that q selects, fault.NotFound when there is none.
func first(ctx context.Context, w *Workspace, q crm.Query) (int64, error) {
	q.Limit, q.Language = 1, -1
	var p crm.Page
	if err := w.Store.List(ctx, q, &p); err != nil {
		return 0, err
	}
	if len(p.Keys) == 0 {
		return 0, fault.New(fault.NotFound, "there is no such record in %s", q.Resource.Name)
	}
	return p.Keys[0].ID, nil
}

// emailOf returns the e-mail address of a user.
func (a *App) emailOf(ctx context.Context, name string, id int64) (string, error) {
	w, release, err := a.Workspaces.Acquire(ctx, name)
	if err != nil {
		return "", err
	}
	defer release()
	res := a.registry.Resource("users")
	var p crm.Page
	if err := w.Store.Load(ctx, res, []int64{id}, &p); err != nil {
		return "", err
	}
	if len(p.Rows) == 0 {
		return "", fault.New(fault.NotFound, "there is no user %d", id)
	}
	return p.Rows[0].Values[res.Field("email").Index].S, nil
}
