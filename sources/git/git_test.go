package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/pack"
	"sprawl/internal/testkit/repo"
	"sprawl/sources"
)

// findGit is the machine's git; the test is skipped without one.
func findGit(t testing.TB) *gitexec.Git {
	t.Helper()
	g, err := gitexec.Find(t.Context(), os.Environ())
	if err != nil {
		t.Skip(err)
	}
	return g
}

func open(t testing.TB, path string, o Options) *Source {
	t.Helper()
	s, err := New(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// seen is what a walk handed out.
type seen struct {
	blobs map[string]string // by id
	where map[string][]finding.Location
	delta map[string]sources.Delta
	cover finding.Coverage
}

func walkAll(t testing.TB, s *Source) seen {
	t.Helper()
	got, err := tryWalk(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryWalk(ctx context.Context, s *Source) (seen, error) {
	got := seen{blobs: map[string]string{}, where: map[string][]finding.Location{}, delta: map[string]sources.Delta{}}
	var led sources.Ledger
	var mu sync.Mutex
	err := s.Walk(ctx, 3, &led, func(worker int, b sources.Blob) error {
		mu.Lock()
		defer mu.Unlock()
		if worker < 0 || worker >= 3 {
			return fmt.Errorf("worker %d", worker)
		}
		if b.Offset == 0 {
			if _, twice := got.blobs[b.ID]; twice {
				return fmt.Errorf("%s handed out twice", b.ID)
			}
			got.blobs[b.ID] = string(b.Bytes)
			led.Scanned(b.Size)
		} else {
			have := got.blobs[b.ID]
			if int64(len(have)) < b.Offset {
				return fmt.Errorf("%s: window at %d after %d bytes", b.ID, b.Offset, len(have))
			}
			if want := strings.Count(have[:b.Offset], "\n"); b.Line != want {
				return fmt.Errorf("%s: window at %d says %d lines, there are %d", b.ID, b.Offset, b.Line, want)
			}
			got.blobs[b.ID] = have[:b.Offset] + string(b.Bytes)
		}
		got.where[b.ID] = slices.Clone(b.Where)
		if b.Delta != nil {
			d := *b.Delta
			d.Runs = slices.Clone(d.Runs)
			got.delta[b.ID] = d
		}
		return nil
	})
	got.cover = led.Coverage()
	return got, err
}

func (g seen) ids() []string {
	var ids []string
	for id := range g.blobs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// contents are the bytes of all git blobs, sorted.
func (g seen) contents() []string {
	var all []string
	for id, b := range g.blobs {
		if isHex(id) {
			all = append(all, b)
		}
	}
	slices.Sort(all)
	return all
}

func (g seen) skips(r finding.Reason) []finding.Skip {
	var out []finding.Skip
	for _, s := range g.cover.Skips {
		if s.Reason == r {
			out = append(out, s)
		}
	}
	return out
}

// everywhere builds a repository with something at each place that a walk must not miss.
func everywhere(t testing.TB, opts ...repo.Option) *repo.Repo {
	r := repo.New(t, opts...)
	r.Write("a.txt", "at head\n")
	r.Write("sub/deep/b.txt", "deep\n")
	r.Write("gone.txt", "gone later\n")
	r.Write("big.txt", strings.Repeat("a line of text that fills the file\n", 400))
	r.Commit("first\n\nwith a body")
	r.Remove("gone.txt")
	r.Write("big.txt", strings.Repeat("a line of text that fills the file\n", 400)+"and one more\n")
	r.As(repo.Bob).Commit("drop it")
	r.Branch("feature/x")
	r.Write("f.txt", "on a branch\n")
	r.Commit("feature")
	r.As(repo.Ada).Switch("main")
	r.Tag("v1", "release notes")
	r.Tag("light", "")
	r.Note("HEAD", "a note\n")
	r.Write("a.txt", "stashed once\n")
	r.Stash("one")
	r.Write("a.txt", "stashed twice\n")
	r.Stash("two")
	r.Branch("doomed")
	r.Write("d.txt", "on a deleted branch\n")
	r.Commit("doomed")
	r.Switch("main")
	r.DeleteBranch("doomed")
	r.Blob("nobody names me\n")
	return r
}

// stored asks git for the ids of everything that a walk has to hand out.
func stored(r *repo.Repo) []string {
	var want []string
	for line := range strings.Lines(r.Git("cat-file", "--batch-all-objects", "--batch-check") + "\n") {
		f := strings.Fields(line)
		switch f[1] {
		case "blob":
			want = append(want, f[0])
		case "commit", "tag":
			want = append(want, f[1]+":"+f[0])
		}
	}
	for line := range strings.Lines(r.Git("for-each-ref", "--format=%(refname)") + "\n") {
		want = append(want, "ref:"+strings.TrimSpace(line))
	}
	slices.Sort(want)
	return want
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// Every way a repository can lie on disk must give the same: all that git says it holds.
func TestWholeHandsOutEverything(t *testing.T) {
	g := findGit(t)
	for _, c := range []struct {
		name string
		make func(t *testing.T) (path string, r *repo.Repo)
	}{
		{"loose", func(t *testing.T) (string, *repo.Repo) { r := everywhere(t); return r.Dir, r }},
		{"packed", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			r.Pack()
			r.Git("pack-refs", "--all")
			return r.Dir, r
		}},
		{"folder in the work tree", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			return r.Path("sub/deep"), r
		}},
		{"git directory", func(t *testing.T) (string, *repo.Repo) { r := everywhere(t); return r.GitDir, r }},
		{"separate git directory", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t, repo.SeparateGitDir())
			return r.Dir, r
		}},
		{"linked worktree", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			w := r.Worktree("linked")
			return w.Dir, w
		}},
		{"bare mirror", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			c := r.Clone("--mirror")
			return c.Dir, c
		}},
		{"alternates", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			r.Pack()
			dir := filepath.Join(t.TempDir(), "shared")
			r.Git("clone", "-q", "--shared", r.Dir, dir)
			c := repo.Open(t, dir)
			c.Write("own.txt", "in the clone only\n")
			c.Commit("own")
			return dir, c
		}},
		{"sha256", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t, repo.SHA256())
			r.Pack()
			return r.Dir, r
		}},
		{"reftable", func(t *testing.T) (string, *repo.Repo) { r := everywhere(t, repo.Reftable()); return r.Dir, r }},
		{"worktree configuration", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			r.Git("config", "core.repositoryFormatVersion", "1")
			r.Git("config", "extensions.worktreeConfig", "true")
			return r.Dir, r
		}},
		{"submodule", func(t *testing.T) (string, *repo.Repo) {
			r := everywhere(t)
			outer := repo.New(t)
			outer.Write("x", "x\n")
			outer.Commit("outer")
			outer.Git("submodule", "--quiet", "add", "file://"+filepath.ToSlash(r.Dir), "mod")
			s := repo.Open(t, outer.Path("mod"))
			return s.Dir, s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, r := c.make(t)
			s := open(t, path, Options{Git: g})
			got := walkAll(t, s)
			same(t, "ids", got.ids(), stored(r))
			if !got.cover.Complete() {
				t.Errorf("incomplete: %+v", got.cover.Skips)
			}
			if got.cover.Seen != got.cover.Scanned || got.cover.Seen != int64(len(got.blobs)) {
				t.Errorf("saw %d, scanned %d, handed out %d", got.cover.Seen, got.cover.Scanned, len(got.blobs))
			}
			if len(got.cover.Targets) != 1 || got.cover.Targets[0].Tip != r.ID("HEAD") {
				t.Errorf("target %+v", got.cover.Targets)
			}
			// git cat-file must give the very same.
			s.moved = true
			same(t, "ids by cat-file", walkAll(t, s).ids(), got.ids())
		})
	}
}

