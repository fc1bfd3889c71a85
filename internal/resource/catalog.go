package resource

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Catalog is a registry together with what one workspace has added to it: extra
// fields and tables made at run time. It is immutable: a change makes a new
// Catalog.
type Catalog struct {
	Generation int64 // the workspace's generation it was read at
	list       []*Resource
	byName     map[string]*Resource
	views      *views
}

// Part is a table made at run time. Its records are kept in the table of a
// declared resource, Base, which has PartBy: they are those with ID there.
type Part struct {
	Name string // canonical
	Base string
	ID   int64
}

// With returns a catalog whose resources carry the extra fields, keyed by
// resource name, after their own fields, and which has the parts as resources of
// their own, behind the declared ones. Fields and parts that clash with others are
// refused.
func (g *Registry) With(generation int64, extra map[string][]Field, parts ...Part) (*Catalog, error) {
	c := &Catalog{Generation: generation, byName: make(map[string]*Resource, len(g.list)+len(parts)), views: &views{}}
	for _, r := range g.list {
		if more := extra[r.Name]; len(more) > 0 {
			copied := *r
			copied.Fields = append(slices.Clone(r.Fields), more...)
			for i := len(r.Fields); i < len(copied.Fields); i++ {
				f := &copied.Fields[i]
				f.Extra = true
				f.Slot = cmp.Or(f.Slot, f.Name)
				if at := slices.IndexFunc(parts, func(p Part) bool { return p.Name == f.Table }); at >= 0 {
					f.Base = parts[at].Base
				}
			}
			if err := copied.index(); err != nil {
				return nil, err
			}
			r = &copied
		}
		c.add(r)
	}
	for _, p := range parts {
		base := c.Resource(p.Base)
		if base == nil || base.PartBy == "" || base.Base != "" {
			return nil, fmt.Errorf("table %s: there is no table called %q for parts", p.Name, p.Base)
		}
		if c.Resource(p.Name) != nil {
			return nil, fmt.Errorf("table %s is declared twice", p.Name)
		}
		copied := *base
		copied.Name, copied.Base, copied.Part = p.Name, base.Name, p.ID
		copied.Ops = CRUD
		copied.Fields = slices.Clone(base.Fields)
		copied.Field(base.PartBy).Default = IntValue(p.ID)
		c.add(&copied)
	}
	return c, nil
}

func (c *Catalog) add(r *Resource) {
	c.byName[strings.ToLower(r.Name)] = r
	c.list = append(c.list, r)
}

// Catalog returns the resources as declared, without extra fields.
func (g *Registry) Catalog() *Catalog {
	return &Catalog{list: g.list, byName: g.byName, views: &views{}}
}

// At returns the same catalog as of a later generation.
func (c *Catalog) At(generation int64) *Catalog {
	later := *c
	later.Generation = generation
	return &later
}

// All returns the resources in the order of their declaration.
func (c *Catalog) All() []*Resource { return c.list }

// Resource finds a resource by name in any letter case, or returns nil.
func (c *Catalog) Resource(name string) *Resource { return c.byName[strings.ToLower(name)] }

// views are catalogs as users of some branches see them, by what is kept from
// them. Users who are kept from the same fields share one, and with it all that is
// remembered by resource.
type views struct {
	mu  sync.Mutex
	all map[string]*Catalog
}

// maxViews bounds how many are remembered.
const maxViews = 256

// For returns the catalog as a user sees it who belongs to these branches: extra
// fields that are there for others only are internal. It is c itself when nothing
// is kept from the user.
func (c *Catalog) For(branches []int64) *Catalog {
	var key strings.Builder
	var hidden [][2]int // resource, field
	for i, r := range c.list {
		for k := len(r.Fields) - 1; k > 0 && r.Fields[k].Extra; k-- {
			if f := &r.Fields[k]; !f.Internal && !f.Rules.openTo(branches) {
				hidden = append(hidden, [2]int{i, k})
				fmt.Fprintf(&key, "%d.%d ", i, k)
			}
		}
	}
	if hidden == nil {
		return c
	}
	c.views.mu.Lock()
	defer c.views.mu.Unlock()
	v := c.views.all[key.String()]
	if v == nil {
		v = c.without(hidden)
		if c.views.all == nil || len(c.views.all) >= maxViews {
			c.views.all = map[string]*Catalog{}
		}
		c.views.all[key.String()] = v
	}
	if v.Generation != c.Generation {
		v = v.At(c.Generation)
	}
	return v
}

// openTo reports whether the field is there for users of these branches.
func (r *Rules) openTo(branches []int64) bool {
	if r.Branches == "" {
		return true
	}
	ids, _ := TextValue(r.Branches).IDs() // canonical
	return slices.ContainsFunc(ids, func(id int64) bool { return slices.Contains(branches, id) })
}

// without returns the catalog with the fields at these places made internal.
func (c *Catalog) without(hidden [][2]int) *Catalog {
	v := &Catalog{Generation: c.Generation, byName: make(map[string]*Resource, len(c.list)), views: &views{}}
	for i, r := range c.list {
		var copied *Resource
		for _, h := range hidden {
			if h[0] != i {
				continue
			}
			if copied == nil {
				copied = new(Resource)
				*copied = *r
				copied.Whole, copied.Fields = r, slices.Clone(r.Fields)
			}
			copied.Fields[h[1]].Internal = true
		}
		if copied != nil {
			r = copied
		}
		v.add(r)
	}
	return v
}
