package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// group is some jobs that are measured together, and can be measured alone.
type group struct {
	name    string
	measure func(*bench, context.Context) error
}

// groups come in an order in which those that write come after those that read.
var groups = []group{
	{"list", (*bench).firstPages},
	{"anywhere", (*bench).pagesFromAnywhere},
	{"get", (*bench).gets},
	{"visible", (*bench).visible},
	{"extra", (*bench).extra},
	{"walk", (*bench).walk},
	{"deep", (*bench).deepPages},
	{"search", (*bench).searches},
	{"scan", (*bench).scans},
	{"login", (*bench).logins},
	{"create", (*bench).creates},
	{"bulk", (*bench).bulks},
	{"document", (*bench).documents},
	{"intake", (*bench).intakes},
	{"submit", (*bench).submissions},
	{"memory", (*bench).memories},
	{"start", (*bench).starts},
	{"seed", (*bench).seeds},
}

// Sizes of what is asked for.
const (
	pageSize  = 50
	batchSize = 200
	statuses  = 5 // that accounts have, ids 1 to 5
	pages     = 4 // of each status that the list asks for
)

// number spreads i over all 64 bits (SplitMix64).
func number(i uint64) uint64 {
	x := (i + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// holds judges an answer by a text that occurs in it a number of times.
func holds(text string, times int) func([]byte) error {
	return func(body []byte) error {
		if n := bytes.Count(body, []byte(text)); n != times {
			return fmt.Errorf("%q occurs %d times, not %d: %.300s", text, n, times, body)
		}
		return nil
	}
}

// openReaders starts the three servers that the reading jobs compare.
func (b *bench) openReaders(ctx context.Context) error {
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	if err := b.pocket.open(ctx, b); err != nil {
		return err
	}
	return b.openBare(ctx)
}

// expanded makes PocketBase show three of the things that an account refers to.
const expanded = "&expand=countryId,salesRepId1,segmentId"

// firstPages measures a page of 50 accounts of one status, latest first, with
// what they refer to: the pages that everybody looks at.
func (b *bench) firstPages(ctx context.Context) error {
	if err := b.openReaders(ctx); err != nil {
		return err
	}
	d, p := b.dossier, b.pocket
	place := func(i uint64) (status, page uint64) { return 1 + i%statuses, i / statuses % pages }
	got, err := b.compare(ctx, "list", 4,
		&target{name: "dossier", server: d.server, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			status, page := place(i)
			return d.finish(fmt.Appendf(d.head(dst, "GET"), "/accounts?where=statusId%%3D%d&order=dateUpdated&page=%d", status, page))
		}},
		&target{name: "pocketbase", server: p.server, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			status, page := place(i)
			return p.get(dst, fmt.Sprintf("/collections/accounts/records?page=%d&perPage=%d&skipTotal=1&filter=statusId%%3D'%s'&sort=-dateUpdated",
				page+1, pageSize, recordID(status)), expanded)
		}},
		&target{name: "bare", server: b.bare, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			status, page := place(i)
			return append(fmt.Appendf(dst, "GET /list?status=%d&page=%d HTTP/1.1\r\nHost: ", status, page), b.bare.addr+"\r\n\r\n"...)
		}})
	if err != nil {
		return err
	}
	const job = "list of 50, one status, latest first, first pages, c=4"
	b.versus(job, got, 1, "PocketBase", 15)
	b.versus(job, got, 2, "bare handler", 1)
	return nil
}

// pagesFromAnywhere measures the same from before random times: hardly a row
// comes up twice, so that no cache of rows helps.
func (b *bench) pagesFromAnywhere(ctx context.Context) error {
	if err := b.openReaders(ctx); err != nil {
		return err
	}
	const past = 5 * 365 * 24 * time.Hour // there are accounts of every status before it
	d, p, now := b.dossier, b.pocket, b.results.Started
	before := func(i uint64) time.Time { return now.Add(-time.Duration(number(i) % uint64(past))).UTC() }
	got, err := b.compare(ctx, "list from anywhere", 4,
		&target{name: "dossier", server: d.server, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			return d.finish(fmt.Appendf(d.head(dst, "GET"), "/accounts?where=statusId%%3D%d%%20AND%%20dateUpdated%%3C'%s'&order=dateUpdated",
				1+i%statuses, before(i).Format(time.RFC3339)))
		}},
		&target{name: "pocketbase", server: p.server, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			return p.get(dst, fmt.Sprintf("/collections/accounts/records?perPage=%d&skipTotal=1&filter=statusId%%3D'%s'%%26%%26dateUpdated%%3C'%s'&sort=-dateUpdated",
				pageSize, recordID(1+i%statuses), url.PathEscape(before(i).Format("2006-01-02 15:04:05.000Z"))), expanded)
		}},
		&target{name: "bare", server: b.bare, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
			return append(fmt.Appendf(dst, "GET /list?status=%d&before=%d HTTP/1.1\r\nHost: ", 1+i%statuses, before(i).UnixMilli()), b.bare.addr+"\r\n\r\n"...)
		}})
	if err != nil {
		return err
	}
	const job = "list of 50 from anywhere, nothing asked for twice, c=4"
	b.versus(job, got, 1, "PocketBase", 15)
	b.versus(job, got, 2, "bare handler", 1)
	return nil
}

