package sage

import (
	"encoding/json"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

// calendarInput checks and completes what a client sent for an event or a task.
//
// Dates are kept as days and hours as "HH:MM", so that where and order follow the
// calendar whatever form a date came in: "15/07/16", "2015-07-16" or a moment,
// whose hour then counts if there is no hour of its own. An event needs an end; a
// task does not [DOC].
func calendarInput(in crm.Input, creating bool) error {
	if creating && !given(in, "endDate") {
		var task bool
		if _, raw, ok := sent(in, "task"); !ok || json.Unmarshal(raw, &task) != nil || !task {
			return required("endDate")
		}
	}
	for _, end := range [...]struct{ date, hour string }{{"startDate", "startHour"}, {"endDate", "endHour"}} {
		if key, text, ok := sentText(in, end.date); ok {
			day, clock := splitMoment(text)
			in[key] = quoted(day)
			if _, _, ok := sent(in, end.hour); !ok && clock != "" {
				in[end.hour] = quoted(clock)
			}
		}
		if !given(in, end.hour) {
			continue
		}
		key, text, ok := sentText(in, end.hour)
		clock, isTime := clockTime(text)
		if !ok || !isTime {
			return fault.InField(end.hour, "%s must be a time such as 09:30", end.hour)
		}
		in[key] = quoted(clock)
	}
	return nil
}

// splitMoment takes a moment apart, "2015-07-16T15:00:00Z" into "2015-07-16" and
// "15:00". Its zone is left aside: the calendar has none. Other texts are returned
// whole.
func splitMoment(text string) (day, clock string) {
	const date = len("2015-07-16")
	if len(text) < date+len("T15:00") || text[date] != 'T' && text[date] != ' ' || text[date+3] != ':' {
		return text, ""
	}
	return text[:date], text[date+1 : date+6]
}

// clockTime reads an hour as people write it, "9:30", "09:30" or "09:30:00", as
// "09:30". "" is no hour.
func clockTime(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	if len(text) == 4 || len(text) == 7 {
		text = "0" + text
	}
	if len(text) != 5 && len(text) != 8 {
		return "", false
	}
	for i, c := range []byte(text) {
		if i%3 == 2 && c != ':' || i%3 != 2 && (c < '0' || c > '9') {
			return "", false
		}
	}
	ok := text[:2] < "24" && text[3:5] < "60" && (len(text) == 5 || text[6:] < "60")
	return text[:5], ok
}
