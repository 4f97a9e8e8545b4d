package risk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// unattributed asks whether anybody answers for it. A team does not leave, so its name is enough; a person's is when an export
// says that the account is still there. A yes takes that everything was asked: the policy, the provider, the repository.
func unattributed(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	o := c.Owner
	if o.Standing != "" {
		v := no(o.Standing+" answers for it", "owner "+o.Standing)
		if o.StandingWhy != "" {
			v.Evidence = append(v.Evidence, o.StandingWhy)
		}
		return v
	}
	tried := "asked: nobody"
	if len(o.Tried) > 0 {
		tried = "asked: " + strings.Join(o.Tried, ", ")
	}
	contacts := append([]string{tried}, o.Candidates...)
	switch {
	case o.Name != "" && o.Active == finding.No:
		return yes(o.Name+" answers for it and has left: "+o.ActiveWhy, append(contacts, o.ActiveWhy)...)
	case o.Name != "":
		return cannotTell(o.Name+" answers for it ("+o.How+"); nothing says whether that person is still there", contacts...)
	}
	var missing []string
	for _, t := range []string{"policy", "provider", "catalog", "codeowners"} {
		if !slices.Contains(o.Tried, t) {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 {
		return cannotTell("no owner was found; not asked: "+strings.Join(missing, ", "), contacts...)
	}
	return yes("no owner in the policy, in the provider's tags, in catalog-info.yaml or in CODEOWNERS", contacts...)
}

// persistentIdentity is the three together: what cannot be replaced, has nobody and no bounds has become an identity of its own.
func persistentIdentity(c *finding.Credential, l Limits, now time.Time) finding.Condition {
	parts := []struct {
		id string
		v  finding.Condition
	}{
		{"unrotatable", unrotatable(c, l, now)}, {"unattributed", unattributed(c, l, now)}, {"unconstrained", unconstrained(c, l, now)},
	}
	var is, open, evidence []string
	for _, p := range parts {
		switch p.v.Verdict {
		case finding.VerdictNo:
			return no("it is not "+p.id+": "+p.v.Why, p.v.Evidence...)
		case finding.VerdictYes:
			is = append(is, p.id)
			evidence = append(evidence, p.id+": "+p.v.Why)
		default:
			open = append(open, p.id)
		}
	}
	if len(open) > 0 {
		why := "not known: " + list(open)
		if len(is) > 0 {
			why = "it is " + list(is) + "; " + why
		}
		return cannotTell(why, evidence...)
	}
	return yes("it cannot be rotated, nobody answers for it, and nothing binds it", evidence...)
}

// review is what the register says of a third party.
func (l Limits) review(name string, now time.Time) (i Integration, why string, listed bool) {
	t, _ := l.For(TestReview, "")
	for _, i := range l.Integrations {
		if !slices.ContainsFunc(append([]string{i.Vendor}, i.Match...), func(m string) bool { return names(m, name) }) {
			continue
		}
		switch {
		case i.Owner == "":
			return i, i.Vendor + " has no owner in the register", true
		case i.Reviewed.IsZero():
			return i, i.Vendor + " was never reviewed", true
		case i.Reviewed.After(now.Add(skew)):
			return i, "the review of " + i.Vendor + " lies in the future", true
		case !i.NextReview.IsZero() && i.NextReview.AddDate(0, 0, 1).Before(now):
			return i, "the review of " + i.Vendor + " was due on " + i.NextReview.Format(time.DateOnly), true
		case i.NextReview.IsZero() && now.Sub(i.Reviewed) > t.Max:
			return i, i.Vendor + " was last reviewed " + days(now.Sub(i.Reviewed)) + " ago", true
		}
		return i, "", true
	}
	return Integration{}, name + " is not in the register of integrations", false
}

// Review says what is wrong with a third party's entry in the register, "" if nothing is.
func (l Limits) Review(name string, now time.Time) string {
	_, why, _ := l.review(name, now)
	return why
}

// names reports whether an entry of the register stands for a name: the same, or "owner" for "owner/action".
func names(entry, name string) bool {
	entry, name = strings.ToLower(entry), strings.ToLower(name)
	return entry != "" && (entry == name || strings.HasPrefix(name, strings.TrimSuffix(entry, "/*")+"/") || strings.HasSuffix(name, "."+entry))
}

// thirdParty asks whether a third party has it that nobody owns or reviews.
//
// A no takes a record that says to which third party it was issued, and a current entry in the register: the credential is
// that integration's. Steps of pipelines that are handed somebody else's credential make a yes where the register lacks them,
// never a no.
func thirdParty(c *finding.Credential, l Limits, now time.Time) finding.Condition {
	t, _ := l.For(TestReview, c.Kind)
	with := func(v finding.Condition) finding.Condition { v.Threshold = t.printed(); return v }
	issued := atoms(c, "integration")
	for _, a := range issued {
		if a.sure != certain {
			continue
		}
		if i, why, _ := l.review(a.Value, now); why == "" {
			return with(no(fmt.Sprintf("it is %s's: owner %s, reviewed %s", i.Vendor, i.Owner, i.Reviewed.Format(time.DateOnly)), a.String()))
		}
	}
	for _, a := range issued {
		if _, why, listed := l.review(a.Value, now); why != "" {
			return overdue(yes(probably(a, why), a.String()), listed, with)
		}
	}
	for _, u := range c.Uses {
		for _, k := range u.Consumers {
			if k.Party != finding.PartyThird {
				continue
			}
			if _, why, listed := l.review(k.Name, now); why != "" {
				return overdue(yes("a pipeline hands it to a third party: "+why, place(u)), listed, with)
			}
		}
	}
	for _, e := range c.Environments {
		if e.Class != finding.EnvVendor {
			continue
		}
		if _, why, listed := l.review(e.Name, now); why != "" {
			return overdue(yes("it stands with a third party: "+why, e.Why), listed, with)
		}
	}
	if len(l.Integrations) == 0 {
		return with(cannotTell("there is no register of integrations, and nothing says who else has it"))
	}
	return with(cannotTell("nothing says who else has it"))
}

// overdue adds the limit on reviews where it's what was passed: for a party in the register.
func overdue(v finding.Condition, listed bool, with func(finding.Condition) finding.Condition) finding.Condition {
	if listed {
		return with(v)
	}
	return v
}

// exceptionLapsed asks whether a risk is still being taken that was taken for a time. It is about what the policy records; an
// inline allow without an entry is an exception that nobody documented.
//
// A no takes a valid exception, each of its requirements shown to hold. Without an entry there is nothing to judge.
func exceptionLapsed(c *finding.Credential, l Limits, now time.Time) finding.Condition {
	e := c.Exception
	if e == nil {
		for i := range c.Sightings {
			if a := c.Sightings[i].Allow; a != nil && (c.Decision == nil || c.Decision.Kind == "inline") {
				return yes("accepted beside the code, without owner, approver or end", c.Sightings[i].Where.Spot())
			}
		}
		return cannotTell("no exception is on record")
	}
	t, _ := l.For(TestException, c.Kind)
	at := "exception of " + e.Created.Format(time.DateOnly) + ", owner " + e.Owner + ", approver " + e.Approver
	if e.Where != "" {
		at += ", " + e.Where
	}
	with := func(v finding.Condition) finding.Condition { v.Threshold = t.printed(); return v }
	if why := Lapse(c, l, now); why != "" {
		return with(yes(why, at))
	}
	evidence := []string{at}
	for _, r := range e.Requires {
		v, ok := requirement(c, r, l, now)
		if ok && v.Verdict != finding.VerdictNo {
			return with(cannotTell("it holds until "+e.Until.Format(time.DateOnly)+" if "+r+", which nothing shows: "+v.Why, at))
		}
		evidence = append(evidence, "requires "+r+": "+v.Why)
	}
	return with(no("it holds until "+e.Until.Format(time.DateOnly), evidence...))
}

// Lapse says why the exception of a credential holds no more, "" while it does. An exception that rests on a requirement
// lapses when evidence contradicts it; that nothing shows the requirement does not end it.
func Lapse(c *finding.Credential, l Limits, now time.Time) string {
	e := c.Exception
	t, _ := l.For(TestException, c.Kind)
	from := e.Created
	if e.Recertified.After(from) {
		from = e.Recertified
	}
	switch {
	case !now.Before(e.Until.AddDate(0, 0, 1)):
		return "it ended on " + e.Until.Format(time.DateOnly)
	case from.After(now.Add(skew)):
		return "it was made in the future"
	case strings.EqualFold(strings.TrimSpace(e.Owner), strings.TrimSpace(e.Approver)):
		return "its owner approved it"
	case e.Until.Sub(from) > t.Max:
		return "it was made for " + days(e.Until.Sub(from)) + ", at most " + days(t.Max) + " are allowed"
	}
	for _, r := range e.Requires {
		if v, ok := requirement(c, r, l, now); ok && v.Verdict == finding.VerdictYes {
			return "it requires " + r + ", and evidence says otherwise: " + v.Why
		}
	}
	return ""
}

// requirement is the condition that contradicts a requirement.
func requirement(c *finding.Credential, r string, l Limits, now time.Time) (finding.Condition, bool) {
	switch r {
	case "narrow-scope":
		return overScoped(c, l, now), true
	case "read-only":
		access := atoms(c, "access")
		if a, ok := first(access, func(a atom) bool { return whole(c.Provider, a) && a.is("read", "read-only") }); ok {
			return no("it may only read", a.String()), true
		}
		if a, ok := first(access, func(a atom) bool { return a.is("write", "admin", "full", "broad") }); ok {
			return yes("its access is "+a.Value, a.String()), true
		}
		if v := overScoped(c, l, now); v.Verdict == finding.VerdictYes {
			return v, true
		}
		return cannotTell("nothing says what it may do"), true
	case "logging", "logged":
		return poorlyLogged(c, l, now), true
	case "one-environment":
		return spansEnvironments(c, l, now), true
	case "owner":
		return unattributed(c, l, now), true
	}
	return finding.Condition{}, false
}
