package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"sprawl/finding"
)

// What one screen of 24 lines holds of a brief report, besides the advice.
const (
	briefBlocks = 3
	briefRows   = 4
	briefSkips  = 2
)

// NewBrief is the report of a hook: one screen about what stops a commit or a push, worst first, with what to do; nothing at
// all where nothing does. stopped says what did not happen ("nothing was committed"); advice is a line each.
func NewBrief(w io.Writer, o Options, stopped string, advice []string) Reporter {
	t := newText(w, o).(*textReport)
	return &brief{textReport: t, stopped: stopped, advice: advice}
}

type brief struct {
	*textReport
	stopped string
	advice  []string
	left    int
	notices int
}

func (r *brief) Item(it finding.Item) error {
	switch {
	case it.Credential != nil && it.Credential.Decision == nil:
		switch c := it.Credential; {
		case r.blocks < briefBlocks:
			r.shortBlock(c)
		case r.blocks < briefBlocks+briefRows:
			r.blocks++
			r.row(c)
		default:
			r.left++
		}
	case it.Notice != nil && r.notices == 0:
		r.notices++
		n := it.Notice
		text := n.Message
		if n.Where != nil {
			text += " (" + placeWords(n.Where, n.Span) + ")"
		}
		r.item(n.ID, n.Severity, "notice["+n.Kind+"]", text)
	}
	return nil
}

// shortBlock is a credential's header, place and line of source.
func (r *brief) shortBlock(c *finding.Credential) {
	r.blocks++
	id := Visible(finding.ShortID(c.ID))
	label := fmt.Sprintf("%s[%s]", c.Severity, Visible(c.Kind))
	title := cutEnd(Visible(c.Title), max(r.width-columns(label)-columns(id)-4, 12))
	gap := strings.Repeat(" ", max(r.width-columns(label)-2-columns(title)-columns(id), 1))
	r.line(r.paint(sevColour(c.Severity), label) + r.paint(bold, ": "+title) + gap + r.paint(bold, id))
	b := block{textReport: r.textReport, c: c, gutter: 2}
	at := worst(c.Sightings, 1)
	if len(at) == 0 {
		return
	}
	s := c.Sightings[at[0]]
	s.Where.Target = ""
	shown := near(&s)
	for _, p := range shown {
		b.gutter = max(b.gutter, len(strconv.Itoa(p.Span.Line)))
	}
	b.arrow(&s)
	b.source(&s, shown)
	if n := len(c.Sightings); n > 1 {
		b.line(b.paint(blue, b.pad()+" =") + " " + fmt.Sprintf("in %d places", n))
	}
}

func (r *brief) End(s finding.Summary) error {
	c := &s.Coverage
	complete := c.Complete()
	if s.Credentials == 0 && complete {
		return r.w.Flush()
	}
	if r.left > 0 {
		r.line(fmt.Sprintf("and %d more: sprawl scan --staged lists them all", r.left))
	}
	if s.Credentials > 0 {
		text := count(int64(s.Credentials), "credential", "credentials")
		if s.Base > 0 {
			text += fmt.Sprintf(" (%d more were there before)", s.Base)
		}
		if s.Failing > 0 {
			text += ": " + r.stopped
		} else {
			text += ", none of a kind that stops it"
		}
		r.line(r.paint(bold, text))
	}
	if s.Failing > 0 {
		for _, a := range r.advice {
			r.line("  " + a)
		}
	}
	if !complete {
		missing, next := skipped(c, true)
		r.paragraph(r.paint(red, "INCOMPLETE:"), "INCOMPLETE:", "not everything was read: "+and(missing))
		listed := 0
		for _, k := range c.Skips {
			if k.Reason.Incomplete() && listed < briefSkips {
				listed++
				r.line("  " + cutEnd(Visible(skipWords(k)), r.width-2))
			}
		}
		if next != "" {
			r.paragraph("next:", "next:", next)
		}
	}
	return r.w.Flush()
}
