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

// What records were before is nobody's business but the administrators'.
func TestChangesAreForAdministrators(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.create("accounts", `{"name":"A","salesRepId1":1}`)
	}
	if all, err := w.AuditChanges(t.Context(), w.admin, 2, 2); err != nil || len(all) != 2 || all[0].Sequence != 3 {
		t.Errorf("%v, %v", all, err)
	}
	user := crm.Actor{UserID: w.admin.UserID, Level: crm.Administrator - 1, Language: -1}
	if all, err := w.AuditChanges(t.Context(), user, 0, 2); fault.KindOf(err) != fault.Forbidden || all != nil {
		t.Errorf("level 4 reads %v, %v", all, err)
	}
}
