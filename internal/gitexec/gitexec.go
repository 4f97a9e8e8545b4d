// Package gitexec is the one place in the product that runs the git executable, and it runs it disarmed: a repository is
// hostile input, and its configuration, hooks, filters, remotes and attributes must neither execute anything nor contact
// anybody, on any version of git.
//
// Four layers hold that, each good on its own for what it covers:
//
//   - Only plumbing that reads is let through (see allowed): no command that refreshes an index, checks anything out, runs a
//     filter or a text conversion, starts a pager, an editor or a signature check.
//   - The environment is built from nothing. GIT_ALLOW_PROTOCOL names no protocol, and it outranks the repository's own
//     protocol.NAME.allow, which -c protocol.allow=never does not: that stops the fetch of a missing object from a promisor
//     remote on old versions too, which do not know GIT_NO_LAZY_FETCH (2.39.5 does). -c remote.NAME.promisor=false and
//     -c extensions.partialClone= stop nothing.
//   - Options on the command line outrank the repository's configuration: fsmonitor, hooks, ssh, credential helpers, diff.
//   - The repository is named by --git-dir, so nothing is discovered: a planted bare repository in a parent folder is never
//     entered (safe.bareRepository), and a folder that belongs to somebody else opens without trusting it (safe.directory
//     guards against configuration that executes, which is off here; git checks neither for an explicit git directory).
//
// It never writes to a repository, never contacts a remote, and reads no configuration of the user or the machine. What does is
// named for it, and called by those alone who were asked to: Fetch, for a checkout of the caller's, and Init, List and Mirror, for
// copies that nobody else writes to.
package gitexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxOutput is how many bytes Run keeps of a command's output; more is an error. Start has no such limit.
const MaxOutput = 256 << 20

// maxStderr is how many bytes of standard error are kept for an Error.
const maxStderr = 8 << 10

// joinDelay is how long Wait lets a grandchild hold the pipes of a git that has ended.
const joinDelay = 5 * time.Second

// ErrNotFound says that there is no git executable in an absolute directory of PATH.
var ErrNotFound = errors.New("no git executable in PATH")

// Version is git's version; what follows the patch number ("windows.1", "Apple Git-154") is dropped.
type Version struct{ Major, Minor, Patch int }

// AtLeast reports whether v is major.minor or later.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }

// oldest is the first version whose cat-file knows --unordered.
var oldest = Version{2, 19, 0}

// Git is one git executable. It may be used from any goroutine.
type Git struct {
	path    string
	version Version
	environ []string // of the machine, reduced to what git needs to start
}

