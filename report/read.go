package report

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"sprawl/finding"
)

// errOther is what Read says of a file that is something else.
var errOther = errors.New("not a report of sprawl in JSON or JSON Lines")

// Read hands a report that was written as JSON Lines or JSON to another format, one item at a time. What the fields of a report
// do not hold is not there: byte offsets, ways to join a credential with an inventory, and values.
//
// A report without its end was cut off, and is an error: nothing is concluded from half a report. The text of a report is as
// hostile as the repositories it came from; words with a meaning (severities, verdicts, states) are checked here, all other text
// is escaped by the formats.
func Read(in io.Reader, to Reporter) error {
	b := bufio.NewReaderSize(in, 4096)
	d := json.NewDecoder(b)
	r := &reader{to: to}
	var err error
	if front, _ := b.Peek(512); isDocument(front) {
		err = r.document(d)
	} else {
		err = r.lines(d)
	}
	switch {
	case err != nil:
		return err
	case !r.begun || !r.ended:
		return errors.New("the report is cut off: it has no beginning or no end")
	}
	return nil
}

// isDocument tells the one object of JSON from the first line of JSON Lines, by the name of its first field.
func isDocument(front []byte) bool {
	front, ok := bytes.CutPrefix(bytes.TrimLeft(front, " \t\r\n"), []byte("{"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(front, " \t\r\n"), []byte(`"schema"`))
}

type reader struct {
	to           Reporter
	begun, ended bool
}

func (r *reader) lines(d *json.Decoder) error {
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the report: %w", err)
		}
		if err := r.line(raw); err != nil {
			return err
		}
	}
}

func (r *reader) document(d *json.Decoder) error {
	fail := func(err error) error { return fmt.Errorf("read the report: %w", err) }
	if _, err := d.Token(); err != nil {
		return fail(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return fail(err)
		}
		many := slices.Contains([]any{"findings", "references", "inventory", "notices"}, any(name))
		if many {
			if open, err := d.Token(); err != nil || open != json.Delim('[') {
				return fail(cmp.Or(err, errOther))
			}
		}
		for !many || d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return fail(err)
			}
			if many || name == "header" || name == "summary" {
				if err := r.line(raw); err != nil {
					return err
				}
			}
			if !many {
				break
			}
		}
		if many {
			if _, err := d.Token(); err != nil {
				return fail(err)
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return fail(err)
	}
	return nil
}

// line is one object of a report, in the order in which reports have them.
func (r *reader) line(raw []byte) error {
	var is struct{ Type, Schema string }
	if err := json.Unmarshal(raw, &is); err != nil || is.Schema != Schema || r.ended || (is.Type == "header") == r.begun {
		return errOther
	}
	switch is.Type {
	case "header":
		h, err := decode[header](raw)
		if err != nil {
			return err
		}
		if err := words(h.Command, string(h.KeyScope)); err != nil {
			return err
		}
		r.begun = true
		return r.to.Begin(h.value())
	case "finding":
		c, err := decode[credential](raw)
		if err != nil {
			return err
		}
		v, err := c.value()
		if err != nil {
			return err
		}
		return r.to.Item(finding.Item{Credential: v})
	case "reference":
		f, err := decode[reference](raw)
		if err != nil {
			return err
		}
		v, err := f.value()
		if err != nil {
			return err
		}
		return r.to.Item(finding.Item{Reference: v})
	case "inventory":
		i, err := decode[inventoryRow](raw)
		if err != nil {
			return err
		}
		if err := words(string(i.Record.Match)); err != nil {
			return err
		}
		return r.to.Item(finding.Item{Inventory: &finding.InventoryRow{ID: i.ID, Found: i.Found, Record: i.Record.value()}})
	case "notice":
		n, err := decode[notice](raw)
		if err != nil {
			return err
		}
		v, err := n.value()
		if err != nil {
			return err
		}
		return r.to.Item(finding.Item{Notice: v})
	case "summary":
		s, err := decode[summary](raw)
		if err != nil {
			return err
		}
		v, err := s.value()
		if err != nil {
			return err
		}
		r.ended = true
		return r.to.End(v)
	}
	return nil // a kind of line that a later version added
}

func decode[T any](raw []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	return v, nil
}

// words holds texts that formats print as they are to lower-case words.
func words(all ...string) error {
	for _, s := range all {
		for _, c := range []byte(s) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return fmt.Errorf("read the report: %.40q is no word of a report", s)
			}
		}
	}
	return nil
}

// among holds severities and tiers, by which is counted, to those there are.
func among[T ~string](v T, all []T) error {
	if !slices.Contains(all, v) {
		return fmt.Errorf("read the report: unknown word %.40q; a later version may have written it", string(v))
	}
	return nil
}

func (h *header) value() finding.Header {
	return finding.Header{
		Version: h.Version, RuleSet: h.RuleSet, KeyScope: h.KeyScope, KeyID: h.KeyID, Command: h.Command, Targets: h.Targets, AsOf: moment(h.AsOf),
	}
}

