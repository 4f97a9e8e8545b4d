package gitexec

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Remote is a repository elsewhere, as List and Mirror reach it.
type Remote struct {
	// URL is one of https, http, ssh, git or file, or ssh's short form (git@host:path), without a password.
	URL string
	// Header is a line that requests over HTTP carry besides git's own ("Authorization: …"), to the URL's own host alone. It is
	// handed over in the environment: no command line and no file ever holds it.
	Header string
	// Environ is the user's environment, of which git is given its proxies, its certificate authorities and its ssh, and nothing
	// else: neither configuration nor credential helpers.
	Environ []string
}

// transports are the protocols of a Remote.
var transports = []string{"https", "http", "ssh", "git", "file"}

// reached lists what of the user's environment says how a remote is reached.
var reached = []string{
	"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO",
	"SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT",
}

// stalled is after how many seconds without a byte a transfer over HTTP is given up: git's server sends a sign of life every five.
const stalled = 120

// Init makes an empty bare repository in dir, an absolute path, from no template. format is "sha1" or "sha256".
func (g *Git) Init(ctx context.Context, dir, format string) error {
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("git directory %q is not an absolute path", dir)
	}
	args := []string{"init", "--quiet", "--bare", "--template=", "--initial-branch=main"}
	if !g.version.AtLeast(2, 28) {
		args = args[:len(args)-1]
	}
	if format != "sha1" {
		args = append(args, "--object-format="+format)
	}
	cmd := exec.CommandContext(ctx, g.path, append(args, "--", dir)...)
	// What reads mirrors reads refs from files on any version.
	cmd.Env = slices.Concat(g.environ, fixedEnv(), []string{"GIT_DEFAULT_REF_FORMAT=files"})
	cmd.Dir = filepath.Dir(g.path)
	return finish(ctx, cmd, nil, args)
}

// List lists a remote's refs whose names match one of the patterns, and its HEAD, one "ID TAB NAME" a line, the symbolic
// ref of HEAD first as "ref: NAME TAB HEAD" (git ls-remote --symref).
func (g *Git) List(ctx context.Context, r Remote, patterns ...string) ([]byte, error) {
	var out bounded
	out.max = MaxOutput
	args := append([]string{"ls-remote", "--quiet", "--symref", "--", r.URL}, patterns...)
	if err := g.contact(ctx, "", r, &out, nil, args); err != nil {
		return nil, err
	}
	if out.cut {
		return nil, &Error{Args: redactAll(args), Stderr: fmt.Sprintf("output of more than %d bytes", MaxOutput)}
	}
	return out.buf.Bytes(), nil
}

// Mirror makes the refs of r what the remote's are, for those that the refspecs name, and gets what they reach: new ones are made,
// others moved, those that are gone removed. The repository is one that Init made and nobody else writes to. Nothing is unpacked,
// repacked or checked out; its HEAD stays.
func (r *Repo) Mirror(ctx context.Context, from Remote, refspecs ...string) error {
	args := []string{"fetch", "--quiet", "--prune", "--no-tags", "--force", "--no-recurse-submodules", "--no-auto-gc"}
	if r.git.version.AtLeast(2, 29) {
		args = append(args, "--no-write-fetch-head")
	}
	args = append(append(args, "--", from.URL), refspecs...)
	return r.git.contact(ctx, r.dir, from, io.Discard, r.env, args)
}

