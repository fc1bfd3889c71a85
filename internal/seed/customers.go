package seed

import "strconv"

// customerSheets are the tables that grow with the number of accounts.
type customerSheets struct {
	accounts struct {
		*sheet
		name, extID, vatNumber, email, phone, phone2, phone3, fax, website, address1, address2, comment,
		city, region, postcode col
		kind, status, segment, branch, rate, country, owner1, owner2, owner3, owner4, owner5 col
		level, accuracy                                                                      col
		public, readOnly, marketing, geocoded                                                col
		latitude, longitude                                                                  col
		dateGeocoded                                                                         col
	}
	addresses struct {
		*sheet
		address1, description, city, region, postcode col
		account, country                              col
	}
	related struct {
		*sheet
		one, two, relation col
	}
	contacts struct {
		*sheet
		firstName, lastName, extID, email, email2, email3, phone1, phone2, fax, skype, linkedin, address1, comment,
		city, region, postcode col
		account, owner, kind, gender, country col
		birthday                              col
		companyAddress, marketing, readOnly   col
		level                                 col
	}
	opportunities struct {
		*sheet
		reference, extID, comments, address1, city, region, postcode                 col
		account1, account2, account3, owner, status, kind, branch, currency, country col
		total, latitude, longitude                                                   col
		probability, level, accuracy                                                 col
		forecast, closed, won, lost, dateGeocoded                                    col
		readOnly, geocoded                                                           col
	}
	activities struct {
		*sheet
		extID, comment                             col
		account, contact, opportunity, kind, owner col
		date, checkout                             col
		checkin, geocoded, readOnly                col
		checkinKind, level, accuracy               col
		latitude, longitude                        col
	}
	calendar struct {
		*sheet
		subject, comment, extID, startDate, startHour, endDate, endHour, video col
		account, contact, opportunity, kind, owner, branch, provider           col
		allDay, task, completed, notify                                        col
		reminder, level                                                        col
	}
	emails struct {
		*sheet
		from, to, subject, body, folder, extID col
		account, contact, opportunity, owner   col
		date                                   col
		kind                                   col
	}
	orders struct {
		*sheet
		reference, extID, comment, internal                                                 col
		number, year                                                                        col
		account, address, contact, opportunity, owner, branch, status, rate, currency, kind col
		total, discount1                                                                    col
		internalDate, closed, forecast                                                      col
		internalUser                                                                        col
		main, archived, blocked                                                             col
	}
	lines struct {
		*sheet
		order, product                     col
		position, quantity                 col
		price, total, discount1, discount2 col
		description                        col
	}
	sales struct {
		*sheet
		extID, accountExtID, ownerExtID col
		account, owner                  col
		date                            col
		total                           col
	}
}

