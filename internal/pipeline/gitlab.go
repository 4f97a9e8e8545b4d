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

// GitLab CI. https://docs.gitlab.com/ci/yaml/
//
// GitLab hands every variable of the project to every job, and a script takes what it wants as $NAME: there is no syntax that
// tells a secret from another variable. So a variable is a reference if its name reads as a secret's and no file sets it.

func gitlabPath(p, base, ext string) bool {
	if ext != ".yml" && ext != ".yaml" {
		return false
	}
	return base == ".gitlab-ci.yml" || base == ".gitlab-ci.yaml" || strings.HasSuffix(base, ".gitlab-ci.yml") ||
		strings.HasPrefix(p, ".gitlab/ci/") || strings.Contains(p, "/.gitlab/ci/") || strings.HasPrefix(p, ".gitlab-ci/")
}

// gitlabKeys are top-level keys that are no jobs.
var gitlabKeys = set("default", "include", "stages", "variables", "workflow", "image", "services", "before_script", "after_script", "cache", "spec")

// part is a node and the text it stands in: what a job takes from a template may come from another file.
type part struct {
	t *text
	n *yaml.Node
}

// gitlabLibrary is what the files of one pipeline define together.
type gitlabLibrary struct {
	jobs      map[string]part
	variables map[string]bool // set in a file, at any level that reaches every job
	shared    []part          // the mappings that set them
	global    map[string]part // default, image, before_script, …
}

func readGitLab(r *reader) error {
	if len(r.yaml()) == 0 || r.parseErr != nil {
		if r.parseErr != nil {
			for _, v := range variables(string(r.data)) {
				if secretName(v.name) && !platform(GitLab, v.name) {
					r.use("project", v.name, finding.Use{Span: r.between(v.at, v.at+len(v.name)+1), ForkWhy: "the file is not valid YAML: what starts it was not read"})
				}
			}
			r.note(finding.Span{}, "read as text: names of variables only, without jobs and environments")
		}
		return r.parseErr
	}
	lib := newGitlabLibrary([]*text{r.text})
	if r.in != nil && r.in.library != nil {
		lib = r.in.library
	}
	g := &gitlab{reader: r, lib: lib}
	for _, doc := range r.docs {
		if len(r.docs) > 1 && r.get(doc, "spec") != nil {
			continue
		}
		g.federated = r.get(doc, "default", "id_tokens") != nil
		for _, p := range r.pairs(r.get(doc, "variables")) {
			v := p.value
			if v.Kind == yaml.MappingNode {
				v = r.get(v, "value")
			}
			if v != nil {
				r.literal(p.key.Value, v)
			}
		}
		for _, p := range r.pairs(doc) {
			if p.value.Kind == yaml.MappingNode && !gitlabKeys[p.key.Value] && !strings.HasPrefix(p.key.Value, ".") {
				g.readJob(p.key, p.value)
			} else if strings.HasPrefix(p.key.Value, ".") {
				for _, q := range r.pairs(r.get(p.value, "variables")) {
					r.literal(q.key.Value, q.value)
				}
			}
		}
	}
	return nil
}

func newGitlabLibrary(all []*text) *gitlabLibrary {
	lib := &gitlabLibrary{jobs: map[string]part{}, variables: map[string]bool{}, global: map[string]part{}}
	for _, t := range all {
		for _, doc := range t.yaml() {
			if n := t.get(doc, "variables"); n != nil {
				lib.shared = append(lib.shared, part{t, n})
				for _, p := range t.pairs(n) {
					lib.variables[p.key.Value] = true
				}
			}
			for _, p := range t.pairs(doc) {
				switch k := p.key.Value; {
				case k == "default":
					for _, q := range t.pairs(p.value) {
						lib.global[q.key.Value] = part{t, q.value}
					}
				case k == "before_script" || k == "after_script" || k == "image" || k == "services":
					lib.global[k] = part{t, p.value}
				case !gitlabKeys[k]:
					lib.jobs[k] = part{t, p.value}
				}
			}
		}
	}
	return lib
}

type gitlab struct {
	*reader
	lib       *gitlabLibrary
	federated bool
}

