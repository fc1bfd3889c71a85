package postgres

import (
	"container/list"
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Times of a connection.
const (
	connectTime = 10 * time.Second // to connect, unless the URL says otherwise
	trustTime   = time.Second      // unused for longer, it is asked whether it is still there
	closeTime   = time.Second      // to say goodbye
	cancelTime  = 2 * time.Second  // for the server to react to a cancelled context
)

// configure reads the URL and sets what this package relies on.
func configure(url, schema string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the URL of the database cannot be read").Because(err)
	}
	config.ConnectTimeout = max(config.ConnectTimeout, 0)
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	params := map[string]string{ // which the URL may override
		"application_name":   "dossier",
		"synchronous_commit": "on",
		"jit":                "off", // costs more than it gains on short queries
	}
	maps.Copy(params, config.RuntimeParams)
	params["client_encoding"] = "UTF8"
	params["timezone"] = "UTC"
	params["default_transaction_isolation"] = "read committed"
	if schema != "" {
		params["search_path"] = quoteName(schema)
	}
	config.RuntimeParams = params
	return config, nil
}

// canceller asks the server to stop a query whose context has ended, so that it
// does not go on working for nobody. The session is not used again afterwards,
// even if the query has ended well: the request could arrive late and hit the next
// one.
type canceller struct {
	conn    *pgconn.PgConn
	session *session
	done    chan struct{}
}

// HandleCancel implements ctxwatch.Handler.
func (h *canceller) HandleCancel(context.Context) {
	// When the server does not answer, stop waiting for it.
	_ = h.conn.Conn().SetDeadline(time.Now().Add(cancelTime)) // fails on a closed connection only
	h.done = make(chan struct{})
	go func() {
		defer close(h.done)
		ctx, stop := context.WithTimeout(context.Background(), cancelTime)
		defer stop()
		_ = h.conn.CancelRequest(ctx) // the deadline above is what remains
	}()
}

// HandleUnwatchAfterCancel implements ctxwatch.Handler.
func (h *canceller) HandleUnwatchAfterCancel() {
	<-h.done
	h.session.cancelled = true // by the goroutine that uses the session
	_ = h.conn.Conn().SetDeadline(time.Time{})
}

// pool lends connections of one kind to one user at a time each.
type pool struct {
	config *pgconn.Config
	slots  chan struct{} // as many as connections are lent out

	mu   sync.Mutex
	idle []*session // most recently used last
}

func newPool(config *pgconn.Config, size int) *pool {
	return &pool{config: config, slots: make(chan struct{}, size)}
}

// session is a connection with its prepared statements.
type session struct {
	pg        *pgconn.PgConn
	cache     map[string]*list.Element
	order     list.List // of *statement, most recently used first
	names     int       // statements prepared so far
	cancelled bool      // a cancel request may be on its way
	idle      time.Time // since when it lies in the pool

	// Scratch space for arguments.
	values  [][]byte
	formats []int16
	buf     []byte
}

// get waits for a slot and returns a connection that works.
func (p *pool) get(ctx context.Context) (*session, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, stopped(ctx.Err())
	}
	s, err := p.take(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return s, nil
}

func (p *pool) take(ctx context.Context) (*session, error) {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return p.dial(ctx)
		}
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if time.Since(s.idle) < trustTime || s.pg.Ping(ctx) == nil {
			return s, nil
		}
		s.close()
		if err := ctx.Err(); err != nil {
			return nil, stopped(err)
		}
	}
}

func (p *pool) dial(ctx context.Context) (*session, error) {
	s := &session{cache: map[string]*list.Element{}}
	config := p.config.Copy()
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler { return &canceller{conn: c, session: s} }
	var err error
	if s.pg, err = pgconn.ConnectConfig(ctx, config); err != nil {
		if ctx.Err() != nil {
			return nil, stopped(ctx.Err())
		}
		return nil, fault.New(fault.Unavailable, "the database cannot be reached").Because(err)
	}
	return s, nil
}

// put gives a connection back. It is kept when it is idle and known to be whole.
func (p *pool) put(s *session) {
	defer func() { <-p.slots }()
	if s.broken() || s.cancelled || s.pg.TxStatus() != 'I' {
		s.close()
		return
	}
	s.idle = time.Now()
	p.mu.Lock()
	p.idle = append(p.idle, s)
	p.mu.Unlock()
}

// close closes the connections that are idle since before limit, or all for the
// zero time.
func (p *pool) close(limit time.Time) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && (limit.IsZero() || p.idle[n].idle.Before(limit)) {
		n++
	}
	old := p.idle[:n:n]
	p.idle = p.idle[n:]
	p.mu.Unlock()
	for _, s := range old {
		s.close()
	}
}

// broken reports whether the connection cannot be used, for one because a result
// was left unread.
func (s *session) broken() bool { return s.pg.IsClosed() || s.pg.IsBusy() }

func (s *session) close() {
	ctx, stop := context.WithTimeout(context.Background(), closeTime)
	defer stop()
	_ = s.pg.Close(ctx) // the server notices either way
}

// quoteName quotes an identifier.
func quoteName(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
