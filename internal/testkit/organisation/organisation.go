// Package organisation makes up what a scan of an organisation would report: repositories, images, teams, credentials of many
// kinds in many places, decisions, pipelines and a ledger with holes. Reports of it are what documentation shows and what a
// format is measured by.
//
// It never reads anything, and nothing in it was ever a credential: masks are stars, public halves say EXAMPLE, hosts and
// addresses end in .example. The same seed gives the same report to the byte.
package organisation

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// AsOf is the clock of every report made here.
var AsOf = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// Report is a run: what a report.Reporter gets, in order.
type Report struct {
	Header  finding.Header
	Items   []finding.Item
	Summary finding.Summary
}

// kind is a row of what the organisation leaks.
type kind struct {
	id, provider, title string
	severity            finding.Severity
	tier                finding.Tier
	proof               finding.Proof
	pair                bool     // has a public half
	limit               int      // days that somebody's standard allows, 0 for none
	limitBy, limitAt    string   // that standard and its version
	coarse              bool     // all or nothing
	files               []string // where it is found
	fix                 []string
}

var kinds = []kind{
	{"aws-access-key", "aws", "AWS access key", finding.SevHigh, finding.TierShaped, finding.ProofNone, true, 90, "CIS AWS Foundations", "7.0 §2.12", false,
		[]string{"deploy/%s/terraform.tfvars", ".env.%s", "ops/%s/backup.sh", "ansible/%s/vars.yml"},
		[]string{"aws iam create-access-key --user-name %s, then replace it in the places above", "aws iam update-access-key --status Inactive --access-key-id %s"}},
	{"github-pat", "github", "GitHub personal access token", finding.SevHigh, finding.TierProven, finding.ProofProven, false, 366, "GitHub organisation policy", "default", false,
		[]string{"scripts/%s/release.sh", ".netrc", "ci/%s/publish.yml", "docker/%s/Dockerfile"},
		[]string{"make a fine-grained token or use the job's own token, then replace it", "revoke it at github.com/settings/tokens"}},
	{"slack-bot-token", "slack", "Slack bot token", finding.SevMedium, finding.TierShaped, finding.ProofNone, false, 0, "", "", false,
		[]string{"notify/%s/config.json", "bots/%s/settings.py"}, []string{"rotate it under OAuth & Permissions of the app"}},
	{"stripe-secret-key", "stripe", "Stripe secret key", finding.SevHigh, finding.TierShaped, finding.ProofNone, false, 0, "", "", true,
		[]string{"billing/%s/config.yml", "tests/fixtures/%s/stripe.json"}, []string{"roll the key in the dashboard with an overlap of a day", "use a restricted key in its place"}},
	{"gcp-service-account", "gcp", "Google Cloud service account key", finding.SevHigh, finding.TierProven, finding.ProofProven, true, 90, "CIS GCP Foundations", "5.0 §1.8", false,
		[]string{"deploy/%s/sa.json", "etl/%s/credentials.json"}, []string{"use workload identity in its place", "gcloud iam service-accounts keys delete %s"}},
	{"azure-client-secret", "azure", "Azure client secret", finding.SevHigh, finding.TierNamed, finding.ProofNone, true, 180, "Microsoft", "recommendation", false,
		[]string{"infra/%s/main.tfvars", "pipelines/%s/variables.yml"}, []string{"add a second secret, move over, remove this one"}},
	{"npm-token", "npm", "npm access token", finding.SevHigh, finding.TierProven, finding.ProofProven, false, 90, "npm", "granular tokens", true,
		[]string{".npmrc", "packages/%s/.npmrc"}, []string{"publish by trusted publishing", "npm token revoke %s"}},
	{"private-key", "", "Private key", finding.SevHigh, finding.TierProven, finding.ProofProven, false, 730, "NIST SP 800-57", "Part 1 Rev. 5", false,
		[]string{"certs/%s/server.key", "ansible/%s/id_ed25519"}, []string{"make a new key pair and replace the public half wherever it is trusted"}},
	{"postgres-url", "", "PostgreSQL connection string", finding.SevMedium, finding.TierNamed, finding.ProofNone, true, 0, "", "", false,
		[]string{"config/%s/database.yml", "docker-compose.%s.yml", "migrations/%s/env.py"}, []string{"alter role %s with password, then replace it"}},
	{"jwt", "", "JSON Web Token", finding.SevLow, finding.TierProven, finding.ProofProven, false, 0, "", "", false,
		[]string{"docs/%s/api.md", "tests/%s/login.http"}, []string{"let it expire, or change the signing key"}},
	{"generic-password", "", "Password", finding.SevMedium, finding.TierGeneric, finding.ProofNone, false, 0, "", "", false,
		[]string{"src/%s/settings.py", "helm/%s/values.yaml", "README.%s.md"}, []string{"change it where it is accepted"}},
	{"datadog-api-key", "datadog", "Datadog API key", finding.SevMedium, finding.TierNamed, finding.ProofNone, false, 0, "", "", false,
		[]string{"helm/%s/datadog.yaml", "agents/%s/datadog.conf"}, []string{"make a new key, then delete this one under Organization Settings"}},
}

