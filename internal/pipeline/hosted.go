package pipeline

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

// Hosted CI systems that hand the variables of a project to a job without a syntax of their own for secrets: CircleCI,
// Bitbucket, Buildkite, Travis, Azure Pipelines; and Drone and Woodpecker, which have one.

// shellJob gathers the uses of one job whose scripts read variables.
type shellJob struct {
	*reader
	name, scope string
	ev          []environ.Evidence
	triggers    []string
	fork        finding.Answer
	forkWhy     string
	to          []finding.Consumer
	set         map[string]bool // names that the file sets
	secrets     map[string]bool
	elsewhere   bool
}

func (r *reader) shellJob(name, scope string) *shellJob {
	return &shellJob{reader: r, name: name, scope: scope, set: map[string]bool{}, secrets: map[string]bool{}}
}

func (j *shellJob) add(scope, name string, u finding.Use) {
	if platform(j.m.System, name) {
		return
	}
	j.secrets[name] = true
	u.Job, u.Triggers, u.Fork, u.ForkWhy = j.name, j.triggers, j.fork, j.forkWhy
	if u.Consumers == nil {
		u.Consumers = j.to
	}
	if u.Static == nil {
		u.Static = cloudKey(j.m.System, u.As, name, j.elsewhere)
	}
	j.use(scope, name, u, j.ev)
}

// env reads a mapping of variables: what it sets, what it takes from others, what it writes out.
func (j *shellJob) env(n *yaml.Node) {
	for _, p := range j.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		j.elsewhere = j.elsewhere || otherEndpoint[p.key.Value]
		j.ev = append(j.ev, gitlabSetting(p.key.Value, p.value.Value)...)
	}
	for _, p := range j.pairs(n) {
		if p.value.Kind != yaml.ScalarNode {
			continue
		}
		taken := false
		for _, v := range variables(p.value.Value) {
			if secretName(v.name) || secretName(p.key.Value) {
				taken = true
				j.add(j.scope, v.name, finding.Use{Span: j.locate(p.value, v.name, 0), As: p.key.Value})
			}
		}
		if !taken {
			j.set[p.key.Value] = true
			j.literal(p.key.Value, p.value)
			j.useWritten(p.key.Value, p.value, finding.Use{Job: j.name, As: p.key.Value, Triggers: j.triggers, Fork: j.fork, ForkWhy: j.forkWhy, Consumers: j.to,
				Static: cloudKey(j.m.System, p.key.Value, p.key.Value, j.elsewhere)}, j.ev)
		}
	}
}

// script reads one scalar of commands.
func (j *shellJob) script(n *yaml.Node) {
	if n == nil || n.Kind != yaml.ScalarNode {
		return
	}
	sc := j.shell(n)
	count := map[string]int{}
	for _, v := range sc.vars {
		text := n.Value[v.at:min(len(n.Value), v.at+len(v.name)+1)]
		nth := count[text]
		count[text]++
		if j.set[v.name] || !secretName(v.name) {
			continue
		}
		u := finding.Use{Span: j.locate(n, text, nth), As: v.name, Printed: sc.printed(v.at, true)}
		if u.Printed != "" {
			u.Printed += j.lineAt(n, n.Value, v.at)
		}
		j.add(j.scope, v.name, u)
	}
}

