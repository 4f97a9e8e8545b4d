package report

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	_ "embed" // the page, its style and its script
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sprawl/finding"
)

// The page is one file that asks nothing of the network: its policy forbids everything but the style and the script whose
// hashes it names, so that a value which got through the escaping would still not run.
var (
	//go:embed html/page.html
	pageText string
	//go:embed html/style.css
	styleText string
	//go:embed html/app.js
	scriptText string
)

// pageTemplate is parsed by the first report that is HTML.
var pageTemplate = sync.OnceValue(func() *template.Template { return template.Must(Parts()) })

const (
	chunkItems = 64      // credentials of one packed block
	chunkBytes = 1 << 20 // of JSON, after which a block is closed early
	evidence   = 3       // places whose line of source is shown
	namedBars  = 12      // of kinds, owners, environments
	skipsShown = 200
	usesShown  = 10
	hashShown  = 12 // of a commit: enough to find it by
)

// htmlReport writes the page in the order in which it learns: first the credentials, packed, as they come, and at the end,
// from an overview of bounded size, what a reader sees first. The script unpacks a credential when it is opened.
//
// A block is a data element of two base64 lines of deflated JSON arrays: details, then rows of the table, in the same order.
type htmlReport struct {
	w       *bufio.Writer
	o       *overview
	h       finding.Header
	packed  io.WriteCloser // base64 of the open block; nil where none is open
	deflate *flate.Writer
	rows    bytes.Buffer
	items   int
	raw     int
	earlier *Earlier
}

func newHTML(w io.Writer, o Options) Reporter {
	return &htmlReport{w: bufio.NewWriterSize(w, 64<<10), earlier: o.Earlier}
}

// hashSource is how a content security policy names a style or script that it allows.
func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// pageHead is what stands before a report's own content; title is shown by the window.
type pageHead struct {
	Title, Policy string
	Style         template.CSS
}

func newHead(title string, script bool) pageHead {
	policy := "default-src 'none'; style-src " + hashSource(styleText) + "; base-uri 'none'; form-action 'none'"
	if script {
		policy += "; script-src " + hashSource(scriptText)
	}
	return pageHead{title, policy, template.CSS(styleText)} //nolint:gosec // embedded, not from data
}

func (r *htmlReport) Begin(h finding.Header) error {
	r.h, r.o = h, newOverview(h, r.earlier)
	if err := pageTemplate().ExecuteTemplate(r.w, "head", newHead("sprawl: "+targetsTitle(h.Targets), true)); err != nil {
		return err
	}
	return r.w.Flush()
}

func targetsTitle(targets []string) string {
	if len(targets) > 3 {
		return fmt.Sprintf("%d targets", len(targets))
	}
	return Visible(strings.Join(targets, ", "))
}

func (r *htmlReport) Item(it finding.Item) error {
	r.o.add(it)
	if c := it.Credential; c != nil {
		return r.pack(c)
	}
	return nil
}

// pack adds a credential to the open block.
func (r *htmlReport) pack(c *finding.Credential) error {
	if r.packed == nil {
		if _, err := r.w.WriteString("<script type=\"text/plain\" class=\"block\">"); err != nil {
			return err
		}
		r.packed = base64.NewEncoder(base64.StdEncoding, r.w)
		if r.deflate == nil {
			r.deflate, _ = flate.NewWriter(r.packed, flate.BestCompression) // the level is a valid one
		} else {
			r.deflate.Reset(r.packed)
		}
		r.items, r.raw = 0, 0
		r.rows.Reset()
	}
	open := byte(',')
	if r.items == 0 {
		open = '['
	}
	r.rows.WriteByte(open)
	line := NewRow(c, r.o.asOf)
	row, err := encode(line.packed(r.o.change))
	if err != nil {
		return err
	}
	r.rows.Write(row)
	if _, err := r.deflate.Write([]byte{open}); err != nil {
		return err
	}
	if err := r.detail(c); err != nil {
		return err
	}
	if r.items++; r.items == chunkItems || r.raw > chunkBytes {
		return r.close()
	}
	return nil
}

// close ends the open block, if there is one.
func (r *htmlReport) close() error {
	if r.packed == nil {
		return nil
	}
	finish := func() error {
		if _, err := r.deflate.Write([]byte{']'}); err != nil {
			return err
		}
		if err := r.deflate.Close(); err != nil {
			return err
		}
		return r.packed.Close()
	}
	if err := finish(); err != nil {
		return err
	}
	if err := r.w.WriteByte('\n'); err != nil {
		return err
	}
	r.rows.WriteByte(']')
	r.packed = base64.NewEncoder(base64.StdEncoding, r.w)
	r.deflate.Reset(r.packed)
	if _, err := r.deflate.Write(r.rows.Bytes()[:r.rows.Len()-1]); err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	r.packed = nil
	if _, err := r.w.WriteString("</script>\n"); err != nil {
		return err
	}
	return r.w.Flush()
}

