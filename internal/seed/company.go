package seed

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// companySheets are the tables that describe the company that uses the
// workspace: branches, users, products.
type companySheets struct {
	branches struct {
		*sheet
		currency, zone, extID col
	}
	roles struct {
		*sheet
		name, level col
	}
	users struct {
		*sheet
		name, lastName, nic, email, phone, phoneExtension, extID, dbLanguage, uiLanguage, locale col
		branches, roles                                                                          col
		level, restricted, active, billable                                                      col
		prefix, manager, userType                                                                col
	}
	rates struct {
		*sheet
		comments, extID, branch, currency, starts, ends col
	}
	families   struct{ *sheet }
	categories struct {
		*sheet
		family col
	}
	products struct {
		*sheet
		model, extID, description, category, family, price, cost, maxDiscount, stock, notAvailable, level col
	}
	prices struct {
		*sheet
		product, rate, costPrice, salePrice, discount1 col
	}

	campaigns struct {
		*sheet
		title, description, video col
		starts, ends              col
		owner, status, kind       col
	}

	offices []office
}

// office is a branch, and the countries it looks after.
type office struct {
	name, extID, zone, currency string
	countries                   []string
	id, zoneID, currencyID      int64
}

func offices() []office {
	return []office{
		{name: "Barcelona", extID: "BCN", zone: "Europe/Madrid", currency: "EUR", countries: []string{"ES", "MX"}},
		{name: "Lisboa", extID: "LIS", zone: "Europe/Lisbon", currency: "EUR", countries: []string{"PT", "BR"}},
		{name: "München", extID: "MUC", zone: "Europe/Berlin", currency: "EUR", countries: []string{"DE", "FR"}},
		{name: "Łódź", extID: "LDZ", zone: "Europe/Warsaw", currency: "PLN", countries: []string{"PL", "BG", "GR"}},
	}
}

func newCompanySheets(f *sheetMaker) (c companySheets) {
	b := &c.branches
	b.sheet = f.make("branches")
	b.texts(columns{"extId": &b.extID})
	b.refs(columns{"currencyId": &b.currency, "timeZoneId": &b.zone})

	ro := &c.roles
	ro.sheet = f.make("roles")
	ro.texts(columns{"name": &ro.name})
	ro.integers(columns{"level": &ro.level})

	u := &c.users
	u.sheet = f.make("users")
	u.texts(columns{
		"name": &u.name, "lastName": &u.lastName, "nic": &u.nic, "email": &u.email, "phone": &u.phone,
		"phoneExtension": &u.phoneExtension, "extId": &u.extID,
		"dbLanguage": &u.dbLanguage, "uiLanguage": &u.uiLanguage, "locale": &u.locale,
	})
	u.sheet.lists(columns{"branches": &u.branches, "roles": &u.roles})
	u.integers(columns{"level": &u.level})
	u.booleans(columns{"branchRestriction": &u.restricted, "isActive": &u.active, "billable": &u.billable})
	u.refs(columns{"idPrefix": &u.prefix, "managerId": &u.manager, "userTypeId": &u.userType})

	r := &c.rates
	r.sheet = f.make("rates")
	r.texts(columns{"Comments": &r.comments, "extID": &r.extID})
	r.refs(columns{"branchId": &r.branch, "currencyId": &r.currency})
	r.instants(columns{"startDate": &r.starts, "endDate": &r.ends})

	c.families.sheet = f.make("productFamilies")
	c.categories.sheet = f.make("productCategories")
	c.categories.refs(columns{"cLevel2": &c.categories.family})

	p := &c.products
	p.sheet = f.make("products")
	p.texts(columns{"model": &p.model, "extId": &p.extID, "description": &p.description})
	p.refs(columns{"categoryId": &p.category, "familyId": &p.family})
	p.numbers(columns{"price": &p.price, "cost": &p.cost, "maxDiscount": &p.maxDiscount})
	p.integers(columns{"stock": &p.stock, "permissionLevel": &p.level})
	p.booleans(columns{"notAvailable": &p.notAvailable})

	pr := &c.prices
	pr.sheet = f.make("productRates")
	pr.refs(columns{"productId": &pr.product, "rateId": &pr.rate})
	pr.numbers(columns{"costPrice": &pr.costPrice, "salePrice": &pr.salePrice, "discount1": &pr.discount1})

	ca := &c.campaigns
	ca.sheet = f.make("campaigns")
	ca.texts(columns{"title": &ca.title, "description": &ca.description, "videoUrl": &ca.video})
	ca.instants(columns{"startDate": &ca.starts, "endDate": &ca.ends})
	ca.refs(columns{"ownerId": &ca.owner, "statusId": &ca.status, "typeId": &ca.kind})
	return c
}

