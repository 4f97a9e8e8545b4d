package risk

import (
	"fmt"
	"slices"
	"time"

	"sprawl/finding"
)

// longLived compares an age, or a lifetime, with a threshold.
//
// A no takes one of: a lifetime of its own word or of one record; a date of issue where the kind never expires or the record
// says that it does not; a principal that is younger than the limit, since no key is older than its principal. A first commit
// or layer only says "at least as old as this" and never makes a no.
func longLived(c *finding.Credential, l Limits, now time.Time) finding.Condition {
	age, _ := l.For(TestAge, c.Kind)
	life, hasLife := l.For(TestLifetime, c.Kind)
	under := age
	if hasLife {
		under = life
	}
	starts := []string{"created", "issued", "rotated"}
	if c.Kind == "azure-sas" { // it has no other start
		starts = append(starts, "not_before")
	}
	issue, ends := atoms(c, starts...), atoms(c, "expires")
	with := func(v finding.Condition, t Threshold, bound string) finding.Condition {
		v.Threshold, v.Bound = t.printed(), bound
		return v
	}

	// No.
	for _, s := range issue {
		from, ok := when(s.Value, now)
		if !ok || s.sure != certain {
			continue
		}
		for _, e := range ends {
			if e.sure != certain || e.record != s.record {
				continue
			}
			if to, ok := end(e.Value); ok && s.Field != "rotated" && !to.Before(from.from) && to.Sub(from.from) <= min(under.Max, age.Max) {
				return with(no("it lives for "+days(to.Sub(from.from)), s.String(), e.String()), under, "exact")
			}
		}
		endless := slices.ContainsFunc(ends, func(e atom) bool { return e.record == s.record && e.is("never") })
		if d := now.Sub(from.from); s.Field != "rotated" && d <= age.Max && (endless || c.Traits.Expires.Value == finding.No && !hasLife) {
			return with(no("it is "+days(d)+" old", s.String()), age, "exact")
		}
	}
	for _, p := range atoms(c, "principal_created") {
		if from, ok := when(p.Value, now); ok && p.sure != probable && now.Sub(from.from) <= age.Max && c.Traits.Expires.Value == finding.No {
			return with(no("it is at most "+days(now.Sub(from.from))+" old: its principal is no older", p.String()), age, "at-most")
		}
	}

	// Yes. What has expired grew no older than it lived.
	until := now
	for _, e := range ends {
		if to, ok := end(e.Value); ok && e.sure == certain && to.Before(until) {
			until = to
		}
	}
	if s, ok := newest(issue, now); ok {
		from, _ := when(s.Value, now)
		if d := until.Sub(from.to); d > age.Max {
			word := " old"
			if s.Field == "rotated" {
				word = " since its last rotation"
			}
			return with(yes(probably(s, days(d)+word), s.String()), age, "exact")
		}
		for _, e := range ends {
			to, ok := end(e.Value)
			if ok && e.record == s.record && to.Sub(from.to) > min(under.Max, age.Max) {
				return with(yes(probably(s, "it lives for "+days(to.Sub(from.to))), s.String(), e.String()), under, "exact")
			}
		}
	} else if seen, why := firstSeen(c, now); !seen.IsZero() && until.Sub(seen) > age.Max {
		return with(yes("at least "+days(until.Sub(seen))+" old", why), age, "at-least")
	}
	for _, e := range ends {
		if to, ok := end(e.Value); ok && e.sure != parental && to.Sub(now) > min(under.Max, age.Max) {
			return with(yes(probably(e, "it stays valid for another "+days(to.Sub(now))), e.String()), under, "at-least")
		}
	}

	// Cannot tell.
	v := cannotTell("nothing says when it was issued")
	if seen, why := firstSeen(c, now); !seen.IsZero() {
		v = cannotTell("at least "+days(now.Sub(seen))+" old; nothing says when it was issued", why)
		v.Bound = "at-least"
	}
	if s, ok := newest(issue, now); ok {
		from, _ := when(s.Value, now)
		v = cannotTell("issued "+days(now.Sub(from.from))+" ago; nothing says when it ends", s.String())
		v.Bound = "exact"
	}
	for _, s := range issue {
		if d, ok := when(s.Value, time.Time{}); ok && d.from.After(now.Add(skew)) {
			v.Evidence = append(v.Evidence, "set aside, it lies in the future: "+s.String())
		}
	}
	v.Threshold = under.printed()
	return v
}

// newest is the latest date of issue or rotation that can be believed, the surest kind first.
func newest(as []atom, now time.Time) (atom, bool) {
	var best atom
	var at time.Time
	for s := certain; s <= probable; s++ {
		for _, a := range as {
			if d, ok := when(a.Value, now); ok && a.sure == s && d.to.After(at) {
				best, at = a, d.to
			}
		}
		if !at.IsZero() {
			return best, true
		}
	}
	return best, false
}

