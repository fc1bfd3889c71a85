package seed

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// world is everything that the records of one run refer to, and the sheets that
// they are written on.
type world struct {
	opt  Options
	time timeline
	buf  []byte // for texts that are put together

	cultures  []*culture
	shares    []int // of cultures, by index
	allShares int
	places    []place // of cultures, by index
	values    values

	branches []int64 // all, the workspace's first one first
	users    []int64 // those who are active
	admin    int64
	byBranch map[int64][]int64 // active users
	emails   map[int64]string  // addresses of users
	rates    []int64
	products []product

	company   companySheets
	customers customerSheets
}

// place is what goes with a culture in this workspace.
type place struct{ country, currency, branch int64 }

// product is what order lines need to know of a product.
type product struct {
	id, cents int64
	name      string
}

// values are the value lists of the workspace.
type values struct {
	accountTypes, accountStatuses, accountSegments []int64
	relations, userTypes                           []int64
	campaignTypes, campaignStatuses                []int64
	contactTypes                                   []int64
	male, female                                   int64   // may be 0 [DOC]; -1 for none
	visits, calls, others                          []int64 // activity types
	providers                                      []int64 // of video calls
	open, won, lost                                []stage // opportunity statuses
	opportunityTypes                               []int64
	orderTypes                                     []int64
	orderOpen, orderWon, orderLost                 []int64
}

// stage is a status of opportunities with its probability of 10.
type stage struct{ id, probability int64 }

func newWorld(ctx context.Context, t Target, cat *resource.Catalog, opt Options) (*world, error) {
	w := &world{
		opt: opt, time: newTimeline(opt.Now, years, opt.Timeline),
		cultures: cultures(), byBranch: map[int64][]int64{}, emails: map[int64]string{}, values: values{male: -1, female: -1},
	}
	for _, c := range w.cultures {
		w.shares = append(w.shares, c.share)
		w.allShares += c.share
	}
	if err := w.newSheets(ctx, t, cat); err != nil {
		return nil, err
	}
	if err := w.readValues(ctx, t, cat); err != nil {
		return nil, err
	}
	return w, w.readPlaces(ctx, t, cat)
}

// newSheets makes the sheets and finds all their columns; whatever does not fit
// the declarations is reported at once.
func (w *world) newSheets(ctx context.Context, t Target, cat *resource.Catalog) error {
	var f sheetMaker
	f.make = func(name string) *sheet {
		res := cat.Resource(name)
		if res == nil {
			return newSheet(cat, name, w.opt.Seed, 0, &f.errs)
		}
		last, err := lastID(ctx, t, res)
		if err != nil {
			f.errs = append(f.errs, err)
		}
		return newSheet(cat, name, w.opt.Seed, last, &f.errs)
	}
	w.company = newCompanySheets(&f)
	w.customers = newCustomerSheets(&f)
	return joined(f.errs)
}

// sheetMaker makes sheets and collects what is wrong with them.
type sheetMaker struct {
	make func(name string) *sheet
	errs []error
}

