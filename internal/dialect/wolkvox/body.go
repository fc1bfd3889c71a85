package wolkvox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	// tokenName is the header with the token, and the member of a body that scripts
	// send it in as well or instead [R].
	tokenName = "wolkvox-token"

	// maxEarlyBody is the length of the longest body, in bytes, that may have its token
	// in it, where it can stand behind everything else: until it is found, the body is
	// kept in memory. maxEarly is how many such bodies there may be at once.
	maxEarlyBody = 2 << 20
	maxEarly     = 64

	// maxPlain is the length of the longest body without attachments, in bytes.
	maxPlain = 2 << 20

	// maxFiles is the number of attachments in one request; bodies may be as long as
	// fullFiles of the largest ones in base64.
	maxFiles  = 100
	fullFiles = 8

	// maxValue is the length of the longest member that is not an attachment, and
	// maxValues of all of them, in bytes.
	maxValue  = 512 << 10
	maxValues = 1 << 20

	// maxDrain is how much of a body that is refused is read.
	maxDrain = 16 << 20
)

// members are those of the bodies of all operations [R], but for the token and the
// attachments.
var members = []string{
	"operation", "wolkvox-id", "case-type", "responsible", "owner", "contact", "description", "status", "priority",
	"form", "solution", "module", "fields", "field", "value", "limit",
}

// aliases are further names of members: answers spell the id so [R].
var aliases = map[string]string{"wolkvox_id": "wolkvox-id"}

// attachments is the member with files in JSON; in a form they may come as "file" [R].
const attachments = "attachments"

// spec is the JSON body of any operation. Members that it does not name are ignored.
func (c Config) spec() intake.Spec {
	s := intake.Spec{
		// Blank, since not every language that has lists tells an empty one from nothing.
		Others: intake.Skip, Fold: true, Blank: true, Limits: c.limits(),
		// Loose, since clients of many kinds encode by themselves.
		Members: []intake.Member{{Path: attachments + "[]", Rule: intake.Rule{Do: intake.Keep, Loose: true, DataURL: true}}},
	}
	for _, name := range slices.Concat(members, []string{tokenName}) {
		s.Members = append(s.Members, intake.Member{Path: name, Rule: intake.Rule{Do: intake.Capture}})
	}
	for name := range aliases {
		s.Members = append(s.Members, intake.Member{Path: name, Rule: intake.Rule{Do: intake.Capture}})
	}
	return s
}

func (c Config) limits() intake.Limits {
	return intake.Limits{Value: maxValue, Values: maxValues, File: c.MaxFile, Files: maxFiles}
}

// maxBody is the length of the longest body with attachments, in bytes.
func (c Config) maxBody() int64 { return fullFiles*(c.MaxFile/3*4) + maxPlain }

// incoming is a body that is to be read, with its token.
type incoming struct {
	d     *Dialect
	r     *http.Request
	token string
	files bool      // whether attachments are kept
	body  io.Reader // unpacked
	place bool      // whether it has one of Dialect.early
}

// open returns the body of a request. The token is that of the header, or else that in
// the body [R]. With a token in the header nothing is read yet.
func (d *Dialect) open(r *http.Request, files bool) (_ *incoming, err error) {
	in := &incoming{d: d, r: r, token: strings.TrimSpace(r.Header.Get(tokenName)), files: files}
	limit := int64(maxPlain)
	if files {
		limit = d.cfg.maxBody()
	}
	if in.token != "" {
		in.body, err = intake.NewBody(r, limit)
		return in, err
	}
	select {
	case d.early <- struct{}{}:
		in.place = true
	default:
		return nil, fault.New(fault.Unavailable, "there are too many requests with their token in the body; send it in the header Wolkvox-Token")
	}
	if err := in.readEarly(); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// close gives the place of the body back.
func (in *incoming) close() {
	if in.place {
		<-in.d.early
	}
}

// readEarly reads a body into memory and looks for the token in it. What cannot be
// read has none.
func (in *incoming) readEarly() error {
	limited, err := intake.NewBody(in.r, maxEarlyBody)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(limited)
	}
	if err == nil {
		in.body = bytes.NewReader(text)
		var sent *form
		if sent, err = in.read(in.r.Context(), discard); err == nil {
			in.body = bytes.NewReader(text)
			in.token, err = sent.text(tokenName)
		}
	}
	switch fault.KindOf(err) {
	case fault.TooLarge:
		return fail(http.StatusUnauthorized, map[string]any{
			"reason": "the body is too large to look for the token in it; send the token in the header Wolkvox-Token",
		}, noToken)
	case fault.Invalid, fault.Unsupported:
		return fail(http.StatusUnauthorized, map[string]any{"reason": fault.Message(err)}, noToken)
	}
	return err
}

