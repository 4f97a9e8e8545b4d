package health

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sprawl/internal/httpd"
)

// Limits of the server: a few monitors ask now and then, and every answer is small.
const (
	connections = 64
	scrapeTime  = 10 * time.Second
	writeTime   = 20 * time.Second
	idleTime    = 2 * time.Minute
	readyTime   = 3 * time.Second
	scrapes     = 4 // at once
)

// Ready says whether a process can work: the database answers, and the last sign of life is fresh. It soon returns when ctx ends.
type Ready func(ctx context.Context) error

// Listen opens HOST:PORT. Without a HOST it is 127.0.0.1: others reach it only where their network's address is named. Port 0 is any
// that is free.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: not an address like 127.0.0.1:9464", address)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return l, nil
}

// Handler answers GET /metrics, /healthz (200 while the process answers at all) and /readyz (200, or 503 where ready has an error, which
// goes to the log and not to who asked). A nil ready is always ready.
func Handler(m *Metrics, ready Ready) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.scrape())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		if ready != nil {
			if err := ready(ctx); err != nil {
				m.log.Warn("not ready", "err", err)
				say(w, http.StatusServiceUnavailable, "not ready")
				return
			}
		}
		say(w, http.StatusOK, "ready")
	})
	return mux
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}

// Run answers on a listener until ctx ends, then finishes what it has begun to answer. It closes the listener.
func Run(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	if err := httpd.Run(ctx, l, h, httpd.Limits{Connections: connections, Write: writeTime, Idle: idleTime}, log); err != nil {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