func newCustomerSheets(f *sheetMaker) (c customerSheets) {
	a := &c.accounts
	a.sheet = f.make("accounts")
	a.texts(columns{
		"name": &a.name, "extId": &a.extID, "vatNumber": &a.vatNumber, "email": &a.email, "phone": &a.phone,
		"phone2": &a.phone2, "phone3": &a.phone3, "fax": &a.fax, "website": &a.website, "address1": &a.address1,
		"address2": &a.address2, "comment": &a.comment, "city": &a.city, "region": &a.region, "postcode": &a.postcode,
	})
	a.refs(columns{
		"typeId": &a.kind, "statusId": &a.status, "segmentId": &a.segment, "branchId": &a.branch, "rateId": &a.rate,
		"countryId": &a.country, "salesRepId1": &a.owner1, "salesRepId2": &a.owner2, "salesRepId3": &a.owner3,
		"salesRepId4": &a.owner4, "salesRepId5": &a.owner5,
	})
	a.integers(columns{"permissionLevel": &a.level, "geocodingAccuracy": &a.accuracy})
	a.booleans(columns{
		"public": &a.public, "readOnly": &a.readOnly, "marketingCommunications": &a.marketing, "geocoded": &a.geocoded,
	})
	a.numbers(columns{"latitude": &a.latitude, "longitude": &a.longitude})
	a.instants(columns{"dateGeocoded": &a.dateGeocoded})

	ad := &c.addresses
	ad.sheet = f.make("accountAddresses")
	ad.texts(columns{
		"address1": &ad.address1, "description": &ad.description, "city": &ad.city, "region": &ad.region, "postcode": &ad.postcode,
	})
	ad.refs(columns{"accountId": &ad.account, "countryId": &ad.country})

	re := &c.related
	re.sheet = f.make("accountsRelated")
	re.refs(columns{"accountOneId": &re.one, "accountTwoId": &re.two, "relationId": &re.relation})

	co := &c.contacts
	co.sheet = f.make("contacts")
	co.texts(columns{
		"firstName": &co.firstName, "lastName": &co.lastName, "extId": &co.extID, "email": &co.email, "email2": &co.email2,
		"email3": &co.email3, "phone1": &co.phone1, "phone2": &co.phone2, "fax": &co.fax, "skype": &co.skype,
		"linkedin": &co.linkedin, "address1": &co.address1, "comment": &co.comment, "city": &co.city,
		"region": &co.region, "postcode": &co.postcode,
	})
	co.refs(columns{
		"accountId": &co.account, "salesRepId": &co.owner, "typeId": &co.kind, "gender": &co.gender, "countryId": &co.country,
	})
	co.instants(columns{"birthday": &co.birthday})
	co.booleans(columns{
		"UseCompanyAddress": &co.companyAddress, "marketingCommunications": &co.marketing, "readOnly": &co.readOnly,
	})
	co.integers(columns{"permissionLevel": &co.level})

	o := &c.opportunities
	o.sheet = f.make("opportunities")
	o.texts(columns{
		"reference": &o.reference, "extId": &o.extID, "comments": &o.comments, "address1": &o.address1,
		"city": &o.city, "region": &o.region, "postcode": &o.postcode,
	})
	o.refs(columns{
		"accountId1": &o.account1, "accountId2": &o.account2, "accountId3": &o.account3, "salesRepId": &o.owner,
		"statusId": &o.status, "type_id": &o.kind, "branchId": &o.branch, "currencyId": &o.currency, "countryId": &o.country,
	})
	o.numbers(columns{"total": &o.total, "latitude": &o.latitude, "longitude": &o.longitude})
	o.integers(columns{"salesProbability": &o.probability, "permissionLevel": &o.level, "geocodingAccuracy": &o.accuracy})
	o.instants(columns{
		"salesForecastDate": &o.forecast, "closedDate": &o.closed, "wonDate": &o.won, "lostDate": &o.lost,
		"dateGeocoded": &o.dateGeocoded,
	})
	o.booleans(columns{"readOnly": &o.readOnly, "geocoded": &o.geocoded})

	ac := &c.activities
	ac.sheet = f.make("activities")
	ac.texts(columns{"extId": &ac.extID, "comment": &ac.comment})
	ac.refs(columns{
		"accountId": &ac.account, "contactId": &ac.contact, "opportunityId": &ac.opportunity, "typeId": &ac.kind,
		"salesRepId": &ac.owner,
	})
	ac.instants(columns{"date": &ac.date, "checkoutDate": &ac.checkout})
	ac.booleans(columns{"checkin": &ac.checkin, "geocoded": &ac.geocoded, "readOnly": &ac.readOnly})
	ac.integers(columns{"checkinTypeId": &ac.checkinKind, "permissionLevel": &ac.level, "geocodingAccuracy": &ac.accuracy})
	ac.numbers(columns{"latitude": &ac.latitude, "longitude": &ac.longitude})

	ca := &c.calendar
	ca.sheet = f.make("calendar")
	ca.texts(columns{
		"subject": &ca.subject, "comment": &ca.comment, "extId": &ca.extID,
		"startHour": &ca.startHour, "endHour": &ca.endHour, "videoCallMeetingDetails": &ca.video,
	})
	ca.instants(columns{"startDate": &ca.startDate, "endDate": &ca.endDate})
	ca.refs(columns{
		"accountId": &ca.account, "contactId": &ca.contact, "opportunityId": &ca.opportunity, "typeId": &ca.kind,
		"salesRepId": &ca.owner, "branchId": &ca.branch, "videoCallProviderId": &ca.provider,
	})
	ca.booleans(columns{"allDay": &ca.allDay, "task": &ca.task, "completed": &ca.completed, "sendNotification": &ca.notify})
	ca.integers(columns{"reminder": &ca.reminder, "permissionLevel": &ca.level})

	e := &c.emails
	e.sheet = f.make("emails")
	e.texts(columns{
		"emailFrom": &e.from, "emailTo": &e.to, "subject": &e.subject, "body": &e.body, "mailFolder": &e.folder, "extId": &e.extID,
	})
	e.refs(columns{"accountId": &e.account, "contactId": &e.contact, "opportunityId": &e.opportunity, "salesRepId": &e.owner})
	e.instants(columns{"date": &e.date})
	e.integers(columns{"type": &e.kind})

	so := &c.orders
	so.sheet = f.make("salesorders")
	so.texts(columns{"reference": &so.reference, "extId": &so.extID, "comment": &so.comment, "internalComment": &so.internal})
	so.integers(columns{"number": &so.number, "year": &so.year})
	so.refs(columns{
		"accountId": &so.account, "accountAddressId": &so.address, "contactId": &so.contact, "opportunityId": &so.opportunity,
		"salesRepId": &so.owner, "branchId": &so.branch, "statusId": &so.status, "rateId": &so.rate,
		"currencyId": &so.currency, "salesOrderType": &so.kind, "internalCommentUpdateSalesRepId": &so.internalUser,
	})
	so.numbers(columns{"total": &so.total, "discount1": &so.discount1})
	so.instants(columns{
		"internalCommentUpdateDate": &so.internalDate, "closedDate": &so.closed,
		"salesForcecastDate": &so.forecast, // spelled so in the schema
	})
	so.booleans(columns{"mainSalesorder": &so.main, "archived": &so.archived, "blocked": &so.blocked})

	l := &c.lines
	l.sheet = f.make("salesordersLines")
	l.refs(columns{"salesorderId": &l.order, "productId": &l.product})
	l.integers(columns{"order": &l.position, "quantity": &l.quantity})
	l.numbers(columns{"price": &l.price, "total": &l.total, "discount1": &l.discount1, "discount2": &l.discount2})
	l.texts(columns{"description": &l.description})

	sa := &c.sales
	sa.sheet = f.make("sales")
	sa.texts(columns{"extId": &sa.extID, "accountExtId": &sa.accountExtID, "salesRepExtId": &sa.ownerExtID})
	sa.refs(columns{"accountId": &sa.account, "salesRepId": &sa.owner})
	sa.instants(columns{"date": &sa.date})
	sa.numbers(columns{"total": &sa.total})
	return c
}

