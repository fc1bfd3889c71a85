package seed

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"flag"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

var update = flag.Bool("update", false, "write the goldens")

// folder is a Documents that keeps everything.
type folder []Document

func (f *folder) Put(_ context.Context, docs []Document) error {
	*f = append(*f, docs...)
	return nil
}

func demonstration(t *testing.T) (*memory, folder, Summary) {
	t.Helper()
	g, _ := registry(t)
	m := newMemory(t)
	if err := Base(context.Background(), m, g, noon()); err != nil {
		t.Fatal(err)
	}
	var docs folder
	sum, err := Demo(context.Background(), m, g, &docs, noon())
	if err != nil {
		t.Fatal(err)
	}
	return m, docs, sum
}

func TestDemo(t *testing.T) {
	m, docs, sum := demonstration(t)
	var d demo
	d.g, _ = registry(t)
	cat, err := d.catalog()
	if err != nil {
		t.Fatal(err)
	}
	m.check(cat)
	for name, least := range map[string]int{
		"accounts": 200, "contacts": 600, "opportunities": 300, "activities": 1000, "salesorders": 100, "salesordersLines": 200,
		"products": 50, "productFamilies": 5, "productCategories": 10, "rates": 2, "productRates": 100, "extrafields": 2, "users": 10, "branches": 3,
	} {
		if got := len(m.tables[name]); got < least {
			t.Errorf("%d %s", got, name)
		}
	}
	for _, x := range extraFields() {
		i, set := cat.Resource(x.entity).Field(x.name).Index, 0
		for _, r := range m.tables[x.entity] {
			if !r.Values[i].IsNull() {
				set++
			}
		}
		if set == 0 || set == len(m.tables[x.entity]) {
			t.Errorf("%s is set in %d records", x.name, set)
		}
	}
	stages := map[int64]int{}
	status := cat.Resource("opportunities").Field("statusId").Index
	for _, r := range m.tables["opportunities"] {
		stages[r.Values[status].I]++
	}
	if len(stages) != 8 {
		t.Errorf("the pipeline: %v", stages)
	}
	names, folders, types := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, doc := range docs {
		types[path.Ext(doc.Name)]++
		folders[doc.Folder] = true
		if key := doc.Resource + strconv.FormatInt(doc.RecordID, 10) + doc.Folder + doc.Name; names[key] {
			t.Errorf("%s twice", key)
		} else {
			names[key] = true
		}
		res := cat.Resource(doc.Resource)
		i := slices.IndexFunc(m.tables[doc.Resource], func(r *resource.Record) bool { return r.ID == doc.RecordID })
		if i < 0 || m.tables[doc.Resource][i].Values[res.Field("deleted").Index].I != 0 || doc.UserID != sum.Admin || len(doc.Content) == 0 {
			t.Errorf("%s of %s %d", doc.Name, doc.Resource, doc.RecordID)
		}
	}
	if len(types) != 7 || len(folders) < 3 {
		t.Errorf("%v in folders %v", types, folders)
	}
}

// A workspace that is in use is no place for a demonstration.
func TestDemoRefuses(t *testing.T) {
	m, _, _ := demonstration(t)
	g, _ := registry(t)
	before := digest(t, m)
	if _, err := Demo(context.Background(), m, g, &folder{}, noon()); fault.KindOf(err) != fault.Conflict {
		t.Errorf("%v", err)
	}
	if digest(t, m) != before {
		t.Error("something was written")
	}
}

type full struct{}

func (full) Put(context.Context, []Document) error { return errors.New("disk full") }

func TestDemoReportsDocumentsThatWereNotKept(t *testing.T) {
	m, _ := workspace(t)
	g, _ := registry(t)
	if _, err := Demo(context.Background(), m, g, full{}, noon()); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("%v", err)
	}
}

// What is made may change on purpose only: figures and screenshots are taken of it.
func TestGolden(t *testing.T) {
	m, docs, _ := demonstration(t)
	small, _ := generate(t, Options{Accounts: 300, Seed: 42, Now: noon()})
	h := newDigest()
	for _, d := range docs {
		h.Write([]byte(d.Folder + "/" + d.Name))
		if ext := path.Ext(d.Name); ext == ".pdf" || ext == ".csv" || ext == ".txt" {
			h.Write(d.Content) // others are packed, differently by different releases of Go
		}
	}
	got := "demo " + digest(t, m) + "\ndocuments " + h.String() + "\n300 accounts " + digest(t, small) + "\n"
	const name = "testdata/digests.txt"
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || string(want) != got {
		t.Errorf("got\n%swant\n%s%v", got, want, err)
	}
}

// The files are what their names say, to readers that are not their writers.
func TestDemoFilesOpen(t *testing.T) {
	_, docs, _ := demonstration(t)
	for _, d := range docs {
		if err := opens(d); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}

func opens(d Document) error {
	switch path.Ext(d.Name) {
	case ".pdf":
		return opensPDF(d.Content)
	case ".png":
		_, err := png.Decode(bytes.NewReader(d.Content))
		return err
	case ".jpg":
		_, err := jpeg.Decode(bytes.NewReader(d.Content))
		return err
	case ".docx", ".xlsx":
		return opensOffice(d.Content)
	case ".csv":
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(d.Content, []byte("\ufeff")))).ReadAll()
		if err == nil && len(rows) < 2 {
			err = errors.New("no rows")
		}
		return err
	case ".txt":
		if !utf8.Valid(d.Content) {
			return errors.New("no UTF-8")
		}
		return nil
	default:
		return errors.New("unknown type")
	}
}

// opensPDF follows the file's own table to every object.
func opensPDF(b []byte) error {
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(b)
	if !bytes.HasPrefix(b, []byte("%PDF-1.")) || start == nil {
		return errors.New("no head or no end")
	}
	at, _ := strconv.Atoi(string(start[1]))
	if !bytes.HasPrefix(b[at:], []byte("xref\n0 8\n")) {
		return errors.New("the table is elsewhere")
	}
	entries := bytes.SplitAfter(b[at+len("xref\n0 8\n"):], []byte("\n"))
	for i := 1; i < 8; i++ {
		if len(entries[i]) != 20 {
			return errors.New("an entry is not 20 bytes long")
		}
		offset, _ := strconv.Atoi(string(entries[i][:10]))
		if !bytes.HasPrefix(b[offset:], []byte(strconv.Itoa(i)+" 0 obj\n")) {
			return errors.New("object " + strconv.Itoa(i) + " is elsewhere")
		}
	}
	stream := regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*)endstream`).FindSubmatch(b)
	if length, _ := strconv.Atoi(string(stream[1])); length != len(stream[2]) {
		return errors.New("the page has another length")
	}
	return nil
}

// opensOffice checks that every part is well-formed, and that every relationship
// leads to a part.
func opensOffice(b []byte) error {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		dec := xml.NewDecoder(r)
		for {
			token, err := dec.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			if e, ok := token.(xml.StartElement); ok && e.Name.Local == "Relationship" {
				for _, a := range e.Attr {
					target := path.Join(path.Dir(path.Dir(f.Name)), a.Value)
					if a.Name.Local == "Target" && !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == target }) {
						return errors.New("no part " + target)
					}
				}
			}
		}
	}
	return nil
}
