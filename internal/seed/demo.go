package seed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// demoAccounts is how many accounts the demonstration has; the rest follows.
const demoAccounts = 240

// Document is a file in the dossier of a record.
type Document struct {
	Resource string // "accounts", "products" …
	RecordID int64
	Folder   string // name of a folder of this record; "" = none
	Name     string
	Content  []byte
	UserID   int64 // whose upload it is

	Dialect      string // that it came by; "" = Sage's
	Key, Comment string // what is said of it by other dialects; "" = nothing
	Damage       bool   // a picture of a damage
	File         int64  // of a port order, that it is the contents of; 0 = none
}

// Documents keeps documents.
type Documents interface {
	// Put stores the documents, all or none, and makes the folders they name. A
	// name is used for one folder of a record, however often it comes.
	Put(ctx context.Context, docs []Document) error
}

// Demo fills a workspace with an invented company to look at: what Generate makes
// for 240 accounts, the latest of them new at now, calls, news, forms and inquiries of
// campaigns of the year before, a value list and extra fields of its own with values,
// documents that open, and what Desk makes. The workspace needs what Base gives, and to be empty
// otherwise; fault.Conflict is returned when it is not.
func Demo(ctx context.Context, t Target, g *resource.Registry, docs Documents, now time.Time) (sum Summary, err error) {
	defer fault.Wrap(&err, "seed.Demo")
	for _, name := range []string{"accounts", "users", "rates", "productFamilies", "extrafields", "list", "listValues", "formTemplates"} {
		res := g.Resource(name)
		if res == nil {
			return sum, fmt.Errorf("resource %s is not declared", name)
		}
		if last, err := lastID(ctx, t, res); err != nil {
			return sum, err
		} else if last > 0 {
			return sum, fault.New(fault.Conflict, "the workspace has %s already", name)
		}
	}
	d := demo{
		Target: t, g: g, random: random{rand.NewPCG(demoSeed, hashName("demo"))}, now: now.UnixMilli(), kept: map[string][]int64{},
		year: newTimeline(now, 1, demoAccounts), seen: seen{contacts: map[int64][]contact{}, deals: map[int64]int64{}},
	}
	cat, err := d.catalog()
	if err != nil {
		return sum, err
	}
	if d.desk, err = newDesk(ctx, t, cat, now); err != nil {
		return sum, err
	}
	sum, err = Generate(ctx, &d, cat, Options{Accounts: demoAccounts, Timeline: demoAccounts, Seed: demoSeed, Now: now})
	if err != nil {
		return sum, err
	}
	files, err := d.documents(sum)
	if err != nil {
		return sum, err
	}
	more, err := d.desk.documents()
	if err != nil {
		return sum, err
	}
	return sum, docs.Put(ctx, append(files, more...))
}

const demoSeed = 2

// demo is a Target that adds extra fields to the records that pass through.
type demo struct {
	Target
	random
	g   *resource.Registry
	now int64

	year timeline // the last one
	seen

	desk *desk
	kept map[string][]int64 // ids of the first records that are not deleted, by resource
}

// extraField is the declaration of an extra field.
type extraField struct {
	entity string
	name   string
	kind   resource.Kind
	vendor string // the vendor's name of the kind [DOC]
	list   string // for lists
	length int    // for texts
	names  string // as label reads them
}