// tableRow is a credential in the table: an array, since names repeated ten thousand times cost time to read.
type tableRow [16]any

// packed gives the fields in the order in which the script names them.
func (r *Row) packed(change string) tableRow {
	return tableRow{
		r.ID, r.Severity.Rank(), r.Tier, r.Kind, r.Title, r.Owner, list(r.Environs), list(r.Classes), r.Age, r.Places, list(r.Holds), r.Unsure, r.Place,
		r.Decided, list(r.Targets), change,
	}
}

// NewRow is a credential in a line, as of a time.
func NewRow(c *finding.Credential, asOf time.Time) Row {
	r := Row{
		ID: Visible(c.ID), Severity: c.Severity, Tier: string(c.Tier), Kind: Visible(c.Kind), Title: Visible(cmp.Or(c.Title, c.Kind)),
		Owner: Visible(c.Owner.Name), Age: ageDays(c, asOf), Places: len(c.Sightings),
	}
	for _, e := range reach(c) {
		r.Environs = append(r.Environs, Visible(e.Name))
		if k := string(e.Class); !slices.Contains(r.Classes, k) {
			r.Classes = append(r.Classes, k)
		}
	}
	for _, k := range c.Conditions {
		switch k.Verdict {
		case finding.VerdictYes:
			r.Holds = append(r.Holds, Visible(k.ID))
		case finding.VerdictCannotTell:
			r.Unsure++
		}
	}
	for _, t := range targetsOf(c) {
		r.Targets = append(r.Targets, Visible(t))
	}
	if at := worst(c.Sightings, 1); len(at) > 0 {
		r.Place = Visible(fullPlace(&c.Sightings[at[0]]))
	}
	if c.Decision != nil {
		r.Decided = Visible(c.Decision.Kind)
	}
	return r
}

// Detail is everything of one credential. All texts are safe to show.
type Detail struct {
	ID        string      `json:"id"`
	Kind      string      `json:"kind"`
	Title     string      `json:"title"`
	Headline  string      `json:"headline"`
	Severity  string      `json:"severity"`
	Facts     [][2]string `json:"facts"` // a name and what is known, in words
	Conds     []judgement `json:"conditions"`
	Timeline  [][3]string `json:"timeline"` // day, what, source
	Evidence  []sourceAt  `json:"evidence"`
	Fix       []string    `json:"fix"`
	Docs      string      `json:"docs"`
	NumPlaces int         `json:"count"`
	AsOf      string      `json:"-"`      // the day it is told of
	Places    [][]string  `json:"places"` // last, and empty until detail fills it
}

type judgement struct {
	ID      string `json:"id"`
	Verdict string `json:"verdict"`
	Why     string `json:"why"`
	Source  string `json:"source"` // threshold and references, in words
	Settle  string `json:"settle"`
}

// sourceAt is a masked line of source: the text before the value, the masked value, the text after it.
type sourceAt struct {
	Place string    `json:"place"`
	Line  int       `json:"line"`
	Text  [3]string `json:"text"`
}

func (r *htmlReport) detail(c *finding.Credential) error {
	b, err := encode(newDetail(c, r.o.asOf))
	if err != nil {
		return err
	}
	const end = "]}"
	if err := r.put(b[:len(b)-len(end)]); err != nil {
		return err
	}
	for i := range c.Sightings {
		p, err := encode(newPlaceWords(&c.Sightings[i]).packed())
		if err != nil {
			return err
		}
		if i > 0 {
			p = append([]byte{','}, p...)
		}
		if err := r.put(p); err != nil {
			return err
		}
	}
	return r.put([]byte(end))
}

func (r *htmlReport) put(b []byte) error {
	r.raw += len(b)
	_, err := r.deflate.Write(b)
	return err
}

// Place is a place of a credential, in words that are safe to show; Since is a day.
type Place struct{ Target, Place, State, Since, Author, Commit, More string }