// done appends the job to the model.
func (j *shellJob) done(at, n *yaml.Node, steps ...Step) *Job {
	for _, p := range steps {
		if p.Consumer != nil {
			j.to = append(j.to, *p.Consumer)
		}
	}
	j.m.Jobs = append(j.m.Jobs, Job{Name: j.name, Span: j.span(at), Environments: environ.Classify(j.ev, j.pathEvidence()), Triggers: j.triggers,
		Fork: j.fork, ForkWhy: j.forkWhy, Steps: steps, Secrets: slices.Sorted(maps.Keys(j.secrets))})
	if n != nil {
		j.spanOf(j.span(at), j.end(n), j.ev)
	}
	return &j.m.Jobs[len(j.m.Jobs)-1]
}

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
	for _, p := range r.pairs(with) {
		if p.value.Kind == yaml.ScalarNode {
			j.ev = append(j.ev, environ.Setting(p.key.Value, p.value.Value)...)
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
	j.done(at, body, steps...)
}

func bitbucketPath(_, base, _ string) bool {
	return base == "bitbucket-pipelines.yml" || base == "bitbucket-pipelines.yaml"
}

// Bitbucket Pipelines. https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/
func readBitbucket(r *reader) error {
	for _, doc := range r.yaml() {
		for _, kind := range r.pairs(r.get(doc, "pipelines")) {
			groups := []pair{{kind.key, kind.value}}
			if kind.value.Kind == yaml.MappingNode {
				groups = r.pairs(kind.value)
			}
			for _, g := range groups {
				trigger := kind.key.Value
				if g.key != kind.key {
					trigger += " " + g.key.Value
				}
				n := 0
				r.bitbucketSteps(g.value, trigger, "", &n, 0)
			}
		}
	}
	return r.parseErr
}

func (r *reader) bitbucketSteps(list *yaml.Node, trigger, deployment string, n *int, depth int) {
	if depth > 6 {
		return
	}
	for _, s := range r.items(list) {
		for _, p := range r.pairs(s) {
			switch p.key.Value {
			case "parallel":
				in := p.value
				if m := r.get(in, "steps"); m != nil {
					in = m
				}
				r.bitbucketSteps(in, trigger, deployment, n, depth+1)
			case "stage":
				r.bitbucketSteps(r.get(p.value, "steps"), trigger, r.str(p.value, "deployment"), n, depth+1)
			case "step":
				*n++
				r.bitbucketStep(p.key, p.value, trigger, deployment, *n)
			}
		}
	}
}

func (r *reader) bitbucketStep(at, n *yaml.Node, trigger, deployment string, i int) {
	name := r.str(n, "name")
	if name == "" {
		name = "step " + itoa(i)
	}
	j := r.shellJob(trigger+" / "+name, "repository")
	j.triggers = []string{trigger}
	j.fork, j.forkWhy = finding.No, "pipelines do not run for forks"
	if d := r.str(n, "deployment"); d != "" {
		deployment = d
	}
	j.ev = append(environ.Declared("deployment", deployment), environ.Job("step", name)...)
	var steps []Step
	for _, key := range []string{"script", "after-script"} {
		for _, s := range r.items(r.get(n, key)) {
			pipe := r.str(s, "pipe")
			if pipe == "" {
				j.script(s)
				continue
			}
			c := imageConsumer(strings.TrimPrefix(pipe, "docker://"))
			c.Party = finding.PartyThird
			if strings.HasPrefix(pipe, "atlassian/") {
				c.Party = finding.PartyPlatform
			}
			steps = append(steps, Step{Name: pipe, Span: r.span(r.get(s, "pipe")), Consumer: &c})
			j.to = []finding.Consumer{c}
			j.env(r.get(s, "variables"))
			j.to = nil
		}
	}
	job := j.done(at, n, steps...)
	if r.str(n, "oidc") == "true" {
		job.Federation = Federation{Granted: true}
	}
}

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

func travisPath(_, base, _ string) bool { return base == ".travis.yml" || base == ".travis.yaml" }

// Travis CI. https://docs.travis-ci.com/user/encryption-keys
func readTravis(r *reader) error {
	for _, doc := range r.yaml() {
		j := r.shellJob("build", "repository")
		j.fork, j.forkWhy = finding.No, "encrypted variables are not available to forks"
		// NAME=VALUE words, secure: values, or lists of them.
		r.scalars(r.get(doc, "env"), func(key string, v *yaml.Node) {
			if key == "secure" {
				r.use("encrypted in the file", "secure:"+itoa(v.Line), finding.Use{Span: r.span(v), Job: j.name, As: "env", Fork: j.fork, ForkWhy: j.forkWhy})
				return
			}
			for _, a := range assignments(v.Value) {
				if !a.set {
					continue
				}
				j.set[a.name] = true
				if secretName(a.name) && written(a.value) {
					r.m.Literals = append(r.m.Literals, Literal{Name: a.name, Span: r.locate(v, a.value, 0), Job: j.name})
				}
			}
		})
		for _, key := range []string{"before_install", "install", "before_script", "script", "after_success", "after_failure", "before_deploy", "after_deploy", "after_script"} {
			for _, s := range r.items(r.get(doc, key)) {
				j.script(s)
			}
		}
		for _, d := range r.items(r.get(doc, "deploy")) {
			for _, p := range r.pairs(d) {
				if s := r.get(p.value, "secure"); s != nil {
					r.use("encrypted in the file", "deploy."+p.key.Value, finding.Use{Span: r.span(s), Job: "deploy", As: p.key.Value, Fork: j.fork, ForkWhy: j.forkWhy})
				} else if p.value.Kind == yaml.ScalarNode {
					for _, x := range variables(p.value.Value) {
						if secretName(x.name) {
							j.add(j.scope, x.name, finding.Use{Span: r.locate(p.value, x.name, 0), As: p.key.Value})
						}
					}
					r.literal(p.key.Value, p.value)
				}
			}
		}
		j.done(doc, nil)
	}
	return r.parseErr
}

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
					if strings.HasPrefix(c.Name, "plugins/") || strings.HasPrefix(c.Name, "woodpeckerci/") {
						c.Party = finding.PartyPlatform
					}
				}
				j.to = []finding.Consumer{c}
				st = append(st, Step{Name: "image", Span: r.span(r.get(p.value, "image")), Consumer: &c})
			}
			held := map[string]string{}
			for _, where := range []string{"environment", "settings"} {
				for _, q := range r.pairs(r.get(p.value, where)) {
					if s := r.get(q.value, "from_secret"); s != nil && s.Kind == yaml.ScalarNode {
						held[q.key.Value] = s.Value
						printed := ""
						for _, c := range r.items(r.get(p.value, "commands")) {
							if printed == "" && c.Kind == yaml.ScalarNode {
								printed = r.printedIn(c, q.key.Value)
							}
						}
						j.add(j.scope, s.Value, finding.Use{Span: r.span(s), As: q.key.Value, Printed: printed})
						continue
					}
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
					printed := ""
					for _, c := range r.items(r.get(p.value, "commands")) {
						if printed == "" && c.Kind == yaml.ScalarNode {
							printed = r.printedIn(c, strings.ToUpper(s.Value))
						}
					}
					j.add(j.scope, s.Value, finding.Use{Span: r.span(s), As: strings.ToUpper(s.Value), Printed: printed})
				}
			}
			j.to = nil
			j.done(p.key, p.value, st...)
		}
	}
	return r.parseErr
}

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

