package migrate

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"sprawl/detectors"
	"sprawl/internal/match"
	"sprawl/internal/policy"
	"sprawl/internal/rules"
)

// Bounds of the texts that a row brings along.
const (
	keepVectors = 2    // of each sort
	maxVector   = 1500 // bytes of one
	draws       = 60   // of an expression, until one matches
)

// Covered says which built-in kind already finds what a row finds.
type Covered struct {
	ID, Kind string
	Drawn    bool // tried on texts drawn from its expression, not on examples of its author's
}

// Settle tries every row and leaves out what does not load: what the table of kinds refuses, and what finds none of its own
// examples. Rows come out with texts that they find and texts that they do not: of the rule's own examples, or drawn from its
// expression. Covered lists the rows of which every such text is also found, above the generic tier, by a built-in kind.
func (r *Rules) Settle(builtin []detectors.Detector) ([]Covered, error) {
	r.distinct()
	compiled, bad := rules.Compile(r.Rows, builtin)
	why := map[string]string{}
	for _, p := range bad {
		why[p.Row] = p.Msg
	}
	set, err := match.Compile(compiled)
	if err != nil {
		return nil, fmt.Errorf("compile imported rows: %w", err)
	}
	ours, err := match.Compile(builtin)
	if err != nil {
		return nil, fmt.Errorf("compile the built-in kinds: %w", err)
	}
	m, own := set.NewMatcher(), ours.NewMatcher()
	var rows []policy.Detector
	var covered []Covered
	for _, d := range r.Rows {
		id := d.ID.Value
		if msg, ok := why[id]; ok {
			r.leave(id, msg)
			continue
		}
		examples := len(d.Positive) > 0
		drawn := settleVectors(m, &d)
		switch {
		case len(d.Positive) == 0 && examples:
			r.leave(id, "none of its examples is found, nor what is drawn from its expression")
			continue
		case len(d.Positive) == 0:
			r.leave(id, "nothing that is drawn from its expression is found")
			continue
		}
		rows = append(rows, d)
		if kind := coveredBy(own, d.Positive); kind != "" {
			covered = append(covered, Covered{id, kind, drawn})
		}
	}
	r.Rows = rows
	return covered, nil
}

// distinct gives rules that share an id, as some files have them, ids of their own.
func (r *Rules) distinct() {
	seen := map[string]int{}
	for i := range r.Rows {
		id := &r.Rows[i].ID.Value
		if seen[*id]++; seen[*id] > 1 {
			*id += "-again-" + strconv.Itoa(seen[*id])
		}
	}
}

// settleVectors leaves the texts that hold, and reports whether they were drawn.
func settleVectors(m *match.Matcher, d *policy.Detector) (drawn bool) {
	finds := func(s string) bool { return rules.Finds(m, d.ID.Value, s) }
	examples, negatives := d.Positive, d.Negative
	d.Positive, d.Negative = nil, nil
	for _, v := range examples {
		if len(d.Positive) < keepVectors && len(v.Value) <= maxVector && finds(v.Value) {
			d.Positive = append(d.Positive, text(v.Value))
		}
	}
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // vectors are drawn the same way every time
	for i := 0; len(d.Positive) == 0 && i < draws; i++ {
		s, err := rules.Sample(d.Pattern.Regexp.Value, r)
		if err != nil || len(s) > maxVector {
			continue
		}
		around := []string{"%s", " %s ", "\n%s\n", "key = \"%s\"\n", "x %s;"}
		for _, k := range d.Pattern.Keywords {
			around = append(around, k+" = \"%s\"\n")
		}
		for _, around := range around {
			if t := strings.Replace(around, "%s", s, 1); finds(t) {
				d.Positive, drawn = append(d.Positive, text(t)), true
				break
			}
		}
	}
	for _, v := range negatives {
		if len(d.Negative) < keepVectors && v.Value != "" && len(v.Value) <= maxVector && !finds(v.Value) {
			d.Negative = append(d.Negative, text(v.Value))
		}
	}
	if len(d.Negative) == 0 && len(d.Positive) > 0 {
		d.Negative = append(d.Negative, text(shortened(d.Positive[0].Value, finds)))
	}
	return drawn
}

// shortened is the longest beginning of a text that is not found, or a word.
func shortened(s string, finds func(string) bool) string {
	for n := len(s) - 1; n > 0; n-- {
		if t := strings.ToValidUTF8(s[:n], ""); strings.TrimSpace(t) != "" && !finds(t) {
			return t
		}
	}
	return "nothing"
}

// coveredBy is the kind that is found in every one of the texts, "" if there is none; where several are, the first by name.
func coveredBy(m *match.Matcher, texts []policy.Text) string {
	var all map[string]bool
	for i, t := range texts {
		here := map[string]bool{}
		for _, k := range rules.Kinds(m, t.Value) {
			here[k] = i == 0 || all[k]
		}
		all = here
	}
	best := ""
	for k, in := range all {
		if in && (best == "" || k < best) {
			best = k
		}
	}
	return best
}
