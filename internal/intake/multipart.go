package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Part is the header of one part of a multipart body.
type Part struct {
	Name     string // of the field
	FileName string // as the client meant it, with its path if it has one; "" = none
	Type     string // media type in lower case, without parameters; "" = none
}

// Field is a captured part.
type Field struct {
	Part
	Text []byte // the body of the part
}

// Fields is a multipart body that was read.
type Fields struct {
	Fields []Field // in the order of the body
	Files  []File  // in the order of the body
}

// Text returns the text of the field with this name, "" when it is not there.
func (f *Fields) Text(name string) string {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return string(f.Fields[i].Text)
		}
	}
	return ""
}

const maxBoundary = 70 // characters, RFC 2046

// Multipart reads a body of type multipart/form-data (RFC 7578), or of another
// multipart type, to its end. choose says what becomes of a part from its header.
// Files are written to what open returns; parts are taken as they are, without a
// Content-Transfer-Encoding. Lines end in CR LF. Captured parts have to be UTF-8, and may come once for
// each name. What stands before the first part and after the last is ignored, as
// RFC 2046 wants it. Rules' Loose and DataURL mean nothing here.
//
// Errors: fault.Unsupported when contentType is not multipart; otherwise as for
// Schema.Read, with the name of the field.
func Multipart(ctx context.Context, in io.Reader, contentType string, limits Limits, choose func(Part) Rule, open Open) (_ *Fields, err error) {
	defer fault.Wrap(&err, "intake.Multipart")
	kind, params, err := mime.ParseMediaType(contentType)
	if !strings.HasPrefix(kind, "multipart/") {
		return nil, fault.New(fault.Unsupported, "the Content-Type of the body has to be multipart/form-data")
	}
	boundary := params["boundary"]
	if err != nil || boundary == "" || len(boundary) > maxBoundary {
		return nil, fault.InField("Content-Type", "the Content-Type of the body has to name a boundary of 1 to %d characters", maxBoundary)
	}
	m := &parts{
		input:  input{ctx: ctx, in: in, buf: make([]byte, inSize)},
		limits: limits.orDefaults(), choose: choose, open: open, form: &Fields{},
		delimiter: []byte("\r\n--" + boundary), names: map[string]bool{},
	}
	if err := m.read(); err != nil {
		return nil, Broken(ctx, in, err)
	}
	return m.form, nil
}

// parts reads one multipart body. Package mime/multipart is not used for it since
// it takes a body that is cut in the header of a part for a whole one, and reads
// headers of 10 MB.
type parts struct {
	input
	limits    Limits
	choose    func(Part) Rule
	open      Open
	form      *Fields
	delimiter []byte          // what ends a part, up to the boundary
	names     map[string]bool // of captured parts
	values    int64           // bytes of captured parts
}

func (m *parts) read() error {
	// What stands before the first boundary is a part that nobody wants.
	if _, err := m.pieces(func([]byte) error { return nil }); err != nil {
		return err
	}
	for count := 0; ; count++ {
		last, err := m.boundary()
		switch {
		case err != nil:
			return err
		case last:
			return m.rest()
		case count == m.limits.Parts:
			return fault.New(fault.TooLarge, "the body has more than %d parts", m.limits.Parts)
		}
		header, err := m.header()
		if err != nil {
			return err
		}
		part, err := m.describe(header)
		if err != nil {
			return err
		}
		if err := m.part(part); err != nil {
			return err
		}
	}
}

// need makes the window hold n bytes.
func (m *parts) need(n int) error {
	if m.w-m.r >= n {
		return nil
	}
	if err := m.fill(n); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case m.w-m.r >= n:
		return nil
	case errors.Is(m.err, io.EOF):
		return m.wrong(Syntax, "", "the multipart body ends too early")
	default:
		return m.err
	}
}

// pieces calls fn with the body of a part, a piece at a time, and takes the
// delimiter behind it. It returns the size of the body.
func (m *parts) pieces(fn func(p []byte) error) (size int64, err error) {
	// The line end before the boundary belongs to it. When there is nothing else,
	// it is the one behind the header, or missing at the very beginning.
	word := m.delimiter[len("\r\n"):]
	if err := m.need(len(word) + 1); err != nil {
		return 0, err
	}
	if bytes.HasPrefix(m.buf[m.r:m.w], word) && endsWord(m.buf[m.r+len(word)]) {
		m.r += len(word)
		return 0, nil
	}
	for {
		if err := m.need(len(m.delimiter) + 1); err != nil {
			return size, err
		}
		window := m.buf[m.r:m.w]
		n, end := bytes.Index(window, m.delimiter), false
		switch next := n + len(m.delimiter); {
		case n < 0: // it may begin in the last bytes
			n = len(window) - len(m.delimiter) + 1
		case next == len(window): // what follows decides
		case endsWord(window[next]):
			end = true
		default:
			n = next
		}
		m.r += n
		size += int64(n)
		if n > 0 {
			if err := fn(window[:n]); err != nil {
				return size, err
			}
		}
		if end {
			m.r += len(m.delimiter)
			return size, nil
		}
	}
}

// endsWord reports whether a delimiter may end before c. Otherwise it is the
// beginning of something longer in the body of a part.
func endsWord(c byte) bool { return c == '-' || c == '\r' || c == ' ' || c == '\t' }

