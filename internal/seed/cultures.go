package seed

import "strings"

// culture is what the invented people, companies and places of one country look
// like. Everything is written as text with | between the entries, read once per
// run; names are common ones of the country, put together at random.
//
// Phone numbers lie in the ranges that regulators keep for fiction where there
// are any (GB, US, FR, DE); elsewhere the subscriber part starts with a zero,
// which hardly any operator gives out.
type culture struct {
	iso2        string // of the countries table
	share       int    // weight when accounts are dealt out
	language    *language
	male        []word
	female      []word
	last        []word
	lastFemale  []word // where surnames have a feminine form; otherwise the same as last
	cities      []city
	streets     []string
	street      string // "#" stands for the house number, "$" for the street
	trades      []string
	forms       []string // company names: 1 and 2 surnames, 3 trade, 4 city, 5 brand
	brandHead   []word
	brandTail   []word
	phone       string // "#" stands for a digit
	mobile      string
	tax         string // tax number
	dialingCode string // as users' phoneExtension
}

// word is a piece of a name together with its form in an e-mail address.
type word struct{ text, ascii string }

type city struct {
	name     word
	region   string
	postcode string // "#" stands for a digit
	lat, lon int64  // degrees, times 10^6
}

// language holds the free texts of records.
type language struct {
	code     string   // uiLanguage of users
	locale   string   // of users
	account  []string // comments on accounts
	visit    []string // comments on activities
	deal     []string // what opportunities are about
	followUp []string // subjects of calendar entries
}

// source is a culture as it is written down below.
type source struct {
	iso2, dial                     string
	share                          int
	language                       string
	male, female, last, lastFemale string
	cities                         string // name;region;postcode;latitude;longitude
	streets, street                string
	trades, forms                  string
	heads, tails                   string
	phone, mobile, tax             string
}

const (
	latinHeads = "Al|Aqua|Bel|Cor|Dia|Eco|Fer|Gal|Hel|Ino|Kal|Lux|Mar|Nor|Omni|Pro|Quer|Ros|Sil|Ter|Uni|Val|Ver|Vin|Zen|Astra|Brio|Car|Delta|Evo|Flor|Gran|Hydra|Iris|Jura|Kron|Lina|Meri|Nova|Orbi"
	latinTails = "tex|mar|via|nova|lux|gen|tec|ria|dor|fil|mond|pan|sol|ten|vita|xia|ben|cora|dia|lan|met|nor|plast|quim|ran|sana|tram|vel|zon|gard|holm|mec|nex|opt|pharm|rom|stal|thek|ver|wald"
)

