package store

import (
	"context"
	"errors"
	"math"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// A text that thousands of rows hold, in an order that an index holds: looking them all
// up for their place in the order takes long, and so does walking until a page is full.
// But passing an entry of an index takes a small part of fetching its row. So the
// candidates are collected, the index is read, and only those rows are fetched that are
// candidates.

// Costs, in rows that are fetched anywhere.
const (
	entriesPerRow    = 50 // entries of an index that are passed meanwhile
	candidatesPerRow = 30 // ids that a source finds meanwhile
)

// covered reports whether the index that serves the order holds it all, so that
// passing a row means reading no more than its entry.
func (l *list) covered() bool {
	first := l.terms[0].Path
	return len(l.terms) <= 2 && !first.Title && !first.Field.Extra
}

// sifted is choose for a source that no single index serves, in an order that an index
// holds; covers is what the list's method says.
func (l *list) sifted(ctx context.Context, c Conn, p *crm.Page, src source, index string, equal filter.And, m measures, covers bool) (how access, done bool, err error) {
	found, whole, err := l.find(ctx, c, src, m.even)
	if err != nil {
		return access{}, false, err
	}
	s := &sifting{list: l, c: c, index: index, equal: equal, budget: math.MaxInt}
	if whole {
		// So many entries will do, if every sixth candidate is selected and they do
		// not all come last.
		budget := 6 * float64(m.wanted) * float64(m.all) / float64(max(len(found), 1))
		if budget <= entriesPerRow*float64(len(found)) {
			s.among, s.budget = newIDSet(found), int(budget)
			done, err = s.fill(ctx, p)
		}
		return access{source: found}, done, err
	}
	if covers {
		done, err = l.walk(ctx, c, p, nil, index, equal, math.MaxInt)
		return access{}, done, err
	}
	// Trigrams find ids in their order, so that the last one tells how many there will
	// be; of other sources it is not known.
	total := float64(m.all)
	if _, is := src.(*match); is {
		total *= float64(len(found)) / float64(found[len(found)-1])
	}
	// Walking pays where it takes no longer than collecting, and where it is likely to
	// end: if every second candidate is selected.
	budget := min(m.shortWalk(), int(total/candidatesPerRow))
	if float64(budget)*total >= 2*float64(m.wanted)*float64(m.all) {
		if done, err = l.walk(ctx, c, p, nil, index, equal, budget); done || err != nil {
			return access{}, done, err
		}
	}
	s.among = newIDSet(found)
	if err = l.candidates(ctx, c, src, math.MaxInt, s.among.add); err != nil {
		return access{}, false, err
	}
	done, err = s.fill(ctx, p)
	return access{}, done, err
}

// sifting reads an index, in the order of a list, for rows that are among candidates.
type sifting struct {
	*list
	c      Conn
	index  string // "" is that of the ids
	equal  filter.And
	among  *idSet
	budget int // entries of the index that may still be read
}

// fill fills the page. It reports false when the budget was used before the page was
// full; the page is then of no use.
func (s *sifting) fill(ctx context.Context, p *crm.Page) (done bool, err error) {
	p.Keys, p.More = p.Keys[:0], false
	q, skip := s.q, 0
	defer func() { s.q = q }()
	if q.After == nil {
		skip, s.q.Offset = q.Offset, 0 // counted here, over all statements
	}
	take := func(r Row) error {
		if skip > 0 {
			skip--
			return nil
		}
		if s.take(r, p); p.More {
			return errEnough
		}
		return nil
	}
	left := func() int { return skip + q.Limit + 1 - len(p.Keys) }
	for _, part := range s.pieces() {
		first := left()
		most, tried := min(first, mostSifted), 0
		for passed, ended := 0, false; !ended; {
			ids, read, err := s.entries(ctx, part, passed, most)
			if err != nil {
				return false, err
			}
			if err := s.look(ctx, part, ids, take); errors.Is(err, errEnough) {
				return true, nil
			} else if err != nil {
				return false, err
			}
			passed, tried, ended = passed+read, tried+len(ids), len(ids) < most
			if s.budget -= read; s.budget == 0 {
				return false, nil
			}
			// As many as it takes if they are selected as often as those before,
			// and some more: the entries before them are passed again.
			most = min(left()*tried/max(first-left(), 1)*5/4+4, max(mostSifted, tried))
		}
	}
	return true, nil
}

// mostSifted is how many rows one statement looks up, unless as many were before.
const mostSifted = 4096

// entries reads entries of the index, from the piece's entry number passed on, until
// most of them are candidates. It returns these, in the list's order, and how many
// entries it has read.
func (s *sifting) entries(ctx context.Context, p piece, passed, most int) (ids foundSource, read int, err error) {
	index := s.index
	if index == "" {
		index = s.t.idsIndex()
	}
	b := s.s.newBuilder(s.q.Language)
	entry := b.alias()
	// Without the sort keys, which would take twice as long as passing the entry.
	b.add("SELECT ", entry, ".", idColumn, " FROM ", s.t.name, " ", entry, " INDEXED BY ", quote(index), " WHERE ")
	b.where(s.equal, s.t, entry)
	s.position(b, p, entry)
	s.orderBy(b, p, func(term int) { b.sortValue(s.terms[term].Path, s.t, entry) })
	b.add(" LIMIT ")
	b.arg(resource.IntValue(int64(s.budget)), ColumnInteger)
	b.add(" OFFSET ")
	b.arg(resource.IntValue(int64(passed)), ColumnInteger)
	sql, args, err := b.done()
	if err != nil {
		return nil, 0, err
	}
	err = s.c.Query(ctx, sql, args, func(r Row) error {
		read++
		if id := r.Int(0); s.among.has(id) {
			if ids = append(ids, id); len(ids) == most {
				return errEnough
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return ids, read, err
}

// look looks up rows of a piece, which are given in the list's order, and takes those
// that are selected.
func (s *sifting) look(ctx context.Context, p piece, ids foundSource, take func(Row) error) error {
	if len(ids) == 0 {
		return nil
	}
	sql, args, err := s.statement(p, access{source: ids}, len(ids))
	if err != nil {
		return err
	}
	return s.c.Query(ctx, sql, args, take)
}

// idSet is a set of ids. Ids are counted up from 1, so that a bit for each is less than
// a list of those of frequent texts.
type idSet struct{ bits []uint64 }

func newIDSet(ids []int64) *idSet {
	s := &idSet{}
	for _, id := range ids {
		s.add(id)
	}
	return s
}

func (s *idSet) add(id int64) {
	word := int(id / 64)
	if word >= len(s.bits) {
		s.bits = append(s.bits, make([]uint64, word+1-len(s.bits))...)
	}
	s.bits[word] |= 1 << (id % 64)
}

func (s *idSet) has(id int64) bool {
	word := id / 64
	return word < int64(len(s.bits)) && s.bits[word]&(1<<(id%64)) != 0
}
