package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sprawl/finding"
)

const (
	fullBlocks    = 5 // credentials with a block of their own unless Options.All
	placesListed  = 4
	changesListed = 5 // of each kind of change
	factsListed   = 8
	unsureNamed   = 4   // conditions that cannot be told, named only where they are few
	partLines     = 3   // a part further away from the first is not shown in the source
	labelWidth    = 6   // of "seen", "risk", …
	longestPath   = 256 // cells of the path behind "-->", which stays whole so that it can be copied and clicked
	longestText   = 600 // cells of any other text of a repository's or a provider's
)

// SGR codes. Colour only repeats what the words say.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

// textReport is for people at a terminal, in the form of rustc's diagnostics (RFC 1644): the worst credentials as a block
// each, the rest as one line each, then what was counted, what was scanned, and what to do next.
type textReport struct {
	w      *bufio.Writer // keeps its first error until Flush
	o      Options
	width  int
	h      finding.Header
	blocks int
	rows   bool // the last thing written was a row, not a block
	first  *worstOne
	held   map[string]*rowGroup

	references, inventory, unseen int

	since *changes
}

// rowGroup is the rows below one heading.
type rowGroup struct {
	name string
	rows []string
	by   map[finding.Severity]int
	rank int // of the worst severity within
}

// Groupings are the names by which Options.Group sorts one-line credentials under headings, "" aside.
func Groupings() []string { return []string{"severity", "kind", "target", "owner", "environment"} }

// groupOf is the heading of a credential; one that reaches several environments stands below all of them as one heading.
func groupOf(by string, c *finding.Credential) string {
	switch by {
	case "severity":
		return string(c.Severity)
	case "kind":
		return c.Kind
	case "owner":
		return cmp.Or(c.Owner.Name, "nobody")
	case "target":
		if at := worst(c.Sightings, 1); len(at) > 0 {
			return c.Sightings[at[0]].Where.Target
		}
		return "no place"
	}
	var names []string
	for _, e := range reach(c) {
		names = append(names, e.Name)
	}
	return cmp.Or(and(names), "environment not known")
}

// worstOne is the worst credential that nothing covers.
type worstOne struct {
	id  string
	fix bool
}

func newText(w io.Writer, o Options) Reporter {
	width := o.Width
	if width == 0 {
		width = 100
	}
	return &textReport{w: bufio.NewWriterSize(w, 64<<10), o: o, width: min(max(width, 60), 200)}
}

func (r *textReport) Begin(h finding.Header) error {
	r.h, r.since = h, newChanges(r.o.Earlier, h)
	return nil
}

func (r *textReport) Item(it finding.Item) error {
	switch {
	case it.Credential != nil:
		c := it.Credential
		r.since.of(c)
		if c.Decision != nil {
			return nil // the summary counts it
		}
		if r.first == nil {
			r.first = &worstOne{c.ID, len(c.Fix) > 0}
		}
		if r.o.All || r.blocks < fullBlocks {
			r.block(c)
		} else {
			r.row(c)
		}
	case it.Notice != nil:
		n := it.Notice
		text := n.Message
		if n.Where != nil {
			text += " (" + placeWords(n.Where, n.Span) + ")"
		}
		r.item(n.ID, n.Severity, "notice["+n.Kind+"]", text)
	case it.Reference != nil:
		r.reference(it.Reference)
	case it.Inventory != nil:
		r.inventory++
		if it.Inventory.Found == "" {
			r.unseen++
		}
	}
	return r.w.Flush()
}

// reference shows what a pipeline uses where a condition holds; the rest is counted, for most are as they should be.
func (r *textReport) reference(f *finding.Reference) {
	r.references++
	var holds, why []string
	for _, c := range f.Conditions {
		switch {
		case c.Verdict == finding.VerdictYes:
			holds = append(holds, c.ID)
		case c.Verdict == finding.VerdictCannotTell && c.Bound == "by-name": // risk.Reported says the same
			holds = append(holds, c.ID+"?")
		default:
			continue
		}
		if c.Why != "" {
			why = append(why, c.Why)
		}
	}
	if len(holds) > 0 {
		text := f.Name
		if f.Scope != "" {
			text += " of " + f.Scope
		}
		text += " (" + placeWords(&f.Where, f.Span) + ")"
		if len(why) > 0 {
			text += ": " + strings.Join(why, "; ")
		}
		r.item(f.ID, "", "reference["+strings.Join(holds, ", ")+"]", text)
	}
}

