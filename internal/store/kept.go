package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"sync"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
)

// Somebody who sees one record in a thousand would have them found and sorted again
// for every page. So what a user's list has in it is kept, in its order: the next
// page, and the same list asked for again, cost as much as an administrator's. Far
// pages of those who see more are kept for the same reason: there is no index that
// counts off only what one user sees.
//
// What is kept never answers for another state of the database than its own. Every
// transaction that writes a guarded table moves the stamp, which every list reads
// from the state that it sees; a transaction of this process also tells which rows
// it wrote, and they are put in their places. After one of another process a list
// is collected anew. Only SQLite has lists kept: there one transaction writes at a
// time, so that a stamp stands for one state.

const (
	keptFew   = 1 << 15 // so many rows of a user's are kept whatever page is asked for
	keptFar   = 10_000  // and any number when so many rows of the table are passed to reach the page
	keptRows  = 1 << 20 // rows of all lists together, 8 bytes each
	keptLists = 1024    // lists, those asked for once included
	keptWrite = 64      // rows of a table that one transaction tells of, and that are put in their places at once
	keptTells = 256     // transactions that are remembered
)

// kept are the lists of one store.
type kept struct {
	few float64 // keptFew
	far float64 // keptFar

	mu    sync.Mutex
	lists map[string]*keptList
	rows  int
	clock int64
	tells []tell // by before
}

// keptList is what one list has in it.
type keptList struct {
	rows  []keptRow // never changed
	known bool      // rows are as of stamp; else it has only been asked for
	never bool      // it is not to be kept
	gap   bool      // when it was last asked for, somebody had not told what was written
	stamp int64
	used  int64
}

// keptRow is a row of a list. Greater numbers are not kept. A version of 0 is not
// known: reading those of half a table, all over the file, would take seconds.
type keptRow struct{ id, version uint32 }

// tell is what a transaction wrote that moved the stamp.
type tell struct {
	before, after int64
	wrote         map[*table][]int64 // more than keptWrite ids: any rows
}

// any reports whether transactions have something to tell.
func (k *kept) any() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rows > 0
}

// tell takes what a transaction wrote, after its commit.
func (k *kept) tell(t tell) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at, _ := slices.BinarySearchFunc(k.tells, t.before, func(t tell, before int64) int { return cmp.Compare(t.before, before) })
	k.tells = slices.Insert(k.tells, at, t)
	if len(k.tells) > keptTells {
		k.tells = slices.Delete(k.tells, 0, 1)
	}
}

// get returns a list as of a stamp at or before now, and the rows of t that were
// written since. It is nil when there is none or not enough is known; then again
// tells whether the list is asked for again, and worth keeping. A transaction of
// this process tells what it wrote just after its commit: a list that comes between
// the two need not be collected anew.
func (k *kept) get(key []byte, t *table, now int64) (l *keptList, wrote []int64, again bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.clock++
	l = k.lists[string(key)]
	if l == nil {
		k.put(string(key), &keptList{used: k.clock})
		return nil, nil, false
	}
	l.used = k.clock
	if !l.known || l.stamp > now {
		return nil, nil, !l.known && !l.never
	}
	gap := l.gap
	l.gap = true
	for at := l.stamp; at != now; {
		i, found := slices.BinarySearchFunc(k.tells, at, func(t tell, before int64) int { return cmp.Compare(t.before, before) })
		if !found || k.tells[i].after > now {
			return nil, nil, gap
		}
		at = k.tells[i].after
		if wrote = append(wrote, k.tells[i].wrote[t]...); len(wrote) > keptWrite {
			return nil, nil, true
		}
	}
	l.gap = false
	return l, wrote, true
}

// forget gives all lists up.
func (k *kept) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lists, k.rows, k.tells = nil, 0, nil
}

