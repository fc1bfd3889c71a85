package seed

import (
	"context"
	"slices"
	"strconv"

	"github.com/dossier-crm/dossier/internal/resource"
)

// How much of what only the demonstration has.
const (
	demoCalls   = 180
	demoLetters = 24 // e-mails to several people, a record for each of them
	demoForms   = 18
)

// seen are records that have passed through, less those that are deleted: what
// belongs to them is made of it.
type seen struct {
	accounts   []account
	contacts   map[int64][]contact // of accounts
	visits     []visit             // activities
	deals      map[int64]int64     // an opportunity of an account
	campaigns  []campaign
	users      []user
	lastEmail  int64
	formStates []int64
}

type account struct {
	id, created, owner int64
	phone              string
	segment, employees resource.Value
	audit              resource.Value
}

type contact struct {
	id           int64
	email, phone string
}

type visit struct{ id, account, owner, date int64 }

type campaign struct{ id, starts, ends, owner int64 }

type user struct {
	id    int64
	email string
}

// readFormStates reads the states that forms can be in.
func (d *demo) readFormStates(ctx context.Context) error {
	return each(ctx, d.Target, d.g.Resource("formStates"), func(rec *resource.Record) {
		d.formStates = append(d.formStates, rec.ID)
	})
}

// note keeps of a record what others are going to be made of.
func (d *demo) note(res *resource.Resource, rec *resource.Record) {
	if res.Name == "emails" {
		d.lastEmail = max(d.lastEmail, rec.ID)
	}
	at := func(name string) resource.Value { return rec.Values[res.Field(name).Index] }
	if at("deleted").I != 0 {
		return
	}
	switch res.Name {
	case "users":
		if at("isActive").I != 0 {
			d.users = append(d.users, user{rec.ID, at("email").S})
		}
	case "accounts":
		d.accounts = append(d.accounts, account{
			id: rec.ID, created: at("dateCreated").I, owner: at("salesRepId1").I, phone: at("phone").S,
			segment: at("segmentId"), employees: at("Z_Employees"), audit: at("Z_LastAudit"),
		})
	case "contacts":
		of := at("accountId").I
		d.contacts[of] = append(d.contacts[of], contact{rec.ID, at("email").S, at("phone1").S})
	case "opportunities":
		d.deals[at("accountId1").I] = rec.ID
	case "activities":
		d.visits = append(d.visits, visit{rec.ID, at("accountId").I, at("salesRepId").I, at("date").I})
	case "campaigns":
		d.campaigns = append(d.campaigns, campaign{rec.ID, at("startDate").I, at("endDate").I, at("ownerId").I})
	}
}

// showcase makes what Generate has nothing of: calls, letters to several people,
// news, forms, and what campaigns ask and learn.
func (d *demo) showcase(insert insert) error {
	var errs []error
	sheets := []*sheet{d.makeCalls(&errs), d.makeLetters(&errs), d.makeNews(&errs)}
	sheets = append(sheets, d.makeForms(&errs)...)
	sheets = append(sheets, d.makeInquiries(&errs)...)
	if err := joined(errs); err != nil {
		return err
	}
	for _, s := range sheets {
		if err := s.flush(insert); err != nil {
			return err
		}
	}
	return nil
}

// moments are times of the last year, in order.
func (d *demo) moments(r *random, n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = d.year.within(d.year.start, r)
	}
	slices.Sort(all)
	return all
}

// customerOf picks an account that existed at a time.
func (d *demo) customerOf(r *random, at int64) account {
	n, _ := slices.BinarySearchFunc(d.accounts, at, func(a account, at int64) int { return int(a.created - at) })
	return pick(r, d.accounts[:n])
}

// makeCalls writes calls with customers: most are the salespeople's own, and every
// sixth was missed.
func (d *demo) makeCalls(errs *[]error) *sheet {
	s := newSheet(d.g, "calls", demoSeed, 0, errs)
	var phone, alias, text, starts, ends, kind, length, account, contactID, deal, owner col
	s.texts(columns{"phone": &phone, "phoneAlias": &alias, "description": &text})
	s.instants(columns{"startDate": &starts, "endDate": &ends})
	s.integers(columns{"type": &kind, "duration": &length})
	s.refs(columns{"accountId": &account, "contactId": &contactID, "opportunityId": &deal, "salesRepId": &owner})
	if len(*errs) > 0 {
		return s
	}
	const incoming, outgoing, missed = 0, 1, 2 // [DOC]
	for _, at := range d.moments(&s.random, demoCalls) {
		a := d.customerOf(&s.random, at)
		who := pick(&s.random, d.contacts[a.id])
		number := who.phone
		if number == "" {
			number = a.phone
		}
		if number == "" {
			number = "+34 600 000 000"
		}
		seconds, what := int64(s.between(20, 1500)), int64(s.n(2))
		if s.n(6) == 0 {
			seconds, what = 0, missed
		}
		s.begin()
		s.stamp(at, a.owner)
		s.setText(phone, number)
		s.setInt(kind, what)
		s.setInt(length, seconds)
		s.setInt(starts, at-seconds*1000)
		s.setInt(ends, at)
		s.setRef(account, a.id)
		s.setRef(contactID, who.id)
		s.setRef(owner, a.owner)
		if s.chance(30) {
			s.setRef(deal, d.deals[a.id])
		}
		switch {
		case what == outgoing && s.chance(60):
			s.setText(text, pick(&s.random, []string{
				"Asked about the delivery.", "Angebot besprochen.", "Confirma el pedido para el lunes.", "Rappeler la semaine prochaine.",
			}))
		case what == incoming && s.chance(40):
			s.setText(alias, "Switchboard")
		}
	}
	return s
}

