package filter

import (
	"strings"
	"unicode/utf8"
)

// MatchLike reports whether, as the operator Like does, s matches the pattern, in which % stands for any text and
// _ for one character; there is no escape. Letter case counts: callers fold both.
//
// It takes time proportional to the lengths of both for patterns without _, and
// len(s) · (1 + characters between two % / 64) with it, whatever the pattern. It
// allocates only for more than 64 characters, a _ among them, between two %.
func MatchLike(pattern, s string) bool {
	i := strings.IndexByte(pattern, '%')
	if i < 0 {
		n, ok := prefix(pattern, s)
		return ok && n == len(s)
	}
	n, ok := prefix(pattern[:i], s)
	if !ok {
		return false
	}
	s, pattern = s[n:], pattern[i+1:]
	for {
		// Taking the first place where the part fits leaves the most for the rest.
		if i = strings.IndexByte(pattern, '%'); i < 0 {
			return suffix(pattern, s)
		}
		if n = find(pattern[:i], s); n < 0 {
			return false
		}
		s, pattern = s[n:], pattern[i+1:]
	}
}

// prefix reports whether s begins with part, in which _ is any character, and
// how many bytes of s that takes.
func prefix(part, s string) (n int, ok bool) {
	for part != "" {
		i := strings.IndexByte(part, '_')
		if i < 0 {
			return n + len(part), strings.HasPrefix(s[n:], part)
		}
		if !strings.HasPrefix(s[n:], part[:i]) || n+i == len(s) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(s[n+i:])
		n += i + size
		part = part[i+1:]
	}
	return n, true
}

// suffix reports whether s ends with part.
func suffix(part, s string) bool {
	if strings.IndexByte(part, '_') < 0 {
		return strings.HasSuffix(s, part)
	}
	start := len(s)
	for range utf8.RuneCountInString(part) {
		if start == 0 {
			return false
		}
		_, size := utf8.DecodeLastRuneInString(s[:start])
		start -= size
	}
	n, ok := prefix(part, s[start:])
	return ok && start+n == len(s)
}

// find returns where in s the first match of part ends, or -1.
func find(part, s string) int {
	if strings.IndexByte(part, '_') < 0 {
		i := strings.Index(s, part)
		if i < 0 {
			return -1
		}
		return i + len(part)
	}
	if n := utf8.RuneCountInString(part); n > 64 {
		return findLong(part, n, s)
	}

	// Bit i of state says that the first i+1 characters of part match what ends
	// here; bit i of a mask, that character i of part may be the given one.
	var ascii [utf8.RuneSelf]uint64
	var wild, last uint64
	i := 0
	for _, r := range part {
		last = 1 << i
		switch {
		case r == '_':
			wild |= last
		case r < utf8.RuneSelf:
			ascii[r] |= last
		}
		i++
	}
	var state uint64
	for pos, r := range s {
		mask := wild
		if r < utf8.RuneSelf {
			mask |= ascii[r]
		} else {
			i = 0
			for _, c := range part {
				if c == r {
					mask |= 1 << i
				}
				i++
			}
		}
		if state = (state<<1 | 1) & mask; state&last != 0 {
			_, size := utf8.DecodeRuneInString(s[pos:])
			return pos + size
		}
	}
	return -1
}

// findLong is find for parts of n > 64 characters: the same with several words.
func findLong(part string, n int, s string) int {
	words := (n + 63) / 64
	wild := make([]uint64, words)
	masks := map[rune][]uint64{}
	i := 0
	for _, r := range part {
		mask := wild
		if r != '_' {
			if mask = masks[r]; mask == nil {
				mask = make([]uint64, words)
				masks[r] = mask
			}
		}
		mask[i/64] |= 1 << (i % 64)
		i++
	}
	for _, mask := range masks {
		for w := range mask {
			mask[w] |= wild[w]
		}
	}
	state := make([]uint64, words)
	for pos, r := range s {
		mask := masks[r]
		if mask == nil {
			mask = wild
		}
		carry := uint64(1)
		for w, bits := range state {
			state[w] = (bits<<1 | carry) & mask[w]
			carry = bits >> 63
		}
		if state[words-1]>>((n-1)%64)&1 != 0 {
			_, size := utf8.DecodeRuneInString(s[pos:])
			return pos + size
		}
	}
	return -1
}