// outlives asks whether anybody still needs it: whether it was used, whether its principal and its owner are still there.
//
// A no takes a recent use, an active key, and that nobody who could have left has left: an active user, or a kind that
// belongs to no person. Silence of the code is a hint and never decides, since a value that is gone from the tip may be in
// use elsewhere.
func outlives(c *finding.Credential, l Limits, now time.Time) finding.Condition {
	unused, _ := l.For(TestUnused, c.Kind)
	status, users, used := atoms(c, "status"), atoms(c, "user_status"), atoms(c, "last_used")
	with := func(v finding.Condition, bound string) finding.Condition {
		v.Threshold, v.Bound = unused.printed(), bound
		return v
	}

	// No.
	recent, isRecent := first(used, func(a atom) bool {
		d, ok := when(a.Value, now)
		return ok && a.sure == certain && now.Sub(d.from) <= unused.Max
	})
	active, isActive := first(status, func(a atom) bool { return a.sure == certain && a.is("active", "enabled") })
	user, hasUser := first(users, func(a atom) bool { return a.sure != probable && a.is("active") })
	if isRecent && isActive && (hasUser || c.Traits.HumanIssued.Value == finding.No) {
		d, _ := when(recent.Value, now)
		v := no("used "+days(now.Sub(d.from))+" ago", recent.String(), active.String())
		if hasUser {
			v.Evidence = append(v.Evidence, user.String())
		}
		return with(v, "exact")
	}

	// Yes.
	if a, ok := first(users, func(a atom) bool {
		return a.is("suspended", "deleted", "disabled", "inactive", "blocked", "deactivated", "left")
	}); ok {
		return yes(probably(a, "its user is "+a.Value), a.String())
	}
	if c.Owner.Active == finding.No {
		return yes("its owner has left: "+c.Owner.ActiveWhy, c.Owner.ActiveWhy)
	}
	if a, ok := first(status, func(a atom) bool { return a.sure != parental && a.is("inactive", "disabled") }); ok {
		return yes(probably(a, "it is switched off and was not removed"), a.String())
	}
	for _, a := range used {
		if a.sure == parental || a.AsOf.IsZero() || a.AsOf.After(now.Add(skew)) {
			continue
		}
		if a.is("never") {
			for _, s := range atoms(c, "created", "issued", "rotated") {
				same := s.record == a.record || s.sure == certain && a.sure == certain
				if d, ok := when(s.Value, now); ok && same && a.AsOf.Sub(d.to) > unused.Max {
					return with(yes(probably(a, "never used in "+days(a.AsOf.Sub(d.to))), a.String(), s.String()), "at-least")
				}
			}
			continue
		}
		if d, ok := when(a.Value, now); ok && a.AsOf.Sub(d.to) > unused.Max && !isRecent {
			return with(yes(probably(a, "not used for "+days(a.AsOf.Sub(d.to))), a.String()), "at-least")
		}
	}

	// Cannot tell.
	standing := 0
	for i := range c.Sightings {
		if current(c.Sightings[i].Where.State) {
			standing++
		}
	}
	v := cannotTell("nothing says when it was last used")
	switch {
	case isRecent:
		v = cannotTell("used lately; nothing says whether its user is still there", recent.String())
	case len(used) > 0 && used[0].AsOf.IsZero():
		v = cannotTell("the record of its use has no date", used[0].String())
	case len(used) > 0:
		v = cannotTell("its last use is known and decides nothing yet", used[0].String())
	case len(c.Sightings) > 0 && standing == 0:
		v = cannotTell("no current place holds it; nothing says whether it is still used")
	}
	return with(v, "")
}

// expired reports whether certain evidence says that it has ended.
func expired(c *finding.Credential, now time.Time) (string, bool) {
	a, ok := first(atoms(c, "expires"), func(a atom) bool {
		t, ok := end(a.Value)
		return ok && a.sure == certain && t.Before(now)
	})
	return fmt.Sprint(a), ok
}

// dead reports whether certain evidence says that it opens nothing any more.
func dead(c *finding.Credential) (string, bool) {
	a, ok := first(atoms(c, "status"), func(a atom) bool {
		return a.sure == certain && a.is("inactive", "disabled", "revoked", "deleted", "expired")
	})
	return a.String(), ok
}

// active reports whether evidence says that it works: the provider calls it active, or it was used lately.
func active(c *finding.Credential, l Limits, now time.Time) (string, bool) {
	if a, ok := first(atoms(c, "status"), func(a atom) bool { return a.sure == certain && a.is("active", "enabled") }); ok {
		return a.String(), true
	}
	unused, _ := l.For(TestUnused, c.Kind)
	a, ok := first(atoms(c, "last_used"), func(a atom) bool {
		d, ok := when(a.Value, now)
		return ok && a.sure == certain && now.Sub(d.from) <= unused.Max
	})
	return a.String(), ok
}
