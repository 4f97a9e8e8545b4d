package pipeline

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// What the readers of CI systems share that hand the variables of a project to a job without a syntax of their own for secrets.

// shellJob gathers the uses of one job whose scripts read variables.
type shellJob struct {
	*reader
	name, scope string
	ev          []environ.Evidence
	triggers    []string
	fork        finding.Answer
	forkWhy     string
	to          []finding.Consumer
	set         map[string]bool // names that the file sets
	given       map[string]bool // names that a script has set, for those after it in the same shell
	secrets     map[string]bool
	elsewhere   bool
	federated   bool // a script takes the system's token for federation
}

// federationMarks are what a script that exchanges the job's own token has in it.
var federationMarks = map[string]string{CircleCI: "CIRCLE_OIDC_TOKEN", Bitbucket: "BITBUCKET_STEP_OIDC_TOKEN", Buildkite: "oidc request-token"}

func (r *reader) shellJob(name, scope string) *shellJob {
	return &shellJob{reader: r, name: name, scope: scope, set: map[string]bool{}, given: map[string]bool{}, secrets: map[string]bool{}}
}

func (j *shellJob) add(scope, name string, u finding.Use) {
	if platform(j.m.System, name) {
		return
	}
	j.secrets[name] = true
	u.Job, u.Triggers, u.Fork, u.ForkWhy = j.name, j.triggers, j.fork, j.forkWhy
	if u.Consumers == nil {
		u.Consumers = j.to
	}
	if u.Static == nil {
		u.Static = cloudKey(j.m.System, u.As, name, j.elsewhere)
	}
	j.use(scope, name, u, j.ev)
}

// env reads a mapping of variables: what it sets, what it takes from others, what it writes out.
func (j *shellJob) env(n *yaml.Node) {
	for _, p := range j.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		j.elsewhere = j.elsewhere || otherEndpoint[p.key.Value]
		j.ev = append(j.ev, gitlabSetting(p.key.Value, p.value.Value)...)
	}
	for _, p := range j.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		taken := false
		for _, v := range variables(p.value.Value) {
			if secretName(v.name) || secretName(p.key.Value) {
				taken = true
				j.add(j.scope, v.name, finding.Use{Span: j.locate(p.value, v.name, 0), As: p.key.Value})
			}
		}
		if !taken {
			j.set[p.key.Value] = true
			j.literal(p.key.Value, p.value)
			j.useWritten(p.key.Value, p.value, finding.Use{Job: j.name, As: p.key.Value, Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy, Consumers: j.to,
				Static: cloudKey(j.m.System, p.key.Value, p.key.Value, j.elsewhere)}, j.ev)
		}
	}
}

// script reads one scalar of commands.
func (j *shellJob) script(n *yaml.Node) {
	if n == nil || n.Kind != yaml.ScalarNode {
		return
	}
	if mark := federationMarks[j.m.System]; mark != "" && strings.Contains(n.Value, mark) {
		j.federated = true
	}
	sc := j.shell(n)
	count := map[string]int{}
	for _, v := range sc.vars {
		text := n.Value[v.at:min(len(n.Value), v.at+len(v.name)+1)]
		nth := count[text]
		count[text]++
		if j.set[v.name] || !secretName(v.name) || sc.given(v, j.given) {
			continue
		}
		u := finding.Use{Span: j.locate(n, text, nth), As: v.name, Printed: sc.printed(v.at, true)}
		if u.Printed != "" {
			u.Printed += j.lineAt(n, n.Value, v.at)
		}
		j.add(j.scope, v.name, u)
	}
	sc.carry(j.given)
}

// done appends the job to the model.
func (j *shellJob) done(at, n *yaml.Node, steps ...Step) *Job {
	for _, p := range steps {
		if p.Consumer != nil {
			j.to = append(j.to, *p.Consumer)
		}
	}
	j.m.Jobs = append(j.m.Jobs, Job{Name: j.name, Span: j.span(at), Environments: environ.Classify(j.ev, j.pathEvidence()), Triggers: j.triggers,
		Fork: j.fork, ForkWhy: j.forkWhy, Steps: steps, Secrets: slices.Sorted(maps.Keys(j.secrets))})
	if n != nil {
		j.spanOf(j.span(at), j.end(n), j.ev)
	}
	if j.federated {
		j.m.Jobs[len(j.m.Jobs)-1].Federation = Federation{Granted: true, InUse: federationMarks[j.m.System]}
	}
	return &j.m.Jobs[len(j.m.Jobs)-1]
}
