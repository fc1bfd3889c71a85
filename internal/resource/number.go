package resource

import (
	"errors"
	"math"
	"strconv"
)

// Errors of ParseNumber and FloorNumber.
var (
	ErrNotNumber   = errors.New("not a number")
	ErrNumberRange = errors.New("number is out of range")
)

// ParseNumber reads a decimal number in JSON syntax, with or without an
// exponent, and returns it times 10^scale, rounded half away from zero. Exact
// says that nothing was rounded off. It takes time linear in the text, however
// large the exponent.
//
// The error is ErrNotNumber, or ErrNumberRange with the nearest value an int64
// holds.
func ParseNumber(text string, scale int) (v int64, exact bool, err error) {
	d, err := scanDecimal(text, scale)
	if err != nil {
		return d.limit(), false, err
	}
	if d.rest >= half {
		d.mag++ // cannot wrap: scanDecimal stays below 2^63+1
	}
	if v, ok := d.value(); ok {
		return v, d.rest == nothing, nil
	}
	return d.limit(), false, ErrNumberRange
}

// FloorNumber is ParseNumber with another rounding: it returns the largest value
// that is not above the number, so that the next one up is the ceiling unless
// the number is exact.
func FloorNumber(text string, scale int) (v int64, exact bool, err error) {
	d, err := scanDecimal(text, scale)
	if err != nil {
		return d.limit(), false, err
	}
	if d.rest != nothing && d.neg {
		d.mag++
	}
	if v, ok := d.value(); ok {
		return v, d.rest == nothing, nil
	}
	return d.limit(), false, ErrNumberRange
}

// decimal is sign, magnitude, and what of the number is beyond the last digit.
type decimal struct {
	neg  bool
	mag  uint64
	rest fraction
}

// fraction sorts the part of a number that its scale cannot hold.
type fraction uint8

const (
	nothing fraction = iota
	small            // more than nothing, less than a half
	half             // a half or more
)

func (d decimal) value() (int64, bool) {
	switch {
	case !d.neg && d.mag <= math.MaxInt64:
		return int64(d.mag), true
	case d.neg && d.mag <= 1<<63:
		return -int64(d.mag), true // of 1<<63: wraps to itself, which is right
	default:
		return 0, false
	}
}

// limit is the int64 nearest to a number that is out of range.
func (d decimal) limit() int64 {
	if d.neg {
		return math.MinInt64
	}
	return math.MaxInt64
}

// maxExponent bounds the exponent while it is read. No text that reaches us has
// so many digits that they could make up for it.
const maxExponent = 1 << 27

// scanDecimal splits text × 10^scale into a whole magnitude of at most 2^63 and
// a rest.
func scanDecimal(text string, scale int) (d decimal, err error) {
	s := text
	if s != "" && s[0] == '-' {
		d.neg, s = true, s[1:]
	}
	whole := digits(s)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return d, ErrNotNumber
	}
	s = s[len(whole):]
	frac := ""
	if s != "" && s[0] == '.' {
		if frac = digits(s[1:]); frac == "" {
			return d, ErrNotNumber
		}
		s = s[1+len(frac):]
	}
	exponent := 0
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		minus := false
		if s != "" && (s[0] == '+' || s[0] == '-') {
			minus, s = s[0] == '-', s[1:]
		}
		exp := digits(s)
		if exp == "" {
			return d, ErrNotNumber
		}
		s = s[len(exp):]
		for _, c := range []byte(exp) {
			exponent = min(exponent*10+int(c-'0'), maxExponent)
		}
		if minus {
			exponent = -exponent
		}
	}
	if s != "" {
		return d, ErrNotNumber
	}

	// point is the place of the decimal point of the result, counted in digits
	// of whole and frac together.
	point := len(whole) + exponent + scale
	at := func(i int) byte {
		if i < len(whole) {
			return whole[i]
		}
		return frac[i-len(whole)]
	}
	n := len(whole) + len(frac)
	for i := 0; i < n; i++ {
		c := at(i)
		switch {
		case i < point:
			if d.mag > (1<<63)/10 {
				return d, ErrNumberRange
			}
			d.mag = d.mag*10 + uint64(c-'0')
		case i == point && c >= '5':
			d.rest = half
		case c != '0' && d.rest == nothing:
			d.rest = small
		}
	}
	for i := n; i < point && d.mag != 0; i++ {
		if d.mag > (1<<63)/10 {
			return d, ErrNumberRange
		}
		d.mag *= 10
	}
	if d.mag > 1<<63 {
		return d, ErrNumberRange
	}
	return d, nil
}

// digits returns the digits that s begins with.
func digits(s string) string {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i]
}

// AppendNumber appends v / 10^scale as the shortest exact JSON number: 5000,
// 1999.99, -0.5. It never uses an exponent. It does not allocate beyond dst.
func AppendNumber(dst []byte, v int64, scale int) []byte {
	mag := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		mag = -mag
	}
	for ; scale > 0 && mag%10 == 0; scale-- {
		if mag == 0 {
			return append(dst, '0')
		}
		mag /= 10
	}
	if scale <= 0 {
		return strconv.AppendUint(dst, mag, 10)
	}
	var buf [20]byte
	d := strconv.AppendUint(buf[:0], mag, 10)
	if len(d) > scale {
		dst = append(dst, d[:len(d)-scale]...)
		dst = append(dst, '.')
		return append(dst, d[len(d)-scale:]...)
	}
	dst = append(dst, '0', '.')
	for i := len(d); i < scale; i++ {
		dst = append(dst, '0')
	}
	return append(dst, d...)
}
