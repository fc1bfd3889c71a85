package storetest

import (
	"maps"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// tails checks that a derived field has the value of its source, whichever way
// that was written and whatever a caller puts into the derived one.
func tails(w *world) {
	w.insert("phones", fields{"phone": str("+34 667 42 60 52"), "tail": resource.IntValue(1)}, fields{}, fields{"phone": str("no")})
	want := func(id, tail int64) {
		w.Helper()
		got := w.load("phones", id).Rows[0].Values[w.field("phones", "tail").Index]
		if tail < 0 && !got.IsNull() || tail >= 0 && got != resource.IntValue(tail) {
			w.Errorf("phone %d: tail %+v, want %d", id, got, tail)
		}
	}
	want(1, 7426052)
	want(2, -1)
	want(3, -1)
	w.update("phones", 1, fields{"note": str("b")})
	want(1, 7426052)
	w.update("phones", 1, fields{"phone": resource.Value{}})
	want(1, -1)
	w.update("phones", 2, fields{"phone": str("0012")})
	want(2, 12)
}

// tallies compares totals with those counted one by one.
func tallies(w *world) {
	w.insert("statuses", fields{}, fields{}, fields{})
	var rows []fields
	for i := range int64(50) {
		f := fields{"employees": resource.IntValue(i % 4), "total": resource.IntValue(i * 1_000_000_007), "deleted": resource.BoolValue(i%5 == 0)}
		if i%6 > 0 {
			f["statusId"] = resource.IntValue(1 + i%3)
		}
		if i%7 == 0 {
			delete(f, "total")
		}
		rows = append(rows, f)
	}
	w.insert("accounts", rows...)
	res := w.resource("accounts")
	for _, where := range []string{"", "deleted=false", "statusId.id IN (1,2) AND total>0", "id<0"} {
		q := w.query("accounts", where, "")
		for _, by := range []string{"statusId", "employees", "parentId"} {
			for _, sum := range []string{"", "employees", "total"} {
				want := map[int64]crm.Total{}
				for _, rec := range w.rows["accounts"] {
					v := rec.Values[res.Field(by).Index]
					if v.IsNull() || !filter.Match(q.Where, rec, lookup{w, q.Language}) {
						continue
					}
					t := want[v.I]
					t.Count++
					if f := res.Field(sum); f != nil {
						t.Sum += rec.Values[f.Index].I
					}
					want[v.I] = t
				}
				got, err := w.store.Tally(w.ctx, res, q.Where, res.Field(by), res.Field(sum))
				w.must(err)
				if !maps.Equal(got, want) {
					w.Errorf("where %s by %s sum %s\ngot  %v\nwant %v", where, by, sum, got, want)
				}
			}
		}
	}
}
