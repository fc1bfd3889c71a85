package resource

import "strings"

// Telephone numbers are written in as many ways as there are people: "+34 667 42
// 60 52", "0034667426052", "667-426-052". Two texts mean the same telephone when
// their digits are the same, or when the one lacks what stands before a national
// number in the other (country and trunk prefix). What is compared at the end of
// a number must be at least samePhoneDigits long, so that extensions such as
// "123" do not match half the world.
const samePhoneDigits = 7

// tailModulus keeps the last samePhoneDigits digits.
const tailModulus = 10_000_000

// PhoneTail returns the last seven digits of a telephone number as a number: what
// a Field with TailOf keeps, and what numbers that are the same have in common.
// Null for a text without digits.
func PhoneTail(number string) Value {
	digits := phoneDigits(number)
	if digits == "" {
		return Value{}
	}
	var n int64
	for _, c := range []byte(digits) {
		n = (n*10 + int64(c-'0')) % tailModulus
	}
	return IntValue(n)
}

// SamePhone reports whether two texts mean the same telephone number.
func SamePhone(a, b string) bool {
	a, b = phoneDigits(a), phoneDigits(b)
	if len(a) < len(b) {
		a, b = b, a
	}
	return b != "" && (a == b || len(b) >= samePhoneDigits && strings.HasSuffix(a, b))
}

// phoneDigits are the digits of a number without the zeros that it begins with:
// the international prefix 00 and the trunk prefix 0. What follows a letter, as in
// "ext. 12", is an extension and does not count.
func phoneDigits(number string) string {
	var b []byte
	for _, c := range []byte(number) {
		switch {
		case c >= '0' && c <= '9':
			if c != '0' || len(b) > 0 {
				b = append(b, c)
			}
		case len(b) > 0 && (c|0x20 >= 'a' && c|0x20 <= 'z' || c == '#'):
			return string(b)
		}
	}
	return string(b)
}