// item is a line, wrapped, for what is no credential.
func (r *textReport) item(id string, sev finding.Severity, what, text string) {
	r.rows = true
	const in = 10 + 2 + 8 + 2
	front := fill(cutEnd(Visible(finding.ShortID(id)), 10), 10) + "  " + r.paint(sevColour(sev), fill(string(sev), 8)) + "  "
	for _, l := range wrap(cutEnd(Visible(what+": "+text), longestText), r.width-in) {
		r.line(front + l)
		front = strings.Repeat(" ", in)
	}
}

// row is a credential in one line: written, or held for its heading.
func (r *textReport) row(c *finding.Credential) {
	line := r.rowLine(c)
	if r.o.Group == "" {
		r.rows = true
		r.line(line)
		return
	}
	name := groupOf(r.o.Group, c)
	g := r.held[name]
	if g == nil {
		g = &rowGroup{name: name, by: map[finding.Severity]int{}, rank: c.Severity.Rank()}
		if r.held == nil {
			r.held = map[string]*rowGroup{}
		}
		r.held[name] = g
	}
	g.rank = min(g.rank, c.Severity.Rank())
	g.by[c.Severity]++
	g.rows = append(g.rows, line)
}

// groups writes what row held, the group with the worst first, then the largest.
func (r *textReport) groups() {
	for _, g := range slices.SortedFunc(maps.Values(r.held), func(a, b *rowGroup) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(len(b.rows), len(a.rows)), cmp.Compare(a.name, b.name))
	}) {
		if r.rows {
			r.line("")
		}
		r.rows = true
		heading := cutMiddle(Visible(g.name), r.width/2)
		r.line(r.paint(bold, heading) + ": " + count(int64(len(g.rows)), "credential", "credentials") + ", " + severityWords(g.by))
		for _, l := range g.rows {
			r.line(l)
		}
	}
}

// severityWords counts by severity, the worst first.
func severityWords(n map[finding.Severity]int) string {
	var by []string
	for _, v := range finding.Severities() {
		if n[v] > 0 {
			by = append(by, fmt.Sprintf("%d %s", n[v], v))
		}
	}
	return strings.Join(by, ", ")
}

func (r *textReport) rowLine(c *finding.Credential) string {
	id, sev := Visible(finding.ShortID(c.ID)), string(c.Severity)
	front := fmt.Sprintf("%s  %-8s  %s  ", id, sev, Visible(c.Kind))
	place, state := "", ""
	if at := worst(c.Sightings, 1); len(at) > 0 {
		s := &c.Sightings[at[0]]
		place = Visible(placeWords(&s.Where, span(s)))
		state = Visible(stateWords(&s.Where))
		if n := len(c.Sightings); n > 1 {
			state += fmt.Sprintf(", %d places", n)
		}
	}
	room := r.width - columns(front)
	if room < 20 {
		front = fmt.Sprintf("%s  %-8s  ", id, sev)
		room = r.width - columns(front)
		place = Visible(c.Kind) + "  " + place
	}
	if n := columns(state); room-n-2 >= min(columns(place), 24) {
		place = cutMiddle(place, room-n-2) + "  " + r.paint(dim, state)
	} else {
		place = cutMiddle(place, room)
	}
	front = strings.Replace(front, "  "+sev, "  "+r.paint(sevColour(c.Severity), sev), 1)
	return front + place
}

