package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/netutil"
)

// ErrNotLoopback is the error of an address that others could reach.
var ErrNotLoopback = errors.New("not a loopback address: the pages show where every credential is, and are for this machine alone (reach it from another with ssh -L)")

// Limits of the server: pages are small and asked for by one person.
const (
	connections  = 256
	headerTime   = 5 * time.Second
	readTime     = 10 * time.Second
	writeTime    = 2 * time.Minute // a large store is read for its first page
	idleTime     = time.Minute
	farewellTime = 5 * time.Second
	headerBytes  = 16 << 10
)

// Listen opens HOST:PORT, where HOST is a loopback address or localhost, and port 0 is any that is free.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever the hosts file says
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("listen on %q: %w", address, ErrNotLoopback)
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", address, err)
	}
	return l, nil
}

// Run answers on a listener until the context ends, then finishes what it has begun to answer. It closes the listener.
func Run(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(netutil.LimitListener(l, connections)) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	bound, stop := context.WithTimeout(context.WithoutCancel(ctx), farewellTime)
	defer stop()
	err := s.Shutdown(bound)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close() // somebody reads slowly
	}
	if gone := <-ended; !errors.Is(gone, http.ErrServerClosed) {
		err = errors.Join(err, gone)
	}
	if err != nil {
		return fmt.Errorf("stop serving: %w", err)
	}
	return nil
}
