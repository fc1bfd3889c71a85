// Package intake reads the bodies of uploads as streams: JSON with files in it as
// base64 strings, and multipart/form-data. Files go through decoding and limits
// straight to where the caller keeps them, a piece at a time and wherever they
// stand in the body; everything else is small and handed to the caller as JSON. The
// memory for a request does not grow with its body.
//
// A caller checks credentials first, then the headers (NewBody, which reads
// nothing: a client that sent Expect: 100-continue has not been told to go on), and
// then reads the body with a Schema or with Multipart. Files are written to what an
// Open returns, one after the other. Whoever made the Open owns them: when reading
// fails, the files written so far are to be discarded, which this package does not
// do. document.Batch is such an owner.
//
// # JSON
//
// The body is one JSON value as in RFC 8259, and nothing but white space after it. A
// byte order mark before it is ignored, as that RFC allows: .NET's StreamWriter puts
// one there. What the Schema captures has to be UTF-8; escapes of
// lone surrogates become U+FFFD when they are decoded. A member that the Schema
// names may come once in its object: which of two files would be meant is not for
// us to guess. So far this is stricter than encoding/json, which replaces what is
// not UTF-8 and takes the last of several members. Members that are skipped have to
// be JSON, and that is all: they may come again and be of any size.
//
// # Base64
//
// A file is a string, and a null is no file. In the string, JSON's escapes mean
// what they mean everywhere in JSON. What they stand for is base64 exactly as
// encoding/base64.StdEncoding takes it: the alphabet with + and /, carriage returns
// and line feeds anywhere, padding required, unused bits of the last character
// ignored, and nothing else: no spaces (a + that went through a form becomes one),
// no data after the padding. With Rule.Loose the alphabet with - and _ counts too,
// and there may be any number of padding characters from none to two. What is not
// base64 is refused with its place in the body, and never cut.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Open begins a file and returns what its bytes are to be written to. Close says
// that all of them were. An Open is called for one file at a time, in the order of
// the files in the body.
type Open func(ctx context.Context) (io.WriteCloser, error)

// Action says what becomes of a member or part.
type Action uint8

const (
	Skip    Action = iota // read over and forgotten
	Refuse                // refused, with Problem.Code Unknown
	Capture               // kept, as it is
	Keep                  // a file: decoded and written to what Open returns
)

// Rule says what becomes of a member or part.
type Rule struct {
	Do Action

	// Max is the most bytes: of JSON or of a field as they stand in the body for
	// Capture, of the decoded contents for Keep. 0 is Limits.Value or Limits.File.
	Max int64

	// Loose takes the base64 of a Keep that other programs take, too; see the
	// description of the package.
	Loose bool

	// DataURL takes "data:TYPE;base64," in front of the base64 of a Keep, and
	// reports the type as File.Claimed.
	DataURL bool
}

// Limits bound what one body may hold. Zeros stand for the defaults.
type Limits struct {
	Value  int64 // bytes of one captured value; default 64 KiB
	Values int64 // bytes of all captured values, with the names around them; default 1 MiB
	File   int64 // decoded bytes of one file; default 100 MB, 100,000,000
	Files  int   // number of files; default 100
	Depth  int   // of objects and arrays in one another; default 32
	Parts  int   // of a multipart body; default 1,000
	Header int64 // bytes of the header of a part; default 16 KiB
}

// Defaults of Limits.
const (
	DefaultValue  = 64 << 10
	DefaultValues = 1 << 20
	DefaultFile   = 100_000_000
	DefaultFiles  = 100
	DefaultDepth  = 32
	DefaultParts  = 1000
	DefaultHeader = 16 << 10
)

func (l Limits) orDefaults() Limits {
	l.Value = or(l.Value, DefaultValue)
	l.Values = or(l.Values, DefaultValues)
	l.File = or(l.File, DefaultFile)
	l.Files = or(l.Files, DefaultFiles)
	l.Depth = or(l.Depth, DefaultDepth)
	l.Parts = or(l.Parts, DefaultParts)
	l.Header = or(l.Header, DefaultHeader)
	return l
}

func or[T int | int64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}

// Member is a rule for the members of a JSON body at a path: names with dots
// between them, and "[]" behind the name of an array for each of its items, as in
// "payload.files[].content". A path may begin with "[]" when the body is an array.
// Names with dots or brackets cannot be written.
type Member struct {
	Path string
	Rule Rule
}

// Spec describes a JSON body: which of its members are wanted. Objects and arrays
// on the way to them have to be such, or null.
type Spec struct {
	Members []Member

	// Others is Skip or Refuse: what becomes of members without a path, in the
	// body and in every object on the way to a path.
	Others Action

	// Fold matches names whatever the case of their letters. Form.JSON has them as
	// the paths do.
	Fold bool

	// Blank takes "" and {} for a list that is empty, as programs write it that do not
	// tell the three apart.
	Blank bool

	Limits Limits
}

// Schema reads bodies that a Spec describes. It is safe for concurrent use.
type Schema struct {
	root   *node
	others Action
	fold   bool
	blank  bool
	limits Limits
}

