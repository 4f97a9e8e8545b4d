package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// framework is a list of controls by which conditions are grouped.
type framework struct {
	name     string
	controls []control
}

type control struct{ id, title string }

// frameworks names controls as their publishers do.
//
//   - https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025/
//   - NIST CSWP 29, Cybersecurity Framework 2.0, February 2024, table of functions and categories. A condition's reference is a
//     subcategory, "PR.AA-05"; it belongs to the category before the hyphen.
var frameworks = []framework{
	{"OWASP NHI Top 10 2025", []control{
		{"NHI1:2025", "Improper Offboarding"}, {"NHI2:2025", "Secret Leakage"}, {"NHI3:2025", "Vulnerable Third-Party NHI"},
		{"NHI4:2025", "Insecure Authentication"}, {"NHI5:2025", "Overprivileged NHI"},
		{"NHI6:2025", "Insecure Cloud Deployment Configurations"}, {"NHI7:2025", "Long-Lived Secrets"},
		{"NHI8:2025", "Environment Isolation"}, {"NHI9:2025", "NHI Reuse"}, {"NHI10:2025", "Human Use of NHI"},
	}},
	{"NIST CSF 2.0", []control{
		{"GV.OC", "Organizational Context"}, {"GV.RM", "Risk Management Strategy"}, {"GV.RR", "Roles, Responsibilities, and Authorities"},
		{"GV.PO", "Policy"}, {"GV.OV", "Oversight"}, {"GV.SC", "Cybersecurity Supply Chain Risk Management"}, {"ID.AM", "Asset Management"},
		{"ID.RA", "Risk Assessment"}, {"ID.IM", "Improvement"}, {"PR.AA", "Identity Management, Authentication, and Access Control"},
		{"PR.AT", "Awareness and Training"}, {"PR.DS", "Data Security"}, {"PR.PS", "Platform Security"},
		{"PR.IR", "Technology Infrastructure Resilience"}, {"DE.CM", "Continuous Monitoring"}, {"DE.AE", "Adverse Event Analysis"},
		{"RS.MA", "Incident Management"}, {"RS.AN", "Incident Analysis"}, {"RS.CO", "Incident Response Reporting and Communication"},
		{"RS.MI", "Incident Mitigation"}, {"RC.RP", "Incident Recovery Plan Execution"}, {"RC.CO", "Incident Recovery Communication"},
	}},
}

const (
	overdueKept    = 500
	exceptionsKept = 500
	subjectsKept   = 5 // ids by condition
	settleKept     = 8 // kinds of evidence by condition
)

// audit is what an auditor asks of a run: which conditions hold for how many, whose they are, what was accepted and by whom,
// and what could not be told, with the population all of it speaks of. Its size is bounded however long the run.
type audit struct {
	h          finding.Header
	conditions map[string]*judged
	exceptions []TakenRisk
	exceptionN int
	overdue    []overdue
	overdueN   int
	rotations  rotations
	since      *changes
	subjects   int // credentials and references that were judged
	covered    int // credentials that another decision covers
}

// judged is one condition over all subjects.
type judged struct {
	id       string
	refs     []string
	verdicts verdicts
	excepted int   // of those for whom it holds, covered by an exception
	owners   tally // of those for whom it holds
	settle   tally // what would decide, of those that cannot be told
	ids      []string
}

type overdue struct {
	ID, Kind, Owner, Why, Allowed string
	Severity                      finding.Severity
}

func newAudit(h finding.Header, e *Earlier) *audit {
	return &audit{h: h, conditions: map[string]*judged{}, rotations: rotations{}, since: newChanges(e, h)}
}

func (a *audit) add(it finding.Item) {
	switch {
	case it.Credential != nil:
		a.credential(it.Credential)
	case it.Reference != nil && len(it.Reference.Conditions) > 0:
		a.subjects++
		for _, k := range it.Reference.Conditions {
			a.judge(k, it.Reference.ID, "", "", false)
		}
	}
}

