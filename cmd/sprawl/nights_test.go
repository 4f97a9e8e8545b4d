//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/identity"
	"sprawl/internal/testkit/forge"
)

// nights is an organisation on loopback and what crawls it: a process a night.
type nights struct {
	t     *testing.T
	forge *forge.Server
	made  *forge.Generated
	exe   string
	dir   string
}

// cost is what one night took.
type cost struct {
	cpu, wall, first time.Duration // first: until the first target's results were written
	rss              int64         // KiB
	calls            int
	out, log         string
	code             int
}

// TestNights crawls an organisation of generated repositories three times: everything, nothing new, and what changed. SPRAWL_ORG says how
// many repositories it has (for figures; 40 without), SPRAWL_ORG_REAL lists folders of real bare repositories to put beside them.
func TestNights(t *testing.T) {
	n := newNights(t, 40)
	deleted := n.deleteMidway()
	first := n.night()
	t.Logf("first night: %s, mirrors %.1f MB, store %.1f MB", first, float64(size(filepath.Join(n.dir, "mirrors")))/1e6, float64(size(filepath.Join(n.dir, "sprawl.db")))/1e6)
	if first.code != exitIncomplete && first.code != exitFindings {
		t.Fatalf("exit %d\n%s\n%s", first.code, first.out, first.log)
	}
	if !strings.Contains(first.out, "1 gone") {
		t.Errorf("%s was deleted in the middle of the run, and is not gone:\n%s", deleted, first.out)
	}
	n.finds(n.made.Plants)
	second := n.night()
	t.Logf("second night: %s (%.1f %% of the first)", second, 100*float64(second.cpu)/float64(first.cpu))
	if !strings.Contains(second.out, "changed since the run before: nothing") {
		t.Errorf("nothing changed, and it says\n%s", second.out)
	}

	// What changes: a value comes, one goes from a tip (and stays in history), a repository is renamed, one is deleted.
	fresh, err := n.made.Plant(n.made.Repositories[3].Name)
	if err != nil {
		t.Fatal(err)
	}
	gone, lost := n.alone(fresh.Repository)
	renamed := n.made.Repositories[slices.IndexFunc(n.made.Repositories, func(r forge.Repository) bool { return r.Name != gone && r.Name != fresh.Repository })].Name
	if err := n.forge.Delete(gone); err != nil {
		t.Fatal(err)
	}
	if err := n.forge.Rename(renamed, "renamed-"+renamed); err != nil {
		t.Fatal(err)
	}
	third := n.night()
	t.Logf("third night: %s", third)
	for _, want := range []string{"1 gone\n", fmt.Sprintf("changed since the run before: %d gone, 1 new\n", lost)} {
		if !strings.Contains(third.out, want) {
			t.Errorf("no %q in\n%s", want, third.out)
		}
	}
	left := slices.DeleteFunc(slices.Clone(n.made.Plants), func(p forge.Plant) bool { return p.Repository == gone })
	n.finds(left)
	if !slices.Contains(left, fresh) {
		t.Fatal("what was planted is not in the truth")
	}
	for _, name := range []string{"sprawl.db", "sprawl.db-wal"} {
		n.searched(filepath.Join(n.dir, name))
	}
}

// deleteMidway has the forge lose a repository that holds nothing just when it is about to be fetched.
func (n *nights) deleteMidway() (name string) {
	n.t.Helper()
	for _, r := range n.made.Repositories {
		if !strings.HasPrefix(r.Name, "special-") && !slices.ContainsFunc(n.made.Plants, func(p forge.Plant) bool { return p.Repository == r.Name }) {
			name = r.Name
		}
	}
	if name == "" {
		n.t.Fatal("every repository holds something")
	}
	var once sync.Once
	n.forge.On(func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/"+name+".git/") {
			once.Do(func() {
				if err := n.forge.Delete(name); err != nil {
					n.t.Error(err)
				}
			})
		}
	})
	return name
}

// alone is a repository, not the one that is left out, with values that stand nowhere else, and how many.
func (n *nights) alone(but string) (name string, values int) {
	n.t.Helper()
	by := map[string]map[string]bool{} // value -> repositories
	for _, p := range n.made.Plants {
		if by[p.Value] == nil {
			by[p.Value] = map[string]bool{}
		}
		by[p.Value][p.Repository] = true
	}
	for _, r := range n.made.Repositories {
		values = 0
		for _, at := range by {
			if at[r.Name] && len(at) == 1 {
				values++
			}
		}
		if values > 0 && r.Name != but {
			return r.Name, values
		}
	}
	n.t.Fatal("no repository has a value of its own")
	return "", 0
}

// inFull skips tests of whole processes where tests are to be short: under the race detector each of them starts a slow program many
// times, and internal/crawl has its own for that.
func inFull(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("nights of whole processes take a while")
	}
}

