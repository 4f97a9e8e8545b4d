// Package registry starts a real registry, Debian's docker-registry, on a loopback port for the length of a test.
//
// It is for tests. Without the program the test is skipped with a message that says how to get it, or fails where SPRAWL_REQUIRE
// is 1; nothing stands in for it silently.
package registry

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

const (
	program   = "docker-registry"
	elsewhere = "/usr/bin/docker-registry" // a PATH without the system's folders is common in CI
	patience  = 10 * time.Second           // until it answers; until it has gone
)

// Registry is one running server.
type Registry struct {
	Host string // 127.0.0.1:PORT
	Dir  string // where it keeps its data
}

// Find returns the program's path, "" if the machine has none.
func Find() string {
	if p, err := exec.LookPath(program); err == nil {
		return p
	}
	if _, err := os.Stat(elsewhere); err == nil {
		return elsewhere
	}
	return ""
}

// Start runs a registry with empty storage until the test ends.
func Start(t testing.TB) *Registry {
	t.Helper()
	exe := Find()
	if exe == "" {
		const why = "no docker-registry on this machine: apt-get install docker-registry"
		if os.Getenv("SPRAWL_REQUIRE") == "1" {
			t.Fatal(why + " (SPRAWL_REQUIRE=1)")
		}
		t.Skip(why)
	}
	r := &Registry{Host: freeAddress(t), Dir: t.TempDir()}
	config := filepath.Join(r.Dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}\nhttp: {addr: %q, secret: %q}\n",
		filepath.ToSlash(filepath.Join(r.Dir, "data")), r.Host, "of-no-consequence")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, exe, "serve", config)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.Dir, "OTEL_TRACES_EXPORTER=none"}
	cmd.WaitDelay = patience
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("start %s: %v", exe, err)
	}
	gone := make(chan struct{}) // closed once ended is set
	var ended error
	go func() { ended = cmd.Wait(); close(gone) }()
	t.Cleanup(func() {
		cancel() // kills the process it started, by its handle
		select {
		case <-gone:
		case <-time.After(2 * patience):
			t.Errorf("%s (process %d) does not end", exe, cmd.Process.Pid)
		}
	})
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-gone:
			t.Fatalf("%s ended at once: %v\n%s", exe, ended, out.String())
		default:
		}
		resp, err := client.Get("http://" + r.Host + "/v2/")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return r
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s on %s (%s) does not answer: %v\n%s", exe, r.Host, runtime.GOOS, err, out.String())
		}
	}
}

// freeAddress is a loopback port that was free a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
