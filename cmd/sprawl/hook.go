package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/wholefile"
	"sprawl/report"
	"sprawl/sources/git"
)

// hooks are those that can be installed; pre-receive is for servers, which install by hand.
var hooks = []string{"pre-commit", "pre-push"}

// hookMark is how an installed hook is told from others.
const hookMark = "# sprawl hook: "

// keptSuffix is behind the name of a hook that was there before.
const keptSuffix = ".before-sprawl"

func (a *app) hookCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hook",
		Short: "Run before a commit or a push, and install what does",
		Long: `Keep credentials out of commits and pushes. install writes plain git hooks; the recipes for pre-commit, lefthook and husky
call "sprawl hook run".`,
	}
	var only []string
	install := &cobra.Command{
		Use:   "install",
		Short: "Install the pre-commit and pre-push hooks of the repository here",
		Long: `Install the pre-commit and pre-push hooks of the repository here, in the folder that git takes hooks from (core.hooksPath, the
main repository's for a worktree). A hook that is there already is kept and runs first. Where a hook manager is in charge, nothing
is written and the line to add to its configuration is shown.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.hookInstall(c.Context(), only) },
	}
	install.Flags().StringSliceVar(&only, "hook", hooks, "which hooks")
	uninstall := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove what install wrote, and put back what was there before",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.hookUninstall(c.Context()) },
	}
	var f scanFlags
	run := &cobra.Command{
		Use:   "run pre-commit|pre-push|pre-receive",
		Short: "Do what the hook of that name does",
		Long: `Do what the hook of that name does; git calls it, and so does a hook manager.

  pre-commit   scan what is staged in the index that the commit is made from; the policy is HEAD's. Run by the pre-commit
               framework outside of a commit: what lies between --from-ref and --to-ref, else what HEAD holds
  pre-push     scan what the remote lacks of what is pushed (lines on standard input, as git writes them; or the PRE_COMMIT_*
               variables of the pre-commit framework); the policy is HEAD's
  pre-receive  on a server: scan what a push brings, in quarantine; the policy is that of the server's HEAD

It prints nothing where nothing is found, and to standard error where something is. What was there before is not new and stops nothing.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.hookRun(c.Context(), args, f) },
	}
	f.add(run)
	c.AddCommand(install, uninstall, run)
	return group(c)
}

// hookRun is what stands in every hook. Findings exit 1 and what could not be read exits 3: git stops at either.
func (a *app) hookRun(ctx context.Context, args []string, f scanFlags) error {
	a.quiet = true
	stopped, skip := "nothing was committed.", "git commit --no-verify"
	var targets []target
	var err error
	command, headOnly := "", false
	switch args[0] {
	case "pre-commit":
		var t target
		t, command, err = a.commitTarget(ctx, f)
		if err == nil {
			targets = []target{t}
		}
		headOnly = command == "scan"
	case "pre-push":
		stopped, skip, command = "nothing was pushed.", "git push --no-verify", "range"
		targets, err = a.pushTargets(ctx, args[1:], f)
	case "pre-receive":
		stopped, skip, command = "the push was refused.", "", "range"
		targets, err = a.receiveTargets(ctx, f)
	default:
		return usage("use one of pre-commit, pre-push, pre-receive", "unknown hook %q", args[0])
	}
	if err != nil || len(targets) == 0 {
		return err
	}
	r, err := a.checkRun(command, f)
	if err != nil {
		return err
	}
	r.targets = targets
	// One repository, however many refs: the first target's policy is everybody's.
	if r.policy, err = a.loadPolicy(ctx, targets[:1], f); err != nil {
		return err
	}
	fails, err := r.policy.fails("policy")
	if err != nil {
		return err
	}
	res, err := r.do(ctx)
	if err != nil {
		return err
	}
	if headOnly {
		res.found.Credentials = slices.DeleteFunc(res.found.Credentials, func(c finding.Credential) bool {
			return !slices.ContainsFunc(c.Sightings, func(s finding.Sighting) bool { return s.Where.State == finding.StateHead })
		})
	}
	sum := res.summarise("policy", fails)
	// Git shows what a hook of a commit writes to either stream; of a push it keeps standard output apart.
	a.stdout, a.stdoutTTY = a.stderr, a.stderrTTY
	o := report.Options{Width: 100, Color: a.colored()}
	if a.stderrTTY != nil && a.stderrTTY.width > 0 {
		o.Width = a.stderrTTY.width
	}
	err = a.write("", func(w io.Writer) error {
		return render(report.NewBrief(w, o, stopped, hookAdvice(args[0], skip)), res, sum)
	})
	if err != nil {
		return err
	}
	return verdict(sum, "fail")
}