// What go-git reads and what git reads must be the same refs.
func TestTipsAgree(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	r.Git("update-ref", "refs/pull/7/head", "HEAD")
	r.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/heads/main")
	r.Git("symbolic-ref", "refs/remotes/broken/HEAD", "refs/heads/none")
	r.Git("pack-refs", "--all")
	r.Git("branch", "loose")
	for _, dir := range []string{r.Dir, r.Worktree("linked").Dir} {
		s := open(t, dir, Options{Git: g})
		if s.tips.note != "" {
			t.Errorf("go-git was to read it: %s", s.tips.note)
		}
		var byGit tips
		if err := execTips(t.Context(), s.exe, &byGit); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(byGit.refs, func(a, b ref) int { return strings.Compare(a.name, b.name) })
		if !slices.Equal(byGit.refs, s.tips.refs) || byGit.head != s.tips.head || byGit.branch != s.tips.branch {
			t.Errorf("%s:\ngo-git %+v\n   git %+v", dir, s.tips, byGit)
		}
	}
}

func TestMessagesCarryTheirPlace(t *testing.T) {
	r := everywhere(t)
	got := walkAll(t, open(t, r.Dir, Options{}))
	id := r.ID("v1^{commit}")
	w := got.where["commit:"+id]
	if len(w) != 1 || w[0].State != finding.StateMessage || w[0].Added == nil || w[0].Added.Commit != id ||
		w[0].Added.Author != "Bob Example <bob@example.com>" || !w[0].Added.When.Equal(repo.Start.Add(repo.Step)) || w[0].Target != r.Dir {
		t.Errorf("commit: %+v", w)
	}
	if b := got.blobs["commit:"+r.ID("v1~1")]; b != "first\n\nwith a body\n" {
		t.Errorf("message %q", b)
	}
	tagID := r.ID("refs/tags/v1")
	if b := got.blobs["tag:"+tagID]; b != "release notes" {
		t.Errorf("tag message %q", b)
	}
	if w := got.where["tag:"+tagID]; len(w) != 1 || w[0].State != finding.StateMessage || !slices.Equal(w[0].Refs, []string{"v1"}) {
		t.Errorf("tag: %+v", w)
	}
	if w := got.where["ref:refs/heads/feature/x"]; len(w) != 1 || w[0].State != finding.StateRefName || !slices.Equal(w[0].Refs, []string{"feature/x"}) {
		t.Errorf("ref: %+v", w)
	}
	if b := got.blobs["ref:refs/heads/feature/x"]; b != "feature/x" {
		t.Errorf("ref name %q", b)
	}
}

