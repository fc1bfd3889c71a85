package crm_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// TestExtraFieldsAgree declares, changes and deletes extra fields at random, writes
// values, and holds every list to a model: what it shows, selects, and how it is
// sorted. Two services on one store take turns, as two processes would.
func TestExtraFieldsAgree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	engines(t, func(t *testing.T, s crm.Store) {
		t.Logf("seed %d", seed)
		m := &extraModel{t: t, r: mathrand.New(mathrand.NewPCG(seed, 0)), admin: crm.Actor{UserID: 1, Level: crm.Administrator, Language: -1}}
		for range 2 {
			m.services = append(m.services, extraService(t, s))
		}
		m.begin(s)
		for range 500 {
			switch n := m.r.IntN(20); {
			case n < 3:
				m.declare()
			case n < 5:
				m.undeclare()
			case n < 6:
				m.searchable()
			case n < 9:
				m.create(1 + m.r.IntN(4))
			case n < 13:
				m.update()
			default:
				m.query()
			}
		}
		t.Logf("%d declarations, %d records, %d rows compared", m.declared, len(m.accounts), m.compared)
	})
}

func extraService(t *testing.T, s crm.Store) *crm.Service {
	t.Helper()
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	service, err := crm.New(context.WithoutCancel(t.Context()), crm.Config{
		Store: s, Registry: registry, QueryTimeout: time.Minute, Clock: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// extraModel is what was declared and written.
type extraModel struct {
	t        *testing.T
	r        *mathrand.Rand
	admin    crm.Actor
	services []*crm.Service
	live     map[string]extraDeclaration // by the name in lower case
	accounts []map[int64]resource.Value  // by id, less 1: values by declaration
	titles   []string                    // of account types, by id, less 1

	declared, compared int
}

type extraDeclaration struct {
	id   int64
	name string
	typ  string
}

// extraTexts are texts; those that have no quotes in them are looked for, too.
var extraTexts = []string{"", "a", "A", "ab", "Ñandú", "ñandú", "100%", "x_y", "😀", "–", "\u2028", "it's \"so\"", `back\slash`, "two\nlines\t", "\x01\x7f", "z"}

// value returns a random value for a type, as JSON, and what it is compared with in
// a filter, "" when that cannot be.
func (m *extraModel) value(typ string) (value any, text string) {
	pick := func(all ...string) string { return all[m.r.IntN(len(all))] }
	switch typ {
	case "text":
		s := pick(extraTexts...)
		if strings.ContainsAny(s, "'\"\\\n\x01\u2028") {
			return s, ""
		}
		return s, "'" + s + "'"
	case "int":
		n := pick("0", "1", "-1", "7", "42", "-9007199254740993", "9223372036854775807", "1000000000000000000")
		return json.Number(n), n
	case "decimal":
		n := pick("0", "0.1", "-3.25", "3.25", "0.000001", "9007199254740.993", "-9223372036854.775807", "12")
		return json.Number(n), n
	case "bit":
		b := m.r.IntN(2) == 1
		return b, fmt.Sprint(b)
	case "datetime":
		at := pick("2026-02-01T10:00:00Z", "2026-02-01T10:00:00.2Z", "2026-02-01T10:00:00.25Z", "1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z")
		return at, "'" + at + "'"
	case "list":
		id := 1 + m.r.IntN(len(m.titles))
		return id, fmt.Sprint(id)
	default:
		ids := make([]int, m.r.IntN(4))
		for i := range ids {
			ids[i] = 1 + m.r.IntN(len(m.titles))
		}
		return ids, fmt.Sprint(1 + m.r.IntN(len(m.titles)))
	}
}

var extraTypes = []string{"text", "int", "decimal", "bit", "datetime", "list", "multivalue"}

// service returns one of the services, which has seen what the other has done.
func (m *extraModel) service() *crm.Service {
	m.t.Helper()
	s := m.services[m.r.IntN(len(m.services))]
	if _, err := s.Get(m.t.Context(), m.admin, s.Catalog().Resource("accounts"), nil, 1); err != nil {
		m.t.Fatal(err)
	}
	return s
}

func (m *extraModel) input(members map[string]any) crm.Input {
	m.t.Helper()
	in := crm.Input{}
	for name, v := range members {
		raw, err := json.Marshal(v)
		if err != nil {
			m.t.Fatal(err)
		}
		in[name] = raw
	}
	return in
}

// begin makes what records refer to, and some records.
func (m *extraModel) begin(store crm.Store) {
	ctx := m.t.Context()
	catalog := m.services[0].Catalog()
	users, types := catalog.Resource("users"), catalog.Resource("accountTypes")
	err := store.Write(ctx, func(tx crm.Tx) error {
		return tx.Insert(ctx, users, &resource.Record{Values: make([]resource.Value, len(users.Fields))})
	})
	if err != nil {
		m.t.Fatal(err)
	}
	for _, title := range []string{"Customer", "prospect", "Zulu", "ångström", "customer 2"} {
		if _, err := m.services[0].Create(ctx, m.admin, types, m.input(map[string]any{"descriptionEN": title})); err != nil {
			m.t.Fatal(err)
		}
		m.titles = append(m.titles, title)
	}
	m.live = map[string]extraDeclaration{}
	m.create(3)
}

// declare declares a field, most often under a name that has been used before.
func (m *extraModel) declare() {
	s := m.service()
	d := extraDeclaration{
		name: []string{"Z_a", "Z_b", "Z_c", "Z_A", "Z_long_name", "Z_e1"}[m.r.IntN(6)],
		typ:  extraTypes[m.r.IntN(len(extraTypes))],
	}
	members := map[string]any{"entity": "accounts", "fieldName": d.name, "type": d.typ, "searchable": m.r.IntN(2) == 1}
	if d.typ == "list" || d.typ == "multivalue" {
		members["valueListRelated"] = "accountTypes"
	}
	id, err := s.Create(m.t.Context(), m.admin, s.Catalog().Resource("extrafields"), m.input(members))
	key := strings.ToLower(d.name)
	if _, taken := m.live[key]; taken {
		if fault.KindOf(err) != fault.Invalid {
			m.t.Fatalf("%s is declared twice: %v", d.name, err)
		}
		return
	}
	if err != nil {
		m.t.Fatal(err)
	}
	d.id = id
	m.live[key] = d
	m.declared++
}

// any returns a field that there is.
func (m *extraModel) any() (d extraDeclaration, ok bool) {
	if len(m.live) == 0 {
		return d, false
	}
	keys := slices.Sorted(maps.Keys(m.live))
	return m.live[keys[m.r.IntN(len(keys))]], true
}

func (m *extraModel) undeclare() {
	d, ok := m.any()
	if !ok {
		return
	}
	s := m.service()
	if err := s.Delete(m.t.Context(), m.admin, s.Catalog().Resource("extrafields"), d.id); err != nil {
		m.t.Fatal(err)
	}
	delete(m.live, strings.ToLower(d.name))
}

func (m *extraModel) searchable() {
	d, ok := m.any()
	if !ok {
		return
	}
	s := m.service()
	if err := s.Update(m.t.Context(), m.admin, s.Catalog().Resource("extrafields"), d.id, m.input(map[string]any{"searchable": m.r.IntN(2) == 1})); err != nil {
		m.t.Fatal(err)
	}
}

// values are random values for some of the fields, and what the records has of them.
func (m *extraModel) values(s *crm.Service, members map[string]any, kept map[int64]resource.Value) {
	res := s.Catalog().Resource("accounts")
	for _, key := range slices.Sorted(maps.Keys(m.live)) {
		d := m.live[key]
		if m.r.IntN(3) == 0 {
			continue
		}
		v, _ := m.value(d.typ)
		if m.r.IntN(5) == 0 {
			v = nil
		}
		raw, err := json.Marshal(v)
		if err != nil {
			m.t.Fatal(err)
		}
		f := res.Field(d.name)
		if f == nil {
			m.t.Fatalf("%s is not there", d.name)
		}
		got, err := f.Coerce(raw)
		if err != nil {
			m.t.Fatal(err)
		}
		members[d.name], kept[d.id] = v, got.Value
	}
}

func (m *extraModel) create(n int) {
	s := m.service()
	items := make([]crm.Item, n)
	for i := range items {
		members, kept := map[string]any{"name": "A", "salesRepId1": 1}, map[int64]resource.Value{}
		m.values(s, members, kept)
		items[i].Input = m.input(members)
		m.accounts = append(m.accounts, kept)
	}
	made, err := s.Bulk(m.t.Context(), m.admin, s.Catalog().Resource("accounts"), crm.BulkCreate, items)
	if err != nil {
		m.t.Fatal(err)
	}
	for i, o := range made {
		if want := int64(len(m.accounts) - n + i + 1); o.Err != nil || o.ID != want {
			m.t.Fatalf("record %d: %+v", want, o)
		}
	}
}

func (m *extraModel) update() {
	s := m.service()
	id := 1 + m.r.IntN(len(m.accounts))
	members := map[string]any{}
	m.values(s, members, m.accounts[id-1])
	if err := s.Update(m.t.Context(), m.admin, s.Catalog().Resource("accounts"), int64(id), m.input(members)); err != nil {
		m.t.Fatal(err)
	}
}

// condition is a random filter.
func (m *extraModel) condition() string {
	d, ok := m.any()
	if !ok {
		return ""
	}
	ops := []string{"=", "<>", "<", "<=", ">", ">="}
	if d.typ == "bit" || d.typ == "multivalue" {
		ops = ops[:2]
	}
	_, value := m.value(d.typ)
	switch n := m.r.IntN(8); {
	case n == 0 || value == "":
		return d.name + []string{" IS NULL", " IS NOT NULL"}[m.r.IntN(2)]
	case n == 1 && d.typ == "text":
		return d.name + []string{" LIKE ", " NOT LIKE "}[m.r.IntN(2)] + []string{"'a%'", "'%ñ%'", "'_'", "'%b'", "'%'"}[m.r.IntN(5)]
	case n == 1 && d.typ == "list":
		return d.name + ".value" + []string{"='CUSTOMER'", " LIKE 'c%'", "<>'zulu'"}[m.r.IntN(3)]
	case n == 2 && d.typ != "bit":
		if _, other := m.value(d.typ); other != "" {
			return d.name + []string{" IN (", " NOT IN ("}[m.r.IntN(2)] + value + ", " + other + ")"
		}
	}
	where := d.name + ops[m.r.IntN(len(ops))] + value
	switch m.r.IntN(4) {
	case 0:
		where = "(" + where + ") AND " + cmp.Or(m.condition(), "id>0")
	case 1:
		where = "(" + where + ") OR " + cmp.Or(m.condition(), "id<0")
	}
	return where
}

func (m *extraModel) order() string {
	var terms []string
	for range m.r.IntN(3) {
		if d, ok := m.any(); ok && d.typ != "multivalue" && !slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, d.name) }) {
			term := d.name
			if d.typ == "list" && m.r.IntN(2) == 0 {
				term += ".value"
			}
			terms = append(terms, term+[]string{" ASC", " DESC"}[m.r.IntN(2)])
		}
	}
	return strings.Join(terms, ",")
}

