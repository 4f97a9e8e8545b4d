package pipeline

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// emitJob records every use in a job.
func (g *github) emitJob(j *githubJob, seen func(string)) {
	use := func(n *yaml.Node, s secretAt, u finding.Use, ev ...[]environ.Evidence) {
		u.Span, u.Job, u.Triggers, u.Fork, u.ForkWhy = g.locate(n, s.text, s.nth), j.id, j.triggers, j.fork, j.forkWhy
		seen(s.name)
		if key := environ.Key(s.name); s.some && len(key) > 0 {
			// Each name of a matrix goes with its own row: PROD_KEY is not used where the row is dev.
			g.use("", s.name, u, environ.Known("name", s.name))
			return
		}
		g.use("", s.name, u, append(ev, j.evidence)...)
	}
	var all []finding.Consumer
	for i := range j.steps {
		const most = 100
		if s := &j.steps[i]; s.consumer != nil && len(all) < most && !slices.Contains(all, *s.consumer) {
			all = append(all, *s.consumer)
		}
	}
	prints := map[string]string{} // how the first script that prints a variable does it
	for _, s := range j.steps {
		if s.run == nil || s.run.Kind != yaml.ScalarNode {
			continue
		}
		for name := range g.shell(s.run).byName {
			name = strings.TrimPrefix(name, "env.")
			if prints[name] == "" {
				prints[name] = g.printedIn(s.run, name)
			}
		}
	}
	// What stands in the environment of the job is in the environment of each of its steps.
	plain := func(name string, n *yaml.Node, u finding.Use, elsewhere bool, s *githubStep, ev ...[]environ.Evidence) {
		u.Job, u.As, u.Triggers, u.Fork, u.ForkWhy = j.id, name, j.triggers, j.fork, j.forkWhy
		u.Static = g.static(j, s, name, name, elsewhere)
		g.useWritten(name, n, u, append(ev, j.evidence)...)
	}
	for _, v := range j.vars {
		if g.shadowed(j, v) {
			continue
		}
		if len(v.secrets) == 0 {
			plain(v.name, v.node, finding.Use{Consumers: all, Printed: prints[v.name]}, j.otherHost, nil)
			continue
		}
		printed := prints[v.name]
		for _, s := range v.secrets {
			use(v.node, s, finding.Use{As: v.name, Consumers: all, Printed: printed, Static: g.static(j, nil, v.name, s.name, j.otherHost)})
		}
	}
	ambient := g.ambient(j, seen)
	for i := range j.steps {
		s := &j.steps[i]
		var ev []environ.Evidence
		for _, v := range s.vars {
			ev = append(ev, g.setting(v.name, v.value)...)
		}
		for _, p := range g.pairs(s.with) {
			if p.value.Kind == yaml.ScalarNode {
				ev = append(ev, g.setting(p.key.Value, p.value.Value)...)
			}
		}
		if j.declared {
			ev = nil
		}
		var to []finding.Consumer
		if s.consumer != nil {
			to = []finding.Consumer{*s.consumer}
		}
		var left []string // what the step leaves to those after it
		within := slices.Clone(ambient)
		handed := func(name string) {
			s.model.Secrets = append(s.model.Secrets, name)
		}
		for _, v := range s.vars {
			if len(v.secrets) == 0 {
				plain(v.name, v.node, finding.Use{Consumers: to, Printed: g.printedVariable(s.run, v.name)}, j.otherHost || s.otherHost, s, ev)
			}
			for _, x := range v.secrets {
				handed(x.name)
				within = append(within, x.name)
				use(v.node, x, finding.Use{As: v.name, Consumers: to, Printed: g.printedVariable(s.run, v.name),
					Static: g.static(j, s, v.name, x.name, j.otherHost || s.otherHost)}, ev)
			}
		}
		for _, p := range g.pairs(s.with) {
			if p.value.Kind != yaml.ScalarNode {
				continue
			}
			found := g.secretsIn(p.value.Value, false)
			if len(found) == 0 {
				plain(p.key.Value, p.value, finding.Use{Consumers: to}, j.otherHost || s.otherHost, s, ev)
			}
			for _, x := range found {
				handed(x.name)
				u := finding.Use{As: p.key.Value, Consumers: to, Static: g.static(j, s, p.key.Value, x.name, j.otherHost || s.otherHost)}
				if g.persisted(s, p.key.Value) {
					u.Consumers, left = laterSteps(j, i, to), append(left, x.name)
				}
				use(p.value, x, u, ev)
			}
		}
		if s.run != nil && s.run.Kind == yaml.ScalarNode {
			found := g.secretsIn(s.run.Value, false)
			if len(found) > 0 {
				sc := g.shell(s.run)
				for _, x := range found {
					handed(x.name)
					printed := sc.printed(x.at, false)
					if printed != "" {
						printed += g.lineOf(s.run, x)
					}
					u := finding.Use{Printed: printed}
					if name := sc.exported(x.at); name != "" {
						// From here on it is in the environment of the job.
						u.As, u.Consumers, left = name, laterSteps(j, i, nil), append(left, x.name)
					}
					u.Static = g.static(j, s, u.As, x.name, j.otherHost || s.otherHost)
					use(s.run, x, u, ev)
				}
			}
		}
		if c := g.get(s.node, "if"); c != nil && c.Kind == yaml.ScalarNode {
			for _, x := range g.secretsIn(c.Value, true) {
				handed(x.name)
				use(c, x, finding.Use{As: "if"}, ev)
			}
		}
		s.model.Secrets = sorted(s.model.Secrets)
		if s.consumer != nil && s.consumer.Party == finding.PartyLocal {
			g.callAction(j, s, sorted(within))
		}
		ambient = append(ambient, left...)
	}
	// Everything else that a job may hold: outputs, if, container, services.
	for _, key := range []string{"if", "outputs", "container", "services", "runs-on", "concurrency"} {
		n := g.get(j.node, key)
		var to []finding.Consumer
		if key == "container" || key == "services" {
			if image := g.str(n, "image"); image != "" {
				to = []finding.Consumer{imageConsumer(image)}
			}
		}
		g.scalars(n, func(k string, v *yaml.Node) {
			for _, x := range g.secretsIn(v.Value, key == "if") {
				u := finding.Use{As: k}
				if k == "" {
					u.As = key
				}
				if k != "password" && k != "username" { // those log in to the registry; the image does not see them
					u.Consumers = to
				}
				use(v, x, u)
			}
			if key == "container" || key == "services" {
				g.literal(k, v)
			}
		})
	}
}

