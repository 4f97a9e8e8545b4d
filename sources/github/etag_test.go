package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	gh "github.com/google/go-github/v60/github"

	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/planted"
	"sprawl/internal/testkit/prism"
)

// What has not changed costs nothing, and what has is seen.
func TestConditional(t *testing.T) {
	s := org(t, 250, forge.Options{})
	m := remember()
	list := func(what string, calls, spared int64, want int) {
		t.Helper()
		c, _ := client(t, s, func(o *Options) { o.Cache = m })
		got, err := names(t, c, s, "acme", Filter{})
		if b := c.Budget(); err != nil || len(got) != want || b.Calls != calls || b.Spared != spared {
			t.Errorf("%s: %d listed, %+v, %v", what, len(got), b, err)
		}
	}
	list("the first night", 3, 0, 250)
	list("the second", 3, 3, 250)
	if err := s.Change("repo-3", func(r *forge.Repository) { r.Archived = true }); err != nil {
		t.Fatal(err)
	}
	list("after a change on the first page", 3, 2, 250)
	if err := s.Delete("repo-249"); err != nil {
		t.Fatal(err)
	}
	list("after a deletion on the last", 3, 2, 249)
	m.err = errors.New("database is locked")
	list("with a cache that fails", 3, 0, 249)
	for key, body := range m.body {
		clean(t, s, key+m.etag[key]+string(body))
	}
	for key := range m.body {
		m.body[key] = []byte("garbage")
	}
	m.err = nil
	list("with a cache that was overwritten", 3, 0, 249)
}

// An App's token is another one each hour; what is kept serves all of them.
func TestConditionalByApp(t *testing.T) {
	s := org(t, 250, forge.Options{})
	app, err := forge.NewApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Install(app)
	m := remember()
	for night, spared := range []int64{0, 3} {
		c, _ := client(t, s, func(o *Options) {
			o.Cache, o.Token, o.App = m, "", &App{ID: app.ID, Installation: app.Installation, KeyFile: app.KeyFile}
		})
		if got, err := names(t, c, s, "acme", Filter{}); err != nil || len(got) != 250 || c.Budget().Spared != spared {
			t.Errorf("night %d: %d %+v %v", night, len(got), c.Budget(), err)
		}
		s.Expire()
	}
}

// One identity's answers are not given to another.
func TestIdentities(t *testing.T) {
	s := org(t, 3, forge.Options{})
	m := remember()
	c, _ := client(t, s, func(o *Options) { o.Cache = m })
	if _, err := names(t, c, s, "acme", Filter{}); err != nil || len(m.body) != 1 {
		t.Fatalf("%d %v", len(m.body), err)
	}
	other := planted.Token(4243)
	s.Revoke(other)
	c, _ = client(t, s, func(o *Options) { o.Cache, o.Token = m, other })
	if _, err := names(t, c, s, "acme", Filter{}); err != nil || c.Budget().Spared != 0 || len(m.body) != 2 {
		t.Errorf("%+v %v", c.Budget(), err)
	}
}