func jenkinsPath(_, base, ext string) bool {
	return base == "jenkinsfile" || strings.HasPrefix(base, "jenkinsfile.") || strings.HasPrefix(base, "jenkinsfile-") || ext == ".jenkinsfile" || strings.HasSuffix(base, "-jenkinsfile")
}

// Jenkins, as far as text allows: Groovy is a programming language, and what a pipeline computes is not followed.
// https://www.jenkins.io/doc/book/pipeline/syntax/, https://www.jenkins.io/doc/pipeline/steps/credentials-binding/
func readJenkins(r *reader) error {
	toks, err := groovy(r.text)
	var stages []string // names of the stages that are open, by depth of braces
	depth := 0
	stageAt := map[int]string{}
	pending := ""
	type bound struct{ id string }
	vars := map[string]bound{}
	jobs := map[string]*Job{}
	var order []string
	job := func(at finding.Span) string {
		name := "pipeline"
		if len(stages) > 0 {
			name = strings.Join(stages, " / ")
		}
		if jobs[name] == nil {
			jobs[name] = &Job{Name: name, Span: at}
			order = append(order, name)
		}
		return name
	}
	evidence := func() []environ.Evidence {
		var ev []environ.Evidence
		for _, s := range stages {
			ev = append(ev, environ.Job("stage", s)...)
		}
		return ev
	}
	use := func(id string, at finding.Span, u finding.Use) {
		name := job(at)
		u.Span, u.Job = at, name
		u.ForkWhy = "a pull request of a fork gets credentials if the multibranch project trusts its author"
		jobs[name].Secrets = appendNew(jobs[name].Secrets, id)
		r.use("", id, u, evidence())
	}
	for i, t := range toks {
		prev := func(n int) groovyToken {
			if i-n < 0 {
				return groovyToken{}
			}
			return toks[i-n]
		}
		switch {
		case t.text == "{" && !t.quoted:
			depth++
			if pending != "" {
				stages = append(stages, pending)
				stageAt[depth] = pending
				pending = ""
			}
		case t.text == "}" && !t.quoted:
			if _, ok := stageAt[depth]; ok && len(stages) > 0 {
				stages = stages[:len(stages)-1]
				delete(stageAt, depth)
			}
			depth = max(0, depth-1)
		case t.quoted && prev(1).text == "(" && prev(2).text == "stage":
			pending = t.text
		case t.quoted && prev(1).text == "(" && prev(2).text == "credentials":
			as := ""
			if prev(3).text == "=" {
				as = prev(4).text
				vars[as] = bound{t.text}
				for _, suffix := range []string{"_PSW", "_USR"} {
					vars[as+suffix] = bound{t.text}
				}
			}
			use(t.text, t.span, finding.Use{As: as})
		case t.quoted && prev(1).text == ":" && (prev(2).text == "credentialsId" || prev(2).text == "credentialId"):
			as := ""
			// The variables of the same binding follow or come before, up to its bracket.
			for k, level := i+1, 0; k < len(toks) && k < i+40 && level >= 0; k++ {
				switch {
				case toks[k].text == "(" || toks[k].text == "[":
					level++
				case toks[k].text == ")" || toks[k].text == "]":
					level--
				case toks[k].quoted && toks[k-1].text == ":" && strings.HasSuffix(strings.ToLower(toks[k-2].text), "variable"):
					vars[toks[k].text] = bound{t.text}
					if !strings.HasPrefix(toks[k-2].text, "username") {
						as = toks[k].text
					}
				}
			}
			for k := i - 3; k > 0 && k > i-40 && toks[k].text != "(" && toks[k].text != "["; k-- {
				if toks[k].quoted && toks[k-1].text == ":" && strings.HasSuffix(strings.ToLower(toks[max(0, k-2)].text), "variable") {
					vars[toks[k].text] = bound{t.text}
					as = toks[k].text
				}
			}
			use(t.text, t.span, finding.Use{As: as})
		case t.quoted && (prev(1).text == "[" && prev(2).text == "(" && prev(3).text == "sshagent" || prev(1).text == "(" && prev(2).text == "sshagent"):
			use(t.text, t.span, finding.Use{As: "sshagent"})
		case t.quoted && prev(1).text == "," && prev(2).quoted && prev(3).text == "(" && prev(4).text == "withRegistry":
			use(t.text, t.span, finding.Use{As: "withRegistry"})
		case t.quoted && prev(1).text == "=" && secretName(prev(2).text) && written(t.text) && !strings.Contains(t.text, "$"):
			r.m.Literals = append(r.m.Literals, Literal{Name: prev(2).text, Span: t.span, Job: job(t.span)})
		case t.quoted && len(vars) > 0 && (shellSteps[prev(1).text] || prev(1).text == "(" && shellSteps[prev(2).text] || prev(1).text == ":" && prev(2).text == "script"):
			sc := parseScript(t.text)
			for _, v := range variables(t.text) {
				b, ok := vars[v.name]
				if !ok {
					continue
				}
				how := sc.printed(v.at, true)
				if how == "" && t.double && sc.printed(v.at, false) != "" {
					how = sc.printed(v.at, false)
				}
				if how != "" && t.double {
					how += ", interpolated by Groovy"
				}
				if how != "" {
					at := r.between(int(t.span.Start)+v.at, int(t.span.Start)+v.at+len(v.name)+1)
					use(b.id, at, finding.Use{As: v.name, Printed: how + " (line " + itoa(at.Line) + ")"})
				}
			}
		}
	}
	for _, name := range order {
		jobs[name].Secrets = sorted(jobs[name].Secrets)
		r.m.Jobs = append(r.m.Jobs, *jobs[name])
	}
	return err
}

