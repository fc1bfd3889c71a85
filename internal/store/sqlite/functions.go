package sqlite

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"
)

// registerFunctions gives a connection the SQL functions of this package:
//
//	fold(x)            resource.Fold(x)
//	dlike(pattern, x)  whether fold(x) is like pattern, in which % stands for any
//	                   text, _ for one character, and nothing can be escaped;
//	                   pattern is folded already
//
// Both are null when x is null.
func registerFunctions(db *sqlite3.Conn) error {
	const flags = sqlite3.DETERMINISTIC | sqlite3.INNOCUOUS
	// One buffer serves the connection: its functions never run at once.
	var buf []byte
	err := db.CreateFunction("fold", 1, flags, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		text := arg[0].RawText()
		switch {
		case text == nil:
			ctx.ResultNull()
		case isFolded(text):
			ctx.ResultValue(arg[0])
		default:
			buf = appendFold(buf[:0], text)
			ctx.ResultRawText(buf)
		}
	})
	if err != nil {
		return err
	}
	return db.CreateFunction("dlike", 2, flags, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		// SQLite keeps the compiled pattern as long as the argument is constant.
		p, ok := ctx.GetAuxData(0).(*pattern)
		if !ok {
			text := arg[0].RawText()
			if text == nil {
				ctx.ResultNull()
				return
			}
			p = compile(text)
			ctx.SetAuxData(0, p)
		}
		text := arg[1].RawText()
		if text == nil {
			ctx.ResultNull()
			return
		}
		var match bool
		match, buf = p.match(text, buf)
		ctx.ResultBool(match)
	})
}

// pattern is a compiled pattern of dlike.
type pattern struct {
	parts [][]byte // the text between the %, none of it empty but first and last
	plain bool     // no _ in it
	ascii bool     // so it can only be found in text that folds to ASCII here
}

func compile(folded []byte) *pattern {
	p := &pattern{plain: bytes.IndexByte(folded, '_') < 0, ascii: isASCII(folded)}
	all := bytes.Split(bytes.Clone(folded), []byte{'%'})
	for i, part := range all {
		if i == 0 || i == len(all)-1 || len(part) > 0 {
			p.parts = append(p.parts, part)
		}
	}
	return p
}

// match reports whether the fold of text matches. It may use buf as scratch
// space, and returns it.
func (p *pattern) match(text, buf []byte) (bool, []byte) {
	if isASCII(text) {
		if p.plain && !p.ascii {
			return false, buf
		}
		// The form %x%, by far the most frequent, needs no copy.
		if p.plain && len(p.parts) == 3 && len(p.parts[0]) == 0 && len(p.parts[2]) == 0 {
			return indexFold(text, p.parts[1]) >= 0, buf
		}
	}
	buf = appendFold(buf[:0], text)
	return p.matchFolded(buf), buf
}

// matchFolded matches each part as early as it can, which is right for all but
// the last part, and that one is tied to the end.
func (p *pattern) matchFolded(text []byte) bool {
	n, ok := p.prefix(text, p.parts[0])
	if !ok {
		return false
	}
	text = text[n:]
	if len(p.parts) == 1 {
		return len(text) == 0
	}
	last := len(p.parts) - 1
	for _, part := range p.parts[1:last] {
		if p.plain {
			n := bytes.Index(text, part)
			if n < 0 {
				return false
			}
			text = text[n+len(part):]
			continue
		}
		for {
			if n, ok := p.prefix(text, part); ok {
				text = text[n:]
				break
			}
			if len(text) == 0 {
				return false
			}
			_, n := utf8.DecodeRune(text)
			text = text[n:]
		}
	}
	return p.suffix(text, p.parts[last])
}

// prefix reports whether text begins with part, and how many bytes that takes.
func (p *pattern) prefix(text, part []byte) (n int, ok bool) {
	if p.plain {
		return len(part), bytes.HasPrefix(text, part)
	}
	for _, b := range part {
		switch {
		case n >= len(text):
			return 0, false
		case b == '_':
			_, size := utf8.DecodeRune(text[n:])
			n += size
		case b != text[n]:
			return 0, false
		default:
			n++
		}
	}
	return n, true
}

// suffix reports whether text ends with part.
func (p *pattern) suffix(text, part []byte) bool {
	if p.plain {
		return bytes.HasSuffix(text, part)
	}
	n := len(text)
	for i := len(part) - 1; i >= 0; i-- {
		switch b := part[i]; {
		case n == 0:
			return false
		case b == '_':
			_, size := utf8.DecodeLastRune(text[:n])
			n -= size
		case b != text[n-1]:
			return false
		default:
			n--
		}
	}
	return true
}

// indexFold returns where part, folded ASCII, stands in ASCII text in any letter
// case, or -1.
func indexFold(text, part []byte) int {
	if len(part) == 0 {
		return 0
	}
	first := part[0]
	upper := first
	if 'a' <= first && first <= 'z' {
		upper -= 'a' - 'A'
	}
next:
	for i := 0; i+len(part) <= len(text); i++ {
		if c := text[i]; c != first && c != upper {
			continue
		}
		for j := 1; j < len(part); j++ {
			if lower(text[i+j]) != part[j] {
				continue next
			}
		}
		return i
	}
	return -1
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// isASCII reports whether text has no byte of 0x80 or above.
func isASCII(text []byte) bool {
	const high = 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		if binary.NativeEndian.Uint64(text)&high != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isFolded reports whether text is ASCII without capital letters.
func isFolded(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// appendFold appends resource.Fold(text) to dst, without further allocation.
func appendFold(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			dst = append(dst, lower(c))
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
		i += size
	}
	return dst
}