// gets measures single accounts by random ids.
func (b *bench) gets(ctx context.Context) error {
	if err := b.openReaders(ctx); err != nil {
		return err
	}
	d, p := b.dossier, b.pocket
	id := func(i uint64) uint64 { return 1 + number(i)%uint64(b.opts.scale) }
	got, err := b.compare(ctx, "get", 8,
		&target{name: "dossier", server: d.server, check: holds(`"statusId"`, 1), request: func(dst []byte, i uint64) []byte {
			return d.finish(strconv.AppendUint(append(d.head(dst, "GET"), "/accounts/"...), id(i), 10))
		}},
		&target{name: "pocketbase", server: p.server, check: holds(`"statusId"`, 1), request: func(dst []byte, i uint64) []byte {
			return p.get(dst, "/collections/accounts/records/", recordID(id(i)))
		}},
		&target{name: "bare", server: b.bare, check: holds(`"statusId"`, 1), request: func(dst []byte, i uint64) []byte {
			return append(fmt.Appendf(dst, "GET /get/%d HTTP/1.1\r\nHost: ", id(i)), b.bare.addr+"\r\n\r\n"...)
		}})
	if err != nil {
		return err
	}
	const job = "get by id, random ids, c=8"
	b.versus(job, got, 1, "PocketBase", 8)
	b.versus(job, got, 2, "bare handler", 0)
	return nil
}

// walk reads all accounts page by page, as one client.
func (b *bench) walk(ctx context.Context) error {
	const limit = 60 * time.Second
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	b.progress("walk")
	d := b.dossier
	c := newClient(d.addr)
	defer c.close()
	var request []byte
	start, rows, page := time.Now(), 0, 0
	for ; time.Since(start) < 5*limit; page++ {
		request = d.finish(fmt.Appendf(d.head(request[:0], "GET"), "/accounts?page=%d", page))
		if err := d.ok(ctx, c, request); err != nil {
			return err
		}
		if c.entityCount <= 0 {
			break
		}
		rows += c.entityCount
	}
	took := time.Since(start)
	if took < 5*limit && rows < b.opts.scale {
		return fmt.Errorf("the walk ended after %d accounts of %d", rows, b.opts.scale)
	}
	b.results.add(row{
		Job: "walk over all pages of 50 with page=, c=1", Dossier: fmt.Sprintf("%.1f s for %d pages", took.Seconds(), page),
		Target: "≤ 60 s", met: verdict(took <= limit && rows >= b.opts.scale),
	})
	return nil
}

// ok sends a request whose answer is to have status 200.
func (d *dossier) ok(ctx context.Context, c *client, request []byte) error {
	status, body, err := c.do(ctx, request)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("status %d: %.300s", status, body)
	}
	return nil
}

// timed is ok, and how long it took.
func (d *dossier) timed(ctx context.Context, c *client, request []byte) (time.Duration, error) {
	start := time.Now()
	err := d.ok(ctx, c, request)
	return time.Since(start), err
}

// deepPages asks for pages in the middle of all accounts that nobody has walked
// to, by a server that has just started and with the file not in memory; then the
// same with the file in memory.
func (b *bench) deepPages(ctx context.Context) error {
	const limit = 50 * time.Millisecond
	d := b.dossier
	b.progress("deep pages")
	for _, order := range []string{"", "&order=dateUpdated"} {
		// Pages far from one another; the first is the middle one.
		middle := b.opts.scale / pageSize / 2
		var asked []int
		for i := range 5 {
			asked = append(asked, middle-i*middle/100)
		}
		var took [2][]float64
		for _, page := range asked {
			if err := errors.Join(d.close(), forget(d.file())); err != nil {
				return err
			}
			if err := d.open(ctx); err != nil {
				return err
			}
			// The connection, the login and the statement are not what is measured.
			c := newClient(d.addr)
			if err := d.ok(ctx, c, d.get(nil, "/accounts?page=1"+order)); err != nil {
				return err
			}
			for k := range took {
				t, err := d.timed(ctx, c, d.get(nil, fmt.Sprintf("/accounts?page=%d%s", page-k, order)))
				if err != nil {
					return err
				}
				took[k] = append(took[k], ms(t))
			}
			c.close()
		}
		name := "page " + strconv.Itoa(middle) + ", by id"
		if order != "" {
			name = "page " + strconv.Itoa(middle) + ", by dateUpdated"
		}
		cold, warm := spreadOf(took[0]), spreadOf(took[1])
		b.results.add(row{Job: name + ", file not in memory", Dossier: cold.text("%.1f", " ms"), Target: "≤ 50 ms", met: verdict(cold.median <= ms(limit))})
		b.results.add(row{Job: name + ", file in memory", Dossier: warm.text("%.1f", " ms"), Target: "≤ 50 ms", met: verdict(warm.median <= ms(limit))})
	}
	return nil
}