var (
	services = []string{"payments", "ledger", "checkout", "identity", "search", "catalogue", "shipping", "reports", "mobile-api", "website", "etl", "platform", "billing", "support", "fraud", "media", "pricing", "notify"}
	teams    = []string{"team-payments", "team-identity", "team-platform", "team-data", "team-web", "team-mobile", "team-growth", "team-support"}
	people   = []string{"Ada Author <ada@acme.example>", "Grace Builder <grace@acme.example>", "Linus Former <linus@acme.example>", "Mary Tester <mary@acme.example>", "Jörg Größe <joerg@acme.example>", "ci-bot <bot@acme.example>"}
	zones    = []finding.Environment{
		{Name: "prod", Class: finding.EnvProd, Why: "path segment prod"}, {Name: "staging", Class: finding.EnvNonprod, Why: "path segment staging"},
		{Name: "dev", Class: finding.EnvNonprod, Why: "path segment dev"}, {Name: "test", Class: finding.EnvNonprod, Why: "path segment test"},
		{Name: "prod-eu", Class: finding.EnvProd, Why: "environment prod-eu of deploy.yml"}, {Name: "vendor", Class: finding.EnvVendor, Why: "host of a third party"},
	}
)

// New makes a report of n credentials that stand in places places altogether (at least one each).
func New(seed uint64, n, places int) Report {
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x09a))}
	all := make([]*finding.Credential, n)
	left := max(places-n, 0)
	for i := range all {
		extra := 0
		if left > 0 && i < n-1 {
			extra = min(left, g.r.IntN(2*left/(n-i)+1))
		} else {
			extra = left
		}
		left -= extra
		all[i] = g.credential(i, 1+extra)
	}
	slices.SortStableFunc(all, func(a, b *finding.Credential) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), a.FirstSeen.Compare(b.FirstSeen))
	})
	r := Report{Header: finding.Header{
		Version: "0.1.0", RuleSet: "example-rules", KeyScope: finding.KeyOrganisation, KeyID: "k-example", Command: "scan", AsOf: AsOf,
	}}
	for _, s := range services {
		r.Header.Targets = append(r.Header.Targets, "acme/"+s)
	}
	for _, c := range all {
		r.Items = append(r.Items, finding.Item{Credential: c})
	}
	r.Items = append(r.Items, g.others(all)...)
	r.Summary = g.summary(r.Items)
	return r
}

type generator struct{ r *rand.Rand }

func pick[T any](g *generator, s []T) T { return s[g.r.IntN(len(s))] }

func (g *generator) hash(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.r.Uint32())
	}
	return hex.EncodeToString(b)
}

const base32 = "abcdefghijklmnopqrstuvwxyz234567"

func (g *generator) id(prefix string) string {
	b := []byte(prefix + "-")
	for range 26 {
		b = append(b, base32[g.r.IntN(32)])
	}
	return string(b)
}

func (g *generator) days() int {
	// Most are young, some are ancient: the square of an even draw.
	f := g.r.Float64()
	return 1 + int(f*f*2400)
}

func ago(days int) time.Time { return AsOf.AddDate(0, 0, -days) }

