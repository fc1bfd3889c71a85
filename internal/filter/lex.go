package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// lexeme is the sort of a token.
type lexeme uint8

const (
	end      lexeme = iota
	word            // field name, keyword, or a literal without quotes
	quoted          // literal in single or double quotes
	operator        // = <> != > >= < <=
	open            // (
	closing         // )
	comma
)

type token struct {
	is   lexeme
	pos  int    // byte offset in the text
	text string // as written; of quoted: what the quotes mean
	op   Op     // of operator
}

// parser reads one text. The first failure is kept and makes every further token
// the end of the text, so that all loops end and callers need no error checks on
// their way out.
type parser struct {
	cat       *resource.Catalog
	res       *resource.Resource
	names     Names
	text      string
	pos       int // where the next token is looked for
	tok       token
	afterWord bool // the token before tok was a literal without quotes
	terms     int
	items     int
	err       *fault.Error
}

// newParser checks the text as a whole and reads its first token.
func newParser(cat *resource.Catalog, res *resource.Resource, text, what string, names Names) *parser {
	p := &parser{cat: cat, res: res, text: text, names: names}
	if len(text) > MaxBytes {
		p.err = fault.New(fault.Query, "%s is longer than %d bytes", what, MaxBytes)
		return p
	}
	if i := invalid(text); i >= 0 {
		p.fail(i, "", "%s has a character that is not text", what)
		return p
	}
	p.next()
	return p
}

// invalid returns the offset of the first byte that is no UTF-8 or NUL, which no
// database takes as text, or -1.
func invalid(s string) int {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return i
	}
	if utf8.ValidString(s) {
		return -1
	}
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

// fail keeps the first failure: the message, the position as a 1-based count of
// characters, and a hint if there is one.
func (p *parser) fail(pos int, hint, format string, args ...any) {
	if p.err != nil {
		return
	}
	p.err = fault.New(fault.Query, format, args...)
	p.err.Msg += " at position " + decimal(utf8.RuneCountInString(p.text[:pos])+1)
	if hint != "" {
		p.err.Msg += "; " + hint
	}
	p.pos = len(p.text)
	p.tok = token{pos: p.pos}
}

// next reads the next token into p.tok.
func (p *parser) next() {
	p.afterWord = false
	p.skipSpace()
	start := p.pos
	p.tok = token{pos: start}
	if start == len(p.text) {
		return
	}
	switch c := p.text[start]; c {
	case '(':
		p.take(open, 1)
	case ')':
		p.take(closing, 1)
	case ',':
		p.take(comma, 1)
	case '=', '<', '>', '!':
		p.operator()
	case '\'', '"':
		p.quoted(c)
	default:
		p.word()
	}
}

func (p *parser) take(is lexeme, n int) {
	p.tok.is, p.tok.text = is, p.text[p.pos:p.pos+n]
	p.pos += n
}

func (p *parser) skipSpace() {
	for p.pos < len(p.text) {
		r, n := rune(p.text[p.pos]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(p.text[p.pos:])
		}
		if !unicode.IsSpace(r) {
			return
		}
		p.pos += n
	}
}

func (p *parser) operator() {
	rest := p.text[p.pos:]
	for _, o := range [...]struct {
		text string
		op   Op
	}{{"=", Eq}, {"<>", Ne}, {"!=", Ne}, {"<=", Le}, {">=", Ge}, {"<", Lt}, {">", Gt}} {
		if strings.HasPrefix(rest, o.text) {
			p.take(operator, len(o.text))
			p.tok.op = o.op
			return
		}
	}
	p.fail(p.pos, "", "unexpected %s", quote(rest[:1]))
}

// quoted reads a literal in quotes, in which a doubled quote stands for one.
func (p *parser) quoted(q byte) {
	body := p.text[p.pos+1:]
	doubled := false
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] != q:
		case i+1 < len(body) && body[i+1] == q:
			doubled = true
			i++
		default:
			p.tok.is, p.tok.text = quoted, body[:i]
			if doubled {
				p.tok.text = strings.ReplaceAll(body[:i], string([]byte{q, q}), string([]byte{q}))
			}
			p.pos += i + 2
			return
		}
	}
	p.fail(p.pos, "", "unclosed quote")
}

// word reads up to a space or one of the characters that have a meaning of their
// own, or that nobody writes except by mistake or with bad intent.
func (p *parser) word() {
	i := p.pos
	for i < len(p.text) {
		c := p.text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(p.text[i:])
			if unicode.IsSpace(r) {
				break
			}
			i += n
			continue
		}
		if c == '-' && strings.HasPrefix(p.text[i:], "--") {
			p.fail(i, "text with -- in it needs quotes", "there are no comments: unexpected %s", quote("--"))
			return
		}
		if c <= ' ' || strings.IndexByte("(),=<>!'\";*`", c) >= 0 {
			break
		}
		i++
	}
	if i == p.pos {
		p.fail(i, "", "unexpected %s", quote(p.text[i:i+1]))
		return
	}
	p.take(word, i-p.pos)
}

// is reports whether the token is the given keyword, in any letter case.
func (p *parser) is(keyword string) bool {
	return p.tok.is == word && strings.EqualFold(p.tok.text, keyword)
}

// accept reads the given keyword if it is next.
func (p *parser) accept(keyword string) bool {
	if !p.is(keyword) {
		return false
	}
	p.next()
	return true
}

// unexpected fails at the token that is next.
func (p *parser) unexpected(wanted string) {
	switch p.tok.is {
	case end:
		p.fail(p.tok.pos, "", "%s expected", wanted)
	case quoted:
		p.fail(p.tok.pos, "", "%s expected instead of the text %s", wanted, quote(p.tok.text))
	default:
		hint := ""
		if p.tok.is == word && p.afterWord {
			hint = "text with spaces needs quotes"
		}
		p.fail(p.tok.pos, hint, "%s expected instead of %s", wanted, quote(p.tok.text))
	}
}
