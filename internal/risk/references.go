package risk

import (
	"fmt"
	"slices"
	"strings"

	"sprawl/finding"
)

// Bounds of a cross-environment verdict: what it rests on.
const (
	ByName  = "by-name"  // one name in several environments: each may hold a value of its own
	ByValue = "by-value" // one value in several environments
)

// sharedBy is from how many jobs on an organisation-wide secret counts as shared. Nobody publishes a number.
const sharedBy = 3

// ReferenceCondition is one row of the table for references.
type ReferenceCondition struct {
	ID, Title string
	Refs      []string
	Check     func(finding.Reference) finding.Condition
}

// ReferenceConditions lists what is judged of a secret that is known by name only. A reference is seen in the files that were
// read and may be used in others, so what no file shows cannot be told: `no` takes a statement of the provider, or a use.
func ReferenceConditions() []ReferenceCondition {
	return []ReferenceCondition{
		{"over-scoped", "Handed over with all others", []string{"NHI5:2025", "PR.AA-05"}, allAtOnce},
		{"cross-environment", "Reaches several environments", []string{"NHI8:2025", "PR.AA-05"}, crossEnvironmentByName},
		{"shared", "Shared by many", []string{"NHI9:2025", "PR.AA-05"}, sharedByMany},
		{"outlives-task", "Outlives its task", []string{"NHI1:2025", "PR.AA-01"}, outlivesTask},
		{"human-in-automation", "A person's credential in automation", []string{"NHI10:2025", "PR.AA-01"}, humanInAutomation},
		{"static-where-federated", "Static key where federation exists", []string{"NHI4:2025", "PR.AA-03"}, staticWhereFederated},
		{"unpinned-consumer", "Handed to code that can be moved", []string{"NHI3:2025", "GV.SC-04"}, unpinnedConsumer},
		{"fork-reachable", "Reachable from a fork", []string{"NHI6:2025", "PR.AA-05"}, forkReachable},
		{"printed", "Printed or on a command line", []string{"NHI2:2025", "PR.DS-01"}, printed},
	}
}

// JudgeReference fills Conditions.
func JudgeReference(r *finding.Reference) {
	r.Conditions = r.Conditions[:0]
	for _, row := range ReferenceConditions() {
		v := row.Check(*r)
		if w := identifies(r.Name); w != "" && ofCredentials[row.ID] && (v.Verdict == finding.VerdictYes || v.Bound == ByName) {
			v = finding.Condition{Verdict: finding.VerdictCannotTell, Why: "its name says that it identifies and opens nothing (" + w + "): " + v.Why,
				Settle: []string{"what is kept under this name"}}
		}
		v.ID, v.Refs = row.ID, row.Refs
		if v.Settle == nil {
			v.Settle = []string{}
		}
		r.Conditions = append(r.Conditions, v)
	}
}

// ofCredentials are conditions that matter only for what opens something.
var ofCredentials = map[string]bool{"cross-environment": true, "shared": true, "unpinned-consumer": true, "fork-reachable": true, "printed": true}

// identifies is the word by which a name says that it stands for who or where, "" if it says nothing of the kind: DOCKER_USERNAME,
// SLACK_CHANNEL_ID, AWS_ROLE_ARN, and not VAULT_SECRET_ID.
func identifies(name string) string {
	w := nameWords(name)
	if len(w) == 0 {
		return ""
	}
	switch last := w[len(w)-1]; last {
	case "username", "user", "login", "email", "region", "role", "arn", "channel":
		return strings.ToUpper(last)
	case "id", "guid", "uuid":
		if len(w) == 1 || slices.Contains([]string{"secret", "session", "token"}, w[len(w)-2]) {
			return ""
		}
		return strings.ToUpper(w[len(w)-2] + "_" + last)
	}
	return ""
}

// nameWords are the words of a secret's name, in lower case.
func nameWords(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
}

// Reported reports whether a judged reference is worth a line: a condition holds, or it reaches several environments as far as
// its name goes. The rest is as it should be, and counted.
func Reported(r finding.Reference) bool {
	return slices.ContainsFunc(r.Conditions, func(c finding.Condition) bool {
		return c.Verdict == finding.VerdictYes || c.Verdict == finding.VerdictCannotTell && c.Bound == ByName
	})
}

// allAtOnce is about how a secret is handed over; what it may do at its provider no pipeline shows.
func allAtOnce(r finding.Reference) finding.Condition {
	if r.Name == "*" && r.System == "github-actions" && len(r.Uses) > 0 {
		return finding.Condition{Verdict: finding.VerdictYes, Why: "every secret of the repository is handed over at once, as " + r.Uses[0].As + ", in " + place(r.Uses[0])}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "no pipeline shows what it may do", Settle: []string{"the provider's record of its permissions"}}
}

// Placed is one place and the environments it belongs to.
type Placed struct {
	At           string // "job deploy, .github/workflows/deploy.yml:14"
	Environments []finding.Environment
}

