// Package registry starts a real registry, Debian's docker-registry, on a loopback port for the length of a test.
//
// It is for tests. Without the program the test is skipped with a message that says how to get it, or fails where SPRAWL_REQUIRE
// is 1; nothing stands in for it silently.
package registry

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sprawl/internal/testkit/program"
)

// Registry is one running server.
type Registry struct {
	Host string // 127.0.0.1:PORT
	Dir  string // where it keeps its data
}

// Start runs a registry with empty storage until the test ends.
func Start(t testing.TB) *Registry {
	t.Helper()
	exe := program.Find(t, "docker-registry")
	address, _, _ := program.Address(t)
	r := &Registry{Host: address, Dir: t.TempDir()}
	config := filepath.Join(r.Dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}\nhttp: {addr: %q, secret: %q}\n",
		filepath.ToSlash(filepath.Join(r.Dir, "data")), r.Host, "of-no-consequence")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	program.Serve(t, program.Server{
		Exe: exe, Args: []string{"serve", config}, Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.Dir, "OTEL_TRACES_EXPORTER=none"}, Address: address,
		Ready: func() error {
			resp, err := client.Get("http://" + address + "/v2/")
			if err != nil {
				return err
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("GET /v2/: %s", resp.Status)
			}
			return nil
		},
	})
	return r
}
