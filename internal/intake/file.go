package intake

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

// maxDataURL is how long what stands before the comma of a data URL may be.
const maxDataURL = 256

// file reads a string of base64 that begins with c.
func (r *reader) file(rule *Rule, c byte) (err error) {
	if c != '"' {
		return r.wrong(Type, "%s where a string of base64 is wanted", charName(c))
	}
	if len(r.form.Files) == r.limits.Files {
		return inField(fault.New(fault.TooLarge, "the body has more than %d files", r.limits.Files), string(r.path))
	}
	r.r++
	f := File{Path: string(r.path)}
	if rule.DataURL {
		if f.Claimed, err = r.dataURL(); err != nil {
			return err
		}
	}
	out, err := r.open(r.ctx)
	if err != nil {
		return err
	}
	r.dec.reset(out, or(rule.Max, r.limits.File), rule.Loose)
	if err := r.base64(); err != nil {
		return inField(err, string(r.path))
	}
	if err := out.Close(); err != nil {
		return err
	}
	f.Size = r.dec.size
	r.form.Files = append(r.form.Files, f)
	return r.keep(strconv.AppendInt(nil, int64(len(r.form.Files)), 10)...)
}

// base64 decodes a string up to its end, quote included.
func (r *reader) base64() error {
	for {
		if _, err := r.peek(); err != nil {
			return err
		}
		// The quote is looked for once for all of the window, so that a file full
		// of escapes does not make that quadratic.
		p := r.buf[r.r:r.w]
		quote := bytes.IndexByte(p, '"')
		end := r.w
		if quote >= 0 {
			end = r.r + quote
		}
		for r.r < end {
			p := r.buf[r.r:end]
			n := bytes.IndexByte(p, '\\')
			if n < 0 {
				n = len(p)
			}
			if err := r.dec.run(p[:n]); err != nil {
				return r.undecoded(err)
			}
			r.r += n
			if n == len(p) {
				break
			}
			window := r.base
			if err := r.escaped(); err != nil {
				return err
			}
			if r.base != window { // the escape went on in the next window
				end = r.r
				quote = -1
			}
		}
		if quote < 0 {
			continue
		}
		reason, err := r.dec.finish()
		if err != nil {
			return err
		}
		if reason != "" {
			return r.wrong(Base64, "%s", reason)
		}
		r.r++
		return nil
	}
}

// escaped decodes the character that an escape in base64 stands for.
func (r *reader) escaped() error {
	at := r.offset()
	_, c, err := r.escape()
	if err != nil {
		return err
	}
	if c >= utf8.RuneSelf {
		return r.wrongAt(at, Base64, "%s", reasonCharacter)
	}
	reason, err := r.dec.char(byte(c))
	if err == nil && reason != "" {
		err = r.wrongAt(at, Base64, "%s", reason)
	}
	return err
}

// undecoded tells the place of what the decoder does not take.
func (r *reader) undecoded(err error) error {
	var w *wrong
	if !errors.As(err, &w) {
		return err
	}
	code := Base64
	if w.reason == reasonControl {
		code = Syntax
	}
	return r.wrongAt(r.offset()+int64(w.at), code, "%s", w.reason)
}

// dataURL takes "data:TYPE;base64," at the beginning of a string and returns the
// type. A colon is not base64, so there is no doubt what is meant.
func (r *reader) dataURL() (string, error) {
	const scheme, coding = "data:", ";base64"
	at := r.offset()
	if r.w-r.r < maxDataURL {
		if err := r.fill(maxDataURL); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	p := r.buf[r.r:min(r.w, r.r+maxDataURL)]
	if len(p) < len(scheme) || !strings.EqualFold(string(p[:len(scheme)]), scheme) {
		return "", nil
	}
	comma := bytes.IndexFunc(p, func(c rune) bool { return c == ',' || c == '"' || c < ' ' })
	if comma < 0 || p[comma] != ',' {
		return "", r.wrongAt(at, Base64, "a data URL without a comma")
	}
	// Slashes are often escaped; no type needs other escapes.
	head := strings.ReplaceAll(string(p[len(scheme):comma]), `\/`, "/")
	if len(head) < len(coding) || !strings.EqualFold(head[len(head)-len(coding):], coding) || strings.Contains(head, `\`) {
		return "", r.wrongAt(at, Base64, "a data URL that is not of base64")
	}
	r.r += comma + 1
	return strings.ToValidUTF8(head[:len(head)-len(coding)], "\uFFFD"), nil
}
