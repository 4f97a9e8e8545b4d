package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"sprawl/internal/gitexec"
)

// ref is a ref with what it points to, symbolic ones resolved.
type ref struct {
	name string // in full
	id   string // hexadecimal
}

// tips is what points into a repository's objects: a snapshot taken when it was opened.
type tips struct {
	head    string // commit at HEAD, "" before the first
	branch  string // full name of the branch that HEAD is on, "" if it is detached
	refs    []ref  // without HEAD, sorted by name
	stash   []string
	shallow map[string]bool // commits whose parents the clone left out
	note    string          // how they were read, "" for the usual way
}

// readTips reads refs and HEAD, by go-git where it opens the repository, else by the git executable. The error is an *Error.
func readTips(ctx context.Context, target string, l layout, f format, exe *gitexec.Repo) (tips, error) {
	var t tips
	refused := goGitTips(l, f, &t)
	if refused != nil {
		if exe == nil {
			return tips{}, &Error{Target: target, Kind: ErrUnsupported, Err: refused,
				Next: "install git and put it in PATH: it reads what this program does not"}
		}
		t = tips{note: fmt.Sprintf("refs were read by git %s: %v", exe.Git().Version(), refused)}
		if err := execTips(ctx, exe, &t); err != nil {
			if ctx.Err() != nil {
				return tips{}, err
			}
			next := "run git fsck in it"
			if gitexec.Said(err, "extension") || gitexec.Said(err, "repo version") || gitexec.Said(err, "object format") {
				next = fmt.Sprintf("install a newer git than %s", exe.Git().Version())
			}
			return tips{}, &Error{Target: target, Kind: ErrUnsupported, Err: err, Next: next}
		}
	}
	slices.SortFunc(t.refs, func(a, b ref) int { return strings.Compare(a.name, b.name) })
	t.stash = readStash(filepath.Join(l.commonDir, "logs", "refs", "stash"))
	var err error
	if t.shallow, err = readShallow(filepath.Join(l.commonDir, "shallow")); err != nil {
		return tips{}, &Error{Target: target, Kind: ErrUnsupported, Err: err, Next: "run git fsck in it"}
	}
	return t, nil
}

// goGitTips fills t through go-git. The error says why go-git is not up to this repository.
func goGitTips(l layout, f format, t *tips) (err error) {
	switch {
	case f.refused != "":
		return fmt.Errorf("extension %s", f.refused)
	case f.sha256:
		return errors.New("object ids are SHA-256")
	case f.refs != "files":
		return fmt.Errorf("refs are kept as %s", f.refs)
	}
	// go-git prefers a .git below the folder it is given, here below the git directory itself.
	if _, err := os.Lstat(filepath.Join(l.gitDir, gogit.GitDirName)); err == nil {
		return errors.New("the git directory holds another")
	}
	// The parsers of go-git were not written for planted input.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("go-git: %v", p)
		}
	}()
	r, err := gogit.PlainOpenWithOptions(l.gitDir, &gogit.PlainOpenOptions{EnableDotGitCommonDir: true})
	if err != nil {
		return err
	}
	if err := goGitHead(r.Storer, t); err != nil {
		return err
	}
	all, err := r.Storer.IterReferences()
	if err != nil {
		return err
	}
	defer all.Close()
	return all.ForEach(func(x *plumbing.Reference) (err error) {
		name := x.Name().String()
		if !strings.HasPrefix(name, "refs/") {
			return nil
		}
		if x.Type() == plumbing.SymbolicReference {
			if x, err = storer.ResolveReference(r.Storer, x.Name()); err != nil || x == nil {
				return nil // it points to a ref that is gone, as origin/HEAD may after a rename
			}
		}
		if !x.Hash().IsZero() {
			t.refs = append(t.refs, ref{name, x.Hash().String()})
		}
		return nil
	})
}

func goGitHead(s storer.ReferenceStorer, t *tips) error {
	x, err := s.Reference(plumbing.HEAD)
	if err != nil {
		return fmt.Errorf("HEAD: %w", err)
	}
	if x.Type() == plumbing.HashReference {
		t.head = x.Hash().String()
		return nil
	}
	t.branch = x.Target().String()
	x, err = storer.ResolveReference(s, plumbing.HEAD)
	switch {
	case errors.Is(err, plumbing.ErrReferenceNotFound): // the branch is not born
		return nil
	case err != nil:
		return fmt.Errorf("HEAD: %w", err)
	}
	t.head = x.Hash().String()
	return nil
}

// execTips fills t through git itself.
func execTips(ctx context.Context, r *gitexec.Repo, t *tips) error {
	out, err := r.Run(ctx, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if isHex(id) && name != "" {
			t.refs = append(t.refs, ref{name, id})
		}
	}
	// Both exit with 1 and say nothing where HEAD is detached, or not born.
	var silent *gitexec.Error
	out, err = r.Run(ctx, "symbolic-ref", "--quiet", "HEAD")
	if err != nil && (!errors.As(err, &silent) || silent.Exit != 1) {
		return err
	}
	t.branch = strings.TrimSpace(string(out))
	out, err = r.Run(ctx, "rev-parse", "--verify", "--quiet", "HEAD")
	if err != nil && (!errors.As(err, &silent) || silent.Exit != 1) {
		return err
	}
	t.head = strings.TrimSpace(string(out))
	return nil
}

// readStash reads the log of refs/stash, where all stashes but the latest stand: newest first, as git numbers them. A log
// that cannot be read leaves them to be found as dangling.
func readStash(path string) []string {
	b, err := readFile(path, maxLog)
	if err != nil {
		return nil
	}
	var ids []string
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(line, " ", 3)
		if len(f) == 3 && isHex(f[1]) {
			ids = append(ids, f[1])
		}
	}
	slices.Reverse(ids)
	return ids
}

func readShallow(path string) (map[string]bool, error) {
	b, err := readFile(path, maxShallow)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); isHex(line) {
			ids[line] = true
		}
	}
	return ids, nil
}

// short is a ref's name as people use it.
func short(name string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if s, ok := strings.CutPrefix(name, prefix); ok {
			return s
		}
	}
	return strings.TrimPrefix(name, "refs/")
}
