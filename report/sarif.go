package report

import (
	"bufio"
	"cmp"
	"compress/flate"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// GitHub's limits (docs.github.com, "SARIF results exceed one or more limits"): beyond a hard limit it refuses the whole file,
// and of what it takes it keeps only a part that it chooses. So a report stays within what is kept, worst first, and says
// what it left out.
const (
	maxResults   = 5000    // kept of 25,000 a run
	maxLocations = 100     // kept of 1,000 a result
	maxGzip      = 9 << 20 // of 10 MB; measured with the fastest compression, which uploads beat
	// maxFamilies keeps one value that stands in thousands of files from displacing every other.
	maxFamilies = 1000
	maxHeld     = 16 << 20 // bytes of decided results that wait for room
	maxRemarks  = 100      // notifications of a kind
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceRoot  = "SRCROOT"
)

// sarifReport writes one SARIF 2.1.0 run, a result for each credential and path family (a file with its earlier names).
// Results go out as they come and the tool's rules after them, since only then it is known which were used.
type sarifReport struct {
	out     io.Writer
	gzip    *flate.Writer
	zipped  counter
	w       *bufio.Writer
	o       Options
	h       finding.Header
	rules   []sarifRule
	index   map[string]int
	worst   []finding.Severity // of each rule
	surest  []finding.Tier     // least sure of each rule
	written int
	cut     int
	held    [][]byte // results of decided credentials, which come last
	heldLen int
	remarks []sarifNotification
	more    int // notices beyond maxRemarks
	omitted int // decided credentials that were asked to be left out
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

func newSARIF(w io.Writer, o Options) Reporter {
	return &sarifReport{out: w, o: o, index: map[string]int{}}
}

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID                   string             `json:"id"`
	ShortDescription     sarifMessage       `json:"shortDescription"`
	FullDescription      sarifMessage       `json:"fullDescription"`
	HelpURI              string             `json:"helpUri,omitempty"`
	Help                 sarifMessage       `json:"help"`
	DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	Properties           sarifRuleBag       `json:"properties"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifRuleBag struct {
	Tags             []string `json:"tags"` // ten are kept
	Precision        string   `json:"precision"`
	SecuritySeverity string   `json:"security-severity"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifMessage       `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Related      []sarifLocation    `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string  `json:"partialFingerprints,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Rank         float64            `json:"rank"`
	Properties   sarifResultBag     `json:"properties"`
}

type sarifResultBag struct {
	ID         string           `json:"id"`
	Severity   finding.Severity `json:"severity"`
	Tier       finding.Tier     `json:"tier"`
	Proof      finding.Proof    `json:"proof"`
	Redacted   string           `json:"redacted,omitempty"`
	FirstSeen  *time.Time       `json:"firstSeen,omitempty"`
	LastSeen   *time.Time       `json:"lastSeen,omitempty"`
	States     []finding.State  `json:"states"`
	Conditions []string         `json:"conditions,omitempty"`
	Places     int              `json:"places"` // of the result, also those left out
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type sarifLocation struct {
	ID         int               `json:"id,omitempty"`
	Message    *sarifMessage     `json:"message,omitempty"`
	Physical   sarifPhysical     `json:"physicalLocation"`
	Logical    []sarifLogical    `json:"logicalLocations,omitempty"`
	Properties *sarifLocationBag `json:"properties,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
	EndLine     int `json:"endLine,omitempty"`
	EndColumn   int `json:"endColumn,omitempty"`
}

type sarifLogical struct {
	Name      string `json:"name"`
	Qualified string `json:"fullyQualifiedName"`
	Kind      string `json:"kind"`
}

type sarifLocationBag struct {
	State  finding.State `json:"state"`
	Target string        `json:"target,omitempty"`
	Commit string        `json:"commit,omitempty"`
	Gone   string        `json:"goneCommit,omitempty"`
}

type sarifNotification struct {
	Level      string          `json:"level"`
	Message    sarifMessage    `json:"message"`
	Descriptor sarifDescriptor `json:"descriptor"`
}

type sarifDescriptor struct {
	ID string `json:"id"`
}

func (r *sarifReport) Begin(h finding.Header) error {
	r.h = h
	zip, err := flate.NewWriter(&r.zipped, flate.BestSpeed)
	if err != nil {
		return fmt.Errorf("measure the compressed report: %w", err)
	}
	r.gzip = zip
	r.w = bufio.NewWriterSize(io.MultiWriter(r.out, zip), 64<<10)
	start := `{"$schema":"` + sarifSchema + `","version":"2.1.0","runs":[{"columnKind":"utf16CodeUnits",`
	if r.o.Root != "" {
		base := map[string]any{"description": sarifMessage{Text: "What relative paths are relative to."}}
		if uri := rootURI(r.o.Root); uri != "" {
			base["uri"] = uri
		}
		b, err := marshal(map[string]any{sourceRoot: base})
		if err != nil {
			return err
		}
		start += `"originalUriBaseIds":` + string(b) + ","
	}
	return r.write(start, `"results":[`)
}

func (r *sarifReport) Item(it finding.Item) error {
	switch {
	case it.Credential != nil && it.Credential.Decision != nil && r.o.OmitDecided:
		r.omitted++
	case it.Credential != nil:
		return r.credential(it.Credential)
	case it.Notice != nil:
		r.notice(it.Notice)
	}
	return nil
}

// notice goes to the remarks on configuration: it is about the policy, and has no rule.
func (r *sarifReport) notice(n *finding.Notice) {
	if len(r.remarks) == maxRemarks {
		r.more++
		return
	}
	text := n.Message
	if n.Where != nil {
		text += " (" + placeWords(n.Where, n.Span) + ")"
	}
	r.remarks = append(r.remarks, remark(level(n.Severity), "notice/"+n.Kind, text))
}

func remark(level, id, text string) sarifNotification {
	return sarifNotification{level, sarifMessage{Text: sarifText(text)}, sarifDescriptor{id}}
}

func (r *sarifReport) credential(c *finding.Credential) error {
	rule := r.rule(c)
	families, left := pathFamilies(c)
	r.cut += left
	for _, f := range families {
		if c.Decision == nil && !r.room() {
			r.cut++
			continue
		}
		if c.Decision != nil && (len(r.held) == maxResults || r.heldLen > maxHeld) {
			r.cut++
			continue
		}
		b, err := marshal(r.result(c, rule, f))
		if err != nil {
			return err
		}
		if c.Decision != nil {
			r.held = append(r.held, b)
			r.heldLen += len(b)
			continue
		}
		if err := r.put(b); err != nil {
			return err
		}
	}
	return nil
}

func (r *sarifReport) room() bool { return r.written < maxResults && r.zipped < maxGzip }

func (r *sarifReport) put(b []byte) error {
	comma := ",\n"
	if r.written == 0 {
		comma = "\n"
	}
	r.written++
	return r.write(comma, string(b))
}

// rule is the index of the credential's kind among the rules. A rule's severity is that of its worst credential, because
// GitHub reads severity from the rule; each result's own stands in its level, rank and properties.
func (r *sarifReport) rule(c *finding.Credential) int {
	i, ok := r.index[c.Kind]
	if !ok {
		i = len(r.rules)
		r.index[c.Kind] = i
		title := cmp.Or(c.Title, c.Kind)
		tags := []string{"security", "secret", "external/cwe/cwe-798"}
		if c.Provider != "" {
			tags = append(tags, c.Provider)
		}
		more := "sprawl explain " + c.Kind
		text := "Whoever can read it can use it, also after it is deleted from the newest version: replace it where it is used, " +
			"revoke it at the provider, then record that. Rewriting history is not needed once it is dead."
		r.rules = append(r.rules, sarifRule{
			ID:               c.Kind,
			ShortDescription: sarifMessage{Text: Visible(title)},
			FullDescription:  sarifMessage{Text: Visible(title) + " that stands where it can be read."},
			HelpURI:          webURL(c.Docs),
			Help: sarifMessage{
				Text: Visible(title) + ". " + text + " More: " + more,
				Markdown: "**" + markdownText(title) + "**\n\n" + text + "\n\n1. Replace it where it is used.\n" +
					"2. Revoke it at the provider.\n3. `sprawl mark ID resolved`\n\nMore: `" + more + "`" +
					markdownLink(", the provider's page", webURL(c.Docs)) + "\n",
			},
			Properties: sarifRuleBag{Tags: tags},
		})
		r.worst = append(r.worst, c.Severity)
		r.surest = append(r.surest, c.Tier)
		return i
	}
	if c.Severity.Rank() < r.worst[i].Rank() {
		r.worst[i] = c.Severity
	}
	if c.Tier.Rank() > r.surest[i].Rank() {
		r.surest[i] = c.Tier
	}
	return i
}

// family is the sightings of one credential in one file under all its names, in the credential's order.
type family []int

// pathFamilies groups by the earliest name of a file; left is how many of them were left out. Worst first.
func pathFamilies(c *finding.Credential) (families []family, left int) {
	type key struct{ source, target, path string }
	at := map[key]int{}
	var rank []int
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		k := key{w.Source, w.Target, w.Path}
		switch {
		case len(w.Was) > 0:
			k.path = w.Was[0]
		case w.Path == "":
			k.path = "\x00" + string(w.State)
		}
		n, ok := at[k]
		if !ok {
			n = len(families)
			at[k] = n
			families = append(families, nil)
			rank = append(rank, stateRank(w.State))
		}
		families[n] = append(families[n], i)
		rank[n] = min(rank[n], stateRank(w.State))
	}
	order := make([]int, len(families))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	if len(order) > maxFamilies {
		left = len(order) - maxFamilies
		order = order[:maxFamilies]
	}
	sorted := make([]family, len(order))
	for i, n := range order {
		sorted[i] = families[n]
	}
	return sorted, left
}

