package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/environ"
	"sprawl/internal/identity"
	"sprawl/internal/join"
	"sprawl/internal/policy"
	"sprawl/internal/risk"
	"sprawl/inventory"
)

// governed fills in what the policy and the targets say beside the sightings. files reads a file at the tip of a target's
// default branch, by the target's name in locations; nil where no target can.
func governed(in *correlate.Input, p *policy.Policy, keys *identity.Keys, files func(target, path string) ([]byte, error)) {
	weak := p.HasWeak()
	in.Limits, in.Files = limits(p), files
	in.Environments = func(c *finding.Credential, s *finding.Sighting) []environ.Evidence {
		sub := subject(c, s)
		for _, e := range p.Environments {
			if e.Whole() == (s == nil) && e.Covers(sub) {
				return environ.Override(e.Name, e.Class, "environments: in the policy")
			}
		}
		return nil
	}
	in.Owner = func(c *finding.Credential, s *finding.Sighting) (string, bool, bool) {
		sub := subject(c, s)
		for _, o := range p.Owners {
			if o.Whole() == (s == nil) && o.Covers(sub) {
				return o.Owner, o.Team, true
			}
		}
		return "", false, false
	}
	in.Exception = func(c *finding.Credential) *finding.Exception {
		if len(p.Exceptions) == 0 {
			return nil
		}
		return exceptionOf(p, entryOf(c, keys, weak))
	}
	if len(p.Escalation) > 0 {
		in.Escalate = func(owner string) (string, time.Duration, bool) {
			e, ok := p.Escalate(owner)
			return e.To, e.After, ok
		}
	}
}

// exceptionOf is the policy's exception for a match, nil where it has none.
func exceptionOf(p *policy.Policy, match string) *finding.Exception {
	e, ok := p.Exceptions[match]
	if !ok {
		return nil
	}
	out := finding.Exception{Owner: e.Owner, Approver: e.Approver, Reason: e.Reason, Created: e.Created, Until: e.Until, Recertified: e.Recertified}
	for _, r := range e.Requires {
		out.Requires = append(out.Requires, string(r))
	}
	return &out
}

// limits turns the policy's numbers and register into what risk judges by.
func limits(p *policy.Policy) risk.Limits {
	var l risk.Limits
	for _, t := range p.Thresholds {
		r := risk.Threshold{Test: risk.Test(t.Test), Max: t.Max, Source: t.Source, Version: t.Version, Basis: risk.BasisPolicy}
		if r.Source == "" {
			r.Source = policyName
		}
		if t.Kind != "" {
			r.Kinds = []string{t.Kind}
		}
		l.Overrides = append(l.Overrides, r)
	}
	for _, i := range p.Integrations {
		l.Integrations = append(l.Integrations, risk.Integration{
			Vendor: i.Vendor, Owner: i.Owner, Contract: i.Contract, Reviewed: i.Reviewed, NextReview: i.NextReview, Match: i.Match,
		})
	}
	return l
}

// subject is what a rule of the policy is compared with; s is nil for the credential as a whole.
func subject(c *finding.Credential, s *finding.Sighting) policy.Subject {
	out := policy.Subject{Kind: c.Kind}
	look := func(fs []finding.Fact) {
		for _, f := range fs {
			switch f.Field {
			case "account", "project", "organisation":
				out.Accounts = append(out.Accounts, f.Value)
			}
		}
	}
	look(c.Facts)
	for _, r := range c.Records {
		look(r.Facts)
	}
	if s == nil {
		return out
	}
	out.Path, out.Target, out.Name, out.Branches = s.Where.Path, s.Where.Target, s.Name, s.Where.Refs
	for _, f := range s.Facts {
		if f.Field == "host" {
			out.Hosts = append(out.Hosts, f.Value)
		}
	}
	return out
}

// listed is a row of an inventory as a credential of which no place is known, judged by what the row says and what is known of
// its kind.
func listed(row *finding.InventoryRow, table []detectors.Detector, l risk.Limits, now time.Time) finding.Credential {
	rec := row.Record
	rec.Match = finding.MatchExact
	c := finding.Credential{
		ID: row.ID, Kind: cmp.Or(row.Kind, rec.System), Title: strings.ReplaceAll(rec.System, "-", " "), Ident: rec.Key, Records: []finding.Record{rec},
		Environments: []finding.Environment{}, Owner: finding.Owner{Tried: []string{"provider"}, Candidates: []string{}},
	}
	if i := slices.IndexFunc(table, func(d detectors.Detector) bool { return d.ID == row.Kind }); i >= 0 {
		c.Title, c.Provider, c.Traits, c.Docs = table[i].Title, table[i].Provider, table[i].Traits, table[i].Docs
	}
	c.Sightings = []finding.Sighting{{Where: finding.Location{Source: "inventory", Target: rec.Source, State: finding.StateInventory}}}
	var said []environ.Evidence
	for _, f := range rec.Facts {
		switch {
		case (f.Field == "owner" || f.Field == "team") && c.Owner.Name == "":
			c.Owner.Name, c.Owner.How, c.Owner.Team = f.Value, "provider", f.Field == "team"
			if c.Owner.Team {
				c.Owner.Standing = f.Value + " (provider, " + rec.System + ")"
			}
		case f.Field == "environment":
			said = append(said, environ.Asserted("environment by "+rec.System, f.Value)...)
		}
	}
	c.Environments = append(c.Environments, environ.Classify(said)...)
	risk.Judge(&c, finding.SevInfo, l, now)
	return c
}