// readValues reads the value lists. Which of their values mean what is read from
// their flags, as a workspace may have lists of its own.
func (w *world) readValues(ctx context.Context, t Target, cat *resource.Catalog) error {
	v := &w.values
	type flags map[string]bool
	read := func(name string, fn func(id int64, is flags, rec *resource.Record)) error {
		res := cat.Resource(name)
		found := false
		err := each(ctx, t, res, func(rec *resource.Record) {
			found = true
			is := flags{}
			for _, f := range res.Fields {
				is[f.Name] = rec.Values[f.Index].Type == resource.Int && rec.Values[f.Index].I != 0
			}
			fn(rec.ID, is, rec)
		})
		if err == nil && !found {
			err = fault.New(fault.Conflict, "the workspace has no %s", name)
		}
		return err
	}
	collect := func(name string, ids *[]int64) error {
		return read(name, func(id int64, _ flags, _ *resource.Record) { *ids = append(*ids, id) })
	}
	for _, l := range []struct {
		name string
		ids  *[]int64
	}{
		{"accountTypes", &v.accountTypes}, {"accountStatuses", &v.accountStatuses}, {"accountSegments", &v.accountSegments},
		{"accountsRelations", &v.relations}, {"contactTypes", &v.contactTypes}, {"opportunityTypes", &v.opportunityTypes},
		{"orderTypes", &v.orderTypes}, {"videoCallProviders", &v.providers},
		{"campaignTypes", &v.campaignTypes}, {"campaignStatuses", &v.campaignStatuses}, {"userTypes", &v.userTypes}, {"branches", &w.branches},
	} {
		if err := collect(l.name, l.ids); err != nil {
			return err
		}
	}
	if err := read("activityTypes", func(id int64, is flags, _ *resource.Record) {
		switch {
		case is["hide"]:
		case is["visit"] || is["checkin"]:
			v.visits = append(v.visits, id)
		case is["phoneCall"] || is["videoCall"]:
			v.calls = append(v.calls, id)
		default:
			v.others = append(v.others, id)
		}
	}); err != nil {
		return err
	}
	probability := cat.Resource("opportunityStatuses").Field(salesProbability)
	if err := read("opportunityStatuses", func(id int64, is flags, rec *resource.Record) {
		s := stage{id, rec.Values[probability.Index].I}
		switch {
		case is[won]:
			v.won = append(v.won, s)
		case is[endStatus]:
			v.lost = append(v.lost, s)
		default:
			v.open = append(v.open, s)
		}
	}); err != nil {
		return err
	}
	if err := read("salesorderStatuses", func(id int64, is flags, _ *resource.Record) {
		switch {
		case is[won]:
			v.orderWon = append(v.orderWon, id)
		case is[lost]:
			v.orderLost = append(v.orderLost, id)
		default:
			v.orderOpen = append(v.orderOpen, id)
		}
	}); err != nil {
		return err
	}
	english := cat.Resource("genre").Field("descriptionEN")
	return read("genre", func(id int64, _ flags, rec *resource.Record) {
		switch strings.ToLower(rec.Values[english.Index].S) {
		case "male":
			v.male = id
		case "female":
			v.female = id
		}
	})
}

// readPlaces finds the countries and currencies of the cultures, and plans the
// branches that look after them.
func (w *world) readPlaces(ctx context.Context, t Target, cat *resource.Catalog) error {
	byText := func(name, field string) (map[string]int64, error) {
		res := cat.Resource(name)
		ids := map[string]int64{}
		err := each(ctx, t, res, func(rec *resource.Record) {
			code := strings.ToUpper(rec.Values[res.Field(field).Index].S)
			if _, ok := ids[code]; !ok {
				ids[code] = rec.ID
			}
		})
		return ids, err
	}
	countries, err := byText("countries", "iso2")
	if err != nil {
		return err
	}
	currencies, err := byText("currencies", "isoCode")
	if err != nil {
		return err
	}
	zones, err := byText("timeZones", "idIanaZone")
	if err != nil {
		return err
	}
	w.company.plan(w.branches[0], currencies, zones)
	for _, c := range w.cultures {
		w.places = append(w.places, place{
			country: countries[c.iso2], currency: currencies[currencyOf(c.iso2)], branch: w.company.branchOf(c.iso2),
		})
	}
	return nil
}

func currencyOf(iso2 string) string {
	switch iso2 {
	case "MX":
		return "MXN"
	case "BR":
		return "BRL"
	case "PL":
		return "PLN"
	case "GB":
		return "GBP"
	case "US":
		return "USD"
	default:
		return "EUR"
	}
}

// flush hands on what has been written, in an order in which no record refers to
// one that comes later, but for its own kind.
func (w *world) flush(insert insert) error {
	for _, s := range slices.Concat(w.company.inOrder(), w.customers.inOrder()) {
		if err := s.flush(insert); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) summary() Summary {
	sum := Summary{
		Accounts: w.customers.accounts.made, Admin: w.admin, First: w.customers.accounts.first,
	}
	for _, s := range slices.Concat(w.company.inOrder(), w.customers.inOrder()) {
		sum.Records += s.made
	}
	return sum
}

// start empties the buffer that texts are put together in.
func (w *world) start() { w.buf = w.buf[:0] }

// pattern appends text in which every # becomes a digit.
func (w *world) pattern(r random, pattern string) {
	for i := range len(pattern) {
		c := pattern[i]
		if c == '#' {
			c = byte('0' + r.n(10))
		}
		w.buf = append(w.buf, c)
	}
}

// number appends a number, filled up with zeros to a width.
func (w *world) number(n int64, width int) {
	for limit := int64(10); width > 1; width-- {
		if n < limit {
			for range width - 1 {
				w.buf = append(w.buf, '0')
			}
			break
		}
		limit *= 10
	}
	w.buf = strconv.AppendInt(w.buf, n, 10)
}
