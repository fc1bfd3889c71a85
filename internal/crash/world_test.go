package crash_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
)

// created is the number of the write that makes a record; updates have higher ones.
const created = 0

// mark begins the extId of every record and the name of every document that the
// test makes, and nothing else begins so.
const mark = "kill-"

// fate is what is known about a change that happens once.
type fate uint8

const (
	not     fate = iota // never asked for, or known not to have happened
	perhaps             // asked for, and no answer came
	done                // acknowledged, or seen
)

// record is what the server has promised about one record.
type record struct {
	kind    *kind
	ext     string // its extId, by which it is found
	id      int64  // 0 when its creation was not acknowledged
	account *record
	parts   []part
	deleted fate
}

// part is the fields of a record that one client writes, always all at once.
type part struct {
	promised int64   // number of the write that was acknowledged last, or seen
	open     []int64 // of the one that was not answered
}

// kind is a resource that the test writes.
type kind struct {
	path  string
	parts []func(number int64, ext string) map[string]any
}

var accounts = &kind{"/accounts", []func(int64, string) map[string]any{
	func(n int64, ext string) map[string]any {
		return map[string]any{
			"name":     fmt.Sprintf("%s %d Ñandú & Söhne", ext, n),
			"address1": fmt.Sprintf("Carrer de %s, %d", ext, n),
			"comment":  long(ext, n),
			"latitude": number(n%90, n%1_000_000),
		}
	},
	func(n int64, ext string) map[string]any {
		return map[string]any{
			"phone":     fmt.Sprintf("+34 %09d %s", n, ext),
			"email":     fmt.Sprintf("%d@%s.example", n, ext),
			"website":   fmt.Sprintf("https://%s.example/%d?a=1&b='2'", ext, n),
			"fax":       fmt.Sprint(n),
			"longitude": number(-n%180, n%1_000_000),
		}
	},
}}

var contacts = &kind{"/contacts", []func(int64, string) map[string]any{
	func(n int64, ext string) map[string]any {
		return map[string]any{
			"firstName": fmt.Sprintf("%d Žofie", n),
			"lastName":  ext + " O'Neill",
			"comment":   long(ext, n),
			"email":     fmt.Sprintf("%d@%s.example", n, ext),
		}
	},
}}

// number is a decimal number as JSON has it.
func number(whole, millionth int64) json.Number {
	text := strings.TrimRight(fmt.Sprintf("%d.%06d", whole, millionth), "0")
	return json.Number(strings.TrimSuffix(text, "."))
}