// block is a credential in full. Everything in it that is not ours has passed Visible.
func (r *textReport) block(c *finding.Credential) {
	if r.rows {
		r.line("")
		r.rows = false
	}
	r.blocks++
	id := Visible(finding.ShortID(c.ID))
	label := fmt.Sprintf("%s[%s]", c.Severity, Visible(c.Kind))
	for i, l := range wrap(label+": "+cutEnd(Visible(headline(c, r.h.AsOf)), longestText), r.width-columns(id)-2) {
		if i > 0 {
			r.line("    " + r.paint(bold, l))
			continue
		}
		gap := strings.Repeat(" ", max(r.width-columns(l)-columns(id), 1))
		rest, ok := strings.CutPrefix(l, label)
		if ok {
			l = r.paint(sevColour(c.Severity), label) + r.paint(bold, rest)
		}
		r.line(l + gap + r.paint(bold, id))
	}
	b := block{textReport: r, c: c, gutter: 2}
	if at := worst(c.Sightings, placesListed); len(at) > 0 {
		s := &c.Sightings[at[0]]
		shown := near(s)
		for _, p := range shown {
			b.gutter = max(b.gutter, len(strconv.Itoa(p.Span.Line)))
		}
		b.arrow(s)
		b.source(s, shown)
		b.elsewhere(s, shown)
		b.seen(at)
		b.decoded(s)
	}
	b.known()
	b.risk()
	b.fix()
	if c.Why != "" {
		b.note("why", c.Why)
	}
	b.more()
	r.line("")
}

// near is the parts of a sighting that are shown with the canonical one, by line and column.
func near(s *finding.Sighting) []*finding.Part {
	first := s.Canonical()
	if first == nil || first.Span.Line == 0 || first.Snippet.Text == "" {
		return nil
	}
	shown := []*finding.Part{first}
	for i := range s.Parts {
		p := &s.Parts[i]
		if d := p.Span.Line - first.Span.Line; p != first && p.Span.Line > 0 && p.Snippet.Text != "" && d <= partLines && d >= -partLines {
			shown = append(shown, p)
		}
	}
	slices.SortStableFunc(shown, func(a, b *finding.Part) int {
		return cmp.Or(cmp.Compare(a.Span.Line, b.Span.Line), cmp.Compare(a.Span.Column, b.Span.Column))
	})
	return shown
}

func span(s *finding.Sighting) finding.Span {
	if p := s.Canonical(); p != nil {
		return p.Span
	}
	return finding.Span{}
}

// block writes the lines below a credential's header, behind a wall after gutter columns.
type block struct {
	*textReport
	c      *finding.Credential
	gutter int
}

func (b *block) pad() string { return strings.Repeat(" ", b.gutter) }

func (b *block) wall() string { return b.paint(blue, b.pad()+" |") }

func (b *block) room() int { return b.width - b.gutter - 3 }

func (b *block) arrow(s *finding.Sighting) {
	target := Visible(s.Where.Target)
	place := cutMiddle(Visible(placeWords(&s.Where, span(s))), longestPath)
	shown := b.link(b.fileURI(&s.Where), place)
	front := b.pad() + b.paint(blue, "--> ")
	switch {
	case target == "" || target == ".":
		b.line(front + shown)
	case b.gutter+4+columns(target)+2+columns(place) <= b.width:
		b.line(front + target + "  " + shown)
	default:
		b.line(front + cutMiddle(target, b.room()-2))
		b.line(b.pad() + "    " + shown)
	}
}

// fileURI is the address of a file that stands on this machine as it was scanned; "" for anything else.
func (b *block) fileURI(w *finding.Location) string {
	root := rootURI(b.o.Root)
	if root == "" || w.Path == "" || w.Layer != nil ||
		(w.State != finding.StateHead && w.State != finding.StateWorktree && w.State != finding.StateStaged) {
		return ""
	}
	return root + pathURI(w.Path)
}

func (b *block) source(s *finding.Sighting, shown []*finding.Part) {
	if len(shown) == 0 {
		return
	}
	b.line(b.wall())
	canonical := s.Canonical()
	last := 0
	for i := 0; i < len(shown); {
		n := i + 1
		for n < len(shown) && shown[n].Span.Line == shown[i].Span.Line {
			n++
		}
		if last > 0 && shown[i].Span.Line > last+1 {
			b.line(b.paint(blue, "..."))
		}
		last = shown[i].Span.Line
		b.sourceLine(shown[i:n], canonical)
		i = n
	}
	b.line(b.wall())
}

