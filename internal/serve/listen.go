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

	"sprawl/internal/httpd"
)

// ErrNotLoopback is the error of an address that others could reach.
var ErrNotLoopback = errors.New("not a loopback address: the pages show where every credential is, and are for this machine alone (reach it from another with ssh -L)")

// Limits of the server: pages are small and asked for by one person.
const (
	connections = 256
	writeTime   = 2 * time.Minute // a large store is read for its first page
	idleTime    = time.Minute
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

// Run answers on a listener until ctx ends, then finishes what it has begun to answer. It closes the listener.
func Run(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	if err := httpd.Run(ctx, l, h, httpd.Limits{Connections: connections, Write: writeTime, Idle: idleTime}, log); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
