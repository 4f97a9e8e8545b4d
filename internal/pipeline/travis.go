package pipeline

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
	"sprawl/internal/environ"
)

func travisPath(_, base, _ string) bool { return base == ".travis.yml" || base == ".travis.yaml" }

// Travis CI. https://docs.travis-ci.com/user/encryption-keys, https://docs.travis-ci.com/user/build-stages/
func readTravis(r *reader) error {
	for _, doc := range r.yaml() {
		own := 0
		for _, list := range []string{"jobs", "matrix"} {
			stage := ""
			for _, n := range r.items(r.get(doc, list, "include")) {
				if n.Kind != yaml.MappingNode {
					continue
				}
				own++
				if s := r.str(n, "stage"); s != "" { // it holds for the jobs after it
					stage = s
				}
				name := r.str(n, "name")
				if name == "" {
					name = strings.TrimSpace(stage + " " + itoa(own))
				}
				r.travisJob(name, stage, n, doc, n)
			}
		}
		if own == 0 {
			r.travisJob("build", "", doc, doc, nil)
		}
	}
	return r.parseErr
}

var travisPhases = []string{"before_install", "install", "before_script", "script", "after_success", "after_failure", "before_deploy", "after_deploy", "after_script"}

// travisJob reads one job: what it does not say itself it has from the top of the file.
func (r *reader) travisJob(name, stage string, at, root, own *yaml.Node) {
	j := r.shellJob(name, "repository")
	j.fork, j.forkWhy = finding.No, "encrypted variables are not available to forks"
	j.ev = append(environ.Job("job", name), environ.Job("stage", stage)...)
	for _, n := range []*yaml.Node{root, own} {
		r.scalars(r.get(n, "env"), func(key string, v *yaml.Node) { j.travisEnv(key, v) })
	}
	part := func(key string) *yaml.Node {
		if n := r.get(own, key); n != nil {
			return n
		}
		return r.get(root, key)
	}
	for _, key := range travisPhases {
		for _, s := range r.items(part(key)) {
			j.script(s)
		}
	}
	for _, d := range r.items(part("deploy")) {
		for _, p := range r.pairs(d) {
			if s := r.get(p.value, "secure"); s != nil {
				j.encrypted("deploy."+p.key.Value, s, p.key.Value)
				continue
			}
			if p.value.Kind != yaml.ScalarNode {
				continue
			}
			for _, x := range variables(p.value.Value) {
				if secretName(x.name) {
					j.add(j.scope, x.name, finding.Use{Span: r.locate(p.value, x.name, 0), As: p.key.Value})
				}
			}
			r.literal(p.key.Value, p.value)
		}
	}
	j.done(at, own)
}

// encrypted is a value that the repository's key at Travis opens: it is named by where it stands.
func (j *shellJob) encrypted(name string, v *yaml.Node, as string) {
	j.add("encrypted in the file", name, finding.Use{Span: j.span(v), As: as})
}

// travisEnv reads NAME=VALUE words, NAME: VALUE, and values under secure.
func (j *shellJob) travisEnv(key string, v *yaml.Node) {
	set := func(name, value string, at finding.Span) {
		j.set[name] = true
		j.ev = append(j.ev, gitlabSetting(name, value)...)
		if secretName(name) && written(value) {
			j.m.Literals = append(j.m.Literals, Literal{Name: name, Span: at, Job: j.name})
		}
	}
	if key == "secure" {
		j.encrypted("secure:"+itoa(v.Line), v, "env")
		return
	}
	words := false
	for _, a := range assignments(v.Value) {
		if a.set {
			words = true
			set(a.name, a.value, j.locate(v, a.value, 0))
		}
	}
	if !words && identifier(key) && upper(key[0]) {
		set(key, v.Value, j.span(v))
	}
}
