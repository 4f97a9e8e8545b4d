package pipeline

import (
	"bytes"
	stdctx "context"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func azurePath(p, base, ext string) bool {
	return yamlExt(ext) && (strings.HasPrefix(base, "azure-pipeline") || strings.Contains(base, ".azure-pipelines.") || strings.Contains("/"+p, "/.azure-pipelines/") ||
		strings.Contains("/"+p, "/azure-pipelines/") || strings.Contains("/"+p, "/.azuredevops/") || strings.Contains("/"+p, "/.pipelines/") || strings.Contains("/"+p, "/.vsts/") || base == "vsts-ci.yml")
}

// Azure Pipelines. https://learn.microsoft.com/azure/devops/pipelines/yaml-schema
func readAzure(r *reader) error {
	for _, doc := range r.yaml() {
		a := &azure{reader: r, parameters: map[string]binding{}, settings: map[string]string{}}
		for _, k := range []string{"trigger", "pr", "schedules"} {
			if n := r.get(doc, k); n != nil && n.Value != "none" {
				a.triggers = append(a.triggers, k)
			}
		}
		var groups []part
		var ev []environ.Evidence
		if r.in != nil {
			a.triggers, groups, ev = r.in.triggers, r.in.groups, r.in.envs
			maps.Copy(a.settings, r.in.settings)
		}
		a.bind(r.get(doc, "parameters"))
		r.m.outputs = azureOutputs(r.data)
		a.stages(doc, a.groups(doc, groups), ev, 0)
	}
	if r.template {
		r.remark(finding.Span{}, "a template: read with its directives blanked out")
	}
	return r.parseErr
}

type azure struct {
	*reader
	triggers   []string
	parameters map[string]binding
	settings   map[string]string // variables that the file writes out; the last one stands
}

// bind says what parameters may hold: what a caller gives, else their choices and defaults.
func (a *azure) bind(n *yaml.Node) {
	for _, p := range a.pairs(n) {
		if p.value.Kind == yaml.ScalarNode {
			a.parameters[p.key.Value] = binding{values: []string{p.value.Value}}
		}
	}
	if n != nil && n.Kind == yaml.SequenceNode {
		for _, p := range a.items(n) {
			values := a.strs(a.get(p, "values"))
			if d := a.str(p, "default"); len(values) == 0 && d != "" {
				values = []string{d}
			}
			a.parameters[a.str(p, "name")] = binding{values: values}
		}
	}
	if a.in != nil {
		maps.Copy(a.parameters, a.in.inputs)
	}
}

// expand lists what a text may read once parameters and the variables of the file are known; nothing where that is not enough.
func (a *azure) expand(s string) []string {
	if len(s) > maxExpanded {
		return nil
	}
	for _, v := range azureVariables(s) {
		value, ok := a.settings[v.name]
		if !ok {
			return nil
		}
		s = strings.ReplaceAll(s, "$("+v.name+")", value)
	}
	out := []string{s}
	for _, e := range expressions(s) {
		as := accesses(e.body)
		if len(as) != 1 || len(as[0].path) != 2 {
			return nil
		}
		values := a.parameters[as[0].path[1]].values
		if v, ok := a.settings[as[0].path[1]]; as[0].is("variables") {
			if values = nil; ok {
				values = []string{v}
			}
		}
		const most = 64
		var next []string
		for _, o := range out {
			for _, v := range values {
				if len(next) < most {
					next = append(next, strings.ReplaceAll(o, s[e.start:e.end], v))
				}
			}
		}
		out = next
	}
	return out
}

// groups collects the variable groups of a level.
func (a *azure) groups(n *yaml.Node, outer []part) []part {
	out := slices.Clone(outer)
	vars := a.get(n, "variables")
	plain := func(name string, v *yaml.Node) {
		if v != nil && v.Kind == yaml.ScalarNode {
			a.literal(name, v)
			a.settings[name] = v.Value
		}
	}
	for _, v := range a.items(vars) {
		if g := a.get(v, "group"); g != nil && g.Kind == yaml.ScalarNode {
			out = append(out, part{a.text, g})
		}
		if name := a.str(v, "name"); name != "" {
			plain(name, a.get(v, "value"))
		}
	}
	for _, p := range a.pairs(vars) {
		if p.key.Value != "group" {
			plain(p.key.Value, p.value)
		}
	}
	return out
}

func (a *azure) stages(n *yaml.Node, groups []part, ev []environ.Evidence, depth int) {
	if depth > 8 || a.steps <= 0 {
		return
	}
	found := false
	for _, level := range []string{"stages", "jobs"} {
		for _, s := range a.items(a.get(n, level)) {
			if s.Kind != yaml.MappingNode {
				continue
			}
			found = true
			inner := ev
			for _, st := range a.expand(a.str(s, "stage")) {
				inner = append(slices.Clone(inner), environ.Job("stage", st)...)
			}
			a.stages(s, a.groups(s, groups), inner, depth+1)
		}
	}
	if a.get(n, "steps") == nil && a.get(n, "strategy") == nil && a.get(n, "template") == nil && (found || depth == 0 && a.get(n, "extends") == nil) {
		return
	}
	a.job(n, groups, ev)
}

func (a *azure) job(n *yaml.Node, groups []part, ev []environ.Evidence) {
	name := a.str(n, "deployment")
	if name == "" {
		name = a.str(n, "job")
	}
	if all := a.expand(name); len(all) == 1 {
		name = all[0]
	}
	whole := name == "" && (a.get(n, "template") != nil || a.get(n, "extends") != nil) // a template in the place of stages or jobs
	switch {
	case whole:
		name = "template"
	case name == "":
		name = "steps"
	}
	own := name
	if a.in != nil && a.in.job != "" {
		name = a.in.job + " / " + name
	}
	j := a.shellJob(name, "")
	j.triggers = a.triggers
	j.fork, j.forkWhy = finding.Unknown, "a fork's build gets secrets if the pipeline's settings make them available to forks"
	env := a.get(n, "environment")
	if env != nil && env.Kind == yaml.MappingNode {
		env = a.get(env, "name")
	}
	if env != nil {
		for _, v := range a.expand(env.Value) {
			v, _, _ = strings.Cut(v, ".") // ENVIRONMENT.RESOURCE
			j.ev = append(j.ev, environ.Declared("environment", v)...)
		}
	}
	j.ev = append(append(j.ev, environ.Job("job", own)...), ev...)
	var model []Step
	followed := false
	for _, t := range []*yaml.Node{n, a.get(n, "extends")} {
		if step := a.call(j, t, groups, whole); step != nil {
			model = append(model, *step)
			followed = followed || step.Consumer.Party == finding.PartyLocal
		}
	}
	if whole && followed { // the jobs of the template have the groups, and say where they deploy to
		j.ev = nil
	} else {
		for _, g := range groups {
			base := j.ev
			if len(environ.Classify(j.ev)) == 0 {
				j.ev = environ.Job("group", g.n.Value)
			}
			j.add("group "+g.n.Value, All, finding.Use{Where: finding.Location{Path: g.t.path}, Span: g.t.span(g.n), As: "group"})
			j.ev = base
		}
	}
	a.descendMaps(n, 0, func(m *yaml.Node) {
		if m != n && a.get(m, "jobs") != nil && a.get(n, "jobs") != nil {
			return
		}
		if m != n {
			if step := a.call(j, m, nil, false); step != nil {
				model = append(model, *step)
			}
		}
		for _, p := range a.pairs(m) {
			v := p.value
			switch p.key.Value {
			case "script", "bash", "pwsh", "powershell", "inlineScript":
				a.azureScript(j, v)
			case "env":
				for _, q := range a.pairs(v) {
					for _, x := range a.secretsIn(q.value.Value) {
						if secretName(x.name) || secretName(q.key.Value) {
							j.add("", x.name, finding.Use{Span: a.locate(q.value, x.text, x.nth), As: q.key.Value})
						}
					}
					a.literal(q.key.Value, q.value)
				}
			case "inputs", "parameters":
				a.inputs(j, m, v)
			case "task":
				if v.Kind == yaml.ScalarNode {
					c := a.task(m)[0]
					model = append(model, Step{Name: v.Value, Span: a.span(v), Consumer: &c})
				}
			}
		}
	})
	j.done(n, n, model...)
}

// inputs reads what a task or a template is given.
func (a *azure) inputs(j *shellJob, m, inputs *yaml.Node) {
	var to []finding.Consumer
	if a.get(m, "task") != nil {
		to = a.task(m)
	}
	for _, q := range a.pairs(inputs) {
		if q.value.Kind != yaml.ScalarNode {
			continue
		}
		k := strings.ToLower(q.key.Value)
		if strings.Contains(k, "connection") || strings.Contains(k, "subscription") && !strings.Contains(k, "id") || k == "containerregistry" || strings.Contains(k, "endpoint") && !strings.Contains(q.value.Value, "://") {
			for _, name := range a.expand(q.value.Value) {
				if name != "" && !strings.Contains(name, "$") {
					j.add("service connection", name, finding.Use{Span: a.span(q.value), As: q.key.Value, Consumers: to})
				}
			}
			continue
		}
		for _, x := range a.secretsIn(q.value.Value) {
			if q.key.Value != "inlineScript" && q.key.Value != "script" && (secretName(x.name) || secretName(q.key.Value)) {
				j.add("", x.name, finding.Use{Span: a.locate(q.value, x.text, x.nth), As: q.key.Value, Consumers: to})
			}
		}
		a.literal(q.key.Value, q.value)
	}
}

// call notes that a mapping stands for a template, and what it hands over. A template of the same repository is read with it.
// Nil if there is no template.
func (a *azure) call(j *shellJob, n *yaml.Node, groups []part, whole bool) *Step {
	t := a.get(n, "template")
	if t == nil || t.Kind != yaml.ScalarNode {
		return nil
	}
	file, repo, ok := strings.Cut(t.Value, "@")
	if ok && repo != "self" {
		return &Step{Name: t.Value, Span: a.span(t), Consumer: &finding.Consumer{Name: file, Pin: repo, Pinned: finding.No, Party: finding.PartyOwn}}
	}
	in := handed{path: a.path, job: j.name, triggers: a.triggers, envs: j.ev, groups: groups, settings: maps.Clone(a.settings), inputs: map[string]binding{}}
	if whole {
		in.job = ""
	}
	for _, p := range a.pairs(a.get(n, "parameters")) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		b := binding{}
		for _, x := range a.secretsIn(p.value.Value) {
			if secretName(x.name) || secretName(p.key.Value) {
				b.secrets = appendNew(b.secrets, x.name)
			}
		}
		if len(b.secrets) == 0 {
			b.values = a.expand(p.value.Value)
		}
		in.inputs[p.key.Value] = b
	}
	if !strings.Contains(file, "$") {
		to := path.Join(path.Dir(a.path), file)
		if strings.HasPrefix(file, "/") {
			to = path.Clean(file[1:])
		}
		a.m.calls = append(a.m.calls, call{to: to, in: in})
	}
	return &Step{Name: t.Value, Span: a.span(t), Consumer: &finding.Consumer{Name: t.Value, Pinned: finding.Yes, Party: finding.PartyLocal}}
}

