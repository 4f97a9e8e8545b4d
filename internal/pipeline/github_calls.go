package pipeline

import (
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

// action reads a composite action. On its own it has no secrets: they come by its inputs.
func (g *github) action(runs *yaml.Node) {
	for _, p := range g.pairs(g.get(g.root, "inputs")) {
		if d := g.str(p.value, "default"); d != "" {
			g.inputs[p.key.Value] = binding{values: []string{d}}
		}
		if d := g.get(p.value, "default"); d != nil {
			g.literal(p.key.Value, d)
		}
	}
	j := &githubJob{id: "", node: &yaml.Node{Kind: yaml.MappingNode}}
	if g.in != nil {
		maps.Copy(g.inputs, g.in.inputs)
		j.id, j.triggers, j.fork, j.forkWhy, j.evidence = g.in.job, g.in.triggers, g.in.fork, g.in.forkWhy, g.in.envs
	}
	g.job = j
	for _, s := range g.items(g.get(runs, "steps")) {
		if s.Kind == yaml.MappingNode {
			j.steps = append(j.steps, g.step(s))
		}
	}
	g.m.alone = true
	m := Job{Name: "action", Span: g.span(runs), Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy}
	seen := map[string]bool{}
	g.emitJob(j, func(name string) { seen[name] = true })
	for i := range j.steps {
		m.Steps = append(m.Steps, j.steps[i].model)
	}
	m.Secrets = slices.Sorted(maps.Keys(seen))
	g.m.Jobs = append(g.m.Jobs, m)
}

// callAction notes that a step hands secrets to an action of the same repository; its steps can read the ambient ones as well.
func (g *github) callAction(j *githubJob, s *githubStep, ambient []string) {
	in := handed{ambient: ambient, path: g.path, job: j.id, triggers: j.triggers, fork: j.fork, forkWhy: j.forkWhy, envs: j.evidence, inputs: map[string]binding{}}
	for _, p := range g.pairs(s.with) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		b := binding{}
		for _, x := range g.secretsIn(p.value.Value, false) {
			b.secrets = append(b.secrets, x.name)
		}
		if len(b.secrets) == 0 {
			b.values = g.expand(p.value.Value)
		}
		in.inputs[p.key.Value] = b
	}
	g.m.calls = append(g.m.calls, call{to: path.Clean(strings.TrimPrefix(s.uses, "./")), in: in})
}

// callWorkflow reads a job that is a call of a reusable workflow.
func (g *github) callWorkflow(j *githubJob, uses *yaml.Node, seen func(string)) {
	c := g.consumer(uses.Value)
	local := c.Party == finding.PartyLocal
	in := handed{path: g.path, job: j.id, triggers: j.triggers, fork: j.fork, forkWhy: j.forkWhy, envs: j.evidence, inputs: map[string]binding{}, secrets: map[string][]string{}}
	for _, p := range g.pairs(g.get(j.node, "with")) {
		if p.value.Kind == yaml.ScalarNode {
			in.inputs[p.key.Value] = binding{values: g.expand(p.value.Value)}
		}
	}
	sec := g.get(j.node, "secrets")
	base := finding.Use{Job: j.id, Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy, Consumers: []finding.Consumer{c}}
	switch {
	case sec == nil:
	case sec.Kind == yaml.ScalarNode && sec.Value == "inherit":
		in.inherit = g.in == nil || g.in.inherit
		if g.in != nil {
			in.secrets = g.in.secrets
		}
		if !local {
			u := base
			u.Span, u.As = g.span(sec), "secrets: inherit"
			for _, name := range g.outer(All) {
				seen(name)
				g.use("", name, u, j.evidence)
			}
		}
	default:
		for _, p := range g.pairs(sec) {
			if p.value.Kind != yaml.ScalarNode {
				continue
			}
			for _, x := range g.secretsIn(p.value.Value, false) {
				in.secrets[strings.ToUpper(p.key.Value)] = appendNew(in.secrets[strings.ToUpper(p.key.Value)], x.name)
				u := base
				u.Span, u.As = g.locate(p.value, x.text, x.nth), p.key.Value
				u.Static = g.static(j, nil, p.key.Value, x.name, false)
				seen(x.name)
				g.use("", x.name, u, j.evidence)
			}
			g.literal(p.key.Value, p.value)
		}
	}
	if local {
		g.m.calls = append(g.m.calls, call{to: path.Clean(strings.TrimPrefix(uses.Value, "./")), in: in})
	}
}
