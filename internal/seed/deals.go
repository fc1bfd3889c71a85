package seed

import "time"

// deals returns the numbers of the opportunities that are made with account i.
func deals(i uint64) (from, to uint64) { return i * 3 / 2, (i + 1) * 3 / 2 }

// dealCustomer returns whose opportunity number d is, which is made with account i.
func (w *world) dealCustomer(d, i uint64) uint64 {
	x := mix(w.opt.Seed, topicDeal, d)
	if i == 0 || x%100 < 70 {
		return i
	}
	return x >> 8 % (mix(x, topicDeal, i)%i + 1)
}

func (w *world) makeOpportunity(home *customer) {
	o := &w.customers.opportunities
	d := uint64(o.made)
	id := o.begin()
	r := &o.random
	c := *home
	if i := w.dealCustomer(d, home.index); i != home.index {
		c = w.customer(i)
	}
	created := w.time.within(max(home.created, c.created), r)
	o.audit(w.time, created, w.users)
	cu := c.culture

	w.start()
	w.buf = append(append(w.buf, pick(r, cu.language.deal)...), ' ')
	w.buf = append(append(w.buf, cu.brandHead[r.n(len(cu.brandHead))].text...), cu.brandTail[r.n(len(cu.brandTail))].text...)
	w.buf = append(w.buf, ' ')
	w.number(int64(time.UnixMilli(created).UTC().Year()), 4)
	o.setBytes(o.reference, w.buf)
	if r.chance(40) {
		w.start()
		w.buf = append(w.buf, "OPP-"...)
		w.number(id, 7)
		o.setBytes(o.extID, w.buf)
	}
	if r.chance(35) {
		o.setText(o.comments, pick(r, cu.language.visit))
	}
	o.setRef(o.account1, c.id)
	if r.chance(6) && home.index > 0 {
		o.setRef(o.account2, w.customers.accounts.first+int64(r.n(int(home.index))))
		if r.chance(20) {
			o.setRef(o.account3, w.customers.accounts.first+int64(r.n(int(home.index))))
		}
	}
	o.setRef(o.owner, c.owner)
	o.setRef(o.branch, c.place.branch)
	o.setRef(o.currency, c.place.currency)
	o.setRef(o.country, c.place.country)
	if r.chance(90) {
		o.setRef(o.kind, pickEarly(r, w.values.opportunityTypes))
	}
	// Most deals are small; the figures are round, as estimates are.
	total := int64(r.between(10, 99)) * [...]int64{10, 100, 100, 100, 1000, 1000, 10000}[r.n(7)]
	if r.chance(95) {
		o.setDecimal(o.total, total, 0)
	}
	if r.chance(15) {
		at := &cu.cities[r.n(len(cu.cities))]
		w.streetAddress(r, cu)
		o.setBytes(o.address1, w.buf)
		w.postcode(r, at)
		o.setBytes(o.postcode, w.buf)
		o.setText(o.city, at.name.text)
		o.setText(o.region, at.region)
		o.setBool(o.geocoded, true)
		o.setInt(o.accuracy, int64(r.between(5, 120)))
		w.coordinates(r, o.sheet, at, o.latitude, o.longitude)
		o.setInt(o.dateGeocoded, created)
	}
	o.setInt(o.level, int64(1+r.weighted(levelWeights())))
	o.setBool(o.readOnly, r.chance(2))
	w.stageOf(r, created)
}

// stageOf puts the opportunity somewhere on its way: the older, the likelier it
// has come to its end.
func (w *world) stageOf(r *random, created int64) {
	o, v := &w.customers.opportunities, &w.values
	age := (w.time.now - created) / msDay
	forecast := created + int64(r.between(20, 200))*msDay
	if r.chance(90) {
		o.setInt(o.forecast, forecast)
	}
	var at stage
	switch {
	case r.chance(int(min(age, 300))*28/100) && len(v.won) > 0 && len(v.lost) > 0:
		closed := w.time.after(created, r)
		o.setInt(o.closed, closed)
		if r.chance(48) {
			at = pick(r, v.won)
			o.setInt(o.won, closed)
		} else {
			at = pick(r, v.lost)
			o.setInt(o.lost, closed)
		}
	default:
		at = pick(r, v.open)
	}
	o.setRef(o.status, at.id)
	o.setInt(o.probability, at.probability)
}

// dealOf returns the id of an opportunity made with this account, if that one
// is also its own; 0 otherwise.
func (w *world) dealOf(c *customer, r *random) int64 {
	from, to := deals(c.index)
	d := from + uint64(r.n(int(to-from)))
	if w.dealCustomer(d, c.index) != c.index {
		return 0
	}
	return w.customers.opportunities.first + int64(d)
}