func extraFields() []extraField {
	return []extraField{
		{entity: "accounts", name: "Z_Employees", kind: resource.Integer, vendor: "int", names: "Employees|Empleados|Beschäftigte|Employés|Dipendenti|Empregados|Ansatte|Сотрудники"},
		{entity: "accounts", name: "Z_Sector", kind: resource.Text, vendor: "text", length: 60, names: "Sector|Sector|Branche|Secteur|Settore|Setor|Sektor|Отрасль"},
		{entity: "accounts", name: "Z_LastAudit", kind: resource.Instant, vendor: "datetime", names: "Last audit|Última auditoría|Letztes Audit|Dernier audit|Ultimo audit|Última auditoria|Seneste revision|Последний аудит"},
		{entity: "accounts", name: "Z_Source", kind: resource.Ref, vendor: "list", list: sourceList, names: "Source|Origen|Herkunft|Origine|Origine|Origem|Kilde|Источник"},
		{entity: "contacts", name: "Z_Newsletter", kind: resource.Boolean, vendor: "bit", names: "Newsletter|Boletín|Newsletter|Lettre d'information|Newsletter|Boletim|Nyhedsbrev|Рассылка"},
		{entity: "opportunities", name: "Z_Families", kind: resource.RefList, vendor: "multivalue", list: "productFamilies", names: "Product families|Familias de producto|Produktfamilien|Familles de produits|Famiglie di prodotti|Famílias de produtos|Produktfamilier|Семейства продуктов"},
		{entity: "salesorders", name: "Z_Weight", kind: resource.Number, vendor: "decimal", names: "Weight in kg|Peso en kg|Gewicht in kg|Poids en kg|Peso in kg|Peso em kg|Vægt i kg|Вес в кг"},
		{entity: "activities", name: "Z_Rate", kind: resource.Ref, vendor: "list", list: "rates", names: "Rate spoken of|Tarifa comentada|Besprochener Tarif|Tarif évoqué|Tariffa discussa|Tarifa comentada|Omtalt prisliste|Обсуждённый тариф"},
	}
}

// sourceList is a value list of the workspace's own.
const sourceList = "Z_tblSources"

func origins() []string {
	return []string{
		"Trade fair|Feria|Messe|Salon|Fiera|Feira|Messe|Выставка", "Website|Web|Webseite|Site web|Sito web|Site|Hjemmeside|Сайт",
		"Recommendation|Recomendación|Empfehlung|Recommandation|Raccomandazione|Recomendação|Anbefaling|Рекомендация",
		"Cold call|Llamada en frío|Kaltakquise|Démarchage|Chiamata a freddo|Contacto a frio|Koldt kald|Холодный звонок",
	}
}

// extraScale is how many decimal digits a decimal extra field keeps, as in crm.
const extraScale = 6

// catalog returns the registry with the extra fields.
func (d *demo) catalog() (*resource.Catalog, error) {
	more := map[string][]resource.Field{}
	for _, x := range extraFields() {
		f := resource.Field{Name: x.name, Kind: x.kind, MaxLength: x.length, Table: x.list}
		if x.kind == resource.Number {
			f.Scale = extraScale
		}
		more[x.entity] = append(more[x.entity], f)
	}
	return d.g.With(0, more, resource.Part{Name: sourceList, Base: "listValues", ID: 1})
}

// lists returns the value list of the workspace's own, and its values.
func (d *demo) lists() ([]*sheet, error) {
	var errs []error
	list, values := newSheet(d.g, "list", demoSeed, 0, &errs), newSheet(d.g, "listValues", demoSeed, 0, &errs)
	var name, of, order col
	list.texts(columns{"databaseName": &name})
	values.refs(columns{"listId": &of})
	values.integers(columns{"order": &order})
	if err := joined(errs); err != nil {
		return nil, err
	}
	id := list.begin()
	list.stamp(d.now, 0)
	list.setText(name, sourceList)
	list.setNames(label("How customers found us|Cómo nos encontraron|Wie Kunden uns fanden|Comment on nous a trouvés|Come ci hanno trovati|Como nos encontraram|Hvordan de fandt os|Как нас нашли"))
	for i, names := range origins() {
		values.begin()
		values.stamp(d.now, 0)
		values.setLabels(label(names))
		values.setRef(of, id)
		values.setInt(order, int64(i+1))
	}
	return []*sheet{list, values}, joined(errs)
}

// setNames sets the labels of records that declare something; their Spanish one
// has no language in its name.
func (s *sheet) setNames(l labels) {
	for i, language := range resource.Languages {
		if language == "ES" {
			language = ""
		}
		if c := s.col("description"+language, resource.Text); c >= 0 {
			s.setText(c, l[i])
		}
	}
}

