package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sprawl/finding"
)

// Schema names the shape of every line; docs/schema/report.schema.json describes it. Fields may be added within a version,
// none is renamed, removed or given another meaning.
const Schema = "sprawl/1"

// The types below are the JSON of a report, apart from the finding types on purpose: those may change, these may not. Every
// field is always present: a missing text is "", a missing time or object is null, a list is never null. What is not UTF-8
// in a path or a name stands as U+FFFD.

type header struct {
	Type     string           `json:"type"`
	Schema   string           `json:"schema"`
	Version  string           `json:"version"`
	RuleSet  string           `json:"rule_set"`
	KeyScope finding.KeyScope `json:"key_scope"`
	KeyID    string           `json:"key_id"`
	Command  string           `json:"command"`
	Targets  []string         `json:"targets"`
	AsOf     *time.Time       `json:"as_of"`
}

type credential struct {
	Type         string           `json:"type"`
	Schema       string           `json:"schema"`
	ID           string           `json:"id"`
	Kind         string           `json:"kind"`
	Provider     string           `json:"provider"`
	Title        string           `json:"title"`
	Aliases      []string         `json:"aliases"`
	Tier         finding.Tier     `json:"tier"`
	Proof        finding.Proof    `json:"proof"`
	Severity     finding.Severity `json:"severity"`
	Redacted     string           `json:"redacted"`
	Ident        string           `json:"ident"`
	Why          string           `json:"why"`
	FirstSeen    *time.Time       `json:"first_seen"`
	LastSeen     *time.Time       `json:"last_seen"`
	Environments []environment    `json:"environments"`
	Owner        owner            `json:"owner"`
	Workloads    []string         `json:"workloads"`
	Targets      []string         `json:"targets"`
	Facts        []fact           `json:"facts"`
	Records      []record         `json:"records"`
	Conditions   []condition      `json:"conditions"`
	Decision     *decision        `json:"decision"`
	Exception    *exception       `json:"exception"`
	Uses         []use            `json:"uses"`
	Fix          []string         `json:"fix"`
	Docs         string           `json:"docs"`
	// Locations is last, and empty until writeCredential fills it one by one.
	Locations []location `json:"locations"`
}

type environment struct {
	Name  string           `json:"name"`
	Class finding.EnvClass `json:"class"`
	Why   string           `json:"why"`
}

type owner struct {
	Name       string   `json:"name"`
	How        string   `json:"how"`
	Candidates []string `json:"candidates"`
}

type fact struct {
	Field    string     `json:"field"`
	Value    string     `json:"value"`
	Source   string     `json:"source"`
	AsOf     *time.Time `json:"as_of"`
	Inferred bool       `json:"inferred"`
}

type record struct {
	System   string        `json:"system"`
	Key      string        `json:"key"`
	Match    finding.Match `json:"match"`
	Inferred bool          `json:"inferred"`
	Facts    []fact        `json:"facts"`
	Source   string        `json:"source"`
	AsOf     *time.Time    `json:"as_of"`
}

type condition struct {
	ID        string          `json:"id"`
	Verdict   finding.Verdict `json:"verdict"`
	Why       string          `json:"why"`
	Evidence  []string        `json:"evidence"`
	Bound     string          `json:"bound"`
	Refs      []string        `json:"refs"`
	Threshold *threshold      `json:"threshold"`
	Settle    []string        `json:"settle"`
}

type threshold struct {
	Value   string `json:"value"`
	Source  string `json:"source"`
	Version string `json:"version"`
}

type decision struct {
	Kind   string     `json:"kind"`
	Value  string     `json:"value"`
	Reason string     `json:"reason"`
	By     string     `json:"by"`
	Until  *time.Time `json:"until"`
}

type exception struct {
	Owner       string     `json:"owner"`
	Approver    string     `json:"approver"`
	Reason      string     `json:"reason"`
	Created     *time.Time `json:"created"`
	Until       *time.Time `json:"until"`
	Recertified *time.Time `json:"recertified"`
	Requires    []string   `json:"requires"`
	Where       string     `json:"where"`
}

type location struct {
	Source      string        `json:"source"`
	Target      string        `json:"target"`
	Path        string        `json:"path"`
	Line        int           `json:"line"`
	Column      int           `json:"column"`
	EndLine     int           `json:"end_line"`
	EndColumn   int           `json:"end_column"`
	Part        finding.Role  `json:"part"`
	Name        string        `json:"name"`
	State       finding.State `json:"state"`
	Commit      string        `json:"commit"`
	Refs        []string      `json:"refs"`
	Author      string        `json:"author"`
	When        *time.Time    `json:"when"`
	GoneCommit  string        `json:"gone_commit"`
	GoneWhen    *time.Time    `json:"gone_when"`
	Was         []string      `json:"was"`
	Layer       *layer        `json:"layer"`
	Decode      []step        `json:"decode"`
	Allow       *allow        `json:"allow"`
	Snippet     *snippet      `json:"snippet"`
	Fingerprint string        `json:"fingerprint"`
}

