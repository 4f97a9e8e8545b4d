package githttp

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/repo"
)

// root is a folder with one repository, acme/payments.git, whose pack is some 100 KB.
func root(t *testing.T) (dir, head string) {
	t.Helper()
	dir = t.TempDir()
	r := repo.NewIn(t, filepath.Join(dir, "acme", "payments.git"), repo.Bare())
	w := repo.New(t)
	var b strings.Builder
	for i, x := 0, uint32(1); i < 100_000; i++ { // does not compress
		x = x*1664525 + 1013904223
		b.WriteByte(byte(x >> 24))
	}
	w.Write("data", b.String())
	head = w.Commit("data")
	w.Git("push", "-q", r.Dir, "main")
	return dir, head
}

func TestClone(t *testing.T) {
	dir, head := root(t)
	const token = "not-a-real-one"
	s := Serve(t, dir, Options{Allow: Token(token)})
	into := repo.New(t)
	if out, err := into.Try("fetch", s.URL+"/acme/payments.git"); err == nil {
		t.Errorf("let in without a token: %s", out)
	}
	into.Git("fetch", strings.Replace(s.URL, "://", "://x:"+token+"@", 1)+"/acme/payments.git", "main:got")
	if got := into.ID("got"); got != head {
		t.Errorf("fetched %s, want %s", got, head)
	}
	const name = "acme/payments.git"
	if i, l, p := s.Requests(name, Info), s.Requests(name, LsRefs), s.Requests(name, Pack); i < 2 || l != 1 || p != 1 {
		t.Errorf("%d info, %d ls-refs, %d packs", i, l, p)
	}
	if n := s.Requests("acme/other.git", Any); n != 0 {
		t.Errorf("%d requests of another repository", n)
	}
	if out, err := into.Try("push", strings.Replace(s.URL, "://", "://x:"+token+"@", 1)+"/acme/payments.git", "got:pushed"); err == nil {
		t.Errorf("pushed: %s", out)
	}
}

func TestFaults(t *testing.T) {
	dir, head := root(t)
	s := Serve(t, dir, Options{})
	into := repo.New(t)
	s.Inject(Fault{Repo: "acme/payments.git", Kind: Pack, Cut: 20_000, Times: 1})
	if out, err := into.Try("fetch", s.URL+"/acme/payments.git", "main:got"); err == nil {
		t.Errorf("a cut pack is taken for whole: %s", out)
	}
	s.Inject(Fault{Kind: Info, Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"7"}}, Times: 2})
	for range 2 {
		r, err := http.Get(s.URL + "/acme/payments.git/info/refs?service=git-upload-pack")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "7" {
			t.Errorf("%s, Retry-After %q", r.Status, r.Header.Get("Retry-After"))
		}
	}
	into.Git("fetch", s.URL+"/acme/payments.git", "main:got")
	if got := into.ID("got"); got != head {
		t.Errorf("fetched %s, want %s", got, head)
	}
	s.Inject(Fault{Latency: time.Hour})
	c := &http.Client{Timeout: 50 * time.Millisecond}
	if r, err := c.Get(s.URL + "/acme/payments.git/info/refs?service=git-upload-pack"); err == nil {
		_ = r.Body.Close()
		t.Error("answered without waiting")
	}
	s.Heal()
	into.Git("ls-remote", s.URL+"/acme/payments.git")
}
