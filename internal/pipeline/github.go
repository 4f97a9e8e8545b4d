package pipeline

import (
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// GitHub Actions: workflows, reusable workflows, composite actions.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax

func githubPath(p, base, ext string) bool {
	if ext != ".yml" && ext != ".yaml" {
		return false
	}
	dir := path.Dir(p)
	return dir == ".github/workflows" || strings.HasSuffix(dir, "/.github/workflows") || base == "action.yml" || base == "action.yaml"
}

func readGitHub(r *reader) error {
	docs := r.yaml()
	if r.parseErr != nil || len(docs) == 0 {
		if r.parseErr != nil {
			r.githubText()
		}
		return r.parseErr
	}
	g := &github{reader: r, root: docs[0], inputs: map[string]binding{}}
	if r.get(g.root, "jobs") == nil {
		if runs := r.get(g.root, "runs"); runs != nil {
			g.action(runs)
		}
		return nil
	}
	g.workflow()
	return nil
}

// githubText finds what a file that is no YAML still names.
func (r *reader) githubText() {
	s := string(r.data)
	for _, e := range expressions(s) {
		for _, a := range accesses(e.body) {
			if a.is("secrets") && len(a.path) == 2 && a.path[1] != "*" && !platform(GitHub, a.path[1]) {
				r.use("", strings.ToUpper(a.path[1]), finding.Use{Span: r.between(e.body0+a.at, e.body0+a.end),
					ForkWhy: "the file is not valid YAML: what starts it was not read"})
			}
		}
	}
	r.note(finding.Span{}, "read as text: names of secrets only, without jobs, events and environments")
}

type github struct {
	*reader
	root   *yaml.Node
	on     []string
	onNode *yaml.Node
	inputs map[string]binding
	matrix map[string][]string
	job    *githubJob
}

// variableOf is an environment variable of a workflow, job or step.
type variableOf struct {
	name    string
	node    *yaml.Node
	secrets []secretAt
	value   string
	level   string // workflow, job, step
}

// secretAt is one secret named in a scalar.
type secretAt struct {
	name string
	text string // as it stands there
	nth  int    // how many times the same text stood before
	at   int    // offset in the value
	some bool   // one of several names that an expression may come to
}

type githubJob struct {
	id        string
	node      *yaml.Node
	triggers  []string
	fork      finding.Answer
	forkWhy   string
	evidence  []environ.Evidence
	vars      []variableOf // of workflow and job
	steps     []githubStep
	declared  bool // it has an environment, which may ask for a reviewer
	otherHost bool // an AWS SDK is sent elsewhere
}

type githubStep struct {
	node, run, with *yaml.Node
	uses            string
	usesNode        *yaml.Node
	consumer        *finding.Consumer
	vars            []variableOf
	model           Step
	otherHost       bool
}

func (g *github) workflow() {
	g.onNode = g.get(g.root, "on")
	g.on = g.triggers(g.onNode)
	g.m.alone = len(g.on) == 1 && g.on[0] == "workflow_call"
	g.bind()
	vars := g.variables(g.get(g.root, "env"), "workflow")
	for _, p := range g.pairs(g.get(g.root, "jobs")) {
		if p.value.Kind == yaml.MappingNode {
			g.readJob(p.key, p.value, vars)
		}
	}
}

// triggers lists the events of `on` in any of its three forms.
func (g *github) triggers(n *yaml.Node) []string {
	var out []string
	if n == nil {
		return nil
	}
	if n.Kind == yaml.MappingNode {
		for _, p := range g.pairs(n) {
			out = append(out, p.key.Value)
		}
	} else {
		out = g.strs(n)
	}
	return sorted(out)
}

// bind says what inputs may hold: what a caller gives, else the choices and defaults of the file itself.
func (g *github) bind() {
	for _, event := range []string{"workflow_dispatch", "workflow_call"} {
		if g.in != nil && event == "workflow_dispatch" {
			continue
		}
		for _, p := range g.pairs(g.get(g.onNode, event, "inputs")) {
			b := g.inputs[p.key.Value]
			if options := g.strs(g.get(p.value, "options")); len(options) > 0 {
				b.values = appendNew(b.values, options...)
			} else if d := g.str(p.value, "default"); d != "" && d != "true" && d != "false" {
				b.values = appendNew(b.values, d)
			}
			g.inputs[p.key.Value] = b
		}
	}
	if g.in != nil {
		maps.Copy(g.inputs, g.in.inputs)
	}
}

func (g *github) readJob(key, n *yaml.Node, outer []variableOf) {
	j := &githubJob{id: key.Value, node: n, triggers: g.on}
	g.job, g.matrix = j, g.matrixOf(n)
	if g.in != nil {
		j.triggers = g.in.triggers
	}
	if g.in != nil && g.in.job != "" {
		j.id = g.in.job + " / " + j.id
	}
	j.vars = append(slices.Clone(outer), g.variables(g.get(n, "env"), "job")...)

	env := g.get(n, "environment")
	if env != nil && env.Kind == yaml.MappingNode {
		env = g.get(env, "name")
	}
	if env != nil && env.Kind == yaml.ScalarNode {
		j.declared = true
		for _, v := range g.expand(env.Value) {
			j.evidence = append(j.evidence, environ.Declared("environment", v)...)
		}
	}
	if len(j.evidence) == 0 { // a setting beside a declaration says nothing more
		for _, v := range j.vars {
			j.evidence = append(j.evidence, g.setting(v.name, v.value)...)
		}
		for _, p := range g.pairs(g.get(n, "with")) {
			if p.value.Kind == yaml.ScalarNode {
				j.evidence = append(j.evidence, g.setting(p.key.Value, p.value.Value)...)
			}
		}
	}
	if g.in != nil {
		j.evidence = append(j.evidence, g.in.envs...)
	}
	j.evidence = append(j.evidence, environ.Job("job", key.Value)...)
	if name := g.str(n, "name"); name != "" {
		for _, v := range g.expand(name) {
			j.evidence = append(j.evidence, environ.Job("job", v)...)
		}
	}
	for _, s := range g.items(g.get(n, "steps")) {
		if s.Kind == yaml.MappingNode {
			j.steps = append(j.steps, g.step(s))
		}
	}
	for _, v := range j.vars {
		j.otherHost = j.otherHost || otherEndpoint[v.name]
	}
	j.fork, j.forkWhy = g.forkReach(j)
	g.spanOf(g.span(key), g.end(n), j.evidence)

	m := Job{Name: j.id, Span: g.span(key), Environments: environ.Classify(j.evidence, g.pathEvidence()), Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy}
	m.Permissions, m.Federation = g.permissions(n)
	if len(m.Permissions) == 0 && !m.Federation.Granted {
		m.Permissions, m.Federation = g.permissions(g.root)
	}
	seen := map[string]bool{}
	g.emitJob(j, func(name string) { seen[name] = true })
	if u := g.get(n, "uses"); u != nil && u.Kind == yaml.ScalarNode {
		g.callWorkflow(j, u, func(name string) { seen[name] = true })
		c := g.consumer(u.Value)
		m.Steps = append(m.Steps, Step{Name: u.Value, Span: g.span(u), Consumer: &c})
	}
	for i := range j.steps {
		m.Steps = append(m.Steps, j.steps[i].model)
		if how := g.federationOf(&j.steps[i]); how != "" {
			m.Federation.InUse = how
		}
	}
	m.Secrets = slices.Sorted(maps.Keys(seen))
	g.m.Jobs = append(g.m.Jobs, m)
}

// setting leaves out variables that mean something else in most pipelines.
func (g *github) setting(key, value string) []environ.Evidence {
	switch strings.ToUpper(key) {
	case "NAMESPACE", "STAGE", "TIER":
		return nil
	}
	var out []environ.Evidence
	for _, v := range g.expand(value) {
		out = append(out, environ.Setting(key, v)...)
	}
	return out
}
