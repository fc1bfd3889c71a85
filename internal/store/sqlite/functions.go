package sqlite

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/internal/filter"
)

// registerFunctions gives a connection the SQL functions of this package:
//
//	fold(x)            resource.Fold(x)
//	dlike(pattern, x)  whether fold(x) is like pattern, in which % stands for any
//	                   text, _ for one character, and nothing can be escaped;
//	                   pattern is folded already
//
// Both are null when x is null. While one runs, and after it panicked, *running is
// true.
func registerFunctions(db *sqlite3.Conn, running *bool) error {
	create := func(name string, args int, fn sqlite3.ScalarFunction) error {
		return db.CreateFunction(name, args, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
			*running = true
			fn(ctx, arg...)
			*running = false
		})
	}
	// One buffer serves the connection: its functions never run at once.
	var buf []byte
	err := create("fold", 1, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
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
	return create("dlike", 2, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
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
	text  string
	parts [][]byte // what stands between the %, but nothing empty except at the ends; nil with _
	ascii bool     // without other characters
}

func compile(folded []byte) *pattern {
	p := &pattern{text: string(folded), ascii: isASCII(folded)}
	if bytes.IndexByte(folded, '_') >= 0 {
		return p
	}
	all := bytes.Split([]byte(p.text), []byte{'%'})
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
	if p.parts != nil && isASCII(text) {
		if !p.ascii {
			return false, buf
		}
		// The form %x%, by far the most frequent, needs no copy.
		if len(p.parts) == 3 && len(p.parts[0]) == 0 && len(p.parts[2]) == 0 {
			return containsFold(text, p.parts[1]), buf
		}
	}
	buf = appendFold(buf[:0], text)
	if p.parts == nil {
		return filter.MatchLike(p.text, string(buf)), buf
	}
	return p.matchParts(buf), buf
}

// matchParts matches each part as early as it can, which is right for all but
// the last, and that one is tied to the end.
func (p *pattern) matchParts(text []byte) bool {
	first, last := p.parts[0], len(p.parts)-1
	if last == 0 {
		return bytes.Equal(text, first)
	}
	if !bytes.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for _, part := range p.parts[1:last] {
		n := bytes.Index(text, part)
		if n < 0 {
			return false
		}
		text = text[n+len(part):]
	}
	return bytes.HasSuffix(text, p.parts[last])
}

// containsFold reports whether part, which is folded ASCII and not empty, is in
// the ASCII text in any letter case.
func containsFold(text, part []byte) bool {
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
		return true
	}
	return false
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