func (r *sarifReport) result(c *finding.Credential, rule int, f family) sarifResult {
	text := headline(c, r.h.AsOf)
	if c.Ident != "" {
		text += ". Public half: " + c.Ident
	}
	if c.Why != "" {
		text += ". Why: " + strings.TrimSuffix(c.Why, ".")
	}
	text += fmt.Sprintf(". %s in all: sprawl show %s", count(int64(len(c.Sightings)), "place", "places"), finding.ShortID(c.ID))
	out := sarifResult{
		RuleID: c.Kind, RuleIndex: rule, Level: level(c.Severity), Message: sarifMessage{Text: sarifText(text)},
		Rank: rank(c.Severity),
		Properties: sarifResultBag{
			ID: c.ID, Severity: c.Severity, Tier: c.Tier, Proof: cmp.Or(c.Proof, finding.ProofNone), Redacted: c.Redacted,
			FirstSeen: date(c.FirstSeen), LastSeen: date(c.LastSeen), Places: len(f),
		},
	}
	for _, k := range c.Conditions {
		if k.Verdict == finding.VerdictYes {
			out.Properties.Conditions = append(out.Properties.Conditions, k.ID)
		}
	}
	if d := c.Decision; d != nil {
		s := sarifSuppression{Kind: "external", Status: "accepted", Justification: Visible(justification(d))}
		if d.Kind == "inline" {
			s.Kind = "inSource"
		}
		out.Suppressions = []sarifSuppression{s}
	}
	sorted := slices.Clone(f)
	slices.SortStableFunc(sorted, func(a, b int) int {
		return cmp.Compare(stateRank(c.Sightings[a].Where.State), stateRank(c.Sightings[b].Where.State))
	})
	for _, i := range f {
		// Of the family's first sighting, not of its worst: that one changes when a line is deleted.
		if p := c.Sightings[i].Print; p != "" {
			out.Fingerprints = map[string]string{"primaryLocationLineHash": p + ":1", "sprawl/secret/v1": p}
			break
		}
	}
	for _, i := range sorted {
		s := &c.Sightings[i]
		if !slices.Contains(out.Properties.States, s.Where.State) {
			out.Properties.States = append(out.Properties.States, s.Where.State)
		}
		canonical := s.Canonical()
		if canonical == nil {
			if len(out.Locations) < maxLocations {
				out.Locations = append(out.Locations, r.location(s, &finding.Part{}))
			}
			continue
		}
		if len(out.Locations) < maxLocations {
			out.Locations = append(out.Locations, r.location(s, canonical))
		}
		for n := range s.Parts {
			if p := &s.Parts[n]; p != canonical && len(out.Related) < maxLocations {
				l := r.location(s, p)
				l.ID = len(out.Related) + 1
				l.Message = &sarifMessage{Text: roleWords(p.Role)}
				out.Related = append(out.Related, l)
			}
		}
	}
	return out
}