// discard is an intake.Open that keeps nothing.
func discard(context.Context) (io.WriteCloser, error) { return nothing{}, nil }

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }

// form is a body that was read.
type form struct {
	values map[string]json.RawMessage // JSON by name
	files  []file                     // in the order in which they were opened
}

// file is an attachment.
type file struct {
	path    string // where it stood: "attachments[0]"
	name    string // as the client calls it; "" = it does not
	claimed string // type as the client calls it; "" = it does not
}

// read reads the body to its end: JSON, multipart/form-data or a form in a URL's
// coding. Which one an operation is documented with does not matter, and JSON may be
// called anything, as by curl's -d. What the query of the URL has counts where the body
// does not have it, but for the token.
func (in *incoming) read(ctx context.Context, open intake.Open) (*form, error) {
	if !in.files {
		open = discard
	}
	f := &form{values: map[string]json.RawMessage{}}
	kind, _, err := mime.ParseMediaType(in.r.Header.Get("Content-Type"))
	body := bufio.NewReader(in.body)
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		err = f.readParts(ctx, body, in.r.Header.Get("Content-Type"), in.d.cfg.limits(), open)
	} else {
		err = f.readText(ctx, body, kind, in.d.schema, open)
	}
	if err != nil {
		return nil, err
	}
	for alias, name := range aliases {
		if f.isBlank(name) {
			f.values[name] = f.values[alias]
		}
	}
	for name, values := range in.r.URL.Query() {
		if name = strings.ToLower(name); name != tokenName && f.isBlank(name) {
			f.values[name] = quote(values[0])
		}
	}
	return f, nil
}

// readText reads what is not multipart. An empty body is an empty form.
func (f *form) readText(ctx context.Context, body *bufio.Reader, kind string, schema *intake.Schema, open intake.Open) error {
	first, err := firstByte(body)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return intake.ReadFault(err)
	case kind == "application/x-www-form-urlencoded" && first != '{':
		return f.readURLCoded(body)
	}
	files := &opener{open: open}
	read, err := schema.Read(ctx, body, files.next)
	if err != nil {
		return err
	}
	var sent map[string]json.RawMessage
	if err := json.Unmarshal(read.JSON, &sent); err != nil {
		return err
	}
	delete(sent, attachments)
	for name, raw := range sent {
		f.values[name] = raw
	}
	f.keep(read.Files, files)
	return nil
}

// firstByte returns the first byte that is no white space, without taking it.
func firstByte(body *bufio.Reader) (byte, error) {
	for {
		p, err := body.Peek(1)
		if err != nil {
			return 0, err
		}
		switch p[0] {
		case ' ', '\t', '\r', '\n':
			if _, err := body.Discard(1); err != nil {
				return 0, err
			}
		default:
			return p[0], nil
		}
	}
}

func (f *form) readURLCoded(body io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(body, maxValues+1))
	if err != nil {
		return intake.ReadFault(err)
	}
	if len(text) > maxValues {
		return fault.New(fault.TooLarge, "the body is larger than %d bytes; send attachments as multipart/form-data or JSON", maxValues)
	}
	values, err := url.ParseQuery(string(text))
	if err != nil {
		return fault.New(fault.Invalid, "the form cannot be read").Because(err)
	}
	for name, list := range values {
		if isFile(name) {
			if strings.Join(list, "") == "" { // a field that nothing was chosen for
				continue
			}
			return fault.New(fault.Unsupported, "%s: a form in a URL's coding has no files; send multipart/form-data or JSON", name)
		}
		if len(list) > 1 {
			return malformed(name, "comes twice")
		}
		f.values[strings.ToLower(name)] = quote(list[0])
	}
	return nil
}