func (g *generator) credential(i, places int) *finding.Credential {
	k := pick(g, kinds)
	age := g.days()
	service := pick(g, services)
	reach := []finding.Environment{pick(g, zones)}
	if g.r.IntN(4) == 0 {
		if e := pick(g, zones); e.Name != reach[0].Name {
			reach = append(reach, e)
		}
	}
	c := &finding.Credential{
		ID: g.id("c"), Kind: k.id, Provider: k.provider, Title: k.title, Aliases: []string{}, Tier: k.tier, Proof: k.proof, Severity: k.severity,
		Redacted: strings.Repeat("*", 24+g.r.IntN(16)), FirstSeen: ago(age), LastSeen: ago(g.r.IntN(min(age, 60))), Environments: reach,
		Workloads: []string{service}, Targets: []string{}, Docs: "https://docs.acme.example/" + k.id,
		Why: map[finding.Tier]string{
			finding.TierProven: "its checksum or structure holds", finding.TierShaped: "the provider's own form",
			finding.TierNamed: "assigned to a name of its provider", finding.TierGeneric: "assigned to a name that says password, score 0.93",
		}[k.tier],
	}
	if k.pair {
		c.Ident = fmt.Sprintf("EXAMPLE-%s-%05d", strings.ToUpper(service), i)
	}
	user := "svc-" + service
	switch g.r.IntN(5) {
	case 0, 1, 2:
		c.Owner = finding.Owner{Name: pick(g, teams), How: pick(g, []string{"CODEOWNERS", "catalog-info.yaml", "tag owner"}), Candidates: []string{}}
	default:
		c.Owner = finding.Owner{Candidates: []string{pick(g, people)}}
	}
	c.Facts = append(c.Facts, finding.Fact{Field: "user", Value: user, Source: "offline"})
	var lastUsed int
	known := g.r.IntN(3) == 0
	if known {
		lastUsed = g.r.IntN(min(age, 300))
		src := "inventory:" + k.id + ".csv"
		facts := []finding.Fact{
			{Field: "created", Value: ago(age + g.r.IntN(30)).Format(time.RFC3339), Source: src, AsOf: ago(4)},
			{Field: "last_used", Value: ago(lastUsed).Format(time.RFC3339), Source: src, AsOf: ago(4)},
		}
		if g.r.IntN(3) == 0 {
			facts = append(facts, finding.Fact{Field: "rotated", Value: ago(age / 2).Format(time.RFC3339), Source: src, AsOf: ago(4)})
		}
		if g.r.IntN(4) == 0 {
			facts = append(facts, finding.Fact{Field: "expires", Value: ago(-30 - g.r.IntN(300)).Format(time.RFC3339), Source: src, AsOf: ago(4)})
		}
		c.Records = []finding.Record{{System: cmp.Or(k.provider, "register"), Key: cmp.Or(c.Ident, "key-"+g.hash(4)), Match: pick(g, []finding.Match{finding.MatchExact, finding.MatchHash, finding.MatchSuffix}), Facts: facts, Source: fmt.Sprintf("%s.csv row %d", k.id, 2+i), AsOf: ago(4)}}
	}
	repos := []string{service}
	for range places {
		if g.r.IntN(6) == 0 && len(repos) < 4 {
			repos = append(repos, pick(g, services))
		}
		c.Sightings = append(c.Sightings, g.sighting(&k, c, pick(g, repos), pick(g, reach).Name, age))
	}
	slices.SortStableFunc(c.Sightings, func(a, b finding.Sighting) int {
		return cmp.Or(cmp.Compare(a.Where.Target, b.Where.Target), cmp.Compare(a.Where.Path, b.Where.Path))
	})
	g.judge(c, &k, age, len(repos), known, lastUsed)
	for _, f := range k.fix {
		if strings.Contains(f, "%s") {
			f = fmt.Sprintf(f, cmp.Or(c.Ident, user))
		}
		c.Fix = append(c.Fix, f)
	}
	c.Fix = append(c.Fix, fmt.Sprintf("once it is dead no history needs rewriting: sprawl mark %s resolved --reason \"revoked\"", finding.ShortID(c.ID)))
	switch g.r.IntN(14) {
	case 0:
		e := &finding.Exception{
			Owner: cmp.Or(c.Owner.Name, "team-platform"), Approver: pick(g, people[:2]), Reason: "vendor migrates in spring", Created: ago(min(age, 120)),
			Until: ago(-20 - g.r.IntN(100)), Requires: []string{"logging"}, Where: ".sprawl.yaml:" + fmt.Sprint(20+i),
		}
		if g.r.IntN(2) == 0 {
			e.Recertified = ago(30)
		}
		c.Exception = e
		if g.r.IntN(2) == 0 {
			e.Until = ago(20)
			lapsed := named("exception-lapsed", "accepted by "+e.Approver+" until "+e.Until.Format(time.DateOnly))
			c.Conditions = append(c.Conditions, lapsed)
		} else {
			c.Decision = &finding.Decision{Kind: "exception", Reason: e.Reason, By: e.Approver, Until: e.Until}
		}
	case 1:
		c.Decision = &finding.Decision{Kind: "mark", Value: "false-positive", Reason: "documentation of the format", By: pick(g, people)}
	case 2:
		c.Decision = &finding.Decision{Kind: "baseline"}
	}
	return c
}

