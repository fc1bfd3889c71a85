package seed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// insert is what a Loader hands out. It does not keep the records.
type insert = func(res *resource.Resource, recs ...*resource.Record) error

// sheet fills rows of one resource. Rows are used again after every flush, so
// that a data set of any size needs the memory of one batch.
type sheet struct {
	random
	res   *resource.Resource
	blank []resource.Value // defaults of the fields
	rows  []*resource.Record
	used  int
	row   *resource.Record // the one that is being filled
	first int64            // id of the first row that this sheet makes
	made  int64            // rows made so far
	errs  *[]error

	created, updated, removed, deleted col
	creator, updater, remover          col
}

// col is the position of a field in a row; -1 when the field does not exist,
// which has been noted as an error by then.
type col int

// newSheet returns a sheet whose random choices depend on nothing but the seed
// and the name of the resource, and whose rows get ids after last.
func newSheet(cat declarations, name string, seed uint64, last int64, errs *[]error) *sheet {
	s := &sheet{first: last + 1, errs: errs}
	s.random.PCG = rand.NewPCG(seed, hashName(name))
	if s.res = cat.Resource(name); s.res == nil {
		s.res = &resource.Resource{Name: name}
		s.fail("is not declared")
	}
	s.blank = make([]resource.Value, len(s.res.Fields))
	for i, f := range s.res.Fields {
		s.blank[i] = f.Default
	}
	s.created = s.col("dateCreated", resource.Instant)
	s.updated = s.col("dateUpdated", resource.Instant)
	s.removed = s.col("dateDeleted", resource.Instant)
	s.deleted = s.col("deleted", resource.Boolean)
	s.creator = s.col("salesRepIdCreated", resource.BareRef)
	s.updater = s.col("salesRepIdUpdated", resource.BareRef)
	s.remover = s.col("salesRepIdDeleted", resource.BareRef)
	return s
}

func (s *sheet) fail(format string, args ...any) {
	*s.errs = append(*s.errs, fmt.Errorf("seed: resource %s: %s", s.res.Name, fmt.Sprintf(format, args...)))
}

// col finds a field. A field that is missing or of another kind makes the run
// fail before anything is written.
func (s *sheet) col(name string, kind resource.Kind) col {
	f := s.res.Field(name)
	switch {
	case f == nil:
		s.fail("has no field %s", name)
		return -1
	case f.Kind != kind && (!f.Kind.IsRef() || !kind.IsRef()):
		s.fail("field %s is of kind %s, not %s", name, f.Kind, kind)
		return -1
	}
	return col(f.Index)
}

// columns names fields and where to put their positions.
type columns map[string]*col

func (s *sheet) find(kind resource.Kind, cs columns) {
	for _, name := range slices.Sorted(maps.Keys(cs)) {
		*cs[name] = s.col(name, kind)
	}
}

func (s *sheet) texts(cs columns)    { s.find(resource.Text, cs) }
func (s *sheet) integers(cs columns) { s.find(resource.Integer, cs) }
func (s *sheet) numbers(cs columns)  { s.find(resource.Number, cs) }
func (s *sheet) booleans(cs columns) { s.find(resource.Boolean, cs) }
func (s *sheet) instants(cs columns) { s.find(resource.Instant, cs) }
func (s *sheet) refs(cs columns)     { s.find(resource.Ref, cs) }
func (s *sheet) lists(cs columns)    { s.find(resource.RefList, cs) }

// begin starts the next row and returns its id.
func (s *sheet) begin() int64 {
	if s.used == len(s.rows) {
		s.rows = append(s.rows, &resource.Record{Values: make([]resource.Value, len(s.blank))})
	}
	s.row = s.rows[s.used]
	s.row.ID = s.first + s.made
	copy(s.row.Values, s.blank)
	s.used++
	s.made++
	return s.row.ID
}

// flush hands the rows on.
func (s *sheet) flush(insert insert) error {
	if s.used == 0 {
		return nil
	}
	rows := s.rows[:s.used]
	s.used = 0
	return insert(s.res, rows...)
}

func (s *sheet) setText(c col, v string) { s.row.Values[c] = resource.TextValue(v) }

func (s *sheet) setBytes(c col, v []byte) { s.row.Values[c] = resource.TextValue(string(v)) }

func (s *sheet) setInt(c col, v int64) { s.row.Values[c] = resource.IntValue(v) }

func (s *sheet) setBool(c col, v bool) { s.row.Values[c] = resource.BoolValue(v) }

// setRef sets a reference; id 0 stands for none.
func (s *sheet) setRef(c col, id int64) {
	if id != 0 {
		s.row.Values[c] = resource.IntValue(id)
	}
}

// setDecimal sets a number given in units of 10^-digits.
func (s *sheet) setDecimal(c col, v int64, digits int) {
	for d := s.res.Fields[c].Scale; d > digits; d-- {
		v *= 10
	}
	s.row.Values[c] = resource.IntValue(v)
}

// setLabels sets the labels of the current row.
func (s *sheet) setLabels(l labels) {
	for i, name := range s.res.LabelFields {
		if l[i] != "" {
			s.setText(col(s.res.Field(name).Index), l[i])
		}
	}
}

// audit dates the current row: every third was never updated, one in forty was
// deleted, by one of the users. It reports whether the row is deleted.
func (s *sheet) audit(t timeline, created int64, users []int64) bool {
	v := s.row.Values
	v[s.created] = resource.IntValue(created)
	s.setRef(s.creator, pick(&s.random, users))
	if !s.chance(33) {
		v[s.updated] = resource.IntValue(t.after(created, &s.random))
		s.setRef(s.updater, pick(&s.random, users))
	}
	gone := s.n(40) == 0
	if gone {
		from := created
		if u := v[s.updated]; !u.IsNull() {
			from = u.I
		}
		v[s.removed] = resource.IntValue(t.after(from, &s.random))
		s.setBool(s.deleted, true)
		s.setRef(s.remover, pick(&s.random, users))
	}
	return gone
}

// stamp dates a row that was made once and never touched.
func (s *sheet) stamp(created, user int64) {
	s.row.Values[s.created] = resource.IntValue(created)
	s.setRef(s.creator, user)
}

// lastID returns the largest id in use, 0 in an empty table.
func lastID(ctx context.Context, t Target, res *resource.Resource) (int64, error) {
	var p crm.Page
	q := crm.Query{
		Resource: res, Limit: 1, Language: -1,
		Order: []filter.Term{{Path: filter.Path{Resource: res, Field: res.Field("id")}, Desc: true}},
	}
	if err := t.List(ctx, q, &p); err != nil || len(p.Keys) == 0 {
		return 0, err
	}
	return p.Keys[0].ID, nil
}

// each calls fn with all rows of a small table that are not deleted, by id.
func each(ctx context.Context, t Target, res *resource.Resource, fn func(rec *resource.Record)) error {
	deleted := res.Field("deleted")
	var after *crm.Cursor
	for {
		var p crm.Page
		if err := t.List(ctx, crm.Query{Resource: res, Limit: 1000, Language: -1, After: after}, &p); err != nil {
			return err
		}
		for _, r := range p.Rows {
			if deleted == nil || r.Values[deleted.Index].I == 0 {
				fn(r)
			}
		}
		if !p.More || p.Next == nil {
			return nil
		}
		after = p.Next
	}
}

// joined returns the collected errors as one, or nil.
func joined(errs []error) error { return errors.Join(errs...) }
