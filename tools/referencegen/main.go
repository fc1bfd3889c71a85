// Command referencegen writes the tables of countries and currencies that every
// workspace starts with, from the public data of the Unicode CLDR, ISO 3166 and
// the numbering plans:
//
//	npm pack cldr-core cldr-localenames-full cldr-numbers-full i18n-iso-countries libphonenumber-js
//	(unpack each into a folder of its name)
//	go -C tools run ./referencegen -from FOLDER -to ../internal/seed/reference
//
// The time zones, whose numbers and descriptions are the vendor's, and the small
// lists beside them are kept by hand.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// countryOrder gives the countries their ids, from 1. It is the order of a table
// of countries that went around in Spain in the 2000s: alphabetical in Spanish
// as it was then. The first fifty ids, and those of Spain, the United States and
// Italy, are in the vendor's examples [DOC]. Two ids, marked --, belonged to
// countries that are no more; the last eleven were assigned later.
const countryOrder = `
	AF AX AL DE AD AO AI AQ AG -- SA DZ AR AM AW AU AT AZ BS BH BD BB BY BE BZ BJ BM BT BO BA BW BV BR BN BG BF BI CV KY KH
	CM CA CF TD CZ CL CN CY CX VA CC CO KM CD CG CK KP KR CI CR HR CU DK DM DO EC EG SV AE ER SK SI ES UM US EE ET FO PH FI
	FJ FR GA GM GE GS GH GI GD GR GL GP GU GT GF GN GQ GW GY HT HM HN HK HU IN ID IR IQ IE IS IL IT JM JP JO KZ KE KG KI KW
	LA LS LV LB LR LY LI LT LU MO MK MG MY MW MV ML MT FK MP MA MH MQ MU MR YT MX FM MD MC MN MS MZ MM NA NR NP NI NE NG NU
	NF NO NC NZ OM NL PK PW PS PA PG PY PE PN PF PL PT PR QA GB RE RW RO RU EH SB WS AS KN SM PM VC SH LC ST SN -- SC SL SG
	SY SO LK SZ ZA SD SE CH SR SJ TH TW TZ TJ IO TF TL TG TK TO TT TN TC TM TR TV UA UG UY UZ VU VE VN VG VI WF YE DJ ZM ZW
	BL BQ CW GG IM JE ME MF RS SS SX`

// sharedCodes are the calling codes of countries that have no numbers of their
// own in the numbering plans.
var sharedCodes = map[string]string{"AQ": "672", "BV": "47", "GS": "500", "HM": "672", "PN": "64", "TF": "262", "UM": "1"}

// languages are those of the label fields, with their CLDR locales. English is
// the same for EN and US, as in the vendor's own table, and DK is Danish, as the
// vendor's data is (its documents say Dutch).
var languages = []struct{ label, locale string }{
	{"BR", "pt"}, {"DE", "de"}, {"DK", "da"}, {"EN", "en"}, {"ES", "es"},
	{"FR", "fr"}, {"IT", "it"}, {"PT", "pt-PT"}, {"RU", "ru"}, {"US", "en"},
}

// shortNames are countries whose short name is the usual one: Hong Kong rather
// than Hong Kong SAR China.
var shortNames = []string{"HK", "MM", "MO", "PS"}

func main() {
	from := flag.String("from", "", "folder with the unpacked packages")
	to := flag.String("to", "../internal/seed/reference", "folder to write to")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "referencegen:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	countries, err := countries(from)
	if err != nil {
		return err
	}
	currencies, err := currencies(from)
	if err != nil {
		return err
	}
	return errors.Join(write(to, "countries.tsv", countries), write(to, "currencies.tsv", currencies))
}

func write(folder, name string, lines [][]string) error {
	var b strings.Builder
	for _, cells := range lines {
		b.WriteString(strings.Join(cells, "\t"))
		b.WriteByte('\n')
	}
	return os.WriteFile(filepath.Join(folder, name), []byte(b.String()), 0o644)
}

func read(into any, path ...string) error {
	body, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(path...), err)
	}
	return nil
}