type snippet struct {
	Text   string `json:"text"`
	Column int    `json:"column"`
	Width  int    `json:"width"`
}

type layer struct {
	Digest    string     `json:"digest"`
	Index     int        `json:"index"`
	CreatedBy string     `json:"created_by"`
	Created   *time.Time `json:"created"`
	DeletedBy string     `json:"deleted_by"`
	Base      bool       `json:"base"`
	Platform  string     `json:"platform"`
}

type step struct {
	Name  string `json:"name"`
	Entry string `json:"entry"`
}

type allow struct {
	Reason string `json:"reason"`
}

type reference struct {
	Type         string        `json:"type"`
	Schema       string        `json:"schema"`
	ID           string        `json:"id"`
	System       string        `json:"system"`
	Name         string        `json:"name"`
	Scope        string        `json:"scope"`
	Listed       bool          `json:"listed"`
	Environments []environment `json:"environments"`
	Conditions   []condition   `json:"conditions"`
	Location     location      `json:"location"`
	Uses         []use         `json:"uses"`
}

type use struct {
	Job          string         `json:"job"`
	As           string         `json:"as"`
	Environments []environment  `json:"environments"`
	Triggers     []string       `json:"triggers"`
	Fork         finding.Answer `json:"fork"`
	ForkWhy      string         `json:"fork_why"`
	Consumers    []consumer     `json:"consumers"`
	Static       *static        `json:"static"`
	Printed      string         `json:"printed"`
	Whole        bool           `json:"whole"`
	Location     location       `json:"location"`
}

type consumer struct {
	Name   string         `json:"name"`
	Pin    string         `json:"pin"`
	Pinned finding.Answer `json:"pinned"`
	Party  finding.Party  `json:"party"`
}

type static struct {
	What    string `json:"what"`
	Instead string `json:"instead"`
	Doubt   string `json:"doubt"`
}

type inventoryRow struct {
	Type   string `json:"type"`
	Schema string `json:"schema"`
	ID     string `json:"id"`
	Found  string `json:"found"`
	Record record `json:"record"`
}

