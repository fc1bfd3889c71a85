package seed

import (
	"strconv"

	"github.com/dossier-crm/dossier/internal/resource"
)

func (w *world) makeActivity(home *customer) {
	a := &w.customers.activities
	id := a.begin()
	r := &a.random
	c := w.customerBefore(home, r, 35)
	created := w.time.within(max(home.created, c.created), r)
	a.audit(w.time, created, w.users)

	date := created - int64(r.n(2*msHour))
	a.setInt(a.date, date)
	if r.chance(70) {
		a.setText(a.comment, pick(r, c.culture.language.visit))
	}
	if r.chance(15) {
		w.start()
		w.number(id, 8) // digits: a client reads them as a number [CLIENT]
		a.setBytes(a.extID, w.buf)
	}
	a.setInt(a.checkinKind, 1)
	a.setInt(a.accuracy, -1) // none, as in live rows
	a.setRef(a.account, c.id)
	if r.chance(75) {
		a.setRef(a.contact, c.firstContact+int64(r.n(contactsEach)))
	}
	if r.chance(40) {
		a.setRef(a.opportunity, w.dealOf(&c, r))
	}
	owner := c.owner
	if r.chance(15) {
		owner = pick(r, w.users)
	}
	a.setRef(a.owner, owner)
	v := &w.values
	switch x := r.n(100); {
	case x < 40 && len(v.visits) > 0:
		a.setRef(a.kind, pick(r, v.visits))
		if r.chance(70) {
			a.setBool(a.checkin, true)
			a.setInt(a.checkinKind, int64(1+r.n(3)))
			a.setInt(a.checkout, date+int64(r.between(10, 150))*60_000)
			a.setBool(a.geocoded, true)
			a.setInt(a.accuracy, int64(r.between(5, 80)))
			w.coordinates(r, a.sheet, &c.culture.cities[r.n(len(c.culture.cities))], a.latitude, a.longitude)
		}
	case x < 75 && len(v.calls) > 0:
		a.setRef(a.kind, pick(r, v.calls))
	default:
		a.setRef(a.kind, pick(r, v.others))
	}
	a.setInt(a.level, int64(1+r.weighted(levelWeights())))
	a.setBool(a.readOnly, r.chance(1))
}

func (w *world) makeCalendar(home *customer) {
	ca := &w.customers.calendar
	id := ca.begin()
	r := &ca.random
	c := w.customerBefore(home, r, 40)
	created := w.time.within(max(home.created, c.created), r)
	ca.audit(w.time, created, w.users)

	begins := officeHours(anyHours(created)+int64(r.between(1, 40))*msDay) / (15 * 60_000) * (15 * 60_000)
	ends := begins + int64(r.between(2, 8))*15*60_000
	ca.setInt(ca.startDate, begins-begins%msDay)
	ca.setInt(ca.endDate, ends-ends%msDay)
	task := r.chance(25)
	ca.setBool(ca.task, task)
	if allDay := !task && r.chance(8); allDay {
		ca.setBool(ca.allDay, true)
	} else {
		w.hour(ca.startHour, begins)
		w.hour(ca.endHour, ends)
	}
	ca.setText(ca.subject, pick(r, c.culture.language.followUp))
	if r.chance(30) {
		ca.setText(ca.comment, pick(r, c.culture.language.visit))
	}
	if r.chance(10) {
		w.start()
		w.buf = append(w.buf, "CAL-"...)
		w.number(id, 7)
		ca.setBytes(ca.extID, w.buf)
	}
	if r.chance(90) {
		ca.setRef(ca.account, c.id)
		if r.chance(60) {
			ca.setRef(ca.contact, c.firstContact+int64(r.n(contactsEach)))
		}
		if r.chance(30) {
			ca.setRef(ca.opportunity, w.dealOf(&c, r))
		}
	}
	v := &w.values
	switch x := r.n(100); {
	case x < 50 && len(v.visits) > 0:
		ca.setRef(ca.kind, pick(r, v.visits))
	case x < 75 && len(v.calls) > 0:
		ca.setRef(ca.kind, pick(r, v.calls))
		if r.chance(40) {
			ca.setRef(ca.provider, pick(r, v.providers))
			ca.setText(ca.video, "https://meet.example.com/"+strconv.FormatUint(r.Uint64()>>24, 36))
		}
	default:
		ca.setRef(ca.kind, pick(r, v.others))
	}
	ca.setRef(ca.owner, c.owner)
	ca.setRef(ca.branch, c.place.branch)
	ca.setBool(ca.completed, ends < w.time.now && r.chance(80))
	ca.setBool(ca.notify, r.chance(20))
	if r.chance(60) {
		ca.setInt(ca.reminder, [...]int64{1, 5, 15, 30}[r.n(4)])
	}
	ca.setInt(ca.level, int64(1+r.weighted(levelWeights())))
}

// hour sets a text of the calendar, "HH:MM" in UTC [DOC].
func (w *world) hour(c col, ms int64) {
	w.start()
	w.number(ms%msDay/msHour, 2)
	w.buf = append(w.buf, ':')
	w.number(ms%msHour/60_000, 2)
	w.customers.calendar.setBytes(c, w.buf)
}

func (w *world) makeEmail(c *customer) {
	e := &w.customers.emails
	id := e.begin()
	r := &e.random
	created := w.time.within(c.created, r)
	e.audit(w.time, created, w.users)

	other, own := [...]string{"info", "office", "orders"}[r.n(3)]+c.domain, w.emails[c.owner]
	if r.chance(50) {
		e.setInt(e.kind, resource.EmailSent)
		e.setText(e.from, own)
		e.setText(e.to, other)
	} else {
		e.setInt(e.kind, resource.EmailReceived)
		e.setText(e.from, other)
		e.setText(e.to, own)
	}
	e.setInt(e.date, created)
	l := c.culture.language
	e.setText(e.subject, pick(r, l.followUp))
	if r.chance(90) {
		e.setText(e.body, pick(r, l.visit))
	}
	if r.chance(60) {
		e.setText(e.folder, "INBOX")
	}
	if r.chance(40) {
		w.start()
		w.buf = append(w.buf, "M-"...)
		w.number(id, 8)
		e.setBytes(e.extID, w.buf)
	}
	e.setRef(e.account, c.id)
	if r.chance(70) {
		e.setRef(e.contact, c.firstContact+int64(r.n(contactsEach)))
	}
	if r.chance(30) {
		e.setRef(e.opportunity, w.dealOf(c, r))
	}
	if r.chance(95) {
		e.setRef(e.owner, c.owner)
	}
}
