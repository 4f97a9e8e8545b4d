// Package git is the source of git repositories: everything in the object store, what is staged, or what a range of commits
// brought in.
//
// It never writes to a repository, never reads a work tree, never runs anything a repository names and never contacts a
// remote. Refs, HEAD and configuration come from go-git where it opens the repository and from the git executable, disarmed
// by internal/gitexec, where it does not; objects come from internal/pack, or from git cat-file where a hook's environment
// has moved them.
//
// What is handed out, by Blob.ID:
//
//	HEX             a blob, wherever it stands; Locate tells, but for what is staged, which says so at once
//	commit:HEX      a commit's message
//	mergetag:HEX    the tags that a merge commit has taken over, as the commit holds them
//	tag:HEX         a tag's message
//	ref:NAME        the name of a ref, without refs/heads/ and the like
package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/gitexec"
	"sprawl/internal/pack"
	"sprawl/sources"
)

// Mode is what a Source walks.
type Mode uint8

// Modes.
const (
	Whole  Mode = iota // every object of the store, reachable or not, every message, every ref name
	Staged             // what the index in force holds and HEAD does not
	Range              // the objects and messages that came in with Base..Head
)

// Options of a Source. The zero value walks the whole history without a git executable.
type Options struct {
	Mode       Mode
	Base, Head string // revisions, for Range
	// Not are more revisions whose commits a Range leaves out, for a push: what a remote's branches hold. With it, or without
	// a Base, base and head need have nothing in common, and without both all that head reaches is new.
	Not []string

	// Git is the executable; nil means that there is none, or that it is not to be used. Staged needs it.
	Git *gitexec.Git
	// Env holds those of the process's variables that a hook is given (gitexec.Passed); others are ignored. Relative paths
	// are resolved against Dir.
	Env map[string]string
	// Dir is the directory that the process runs in, absolute; needed if the path or Env are relative.
	Dir string
	// MaxObject is how many bytes an object may have to be handed out whole; larger ones come in windows. 0 means 64 MiB;
	// less than 8 MiB counts as 8 MiB, since trees and commits have to fit.
	MaxObject int64
	// NoDelta leaves Blob.Delta nil.
	NoDelta bool
	// URL is where the repository was fetched from, without credentials: its name instead of the path, and its origin whatever its
	// configuration says. "" for one that stands for itself.
	URL string
}

// Source is one repository. Its refs are those of the moment New was called. Walk and Locate may be called any number of
// times, but not at the same time.
type Source struct {
	target string
	opts   Options
	layout layout
	format format
	tips   tips
	exe    *gitexec.Repo // nil without an executable
	moved  bool          // the environment says where objects are

	base, top pack.ID   // of a range; base is zero if there is none
	bases     []pack.ID // base, and what Options.Not names

	dangling []pack.ID                     // what Walk learnt: commits that neither a ref nor a commit points to
	walked   bool                          // dangling is filled
	staged   map[string][]finding.Location // by blob id
	ranged   *span                         // what the range holds, once computed
	since    *Seen                         // what Walk leaves out; nil if it is not to remember anything
	again    bool                          // since holds blobs alone: commits are walked whether or not they are new
	same     bool                          // nothing is new beside since: for the next Walk
	known    *pack.Set                     // of since, once a walk has asked
	seen     *Seen                         // by the last Walk, with what it left out
	heads    []heads                       // of the commits that the last Walk met, until places were looked for
	lookup   lookup
	led      *sources.Ledger // of the last Walk; Locate tells it what could not be followed
}

var (
	_ sources.Source  = (*Source)(nil)
	_ sources.Locator = (*Source)(nil)
)

