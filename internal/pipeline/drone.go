package pipeline

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func dronePath(_, base, _ string) bool { return base == ".drone.yml" || base == ".drone.yaml" }

func woodpeckerPath(p, base, ext string) bool {
	return base == ".woodpecker.yml" || base == ".woodpecker.yaml" || yamlExt(ext) && (strings.HasPrefix(p, ".woodpecker/") || strings.Contains(p, "/.woodpecker/"))
}

// Drone and Woodpecker. https://docs.drone.io/secret, https://woodpecker-ci.org/docs/usage/secrets
func readDrone(r *reader) error {
	for _, doc := range r.yaml() {
		steps := r.get(doc, "steps")
		if steps == nil {
			steps = r.get(doc, "pipeline")
		}
		events := r.strs(r.get(doc, "trigger", "event"))
		events = append(events, r.strs(r.get(doc, "trigger", "event", "include"))...)
		for _, w := range r.items(r.get(doc, "when")) {
			events = append(events, r.strs(r.get(w, "event"))...)
		}
		list := make([]pair, 0)
		if steps != nil && steps.Kind == yaml.MappingNode {
			list = r.pairs(steps)
		} else {
			for _, s := range r.items(steps) {
				list = append(list, pair{s, s})
			}
		}
		for i, p := range list {
			name := r.str(p.value, "name")
			if p.key != p.value {
				name = p.key.Value
			}
			if name == "" {
				name = "step " + itoa(i+1)
			}
			j := r.shellJob(name, "repository")
			j.triggers = slices.Clone(events)
			var own []string
			for _, w := range r.items(r.get(p.value, "when")) {
				own = append(own, r.strs(r.get(w, "event"))...)
			}
			if len(own) > 0 { // a step narrows what starts the pipeline
				j.triggers = own
			}
			j.triggers = sorted(j.triggers)
			switch {
			case slices.Contains(j.triggers, "pull_request"), len(j.triggers) == 0:
				j.fork, j.forkWhy = finding.Unknown, "a pull request gets the secrets that the server allows for the event"
			default:
				j.fork, j.forkWhy = finding.No, "it does not run for pull requests"
			}
			j.ev = append(environ.Declared("target", r.str(p.value, "when", "target")), environ.Job("step", name)...)
			var st []Step
			if im := r.str(p.value, "image"); im != "" {
				c := imageConsumer(im)
				if r.get(p.value, "settings") != nil { // a plugin: its image is the step
					c.Party = finding.PartyThird
					if name := strings.TrimPrefix(c.Name, "docker.io/"); strings.HasPrefix(name, "plugins/") || strings.HasPrefix(name, "woodpeckerci/") {
						c.Party = finding.PartyPlatform
					}
				}
				j.to = []finding.Consumer{c}
				st = append(st, Step{Name: "image", Span: r.span(r.get(p.value, "image")), Consumer: &c})
			}
			printed := func(as string) string {
				for _, c := range r.items(r.get(p.value, "commands")) {
					if c.Kind == yaml.ScalarNode {
						if how := r.printedIn(c, as); how != "" {
							return how
						}
					}
				}
				return ""
			}
			for _, where := range []string{"environment", "settings"} {
				n := r.get(p.value, where)
				r.fromSecret(n, "", 0, func(as string, s *yaml.Node) {
					j.add(j.scope, s.Value, finding.Use{Span: r.span(s), As: as, Printed: printed(as)})
				})
				for _, q := range r.pairs(n) {
					if q.value.Kind == yaml.ScalarNode {
						j.ev = append(j.ev, gitlabSetting(q.key.Value, q.value.Value)...)
						r.literal(q.key.Value, q.value)
					}
				}
			}
			for _, s := range r.items(r.get(p.value, "secrets")) {
				if s.Kind == yaml.MappingNode {
					if src := r.get(s, "source"); src != nil {
						j.add(j.scope, src.Value, finding.Use{Span: r.span(src), As: r.str(s, "target")})
					}
				} else if s.Kind == yaml.ScalarNode {
					as := strings.ToUpper(s.Value)
					j.add(j.scope, s.Value, finding.Use{Span: r.span(s), As: as, Printed: printed(as)})
				}
			}
			j.to = nil
			j.done(p.key, p.value, st...)
		}
	}
	return r.parseErr
}

// fromSecret calls f for each secret below a node, however deep, with the nearest key above it.
func (r *reader) fromSecret(n *yaml.Node, key string, depth int, f func(as string, s *yaml.Node)) {
	if n = r.deref(n); n == nil || depth > maxDepth {
		return
	}
	if s := r.get(n, "from_secret"); s != nil && s.Kind == yaml.ScalarNode {
		f(key, s)
		return
	}
	for _, p := range r.pairs(n) {
		r.fromSecret(p.value, p.key.Value, depth+1, f)
	}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			r.fromSecret(c, key, depth+1, f)
		}
	}
}