// An ETag that is made in another way than GitHub's is taken as it is.
func TestForeignETag(t *testing.T) {
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `W/"7"`)
		if calls++; r.Header.Get("If-None-Match") == `W/"7"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	defer s.Close()
	k := &clock{}
	c, err := New(Options{Base: s.URL, Token: token, Cache: remember(), Now: k.now, Wait: k.wait})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Repositories(t.Context(), "acme", Filter{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if b := c.Budget(); b.Calls != 2 || b.Spared != 1 || b.Limit != -1 || b.Remaining != -1 {
		t.Errorf("%+v", b)
	}
}

// A token is for one server: no redirect and no list takes it elsewhere.
func TestElsewhere(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked for %s", r.Host, r.URL.Path)
	}))
	defer thief.Close()
	s := httptest.NewServer(http.RedirectHandler(thief.URL+"/api/v3/orgs/acme/repos", http.StatusFound))
	defer s.Close()
	k := &clock{}
	c, err := New(Options{Base: s.URL, Token: token, Now: k.now, Wait: k.wait})
	if err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if err := c.Repositories(t.Context(), "acme", Filter{}, nil); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

// A server that writes what it should not is an error, whose text repeats nothing of it.
func TestNonsense(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "<html>" + token, "no list": `{"message": "` + token + `"}`, "no number": `[{"name": "x", "full_name": "a/x", "clone_url": "https://h/a/x.git"}]`,
		"no address": `[{"id": 1, "name": "x", "full_name": "a/x", "clone_url": "` + token + `"}]`, "too large": strings.Repeat(" ", 2000),
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		k := &clock{}
		c, err := New(Options{Base: s.URL, Token: token, Now: k.now, Wait: k.wait, MaxBody: 1000})
		if err != nil {
			t.Fatal(err)
		}
		err = c.Repositories(t.Context(), "acme", Filter{}, func([]Repository) error { return nil })
		if err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err != nil)
		}
		s.Close()
	}
}

// A clone address never carries a user.
func TestCloneURL(t *testing.T) {
	body := `[{"id": 1, "name": "x", "full_name": "a/x", "private": true, "clone_url": "https://ada:` + token + `@git.example/a/x.git?t=1"}]`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
	defer s.Close()
	k := &clock{}
	c, err := New(Options{Base: s.URL, Token: token, Now: k.now, Wait: k.wait})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Repositories(t.Context(), "acme", Filter{}, func(rs []Repository) error {
		if rs[0].CloneURL != "https://git.example/a/x.git" || rs[0].Visibility != "private" {
			t.Errorf("%+v", rs[0])
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestByDescription sends every kind of call past GitHub's own description of its API, and reads the examples that it answers with.
func TestByDescription(t *testing.T) {
	description := prism.Start(t, filepath.Join("..", "..", "internal", "testkit", "forge", "testdata", "github-openapi.json"))
	asked := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path] = true
		described(t, w, r, description)
	}))
	defer s.Close()
	k := &clock{}
	c, err := New(Options{Base: s.URL, Token: token, Now: k.now, Wait: k.wait})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	count := func(rs []Repository) error { n += len(rs); return nil }
	if err := errors.Join(
		c.Repositories(t.Context(), "acme", Filter{}, count),
		c.Packages(t.Context(), "acme", func(ps []Package) error { n += len(ps); return nil }),
	); err != nil || n < 2 {
		t.Errorf("%d %v", n, err)
	}
	if _, err := c.Repository(t.Context(), "octocat/Hello-World"); err != nil {
		t.Error(err)
	}
	ctx := context.Background()
	for _, list := range []pages[*gh.Repository]{c.public(ctx, "octocat"), c.ofInstallation(ctx, "octocat")} {
		if err := walk(ctx, c, "list", list, func([]*gh.Repository) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	own, err := c.ofUser(ctx, "list", "octocat")
	if err != nil {
		t.Fatal(err)
	}
	if err := walk(ctx, c, "list", own, func([]*gh.Repository) error { return nil }); err != nil {
		t.Error(err)
	}
	if len(asked) < 7 {
		t.Errorf("asked only %v", asked)
	}
}

// described asks Prism, and hands its answer on.
func described(t *testing.T, w http.ResponseWriter, r *http.Request, description string) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, description+strings.TrimPrefix(r.URL.RequestURI(), "/api/v3"), nil)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = r.Header.Clone()
	req.Header.Set("Accept", "application/json") // go-github's own media types are not in the description
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer res.Body.Close()
	// Some of the description's own examples lack fields that it calls required: what counts is what it says of requests.
	if v := res.Header.Get("sl-violations"); strings.Contains(v, `["request"`) || res.StatusCode >= 300 {
		t.Errorf("%s %s: GitHub's description does not allow it: %s %s", r.Method, r.URL, res.Status, v)
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}
