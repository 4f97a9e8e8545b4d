package mirror

import (
	"fmt"
	"strings"
	"time"
)

// Kind is what keeps a remote from being read.
type Kind int

// Kinds.
const (
	NotFound Kind = iota + 1 // no such repository, or none that the credential may know of
	Denied                   // a credential is missing, wrong, or may not read it
	Limited                  // asked too often
	Network                  // no connection, one that broke, an answer that never came, a server in trouble
	Disk                     // no room on this machine, or no right to write
	Corrupt                  // what was sent, or what is kept, is no repository
	Refused                  // a URL or a redirect that is not followed
)

func (k Kind) String() string {
	names := [...]string{"", "not found", "no access", "asked too often", "network", "disk", "corrupt", "refused"}
	if k < 1 || int(k) >= len(names) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return names[k]
}

// Error says why a remote could not be read or kept. None of its fields carries a credential.
type Error struct {
	Kind   Kind
	URL    string        // without userinfo
	Detail string        // what the server, git or the file system said
	After  time.Duration // of Limited: how long the server wants to be left alone, 0 if it does not say
	Err    error         // what was behind it, nil if Detail says it all
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.URL, e.Kind)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.After > 0 {
		s += fmt.Sprintf(" (again in %s)", e.After)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Reason is the kind as a word of a few letters.
func (e *Error) Reason() string { return strings.ReplaceAll(e.Kind.String(), " ", "-") }