// inOrder returns the sheets, those that others refer to first.
func (c *customerSheets) inOrder() []*sheet {
	return []*sheet{
		c.accounts.sheet, c.addresses.sheet, c.related.sheet, c.contacts.sheet, c.opportunities.sheet,
		c.activities.sheet, c.calendar.sheet, c.emails.sheet, c.orders.sheet, c.lines.sheet, c.sales.sheet,
	}
}

// Topics of mix: what can be told of any account or opportunity by its number.
const (
	topicCulture = iota + 1
	topicOwner
	topicDeal
)

// levelWeights are how many of a hundred records need which level to be seen.
func levelWeights() []int { return []int{48, 26, 16, 7, 3} }

// customer is what belongs to one account. All of it but its texts can be told
// from its number, so that any record may refer to any account before it.
type customer struct {
	index        uint64 // from 0
	id           int64
	culture      *culture
	place        place
	owner        int64
	created      int64
	domain       string // of its e-mail addresses
	street       string
	at           *city
	firstContact int64
}

func (w *world) customer(i uint64) customer {
	at := 0
	for x := int(mix(w.opt.Seed, topicCulture, i) % uint64(w.allShares)); ; at++ {
		if x -= w.shares[at]; x < 0 {
			break
		}
	}
	c := customer{
		index: i, id: w.customers.accounts.first + int64(i), culture: w.cultures[at], place: w.places[at],
		created: w.time.account(i), firstContact: w.customers.contacts.first + int64(i)*contactsEach,
	}
	staff := w.byBranch[c.place.branch]
	if len(staff) == 0 || mix(w.opt.Seed, topicOwner, i)>>32%100 < 8 { // some are looked after from elsewhere
		staff = w.users
	}
	c.owner = staff[mix(w.opt.Seed, topicOwner, i)%uint64(len(staff))]
	return c
}

