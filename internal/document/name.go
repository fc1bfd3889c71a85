package document

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	maxName      = 255 // characters: what file systems and the name column take
	maxExtension = 32  // characters: the extension column
)

// cleanName makes a name safe to show and to save a file under. Separators of
// paths, control characters and the marks that turn the direction of writing,
// with which "fdp.exe" can be made to read "exe.pdf", become underscores.
func cleanName(field, name string) (string, error) {
	clean := strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '/', r == '\\', r == utf8.RuneError, unicode.IsControl(r),
			r == '\u2028', r == '\u2029', // line and paragraph separators
			r == '\u061c', r == '\u200e', r == '\u200f', // direction marks
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', // direction overrides and isolates
			r == '\ufeff':
			return '_'
		}
		return r
	}, strings.TrimSpace(name)))
	if clean == "." || clean == ".." {
		clean = strings.Repeat("_", len(clean))
	}
	if clean == "" {
		return "", fault.InField(field, "%s is required", field)
	}
	if n := utf8.RuneCountInString(clean); n > maxName {
		return "", fault.InField(field, "%s has %d characters; at most %d are allowed", field, n, maxName)
	}
	return clean, nil
}

// extensionOf returns what follows the last dot of a name, in lower case, or ""
// when that does not look like an extension.
func extensionOf(name string) string {
	ext := strings.TrimPrefix(path.Ext(name), ".")
	if ext == "" || len(ext) > maxExtension || len(ext)+1 == len(name) {
		return ""
	}
	for _, r := range ext {
		if r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return ""
		}
	}
	return strings.ToLower(ext)
}

// storedName is the name of a document in the vendor's storage, as lists show
// it: "0000014.jpg" [DOC].
func storedName(id int64, extension string) string {
	if extension == "" {
		return fmt.Sprintf("%07d", id)
	}
	return fmt.Sprintf("%07d.%s", id, extension)
}