// makeLetters writes e-mails to several people: a record for each, as POST /emails
// makes them, with the same text and files.
func (d *demo) makeLetters(errs *[]error) *sheet {
	s := newSheet(d.g, "emails", demoSeed+1, d.lastEmail, errs)
	var from, to, subject, body, mailbox, files, origin, date, kind, accountID, contactID, owner col
	s.texts(columns{
		"emailFrom": &from, "emailTo": &to, "subject": &subject, "body": &body, "mailFolder": &mailbox,
		"attachments": &files, "originEmailId": &origin,
	})
	s.instants(columns{"date": &date})
	s.integers(columns{"type": &kind})
	s.refs(columns{"accountId": &accountID, "contactId": &contactID, "salesRepId": &owner})
	if len(*errs) > 0 {
		return s
	}
	for i, at := range d.moments(&s.random, demoLetters) {
		a := d.customerOf(&s.random, at)
		people := slices.DeleteFunc(slices.Clone(d.contacts[a.id]), func(c contact) bool { return c.email == "" })
		own := slices.IndexFunc(d.users, func(u user) bool { return u.id == a.owner })
		if len(people) == 0 || own < 0 {
			continue
		}
		write := func(sent bool, sender, recipient string, who contact) {
			s.begin()
			s.stamp(at, a.owner)
			s.setText(from, sender)
			s.setText(to, recipient)
			s.setInt(date, at)
			s.setText(origin, "m-"+strconv.Itoa(1000+i)+"@mail.example.com")
			s.setRef(accountID, a.id)
			s.setRef(contactID, who.id)
			s.setRef(owner, a.owner)
			if sent {
				s.setInt(kind, resource.EmailSent)
				s.setText(mailbox, "Sent")
				s.setText(subject, "New prices and terms of delivery")
				s.setText(body, "Please find our new prices attached. They are in force from next month.")
				s.setText(files, `[{"id":1,"name":"Prices.pdf","size":48213},{"id":2,"name":"Terms.pdf","size":20177}]`)
				return
			}
			s.setInt(kind, resource.EmailReceived)
			s.setText(mailbox, "INBOX")
			s.setText(subject, "Visita de la semana que viene")
			s.setText(body, "¿Podemos pasar la visita al jueves por la mañana?")
		}
		if i%3 > 0 {
			for _, who := range people {
				write(true, d.users[own].email, who.email, who)
			}
			continue
		}
		for _, u := range []user{d.users[own], d.users[(own+1)%len(d.users)]} {
			write(false, people[0].email, u.email, people[0])
		}
	}
	return s
}

// makeNews writes messages to everybody, of the last year.
func (d *demo) makeNews(errs *[]error) *sheet {
	s := newSheet(d.g, "news", demoSeed, 0, errs)
	var subject, text, zone, starts, ends, status, users col
	s.texts(columns{"subject": &subject, "descriptionText": &text, "idIanaZone": &zone})
	s.instants(columns{"startDate": &starts, "endDate": &ends})
	s.integers(columns{"status": &status, "totalUsers": &users})
	if len(*errs) > 0 {
		return s
	}
	for i, n := range [][2]string{
		{"New price list", "The rates for the coming season are in the system."},
		{"Feria de Milán", "Del martes al jueves estaremos en el pabellón 7."},
		{"Betriebsferien", "Das Lager München bleibt in der letzten Dezemberwoche geschlossen."},
		{"Welcome to our colleagues in Łódź", "The Polish office has moved to larger rooms."},
		{"Nova linha de bombas", "A formação começa na segunda-feira."},
		{"Check your calendars", "Visits of the last week without a result will be closed on Friday."},
	} {
		at := d.year.office(d.now - int64(330-60*i)*msDay)
		s.begin()
		s.stamp(at, d.users[0].id)
		s.setText(subject, n[0])
		s.setText(text, "<p>"+n[1]+"</p>")
		s.setText(zone, "Europe/Madrid")
		s.setInt(starts, at)
		if i%2 == 0 {
			s.setInt(ends, at+45*msDay)
		}
		s.setInt(status, int64(1+i%4))
		s.setInt(users, int64(len(d.users)))
	}
	return s
}