// commitTarget is what a commit is about to add. The pre-commit framework is also run by hand and in CI, where nothing is staged
// and the hook would pass without having looked at anything: with --from-ref and --to-ref it is what lies between them, else
// (--all-files) what HEAD holds.
func (a *app) commitTarget(ctx context.Context, f scanFlags) (t target, command string, err error) {
	dir := a.hookDir()
	if from, to := a.getenv("PRE_COMMIT_FROM_REF"), a.getenv("PRE_COMMIT_TO_REF"); from != "" && to != "" {
		t, err = a.openRange(ctx, dir, from, to, nil, from, f)
		t.pushed = true
		return t, "range", err
	}
	// Git names the index to every hook that it calls for a commit.
	if a.getenv("PRE_COMMIT") == "1" && a.getenv("GIT_INDEX_FILE") == "" {
		repo, err := a.gitRepo(ctx, dir)
		if err != nil {
			return t, "", err
		}
		if _, err := repo.Run(ctx, "rev-parse", "--verify", "--quiet", "HEAD"); err == nil {
			if _, err := repo.Run(ctx, "diff-index", "--cached", "--quiet", "HEAD", "--"); err == nil {
				t, err = a.openRange(ctx, dir, "", "HEAD", nil, "HEAD", f)
				return t, "scan", err
			}
		}
	}
	f.staged = true
	t, err = a.openGit(ctx, dir, f)
	return t, "staged", err
}

// hookAdvice is what to do about what stopped a commit or a push.
func hookAdvice(hook, skip string) []string {
	move := "move it     into the environment or a secret store, read it from there, and git add the file again"
	if hook != "pre-commit" {
		move = "replace it  and take it out of the commits (git rebase -i); if anybody has seen them, revoke it as well"
	}
	out := []string{move, "accept it   if it is no secret: sprawl:allow WHY in a comment on its line, or above it"}
	if skip != "" {
		out = append(out, "skip once   "+skip+"; what scans the branch later will see it still")
	}
	return out
}

// hookDir is the repository that a hook runs for: the folder here, unless the environment names a git directory that it does
// not belong to (git --git-dir, pre-receive).
func (a *app) hookDir() string {
	dir := a.getenv("GIT_DIR")
	if dir == "" || dir == "." {
		return "."
	}
	if _, err := os.Lstat(".git"); err == nil {
		return "."
	}
	return dir
}

// update is one ref of a push.
type update struct{ ref, old, new string }

// readUpdates reads what git writes to a hook: four words a line for pre-push, three for pre-receive.
func readUpdates(in io.Reader, words int) ([]update, error) {
	var out []update
	s := bufio.NewScanner(in)
	for s.Scan() {
		w := strings.Fields(s.Text())
		if len(w) == 0 {
			continue
		}
		if len(w) != words {
			return nil, usage("let git call it", "standard input: a line of %d words, not %d", len(w), words)
		}
		u := update{ref: w[2], old: w[0], new: w[1]}
		if words == 4 {
			u = update{ref: w[2], old: w[3], new: w[1]}
		}
		if !hexID(u.old) || !hexID(u.new) {
			return nil, usage("let git call it", "standard input: a line without object ids")
		}
		out = append(out, u)
	}
	if err := s.Err(); err != nil {
		return nil, incomplete("", "read the refs of the push: %w", err)
	}
	return out, nil
}

func hexID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func none(id string) bool { return strings.Trim(id, "0") == "" }