// declarations returns the records that declare the extra fields, and the tab that
// those of accounts are on.
func (d *demo) declarations() ([]*sheet, error) {
	var errs []error
	t := newSheet(d.g, "extrafieldsTabs", demoSeed, 0, &errs)
	s := newSheet(d.g, "extrafields", demoSeed, 0, &errs)
	var tabOf, tabOrder, entity, name, kind, list, length, order, visible, tab col
	t.texts(columns{"entity": &tabOf})
	t.integers(columns{"order": &tabOrder})
	s.texts(columns{"entity": &entity, "fieldName": &name, "type": &kind, "valueListRelated": &list})
	s.integers(columns{"length": &length, "order": &order})
	s.booleans(columns{"visibleInList": &visible})
	s.refs(columns{"tabId": &tab})
	if err := joined(errs); err != nil {
		return nil, err
	}
	profile := t.begin()
	t.stamp(d.now, 0)
	t.setLabels(label("Profile|Perfil|Profil|Profil|Profilo|Perfil|Profil|Профиль"))
	t.setText(tabOf, "accounts")
	t.setInt(tabOrder, 1)
	for i, x := range extraFields() {
		s.begin()
		s.stamp(d.now, 0)
		s.setText(entity, x.entity)
		s.setText(name, x.name)
		s.setText(kind, x.vendor)
		s.setNames(label(x.names))
		s.setInt(order, int64(i+1))
		s.setBool(visible, true)
		if x.entity == "accounts" {
			s.setRef(tab, profile)
		}
		if x.list != "" {
			s.setText(list, x.list)
		}
		if x.length > 0 {
			s.setInt(length, int64(x.length))
		}
	}
	return []*sheet{t, s}, joined(errs)
}

// BulkLoad adds the extra fields to what the generator makes.
func (d *demo) BulkLoad(ctx context.Context, fn func(func(*resource.Resource, ...*resource.Record) error) error) error {
	declared, err := d.declarations()
	if err != nil {
		return err
	}
	lists, err := d.lists()
	if err != nil {
		return err
	}
	if err := d.readFormStates(ctx); err != nil {
		return err
	}
	return d.Target.BulkLoad(ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for _, s := range slices.Concat(lists, declared) {
			if err := s.flush(insert); err != nil {
				return err
			}
		}
		if err := fn(func(res *resource.Resource, recs ...*resource.Record) error {
			for _, rec := range recs {
				d.extend(res, rec)
				d.note(res, rec)
				d.desk.note(res, rec)
			}
			return insert(res, recs...)
		}); err != nil {
			return err
		}
		if err := d.showcase(insert); err != nil {
			return err
		}
		return d.desk.load(insert)
	})
}

// extend sets the extra fields of most records, and notes which ones may be given
// documents.
func (d *demo) extend(res *resource.Resource, rec *resource.Record) {
	const enough = 80
	if kept := d.kept[res.Name]; len(kept) < enough && rec.Values[res.Field("deleted").Index].I == 0 {
		d.kept[res.Name] = append(kept, rec.ID)
	}
	set := func(name string, v resource.Value) {
		if d.chance(70) {
			rec.Values[res.Field(name).Index] = v
		}
	}
	switch res.Name {
	case "accounts":
		set("Z_Employees", resource.IntValue(int64(d.between(1, 90)*[...]int{1, 1, 5, 20}[d.n(4)])))
		set("Z_Sector", resource.TextValue([...]string{"Food", "Metal", "Construction", "Logistics", "Energía", "Maschinenbau", "Santé"}[d.n(7)]))
		set("Z_LastAudit", resource.IntValue((d.now/msDay-int64(d.n(900)))*msDay))
		if at := mix(demoSeed, hashName("Z_Source"), uint64(rec.ID)) % 6; at < uint64(len(origins())) {
			rec.Values[res.Field("Z_Source").Index] = resource.IntValue(int64(at) + 1)
		}
	case "contacts":
		set("Z_Newsletter", resource.BoolValue(d.chance(40)))
	case "opportunities":
		list := "[" + strconv.Itoa(d.between(1, 4))
		if d.chance(50) {
			list += "," + strconv.Itoa(d.between(5, 8))
		}
		set("Z_Families", resource.TextValue(list+"]"))
	case "salesorders":
		set("Z_Weight", resource.IntValue(int64(d.between(5, 90_000))*10_000)) // in hundredths of a kg
	case "activities":
		if d.chance(20) {
			set("Z_Rate", resource.IntValue(int64(d.between(1, 3))))
		}
	}
}