// searches measures LIKE '%x%' on the fields with a trigram index, for parts of
// texts that are there, one that is not, and ones that nearly every row has.
func (b *bench) searches(ctx context.Context) error {
	const limit = 20 * time.Millisecond
	const tries = 3
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	b.progress("search")
	d := b.dossier
	c := newClient(d.addr)
	defer c.close()
	fields := []struct {
		name string
		of   func(int) string
	}{
		{"name", func(i int) string { return d.sample[i].Name }},
		{"email", func(i int) string { return d.sample[i].Email }},
		{"phone", func(i int) string { return d.sample[i].Phone }},
	}
	kinds := []struct {
		name   string
		parts  func(of func(int) string) []string
		target bool // two characters make no trigram
	}{
		{"7 characters of a text", func(of func(int) string) []string { return middles(len(d.sample), of, 7) }, true},
		{"3 characters of a text", func(of func(int) string) []string { return middles(len(d.sample), of, 3) }, true},
		{"nowhere", func(func(int) string) []string { return []string{"qzxqz", "zzqwkx"} }, true},
		{"2 characters of a text", func(of func(int) string) []string { return middles(len(d.sample), of, 2) }, false},
	}
	for _, order := range []string{"", "dateUpdated"} {
		for _, kind := range kinds {
			var all []float64
			worst, what := 0.0, ""
			for _, f := range fields {
				for _, part := range kind.parts(f.of) {
					where := f.name + " LIKE '%" + strings.ReplaceAll(part, "'", "''") + "%'"
					request := d.get(nil, "/accounts?where="+url.QueryEscape(where)+"&order="+order)
					var took []float64
					for range tries {
						t, err := d.timed(ctx, c, request)
						if err != nil {
							return fmt.Errorf("%s: %w", where, err)
						}
						took = append(took, ms(t))
					}
					t := spreadOf(took).median
					all = append(all, t)
					if t > worst {
						worst, what = t, where
					}
				}
			}
			r := row{
				Job:     "LIKE '%x%' on name, email, phone: x is " + kind.name,
				Dossier: spreadOf(all).text("%.1f", " ms"), Peer: "slowest: " + what, Target: "–",
			}
			if order != "" {
				r.Job += ", latest first"
			}
			if kind.target {
				r.Target, r.met = "≤ 20 ms", verdict(worst <= ms(limit))
			}
			b.results.add(r)
		}
	}
	return nil
}

// middles returns parts from the middle of a few texts, n characters each.
func middles(count int, of func(int) string, n int) (parts []string) {
	const most = 8
	for i := 0; i < count && len(parts) < most; i += count/(3*most) + 1 {
		text := []rune(of(i))
		start := (len(text) - n) / 2
		if len(text) < n+2 {
			continue
		}
		part := string(text[start : start+n])
		if !strings.ContainsAny(part, "%_ ") {
			parts = append(parts, part)
		}
	}
	return parts
}

// scans measures LIKE on a field without an index, where every row is read.
func (b *bench) scans(ctx context.Context) error {
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	if err := b.openBare(ctx); err != nil {
		return err
	}
	d := b.dossier
	for _, column := range []string{"city", "website"} {
		got, err := b.compare(ctx, "scan of "+column, 1,
			&target{name: "dossier", server: d.server, request: func(dst []byte, _ uint64) []byte {
				return d.get(dst, "/accounts?where="+column+"%20LIKE%20'%25qzxqz%25'")
			}, check: holds("id", 0)},
			&target{name: "bare", server: b.bare, request: func(dst []byte, _ uint64) []byte {
				return append(append(dst, "GET /scan?text=qzxqz&column="+column+" HTTP/1.1\r\nHost: "...), b.bare.addr+"\r\n\r\n"...)
			}, check: holds("[]", 1)})
		if err != nil {
			return err
		}
		times := func(i int) spread { return got.of(i, func(s sample) float64 { return s.P50 }) }
		ratio := make([]float64, len(got[0]))
		for k := range ratio {
			ratio[k] = got[0][k].P50 / got[1][k].P50
		}
		r := spreadOf(ratio)
		b.results.add(row{
			Job: "LIKE '%x%' on " + column + ", which has no index, c=1", Dossier: times(0).text("%.0f", " ms"),
			Peer: "bare driver " + times(1).text("%.0f", " ms"), Ratio: r.text("%.2f", "×"), Target: "≤ 1.5×", met: verdict(r.median <= 1.5),
		})
	}
	return nil
}

