package mirror

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sprawl/internal/gitexec"
	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/repo"
)

// TestMain runs, in a process of its own, what a test asks for: it fetches, says so, and keeps the mirror until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv("MIRROR_TEST_DIR") == "" {
		os.Exit(m.Run())
	}
	if err := child(os.Getenv("MIRROR_TEST_DIR"), os.Getenv("MIRROR_TEST_URL")); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func child(dir, url string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	g, err := gitexec.Find(ctx, os.Environ())
	if err != nil {
		return err
	}
	m, err := Open(dir, Options{Git: g, Now: time.Now})
	if err != nil {
		return err
	}
	mir, err := m.Fetch(ctx, url, Auth{}, Remote{})
	if err != nil {
		return err
	}
	fmt.Println("fetched")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	return mir.Close()
}

// other is a second process with the same mirrors.
type other struct {
	cmd *exec.Cmd
	in  interface{ Close() error }
	out *bufio.Reader
}

func start(t *testing.T, dir, url string) *other {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "MIRROR_TEST_DIR="+dir, "MIRROR_TEST_URL="+url)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &other{cmd, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return o
}

func (o *other) line(t *testing.T) string {
	t.Helper()
	l, err := o.out.ReadString('\n')
	if err != nil {
		t.Fatal(l, err)
	}
	return strings.TrimSpace(l)
}