// documents makes the files of the demonstration: some for the first accounts,
// contacts, opportunities and products each, of every type there is.
func (d *demo) documents(sum Summary) ([]Document, error) {
	m := demoFiles{user: sum.Admin}
	for n := range 8 {
		at := d.kept["accounts"][n*7]
		ref := strconv.Itoa(2000 + n*13)
		m.add("accounts", at, "Contracts", "Contract "+ref+".pdf", pdfFile("Framework agreement "+ref, []string{
			"Between the supplier and the customer named in the order.", "",
			"1. Prices follow the rate in force on the day of the order.",
			"2. Delivery within ten working days, free of charge above 500 €.",
			"3. Zahlbar innerhalb von 30 Tagen netto. Válido por un año. Conditions générales jointes.", "",
			"This document belongs to a demonstration. Nothing in it is true.",
		}), nil)
		switch n % 4 {
		case 0:
			content, err := xlsxFile("Prices", priceList(n))
			m.add("accounts", at, "Prices", "Preisliste "+ref+".xlsx", content, err)
		case 1:
			content, err := docxFile("Acta de la reunión", []string{
				"Asistentes: dirección técnica, compras y calidad.",
				"Acuerdos: enviar muestras antes de fin de mes; revisar el descuento & el plazo.",
				"Próxima reunión: por confirmar.",
			})
			m.add("accounts", at, "", "Acta "+ref+".docx", content, err)
		case 2:
			content, err := csvFile(priceList(n))
			m.add("accounts", at, "", "deliveries-"+ref+".csv", content, err)
		default:
			m.add("accounts", at, "", "Notes.txt", textFile([]string{
				"Gate code changes every Monday; ask at the reception.", "Portão do armazém: lado sul.", "Ο οδηγός να καλέσει πριν την άφιξη.",
			}), nil)
		}
		if n < 4 {
			deal := d.kept["opportunities"][n*5]
			content, err := chart([]int{20 + 9*n, 55, 40 + 5*n, 90, 75, 120 - 8*n, 130})
			m.add("opportunities", deal, "Offers", "forecast-"+ref+".png", content, err)
			m.add("opportunities", deal, "Offers", "Offer "+ref+".pdf", pdfFile("Offer "+ref, []string{
				"Thank you for your enquiry. We offer, without obligation:", "",
				"  2 x Centrifugal pump       1 250,00 €", "  1 x Maintenance day          350,00 €", "", "Valid for 30 days.",
			}), nil)
			m.add("contacts", d.kept["contacts"][n*9], "", "card-"+ref+".txt", textFile([]string{"Prefers to be called in the afternoon."}), nil)
		}
		content, err := picture(uint8(30 * n))
		m.add("products", d.kept["products"][n], "", "product-"+ref+".jpg", content, err)
	}
	return m.docs, m.err
}

// demoFiles collects documents and the first error in making them.
type demoFiles struct {
	user int64
	docs []Document
	err  error
}

func (m *demoFiles) add(kind string, id int64, folder, name string, content []byte, err error) {
	m.put(Document{Resource: kind, RecordID: id, Folder: folder, Name: name, Content: content}, err)
}

func (m *demoFiles) put(doc Document, err error) {
	if m.err == nil {
		m.err = err
	}
	doc.UserID = m.user
	m.docs = append(m.docs, doc)
}

func priceList(n int) [][]string {
	rows := [][]string{{"Article", "Bezeichnung", "Price", "Stock"}}
	for i := range 12 {
		rows = append(rows, []string{
			"PX-" + strconv.Itoa(100+i*7), [...]string{"Kreiselpumpe, groß", "Bomba dosificadora", "Vanne à boisseau"}[i%3],
			strconv.Itoa(120+n*3+i*17) + ".50", strconv.Itoa(i * 9 % 40),
		})
	}
	return rows
}