// customerBefore returns customer c itself or, in so many of a hundred cases, one
// that was there before it, older ones more often.
func (w *world) customerBefore(c *customer, r *random, percent int) customer {
	if c.index == 0 || !r.chance(percent) {
		return *c
	}
	n := int(c.index)
	return w.customer(uint64(r.n(r.n(n) + 1)))
}

// makeCustomer writes account i and all that is made with it.
func (w *world) makeCustomer(i uint64) {
	c := w.customer(i)
	w.makeAccount(&c)
	if w.opt.AccountsOnly {
		return
	}
	if i%4 == 1 {
		w.makeAddress(&c)
	}
	if i%20 == 19 {
		w.makeRelation(&c)
	}
	for k := range contactsEach {
		w.makeContact(&c, k)
	}
	for from, to := deals(i); from < to; from++ {
		w.makeOpportunity(&c)
	}
	for range activitiesEach {
		w.makeActivity(&c)
	}
	if i%2 == 0 {
		w.makeCalendar(&c)
	} else {
		w.makeOrder(&c)
	}
	if i%2 == 0 {
		w.makeEmail(&c)
	}
	if i%4 == 3 {
		w.makeSale(&c)
	}
}

func (w *world) makeAccount(c *customer) {
	a := &w.customers.accounts
	a.begin()
	a.audit(w.time, c.created, w.users)
	r := &a.random
	cu := c.culture
	c.at = &cu.cities[r.n(len(cu.cities))]

	w.companyName(r, c)
	a.setBytes(a.name, w.buf)
	w.streetAddress(r, cu)
	c.street = string(w.buf)
	if r.chance(92) {
		a.setText(a.address1, c.street)
		w.postcode(r, c.at)
		a.setBytes(a.postcode, w.buf)
		a.setText(a.city, c.at.name.text)
		a.setText(a.region, c.at.region)
	}
	if r.chance(12) {
		w.start()
		w.buf = append(w.buf, "Apt. "...)
		w.number(int64(r.between(1, 40)), 1)
		a.setBytes(a.address2, w.buf)
	}
	a.setRef(a.country, c.place.country)
	w.reachAccount(r, c)
	if r.chance(35) {
		a.setText(a.comment, pick(r, cu.language.account))
	}
	if r.chance(80) {
		created := c.created
		a.setBool(a.geocoded, true)
		a.setInt(a.accuracy, int64(r.between(5, 120)))
		w.coordinates(r, a.sheet, c.at, a.latitude, a.longitude)
		a.setInt(a.dateGeocoded, w.time.after(created, r))
	}

	v := &w.values
	a.setRef(a.branch, c.place.branch)
	if r.chance(95) {
		a.setRef(a.kind, pickEarly(r, v.accountTypes))
	}
	if r.chance(95) {
		a.setRef(a.status, pick(r, v.accountStatuses))
	}
	if r.chance(80) {
		a.setRef(a.segment, pick(r, v.accountSegments))
	}
	if r.chance(50) {
		a.setRef(a.rate, pick(r, w.rates))
	}
	a.setRef(a.owner1, c.owner)
	more := [...]col{a.owner2, a.owner3, a.owner4, a.owner5}
	for k := 0; k < len(more) && r.chance(25); k++ {
		a.setRef(more[k], pick(r, w.users))
	}
	a.setInt(a.level, int64(1+r.weighted(levelWeights())))
	a.setBool(a.public, r.chance(30))
	a.setBool(a.readOnly, r.chance(2))
	a.setBool(a.marketing, r.chance(60))
}

