package resource

import "slices"

// This file holds the words that declarations are written in.

// Scales of the two sorts of decimal numbers, in digits after the point.
const (
	decimalScale    = 6  // money, discounts and quantities: up to 9.2 * 10^12
	coordinateScale = 12 // latitude and longitude: up to 9,223,372 degrees
)

func text(name string, maxLength int) Field { return Field{Name: name, MaxLength: maxLength} }

func integer(name string) Field { return Field{Name: name, Kind: Integer} }

func number(name string) Field { return Field{Name: name, Kind: Number, Scale: decimalScale} }

func coordinate(name string) Field { return Field{Name: name, Kind: Number, Scale: coordinateScale} }

func boolean(name string) Field { return Field{Name: name, Kind: Boolean} }

func instant(name string) Field { return Field{Name: name, Kind: Instant} }

func ref(name, table string) Field { return Field{Name: name, Kind: Ref, Table: table} }

func bareRef(name, table string) Field { return Field{Name: name, Kind: BareRef, Table: table} }

func refList(name, table string) Field { return Field{Name: name, Kind: RefList, Table: table} }

func (f Field) readOnly() Field { f.ReadOnly = true; return f }

func (f Field) internal() Field { f.Internal, f.ReadOnly = true, true; return f }

func (f Field) sparse() Field { f.Sparse = true; return f }

func (f Field) key() Field { f.Key = true; return f }

// document is a JSON object or list.
func document(name string) Field { return Field{Name: name, JSON: true} }

func (f Field) unique() Field { f.Unique = true; return f }

func (f Field) omitEmpty() Field { f.OmitEmpty = true; return f }

// beside says that a field which the server sets is shown only where another is set.
func (f Field) beside(name string) Field {
	f.OmitEmpty, f.ReadOnly, f.Beside = true, true, name
	return f
}

func (f Field) made(m Made) Field { f.Made = m; return f }

// fixed is for what the record keeps from its beginning.
func (f Field) fixed() Field { f.Fixed = true; return f }

func (f Field) search() Field { f.Search = true; return f }

// secret is a text that the server makes, and does not tell but in the record.
func secret(name string) Field {
	f := text(name, 36).readOnly().made(MadeSecret)
	f.Secret = true
	return f
}

// target says that the server sends requests to the URL in a field.
func (f Field) target() Field { f.Target = true; return f }

// within limits an integer.
func (f Field) within(least, most int64) Field { f.Within = Within{Least: least, Most: most}; return f }

// points are what a deed is worth; the limit is ours, and keeps sums far from overflow.
func points(name string) Field { return integer(name).within(0, 1_000_000) }

// oneOf limits a text to words, which are separated by spaces.
func (f Field) oneOf(words string) Field { f.Within = Within{Words: words}; return f }

// day is a date of the calendar: no time, no zone.
func day(name string) Field { return Field{Name: name, Kind: Instant, Day: true} }

// tail makes the telephone number in a field findable however it is written.
func tail(of string) Field {
	return Field{Name: of + "Tail", Kind: Integer, Internal: true, ReadOnly: true, TailOf: of}
}

func (f Field) or(v Value) Field { f.Default = v; return f }

func (f Field) no() Field { return f.or(BoolValue(false)) }

func (f Field) yes() Field { return f.or(BoolValue(true)) }

// join makes one list of a declaration's own fields and its mixins.
func join(lists ...[]Field) []Field { return slices.Concat(lists...) }

// audit is what every table has: who did what when, set by the server. Records
// are never removed, so there is a date and a user for the deletion too.
func audit() []Field {
	return []Field{
		integer("id").readOnly(),
		instant("dateCreated").readOnly(),
		instant("dateUpdated").readOnly(), // null until the first update [LIVE]
		instant("dateDeleted").readOnly(),
		boolean("deleted").readOnly().no(),
		bareRef("salesRepIdCreated", "users").readOnly(),
		bareRef("salesRepIdUpdated", "users").readOnly(),
		bareRef("salesRepIdDeleted", "users").readOnly(),
	}
}