// CrossEnvironment judges places that hold one secret, by value where all hold the same value, by name where they only name
// it. Two places in different zones decide; each is named with the words that put it there. One place that serves several
// environments (a matrix) counts as well.
func CrossEnvironment(places []Placed, bound string) finding.Condition {
	type zone struct {
		env finding.Environment
		at  string
	}
	var zones []zone
	known := 0
	for _, p := range places {
		some := false
		for _, e := range p.Environments {
			if e.Class == finding.EnvUnknown || e.Class == "" {
				continue
			}
			some = true
			if !slices.ContainsFunc(zones, func(z zone) bool { return z.env.Class == e.Class }) {
				zones = append(zones, zone{e, p.At})
			}
		}
		if some {
			known++
		}
	}
	rank := func(z zone) int {
		return slices.Index([]finding.EnvClass{finding.EnvProd, finding.EnvNonprod, finding.EnvVendor}, z.env.Class)
	}
	slices.SortStableFunc(zones, func(a, b zone) int { return rank(a) - rank(b) })
	if len(zones) < 2 {
		why := "no place says which environment it belongs to"
		if len(zones) == 1 {
			why = fmt.Sprintf("%s of %s known, only as %s (%s; %s)", count(known, "place"), count(len(places), "place"), zones[0].env.Class, zones[0].env.Why, zones[0].at)
		}
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: why, Settle: []string{"environments: in the policy, for the places that say nothing"}}
	}
	var parts []string
	for _, z := range zones {
		parts = append(parts, fmt.Sprintf("%s (%s; %s)", z.env.Class, z.env.Why, z.at))
	}
	c := finding.Condition{Verdict: finding.VerdictYes, Bound: bound, Why: strings.Join(parts, " and ")}
	if bound == ByName {
		c.Verdict, c.Why = finding.VerdictCannotTell, "possible, by name: "+c.Why
		c.Settle = []string{"the provider's list of secrets with their scopes: does each environment hold its own value under this name?"}
	} else if bound == ByValue {
		c.Why = "by value: " + c.Why
	}
	return c
}

// oneStore are systems in which one name, unless an environment overrides it, is one value for every job. A Kubernetes secret
// is one in each namespace and cluster, a variable of a .env file one on each machine.
var oneStore = []string{"github-actions", "gitlab-ci", "circleci", "jenkins", "azure-pipelines", "bitbucket-pipelines", "buildkite", "travis-ci", "drone", "woodpecker"}

func crossEnvironmentByName(r finding.Reference) finding.Condition {
	if env, ok := strings.CutPrefix(r.Scope, "environment "); ok && r.Listed {
		return finding.Condition{Verdict: finding.VerdictNo, Why: "the provider lists it for the environment " + env}
	}
	var places []Placed
	for _, u := range r.Uses {
		places = append(places, Placed{At: place(u), Environments: u.Environments})
	}
	bound := ByName
	// A context or variable group is one set of values, whoever is handed it.
	set := strings.HasPrefix(r.Scope, "context ") || strings.HasPrefix(r.Scope, "group ")
	if r.Listed || set {
		bound = "exact"
	}
	if r.Name == "*" && !set { // every secret at once says nothing about one of them
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "it stands for every secret", Settle: []string{"the provider's list of secrets"}}
	}
	c := CrossEnvironment(places, bound)
	switch {
	case c.Bound == "exact":
		c.Why = "one and the same of the " + r.Scope + ": " + c.Why
	case c.Bound == ByName && !slices.Contains(oneStore, r.System):
		c.Bound, c.Why = "", strings.TrimPrefix(c.Why, "possible, by name: ")+": "+r.System+" keeps a secret of this name in each"
	}
	return c
}

func sharedByMany(r finding.Reference) finding.Condition {
	jobs := map[string]bool{}
	targets := map[string]bool{}
	for _, u := range r.Uses {
		jobs[u.Where.Target+"\x00"+u.Where.Path+"\x00"+u.Job] = true
		targets[u.Where.Target] = true
	}
	why := fmt.Sprintf("%s in %d %s", count(len(jobs), "job"), len(targets), map[bool]string{true: "repository", false: "repositories"}[len(targets) == 1])
	wide := r.Listed && strings.HasPrefix(r.Scope, "organisation") || strings.HasPrefix(r.Scope, "context ") || strings.HasPrefix(r.Scope, "group ")
	if !wide {
		if r.Listed && r.Scope != "" {
			why = "named by " + why + ", and a secret of the " + r.Scope
		} else {
			why = "named by " + why + "; its scope is not known"
		}
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: why, Bound: "at-least",
			Settle: []string{"the organisation's list of secrets"}}
	}
	t := &finding.Threshold{Value: fmt.Sprintf("%d jobs", sharedBy), Source: "tool default, no standard gives a number"}
	if len(jobs) < sharedBy {
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "a secret of the " + r.Scope + ", named by " + why, Bound: "at-least", Threshold: t,
			Settle: []string{"a scan of the other repositories that can read it"}}
	}
	return finding.Condition{Verdict: finding.VerdictYes, Why: "a secret of the " + r.Scope + ", named by " + why, Bound: "at-least", Threshold: t}
}