// joined lets inventories speak in a correlation. What else came of the join stands in the result once Correlate has run.
func joined(in *correlate.Input, invs []*inventory.Inventory, keys *identity.Keys) *join.Result {
	res := &join.Result{}
	if len(invs) == 0 {
		return res
	}
	in.Account, in.Listed = accounts(invs), repositoryOwners(invs)
	in.Limits.Exports = map[string]string{}
	for _, inv := range invs {
		in.Limits.Exports[inv.Name] = inv.Format
	}
	in.Records = func(cs []finding.Credential) [][]finding.Record {
		*res = join.Join(cs, invs, keys)
		out := make([][]finding.Record, len(cs))
		for i := range cs {
			out[i] = res.Records[cs[i].ID]
		}
		return out
	}
	return res
}

// accounts says which people have an account, and whose was closed, by the exports that list them: by login, name or address.
// Both are told where exports do not agree; who stands in none is not known.
func accounts(invs []*inventory.Inventory) func(name string) (here, gone string) {
	type account struct{ here, gone string }
	by := map[string]account{}
	for _, inv := range invs {
		for i := range inv.Rows {
			r := &inv.Rows[i]
			status := r.Fact("user_status")
			if r.Class != inventory.Principal || status == "" || r.Fact("user_type") == "service" {
				continue
			}
			why := fmt.Sprintf("%s: %s", r.Record.Source, status)
			if !inv.AsOf.IsZero() {
				why += ", as of " + inv.AsOf.UTC().Format(time.DateOnly)
			}
			for _, field := range []string{"user", "email", "name"} {
				n := plainName(r.Fact(field))
				if n == "" {
					continue
				}
				a := by[n]
				if status == "active" {
					a.here = cmp.Or(a.here, why)
				} else {
					a.gone = cmp.Or(a.gone, why)
				}
				by[n] = a
			}
		}
	}
	return func(name string) (here, gone string) {
		a := by[plainName(name)]
		return a.here, a.gone
	}
}

// plainName is a name without what marks it as one: "@ada", "user:ada".
func plainName(s string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "user:"), "@")
}

// unheard are the notices of a join: what its provider's administrator does not know of, what a listing could not decide, what
// is wrong with an export.
func unheard(res *join.Result, troubles []inventory.Trouble, keys *identity.Keys, l risk.Limits, now time.Time) []finding.Notice {
	var out []finding.Notice
	say := func(kind string, s finding.Severity, text string) {
		out = append(out, finding.Notice{ID: keys.NoticeID(kind, text), Kind: kind, Severity: s, Message: text})
	}
	for _, u := range res.Unlisted {
		say("unlisted", finding.SevMedium, finding.ShortID(u.Credential)+" is unknown to its provider's administrator ("+u.Source+"): "+u.Why)
	}
	for _, n := range res.Notes {
		text := n.Source + ": " + n.Msg
		if n.Credential != "" {
			text = finding.ShortID(n.Credential) + ": " + text
		}
		say("inventory", finding.SevInfo, text)
	}
	for _, t := range troubles {
		say("inventory", finding.SevLow, t.String())
	}
	unreviewed(res.Rows, l, now, say)
	return out
}

// unreviewed tells of third parties that hold access without a current entry in the register of integrations: of each where there
// is a register, of all at once where there is none.
func unreviewed(rows []finding.InventoryRow, l risk.Limits, now time.Time, say func(kind string, s finding.Severity, text string)) {
	const kind = "third-party-unreviewed"
	var without []string
	for i := range rows {
		for _, f := range rows[i].Record.Facts {
			if f.Field != "integration" || f.Value == "" {
				continue
			}
			if len(l.Integrations) == 0 {
				without = append(without, f.Value)
			} else if why := l.Review(f.Value, now); why != "" {
				say(kind, finding.SevMedium, why+" ("+rows[i].Record.System+", "+rows[i].Record.Source+")")
			}
			break
		}
	}
	if slices.Sort(without); len(without) > 0 {
		without = slices.Compact(without)
		const shown = 5
		more := ""
		if n := len(without) - shown; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		say(kind, finding.SevLow, fmt.Sprintf("third parties hold access and there is no register of them (integrations: in the policy): %s%s", strings.Join(without[:min(shown, len(without))], ", "), more))
	}
}
