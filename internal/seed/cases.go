package seed

import "strconv"

// demoInsurer is the alias of the company that insures what is damaged: that of the
// demo's credential of Scalepoint.
const demoInsurer = "demo"

// claim is a service case of the demonstration: what an insurance company's customer
// reports, or wants. Its number, GUID and wolkvox-id are what the three dialects know
// it by.
type claim struct {
	number, guid, wolkvoxID string
	kind, status            string // English names of values
	priority, policy        string
	opened, closed          int // days before now; 0 = still open
	text, solution, form    string
}

func claims() []claim {
	return []claim{
		{
			number: "CS-1001", guid: "df17aa72-3bde-4468-a13b-ecb9733ba43b", wolkvoxID: "c6bb5dea3e2e1a51ce5a38df",
			kind: "Claims", status: "Open", priority: "High", policy: "PX-77014", opened: 6,
			text: "Water in the pump room after a pipe burst over the weekend; two motors stood in it.",
			form: `{"room":"pump room","waterLevelCm":40,"motors":2}`,
		},
		{
			number: "CS-1002", guid: "b87f7763-1335-4837-b049-823ffe0a6095", wolkvoxID: "886e443cc9f0db6372ec4d53",
			kind: "Claims", status: "In progress", priority: "Normal", policy: "PX-77020", opened: 19,
			text: "Hagelschaden am Dach der Halle 2, drei Lichtkuppeln gebrochen.",
			form: `{"halls":[2],"skylights":3}`,
		},
		{
			number: "CS-1003", guid: "b0e6a3a6-d659-4dfc-9224-0ea9d92a176b", wolkvoxID: "d53901d18c6e7134254c7842",
			kind: "Claims", status: "Waiting", priority: "Normal", policy: "PX-77031", opened: 41,
			text: "Choque de la furgoneta de reparto; se espera el informe del perito.",
		},
		{
			number: "CS-1004", guid: "9b4c807a-9966-4d35-b21e-7eb4a7bcae72", wolkvoxID: "be2e7326bf9e3dd766eb559c",
			kind: "Request", status: "Open", priority: "Low", opened: 2,
			text: "Asks for the maintenance plan of the dosing pumps as a PDF.",
		},
		{
			number: "CS-1005", guid: "f7adc3cb-3b28-4fe4-97f2-8e01c0bbc00a", wolkvoxID: "12ef18a09814b22546099a29",
			kind: "Complaints", status: "Open", priority: "High", opened: 1,
			text: "Livraison incomplète: il manque une palette sur trois.",
		},
		{
			number: "CS-0992", guid: "42577c28-ad2f-4dbd-ae31-22958899360b", wolkvoxID: "ab8c4b39d213becbd039ab12",
			kind: "Claims", status: "Closed", priority: "Normal", policy: "PX-76988", opened: 120, closed: 74,
			text: "Frozen valve in the yard, leak behind the meter.", solution: "Valve replaced, damage settled with the owner.",
		},
		{
			number: "CS-0995", guid: "adae078a-1621-46c3-985e-cc427ecaf7ef", wolkvoxID: "420dc9e54c32e3baf848e509",
			kind: "Suggestions", status: "Closed", priority: "Low", opened: 96, closed: 90,
			text: "Faturas também em formato eletrónico.", solution: "Ativado para todos os clientes.",
		},
		{
			number: "CS-0997", guid: "5207c5d4-2386-4bb8-8eb6-20231af03ffb", wolkvoxID: "027e173f1e646eb3adf403cc",
			kind: "Claims", status: "Rejected", priority: "Low", policy: "PX-76990", opened: 80, closed: 71,
			text: "Scratches on the casing of a pump.", solution: "Wear and tear is not insured.",
		},
	}
}

// damage is a damage notification, merged to the case with a number or still open.
type damage struct {
	guid, policy, text, merged string
	reported                   int // days before now
}

func damages() []damage {
	return []damage{
		{guid: "dcc01e7e-da5c-4534-83ec-5b049cb5f919", policy: "PX-77044", reported: 1, text: "Broken window at the reception, nobody hurt."},
		{guid: "900be378-2b09-4e98-8247-811e3d26c718", policy: "PX-77014", reported: 7, merged: "CS-1001", text: "Water in the pump room."},
		{guid: "d3f78328-1787-47fb-994d-a5a342446525", policy: "PX-77047", reported: 3, text: "Kabelbrand im Schaltschrank, Anlage steht."},
		{guid: "9a781b13-7909-4aa1-b738-502ea16a8852", policy: "PX-76988", reported: 121, merged: "CS-0992", text: "Leak behind the water meter."},
	}
}

// knownDeal is an opportunity that Riskforce knows by its transaction number.
type knownDeal struct {
	number, reference, comment string
	total                      int64
	opened                     int // days before now
}

