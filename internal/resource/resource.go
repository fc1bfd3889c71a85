// Package resource is the registry: every resource and field is declared once,
// as Go data, and tables, schemas, validation, filters and documentation follow
// from it. It knows no SQL and no HTTP.
package resource

import (
	"cmp"
	"fmt"
	"strings"
)

// Kind is the type of a field. There are eight; adding one is a row in this
// package's kind table and one in store's column table.
type Kind uint8

const (
	Text    Kind = iota // UTF-8 text, compared without regard to letter case
	Integer             // 64-bit signed
	Number              // exact decimal, held as an integer scaled by Field.Scale
	Boolean             // true or false
	Instant             // UTC, held as milliseconds since 1970
	Ref                 // id of a record of Field.Table, shown with its title
	BareRef             // id of a record of Field.Table, shown as the id alone
	RefList             // ids of records of Field.Table, in order
)

var kindNames = [...]string{"text", "integer", "number", "boolean", "instant", "reference", "reference", "list of references"}

func (k Kind) String() string { return kindNames[k] }

// IsRef reports whether a field of this kind holds one id of another table.
func (k Kind) IsRef() bool { return k == Ref || k == BareRef }

// Field is one attribute of a resource.
type Field struct {
	Name      string // canonical name: the JSON key, the column and the name in where
	Kind      Kind
	MaxLength int    // characters, Text only; 0 = 65,536
	Scale     int    // decimal digits kept, Number only
	Table     string // referenced resource, reference kinds only
	Base      string // the declared resource that keeps the records of Table, when that was made at run time; set by With
	ReadOnly  bool   // set by the server; ignored when a client sends it
	Key       bool   // stored a second time letter-case folded and indexed: instant = and order; of an extra field: indexed as it is
	Search    bool   // has a trigram index: instant LIKE '%x%'; implies a folded copy
	Extra     bool   // declared at run time (Z_…); lives in the table's extra column
	Slot      string // the name that the values of an extra field are kept under, see Packed; "" = Name, which With makes of it
	Internal  bool   // the server's own book-keeping: no dialect shows, filters by or sets it
	Day       bool   // a day without a time and a zone, Instant only: midnight UTC; "YY/MM/DD" is understood
	Unique    bool   // no two records have the same, letter case aside and deleted ones counted; null and "" are none. Text only
	OmitEmpty bool   // ours, beside those of the vendor's documents: answers show it only where it is set, documented schemas not at all
	Beside    string // with OmitEmpty: and only where the field of this name is set too; "" = whatever else is
	JSON      bool   // a JSON object or list, sent and shown as it is and kept as its text without insignificant space. Text only
	Made      Made   // what a new record gets when the client sends nothing and there is no Default
	Fixed     bool   // what others know the record by, Made: an update that would change it is refused
	TailOf    string // PhoneTail of the text field of this name, which the store keeps up to date; Integer and Internal
	Secret    bool   // known to whoever sees the record, and kept nowhere else: not in the log of changes, and nothing to filter or sort by; Text
	Target    bool   // a URL that the server sends requests to: crm asks whether it may; Text
	Within    Within // what values are allowed; zero: all
	Sparse    bool   // an empty list is kept as null, RefList only
	Rules     Rules  // of extra fields; zero: none
	Default   Value  // used on create when the client sends nothing; zero Value = null
	Index     int    // position in Resource.Fields and Record.Values; set by New
}

// Within limits the values of a field.
type Within struct {
	Least, Most int64  // Integer, when Most > 0
	Words       string // Text, separated by spaces; in any letter case, kept as spelled here
}

// Made says what the server puts into a field of a new record. With Unique, the
// field is never null again.
type Made uint8