// pushTargets are the ranges that a push would bring to a remote: what each ref reaches and neither the remote's ref nor any of
// its branches that were fetched does.
func (a *app) pushTargets(ctx context.Context, args []string, f scanFlags) ([]target, error) {
	remote := ""
	if len(args) > 0 {
		remote = args[0]
	}
	var updates []update
	if branch := a.getenv("PRE_COMMIT_LOCAL_BRANCH"); branch != "" {
		// The framework has read standard input and tells of one ref.
		remote = a.getenv("PRE_COMMIT_REMOTE_NAME")
		updates = []update{{ref: a.getenv("PRE_COMMIT_REMOTE_BRANCH"), old: a.getenv("PRE_COMMIT_FROM_REF"), new: cmp.Or(a.getenv("PRE_COMMIT_TO_REF"), branch)}}
	} else {
		var err error
		if updates, err = readUpdates(a.stdin, 4); err != nil {
			return nil, err
		}
	}
	dir := a.hookDir()
	repo, err := a.gitRepo(ctx, dir)
	if err != nil {
		return nil, err
	}
	theirs, err := refIDs(ctx, repo, "refs/remotes/"+remote+"/")
	if err != nil {
		return nil, err
	}
	return a.ranges(ctx, repo, dir, updates, theirs, f)
}

// receiveTargets are the ranges that a push has brought into quarantine: what no ref of the server reaches.
func (a *app) receiveTargets(ctx context.Context, f scanFlags) ([]target, error) {
	updates, err := readUpdates(a.stdin, 3)
	if err != nil {
		return nil, err
	}
	dir := a.hookDir()
	repo, err := a.gitRepo(ctx, dir)
	if err != nil {
		return nil, err
	}
	ours, err := refIDs(ctx, repo, "refs/")
	if err != nil {
		return nil, err
	}
	return a.ranges(ctx, repo, dir, updates, ours, f)
}

