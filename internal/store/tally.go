package store

import (
	"context"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Tally implements crm.Store.
func (s *Store) Tally(ctx context.Context, res *resource.Resource, where filter.Expr, by, sum *resource.Field) (_ map[int64]crm.Total, err error) {
	defer fault.Wrap(&err, "store.Tally(%s by %s)", res.Name, by.Name)
	t, err := s.table(res)
	if err != nil {
		return nil, err
	}
	b := s.newBuilder(resource.English)
	alias := b.alias()
	b.add("SELECT ")
	b.column(by, t, alias)
	b.add(", count(*), ")
	if sum == nil {
		b.add("0")
	} else {
		b.add("CAST(coalesce(sum(")
		b.column(sum, t, alias)
		b.add("), 0) AS ", integerType(s.flavor), ")")
	}
	b.add(" FROM ", t.name, " ", alias, " WHERE ")
	b.where(where, t, alias)
	b.add(" AND ")
	b.column(by, t, alias)
	b.add(" IS NOT NULL GROUP BY 1")
	sql, args, err := b.done()
	if err != nil {
		return nil, err
	}
	totals := map[int64]crm.Total{}
	err = s.db.Read(ctx, func(c Conn) error {
		clear(totals) // a read may run again
		return c.Query(ctx, sql, args, func(r Row) error {
			totals[r.Int(0)] = crm.Total{Count: r.Int(1), Sum: r.Int(2)}
			return nil
		})
	})
	return totals, err
}

// integerType is the type of whole numbers in SQL.
func integerType(flavor Flavor) string {
	if flavor == PostgreSQL {
		return columns[resource.Integer].postgreSQL
	}
	return columns[resource.Integer].sqlite
}