// node is a place in a body: a leaf with a rule, an object with members, or an
// array with items.
type node struct {
	name    string // as written in the path
	prefix  []byte // the name in JSON, with its colon
	rule    *Rule
	members map[string]*node // by folded name when names are folded
	items   *node
}

// NewSchema returns the schema of a Spec. It refuses paths that are malformed, come
// twice or lead through one another.
func NewSchema(spec Spec) (_ *Schema, err error) {
	defer fault.Wrap(&err, "intake.NewSchema")
	if spec.Others != Skip && spec.Others != Refuse {
		return nil, errors.New("others are skipped or refused")
	}
	s := &Schema{root: &node{}, others: spec.Others, fold: spec.Fold, blank: spec.Blank, limits: spec.Limits.orDefaults()}
	for _, m := range spec.Members {
		if err := s.add(m); err != nil {
			return nil, fmt.Errorf("path %q: %w", m.Path, err)
		}
	}
	if s.root.members == nil && s.root.items == nil {
		return nil, errors.New("there is no path")
	}
	return s, nil
}

func (s *Schema) add(m Member) error {
	at := s.root
	step := func(next **node, name string) error {
		if at.rule != nil {
			return errors.New("it leads through another path's value")
		}
		if *next == nil {
			quoted, err := json.Marshal(name)
			if err != nil {
				return err
			}
			*next = &node{name: name, prefix: append(quoted, ':')}
		}
		at = *next
		return nil
	}
	for i, name := range strings.Split(m.Path, ".") {
		name, depth := arrays(name)
		switch {
		case strings.ContainsAny(name, "[]"), name == "" && (i > 0 || depth == 0):
			return errors.New("it is malformed")
		case name != "":
			if at.items != nil {
				return errors.New("there is an array in its way")
			}
			if at.members == nil {
				at.members = map[string]*node{}
			}
			key := s.key(name)
			next := at.members[key]
			parent := at.members
			if err := step(&next, name); err != nil {
				return err
			}
			parent[key] = next
		}
		for range depth {
			if at.members != nil {
				return errors.New("there is an object in its way")
			}
			if err := step(&at.items, ""); err != nil {
				return err
			}
		}
	}
	if at.rule != nil || at.members != nil || at.items != nil {
		return errors.New("another path leads to it or through it")
	}
	rule := m.Rule
	at.rule = &rule
	return nil
}

// arrays splits a part of a path into its name and the number of "[]" behind it.
func arrays(part string) (name string, depth int) {
	for strings.HasSuffix(part, "[]") {
		part, depth = part[:len(part)-2], depth+1
	}
	return part, depth
}

// key is what a name is found by.
func (s *Schema) key(name string) string {
	if s.fold {
		return strings.ToLower(name)
	}
	return name
}

// File is a file that was written to what Open returned.
type File struct {
	// Path says where it stood: "payload.files[0].content". In multipart bodies it
	// is Part.Name.
	Path    string
	Size    int64  // bytes
	Claimed string // its type as the client calls it, in a data URL or as Part.Type; "" = it does not

	Part Part // of a multipart body
}

// Ref is the value that takes the place of a file in Form.JSON: its number, from 1
// on in the order of the body. A file that is null or absent is 0.
type Ref int

// Form is a JSON body that was read.
type Form struct {
	// JSON is the body reduced to what the Schema captures: objects and arrays on
	// the way are there, what was skipped is not, and each file is a Ref. Names are
	// spelled as in the paths. It is to be decoded into a struct with fields of
	// type Ref.
	JSON []byte

	Files []File // in the order of the body
}

// File returns the file that a Ref stands for, and whether there is one. Its
// number in Files, and in the calls of Open, is one less than the Ref.
func (f *Form) File(r Ref) (File, bool) {
	if r < 1 || int(r) > len(f.Files) {
		return File{}, false
	}
	return f.Files[r-1], true
}

// Code says what is wrong with a body.
type Code uint8

const (
	Syntax    Code = iota // it is not JSON, or not multipart
	Unknown               // a member or part that is refused; Path names it
	Duplicate             // a member that came before
	Type                  // not the kind of value that is to stand here
	Base64                // not base64
)

// Problem is what is wrong with a body, and where. It is the cause of faults of
// kind fault.Invalid, to be found with errors.As by dialects that tell the place.
type Problem struct {
	Code   Code
	Path   string // of the member: "payload.files[0].content"; "" = the body itself
	Offset int64  // in the body once it is unpacked, in bytes, from 0
	Line   int    // from 1; 0 = not known, as in multipart bodies
	Column int    // in bytes, from 1
	Reason string // a fragment of a sentence, safe for the client
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Reason
	}
	return fmt.Sprintf("%s at byte %d (line %d, column %d)", p.Reason, p.Offset, p.Line, p.Column)
}

// fault is the problem as clients may see it.
func (p *Problem) fault() error {
	e := fault.New(fault.Invalid, "%s", p.Error()).Because(p)
	e.Field = p.Path
	return e
}
