// Package store keeps records in SQL databases: it makes the tables from the
// registry, turns checked filters into parameterised SQL, and implements
// crm.Store over the small Conn of an engine. Everything here is written once for
// both engines; where their SQL differs, the difference is a few words chosen by
// Flavor.
package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Options tunes a Store. The zero value is good for a server.
type Options struct {
	// NoTrigrams leaves the trigram indexes out: LIKE '%x%' then reads every
	// row, and writes of searchable fields cost less. Answers are the same.
	NoTrigrams bool
}

// Store keeps the records of one workspace in a DB. It is safe for concurrent
// use, and implements crm.Store and crm.Loader.
type Store struct {
	db       DB
	flavor   Flavor
	tables   []*table
	byName   map[string]*table
	trigrams string // see newSchema
	texts    texts
	shares   shares
	kept     kept
	moves    map[*table]*move
	plans    sync.Map // resource name -> *rowPlan
	inserts  sync.Map // [2]any{*table, rows} -> statement
	upgraded bool     // see Upgraded
}

var (
	_ crm.Store  = (*Store)(nil)
	_ crm.Loader = (*Store)(nil)
)

// New returns the store of the workspace in db. It creates the tables, columns
// and indexes that the registry declares and the database lacks; when there are
// none, opening costs one query. The caller closes db.
//
// Errors: fault.Internal for declarations that cannot be tables, and for a
// database that a later version of this program has changed; otherwise those of
// db.
func New(ctx context.Context, db DB, reg *resource.Registry, opts Options) (_ *Store, err error) {
	defer fault.Wrap(&err, "store.New")
	s := &Store{db: db, flavor: db.Flavor(), kept: kept{few: keptFew, far: keptFar}, byName: map[string]*table{}, trigrams: trigramSource(db, opts)}
	for _, res := range reg.All() {
		t, err := newTable(res)
		if err != nil {
			return nil, err
		}
		s.byName[res.Name] = t
		if res.Sources == nil {
			t.insert = newInsertPlan(t)
			s.tables = append(s.tables, t)
		}
	}
	for _, t := range s.byName {
		for _, src := range t.res.Sources {
			t.sources = append(t.sources, newSource(s.flavor, t, s.byName[src.Of], src))
		}
	}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Upgraded reports whether New made or changed the schema of the database, so that
// it may have tables that are still empty.
func (s *Store) Upgraded() bool { return s.upgraded }

// table returns how a resource is kept.
func (s *Store) table(res *resource.Resource) (*table, error) {
	if t := s.byName[res.Kept()]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("resource %s has no table", res.Name)
}

// texts keeps one copy of each SQL text, so that the engine finds its prepared
// statement by comparing pointers rather than bytes, and building the same text
// again allocates nothing.
type texts struct {
	mu      sync.RWMutex
	all     map[string]string
	buffers sync.Pool // of *[]byte, for builders
}

// textBuffer is how much room a builder's text has at first, in bytes.
const textBuffer = 1024

func (t *texts) buffer() *[]byte {
	if b, ok := t.buffers.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, textBuffer)
	return &b
}

// maxTexts bounds how many texts are kept; shapes of queries are few.
const maxTexts = 1024

func (t *texts) intern(sql []byte) string {
	t.mu.RLock()
	text, ok := t.all[string(sql)]
	t.mu.RUnlock()
	if ok {
		return text
	}
	text = string(sql)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil || len(t.all) >= maxTexts {
		t.all = make(map[string]string)
	}
	t.all[text] = text
	return text
}

// builder writes one statement: text and arguments apart. What a client sent
// only ever becomes an argument.
type builder struct {
	s        *Store
	text     []byte
	buffer   *[]byte // that text begins in
	args     []Arg
	aliases  int
	language int
	spell    bool  // numbers are written out, not bound
	err      error // the first
}

func (s *Store) newBuilder(language int) *builder {
	buffer := s.texts.buffer()
	return &builder{s: s, text: *buffer, buffer: buffer, args: make([]Arg, 0, 8), language: language}
}

func (b *builder) add(parts ...string) {
	for _, p := range parts {
		b.text = append(b.text, p...)
	}
}

// arg adds an argument and its placeholder.
func (b *builder) arg(v resource.Value, column ColumnType) {
	if b.spell && v.Type == resource.Int && column == ColumnInteger {
		b.text = strconv.AppendInt(b.text, v.I, 10)
		return
	}
	b.args = append(b.args, Arg{v, column})
	b.text = append(b.text, '$')
	b.text = appendInt(b.text, len(b.args))
}

// limit ends a statement at a number of rows behind offset. The number is spelled out:
// PostgreSQL plans for it.
func (b *builder) limit(n, offset int) {
	b.add(" LIMIT ")
	b.text = appendInt(b.text, n)
	if offset > 0 {
		b.add(" OFFSET ")
		b.arg(resource.IntValue(int64(offset)), ColumnInteger)
	}
}

// list adds arguments and their placeholders, separated by commas. The last is
// repeated up to a power of two, so that there are few different texts.
func (b *builder) list(values []resource.Value, column ColumnType) {
	n := 1
	for n < len(values) {
		n *= 2
	}
	for i := range n {
		if i > 0 {
			b.add(", ")
		}
		b.arg(values[min(i, len(values)-1)], column)
	}
}

// ids is list for ids.
func (b *builder) ids(ids []int64) {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	for i := range n {
		if i > 0 {
			b.add(", ")
		}
		b.arg(resource.IntValue(ids[min(i, len(ids)-1)]), ColumnInteger)
	}
}

// alias returns a new name for a table in the statement.
func (b *builder) alias() string {
	b.aliases++
	if b.aliases <= len(aliasNames) {
		return aliasNames[b.aliases-1]
	}
	return fmt.Sprintf("t%d", b.aliases-1)
}

// aliasNames spares the most frequent aliases their making.
var aliasNames = strings.Fields("t0 t1 t2 t3 t4 t5 t6 t7")

func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// done returns the statement, and ends the use of the builder.
func (b *builder) done() (sql string, args []Arg, err error) {
	if b.err != nil {
		return "", nil, b.err
	}
	sql = b.s.texts.intern(b.text)
	b.s.texts.buffers.Put(b.buffer)
	b.text, b.buffer = nil, nil
	return sql, b.args, nil
}

// table returns the table of the records that a field refers to.
func (b *builder) table(f *resource.Field) *table {
	if t := b.s.byName[f.Kept()]; t != nil {
		return t
	}
	b.fail(fmt.Errorf("resource %s has no table", f.Table))
	return &table{}
}
