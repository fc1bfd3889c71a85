package crm

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// The records of some resources declare something: extra fields of other resources,
// the tabs they lie in, lists of values. A change of such a record is checked as a
// declaration, and makes a new catalog.
const (
	extraFields = "extrafields"
	extraTabs   = "extrafieldsTabs"
	valueLists  = "list"
	listValues  = "listValues" // keeps the values of all lists
)

// isDeclaration reports whether the records of res declare something.
func isDeclaration(res *resource.Resource) bool {
	return res.Name == extraFields || res.Name == extraTabs || res.Name == valueLists
}

// declare checks and completes a declaration, old being what it was before or nil,
// within the transaction that writes it and that holds other declarations off.
func (s *Service) declare(ctx context.Context, tx Tx, view *View, res *resource.Resource, old, rec *resource.Record) error {
	d := declaration{service: s, tx: tx, view: view, res: res, old: old, rec: rec}
	switch res.Name {
	case extraFields:
		return d.extraField(ctx)
	case extraTabs:
		return d.tab()
	default:
		return d.list(ctx)
	}
}

// withdraw refuses to delete a declaration that others need.
func (s *Service) withdraw(ctx context.Context, res *resource.Resource, rec *resource.Record) error {
	if res.Name != valueLists {
		return nil
	}
	made, err := s.readDeclarations(ctx)
	if err != nil {
		return err
	}
	name := rec.Values[res.Field("databaseName").Index].S
	for _, r := range s.registry.All() { // in an order that does not change
		for _, f := range made.extra[r.Name] {
			if f.Table == name {
				return fault.New(fault.Conflict, "%s cannot be deleted: the extra field %s of %s takes its values; delete that field first", name, f.Name, r.Name)
			}
		}
	}
	return nil
}

// declaration is one that is being written.
type declaration struct {
	service  *Service
	tx       Tx
	view     *View
	res      *resource.Resource
	old, rec *resource.Record
}

func (d *declaration) value(name string) *resource.Value {
	return &d.rec.Values[d.res.Field(name).Index]
}

// stays refuses a new value for a field that others rely on; letter case is no
// change.
func (d *declaration) stays(names ...string) error {
	for _, name := range names {
		if d.old == nil {
			continue
		}
		was := d.old.Values[d.res.Field(name).Index]
		if resource.Fold(d.value(name).S) != resource.Fold(was.S) {
			return fault.InField(name, "%s cannot be changed; it is %q", name, was.S)
		}
		*d.value(name) = was
	}
	return nil
}

// entity finds the resource that the entity of a declaration names: by its own
// name, or in the singular [DOC extrafieldsTabs].
func (d *declaration) entity() (*resource.Resource, error) {
	sent := d.value("entity").S
	for _, name := range []string{sent, sent + "s", strings.TrimSuffix(strings.ToLower(sent), "y") + "ies"} {
		res := d.view.catalog.Resource(name)
		if res == nil {
			continue
		}
		if !res.Extensible {
			return nil, fault.InField("entity", "entity: %s has no extra fields; these resources can have some: %s", res.Name, strings.Join(d.service.extensible(), ", "))
		}
		*d.value("entity") = resource.TextValue(res.Name)
		return res, nil
	}
	return nil, fault.InField("entity", "entity: there is no resource called %q", sent)
}

