package pipeline

import (
	"strings"

	"sprawl/finding"
)

// Whose code a job runs, and whether it can be moved to other code.

// imageConsumer is an image as somebody's code.
func imageConsumer(ref string) finding.Consumer {
	name, digest, pinned := strings.Cut(ref, "@")
	c := finding.Consumer{Name: name, Pin: digest, Pinned: finding.No, Party: finding.PartyImage}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		c.Name = name[:i]
		if !pinned {
			c.Pin = name[i+1:]
		}
	}
	switch {
	case pinned && hash(digest):
		c.Pinned = finding.Yes
	case strings.ContainsAny(ref, "${"):
		c.Pinned = finding.Unknown
	}
	return c
}

// hash reports whether a version is a content hash of at least 160 bits.
func hash(v string) bool {
	if rest, ok := strings.CutPrefix(v, "sha256:"); ok {
		return len(rest) == 64 && allHex(rest)
	}
	return (len(v) == 40 || len(v) == 64) && allHex(v)
}

func allHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !digit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return s != ""
}
