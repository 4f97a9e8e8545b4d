// Package httpd answers HTTP on a listener until it is told to stop, within limits on what a client may take of it.
//
// It decides nothing about who may ask: that is for the listener's address and the handler.
package httpd

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Limits of a server. Questions are small, so that their limits are the same for all.
type Limits struct {
	Connections int           // at a time
	Write       time.Duration // of one answer
	Idle        time.Duration // of a connection between two questions
}

const (
	headerTime   = 5 * time.Second
	readTime     = 10 * time.Second
	farewellTime = 5 * time.Second
	headerBytes  = 16 << 10
)

// Run answers on a listener until ctx ends, then finishes what it has begun to answer, for some seconds at most. It closes the listener.
func Run(ctx context.Context, l net.Listener, h http.Handler, o Limits, log *slog.Logger) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: o.Write, IdleTimeout: o.Idle,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(netutil.LimitListener(l, o.Connections)) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	bound, stop := context.WithTimeout(context.WithoutCancel(ctx), farewellTime)
	defer stop()
	err := s.Shutdown(bound)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close() // somebody reads slowly
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