// contact runs a command that talks to a remote, with its transport and no other.
func (g *Git) contact(ctx context.Context, dir string, r Remote, out io.Writer, env, args []string) error {
	u, err := r.parse()
	if err != nil {
		return err
	}
	where := []string{"--no-replace-objects", "--no-pager"}
	if dir != "" {
		where = append(where, "--git-dir="+dir)
	}
	cmd := exec.CommandContext(ctx, g.path, slices.Concat(where, settings(
		"core.logAllRefUpdates=false", "fetch.unpackLimit=1", "fetch.writeCommitGraph=false", "fetch.recurseSubmodules=false",
		"fetch.fsckObjects=false", "transfer.fsckObjects=false", "fetch.parallel=1", "protocol.version=2",
		// A header is meant for one host, and git sends it to the one a redirect leads to as well, once it has followed it.
		"http.followRedirects=false",
		"http.lowSpeedLimit=1", "http.lowSpeedTime="+strconv.Itoa(stalled),
	), args)...)
	cmd.Env = slices.Concat(g.environ, fixedEnv(), env, r.environ(u.Scheme), r.header(u))
	cmd.Dir = dir
	if dir == "" {
		cmd.Dir = filepath.Dir(g.path)
	}
	cmd.Stdout = out
	return finish(ctx, cmd, r.secrets(), args)
}

// parse is strict where git guesses: what begins with a dash, names a helper (ext::…) or holds a password is no URL.
func (r Remote) parse() (*url.URL, error) {
	u, err := url.Parse(r.URL)
	if host, _, ok := strings.Cut(r.URL, ":"); err != nil && ok && scp(host) {
		u, err = &url.URL{Scheme: "ssh"}, nil
	}
	if err != nil || !slices.Contains(transports, u.Scheme) {
		return nil, fmt.Errorf("fetch from %s: not a URL of https, http, ssh, git or file", clean(r.URL))
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("fetch from %s: a password is not passed in a URL", clean(r.URL))
	}
	return u, nil
}

// scp reports whether what stands before a colon is USER@HOST, neither of which could be taken for an option.
func scp(before string) bool {
	user, host, ok := strings.Cut(before, "@")
	return ok && user != "" && host != "" && user[0] != '-' && host[0] != '-' && !strings.ContainsAny(before, "/\\ ")
}

func (r Remote) environ(protocol string) []string {
	env := []string{"GIT_ALLOW_PROTOCOL=" + protocol}
	for _, name := range reached {
		if v := value(r.Environ, name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	if value(r.Environ, "GIT_SSL_CAINFO") == "" { // a git with GnuTLS does not read OpenSSL's variable
		if v := value(r.Environ, "SSL_CERT_FILE"); v != "" {
			env = append(env, "GIT_SSL_CAINFO="+v)
		}
	}
	if value(r.Environ, "GIT_SSH_COMMAND") == "" && value(r.Environ, "GIT_SSH") == "" {
		env = append(env, "GIT_SSH_COMMAND=ssh -o BatchMode=yes") // asks nothing of nobody
	}
	return env
}

// header is the configuration that carries the header. Versions before 2.31 do not know these variables and go without it.
func (r Remote) header(u *url.URL) []string {
	if r.Header == "" {
		return nil
	}
	return []string{
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=http." + u.Scheme + "://" + u.Host + "/.extraHeader", "GIT_CONFIG_VALUE_0=" + r.Header,
	}
}

// secrets are what a server could send back and no message may hold.
func (r Remote) secrets() []string {
	if r.Header == "" {
		return nil
	}
	fields := strings.Fields(r.Header)
	return []string{r.Header, fields[len(fields)-1]}
}

// finish runs a command. Its error holds none of the secrets.
func finish(ctx context.Context, cmd *exec.Cmd, secrets, args []string) error {
	cmd.WaitDelay = joinDelay
	isolate(cmd)
	diag := bounded{max: maxStderr}
	cmd.Stderr = &diag
	bind(cmd)
	runtime.LockOSThread() // Linux sends the signal when the thread ends that started the process
	err := cmd.Run()
	runtime.UnlockOSThread()
	if err == nil {
		return nil
	}
	said := diag.buf.Bytes()
	for _, s := range secrets {
		said = bytes.ReplaceAll(said, []byte(s), []byte("***"))
	}
	return failure(ctx, args, err, said)
}

// FileURL is the URL of a path on this machine, for a Remote.
func FileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // a drive
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
