package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Remote is what a remote says of itself: its branches, tags and HEAD. The zero value says that nobody has asked.
type Remote struct {
	// URL is where it was found, without userinfo: another one than was asked for where the server redirected there.
	URL string
	// Print stands for all of its branches, tags and HEAD: the same as long as none is added, moved or removed.
	Print string
	Head  string // the full name of the branch that HEAD stands for, "" where it stands for none
	Refs  int    // branches and tags
	Empty bool   // neither of them
	// Format is that of its object ids, "sha1" or "sha256".
	Format string
}

// maxRefs bounds how many bytes of refs are read: some two million of them.
const maxRefs = 128 << 20

var errTooMany = errors.New("more refs than are read")

// formats are told apart by how many characters an id has.
var formats = map[int]string{40: "sha1", 64: "sha256"}

// refs gathers what a remote says.
type refs struct {
	lines []byte // "NAME ID\n" of every branch and tag
	last  int    // where the last line begins
	mixed bool   // not in order
	count int
	head  string // what HEAD stands for, or its id
	width int    // of an id
}

// add takes one ref. Names other than branches, tags and HEAD are passed over, and so are peeled ones.
func (r *refs) add(id, name []byte) error {
	if r.width == 0 {
		r.width = len(id)
	}
	if len(id) != r.width || formats[r.width] == "" || len(bytes.Trim(id, "0123456789abcdef")) > 0 {
		return errors.New("a line without an object id")
	}
	if string(name) == "HEAD" {
		if r.head == "" {
			r.head = string(id)
		}
		return nil
	}
	if !bytes.HasPrefix(name, []byte("refs/heads/")) && !bytes.HasPrefix(name, []byte("refs/tags/")) || bytes.HasSuffix(name, []byte("^{}")) {
		return nil
	}
	start := len(r.lines)
	r.lines = append(append(append(append(r.lines, name...), ' '), id...), '\n')
	if len(r.lines) > maxRefs {
		return errTooMany
	}
	if bytes.Compare(r.lines[r.last:start], r.lines[start:]) > 0 {
		r.mixed = true
	}
	r.last = start
	r.count++
	return nil
}

// remote is the sum of what was added.
func (r *refs) remote(url string) Remote {
	if r.mixed {
		lines := slices.SortedFunc(bytes.Lines(r.lines), bytes.Compare)
		r.lines = bytes.Join(lines, nil)
	}
	h := sha256.New()
	h.Write(r.lines)
	fmt.Fprintf(h, "HEAD %s\n", r.head)
	out := Remote{URL: url, Print: hex.EncodeToString(h.Sum(nil)), Refs: r.count, Empty: r.count == 0, Format: "sha1"}
	if r.width > 0 {
		out.Format = formats[r.width]
	}
	if branch(r.head) {
		out.Head = r.head
	}
	return out
}

// branch reports whether a name can be written into HEAD: git's rules (git check-ref-format), for what a server made up.
func branch(name string) bool {
	rest, ok := strings.CutPrefix(name, "refs/heads/")
	return ok && rest != "" && len(name) <= 1024 && !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`~^:?*[\`, r) }) &&
		!strings.Contains(name, "..") && !strings.Contains(name, "@{") && !strings.Contains(name, "//") && !strings.Contains(name, "/.") &&
		!strings.HasSuffix(name, ".lock") && !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, ".")
}

// listed reads the lines of git ls-remote --symref.
func (r *refs) listed(out []byte) error {
	for line := range bytes.Lines(out) {
		id, name, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("\t"))
		if !ok {
			return errors.New("a line without a name")
		}
		if symref, is := bytes.CutPrefix(id, []byte("ref: ")); is {
			if string(name) == "HEAD" {
				r.head = string(symref)
			}
			continue
		}
		if err := r.add(id, name); err != nil {
			return err
		}
	}
	return nil
}