// companyName puts the name of the account together in the buffer, and decides
// on the domain of its e-mail addresses.
func (w *world) companyName(r *random, c *customer) {
	cu := c.culture
	first, second := &cu.last[r.n(len(cu.last))], &cu.last[r.n(len(cu.last))]
	head, tail := &cu.brandHead[r.n(len(cu.brandHead))], &cu.brandTail[r.n(len(cu.brandTail))]
	form := cu.forms[r.n(len(cu.forms))]
	main, other := first.ascii, second.ascii
	w.start()
	for k := range len(form) {
		switch form[k] {
		case '1':
			w.buf = append(w.buf, first.text...)
		case '2':
			w.buf = append(w.buf, second.text...)
		case '3':
			w.buf = append(w.buf, cu.trades[r.n(len(cu.trades))]...)
		case '4':
			w.buf = append(w.buf, c.at.name.text...)
		case '5':
			w.buf = append(append(w.buf, head.text...), tail.text...)
			main, other = head.ascii, tail.ascii
		default:
			w.buf = append(w.buf, form[k])
		}
	}
	c.domain = "@" + main + other + reservedDomain(r)
}

// reservedDomain returns one of the domains that RFC 2606 keeps for examples.
func reservedDomain(r *random) string {
	switch r.n(6) {
	case 0:
		return ".example.org"
	case 1:
		return ".example.net"
	default:
		return ".example.com"
	}
}

// reachAccount writes how the account can be reached, and its numbers.
func (w *world) reachAccount(r *random, c *customer) {
	a, cu := &w.customers.accounts, c.culture
	if r.chance(80) {
		w.start()
		w.buf = append(append(w.buf, [...]string{"info", "office", "mail", "sales"}[r.n(4)]...), c.domain...)
		a.setBytes(a.email, w.buf)
	}
	for k, phone := range [...]struct {
		to      col
		pattern string
	}{{a.phone, cu.phone}, {a.phone2, cu.mobile}, {a.phone3, cu.phone}, {a.fax, cu.phone}} {
		if r.chance([...]int{90, 20, 4, 10}[k]) {
			w.start()
			w.pattern(*r, phone.pattern)
			a.setBytes(phone.to, w.buf)
		}
	}
	if r.chance(55) {
		w.start()
		w.buf = append(append(w.buf, "https://www."...), c.domain[1:]...)
		a.setBytes(a.website, w.buf)
	}
	if r.chance(70) {
		w.start()
		w.pattern(*r, cu.tax)
		a.setBytes(a.vatNumber, w.buf)
	} else if r.chance(20) {
		a.setText(a.vatNumber, "") // entered and emptied again
	}
	if r.chance(60) {
		w.start()
		w.buf = append(w.buf, "ERP-"...)
		w.number(c.id, 7)
		a.setBytes(a.extID, w.buf)
	}
}

// streetAddress puts a street with a house number into the buffer.
func (w *world) streetAddress(r *random, cu *culture) {
	w.start()
	for k := range len(cu.street) {
		switch cu.street[k] {
		case '$':
			w.buf = append(w.buf, cu.streets[r.n(len(cu.streets))]...)
		case '#':
			w.buf = strconv.AppendInt(w.buf, int64(r.between(1, 240)), 10)
		default:
			w.buf = append(w.buf, cu.street[k])
		}
	}
}

func (w *world) postcode(r *random, at *city) {
	w.start()
	w.pattern(*r, at.postcode)
}

// coordinates sets a place within about 4 km of the middle of a city.
func (w *world) coordinates(r *random, s *sheet, at *city, latitude, longitude col) {
	s.setDecimal(latitude, at.lat+int64(r.between(-36_000, 36_000)), 6)
	s.setDecimal(longitude, at.lon+int64(r.between(-50_000, 50_000)), 6)
}

func (w *world) makeAddress(c *customer) {
	a := &w.customers.addresses
	a.begin()
	a.audit(w.time, w.time.after(c.created, &a.random), w.users)
	at := &c.culture.cities[a.n(len(c.culture.cities))]
	w.streetAddress(&a.random, c.culture)
	a.setBytes(a.address1, w.buf)
	w.postcode(&a.random, at)
	a.setBytes(a.postcode, w.buf)
	a.setText(a.city, at.name.text)
	a.setText(a.region, at.region)
	a.setRef(a.country, c.place.country)
	a.setRef(a.account, c.id)
	if a.chance(40) {
		a.setText(a.description, "Warehouse")
	}
}

