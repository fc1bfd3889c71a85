package seed

import (
	"strings"

	"github.com/dossier-crm/dossier/internal/resource"
)

// labels are the names of a value, in the order of resource.Languages.
type labels [10]string

// label reads "English|Spanish|German|French|Italian|Portuguese|Danish|Russian",
// and optionally "|Brazilian|American" where these differ from the Portuguese and
// the English. DK is Danish, as the vendor's data is, although its documents say
// Dutch [DOC].
func label(s string) labels {
	p := strings.Split(s, "|")
	for len(p) < 10 {
		p = append(p, "")
	}
	if p[8] == "" {
		p[8] = p[5]
	}
	if p[9] == "" {
		p[9] = p[0]
	}
	return labels{p[8], p[2], p[6], p[0], p[1], p[3], p[4], p[5], p[7], p[9]}
}

// same is a name that is the same in every language.
func same(name string) (l labels) {
	for i := range l {
		l[i] = name
	}
	return l
}

// valueList is a table of values that every new workspace starts with.
type valueList struct {
	resource string
	values   []value
}

type value struct {
	labels string
	set    []setting
}

// setting is a field besides the labels. Booleans are 0 and 1.
type setting struct {
	field string
	value int64
}

func v(labels string, set ...setting) value { return value{labels, set} }

func on(field string) setting { return setting{field, 1} }

func off(field string) setting { return setting{field, 0} }

func is(field string, value int64) setting { return setting{field, value} }

// Fields of the lists that tell end states; opportunities count them as numbers.
const (
	won              = "won"
	lost             = "lost"
	endStatus        = "endStatus"
	salesProbability = "salesProbability" // of 10
	defaultStatus    = "defaultStatus"
)