func outlivesTask(r finding.Reference) finding.Condition {
	named := 0
	for _, u := range r.Uses {
		if !u.Whole {
			named++
		}
	}
	switch {
	case named > 0:
		return finding.Condition{Verdict: finding.VerdictNo, Why: "named in " + count(named, "place") + ", the first " + place(r.Uses[0])}
	case !r.Listed:
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "neither listed nor named", Settle: []string{"the provider's list of secrets"}}
	case len(r.Uses) > 0:
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "nothing names it, and every secret is handed on at once in " + place(r.Uses[0]),
			Settle: []string{"the pipelines that are called there"}}
	}
	return finding.Condition{Verdict: finding.VerdictYes, Why: "the provider lists it for the " + r.Scope + " and no pipeline that was read names it"}
}

// personal are words of a name that say whose token it is.
func personal(name string) string {
	w := nameWords(name)
	for i, x := range w {
		switch {
		case x == "pat", x == "personal":
			return x
		case (x == "my" || x == "user" || x == "dev") && i+1 < len(w) && (w[i+1] == "pat" || w[i+1] == "personal"):
			return w[i+1]
		}
	}
	return ""
}

func humanInAutomation(r finding.Reference) finding.Condition {
	if w := personal(r.Name); w != "" && len(r.Uses) > 0 {
		return finding.Condition{Verdict: finding.VerdictYes, Why: fmt.Sprintf("its name says that it is a person's token (%s), and %s runs with it", strings.ToUpper(w), place(r.Uses[0]))}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "its name does not say whose it is", Settle: []string{"the provider's record of who issued it"}}
}

func staticWhereFederated(r finding.Reference) finding.Condition {
	doubt := ""
	for _, u := range r.Uses {
		s := u.Static
		switch {
		case s == nil:
		case s.Doubt == "":
			return finding.Condition{Verdict: finding.VerdictYes, Why: fmt.Sprintf("%s, in %s; there is %s", s.What, place(u), s.Instead)}
		case doubt == "":
			doubt = fmt.Sprintf("%s, in %s, and %s", s.What, place(u), s.Doubt)
		}
	}
	if doubt != "" {
		return finding.Condition{Verdict: finding.VerdictCannotTell, Why: doubt, Settle: []string{"whether the other side takes federated identities"}}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "no use that was seen is one that federation is known to replace", Settle: []string{"what the secret opens"}}
}

func unpinnedConsumer(r finding.Reference) finding.Condition {
	for _, u := range r.Uses {
		for _, c := range u.Consumers {
			if c.Party == finding.PartyThird && c.Pinned == finding.No {
				at := ""
				if c.Pin != "" {
					at = "@" + c.Pin
				}
				return finding.Condition{Verdict: finding.VerdictYes, Why: fmt.Sprintf("handed to %s%s, which its owner can move to other code, in %s", c.Name, at, place(u))}
			}
		}
	}
	for _, u := range r.Uses {
		for _, c := range u.Consumers {
			if c.Pinned == finding.Unknown {
				return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "which version of " + c.Name + " gets it is decided when it runs", Settle: []string{"the value that decides it"}}
			}
		}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "no use that was seen hands it to somebody else's code without a pin", Settle: []string{"the other pipelines that can read it"}}
}

func forkReachable(r finding.Reference) finding.Condition {
	doubt := ""
	for _, u := range r.Uses {
		switch {
		case u.Fork == finding.Yes:
			return finding.Condition{Verdict: finding.VerdictYes, Why: u.ForkWhy + ", in " + place(u)}
		case u.Fork == finding.Unknown && u.ForkWhy != "" && doubt == "":
			doubt = u.ForkWhy + ", in " + place(u)
		}
	}
	if doubt == "" {
		doubt = "no use that was seen can be started from a fork"
		if len(r.Uses) > 0 && r.Uses[0].ForkWhy != "" {
			doubt += ": " + r.Uses[0].ForkWhy
		}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: doubt, Settle: []string{"the protection rules of environments and forks, and the callers in other repositories"}}
}

func printed(r finding.Reference) finding.Condition {
	for _, u := range r.Uses {
		if u.Printed != "" {
			return finding.Condition{Verdict: finding.VerdictYes, Why: u.Printed + ", in " + place(u)}
		}
	}
	return finding.Condition{Verdict: finding.VerdictCannotTell, Why: "no script that was read prints it", Settle: []string{"the programs that are given it"}}
}

// place names a use.
func place(u finding.Use) string {
	s := fmt.Sprintf("%s:%d", u.Where.Path, u.Span.Line)
	if u.Job != "" {
		s = "job " + u.Job + ", " + s
	}
	return s
}