const (
	NotMade    Made = iota
	MadeNumber      // Text: the record's id with leading zeros, "00000042"; "00000042-2" and so on when that is taken
	MadeGUID        // Text: a random UUID of version 4, in lower case
	MadeSecret      // Text: one in upper case, as the vendor writes those of secrets [CLIENT]
	MadeHex         // Text: 24 random hexadecimal digits
	MadeNow         // Instant: when the record was created
)

// Kept returns the name of the declared resource whose table keeps the records that
// the field refers to.
func (f *Field) Kept() string { return cmp.Or(f.Base, f.Table) }

// Rules are what the declaration of an extra field asks of it beyond its kind. They
// are comparable, as Field is.
type Rules struct {
	// Required fields are given when a record is created, and never become null
	// afterwards, as long as they are shown.
	Required bool

	// Branches are the ids, "[16,17]", of the branches for whose users the field
	// is there; "" = for all.
	Branches string

	// ShownBy names the field on whose value it depends whether this one is there:
	// it has to be one of ShownFor, "[475]"; "" = always.
	ShownBy, ShownFor string

	// Parent names the field whose value the referenced records have to have in
	// their idParent, unless that is none; "" = any record may be referred to.
	Parent string
}

// Ops says which operations a resource offers to clients.
type Ops uint8

const (
	CanList Ops = 1 << iota
	CanGet
	CanCreate
	CanUpdate
	CanDelete
	ReadOnlyOps = CanList | CanGet
	CRUD        = ReadOnlyOps | CanCreate | CanUpdate | CanDelete

	// OwnService is for records that only a service of their own makes, shows
	// and deletes: the general operations do not reach them.
	OwnService Ops = 0
)

// Index is a secondary index beyond those that Key and Search bring. A reference
// brings none by itself: every index is paid for by every write.
type Index struct {
	Fields []string // id is always appended; the last field is kept in descending order
	Why    string   // which requests it serves; shown in the DDL golden
	Sparse bool     // records whose first field is null are left out, so that they cost nothing; it serves no order
}

// Access names the fields that decide who may see and who may change a record.
// A name is "" (Owners: nil) where the resource has no such field. The record's
// creator, salesRepIdCreated, always counts as an owner.
type Access struct {
	Level  string   // integer: users below this level do not see the record, unless Public or Owners say otherwise
	Public string   // boolean: everyone sees it
	Owners []string // references to users, who see it whatever its level
	Branch string   // reference to a branch: users whose branches are restricted need to belong to it
	Lock   string   // boolean: while true, the record refuses update and delete
	Admin  bool     // only administrators create, update and delete

	// Offered is a list of branches: with any in it, lists of the resource have the
	// record for users of these branches and for administrators only.
	Offered string

	// Within are references to the records that this one is a part of: it is
	// seen only by those who see all of them.
	Within []string

	// Private is a boolean: while true, the record is seen by those alone who own it, or
	// something that it is Within, and to whom it is open otherwise.
	Private string

	// Entity and EntityID are Within for a part of a record of any resource: a
	// text with the name of the resource, and an integer with the id.
	Entity, EntityID string
}

// IsZero reports whether nothing guards the records.
func (a *Access) IsZero() bool {
	return a.Level == "" && a.Public == "" && a.Owners == nil && a.Branch == "" && a.Lock == "" && a.Within == nil && a.EntityID == "" && a.Private == ""
}

// Ending says when a record is over, and which dates follow from it.
type Ending struct {
	Status string // reference of the record to its status

	// Fields of the status, booleans or integers that are not 0. A status is an
	// end when one of them is set; "" where statuses have no such field. Without
	// Lost, an end that is not won is lost.
	End, Won, Lost string

	// Fields of the record that take the time when it came to an end, was won,
	// was lost, and are null otherwise; "" where it has none.
	ClosedAt, WonAt, LostAt string
}

// Period names two instants of a record, the second of which is not before the first.
// Hours that a record has beside its days are not compared: the documents show events
// whose hours run backwards [DOC].
type Period struct{ From, To string }

