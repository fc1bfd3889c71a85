package apptest

import (
	"testing"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// An answer is shown by the path, the status and the words of it, and by the method
// unless it is about that.
func TestShownBy(t *testing.T) {
	asked := []Asked{
		{"POST", "/a/One/x/", "one.txtar", 200, `{"ok":1}`},
		{"POST", "/a/two/x", "two.txtar", 400, `{"code":"BAD"}`},
		{"GET", "/a/two/x", "two.txtar", 405, `{"code":"METHOD"}`},
	}
	op := dialect.Operation{Method: "POST", Path: "/a/{}/x"}
	for _, tt := range []struct {
		answer dialect.Answer
		shown  bool
	}{
		{dialect.Answer{Status: 200}, true},
		{dialect.Answer{Status: 200, Code: "nothing"}, false},
		{dialect.Answer{Status: 400, Code: `"BAD"`}, true},
		{dialect.Answer{Status: 400, Code: `"BAD"`, Method: "GET"}, false},
		{dialect.Answer{Status: 404}, false},
		{dialect.Answer{Status: 405, Code: "METHOD"}, true},
	} {
		if got := (Page{Name: "d"}).shownBy(asked, op, tt.answer); (got != "") != tt.shown {
			t.Errorf("%+v is shown by %q", tt.answer, got)
		}
	}
}

func TestSamePath(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		same          bool
	}{
		{"/a/b", "/A/b/", true},
		{"/a/{}", "/a/7", true},
		{"/a/{id}/c", "/a/7/c", true},
		{"/a/{}", "/a", false},
		{"/a/{}", "/a/7/c", false},
		{"/a/b", "/a/c", false},
	} {
		if SamePath(tt.pattern, tt.path) != tt.same {
			t.Errorf("%s and %s", tt.pattern, tt.path)
		}
	}
}
