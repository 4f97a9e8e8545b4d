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

// matrixOf lists the values that each variable of the matrix takes.
func (g *github) matrixOf(job *yaml.Node) map[string][]string {
	out := map[string][]string{}
	m := g.get(job, "strategy", "matrix")
	add := func(key string, n *yaml.Node) {
		switch n.Kind {
		case yaml.ScalarNode:
			out[key] = appendNew(out[key], n.Value)
		case yaml.MappingNode:
			for _, p := range g.pairs(n) {
				if p.value.Kind == yaml.ScalarNode {
					out[key+"."+p.key.Value] = appendNew(out[key+"."+p.key.Value], p.value.Value)
				}
			}
		}
	}
	for _, p := range g.pairs(m) {
		switch p.key.Value {
		case "exclude":
		case "include":
			for _, row := range g.items(p.value) {
				for _, q := range g.pairs(row) {
					add(q.key.Value, q.value)
				}
			}
		default:
			if p.value.Kind == yaml.SequenceNode {
				for _, c := range g.items(p.value) {
					add(p.key.Value, c)
				}
			}
		}
	}
	return out
}

// expand lists what a text may read once its matrix variables and inputs are known; a text with anything else in it is
// nothing that can be known.
func (g *github) expand(s string) []string {
	const most = 64
	out := []string{""}
	at := 0
	for _, e := range expressions(s) {
		values, ok := g.values(e.body)
		if !ok {
			return nil
		}
		var next []string
		for _, o := range out {
			for _, v := range values {
				if len(next) < most {
					next = append(next, o+s[at:e.start]+v)
				}
			}
		}
		out, at = next, e.end
	}
	for i := range out {
		out[i] += s[at:]
	}
	return out
}

// values are those of a single access to matrix or inputs, of a string, of an alternative (a || b) of them, or of format.
func (g *github) values(body string) ([]string, bool) {
	body = strings.TrimSpace(body)
	if rest, ok := strings.CutPrefix(body, "format("); ok && strings.HasSuffix(rest, ")") {
		args := arguments(strings.TrimSuffix(rest, ")"))
		form, ok := literal(args[0])
		if !ok {
			return nil, false
		}
		out := []string{form}
		for i, a := range args[1:] {
			values, ok := g.values(a)
			if !ok {
				return nil, false
			}
			var next []string
			for _, o := range out {
				for _, v := range values {
					if len(next) < 64 {
						next = append(next, strings.ReplaceAll(o, "{"+string(rune('0'+i))+"}", v))
					}
				}
			}
			out = next
		}
		return out, true
	}
	var out []string
	for _, part := range strings.Split(body, "||") {
		// "a && b || c" is how a choice is written: b and c are what it can be.
		_, last, chosen := strings.Cut(part, "&&")
		if !chosen {
			last = part
		}
		last = strings.Trim(strings.TrimSpace(last), "()")
		if v, ok := literal(last); ok {
			out = append(out, v)
			continue
		}
		as := accesses(last)
		if len(as) != 1 || as[0].at != 0 || as[0].end != len(last) {
			return nil, false
		}
		a := as[0]
		switch {
		case a.is("matrix") && len(a.path) > 1 && len(g.matrix[strings.Join(a.path[1:], ".")]) > 0:
			out = append(out, g.matrix[strings.Join(a.path[1:], ".")]...)
		case a.is("inputs") && len(a.path) == 2 && len(g.inputs[a.path[1]].values) > 0:
			out = append(out, g.inputs[a.path[1]].values...)
		case a.is("github", "event", "inputs") && len(a.path) == 4 && len(g.inputs[a.path[3]].values) > 0:
			out = append(out, g.inputs[a.path[3]].values...)
		default:
			return nil, false
		}
	}
	for _, v := range out {
		if strings.Contains(v, "${{") {
			return nil, false
		}
	}
	return out, true
}

func literal(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '\'' && s[len(s)-1] == '\'' {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'"), true
	}
	return "", false
}

// secretsIn lists the secrets that a text names, by the names they have for the workflow that starts it all.
func (g *github) secretsIn(s string, expr bool) []secretAt {
	es := expressions(s)
	if expr && len(es) == 0 {
		es = []expression{{0, len(s), s, 0}}
	}
	var out []secretAt
	count := map[string]int{}
	for _, e := range es {
		for _, a := range accesses(e.body) {
			if e.body0+a.end > len(s) {
				continue
			}
			text := s[e.body0+a.at : e.body0+a.end]
			var names []string
			switch {
			case a.is("secrets") && len(a.path) == 1:
				names = []string{All}
			case a.is("secrets") && a.path[1] == "*":
				values, ok := g.values(a.index)
				if !ok {
					values = []string{All}
				}
				names = values
			case a.is("secrets"):
				names = []string{a.path[1]}
			case a.is("inputs") && len(a.path) == 2:
				for _, n := range g.inputs[a.path[1]].secrets {
					out = append(out, secretAt{n, text, count[text], e.body0 + a.at, len(g.inputs[a.path[1]].secrets) > 1})
				}
				count[text]++
				continue
			default:
				continue
			}
			for _, n := range names {
				for _, outer := range g.outer(n) {
					if !platform(GitHub, outer) {
						out = append(out, secretAt{outer, text, count[text], e.body0 + a.at, len(names) > 1})
					}
				}
			}
			count[text]++
		}
	}
	return out
}