// sourceLine shows the parts of one line. They are marked in one window of it, the canonical part's if it is there.
func (b *block) sourceLine(line []*finding.Part, canonical *finding.Part) {
	base := line[0]
	for _, p := range line {
		if p == canonical {
			base = p
		}
	}
	start := base.Span.Column - 1 - base.Snippet.Column // of the window, in bytes of the line
	var marks []mark
	for _, p := range line {
		m := mark{sign: '-', colour: cyan, label: roleWords(p.Role), from: p.Span.Column - 1 - start, width: p.Snippet.Width}
		if p == base {
			m.from = p.Snippet.Column
		}
		if p == canonical {
			m.sign, m.colour = '^', sevColour(b.c.Severity)
			m.label = factWords(b.c.Facts, 3)
		}
		if n := p.Span.EndLine - p.Span.Line; n > 0 {
			m.label = strings.TrimPrefix(m.label+", ", ", ") + "and " + count(int64(n), "line", "lines") + " more"
		}
		m.label = Visible(m.label)
		marks = append(marks, m)
	}
	text, under, label := layOut(base.Snippet.Text, marks, b.room())
	number := fmt.Sprintf("%*d |", b.gutter, base.Span.Line)
	b.line(strings.TrimRight(b.paint(blue, number)+" "+text, " "))
	var s strings.Builder
	at := 0
	for _, m := range under {
		s.WriteString(strings.Repeat(" ", m.from-at))
		s.WriteString(b.paint(m.colour, strings.Repeat(string(m.sign), m.width)))
		at = m.from + m.width
	}
	if len(under) == 0 {
		return
	}
	if label != "" && at+1+columns(label) <= b.room() {
		b.line(b.wall() + " " + s.String() + " " + b.paint(under[len(under)-1].colour, label))
		return
	}
	b.line(b.wall() + " " + s.String())
	if label != "" {
		for _, l := range wrap(cutEnd(label, longestText), b.room()-2) {
			b.line(b.wall() + "   " + b.paint(under[len(under)-1].colour, l))
		}
	}
}

// mark is a stretch of a line to be underlined: in bytes of the text before layOut, in cells after it.
type mark struct {
	from, width int
	sign        rune
	colour      string
	label       string
}

// layOut makes a line of source safe and cuts it to a window of room cells around its '^' mark. It returns the marks that
// fell within, in order and without overlap, and their labels joined.
func layOut(text string, marks []mark, room int) (line string, under []mark, label string) {
	slices.SortStableFunc(marks, func(a, b mark) int { return cmp.Compare(a.from, b.from) })
	var out strings.Builder
	var labels []string
	at, cell := 0, 0
	put := func(to int) {
		if to = min(to, len(text)); to > at {
			s := Visible(strings.ReplaceAll(text[at:to], "\t", "    "))
			out.WriteString(s)
			cell += columns(s)
			at = to
		}
	}
	for _, m := range marks {
		if m.from < at || m.from >= len(text) || m.width < 1 {
			continue
		}
		put(m.from)
		from := cell
		put(m.from + m.width)
		if m.from, m.width = from, cell-from; m.width == 0 {
			continue
		}
		under = append(under, m)
		if m.label != "" {
			labels = append(labels, m.label)
		}
	}
	put(len(text))
	line, label = out.String(), strings.Join(labels, "; ")
	if cell <= room {
		return line, under, label
	}
	main := 0
	for i, m := range under {
		if m.sign == '^' {
			main = i
		}
	}
	from := 0
	if len(under) > 0 {
		// A third of the room before the mark, less where the mark needs it.
		from = under[main].from - min(room/3, max(room-under[main].width-2, 4))
		from = max(0, min(from, cell-room))
	}
	line = window(line, from, room)
	kept := under[:0]
	for _, m := range under {
		start, end := max(m.from-from, 0), min(m.from+m.width-from, room)
		if end > start {
			m.from, m.width = start, end-start
			kept = append(kept, m)
		}
	}
	return line, kept, label
}