type notice struct {
	Type     string           `json:"type"`
	Schema   string           `json:"schema"`
	ID       string           `json:"id"`
	Kind     string           `json:"kind"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
	Location *location        `json:"location"`
}

type summary struct {
	Type      string   `json:"type"`
	Schema    string   `json:"schema"`
	Complete  bool     `json:"complete"`
	Counts    counts   `json:"counts"`
	Coverage  coverage `json:"coverage"`
	FailOn    string   `json:"fail_on"`
	Failing   int      `json:"failing"`
	ElapsedMS int64    `json:"elapsed_ms"`
}

type counts struct {
	Credentials int                      `json:"credentials"`
	Places      int                      `json:"places"`
	BySeverity  map[finding.Severity]int `json:"by_severity"`
	ByTier      map[finding.Tier]int     `json:"by_tier"`
	Base        int                      `json:"base"`
	Baseline    int                      `json:"baseline"`
	Marked      int                      `json:"marked"`
	Excepted    int                      `json:"excepted"`
	Inline      int                      `json:"inline"`
	CannotTell  int                      `json:"cannot_tell"`
	References  int                      `json:"references"`
	Notices     int                      `json:"notices"`
}

type coverage struct {
	Targets []targetCoverage         `json:"targets"`
	Seen    int64                    `json:"seen"`
	Scanned int64                    `json:"scanned"`
	Reused  int64                    `json:"reused"`
	Bytes   int64                    `json:"bytes"`
	Skipped map[finding.Reason]int64 `json:"skipped"`
	Skips   []skip                   `json:"skips"`
}

type targetCoverage struct {
	Source  string   `json:"source"`
	Target  string   `json:"target"`
	Tip     string   `json:"tip"`
	Refs    int      `json:"refs"`
	Commits int      `json:"commits"`
	Shallow bool     `json:"shallow"`
	Partial bool     `json:"partial"`
	Notes   []string `json:"notes"`
}

type skip struct {
	Target     string         `json:"target"`
	Object     string         `json:"object"`
	Path       string         `json:"path"`
	Reason     finding.Reason `json:"reason"`
	Incomplete bool           `json:"incomplete"`
	Detail     string         `json:"detail"`
	Size       int64          `json:"size"`
}

func newHeader(h finding.Header) header {
	return header{
		Type: "header", Schema: Schema, Version: h.Version, RuleSet: h.RuleSet, KeyScope: h.KeyScope, KeyID: h.KeyID,
		Command: h.Command, Targets: list(h.Targets), AsOf: date(h.AsOf),
	}
}

// newCredential leaves Locations empty.
func newCredential(c *finding.Credential) credential {
	out := credential{
		Type: "finding", Schema: Schema, ID: c.ID, Kind: c.Kind, Provider: c.Provider, Title: c.Title,
		Aliases: list(c.Aliases), Tier: c.Tier, Proof: c.Proof, Severity: c.Severity, Redacted: c.Redacted, Ident: c.Ident,
		Why: c.Why, FirstSeen: date(c.FirstSeen), LastSeen: date(c.LastSeen),
		Environments: convert(c.Environments, newEnvironment),
		Owner:        owner{c.Owner.Name, c.Owner.How, list(c.Owner.Candidates)},
		Workloads:    list(c.Workloads), Targets: list(c.Targets),
		Facts: convert(c.Facts, newFact), Records: convert(c.Records, newRecord),
		Conditions: convert(c.Conditions, newCondition), Uses: convert(c.Uses, newUse), Fix: list(c.Fix), Docs: c.Docs, Locations: []location{},
	}
	if out.Proof == "" {
		out.Proof = finding.ProofNone
	}
	if d := c.Decision; d != nil {
		out.Decision = &decision{d.Kind, d.Value, d.Reason, d.By, date(d.Until)}
	}
	if e := c.Exception; e != nil {
		out.Exception = &exception{e.Owner, e.Approver, e.Reason, date(e.Created), date(e.Until), date(e.Recertified), list(e.Requires), e.Where}
	}
	return out
}

func newEnvironment(e finding.Environment) environment { return environment{e.Name, e.Class, e.Why} }

func newFact(f finding.Fact) fact {
	return fact{f.Field, f.Value, f.Source, date(f.AsOf), f.Inferred}
}

func newRecord(r finding.Record) record {
	return record{r.System, r.Key, r.Match, r.Inferred, convert(r.Facts, newFact), r.Source, date(r.AsOf)}
}

func newCondition(c finding.Condition) condition {
	out := condition{
		ID: c.ID, Verdict: c.Verdict, Why: c.Why, Evidence: list(c.Evidence), Bound: c.Bound, Refs: list(c.Refs), Settle: list(c.Settle),
	}
	if t := c.Threshold; t != nil {
		out.Threshold = &threshold{t.Value, t.Source, t.Version}
	}
	return out
}

func newPlace(w *finding.Location, s finding.Span) location {
	out := location{
		Source: w.Source, Target: w.Target, Path: w.Path, Line: s.Line, Column: s.Column, EndLine: s.EndLine,
		EndColumn: s.EndColumn, State: w.State, Refs: list(w.Refs), Was: list(w.Was), Decode: []step{},
	}
	if c := w.Added; c != nil {
		out.Commit, out.Author, out.When = c.Commit, c.Author, date(c.When)
	}
	if c := w.Gone; c != nil {
		out.GoneCommit, out.GoneWhen = c.Commit, date(c.When)
	}
	if l := w.Layer; l != nil {
		out.Layer = &layer{l.Digest, l.Index, l.CreatedBy, date(l.Created), l.DeletedBy, l.Base, l.Platform}
	}
	return out
}

func newLocation(s *finding.Sighting, p *finding.Part) location {
	out := newPlace(&s.Where, p.Span)
	out.Part, out.Name = p.Role, s.Name
	out.Decode = convert(s.Decode, func(d finding.Step) step { return step{d.Name, d.Entry} })
	if s.Allow != nil {
		out.Allow = &allow{s.Allow.Reason}
	}
	if p.Snippet.Text != "" {
		out.Snippet = newSnippet(p.Snippet)
	}
	out.Fingerprint = s.Print
	return out
}

// newSnippet keeps the part where it stands: what is not UTF-8 before it takes another number of bytes once it is replaced.
func newSnippet(s finding.Snippet) *snippet {
	from := min(max(s.Column, 0), len(s.Text))
	to := from + min(max(s.Width, 0), len(s.Text)-from)
	const broken = "\uFFFD"
	front, part := strings.ToValidUTF8(s.Text[:from], broken), strings.ToValidUTF8(s.Text[from:to], broken)
	return &snippet{front + part + strings.ToValidUTF8(s.Text[to:], broken), len(front), len(part)}
}

func newReference(r *finding.Reference) reference {
	return reference{
		Type: "reference", Schema: Schema, ID: r.ID, System: r.System, Name: r.Name, Scope: r.Scope,
		Listed: r.Listed, Environments: convert(r.Environments, newEnvironment), Conditions: convert(r.Conditions, newCondition),
		Location: newPlace(&r.Where, r.Span), Uses: convert(r.Uses, newUse),
	}
}

func newUse(u finding.Use) use {
	out := use{
		Job: u.Job, As: u.As, Environments: convert(u.Environments, newEnvironment), Triggers: list(u.Triggers), Fork: answer(u.Fork),
		ForkWhy: u.ForkWhy, Printed: u.Printed, Whole: u.Whole, Location: newPlace(&u.Where, u.Span),
		Consumers: convert(u.Consumers, func(c finding.Consumer) consumer { return consumer{c.Name, c.Pin, answer(c.Pinned), c.Party} }),
	}
	if u.Static != nil {
		out.Static = &static{u.Static.What, u.Static.Instead, u.Static.Doubt}
	}
	return out
}

// answer spells out what is not known.
func answer(a finding.Answer) finding.Answer {
	if a == finding.Unknown {
		return "unknown"
	}
	return a
}

func newInventoryRow(r *finding.InventoryRow) inventoryRow {
	return inventoryRow{"inventory", Schema, r.ID, r.Found, newRecord(r.Record)}
}

func newNotice(n *finding.Notice) notice {
	out := notice{Type: "notice", Schema: Schema, ID: n.ID, Kind: n.Kind, Severity: n.Severity, Message: n.Message}
	if n.Where != nil {
		l := newPlace(n.Where, n.Span)
		out.Location = &l
	}
	return out
}

func newSummary(s finding.Summary) summary {
	c := &s.Coverage
	out := summary{
		Type: "summary", Schema: Schema, Complete: c.Complete(),
		Counts: counts{
			Credentials: s.Credentials, Places: s.Places, BySeverity: map[finding.Severity]int{},
			ByTier: map[finding.Tier]int{}, Base: s.Base, Baseline: s.Baseline, Marked: s.Marked, Excepted: s.Excepted,
			Inline: s.Inline, CannotTell: s.CannotTell, References: s.References, Notices: s.Notices,
		},
		Coverage: coverage{
			Targets: convert(c.Targets, func(t finding.TargetCoverage) targetCoverage {
				return targetCoverage{t.Source, t.Target, t.Tip, t.Refs, t.Commits, t.Shallow, t.Partial, list(t.Notes)}
			}),
			Seen: c.Seen, Scanned: c.Scanned, Reused: c.Reused, Bytes: c.Bytes, Skipped: map[finding.Reason]int64{},
			Skips: convert(c.Skips, func(k finding.Skip) skip {
				return skip{k.Target, k.Object, k.Path, k.Reason, k.Reason.Incomplete(), k.Detail, k.Size}
			}),
		},
		FailOn: s.FailOn, Failing: s.Failing, ElapsedMS: s.Elapsed.Milliseconds(),
	}
	for _, v := range finding.Severities() {
		out.Counts.BySeverity[v] = s.BySeverity[v]
	}
	for _, v := range finding.Tiers() {
		out.Counts.ByTier[v] = s.ByTier[v]
	}
	for r, n := range c.Skipped {
		if n > 0 {
			out.Coverage.Skipped[r] = n
		}
	}
	return out
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func convert[F, T any](from []F, f func(F) T) []T {
	to := make([]T, len(from))
	for i, x := range from {
		to[i] = f(x)
	}
	return to
}

// date is nil for the zero time, else the time in UTC: zones depend on where a scan ran.
func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// parts calls f with the parts of a sighting, the canonical one first, until an error.
func parts(s *finding.Sighting, f func(*finding.Part) error) error {
	first := s.Canonical()
	if first == nil {
		return nil
	}
	if err := f(first); err != nil {
		return err
	}
	for i := range s.Parts {
		if p := &s.Parts[i]; p != first {
			if err := f(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// marshal is json.Marshal with markup left readable and with every character that a terminal or an editor acts on instead of
// showing it written as an escape.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return escapeHidden(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapeHidden works on whole JSON because hidden characters can stand in its strings only.
func escapeHidden(b []byte) []byte {
	clean := true
	for _, c := range b {
		if c >= 0x7f {
			clean = false
			break
		}
	}
	if clean {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for i := 0; i < len(b); {
		from := i
		for i < len(b) && b[i] >= 0x20 && b[i] < 0x7f {
			i++
		}
		if out = append(out, b[from:i]...); i == len(b) {
			break
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case !hidden(r):
			out = append(out, b[i:i+n]...)
		case r > 0xffff:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += n
	}
	return out
}
