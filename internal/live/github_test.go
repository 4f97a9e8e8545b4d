package live

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/internal/testkit/prism"
	"sprawl/inventory"
)

// plays is a provider on loopback, its answers by path. What it has no answer for is 404.
type plays struct {
	t      *testing.T
	server *httptest.Server
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request)
	got    []string
	heads  []http.Header
	bodies []string
}

func play(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *plays {
	t.Helper()
	p := &plays{t: t, answer: answer}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.got, p.heads, p.bodies = append(p.got, r.Method+" "+r.URL.RequestURI()), append(p.heads, r.Header.Clone()), append(p.bodies, string(b))
		p.answer(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

// admin is an operator with these variables and files, all of whose providers are p.
func (p *plays) admin(k *clock, env, files map[string]string) *Admin {
	p.t.Helper()
	u, err := url.Parse(p.server.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	bases := map[string]*url.URL{}
	for _, x := range Providers() {
		bases[x.Name] = u
	}
	c := New(k.options())
	p.t.Cleanup(c.Close)
	return &Admin{
		Client: c, Now: func() time.Time { return k.at }, Bases: bases, Getenv: func(n string) string { return env[n] },
		ReadFile: func(n string) ([]byte, error) {
			if s, ok := files[n]; ok {
				return []byte(s), nil
			}
			return nil, fs.ErrNotExist
		},
	}
}

// pulled takes everything and reads it as a run does. No secret of the operator may be in anything but the requests.
func pulled(t *testing.T, a *Admin, spec string, now time.Time) (map[string][]inventory.Row, []Export, []Trouble) {
	t.Helper()
	es, troubles, err := a.Pull(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(troubles), fmt.Sprint(a.Client.Calls()), fmt.Sprint(es)} {
		if strings.Contains(text, hidden) {
			t.Errorf("the operator's secret is in %.300s", text)
		}
	}
	return load(t, es, now), es, troubles
}

// TestGitHubByDescription sends every call that is made to GitHub past GitHub's own description of its API, and reads the examples
// that it answers with.
func TestGitHubByDescription(t *testing.T) {
	description := prism.Start(t, filepath.Join("testdata", "github-openapi.json"))
	asked := map[string]bool{}
	p := play(t, nil)
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		req, err := http.NewRequestWithContext(r.Context(), r.Method, description+r.URL.RequestURI(), nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header = r.Header.Clone()
		req.Header.Set("Accept", "application/json") // go-github's own media type is not in the description
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
		asked[r.URL.Path] = true
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	a := p.admin(&clock{at: now}, map[string]string{"GH_TOKEN": hidden}, nil)
	es, troubles, err := a.Pull(t.Context(), "github:acme")
	if err != nil || len(troubles) > 0 {
		t.Fatalf("%v %v", err, troubles)
	}
	formats := map[string]int{}
	for _, e := range es {
		inv, _, err := inventory.Load(t.Context(), strings.NewReader(string(e.Data)), e.Format, inventory.Meta{Name: e.Name, AsOf: e.AsOf, Now: now, Scope: e.Scope, Environment: e.Environment})
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		formats[e.Format] += len(inv.Rows)
	}
	gives, _, err := ByName("github:acme")
	if err != nil {
		t.Fatal(err)
	}
	for f := range strings.FieldsSeq(gives.Lists) {
		if formats[f] == 0 && f != "github-audit-log" { // the events of its example are of no token
			t.Errorf("no row of %s came of GitHub's own examples", f)
		}
	}
	if len(asked) < 16 {
		t.Errorf("only %d kinds of call were checked: %v", len(asked), asked)
	}
}

// A GitHub of one's own, its listings in pages.
func TestGitHubPages(t *testing.T) {
	p := play(t, nil)
	p.answer = func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		if r.URL.Path != "/api/v3/orgs/acme/credential-authorizations" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if page < 2 {
			w.Header().Set("Link", fmt.Sprintf(`<%s%s?per_page=100&page=%d>; rel="next", <%s>; rel="last"`, p.server.URL, r.URL.Path, max(1, page)+1, p.server.URL))
		}
		fmt.Fprintf(w, `[{"login": "ada", "credential_id": %d, "credential_type": "personal access token", "token_last_eight": "12345678", "credential_authorized_at": "2024-01-02T03:04:05Z", "scopes": ["repo"]}]`, 100+page)
	}
	a := p.admin(&clock{at: noon}, map[string]string{"GITHUB_TOKEN": hidden}, nil)
	a.Bases["github"].Path = "/api/v3"
	rows, es, troubles := pulled(t, a, "github:acme", noon)
	if len(es) != 1 || len(rows) != 2 || len(rows["100"]) != 1 || len(rows["102"]) != 1 {
		t.Errorf("%d exports, %v", len(es), rows)
	}
	if p.heads[0].Get("Authorization") != "Bearer "+hidden || len(troubles) != 10 || !strings.Contains(troubles[0].Why, "do not suffice (403)") {
		t.Errorf("%v %v", p.heads[0], troubles)
	}
}

// Repositories go by the team that was asked about; a team that cannot be asked about leaves the listing cut off.
func TestGitHubTeams(t *testing.T) {
	closed := false
	p := play(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/orgs/acme/teams":
			fmt.Fprint(w, `[{"slug": "payments"}, {"slug": "everybody"}, {"slug": "nobody"}]`)
		case "/orgs/acme/teams/payments/repos":
			fmt.Fprint(w, `[{"full_name": "acme/shop", "role_name": "admin", "permissions": {"admin": true, "maintain": true, "push": true, "pull": true}}]`)
		case "/orgs/acme/teams/everybody/repos":
			if closed {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			fmt.Fprint(w, `[{"full_name": "acme/shop", "role_name": "read", "permissions": {"admin": false, "pull": true}}]`)
		case "/orgs/acme/properties/values":
			fmt.Fprint(w, `[{"repository_id": 1, "repository_name": "shop", "repository_full_name": "acme/shop", "properties": [{"property_name": "owner", "value": "ada@acme.example"}]}]`)
		default:
			fmt.Fprint(w, "[]")
		}
	})
	env := map[string]string{"GH_TOKEN": hidden}
	rows, es, troubles := pulled(t, p.admin(&clock{at: noon}, env, nil), "github:acme", noon)
	if len(es) != 2 || len(troubles) != 0 || fact(rows["acme/shop@payments"], "repository_permission") != "admin" || fact(rows["acme/shop@everybody"], "repository_permission") != "pull" || fact(rows["acme/shop"], "owner") != "ada@acme.example" {
		t.Errorf("%v %v", rows, troubles)
	}
	closed = true
	es, troubles, err := p.admin(&clock{at: noon}, env, nil).Pull(t.Context(), "github:acme")
	i := slices.IndexFunc(es, func(e Export) bool { return e.Format == "github-teams" })
	if err != nil || len(troubles) != 1 || i < 0 {
		t.Fatalf("%v %v %v", es, troubles, err)
	}
	inv, _, err := inventory.Load(t.Context(), strings.NewReader(string(es[i].Data)), es[i].Format, inventory.Meta{Name: es[i].Name, AsOf: noon, Now: noon})
	if err != nil || len(inv.Rows) != 1 || inv.Partial == "" {
		t.Errorf("%+v %v", inv, err)
	}
}

// What GitHub answers where it does not answer (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
func TestGitHubRefusals(t *testing.T) {
	reset := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name   string
		status int
		head   map[string]string
		body   string
		once   bool // and then it answers
		why    string
		waited time.Duration
	}{
		{"the primary limit, for an hour", 403, map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(time.Hour)}, `{"message": "API rate limit exceeded"}`, false, "rate limited", 0},
		{"the primary limit, for a moment", 403, map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(20 * time.Second)}, `{"message": "API rate limit exceeded"}`, true, "", 20 * time.Second},
		{"a secondary limit by 403", 403, map[string]string{"Retry-After": "30"}, `{"message": "You have exceeded a secondary rate limit"}`, true, "", 30 * time.Second},
		{"a secondary limit by 429", 429, map[string]string{"Retry-After": "30"}, `{"message": "You have exceeded a secondary rate limit"}`, true, "", 30 * time.Second},
		{"an App's token that has expired", 401, nil, `{"message": "Bad credentials"}`, false, "not accepted (401)", 0},
		{"a plan without it", 404, nil, `{"message": "Not Found"}`, false, "not there", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			p := play(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/orgs/acme/members" {
					fmt.Fprint(w, "[]")
					return
				}
				if n++; n > 1 && c.once {
					fmt.Fprint(w, `[{"login": "ada", "type": "User", "site_admin": false}]`)
					return
				}
				for k, v := range c.head {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			k := &clock{at: noon}
			es, troubles, err := p.admin(k, map[string]string{"GH_TOKEN": hidden}, nil).Pull(t.Context(), "github:acme")
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(troubles, func(x Trouble) bool { return x.Name == "live:github/members" })
			listed := slices.ContainsFunc(es, func(e Export) bool { return e.Format == "github-users" })
			if listed != c.once || (i >= 0) == c.once || i >= 0 && !strings.Contains(troubles[i].Why, c.why) {
				t.Errorf("listed: %v, %v", listed, troubles)
			}
			if c.waited > 0 && !slices.ContainsFunc(k.waited, func(d time.Duration) bool { return d >= c.waited-time.Second && d <= c.waited }) {
				t.Errorf("waited %v", k.waited)
			}
		})
	}
}

func TestByName(t *testing.T) {
	for spec, ok := range map[string]bool{"aws": true, "gitlab": true, "gitlab:acme/shop": true, "github:acme": true, "github": false, "vault:x": false, "acme": false, "github:a?b": false, "github:a b": false} {
		if _, _, err := ByName(spec); (err == nil) != ok {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, p := range Providers() {
		a := &Admin{Client: New((&clock{at: noon}).options()), Getenv: func(string) string { return "" }, ReadFile: func(string) ([]byte, error) { return nil, fs.ErrNotExist }}
		spec := p.Name
		if p.Needs {
			spec += ":acme"
		}
		if _, _, err := a.Pull(t.Context(), spec); !errors.Is(err, ErrNoCredentials) {
			t.Errorf("%s without credentials: %v", spec, err)
		}
		for f := range strings.FieldsSeq(p.Lists) {
			if _, known := inventory.Named(f); !known {
				t.Errorf("%s gives %s, which nobody reads", p.Name, f)
			}
		}
	}
}
