package git

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"sprawl/finding"
	"sprawl/internal/pack"
)

const (
	maxParents = 1 << 12 // of one commit; git itself makes no more than a few dozen
	maxWho     = 512     // bytes of an author
)

// commit is what a commit object says. Slices point into its bytes.
type commit struct {
	tree    pack.ID
	parents []pack.ID
	author  []byte // "Name <address>"
	when    int64  // committer's, seconds since 1970
	tags    []byte // headers named mergetag, unfolded
	message []byte
	line    int // lines before the message
}

// parseCommit reads a commit as far as it makes sense; whatever does not is left out.
func parseCommit(b []byte) commit {
	var c commit
	inTag := false
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		c.line++
		if len(line) == 0 {
			c.message = b
			break
		}
		if line[0] == ' ' {
			if inTag {
				c.tags = append(append(c.tags, line[1:]...), '\n')
			}
			continue
		}
		key, value, _ := bytes.Cut(line, []byte{' '})
		inTag = false
		switch string(key) {
		case "tree":
			c.tree, _ = pack.ParseID(string(value))
		case "parent":
			if id, err := pack.ParseID(string(value)); err == nil && len(c.parents) < maxParents {
				c.parents = append(c.parents, id)
			}
		case "author":
			c.author, _ = parseWho(value)
		case "committer":
			_, c.when = parseWho(value)
		case "mergetag":
			inTag = true
			c.tags = append(append(c.tags, value...), '\n')
		}
	}
	return c
}

// tag is what a tag object says.
type tag struct {
	object  pack.ID
	tagger  []byte
	when    int64
	name    string
	message []byte
}

func parseTag(b []byte) tag {
	var t tag
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		if len(line) == 0 {
			t.message = b
			break
		}
		key, value, _ := bytes.Cut(line, []byte{' '})
		switch string(key) {
		case "object":
			t.object, _ = pack.ParseID(string(value))
		case "tag":
			t.name = string(value[:min(len(value), maxWho)])
		case "tagger":
			t.tagger, t.when = parseWho(value)
		}
	}
	return t
}

// parseWho splits "Name <address> seconds zone".
func parseWho(line []byte) (who []byte, seconds int64) {
	end := bytes.LastIndexByte(line, '>')
	if end < 0 {
		return nil, 0
	}
	stamp, _, _ := bytes.Cut(bytes.TrimSpace(line[end+1:]), []byte{' '})
	n, err := strconv.ParseInt(string(stamp[:min(len(stamp), 20)]), 10, 64)
	const year9999 = 253402300799 // later times have no RFC 3339 form
	if err != nil || n < 0 || n > year9999 {
		n = 0
	}
	return line[:min(end+1, maxWho)], n
}

func change(id string, who []byte, when int64) *finding.Change {
	c := &finding.Change{Commit: id, Author: strings.ToValidUTF8(string(who), "\ufffd")}
	if when > 0 {
		c.When = time.Unix(when, 0).UTC()
	}
	return c
}

// Modes of tree entries.
const (
	modeTree    = 0o040000
	modeSymlink = 0o120000
	modeGitlink = 0o160000
)

// entry is one entry of a tree.
type entry struct {
	mode uint32
	name []byte // points into the tree
	id   pack.ID
}

// nextEntry takes one entry off a tree whose ids have size bytes; ok is false at its end and where it makes no sense, and
// then rest is not empty.
func nextEntry(tree []byte, size int) (e entry, rest []byte, ok bool) {
	sp := bytes.IndexByte(tree, ' ')
	if sp < 1 || sp > 6 {
		return entry{}, tree, false
	}
	for _, c := range tree[:sp] {
		if c < '0' || c > '7' {
			return entry{}, tree, false
		}
		e.mode = e.mode<<3 | uint32(c-'0')
	}
	name := tree[sp+1:]
	nul := bytes.IndexByte(name, 0)
	if nul < 1 || len(name) < nul+1+size {
		return entry{}, tree, false
	}
	e.name = name[:nul]
	id, err := pack.RawID(name[nul+1 : nul+1+size])
	if err != nil {
		return entry{}, tree, false
	}
	e.id = id
	return e, name[nul+1+size:], true
}

// lfsPrefix opens every pointer file: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md. Pointers are under 1024 bytes.
var lfsPrefix = []byte("version https://git-lfs.github.com/spec/v1\n")

// lfsPointer returns the object that a pointer file of Git LFS stands for.
func lfsPointer(b []byte) (oid string, size int64, ok bool) {
	if len(b) >= 1024 || !bytes.HasPrefix(b, lfsPrefix) {
		return "", 0, false
	}
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte{' '})
		switch string(key) {
		case "oid":
			sum, found := bytes.CutPrefix(value, []byte("sha256:"))
			if _, err := hex.DecodeString(string(sum)); found && err == nil {
				oid = string(sum)
			}
		case "size":
			size, _ = strconv.ParseInt(string(value), 10, 64)
		}
	}
	return oid, max(size, 0), oid != ""
}