func (a *audit) credential(c *finding.Credential) {
	a.since.of(c)
	if t, ok := NewTakenRisk(c, a.h.AsOf); ok {
		a.exceptionN++
		if len(a.exceptions) < exceptionsKept {
			a.exceptions = append(a.exceptions, t)
		}
	}
	excepted := c.Decision != nil && c.Decision.Kind == "exception"
	if c.Decision != nil && !excepted {
		a.covered++
		return
	}
	a.subjects++
	late := false
	for _, k := range c.Conditions {
		a.judge(k, c.ID, c.Owner.Name, c.Severity, excepted)
		if k.Verdict == finding.VerdictYes && k.Threshold != nil && !excepted {
			late = true
			a.overdueN++
			if len(a.overdue) < overdueKept {
				a.overdue = append(a.overdue, overdue{
					Visible(c.ID), Visible(c.Kind), Visible(c.Owner.Name), Visible(k.ID + ": " + k.Why),
					Visible(strings.TrimSpace(k.Threshold.Value + ", " + k.Threshold.Source + " " + k.Threshold.Version)), c.Severity,
				})
			}
		}
	}
	a.rotations.add(c, a.h.AsOf, late)
}

func (a *audit) judge(k finding.Condition, id, owner string, s finding.Severity, excepted bool) {
	j := a.conditions[k.ID]
	if j == nil {
		if len(a.conditions) >= namesKept {
			return
		}
		j = &judged{id: k.ID, refs: k.Refs, owners: tally{}, settle: tally{}}
		a.conditions[k.ID] = j
	}
	for _, r := range k.Refs { // those of a secret's name and of a value may differ
		if len(j.refs) < namesKept && !slices.Contains(j.refs, r) {
			j.refs = append(slices.Clip(j.refs), r)
		}
	}
	switch k.Verdict {
	case finding.VerdictYes:
		j.verdicts.yes++
		if excepted {
			j.excepted++
		}
		j.owners.add(cmp.Or(owner, "nobody"), s)
		if len(j.ids) < subjectsKept {
			j.ids = append(j.ids, Visible(finding.ShortID(id)))
		}
	case finding.VerdictNo:
		j.verdicts.no++
	default:
		j.verdicts.unsure++
		for _, e := range k.Settle {
			j.settle.add(e, s)
		}
	}
}

// under is the conditions that a control groups, by id.
func (a *audit) under(c control) []*judged {
	var all []*judged
	for _, id := range slices.Sorted(maps.Keys(a.conditions)) {
		j := a.conditions[id]
		if slices.ContainsFunc(j.refs, func(r string) bool { return r == c.id || strings.HasPrefix(r, c.id+"-") }) {
			all = append(all, j)
		}
	}
	return all
}

// complianceRow is a condition under a control, in words that are safe to show; Condition is empty where this run judged by
// none.
type complianceRow struct {
	Framework, Control, Title, Condition, Refs string
	Yes, Excepted, Unsure, No                  int
	Owners, Settle                             string
	IDs, RefList                               []string
}

func (a *audit) rows(f framework) []complianceRow {
	var all []complianceRow
	for _, c := range f.controls {
		under := a.under(c)
		if len(under) == 0 {
			all = append(all, complianceRow{Framework: f.name, Control: c.id, Title: c.title})
		}
		for _, j := range under {
			var refs []string
			for _, r := range j.refs {
				refs = append(refs, Visible(r))
			}
			all = append(all, complianceRow{
				RefList: refs, Framework: f.name, Control: c.id, Title: c.title, Condition: Visible(j.id), Refs: Visible(strings.Join(j.refs, ", ")),
				Yes: j.verdicts.yes, Excepted: j.excepted, Unsure: j.verdicts.unsure, No: j.verdicts.no, Owners: tallyWords(j.owners),
				Settle: tallyWords(j.settle), IDs: j.ids,
			})
		}
	}
	return all
}

