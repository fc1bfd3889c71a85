package sage

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/resource"
)

// Page sizes. 50 is the documented default; the maximum is ours, since the
// documents name none.
const (
	defaultCount = 50
	maxCount     = 1000
)

// query is the query string as lenient clients need it: raw spaces, "&&", a "%"
// that starts no escape, "+" for a space, and names in any letter case [CLIENT].
type query map[string]string

// parseQuery never fails. The first value of a name counts.
func parseQuery(raw string) query {
	q := query{}
	for raw != "" {
		var piece string
		piece, raw, _ = strings.Cut(raw, "&")
		name, value, _ := strings.Cut(piece, "=")
		name, value = strings.ToLower(unescape(name)), unescape(value)
		if name == "where" && oddQuotes(value) {
			value, raw = readOn(value, raw)
		}
		if _, ok := q[name]; !ok && name != "" {
			q[name] = value
		}
	}
	return q
}

// readOn reads a value with an open quote on to the quote that closes it, or to
// the end: where=name='A&B' with a bare & is one value.
func readOn(value, raw string) (string, string) {
	b := []byte(value)
	for open := true; open && raw != ""; {
		var piece string
		piece, raw, _ = strings.Cut(raw, "&")
		piece = unescape(piece)
		b = append(append(b, '&'), piece...)
		open = !oddQuotes(piece)
	}
	return string(b), raw
}

func oddQuotes(s string) bool { return strings.Count(s, "'")%2 == 1 }

// unescape decodes %XX and +. A % that starts no escape stays as it is, as in
// where=name LIKE 'x%'; and so do escapes that would not be UTF-8, since
// LIKE '%acme%' sent as it stands does not mean the byte 0xAC.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
			i++
		case s[i] == '%':
			r, n := escapedRune(s[i:])
			b = append(b, r...)
			i += n
		default:
			b = append(b, s[i])
			i++
		}
	}
	return string(b)
}

// escapedRune decodes the one UTF-8 character whose escapes s starts with, and
// says how much of s that was; without one it returns the "%" itself.
func escapedRune(s string) ([]byte, int) {
	var b []byte
	for n := 0; n+2 < len(s) && s[n] == '%' && isHex(s[n+1]) && isHex(s[n+2]) && len(b) < utf8.UTFMax; {
		c, _ := strconv.ParseUint(s[n+1:n+3], 16, 8)
		b = append(b, byte(c))
		n += 3
		if utf8.Valid(b) {
			return b, n
		}
	}
	return []byte{'%'}, 1
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// pageSize reads the Count header, or X-FM-Entity-Count, its newer name in the
// documents; Count wins. Nonsense is the default, too much the maximum.
func pageSize(h http.Header) int {
	for _, name := range []string{"Count", "X-Fm-Entity-Count"} {
		if v := h.Get(name); v != "" {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			switch {
			case err != nil && strings.Trim(v, "0123456789") == "":
				return maxCount // digits only, but too many for an int
			case err != nil || n <= 0:
				return defaultCount
			default:
				return min(n, maxCount)
			}
		}
	}
	return defaultCount
}

// maxPage keeps page*count within an int on every platform. Nobody has that
// many rows.
const maxPage = 1 << 30 / maxCount

// pageNumber reads ?page=, or X-FM-Page, which some clients send instead
// [CLIENT]; it counts from 0, and nonsense is 0.
func pageNumber(q query, h http.Header) int {
	v, ok := q["page"]
	if !ok {
		v = h.Get("X-Fm-Page")
	}
	n, err := strconv.Atoi(strings.TrimSpace(v))
	if err != nil && v != "" && strings.Trim(v, "0123456789") == "" {
		return maxPage
	}
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxPage)
}

// offsets reads ?offset= and ?count=, which some lists know [DOC]: how many rows
// to leave out, and how many to send, 0 = not said. ok is false when neither is
// there; nonsense is 0.
func offsets(q query) (skip, count int, ok bool) {
	offset, hasOffset := q["offset"]
	size, hasCount := q["count"]
	skip, _ = strconv.Atoi(strings.TrimSpace(offset))
	count, _ = strconv.Atoi(strings.TrimSpace(size))
	return min(max(skip, 0), maxPage*maxCount), min(max(count, 0), maxCount), hasOffset || hasCount
}

// language reads ?lang= in any letter case; fallback is the user's own.
func language(q query, fallback int) int {
	if i := slices.Index(resource.Languages, strings.ToUpper(strings.TrimSpace(q["lang"]))); i >= 0 {
		return i
	}
	return fallback
}
