package seed

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/resource"
	"pgregory.net/rapid"
)

// A new workspace has its lists, named in every language, and nobody in it.
func TestBase(t *testing.T) {
	m, cat := workspace(t)
	m.check(cat)
	known := map[string]bool{"branches": true}
	for _, l := range valueLists() {
		known[l.resource] = true
		if len(m.tables[l.resource]) != len(l.values) {
			t.Errorf("%d %s", len(m.tables[l.resource]), l.resource)
		}
	}
	for name := range known {
		res := cat.Resource(name)
		for _, r := range m.tables[name] {
			seen := map[string]bool{}
			for _, label := range res.LabelFields {
				v := r.Values[res.Field(label).Index]
				if v.IsNull() || v.S == "" {
					t.Errorf("%s %d has no %s", name, r.ID, label)
				}
				seen[v.S] = true
			}
			if len(seen) == 1 {
				t.Errorf("%s %d is not translated", name, r.ID)
			}
		}
	}
	for _, name := range []string{"countries", "currencies", "timeZones", "genre", "videoCallProviders", "branches"} {
		known[name] = true
		if len(m.tables[name]) == 0 {
			t.Errorf("no %s", name)
		}
	}
	for name, rows := range m.tables {
		if !known[name] && len(rows) > 0 {
			t.Errorf("%d %s", len(rows), name)
		}
	}
	branch := m.tables["branches"][0]
	branches := cat.Resource("branches")
	for field, title := range map[string]string{"currencyId": "euro", "timeZoneId": "(GMT+01:00) Brussels, Copenhagen, Madrid, Paris"} {
		f := branches.Field(field)
		table := cat.Resource(f.Table)
		for _, r := range m.tables[f.Table] {
			if r.ID == branch.Values[f.Index].I && table.TitleOf(table.TitleColumns(r), resource.English) != title {
				t.Errorf("%s of the branch is %+v", field, table.TitleColumns(r))
			}
		}
	}
}

// cut is a target that breaks after some rows, once.
type cut struct {
	*memory
	rows int
}

func (c *cut) BulkLoad(ctx context.Context, fn func(func(*resource.Resource, ...*resource.Record) error) error) error {
	return c.memory.BulkLoad(ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		return fn(func(res *resource.Resource, recs ...*resource.Record) error {
			if c.rows -= len(recs); c.rows < 0 {
				return errors.New("cut off")
			}
			return insert(res, recs...)
		})
	})
}

// What was cut off between two tables is completed by the next run; what is there
// is left alone.
func TestBaseGoesOn(t *testing.T) {
	g, _ := registry(t)
	whole, _ := workspace(t)
	c := &cut{newMemory(t), 600}
	if err := Base(context.Background(), c, g, noon()); err == nil {
		t.Fatal("was not cut off")
	}
	for range 2 {
		c.rows = 10_000
		if err := Base(context.Background(), c, g, noon()); err != nil {
			t.Fatal(err)
		}
		if digest(t, c.memory) != digest(t, whole) {
			t.Error("the workspace is not as it would have been")
		}
	}
}

// Any two times keep their order in working hours, and what comes after
// something lies between it and now.
func TestTimeline(t *testing.T) {
	line := newTimeline(noon(), years, 1000)
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) int64 { return rapid.Int64Range(line.start, line.now).Draw(t, name) }
		a, b := at("a"), at("b")
		if a > b {
			a, b = b, a
		}
		inA, inB := officeHours(a), officeHours(b)
		if inA > inB {
			t.Errorf("%d and %d change places", a, b)
		}
		if d := time.UnixMilli(inA).UTC(); d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || d.Hour() < 8 || d.Hour() > 18 {
			t.Errorf("%v", d)
		}
		if back := anyHours(inA); back > a+10 || back < a-10 {
			t.Errorf("%d comes back as %d", a, back)
		}
		r := random{rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)}
		from := min(inA, line.now)
		for _, v := range []int64{line.after(from, &r), line.within(from, &r)} {
			if v < from || v > line.now {
				t.Errorf("%d is not between %d and %d", v, from, line.now)
			}
		}
		i := rapid.Uint64Range(0, 1<<40).Draw(t, "i")
		if line.account(i) > line.account(i+1) || line.account(i) > line.now || line.account(i) < line.start-msWeek {
			t.Errorf("account %d: %d", i, line.account(i))
		}
	})
}