// window is the cells from to from+n of a line, with an ellipsis where something is cut off. Half of a wide character is a
// space.
func window(s string, from, n int) string {
	cells := make([]rune, 0, len(s))
	for _, r := range s {
		switch columns(string(r)) {
		case 1:
			cells = append(cells, r)
		case 2:
			cells = append(cells, r, -1)
		}
	}
	to := min(from+n, len(cells))
	part := slices.Clone(cells[from:to])
	if len(part) == 0 {
		return ""
	}
	if from > 0 {
		part[0] = '…'
		if len(part) > 1 && part[1] == -1 {
			part[1] = ' '
		}
	}
	if end := len(part) - 1; to < len(cells) {
		if part[end] == -1 && end > 0 {
			part[end-1] = ' '
		}
		part[end] = '…'
	}
	return string(slices.DeleteFunc(part, func(r rune) bool { return r == -1 }))
}

// seen lists places, the worst first.
func (b *block) seen(at []int) {
	c := b.c
	first := &c.Sightings[at[0]]
	targets := map[string]bool{}
	var oldest *finding.Change
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		targets[w.Target] = true
		if a := w.Added; a != nil && !a.When.IsZero() && (oldest == nil || a.When.Before(oldest.When)) {
			oldest = a
		}
	}
	text := count(int64(len(c.Sightings)), "place", "places")
	if len(targets) > 1 {
		text += fmt.Sprintf(", %d targets", len(targets))
	}
	if len(c.Sightings) == 1 {
		text += ", " + stateWords(&first.Where)
	}
	switch {
	case oldest != nil:
		text += fmt.Sprintf(", since %s (%s, %s)", day(oldest.When), shortHash(oldest.Commit), oldest.Author)
	case !c.FirstSeen.IsZero():
		text += ", since " + day(c.FirstSeen)
	}
	if len(c.Sightings) == 1 {
		b.note("seen", text)
		return
	}
	var rows []string
	var tw, pw, sw int
	for _, i := range at {
		s := &c.Sightings[i]
		tw = max(tw, columns(Visible(s.Where.Target)))
		pw = max(pw, columns(Visible(placeWords(&s.Where, span(s)))))
		sw = max(sw, columns(Visible(stateWords(&s.Where))))
	}
	tw = min(tw, 24)
	if len(targets) == 1 {
		tw = -2
	}
	room := b.noteRoom()
	pw = min(pw, room-tw-2-sw-2)
	for _, i := range at {
		s := &c.Sightings[i]
		target := Visible(s.Where.Target)
		place := Visible(placeWords(&s.Where, span(s)))
		state := Visible(stateWords(&s.Where))
		if pw < 16 { // too narrow for columns
			if tw > 0 {
				rows = append(rows, cutMiddle(target, room))
			}
			rows = append(rows, cutMiddle(place, room), "  "+cutEnd(state, room-2))
			continue
		}
		row := fill(cutMiddle(place, pw), pw) + "  " + state
		if tw > 0 {
			row = fill(cutMiddle(target, tw), tw) + "  " + row
		}
		rows = append(rows, row)
	}
	if n := len(c.Sightings) - len(at); n > 0 {
		rows = append(rows, fmt.Sprintf("%d more: sprawl show %s", n, finding.ShortID(c.ID)))
	}
	b.note("seen", text)
	b.continued(rows)
}

// elsewhere names the parts that stand too far away to be shown.
func (b *block) elsewhere(s *finding.Sighting, shown []*finding.Part) {
	var far []string
	for i := range s.Parts {
		if p := &s.Parts[i]; p != s.Canonical() && p.Span.Line > 0 && !slices.Contains(shown, p) {
			far = append(far, fmt.Sprintf("%s on line %d", roleWords(p.Role), p.Span.Line))
		}
	}
	if len(far) > 0 {
		b.note("also", strings.Join(far, ", "))
	}
}

// continued continues a note with lines that are laid out already.
func (b *block) continued(rows []string) {
	for _, s := range rows {
		b.line(b.wall() + strings.Repeat(" ", labelWidth+2) + strings.TrimRight(s, " "))
	}
}

func fill(s string, n int) string { return s + strings.Repeat(" ", max(n-columns(s), 0)) }

func (b *block) decoded(s *finding.Sighting) {
	if len(s.Decode) > 0 {
		b.note("inside", decodeWords(s.Decode))
	}
}

