package risk

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sprawl/finding"
)

// TestTakingEvidenceAwayMakesNoNo is the rule that everything here stands on. Credentials are made at random, with evidence
// that may well contradict itself; then each piece is taken away in turn, and pairs of pieces too.
func TestTakingEvidenceAwayMakesNoNo(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	rounds := 1500
	if testing.Short() {
		rounds = 500
	}
	reached := map[string]map[finding.Verdict]int{}
	for n := range rounds {
		c := generate(r)
		l := limits(r)
		before := verdicts(&c, l)
		for id, v := range before {
			if reached[id] == nil {
				reached[id] = map[finding.Verdict]int{}
			}
			reached[id][v]++
		}
		for cut := range pieces(&c) {
			less := clone(c)
			cut.from(&less)
			if bad := turned(before, verdicts(&less, l)); bad != "" {
				t.Fatalf("round %d: %s is no once %s is taken away\nbefore: %s\nafter:  %s", n, bad, cut.what, why(&c, l, bad), why(&less, l, bad))
			}
			// A second piece on top.
			if more := slices.Collect(pieces(&less)); r.IntN(4) == 0 && len(more) > 0 {
				second := more[r.IntN(len(more))]
				second.from(&less)
				if bad := turned(before, verdicts(&less, l)); bad != "" {
					t.Fatalf("round %d: %s is no once %s and %s are taken away", n, bad, cut.what, second.what)
				}
			}
		}
	}
	for _, row := range conditions {
		for _, v := range []finding.Verdict{finding.VerdictYes, finding.VerdictNo, finding.VerdictCannotTell} {
			if got, want := reached[row.ID][v] > 0, slices.Contains(row.Reaches, v); got != want {
				t.Errorf("%s: %s reached %d times, declared %v", row.ID, v, reached[row.ID][v], want)
			}
		}
	}
}

func verdicts(c *finding.Credential, l Limits) map[string]finding.Verdict {
	out := map[string]finding.Verdict{}
	for _, row := range conditions {
		out[row.ID] = row.Check(c, l, now).Verdict
	}
	return out
}

func turned(before, after map[string]finding.Verdict) string {
	for _, row := range conditions {
		if after[row.ID] == finding.VerdictNo && before[row.ID] != finding.VerdictNo {
			return row.ID
		}
	}
	return ""
}

func why(c *finding.Credential, l Limits, id string) string {
	row, _ := Find(id)
	v := row.Check(c, l, now)
	return fmt.Sprintf("%s: %s %q", v.Verdict, v.Why, v.Evidence)
}

type cut struct {
	what string
	from func(*finding.Credential)
}

// pieces lists everything that can be taken away from a credential. Each works on a clone, by index.
func pieces(c *finding.Credential) iter.Seq[cut] {
	var out []cut
	add := func(f func(*finding.Credential), format string, args ...any) {
		out = append(out, cut{fmt.Sprintf(format, args...), f})
	}
	for i, f := range c.Facts {
		add(func(c *finding.Credential) { c.Facts = slices.Delete(c.Facts, i, i+1) }, "fact %s=%s", f.Field, f.Value)
	}
	for i, r := range c.Records {
		for k, f := range r.Facts {
			add(func(c *finding.Credential) { c.Records[i].Facts = slices.Delete(c.Records[i].Facts, k, k+1) }, "%s=%s of record %d (%s)", f.Field, f.Value, i, r.Match)
			add(func(c *finding.Credential) { c.Records[i].Facts[k].Value = "" }, "the value of %s of record %d", f.Field, i)
		}
		add(func(c *finding.Credential) { c.Records[i].AsOf = time.Time{} }, "the date of record %d", i)
		add(func(c *finding.Credential) { c.Records[i].Match = "" }, "the match of record %d", i)
		add(func(c *finding.Credential) { c.Records = slices.Delete(c.Records, i, i+1) }, "record %d", i)
	}
	for i := range c.Sightings {
		add(func(c *finding.Credential) { c.Sightings[i].Where.Added = nil }, "the commit of place %d", i)
		add(func(c *finding.Credential) { c.Sightings[i].Where.Layer = nil }, "the layer of place %d", i)
		add(func(c *finding.Credential) { c.Sightings[i].Allow = nil }, "the allow of place %d", i)
		add(func(c *finding.Credential) { c.Sightings = slices.Delete(c.Sightings, i, i+1) }, "place %d", i)
	}
	for i := range c.Environments {
		add(func(c *finding.Credential) { c.Environments = slices.Delete(c.Environments, i, i+1) }, "environment %d", i)
	}
	for i := range c.Uses {
		add(func(c *finding.Credential) { c.Uses[i].Consumers = nil }, "the consumers of use %d", i)
		add(func(c *finding.Credential) { c.Uses = slices.Delete(c.Uses, i, i+1) }, "use %d", i)
	}
	for i, t := range traits(c) {
		if t.Value != finding.Unknown {
			add(func(c *finding.Credential) { *traits(c)[i] = finding.Trait{} }, "trait %d", i)
		}
	}
	add(func(c *finding.Credential) { c.Owner.Tried = nil }, "what was asked for an owner")
	add(func(c *finding.Credential) { c.Owner.Active, c.Owner.ActiveWhy = finding.Unknown, "" }, "whether the owner is there")
	add(func(c *finding.Credential) { c.Owner.Standing = "" }, "the owner that is there")
	add(func(c *finding.Credential) { c.Owner = finding.Owner{} }, "the owner")
	add(func(c *finding.Credential) { c.Exception = nil }, "the exception")
	add(func(c *finding.Credential) { c.Decision = nil }, "the decision")
	return slices.Values(out)
}