func (c *credential) value() (*finding.Credential, error) {
	v := &finding.Credential{
		ID: c.ID, Kind: c.Kind, Provider: c.Provider, Title: c.Title, Aliases: c.Aliases, Tier: c.Tier, Proof: c.Proof, Severity: c.Severity,
		Redacted: c.Redacted, Ident: c.Ident, Why: c.Why, FirstSeen: moment(c.FirstSeen), LastSeen: moment(c.LastSeen),
		Environments: convert(c.Environments, environment.value), Owner: finding.Owner{Name: c.Owner.Name, How: c.Owner.How, Candidates: c.Owner.Candidates},
		Workloads: c.Workloads, Targets: c.Targets, Facts: convert(c.Facts, fact.value), Records: convert(c.Records, record.value),
		Conditions: convert(c.Conditions, condition.value), Uses: convert(c.Uses, use.value), Fix: c.Fix, Docs: c.Docs,
	}
	err := errors.Join(among(c.Severity, finding.Severities()), among(c.Tier, finding.Tiers()), words(string(c.Proof)), checkConditions(c.Conditions), checkReach(c.Environments), checkUses(c.Uses))
	for _, r := range c.Records {
		err = errors.Join(err, words(string(r.Match)))
	}
	if d := c.Decision; d != nil {
		err = errors.Join(err, words(d.Kind, d.Value))
		v.Decision = &finding.Decision{Kind: d.Kind, Value: d.Value, Reason: d.Reason, By: d.By, Until: moment(d.Until)}
	}
	if e := c.Exception; e != nil {
		v.Exception = &finding.Exception{
			Owner: e.Owner, Approver: e.Approver, Reason: e.Reason, Created: moment(e.Created), Until: moment(e.Until), Recertified: moment(e.Recertified),
			Requires: e.Requires, Where: e.Where,
		}
	}
	for i := range c.Locations {
		err = errors.Join(err, words(string(c.Locations[i].State), string(c.Locations[i].Part)))
		v.Sightings = c.join(v.Sightings, &c.Locations[i])
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// join adds a location to the place it belongs to: the locations of a place follow each other, the identifying part first.
func (c *credential) join(all []finding.Sighting, l *location) []finding.Sighting {
	p := finding.Part{Role: l.Part, Span: finding.Span{Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn}}
	if s := l.Snippet; s != nil {
		p.Snippet = finding.Snippet{Text: s.Text, Column: s.Column, Width: s.Width}
	}
	if n := len(all); n > 0 {
		last := &all[n-1]
		if w := &last.Where; last.Parts[0].Role != l.Part && w.Source == l.Source && w.Target == l.Target && w.Path == l.Path && w.State == l.State &&
			last.Name == l.Name && last.Print == l.Fingerprint {
			last.Parts = append(last.Parts, p)
			return all
		}
	}
	s := finding.Sighting{
		Kind: c.Kind, Provider: c.Provider, Name: l.Name, Tier: c.Tier, Proof: c.Proof, Why: c.Why, Parts: []finding.Part{p}, Masked: c.Redacted, Ident: c.Ident,
		Where: l.value(), Decode: convert(l.Decode, func(s step) finding.Step { return finding.Step{Name: s.Name, Entry: s.Entry} }), Print: l.Fingerprint,
	}
	if l.Allow != nil {
		s.Allow = &finding.Allow{Reason: l.Allow.Reason}
	}
	return append(all, s)
}

func (l *location) value() finding.Location {
	w := finding.Location{Source: l.Source, Target: l.Target, Path: l.Path, State: l.State, Refs: l.Refs, Was: l.Was}
	if l.Commit != "" || l.Author != "" || l.When != nil {
		w.Added = &finding.Change{Commit: l.Commit, Author: l.Author, When: moment(l.When)}
	}
	if l.GoneCommit != "" || l.GoneWhen != nil {
		w.Gone = &finding.Change{Commit: l.GoneCommit, When: moment(l.GoneWhen)}
	}
	if y := l.Layer; y != nil {
		w.Layer = &finding.Layer{
			Digest: y.Digest, Index: y.Index, CreatedBy: y.CreatedBy, Created: moment(y.Created), DeletedBy: y.DeletedBy, Base: y.Base, Platform: y.Platform,
		}
	}
	return w
}

func (l *location) span() finding.Span {
	return finding.Span{Line: l.Line, Column: l.Column, EndLine: l.EndLine, EndColumn: l.EndColumn}
}

func (f *reference) value() (*finding.Reference, error) {
	if err := errors.Join(checkConditions(f.Conditions), checkReach(f.Environments), checkUses(f.Uses), words(string(f.Location.State))); err != nil {
		return nil, err
	}
	return &finding.Reference{
		ID: f.ID, System: f.System, Name: f.Name, Scope: f.Scope, Listed: f.Listed, Where: f.Location.value(), Span: f.Location.span(),
		Environments: convert(f.Environments, environment.value), Uses: convert(f.Uses, use.value), Conditions: convert(f.Conditions, condition.value),
	}, nil
}

func (n *notice) value() (*finding.Notice, error) {
	v := &finding.Notice{ID: n.ID, Kind: n.Kind, Severity: n.Severity, Message: n.Message}
	err := among(n.Severity, finding.Severities())
	if l := n.Location; l != nil {
		err = errors.Join(err, words(string(l.State)))
		w := l.value()
		v.Where, v.Span = &w, l.span()
	}
	return v, err
}

func (s *summary) value() (finding.Summary, error) {
	c, n := &s.Coverage, &s.Counts
	v := finding.Summary{
		Credentials: n.Credentials, Places: n.Places, BySeverity: n.BySeverity, ByTier: n.ByTier, Base: n.Base, Baseline: n.Baseline, Marked: n.Marked,
		Excepted: n.Excepted, Inline: n.Inline, CannotTell: n.CannotTell, References: n.References, Notices: n.Notices, Failing: s.Failing, FailOn: s.FailOn,
		Elapsed: time.Duration(s.ElapsedMS) * time.Millisecond,
		Coverage: finding.Coverage{
			Targets: convert(c.Targets, func(t targetCoverage) finding.TargetCoverage { return finding.TargetCoverage(t) }),
			Seen:    c.Seen, Scanned: c.Scanned, Reused: c.Reused, Bytes: c.Bytes, Skipped: c.Skipped,
			Skips: convert(c.Skips, func(k skip) finding.Skip {
				return finding.Skip{Target: k.Target, Object: k.Object, Path: k.Path, Reason: k.Reason, Detail: k.Detail, Size: k.Size}
			}),
		},
	}
	var err error
	for r := range c.Skipped {
		err = errors.Join(err, words(string(r)))
	}
	for _, k := range c.Skips {
		err = errors.Join(err, words(string(k.Reason)))
	}
	if err == nil && v.Coverage.Complete() != s.Complete {
		err = errors.New("read the report: what it skipped says otherwise of whether it is complete than it does")
	}
	return v, err
}

func (e environment) value() finding.Environment {
	return finding.Environment{Name: e.Name, Class: e.Class, Why: e.Why}
}

func (f fact) value() finding.Fact {
	return finding.Fact{Field: f.Field, Value: f.Value, Source: f.Source, AsOf: moment(f.AsOf), Inferred: f.Inferred}
}

func (r record) value() finding.Record {
	return finding.Record{System: r.System, Key: r.Key, Match: r.Match, Inferred: r.Inferred, Facts: convert(r.Facts, fact.value), Source: r.Source, AsOf: moment(r.AsOf)}
}

func (k condition) value() finding.Condition {
	v := finding.Condition{ID: k.ID, Verdict: k.Verdict, Why: k.Why, Evidence: k.Evidence, Bound: k.Bound, Refs: k.Refs, Settle: k.Settle}
	if t := k.Threshold; t != nil {
		v.Threshold = &finding.Threshold{Value: t.Value, Source: t.Source, Version: t.Version}
	}
	return v
}

func (u use) value() finding.Use {
	v := finding.Use{
		Where: u.Location.value(), Span: u.Location.span(), Job: u.Job, As: u.As, Environments: convert(u.Environments, environment.value), Triggers: u.Triggers,
		Fork: answered(u.Fork), ForkWhy: u.ForkWhy, Printed: u.Printed, Whole: u.Whole,
		Consumers: convert(u.Consumers, func(c consumer) finding.Consumer {
			return finding.Consumer{Name: c.Name, Pin: c.Pin, Pinned: answered(c.Pinned), Party: c.Party}
		}),
	}
	if s := u.Static; s != nil {
		v.Static = &finding.Static{What: s.What, Instead: s.Instead, Doubt: s.Doubt}
	}
	return v
}

func checkConditions(all []condition) error {
	for _, k := range all {
		if err := words(string(k.Verdict), k.Bound); err != nil {
			return err
		}
	}
	return nil
}

func checkReach(all []environment) error {
	for _, e := range all {
		if err := words(string(e.Class)); err != nil {
			return err
		}
	}
	return nil
}

func checkUses(all []use) error {
	for _, u := range all {
		if err := errors.Join(checkReach(u.Environments), words(string(u.Fork), string(u.Location.State))); err != nil {
			return err
		}
		for _, c := range u.Consumers {
			if err := words(string(c.Pinned), string(c.Party)); err != nil {
				return err
			}
		}
	}
	return nil
}

// moment is the zero time for none.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// answered is the answer that answer spelt out.
func answered(a finding.Answer) finding.Answer {
	if a == "unknown" {
		return finding.Unknown
	}
	return a
}