// outer is the name that a secret has for the caller.
func (g *github) outer(name string) []string {
	up := strings.ToUpper(name)
	switch {
	case g.in == nil, g.in.inherit:
		return []string{up}
	case name == All:
		var all []string
		for _, v := range g.in.secrets {
			all = appendNew(all, v...)
		}
		return sorted(all)
	}
	return g.in.secrets[up]
}

// variables reads an env mapping.
func (g *github) variables(n *yaml.Node, level string) []variableOf {
	var out []variableOf
	for _, p := range g.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		v := variableOf{name: p.key.Value, node: p.value, value: p.value.Value, level: level, secrets: g.secretsIn(p.value.Value, false)}
		g.literal(p.key.Value, p.value)
		out = append(out, v)
	}
	return out
}

// literal notes a value written out under the name of a secret.
func (r *reader) literal(name string, v *yaml.Node) {
	if !noted(name, v) {
		return
	}
	r.m.Literals = append(r.m.Literals, Literal{Name: name, Span: r.span(v)})
}

// noted reports whether a value under a name is a literal.
func noted(name string, v *yaml.Node) bool {
	return secretName(name) && v != nil && v.Kind == yaml.ScalarNode && v.Tag != "!!bool" && written(v.Value)
}

// written reports whether a value is written out: not empty, not computed, not a flag.
func written(v string) bool {
	switch strings.ToLower(strings.TrimSpace(v)) {
	case "", "true", "false", "yes", "no", "null", "none", "~", "inherit":
		return false
	}
	for _, mark := range []string{"${", "$(", "{{", "<%", "%("} {
		if strings.Contains(v, mark) {
			return false
		}
	}
	return !strings.HasPrefix(v, "$") && !strings.HasPrefix(v, "<")
}

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

// imageConsumer is an image as somebody's code.
func imageConsumer(ref string) finding.Consumer {
	name, digest, pinned := strings.Cut(ref, "@")
	c := finding.Consumer{Name: name, Pin: digest, Pinned: finding.No, Party: finding.PartyImage}
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		c.Name = name[:i]
		if !pinned {
			c.Pin = name[i+1:]
		}
	}
	switch {
	case pinned && hash(digest):
		c.Pinned = finding.Yes
	case strings.ContainsAny(ref, "${"):
		c.Pinned = finding.Unknown
	}
	return c
}

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
		handed := func(name string) {
			s.model.Secrets = append(s.model.Secrets, name)
		}
		for _, v := range s.vars {
			if len(v.secrets) == 0 {
				plain(v.name, v.node, finding.Use{Consumers: to, Printed: g.printedVariable(s.run, v.name)}, j.otherHost || s.otherHost, s, ev)
			}
			for _, x := range v.secrets {
				handed(x.name)
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
				use(p.value, x, finding.Use{As: p.key.Value, Consumers: to, Static: g.static(j, s, p.key.Value, x.name, j.otherHost || s.otherHost)}, ev)
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
						u.As = name
						for k := i + 1; k < len(j.steps) && len(u.Consumers) < 100; k++ {
							if c := j.steps[k].consumer; c != nil && !slices.Contains(u.Consumers, *c) {
								u.Consumers = append(u.Consumers, *c)
							}
						}
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
			g.callAction(j, s)
		}
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

// printedIn looks at $NAME and, where the file has it, ${{ env.NAME }}.
func (r *reader) printedIn(n *yaml.Node, name string) string {
	sh := r.shell(n)
	for _, at := range sh.byName[name] {
		if how := sh.printed(at, true); how != "" {
			return how + r.lineAt(n, n.Value, at)
		}
	}
	for _, at := range sh.byName["env."+name] {
		if how := sh.printed(at, false); how != "" {
			return how + r.lineAt(n, n.Value, at)
		}
	}
	return ""
}

func (g *github) lineOf(n *yaml.Node, x secretAt) string { return g.lineAt(n, n.Value, x.at) }

// lineAt names the line of the file that holds an offset of a scalar, as far as its style lets it be known.
func (r *reader) lineAt(n *yaml.Node, value string, at int) string {
	line := n.Line
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		line++
	}
	if n.Style&yaml.FoldedStyle == 0 {
		line += strings.Count(value[:at], "\n")
	}
	return " (line " + itoa(line) + ")"
}

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

// callAction notes that a step hands secrets to an action of the same repository.
func (g *github) callAction(j *githubJob, s *githubStep) {
	in := handed{path: g.path, job: j.id, triggers: j.triggers, fork: j.fork, forkWhy: j.forkWhy, envs: j.evidence, inputs: map[string]binding{}}
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
