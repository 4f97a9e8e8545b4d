package gitexec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fetchTime is how long a fetch may take.
const fetchTime = 10 * time.Minute

// Fetch gets commits of a remote by their ids, with depth commits behind each of them, or with all of them if depth is 0 and
// the clone is shallow. It is the one command here that contacts anybody and writes to a repository, for callers that were
// asked to, in a checkout that its caller made: the remote, its address and how to log in come from the configuration of the
// repository and, through environ, of the user. Hooks, fsmonitor, submodules, automatic repacking and every transport but https,
// http, ssh, git and file stay off. FETCH_HEAD and refs are left as they are.
func (r *Repo) Fetch(ctx context.Context, environ []string, remote string, depth int, ids []string) error {
	if remote == "" || strings.HasPrefix(remote, "-") {
		return fmt.Errorf("fetch from %q: not the name of a remote", clean(remote))
	}
	for _, id := range ids {
		if len(id) != 40 && len(id) != 64 || strings.Trim(id, "0123456789abcdef") != "" {
			return fmt.Errorf("fetch %q: not an object id", clean(id))
		}
	}
	args := []string{"--git-dir=" + r.dir}
	for _, c := range []string{"core.hooksPath=" + os.DevNull, "core.fsmonitor=", "gc.auto=0", "maintenance.auto=false",
		"submodule.recurse=false", "fetch.recurseSubmodules=false", "protocol.ext.allow=never", "fetch.writeCommitGraph=false"} {
		args = append(args, "-c", c)
	}
	args = append(args, "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=")
	if depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(depth))
	} else {
		args = append(args, "--unshallow")
	}
	args = append(append(args, "--", remote), ids...)
	ctx, stop := context.WithTimeout(ctx, fetchTime)
	defer stop()
	cmd := exec.CommandContext(ctx, r.git.path, args...)
	// Later entries win.
	cmd.Env = slices.Concat(environ, []string{
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_ALLOW_PROTOCOL=https:http:ssh:git:file", "LC_ALL=C", "LANGUAGE=C",
	}, r.env)
	cmd.Dir = r.dir
	cmd.WaitDelay = joinDelay
	isolate(cmd)
	diag := bounded{max: maxStderr}
	cmd.Stderr = &diag
	if err := cmd.Run(); err != nil {
		var e *Error
		if err = failure(ctx, []string{"fetch", remote}, err, diag.buf.Bytes()); errors.As(err, &e) && len(e.Stderr) == 0 {
			e.Stderr = "no reason given"
		}
		return err
	}
	return nil
}
