package seed

import (
	"slices"
	"strconv"

	"github.com/dossier-crm/dossier/internal/resource"
)

// porting is a port order of the demonstration. Its numbers are such as are never
// given out, 555-0100 to 555-0199.
type porting struct {
	group                        string // alias of it; orders with the same one were asked for at once
	name, street, city, state    string
	zip, provider, usage, signed string
	numbers                      []string
	steps                        []string // states after "pending", oldest first
	begun                        int      // days before now
	comments                     []string
	bill                         string // name of a file that is there
	lost                         string // name of one whose URL was of no use
	approved                     bool
}

func portings() []porting {
	const (
		processing, submitted, accepted = resource.PortOrderProcessing, resource.PortOrderSubmitted, resource.PortOrderAccepted
		rejected                        = resource.PortOrderRejected
	)
	dental := porting{
		group: "Dental practice", name: "Willow Creek Dental", street: "18 Alder Street", city: "Seattle", state: "WA", zip: "98101",
		provider: "Pinecone Wireless", usage: "Business", begun: 2,
	}
	tollFree := dental
	dental.numbers, dental.bill = []string{"+12065550101", "+12065550102"}, "bill-willow-creek.pdf"
	tollFree.numbers = []string{"+18005550103"}
	return []porting{
		dental, tollFree,
		{
			group: "Bakery", name: "Harbour Bakery", street: "4 Pier Road", city: "Portland", state: "ME", zip: "04101",
			provider: "Northwind Telephone", usage: "Business", numbers: []string{"+12075550110"}, begun: 6,
			steps: []string{processing}, signed: "Ida Holm",
		},
		{
			group: "Garage", name: "Mesa Auto Repair", street: "910 Juniper Avenue", city: "Phoenix", state: "AZ", zip: "85003",
			provider: "Copper State Voice", usage: "Business", numbers: []string{"+16025550121", "+16025550122"}, begun: 14,
			steps: []string{processing, submitted, rejected}, bill: "bill-mesa.pdf", lost: "authorization.pdf",
			comments: []string{"Rejected by the carrier: the account number does not match.", "Customer asked for a newer bill."},
		},
		{
			group: "Clinic", name: "Lakeview Clinic", street: "77 Shore Drive", city: "Chicago", state: "IL", zip: "60601",
			provider: "Prairie Bell", usage: "Business", numbers: []string{"+13125550130", "+13125550131", "+13125550132"}, begun: 60,
			steps: []string{processing, submitted, accepted, resource.PortOrderCompleted}, signed: "Omar Reyes", bill: "bill-lakeview.pdf",
			comments: []string{"Moved in one night, without interruption."}, approved: true,
		},
		{
			group: "Workshop", name: "Fern & Daughters", street: "2 Mill Lane", city: "Albany", state: "NY", zip: "12207",
			provider: "Hudson Line", usage: "Business", numbers: []string{"+15185550140"}, begun: 25,
			steps: []string{resource.PortOrderCancelled}, comments: []string{"Stays with its carrier."},
		},
		{
			group: "Private", name: "Noor Haddad", street: "31 Maple Court", city: "Austin", state: "TX", zip: "78701",
			provider: "Lone Star Mobile", usage: "Residential", numbers: []string{"+15125550150"}, begun: 9, steps: []string{processing, submitted},
		},
		{
			group: "School", name: "Elm Street School", street: "500 Elm Street", city: "Denver", state: "CO", zip: "80202",
			provider: "Front Range Telecom", usage: "Business", numbers: []string{"+13035550160", "+13035550161"}, begun: 11,
			steps: []string{processing, submitted, accepted}, signed: "Grace Lind", approved: true,
		},
		{
			group: "Studio", name: "Studio Vasari", street: "12 Canal Walk", city: "Boston", state: "MA", zip: "02108",
			provider: "Bay Voice", usage: "Business", numbers: []string{"+16175550170"}, begun: 8, steps: []string{processing, resource.PortOrderReview},
			comments: []string{"Two accounts under one name; which is it?"},
		},
		{
			group: "Archive", name: "Old Mill Antiques", street: "6 Quarry Hill", city: "Salem", state: "OR", zip: "97301",
			provider: "Valley Phone", usage: "Business", numbers: []string{"+15035550180"}, begun: 90,
			steps: []string{processing, submitted, rejected, resource.PortOrderAbandoned},
		},
		{
			group: "Depot", name: "Granite Freight", street: "1 Depot Way", city: "Manchester", state: "NH", zip: "03101",
			provider: "White Mountain Wire", usage: "Business", numbers: []string{"+16035550190"}, begun: 70,
			steps: []string{processing, submitted, accepted, resource.PortOrderHardCanceled}, approved: true,
		},
	}
}