// ranges opens a target for each ref that brings something new.
func (a *app) ranges(ctx context.Context, repo *gitexec.Repo, dir string, updates []update, have []string, f scanFlags) ([]target, error) {
	var out []target
	seen := map[string]bool{}
	for _, u := range updates {
		if none(u.new) || seen[u.new] {
			continue // a deletion, or the same commits under another name
		}
		seen[u.new] = true
		not := slices.Clone(have)
		if u.old != "" && !none(u.old) && isCommit(ctx, repo, u.old) {
			not = append(not, u.old)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if slices.Contains(not, u.new) {
			continue
		}
		t, err := a.openRange(ctx, dir, "", u.new, not, "HEAD", f)
		if err != nil {
			return nil, err
		}
		t.pushed = true
		out = append(out, t)
	}
	return out, nil
}

func isCommit(ctx context.Context, repo *gitexec.Repo, id string) bool {
	_, err := repo.Run(ctx, "rev-parse", "--verify", "--quiet", id+"^{commit}")
	return err == nil
}

// refIDs lists the commits that refs below a prefix point to, each once.
func refIDs(ctx context.Context, repo *gitexec.Repo, prefix string) ([]string, error) {
	out, err := repo.Run(ctx, "for-each-ref", "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname)", prefix)
	if err != nil {
		return nil, incomplete("run git for-each-ref there", "list the refs that are there already: %w", err)
	}
	var ids []string
	for l := range strings.Lines(string(out)) {
		w := strings.Fields(l)
		for i := 0; i+1 < len(w); i += 2 {
			if w[i] == "commit" {
				ids = append(ids, w[i+1])
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// gitRepo is the repository at dir for questions to git itself.
func (a *app) gitRepo(ctx context.Context, dir string) (*gitexec.Repo, error) {
	exe, err := gitexec.Find(ctx, a.environ)
	if err != nil {
		return nil, incomplete("install git and put it in PATH", "%w", err)
	}
	gitDir, _, err := git.Folders(dir)
	if err != nil {
		return nil, usage("change to a repository", "%w", err)
	}
	env := a.gitEnv()
	for k, v := range env {
		if !filepath.IsAbs(v) && k != "GIT_ALTERNATE_OBJECT_DIRECTORIES" {
			if env[k], err = filepath.Abs(v); err != nil {
				return nil, incomplete("", "working directory: %w", err)
			}
		}
	}
	repo, err := exe.Repo(gitDir, env)
	if err != nil {
		return nil, incomplete("", "%w", err)
	}
	return repo, nil
}

// place is where git takes hooks from.
type place struct {
	dir    string // absolute
	shared bool   // outside this repository: other repositories use it too
	how    string // what says so
}

// hookPlace asks every configuration that git itself would read, from the narrowest to the widest, for core.hooksPath.
func (a *app) hookPlace(ctx context.Context) (place, error) {
	repo, err := a.gitRepo(ctx, ".")
	if err != nil {
		return place{}, err
	}
	gitDir, commonDir, err := git.Folders(".")
	if err != nil {
		return place{}, usage("change to a repository", "%w", err)
	}
	src, err := git.New(ctx, ".", git.Options{Git: repo.Git(), Dir: mustGetwd()})
	if err != nil {
		return place{}, gitFailure(err)
	}
	top := cmp.Or(src.WorkTree(), gitDir)
	files := []string{filepath.Join(gitDir, "config.worktree"), filepath.Join(commonDir, "config")}
	home := a.getenv("HOME")
	if global := a.getenv("GIT_CONFIG_GLOBAL"); global != "" {
		files = append(files, global)
	} else if home != "" {
		files = append(files, filepath.Join(home, ".gitconfig"), filepath.Join(cmp.Or(a.getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "git", "config"))
	}
	if a.getenv("GIT_CONFIG_NOSYSTEM") == "" {
		files = append(files, "/etc/gitconfig")
	}
	for _, file := range files {
		if st, err := os.Stat(file); err != nil || !st.Mode().IsRegular() {
			continue
		}
		out, err := repo.Run(ctx, "config", "--file", file, "--includes", "--get", "core.hooksPath")
		dir := strings.TrimRight(string(out), "\n")
		if err != nil || dir == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(dir, "~/"); ok && home != "" {
			dir = filepath.Join(home, rest)
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(top, dir)
		}
		dir = filepath.Clean(dir)
		return place{dir, !within(dir, top) && !within(dir, commonDir), "core.hooksPath in " + file}, nil
	}
	return place{dir: filepath.Join(commonDir, "hooks"), how: "git's own default"}, nil
}

func mustGetwd() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return dir
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// manager names the hook manager that wrote a hook, and what to write into its configuration instead.
func manager(dir, content string) (name, instead string) {
	husky := filepath.Base(dir) == ".husky" || filepath.Base(filepath.Dir(dir)) == ".husky"
	switch {
	case husky:
		return "husky", `add the line  sprawl hook run %[1]s "$@"  to .husky/%[1]s`
	case strings.Contains(content, "lefthook"):
		return "lefthook", "add to lefthook.yml under %[1]s: a command sprawl with  run: sprawl hook run %[1]s {0}  (docs/pre-commit.md)"
	case strings.Contains(content, "pre-commit.com"):
		return "pre-commit", "add the hook id sprawl to .pre-commit-config.yaml (docs/pre-commit.md)"
	}
	return "", ""
}

func (a *app) hookInstall(ctx context.Context, names []string) error {
	for _, n := range names {
		if !slices.Contains(hooks, n) {
			return usage("use pre-commit or pre-push", "no hook %q to install", n)
		}
	}
	p, err := a.hookPlace(ctx)
	if err != nil {
		return err
	}
	if p.shared {
		return usage(`add the line  sprawl hook run pre-commit "$@"  to the hook there, if it is yours`,
			"%s (%s) serves other repositories too: nothing was installed", p.dir, p.how)
	}
	self, err := os.Executable()
	if err != nil {
		return incomplete("", "find this program: %w", err)
	}
	// Everything is checked before anything is written.
	old := map[string]string{}
	for _, n := range names {
		path := filepath.Join(p.dir, n)
		content, err := os.ReadFile(path) //nolint:gosec // a hook of the repository that the operator stands in
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return incomplete("make it readable", "look at the hook that is there: %w", err)
		}
		old[n] = string(content)
		if who, instead := manager(p.dir, old[n]); who != "" {
			return usage(fmt.Sprintf(instead, n), "%s looks after the hooks here (%s): nothing was installed", who, path)
		}
		if old[n] != "" && !strings.Contains(old[n], hookMark) {
			if _, err := os.Lstat(path + keptSuffix); err == nil {
				return usage("remove the one that is not needed", "both %s and %s are there: nothing was installed", path, path+keptSuffix)
			}
		}
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil { //nolint:gosec // as git makes it
		return incomplete("check that you can write there", "make the folder of hooks: %w", err)
	}
	for _, n := range names {
		path := filepath.Join(p.dir, n)
		did := "installed"
		switch {
		case strings.Contains(old[n], hookMark):
			did = "renewed"
		case old[n] != "":
			if err := os.Rename(path, path+keptSuffix); err != nil {
				return incomplete("check that you can write there", "keep the hook that was there: %w", err)
			}
			did = "installed; the hook that was there runs first, as " + n + keptSuffix
		}
		if err := writeHook(path, hookScript(n, self)); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(a.stdout, "%s: %s\n", filepath.ToSlash(path), did)
	}
	_, _ = fmt.Fprintf(a.stdout, "next: commit as ever; sprawl hook uninstall takes it back\n")
	return nil
}

func writeHook(path, script string) error {
	err := wholefile.Write(path, 0o755, func(w io.Writer) error {
		_, err := io.WriteString(w, script)
		return err
	})
	if err == nil {
		err = os.Chmod(path, 0o755) //nolint:gosec // a hook is a program
	}
	if err != nil {
		return incomplete("check that you can write there", "write the hook: %w", err)
	}
	return nil
}

// hookScript runs the hook that was there before, then this program: the one that installed it, else one in PATH. Without
// either it stops the commit and says so, for a gate that is not there is no gate.
func hookScript(name, self string) string {
	quoted := "'" + strings.ReplaceAll(filepath.ToSlash(self), "'", `'\''`) + "'"
	script := "#!/bin/sh\n" + hookMark + "sprawl hook uninstall removes this and puts back what was here before.\n" +
		"before=\"${0%/*}/" + name + keptSuffix + "\"\n" +
		"sprawl=" + quoted + "\n" +
		"if [ ! -x \"$sprawl\" ]; then\n" +
		"\tsprawl=$(command -v sprawl) || {\n" +
		"\t\techo \"sprawl is no longer at " + strings.NewReplacer(`"`, "", "`", "", "$", "", `\`, "/").Replace(filepath.ToSlash(self)) + " nor in PATH: install it, or remove ${0} \" >&2\n" +
		"\t\texit 1\n\t}\nfi\n"
	if name == "pre-push" { // both read standard input
		return script + "refs=$(cat)\n" +
			"if [ -x \"$before\" ]; then printf '%s\\n' \"$refs\" | \"$before\" \"$@\" || exit $?; fi\n" +
			"printf '%s\\n' \"$refs\" | \"$sprawl\" hook run " + name + " \"$@\"\n"
	}
	return script + "if [ -x \"$before\" ]; then \"$before\" \"$@\" || exit $?; fi\n" +
		"exec \"$sprawl\" hook run " + name + " \"$@\"\n"
}

func (a *app) hookUninstall(ctx context.Context) error {
	p, err := a.hookPlace(ctx)
	if err != nil {
		return err
	}
	removed := 0
	for _, n := range hooks {
		path := filepath.Join(p.dir, n)
		content, err := os.ReadFile(path) //nolint:gosec // a hook of the repository that the operator stands in
		if err != nil || !strings.Contains(string(content), hookMark) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return incomplete("check that you can write there", "remove the hook: %w", err)
		}
		removed++
		did := "removed"
		if _, err := os.Lstat(path + keptSuffix); err == nil {
			if err := os.Rename(path+keptSuffix, path); err != nil {
				return incomplete("rename it by hand", "put back the hook that was there: %w", err)
			}
			did = "removed; what was there before is back"
		}
		_, _ = fmt.Fprintf(a.stdout, "%s: %s\n", filepath.ToSlash(path), did)
	}
	if removed == 0 {
		_, _ = fmt.Fprintf(a.stdout, "no hook of sprawl in %s\n", filepath.ToSlash(p.dir))
	}
	return nil
}