func newPlaceWords(s *finding.Sighting) Place {
	w := &s.Where
	p := Place{Target: Visible(w.Target), Place: Visible(placeWords(w, span(s))), State: Visible(stateWords(w))}
	if a := w.Added; a != nil {
		p.Since = dayOrNone(a.When)
		p.Author, p.Commit = Visible(a.Author), Visible(a.Commit[:min(len(a.Commit), hashShown)])
	}
	var more []string
	if d := decodeWords(s.Decode); d != "" {
		more = append(more, "inside "+d)
	}
	if len(w.Refs) > 0 {
		n := min(len(w.Refs), 3)
		text := "in " + strings.Join(w.Refs[:n], ", ")
		if rest := len(w.Refs) - n; rest > 0 {
			text += fmt.Sprintf(" and %d more", rest)
		}
		more = append(more, text)
	}
	if l := w.Layer; l != nil && l.CreatedBy != "" {
		more = append(more, "made by "+l.CreatedBy)
	}
	if s.Allow != nil {
		more = append(more, "allowed inline: "+s.Allow.Reason)
	}
	p.More = Visible(strings.Join(more, "; "))
	return p
}

// packed gives the fields in the order in which the script names them, without empty ones at the end.
func (p Place) packed() []string {
	row := []string{p.Target, p.Place, p.State, p.Since, p.Author, p.Commit, p.More}
	for len(row) > 3 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}

func newDetail(c *finding.Credential, asOf time.Time) Detail {
	d := Detail{
		ID: Visible(c.ID), Kind: Visible(c.Kind), Title: Visible(cmp.Or(c.Title, c.Kind)), Headline: Visible(headline(c, asOf)),
		AsOf: dayOrNone(asOf), Severity: string(c.Severity), Docs: webURL(c.Docs), NumPlaces: len(c.Sightings), Places: [][]string{}, Facts: known(c),
		Timeline: timeline(c), Conds: []judgement{}, Evidence: []sourceAt{}, Fix: []string{},
	}
	for _, k := range c.Conditions {
		j := judgement{ID: Visible(k.ID), Verdict: string(k.Verdict), Why: Visible(k.Why), Settle: Visible(strings.Join(k.Settle, "; "))}
		var from []string
		if t := k.Threshold; t != nil {
			from = append(from, strings.TrimSpace(t.Source+" "+t.Version)+" allows "+t.Value)
		}
		if k.Bound != "" && k.Bound != "exact" {
			j.Why = strings.TrimSpace(j.Why + " (" + Visible(strings.ReplaceAll(k.Bound, "-", " ")) + ")")
		}
		j.Source = Visible(strings.Join(append(from, k.Refs...), ", "))
		d.Conds = append(d.Conds, j)
	}
	for _, i := range worst(c.Sightings, evidence) {
		s := &c.Sightings[i]
		p := s.Canonical()
		if p == nil || p.Snippet.Text == "" {
			continue
		}
		t := p.Snippet.Text
		from := min(max(p.Snippet.Column, 0), len(t))
		to := min(from+max(p.Snippet.Width, 0), len(t))
		d.Evidence = append(d.Evidence, sourceAt{Visible(fullPlace(s)), p.Span.Line, [3]string{
			tail(Visible(t[:from]), longestText), Visible(t[from:to]), head(Visible(t[to:]), longestText),
		}})
	}
	for _, f := range c.Fix {
		d.Fix = append(d.Fix, Visible(f))
	}
	return d
}

// Names of what known lists first: values to be shown as they are.
const (
	maskedValue = "masked value"
	publicHalf  = "public half"
)