func (g *generator) sighting(k *kind, c *finding.Credential, repo, env string, age int) finding.Sighting {
	path := pick(g, k.files)
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, env)
	}
	if g.r.IntN(3) > 0 {
		path = pick(g, []string{"services", "apps", "legacy", "tools"}) + "/" + pick(g, services) + "/" + path
	}
	name := strings.ReplaceAll(k.id, "-", "_")
	front := name + ` = "`
	line := 1 + g.r.IntN(400)
	mask := finding.Part{
		Role: finding.RoleSecret, Span: finding.Span{Line: line, Column: len(front) + 1, EndLine: line, EndColumn: len(front) + 1 + len(c.Redacted)},
		Snippet: finding.Snippet{Text: front + c.Redacted + `"`, Column: len(front), Width: len(c.Redacted)},
	}
	added := 1 + g.r.IntN(age)
	s := finding.Sighting{
		Kind: k.id, Provider: k.provider, Name: name, Tier: k.tier, Proof: k.proof, Masked: c.Redacted, Parts: []finding.Part{mask}, Why: c.Why,
		Where: finding.Location{
			Source: "git", Target: "acme/" + repo, Path: path, State: finding.StateHead, Refs: []string{"main"},
			Added: &finding.Change{Commit: g.hash(20), Author: pick(g, people), When: ago(added)},
		},
	}
	w := &s.Where
	switch g.r.IntN(10) {
	case 0, 1, 2, 3:
		w.State, w.Gone = finding.StateHistory, &finding.Change{Commit: g.hash(20), Author: pick(g, people), When: ago(g.r.IntN(added))}
	case 4:
		w.Source, w.Target, w.State, w.Added, w.Refs = "image", "registry.acme.example/"+repo+":1.9", finding.StateLayer, nil, nil
		w.Layer = &finding.Layer{Digest: "sha256:" + g.hash(32), Index: 3, CreatedBy: "COPY . /app", Created: ago(added), Platform: "linux/amd64"}
	case 5:
		w.State, w.Refs = finding.StateDangling, nil
	}
	if g.r.IntN(40) == 0 {
		s.Decode = []finding.Step{{Name: "base64"}}
	}
	return s
}

// frameworks are the controls that name a condition.
var frameworks = map[string][]string{
	"long-lived":             {"NHI7:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.3"},
	"over-scoped":            {"NHI5:2025", "PR.AA-05", "PCI DSS 4.0.1 7.2.5"},
	"poorly-logged":          {"DE.CM-03", "DE.CM-09", "CIS 8.1 8.2"},
	"cross-environment":      {"NHI8:2025", "PR.AA-05", "PCI DSS 4.0.1 6.5.3"},
	"shared":                 {"NHI9:2025", "PR.AA-05"},
	"shared-identity":        {"NHI9:2025", "PR.AA-01"},
	"embedded":               {"NHI2:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.2"},
	"third-party-unreviewed": {"NHI3:2025", "GV.SC-04", "CIS 8.1 15.1"},
	"outlives-task":          {"NHI1:2025", "PR.AA-01", "PCI DSS 4.0.1 8.2.6", "CIS 8.1 5.3"},
	"unrotatable":            {"NHI7:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.3"},
	"unattributed":           {"NHI1:2025", "NHI10:2025", "ID.AM-08", "CIS 8.1 5.5"},
	"unconstrained":          {"NHI5:2025", "PR.AA-05"},
	"human-in-automation":    {"NHI10:2025", "PR.AA-01", "PCI DSS 4.0.1 8.6.1"},
	"exception-lapsed":       {"NHI1:2025", "GV.RM-04", "ID.RA-06"},
	"static-where-federated": {"NHI4:2025", "NHI6:2025", "PR.AA-03"},
	"unpinned-consumer":      {"NHI3:2025", "GV.SC-04"},
	"fork-reachable":         {"NHI6:2025", "PR.AA-05"},
	"printed":                {"NHI2:2025", "PR.DS-01"},
}