func sources() []source {
	return []source{
		{
			iso2: "ES", dial: "+34", share: 26, language: "ES",
			male:    "Álvaro|Andrés|Antonio|Carlos|César|Daniel|Diego|Félix|Fernando|Íñigo|Javier|Jesús|Joaquín|Jordi|José|Juan|Julián|Luis|Manuel|Martín|Miguel|Óscar|Pablo|Rafael|Ramón|Raúl|Rubén|Sebastián|Sergio|Víctor",
			female:  "Águeda|Alba|Ana|Ángela|Begoña|Carmen|Clara|Cristina|Elena|Inés|Irene|Isabel|Julia|Laia|Laura|Lucía|Marta|María|Mercè|Montserrat|Noelia|Nuria|Paula|Pilar|Raquel|Rocío|Sofía|Soledad|Teresa|Verónica",
			last:    "Álvarez|Aragón|Benítez|Bermúdez|Cañas|Castro|Díaz|Domínguez|Echeverría|Fernández|Font|García|Gómez|González|Gutiérrez|Hernández|Ibáñez|Jiménez|León|López|Marín|Martínez|Méndez|Muñoz|Núñez|Ordóñez|Ortega|Peña|Pérez|Puig|Ramírez|Ríos|Rodríguez|Romero|Ruiz|Sáez|Sánchez|Serra|Suárez|Torres|Vázquez|Vidal|Yáñez|Zúñiga",
			cities:  "Barcelona;Cataluña;080##;41.387;2.170|Madrid;Comunidad de Madrid;280##;40.417;-3.704|València;Comunitat Valenciana;460##;39.470;-0.377|Sevilla;Andalucía;410##;37.389;-5.984|Málaga;Andalucía;290##;36.721;-4.421|Zaragoza;Aragón;500##;41.649;-0.889|Bilbao;País Vasco;480##;43.263;-2.935|A Coruña;Galicia;150##;43.362;-8.412|Cádiz;Andalucía;110##;36.527;-6.289|León;Castilla y León;240##;42.599;-5.572|Logroño;La Rioja;260##;42.465;-2.450|Castelló de la Plana;Comunitat Valenciana;120##;39.986;-0.051",
			streets: "Calle Mayor|Avenida de la Constitución|Calle del Príncipe|Paseo de la Estación|Carrer de Balmes|Plaza de España|Ronda Norte|Calle de la Fábrica|Camino Viejo|Polígono Industrial El Álamo, nave", street: "$, #",
			trades: "Talleres|Construcciones|Distribuciones|Transportes|Suministros|Panadería|Bodegas|Electricidad|Maquinaria|Cerámicas|Muebles|Consultoría|Clínica|Jardinería|Ferretería|Imprenta",
			forms:  "3 1, S.L.|3 1 y 2, S.A.|3 1 Hermanos, S.L.|5 3, S.A.|3 4, S.L.U.|Grupo 1 2|3 Hijos de 1, S.L.|5 4, S.L.",
			phone:  "+34 9#8 0## ###", mobile: "+34 600 0## ###", tax: "B#######0",
		},
		{
			iso2: "MX", dial: "+52", share: 6, language: "ES",
			male:    "Alejandro|Arturo|Benjamín|Emiliano|Gerardo|Héctor|Joaquín|Jorge|Leonardo|Moisés|Nicolás|Ricardo|Rodrigo|Salvador|Tomás",
			female:  "Adriana|Alejandra|Beatriz|Dulce|Fernanda|Guadalupe|Itzel|Jimena|Lorena|Mónica|Regina|Renata|Silvia|Ximena|Yolanda",
			last:    "Aguilar|Ávila|Cárdenas|Cervantes|Chávez|Córdova|Figueroa|Galván|Juárez|Lara|Maldonado|Mejía|Ochoa|Orozco|Padilla|Quiñones|Rentería|Salazar|Treviño|Velázquez|Zamora",
			cities:  "Ciudad de México;CDMX;0####;19.433;-99.133|Monterrey;Nuevo León;64###;25.687;-100.316|Guadalajara;Jalisco;44###;20.667;-103.350|Mérida;Yucatán;97###;20.967;-89.624|Querétaro;Querétaro;76###;20.589;-100.390",
			streets: "Avenida Insurgentes|Calle Hidalgo|Boulevard de los Álamos|Avenida Juárez|Calzada del Valle|Calle Independencia", street: "$ #",
			trades: "Aceros|Comercializadora|Constructora|Alimentos|Textiles|Servicios|Refacciones|Empaques|Minería|Tecnología",
			forms:  "3 1, S.A. de C.V.|3 1 y 2, S. de R.L.|5 3, S.A. de C.V.|Grupo 5 4|3 de 4, S.A.",
			phone:  "+52 55 0### ####", mobile: "+52 81 0### ####", tax: "XXX######XX#",
		},
		{
			iso2: "PT", dial: "+351", share: 9, language: "PT",
			male:    "André|António|Bernardo|Duarte|Fábio|Gonçalo|Hélder|João|Jorge|Luís|Márcio|Nuno|Rúben|Sérgio|Tomás|Vítor",
			female:  "Ana|Bárbara|Beatriz|Catarina|Célia|Conceição|Graça|Inês|Joana|Leonor|Mafalda|Margarida|Mónica|Rita|Sónia|Tânia",
			last:    "Almeida|Araújo|Brandão|Carvalho|Conceição|Correia|Faria|Fonseca|Galvão|Gonçalves|Guimarães|Leitão|Magalhães|Mendonça|Moreira|Nóbrega|Pinhão|Queirós|Ribeiro|Sá|Salomão|Simões|Teixeira|Valadão",
			cities:  "Lisboa;Lisboa;1###-###;38.722;-9.139|Porto;Norte;4###-###;41.150;-8.611|Coimbra;Centro;3000-###;40.211;-8.429|Évora;Alentejo;7000-###;38.571;-7.909|Faro;Algarve;8000-###;37.019;-7.930|Guimarães;Norte;4800-###;41.443;-8.292",
			streets: "Rua da Liberdade|Avenida da República|Rua do Comércio|Praça do Município|Travessa da Fábrica|Rua de São João", street: "$, #",
			trades: "Cortiças|Construções|Padaria|Transportes|Cerâmicas|Calçado|Metalúrgica|Adega|Têxteis|Comércio de Peças",
			forms:  "3 1, Lda.|3 1 & 2, Lda.|1, 2 & Filhos, S.A.|5 3, S.A.|3 de 4, Lda.",
			phone:  "+351 2#1 0## ###", mobile: "+351 910 0## ###", tax: "5########",
		},
		{
			iso2: "BR", dial: "+55", share: 7, language: "PT",
			male:    "Caio|Davi|Éder|Fabrício|Flávio|Heitor|José|Júlio|Leandro|Otávio|Rogério|Thiago|Vinícius|Wagner",
			female:  "Aline|Bruna|Cláudia|Débora|Eloá|Fabiana|Júlia|Larissa|Letícia|Patrícia|Priscila|Tatiana|Vanessa|Vitória",
			last:    "Aragão|Assunção|Barbosa|Brandão|Camargo|Damião|Falcão|Figueirêdo|Lima|Machado|Melo|Nascimento|Paixão|Pimentel|Rocha|Romão|Sampaio|Souza|Távora|Vilaça",
			cities:  "São Paulo;SP;01###-###;-23.551;-46.633|Rio de Janeiro;RJ;20###-###;-22.907;-43.173|Belém;PA;66###-###;-1.456;-48.502|Florianópolis;SC;88###-###;-27.595;-48.548|Goiânia;GO;74###-###;-16.687;-49.265",
			streets: "Rua das Acácias|Avenida Brasil|Rua São Bento|Alameda dos Ipês|Rua Quinze de Março", street: "$, #",
			trades: "Indústria|Comércio|Confecções|Laticínios|Usinagem|Autopeças|Embalagens|Logística|Soluções",
			forms:  "3 1 Ltda.|5 3 S.A.|1 & 2 3 Ltda.|3 4 Ltda.|Irmãos 1 3",
			phone:  "+55 11 0###-####", mobile: "+55 21 90###-####", tax: "00.###.###/0001-##",
		},
		{
			iso2: "DE", dial: "+49", share: 16, language: "DE",
			male:    "Björn|Christoph|Dieter|Florian|Günter|Hans|Jörg|Jürgen|Karl-Heinz|Lars|Matthias|Niklas|Ole|Rüdiger|Sönke|Stefan|Thorsten|Till|Uwe|Wolfgang",
			female:  "Anja|Annegret|Bärbel|Birgit|Doris|Elke|Friederike|Gisela|Heike|Ilse|Jana|Käthe|Lena|Marlies|Miriam|Petra|Sabine|Silke|Ute|Zoë",
			last:    "Bäcker|Böhm|Brandt|Dörr|Fischer|Förster|Großmann|Günther|Hübner|Jäger|Köhler|König|Krämer|Krüger|Lübke|Möller|Müller|Neumann|Richter|Röder|Schäfer|Schmidt|Schröder|Schütz|Strauß|Süß|Thielmann|Vögele|Wagner|Weiß|Wörner|Zöllner",
			cities:  "Berlin;Berlin;10###;52.520;13.405|Hamburg;Hamburg;20###;53.551;9.994|München;Bayern;80###;48.137;11.576|Köln;Nordrhein-Westfalen;50###;50.938;6.960|Düsseldorf;Nordrhein-Westfalen;40###;51.228;6.774|Nürnberg;Bayern;90###;49.452;11.077|Tübingen;Baden-Württemberg;72###;48.522;9.058|Saarbrücken;Saarland;66###;49.240;6.997",
			streets: "Hauptstraße|Bahnhofstraße|Gartenweg|Schillerplatz|Mühlenweg|An der Brücke|Königsallee|Industriestraße|Am Förderturm", street: "$ #",
			trades: "Maschinenbau|Werkzeuge|Bäckerei|Elektrotechnik|Möbelhaus|Spedition|Gebäudetechnik|Getränkehandel|Küchen|Präzisionsteile|Gärtnerei|Druckerei",
			forms:  "1 3 GmbH|1 & 2 3 KG|3 1 e. K.|5 3 AG|1 & Söhne GmbH & Co. KG|3 4 GmbH",
			phone:  "+49 30 23125 ###", mobile: "+49 171 39200##", tax: "DE0########",
		},
		{
			iso2: "FR", dial: "+33", share: 10, language: "FR",
			male:    "Aurélien|Benoît|Cédric|Clément|Didier|Étienne|Fabrice|François|Frédéric|Gaël|Jérôme|Loïc|Mickaël|Noël|Rémi|Sébastien|Théo|Thibault",
			female:  "Adèle|Agnès|Amélie|Anaïs|Béatrice|Chloé|Édith|Élodie|Françoise|Hélène|Inès|Joëlle|Léa|Maëlle|Noémie|Océane|Séverine|Zoé",
			last:    "Aubert|Béranger|Boucher|Chevallier|Côté|Delacroix|Desprès|Dubois|Dupré|Évrard|Faÿ|Fèvre|Gérard|Hébert|Lacroix|Lefèvre|Lemaître|Léger|Mathé|Noël|Péron|Prévost|Rivière|Rosé|Thévenet|Vallée",
			cities:  "Paris;Île-de-France;750##;48.857;2.352|Lyon;Auvergne-Rhône-Alpes;6900#;45.764;4.836|Marseille;Provence-Alpes-Côte d'Azur;1300#;43.296;5.370|Besançon;Bourgogne-Franche-Comté;250##;47.238;6.024|Nîmes;Occitanie;300##;43.837;4.360|Saint-Étienne;Auvergne-Rhône-Alpes;420##;45.440;4.387|Orléans;Centre-Val de Loire;450##;47.903;1.909",
			streets: "rue de la République|avenue du Général-Leclerc|boulevard des Écoles|place de l'Église|rue du Château|chemin des Prés|quai de la Fontaine", street: "#, $",
			trades: "Établissements|Menuiserie|Boulangerie|Mécanique|Électricité|Vignobles|Chaudronnerie|Pépinières|Fromagerie|Imprimerie",
			forms:  "3 1 SARL|3 1 et Fils|3 1 & 2 SAS|5 3 SA|Société 4 3",
			phone:  "+33 1 99 00 ## ##", mobile: "+33 6 39 98 ## ##", tax: "FR00#########",
		},
		{
			iso2: "IT", dial: "+39", share: 9, language: "IT",
			male:    "Alessandro|Andrea|Dario|Emanuele|Fabio|Gianni|Giosuè|Lorenzo|Luca|Massimo|Matteo|Nicolò|Niccolò|Paolo|Riccardo|Stefano",
			female:  "Alessia|Beatrice|Bianca|Chiara|Desirée|Elisa|Federica|Ginevra|Giulia|Ilaria|Luisa|Martina|Noemi|Paola|Sofia|Valentina",
			last:    "Amicò|Baldini|Bevilacqua|Bonifacio|Calò|Colombo|D'Angelo|D'Amico|De Rosa|Esposito|Ferrari|Fornarò|Gallo|Lo Bianco|Mancini|Marchesi|Nardò|Nicolò|Parisi|Ricci|Salvatò|Sanfilippo|Valentini|Zanò",
			cities:  "Milano;Lombardia;201##;45.464;9.190|Roma;Lazio;001##;41.903;12.496|Torino;Piemonte;101##;45.070;7.687|Forlì;Emilia-Romagna;471##;44.223;12.041|Cefalù;Sicilia;90015;38.039;14.022|Bari;Puglia;701##;41.117;16.872",
			streets: "Via Roma|Via Giuseppe Garibaldi|Corso Vittorio|Piazza della Libertà|Viale dell'Università|Via dei Mille|Strada Provinciale", street: "$ #",
			trades: "Officine|Pasticceria|Ceramiche|Arredamenti|Costruzioni|Impianti|Tessitura|Cantine|Caffè|Macchine Utensili",
			forms:  "3 1 S.r.l.|3 1 & 2 S.n.c.|Fratelli 1 3|5 3 S.p.A.|3 4 S.r.l.",
			phone:  "+39 0# 0### ####", mobile: "+39 300 0## ####", tax: "IT00#########",
		},
		{
			iso2: "PL", dial: "+48", share: 6, language: "PL",
			male:       "Błażej|Grzegorz|Jędrzej|Kamil|Łukasz|Maciej|Michał|Paweł|Przemysław|Stanisław|Sławomir|Wojciech|Zbigniew",
			female:     "Agnieszka|Bożena|Danuta|Elżbieta|Grażyna|Joanna|Justyna|Kinga|Małgorzata|Mirosława|Róża|Wiesława|Żaneta",
			last:       "Błaszczyk|Dąbrowski|Górski|Jabłoński|Kamiński|Kołodziej|Kowalski|Król|Łuczak|Mróz|Pająk|Piątek|Szczepański|Wiśniewski|Wójcik|Wróbel|Zając|Żak|Źrebiec",
			lastFemale: "Błaszczyk|Dąbrowska|Górska|Jabłońska|Kamińska|Kołodziej|Kowalska|Król|Łuczak|Mróz|Pająk|Piątek|Szczepańska|Wiśniewska|Wójcik|Wróbel|Zając|Żak|Źrebiec",
			cities:     "Warszawa;mazowieckie;00-###;52.230;21.012|Kraków;małopolskie;30-###;50.065;19.945|Łódź;łódzkie;90-###;51.759;19.456|Wrocław;dolnośląskie;50-###;51.108;17.039|Gdańsk;pomorskie;80-###;54.352;18.647|Poznań;wielkopolskie;60-###;52.406;16.925",
			streets:    "ul. Długa|ul. Kościuszki|ul. Świętokrzyska|al. Niepodległości|pl. Wolności|ul. Młyńska", street: "$ #",
			trades: "Zakład|Hurtownia|Piekarnia|Przedsiębiorstwo|Meble|Odlewnia|Usługi|Fabryka Maszyn",
			forms:  "3 1 Sp. z o.o.|3 1 i 2 s.c.|5 3 S.A.|3 4 Sp. z o.o.",
			phone:  "+48 22 0## ## ##", mobile: "+48 500 0## ###", tax: "PL000#######",
		},
		{
			iso2: "GB", dial: "+44", share: 6, language: "EN",
			male:    "Alistair|Callum|Edmund|Finlay|George|Harry|Ieuan|Jack|Oliver|Rhys|Siôn|Thomas|Toby",
			female:  "Alice|Charlotte|Eilidh|Emma|Freya|Grace|Harriet|Isla|Lowri|Megan|Olivia|Poppy|Zoe",
			last:    "Abbott|Baxter|Carrington|Davies|Ellison|Fairfax|Greenwood|Hargreaves|Iveson|Jennings|Kirkbride|Llewellyn|MacLeod|Norwood|O'Connell|Pemberton|Redfern|Stockwell|Thackeray|Whitfield",
			cities:  "London;Greater London;EC1A #AA;51.507;-0.128|Manchester;Greater Manchester;M1 #AA;53.481;-2.243|Edinburgh;Scotland;EH1 #AA;55.953;-3.188|Cardiff;Wales;CF10 #AA;51.482;-3.179|Leeds;West Yorkshire;LS1 #AA;53.801;-1.549",
			streets: "High Street|Station Road|Church Lane|Mill Lane|Victoria Road|Queen's Walk", street: "# $",
			trades: "Engineering|Bakery|Logistics|Joinery|Brewing|Electrical|Packaging|Instruments|Garden Supplies",
			forms:  "1 3 Ltd|1 & 2 3 Ltd|5 3 plc|4 3 Limited|1 Brothers",
			phone:  "+44 1632 960###", mobile: "+44 7700 900###", tax: "GB000######",
		},
		{
			iso2: "US", dial: "+1", share: 5, language: "EN",
			male:    "Aaron|Brandon|Cody|Dwayne|Ethan|Hunter|Jamal|José|Kyle|Logan|Mason|Tyler|Zachary",
			female:  "Ashley|Brooke|Chloë|Destiny|Emily|Hailey|Jasmine|Kayla|Madison|Renée|Savannah|Taylor",
			last:    "Adams|Bennett|Coleman|Dawson|Ellis|Foster|Griffin|Hayes|Irving|Johnson|Keller|Lawson|Mitchell|Nelson|Ortiz|Peña|Quinn|Reynolds|Sanders|Turner",
			cities:  "Austin;TX;787##;30.267;-97.743|Boston;MA;021##;42.360;-71.058|San José;CA;951##;37.338;-121.886|Chicago;IL;606##;41.878;-87.630",
			streets: "Main Street|Oak Avenue|Maple Drive|Elm Street|Washington Boulevard|Lakeview Road", street: "# $",
			trades: "Manufacturing|Supply|Foods|Systems|Hardware|Medical|Freight|Roofing|Labs",
			forms:  "1 3 Inc.|1 & 2 LLC|5 3 Corp.|4 3 Co.|1 Bros. 3",
			phone:  "+1 512 555-01##", mobile: "+1 617 555-01##", tax: "00-#######",
		},
		{
			iso2: "BG", dial: "+359", share: 3, language: "BG",
			male:       "Александър|Борис|Валентин|Георги|Димитър|Емил|Иван|Красимир|Любомир|Николай|Петър|Стоян|Цветан",
			female:     "Александра|Боряна|Валентина|Гергана|Десислава|Елена|Ивана|Мария|Надежда|Петя|Росица|Стефка|Цветелина",
			last:       "Ангелов|Борисов|Василев|Георгиев|Димитров|Иванов|Колев|Маринов|Николов|Петров|Стоянов|Тодоров|Христов",
			lastFemale: "Ангелова|Борисова|Василева|Георгиева|Димитрова|Иванова|Колева|Маринова|Николова|Петрова|Стоянова|Тодорова|Христова",
			cities:     "София;София-град;10##;42.698;23.322|Пловдив;Пловдив;40##;42.135;24.745|Варна;Варна;90##;43.205;27.911|Бургас;Бургас;80##;42.505;27.463",
			streets:    "ул. Шипка|бул. Витоша|ул. Иван Вазов|ул. Славянска|пл. Възраждане", street: "$ #",
			trades: "Мебели|Строителство|Транспорт|Хлебозавод|Машини|Търговия|Инженеринг",
			forms:  "3 1 ЕООД|1 и 2 ООД|5 3 АД|3 4 ООД",
			heads:  "Балкан|Витоша|Дунав|Еко|Мега|Родопи|Сокол|Техно|Юнион|Явор", tails: "мет|пласт|строй|текс|трейд|вита|мар|ком|форм|лукс",
			phone: "+359 2 0## ## ##", mobile: "+359 88 0## ####", tax: "BG000######",
		},
		{
			iso2: "GR", dial: "+30", share: 3, language: "EL",
			male:       "Αλέξανδρος|Αντώνης|Βασίλης|Γιώργος|Δημήτρης|Ηλίας|Θεόδωρος|Κώστας|Μιχάλης|Νίκος|Παύλος|Σπύρος",
			female:     "Αγγελική|Αικατερίνη|Βασιλική|Δέσποινα|Ελένη|Ζωή|Ιωάννα|Καλλιόπη|Μαρία|Σοφία|Φωτεινή|Χρυσούλα",
			last:       "Αλεξίου|Βλάχος|Γεωργίου|Δημητρίου|Ιωάννου|Καραγιάννης|Λάμπρου|Μακρής|Νικολάου|Οικονόμου|Παπαδόπουλος|Σταύρου",
			lastFemale: "Αλεξίου|Βλάχου|Γεωργίου|Δημητρίου|Ιωάννου|Καραγιάννη|Λάμπρου|Μακρή|Νικολάου|Οικονόμου|Παπαδοπούλου|Σταύρου",
			cities:     "Αθήνα;Αττική;10# ##;37.984;23.728|Θεσσαλονίκη;Κεντρική Μακεδονία;54# ##;40.640;22.944|Πάτρα;Δυτική Ελλάδα;26# ##;38.246;21.735|Ηράκλειο;Κρήτη;71# ##;35.339;25.144",
			streets:    "Οδός Ερμού|Λεωφόρος Κηφισίας|Οδός Αριστοτέλους|Πλατεία Ελευθερίας|Οδός Αθηνάς", street: "$ #",
			trades: "Έπιπλα|Κατασκευές|Μεταφορές|Αρτοποιία|Ελαιοτριβείο|Εμπορική|Τεχνική",
			forms:  "3 1 Ε.Π.Ε.|3 1 & 2 Ο.Ε.|5 3 Α.Ε.|3 4 Α.Ε.",
			heads:  "Αίγλη|Άλφα|Δέλφι|Ελλα|Ήλιο|Κρόνο|Μέγα|Νέο|Όλυμπο|Πέλλα", tails: "μαρ|τεξ|πλαστ|τεχ|φαρμ|νετ|λουξ|φορμ|βιτα|κομ",
			phone: "+30 21 00## ####", mobile: "+30 690 0## ####", tax: "EL000######",
		},
	}
}

