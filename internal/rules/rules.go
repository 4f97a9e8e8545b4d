// Package rules makes rows of the table of kinds out of what users write: forms, named values and regular expressions in
// .sprawl.yaml, tried on the texts they bring along.
//
// Raw rows (policy.Detector) come in, rows of the same type as the built-in ones (detectors.Detector) go out, and what cannot be
// used comes back with the place it stands at. A regular expression is RE2 and is tried only where a literal stands that every
// match of it holds, on a bounded stretch around: it becomes one more structure of the table, and the engine that finds the
// built-in kinds does not know of it.
//
// It opens no file, and no message quotes a vector.
package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/match"
	"sprawl/internal/policy"
)

// Problem is what is wrong with a row and where that stands.
type Problem struct {
	Row string // its id
	At  policy.Position
	Msg string
}

// Error is "detector ID: what is wrong".
func (p *Problem) Error() string { return "detector " + p.Row + ": " + p.Msg }

// Compile makes rows. What the engine would refuse (an id that a built-in row has, a word with a hyphen) is a problem too;
// every row that has none is returned, in the order given.
func Compile(raw []policy.Detector, builtin []detectors.Detector) ([]detectors.Detector, []*Problem) {
	var out []detectors.Detector
	var bad []*Problem
	taken := map[string]bool{}
	for i := range builtin {
		taken[builtin[i].ID] = true
		for _, id := range builtin[i].Was {
			taken[id] = true
		}
	}
	for i := range raw {
		d, p := row(&raw[i])
		if p == nil && taken[d.ID] {
			p = &Problem{d.ID, raw[i].ID.At, "a built-in kind has this id"}
		}
		if p != nil {
			bad = append(bad, p)
			continue
		}
		taken[d.ID] = true
		out = append(out, d)
	}
	if _, err := match.Compile(out); err == nil {
		return out, bad
	}
	var sound []detectors.Detector
	at := map[string]policy.Position{}
	for i := range raw {
		at[raw[i].ID.Value] = raw[i].ID.At
	}
	for _, d := range out {
		if _, err := match.Compile([]detectors.Detector{d}); err != nil {
			msg := strings.TrimPrefix(err.Error(), fmt.Sprintf("detector %q (row 0): ", d.ID))
			bad = append(bad, &Problem{d.ID, at[d.ID], msg})
			continue
		}
		sound = append(sound, d)
	}
	return sound, bad
}

func row(r *policy.Detector) (detectors.Detector, *Problem) {
	d := detectors.Detector{
		Own: true,
		ID:  r.ID.Value, Provider: r.Provider, Title: r.Title, Severity: r.Severity, Traits: r.Traits, Docs: r.Docs, Format: r.Format,
		Rotate: r.Rotate, Revoke: r.Revoke,
	}
	for _, g := range r.Paths {
		d.Paths = append(d.Paths, strings.ToLower(g))
	}
	if d.Rotate == "" {
		d.Rotate = "make a new one, update every consumer, then revoke this one"
	}
	if d.Revoke == "" {
		d.Revoke = "revoke it where it was issued"
	}
	if d.Format == "" {
		d.Format = "user"
	}
	fail := func(at policy.Position, err error) (detectors.Detector, *Problem) {
		return d, &Problem{d.ID, at, err.Error()}
	}
	for _, f := range r.Forms {
		s, err := ParseForm(f.Value)
		if err != nil {
			return fail(f.At, err)
		}
		s.MinEntropy = r.MinEntropy
		for _, w := range r.Near {
			s.NeedName = append(s.NeedName, strings.ToLower(w))
		}
		d.Shapes = append(d.Shapes, s)
	}
	for _, f := range r.Public {
		s, err := ParseForm(f.Value)
		if err != nil {
			return fail(f.At, err)
		}
		s.Role = finding.RoleID
		d.Shapes = append(d.Shapes, s)
	}
	d.Pair = detectors.Pair{Lines: r.PairLines, Require: r.PairRequired}
	for _, n := range r.Named {
		s, err := ParseForm(n.Value.Value)
		if err != nil {
			return fail(n.Value.At, err)
		}
		d.Named = append(d.Named, detectors.Named{
			Keywords: lower(n.Keywords), Names: lower(n.Names), Not: lower(n.Not), Value: []detectors.Shape{s}, MinEntropy: n.MinEntropy, Near: n.Near,
		})
	}
	if r.Pattern != nil {
		s, at, err := compilePattern(r.Pattern, r.MinEntropy)
		if err != nil {
			return fail(at, err)
		}
		d.Structures = append(d.Structures, s)
		if len(r.Positive) > 0 {
			text := []byte(r.Positive[0].Value)
			d.Sample = func(*rand.Rand) []byte { return text }
		}
	}
	return d, nil
}

func lower(words []string) []string {
	var out []string
	for _, w := range words {
		out = append(out, strings.ToLower(w))
	}
	return out
}

// Try holds rows to their own vectors: every positive text has a match of the row and no negative one has. The rows are those
// that Compile returned, all of raw that are not among them are passed over.
func Try(rows []detectors.Detector, raw []policy.Detector) ([]*Problem, error) {
	set, err := match.Compile(rows)
	if err != nil {
		return nil, fmt.Errorf("compile the user's rows: %w", err)
	}
	m := set.NewMatcher()
	var bad []*Problem
	for i := range raw {
		r := &raw[i]
		if set.Detector(r.ID.Value) == nil {
			continue
		}
		for n, v := range r.Positive {
			if !Finds(m, r.ID.Value, v.Value) {
				bad = append(bad, &Problem{r.ID.Value, v.At, fmt.Sprintf("positive text %d is not found", n+1)})
			}
		}
		for n, v := range r.Negative {
			if Finds(m, r.ID.Value, v.Value) {
				bad = append(bad, &Problem{r.ID.Value, v.At, fmt.Sprintf("negative text %d is found", n+1)})
			}
		}
	}
	return bad, nil
}

// Finds reports whether a kind of the matcher's table has a match in a text.
func Finds(m *match.Matcher, kind, text string) bool {
	for _, c := range m.Match([]byte(text)) {
		if c.Detector != nil && c.Detector.ID == kind {
			return true
		}
	}
	return false
}

// Kinds lists the kinds above the generic tier that have a match in a text; what the row itself says of its tier is not asked.
func Kinds(m *match.Matcher, text string) []string {
	var out []string
	for _, c := range m.Match([]byte(text)) {
		if c.Detector != nil && !c.Detector.Harmless && c.Tier != finding.TierGeneric {
			out = append(out, c.Detector.ID)
		}
	}
	return out
}
