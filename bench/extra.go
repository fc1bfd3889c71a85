package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
)

// extraCount is how many extra fields the accounts have whose pages are measured
// against pages of the same accounts without any.
const extraCount = 200

// extraKinds are the types of these fields in turns, each with a value; lists refer
// to account types that come with the system.
var extraKinds = []struct{ declaration, value string }{
	{`"type":"text"`, `"Kühllager, Rampe %d, links"`},
	{`"type":"list","valueListRelated":"accountTypes"`, `%d`},
	{`"type":"int"`, `%d`},
	{`"type":"bit"`, `true`},
	{`"type":"datetime"`, `"2026-02-0%dT10:00:00Z"`},
	{`"type":"decimal"`, `%d.25`},
	{`"type":"multivalue","valueListRelated":"accountTypes"`, `[%d,6]`},
	{`"type":"text"`, `"B-%d"`},
}

// twin is one of two workspaces with the same accounts.
type twin struct {
	name   string
	fields int
	saved  saved
	token  string
	ids    []int64 // of the accounts in the page
}

// twinPage is the page that is measured; some of the accounts cannot be changed.
const twinPage = "/accounts?where=deleted%3Dfalse%20AND%20readOnly%3Dfalse&order=dateCreated"

// extra measures a page of accounts with extra fields, all of them with values,
// against the same page without: right after the records have been changed, when
// nothing is known of them, and for the third time, as rows are kept from the second on.
func (b *bench) extra(ctx context.Context) error {
	const (
		tries = 100
		limit = 2
	)
	b.progress("extra fields")
	d := b.dossier
	twins := []*twin{{name: "lean"}, {name: "wide", fields: extraCount}}
	if err := d.close(); err != nil {
		return err
	}
	var fresh []*twin
	for _, w := range twins {
		made, err := b.makeTwin(ctx, w)
		if err != nil {
			return err
		}
		if made {
			fresh = append(fresh, w)
		}
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	c := newClient(d.addr)
	defer c.close()
	for _, w := range twins {
		var err error
		if w.token, err = d.logIn(ctx, c, w.saved); err != nil {
			return err
		}
	}
	for _, w := range twins {
		if err := d.readIDs(ctx, c, w); err != nil {
			return err
		}
	}
	for _, w := range fresh {
		if err := d.declare(ctx, c, w); err != nil {
			return err
		}
	}
	var took [3][2][]float64 // by how often the page was asked for since the change; by twin
	for try := range tries {
		for i, w := range twins {
			as := &dossier{server: d.server, token: w.token}
			if err := d.ok(ctx, c, as.send(nil, "PUT", "/accounts/bulk", w.touch(try))); err != nil {
				return err
			}
			for again := range took {
				t, err := d.timed(ctx, c, as.get(nil, twinPage))
				if err != nil {
					return err
				}
				took[again][i] = append(took[again][i], ms(t))
			}
		}
	}
	for _, shown := range []struct {
		again int
		name  string
	}{{0, "just changed"}, {2, "for the third time"}} {
		again, name := shown.again, shown.name
		without, with := took[again][0], took[again][1]
		ratios := make([]float64, len(with))
		for i := range ratios {
			ratios[i] = with[i] / without[i]
		}
		ratio := spreadOf(ratios)
		b.results.add(row{
			Job:     fmt.Sprintf("list of 50 with %d extra fields, all of them set, %s", extraCount, name),
			Dossier: spreadOf(with).text("%.2f", " ms"), Peer: "without any " + spreadOf(without).text("%.2f", " ms"),
			Ratio: ratio.text("%.2f", "×"), Target: "≤ " + strconv.Itoa(limit) + "×", met: verdict(ratio.median <= limit),
		})
	}
	return nil
}

// makeTwin makes a workspace with a page of accounts, unless it is there.
func (b *bench) makeTwin(ctx context.Context, w *twin) (made bool, err error) {
	note := filepath.Join(b.dir, "twin-"+w.name+".json")
	if ok, err := readSaved(note, &w.saved); ok || err != nil {
		return false, err
	}
	const user = "bench@example.com"
	for _, args := range [][]string{
		{"workspace", "create", w.name},
		{"user", "create", "--workspace", w.name, "--email", user, "--name", "Bench", "--level", "5"},
		{"seed", "--workspace", w.name, "--accounts", strconv.Itoa(2 * pageSize), "--accounts-only"},
	} {
		if _, err := b.dossier.command(ctx, args...); err != nil {
			return false, err
		}
	}
	key, err := b.dossier.command(ctx, "key", "create", "--workspace", w.name, "--dialect", "sage", "--user", user, "--json")
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal([]byte(key), &w.saved); err != nil {
		return false, err
	}
	return true, writeSaved(note, w.saved)
}

// declare gives the accounts of a workspace its extra fields and their values.
func (d *dossier) declare(ctx context.Context, c *client, w *twin) error {
	as := &dossier{server: d.server, token: w.token}
	var values []byte
	for i := range w.fields {
		kind := extraKinds[i%len(extraKinds)]
		if err := d.ok(ctx, c, as.post(nil, "/extrafields/accounts", fmt.Appendf(nil, `{"fieldName":"Z_%d",%s}`, i, kind.declaration))); err != nil {
			return err
		}
		value := kind.value
		if kind.value != "true" {
			value = fmt.Sprintf(kind.value, 1+i%5)
		}
		values = fmt.Appendf(values, `,"Z_%d":%s`, i, value)
	}
	for _, id := range w.ids {
		body := fmt.Appendf(nil, `{"comment":null%s}`, values)
		if err := d.ok(ctx, c, as.send(nil, "PUT", "/accounts/"+strconv.FormatInt(id, 10), body)); err != nil {
			return fmt.Errorf("account %d: %w", id, err)
		}
	}
	return nil
}

// readIDs reads which accounts are in the page.
func (d *dossier) readIDs(ctx context.Context, c *client, w *twin) error {
	status, body, err := c.do(ctx, (&dossier{server: d.server, token: w.token}).get(nil, twinPage))
	if err != nil {
		return err
	}
	var rows []struct{ ID int64 }
	if err := json.Unmarshal(body, &rows); err != nil || status != http.StatusOK || len(rows) != pageSize {
		return fmt.Errorf("workspace %s: status %d, %d accounts: %.300s", w.name, status, len(rows), body)
	}
	for _, r := range rows {
		w.ids = append(w.ids, r.ID)
	}
	return nil
}

// touch is the body of a bulk request that changes all accounts in the page.
func (w *twin) touch(try int) []byte {
	body := []byte{'['}
	for i, id := range w.ids {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"guid":"g","id":%d,"data":{"comment":"Called %d times; wants an offer."}}`, id, try+1)
	}
	return append(body, ']')
}
