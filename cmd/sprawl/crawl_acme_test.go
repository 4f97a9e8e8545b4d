//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sprawl/internal/identity"
	"sprawl/internal/mirror"
	"sprawl/internal/store"
	"sprawl/internal/testkit/forge"
	"sprawl/internal/testkit/githttp"
	"sprawl/internal/testkit/postgres"
	"sprawl/internal/testkit/process"
)

const acmeToken = "a-token-of-loopback"

// acme is an organisation on loopback, and a list of repositories that others serve, with the program that crawls both.
type acme struct {
	t       *testing.T
	forge   *forge.Server
	others  *githttp.Server
	made    *forge.Generated // what the forge has
	plants  []forge.Plant    // of both
	targets int
	program process.Program
	asked   atomic.Pointer[func(*http.Request)] // called before the forge answers
}

// newAcme makes an organisation of n ordinary repositories and those special ones that can be read, and a list of m more.
func newAcme(t *testing.T, n, m int, seed uint64) *acme {
	t.Helper()
	inFull(t)
	o := &acme{t: t}
	var err error
	root, others := t.TempDir(), t.TempDir()
	if o.made, err = forge.Generate(root, n, seed); err != nil {
		t.Fatal(err)
	}
	listed, err := forge.Generate(others, m, seed+1)
	if err != nil {
		t.Fatal(err)
	}
	o.forge = forge.Serve(t, forge.Options{Root: root, Token: acmeToken, Validate: true, Limit: 1 << 20})
	o.others = githttp.Serve(t, others, githttp.Options{})
	readable := func(g *forge.Generated) []forge.Repository {
		return slices.DeleteFunc(slices.Clone(g.Repositories), func(r forge.Repository) bool { return r.Name == forge.Truncated || r.Name == forge.MissingBlob })
	}
	if err := o.forge.Add(readable(o.made)...); err != nil {
		t.Fatal(err)
	}
	o.forge.On(func(r *http.Request) {
		if f := o.asked.Load(); f != nil {
			(*f)(r)
		}
	})
	dir := t.TempDir()
	var list strings.Builder
	for _, r := range readable(listed) {
		fmt.Fprintf(&list, "%s/%s\n", o.others.URL, r.Dir)
	}
	if err := os.WriteFile(filepath.Join(dir, "others.txt"), []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	o.plants = slices.Concat(o.made.Plants, listed.Plants)
	o.targets = len(readable(o.made)) + len(readable(listed))
	o.program = programIn(t, dir, "SPRAWL_KEY="+identity.FormatKey(testKey), "GH_TOKEN="+acmeToken)
	return o
}

// programIn is this test's own program as sprawl, to run in a folder.
func programIn(t *testing.T, dir string, env ...string) process.Program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "sprawl")
	if err := os.Symlink(self, exe); err != nil {
		t.Fatal(err)
	}
	return process.Program{Exe: exe, Dir: dir, Env: append([]string{"PATH=" + testPath(), "HOME=" + dir}, env...)}
}

// storage is a store and folders for mirrors, of one run of a test.
type storage struct {
	db      string
	mirrors string
}

func (o *acme) file(t *testing.T) storage {
	t.Helper()
	dir := t.TempDir()
	return storage{filepath.Join(dir, "sprawl.db"), filepath.Join(dir, "mirrors")}
}

func (o *acme) database(t *testing.T) storage {
	t.Helper()
	return storage{postgres.Database(t), filepath.Join(t.TempDir(), "mirrors")}
}

// common are the flags of both a crawl and a worker of it. Each process has mirrors of its own, as on machines of their own.
func (o *acme) common(p storage, who string) []string {
	return []string{"--db", p.db, "--mirrors", filepath.Join(p.mirrors, who), "--github", o.forge.API(), "--workers", "2", "--per-host", "2", "--rescue-after", "2s", "--grace", "1s", "--log-level", "debug"}
}

func (o *acme) head(p storage, more ...string) []string {
	return slices.Concat([]string{"crawl", "github:acme", "list:others.txt"}, o.common(p, "head"), more)
}

