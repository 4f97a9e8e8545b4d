package gitexec

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sprawl/internal/testkit/repo"
)

func find(t testing.TB) *Git {
	t.Helper()
	g, err := Find(t.Context(), os.Environ())
	if err != nil {
		t.Skip(err)
	}
	return g
}

func TestFindRefusesRelativeHits(t *testing.T) {
	all := func(string) bool { return true }
	for _, c := range []struct{ goos, path, want string }{
		{"linux", "/usr/bin:/bin", "/usr/bin/git"},
		{"linux", "/opt/git/bin/:/bin", "/opt/git/bin/git"},
		{"linux", ":.:bin:../bin:/bin", "/bin/git"},
		{"linux", "", ""},
		{"linux", ".:", ""},
		{"darwin", "/opt/homebrew/bin:/usr/bin", "/opt/homebrew/bin/git"},
		{"windows", `C:\Program Files\Git\cmd;C:\Windows`, `C:\Program Files\Git\cmd\git.exe`},
		{"windows", `"C:\Program Files\Git\cmd";C:\Windows`, `C:\Program Files\Git\cmd\git.exe`},
		{"windows", `.;bin;\bin;C:bin;D:/git/`, `D:/git\git.exe`},
		{"windows", `\\server\share\bin`, `\\server\share\bin\git.exe`},
		{"windows", `.`, ``},
	} {
		got, err := lookUp(c.goos, c.path, all)
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s %q: got %q, %v; want %q", c.goos, c.path, got, err, c.want)
		}
	}
}