// A merge commit keeps the tags it merged in its header, also when the tag itself is gone.
func TestMergedTagIsHandedOut(t *testing.T) {
	r := repo.New(t)
	r.Write("a", "1\n")
	r.Commit("one")
	r.Branch("side")
	r.Write("b", "1\n")
	r.Commit("two")
	r.Tag("signed", "what the tag says")
	r.Switch("main")
	r.Git("merge", "-q", "--no-ff", "-m", "merge", "signed")
	id := r.ID("HEAD")
	if !strings.Contains(r.Git("cat-file", "commit", id), "mergetag") {
		r.Git("tag", "-d", "signed") // this git keeps merged tags only if they are signed
		body := r.Git("cat-file", "commit", id)
		head, msg, _ := strings.Cut(body, "\n\n")
		id = r.GitInput(head+"\nmergetag object "+r.ID("side")+"\n type commit\n tag signed\n \n what the tag says\n\n"+msg, "hash-object", "-w", "-t", "commit", "--stdin")
	}
	got := walkAll(t, open(t, r.Dir, Options{}))
	if b := got.blobs["mergetag:"+id]; !strings.Contains(b, "what the tag says\n") {
		t.Errorf("merged tag %q", b)
	}
	if b := got.blobs["commit:"+id]; !strings.HasPrefix(b, "merge") {
		t.Errorf("message %q", b)
	}
}

// Applying the runs of a delta to its base must give the bytes they stand for.
func TestDeltasAreCopies(t *testing.T) {
	r := everywhere(t)
	r.Pack()
	got := walkAll(t, open(t, r.Dir, Options{}))
	if len(got.delta) == 0 {
		t.Skip("the object reader gives no deltas")
	}
	for id, d := range got.delta {
		base, b := got.blobs[d.Base], got.blobs[id]
		if int64(len(base)) != d.BaseSize {
			t.Errorf("%s: base of %d bytes, said %d", id, len(base), d.BaseSize)
		}
		for _, run := range d.Runs {
			if base[run.Base:run.Base+run.Len] != b[run.Target:run.Target+run.Len] {
				t.Errorf("%s: run %+v is no copy", id, run)
			}
		}
	}
	if got := walkAll(t, open(t, r.Dir, Options{NoDelta: true})); len(got.delta) != 0 {
		t.Error("deltas in spite of NoDelta")
	}
}