// New opens the repository that path belongs to: a work tree or a folder in it, a git directory, a bare repository. The
// error is an *Error, or the context's.
func New(ctx context.Context, path string, o Options) (*Source, error) {
	s := &Source{target: cmp.Or(o.URL, slash(path, filepath.Separator)), opts: o}
	if s.opts.MaxObject <= 0 {
		s.opts.MaxObject = defaultMaxObject
	}
	s.opts.MaxObject = max(s.opts.MaxObject, minMaxObject)
	abs, err := s.absolute(path)
	if err != nil {
		return nil, s.fail(ErrNotRepository, "", "name it by an absolute path", err)
	}
	if s.layout, err = discover(abs); err != nil {
		if errors.Is(err, ErrNotRepository) {
			err = nil
		}
		return nil, s.fail(ErrNotRepository, "", "name a work tree, a .git folder or a bare repository; git init makes one", err)
	}
	config, err := readFile(filepath.Join(s.layout.commonDir, "config"), maxConfig)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.fail(ErrUnsupported, "", "make its configuration readable", err)
	}
	s.format = readFormat(config)
	if err := s.environment(); err != nil {
		return nil, err
	}
	if o.Mode == Staged && s.exe == nil {
		return nil, s.fail(ErrNeedsGit, "", "install git and put it in PATH: it alone knows which index a commit is made from", nil)
	}
	if s.moved && s.exe == nil {
		return nil, s.fail(ErrNeedsGit, "", "install git and put it in PATH: the environment keeps objects in a place of its own", nil)
	}
	if err := s.layout.special(); err != nil {
		return nil, s.fail(ErrUnsupported, "", "remove it: git makes no such files", err)
	}
	if s.tips, err = readTips(ctx, s.target, s.layout, s.format, s.exe); err != nil {
		return nil, err
	}
	if o.Mode == Range {
		if err := s.ends(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Source) fail(kind error, what, next string, err error) error {
	return &Error{Target: s.target, Kind: kind, What: what, Next: next, Err: err}
}

func (s *Source) absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if !filepath.IsAbs(s.opts.Dir) {
		return "", fmt.Errorf("%s is relative and it is not known to what", path)
	}
	return filepath.Join(s.opts.Dir, path), nil
}

// environment prepares the git executable with what a hook was given.
func (s *Source) environment() error {
	env := map[string]string{}
	for _, name := range gitexec.Passed() {
		v := s.opts.Env[name]
		if v == "" {
			continue
		}
		if name == "GIT_ALTERNATE_OBJECT_DIRECTORIES" {
			s.moved = true
			list := filepath.SplitList(v)
			for i, dir := range list {
				if !strings.HasPrefix(dir, `"`) && !filepath.IsAbs(dir) {
					list[i] = filepath.Join(s.opts.Dir, dir)
				}
			}
			env[name] = strings.Join(list, string(os.PathListSeparator))
			continue
		}
		abs, err := s.absolute(v)
		if err != nil {
			return s.fail(ErrUnsupported, name, "set it to an absolute path", err)
		}
		if name == "GIT_OBJECT_DIRECTORY" {
			if abs == filepath.Join(s.layout.commonDir, "objects") {
				continue
			}
			s.moved = true
		}
		env[name] = abs
	}
	if s.opts.Git == nil {
		return nil
	}
	var err error
	if s.exe, err = s.opts.Git.Repo(s.layout.gitDir, env); err != nil {
		return s.fail(ErrUnsupported, "", "", err)
	}
	return nil
}

// objects opens the object store.
func (s *Source) objects() (objects, error) {
	h := pack.SHA1
	if s.format.sha256 {
		h = pack.SHA256
	}
	if s.moved {
		// A clone made with a filter marks its packs, also where its configuration is gone.
		files, _ := os.ReadDir(filepath.Join(s.layout.commonDir, "objects", "pack"))
		marked := slices.ContainsFunc(files, func(f fs.DirEntry) bool { return strings.HasSuffix(f.Name(), ".promisor") })
		return &catFile{repo: s.exe, format: h, partial: s.format.promisor || marked,
			max: s.opts.MaxObject, window: defaultWindow, overlap: defaultOverlap}, nil
	}
	store, err := pack.Open(filepath.Join(s.layout.commonDir, "objects"), pack.Options{Hash: h, MaxObject: s.opts.MaxObject})
	if err != nil {
		return nil, s.fail(ErrUnsupported, "", "run git fsck in it", err)
	}
	return packed{store}, nil
}

