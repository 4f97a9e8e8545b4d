package pipeline

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

// Who can start a job of GitHub Actions with its secrets, and what it could have instead of them.

func itoa(n int) string { return strconv.Itoa(n) }

// Events that somebody without write access can cause and that run with secrets.
// https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
var outsiderEvents = set("pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment", "fork", "watch", "gollum")

// forkReach says whether a fork or a stranger can make a job run with its secrets.
func (g *github) forkReach(j *githubJob) (finding.Answer, string) {
	if g.in != nil && g.in.path != "" {
		// The caller's condition and events decide; the callee's own condition may narrow them.
		if g.in.fork == finding.No {
			return g.in.fork, g.in.forkWhy
		}
		if a, why := guard(g.str(j.node, "if"), j.triggers); a == finding.No {
			return a, why
		}
		return g.in.fork, g.in.forkWhy
	}
	var open []string
	for _, t := range j.triggers {
		if outsiderEvents[t] {
			open = append(open, t)
		}
	}
	called := slices.Contains(j.triggers, "workflow_call")
	if len(open) == 0 {
		switch {
		case called:
			return finding.Unknown, "another workflow calls it, and which ones do was not seen"
		case len(j.triggers) == 0:
			return finding.Unknown, "the file does not say what starts it"
		case slices.Contains(j.triggers, "pull_request"):
			return finding.No, "pull_request runs without secrets for a fork"
		}
		return finding.No, "what starts it takes write access: " + strings.Join(j.triggers, ", ")
	}
	cond := g.str(j.node, "if")
	if a, why := guard(cond, j.triggers); a == finding.No {
		return a, why
	}
	code := g.forkCode(j)
	event := open[0]
	if slices.Contains(open, "pull_request_target") {
		event = "pull_request_target"
	}
	if code == "" && event != "pull_request_target" {
		if event == "workflow_run" {
			return finding.Unknown, "workflow_run starts it after another workflow, which may be a fork's; none of the fork's code was seen to run"
		}
		return finding.Unknown, "anybody can cause " + event + "; no code or text of theirs was seen to run"
	}
	why := event + " starts it for forks, with secrets"
	if event != "pull_request_target" {
		why = "anybody can cause " + event + ", which runs with secrets"
	}
	if code != "" {
		why += "; " + code
	} else {
		why += "; none of the fork's code was seen to be checked out"
	}
	if event == "pull_request_target" {
		if types := g.strs(g.get(g.onNode, "pull_request_target", "types")); len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool {
			return t == "opened" || t == "synchronize" || t == "reopened" || t == "edited" || t == "closed" || t == "ready_for_review" || t == "converted_to_draft"
		}) {
			return finding.Unknown, why + "; only once somebody with triage rights acts (" + strings.Join(types, ", ") + ")"
		}
	}
	if a, doubt := guard(cond, j.triggers); a == finding.Unknown && doubt != "" {
		return a, why + "; " + doubt
	}
	if j.declared {
		return finding.Unknown, why + "; unless its environment asks for a reviewer"
	}
	return finding.Yes, why
}