func newNights(t *testing.T, repositories int) *nights {
	t.Helper()
	inFull(t)
	if v := os.Getenv("SPRAWL_ORG"); v != "" {
		var err error
		if repositories, err = strconv.Atoi(v); err != nil {
			t.Fatal(err)
		}
	}
	root := t.TempDir()
	made, err := forge.Generate(root, repositories, 20261126)
	if err != nil {
		t.Fatal(err)
	}
	const token = "a-token-of-loopback"
	f := forge.Serve(t, forge.Options{Root: root, Token: token, Validate: repositories <= 100, Limit: 1 << 20})
	if err := f.Add(made.Repositories...); err != nil {
		t.Fatal(err)
	}
	for i, dir := range filepath.SplitList(os.Getenv("SPRAWL_ORG_REAL")) {
		name := fmt.Sprintf("real-%d", i)
		if err := os.Symlink(dir, filepath.Join(root, name+".git")); err != nil {
			t.Fatal(err)
		}
		if err := f.Add(forge.Repository{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	n := &nights{t: t, forge: f, made: made, dir: t.TempDir()}
	n.exe = filepath.Join(n.dir, "sprawl")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, n.exe); err != nil {
		t.Fatal(err)
	}
	return n
}

// command is the program in a process of its own.
func (n *nights) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(n.t.Context(), n.exe, args...) //nolint:gosec // this test's own program
	c.Dir = n.dir
	c.Env = []string{"PATH=" + testPath(), "HOME=" + n.dir, "SPRAWL_KEY=" + identity.FormatKey(testKey), "GH_TOKEN=a-token-of-loopback"}
	return c
}

// night crawls once.
func (n *nights) night(more ...string) cost {
	n.t.Helper()
	args := append([]string{"crawl", "github:acme", "--github", n.forge.API(), "--mirrors", "mirrors", "--log-level", "debug"}, more...)
	c := n.command(args...)
	var stdout bytes.Buffer
	log := &stamped{want: []byte("committed")}
	c.Stdout, c.Stderr = &stdout, log
	before := n.forge.Requests("")
	start := time.Now()
	log.start = start
	err := c.Run()
	if c.ProcessState == nil {
		n.t.Fatal(err)
	}
	u := c.ProcessState.SysUsage().(*syscall.Rusage)
	return cost{cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime(), wall: time.Since(start), first: log.at, rss: u.Maxrss, calls: n.forge.Requests("") - before,
		out: stdout.String(), log: log.all.String(), code: c.ProcessState.ExitCode()}
}

// stamped keeps a log and notes when a word first stood in it.
type stamped struct {
	all   bytes.Buffer
	want  []byte
	start time.Time
	at    time.Duration
}

func (s *stamped) Write(p []byte) (int, error) {
	if s.at == 0 && bytes.Contains(p, s.want) {
		s.at = time.Since(s.start)
	}
	return s.all.Write(p)
}

func (c cost) String() string {
	return fmt.Sprintf("%.2f CPU s, %.2f s, the first result after %.2f s, %.0f MiB at most, %d calls, exit %d\n%s", c.cpu.Seconds(), c.wall.Seconds(), c.first.Seconds(), float64(c.rss)/1024, c.calls, c.code, c.out)
}

// finds holds the report of the store against the truth: every planted value is a credential, with every repository that holds it.
func (n *nights) finds(truth []forge.Plant) {
	n.t.Helper()
	c := n.command("report", "--format", "jsonl")
	out, err := c.Output()
	if err != nil {
		n.t.Fatal(err)
	}
	seen := map[string]map[string]bool{} // id -> targets
	for line := range bytes.Lines(out) {
		var f struct {
			Type, ID  string
			Locations []struct{ Target string }
		}
		if err := json.Unmarshal(line, &f); err != nil {
			n.t.Fatal(err)
		}
		if f.Type != "finding" {
			continue
		}
		if seen[f.ID] != nil {
			n.t.Errorf("%s is reported twice", f.ID)
		}
		seen[f.ID] = map[string]bool{}
		for _, l := range f.Locations {
			seen[f.ID][l.Target] = true
		}
	}
	keys := identity.New(testKey, nil, nil)
	missed := 0
	for _, p := range truth {
		name := p.Repository
		if !seen[keys.ID(finding.NewSecret([]byte(p.Value)))][n.forge.CloneURL(name)] && !seen[keys.ID(finding.NewSecret([]byte(p.Value)))][n.forge.CloneURL("renamed-"+name)] {
			if missed++; missed <= 5 {
				n.t.Errorf("a %s in %s at %s (%s) is not reported", p.Kind, p.Repository, p.Path, p.State)
			}
		}
	}
	if missed > 0 {
		n.t.Errorf("%d of %d planted places are not reported; %d credentials are", missed, len(truth), len(seen))
	}
}

// searched looks for every planted value in a file.
func (n *nights) searched(path string) {
	n.t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // this test's own file
	if os.IsNotExist(err) {
		return
	}
	if err != nil {
		n.t.Fatal(err)
	}
	for _, p := range n.made.Plants {
		if bytes.Contains(data, []byte(p.Value)) {
			n.t.Fatalf("a %s stands in %s", p.Kind, filepath.Base(path))
		}
	}
}

// size is how many bytes a folder takes.
func size(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			if i, err := d.Info(); err == nil && i.Mode().IsRegular() {
				n += i.Size()
			}
		}
		return nil
	})
	return n
}
