// Package repo builds small git repositories for tests. Authors, dates and zones are fixed and nothing of the machine's
// configuration is read, so the same calls give the same object ids everywhere: a test may hold them as constants.
//
// It runs the git executable with hooks and all that a repository can plant switched on, as a user would: it is for tests
// only, in folders the test made. A test is skipped where there is no git.
package repo

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Start is when a new repository's clock stands; each commit, tag, note and stash is Step later than the one before.
var Start = time.Date(2024, time.January, 2, 3, 4, 5, 0, time.FixedZone("", 3600))

// Step is what the clock advances by.
const Step = time.Hour

// Person is an author.
type Person struct{ Name, Email string }

// Ada writes what no other author is named for.
var Ada = Person{"Ada Example", "ada@example.com"}

// Bob is somebody else.
var Bob = Person{"Bob Example", "bob@example.com"}

// Repo is one repository. Every method fails the test if git does.
type Repo struct {
	Dir    string // the work tree, or the git directory of a bare repository
	GitDir string
	Now    time.Time // when the next commit is made
	Author Person    // of the next commits; also the committer

	t testing.TB
}

// Option changes how New makes a repository.
type Option func(*setup)

type setup struct {
	args   []string
	gitDir string
}

// Bare makes a repository without a work tree.
func Bare() Option { return func(s *setup) { s.args = append(s.args, "--bare") } }

// SHA256 makes a repository whose object ids are SHA-256.
func SHA256() Option { return func(s *setup) { s.args = append(s.args, "--object-format=sha256") } }

// Reftable makes a repository that keeps its refs in tables; the test is skipped where git does not know them (before 2.45).
func Reftable() Option { return func(s *setup) { s.args = append(s.args, "--ref-format=reftable") } }

// SeparateGitDir keeps the git directory outside the work tree, which holds a .git file.
func SeparateGitDir() Option { return func(s *setup) { s.gitDir = "separate" } }

// New makes an empty repository in a temporary folder, on branch main.
func New(t testing.TB, opts ...Option) *Repo {
	t.Helper()
	return NewIn(t, filepath.Join(t.TempDir(), "repo"), opts...)
}

// NewIn makes an empty repository in dir, which is created.
func NewIn(t testing.TB, dir string, opts ...Option) *Repo {
	t.Helper()
	var s setup
	for _, o := range opts {
		o(&s)
	}
	if s.gitDir != "" {
		s.gitDir = filepath.Join(t.TempDir(), s.gitDir)
		s.args = append(s.args, "--separate-git-dir="+s.gitDir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	if out, err := r.try(nil, append([]string{"init", "-q"}, s.args...)...); err != nil {
		if strings.Contains(out, "unknown option") {
			t.Skipf("this git does not know %v", s.args)
		}
		t.Fatalf("git init: %v\n%s", err, out)
	}
	r.GitDir = r.Git("rev-parse", "--absolute-git-dir")
	return r
}

// Open takes over a repository that is already there, such as a clone or a linked worktree.
func Open(t testing.TB, dir string) *Repo {
	t.Helper()
	r := open(t, dir)
	r.GitDir = r.Git("rev-parse", "--absolute-git-dir")
	return r
}

func open(t testing.TB, dir string) *Repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git executable")
	}
	dir, err := filepath.EvalSymlinks(dir) // macOS keeps temporary folders behind a link
	if err != nil {
		t.Fatal(err)
	}
	return &Repo{Dir: dir, Now: Start, Author: Ada, t: t}
}

// Git runs git in the repository and returns its output without the last line break.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return r.GitInput("", args...)
}

// GitInput is Git with standard input.
func (r *Repo) GitInput(stdin string, args ...string) string {
	r.t.Helper()
	out, err := r.try([]byte(stdin), args...)
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSuffix(out, "\n")
}

// Try is Git for a command that may fail; it returns both outputs.
func (r *Repo) Try(args ...string) (string, error) { return r.try(nil, args...) }