// makeForms writes templates and forms that were filled in with them.
func (d *demo) makeForms(errs *[]error) []*sheet {
	t, f := newSheet(d.g, "formTemplates", demoSeed, 0, errs), newSheet(d.g, "forms", demoSeed, 0, errs)
	var guid, typeText, url, list, detail, data, template, status, kind, active col
	t.texts(columns{"guid": &guid, "typeDescription": &typeText, "url": &url})
	t.integers(columns{"type": &kind})
	t.booleans(columns{"active": &active})
	f.texts(columns{"list": &list, "detail": &detail, "jsonData": &data})
	f.refs(columns{"formTemplateId": &template, "statusId": &status})
	if len(*errs) > 0 {
		return nil
	}
	begun := d.now - 350*msDay
	for i, name := range []string{
		"Visit report|Informe de visita|Besuchsbericht|Compte rendu de visite|Rapporto di visita|Relatório de visita|Besøgsrapport|Отчёт о визите",
		"Site survey|Inspección de la planta|Anlagenaufnahme|Relevé du site|Sopralluogo|Vistoria|Besigtigelse|Осмотр объекта",
		"Complaint|Reclamación|Reklamation|Réclamation|Reclamo|Reclamação|Reklamation|Рекламация",
	} {
		t.begin()
		t.stamp(begun, d.users[0].id)
		t.setLabels(label(name))
		t.setText(guid, "5D0C0A3E-7B1F-4C5A-9E10-00000000000"+strconv.Itoa(i+1))
		t.setInt(kind, 2)
		t.setText(typeText, "Account")
		t.setText(url, "https://forms.example.com/"+strconv.Itoa(i+1))
		t.setBool(active, i < 2)
	}
	for _, at := range d.moments(&f.random, demoForms) {
		a := d.customerOf(&f.random, max(at, begun))
		f.begin()
		f.stamp(max(at, begun), a.owner)
		f.setRef(template, t.first+int64(f.n(3)))
		f.setRef(status, pick(&f.random, d.formStates))
		f.setText(list, `{"accountId":`+strconv.FormatInt(a.id, 10)+`}`)
		f.setText(detail, `[{"type":"title","text":"Result"},{"type":"number","name":"pumps"},{"type":"bool","name":"leaks"}]`)
		f.setText(data, `{"pumps":`+strconv.Itoa(f.between(1, 12))+`,"leaks":`+strconv.FormatBool(f.chance(20))+`}`)
	}
	return []*sheet{t, f}
}

// inquiry is a question that campaigns ask.
type inquiry struct {
	kind, text   string
	list, linked string // a value list, and the field of accounts that answers go on to
	mandatory    bool
	offers       []string // values of its own
}

func inquiries() []inquiry {
	return []inquiry{
		{kind: resource.QuestionBool, mandatory: true, text: "Did they know us before?|¿Nos conocían?|Kannte man uns schon?|Nous connaissaient-ils ?|Ci conoscevano già?|Já nos conheciam?|Kendte de os i forvejen?|Знали ли они нас раньше?"},
		{kind: resource.QuestionDate, linked: "Z_LastAudit", text: "When was the last audit?|¿Cuándo fue la última auditoría?|Wann war das letzte Audit?|De quand date le dernier audit ?|A quando risale l'ultimo audit?|Quando foi a última auditoria?|Hvornår var seneste revision?|Когда был последний аудит?"},
		{kind: resource.QuestionNumber, linked: "Z_Employees", text: "How many people work there?|¿Cuántos empleados tienen?|Wie viele Beschäftigte?|Combien d'employés ?|Quanti dipendenti?|Quantos empregados?|Hvor mange ansatte?|Сколько сотрудников?"},
		{kind: resource.QuestionText, text: "What should we do better?|¿Qué debemos mejorar?|Was sollen wir besser machen?|Que devons-nous améliorer ?|Cosa possiamo migliorare?|O que devemos melhorar?|Hvad kan vi gøre bedre?|Что нам улучшить?"},
		{kind: resource.QuestionOne, list: "accountSegments", linked: "segmentId", text: "Which segment is it?|¿De qué segmento es?|Welches Segment?|Quel segment ?|Quale segmento?|Que segmento?|Hvilket segment?|Какой сегмент?"},
		{kind: resource.QuestionMany, text: "What counts most?|¿Qué es lo más importante?|Was zählt am meisten?|Qu'est-ce qui compte le plus ?|Che cosa conta di più?|O que mais importa?|Hvad er vigtigst?|Что важнее всего?", offers: []string{
			"Price|Precio|Preis|Prix|Prezzo|Preço|Pris|Цена", "Delivery|Entrega|Lieferung|Livraison|Consegna|Entrega|Levering|Доставка",
			"Quality|Calidad|Qualität|Qualité|Qualità|Qualidade|Kvalitet|Качество", "Service|Servicio|Service|Service|Servizio|Serviço|Service|Сервис",
		}},
	}
}