// judge gives each credential the verdicts that its made-up evidence allows.
func (g *generator) judge(c *finding.Credential, k *kind, age, repos int, known bool, lastUsed int) {
	add := func(id string, v finding.Verdict, why string, settle ...string) *finding.Condition {
		if settle == nil {
			settle = []string{}
		}
		c.Conditions = append(c.Conditions, finding.Condition{ID: id, Verdict: v, Why: why, Refs: frameworks[id], Settle: settle})
		return &c.Conditions[len(c.Conditions)-1]
	}
	yes := func(b bool) finding.Verdict {
		if b {
			return finding.VerdictYes
		}
		return finding.VerdictNo
	}
	limit := cmp.Or(k.limit, 365)
	long := add("long-lived", yes(age > limit), fmt.Sprintf("%d days since it was first committed", age))
	long.Bound = "at-least"
	long.Threshold = &finding.Threshold{Value: fmt.Sprintf("%d days", limit), Source: cmp.Or(k.limitBy, "tool default"), Version: k.limitAt}
	if long.Verdict == finding.VerdictNo && !known {
		long.Verdict, long.Settle = finding.VerdictCannotTell, []string{"an export of " + cmp.Or(k.provider, "the register") + " with creation dates"}
	}
	if known && g.r.IntN(2) == 0 {
		add("over-scoped", yes(g.r.IntN(2) == 0 || k.coarse), "policies of its principal")
	} else if k.coarse {
		add("over-scoped", finding.VerdictYes, "keys of this kind are all or nothing")
	} else {
		add("over-scoped", finding.VerdictCannotTell, "no export of policies or scopes", "policies of "+cmp.Or(k.provider, "its system"))
	}
	add("poorly-logged", finding.VerdictCannotTell, "no export of logs", "an export of the audit log")
	classes := map[finding.EnvClass]bool{}
	for _, e := range c.Environments {
		classes[e.Class] = true
	}
	names := make([]string, 0, len(c.Environments))
	for _, e := range c.Environments {
		names = append(names, e.Name)
	}
	add("cross-environment", yes(len(classes) > 1), strings.Join(names, " and "))
	add("shared", yes(repos > 2), fmt.Sprintf("%d workloads", repos))
	add("embedded", finding.VerdictYes, map[bool]string{true: "1 place", false: fmt.Sprintf("%d places", len(c.Sightings))}[len(c.Sightings) == 1])
	if classes[finding.EnvVendor] {
		add("third-party-unreviewed", finding.VerdictCannotTell, "no register of integrations", "integrations in .sprawl.yaml")
	}
	if known {
		add("outlives-task", yes(lastUsed > 90), fmt.Sprintf("last used %d days ago", lastUsed))
	} else {
		add("outlives-task", finding.VerdictCannotTell, "no export with dates of use", "an export with last use")
	}
	add("unrotatable", yes(k.id == "private-key" && g.r.IntN(2) == 0), "trait of its kind")
	add("unattributed", yes(c.Owner.Name == ""), map[bool]string{true: "no CODEOWNERS entry, no owner tag, no catalog entry", false: c.Owner.Name}[c.Owner.Name == ""])
	add("unconstrained", yes(k.coarse), "trait of its kind")
	person := c.Owner.Name == "" && k.id == "github-pat"
	add("human-in-automation", yes(person), map[bool]string{true: "a personal token in " + c.Workloads[0], false: "not issued to a person"}[person])
	if known {
		add("shared-identity", yes(k.pair && age%3 == 0), "active keys of its principal")
	} else {
		add("shared-identity", finding.VerdictCannotTell, "no export of principals", "an export of principals and their keys")
	}
	holds := 0
	for _, v := range c.Conditions {
		if v.Verdict == finding.VerdictYes {
			holds++
		}
	}
	if classes[finding.EnvProd] && holds >= 4 && c.Severity == finding.SevHigh && known {
		c.Severity = finding.SevCritical
	}
	if k.tier == finding.TierProven && g.r.IntN(12) == 0 {
		c.Proof, c.Tier, c.Severity = finding.ProofRefuted, finding.TierShaped, finding.SevLow
	}
}