// chain is a job and what it extends, nearest first.
func (g *gitlab) chain(name string, depth int) []part {
	p, ok := g.lib.jobs[name]
	if !ok || depth > 11 { // GitLab's own limit
		return nil
	}
	out := []part{p}
	parents := p.t.strs(p.t.get(p.n, "extends"))
	for _, parent := range slices.Backward(parents) {
		if len(out) > 200 {
			break
		}
		out = append(out, g.chain(parent, depth+1)...)
	}
	return out
}

// first is a key of the nearest part that has it.
func first(chain []part, key string) part {
	for _, p := range chain {
		if n := p.t.get(p.n, key); n != nil {
			return part{p.t, n}
		}
	}
	return part{}
}

func (g *gitlab) readJob(key, n *yaml.Node) {
	chain := append([]part{{g.text, n}}, g.chain(key.Value, 0)...)
	if len(chain) > 1 && chain[1].n == n {
		chain = chain[1:]
	}
	job := key.Value
	var ev []environ.Evidence
	if e := first(chain, "environment"); e.n != nil {
		name := e.t.str(e.n, "name")
		if e.n.Kind == yaml.ScalarNode {
			name = e.n.Value
		}
		// environment: review/$CI_COMMIT_REF_SLUG is the folder before the variable.
		if fixed, _, _ := strings.Cut(name, "$"); fixed != "" {
			ev = append(ev, environ.Declared("environment", strings.TrimRight(fixed, "/-_"))...)
		}
		if tier := e.t.str(e.n, "deployment_tier"); tier != "" {
			ev = append(ev, environ.Declared("deployment_tier", tier)...)
		}
	}
	// Variables of the job, nearest first; what it sets is no reference.
	set := maps.Clone(g.lib.variables)
	holds := map[string][]gitlabSecret{}
	var plain []pair // what this file writes out for the job
	nearer := map[string]bool{}
	variablesOf := func(t *text, list *yaml.Node, own bool, declares bool) {
		for _, p := range t.pairs(list) {
			v := p.value
			if v.Kind == yaml.MappingNode {
				v = t.get(v, "value")
			}
			if v == nil || v.Kind != yaml.ScalarNode || nearer[p.key.Value] {
				continue
			}
			nearer[p.key.Value], set[p.key.Value] = true, true
			if declares {
				ev = append(ev, gitlabSetting(p.key.Value, v.Value)...)
			}
			for _, x := range variables(v.Value) {
				if x.name == p.key.Value || g.lib.variables[x.name] || platform(GitLab, x.name) {
					continue
				}
				// TOKEN: $SOMETHING hands over a secret whatever it is called.
				if secretName(x.name) || secretName(p.key.Value) && !strings.HasPrefix(x.name, "CI_") && !strings.HasPrefix(x.name, "GITLAB_") {
					holds[p.key.Value] = append(holds[p.key.Value], gitlabSecret{x, part{t, v}})
				}
			}
			if own {
				g.literal(p.key.Value, v)
			}
			if own || t == g.text && !declares {
				plain = append(plain, pair{p.key, v})
			}
		}
	}
	for _, c := range chain {
		variablesOf(c.t, c.t.get(c.n, "variables"), c.t == g.text && c.n == n, true)
	}
	if inherits(chain) {
		for _, p := range g.lib.shared {
			variablesOf(p.t, p.n, false, false)
		}
	}
	for _, p := range g.matrix(chain) {
		set[p.name] = true
		ev = append(ev, environ.Setting(p.name, p.value)...)
	}
	// dotenv reports of other jobs and inputs may set more; GitLab's own CI_ variables are not the project's.
	ev = append(ev, environ.Job("job", job)...)
	if st := first(chain, "stage"); st.n != nil {
		ev = append(ev, environ.Job("stage", st.n.Value)...)
	}

	triggers, fork, why := g.rules(chain)
	m := Job{Name: job, Span: g.span(key), Environments: environ.Classify(ev, g.pathEvidence()), Triggers: triggers, Fork: fork, ForkWhy: why}
	m.Federation.Granted = g.federated || first(chain, "id_tokens").n != nil
	if id := first(chain, "id_tokens"); id.n != nil {
		for _, p := range id.t.pairs(id.n) {
			set[p.key.Value] = true
			m.Federation.InUse = "id_tokens"
		}
	}
	var image []finding.Consumer
	im := first(chain, "image")
	if first(chain, "trigger").n != nil { // it starts another pipeline and runs nothing itself
		im = part{}
	} else if im.n == nil {
		im = g.lib.global["image"]
	}
	if im.n != nil {
		ref := im.n.Value
		if im.n.Kind == yaml.MappingNode {
			ref = im.t.str(im.n, "name")
		}
		if ref != "" {
			image = []finding.Consumer{imageConsumer(ref)}
		}
	}
	seen := map[string]bool{}
	use := func(at part, name string, span finding.Span, u finding.Use, scope string) {
		seen[name] = true
		u.Span, u.Job, u.Triggers, u.Fork, u.ForkWhy = span, job, triggers, fork, why
		u.Where.Path = at.t.path
		if u.Static == nil {
			u.Static = cloudKey(GitLab, u.As, name, set["AWS_ENDPOINT_URL"])
		}
		g.use(scope, name, u, ev)
	}
	for _, p := range plain {
		u := finding.Use{Job: job, As: p.key.Value, Triggers: triggers, Fork: fork, ForkWhy: why, Consumers: image, Static: cloudKey(GitLab, p.key.Value, p.key.Value, set["AWS_ENDPOINT_URL"])}
		for _, sc := range g.scripts(chain) {
			if u.Printed == "" {
				r := reader{text: sc.t}
				u.Printed = r.printedIn(sc.n, p.key.Value)
			}
		}
		g.useWritten(p.key.Value, p.value, u, ev)
	}
	for name, all := range holds {
		for _, x := range all {
			u := finding.Use{As: name, Consumers: image}
			for _, sc := range g.scripts(chain) {
				if u.Printed == "" {
					r := reader{text: sc.t}
					u.Printed = r.printedIn(sc.n, name)
				}
			}
			use(x.at, x.name, x.at.t.locate(x.at.n, x.at.n.Value[x.variable.at:min(len(x.at.n.Value), x.variable.at+len(x.name)+1)], 0), u, "project")
		}
	}
	given := map[string]bool{} // what the scripts so far have set
	for i, scripts := 0, g.scripts(chain); i < len(scripts); i++ {
		sc := scripts[i]
		if sc.after && i > 0 && !scripts[i-1].after {
			clear(given)
		}
		parsed := sc.t.shell(sc.n)
		count := map[string]int{}
		for _, v := range parsed.vars {
			text := sc.n.Value[v.at:min(len(sc.n.Value), v.at+len(v.name)+1)]
			nth := count[text]
			count[text]++
			if set[v.name] || !secretName(v.name) || parsed.given(v, given) || platform(GitLab, v.name) || strings.HasPrefix(v.name, "CI_") && g.lib.variables[v.name] {
				continue
			}
			u := finding.Use{As: v.name, Consumers: image}
			if how := parsed.printed(v.at, true); how != "" {
				r := reader{text: sc.t}
				u.Printed = how + r.lineAt(sc.n, sc.n.Value, v.at)
			}
			use(sc.part, v.name, sc.t.locate(sc.n, text, nth), u, "project")
		}
		parsed.carry(given)
	}
	// secrets: NAME: vault: path names a secret in a store.
	if s := first(chain, "secrets"); s.n != nil {
		for _, p := range s.t.pairs(s.n) {
			for _, q := range s.t.pairs(p.value) {
				if q.key.Value == "file" || q.key.Value == "token" {
					continue
				}
				name := q.value.Value
				if q.value.Kind == yaml.MappingNode {
					name = strings.Trim(path.Join(s.t.str(q.value, "path"), s.t.str(q.value, "name"), s.t.str(q.value, "field")), "/")
				}
				use(s, name, s.t.span(q.value), finding.Use{As: p.key.Value, Consumers: image}, q.key.Value)
			}
		}
	}
	if t := first(chain, "trigger"); t.n != nil && t.t.get(t.n, "project") != nil {
		if f := t.t.get(t.n, "forward", "pipeline_variables"); f != nil && f.Value == "true" {
			use(t, All, t.t.span(f), finding.Use{As: "forward", Consumers: []finding.Consumer{{Name: t.t.str(t.n, "project"), Pin: t.t.str(t.n, "branch"), Pinned: finding.No, Party: finding.PartyOwn}}}, "project")
		}
	}
	g.spanOf(g.span(key), g.end(n), ev)
	m.Secrets = slices.Sorted(maps.Keys(seen))
	if len(image) > 0 {
		m.Steps = append(m.Steps, Step{Name: "image", Span: im.t.span(im.n), Consumer: &image[0]})
	}
	g.m.Jobs = append(g.m.Jobs, m)
}

