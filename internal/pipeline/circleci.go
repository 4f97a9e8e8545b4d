package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func circlePath(p, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(p, ".circleci/") || strings.Contains(p, "/.circleci/"))
}

// CircleCI. https://circleci.com/docs/configuration-reference
func readCircle(r *reader) error {
	for _, doc := range r.yaml() {
		orbs := map[string]finding.Consumer{}
		for _, p := range r.pairs(r.get(doc, "orbs")) {
			if p.value.Kind == yaml.ScalarNode {
				orbs[p.key.Value] = orb(p.value.Value)
			}
		}
		jobs := r.get(doc, "jobs")
		commands := r.get(doc, "commands")
		used := map[string]bool{}
		for _, wf := range r.pairs(r.get(doc, "workflows")) {
			for _, entry := range r.items(r.get(wf.value, "jobs")) {
				name, with := entry, (*yaml.Node)(nil)
				if ps := r.pairs(entry); len(ps) > 0 {
					name, with = ps[0].key, ps[0].value
				}
				if name.Kind != yaml.ScalarNode || name.Value == "when" || name.Value == "unless" {
					continue
				}
				used[name.Value] = true
				r.circleJob(wf.key.Value, name, with, r.get(jobs, name.Value), orbs, commands)
			}
		}
		for _, p := range r.pairs(jobs) {
			if !used[p.key.Value] {
				r.circleJob("", p.key, nil, p.value, orbs, commands)
			}
		}
	}
	return r.parseErr
}

// orb is a published orb. A full version is immutable, anything shorter moves.
func orb(ref string) finding.Consumer {
	name, version, _ := strings.Cut(ref, "@")
	c := finding.Consumer{Name: name, Pin: version, Pinned: finding.No, Party: finding.PartyThird}
	if strings.Count(version, ".") == 2 && digit(version[0]) {
		c.Pinned = finding.Yes
	}
	if strings.HasPrefix(name, "circleci/") {
		c.Party = finding.PartyPlatform
	}
	return c
}

func (r *reader) circleJob(wf string, at, with, body *yaml.Node, orbs map[string]finding.Consumer, commands *yaml.Node) {
	name := at.Value
	if n := r.str(with, "name"); n != "" {
		name = n
	}
	j := r.shellJob(name, "")
	j.fork, j.forkWhy = finding.Unknown, "a fork's build gets secrets if the project's settings pass them on"
	j.ev = append(j.ev, environ.Job("job", name)...)
	if wf != "" {
		j.ev = append(j.ev, environ.Job("workflow", wf)...)
	}
	for _, list := range []*yaml.Node{with, r.get(with, "matrix", "parameters")} {
		for _, p := range r.pairs(list) {
			for _, v := range r.strs(p.value) {
				j.ev = append(j.ev, environ.Setting(p.key.Value, v)...)
			}
		}
	}
	var steps []Step
	hand := func(key string, n *yaml.Node) {
		prefix, _, _ := strings.Cut(key, "/")
		if c, ok := orbs[prefix]; ok && strings.Contains(key, "/") {
			steps = append(steps, Step{Name: key, Span: r.span(n), Consumer: &c})
			j.to = append(j.to, c)
		}
	}
	hand(at.Value, at)
	var scripts []*yaml.Node
	var walk func(list *yaml.Node, depth int)
	walk = func(list *yaml.Node, depth int) {
		for _, s := range r.items(list) {
			if s.Kind == yaml.ScalarNode {
				hand(s.Value, s)
				if c := r.get(commands, s.Value, "steps"); c != nil && depth < 4 {
					walk(c, depth+1)
				}
				continue
			}
			for _, p := range r.pairs(s) {
				hand(p.key.Value, p.key)
				switch {
				case p.key.Value == "run" && p.value.Kind == yaml.ScalarNode:
					scripts = append(scripts, p.value)
				case p.key.Value == "run":
					j.env(r.get(p.value, "environment"))
					scripts = append(scripts, r.get(p.value, "command"))
				case p.key.Value == "when" || p.key.Value == "unless":
					walk(r.get(p.value, "steps"), depth+1)
				default:
					if c := r.get(commands, p.key.Value, "steps"); c != nil && depth < 4 {
						walk(c, depth+1)
					}
					for _, q := range r.pairs(p.value) {
						if q.value.Kind == yaml.ScalarNode {
							r.literal(q.key.Value, q.value)
						}
					}
				}
			}
		}
	}
	if body != nil {
		j.env(r.get(body, "environment"))
		walk(r.get(body, "steps"), 0)
	}
	walk(r.get(with, "pre-steps"), 0)
	walk(r.get(with, "post-steps"), 0)
	for _, s := range scripts {
		j.script(s)
		clear(j.given) // each step has a shell of its own
	}
	if body != nil {
		for _, d := range r.items(r.get(body, "docker")) {
			r.scalars(r.get(d, "auth"), func(key string, v *yaml.Node) {
				for _, x := range variables(v.Value) {
					if key != "username" {
						j.add("", x.name, finding.Use{Span: r.locate(v, x.name, 0), As: key, Consumers: []finding.Consumer{}})
					}
				}
				r.literal(key, v)
			})
			j.env(r.get(d, "environment"))
		}
	}
	// A context hands over every variable it has.
	for _, c := range r.items(r.get(with, "context")) {
		if c.Kind != yaml.ScalarNode || strings.Contains(c.Value, "<<") {
			continue
		}
		ev := j.ev
		if len(environ.Classify(j.ev)) == 0 {
			j.ev = environ.Job("context", c.Value)
		}
		j.add("context "+c.Value, All, finding.Use{Span: r.span(c), As: "context"})
		j.ev = ev
	}
	j.done(at, nil, steps...)
	for _, n := range []*yaml.Node{with, body} { // a value of the job belongs wherever a workflow uses the job
		if n != nil && len(n.Content) > 0 {
			r.spanOf(r.span(n), r.end(n), j.ev)
		}
	}
}
