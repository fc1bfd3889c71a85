package seed

import "strconv"

// family is a product family with its categories.
type family struct {
	labels     string
	code       string // start of the model names
	price      int    // typical, in euros
	categories []category
}

type category struct {
	labels string
	items  []string // English names of what is sold
}

func families() []family {
	return []family{
		{"Pumps|Bombas|Pumpen|Pompes|Pompe|Bombas|Pumper|Насосы", "PX", 480, []category{
			{"Centrifugal pumps|Bombas centrífugas|Kreiselpumpen|Pompes centrifuges|Pompe centrifughe|Bombas centrífugas|Centrifugalpumper|Центробежные насосы", []string{"Centrifugal pump", "Booster pump", "Circulation pump"}},
			{"Dosing pumps|Bombas dosificadoras|Dosierpumpen|Pompes doseuses|Pompe dosatrici|Bombas doseadoras|Doseringspumper|Дозирующие насосы|Bombas dosadoras", []string{"Dosing pump", "Peristaltic pump"}},
		}},
		{"Valves|Válvulas|Ventile|Vannes|Valvole|Válvulas|Ventiler|Клапаны", "VL", 65, []category{
			{"Ball valves|Válvulas de bola|Kugelhähne|Vannes à boisseau|Valvole a sfera|Válvulas de esfera|Kuglehaner|Шаровые краны", []string{"Brass ball valve", "Stainless ball valve", "Flanged ball valve"}},
			{"Check valves|Válvulas antirretorno|Rückschlagventile|Clapets anti-retour|Valvole di ritegno|Válvulas de retenção|Kontraventiler|Обратные клапаны", []string{"Check valve", "Swing check valve"}},
		}},
		{"Conveyors|Transportadores|Fördertechnik|Convoyeurs|Trasportatori|Transportadores|Transportører|Конвейеры", "CV", 2900, []category{
			{"Belt conveyors|Cintas transportadoras|Förderbänder|Convoyeurs à bande|Nastri trasportatori|Tapetes transportadores|Båndtransportører|Ленточные конвейеры|Esteiras transportadoras", []string{"Belt conveyor", "Inclined belt conveyor"}},
			{"Rollers|Rodillos|Rollen|Rouleaux|Rulli|Rolos|Ruller|Ролики|Roletes", []string{"Drive roller", "Idler roller", "Tapered roller"}},
		}},
		{"Lighting|Iluminación|Beleuchtung|Éclairage|Illuminazione|Iluminação|Belysning|Освещение", "LX", 120, []category{
			{"Indoor lighting|Iluminación interior|Innenbeleuchtung|Éclairage intérieur|Illuminazione interna|Iluminação interior|Indendørsbelysning|Внутреннее освещение", []string{"LED panel", "High-bay light", "Emergency light"}},
			{"Outdoor lighting|Iluminación exterior|Außenbeleuchtung|Éclairage extérieur|Illuminazione esterna|Iluminação exterior|Udendørsbelysning|Наружное освещение", []string{"Floodlight", "Street light"}},
		}},
		{"Sensors|Sensores|Sensoren|Capteurs|Sensori|Sensores|Følere|Датчики", "SN", 95, []category{
			{"Level sensors|Sensores de nivel|Füllstandssensoren|Capteurs de niveau|Sensori di livello|Sensores de nível|Niveaufølere|Датчики уровня", []string{"Level sensor", "Float switch"}},
			{"Temperature sensors|Sensores de temperatura|Temperatursensoren|Capteurs de température|Sensori di temperatura|Sensores de temperatura|Temperaturfølere|Датчики температуры", []string{"Temperature probe", "Infrared sensor"}},
		}},
		{"Packaging|Embalaje|Verpackung|Emballage|Imballaggio|Embalagem|Emballage|Упаковка", "PK", 18, []category{
			{"Boxes|Cajas|Kartons|Cartons|Scatole|Caixas|Æsker|Коробки", []string{"Folding box", "Pallet box", "Mailing box"}},
			{"Films|Films|Folien|Films|Film|Filmes|Folier|Плёнки", []string{"Stretch film", "Bubble film"}},
		}},
		{"Tools|Herramientas|Werkzeuge|Outillage|Utensili|Ferramentas|Værktøj|Инструменты", "TL", 210, []category{
			{"Power tools|Herramientas eléctricas|Elektrowerkzeuge|Outils électriques|Elettroutensili|Ferramentas elétricas|Elværktøj|Электроинструменты", []string{"Angle grinder", "Cordless drill", "Impact wrench"}},
			{"Hand tools|Herramientas manuales|Handwerkzeuge|Outils à main|Utensili manuali|Ferramentas manuais|Håndværktøj|Ручные инструменты", []string{"Torque wrench", "Socket set"}},
		}},
		{"Services|Servicios|Dienstleistungen|Services|Servizi|Serviços|Ydelser|Услуги", "SV", 350, []category{
			{"Maintenance|Mantenimiento|Wartung|Entretien|Manutenzione|Manutenção|Vedligeholdelse|Обслуживание", []string{"Maintenance day", "Yearly inspection"}},
			{"Training|Formación|Schulung|Formation|Formazione|Formação|Uddannelse|Обучение|Treinamento", []string{"Operator training", "Safety training"}},
		}},
	}
}

