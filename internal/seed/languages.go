package seed

import "github.com/dossier-crm/dossier/internal/resource"

// languages returns the free texts by code. They are meant to be long enough to
// search in, and to hold the letters that folding has to get right.
func languages() map[string]*language {
	all := []*language{
		{
			code: "ES", locale: "es-ES",
			account:  list("Cliente desde la feria de Zaragoza.|Pide siempre el albarán por correo.|Cierra en agosto; llamar a partir de septiembre.|Decide la dirección técnica, compra la central.|Pendiente de ampliar el límite de crédito.|Descuento acordado sobre tarifa, revisar cada año."),
			visit:    list("Visita a la fábrica; piden una muestra antes de fin de mes.|Llamada breve: esperan la oferta por escrito.|Reunión con compras y calidad, buen ambiente.|No estaba; dejo la documentación en recepción.|Revisamos las incidencias del último pedido.|Demostración en el taller, quieren probarlo dos semanas.|Acordamos volver a hablar después de las vacaciones.|Reclaman el retraso de una línea; ya está resuelto."),
			deal:     list("Renovación del mantenimiento|Ampliación del almacén|Suministro anual|Sustitución de la línea|Proyecto de señalización|Formación del equipo|Nueva delegación"),
			followUp: list("Enviar oferta revisada|Llamar para confirmar la entrega|Preparar la demostración|Revisión anual de condiciones|Comida con dirección"),
		},
		{
			code: "PT", locale: "pt-PT",
			account:  list("Cliente desde a exposição do Porto.|Prefere receber a fatura em papel.|Fecha na última semana de julho.|A decisão é da administração, não das compras.|Atenção: condições especiais até à revisão."),
			visit:    list("Visita à fábrica; pedem uma amostra até ao fim do mês.|Telefonema curto: aguardam a proposta por escrito.|Reunião com a produção, há interesse.|Não estava; deixei o catálogo na receção.|Analisámos a reclamação da última encomenda.|Demonstração marcada para a próxima semana."),
			deal:     list("Renovação da manutenção|Ampliação do armazém|Fornecimento anual|Substituição da linha|Formação da equipa|Instalação elétrica"),
			followUp: list("Enviar a proposta revista|Confirmar a receção da encomenda|Preparar a demonstração|Reunião de condições"),
		},
		{
			code: "DE", locale: "de-DE",
			account:  list("Kunde seit der Messe in Köln.|Rechnungen bitte nur per E-Mail.|Betriebsferien in den ersten drei Augustwochen.|Über Einkäufe ab 10.000 € entscheidet die Geschäftsführung.|Rahmenvertrag läuft, jährlich prüfen.|Lieferung nur über die Rampe an der Südseite."),
			visit:    list("Besuch im Werk; Muster bis Monatsende zugesagt.|Kurzes Telefonat: Angebot soll schriftlich kommen.|Gespräch mit Einkauf und Qualität, gute Stimmung.|Niemanden angetroffen, Unterlagen am Empfang gelassen.|Reklamation der letzten Lieferung geklärt.|Vorführung in der Werkstatt, Testphase von zwei Wochen.|Rückruf nach den Ferien vereinbart."),
			deal:     list("Verlängerung der Wartung|Erweiterung des Lagers|Jahresbedarf|Ersatz der Förderanlage|Schulung der Mitarbeiter|Umrüstung auf größere Behälter"),
			followUp: list("Überarbeitetes Angebot senden|Liefertermin bestätigen|Vorführung vorbereiten|Jahresgespräch"),
		},
		{
			code: "FR", locale: "fr-FR",
			account:  list("Client depuis le salon de Lyon.|Préfère être livré le matin, avant dix heures.|Fermé du 1er au 20 août.|La décision revient à la direction générale.|Remise à réviser chaque année, voir la dernière négociation."),
			visit:    list("Visite de l'usine ; échantillon demandé avant la fin du mois.|Appel bref : ils attendent le devis écrit.|Réunion avec les achats et la qualité, très positive.|Absent ; documentation laissée à l'accueil.|Point sur la réclamation de la dernière commande.|Démonstration à l'atelier, essai de deux semaines."),
			deal:     list("Renouvellement de l'entretien|Agrandissement de l'entrepôt|Fourniture annuelle|Remplacement de la chaîne|Formation de l'équipe|Étude d'éclairage"),
			followUp: list("Envoyer le devis corrigé|Confirmer la livraison|Préparer la démonstration|Entretien annuel"),
		},
		{
			code: "IT", locale: "it-IT",
			account:  list("Cliente dalla fiera di Milano.|Preferisce la consegna il lunedì.|Chiuso per ferie due settimane ad agosto.|Decide la proprietà; l'ufficio acquisti dà il parere.|Sconto già concordato, più il trasporto."),
			visit:    list("Visita in stabilimento; vogliono un campione entro fine mese.|Telefonata breve: attendono l'offerta scritta.|Incontro con acquisti e qualità, c'è interesse.|Non c'era; lasciata la documentazione in portineria.|Chiarito il reclamo sull'ultimo ordine: è già risolto.|Dimostrazione in officina, prova di due settimane."),
			deal:     list("Rinnovo della manutenzione|Ampliamento del magazzino|Fornitura annuale|Sostituzione della linea|Formazione del personale|Novità di stagione"),
			followUp: list("Inviare l'offerta rivista|Confermare la consegna|Preparare la dimostrazione|Verifica delle condizioni"),
		},
		{
			code: "PL", locale: "pl-PL",
			account:  list("Klient od targów w Poznaniu.|Faktury wysyłać pocztą elektroniczną.|Przerwa urlopowa w lipcu.|Decyzję podejmuje zarząd, zakupy tylko opiniują.|Łączne zamówienia powyżej progu: rabat."),
			visit:    list("Wizyta w zakładzie; proszą o próbkę do końca miesiąca.|Krótka rozmowa: czekają na ofertę na piśmie.|Spotkanie z działem zakupów, dużo pytań o jakość.|Nikogo nie zastałem, materiały zostawione w recepcji.|Wyjaśniona reklamacja ostatniej dostawy."),
			deal:     list("Przedłużenie serwisu|Rozbudowa magazynu|Dostawy roczne|Wymiana linii|Szkolenie załogi"),
			followUp: list("Wysłać poprawioną ofertę|Potwierdzić termin dostawy|Przygotować pokaz"),
		},
		{
			code: "EN", locale: "en-GB",
			account:  list("Customer since the Leeds trade fair.|Wants delivery notes by e-mail only.|Closed for two weeks at the end of July.|The board decides, purchasing only advises.|Asked for 30% off the list price, agreed on 12%.|Do not call before 10 o'clock."),
			visit:    list("Visited the plant; they want a sample before the end of the month.|Short call: waiting for the offer in writing.|Met purchasing and quality, good mood.|Nobody in; left the brochure at the desk.|Went through the complaint about the last order.|Demonstration on site, two weeks of trial agreed.|Will talk again after the holidays."),
			deal:     list("Maintenance renewal|Warehouse extension|Yearly supply|Line replacement|Team training|New café fit-out"),
			followUp: list("Send the revised offer|Confirm the delivery date|Prepare the demonstration|Yearly review"),
		},
		{
			code: "BG", locale: "bg-BG",
			account:  list("Клиент от панаира в Пловдив.|Фактурите да се пращат по електронна поща.|Затворено през август.|Решението е на управителя."),
			visit:    list("Посещение в завода; искат мостра до края на месеца.|Кратък разговор: чакат писмена оферта.|Среща с отдел „Покупки“, проявяват интерес.|Нямаше никого, оставих каталога."),
			deal:     list("Подновяване на поддръжката|Разширяване на склада|Годишна доставка|Подмяна на линията"),
			followUp: list("Да се изпрати офертата|Да се потвърди доставката|Подготовка на демонстрация"),
		},
		{
			code: "EL", locale: "el-GR",
			account:  list("Πελάτης από την έκθεση της Θεσσαλονίκης.|Προτιμά παραδόσεις το πρωί.|Κλειστά τον Αύγουστο.|Αποφασίζει ο διευθυντής."),
			visit:    list("Επίσκεψη στο εργοστάσιο· ζητούν δείγμα έως το τέλος του μήνα.|Σύντομο τηλεφώνημα: περιμένουν γραπτή προσφορά.|Συνάντηση με τις προμήθειες, θετικό κλίμα.|Δεν ήταν εκεί· άφησα τον κατάλογο."),
			deal:     list("Ανανέωση συντήρησης|Επέκταση αποθήκης|Ετήσια προμήθεια|Αντικατάσταση γραμμής"),
			followUp: list("Αποστολή νέας προσφοράς|Επιβεβαίωση παράδοσης|Προετοιμασία παρουσίασης"),
		},
	}
	byCode := make(map[string]*language, len(all))
	for _, l := range all {
		byCode[l.code] = l
	}
	return byCode
}

// supported is the language that the user interface has for this one [DOC]: one
// of ES EN US IT DE PT BR RU.
func (l *language) supported() string {
	switch l.code {
	case "ES", "EN", "IT", "DE", "PT":
		return l.code
	case "BG":
		return "RU"
	default:
		return "EN"
	}
}

// degrees reads a coordinate of the tables in this package, in units of 10^-6. A
// typing error shows as 0, which a test looks for.
func degrees(s string) int64 {
	v, _, _ := resource.ParseNumber(s, 6)
	return v
}
