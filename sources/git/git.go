// Package git is the source of git repositories: everything in the object store, what is staged, or what a range of commits
// brought in.
//
// It never writes to a repository, never reads a work tree, never runs anything a repository names and never contacts a
// remote. Refs, HEAD and configuration come from go-git where it opens the repository and from the git executable, disarmed
// by internal/gitexec, where it does not; objects come from internal/pack, or from git cat-file where that cannot read the
// store.
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
	"context"
	"iter"

	"sprawl/internal/gitexec"
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

	// Git is the executable; nil means that there is none, or that it is not to be used. Staged needs it.
	Git *gitexec.Git
	// Env holds those of the process's variables that a hook is given (gitexec.Passed); others are ignored. Relative paths
	// are resolved against Dir.
	Env map[string]string
	// Dir is the directory that the process runs in, absolute; needed if Path or Env are relative.
	Dir string
	// MaxObject is how many bytes an object may have to be handed out whole; larger ones come in windows. 0 means 64 MiB.
	MaxObject int64
	// NoDelta leaves Blob.Delta nil.
	NoDelta bool
}

// Source is one repository.
type Source struct{ path string }

var (
	_ sources.Source  = (*Source)(nil)
	_ sources.Locator = (*Source)(nil)
)

// New opens the repository at path: a work tree or a folder in it, a git directory, a bare repository.
func New(ctx context.Context, path string, o Options) (*Source, error) {
	return &Source{path: path}, nil
}

// Recognise reports whether path is the top of a work tree, a git directory or a bare repository.
func Recognise(path string) bool { return false }

// Name implements sources.Source.
func (s *Source) Name() string { return "git:" + s.path }

// Walk implements sources.Source.
func (s *Source) Walk(ctx context.Context, workers int, led *sources.Ledger, visit func(worker int, b sources.Blob) error) error {
	return nil
}

// Locate implements sources.Locator.
func (s *Source) Locate(ctx context.Context, ids []string) iter.Seq2[sources.Located, error] {
	return func(func(sources.Located, error) bool) {}
}