// known is what else there is to know of a credential, a name and words each, with where it is known from.
func known(c *finding.Credential) [][2]string {
	all := [][2]string{}
	add := func(name, text string) {
		if text != "" {
			all = append(all, [2]string{Visible(name), Visible(strings.TrimSpace(text))})
		}
	}
	add(maskedValue, c.Redacted)
	add(publicHalf, c.Ident)
	add("certainty", certainty(c))
	var envs []string
	for _, e := range c.Environments {
		envs = append(envs, strings.TrimSuffix(fmt.Sprintf("%s, %s (%s)", cmp.Or(e.Name, "unnamed"), cmp.Or(e.Class, finding.EnvUnknown), e.Why), " ()"))
	}
	add("reaches", strings.Join(envs, "; "))
	switch {
	case c.Owner.Name != "":
		add("owner", strings.TrimSuffix(fmt.Sprintf("%s (%s)", c.Owner.Name, c.Owner.How), " ()"))
	case len(c.Owner.Candidates) > 0:
		add("owner", "nobody; ask "+strings.Join(c.Owner.Candidates, ", "))
	default:
		add("owner", "nobody")
	}
	add("used by", strings.Join(c.Workloads, ", "))
	add("opens", strings.Join(c.Targets, ", "))
	for _, f := range c.Facts {
		add(strings.ReplaceAll(f.Field, "_", " "), factWords([]finding.Fact{{Value: f.Value, Inferred: f.Inferred}}, 1)+sourceWords(f.Source, f.AsOf))
	}
	for _, k := range c.Records {
		text := strings.TrimSpace(k.System + " " + k.Key)
		if f := factWords(k.Facts, factsListed); f != "" {
			text += ": " + f
		}
		add("listed", text+" ("+string(k.Match)+" match"+sourceWords(k.Source, k.AsOf)+")")
	}
	add("also matched as", strings.Join(c.Aliases, ", "))
	for i := range c.Uses {
		if i == usesShown {
			add("in pipelines", fmt.Sprintf("and in %d places more", len(c.Uses)-i))
			break
		}
		add("in pipelines", useWords(&c.Uses[i]))
	}
	if e := c.Exception; e != nil {
		text := fmt.Sprintf("taken by %s, approved by %s", e.Owner, e.Approver)
		if !e.Until.IsZero() {
			text += ", until " + day(e.Until)
		}
		if !e.Recertified.IsZero() {
			text += ", looked at again " + day(e.Recertified)
		}
		if len(e.Requires) > 0 {
			text += ", requires " + strings.Join(e.Requires, ", ")
		}
		add("exception", text+": "+e.Reason)
	}
	if d := c.Decision; d != nil {
		text := strings.TrimSpace(d.Kind + " " + d.Value)
		if d.Reason != "" {
			text += ": " + d.Reason
		}
		if d.By != "" {
			text += ", by " + d.By
		}
		if !d.Until.IsZero() {
			text += ", until " + day(d.Until)
		}
		add("decided", text)
	}
	return all
}

func sourceWords(source string, asOf time.Time) string {
	s := ""
	if source != "" {
		s = ", from " + source
	}
	if !asOf.IsZero() {
		s += " of " + day(asOf)
	}
	return s
}

func certainty(c *finding.Credential) string {
	text := string(c.Tier)
	switch c.Proof {
	case finding.ProofProven:
		text += ", its checksum or structure holds"
	case finding.ProofRefuted:
		text += ", its checksum or structure does not hold"
	}
	if c.Why != "" {
		text += ": " + c.Why
	}
	return text
}

// datedFacts are the fields of facts that stand in a timeline.
var datedFacts = map[string]string{
	"created": "created", "issued": "issued", "not_before": "valid from", "last_used": "last used", "rotated": "rotated",
	"last_rotated": "rotated", "expires": "expires",
}