func (w *world) makeRelation(c *customer) {
	a := &w.customers.related
	a.begin()
	a.audit(w.time, w.time.after(c.created, &a.random), w.users)
	a.setRef(a.one, w.customers.accounts.first+int64(a.n(int(c.index))))
	a.setRef(a.two, c.id)
	a.setRef(a.relation, pick(&a.random, w.values.relations))
}

func (w *world) makeContact(c *customer, k int) {
	co := &w.customers.contacts
	co.begin()
	r := &co.random
	created := c.created
	if k > 0 {
		created = w.time.after(c.created, r)
	}
	co.audit(w.time, created, w.users)

	cu := c.culture
	gender, first, last := w.values.male, pick(r, cu.male), pick(r, cu.last)
	if r.chance(50) {
		gender, first, last = w.values.female, pick(r, cu.female), pick(r, cu.lastFemale)
	}
	co.setText(co.firstName, first.text)
	co.setText(co.lastName, last.text)
	if r.chance(80) && gender >= 0 {
		co.setInt(co.gender, gender)
	}
	if r.chance(85) {
		w.start()
		w.buf = append(append(append(append(w.buf, first.ascii...), '.'), last.ascii...), c.domain...)
		co.setBytes(co.email, w.buf)
		if r.chance(8) {
			w.start()
			w.buf = append(append(append(w.buf, last.ascii...), first.ascii[:1]...), "@example.net"...)
			co.setBytes(co.email2, w.buf)
			if r.chance(20) {
				w.start()
				w.buf = append(append(w.buf, first.ascii...), "@example.org"...)
				co.setBytes(co.email3, w.buf)
			}
		}
	}
	for k, phone := range [...]struct {
		to      col
		pattern string
	}{{co.phone1, cu.phone}, {co.phone2, cu.mobile}, {co.fax, cu.phone}} {
		if r.chance([...]int{85, 45, 3}[k]) {
			w.start()
			w.pattern(*r, phone.pattern)
			co.setBytes(phone.to, w.buf)
		}
	}
	if r.chance(60) {
		co.setBool(co.companyAddress, true)
	} else if r.chance(50) {
		at := &cu.cities[r.n(len(cu.cities))]
		w.streetAddress(r, cu)
		co.setBytes(co.address1, w.buf)
		w.postcode(r, at)
		co.setBytes(co.postcode, w.buf)
		co.setText(co.city, at.name.text)
		co.setText(co.region, at.region)
		co.setRef(co.country, c.place.country)
	}
	if r.chance(20) {
		const oldest, youngest = 66, 20 // years, about
		days := int64(r.between(youngest*365, oldest*365))
		co.setInt(co.birthday, (w.time.now/msDay-days)*msDay)
	}
	if r.chance(30) {
		w.start()
		w.buf = append(append(append(append(w.buf, "https://www.example.com/in/"...), first.ascii...), '-'), last.ascii...)
		co.setBytes(co.linkedin, w.buf)
	}
	if r.chance(5) {
		w.start()
		w.buf = append(append(append(w.buf, "live:"...), first.ascii...), last.ascii...)
		co.setBytes(co.skype, w.buf)
	}
	if r.chance(30) {
		w.start()
		w.buf = append(w.buf, "C-"...)
		w.number(co.row.ID, 7)
		co.setBytes(co.extID, w.buf)
	}
	if r.chance(10) {
		co.setText(co.comment, pick(r, cu.language.account))
	}
	co.setRef(co.account, c.id)
	co.setRef(co.owner, c.owner)
	if r.chance(90) {
		co.setRef(co.kind, pick(r, w.values.contactTypes))
	}
	co.setInt(co.level, int64(1+r.weighted(levelWeights())))
	co.setBool(co.readOnly, r.chance(1))
	co.setBool(co.marketing, r.chance(50))
}