var shellSteps = set("sh", "bat", "powershell", "pwsh", "echo")

type groovyToken struct {
	text           string
	quoted, double bool
	span           finding.Span
}

// groovy splits a script into words, marks and strings; comments are dropped.
func groovy(t *text) ([]groovyToken, error) {
	var out []groovyToken
	s := string(t.data)
	const most = 500_000
	for i := 0; i < len(s) && len(out) < most; {
		c := s[i]
		switch {
		case c == '/' && i+1 < len(s) && s[i+1] == '/':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '/' && i+1 < len(s) && s[i+1] == '*':
			n := strings.Index(s[i+2:], "*/")
			if n < 0 {
				l, col := t.position(i)
				return out, &SyntaxError{Path: t.path, Line: l, Column: col, Msg: "a comment without an end"}
			}
			i += n + 4
		case c == '"' || c == '\'':
			q := string(c)
			if strings.HasPrefix(s[i:], q+q+q) {
				q = q + q + q
			}
			start := i + len(q)
			k := start
			for k < len(s) && !strings.HasPrefix(s[k:], q) {
				if s[k] == '\\' {
					k++
				} else if len(q) == 1 && s[k] == '\n' {
					break
				}
				k++
			}
			if k >= len(s) || s[k] == '\n' && len(q) == 1 {
				l, col := t.position(i)
				return out, &SyntaxError{Path: t.path, Line: l, Column: col, Msg: "a string without an end"}
			}
			out = append(out, groovyToken{s[start:k], true, c == '"', t.between(start, k)})
			i = k + len(q)
		case wordByte(c):
			k := i
			for k < len(s) && wordByte(s[k]) {
				k++
			}
			out = append(out, groovyToken{text: s[i:k], span: t.between(i, k)})
			i = k
		case c <= ' ':
			i++
		default:
			out = append(out, groovyToken{text: string(c), span: t.between(i, i+1)})
			i++
		}
	}
	return out, nil
}