// A mirror belongs to one process at a time, and to nobody once that process is dead.
func TestLockBetweenProcesses(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	dir, url := t.TempDir(), s.URL+"/acme/payments.git"
	m := open(t, dir, Options{Git: findGit(t), Budget: 1, Now: time.Now})
	o := start(t, dir, url)
	if l := o.line(t); l != "fetched" {
		t.Fatal(l)
	}
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	if _, err := m.Fetch(ctx, url, Auth{}, Remote{}); err == nil || kindOf(err) != 0 {
		t.Errorf("fetched what another process has: %v", err)
	}
	if freed, err := m.Evict(); freed != 0 || err != nil {
		t.Errorf("evicted what another process has: %d, %v", freed, err)
	}
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
	mir, err := m.Fetch(t.Context(), url, Auth{}, Remote{})
	if err != nil {
		t.Fatal(err)
	}
	next := start(t, dir, url)
	_ = mir.Close()
	if l := next.line(t); l != "fetched" {
		t.Fatal(l)
	}
	_ = next.in.Close()
	if err := next.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// What a process killed in the middle of a fetch leaves behind is swept, and does not get in the way of the next.
func TestKilledInTheMiddle(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	dir, url := t.TempDir(), s.URL+"/acme/payments.git"
	for i := range 3 {
		u.commit("data", noise(100_000+i))
		u.push()
		s.Inject(githttp.Fault{Kind: githttp.Pack, Latency: time.Minute})
		o := start(t, dir, url)
		for before := s.Requests("", githttp.Pack); s.Requests("", githttp.Pack) == before; time.Sleep(10 * time.Millisecond) {
			if t.Context().Err() != nil {
				t.Fatal("no fetch")
			}
		}
		_ = o.cmd.Process.Kill()
		_ = o.cmd.Wait()
		gone(t, dir)
		s.Heal()
		m := open(t, dir, Options{Git: findGit(t), Now: time.Now})
		none(t, m)
		mir := fetch(t, m, url, Auth{})
		repo.Open(t, mir.Path).Git("fsck", "--no-dangling")
		if got, want := refsOf(t, mir.Path), refsOf(t, filepath.Join(u.root, "acme", "payments.git")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// gone waits until no git fetches into a folder below dir, where the system tells what runs.
func gone(t *testing.T, dir string) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		git := slices.ContainsFunc(all, func(path string) bool {
			b, err := os.ReadFile(path)
			return err == nil && bytes.Contains(b, []byte("--git-dir="+dir)) && bytes.Contains(b, []byte("\x00fetch\x00"))
		})
		if !git {
			return
		}
		if time.Now().After(until) {
			t.Fatal("git has outlived the process that started it")
		}
	}
}

// A git that is at work for a moment longer than the process that started it does not keep its leftovers from being swept.
func TestSweptWhileWritten(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	m := open(t, t.TempDir(), Options{Git: findGit(t), Now: time.Now})
	base := strings.TrimSuffix(fetch(t, m, s.URL+"/acme/payments.git", Auth{}).Path, mirrorEnd)
	for i := range 20 {
		pack := filepath.Join(base+newMark+strconv.Itoa(i), "objects", "pack")
		if err := os.MkdirAll(pack, 0o700); err != nil {
			t.Fatal(err)
		}
		started, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for k := range 100_000 {
				if os.WriteFile(filepath.Join(pack, strconv.Itoa(k)), nil, 0o600) != nil {
					return
				}
				if k == 50 {
					close(started)
				}
			}
		}()
		<-started
		none(t, open(t, m.dir, m.opts))
		<-done
	}
}

// What a killed git has locked does not stay locked.
func TestStaleLocks(t *testing.T) {
	u := newUpstream(t)
	s := githttp.Serve(t, u.root, githttp.Options{})
	url := s.URL + "/acme/payments.git"
	for _, g := range []*gitexec.Git{findGit(t), nil} {
		m := open(t, t.TempDir(), Options{Git: g, Now: time.Now})
		before := fetch(t, m, url, Auth{})
		for _, name := range []string{"HEAD", "packed-refs", "config", "shallow", "refs/heads/main"} {
			if err := os.WriteFile(filepath.Join(before.Path, filepath.FromSlash(name)+".lock"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		u.commit("data", noise(1000))
		u.push()
		after := fetch(t, m, url, Auth{})
		if got, want := refsOf(t, after.Path), refsOf(t, filepath.Join(u.root, "acme", "payments.git")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if after.Bytes == 0 || after.Bytes > 100_000 {
			t.Errorf("it has grown by %d bytes", after.Bytes)
		}
	}
}

// The mirrors that were given back longest ago go first, held ones never, and nothing that is not a mirror.
func TestEvict(t *testing.T) {
	u := newUpstream(t)
	u.commit("data", noise(100_000))
	u.push()
	for _, name := range []string{"a", "b", "c", "d"} {
		u.Git("push", "-q", "--mirror", repo.NewIn(t, filepath.Join(u.root, "acme", name+".git"), repo.Bare()).Dir)
	}
	s := githttp.Serve(t, u.root, githttp.Options{})
	now := time.Unix(1_700_000_000, 0)
	o := Options{Git: findGit(t), Now: func() time.Time { now = now.Add(time.Minute); return now }}
	dir := t.TempDir()
	foreign := filepath.Join(dir, "github.com", "acme.git")
	if err := os.MkdirAll(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	m := open(t, dir, o)
	paths := map[string]string{}
	for _, name := range []string{"a", "b", "c"} {
		paths[name] = fetch(t, m, s.URL+"/acme/"+name+".git", Auth{}).Path
	}
	fetch(t, m, s.URL+"/acme/a.git", Auth{}) // used again
	held, err := m.Fetch(t.Context(), s.URL+"/acme/b.git", Auth{}, Remote{})
	if err != nil {
		t.Fatal(err)
	}
	there := func() (out string) {
		for _, name := range []string{"a", "b", "c", "d"} {
			if _, err := os.Stat(paths[name]); err == nil && paths[name] != "" {
				out += name
			}
		}
		return out
	}
	if freed, err := m.Evict(); freed != 0 || err != nil || there() != "abc" {
		t.Errorf("without a budget: %d, %v, %s left", freed, err, there())
	}
	o.Budget = size(paths["a"])*3 + 1000
	m = open(t, dir, o)
	paths["d"] = fetch(t, m, s.URL+"/acme/d.git", Auth{}).Path
	if got := there(); got != "abd" {
		t.Errorf("%s left, want abd", got)
	}
	o.Budget = 1
	m = open(t, dir, o)
	if freed, err := m.Evict(); freed == 0 || err != nil || there() != "b" {
		t.Errorf("%d, %v, %s left", freed, err, there())
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a folder that is no mirror is gone")
	}
}