func TestLargeBlobsComeInWindows(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Commit("empty")
	big := strings.Repeat("line\n", 36<<20/5)
	r.Write("big", big)
	r.Add()
	id := r.GitInput(big, "hash-object", "--stdin")
	staged := open(t, r.Dir, Options{Git: g, Mode: Staged, MaxObject: 1})
	if b := walkAll(t, staged).blobs[id]; b != big {
		t.Errorf("staged: %d bytes, want %d", len(b), len(big))
	}
	r.Commit("big")
	s := open(t, r.Dir, Options{Git: g, MaxObject: 1})
	for _, moved := range []bool{false, true} {
		s.moved = moved
		if b := walkAll(t, s).blobs[id]; b != big {
			t.Errorf("whole, cat-file %v: %d bytes, want %d", moved, len(b), len(big))
		}
	}
	for _, o := range []Options{{Git: g}, {}} {
		o.Mode, o.Base, o.Head, o.MaxObject = Range, "HEAD~1", "HEAD", 1
		if b := walkAll(t, open(t, r.Dir, o)).blobs[id]; b != big {
			t.Errorf("range: %d bytes, want %d", len(b), len(big))
		}
	}
	// cat-file, with windows of its own.
	c := &catFile{repo: s.exe, format: pack.SHA1, max: 1 << 10, window: 1 << 20, overlap: 1 << 8}
	var b []byte
	err := c.walk(t.Context(), 2, pack.Plan{Types: pack.Of(pack.Blob)}, nil, func(_ int, o *pack.Object) error {
		b = append(b[:o.Offset], o.Bytes...)
		return nil
	})
	if err != nil || string(b) != big {
		t.Errorf("cat-file: %d bytes, %v", len(b), err)
	}
}

func TestSkips(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	sum := strings.Repeat("ab", 32)
	r.Write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:"+sum+"\nsize 12345\n")
	r.Write("a.txt", "a\n")
	r.Add()
	r.Gitlink("vendor/lib", strings.Repeat("1", 40))
	r.CommitIndex("all")
	r.Write("a.txt", "b\n")
	r.Add("a.txt")
	r.CommitIndex("more")

	got := walkAll(t, open(t, r.Dir, Options{Git: g}))
	lfs, sub := got.skips(finding.ReasonLFS), got.skips(finding.ReasonSubmodule)
	if len(lfs) != 1 || lfs[0].Size != 12345 || lfs[0].Object != r.ID("HEAD:model.bin") {
		t.Errorf("lfs: %+v", lfs)
	}
	if len(sub) != 1 || sub[0].Path != "vendor/lib" || sub[0].Object != strings.Repeat("1", 40) {
		t.Errorf("submodule: %+v", sub)
	}
	if !got.cover.Complete() {
		t.Error("declared limits made it incomplete")
	}

	shallow := r.Clone("--depth=1")
	got = walkAll(t, open(t, shallow.Dir, Options{Git: g}))
	if n := len(got.skips(finding.ReasonShallow)); n != 1 || !got.cover.Targets[0].Shallow || got.cover.Complete() {
		t.Errorf("shallow: %d skips, %+v", n, got.cover.Targets)
	}
	if n := len(got.skips(finding.ReasonMissing)); n != 0 {
		t.Errorf("a shallow edge counted as missing %d times", n)
	}

	partial := r.Clone("--no-checkout", "--filter=blob:none")
	got = walkAll(t, open(t, partial.Dir, Options{Git: g}))
	if n := len(got.skips(finding.ReasonMissing)); n != 3 || !got.cover.Targets[0].Partial || got.cover.Complete() {
		t.Errorf("partial: %d missing, want 3: %+v", n, got.cover)
	}
}

func TestDamageIsCountedAndSurvived(t *testing.T) {
	g := findGit(t)
	for _, moved := range []bool{false, true} {
		t.Run(fmt.Sprintf("cat-file %v", moved), func(t *testing.T) {
			r := everywhere(t)
			want := stored(r)
			bad, gone := r.ID("HEAD:a.txt"), r.ID("HEAD~1:gone.txt")
			lost := r.ID("HEAD~1^{tree}")
			damage := func(id string, b []byte) {
				p := filepath.Join(r.GitDir, "objects", id[:2], id[2:])
				if err := os.Remove(p); err != nil {
					t.Fatal(err)
				}
				if b != nil {
					if err := os.WriteFile(p, b, 0o444); err != nil {
						t.Fatal(err)
					}
				}
			}
			damage(bad, []byte("not deflated"))
			damage(gone, nil)
			damage(lost, nil)
			s := open(t, r.Dir, Options{Git: g})
			s.moved = moved
			got := walkAll(t, s)
			want = slices.DeleteFunc(want, func(id string) bool { return id == bad || id == gone })
			same(t, "ids", got.ids(), want)
			if c := got.skips(finding.ReasonCorrupt); len(c) != 1 || c[0].Object != bad {
				t.Errorf("corrupt: %+v", got.cover.Skips)
			}
			if m := got.skips(finding.ReasonMissing); len(m) != 1 || m[0].Object != lost {
				t.Errorf("missing: %+v", m)
			}
		})
	}
}

