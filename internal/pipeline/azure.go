package pipeline

import (
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
		a := &azure{reader: r}
		for _, k := range []string{"trigger", "pr", "schedules"} {
			if n := r.get(doc, k); n != nil && n.Value != "none" {
				a.triggers = append(a.triggers, k)
			}
		}
		groups := a.groups(doc, nil)
		a.stages(doc, groups, nil, 0)
	}
	if r.template {
		r.note(finding.Span{}, "a template: read with its directives blanked out")
	}
	return r.parseErr
}

type azure struct {
	*reader
	triggers []string
}

// groups collects the variable groups of a level.
func (a *azure) groups(n *yaml.Node, outer []*yaml.Node) []*yaml.Node {
	out := slices.Clone(outer)
	vars := a.get(n, "variables")
	for _, v := range a.items(vars) {
		if g := a.get(v, "group"); g != nil && g.Kind == yaml.ScalarNode {
			out = append(out, g)
		}
		if name := a.str(v, "name"); name != "" && a.get(v, "value") != nil {
			a.literal(name, a.get(v, "value"))
		}
	}
	for _, p := range a.pairs(vars) {
		if p.value.Kind == yaml.ScalarNode && p.key.Value != "group" {
			a.literal(p.key.Value, p.value)
		}
	}
	return out
}

func (a *azure) stages(n *yaml.Node, groups []*yaml.Node, ev []environ.Evidence, depth int) {
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
			if st := a.str(s, "stage"); st != "" {
				inner = append(slices.Clone(ev), environ.Job("stage", st)...)
			}
			a.stages(s, a.groups(s, groups), inner, depth+1)
		}
	}
	steps := a.get(n, "steps")
	strategy := a.get(n, "strategy")
	if steps == nil && strategy == nil && a.get(n, "template") == nil && (found || depth == 0 && a.get(n, "extends") == nil) {
		return
	}
	name := a.str(n, "deployment")
	if name == "" {
		name = a.str(n, "job")
	}
	at := n
	if name == "" {
		name = "steps"
	}
	j := a.shellJob(name, "")
	j.triggers = a.triggers
	j.fork, j.forkWhy = finding.Unknown, "a fork's build gets secrets if the pipeline's settings make them available to forks"
	env := a.get(n, "environment")
	if env != nil && env.Kind == yaml.MappingNode {
		env = a.get(env, "name")
	}
	if env != nil {
		v, _, _ := strings.Cut(env.Value, ".") // ENVIRONMENT.RESOURCE
		if !strings.Contains(v, "$(") {
			j.ev = append(j.ev, environ.Declared("environment", v)...)
		}
	}
	j.ev = append(append(j.ev, environ.Job("job", name)...), ev...)
	for _, g := range groups {
		base := j.ev
		if len(environ.Classify(j.ev)) == 0 {
			j.ev = environ.Job("group", g.Value)
		}
		j.add("group "+g.Value, All, finding.Use{Span: a.span(g), As: "group"})
		j.ev = base
	}
	var model []Step
	for _, t := range []*yaml.Node{a.get(n, "template"), a.get(n, "extends", "template")} {
		if t == nil || t.Kind != yaml.ScalarNode {
			continue
		}
		c := finding.Consumer{Name: t.Value, Pinned: finding.Yes, Party: finding.PartyLocal}
		if file, repo, ok := strings.Cut(t.Value, "@"); ok && repo != "self" {
			c = finding.Consumer{Name: file, Pin: repo, Pinned: finding.No, Party: finding.PartyOwn}
		}
		model = append(model, Step{Name: t.Value, Span: a.span(t), Consumer: &c})
	}
	a.descendMaps(n, 0, func(m *yaml.Node) {
		if m != n && (a.get(m, "jobs") != nil && m.Kind == yaml.MappingNode && a.get(n, "jobs") != nil) {
			return
		}
		for _, p := range a.pairs(m) {
			v := p.value
			switch p.key.Value {
			case "script", "bash", "pwsh", "powershell", "inlineScript":
				a.azureScript(j, v)
			case "env":
				for _, q := range a.pairs(v) {
					for _, x := range azureVariables(q.value.Value) {
						if secretName(x.name) || secretName(q.key.Value) {
							j.add("", x.name, finding.Use{Span: a.locate(q.value, "$("+x.name+")", 0), As: q.key.Value})
						}
					}
					a.literal(q.key.Value, q.value)
				}
			case "inputs", "parameters":
				for _, q := range a.pairs(v) {
					if q.value.Kind != yaml.ScalarNode {
						continue
					}
					k := strings.ToLower(q.key.Value)
					if strings.Contains(k, "connection") || strings.Contains(k, "subscription") && !strings.Contains(k, "id") || k == "containerregistry" || strings.Contains(k, "endpoint") && !strings.Contains(q.value.Value, "://") {
						if q.value.Value != "" && !strings.Contains(q.value.Value, "$") {
							j.add("service connection", q.value.Value, finding.Use{Span: a.span(q.value), As: q.key.Value, Consumers: a.task(m)})
						}
						continue
					}
					for _, x := range azureVariables(q.value.Value) {
						if q.key.Value != "inlineScript" && q.key.Value != "script" && (secretName(x.name) || secretName(q.key.Value)) {
							j.add("", x.name, finding.Use{Span: a.locate(q.value, "$("+x.name+")", 0), As: q.key.Value, Consumers: a.task(m)})
						}
					}
					a.literal(q.key.Value, q.value)
				}
			case "task":
				if v.Kind == yaml.ScalarNode {
					c := a.task(m)[0]
					model = append(model, Step{Name: v.Value, Span: a.span(v), Consumer: &c})
				}
			}
		}
	})
	j.done(at, n, model...)
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
	masked := []byte(n.Value)
	vars := azureVariables(n.Value)
	for _, v := range vars { // $(NAME) is replaced before the shell runs, unless it is a command
		for i := v.at; i < v.at+len(v.name)+3 && i < len(masked); i++ {
			masked[i] = 'x'
		}
	}
	sc := parseScript(string(masked))
	count := map[string]int{}
	for _, v := range vars {
		nth := count[v.name]
		count[v.name]++
		if !secretName(v.name) || platform(Azure, v.name) {
			continue
		}
		u := finding.Use{Span: a.locate(n, "$("+v.name+")", nth), Printed: sc.printed(v.at, false)}
		if u.Printed != "" {
			u.Printed += a.lineAt(n, n.Value, v.at)
		}
		j.add("", v.name, u)
	}
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
