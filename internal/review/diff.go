package review

import (
	"strconv"
	"strings"
)

// lines are the lines of a file's new content that a review comment can stand on: those that a patch adds or shows around what
// it changes (docs.github.com, "Create a review comment for a pull request").
type lines map[int]bool

// maxSpan is how many lines a comment may cover.
const maxSpan = 1000

// all reports whether a comment can cover these lines: all of them are shown, and thus in one hunk.
func (l lines) all(from, to int) bool {
	to = max(from, to)
	if from < 1 || to-from > maxSpan {
		return false
	}
	for n := from; n <= to; n++ {
		if !l[n] {
			return false
		}
	}
	return true
}

// patchLines reads the hunks of a unified diff without file headers, as GitHub gives it. What cannot be read ends it.
func patchLines(patch string) lines {
	out := lines{}
	at, left := 0, 0
	for l := range strings.Lines(patch) {
		switch {
		case strings.HasPrefix(l, "@@ "):
			if at, left = hunk(l); left == 0 && at == 0 {
				return out
			}
		case left <= 0, strings.HasPrefix(l, "-"), strings.HasPrefix(l, `\`):
		default:
			out[at] = true
			at++
			left--
		}
	}
	return out
}

// hunk reads the new side of "@@ -1,2 +3,4 @@".
func hunk(l string) (start, count int) {
	_, rest, ok := strings.Cut(l, " +")
	rest, _, ok2 := strings.Cut(rest, " ")
	if !ok || !ok2 {
		return 0, 0
	}
	from, n, several := strings.Cut(rest, ",")
	if !several {
		n = "1"
	}
	start, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0
	}
	if count, err = strconv.Atoi(n); err != nil {
		return 0, 0
	}
	return start, count
}
