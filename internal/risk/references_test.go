package risk

import (
	"strings"
	"testing"

	"sprawl/finding"
)

var (
	inProd    = []finding.Environment{{Name: "production", Class: finding.EnvProd, Why: "environment production"}}
	inStaging = []finding.Environment{{Name: "staging", Class: finding.EnvNonprod, Why: "environment staging"}}
)

func use(job string, line int, change func(*finding.Use)) finding.Use {
	u := finding.Use{Where: finding.Location{Target: "repo", Path: "ci.yml"}, Span: finding.Span{Line: line}, Job: job}
	if change != nil {
		change(&u)
	}
	return u
}

func inside(e []finding.Environment) func(*finding.Use) {
	return func(u *finding.Use) { u.Environments = e }
}

func ref(name string, uses ...finding.Use) finding.Reference {
	return finding.Reference{System: "github-actions", Name: name, Uses: uses}
}

func verdict(r finding.Reference, id string) finding.Condition {
	JudgeReference(&r)
	for _, c := range r.Conditions {
		if c.ID == id {
			return c
		}
	}
	return finding.Condition{}
}

func TestReferenceConditions(t *testing.T) {
	both := []finding.Use{use("deploy", 10, inside(inProd)), use("try", 20, inside(inStaging))}
	listed := ref("KEY", both...)
	listed.Listed, listed.Scope = true, "repository"
	ofProd := ref("KEY", use("deploy", 10, inside(inProd)))
	ofProd.Listed, ofProd.Scope = true, "environment production"
	k8s := ref("KEY", both...)
	k8s.System = "kubernetes"
	group := ref("*", both...)
	group.System, group.Scope = "circleci", "context deploy"
	org := ref("KEY", use("a", 1, nil), use("b", 2, nil), use("c", 3, nil))
	org.Listed, org.Scope = true, "organisation"
	small := ref("KEY", use("a", 1, nil))
	small.Listed, small.Scope = true, "organisation"
	unused := finding.Reference{System: "github-actions", Name: "OLD", Scope: "repository", Listed: true}
	perhaps := unused
	perhaps.Uses = []finding.Use{use("call", 4, func(u *finding.Use) { u.Whole = true })}
	to := func(c finding.Consumer) finding.Use {
		return use("j", 5, func(u *finding.Use) { u.Consumers = []finding.Consumer{c} })
	}
	for _, c := range []struct {
		name string
		r    finding.Reference
		id   string
		want finding.Verdict
		why  string
		out  bool // reported for it
	}{
		{"one name in two environments", ref("KEY", both...), "cross-environment", finding.VerdictCannotTell,
			"possible, by name: prod (environment production; job deploy, ci.yml:10) and nonprod (environment staging; job try, ci.yml:20)", true},
		{"and the provider says one secret", listed, "cross-environment", finding.VerdictYes, "one and the same of the repository", true},
		{"the provider says for one", ofProd, "cross-environment", finding.VerdictNo, "environment production", false},
		{"one environment", ref("KEY", both[0]), "cross-environment", finding.VerdictCannotTell, "only as prod", false},
		{"a store in each", k8s, "cross-environment", finding.VerdictCannotTell, "keeps a secret of this name in each", false},
		{"a context in two environments", group, "cross-environment", finding.VerdictYes, "one and the same of the context deploy", true},
		{"every secret at once", ref("*", both...), "over-scoped", finding.VerdictYes, "at once", true},
		{"the organisation's", org, "shared", finding.VerdictYes, "3 jobs", true},
		{"the organisation's, one job", small, "shared", finding.VerdictCannotTell, "1 job", false},
		{"scope not known", ref("KEY", org.Uses...), "shared", finding.VerdictCannotTell, "scope is not known", false},
		{"listed, not named", unused, "outlives-task", finding.VerdictYes, "no pipeline", true},
		{"listed, perhaps handed on", perhaps, "outlives-task", finding.VerdictCannotTell, "every secret is handed on", false},
		{"named", ref("KEY", both...), "outlives-task", finding.VerdictNo, "2 places", false},
		{"personal", ref("GH_PAT", use("j", 3, nil)), "human-in-automation", finding.VerdictYes, "PAT", true},
		{"not personal", ref("PATH_TOKEN", use("j", 3, nil)), "human-in-automation", finding.VerdictCannotTell, "", false},
		{"pattern", ref("PATTERN", use("j", 3, nil)), "human-in-automation", finding.VerdictCannotTell, "", false},
		{"static", ref("K", use("j", 3, func(u *finding.Use) { u.Static = &finding.Static{What: "w", Instead: "i"} })), "static-where-federated", finding.VerdictYes, "w, in job j, ci.yml:3; there is i", true},
		{"static, perhaps not that cloud", ref("K", use("j", 3, func(u *finding.Use) { u.Static = &finding.Static{What: "w", Doubt: "d"} })), "static-where-federated", finding.VerdictCannotTell, "d", false},
		{"moving tag", ref("K", to(finding.Consumer{Name: "a/b", Pin: "v1", Pinned: finding.No, Party: finding.PartyThird})), "unpinned-consumer", finding.VerdictYes, "a/b@v1", true},
		{"a hash", ref("K", to(finding.Consumer{Name: "a/b", Pin: "x", Pinned: finding.Yes, Party: finding.PartyThird})), "unpinned-consumer", finding.VerdictCannotTell, "", false},
		{"the platform's", ref("K", to(finding.Consumer{Name: "a/b", Pin: "v1", Pinned: finding.No, Party: finding.PartyPlatform})), "unpinned-consumer", finding.VerdictCannotTell, "", false},
		{"fork", ref("K", use("j", 3, func(u *finding.Use) { u.Fork, u.ForkWhy = finding.Yes, "because" })), "fork-reachable", finding.VerdictYes, "because", true},
		{"perhaps", ref("K", use("j", 3, func(u *finding.Use) { u.ForkWhy = "a label" })), "fork-reachable", finding.VerdictCannotTell, "a label", false},
		{"an identifier in two environments", ref("SLACK_CHANNEL_ID", both...), "cross-environment", finding.VerdictCannotTell, "identifies and opens nothing (CHANNEL_ID)", false},
		{"a user name printed", ref("DOCKER_USERNAME", use("j", 3, func(u *finding.Use) { u.Printed = "printed by echo (line 4)" })), "printed", finding.VerdictCannotTell, "(USERNAME)", false},
		{"half of a key", ref("AWS_ACCESS_KEY_ID", use("j", 3, func(u *finding.Use) { u.Static = &finding.Static{What: "w", Instead: "i"} })), "static-where-federated", finding.VerdictYes, "w", true},
		{"a secret called an id", ref("VAULT_SECRET_ID", use("j", 3, func(u *finding.Use) { u.Printed = "printed by echo (line 4)" })), "printed", finding.VerdictYes, "echo", true},
		{"printed", ref("K", use("j", 3, func(u *finding.Use) { u.Printed = "printed by echo (line 4)" })), "printed", finding.VerdictYes, "echo (line 4)", true},
	} {
		got := verdict(c.r, c.id)
		if got.Verdict != c.want || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %s %q, want %s with %q", c.name, got.Verdict, got.Why, c.want, c.why)
		}
		JudgeReference(&c.r)
		if c.out && !Reported(c.r) {
			t.Errorf("%s: not reported", c.name)
		}
		if got.Verdict == finding.VerdictCannotTell && len(got.Settle) == 0 {
			t.Errorf("%s: nothing would settle it", c.name)
		}
	}
}

