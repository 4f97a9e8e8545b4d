package image

import (
	"path"
	"strings"
	"unicode/utf8"
)

// maxPath is how much of a path is kept.
const maxPath = 4096

// clean makes a text from an image fit to be shown: valid UTF-8 without control characters or overrides of direction, at most
// limit bytes.
func clean(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	if plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// cleanPath makes an entry's name a slash path without "..", a leading slash or control characters; "" is the root itself.
func cleanPath(name string) string {
	if name = clean(name, maxPath); name == "" {
		return ""
	}
	return path.Clean("/" + name)[1:]
}

// redactStep makes the line of a history fit to be shown beside what its layer holds: what ENV, ARG and build arguments set
// is starred out, and so is any long run of random characters, since nobody has judged this line. The line itself is scanned
// as a text of its own.
func redactStep(s string) string {
	s = clean(strings.ReplaceAll(s, "\t", " "), maxStep)
	words := strings.Split(s, " ")
	assigns := false // whether name=value sets a variable here: after ENV, ARG, LABEL, and the |N of a RUN
	args := 0
	for i, w := range words {
		switch {
		case w == "ENV" || w == "ARG" || w == "LABEL":
			assigns = true
		case len(w) > 1 && w[0] == '|' && strings.Trim(w[1:], "0123456789") == "":
			args = 1 << 10
		}
		name, value, ok := strings.Cut(w, "=")
		switch {
		case ok && name != "" && value != "" && (assigns || args > 0):
			words[i] = name + "=" + stars
		case ok && longRandom(value):
			words[i] = name + "=" + stars
		case longRandom(w):
			words[i] = stars
		}
		if args > 0 && strings.HasPrefix(w, "/") {
			args = 0 // the shell that the arguments are given to
		}
	}
	return strings.Join(words, " ")
}

const (
	maxStep = 400
	stars   = "***"
)

// longRandom reports whether a word holds a run that could be a key: 20 characters of base 64 or more with digits and letters,
// other than the digests that builders write.
func longRandom(w string) bool {
	for _, prefix := range []string{"file:", "dir:", "multi:", "sha256:"} {
		if i := strings.Index(w, prefix); i >= 0 {
			w = w[:i] + w[min(len(w), i+len(prefix)+64):]
		}
	}
	run, digit, letter := 0, false, false
	for i := range len(w) {
		c := w[i]
		switch {
		case c >= '0' && c <= '9':
			digit = true
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letter = true
		case c == '+' || c == '_' || c == '-' || c == '=':
		default:
			run, digit, letter = 0, false, false
			continue
		}
		if run++; run >= 20 && digit && letter {
			return true
		}
	}
	return false
}
