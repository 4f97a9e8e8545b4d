package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/identity"
	"sprawl/internal/scan"
	"sprawl/sources"
	"sprawl/sources/git"
)

// baseBudget is how many bytes of the files that a change leaves alone are searched for what the change holds.
const baseBudget = 4 << 30

// earlier is what stood before a change, as credential ids.
type earlier struct {
	known   map[string]bool // at a place that no inline allow covers
	allowed map[string]bool // at a place that one does
}

// earlier looks for the credentials of ss where the change started. What the change edits, moves or deletes is matched like the
// change itself; of everything else only those files are, in which a value stands as it is. What cannot be read, or lies beyond
// the budget, counts as not there, so that doubt reports too much and never too little.
func (r *run) earlier(ctx context.Context, t target, ss []finding.Sighting, keys *identity.Keys, o scan.Options) (earlier, error) {
	out := earlier{map[string]bool{}, map[string]bool{}}
	if t.before == nil || len(ss) == 0 {
		return out, nil
	}
	wanted := map[string]finding.Secret{}
	for _, c := range r.identify(ss, keys, o).Credentials {
		wanted[c.ID] = c.Sightings[0].Canonical().Secret
	}
	look := func(src sources.Source) error {
		old, err := scan.Run(ctx, src, &sources.Ledger{}, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, scan.ErrBudget) {
			return fmt.Errorf("read what was there before: %w", err)
		}
		for _, c := range r.identify(old, keys, o).Credentials {
			ids := append(slices.Clone(c.Aliases), c.ID)
			for i := range c.Sightings {
				in := out.known
				if c.Sightings[i].Allow != nil && !r.ignoreAllow {
					in = out.allowed
				}
				for _, id := range ids {
					in[id] = true
				}
			}
		}
		return nil
	}
	if err := look(t.before(git.Replaced)); err != nil {
		return out, err
	}
	var left []finding.Secret
	for id, v := range wanted {
		if !out.known[id] {
			left = append(left, v)
		}
	}
	if len(left) == 0 {
		return out, nil
	}
	return out, look(scan.Containing(t.before(git.Kept), left, baseBudget))
}

// add takes over what was there before another change to the same repository.
func (e *earlier) add(o earlier) {
	if e.known == nil {
		*e = o
		return
	}
	maps.Copy(e.known, o.known)
	maps.Copy(e.allowed, o.allowed)
}

// identify groups sightings outside the policy's excluded paths by what they are, and decides nothing.
func (r *run) identify(ss []finding.Sighting, keys *identity.Keys, o scan.Options) correlate.Result {
	return correlate.Correlate(correlate.Input{
		Sightings: slices.Clone(ss), Keys: keys, AsOf: r.asOf, Excluded: r.policy.policy.Excludes,
		Kind: func(string) *detectors.Detector { return nil },
	})
}

// withoutNewAllows drops the inline allows that a change brings along with the credential they cover: who judges a change
// accepts them, not who makes it. A notice says so once a credential and file.
func withoutNewAllows(ss []finding.Sighting, was earlier, keys *identity.Keys) []finding.Notice {
	var out []finding.Notice
	seen := map[string]bool{}
	for i := range ss {
		s := &ss[i]
		if s.Allow == nil {
			continue
		}
		id := sightingID(s, keys)
		if was.allowed[id] {
			continue
		}
		s.Allow = nil
		where := s.Where
		n := finding.Notice{
			ID: keys.NoticeID("allow-added", id, where.Path), Kind: "allow-added", Severity: finding.SevLow,
			Message: "sprawl:allow that comes with the change it would cover does not count: it does once somebody has merged it, or record the decision with sprawl mark on the branch that is merged into",
			Where:   &where, Span: s.Canonical().Span,
		}
		if !seen[n.ID] {
			seen[n.ID] = true
			out = append(out, n)
		}
	}
	return out
}

func sightingID(s *finding.Sighting, keys *identity.Keys) string {
	if p := s.Part(finding.RoleSecret); p != nil {
		return keys.ID(p.Secret)
	}
	return keys.PublicID(s.Canonical().Secret)
}

// settle marks the credentials that were there before, and keeps the order: undecided ones first.
func (e earlier) settle(cs []finding.Credential) {
	if len(e.known) == 0 {
		return
	}
	for i := range cs {
		c := &cs[i]
		if c.Decision == nil && (e.known[c.ID] || slices.ContainsFunc(c.Aliases, func(a string) bool { return e.known[a] })) {
			c.Decision = &finding.Decision{Kind: "base"}
		}
	}
	slices.SortStableFunc(cs, func(a, b finding.Credential) int {
		switch {
		case (a.Decision == nil) == (b.Decision == nil):
			return 0
		case a.Decision == nil:
			return -1
		}
		return 1
	})
}
