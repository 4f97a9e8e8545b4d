package risk

import (
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// Lifecycle is the line of a credential in a list of all of them. Times are zero where nothing is known.
type Lifecycle struct {
	Since    time.Time // issued, or first seen where Bound is at-least
	Bound    string    // exact, at-least, ""
	Expires  time.Time
	LastUsed string // a day, "never", ""
	Access   string // what it may do, in the words of the surest source
	Due      time.Time
	By       Threshold // what makes it due
}

// Life sums up what is known of a credential's life. Due is when the limit on its age is reached, counted from a lower bound
// where that is all there is: it may have been due earlier.
func Life(c *finding.Credential, l Limits, now time.Time) Lifecycle {
	var v Lifecycle
	if s, ok := newest(atoms(c, "created", "issued", "rotated"), now); ok {
		d, _ := when(s.Value, now)
		v.Since, v.Bound = d.from, "exact"
	} else if t, _ := firstSeen(c, now); !t.IsZero() {
		v.Since, v.Bound = t, "at-least"
	}
	if e, ok := first(atoms(c, "expires"), func(a atom) bool { _, ok := end(a.Value); return ok && a.sure != parental }); ok {
		v.Expires, _ = end(e.Value)
	}
	if u, ok := first(atoms(c, "last_used"), func(a atom) bool { _, ok := when(a.Value, now); return ok || a.is("never") }); ok {
		v.LastUsed = strings.ToLower(u.Value)
		if d, ok := when(u.Value, now); ok {
			v.LastUsed = d.from.Format(time.DateOnly)
		}
	}
	var words []string
	for _, a := range atoms(c, "access", "role", "policy", "scope", "permissions") {
		if a.Value != "" && !slices.Contains(words, a.Value) && len(words) < 8 {
			words = append(words, a.Value)
		}
	}
	v.Access = strings.Join(words, " ")
	if t, ok := l.For(TestAge, c.Kind); ok && !v.Since.IsZero() {
		v.Due, v.By = v.Since.Add(t.Max), t
	}
	if !v.Expires.IsZero() && (v.Due.IsZero() || v.Expires.Before(v.Due)) {
		v.Due, v.By = v.Expires, Threshold{Source: "it expires"}
	}
	return v
}
