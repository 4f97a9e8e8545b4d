package history

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The formats are those of Documentation/gitformat-pack and git's fsck.c; what git itself would refuse to write is read as
// far as it makes sense, because the repository is hostile input.

// entryKind is what a tree says an entry is.
type entryKind uint8

const (
	entryBlob entryKind = iota // a file or a symbolic link
	entryTree
	entryLink // a submodule's commit, which lies in another repository
)

// treeReader steps through a tree's content.
type treeReader struct {
	rest []byte
	size int // bytes of an id
}

// next returns the next entry; name and id point into the content. At the end ok is false and err nil.
func (r *treeReader) next() (kind entryKind, name, id []byte, ok bool, err error) {
	if len(r.rest) == 0 {
		return 0, nil, nil, false, nil
	}
	mode, i := 0, 0
	for ; i < len(r.rest) && i < 8; i++ {
		c := r.rest[i]
		if c < '0' || c > '7' {
			break
		}
		mode = mode<<3 | int(c-'0')
	}
	if i == 0 || i >= len(r.rest) || r.rest[i] != ' ' {
		return 0, nil, nil, false, fmt.Errorf("tree entry without a mode: %w", ErrMalformed)
	}
	rest := r.rest[i+1:]
	n := bytes.IndexByte(rest, 0)
	if n <= 0 || len(rest) < n+1+r.size {
		return 0, nil, nil, false, fmt.Errorf("tree entry without a name or an id: %w", ErrMalformed)
	}
	name, id, r.rest = rest[:n], rest[n+1:n+1+r.size], rest[n+1+r.size:]
	switch mode & 0o170000 {
	case 0o040000:
		kind = entryTree
	case 0o160000:
		kind = entryLink
	}
	return kind, name, id, true, nil
}

// commitData is what a commit's header holds.
type commitData struct {
	tree    ID
	parents []ID
	author  []byte // "Name <address>", points into the content; empty if the line is unreadable
	when    int64  // committer's, seconds since 1970
}

// maxSeconds is the last second of the year 9999, beyond which a time has no RFC 3339 form.
const maxSeconds = 253402300799

// maxIdent is how much of an author's name and address is kept.
const maxIdent = 512

// parseCommit reads the header. A missing or odd author or date is no error, a missing tree is.
func parseCommit(content []byte, size int) (commitData, error) {
	var c commitData
	hasTree := false
	for first := true; len(content) > 0; first = false {
		line, rest, _ := bytes.Cut(content, []byte{'\n'})
		content = rest
		if len(line) == 0 {
			break
		}
		key, value, _ := bytes.Cut(line, []byte{' '})
		switch string(key) {
		case "tree":
			id, ok := hexID(value, size)
			if !ok || !first {
				return c, fmt.Errorf("commit's tree line: %w", ErrMalformed)
			}
			c.tree, hasTree = id, true
		case "parent":
			id, ok := hexID(value, size)
			if !ok {
				return c, fmt.Errorf("commit's parent line: %w", ErrMalformed)
			}
			c.parents = append(c.parents, id)
		case "author":
			if c.author == nil {
				c.author, _ = parseIdent(value)
			}
		case "committer":
			_, c.when = parseIdent(value)
			content = nil // nothing further is wanted, and a signature may be long
		}
	}
	if !hasTree {
		return c, fmt.Errorf("commit without a tree: %w", ErrMalformed)
	}
	return c, nil
}

// parseIdent splits "Name <address> seconds zone". Names may hold anything, so it goes by the last '>'.
func parseIdent(line []byte) (who []byte, seconds int64) {
	end := bytes.LastIndexByte(line, '>')
	if end < 0 {
		return nil, 0
	}
	stamp, _, _ := strings.Cut(strings.TrimSpace(string(line[end+1:min(len(line), end+64)])), " ")
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil && n == 0 {
		return line[:end+1], 0
	}
	return line[:end+1], min(max(n, 0), maxSeconds)
}

// parseTag returns what a tag object points to.
func parseTag(content []byte, size int) (ID, error) {
	line, _, _ := bytes.Cut(content, []byte{'\n'})
	value, found := bytes.CutPrefix(line, []byte("object "))
	id, ok := hexID(value, size)
	if !found || !ok {
		return ID{}, fmt.Errorf("tag's object line: %w", ErrMalformed)
	}
	return id, nil
}

func hexID(b []byte, size int) (ID, bool) {
	var id ID
	if len(b) != 2*size {
		return id, false
	}
	_, err := hex.Decode(id[:], b)
	return id, err == nil
}

func utc(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