func (r *Repo) try(stdin []byte, args ...string) (string, error) {
	full := []string{
		"-c", "init.defaultBranch=main", "-c", "core.autocrlf=false", "-c", "protocol.file.allow=always",
		"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false", "-c", "safe.directory=*",
	}
	cmd := exec.Command("git", append(full, args...)...)
	cmd.Dir = r.Dir
	date := r.Now.Format("2006-01-02T15:04:05-0700")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "SystemRoot=" + os.Getenv("SystemRoot"), "TMPDIR=" + os.Getenv("TMPDIR"),
		"TEMP=" + os.Getenv("TEMP"), "HOME=" + os.DevNull, "XDG_CONFIG_HOME=" + os.DevNull, "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "GIT_EDITOR=:",
		"GIT_AUTHOR_NAME=" + r.Author.Name, "GIT_AUTHOR_EMAIL=" + r.Author.Email, "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=" + r.Author.Name, "GIT_COMMITTER_EMAIL=" + r.Author.Email, "GIT_COMMITTER_DATE=" + date,
	}
	cmd.Stdin = bytes.NewReader(stdin)
	var out, diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diag
	if err := cmd.Run(); err != nil {
		return out.String() + diag.String(), err
	}
	return out.String(), nil
}

// Path is the path on disk of a slash path in the work tree.
func (r *Repo) Path(path string) string { return filepath.Join(r.Dir, filepath.FromSlash(path)) }

// Write writes a file of the work tree and the folders above it.
func (r *Repo) Write(path, content string) {
	r.t.Helper()
	writeFile(r.t, r.Path(path), content)
}

