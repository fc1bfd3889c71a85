package sage_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/resource"
)

// extraFieldTypes are the types of extra fields with a value of each; those of
// lists refer to the account types that come with the system.
var extraFieldTypes = []struct{ typ, declaration, value string }{
	{"text", ``, `"Kühllager, Rampe %d, links"`},
	{"list", `, "valueListRelated": "accountTypes"`, `%d`},
	{"int", ``, `%d`},
	{"bit", ``, `true`},
	{"datetime", ``, `"2026-02-0%dT10:00:00Z"`},
	{"decimal", ``, `%d.25`},
	{"multivalue", `, "valueListRelated": "accountTypes"`, `[%d, 6]`},
	{"text", ``, `"B-%d"`},
}

// withExtraFields starts an installation with 50 accounts of which each has values
// in as many extra fields.
func withExtraFields(b testing.TB, fields int) *apptest.App {
	b.Helper()
	a := apptest.New(b, apptest.Options{})
	send := func(method, path, body string) {
		b.Helper()
		if got := a.Do(b, method, "/api/v4"+path, body); got.Status != http.StatusOK || strings.Contains(string(got.Body), `"error"`) {
			b.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
	}
	var values strings.Builder
	for i := range fields {
		kind := extraFieldTypes[i%len(extraFieldTypes)]
		send("POST", "/extrafields/accounts", fmt.Sprintf(`{"fieldName": "Z_%s_%d", "type": %q%s}`, kind.typ, i, kind.typ, kind.declaration))
		value := kind.value
		if strings.Contains(value, "%d") {
			value = fmt.Sprintf(value, 1+i%5)
		}
		fmt.Fprintf(&values, `, "Z_%s_%d": %s`, kind.typ, i, value)
	}
	for i := range 50 {
		send("POST", "/accounts", fmt.Sprintf(`{"name": "Talleres Nuñez %[1]d", "email": "info@talleres%[1]d.example.com", "phone": "+34 600 %06[1]d",
			"website": "https://talleres%[1]d.example.com", "address1": "Calle Mayor, %[1]d", "city": "València", "postcode": "46001", "vatNumber": "B%08[1]d",
			"comment": "Called on the stand; wants an offer for %[1]d pieces before the end of the month.", "countryId": 73, "typeId": %[2]d, "statusId": 1,
			"salesRepId1": 1, "branchId": null%[3]s}`, i, 1+i%4, values.String()))
	}
	return a
}

// nowhere is a ResponseWriter that counts what it is given.
type nowhere struct {
	header http.Header
	status int
	bytes  int
}

func (w *nowhere) Header() http.Header { return w.header }
func (w *nowhere) WriteHeader(s int)   { w.status = s }
func (w *nowhere) Write(p []byte) (int, error) {
	w.bytes += len(p)
	return len(p), nil
}

// BenchmarkExtraFields measures a page of 50 accounts with 200 extra fields against
// one without, asked for in turn: rendered rows known and not, by the handler alone
// and over a connection. The figures are medians.
func BenchmarkExtraFields(b *testing.B) {
	apps := []*apptest.App{withExtraFields(b, 0), withExtraFields(b, 200)}
	registry, err := resource.New(resource.Declared()...)
	if err != nil {
		b.Fatal(err)
	}
	for _, cached := range []bool{false, true} {
		var handlers []http.Handler
		for _, a := range apps {
			cfg := sage.Config{Auth: a.Auth, Declared: registry, Acquire: func(ctx context.Context, name string) (sage.Workspace, func(), error) {
				w, release, err := a.Workspaces.Acquire(ctx, name)
				if err != nil {
					return sage.Workspace{}, nil, err
				}
				return sage.Workspace{Records: w.Records, Documents: w.Documents, Hooks: w.Hooks}, release, nil
			}}
			if !cached {
				cfg.RowCache = -1
			}
			handlers = append(handlers, sage.New(cfg))
		}
		const page = "/api/v4/accounts?order=dateCreated"
		name := map[bool]string{false: "new", true: "known"}[cached]
		b.Run(name, func(b *testing.B) {
			var took [2][]time.Duration
			var bytes [2]int
			for b.Loop() {
				for i, h := range handlers {
					r, err := http.NewRequestWithContext(b.Context(), "GET", apps[i].URL+page, nil)
					if err != nil {
						b.Fatal(err)
					}
					r.RequestURI = r.URL.RequestURI()
					r.RemoteAddr = "127.0.0.1:1"
					r.Header.Set("X-Session-Key", apps[i].Token)
					w := nowhere{header: http.Header{}}
					start := time.Now()
					h.ServeHTTP(&w, r)
					took[i] = append(took[i], time.Since(start))
					if bytes[i] = w.bytes; w.status != http.StatusOK {
						b.Fatal(w.status)
					}
				}
			}
			report(b, took, bytes)
		})
		b.Run(name+", over a connection", func(b *testing.B) {
			var took [2][]time.Duration
			var size [2]int
			var body bytes.Buffer
			var urls []string
			for _, h := range handlers {
				server := httptest.NewServer(h)
				b.Cleanup(server.Close)
				urls = append(urls, server.URL)
			}
			for b.Loop() {
				for i, a := range apps {
					r, err := http.NewRequestWithContext(b.Context(), "GET", urls[i]+page, nil)
					if err != nil {
						b.Fatal(err)
					}
					r.Header.Set("X-Session-Key", a.Token)
					start := time.Now()
					res, err := http.DefaultClient.Do(r)
					if err != nil {
						b.Fatal(err)
					}
					body.Reset()
					if _, err := body.ReadFrom(res.Body); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(start))
					res.Body.Close()
					if size[i] = body.Len(); res.StatusCode != http.StatusOK {
						b.Fatal(res.Status)
					}
				}
			}
			report(b, took, size)
		})
	}
}

func report(b *testing.B, took [2][]time.Duration, bytes [2]int) {
	for i := range took {
		slices.Sort(took[i])
	}
	none, all := took[0][len(took[0])/2], took[1][len(took[1])/2]
	b.ReportMetric(float64(none.Microseconds()), "µs-without")
	b.ReportMetric(float64(all.Microseconds()), "µs-with")
	b.ReportMetric(float64(all)/float64(none), "ratio")
	b.ReportMetric(float64(bytes[1])/float64(bytes[0]), "bytes-ratio")
	b.ReportMetric(0, "ns/op")
}
