package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/crawl"
	"sprawl/internal/store"
	"sprawl/sources"
)

// judge brings together what all targets hold and judges it: the end of a night. It may be called again.
func (n *night) judge(ctx context.Context, of store.Run, hold func(*store.Tx) error, st *store.Store, exports []export, ask *asking) (*finding.Summary, error) {
	r := n.run
	r.asOf = of.Started
	all, err := n.held(ctx, st, of)
	if err != nil {
		return nil, err
	}
	invs, troubles, err := loadInventories(ctx, exports, n.keys, r.asOf)
	if err != nil {
		return nil, err
	}
	taken, untaken, err := ask.inventories(ctx, n.keys, r.asOf)
	if err != nil {
		return nil, err
	}
	invs, troubles = append(invs, taken...), append(troubles, untaken...)
	ask.ledger(all.ledger)

	pol := r.policy.policy
	in := correlate.Input{Keys: n.keys, Kind: n.set.Detector, AsOf: r.asOf, Excluded: pol.Excludes,
		Honours: func(d *finding.Decision, s finding.Severity) bool { return pol.Honours(d.Kind, s) },
		Origin:  func(target string) string { return all.hubs[target] }}
	governed(&in, pol, n.keys, nil)
	in.Decide = func(c *finding.Credential) *finding.Decision {
		if m := n.decidedAs(c); m != "" {
			return decision(pol, m, r.asOf)
		}
		return nil
	}
	in.Exception = func(c *finding.Credential) *finding.Exception { return exceptionOf(pol, n.decidedAs(c)) }
	lists := joined(&in, invs, n.keys)
	res := &result{keys: n.keys, found: correlate.Merge(in, all.parts)}
	res.found.Inventory, res.found.Principals = lists.Rows, lists.Principals
	res.references, res.namedReferences = judgedReferences(all.references, lists.References)
	res.found.Notices = slices.Concat(all.notices, res.found.Notices, unheard(lists, troubles, n.keys, in.Limits, r.asOf), ask.notices(n.keys))
	if said := n.hidden(all); said != nil {
		res.found.Notices = append(res.found.Notices, *said)
	}
	slices.SortFunc(res.found.Notices, func(a, b finding.Notice) int { return cmp.Compare(a.ID, b.ID) })
	res.found.Notices = slices.CompactFunc(res.found.Notices, func(a, b finding.Notice) bool { return a.ID == b.ID })
	err = st.Update(ctx, func(tx *store.Tx) error {
		if err := hold(tx); err != nil {
			return err
		}
		_, err := tx.PutJudged(of.ID, r.asOf, res.found.Credentials, res.found.Notices, res.references, res.found.Inventory, all.saw)
		return err
	})
	if err != nil {
		return nil, err
	}
	res.ledger = all.ledger.Coverage()
	res.elapsed = r.app.now().Sub(of.Started)
	sum := res.summarise("policy", func(c finding.Credential) bool { return pol.Fails(c.Tier, c.Severity) })
	return &sum, nil
}

// decidedAs is how the organisation's policy names a stored credential, "" where it has no entry for it.
func (n *night) decidedAs(c *finding.Credential) string {
	for i := range c.Sightings {
		for _, j := range c.Sightings[i].Joins {
			if j.Form == formDecision {
				return n.entries[j.Sum]
			}
		}
	}
	return ""
}

// holdings is what the store has of all targets.
type holdings struct {
	parts      []finding.Credential
	references map[string][]finding.Reference // by target, as places name it
	hubs       map[string]string              // names on GitHub, likewise
	notices    []finding.Notice
	looked     map[string]bool // targets that this run has looked at
	suppressed store.Suppressed
	deciders   int // targets that suppress anything
	ledger     *sources.Ledger
}

func (n *night) held(ctx context.Context, st *store.Store, run store.Run) (*holdings, error) {
	all := &holdings{references: map[string][]finding.Reference{}, hubs: map[string]string{}, looked: map[string]bool{}, ledger: &sources.Ledger{}}
	err := st.View(ctx, func(tx *store.Tx) error {
		outcomes, err := tx.Outcomes(run.ID)
		if err != nil {
			return err
		}
		for i := range outcomes {
			all.outcome(&outcomes[i])
		}
		return tx.Holdings(func(t store.Target, s store.Scan) error { all.add(t, s); return nil })
	})
	for _, l := range run.Counts.Unlisted {
		root, why, _ := strings.Cut(l, ": ")
		all.ledger.Skip(finding.Skip{Target: root, Reason: finding.ReasonUnreadable, Detail: "the list could not be read to its end: " + why})
	}
	return all, err
}

// saw reports whether the run has looked at the target that places name so; an image's name its tag as well.
func (all *holdings) saw(target string) bool {
	if all.looked[target] {
		return true
	}
	if i := strings.LastIndexAny(target, ":@"); strings.HasPrefix(target, "image:") && i > strings.LastIndexByte(target, '/') {
		return all.looked[strings.TrimSuffix(target[:i], "@sha256")]
	}
	return false
}

// outcome notes what became of a target in the run.
func (all *holdings) outcome(o *store.Outcome) {
	switch o.State {
	case store.Done, store.Same, store.Incomplete:
		all.looked[nameOf(o.Target)] = o.State != store.Incomplete
	case store.Gone:
		all.looked[nameOf(o.Target)] = true
		all.ledger.Target(finding.TargetCoverage{Source: string(o.Target.Kind), Target: nameOf(o.Target), Notes: []string{strings.TrimSuffix("gone: "+o.Reason+" "+o.Detail, " ")}})
	case store.Failed, store.Pending:
		reason := finding.ReasonUnreadable
		if o.Reason == "corrupt" {
			reason = finding.ReasonCorrupt
		}
		all.ledger.Skip(finding.Skip{Target: o.Target.Name, Reason: reason, Detail: strings.TrimPrefix(o.Reason+": "+o.Detail, ": ")})
	}
}

func (all *holdings) add(t store.Target, s store.Scan) {
	all.parts = append(all.parts, s.Credentials...)
	all.notices = append(all.notices, s.Notices...)
	name := nameOf(t)
	if len(s.References) > 0 {
		all.references[name] = s.References
	}
	if strings.HasPrefix(t.Root, "github:") || strings.HasPrefix(t.Key, "github:") {
		all.hubs[name] = t.Repository
	}
	all.ledger.Include(s.Coverage)
	u := s.Suppressed
	if u != (store.Suppressed{}) {
		all.deciders++
	}
	all.suppressed.Baseline += u.Baseline
	all.suppressed.Marks += u.Marks
	all.suppressed.Exceptions += u.Exceptions
	all.suppressed.Inline += u.Inline
	all.suppressed.Excluded += u.Excluded
}

// hidden tells what repositories would hide of what is reported here; nil where that is nothing.
func (n *night) hidden(all *holdings) *finding.Notice {
	u := all.suppressed
	if all.deciders == 0 {
		return nil
	}
	limits := "none of it counts here: the organisation's policy has no repositories: section"
	if len(n.run.policy.policy.Repositories) > 0 {
		limits = "what of it counts here is what the organisation's policy allows under repositories:"
	}
	return &finding.Notice{
		ID: n.keys.NoticeID("suppressed"), Kind: "suppressed", Severity: finding.SevInfo,
		Message: fmt.Sprintf("%s decided for themselves: %d of a baseline, %d marked, %d excepted, %d allowed in comments, %d places excluded; %s",
			plural(all.deciders, "target"), u.Baseline, u.Marks, u.Exceptions, u.Inline, u.Excluded, limits),
	}
}

var _ crawl.Scanner = (*night)(nil)