// readParts reads multipart/form-data. Every part with the name of a file is an
// attachment, whatever the part is called.
func (f *form) readParts(ctx context.Context, body io.Reader, contentType string, limits intake.Limits, open intake.Open) error {
	files := &opener{open: open}
	choose := func(p intake.Part) intake.Rule {
		name := strings.ToLower(p.Name)
		files.named = p.FileName != ""
		switch {
		case files.named, isFile(name):
			return intake.Rule{Do: intake.Keep}
		case name == tokenName, slices.Contains(members, name), aliases[name] != "":
			return intake.Rule{Do: intake.Capture}
		}
		return intake.Rule{}
	}
	read, err := intake.Multipart(ctx, body, contentType, limits, choose, files.next)
	if err != nil {
		return err
	}
	for _, field := range read.Fields {
		f.values[strings.ToLower(field.Name)] = quote(string(field.Text))
	}
	f.keep(read.Files, files)
	for _, file := range f.files {
		if file.name == "" {
			return malformed(file.path, "the file has no name; with curl it is -F %s=@path", file.path)
		}
	}
	return nil
}

// isFile reports whether a part or field is an attachment by its name: "file" [R],
// "file[]" and the like, or that of JSON.
func isFile(name string) bool {
	name, _, _ = strings.Cut(strings.ToLower(name), "[")
	return name == "file" || name == "files" || name == attachments
}

// keep lists the attachments that hold something.
func (f *form) keep(read []intake.File, files *opener) {
	for i, r := range read {
		if files.opened[i].out != nil {
			f.files = append(f.files, file{path: r.Path, name: r.Part.FileName, claimed: r.Claimed})
		}
	}
}

// opener opens files when there is something to be written to them: an empty text among
// the attachments and a field of a form without a file are no attachments.
type opener struct {
	open   intake.Open
	named  bool // whether the next file has a name, and counts even when it is empty
	opened []*opened
}

type opened struct {
	ctx   context.Context
	open  intake.Open
	named bool
	out   io.WriteCloser
}

func (o *opener) next(ctx context.Context) (io.WriteCloser, error) {
	f := &opened{ctx: ctx, open: o.open, named: o.named}
	o.opened = append(o.opened, f)
	return f, nil
}

func (f *opened) begin() (err error) {
	if f.out == nil {
		f.out, err = f.open(f.ctx)
	}
	return err
}

func (f *opened) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := f.begin(); err != nil {
		return 0, err
	}
	return f.out.Write(p)
}

func (f *opened) Close() error {
	if f.named {
		if err := f.begin(); err != nil {
			return err
		}
	}
	if f.out == nil {
		return nil
	}
	return f.out.Close()
}

// quote is a text as JSON.
func quote(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil {
		return nil // cannot happen: a text
	}
	return raw
}

// isBlank reports whether a member is missing, null, or a text of nothing but space.
func (f *form) isBlank(name string) bool {
	raw := f.values[name]
	if len(raw) == 0 || raw[0] == 'n' {
		return true
	}
	var text string
	return raw[0] == '"' && json.Unmarshal(raw, &text) == nil && strings.TrimSpace(text) == ""
}

// text returns a member that is a text, "" when it is not there. Numbers and booleans
// do for texts, as scripts send ids unquoted [R].
func (f *form) text(name string) (string, error) {
	raw := f.values[name]
	if f.isBlank(name) {
		return "", nil
	}
	switch raw[0] {
	case '"':
		var text string
		err := json.Unmarshal(raw, &text)
		return strings.TrimSpace(text), err
	case '{', '[':
		return "", malformed(name, "a text is wanted")
	default:
		return string(raw), nil
	}
}

// require refuses a request without all of these members.
func (c *call) require(names ...string) error {
	var absent []string
	for _, name := range names {
		if c.sent.isBlank(name) {
			absent = append(absent, name)
		}
	}
	if absent != nil {
		return errMissing(absent)
	}
	return nil
}
