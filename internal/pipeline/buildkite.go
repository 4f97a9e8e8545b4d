package pipeline

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func buildkitePath(p, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(p, ".buildkite/") || strings.Contains(p, "/.buildkite/") || base == "buildkite.yml" || base == "buildkite.yaml")
}

// Buildkite. https://buildkite.com/docs/pipelines/configure/step-types
func readBuildkite(r *reader) error {
	for _, doc := range r.yaml() {
		steps := r.get(doc, "steps")
		if doc.Kind == yaml.SequenceNode {
			steps = doc
		}
		r.buildkiteSteps(steps, r.get(doc, "env"), 0)
	}
	return r.parseErr
}

func (r *reader) buildkiteSteps(list, env *yaml.Node, depth int) {
	for i, s := range r.items(list) {
		if g := r.get(s, "steps"); g != nil && depth < 3 {
			r.buildkiteSteps(g, env, depth+1)
			continue
		}
		if s.Kind != yaml.MappingNode {
			continue
		}
		name := r.str(s, "label")
		for _, k := range []string{"key", "name"} {
			if name == "" {
				name = r.str(s, k)
			}
		}
		if name == "" {
			name = "step " + itoa(i+1)
		}
		j := r.shellJob(name, "cluster")
		j.fork, j.forkWhy = finding.Unknown, "a fork's build runs if the pipeline's settings build forks"
		j.ev = environ.Job("step", name)
		j.env(env)
		j.env(r.get(s, "env"))
		var steps []Step
		for _, p := range r.items(r.get(s, "plugins")) {
			ref, with := p, (*yaml.Node)(nil)
			if ps := r.pairs(p); len(ps) > 0 {
				ref, with = ps[0].key, ps[0].value
			}
			c := buildkitePlugin(ref.Value)
			steps = append(steps, Step{Name: ref.Value, Span: r.span(ref), Consumer: &c})
			j.to = append(j.to, c)
			if j.buildkiteStore(c, with) {
				continue
			}
			r.scalars(with, func(key string, v *yaml.Node) {
				r.literal(key, v)
				for _, x := range variables(v.Value) {
					if secretName(x.name) {
						j.add(j.scope, x.name, finding.Use{Span: r.locate(v, x.name, 0), As: key, Consumers: []finding.Consumer{c}})
					}
				}
			})
		}
		for _, key := range []string{"command", "commands"} {
			for _, c := range r.items(r.get(s, key)) {
				j.script(c)
			}
		}
		for _, x := range r.items(r.get(s, "secrets")) {
			if x.Kind == yaml.ScalarNode {
				j.add(j.scope, x.Value, finding.Use{Span: r.span(x), As: "secrets"})
			}
		}
		for _, p := range r.pairs(r.get(s, "secrets")) {
			j.add(j.scope, p.value.Value, finding.Use{Span: r.span(p.value), As: p.key.Value})
		}
		j.to = nil
		j.done(s, s, steps...)
	}
}

func buildkitePlugin(ref string) finding.Consumer {
	name, version, _ := strings.Cut(ref, "#")
	c := finding.Consumer{Name: name, Pin: version, Pinned: finding.No, Party: finding.PartyThird}
	switch {
	case hash(version):
		c.Pinned = finding.Yes
	case strings.HasPrefix(name, "./"):
		c.Pinned, c.Party = finding.Yes, finding.PartyLocal
	case !strings.Contains(name, "/") || strings.Contains(name, "github.com/buildkite-plugins/"):
		c.Party = finding.PartyPlatform // buildkite-plugins
	}
	return c
}

// buildkiteStore reads what the plugins that fetch secrets from a store are told to fetch. It answers false for all others.
func (j *shellJob) buildkiteStore(c finding.Consumer, with *yaml.Node) bool {
	base := strings.TrimSuffix(path.Base(c.Name), "-buildkite-plugin")
	fetch := func(store, name string, at *yaml.Node, as string) {
		if name != "" && at != nil && !strings.Contains(name, "$") {
			j.add("store "+store, name, finding.Use{Span: j.span(at), As: as, Consumers: []finding.Consumer{c}})
		}
	}
	switch base {
	case "vault-secrets": // github.com/elastic/vault-secrets-buildkite-plugin
		if p := j.get(with, "path"); p != nil {
			fetch("vault", strings.Trim(path.Join(p.Value, j.str(with, "field")), "/"), p, j.str(with, "env_var"))
		}
	case "aws-sm": // github.com/seek-oss/aws-sm-buildkite-plugin
		for _, p := range j.pairs(j.get(with, "env")) {
			at := p.value
			if at.Kind == yaml.MappingNode {
				at = j.get(at, "secret-id")
			}
			if at != nil {
				fetch("secretsmanager", at.Value, at, p.key.Value)
			}
		}
	case "aws-ssm": // github.com/cultureamp/aws-ssm-buildkite-plugin
		for _, p := range j.pairs(j.get(with, "parameters")) {
			fetch("ssm", p.value.Value, p.value, p.key.Value)
		}
	default:
		return false
	}
	return true
}
