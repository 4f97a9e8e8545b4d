package mirror

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/repo"
)

// All remotes of a host are asked over one connection, one after the other.
func TestConnectionsAreKept(t *testing.T) {
	u := newUpstream(t)
	repo.NewIn(t, filepath.Join(u.root, "acme", "empty.git"), repo.Bare())
	b, err := githttp.Handler(u.root, githttp.Options{})
	if err != nil {
		t.Skip(err)
	}
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(b)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	m := open(t, t.TempDir(), Options{})
	for range 3 {
		for _, name := range []string{"payments", "empty", "missing"} {
			if _, err := m.Remote(t.Context(), s.URL+"/acme/"+name+".git", Auth{}); (err != nil) != (name == "missing") {
				t.Error(name, err)
			}
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// canned answers every request with the same text.
type canned struct {
	kind string
	text []byte
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(bytes.NewReader(c.text)),
		Header: http.Header{"Content-Type": {c.kind}},
	}, nil
}

func packet(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }

func manyRefs(n int) []byte {
	var b strings.Builder
	id := strings.Repeat("0123456789", 4)
	b.WriteString(packet(id + " HEAD symref-target:refs/heads/main\n"))
	for i := range n {
		b.WriteString(packet(fmt.Sprintf("%s refs/heads/topic-%06d\n", id, i)))
	}
	return []byte(b.String() + "0000")
}

func cannedAsker(c *canned) *asker {
	return &asker{client: &http.Client{Transport: c}, now: func() time.Time { return time.Unix(0, 0) }}
}

// What a server makes up ends in an error, or in a Remote whose HEAD can be written.
func FuzzAsk(f *testing.F) {
	f.Add([]byte("0000"), true)
	f.Add(manyRefs(2), true)
	f.Add([]byte(packet("ERR access denied\n")), true)
	f.Add([]byte(packet("# service=git-upload-pack\n")+"0000"+packet("version 2\n")+packet("object-format=sha256\n")+"0000"), false)
	f.Add([]byte(packet("# service=git-upload-pack\n")+"0000"+packet(strings.Repeat("a", 40)+" HEAD\x00symref=HEAD:refs/heads/main agent=x\n")+"0000"), false)
	f.Add([]byte(packet("# service=git-upload-pack\n")+"0000"+packet(strings.Repeat("0", 40)+" capabilities^{}\x00x\n")+"0000"), false)
	base := &url.URL{Scheme: "https", Host: "h.example", Path: "/acme/x"}
	f.Fuzz(func(t *testing.T, text []byte, second bool) {
		kind := "application/x-git-upload-pack-advertisement"
		if second {
			kind = "application/x-git-upload-pack-result"
		}
		r, err := cannedAsker(&canned{kind, text}).ask(t.Context(), base, Auth{})
		if err == nil && (len(r.Print) != 64 || r.Empty != (r.Refs == 0) || r.Head != "" && !branch(r.Head) || r.Format != "sha1" && r.Format != "sha256") {
			t.Errorf("%+v", r)
		}
		if err != nil && kindOf(err) == 0 {
			t.Errorf("untyped: %v", err)
		}
	})
}

// Branches that git would not make are not written into HEAD.
func TestBranch(t *testing.T) {
	for _, name := range []string{
		"", "main", "refs/heads/", "refs/tags/x", "refs/heads/a b", "refs/heads/a\nb", "refs/heads/..", "refs/heads/a..b", "refs/heads/a.lock", "refs/heads/.a",
		"refs/heads/a/.b", "refs/heads/a//b", "refs/heads/a/", "refs/heads/a.", "refs/heads/a@{b", "refs/heads/a\\b", "refs/heads/a:b", "refs/heads/" + strings.Repeat("a", 2000),
	} {
		if branch(name) {
			t.Errorf("%q is let through", name)
		}
	}
	for _, name := range []string{"refs/heads/main", "refs/heads/a/b.c", "refs/heads/ü", "refs/heads/@"} {
		if !branch(name) {
			t.Errorf("%q is refused", name)
		}
	}
}

func BenchmarkAsk(b *testing.B) {
	k := cannedAsker(&canned{"application/x-git-upload-pack-result", manyRefs(200)})
	base := &url.URL{Scheme: "https", Host: "h.example", Path: "/acme/x"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.ask(b.Context(), base, Auth{}); err != nil {
			b.Fatal(err)
		}
	}
}
