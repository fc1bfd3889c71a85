package seed

import (
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's copy
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/resource"
)

// reference returns the tables by resource, each row by id, each value by name.
func reference(t *testing.T) map[string]map[int64]map[string]string {
	t.Helper()
	g, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Reference(g)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]map[int64]map[string]string{}
	for _, rows := range all {
		table := map[int64]map[string]string{}
		for _, rec := range rows.Records {
			if rec.Values[0] != resource.IntValue(rec.ID) || table[rec.ID] != nil {
				t.Errorf("%s %d: id %+v, or twice", rows.Resource.Name, rec.ID, rec.Values[0])
			}
			row := map[string]string{}
			for i, f := range rows.Resource.Fields {
				switch v := rec.Values[i]; v.Type {
				case resource.Str:
					row[f.Name] = v.S
					if n := utf8.RuneCountInString(v.S); !utf8.ValidString(v.S) || strings.TrimSpace(v.S) != v.S || f.MaxLength > 0 && n > f.MaxLength {
						t.Errorf("%s %d: %s = %q", rows.Resource.Name, rec.ID, f.Name, v.S)
					}
				case resource.Int:
					row[f.Name] = fmt.Sprint(v.I)
				}
			}
			if row["deleted"] != "0" {
				t.Errorf("%s %d is not marked as kept", rows.Resource.Name, rec.ID)
			}
			if rows.Resource.TitleOf(rows.Resource.TitleColumns(rec), resource.English) == "" {
				t.Errorf("%s %d has no title", rows.Resource.Name, rec.ID)
			}
			table[rec.ID] = row
		}
		tables[rows.Resource.Name] = table
	}
	return tables
}

func TestReferenceCounts(t *testing.T) {
	tables := reference(t)
	for name, want := range map[string]int{
		"countries":          249, // ISO 3166 assigns so many codes
		"currencies":         164,
		"timeZones":          148,
		"genre":              2,
		"videoCallProviders": 3,
	} {
		if got := len(tables[name]); got != want {
			t.Errorf("%d %s, want %d", got, name, want)
		}
	}
}

// The ids and names that the vendor's examples show, and names that changed in
// the last years.
func TestReferenceRows(t *testing.T) {
	tables := reference(t)
	for _, c := range []struct {
		table string
		id    int64
		field string
		want  string
	}{
		{"countries", 1, "iso2", "AF"},
		{"countries", 1, "iso3", "AFG"},
		{"countries", 1, "isoNum", "4"},
		{"countries", 1, "phoneCode", "93"},
		{"countries", 1, "descriptionBR", "Afeganistão"},
		{"countries", 1, "strName", "Afganistán"},
		{"countries", 4, "descriptionDK", "Tyskland"},
		{"countries", 50, "iso2", "VA"},
		{"countries", 73, "strName", "España"},
		{"countries", 75, "descriptionen", "United States"},
		{"countries", 112, "descriptionen", "Italy"},
		{"countries", 112, "strName", "Italia"},
		{"countries", 112, "descriptionRU", "Италия"},
		{"countries", 131, "descriptionen", "North Macedonia"},
		{"countries", 204, "descriptionen", "Eswatini"},
		{"countries", 225, "descriptionen", "Türkiye"},
		{"countries", 103, "descriptionde", "Hongkong"},
		{"countries", 8, "phoneCode", "672"},
		{"currencies", 1, "isoCode", "eur"},
		{"currencies", 1, "symbol", "€"},
		{"currencies", 1, "descriptionEN", "euro"},
		{"currencies", 1, "descriptionES", "euro"},
		{"currencies", 1, "descriptionDE", "Euro"},
		{"currencies", 2, "isoCode", "usd"},
		{"currencies", 2, "symbol", "$"},
		{"currencies", 3, "symbol", "£"},
		{"timeZones", 31, "fullDescription", "(GMT+01:00) Brussels, Copenhagen, Madrid, Paris"},
		{"timeZones", 31, "idIanaZone", "Europe/Paris"},
		{"timeZones", 31, "shortDescription", "GMT+01:00"},
		{"timeZones", 1, "fullDescription", "(GMT-12:00) International Date Line West"},
		{"genre", 0, "descriptionEN", "Male"},
		{"genre", 1, "descriptionEN", "Female"},
	} {
		if got := tables[c.table][c.id][c.field]; got != c.want {
			t.Errorf("%s %d: %s = %q, want %q", c.table, c.id, c.field, got, c.want)
		}
	}
}

// Codes are unique, the new ones are there and the withdrawn ones are not.
func TestReferenceCodes(t *testing.T) {
	tables := reference(t)
	for _, c := range []struct{ table, field, have, gone string }{
		{"countries", "iso2", "ME RS SS CW BQ SX", "AN CS YU XK"},
		{"countries", "iso3", "MNE SRB SSD CUW", "ANT SCG"},
		{"countries", "isoNum", "499 688 728", "530 891"},
		{"currencies", "isoCode", "ves sle xcg ved svc zwg clf", "ang bgn hrk sll vef zwl cuc xxx xau cnh"},
		{"timeZones", "idIanaZone", "Europe/Kyiv Asia/Kolkata America/Nuuk Etc/UTC", "Europe/Kiev Asia/Calcutta"},
	} {
		codes := map[string]int64{}
		for id, row := range tables[c.table] {
			code := row[c.field]
			if other, twice := codes[code]; code == "" || twice {
				t.Errorf("%s %d: %s %q is empty or that of %d", c.table, id, c.field, code, other)
			}
			codes[code] = id
		}
		for _, code := range strings.Fields(c.have) {
			if _, ok := codes[code]; !ok {
				t.Errorf("%s lack %s", c.table, code)
			}
		}
		for _, code := range strings.Fields(c.gone) {
			if id, ok := codes[code]; ok {
				t.Errorf("%s %d is %s, which is withdrawn", c.table, id, code)
			}
		}
	}
}

// Every description of a time zone tells the offset that its zone has outside
// summer time: the smaller of January's and July's.
func TestReferenceTimeZoneOffsets(t *testing.T) {
	january := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	july := time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	for id, row := range reference(t)["timeZones"] {
		zone, err := time.LoadLocation(row["idIanaZone"])
		if err != nil {
			t.Errorf("%d: %v", id, err)
			continue
		}
		_, a := january.In(zone).Zone()
		_, b := july.In(zone).Zone()
		sign, offset := '+', min(a, b)
		if offset < 0 {
			sign, offset = '-', -offset
		}
		short := fmt.Sprintf("GMT%c%02d:%02d", sign, offset/3600, offset/60%60)
		if row["shortDescription"] != short || !strings.HasPrefix(row["fullDescription"], "("+short+") ") {
			t.Errorf("%d: %s is %s, not %q", id, row["idIanaZone"], short, row["fullDescription"])
		}
	}
}

// A table with a mistake is refused with the place.
func TestReferenceTableMistakes(t *testing.T) {
	g, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]string{
		"id\tiso4\n1\tAF\n":   "iso4",
		"id\tdeleted\n1\t0\n": "deleted",
		"id\tiso2\n1\n":       "1 cells instead of 2",
		"id\tiso2\nx\tAF\n":   "invalid syntax",
		"id\tiso2\n\tAF\n":    "no id",
	} {
		if _, err := parseTable(g.Resource("countries"), table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", table, err, want)
		}
	}
}