// logins measures logins with an API key.
func (b *bench) logins(ctx context.Context) error {
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	got, err := b.compare(ctx, "login", 4, &target{
		name: "dossier", server: b.dossier.server, request: b.dossier.login, check: holds(`"token"`, 1),
	})
	if err != nil {
		return err
	}
	rate := got.rate(0)
	b.results.add(row{
		Job: "login with an API key, c=4", Dossier: rate.text("%.0f", "/s"),
		Target: "≥ 1,000/s", met: verdict(rate.median >= 1000),
	})
	return nil
}

// newAccount is the body of the i-th account; number makes a reference of an id.
func (b *bench) newAccount(dst []byte, i uint64, number func(int64) string) []byte {
	like := b.dossier.sample[i%uint64(len(b.dossier.sample))]
	return fmt.Appendf(dst, `{"name":"Talleres Nuñez %[1]d","email":"info@talleres%[1]d.example.com","phone":"+34 600 %06[2]d",`+
		`"website":"https://talleres%[1]d.example.com","address1":"Calle Mayor, %[3]d","city":"València","postcode":"46%03[3]d",`+
		`"comment":"Called on the stand; wants an offer for %[3]d pieces before the end of the month.",`+
		`"salesRepId1":%[4]s,"countryId":%[5]s,"typeId":%[6]s,"statusId":%[7]s,"segmentId":%[8]s,"public":true,"permissionLevel":1}`,
		i, i%1_000_000, i%1000, number(like.SalesRepID1.ID), number(like.CountryID.ID), number(like.TypeID.ID),
		number(1+int64(i%statuses)), number(1+int64(i%4)))
}

// plain and padded are how the two servers are given references.
func plain(id int64) string  { return strconv.FormatInt(id, 10) }
func padded(id int64) string { return `"` + recordID(uint64(id)) + `"` }

// openWriters starts the servers that the writing jobs compare.
func (b *bench) openWriters(ctx context.Context) error {
	if b.bare != nil { // its open reads would only be in the way
		b.bare.end()
		b.bare = nil
	}
	if err := b.dossier.open(ctx); err != nil {
		return err
	}
	return b.pocket.open(ctx, b)
}

// creator makes Dossier create one account a request.
func (b *bench) creator() *target {
	d, base := b.dossier, b.base()
	return &target{name: "dossier", server: d.server, check: holds(`"id":`, 1), request: func(dst []byte, i uint64) []byte {
		return d.post(dst, "/accounts", b.newAccount(nil, base+i, plain))
	}}
}

// base makes the texts of one run differ from those of another.
func (b *bench) base() uint64 { return uint64(time.Since(b.results.Started)) / 1000 * 1000 }

