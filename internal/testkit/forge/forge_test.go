package forge

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const token = "not-a-token"

// got is an answer, read.
type got struct {
	status int
	head   http.Header
	body   any
}

// get asks the interface.
func get(t *testing.T, s *Server, path string, head ...string) got {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API()+strings.TrimPrefix(path, "/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	g := got{status: res.StatusCode, head: res.Header}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &g.body); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// TestAnswers takes every way into the interface; Serve holds each answer against GitHub's description.
func TestAnswers(t *testing.T) {
	app, err := NewApp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []bool{false, true} {
		s := Serve(t, Options{Token: token, App: app, Personal: personal, Validate: true})
		for _, name := range []string{"shop", "ledger", "web"} {
			if err := s.Add(Repository{Name: name, Visibility: map[bool]string{true: "public"}[name == "web"], Topics: []string{"go"}, Archived: name == "ledger"}); err != nil {
				t.Fatal(err)
			}
		}
		s.AddPackages(Package{Name: "shop", Repository: "shop"}, Package{Name: "tools/lint", Visibility: "public"})
		if err := s.Rename("ledger", "books"); err != nil {
			t.Fatal(err)
		}
		org := 200
		if personal {
			org = 404
		}
		for path, want := range map[string]int{
			"/orgs/acme": org, "/orgs/acme/repos?per_page=2": org, "/orgs/acme/packages?package_type=container": org, "/orgs/other/repos": 404,
			"/users/acme/repos": 200, "/users/acme/packages?package_type=container": 200, "/user": 200, "/user/repos": 200, "/rate_limit": 200,
			"/repos/acme/shop": 200, "/repos/acme/ledger": 301, "/repos/acme/none": 404, "/orgs/acme/installation": 404, "/no/such/thing": 404,
		} {
			if g := get(t, s, path); g.status != want {
				t.Errorf("personal %v: %s: %d, want %d: %v", personal, path, g.status, want, g.body)
			}
		}
		if g := get(t, s, "/orgs/acme/repos", "Authorization", "Bearer other"); g.status != http.StatusUnauthorized {
			t.Errorf("another token: %d", g.status)
		}
	}
}

// What the description does not allow is seen.
func TestCheck(t *testing.T) {
	d, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, bend := range map[string]func(object){
		"":                    func(object) {},
		"a number for a name": func(o object) { o["name"] = 7 },
		"no owner":            func(o object) { delete(o, "owner") },
		"an owner's own":      func(o object) { o["owner"].(object)["site_admin"] = "no" },
		"no time":             func(o object) { o["pushed_at"] = "yesterday" },
	} {
		o := s.minimal(&Repository{ID: 1, Name: "shop", Visibility: "private"})
		bend(o)
		if err := d.Check("GET", "/orgs/{org}/repos", 200, encode([]object{o})); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := d.Check("GET", "/orgs/{org}/repos", 204, []byte("[]")); err == nil {
		t.Error("an answer that GitHub does not give passes")
	}
}

func TestPages(t *testing.T) {
	s := Serve(t, Options{Token: token})
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if err := s.Add(Repository{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	path := "orgs/acme/repos?per_page=2&sort=created&direction=asc"
	for pages := 0; path != ""; pages++ {
		g := get(t, s, path)
		for _, r := range g.body.([]any) {
			names = append(names, r.(object)["name"].(string))
		}
		path = ""
		for l := range strings.SplitSeq(g.head.Get("Link"), ", ") {
			if at, ok := strings.CutSuffix(l, `>; rel="next"`); ok {
				path = strings.TrimPrefix(at, "<"+s.API())
			}
		}
		if pages > 3 {
			t.Fatal("a list without an end")
		}
	}
	if all := strings.Join(names, ""); all != "abcde" {
		t.Errorf("listed %s", all)
	}
}

// An answer that the client has costs nothing, until it changes.
func TestConditional(t *testing.T) {
	s := Serve(t, Options{Token: token, Limit: 10})
	if err := s.Add(Repository{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	g := get(t, s, "orgs/acme/repos")
	tag, left := g.head.Get("ETag"), g.head.Get("X-RateLimit-Remaining")
	g = get(t, s, "orgs/acme/repos", "If-None-Match", tag)
	if g.status != http.StatusNotModified || left != "9" || g.head.Get("X-RateLimit-Remaining") != "9" {
		t.Errorf("%d, %s left", g.status, g.head.Get("X-RateLimit-Remaining"))
	}
	if err := s.Change("shop", func(r *Repository) { r.Archived = true }); err != nil {
		t.Fatal(err)
	}
	if g = get(t, s, "orgs/acme/repos", "If-None-Match", tag); g.status != http.StatusOK {
		t.Errorf("after a change: %d", g.status)
	}
}

func TestFaults(t *testing.T) {
	s := Serve(t, Options{Token: token})
	if err := s.Add(Repository{Name: "shop"}); err != nil {
		t.Fatal(err)
	}
	const path = "orgs/acme/repos"
	s.Inject(Secondary(429, time.Minute, 1))
	s.Inject(Primary(time.Now().Add(time.Hour), 1))
	s.Inject(Storm(502, 2))
	s.Inject(Unauthorized(1))
	for i, want := range []int{429, 403, 502, 502, 200, 401, 401} {
		if g := get(t, s, path); g.status != want {
			t.Errorf("call %d: %d, want %d", i, g.status, want)
		}
	}
	if n := s.Requests("GET /orgs/*/repos"); n != 7 {
		t.Errorf("%d requests counted", n)
	}
	s.Heal()
	s.Inject(Fault{Cut: 10, Times: 1})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.API()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err == nil || len(b) > 10 {
		t.Errorf("%d bytes came of a cut answer: %v", len(b), err)
	}
}
