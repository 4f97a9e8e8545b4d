package detectors

import (
	"slices"
	"strings"
)

// All returns the table of built-in kinds, sorted by id. The rows are freshly made: a caller may keep and change them.
func All() []Detector {
	groups := [...][]Detector{
		aws(),
		github(),
		gitlab(),
		jwt(), urls(), webauth(), commands(), directives(), obfuscated(), dotfiles(), embedded(), keys(), gcp(), azure(), slack(), stripe(), jfrog(), pypi(), sentry(), grafana(), elastic(), identified(),
		ai(), apis(), cloud(), devtools(), messaging(), monitoring(), agreedKinds(), others(), payments(), prefixed(), providers(), registries(), social(), standingAlone(), vapid(), variants(),
	}
	n := 0
	for _, g := range groups {
		n += len(g)
	}
	// Rows are large: pointers are sorted, and each row is copied once.
	rows := make([]*Detector, 0, n)
	for _, g := range groups {
		for i := range g {
			rows = append(rows, &g[i])
		}
	}
	slices.SortFunc(rows, func(a, b *Detector) int { return strings.Compare(a.ID, b.ID) })
	all := make([]Detector, n, n+64) // of callers who add their own
	for i, r := range rows {
		all[i] = *r
	}
	markSought(all)
	return introspectable(extend(read(all)))
}