// inherits reports whether a job gets the variables that stand at the top of the pipeline. https://docs.gitlab.com/ci/yaml/#inheritvariables
func inherits(chain []part) bool {
	in := first(chain, "inherit")
	return in.n == nil || in.t.str(in.n, "variables") != "false"
}

type gitlabSecret struct {
	variable
	at part
}

func gitlabSetting(key, value string) []environ.Evidence {
	switch strings.ToUpper(key) {
	case "STAGE", "NAMESPACE":
		return nil
	}
	return environ.Setting(key, value)
}

// gitlabScript is one scalar of the scripts that a job runs.
type gitlabScript struct {
	part
	after bool // of after_script, which has a shell of its own
}

// scripts are in the order they run. !reference [.job, script] stands for another job's script.
func (g *gitlab) scripts(chain []part) []gitlabScript {
	var out []gitlabScript
	var add func(p part, after bool, depth int)
	add = func(p part, after bool, depth int) {
		if depth > 10 { // GitLab's own limit
			return
		}
		for _, c := range p.t.items(p.n) {
			switch {
			case c.Tag == "!reference" && len(c.Content) == 2:
				if q, ok := g.lib.jobs[c.Content[0].Value]; ok {
					add(part{q.t, q.t.get(q.n, c.Content[1].Value)}, after, depth+1)
				}
			case c.Kind == yaml.SequenceNode:
				add(part{p.t, c}, after, depth+1)
			case c.Kind == yaml.ScalarNode:
				out = append(out, gitlabScript{part{p.t, c}, after})
			}
		}
	}
	for _, key := range []string{"before_script", "script", "after_script"} {
		p := first(chain, key)
		if p.n == nil && key != "script" {
			p = g.lib.global[key]
		}
		if p.n != nil {
			add(p, key == "after_script", 0)
		}
	}
	return out
}