// named is a condition that holds for the name of a secret.
func named(id, why string) finding.Condition {
	return finding.Condition{ID: id, Verdict: finding.VerdictYes, Why: why, Refs: frameworks[id], Settle: []string{}}
}

// others are what is no credential.
func (g *generator) others(all []*finding.Credential) []finding.Item {
	var items []finding.Item
	for i, s := range services {
		at := finding.Location{Source: "ci", Target: "acme/" + s, Path: ".github/workflows/deploy.yml", State: finding.StateHead}
		r := &finding.Reference{
			ID: g.id("r"), System: "github-actions", Name: "AWS_SECRET_ACCESS_KEY", Scope: "environment prod", Where: at,
			Span: finding.Span{Line: 20 + i, Column: 11, EndLine: 20 + i, EndColumn: 40}, Environments: zones[:1],
		}
		r.Uses = []finding.Use{{
			Where: at, Span: r.Span, Job: "deploy", As: "AWS_SECRET_ACCESS_KEY", Triggers: []string{"push"}, Environments: zones[:1], Fork: finding.No,
			ForkWhy:   "what starts it takes write access: push",
			Consumers: []finding.Consumer{{Name: "aws-actions/configure-aws-credentials", Pin: "v4", Pinned: finding.No, Party: finding.PartyThird}},
		}}
		if i%3 == 0 {
			r.Uses[0].Static = &finding.Static{What: "a static AWS key", Instead: "a role"}
			r.Conditions = append(r.Conditions, named("static-where-federated", "the action can take a role in its place"))
		}
		if i%4 == 0 {
			r.Uses[0].Printed = "set -x stands before it"
			r.Conditions = append(r.Conditions, named("printed", "set -x stands before it"))
		}
		if i%6 == 0 {
			r.Uses[0].Triggers, r.Uses[0].Fork, r.Uses[0].ForkWhy = []string{"pull_request_target"}, finding.Yes, "pull_request_target runs for forks, with secrets"
			r.Conditions = append(r.Conditions, named("fork-reachable", "pull_request_target runs for forks, with secrets"))
		}
		r.Conditions = append(r.Conditions, named("unpinned-consumer", "aws-actions/configure-aws-credentials at v4 can be moved to other code"))
		items = append(items, finding.Item{Reference: r})
	}
	for i := range 20 {
		row := &finding.InventoryRow{ID: g.id("i"), Record: finding.Record{
			System: "aws-iam", Key: fmt.Sprintf("EXAMPLE-UNSEEN-%03d", i), Source: fmt.Sprintf("credential-report.csv row %d", i+2), AsOf: ago(4),
		}}
		if i%4 == 0 && len(all) > 0 {
			row.Found, row.Record.Match = all[0].ID, finding.MatchExact
		}
		items = append(items, finding.Item{Inventory: row})
	}
	at := finding.Location{Source: "dir", Target: "acme/platform", Path: ".sprawl.yaml", State: finding.StateHead}
	return append(items,
		finding.Item{Notice: &finding.Notice{ID: g.id("n"), Kind: "exception-lapsed", Severity: finding.SevMedium,
			Message: "an exception of team-data ended on 2026-11-01 and nobody renewed it", Where: &at, Span: finding.Span{Line: 12, Column: 3, EndLine: 12, EndColumn: 20}}},
		finding.Item{Notice: &finding.Notice{ID: g.id("n"), Kind: "policy-changed", Severity: finding.SevInfo, Message: "this change edits the policy"}})
}

