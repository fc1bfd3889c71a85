// Package accounts knows what the columns of Dossier's table of accounts hold,
// for the peers that are given the same rows. The database has one type for
// instants, flags and numbers; of accounts, the names tell them apart.
package accounts

import "strings"

// Kind is what a column holds.
type Kind int

// Kinds of columns.
const (
	Internal   Kind = iota // Dossier's own, or a copy it compares by
	Text                   //
	Number                 // a whole number, or an id that is shown as such
	Coordinate             // degrees times CoordinateScale
	Flag                   // 0 or 1
	Date                   // milliseconds since 1970 UTC
	Reference              // the id of a row that is shown with its title
)

// CoordinateScale is what coordinates are multiplied by.
const CoordinateScale = 1e12

// Column is a column of a table.
type Column struct {
	Name  string
	Kind  Kind
	Table string // of a Reference
}

// Classify tells what a column holds from its name, its declared type and the
// table that its foreign key leads to, or "".
func Classify(name, declared, table string) Column {
	c := Column{Name: name, Kind: Number}
	switch {
	case strings.HasPrefix(name, "_") || strings.HasSuffix(name, "_key"):
		c.Kind = Internal
	case declared == "TEXT":
		c.Kind = Text
	case table != "" && !strings.HasSuffix(name, "Created") && !strings.HasSuffix(name, "Updated") && !strings.HasSuffix(name, "Deleted"):
		c.Kind, c.Table = Reference, table
	case strings.HasPrefix(name, "date"):
		c.Kind = Date
	case name == "latitude" || name == "longitude":
		c.Kind = Coordinate
	case name == "deleted" || name == "public" || name == "readOnly" || name == "geocoded" || name == "marketingCommunications":
		c.Kind = Flag
	}
	return c
}