// keep keeps the rows of a list as of a stamp.
func (k *kept) keep(key string, rows []keptRow, stamp int64) {
	if len(rows) > keptRows {
		k.refuse(key)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if old := k.lists[key]; old != nil && old.known && old.stamp > stamp {
		return
	}
	k.put(key, &keptList{rows: rows, known: true, stamp: stamp, used: k.clock})
}

// refuse notes that a list is not to be kept.
func (k *kept) refuse(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(key, &keptList{never: true, used: k.clock})
}

// put puts a list into its place, and takes those away that were not used for the
// longest time when there are too many.
func (k *kept) put(key string, l *keptList) {
	if k.lists == nil {
		k.lists = map[string]*keptList{}
	}
	k.remove(key)
	for len(k.lists) >= keptLists || k.rows+len(l.rows) > keptRows {
		oldest, used := "", int64(math.MaxInt64)
		for key, l := range k.lists {
			if l.used < used && (len(l.rows) > 0 || len(k.lists) >= keptLists) {
				oldest, used = key, l.used
			}
		}
		k.remove(oldest)
	}
	k.lists[key] = l
	k.rows += len(l.rows)
}

func (k *kept) remove(key string) {
	if l := k.lists[key]; l != nil {
		k.rows -= len(l.rows)
		delete(k.lists, key)
	}
}

// stampSQL reads the generation and the stamp. The log of changes only grows, and
// what is not logged advances the generation.
const stampSQL = `SELECT "generation", "generation" + coalesce((SELECT max("sequence") FROM "_changes"), 0) FROM "_meta"`

func readStamp(ctx context.Context, c Conn) (generation, stamp int64, err error) {
	err = c.Query(ctx, stampSQL, nil, func(r Row) error {
		generation, stamp = r.Int(0), r.Int(1)
		return nil
	})
	return generation, stamp, err
}

// wrote notes that rows of a table are written, which others may have kept.
func (x *tx) wrote(t *table, ids ...int64) {
	if x.s.flavor != SQLite || !t.guarded {
		return
	}
	if x.written == nil {
		x.written = map[*table][]int64{}
	}
	if all := x.written[t]; len(all) <= keptWrite {
		x.written[t] = append(all, ids[:min(len(ids), keptWrite+1)]...)
	}
}

// tells returns what is to be told of a transaction once it is committed; it is
// written to the end.
func (x *tx) tells(ctx context.Context) (t tell, err error) {
	if _, t.after, err = readStamp(ctx, x.c); err != nil {
		return t, err
	}
	t.before, t.wrote = t.after-int64(len(x.changes)), x.written
	if x.advance {
		t.before--
	}
	return t, nil
}

// keeps reports whether the rows of a list follow from the rows of its table
// alone, so that only writes to these change it.
func (l *list) keeps(e filter.Expr) bool {
	all := func(members []filter.Expr) bool {
		return !slices.ContainsFunc(members, func(m filter.Expr) bool { return !l.keeps(m) })
	}
	switch e := e.(type) {
	case nil, filter.Never:
		return true
	case filter.And:
		return all(e)
	case filter.Or:
		return all(e)
	case *filter.Compare:
		return len(direct(e.Path).Via) == 0
	default:
		return false
	}
}

// fromKept fills the page from a list that is kept, or keeps it first. It reports
// false when it is better, or the only way, to find the rows of this page alone.
func (l *list) fromKept(ctx context.Context, c Conn, p *crm.Page) (done bool, err error) {
	if !l.keep || !l.keeps(l.q.Visible) || !l.keeps(l.q.Where) || l.byID(l.q.Where) ||
		slices.ContainsFunc(l.terms, func(k sortKey) bool { return len(k.Path.Via) > 0 }) {
		return false, nil
	}
	if src := l.source(l.q.Where); src != nil && src.rank() == rankKey {
		return false, nil
	}
	s, err := l.share(ctx, c)
	if err != nil || s.present < minSample || s.visible == s.present {
		return false, err
	}
	sees := float64(s.visible+1) / float64(s.present) * float64(s.rows)
	walked := float64(l.q.Offset) * float64(s.rows) / sees
	few, far := sees <= l.s.kept.few, l.q.After == nil && walked >= l.s.kept.far && sees < keptRows
	if !few && !far && l.q.After == nil {
		return false, nil
	}
	generation, now, err := readStamp(ctx, c)
	if err != nil {
		return false, err
	}
	key, err := l.keptKey()
	if err != nil {
		return false, err
	}
	known, wrote, again := l.s.kept.get(key, l.t, now)
	var rows []keptRow
	switch {
	case known != nil:
		rows = known.rows
		if len(wrote) > 0 {
			var ok bool
			if rows, ok, err = l.replaced(ctx, c, rows, sortedIDs(wrote)); err != nil || !ok {
				return false, err
			}
		}
		if known.stamp != now {
			l.s.kept.keep(string(key), rows, now)
		}
	case again && (few || far):
		limit := keptRows
		if few {
			limit = 2 * int(l.s.kept.few)
		}
		var ok bool
		if rows, ok, err = l.collect(ctx, c, limit, !few); err != nil {
			return false, err
		}
		if !ok {
			l.s.kept.refuse(string(key))
			return false, nil
		}
		l.s.kept.keep(string(key), rows, now)
	default:
		return false, nil
	}
	done, err = l.page(ctx, c, p, rows)
	switch {
	case !done:
		p.Keys, p.More = p.Keys[:0], false
	case len(p.Keys) > 0:
		p.Generation = generation
	}
	return done, err
}

// keptKey is the same for all pages of a list.
func (l *list) keptKey() ([]byte, error) {
	b := l.s.newBuilder(l.q.Language)
	alias := b.alias()
	b.add(l.t.name)
	b.where(l.q.Visible, l.t, alias)
	b.where(l.q.Where, l.t, alias)
	for _, term := range l.terms {
		b.sortValue(term.Path, l.t, alias)
		if term.Desc {
			b.add("-")
		}
	}
	key := b.text
	for _, a := range b.args {
		key = append(key, byte(a.Type))
		key = binary.AppendVarint(key, a.I)
		key = append(binary.AppendUvarint(key, uint64(len(a.S))), a.S...)
	}
	return key, b.err
}

// other returns the list for another part of its rows.
func (l *list) other(limit int) *list {
	o := &list{s: l.s, t: l.t, q: l.q, terms: l.terms, last: make([]sortValue, len(l.terms))}
	o.q.After, o.q.Offset, o.q.Limit = nil, 0, limit
	return o
}

// collect returns all rows of the list, or false when they are more than limit or
// have great numbers; bare without versions.
func (l *list) collect(ctx context.Context, c Conn, limit int, bare bool) (rows []keptRow, ok bool, err error) {
	var p crm.Page
	o := l.other(limit)
	o.bare = bare
	if err := o.keys(ctx, c, &p); err != nil || p.More {
		return nil, false, err
	}
	rows = make([]keptRow, len(p.Keys))
	for i, k := range p.Keys {
		if rows[i], ok = keptRowOf(k.ID, k.Version); !ok {
			return nil, false, nil
		}
	}
	return rows, true, nil
}

func keptRowOf(id, version int64) (row keptRow, ok bool) {
	row = keptRow{uint32(id), uint32(version)}
	return row, int64(row.id) == id && int64(row.version) == version
}

// page takes the page out of all rows of the list. It reports false when the row
// that the page comes after is no longer where it was.
func (l *list) page(ctx context.Context, c Conn, p *crm.Page, rows []keptRow) (done bool, err error) {
	var ids []int64 // whose sort keys are needed
	from := min(l.q.Offset, len(rows))
	if a := l.q.After; a != nil {
		at := slices.IndexFunc(rows, func(r keptRow) bool { return int64(r.id) == a.ID })
		if at < 0 {
			return false, nil
		}
		from = at + 1
		ids = append(ids, a.ID)
	}
	rows = rows[from:]
	p.More = len(rows) > l.q.Limit
	rows = rows[:min(len(rows), l.q.Limit)]
	bare := slices.ContainsFunc(rows, func(r keptRow) bool { return r.version == 0 })
	for i, r := range rows {
		p.Keys = append(p.Keys, crm.Key{ID: int64(r.id), Version: int64(r.version)})
		if bare || i == len(rows)-1 {
			ids = append(ids, int64(r.id))
		}
	}
	if len(ids) == 0 {
		return true, nil
	}
	found, err := l.fetch(ctx, c, ids, false)
	if err != nil || len(found) != len(ids) {
		return false, err
	}
	if l.q.After != nil && l.compare(found[0].keys, l.afterKeys()) != 0 {
		return false, nil
	}
	if bare {
		for i, r := range found[len(found)-len(rows):] {
			p.Keys[i].Version = r.version
		}
	}
	l.last = found[len(found)-1].keys
	return true, nil
}

// afterKeys is the cursor as sort keys.
func (l *list) afterKeys() []sortValue {
	keys := make([]sortValue, len(l.terms))
	for i := range keys {
		v := l.after(i)
		keys[i] = sortValue{null: v.IsNull(), i: v.I, bytes: []byte(v.S)}
	}
	return keys
}

// placed is a row with its sort keys.
type placed struct {
	id, version int64
	keys        []sortValue
}

// fetch reads rows with these ids, in the order of the list; selected, only those
// that it has in it.
func (l *list) fetch(ctx context.Context, c Conn, ids []int64, selected bool) (all []placed, err error) {
	o := l.other(len(ids))
	if !selected {
		o.q.Where, o.q.Visible = nil, nil
	}
	sql, args, err := o.statement(piece{}, access{source: foundSource(ids)}, len(ids))
	if err != nil {
		return nil, err
	}
	err = c.Query(ctx, sql, args, func(r Row) error {
		keys := make([]sortValue, len(l.terms))
		for i := range keys {
			keys[i].read(r, fixedColumns+i, l.terms[i].column)
		}
		all = append(all, placed{r.Int(0), r.Int(1), keys})
		return nil
	})
	return all, err
}

// compare compares places in the list.
func (l *list) compare(a, b []sortValue) (order int) {
	for i, term := range l.terms {
		switch x, y := a[i], b[i]; {
		case x.null && y.null:
		case x.null:
			order = -1
		case y.null:
			order = 1
		case term.column == ColumnText:
			order = bytes.Compare(x.bytes, y.bytes)
		default:
			order = cmp.Compare(x.i, y.i)
		}
		if term.Desc {
			order = -order
		}
		if order != 0 {
			break
		}
	}
	return order
}

// replaced returns the rows of the list after some of the table were written: these
// are taken out, and put where they belong if the list has them in it. Where that
// is, the sort keys of the others tell. It reports false when a number is too great.
func (l *list) replaced(ctx context.Context, c Conn, rows []keptRow, wrote []int64) (_ []keptRow, ok bool, err error) {
	now, err := l.fetch(ctx, c, wrote, true)
	if err != nil {
		return nil, false, err
	}
	shared := true
	own := func() {
		if shared {
			rows, shared = slices.Clone(rows), false
		}
	}
	for _, id := range wrote {
		if at := slices.IndexFunc(rows, func(r keptRow) bool { return int64(r.id) == id }); at >= 0 {
			own()
			rows = slices.Delete(rows, at, at+1)
		}
	}
	for _, r := range now {
		row, ok := keptRowOf(r.id, r.version)
		if !ok {
			return nil, false, nil
		}
		low, high := 0, len(rows)
		for low < high {
			middle := int(uint(low+high) / 2)
			there, err := l.fetch(ctx, c, []int64{int64(rows[middle].id)}, false)
			if err != nil {
				return nil, false, err
			}
			if len(there) > 0 && l.compare(there[0].keys, r.keys) < 0 {
				low = middle + 1
			} else {
				high = middle
			}
		}
		own()
		rows = slices.Insert(rows, low, row)
	}
	return rows, true, nil
}