// MaxSources is how many Sources a resource may have. The row that a record gives
// has the id record's id * MaxSources + place of the Source: sources are appended,
// and never removed or moved.
const MaxSources = 16

// Source is a resource whose records give the rows of another: one each, unless
// one of the fields that From names is null in it.
type Source struct {
	Of   string            // the resource, which is kept
	From map[string]string // field of the row -> field of the record
	Is   map[string]Value  // field of the row -> integer or text, the same in all of them

	// All other fields are those of the same name of the record.
}

// Nested are records of another resource that can be sent within a new record.
type Nested struct {
	Member string // name of the list in the record
	Of     string // resource of the parts
	By     string // their reference to the record
}

// Resource is one table of records.
type Resource struct {
	Name        string   // canonical, plural, as in the path: "accounts"
	Title       []string // fields whose values joined by a space are the title; nil with LabelFields
	LabelFields []string // the title is the label in the reader's language: text fields parallel to Languages; or nil
	Ops         Ops
	Ours        bool     // not a resource of the Sage documents; the dialect says so where it lists it
	Fields      []Field  // id first, then alphabetical by Name (ASCII); New sorts
	Required    []string // must be present and not null on create, in documented order
	Most        int      // how many records there may be that are not deleted; 0 = any number
	Access      Access   // zero: everyone sees and may change the records
	Ending      *Ending  // nil: the records have no end
	Period      *Period  // nil: the records take no time
	Indexes     []Index
	Sources     []Source          // where the rows come from that are not kept themselves; nil: they are kept
	Aliases     map[string]string // further names of fields: alias -> field. Clients may send and filter by them
	Extensible  bool              // workspaces may add extra fields

	// PartBy, when set, makes this the table that keeps the records of tables made
	// at run time, see Part: an integer field with the part that a record belongs to.
	PartBy string

	// Base and Part are set in tables made at run time: which declared resource
	// keeps their records, and what these have in its PartBy.
	Base string
	Part int64

	// Whole is set in a resource as some users see it: the same one with nothing
	// kept from them. See Catalog.For.
	Whole *Resource

	Nested []Nested // parts that can be created with a record

	byName map[string]int // folded name -> index
}

// Field finds a field by name or alias in any letter case. It returns nil when there is none.
func (r *Resource) Field(name string) *Field {
	if i, ok := r.byName[strings.ToLower(name)]; ok {
		return &r.Fields[i]
	}
	return nil
}

// ExtraFields returns the extra fields, which stand behind all others.
func (r *Resource) ExtraFields() []Field {
	i := len(r.Fields)
	for i > 0 && r.Fields[i-1].Extra {
		i--
	}
	return r.Fields[i:]
}

// Kept returns the name of the declared resource whose table keeps the records.
func (r *Resource) Kept() string { return cmp.Or(r.Base, r.Name) }

// index sorts nothing; it numbers the fields and builds the name table.
func (r *Resource) index() error {
	r.byName = make(map[string]int, len(r.Fields))
	for i := range r.Fields {
		f := &r.Fields[i]
		f.Index = i
		key := strings.ToLower(f.Name)
		if _, dup := r.byName[key]; dup {
			return fmt.Errorf("resource %s: field %s is declared twice", r.Name, f.Name)
		}
		r.byName[key] = i
	}
	for alias, name := range r.Aliases {
		i, ok := r.byName[strings.ToLower(name)]
		if !ok {
			return fmt.Errorf("resource %s: %s is another name of unknown field %s", r.Name, alias, name)
		}
		key := strings.ToLower(alias)
		if _, dup := r.byName[key]; dup {
			return fmt.Errorf("resource %s: field %s is declared twice", r.Name, alias)
		}
		r.byName[key] = i
	}
	return nil
}

// Languages are the label languages, in the order of Resource.LabelFields.
var Languages = []string{"BR", "DE", "DK", "EN", "ES", "FR", "IT", "PT", "RU", "US"}