func justification(d *finding.Decision) string {
	s := d.Kind
	if d.Value != "" {
		s += " (" + d.Value + ")"
	}
	if d.By != "" {
		s += " by " + d.By
	}
	if !d.Until.IsZero() {
		s += " until " + day(d.Until)
	}
	if d.Reason != "" {
		s += ": " + d.Reason
	}
	return s
}

// location always has a physical location with a line: GitHub refuses a whole file for one result without. What has no path
// gets the place in the repository's own folder that holds it, and a logical location that says what it is.
func (r *sarifReport) location(s *finding.Sighting, p *finding.Part) sarifLocation {
	w := &s.Where
	out := sarifLocation{
		Physical:   sarifPhysical{Artifact: sarifArtifact{URI: pathURI(w.Path)}, Region: sarifRegion{StartLine: 1}},
		Properties: &sarifLocationBag{State: w.State, Target: w.Target},
	}
	if w.Added != nil {
		out.Properties.Commit = w.Added.Commit
	}
	if w.Gone != nil {
		out.Properties.Gone = w.Gone.Commit
	}
	switch {
	case w.Path == "":
		out.Physical.Artifact.URI = objectURI(w)
		text := placeWords(w, p.Span)
		out.Message = &sarifMessage{Text: sarifText(text + ", " + stateWords(w))}
		out.Logical = []sarifLogical{{Name: Visible(text), Qualified: Visible(w.Target + " " + text), Kind: string(w.State)}}
		return out
	case w.Layer != nil:
		out.Logical = []sarifLogical{{
			Name: Visible(w.Path), Qualified: Visible(w.Target + "@" + w.Layer.Digest + ":" + w.Path), Kind: "layer",
		}}
	case r.o.Root != "":
		out.Physical.Artifact.Base = sourceRoot
	}
	if w.State != finding.StateHead && w.State != finding.StateWorktree && w.State != finding.StateStaged {
		out.Message = &sarifMessage{Text: sarifText(stateWords(w))}
	}
	for _, d := range s.Decode {
		if d.Entry != "" { // lines are the entry's, not the archive's
			text := fmt.Sprintf("%s, line %d", decodeWords(s.Decode), p.Span.Line)
			out.Message = &sarifMessage{Text: sarifText(text)}
			return out
		}
	}
	out.Physical.Region = region(p)
	return out
}