func knownDeals() []knownDeal {
	return []knownDeal{
		{number: "70020001", reference: "Card terminals, main office", comment: "Waits for the voided check.", total: 12_400, opened: 12},
		{number: "70020002", reference: "Remote deposit, 40 branches", total: 88_000, opened: 30},
		{number: "70020003", reference: "Cobros domiciliados", comment: "Contrato enviado.", total: 23_500, opened: 44},
	}
}

// makeDeals writes the opportunities.
func (d *desk) makeDeals(errs *[]error) []*sheet {
	s := newSheet(d.cat, "opportunities", 0, d.lastDeal, errs)
	for i, o := range knownDeals() {
		a, stage := d.customer(5+11*i), named(d.stages, "", false)
		at := d.ago(o.opened)
		s.add(at, a.owner, row{
			"reference": o.reference, "comments": o.comment, "transNumber": o.number, "accountId1": a.id, "branchId": a.branch,
			"salesRepId": a.owner, "statusId": stage.id, "salesProbability": stage.probability, "total": decimal{o.total, 0},
			"salesForecastDate": at + 90*msDay, "permissionLevel": int64(1),
		})
	}
	return []*sheet{s}
}

// makeCases writes cases and damage notifications.
func (d *desk) makeCases(errs *[]error) []*sheet {
	s, n := newSheet(d.cat, "cases", 0, 0, errs), newSheet(d.cat, "damageNotifications", 0, 0, errs)
	ids := map[string]int64{}
	for i, c := range claims() {
		a := d.customer(3 + 17*i)
		values := row{
			"number": c.number, "guid": c.guid, "wolkvoxId": c.wolkvoxID, "prefix": "CS", "priority": c.priority,
			"typeId": named(d.caseTypes, c.kind, false).id, "statusId": named(d.caseStatuses, c.status, c.closed > 0).id,
			"ownerId": a.owner, "responsibleId": a.owner, "branchId": a.branch, "accountId": a.id, "contactId": d.contacts[a.id],
			"description": c.text, "solution": c.solution, "form": c.form, "openedDate": d.ago(c.opened), "permissionLevel": int64(1),
		}
		if c.policy != "" {
			values["insuranceCompanyAlias"], values["policyNumber"] = demoInsurer, c.policy
		}
		if c.closed > 0 {
			values["closedDate"] = d.ago(c.closed)
		}
		ids[c.number] = s.add(d.ago(c.opened), a.owner, values)
	}
	for i, m := range damages() {
		a, state := d.customer(29+13*i), "Open"
		if m.merged != "" {
			state = "Merged"
		}
		n.add(d.ago(m.reported), a.owner, row{
			"guid": m.guid, "state": state, "caseId": ids[m.merged], "insuranceCompanyAlias": demoInsurer, "policyNumber": m.policy,
			"description": m.text, "accidentDate": d.ago(m.reported + 1), "ownerId": a.owner, "branchId": a.branch, "accountId": a.id,
			"contactId": d.contacts[a.id], "permissionLevel": int64(1),
		})
	}
	return []*sheet{s, n}
}

// documents makes files of cases, damage notifications, opportunities and port orders,
// as the dialects bring them.
func (d *desk) documents() ([]Document, error) {
	m := demoFiles{user: d.admin}
	add := func(dialect, res string, nth int64, doc Document, err error) {
		doc.Resource, doc.RecordID, doc.Dialect = res, d.first[res]+nth, dialect
		m.put(doc, err)
	}
	for i, what := range []string{"Voided check", "Contract draft"} {
		add("riskforce", "opportunities", int64(i), Document{Name: what + ".pdf", Key: what, Content: pdfFile(what, []string{
			"VOID", "", "Of a demonstration; no such account exists.",
		})}, nil)
	}
	photo, err := picture(180)
	add("scalepoint", "cases", 0, Document{Name: "pump-room.jpg", Content: photo, Damage: true, Comment: "After the water was gone."}, err)
	add("riskforce", "cases", 0, Document{Name: "Estimate.pdf", Key: "Estimate", Content: pdfFile("Estimate", []string{
		"  2 x Motor, 4 kW          1 180,00 €", "  1 x Drying, 3 days           420,00 €",
	})}, nil)
	add("wolkvox", "cases", 3, Document{Name: "attachment-1.txt", Content: textFile([]string{"Which pumps: PX-100, PX-107."})}, nil)
	add("scalepoint", "cases", 5, Document{Name: "report.pdf", Content: pdfFile("Report of the expert", []string{"Valve frozen, body cracked."})}, nil)
	photo, err = picture(90)
	add("scalepoint", "damageNotifications", 0, Document{Name: "window.jpg", Content: photo, Damage: true}, err)
	for i, o := range portings() {
		if o.bill == "" {
			continue
		}
		add("flowroute", "portorders", int64(i), Document{Name: o.bill, File: d.bills[o.bill], Content: pdfFile("Telephone bill", []string{
			o.name, o.street, o.city + ", " + o.state + " " + o.zip, "", "Account " + formerAccount(i), "Numbers: " + strconv.Itoa(len(o.numbers)),
		})}, nil)
	}
	return m.docs, m.err
}
