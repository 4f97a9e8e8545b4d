package program

import (
	"bytes"
	"context"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Server is a program that answers on loopback for the length of a test.
type Server struct {
	Exe       string
	Args, Env []string // the environment is these variables and no others
	Dir       string   // where it runs; "" for a folder of the test
	Address   string   // HOST:PORT, where it is waited for
	// Ready says whether it answers; nil for whether Address takes connections.
	Ready func() error
	// Patience bounds the wait for it; 0 for a minute.
	Patience time.Duration
}

// Address is a loopback address, HOST:PORT, that was free a moment ago.
func Address(t testing.TB) (address, host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if host, port, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String(), host, port
}

// Serve starts a server, waits until it answers, and ends it with the test, by the handle of the process it started. A server
// that ends early or does not answer fails the test with what it wrote.
func Serve(t testing.TB, s Server) {
	t.Helper()
	const farewell = 10 * time.Second
	if s.Patience == 0 {
		s.Patience = time.Minute
	}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	if s.Ready == nil {
		s.Ready = func() error {
			c, err := net.DialTimeout("tcp", s.Address, time.Second)
			if err == nil {
				err = c.Close()
			}
			return err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, s.Exe, s.Args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.Dir, s.Env, farewell
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("start %s: %v", s.Exe, err)
	}
	gone := make(chan struct{}) // closed once ended is set
	var ended error
	go func() { ended = cmd.Wait(); close(gone) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-gone:
		case <-time.After(2 * farewell):
			t.Errorf("%s (process %d) does not end", s.Exe, cmd.Process.Pid)
		}
	})
	for deadline := time.Now().Add(s.Patience); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-gone:
			t.Fatalf("%s ended at once: %v\n%s", s.Exe, ended, out.String())
		default:
		}
		err := s.Ready()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s on %s does not answer: %v\n%s", s.Exe, s.Address, err, out.String())
		}
	}
}

// output is what a server writes, read while it writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
