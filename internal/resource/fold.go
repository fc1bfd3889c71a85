package resource

import "strings"

// Fold returns s with every letter in lower case, rune by rune with the simple
// mapping of unicode.ToLower. It is what "without regard to letter case" means
// everywhere: accents stay (Fold("Á") is "á", not "a"), 'ß' stays 'ß', and bytes
// that are no UTF-8 become U+FFFD. Text that is folded already is returned as it
// is, without allocation.
//
// Every database must agree with it for every rune.
func Fold(s string) string { return strings.ToLower(s) }
