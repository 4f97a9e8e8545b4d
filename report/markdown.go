package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"sprawl/finding"
)

// What a job summary takes: 1 MiB (https://docs.github.com/actions/reference/workflow-commands-for-github-actions). Room for the
// end, which says what was cut, is kept apart.
const (
	markdownLimit = 1 << 20
	markdownEnd   = 96 << 10
	markdownFull  = 10 // credentials with a part of their own
	markdownNames = 15
)

// markdownReport is for job summaries and tickets. Summary and ledger stand at the top, where a reader begins, so that the rest
// waits in memory until the end: no more than the limit of it.
type markdownReport struct {
	w     io.Writer
	h     finding.Header
	o     *overview
	parts bytes.Buffer // the worst, in full
	table bytes.Buffer // the others, a row each
	full  int
	left  int // credentials that no longer fit

	earlier *Earlier
}

func newMarkdown(w io.Writer, o Options) Reporter { return &markdownReport{w: w, earlier: o.Earlier} }

func (r *markdownReport) Begin(h finding.Header) error {
	r.h, r.o = h, newOverview(h, r.earlier)
	return nil
}

func (r *markdownReport) Item(it finding.Item) error {
	r.o.add(it)
	c := it.Credential
	if c == nil || c.Decision != nil {
		return nil
	}
	var b bytes.Buffer
	to := &r.parts
	if r.full < markdownFull {
		r.full++
		r.part(&b, c)
	} else {
		to = &r.table
		place := ""
		if at := worst(c.Sightings, 1); len(at) > 0 {
			place = cutMiddle(Visible(fullPlace(&c.Sightings[at[0]])), 160)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %s |\n", code(finding.ShortID(c.ID)), c.Severity, code(c.Kind), code(place), len(c.Sightings), plain(cmp.Or(c.Owner.Name, "nobody")))
	}
	if r.left > 0 || r.parts.Len()+r.table.Len()+b.Len() > markdownLimit-markdownEnd {
		r.left++
		return nil
	}
	to.Write(b.Bytes())
	return nil
}

func (r *markdownReport) part(b *bytes.Buffer, c *finding.Credential) {
	fmt.Fprintf(b, "### %s: %s, %s\n\n", c.Severity, plain(headline(c, r.o.asOf)), code(finding.ShortID(c.ID)))
	at := worst(c.Sightings, placesListed)
	for _, i := range at {
		s := &c.Sightings[i]
		fmt.Fprintf(b, "- %s, %s", code(cutMiddle(Visible(fullPlace(s)), longestPath)), plain(stateWords(&s.Where)))
		if a := s.Where.Added; a != nil && !a.When.IsZero() {
			fmt.Fprintf(b, ", since %s (%s, %s)", day(a.When), code(shortHash(a.Commit)), plain(a.Author))
		}
		b.WriteByte('\n')
	}
	if n := len(c.Sightings) - len(at); n > 0 {
		fmt.Fprintf(b, "- and %s\n", count(int64(n), "place more", "places more"))
	}
	b.WriteByte('\n')
	for _, k := range known(c) {
		text := plain(cutEnd(k[1], longestText))
		if k[0] == maskedValue || k[0] == publicHalf {
			text = code(cutEnd(k[1], longestText))
		}
		fmt.Fprintf(b, "- %s: %s\n", plain(k[0]), text)
	}
	var unsure []string
	for _, k := range c.Conditions {
		switch k.Verdict {
		case finding.VerdictYes:
			text := k.Why
			if t := k.Threshold; t != nil {
				text += fmt.Sprintf("; %s allows %s", strings.TrimSpace(t.Source+" "+t.Version), t.Value)
			}
			fmt.Fprintf(b, "- %s (%s): %s\n", code(k.ID), plain(strings.Join(k.Refs, ", ")), plain(text))
		case finding.VerdictCannotTell:
			unsure = append(unsure, code(k.ID))
		}
	}
	if len(unsure) > 0 {
		fmt.Fprintf(b, "- cannot be told: %s\n", strings.Join(unsure, ", "))
	}
	b.WriteByte('\n')
	for i, f := range c.Fix {
		fmt.Fprintf(b, "%d. %s\n", i+1, plain(f))
	}
	if len(c.Fix) > 0 {
		b.WriteByte('\n')
	}
}

func (r *markdownReport) End(s finding.Summary) error {
	r.o.since.end(s)
	var top, end bytes.Buffer
	fmt.Fprintf(&top, "## %s in %s\n\n", count(int64(s.Credentials), "credential", "credentials"), count(int64(s.Places), "place", "places"))
	if missing, next := skipped(&s.Coverage, true); len(missing) > 0 {
		fmt.Fprintf(&top, "> **Incomplete**: not everything that was asked for was read: %s.", plain(and(missing)))
		if next != "" {
			fmt.Fprintf(&top, " To mend it, %s.", plain(next))
		}
		top.WriteString("\n\n")
	}
	top.WriteString("| critical | high | medium | low | info | failing | accepted | baseline | marked | cannot be told |\n")
	top.WriteString("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n|")
	for _, v := range finding.Severities() {
		fmt.Fprintf(&top, " %d |", s.BySeverity[v])
	}
	fmt.Fprintf(&top, " %d | %d | %d | %d | %d |\n\n", s.Failing, s.Excepted, s.Baseline, s.Marked, s.CannotTell)
	fmt.Fprintf(&top, "Targets: %s.", plain(cutEnd(Visible(strings.Join(r.h.Targets, ", ")), longestText)))
	if !r.h.AsOf.IsZero() {
		fmt.Fprintf(&top, " As of %s.", day(r.h.AsOf))
	}
	if r.h.KeyScope == finding.KeyRun && s.Credentials > 0 {
		top.WriteString(" Ids are good for this report alone: there was no key.")
	}
	top.WriteString("\n\n")
	r.since(&top, s)
	if r.table.Len() > 0 {
		r.parts.WriteString("### The others\n\n| id | severity | kind | worst place | places | owner |\n|---|---|---|---|---:|---|\n")
	}

	if r.left > 0 {
		fmt.Fprintf(&end, "\n**Cut off here: %s more would not fit into %d KiB.** The JSON and HTML reports hold all.\n", count(int64(r.left), "credential", "credentials"), markdownLimit>>10)
	}
	r.conditions(&end)
	r.exceptions(&end)
	r.notices(&end)
	r.ledger(&end, s)
	if room := markdownEnd - 8<<10 - top.Len(); end.Len() > room {
		end.Truncate(lineBefore(end.Bytes(), max(room, 0)))
		end.WriteString("\n**The rest of the ledger is cut off.** The JSON report holds it.\n")
	}
	for _, b := range []*bytes.Buffer{&top, &r.parts, &r.table, &end} {
		if _, err := r.w.Write(b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// lineBefore is the end of the last whole line within the first n bytes.
func lineBefore(b []byte, n int) int { return bytes.LastIndexByte(b[:min(n, len(b))], '\n') + 1 }

func (r *markdownReport) conditions(b *bytes.Buffer) {
	all := conditionViews(r.o, onPage)
	if len(all) == 0 {
		return
	}
	b.WriteString("\n### Conditions\n\n| condition | refs | yes | cannot tell | no |\n|---|---|---:|---:|---:|\n")
	for _, k := range all {
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d |\n", code(cutEnd(k.ID, 80)), plain(cutEnd(k.Refs, 120)), k.Yes, k.Unsure, k.No)
	}
}

// since tells what changed since an earlier report, if there is one.
func (r *markdownReport) since(b *bytes.Buffer, s finding.Summary) {
	v := r.o.since.view(s)
	if v == nil {
		return
	}
	fmt.Fprintf(b, "### Since %s: %s\n\n", day(v.Since), v.Words())
	for _, c := range v.Caveats {
		fmt.Fprintf(b, "> Note: %s.\n\n", plain(c))
	}
	for _, k := range v.Kinds {
		for i, l := range k.List {
			if i == markdownNames {
				break
			}
			fmt.Fprintf(b, "- %s: %s %s %s, %s", k.Name, l.Severity, code(l.Short), plain(cutEnd(l.Title, 80)), code(cutMiddle(l.Place, 120)))
			if l.Change != "" {
				fmt.Fprintf(b, ": %s", plain(cutEnd(l.Change, 200)))
			}
			b.WriteByte('\n')
		}
		if more := k.N - min(len(k.List), markdownNames); more > 0 {
			fmt.Fprintf(b, "- and %d more %s\n", more, k.Name)
		}
	}
	b.WriteByte('\n')
}

func (r *markdownReport) exceptions(b *bytes.Buffer) {
	if len(r.o.risks) == 0 {
		return
	}
	b.WriteString("\n### Exceptions\n\n| id | taken by | approved by | until | state | reason |\n|---|---|---|---|---|---|\n")
	for i, e := range r.o.risks {
		if i == 2*markdownNames {
			break
		}
		state := plain(e.State)
		if e.Renew != "" {
			state += ": " + code(e.Renew)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", code(e.Short), plain(cutEnd(cmp.Or(e.Owner, "nobody named"), 80)), plain(cutEnd(cmp.Or(e.By, "nobody named"), 80)),
			cmp.Or(e.Until, "no end"), state, plain(cutEnd(e.Reason, 200)))
	}
	if more := r.o.riskCount - min(len(r.o.risks), 2*markdownNames); more > 0 {
		fmt.Fprintf(b, "\nand %d more\n", more)
	}
}

func (r *markdownReport) notices(b *bytes.Buffer) {
	if len(r.o.notices)+len(r.o.references) == 0 {
		return
	}
	b.WriteString("\n### Notices\n\n")
	for i, n := range r.o.notices {
		if i == markdownNames {
			break
		}
		v := newNoticeView(n.ID, string(n.Severity), n.Kind, n.Message, n.Where, n.Span)
		fmt.Fprintf(b, "- %s %s %s: %s\n", code(v.ID), v.Severity, code(v.Kind), plain(v.Text))
	}
	for i, f := range r.o.references {
		if i == markdownNames {
			break
		}
		v := newReferenceView(&f)
		fmt.Fprintf(b, "- %s %s (%s)", code(v.ID), plain(v.Name), plain(v.Where))
		for _, k := range v.Holds {
			fmt.Fprintf(b, "; %s: %s", code(cutEnd(k[0], 80)), plain(cutEnd(k[1], 200)))
		}
		b.WriteByte('\n')
	}
	if more := r.o.noticeCount - min(len(r.o.notices), markdownNames) + r.o.RefHolds - min(len(r.o.references), markdownNames); more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
	}
}

func (r *markdownReport) ledger(b *bytes.Buffer, s finding.Summary) {
	c := &s.Coverage
	fmt.Fprintf(b, "\n### What was seen, and what was not\n\n%d of %s scanned, %s.", c.Scanned, count(c.Seen, "object", "objects"), size(c.Bytes))
	if what, _ := skipped(c, false); len(what) > 0 {
		fmt.Fprintf(b, " Left out by a declared limit or choice: %s.", plain(strings.Join(what, ", ")))
	}
	b.WriteString("\n\n")
	for i, k := range c.Skips {
		if i == 2*markdownNames {
			fmt.Fprintf(b, "- and %d more\n", len(c.Skips)-i)
			break
		}
		fmt.Fprintf(b, "- %s\n", plain(cutEnd(Visible(skipWords(k)), longestText)))
	}
}

// plain is a text that Markdown and HTML show as it is: every character that either gives a meaning is written as a numeric
// reference, which no Markdown renderer reads as syntax. So are @ and #, by which forges notify people and link issues, and the
// dot and colon by which they make links of addresses.
func plain(s string) string {
	s = Visible(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case strings.IndexByte("\\`*_{}[]<>()#+!|~&@$^", c) >= 0,
			c == ':' && strings.HasPrefix(s[i:], "://"),
			c == '.' && i > 0 && s[i-1] != ' ' && i+1 < len(s) && s[i+1] != ' ' && wwwBefore(s[:i]):
			fmt.Fprintf(&b, "&#%d;", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// wwwBefore reports whether a dot after s makes "www." of it.
func wwwBefore(s string) bool { return len(s) >= 3 && strings.EqualFold(s[len(s)-3:], "www") }

// code is a code span, whose fence is longer than any run of backticks within. A bar would end a cell of a table even there,
// so that it is shown by its look-alike.
func code(s string) string {
	s = strings.ReplaceAll(Visible(s), "|", "¦")
	if strings.TrimSpace(s) == "" {
		return ""
	}
	run, most := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
			most = max(most, run)
		} else {
			run = 0
		}
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "�")
	}
	fence := strings.Repeat("`", most+1)
	if most > 0 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
