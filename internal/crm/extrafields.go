package crm

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// extraPrefix begins the name of every extra field, and keeps them apart from
// declared fields [LIVE].
const extraPrefix = "Z_"

// extraName is what an extra field may be called. The limit keeps paths into
// JSON and index names within what every database takes.
var extraName = regexp.MustCompile(`^Z_[A-Za-z0-9_]{1,58}$`)

// isDeclaration reports whether the records of res declare fields, so that every
// change of them makes a new catalog.
func isDeclaration(res *resource.Resource) bool { return res.Name == "extrafields" }

// maxEntities is more than there are resources that could have a field of one
// name.
const maxEntities = 200

// maxExtraLength is how many characters a text extra field may be declared for,
// and has when its declaration does not say.
const maxExtraLength = 6000

// checkDeclaration completes and checks the declaration of an extra field within
// the transaction that writes it. The transaction has advanced the generation,
// which keeps other declarations out until it ends.
func (s *Service) checkDeclaration(ctx context.Context, tx Tx, res *resource.Resource, rec *resource.Record) error {
	value := func(name string) *resource.Value { return &rec.Values[res.Field(name).Index] }
	entity := s.registry.Resource(value("entity").S)
	if entity == nil {
		return fault.InField("entity", "entity: there is no resource called %q", value("entity").S)
	}
	*value("entity") = resource.TextValue(entity.Name)

	name := value("fieldName")
	if !strings.HasPrefix(name.S, extraPrefix) {
		// The documents create "EmployeesNumber" and read "Z_…" [DOC].
		*name = resource.TextValue(extraPrefix + name.S)
	}
	if !extraName.MatchString(name.S) {
		return fault.InField("fieldName", "fieldName must be at most 60 letters, digits and underscores")
	}
	ids, err := tx.FindTitle(ctx, res, nil, name.S, maxEntities)
	if err != nil {
		return err
	}
	for _, id := range ids {
		there, err := tx.Lock(ctx, res, id)
		if err != nil {
			return err
		}
		if there != nil && there.Values[res.Field("entity").Index].S == entity.Name {
			return fault.InField("fieldName", "fieldName: %s has a field %s already", entity.Name, name.S)
		}
	}
	kind, known := extraKinds[value("type").S]
	if !known {
		return fault.InField("type", "type must be one of text, datetime, decimal, int, bit, list, multivalue")
	}
	if length := value("length"); kind == resource.Text {
		if length.IsNull() || length.I == 0 {
			*length = resource.IntValue(maxExtraLength)
		}
		if length.I < 1 || length.I > maxExtraLength {
			return fault.InField("length", "length must lie between 1 and %d", maxExtraLength)
		}
	}
	if list := value("valueListRelated").S; kind.IsRef() || kind == resource.RefList {
		if table := s.registry.Resource(list); table == nil || table.Sources != nil {
			return fault.InField("valueListRelated", "valueListRelated: there is no table called %q", list)
		}
	}
	return nil
}

// extraKinds maps the vendor's type names of extra fields to kinds [DOC].
var extraKinds = map[string]resource.Kind{
	"text":       resource.Text,
	"datetime":   resource.Instant,
	"decimal":    resource.Number,
	"int":        resource.Integer,
	"bit":        resource.Boolean,
	"list":       resource.Ref,
	"multivalue": resource.RefList,
}

// extraScale is how many decimal digits a decimal extra field keeps.
const extraScale = 6

// readExtraFields reads the declarations of run-time fields, keyed by resource.
func (s *Service) readExtraFields(ctx context.Context) (map[string][]resource.Field, int64, error) {
	res := s.registry.Resource("extrafields")
	if res == nil {
		return nil, 0, nil
	}
	entity, name, kind := res.Field("entity"), res.Field("fieldName"), res.Field("type")
	length, list, deleted := res.Field("length"), res.Field("valueListRelated"), res.Field("deleted")
	for _, f := range []*resource.Field{entity, name, kind, length, list, deleted} {
		if f == nil {
			return nil, 0, fmt.Errorf("resource extrafields lacks one of entity, fieldName, type, length, valueListRelated, deleted")
		}
	}
	const batch = 1000
	extra := map[string][]resource.Field{}
	var generation int64
	q := Query{Resource: res, Limit: batch, Language: -1}
	for {
		var page Page
		if err := s.store.List(ctx, q, &page); err != nil {
			return nil, 0, err
		}
		generation = max(generation, page.Generation)
		for _, rec := range page.Rows {
			target := s.registry.Resource(rec.Values[entity.Index].S)
			k, known := extraKinds[rec.Values[kind.Index].S]
			if rec.Values[deleted.Index].I == 1 || target == nil || !known {
				continue
			}
			f := resource.Field{Name: rec.Values[name.Index].S, Kind: k}
			switch k {
			case resource.Text:
				f.MaxLength = int(rec.Values[length.Index].I)
			case resource.Number:
				f.Scale = extraScale
			case resource.Ref, resource.RefList:
				table := s.registry.Resource(rec.Values[list.Index].S)
				if table == nil {
					continue
				}
				f.Table = table.Name
			}
			if clash := slices.ContainsFunc(extra[target.Name], func(o resource.Field) bool {
				return strings.EqualFold(o.Name, f.Name)
			}); clash || target.Field(f.Name) != nil {
				s.log.WarnContext(ctx, "an extra field is left out: its name is taken", "resource", target.Name, "field", f.Name)
				continue
			}
			extra[target.Name] = append(extra[target.Name], f)
		}
		if !page.More {
			return extra, generation, nil
		}
		q.After = page.Next
	}
}
