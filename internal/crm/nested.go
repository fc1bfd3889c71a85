package crm

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// nested are parts that are created together with the record that they are of.
type nested struct {
	res     *resource.Resource
	by      *resource.Field // their reference to the record
	changes []*change
	recs    []*resource.Record // as composed; without the reference
}

// prepareNested coerces the parts that input has within.
func (s *Service) prepareNested(catalog *resource.Catalog, actor Actor, res *resource.Resource, input Input, c *change) error {
	for _, n := range res.Nested {
		for name, raw := range input {
			if !strings.EqualFold(name, n.Member) || string(raw) == "null" {
				continue
			}
			var parts []Input
			if err := json.Unmarshal(raw, &parts); err != nil {
				return fault.InField(n.Member, "%s must be an array of objects", n.Member).Because(err)
			}
			if len(parts) > MaxBulk {
				return fault.InField(n.Member, "%s: at most %d can be created at once", n.Member, MaxBulk)
			}
			of := catalog.Resource(n.Of)
			if err := permitted(actor, of); err != nil {
				return err
			}
			group := nested{res: of, by: of.Field(n.By)}
			for _, part := range parts {
				maps.DeleteFunc(part, func(name string, _ json.RawMessage) bool { return strings.EqualFold(name, n.By) })
				change, err := s.prepareCreate(catalog, actor, of, part)
				if err != nil {
					return err
				}
				group.changes = append(group.changes, change)
			}
			c.nested = append(c.nested, group)
		}
	}
	return nil
}

// refuseNested refuses parts within the update of a record. They could be meant to take
// the place of those that are there, or to be added to them: no document and no client
// says which, and a client that is told nothing believes that they are kept.
func refuseNested(res *resource.Resource, input Input) error {
	for _, n := range res.Nested {
		for name, raw := range input {
			if strings.EqualFold(name, n.Member) && string(raw) != "null" {
				return fault.InField(n.Member, "%s can be sent with a new record only; change those of this one by themselves, in %s", n.Member, n.Of)
			}
		}
	}
	return nil
}

// composeNested makes the parts before anything is written.
func (s *Service) composeNested(ctx context.Context, tx Tx, view *View, c *change) error {
	for i := range c.nested {
		n := &c.nested[i]
		n.recs = n.recs[:0]
		for _, part := range n.changes {
			rec, err := s.compose(ctx, tx, view, n.res, part)
			if err != nil {
				return err
			}
			n.recs = append(n.recs, rec)
		}
	}
	return nil
}

// insertNested writes the parts of a record that has just been written.
func (s *Service) insertNested(ctx context.Context, tx Tx, view *View, c *change, whole *resource.Record) error {
	for _, n := range c.nested {
		if len(n.recs) == 0 {
			continue
		}
		for _, rec := range n.recs {
			rec.Values[n.by.Index] = resource.IntValue(whole.ID)
		}
		if err := s.insert(ctx, tx, view, n.res, n.recs...); err != nil {
			return err
		}
	}
	return nil
}
