package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// sureness says how much a piece of evidence can carry. A no takes certain evidence; a yes may rest on less, and says so.
type sureness int

const (
	certain  sureness = iota // what the value says of itself, or a record joined by exact id or by hash
	probable                 // a record joined by a few characters, an undocumented format
	parental                 // a record of the account or principal
)

// atom is one fact together with where it came from.
type atom struct {
	finding.Fact
	sure    sureness
	offline bool   // the value itself says so
	record  int    // index in Records, -1 for the credential's own facts
	source  string // as printed
}

// atoms lists the facts with one of the fields, in the order of the credential.
func atoms(c *finding.Credential, fields ...string) []atom {
	var out []atom
	for _, f := range c.Facts {
		if !slices.Contains(fields, f.Field) {
			continue
		}
		a := atom{Fact: f, record: -1, offline: f.Source == "offline", source: f.Source}
		if f.Inferred {
			a.sure = probable
		}
		out = append(out, a)
	}
	for i, r := range c.Records {
		for _, f := range r.Facts {
			if !slices.Contains(fields, f.Field) {
				continue
			}
			a := atom{Fact: f, record: i, source: r.System + ", " + r.Source, sure: probable}
			switch {
			case r.Inferred || f.Inferred:
			case r.Match == finding.MatchParent:
				a.sure = parental
			case r.Match == finding.MatchExact || r.Match == finding.MatchHash:
				a.sure = certain
			}
			if a.AsOf.IsZero() {
				a.AsOf = r.AsOf
			}
			out = append(out, a)
		}
	}
	return out
}

// String is a line of evidence.
func (a atom) String() string {
	s := strings.ReplaceAll(a.Field, "_", " ") + " " + a.Value + " (" + a.source
	switch a.sure {
	case probable:
		s += ", probable"
	case parental:
		s += ", of the account or principal"
	}
	if !a.AsOf.IsZero() {
		s += ", as of " + a.AsOf.UTC().Format(time.DateOnly)
	}
	return s + ")"
}

// is reports whether the value is one of the words.
func (a atom) is(words ...string) bool { return slices.Contains(words, strings.ToLower(a.Value)) }

// first returns the first atom that f accepts, the surest first.
func first(as []atom, f func(atom) bool) (atom, bool) {
	for s := certain; s <= parental; s++ {
		for _, a := range as {
			if a.sure == s && f(a) {
				return a, true
			}
		}
	}
	return atom{}, false
}

// skew is how far ahead of the clock a date may lie and still be believed: clocks of providers, exports and laptops differ.
const skew = 24 * time.Hour

// span is a date of limited precision: 2025-04 is a month.
type span struct{ from, to time.Time }

// when reads a date. What lies further ahead than clocks differ, or before there was anything to issue, is no evidence.
func when(v string, now time.Time) (span, bool) {
	var s span
	for _, l := range []struct {
		layout string
		plus   func(time.Time) time.Time
	}{
		{time.RFC3339Nano, func(t time.Time) time.Time { return t }},
		{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t }},
		{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t }},
		{"2006-01-02 15:04:05", func(t time.Time) time.Time { return t }},
		{time.DateOnly, func(t time.Time) time.Time { return t.AddDate(0, 0, 1).Add(-time.Second) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0).Add(-time.Second) }},
	} {
		t, err := time.Parse(l.layout, v)
		if err == nil {
			s = span{t.UTC(), l.plus(t).UTC()}
			break
		}
	}
	return s, !s.from.IsZero() && s.from.Year() >= 1980 && (now.IsZero() || !s.from.After(now.Add(skew)))
}

// end reads a date that may lie ahead.
func end(v string) (time.Time, bool) {
	s, ok := when(v, time.Time{})
	return s.to, ok
}

// gitBegan is when the first commit of git was made: a committer date before it is made up.
var gitBegan = time.Date(2005, 4, 7, 0, 0, 0, 0, time.UTC)

// firstSeen is the earliest time at which a place is known to hold the value, by committer dates and layers: a lower bound of
// its age. Author dates are not looked at.
func firstSeen(c *finding.Credential, now time.Time) (t time.Time, why string) {
	take := func(at time.Time, what string) {
		if at.IsZero() || at.Before(gitBegan) || at.After(now.Add(skew)) {
			return
		}
		if t.IsZero() || at.Before(t) || at.Equal(t) && what < why {
			t, why = at, what
		}
	}
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if w.Added != nil {
			take(w.Added.When, fmt.Sprintf("commit %s of %s, %s", abbreviated(w.Added.Commit), w.Added.When.UTC().Format(time.DateOnly), w.Spot()))
		}
		if w.Layer != nil {
			take(w.Layer.Created, fmt.Sprintf("layer %s of %s, %s", abbreviated(strings.TrimPrefix(w.Layer.Digest, "sha256:")), w.Layer.Created.UTC().Format(time.DateOnly), w.Spot()))
		}
	}
	return t, why
}

func abbreviated(id string) string { return id[:min(len(id), 7)] }

// days prints a duration as people say it.
func days(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < 48*time.Hour {
		return count(int(d.Hours()), "hour")
	}
	return count(int(d.Hours()/24), "day")
}

// current reports whether a place holds the value now.
func current(s finding.State) bool {
	switch s {
	case finding.StateHead, finding.StateWorktree, finding.StateStaged, finding.StateLayer:
		return true
	}
	return false
}

// verdict builders.

func yes(why string, evidence ...string) finding.Condition {
	return finding.Condition{Verdict: finding.VerdictYes, Why: why, Evidence: evidence}
}

func no(why string, evidence ...string) finding.Condition {
	return finding.Condition{Verdict: finding.VerdictNo, Why: why, Evidence: evidence}
}

func cannotTell(why string, evidence ...string) finding.Condition {
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: why, Evidence: evidence}
}

// probably marks a yes that rests on less than certain evidence.
func probably(a atom, why string) string {
	if a.sure == probable {
		return "probably: " + why
	}
	return why
}

func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}

// some lists at most n words and counts the rest.
func some(words []string, n int) string {
	if len(words) <= n {
		return list(words)
	}
	return strings.Join(words[:n], ", ") + fmt.Sprintf(" and %d more", len(words)-n)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