// valueLists are the defaults of a new workspace, in an order in which none
// refers to a later one. Ids count from 1 in each.
func valueLists() []valueList {
	return []valueList{
		{"accountTypes", []value{
			v("Customer|Cliente|Kunde|Client|Cliente|Cliente|Kunde|Клиент"),
			v("Prospect|Cliente potencial|Interessent|Prospect|Cliente potenziale|Cliente potencial|Emne|Потенциальный клиент"),
			v("Distributor|Distribuidor|Händler|Distributeur|Distributore|Distribuidor|Forhandler|Дистрибьютор"),
			v("Supplier|Proveedor|Lieferant|Fournisseur|Fornitore|Fornecedor|Leverandør|Поставщик"),
			v("Partner|Socio|Partner|Partenaire|Partner|Parceiro|Partner|Партнёр"),
			v("Competitor|Competencia|Mitbewerber|Concurrent|Concorrente|Concorrente|Konkurrent|Конкурент"),
			v("Own company|Empresa propia|Eigenes Unternehmen|Société interne|Azienda interna|Empresa própria|Eget selskab|Своя компания", on("internal")),
		}},
		{"accountSegments", []value{
			v("A|A|A|A|A|A|A|А", is("visitCycle", 15)),
			v("B|B|B|B|B|B|B|Б", is("visitCycle", 30)),
			v("C|C|C|C|C|C|C|В", is("visitCycle", 60)),
			v("D|D|D|D|D|D|D|Г", is("visitCycle", 90)),
			v("Not rated|Sin clasificar|Nicht eingestuft|Non classé|Non classificato|Sem classificação|Ikke inddelt|Без категории"),
		}},
		{"accountStatuses", []value{
			v("New|Nuevo|Neu|Nouveau|Nuovo|Novo|Ny|Новый"),
			v("In contact|En contacto|In Kontakt|En contact|In contatto|Em contacto|I kontakt|В работе|Em contato"),
			v("Active|Activo|Aktiv|Actif|Attivo|Ativo|Aktiv|Активный", on(won)),
			v("On hold|En espera|Zurückgestellt|En attente|In sospeso|Em espera|På hold|Приостановлен"),
			v("Inactive|Inactivo|Inaktiv|Inactif|Inattivo|Inativo|Inaktiv|Неактивный", on(lost)),
		}},
		{"contactTypes", []value{
			v("Management|Dirección|Geschäftsführung|Direction|Direzione|Direção|Ledelse|Руководство"),
			v("Purchasing|Compras|Einkauf|Achats|Acquisti|Compras|Indkøb|Закупки"),
			v("Technical|Técnico|Technik|Technique|Tecnico|Técnico|Teknik|Технический отдел"),
			v("Finance|Administración|Buchhaltung|Comptabilité|Amministrazione|Finanças|Bogholderi|Бухгалтерия"),
			v("Sales|Ventas|Vertrieb|Ventes|Vendite|Vendas|Salg|Продажи"),
			v("Reception|Recepción|Empfang|Accueil|Segreteria|Receção|Reception|Приёмная|Recepção"),
		}},
		{"activityTypes", []value{
			v("Visit|Visita|Besuch|Visite|Visita|Visita|Besøg|Визит", on("visit"), on("checkin"), on("general")),
			v("Phone call|Llamada|Anruf|Appel|Telefonata|Telefonema|Telefonopkald|Звонок|Ligação", on("phoneCall")),
			v("E-mail|Correo electrónico|E-Mail|E-mail|E-mail|E-mail|E-mail|Эл. письмо"),
			v("Meeting|Reunión|Besprechung|Réunion|Riunione|Reunião|Møde|Встреча", on("general")),
			v("Video call|Videollamada|Videoanruf|Appel vidéo|Videochiamata|Videochamada|Videoopkald|Видеозвонок", on("videoCall")),
			v("Demonstration|Demostración|Vorführung|Démonstration|Dimostrazione|Demonstração|Demonstration|Демонстрация", on("visit"), on("checkin")),
			v("Quick check-in|Registro rápido|Schneller Check-in|Passage rapide|Check-in rapido|Registo rápido|Hurtig check-in|Быстрая отметка|Check-in rápido", on("checkin"), on("fastCheckin"), off("visibleInAgendaActivities")),
			v("Task|Tarea|Aufgabe|Tâche|Attività|Tarefa|Opgave|Задача"),
		}},
		{"opportunityStatuses", []value{
			v("1. Identified|1. Identificada|1. Erkannt|1. Identifiée|1. Individuata|1. Identificada|1. Identificeret|1. Выявлена", is(salesProbability, 1)),
			v("2. Qualified|2. Cualificada|2. Qualifiziert|2. Qualifiée|2. Qualificata|2. Qualificada|2. Kvalificeret|2. Подтверждена", is(salesProbability, 3)),
			v("3. Offer sent|3. Oferta enviada|3. Angebot gesendet|3. Offre envoyée|3. Offerta inviata|3. Proposta enviada|3. Tilbud sendt|3. Предложение отправлено", is(salesProbability, 5)),
			v("4. Negotiation|4. Negociación|4. Verhandlung|4. Négociation|4. Trattativa|4. Negociação|4. Forhandling|4. Переговоры", is(salesProbability, 7)),
			v("5. Agreed|5. Acordada|5. Zugesagt|5. Accord verbal|5. Concordata|5. Acordada|5. Aftalt|5. Согласована", is(salesProbability, 9)),
			v("6. Won|6. Ganada|6. Gewonnen|6. Gagnée|6. Vinta|6. Ganha|6. Vundet|6. Выиграна", is(salesProbability, 10), on(endStatus), on(won)),
			v("7. Lost|7. Perdida|7. Verloren|7. Perdue|7. Persa|7. Perdida|7. Tabt|7. Проиграна", is(salesProbability, 0), on(endStatus)),
			v("8. Withdrawn|8. Descartada|8. Zurückgezogen|8. Abandonnée|8. Ritirata|8. Retirada|8. Trukket tilbage|8. Отозвана", is(salesProbability, 0), on(endStatus)),
		}},
		{"opportunityTypes", []value{
			v("New business|Negocio nuevo|Neugeschäft|Nouvelle affaire|Nuovo cliente|Novo negócio|Nyt salg|Новый бизнес", is(defaultStatus, 1)),
			v("Renewal|Renovación|Verlängerung|Renouvellement|Rinnovo|Renovação|Fornyelse|Продление", is(defaultStatus, 2)),
			v("Extension|Ampliación|Erweiterung|Extension|Ampliamento|Ampliação|Udvidelse|Расширение", is(defaultStatus, 1)),
			v("Service|Servicio|Dienstleistung|Service|Servizio|Serviço|Service|Услуга", is(defaultStatus, 1)),
		}},
		{"orderTypes", []value{
			v("Order|Pedido|Auftrag|Commande|Ordine|Encomenda|Ordre|Заказ|Pedido"),
			v("Quote|Presupuesto|Angebot|Devis|Preventivo|Orçamento|Tilbud|Смета"),
			v("Return|Devolución|Rücksendung|Retour|Reso|Devolução|Retur|Возврат"),
		}},
		{"salesorderStatuses", []value{
			v("Draft|Borrador|Entwurf|Brouillon|Bozza|Rascunho|Kladde|Черновик", off(won), off(lost)),
			v("Sent|Enviado|Gesendet|Envoyé|Inviato|Enviado|Sendt|Отправлен", off(won), off(lost)),
			v("Confirmed|Confirmado|Bestätigt|Confirmé|Confermato|Confirmado|Bekræftet|Подтверждён", on(won), off(lost)),
			v("Delivered|Entregado|Geliefert|Livré|Consegnato|Entregue|Leveret|Доставлен", on(won), off(lost)),
			v("Cancelled|Cancelado|Storniert|Annulé|Annullato|Cancelado|Annulleret|Отменён||Canceled", off(won), on(lost)),
		}},
		{"accountsRelations", []value{
			v("Parent company of|Matriz de|Muttergesellschaft von|Société mère de|Capogruppo di|Empresa-mãe de|Moderselskab til|Головная компания|Matriz de"),
			v("Supplies|Suministra a|Beliefert|Fournit|Fornisce|Fornece a|Leverer til|Поставляет"),
			v("Recommended|Recomendó a|Hat empfohlen|A recommandé|Ha consigliato|Recomendou|Har anbefalet|Рекомендовал"),
		}},
		{"campaignTypes", []value{
			v("Mailing|Envío postal|Mailing|Publipostage|Mailing|Mailing|Forsendelse|Рассылка"),
			v("Trade fair|Feria|Messe|Salon|Fiera|Feira|Messe|Выставка"),
			v("Promotion|Promoción|Aktion|Promotion|Promozione|Promoção|Kampagnetilbud|Акция"),
		}},
		{"campaignStatuses", []value{ // the ids are the documented ones [DOC]
			v("Draft|Borrador|Entwurf|Brouillon|Bozza|Rascunho|Kladde|Черновик"),
			v("Running|En curso|Läuft|En cours|In corso|Em curso|I gang|Идёт|Em andamento"),
			v("Planned|Planificada|Geplant|Prévue|Pianificata|Planeada|Planlagt|Запланирована|Planejada"),
			v("Finished|Terminada|Beendet|Terminée|Conclusa|Terminada|Afsluttet|Завершена"),
		}},
		{"userTypes", []value{
			v("Salesperson|Comercial|Außendienst|Commercial|Commerciale|Comercial|Sælger|Продавец|Vendedor"),
			v("Back office|Soporte comercial|Innendienst|Support commercial|Supporto vendite|Apoio comercial|Salgssupport|Отдел поддержки"),
			v("Management|Dirección|Leitung|Direction|Direzione|Direção|Ledelse|Руководство"),
		}},
		{"formStates", []value{
			v("Draft|Borrador|Entwurf|Brouillon|Bozza|Rascunho|Kladde|Черновик", is("intOrder", 1)),
			v("Completed|Completado|Ausgefüllt|Rempli|Compilato|Preenchido|Udfyldt|Заполнена", is("intOrder", 2), on("blnEndState")),
		}},
		{"caseTypes", []value{ // the four of wolkvox, under its names [DOC wolkvox]
			v("Request|Solicitud|Anfrage|Demande|Richiesta|Pedido|Forespørgsel|Запрос"),
			v("Complaints|Quejas|Beschwerden|Plaintes|Lamentele|Queixas|Klager|Жалобы|Queixas"),
			v("Claims|Reclamos|Reklamationen|Réclamations|Reclami|Reclamações|Reklamationer|Претензии"),
			v("Suggestions|Sugerencias|Vorschläge|Suggestions|Suggerimenti|Sugestões|Forslag|Предложения"),
		}},
		{"casePriorities", []value{ // wolkvox's samples have some of them in two languages [DOC wolkvox]
			v("Low|Baja|Niedrig|Basse|Bassa|Baixa|Lav|Низкий"),
			v("Normal|Media|Normal|Moyenne|Media|Média|Mellem|Средний|Média|Medium"),
			v("High|Alta|Hoch|Haute|Alta|Alta|Høj|Высокий"),
			v("Urgent|Urgente|Dringend|Urgente|Urgente|Urgente|Haster|Срочный"),
		}},
		{"caseStatuses", []value{
			v("Open|Abierto|Offen|Ouvert|Aperto|Aberto|Åben|Открыт"),
			v("In progress|En curso|In Arbeit|En cours|In corso|Em curso|I gang|В работе|Em andamento"),
			v("Waiting|En espera|Wartet|En attente|In attesa|Em espera|Venter|Ожидание"),
			v("Closed|Cerrado|Geschlossen|Fermé|Chiuso|Fechado|Lukket|Закрыт", on("closed")),
			v("Rejected|Rechazado|Abgelehnt|Rejeté|Respinto|Rejeitado|Afvist|Отклонён", on("closed")),
		}},
		{"activityPoints", []value{
			// Ours: a visit is worth two other activities.
			v("", is("IntervalDays", 30), is("PointsPerActivity", 10), is("PointsPerVisit", 20), is("PointsPerCheckin", 5),
				is("PointsPerFastCheckin", 5), is("PointsPerEmail", 1), is("PointsPerInternalEmail", 0),
				is("PointsPerPhoneCallMinute", 1), is("PointsPerInternalPhoneCallMinute", 0), is("PointsPerOpportunity", 100),
				is("PointsPerQuote", 0), is("PointsPerSalesOrder", 50), is("SalesInput", 0), is("ScoringPerEnvironment", 0)),
		}},
	}
}

