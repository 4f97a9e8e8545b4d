package mirror

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/internal/gitexec"
	"sprawl/internal/testkit/githttp"
)

func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, url := range []string{
		"https://github.com/acme/payments", "https://github.com/acme/payments.git", "https://github.com/Acme/Payments", "http://github.com/acme/payments",
		"https://github.com:8443/acme/payments", "https://github.com/acme-payments", "https://github.com/acme/payments-", "ssh://git@github.com/acme/payments",
		"ssh://github.com/acme/payments", "git@github.com:acme/payments", "git://github.com/acme/payments", "file:///acme/payments",
		"https://github.com/../../../etc/passwd", "https://github.com/%2e%2e/%2e%2e/x", "https://github.com/..%2f..%2fx", "https://../x", "https://con/x",
		"https://con.example/nul", "https://h/aux.git", "https://h/com1", "https://h/" + strings.Repeat("a", 1000), "https://h/" + strings.Repeat("a", 1001),
		"https://h/a:b", "https://h/ü", "https://h/...", "https://[::1]:8080/x", "https://h/CON./x", "git@h:../../x", "git@h:/etc/x",
		"https://h/-rf", "ssh://h/--upload-pack=touch",
	} {
		ad, _, err := parse(url, Auth{})
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		f := filepath.ToSlash(ad.folder())
		host, name, ok := strings.Cut(f, "/")
		if !ok || strings.Contains(name, "/") || len(f) > 200 || strings.Contains(f, "..") && (host == ".." || name == "..") ||
			strings.Trim(host+name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" || strings.HasSuffix(host, ".") || !ours(name) {
			t.Errorf("%s is kept at %s", url, f)
		}
		for _, part := range []string{host, name} {
			first, _, _ := strings.Cut(part, ".")
			for _, r := range reserved {
				if first == r {
					t.Errorf("%s: %s is a device", url, part)
				}
			}
		}
		if other, twice := seen[f]; twice {
			t.Errorf("%s and %s are kept at one place", url, other)
		}
		seen[f] = url
	}
}