// guard reads a condition. It answers No where the condition leaves forks out, and Unknown with a reason where it limits who
// can start the job in a way that the file does not settle.
func guard(cond string, triggers []string) (finding.Answer, string) {
	if cond == "" {
		return finding.Unknown, ""
	}
	c := strings.Join(strings.Fields(strings.NewReplacer("${{", " ", "}}", " ", "\"", "'").Replace(cond)), " ")
	or := strings.Contains(c, "||")
	if !or {
		for _, s := range []string{"head.repo.full_name == github.repository", "head.repo.full_name == github.event.pull_request.base.repo.full_name",
			"head_repository.full_name == github.repository", "head.repo.fork == false", "head.repo.fork != true", "!github.event.pull_request.head.repo.fork",
			"github.event.pull_request.head.repo.owner.login == github.repository_owner", "github.repository == github.event.pull_request.head.repo.full_name"} {
			if strings.Contains(c, s) {
				return finding.No, "its condition leaves forks out (" + s + ")"
			}
		}
		if strings.Contains(c, "pull_request.merged == true") || strings.HasSuffix(c, "pull_request.merged") || strings.Contains(c, "pull_request.merged &&") {
			return finding.No, "it runs once the pull request is merged"
		}
		for _, t := range triggers {
			if strings.Contains(c, "github.event_name == '"+t+"'") && !outsiderEvents[t] {
				return finding.No, "its condition wants " + t
			}
			if outsiderEvents[t] && strings.Contains(c, "github.event_name != '"+t+"'") {
				rest := slices.DeleteFunc(slices.Clone(triggers), func(x string) bool { return x == t })
				if !slices.ContainsFunc(rest, func(x string) bool { return outsiderEvents[x] }) {
					return finding.No, "its condition leaves " + t + " out"
				}
			}
		}
		if strings.Contains(c, "workflow_run.event == 'push'") || strings.Contains(c, "workflow_run.event != 'pull_request'") {
			return finding.No, "its condition wants a push before it"
		}
	}
	for _, s := range []string{"author_association", "label", "github.actor", "triggering_actor", "sender.login", "user.login", "head.repo", "head_repository", "event_name",
		"workflow_run.event", "head_branch", "head.ref", "head_ref", "needs."} {
		if strings.Contains(c, s) {
			return finding.Unknown, "a condition limits it (" + s + ")"
		}
	}
	return finding.Unknown, ""
}

// forkCode says where a job takes in what a fork or a stranger wrote: its code by a checkout, its text by an expression in a
// script. "" where nothing of the kind was seen.
func (g *github) forkCode(j *githubJob) string {
	theirs := func(s string) string {
		for _, e := range expressions(s) {
			for _, a := range accesses(e.body) {
				p := strings.ToLower(a.String())
				switch {
				case strings.HasPrefix(p, "github.event.pull_request.head."), p == "github.head_ref", strings.HasPrefix(p, "github.event.workflow_run.head_"),
					strings.HasPrefix(p, "github.event.workflow_run.pull_requests"):
					return a.String()
				}
			}
		}
		if strings.Contains(s, "refs/pull/") {
			return "refs/pull"
		}
		return ""
	}
	for i := range j.steps {
		s := &j.steps[i]
		if s.consumer != nil && strings.HasPrefix(s.uses, "actions/checkout@") {
			for _, key := range []string{"ref", "repository"} {
				if v := g.get(s.with, key); v != nil && v.Kind == yaml.ScalarNode && theirs(v.Value) != "" {
					return "it checks out the fork's code (line " + itoa(v.Line) + ")"
				}
			}
		}
		if s.run == nil || s.run.Kind != yaml.ScalarNode {
			continue
		}
		if strings.Contains(s.run.Value, "gh pr checkout") || strings.Contains(s.run.Value, "hub pr checkout") {
			return "it checks out the fork's code (line " + itoa(s.run.Line) + ")"
		}
		for _, e := range expressions(s.run.Value) {
			for _, a := range accesses(e.body) {
				if untrusted(strings.ToLower(a.String())) {
					return "a script takes in " + a.String() + " (line " + itoa(s.run.Line) + ")"
				}
			}
		}
	}
	return ""
}

// untrusted are fields that an outsider writes freely.
// https://securitylab.github.com/resources/github-actions-untrusted-input/
func untrusted(p string) bool {
	if p == "github.head_ref" {
		return true
	}
	if !strings.HasPrefix(p, "github.event.") {
		return false
	}
	switch p[strings.LastIndexByte(p, '.')+1:] {
	case "title", "body", "message", "head_branch", "page_name", "default_branch":
		return !strings.Contains(p, "repository.default_branch") || strings.Contains(p, "head.repo")
	case "ref", "label", "name", "email":
		return strings.Contains(p, ".head.") || strings.Contains(p, ".author.")
	}
	return false
}