// reverseRelations are the other ends of accountsRelations, in its order.
func reverseRelations() []string {
	return []string{
		"Subsidiary of|Filial de|Tochtergesellschaft von|Filiale de|Controllata di|Filial de|Datterselskab af|Дочерняя компания",
		"Is supplied by|Compra a|Wird beliefert von|Est fourni par|È fornita da|É fornecida por|Får leveret fra|Получает товар от",
		"Was recommended by|Recomendado por|Wurde empfohlen von|Recommandé par|Consigliata da|Recomendado por|Anbefalet af|По рекомендации",
	}
}

// fill writes the rows of a value list.
func (l valueList) fill(s *sheet, created int64) {
	order := s.res.Field("order")
	for i, val := range l.values {
		s.begin()
		s.stamp(created, 0)
		s.setLabels(label(val.labels))
		if order != nil {
			s.setInt(col(order.Index), int64(i+1))
		}
		if l.resource == "accountsRelations" {
			s.setReverse(label(reverseRelations()[i]))
		}
		for _, set := range val.set {
			if c := s.anyCol(set.field); c >= 0 {
				s.setInt(c, set.value)
			}
		}
	}
}

// setReverse sets the names of the other end of a relation.
func (s *sheet) setReverse(l labels) {
	for i, language := range resource.Languages {
		s.setText(s.col("reverseDescription"+language, resource.Text), l[i])
	}
}

// anyCol finds a field of any kind that holds a number.
func (s *sheet) anyCol(name string) col {
	f := s.res.Field(name)
	if f == nil || f.Kind == resource.Text || f.Kind == resource.RefList {
		s.fail("has no numeric field %s", name)
		return -1
	}
	return col(f.Index)
}