// formerAccount is the number of a customer with the carrier that it leaves.
func formerAccount(nth int) string { return "A-" + strconv.Itoa(40210+37*nth) }

// makePortOrders writes port orders, their groups and their parts. None has a URL that
// is told of changes, or a file that is to be fetched.
func (d *desk) makePortOrders(errs *[]error) []*sheet {
	of := func(name string) *sheet { return newSheet(d.cat, name, 0, 0, errs) }
	groups, orders, numbers := of("portorderGroups"), of("portorders"), of("portorderNumbers")
	comments, history, files := of("portorderComments"), of("portorderHistory"), of("portorderFiles")
	group, alias := int64(0), ""
	for i, o := range portings() {
		begun, branch := d.ago(o.begun), d.customer(i).branch
		if o.group != alias {
			group, alias = groups.add(begun, d.admin, row{"alias": o.group, "ownerId": d.admin, "permissionLevel": int64(1)}), o.group
		}
		values := row{
			"groupId": group, "alias": o.group, "status": resource.PortOrderPending, "billingName": o.name, "company": o.name,
			"billingNumber": o.numbers[0], "street": o.street, "city": o.city, "state": o.state, "zip": o.zip, "country": "US",
			"provider": o.provider, "providerAccount": formerAccount(i), "usageType": o.usage, "approved": o.approved,
			"cost": decimal{75 * int64(len(o.numbers)), 1}, "ownerId": d.admin, "branchId": branch,
			"desiredCompletionDate": (begun/msDay + 30) * msDay, "permissionLevel": int64(1), "loaEmail": "office" + strconv.Itoa(i+1) + "@example.com",
		}
		if o.usage == "Residential" {
			values["company"] = ""
		}
		if o.signed != "" {
			values["loaSignatureName"], values["loaSignatureTitle"], values["loaSignedAt"] = o.signed, "Owner", begun
		}
		since := func(step int) int64 { return d.ago(o.begun - (step+1)*o.begun/(len(o.steps)+1)) }
		at := begun
		if last := len(o.steps) - 1; last >= 0 {
			at = since(last)
			values["status"], values["statusUpdatedAt"] = o.steps[last], at
			if o.steps[last] == resource.PortOrderCompleted {
				values["completedDate"], values["presetAlias"], values["presetPrimaryRouteId"] = at, o.group, "1"
				values["enableCnamLookups"] = true
			}
		}
		order := orders.add(begun, d.admin, values)
		for k, step := range o.steps {
			history.add(since(k), d.admin, row{"portOrderId": order, "status": step, "date": since(k)})
		}
		carrier := "local"
		if slices.Contains([]string{"+1800", "+1888"}, o.numbers[0][:5]) {
			carrier = "toll-free"
		}
		for _, n := range o.numbers {
			numbers.add(begun, d.admin, row{"portOrderId": order, "number": n, "carrier": carrier})
		}
		for _, text := range o.comments {
			comments.add(at, d.admin, row{"portOrderId": order, "text": text, "author": "Porting desk"})
		}
		if o.bill != "" {
			d.bills[o.bill] = files.add(begun, d.admin, row{
				"portOrderId": order, "filename": o.bill, "contentType": "application/pdf", "status": resource.PortFileComplete,
			})
		}
		if o.lost != "" {
			files.add(begun, d.admin, row{
				"portOrderId": order, "filename": o.lost, "contentType": "application/pdf", "status": resource.PortFileError,
				"originalUrl": "https://files.example.com/" + o.lost, "error": "The server answered 404.",
			})
		}
	}
	return []*sheet{groups, orders, numbers, comments, history, files}
}
