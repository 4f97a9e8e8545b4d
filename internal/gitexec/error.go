package gitexec

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Error says which git command failed and how. Neither field carries a secret: userinfo in a URL is removed.
type Error struct {
	Args   []string // the command and its arguments, without the options that disarm it
	Exit   int      // 0 if it did not end by itself
	Stderr string   // the line that says most, without control bytes
	Lines  []string // all that were kept of what it wrote, likewise
	Err    error    // what kept it from running or ended it, nil if it exited by itself
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("git " + strings.Join(e.Args, " "))
	if e.Stderr != "" {
		b.WriteString(": " + e.Stderr)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	} else if e.Stderr == "" {
		fmt.Fprintf(&b, ": exit status %d", e.Exit)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Said reports whether err is an Error whose message contains the text.
func Said(err error, text string) bool {
	var e *Error
	return errors.As(err, &e) && strings.Contains(e.Stderr, text)
}

func failure(ctx context.Context, args []string, err error, stderr []byte) error {
	e := &Error{Args: redactAll(args), Stderr: firstLine(stderr), Lines: lines(stderr)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		e.Err = context.Cause(ctx)
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		e.Exit = exit.ExitCode()
	default:
		e.Err = err
	}
	return e
}

// firstLine picks the first line that git marks as fatal, else as an error, else the first.
func firstLine(stderr []byte) string {
	lines := strings.Split(string(stderr), "\n")
	for _, prefix := range []string{"fatal: ", "error: ", ""} {
		for _, l := range lines {
			if l = strings.TrimSpace(l); l != "" && strings.HasPrefix(l, prefix) {
				return clean(strings.TrimPrefix(l, prefix))
			}
		}
	}
	return ""
}

func lines(stderr []byte) []string {
	var out []string
	for l := range strings.Lines(string(stderr)) {
		if l = clean(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

var userinfo = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@']*@`)

// clean makes a line of foreign text fit for a message: no userinfo, no control bytes, of bounded length.
func clean(s string) string {
	const max = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' {
			return '?'
		}
		return r
	}, strings.TrimSpace(s))
	s = userinfo.ReplaceAllString(s, "$1")
	if len(s) > max {
		s = strings.ToValidUTF8(s[:max], "") + "…"
	}
	return s
}

func redactAll(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = clean(a)
	}
	return out
}