// ambient records which code of others sees the secrets that the caller leaves lying about, and lists what all steps can read:
// those and the variables of the job.
func (g *github) ambient(j *githubJob, seen func(string)) []string {
	var out []string
	if g.in != nil && g.in.job != "" {
		out = slices.Clone(g.in.ambient)
	}
	for _, name := range out {
		for _, s := range j.steps {
			if s.consumer != nil && s.consumer.Party == finding.PartyThird && s.consumer.Pinned != finding.Yes {
				seen(name)
				g.use("", name, finding.Use{Span: g.span(s.usesNode), Job: j.id, As: "environment", Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy,
					Consumers: []finding.Consumer{*s.consumer}}, j.evidence)
			}
		}
	}
	for _, v := range j.vars {
		for _, s := range v.secrets {
			out = append(out, s.name)
		}
	}
	return out
}

// persisted reports whether a step leaves what an input holds to the steps after it: a checkout keeps the token it is given
// in the configuration of the repository, unless it is told not to.
func (g *github) persisted(s *githubStep, input string) bool {
	return strings.HasPrefix(s.uses, "actions/checkout@") && (input == "token" || input == "ssh-key") && g.str(s.with, "persist-credentials") != "false"
}

// laterSteps adds the code that the steps after one run.
func laterSteps(j *githubJob, i int, to []finding.Consumer) []finding.Consumer {
	const most = 100
	to = slices.Clone(to)
	for k := i + 1; k < len(j.steps) && len(to) < most; k++ {
		if c := j.steps[k].consumer; c != nil && !slices.Contains(to, *c) {
			to = append(to, *c)
		}
	}
	return to
}

// shadowed reports whether a nearer variable of the same name hides a workflow's.
func (g *github) shadowed(j *githubJob, v variableOf) bool {
	return v.level == "workflow" && slices.ContainsFunc(j.vars, func(o variableOf) bool { return o.level == "job" && o.name == v.name })
}

// mask replaces expressions by words of the same length, so that their quotes and operators are not the shell's.
func mask(s string) string {
	b := []byte(s)
	for _, e := range expressions(s) {
		for i := e.start; i < e.end; i++ {
			b[i] = 'x'
		}
	}
	return string(b)
}

// printedVariable says how a script prints a variable, with the line.
func (g *github) printedVariable(run *yaml.Node, name string) string {
	if run == nil || run.Kind != yaml.ScalarNode {
		return ""
	}
	return g.printedIn(run, name)
}

func (g *github) lineOf(n *yaml.Node, x secretAt) string { return g.lineAt(n, n.Value, x.at) }

func (g *github) permissions(n *yaml.Node) ([]string, Federation) {
	p := g.get(n, "permissions")
	var f Federation
	if p == nil {
		return nil, f
	}
	if p.Kind == yaml.ScalarNode {
		f.Granted = p.Value == "write-all"
		return []string{p.Value}, f
	}
	var out []string
	for _, q := range g.pairs(p) {
		out = append(out, q.key.Value+": "+q.value.Value)
		f.Granted = f.Granted || q.key.Value == "id-token" && q.value.Value == "write"
	}
	return out, f
}
