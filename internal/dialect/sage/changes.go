package sage

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// listChanges answers GET /changes?after=N&count=n, which is ours and no part of
// the vendor's API: the log of changes, oldest first, for administrators only.
// X-Dossier-Next-After is the number to go on after.
func (d *Dialect) listChanges(s *session, w http.ResponseWriter, r *request) error {
	after, count, err := r.section()
	if err != nil {
		return err
	}
	changes, err := s.records.AuditChanges(r.Context(), s.actor, after, count)
	if err != nil {
		return err
	}
	next := after
	if n := len(changes); n > 0 {
		next = changes[n-1].Sequence
	}
	rows := make([][]byte, len(changes))
	for i := range changes {
		rows[i] = s.appendChange(nil, &changes[i])
	}
	w.Header()["X-Dossier-Next-After"] = []string{strconv.FormatInt(next, 10)}
	respondRows(w, rows, 0, false)
	return nil
}

// section reads which part of a log is asked for: at most count entries after the one
// with a number. Nonsense is refused, unlike in page=, which is the vendor's: who starts
// anew by mistake does all again.
func (r *request) section() (after int64, count int, err error) {
	if text := strings.TrimSpace(r.query["after"]); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil || after < 0 {
			return 0, 0, fault.InField("after", "after must be the number of a change, 0 or more")
		}
	}
	count = pageSize(r.Header)
	if n, err := strconv.Atoi(strings.TrimSpace(r.query["count"])); err == nil && n > 0 {
		count = min(n, maxCount)
	}
	return after, count, nil
}

func (s *session) appendChange(dst []byte, c *crm.Change) []byte {
	text := func(name, v string) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = resource.AppendText(dst, v)
	}
	number := func(name string, v int64) {
		dst = append(append(append(dst, `,"`...), name...), `":`...)
		dst = strconv.AppendInt(dst, v, 10)
	}
	dst = strconv.AppendInt(append(dst, `{"sequence":`...), c.Sequence, 10)
	text("time", string(resource.AppendInstant(nil, c.Time.UnixMilli())))
	number("userId", c.UserID)
	text("credential", c.Credential)
	text("dialect", c.Dialect)
	text("requestId", c.RequestID)
	text("resource", c.Resource)
	number("id", c.ID)
	text("operation", c.Kind.String())
	dst = append(dst, `,"changes":{`...)
	res := s.catalog.Resource(c.Resource)
	first := true
	for _, f := range c.Fields {
		var field *resource.Field
		if res != nil {
			field = res.Field(f.Name)
		}
		if field != nil && field.Internal {
			continue // to this caller
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(resource.AppendText(dst, f.Name), `:{"before":`...)
		dst = appendChanged(dst, field, f.Before)
		dst = append(dst, `,"after":`...)
		dst = append(appendChanged(dst, field, f.After), '}')
	}
	return append(dst, `}}`...)
}

// appendChanged writes a value as records show it, references as their ids. A
// value of a field that is not there any more is written as it was kept.
func appendChanged(dst []byte, f *resource.Field, v resource.Value) []byte {
	switch {
	case v.IsNull():
		return append(dst, "null"...)
	case f == nil && v.Type == resource.Int:
		return strconv.AppendInt(dst, v.I, 10)
	case f != nil && f.Kind == resource.RefList && v.Type == resource.Str:
		return append(dst, v.S...) // kept as JSON
	case v.Type == resource.Str:
		return resource.AppendText(dst, v.S)
	}
	switch f.Kind {
	case resource.Number:
		return resource.AppendNumber(dst, v.I, f.Scale)
	case resource.Boolean:
		return strconv.AppendBool(dst, v.I != 0)
	case resource.Instant:
		return append(resource.AppendInstant(append(dst, '"'), v.I), '"')
	default:
		return strconv.AppendInt(dst, v.I, 10)
	}
}
