package githttp

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"sprawl/internal/testkit/program"
)

// Server is a Backend behind a loopback listener.
type Server struct {
	*Backend
	URL string // "http://127.0.0.1:PORT"; a repository's is URL + "/acme/payments.git"

	http *http.Server
	done chan struct{}
}

// Serve serves the repositories below root until the test ends. The test is skipped where there is no git.
func Serve(t testing.TB, root string, o Options) *Server {
	t.Helper()
	if o.Git == "" {
		o.Git = program.Find(t, "git")
	}
	s, err := Listen(root, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("end the git server: %v", err)
		}
	})
	return s
}

// Listen is Serve without a test. Close ends it.
func Listen(root string, o Options) (*Server, error) {
	b, err := Handler(root, o)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Backend: b, URL: "http://" + l.Addr().String(), done: make(chan struct{}),
		http: &http.Server{Handler: b, ReadHeaderTimeout: time.Minute},
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with ErrServerClosed, by Close
	}()
	return s, nil
}

// Close ends the server and breaks the connections that are open.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}