// known is what inventories, environments and owners say.
func (b *block) known() {
	c := b.c
	if len(c.Facts) > 3 { // else the source line has them all
		b.note("says", factWords(c.Facts, factsListed))
	}
	for i, k := range c.Records {
		text := k.System + " " + k.Key
		if k.System == "" {
			text = k.Key
		}
		if f := factWords(k.Facts, factsListed); f != "" {
			text += ": " + f
		}
		how := string(k.Match) + " match in " + k.Source
		if k.Match == finding.MatchSuffix {
			how = "probable match by its ending in " + k.Source
		}
		if k.Match == finding.MatchParent {
			how = "of its account, in " + k.Source
		}
		if !k.AsOf.IsZero() {
			how += " of " + day(k.AsOf)
		}
		b.noteAt(i, "known", text+" ("+how+")")
	}
	var reach []string
	for _, e := range c.Environments {
		s := cmp.Or(e.Name, string(e.Class))
		if s == string(finding.EnvUnknown) {
			continue
		}
		if string(e.Class) != e.Name && e.Class != "" && e.Class != finding.EnvUnknown {
			s += ", " + string(e.Class)
		}
		if e.Why != "" {
			s += " (" + e.Why + ")"
		}
		reach = append(reach, s)
	}
	if len(reach) > 0 {
		b.note("reach", strings.Join(reach, "; "))
	}
	if o := c.Owner; o.Name != "" {
		b.note("owner", strings.TrimSuffix(fmt.Sprintf("%s (%s)", o.Name, o.How), " ()"))
	} else if len(o.Candidates) > 0 {
		b.note("owner", "nobody; ask "+strings.Join(o.Candidates, ", "))
	}
}

func (b *block) risk() {
	var yes []finding.Condition
	var unsure []string
	wide := 0
	for _, k := range b.c.Conditions {
		switch k.Verdict {
		case finding.VerdictYes:
			yes = append(yes, k)
			wide = max(wide, columns(Visible(k.ID)))
		case finding.VerdictCannotTell:
			unsure = append(unsure, k.ID)
		}
	}
	for i, k := range yes {
		ref := ""
		if len(k.Refs) > 0 {
			ref, _, _ = strings.Cut(k.Refs[0], ":")
		}
		text := k.Why
		if t := k.Threshold; t != nil {
			text += fmt.Sprintf("; %s allows %s", strings.TrimSpace(t.Source+" "+t.Version), t.Value)
		}
		front := fill(Visible(k.ID), wide) + "  " + fill(Visible(ref), 5) + "  "
		b.hang(i, "risk", front, text)
	}
	if len(unsure) > 0 {
		text := fmt.Sprintf("%d cannot be told", len(unsure))
		if b.o.All || len(unsure) <= unsureNamed {
			text = "cannot tell: " + strings.Join(unsure, ", ")
		}
		b.noteAt(len(yes), "risk", text+" (sprawl settle says what would decide)")
	}
}

func (b *block) fix() {
	for i, s := range b.c.Fix {
		b.hang(i, "fix", fmt.Sprintf("%d ", i+1), s)
	}
}

func (b *block) more() {
	text := "sprawl explain " + b.c.Kind
	docs := webURL(b.c.Docs)
	switch {
	case docs == "":
		b.note("more", text)
	case b.o.Links:
		b.rawNote(0, "more", []string{Visible(text) + ", " + b.link(docs, "the provider's page")})
	default:
		b.note("more", text)
		b.continued(wrap(docs, b.noteRoom()))
	}
}

func (b *block) noteRoom() int { return b.room() - labelWidth - 1 }

// note is "= label text", wrapped behind the wall.
func (b *block) note(label, text string) { b.noteAt(0, label, text) }

// noteAt is note for the i-th of several under one label: only the first shows it.
func (b *block) noteAt(i int, label, text string) {
	b.rawNote(i, label, wrap(cutEnd(Visible(text), longestText), b.noteRoom()))
}

// hang is noteAt with text that is wrapped behind front, or two columns in where that leaves too little room.
func (b *block) hang(i int, label, front, text string) {
	in := columns(front)
	text = cutEnd(Visible(text), longestText)
	var rows []string
	if b.noteRoom()-in < 24 {
		rows = append(rows, strings.TrimRight(front, " "))
		for _, l := range wrap(text, b.noteRoom()-2) {
			rows = append(rows, "  "+l)
		}
	} else {
		for j, l := range wrap(text, b.noteRoom()-in) {
			if j > 0 {
				front = strings.Repeat(" ", in)
			}
			rows = append(rows, front+l)
		}
	}
	b.rawNote(i, label, rows)
}