// static says whether a secret is a long-lived key where the job could have a short-lived one.
func (g *github) static(_ *githubJob, s *githubStep, as, name string, elsewhere bool) *finding.Static {
	instead := federates[GitHub]
	action := ""
	if s != nil {
		action, _, _ = strings.Cut(strings.ToLower(s.uses), "@")
	}
	in := strings.ToLower(as)
	input := func(what, how string) *finding.Static {
		return &finding.Static{What: "input " + as + " of " + action + " is " + what, Instead: how}
	}
	switch {
	case action == "aws-actions/configure-aws-credentials" && (in == "aws-access-key-id" || in == "aws-secret-access-key"):
		return input("a static AWS key", instead+" with role-to-assume")
	case action == "google-github-actions/auth" && in == "credentials_json", action == "google-github-actions/setup-gcloud" && in == "service_account_key":
		return input("a service account key", instead+" with workload_identity_provider")
	case action == "azure/login" && in == "creds":
		return input("a client secret", instead+" with client-id, tenant-id and subscription-id")
	case action == "hashicorp/vault-action" && (in == "token" || in == "secretid"):
		return input("a stored Vault credential", instead+" with method: jwt")
	case action == "pypa/gh-action-pypi-publish" && in == "password":
		st := input("an upload token", "PyPI's trusted publishing")
		for _, p := range g.pairs(s.with) {
			if k := strings.ReplaceAll(p.key.Value, "_", "-"); k == "repository-url" && !strings.Contains(p.value.Value, "pypi.org") {
				st.Doubt = "it uploads to an index that may not take trusted publishing"
			}
		}
		return st
	}
	if action == "actions/setup-node" && (as == "NODE_AUTH_TOKEN" || as == "NPM_TOKEN") && strings.Contains(g.str(s.with, "registry-url"), "registry.npmjs.org") {
		return &finding.Static{What: as + " of actions/setup-node is a token of registry.npmjs.org", Instead: "npm's trusted publishing"}
	}
	if s != nil && s.run != nil && s.run.Kind == yaml.ScalarNode {
		for _, p := range []struct{ variable, publish, how string }{
			{"NODE_AUTH_TOKEN", "npm publish", "npm's trusted publishing"}, {"NPM_TOKEN", "npm publish", "npm's trusted publishing"},
			{"CARGO_REGISTRY_TOKEN", "cargo publish", "crates.io's trusted publishing"}, {"TWINE_PASSWORD", "twine upload", "PyPI's trusted publishing"},
			{"GEM_HOST_API_KEY", "gem push", "RubyGems' trusted publishing"},
		} {
			if as == p.variable && strings.Contains(s.run.Value, p.publish) {
				return &finding.Static{What: as + " is an upload token of " + p.publish, Instead: p.how}
			}
		}
	}
	return cloudKey(GitHub, as, name, elsewhere)
}

// cloudKey judges by the variable that an SDK reads, or by the secret's name where it stands in a text.
func cloudKey(system, as, name string, elsewhere bool) *finding.Static {
	cloud, by := cloudKeys[strings.ToUpper(strings.ReplaceAll(as, "-", "_"))], as
	if cloud == "" {
		cloud, by = cloudKeys[strings.ToUpper(name)], name
	}
	if cloud == "" || federates[system] == "" {
		return nil
	}
	st := &finding.Static{What: by + " is what " + map[string]string{"aws": "an AWS SDK reads a static key from", "azure": "an Azure SDK reads a client secret from",
		"gcp": "a Google SDK reads a service account key from"}[cloud], Instead: federates[system]}
	if cloud == "aws" {
		for _, w := range words(name) {
			switch w {
			case "r2", "minio", "wasabi", "b2", "spaces", "ceph", "linode", "scaleway", "backblaze", "cloudflare", "hetzner", "ovh":
				elsewhere = true
			}
		}
		if elsewhere {
			st.Doubt = "an endpoint or name speaks of a store that is not AWS"
		}
	}
	return st
}

// federationOf says what a step exchanges the job's token with.
func (g *github) federationOf(s *githubStep) string {
	action, _, _ := strings.Cut(strings.ToLower(s.uses), "@")
	has := func(key string) bool { return g.get(s.with, key) != nil }
	switch {
	case action == "aws-actions/configure-aws-credentials" && has("role-to-assume") && !has("aws-access-key-id"),
		action == "google-github-actions/auth" && has("workload_identity_provider"),
		action == "azure/login" && has("client-id") && !has("creds"),
		action == "pypa/gh-action-pypi-publish" && !has("password"),
		action == "hashicorp/vault-action" && g.str(s.with, "method") == "jwt":
		return action
	}
	return ""
}
