package app

import (
	"io"
	"log/slog"

	"github.com/dossier-crm/dossier/internal/httpd"
)

// Logger returns the log that the settings ask for, on w. What is logged while a
// request is served carries its id.
func (l Logging) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.LogLevel)); err != nil {
		level = slog.LevelInfo // the command line knows the names of levels and lets no other through
	}
	opts := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, opts)
	if l.LogFormat == "json" {
		h = slog.NewJSONHandler(w, opts)
	}
	return slog.New(httpd.LogHandler(h))
}