// makeInquiries writes what campaigns ask, whom, and the answers that activities in
// their time have brought. As with answers that come in, those to a linked question
// are what its field of the account says, and an account is done only when the
// mandatory questions are answered.
func (d *demo) makeInquiries(errs *[]error) []*sheet {
	q, v := newSheet(d.g, "campaignQuestions", demoSeed, 0, errs), newSheet(d.g, "campaignQuestionValues", demoSeed, 0, errs)
	e, a := newSheet(d.g, "campaignEntities", demoSeed, 0, errs), newSheet(d.g, "campaignQuestionAnswers", demoSeed, 0, errs)
	var campaignID, order, mandatory, custom, kind, list, linked, field, valueOf, in, who, by, done, answerTo, given, answer col
	q.refs(columns{"campaignId": &campaignID})
	q.integers(columns{"order": &order})
	q.booleans(columns{"mandatory": &mandatory, "custom": &custom})
	q.texts(columns{"type": &kind, "valueListName": &list, "linkedEntity": &linked, "linkedEntityField": &field})
	v.refs(columns{"questionId": &valueOf})
	e.refs(columns{"campaignId": &in, "accountId": &who, "activityId": &by})
	e.booleans(columns{"completed": &done})
	a.refs(columns{"questionId": &answerTo, "activityId": &given})
	a.texts(columns{"value": &answer})
	if len(*errs) > 0 {
		return nil
	}
	for _, c := range d.campaigns {
		begun := min(c.starts-20*msDay, d.now)
		ids, offers := make([]int64, 0, len(inquiries())), int64(0)
		for i, ask := range inquiries() {
			id := q.begin()
			ids = append(ids, id)
			q.stamp(begun, c.owner)
			q.setLabels(label(ask.text))
			q.setRef(campaignID, c.id)
			q.setInt(order, int64(i+1))
			q.setText(kind, ask.kind)
			q.setBool(mandatory, ask.mandatory)
			if ask.list != "" {
				q.setText(list, ask.list)
			}
			if ask.linked != "" {
				q.setText(linked, "accounts")
				q.setText(field, ask.linked)
			}
			for k, name := range ask.offers {
				q.setBool(custom, true)
				value := v.begin()
				if k == 0 {
					offers = value
				}
				v.stamp(begun, c.owner)
				v.setLabels(label(name))
				v.setRef(valueOf, id)
			}
		}
		reached := map[int64]visit{}
		for _, act := range d.visits {
			if act.date >= c.starts && act.date <= c.ends {
				reached[act.account] = act
			}
		}
		for _, acc := range d.accounts {
			act, met := reached[acc.id]
			if acc.created > begun || !met && e.n(12) > 0 {
				continue
			}
			e.begin()
			e.stamp(begun, c.owner)
			e.setRef(in, c.id)
			e.setRef(who, acc.id)
			if !met {
				continue
			}
			e.setRef(by, act.id)
			e.setBool(done, true)
			for i, text := range d.answers(&a.random, acc, offers) {
				if text == "" {
					continue
				}
				a.begin()
				a.stamp(max(begun, act.date), act.owner)
				a.setRef(answerTo, ids[i])
				a.setRef(given, act.id)
				a.setText(answer, text)
			}
		}
	}
	return []*sheet{q, v, e, a}
}

// answers are those of an account to all inquiries, in the form that answers are
// kept in; "" for none.
func (d *demo) answers(r *random, a account, offers int64) []string {
	number := func(v resource.Value) string {
		if v.IsNull() {
			return ""
		}
		return strconv.FormatInt(v.I, 10)
	}
	all := []string{strconv.FormatBool(r.chance(70)), "", number(a.employees), "", number(a.segment), ""}
	if !a.audit.IsNull() {
		all[1] = string(resource.AppendInstant(nil, a.audit.I))
	}
	if r.chance(60) {
		all[3] = pick(r, []string{"Faster answers by e-mail.", "Una persona de contacto fija.", "Kürzere Lieferzeiten.", "Rien, tout va bien."})
	}
	first := int64(r.n(4))
	choices := []int64{offers + first}
	if first < 3 && r.chance(50) {
		choices = append(choices, offers+3)
	}
	all[5] = resource.ListValue(choices).S
	return all
}