func TestOpeningErrors(t *testing.T) {
	g := findGit(t)
	empty := repo.New(t)
	plain := t.TempDir()
	broken := repo.New(t)
	broken.Write("a", "a\n")
	broken.Commit("a")
	broken.Git("config", "core.repositoryFormatVersion", "1")
	broken.Git("config", "extensions.fromTheFuture", "yes")
	pointer := t.TempDir()
	if err := os.WriteFile(filepath.Join(pointer, ".git"), []byte("gitdir: ../nowhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	sha256 := repo.New(t, repo.SHA256())
	sha256.Write("a", "a\n")
	sha256.Commit("a")
	one := repo.New(t)
	one.Write("a", "a\n")
	base := one.Commit("a")
	one.Write("a", "b\n")
	one.Commit("b")
	one.Orphan("unrelated")
	one.Write("z", "z\n")
	one.Commit("z")
	one.Switch("main")

	for _, c := range []struct {
		name string
		path string
		o    Options
		want error
	}{
		{"no repository", plain, Options{}, ErrNotRepository},
		{"no such folder", filepath.Join(plain, "x"), Options{}, ErrNotRepository},
		{"dangling .git file", pointer, Options{Git: g}, ErrNotRepository},
		{"empty", empty.Dir, Options{Git: g}, ErrEmpty},
		{"unknown extension", broken.Dir, Options{Git: g}, ErrUnsupported},
		{"sha256 without git", sha256.Dir, Options{}, ErrUnsupported},
		{"staged without git", one.Dir, Options{Mode: Staged}, ErrNeedsGit},
		{"unknown base", one.Dir, Options{Git: g, Mode: Range, Base: "nope", Head: "HEAD"}, ErrRevision},
		{"unknown base, go-git", one.Dir, Options{Mode: Range, Base: "nope", Head: "HEAD"}, ErrRevision},
		{"base like an option", one.Dir, Options{Git: g, Mode: Range, Base: "--all", Head: "HEAD"}, ErrRevision},
		{"blob as base", one.Dir, Options{Git: g, Mode: Range, Base: "HEAD:a", Head: "HEAD"}, ErrRevision},
		{"commit that is not there", one.Dir, Options{Git: g, Mode: Range, Base: strings.Repeat("1", 40), Head: "HEAD"}, ErrRevision},
		{"same", one.Dir, Options{Git: g, Mode: Range, Base: "main", Head: "HEAD"}, ErrSameRevision},
		{"nothing new", one.Dir, Options{Git: g, Mode: Range, Base: "HEAD", Head: base}, ErrEmptyRange},
		{"unrelated", one.Dir, Options{Git: g, Mode: Range, Base: "unrelated", Head: "HEAD"}, ErrNoCommon},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := New(t.Context(), c.path, c.o)
			if err == nil {
				_, err = tryWalk(t.Context(), s)
			}
			var e *Error
			if !errors.Is(err, c.want) || !errors.As(err, &e) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if e.Next == "" && !errors.Is(c.want, ErrEmpty) {
				t.Errorf("%v: no next step", err)
			}
			if !strings.Contains(err.Error(), c.path) {
				t.Errorf("%v does not name %s", err, c.path)
			}
		})
	}
}

func TestRecognise(t *testing.T) {
	r := repo.New(t)
	r.Write("sub/a", "a\n")
	r.Commit("a")
	bare := r.Clone("--bare")
	for path, want := range map[string]bool{
		r.Dir: true, r.GitDir: true, bare.Dir: true, r.Worktree("w").Dir: true,
		repo.New(t, repo.SeparateGitDir()).Dir: true,
		r.Path("sub"):                          false, t.TempDir(): false, r.Path("sub/a"): false, filepath.Join(r.GitDir, "objects"): false,
	} {
		if got := Recognise(path); got != want {
			t.Errorf("Recognise(%s) = %v", path, got)
		}
	}
	// A bare repository in a parent folder may have been planted; only naming it opens it.
	planted := r.Clone("--bare")
	below := filepath.Join(planted.Dir, "docs")
	if err := os.Mkdir(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), below, Options{}); !errors.Is(err, ErrNotRepository) {
		t.Errorf("below a bare repository: %v", err)
	}
}