func (b *block) rawNote(i int, label string, rows []string) {
	if i == 0 && len(rows) > 0 {
		b.line(b.paint(blue, b.pad()+" =") + " " + b.paint(bold, fill(label, labelWidth)) + " " + rows[0])
		rows = rows[1:]
	}
	b.continued(rows)
}

func (r *textReport) End(s finding.Summary) error {
	r.groups()
	if r.rows {
		r.line("")
	}
	c := &s.Coverage
	missing, next := skipped(c, true)
	complete := c.Complete()
	r.notes(s)
	r.changed(s)
	r.counts(s, complete)
	r.scanned(s)
	if r.o.Skipped {
		for _, k := range c.Skips {
			r.line("skipped  " + cutEnd(Visible(skipWords(k)), longestText))
		}
	}
	if !complete {
		r.paragraph(r.paint(red, "INCOMPLETE:"), "INCOMPLETE:", "not everything that was asked for was read: "+and(missing))
		listed := 0
		for _, k := range c.Skips {
			if r.o.Skipped || !k.Reason.Incomplete() {
				continue
			}
			if listed++; listed > 3 {
				break
			}
			r.line("  " + cutEnd(Visible(skipWords(k)), r.width-2))
		}
	}
	r.next(s, complete, next)
	return r.w.Flush()
}

// changed says what became of an earlier report, if there is one: the counts, and the worst of those that this one does not show.
func (r *textReport) changed(s finding.Summary) {
	r.since.end(s)
	v := r.since.view(s)
	if v == nil {
		return
	}
	for _, c := range v.Caveats {
		r.paragraph("note:", "note:", c)
	}
	front := "since " + day(v.Since) + ":"
	r.paragraph(r.paint(bold, front), front, v.Words())
	for _, k := range v.Kinds {
		for i, l := range k.List {
			if i == changesListed {
				break
			}
			text := l.Title
			if l.Change != "" {
				text += ": " + l.Change
			}
			text += "  " + l.Place
			r.line("  " + cutEnd(fmt.Sprintf("%-13s %-8s %s  %s", k.Name, l.Severity, l.Short, text), r.width-2))
		}
		if more := k.N - min(len(k.List), changesListed); more > 0 {
			r.line(fmt.Sprintf("  %-13s and %d more", k.Name, more))
		}
	}
	r.line("")
}

// notes says what a reader should know of targets and ids.
func (r *textReport) notes(s finding.Summary) {
	for _, t := range s.Coverage.Targets {
		notes := slices.Clone(t.Notes)
		if t.Shallow {
			notes = append(notes, "a shallow clone: its older history is not here")
		}
		if t.Partial {
			notes = append(notes, "a partial clone: objects that were never fetched are not here")
		}
		for _, n := range notes {
			r.paragraph("note:", "note:", t.Target+": "+n)
		}
	}
	if s.Credentials > 0 && r.h.KeyScope == finding.KeyRun {
		r.paragraph("note:", "note:", "ids change with every run until sprawl init or sprawl key new makes a key")
	}
}

