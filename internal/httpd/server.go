// Package httpd is the HTTP server around the dialects: its life cycle, the
// limits that keep one client from holding up another, and what every request
// gets whatever it is for: an id, a log line, CORS, recovery from panics. It
// knows no dialect.
//
// It speaks HTTP/1.1, with and without TLS. The clients of the APIs served here
// speak nothing else, and one request at a time per connection makes the limit on
// connections a limit on the work in progress too.
package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Options are the limits of a Server. The zero value of a field means the
// default named beside it.
type Options struct {
	CertFile, KeyFile string        // PEM; both or none. Renewed files are picked up while running
	MaxConns          int           // connections served at once, further ones wait to be accepted; 8192
	MaxHeaderBytes    int           // bytes of request line and headers; 32 KiB, room for the longest where
	HeaderTimeout     time.Duration // for a request's headers to arrive; 10 s
	IdleTimeout       time.Duration // between two requests on a connection; 120 s
	StallTimeout      time.Duration // for the next minProgress bytes to be sent or taken by the client; 30 s
	StopTimeout       time.Duration // for running requests to end after Serve's context is done; 15 s
	Log               *slog.Logger  // required
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&o.HeaderTimeout, 10*time.Second)
	set(&o.IdleTimeout, 120*time.Second)
	set(&o.StallTimeout, 30*time.Second)
	set(&o.StopTimeout, 15*time.Second)
	if o.MaxConns == 0 {
		o.MaxConns = 8192
	}
	if o.MaxHeaderBytes == 0 {
		o.MaxHeaderBytes = 32 << 10
	}
	return o
}

// Server accepts connections on one address. Make it with Listen, end it with
// the context of Serve or with Close.
type Server struct {
	opts     Options
	listener net.Listener
	tls      *tls.Config // nil without certificate
}

// Listen opens the address ("127.0.0.1:8080"; port 0 picks a free one) and loads
// the certificate, if there is one. Clients that connect before Serve wait.
func Listen(ctx context.Context, addr string, opts Options) (_ *Server, err error) {
	defer fault.Wrap(&err, "httpd.Listen(%s)", addr)
	opts = opts.withDefaults()
	s := &Server{opts: opts}
	if opts.CertFile != "" || opts.KeyFile != "" {
		pair := &keyPair{certFile: opts.CertFile, keyFile: opts.KeyFile, log: opts.Log}
		if _, err := pair.certificate(nil); err != nil {
			return nil, fault.New(fault.Invalid, "the certificate cannot be loaded: %v", err)
		}
		s.tls = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			NextProtos:     []string{"http/1.1"},
			GetCertificate: pair.certificate,
		}
	}
	var config net.ListenConfig
	inner, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "cannot listen on %s: %v", addr, err)
	}
	s.listener = &limitListener{
		Listener: inner,
		slots:    make(chan struct{}, opts.MaxConns),
		closed:   make(chan struct{}),
		stall:    opts.StallTimeout,
	}
	return s, nil
}

// Addr is the address that is listened on, with the port that was picked.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// TLS reports whether the server speaks HTTPS.
func (s *Server) TLS() bool { return s.tls != nil }

// Close stops listening without having served. After Serve it does nothing.
func (s *Server) Close() error { return s.listener.Close() }

// Serve answers requests with h until ctx is done. Then it stops accepting,
// lets running requests end within StopTimeout, cuts off the rest and returns
// nil. It returns an error only when serving itself failed.
func (s *Server) Serve(ctx context.Context, h http.Handler) (err error) {
	defer fault.Wrap(&err, "httpd.Serve")
	// Requests outlive ctx by the time they have to end in; after that they are
	// cancelled.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	srv := &http.Server{
		Handler:           bodyDeadlines(h, s.opts.StallTimeout),
		MaxHeaderBytes:    s.opts.MaxHeaderBytes,
		ReadHeaderTimeout: s.opts.HeaderTimeout,
		IdleTimeout:       s.opts.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	listener := s.listener
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(mendingListener{listener}) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(base, s.opts.StopTimeout)
	defer stop()
	err = srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		s.opts.Log.Warn("requests were cut off at shutdown", "after", s.opts.StopTimeout)
		cancel()
		err = srv.Close()
	}
	if served := <-ended; err == nil && !errors.Is(served, http.ErrServerClosed) {
		err = served
	}
	return err
}

// keyPair serves a certificate from two files and loads it anew when the files
// change, so that a renewal needs no restart.
type keyPair struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	loaded  time.Time // modification time of the newer file of current
	checked time.Time
}

// certificateCheck is how often the files are looked at, at most.
const certificateCheck = 30 * time.Second

func (p *keyPair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil && time.Since(p.checked) < certificateCheck {
		return p.current, nil
	}
	p.checked = time.Now()
	changed, err := newest(p.certFile, p.keyFile)
	if err == nil && p.current != nil && changed.Equal(p.loaded) {
		return p.current, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(p.certFile, p.keyFile); err == nil {
			p.current, p.loaded = &pair, changed
		}
	}
	if err != nil {
		if p.current == nil {
			return nil, err
		}
		// Between the writing of the two files they do not fit together; the
		// certificate at hand serves until they do.
		p.log.Warn("the renewed certificate cannot be loaded, the old one stays", "error", err)
	}
	return p.current, nil
}
