package risk

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// automated says where a machine without a person uses it: a pipeline, an image, a manifest.
func automated(c *finding.Credential) (string, bool) {
	for _, u := range c.Uses {
		return place(u), true
	}
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if w.Layer != nil || w.Source == "ci" || w.Source == "image" || pipelinePath(w.Path) != "" {
			return w.Spot(), true
		}
	}
	return "", false
}

// pipelinePath names the CI system whose configuration a path is, "" for none.
func pipelinePath(p string) string {
	base := path.Base(p)
	ext := path.Ext(p)
	yaml := ext == ".yml" || ext == ".yaml"
	switch {
	case yaml && (strings.HasPrefix(p, ".github/workflows/") || strings.Contains(p, "/.github/workflows/")), base == "action.yml", base == "action.yaml":
		return "github-actions"
	case strings.HasPrefix(base, ".gitlab-ci") && yaml:
		return "gitlab-ci"
	case yaml && (strings.HasPrefix(p, ".circleci/") || strings.Contains(p, "/.circleci/")):
		return "circleci"
	case strings.HasPrefix(base, "azure-pipelines") && yaml:
		return "azure-pipelines"
	case base == "bitbucket-pipelines.yml":
		return "bitbucket-pipelines"
	case base == "Jenkinsfile" || strings.HasSuffix(base, ".jenkinsfile"):
		return "jenkins"
	case base == ".travis.yml":
		return "travis-ci"
	case yaml && (strings.HasPrefix(p, ".buildkite/") || strings.Contains(p, "/.buildkite/")):
		return "buildkite"
	case base == ".drone.yml":
		return "drone"
	}
	return ""
}

// personInAutomation asks whether a machine acts with what belongs to a person.
func personInAutomation(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	types := atoms(c, "user_type")
	if t := c.Traits.HumanIssued; t.Value == finding.No {
		return no("its kind belongs to a service", sourced("belongs to a person", t))
	}
	if a, ok := first(types, func(a atom) bool { return a.sure != probable && a.is("service", "machine", "bot") }); ok {
		return no("its principal is a "+strings.ToLower(a.Value), a.String())
	}
	at, used := automated(c)
	human, isHuman := first(types, func(a atom) bool { return a.is("human", "person", "user") })
	switch {
	case used && isHuman:
		return yes(probably(human, "it is a person's, and a machine uses it at "+at), human.String(), at)
	case used && c.Traits.HumanIssued.Value == finding.Yes:
		return yes("its kind belongs to a person, and a machine uses it at "+at, sourced("belongs to a person", c.Traits.HumanIssued), at)
	case isHuman:
		return cannotTell("it is a person's; no pipeline or image that was seen uses it", human.String())
	case c.Traits.HumanIssued.Value == finding.Yes:
		return cannotTell("its kind belongs to a person; no pipeline or image that was seen uses it", sourced("belongs to a person", c.Traits.HumanIssued))
	}
	return cannotTell("nothing says whether a person or a service holds it")
}

// federates are the systems that exchange a job's own identity for a short-lived credential, and the kinds they can replace.
// https://docs.github.com/en/actions/concepts/security/openid-connect https://docs.gitlab.com/ci/cloud_services/
// https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/
// https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/
// https://buildkite.com/docs/pipelines/security/oidc https://learn.microsoft.com/en-us/azure/devops/pipelines/release/configure-workload-identity
var federates = []string{"github-actions", "gitlab-ci", "circleci", "bitbucket-pipelines", "buildkite", "azure-pipelines"}

// Federated says how a static key of a kind is done without, "" where nothing is known.
func Federated(kind string) string {
	switch {
	case kind == "aws-access-key":
		return "an IAM role that trusts the pipeline's OIDC provider (sts:AssumeRoleWithWebIdentity)"
	case kind == "gcp-service-account-key":
		return "workload identity federation"
	case strings.HasPrefix(kind, "azure-client-secret"):
		return "a federated identity credential of the application"
	case strings.HasPrefix(kind, "vault-") && kind != "vault-unseal-key":
		return "Vault's JWT authentication for the pipeline"
	case kind == "pypi-api-token":
		return "trusted publishing"
	case kind == "npm-access-token" || kind == "npm-legacy-token":
		return "trusted publishing"
	}
	return ""
}

// staticCredential asks whether a long-lived key does what the pipeline's own identity could. A no takes a short life of its
// own word.
func staticCredential(c *finding.Credential, _ Limits, now time.Time) finding.Condition {
	for _, s := range atoms(c, "issued", "created") {
		for _, e := range atoms(c, "expires") {
			from, ok := when(s.Value, now)
			to, ok2 := end(e.Value)
			if ok && ok2 && s.record == e.record && s.sure == certain && e.sure == certain && !to.Before(from.from) && to.Sub(from.from) <= day {
				return no("it is short-lived: "+days(to.Sub(from.from)), s.String(), e.String())
			}
		}
	}
	var doubt string
	for _, u := range c.Uses {
		switch {
		case u.Static == nil:
		case u.Static.Doubt == "":
			return yes(fmt.Sprintf("%s; there is %s", u.Static.What, u.Static.Instead), place(u))
		default:
			doubt = u.Static.What + ", and " + u.Static.Doubt
		}
	}
	instead := Federated(c.Kind)
	if instead != "" {
		for i := range c.Sightings {
			w := &c.Sightings[i].Where
			if s := pipelinePath(w.Path); slices.Contains(federates, s) && current(w.State) {
				return yes("written out in a pipeline of "+s+", where there is "+instead, w.Spot())
			}
		}
		return cannotTell("its kind can be done without (" + instead + "); no pipeline that was seen uses it")
	}
	if doubt != "" {
		return cannotTell(doubt)
	}
	return cannotTell("nothing is known of what its consumers could use instead")
}

func handedToUnpinned(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	for _, u := range c.Uses {
		for _, k := range u.Consumers {
			if k.Party == finding.PartyThird && k.Pinned == finding.No {
				pin := ""
				if k.Pin != "" {
					pin = "@" + k.Pin
				}
				return yes("handed to "+k.Name+pin+", which its owner can move to other code", place(u))
			}
		}
	}
	if len(c.Uses) == 0 {
		return cannotTell("no pipeline that was seen hands it on")
	}
	return cannotTell("no use that was seen hands it to somebody else's code without a pin", place(c.Uses[0]))
}

func reachableFromFork(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	why := ""
	for _, u := range c.Uses {
		if u.Fork == finding.Yes {
			return yes(u.ForkWhy, place(u))
		}
		if why == "" {
			why = u.ForkWhy
		}
	}
	switch {
	case len(c.Uses) == 0:
		return cannotTell("no pipeline that was seen uses it")
	case why != "":
		return cannotTell("no use that was seen can be started from a fork: "+why, place(c.Uses[0]))
	}
	return cannotTell("no use that was seen can be started from a fork", place(c.Uses[0]))
}

func printedSomewhere(c *finding.Credential, _ Limits, _ time.Time) finding.Condition {
	for _, u := range c.Uses {
		if u.Printed != "" {
			return yes(u.Printed, place(u))
		}
	}
	for i := range c.Sightings {
		w := &c.Sightings[i].Where
		if path.Ext(w.Path) == ".log" || path.Base(w.Path) == "nohup.out" {
			return yes("it stands in a log", w.Spot())
		}
	}
	return cannotTell("no script that was read prints it, and no log that was read holds it")
}