// long is a text that fills some rows beyond a page of the database.
func long(ext string, n int64) string {
	r := rand.New(rand.NewPCG(uint64(n), uint64(len(ext))))
	size := r.IntN(200)
	if r.IntN(8) == 0 {
		size = 4000
	}
	letters := []rune("abcdefghijklmnop qrstuvwxyz\n\"\\áßçđ€𝄞")
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d: ", ext, n)
	for b.Len() < size {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	return b.String()
}

// values are those of the record's creation: every part at number n.
func (r *record) values(n int64) map[string]any {
	all := map[string]any{"extId": r.ext}
	if r.kind == accounts {
		all["salesRepId1"] = 1
	} else {
		all["accountId"] = r.account.id
	}
	for _, p := range r.kind.parts {
		for name, v := range p(n, r.ext) {
			all[name] = v
		}
	}
	return all
}

// check compares a row with what was promised. It returns what is wrong with it,
// and settles what was open.
func (r *record) check(row map[string]any) error {
	id, err := integer(row["id"])
	if err != nil {
		return err
	}
	if r.id != 0 && id != r.id {
		return fmt.Errorf("%s has id %d; %d was acknowledged", r.ext, id, r.id)
	}
	r.id = id
	updated := false
	for i, fields := range r.kind.parts {
		p := &r.parts[i]
		found := false
		for _, n := range append([]int64{p.promised}, p.open...) {
			if found = same(row, fields(n, r.ext)); found {
				p.promised = n
				break
			}
		}
		if !found {
			return fmt.Errorf("%s %d: fields %d are neither those of the acknowledged write %d nor of the open %v:\n%s",
				r.ext, id, i, p.promised, p.open, differences(row, fields(p.promised, r.ext)))
		}
		p.open = nil
		updated = updated || p.promised != created
	}
	if got := row["dateUpdated"] != nil; got != updated {
		return fmt.Errorf("%s %d: dateUpdated is %v, an update is there: %v", r.ext, id, row["dateUpdated"], updated)
	}
	deleted, dated, by := row["deleted"] == true, row["dateDeleted"] != nil, row["salesRepIdDeleted"] != nil
	switch {
	case deleted != dated || deleted != by:
		return fmt.Errorf("%s %d is half deleted: %v, %v, %v", r.ext, id, deleted, dated, by)
	case r.deleted == done && !deleted, r.deleted == not && deleted:
		return fmt.Errorf("%s %d: deleted is %v, which was not promised", r.ext, id, deleted)
	case deleted:
		r.deleted = done
	default:
		r.deleted = not
	}
	if r.account != nil {
		want := map[string]any{"id": r.account.id, "value": r.account.kind.parts[0](r.account.parts[0].promised, r.account.ext)["name"]}
		if !same(row, map[string]any{"accountId": want}) {
			return fmt.Errorf("%s %d: accountId is %v, want %v", r.ext, id, row["accountId"], want)
		}
	}
	return nil
}

func integer(v any) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%v is no number", v)
	}
	return n.Int64()
}

// same reports whether a row has these values.
func same(row, want map[string]any) bool { return differences(row, want) == "" }

func differences(row, want map[string]any) string {
	var b strings.Builder
	for name, v := range want {
		if w := normal(v); !reflect.DeepEqual(row[name], w) {
			fmt.Fprintf(&b, "  %s: got %.300q, want %.300q\n", name, fmt.Sprint(row[name]), fmt.Sprint(w))
		}
	}
	return b.String()
}

// normal is v as it comes out of JSON.
func normal(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var n any
	if err := dec.Decode(&n); err != nil {
		return err
	}
	return n
}

// file is what the server has promised about one document.
type file struct {
	name    string
	account *record
	id      int64
	locator string // path and token
	seed    uint64 // of its bytes
	size    int
	hash    string
	stored  fate
	deleted fate
	checked bool // its bytes were read back in full since they were stored
}

// bytes are the contents of the document.
func (f *file) bytes() []byte {
	b := make([]byte, f.size)
	r := rand.NewChaCha8([32]byte{byte(f.seed), byte(f.seed >> 8), byte(f.seed >> 16), byte(f.seed >> 24), byte(f.seed >> 32)})
	r.Read(b) // never fails
	return b
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// check compares a row of a list of documents with what was promised, and settles
// what was open.
func (f *file) check(row map[string]any) error {
	id, err := integer(row["id"])
	if err != nil {
		return err
	}
	if f.id == 0 {
		f.id = id
	}
	want := map[string]any{"id": f.id, "description": f.name, "size": f.size, "extension": "bin", "accountId": f.account.id}
	if diff := differences(row, want); diff != "" {
		return fmt.Errorf("document %s:\n%s", f.name, diff)
	}
	if f.stored == not {
		return fmt.Errorf("document %s is shown, but nothing was uploaded", f.name)
	}
	f.stored = done
	deleted, dated, linked := row["deleted"] == true, row["dateDeleted"] != nil, row["link"] != ""
	switch {
	case deleted != dated || deleted == linked:
		return fmt.Errorf("document %s is half deleted: %v, %v, link %q", f.name, deleted, dated, row["link"])
	case f.deleted == done && !deleted, f.deleted == not && deleted:
		return fmt.Errorf("document %s: deleted is %v, which was not promised", f.name, deleted)
	case deleted:
		f.deleted = done
	default:
		f.deleted = not
	}
	return nil
}