// Taking evidence away never turns a verdict into no.
func TestNoNeedsEvidence(t *testing.T) {
	full := ref("SHARED_PAT",
		use("deploy", 1, func(u *finding.Use) {
			u.Environments, u.Fork, u.ForkWhy, u.Printed = inProd, finding.Yes, "x", "y"
			u.Consumers = []finding.Consumer{{Name: "a", Pinned: finding.No, Party: finding.PartyThird}}
			u.Static = &finding.Static{What: "w"}
		}),
		use("try", 2, func(u *finding.Use) { u.Environments, u.Fork, u.ForkWhy = inStaging, finding.No, "z" }))
	full.Listed, full.Scope = true, "organisation"
	JudgeReference(&full)
	before := full.Conditions
	for _, less := range []func(*finding.Reference){
		func(r *finding.Reference) { r.Uses = r.Uses[1:] },
		func(r *finding.Reference) { r.Uses = r.Uses[:1] },
		func(r *finding.Reference) { r.Uses = nil },
		func(r *finding.Reference) { r.Listed, r.Scope = false, "" },
		func(r *finding.Reference) {
			u := r.Uses[0]
			u.Environments, u.Consumers, u.Fork, u.ForkWhy, u.Printed, u.Static = nil, nil, "", "", "", nil
			r.Uses = []finding.Use{u}
		},
	} {
		r := full
		r.Conditions = nil
		less(&r)
		JudgeReference(&r)
		for i, c := range r.Conditions {
			if c.Verdict == finding.VerdictNo && before[i].Verdict != finding.VerdictNo {
				t.Errorf("%s became no: %s", c.ID, c.Why)
			}
		}
	}
}

// The same value in two files is a yes, the same name in two jobs a possibility.
func TestCrossEnvironmentByValue(t *testing.T) {
	c := CrossEnvironment([]Placed{
		{"values-prod.yaml:7", []finding.Environment{{Name: "prod", Class: finding.EnvProd, Why: "file name values-prod.yaml (prod)"}}},
		{"values-staging.yaml:9", []finding.Environment{{Name: "staging", Class: finding.EnvNonprod, Why: "file name values-staging.yaml (staging)"}}},
	}, ByValue)
	want := "by value: prod (file name values-prod.yaml (prod); values-prod.yaml:7) and nonprod (file name values-staging.yaml (staging); values-staging.yaml:9)"
	if c.Verdict != finding.VerdictYes || c.Why != want || c.Bound != ByValue {
		t.Errorf("%+v", c)
	}
}
