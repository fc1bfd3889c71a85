package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Store keeps the records of one workspace. All its answers are the same, byte
// for byte, on every database.
//
// A workspace has a generation, a counter in the database that grows whenever a
// title (a name that references show) or the set of extra fields changes. Every
// read reports the generation it saw, which is how caches of titles and of
// rendered rows stay right across processes and nodes without messages.
type Store interface {
	// List fills p with the rows that q selects. It returns fault.Timeout when
	// the context's deadline cut it off.
	List(ctx context.Context, q Query, p *Page) error

	// Load fills p with the rows of these ids, in the order of ids; ids that do
	// not exist, or do not satisfy p.Visible, are left out.
	Load(ctx context.Context, res *resource.Resource, ids []int64, p *Page) error

	// Titles calls fn with the title columns of the given ids, or of all rows
	// when ids is nil, in ascending order of id. For a resource with labels the
	// columns are the ten labels in the order of resource.Languages, otherwise
	// the fields of Resource.Title. Strings may be kept.
	Titles(ctx context.Context, res *resource.Resource, ids []int64, fn func(id int64, columns []string)) error

	// Changes returns the first changes after a sequence number, at most limit.
	// See Change.Sequence.
	Changes(ctx context.Context, after int64, limit int) ([]Change, error)

	// History returns the last changes of records of a resource, at most limit, the
	// latest first. It is there for cases alone.
	History(ctx context.Context, res *resource.Resource, ids []int64, limit int) ([]Change, error)

	// Tally counts the rows that where selects for each value of by, an integer or
	// a reference, and adds up sum, unless that is nil; rows where by is null do not
	// count. It returns fault.Timeout when the context's deadline cut it off.
	Tally(ctx context.Context, res *resource.Resource, where filter.Expr, by, sum *resource.Field) (map[int64]Total, error)

	// Write runs fn in a transaction and returns when it is durable. When fn
	// fails, nothing of it remains. fn may run more than once (a lost
	// serialisation race) and may share one commit with other writers.
	Write(ctx context.Context, fn func(Tx) error) error
}

// Tx changes the records of one workspace within a transaction. What only asks takes
// a Finder.
type Tx interface {
	Finder
	Declarer

	// Insert adds rows and sets their ID and Version. All rec.Values of the
	// resource are written; Values[0] (id) is ignored.
	Insert(ctx context.Context, res *resource.Resource, recs ...*resource.Record) error

	// Update writes the given fields of one row, adds one to its version, and
	// leaves its other fields alone. It reports whether the row exists.
	Update(ctx context.Context, res *resource.Resource, id int64, set []Assignment) (found bool, err error)

	// Lock reads one row and holds it against other writers until the
	// transaction ends. It returns nil and no error when there is none.
	Lock(ctx context.Context, res *resource.Resource, id int64) (*resource.Record, error)

	// Log adds entries to the log of changes when the transaction commits.
	Log(ctx context.Context, changes ...Change) error
}

// Finder is what is asked before something is written: the records as a transaction
// sees them, its own changes among them.
type Finder interface {
	// List is Store.List within the transaction; only LIKE does not find what it has
	// inserted itself.
	List(ctx context.Context, q Query, p *Page) error

	// Missing returns those of the given references whose record does not exist
	// or does not satisfy visible of its resource. visible may be nil.
	Missing(ctx context.Context, refs []Reference, visible func(*resource.Resource) filter.Expr) ([]Reference, error)

	// FindTitle returns up to limit ids of records with this title, letter case
	// aside, that are not deleted and satisfy visible. For labels any language
	// counts.
	FindTitle(ctx context.Context, res *resource.Resource, visible filter.Expr, title string, limit int) ([]int64, error)

	// Holder returns the id of the record, deleted or not, that has this value in
	// a unique field, letter case aside. found is false when there is none. A value
	// that another transaction has just taken is not found; writing it then is
	// fault.Conflict, or runs the transaction again.
	Holder(ctx context.Context, res *resource.Resource, field *resource.Field, v resource.Value) (id int64, found bool, err error)
}

// Declarer is for changes that are not of one record alone: of what others show, of
// what fields there are, of who may change that.
type Declarer interface {
	// Advance adds one to the generation when the transaction commits.
	Advance(ctx context.Context) error

	// Declare holds off every other transaction that calls it until this one ends.
	Declare(ctx context.Context) error

	// Index makes the index that Field.Key of an extra field promises, where there
	// is none. Indexes are never taken away.
	Index(ctx context.Context, res *resource.Resource, f *resource.Field) error
}

// Query selects rows of one resource.
type Query struct {
	Resource *resource.Resource
	Where    filter.Expr   // nil selects all
	Visible  filter.Expr   // a further condition, the same for many queries: what one user sees; nil = all
	Order    []filter.Term // id ascending is always appended
	Language int           // index into resource.Languages for titles of label tables in Where and Order; -1 = English
	Limit    int           // rows wanted, > 0
	Offset   int           // rows skipped first; ignored with After
	After    *Cursor       // start right after this position
}

// Cursor is a position in an ordered list: the sort keys of a row and its id.
type Cursor struct {
	Keys []resource.Value // one for each term of the order; text folded
	ID   int64
}

// Page receives the rows of a list in order.
type Page struct {
	// Known, when set, is asked for every key, in order, before the row is
	// read, with the generation of this read; for keys it knows, the row's
	// fields are not read and Rows holds nil.
	Known func(key Key, generation int64) bool

	// Packed asks for rows whose extra fields come as Record.Packed, where the
	// resource has any.
	Packed bool

	// Visible, when set, is what the rows that Load reads have to satisfy. A
	// list has Query.Visible.
	Visible filter.Expr

	Keys       []Key
	Rows       []*resource.Record // parallel to Keys
	Generation int64              // 0 when the page is empty
	Next       *Cursor            // position of the last row; nil when the page is empty
	More       bool               // at least one row follows (List only)
}

// Total is what Tally finds for one value.
type Total struct {
	Count int64 // rows
	Sum   int64 // as the field is kept: scaled like it
}

// Key names one version of one row.
type Key struct{ ID, Version int64 }

// Assignment is a new value for one field.
type Assignment struct {
	Field *resource.Field
	Value resource.Value
}

// Reference is an id in a table, as found in Field of a client's input.
type Reference struct {
	Field    string
	Resource *resource.Resource
	ID       int64
}

// Loader is implemented by stores that can take very many rows at once, faster
// than Write: secondary indexes are built after the rows are in. Meant for
// seeding and imports into a workspace nobody uses yet.
type Loader interface {
	// BulkLoad calls fn once. Rows given to insert keep rec.ID when it is not 0,
	// or when Values[0] is not null: some lists of the system count from 0. The
	// others get the next ids. When fn fails, the rows inserted so far may remain.
	BulkLoad(ctx context.Context, fn func(insert func(res *resource.Resource, recs ...*resource.Record) error) error) error
}