func traits(c *finding.Credential) []*finding.Trait {
	t := &c.Traits
	return []*finding.Trait{&t.Expires, &t.Scoped, &t.LastUsed, &t.Overlap, &t.RotateAPI, &t.Restricted, &t.HumanIssued}
}

func clone(c finding.Credential) finding.Credential {
	c.Facts, c.Sightings, c.Environments = slices.Clone(c.Facts), slices.Clone(c.Sightings), slices.Clone(c.Environments)
	c.Records, c.Uses = slices.Clone(c.Records), slices.Clone(c.Uses)
	for i := range c.Records {
		c.Records[i].Facts = slices.Clone(c.Records[i].Facts)
	}
	return c
}

// vocabulary is what facts may say, wrong and useless things included.
var vocabulary = map[string][]string{
	"created":    {"2025-12-20T00:00:00Z", "2020-01-01T00:00:00Z", "2026-01-01", "2024-05", "2031-01-01T00:00:00Z", "soon"},
	"issued":     {"2026-01-02T01:00:00Z", "2025-06-01T00:00:00Z", "1970-01-01T00:00:00Z"},
	"rotated":    {"2025-12-30T00:00:00Z", "2021-01-01T00:00:00Z"},
	"expires":    {"2026-01-02T02:00:00Z", "2026-02-01T00:00:00Z", "2036-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "never", "?"},
	"not_before": {"2026-01-02T00:00:00Z"}, "principal_created": {"2025-12-01T00:00:00Z", "2019-01-01T00:00:00Z"},
	"last_used": {"2026-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "never", "N/A", "2030-01-01T00:00:00Z"},
	"status":    {"active", "inactive", "revoked", "?"}, "user_status": {"active", "suspended", "deleted"}, "user_type": {"human", "service"},
	"access": {"admin", "write", "read", "narrow"}, "scope": {"admin:org", "read:packages", "*"}, "permissions": {"r", "rl", "racwdl", "AdministratorAccess"},
	"policy": {"arn:aws:iam::aws:policy/AdministratorAccess", "ReadOnlyAccess"}, "role": {"roles/owner", "roles/viewer"},
	"logging": {"on", "off"}, "mode": {"live", "test"}, "principal_keys": {"1", "2", "0"}, "sibling": {"c-aaaaaaaa"},
	"restriction": {"none", "10.0.0.0/8"}, "integration": {"acme", "other", "lapsed", "nobody"}, "caller": {"role/a", "role/b"},
}

func generate(r *rand.Rand) finding.Credential {
	fields := []string{}
	for f := range vocabulary {
		fields = append(fields, f)
	}
	slices.Sort(fields)
	some := func() []finding.Fact {
		var out []finding.Fact
		for range r.IntN(6) {
			f := fields[r.IntN(len(fields))]
			out = append(out, finding.Fact{Field: f, Value: vocabulary[f][r.IntN(len(vocabulary[f]))], Inferred: r.IntN(8) == 0, AsOf: maybe(r, now.AddDate(0, 0, -r.IntN(400)))})
		}
		return out
	}
	kinds := []string{"aws-access-key", "azure-sas", "gcp-service-account-key", "github-personal-access-token", "github-fine-grained-token", "slack-bot-token", "stripe-secret-key", "jwt"}
	c := finding.Credential{ID: "c-" + "abcdefgh", Kind: kinds[r.IntN(len(kinds))], Tier: finding.TierShaped}
	c.Provider = []string{"aws", "azure", "gcp", "github", "github", "slack", "stripe", ""}[slices.Index(kinds, c.Kind)]
	c.Facts = some()
	for i := range c.Facts {
		c.Facts[i].Source = "offline"
	}
	if r.IntN(8) == 0 { // a token that states a life of an hour, and whatever else may contradict it
		c.Facts = append(c.Facts, finding.Fact{Field: "issued", Value: "2026-01-02T01:00:00Z", Source: "offline"}, finding.Fact{Field: "expires", Value: "2026-01-02T02:00:00Z", Source: "offline"})
	}
	matches := []finding.Match{finding.MatchExact, finding.MatchHash, finding.MatchSuffix, finding.MatchParent}
	for i := range r.IntN(4) {
		c.Records = append(c.Records, finding.Record{System: "test", Source: fmt.Sprintf("export.json:%d", i), Match: matches[r.IntN(4)], Facts: some(),
			AsOf: maybe(r, now.AddDate(0, 0, -r.IntN(40))), Inferred: r.IntN(10) == 0})
	}
	if r.IntN(4) == 0 { // a record that knows a lot
		c.Records = append(c.Records, finding.Record{System: "test", Source: "full", Match: finding.MatchExact, AsOf: now, Facts: []finding.Fact{
			{Field: "created", Value: "2025-12-20T00:00:00Z"}, {Field: "expires", Value: "never"}, {Field: "last_used", Value: "2026-01-01T00:00:00Z"},
			{Field: "status", Value: "active"}, {Field: "user_status", Value: "active"}}})
	}
	states := []finding.State{finding.StateHead, finding.StateHistory, finding.StateDangling, finding.StateInventory}
	for i := range r.IntN(4) {
		s := finding.Sighting{Where: finding.Location{Source: "git", Target: fmt.Sprintf("git:r%d", r.IntN(3)), State: states[r.IntN(4)],
			Path: []string{"app/.env", ".github/workflows/ci.yml", "out.log", "values-prod.yaml"}[r.IntN(4)]}}
		switch r.IntN(4) {
		case 0:
			s.Where.Added = &finding.Change{Commit: "abcdef0", When: now.AddDate(0, 0, -r.IntN(900)), Author: "Ada <ada@example.org>"}
		case 1:
			s.Where.Layer = &finding.Layer{Digest: "sha256:0123456", Created: now.AddDate(0, 0, -r.IntN(900))}
			s.Where.Source, s.Where.Target, s.Where.State = "image", fmt.Sprintf("shop/app%d:1.%d", r.IntN(2), i), finding.StateLayer
		}
		if r.IntN(6) == 0 {
			s.Allow = &finding.Allow{Reason: "x"}
		}
		c.Sightings = append(c.Sightings, s)
	}
	for _, class := range []finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor, finding.EnvUnknown} {
		if r.IntN(3) == 0 {
			c.Environments = append(c.Environments, finding.Environment{Name: string(class), Class: class, Why: "file name"})
		}
	}
	answers := []finding.Answer{finding.Unknown, finding.Yes, finding.No}
	for _, t := range traits(&c) {
		*t = finding.Trait{Value: answers[r.IntN(3)], Source: "https://example.org"}
	}
	for range r.IntN(3) {
		u := finding.Use{Where: finding.Location{Target: "git:r1", Path: ".github/workflows/ci.yml"}, Job: fmt.Sprint("job", r.IntN(3)), Fork: answers[r.IntN(3)], ForkWhy: "pull_request_target"}
		if r.IntN(3) == 0 {
			u.Consumers = append(u.Consumers, finding.Consumer{Name: []string{"acme/scan", "other/x"}[r.IntN(2)], Pinned: answers[r.IntN(3)], Party: finding.PartyThird})
		}
		if r.IntN(3) == 0 {
			u.Static = &finding.Static{What: "a key", Instead: "federation", Doubt: []string{"", "who knows"}[r.IntN(2)]}
		}
		if r.IntN(4) == 0 {
			u.Printed = "echoed"
		}
		c.Uses = append(c.Uses, u)
	}
	tried := []string{"policy", "provider", "catalog", "codeowners"}
	c.Owner = finding.Owner{Tried: tried[:r.IntN(5)]}
	if r.IntN(2) == 0 {
		c.Owner.Name, c.Owner.How, c.Owner.Active = "ada", "codeowners", answers[r.IntN(3)]
	}
	if c.Owner.Active == finding.Yes || r.IntN(6) == 0 {
		c.Owner.Standing = "@acme/payments (codeowners)"
	}
	if r.IntN(3) == 0 {
		all := []string{"narrow-scope", "read-only", "logging", "one-environment", "owner"}
		c.Exception = &finding.Exception{Owner: "payments", Approver: []string{"security", "payments"}[r.IntN(5)/4], Reason: "x", Created: now.AddDate(0, 0, -30), Until: now.AddDate(0, 0, r.IntN(500)-40)}
		for range r.IntN(3) {
			c.Exception.Requires = append(c.Exception.Requires, all[r.IntN(len(all))])
		}
	}
	return c
}

func limits(r *rand.Rand) Limits {
	var l Limits
	if r.IntN(3) > 0 {
		l.Integrations = []Integration{
			{Vendor: "acme", Owner: "security", Reviewed: now.AddDate(0, 0, -10)},
			{Vendor: "lapsed", Owner: "security", Reviewed: now.AddDate(-2, 0, 0)}, {Vendor: "nobody"},
		}
	}
	if r.IntN(3) == 0 {
		l.Overrides = []Threshold{{Test: TestAge, Max: 30 * day, Source: "own", Basis: BasisPolicy}}
	}
	return l
}

func maybe(r *rand.Rand, t time.Time) time.Time {
	if r.IntN(4) == 0 {
		return time.Time{}
	}
	return t
}
