package store

import (
	"context"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Explain returns how the keys of a list are read: by a walk that may end early,
// or with the engine's plans for its statements.
func (s *Store) Explain(ctx context.Context, q crm.Query) (plans string, err error) {
	t, err := s.table(q.Resource)
	if err != nil {
		return "", err
	}
	l := &list{s: s, t: t, q: q}
	if err := l.sortKeys(); err != nil {
		return "", err
	}
	explain, column := "EXPLAIN QUERY PLAN ", 3
	if s.flavor == PostgreSQL {
		explain, column = "EXPLAIN (COSTS OFF) ", 0
	}
	err = s.db.Read(ctx, func(c Conn) error {
		var b strings.Builder
		asked := &recorder{Conn: c}
		how, done, err := l.choose(ctx, asked, &crm.Page{})
		if err != nil {
			return err
		}
		for _, piece := range l.pieces() {
			sql, args, err := l.statement(piece, how, q.Limit+1)
			statements := []statement{{sql, args}}
			found, streams := l.source(q.Where).(*match)
			switch {
			case done && streams && l.terms[0].id && !l.terms[0].Desc:
				b.WriteString("STREAM ")
				sql, args, err = l.statement(piece, access{source: streamSource(found.String())}, 1)
				statements = []statement{{sql, args}}
			case done && strings.Contains(asked.last().sql, "json_each"):
				b.WriteString("SIFT ")
				statements = asked.statements[len(asked.statements)-2:]
			case done:
				b.WriteString("WALK ")
				statements = []statement{asked.last()}
			}
			if err != nil {
				return err
			}
			for _, s := range statements {
				err = c.Query(ctx, explain+s.sql, s.args, func(r Row) error {
					if line := string(r.Bytes(column)); line != "SCALAR SUBQUERY 1" && line != "SCAN _meta" {
						b.WriteString(line + "\n")
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		plans = b.String()
		return nil
	})
	return plans, err
}

// Candidates returns the query of trigrams by which the candidates of a list are found.
func (s *Store) Candidates(ctx context.Context, q crm.Query) (query string, err error) {
	t, err := s.table(q.Resource)
	if err != nil {
		return "", err
	}
	l := &list{s: s, t: t, q: q}
	err = s.db.Read(ctx, func(c Conn) error {
		all, err := l.maxID(ctx, c)
		if err != nil {
			return err
		}
		found, err := l.thinned(ctx, c, t.match(q.Where), all)
		if err == nil {
			query = found.String()
		}
		return err
	})
	return query, err
}

// recorder remembers what was asked.
type recorder struct {
	Conn
	statements []statement
}

type statement struct {
	sql  string
	args []Arg
}

func (r *recorder) last() statement { return r.statements[len(r.statements)-1] }

func (r *recorder) Query(ctx context.Context, sql string, args []Arg, row func(Row) error) error {
	r.statements = append(r.statements, statement{sql, args})
	return r.Conn.Query(ctx, sql, args, row)
}

// Schema renders the DDL of a registry.
func Schema(flavor Flavor, reg *resource.Registry) (string, error) {
	var tables []*table
	for _, res := range reg.All() {
		t, err := newTable(res)
		if err != nil {
			return "", err
		}
		tables = append(tables, t)
	}
	s, err := newSchema(flavor, tables, map[Flavor]string{SQLite: "fts5", PostgreSQL: "public"}[flavor])
	if err != nil {
		return "", err
	}
	return s.render(flavor, true), nil
}

// KeepAll has lists kept of those who see many records too, and without versions.
func (s *Store) KeepAll() { s.kept.few, s.kept.far = 0, 5 }

// KeptRows returns how many rows of lists are kept.
func (s *Store) KeptRows() int {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	return s.kept.rows
}
