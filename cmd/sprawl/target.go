package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/identity"
	"sprawl/sources"
	"sprawl/sources/files"
	"sprawl/sources/git"
	"sprawl/sources/image"
)

// target is one thing to scan.
type target struct {
	name   string // as reports name it
	source sources.Source
	root   string // the folder on disk that holds its policy, "" if none does
	// committed reads a file as the policy-giving commit has it, where that is not the working tree. It returns
	// fs.ErrNotExist where the commit has no such file.
	committed func(ctx context.Context, path string) ([]byte, error)
	// before is what stood where the change started; nil where the target is no change.
	before func(git.Part) sources.Source
	pushed bool // git asks about it: that it brings nothing new is no mistake
	// changes says what a change does to the rules it is judged by; nil where nobody asks.
	changes func(ctx context.Context, keys *identity.Keys) ([]finding.Notice, error)
	tips    []*tree // its configuration as it stands; none where it has no files of its own
}

// schemes of targets that later versions read; a path can still be written as ./list:x.
var planned = []string{"github", "list"}

func (a *app) openTargets(ctx context.Context, args []string, f scanFlags) ([]target, error) {
	if f.change() && len(args) > 1 {
		return nil, usage("name one repository", "--staged, --range and --pr scan one repository at a time")
	}
	seen := map[string]bool{}
	var out []target
	var images []*image.Source
	for _, arg := range args {
		if seen[arg] {
			continue
		}
		seen[arg] = true
		if scheme, rest := splitScheme(arg); slices.Contains(image.Schemes(), scheme) && !f.staged && f.span == "" {
			src, err := openImage(scheme, rest, f.image)
			if err != nil {
				return nil, err
			}
			images = append(images, src)
			continue
		}
		if scheme, rest := splitScheme(arg); scheme == "ci" && !f.change() {
			ts, err := a.openCI(ctx, rest, f)
			if err != nil {
				return nil, err
			}
			out = append(out, ts...)
			continue
		}
		t, err := a.openTarget(ctx, arg, len(args) == 1, f)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	if len(images) > 0 { // as one source, so that layers they share are read once
		src := image.Join(images[0], images[1:]...)
		out = append(out, target{name: src.Name(), source: src})
	}
	return out, nil
}

func (a *app) openTarget(ctx context.Context, arg string, only bool, f scanFlags) (target, error) {
	scheme, rest := splitScheme(arg)
	if f.change() && scheme != "git" && scheme != "" {
		return target{}, usage("name a repository", "--staged, --range and --pr need a git repository, not %s", arg)
	}
	switch {
	case arg == "-":
		return target{name: "-", source: files.Stdin(a.stdin)}, nil
	case scheme == "git":
		return a.openGit(ctx, rest, f)
	case scheme == "dir":
		return openDir(rest, f)
	case scheme != "":
		return target{}, usage("scan a git:, dir:, ci: or image: target, or standard input (-)", "%s: targets of this kind are not read yet", arg)
	}
	if _, err := os.Stat(arg); err != nil {
		return target{}, missing(arg, err)
	}
	if f.change() || git.Recognise(arg) {
		return a.openGit(ctx, arg, f)
	}
	if arg == "." && only && insideRepository(arg) {
		return a.openGit(ctx, arg, f)
	}
	return openDir(arg, f)
}

// splitScheme takes "git:PATH" apart. A single letter before the colon is a Windows drive.
func splitScheme(arg string) (scheme, rest string) {
	s, r, ok := strings.Cut(arg, ":")
	if !ok || len(s) < 2 {
		return "", arg
	}
	if s == "git" || s == "dir" || s == "ci" || slices.Contains(image.Schemes(), s) || slices.Contains(planned, s) {
		return s, r
	}
	return "", arg
}

func missing(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return usage("name a repository, a folder, a file, or - for standard input", "%s: %w", path, err)
}

// insideRepository reports whether a parent of path is the top of a work tree.
func insideRepository(path string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	for dir := filepath.Dir(abs); ; dir = filepath.Dir(dir) {
		if git.Recognise(dir) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

func openDir(path string, f scanFlags) (target, error) {
	st, err := os.Stat(path)
	if err != nil {
		return target{}, missing(path, err)
	}
	o := files.Options{Exclude: f.exclude, MaxFile: f.maxFile}
	t := target{name: "dir:" + filepath.ToSlash(path), source: files.Dir(path, o)}
	if st.IsDir() {
		t.root, t.tips = path, []*tree{dirTree(path, o)}
	}
	return t, nil
}

func (a *app) openGit(ctx context.Context, path string, f scanFlags) (target, error) {
	if path == "" {
		path = "."
	}
	if isRemote(path) {
		return a.openRemote(ctx, path, f)
	}
	if _, err := os.Stat(path); err != nil {
		return target{}, missing(path, err)
	}
	if f.pr {
		return a.openChange(ctx, path, f)
	}
	o, err := a.gitOptions(ctx, f)
	if err != nil {
		return target{}, err
	}
	policyRev := ""
	switch {
	case f.staged:
		o.Mode, policyRev = git.Staged, "HEAD"
	case f.span != "":
		base, head, ok := strings.Cut(f.span, "..")
		if !ok || base == "" || head == "" || strings.HasPrefix(head, ".") {
			return target{}, usage("write it as origin/main..HEAD", "--range %q is not BASE..HEAD", f.span)
		}
		o.Mode, o.Base, o.Head, policyRev = git.Range, base, head, base
	}
	return openSource(ctx, path, o, policyRev, f.branches)
}

// gitOptions are those of every git target.
func (a *app) gitOptions(ctx context.Context, f scanFlags) (git.Options, error) {
	exe, err := gitexec.Find(ctx, a.environ)
	if err != nil {
		a.log.Info("no git executable", "why", err)
		exe = nil
	}
	o := git.Options{Git: exe, Env: a.gitEnv(), MaxObject: f.maxFile}
	if o.Dir, err = os.Getwd(); err != nil {
		return o, incomplete("change to a folder that exists", "working directory: %w", err)
	}
	return o, nil
}

// openRange opens what head reaches and neither base nor any of not does; base may be empty. The policy is that of policyRev.
func (a *app) openRange(ctx context.Context, path, base, head string, not []string, policyRev string, f scanFlags) (target, error) {
	o, err := a.gitOptions(ctx, f)
	if err != nil {
		return target{}, err
	}
	o.Mode, o.Base, o.Head, o.Not = git.Range, base, head, not
	return openSource(ctx, path, o, policyRev, f.branches)
}

// openSource opens a repository. branches are those whose tips are configuration, none for the default one.
func openSource(ctx context.Context, path string, o git.Options, policyRev string, branches []string) (target, error) {
	src, err := git.New(ctx, path, o)
	if err != nil {
		return target{}, gitFailure(err)
	}
	t := sourceTarget(src, policyRev)
	if len(branches) > 0 {
		t.tips = nil
	}
	for _, b := range branches {
		t.tips = append(t.tips, gitTree(src, b))
	}
	return t, nil
}

func sourceTarget(src *git.Source, policyRev string) target {
	t := target{name: src.Name(), source: src, root: src.WorkTree(), tips: []*tree{gitTree(src, "")}}
	if policyRev != "" {
		if _, head := src.Ends(); head != "" { // its lines are those that a change brings
			t.tips = []*tree{gitTree(src, head)}
			t.tips[0].place.Refs = nil
			t.tips[0].read = gitTree(src, "").read // a change does not say who owns what it changes
		}
		t.committed = func(ctx context.Context, name string) ([]byte, error) { return src.File(ctx, policyRev, name) }
		t.before = src.Before
	}
	return t
}

// gitEnv is what a hook is given and git itself would read.
func (a *app) gitEnv() map[string]string {
	env := map[string]string{}
	for _, k := range gitexec.Passed() {
		if v := a.getenv(k); v != "" {
			env[k] = v
		}
	}
	return env
}

// withoutUserinfo drops what could be a password from a URL that is going to be printed.
func withoutUserinfo(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	return scheme + "://" + host + "/" + path
}

// gitFailure gives the typed errors of sources/git their exit code: a wrong question is usage, an unreadable repository is
// incomplete.
func gitFailure(err error) error {
	var e *git.Error
	if !errors.As(err, &e) {
		return err
	}
	next := e.Next
	short := *e
	short.Next = ""
	if errors.Is(err, git.ErrEmpty) {
		next = "sprawl init, and sprawl hook install to keep credentials out of the first commit"
	}
	switch {
	case errors.Is(err, git.ErrNotRepository), errors.Is(err, git.ErrRevision), errors.Is(err, git.ErrSameRevision),
		errors.Is(err, git.ErrEmptyRange), errors.Is(err, git.ErrNoCommon):
		return &failure{exitUsage, &short, next}
	}
	return &failure{exitIncomplete, &short, next}
}