// creates measures single creates, alone and while others read.
func (b *bench) creates(ctx context.Context) error {
	const limit = 60 * time.Millisecond
	if err := b.openWriters(ctx); err != nil {
		return err
	}
	d, p, base := b.dossier, b.pocket, b.base()
	got, err := b.compare(ctx, "create", 16, b.creator(),
		&target{name: "pocketbase", server: p.server, check: holds(`"collectionId"`, 1), request: func(dst []byte, i uint64) []byte {
			return p.post(dst, "/collections/accounts/records", b.newAccount(nil, base+i, padded))
		}})
	if err != nil {
		return err
	}
	b.versus("create, 16 clients", got, 1, "PocketBase", 2.5)
	p99 := got.of(0, func(s sample) float64 { return s.P99 })
	b.results.add(row{
		Job: "p99 of these creates", Dossier: p99.text("%.1f", " ms"),
		Peer:   "PocketBase " + got.of(1, func(s sample) float64 { return s.P99 }).text("%.1f", " ms"),
		Target: "≤ 60 ms", met: verdict(p99.median <= ms(limit)),
	})

	b.progress("create while others read")
	write := b.creator()
	write.name = "dossier, create"
	read := &target{name: "dossier, list", server: d.server, check: holds(`"statusId"`, pageSize), request: func(dst []byte, i uint64) []byte {
		return d.finish(fmt.Appendf(d.head(dst, "GET"), "/accounts?where=statusId%%3D%d&order=dateUpdated", 1+i%statuses))
	}}
	since := b.usage()
	var writes, reads []sample
	for round := range b.opts.rounds {
		var w, r sample
		var werr, rerr error
		var wg sync.WaitGroup
		wg.Go(func() { w, werr = write.load(ctx, 16, b.opts.round) })
		wg.Go(func() { r, rerr = read.load(ctx, 4, b.opts.round) })
		wg.Wait()
		if err := errors.Join(werr, rerr); err != nil {
			return err
		}
		w.Round, r.Round = round, round
		w.Worked, r.Worked = 0, 0 // one process did both
		writes, reads = append(writes, w), append(reads, r)
	}
	both := rounds{writes, reads}
	b.results.Raw = append(b.results.Raw, raw{
		Job: "create while others read", Connections: 20, Elsewhere: b.elsewhere(since), Samples: slices.Concat(both...),
	})
	p99 = both.of(0, func(s sample) float64 { return s.P99 })
	b.results.add(row{
		Job:     "p99 of a create while 4 clients list, 16 clients",
		Dossier: p99.text("%.1f", " ms"), Peer: fmt.Sprintf("%.0f creates/s beside %.0f lists/s", both.rate(0).median, both.rate(1).median),
		Target: "≤ 60 ms", met: verdict(p99.median <= ms(limit)),
	})
	return nil
}

// bulks measures 200 creates in one request.
func (b *bench) bulks(ctx context.Context) error {
	if err := b.openWriters(ctx); err != nil {
		return err
	}
	d, p, base := b.dossier, b.pocket, b.base()
	list := func(before, after, open, close string, number func(int64) string, i uint64) []byte {
		body := []byte(open)
		for k := range uint64(batchSize) {
			if k > 0 {
				body = append(body, ',')
			}
			body = append(b.newAccount(append(body, before...), base+i*batchSize+k, number), after...)
		}
		return append(body, close...)
	}
	got, err := b.compare(ctx, "bulk create", 1,
		&target{name: "dossier", server: d.server, check: holds(`"code":1,`, batchSize), request: func(dst []byte, i uint64) []byte {
			return d.post(dst, "/accounts/bulk", list(`{"guid":"g","data":`, `}`, `[`, `]`, plain, i))
		}},
		&target{name: "pocketbase", server: p.server, check: holds(`"status":200`, batchSize), request: func(dst []byte, i uint64) []byte {
			return p.post(dst, "/batch", list(`{"method":"POST","url":"/api/collections/accounts/records","body":`, `}`, `{"requests":[`, `]}`, padded, i))
		}})
	if err != nil {
		return err
	}
	b.versus("bulk create of 200, c=1", got, 1, "PocketBase", 6)
	return nil
}