// Name implements sources.Source.
func (s *Source) Name() string { return "git:" + s.target }

// WorkTree is the absolute path of the top of the work tree, "" for a bare repository.
func (s *Source) WorkTree() string { return s.layout.workTree }

// Walk implements sources.Source. A Blob's Delta, like its Bytes, is valid during visit only.
func (s *Source) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	workers = max(workers, 1)
	s.led = led
	switch s.opts.Mode {
	case Staged:
		return s.walkStaged(ctx, workers, led, visit)
	case Range:
		return s.walkRange(ctx, workers, led, visit)
	}
	return s.walkWhole(ctx, workers, led, visit)
}

// Store is the absolute path of the folder with the repository's objects and refs, by which it is known whatever its name or
// work tree.
func (s *Source) Store() string { return s.layout.commonDir }

// location is a place in this source.
func (s *Source) location(state finding.State) finding.Location {
	return finding.Location{Source: "git", Target: s.target, State: state}
}

// coverage is what is known of the target before a walk.
func (s *Source) coverage() finding.TargetCoverage {
	c := finding.TargetCoverage{Source: "git", Target: s.target, Tip: s.tips.head, Refs: len(s.tips.refs),
		Shallow: len(s.tips.shallow) > 0, Partial: s.format.promisor, Notes: []string{}}
	if s.tips.note != "" {
		c.Notes = append(c.Notes, s.tips.note)
	}
	return c
}

// File reads a file as a revision has it; the path is a slash path from the top of the tree. The error wraps
// fs.ErrNotExist if there is no such file, or no commit yet and rev is HEAD.
func (s *Source) File(ctx context.Context, rev, path string) ([]byte, error) {
	missing := fmt.Errorf("%s at %s: %w", path, rev, fs.ErrNotExist)
	if rev == "HEAD" && s.tips.head == "" {
		return nil, missing
	}
	id, err := s.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	b, err := s.file(ctx, id, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing
	}
	if err != nil {
		return nil, fmt.Errorf("%s at %s: %w", path, rev, err)
	}
	return b, nil
}

// fileAt descends from a commit to a blob.
func fileAt(r reader, size int, commitID pack.ID, path string) ([]byte, error) {
	c, err := readCommit(r, commitID)
	if err != nil {
		return nil, err
	}
	return fileIn(r, size, c.tree, path)
}

// fileIn descends from a tree to a blob.
func fileIn(r reader, size int, id pack.ID, path string) ([]byte, error) {
	parts := strings.Split(path, "/")
	for i, name := range parts {
		t, b, err := r.read(id, nil)
		if err != nil {
			return nil, err
		}
		if t != pack.Tree {
			return nil, fs.ErrNotExist
		}
		found := false
		for {
			e, rest, ok := nextEntry(b, size)
			if !ok {
				break
			}
			if string(e.name) == name {
				if last := i == len(parts)-1; last == (e.mode == modeTree) || e.mode == modeGitlink {
					return nil, fs.ErrNotExist
				}
				id, found = e.id, true
				break
			}
			b = rest
		}
		if !found {
			return nil, fs.ErrNotExist
		}
	}
	t, b, err := r.read(id, nil)
	if err == nil && t != pack.Blob {
		err = fs.ErrNotExist
	}
	return b, err
}

// readCommit reads a commit, through any tags that point to it.
func readCommit(r reader, id pack.ID) (commit, error) {
	_, c, err := peel(r, id)
	return c, err
}

// peel follows tags to a commit.
func peel(r reader, id pack.ID) (pack.ID, commit, error) {
	const deepest = 16 // tags of tags
	for range deepest {
		t, b, err := r.read(id, nil)
		if err != nil {
			return id, commit{}, err
		}
		switch t {
		case pack.Commit:
			return id, parseCommit(b), nil
		case pack.Tag:
			id = parseTag(b).object
		default:
			return id, commit{}, fmt.Errorf("object %s is a %s, not a commit", id, t)
		}
	}
	return id, commit{}, fmt.Errorf("object %s: a tag of a tag of a tag, without end", id)
}
