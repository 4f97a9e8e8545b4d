// Package history says where in a repository's history a few blobs stood: at which paths, since which commit, until which
// commit, and which refs hold them.
//
// It reads commits, trees and tags through Objects and nothing else: no file, no process, no network. It never sees a blob's
// bytes and never decides whether a blob is interesting; the caller does, and fills in Source and Target of what it gets.
//
// # How
//
// Every tree is parsed once. What is kept of it is its subtrees and the interesting blobs, each with its name. From that,
// bottom up, each tree gets its skeleton: the tree without everything that leads to no interesting blob. Equal skeletons are
// one, so that a commit which touches nothing of interest has the very skeleton of its parent, and the walk over the commits,
// parents first, costs only what changed among the interesting blobs.
package history

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ID is an object id: 20 or 32 bytes, the rest zero. One repository holds ids of one size only.
type ID [32]byte

// ParseID reads an object id written as 40 or 64 hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 40 && len(s) != 64 {
		return id, fmt.Errorf("object id of %d digits, want 40 or 64", len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("object id: %w", err)
	}
	return id, nil
}

// Hex writes the id of a repository whose ids have size bytes.
func (id ID) Hex(size int) string { return hex.EncodeToString(id[:size]) }

// Types of object, as git names them.
const (
	TypeCommit = "commit"
	TypeTree   = "tree"
	TypeTag    = "tag"
	TypeBlob   = "blob"
)

// Objects gives access to commits, trees and tags. Locate calls Read from one goroutine at a time and not while Trees runs.
type Objects interface {
	// Read returns an object's type and content. For a blob the content may be nil: it is not looked at. Content need be
	// valid only until the next call.
	Read(id ID) (typ string, content []byte, err error)
}

// TreeScanner is what Objects may implement besides: all trees in the order they are stored in, which costs a fraction of
// reading them one by one. visit may be called from several goroutines at a time; content is not kept. A tree that is not
// visited, or visited twice, does no harm: what is missing is asked for by Read. An error of visit is to be returned.
type TreeScanner interface {
	Trees(ctx context.Context, visit func(id ID, content []byte) error) error
}

// Kind says what a ref is.
type Kind uint8

// Kinds of ref.
const (
	Head   Kind = iota // HEAD itself
	Branch             // refs/heads/
	Remote             // refs/remotes/
	Other              // any other: refs/pull/, refs/merge-requests/, refs/changes/, …
	Tag                // refs/tags/
	Stash              // refs/stash, and each entry of its log
	Note               // refs/notes/
)

// KindOf tells a ref's kind by its full name.
func KindOf(name string) Kind {
	switch {
	case name == "HEAD":
		return Head
	case strings.HasPrefix(name, "refs/heads/"):
		return Branch
	case strings.HasPrefix(name, "refs/remotes/"):
		return Remote
	case strings.HasPrefix(name, "refs/tags/"):
		return Tag
	case name == "refs/stash", strings.HasPrefix(name, "stash@{"):
		return Stash
	case strings.HasPrefix(name, "refs/notes/"):
		return Note
	}
	return Other
}

// Ref is one ref, its symbolic ones resolved. ID is a commit, or a tag object, a tree or a blob.
type Ref struct {
	Name string // in full: "refs/heads/main", "HEAD", "stash@{1}"
	ID   ID
	Kind Kind
}

// Options say what to walk.
type Options struct {
	HashSize int    // bytes of an id: 20 or 32; 0 means 20
	Refs     []Ref  // in any order
	Loose    []ID   // further commits, tags or trees that no ref need reach: dangling ones, ends of reflogs
	Shallow  []ID   // commits whose parents are treated as absent
	Mailmap  []byte // content of .mailmap, nil if there is none

	// Barren, if not nil, reports of a tree that none of the blobs stands in it or below, and of a commit that the trees of it
	// and of all that it descends from are such: those are not read. It is called from several goroutines.
	Barren func(id ID) bool

	// Trouble hears of each object that could not be read or parsed, once, from one goroutine, in an order that depends on
	// the objects alone. It may be nil. Limits are told the same way, as an error that wraps ErrLimit; the id is zero where
	// no single object is to blame.
	Trouble func(id ID, err error)
}

// Errors that Trouble is told, wrapped.
var (
	ErrMalformed = errors.New("malformed object")
	ErrLimit     = errors.New("limit reached")
)

// MaxRefs is how many refs a location lists at most: branches before tags, each by name.
const MaxRefs = 20