// inOrder returns the sheets, those that others refer to first.
func (c *companySheets) inOrder() []*sheet {
	return []*sheet{
		c.branches.sheet, c.roles.sheet, c.users.sheet, c.rates.sheet, c.families.sheet, c.categories.sheet,
		c.products.sheet, c.prices.sheet, c.campaigns.sheet,
	}
}

// plan decides on the ids of the offices. The workspace's own first branch looks
// after all countries that no office does.
func (c *companySheets) plan(first int64, currencies, zones map[string]int64) {
	c.offices = offices()
	for i := range c.offices {
		o := &c.offices[i]
		o.id = c.branches.first + int64(i)
		o.zoneID, o.currencyID = zones[strings.ToUpper(o.zone)], currencies[o.currency]
	}
	c.offices = append(c.offices, office{id: first})
}

func (c *companySheets) branchOf(iso2 string) int64 {
	for _, o := range c.offices {
		if slices.Contains(o.countries, iso2) {
			return o.id
		}
	}
	return c.offices[len(c.offices)-1].id
}

// makeCompany writes all of the company's own tables.
func (w *world) makeCompany() {
	w.makeBranches()
	w.makeUsers()
	w.makeRates()
	w.makeProducts()
	w.makeCampaigns()
}

func (w *world) makeBranches() {
	b := &w.company.branches
	for _, o := range w.company.offices {
		if o.name == "" {
			continue
		}
		w.branches = append(w.branches, b.begin())
		b.stamp(w.time.start, 0)
		b.setLabels(same(o.name))
		b.setText(b.extID, o.extID)
		b.setRef(b.currency, o.currencyID)
		b.setRef(b.zone, o.zoneID)
	}
	r := &w.company.roles
	for i, name := range []string{"Sales", "Back office", "Sales management"} {
		r.begin()
		r.stamp(w.time.start, 0)
		r.setText(r.name, name)
		r.setInt(r.level, int64(i+2))
	}
}