// extensible names the resources that can have extra fields.
func (s *Service) extensible() (names []string) {
	for _, res := range s.registry.All() {
		if res.Extensible {
			names = append(names, res.Name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *declaration) tab() error {
	_, err := d.entity()
	return err
}

// runtimePrefix begins the name of every extra field and of every table made at run
// time, and keeps them apart from declared ones [LIVE].
const runtimePrefix = "Z_"

// runtimeName is what they may be called. The limit keeps paths into JSON and index
// names within what every database takes.
var runtimeName = regexp.MustCompile(`^Z_[A-Za-z0-9_]{1,58}$`)

// name completes and checks the name of what is declared. taken says what is wrong
// with it when there is another record of that name, or nil.
func (d *declaration) name(ctx context.Context, field, prefix string, taken func(there *resource.Record, name string) error) error {
	name := d.value(field)
	if len(name.S) < len(runtimePrefix) || !strings.EqualFold(name.S[:len(runtimePrefix)], runtimePrefix) {
		*name = resource.TextValue(prefix + name.S)
	}
	name.S = runtimePrefix + name.S[len(runtimePrefix):]
	if !runtimeName.MatchString(name.S) {
		return fault.InField(field, "%s must be at most 60 letters, digits and underscores", field)
	}
	ids, err := d.tx.FindTitle(ctx, d.res, nil, name.S, maxEntities)
	if err != nil {
		return err
	}
	for _, id := range ids {
		there, err := d.tx.Lock(ctx, d.res, id)
		if err != nil {
			return err
		}
		if there == nil || id == d.rec.ID {
			continue
		}
		if err := taken(there, name.S); err != nil {
			return err
		}
	}
	return nil
}

// maxEntities is more than there are resources that could have a field of one
// name.
const maxEntities = 200

// list checks the declaration of a value list. Names without the prefix get that
// of the vendor's own lists, Z_tbl [DOC].
func (d *declaration) list(ctx context.Context) error {
	if err := d.stays("databaseName"); err != nil || d.old != nil {
		return err
	}
	return d.name(ctx, "databaseName", runtimePrefix+"tbl", func(_ *resource.Record, name string) error {
		return fault.InField("databaseName", "databaseName: there is a list %s already", name)
	})
}

// maxExtraLength is how many characters a text extra field may be declared for,
// and has when its declaration does not say.
const maxExtraLength = 6000

// extraScale is how many decimal digits a decimal extra field keeps.
const extraScale = 6

// extraKinds maps the vendor's type names of extra fields to kinds [DOC].
var extraKinds = map[string]resource.Kind{
	"text":       resource.Text,
	"datetime":   resource.Instant,
	"decimal":    resource.Number,
	"int":        resource.Integer,
	"bit":        resource.Boolean,
	"list":       resource.Ref,
	"multivalue": resource.RefList,
}

// extraField checks the declaration of an extra field.
func (d *declaration) extraField(ctx context.Context) error {
	entity, err := d.entity()
	if err != nil {
		return err
	}
	// Values of another type would be lost.
	if err := d.stays("entity", "fieldName", "type", "valueListRelated"); err != nil {
		return err
	}
	at := d.res.Field("entity").Index
	if d.old == nil {
		err = d.name(ctx, "fieldName", runtimePrefix, func(there *resource.Record, name string) error {
			if there.Values[at].S != entity.Name {
				return nil
			}
			return fault.InField("fieldName", "fieldName: %s has a field %s already", entity.Name, name)
		})
	}
	if err == nil && d.old == nil {
		err = d.slot(ctx, entity)
	}
	if err != nil {
		return err
	}
	d.value("type").S = strings.ToLower(d.value("type").S)
	kind, known := extraKinds[d.value("type").S]
	if !known {
		return fault.InField("type", "type must be one of text, datetime, decimal, int, bit, list, multivalue")
	}
	if length := d.value("length"); kind == resource.Text {
		if length.IsNull() || length.I == 0 {
			*length = resource.IntValue(maxExtraLength)
		}
		if length.I < 1 || length.I > maxExtraLength {
			return fault.InField("length", "length must lie between 1 and %d", maxExtraLength)
		}
	}
	if kind.IsRef() || kind == resource.RefList {
		table, err := d.table(ctx)
		if err != nil {
			return err
		}
		*d.value("valueListRelated") = resource.TextValue(table)
	}
	if err := d.rules(entity, kind); err != nil {
		return err
	}
	if err := d.placed(ctx, entity); err != nil {
		return err
	}
	f, err := d.service.fieldOf(d.res, d.rec)
	if err != nil {
		return err
	}
	if err := d.defaults(ctx, f); err != nil {
		return err
	}
	if !f.Key {
		return nil
	}
	return d.tx.Index(ctx, entity, f)
}

// slot keeps the values of a new field apart from those of one that had its name and
// was deleted, which the records still have: they are kept under a name of their own.
func (d *declaration) slot(ctx context.Context, entity *resource.Resource) error {
	is := func(field, text string) filter.Expr {
		return compare(d.res, field, filter.Eq, resource.TextValue(resource.Fold(text)))
	}
	name := d.value("fieldName").S
	var last Page
	err := d.tx.List(ctx, Query{
		Resource: d.res, Where: filter.And{is("entity", entity.Name), is("fieldName", name)},
		Order: []filter.Term{{Path: filter.Path{Field: &d.res.Fields[0]}, Desc: true}}, Limit: 1, Language: -1,
	}, &last)
	if err != nil || len(last.Rows) == 0 {
		return err
	}
	*d.value("slot") = resource.TextValue(name + "~" + strconv.FormatInt(last.Keys[0].ID, 10))
	return nil
}

// table returns the name of the table that a list takes its values from. A list
// made by another process may not be in the catalog yet.
func (d *declaration) table(ctx context.Context) (string, error) {
	name := d.value("valueListRelated").S
	if res := d.service.registry.Resource(name); res != nil && res.Sources == nil {
		return res.Name, nil
	}
	lists, _, err := d.service.readLists(ctx)
	if err != nil {
		return "", err
	}
	for _, l := range lists {
		if strings.EqualFold(l.Name, name) {
			return l.Name, nil
		}
	}
	return "", fault.InField("valueListRelated", "valueListRelated: there is no table called %q; make the list first", name)
}

// placed checks that the tab is one of the entity's.
func (d *declaration) placed(ctx context.Context, entity *resource.Resource) error {
	id := d.value("tabId")
	if id.IsNull() {
		return nil
	}
	tabs := d.view.catalog.Resource(extraTabs)
	tab, err := d.tx.Lock(ctx, tabs, id.I)
	if err != nil || tab == nil {
		return err
	}
	if of := tab.Values[tabs.Field("entity").Index].S; !strings.EqualFold(of, entity.Name) {
		return fault.InField("tabId", "tabId: tab %d is one of %s, not of %s", id.I, of, entity.Name)
	}
	return nil
}

// vendorColumns are names by which the vendor's rules call fields [DOC].
var vendorColumns = map[string]string{"idsucursal": "branchId", "idestadoobra": "statusId"}

// controls finds the field of entity by which a rule goes: by its name, by the
// vendor's name of its column, or by the table it refers to when there is one such
// field.
func (d *declaration) controls(entity *resource.Resource, rule string) (*resource.Field, error) {
	name := d.value(rule).S
	f := entity.Field(cmp.Or(vendorColumns[strings.ToLower(name)], name))
	if f == nil {
		for i := range entity.Fields {
			if c := &entity.Fields[i]; c.Kind == resource.Ref && strings.EqualFold(c.Table, name) {
				if f != nil {
					return nil, fault.InField(rule, "%s: several fields of %s refer to %s; send the name of one, such as %s", rule, entity.Name, name, f.Name)
				}
				f = c
			}
		}
	}
	switch {
	case f == nil || f.Internal:
		return nil, fault.InField(rule, "%s: %s has no field %q; send the name of one of its fields", rule, entity.Name, name)
	case !f.Kind.IsRef() && f.Kind != resource.RefList && f.Kind != resource.Integer:
		return nil, fault.InField(rule, "%s: %s is a %s; it must be a list, a multivalue or an int", rule, f.Name, f.Kind)
	case f.Name == d.value("fieldName").S:
		return nil, fault.InField(rule, "%s: a field cannot depend on itself", rule)
	}
	return f, nil
}

// rules checks what the field depends on. What is empty is no rule.
func (d *declaration) rules(entity *resource.Resource, kind resource.Kind) error {
	ids, err := d.value("dynamicFieldValues").IDs()
	if err != nil || len(ids) == 0 && d.value("dynamicField").S != "" {
		return fault.InField("dynamicFieldValues", "dynamicFieldValues must be the ids for which the field is shown, such as [475]").Because(err)
	}
	if d.value("dynamicField").S != "" {
		if _, err := d.controls(entity, "dynamicField"); err != nil {
			return err
		}
	}
	if d.value("dependenceField").S == "" {
		return nil
	}
	if !kind.IsRef() && kind != resource.RefList {
		return fault.InField("dependenceField", "dependenceField is for fields of type list and multivalue")
	}
	if _, err := d.controls(entity, "dependenceField"); err != nil {
		return err
	}
	table := d.service.tableOf(d.value("valueListRelated").S)
	if table.Field(parentField) == nil {
		return fault.InField("dependenceField", "dependenceField: the values of %s have no %s; use a list of your own", table.Name, parentField)
	}
	return nil
}

// parentField is what ties a value of a list to one of another list [DOC].
const parentField = "idParent"

// tableOf returns the declared resource that keeps the records of a table, which
// exists.
func (s *Service) tableOf(name string) *resource.Resource {
	if res := s.registry.Resource(name); res != nil {
		return res
	}
	return s.registry.Resource(listValues)
}

// defaults checks that the records exist that the default value refers to.
func (d *declaration) defaults(ctx context.Context, f *resource.Field) error {
	ids, err := Assignment{f, f.Default}.ids()
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	table := d.view.catalog.Resource(f.Table)
	if table == nil {
		return fault.InField("defaultValue", "defaultValue: %s was made a moment ago; try again", f.Table)
	}
	var refs []Reference
	for _, id := range ids {
		refs = append(refs, Reference{"defaultValue", table, id})
	}
	missing, err := d.tx.Missing(ctx, refs, d.view.Of)
	if err == nil && len(missing) > 0 {
		return fault.InField("defaultValue", "defaultValue: there is no record %d in %s", missing[0].ID, table.Name)
	}
	return err
}

// fieldOf makes the field that a declaration declares. Errors name the member of
// the declaration that is at fault.
func (s *Service) fieldOf(res *resource.Resource, rec *resource.Record) (*resource.Field, error) {
	value := func(name string) resource.Value { return rec.Values[res.Field(name).Index] }
	is := func(name string) bool { return value(name).I == 1 }
	kind, known := extraKinds[value("type").S]
	if !known {
		return nil, fault.InField("type", "type is unknown")
	}
	if !runtimeName.MatchString(value("fieldName").S) {
		return nil, fault.InField("fieldName", "fieldName is no name of an extra field")
	}
	f := &resource.Field{
		Name: value("fieldName").S, Slot: cmp.Or(value("slot").S, value("fieldName").S), Kind: kind, Extra: true, ReadOnly: is("readOnly"),
		// What the API does not know is there all the same, with its default.
		Internal: value("restApi") == resource.BoolValue(false),
		// A list of ids is looked into, which no index helps with.
		Key: is("searchable") && kind != resource.RefList,
	}
	switch kind {
	case resource.Text:
		f.MaxLength = int(value("length").I)
	case resource.Number:
		f.Scale = extraScale
	case resource.Ref, resource.RefList:
		f.Table = value("valueListRelated").S
	}
	f.Rules = resource.Rules{
		// "mandatory" is the vendor's forms' own; for requests there is
		// mandatoryRestApi [DOC]. Who cannot send a field need not.
		Required: is("mandatoryRestApi") && !f.ReadOnly && !f.Internal,
		Branches: value("branches").S,
	}
	entity := s.registry.Resource(value("entity").S)
	if f.Rules.ShownBy = value("dynamicField").S; f.Rules.ShownBy != "" {
		f.Rules.ShownFor = value("dynamicFieldValues").S
	}
	f.Rules.Parent = value("dependenceField").S
	for _, name := range []*string{&f.Rules.ShownBy, &f.Rules.Parent} {
		*name = fieldNamed(entity, *name)
	}
	if text := strings.TrimSpace(value("defaultValue").S); text != "" {
		raw, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		if kind == resource.RefList {
			raw = []byte("[" + strings.Trim(text, "[]") + "]")
		}
		if !json.Valid(raw) {
			return nil, fault.InField("defaultValue", "defaultValue must be ids separated by commas")
		}
		got, err := f.Coerce(raw)
		switch {
		case err != nil:
			return nil, fault.InField("defaultValue", "defaultValue is no value of the field: %s", fault.Message(err)).Because(err)
		case got.Title != "":
			return nil, fault.InField("defaultValue", "defaultValue must be the id of a record of %s", f.Table)
		}
		f.Default = got.Value
	}
	return f, nil
}

// fieldNamed returns the canonical name of the field by which a rule goes.
func fieldNamed(entity *resource.Resource, name string) string {
	if name == "" || entity == nil {
		return ""
	}
	if column, ok := vendorColumns[strings.ToLower(name)]; ok && entity.Field(name) == nil {
		return column
	}
	if entity.Field(name) == nil {
		for i := range entity.Fields {
			if f := &entity.Fields[i]; f.Kind == resource.Ref && strings.EqualFold(f.Table, name) {
				return f.Name
			}
		}
	}
	return name
}

// declarations are what a workspace has added to the registry.
type declarations struct {
	extra      map[string][]resource.Field // by resource
	parts      []resource.Part
	generation int64
}

func (d declarations) equal(o declarations) bool {
	return slices.Equal(d.parts, o.parts) && equalFields(d.extra, o.extra)
}

// readLists reads the value lists that the workspace has made.
func (s *Service) readLists(ctx context.Context) (parts []resource.Part, generation int64, err error) {
	res := s.registry.Resource(valueLists)
	if res == nil || s.registry.Resource(listValues) == nil {
		return nil, 0, nil
	}
	name, deleted := res.Field("databaseName"), res.Field(fieldDeleted)
	generation, err = s.each(ctx, res, func(rec *resource.Record) {
		if rec.Values[deleted.Index].I == 1 {
			return
		}
		p := resource.Part{Name: rec.Values[name.Index].S, Base: listValues, ID: rec.ID}
		same := func(o resource.Part) bool { return strings.EqualFold(o.Name, p.Name) }
		if !runtimeName.MatchString(p.Name) || slices.ContainsFunc(parts, same) {
			s.log.WarnContext(ctx, "a list of values is left out: its name is taken, or none", "list", rec.ID)
			return
		}
		parts = append(parts, p)
	})
	return parts, generation, err
}

// each calls fn with every record of res, in the order of their ids.
func (s *Service) each(ctx context.Context, res *resource.Resource, fn func(*resource.Record)) (generation int64, err error) {
	const batch = 1000
	q := Query{Resource: res, Limit: batch, Language: -1}
	for {
		var page Page
		if err := s.store.List(ctx, q, &page); err != nil {
			return 0, err
		}
		generation = max(generation, page.Generation)
		for _, rec := range page.Rows {
			fn(rec)
		}
		if !page.More {
			return generation, nil
		}
		q.After = page.Next
	}
}

// readDeclarations reads what the workspace has added to the registry.
func (s *Service) readDeclarations(ctx context.Context) (read declarations, err error) {
	if read.parts, read.generation, err = s.readLists(ctx); err != nil {
		return read, err
	}
	res := s.registry.Resource(extraFields)
	if res == nil {
		return read, nil
	}
	for _, name := range []string{
		"entity", "fieldName", "type", "length", "valueListRelated", "defaultValue", "branches", "readOnly", "restApi",
		"searchable", "mandatoryRestApi", "dynamicField", "dynamicFieldValues", "dependenceField", "slot", fieldDeleted,
	} {
		if res.Field(name) == nil {
			return read, fmt.Errorf("resource %s lacks %s", extraFields, name)
		}
	}
	read.extra = map[string][]resource.Field{}
	generation, err := s.each(ctx, res, func(rec *resource.Record) {
		target := s.registry.Resource(rec.Values[res.Field("entity").Index].S)
		if isDeleted(res, rec) || target == nil {
			return
		}
		f, err := s.fieldOf(res, rec)
		if err == nil && f.Table != "" && s.registry.Resource(f.Table) == nil &&
			!slices.ContainsFunc(read.parts, func(p resource.Part) bool { return p.Name == f.Table }) {
			err = fmt.Errorf("there is no table %s", f.Table)
		}
		if err != nil {
			s.log.WarnContext(ctx, "an extra field is left out", "resource", target.Name, "declaration", rec.ID, "error", err)
			return
		}
		if clash := slices.ContainsFunc(read.extra[target.Name], func(o resource.Field) bool {
			return strings.EqualFold(o.Name, f.Name)
		}); clash || target.Field(f.Name) != nil {
			s.log.WarnContext(ctx, "an extra field is left out: its name is taken", "resource", target.Name, "field", f.Name)
			return
		}
		read.extra[target.Name] = append(read.extra[target.Name], *f)
	})
	read.generation = max(read.generation, generation)
	return read, err
}

// index makes sure that the extra fields have the indexes they promise: a workspace
// may have been filled by other means than requests.
func (s *Service) index(ctx context.Context) error {
	var all []func(Tx) error
	for _, res := range s.Catalog().All() {
		for i := range res.Fields {
			if f := &res.Fields[i]; f.Extra && f.Key {
				all = append(all, func(tx Tx) error { return tx.Index(ctx, res, f) })
			}
		}
	}
	if all == nil {
		return nil
	}
	return s.store.Write(ctx, func(tx Tx) error {
		for _, make := range all {
			if err := make(tx); err != nil {
				return err
			}
		}
		return nil
	})
}