// region leaves columns out where they cannot be told: spans count bytes, SARIF counts UTF-16 units, and the two agree only
// where the line is known to be ASCII from its start to the part's end.
func region(p *finding.Part) sarifRegion {
	if p.Span.Line < 1 {
		return sarifRegion{StartLine: 1}
	}
	out := sarifRegion{StartLine: p.Span.Line, EndLine: max(p.Span.EndLine, p.Span.Line)}
	t := p.Snippet
	if t.Text == "" || t.Column != p.Span.Column-1 || p.Span.Column < 1 {
		return out
	}
	for _, c := range []byte(t.Text) {
		if c >= 0x80 {
			return out
		}
	}
	out.StartColumn = p.Span.Column
	if out.EndLine == out.StartLine && p.Span.EndColumn > p.Span.Column {
		out.EndColumn = p.Span.EndColumn
	}
	return out
}

func (r *sarifReport) End(s finding.Summary) error {
	for i, b := range r.held {
		if !r.room() {
			r.cut += len(r.held) - i
			break
		}
		if err := r.put(b); err != nil {
			return err
		}
	}
	for i := range r.rules {
		p := &r.rules[i].Properties
		p.SecuritySeverity = securitySeverity(r.worst[i])
		p.Precision = precision(r.surest[i])
		r.rules[i].DefaultConfiguration.Level = level(r.worst[i])
	}
	if r.more > 0 {
		r.remarks = append(r.remarks, remark("note", "notice", fmt.Sprintf("%d notices more", r.more)))
	}
	complete := s.Coverage.Complete()
	run := struct {
		Tool struct {
			Driver struct {
				Name    string      `json:"name"`
				Version string      `json:"version,omitempty"`
				Rules   []sarifRule `json:"rules"`
			} `json:"driver"`
		} `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Properties  map[string]any    `json:"properties"`
	}{
		Invocations: []sarifInvocation{{complete, r.executed(s), r.remarks}},
		Properties: map[string]any{
			"schema": Schema, "command": r.h.Command, "keyScope": r.h.KeyScope, "keyId": r.h.KeyID, "ruleSet": r.h.RuleSet,
			"asOf": date(r.h.AsOf), "credentials": s.Credentials, "places": s.Places,
		},
	}
	run.Tool.Driver.Name, run.Tool.Driver.Version = "sprawl", r.h.Version
	run.Tool.Driver.Rules = r.rules
	if run.Tool.Driver.Rules == nil {
		run.Tool.Driver.Rules = []sarifRule{}
	}
	b, err := marshal(run)
	if err != nil {
		return err
	}
	return r.write("],\n", string(b[1:]), "]}\n")
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Execution     []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	Configuration []sarifNotification `json:"toolConfigurationNotifications,omitempty"`
}

// executed is what a reader of the results must know of how they came about.
func (r *sarifReport) executed(s finding.Summary) []sarifNotification {
	var out []sarifNotification
	if r.cut > 0 {
		out = append(out, remark("warning", "results-cut",
			fmt.Sprintf("%d results of less weight were left out to stay within what code scanning keeps; the jsonl format has all", r.cut)))
	}
	if r.omitted > 0 {
		out = append(out, remark("note", "decided",
			fmt.Sprintf("%s left out that the policy, an inline allow or the base covers", count(int64(r.omitted), "credential", "credentials"))))
	}
	if what, next := skipped(&s.Coverage, true); len(what) > 0 {
		text := "not everything that was asked for was read: " + strings.Join(what, ", ")
		if next != "" {
			text += "; " + next
		}
		out = append(out, remark("error", "incomplete", text))
		listed := 0
		for _, k := range s.Coverage.Skips {
			if k.Reason.Incomplete() && listed < maxRemarks {
				listed++
				out = append(out, remark("error", "skipped/"+string(k.Reason), skipWords(k)))
			}
		}
	}
	if what, _ := skipped(&s.Coverage, false); len(what) > 0 {
		out = append(out, remark("note", "skipped", "not scanned, by limit or choice: "+strings.Join(what, ", ")))
	}
	return out
}

func (r *sarifReport) write(text ...string) error {
	for _, s := range text {
		if _, err := r.w.WriteString(s); err != nil {
			return err
		}
	}
	return r.w.Flush()
}

func level(s finding.Severity) string {
	switch s {
	case finding.SevCritical, finding.SevHigh:
		return "error"
	case finding.SevMedium:
		return "warning"
	}
	return "note"
}

// securitySeverity is in GitHub's bands: over 9.0 critical, 7.0 high, 4.0 medium, 0.1 low.
func securitySeverity(s finding.Severity) string {
	switch s {
	case finding.SevCritical:
		return "9.5"
	case finding.SevHigh:
		return "8.0"
	case finding.SevMedium:
		return "5.5"
	case finding.SevLow:
		return "3.0"
	}
	return "0.0"
}

func rank(s finding.Severity) float64 {
	switch s {
	case finding.SevCritical:
		return 95
	case finding.SevHigh:
		return 80
	case finding.SevMedium:
		return 55
	case finding.SevLow:
		return 30
	}
	return 0
}

func precision(t finding.Tier) string {
	switch t {
	case finding.TierProven:
		return "very-high"
	case finding.TierShaped:
		return "high"
	case finding.TierNamed:
		return "medium"
	}
	return "low"
}

// sarifText is safe as a message: SARIF 2.1.0 §3.11.5 and §3.11.6 give braces and brackets a meaning.
func sarifText(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "[", `\[`, "]", `\]`).Replace(Visible(s))
}

// markdownText keeps text from being read as Markdown or HTML.
func markdownText(s string) string {
	var b strings.Builder
	for _, r := range Visible(s) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
			continue
		case r == '&':
			b.WriteString("&amp;")
			continue
		case strings.ContainsRune("\\`*_{}[]()#+!|~>", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func markdownLink(text, to string) string {
	if to == "" {
		return ""
	}
	return text + ": <" + to + ">"
}

// webURL returns an http or https address in its normal form, or "".
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return ""
	}
	out := u.String()
	for _, c := range []byte(out) {
		if c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' {
			return ""
		}
	}
	return out
}

// pathURI is a slash path as a relative reference (RFC 3986): no leading slash, no dot segments, every byte outside the
// unreserved set encoded, so that no segment can be read as a scheme, a query or markup.
func pathURI(p string) string {
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	var b strings.Builder
	for i := range len(p) {
		c := p[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// objectURI names what holds a value that has no path.
func objectURI(w *finding.Location) string {
	switch {
	case w.Source != "git":
		return pathURI(cmp.Or(w.Source, "unknown"))
	case w.State == finding.StateRefName:
		return ".git/refs"
	case w.Added != nil && len(w.Added.Commit) > 2:
		return ".git/objects/" + pathURI(w.Added.Commit[:2]) + "/" + pathURI(w.Added.Commit[2:])
	}
	return ".git/objects"
}

// rootURI is a folder as a file URI; "" for one that is not absolute, of either kind of system.
func rootURI(root string) string {
	p := filepath.ToSlash(root)
	switch {
	case strings.HasPrefix(p, "/"):
	case len(p) > 2 && p[1:3] == ":/":
		p = "/" + p
	default:
		return ""
	}
	return (&url.URL{Scheme: "file", Path: strings.TrimSuffix(p, "/") + "/"}).String()
}