// boundary reads what stands behind a delimiter in its line, and reports whether it
// is the last one, whose line the body may end in.
func (m *parts) boundary() (last bool, err error) {
	if err := m.need(2); err != nil {
		return false, err
	}
	if last = string(m.buf[m.r:m.r+2]) == "--"; last {
		m.r += 2
	}
	for {
		if err := m.more(); errors.Is(err, io.EOF) && last {
			return true, nil
		}
		if err := m.need(1); err != nil {
			return false, err
		}
		if c := m.buf[m.r]; c != ' ' && c != '\t' {
			break
		}
		m.r++
	}
	if err := m.need(2); err != nil {
		return false, err
	}
	if string(m.buf[m.r:m.r+2]) != "\r\n" {
		return false, m.wrong(Syntax, "", "something in the line of a boundary of the multipart body")
	}
	m.r += 2
	return last, nil
}

// rest reads what stands behind the last boundary, so that a body that is cut there
// is noticed.
func (m *parts) rest() error {
	for {
		m.r = m.w
		if err := m.more(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// header reads the header of a part with the empty line at its end.
func (m *parts) header() (textproto.MIMEHeader, error) {
	var text []byte
	for !bytes.Equal(text, []byte("\r\n")) && !bytes.HasSuffix(text, []byte("\r\n\r\n")) {
		if err := m.need(1); err != nil {
			return nil, err
		}
		window := m.buf[m.r:m.w]
		n := bytes.IndexByte(window, '\n') + 1
		if n == 0 {
			n = len(window)
		}
		if int64(len(text)+n) > m.limits.Header+int64(len("\r\n")) {
			return nil, fault.New(fault.TooLarge, "the header of a part is larger than %d bytes", m.limits.Header)
		}
		text = append(text, window[:n]...)
		m.r += n
		if bytes.HasSuffix(text, []byte("\n")) && !bytes.HasSuffix(text, []byte("\r\n")) {
			return nil, m.wrong(Syntax, "", "a line in the header of a part that does not end in CR LF")
		}
	}
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(text))).ReadMIMEHeader()
	if err != nil {
		return nil, m.wrong(Syntax, "", "the header of a part cannot be read")
	}
	return h, nil
}

func (m *parts) wrong(code Code, path, reason string) error {
	e := fault.New(fault.Invalid, "%s", reason).Because(&Problem{Code: code, Path: path, Reason: reason})
	e.Field = path
	return e
}

// describe reads what the header of a part says.
func (m *parts) describe(h textproto.MIMEHeader) (part Part, err error) {
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "", "7bit", "8bit", "binary":
	default:
		return part, fault.New(fault.Unsupported, "the parts of the body are to come without a Content-Transfer-Encoding")
	}
	if text := h.Get("Content-Disposition"); text != "" {
		_, params, err := mime.ParseMediaType(text)
		if err != nil {
			return part, m.wrong(Syntax, "", "a part whose Content-Disposition cannot be read")
		}
		part.Name, part.FileName = strings.ToValidUTF8(params["name"], "\uFFFD"), decoded(params["filename"])
	}
	if text := h.Get("Content-Type"); text != "" {
		kind, _, err := mime.ParseMediaType(text)
		if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
			return part, m.wrong(Syntax, part.Name, "a part whose Content-Type cannot be read")
		}
		part.Type = kind
	}
	return part, nil
}

// decoded reads a file name that is written as encoded words (RFC 2047). RFC 7578 has no
// such thing, but .NET's ContentDispositionHeaderValue writes names so that are not
// ASCII, and the servers of its kind read them so.
func decoded(name string) string {
	if !strings.HasPrefix(name, "=?") || !strings.HasSuffix(name, "?=") {
		return name
	}
	text, err := new(mime.WordDecoder).DecodeHeader(name)
	if err != nil {
		return name // of a character set that is not known: nobody could have read it
	}
	return text
}

// part reads the body of a part as its rule says.
func (m *parts) part(part Part) error {
	rule := m.choose(part)
	switch rule.Do {
	case Refuse:
		return m.wrong(Unknown, part.Name, "unknown part "+part.Name)
	case Capture:
		return m.capture(part, or(rule.Max, m.limits.Value))
	case Keep:
		return m.file(part, or(rule.Max, m.limits.File))
	default:
		_, err := m.pieces(func([]byte) error { return nil })
		return err
	}
}

// capture keeps the text of a part.
func (m *parts) capture(part Part, limit int64) error {
	if m.names[part.Name] {
		return m.wrong(Duplicate, part.Name, part.Name+" comes twice")
	}
	m.names[part.Name] = true
	var text []byte
	_, err := m.pieces(func(p []byte) error {
		if int64(len(text)+len(p)) > limit {
			return fault.New(fault.TooLarge, "%s has more than %d bytes", part.Name, limit)
		}
		if m.values += int64(len(p)); m.values > m.limits.Values {
			return fault.New(fault.TooLarge, "the fields of the body have more than %d bytes", m.limits.Values)
		}
		text = append(text, p...)
		return nil
	})
	if err != nil {
		return inField(err, part.Name)
	}
	if !utf8.Valid(text) {
		return m.wrong(Syntax, part.Name, part.Name+" is not UTF-8")
	}
	m.form.Fields = append(m.form.Fields, Field{part, text})
	return nil
}

// file writes a part to what open returns.
func (m *parts) file(part Part, limit int64) error {
	if len(m.form.Files) == m.limits.Files {
		return inField(fault.New(fault.TooLarge, "the body has more than %d files", m.limits.Files), part.Name)
	}
	out, err := m.open(m.ctx)
	if err != nil {
		return err
	}
	left := limit
	size, err := m.pieces(func(p []byte) error {
		if left -= int64(len(p)); left < 0 {
			return errTooLarge(limit)
		}
		_, err := out.Write(p)
		return err
	})
	if err != nil {
		return inField(err, part.Name)
	}
	if err := out.Close(); err != nil {
		return err
	}
	m.form.Files = append(m.form.Files, File{Path: part.Name, Size: size, Claimed: part.Type, Part: part})
	return nil
}
