// Command bare answers with accounts from a Dossier database and does nothing
// but the SQL and the JSON: no login, no filter to parse, no permissions, no
// cache of answers. The benchmark in the folder above measures against it.
//
//	GET /list?status=3&page=0          50 accounts of a status, latest first
//	GET /list?status=3&before=MS       the same, from those changed before a time
//	GET /get/7                         one account
//	GET /scan?column=city&text=x       ids of up to 50 accounts with x in a column
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/dossier-crm/dossier/bench/internal/accounts"
)

const (
	pageSize    = 50
	connections = 4
	pageCache   = 64 << 10 // KiB for each connection
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run() error {
	file := flag.String("source", "", "SQLite file of a Dossier workspace; it is only read")
	listen := flag.String("listen", "127.0.0.1:8091", "address to serve on")
	flag.Parse()
	h := &handler{free: make(chan *conn, connections)}
	for range connections {
		c, err := open(*file)
		if err != nil {
			return err
		}
		defer c.db.Close()
		if h.titles == nil {
			if h.titles, err = c.titles(); err != nil {
				return err
			}
		}
		h.free <- c
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /list", h.list)
	mux.HandleFunc("GET /get/{id}", h.get)
	mux.HandleFunc("GET /scan", h.scan)
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// conn is one connection and its prepared statements.
type conn struct {
	db              *sqlite3.Conn
	columns         []accounts.Column
	page, from, get *sqlite3.Stmt
	scans           map[string]*sqlite3.Stmt // by column
}

func open(file string) (*conn, error) {
	uri := url.URL{Scheme: "file", Path: file, OmitHost: true}
	db, err := sqlite3.OpenFlags(uri.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	c := &conn{db: db, scans: map[string]*sqlite3.Stmt{}}
	if err := db.Exec("PRAGMA query_only = ON; PRAGMA cache_size = -" + strconv.Itoa(pageCache)); err != nil {
		return nil, err
	}
	fields, err := c.prepare(`SELECT c.name, c.type, coalesce(f."table", '')
		FROM pragma_table_info('accounts') c LEFT JOIN pragma_foreign_key_list('accounts') f ON f."from" = c.name
		ORDER BY c.name`)
	if err != nil {
		return nil, err
	}
	sql := ""
	for fields.Step() {
		col := accounts.Classify(fields.ColumnText(0), fields.ColumnText(1), fields.ColumnText(2))
		if col.Kind == accounts.Internal {
			continue
		}
		c.columns = append(c.columns, col)
		if sql != "" {
			sql += ", "
		}
		sql += `"` + col.Name + `"`
	}
	if err := fields.Close(); err != nil {
		return nil, err
	}
	sql = "SELECT " + sql + " FROM accounts WHERE "
	if c.page, err = c.prepare(sql + `"statusId" = ? ORDER BY "dateUpdated" DESC LIMIT ? OFFSET ?`); err != nil {
		return nil, err
	}
	if c.from, err = c.prepare(sql + `"statusId" = ? AND "dateUpdated" < ? ORDER BY "dateUpdated" DESC LIMIT ?`); err != nil {
		return nil, err
	}
	c.get, err = c.prepare(sql + `"id" = ?`)
	return c, err
}

func (c *conn) prepare(sql string) (*sqlite3.Stmt, error) {
	s, _, err := c.db.PrepareFlags(sql, sqlite3.PREPARE_PERSISTENT)
	return s, err
}

// titles reads the titles of everything that accounts refer to, by table and id.
func (c *conn) titles() (map[string]map[int64]string, error) {
	all := map[string]map[int64]string{}
	for _, col := range c.columns {
		if col.Kind != accounts.Reference || all[col.Table] != nil {
			continue
		}
		title := `"descriptionEN"`
		switch col.Table {
		case "users":
			title = `"name" || ' ' || "lastName"`
		case "countries":
			title = `"descriptionen"`
		}
		s, err := c.prepare(`SELECT "id", ` + title + ` FROM "` + col.Table + `"`)
		if err != nil {
			return nil, err
		}
		titles := map[int64]string{}
		for s.Step() {
			titles[s.ColumnInt64(0)] = s.ColumnText(1)
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
		all[col.Table] = titles
	}
	return all, nil
}

// handler hands requests to free connections.
type handler struct {
	free   chan *conn
	titles map[string]map[int64]string
}

func (h *handler) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	status, _ := strconv.ParseInt(q.Get("status"), 10, 64)
	c := <-h.free
	defer func() { h.free <- c }()
	var s *sqlite3.Stmt
	var err error
	if before, convErr := strconv.ParseInt(q.Get("before"), 10, 64); convErr == nil {
		s = c.from
		err = errors.Join(s.BindInt64(1, status), s.BindInt64(2, before), s.BindInt(3, pageSize))
	} else {
		page, _ := strconv.Atoi(q.Get("page"))
		s = c.page
		err = errors.Join(s.BindInt64(1, status), s.BindInt(2, pageSize), s.BindInt(3, page*pageSize))
	}
	body := append(make([]byte, 0, 64<<10), '[')
	for s.Step() {
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = h.appendRow(body, s, c.columns)
	}
	respond(w, append(body, ']'), errors.Join(err, s.Reset()))
}

func (h *handler) get(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	c := <-h.free
	defer func() { h.free <- c }()
	err := c.get.BindInt64(1, id)
	body := make([]byte, 0, 2<<10)
	if c.get.Step() {
		body = h.appendRow(body, c.get, c.columns)
	}
	respond(w, body, errors.Join(err, c.get.Reset()))
}

func (h *handler) scan(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c := <-h.free
	defer func() { h.free <- c }()
	column := q.Get("column")
	s := c.scans[column]
	if s == nil {
		known := false
		for _, col := range c.columns {
			known = known || col.Name == column
		}
		if !known {
			http.Error(w, "unknown column", http.StatusBadRequest)
			return
		}
		var err error
		if s, err = c.prepare(`SELECT "id" FROM accounts WHERE "` + column + `" LIKE ? LIMIT ?`); err != nil {
			respond(w, nil, err)
			return
		}
		c.scans[column] = s
	}
	err := errors.Join(s.BindText(1, "%"+q.Get("text")+"%"), s.BindInt(2, pageSize))
	body := []byte{'['}
	for s.Step() {
		if len(body) > 1 {
			body = append(body, ',')
		}
		body = strconv.AppendInt(body, s.ColumnInt64(0), 10)
	}
	respond(w, append(body, ']'), errors.Join(err, s.Reset()))
}

func respond(w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body)
}

// appendRow writes the current row as a JSON object.
func (h *handler) appendRow(dst []byte, s *sqlite3.Stmt, columns []accounts.Column) []byte {
	for i, col := range columns {
		if i == 0 {
			dst = append(dst, '{', '"')
		} else {
			dst = append(dst, ',', '"')
		}
		dst = append(dst, col.Name...)
		dst = append(dst, '"', ':')
		if s.ColumnType(i) == sqlite3.NULL {
			dst = append(dst, "null"...)
			continue
		}
		switch col.Kind {
		case accounts.Text:
			dst = appendString(dst, s.ColumnRawText(i))
		case accounts.Flag:
			dst = strconv.AppendBool(dst, s.ColumnInt64(i) != 0)
		case accounts.Coordinate:
			dst = strconv.AppendFloat(dst, float64(s.ColumnInt64(i))/accounts.CoordinateScale, 'f', -1, 64)
		case accounts.Date:
			dst = append(dst, '"')
			dst = time.UnixMilli(s.ColumnInt64(i)).UTC().AppendFormat(dst, time.RFC3339Nano)
			dst = append(dst, '"')
		case accounts.Reference:
			id := s.ColumnInt64(i)
			dst = append(dst, `{"id":`...)
			dst = strconv.AppendInt(dst, id, 10)
			dst = append(dst, `,"value":`...)
			dst = append(appendString(dst, h.titles[col.Table][id]), '}')
		default:
			dst = strconv.AppendInt(dst, s.ColumnInt64(i), 10)
		}
	}
	return append(dst, '}')
}

// appendString writes text, which is UTF-8, as a JSON string.
func appendString[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		if c < ' ' {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
		start = i + 1
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}