// documents measures the PUT of 100 MB against servers that keep files.
func (b *bench) documents(ctx context.Context) error {
	const (
		size      = 100_000_000
		turns     = 5
		stamp     = 16 // bytes in front that make every content another one
		maxMemory = 16 << 20
	)
	// All three have just started, so that memory left over from other jobs does
	// not hide what this one takes.
	if err := errors.Join(b.dossier.close(), b.dossier.open(ctx)); err != nil {
		return err
	}
	b.progress("documents")
	content := make([]byte, size)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	gateway, err := b.openGateway(ctx)
	if err != nil {
		return err
	}
	defer gateway.end()
	tusd, err := b.openTusd(ctx)
	if err != nil {
		return err
	}
	defer tusd.end()

	uploads := []struct {
		name    string
		process *process
		head    func(n int) (addr string, head []byte, err error)
		status  int
	}{
		{"dossier", b.dossier.process, func(int) (string, []byte, error) { return b.dossier.locator(ctx) }, http.StatusOK},
		{"versitygw", gateway.process, func(n int) (string, []byte, error) {
			return gateway.addr, gateway.put("/bench/" + strconv.Itoa(n)), nil
		}, http.StatusOK},
		{"tusd", tusd.process, func(int) (string, []byte, error) {
			head, err := tusdUpload(ctx, tusd.addr, size)
			return tusd.addr, head, err
		}, http.StatusNoContent},
	}
	speeds := make([][]float64, len(uploads))
	grown := make([]float64, len(uploads))
	for turn := range turns + 1 { // the speed of the first does not count
		for i, u := range uploads {
			addr, head, err := u.head(turn)
			if err != nil {
				return fmt.Errorf("%s: %w", u.name, err)
			}
			copy(content, fmt.Appendf(nil, "%*d", stamp, time.Now().UnixNano()%1e15))
			head = append(head, "\r\nContent-Length: "+strconv.Itoa(size)+"\r\n\r\n"...)
			unix.Sync() // what others have still to write would fall on this one
			before, err := u.process.memory("VmRSS")
			if err != nil {
				return err
			}
			if u.process == b.dossier.process {
				if err := b.dossier.notePeak(); err != nil {
					return err
				}
			}
			if err := u.process.resetPeak(); err != nil {
				return err
			}
			c := newClient(addr)
			start := time.Now()
			status, body, err := c.do(ctx, head, content)
			took := time.Since(start)
			c.close()
			if err != nil || status != u.status {
				return fmt.Errorf("%s: status %d: %.300s (%v)", u.name, status, body, err)
			}
			peak, err := u.process.memory("VmHWM")
			if err != nil {
				return err
			}
			grown[i] = max(grown[i], float64(peak-before)/(1<<20))
			if turn > 0 {
				speeds[i] = append(speeds[i], size/1e6/took.Seconds())
			}
		}
	}
	var all []spread
	for i, u := range uploads {
		all = append(all, spreadOf(speeds[i]))
		b.results.Uploads = append(b.results.Uploads, upload{u.name, speeds[i], grown[i]})
	}
	for i, want := range []float64{1: 1.3, 2: 0.6} {
		if i == 0 {
			continue
		}
		ratios := make([]float64, turns)
		for k := range ratios {
			ratios[k] = speeds[0][k] / speeds[i][k]
		}
		r := spreadOf(ratios)
		b.results.add(row{
			Job: "PUT of a document of 100 MB", Dossier: all[0].text("%.0f", " MB/s"), Peer: uploads[i].name + " " + all[i].text("%.0f", " MB/s"),
			Ratio: r.text("%.2f", "×"), Target: fmt.Sprintf("≥ %.1f×", want), met: verdict(r.median >= want),
		})
	}
	b.results.add(row{
		Job: "memory that this takes beyond that before", Dossier: fmt.Sprintf("%.1f MiB", grown[0]),
		Peer:   fmt.Sprintf("versitygw %.1f, tusd %.1f MiB", grown[1], grown[2]),
		Target: "≤ 16 MiB", met: verdict(grown[0] <= maxMemory>>20),
	})
	return nil
}

// intakes measures a file of 100 MB as base64 in JSON, from the body to the disk,
// against two handlers that do the same by hand. Each is a process of its own.
func (b *bench) intakes(ctx context.Context) error {
	const (
		size      = 100_000_000
		turns     = 5
		maxMemory = 16 << 20
	)
	b.progress("intake")
	content := make([]byte, size)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	body := base64.StdEncoding.AppendEncode([]byte(`{"name":"bench.bin","file":"`), content)
	body = append(body, `","comment":"after the file"}`...)
	content = nil

	ways := []string{"intake", "minimal", "struct"}
	servers := make([]*server, len(ways))
	for i, way := range ways {
		dir := filepath.Join(b.dir, "upload-"+way)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		s, err := b.serve(ctx, "upload", b.peers.upload, "/", func(addr string) []string {
			return []string{"--dir", dir, "--listen", addr}
		})
		if err != nil {
			return err
		}
		defer s.end()
		servers[i] = s
	}
	speeds := make([][]float64, len(ways))
	grown := make([]float64, len(ways))
	for turn := range turns + 1 { // the speed of the first does not count
		for i, s := range servers {
			unix.Sync() // what others have still to write would fall on this one
			before, err := s.process.memory("VmRSS")
			if err != nil {
				return err
			}
			if err := s.process.resetPeak(); err != nil {
				return err
			}
			head := fmt.Appendf(nil, "POST /%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", ways[i], s.addr, len(body))
			c := newClient(s.addr)
			start := time.Now()
			status, answer, err := c.do(ctx, head, body)
			took := time.Since(start)
			if err != nil || status != http.StatusOK || string(answer) != hex.EncodeToString(sum[:]) {
				return fmt.Errorf("%s: status %d: %.300s (%v)", ways[i], status, answer, err)
			}
			c.close()
			peak, err := s.process.memory("VmHWM")
			if err != nil {
				return err
			}
			grown[i] = max(grown[i], float64(peak-before)/(1<<20))
			if turn > 0 {
				speeds[i] = append(speeds[i], size/1e6/took.Seconds())
			}
		}
	}
	var all []spread
	for i, way := range ways {
		all = append(all, spreadOf(speeds[i]))
		b.results.Uploads = append(b.results.Uploads, upload{way, speeds[i], grown[i]})
	}
	for i, peer := range []struct {
		name string
		want float64
	}{1: {"minimal handler", 0.95}, 2: {"handler with a struct", 6}} {
		if i == 0 {
			continue
		}
		ratios := make([]float64, turns)
		for k := range ratios {
			ratios[k] = speeds[0][k] / speeds[i][k]
		}
		r := spreadOf(ratios)
		b.results.add(row{
			Job: "100 MB as base64 in JSON, on the disk, c=1", Dossier: all[0].text("%.0f", " MB/s"), Peer: peer.name + " " + all[i].text("%.0f", " MB/s"),
			Ratio: r.text("%.2f", "×"), Target: fmt.Sprintf("≥ %.2f×", peer.want), met: verdict(r.median >= peer.want),
		})
	}
	b.results.add(row{
		Job: "memory that this takes beyond that before", Dossier: fmt.Sprintf("%.1f MiB", grown[0]),
		Peer:   fmt.Sprintf("minimal %.1f, struct %.1f MiB", grown[1], grown[2]),
		Target: "≤ 16 MiB", met: verdict(grown[0] <= maxMemory>>20),
	})
	return nil
}