// labels are the ten names of a record, one for each language. The limits differ
// by the age of the column: Spanish is the vendor's first language, the middle
// six followed, BR, DK and RU came last.
func labels(prefix string, spanish, middle, last int) []Field {
	fields := make([]Field, len(Languages))
	for i, l := range Languages {
		limit := middle
		switch l {
		case "ES":
			limit = spanish
		case "BR", "DK", "RU":
			limit = last
		}
		fields[i] = text(prefix+l, limit)
	}
	return fields
}

// labelFields names the fields that labels("description", …) declares.
func labelFields() []string { return labelNames("description") }

// labelNames names the fields that labels declares with a prefix.
func labelNames(prefix string) []string {
	names := make([]string, len(Languages))
	for i, l := range Languages {
		names[i] = prefix + l
	}
	return names
}

// valueList is a table of named values that other tables refer to; the numbers
// are the limits of its labels. What the whole company chooses from, and what a
// status means, is for administrators to say; the documents do not tell who may.
func valueList(name string, spanish, middle, last int, more ...Field) Resource {
	r := Resource{
		Name: name, LabelFields: labelFields(), Ops: CRUD, Required: []string{"descriptionEN"},
		Fields: join(audit(), labels("description", spanish, middle, last), more),
		Access: Access{Admin: true},
	}
	if slices.ContainsFunc(more, func(f Field) bool { return f.Name == offered().Offered }) {
		r.Access = offered()
	}
	return r
}

// listOnly takes away everything but the list: tables that come with the system.
func listOnly(r Resource) Resource {
	r.Ops, r.Required = CanList, nil
	return r
}

// ours marks a table that the Sage documents do not have.
func ours(r Resource) Resource {
	r.Ours = true
	return r
}

// visibleIn lists the branches that are offered the value; null, which an empty
// list becomes, means all. Resources that have it name it in their Access.
func visibleIn() Field { return refList("branchVisibility", "branches").sparse() }

// offered is the Access of values that are there for the users of some branches.
func offered() Access { return Access{Offered: "branchVisibility", Admin: true} }

// permissionLevel is the least level of a user that sees the record, 1 to 5. The
// vendor stores 0, open to every level, when a client does not say [LIVE].
func permissionLevel() Field { return integer("permissionLevel").or(IntValue(0)) }

// address are the fields of a postal address; the lines differ by table.
func address(postcode int) []Field {
	return []Field{text("city", 200), text("region", 200), text("postcode", postcode), ref("countryId", "countries")}
}

// geo is where a record is on the map, and how that is known.
func geo() []Field {
	return []Field{boolean("geocoded").no(), integer("geocodingAccuracy"), coordinate("latitude"), coordinate("longitude")}
}

// dated is the period that most records call by the same names.
func dated() *Period { return &Period{From: "startDate", To: "endDate"} }

// discounts are four percentages, applied one after another.
func discounts() []Field {
	return []Field{number("discount1"), number("discount2"), number("discount3"), number("discount4")}
}

// tails is an index for each of these telephone numbers.
func tails(fields ...string) []Index {
	indexes := make([]Index, len(fields))
	for i, f := range fields {
		indexes[i] = by("who has this telephone number: GET /calls/phone/…", f+"Tail")
		indexes[i].Sparse = true
	}
	return indexes
}

// by is an index over fields, and the reason for it.
func by(why string, fields ...string) Index { return Index{Fields: fields, Why: why} }

// polled are the indexes of tables that clients poll for what is new: both, as
// dateUpdated is null until the first update and clients therefore ask for
// dateUpdated > t OR dateCreated > t [CLIENT].
func polled(more ...Index) []Index {
	return append([]Index{
		by("polling for changes: dateUpdated > t", "dateUpdated"),
		by("polling for new records: dateCreated > t, order=dateCreated", "dateCreated"),
	}, more...)
}