type setting struct{ name, value string }

func (g *gitlab) matrix(chain []part) []setting {
	var out []setting
	p := first(chain, "parallel")
	if p.n == nil {
		return nil
	}
	for _, row := range p.t.items(p.t.get(p.n, "matrix")) {
		for _, q := range p.t.pairs(row) {
			for _, v := range p.t.strs(q.value) {
				out = append(out, setting{q.key.Value, v})
			}
		}
	}
	return out
}

// rules says what starts a job. A pipeline for a merge request of a fork runs in the fork, without the variables of the
// project, unless a member starts it in the parent: docs.gitlab.com/ci/pipelines/merge_request_pipelines.
func (g *gitlab) rules(chain []part) ([]string, finding.Answer, string) {
	var triggers []string
	rules := first(chain, "rules")
	if rules.n == nil {
		rules = first(chain, "only")
	}
	if rules.n == nil {
		return nil, finding.No, "pipelines of forks run in the fork, without the project's variables"
	}
	rules.t.scalars(rules.n, func(_ string, v *yaml.Node) {
		s := v.Value
		for _, x := range []struct{ mark, event string }{
			{"merge_request_event", "merge_request"}, {"merge_requests", "merge_request"}, {"$CI_MERGE_REQUEST", "merge_request"},
			{"\"schedule\"", "schedule"}, {"'schedule'", "schedule"}, {"schedules", "schedule"}, {"$CI_COMMIT_TAG", "tag"},
			{"$CI_DEFAULT_BRANCH", "default branch"}, {"\"push\"", "push"}, {"manual", "manual"}, {"\"web\"", "web"}, {"external_pull_request", "external_pull_request"},
		} {
			if strings.Contains(s, x.mark) {
				triggers = appendNew(triggers, x.event)
			}
		}
		switch s {
		case "tags":
			triggers = appendNew(triggers, "tag")
		case "main", "master":
			triggers = appendNew(triggers, "default branch")
		}
	})
	triggers = sorted(triggers)
	if slices.Contains(triggers, "external_pull_request") {
		return triggers, finding.Unknown, "external_pull_request may come from a fork, as the mirror is set up"
	}
	if slices.Contains(triggers, "merge_request") {
		return triggers, finding.Unknown, "a merge request of a fork runs with the project's variables once a member starts it in the project"
	}
	return triggers, finding.No, "pipelines of forks run in the fork, without the project's variables"
}