// makeUsers writes the users. The first is the administrator; the last two are
// one who left and one who is deleted.
func (w *world) makeUsers() {
	u := &w.company.users
	// For each office in turn, so that nobody works in a country of another.
	var staff [][]int
	for _, o := range w.company.offices {
		var cs []int
		for i := range w.cultures {
			if w.places[i].branch == o.id {
				cs = append(cs, i)
			}
		}
		if len(cs) > 0 {
			staff = append(staff, cs)
		}
	}
	names := map[string]bool{}
	for i := range userCount {
		at := pick(&u.random, staff[i%len(staff)])
		c, p := w.cultures[at], w.places[at]
		id := u.begin()
		u.stamp(w.time.start+int64(i)*30*msDay, w.admin)

		first, last := pick(&u.random, c.male), pick(&u.random, c.last)
		if u.chance(50) {
			first, last = pick(&u.random, c.female), pick(&u.random, c.lastFemale)
		}
		login := first.ascii + "." + last.ascii
		if names[login] {
			login += strconv.Itoa(i)
		}
		names[login] = true
		u.setText(u.name, first.text)
		u.setText(u.lastName, last.text)
		u.setText(u.nic, login)
		u.setText(u.email, login+"@example.com")
		w.emails[id] = login + "@example.com"
		w.start()
		w.pattern(u.random, c.mobile)
		u.setBytes(u.phone, w.buf)
		u.setText(u.phoneExtension, c.dialingCode)
		if u.chance(60) {
			u.setText(u.extID, "HR-"+strconv.Itoa(1000+i))
		}
		u.setText(u.dbLanguage, c.language.supported())
		u.setText(u.uiLanguage, c.language.supported())
		u.setText(u.locale, c.language.locale)
		u.setText(u.branches, "["+strconv.FormatInt(p.branch, 10)+"]")
		u.setRef(u.prefix, p.country)
		u.setRef(u.manager, w.admin)
		u.setRef(u.userType, pick(&u.random, w.values.userTypes))

		level := [userCount]int64{5, 4, 4, 3, 3, 3}[i]
		level = max(level, int64(2-i%3/2)) // the others: two of three have 2, one has 1
		u.setInt(u.level, level)
		role := w.company.roles.first + max(0, min(level, 4)-2)
		u.setText(u.roles, "["+strconv.FormatInt(role, 10)+"]")
		u.setBool(u.billable, true)
		u.setBool(u.restricted, i%7 == 6)

		switch i {
		case 0:
			w.admin = id
		case userCount - 2:
			u.setBool(u.active, false)
			continue
		case userCount - 1:
			u.setBool(u.active, false)
			u.row.Values[u.deleted] = resource.BoolValue(true)
			u.row.Values[u.removed] = resource.IntValue(w.time.within(w.time.start+int64(i)*30*msDay, &u.random))
			u.setRef(u.remover, w.admin)
			continue
		}
		w.users = append(w.users, id)
		w.byBranch[p.branch] = append(w.byBranch[p.branch], id)
	}
}

func (w *world) makeRates() {
	r := &w.company.rates
	for i, l := range []string{
		"Retail|Minorista|Einzelhandel|Détail|Dettaglio|Retalho|Detail|Розница|Varejo",
		"Wholesale|Mayorista|Großhandel|Gros|Ingrosso|Grosso|Engros|Опт|Atacado",
		"Export|Exportación|Export|Exportation|Esportazione|Exportação|Eksport|Экспорт",
	} {
		w.rates = append(w.rates, r.begin())
		r.stamp(w.time.start, w.admin)
		r.setLabels(label(l))
		r.setText(r.extID, "R"+strconv.Itoa(i+1))
		r.setRef(r.branch, w.branches[0])
		r.setRef(r.currency, w.places[0].currency)
		r.setInt(r.starts, w.time.start)
		if i == 2 {
			r.setText(r.comments, "Prices ex works, without transport.")
			r.setInt(r.ends, w.time.now+200*msDay)
		}
	}
}

// makeCampaigns writes campaigns before, at and after now, with the status that
// goes with each when the list has the usual four.
func (w *world) makeCampaigns() {
	c := &w.company.campaigns
	for i, title := range []string{
		"Messe Köln", "Ahorro energético", "Rentrée: pompes et vannes", "Feira do Porto", "Promozione autunno", "Nowości wiosenne",
	} {
		starts := w.time.now + int64(i-4)*100*msDay
		c.begin()
		c.stamp(min(starts-40*msDay, w.time.now), w.admin)
		c.setText(c.title, title)
		c.setText(c.description, "<p>"+title+"</p>")
		if i%3 == 0 {
			c.setText(c.video, "https://www.example.com/video/"+strconv.Itoa(i+1))
		}
		c.setInt(c.starts, starts)
		c.setInt(c.ends, starts+30*msDay)
		c.setRef(c.owner, pick(&c.random, w.users))
		c.setRef(c.kind, pick(&c.random, w.values.campaignTypes))
		status := w.values.campaignStatuses
		at := 3 // finished
		if i == 4 {
			at = 1 // running
		} else if i > 4 {
			at = 2 // planned
		}
		c.setRef(c.status, status[min(at, len(status)-1)])
	}
}
