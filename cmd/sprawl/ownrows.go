package main

import (
	"cmp"
	"fmt"
	"slices"

	"sprawl/detectors"
	"sprawl/internal/policy"
	"sprawl/internal/rules"
)

// kinds is the table of a run: the built-in kinds, those of its policy, and what looks like a secret and is none.
func (a *app) kinds(l loadedPolicy) []detectors.Detector {
	return append(append(a.table(), l.rows...), detectors.Harmless()...)
}

// ownRows compiles a policy's own kinds and holds them to their vectors. What cannot be used is an error with its place in the
// file; of several the first is named and the others are counted.
func ownRows(p *policy.Policy, file string) ([]detectors.Detector, error) {
	if len(p.Detectors) == 0 {
		return nil, nil
	}
	rows, bad := rules.Compile(p.Detectors, detectors.All())
	if len(bad) == 0 {
		var err error
		if bad, err = rules.Try(rows, p.Detectors); err != nil {
			return nil, err
		}
	}
	if len(bad) > 0 {
		return nil, usage("sprawl detectors test "+file+" lists all that is wrong", "%w", placed(file, bad))
	}
	return rows, nil
}

// placed names the first of some problems by its place in a file.
func placed(file string, bad []*rules.Problem) error {
	slices.SortStableFunc(bad, func(x, y *rules.Problem) int {
		return cmp.Or(cmp.Compare(x.At.Line, y.At.Line), cmp.Compare(x.At.Column, y.At.Column))
	})
	more := ""
	if n := len(bad) - 1; n > 0 {
		more = fmt.Sprintf(" (and %d more)", n)
	}
	return fmt.Errorf("%s:%d:%d: %w%s", file, bad[0].At.Line, bad[0].At.Column, bad[0], more)
}