func TestStaged(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("keep", "keep\n")
	r.Write("change", "old\n")
	r.Write("remove", "remove\n")
	r.Write("type", "plain\n")
	staged := func(o Options) seen {
		t.Helper()
		o.Git, o.Mode = g, Staged
		return walkAll(t, open(t, r.Dir, o))
	}

	r.Add()
	same(t, "before the first commit", staged(Options{}).contents(), []string{"keep\n", "old\n", "plain\n", "remove\n"})
	r.CommitIndex("one")
	none := staged(Options{})
	if len(none.blobs) != 0 || !none.cover.Complete() || len(none.cover.Targets[0].Notes) == 0 {
		t.Errorf("nothing staged: %+v", none)
	}

	r.Write("change", "staged\n")
	r.Write("new/ü file", "new\n")
	r.Write("new/copy", "new\n")
	r.Remove("remove")
	r.Add()
	r.Gitlink("mod", strings.Repeat("2", 40))
	r.Write("change", "in the work tree only\n")
	r.Write("announced", "not yet\n")
	r.Git("add", "--intent-to-add", "announced")
	got := staged(Options{})
	same(t, "staged", got.contents(), []string{"new\n", "staged\n"})
	w := got.where[r.GitInput("new\n", "hash-object", "--stdin")]
	if len(w) != 2 || w[0].State != finding.StateStaged || w[0].Path != "new/copy" || w[1].Path != "new/ü file" {
		t.Errorf("places: %+v", w)
	}
	if sub := got.skips(finding.ReasonSubmodule); len(sub) != 1 || sub[0].Path != "mod" {
		t.Errorf("submodule: %+v", sub)
	}

	// git commit --only and commit -a hand hooks an index of their own.
	other := filepath.Join(t.TempDir(), "index")
	b, err := os.ReadFile(filepath.Join(r.GitDir, "index"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, b, 0o644); err != nil {
		t.Fatal(err)
	}
	r.Git("read-tree", "HEAD")
	same(t, "own index", staged(Options{}).contents(), nil)
	same(t, "GIT_INDEX_FILE", staged(Options{Env: map[string]string{"GIT_INDEX_FILE": other}}).contents(), []string{"new\n", "staged\n"})
	same(t, "relative GIT_INDEX_FILE", staged(Options{Dir: filepath.Dir(other), Env: map[string]string{"GIT_INDEX_FILE": "index"}}).contents(), []string{"new\n", "staged\n"})
}

func TestStagedConflict(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("f", "base\n")
	r.Commit("base")
	r.Branch("side")
	r.Write("f", "theirs\n")
	r.Commit("theirs")
	r.Switch("main")
	r.Write("f", "ours\n")
	r.Commit("ours")
	if _, err := r.Try("merge", "-q", "side"); err == nil {
		t.Fatal("no conflict")
	}
	got := walkAll(t, open(t, r.Dir, Options{Git: g, Mode: Staged}))
	same(t, "all versions", got.contents(), []string{"base\n", "ours\n", "theirs\n"})
}

func TestRange(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("old", "old\n")
	r.Write("dir/kept", "kept\n")
	r.Commit("base")
	r.Branch("pr")
	r.Write("added", "added\n")
	r.Write("passing", "came and went\n")
	r.Commit("one")
	r.Remove("passing")
	r.Rename("old", "dir/moved")
	second := r.Commit("two")
	r.Switch("main")
	r.Write("elsewhere", "on main meanwhile\n")
	r.Commit("main moves on")
	r.Switch("pr")
	r.EvilMerge("main", "merge main", map[string]string{"evil": "only in the merge\n"})
	r.Gitlink("mod", strings.Repeat("3", 40))
	r.CommitIndex("submodule")

	want := []string{"added\n", "came and went\n", "only in the merge\n"}
	for _, o := range []Options{{Git: g}, {}} {
		o.Mode, o.Base, o.Head = Range, "main", "pr"
		s := open(t, r.Dir, o)
		got := walkAll(t, s)
		same(t, "blobs", got.contents(), want)
		if n := len(got.blobs) - len(want); n != 4 || got.cover.Targets[0].Commits != 4 {
			t.Errorf("%d messages, %d commits, want 4", n, got.cover.Targets[0].Commits)
		}
		if got.blobs["commit:"+second] != "two\n" {
			t.Errorf("message %q", got.blobs["commit:"+second])
		}
		if sub := got.skips(finding.ReasonSubmodule); len(sub) != 1 || sub[0].Path != "mod" {
			t.Errorf("submodule: %+v", sub)
		}
		if !got.cover.Complete() {
			t.Errorf("incomplete: %+v", got.cover.Skips)
		}
		s.moved = s.exe != nil
		same(t, "again", walkAll(t, s).ids(), got.ids())
	}
}

func TestRangeThatOnlyDeletesIsClean(t *testing.T) {
	r := repo.New(t)
	r.Write("a", "a\n")
	r.Write("b", "b\n")
	base := r.Commit("one")
	r.Remove("b")
	r.Commit("two")
	got := walkAll(t, open(t, r.Dir, Options{Mode: Range, Base: base, Head: "HEAD"}))
	if len(got.contents()) != 0 || len(got.blobs) != 1 || !got.cover.Complete() {
		t.Errorf("%+v", got)
	}
}

// A clock that was wrong must not hide a commit.
func TestRangeWithWrongClocks(t *testing.T) {
	r := repo.New(t)
	r.Write("a", "a\n")
	base := r.Commit("base")
	for i, hours := range []time.Duration{-100000, 50000, -3, 90000, -120000} {
		r.Now = repo.Start.Add(hours * time.Hour)
		r.Write("f", fmt.Sprintf("version %d\n", i))
		r.Commit("step")
	}
	got := walkAll(t, open(t, r.Dir, Options{Mode: Range, Base: base, Head: "HEAD"}))
	if len(got.contents()) != 5 {
		t.Errorf("%q", got.contents())
	}
}

func TestRangeInShallowClone(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("a", "a\n")
	r.Commit("one")
	r.Write("between", "came and went\n")
	r.Commit("two")
	r.Branch("pr")
	r.Remove("between")
	r.Write("new", "new\n")
	r.Commit("three")
	r.Write("newer", "newer\n")
	r.Commit("four")

	deep := r.Clone("--no-single-branch", "--depth=3")
	got := walkAll(t, open(t, deep.Dir, Options{Git: g, Mode: Range, Base: "origin/main", Head: "HEAD"}))
	same(t, "deep enough", got.contents(), []string{"new\n", "newer\n"})
	if !got.cover.Complete() {
		t.Errorf("deep enough, and incomplete: %+v", got.cover.Skips)
	}

	flat := r.Clone("--no-single-branch", "--depth=1")
	got = walkAll(t, open(t, flat.Dir, Options{Git: g, Mode: Range, Base: "origin/main", Head: "HEAD"}))
	same(t, "tree to tree", got.contents(), []string{"new\n", "newer\n"})
	if len(got.skips(finding.ReasonShallow)) != 1 || got.cover.Complete() || len(got.cover.Targets[0].Notes) == 0 {
		t.Errorf("tree to tree: %+v", got.cover)
	}

	single := r.Clone("--depth=1")
	_, err := New(t.Context(), single.Dir, Options{Git: g, Mode: Range, Base: "origin/main", Head: "HEAD"})
	if !errors.Is(err, ErrRevision) || !strings.Contains(err.Error(), "fetch-depth") {
		t.Errorf("no base: %v", err)
	}
}

// A server's hook sees a push in a quarantine that only the environment names.
func TestQuarantine(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("a", "a\n")
	base := r.Commit("one")
	server := r.Clone("--bare")
	r.Write("pushed", "pushed\n")
	head := r.Commit("two")
	env := map[string]string{
		"GIT_OBJECT_DIRECTORY":             filepath.Join(r.GitDir, "objects"),
		"GIT_ALTERNATE_OBJECT_DIRECTORIES": filepath.Join(server.Dir, "objects"),
		"GIT_QUARANTINE_PATH":              filepath.Join(r.GitDir, "objects"),
	}
	got := walkAll(t, open(t, server.Dir, Options{Git: g, Mode: Range, Base: base, Head: head, Env: env}))
	same(t, "pushed", got.contents(), []string{"pushed\n"})
	if _, err := New(t.Context(), server.Dir, Options{Mode: Range, Base: base, Head: head, Env: env}); !errors.Is(err, ErrNeedsGit) {
		t.Errorf("without git: %v", err)
	}
}

func TestFile(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("dir/policy", "one\n")
	r.Commit("one")
	r.Write("dir/policy", "two\n")
	r.Commit("two")
	r.Write("dir/policy", "work tree\n")
	for _, o := range []Options{{Git: g}, {}} {
		s := open(t, r.Dir, o)
		for rev, want := range map[string]string{"HEAD": "two\n", "HEAD~1": "one\n", "main": "two\n"} {
			if b, err := s.File(t.Context(), rev, "dir/policy"); err != nil || string(b) != want {
				t.Errorf("%s: %q, %v", rev, b, err)
			}
		}
		for _, path := range []string{"dir", "dir/none", "none/policy", "dir/policy/x"} {
			if _, err := s.File(t.Context(), "HEAD", path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if _, err := s.File(t.Context(), "none", "dir/policy"); !errors.Is(err, ErrRevision) {
			t.Errorf("unknown revision: %v", err)
		}
	}
	if _, err := open(t, repo.New(t).Dir, Options{}).File(t.Context(), "HEAD", "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before the first commit: %v", err)
	}
}

func TestTree(t *testing.T) {
	g := findGit(t)
	r := repo.New(t)
	r.Write("a/x.yml", "one\n")
	r.Write("b/x.yml", "one\n") // the same tree twice
	r.Write("c.txt", "no\n")
	r.Commit("one")
	r.Write("a/x.yml", "work tree\n")
	want := func(p string) bool { return strings.HasSuffix(p, ".yml") }
	for _, o := range []Options{{Git: g}, {}} {
		s := open(t, r.Dir, o)
		got := map[string]string{}
		if err := s.Tree(t.Context(), "HEAD", want, func(p string, b []byte) bool { got[p] = string(b); return true }); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, map[string]string{"a/x.yml": "one\n", "b/x.yml": "one\n"}) {
			t.Errorf("files: %q", got)
		}
		n := 0
		if err := s.Tree(t.Context(), "HEAD", want, func(string, []byte) bool { n++; return false }); err != nil || n != 1 {
			t.Errorf("ended early: %d files, %v", n, err)
		}
		if err := s.Tree(t.Context(), "none", want, nil); !errors.Is(err, ErrRevision) {
			t.Errorf("unknown revision: %v", err)
		}
	}
	if err := open(t, repo.New(t).Dir, Options{}).Tree(t.Context(), "HEAD", want, nil); err != nil {
		t.Errorf("before the first commit: %v", err)
	}
}

func TestWalkEnds(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	for _, moved := range []bool{false, true} {
		s := open(t, r.Dir, Options{Git: g})
		s.moved = moved
		boom := errors.New("boom")
		err := s.Walk(t.Context(), 2, &sources.Ledger{}, func(int, sources.Blob) error { return boom })
		if !errors.Is(err, boom) {
			t.Errorf("visit's error: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = s.Walk(ctx, 2, &sources.Ledger{}, func(int, sources.Blob) error { cancel(); return ctx.Err() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		cancel()
	}
}

// Nothing in a repository may change by being scanned.
func TestNothingIsWritten(t *testing.T) {
	g := findGit(t)
	r := everywhere(t)
	r.Write("a.txt", "touched\n")
	before := snapshot(t, r.Dir)
	for _, o := range []Options{{}, {Mode: Staged}, {Mode: Range, Base: "HEAD~1", Head: "HEAD"}} {
		o.Git = g
		s := open(t, r.Dir, o)
		got := walkAll(t, s)
		for _, err := range s.Locate(t.Context(), got.ids()) {
			if err != nil {
				t.Log(err)
				break
			}
		}
		s.moved = true
		walkAll(t, s)
	}
	if after := snapshot(t, r.Dir); !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
}

// snapshot lists every file with its time and content.
func snapshot(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(p)
		all = append(all, fmt.Sprintf("%s %s %x", p, fi.ModTime(), bytes.TrimSpace(b)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
