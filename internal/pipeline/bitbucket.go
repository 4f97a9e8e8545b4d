package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func bitbucketPath(_, base, _ string) bool {
	return base == "bitbucket-pipelines.yml" || base == "bitbucket-pipelines.yaml"
}

// Bitbucket Pipelines. https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/
func readBitbucket(r *reader) error {
	for _, doc := range r.yaml() {
		for _, kind := range r.pairs(r.get(doc, "pipelines")) {
			groups := []pair{{kind.key, kind.value}}
			if kind.value.Kind == yaml.MappingNode {
				groups = r.pairs(kind.value)
			}
			for _, g := range groups {
				trigger := kind.key.Value
				if g.key != kind.key {
					trigger += " " + g.key.Value
				}
				n := 0
				r.bitbucketSteps(g.value, trigger, "", &n, 0)
			}
		}
	}
	return r.parseErr
}

func (r *reader) bitbucketSteps(list *yaml.Node, trigger, deployment string, n *int, depth int) {
	if depth > 6 {
		return
	}
	for _, s := range r.items(list) {
		for _, p := range r.pairs(s) {
			switch p.key.Value {
			case "parallel":
				in := p.value
				if m := r.get(in, "steps"); m != nil {
					in = m
				}
				r.bitbucketSteps(in, trigger, deployment, n, depth+1)
			case "stage":
				r.bitbucketSteps(r.get(p.value, "steps"), trigger, r.str(p.value, "deployment"), n, depth+1)
			case "step":
				*n++
				r.bitbucketStep(p.key, p.value, trigger, deployment, *n)
			}
		}
	}
}

func (r *reader) bitbucketStep(at, n *yaml.Node, trigger, deployment string, i int) {
	name := r.str(n, "name")
	if name == "" {
		name = "step " + itoa(i)
	}
	j := r.shellJob(trigger+" / "+name, "repository")
	j.triggers = []string{trigger}
	j.fork, j.forkWhy = finding.No, "pipelines do not run for forks"
	if d := r.str(n, "deployment"); d != "" {
		deployment = d
	}
	j.ev = append(environ.Declared("deployment", deployment), environ.Job("step", name)...)
	var steps []Step
	for _, key := range []string{"script", "after-script"} {
		for _, s := range r.items(r.get(n, key)) {
			pipe := r.str(s, "pipe")
			if pipe == "" {
				j.script(s)
				continue
			}
			c := imageConsumer(strings.TrimPrefix(pipe, "docker://"))
			c.Party = finding.PartyThird
			if strings.HasPrefix(pipe, "atlassian/") {
				c.Party = finding.PartyPlatform
			}
			steps = append(steps, Step{Name: pipe, Span: r.span(r.get(s, "pipe")), Consumer: &c})
			j.to = []finding.Consumer{c}
			j.env(r.get(s, "variables"))
			j.to = nil
		}
	}
	job := j.done(at, n, steps...)
	if r.str(n, "oidc") == "true" {
		job.Federation.Granted = true
	}
}