func TestFindPassesOverWhatIsNotExecutable(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for dir, mode := range map[string]os.FileMode{first: 0o644, second: 0o755} {
		if err := os.WriteFile(filepath.Join(dir, "git"), []byte("#!/bin/sh\necho git version 2.40.1\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.PathSeparator != '/' {
		t.Skip("executable bits")
	}
	g, err := Find(t.Context(), []string{"PATH=" + first + ":" + second + ":/bin"})
	if err != nil || g.Path() != filepath.Join(second, "git") || g.Version() != (Version{2, 40, 1}) {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestParseVersion(t *testing.T) {
	for out, want := range map[string]Version{
		"git version 2.39.5\n":                 {2, 39, 5},
		"git version 2.39.5 (Apple Git-154)\n": {2, 39, 5},
		"git version 2.45.1.windows.1\n":       {2, 45, 1},
		"git version 2.46.0-rc1\n":             {2, 46, 0},
		"git version 2.50.GIT\n":               {2, 50, 0},
		"git version 3.0":                      {3, 0, 0},
	} {
		if v, err := parseVersion(out); err != nil || v != want {
			t.Errorf("%q: %v, %v", out, v, err)
		}
	}
	for _, out := range []string{"", "git", "git version", "git version x.y", "svn, version 1.14", "git version 0.0.0"} {
		if v, err := parseVersion(out); err == nil {
			t.Errorf("%q: %v", out, v)
		}
	}
	if (Version{2, 18, 9}).AtLeast(2, 19) || !(Version{3, 0, 0}).AtLeast(2, 19) || !(Version{2, 19, 0}).AtLeast(2, 19) {
		t.Error("AtLeast")
	}
}

// Commands that run something, or that could, are not let through.
func TestAllowed(t *testing.T) {
	for _, line := range []string{
		"", "status", "diff", "diff-files", "diff-index HEAD", "diff-index -p --cached HEAD", "diff-index --cached --textconv HEAD",
		"log", "show HEAD", "fetch", "clone x", "archive HEAD", "grep x", "checkout", "checkout-index -a", "ls-files", "ls-files -m --stage",
		"ls-files --stage --with-tree=HEAD", "cat-file --textconv HEAD:a", "cat-file --filters HEAD:a", "symbolic-ref HEAD",
		"symbolic-ref --quiet HEAD refs/heads/x", "symbolic-ref --quiet -d HEAD", "for-each-ref --format=%(signature)", "config a b",
		"-c core.pager=x version", "--exec-path=/tmp version", "rev-list --alternate-refs", "submodule status", "hash-object -w x", "ls-remote",
	} {
		if err := allowed(strings.Fields(line)); err == nil {
			t.Errorf("%q is let through", line)
		}
	}
	for _, line := range []string{
		"version", "rev-parse --verify --quiet HEAD^{commit}", "cat-file --batch", "ls-files --stage -z", "symbolic-ref --quiet HEAD",
		"diff-index --cached --raw -z HEAD --", "for-each-ref --format=%(objectname)", "config --get core.bare",
	} {
		if err := allowed(strings.Fields(line)); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestEnvironmentIsBuiltFromNothing(t *testing.T) {
	g := find(t)
	r, err := g.Repo(t.TempDir(), map[string]string{"GIT_INDEX_FILE": "", "GIT_OBJECT_DIRECTORY": filepath.Join(t.TempDir(), "o")})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GIT_DIR", "/elsewhere")
	t.Setenv("GIT_EXTERNAL_DIFF", "/elsewhere")
	cmd := g.command(t.Context(), r.dir, r.env, []string{"version"})
	seen := map[string]string{}
	for _, kv := range cmd.Env {
		k, v, _ := strings.Cut(kv, "=")
		seen[k] = v
	}
	for k, want := range map[string]string{"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "HOME": os.DevNull, "LC_ALL": "C"} {
		if seen[k] != want {
			t.Errorf("%s is %q, want %q", k, seen[k], want)
		}
	}
	for _, k := range []string{"GIT_DIR", "GIT_EXTERNAL_DIFF", "GIT_INDEX_FILE", "USER", "SSH_AUTH_SOCK"} {
		if _, ok := seen[k]; ok {
			t.Errorf("%s is passed", k)
		}
	}
	if _, ok := seen["GIT_OBJECT_DIRECTORY"]; !ok {
		t.Error("GIT_OBJECT_DIRECTORY is not passed")
	}
	for _, env := range []map[string]string{{"GIT_DIR": "/x"}, {"PATH": "/x"}, {"GIT_SSH_COMMAND": "x"}, {"GIT_INDEX_FILE": "relative"}} {
		if _, err := g.Repo(t.TempDir(), env); err == nil {
			t.Errorf("%v is let through", env)
		}
	}
	if _, err := g.Repo("relative", nil); err == nil {
		t.Error("a relative git directory is let through")
	}
}

func TestErrors(t *testing.T) {
	g := find(t)
	r := repo.New(t)
	r.Write("a", "a\n")
	r.Commit("a")
	_, err := g.Run(t.Context(), r.GitDir, "rev-parse", "--verify", "nothing-of-that-name")
	var e *Error
	if !errors.As(err, &e) || e.Exit != 128 || e.Stderr != "Needed a single revision" || !slices.Equal(e.Args, []string{"rev-parse", "--verify", "nothing-of-that-name"}) {
		t.Errorf("%#v", err)
	}
	if !Said(err, "single revision") || Said(errors.New("single revision"), "single") {
		t.Error("Said")
	}
	_, err = g.Run(t.Context(), r.GitDir, "rev-parse", "--verify", "https://user:"+"hunter2"+"@example.com/x")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("userinfo: %v", err)
	}
	if got := firstLine([]byte("warning: x\n\nfatal: bad \x1b[31mthing\x07\nmore\n")); got != "bad ?[31mthing?" {
		t.Errorf("first line %q", got)
	}
	if got := clean(strings.Repeat("é", 500)); len(got) > 310 {
		t.Errorf("%d bytes", len(got))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Run(ctx, r.GitDir, "rev-parse", "HEAD"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestStart(t *testing.T) {
	g := find(t)
	gr := repo.New(t)
	gr.Write("a", "a\n")
	gr.Commit("a")
	r, err := g.Repo(gr.GitDir, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Start(t.Context(), "cat-file", "--batch")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.Stdin, gr.ID("HEAD:a")+"\n"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 40+len(" blob 2\na\n\n"))
	if _, err := io.ReadFull(p.Stdout, b); err != nil || !strings.HasSuffix(string(b), " blob 2\na\n\n") {
		t.Errorf("%q, %v", b, err)
	}
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	p.Close()

	// The end of the context ends git, which would wait for input for ever.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if p, err = r.Start(ctx, "cat-file", "--batch"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(p.Stdout); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	if err := p.Wait(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the context ended: %v", err)
	}
	if p, err = r.Start(t.Context(), "cat-file", "--batch"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if _, err := r.Start(t.Context(), "status"); err == nil {
		t.Error("status is let through")
	}
}

// Paths with a tilde in a configuration are fatal to a git without HOME, and core.worktree to one without that folder.
func TestHonestConfigurationsThatGitDiesOf(t *testing.T) {
	g := find(t)
	r := repo.New(t)
	r.Write("a", "a\n")
	id := r.Commit("a")
	r.Config("core.excludesFile", "~/.ignored")
	r.Config("include.path", "~/.included")
	r.Config("core.worktree", "../../gone")
	out, err := g.Run(t.Context(), r.GitDir, "rev-parse", "HEAD")
	if err != nil || strings.TrimSpace(string(out)) != id {
		t.Errorf("%q, %v", out, err)
	}
	if out, err = g.Run(t.Context(), r.GitDir, "ls-files", "--stage"); err != nil || !strings.HasSuffix(string(out), "\ta\n") {
		t.Errorf("%q, %v", out, err)
	}
}
