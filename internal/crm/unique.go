package crm

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Find returns the record, deleted or not, that has this value in a unique field,
// letter case aside. It reads one entry of an index. Errors: fault.NotFound when
// there is none that the actor sees, fault.Timeout.
func (s *Service) Find(ctx context.Context, actor Actor, res *resource.Resource, field, value string) (_ *resource.Record, err error) {
	defer fault.Wrap(&err, "crm.Find(%s.%s)", res.Name, field)
	f := res.Field(field)
	if f == nil || !f.Unique {
		return nil, fmt.Errorf("resource %s has no unique field %s", res.Name, field)
	}
	if value == "" || len(value) > utf8.UTFMax*f.MaxLength || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return nil, errNoRecord() // no text that could be kept
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var page Page
	err = s.store.List(ctx, Query{
		Resource: res,
		Where:    compare(res, f.Name, filter.Eq, resource.TextValue(resource.Fold(value))),
		Visible:  NewView(actor, s.Catalog()).Of(res),
		Language: -1,
		Limit:    1,
	}, &page)
	if err != nil {
		return nil, s.explain(err)
	}
	if len(page.Rows) == 0 {
		return nil, errNoRecord()
	}
	return page.Rows[0], nil
}

// value names a value of a unique field, letter case folded, or what stands for one
// where only several fields together are unique.
type value struct{ resource, field, text string }

// claim refuses values of unique fields that another record has, or that were
// claimed before in this transaction. id is the record that they are for; 0 when it
// is new. That there is such a record is told also to those who do not see it: a
// number can be given only once.
func (v *View) claim(ctx context.Context, find Finder, res *resource.Resource, id int64, set []Assignment) error {
	for _, a := range set {
		if !a.Field.Unique || a.Value.IsNull() {
			continue
		}
		holder, found, err := find.Holder(ctx, res, a.Field, a.Value)
		if err != nil {
			return err
		}
		if found && (id == 0 || holder != id) || id == 0 && !v.first(value{res.Name, a.Field.Name, resource.Fold(a.Value.S)}) {
			return errTaken(res, a.Field)
		}
	}
	return nil
}

// first claims a value for a record that is about to be inserted, and reports
// whether no other of this transaction has claimed it before.
func (v *View) first(mine value) bool {
	if v.claimed[mine] {
		return false
	}
	if v.claimed == nil {
		v.claimed = map[value]bool{}
	}
	v.claimed[mine] = true
	return true
}

// fit refuses a new record that would be one too many. Where several writers are
// at work at once, on PostgreSQL, it can be too many by as many as they are.
func (v *View) fit(ctx context.Context, find Finder, res *resource.Resource) error {
	if res.Most == 0 {
		return nil
	}
	if _, known := v.room[res.Name]; !known {
		var page Page
		if err := find.List(ctx, Query{Resource: res, Where: existing(res), Language: -1, Limit: res.Most}, &page); err != nil {
			return err
		}
		if v.room == nil {
			v.room = map[string]int{}
		}
		v.room[res.Name] = res.Most - len(page.Keys)
	}
	if v.room[res.Name] <= 0 {
		return fault.New(fault.Invalid, "there may be %d %s at most; delete one that is not needed", res.Most, res.Name)
	}
	v.room[res.Name]--
	return nil
}

func errTaken(res *resource.Resource, f *resource.Field) error {
	return &fault.Error{Kind: fault.Conflict, Field: f.Name, Msg: fmt.Sprintf("%s: there is a record in %s with this value already", f.Name, res.Name)}
}

// tidy brings a new value of a unique field into its form: what is blank is null.
func tidy(v resource.Value) resource.Value {
	if v.S = strings.TrimSpace(v.S); v.S == "" {
		return resource.Value{}
	}
	return v
}

// keeps refuses an update that takes away a value that the server makes: nobody
// could find the record by it any more.
func (c *change) keeps() error {
	for _, a := range c.set {
		if f := a.Field; f.Unique && f.Made != resource.NotMade && a.Value.IsNull() {
			return fault.InField(f.Name, "%s cannot be empty", f.Name)
		}
	}
	return nil
}

// fixes refuses an update that changes what others know the record by. The value that
// it has may be sent again, in any letter case, and stays as it is spelled.
func (c *change) fixes(rec *resource.Record) error {
	for i, a := range c.set {
		old := rec.Values[a.Field.Index]
		switch {
		case !a.Field.Fixed || old.IsNull():
		case resource.Fold(a.Value.S) != resource.Fold(old.S):
			return fault.InField(a.Field.Name, "%s cannot be changed: others know the record by it", a.Field.Name)
		default:
			c.set[i].Value = old
		}
	}
	return nil
}

// fillIn fills the fields of a new record that the server makes, but for numbers,
// which follow from the id.
func (s *Service) fillIn(res *resource.Resource, rec *resource.Record) (err error) {
	for i := range res.Fields {
		v := &rec.Values[i]
		if !v.IsNull() {
			continue
		}
		switch res.Fields[i].Made {
		case resource.MadeGUID:
			*v, err = s.guid("%x-%x-%x-%x-%x")
		case resource.MadeSecret:
			*v, err = s.guid("%X-%X-%X-%X-%X")
		case resource.MadeHex:
			var random [12]byte
			_, err = io.ReadFull(s.random, random[:])
			*v = resource.TextValue(hex.EncodeToString(random[:]))
		case resource.MadeNow:
			*v = resource.IntValue(s.Now().UnixMilli())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// guid makes a random UUID, version 4 of RFC 9562, and writes its five parts.
func (s *Service) guid(format string) (resource.Value, error) {
	var b [16]byte
	_, err := io.ReadFull(s.random, b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return resource.TextValue(fmt.Sprintf(format, b[:4], b[4:6], b[6:8], b[8:10], b[10:])), err
}

// number gives records that were just inserted the numbers that the server makes.
func number(ctx context.Context, tx Tx, res *resource.Resource, recs []*resource.Record) error {
	for i := range res.Fields {
		f := &res.Fields[i]
		if f.Made != resource.MadeNumber {
			continue
		}
		for _, rec := range recs {
			if !rec.Values[i].IsNull() {
				continue
			}
			free, err := freeNumber(ctx, tx, res, f, rec.ID)
			if err != nil {
				return err
			}
			if _, err := tx.Update(ctx, res, rec.ID, []Assignment{{f, free}}); err != nil {
				return err
			}
			rec.Values[i] = free
			rec.Version++
		}
	}
	return nil
}

// freeNumber is the number of the record with this id: the next one that clients
// have not given to another.
func freeNumber(ctx context.Context, find Finder, res *resource.Resource, f *resource.Field, id int64) (resource.Value, error) {
	v := resource.TextValue(fmt.Sprintf("%08d", id))
	for n := 2; ; n++ {
		_, taken, err := find.Holder(ctx, res, f, v)
		if err != nil || !taken {
			return v, err
		}
		v = resource.TextValue(fmt.Sprintf("%08d-%d", id, n))
	}
}