// Record implements filter.Lookup.
func (m *extraModel) Record(_ string, id int64) *resource.Record { return &resource.Record{ID: id} }

// Title implements filter.Lookup.
func (m *extraModel) Title(_ *resource.Resource, rec *resource.Record) (string, bool) {
	return m.titles[rec.ID-1], true
}

// noCache knows nothing, so that all rows come packed.
type noCache struct{}

func (noCache) Known(crm.Key, int64) bool { return false }
func (noCache) Links() []crm.Link         { return nil }

// query compares one list.
func (m *extraModel) query() {
	s := m.service()
	catalog := s.Catalog()
	res := catalog.Resource("accounts")
	extra := res.ExtraFields()
	if len(extra) != len(m.live) {
		m.t.Fatalf("%d fields are there, want %v", len(extra), m.live)
	}
	all := make([]*resource.Record, len(m.accounts))
	for i, kept := range m.accounts {
		all[i] = &resource.Record{ID: int64(i + 1), Values: make([]resource.Value, len(res.Fields))}
		all[i].Values[0] = resource.IntValue(all[i].ID)
		for _, d := range m.live {
			all[i].Values[res.Field(d.name).Index] = kept[d.id]
		}
	}
	req := crm.ListRequest{Resource: res, Where: m.condition(), Order: m.order(), Language: -1, Size: len(all) + 1}
	where, err := filter.Where(catalog, res, req.Where)
	if err != nil {
		m.t.Fatal(err)
	}
	order, err := filter.Order(catalog, res, req.Order)
	if err != nil {
		m.t.Fatal(err)
	}
	want := slices.DeleteFunc(all, func(rec *resource.Record) bool { return !filter.Match(where, rec, m) })
	slices.SortFunc(want, func(a, b *resource.Record) int { return filter.Cmp(order, a, b, m) })
	for _, cache := range []crm.Cache{nil, noCache{}} {
		req.Cache = cache
		got, err := s.List(m.t.Context(), m.admin, req)
		if err != nil {
			m.t.Fatalf("where=%s order=%s: %v", req.Where, req.Order, err)
		}
		if len(got.Rows) != len(want) {
			m.t.Fatalf("where=%s: %d rows, want %d", req.Where, len(got.Rows), len(want))
		}
		for i, rec := range got.Rows {
			if rec.ID != want[i].ID {
				m.t.Fatalf("where=%s order=%s: row %d is %d, want %d", req.Where, req.Order, i, rec.ID, want[i].ID)
			}
			m.compared++
			for n := range extra {
				f := &extra[n]
				var v resource.Value
				if rec.Packed != nil {
					v = rec.Packed.Value(n, f)
				} else {
					v = rec.Values[f.Index]
				}
				if v != want[i].Values[f.Index] {
					m.t.Fatalf("%s of %d is %+v, want %+v", f.Name, rec.ID, v, want[i].Values[f.Index])
				}
			}
		}
	}
}
