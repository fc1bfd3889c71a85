package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
)

// asBefore makes of a calendar what the first version had: days as texts, one of them
// with a folded copy in an index. It had no tails of telephone numbers either.
var asBefore = map[store.Flavor]string{
	store.SQLite: `DROP INDEX "calendar_by_salesRepId_startDate"; DROP INDEX "calendar_by_accountId_startDate"; DROP INDEX "accounts_by_phoneTail";
		ALTER TABLE "calendar" DROP COLUMN "startDate"; ALTER TABLE "calendar" DROP COLUMN "endDate"; ALTER TABLE "accounts" DROP COLUMN "phoneTail";
		ALTER TABLE "calendar" ADD COLUMN "startDate" TEXT; ALTER TABLE "calendar" ADD COLUMN "endDate" TEXT; ALTER TABLE "calendar" ADD COLUMN "startDate_key" TEXT;`,
	store.PostgreSQL: `ALTER TABLE "calendar" DROP COLUMN "startDate"; ALTER TABLE "calendar" DROP COLUMN "endDate"; ALTER TABLE "accounts" DROP COLUMN "phoneTail";
		ALTER TABLE "calendar" ADD COLUMN "startDate" text COLLATE "C"; ALTER TABLE "calendar" ADD COLUMN "endDate" text COLLATE "C"; ALTER TABLE "calendar" ADD COLUMN "startDate_key" text COLLATE "C";`,
}

const filledBefore = `
	CREATE INDEX "calendar_by_salesRepId_startDate" ON "calendar" ("salesRepId", "startDate_key" DESC);
	CREATE INDEX "calendar_by_accountId_startDate" ON "calendar" ("accountId", "startDate_key" DESC);
	UPDATE "calendar" SET "startDate" = '26/03/02', "endDate" = '2026-03-04' WHERE "id" = 1;
	UPDATE "calendar" SET "startDate" = 'tomorrow' WHERE "id" = 2;
	UPDATE "_meta" SET "fingerprint" = 'of the first version', "migration" = 0;`

func TestDatabaseOfTheFirstVersion(t *testing.T) {
	engines(t, func(t *testing.T, open func() store.DB) {
		reg, err := resource.New(resource.Declared()...)
		if err != nil {
			t.Fatal(err)
		}
		db := open()
		s := newStore(t, db, reg, store.Options{})
		accounts, calendar := reg.Resource("accounts"), reg.Resource("calendar")
		insert(t, s, accounts, map[string]resource.Value{"name": resource.TextValue("A"), "phone": resource.TextValue("+34 667 42 60 52")})
		insert(t, s, accounts, map[string]resource.Value{"name": resource.TextValue("B")})
		for _, subject := range []string{"Fair", "Visit", "Call"} {
			insert(t, s, calendar, map[string]resource.Value{"subject": resource.TextValue(subject)})
		}
		err = db.Write(t.Context(), func(c store.Conn) error { return c.Script(t.Context(), asBefore[db.Flavor()]+filledBefore) })
		if err != nil {
			t.Fatal(err)
		}

		s = newStore(t, db, reg, store.Options{})
		var p crm.Page
		if err := s.Load(t.Context(), calendar, []int64{1, 2, 3}, &p); err != nil {
			t.Fatal(err)
		}
		day := func(text string) resource.Value {
			at, err := time.Parse(time.DateOnly, text)
			if err != nil {
				t.Fatal(err)
			}
			return resource.IntValue(at.UnixMilli())
		}
		for i, want := range [][2]resource.Value{{day("2026-03-02"), day("2026-03-04")}, {}, {}} {
			rec := p.Rows[i]
			got := [2]resource.Value{rec.Values[calendar.Field("startDate").Index], rec.Values[calendar.Field("endDate").Index]}
			if got != want {
				t.Errorf("event %d: days %v, want %v", rec.ID, got, want)
			}
		}
		if got := find(t, s, reg, "calendar", "startDate >= '2026-03-02' AND subject LIKE '%air%'"); !slices.Equal(got, []int64{1}) {
			t.Errorf("events since the second of March: %v", got)
		}
		later := insert(t, s, calendar, map[string]resource.Value{"subject": resource.TextValue("Later"), "startDate": day("2026-03-03")})
		if got := find(t, s, reg, "calendar", "startDate > '2026-03-02'"); !slices.Equal(got, []int64{later}) {
			t.Errorf("events after it: %v", got)
		}

		p = crm.Page{}
		err = s.List(t.Context(), crm.Query{
			Resource: accounts, Limit: 10, Language: -1,
			Where: &filter.Compare{
				Path: filter.Path{Resource: accounts, Field: accounts.Field("phoneTail")}, Op: filter.Eq,
				Args: []resource.Value{resource.PhoneTail("667426052")},
			},
		}, &p)
		if err != nil || len(p.Keys) != 1 || p.Keys[0].ID != 1 {
			t.Errorf("who has the telephone number: %v, %v", p.Keys, err)
		}

		spied := &spy{DB: db}
		newStore(t, spied, reg, store.Options{})
		if spied.writes != 0 {
			t.Errorf("opening again changes something: %q", spied.statements)
		}
	})
}