func (w *world) makeOrder(home *customer) {
	so := &w.customers.orders
	id := so.begin()
	r := &so.random
	c := w.customerBefore(home, r, 40)
	created := w.time.within(max(home.created, c.created), r)
	so.audit(w.time, created, w.users)

	total := w.makeLines(id, created, c.owner) // in 10^-4
	if r.chance(20) {
		percent := int64(r.between(1, 4)) * 5
		so.setDecimal(so.discount1, percent, 0)
		so.setDecimal(so.total, total*(100-percent), 6)
	} else {
		so.setDecimal(so.total, total, 4)
	}
	year := int64(time.UnixMilli(created).UTC().Year())
	w.start()
	w.buf = append(w.buf, "SO-"...)
	w.number(year, 4)
	w.buf = append(w.buf, '/')
	w.number(so.made, 6)
	so.setBytes(so.reference, w.buf)
	so.setInt(so.number, so.made)
	so.setInt(so.year, year)
	if r.chance(50) {
		w.start()
		w.buf = append(w.buf, "ERP-"...)
		w.number(700_000+id, 7)
		so.setBytes(so.extID, w.buf)
	}
	if r.chance(25) {
		so.setText(so.comment, pick(r, c.culture.language.account))
	}
	if r.chance(10) {
		so.setText(so.internal, pick(r, c.culture.language.visit))
		so.setInt(so.internalDate, w.time.after(created, r))
		so.setRef(so.internalUser, pick(r, w.users))
	}
	so.setRef(so.account, c.id)
	if c.index%4 == 1 && r.chance(60) {
		so.setRef(so.address, w.customers.addresses.first+int64(c.index/4))
	}
	if r.chance(80) {
		so.setRef(so.contact, c.firstContact+int64(r.n(contactsEach)))
	}
	if r.chance(40) {
		so.setRef(so.opportunity, w.dealOf(&c, r))
		so.setBool(so.main, r.chance(70))
	}
	so.setRef(so.owner, c.owner)
	so.setRef(so.branch, c.place.branch)
	so.setRef(so.currency, c.place.currency)
	so.setRef(so.rate, pick(r, w.rates))
	if r.chance(95) {
		so.setRef(so.kind, pickEarly(r, w.values.orderTypes))
	}
	if r.chance(50) {
		so.setInt(so.forecast, created+int64(r.between(5, 60))*msDay)
	}
	v := &w.values
	switch x := r.n(100); {
	case x < 65 && len(v.orderWon) > 0:
		so.setRef(so.status, pick(r, v.orderWon))
		so.setInt(so.closed, w.time.after(created, r))
	case x < 75 && len(v.orderLost) > 0:
		so.setRef(so.status, pick(r, v.orderLost))
	default:
		so.setRef(so.status, pick(r, v.orderOpen))
	}
	so.setBool(so.archived, r.chance(5))
	so.setBool(so.blocked, r.chance(3))
}

// makeLines writes the lines of an order and returns the sum of their totals in
// units of 10^-4.
func (w *world) makeLines(order, created, user int64) (sum int64) {
	l := &w.customers.lines
	r := &l.random
	for k := range 1 + r.n(6) {
		l.begin()
		l.stamp(created, user)
		p := pick(r, w.products)
		quantity, keep := int64(r.between(1, 40)), int64(100)
		if r.chance(30) {
			percent := int64(r.between(1, 15))
			l.setDecimal(l.discount1, percent, 0)
			keep -= percent
		}
		total := p.cents * quantity * keep
		sum += total
		l.setRef(l.order, order)
		l.setRef(l.product, p.id)
		l.setInt(l.position, int64(k+1))
		l.setInt(l.quantity, quantity)
		l.setDecimal(l.price, p.cents, 2)
		l.setDecimal(l.total, total, 4)
		if r.chance(80) {
			l.setText(l.description, p.name)
		}
	}
	return sum
}

func (w *world) makeSale(c *customer) {
	s := &w.customers.sales
	id := s.begin()
	r := &s.random
	created := w.time.within(c.created, r)
	s.audit(w.time, created, w.users)
	w.start()
	w.buf = append(w.buf, "INV-"...)
	w.number(id, 7)
	s.setBytes(s.extID, w.buf)
	if r.chance(60) {
		w.start()
		w.buf = append(w.buf, "ERP-"...)
		w.number(c.id, 7)
		s.setBytes(s.accountExtID, w.buf)
	}
	s.setRef(s.account, c.id)
	s.setRef(s.owner, c.owner)
	s.setInt(s.date, created/msDay*msDay)
	s.setDecimal(s.total, int64(r.between(5_000, 9_000_000)), 2)
}
