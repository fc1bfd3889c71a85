package sage

import (
	"encoding/json"
	"testing"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
)

func TestClockTime(t *testing.T) {
	for in, want := range map[string]string{
		"9:30": "09:30", "09:30": "09:30", "9:30:15": "09:30", "23:59:59": "23:59", "": "",
		"24:00": "-", "12:60": "-", "12:00:60": "-", "1230": "-", "12.30": "-", "noon": "-", "12:3x": "-", "١2:30": "-",
	} {
		got, ok := clockTime(in)
		if !ok {
			got = "-"
		}
		if got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// Whatever a client sends, it is understood or refused with the member's name, and
// what comes out is JSON that can be understood once more with the same result.
func FuzzInput(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"startDate":"15/07/16","endDate":"2015-07-16T15:00:00Z"}`, `{"ENDDATE":"15/07/16 9:30","startHour":"9:30"}`,
		`{"date":{"time":"2026-01-01"},"attachments":[{"name":"a","size":"1"}]}`, `{"accountId":-1,"startDate":"0001/01/01 00:00:00"}`,
		`{"task":true,"endHour":"99:99"}`, `{"attachments":{}}`, `{"date":{}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, change := range map[string]func(crm.Input, bool) error{"calls": callInput, "calendar": calendarInput, "emails": emailInput} {
			var in crm.Input
			if json.Unmarshal([]byte(s), &in) != nil || in == nil {
				return
			}
			if err := change(in, true); err != nil {
				if fault.KindOf(err) != fault.Invalid || fault.FieldOf(err) == "" {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			for member, raw := range in {
				if !json.Valid(raw) {
					t.Errorf("%s: %s becomes %s", name, member, raw)
				}
			}
		}
	})
}