func (g *generator) summary(items []finding.Item) finding.Summary {
	s := finding.Summary{BySeverity: map[finding.Severity]int{}, ByTier: map[finding.Tier]int{}, FailOn: "high", Elapsed: 93 * time.Second}
	for _, it := range items {
		if it.Notice != nil {
			s.Notices++
		}
		c := it.Credential
		if c == nil {
			continue
		}
		if d := c.Decision; d != nil {
			switch d.Kind {
			case "baseline":
				s.Baseline++
			case "mark":
				s.Marked++
			default:
				s.Excepted++
			}
			continue
		}
		s.Credentials++
		s.Places += len(c.Sightings)
		s.BySeverity[c.Severity]++
		s.ByTier[c.Tier]++
		for _, v := range c.Conditions {
			if v.Verdict == finding.VerdictCannotTell {
				s.CannotTell++
			}
		}
		if c.Severity.AtLeast(finding.SevHigh) {
			s.Failing++
		}
	}
	cov := &s.Coverage
	for i, name := range services {
		cov.Targets = append(cov.Targets, finding.TargetCoverage{
			Source: "git", Target: "acme/" + name, Tip: g.hash(20), Refs: 3 + g.r.IntN(40), Commits: 100 + g.r.IntN(20_000), Shallow: i == 4, Notes: []string{},
		})
	}
	cov.Targets = append(cov.Targets, finding.TargetCoverage{Source: "image", Target: "registry.acme.example/payments:1.9", Notes: []string{"the tag moved during the scan"}})
	cov.Seen, cov.Scanned, cov.Reused, cov.Bytes = 412_803, 412_790, 391_002, 9_120_443_118
	cov.Skipped = map[finding.Reason]int64{finding.ReasonTooLarge: 2, finding.ReasonLFS: 7, finding.ReasonSubmodule: 1, finding.ReasonShallow: 1, finding.ReasonUnreadable: 1}
	cov.Skips = []finding.Skip{
		{Target: "acme/media", Object: g.hash(20), Path: "assets/film.mov", Reason: finding.ReasonTooLarge, Detail: "over 50 MiB", Size: 73_400_320},
		{Target: "acme/media", Object: g.hash(20), Path: "assets/trailer.mov", Reason: finding.ReasonTooLarge, Detail: "over 50 MiB", Size: 61_000_000},
		{Target: "acme/search", Reason: finding.ReasonShallow, Detail: "history beyond 50 commits was not fetched"},
		{Target: "acme/website", Path: "third_party/theme", Reason: finding.ReasonSubmodule},
		{Target: "registry.acme.example/payments:1.9", Path: "var/lib/app.db", Reason: finding.ReasonUnreadable, Detail: "permission denied"},
	}
	return s
}

// Before is what a scan of the same organisation had said some days before a report: without what came since, with what is gone
// since, and with other severities, places and decisions for some.
func Before(r Report, days int) Report {
	then := AsOf.AddDate(0, 0, -days)
	g := &generator{r: rand.New(rand.NewPCG(uint64(days), 0x09b))}
	b := Report{Header: r.Header}
	b.Header.AsOf = then
	n := 0
	for _, it := range r.Items {
		if it.Credential == nil {
			b.Items = append(b.Items, it)
			continue
		}
		c := *it.Credential
		if n++; c.FirstSeen.After(then) {
			continue
		}
		switch {
		case c.Decision != nil && n%2 == 0:
			c.Decision = nil
		case n%11 == 0 && c.Severity == finding.SevHigh:
			c.Severity = finding.SevMedium
		case n%13 == 0:
			c.Severity = finding.SevCritical
		case n%5 == 0 && len(c.Sightings) > 1:
			c.Sightings = c.Sightings[:len(c.Sightings)-1]
		case n%17 == 0:
			c.Decision = &finding.Decision{Kind: "mark", Value: "resolved", Reason: "revoked", By: people[0]}
		}
		b.Items = append(b.Items, finding.Item{Credential: &c})
	}
	for i := range max(n/10, 1) {
		c := g.credential(n+i, 1+g.r.IntN(3))
		if c.Decision = nil; c.FirstSeen.After(then) {
			c.FirstSeen = then.AddDate(0, 0, -40)
		}
		if i == 0 {
			for j := range c.Sightings {
				c.Sightings[j].Where.Target = "acme/retired"
			}
		}
		b.Items = append(b.Items, finding.Item{Credential: c})
	}
	b.Summary = g.summary(b.Items)
	return b
}
