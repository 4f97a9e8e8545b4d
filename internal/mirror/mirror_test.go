package mirror

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sprawl/internal/gitexec"
	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/repo"
)

// upstream is a work tree that is pushed to a bare repository below root, acme/payments.git.
type upstream struct {
	*repo.Repo
	root string
	t    *testing.T
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{Repo: repo.New(t), root: t.TempDir(), t: t}
	repo.NewIn(t, filepath.Join(u.root, "acme", "payments.git"), repo.Bare())
	u.commit("a", "first\n")
	u.push()
	return u
}

func (u *upstream) commit(path, content string) {
	u.Write(path, content)
	u.Commit(path)
}

func (u *upstream) push() {
	u.Git("push", "-q", "--mirror", filepath.Join(u.root, "acme", "payments.git"))
}

// noise does not compress.
func noise(n int) string {
	var b strings.Builder
	for x := uint32(n) | 1; b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteByte(byte(x >> 24))
	}
	return b.String()
}

func findGit(t testing.TB) *gitexec.Git {
	t.Helper()
	g, err := gitexec.Find(t.Context(), os.Environ())
	if err != nil {
		t.Skip(err)
	}
	return g
}

func open(t testing.TB, dir string, o Options) *Mirrors {
	t.Helper()
	m, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refsOf lists a repository's refs and its HEAD.
func refsOf(t *testing.T, dir string) string {
	t.Helper()
	r := repo.Open(t, dir)
	head, _ := r.Try("symbolic-ref", "HEAD")
	return head + r.Git("for-each-ref", "--format=%(objectname) %(refname)")
}

// kindOf is the kind of an Error, 0 for none.
func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return 0
}

// fetch fetches and gives back.
func fetch(t *testing.T, m *Mirrors, url string, a Auth) *Mirror {
	t.Helper()
	mir, err := m.Fetch(t.Context(), url, a, Remote{})
	if err != nil {
		t.Fatal(err)
	}
	if err := mir.Close(); err != nil {
		t.Fatal(err)
	}
	return mir
}

// Both ways of fetching bring over every branch and tag, follow what is moved, renamed and removed, and leave other refs out.
func TestFetchFollowsTheRemote(t *testing.T) {
	for _, way := range []struct {
		name string
		git  *gitexec.Git
	}{{"git", findGit(t)}, {"go-git", nil}} {
		t.Run(way.name, func(t *testing.T) {
			u := newUpstream(t)
			s := githttp.Serve(t, u.root, githttp.Options{})
			m := open(t, t.TempDir(), Options{Git: way.git})
			url := s.URL + "/acme/payments.git"
			served := filepath.Join(u.root, "acme", "payments.git")
			same := func(step string) {
				t.Helper()
				mir := fetch(t, m, url, Auth{})
				if got, want := refsOf(t, mir.Path), refsOf(t, served); got != want {
					t.Errorf("%s: the mirror has\n%s\nthe remote\n%s", step, got, want)
				}
				repo.Open(t, mir.Path).Git("fsck", "--no-dangling", "--connectivity-only")
			}
			same("new")
			u.Git("branch", "topic")
			u.Git("branch", "dir")
			u.Git("tag", "-a", "-m", "v1", "v1")
			u.commit("b", "second\n")
			u.push()
			same("more")
			u.Git("commit", "-q", "--amend", "-m", "rewritten")
			u.Git("branch", "-D", "topic", "dir")
			u.Git("branch", "dir/below")
			u.Git("tag", "-f", "-a", "-m", "v1 again", "v1")
			u.push()
			repo.Open(t, served).Git("symbolic-ref", "HEAD", "refs/heads/dir/below")
			same("moved")
			u.Git("update-ref", "refs/pull/1/head", "main")
			u.push()
			if strings.Contains(refsOf(t, fetch(t, m, url, Auth{}).Path), "refs/pull") {
				t.Error("refs/pull is fetched")
			}
		})
	}
}

// What has not changed is not asked for; what has not moved since Remote is not fetched.
func TestUnchangedIsOneExchange(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t)})
	url, name := s.URL+"/acme/payments.git", "acme/payments.git"
	if mir := fetch(t, m, url, Auth{}); mir.Bytes == 0 {
		t.Error("a new mirror of no bytes")
	}
	before := s.Requests(name, githttp.Any)
	r, err := m.Remote(t.Context(), url, Auth{})
	if err != nil || r.Refs != 1 || r.Empty || r.Head != "refs/heads/main" || r.Format != "sha1" || r.URL != url {
		t.Errorf("%+v, %v", r, err)
	}
	mir, err := m.Fetch(t.Context(), url, Auth{}, r)
	if err != nil || mir.Bytes != 0 {
		t.Fatalf("%+v, %v", mir, err)
	}
	_ = mir.Close()
	if n := s.Requests(name, githttp.Any) - before; n != 1 {
		t.Errorf("%d requests for what has not changed, want 1", n)
	}
	u.Git("tag", "v2")
	u.push()
	again, err := m.Remote(t.Context(), url, Auth{})
	if err != nil || again.Print == r.Print || again.Refs != 2 {
		t.Errorf("after a tag: %+v, %v", again, err)
	}
	u.Git("tag", "-d", "v2")
	u.push()
	if again, err = m.Remote(t.Context(), url, Auth{}); err != nil || again != r {
		t.Errorf("without it: %+v, %v; want %+v", again, err, r)
	}
}