// WriteGit writes a file of the git directory.
func (r *Repo) WriteGit(path, content string) {
	r.t.Helper()
	writeFile(r.t, filepath.Join(r.GitDir, filepath.FromSlash(path)), content)
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Remove removes a file or folder of the work tree.
func (r *Repo) Remove(path string) {
	r.t.Helper()
	if err := os.RemoveAll(r.Path(path)); err != nil {
		r.t.Fatal(err)
	}
}

// Rename moves a file of the work tree.
func (r *Repo) Rename(from, to string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.Path(to)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(r.Path(from), r.Path(to)); err != nil {
		r.t.Fatal(err)
	}
}

// Add puts the paths, or the whole work tree if there are none, into the index.
func (r *Repo) Add(paths ...string) {
	r.t.Helper()
	if len(paths) == 0 {
		paths = []string{"."}
	}
	r.Git(append([]string{"add", "-A", "-f", "--"}, paths...)...)
}

// Commit commits the whole work tree (also if nothing changed) and returns the commit's id.
func (r *Repo) Commit(message string) string {
	r.t.Helper()
	r.Add()
	return r.CommitIndex(message)
}

// CommitIndex commits what the index holds.
func (r *Repo) CommitIndex(message string) string {
	r.t.Helper()
	r.Git("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-m", message)
	r.tick()
	return r.ID("HEAD")
}

// As makes p the author of what follows and returns the repository.
func (r *Repo) As(p Person) *Repo { r.Author = p; return r }

// Advance moves the clock on.
func (r *Repo) Advance(d time.Duration) { r.Now = r.Now.Add(d) }

func (r *Repo) tick() { r.Now = r.Now.Add(Step) }

// ID is the full object id of a revision ("HEAD", "main:path").
func (r *Repo) ID(rev string) string {
	r.t.Helper()
	return r.Git("rev-parse", "--verify", "--end-of-options", rev)
}

// Branch makes a branch at HEAD and switches to it.
func (r *Repo) Branch(name string) {
	r.t.Helper()
	r.Git("switch", "-q", "-c", name)
}

// Orphan makes a branch without a past, with an empty index and work tree, and switches to it.
func (r *Repo) Orphan(name string) {
	r.t.Helper()
	r.Git("switch", "-q", "--orphan", name)
}

// Switch goes to a branch, or detaches HEAD at any other revision.
func (r *Repo) Switch(rev string) {
	r.t.Helper()
	if _, err := r.Try("show-ref", "--verify", "--quiet", "refs/heads/"+rev); err == nil {
		r.Git("switch", "-q", rev)
		return
	}
	r.Git("switch", "-q", "--detach", rev)
}

// DeleteBranch deletes a branch and leaves its commits dangling: logs are removed too.
func (r *Repo) DeleteBranch(name string) {
	r.t.Helper()
	r.Git("branch", "-q", "-D", name)
	r.Git("reflog", "expire", "--expire=all", "--expire-unreachable=all", "HEAD")
}

// Merge merges a branch into the current one with a merge commit and returns its id. Conflicts fail the test.
func (r *Repo) Merge(branch, message string) string {
	r.t.Helper()
	r.Git("merge", "-q", "--no-ff", "-m", message, branch)
	r.tick()
	return r.ID("HEAD")
}

// EvilMerge merges a branch and writes files that no parent holds into the merge commit itself.
func (r *Repo) EvilMerge(branch, message string, files map[string]string) string {
	r.t.Helper()
	r.Git("merge", "-q", "--no-ff", "--no-commit", branch)
	for path, content := range files {
		r.Write(path, content)
	}
	return r.Commit(message)
}

// Tag tags HEAD and returns the tag object's id; with an empty message the tag is lightweight and the id HEAD's.
func (r *Repo) Tag(name, message string) string {
	r.t.Helper()
	if message == "" {
		r.Git("tag", name)
	} else {
		r.Git("tag", "-a", "--cleanup=verbatim", "-m", message, name)
		r.tick()
	}
	return r.ID("refs/tags/" + name)
}

// Stash stashes the work tree, files that are not tracked included, and returns the stash commit's id.
func (r *Repo) Stash(message string) string {
	r.t.Helper()
	r.Git("stash", "push", "-q", "--include-untracked", "-m", message)
	r.tick()
	return r.ID("refs/stash")
}

// Note adds a note to a revision and returns the blob's id.
func (r *Repo) Note(rev, text string) string {
	r.t.Helper()
	id := r.Blob(text)
	r.Git("notes", "add", "-f", "-C", id, rev)
	r.tick()
	return id
}

// Blob writes a blob that nothing refers to and returns its id.
func (r *Repo) Blob(content string) string {
	r.t.Helper()
	return r.GitInput(content, "hash-object", "-w", "--stdin")
}

// Gitlink puts a submodule entry into the index; commit it with CommitIndex.
func (r *Repo) Gitlink(path, commit string) {
	r.t.Helper()
	r.Git("update-index", "--add", "--cacheinfo", "160000,"+commit+","+path)
}

// Config sets a value in the repository's configuration.
func (r *Repo) Config(key, value string) {
	r.t.Helper()
	r.Git("config", "--add", key, value)
}

// Pack packs everything, unreachable objects included, into one pack without loose leftovers.
func (r *Repo) Pack(args ...string) {
	r.t.Helper()
	r.Git(append([]string{"repack", "-q", "-a", "-d", "-k", "-f"}, args...)...)
	r.Git("prune-packed", "-q")
}

// Clone clones the repository over file:// with the given options ("--depth=1", "--filter=blob:none", "--bare", …).
func (r *Repo) Clone(args ...string) *Repo {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), "clone")
	r.Git("config", "uploadpack.allowFilter", "true")
	r.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	r.Git(append(append([]string{"clone", "-q"}, args...), "file://"+filepath.ToSlash(r.Dir), dir)...)
	c := Open(r.t, dir)
	c.Now = r.Now
	return c
}

// Worktree adds a linked worktree on a new branch.
func (r *Repo) Worktree(branch string) *Repo {
	r.t.Helper()
	dir := filepath.Join(r.t.TempDir(), "worktree")
	r.Git("worktree", "add", "-q", "-b", branch, dir)
	w := Open(r.t, dir)
	w.Now = r.Now
	return w
}