// timeline is day, what happened and who says so, in order.
func timeline(c *finding.Credential) [][3]string {
	all := [][3]string{}
	add := func(t time.Time, what, source string) {
		if !t.IsZero() {
			e := [3]string{day(t), what, Visible(source)}
			if !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	facts := func(fs []finding.Fact, source string) {
		for _, f := range fs {
			if what := datedFacts[f.Field]; what != "" {
				if t, err := time.Parse(time.RFC3339, f.Value); err == nil {
					add(t, what, cmp.Or(f.Source, source))
				}
			}
		}
	}
	facts(c.Facts, "")
	for _, k := range c.Records {
		facts(k.Facts, k.Source)
	}
	add(c.FirstSeen, "first seen", "the oldest place with a date")
	add(c.LastSeen, "last change", "the newest place with a date")
	var gone time.Time
	stands := false
	for i := range c.Sightings {
		switch w := &c.Sightings[i].Where; {
		case w.Gone == nil:
			stands = true
		case w.Gone.When.After(gone):
			gone = w.Gone.When
		}
	}
	if !stands {
		add(gone, "removed from the last place", "still readable in history")
	}
	if c.Decision != nil {
		add(c.Decision.Until, "decision ends", c.Decision.By)
	}
	slices.SortStableFunc(all, func(a, b [3]string) int { return cmp.Compare(a[0], b[0]) })
	return all
}

// encode is json.Marshal of texts that have passed Visible, with markup left as it is: base64 stands around it.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Body is a page as the templates see it.
type Body struct {
	links      Links
	H          finding.Header
	S          finding.Summary
	O          *overview
	Complete   bool
	Title      string
	Missing    string
	Next       string
	First      []lead
	Severity   []severityView
	Conditions []conditionView
	Kinds      barsView
	Owners     barsView
	Environs   barsView
	Ages       template.HTML
	AgeTable   [][2]string
	Limits     []string
	Exposure   template.HTML
	Years      [][3]string
	Matrix     matrixView
	Notices    []noticeView
	MoreNotes  int
	References []referenceView
	MoreRefs   int
	Skips      []string
	MoreSkips  int
	Skipped    []string
	Script     template.JS

	Since    *changesView
	Targets  barsView
	Spread   int
	Risks    []TakenRisk
	MoreRisk int
	Systems  []systemView
}

// systemView is what a system's inventories list.
type systemView struct {
	Name         string
	Rows, Unseen int
}

func (r *htmlReport) End(s finding.Summary) error {
	if err := r.close(); err != nil {
		return err
	}
	r.o.since.end(s)
	if err := pageTemplate().ExecuteTemplate(r.w, "body", newBody(r.h, s, r.o, onPage)); err != nil {
		return err
	}
	return r.w.Flush()
}

// Link leads to what a filter of the table shows.
func (b Body) Link(field, value string) string { return b.links(field, value) }

func newBody(h finding.Header, s finding.Summary, o *overview, to Links) Body {
	missing, next := skipped(&s.Coverage, true)
	declared, _ := skipped(&s.Coverage, false)
	v := Body{
		links: to, H: h, S: s, O: o, Complete: s.Coverage.Complete(), Title: targetsTitle(h.Targets), Missing: and(missing), Next: next, First: o.first,
		Severity: severityViews(o), Conditions: conditionViews(o, to), Kinds: newBars(to, "kind", o.kinds), Owners: newBars(to, "owner", o.owners),
		Environs: newBars(to, "env", o.environs), Matrix: newMatrix(o, to), Skipped: declared, Script: template.JS(scriptText), //nolint:gosec // embedded, not from data
	}
	v.Ages, v.AgeTable, v.Limits = ageChart(o)
	v.Exposure, v.Years = exposureChart(o)
	for _, n := range o.notices {
		v.Notices = append(v.Notices, newNoticeView(n.ID, string(n.Severity), n.Kind, n.Message, n.Where, n.Span))
	}
	v.Since = o.since.view(s)
	v.Targets, v.Spread = newBars(to, "target", o.targets), o.spread
	v.Risks, v.MoreRisk = o.risks, o.riskCount-len(o.risks)
	for i := range v.Risks {
		v.Risks[i].Href = to("id", v.Risks[i].ID)
	}
	for _, name := range slices.Sorted(maps.Keys(o.systems)) {
		v.Systems = append(v.Systems, systemView{Visible(name), o.systems[name].rows, o.systems[name].unseen})
	}
	v.MoreNotes = o.noticeCount - len(o.notices)
	for i := range o.references {
		v.References = append(v.References, newReferenceView(&o.references[i]))
	}
	v.MoreRefs = o.RefHolds - len(o.references)
	for i, k := range s.Coverage.Skips {
		if i == skipsShown {
			v.MoreSkips = len(s.Coverage.Skips) - i
			break
		}
		v.Skips = append(v.Skips, Visible(skipWords(k)))
	}
	return v
}

type noticeView struct{ ID, Severity, Kind, Text string }

func newNoticeView(id, severity, kind, text string, w *finding.Location, s finding.Span) noticeView {
	if w != nil {
		text += " (" + strings.TrimSpace(w.Target+" "+placeWords(w, s)) + ")"
	}
	return noticeView{Visible(finding.ShortID(id)), severity, Visible(kind), cutEnd(Visible(text), longestText)}
}

// referenceView is a secret that pipelines name, in words that are safe to show.
type referenceView struct {
	ID, Name, Where, System string
	Holds                   [][2]string // a condition and why
	Uses                    []string
	MoreUses                int
}

func newReferenceView(f *finding.Reference) referenceView {
	v := referenceView{
		ID: Visible(finding.ShortID(f.ID)), Name: cutEnd(Visible(f.Name), longestText), System: Visible(f.System),
		Where: cutMiddle(Visible(strings.TrimSpace(f.Where.Target+" "+placeWords(&f.Where, f.Span))), longestText),
	}
	if f.Scope != "" {
		v.Name += " of " + cutEnd(Visible(f.Scope), longestText)
	}
	for _, k := range f.Conditions {
		if k.Verdict == finding.VerdictYes {
			v.Holds = append(v.Holds, [2]string{cutEnd(Visible(k.ID), longestText), cutEnd(Visible(k.Why), longestText)})
		}
	}
	for i := range f.Uses {
		if i == usesShown {
			v.MoreUses = len(f.Uses) - i
			break
		}
		v.Uses = append(v.Uses, cutEnd(Visible(useWords(&f.Uses[i])), longestText))
	}
	return v
}
