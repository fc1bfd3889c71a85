package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/filter"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/store"
	"github.com/dossier-crm/dossier/internal/store/sqlite"
	"github.com/dossier-crm/dossier/internal/testenv"
)

// The benchmarks read a database of DOSSIER_BENCH_ROWS accounts (default 5,000)
// in the folder DOSSIER_BENCH_DIR (default: temporary), and make it when it is
// not there. Figures for docs/BENCHMARKS.md are taken with 1,000,000.

func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("DOSSIER_BENCH_ROWS")); err == nil {
		return n
	}
	return 5000
}

// declared returns the registry of the product, and its catalog without extra fields.
func declared(t testing.TB) (*resource.Registry, *resource.Catalog) {
	t.Helper()
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := reg.With(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reg, cat
}

func benchStore(b testing.TB) (*store.Store, *resource.Registry) {
	b.Helper()
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		b.Fatal(err)
	}
	dir := os.Getenv("DOSSIER_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("accounts-%d.db", benchRows()))
	_, err = os.Stat(path)
	db, openErr := sqlite.Open(context.Background(), path, sqlite.Options{ReaderCache: 64 << 10, WriterCache: 64 << 10})
	if openErr != nil {
		b.Fatal(openErr)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	s := newStore(b, db, reg, store.Options{})
	if os.IsNotExist(err) {
		load(b, s, reg, benchRows())
	}
	return s, reg
}

// load fills the tables that accounts refer to, and accounts.
func load(b testing.TB, s *store.Store, reg *resource.Registry, rows int) {
	b.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	err := s.BulkLoad(context.Background(), func(insert func(*resource.Resource, ...*resource.Record) error) error {
		for _, name := range []string{"branches", "users", "accountTypes", "accountStatuses", "accountSegments", "rates", "countries"} {
			if err := insert(reg.Resource(name), benchRecords(r, reg.Resource(name), 40)...); err != nil {
				return err
			}
		}
		for i := 0; i < rows; i += 1000 {
			if err := insert(reg.Resource("accounts"), benchRecords(r, reg.Resource("accounts"), min(1000, rows-i))...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

var words = strings.Fields(`acme nordic systems gesellschaft hermanos construcciones taller español müller logistics
	partners trading holding oficina tecnica garcia rossi verdi bakery foundry optics plastics energia solar wind marine`)

// benchRecords makes records with a value in most fields.
func benchRecords(r *rand.Rand, res *resource.Resource, n int) []*resource.Record {
	recs := make([]*resource.Record, n)
	for i := range recs {
		rec := &resource.Record{Values: make([]resource.Value, len(res.Fields))}
		for k := range res.Fields {
			f := &res.Fields[k]
			v := &rec.Values[k]
			switch {
			case k == 0 || f.TailOf != "" || f.Name == "managerId" || r.IntN(10) == 0:
			case f.Kind.IsRef() && (f.Table == "users" && res.Name != "users" || f.Table == "branches" || f.Table == "rates" || f.Table == "countries" || strings.HasPrefix(f.Table, "account") && f.Table != "accounts"):
				if res.Name == "accounts" {
					*v = resource.IntValue(1 + r.Int64N(40))
				}
			case f.Kind.IsRef(), f.Kind == resource.RefList:
			case f.Kind == resource.Text:
				*v = resource.TextValue(fmt.Sprintf("%s %s %d", words[r.IntN(len(words))], words[r.IntN(len(words))], r.IntN(1_000_000)))
			case f.Kind == resource.Boolean:
				*v = resource.BoolValue(r.IntN(8) == 0)
			case f.Kind == resource.Instant:
				*v = resource.IntValue(1_600_000_000_000 + r.Int64N(200_000_000_000))
			default:
				*v = resource.IntValue(r.Int64N(5))
			}
		}
		recs[i] = rec
	}
	return recs
}

func BenchmarkList(b *testing.B) {
	s, reg := benchStore(b)
	cat, err := reg.With(1, nil)
	if err != nil {
		b.Fatal(err)
	}
	accounts := cat.Resource("accounts")
	rows := benchRows()
	for _, bench := range []struct {
		name, where, order string
		offset             int
	}{
		{"status by date", "statusId=7", "dateUpdated", 0},
		{"type by id", "typeId.id=7", "", 0},
		{"whole table by id", "", "", 0},
		{"deep by id", "", "", rows / 2},
		{"deep by date", "", "dateUpdated", rows / 2},
		{"changed since", "dateUpdated > '2026-12-01T00:00:00Z'", "dateUpdated", 0},
		{"changed or created since", "dateUpdated > '2026-12-01' OR dateCreated > '2026-12-01'", "", 0},
		{"like rare", "name LIKE '%12345%'", "", 0},
		{"like rare by date", "name LIKE '%12345%'", "dateUpdated", 0},
		{"like hundreds by date", "name LIKE '%1234%'", "dateUpdated", 0},
		{"like thousands by date", "name LIKE '%123%'", "dateUpdated", 0},
		{"like percents by id", "name LIKE '%acme nordic%'", "", 0},
		{"like percents by date", "name LIKE '%acme nordic%'", "dateUpdated", 0},
		{"like many by date", "name LIKE '%acme%'", "dateUpdated", 0},
		{"like many by name", "name LIKE '%acme%'", "name", 0},
		{"like two letters by date", "name LIKE '%ac%'", "dateUpdated", 0},
		{"like two rare letters by date", "name LIKE '%zq%'", "dateUpdated", 0},
		{"like none", "name LIKE '%zzzzz%'", "dateUpdated", 0},
		{"like any of three", "name LIKE '%12345%' OR email LIKE '%12345%' OR phone2 LIKE '%12345%'", "dateUpdated", 0},
		{"like prefix", "name LIKE 'acme%'", "", 0},
		{"like prefix by name", "name LIKE 'acme%'", "name", 0},
		{"like other field", "website LIKE '%zzzzz%'", "", 0},
		{"title of reference", "statusId.value LIKE '%12345%'", "dateUpdated", 0},
		{"name is", "name='acme acme 1'", "dateUpdated", 0},
	} {
		b.Run(bench.name, func(b *testing.B) {
			where, err := filter.Where(cat, accounts, bench.where)
			if err != nil {
				b.Fatal(err)
			}
			order, err := filter.Order(cat, accounts, bench.order)
			if err != nil {
				b.Fatal(err)
			}
			q := crm.Query{Resource: accounts, Where: where, Order: order, Language: -1, Limit: 50, Offset: bench.offset}
			b.ReportAllocs()
			var p crm.Page
			for b.Loop() {
				if err := s.List(context.Background(), q, &p); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(p.Keys)), "rows")
		})
	}
	b.Run("rows known", func(b *testing.B) {
		order, err := filter.Order(cat, accounts, "dateUpdated")
		if err != nil {
			b.Fatal(err)
		}
		p := crm.Page{Known: func(crm.Key, int64) bool { return true }}
		for b.Loop() {
			if err := s.List(context.Background(), crm.Query{Resource: accounts, Order: order, Limit: 50}, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		var p crm.Page
		for b.Loop() {
			if err := s.Load(context.Background(), accounts, []int64{int64(rows / 3)}, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkInsert(b *testing.B) {
	s, reg := benchStore(b)
	accounts := reg.Resource("accounts")
	r := rand.New(rand.NewPCG(3, 4))
	recs := benchRecords(r, accounts, 200)
	for _, n := range []int{1, 200} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				err := s.Write(context.Background(), func(tx crm.Tx) error {
					return tx.Insert(context.Background(), accounts, recs[:n]...)
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLog compares single creations by several clients with and without an
// entry in the log of changes.
func BenchmarkLog(b *testing.B) {
	s, reg := benchStore(b)
	accounts := reg.Resource("accounts")
	r := rand.New(rand.NewPCG(3, 4))
	recs := benchRecords(r, accounts, 200)
	for _, logged := range []bool{false, true} {
		b.Run(fmt.Sprintf("logged=%v", logged), func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					rec := *recs[i%len(recs)]
					err := s.Write(context.Background(), func(tx crm.Tx) error {
						if err := tx.Insert(context.Background(), accounts, &rec); err != nil || !logged {
							return err
						}
						return tx.Log(context.Background(), crm.Actor{UserID: 1, Credential: "dsr_pub_01234567890123456789", Dialect: "sage"}.Change(time.Now(), crm.Created, accounts, nil, &rec))
					})
					if err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkBulkLoad(b *testing.B) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("sqlite", func(b *testing.B) {
		for b.Loop() {
			s := newStore(b, sqliteDB(b, filepath.Join(b.TempDir(), "load.db")), reg, store.Options{})
			load(b, s, reg, benchRows())
		}
		b.ReportMetric(float64(benchRows()*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("postgres", func(b *testing.B) {
		url := testenv.Postgres(b)
		for b.Loop() {
			s := newStore(b, postgresDB(b, url), reg, store.Options{})
			load(b, s, reg, benchRows())
		}
		b.ReportMetric(float64(benchRows()*b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkOpen opens a workspace whose schema is as declared.
func BenchmarkOpen(b *testing.B) {
	reg, err := resource.New(resource.Declared()...)
	if err != nil {
		b.Fatal(err)
	}
	db := sqliteDB(b, filepath.Join(b.TempDir(), "open.db"))
	newStore(b, db, reg, store.Options{})
	b.ReportAllocs()
	for b.Loop() {
		newStore(b, db, reg, store.Options{})
	}
}
