package apptest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// Update reports whether golden files are to be rewritten: go test -update.
func Update() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// Server is what a conversation is held with.
type Server struct {
	Addr    string              // host:port to connect to
	Vars    map[string]string   // variables that are known from the start
	Advance func(time.Duration) // moves the server's clock

	// Login makes an API key for a user and returns a session of it.
	Login func(user int64) (token string, err error)

	// Credential makes a credential of a dialect for a user and returns its members.
	Credential func(dialect string, user int64) (members map[string]string, err error)

	// Watch is shown every request with its answer, nil = nobody. What it returns
	// is wrong with them.
	Watch func(Exchange) error
}

// Exchange is a request of a conversation, as it was sent, and its answer.
type Exchange struct {
	Method, Target string // as in the request line
	Header         http.Header
	Body           []byte

	Status       int
	AnswerHeader http.Header
	Answer       []byte
}

// Tick is how far the clock moves before each request, so that every record has
// a time of its own, the same in every run.
const Tick = time.Second

// Conversations runs the conversations in the files that pattern names, each on a
// new installation, and on every database there is: the answers must be the same
// bytes. See README.md for their form. With -update the answers in the files are
// rewritten from what SQLite says, and the other databases must agree.
func Conversations(t *testing.T, pattern string, opts Options) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no file is called %s", pattern)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel() // while one waits for its database, another asks
			update := Update()
			Databases(t, func(t *testing.T, db Database) {
				o := opts
				o.Database = db
				Converse(t, New(t, o).Conversation(), file, update)
				update = false // by the first database only
			})
		})
	}
}

// Converse runs one conversation.
func Converse(t *testing.T, s Server, file string, update bool) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &conversation{Server: s, headers: textproto.MIMEHeader{}}
	c.Vars = maps.Clone(s.Vars)
	said, wrong, err := c.run(archive, update)
	for _, w := range wrong {
		t.Error(w)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if !update {
		return
	}
	archive.Files = said
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

type conversation struct {
	Server
	headers textproto.MIMEHeader // sent with every request
	last    *answer
}

// answer is what came back, before variables are put in.
type answer struct {
	Exchange
	status string // "200 OK"
	header http.Header
	body   []byte
}

// run goes through the files of a conversation in their order. It returns them
// with the answers that were given, and the differences from those expected.
func (c *conversation) run(archive *txtar.Archive, update bool) (said []txtar.File, wrong []string, err error) {
	for i, f := range archive.Files {
		step, kind, _ := strings.Cut(f.Name, ".")
		text := string(f.Data)
		var next string
		if i+1 < len(archive.Files) {
			next = archive.Files[i+1].Name
		}
		switch {
		case f.Name == "headers":
			err = c.setHeaders(text)
		case kind == "clock":
			err = c.moveClock(text)
		case kind == "login":
			err = c.login(text)
		case kind == "credential":
			err = c.credential(text)
		case kind == "request":
			if c.last, err = c.ask(text); err != nil {
				break
			}
			if c.Watch != nil {
				if bad := c.Watch(c.last.Exchange); bad != nil {
					wrong = append(wrong, fmt.Sprintf("%s: %v", f.Name, bad))
				}
			}
			// What is captured is shown by its name in this answer already.
			if i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == step+".capture" }); i >= 0 {
				if err = c.capture(string(archive.Files[i].Data)); err != nil {
					break
				}
			}
			if next != step+".response" {
				if !update {
					return nil, wrong, fmt.Errorf("%s: %s.response does not follow", f.Name, step)
				}
				said = append(said, f)
				f = txtar.File{Name: step + ".response", Data: []byte(c.render(""))}
			}
		case c.last == nil:
			return nil, wrong, fmt.Errorf("%s: no request before it", f.Name)
		case kind == "response":
			got := c.render(text)
			if update {
				f.Data = []byte(got)
			} else if text != got {
				wrong = append(wrong, fmt.Sprintf("%s (-want +got):\n%s", f.Name, cmp.Diff(strings.Split(text, "\n"), strings.Split(got, "\n"))))
			}
		case kind == "capture":
			// done right after its request
		default:
			err = fmt.Errorf("is no part of a conversation")
		}
		if err != nil {
			return nil, wrong, fmt.Errorf("%s: %w", f.Name, err)
		}
		said = append(said, f)
	}
	return said, wrong, nil
}

func (c *conversation) setHeaders(text string) error {
	text, err := c.expand(text)
	if err != nil {
		return err
	}
	c.headers, err = parseHeaders(text)
	return err
}

func parseHeaders(text string) (textproto.MIMEHeader, error) {
	h := textproto.MIMEHeader{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%q is no header", line)
		}
		h.Add(name, strings.TrimSpace(value))
	}
	return h, nil
}

// login keeps sessions of users as variables: lines of NAME = id.
func (c *conversation) login(text string) error {
	return c.assign(text, "NAME = id", func(name, id string) error {
		user, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return err
		}
		c.Vars[name], err = c.Login(user)
		return err
	})
}

// credential keeps credentials of users as variables: lines of NAME = dialect id.
func (c *conversation) credential(text string) error {
	return c.assign(text, "NAME = dialect id", func(name, value string) error {
		dialect, id, _ := strings.Cut(value, " ")
		user, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return err
		}
		members, err := c.Credential(dialect, user)
		if err == nil {
			setMembers(c.Vars, name, members)
		}
		return err
	})
}

// assign calls set for lines of NAME = value.
func (c *conversation) assign(text, form string, set func(name, value string) error) error {
	text, err := c.expand(text)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || !variable.MatchString("${"+name+"}") {
			return fmt.Errorf("%q is not of the form %s", line, form)
		}
		if err := set(name, strings.TrimSpace(value)); err != nil {
			return fmt.Errorf("%q, which should be %s: %w", line, form, err)
		}
	}
	return nil
}