// A server of version 0, one of SHA-256 ids, an empty one, and the same repository over file are told apart and agreed on.
func TestRemoteWhateverTheServer(t *testing.T) {
	u := newUpstream(t)
	u.Git("branch", "b")
	u.Git("tag", "-a", "-m", "x", "a-b")
	u.Git("tag", "a")
	u.push()
	repo.NewIn(t, filepath.Join(u.root, "acme", "empty.git"), repo.Bare())
	sha := repo.New(t, repo.SHA256())
	sha.Write("a", "a\n")
	sha.Commit("a")
	repo.NewIn(t, filepath.Join(u.root, "acme", "sha256.git"), repo.Bare(), repo.SHA256())
	sha.Git("push", "-q", "--mirror", filepath.Join(u.root, "acme", "sha256.git"))
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t), Environ: os.Environ()})
	ask := func(url string) Remote {
		t.Helper()
		r, err := m.Remote(t.Context(), url, Auth{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	want := ask(s.URL + "/acme/payments.git")
	if want.Refs != 4 {
		t.Errorf("%+v", want)
	}
	old := githttp.Serve(t, u.root, githttp.Options{Old: true})
	for _, url := range []string{old.URL + "/acme/payments.git", filepath.Join(u.root, "acme", "payments.git"), gitexec.FileURL(filepath.Join(u.root, "acme", "payments.git"))} {
		if got := ask(url); got.Print != want.Print || got.Head != want.Head || got.Refs != want.Refs {
			t.Errorf("%s: %+v, want %+v", url, got, want)
		}
	}
	if r := ask(s.URL + "/acme/empty.git"); !r.Empty || r.Refs != 0 || r.Print == want.Print {
		t.Errorf("empty: %+v", r)
	}
	fetch(t, m, s.URL+"/acme/empty.git", Auth{})
	if r := ask(s.URL + "/acme/sha256.git"); r.Format != "sha256" || r.Refs != 1 {
		t.Errorf("SHA-256: %+v", r)
	}
	mir := fetch(t, m, s.URL+"/acme/sha256.git", Auth{})
	if got := repo.Open(t, mir.Path).ID("main"); got != sha.ID("main") {
		t.Errorf("SHA-256: %s", got)
	}
	fetch(t, m, filepath.Join(u.root, "acme", "payments.git"), Auth{})
}

func TestStatusIsAKind(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t), Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	url := s.URL + "/acme/payments.git"
	r, err := m.Remote(t.Context(), url, Auth{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		header map[string][]string
		want   Kind
		after  time.Duration
	}{
		{status: 401, want: Denied},
		{status: 403, want: Denied},
		{status: 404, want: NotFound},
		{status: 410, want: NotFound},
		{status: 429, want: Limited},
		{status: 429, header: map[string][]string{"Retry-After": {"7"}}, want: Limited, after: 7 * time.Second},
		{status: 429, header: map[string][]string{"Retry-After": {"Tue, 14 Nov 2023 22:14:20 GMT"}}, want: Limited, after: time.Minute},
		{status: 403, header: map[string][]string{"Retry-After": {"60"}}, want: Limited, after: time.Minute},
		{status: 403, header: map[string][]string{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1700000030"}}, want: Limited, after: 30 * time.Second},
		{status: 500, want: Network},
		{status: 503, want: Network},
		{status: 503, header: map[string][]string{"Retry-After": {"999999999"}}, want: Limited, after: longest},
	} {
		s.Heal()
		s.Inject(githttp.Fault{Status: c.status, Header: c.header})
		_, err := m.Remote(t.Context(), url, Auth{})
		var e *Error
		if !errors.As(err, &e) || e.Kind != c.want || e.After != c.after || e.URL != url {
			t.Errorf("%d %v: %v, want %v after %s", c.status, c.header, err, c.want, c.after)
		}
		if c.header != nil {
			continue
		}
		if _, err := m.Fetch(t.Context(), url, Auth{}, r); kindOf(err) != c.want {
			t.Errorf("fetch, %d: %v, want %v", c.status, err, c.want)
		}
	}
	s.Heal()
	gone := r
	gone.URL, gone.Print = s.URL+"/acme/other.git", "moved"
	if _, err := m.Fetch(t.Context(), url, Auth{}, gone); kindOf(err) != NotFound {
		t.Errorf("fetch of nothing: %v", err)
	}
	_ = s.Close()
	if _, err := m.Remote(t.Context(), url, Auth{}); kindOf(err) != Network {
		t.Errorf("no server: %v", err)
	}
	if _, err := m.Fetch(t.Context(), url, Auth{}, r); kindOf(err) != Network {
		t.Errorf("fetch without a server: %v", err)
	}
	none(t, m)
}

// none checks that nothing half made is left.
func none(t *testing.T, m *Mirrors) {
	t.Helper()
	left, _ := filepath.Glob(filepath.Join(m.dir, "*", "*-*"+newMark+"*"))
	old, _ := filepath.Glob(filepath.Join(m.dir, "*", "*-*"+oldMark+"*"))
	if left = append(left, old...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCutClone(t *testing.T) {
	for _, way := range []struct {
		name string
		git  *gitexec.Git
	}{{"git", findGit(t)}, {"go-git", nil}} {
		t.Run(way.name, func(t *testing.T) {
			u := newUpstream(t)
			u.commit("data", noise(300_000))
			u.push()
			s := githttp.Serve(t, u.root, githttp.Options{})
			m := open(t, t.TempDir(), Options{Git: way.git})
			url := s.URL + "/acme/payments.git"
			for _, n := range []int64{1, 1000, 100_000} {
				s.Inject(githttp.Fault{Kind: githttp.Pack, Cut: n, Times: 1})
				if _, err := m.Fetch(t.Context(), url, Auth{}, Remote{}); kindOf(err) != Network {
					t.Errorf("cut after %d bytes: %v", n, err)
				}
				none(t, m)
			}
			first := fetch(t, m, url, Auth{})
			had := refsOf(t, first.Path)
			u.commit("more", noise(200_001))
			u.push()
			s.Inject(githttp.Fault{Kind: githttp.Pack, Cut: 100_000, Times: 1})
			if _, err := m.Fetch(t.Context(), url, Auth{}, Remote{}); kindOf(err) != Network {
				t.Errorf("cut when brought up to date: %v", err)
			}
			if got := refsOf(t, first.Path); got != had {
				t.Errorf("a cut fetch has moved refs: %s", got)
			}
			fetch(t, m, url, Auth{})
			repo.Open(t, first.Path).Git("fsck", "--no-dangling")
		})
	}
}

func TestDamagedMirrorIsMadeAnew(t *testing.T) {
	u := newUpstream(t)
	u.commit("data", noise(50_000))
	u.push()
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t)})
	url := s.URL + "/acme/payments.git"
	for i, harm := range []func(dir string) error{
		func(dir string) error { return os.Remove(filepath.Join(dir, "HEAD")) },
		func(dir string) error { return os.RemoveAll(filepath.Join(dir, "objects", "pack")) },
		func(dir string) error { return os.Remove(filepath.Join(dir, noteName)) },
		func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "refs", "heads", "main.lock"), nil, 0o600)
		},
		func(dir string) error {
			packs, _ := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
			_ = os.Chmod(packs[0], 0o600)
			return os.Truncate(packs[0], 100)
		},
	} {
		mir := fetch(t, m, url, Auth{})
		if err := harm(mir.Path); err != nil {
			t.Fatal(err)
		}
		u.commit("more", fmt.Sprint(i))
		u.push()
		mir = fetch(t, m, url, Auth{})
		repo.Open(t, mir.Path).Git("fsck", "--no-dangling")
		if got, want := refsOf(t, mir.Path), refsOf(t, filepath.Join(u.root, "acme", "payments.git")); got != want {
			t.Errorf("harm %d: %s, want %s", i, got, want)
		}
		none(t, m)
	}
	mir, err := m.Fetch(t.Context(), url, Auth{}, Remote{})
	if err != nil {
		t.Fatal(err)
	}
	mir.Discard()
	if err := mir.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mir.Path); err == nil {
		t.Error("a discarded mirror stays")
	}
}

// A corrupt remote does not cost the good copy.
func TestCorruptRemote(t *testing.T) {
	u := newUpstream(t)
	u.commit("data", noise(50_000))
	u.push()
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t)})
	url := s.URL + "/acme/payments.git"
	had := refsOf(t, fetch(t, m, url, Auth{}).Path)
	u.commit("more", noise(60_000))
	u.push()
	served := repo.Open(t, filepath.Join(u.root, "acme", "payments.git"))
	id := served.ID("main:more")
	if err := os.Remove(filepath.Join(served.Dir, "objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	_, err := m.Fetch(t.Context(), url, Auth{}, Remote{})
	if kindOf(err) != Corrupt {
		t.Errorf("%v, want corrupt", err)
	}
	none(t, m)
	kept, _ := m.kept()
	if len(kept) != 1 || refsOf(t, kept[0].path+mirrorEnd) != had {
		t.Errorf("kept: %v", kept)
	}
}