// shelf is where a product belongs.
type shelf struct {
	family, category int64
	code             string
	price            int
	items            []string
}

// makeProducts writes families, categories, products, and their prices at every
// rate.
func (w *world) makeProducts() {
	c := &w.company
	var shelves []shelf
	for _, f := range families() {
		familyID := c.families.begin()
		c.families.stamp(w.time.start, w.admin)
		c.families.setLabels(label(f.labels))
		for _, cat := range f.categories {
			id := c.categories.begin()
			c.categories.stamp(w.time.start, w.admin)
			c.categories.setLabels(label(cat.labels))
			c.categories.setRef(c.categories.family, familyID)
			shelves = append(shelves, shelf{familyID, id, f.code, f.price, cat.items})
		}
	}
	for i := range productCount {
		w.makeProduct(i, shelves[i%len(shelves)])
	}
}

func (w *world) makeProduct(i int, on shelf) {
	p, pr := &w.company.products, &w.company.prices
	created := w.time.within(w.time.start, &p.random)
	id := p.begin()
	gone := p.audit(w.time, created, w.users)

	item := pick(&p.random, on.items)
	w.start()
	w.buf = append(append(w.buf, on.code...), '-')
	w.number(int64(100+i*7), 3)
	w.buf = append(w.buf, "ABCDEKLMRSTX"[p.n(12)])
	model := string(w.buf)
	p.setText(p.model, model)
	if p.chance(70) {
		p.setText(p.extID, "ART"+strconv.Itoa(40000+i))
	}
	if p.chance(85) {
		w.start()
		w.buf = append(append(append(w.buf, item...), ' '), model...)
		w.buf = append(w.buf, pick(&p.random, list(".|, stainless steel.|, with mounting kit.|, blue (RAL 5010).|, 230 V.|, 24 V DC, IP 65."))...)
		p.setBytes(p.description, w.buf)
	}
	p.setRef(p.family, on.family)
	p.setRef(p.category, on.category)
	cents := int64(on.price) * int64(p.between(40, 260))
	p.setDecimal(p.price, cents, 2)
	if p.chance(80) {
		p.setDecimal(p.cost, cents*int64(p.between(45, 75)), 4)
	}
	if p.chance(60) {
		p.setDecimal(p.maxDiscount, int64(5*p.n(7)), 0)
	}
	if p.chance(75) {
		p.setInt(p.stock, int64(p.n(500)))
	}
	p.setBool(p.notAvailable, p.chance(6))
	p.setInt(p.level, int64(1+p.weighted(levelWeights())))
	if !gone {
		w.products = append(w.products, product{id, cents, item + " " + model})
	}
	for k, rate := range w.rates {
		pr.begin()
		pr.stamp(created, w.admin)
		pr.setRef(pr.product, id)
		pr.setRef(pr.rate, rate)
		pr.setDecimal(pr.salePrice, cents*int64(100-10*k), 4)
		pr.setDecimal(pr.costPrice, cents*55, 4)
		if k > 0 && pr.chance(40) {
			pr.setDecimal(pr.discount1, int64(pr.between(2, 12)), 0)
		}
	}
}