func (c *conversation) moveClock(text string) error {
	d, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	c.Advance(d)
	return nil
}

// ask sends a request byte by byte as it is written: clients exist whose requests
// no library would send.
func (c *conversation) ask(text string) (*answer, error) {
	c.Advance(Tick)
	text, err := c.expand(text)
	if err != nil {
		return nil, err
	}
	head, body, hasBody := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	line, rest, _ := strings.Cut(strings.TrimSuffix(head, "\n"), "\n")
	method, target, ok := strings.Cut(line, " ")
	if !ok {
		return nil, fmt.Errorf("%q is no request line", line)
	}
	target = strings.TrimPrefix(target, c.Vars["URL"])
	own, err := parseHeaders(rest)
	if err != nil {
		return nil, err
	}
	headers := maps.Clone(c.headers)
	maps.Copy(headers, own)

	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, target, c.Addr)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[name] {
			if value != "" { // an empty value takes a common header away
				fmt.Fprintf(&b, "%s: %s\r\n", name, value)
			}
		}
	}
	if kind := headers.Get("Content-Type"); strings.HasPrefix(kind, "multipart/") && !strings.Contains(body, "\r\n") {
		body = strings.ReplaceAll(body, "\n", "\r\n") // as RFC 2046 wants it
	}
	if _, set := headers["Content-Length"]; hasBody && !set {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)

	conn, err := net.DialTimeout("tcp", c.Addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a := &answer{status: res.Status, header: res.Header}
	a.body, err = io.ReadAll(res.Body)
	a.Exchange = Exchange{
		Method: method, Target: target, Header: http.Header(headers), Body: []byte(body),
		Status: res.StatusCode, AnswerHeader: res.Header, Answer: a.body,
	}
	return a, err
}

// render writes the last answer in the form of a .response file. Of its headers
// it shows those that the expected answer shows.
func (c *conversation) render(want string) string {
	var b strings.Builder
	fmt.Fprintln(&b, c.last.status)
	head, _, _ := strings.Cut(want, "\n\n")
	shown := 0
	for i, line := range strings.Split(head, "\n") {
		name, _, ok := strings.Cut(line, ":")
		if i == 0 || !ok {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", name, c.fold(c.last.header.Get(name)))
		shown++
	}
	if kind := c.last.header.Get("Content-Type"); want == "" && len(c.last.body) > 0 && !strings.HasPrefix(kind, "application/json") {
		fmt.Fprintf(&b, "Content-Type: %s\n", kind)
	}
	if len(c.last.body) > 0 {
		fmt.Fprintf(&b, "\n%s\n", c.fold(readable(c.last.body)))
	}
	return b.String()
}

// readable puts the elements of a JSON array on lines of their own, leaves other
// text as it is, and names bytes by their hash.
func readable(body []byte) string {
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 {
		return fmt.Sprintf("(%d bytes, sha256 %x)", len(body), sha256.Sum256(body))
	}
	text := strings.TrimSuffix(string(body), "\n")
	var elements []json.RawMessage
	if json.Unmarshal(body, &elements) != nil || len(elements) == 0 {
		return text
	}
	var split, joined strings.Builder
	for i, e := range elements {
		if i > 0 {
			split.WriteString(",\n")
			joined.WriteByte(',')
		}
		split.Write(e)
		joined.Write(e)
	}
	if "["+joined.String()+"]" != text {
		return text // there is other white space, which must be seen
	}
	return "[\n" + split.String() + "\n]"
}

// capture keeps parts of the last answer as variables: lines of NAME = path.
func (c *conversation) capture(text string) error {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, path, ok := strings.Cut(line, "=")
		name, path = strings.TrimSpace(name), strings.TrimSpace(path)
		if !ok || !variable.MatchString("${"+name+"}") {
			return fmt.Errorf("%q is not of the form NAME = path", line)
		}
		if header, ok := strings.CutPrefix(path, "header "); ok {
			c.Vars[name] = c.last.header.Get(header)
			continue
		}
		value, err := at(c.last.body, path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.Vars[name] = value
	}
	return nil
}

// at returns the value at a path of names and numbers with dots between them:
// "token", "0.typeId.value".
func at(body []byte, path string) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", err
	}
	for part := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			member, ok := x[part]
			if !ok {
				return "", fmt.Errorf("the answer has no %s of %s", part, path)
			}
			v = member
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(x) {
				return "", fmt.Errorf("the answer has no element %s of %s", part, path)
			}
			v = x[i]
		default:
			return "", fmt.Errorf("the answer has no %s of %s", part, path)
		}
	}
	return fmt.Sprint(v), nil
}

var variable = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)\}`)

// expand replaces ${NAME} by its value.
func (c *conversation) expand(text string) (_ string, err error) {
	text = variable.ReplaceAllStringFunc(text, func(ref string) string {
		name := ref[2 : len(ref)-1]
		value, ok := c.Vars[name]
		if !ok {
			err = fmt.Errorf("nothing is called %s", name)
		}
		return value
	})
	return text, err
}

// minFold is the length from which on a value is unmistakable in an answer.
const minFold = 8

// fold is the reverse of expand, for values that are long enough.
func (c *conversation) fold(text string) string {
	names := slices.SortedFunc(maps.Keys(c.Vars), func(a, b string) int {
		if d := len(c.Vars[b]) - len(c.Vars[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		value := c.Vars[name]
		if len(value) < minFold {
			continue
		}
		for _, form := range []string{value, url.QueryEscape(value)} {
			text = strings.ReplaceAll(text, form, "${"+name+"}")
		}
	}
	return text
}