// azureFound reads the templates that no path gives away.
func (c *collector) azureFound(ctx stdctx.Context, files iter.Seq2[string, []byte]) {
	const rounds = 5
	for range rounds {
		want := map[string]bool{}
		for _, m := range c.models {
			for _, k := range m.calls {
				if have := c.models[k.to]; m.System == Azure && (have == nil || have.System != Azure) {
					want[k.to] = true
				}
			}
		}
		found := false
		if len(want) == 0 {
			return
		}
		for p, data := range files {
			if ctx.Err() != nil {
				return
			}
			if want[p] {
				c.models[p], _ = read(azureSystem, newText(p, bytesClone(data)), nil)
				found = true
			}
		}
		if !found {
			return
		}
	}
}

// task is a built-in or marketplace task; both are updated within their major version by whoever publishes them.
func (a *azure) task(m *yaml.Node) []finding.Consumer {
	name, version, _ := strings.Cut(a.str(m, "task"), "@")
	c := finding.Consumer{Name: name, Pin: version, Pinned: finding.No, Party: finding.PartyPlatform}
	if strings.Contains(name, ".") { // publisher.extension.task
		c.Party = finding.PartyThird
	}
	return []finding.Consumer{c}
}

func (a *azure) azureScript(j *shellJob, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode || a.steps <= 0 {
		return
	}
	a.spend(len(n.Value) / 16)
	masked := []byte(mask(n.Value))
	for _, v := range azureVariables(n.Value) { // replaced before the shell runs
		for i := v.at; i < v.at+len(v.name)+len("$()"); i++ {
			masked[i] = 'x'
		}
	}
	sc := parseScript(string(masked))
	for _, x := range a.secretsIn(n.Value) {
		if !secretName(x.name) && !x.some || platform(Azure, x.name) {
			continue
		}
		u := finding.Use{Span: a.locate(n, x.text, x.nth), Printed: sc.printed(x.at, false)}
		if u.Printed != "" {
			u.Printed += a.lineAt(n, n.Value, x.at)
		}
		j.add("", x.name, u)
	}
}

