package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sprawl/internal/serve"
	"sprawl/internal/store"
)

// emptyStore is a store without a run, of the organisation key of tests.
func emptyStore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sprawl.db")
	s, err := store.Open(t.Context(), path, store.Options{KeyID: "k-test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestServe opens the printed address, is known afterwards by a cookie alone, and ends when it is asked to.
func TestServe(t *testing.T) {
	db, kept := emptyStore(t), filepath.Join(t.TempDir(), "token")
	address := served(t, func(address string) {
		fetched(t, address, "", http.StatusSeeOther, "")
		origin, _, _ := strings.Cut(address, "?")
		fetched(t, origin, "", http.StatusUnauthorized, "")
	}, "serve", "--db", db)
	if _, token, ok := strings.Cut(address, "/?token="); !ok || !serve.ValidToken(token) || !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Error("the address is not one of loopback with a token")
	}
	// With a file the token is written there once, is not printed, and opens the next server too.
	var token string
	for range 2 {
		address := served(t, func(address string) {
			b, err := os.ReadFile(kept)
			if err != nil {
				t.Fatal(err)
			}
			if token != "" && token != strings.TrimSpace(string(b)) {
				t.Error("the token is another one")
			}
			token = strings.TrimSpace(string(b))
			fetched(t, address, token, http.StatusOK, "no run yet")
		}, "serve", "--db", db, "--token-file", kept)
		if strings.Contains(address, "token") {
			t.Error("a token that is kept in a file is printed")
		}
	}
	if st, err := os.Stat(kept); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
}

// served runs a command until it has printed an address and use is done with it, then stops it, and gives the address.
func served(t *testing.T, use func(address string), args ...string) (address string) {
	t.Helper()
	out, in := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	a := &app{
		stdin: strings.NewReader(""), stdout: in, stderr: &stderr, getenv: func(string) string { return "" }, now: time.Now,
		random: rand.Reader, configDir: os.UserConfigDir,
	}
	go func() { ended <- a.run(ctx, args); _ = in.Close() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("exit %d: %s", <-ended, stderr.String())
	}
	address = strings.TrimSpace(line)
	use(address)
	stop()
	if code := <-ended; code != exitClean {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
	if strings.Contains(stderr.String(), "token=A") || strings.Contains(stderr.String(), "\x1b") {
		t.Error("standard error holds more than words")
	}
	return address
}

func fetched(t *testing.T, address, token string, status int, holds string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal("an address that is none")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	got, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal("no answer")
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != status || !strings.Contains(string(b), holds) {
		t.Errorf("%s, want %d with %q: %v", got.Status, status, holds, err)
	}
}

// What cannot be served is refused with the reason.
func TestServeRefuses(t *testing.T) {
	db := emptyStore(t)
	dir := t.TempDir()
	guessed, open := filepath.Join(dir, "guessed"), filepath.Join(dir, "open")
	for path, mode := range map[string]os.FileMode{guessed: 0o600, open: 0o644} {
		if err := os.WriteFile(path, []byte("correct horse\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, "not a loopback address"},
		{[]string{"--listen", ":8080"}, "not a loopback address"},
		{[]string{"--listen", "example.org:80"}, "not a loopback address"},
		{[]string{"--listen", "127.0.0.1"}, "missing port"},
		{[]string{"--db", filepath.Join(dir, "none.db")}, "none.db"},
		{[]string{"--token-file", guessed}, "does not hold a token"},
		{[]string{"--token-file", open}, "can be read by others"},
		{[]string{"--token-file", filepath.Join(dir, "no", "such")}, "--token-file"},
		{[]string{"extra"}, "no argument"},
	} {
		if runtime.GOOS == "windows" && tt.want == "can be read by others" {
			continue
		}
		c := sprawl(t, append([]string{"serve", "--db", db}, tt.args...))
		if c.code != exitUsage || !strings.Contains(c.stderr, tt.want) || c.stdout != "" {
			t.Errorf("%q: exit %d, %s%s", tt.args, c.code, c.stdout, c.stderr)
		}
		if strings.Contains(c.stderr, "correct horse") {
			t.Errorf("%q: the token is printed", tt.args)
		}
	}
}
