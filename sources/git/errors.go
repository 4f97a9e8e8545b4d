package git

import (
	"errors"
	"strings"
)

// What New, Walk and Locate can fail with, wrapped in an *Error. None of them may be read as "clean".
var (
	ErrNotRepository = errors.New("not a git repository")
	ErrEmpty         = errors.New("has no commits; nothing to scan")
	ErrUnsupported   = errors.New("a repository format that cannot be read here")
	ErrNeedsGit      = errors.New("needs the git executable")
	ErrRevision      = errors.New("unknown revision")
	ErrSameRevision  = errors.New("base and head are the same commit")
	ErrEmptyRange    = errors.New("base already holds every commit of head")
	ErrNoCommon      = errors.New("base and head have no common history")
	ErrShallow       = errors.New("the clone is too shallow")
	ErrMissing       = errors.New("an object that the walk starts from is missing")
)

// Error says what could not be done with a repository and what to do next. It holds no content of the repository but names.
type Error struct {
	Target string // as the user named it
	What   string // a revision, a format; "" if there is nothing to add
	Next   string // what to do, a sentence without its full stop; "" if there is no advice
	Kind   error  // one of the errors above
	Err    error  // the cause, nil if Kind says it all
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Target + ": " + e.Kind.Error())
	if e.What != "" {
		b.WriteString(": " + e.What)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Next != "" {
		b.WriteString(" (" + e.Next + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