func (o *acme) worker(p storage, who string) []string {
	return slices.Concat([]string{"worker"}, o.common(p, who))
}

// crawl runs a crawl to its end, which is to be complete.
func (o *acme) crawl(t *testing.T, p storage, more ...string) *process.Process {
	t.Helper()
	x := o.program.Start(t, nil, nil, o.head(p, more...)...)
	if code := x.Wait(); code != exitFindings || !strings.Contains(x.Log(), "state=complete") {
		t.Fatalf("exit %d\n%s\n%s", code, x.Stdout(), x.Log())
	}
	return x
}

// report is what a store reports, without times and durations of the run, and holds it against itself: nothing stands there twice.
func (o *acme) report(t *testing.T, p storage) []map[string]any {
	t.Helper()
	x := o.program.Start(t, nil, nil, "report", "--db", p.db, "--format", "jsonl")
	if code := x.Wait(); code != 0 {
		t.Fatalf("report: exit %d\n%s", code, x.Log())
	}
	var out []map[string]any
	ids := map[string]bool{}
	for line := range strings.Lines(x.Stdout()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(ages.ReplaceAllString(line, "N days")), &v); err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"as_of", "last_seen", "elapsed_ms"} {
			delete(v, of)
		}
		if id, _ := v["id"].(string); id != "" {
			if ids[id] {
				t.Errorf("%s is reported twice", id)
			}
			ids[id] = true
		}
		places, _ := v["locations"].([]any)
		once := map[string]bool{}
		for _, l := range places {
			if s := encoded(t, l); once[s] {
				t.Errorf("a place of %v is reported twice: %s", v["id"], s)
			} else {
				once[s] = true
			}
		}
		out = append(out, v)
	}
	return out
}

// ages are counted to the start of a run: between two of them a day may have passed.
var ages = regexp.MustCompile(`[0-9]+ days`)

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// same compares reports.
func same(t *testing.T, want, got []map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the report is not that of a run that nobody disturbed (-undisturbed +this):\n%.6000s", diff)
	}
}

// sound holds a store against what must be so after a run has ended: each target has one outcome, each credential came once, and
// nothing of the queue is left.
func (o *acme) sound(t *testing.T, p storage, runs int) {
	t.Helper()
	count := func(query string) int { return p.count(t, query) }
	last := ` WHERE run = (SELECT max(id) FROM runs)`
	for query, want := range map[string]int{
		`SELECT count(*) FROM runs`:                                                            runs,
		`SELECT count(*) FROM runs WHERE state = 'complete'`:                                   runs,
		`SELECT count(*) FROM targets`:                                                         o.targets,
		`SELECT count(*) FROM outcomes` + last:                                                 o.targets,
		`SELECT count(*) FROM outcomes` + last + ` AND state IN ('done', 'same')`:              o.targets,
		`SELECT count(*) FROM (SELECT name FROM targets GROUP BY name HAVING count(*)>1) AS d`: 0,
		`SELECT count(*) FROM scans`:                                                           o.targets,
		`SELECT count(*) FROM changes WHERE what <> 'new'`:                                     0,
		`SELECT count(*) FROM changes`:                                                         count(`SELECT count(*) FROM credentials`),
		`SELECT count(*) FROM versions`:                                                        count(`SELECT count(*) FROM credentials`),
		`SELECT count(*) FROM river_job`:                                                       0,
		`SELECT count(*) FROM crawl_lead`:                                                      0,
	} {
		if n := count(query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
}

// count asks a store for a number.
func (p storage) count(t *testing.T, query string) (n int) {
	t.Helper()
	s, err := store.Open(t.Context(), p.db, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.DB().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// swept holds that no copy of a repository is left half made once its folder is opened again.
func swept(t *testing.T, p storage) {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(p.mirrors, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no mirrors: %v", err)
	}
	for _, dir := range dirs {
		if _, err := mirror.Open(dir, mirror.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"*/*/.new-*", "*/*/.old-*", "*/*/*.new-*", "*/*/*.old-*"} {
		left, err := filepath.Glob(filepath.Join(p.mirrors, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}
