package resource

import (
	"errors"
	"time"
)

// ErrNotInstant is the error of ParseInstant and FloorInstant.
var ErrNotInstant = errors.New("not a date such as 2025-01-31T09:30:00Z")

// ParseInstant reads a date, with or without a time, as milliseconds since 1970
// UTC. Digits beyond the millisecond are cut off. The years 1 to 9999 are
// accepted, and days that exist; the error is ErrNotInstant.
//
//	2018-10-10 00:00:00        [CLIENT]
//	2025-01-01T00:00:00.123Z   [CLIENT] any number of digits after the point
//	2018-10-10T00:00:00+07:00  [CLIENT] or +0700
//	2018-10-10 09:30           minutes without seconds
//	2018-10-10                 [DOC] midnight UTC
//	2018/10/10 09:30:00        [DOC] with slashes, all of the above
//
// Without a zone the time is UTC. A space stands for the plus of an offset too:
// that is what a plus sent unescaped in a URL arrives as.
func ParseInstant(text string) (ms int64, err error) {
	ms, _, err = FloorInstant(text)
	return ms, err
}

// FloorInstant is ParseInstant which also says whether the text means exactly
// the millisecond returned, or a moment up to one millisecond later.
func FloorInstant(text string) (ms int64, exact bool, err error) {
	s := scanner{text: text}
	year := s.number(4)
	sep := s.either('-', '/')
	month := s.number(2)
	s.want(sep)
	day := s.number(2)
	if s.bad || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year) {
		return 0, false, ErrNotInstant
	}
	ms = daysFrom1970(year, month, day) * dayMillis
	if s.done() {
		return ms, true, nil
	}

	if !s.skip('T') && !s.skip('t') {
		s.want(' ')
	}
	hour := s.number(2)
	s.want(':')
	minute := s.number(2)
	second, millis := 0, 0
	exact = true
	if s.skip(':') {
		second = s.number(2)
		if s.skip('.') {
			millis, exact = s.fraction()
		}
	}
	offset := s.offset()
	if s.bad || !s.done() || hour > 23 || minute > 59 || second > 59 {
		return 0, false, ErrNotInstant
	}
	ms += int64(((hour*60+minute-offset)*60+second)*1000 + millis)
	if ms < minInstant || ms > maxInstant {
		return 0, false, ErrNotInstant // an offset moved it out of the years we can show
	}
	return ms, exact, nil
}

// FloorInstant is the function of this name for values of f. For a day a year
// may be of two digits, which are of this century: "15/07/16" is the 16th of July
// 2015 [DOC calendar].
func (f *Field) FloorInstant(text string) (ms int64, exact bool, err error) {
	if f.Day && len(text) >= 3 && (text[2] == '/' || text[2] == '-') {
		text = "20" + text
	}
	return FloorInstant(text)
}

const (
	dayMillis  = 24 * 60 * 60 * 1000
	minInstant = -62135596800000 // 0001-01-01T00:00:00Z
	maxInstant = 253402300799999 // 9999-12-31T23:59:59.999Z
)

// scanner reads a date from left to right. The first mismatch sets bad, after
// which nothing is read any more.
type scanner struct {
	text string
	pos  int
	bad  bool
}

func (s *scanner) done() bool { return s.pos == len(s.text) }

// number reads exactly n digits.
func (s *scanner) number(n int) (v int) {
	if len(s.text)-s.pos < n {
		s.bad = true
	}
	for ; !s.bad && n > 0; n-- {
		c := s.text[s.pos] - '0'
		if c > 9 {
			s.bad = true
			break
		}
		v = v*10 + int(c)
		s.pos++
	}
	return v
}

// skip reads c if it is next.
func (s *scanner) skip(c byte) bool {
	if s.bad || s.done() || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) want(c byte) {
	if !s.skip(c) {
		s.bad = true
	}
}

func (s *scanner) either(a, b byte) byte {
	if s.skip(a) {
		return a
	}
	s.want(b)
	return b
}

// fraction reads the digits after the point of the seconds, at least one.
func (s *scanner) fraction() (millis int, exact bool) {
	d := digits(s.text[s.pos:])
	s.pos += len(d)
	if d == "" {
		s.bad = true
	}
	exact = true
	for i, unit := 0, 100; i < len(d); i, unit = i+1, unit/10 {
		millis += int(d[i]-'0') * unit
		exact = exact && (unit > 0 || d[i] == '0')
	}
	return millis, exact
}

// offset reads the zone, if there is one, in minutes east of UTC.
func (s *scanner) offset() (minutes int) {
	if s.bad || s.done() || s.skip('Z') || s.skip('z') {
		return 0
	}
	minus := s.skip('-')
	if !minus && !s.skip('+') {
		s.want(' ')
	}
	hour := s.number(2)
	s.skip(':')
	minute := s.number(2)
	if hour > 23 || minute > 59 {
		s.bad = true
	}
	if minus {
		return -(hour*60 + minute)
	}
	return hour*60 + minute
}

func daysIn(month, year int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	default:
		return 31
	}
}

func daysFrom1970(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / (dayMillis / 1000)
}

// AppendInstant appends the moment as RFC 3339 in UTC without quotes, with the
// zeros at the end of the fraction left out: 2025-01-31T09:30:00Z,
// 2025-01-31T09:30:38.2Z [LIVE]. It does not allocate beyond dst.
func AppendInstant(dst []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, time.RFC3339Nano)
}
