package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

func (g *github) step(n *yaml.Node) githubStep {
	s := githubStep{node: n, run: g.get(n, "run"), with: g.get(n, "with"), usesNode: g.get(n, "uses"), vars: g.variables(g.get(n, "env"), "step")}
	s.model = Step{Name: g.str(n, "name"), Span: g.span(n)}
	if s.usesNode != nil && s.usesNode.Kind == yaml.ScalarNode {
		s.uses = s.usesNode.Value
		c := g.consumer(s.uses)
		s.consumer, s.model.Consumer = &c, &c
		if s.model.Name == "" {
			s.model.Name = s.uses
		}
	}
	for _, v := range s.vars {
		s.otherHost = s.otherHost || otherEndpoint[v.name]
	}
	for _, p := range g.pairs(s.with) {
		g.literal(p.key.Value, p.value)
		k := strings.ToLower(p.key.Value)
		s.otherHost = s.otherHost || strings.Contains(k, "endpoint")
	}
	return s
}

// consumer is the code that `uses` names.
func (g *github) consumer(uses string) finding.Consumer {
	if rest, ok := strings.CutPrefix(uses, "docker://"); ok {
		c := imageConsumer(rest)
		c.Party = finding.PartyThird
		return c
	}
	if strings.HasPrefix(uses, "./") || strings.HasPrefix(uses, "../") {
		return finding.Consumer{Name: uses, Pinned: finding.Yes, Party: finding.PartyLocal}
	}
	name, ref, _ := strings.Cut(uses, "@")
	c := finding.Consumer{Name: name, Pin: ref, Pinned: finding.No, Party: finding.PartyThird}
	switch {
	case strings.Contains(uses, "${{"):
		c.Pinned = finding.Unknown
	case hash(ref):
		c.Pinned = finding.Yes
	}
	owner, _, _ := strings.Cut(name, "/")
	if o := strings.ToLower(owner); o == "actions" || o == "github" {
		c.Party = finding.PartyPlatform
	}
	return c
}
