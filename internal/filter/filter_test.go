package filter_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// catalog is a small world with every kind of field.
func catalog(t testing.TB) *resource.Catalog {
	t.Helper()
	field := func(name string, kind resource.Kind, table string) resource.Field {
		return resource.Field{Name: name, Kind: kind, Table: table}
	}
	audit := func(more ...resource.Field) []resource.Field {
		return append(more,
			field("id", resource.Integer, ""),
			field("dateCreated", resource.Instant, ""),
			field("dateUpdated", resource.Instant, ""),
			field("deleted", resource.Boolean, ""),
			field("salesRepIdCreated", resource.BareRef, "users"),
		)
	}
	var labels []resource.Field
	var names []string
	for _, l := range resource.Languages {
		names = append(names, "description"+l)
		labels = append(labels, field("description"+l, resource.Text, ""))
	}
	g, err := resource.New(
		resource.Resource{Name: "accounts", Title: []string{"name"}, Fields: audit(
			field("name", resource.Text, ""),
			field("city", resource.Text, ""),
			field("email", resource.Text, ""),
			field("postcode", resource.Text, ""),
			field("vatNumber", resource.Text, ""),
			field("NIF", resource.Text, ""),
			field("uploadState", resource.Text, ""),
			field("typeId", resource.Ref, "accountTypes"),
			field("parentId", resource.Ref, "accounts"),
			field("salesRepId1", resource.Ref, "users"),
			field("branches", resource.RefList, "branches"),
			resource.Field{Name: "total", Kind: resource.Number, Scale: 6},
			resource.Field{Name: "latitude", Kind: resource.Number, Scale: 12},
			field("employees", resource.Integer, ""),
		)},
		resource.Resource{Name: "contacts", Title: []string{"firstName", "lastName"}, Fields: audit(
			field("firstName", resource.Text, ""),
			field("lastName", resource.Text, ""),
			field("email", resource.Text, ""),
			field("phone1", resource.Text, ""),
			field("accountId", resource.Ref, "accounts"),
		)},
		resource.Resource{Name: "accountTypes", LabelFields: names, Fields: audit(labels...)},
		resource.Resource{Name: "branches", LabelFields: names, Fields: audit(labels...)},
		resource.Resource{Name: "users", Title: []string{"name", "lastName"}, Fields: audit(
			field("name", resource.Text, ""),
			field("lastName", resource.Text, ""),
			field("level", resource.Integer, ""),
			field("managerId", resource.Ref, "users"),
		)},
	)
	if err != nil {
		t.Fatal(err)
	}
	state := g.Resource("accounts").Field("uploadState")
	state.Internal = true
	c, err := g.With(1, map[string][]resource.Field{"accounts": {
		{Name: "Z_Cargo", Kind: resource.Ref, Table: "branches"},
		{Name: "Z_Note", Kind: resource.Text},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// show writes an expression in one unambiguous form.
func show(e filter.Expr) string {
	join := func(list []filter.Expr, by string) string {
		var parts []string
		for _, m := range list {
			parts = append(parts, show(m))
		}
		return "(" + strings.Join(parts, by) + ")"
	}
	switch e := e.(type) {
	case nil:
		return "all"
	case filter.Never:
		return "never"
	case filter.And:
		return join(e, " and ")
	case filter.Or:
		return join(e, " or ")
	case *filter.Compare:
		ops := [...]string{"=", "<>", "<", "<=", ">", ">=", "like", "not like", "in", "not in", "is null", "is not null"}
		s := showPath(e.Path) + " " + ops[e.Op]
		for _, a := range e.Args {
			if a.Type == resource.Str {
				s += fmt.Sprintf(" %q", a.S)
			} else {
				s += fmt.Sprintf(" %d", a.I)
			}
		}
		return s
	default:
		return fmt.Sprintf("unknown %T", e)
	}
}

func showPath(p filter.Path) string {
	s := ""
	for _, f := range p.Via {
		s += f.Name + ">"
	}
	if p.Title {
		return s + "title(" + p.Resource.Name + ")"
	}
	return s + p.Field.Name
}

func TestWhere(t *testing.T) {
	for _, c := range []struct{ in, where, want string }{
		// What clients send.
		{"accounts", "typeId.id=36 AND vatNumber<>''", `(typeId = 36 and vatNumber <> "")`},
		{"accounts", "typeId.id=36 AND vatNumber<>'' AND id NOT IN (12,13, 14)", `(typeId = 36 and vatNumber <> "" and id not in 12 13 14)`},
		{"contacts", "accountId.id=1268", `accountId = 1268`},
		{"accounts", "typeId.id=14 and parentId.id=1268", `(typeId = 14 and parentId = 1268)`},
		{"contacts", "email='x@y.z'", `email = "x@y.z"`},
		{"accounts", "(dateUpdated > '2025-01-01T00:00:00Z' OR dateCreated > '2025-01-01T00:00:00Z')", `(dateUpdated > 1735689600000 or dateCreated > 1735689600000)`},
		{"accounts", "(dateUpdated > '2025-01-01T00:00:00Z')", `dateUpdated > 1735689600000`},
		{"accounts", "(deleted = 'false' OR deleted = 'False')", `(deleted = 0 or deleted = 0)`},
		{"users", "deleted=false", `deleted = 0`},
		{"contacts", "email='a' AND firstName='b' AND lastName='c' AND phone1='d'", `(email = "a" and firstName = "b" and lastName = "c" and phone1 = "d")`},
		{"contacts", "", `all`},
		{"contacts", " \t\n ", `all`},
		{"accounts", "city=Emma AND salesRepId1=51", `(city = "emma" and salesRepId1 = 51)`},
		{"accounts", "typeId='23' AND name='ÁGORA' AND deleted='false'", `(typeId = 23 and name = "ágora" and deleted = 0)`},
		{"accounts", "id='12' AND deleted='false'", `(id = 12 and deleted = 0)`},
		{"accounts", "postcode LIKE '08%'", `postcode like "08%"`},
		{"accounts", "name LIKE 'ES%'", `name like "es%"`},
		{"accounts", "id=5", `id = 5`},
		{"accounts", "dateUpdated>='2026-01-01T00:00:00.000'", `dateUpdated >= 1767225600000`},

		// Letter case, spaces, quotes.
		{"accounts", "CITY='x' And ( nif like 'a%' )oR NOT deleted=TRUE", `((city = "x" and NIF like "a%") or deleted <> 1)`},
		{"accounts", "name='it''s \"so\"'", `name = "it's \"so\""`},
		{"accounts", `name="it's ""so"""`, `name = "it's \"so\""`},
		{"accounts", "name=''''", `name = "'"`},
		{"accounts", "\u00a0name\u2003=\u00a0'x'\u00a0", `name = "x"`},
		{"accounts", "name!='x'and(city='y')", `(name <> "x" and city = "y")`},

		// Bare words.
		{"accounts", "city=Barcelona", `city = "barcelona"`},
		{"accounts", "postcode=08001-A", `postcode = "08001-a"`},
		{"accounts", "email=josé.núñez+crm@example-mail.com", `email = "josé.núñez+crm@example-mail.com"`},
		{"accounts", "city IN (São, Łódź,Vic)", `city in "são" "łódź" "vic"`},
		{"accounts", "dateCreated>2025-01-01T00:00:00Z", `dateCreated > 1735689600000`},
		{"accounts", "name=true", `name = "true"`},
		{"accounts", "postcode=08001", `postcode = "08001"`},
		{"accounts", "city=in AND city=Is OR city=like", `((city = "in" and city = "is") or city = "like")`},
		{"accounts", "name LIKE 50%&_co", `name like "50%&_co"`},

		// Numbers.
		{"accounts", "id=-5", `id = -5`},
		{"accounts", "id>=-5", `id >= -5`},
		{"accounts", "id = 1e3", `id = 1000`},
		{"accounts", "id = 12.0", `id = 12`},
		{"accounts", "id = ' +007 '", `id = 7`},
		{"accounts", "id = 000", `id = 0`},
		{"accounts", "total = 1999.99", `total = 1999990000`},
		{"accounts", "total = .5 OR total = -.5", `(total = 500000 or total = -500000)`},
		{"accounts", "latitude < 41.387917", `latitude < 41387917000000`},

		// Numbers and dates that the field cannot hold.
		{"accounts", "id = 1.5", `never`},
		{"accounts", "id <> 1.5", `id is not null`},
		{"accounts", "id < 1.5", `id <= 1`},
		{"accounts", "id <= 1.5", `id <= 1`},
		{"accounts", "id > 1.5", `id > 1`},
		{"accounts", "id >= 1.5", `id > 1`},
		{"accounts", "id < -1.5", `id <= -2`},
		{"accounts", "id >= -1.5", `id > -2`},
		{"accounts", "NOT id = 1.5", `id is not null`},
		{"accounts", "NOT id < 1.5", `id > 1`},
		{"accounts", "total = 0.1234567", `never`},
		{"accounts", "total < 0.1234567", `total <= 123456`},
		{"accounts", "total IN (0.1234567, 1)", `total = 1000000`},
		{"accounts", "total NOT IN (0.1234567)", `total is not null`},
		{"accounts", "total IN (0.1234567)", `never`},
		{"accounts", "id < 99999999999999999999", `id is not null`},
		{"accounts", "id >= 99999999999999999999", `never`},
		{"accounts", "id = 1e400", `never`},
		{"accounts", "id <> -1e400", `id is not null`},
		{"accounts", "id > -1e400", `id is not null`},
		{"accounts", "id < -1e400", `never`},
		{"accounts", "id BETWEEN 1.5 AND 1e400", `(id > 1 and id is not null)`},
		{"accounts", "dateCreated >= '2025-01-01T00:00:00.0001Z'", `dateCreated > 1735689600000`},
		{"accounts", "dateCreated = '2025-01-01T00:00:00.0001Z'", `never`},
		{"accounts", "dateCreated < '2025-01-01T00:00:00.0010Z'", `dateCreated < 1735689600001`},

		// Dates.
		{"accounts", "dateCreated = 2025-01-01", `dateCreated = 1735689600000`},
		{"accounts", "dateCreated = '2025/01/01 01:00:00'", `dateCreated = 1735693200000`},
		{"accounts", "dateCreated IN ('2025-01-01 00:00', '2025-01-01T07:00:00+07:00')", `dateCreated in 1735689600000 1735689600000`},

		// Booleans.
		{"accounts", "deleted=1 OR deleted='0' OR deleted<>TRUE", `(deleted = 1 or deleted = 0 or deleted <> 1)`},
		{"accounts", "deleted IN (true, 'False')", `deleted in 1 0`},

		// Paths.
		{"accounts", "typeId=36", `typeId = 36`},
		{"accounts", "typeid.ID=36", `typeId = 36`},
		{"accounts", "typeId.value='Cliente'", `typeId>title(accountTypes) = "cliente"`},
		{"accounts", "typeId.descriptionES LIKE 'C%'", `typeId>descriptionES like "c%"`},
		{"contacts", "accountId.name LIKE 'A%'", `accountId>name like "a%"`},
		{"contacts", "accountId.salesRepId1.id=5", `accountId>salesRepId1 = 5`},
		{"contacts", "accountId.salesRepId1.managerId.value=Ana", `accountId>salesRepId1>managerId>title(users) = "ana"`},
		{"contacts", "accountId.parentId.total>5", `accountId>parentId>total > 5000000`},
		{"accounts", "salesRepIdCreated.value='Ana Núñez'", `salesRepIdCreated>title(users) = "ana núñez"`},
		{"accounts", "typeId.value IS NULL", `typeId>title(accountTypes) is null`},
		{"accounts", "typeId.id IS NULL", `typeId is null`},
		{"accounts", "z_cargo=3 AND Z_CARGO.value='x' AND Z_Note='y'", `(Z_Cargo = 3 and Z_Cargo>title(branches) = "x" and Z_Note = "y")`},
		{"contacts", "accountId.Z_Note='y'", `accountId>Z_Note = "y"`},

		// Lists of references.
		{"accounts", "branches=3", `branches = 3`},
		{"accounts", "branches.id IN (3,'4')", `branches in 3 4`},
		{"accounts", "branches NOT IN (3,4) OR branches<>5 OR branches IS NULL", `(branches not in 3 4 or branches <> 5 or branches is null)`},
		{"accounts", "branches<>1.5", `branches is not null`},

		// -1 in the place of a reference is none.
		{"accounts", "parentId=-1", `parentId is null`},
		{"accounts", "parentId.id='-1' AND id=-1", `(parentId is null and id = -1)`},
		{"accounts", "parentId<>-1 OR NOT parentId=-1", `(parentId is not null or parentId is not null)`},
		{"accounts", "parentId>-1 AND parentId>=-1", `(parentId > -1 and parentId >= -1)`},
		{"accounts", "parentId IN (-1)", `parentId is null`},
		{"accounts", "parentId IN (5,-1,7)", `(parentId in 5 7 or parentId is null)`},
		{"accounts", "id=1 AND parentId IN (5,-1)", `(id = 1 and (parentId = 5 or parentId is null))`},
		{"accounts", "NOT parentId IN (5,-1) OR parentId NOT IN (-1)", `(parentId <> 5 or parentId is not null)`},
		{"accounts", "NOT parentId NOT IN (5,-1)", `(parentId = 5 or parentId is null)`},
		{"contacts", "accountId.parentId=-1", `accountId>parentId is null`},
		{"accounts", "branches=-1 OR parentId.value='-1'", `(branches = -1 or parentId>title(accounts) = "-1")`},

		// NULL.
		{"accounts", "city = NULL", `never`},
		{"accounts", "NOT city = null", `never`},
		{"accounts", "city <> NULL OR id = 1", `id = 1`},
		{"accounts", "id = 1 AND total < NULL", `never`},
		{"accounts", "city = 'NULL'", `city = "null"`},
		{"accounts", "id IN (1, NULL, 2)", `id in 1 2`},
		{"accounts", "id IN (NULL)", `never`},
		{"accounts", "id NOT IN (1, NULL)", `id <> 1`},
		{"accounts", "id NOT IN (NULL)", `id is not null`},
		{"accounts", "id BETWEEN 1 AND NULL", `never`},
		{"accounts", "id NOT BETWEEN 1 AND NULL", `id < 1`},
		{"accounts", "city LIKE NULL", `never`},
		{"accounts", "city IS NULL", `city is null`},
		{"accounts", "city IS NOT NULL", `city is not null`},
		{"accounts", "NOT city IS NULL", `city is not null`},

		// Negation goes into the operators.
		{"accounts", "NOT id < 5", `id >= 5`},
		{"accounts", "NOT (id < 5 OR id > 7)", `(id >= 5 and id <= 7)`},
		{"accounts", "NOT (id <= 5 AND (id >= 7 OR city LIKE 'a%'))", `(id > 5 or (id < 7 and city not like "a%"))`},
		{"accounts", "NOT NOT id = 5", `id = 5`},
		{"accounts", "not not (not (id IN (1,2)))", `id not in 1 2`},
		{"accounts", "NOT id NOT IN (1,2)", `id in 1 2`},
		{"accounts", "id BETWEEN 1 AND 5 AND city='x'", `(id >= 1 and id <= 5 and city = "x")`},
		{"accounts", "id NOT BETWEEN 1 AND 5", `(id < 1 or id > 5)`},
		{"accounts", "NOT id NOT BETWEEN 1 AND 5", `(id >= 1 and id <= 5)`},
		{"accounts", "city BETWEEN A AND Bz", `(city >= "a" and city <= "bz")`},

		// LIKE.
		{"accounts", "city NOT LIKE '%A_b%'", `city not like "%a_b%"`},
		{"accounts", "city LIKE Vic", `city = "vic"`},
		{"accounts", "city NOT LIKE 'Vic'", `city <> "vic"`},
		{"accounts", "city LIKE '%'", `city is not null`},
		{"accounts", "city NOT LIKE '%%'", `never`},
		{"accounts", "typeId.value LIKE '%x'", `typeId>title(accountTypes) like "%x"`},

		// Precedence.
		{"accounts", "id=1 OR id=2 AND id=3 OR id=4", `(id = 1 or (id = 2 and id = 3) or id = 4)`},
		{"accounts", "(id=1 OR id=2) AND id=3", `((id = 1 or id = 2) and id = 3)`},
		{"accounts", "NOT id=1 AND id=2", `(id <> 1 and id = 2)`},
		{"accounts", "id=1 AND (id=2 AND (id=3))", `(id = 1 and id = 2 and id = 3)`},
	} {
		cat := catalog(t)
		e, err := filter.Where(cat, cat.Resource(c.in), c.where)
		if err != nil {
			t.Errorf("%s where %s: %v", c.in, c.where, err)
			continue
		}
		if got := show(e); got != c.want {
			t.Errorf("%s where %s\n got %s\nwant %s", c.in, c.where, got, c.want)
		}
	}
}

// TestNames: fields that clients know by other names, at the start of a path only.
func TestNames(t *testing.T) {
	cat := catalog(t)
	names := filter.Names{"date_created": "dateCreated", "type": "typeId", "name": "city", "state": "uploadState"}
	for where, want := range map[string]string{
		"DATE_created > '2025-01-01T00:00:00Z' AND dateCreated IS NULL": `(dateCreated > 1735689600000 and dateCreated is null)`,
		"type.value = 'X' AND type = 4":                                 `(typeId>title(accountTypes) = "x" and typeId = 4)`,
		"name = 'x'":                                                    `name = "x"`, // is one already
	} {
		e, err := names.Where(cat, cat.Resource("accounts"), where)
		if err != nil || show(e) != want {
			t.Errorf("%s: %v, %v, want %s", where, show(e), err, want)
		}
	}
	for _, where := range []string{"parentId.date_created IS NULL", "state = 1", "date__created IS NULL"} {
		if _, err := names.Where(cat, cat.Resource("accounts"), where); fault.KindOf(err) != fault.Query {
			t.Errorf("%s: %v", where, err)
		}
	}
	if terms, err := names.Order(cat, cat.Resource("accounts"), "date_created asc, dateCreated"); err != nil || len(terms) != 1 || terms[0].Path.Field.Name != "dateCreated" {
		t.Errorf("%v, %v", terms, err)
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct{ in, order, want string }{
		{"accounts", "", ""},
		{"accounts", "  ", ""},
		{"accounts", "dateCreated", "dateCreated desc"},
		{"accounts", " datecreated ", "dateCreated desc"},
		{"accounts", "dateCreated DESC", "dateCreated desc"},
		{"accounts", "dateCreated asc", "dateCreated asc"},
		{"accounts", "city ASC,name , id Desc", "city asc, name desc, id desc"},
		{"accounts", "typeId", "typeId desc"},
		{"accounts", "typeId.id asc", "typeId asc"},
		{"accounts", "typeId.value asc", "typeId>title(accountTypes) asc"},
		{"contacts", "accountId.salesRepId1.value", "accountId>salesRepId1>title(users) desc"},
		{"accounts", "city asc, CITY desc, typeId, typeId.id", "city asc, typeId desc"},
		{"accounts", "Z_Note asc", "Z_Note asc"},
		{"accounts", strings.Repeat("city,", 100) + "city", "city desc"},
	} {
		cat := catalog(t)
		terms, err := filter.Order(cat, cat.Resource(c.in), c.order)
		if err != nil {
			t.Errorf("%s order %s: %v", c.in, c.order, err)
			continue
		}
		var parts []string
		for _, term := range terms {
			direction := " asc"
			if term.Desc {
				direction = " desc"
			}
			parts = append(parts, showPath(term.Path)+direction)
		}
		if got := strings.Join(parts, ", "); got != c.want {
			t.Errorf("%s order %s\n got %s\nwant %s", c.in, c.order, got, c.want)
		}
	}
}

// TestErrors keeps every message in a golden file: they are read by people.
func TestErrors(t *testing.T) {
	cat := catalog(t)
	accounts := cat.Resource("accounts")
	var out strings.Builder
	record := func(what, text string, err error) {
		shown := text
		if len(shown) > 80 {
			shown = shown[:80] + "…"
		}
		switch {
		case err == nil:
			t.Errorf("%s=%q is accepted", what, shown)
			return
		case fault.KindOf(err) != fault.Query:
			t.Errorf("%s=%q: kind %v", what, shown, fault.KindOf(err))
		}
		if strings.ContainsAny(shown, "\x00\n") || !utf8.ValidString(shown) {
			shown = strconv.Quote(shown)
		}
		fmt.Fprintf(&out, "%s=%s\n\t%s\n", what, shown, fault.Message(err))
	}
	for _, text := range []string{
		"citty='x'", "ñandú='x' AND citty='x'", "city='ñandú' AND nmae=1", "vat=1", "xyz=1", "uploadState=x",
		"typeId.vlaue=x", "typeId.descriptionEs2=x", "typeId.=x", ".=x", "typeId..id=1", "typeId.name=x",
		"city.name=x", "id.id=1", "branches.value=x", "typeId.id.id=1", "typeId.value.id=1",
		strings.Repeat("parentId.", 9) + "name=x",
		strings.Repeat("x", 5000) + "=1",
		"id=abc", "id=''", "id='1,2'", "id=1x", "id=0x10", "id=.", "id=+", "id=1 2", "typeId=Cliente", "total='1,5'", "deleted=2", "deleted=yes",
		"dateCreated='2023-02-30'", "dateCreated>yesterday", "dateCreated=2025-01-01 00:00:00", "branches='x'",
		"id LIKE '1%'", "dateCreated LIKE '2025%'", "typeId LIKE 'x%'", "id NOT LIKE 1", "deleted>0", "deleted BETWEEN 0 AND 1", "branches>1", "branches BETWEEN 1 AND 2",
		"city", "city city", "city=", "city=,", "city==x", "city!x", "city=!x", "city<=>x", "city=<x", "=1", "1=1", "'a'='a'", "'city'='a'",
		"city='x", `city="x`, "city='x''", "city=O'Brien", "city=San Sebastián", "city='a' 'b'", "city=x OR", "city=x AND AND id=1", "city= OR id=1", "OR", "NOT", "AND city=x",
		"(city=x", "city=x)", "()", "(((", "city IN", "city IN x", "city IN ()", "city IN (x", "city IN (x,)", "city IN (x y)", "city IN ((x))", "city NOT x", "city NOT NULL", "city IS x", "city IS NOT x",
		"id BETWEEN 1", "id BETWEEN 1 5", "id BETWEEN AND 5", "id BETWEEN 1 AND", "id BETWEEN (1) AND 5",
		"lower(city)='x'", "city=lower(name)", "city=x; DROP TABLE accounts", "city=x--", "city=x -- and", "city=x/**/", "city='x' /* y */", "id IN (SELECT id FROM users)",
		"city IN (SELECT name FROM users)", "EXISTS (SELECT 1)", "id=(SELECT 1)", "city='a' UNION SELECT 1", "city=`x`", "city=*", "city=name||'x'", "id=1+1=2", "city='a'||'b'", "city=x LIMIT 1", "city=x ORDER BY id",
		"city='\x00'", "city='\xff'", "city=’x’ y",
		strings.Repeat("(", 33) + "id=1" + strings.Repeat(")", 33),
		strings.Repeat("NOT ", 33) + "id=1",
		strings.Repeat("(", 8000),
		"id=1" + strings.Repeat(" OR id=1", 200),
		"id IN (1" + strings.Repeat(",1", 1000) + ")",
		"city='" + strings.Repeat("x", 8190) + "'",
	} {
		_, err := filter.Where(cat, accounts, text)
		record("where", text, err)
	}
	for _, text := range []string{
		"citty", "city up", "city asc desc", "city,", ",city", "city,,name", "city DESC NULLS LAST", "-city", "city;", "lower(city)", "1", "'city'", "branches", "branches.id", "typeId.foo", "city--",
		"id,dateCreated,dateUpdated,deleted,name,city,email,postcode,vatNumber", strings.Repeat("city,", 2000), "city\x00",
	} {
		_, err := filter.Order(cat, accounts, text)
		record("order", text, err)
	}
	golden := filepath.Join("testdata", "errors.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		got, want := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("testdata/errors.golden:%d\n got %s\nwant %s\n(-update rewrites the file)", i+1, got[i], want[i])
			}
		}
		t.Fatalf("%d lines, the golden file has %d", len(got), len(want))
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	cat := catalog(t)
	accounts := cat.Resource("accounts")
	for name, text := range map[string]string{
		"depth": strings.Repeat("(", 31) + "NOT id=1" + strings.Repeat(")", 31),
		"terms": "id=1" + strings.Repeat(" OR id=1", 199),
		"items": "id IN (1" + strings.Repeat(",1", 999) + ")",
		"bytes": "city='" + strings.Repeat("x", filter.MaxBytes-7) + "'",
		"via":   strings.Repeat("parentId.", 8) + "name=x",
	} {
		if _, err := filter.Where(cat, accounts, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if terms, err := filter.Order(cat, accounts, "id,dateCreated,dateUpdated,deleted,name,city,email,postcode"); err != nil || len(terms) != filter.MaxOrder {
		t.Errorf("%d terms, %v", len(terms), err)
	}
}

// world answers Lookup from maps.
type world struct {
	records  map[string]map[int64]*resource.Record
	language int
}

func (w world) Record(table string, id int64) *resource.Record { return w.records[table][id] }

func (w world) Title(res *resource.Resource, rec *resource.Record) (string, bool) {
	title := res.TitleOf(res.TitleColumns(rec), w.language)
	return title, title != ""
}

// record makes a record from values by field name.
func record(res *resource.Resource, id int64, set map[string]resource.Value) *resource.Record {
	rec := &resource.Record{ID: id, Values: make([]resource.Value, len(res.Fields))}
	rec.Values[res.Field("id").Index] = resource.IntValue(id)
	for name, v := range set {
		rec.Values[res.Field(name).Index] = v
	}
	return rec
}

func TestMatchAndCmp(t *testing.T) {
	cat := catalog(t)
	accounts, users, types := cat.Resource("accounts"), cat.Resource("users"), cat.Resource("accountTypes")
	text, num := resource.TextValue, resource.IntValue
	w := world{records: map[string]map[int64]*resource.Record{
		"users": {
			1: record(users, 1, map[string]resource.Value{"name": text("Ana"), "lastName": text("Núñez"), "level": num(5)}),
			2: record(users, 2, map[string]resource.Value{"level": num(3)}),
		},
		"accountTypes": {
			1: record(types, 1, map[string]resource.Value{"descriptionES": text("Cliente"), "descriptionEN": text("Customer")}),
			2: record(types, 2, map[string]resource.Value{"descriptionEN": text("")}),
		},
	}, language: slices.Index(resource.Languages, "ES")}
	recs := []*resource.Record{
		record(accounts, 1, map[string]resource.Value{"name": text("ACME"), "city": text("España"), "typeId": num(1), "salesRepId1": num(1), "total": num(1500000), "branches": text("[3,14]")}),
		record(accounts, 2, map[string]resource.Value{"name": text("acme"), "city": text(""), "typeId": num(2), "salesRepId1": num(2), "branches": text("[]"), "deleted": num(1)}),
		record(accounts, 3, map[string]resource.Value{"name": text("Zeta"), "typeId": num(99), "total": num(-500000), "deleted": num(0)}),
	}
	for _, c := range []struct {
		where string
		want  []int64
	}{
		{"", []int64{1, 2, 3}},
		{"name=Acme", []int64{1, 2}},
		{"city LIKE '%ESPAÑA%'", []int64{1}},
		{"city=''", []int64{2}},
		{"city<>''", []int64{1}},
		{"NOT city='x'", []int64{1, 2}},
		{"city IS NULL", []int64{3}},
		{"total>-0.5000001", []int64{1, 3}},
		{"total>=1.5", []int64{1}},
		{"total<0", []int64{3}},
		{"total<=-0.5", []int64{3}},
		{"typeId.value='cliente'", []int64{1}},
		{"typeId.value<>'cliente'", nil},
		{"typeId.value IS NULL", []int64{2, 3}},
		{"salesRepId1.value='ANA NÚÑEZ'", []int64{1}},
		{"salesRepId1.level>2", []int64{1, 2}},
		{"salesRepId1.level IS NULL", []int64{3}},
		{"salesRepId1.level IN (5,6)", []int64{1}},
		{"salesRepId1.level NOT IN (5,6)", []int64{2}},
		{"branches=14", []int64{1}},
		{"branches=4", nil},
		{"branches IN (4,3)", []int64{1}},
		{"branches<>3", []int64{2}},
		{"branches NOT IN (4,5)", []int64{1, 2}},
		{"branches IS NULL", []int64{3}},
		{"deleted=false", []int64{3}},
		{"deleted<>false OR id=3 AND city IS NULL", []int64{2, 3}},
		{"id=NULL", nil},
		{"name NOT LIKE 'a%'", []int64{3}},
	} {
		e, err := filter.Where(cat, accounts, c.where)
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		var got []int64
		for _, r := range recs {
			if filter.Match(e, r, w) {
				got = append(got, r.ID)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s selects %v, want %v", c.where, got, c.want)
		}
	}
	for _, c := range []struct {
		order string
		want  []int64
	}{
		{"", []int64{1, 2, 3}},
		{"id", []int64{3, 2, 1}},
		{"name asc", []int64{1, 2, 3}},
		{"name", []int64{3, 1, 2}},
		{"city asc", []int64{3, 2, 1}},
		{"city", []int64{1, 2, 3}},
		{"total asc", []int64{2, 3, 1}},
		{"total", []int64{1, 3, 2}},
		{"typeId.value asc, id desc", []int64{3, 2, 1}},
		{"salesRepId1.level", []int64{1, 2, 3}},
	} {
		terms, err := filter.Order(cat, accounts, c.order)
		if err != nil {
			t.Errorf("%s: %v", c.order, err)
			continue
		}
		sorted := slices.Clone(recs)
		slices.SortFunc(sorted, func(a, b *resource.Record) int { return filter.Cmp(terms, a, b, w) })
		var got []int64
		for _, r := range sorted {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("order %q gives %v, want %v", c.order, got, c.want)
		}
	}
}

func BenchmarkWhere(b *testing.B) {
	cat := catalog(b)
	accounts := cat.Resource("accounts")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := filter.Where(cat, accounts, "(dateUpdated > '2025-01-01T00:00:00Z' OR dateCreated > '2025-01-01T00:00:00Z') AND typeId.id=36 AND vatNumber<>''"); err != nil {
			b.Fatal(err)
		}
	}
}
