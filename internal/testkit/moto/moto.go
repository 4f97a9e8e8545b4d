// Package moto starts moto, a server that behaves like AWS, on a loopback port for the length of a test: with accounts, policies
// that are enforced, and a clock of the test's, so that a key can be old.
//
// It is for tests. Where Python or moto is missing the test is skipped with a message that says how to get it, or fails where
// SPRAWL_REQUIRE is 1; nothing stands in for it silently. Ids and secrets that moto makes are the same in every run.
package moto

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/program"
)

//go:embed serve.py
var serve string

const (
	// Interpreter names a Python that has moto; "make deps" makes one where it is looked for else.
	Interpreter = "SPRAWL_MOTO_PYTHON"
	patience    = 60 * time.Second // until it answers: Python starts cold, and moto reads every managed policy of AWS
)

// Server is one running moto.
type Server struct {
	URL   string // http://127.0.0.1:PORT
	clock string
	t     testing.TB
}

// Find returns the Python that has moto, "" if the machine has none.
func Find() string {
	if p := os.Getenv(Interpreter); p != "" {
		return p
	}
	if dir, err := os.UserCacheDir(); err == nil {
		p := filepath.Join(dir, "sprawl", "moto", "bin", "python")
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

// Start runs moto until the test ends, its clock at now. Nobody is asked for credentials before Enforce.
func Start(t testing.TB, now time.Time) *Server {
	t.Helper()
	exe := Find()
	if exe == "" {
		program.Missing(t, "moto (or name a Python that has it in "+Interpreter+")")
	}
	dir := t.TempDir()
	s := &Server{clock: filepath.Join(dir, "clock"), t: t}
	s.Set(now)
	script := filepath.Join(dir, "serve.py")
	if err := os.WriteFile(script, []byte(serve), 0o600); err != nil {
		t.Fatal(err)
	}
	address, host, port := program.Address(t)
	s.URL = "http://" + address
	program.Serve(t, program.Server{
		Exe: exe, Args: []string{"-I", script, s.clock, host, port}, Address: address, Patience: patience,
		Env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "PYTHONDONTWRITEBYTECODE=1",
			"INITIAL_NO_AUTH_ACTION_COUNT=1000000", "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "AWS_EC2_METADATA_DISABLED=true",
		},
		Ready: func() error { return s.post("/moto-api/seed?a=42", "") },
	})
	return s
}

// Set moves the clock. What is made or used from now on has this time.
func (s *Server) Set(now time.Time) {
	s.t.Helper()
	beside := s.clock + ".new"
	err := os.WriteFile(beside, []byte(now.UTC().Format("2006-01-02T15:04:05")), 0o600)
	if err == nil {
		err = os.Rename(beside, s.clock)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Enforce has every call from now on signed with a key that exists, and checked against its user's policies.
func (s *Server) Enforce() {
	s.t.Helper()
	if err := s.post("/moto-api/reset-auth", "0"); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) post(path, body string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience/4)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/plain")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s", path, resp.Status)
	}
	return nil
}