func countries(from string) ([][]string, error) {
	var codes [][]string // alpha-2, alpha-3, numeric
	if err := read(&codes, from, "i18n-iso-countries", "codes.json"); err != nil {
		return nil, err
	}
	iso := map[string][]string{}
	for _, c := range codes {
		if c[0] != "XK" { // in use, but not assigned by ISO 3166
			iso[c[0]] = c
		}
	}
	var plans struct {
		Countries map[string][]any `json:"countries"`
	}
	if err := read(&plans, from, "libphonenumber-js", "metadata.min.json"); err != nil {
		return nil, err
	}
	names := map[string]map[string]string{}
	for _, l := range languages {
		var file struct {
			Main map[string]struct {
				LocaleDisplayNames struct {
					Territories map[string]string `json:"territories"`
				} `json:"localeDisplayNames"`
			} `json:"main"`
		}
		if err := read(&file, from, "cldr-localenames-full", "main", l.locale, "territories.json"); err != nil {
			return nil, err
		}
		names[l.label] = file.Main[l.locale].LocaleDisplayNames.Territories
	}
	lines := [][]string{{
		"id", "iso2", "iso3", "isoNum", "phoneCode", "descriptionBR", "descriptionde", "descriptionDK", "descriptionen", "strName",
		"descriptionfr", "descriptionit", "descriptionpt", "descriptionRU", "descriptionUS",
	}}
	for i, code := range strings.Fields(countryOrder) {
		if code == "--" {
			continue
		}
		c, ok := iso[code]
		if !ok {
			return nil, fmt.Errorf("%s is no country of ISO 3166, or is listed twice", code)
		}
		delete(iso, code)
		number, err := strconv.Atoi(c[2])
		if err != nil {
			return nil, err
		}
		phone := sharedCodes[code]
		if p := plans.Countries[code]; len(p) > 0 {
			phone, _ = p[0].(string)
		}
		cells := []string{strconv.Itoa(i + 1), code, c[1], strconv.Itoa(number), phone}
		for _, l := range languages {
			name := names[l.label][code]
			if short := names[l.label][code+"-alt-short"]; short != "" && slices.Contains(shortNames, code) {
				name = short
			}
			cells = append(cells, name)
		}
		if slices.Contains(cells, "") {
			return nil, fmt.Errorf("%s is incomplete: %q", code, cells)
		}
		lines = append(lines, cells)
	}
	if len(iso) > 0 {
		return nil, fmt.Errorf("countries without an id: %v", iso)
	}
	return lines, nil
}

type currency struct {
	Name   string `json:"displayName"`
	Symbol string `json:"symbol"`
	Narrow string `json:"symbol-alt-narrow"`
}

// currencies are the currencies and units of account of ISO 4217 that a country
// has in use. Left out are the metals and test codes, which belong to no country,
// the code for no currency, and CNH, which is not of ISO. SVC is added: ISO keeps
// it, though El Salvador pays in dollars.
func currencies(from string) ([][]string, error) {
	var data struct {
		Supplemental struct {
			CurrencyData struct {
				Region map[string][]map[string]struct {
					To string `json:"_to"`
				} `json:"region"`
			} `json:"currencyData"`
		} `json:"supplemental"`
	}
	if err := read(&data, from, "cldr-core", "supplemental", "currencyData.json"); err != nil {
		return nil, err
	}
	codes := []string{"SVC"}
	for region, uses := range data.Supplemental.CurrencyData.Region {
		for _, use := range uses {
			for code, period := range use {
				if region != "ZZ" && period.To == "" && code != "CNH" && code != "XXX" {
					codes = append(codes, code)
				}
			}
		}
	}
	slices.SortFunc(codes, func(a, b string) int {
		first := []string{"GBP", "USD", "EUR"} // ids 3, 2 and 1 [DOC]
		if x, y := slices.Index(first, a), slices.Index(first, b); x != y {
			return y - x
		}
		return strings.Compare(a, b)
	})
	codes = slices.Compact(codes)

	names := map[string]map[string]currency{}
	for _, l := range languages {
		var file struct {
			Main map[string]struct {
				Numbers struct {
					Currencies map[string]currency `json:"currencies"`
				} `json:"numbers"`
			} `json:"main"`
		}
		if err := read(&file, from, "cldr-numbers-full", "main", l.locale, "currencies.json"); err != nil {
			return nil, err
		}
		names[l.label] = file.Main[l.locale].Numbers.Currencies
	}
	symbols := symbols(codes, names["EN"])
	header := []string{"id", "isoCode", "symbol"}
	for _, l := range languages {
		header = append(header, "description"+l.label)
	}
	lines := [][]string{header}
	for i, code := range codes {
		cells := []string{strconv.Itoa(i + 1), strings.ToLower(code), symbols[code]} // codes in lower case [DOC]
		for _, l := range languages {
			name := names[l.label][code].Name
			switch {
			case code == "EUR" && (l.label == "EN" || l.label == "US"):
				name = "euro" // [DOC]
			case name == code:
				name = "" // not translated
			}
			cells = append(cells, name)
		}
		if names["EN"][code].Name == "" {
			return nil, fmt.Errorf("currency %s has no name", code)
		}
		lines = append(lines, cells)
	}
	return lines, nil
}

// symbols are what amounts are marked with: the symbol that English uses, or
// else the local one when no other currency has it, or else the code.
func symbols(codes []string, english map[string]currency) map[string]string {
	users := map[string]int{}
	for _, code := range codes {
		c := english[code]
		users[c.Symbol]++
		if c.Narrow != c.Symbol {
			users[c.Narrow]++
		}
	}
	out := map[string]string{}
	for _, code := range codes {
		c := english[code]
		switch {
		case c.Symbol != "" && c.Symbol != code:
			out[code] = c.Symbol
		case c.Narrow != "" && users[c.Narrow] == 1:
			out[code] = c.Narrow
		default:
			out[code] = code
		}
	}
	return out
}