// locator asks for the place to PUT a document to, and returns the beginning of
// the request.
func (d *dossier) locator(ctx context.Context) (addr string, head []byte, err error) {
	c := newClient(d.addr)
	defer c.close()
	status, body, err := c.do(ctx, d.post(nil, "/accounts/1/documents", []byte(`{"name":"bench.bin","folderId":-1}`)))
	if err != nil {
		return "", nil, err
	}
	var answer struct{ Locator string }
	if err := json.Unmarshal(body, &answer); err != nil || answer.Locator == "" {
		return "", nil, fmt.Errorf("status %d: %.300s", status, body)
	}
	u, err := url.Parse(answer.Locator)
	if err != nil {
		return "", nil, err
	}
	return u.Host, fmt.Appendf(nil, "PUT %s HTTP/1.1\r\nHost: %s", u.RequestURI(), u.Host), nil
}

// gateway is versitygw on a folder.
type gateway struct {
	*server
	presigner
}

func (b *bench) openGateway(ctx context.Context) (*gateway, error) {
	root, meta := filepath.Join(b.dir, "versitygw"), filepath.Join(b.dir, "versitygw-iam")
	for _, dir := range []string{root, meta} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	const access, secret, region = "bench", "bench-secret", "us-east-1"
	s, err := b.serve(ctx, "versitygw", b.peers.versitygw, "/health", func(addr string) []string {
		return []string{"--port", addr, "--access", access, "--secret", secret, "--region", region,
			"--iam-dir", meta, "--health", "/health", "--quiet", "posix", root}
	})
	if err != nil {
		return nil, err
	}
	g := &gateway{s, presigner{s.addr, region, access, secret}}
	c := newClient(s.addr)
	defer c.close()
	status, body, err := c.do(ctx, append(g.put("/bench"), "\r\nContent-Length: 0\r\n\r\n"...))
	if err != nil || status != http.StatusOK && status != http.StatusConflict {
		g.end()
		return nil, fmt.Errorf("versitygw: make a bucket: status %d: %.300s (%v)", status, body, err)
	}
	return g, nil
}

// put begins a presigned PUT; the length is missing.
func (g *gateway) put(path string) []byte {
	return fmt.Appendf(nil, "PUT %s?%s HTTP/1.1\r\nHost: %s", path, g.query("PUT", path, time.Now(), time.Hour), g.addr)
}

func (b *bench) openTusd(ctx context.Context) (*server, error) {
	dir := filepath.Join(b.dir, "tusd")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return b.serve(ctx, "tusd", b.peers.tusd, "/", func(addr string) []string {
		host, port, _ := strings.Cut(addr, ":")
		return []string{"-host", host, "-port", port, "-upload-dir", dir}
	})
}

// tusdUpload announces an upload, and returns the beginning of the request that
// sends it.
func tusdUpload(ctx context.Context, addr string, size int) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/files/", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Tus-Resumable", "1.0.0")
	request.Header.Set("Upload-Length", strconv.Itoa(size))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	u, err := response.Location()
	if err != nil {
		return nil, fmt.Errorf("status %d: %w", response.StatusCode, err)
	}
	return fmt.Appendf(nil, "PATCH %s HTTP/1.1\r\nHost: %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"+
		"Content-Type: application/offset+octet-stream", u.RequestURI(), u.Host), nil
}