// Find looks git up in the PATH of environ (the form of os.Environ) and asks for its version. Only absolute entries of PATH
// count: what the current directory holds is never run. The error is ErrNotFound, or says what is wrong with the git found.
func Find(ctx context.Context, environ []string) (*Git, error) {
	path, err := lookUp(runtime.GOOS, value(environ, "PATH"), isExecutable)
	if err != nil {
		return nil, err
	}
	g := &Git{path: path, environ: machine(runtime.GOOS, environ)}
	out, err := g.run(ctx, "", nil, []string{"version"})
	if err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	if g.version, err = parseVersion(string(out)); err != nil {
		return nil, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	if !g.version.AtLeast(oldest.Major, oldest.Minor) {
		return nil, fmt.Errorf("%s is version %s: %s or later is needed", path, g.version, oldest)
	}
	return g, nil
}

// Path is the absolute path of the executable.
func (g *Git) Path() string { return g.path }

// Version is what the executable said of itself.
func (g *Git) Version() Version { return g.version }

// Passed lists the variables that Repo takes from a hook's environment. GIT_QUARANTINE is what servers call the folder of
// objects that a push has brought and nobody has accepted yet; git's own name for it is GIT_QUARANTINE_PATH.
func Passed() []string {
	return []string{
		"GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_QUARANTINE", "GIT_QUARANTINE_PATH",
	}
}

// Repo is one repository as git sees it. It may be used from any goroutine.
type Repo struct {
	git *Git
	dir string
	env []string
}

// Repo names a repository by its git directory (of a linked worktree: the worktree's own), which must be an absolute path.
// env may hold the variables that Passed lists, with absolute paths; any other name is an error, an empty value is left out.
func (g *Git) Repo(gitDir string, env map[string]string) (*Repo, error) {
	if !filepath.IsAbs(gitDir) {
		return nil, fmt.Errorf("git directory %q is not an absolute path", gitDir)
	}
	r := &Repo{git: g, dir: filepath.Clean(gitDir)}
	for name, v := range env {
		if !slices.Contains(Passed(), name) {
			return nil, fmt.Errorf("variable %s is not passed to git", name)
		}
		if v == "" {
			continue
		}
		// The list of alternates has a syntax of its own; each entry is checked by nobody but git.
		if name != "GIT_ALTERNATE_OBJECT_DIRECTORIES" && !filepath.IsAbs(v) {
			return nil, fmt.Errorf("variable %s: %q is not an absolute path", name, v)
		}
		r.env = append(r.env, name+"="+v)
	}
	slices.Sort(r.env)
	return r, nil
}

// Git is the executable behind the repository.
func (r *Repo) Git() *Git { return r.git }

// Run runs one command that reads and returns its output. The error is an *Error if git ran and failed.
func (r *Repo) Run(ctx context.Context, args ...string) ([]byte, error) {
	return r.git.run(ctx, r.dir, r.env, args)
}

// RunInput is Run with standard input.
func (r *Repo) RunInput(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	return r.git.runInput(ctx, r.dir, r.env, stdin, args)
}

// Run runs one command that reads on the repository at gitDir, an absolute path. It is Repo and Run in one.
func (g *Git) Run(ctx context.Context, gitDir string, args ...string) ([]byte, error) {
	r, err := g.Repo(gitDir, nil)
	if err != nil {
		return nil, err
	}
	return r.Run(ctx, args...)
}

func (g *Git) run(ctx context.Context, dir string, env, args []string) ([]byte, error) {
	return g.runInput(ctx, dir, env, nil, args)
}

func (g *Git) runInput(ctx context.Context, dir string, env []string, stdin io.Reader, args []string) ([]byte, error) {
	if err := allowed(args); err != nil {
		return nil, err
	}
	cmd := g.command(ctx, dir, env, args)
	var out, diag bounded
	out.max, diag.max = MaxOutput, maxStderr
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &diag
	if err := cmd.Run(); err != nil {
		return nil, failure(ctx, args, err, diag.buf.Bytes())
	}
	if out.cut {
		return nil, &Error{Args: redactAll(args), Stderr: fmt.Sprintf("output of more than %d bytes", MaxOutput)}
	}
	return out.buf.Bytes(), nil
}

// Process is a running git. Its owner reads Stdout, then calls Wait once, or Close at any time.
type Process struct {
	Stdin  io.WriteCloser
	Stdout io.Reader

	stop context.CancelFunc
	cmd  *exec.Cmd
	fail func(error) error // names the command, and the context's end if that was the cause
	diag *bounded
	done bool
	err  error
}

// Start starts one command that reads, with pipes. The process is killed when ctx ends; Wait or Close must be called in any
// case.
func (r *Repo) Start(ctx context.Context, args ...string) (*Process, error) {
	if err := allowed(args); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	cmd := r.git.command(ctx, r.dir, r.env, args)
	p := &Process{stop: stop, cmd: cmd, diag: &bounded{max: maxStderr}}
	p.fail = func(err error) error { return failure(ctx, args, err, p.diag.buf.Bytes()) }
	cmd.Stderr = p.diag
	var err error
	if p.Stdin, err = cmd.StdinPipe(); err == nil {
		if p.Stdout, err = cmd.StdoutPipe(); err == nil {
			err = cmd.Start()
		}
	}
	if err != nil {
		stop()
		return nil, p.fail(err)
	}
	return p, nil
}

// Wait closes Stdin, reads what is left of Stdout, and joins the process. The error is an *Error if git failed.
func (p *Process) Wait() error {
	if p.done {
		return p.err
	}
	_ = p.Stdin.Close()
	_, _ = io.Copy(io.Discard, p.Stdout)
	return p.join()
}

// Close kills the process if it still runs, and joins it. After Wait it does nothing.
func (p *Process) Close() {
	if p.done {
		return
	}
	p.stop()
	_ = p.join()
}

func (p *Process) join() error {
	err := p.cmd.Wait()
	if err != nil {
		err = p.fail(err)
	}
	p.stop()
	p.done, p.err = true, err
	return err
}

func (g *Git) command(ctx context.Context, dir string, env, args []string) *exec.Cmd {
	full := args
	if dir != "" {
		full = append(disarmed(dir), args...)
	}
	cmd := exec.CommandContext(ctx, g.path, full...)
	cmd.Env = slices.Concat(g.environ, fixedEnv(), env)
	// Git looks for nothing in its directory once it is told the git directory, but a relative path in a configuration would
	// be resolved there.
	cmd.Dir = dir
	if dir == "" {
		cmd.Dir = filepath.Dir(g.path)
	}
	cmd.WaitDelay = joinDelay
	isolate(cmd)
	return cmd
}

// fixedEnv is the environment that every git gets, whatever the machine's says.
func fixedEnv() []string {
	return []string{
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_SYSTEM=" + os.DevNull,
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		// Versions before 2.32 do not know GIT_CONFIG_GLOBAL. HOME is set all the same: without it git dies of any path in a
		// configuration that starts with a tilde, and honest ones do.
		"HOME=" + os.DevNull,
		"XDG_CONFIG_HOME=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_ALLOW_PROTOCOL=none",
		"GIT_PROTOCOL_FROM_USER=0",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_GRAFT_FILE=" + os.DevNull,
		"GIT_LITERAL_PATHSPECS=1",
		// Outranks every core.gitProxy, of which the first, not the last, would win.
		"GIT_PROXY_COMMAND=",
		"GIT_ASKPASS=",
		"SSH_ASKPASS=",
		"GIT_EDITOR=:",
		"GIT_PAGER=cat",
		"GIT_FLUSH=0",
		"LC_ALL=C",
		"LANGUAGE=C",
	}
}

// disarmed are the options before the command.
func disarmed(dir string) []string {
	return append([]string{
		"--git-dir=" + dir,
		// Outranks core.worktree, which may name a folder that is gone (git dies of it) or one to read attributes from. The
		// git directory holds no work tree, and no command here wants one.
		"--work-tree=" + dir,
		"--no-replace-objects", "--literal-pathspecs", "--no-optional-locks", "--no-pager",
	}, settings()...)
}

// settings outrank what a repository configures.
func settings(more ...string) []string {
	none := os.DevNull
	var args []string
	for _, c := range append([]string{
		// Empty, not "false": before 2.36 the value is always the path of a program.
		"core.fsmonitor=",
		"core.hooksPath=" + none,
		"core.attributesFile=" + none,
		"core.excludesFile=" + none,
		"core.pager=cat",
		"core.editor=:",
		"core.askPass=",
		"core.sshCommand=false",
		"core.alternateRefsCommand=",
		"core.untrackedCache=false",
		"core.commitGraph=false",   // a graph can contradict the objects
		"core.multiPackIndex=true", // git's own default; a repository that turns it off only loses time
		"protocol.allow=never",
		"protocol.ext.allow=never",
		"protocol.file.allow=never",
		"protocol.git.allow=never",
		"protocol.http.allow=never",
		"protocol.https.allow=never",
		"protocol.ssh.allow=never",
		"credential.helper=",
		"diff.external=",
		"diff.ignoreSubmodules=none",
		"diff.renames=false",
		"submodule.recurse=false",
		"log.showSignature=false",
		"gpg.program=false",
		"gpg.ssh.program=false",
		"gpg.x509.program=false",
		"gc.auto=0",
		"maintenance.auto=false",
		"safe.bareRepository=explicit",
		"safe.directory=*",
		"core.quotePath=true",
	}, more...) {
		args = append(args, "-c", c)
	}
	return args
}

// machine keeps of the machine's environment what a process needs to start at all.
func machine(goos string, environ []string) []string {
	keep := []string{"PATH", "TMPDIR"}
	switch goos {
	case "windows":
		keep = []string{"PATH", "SystemRoot", "SystemDrive", "windir", "TEMP", "TMP"}
	case "darwin":
		// /usr/bin/git is a shim that asks xcode-select where the real one is.
		keep = append(keep, "DEVELOPER_DIR")
	}
	var out []string
	for _, name := range keep {
		if v := valueFor(goos, environ, name); v != "" {
			out = append(out, name+"="+v)
		}
	}
	return out
}

func value(environ []string, name string) string { return valueFor(runtime.GOOS, environ, name) }

// valueFor finds a variable; the last one counts, and Windows does not tell cases apart.
func valueFor(goos string, environ []string, name string) string {
	for _, kv := range slices.Backward(environ) {
		k, v, ok := strings.Cut(kv, "=")
		if ok && (k == name || goos == "windows" && strings.EqualFold(k, name)) {
			return v
		}
	}
	return ""
}

// lookUp finds git in the absolute entries of a PATH of goos. On Windows only git.exe counts: a batch file would be run by
// a shell that parses its arguments anew.
func lookUp(goos, path string, executable func(string) bool) (string, error) {
	list, sep, name := ":", "/", "git"
	if goos == "windows" {
		list, sep, name = ";", `\`, "git.exe"
	}
	for dir := range strings.SplitSeq(path, list) {
		dir = strings.Trim(dir, `"`)
		if !isAbs(goos, dir) {
			continue
		}
		file := strings.TrimRight(dir, `/`+sep) + sep + name
		if executable(file) {
			return file, nil
		}
	}
	return "", ErrNotFound
}

func isAbs(goos, dir string) bool {
	if goos != "windows" {
		return strings.HasPrefix(dir, "/")
	}
	if strings.HasPrefix(dir, `\\`) {
		return true
	}
	return len(dir) >= 3 && dir[1] == ':' && (dir[2] == '\\' || dir[2] == '/')
}

// parseVersion reads "git version 2.39.5 (Apple Git-154)" and its like.
func parseVersion(out string) (Version, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(out), "git version ")
	if !ok {
		return Version{}, fmt.Errorf("unexpected answer %q", clean(out))
	}
	word, _, _ := strings.Cut(rest, " ")
	var n [3]int
	for i, f := range strings.SplitN(word, ".", 4) {
		if i == len(n) {
			break
		}
		v, err := strconv.Atoi(strings.TrimRight(f, "-rcabdefghijklmnopqstuvwxyz+"))
		if err != nil {
			if i >= 2 {
				break
			}
			return Version{}, fmt.Errorf("unexpected answer %q", clean(out))
		}
		n[i] = v
	}
	if n[0] == 0 {
		return Version{}, fmt.Errorf("unexpected answer %q", clean(out))
	}
	return Version{n[0], n[1], n[2]}, nil
}

// bounded keeps the first max bytes it is given and lets the rest go.
type bounded struct {
	max int
	cut bool
	buf bytes.Buffer
}

func (b *bounded) Write(p []byte) (int, error) {
	n := len(p)
	if room := b.max - b.buf.Len(); n > room {
		p, b.cut = p[:room], true
	}
	b.buf.Write(p)
	return n, nil
}
