package crm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// brief is a change as one line.
func brief(c crm.Change) string {
	text := func(v resource.Value) string {
		switch v.Type {
		case resource.Int:
			return fmt.Sprint(v.I)
		case resource.Str:
			return fmt.Sprintf("%q", v.S)
		default:
			return "null"
		}
	}
	s := fmt.Sprintf("%d %s %s %d by %d %s/%s/%s:", c.Sequence, c.Kind, c.Resource, c.ID, c.UserID, c.Dialect, c.Credential, c.RequestID)
	for _, f := range c.Fields {
		s += " " + f.Name + " " + text(f.Before) + "→" + text(f.After)
	}
	return s
}

func TestChangesAreLogged(t *testing.T) {
	w := newWorld(t)
	who := w.admin
	who.Dialect, who.Credential, who.RequestID = "sage", "key", "r1"
	res := w.res("accountTypes")
	id, err := w.Create(t.Context(), who, res, input(t, `{"descriptionEN":"Old","order":3}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Update(t.Context(), who, res, id, input(t, `{"order":3,"descriptionEN":"New"}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(t.Context(), who, res, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Create(t.Context(), who, res, input(t, `{}`)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("error %v", err)
	}
	wantFault(t, w.Delete(t.Context(), who, res, id), fault.NotFound, "not exist")
	got, err := w.Changes(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	ms := start.UnixMilli()
	want := []string{
		fmt.Sprintf(`1 create accountTypes 1 by 1 sage/key/r1: computeSfm null→0 dateCreated null→%d deleted null→0 descriptionEN null→"Old" internal null→0 order null→3 salesRepIdCreated null→1`, ms),
		fmt.Sprintf(`2 update accountTypes 1 by 1 sage/key/r1: dateUpdated null→%d descriptionEN "Old"→"New" salesRepIdUpdated null→1`, ms),
		fmt.Sprintf(`3 delete accountTypes 1 by 1 sage/key/r1: dateDeleted null→%d deleted 0→1 salesRepIdDeleted null→1`, ms),
	}
	var lines []string
	for _, c := range got {
		lines = append(lines, brief(c))
		if !c.Time.Equal(start.Truncate(time.Millisecond)) {
			t.Errorf("time %v", c.Time)
		}
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// A user reads the changes of the records that he sees, and gets past the others.
func TestChangesThatAreSeen(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		level := 1
		if i%2 == 0 {
			level = 5
		}
		w.create("accounts", fmt.Sprintf(`{"name":"A","salesRepId1":1,"permissionLevel":%d}`, level))
	}
	user := crm.Actor{UserID: 99, Level: 2, Language: -1}
	var ids []int64
	for after := int64(0); ; {
		seen, next, err := w.SeenChanges(t.Context(), user, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range seen {
			ids = append(ids, c.ID)
		}
		if next == after {
			break
		}
		after = next
	}
	if want := []int64{2, 4, 6, 8, 10, 12, 14, 16, 18, 20}; !slices.Equal(ids, want) {
		t.Errorf("changes of %v, want %v", ids, want)
	}
	if all, next, err := w.SeenChanges(t.Context(), w.admin, 15, 100); err != nil || len(all) != 5 || next != 20 {
		t.Errorf("%d changes up to %d, %v", len(all), next, err)
	}
}