func TestRefusedURLs(t *testing.T) {
	m := open(t, t.TempDir(), Options{Git: findGit(t)})
	for _, url := range []string{
		"", "payments", "./payments", "ext::sh -c id", "ext::id", "fd::7", "-u", "--upload-pack=id", "-oProxyCommand=id@h:x", "u@-oProxyCommand=id:x",
		"ssh://-oProxyCommand=id/x", "https://", "https://h", "https://h/", "ftp://h/x", "rsync://h/x", "https://h/x?a=b", "https://h/x#y", "https:x",
		"https://h/a b", "https://h/a\nb", "https://h/\x00", `https://h\x`, "file://h/x", "javascript:x",
	} {
		for name, do := range map[string]func() error{
			"Remote": func() error { _, err := m.Remote(t.Context(), url, Auth{}); return err },
			"Fetch":  func() error { _, err := m.Fetch(t.Context(), url, Auth{}, Remote{Print: "x", URL: url}); return err },
			"Clean":  func() error { _, err := Clean(url); return err },
		} {
			if err := do(); kindOf(err) != Refused {
				t.Errorf("%s %q: %v", name, url, err)
			}
		}
	}
	without := open(t, t.TempDir(), Options{})
	for _, url := range []string{"ssh://h/x", "git@h:x", "git://h/x", "/a/b"} {
		if _, err := without.Remote(t.Context(), url, Auth{}); kindOf(err) != Refused {
			t.Errorf("without git, %q: %v", url, err)
		}
	}
	for url, want := range map[string]string{
		"https://u:" + "pw@GitHub.com/acme/x": "https://github.com/acme/x", "git@h:acme/x": "h:acme/x", "ssh://git@h/x": "ssh://h/x", "/a/b": "file:///a/b",
	} {
		if got, err := Clean(url); err != nil || got != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
}

// token is a credential of no kind that a scanner knows.
func token() string { return strings.Repeat("zq7", 3) + "-not-a-real-one" }

// everyForm lists the forms in which a token must not be found.
func everyForm(token string) []string {
	return []string{token, base64.StdEncoding.EncodeToString([]byte("x-access-token:" + token)), base64.StdEncoding.EncodeToString([]byte(token))}
}

// The token is in no file, on no command line, in no error and in no log.
func TestTokenStaysWhereItIs(t *testing.T) {
	for _, way := range []struct {
		name string
		git  *gitexec.Git
	}{{"git", findGit(t)}, {"go-git", nil}} {
		t.Run(way.name, func(t *testing.T) {
			u := newUpstream(t)
			s := githttp.Serve(t, u.root, githttp.Options{Allow: githttp.Token(token())})
			dir := t.TempDir()
			var log bytes.Buffer
			m := open(t, dir, Options{Git: way.git, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
			url, a := s.URL+"/acme/payments.git", Auth{Token: token()}
			s.Inject(githttp.Fault{Kind: githttp.Pack, Latency: 300 * time.Millisecond}) // long enough to look at the command line
			lines := watch(t, s.URL)
			mir := fetch(t, m, url, a)
			seen := lines()
			if way.git != nil && runtime.GOOS == "linux" && len(seen) == 0 {
				t.Error("no command line was seen")
			}
			said := []string{log.String(), fmt.Sprintf("%v %+v %#v %s %q", a, a, a, a, a), fmt.Sprint(mir.URL, mir.Path), strings.Join(seen, "\n")}
			s.Heal()
			for _, wrong := range []Auth{{}, {Token: token() + "x"}} {
				_, err := m.Remote(t.Context(), url, wrong)
				_, ferr := m.Fetch(t.Context(), url, wrong, Remote{Print: "moved", URL: url, Format: "sha1"})
				if kindOf(err) != Denied || kindOf(ferr) != Denied {
					t.Errorf("%v, %v", err, ferr)
				}
				said = append(said, fmt.Sprintf("%v %+v %v %+v %v", err, err, ferr, ferr, errors.Unwrap(ferr)))
			}
			// A server that repeats it.
			s.Inject(githttp.Fault{Status: 500, Header: http.Header{"Location": {"/?" + token()}, "Content-Type": {"text/plain"}}})
			_, err := m.Remote(t.Context(), strings.Replace(url, "://", "://u:"+token()+"@", 1), Auth{})
			said = append(said, fmt.Sprint(err))
			for _, form := range everyForm(token()) {
				for i, text := range said {
					if strings.Contains(text, form) {
						t.Errorf("found in %d", i) // not the text
					}
				}
				inFiles(t, dir, form)
			}
		})
	}
}

func inFiles(t *testing.T, dir, form string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(form)) {
			t.Errorf("found in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// watch gathers the command lines of processes that name url, until the function it returns is called.
func watch(t *testing.T, url string) func() []string {
	t.Helper()
	seen := map[string]bool{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
			for _, p := range procs {
				if b, err := os.ReadFile(p); err == nil && bytes.Contains(b, []byte(url)) {
					seen[strings.ReplaceAll(string(b), "\x00", " ")] = true
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() (out []string) {
		close(stop)
		wg.Wait()
		for l := range seen {
			out = append(out, l)
		}
		return out
	}
}

// A redirect is followed on its host, and the credential goes nowhere else.
func TestRedirects(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{Allow: githttp.Token(token())})
	stolen := make(chan string, 100)
	thief := githttp.Serve(t, u.root, githttp.Options{Allow: func(r *http.Request) int {
		stolen <- r.Header.Get("Authorization")
		return 0
	}})
	a := Auth{Token: token()}
	for _, g := range []*gitexec.Git{findGit(t), nil} {
		m := open(t, t.TempDir(), Options{Git: g})
		to := func(base string) http.Header {
			return http.Header{"Location": {base + "/acme/payments.git/info/refs?service=git-upload-pack"}}
		}
		s.Heal()
		s.Inject(githttp.Fault{Repo: "acme/old.git", Kind: githttp.LsRefs, Status: 301, Header: to(s.URL)})
		s.Inject(githttp.Fault{Repo: "acme/old.git", Status: 301, Header: to(s.URL)})
		r, err := m.Remote(t.Context(), s.URL+"/acme/old.git", a)
		if err != nil || r.URL != s.URL+"/acme/payments.git" {
			t.Fatalf("%+v, %v", r, err)
		}
		mir := fetch(t, m, s.URL+"/acme/old.git", a)
		if got, want := refsOf(t, mir.Path), refsOf(t, filepath.Join(u.root, "acme", "payments.git")); got != want {
			t.Errorf("redirected: %s, want %s", got, want)
		}
		s.Heal()
		s.Inject(githttp.Fault{Status: 302, Header: to(thief.URL)})
		url := s.URL + "/acme/payments.git"
		if _, err := m.Remote(t.Context(), url, a); kindOf(err) != Refused {
			t.Errorf("to another host: %v", err)
		}
		if _, err := m.Fetch(t.Context(), url, a, Remote{Print: "moved", URL: url, Format: "sha1"}); err == nil && g != nil {
			t.Error("git went to another host")
		}
		s.Heal()
		s.Inject(githttp.Fault{Status: 302, Header: to(s.URL)})
		if _, err := m.Remote(t.Context(), url, a); kindOf(err) != Refused {
			t.Errorf("in circles: %v", err)
		}
	}
	close(stolen)
	for h := range stolen {
		if h != "" {
			t.Error("the credential went to another host")
		}
	}
}

// A full disk is an error of its own, and leaves nothing behind.
func TestDiskFull(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a shell script stands for git")
	}
	bin := t.TempDir()
	script := "#!/bin/sh\nfor a; do last=$a; [ \"$a\" = fetch ] && { echo 'fatal: write error: No space left on device' >&2; exit 128; }; done\n" +
		"case $1 in version) echo git version 2.39.5;; init) mkdir -p \"$last/objects\";; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	g, err := gitexec.Find(t.Context(), []string{"PATH=" + bin + ":/usr/bin:/bin"})
	if err != nil {
		t.Fatal(err)
	}
	m := open(t, t.TempDir(), Options{Git: g})
	if _, err := m.Fetch(t.Context(), "https://h.example/x", Auth{}, Remote{URL: "https://h.example/x", Print: "p", Format: "sha1"}); kindOf(err) != Disk {
		t.Errorf("%v", err)
	}
	none(t, m)
}

// What git says of a disk that fills up while it writes is not taken for damage at the remote.
func TestGitSaysDiskFull(t *testing.T) {
	for text, want := range map[string]Kind{
		"fatal: sha1 file 'objects/pack/tmp_idx_x' write error. Out of diskspace": Disk,
		"fatal: write error: No space left on device":                             Disk,
		"fatal: pack has bad object at offset 12: inflate returned -5":            Corrupt,
	} {
		e := gitSaid("https://h.example/x", Auth{}, &gitexec.Error{Stderr: text, Lines: []string{text}})
		if e.Kind != want || e.Reason() != want.String() {
			t.Errorf("%s: %s (%s), want %s", text, e.Kind, e.Reason(), want)
		}
	}
}