// cultures reads the sources.
func cultures() []*culture {
	langs := languages()
	all := make([]*culture, 0, 16)
	for _, s := range sources() {
		c := &culture{
			iso2: s.iso2, dialingCode: s.dial, share: s.share, language: langs[s.language],
			male: words(s.male), female: words(s.female), last: words(s.last), lastFemale: words(s.lastFemale),
			streets: list(s.streets), street: s.street, trades: list(s.trades), forms: list(s.forms),
			phone: s.phone, mobile: s.mobile, tax: s.tax,
		}
		if s.lastFemale == "" {
			c.lastFemale = c.last
		}
		if s.heads == "" {
			s.heads, s.tails = latinHeads, latinTails
		}
		c.brandHead, c.brandTail = words(s.heads), words(s.tails)
		for _, line := range list(s.cities) {
			f := strings.Split(line, ";")
			c.cities = append(c.cities, city{
				name: word{f[0], ascii(f[0])}, region: f[1], postcode: f[2], lat: degrees(f[3]), lon: degrees(f[4]),
			})
		}
		all = append(all, c)
	}
	return all
}

func list(s string) []string { return strings.Split(s, "|") }

func words(s string) []word {
	if s == "" {
		return nil
	}
	ws := make([]word, 0, 48)
	for _, t := range list(s) {
		ws = append(ws, word{t, ascii(t)})
	}
	return ws
}

// ascii spells a name as it is commonly spelled in e-mail addresses: lower case,
// without accents, Greek and Cyrillic in Latin letters, all else left out.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteString(latin(r))
		}
	}
	return b.String()
}

// latin returns Latin letters for one lower-case letter, "" for anything else.
func latin(r rune) string {
	const table = "áa àa âa ãa äae åa çc ćc ée èe êe ëe ęe íi ìi îi ïi ıi łl ñn ńn óo òo ôo õo öoe øo śs ßss úu ùu ûu üue ýy ÿy żz źz ąa " +
		"аa бb вv гg дd еe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хh цts чch шsh щsht ъa ьy юyu яya " +
		"αa άa βv γg δd εe έe ζz ηi ήi θth ιi ίi ϊi ΐi κk λl μm νn ξx οo όo πp ρr σs ςs τt υy ύy ϋy φf χch ψps ωo ώo "
	i := strings.Index(table, " "+string(r))
	switch {
	case strings.HasPrefix(table, string(r)):
		i = 0
	case i < 0:
		return ""
	default:
		i++
	}
	rest := table[i+len(string(r)):]
	return rest[:strings.IndexByte(rest, ' ')]
}
