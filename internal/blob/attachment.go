package blob

import (
	"strings"
	"unicode/utf8"
)

// Attachment returns a Content-Disposition that makes a browser save the content
// under this file name. Names beyond ASCII go by RFC 6266: an approximation for
// old clients and the exact name in UTF-8.
func Attachment(filename string) string {
	var plain, exact strings.Builder
	ascii := true
	for i, r := range filename {
		switch {
		case r == utf8.RuneError, r < ' ', r == 0x7f:
			plain.WriteByte('_') // neither belongs into a header
			exact.WriteString("%5F")
			ascii = false
			continue
		case r >= utf8.RuneSelf:
			plain.WriteByte('_')
			ascii = false
		case r == '"' || r == '\\' || r == '%':
			// Quoting and percent signs are read differently from client to
			// client, so only the exact form has them.
			plain.WriteByte('_')
			ascii = false
		default:
			plain.WriteByte(byte(r))
		}
		for _, c := range []byte(filename[i : i+utf8.RuneLen(r)]) {
			if attrChar(c) {
				exact.WriteByte(c)
			} else {
				exact.WriteByte('%')
				exact.WriteByte("0123456789ABCDEF"[c>>4])
				exact.WriteByte("0123456789ABCDEF"[c&15])
			}
		}
	}
	s := `attachment; filename="` + plain.String() + `"`
	if !ascii {
		s += "; filename*=UTF-8''" + exact.String()
	}
	return s
}

// attrChar reports whether c stands for itself in an extended parameter (RFC
// 8187, attr-char).
func attrChar(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("!#$&+-.^_`|~", c) >= 0
}
