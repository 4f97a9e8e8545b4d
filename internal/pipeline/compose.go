package pipeline

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func composePath(_, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose.") || strings.HasPrefix(base, "compose-") || strings.HasSuffix(base, ".compose"+ext) ||
		strings.HasPrefix(base, "docker-stack"))
}

// docker-compose. https://docs.docker.com/reference/compose-file/
func readCompose(r *reader) error {
	for _, doc := range r.yaml() {
		for _, p := range r.pairs(r.get(doc, "services")) {
			r.service(p.key, p.value)
		}
		for _, p := range r.pairs(r.get(doc, "secrets")) {
			u := finding.Use{Span: r.between(r.offset(p.key.Line, p.key.Column), r.offset(p.key.Line, p.key.Column)+len(p.key.Value)), As: "secrets"}
			if e := r.get(p.value, "environment"); e != nil {
				u.As, u.Span = "secret "+p.key.Value, r.span(e)
				r.use("host", e.Value, u)
			} else if b := r.str(p.value, "external"); b == "true" || r.get(p.value, "external", "name") != nil {
				r.use("swarm", p.key.Value, u)
			}
		}
	}
	return r.parseErr
}

func (r *reader) service(key, n *yaml.Node) {
	var ev []environ.Evidence
	var to []finding.Consumer
	if im := r.str(n, "image"); im != "" {
		to = []finding.Consumer{imageConsumer(im)}
		ev = append(ev, environ.Image(im)...)
	}
	// environment is a mapping or a list of NAME=VALUE.
	type entry struct {
		name, value string
		node        *yaml.Node
	}
	var env []entry
	for _, where := range [][]string{{"environment"}, {"build", "args"}} {
		list := r.get(n, where...)
		for _, p := range r.pairs(list) {
			env = append(env, entry{p.key.Value, p.value.Value, p.value})
		}
		if list != nil && list.Kind == yaml.SequenceNode {
			for _, c := range r.items(list) {
				name, value, ok := strings.Cut(c.Value, "=")
				if !ok {
					value = "${" + name + "}"
				}
				env = append(env, entry{name, value, c})
			}
		}
	}
	for _, e := range env {
		ev = append(ev, environ.Setting(e.name, e.value)...)
	}
	ev = append(ev, environ.Job("service", key.Value)...)
	secrets := map[string]bool{}
	for _, e := range env {
		vs := variables(e.value)
		for _, v := range vs {
			if secretName(v.name) || secretName(e.name) {
				secrets[v.name] = true
				r.use("host", v.name, finding.Use{Span: r.locate(e.node, v.name, 0), Job: key.Value, As: e.name, Consumers: to}, ev)
			}
		}
		if len(vs) == 0 && secretName(e.name) && written(e.value) && e.node.Tag != "!!bool" {
			r.m.Literals = append(r.m.Literals, Literal{Name: e.name, Span: r.locate(e.node, e.value, 0), Job: key.Value})
		} else if _, def, ok := strings.Cut(e.value, ":-"); ok && secretName(e.name) {
			if def = strings.TrimSuffix(def, "}"); written(def) {
				r.m.Literals = append(r.m.Literals, Literal{Name: e.name, Span: r.locate(e.node, def, 0), Job: key.Value})
			}
		}
	}
	for _, where := range []string{"command", "entrypoint", "healthcheck"} {
		r.scalars(r.get(n, where), func(_ string, v *yaml.Node) {
			for _, x := range variables(v.Value) {
				if secretName(x.name) {
					secrets[x.name] = true
					r.use("host", x.name, finding.Use{Span: r.locate(v, x.name, 0), Job: key.Value, As: where, Consumers: to,
						Printed: "an argument of the " + where + " (line " + itoa(v.Line) + ")"}, ev)
				}
			}
		})
	}
	for _, s := range r.items(r.get(n, "secrets")) {
		at := s
		if s.Kind == yaml.MappingNode {
			at = r.get(s, "source")
		}
		if at != nil && at.Kind == yaml.ScalarNode {
			secrets[at.Value] = true
			r.use("swarm", at.Value, finding.Use{Span: r.span(at), Job: key.Value, As: "secrets", Consumers: to}, ev)
		}
	}
	j := Job{Name: key.Value, Span: r.span(key), Environments: environ.Classify(ev, r.pathEvidence()), Secrets: slices.Sorted(maps.Keys(secrets))}
	if len(to) > 0 {
		j.Steps = []Step{{Name: "image", Span: r.span(r.get(n, "image")), Consumer: &to[0]}}
	}
	r.m.Jobs = append(r.m.Jobs, j)
	r.spanOf(r.span(key), r.end(n), ev)
}
