package document

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

const (
	maxName      = 255 // characters: what file systems take
	maxExtension = 32  // characters: the extension column
)

// Policy is what a dialect asks of the names of documents. The zero value is for
// names of up to 255 characters with any extension.
type Policy struct {
	// Extensions are the ones that are taken, without dots and in any case, as the
	// dialect's reference prints them; nil = all, and none. Of several in a name,
	// the last one counts.
	Extensions []string

	MaxName int // characters; 0 = 255
}

// Check returns a name as it is kept: safe to show, and to save a file under on any
// system. Errors are about the field "name": fault.Invalid for a name that is empty
// or too long, and fault.Unsupported for an extension that is not taken.
func (p Policy) Check(name string) (string, error) {
	limit := p.MaxName
	if limit == 0 {
		limit = maxName
	}
	clean, err := cleanName(fieldName, name, limit)
	if err != nil || p.Extensions == nil {
		return clean, err
	}
	ext := extensionOf(clean)
	if !slices.ContainsFunc(p.Extensions, func(taken string) bool { return strings.EqualFold(taken, ext) }) {
		e := fault.New(fault.Unsupported, "files of type %q are not taken; use one of %s", ext, strings.Join(p.Extensions, ", "))
		e.Field = fieldName
		return "", e
	}
	return clean, nil
}

// BaseName returns what stands behind the last slash or backslash of a path, for
// dialects whose clients send the paths of their own files.
func BaseName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// cleanName makes a name safe to show and to save a file under. Separators of
// paths, control characters and the marks that turn the direction of writing,
// with which "fdp.exe" can be made to read "exe.pdf", become underscores. So do the
// colon of a drive and dots at the end, which Windows drops ("x.exe." is a program
// there); the names of its devices get one in front.
func cleanName(field, name string, limit int) (string, error) {
	clean := strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '/', r == '\\', r == utf8.RuneError, unicode.IsControl(r),
			r == '\u2028', r == '\u2029', // line and paragraph separators
			r == '\u061c', r == '\u200e', r == '\u200f', // direction marks
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', // direction overrides and isolates
			r == '\u200b', r == '\u2060', r == '\ufeff': // no width, no use
			return '_'
		}
		return r
	}, strings.TrimSpace(name)))
	if stem := strings.TrimRight(clean, "."); len(stem) < len(clean) {
		clean = stem + strings.Repeat("_", len(clean)-len(stem))
	}
	if len(clean) > 1 && clean[1] == ':' && unicode.IsLetter(rune(clean[0])) {
		clean = clean[:1] + "_" + clean[2:]
	}
	if isDevice(clean) {
		clean = "_" + clean
	}
	if clean == "" {
		return "", fault.InField(field, "%s is required", field)
	}
	if n := utf8.RuneCountInString(clean); n > limit {
		return "", fault.InField(field, "%s has %d characters; at most %d are allowed", field, n, limit)
	}
	return clean, nil
}

// isDevice reports whether Windows takes a name for that of a device, which it does
// whatever comes behind the first dot.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem, _, _ = strings.Cut(stem, ":")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	if len(stem) < 4 || stem[:3] != "COM" && stem[:3] != "LPT" {
		return false
	}
	switch stem[3:] {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
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
