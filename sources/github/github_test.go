package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/planted"
)

// token opens nothing but a forge.
var token = planted.Token(4242)

// clock is a clock that waiting moves.
type clock struct {
	mu     sync.Mutex
	at     time.Time
	waited []time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.waited = c.at.Add(d), append(c.waited, d)
	return ctx.Err()
}

// memory is a Cache.
type memory struct {
	mu   sync.Mutex
	etag map[string]string
	body map[string][]byte
	err  error
}

func (m *memory) Get(_ context.Context, key string) (string, []byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.body[key]
	return m.etag[key], b, ok, m.err
}

func (m *memory) Put(_ context.Context, key, etag string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.etag[key], m.body[key] = etag, body
	return m.err
}

func remember() *memory { return &memory{etag: map[string]string{}, body: map[string][]byte{}} }

// org is a forge with n repositories, repo-0 the oldest.
func org(t *testing.T, n int, o forge.Options) *forge.Server {
	t.Helper()
	o.Token = token
	s := forge.Serve(t, o)
	for i := range n {
		r := forge.Repository{Name: fmt.Sprintf("repo-%d", i), Visibility: []string{"private", "public", "internal"}[i%3], Archived: i%5 == 4, Fork: i%7 == 6, Topics: []string{fmt.Sprintf("t%d", i%2)}, SizeKB: int64(i)}
		if err := s.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// client asks a forge as a person, by a clock of its own, which it returns. The options may be bent.
func client(t *testing.T, s *forge.Server, bend ...func(*Options)) (*Client, *clock) {
	t.Helper()
	k := &clock{at: time.Now()}
	o := Options{Base: s.API(), Token: token, Now: k.now, Wait: k.wait, Seed: 1}
	for _, f := range bend {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, k
}

// names lists the names of what is visited, and holds that nothing that a forge's tokens open is in an error.
func names(t *testing.T, c *Client, s *forge.Server, owner string, f Filter) ([]string, error) {
	t.Helper()
	var out []string
	err := c.Repositories(t.Context(), owner, f, func(rs []Repository) error {
		for _, r := range rs {
			out = append(out, r.Name)
		}
		return nil
	})
	clean(t, s, fmt.Sprintf("%v %+v %#v", err, err, err))
	return out, err
}

func clean(t *testing.T, s *forge.Server, text string) {
	t.Helper()
	for _, secret := range append(s.Tokens(), token) {
		for _, form := range planted.Forms(secret) {
			if strings.Contains(text, form) {
				t.Error("a token is in what is written")
			}
		}
	}
}

func TestRepositories(t *testing.T) {
	s := org(t, 230, forge.Options{Validate: true})
	c, _ := client(t, s)
	var pages []int
	var all []Repository
	err := c.Repositories(t.Context(), "ACME", Filter{}, func(rs []Repository) error {
		pages, all = append(pages, len(rs)), append(all, rs...)
		return nil
	})
	if err != nil || !slices.Equal(pages, []int{100, 100, 30}) {
		t.Fatalf("%v %v", pages, err)
	}
	want := s.Repositories()[4]
	got := all[4]
	if got.ID != want.ID || got.Name != "repo-4" || got.FullName != "acme/repo-4" || got.CloneURL != s.CloneURL("repo-4") || got.DefaultBranch != "main" || got.Visibility != "public" ||
		!got.Archived || got.Fork || got.Disabled || !slices.Equal(got.Topics, []string{"t0"}) || !got.PushedAt.Equal(want.Pushed.Truncate(time.Second)) || got.SizeKB != 4 {
		t.Errorf("%+v", got)
	}
	if b := c.Budget(); b.Calls != 3 || b.Spared != 0 || b.Limit != 5000 || b.Remaining != 4997 || b.Reset.IsZero() || b.Waited != 0 {
		t.Errorf("%+v", b)
	}
	stop := errors.New("stop")
	calls := 0
	if err := c.Repositories(t.Context(), "acme", Filter{}, func([]Repository) error { calls++; return stop }); err != stop || calls != 1 { //nolint:errorlint // the very error
		t.Errorf("%v after %d", err, calls)
	}
}

func TestFilter(t *testing.T) {
	s := org(t, 14, forge.Options{})
	c, _ := client(t, s)
	skipped := map[string]int{}
	count := func(_ Repository, why string) { skipped[why]++ }
	for _, x := range []struct {
		name string
		f    Filter
		want int
		why  string
	}{
		{"all", Filter{}, 14, ""},
		{"no archived", Filter{Archived: Leave}, 12, "archived"},
		{"archived only", Filter{Archived: Only}, 2, "archived"},
		{"no forks", Filter{Forks: Leave}, 12, "fork"},
		{"public", Filter{Visibility: []string{"PUBLIC"}}, 5, "visibility"},
		{"topics", Filter{Topics: []string{"t1", "other"}}, 7, "topics"},
		{"included", Filter{Include: []string{"REPO-1*"}}, 5, "not included"},
		{"excluded", Filter{Include: []string{"acme/*"}, Exclude: []string{"repo-{1,2}", "other/*"}}, 12, "excluded"},
	} {
		clear(skipped)
		x.f.Skipped = count
		got, err := names(t, c, s, "acme", x.f)
		if err != nil || len(got) != x.want || skipped[x.why] != 14-x.want {
			t.Errorf("%s: %v %v %v", x.name, got, skipped, err)
		}
	}
	if _, err := names(t, c, s, "acme", Filter{Include: []string{"[a"}}); err == nil {
		t.Error("a pattern that is none passes")
	}
	for _, owner := range []string{"", "..", "a/b", "a?b", "a b", "a%2fb"} {
		if _, err := names(t, c, s, owner, Filter{}); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", owner, err)
		}
	}
}

// A person's own list is whole; others see what is public.
func TestUser(t *testing.T) {
	s := org(t, 6, forge.Options{Owner: "ada", Personal: true, Validate: true})
	c, _ := client(t, s)
	if got, err := names(t, c, s, "Ada", Filter{}); err != nil || len(got) != 6 {
		t.Errorf("her own: %v %v", got, err)
	}
	if _, err := names(t, c, s, "bob", Filter{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	app := appAt(t, s, "ada")
	if got, err := names(t, app, s, "ada", Filter{}); err != nil || len(got) != 6 {
		t.Errorf("by the App there: %v %v", got, err)
	}
	s.Inject(forge.Fault{At: "GET /user", Status: http.StatusForbidden, Message: "Resource not accessible by integration"})
	if got, err := names(t, c, s, "ada", Filter{}); err != nil || len(got) != 2 {
		t.Errorf("by a workflow's token: %v %v", got, err)
	}
}

// appAt is an App at a forge that has none yet.
func appAt(t *testing.T, s *forge.Server, owner string) *Client {
	t.Helper()
	app, err := forge.NewApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.Install(app)
	c, _ := client(t, s, func(o *Options) {
		o.Token, o.App = "", &App{ID: app.ID, Owner: owner, KeyFile: app.KeyFile}
	})
	return c
}

func TestApp(t *testing.T) {
	s := org(t, 250, forge.Options{})
	c := appAt(t, s, "acme")
	if got, err := names(t, c, s, "acme", Filter{}); err != nil || len(got) != 250 {
		t.Fatalf("%d %v", len(got), err)
	}
	first, err := c.Token(t.Context())
	if err != nil || !slices.Contains(s.Tokens(), first) {
		t.Fatalf("the token is none: %v", err)
	}
	if n := s.Requests("POST /app/installations/*/access_tokens"); n != 1 {
		t.Errorf("%d tokens made", n)
	}
	// A token that is refused in the middle of a list is renewed, once.
	n := 0
	s.On(func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/repos") {
			if n++; n == 2 {
				s.Expire()
			}
		}
	})
	if got, err := names(t, c, s, "acme", Filter{}); err != nil || len(got) != 250 || n != 4 {
		t.Errorf("%d in %d calls: %v", len(got), n, err)
	}
	second, err := c.Renew(t.Context(), first)
	if err != nil || second == first {
		t.Errorf("not renewed: %v", err)
	}
	if again, err := c.Renew(t.Context(), first); err != nil || again != second {
		t.Errorf("renewed for nothing: %v", err)
	}
	var denied *Unauthorized
	s.Inject(forge.Unauthorized(0))
	if _, err := names(t, c, s, "acme", Filter{}); !errors.As(err, &denied) || !strings.Contains(err.Error(), "still installed") {
		t.Errorf("refused for good: %v", err)
	}
	s.Heal()
	if _, err := names(t, appAt(t, s, "nobody"), s, "acme", Filter{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("not installed: %v", err)
	}
	stranger, err := forge.NewApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c, _ = client(t, s, func(o *Options) {
		o.Token, o.App = "", &App{ID: stranger.ID, Installation: stranger.Installation, KeyFile: stranger.KeyFile}
	})
	if _, err := c.Token(t.Context()); !errors.As(err, &denied) {
		t.Errorf("another App's key: %v", err)
	}
}

func TestUnauthorized(t *testing.T) {
	s := org(t, 150, forge.Options{})
	c, _ := client(t, s)
	s.Inject(forge.Unauthorized(1))
	got, err := names(t, c, s, "acme", Filter{})
	var denied *Unauthorized
	if !errors.As(err, &denied) || denied.Next == "" || len(got) != 100 {
		t.Errorf("%d before %v", len(got), err)
	}
	if _, err := c.Renew(t.Context(), token); !errors.As(err, &denied) {
		t.Errorf("there is no other token: %v", err)
	}
}

func TestPackages(t *testing.T) {
	s := org(t, 2, forge.Options{Validate: true})
	s.AddPackages(forge.Package{Name: "Shop", Repository: "repo-1"}, forge.Package{Name: "tools/lint", Visibility: "public"})
	c, _ := client(t, s, func(o *Options) { o.Registry = "registry.example:5000" })
	var got []string
	err := c.Packages(t.Context(), "acme", func(ps []Package) error {
		for _, p := range ps {
			got = append(got, p.Reference+" "+p.Visibility+" "+p.Repository)
		}
		return nil
	})
	if want := []string{"registry.example:5000/acme/shop private acme/repo-1", "registry.example:5000/acme/tools/lint public "}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	s.Inject(forge.Fault{Status: http.StatusForbidden, Message: "You need at least read:packages scope to list packages."})
	var refused *Refused
	if err := c.Packages(t.Context(), "acme", nil); !errors.As(err, &refused) || !strings.Contains(refused.Next, "read:packages") {
		t.Errorf("%v", err)
	}
}

func TestRepository(t *testing.T) {
	s := org(t, 3, forge.Options{Validate: true})
	c, _ := client(t, s)
	id := s.Repositories()[1].ID
	if err := errors.Join(s.Rename("repo-1", "renamed"), s.Delete("repo-2")); err != nil {
		t.Fatal(err)
	}
	if r, err := c.Repository(t.Context(), "acme/repo-1"); err != nil || r.ID != id || r.Name != "renamed" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := c.Repository(t.Context(), "acme/repo-2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	if _, err := c.Repository(t.Context(), "acme/.."); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestHosts(t *testing.T) {
	for base, want := range map[string]string{
		"": "api.github.com github.com ghcr.io", "https://api.acme.ghe.com": "api.acme.ghe.com acme.ghe.com containers.acme.ghe.com",
		"https://git.acme.example": "git.acme.example git.acme.example containers.git.acme.example", "https://git.acme.example:8443/api/v3": "git.acme.example:8443 git.acme.example:8443 containers.git.acme.example:8443",
	} {
		c, err := New(Options{Base: base, Token: token, Now: time.Now, Wait: (&clock{}).wait})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if got := c.Host() + " " + c.GitHost() + " " + c.registry; got != want || !strings.HasSuffix(c.base.Path, "/") {
			t.Errorf("%s: %s", base, got)
		}
	}
	for _, o := range []Options{
		{Token: token, Base: "http://git.acme.example/"}, {Token: token, Base: "git.acme.example"}, {Token: token, Base: "https://ada:" + token + "@git.acme.example"}, {Token: token, Base: "https://git.acme.example/?t=" + token},
		{}, {Token: token, App: &App{}}, {App: &App{ID: 1, Owner: "acme", KeyFile: "no/such/file"}}, {App: &App{ID: 1, Owner: "acme", KeyFile: "doc.go"}}, {App: &App{ID: 1, KeyFile: "doc.go"}},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", o.Base, err != nil)
		}
	}
}
