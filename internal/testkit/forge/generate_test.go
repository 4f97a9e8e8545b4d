package forge

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/decode"
	"sprawl/internal/match"
	"sprawl/internal/scan"
	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/program"
	"sprawl/internal/unpack"
	"sprawl/sources"
	gitsource "sprawl/sources/git"
)

// print is a hash of every file below a folder.
func print(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		fmt.Fprintf(h, "%s %x\n", strings.TrimPrefix(path, dir), sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func generate(t *testing.T, n int, seed uint64) *Generated {
	t.Helper()
	g, err := Generate(t.TempDir(), n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestDeterministic(t *testing.T) {
	a, b, c := generate(t, 8, 1), generate(t, 8, 1), generate(t, 8, 2)
	if print(t, a.Dir) != print(t, b.Dir) || !slices.Equal(a.Plants, b.Plants) {
		t.Error("one seed makes two things")
	}
	if print(t, a.Dir) == print(t, c.Dir) {
		t.Error("two seeds make the same")
	}
}

// git runs git in a folder.
func git(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Find(t, "git"), args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Git finds nothing wrong with what is meant to be whole, and something with the rest.
func TestWhole(t *testing.T) {
	g := generate(t, 10, 3)
	roots := map[string]bool{}
	for _, r := range g.Repositories {
		broken := r.Name == Truncated || r.Name == MissingBlob
		dir := filepath.Join(g.Dir, r.Dir)
		if out, err := git(t, dir, "fsck", "--strict", "--no-dangling"); (err != nil) != broken {
			t.Errorf("%s: %v\n%s", r.Name, err, out)
		}
		if broken || r.Name == Empty {
			continue
		}
		out, err := git(t, dir, "rev-list", "--max-parents=0", "main")
		if err != nil || roots[out] {
			t.Errorf("%s starts as another one does: %s %v", r.Name, out, err)
		}
		roots[out] = true
	}
}

// found scans a repository, and returns the values that are found in it.
func found(t *testing.T, dir string) []string {
	t.Helper()
	set, err := match.Compile(detectors.All())
	if err != nil {
		t.Fatal(err)
	}
	src, err := gitsource.New(t.Context(), dir, gitsource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ss, err := scan.Run(t.Context(), src, new(sources.Ledger), scan.Options{Set: set, Workers: 1, DecodeDepth: 2, Decode: decode.Default(), ArchiveDepth: 1, Unpack: unpack.Default()})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range ss {
		for _, p := range s.Parts {
			if p.Role == finding.RoleSecret {
				out = append(out, string(p.Secret.Reveal()))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// truth are the values that are planted in a repository.
func (g *Generated) truth(name string) []string {
	var out []string
	for _, p := range g.Plants {
		if p.Repository == name {
			out = append(out, p.Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// What is said to be planted is found, where it is said to be, and nothing else is.
func TestTruth(t *testing.T) {
	g := generate(t, 24, 5)
	first := g.Repositories[0].Name
	late, err := g.Plant(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Plant(OddNames); err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(late); err != nil {
		t.Fatal(err)
	}
	states, shared := map[State]int{}, map[string]int{}
	for _, p := range g.Plants {
		states[p.State]++
		shared[p.Value]++
		dir := filepath.Join(g.Dir, p.Repository+".git")
		if out, err := git(t, dir, "show", p.Commit+":"+p.Path); err != nil || !strings.Contains(out, p.Value) {
			t.Errorf("%s %s: not in the commit that brought it: %v", p.Repository, p.Path, err)
		}
		if out, err := git(t, dir, "show", "main:"+p.Path); (err == nil && strings.Contains(out, p.Value)) != (p.State == AtHead) {
			t.Errorf("%s %s is not %s: %v", p.Repository, p.Path, p.State, err)
		}
	}
	if len(states) != 4 || slices.Max(values(shared)) < 2 {
		t.Errorf("not every state, or nothing shared: %v", states)
	}
	for _, r := range g.Repositories {
		if slices.Contains([]string{Empty, Truncated, MissingBlob}, r.Name) {
			continue
		}
		if got, want := found(t, filepath.Join(g.Dir, r.Dir)), g.truth(r.Name); !slices.Equal(got, want) {
			t.Errorf("%s: %d found, %d planted", r.Name, len(got), len(want))
		}
	}
}

func values(m map[string]int) []int {
	var out []int
	for _, n := range m {
		out = append(out, n)
	}
	return out
}

// Git clones through the forge: with its token, under a former name too, and not what is gone or broken.
func TestClone(t *testing.T) {
	g := generate(t, 2, 7)
	s := Serve(t, Options{Root: g.Dir, Token: token})
	if err := s.Add(g.Repositories...); err != nil {
		t.Fatal(err)
	}
	one, two := g.Repositories[0].Name, g.Repositories[1].Name
	if err := s.Rename(one, "renamed"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(two); err != nil {
		t.Fatal(err)
	}
	at := func(name, token string) string {
		return strings.Replace(s.CloneURL(name), "://", "://x-access-token:"+token+"@", 1)
	}
	for _, c := range []struct{ name, url, fails string }{
		{"by its name", at("renamed", token), ""}, {"by its former name", at(one, token), ""}, {"empty", at(Empty, token), ""}, {"odd names", at(OddNames, token), ""},
		{"another token", at("renamed", "other"), "Authentication failed"}, {"deleted", at(two, token), "not found"},
		{"truncated", at(Truncated, token), "fatal"}, {"a blob is missing", at(MissingBlob, token), "fatal"},
	} {
		out, err := git(t, t.TempDir(), "clone", "-q", "--mirror", c.url, "copy")
		if (err != nil) != (c.fails != "") || !strings.Contains(out, c.fails) {
			t.Errorf("%s: %v %s", c.name, err, out)
		}
	}
	s.Git.Inject(githttp.Fault{Kind: githttp.Pack, Cut: 100, Times: 1})
	if out, err := git(t, t.TempDir(), "clone", "-q", "--mirror", at("renamed", token), "copy"); err == nil {
		t.Errorf("a cut clone succeeds: %s", out)
	}
	if n := s.Git.Requests(g.Repositories[0].Dir, githttp.Pack); n != 3 {
		t.Errorf("%d packs asked for", n)
	}
}