func tallyWords(t tally) string {
	top, rest := t.bars(settleKept)
	var s []string
	for _, b := range top {
		s = append(s, fmt.Sprintf("%s %d", b.name, b.sum))
	}
	if rest > 0 {
		s = append(s, fmt.Sprintf("%d more", rest))
	}
	return Visible(strings.Join(s, ", "))
}

// complianceReport collects an audit and renders it at the end.
type complianceReport struct {
	w       io.Writer
	a       *audit
	earlier *Earlier
	render  func(io.Writer, *audit, finding.Summary) error
}

func newComplianceHTML(w io.Writer, o Options) Reporter {
	return &complianceReport{w: w, earlier: o.Earlier, render: complianceHTML}
}

func newComplianceMarkdown(w io.Writer, o Options) Reporter {
	return &complianceReport{w: w, earlier: o.Earlier, render: complianceMarkdown}
}

func newComplianceCSV(w io.Writer, o Options) Reporter {
	return &complianceReport{w: w, earlier: o.Earlier, render: complianceCSV}
}

func (r *complianceReport) Begin(h finding.Header) error {
	r.a = newAudit(h, r.earlier)
	return nil
}

func (r *complianceReport) Item(it finding.Item) error {
	r.a.add(it)
	return nil
}

func (r *complianceReport) End(s finding.Summary) error {
	r.a.since.end(s)
	return r.render(r.w, r.a, s)
}

// complianceView is the page and the Markdown as their writers see them.
type complianceView struct {
	Body
	AsOf       time.Time
	Subjects   int
	Covered    int
	Frameworks []frameworkView
	Exceptions []TakenRisk
	MoreExc    int
	Overdue    []overdue
	MoreDue    int
	Rotations  []rotationRow
	Unjudged   []string // conditions of neither framework
}

type frameworkView struct {
	Name string
	Rows []complianceRow
	None []string // controls that this run judged by no condition
}

func newComplianceView(a *audit, s finding.Summary) complianceView {
	v := complianceView{
		Body: newBody(a.h, s, newOverview(a.h, nil), onPage), AsOf: a.h.AsOf, Subjects: a.subjects, Covered: a.covered,
		Exceptions: a.exceptions, MoreExc: a.exceptionN - len(a.exceptions), Overdue: a.overdue, MoreDue: a.overdueN - len(a.overdue),
		Rotations: a.rotations.rows(a.since),
	}
	v.Since = a.since.view(s)
	listed := map[string]bool{}
	for _, f := range frameworks {
		w := frameworkView{Name: f.name}
		for _, row := range a.rows(f) {
			if row.Condition == "" {
				w.None = append(w.None, row.Control+" "+row.Title)
				continue
			}
			listed[row.Condition] = true
			w.Rows = append(w.Rows, row)
		}
		v.Frameworks = append(v.Frameworks, w)
	}
	for _, id := range slices.Sorted(maps.Keys(a.conditions)) {
		if !listed[Visible(id)] {
			v.Unjudged = append(v.Unjudged, Visible(id))
		}
	}
	return v
}

func complianceHTML(w io.Writer, a *audit, s finding.Summary) error {
	if err := pageTemplate().ExecuteTemplate(w, "head", newHead("sprawl: compliance, "+targetsTitle(a.h.Targets), false)); err != nil {
		return err
	}
	return pageTemplate().ExecuteTemplate(w, "compliance", newComplianceView(a, s))
}

