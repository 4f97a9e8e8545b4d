package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"sprawl/finding"
)

// GitHub shows ten annotations of a level for each step (github.com/orgs/community/discussions/26680); what comes after them is
// lost without a word. So a report stays within that, worst first, and says what it left out.
const maxAnnotations = 10

// longestMessage is how many bytes of an annotation's text are written; GitHub shows 64 KB and nobody reads them.
const longestMessage = 2000

// githubReport writes workflow commands (docs.github.com, "Workflow commands for GitHub Actions"), by which a runner annotates
// lines: an error for each credential of severity critical or high, a warning for each other one and for all of the generic tier,
// a notice for each notice. One line belongs to one credential, at the place that matters most.
type githubReport struct {
	w       *bufio.Writer
	h       finding.Header
	levels  map[string][]string // commands by level, at most maxAnnotations each
	over    map[string]int      // how many more there were
	decided int
}

func newGitHub(w io.Writer, _ Options) Reporter {
	return &githubReport{w: bufio.NewWriter(w), levels: map[string][]string{}, over: map[string]int{}}
}

func (r *githubReport) Begin(h finding.Header) error {
	r.h = h
	return nil
}

func (r *githubReport) Item(it finding.Item) error {
	switch {
	case it.Credential != nil && it.Credential.Decision != nil:
		r.decided++
	case it.Credential != nil:
		r.credential(it.Credential)
	case it.Notice != nil:
		n := it.Notice
		var where *finding.Location
		if n.Where != nil && n.Where.Path != "" {
			where = n.Where
		}
		r.add("notice", command("notice", "sprawl: "+n.Kind, where, n.Span, n.Message))
	}
	return nil
}

func (r *githubReport) credential(c *finding.Credential) {
	level := "warning"
	if c.Severity.AtLeast(finding.SevHigh) && c.Tier != finding.TierGeneric {
		level = "error"
	}
	text := headline(c, r.h.AsOf)
	if c.Redacted != "" {
		text += ": " + c.Redacted
	}
	var where *finding.Location
	var at finding.Span
	if best := worst(c.Sightings, 1); len(best) > 0 {
		s := &c.Sightings[best[0]]
		switch {
		case s.Where.Path == "" || s.Where.Layer != nil:
			text += "\nPlace: " + placeWords(&s.Where, span(s))
		case len(s.Decode) > 0:
			where = &s.Where
			text += "\nPlace: " + placeWords(&s.Where, span(s)) + ", " + decodeWords(s.Decode)
			if s.Decode[0].Entry == "" { // else lines are the entry's
				at = span(s)
			}
		default:
			where, at = &s.Where, span(s)
		}
	}
	if n := len(c.Sightings); n > 1 {
		text += fmt.Sprintf("\nIn %d places.", n)
	}
	if c.Why != "" {
		text += "\nWhy: " + c.Why
	}
	for i, f := range c.Fix {
		if i == 2 {
			break
		}
		text += "\nFix: " + f
	}
	text += "\nMore: sprawl explain " + c.Kind
	title := fmt.Sprintf("%s %s %s", c.Severity, cmp.Or(c.Title, c.Kind), finding.ShortID(c.ID))
	r.add(level, command(level, title, where, at, text))
}

func (r *githubReport) add(level, text string) {
	if len(r.levels[level]) == maxAnnotations {
		r.over[level]++
		return
	}
	r.levels[level] = append(r.levels[level], text)
}

func (r *githubReport) End(s finding.Summary) error {
	if what, next := skipped(&s.Coverage, true); len(what) > 0 {
		text := "Not everything that was asked for was read: " + strings.Join(what, ", ")
		listed := 0
		for _, k := range s.Coverage.Skips {
			if k.Reason.Incomplete() && listed < 3 {
				listed++
				text += "\n" + skipWords(k)
			}
		}
		if next != "" {
			text += "\nNext: " + next
		}
		r.last("error", command("error", "sprawl: incomplete", nil, finding.Span{}, text))
	}
	if left := r.over["error"] + r.over["warning"]; left > 0 {
		text := fmt.Sprintf("%s more: GitHub shows ten annotations of a level for each step; the job summary and the SARIF file have them",
			count(int64(left), "credential", "credentials"))
		r.last("notice", command("notice", "sprawl: more credentials", nil, finding.Span{}, text))
	}
	for _, level := range []string{"error", "warning", "notice"} {
		for _, l := range r.levels[level] {
			_, _ = r.w.WriteString(l + "\n")
		}
	}
	// For whoever reads the log. It starts with a word, never with "::" or "##[".
	_, _ = fmt.Fprintf(r.w, "sprawl: %s in %s", count(int64(s.Credentials), "credential", "credentials"), count(int64(s.Places), "place", "places"))
	if r.decided > 0 {
		_, _ = fmt.Fprintf(r.w, ", %d more known or decided", r.decided)
	}
	_, _ = fmt.Fprintf(r.w, "; %s scanned\n", count(s.Coverage.Scanned, "object", "objects"))
	return r.w.Flush()
}

// last adds what must not be lost, in the place of the least of its level if there is no room.
func (r *githubReport) last(level, text string) {
	if l := r.levels[level]; len(l) == maxAnnotations {
		r.levels[level] = l[:maxAnnotations-1]
		r.over[level]++
	}
	r.levels[level] = append(r.levels[level], text)
}

// command is one workflow command. A runner ends a property at a comma or colon and the message at a line break, and decodes
// percent signs (actions/toolkit, packages/core/src/command.ts).
func command(level, title string, where *finding.Location, at finding.Span, text string) string {
	props := "title=" + property(cutEnd(Visible(title), 200))
	if where != nil {
		// Of these only the file may be missing from a command; lines count from 1.
		props = "file=" + property(Visible(where.Path)) + fmt.Sprintf(",line=%d,", max(at.Line, 1))
		if at.EndLine > at.Line && at.Line > 0 {
			props += fmt.Sprintf("endLine=%d,", at.EndLine)
		} else if at.Column > 0 && at.EndColumn > at.Column {
			props += fmt.Sprintf("col=%d,endColumn=%d,", at.Column, at.EndColumn)
		}
		props += "title=" + property(cutEnd(Visible(title), 200))
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = Visible(l)
	}
	text = strings.Join(lines, "\n")
	if len(text) > longestMessage {
		text = strings.ToValidUTF8(text[:longestMessage], "") + "…"
	}
	return "::" + level + " " + props + "::" + data(text)
}

func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// Plain is a text that Markdown and HTML show as it is, whatever a repository wrote into it: for comments made of a report.
func Plain(s string) string { return plain(s) }

// Code is a text as a code span of Markdown, whatever a repository wrote into it.
func Code(s string) string { return code(s) }