func (r *textReport) counts(s finding.Summary, complete bool) {
	var covered []string
	for _, x := range []struct {
		n    int
		what string
	}{{s.Excepted, "accepted"}, {s.Baseline, "in baseline"}, {s.Base, "there before"}, {s.Marked, "marked"}} {
		if x.n > 0 {
			covered = append(covered, fmt.Sprintf("%d %s", x.n, x.what))
		}
	}
	if s.Inline > 0 {
		covered = append(covered, count(int64(s.Inline), "place", "places")+" allowed inline")
	}
	aside := ""
	if len(covered) > 0 {
		aside = " (" + strings.Join(covered, ", ") + ")"
	}
	switch {
	case s.Credentials > 0:
		text := count(int64(s.Credentials), "credential", "credentials") + " in " + count(int64(s.Places), "place", "places")
		if by := severityWords(s.BySeverity); by != "" {
			text += ": " + by
		}
		r.paragraph("", "", text+aside)
	case complete && s.Coverage.Seen > 0:
		r.paragraph(r.paint(green, "no credentials found"), "no credentials found", aside)
	default:
		r.paragraph("", "", "no credentials found in what was read"+aside)
	}
	var also []string
	if r.references > 0 {
		also = append(also, count(int64(r.references), "secret", "secrets")+" named by pipelines")
	}
	if r.inventory > 0 {
		also = append(also, fmt.Sprintf("%s in inventories, %d of them in no code", count(int64(r.inventory), "credential", "credentials"), r.unseen))
	}
	if s.Notices > 0 {
		also = append(also, count(int64(s.Notices), "notice", "notices"))
	}
	if s.CannotTell > 0 {
		also = append(also, count(int64(s.CannotTell), "verdict", "verdicts")+" that cannot be told")
	}
	if len(also) > 0 {
		r.paragraph("", "", "also "+strings.Join(also, "; "))
	}
	if s.Failing > 0 {
		r.paragraph("", "", fmt.Sprintf("%d of them at or above %s, the threshold of this run", s.Failing, s.FailOn))
	}
}

func (r *textReport) scanned(s finding.Summary) {
	c := &s.Coverage
	text := "scanned "
	if t := targetWords(c.Targets); t != "" {
		text += t + ": "
	}
	if c.Scanned != c.Seen {
		text += fmt.Sprintf("%d of ", c.Scanned)
	}
	text += count(c.Seen, "object", "objects")
	text += ", " + size(c.Bytes)
	if c.Reused > 0 && c.Seen > 0 {
		text += fmt.Sprintf(", %d%% seen before", c.Reused*100/c.Seen)
	}
	if what, _ := skipped(c, false); len(what) > 0 {
		text += "; skipped " + strings.Join(what, ", ")
		if !r.o.Skipped {
			text += " (--skipped lists them)"
		}
	}
	r.paragraph("", "", text)
}

// next is the last line.
func (r *textReport) next(s finding.Summary, complete bool, hint string) {
	var text string
	switch {
	case r.first != nil:
		id := finding.ShortID(r.first.id)
		text = "replace and revoke " + id + " first; sprawl show " + id + " lists every place"
		if r.first.fix {
			text = "start with the fix of " + id + "; sprawl show " + id + " lists every place"
		}
		if !complete && hint != "" {
			text += "; then " + hint + " and scan again"
		}
	case !complete:
		text = cmp.Or(hint, "see what was skipped (--skipped)") + ", then scan again"
	case s.Coverage.Seen == 0:
		text = "nothing was there to scan: check that the target is what you meant"
	default:
		text = "sprawl hook install keeps it so"
	}
	r.paragraph(r.paint(bold, "next:"), "next:", text)
}

// paragraph is a line of the summary, wrapped; painted is how the plain word in front is shown.
func (r *textReport) paragraph(painted, plain, text string) {
	for i, l := range wrap(strings.TrimSpace(plain+" "+cutEnd(Visible(text), longestText)), r.width-2) {
		if i > 0 {
			l = "  " + l
		} else if rest, ok := strings.CutPrefix(l, plain); ok {
			l = painted + rest
		}
		r.line(l)
	}
}

// line ends a line; its error waits in the writer for Flush.
func (r *textReport) line(s string) {
	_, _ = r.w.WriteString(s)
	_ = r.w.WriteByte('\n')
}

func (r *textReport) paint(code, s string) string {
	if !r.o.Color || code == "" || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// link is an OSC 8 hyperlink; to holds printable ASCII only.
func (r *textReport) link(to, text string) string {
	if !r.o.Links || to == "" {
		return text
	}
	return "\x1b]8;;" + to + "\x1b\\" + text + "\x1b]8;;\x1b\\"
}

func sevColour(s finding.Severity) string {
	switch s {
	case finding.SevCritical:
		return bold + ";" + red
	case finding.SevHigh:
		return red
	case finding.SevMedium:
		return yellow
	case finding.SevLow:
		return cyan
	}
	return dim
}