// memories tells how large the server is, after all that and just started, and
// how large the program.
func (b *bench) memories(ctx context.Context) error {
	const rest = 3 * time.Second
	d := b.dossier
	if err := d.close(); err != nil {
		return err
	}
	if d.peak > 0 {
		b.results.add(row{
			Job: "resident memory, greatest under all of the above", Dossier: mib(d.peak),
			Target: "≤ 256 MiB", met: verdict(d.peak <= 256<<20),
		})
	}
	b.progress("memory at rest")
	d.peak = 0
	if err := d.open(ctx); err != nil {
		return err
	}
	c := newClient(d.addr)
	defer c.close()
	if err := d.ok(ctx, c, d.get(nil, "/accounts?page=1")); err != nil {
		return err
	}
	select {
	case <-time.After(rest):
	case <-ctx.Done():
		return ctx.Err()
	}
	idle, err := d.memory("VmRSS")
	if err != nil {
		return err
	}
	b.results.add(row{Job: "resident memory at rest, after one page", Dossier: mib(idle), Target: "≤ 40 MiB", met: verdict(idle <= 40<<20)})
	info, err := os.Stat(b.opts.dossier)
	if err != nil {
		return err
	}
	b.results.add(row{
		Job: "size of the program", Dossier: fmt.Sprintf("%.1f MB", float64(info.Size())/1e6),
		Target: "≤ 40 MB", met: verdict(info.Size() <= 40_000_000),
	})
	return nil
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// starts measures the time from the start of the process to the first answer with
// a record, and to that of an installation that begins with the demo.
func (b *bench) starts(ctx context.Context) error {
	const turns = 5
	d := b.dossier
	if err := d.open(ctx); err != nil { // for a token
		return err
	}
	if err := d.close(); err != nil {
		return err
	}
	b.progress("start")
	start := func(name, data string, request func(addr string) []byte, more ...string) (time.Duration, error) {
		addr, err := freeAddr()
		if err != nil {
			return 0, err
		}
		started := time.Now()
		p, err := b.start(name, b.opts.dossier, append([]string{"serve", "--data", data, "--listen", addr}, more...)...)
		if err != nil {
			return 0, err
		}
		defer p.end()
		return p.firstAnswer(ctx, started, addr, request(addr))
	}
	var took, demo []float64
	for range turns {
		t, err := start("start", d.data, func(addr string) []byte {
			return (&dossier{server: &server{addr: addr}, token: d.token}).get(nil, "/accounts/1")
		})
		if err != nil {
			return err
		}
		took = append(took, ms(t))
	}
	for i := range 3 {
		data := filepath.Join(b.dir, "demo"+strconv.Itoa(i))
		t, err := start("demo", data, func(addr string) []byte { return get(addr, "/readyz") }, "--demo")
		if err := errors.Join(err, os.RemoveAll(data)); err != nil {
			return err
		}
		demo = append(demo, ms(t))
	}
	first, fresh := spreadOf(took), spreadOf(demo)
	b.results.add(row{
		Job: "start to the first account, existing data", Dossier: first.text("%.0f", " ms"),
		Target: "≤ 150 ms", met: verdict(first.median <= 150),
	})
	b.results.add(row{
		Job: "very first start, with --demo, until ready", Dossier: fresh.text("%.0f", " ms"),
		Target: "≤ 3,000 ms", met: verdict(fresh.median <= 3000),
	})
	return nil
}

// seeds measures how fast records of all kinds are made.
func (b *bench) seeds(ctx context.Context) error {
	b.progress("seed")
	accounts := min(b.opts.scale/20, 50_000)
	data := filepath.Join(b.dir, "seeded")
	defer os.RemoveAll(data)
	if _, err := b.output(ctx, b.dir, b.opts.dossier, "workspace", "create", workspace, "--data", data); err != nil {
		return err
	}
	start := time.Now()
	out, err := b.output(ctx, b.dir, b.opts.dossier, "seed", "--workspace", workspace, "--accounts", strconv.Itoa(accounts), "--data", data)
	if err != nil {
		return err
	}
	took := time.Since(start)
	var records int
	if _, err := fmt.Sscanf(out, "Made %d records", &records); err != nil {
		return fmt.Errorf("%q: %w", out, err)
	}
	rate := float64(records) / took.Seconds()
	b.results.add(row{
		Job:     fmt.Sprintf("seed with %d accounts and all that belongs to them", accounts),
		Dossier: fmt.Sprintf("%d records, %.0f/s", records, rate), Target: "≥ 20,000/s", met: verdict(rate >= 20_000),
	})
	return nil
}
