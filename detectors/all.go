package detectors

import (
	"cmp"
	"slices"
)

// All returns the table of built-in kinds, sorted by id. The rows are freshly made: a caller may keep and change them.
func All() []Detector {
	all := slices.Concat(
		aws(),
		github(),
		gitlab(),
		jwt(), urls(), webauth(), dotfiles(), embedded(), keys(), gcp(), azure(), slack(), stripe(), jfrog(), pypi(), sentry(), grafana(), elastic(), identified(),
		ai(), apis(), cloud(), devtools(), messaging(), monitoring(), agreedKinds(), others(), payments(), prefixed(), providers(), registries(), social(), variants(),
	)
	markUnread(all)
	slices.SortFunc(all, func(a, b Detector) int { return cmp.Compare(a.ID, b.ID) })
	return introspectable(extend(read(all)))
}
