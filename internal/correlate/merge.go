package correlate

import (
	"slices"
	"strings"

	"sprawl/finding"
)

// Merge brings together what several targets were found to hold, each correlated by itself, and judges it anew: a credential that
// stands in two of them is one. The parts need not hold their secrets any more: their ids were made when they did, under one key.
//
// A part's Decision is what its target has decided; Input.Honours says whether that counts.
//
// Of what Input asks, a part has answered already what only its target could tell: pipelines, manifests and the files that name
// owners. Everything else is asked here; Sightings, Keys' secrets, Declared, Uses and Files are not.
func Merge(in Input, parts []finding.Credential) Result {
	var res Result
	groups, by := map[string][]finding.Sighting{}, map[string][]*finding.Credential{}
	var all []finding.Sighting
	for i := range parts {
		p := &parts[i]
		kept := p.Sightings
		if in.Excluded != nil {
			kept = nil
			for _, s := range p.Sightings {
				if s.Where.Path != "" && in.Excluded(s.Where.Path) {
					res.Excluded++
					continue
				}
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			continue
		}
		groups[p.ID] = append(groups[p.ID], kept...)
		by[p.ID] = append(by[p.ID], p)
		all = append(all, kept...)
	}
	// The order of targets changes nothing.
	for _, of := range by {
		slices.SortFunc(of, func(a, b *finding.Credential) int { return current(a.Sightings[0], b.Sightings[0]) })
	}
	in.Declared, in.Uses, in.Files = nil, nil, nil
	res.of(groups, renames(all), in, by)
	return res
}

// claimed is what the targets have decided of a credential where every one that holds it has, and each of these decisions counts. The
// first stands for all.
func claimed(parts []*finding.Credential, s finding.Severity, honours func(*finding.Decision, finding.Severity) bool) *finding.Decision {
	if len(parts) == 0 || honours == nil {
		return nil
	}
	for _, p := range parts {
		if p.Decision == nil || !honours(p.Decision, s) {
			return nil
		}
	}
	d := *parts[0].Decision
	d.Reason = strings.TrimPrefix(d.Reason+"; decided in "+parts[0].Sightings[0].Where.Target, "; ")
	return &d
}