// secretsIn lists $(NAME) and the parameters that hold such; some is set for the latter.
func (a *azure) secretsIn(s string) []secretAt {
	var out []secretAt
	count := map[string]int{}
	for _, v := range azureVariables(s) {
		text := "$(" + v.name + ")"
		if a.m.outputs[v.name] {
			continue
		}
		for _, name := range a.resolve(v.name, 0) {
			out = append(out, secretAt{name: name, text: text, nth: count[text], at: v.at, some: name != v.name && secretName(v.name)})
		}
		count[text]++
	}
	for _, e := range expressions(s) {
		text := s[e.start:e.end]
		for _, x := range accesses(e.body) {
			if !x.is("parameters") || len(x.path) != 2 {
				continue
			}
			for _, name := range a.parameters[x.path[1]].secrets {
				out = append(out, secretAt{name: name, text: text, nth: count[text], at: e.start, some: true})
			}
		}
		count[text]++
	}
	return out
}

// azureVariables lists $(NAME): no blanks, so that $(command args) is none.
func azureVariables(s string) []variable {
	var out []variable
	for at := 0; len(out) < 1000; {
		i := strings.Index(s[at:], "$(")
		if i < 0 {
			break
		}
		start := at + i
		k := start + 2
		for k < len(s) && (wordByte(s[k]) || s[k] == '.' || s[k] == '-') {
			k++
		}
		if k > start+2 && k < len(s) && s[k] == ')' {
			out = append(out, variable{s[start+2 : k], start})
		}
		at = k
	}
	return out
}

// resolve says which variables of the project a variable stands for: itself, or what a variable of the file is made of.
func (a *azure) resolve(name string, depth int) []string {
	value, set := a.settings[name]
	switch {
	case !set:
		return []string{name}
	case depth > 4:
		return nil
	}
	var out []string
	for _, v := range azureVariables(value) {
		if v.name != name {
			out = appendNew(out, a.resolve(v.name, depth+1)...)
		}
	}
	return out
}

// azureOutputs lists the names in ##vso[task.setvariable variable=NAME;…]VALUE, by which a script sets a variable for the steps
// after it.
func azureOutputs(data []byte) map[string]bool {
	out := map[string]bool{}
	mark := []byte("task.setvariable ")
	for rest := data; ; {
		i := bytes.Index(rest, mark)
		if i < 0 {
			return out
		}
		rest = rest[i+len(mark):]
		line, _, _ := bytes.Cut(rest[:min(len(rest), 1000)], []byte("]"))
		for _, p := range strings.FieldsFunc(string(line), func(r rune) bool { return r == ';' || r == ' ' }) {
			if name, ok := strings.CutPrefix(p, "variable="); ok {
				out[name] = true
			}
		}
	}
}
