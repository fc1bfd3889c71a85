package resource

// Value is one field's value: null, a number of some kind, or text.
// The zero Value is null.
type Value struct {
	S    string // Text; RefList as canonical JSON "[16,17]"
	I    int64  // Integer, Number (scaled), Boolean (0/1), Instant (ms), references (id)
	Type ValueType
}

// ValueType tells which member of a Value is set.
type ValueType uint8

const (
	Null ValueType = iota
	Int            // I is set
	Str            // S is set
)

// IntValue returns a Value that holds i.
func IntValue(i int64) Value { return Value{I: i, Type: Int} }

// TextValue returns a Value that holds s.
func TextValue(s string) Value { return Value{S: s, Type: Str} }

// BoolValue returns a Value that holds b.
func BoolValue(b bool) Value {
	if b {
		return Value{I: 1, Type: Int}
	}
	return Value{Type: Int}
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.Type == Null }

// Record is one row. Values are indexed as Resource.Fields of the catalog it was
// read with, extra fields included.
type Record struct {
	ID      int64
	Version int64 // grows by one with every change of the row
	Values  []Value

	// Packed, when set, are the values of the extra fields, and Values are those of
	// the fields before them only: records come so to those who show most values
	// as they are kept.
	Packed *Packed
}
