package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Visible is s with every character that a terminal or an editor acts on instead of showing it written out: control bytes
// and with them ANSI sequences, bidirectional controls, zero-width characters, line and paragraph separators, and bytes that
// are not UTF-8. "\x1b[31m" becomes `\x1b[31m`, U+202E becomes `\u{202e}`. Every text output passes what comes from a
// repository through it. The result is one line.
func Visible(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < utf8.RuneSelf && hidden(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case hidden(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// unseen is hidden, and U+FFFD too, which may stand for a broken byte.
func unseen(r rune) bool { return r == utf8.RuneError || hidden(r) }

// hidden reports whether a character is acted on rather than shown.
func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r < 0xad:
		return false
	case r == 0x2028, r == 0x2029:
		return true
	case r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0: // fillers: letters by class, blank on screen
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// columns is the number of terminal cells that visible text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

func cells(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// head and tail are the longest prefix and suffix that take no more than max cells.
func head(s string, max int) string {
	n := 0
	for i, r := range s {
		if n += cells(r); n > max {
			return s[:i]
		}
	}
	return s
}

func tail(s string, max int) string {
	n := 0
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if n += cells(r); n > max {
			return s[i:]
		}
		i -= size
	}
	return s
}

// cutEnd and cutMiddle shorten to max cells and show that they did. Paths are cut in the middle: their ends tell most.
func cutEnd(s string, max int) string {
	if columns(s) <= max {
		return s
	}
	return head(s, max-1) + "…"
}

func cutMiddle(s string, max int) string {
	if columns(s) <= max {
		return s
	}
	front := (max - 1) / 3
	return head(s, front) + "…" + tail(s, max-1-front)
}

// wrap breaks text at spaces into lines of at most max cells; a longer word stands alone on a line of its own length, so
// that what is to be copied stays whole.
func wrap(s string, max int) []string {
	var lines []string
	line, n := "", 0
	for _, w := range strings.Fields(s) {
		k := columns(w)
		if n > 0 && n+1+k > max {
			lines = append(lines, line)
			line, n = "", 0
		}
		if n > 0 {
			line, n = line+" ", n+1
		}
		line, n = line+w, n+k
	}
	if n > 0 || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