func complianceMarkdown(out io.Writer, a *audit, s finding.Summary) error {
	var w strings.Builder
	v := newComplianceView(a, s)
	fmt.Fprintf(&w, "## Conditions of %s by framework\n\n", plain(v.Title))
	if !v.AsOf.IsZero() {
		fmt.Fprintf(&w, "State as of %s. ", day(v.AsOf))
	}
	fmt.Fprintf(&w, "%d credentials and pipeline secrets were judged; %d more are covered by a baseline or mark and were not.\n\n", v.Subjects, v.Covered)
	if !v.Complete {
		fmt.Fprintf(&w, "> **Incomplete**: not everything that was asked for was read: %s.\n\n", plain(v.Missing))
	}
	for _, f := range v.Frameworks {
		fmt.Fprintf(&w, "### %s\n\n| control | condition | holds | of them accepted | cannot tell | does not hold | owners | what would settle it |\n|---|---|---:|---:|---:|---:|---|---|\n", f.Name)
		for _, k := range f.Rows {
			fmt.Fprintf(&w, "| %s %s | %s | %d | %d | %d | %d | %s | %s |\n", k.Control, k.Title, code(k.Condition), k.Yes, k.Excepted, k.Unsure, k.No, plain(k.Owners), plain(k.Settle))
		}
		if len(f.None) > 0 {
			fmt.Fprintf(&w, "\nNo condition of this run speaks of: %s.\n", plain(strings.Join(f.None, "; ")))
		}
		w.WriteByte('\n')
	}
	w.WriteString("### Beyond a threshold\n\n")
	if len(v.Overdue) == 0 {
		w.WriteString("None is known to be.\n\n")
	} else {
		w.WriteString("| id | severity | kind | owner | why | allowed |\n|---|---|---|---|---|---|\n")
		for _, o := range v.Overdue {
			fmt.Fprintf(&w, "| %s | %s | %s | %s | %s | %s |\n", code(finding.ShortID(o.ID)), o.Severity, code(o.Kind), plain(cmp.Or(o.Owner, "nobody")), plain(cutEnd(o.Why, 300)), plain(cutEnd(o.Allowed, 300)))
		}
		if v.MoreDue > 0 {
			fmt.Fprintf(&w, "\nand %d more, which the JSON report lists\n", v.MoreDue)
		}
		w.WriteByte('\n')
	}
	w.WriteString("### Time to rotate\n\n")
	if v.Since != nil {
		fmt.Fprintf(&w, "Since %s: %s.\n\n", day(v.Since.Since), v.Since.Words())
		for _, c := range v.Since.Caveats {
			fmt.Fprintf(&w, "> %s\n\n", plain(c))
		}
	}
	w.WriteString("| owner | judged | beyond a threshold | rotated since first seen | median days | longest | not rotated since | oldest, days | not known |")
	rule := "\n|---|---:|---:|---:|---:|---:|---:|---:|---:|"
	if v.Since != nil {
		w.WriteString(" gone since | had stood, median days |")
		rule += "---:|---:|"
	}
	w.WriteString(rule + "\n")
	for _, o := range v.Rotations {
		fmt.Fprintf(&w, "| %s | %d | %d | %d | %s | %s | %d | %s | %d |", plain(o.Owner), o.Open, o.Overdue, o.Rotated, o.Median, o.Longest, o.Waiting, o.Oldest, o.Unknown)
		if v.Since != nil {
			fmt.Fprintf(&w, " %d | %s |", o.Gone, o.Stood)
		}
		w.WriteByte('\n')
	}
	w.WriteString("\n### Exceptions\n\n")
	if len(v.Exceptions) == 0 {
		w.WriteString("None.\n\n")
	} else {
		w.WriteString("| id | kind | taken by | approved by | written | looked at again | until | state | reason | requires | holds |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
		for _, e := range v.Exceptions {
			fmt.Fprintf(&w, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", code(e.Short), code(e.Kind), plain(cmp.Or(e.Owner, "nobody named")),
				plain(cmp.Or(e.By, "nobody named")), e.Created, e.Recertified, cmp.Or(e.Until, "no end"), plain(e.State), plain(cutEnd(e.Reason, 300)),
				plain(cutEnd(e.Requires, 300)), plain(cutEnd(e.Holds, 300)))
		}
		if v.MoreExc > 0 {
			fmt.Fprintf(&w, "\nand %d more, which the JSON report lists\n", v.MoreExc)
		}
		w.WriteByte('\n')
	}
	w.WriteString("### Population\n\n| target | source | tip | refs | commits | not there |\n|---|---|---|---:|---:|---|\n")
	for _, t := range s.Coverage.Targets {
		fmt.Fprintf(&w, "| %s | %s | %s | %d | %d | %s |\n", code(t.Target), plain(t.Source), code(t.Tip), t.Refs, t.Commits, plain(absent(t)))
	}
	fmt.Fprintf(&w, "\n%d of %s scanned, %s.\n", s.Coverage.Scanned, count(s.Coverage.Seen, "object", "objects"), size(s.Coverage.Bytes))
	_, err := io.WriteString(out, w.String())
	return err
}

// absent says what of a target was not there to be scanned.
func absent(t finding.TargetCoverage) string {
	var s []string
	if t.Shallow {
		s = append(s, "older history: a shallow clone")
	}
	if t.Partial {
		s = append(s, "objects never fetched: a partial clone")
	}
	return strings.Join(append(s, t.Notes...), "; ")
}

// complianceCSV has a row for each condition under each control, and rows of type exception, overdue, rotation, target and incomplete.
func complianceCSV(out io.Writer, a *audit, s finding.Summary) error {
	w := csv.NewWriter(out)
	n := func(i int) string { return fmt.Sprint(i) }
	all := [][]string{{
		"type", "framework", "control", "title", "condition", "refs", "holds", "accepted", "cannot_tell", "does_not_hold", "owners", "settle", "id",
		"kind", "owner", "by", "until", "reason", "state", "created", "recertified", "rotated", "median_days", "longest_days", "not_rotated", "oldest_days", "unknown", "gone",
		"stood_days", "requires",
	}}
	wide := len(all[0])
	for _, f := range frameworks {
		for _, k := range a.rows(f) {
			row := []string{"condition", k.Framework, k.Control, k.Title, cell(k.Condition), cell(k.Refs), n(k.Yes), n(k.Excepted), n(k.Unsure), n(k.No), cell(k.Owners), cell(k.Settle), cell(strings.Join(k.IDs, "; ")), "", "", "", "", ""}
			if k.Condition == "" {
				row[0] = "not-judged"
				row[6], row[7], row[8], row[9] = "", "", "", ""
			}
			all = append(all, row)
		}
	}
	v := newComplianceView(a, s)
	for _, e := range v.Exceptions {
		all = append(all, []string{"exception", "", "", "", cell(e.Holds), "", "", "", "", "", "", "", e.ID, cell(e.Kind), cell(e.Owner), cell(e.By), e.Until, cell(e.Reason), e.State, e.Created, e.Recertified, "", "", "", "", "", "", "", "", cell(e.Requires)})
	}
	for _, o := range v.Overdue {
		all = append(all, []string{"overdue", "", "", "", "", cell(o.Allowed), "", "", "", "", "", "", o.ID, cell(o.Kind), cell(o.Owner), "", "", cell(o.Why)})
	}
	for _, o := range v.Rotations {
		row := make([]string, wide)
		row[0], row[6], row[14] = "rotation", n(o.Overdue), cell(o.Owner)
		copy(row[21:], []string{n(o.Rotated), o.Median, o.Longest, n(o.Waiting), o.Oldest, n(o.Unknown)})
		if v.Since != nil {
			row[27], row[28] = n(o.Gone), o.Stood
		}
		all = append(all, row)
	}
	for _, t := range s.Coverage.Targets {
		all = append(all, []string{"target", "", "", cell(t.Target), "", cell(t.Tip), "", "", "", "", "", "", "", cell(t.Source), "", "", "", cell(absent(t))})
	}
	for i, more := range []int{v.MoreExc, v.MoreDue} {
		if more > 0 {
			all = append(all, []string{"cut-off", "", "", []string{"exception", "overdue"}[i], "", "", n(more), "", "", "", "", "", "", "", "", "", "", "the JSON report lists them"})
		}
	}
	if !v.Complete {
		all = append(all, []string{"incomplete", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", cell("not everything was read: " + v.Missing)})
	}
	for i := range all {
		all[i] = append(all[i], make([]string, wide-len(all[i]))...)
	}
	if err := w.WriteAll(all); err != nil {
		return err
	}
	return w.Error()
}
